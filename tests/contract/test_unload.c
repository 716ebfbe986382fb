/*
 * The library is loaded while the program runs, and unloaded in the middle of its work: its threads
 * go on (it stays in memory), callbacks arrive, and the process ends as it should.
 *
 * This program alone is not linked with the library; it is given its path.
 */
#include <dlfcn.h>
#include <limits.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cinch/cinch.h>

enum {
    CONTENT_SIZE = 1 << 20
};

static sem_t has_begun, may_go_on, has_ended;
static atomic_int result = -1;

/* On the library's thread: holds the job until the library was unloaded. */
static void on_progress(int32_t percent)
{
    if (percent == 0) {
        (void)sem_post(&has_begun);
        while (sem_wait(&may_go_on) != 0)
            ;
    }
}

static void on_complete(int32_t error_code)
{
    atomic_store(&result, error_code);
    (void)sem_post(&has_ended);
}

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static void make_file(const char *path)
{
    static char content[CONTENT_SIZE];
    FILE *file = fopen(path, "wb");

    memset(content, 'x', sizeof(content));
    if (file == NULL || fwrite(content, 1, sizeof(content), file) != sizeof(content) ||
        fclose(file) != 0)
        fail("cannot write the input");
}

int main(int argc, char **argv)
{
    const char *parent = getenv("TMPDIR");
    char folder[PATH_MAX], input[PATH_MAX + 16], output[PATH_MAX + 16];
    void (*compress)(const char *input, const char *output, ProgressFn on_progress,
                     CompletionFn on_complete);

    (void)snprintf(folder, sizeof(folder), "%s/cinch-test-XXXXXX",
                   parent != NULL ? parent : "/tmp");
    if (argc != 2 || mkdtemp(folder) == NULL)
        fail("usage: unload LIBRARY");
    (void)snprintf(input, sizeof(input), "%s/input", folder);
    (void)snprintf(output, sizeof(output), "%s/output.zst", folder);
    make_file(input);
    (void)sem_init(&has_begun, 0, 0);
    (void)sem_init(&may_go_on, 0, 0);
    (void)sem_init(&has_ended, 0, 0);

    void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        fail(dlerror());
    *(void **)&compress = dlsym(library, "compress_async");
    if (compress == NULL)
        fail("there is no compress_async");
    compress(input, output, on_progress, on_complete);
    while (sem_wait(&has_begun) != 0)
        ;
    if (dlclose(library) != 0)
        fail("cannot unload");
    (void)sem_post(&may_go_on);
    while (sem_wait(&has_ended) != 0)
        ;
    const bool is_there = access(output, R_OK) == 0;
    (void)unlink(output);
    (void)unlink(input);
    (void)rmdir(folder);
    if (atomic_load(&result) != CINCH_OK || !is_there)
        fail("the job did not end well");
    return 0;
}
