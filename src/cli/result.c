#include "cli/result.h"

#include "cli/display.h"
#include "cli/figures.h"
#include "cli/json.h"
#include "cli/message.h"
#include "cli/screen.h"

/* "file:\t 65.2% -- replaced with file.gz", the ratio being what was saved. */
static void add_gzip_line(struct text *line, const struct item *item,
                          const struct settings *settings)
{
    text_add_printable(line, item_name(item));
    text_add(line, ":\t");
    if (settings->action == ACTION_TEST) {
        text_add(line, " OK\n");
        return;
    }
    const uint64_t large =
        settings->action == ACTION_COMPRESS ? item->stats.bytes_in : item->stats.bytes_out;
    const uint64_t small =
        settings->action == ACTION_COMPRESS ? item->stats.bytes_out : item->stats.bytes_in;
    /* As gzip counts: without header and trailer, 18 bytes where no name is kept. */
    const double data = (double)small - 18;
    const double saved = large ? 100.0 * ((double)large - data) / (double)large : 0;
    text_format(line, "%5.1f%%", saved);
    if (item->output) {
        text_add(line, settings->keep ? " -- created " : " -- replaced with ");
        text_add_printable(line, item->output);
    }
    text_add(line, "\n");
}

static void add_line(struct text *line, const struct item *item, const struct settings *settings)
{
    text_add_printable(line, item_name(item));
    if (settings->action == ACTION_TEST) {
        text_add(line, ": OK, ");
        figures_add_size(line, item->stats.bytes_out);
        text_add(line, "\n");
        return;
    }
    if (item->output) {
        text_add(line, " -> ");
        text_add_printable(line, item->output);
    }
    text_add(line, ": ");
    display_add_result(line, item->stats.bytes_in, item->stats.bytes_out,
                       (double)item->stats.elapsed_ns / 1e9);
    text_add(line, "\n");
}

void result_report(struct item *item, const struct settings *settings)
{
    if (settings->action == ACTION_LIST)
        return; /* its row is its result: list.h */
    if (settings->progress == PROGRESS_JSON)
        json_add_done(&item->report, item);
    else if (settings->verbosity <= VERBOSITY_DEFAULT)
        return;
    else if (settings_like_gzip(settings))
        add_gzip_line(&item->report, item, settings);
    else
        add_line(&item->report, item, settings);
}

void result_summarise(const struct result_totals *totals, const struct settings *settings,
                      const char *only)
{
    const double seconds = display_elapsed();
    if (settings->progress == PROGRESS_JSON) {
        json_summary(totals->files, totals->bytes_in, totals->bytes_out, seconds,
                     (int)message_exit_code());
        return;
    }
    /* gzip and pigz end without a word; one file's line with -v is its summary. */
    const bool many = settings_are_many(settings);
    const bool wanted =
        settings->verbosity > VERBOSITY_DEFAULT ? many : display_is_watched(settings);
    if (!wanted || settings_like_gzip(settings) || settings->action == ACTION_LIST ||
        totals->files == 0)
        return;
    struct text line = {0};
    if (many) {
        figures_add_count(&line, totals->files);
        text_add(&line, totals->files == 1 ? " file: " : " files: ");
    } else {
        text_add_printable(&line, only);
        text_add(&line, ": ");
    }
    display_add_result(&line, totals->bytes_in, totals->bytes_out, seconds);
    text_add(&line, "\n");
    screen_print(line.bytes, line.length);
    text_free(&line);
}
