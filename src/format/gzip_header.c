#include "format/gzip_header.h"

#include <string.h>

#include <cinch/cinch.h>
#include <zlib.h>

#include "format/bytes.h"

enum {
    MAGIC_0 = 0x1F,
    MAGIC_1 = 0x8B,
    METHOD_DEFLATE = 8,

    FLAG_TEXT = 1 << 0,
    FLAG_HEADER_CRC = 1 << 1,
    FLAG_EXTRA = 1 << 2,
    FLAG_NAME = 1 << 3,
    FLAG_COMMENT = 1 << 4,
    FLAGS_RESERVED = 0xE0,

    EXTRA_FLAGS_SLOWEST = 2,
    EXTRA_FLAGS_FASTEST = 4,
    OPERATING_SYSTEM_UNIX = 3,

    EXTRA_LENGTH_SIZE = 2,
    SUBFIELD_HEADER_SIZE = 4,
    HEADER_CRC_SIZE = 2,
    DEFLATE_SIZE_MIN = 2
};

_Static_assert(GZIP_HEADER_SIZE_MAX > GZIP_HEADER_SIZE_MIN + EXTRA_LENGTH_SIZE + 65535,
               "any extra field fits a header");

/* --- Writing ---------------------------------------------------------------------------- */

size_t gzip_header_size(size_t extra_size)
{
    return GZIP_HEADER_SIZE_MIN + (extra_size == 0 ? 0 : EXTRA_LENGTH_SIZE + extra_size);
}

size_t gzip_header_write(uint8_t *buffer, int level, size_t extra_size)
{
    buffer[0] = MAGIC_0;
    buffer[1] = MAGIC_1;
    buffer[2] = METHOD_DEFLATE;
    buffer[3] = extra_size == 0 ? 0 : FLAG_EXTRA;
    store_le32(buffer + 4, 0);
    buffer[8] = level >= 9 ? EXTRA_FLAGS_SLOWEST : level <= 1 ? EXTRA_FLAGS_FASTEST : 0;
    buffer[9] = OPERATING_SYSTEM_UNIX;
    if (extra_size != 0)
        store_le16(buffer + GZIP_HEADER_SIZE_MIN, (uint16_t)extra_size);
    return gzip_header_size(extra_size);
}

size_t gzip_header_add_name(uint8_t *buffer, size_t size, uint32_t mtime, const char *name)
{
    const size_t name_size = strlen(name) + 1;

    buffer[3] |= FLAG_NAME;
    store_le32(buffer + 4, mtime);
    memcpy(buffer + size, name, name_size);
    return size + name_size;
}

void gzip_trailer_write(uint8_t *buffer, uint32_t crc32, uint64_t length)
{
    store_le32(buffer, crc32);
    store_le32(buffer + 4, (uint32_t)length);
}

/* --- Reading ---------------------------------------------------------------------------- */

/* The size fields that the subfields of one extra field may hold. 0: not there. */
struct sizes {
    uint64_t member;  /* of the whole member */
    uint64_t deflate; /* of the deflate data alone */
};

/* What one subfield tells. */
static void subfield_parse(const uint8_t *id, const uint8_t *data, size_t size, struct sizes *sizes)
{
    uint64_t member = 0;

    if (memcmp(id, "BC", 2) == 0 && size == 2)
        member = (uint64_t)load_le16(data) + 1;
    else if ((memcmp(id, "IG", 2) == 0 || memcmp(id, "SZ", 2) == 0) && size == 4)
        member = load_le32(data);
    else if (memcmp(id, "IG", 2) == 0 && size == 16)
        member = load_le64(data);
    else if (memcmp(id, "MZ", 2) == 0 && size == 4 && sizes->deflate == 0)
        sizes->deflate = load_le32(data);

    if (sizes->member == 0)
        sizes->member = member;
}

/* Walks over the subfields as far as they are well formed. */
static void extra_parse(const uint8_t *bytes, struct gzip_header *header, struct sizes *sizes)
{
    size_t offset = header->extra_offset;
    const size_t end = offset + header->extra_size;

    while (end - offset >= SUBFIELD_HEADER_SIZE) {
        const uint8_t *id = bytes + offset;
        const size_t size = load_le16(id + 2);
        offset += SUBFIELD_HEADER_SIZE;
        if (size > end - offset)
            return;
        if (memcmp(id, "CI", 2) == 0 && header->index_offset == 0) {
            header->index_offset = offset;
            header->index_size = size;
        } else {
            subfield_parse(id, bytes + offset, size, sizes);
        }
        offset += size;
    }
}

/* The member's size, from whichever size was told and can be true. */
static uint64_t member_size(const struct gzip_header *header, const struct sizes *sizes)
{
    if (sizes->member >= (uint64_t)header->size + DEFLATE_SIZE_MIN + GZIP_TRAILER_SIZE)
        return sizes->member;
    if (sizes->deflate >= DEFLATE_SIZE_MIN)
        return header->size + sizes->deflate + GZIP_TRAILER_SIZE;
    return 0;
}

/* How much of a header is known, and how far it has been read. */
struct cursor {
    const uint8_t *bytes;
    size_t size;   /* bytes known, at most GZIP_HEADER_SIZE_MAX */
    size_t offset; /* bytes read */
    size_t needed; /* after CINCH_E_TRUNCATED: bytes that must be known to go on */
};

