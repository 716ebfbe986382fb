/*
 * made.h - the outputs of this run, by name
 *
 * Two questions need them. Would two sources of one run write the same output (a.gz and a.zst,
 * x/a and y/a into one directory, or a named twice)? And is a file that a walk comes upon one
 * that this run has just made? A name is held as a hash, in a table of 16 to 32 bytes for each.
 * Runs where neither can happen once an output is there forget each as soon as it is.
 */
#ifndef CLI_MADE_H
#define CLI_MADE_H

#include <stdbool.h>

struct made;

struct made *made_create(void);
void made_free(struct made *made);

/* Notes a path. Returns false if it was noted before. */
bool made_add(struct made *made, const char *path);

/* Forgets a path that was noted. */
void made_forget(struct made *made, const char *path);

bool made_contains(const struct made *made, const char *path);

#endif
