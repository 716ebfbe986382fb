/*
 * Where the quota stands.
 *
 * A process is in one group of each hierarchy: version 2 has one for all controllers, version 1
 * may have one with the controller "cpu". /proc/self/cgroup tells the group's path inside the
 * hierarchy; /proc/self/mountinfo tells where hierarchies are mounted, and which group a mount
 * shows as its root. What lies under that root is at the mount point and below; a group that
 * lies elsewhere (the process was moved out of its cgroup namespace, or its container got a mount
 * of its own group only) is taken for the root itself.
 *
 * A quota holds for everything below its group, so the tightest of the group's own and all that
 * are seen above it counts. The files of a group that is not there are passed over: with that,
 * too, a path that means nothing under the mount ends at its root.
 *
 * The affinity mask needs no such care. The kernel has intersected it with the group's cpuset.
 */
#include "processors.h"

#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- Affinity --------------------------------------------------------------------------- */

/* The kernel refuses a mask smaller than its own, which holds every processor that the machine
 * could have; so the mask is doubled, from glibc's fixed size to one that no kernel needs. */
#define AFFINITY_BITS_MIN 1024u
#define AFFINITY_BITS_MAX (1u << 20)

/* The processors that this thread, and those it starts, may run on; 0 where the kernel does not
 * tell. */
static uint32_t affinity_count(void)
{
    for (unsigned bits = AFFINITY_BITS_MIN; bits <= AFFINITY_BITS_MAX; bits *= 2) {
        cpu_set_t *set = CPU_ALLOC(bits);
        if (set == NULL)
            return 0;
        int count = 0;
        if (sched_getaffinity(0, CPU_ALLOC_SIZE(bits), set) == 0)
            count = CPU_COUNT_S(CPU_ALLOC_SIZE(bits), set);
        CPU_FREE(set);
        if (count > 0)
            return (uint32_t)count;
    }
    return 0;
}

/* --- The quota of one group ------------------------------------------------------------- */

/* What cpu.max means where it names no period: the kernel's own default, in microseconds. */
#define PERIOD_DEFAULT 100000

/* Microseconds of processor time in every `period` microseconds, as whole processors, rounded
 * up. A quota or period of 0 or less is none. */
static uint32_t whole_processors(long long quota, long long period)
{
    if (quota <= 0 || period <= 0)
        return UINT32_MAX;
    long long count = quota / period + (quota % period != 0);
    return count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
}

/* Reads the first line of a group's file; false where there is none. */
static bool read_value(const char *folder, const char *name, char *value, int size)
{
    char *path;
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        return false;
    FILE *file = fopen(path, "re");
    free(path);
    if (file == NULL)
        return false;
    bool found = fgets(value, size, file) != NULL;
    fclose(file);
    return found;
}

/* Room for two numbers of 64 bits, the space between them, and the line's end. */
#define VALUE_SIZE 48

/* "QUOTA PERIOD" or "max PERIOD", which begins with no number and is so read as 0. */
static uint32_t quota_of_version_2(const char *folder)
{
    char value[VALUE_SIZE];
    if (!read_value(folder, "cpu.max", value, sizeof value))
        return UINT32_MAX;
    char *rest, *end;
    long long quota = strtoll(value, &rest, 10);
    long long period = strtoll(rest, &end, 10);
    return whole_processors(quota, end != rest ? period : PERIOD_DEFAULT);
}

/* Each number has a file of its own; a quota of -1 is none. */
static uint32_t quota_of_version_1(const char *folder)
{
    char quota[VALUE_SIZE];
    char period[VALUE_SIZE];
    if (!read_value(folder, "cpu.cfs_quota_us", quota, sizeof quota) ||
        !read_value(folder, "cpu.cfs_period_us", period, sizeof period))
        return UINT32_MAX;
    return whole_processors(strtoll(quota, NULL, 10), strtoll(period, NULL, 10));
}

/* --- Hierarchies ------------------------------------------------------------------------ */

struct hierarchy {
    const char *file_system;               /* its type in mountinfo */
    const char *controller;                /* "": it has no list of them */
    uint32_t (*quota)(const char *folder); /* of the group that is there; UINT32_MAX: none */
};

static const struct hierarchy hierarchies[] = {
    {"cgroup2", "", quota_of_version_2},
    {"cgroup", "cpu", quota_of_version_1},
};

/* Whether `name` is in a list like "rw,cpu,cpuacct". The empty name is only in the empty list. */
static bool list_has(const char *list, const char *name)
{
    size_t length = strlen(name);
    if (length == 0)
        return *list == '\0';
    for (;;) {
        size_t item = strcspn(list, ",");
        if (item == length && strncmp(list, name, length) == 0)
            return true;
        if (list[item] == '\0')
            return false;
        list += item + 1;
    }
}

static FILE *open_proc(const char *root, const char *name)
{
    char *path;
    if (asprintf(&path, "%s/proc/self/%s", root, name) < 0)
        return NULL;
    FILE *file = fopen(path, "re");
    free(path);
    return file;
}

/* Reads the next line, without its end, into `*line`, which the caller frees at last. */
static bool next_line(FILE *file, char **line, size_t *capacity)
{
    ssize_t length = getline(line, capacity, file);
    if (length > 0 && (*line)[length - 1] == '\n')
        (*line)[length - 1] = '\0';
    return length > 0;
}

/* The path of the process's group inside the hierarchy, which the caller frees; NULL where there
 * is none. A line is "NUMBER:CONTROLLERS:PATH", and the path may have colons of its own. */
