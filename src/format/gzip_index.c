#include "format/gzip_index.h"

#include <cinch/cinch.h>

#include "format/bytes.h"
#include "format/gzip_header.h"

enum {
    SUBFIELD_HEADER_SIZE = 4,
    FIXED_SIZE = 16,
    PIECE_SIZE = 4,
    VERSION = 1,

    /* Deflate's best: 258 bytes of content from two bits. */
    DEFLATE_RATIO_MAX = 258 * 8 / 2
};

_Static_assert(GZIP_INDEX_CHUNKS_MAX ==
                   (UINT16_MAX - SUBFIELD_HEADER_SIZE - FIXED_SIZE) / PIECE_SIZE,
               "the largest index is the largest that an extra field can hold");

/* --- Cutting ---------------------------------------------------------------------------- */

uint64_t gzip_index_chunks(uint64_t input_length, uint32_t chunk_size)
{
    return input_length / chunk_size + (input_length % chunk_size != 0);
}

uint32_t gzip_index_chunk_size(uint64_t input_length, uint32_t smallest)
{
    if (gzip_index_chunks(input_length, smallest) <= GZIP_INDEX_CHUNKS_MAX)
        return smallest;
    for (unsigned bit = 0; bit < 32; bit++) {
        const uint32_t size = UINT32_C(1) << bit;
        if (size > smallest && gzip_index_chunks(input_length, size) <= GZIP_INDEX_CHUNKS_MAX)
            return size;
    }
    return 0;
}

uint32_t gzip_index_content_size(const struct gzip_index *index, uint32_t chunk)
{
    const uint64_t begin = (uint64_t)chunk * index->chunk_size;
    const uint64_t rest = index->input_length - begin;
    return rest < index->chunk_size ? (uint32_t)rest : index->chunk_size;
}

/* --- Writing ---------------------------------------------------------------------------- */

size_t gzip_index_size(uint32_t chunks)
{
    return SUBFIELD_HEADER_SIZE + FIXED_SIZE + (size_t)chunks * PIECE_SIZE;
}

size_t gzip_index_write(uint8_t *buffer, const struct gzip_index *index, const uint32_t *pieces)
{
    const size_t size = gzip_index_size(index->chunks);

    buffer[0] = 'C';
    buffer[1] = 'I';
    store_le16(buffer + 2, (uint16_t)(size - SUBFIELD_HEADER_SIZE));
    store_le16(buffer + 4, VERSION);
    store_le16(buffer + 6, 0);
    store_le32(buffer + 8, index->chunk_size);
    store_le64(buffer + 12, index->input_length);
    for (uint32_t i = 0; i < index->chunks; i++)
        store_le32(buffer + SUBFIELD_HEADER_SIZE + FIXED_SIZE + (size_t)i * PIECE_SIZE, pieces[i]);
    return size;
}

/* --- Reading ---------------------------------------------------------------------------- */

int32_t gzip_index_parse(const uint8_t *data, size_t size, struct gzip_index *index)
{
    if (size < 2)
        return CINCH_E_CORRUPT;
    if (load_le16(data) != VERSION)
        return CINCH_E_UNSUPPORTED;
    if (size < FIXED_SIZE || load_le16(data + 2) != 0)
        return CINCH_E_CORRUPT;

    const uint32_t chunk_size = load_le32(data + 4);
    const uint64_t input_length = load_le64(data + 8);
    if (chunk_size == 0)
        return CINCH_E_CORRUPT;
    const uint64_t chunks = gzip_index_chunks(input_length, chunk_size);
    if (chunks < GZIP_INDEX_CHUNKS_MIN || chunks > GZIP_INDEX_CHUNKS_MAX)
        return CINCH_E_CORRUPT;
    if (size != FIXED_SIZE + chunks * PIECE_SIZE)
        return CINCH_E_CORRUPT;

    index->chunk_size = chunk_size;
    index->chunks = (uint32_t)chunks;
    index->input_length = input_length;
    return CINCH_OK;
}

int32_t gzip_index_parse_pieces(const uint8_t *data, const struct gzip_index *index,
                                size_t header_size, uint64_t available, uint64_t *offsets)
{
    offsets[0] = header_size;
    for (uint32_t i = 0; i < index->chunks; i++) {
        const uint32_t piece = load_le32(data + FIXED_SIZE + (size_t)i * PIECE_SIZE);
        if (gzip_index_content_size(index, i) > (uint64_t)piece * DEFLATE_RATIO_MAX)
            return CINCH_E_CORRUPT;
        /* At most 16378 additions of 32 bits each: no overflow. */
        offsets[i + 1] = offsets[i] + piece;
    }
    if (offsets[index->chunks] + GZIP_TRAILER_SIZE > available)
        return CINCH_E_TRUNCATED;
    return CINCH_OK;
}
