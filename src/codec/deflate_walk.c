#include "codec/deflate_walk.h"

#include <string.h>

#include "format/bytes.h"

/*
 * An entry of a table, from the lowest bit: 5 bits for the length of the code, 4 for how many
 * extra bits follow it, then what it is, and from bit 16 on its value: a literal, the least length
 * or distance, or the place of a second level, whose bits then stand in place of the extra ones.
 * An entry without a meaning stands for a code that nothing has.
 */
enum {
    ENTRY_LITERAL = 1 << 9,
    ENTRY_MATCH = 1 << 10, /* of a distance, too */
    ENTRY_END = 1 << 11,
    ENTRY_LINK = 1 << 12
};
#define ENTRY(value, extra, meaning) ((uint32_t)(value) << 16 | (extra) << 5 | (meaning))
#define MATCH(least, extra)          ENTRY(least, extra, ENTRY_MATCH)

enum {
    CODE_LENGTH_MOST = 15,
    LITERALS = 256,
    SYMBOLS = 288,
    DISTANCES = 32,
    LENGTHS_BITS = 7, /* of the codes that lengths are told in */
    LENGTHS = 19
};

/* RFC 1951, 3.2.5; the symbols behind 285 and 29 have codes and no meaning. */
static const uint32_t match_lengths[SYMBOLS - LITERALS] = {ENTRY(0, 0, ENTRY_END),
                                                           MATCH(3, 0),
                                                           MATCH(4, 0),
                                                           MATCH(5, 0),
                                                           MATCH(6, 0),
                                                           MATCH(7, 0),
                                                           MATCH(8, 0),
                                                           MATCH(9, 0),
                                                           MATCH(10, 0),
                                                           MATCH(11, 1),
                                                           MATCH(13, 1),
                                                           MATCH(15, 1),
                                                           MATCH(17, 1),
                                                           MATCH(19, 2),
                                                           MATCH(23, 2),
                                                           MATCH(27, 2),
                                                           MATCH(31, 2),
                                                           MATCH(35, 3),
                                                           MATCH(43, 3),
                                                           MATCH(51, 3),
                                                           MATCH(59, 3),
                                                           MATCH(67, 4),
                                                           MATCH(83, 4),
                                                           MATCH(99, 4),
                                                           MATCH(115, 4),
                                                           MATCH(131, 5),
                                                           MATCH(163, 5),
                                                           MATCH(195, 5),
                                                           MATCH(227, 5),
                                                           MATCH(258, 0)};

static const uint32_t match_distances[DISTANCES] = {
    MATCH(1, 0),     MATCH(2, 0),     MATCH(3, 0),      MATCH(4, 0),      MATCH(5, 1),
    MATCH(7, 1),     MATCH(9, 2),     MATCH(13, 2),     MATCH(17, 3),     MATCH(25, 3),
    MATCH(33, 4),    MATCH(49, 4),    MATCH(65, 5),     MATCH(97, 5),     MATCH(129, 6),
    MATCH(193, 6),   MATCH(257, 7),   MATCH(385, 7),    MATCH(513, 8),    MATCH(769, 8),
    MATCH(1025, 9),  MATCH(1537, 9),  MATCH(2049, 10),  MATCH(3073, 10),  MATCH(4097, 11),
    MATCH(6145, 11), MATCH(8193, 12), MATCH(12289, 12), MATCH(16385, 13), MATCH(24577, 13)};

/* --- Bits ------------------------------------------------------------------------------- */

struct bits {
    const uint8_t *next; /* the first byte that is not in `held` as a whole */
    const uint8_t *end;
    uint64_t held;  /* the next bits, from the lowest on */
    unsigned count; /* of those that were counted as held; more may be there, as the next bytes
                     * say again */
};

/* Holds at least 56 bits, or all there are. */
static inline void bits_fill(struct bits *bits)
{
    if (bits->end - bits->next >= 8) {
        bits->held |= load_le64(bits->next) << bits->count;
        bits->next += (63 - bits->count) >> 3;
        bits->count |= 56;
        return;
    }
    while (bits->count < 56 && bits->next < bits->end) {
        bits->held |= (uint64_t)*bits->next++ << bits->count;
        bits->count += 8;
    }
}

/* Drops `count` bits; false where there are not as many. */
static inline bool bits_drop(struct bits *bits, unsigned count)
{
    if (count > bits->count)
        return false;
    bits->held >>= count;
    bits->count -= count;
    return true;
}

