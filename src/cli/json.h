/*
 * json.h - --progress=json: one object a line on standard error, for programs that wrap this one
 *
 *     {"event":"start","file":F,"bytes_total":N}
 *     {"event":"progress","file":F,"bytes_done":N,"bytes_total":N,"percent":P,"bytes_out":N}
 *     {"event":"done","file":F,"output":O,"bytes_done":N,"bytes_total":N,"percent":100,"bytes_out":N}
 *     {"event":"note"|"warning"|"error","file":F,"message":M}                     (message.h)
 *     {"event":"summary","files":N,"bytes_done":N,"bytes_out":N,"seconds":S,"exit":C}
 *
 * bytes_total and percent are null while they are unknown. A name that is not UTF-8 has
 * U+FFFD in "file" where it is not, and all its bytes as hexadecimal digits in "file_hex".
 * "start" and "progress" come when they happen, the others in the order of the arguments.
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include "cli/item.h"
#include "cli/text.h"

void json_start(const struct item *item);
void json_progress(const struct item *item, const cinch_stats *stats);
void json_add_done(struct text *text, const struct item *item);
void json_summary(uint64_t files, uint64_t bytes_in, uint64_t bytes_out, double seconds, int exit);

/* Appends "name":"..." and, where the bytes are not UTF-8, "name_hex":"...". */
void json_add_name(struct text *text, const char *name, const char *value);

#endif