/* Passes over `count` bytes. */
static int32_t cursor_skip(struct cursor *cursor, size_t count)
{
    if (cursor->size - cursor->offset < count) {
        cursor->needed = cursor->offset + count;
        return cursor->needed > GZIP_HEADER_SIZE_MAX ? CINCH_E_UNSUPPORTED : CINCH_E_TRUNCATED;
    }
    cursor->offset += count;
    return CINCH_OK;
}

/* Passes over a text and the 00 behind it. */
static int32_t cursor_skip_text(struct cursor *cursor, size_t *offset, size_t *size)
{
    const size_t rest = cursor->size - cursor->offset;
    const uint8_t *begin = cursor->bytes + cursor->offset;
    const uint8_t *end = rest == 0 ? NULL : memchr(begin, 0, rest);

    if (end == NULL)
        return cursor_skip(cursor, rest + 1);
    *offset = cursor->offset;
    *size = (size_t)(end - begin);
    return cursor_skip(cursor, *size + 1);
}

/* The ten bytes that every header has, of which `size` are known. */
static int32_t fixed_part_parse(const uint8_t *bytes, size_t size)
{
    const uint8_t magic[2] = {MAGIC_0, MAGIC_1};

    if (size > 0 && memcmp(bytes, magic, size < 2 ? size : 2) != 0)
        return CINCH_E_FORMAT;
    if (size > 2 && bytes[2] != METHOD_DEFLATE)
        return CINCH_E_UNSUPPORTED;
    if (size > 3 && (bytes[3] & FLAGS_RESERVED) != 0)
        return CINCH_E_CORRUPT;
    return CINCH_OK;
}

/* The parts behind them that `flags` announces. */
static int32_t optional_parts_parse(struct cursor *cursor, uint8_t flags,
                                    struct gzip_header *header)
{
    int32_t code = CINCH_OK;

    if ((flags & FLAG_EXTRA) != 0) {
        code = cursor_skip(cursor, EXTRA_LENGTH_SIZE);
        if (code == CINCH_OK) {
            header->extra_offset = cursor->offset;
            header->extra_size = load_le16(cursor->bytes + cursor->offset - EXTRA_LENGTH_SIZE);
            code = cursor_skip(cursor, header->extra_size);
        }
    }
    if (code == CINCH_OK && (flags & FLAG_NAME) != 0)
        code = cursor_skip_text(cursor, &header->name_offset, &header->name_size);
    if (code == CINCH_OK && (flags & FLAG_COMMENT) != 0)
        code = cursor_skip_text(cursor, &header->comment_offset, &header->comment_size);
    if (code == CINCH_OK && (flags & FLAG_HEADER_CRC) != 0) {
        const size_t size = cursor->offset;
        code = cursor_skip(cursor, HEADER_CRC_SIZE);
        if (code == CINCH_OK) {
            const uint32_t crc = (uint32_t)crc32(0, cursor->bytes, (uInt)size);
            header->has_crc = true;
            if (load_le16(cursor->bytes + size) != (crc & 0xFFFF))
                code = CINCH_E_CHECKSUM;
        }
    }
    return code;
}

int32_t gzip_header_parse(const uint8_t *bytes, size_t size, struct gzip_header *header,
                          size_t *needed)
{
    struct gzip_header found = {0};
    struct sizes sizes = {0};
    struct cursor cursor = {
        .bytes = bytes,
        .size = size < GZIP_HEADER_SIZE_MAX ? size : GZIP_HEADER_SIZE_MAX,
    };

    int32_t code = fixed_part_parse(bytes, size);
    if (code == CINCH_OK)
        code = cursor_skip(&cursor, GZIP_HEADER_SIZE_MIN);
    if (code == CINCH_OK)
        code = optional_parts_parse(&cursor, bytes[3], &found);
    if (code == CINCH_E_TRUNCATED)
        *needed = cursor.needed;
    if (code != CINCH_OK)
        return code;

    found.size = cursor.offset;
    found.is_text = (bytes[3] & FLAG_TEXT) != 0;
    found.mtime = load_le32(bytes + 4);
    found.extra_flags = bytes[8];
    found.operating_system = bytes[9];
    extra_parse(bytes, &found, &sizes);
    found.member_size = member_size(&found, &sizes);
    *header = found;
    return CINCH_OK;
}

size_t gzip_header_file_name(const uint8_t *bytes, const struct gzip_header *header, size_t *offset)
{
    const uint8_t *name = bytes + header->name_offset;
    size_t begin = header->name_size;

    while (begin > 0 && name[begin - 1] != '/')
        begin--;
    name += begin;
    const size_t size = header->name_size - begin;
    if (size == 0 || (size == 1 && name[0] == '.') || (size == 2 && memcmp(name, "..", 2) == 0))
        return 0;
    *offset = header->name_offset + begin;
    return size;
}

struct gzip_trailer gzip_trailer_parse(const uint8_t *bytes)
{
    return (struct gzip_trailer){.crc32 = load_le32(bytes), .length = load_le32(bytes + 4)};
}
