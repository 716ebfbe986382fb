/* Metadata: mode, times and owner, as far as they may be copied. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confined.h"
#include "io/metadata.h"
#include "support/scratch.h"
#include "support/test.h"

/* A case: what the source was, and what is to become of the copy. */
struct copy {
    const char *path; /* of the file to be dressed */
    uid_t source_owner;
    gid_t source_group;
    mode_t source_mode;
    uid_t owner;
    gid_t group;
    mode_t mode;
};

static const struct timespec access_time = {1234567890, 123456789};
static const struct timespec change_time = {987654321, 987654321};

static struct stat source_of(const struct copy *copy)
{
    struct stat source;
    memset(&source, 0, sizeof source);
    source.st_uid = copy->source_owner;
    source.st_gid = copy->source_group;
    source.st_mode = S_IFREG | copy->source_mode;
    source.st_atim = access_time;
    source.st_mtim = change_time;
    return source;
}

static int file_new(const char *path)
{
    (void)unlink(path);
    return open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

/* In a child: makes the file, dresses it, compares everything. */
static void copy_and_compare(const struct copy *copy)
{
    struct failure failure = {0};
    const struct stat source = source_of(copy);
    struct stat found;
    int fd = file_new(copy->path);
    confined_require(fd >= 0);
    confined_code(CINCH_OK, metadata_copy(fd, &source, &failure));
    confined_require(fstat(fd, &found) == 0);
    confined_number(copy->owner, found.st_uid);
    confined_number(copy->group, found.st_gid);
    confined_number(copy->mode, found.st_mode & 07777);
    confined_number(access_time.tv_sec, found.st_atim.tv_sec);
    confined_number(access_time.tv_nsec, found.st_atim.tv_nsec);
    confined_number(change_time.tv_sec, found.st_mtim.tv_sec);
    confined_number(change_time.tv_nsec, found.st_mtim.tv_nsec);
    (void)close(fd);
}

static const char *open_folder_path(struct scratch *scratch)
{
    assert_int_equal(0, chmod(scratch->folder, 0777));
    return scratch_path(scratch, "file");
}

static void copy_as_root(void *path)
{
    if (geteuid() != 0) {
        confined_skip("only root may give files away");
    }
    (void)umask(0777); /* fchmod() does not care */
    static const mode_t modes[] = {0644, 0600, 0000, 0777, 04755, 02755, 06711, 01644, 07777};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        /* root's own file, then somebody else's: root may copy every owner. */
        copy_and_compare(&(struct copy){path, 0, 0, modes[i], 0, 0, modes[i]});
        copy_and_compare(&(struct copy){path, CONFINED_USER, CONFINED_GROUP, modes[i],
                                        CONFINED_USER, CONFINED_GROUP, modes[i]});
        copy_and_compare(
            &(struct copy){path, 0, CONFINED_GROUP, modes[i], 0, CONFINED_GROUP, modes[i]});
    }
}

static void root_copies_everything(void **state)
{
    confined_run(copy_as_root, (void *)(uintptr_t)open_folder_path(*state));
}

static void copy_as_user(void *path)
{
    confined_drop_privileges();
    const uid_t user = CONFINED_USER;
    const gid_t group = CONFINED_GROUP;
    const gid_t other = CONFINED_OTHER_GROUP;
    const struct copy copies[] = {
        /* One's own file. */
        {path, user, group, 06755, user, group, 06755},
        /* Another group of one's own. */
        {path, user, other, 02775, user, other, 02775},
        /* Somebody else's file, in a group of one's own: without set-id bits. */
        {path, 0, group, 06755, user, group, 00755},
        {path, 0, other, 06770, user, other, 00770},
        /* A foreign group: ours gets what others have. */
        {path, user, 0, 02770, user, group, 00700},
        {path, user, 0, 02775, user, group, 00755},
        {path, 0, 0, 06674, user, group, 00644},
        {path, 0, 0, 04604, user, group, 00604},
        {path, 0, 0, 00642, user, group, 00602},
        {path, 0, 0, 00662, user, group, 00622},
    };
    for (size_t i = 0; i < sizeof copies / sizeof copies[0]; i++) {
        copy_and_compare(&copies[i]);
    }
}

static void others_copy_what_they_may(void **state)
{
    confined_run(copy_as_user, (void *)(uintptr_t)open_folder_path(*state));
}

