#include "chunk_decode.h"

#include "codec/check.h"
#include "codec/codec.h"
#include "format/gzip_header.h"
#include "format/xxh64.h"

/* What stands between a decoder and the chunk's bytes. */
struct coded {
    const uint8_t *data;
    size_t size;
};

/* Decodes `coded`, which must be all of the content and nothing else. */
static int32_t decode_whole(const struct decoder *decoder, const struct mapped_chunk *chunk,
                            struct coded coded, uint8_t *content, struct workspace *workspace,
                            struct decoded *decoded)
{
    void *context = workspace_context(workspace, &decoder->context);
    if (context == NULL)
        return CINCH_E_NO_MEMORY;
    const size_t content_size = (size_t)chunk->content_size;
    const int32_t code =
        decoder->decode(context, coded.data, coded.size, content, content_size, decoded);
    if (code == CINCH_E_TRUNCATED)
        return CINCH_E_CORRUPT;
    if (code == CINCH_OK && decoded->size != content_size)
        return CINCH_E_CORRUPT;
    return code;
}

static int32_t decode_frame(const struct mapped_chunk *chunk, struct coded coded, uint8_t *content,
                            struct workspace *workspace)
{
    struct decoded decoded;
    const int32_t code =
        decode_whole(decoder_find(CINCH_FORMAT_ZSTD), chunk, coded, content, workspace, &decoded);
    if (code != CINCH_OK || !chunk->has_checksum)
        return code;
    const uint64_t hash = xxh64(content, (size_t)chunk->content_size);
    return (uint32_t)hash == chunk->checksum ? CINCH_OK : CINCH_E_CHECKSUM;
}

static int32_t decode_piece(const struct mapped_chunk *chunk, struct coded coded, uint8_t *content,
                            struct workspace *workspace)
{
    struct decoded decoded;
    const int32_t code =
        decode_whole(decoder_find(CINCH_FORMAT_GZIP), chunk, coded, content, workspace, &decoded);
    if (code == CINCH_OK && decoded.is_final != (chunk->kind == CHUNK_PIECE_FINAL))
        return CINCH_E_CORRUPT;
    return code;
}

static int32_t decode_member(const struct mapped_chunk *chunk, struct coded coded, uint8_t *content,
                             struct workspace *workspace)
{
    struct gzip_header header;
    struct decoded decoded;
    size_t needed;

    /* The map was made of a header that was right; the file may have changed since. */
    int32_t code = gzip_header_parse(coded.data, coded.size, &header, &needed);
    if (code != CINCH_OK)
        return CINCH_E_CORRUPT;
    if (coded.size - header.size < GZIP_TRAILER_SIZE)
        return CINCH_E_CORRUPT;
    const struct coded data = {coded.data + header.size,
                               coded.size - header.size - GZIP_TRAILER_SIZE};
    const struct gzip_trailer trailer = gzip_trailer_parse(data.data + data.size);

    code = decode_whole(decoder_find(CINCH_FORMAT_GZIP), chunk, data, content, workspace, &decoded);
    if (code != CINCH_OK)
        return code;
    if (!decoded.is_final)
        return CINCH_E_CORRUPT;
    if (trailer.length != (uint32_t)chunk->content_size ||
        trailer.crc32 != check_crc32(CHECK_CRC32_START, content, (size_t)chunk->content_size))
        return CINCH_E_CHECKSUM;
    return CINCH_OK;
}

int32_t chunk_decode(const struct mapped_chunk *chunk, const uint8_t *input, uint8_t *content,
                     struct workspace *workspace)
{
    const struct coded coded = {input, (size_t)chunk->input_size};

    switch (chunk->kind) {
    case CHUNK_FRAME:
        return decode_frame(chunk, coded, content, workspace);
    case CHUNK_MEMBER:
        return decode_member(chunk, coded, content, workspace);
    case CHUNK_PIECE:
    case CHUNK_PIECE_FINAL:
        return decode_piece(chunk, coded, content, workspace);
    }
    return CINCH_E_INTERNAL;
}
