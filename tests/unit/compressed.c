#include "compressed.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "format/bytes.h"
#include "format/gzip_header.h"
#include "format/gzip_index.h"
#include "format/seek_table.h"
#include "format/xxh64.h"

void compressed_free(struct compressed *file)
{
    free(file->bytes);
    *file = (struct compressed){.bytes = NULL};
}

/* Lines of 16 bytes: a word that is everywhere, and the line's number, scrambled. */
static uint8_t content_byte(uint64_t offset)
{
    const uint64_t line = offset / 16;
    const unsigned column = (unsigned)(offset % 16);
    if (column < 8)
        return (uint8_t) "content "[column];
    const uint64_t scrambled = (line + 1) * UINT64_C(0x9E3779B97F4A7C15);
    return (uint8_t) "0123456789abcdef"[scrambled >> (column * 4) & 15];
}

uint8_t *content_at(uint64_t offset, size_t size)
{
    uint8_t *content = malloc(size + 1);
    assert_non_null(content);
    for (size_t i = 0; i < size; i++)
        content[i] = content_byte(offset + i);
    return content;
}

void compressed_add(struct compressed *file, const void *bytes, size_t size)
{
    file->bytes = realloc(file->bytes, file->size + size + 1);
    assert_non_null(file->bytes);
    if (size > 0)
        memcpy(file->bytes + file->size, bytes, size);
    file->size += size;
}

/* --- zstd ------------------------------------------------------------------------------- */

static void list_frame(struct compressed *file, size_t size, size_t content_size, uint64_t hash)
{
    assert_in_range(file->frame_count, 0, COMPRESSED_FRAMES_MOST - 1);
    file->frames[file->frame_count].compressed_size = (uint32_t)size;
    file->frames[file->frame_count].decompressed_size = (uint32_t)content_size;
    file->frames[file->frame_count].checksum = (uint32_t)hash;
    file->frame_count++;
}

void compressed_add_frame(struct compressed *file, size_t content_size, unsigned flags)
{
    const size_t room = ZSTD_compressBound(content_size);
    uint8_t *content = content_at(file->content_size, content_size);
    uint8_t *frame = malloc(room);
    ZSTD_CCtx *context = ZSTD_createCCtx();

    assert_non_null(frame);
    assert_non_null(context);
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, (flags & FRAME_CHECKSUM) != 0);
    ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, (flags & FRAME_NO_CONTENT_SIZE) == 0);
    const size_t size = ZSTD_compress2(context, frame, room, content, content_size);
    assert_false(ZSTD_isError(size));
    compressed_add(file, frame, size);
    list_frame(file, size, content_size, xxh64(content, content_size));
    file->content_size += content_size;
    ZSTD_freeCCtx(context);
    free(frame);
    free(content);
}

struct compressed compressed_frames(unsigned flags)
{
    struct compressed file = {.bytes = NULL};

    compressed_add_frame(&file, 5000, flags);
    compressed_add_frame(&file, 5000, flags);
    compressed_add_frame(&file, 1234, flags);
    return file;
}

void compressed_add_skippable(struct compressed *file, uint32_t size)
{
    uint8_t header[8];

    store_le32(header, 0x184D2A53);
    store_le32(header + 4, size);
    compressed_add(file, header, sizeof header);
    for (uint32_t i = 0; i < size; i++)
        compressed_add(file, "?", 1);
    list_frame(file, sizeof header + size, 0, xxh64(NULL, 0));
}

void compressed_add_table(struct compressed *file, unsigned flags)
{
    const bool has_checksums = (flags & TABLE_CHECKSUMS) != 0;
    const uint32_t entry_size = has_checksums ? 12 : 8;
    uint8_t header[8], footer[9];

    store_le32(header, 0x184D2A5E);
    store_le32(header + 4, file->frame_count * entry_size + (uint32_t)sizeof footer);
    compressed_add(file, header, sizeof header);
    for (uint32_t i = 0; i < file->frame_count; i++) {
        uint8_t entry[12];
        store_le32(entry, file->frames[i].compressed_size);
        store_le32(entry + 4, file->frames[i].decompressed_size);
        store_le32(entry + 8, file->frames[i].checksum);
        compressed_add(file, entry, entry_size);
    }
    seek_table_write_footer(footer, file->frame_count);
    footer[4] = has_checksums ? 0x80 : 0;
    compressed_add(file, footer, sizeof footer);
    file->frame_count = 0;
}

