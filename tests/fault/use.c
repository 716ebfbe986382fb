#include "use.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cinch/cinch.h>

#include "interposer.h"
#include "recorder.h"

/* --- Callbacks -------------------------------------------------------------------------- */

static void enter(struct used *used)
{
    if (atomic_fetch_add(&used->inside, 1) != 0)
        atomic_fetch_or(&used->broken, RULE_OVERLAP);
    if (atomic_load(&used->completions) != 0)
        atomic_fetch_or(&used->broken, RULE_AFTER_COMPLETION);
}

static void leave(struct used *used)
{
    atomic_fetch_sub(&used->inside, 1);
}

static void on_progress(void *user, uint64_t done, uint64_t total)
{
    struct used *used = user;
    enter(used);
    if (done < used->last_done)
        atomic_fetch_or(&used->broken, RULE_BACKWARDS);
    used->last_done = done;
    used->last_total = total;
    atomic_fetch_add(&used->progress_calls, 1);
    leave(used);
}

static void on_complete(void *user, int32_t code)
{
    struct used *used = user;
    enter(used);
    used->completion_code = code;
    if (code == CINCH_OK)
        record_report();
    atomic_fetch_add(&used->completions, 1);
    leave(used);
}

/* --- The four-argument form ------------------------------------------------------------- */

/* Its callbacks carry nothing by which to find the run that they belong to. */
static struct used *four;
static sem_t four_is_over;

static void four_progress(int32_t percent)
{
    on_progress(four, (uint64_t)percent, 100);
}

static void four_complete(int32_t code)
{
    on_complete(four, code);
    (void)sem_post(&four_is_over);
}

static void run_four(const struct world *world, struct used *used)
{
    four = used;
    if (world->scenario->use == USE_COMPRESS_FILE) {
        used->code = compress_file(world->from, world->to, four_progress);
        return;
    }
    (void)sem_init(&four_is_over, 0, 0);
    used->was_accepted = true;
    if (world->scenario->use == USE_COMPRESS_ASYNC)
        compress_async(world->from, world->to, four_progress, four_complete);
    else
        decompress_async(world->from, world->to, four_progress, four_complete);
    while (sem_wait(&four_is_over) != 0)
        continue;
    used->code = used->completion_code;
}

/* --- The reader ------------------------------------------------------------------------- */

static void run_reader(const struct world *world, struct used *used)
{
    static uint8_t buffer[PLAIN_SIZE];
    cinch_reader *reader = NULL;
    used->code = cinch_reader_open(world->input, &reader);
    used->gave_handle = reader != NULL;
    if (used->code != CINCH_OK)
        return;
    used->gave_handle = false;
    /* Pieces that begin and end within chunks, the last from the middle to behind the end. */
    static const struct {
        uint64_t offset;
        size_t size;
    } reads[] = {{4000, 5000}, {0, 10}, {12000, PLAIN_SIZE}};
    for (size_t i = 0; i < sizeof reads / sizeof *reads; i++) {
        int64_t wanted = (int64_t)(PLAIN_SIZE - reads[i].offset);
        if (wanted > (int64_t)reads[i].size)
            wanted = (int64_t)reads[i].size;
        int64_t count = cinch_reader_pread(reader, buffer, reads[i].size, reads[i].offset);
        if (count < 0 && used->code == CINCH_OK)
            used->code = (int32_t)-count;
        else if (count >= 0 &&
                 (count != wanted ||
                  memcmp(buffer, world->result.data + reads[i].offset, (size_t)count) != 0))
            used->reads_wrong = true;
    }
    cinch_reader_close(reader);
}

/* --- Jobs ------------------------------------------------------------------------------- */

static int32_t submit(const struct world *world, const struct use_ends *ends, cinch_pool *pool,
                      const cinch_options *options, cinch_job **job)
{
    const struct scenario *scenario = world->scenario;
    bool by_paths = scenario->ends == ENDS_PATHS || scenario->ends == ENDS_FIFOS ||
                    scenario->ends == ENDS_LISTENER;
    if (scenario->use == USE_COMPRESS)
        return by_paths ? cinch_compress(pool, world->from, world->to, options, job)
                        : cinch_compress_fd(pool, ends->input, ends->output, options, job);
    return by_paths ? cinch_decompress(pool, world->from, world->to, options, job)
                    : cinch_decompress_fd(pool, ends->input, ends->output, options, job);
}

