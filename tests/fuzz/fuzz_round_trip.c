/*
 * The whole library there and back: the first eight bytes say how, the rest is content.
 *
 *     format      CINCH_FORMAT_AUTO to _ZLIB
 *     level       see level_of()
 *     flags       bit 0: VERIFY; 1: SINGLE_STREAM; 2: NO_CHECKSUM; 3: NO_INDEX; 4: SPARSE on the
 *                 way back; 5: a window of its own; 6: from a pipe; 7: only a part of the file
 *     chunks      0: the default, else so many times 4 KiB
 *     threads     there; the way back is by another number
 *     repeat      the content is so many times the bytes given, with a byte between that counts
 *     place u16   where the part begins, and where a reader reads
 *
 * Promises: every file is compressed, to the same bytes by one thread and by many; it comes back
 * as it was; libzstd and zlib read it, too, from its beginning to its end; and a reader that
 * accepts it reads at any place what stands there.
 */
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cinch/cinch.h>

#include "fuzz.h"
#include "pools.h"

enum {
    CONTROL_SIZE = 8,
    CONTENT_MOST = 1 << 18,
    PIPE_MOST = 1 << 16 /* what a pipe takes before somebody reads */
};

struct bytes {
    uint8_t *data; /* never NULL */
    size_t size;
};

static int file_of(struct bytes content)
{
    const int fd = memfd_create("fuzz", MFD_CLOEXEC);

    REQUIRE(fd >= 0);
    REQUIRE(content.size == 0 ||
            pwrite(fd, content.data, content.size, 0) == (ssize_t)content.size);
    return fd;
}

static int pipe_of(struct bytes content)
{
    int ends[2];

    REQUIRE(pipe(ends) == 0);
    REQUIRE(content.size == 0 ||
            write(ends[1], content.data, content.size) == (ssize_t)content.size);
    close(ends[1]);
    return ends[0];
}

static struct bytes content_of_file(int fd)
{
    const off_t size = lseek(fd, 0, SEEK_END);
    struct bytes content = {malloc((size_t)size + 1), (size_t)size};

    REQUIRE(size >= 0 && content.data != NULL);
    REQUIRE(pread(fd, content.data, content.size + 1, 0) == (ssize_t)size);
    return content;
}

static bool is_equal(struct bytes one, struct bytes other)
{
    return one.size == other.size && memcmp(one.data, other.data, one.size) == 0;
}

/* --- There and back ------------------------------------------------------------------------- */

typedef int32_t submit_function(cinch_pool *pool, int input_fd, int output_fd,
                                const cinch_options *options, cinch_job **job);

/* What the job writes; no data where it ends with an error, whose code is in `*code`. */
static struct bytes run(submit_function *submit, uint32_t threads, int input_fd,
                        const cinch_options *options, int32_t *code)
{
    const int output_fd = file_of((struct bytes){NULL, 0});
    cinch_stats stats = CINCH_STATS_INIT;
    cinch_job *job;

    REQUIRE(submit(pool_of(threads), input_fd, output_fd, options, &job) == CINCH_OK);
    *code = cinch_job_wait(job);
    REQUIRE(cinch_job_stats(job, &stats) == CINCH_OK);
    cinch_job_close(job);
    close(input_fd);
    const struct bytes output = content_of_file(output_fd);
    close(output_fd);
    if (*code == CINCH_OK)
        REQUIRE(stats.bytes_out == output.size && stats.bytes_in == stats.bytes_total);
    return output;
}

/* libzstd or zlib, as for any other file. */
static void check_stock(struct bytes packed, struct bytes content, int32_t format)
{
    struct bytes seen = {malloc(content.size + 1), content.size + 1};

    REQUIRE(seen.data != NULL);
    if (format == CINCH_FORMAT_GZIP || format == CINCH_FORMAT_ZLIB) {
        z_stream stream = {.next_in = packed.data,
                           .avail_in = (uInt)packed.size,
                           .next_out = seen.data,
                           .avail_out = (uInt)seen.size};
        REQUIRE(inflateInit2(&stream, format == CINCH_FORMAT_GZIP ? 31 : 15) == Z_OK);
        REQUIRE(inflate(&stream, Z_FINISH) == Z_STREAM_END);
        REQUIRE(stream.avail_in == 0);
        seen.size -= stream.avail_out;
        REQUIRE(inflateEnd(&stream) == Z_OK);
    } else {
        seen.size = ZSTD_decompress(seen.data, seen.size, packed.data, packed.size);
        REQUIRE(!ZSTD_isError(seen.size));
    }
    REQUIRE(is_equal(seen, content));
    free(seen.data);
}