/* The next `count` < 32 bits, not dropped. */
static inline uint32_t bits_see(const struct bits *bits, unsigned count)
{
    return (uint32_t)bits->held & ((UINT32_C(1) << count) - 1);
}

/* The next `count` bits, after at most 56 since the last filling. */
static bool bits_take(struct bits *bits, unsigned count, uint32_t *value)
{
    *value = bits_see(bits, count);
    return bits_drop(bits, count);
}

/* --- Codes ------------------------------------------------------------------------------ */

static uint32_t reverse(uint32_t code, unsigned length)
{
    uint32_t reversed = 0;
    while (length-- > 0) {
        reversed = reversed << 1 | (code & 1);
        code >>= 1;
    }
    return reversed;
}

/* Counts the codes of each length. False where they cannot be told apart, or not every sequence of
 * bits is one: only a single code of one bit may leave the other unused. */
static bool count_lengths(const uint8_t *lengths, unsigned symbols,
                          uint16_t counts[CODE_LENGTH_MOST + 1], unsigned *longest)
{
    int left = 1;
    memset(counts, 0, (CODE_LENGTH_MOST + 1) * sizeof counts[0]);
    for (unsigned i = 0; i < symbols; i++)
        counts[lengths[i]]++;
    *longest = 0;
    for (unsigned length = 1; length <= CODE_LENGTH_MOST; length++) {
        left = 2 * left - counts[length];
        if (left < 0)
            return false;
        if (counts[length] > 0)
            *longest = length;
    }
    return left == 0 || *longest <= 1;
}

/* The bits of a second level for codes from `length` on, of which `counts` are left. */
static unsigned second_level_bits(const uint16_t *counts, unsigned length, unsigned longest,
                                  unsigned first_bits)
{
    unsigned bits = length - first_bits;
    int left = (1 << bits) - counts[length];
    while (left > 0 && first_bits + bits < longest) {
        bits++;
        left = 2 * left - counts[first_bits + bits];
    }
    return bits;
}

/* What a symbol's entry is, but for the length of its code. */
static uint32_t meaning_of(const uint32_t *meanings, unsigned literals, unsigned symbol)
{
    return symbol < literals ? ENTRY(symbol, 0, ENTRY_LITERAL) : meanings[symbol - literals];
}

/*
 * Makes the table for a canonical code, looked up by `first_bits` bits and, where a code is
 * longer, by its others in a second level. Symbols below `literals` are literals, the rest is in
 * `meanings`. False: no such code.
 */
static bool make_table(uint32_t *table, size_t table_size, unsigned first_bits,
                       const uint8_t *lengths, unsigned symbols, unsigned literals,
                       const uint32_t *meanings)
{
    uint16_t counts[CODE_LENGTH_MOST + 1];
    uint16_t places[CODE_LENGTH_MOST + 2] = {0};
    uint16_t sorted[SYMBOLS];
    unsigned longest;
    if (!count_lengths(lengths, symbols, counts, &longest))
        return false;
    for (unsigned length = 1; length <= CODE_LENGTH_MOST; length++)
        places[length + 1] = (uint16_t)(places[length] + counts[length]);
    unsigned used = places[CODE_LENGTH_MOST + 1];
    for (unsigned i = 0; i < symbols; i++)
        if (lengths[i] != 0)
            sorted[places[lengths[i]]++] = (uint16_t)i;

    size_t first_size = (size_t)1 << first_bits;
    size_t taken = first_size;
    uint32_t code = 0;
    memset(table, 0, first_size * sizeof table[0]);
    for (unsigned i = 0; i < used; i++, code++) {
        unsigned length = lengths[sorted[i]];
        if (i > 0)
            code <<= length - lengths[sorted[i - 1]];
        uint32_t reversed = reverse(code, length);
        uint32_t entry = meaning_of(meanings, literals, sorted[i]) | length;
        uint32_t *level = table;
        size_t level_size = first_size;
        unsigned passed = 0; /* bits, by the level above */
        if (length > first_bits) {
            uint32_t *link = &table[reversed & (first_size - 1)];
            if (*link == 0) {
                unsigned bits = second_level_bits(counts, length, longest, first_bits);
                if (taken + ((size_t)1 << bits) > table_size)
                    return false;
                *link = ENTRY(taken, bits, ENTRY_LINK);
                memset(table + taken, 0, sizeof table[0] << bits);
                taken += (size_t)1 << bits;
            }
            level = table + (*link >> 16);
            level_size = (size_t)1 << (*link >> 5 & 15);
            passed = first_bits;
        }
        for (size_t k = reversed >> passed; k < level_size; k += (size_t)1 << (length - passed))
            level[k] = entry;
        counts[length]--;
    }
    return true;
}

