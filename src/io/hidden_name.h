/*
 * Hidden name: a name beside the target, ".NAME.xxxxxxxxxx.cinch", that a file bears for a
 * while because its file system has none without a name, or because only a name can be renamed
 * over another.
 *
 * Those that exist are registered, and a process that exits normally removes its own, even
 * while workers still run. A forked child has none and removes none.
 */
#ifndef CINCH_SRC_IO_HIDDEN_NAME_H
#define CINCH_SRC_IO_HIDDEN_NAME_H

struct hidden_name;

/*
 * Makes an empty file, mode 0600 at most, open for reading and writing, under a new hidden name
 * in the folder `directory`, which must stay open as long as the name is held. Puts its
 * descriptor, the caller's to close, into `*fd`. Returns the name, or NULL with errno.
 */
struct hidden_name *hidden_name_create(int directory, const char *target, int *fd);

/* Gives the file `fd`, which has no name, a hidden one. Returns it, or NULL with errno. */
struct hidden_name *hidden_name_link(int directory, const char *target, int fd);

/* The name's one path component. */
const char *hidden_name_text(const struct hidden_name *hidden);

/* Frees what was renamed away; NULL does nothing. */
void hidden_name_forget(struct hidden_name *hidden);

/* Removes the name from the folder and frees it; NULL does nothing. */
void hidden_name_remove(struct hidden_name *hidden);

#endif
