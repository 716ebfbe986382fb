#include "cli/walk.h"

#include "cli/memory.h"
#include "cli/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A directory that is being read: from its stream, or, where that had to be closed, from the
 * names that were left in it. */
struct level {
    DIR *stream;       /* NULL once closed early */
    struct text names; /* what was left then: names, each with its NUL */
    size_t next_name;  /* offset in `names` */
    size_t path_length;
    dev_t device;
    ino_t inode;
};

struct walk {
    bool follow;
    bool begun;
    struct text path; /* of what was found last; levels know how much of it is theirs */
    struct level *levels;
    size_t depth;
    size_t capacity;
    size_t first_open; /* levels below it have no stream */
};

static int errno_or(int fallback)
{
    return errno ? errno : fallback;
}

/* Takes in the names still to come from the outermost open directory, and closes it. */
static void close_outermost(struct walk *walk)
{
    struct level *level = &walk->levels[walk->first_open++];
    struct dirent *found;
    while ((found = readdir(level->stream)) != NULL)
        text_append(&level->names, found->d_name, strlen(found->d_name) + 1);
    closedir(level->stream);
    level->stream = NULL;
}

/* Enters the directory whose path is in `walk->path`, `name` in the directory `parent`. Returns 0
 * or an errno value. */
static int enter(struct walk *walk, int parent, const char *name, bool follow)
{
    struct stat status;
    int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK | (follow ? 0 : O_NOFOLLOW);
    if (walk->depth - walk->first_open >= WALK_OPEN_LIMIT)
        close_outermost(walk);
    int descriptor = openat(parent, name, flags);
    if (descriptor < 0)
        return errno;
    DIR *stream = fstat(descriptor, &status) == 0 ? fdopendir(descriptor) : NULL;
    if (!stream) {
        int error = errno_or(EIO);
        close(descriptor);
        return error;
    }
    if (walk->depth == walk->capacity) {
        walk->capacity *= 2;
        walk->levels = memory_resize(walk->levels, walk->capacity, sizeof(walk->levels[0]));
    }
    walk->levels[walk->depth++] = (struct level){
        .stream = stream,
        .path_length = walk->path.length,
        .device = status.st_dev,
        .inode = status.st_ino,
    };
    return 0;
}

static void leave(struct walk *walk)
{
    struct level *level = &walk->levels[--walk->depth];
    if (level->stream)
        closedir(level->stream);
    text_free(&level->names);
    if (walk->first_open > walk->depth)
        walk->first_open = walk->depth;
}

/* The next name in a directory, or NULL at its end; errno is 0 then, or the reason. */
static const char *next_name(struct level *level)
{
    const char *name;
    do {
        errno = 0;
        if (level->stream) {
            struct dirent *found = readdir(level->stream);
            if (!found)
                return NULL;
            name = found->d_name;
        } else {
            if (level->next_name >= level->names.length)
                return NULL;
            name = level->names.bytes + level->next_name;
            level->next_name += strlen(name) + 1;
        }
    } while (strcmp(name, ".") == 0 || strcmp(name, "..") == 0);
    return name;
}

/* Whether a directory is one of those that led to it. */
static bool is_above(const struct walk *walk, const struct stat *status)
{
    for (size_t i = 0; i < walk->depth; i++) {
        if (walk->levels[i].inode == status->st_ino && walk->levels[i].device == status->st_dev)
            return true;
    }
    return false;
}

struct walk *walk_open(const char *directory, bool follow)
{
    struct walk *walk = memory_allocate(1, sizeof(*walk));
    walk->follow = follow;
    walk->capacity = 16;
    walk->levels = memory_allocate(walk->capacity, sizeof(walk->levels[0]));
    text_add(&walk->path, directory);
    return walk;
}

/* Sets the path to `name` in the innermost directory. */
static void set_path(struct walk *walk, const struct level *level, const char *name)
{
    walk->path.length = level->path_length;
    if (walk->path.bytes[walk->path.length - 1] != '/')
        text_add(&walk->path, "/");
    text_add(&walk->path, name);
}

/* Looks at `name` in the innermost directory. Returns true if the caller shall hear of it, false
 * if it was a directory, which has been entered. */
static bool visit(struct walk *walk, const char *name, struct entry *entry)
{
    const struct level *level = &walk->levels[walk->depth - 1];
    set_path(walk, level, name);
    /* Through the descriptor, unless it had to be closed. */
    const int parent = level->stream ? dirfd(level->stream) : AT_FDCWD;
    const char *path =
        level->stream ? walk->path.bytes + walk->path.length - strlen(name) : walk->path.bytes;
    entry->path = walk->path.bytes;
    if (fstatat(parent, path, &entry->status, walk->follow ? 0 : AT_SYMLINK_NOFOLLOW) != 0) {
        entry->error = errno;
        return true;
    }
    if (!S_ISDIR(entry->status.st_mode))
        return true;
    if (is_above(walk, &entry->status)) {
        entry->loop = true;
        return true;
    }
    entry->error = enter(walk, parent, path, walk->follow);
    return entry->error != 0;
}

bool walk_next(struct walk *walk, struct entry *entry)
{
    *entry = (struct entry){.path = walk->path.bytes};
    if (!walk->begun) {
        walk->begun = true;
        entry->error = enter(walk, AT_FDCWD, walk->path.bytes, true);
        if (entry->error)
            return true;
    }
    while (walk->depth > 0) {
        struct level *level = &walk->levels[walk->depth - 1];
        const char *name = next_name(level);
        if (name) {
            if (visit(walk, name, entry))
                return true;
            continue;
        }
        const int error = errno;
        walk->path.length = level->path_length;
        walk->path.bytes[walk->path.length] = '\0';
        leave(walk);
        if (error) {
            *entry = (struct entry){.path = walk->path.bytes, .error = error};
            return true;
        }
    }
    return false;
}

void walk_close(struct walk *walk)
{
    if (!walk)
        return;
    while (walk->depth > 0)
        leave(walk);
    text_free(&walk->path);
    free(walk->levels);
    free(walk);
}
