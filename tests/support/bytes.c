#include "support/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "support/test.h"

const char *bytes_kind_name(enum bytes_kind kind)
{
    static const char *const names[BYTES_KINDS] = {"text", "random", "zeros", "compressed"};

    return names[kind];
}

uint64_t random_next(uint64_t *state)
{
    uint64_t mixed = (*state += 0x9E3779B97F4A7C15u);

    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
    return mixed ^ (mixed >> 31);
}

static void fill_random(uint8_t *data, size_t size, uint64_t seed)
{
    for (size_t at = 0; at < size; at += sizeof(uint64_t)) {
        uint64_t number = random_next(&seed);
        size_t left = size - at;
        memcpy(data + at, &number, left < sizeof(number) ? left : sizeof(number));
    }
}

/* Statements over a small vocabulary, with numbers between them, so that there are matches near
 * and far, long and short, and literals too. */
static void fill_text(uint8_t *data, size_t size, uint64_t seed)
{
    static const char *const words[] = {
        "static ",   "struct ", "return ",  "if (",        ") {\n    ", "}\n\n",     "const ",
        "uint32_t ", "size_t ", "offset",   "length",      " = ",       " + ",       ";\n",
        "buffer",    "->next",  "(void)",   "/* The ",     " */\n",     "window",    "block",
        "for (int ", " < ",     "; i++) ",  "#include <",  ".h>\n",     "error_set", "(&",
        "checksum",  "[i]",     " == NULL", "goto failed", "sizeof(*",  "frame",     "    ",
    };
    size_t at = 0;

    while (at < size) {
        uint64_t number = random_next(&seed);
        char piece[32];
        int length = number % 5 == 0
                         ? snprintf(piece, sizeof(piece), "0x%x", (unsigned int)(number >> 40))
                         : snprintf(piece, sizeof(piece), "%s",
                                    words[(number >> 8) % (sizeof(words) / sizeof(words[0]))]);
        size_t take = (size_t)length < size - at ? (size_t)length : size - at;
        memcpy(data + at, piece, take);
        at += take;
    }
}

static void fill_compressed(uint8_t *data, size_t size, uint64_t seed)
{
    /* Text of 16 times the size never compresses below it. */
    size_t text_size = size * 16 + 4096;
    uint8_t *text = malloc(text_size);
    z_stream stream;

    assert_non_null(text);
    memset(&stream, 0, sizeof(stream));
    fill_text(text, text_size, seed);
    assert_int_equal(Z_OK, deflateInit2(&stream, 1, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY));
    stream.next_in = text;
    stream.avail_in = (uInt)text_size;
    stream.next_out = data;
    stream.avail_out = (uInt)size;
    while (stream.avail_out > 0) {
        assert_int_equal(Z_OK, deflate(&stream, Z_FINISH));
    }
    deflateEnd(&stream);
    free(text);
}

struct bytes bytes_make(enum bytes_kind kind, size_t size, uint64_t seed)
{
    struct bytes bytes = {NULL, size};

    if (size == 0) {
        return bytes;
    }
    bytes.data = calloc(1, size);
    assert_non_null(bytes.data);
    switch (kind) {
    case BYTES_TEXT:
        fill_text(bytes.data, size, seed);
        break;
    case BYTES_RANDOM:
        fill_random(bytes.data, size, seed);
        break;
    case BYTES_ZEROS:
        break;
    case BYTES_COMPRESSED:
        fill_compressed(bytes.data, size, seed);
        break;
    }
    return bytes;
}

/* Room for `size` bytes more, which count from now on. */
static uint8_t *bytes_extend(struct bytes *bytes, size_t size)
{
    uint8_t *data = realloc(bytes->data, bytes->size + size + 1);

    assert_non_null(data);
    bytes->data = data;
    bytes->size += size;
    return data + bytes->size - size;
}

void bytes_append(struct bytes *bytes, const void *data, size_t size)
{
    uint8_t *place = bytes_extend(bytes, size);

    if (size > 0) {
        memcpy(place, data, size);
    }
}

void bytes_append_bytes(struct bytes *bytes, const struct bytes *more)
{
    bytes_append(bytes, more->data, more->size);
}

