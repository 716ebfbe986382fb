/*
 * Compressed files made by hand, read into chunk maps.
 */
#ifndef CINCH_TESTS_UNIT_MAPPING_H
#define CINCH_TESTS_UNIT_MAPPING_H

#include <stddef.h>
#include <stdint.h>

#include "chunk_map.h"
#include "compressed.h"

/* Reads the map of a file of these bytes. */
int32_t mapping_read(struct chunk_map *map, const void *bytes, size_t size);

/* Fails the test unless chunks lie in the file and in the content one after the other, within the
 * limits, and are found by the offsets of their content. */
void assert_sound(const struct chunk_map *map, size_t file_size);

/* Fails the test unless the file reads as `count` chunks that decode to its content; frees it. */
#define assert_maps(file, count) assert_maps_at((file), (count), __FILE__, __LINE__)
void assert_maps_at(struct compressed *file, size_t count, const char *name, int line);

/* Fails the test unless reading the file is this error; frees it. */
#define assert_refused(expected, file) assert_refused_at((expected), (file), __FILE__, __LINE__)
void assert_refused_at(int32_t expected, struct compressed *file, const char *name, int line);

#endif