static char *find_group(const char *root, const struct hierarchy *hierarchy)
{
    FILE *file = open_proc(root, "cgroup");
    if (file == NULL)
        return NULL;
    char *line = NULL;
    size_t capacity = 0;
    char *path = NULL;
    while (path == NULL && next_line(file, &line, &capacity)) {
        char *rest = line;
        strsep(&rest, ":");
        const char *controllers = strsep(&rest, ":");
        if (rest != NULL && list_has(controllers, hierarchy->controller))
            path = strdup(rest);
    }
    free(line);
    fclose(file);
    return path;
}

/* --- Mounts ----------------------------------------------------------------------------- */

/* Two fields of a line of mountinfo. */
struct mount {
    char *group; /* what the mount shows as its root */
    char *point; /* where that is */
};

/* Mountinfo writes blanks and backslashes in paths as a backslash and three octal digits. */
static void unescape(char *path)
{
    char *to = path;
    for (const char *from = path; *from != '\0'; to++) {
        if (from[0] == '\\' && strspn(from + 1, "01234567") >= 3) {
            *to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
}

/*
 * Splits a line of mountinfo, whose text `mount` then points into; false if it is not a mount of
 * this hierarchy. Any number of optional fields, and a dash for their end, stand in its middle:
 *
 *   ID PARENT DEVICE GROUP POINT OPTIONS [OPTIONAL...] - TYPE SOURCE OPTIONS
 */
static bool parse_mount(char *line, const struct hierarchy *hierarchy, struct mount *mount)
{
    char *rest = line;
    for (int i = 0; i < 3; i++)
        strsep(&rest, " ");
    mount->group = strsep(&rest, " ");
    mount->point = strsep(&rest, " ");
    const char *field = strsep(&rest, " ");
    while (field != NULL && strcmp(field, "-") != 0)
        field = strsep(&rest, " ");
    const char *type = strsep(&rest, " ");
    strsep(&rest, " ");
    if (type == NULL || rest == NULL || strcmp(type, hierarchy->file_system) != 0)
        return false;
    if (*hierarchy->controller != '\0' && !list_has(rest, hierarchy->controller))
        return false;
    unescape(mount->group);
    unescape(mount->point);
    return true;
}

/* What is left of a group's path below the one that a mount shows, "" or beginning with a slash;
 * NULL if the group does not lie there. */
static const char *path_below(const char *path, const char *group)
{
    size_t length = strcmp(group, "/") == 0 ? 0 : strlen(group);
    if (strncmp(path, group, length) != 0)
        return NULL;
    const char *rest = path + length;
    /* A group outside of the process's cgroup namespace is written as "/../NAME". */
    bool leaves = strncmp(rest, "/..", 3) == 0 && (rest[3] == '/' || rest[3] == '\0');
    return (*rest == '\0' || *rest == '/') && !leaves ? rest : NULL;
}

/*
 * The folder of the process's group and, at the beginning of its path, the mount point's length.
 * The caller frees it; NULL where the hierarchy is not mounted. Of several mounts the one that
 * shows most of what is above the group counts; failing all, the last.
 */
static char *find_folder(const char *root, const struct hierarchy *hierarchy, const char *path,
                         size_t *point_length)
{
    FILE *file = open_proc(root, "mountinfo");
    if (file == NULL)
        return NULL;
    char *line = NULL;
    size_t capacity = 0;
    char *folder = NULL;
    size_t longest = 0; /* what is below the best mount so far, in bytes */
    struct mount mount;
    while (next_line(file, &line, &capacity)) {
        if (!parse_mount(line, hierarchy, &mount))
            continue;
        const char *below = path_below(path, mount.group);
        size_t length = below != NULL ? strlen(below) + 1 : 0;
        char *candidate;
        if (length < longest ||
            asprintf(&candidate, "%s%s%s", root, mount.point, below != NULL ? below : "") < 0)
            continue;
        free(folder);
        folder = candidate;
        longest = length;
        *point_length = strlen(root) + strlen(mount.point);
    }
    free(line);
    fclose(file);
    return folder;
}

/* --- Together --------------------------------------------------------------------------- */

/* The tightest quota from the process's group up to the mount's root. */
static uint32_t hierarchy_quota(const char *root, const struct hierarchy *hierarchy)
{
    char *path = find_group(root, hierarchy);
    if (path == NULL)
        return UINT32_MAX;
    uint32_t least = UINT32_MAX;
    size_t point_length = 0;
    char *folder = find_folder(root, hierarchy, path, &point_length);
    if (folder == NULL)
        goto folder_failed;
    for (;;) {
        uint32_t quota = hierarchy->quota(folder);
        if (quota < least)
            least = quota;
        if (folder[point_length] == '\0')
            break;
        *strrchr(folder + point_length, '/') = '\0';
    }
    free(folder);
folder_failed:
    free(path);
    return least;
}

uint32_t processors_quota(const char *root)
{
    uint32_t least = UINT32_MAX;
    for (size_t i = 0; i < sizeof hierarchies / sizeof hierarchies[0]; i++) {
        uint32_t quota = hierarchy_quota(root, &hierarchies[i]);
        if (quota < least)
            least = quota;
    }
    return least;
}

uint32_t processors_usable(void)
{
    uint32_t count = affinity_count();
    if (count == 0) {
        long online = sysconf(_SC_NPROCESSORS_ONLN);
        count = online > 0 ? (uint32_t)online : 1;
    }
    uint32_t quota = processors_quota("");
    return count < quota ? count : quota;
}
