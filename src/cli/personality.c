#include "cli/personality.h"

#include <cinch/cinch.h>

#include <string.h>

static const struct {
    const char *name;
    enum family family;
    enum action action;
    bool to_stdout;
    bool force; /* zstdcat passes through what is not compressed */
} personalities[] = {
    {"cinch", FAMILY_CINCH, ACTION_COMPRESS, false, false},
    {"uncinch", FAMILY_CINCH, ACTION_DECOMPRESS, false, false},
    {"gzip", FAMILY_GZIP, ACTION_COMPRESS, false, false},
    {"gunzip", FAMILY_GZIP, ACTION_DECOMPRESS, false, false},
    {"zcat", FAMILY_GZIP, ACTION_DECOMPRESS, true, false},
    {"pigz", FAMILY_PIGZ, ACTION_COMPRESS, false, false},
    {"unpigz", FAMILY_PIGZ, ACTION_DECOMPRESS, false, false},
    {"zstd", FAMILY_ZSTD, ACTION_COMPRESS, false, false},
    {"unzstd", FAMILY_ZSTD, ACTION_DECOMPRESS, false, false},
    {"zstdcat", FAMILY_ZSTD, ACTION_DECOMPRESS, true, true},
};

void personality_apply(const char *path, struct settings *settings)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    size_t found = 0; /* cinch */
    for (size_t i = 0; i < sizeof(personalities) / sizeof(personalities[0]); i++) {
        if (strcmp(name, personalities[i].name) == 0)
            found = i;
    }
    settings->program = *name ? name : personalities[found].name;
    settings->family = personalities[found].family;
    settings->action = personalities[found].action;
    settings->to_stdout = personalities[found].to_stdout;
    settings->force = personalities[found].force;
    settings->keep = !settings_like_gzip(settings);
    if (!settings_like_gzip(settings))
        settings->flags |= CINCH_FLAG_SPARSE;
    if (settings_like_gzip(settings))
        settings->format = CINCH_FORMAT_GZIP;
}

enum severity personality_severity(enum family family, enum refusal refusal)
{
    /* As the stock programs exit: gzip 2 for most, pigz and zstd 1. */
    static const enum severity severities[REFUSAL_COUNT][4] = {
        /*                          cinch, gzip, pigz, zstd */
        [REFUSAL_DIRECTORY] = {SEVERITY_WARNING, SEVERITY_WARNING, SEVERITY_ERROR, SEVERITY_ERROR},
        [REFUSAL_LINK] = {SEVERITY_WARNING, SEVERITY_ERROR, SEVERITY_ERROR, SEVERITY_ERROR},
        [REFUSAL_FILE_TYPE] = {SEVERITY_WARNING, SEVERITY_WARNING, SEVERITY_ERROR, SEVERITY_ERROR},
        [REFUSAL_HARD_LINKS] = {SEVERITY_WARNING, SEVERITY_WARNING, SEVERITY_ERROR, SEVERITY_ERROR},
        [REFUSAL_SPECIAL_BITS] = {SEVERITY_WARNING, SEVERITY_WARNING, SEVERITY_ERROR,
                                  SEVERITY_ERROR},
        [REFUSAL_EXISTS] = {SEVERITY_WARNING, SEVERITY_WARNING, SEVERITY_ERROR, SEVERITY_ERROR},
        [REFUSAL_HAS_SUFFIX] = {SEVERITY_NOTE, SEVERITY_NOTE, SEVERITY_ERROR, SEVERITY_NOTE},
        [REFUSAL_UNKNOWN_SUFFIX] = {SEVERITY_WARNING, SEVERITY_WARNING, SEVERITY_ERROR,
                                    SEVERITY_ERROR},
        [REFUSAL_TRAILING] = {SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_DETAIL, SEVERITY_ERROR},
    };
    return severities[refusal][family];
}
