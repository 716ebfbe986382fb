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

static const size_t BAR_LEAST = 8;
static const size_t BAR_MOST = 42;
static const size_t NAME_LEAST = 8;
static const size_t NAME_ENOUGH = 20; /* of a longer one, beside a bar */
static const size_t FIELD_GAP = 2;

struct sample {
    double time;
    uint64_t bytes;
};

/* What ratios are taken from; see ratio_follow(). */
struct ratio {
    uint64_t number; /* whose it is */
    uint64_t first_in;
    uint64_t first_out;
    uint64_t last_in;
    uint64_t last_out;
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
    struct ratio current_ratio; /* of the first line */
    struct ratio all_ratio;     /* of the second */
} display;

void display_setup(const struct settings *settings)
{
    clock_gettime(CLOCK_MONOTONIC, &display.start);
    display.live = settings->progress == PROGRESS_AUTO && display_is_watched(settings);
    display.ticking = display.live || settings->progress == PROGRESS_JSON;
    display.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    display.next_draw = DRAW_INTERVAL;
}

bool display_is_watched(const struct settings *settings)
{
    return settings->verbosity >= VERBOSITY_DEFAULT && settings->action != ACTION_LIST &&
           screen_is_terminal() && !(settings->to_stdout && isatty(STDOUT_FILENO));
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

/* --- Ratio ------------------------------------------------------------------------------ */

/*
 * Output counts once it is written, and by then more input has been read: all in would be held
 * against less than all out, and the ratio would look too good. Between two writes both grow
 * alike, so the ratio is taken from what came after the first one seen.
 */
static void ratio_follow(struct ratio *ratio, uint64_t number,
                         const struct display_progress *progress)
{
    if (ratio->number != number)
        *ratio = (struct ratio){.number = number};
    if (progress->bytes_out <= ratio->last_out)
        return;
    if (ratio->first_out == 0) {
        ratio->first_in = progress->bytes_done;
        ratio->first_out = progress->bytes_out;
    }
    ratio->last_in = progress->bytes_done;
    ratio->last_out = progress->bytes_out;
}

static void ratio_add(struct text *text, const struct ratio *ratio)
{
    const uint64_t in = ratio->last_in - ratio->first_in;
    const uint64_t out = ratio->last_out - ratio->first_out;
    figures_add_ratio(text, in > out ? in : out, in > out ? out : in);
}

/* --- One line --------------------------------------------------------------------------- */

/* What follows the bar, in this order. */
enum field {
    FIELD_PERCENT,
    FIELD_SPEED,
    FIELD_RATIO,
    FIELD_ETA,
    FIELD_COUNT
};

/* Each has a width of its own, so that the line does not jump about. */
static const size_t field_widths[FIELD_COUNT] = {5, 10, 5, 11};
static const size_t SIZE_COLUMNS = 8;

/* Which come first where there is not room for all. */
static const enum field field_order[FIELD_COUNT] = {FIELD_PERCENT, FIELD_ETA, FIELD_SPEED,
                                                    FIELD_RATIO};

/* How both lines are divided, in columns. */
struct layout {
    size_t name;
    size_t bar; /* its ends included; 0 = none */
    bool fields[FIELD_COUNT];
    size_t percent; /* of that field, which holds a size where no percent is known */
};

static size_t field_width(const struct layout *layout, enum field field)
{
    return field == FIELD_PERCENT ? layout->percent : field_widths[field];
}

static struct layout make_layout(size_t columns, size_t name_columns, bool has_bar)
{
    struct layout layout = {.percent = has_bar ? field_widths[FIELD_PERCENT] : SIZE_COLUMNS};
    size_t left = columns;
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        const size_t needed = field_width(&layout, field_order[i]) + FIELD_GAP;
        if (i > 0 && needed + NAME_LEAST > left)
            break;
        layout.fields[field_order[i]] = true;
        left = left > needed ? left - needed : 0;
    }
    layout.name = name_columns < left ? name_columns : left;
    const size_t name_enough = name_columns < NAME_ENOUGH ? name_columns : NAME_ENOUGH;
    if (has_bar && left >= name_enough + FIELD_GAP + BAR_LEAST) {
        /* A bar has its least before a long name has all it needs, and no more than its most. */
        const size_t name_most = left - FIELD_GAP - BAR_LEAST;
        if (layout.name > name_most)
            layout.name = name_most;
        layout.bar = left - FIELD_GAP - layout.name;
        if (layout.bar > BAR_MOST)
            layout.bar = BAR_MOST;
    }
    return layout;
}

