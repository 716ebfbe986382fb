/*
 * Transfer: the way of a job's bytes from input to output.
 *
 * Opens both ends, plans what a chunk is (compress.c, decompress.c), lets the pipeline move the
 * chunks, seals and publishes. It knows nothing of callbacks and handles: that is the job.
 *
 *   transfer_open()  -> pipeline_run() ... -> transfer_seal() -> transfer_publish()
 *          any of them may fail, or be left out after a failure -> transfer_close()
 */
#ifndef CINCH_SRC_TRANSFER_H
#define CINCH_SRC_TRANSFER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "compress.h"
#include "compress_single.h"
#include "decompress.h"
#include "error.h"
#include "io/input.h"
#include "io/output.h"
#include "pipeline.h"
#include "progress.h"

enum operation {
    OPERATION_COMPRESS,
    OPERATION_DECOMPRESS,
    OPERATION_INSPECT /* decompression that writes nothing: there is no output */
};

/* What the caller asked for. The paths belong to the transfer; NULL: the descriptors are meant. */
struct request {
    enum operation operation;
    char *input_path;
    char *output_path;
    int input_fd;
    int output_fd;
    cinch_options options; /* resolved: see options.h */
    int32_t refusal;       /* not CINCH_OK: what a worker is to end the job with, unopened */
};

struct transfer;

/* What a kind of transfer does at its ends; the pipeline's steps are set by open. */
struct transfer_kind {
    /* The input is open, and the output: plans and starts the pipeline. */
    enum step (*open)(struct transfer *transfer, struct worker *worker, struct step_need *need,
                      struct failure *failure);
    /* Every chunk was put: what can only now be written, into a new file. */
    int32_t (*finish)(struct transfer *transfer, struct failure *failure);
    /* Frees what open has made and is soon freed; and what may take its time, after the job has
     * completed. Both are harmless without open; NULL: nothing to do. */
    void (*close)(struct transfer *transfer);
    void (*dispose)(struct transfer *transfer);
};

struct transfer {
    /* Constant once a worker has the job. */
    struct request request;
    const struct transfer_kind *kind;

    /* Each guards itself. */
    struct progress progress;
    struct failure_latch failure; /* of the job; the first one */
    struct pipeline pipeline;
    _Atomic uint64_t bytes_out; /* bytes of output written */
    struct {
        _Atomic int32_t format; /* CINCH_FORMAT_*; 0 = not known yet */
        _Atomic uint32_t check; /* CINCH_CHECK_* */
        _Atomic uint64_t frames;
        _Atomic uint64_t chunks;
        _Atomic uint64_t trailing;
    } found; /* what decompression tells of its input, as in cinch_stats */

    /* Opened and closed by the one worker that is there; constant in between but for what the
     * put step changes. */
    struct input input;
    struct output output;
    union {
        struct compress compress;
        struct compress_single single;
        struct decompress decompress;
    } plan;
};

/* Prepares a zeroed transfer whose request, progress and pipeline's constants are set. Returns
 * CINCH_OK or CINCH_E_NO_MEMORY; on success transfer_free() is owed. */
int32_t transfer_init(struct transfer *transfer);

/* Opens input and output, makes the first progress report, starts the pipeline. To be called
 * again after STEP_WAIT. STEP_FAILED: recorded in the latch. */
enum step transfer_open(struct transfer *transfer, struct worker *worker, struct step_need *need);

/* Everything was put: gives the output all that it needs before it may be seen. A failure is
 * recorded in the latch. */
void transfer_seal(struct transfer *transfer);

/* Gives the output its name. A failure is recorded in the latch. */
void transfer_publish(struct transfer *transfer);

/* Closes both ends; what was not published is gone. */
void transfer_close(struct transfer *transfer);

/* Frees what may take seconds; after transfer_close(), when nobody waits for it. */
void transfer_dispose(struct transfer *transfer);

void transfer_free(struct transfer *transfer);

/* Records a failure, if it is the first, and stops the pipeline. Any thread. */
void transfer_fail(struct transfer *transfer, const struct failure *failure);

/*
 * For a worker in the middle of a chunk: `bytes` more of the input have been dealt with. Reports
 * progress, helps cancelled jobs to their ends, and says whether to go on.
 */
bool transfer_advance(struct transfer *transfer, struct worker *worker, uint64_t bytes);

/* The pipeline's recycle and fail steps, the same for every kind. */
void transfer_recycle(void *owner, struct chunk *chunk, struct worker *worker);
void transfer_fail_chunk(void *owner, const struct failure *failure);

/* A put step: writes what is left of the chunk's output. */
enum step transfer_write(struct transfer *transfer, struct chunk *chunk, struct step_need *need);

#endif
