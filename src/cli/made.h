/*
 * made.h - the outputs of this run, by name
 *
 * Two questions need them. Would two sources of one run write the same output (a.gz and a.zst,
 * or x/a and y/a into one directory)? And is a file that a walk comes upon one that this run has
 * just made? Eight bytes a name are held, a hash, and only in runs where either can happen.
 */
#ifndef CLI_MADE_H
#define CLI_MADE_H

#include <stdbool.h>

struct made;

struct made *made_create(void);
void made_free(struct made *made);

/* Notes a path. Returns false if it was noted before. */
bool made_add(struct made *made, const char *path);

bool made_contains(const struct made *made, const char *path);

#endif