static void copy_against_refusals(void *path)
{
    static const int refusals[] = {EPERM, EACCES, EOPNOTSUPP, ENOSYS, EINVAL};
    const struct copy copy = {.path = path,
                              .source_owner = geteuid() + 1,
                              .source_group = getegid() + 1,
                              .source_mode = 0640};
    const struct stat source = source_of(&copy);
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        confined_refuse_fchown(refusals[i]);
        confined_refuse_futimens(refusals[i]);
        confined_refuse(SYS_fchmod, refusals[i], 0, 0, 0);
        struct failure failure = {0};
        struct stat found;
        int fd = file_new(path);
        confined_code(CINCH_OK, metadata_copy(fd, &source, &failure));
        confined_code(CINCH_OK, metadata_set_default(fd, &failure));
        confined_require(fstat(fd, &found) == 0);
        confined_number(0600, found.st_mode & 07777);
        (void)close(fd);
    }
}

static void what_a_file_system_cannot_keep_is_left_out(void **state)
{
    confined_run(copy_against_refusals, (void *)(uintptr_t)open_folder_path(*state));
}

static void copy_against_errors(void *path)
{
    const struct copy copy = {.path = path,
                              .source_owner = geteuid() + 1,
                              .source_group = getegid() + 1,
                              .source_mode = 0640};
    struct stat source = source_of(&copy);
    int fd = file_new(path);

    /* In the reverse order of the calls, as a refusal cannot be taken back. */
    struct failure mode = {0};
    confined_refuse(SYS_fchmod, EIO, 0, 0, 0);
    confined_code(CINCH_E_IO, metadata_copy(fd, &source, &mode));
    confined_require(strcmp(mode.action, "cannot set the mode of") == 0);
    struct failure default_mode = {0};
    confined_code(CINCH_E_IO, metadata_set_default(fd, &default_mode));

    struct failure times = {0};
    confined_refuse_futimens(EROFS);
    confined_code(CINCH_E_PERMISSION, metadata_copy(fd, &source, &times));
    confined_require(strcmp(times.action, "cannot set the times of") == 0);

    struct failure owner = {0};
    confined_refuse_fchown(EDQUOT);
    source.st_uid++; /* the calls above may have copied the first */
    confined_code(CINCH_E_NO_SPACE, metadata_copy(fd, &source, &owner));
    confined_require(strcmp(owner.action, "cannot set the owner of") == 0);
}

static void what_goes_wrong_is_told(void **state)
{
    confined_run(copy_against_errors, (void *)(uintptr_t)open_folder_path(*state));
}

static void default_mode_of_umasks(void *path)
{
    static const mode_t masks[] = {000, 022, 027, 077, 0777};
    for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
        struct failure failure = {0};
        struct stat found;
        int fd = file_new(path);
        (void)umask(masks[i]);
        confined_code(CINCH_OK, metadata_set_default(fd, &failure));
        confined_require(fstat(fd, &found) == 0);
        confined_number(0666 & ~masks[i], found.st_mode & 07777);
        confined_number(masks[i], umask(022)); /* it was left alone */
        (void)close(fd);
    }
}

static void the_default_mode_honours_the_umask(void **state)
{
    confined_run(default_mode_of_umasks, (void *)(uintptr_t)open_folder_path(*state));
}

static void default_mode_without_proc(void *path)
{
    confined_mount_tmpfs("/proc", "size=4k");
    struct failure failure = {0};
    struct stat found;
    (void)umask(022);
    int fd = file_new(path);
    confined_code(CINCH_OK, metadata_set_default(fd, &failure));
    confined_require(fstat(fd, &found) == 0);
    confined_number(0600, found.st_mode & 07777);

    /* Contents that are not as expected. */
    static const char *const texts[] = {"",
                                        "Name:\tx\nState:\tR\n",
                                        "Name:\tx\nUmask:\t\n",
                                        "Name:\tx\nUmask:\n",
                                        "Name:\tx\nUmask:\t02x\n",
                                        "Name:\tx\nUmask:\t02"};
    confined_require(mkdir("/proc/self", 0755) == 0);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int status = open("/proc/self/status", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        confined_require(write(status, texts[i], strlen(texts[i])) == (ssize_t)strlen(texts[i]));
        (void)close(status);
        confined_code(CINCH_OK, metadata_set_default(fd, &failure));
        confined_require(fstat(fd, &found) == 0);
        confined_number(0600, found.st_mode & 07777);
    }
}

static void an_unknown_umask_is_taken_as_the_strictest(void **state)
{
    confined_run(default_mode_without_proc, (void *)(uintptr_t)open_folder_path(*state));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(root_copies_everything),
        scratch_test(others_copy_what_they_may),
        scratch_test(what_a_file_system_cannot_keep_is_left_out),
        scratch_test(what_goes_wrong_is_told),
        scratch_test(the_default_mode_honours_the_umask),
        scratch_test(an_unknown_umask_is_taken_as_the_strictest),
    };
    return cmocka_run_group_tests_name("metadata", tests, NULL, NULL);
}
