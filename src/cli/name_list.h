/*
 * name_list.h - names read from a file: --filelist
 *
 * One name a line; or, where the file's first block contains a NUL byte (find -print0), one
 * name between NULs. Empty names are passed over. A list may be a pipe whose writer takes its
 * time: nothing here waits for it.
 */
#ifndef CLI_NAME_LIST_H
#define CLI_NAME_LIST_H

struct name_list;

enum name_list_state {
    NAME_LIST_NAME, /* here is one */
    NAME_LIST_WAIT, /* none yet: poll name_list_descriptor() */
    NAME_LIST_END,
    NAME_LIST_ERROR /* errno says why the list cannot be read on */
};

/* Opens a list, "-" being standard input. NULL with errno set where it cannot be opened. */
struct name_list *name_list_open(const char *path);

/* The next name goes to `name`, which stays valid until the next call. */
enum name_list_state name_list_next(struct name_list *list, const char **name);

int name_list_descriptor(const struct name_list *list);

/* NULL does nothing. */
void name_list_close(struct name_list *list);

#endif
