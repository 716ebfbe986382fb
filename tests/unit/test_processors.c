/*
 * Processors: quotas in made-up trees of /proc and /sys, which tell what no test machine can show,
 * then the machine's own affinity mask and cgroups.
 */
#include "processors.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/process.h"
#include "support/scratch.h"
#include "support/test.h"

#define NONE UINT32_MAX

/* Version 2 as systemd mounts it, and version 1 as it did. */
#define MOUNT_V2 "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
#define MOUNT_V1                                                                                   \
    "33 30 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:12 - cgroup cgroup rw,cpu,cpuacct\n"

/* --- Made-up trees ---------------------------------------------------------------------- */

/* Writes a file of the tree, making its folders. */
static void put(const struct scratch *scratch, const char *name, const char *text)
{
    char *path;

    assert_true(asprintf(&path, "%s/%s", scratch->folder, name) > 0);
    for (char *slash = path + strlen(scratch->folder); (slash = strchr(slash + 1, '/')) != NULL;) {
        *slash = '\0';
        assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
        *slash = '/';
    }
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    free(path);
}

static void put_proc(const struct scratch *scratch, const char *cgroup, const char *mountinfo)
{
    put(scratch, "proc/self/cgroup", cgroup);
    put(scratch, "proc/self/mountinfo", mountinfo);
}

static void put_v1(const struct scratch *scratch, const char *group, const char *quota,
                   const char *period)
{
    char name[256];

    snprintf(name, sizeof name, "%s/cpu.cfs_quota_us", group);
    put(scratch, name, quota);
    snprintf(name, sizeof name, "%s/cpu.cfs_period_us", group);
    put(scratch, name, period);
}

/* --- Version 2 -------------------------------------------------------------------------- */

static void without_any_file_there_is_no_quota(void **state)
{
    const struct scratch *scratch = *state;

    assert_int_equal(processors_quota(scratch->folder), NONE);
    put(scratch, "proc/self/cgroup", "0::/app\n");
    assert_int_equal(processors_quota(scratch->folder), NONE);
    put(scratch, "proc/self/mountinfo", "");
    assert_int_equal(processors_quota(scratch->folder), NONE);
    put(scratch, "proc/self/mountinfo", MOUNT_V2);
    assert_int_equal(processors_quota(scratch->folder), NONE);
    /* The mount without the group. */
    put(scratch, "proc/self/cgroup", "");
    put(scratch, "sys/fs/cgroup/app/cpu.max", "100000 100000\n");
    assert_int_equal(processors_quota(scratch->folder), NONE);
}

static void v2_rounds_the_group_s_quota_up(void **state)
{
    static const struct {
        const char *text;
        uint32_t processors;
    } cases[] = {
        {"max 100000\n", NONE},
        {"max\n", NONE},
        {"100000 100000\n", 1},
        {"100001 100000\n", 2},
        {"199999 100000\n", 2},
        {"200000 100000\n", 2},
        {"250000 100000", 3},
        {"1000 1000000\n", 1},
        {"50000 10000\n", 5},
        {"1000 100000\n", 1},
        {"150000\n", 2}, /* the default period */
        {"150000", 2},
        {"102400000 100000\n", 1024},
        {"", NONE},
        {"\n", NONE},
        {"0 100000\n", NONE},
        {"-1 100000\n", NONE},
        {"100000 0\n", NONE},
        {"100000 -5\n", NONE},
        {"nonsense\n", NONE},
        {"4294967294 1\n", 4294967294u},
        {"4294967295 1\n", NONE},
        {"9223372036854775807 1\n", NONE},
        {"9223372036854775807 9223372036854775807\n", 1},
        {"99999999999999999999999999 100000\n", NONE},
    };
    const struct scratch *scratch = *state;

    put_proc(scratch, "0::/app\n", MOUNT_V2);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put(scratch, "sys/fs/cgroup/app/cpu.max", cases[i].text);
        uint32_t processors = processors_quota(scratch->folder);
        if (processors != cases[i].processors)
            fail_msg("cpu.max '%s': expected %u, got %u", cases[i].text, cases[i].processors,
                     processors);
    }
}