static void make_fields(struct text fields[FIELD_COUNT], const struct display_progress *progress,
                        const struct ratio *ratio, double speed)
{
    const uint64_t done = progress->bytes_done;
    const uint64_t total = progress->bytes_total;
    if (total > 0)
        text_format(&fields[FIELD_PERCENT], "%u %%", figures_percent(done, total));
    else
        figures_add_size(&fields[FIELD_PERCENT], done);
    if (speed > 0)
        figures_add_speed(&fields[FIELD_SPEED], speed);
    ratio_add(&fields[FIELD_RATIO], ratio);
    if (progress->seconds >= 1 && speed > 0 && total > 0 && total >= done) {
        text_add(&fields[FIELD_ETA], "ETA ");
        figures_add_clock(&fields[FIELD_ETA], (double)(total - done) / speed);
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
    const size_t inner = columns - 2;
    size_t done = (size_t)(share * (double)inner * 8);
    if (done > inner * 8)
        done = inner * 8;
    const size_t full = done / 8;
    const size_t part = display.utf8 ? done % 8 : 0;
    text_add(text, display.utf8 ? "▕" : "[");
    if (screen_has_colour())
        text_add(text, "\x1b[36m");
    add_repeated(text, display.utf8 ? "█" : "#", full);
    text_add(text, eighths[part]);
    if (screen_has_colour())
        text_add(text, "\x1b[0m");
    add_repeated(text, display.utf8 ? " " : ".", inner - full - (part > 0));
    text_add(text, display.utf8 ? "▏" : "]");
}

/* Appends a line as `layout` divides it. `name` is printable. */
static void add_line(struct text *line, const struct layout *layout, const char *name,
                     const struct display_progress *progress, const struct ratio *ratio,
                     double speed)
{
    struct text fields[FIELD_COUNT] = {0};
    make_fields(fields, progress, ratio, speed);
    const size_t before = line->length;
    text_add_shortened(line, name, layout->name);
    add_repeated(line, " ", layout->name - text_columns(line->bytes + before));
    if (layout->bar > 0 && progress->bytes_total > 0) {
        add_repeated(line, " ", FIELD_GAP);
        add_bar(line, layout->bar, (double)progress->bytes_done / (double)progress->bytes_total);
    } else if (layout->bar > 0) {
        add_repeated(line, " ", FIELD_GAP + layout->bar);
    }
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        const size_t length = fields[i].length;
        if (layout->fields[i]) {
            add_repeated(line, " ", FIELD_GAP);
            /* Numbers to the right; the time stands last, and needs no filling. */
            if (i != FIELD_ETA && length < field_width(layout, i))
                add_repeated(line, " ", field_width(layout, i) - length);
            text_append(line, length ? fields[i].bytes : "", length);
        }
        text_free(&fields[i]);
    }
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
    struct display_progress all = state->all;
    all.seconds = now;
    const double speed = speed_now(now, all.bytes_done);
    sample_add(now, all.bytes_done);
    ratio_follow(&display.all_ratio, 0, &all);

    struct text frame = {0};
    struct text file = {0};
    struct text files = {0};
    text_add_printable(&file, state->file ? state->file : "");
    add_files_label(&files, state);
    size_t name_columns = text_columns(file.length ? file.bytes : "");
    if (state->several && text_columns(files.bytes) > name_columns)
        name_columns = text_columns(files.bytes);
    /* A line as wide as the screen would leave some terminals waiting to wrap. */
    const struct layout layout =
        make_layout(screen_columns() - 1, name_columns, all.bytes_total > 0);
    size_t lines = 0;
    if (state->file) {
        const struct display_progress *current = &state->current;
        const double own = state->several && current->seconds > 0
                               ? (double)current->bytes_done / current->seconds
                               : speed;
        ratio_follow(&display.current_ratio, state->file_number + 1, current);
        add_line(&frame, &layout, file.bytes, current, &display.current_ratio, own);
        lines++;
    }
    if (state->several) {
        text_add(&frame, lines ? "\r\n" : "");
        add_line(&frame, &layout, files.bytes, &all, &display.all_ratio, speed);
        lines++;
    }
    if (lines > 0)
        screen_live(frame.bytes, frame.length, lines);
    text_free(&files);
    text_free(&file);
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
