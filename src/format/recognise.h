/*
 * Recognise: which format an input is in, by its first bytes alone.
 *
 *     28 B5 2F FD        a zstd frame
 *     50..5F 2A 4D 18    a skippable frame: zstd too
 *     1F 8B              gzip
 *     78 9C and others   zlib: 2 bytes, big-endian, that are a multiple of 31, with method 8 and
 *                        a window of at most 32 KiB
 *
 * No two of these can be mistaken for each other. The zlib rule has no magic number to hold on
 * to: one in 1000 pairs of random bytes fits it, and so do a few beginnings of texts, as "80",
 * "x ", "(r", "Hj", "hb" and "X" with a tab. Such a file is called zlib here and then fails as
 * damaged or unsupported, instead of as unknown. Asking for a dictionary is no reason to call a
 * stream unknown, nor is a rare window size: both are in use.
 *
 * Frames of zstd 0.1 to 0.7 are called zstd: their reader can then say what is wrong.
 *
 * Nothing here does I/O, allocates or keeps state; every function may be called from any thread.
 */
#ifndef CINCH_SRC_FORMAT_RECOGNISE_H
#define CINCH_SRC_FORMAT_RECOGNISE_H

#include <stddef.h>
#include <stdint.h>

enum {
    /* With this many bytes the answer is never RECOGNISED_PARTLY. */
    RECOGNISE_SIZE = 4
};

enum recognised {
    RECOGNISED_ZSTD,
    RECOGNISED_GZIP,
    RECOGNISED_ZLIB,
    RECOGNISED_NOTHING, /* no format that we read: CINCH_E_FORMAT */
    RECOGNISED_PARTLY   /* more bytes are needed; an input that has no more is truncated, or
                         * empty if `size` is 0 */
};

/* Looks at the first `size` bytes of an input; more than RECOGNISE_SIZE make no difference. */
enum recognised format_recognise(const uint8_t *bytes, size_t size);

#endif