static void v2_counts_the_tightest_group_up_to_the_root(void **state)
{
    const struct scratch *scratch = *state;

    put_proc(scratch, "0::/a.slice/b.slice/c.scope\n", MOUNT_V2);
    put(scratch, "sys/fs/cgroup/a.slice/b.slice/c.scope/cpu.max", "800000 100000\n");
    assert_int_equal(processors_quota(scratch->folder), 8);
    put(scratch, "sys/fs/cgroup/a.slice/b.slice/cpu.max", "700000 100000\n");
    assert_int_equal(processors_quota(scratch->folder), 7);
    put(scratch, "sys/fs/cgroup/a.slice/cpu.max", "600000 100000\n");
    assert_int_equal(processors_quota(scratch->folder), 6);
    /* A cgroup namespace's root has a quota, too. */
    put(scratch, "sys/fs/cgroup/cpu.max", "500000 100000\n");
    assert_int_equal(processors_quota(scratch->folder), 5);
    /* What is above the mount point or beside the group is none of our groups. */
    put(scratch, "sys/fs/cpu.max", "100000 100000\n");
    put(scratch, "cpu.max", "100000 100000\n");
    put(scratch, "sys/fs/cgroup/a.slice/b.slice/d.scope/cpu.max", "100000 100000\n");
    put(scratch, "sys/fs/cgroup/a.slice/b.slice/c.scope/e/cpu.max", "100000 100000\n");
    assert_int_equal(processors_quota(scratch->folder), 5);
    /* The group itself is the tightest, and groups in between have no file: not every group of
     * version 2 has the controller. */
    put(scratch, "sys/fs/cgroup/a.slice/b.slice/c.scope/cpu.max", "400000 100000\n");
    assert_int_equal(processors_quota(scratch->folder), 4);
    put(scratch, "sys/fs/cgroup/a.slice/cpu.max", "max 100000\n");
    put(scratch, "sys/fs/cgroup/a.slice/b.slice/cpu.max", "max 100000\n");
    assert_int_equal(processors_quota(scratch->folder), 4);
}

static void v2_reads_the_root_of_a_cgroup_namespace(void **state)
{
    const struct scratch *scratch = *state;

    put_proc(scratch, "0::/\n", MOUNT_V2);
    put(scratch, "sys/fs/cgroup/cpu.max", "150000 100000\n");
    assert_int_equal(processors_quota(scratch->folder), 2);
}

/* The host's path, and a mount that shows the container's own group: without a cgroup namespace. */
static void a_mount_s_own_group_is_not_looked_for_below_it(void **state)
{
    const struct scratch *scratch = *state;

    put_proc(scratch, "0::/docker/1234/inner\n",
             "30 23 0:26 /docker/1234 /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
    put(scratch, "sys/fs/cgroup/cpu.max", "300000 100000\n");
    assert_int_equal(processors_quota(scratch->folder), 3);
    put(scratch, "sys/fs/cgroup/inner/cpu.max", "200000 100000\n");
    assert_int_equal(processors_quota(scratch->folder), 2);
    put(scratch, "proc/self/cgroup", "0::/docker/1234\n");
    assert_int_equal(processors_quota(scratch->folder), 3);
    /* A group whose name merely begins like the mount's. */
    put(scratch, "proc/self/cgroup", "0::/docker/12345\n");
    put(scratch, "sys/fs/cgroup5/cpu.max", "100000 100000\n");
    assert_int_equal(processors_quota(scratch->folder), 3);
}

static void a_group_that_is_not_there_is_the_mount_s_root(void **state)
{
    static const char *const groups[] = {
        "0::/system.slice/docker-1234.scope\n", /* the host's path in a container's mount */
        "0::/app (deleted)\n",
        "0::/../other\n", /* moved out of its namespace */
        "0::/..\n",
        "0::/\n",
        "0::/./\n",
    };
    const struct scratch *scratch = *state;

    put(scratch, "proc/self/mountinfo", MOUNT_V2);
    put(scratch, "sys/fs/cgroup/cpu.max", "300000 100000\n");
    put(scratch, "sys/fs/other/cpu.max", "100000 100000\n");
    put(scratch, "sys/fs/cpu.max", "100000 100000\n");
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        put(scratch, "proc/self/cgroup", groups[i]);
        uint32_t processors = processors_quota(scratch->folder);
        if (processors != 3)
            fail_msg("group '%s': expected 3, got %u", groups[i], processors);
    }
    /* Not a group that leaves, only one with a strange name. */
    put(scratch, "proc/self/cgroup", "0::/..app\n");
    put(scratch, "sys/fs/cgroup/..app/cpu.max", "200000 100000\n");
    assert_int_equal(processors_quota(scratch->folder), 2);
}

