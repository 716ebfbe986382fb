/*
 * Every failure of the target `calls`, one after the other, for each of the files given or in the
 * folders given: the first call that may fail fails, then the second, until none is left to fail;
 * each once and from then on. What is in the files' control bytes about failures is overruled.
 */
#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "fuzz.h"

enum {
    INPUT_MOST = 256
};

/* Whether something was made to fail in the last run. */
bool fuzz_calls_has_failed(void);

static size_t sweep(uint8_t *bytes, size_t size, uint8_t how_often)
{
    size_t runs = 0;

    do {
        REQUIRE(runs < UINT16_MAX);
        bytes[0] |= 15;
        bytes[1] = how_often;
        bytes[2] = (uint8_t)runs;
        bytes[3] = (uint8_t)(runs >> 8);
        LLVMFuzzerTestOneInput(bytes, size);
        runs++;
    } while (fuzz_calls_has_failed());
    return runs;
}

int main(int argc, char **argv)
{
    size_t runs = 0;

    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        const struct dirent *entry;
        REQUIRE(folder != NULL);
        while ((entry = readdir(folder)) != NULL) {
            uint8_t bytes[INPUT_MOST];
            char name[PATH_MAX];
            if (entry->d_name[0] == '.')
                continue;
            const int length = snprintf(name, sizeof(name), "%s/%s", argv[i], entry->d_name);
            REQUIRE(length > 0 && (size_t)length < sizeof(name));
            FILE *file = fopen(name, "rb");
            REQUIRE(file != NULL);
            const size_t size = fread(bytes, 1, sizeof(bytes), file);
            (void)fclose(file);
            REQUIRE(size >= 4);
            runs += sweep(bytes, size, 1) + sweep(bytes, size, 2);
        }
        closedir(folder);
    }
    printf("%zu runs\n", runs);
    return runs == 0;
}
