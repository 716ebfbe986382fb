/*
 * sources.h - everything there is to do, one after another
 *
 * Arguments in their order, then the names in each list; directories, with -r, as the files below
 * them. What is found is handed over at once, so work begins while names are still being
 * read.
 */
#ifndef CLI_SOURCES_H
#define CLI_SOURCES_H

#include "cli/entry.h"
#include "cli/settings.h"

struct sources;

enum sources_state {
    SOURCES_FOUND, /* an entry was filled in */
    SOURCES_WAIT,  /* a list has no more names yet: poll sources_descriptor() */
    SOURCES_END
};

/* `settings` must stay valid. Never NULL. */
struct sources *sources_open(const struct settings *settings);

/*
 * Finds the next thing to do. A list that cannot be read is said at once, as an error; it is
 * no entry.
 */
enum sources_state sources_next(struct sources *sources, struct entry *entry);

/* What to wait for after SOURCES_WAIT. */
int sources_descriptor(const struct sources *sources);

void sources_close(struct sources *sources);

#endif
