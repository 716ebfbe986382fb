#include "segment_decode.h"

#include "codec/check.h"
#include "format/gzip_header.h"
#include "format/zstd_walk.h"
#include "frame_sums.h"
#include "split.h"
#include "transfer.h"

/* The least by which the rooms for inputs differ. */
#define INPUT_STEP_LEAST ((size_t)4 << 10)

/* Segments are of many sizes: with a little more room than this one needs, a buffer serves most of
 * those that follow. */
static size_t input_room(size_t size)
{
    size_t step = INPUT_STEP_LEAST;
    while (step < size / 8)
        step *= 2;
    return size <= SIZE_MAX - step ? (size + step - 1) / step * step : size;
}

static struct buffer take_input(const struct decompress *decompress, struct worker *worker,
                                size_t size)
{
    return decompress->limits.is_strict
               ? buffer_allocate(size)
               : workspace_take(worker_workspace(worker), input_room(size));
}

void segment_give_input(const struct decompress *decompress, struct worker *worker,
                        struct buffer *buffer)
{
    if (decompress->limits.is_strict)
        buffer_free(buffer);
    else
        workspace_give(worker_workspace(worker), buffer);
}

uint32_t segment_check(const struct decompress *decompress, const void *data, size_t size)
{
    return decompress->format == CINCH_FORMAT_ZLIB ? check_adler32(CHECK_ADLER32_START, data, size)
                                                   : check_crc32(CHECK_CRC32_START, data, size);
}

/* --- Pieces ----------------------------------------------------------------------------- */

/* A segment while it is decoded. */
struct decoding {
    struct transfer *transfer;
    struct worker *worker;
    struct chunk *chunk;
    uint64_t begun; /* bytes of the segment in front of the piece in hand */
    uint64_t told;  /* bytes of it that progress knows of */
};

/* A watch's: tells progress, and looks whether the job was stopped. */
static bool go_on(void *owner, size_t used)
{
    struct decoding *decoding = owner;
    uint64_t reached = decoding->begun + used;
    uint64_t more = reached > decoding->told ? reached - decoding->told : 0;
    decoding->told += more;
    return transfer_advance(decoding->transfer, decoding->worker, more);
}

/* Decodes a frame or piece into the `capacity` bytes behind the content so far. */
static int32_t decode_one(struct decoding *decoding, const uint8_t *piece, size_t size,
                          size_t capacity, struct decoded *decoded)
{
    const struct decompress *decompress = &decoding->transfer->plan.decompress;
    struct workspace *workspace = worker_workspace(decoding->worker);
    uint8_t *content = decoding->chunk->output.data + decoding->chunk->output_size;
    bool is_long = capacity >= DECODER_WHOLE_MOST;
    const struct decoder *decoder = is_long ? decompress->stream_decoder : decompress->decoder;
    void *context = workspace_context(workspace, &decoder->context);
    if (context == NULL)
        return CINCH_E_NO_MEMORY;
    if (!is_long)
        return decoder->decode(context, piece, size, content, capacity, decoded);
    struct codec_watch watch = {.go_on = go_on, .owner = decoding};
    return decoder->decode_in_slices(context, piece, size, content, capacity, &watch, decoded);
}

/* Whole members, one behind the other, each of which tells its size and holds what it says. They
 * are read once more here, and the file may have changed since the take step looked at them. */
static int32_t decode_members(struct decoding *decoding, const uint8_t *input)
{
    const struct decompress *decompress = &decoding->transfer->plan.decompress;
    struct chunk *chunk = decoding->chunk;
    size_t left = (size_t)chunk->segment.input_size;
    size_t room = (size_t)chunk->segment.content_most;
    while (left > 0) {
        struct gzip_header header;
        size_t needed;
        if (gzip_header_parse(input, left, &header, &needed) != CINCH_OK ||
            header.member_size == 0 || header.member_size > left)
            return CINCH_E_CORRUPT;
        size_t size = (size_t)header.member_size;
        struct gzip_trailer trailer = gzip_trailer_parse(input + size - GZIP_TRAILER_SIZE);
        if (trailer.length > room)
            return CINCH_E_CORRUPT;
        uint8_t *content = chunk->output.data + chunk->output_size;
        struct decoded decoded;
        int32_t code = decode_one(decoding, input + header.size,
                                  size - header.size - GZIP_TRAILER_SIZE, trailer.length, &decoded);
        if (code != CINCH_OK)
            return code;
        if (!decoded.is_final)
            return CINCH_E_CORRUPT;
        if (decoded.size != trailer.length ||
            segment_check(decompress, content, decoded.size) != trailer.crc32)
            return CINCH_E_CHECKSUM;
        chunk->output_size += decoded.size;
        decoding->begun += size;
        room -= decoded.size;
        input += size;
        left -= size;
    }
    return room == 0 ? CINCH_OK : CINCH_E_CORRUPT;
}

