/*
 * Every decoder for deflate that the build has.
 */
#ifndef CINCH_TESTS_FUZZ_DECODERS_H
#define CINCH_TESTS_FUZZ_DECODERS_H

#include "codec/codec.h"

static const struct decoder *const decoders[] = {
    &deflate_zlib_decoder,
#if CINCH_HAVE_ISAL
    &deflate_isal_decoder,
#endif
#if CINCH_HAVE_LIBDEFLATE
    &deflate_libdeflate_decoder,
#endif
};

enum {
    DECODERS = sizeof decoders / sizeof decoders[0]
};

#endif
