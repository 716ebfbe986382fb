#include "format/xxh64.h"

#include <string.h>

#include "format/bytes.h"

#define PRIME_1 UINT64_C(0x9E3779B185EBCA87)
#define PRIME_2 UINT64_C(0xC2B2AE3D27D4EB4F)
#define PRIME_3 UINT64_C(0x165667B19E3779F9)
#define PRIME_4 UINT64_C(0x85EBCA77C2B2AE63)
#define PRIME_5 UINT64_C(0x27D4EB2F165667C5)

enum {
    LANES = XXH64_LANES,
    LANE_SIZE = 8,
    STRIPE_SIZE = LANES * LANE_SIZE
};

static uint64_t rotate_left(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

static uint64_t mix_lane(uint64_t accumulator, uint64_t lane)
{
    return rotate_left(accumulator + lane * PRIME_2, 31) * PRIME_1;
}

/* Takes the whole stripes of `size` bytes. */
static void take_stripes(uint64_t accumulators[LANES], const uint8_t *data, size_t size)
{
    for (; size >= STRIPE_SIZE; size -= STRIPE_SIZE, data += STRIPE_SIZE)
        for (size_t i = 0; i < LANES; i++)
            accumulators[i] = mix_lane(accumulators[i], load_le64(data + i * LANE_SIZE));
}

static uint64_t merge_lanes(const uint64_t accumulators[LANES])
{
    static const unsigned rotations[LANES] = {1, 7, 12, 18};
    uint64_t hash = 0;
    for (size_t i = 0; i < LANES; i++)
        hash += rotate_left(accumulators[i], rotations[i]);
    for (size_t i = 0; i < LANES; i++)
        hash = (hash ^ mix_lane(0, accumulators[i])) * PRIME_1 + PRIME_4;
    return hash;
}

/* The hash of `total` bytes, of which the last `left`, less than a stripe, are at `data`. */
static uint64_t finish(const uint64_t accumulators[LANES], uint64_t total, const uint8_t *data,
                       size_t left)
{
    uint64_t hash = total >= STRIPE_SIZE ? merge_lanes(accumulators) : PRIME_5;

    hash += total;
    for (; left >= 8; left -= 8, data += 8)
        hash = rotate_left(hash ^ mix_lane(0, load_le64(data)), 27) * PRIME_1 + PRIME_4;
    for (; left >= 4; left -= 4, data += 4)
        hash = rotate_left(hash ^ load_le32(data) * PRIME_1, 23) * PRIME_2 + PRIME_3;
    for (; left > 0; left--, data++)
        hash = rotate_left(hash ^ *data * PRIME_5, 11) * PRIME_1;

    hash = (hash ^ hash >> 33) * PRIME_2;
    hash = (hash ^ hash >> 29) * PRIME_3;
    return hash ^ hash >> 32;
}

void xxh64_begin(struct xxh64 *state)
{
    *state = (struct xxh64){.accumulators = {PRIME_1 + PRIME_2, PRIME_2, 0, -PRIME_1}};
}

void xxh64_add(struct xxh64 *state, const uint8_t *data, size_t size)
{
    size_t begun = (size_t)(state->total % STRIPE_SIZE);

    if (size == 0)
        return; /* where `data` may be NULL */
    state->total += size;
    if (begun > 0) {
        size_t missing = STRIPE_SIZE - begun;
        size_t count = size < missing ? size : missing;
        memcpy(state->begun + begun, data, count);
        if (count < missing)
            return;
        take_stripes(state->accumulators, state->begun, STRIPE_SIZE);
        data += count;
        size -= count;
    }
    take_stripes(state->accumulators, data, size);
    if (size % STRIPE_SIZE > 0)
        memcpy(state->begun, data + (size - size % STRIPE_SIZE), size % STRIPE_SIZE);
}

uint64_t xxh64_end(const struct xxh64 *state)
{
    return finish(state->accumulators, state->total, state->begun,
                  (size_t)(state->total % STRIPE_SIZE));
}

uint64_t xxh64(const uint8_t *data, size_t size)
{
    struct xxh64 state;
    size_t left = size % STRIPE_SIZE;

    xxh64_begin(&state);
    take_stripes(state.accumulators, data, size);
    return finish(state.accumulators, size, left > 0 ? data + (size - left) : NULL, left);
}