/* Reads a part, and past the end. A reader may refuse the file; it may not read it wrongly. */
static void check_reader(struct bytes packed, struct bytes content, size_t place)
{
    const int fd = file_of(packed);
    uint8_t *seen = malloc(content.size + 1);
    cinch_reader *reader;
    char path[64];

    REQUIRE(seen != NULL);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    const int32_t code = cinch_reader_open(path, &reader);
    REQUIRE(code == CINCH_OK || code == CINCH_E_UNSUPPORTED);
    if (code == CINCH_OK) {
        REQUIRE(cinch_reader_size(reader) == (int64_t)content.size);
        const size_t offset = place % (content.size + 1);
        const size_t rest = content.size - offset;
        const size_t size = rest / 2 + 1;
        const int64_t count = cinch_reader_pread(reader, seen, size, offset);
        REQUIRE(count == (int64_t)(size < rest ? size : rest));
        REQUIRE(memcmp(seen, content.data + offset, (size_t)count) == 0);
        REQUIRE(cinch_reader_pread(reader, seen, content.size + 1, 0) == (int64_t)content.size);
        REQUIRE(memcmp(seen, content.data, content.size) == 0);
        cinch_reader_close(reader);
    }
    free(seen);
    close(fd);
}

/* --- What the input says -------------------------------------------------------------------- */

/* Levels that are quick enough, the stored one among them; 0 is the default. */
static int32_t level_of(uint8_t byte, int32_t format)
{
    if (format == CINCH_FORMAT_GZIP || format == CINCH_FORMAT_ZLIB)
        return byte % 11 == 10 ? CINCH_LEVEL_STORED : byte % 11;
    return byte % 20 - 7;
}

static struct bytes content_of(const uint8_t *bytes, size_t size, size_t repeat, size_t most)
{
    struct bytes content = {malloc(CONTENT_MOST), 0};

    REQUIRE(content.data != NULL);
    for (size_t i = 0; i <= repeat && size > 0 && content.size + size + 1 <= most; i++) {
        memcpy(content.data + content.size, bytes, size);
        content.size += size;
        content.data[content.size++] = (uint8_t)i;
    }
    return content;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    cinch_options options = CINCH_OPTIONS_INIT, back = CINCH_OPTIONS_INIT;
    int32_t code;

    if (size < CONTROL_SIZE)
        return 0;
    const uint8_t flags = bytes[2];
    const bool from_pipe = (flags & 64) != 0, is_part = !from_pipe && (flags & 128) != 0;
    const uint32_t threads = 1 + bytes[4] % POOLS;
    const size_t place = bytes[6] | (size_t)bytes[7] << 8;
    options.format = bytes[0] % 4;
    options.level = level_of(bytes[1], options.format);
    options.flags = ((flags & 1) != 0 ? CINCH_FLAG_VERIFY : 0u) |
                    ((flags & 2) != 0 ? CINCH_FLAG_SINGLE_STREAM : 0u) |
                    ((flags & 4) != 0 ? CINCH_FLAG_NO_CHECKSUM : 0u) |
                    ((flags & 8) != 0 ? CINCH_FLAG_NO_INDEX : 0u);
    back.flags = (flags & 16) != 0 ? CINCH_FLAG_SPARSE : 0u;
    if ((flags & 32) != 0 && options.format <= CINCH_FORMAT_ZSTD)
        options.window_log = 10 + bytes[1] % 12;
    options.chunk_size = (uint32_t)bytes[3] << 12;

    struct bytes all = content_of(bytes + CONTROL_SIZE, size - CONTROL_SIZE, bytes[5],
                                  from_pipe ? PIPE_MOST : CONTENT_MOST);
    struct bytes content = all;
    if (is_part) {
        options.flags |= CINCH_FLAG_RANGE;
        options.input_offset = place % (all.size + 1);
        options.input_length = (all.size - options.input_offset) / 2;
        content.data += options.input_offset;
        content.size = (size_t)options.input_length;
    }

    const struct bytes packed =
        run(cinch_compress_fd, threads, from_pipe ? pipe_of(all) : file_of(all), &options, &code);
    REQUIRE(code == CINCH_OK);
    const struct bytes again =
        run(cinch_compress_fd, 1, from_pipe ? pipe_of(all) : file_of(all), &options, &code);
    REQUIRE(code == CINCH_OK && is_equal(packed, again));
    const struct bytes unpacked =
        run(cinch_decompress_fd, POOLS + 1 - threads, file_of(packed), &back, &code);
    REQUIRE(code == CINCH_OK && is_equal(unpacked, content));
    check_stock(packed, content, options.format);
    check_reader(packed, content, place);
    free(unpacked.data);
    free(again.data);
    free(packed.data);
    free(all.data);
    return 0;
}
