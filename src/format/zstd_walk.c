#include "format/zstd_walk.h"

#include <string.h>

#include <cinch/cinch.h>

void zstd_walk_begin(struct zstd_walk *walk, uint64_t offset)
{
    *walk = (struct zstd_walk){.offset = offset, .frame = {.offset = offset}};
}

/* Moves over `count` bytes that belong to the frame. */
static void walk_advance(struct zstd_walk *walk, uint64_t count)
{
    walk->offset += count;
    walk->frame.size += count;
}

/* Called with the frame's last byte behind the walk. */
static int32_t frame_end(struct zstd_walk *walk)
{
    const struct zstd_frame *frame = &walk->frame;

    if (!frame->header.is_skippable && frame->header.has_content_size &&
        (frame->header.content_size < frame->content_min ||
         frame->header.content_size > frame->content_max))
        return CINCH_E_CORRUPT;
    walk->has_ended = true;
    return CINCH_OK;
}

/* Moves over `count` of the bytes to skip. */
static int32_t body_advance(struct zstd_walk *walk, uint64_t count)
{
    walk_advance(walk, count);
    walk->skip -= count;
    return walk->skip == 0 && walk->in_last_block ? frame_end(walk) : CINCH_OK;
}

/*
 * Looks for a header at the walk's position, where `size` bytes are known. CINCH_OK: there is
 * one of `*needed` bytes, and `frame` and `skip` are as after it. CINCH_E_TRUNCATED: `*needed`
 * bytes must be known to say more.
 */
static int32_t header_parse(struct zstd_walk *walk, const uint8_t *bytes, size_t size,
                            size_t *needed)
{
    struct zstd_frame *frame = &walk->frame;

    if (!frame->has_header) {
        const int32_t code = zstd_frame_header_parse(bytes, size, &frame->header, needed);
        if (code != CINCH_OK)
            return code;
        *needed = frame->header.size;
        frame->has_header = true;
        if (frame->header.is_skippable) {
            walk->skip = frame->header.content_size;
            walk->in_last_block = true;
        }
        return CINCH_OK;
    }

    struct zstd_block_header block;
    *needed = ZSTD_BLOCK_HEADER_SIZE;
    if (size < *needed)
        return CINCH_E_TRUNCATED;
    const int32_t code = zstd_block_header_parse(bytes, frame->header.block_size_max, &block);
    if (code != CINCH_OK)
        return code;
    frame->content_min += block.content_min;
    frame->content_max += block.content_max;
    walk->skip = block.size;
    if (block.is_last && frame->header.has_checksum)
        walk->skip += ZSTD_CHECKSUM_SIZE;
    walk->in_last_block = block.is_last;
    return CINCH_OK;
}

/* Takes bytes of a header, whose beginning may be in the carry. */
static int32_t header_advance(struct zstd_walk *walk, const uint8_t *bytes, size_t size,
                              size_t *consumed)
{
    size_t known = walk->carry_size;
    size_t taken = 0;
    size_t needed = 0;

    /* Each turn takes what the one before asked for. A header asks two times at most. */
    for (;;) {
        const int32_t code = header_parse(walk, walk->carry, known, &needed);
        if (code == CINCH_OK)
            break;
        if (code != CINCH_E_TRUNCATED)
            return code;
        if (taken == size) {
            walk->carry_size = (uint8_t)known;
            walk_advance(walk, taken);
            *consumed = taken;
            return CINCH_OK;
        }
        const size_t wanted = needed - known;
        const size_t count = wanted < size - taken ? wanted : size - taken;
        memcpy(walk->carry + known, bytes + taken, count);
        known += count;
        taken += count;
    }
    walk->carry_size = 0;
    walk_advance(walk, taken);
    *consumed = taken;
    return body_advance(walk, 0);
}

int32_t zstd_walk_feed(struct zstd_walk *walk, const uint8_t *bytes, size_t size, size_t *consumed)
{
    int32_t code = CINCH_OK;
    size_t total = 0;

    *consumed = 0;
    if (walk->has_ended)
        zstd_walk_begin(walk, walk->offset);
    while (code == CINCH_OK && total < size && !walk->has_ended) {
        size_t count = 0;
        if (walk->skip != 0) {
            count = walk->skip < size - total ? (size_t)walk->skip : size - total;
            code = body_advance(walk, count);
        } else {
            code = header_advance(walk, bytes + total, size - total, &count);
        }
        total += count;
    }
    if (code == CINCH_OK)
        *consumed = total;
    return code;
}

int32_t zstd_walk_skip(struct zstd_walk *walk, uint64_t count)
{
    return body_advance(walk, count);
}

int32_t zstd_walk_over(struct zstd_walk *walk, const uint8_t *bytes, size_t size)
{
    size_t consumed;

    zstd_walk_begin(walk, 0);
    const int32_t code = zstd_walk_feed(walk, bytes, size, &consumed);
    return code == CINCH_OK && !walk->has_ended ? CINCH_E_TRUNCATED : code;
}

int32_t zstd_walk_finish(const struct zstd_walk *walk)
{
    return walk->frame.size == 0 || walk->has_ended ? CINCH_OK : CINCH_E_TRUNCATED;
}
