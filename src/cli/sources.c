#include "cli/sources.h"

#include "cli/memory.h"
#include "cli/message.h"
#include "cli/name_list.h"
#include "cli/names.h"
#include "cli/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

struct sources {
    const struct settings *settings;
    size_t next_source;
    size_t next_list;
    struct name_list *list; /* the one being read, or NULL */
    struct walk *walk;      /* the directory being read, or NULL */
    char *path;             /* of the entry handed over last, where it was made here */
};

struct sources *sources_open(const struct settings *settings)
{
    struct sources *sources = memory_allocate(1, sizeof(*sources));
    sources->settings = settings;
    return sources;
}

int sources_descriptor(const struct sources *sources)
{
    return name_list_descriptor(sources->list);
}

/* Makes `path`, with a copy of its own, the entry's. */
static void keep_path(struct sources *sources, struct entry *entry, char *path)
{
    free(sources->path);
    sources->path = path;
    entry->path = path;
}

/* GNU gzip takes "gzip -d name" for the compressed file beside it. */
static void try_suffixes(struct sources *sources, struct entry *entry, int flags)
{
    static const char *const suffixes[] = {".gz", ".z", "-z"};
    const struct settings *settings = sources->settings;
    if (settings->family != FAMILY_GZIP || settings->action == ACTION_COMPRESS ||
        names_known_suffix(settings, entry->path))
        return;
    const size_t count = sizeof(suffixes) / sizeof(suffixes[0]);
    for (size_t i = settings->suffix_given ? 0 : 1; i <= count; i++) {
        char *path =
            memory_format("%s%s", entry->path, i == 0 ? settings->suffix : suffixes[i - 1]);
        if (fstatat(AT_FDCWD, path, &entry->status, flags) == 0) {
            entry->error = 0;
            keep_path(sources, entry, path);
            return;
        }
        free(path);
    }
}

/* Looks at what a person, or a list, has named. Returns false where it is a directory to be
 * walked, which has begun. */
static bool examine(struct sources *sources, const char *path, struct entry *entry)
{
    const struct settings *settings = sources->settings;
    const int flags = settings_follow_links(settings) ? 0 : AT_SYMLINK_NOFOLLOW;
    *entry = (struct entry){.path = path, .named = true};
    if (fstatat(AT_FDCWD, path, &entry->status, flags) != 0) {
        entry->error = errno;
        if (entry->error == ENOENT && *path)
            try_suffixes(sources, entry, flags);
        return true;
    }
    if (!settings->recursive || !S_ISDIR(entry->status.st_mode))
        return true;
    sources->walk = walk_open(path, settings->force);
    return false;
}

/* Opens the next list. One that cannot be opened is said, and passed over. */
static void open_list(struct sources *sources)
{
    const char *path = sources->settings->lists[sources->next_list++];
    sources->list = name_list_open(path);
    if (!sources->list)
        message_say(NULL, SEVERITY_ERROR, path, "cannot open this list of files: %s",
                    strerror(errno));
}

/* The next name in the list at hand. */
static enum sources_state next_in_list(struct sources *sources, struct entry *entry, bool *found)
{
    const char *name;
    *found = false;
    switch (name_list_next(sources->list, &name)) {
    case NAME_LIST_WAIT:
        return SOURCES_WAIT;
    case NAME_LIST_ERROR:
        message_say(NULL, SEVERITY_ERROR, sources->settings->lists[sources->next_list - 1],
                    "cannot read this list of files: %s", strerror(errno));
        /* fall through */
    case NAME_LIST_END:
        name_list_close(sources->list);
        sources->list = NULL;
        return SOURCES_END;
    case NAME_LIST_NAME:
        break;
    }
    /* In a list "-" is a file like others. */
    if (strcmp(name, "-") == 0)
        name = "./-";
    *found = examine(sources, name, entry);
    return SOURCES_FOUND;
}

enum sources_state sources_next(struct sources *sources, struct entry *entry)
{
    const struct settings *settings = sources->settings;
    for (;;) {
        if (sources->walk) {
            if (walk_next(sources->walk, entry))
                return SOURCES_FOUND;
            walk_close(sources->walk);
            sources->walk = NULL;
        } else if (sources->next_source < settings->source_count) {
            const char *path = settings->sources[sources->next_source++];
            if (strcmp(path, "-") == 0) {
                *entry = (struct entry){.path = path, .named = true, .is_stdin = true};
                return SOURCES_FOUND;
            }
            if (examine(sources, path, entry))
                return SOURCES_FOUND;
        } else if (sources->list) {
            bool found;
            enum sources_state state = next_in_list(sources, entry, &found);
            if (state == SOURCES_WAIT || found)
                return state;
        } else if (sources->next_list < settings->list_count) {
            open_list(sources);
        } else {
            return SOURCES_END;
        }
    }
}

void sources_close(struct sources *sources)
{
    walk_close(sources->walk);
    name_list_close(sources->list);
    free(sources->path);
    free(sources);
}
