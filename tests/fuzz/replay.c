/*
 * Runs a fuzz target over files without libFuzzer: `replay FILE...`. A folder stands for the
 * files in it. So the seeds, and every input that was a finding once, are part of the tests,
 * with any compiler.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "fuzz.h"

/* Inputs beyond this are no seeds. */
#define SIZE_MOST ((size_t)16 << 20)

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(SIZE_MOST);
    int result = 1;

    if (file != NULL && bytes != NULL) {
        const size_t size = fread(bytes, 1, SIZE_MOST, file);
        /* A copy of exactly that size, so that reading on is seen by a sanitizer. */
        uint8_t *copy = malloc(size + (size == 0));
        if (!ferror(file) && copy != NULL) {
            memcpy(copy, bytes, size);
            LLVMFuzzerTestOneInput(copy, size);
            result = 0;
        }
        free(copy);
    }
    if (result != 0)
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
    free(bytes);
    if (file != NULL)
        fclose(file);
    return result;
}

static int replay_folder(DIR *folder, const char *path, size_t *count)
{
    const struct dirent *entry;
    int result = 0;

    while ((entry = readdir(folder)) != NULL) {
        char name[PATH_MAX];
        if (entry->d_name[0] == '.')
            continue;
        const int length = snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
        if (length < 0 || (size_t)length >= sizeof(name))
            return 1;
        result |= replay_file(name);
        ++*count;
    }
    return result;
}

int main(int argc, char **argv)
{
    size_t count = 0;
    int result = 0;

    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        if (folder != NULL) {
            result |= replay_folder(folder, argv[i], &count);
            closedir(folder);
        } else {
            result |= replay_file(argv[i]);
            count++;
        }
    }
    printf("%zu inputs\n", count);
    return count == 0 ? 1 : result;
}
