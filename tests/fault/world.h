/*
 * World: the files of one scenario, and what of them may be there afterwards.
 *
 *   FOLDER/in/input     what is read
 *   FOLDER/in/stream    what an output pipe or socket has brought
 *   FOLDER/in/from, to  FIFOs or a socket, where the scenario has such
 *   FOLDER/out/output   what is written, by path or descriptor, or a link to out/target
 *   FOLDER/victim/...   what nobody may touch
 */
#ifndef CINCH_TESTS_FAULT_WORLD_H
#define CINCH_TESTS_FAULT_WORLD_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "scenario.h"

enum {
    /* Five chunks and a bit: enough that four workers have to take turns. */
    PLAIN_SIZE = 5 * 4096 + 777,
    CHUNK_SIZE = 4096
};

struct content {
    uint8_t *data; /* owned */
    size_t size;
};

struct world {
    const struct scenario *scenario;
    char folder[128];
    char input[160];
    char output[160]; /* a file, or a link to it */
    char target[160]; /* where the file appears in the end */
    char from[160];   /* the paths that the library is given: mostly those two */
    char to[160];
    struct content source; /* what is read */
    struct content result; /* what a job that succeeds has written */
    struct stat source_status;
};

/* What stands in the output's place. */
enum standing {
    STANDING_NOTHING,
    STANDING_OLD,
    STANDING_RESULT,
    STANDING_BEGINNING, /* the first bytes of the result, behind the old ones; descriptors only */
    STANDING_OTHER
};

/* The folder that everything happens in: made under TMPDIR, else /dev/shm, else /tmp, and the
 * same for all worlds of a run. Dies where it cannot be made. */
const char *world_root(void);
void world_remove_root(void);

/* Makes the files of a scenario, and finds out what it is to write. Dies where it cannot. No
 * thread is left behind, so the process may fork. */
void world_make(struct world *world, const struct scenario *scenario);
void world_free(struct world *world);

/* Brings the output's folder to where it was before a run. */
void world_reset(const struct world *world);

/* The text that stands in the output's place before a run, where the scenario has one. */
extern const char world_old[];

/* How it stands in the place where the output is to appear, or at another path. */
enum standing world_standing(const struct world *world);
enum standing world_standing_at(const struct world *world, const char *path);

/* Entries of the output's folder that have no business there; `*name` gets the last one's path
 * (of PATH_MAX bytes). */
unsigned world_leftovers(const struct world *world, char *name);

/* Whether the input is as it was made. */
bool world_input_is_whole(const struct world *world);

/* Reads a file; {NULL, 0} where there is none. Uses no stdio. */
struct content content_read(const char *path);
void content_free(struct content *content);
bool content_equals(const struct content *content, const void *data, size_t size);

/* Prints like printf() to stderr and ends the process with status 2: the tests, not the library,
 * have failed. */
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
