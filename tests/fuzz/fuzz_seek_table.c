/*
 * The seek table: the input is a whole .zst file, of which only the end is looked at.
 *
 * Promises: nothing is read outside the file; sums rise and stay below what the entries can add
 * up to; entries read in runs are the same as read at once; writing what was read gives the same
 * bytes.
 */
#include <string.h>

#include <cinch/cinch.h>

#include "format/bytes.h"
#include "format/seek_table.h"
#include "fuzz.h"

/* Reads the entries in two runs and compares with `compressed` and `decompressed`. */
static void check_runs(const struct seek_table *table, const uint8_t *entries,
                       const uint64_t *compressed, const uint64_t *decompressed)
{
    const size_t bytes = (table->frames + (size_t)1) * sizeof(uint64_t);
    const uint32_t first = table->frames / 2;
    uint64_t *sums[2] = {malloc(bytes), malloc(bytes)};

    REQUIRE(sums[0] != NULL && sums[1] != NULL);
    REQUIRE(seek_table_parse_entries(table, entries, 0, first, sums[0], sums[1]) == CINCH_OK);
    if (first != 0)
        REQUIRE(seek_table_parse_entries(table, entries + (size_t)first * table->entry_size, first,
                                         table->frames - first, sums[0], sums[1]) == CINCH_OK);
    else
        REQUIRE(seek_table_parse_entries(table, entries, 0, table->frames, sums[0], sums[1]) ==
                CINCH_OK);
    REQUIRE(memcmp(sums[0], compressed, bytes) == 0);
    REQUIRE(memcmp(sums[1], decompressed, bytes) == 0);
    free(sums[0]);
    free(sums[1]);
}

/* Writes a table of the same entries. */
static void check_rewritten(const struct seek_table *table, const uint8_t *whole,
                            const uint64_t *compressed, const uint64_t *decompressed)
{
    const size_t size = seek_table_size(table->frames);
    struct seek_table_entry *entries = calloc(table->frames + (size_t)1, sizeof(*entries));
    uint8_t *written = malloc(size);

    REQUIRE(entries != NULL && written != NULL);
    for (uint32_t i = 0; i < table->frames; i++) {
        entries[i].compressed_size = (uint32_t)(compressed[i + 1] - compressed[i]);
        entries[i].decompressed_size = (uint32_t)(decompressed[i + 1] - decompressed[i]);
    }
    REQUIRE(seek_table_write(written, entries, table->frames) == size);
    REQUIRE(size == table->size);
    written[size - 5] = whole[size - 5]; /* the descriptor, with its unused bits */
    REQUIRE(memcmp(written, whole, size) == 0);
    free(written);
    free(entries);
}

static void check_entries(const struct seek_table *table, const uint8_t *whole, size_t file_size)
{
    const uint8_t *entries = whole + SEEK_TABLE_HEADER_SIZE;
    const size_t bytes = (table->frames + (size_t)1) * sizeof(uint64_t);
    uint64_t *compressed = malloc(bytes);
    uint64_t *decompressed = malloc(bytes);

    REQUIRE(compressed != NULL && decompressed != NULL);
    if (seek_table_parse_entries(table, entries, 0, table->frames, compressed, decompressed) ==
        CINCH_OK) {
        uint64_t start;
        for (uint32_t i = 0; i < table->frames; i++) {
            REQUIRE(compressed[i] < compressed[i + 1]);
            REQUIRE(decompressed[i] <= decompressed[i + 1]);
            if (table->has_checksums)
                REQUIRE(seek_table_checksum(table, entries, i) ==
                        load_le32(entries + (size_t)i * 12 + 8));
        }
        const uint64_t total = compressed[table->frames];
        if (seek_table_locate(table, file_size, total, &start) == CINCH_OK)
            REQUIRE(start + total + table->size == file_size);
        else
            REQUIRE(total + table->size > file_size);
        check_runs(table, entries, compressed, decompressed);
        if (!table->has_checksums)
            check_rewritten(table, whole, compressed, decompressed);
    }
    free(compressed);
    free(decompressed);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct seek_table table;

    if (size < SEEK_TABLE_FOOTER_SIZE ||
        seek_table_parse_footer(bytes + size - SEEK_TABLE_FOOTER_SIZE, size, &table) != CINCH_OK)
        return 0;
    REQUIRE(table.size <= size);
    REQUIRE(table.frames <= SEEK_TABLE_MAX_FRAMES);
    const uint8_t *whole = bytes + (size - (size_t)table.size);
    if (seek_table_parse_header(whole, &table) == CINCH_OK)
        check_entries(&table, whole, size);
    return 0;
}
