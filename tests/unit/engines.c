#include "engines.h"

#include <stdlib.h>
#include <string.h>

#include "support/test.h"

const struct encoder *const deflate_encoders[] = {&deflate_zlib_encoder,
#if CINCH_HAVE_ISAL
                                                  &deflate_isal_encoder,
#endif
#if CINCH_HAVE_LIBDEFLATE
                                                  &deflate_libdeflate_encoder,
#endif
                                                  NULL};

const struct decoder *const deflate_decoders[] = {&deflate_zlib_decoder,
#if CINCH_HAVE_ISAL
                                                  &deflate_isal_decoder,
#endif
#if CINCH_HAVE_LIBDEFLATE
                                                  &deflate_libdeflate_decoder,
#endif
                                                  NULL};

const char *decoder_name(const struct decoder *decoder)
{
    for (size_t i = 0; deflate_decoders[i] != NULL; i++)
        if (deflate_decoders[i] == decoder)
            return deflate_encoders[i]->name;
    return "?";
}

struct bytes encode_chunk(const struct encoder *encoder, void *context, int32_t level,
                          const struct bytes *chunk, bool last, size_t room, int32_t *code)
{
    const struct encoder_settings settings = {.level = level, .chunk_size = chunk->size};
    const size_t slice = encoder->slice(&settings);
    size_t bound = encoder->bound(chunk->size);
    struct piece piece = {.capacity = room < bound ? room : bound};
    size_t done = 0;

    piece.data = malloc(piece.capacity + 1);
    assert_non_null(piece.data);
    piece.data[piece.capacity] = 0xA5;
    *code = encoder->begin(context, &settings, chunk->size, last);
    do {
        size_t size = chunk->size - done < slice ? chunk->size - done : slice;
        if (encoder->portion != NULL && size > 0)
            size = encoder->portion(&settings, chunk->data + done, size);
        assert_true(size > 0 || chunk->size == 0);
        if (*code == CINCH_OK)
            *code = encoder->feed(context, chunk->data + done, size, done + size == chunk->size,
                                  &piece);
        done += size;
    } while (done < chunk->size);
    assert_true(piece.size <= piece.capacity);
    assert_int_equal(piece.data[piece.capacity], 0xA5);
    if (*code != CINCH_OK) {
        free(piece.data);
        return (struct bytes){NULL, 0};
    }
    return (struct bytes){piece.data, piece.size};
}

struct bytes encode_chunk_anew(const struct encoder *encoder, int32_t level,
                               const struct bytes *chunk, bool last)
{
    void *context = encoder->context.create();
    int32_t code;

    assert_non_null(context);
    struct bytes piece = encode_chunk(encoder, context, level, chunk, last, SIZE_MAX, &code);
    assert_code(CINCH_OK, code);
    encoder->context.destroy(context);
    return piece;
}

const char *content_name(int kind)
{
    return kind < BYTES_KINDS    ? bytes_kind_name((enum bytes_kind)kind)
           : kind == BYTES_KINDS ? "few values"
                                 : "copies";
}

/* Half of it copies of 3 to 258 bytes from any distance, half random bytes in between. */
static void make_copies(struct bytes *bytes)
{
    uint64_t state = 99;
    size_t done = 0;
    while (done < bytes->size) {
        const uint64_t random = random_next(&state);
        size_t count = 3 + random % 256;
        if (count > bytes->size - done)
            count = bytes->size - done;
        const size_t distance = 1 + (random >> 8) % 40000;
        const bool copies = (random >> 63) == 0 && distance <= done;
        for (size_t i = 0; i < count; i++, done++)
            bytes->data[done] =
                copies ? bytes->data[done - distance] : (uint8_t)random_next(&state);
    }
}

struct bytes content_make(int kind, size_t size)
{
    if (kind < BYTES_KINDS && size > 0)
        return bytes_make((enum bytes_kind)kind, size, size + 1);
    struct bytes bytes = {malloc(size + 1), size};
    uint64_t state = 5;
    assert_non_null(bytes.data);
    if (kind <= BYTES_KINDS)
        for (size_t i = 0; i < size; i++)
            bytes.data[i] = (uint8_t) "ACGT"[random_next(&state) >> 62];
    else
        make_copies(&bytes);
    return bytes;
}
