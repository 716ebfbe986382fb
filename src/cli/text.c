#include "cli/text.h"

#include "cli/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

static void text_reserve(struct text *text, size_t more)
{
    size_t needed = text->length + more + 1;
    if (needed <= text->capacity)
        return;
    size_t capacity = text->capacity ? text->capacity : 128;
    while (capacity < needed)
        capacity *= 2;
    text->bytes = memory_resize(text->bytes, capacity, 1);
    text->capacity = capacity;
}

void text_append(struct text *text, const char *bytes, size_t length)
{
    text_reserve(text, length);
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

void text_add(struct text *text, const char *string)
{
    text_append(text, string, strlen(string));
}

void text_format_list(struct text *text, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length > 0) {
        text_reserve(text, (size_t)length);
        vsnprintf(text->bytes + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
}

void text_format(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    text_format_list(text, format, arguments);
    va_end(arguments);
}

void text_clear(struct text *text)
{
    text->length = 0;
    if (text->bytes)
        text->bytes[0] = '\0';
}

void text_free(struct text *text)
{
    free(text->bytes);
    *text = (struct text){0};
}

/* --- Names ------------------------------------------------------------------------------ */

/* The letter of C's escape for a control character, or 0. */
static char escape_letter(unsigned char byte)
{
    static const char letters[] = "abtnvfr"; /* 7 to 13 */
    if (byte >= 7 && byte <= 13)
        return letters[byte - 7];
    return byte == 27 ? 'e' : 0;
}

static void text_add_escaped_byte(struct text *text, unsigned char byte)
{
    char letter = escape_letter(byte);
    if (letter)
        text_format(text, "\\%c", letter);
    else
        text_format(text, "\\x%02x", byte);
}

/* Characters without a shape that turn the text after them around (Unicode Bidi_Control): a
 * name that has them could show as another. */
static bool is_bidi_control(wchar_t character)
{
    return character == 0x061c || character == 0x200e || character == 0x200f ||
           (character >= 0x202a && character <= 0x202e) ||
           (character >= 0x2066 && character <= 0x2069);
}

void text_add_printable(struct text *text, const char *string)
{
    mbstate_t state = {0};
    size_t left = strlen(string);
    while (left > 0) {
        wchar_t character;
        size_t size = mbrtowc(&character, string, left, &state);
        if (size == (size_t)-1 || size == (size_t)-2 || size == 0) {
            text_add_escaped_byte(text, (unsigned char)*string);
            state = (mbstate_t){0};
            size = 1;
        } else if (iswprint((wint_t)character) && !is_bidi_control(character)) {
            text_append(text, string, size);
        } else if (size == 1) {
            text_add_escaped_byte(text, (unsigned char)*string);
        } else {
            text_format(text, character > 0xffff ? "\\U%08lx" : "\\u%04lx",
                        (unsigned long)character);
        }
        string += size;
        left -= size;
    }
}

/* --- Columns ---------------------------------------------------------------------------- */

/* Length in bytes of the first character of `string`, whose width goes to `columns`. */
static size_t character_measure(const char *string, size_t *columns)
{
    mbstate_t state = {0};
    wchar_t character;
    size_t size = mbrtowc(&character, string, strlen(string), &state);
    if (size == (size_t)-1 || size == (size_t)-2 || size == 0) {
        *columns = 1;
        return 1;
    }
    int width = wcwidth(character);
    *columns = width < 0 ? 1 : (size_t)width;
    return size;
}

size_t text_columns(const char *string)
{
    size_t total = 0;
    while (*string) {
        size_t columns;
        string += character_measure(string, &columns);
        total += columns;
    }
    return total;
}

void text_add_shortened(struct text *text, const char *string, size_t columns)
{
    size_t total = text_columns(string);
    if (total <= columns) {
        text_add(text, string);
        return;
    }
    const size_t dots = columns < 3 ? columns : 3;
    const size_t head = (columns - dots) / 2;
    const size_t tail = columns - dots - head;
    size_t taken = 0;
    const char *end = string;
    while (*end) {
        size_t width;
        size_t size = character_measure(end, &width);
        if (taken + width > head)
            break;
        taken += width;
        end += size;
    }
    text_append(text, string, (size_t)(end - string));
    text_append(text, "...", dots);
    /* The tail begins where what is left fits; combining characters stay with their base. */
    size_t rest = total - taken;
    while (*end && rest > tail) {
        size_t width;
        end += character_measure(end, &width);
        rest -= width;
    }
    text_add(text, end);
}

/* --- JSON ------------------------------------------------------------------------------- */

/* Length of the UTF-8 sequence that `bytes` begins with (RFC 3629), or 0 if it is none. */
static size_t utf8_length(const unsigned char *bytes)
{
    unsigned char first = bytes[0];
    if (first < 0x80)
        return 1;
    size_t length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    }
    /* No overlong forms, no surrogates, nothing past U+10FFFF. */
    if ((first == 0xe0 && bytes[1] < 0xa0) || (first == 0xed && bytes[1] > 0x9f) ||
        (first == 0xf0 && bytes[1] < 0x90) || (first == 0xf4 && bytes[1] > 0x8f))
        return 0;
    return length;
}

bool text_add_json(struct text *text, const char *string)
{
    bool valid = true;
    const unsigned char *bytes = (const unsigned char *)string;
    text_add(text, "\"");
    while (*bytes) {
        size_t length = utf8_length(bytes);
        if (length == 0) {
            text_add(text, "\xef\xbf\xbd");
            valid = false;
            length = 1;
        } else if (*bytes == '"' || *bytes == '\\') {
            text_format(text, "\\%c", *bytes);
        } else if (*bytes < 0x20 || *bytes == 0x7f) {
            text_format(text, "\\u%04x", *bytes);
        } else {
            text_append(text, (const char *)bytes, length);
        }
        bytes += length;
    }
    text_add(text, "\"");
    return valid;
}