static bool make_tables(struct deflate_walk *walk, const uint8_t *lengths, unsigned symbols,
                        unsigned distances)
{
    return make_table(walk->symbols, WALK_SYMBOLS_SIZE, WALK_SYMBOLS_BITS, lengths, symbols,
                      LITERALS, match_lengths) &&
           make_table(walk->distances, WALK_DISTANCES_SIZE, WALK_DISTANCES_BITS, lengths + symbols,
                      distances, 0, match_distances);
}

static bool make_fixed_tables(struct deflate_walk *walk)
{
    uint8_t lengths[SYMBOLS + DISTANCES];
    memset(lengths, 8, 144);
    memset(lengths + 144, 9, 112);
    memset(lengths + 256, 7, 24);
    memset(lengths + 280, 8, 8);
    memset(lengths + SYMBOLS, 5, DISTANCES);
    return make_tables(walk, lengths, SYMBOLS, DISTANCES);
}

/* Reads the lengths of both codes, which are told as one list. */
static bool read_lengths(struct bits *bits, const uint32_t *table, uint8_t *lengths, unsigned count)
{
    unsigned done = 0;
    while (done < count) {
        static const struct {
            uint8_t bits, least;
        } repeats[] = {{2, 3}, {3, 3}, {7, 11}};
        bits_fill(bits);
        uint32_t entry = table[bits_see(bits, LENGTHS_BITS)];
        unsigned symbol = entry >> 16;
        uint32_t times = 1;
        uint8_t length = (uint8_t)symbol;
        if ((entry & ENTRY_LITERAL) == 0 || !bits_drop(bits, entry & 31))
            return false;
        if (symbol >= 16) {
            if (symbol == 16 && done == 0)
                return false;
            length = symbol == 16 ? lengths[done - 1] : 0;
            if (!bits_take(bits, repeats[symbol - 16].bits, &times))
                return false;
            times += repeats[symbol - 16].least;
        }
        if (times > count - done)
            return false;
        memset(lengths + done, length, times);
        done += times;
    }
    return true;
}

/* The header of a block with codes of its own. */
static bool read_tables(struct deflate_walk *walk, struct bits *bits)
{
    static const uint8_t order[LENGTHS] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                           11, 4,  12, 3, 13, 2, 14, 1, 15};
    uint32_t table[1 << LENGTHS_BITS];
    uint8_t lengths[SYMBOLS + DISTANCES] = {0};
    uint8_t code_lengths[LENGTHS] = {0};
    uint32_t symbols, distances, count;
    bits_fill(bits);
    if (!bits_take(bits, 5, &symbols) || !bits_take(bits, 5, &distances) ||
        !bits_take(bits, 4, &count))
        return false;
    symbols += 257;
    distances += 1;
    if (symbols > 286 || distances > 30)
        return false;
    for (unsigned i = 0; i < count + 4; i++) {
        uint32_t length;
        bits_fill(bits);
        if (!bits_take(bits, 3, &length))
            return false;
        code_lengths[order[i]] = (uint8_t)length;
    }
    unsigned longest;
    uint16_t counts[CODE_LENGTH_MOST + 1];
    /* This code alone may not be incomplete at all. */
    if (!count_lengths(code_lengths, LENGTHS, counts, &longest) ||
        (longest == 1 && counts[1] != 2) || longest == 0)
        return false;
    return make_table(table, sizeof table / sizeof table[0], LENGTHS_BITS, code_lengths, LENGTHS,
                      LENGTHS, NULL) &&
           read_lengths(bits, table, lengths, symbols + distances) &&
           lengths[256] != 0 && /* without an end there is no block */
           make_tables(walk, lengths, symbols, distances);
}

/* --- Blocks ----------------------------------------------------------------------------- */

/* The content, and how far it was found. */
struct found {
    const uint8_t *content;
    size_t size;
    size_t position;
};

/* Whether a match is right. All that it yields is in the content already, so it does not matter
 * that it may reach into itself. */
