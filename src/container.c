#include "container.h"

#include <cinch/cinch.h>

#include <string.h>
#include <zlib.h>

#include "codec/check.h"
#include "format/gzip_header.h"
#include "format/gzip_index.h"
#include "format/seek_table.h"
#include "format/zlib_header.h"

uint64_t container_chunk_size(int32_t format, uint64_t chunk_size, uint64_t length)
{
    if (format != CINCH_FORMAT_GZIP)
        return chunk_size;
    uint32_t raised = gzip_index_chunk_size(length, (uint32_t)chunk_size);
    return raised != 0 && raised <= (UINT32_C(1) << 30) ? raised : chunk_size;
}

void container_init(struct container *container, int32_t format, int32_t level, uint64_t chunk_size,
                    uint64_t pieces, bool can_rewrite)
{
    container->format = format;
    container->level = level;
    container->chunk_size = chunk_size;
    container->check = container_check_start(container);
    bool has_index = container->has_index && format == CINCH_FORMAT_GZIP && can_rewrite &&
                     pieces >= GZIP_INDEX_CHUNKS_MIN && pieces <= GZIP_INDEX_CHUNKS_MAX;
    container->index_pieces = has_index ? (uint32_t)pieces : 0;
}

void container_free(struct container *container)
{
    buffer_free(&container->sizes);
}

/* --- The header ------------------------------------------------------------------------- */

static size_t index_size(const struct container *container)
{
    return container->index_pieces > 0 ? gzip_index_size(container->index_pieces) : 0;
}

size_t container_header_size(const struct container *container)
{
    switch (container->format) {
    case CINCH_FORMAT_GZIP:
        return gzip_header_size(index_size(container)) +
               (container->name != NULL ? strlen(container->name) + 1 : 0);
    case CINCH_FORMAT_ZLIB:
        return ZLIB_HEADER_SIZE;
    default:
        return 0;
    }
}

static void write_gzip_header(const struct container *container, uint8_t *data)
{
    size_t extra_size = index_size(container);
    size_t size = gzip_header_write(data, container->level, extra_size);
    if (container->name != NULL)
        gzip_header_add_name(data, size, container->mtime, container->name);
    if (extra_size == 0)
        return;
    uint8_t *index_data = data + size - extra_size;
    struct gzip_index index = {
        .chunk_size = (uint32_t)container->chunk_size,
        .chunks = container->index_pieces,
        .input_length = container->input_length,
    };
    if (container->pieces == container->index_pieces)
        gzip_index_write(index_data, &index, (const uint32_t *)(const void *)container->sizes.data);
    else
        memset(index_data, 0, extra_size);
}

void container_header(const struct container *container, uint8_t *data)
{
    if (container->format == CINCH_FORMAT_GZIP)
        write_gzip_header(container, data);
    else if (container->format == CINCH_FORMAT_ZLIB)
        zlib_header_write(data, container->level);
}

bool container_rewrites_header(const struct container *container)
{
    return container->index_pieces > 0;
}

/* --- Pieces ----------------------------------------------------------------------------- */

uint32_t container_check_start(const struct container *container)
{
    return container->format == CINCH_FORMAT_ZLIB ? CHECK_ADLER32_START : CHECK_CRC32_START;
}

uint32_t container_check(const struct container *container, uint32_t check, const void *data,
                         size_t size)
{
    switch (container->format) {
    case CINCH_FORMAT_GZIP:
        return check_crc32(check, data, size);
    case CINCH_FORMAT_ZLIB:
        return check_adler32(check, data, size);
    default:
        return 0; /* zstd frames carry their own */
    }
}

/* Whether the pieces' sizes will be wanted. */
static bool lists_pieces(const struct container *container)
{
    return (container->format == CINCH_FORMAT_ZSTD && container->has_index) ||
           container->index_pieces > 0;
}

/* Each list in the form that its writer wants. */
static int32_t list_piece(struct container *container, uint32_t size, uint32_t input_size)
{
    struct seek_table_entry frame = {size, input_size};
    bool is_gzip = container->format == CINCH_FORMAT_GZIP;
    size_t entry_size = is_gzip ? sizeof size : sizeof frame;
    size_t used = (size_t)container->pieces * entry_size;
    size_t wanted = used + entry_size;
    if (wanted > container->sizes.capacity &&
        !buffer_grow(&container->sizes, used, 2 * wanted + 64))
        return CINCH_E_NO_MEMORY;
    memcpy(container->sizes.data + used, is_gzip ? (const void *)&size : &frame, entry_size);
    return CINCH_OK;
}

int32_t container_add(struct container *container, size_t size, size_t input_size, uint32_t check)
{
    if (lists_pieces(container)) {
        int32_t code = list_piece(container, (uint32_t)size, (uint32_t)input_size);
        if (code != CINCH_OK)
            return code;
    }
    container->pieces++;
    container->input_length += input_size;
    if (container->format == CINCH_FORMAT_GZIP)
        container->check = (uint32_t)crc32_combine(container->check, check, (z_off_t)input_size);
    else if (container->format == CINCH_FORMAT_ZLIB)
        container->check = (uint32_t)adler32_combine(container->check, check, (z_off_t)input_size);
    return CINCH_OK;
}

/* --- The trailer ------------------------------------------------------------------------ */

/* One frame needs no table, and more than the format's limit cannot have one. */
static bool has_seek_table(const struct container *container)
{
    return container->has_index && container->pieces >= 2 &&
           container->pieces <= SEEK_TABLE_MAX_FRAMES;
}

size_t container_trailer_size(const struct container *container)
{
    switch (container->format) {
    case CINCH_FORMAT_GZIP:
        return GZIP_TRAILER_SIZE;
    case CINCH_FORMAT_ZLIB:
        return ZLIB_TRAILER_SIZE;
    default:
        return has_seek_table(container) ? seek_table_size((uint32_t)container->pieces) : 0;
    }
}

void container_trailer(const struct container *container, uint8_t *data)
{
    if (container->format == CINCH_FORMAT_GZIP)
        gzip_trailer_write(data, container->check, container->input_length);
    else if (container->format == CINCH_FORMAT_ZLIB)
        zlib_trailer_write(data, container->check);
    else if (has_seek_table(container))
        seek_table_write(data, (const struct seek_table_entry *)(const void *)container->sizes.data,
                         (uint32_t)container->pieces);
}
