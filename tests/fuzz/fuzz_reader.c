/*
 * A reader over a file that lies or changes: the first byte says how many of the next ones are
 * calls, three bytes each; the rest is the file.
 *
 *     call        bit 0 to 1: 0 reads, 1 reads one whole chunk's worth, 2 writes a byte into the
 *                 file, 3 cuts it off
 *     place u16   where
 *
 * Promises: a reader that was opened answers every call, with bytes or with a code that the header
 * names; and where the unchanged file can be decompressed, the bytes are those that decompression
 * gives, unless a seek table's checksums, which decompression does not look at, are wrong.
 */
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cinch/cinch.h>

#include "fuzz.h"

enum {
    CONTENT_MOST = 1 << 18,
    CALL_SIZE = 3,
    PIECE = 1 << 12
};

struct content {
    uint8_t *data; /* NULL: the file cannot be decompressed */
    size_t size;
};

static struct content decompress(int fd)
{
    static cinch_pool *pool;
    cinch_pool_options pool_options = CINCH_POOL_OPTIONS_INIT;
    cinch_options options = CINCH_OPTIONS_INIT;
    struct content content = {NULL, 0};
    cinch_job *job;

    pool_options.threads = 2;
    if (pool == NULL)
        REQUIRE(cinch_pool_create(&pool_options, &pool) == CINCH_OK);
    options.output_limit = CONTENT_MOST;
    const int output = memfd_create("output", MFD_CLOEXEC);
    REQUIRE(output >= 0 && lseek(fd, 0, SEEK_SET) == 0);
    REQUIRE(cinch_decompress_fd(pool, fd, output, &options, &job) == CINCH_OK);
    if (cinch_job_wait(job) == CINCH_OK) {
        content.data = malloc(CONTENT_MOST);
        REQUIRE(content.data != NULL);
        const ssize_t count = pread(output, content.data, CONTENT_MOST, 0);
        REQUIRE(count >= 0);
        content.size = (size_t)count;
    }
    cinch_job_close(job);
    close(output);
    return content;
}

static bool is_of_file(int64_t result)
{
    switch (-result) {
    case CINCH_E_CORRUPT:
    case CINCH_E_CHECKSUM:
    case CINCH_E_UNSUPPORTED:
    case CINCH_E_INPUT_CHANGED:
        return true;
    default:
        return result >= 0;
    }
}

static void check_read(cinch_reader *reader, const struct content *content, uint64_t offset,
                       size_t size, bool is_unchanged)
{
    const int64_t whole = cinch_reader_size(reader);
    /* Of exactly that size, so that a byte too far is seen. */
    uint8_t *buffer = malloc(size);

    REQUIRE(buffer != NULL && whole >= 0);
    offset %= (uint64_t)whole + 2;
    const int64_t count = cinch_reader_pread(reader, buffer, size, offset);
    REQUIRE(is_of_file(count));
    if (count >= 0) {
        const uint64_t rest = offset < (uint64_t)whole ? (uint64_t)whole - offset : 0;
        REQUIRE((uint64_t)count == (size < rest ? size : rest));
    }
    if (is_unchanged && content->data != NULL) {
        REQUIRE((uint64_t)whole == content->size);
        REQUIRE(count >= 0 || -count == CINCH_E_CHECKSUM);
        REQUIRE(count <= 0 || memcmp(buffer, content->data + offset, (size_t)count) == 0);
    }
    free(buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    cinch_reader *reader;
    char path[64];

    if (size < 1 || size < 1 + (size_t)bytes[0] % 16 * CALL_SIZE)
        return 0;
    const size_t calls = bytes[0] % 16;
    const uint8_t *file = bytes + 1 + calls * CALL_SIZE;
    const size_t file_size = size - 1 - calls * CALL_SIZE;
    const int fd = memfd_create("file", MFD_CLOEXEC);
    REQUIRE(fd >= 0);
    REQUIRE(file_size == 0 || pwrite(fd, file, file_size, 0) == (ssize_t)file_size);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    const int32_t code = cinch_reader_open(path, &reader);
    REQUIRE(code != CINCH_E_INTERNAL && code != CINCH_E_IO && code != CINCH_E_NO_MEMORY);
    if (code == CINCH_OK) {
        struct content content = {NULL, 0};
        if (cinch_reader_size(reader) <= CONTENT_MOST)
            content = decompress(fd);
        bool is_unchanged = true;
        for (size_t i = 0; i < calls; i++) {
            const uint8_t *call = bytes + 1 + i * CALL_SIZE;
            const uint64_t place = call[1] | (uint64_t)call[2] << 8;
            switch (call[0] & 3) {
            case 0:
                check_read(reader, &content, place, 1 + (call[0] >> 2), is_unchanged);
                break;
            case 1:
                check_read(reader, &content, place * PIECE, PIECE * (1 + (size_t)(call[0] >> 2)),
                           is_unchanged);
                break;
            case 2:
                REQUIRE(pwrite(fd, &call[0], 1, (off_t)(place % (file_size + 1))) == 1);
                is_unchanged = false;
                break;
            case 3:
                REQUIRE(ftruncate(fd, (off_t)(place % (file_size + 1))) == 0);
                is_unchanged = false;
                break;
            }
        }
        free(content.data);
        cinch_reader_close(reader);
    }
    close(fd);
    return 0;
}
