#include "cinch_dart.h"

#include <stdlib.h>

/* `Dart_CObject_kInt64`. */
enum {
    DART_INT64 = 3
};

/* Where a job's news go. Made with the job, and freed by its completion, which every job that was
 * accepted comes to: nothing here depends on the isolate's life. */
struct destination {
    cinch_dart_post_fn post;
    int64_t port;
    int32_t id;
    int32_t percent; /* posted last; -1 before the first. A job's callbacks never overlap. */
};

static void tell(const struct destination *destination, int32_t news)
{
    struct cinch_dart_value value = {
        .type = DART_INT64,
        .as.number = (int64_t)destination->id * ((int64_t)1 << 32) + news,
    };
    destination->post(destination->port, &value);
}

/* Whole percent below 100; -1 at the end, which completion tells. */
static int32_t percent_of(uint64_t done, uint64_t total)
{
    if (total == 0)
        return 0;
    if (done >= total)
        return -1;
    /* No file comes near the length where the product overflows; a lie about one must not either.
     */
    return (int32_t)(total <= UINT64_MAX / 100 ? done * 100 / total : done / (total / 100 + 1));
}

static void on_progress(void *user, uint64_t bytes_done, uint64_t bytes_total)
{
    struct destination *destination = user;
    int32_t percent = destination->percent < 0 ? 0 : percent_of(bytes_done, bytes_total);
    if (percent > destination->percent) {
        destination->percent = percent;
        tell(destination, percent);
    }
}

static void on_complete(void *user, int32_t error_code)
{
    struct destination *destination = user;
    tell(destination, -1 - error_code);
    free(destination);
}

int32_t cinch_dart_start(int32_t operation, const char *input, const char *output,
                         cinch_options *options, cinch_dart_post_fn post, int64_t port, int32_t id,
                         int32_t progress, cinch_job **job)
{
    struct destination *destination = malloc(sizeof(*destination));
    if (!destination)
        return CINCH_E_NO_MEMORY;
    *destination = (struct destination){.post = post, .port = port, .id = id, .percent = -1};

    options->on_progress = progress ? on_progress : NULL;
    options->on_complete = on_complete;
    options->user = destination;
    int32_t error_code = operation == CINCH_DART_DECOMPRESS
                             ? cinch_decompress(NULL, input, output, options, job)
                             : cinch_compress(NULL, input, output, options, job);
    if (error_code != CINCH_OK)
        free(destination);
    return error_code;
}

void cinch_dart_drop(cinch_job *job)
{
    (void)cinch_job_cancel(job);
    cinch_job_release(job);
}
