/*
 * Every engine's decoder, and the walk over deflate blocks: the first two bytes are the sizes of
 * the portions that streams are run in, the rest is raw deflate, or not.
 *
 * Promises: what zlib decodes, every decoder decodes to the same, as a piece and as a stream, of
 * which it takes nothing behind the end; the walk passes exactly what zlib decodes as a stream to
 * exactly this content, and finds its last block where zlib does.
 */
#include <stdbool.h>
#include <string.h>
#include <zlib.h>

#include <cinch/cinch.h>

#include "codec/codec.h"
#include "codec/deflate_walk.h"
#include "decoders.h"
#include "fuzz.h"

enum {
    CONTROL_SIZE = 2,
    CONTENT_MOST = 1 << 17
};

/* What zlib makes of a stream: `content` has room for CONTENT_MOST bytes. */
struct reference {
    bool ended;
    size_t used;
    size_t size;
    struct deflate_last_block last;
};

static struct reference read_with_zlib(const uint8_t *bytes, size_t size, uint8_t *content)
{
    struct reference reference = {.ended = false};
    uint64_t begin = 0;
    z_stream stream = {.next_in = (Bytef *)bytes,
                       .avail_in = (uInt)size,
                       .next_out = content,
                       .avail_out = CONTENT_MOST};
    int result;

    REQUIRE(inflateInit2(&stream, -MAX_WBITS) == Z_OK);
    do {
        result = inflate(&stream, Z_BLOCK);
        const uint64_t bit = stream.total_in * 8 - (unsigned)(stream.data_type & 63);
        if ((stream.data_type & 128) == 0)
            continue;
        if ((stream.data_type & 64) != 0)
            reference.last = (struct deflate_last_block){begin, bit};
        else
            begin = bit;
    } while (result == Z_OK && (stream.avail_in > 0 || (stream.data_type & 128) != 0));
    reference.ended = result == Z_STREAM_END;
    reference.used = stream.total_in;
    reference.size = stream.total_out;
    REQUIRE(inflateEnd(&stream) == Z_OK);
    return reference;
}

#if CINCH_HAVE_LIBDEFLATE
static void check_walk(const uint8_t *bytes, size_t size, uint8_t *content,
                       const struct reference *reference)
{
    static struct deflate_walk walk;
    struct deflate_last_block last;
    REQUIRE(deflate_walk(&walk, bytes, size, content, reference->size, &last) == reference->ended);
    if (!reference->ended)
        return;
    REQUIRE(last.begin == reference->last.begin && last.end == reference->last.end);
    if (reference->size == 0)
        return;
    REQUIRE(!deflate_walk(&walk, bytes, size, content, reference->size - 1, &last));
    content[reference->size / 2] ^= 1;
    REQUIRE(!deflate_walk(&walk, bytes, size, content, reference->size, &last));
    content[reference->size / 2] ^= 1;
}
#endif

static void check_pieces(void *const *contexts, const uint8_t *bytes, size_t size, size_t capacity)
{
    uint8_t *contents[2] = {malloc(capacity + 1), malloc(capacity + 1)};
    struct decoded decoded[2];
    REQUIRE(contents[0] != NULL && contents[1] != NULL);
    const int32_t code =
        decoders[0]->decode(contexts[0], bytes, size, contents[0], capacity, &decoded[0]);
    for (size_t i = 1; i < DECODERS; i++) {
        const int32_t other =
            decoders[i]->decode(contexts[i], bytes, size, contents[1], capacity, &decoded[1]);
        if (code != CINCH_OK)
            continue; /* codes that are incomplete, say, are not seen by all */
        REQUIRE(other == CINCH_OK);
        REQUIRE(decoded[0].size == decoded[1].size && decoded[0].is_final == decoded[1].is_final);
        REQUIRE(memcmp(contents[0], contents[1], decoded[0].size) == 0);
    }
    free(contents[0]);
    free(contents[1]);
}

/* In portions, each in memory of its own. */
static void check_stream(const struct decoder *decoder, void *context, const uint8_t *bytes,
                         size_t size, const size_t portions[2], const uint8_t *content,
                         const struct reference *reference)
{
    size_t used = 0, written = 0;
    bool ended = false, moved = true;
    int32_t code = decoder->begin(context);
    REQUIRE(code == CINCH_OK);
    while (code == CINCH_OK && !ended && moved && written < CONTENT_MOST) {
        const size_t part = size - used < portions[0] ? size - used : portions[0];
        uint8_t *input = malloc(part + (part == 0));
        uint8_t *output = malloc(portions[1]);
        REQUIRE(input != NULL && output != NULL);
        memcpy(input, bytes + used, part);
        struct decoder_flow flow = {input, part, 0, output, portions[1], 0};
        code = decoder->run(context, &flow, &ended);
        REQUIRE(flow.input_used <= part && flow.output_size <= portions[1]);
        moved = flow.input_used > 0 || flow.output_size > 0;
        if (reference->ended) {
            REQUIRE(flow.output_size <= reference->size - written);
            REQUIRE(memcmp(output, content + written, flow.output_size) == 0);
        }
        used += flow.input_used;
        written += flow.output_size;
        free(input);
        free(output);
    }
    if (reference->ended && written < CONTENT_MOST)
        REQUIRE(ended && used == reference->used && written == reference->size);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static uint8_t content[CONTENT_MOST];
    static void *contexts[DECODERS];
    if (size < CONTROL_SIZE)
        return 0;
    const size_t portions[2] = {1 + (size_t)bytes[0] * bytes[0], 1 + (size_t)bytes[1] * bytes[1]};
    for (size_t i = 0; i < DECODERS; i++)
        if (contexts[i] == NULL)
            REQUIRE((contexts[i] = decoders[i]->context.create()) != NULL);
    bytes += CONTROL_SIZE;
    size -= CONTROL_SIZE;
    const struct reference reference = read_with_zlib(bytes, size, content);
#if CINCH_HAVE_LIBDEFLATE
    check_walk(bytes, size, content, &reference);
#endif
    check_pieces(contexts, bytes, size, reference.size);
    check_pieces(contexts, bytes, size, reference.size + 1);
    if (reference.ended)
        check_pieces(contexts, bytes, reference.used, reference.size);
    for (size_t i = 0; i < DECODERS; i++)
        if (decoders[i]->run != NULL)
            check_stream(decoders[i], contexts[i], bytes, size, portions, content, &reference);
    return 0;
}
