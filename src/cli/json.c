#include "cli/json.h"

#include "cli/figures.h"
#include "cli/screen.h"

#include <inttypes.h>

void json_add_name(struct text *text, const char *name, const char *value)
{
    text_format(text, "\"%s\":", name);
    if (text_add_json(text, value))
        return;
    text_format(text, ",\"%s_hex\":\"", name);
    for (const unsigned char *byte = (const unsigned char *)value; *byte; byte++)
        text_format(text, "%02x", *byte);
    text_add(text, "\"");
}

static void begin(struct text *text, const char *event, const struct item *item)
{
    text_format(text, "{\"event\":\"%s\",", event);
    json_add_name(text, "file", item_name(item));
}

static void add_total(struct text *text, uint64_t total)
{
    if (total > 0)
        text_format(text, ",\"bytes_total\":%" PRIu64, total);
    else
        text_add(text, ",\"bytes_total\":null");
}

static void print(struct text *text)
{
    text_add(text, "}\n");
    screen_print(text->bytes, text->length);
    text_free(text);
}

void json_start(const struct item *item)
{
    struct text text = {0};
    begin(&text, "start", item);
    add_total(&text, item->size);
    print(&text);
}

void json_progress(const struct item *item, const cinch_stats *stats)
{
    struct text text = {0};
    const uint64_t total = stats->bytes_total ? stats->bytes_total : item->size;
    begin(&text, "progress", item);
    text_format(&text, ",\"bytes_done\":%" PRIu64, stats->bytes_in);
    add_total(&text, total);
    if (total > 0)
        text_format(&text, ",\"percent\":%u", figures_percent(stats->bytes_in, total));
    else
        text_add(&text, ",\"percent\":null");
    text_format(&text, ",\"bytes_out\":%" PRIu64, stats->bytes_out);
    print(&text);
}

void json_add_done(struct text *text, const struct item *item)
{
    begin(text, "done", item);
    if (item->output) {
        text_add(text, ",");
        json_add_name(text, "output", item->output);
    }
    text_format(text,
                ",\"bytes_done\":%" PRIu64 ",\"bytes_total\":%" PRIu64
                ",\"percent\":100,\"bytes_out\":%" PRIu64 "}\n",
                item->stats.bytes_in, item->stats.bytes_in, item->stats.bytes_out);
}

void json_summary(uint64_t files, uint64_t bytes_in, uint64_t bytes_out, double seconds, int exit)
{
    struct text text = {0};
    text_format(&text,
                "{\"event\":\"summary\",\"files\":%" PRIu64 ",\"bytes_done\":%" PRIu64
                ",\"bytes_out\":%" PRIu64 ",\"seconds\":%.3f,\"exit\":%d",
                files, bytes_in, bytes_out, seconds, exit);
    print(&text);
}
