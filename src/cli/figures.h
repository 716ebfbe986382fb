/*
 * figures.h - sizes, speeds, shares and times as people read them
 *
 * Each appends to a text; none takes more than 10 columns for values met in practice.
 */
#ifndef CLI_FIGURES_H
#define CLI_FIGURES_H

#include "cli/text.h"

#include <stdint.h>

/* "999 B", "1.21 GiB": three digits. */
void figures_add_size(struct text *text, uint64_t bytes);

/* "536 MiB/s". */
void figures_add_speed(struct text *text, double bytes_per_second);

/* What compression is measured by, the larger number first: "x4.11". Nothing if one is 0. */
void figures_add_ratio(struct text *text, uint64_t larger, uint64_t smaller);

/* "0:07", "12:34", "1:02:03"; "99 d" for long ones. */
void figures_add_clock(struct text *text, double seconds);

/* "0.84 s", "12.3 s", "2:03". */
void figures_add_duration(struct text *text, double seconds);

/* A number with its digits in groups of three: "10,000". */
void figures_add_count(struct text *text, uint64_t count);

/* Whole percent of `whole`, rounded down; 100 for 0 of 0. */
unsigned figures_percent(uint64_t part, uint64_t whole);

#endif
