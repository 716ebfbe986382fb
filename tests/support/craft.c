#include "support/craft.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>
#include <zstd.h>

#include "support/test.h"

/* --- Numbers ---------------------------------------------------------------------------- */

void bytes_append_number(struct bytes *bytes, uint64_t number, size_t size)
{
    bytes_append_run(bytes, 0, size);
    bytes_replace_number(bytes, bytes->size - size, number, size);
}

void bytes_replace_number(struct bytes *bytes, size_t offset, uint64_t number, size_t size)
{
    assert_true(offset + size <= bytes->size);
    for (size_t i = 0; i < size; i++) {
        bytes->data[offset + i] = (uint8_t)(number >> 8 * i);
    }
}

/* --- zstd ------------------------------------------------------------------------------- */

void craft_zstd_frame(struct bytes *bytes, const struct bytes *content, int level,
                      unsigned int flags)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    size_t bound = ZSTD_compressBound(content->size);
    size_t before = bytes->size;
    size_t size;

    assert_non_null(context);
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, (flags & CRAFT_CHECKSUM) != 0);
    ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, (flags & CRAFT_CONTENT_SIZE) != 0);
    bytes_append_run(bytes, 0, bound);
    size = ZSTD_compress2(context, bytes->data + before, bound, content->data, content->size);
    assert_false(ZSTD_isError(size));
    bytes->size = before + size;
    ZSTD_freeCCtx(context);
}

void craft_zstd_header(struct bytes *bytes, const struct craft_zstd_header *header)
{
    bytes_append_number(bytes, ZSTD_MAGICNUMBER, 4);
    bytes_append_number(
        bytes,
        (header->has_content_size ? 3u << 6 : 0) | (header->is_single_segment ? 1u << 5 : 0) |
            (header->is_reserved_bit_set ? 1u << 3 : 0) | (header->has_checksum ? 1u << 2 : 0) |
            (header->dictionary_id != 0 ? 3 : 0),
        1);
    if (!header->is_single_segment) {
        bytes_append_number(bytes, header->window, 1);
    }
    if (header->dictionary_id != 0) {
        bytes_append_number(bytes, header->dictionary_id, 4);
    }
    if (header->has_content_size) {
        bytes_append_number(bytes, header->content_size, 8);
    }
}

void craft_zstd_block(struct bytes *bytes, enum craft_block type, bool is_last, uint32_t size)
{
    bytes_append_number(bytes, (uint64_t)size << 3 | (uint64_t)type << 1 | is_last, 3);
}

void craft_zstd_zeros(struct bytes *bytes, uint64_t size, uint8_t window)
{
    const uint64_t block_most = 128 << 10;
    const uint64_t blocks = size == 0 ? 1 : (size - 1) / block_most + 1;
    struct craft_zstd_header header = {
        .has_content_size = true, .window = window, .content_size = size};

    craft_zstd_header(bytes, &header);
    /* All at once: there may be very many. */
    size_t at = bytes->size;
    bytes_append_run(bytes, 0, (size_t)blocks * 4);
    for (; at < bytes->size; at += 4) {
        uint64_t block = size < block_most ? size : block_most;
        size -= block;
        bytes_replace_number(bytes, at, block << 3 | CRAFT_RLE << 1 | (size == 0), 3);
    }
}

void craft_zstd_skippable(struct bytes *bytes, unsigned int variant, const struct bytes *body)
{
    bytes_append_number(bytes, ZSTD_MAGIC_SKIPPABLE_START + variant, 4);
    bytes_append_number(bytes, body->size, 4);
    bytes_append_bytes(bytes, body);
}

void craft_seek_table(struct bytes *bytes, const uint32_t *sizes, uint32_t count)
{
    bytes_append_number(bytes, 0x184D2A5E, 4);
    bytes_append_number(bytes, (uint64_t)count * 8 + 9, 4);
    for (uint32_t i = 0; i < 2 * count; i++) {
        bytes_append_number(bytes, sizes[i], 4);
    }
    bytes_append_number(bytes, count, 4);
    bytes_append_number(bytes, 0, 1);
    bytes_append_number(bytes, 0x8F92EAB1, 4);
}

/* --- Deflate ---------------------------------------------------------------------------- */

static void append_deflated(struct bytes *bytes, const struct bytes *content, int level,
                            int window_bits)
{
    size_t before = bytes->size;
    z_stream stream;
    size_t bound;

    memset(&stream, 0, sizeof(stream));
    assert_int_equal(Z_OK,
                     deflateInit2(&stream, level, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY));
    bound = deflateBound(&stream, content->size);
    stream.next_in = content->data;
    stream.avail_in = (uInt)content->size;
    bytes_append_run(bytes, 0, bound);
    stream.next_out = bytes->data + before;
    stream.avail_out = (uInt)bound;
    assert_int_equal(Z_STREAM_END, deflate(&stream, Z_FINISH));
    bytes->size = before + stream.total_out;
    deflateEnd(&stream);
}

void craft_deflate(struct bytes *bytes, const struct bytes *content, int level)
{
    append_deflated(bytes, content, level, -15);
}

void craft_zlib(struct bytes *bytes, const struct bytes *content, int level)
{
    append_deflated(bytes, content, level, 15);
}

void craft_gzip_member(struct bytes *bytes, const struct bytes *content, int level,
                       const struct bytes *extra)
{
    bool has_extra = extra != NULL && extra->size > 0;
    const uint8_t header[] = {0x1F, 0x8B, 8, has_extra ? 4 : 0, 0, 0, 0, 0, 0, 3};

    bytes_append(bytes, header, sizeof(header));
    if (has_extra) {
        bytes_append_number(bytes, extra->size, 2);
        bytes_append_bytes(bytes, extra);
    }
    craft_deflate(bytes, content, level);
    bytes_append_number(bytes, crc32_z(0, content->data, content->size), 4);
    bytes_append_number(bytes, content->size, 4);
}

void craft_gzip_sized_member(struct bytes *bytes, const struct bytes *content, int level,
                             enum craft_size kind)
{
    static const struct {
        const char *id;
        size_t size;
    } fields[CRAFT_SIZES] = {{"BC", 2}, {"IG", 4}, {"IG", 16}, {"MZ", 4}, {"SZ", 4}};
    const size_t value_offset = 10 + 2 + 4; /* header, length of the field, subfield's header */
    size_t before = bytes->size;
    struct bytes extra = {NULL, 0};
    size_t size;

    bytes_append(&extra, fields[kind].id, 2);
    bytes_append_number(&extra, fields[kind].size, 2);
    bytes_append_run(&extra, 0, fields[kind].size);
    craft_gzip_member(bytes, content, level, &extra);
    size = bytes->size - before;
    if (kind == CRAFT_BGZF) {
        assert_true(size <= 65536);
        bytes_replace_number(bytes, before + value_offset, size - 1, 2);
    } else if (kind == CRAFT_MIGZ) {
        bytes_replace_number(bytes, before + value_offset, size - value_offset - 4 - 8, 4);
    } else {
        bytes_replace_number(bytes, before + value_offset, size, 4);
    }
    if (kind == CRAFT_MGZIP_LONG) {
        bytes_replace_number(bytes, before + value_offset + 8, content->size, 8);
    }
    bytes_free(&extra);
}

void craft_bgzf_end(struct bytes *bytes)
{
    struct bytes nothing = {NULL, 0};

    craft_gzip_sized_member(bytes, &nothing, 6, CRAFT_BGZF);
}