/* --- gzip ------------------------------------------------------------------------------- */

/* Raw deflate of the content at `offset`, ending with what `flush` says. The caller frees it. */
static uint8_t *deflate_at(uint64_t offset, size_t content_size, int flush, size_t *size)
{
    uint8_t *content = content_at(offset, content_size);
    z_stream stream = {.next_in = content, .avail_in = (uInt)content_size};

    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
    const size_t room = deflateBound(&stream, (uLong)content_size) + 16;
    uint8_t *data = malloc(room);
    assert_non_null(data);
    stream.next_out = data;
    stream.avail_out = (uInt)room;
    assert_int_equal(deflate(&stream, flush), flush == Z_FINISH ? Z_STREAM_END : Z_OK);
    *size = room - stream.avail_out;
    deflateEnd(&stream);
    free(content);
    return data;
}

static void add_trailer(struct compressed *file, size_t content_size)
{
    uint8_t *content = content_at(file->content_size, content_size);
    uint8_t trailer[GZIP_TRAILER_SIZE];

    gzip_trailer_write(trailer, (uint32_t)crc32_z(0, content, content_size), content_size);
    compressed_add(file, trailer, sizeof trailer);
    file->content_size += content_size;
    free(content);
}

void compressed_add_member(struct compressed *file, size_t content_size, unsigned flags)
{
    const size_t extra_size = (flags & MEMBER_BGZF) != 0 ? 6 : 0;
    uint8_t header[GZIP_HEADER_SIZE_MIN + 2 + 6];
    size_t data_size;

    uint8_t *data =
        deflate_at(file->content_size, content_size,
                   (flags & MEMBER_UNFINISHED) != 0 ? Z_FULL_FLUSH : Z_FINISH, &data_size);
    const size_t header_size = gzip_header_write(header, 6, extra_size);
    if (extra_size != 0) {
        const size_t size = header_size + data_size + GZIP_TRAILER_SIZE;
        assert_in_range(size, 1, 65536);
        memcpy(header + header_size - 6, "BC\2", 4);
        store_le16(header + header_size - 2, (uint16_t)(size - 1));
    }
    compressed_add(file, header, header_size);
    compressed_add(file, data, data_size);
    add_trailer(file, content_size);
    free(data);
}

size_t compressed_add_indexed(struct compressed *file, size_t content_size, uint32_t chunk_size,
                              unsigned flags)
{
    const struct gzip_index index = {
        .chunk_size = chunk_size,
        .chunks = (uint32_t)gzip_index_chunks(content_size, chunk_size),
        .input_length = content_size,
    };
    const size_t index_size = gzip_index_size(index.chunks);
    const size_t header_size = gzip_header_size(index_size);
    uint8_t *header = malloc(header_size);
    uint32_t *pieces = calloc(index.chunks, sizeof *pieces);
    const size_t begin = file->size;

    assert_non_null(header);
    assert_non_null(pieces);
    gzip_header_write(header, 6, index_size);
    compressed_add(file, header, header_size);
    for (uint32_t i = 0; i < index.chunks; i++) {
        const bool ends = i + 1 == index.chunks && (flags & MEMBER_TAIL) == 0;
        size_t size;
        uint8_t *piece =
            deflate_at(file->content_size + (uint64_t)i * chunk_size,
                       gzip_index_content_size(&index, i), ends ? Z_FINISH : Z_FULL_FLUSH, &size);
        compressed_add(file, piece, size);
        pieces[i] = (uint32_t)size;
        free(piece);
    }
    if ((flags & MEMBER_TAIL) != 0)
        compressed_add(file, "\3\0", 2);
    add_trailer(file, content_size);
    const size_t at = begin + header_size - index_size;
    gzip_index_write(file->bytes + at, &index, pieces);
    free(pieces);
    free(header);
    return at;
}

/* --- As an input ------------------------------------------------------------------------ */

struct input input_of_memory(const void *bytes, size_t size)
{
    struct failure failure = {.code = CINCH_OK};
    struct input input;
    const int fd = memfd_create("compressed", MFD_CLOEXEC);

    assert_true(fd >= 0);
    if (size > 0)
        assert_int_equal(write(fd, bytes, size), (ssize_t)size);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(input_open_fd(&input, fd, &failure), CINCH_OK);
    return input;
}

void input_close_memory(struct input *input)
{
    const int fd = input->fd;

    input_close(input);
    close(fd);
}
