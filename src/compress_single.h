/*
 * Compress into one zstd frame (CINCH_FLAG_SINGLE_STREAM).
 *
 * libzstd cuts the input into jobs for threads of its own, which can look back into each other's
 * input; nothing but libzstd can join what they write. So the ring has no work step here: one
 * worker at a time reads, feeds libzstd and takes what it has, while another writes.
 */
#ifndef CINCH_SRC_COMPRESS_SINGLE_H
#define CINCH_SRC_COMPRESS_SINGLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <zstd.h>

#include "reserve.h"
#include "workspace.h"

struct transfer_kind;

/* The take step's, whoever is in it, but for what is constant. */
struct compress_single {
    struct reserve reserve; /* of the context */
    ZSTD_CCtx *context;
    struct buffer input;
    ZSTD_inBuffer fed;     /* of `input`: what was read, and how much libzstd has taken */
    uint64_t input_offset; /* file: where the next read begins */
    bool input_ended;
    uint32_t input_check; /* CRC-32 of what was read, to verify */

    /* CINCH_FLAG_VERIFY; else NULL. */
    ZSTD_DCtx *decoder;
    struct buffer decoded;
    uint64_t decoded_size;
    uint32_t decoded_check;
    size_t decoder_result; /* 0: it has seen the whole frame */
};

extern const struct transfer_kind compress_single_kind;

#endif