static void a_mount_outside_of_the_namespace_is_understood(void **state)
{
    const struct scratch *scratch = *state;

    put_proc(scratch, "0::/../app/inner\n",
             "30 23 0:26 /../app /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
    put(scratch, "sys/fs/cgroup/inner/cpu.max", "200000 100000\n");
    assert_int_equal(processors_quota(scratch->folder), 2);
}

/* --- Version 1 -------------------------------------------------------------------------- */

static void v1_divides_quota_by_period(void **state)
{
    const struct scratch *scratch = *state;
    const char *group = "sys/fs/cgroup/cpu,cpuacct/app";

    put_proc(scratch, "5:memory:/app\n4:cpu,cpuacct:/app\n1:name=systemd:/app\n", MOUNT_V1);
    put_v1(scratch, group, "-1\n", "100000\n");
    assert_int_equal(processors_quota(scratch->folder), NONE);
    put_v1(scratch, group, "250000\n", "100000\n");
    assert_int_equal(processors_quota(scratch->folder), 3);
    put_v1(scratch, group, "250000\n", "50000\n");
    assert_int_equal(processors_quota(scratch->folder), 5);
    put_v1(scratch, group, "250000\n", "0\n");
    assert_int_equal(processors_quota(scratch->folder), NONE);
    put_v1(scratch, "sys/fs/cgroup/cpu,cpuacct", "100000\n", "100000\n");
    assert_int_equal(processors_quota(scratch->folder), 1);
    /* Version 2's file means nothing here. */
    put_v1(scratch, "sys/fs/cgroup/cpu,cpuacct", "-1\n", "100000\n");
    put(scratch, "sys/fs/cgroup/cpu,cpuacct/cpu.max", "100000 100000\n");
    assert_int_equal(processors_quota(scratch->folder), NONE);
}

/* Lines that the kernel does not write, and controllers that are alike, are passed over. */
static void groups_are_found_among_lines_of_any_kind(void **state)
{
    const struct scratch *scratch = *state;

    put_proc(scratch, "\nno colon\n3:one colon\n6:cpx,net:/other\n4:cpu,cpuacct:/app\n", MOUNT_V1);
    put_v1(scratch, "sys/fs/cgroup/cpu,cpuacct/other", "100000\n", "100000\n");
    put_v1(scratch, "sys/fs/cgroup/cpu,cpuacct/app", "250000\n", "100000\n");
    assert_int_equal(processors_quota(scratch->folder), 3);
}

static void v1_needs_both_files(void **state)
{
    const struct scratch *scratch = *state;

    put_proc(scratch, "4:cpu,cpuacct:/\n", MOUNT_V1);
    put(scratch, "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "100000\n");
    assert_int_equal(processors_quota(scratch->folder), NONE);
    put(scratch, "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    assert_int_equal(processors_quota(scratch->folder), 1);
}

/* Neither "cpuset" nor "cpuacct" alone nor a hierarchy called "cpu" is the controller. */
static void v1_takes_the_controller_by_its_whole_name(void **state)
{
    const struct scratch *scratch = *state;

    put_v1(scratch, "sys/fs/cgroup/cpuset/app", "100000\n", "100000\n");
    put_v1(scratch, "sys/fs/cgroup/cpuacct/app", "100000\n", "100000\n");
    put_v1(scratch, "sys/fs/cgroup/named/app", "100000\n", "100000\n");
    put_v1(scratch, "sys/fs/cgroup/cpu/other", "700000\n", "100000\n");
    put_proc(scratch, "9:name=cpu:/app\n8:cpuset:/app\n7:cpuacct:/app\n6:xcpu:/app\n2:cpu:/other\n",
             "41 30 0:41 / /sys/fs/cgroup/named rw - cgroup cgroup rw,name=cpu\n"
             "34 30 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
             "33 30 0:30 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct\n"
             "32 30 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n");
    assert_int_equal(processors_quota(scratch->folder), 7);
    put(scratch, "proc/self/cgroup", "9:name=cpu:/app\n8:cpuset:/app\n7:cpuacct:/app\n");
    assert_int_equal(processors_quota(scratch->folder), NONE);
}

/* Version 2 beside version 1: each controller is in one of them only, but both are read. */
static void both_versions_count(void **state)
{
    const struct scratch *scratch = *state;

    put_proc(scratch, "4:cpu,cpuacct:/one\n0::/two\n",
             "29 23 0:25 / /sys/fs/cgroup ro - tmpfs tmpfs rw,mode=755\n"
             "30 29 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n" MOUNT_V1);
    put_v1(scratch, "sys/fs/cgroup/cpu,cpuacct/one", "300000\n", "100000\n");
    assert_int_equal(processors_quota(scratch->folder), 3);
    put(scratch, "sys/fs/cgroup/unified/two/cpu.max", "200000 100000\n");
    assert_int_equal(processors_quota(scratch->folder), 2);
    put(scratch, "sys/fs/cgroup/unified/two/cpu.max", "max 100000\n");
    assert_int_equal(processors_quota(scratch->folder), 3);
}

/* --- Mounts ----------------------------------------------------------------------------- */

static void mount_lines_are_split_as_the_kernel_writes_them(void **state)
{
    static const struct {
        const char *name;
        const char *line;
    } cases[] = {
        {"no optional field", "30 23 0:26 / /cg rw - cgroup2 cgroup2 rw"},
        {"one", "30 23 0:26 / /cg rw shared:1 - cgroup2 cgroup2 rw"},
        {"three", "30 23 0:26 / /cg rw shared:1 master:2 unbindable - cgroup2 cgroup2 rw"},
        {"no source", "30 23 0:26 / /cg rw -  x\n31 23 0:26 / /cg rw - cgroup2  rw"},
        {"another's options with spaces",
         "29 1 0:5 / /mnt rw - 9p C:\\134 rw,path=C:\\Program Files"
         "\n30 23 0:26 / /cg rw - cgroup2 cgroup2 rw"},
        {"another's root is no path", "28 1 0:4 net:[4026531840] /run/netns/a rw - nsfs nsfs rw\n"
                                      "30 23 0:26 / /cg rw - cgroup2 cgroup2 rw"},
        {"short lines before it",
         "\n1\n1 2 3 4\n1 2 3 4 5 6 -\n1 2 3 4 5 6 - cgroup2\n"
         "1 2 3 / /no rw - cgroup2 cgroup2\n1 2 3 / /no rw - cgroup cgroup\n"
         "30 23 0:26 / /cg rw - cgroup2 cgroup2 rw"},
        {"a dash in an optional field", "30 23 0:26 / /cg rw a-b:1 - cgroup2 cgroup2 rw"},
        {"a dash in the path", "30 23 0:26 / /cg rw - cgroup2 cgroup2 rw\n"
                               "31 23 0:27 /a-cgroup2 /-/cgroup2 rw - tmpfs tmpfs rw"},
    };
    const struct scratch *scratch = *state;

    put(scratch, "proc/self/cgroup", "1:cpu:/app\n0::/app\n");
    put(scratch, "cg/app/cpu.max", "200000 100000\n");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put(scratch, "proc/self/mountinfo", cases[i].line);
        uint32_t processors = processors_quota(scratch->folder);
        if (processors != 2)
            fail_msg("%s: expected 2, got %u", cases[i].name, processors);
    }
}

static void paths_are_unescaped(void **state)
{
    const struct scratch *scratch = *state;

    put_proc(scratch, "0::/a b/c\\d:e\n",
             "30 23 0:26 /a\\040b /c\\040g\\134 rw - cgroup2 cgroup2 rw\n");
    put(scratch, "c g\\/c\\d:e/cpu.max", "200000 100000\n");
    assert_int_equal(processors_quota(scratch->folder), 2);
    /* Not an escape, although it begins like one; the kernel writes no such thing. */
    put_proc(scratch, "0::/\n", "30 23 0:26 / /c\\04 rw - cgroup2 cgroup2 rw\n");
    put(scratch, "c\\04/cpu.max", "300000 100000\n");
    assert_int_equal(processors_quota(scratch->folder), 3);
    put_proc(scratch, "0::/\n", "30 23 0:26 / /c\\ rw - cgroup2 cgroup2 rw\n");
    put(scratch, "c\\/cpu.max", "400000 100000\n");
    assert_int_equal(processors_quota(scratch->folder), 4);
}

static void of_several_mounts_the_widest_view_counts(void **state)
{
    static const char *const orders[] = {
        "30 23 0:26 / /all rw - cgroup2 cgroup2 rw\n"
        "31 23 0:26 /a /part rw - cgroup2 cgroup2 rw\n"
        "32 23 0:26 /other /other rw - cgroup2 cgroup2 rw\n",
        "32 23 0:26 /other /other rw - cgroup2 cgroup2 rw\n"
        "31 23 0:26 /a /part rw - cgroup2 cgroup2 rw\n"
        "30 23 0:26 / /all rw - cgroup2 cgroup2 rw\n",
    };
    const struct scratch *scratch = *state;

    put(scratch, "all/a/cpu.max", "300000 100000\n");
    put(scratch, "all/a/b/cpu.max", "max 100000\n");
    put(scratch, "part/cpu.max", "200000 100000\n"); /* made up, to tell the mounts apart */
    put(scratch, "other/cpu.max", "100000 100000\n");
    put(scratch, "proc/self/cgroup", "0::/a/b\n");
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        put(scratch, "proc/self/mountinfo", orders[i]);
        assert_int_equal(processors_quota(scratch->folder), 3);
    }
    /* None of them has the group: the last one mounted. */
    put_proc(scratch, "0::/z\n",
             "31 23 0:26 /a /part rw - cgroup2 cgroup2 rw\n"
             "32 23 0:26 /other /other rw - cgroup2 cgroup2 rw\n");
    assert_int_equal(processors_quota(scratch->folder), 1);
}

static void a_hierarchy_mounted_at_the_root_is_read(void **state)
{
    const struct scratch *scratch = *state;

    put_proc(scratch, "0::/app\n", "30 23 0:26 / / rw - cgroup2 cgroup2 rw\n");
    put(scratch, "cpu.max", "300000 100000\n");
    assert_int_equal(processors_quota(scratch->folder), 3);
    put(scratch, "app/cpu.max", "200000 100000\n");
    assert_int_equal(processors_quota(scratch->folder), 2);
}

static void lines_may_be_longer_than_any_buffer(void **state)
{
    static const char tail[] = " - cgroup2 cgroup2 rw\n";
    const struct scratch *scratch = *state;
    const size_t size = 200000;
    char *line = malloc(size + sizeof tail);

    assert_non_null(line);
    memset(line, 'o', size);
    memcpy(line, "30 23 0:26 / /cg rw ", 20);
    memcpy(line + size, tail, sizeof tail);
    put_proc(scratch, "0::/app\n", line);
    put(scratch, "cg/app/cpu.max", "200000 100000\n");
    assert_int_equal(processors_quota(scratch->folder), 2);

    /* A group too deep to be opened: what is above it still is. */
    for (size_t i = 0; i < size; i += 100)
        line[i] = '/';
    memcpy(line, "0::/", 4);
    line[size] = '\0';
    put_proc(scratch, line, "30 23 0:26 / /cg rw - cgroup2 cgroup2 rw\n");
    put(scratch, "cg/cpu.max", "500000 100000\n");
    assert_int_equal(processors_quota(scratch->folder), 5);
    free(line);
}

/* --- This machine ----------------------------------------------------------------------- */

/* What sched_getaffinity() finds, where a test says so. */
static struct {
    unsigned mask_bits; /* the kernel's own mask; 0 = ask the real one */
    unsigned processors;
    int error; /* not 0: refuses whatever it is asked */
    unsigned calls;
} kernel;

int __real_sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set);
int __wrap_sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set);

