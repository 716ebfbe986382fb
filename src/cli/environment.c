#include "cli/environment.h"

#include "cli/message.h"
#include "cli/value.h"

#include <stdlib.h>
#include <string.h>

/* Reads a number from an environment variable. Returns whether it is set to one in range. */
static bool read_variable(const char *name, int64_t least, int64_t most, int64_t *number)
{
    const char *value = getenv(name);
    if (!value || *value == '\0')
        return false;
    if (value_number(value, least, most, number))
        return true;
    message_say(NULL, SEVERITY_NOTE, NULL, "ignoring %s='%s': not a number from %lld to %lld", name,
                value, (long long)least, (long long)most);
    return false;
}

static void apply_zstd(struct option_reading *reading)
{
    int64_t number;
    if (read_variable("ZSTD_CLEVEL", -131072, 22, &number) && number != 0) {
        reading->environment_level = number;
        /* zstd takes the higher levels from there without --ultra. */
    }
    if (read_variable("ZSTD_NBTHREADS", 0, 1024, &number))
        reading->settings->threads = (uint32_t)number;
}

/* Applies one word of GZIP. What could lose or misplace data is refused, as gzip does. */
static bool apply_gzip_word(struct option_reading *reading, const char *word)
{
    static const struct {
        const char *name;
        const char *letters;
    } long_words[] = {
        {"--fast", "1"},  {"--best", "9"},   {"--name", "N"},    {"--no-name", "n"},
        {"--quiet", "q"}, {"--silent", "q"}, {"--verbose", "v"}, {"--rsyncable", ""},
    };
    const char *letters = word[0] == '-' && word[1] != '-' && word[1] ? word + 1 : NULL;
    for (size_t i = 0; i < sizeof(long_words) / sizeof(long_words[0]); i++) {
        if (strcmp(word, long_words[i].name) == 0)
            letters = long_words[i].letters;
    }
    if (!letters || strspn(letters, "123456789nNqv") != strlen(letters)) {
        message_say(
            NULL, SEVERITY_ERROR, NULL,
            "'%s' is not allowed in the environment's GZIP: -1 to -9, -n, -N, -q and -v are", word);
        return false;
    }
    for (; *letters; letters++) {
        reading->level_goes_on = false;
        if (*letters == 'n' || *letters == 'N')
            reading->settings->naming = *letters == 'n' ? NAMING_NEVER : NAMING_ALWAYS;
        else if (*letters == 'q')
            reading->settings->verbosity--;
        else if (*letters == 'v')
            reading->settings->verbosity++;
        else
            option_apply_digit(reading, (uint32_t)(*letters - '0'));
    }
    return true;
}

static bool apply_gzip(struct option_reading *reading)
{
    const char *next = getenv("GZIP");
    while (next && *next) {
        char word[64] = "";
        next += strspn(next, " \t");
        const size_t length = strcspn(next, " \t");
        memcpy(word, next, length < sizeof(word) ? length : sizeof(word) - 1);
        if (length > 0 && !apply_gzip_word(reading, word))
            return false;
        next += length;
    }
    return true;
}

bool environment_apply(struct option_reading *reading)
{
    switch (reading->settings->family) {
    case FAMILY_CINCH:
    case FAMILY_ZSTD:
        apply_zstd(reading);
        return true;
    case FAMILY_GZIP:
        return apply_gzip(reading);
    default:
        return true;
    }
}