static inline bool is_match(const struct found *found, size_t length, size_t distance)
{
    const uint8_t *one = found->content + found->position;
    const uint8_t *other = one - distance;
    if (found->size - found->position < length + 8)
        return memcmp(one, other, length) == 0;
    while (length >= 8) {
        if (load_le64(one) != load_le64(other))
            return false;
        one += 8;
        other += 8;
        length -= 8;
    }
    uint64_t differences = load_le64(one) ^ load_le64(other);
    return (differences & ((UINT64_C(1) << 8 * length) - 1)) == 0;
}

/* The entry that the next bits lead to, whose code is dropped. 0: none. */
static inline uint32_t look_up(const uint32_t *table, unsigned first_bits, struct bits *bits)
{
    uint32_t entry = table[bits_see(bits, first_bits)];
    if ((entry & ENTRY_LINK) != 0)
        entry = table[(entry >> 16) +
                      ((uint32_t)(bits->held >> first_bits) & ((1U << (entry >> 5 & 15)) - 1))];
    return bits_drop(bits, entry & 31) ? entry : 0;
}

/* The least length or distance that the entry tells, and the extra bits behind its code. */
static inline bool read_value(struct bits *bits, uint32_t entry, size_t *value)
{
    unsigned extra = entry >> 5 & 15;
    *value = (entry >> 16) + bits_see(bits, extra);
    return (entry & ENTRY_MATCH) != 0 && bits_drop(bits, extra);
}

static bool walk_codes(const struct deflate_walk *walk, struct bits *given, struct found *found)
{
    /* A copy, which stays in registers. */
    struct bits bits = *given;
    for (;;) {
        /* 56 bits are the codes of three literals, or all of a match behind its first code. */
        bits_fill(&bits);
        uint32_t entry = look_up(walk->symbols, WALK_SYMBOLS_BITS, &bits);
        for (unsigned literals = 0; (entry & ENTRY_LITERAL) != 0; literals++) {
            if (found->position == found->size ||
                found->content[found->position] != (uint8_t)(entry >> 16))
                return false;
            found->position++;
            if (literals % 3 == 2)
                bits_fill(&bits);
            entry = look_up(walk->symbols, WALK_SYMBOLS_BITS, &bits);
        }
        if ((entry & ENTRY_END) != 0)
            break;
        size_t length, distance;
        bits_fill(&bits);
        if (!read_value(&bits, entry, &length))
            return false;
        entry = look_up(walk->distances, WALK_DISTANCES_BITS, &bits);
        if (!read_value(&bits, entry, &distance) || distance > found->position ||
            length > found->size - found->position || !is_match(found, length, distance))
            return false;
        found->position += length;
    }
    *given = bits;
    return true;
}

static bool walk_stored(struct bits *bits, struct found *found)
{
    uint32_t length, complement;
    if (!bits_drop(bits, bits->count % 8))
        return false;
    bits_fill(bits);
    if (!bits_take(bits, 16, &length) || !bits_take(bits, 16, &complement) ||
        (length ^ complement) != 0xFFFF)
        return false;
    /* Back to bytes. */
    bits->next -= bits->count / 8;
    bits->held = 0;
    bits->count = 0;
    if (length > (size_t)(bits->end - bits->next) || length > found->size - found->position ||
        (length > 0 && memcmp(bits->next, found->content + found->position, length) != 0))
        return false;
    bits->next += length;
    found->position += length;
    return true;
}

bool deflate_walk(struct deflate_walk *walk, const uint8_t *stream, size_t size,
                  const uint8_t *content, size_t content_size, struct deflate_last_block *last)
{
    struct bits bits = {.next = stream, .end = stream + size};
    struct found found = {.content = content, .size = content_size};
    uint32_t is_last, type;
    bool goes_on;
    do {
        bits_fill(&bits);
        last->begin = (uint64_t)(bits.next - stream) * 8 - bits.count;
        if (!bits_take(&bits, 1, &is_last) || !bits_take(&bits, 2, &type))
            return false;
        switch (type) {
        case 0:
            goes_on = walk_stored(&bits, &found);
            break;
        case 1:
            goes_on = make_fixed_tables(walk) && walk_codes(walk, &bits, &found);
            break;
        case 2:
            goes_on = read_tables(walk, &bits) && walk_codes(walk, &bits, &found);
            break;
        default:
            goes_on = false;
        }
        if (!goes_on)
            return false;
    } while (is_last == 0);
    last->end = (uint64_t)(bits.next - stream) * 8 - bits.count;
    return found.position == content_size;
}
