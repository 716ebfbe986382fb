/*
 * The chunks of a gzip file, member by member: by our index, by the size that the member tells,
 * or by decoding it.
 */
#include "chunk_map.h"

#include <stdlib.h>

#include "codec/codec.h"
#include "format/bytes.h"
#include "format/gzip_header.h"
#include "format/gzip_index.h"

enum {
    /* Deflate's best: 258 bytes of content from two bits. */
    DEFLATE_RATIO_MOST = 258 * 8 / 2,

    SCAN_OUTPUT_SIZE = 64 << 10
};

/* What members of unknown size are decoded with; made when the first one is met. */
struct scanner {
    const struct decoder *decoder;
    void *context;
    uint8_t *output;
    uint64_t budget; /* bytes that may still be dealt with */
};

/* The member that is looked at. */
struct member {
    struct chunk_map *map;
    struct input_window *window;
    struct scanner *scanner;
    struct gzip_header header;
    uint64_t offset; /* in the file */
    uint64_t room;   /* bytes of the file from there on */
    uint64_t size;   /* bytes of the member, once that is known */
    bool is_known;   /* its chunks have been added */
};

/* Reads the header. The bytes of `*glimpse` begin with it, and stay until the next look. */
static int32_t read_header(struct member *member, struct glimpse *glimpse)
{
    size_t needed = GZIP_HEADER_SIZE_MIN;

    for (;;) {
        int32_t code = input_window_look(member->window, member->offset, needed, glimpse);
        if (code != CINCH_OK)
            return code;
        code = gzip_header_parse(glimpse->data, glimpse->size, &member->header, &needed);
        if (code != CINCH_E_TRUNCATED || glimpse->size == member->room)
            return code;
    }
}

/* --- By our index ----------------------------------------------------------------------- */

/*
 * Finds out what stands behind the last piece, at `offset`: the trailer, if the piece has the
 * final block; else an empty final block, and the trailer. The length in the trailer tells, and
 * must agree with the index.
 */
static int32_t find_trailer(struct input_window *window, uint64_t offset, uint32_t length,
                            bool *has_final, size_t *tail_size)
{
    struct glimpse glimpse;
    const size_t size_most = GZIP_INDEX_TAIL_SIZE_MAX + GZIP_TRAILER_SIZE;

    const int32_t code = input_window_look(window, offset, size_most, &glimpse);
    if (code != CINCH_OK)
        return code;
    if (glimpse.size >= size_most && load_le16(glimpse.data) == 0x0003 &&
        gzip_trailer_parse(glimpse.data + GZIP_INDEX_TAIL_SIZE_MAX).length == length) {
        *has_final = false;
        *tail_size = size_most;
        return CINCH_OK;
    }
    if (glimpse.size >= GZIP_TRAILER_SIZE && gzip_trailer_parse(glimpse.data).length == length) {
        *has_final = true;
        *tail_size = GZIP_TRAILER_SIZE;
        return CINCH_OK;
    }
    /* Cut off inside the trailer. */
    if (glimpse.size < size_most && load_le16(glimpse.data) == 0x0003)
        return CINCH_E_TRUNCATED;
    return CINCH_E_CORRUPT;
}

static int32_t add_pieces(struct member *member, const struct gzip_index *index,
                          const uint64_t *offsets)
{
    size_t tail_size;
    bool has_final;

    int32_t code = find_trailer(member->window, member->offset + offsets[index->chunks],
                                (uint32_t)index->input_length, &has_final, &tail_size);
    for (uint32_t i = 0; i < index->chunks && code == CINCH_OK; i++) {
        const bool is_last = i + 1 == index->chunks;
        code = chunk_map_add(member->map,
                             &(struct mapped_chunk){
                                 .kind = is_last && has_final ? CHUNK_PIECE_FINAL : CHUNK_PIECE,
                                 .input_offset = member->offset + offsets[i],
                                 .input_size = offsets[i + 1] - offsets[i],
                                 .content_size = gzip_index_content_size(index, i),
                             });
    }
    if (code == CINCH_OK) {
        member->size = offsets[index->chunks] + tail_size;
        member->is_known = true;
    }
    return code;
}

/* `data` are the bytes of the index. One of another version leaves the member unknown. */
static int32_t add_indexed(struct member *member, const uint8_t *data)
{
    struct gzip_index index;

    int32_t code = gzip_index_parse(data, member->header.index_size, &index);
    if (code == CINCH_E_UNSUPPORTED)
        return CINCH_OK;
    if (code != CINCH_OK)
        return code;
    uint64_t *offsets = calloc((size_t)index.chunks + 1, sizeof *offsets);
    if (offsets == NULL)
        return CINCH_E_NO_MEMORY;
    code = gzip_index_parse_pieces(data, &index, member->header.size, member->room, offsets);
    if (code == CINCH_OK)
        code = add_pieces(member, &index, offsets);
    free(offsets);
    return code;
}

/* --- By the member's own size, or by decoding it ---------------------------------------- */

static int32_t add_member(struct member *member, uint64_t size, uint64_t content_size)
{
    member->size = size;
    member->is_known = true;
    return chunk_map_add(member->map, &(struct mapped_chunk){
                                          .kind = CHUNK_MEMBER,
                                          .input_offset = member->offset,
                                          .input_size = size,
                                          .content_size = content_size,
                                      });
}

static bool scanner_make(struct scanner *scanner)
{
    if (scanner->context == NULL)
        scanner->context = scanner->decoder->context.create();
    if (scanner->output == NULL)
        scanner->output = malloc(SCAN_OUTPUT_SIZE);
    return scanner->context != NULL && scanner->output != NULL;
}

