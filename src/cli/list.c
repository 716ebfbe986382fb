#include "cli/list.h"

#include "cli/figures.h"
#include "cli/json.h"
#include "cli/memory.h"
#include "cli/names.h"
#include "cli/original.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What the file itself says, beside the data in it. */
struct facts {
    uint32_t crc;      /* of the last member of a gzip file */
    time_t time;       /* of its header, else of the file */
    uint64_t overhead; /* bytes of gzip's header and trailer */
};

enum {
    HEADER_SIZE = 10, /* without a name, as of data from a pipe */
    TRAILER_SIZE = 8  /* RFC 1952: CRC-32 and length */
};

static uint32_t read_word(const unsigned char *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static uint32_t read_crc(const struct item *item)
{
    unsigned char trailer[TRAILER_SIZE] = {0};
    int descriptor = open(item->input, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (descriptor < 0)
        return 0;
    if (pread(descriptor, trailer, TRAILER_SIZE, item->status.st_size - TRAILER_SIZE) !=
        TRAILER_SIZE)
        memset(trailer, 0, TRAILER_SIZE);
    close(descriptor);
    return read_word(trailer);
}

static struct facts find_facts(const struct item *item)
{
    struct facts facts = {.time = item->status.st_mtime};
    if (item->stats.format != CINCH_FORMAT_GZIP)
        return facts;
    if (item->is_stdin) {
        facts.overhead = HEADER_SIZE + TRAILER_SIZE;
        return facts;
    }
    struct original original = original_read(item->input);
    facts.crc = read_crc(item);
    facts.overhead = original.header_size + TRAILER_SIZE;
    if (original.time >= 0)
        facts.time = (time_t)original.time;
    free(original.name);
    return facts;
}

static const char *format_name(int32_t format)
{
    static const char *const names[] = {"?", "zstd", "gzip", "zlib"};
    return names[format];
}

static const char *check_name(uint32_t check)
{
    switch (check) {
    case CINCH_CHECK_CRC32:
        return "CRC-32";
    case CINCH_CHECK_ADLER32:
        return "Adler-32";
    case CINCH_CHECK_XXH64:
        return "XXH64";
    case CINCH_CHECK_NONE:
        return "none";
    default:
        return "several";
    }
}

/* The name that the data would get. */
static void add_uncompressed_name(struct text *line, const struct item *item,
                                  const struct settings *settings)
{
    char *name = item->is_stdin ? memory_copy("stdout") : names_decompressed(settings, item->input);
    if (settings->naming == NAMING_ALWAYS && !item->is_stdin)
        name = original_restore(item->input, name);
    text_add_printable(line, name ? name : item->input);
    free(name);
}

/* --- As gzip does ----------------------------------------------------------------------- */

/* The ratio is what was saved, not counting the file's header and trailer. */
static void add_gzip_figures(struct text *line, uint64_t compressed, uint64_t uncompressed,
                             uint64_t overhead)
{
    const double data = (double)compressed - (double)overhead;
    const double saved =
        uncompressed ? 100.0 * ((double)uncompressed - data) / (double)uncompressed : 0;
    text_format(line, "%19" PRIu64 " %19" PRIu64 " %5.1f%% ", compressed, uncompressed, saved);
}

static void add_gzip_heading(struct text *line, const struct settings *settings)
{
    if (settings->verbosity < VERBOSITY_DEFAULT)
        return;
    if (settings->verbosity > VERBOSITY_DEFAULT)
        text_add(line, "method  crc     date  time  ");
    text_add(line, "         compressed        uncompressed  ratio uncompressed_name\n");
}

static void add_gzip_row(struct text *line, const struct item *item,
                         const struct settings *settings, struct list_totals *totals)
{
    const struct facts facts = find_facts(item);
    if (settings->verbosity > VERBOSITY_DEFAULT) {
        char when[32] = "";
        struct tm local;
        if (localtime_r(&facts.time, &local))
            strftime(when, sizeof(when), "%b %e %H:%M", &local);
        text_format(line, "%-5s %08" PRIx32 " %s ",
                    item->stats.format == CINCH_FORMAT_GZIP ? "defla"
                                                            : format_name(item->stats.format),
                    facts.crc, when);
    }
    add_gzip_figures(line, item->stats.bytes_in, item->stats.bytes_out, facts.overhead);
    totals->overhead = facts.overhead; /* the last one's, as gzip does */
    add_uncompressed_name(line, item, settings);
    text_add(line, "\n");
}

/* --- As JSON ---------------------------------------------------------------------------- */

static void add_json_row(struct text *line, const struct item *item)
{
    const cinch_stats *stats = &item->stats;
    text_add(line, "{");
    json_add_name(line, "file", item_name(item));
    text_format(line,
                ",\"format\":\"%s\",\"frames\":%" PRIu64 ",\"chunks\":%" PRIu64
                ",\"compressed\":%" PRIu64 ",\"uncompressed\":%" PRIu64 ",\"check\":\"%s\"}\n",
                format_name(stats->format), stats->frames, stats->chunks, stats->bytes_in,
                stats->bytes_out, check_name(stats->check));
}

/* --- In this program's own way ---------------------------------------------------------- */

static void add_cell(struct text *line, const struct text *cell, size_t width)
{
    for (size_t i = cell->length; i < width; i++)
        text_add(line, " ");
    text_add(line, cell->bytes ? cell->bytes : "");
}

static void add_figures(struct text *line, uint64_t compressed, uint64_t uncompressed)
{
    struct text cell = {0};
    figures_add_size(&cell, compressed);
    add_cell(line, &cell, 12);
    text_clear(&cell);
    figures_add_size(&cell, uncompressed);
    add_cell(line, &cell, 14);
    text_clear(&cell);
    figures_add_ratio(&cell, uncompressed, compressed);
    add_cell(line, &cell, 9);
    text_add(line, "  ");
    text_free(&cell);
}

static const char heading[] =
    "Format   Frames   Chunks  Compressed  Uncompressed    Ratio  Check     Name\n";

static void add_row(struct text *line, const struct item *item)
{
    const cinch_stats *stats = &item->stats;
    text_format(line, "%-6s %8" PRIu64 " %8" PRIu64, format_name(stats->format), stats->frames,
                stats->chunks);
    add_figures(line, stats->bytes_in, stats->bytes_out);
    text_format(line, "%-8s  ", check_name(stats->check));
    text_add_printable(line, item_name(item));
    text_add(line, "\n");
}

/* --- All -------------------------------------------------------------------------------- */

void list_print(const struct item *item, const struct settings *settings,
                struct list_totals *totals)
{
    struct text line = {0};
    const bool first = totals->files++ == 0;
    totals->compressed += item->stats.bytes_in;
    totals->uncompressed += item->stats.bytes_out;
    if (settings->json) {
        add_json_row(&line, item);
    } else if (settings_like_gzip(settings)) {
        if (first)
            add_gzip_heading(&line, settings);
        add_gzip_row(&line, item, settings, totals);
    } else {
        if (first && settings->verbosity >= VERBOSITY_DEFAULT)
            text_add(&line, heading);
        add_row(&line, item);
    }
    fwrite(line.bytes, 1, line.length, stdout);
    text_free(&line);
}

void list_end(const struct settings *settings, const struct list_totals *totals)
{
    struct text line = {0};
    /* gzip counts what it was given, also where that is missing or a directory. */
    const bool several = settings_like_gzip(settings)
                             ? settings->source_count > 1 && totals->files > 0
                             : totals->files > 1;
    if (settings->json || !several || settings->verbosity < VERBOSITY_DEFAULT)
        return;
    if (settings_like_gzip(settings)) {
        if (settings->verbosity > VERBOSITY_DEFAULT)
            text_add(&line, "                            ");
        add_gzip_figures(&line, totals->compressed, totals->uncompressed, totals->overhead);
        text_add(&line, "(totals)\n");
    } else {
        text_format(&line, "%-24s", "total");
        add_figures(&line, totals->compressed, totals->uncompressed);
        text_format(&line, "%-8s  ", "");
        figures_add_count(&line, totals->files);
        text_add(&line, " files\n");
    }
    fwrite(line.bytes, 1, line.length, stdout);
    text_free(&line);
}