/* The linker puts this between the library and libc. */
int __wrap_sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set)
{
    kernel.calls++;
    if (kernel.error != 0 || size * 8 < kernel.mask_bits) {
        errno = kernel.error != 0 ? kernel.error : EINVAL;
        return -1;
    }
    if (kernel.mask_bits == 0)
        return __real_sched_getaffinity(pid, size, set);
    memset(set, 0, size);
    for (unsigned i = 0; i < kernel.processors; i++)
        CPU_SET_S(kernel.mask_bits - 1 - i, size, set);
    return 0;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static void the_mask_of_a_huge_machine_is_counted(void **state)
{
    static const unsigned sizes[] = {64, 1024, 1025, 2048, 8192, 1u << 20};
    uint32_t quota = processors_quota("");

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        kernel.mask_bits = sizes[i];
        kernel.processors = sizes[i];
        assert_int_equal(processors_usable(), least(sizes[i], quota));
        kernel.processors = 3;
        assert_int_equal(processors_usable(), least(3, quota));
    }
    kernel.mask_bits = 0;
}

static void without_a_mask_the_processors_online_count(void **state)
{
    uint32_t online = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN);

    (void)state;
    kernel.error = EPERM;
    kernel.calls = 0;
    assert_int_equal(processors_usable(), least(online, processors_quota("")));
    assert_in_range(kernel.calls, 1, 16);
    kernel.error = 0;
}

