/*
 * suggest.h - the known word that an unknown one was probably meant to be
 */
#ifndef CLI_SUGGEST_H
#define CLI_SUGGEST_H

#include <stddef.h>

/*
 * The number of letters to insert, remove, replace or swap with a neighbour that turns one
 * word into the other. Words are compared up to their first 32 bytes.
 */
size_t suggest_distance(const char *one, const char *other);

#endif
