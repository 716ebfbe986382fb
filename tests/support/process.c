#include "support/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/child_end.h"
#include "support/test.h"

extern char **environ;

/* How many entries of `path` `accepts` takes, dot names aside. */
static size_t entry_count(const char *path, bool (*accepts)(const char *name, const void *context),
                          const void *context)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    size_t count = 0;

    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] != '.' && (accepts == NULL || accepts(entry->d_name, context))) {
            count++;
        }
    }
    closedir(folder);
    return count;
}

size_t process_descriptor_count(void)
{
    /* The listing's own descriptor is among them. */
    return entry_count("/proc/self/fd", NULL, NULL) - 1;
}

size_t process_thread_count(void)
{
    return entry_count("/proc/self/task", NULL, NULL);
}

static bool thread_is_named(const char *number, const void *name)
{
    char path[64];
    char text[32] = "";
    FILE *file;

    snprintf(path, sizeof(path), "/proc/self/task/%s/comm", number);
    file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    if (fgets(text, sizeof(text), file) == NULL) {
        text[0] = '\0';
    }
    fclose(file);
    text[strcspn(text, "\n")] = '\0';
    return strcmp(text, name) == 0;
}

size_t process_thread_count_named(const char *name)
{
    return entry_count("/proc/self/task", thread_is_named, name);
}

bool process_thread_count_becomes(size_t count)
{
    struct timespec now;
    time_t deadline;

    clock_gettime(CLOCK_MONOTONIC, &now);
    deadline = now.tv_sec + 10;
    while (process_thread_count() != count) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec >= deadline) {
            return false;
        }
        sched_yield();
    }
    return true;
}

void process_descriptors_print(void)
{
    DIR *folder = opendir("/proc/self/fd");
    struct dirent *entry;

    if (folder == NULL) {
        return;
    }
    while ((entry = readdir(folder)) != NULL) {
        char target[512];
        ssize_t length = readlinkat(dirfd(folder), entry->d_name, target, sizeof(target) - 1);
        if (length > 0) {
            target[length] = '\0';
            print_error("descriptor %s: %s\n", entry->d_name, target);
        }
    }
    closedir(folder);
}

static int status_of(pid_t child)
{
    int status;

    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            return -1;
        }
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int tool_run(const char *const arguments[], const char *input, const char *output)
{
    posix_spawn_file_actions_t actions;
    pid_t child;
    int error;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, input != NULL ? input : "/dev/null",
                                     O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output != NULL ? output : "/dev/null",
                                     O_WRONLY | O_CREAT | O_TRUNC, 0644);
    error = posix_spawnp(&child, arguments[0], &actions, NULL, (char *const *)arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error != 0 ? -1 : status_of(child);
}

bool tool_exists(const char *name)
{
    const char *path = getenv("PATH");

    while (path != NULL && *path != '\0') {
        size_t length = strcspn(path, ":");
        char candidate[4096];
        snprintf(candidate, sizeof(candidate), "%.*s/%s", (int)length, path, name);
        if (access(candidate, X_OK) == 0) {
            return true;
        }
        path += length + (path[length] == ':');
    }
    return false;
}

int child_run(int (*body)(void *context), void *context)
{
    pid_t child;

    fflush(NULL);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(TEST_SECONDS / 2);
        child_end(body(context));
    }
    return status_of(child);
}
