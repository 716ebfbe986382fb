/*
 * Seek table: the list of a zstd file's frames, kept in a skippable frame at its end.
 *
 * The "Zstandard Seekable Format" 0.1.0 (facebook/zstd, contrib/seekable_format/
 * zstd_seekable_compression_format.md). All numbers are little-endian:
 *
 *     header   magic 0x184D2A5E u32, bytes that follow in this frame u32
 *     entries  for each frame: compressed size u32, decompressed size u32, [checksum u32]
 *     footer   number of frames u32, descriptor u8, magic 0x8F92EAB1 u32
 *
 * The footer's magic number is the last thing in the file, so a reader begins at the end:
 *
 *     read the last SEEK_TABLE_FOOTER_SIZE bytes      seek_table_parse_footer()
 *     read `size` bytes from the end: the header      seek_table_parse_header()
 *     read the entries, all at once or in runs        seek_table_parse_entries()
 *     where the first listed frame begins             seek_table_locate()
 *
 * Each of these refuses what contradicts itself with CINCH_E_CORRUPT. None of them proves that
 * the frames are as listed: whoever decodes one compares it with its entry.
 *
 * Two honest files need care:
 *
 *   - Files that were concatenated. The last table lists the frames of the last file only;
 *     seek_table_locate() tells where these begin. What lies before is a file of its own, which
 *     may end in a table of its own.
 *   - A file without a table whose last frame's checksum happens to be 0x8F92EAB1 (one file in
 *     2^32). What parse_footer() or parse_header() finds corrupt in it is no table at all. A
 *     walk over the frames tells: the last frame of such a file is not a skippable one.
 *
 * We write no checksums into the table, because our frames carry their own.
 *
 * Nothing here does I/O, allocates or keeps state; every function may be called from any thread.
 */
#ifndef CINCH_SRC_FORMAT_SEEK_TABLE_H
#define CINCH_SRC_FORMAT_SEEK_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of the skippable frames that hold a table. */
#define SEEK_TABLE_MAGIC UINT32_C(0x184D2A5E)

enum {
    SEEK_TABLE_HEADER_SIZE = 8,
    SEEK_TABLE_ENTRY_SIZE = 8, /* of the tables that we write */
    SEEK_TABLE_FOOTER_SIZE = 9,

    /* The reference implementation's limit (ZSTD_SEEKABLE_MAXFRAMES); a table of more is
     * refused. It keeps a table below 1.5 GiB, and sums of sizes below 2^59. */
    SEEK_TABLE_MAX_FRAMES = 0x8000000
};

/* One frame, as listed. */
struct seek_table_entry {
    uint32_t compressed_size;   /* bytes of the whole frame, magic number to checksum */
    uint32_t decompressed_size; /* bytes of its content; 0 for a skippable frame */
};

/* What the footer says of the table. */
struct seek_table {
    uint32_t frames;     /* frames listed: 0 to SEEK_TABLE_MAX_FRAMES */
    uint32_t entry_size; /* bytes of one entry: 8, or 12 with checksums */
    uint64_t size;       /* bytes of the whole skippable frame: header, entries, footer */
    bool has_checksums;  /* each entry ends with the low 32 bits of its content's XXH64 */
};

/* --- Writing ---------------------------------------------------------------------------- */

/* Bytes that a table of `frames` entries takes; `frames` is at most SEEK_TABLE_MAX_FRAMES. */
size_t seek_table_size(uint32_t frames);

/* Writes the SEEK_TABLE_HEADER_SIZE bytes with which a table of `frames` entries begins. */
void seek_table_write_header(uint8_t *buffer, uint32_t frames);

/* Writes the SEEK_TABLE_ENTRY_SIZE bytes of one entry. */
void seek_table_write_entry(uint8_t *buffer, struct seek_table_entry entry);

/* Writes the SEEK_TABLE_FOOTER_SIZE bytes with which a table of `frames` entries ends. */
void seek_table_write_footer(uint8_t *buffer, uint32_t frames);

/*
 * Writes a whole table into `buffer`, which has room for seek_table_size(frames) bytes, and
 * returns that number. The same bytes as header, entries and footer written one by one.
 */
size_t seek_table_write(uint8_t *buffer, const struct seek_table_entry *entries, uint32_t frames);

/* --- Reading ---------------------------------------------------------------------------- */

/*
 * Reads the last SEEK_TABLE_FOOTER_SIZE bytes of a file that is `file_size` bytes long.
 *
 * CINCH_OK             `*table` is filled; `table->size` is not larger than the file.
 * CINCH_E_FORMAT       The magic number is not there: the file has no seek table.
 * CINCH_E_CORRUPT      A reserved bit is set, there are too many frames, or the table would be
 *                      longer than the file. (The two unused bits may have any value.)
 *
 * After an error `*table` is as it was.
 */
int32_t seek_table_parse_footer(const uint8_t *footer, uint64_t file_size,
                                struct seek_table *table);

/*
 * Reads the SEEK_TABLE_HEADER_SIZE bytes that stand `table->size` bytes before the end of the
 * file. CINCH_E_CORRUPT unless they begin a skippable frame of exactly this table's size.
 */
int32_t seek_table_parse_header(const uint8_t *header, const struct seek_table *table);

/*
 * Reads a run of entries: number `first` up to, not including, `first + count`, which must not
 * pass `table->frames`.
 *
 * entries       `count * table->entry_size` bytes: the entries of this run.
 * compressed    Array of `table->frames + 1` offsets. Frame `i` takes the compressed bytes from
 *               `compressed[i]` to `compressed[i + 1]`, counted from where frame 0 begins.
 * decompressed  Likewise for the content.
 *
 * Runs are read in order: a run with `first` 0 sets both `[0]` to 0, any other begins with the
 * sums that the run before left in `[first]`. A table of no frames needs one call with `count`
 * 0, which sets `[0]`.
 *
 * CINCH_E_CORRUPT  An entry is impossible: shorter than any frame can be, or with more content
 *                  than that many bytes can decompress to. The arrays are then filled up to
 *                  that entry only.
 */
int32_t seek_table_parse_entries(const struct seek_table *table, const uint8_t *entries,
                                 uint32_t first, uint32_t count, uint64_t *compressed,
                                 uint64_t *decompressed);

/* The checksum of entry number `index` of `entries`, which begin with entry 0. The table must
 * have checksums. */
uint32_t seek_table_checksum(const struct seek_table *table, const uint8_t *entries,
                             uint32_t index);

/*
 * Tells where in a file of `file_size` bytes frame 0 begins, when the listed frames are
 * `compressed_total` bytes together and end where the table begins: 0, or in concatenated files
 * the length of what lies before. CINCH_E_CORRUPT if they are more bytes than the file has.
 *
 * Reference readers take the frames to begin at 0. A file in which `*start` is not 0 is valid
 * only if the bytes before `*start` are whole frames.
 */
int32_t seek_table_locate(const struct seek_table *table, uint64_t file_size,
                          uint64_t compressed_total, uint64_t *start);

#endif
