#include "transfer.h"

#include <poll.h>
#include <stdlib.h>

/* How often a FIFO without a reader is tried again: the system has no event for one coming. */
#define OPEN_RETRY_MS 10

static const struct transfer_kind *kind_of(const struct request *request)
{
    const cinch_options *options = &request->options;
    if (request->operation != OPERATION_COMPRESS)
        return &decompress_kind;
    bool is_single = (options->flags & CINCH_FLAG_SINGLE_STREAM) != 0 || options->window_log != 0;
    return is_single && options->format == CINCH_FORMAT_ZSTD ? &compress_single_kind
                                                             : &compress_kind;
}

int32_t transfer_init(struct transfer *transfer)
{
    transfer->kind = kind_of(&transfer->request);
    transfer->input = (struct input)INPUT_CLOSED;
    transfer->output = (struct output)OUTPUT_CLOSED;
    transfer->pipeline.owner = transfer;
    int32_t code = pipeline_init(&transfer->pipeline);
    if (code == CINCH_OK && transfer->request.refusal != CINCH_OK) {
        struct failure failure = {.code = transfer->request.refusal};
        failure_latch_set(&transfer->failure, &failure);
        atomic_init(&transfer->pipeline.is_stopped, true);
    }
    return code;
}

void transfer_free(struct transfer *transfer)
{
    pipeline_free(&transfer->pipeline);
}

void transfer_fail(struct transfer *transfer, const struct failure *failure)
{
    failure_latch_set(&transfer->failure, failure);
    pipeline_stop(&transfer->pipeline);
}

/* Does nothing when it was done before. */
static int32_t open_input(struct transfer *transfer, struct failure *failure)
{
    const struct request *request = &transfer->request;
    if (transfer->input.fd >= 0)
        return CINCH_OK;
    int32_t code;
    if ((request->options.flags & CINCH_FLAG_INPUT_FD) != 0)
        code = input_open_fd(&transfer->input, request->options.input_fd, failure);
    else if (request->input_path != NULL)
        code = input_open_path(&transfer->input, request->input_path, failure);
    else
        code = input_open_fd(&transfer->input, request->input_fd, failure);
    if (code == CINCH_OK && (request->options.flags & CINCH_FLAG_RANGE) != 0)
        code = input_narrow(&transfer->input, request->options.input_offset,
                            request->options.input_length, failure);
    return code;
}

/* Does nothing when it was done before. */
static enum step open_output(struct transfer *transfer, struct step_need *need,
                             struct failure *failure)
{
    const struct request *request = &transfer->request;
    struct output *output = &transfer->output;
    if (output->fd >= 0 || request->operation == OPERATION_INSPECT)
        return STEP_DONE;
    if (request->output_path == NULL)
        return output_open_fd(output, request->output_fd, &transfer->input, failure) == CINCH_OK
                   ? STEP_DONE
                   : STEP_FAILED;
    bool replace = (request->options.flags & CINCH_FLAG_NO_REPLACE) == 0;
    switch (output_open_path(output, request->output_path, replace, &transfer->input, failure)) {
    case OUTPUT_DONE:
        return STEP_DONE;
    case OUTPUT_WAIT:
        *need = (struct step_need){.fd = -1, .milliseconds = OPEN_RETRY_MS};
        return STEP_WAIT;
    case OUTPUT_ERROR:
        break;
    }
    return STEP_FAILED;
}

enum step transfer_open(struct transfer *transfer, struct worker *worker, struct step_need *need)
{
    struct failure failure = {.code = CINCH_OK};
    enum step step = STEP_FAILED;
    if (open_input(transfer, &failure) == CINCH_OK)
        step = open_output(transfer, need, &failure);
    if (step == STEP_DONE)
        step = transfer->kind->open(transfer, worker, need, &failure);
    if (step == STEP_FAILED)
        transfer_fail(transfer, &failure);
    if (step == STEP_DONE)
        progress_begin(&transfer->progress, transfer->input.size);
    return step;
}

/* How the output is finished: dressed like the input, if that is a file by path and nobody
 * minds. */
static struct output_finish finish_of(const struct transfer *transfer)
{
    const struct request *request = &transfer->request;
    bool copies = request->input_path != NULL &&
                  (request->options.flags & CINCH_FLAG_INPUT_FD) == 0 &&
                  S_ISREG(transfer->input.status.st_mode) &&
                  (request->options.flags & CINCH_FLAG_NO_METADATA) == 0;
    return (struct output_finish){
        .metadata = copies ? &transfer->input.status : NULL,
        .durable = (request->options.flags & CINCH_FLAG_DURABLE) != 0,
    };
}

void transfer_seal(struct transfer *transfer)
{
    struct failure failure = {.code = CINCH_OK};
    struct output_finish finish = finish_of(transfer);
    int32_t code = CINCH_OK;
    if (transfer->request.operation == OPERATION_INSPECT)
        return;
    if (transfer->kind->finish != NULL)
        code = transfer->kind->finish(transfer, &failure);
    if (code == CINCH_OK)
        code = output_seal(&transfer->output, &finish, &failure);
    if (code != CINCH_OK)
        transfer_fail(transfer, &failure);
}

void transfer_publish(struct transfer *transfer)
{
    struct failure failure = {.code = CINCH_OK};
    struct output_finish finish = finish_of(transfer);
    if (transfer->request.operation == OPERATION_INSPECT)
        return;
    if (output_publish(&transfer->output, &finish, &failure) != CINCH_OK)
        transfer_fail(transfer, &failure);
    else
        input_mark_consumed(&transfer->input);
}

void transfer_close(struct transfer *transfer)
{
    if (transfer->kind->close != NULL)
        transfer->kind->close(transfer);
    output_close(&transfer->output);
    input_close(&transfer->input);
}

void transfer_recycle(void *owner, struct chunk *chunk, struct worker *worker)
{
    (void)owner;
    workspace_give(worker_workspace(worker), &chunk->input);
}

void transfer_fail_chunk(void *owner, const struct failure *failure)
{
    transfer_fail(owner, failure);
}

void transfer_dispose(struct transfer *transfer)
{
    if (transfer->kind->dispose != NULL)
        transfer->kind->dispose(transfer);
}

bool transfer_advance(struct transfer *transfer, struct worker *worker, uint64_t bytes)
{
    progress_add(&transfer->progress, bytes);
    pool_help(transfer->pipeline.pool, worker);
    return !pipeline_is_stopped(&transfer->pipeline);
}

enum step transfer_write(struct transfer *transfer, struct chunk *chunk, struct step_need *need)
{
    if (chunk->written == chunk->output_size)
        return STEP_DONE;
    size_t before = chunk->written;
    enum output_result result =
        output_write(&transfer->output, chunk->output.data + before, chunk->output_size - before,
                     &chunk->written, &chunk->failure);
    atomic_fetch_add_explicit(&transfer->bytes_out, chunk->written - before, memory_order_relaxed);
    switch (result) {
    case OUTPUT_DONE:
        return STEP_DONE;
    case OUTPUT_WAIT:
        return step_wait_for(transfer->output.fd, POLLOUT, need);
    case OUTPUT_ERROR:
        break;
    }
    return STEP_FAILED;
}
