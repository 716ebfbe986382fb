#include "cli/figures.h"

#include <inttypes.h>
#include <stdio.h>

static void add_three_digits(struct text *text, double value)
{
    /* The bounds are where rounding would show one digit more. */
    int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    text_format(text, "%.*f", decimals, value);
}

static void add_bytes(struct text *text, double bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    size_t unit = 0;
    /* 1000 rather than 1024: "1000 KiB" would have four digits. */
    while (bytes >= 999.5 && unit + 1 < sizeof(units) / sizeof(units[0])) {
        bytes /= 1024;
        unit++;
    }
    if (unit == 0)
        text_format(text, "%.0f", bytes);
    else
        add_three_digits(text, bytes);
    text_format(text, " %s", units[unit]);
}

void figures_add_size(struct text *text, uint64_t bytes)
{
    add_bytes(text, (double)bytes);
}

void figures_add_speed(struct text *text, double bytes_per_second)
{
    add_bytes(text, bytes_per_second);
    text_add(text, "/s");
}

void figures_add_ratio(struct text *text, uint64_t larger, uint64_t smaller)
{
    if (larger == 0 || smaller == 0)
        return;
    text_add(text, "x");
    add_three_digits(text, (double)larger / (double)smaller);
}

void figures_add_clock(struct text *text, double seconds)
{
    static const uint64_t MINUTE = 60;
    static const uint64_t HOUR = 3600;
    static const uint64_t DAY = 86400;
    if (seconds >= 100.0 * (double)DAY) {
        text_add(text, "99 d");
        return;
    }
    const uint64_t whole = (uint64_t)(seconds + 0.5);
    if (whole >= 2 * DAY)
        text_format(text, "%" PRIu64 " d", whole / DAY);
    else if (whole >= HOUR)
        text_format(text, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, whole / HOUR,
                    whole % HOUR / MINUTE, whole % MINUTE);
    else
        text_format(text, "%" PRIu64 ":%02" PRIu64, whole / MINUTE, whole % MINUTE);
}

void figures_add_duration(struct text *text, double seconds)
{
    if (seconds >= 99.5) {
        figures_add_clock(text, seconds);
        return;
    }
    add_three_digits(text, seconds);
    text_add(text, " s");
}

void figures_add_count(struct text *text, uint64_t count)
{
    if (count >= 1000) {
        figures_add_count(text, count / 1000);
        text_format(text, ",%03" PRIu64, count % 1000);
    } else {
        text_format(text, "%" PRIu64, count);
    }
}

unsigned figures_percent(uint64_t part, uint64_t whole)
{
    if (part >= whole)
        return 100;
    /* In double: part * 100 may not fit, and a percent needs no more digits than it has. */
    return (unsigned)((double)part * 100.0 / (double)whole);
}
