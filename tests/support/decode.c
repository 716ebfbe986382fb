#include "support/decode.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>
#include <zstd.h>

#include "support/test.h"

enum {
    OUTPUT_STEP = 1 << 18
};

uint16_t little_endian_16(const uint8_t *data)
{
    return (uint16_t)(data[0] | data[1] << 8);
}

uint32_t little_endian_32(const uint8_t *data)
{
    return (uint32_t)little_endian_16(data) | (uint32_t)little_endian_16(data + 2) << 16;
}

uint64_t little_endian_64(const uint8_t *data)
{
    return (uint64_t)little_endian_32(data) | (uint64_t)little_endian_32(data + 4) << 32;
}

const char *format_suffix(int32_t format)
{
    switch (format) {
    case CINCH_FORMAT_GZIP:
        return ".gz";
    case CINCH_FORMAT_ZLIB:
        return ".zz";
    default:
        return ".zst";
    }
}

/* Makes room for another step of output behind `bytes->size`, and returns where it is. */
static uint8_t *output_room(struct bytes *bytes, size_t *room)
{
    if (*room - bytes->size < OUTPUT_STEP) {
        *room = *room * 2 + OUTPUT_STEP;
        bytes->data = realloc(bytes->data, *room);
        assert_non_null(bytes->data);
    }
    return bytes->data + bytes->size;
}

/* Decodes one frame of `size` bytes to its end. */
static const char *decode_frame(ZSTD_DCtx *context, const uint8_t *frame, size_t size,
                                struct bytes *output, size_t *room)
{
    ZSTD_inBuffer in = {frame, size, 0};
    size_t result = 1;

    while (result != 0) {
        size_t consumed = in.pos;
        ZSTD_outBuffer out = {NULL, OUTPUT_STEP, 0};
        out.dst = output_room(output, room);
        result = ZSTD_decompressStream(context, &out, &in);
        if (ZSTD_isError(result)) {
            return ZSTD_getErrorName(result);
        }
        output->size += out.pos;
        if (result != 0 && in.pos == consumed && out.pos == 0) {
            return "a zstd frame ends too early";
        }
    }
    return in.pos == size ? NULL : "a zstd frame is shorter than its blocks say";
}

static struct decoded decode_zstd(const struct bytes *encoded)
{
    struct decoded decoded = {{NULL, 0}, 0, 0, 0, NULL};
    ZSTD_DCtx *context = ZSTD_createDCtx();
    size_t room = 0;
    size_t at = 0;

    assert_non_null(context);
    while (at < encoded->size && decoded.error == NULL) {
        const uint8_t *frame = encoded->data + at;
        size_t size = ZSTD_findFrameCompressedSize(frame, encoded->size - at);
        if (ZSTD_isError(size)) {
            decoded.error = ZSTD_getErrorName(size);
        } else if ((little_endian_32(frame) & 0xFFFFFFF0u) == ZSTD_MAGIC_SKIPPABLE_START) {
            decoded.skipped++;
        } else {
            decoded.pieces++;
            /* Bit 2 of the frame header descriptor, RFC 8878 section 3.1.1.1.1. */
            decoded.unchecked += (frame[4] & 4) == 0;
            decoded.error = decode_frame(context, frame, size, &decoded.bytes, &room);
        }
        at += ZSTD_isError(size) ? 0 : size;
    }
    if (decoded.error == NULL && decoded.pieces == 0) {
        decoded.error = "there is no zstd frame";
    }
    ZSTD_freeDCtx(context);
    return decoded;
}

/* `window_bits` as inflateInit2() takes them: 31 for gzip, 15 for zlib. */
static struct decoded decode_deflate(const struct bytes *encoded, int window_bits)
{
    struct decoded decoded = {{NULL, 0}, 0, 0, 0, NULL};
    z_stream stream;
    size_t room = 0;
    int result = Z_OK;

    memset(&stream, 0, sizeof(stream));
    assert_int_equal(Z_OK, inflateInit2(&stream, window_bits));
    stream.next_in = encoded->data;
    stream.avail_in = (uInt)encoded->size;
    while (decoded.error == NULL) {
        stream.next_out = output_room(&decoded.bytes, &room);
        stream.avail_out = OUTPUT_STEP;
        result = inflate(&stream, Z_NO_FLUSH);
        decoded.bytes.size += OUTPUT_STEP - stream.avail_out;
        if (result == Z_STREAM_END) {
            decoded.pieces++;
            if (stream.avail_in == 0) {
                break;
            }
            inflateReset(&stream);
        } else if (result != Z_OK) {
            decoded.error = stream.msg != NULL ? stream.msg : "the deflate stream ends too early";
        }
    }
    inflateEnd(&stream);
    return decoded;
}

struct decoded decode_bytes(int32_t format, const struct bytes *encoded)
{
    switch (format) {
    case CINCH_FORMAT_GZIP:
        return decode_deflate(encoded, 31);
    case CINCH_FORMAT_ZLIB:
        return decode_deflate(encoded, 15);
    default:
        return decode_zstd(encoded);
    }
}

static unsigned int assert_decoded(int32_t format, const struct bytes *encoded,
                                   const struct bytes *expected)
{
    struct decoded decoded = decode_bytes(format, encoded);

    if (decoded.error != NULL) {
        free(decoded.bytes.data);
        fail_msg("%zu bytes of %s do not decode: %s", encoded->size, format_suffix(format),
                 decoded.error);
    }
    assert_bytes_equal(expected, &decoded.bytes);
    bytes_free(&decoded.bytes);
    if (format != CINCH_FORMAT_ZSTD) {
        /* One member or stream, for readers that stop after the first. */
        assert_int_equal(1, decoded.pieces);
    }
    return decoded.pieces;
}

unsigned int assert_file_decodes(const char *path, int32_t format, const struct bytes *expected)
{
    struct bytes encoded = file_read(path);
    unsigned int pieces = assert_decoded(format, &encoded, expected);

    bytes_free(&encoded);
    return pieces;
}

void assert_bytes_decode(const struct bytes *encoded, int32_t format, const struct bytes *expected)
{
    assert_decoded(format, encoded, expected);
}
