#include "cli/display.h"

#include "cli/figures.h"
#include "cli/message.h"
#include "cli/screen.h"

#include <langinfo.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const double DRAW_INTERVAL = 0.1; /* seconds */

/* Speeds are those of the last SAMPLE_COUNT intervals, five seconds: long enough not to
 * flicker, short enough to follow a change. */
enum {
    SAMPLE_COUNT = 50
};

static const size_t BAR_LEAST = 6;
static const size_t BAR_MOST = 40;
static const size_t NAME_LEAST = 8;

struct sample {
    double time;
    uint64_t bytes;
};

static struct {
    bool live;    /* there are live lines */
    bool ticking; /* display_draw() is wanted ten times a second */
    bool utf8;
    struct timespec start;
    double next_draw;
    struct sample samples[SAMPLE_COUNT]; /* a ring; the newest is at (sample_end - 1) */
    size_t sample_end;
    size_t sample_used;
} display;

void display_setup(const struct settings *settings)
{
    clock_gettime(CLOCK_MONOTONIC, &display.start);
    display.live = settings->progress == PROGRESS_AUTO && settings->action != ACTION_LIST &&
                   settings->verbosity >= VERBOSITY_DEFAULT && screen_is_terminal();
    display.ticking = display.live || settings->progress == PROGRESS_JSON;
    display.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    display.next_draw = DRAW_INTERVAL;
}

double display_elapsed(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - display.start.tv_sec) +
           (double)(now.tv_nsec - display.start.tv_nsec) / 1e9;
}

int display_delay(void)
{
    if (!display.ticking)
        return -1;
    const double delay = display.next_draw - display_elapsed();
    return delay <= 0 ? 0 : (int)(delay * 1000) + 1;
}

/* --- Speed ------------------------------------------------------------------------------ */

static void sample_add(double time, uint64_t bytes)
{
    display.samples[display.sample_end] = (struct sample){time, bytes};
    display.sample_end = (display.sample_end + 1) % SAMPLE_COUNT;
    if (display.sample_used < SAMPLE_COUNT)
        display.sample_used++;
}

/* Bytes of input a second, over the samples held; from the start while there are few. */
static double speed_now(double time, uint64_t bytes)
{
    struct sample oldest = {0, 0};
    if (display.sample_used == SAMPLE_COUNT)
        oldest = display.samples[display.sample_end];
    if (time - oldest.time <= 0 || bytes < oldest.bytes)
        return 0;
    return (double)(bytes - oldest.bytes) / (time - oldest.time);
}

/* --- One line --------------------------------------------------------------------------- */

/* What follows the bar, in this order; dropped from the end where the screen is narrow. */
enum field {
    FIELD_PERCENT,
    FIELD_ETA,
    FIELD_SPEED,
    FIELD_RATIO,
    FIELD_COUNT
};

/* Each field is aligned to a width of its own, so that the line does not jump about. */
static const size_t field_widths[FIELD_COUNT] = {5, 11, 10, 5};

static void make_fields(struct text fields[FIELD_COUNT], const struct display_progress *progress,
                        double speed, double elapsed)
{
    if (progress->bytes_total > 0)
        text_format(&fields[FIELD_PERCENT], "%u %%",
                    figures_percent(progress->bytes_done, progress->bytes_total));
    else
        figures_add_size(&fields[FIELD_PERCENT], progress->bytes_done);
    figures_add_speed(&fields[FIELD_SPEED], speed);
    if (progress->bytes_out > 0 && progress->bytes_done > progress->bytes_out)
        figures_add_ratio(&fields[FIELD_RATIO], progress->bytes_done, progress->bytes_out);
    if (elapsed >= 1 && speed > 0 && progress->bytes_total >= progress->bytes_done &&
        progress->bytes_total > 0) {
        text_add(&fields[FIELD_ETA], "ETA ");
        figures_add_clock(&fields[FIELD_ETA],
                          (double)(progress->bytes_total - progress->bytes_done) / speed);
    }
}

static void add_repeated(struct text *text, const char *string, size_t count)
{
    while (count-- > 0)
        text_add(text, string);
}

/* A bar of `columns` columns; in UTF-8 it grows by eighths. */
static void add_bar(struct text *text, size_t columns, double share)
{
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    size_t done = (size_t)(share * (double)columns * 8);
    if (done > columns * 8)
        done = columns * 8;
    const size_t full = done / 8;
    const size_t part = done % 8;
    if (screen_has_colour())
        text_add(text, "\x1b[36m");
    add_repeated(text, display.utf8 ? "█" : "#", full);
    if (display.utf8)
        text_add(text, eighths[part]);
    const size_t used = full + (display.utf8 && part > 0);
    if (screen_has_colour())
        text_add(text, "\x1b[0m");
    add_repeated(text, display.utf8 ? " " : ".", columns - used);
}