static void scanner_free(struct scanner *scanner)
{
    if (scanner->context != NULL)
        scanner->decoder->context.destroy(scanner->context);
    free(scanner->output);
}

static bool scanner_spend(struct scanner *scanner, uint64_t bytes)
{
    if (bytes > scanner->budget)
        return false;
    scanner->budget -= bytes;
    return true;
}

/* Decodes deflate data from `*size` bytes behind the member's beginning on, only to see how long
 * it and its content are. */
static int32_t scan(struct member *member, uint64_t *size, uint64_t *content_size)
{
    struct scanner *scanner = member->scanner;
    bool ended = false;

    int32_t code = scanner->decoder->begin(scanner->context);
    while (code == CINCH_OK && !ended) {
        struct glimpse glimpse;
        code = input_window_look(member->window, member->offset + *size, 1, &glimpse);
        if (code != CINCH_OK)
            return code;
        if (glimpse.size == 0)
            return CINCH_E_TRUNCATED;
        struct decoder_flow flow = {
            .input = glimpse.data,
            .input_size = glimpse.size,
            .output = scanner->output,
            .output_room = SCAN_OUTPUT_SIZE,
        };
        code = scanner->decoder->run(scanner->context, &flow, &ended);
        *size += flow.input_used;
        *content_size += flow.output_size;
        if (code == CINCH_OK && !scanner_spend(scanner, flow.input_used + flow.output_size))
            code = CINCH_E_UNSUPPORTED;
    }
    return code;
}

static int32_t add_scanned(struct member *member)
{
    uint64_t size = member->header.size;
    uint64_t content_size = 0;
    struct glimpse glimpse;

    if (!scanner_make(member->scanner))
        return CINCH_E_NO_MEMORY;
    if (!scanner_spend(member->scanner, size))
        return CINCH_E_UNSUPPORTED;
    int32_t code = scan(member, &size, &content_size);
    if (code == CINCH_OK)
        code =
            input_window_look(member->window, member->offset + size, GZIP_TRAILER_SIZE, &glimpse);
    if (code != CINCH_OK)
        return code;
    if (glimpse.size < GZIP_TRAILER_SIZE)
        return CINCH_E_TRUNCATED;
    if (gzip_trailer_parse(glimpse.data).length != (uint32_t)content_size)
        return CINCH_E_CHECKSUM;
    return add_member(member, size + GZIP_TRAILER_SIZE, content_size);
}

/* Its size is told by the header, that of its content by the trailer, modulo 2^32: a member that
 * is larger, and so beyond our limits, is seen to lie when it is decoded. */
static int32_t add_sized(struct member *member)
{
    const uint64_t size = member->header.member_size;
    struct glimpse glimpse;

    if (size > member->room)
        return CINCH_E_TRUNCATED;
    const int32_t code = input_window_look(
        member->window, member->offset + size - GZIP_TRAILER_SIZE, GZIP_TRAILER_SIZE, &glimpse);
    if (code != CINCH_OK)
        return code;
    const uint64_t content_size = gzip_trailer_parse(glimpse.data).length;
    const uint64_t data_size = size - member->header.size - GZIP_TRAILER_SIZE;
    if (content_size / DEFLATE_RATIO_MOST > data_size)
        return CINCH_E_CORRUPT;
    if (content_size > 0)
        return add_member(member, size, content_size);
    /* Nobody will decode a member without content, so that a lie has to be seen now. */
    const int32_t scanned = add_scanned(member);
    return scanned == CINCH_OK && member->size != size ? CINCH_E_CORRUPT : scanned;
}

/* --- The file --------------------------------------------------------------------------- */

/* Adds the chunks of the member and finds its end. */
static int32_t read_member(struct member *member)
{
    const struct gzip_header *header = &member->header;
    struct glimpse glimpse;

    int32_t code = read_header(member, &glimpse);
    if (code == CINCH_OK && header->index_offset != 0)
        code = add_indexed(member, glimpse.data + header->index_offset);
    if (code != CINCH_OK || member->is_known)
        return code;
    return header->member_size != 0 ? add_sized(member) : add_scanned(member);
}

/* Goes from member to member, up to the end or to padding. */
static int32_t read_members(struct chunk_map *map, struct input_window *window,
                            struct scanner *scanner)
{
    const uint64_t file_size = window->input->size;
    uint64_t offset = 0;

    while (offset < file_size) {
        struct glimpse glimpse;
        int32_t code = input_window_look(window, offset, GZIP_HEADER_SIZE_MIN, &glimpse);
        if (code != CINCH_OK)
            return code;
        if (offset != 0 && glimpse.data[0] == 0)
            return chunk_map_check_padding(window, offset);
        struct member member = {
            .map = map,
            .window = window,
            .scanner = scanner,
            .offset = offset,
            .room = file_size - offset,
        };
        code = read_member(&member);
        if (code != CINCH_OK)
            return code == CINCH_E_FORMAT && offset != 0 ? CINCH_E_TRAILING : code;
        offset += member.size;
    }
    return CINCH_OK;
}

int32_t chunk_map_read_gzip(struct chunk_map *map, struct input_window *window)
{
    struct scanner scanner = {
        .decoder = stream_decoder_find(CINCH_FORMAT_GZIP),
        .budget = CHUNK_MAP_SCAN_MOST,
    };

    const int32_t code = read_members(map, window, &scanner);
    scanner_free(&scanner);
    return code;
}
