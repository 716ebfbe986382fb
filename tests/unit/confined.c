#include "confined.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/child_end.h"
#include "support/process.h"

/* A child's exit status. */
enum {
    CHILD_PASSED = 0,
    CHILD_FAILED = 1,
    CHILD_SKIPPED = 77
};

struct child {
    void (*body)(void *context);
    void *context;
};

/* A copy of standard error that survives a body which closes its low descriptors. */
static int report = STDERR_FILENO;

static int child_body(void *argument)
{
    struct child *child = argument;
    child->body(child->context);
    child_end(CHILD_PASSED);
}

void confined_run_at(void (*body)(void *context), void *context, const char *file, int line)
{
    struct child child = {body, context};
    report = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 64);
    int status = child_run(child_body, &child);
    (void)close(report);
    if (status == CHILD_SKIPPED) {
        skip();
    }
    if (status != CHILD_PASSED) {
        print_error("%s:%d: the child ended with status %d\n", file, line, status);
        fail();
    }
}

_Noreturn void confined_fail(const char *condition, const char *file, int line)
{
    (void)dprintf(report, "%s:%d: not so: %s (errno %d)\n", file, line, condition, errno);
    child_end(CHILD_FAILED);
}

void confined_code_at(int32_t expected, int32_t actual, const char *what, const char *file,
                      int line)
{
    if (expected != actual) {
        (void)dprintf(report, "%s:%d: %s is %s, not %s\n", file, line, what, code_name(actual),
                      code_name(expected));
        child_end(CHILD_FAILED);
    }
}

void confined_number_at(intmax_t expected, intmax_t actual, const char *what, const char *file,
                        int line)
{
    if (expected != actual) {
        (void)dprintf(report, "%s:%d: %s is %jd (0%jo), not %jd (0%jo)\n", file, line, what, actual,
                      (uintmax_t)actual, expected, (uintmax_t)expected);
        child_end(CHILD_FAILED);
    }
}

_Noreturn void confined_skip(const char *why)
{
    (void)dprintf(report, "skipped: %s\n", why);
    child_end(CHILD_SKIPPED);
}

void confined_drop_privileges(void)
{
    if (geteuid() != 0) {
        confined_skip("only root can become somebody else");
    }
    const gid_t groups[] = {CONFINED_OTHER_GROUP};
    confined_require(setgroups(1, groups) == 0);
    confined_require(setresgid(CONFINED_GROUP, CONFINED_GROUP, CONFINED_GROUP) == 0);
    confined_require(setresuid(CONFINED_USER, CONFINED_USER, CONFINED_USER) == 0);
    /* Changing the user makes /proc/self root's, until the process is dumpable again. */
    confined_require(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0);
}

void confined_mount_tmpfs(const char *folder, const char *options)
{
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, "") != 0 ||
        mount("tmpfs", folder, "tmpfs", 0, options) != 0) {
        confined_skip("mounting is not permitted");
    }
}

void confined_refuse(long system_call, int error, unsigned int argument, uint32_t mask,
                     uint32_t value)
{
    /* Where the lower half of an argument of 64 bits lies, on a little-endian machine. */
    const uint32_t place =
        (uint32_t)offsetof(struct seccomp_data, args) + argument * (uint32_t)sizeof(uint64_t);
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)system_call, 0, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, place),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value & mask, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter = {
        .len = sizeof program / sizeof program[0],
        .filter = program,
    };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) != 0) {
        confined_skip("system calls cannot be refused here");
    }
}

void confined_refuse_nameless_files(int error)
{
    confined_refuse(SYS_openat, error, 2, O_TMPFILE, O_TMPFILE);
}

void confined_refuse_fchown(int error)
{
    confined_refuse(SYS_fchown, error, 0, 0, 0);
#ifdef SYS_fchown32
    confined_refuse(SYS_fchown32, error, 0, 0, 0);
#endif
}

void confined_refuse_futimens(int error)
{
    confined_refuse(SYS_utimensat, error, 0, 0, 0);
#ifdef SYS_utimensat_time64
    confined_refuse(SYS_utimensat_time64, error, 0, 0, 0);
#endif
}

void confined_refuse_socket(int error)
{
    confined_refuse(SYS_socket, error, 0, 0, 0);
#ifdef SYS_socketcall
    /* One call for all that sockets do, of which the first argument says what; 1 makes one. */
    confined_refuse(SYS_socketcall, error, 0, UINT32_MAX, 1);
#endif
}
