/*
 * Gzip header and trailer: what stands around the deflate data of a gzip member (RFC 1952).
 *
 *     1F 8B  method u8 = 8  flags u8  mtime u32  extra flags u8  operating system u8
 *     [FEXTRA: length u16, that many bytes]  [FNAME: bytes, 00]  [FCOMMENT: bytes, 00]
 *     [FHCRC: CRC-16 of all of the above u16]
 *     deflate data
 *     CRC-32 of the content u32, length of the content modulo 2^32 u32
 *
 * Numbers are little-endian. A file is any number of such members, one after the other.
 *
 * Nothing here does I/O, allocates or keeps state; every function may be called from any thread.
 */
#ifndef CINCH_SRC_FORMAT_GZIP_HEADER_H
#define CINCH_SRC_FORMAT_GZIP_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GZIP_HEADER_SIZE_MIN = 10,
    GZIP_TRAILER_SIZE = 8,

    /* The shortest member: a header without options, an empty final block, the trailer. */
    GZIP_MEMBER_SIZE_MIN = GZIP_HEADER_SIZE_MIN + 2 + GZIP_TRAILER_SIZE,

    /* The longest header that is read. The extra field ends by itself at 64 KiB; name and
     * comment have no limit of their own, and without one a hostile stream of name bytes would
     * have to be kept for ever. File names end at 255 bytes or so; this leaves room for prose
     * in the comment. */
    GZIP_HEADER_SIZE_MAX = 1 << 20
};

/* --- Writing ---------------------------------------------------------------------------- */

/*
 * Bytes of a header with an extra field of `extra_size` bytes (0: without one; at most 65535).
 */
size_t gzip_header_size(size_t extra_size);

/*
 * Writes the header that `gzip -n` would write: no name, no time, "extra flags" by level as
 * zlib sets them (2 from level 9 on, 4 for level 1), operating system 3 (Unix).
 *
 * With `extra_size` not 0 it has an extra field, whose bytes are the caller's to write (see
 * gzip_index.h): they are the last `extra_size` bytes of the header, and are not touched.
 *
 * `buffer` has room for gzip_header_size(extra_size) bytes; that number is returned.
 */
size_t gzip_header_write(uint8_t *buffer, int level, size_t extra_size);

/*
 * Adds a name and a time to the header of `size` bytes that gzip_header_write() has just made.
 *
 * mtime  Seconds since 1970; 0 = not told.
 * name   The file's name without a folder, NUL-terminated.
 *
 * `buffer` has room for strlen(name) + 1 bytes more; the header's new size is returned.
 */
size_t gzip_header_add_name(uint8_t *buffer, size_t size, uint32_t mtime, const char *name);

/* Writes the GZIP_TRAILER_SIZE bytes of a trailer. `length` is the content's whole length. */
void gzip_trailer_write(uint8_t *buffer, uint32_t crc32, uint64_t length);

/* --- Reading ---------------------------------------------------------------------------- */

/* A header, as found. Offsets count from the header's first byte. */
struct gzip_header {
    size_t size;              /* bytes of the header: the deflate data begins here */
    uint32_t mtime;           /* seconds since 1970; 0 = not told */
    uint8_t extra_flags;      /* XFL: 2 = slowest, 4 = fastest, by custom */
    uint8_t operating_system; /* OS: 3 = Unix, 255 = not told */
    bool is_text;             /* FTEXT, a hint */
    bool has_crc;             /* FHCRC was present, and right */

    /* The parts without their lengths and terminators. An offset of 0: not present. */
    size_t extra_offset, extra_size;
    size_t name_offset, name_size;
    size_t comment_offset, comment_size;

    /* The data of our own subfield `CI`, for gzip_index_parse(). An offset of 0: no index. */
    size_t index_offset, index_size;

    /* Bytes of the whole member, header and trailer included, if a subfield tells; else 0.
     * Written by whoever made the file: read on there only after checking what is there. */
    uint64_t member_size;
};

/*
 * Reads the header that begins at `bytes`, of which `size` bytes are known so far.
 *
 * CINCH_OK             `*header` is filled.
 * CINCH_E_TRUNCATED    What is known is right so far but does not end the header. Call again
 *                      with at least `*needed` > `size` bytes from the same beginning; if the
 *                      input has no more, this is the error.
 * CINCH_E_FORMAT       The two magic bytes are not there: no gzip member.
 * CINCH_E_CORRUPT      A reserved flag is set. RFC 1952 demands an error: the flag may stand
 *                      for a field that we would take for deflate data.
 * CINCH_E_CHECKSUM     The header's CRC-16 does not match.
 * CINCH_E_UNSUPPORTED  The method is not deflate, or the header is longer than
 *                      GZIP_HEADER_SIZE_MAX.
 *
 * `*header` and `*needed` are written in these cases only. Errors are found as soon as their
 * byte is known. An extra field that is no sequence of subfields is legal and just skipped, as
 * every gzip reader does. Of several subfields with one name the first counts.
 *
 * These subfields tell a member's size:
 *
 *     BC  u16  BGZF (htslib): size - 1
 *     IG  u32  Mgzip (pgzip; gzp and crabz; mgzip 0.2.0): size
 *     IG  u64  u64, Mgzip 0.1.0: size, length of the content
 *     MZ  u32  MiGz, and mgzip since 0.2.1: size of the deflate data alone
 *     SZ  u32  size
 *
 * A size that cannot be, because it is smaller than this header with the shortest data and the
 * trailer, counts as not told.
 */
int32_t gzip_header_parse(const uint8_t *bytes, size_t size, struct gzip_header *header,
                          size_t *needed);

/*
 * Finds in the name field the part that may name a file: what follows its last '/', unless
 * that is nothing, "." or "..". Returns its length and puts its offset into `*offset`; 0 if
 * there is none. The bytes are the writer's: any but 00 and '/', in any encoding.
 */
size_t gzip_header_file_name(const uint8_t *bytes, const struct gzip_header *header,
                             size_t *offset);

/* A trailer, as found. */
struct gzip_trailer {
    uint32_t crc32;  /* of the content */
    uint32_t length; /* of the content, modulo 2^32 */
};

/* Reads the GZIP_TRAILER_SIZE bytes of a trailer. */
struct gzip_trailer gzip_trailer_parse(const uint8_t *bytes);

#endif