static void the_calling_thread_s_mask_counts(void **state)
{
    cpu_set_t all, one;
    int first = 0;

    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    while (!CPU_ISSET(first, &all))
        first++;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    assert_int_equal(processors_usable(), least((uint32_t)CPU_COUNT(&all), processors_quota("")));
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    uint32_t usable = processors_usable();
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
    assert_int_equal(usable, 1);
}

/* A real group of this machine, made for one test. */
static struct {
    char outer[96];
    char inner[128]; /* inside of it */
    const char *quota_file;
    const char *quota; /* one processor and a half */
} group;

static bool write_value(const char *folder, const char *name, const char *value)
{
    char path[256];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return false;
    bool written = fputs(value, file) >= 0;
    return fclose(file) == 0 && written;
}

/* Makes the groups in the hierarchy mounted at `mount`, if that has quotas and lets us. */
static bool group_make(const char *mount, const char *quota_file, const char *quota)
{
    snprintf(group.outer, sizeof group.outer, "%s/cinch-test-%d", mount, (int)getpid());
    snprintf(group.inner, sizeof group.inner, "%s/inner", group.outer);
    if (mkdir(group.outer, 0755) != 0)
        return false;
    if (mkdir(group.inner, 0755) == 0 && write_value(group.outer, quota_file, quota))
        return true;
    (void)rmdir(group.inner);
    (void)rmdir(group.outer);
    return false;
}

