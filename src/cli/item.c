#include "cli/item.h"

#include "cli/memory.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct item *item_create(const char *input)
{
    struct item *item = memory_allocate(1, sizeof(*item));
    item->input = memory_copy(input);
    item->input_fd = -1;
    item->stats = (cinch_stats)CINCH_STATS_INIT;
    return item;
}

void item_free(struct item *item)
{
    if (!item)
        return;
    cinch_job_release(item->job);
    if (item->input_fd > STDERR_FILENO)
        close(item->input_fd);
    text_free(&item->report);
    free(item->output);
    free(item->input);
    free(item);
}

bool item_is_stdin(const struct item *item)
{
    return strcmp(item->input, "-") == 0;
}

const char *item_name(const struct item *item)
{
    return item_is_stdin(item) ? "standard input" : item->input;
}
