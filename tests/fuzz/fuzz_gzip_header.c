/*
 * The gzip header and the index in it: the input is a whole .gz file.
 *
 * Promises: a header that is known bit by bit gives the same as known at once; zlib accepts the
 * same headers, and finds the same in them; a name never has a directory; an index adds up, and
 * writing what was read gives the same bytes.
 */
#include <stdbool.h>
#include <string.h>

#include <cinch/cinch.h>
#include <zlib.h>

#include "format/gzip_header.h"
#include "format/gzip_index.h"
#include "fuzz.h"

/* Parses the first `size` bytes, in a place of exactly that size. */
static int32_t parse_copy(const uint8_t *bytes, size_t size, struct gzip_header *header,
                          size_t *needed)
{
    uint8_t *copy = malloc(size + (size == 0));

    REQUIRE(copy != NULL);
    if (size != 0)
        memcpy(copy, bytes, size);
    const int32_t code = gzip_header_parse(copy, size, header, needed);
    free(copy);
    return code;
}

/* Gives the parser as much as it asks for, no more, until it has a header or an error. */
static void check_increments(const uint8_t *bytes, size_t size, int32_t expected,
                             const struct gzip_header *whole)
{
    struct gzip_header header;
    size_t known = 0;
    size_t needed = 0;
    int32_t code;

    while ((code = parse_copy(bytes, known, &header, &needed)) == CINCH_E_TRUNCATED) {
        REQUIRE(needed > known);
        REQUIRE(needed <= GZIP_HEADER_SIZE_MAX);
        if (known == size)
            break;
        known = needed < size ? needed : size;
    }
    REQUIRE(code == expected);
    if (code == CINCH_OK) {
        REQUIRE(header.size == known);
        REQUIRE(header.size == whole->size);
        REQUIRE(header.name_size == whole->name_size);
        REQUIRE(header.member_size == whole->member_size);
        REQUIRE(header.index_offset == whole->index_offset);
    }
}

/* Lets zlib read the header and compares. */
static void check_zlib(const uint8_t *bytes, size_t size, int32_t code,
                       const struct gzip_header *header)
{
    Bytef *copy = malloc(size + 1);
    Bytef out[1];
    gz_header theirs = {0};
    z_stream stream = {.next_in = copy, .avail_in = (uInt)size, .next_out = out, .avail_out = 1};

    REQUIRE(copy != NULL);
    if (size != 0)
        memcpy(copy, bytes, size);
    REQUIRE(inflateInit2(&stream, 31) == Z_OK);
    REQUIRE(inflateGetHeader(&stream, &theirs) == Z_OK);
    const int result = inflate(&stream, Z_BLOCK); /* which stops behind the header */
    REQUIRE((code == CINCH_OK) == (theirs.done == 1));
    if (code == CINCH_OK) {
        REQUIRE(stream.total_in == header->size);
        REQUIRE(theirs.text == header->is_text);
        REQUIRE(theirs.time == header->mtime);
        REQUIRE(theirs.xflags == header->extra_flags);
        REQUIRE(theirs.os == header->operating_system);
        REQUIRE(theirs.hcrc == header->has_crc);
        if (header->extra_offset != 0)
            REQUIRE(theirs.extra_len == header->extra_size);
    } else {
        /* zlib looks at method and flags together, we at each byte as it comes. */
        const bool is_early = code != CINCH_E_TRUNCATED && size < 4;
        REQUIRE((result == Z_DATA_ERROR) == (code != CINCH_E_TRUNCATED) || is_early);
    }
    REQUIRE(inflateEnd(&stream) == Z_OK);
    free(copy);
}

static void check_index(const uint8_t *bytes, size_t size, const struct gzip_header *header)
{
    const uint8_t *data = bytes + header->index_offset;
    struct gzip_index index;

    if (gzip_index_parse(data, header->index_size, &index) != CINCH_OK)
        return;
    REQUIRE(index.chunk_size != 0);
    REQUIRE(index.chunks >= GZIP_INDEX_CHUNKS_MIN && index.chunks <= GZIP_INDEX_CHUNKS_MAX);
    REQUIRE(index.chunks == gzip_index_chunks(index.input_length, index.chunk_size));
    REQUIRE(gzip_index_size(index.chunks) == header->index_size + 4);

    uint64_t *offsets = malloc((index.chunks + (size_t)1) * sizeof(*offsets));
    uint32_t *pieces = malloc(index.chunks * sizeof(*pieces));
    uint8_t *written = malloc(gzip_index_size(index.chunks));
    REQUIRE(offsets != NULL && pieces != NULL && written != NULL);
    const int32_t code = gzip_index_parse_pieces(data, &index, header->size, size, offsets);
    if (code == CINCH_OK || code == CINCH_E_TRUNCATED) {
        uint64_t total = 0;
        for (uint32_t i = 0; i < index.chunks; i++) {
            REQUIRE(offsets[i] < offsets[i + 1]);
            pieces[i] = (uint32_t)(offsets[i + 1] - offsets[i]);
            const uint32_t content = gzip_index_content_size(&index, i);
            REQUIRE(content > 0 && content <= index.chunk_size);
            total += content;
        }
        REQUIRE(total == index.input_length);
        REQUIRE((code == CINCH_OK) == (offsets[index.chunks] + GZIP_TRAILER_SIZE <= size));
        REQUIRE(gzip_index_write(written, &index, pieces) == header->index_size + 4);
        REQUIRE(memcmp(written, data - 4, header->index_size + 4) == 0);
    }
    free(written);
    free(pieces);
    free(offsets);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct gzip_header header = {0};
    size_t needed;

    if (size > GZIP_HEADER_SIZE_MAX / 2)
        return 0; /* zlib has no longest header */
    const int32_t code = gzip_header_parse(bytes, size, &header, &needed);
    check_increments(bytes, size, code, &header);
    check_zlib(bytes, size, code, &header);
    if (code != CINCH_OK)
        return 0;

    size_t offset = 0;
    const size_t length = gzip_header_file_name(bytes, &header, &offset);
    if (length != 0) {
        REQUIRE(memchr(bytes + offset, '/', length) == NULL);
        REQUIRE(memchr(bytes + offset, 0, length) == NULL);
        REQUIRE(bytes[offset + length] == 0);
    }
    if (header.member_size != 0)
        REQUIRE(header.member_size > header.size + GZIP_TRAILER_SIZE);
    if (header.index_offset != 0)
        check_index(bytes, size, &header);
    return 0;
}
