/*
 * Metadata: the mode, times and owner of a finished file, set through its descriptor.
 */
#ifndef CINCH_SRC_IO_METADATA_H
#define CINCH_SRC_IO_METADATA_H

#include <stdint.h>
#include <sys/stat.h>

#include "error.h"

/*
 * Gives the file `fd` the times, mode and, where permitted, owner and group in `source`. Set-id
 * bits are copied only where owner and group are then the source's; if the group is not, it
 * gets no more than others have. What the file system cannot store is left out silently.
 */
int32_t metadata_copy(int fd, const struct stat *source, struct failure *failure);

/* Gives the file `fd` the mode of one made by open(): 0666 less the umask. */
int32_t metadata_set_default(int fd, struct failure *failure);

#endif