/* A piece of deflate data. Others follow, so the stream must not end with it. */
static int32_t decode_piece(struct decoding *decoding, const uint8_t *input)
{
    struct chunk *chunk = decoding->chunk;
    struct decoded decoded;
    int32_t code = decode_one(decoding, input, (size_t)chunk->segment.input_size,
                              (size_t)chunk->segment.content_most, &decoded);
    if (code != CINCH_OK)
        return code;
    chunk->output_size = decoded.size;
    return decoded.is_final ? CINCH_E_CORRUPT : CINCH_OK;
}

/* Whole frames, one behind the other. */
static int32_t decode_frames(struct decoding *decoding, const uint8_t *input)
{
    bool has_sums = !decoding->transfer->plan.decompress.is_inspection;
    struct chunk *chunk = decoding->chunk;
    size_t left = (size_t)chunk->segment.input_size;
    if (has_sums && !frame_sums_prepare(chunk))
        return CINCH_E_NO_MEMORY;
    for (uint64_t i = 0; left > 0; i++) {
        struct zstd_walk walk;
        struct decoded decoded;
        uint8_t *content = chunk->output.data + chunk->output_size;
        uint64_t room = chunk->segment.content_most - chunk->output_size;
        /* The take step has walked over it, but the file may have changed since. */
        int32_t code =
            i < chunk->segment.frames ? zstd_walk_over(&walk, input, left) : CINCH_E_CORRUPT;
        if (code != CINCH_OK)
            return code == CINCH_E_FORMAT ? CINCH_E_CORRUPT : code;
        size_t size = (size_t)walk.frame.size;
        uint64_t most = zstd_frame_content_most(&walk.frame);
        code = decode_one(decoding, input, size, (size_t)(most < room ? most : room), &decoded);
        if (code != CINCH_OK)
            return code;
        if (has_sums)
            frame_sums_make(&decoding->transfer->plan.decompress, chunk, &walk.frame.header, input,
                            size, content, decoded.size);
        chunk->output_size += decoded.size;
        decoding->begun += size;
        input += size;
        left -= size;
    }
    return CINCH_OK;
}

/* --- Segments --------------------------------------------------------------------------- */

static int32_t decode_segment(struct decoding *decoding, const uint8_t *input)
{
    const struct chunk *chunk = decoding->chunk;
    const struct segment *segment = &chunk->segment;
    if (segment->kind == SEGMENT_GZIP_MEMBERS)
        return decode_members(decoding, input);
    int32_t code = segment->kind == SEGMENT_ZSTD_FRAMES ? decode_frames(decoding, input)
                                                        : decode_piece(decoding, input);
    if (code == CINCH_OK && segment->is_exact && chunk->output_size != segment->content_most)
        return CINCH_E_CHECKSUM;
    return code;
}

enum step segment_decode(struct transfer *transfer, struct chunk *chunk, struct worker *worker)
{
    const struct decompress *decompress = &transfer->plan.decompress;
    const struct segment *segment = &chunk->segment;
    struct buffer read = {NULL, 0};
    const uint8_t *input = chunk->input.data;
    chunk->output =
        decompress_take_output(decompress, chunk, worker, (size_t)segment->content_most);
    if (chunk->output.data == NULL)
        return chunk_no_memory(chunk);
    int32_t code = CINCH_OK;
    if (transfer->input.is_file) {
        read = take_input(decompress, worker, (size_t)segment->input_size);
        if (read.data == NULL)
            return chunk_no_memory(chunk);
        code = input_read_at(&transfer->input, segment->input_offset, read.data,
                             (size_t)segment->input_size, &chunk->failure);
        input = read.data;
    }
    struct decoding decoding = {.transfer = transfer, .worker = worker, .chunk = chunk};
    if (code == CINCH_OK)
        code = decode_segment(&decoding, input);
    segment_give_input(decompress, worker, &read);
    segment_give_input(decompress, worker, &chunk->input);
    if (code == CINCH_E_CANCELLED)
        return STEP_FAILED;
    if (code == CINCH_OK &&
        !transfer_advance(transfer, worker, segment->input_size - decoding.told))
        return STEP_FAILED;
    return code == CINCH_OK ? STEP_DONE : split_fail(chunk, code, "cannot decompress");
}
