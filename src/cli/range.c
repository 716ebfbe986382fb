#include "cli/range.h"

#include "cli/copy.h"
#include "cli/memory.h"
#include "cli/message.h"
#include "cli/signals.h"
#include "cli/sources.h"
#include "cli/value.h"

#include <cinch/cinch.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const size_t PIECE = 1 << 20;

bool range_parse(const char *string, struct range *range)
{
    const char *colon = strchr(string, ':');
    if (!colon)
        return false;
    struct range parsed = {.given = true, .length = UINT64_MAX};
    char *offset = memory_format("%.*s", (int)(colon - string), string);
    bool valid = value_size(offset, &parsed.offset);
    free(offset);
    if (colon[1] != '\0')
        valid = valid && value_size(colon + 1, &parsed.length);
    if (valid)
        *range = parsed;
    return valid;
}

/* Writes the range of one open file. Returns whether the program may go on. */
static bool write_range(cinch_reader *reader, const char *name, const struct range *range,
                        char *buffer)
{
    const uint64_t size = (uint64_t)cinch_reader_size(reader);
    uint64_t offset = range->offset < size ? range->offset : size;
    uint64_t left = range->length < size - offset ? range->length : size - offset;
    while (left > 0) {
        int64_t got = cinch_reader_pread(reader, buffer, left < PIECE ? left : PIECE, offset);
        if (got <= 0) {
            message_say(NULL, SEVERITY_ERROR, name, "%s", cinch_strerror((int32_t)-got));
            return true;
        }
        const int error = copy_bytes(buffer, (size_t)got);
        if (error && error != EINTR)
            message_say(NULL, SEVERITY_ERROR, NULL, "cannot write to standard output: %s",
                        strerror(error));
        if (error)
            return false;
        offset += (uint64_t)got;
        left -= (uint64_t)got;
    }
    return true;
}

static bool write_entry(const struct settings *settings, const struct entry *entry, char *buffer)
{
    cinch_reader *reader;
    if (entry->is_stdin) {
        message_say(NULL, SEVERITY_ERROR, "standard input", "--range needs a file");
        return true;
    }
    if (entry->error) {
        message_say(NULL, SEVERITY_ERROR, entry->path, "%s", strerror(entry->error));
        return true;
    }
    int32_t error = cinch_reader_open(entry->path, &reader);
    if (error == CINCH_E_UNSUPPORTED)
        message_say(NULL, SEVERITY_ERROR, entry->path,
                    "this file has no index to find a range by: -dc decompresses it whole");
    else if (error != CINCH_OK)
        message_say(NULL, SEVERITY_ERROR, entry->path, "%s", cinch_strerror(error));
    if (error != CINCH_OK)
        return true;
    bool go_on = write_range(reader, entry->path, &settings->range, buffer);
    cinch_reader_close(reader);
    return go_on;
}

void range_run(const struct settings *settings)
{
    char *buffer = memory_allocate(PIECE, 1);
    struct sources *sources = sources_open(settings);
    struct entry entry;
    enum sources_state state;
    /* A list that has no more names yet is simply asked again: nothing else is going on. */
    while ((state = sources_next(sources, &entry)) != SOURCES_END && !signals_ending()) {
        if (state == SOURCES_FOUND && !write_entry(settings, &entry, buffer))
            break;
    }
    sources_close(sources);
    free(buffer);
    if (signals_ending())
        signals_raise(signals_ending());
}
