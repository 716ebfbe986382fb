/*
 * Findings: what the measurements found, row by row, for people and as JSON.
 *
 * A row belongs to a measurement and has fields, always the same ones in the same order for one
 * measurement. It is printed as a line of a Markdown table when it ends.
 */
#ifndef CINCH_BENCH_FINDINGS_H
#define CINCH_BENCH_FINDINGS_H

#include <stdint.h>
#include <stdio.h>

struct findings;

/* The rows go to standard output, and as JSON to the file `path`, unless that is NULL. Ends the
 * program where the file cannot be written. `input_bytes` is told beside the rows. */
struct findings *findings_open(const char *path, uint64_t input_bytes);

void findings_begin(struct findings *findings, const char *measurement);
void findings_text(struct findings *findings, const char *name, const char *value);
void findings_number(struct findings *findings, const char *name, double value);
void findings_end(struct findings *findings);

/* Writes what is left, and frees. */
void findings_close(struct findings *findings);

#endif
