/*
 * text.h - a growing piece of text, and what may be shown of a file's name
 *
 * A zeroed struct text is empty and ready for use; text_free() gives its memory back and makes
 * it empty again. `bytes` is NUL-terminated whenever `length` is not 0. Main thread only.
 */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct text {
    char *bytes;
    size_t length;
    size_t capacity;
};

void text_append(struct text *text, const char *bytes, size_t length);
void text_add(struct text *text, const char *string);
void text_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_format_list(struct text *text, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
void text_clear(struct text *text);
void text_free(struct text *text);

/*
 * Appends `string` so that it can be shown on any terminal: what the locale calls not
 * printable, control characters, line ends, escapes and bytes that are no character, becomes
 * \n, \t and their like, \u202e, or \x9b. A backslash stays as it is.
 */
void text_add_printable(struct text *text, const char *string);

/*
 * The number of terminal columns that a printable string takes: wide characters two,
 * combining ones none.
 */
size_t text_columns(const char *string);

/*
 * Appends a printable string in at most `columns` columns: one that is wider loses its middle,
 * which says least in a path, to "...".
 */
void text_add_shortened(struct text *text, const char *string, size_t columns);

/* Appends `string` as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
 * Returns whether the string was UTF-8 throughout. */
bool text_add_json(struct text *text, const char *string);

#endif
