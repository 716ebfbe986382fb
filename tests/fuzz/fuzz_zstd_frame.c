/*
 * Zstd frames: the input is a whole .zst file, which is walked over.
 *
 * Promises: fed at once, byte by byte, or with everything skipped that may be, a walk finds the
 * same; libzstd finds the same ends of frames; what libzstd can decode is never refused, and its
 * size lies within the bounds that the walk gives.
 */
#include <stdbool.h>
#include <string.h>

#include <cinch/cinch.h>
#include <zstd.h>

#include "format/zstd_walk.h"
#include "fuzz.h"

enum {
    OUTPUT_MOST = 4 << 20, /* content that is decoded of one frame, before giving up */
    WINDOW_LOG_MOST = 20   /* and windows that are worth the memory */
};

/* Goes over the rest of the frame that begins at `offset`, `piece` bytes a time. */
static int32_t walk_frame(struct zstd_walk *walk, const uint8_t *bytes, size_t size, size_t offset,
                          size_t piece, bool may_skip)
{
    int32_t code = CINCH_OK;

    zstd_walk_begin(walk, offset);
    while (code == CINCH_OK && !walk->has_ended && walk->offset < size) {
        const size_t left = size - (size_t)walk->offset;
        const size_t count = piece < left ? piece : left;
        size_t consumed;
        if (may_skip && walk->skip != 0) {
            if (walk->skip > left)
                return CINCH_E_TRUNCATED;
            code = zstd_walk_skip(walk, walk->skip);
            continue;
        }
        const uint64_t before = walk->offset;
        code = zstd_walk_feed(walk, bytes + walk->offset, count, &consumed);
        if (code == CINCH_OK) {
            REQUIRE(consumed == count || (consumed > 0 && walk->has_ended));
            REQUIRE(walk->offset == before + consumed);
        }
    }
    return code == CINCH_OK ? zstd_walk_finish(walk) : code;
}

static void check_same(const struct zstd_walk *a, const struct zstd_walk *b)
{
    REQUIRE(a->has_ended == b->has_ended);
    REQUIRE(a->frame.offset == b->frame.offset);
    REQUIRE(!a->has_ended || a->frame.size == b->frame.size);
    REQUIRE(!a->has_ended || a->frame.content_min == b->frame.content_min);
    REQUIRE(!a->has_ended || a->frame.content_max == b->frame.content_max);
}

/*
 * Lets libzstd decode the frame as a stream. True if it got to the frame's end and made what the
 * frame promises, which libzstd itself does not check if the last block is empty: then `*used`
 * and `*made` are the bytes on both sides. Given one byte a time, so that libzstd does not take
 * its short way for whole frames, which looks at less.
 */
static bool decode(ZSTD_DCtx *context, const uint8_t *bytes, size_t size, size_t *used,
                   uint64_t *made)
{
    static uint8_t buffer[1 << 17];
    const unsigned long long promised = ZSTD_getFrameContentSize(bytes, size);
    ZSTD_inBuffer in = {bytes, 0, 0};

    *made = 0;
    ZSTD_DCtx_reset(context, ZSTD_reset_session_only);
    while (*made < OUTPUT_MOST) {
        ZSTD_outBuffer out = {buffer, sizeof(buffer), 0};
        if (in.pos == in.size && in.size < size)
            in.size++;
        const size_t left = ZSTD_decompressStream(context, &out, &in);
        if (ZSTD_isError(left))
            return false;
        *made += out.pos;
        *used = in.pos;
        if (left == 0)
            return promised == ZSTD_CONTENTSIZE_UNKNOWN || promised == *made;
        if (in.pos == size && out.pos < out.size)
            return false;
    }
    return false;
}

/* What the walk over one frame found must be what libzstd finds. */
static void check_libzstd(ZSTD_DCtx *context, const uint8_t *bytes, size_t size, int32_t code,
                          const struct zstd_frame *frame)
{
    const size_t theirs = ZSTD_findFrameCompressedSize(bytes, size);
    size_t used = 0;
    uint64_t made = 0;

    if (code == CINCH_OK) {
        /* It refuses windows that its own decoder could not hold. */
        if (ZSTD_isError(theirs))
            REQUIRE(!frame->header.is_single_segment && frame->header.window_size >= UINT32_C(1)
                                                                                         << 31);
        else
            REQUIRE(theirs == frame->size);
    } else if (code == CINCH_E_TRUNCATED || code == CINCH_E_FORMAT) {
        REQUIRE(ZSTD_isError(theirs));
    }
    if (code != CINCH_E_UNSUPPORTED && decode(context, bytes, size, &used, &made)) {
        REQUIRE(code == CINCH_OK);
        REQUIRE(used == frame->size);
        REQUIRE(made >= frame->content_min && made <= frame->content_max);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    ZSTD_DCtx *context = ZSTD_createDCtx();
    int32_t code = CINCH_OK;
    size_t offset = 0;

    REQUIRE(context != NULL);
    REQUIRE(!ZSTD_isError(ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, WINDOW_LOG_MOST)));
    while (code == CINCH_OK && offset < size) {
        struct zstd_walk whole, single, skipping;
        code = walk_frame(&whole, bytes, size, offset, size, false);
        REQUIRE(walk_frame(&single, bytes, size, offset, 1, false) == code);
        REQUIRE(walk_frame(&skipping, bytes, size, offset, 7, true) == code);
        check_same(&whole, &single);
        check_same(&whole, &skipping);
        check_libzstd(context, bytes + offset, size - offset, code, &whole.frame);
        if (code == CINCH_OK) {
            REQUIRE(whole.has_ended);
            REQUIRE(whole.frame.size >= ZSTD_FRAME_SIZE_LEAST);
            offset += (size_t)whole.frame.size;
            REQUIRE(offset <= size);
        }
    }
    ZSTD_freeDCtx(context);
    return 0;
}