static void add_field(struct text *line, const struct text *field, size_t width)
{
    text_add(line, "  ");
    if (field->length < width)
        add_repeated(line, " ", width - field->length);
    text_append(line, field->length ? field->bytes : "", field->length);
}

/* Appends a line that is at most `columns` wide. `name` is printable. */
static void add_line(struct text *line, const char *name, size_t columns,
                     const struct display_progress *progress, double speed, double elapsed)
{
    struct text fields[FIELD_COUNT] = {0};
    make_fields(fields, progress, speed, elapsed);

    /* As many fields as leave room for a name, in the order of their use. */
    size_t count = 0;
    size_t taken = 0;
    while (count < FIELD_COUNT) {
        const size_t width = field_widths[count] + 2;
        if (count > 0 && taken + width + NAME_LEAST > columns)
            break;
        taken += width;
        count++;
    }
    const size_t left = columns > taken ? columns - taken : 0;
    const size_t name_columns = text_columns(name);
    size_t bar = 0;
    if (progress->bytes_total > 0 && left > NAME_LEAST + BAR_LEAST + 2) {
        /* The name gets what it needs, up to half of the room. */
        const size_t name_room = name_columns < left / 2 ? name_columns : left / 2;
        bar = left - name_room - 2;
        bar = bar > BAR_MOST ? BAR_MOST : bar;
    }
    const size_t name_most = bar > 0 ? left - bar - 2 : left;
    const size_t before = line->length;
    text_add_shortened(line, name, name_most);
    const size_t shown = text_columns(line->bytes + before);
    if (bar > 0) {
        add_repeated(line, " ", name_most - shown + 2);
        add_bar(line, bar, (double)progress->bytes_done / (double)progress->bytes_total);
    } else {
        add_repeated(line, " ", name_most - shown);
    }
    for (size_t i = 0; i < count; i++)
        add_field(line, &fields[i], field_widths[i]);
    for (size_t i = 0; i < FIELD_COUNT; i++)
        text_free(&fields[i]);
}

/* "12 of 1,234 files"; "12 of 1,234+ files" while more are being found. */
static void add_files_label(struct text *text, const struct display_state *state)
{
    figures_add_count(text, state->files_done);
    text_add(text, " of ");
    figures_add_count(text, state->files);
    text_add(text, state->files_known ? " files" : "+ files");
}

/* A program in the background does not draw over what somebody is doing. */
static bool is_in_foreground(void)
{
    return tcgetpgrp(STDERR_FILENO) == getpgrp();
}

/* --- The whole -------------------------------------------------------------------------- */

void display_draw(const struct display_state *state)
{
    const double now = display_elapsed();
    display.next_draw = now + DRAW_INTERVAL;
    if (!display.live || !is_in_foreground())
        return;
    const double speed = speed_now(now, state->all.bytes_done);
    sample_add(now, state->all.bytes_done);

    /* A line as wide as the screen would leave some terminals waiting to wrap. */
    const size_t columns = screen_columns() - 1;
    struct text frame = {0};
    struct text name = {0};
    size_t lines = 0;
    if (state->file) {
        text_add_printable(&name, state->file);
        add_line(&frame, name.bytes, columns, &state->current, speed, now);
        lines++;
    }
    if (state->several) {
        text_clear(&name);
        add_files_label(&name, state);
        text_add(&frame, lines ? "\r\n" : "");
        add_line(&frame, name.bytes, columns, &state->all, speed, now);
        lines++;
    }
    if (lines > 0)
        screen_live(frame.bytes, frame.length, lines);
    text_free(&name);
    text_free(&frame);
}

void display_status(const struct display_state *state)
{
    const double now = display_elapsed();
    const struct display_progress *all = &state->all;
    struct text line = {0};
    if (state->several)
        add_files_label(&line, state);
    else if (state->file)
        text_add_printable(&line, state->file);
    text_add(&line, ": ");
    if (all->bytes_total > 0)
        text_format(&line, "%u %%, ", figures_percent(all->bytes_done, all->bytes_total));
    display_add_result(&line, all->bytes_done, all->bytes_out, now);
    text_add(&line, "\n");
    screen_print(line.bytes, line.length);
    text_free(&line);
}

void display_add_result(struct text *text, uint64_t bytes_in, uint64_t bytes_out, double seconds)
{
    figures_add_size(text, bytes_in);
    text_add(text, " => ");
    figures_add_size(text, bytes_out);
    if (bytes_in > 0)
        text_format(text, " (%.1f %%)", (double)bytes_out * 100.0 / (double)bytes_in);
    text_add(text, " in ");
    figures_add_duration(text, seconds);
    if (seconds > 0) {
        text_add(text, ", ");
        figures_add_speed(text, (double)bytes_in / seconds);
    }
}
