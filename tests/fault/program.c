#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "recorder.h"

static const struct errand all[] = {
    {"program-one", false, 1, NULL, ""},
    {"program-two", false, 2, NULL, ""},
    {"program-sync", true, 2, NULL, ""},
    {"program-sync-mirror", true, 2, "--output-dir-mirror=made/here", "made/here/"},
    {"program-mirror", false, 1, "--output-dir-mirror=made/here", "made/here/"},
    {"program-mirror-two", false, 2, "--output-dir-mirror=made/here", "made/here/"},
};

const struct errand *errands(size_t *count)
{
    *count = sizeof all / sizeof *all;
    return all;
}

static void fill_plain(struct content *plain, unsigned number)
{
    plain->size = 9000 + number;
    plain->data = malloc(plain->size);
    if (plain->data == NULL)
        die("no memory");
    for (size_t i = 0; i < plain->size; i++)
        plain->data[i] = (uint8_t)("cinch "[i % 6] + (i * i >> 9) % (3 + number));
}

void errand_reset(const struct errand_world *world)
{
    char command[400];
    (void)snprintf(command, sizeof command, "rm -rf '%s' && mkdir '%s'", world->folder,
                   world->folder);
    if (system(command) != 0)
        die("cannot make %s", world->folder);
    for (unsigned i = 0; i < world->errand->sources; i++) {
        int fd = open(world->source[i], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (fd < 0 ||
            write(fd, world->plain[i].data, world->plain[i].size) != (ssize_t)world->plain[i].size)
            die("cannot write %s: %s", world->source[i], strerror(errno));
        (void)close(fd);
    }
}

void errand_run(void *context)
{
    const struct errand_world *world = context;
    const char *words[8] = {world->program, world->errand->keeps ? "--sync" : "--rm", "-q"};
    int count = 3;
    char number[16];
    if (world->errand->option != NULL)
        words[count++] = world->errand->option;
    words[count++] = "a";
    if (world->errand->sources > 1)
        words[count++] = "b";
    if (chdir(world->folder) != 0)
        _exit(100);
    if (world->preload != NULL) {
        (void)snprintf(number, sizeof number, "%d", world->log);
        (void)setenv("LD_PRELOAD", world->preload, 1);
        (void)setenv(RECORDER_VARIABLE, number, 1);
    }
    (void)execv(world->program, (char *const *)words);
    _exit(101);
}

void errand_make(struct errand_world *world, const struct errand *errand, const char *program)
{
    static const char names[PROGRAM_SOURCES] = {'a', 'b'};
    *world = (struct errand_world){.errand = errand, .program = program, .log = -1};
    (void)snprintf(world->folder, sizeof world->folder, "%s/errand", world_root());
    for (unsigned i = 0; i < errand->sources; i++) {
        (void)snprintf(world->source[i], sizeof world->source[i], "%s/%c", world->folder, names[i]);
        (void)snprintf(world->output[i], sizeof world->output[i], "%s/%s%c.zst", world->folder,
                       errand->folder, names[i]);
        fill_plain(&world->plain[i], i);
    }
    errand_reset(world);
    pid_t child = fork();
    if (child < 0)
        die("cannot fork: %s", strerror(errno));
    if (child == 0)
        errand_run(world);
    int status;
    if (waitpid(child, &status, 0) != child || status != 0)
        die("%s: undisturbed it ended with status %x", errand->name, (unsigned)status);
    for (unsigned i = 0; i < errand->sources; i++) {
        world->result[i] = content_read(world->output[i]);
        bool is_kept = access(world->source[i], F_OK) == 0;
        if (world->result[i].data == NULL || is_kept != errand->keeps)
            die("%s: undisturbed it has not done its work", errand->name);
    }
}

void errand_free(struct errand_world *world)
{
    for (unsigned i = 0; i < world->errand->sources; i++) {
        content_free(&world->plain[i]);
        content_free(&world->result[i]);
    }
}

static bool holds(const char *path, const struct content *wanted)
{
    struct content content = content_read(path);
    bool is_equal = content_equals(&content, wanted->data, wanted->size);
    content_free(&content);
    return is_equal;
}

const char *errand_lost(const struct errand_world *world)
{
    for (unsigned i = 0; i < world->errand->sources; i++) {
        if (!holds(world->source[i], &world->plain[i]) &&
            (world->errand->keeps || !holds(world->output[i], &world->result[i])))
            return world->source[i];
    }
    return NULL;
}
