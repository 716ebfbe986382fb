/*
 * Bytes: content for test files, made the same way on every run, and files compared with it.
 */
#ifndef CINCH_TESTS_SUPPORT_BYTES_H
#define CINCH_TESTS_SUPPORT_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
    uint8_t *data; /* owned; NULL where there are none */
    size_t size;
};

enum bytes_kind {
    BYTES_TEXT,      /* resembles source code: compresses to a quarter or so */
    BYTES_RANDOM,    /* no compressor finds anything in it */
    BYTES_ZEROS,     /* compresses to nothing */
    BYTES_COMPRESSED /* gzip's output: dense, with a compressor's traces */
};

enum {
    BYTES_KINDS = 4
};

/* "text", "random", ...; static. */
const char *bytes_kind_name(enum bytes_kind kind);

/* `size` bytes of a kind; the same seed gives the same bytes. The caller frees them. */
struct bytes bytes_make(enum bytes_kind kind, size_t size, uint64_t seed);

void bytes_free(struct bytes *bytes);

/* Puts more behind them; bytes without any are {NULL, 0}. */
void bytes_append(struct bytes *bytes, const void *data, size_t size);
void bytes_append_bytes(struct bytes *bytes, const struct bytes *more);
void bytes_append_run(struct bytes *bytes, uint8_t byte, size_t count);

/* A copy of `size` bytes from `offset` on. The caller frees it. */
struct bytes bytes_slice(const struct bytes *bytes, size_t offset, size_t size);

/* The next number of a sequence that `state` stands for: 64 well-mixed bits (splitmix64). */
uint64_t random_next(uint64_t *state);

/* Makes or overwrites the file; fails the test where it cannot. */
void file_write(const char *path, const struct bytes *bytes);
void file_write_text(const char *path, const char *text);

/* Makes a file of `size` bytes, all of them a hole. */
void file_write_sparse(const char *path, uint64_t size);

/* Makes a file of the kind, and returns its bytes, which the caller frees. */
struct bytes file_make(const char *path, enum bytes_kind kind, size_t size, uint64_t seed);

/* The whole file; fails the test where it cannot be read. The caller frees the bytes. */
struct bytes file_read(const char *path);

/* Everything up to the end of the descriptor. The caller frees the bytes. */
struct bytes descriptor_read(int descriptor);

bool bytes_are_equal(const struct bytes *one, const struct bytes *other);

/* Fails the test at the first byte that differs, printing where. */
void assert_bytes_equal(const struct bytes *expected, const struct bytes *actual);
void assert_file_holds(const char *path, const struct bytes *expected);
void assert_file_holds_text(const char *path, const char *expected);
void assert_no_file(const char *path);

#endif