void bytes_append_run(struct bytes *bytes, uint8_t byte, size_t count)
{
    memset(bytes_extend(bytes, count), byte, count);
}

struct bytes bytes_slice(const struct bytes *bytes, size_t offset, size_t size)
{
    struct bytes slice = {NULL, 0};

    assert_true(offset + size <= bytes->size);
    bytes_append(&slice, bytes->data + offset, size);
    return slice;
}

void bytes_free(struct bytes *bytes)
{
    free(bytes->data);
    bytes->data = NULL;
    bytes->size = 0;
}

void file_write(const char *path, const struct bytes *bytes)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    size_t written = 0;

    if (descriptor < 0) {
        fail_msg("cannot make '%s': %s", path, strerror(errno));
    }
    while (written < bytes->size) {
        ssize_t count = write(descriptor, bytes->data + written, bytes->size - written);
        if (count < 0) {
            fail_msg("cannot write '%s': %s", path, strerror(errno));
        }
        written += (size_t)count;
    }
    close(descriptor);
}

void file_write_text(const char *path, const char *text)
{
    struct bytes bytes = {NULL, strlen(text)};

    bytes.data = (uint8_t *)strdup(text);
    assert_non_null(bytes.data);
    file_write(path, &bytes);
    bytes_free(&bytes);
}

void file_write_sparse(const char *path, uint64_t size)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    if (descriptor < 0 || ftruncate(descriptor, (off_t)size) != 0) {
        fail_msg("cannot make '%s': %s", path, strerror(errno));
    }
    close(descriptor);
}

struct bytes file_make(const char *path, enum bytes_kind kind, size_t size, uint64_t seed)
{
    struct bytes bytes = bytes_make(kind, size, seed);

    file_write(path, &bytes);
    return bytes;
}

struct bytes descriptor_read(int descriptor)
{
    struct bytes bytes = {NULL, 0};
    size_t room = 0;

    for (;;) {
        ssize_t count;
        if (room - bytes.size < 4096) {
            room = room == 0 ? 65536 : room * 2;
            bytes.data = realloc(bytes.data, room);
            assert_non_null(bytes.data);
        }
        count = read(descriptor, bytes.data + bytes.size, room - bytes.size);
        if (count == 0) {
            return bytes;
        }
        if (count < 0) {
            fail_msg("cannot read a descriptor: %s", strerror(errno));
        }
        bytes.size += (size_t)count;
    }
}

struct bytes file_read(const char *path)
{
    struct bytes bytes;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);

    if (descriptor < 0) {
        fail_msg("cannot open '%s': %s", path, strerror(errno));
    }
    bytes = descriptor_read(descriptor);
    close(descriptor);
    return bytes;
}

bool bytes_are_equal(const struct bytes *one, const struct bytes *other)
{
    return one->size == other->size &&
           (one->size == 0 || memcmp(one->data, other->data, one->size) == 0);
}

void assert_bytes_equal(const struct bytes *expected, const struct bytes *actual)
{
    size_t common = expected->size < actual->size ? expected->size : actual->size;

    for (size_t at = 0; at < common; at++) {
        if (expected->data[at] != actual->data[at]) {
            fail_msg("byte %zu of %zu is 0x%02x, expected 0x%02x", at, actual->size,
                     actual->data[at], expected->data[at]);
        }
    }
    assert_int_equal(expected->size, actual->size);
}

void assert_file_holds(const char *path, const struct bytes *expected)
{
    struct bytes actual = file_read(path);

    assert_bytes_equal(expected, &actual);
    bytes_free(&actual);
}

void assert_file_holds_text(const char *path, const char *expected)
{
    struct bytes bytes = {NULL, strlen(expected)};

    bytes.data = (uint8_t *)strdup(expected);
    assert_non_null(bytes.data);
    assert_file_holds(path, &bytes);
    bytes_free(&bytes);
}

void assert_no_file(const char *path)
{
    struct stat status;

    if (lstat(path, &status) == 0) {
        fail_msg("'%s' exists, which it should not", path);
    }
    assert_int_equal(ENOENT, errno);
}
