#include "cli/suggest.h"

#include <string.h>

enum {
    WORD_LIMIT = 32
};

static size_t smaller(size_t one, size_t other)
{
    return one < other ? one : other;
}

size_t suggest_distance(const char *one, const char *other)
{
    /* The classic table: cell [i][j] is the distance of the first i letters of `one` from the
     * first j of `other`; swaps of neighbours need the row before the last. */
    size_t table[WORD_LIMIT + 1][WORD_LIMIT + 1];
    const size_t rows = strnlen(one, WORD_LIMIT);
    const size_t columns = strnlen(other, WORD_LIMIT);
    for (size_t i = 0; i <= rows; i++) {
        for (size_t j = 0; j <= columns; j++) {
            if (i == 0 || j == 0) {
                table[i][j] = i + j;
                continue;
            }
            size_t best = table[i - 1][j - 1] + (one[i - 1] != other[j - 1]);
            best = smaller(best, table[i - 1][j] + 1);
            best = smaller(best, table[i][j - 1] + 1);
            if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
                best = smaller(best, table[i - 2][j - 2] + 1);
            table[i][j] = best;
        }
    }
    return table[rows][columns];
}