static void run_job(const struct world *world, const struct use_ends *ends, struct used *used)
{
    const struct scenario *scenario = world->scenario;
    cinch_pool_options pool_options = CINCH_POOL_OPTIONS_INIT;
    pool_options.threads = scenario->threads;
    cinch_pool *pool = NULL;
    used->code = cinch_pool_create(&pool_options, &pool);
    used->gave_handle = used->code != CINCH_OK && pool != NULL;
    if (used->code != CINCH_OK)
        return;

    cinch_options options = CINCH_OPTIONS_INIT;
    options.format = scenario->format;
    options.flags = scenario->flags;
    options.chunk_size = CHUNK_SIZE;
    options.on_progress = on_progress;
    options.on_complete = on_complete;
    options.user = used;
    cinch_job *job = NULL;
    used->code = submit(world, ends, pool, &options, &job);
    used->was_accepted = used->code == CINCH_OK;
    used->gave_handle = used->code != CINCH_OK && job != NULL;
    if (used->was_accepted) {
        used->code = cinch_job_wait(job);
        used->has_message = true;
        (void)cinch_job_message(job, used->message, sizeof used->message);
        cinch_job_release(job);
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

void use_run(const struct world *world, const struct use_ends *ends, struct used *used)
{
    *used = (struct used){.code = CINCH_OK};
    switch (world->scenario->use) {
    case USE_COMPRESS:
    case USE_DECOMPRESS:
        run_job(world, ends, used);
        break;
    case USE_READ:
        run_reader(world, used);
        break;
    default:
        run_four(world, used);
    }
}

/* --- Ends ------------------------------------------------------------------------------- */

/* A moment in which the library finds nothing to read, or no room. */
static void pause_briefly(void)
{
    const struct timespec moment = {0, 300000};
    (void)nanosleep(&moment, NULL);
}

static pid_t helper(void)
{
    pid_t child = fork();
    if (child < 0)
        die("cannot fork: %s", strerror(errno));
    if (child == 0)
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    return child;
}

/* Fills the pipe or socket in pieces. */
static void feed(const struct world *world, int fd)
{
    size_t done = 0;
    while (done < world->source.size) {
        size_t size = world->source.size - done;
        if (size > 5000)
            size = 5000;
        ssize_t count = write(fd, world->source.data + done, size);
        if (count <= 0)
            break;
        done += (size_t)count;
        pause_briefly();
    }
    _exit(0);
}

/* Empties the pipe or socket in pieces into a file. */
static void drain(int file, int fd)
{
    char buffer[3000];
    ssize_t count;
    while ((count = read(fd, buffer, sizeof buffer)) > 0) {
        if (write(file, buffer, (size_t)count) != count)
            _exit(1);
        pause_briefly();
    }
    _exit(0);
}

static int make_drain(const struct world *world)
{
    char path[160];
    (void)snprintf(path, sizeof path, "%s/in/stream", world->folder);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0)
        die("cannot make %s: %s", path, strerror(errno));
    return file;
}

/* --- Pipes and sockets by descriptor ---------------------------------------------------- */

static void make_stream(const struct world *world, int ends[2])
{
    if (world->scenario->ends == ENDS_PIPES) {
        /* As small as a pipe can be, so that it fills. */
        if (pipe2(ends, O_CLOEXEC) != 0)
            die("cannot make a pipe: %s", strerror(errno));
        (void)fcntl(ends[1], F_SETPIPE_SZ, 4096);
    } else {
        int size = 4096;
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
            die("cannot make a pair of sockets: %s", strerror(errno));
        (void)setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    }
}

static void open_streams(const struct world *world, struct use_ends *ends)
{
    int file = make_drain(world);
    int input[2];
    int output[2];
    make_stream(world, input);
    make_stream(world, output);
    if ((ends->feeder = helper()) == 0) {
        (void)close(input[0]);
        (void)close(output[0]);
        (void)close(output[1]);
        feed(world, input[1]);
    }
    (void)close(input[1]);
    if ((ends->drainer = helper()) == 0) {
        (void)close(input[0]);
        (void)close(output[1]);
        drain(file, output[0]);
    }
    (void)close(output[0]);
    (void)close(file);
    ends->input = input[0];
    ends->output = output[1];
}

/* --- FIFOs and sockets by path ---------------------------------------------------------- */

static void open_fifos(const struct world *world, struct use_ends *ends)
{
    int file = make_drain(world);
    (void)unlink(world->from);
    (void)unlink(world->to);
    if (mkfifo(world->from, 0600) != 0 || mkfifo(world->to, 0600) != 0)
        die("cannot make a FIFO: %s", strerror(errno));
    /* Who comes late is waited for. */
    if ((ends->feeder = helper()) == 0) {
        pause_briefly();
        feed(world, open(world->from, O_WRONLY));
    }
    if ((ends->drainer = helper()) == 0) {
        pause_briefly();
        drain(file, open(world->to, O_RDONLY));
    }
    (void)close(file);
}

static void open_listener(const struct world *world, struct use_ends *ends)
{
    int file = make_drain(world);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%.107s", world->to);
    (void)unlink(world->to);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 1) != 0)
        die("cannot listen: %s", strerror(errno));
    if ((ends->drainer = helper()) == 0)
        drain(file, accept(listener, NULL, NULL));
    (void)close(listener);
    (void)close(file);
}

void use_open(const struct world *world, struct use_ends *ends)
{
    *ends = (struct use_ends){-1, -1, 0, 0};
    switch (world->scenario->ends) {
    case ENDS_PATHS:
        break;
    case ENDS_DESCRIPTORS:
        ends->input = open(world->input, O_RDONLY | O_CLOEXEC);
        ends->output = open(world->output, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (ends->input < 0 || ends->output < 0 || lseek(ends->output, 0, SEEK_END) < 0)
            die("cannot open the ends: %s", strerror(errno));
        break;
    case ENDS_PIPES:
    case ENDS_SOCKETS:
        open_streams(world, ends);
        break;
    case ENDS_FIFOS:
        open_fifos(world, ends);
        break;
    case ENDS_LISTENER:
        open_listener(world, ends);
        break;
    }
}

static void end_helper(pid_t process, int32_t code)
{
    if (process <= 0)
        return;
    if (code != CINCH_OK)
        (void)kill(process, SIGKILL);
    (void)waitpid(process, NULL, 0);
}

void use_close(struct use_ends *ends, int32_t code)
{
    if (ends->input >= 0)
        (void)close(ends->input);
    if (ends->output >= 0)
        (void)close(ends->output);
    end_helper(ends->feeder, code);
    end_helper(ends->drainer, code);
}