static int usable_in_inner_group(void *context)
{
    char pid[16];

    (void)context;
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    if (!write_value(group.inner, "cgroup.procs", pid))
        return 126;
    kernel.mask_bits = kernel.processors = 64;
    return (int)processors_usable();
}

static void a_real_group_s_quota_counts(void **state)
{
    (void)state;
    if (!group_make("/sys/fs/cgroup/cpu", "cpu.cfs_quota_us", "150000") &&
        !group_make("/sys/fs/cgroup", "cpu.max", "150000 100000")) {
        print_message("no group with a quota can be made here\n");
        skip();
    }
    int processors = child_run(usable_in_inner_group, NULL);
    assert_int_equal(rmdir(group.inner), 0);
    assert_int_equal(rmdir(group.outer), 0);
    assert_int_equal(processors, least(2, processors_quota("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(without_any_file_there_is_no_quota),
        scratch_test(v2_rounds_the_group_s_quota_up),
        scratch_test(v2_counts_the_tightest_group_up_to_the_root),
        scratch_test(v2_reads_the_root_of_a_cgroup_namespace),
        scratch_test(a_mount_s_own_group_is_not_looked_for_below_it),
        scratch_test(a_group_that_is_not_there_is_the_mount_s_root),
        scratch_test(a_mount_outside_of_the_namespace_is_understood),
        scratch_test(v1_divides_quota_by_period),
        scratch_test(groups_are_found_among_lines_of_any_kind),
        scratch_test(v1_needs_both_files),
        scratch_test(v1_takes_the_controller_by_its_whole_name),
        scratch_test(both_versions_count),
        scratch_test(mount_lines_are_split_as_the_kernel_writes_them),
        scratch_test(paths_are_unescaped),
        scratch_test(of_several_mounts_the_widest_view_counts),
        scratch_test(a_hierarchy_mounted_at_the_root_is_read),
        scratch_test(lines_may_be_longer_than_any_buffer),
        scratch_test(the_mask_of_a_huge_machine_is_counted),
        scratch_test(without_a_mask_the_processors_online_count),
        scratch_test(the_calling_thread_s_mask_counts),
        scratch_test(a_real_group_s_quota_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
