#include "world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cinch/cinch.h>

const char world_old[] = "What stood here before.\n";

void die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void)fputc('\n', stderr);
    exit(2);
}

/* --- Files ------------------------------------------------------------------------------ */

struct content content_read(const char *path)
{
    struct content content = {NULL, 0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return content;
    struct stat status;
    if (fstat(fd, &status) == 0 && (content.data = malloc((size_t)status.st_size + 1)) != NULL) {
        ssize_t count;
        while ((count = read(fd, content.data + content.size,
                             (size_t)status.st_size + 1 - content.size)) > 0)
            content.size += (size_t)count;
    }
    (void)close(fd);
    return content;
}

void content_free(struct content *content)
{
    free(content->data);
    *content = (struct content){NULL, 0};
}

bool content_equals(const struct content *content, const void *data, size_t size)
{
    return content->data != NULL && content->size == size && memcmp(content->data, data, size) == 0;
}

static void write_file(const char *path, const void *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size || close(fd) != 0)
        die("cannot write %s: %s", path, strerror(errno));
}

static void make_folder(const char *path)
{
    if (mkdir(path, 0755) != 0 && errno != EEXIST)
        die("cannot make %s: %s", path, strerror(errno));
}

static void remove_tree(const char *path)
{
    DIR *folder = opendir(path);
    if (folder == NULL) {
        (void)unlink(path);
        return;
    }
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char inner[PATH_MAX];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        (void)snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        if (unlink(inner) != 0)
            remove_tree(inner);
    }
    (void)closedir(folder);
    (void)rmdir(path);
}

static char root[96];
static pid_t root_owner;

const char *world_root(void)
{
    if (root[0] != '\0')
        return root;
    const char *parent = getenv("TMPDIR");
    if (parent == NULL || parent[0] == '\0')
        parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    (void)snprintf(root, sizeof root, "%s/cinch-fault-XXXXXX", parent);
    if (mkdtemp(root) == NULL)
        die("cannot make a folder in %s: %s", parent, strerror(errno));
    (void)chmod(root, 0755); /* another user has to get at the output's folder */
    root_owner = getpid();
    (void)atexit(world_remove_root);
    return root;
}

void world_remove_root(void)
{
    if (root[0] != '\0' && getpid() == root_owner)
        remove_tree(root);
}

/* --- Making ----------------------------------------------------------------------------- */

/* Text that compresses, with a run of zeros that makes a hole. */
static struct content make_plain(void)
{
    struct content plain = {malloc(PLAIN_SIZE), PLAIN_SIZE};
    if (plain.data == NULL)
        die("no memory");
    uint32_t state = 12345;
    for (size_t i = 0; i < PLAIN_SIZE; i++) {
        state = state * 1103515245 + 12345;
        plain.data[i] = (uint8_t)("etaoin shrdlu\n{}();"[(state >> 16) % 19]);
    }
    memset(plain.data + 8192, 0, 4096);
    return plain;
}

static void set_times(const char *path)
{
    const struct timespec times[2] = {{1000000000, 111}, {1111111111, 222}};
    if (utimensat(AT_FDCWD, path, times, 0) != 0)
        die("cannot set the times of %s: %s", path, strerror(errno));
}

/* The bytes as a pipe brings them; they fit into it. */
static int pipe_of(const struct content *content)
{
    int ends[2];
    if (pipe(ends) != 0 || write(ends[1], content->data, content->size) != (ssize_t)content->size)
        return -1;
    (void)close(ends[1]);
    return ends[0];
}

/* In a child: what the scenario's own way of compressing makes of the bytes. Returns an error
 * code of the library. */
static int32_t compress_without_fault(const char *path, const struct content *plain,
                                      const char *plain_path, const struct scenario *scenario)
{
    if (scenario->use >= USE_COMPRESS_FILE)
        return compress_file(plain_path, path, NULL);
    cinch_options options = CINCH_OPTIONS_INIT;
    options.format = scenario->format;
    options.flags =
        scenario->flags & (CINCH_FLAG_SINGLE_STREAM | CINCH_FLAG_NAME | CINCH_FLAG_NO_INDEX);
    options.chunk_size = CHUNK_SIZE;
    cinch_job *job;
    int32_t code;
    if (scenario->ends == ENDS_PATHS || scenario->use != USE_COMPRESS) {
        code = cinch_compress(NULL, plain_path, path, &options, &job);
    } else {
        bool is_file = scenario->ends == ENDS_DESCRIPTORS || scenario->ends == ENDS_LISTENER;
        int input = is_file ? open(plain_path, O_RDONLY) : pipe_of(plain);
        int output = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
        code = cinch_compress_fd(NULL, input, output, &options, &job);
    }
    return code == CINCH_OK ? cinch_job_wait(job) : code;
}

/* Compresses `plain` to `path` in a process of its own, so that this one stays without threads. */
static void compress_to(const char *path, const struct content *plain, const char *plain_path,
                        const struct scenario *scenario)
{
    write_file(plain_path, plain->data, plain->size);
    set_times(plain_path);
    pid_t child = fork();
    if (child < 0)
        die("cannot fork: %s", strerror(errno));
    if (child == 0)
        _exit(compress_without_fault(path, plain, plain_path, scenario));
    int status;
    if (waitpid(child, &status, 0) != child || status != 0)
        die("%s: compressing without a fault ended with status %d", scenario->name, status);
}

void world_make(struct world *world, const struct scenario *scenario)
{
    *world = (struct world){.scenario = scenario};
    (void)snprintf(world->folder, sizeof world->folder, "%s/world", world_root());
    remove_tree(world->folder);
    make_folder(world->folder);
    char path[160];
    (void)snprintf(path, sizeof path, "%s/in", world->folder);
    make_folder(path);
    (void)snprintf(path, sizeof path, "%s/out", world->folder);
    make_folder(path);
    (void)snprintf(world->input, sizeof world->input, "%s/in/input", world->folder);
    (void)snprintf(world->output, sizeof world->output, "%s/out/output", world->folder);
    (void)snprintf(world->target, sizeof world->target, "%s/out/%s", world->folder,
                   scenario->is_linked ? "target" : "output");

    bool by_fifo = scenario->ends == ENDS_FIFOS;
    bool to_stream = by_fifo || scenario->ends == ENDS_LISTENER;
    (void)snprintf(world->from, sizeof world->from, "%s/in/%s", world->folder,
                   by_fifo ? "from" : "input");
    (void)snprintf(world->to, sizeof world->to, "%s/%s", world->folder,
                   to_stream ? "in/to" : "out/output");

    struct content plain = make_plain();
    char packed[160];
    (void)snprintf(packed, sizeof packed, "%s/in/packed", world->folder);
    compress_to(packed, &plain, world->input, scenario);
    struct content compressed = content_read(packed);
    bool compresses = scenario_compresses(scenario);
    world->source = compresses ? plain : compressed;
    world->result = compresses ? compressed : plain;
    if (!compresses)
        write_file(world->input, world->source.data, world->source.size);
    (void)unlink(packed);

    if (chmod(world->input, 0640) != 0)
        die("cannot set a mode");
    if (scenario->is_foreign && geteuid() == 0 &&
        (chown(world->input, 12345, 54321) != 0 || chmod(world->input, 06750) != 0))
        die("cannot give a file away");
    set_times(world->input);
    if (stat(world->input, &world->source_status) != 0)
        die("cannot examine %s: %s", world->input, strerror(errno));
}

void world_free(struct world *world)
{
    content_free(&world->source);
    content_free(&world->result);
    remove_tree(world->folder);
}

/* --- Before and after a run ------------------------------------------------------------- */

void world_reset(const struct world *world)
{
    char name[PATH_MAX];
    while (world_leftovers(world, name) > 0)
        remove_tree(name);
    (void)unlink(world->output);
    (void)unlink(world->target);
    if (world->scenario->has_old)
        write_file(world->target, world_old, sizeof world_old - 1);
    if (world->scenario->is_linked && symlink("target", world->output) != 0)
        die("cannot make a link: %s", strerror(errno));
}

enum standing world_standing_at(const struct world *world, const char *path)
{
    const struct content *result = &world->result;
    const size_t old_size = world->scenario->has_old ? sizeof world_old - 1 : 0;
    struct stat status;
    if (lstat(path, &status) != 0)
        return STANDING_NOTHING;
    if (!S_ISREG(status.st_mode))
        return STANDING_OTHER;
    struct content content = content_read(path);
    enum standing standing = STANDING_OTHER;
    if (world->scenario->ends == ENDS_DESCRIPTORS) {
        if (content.size >= old_size && content.size <= old_size + result->size &&
            memcmp(content.data, world_old, old_size) == 0 &&
            memcmp(content.data + old_size, result->data, content.size - old_size) == 0)
            standing =
                content.size == old_size + result->size ? STANDING_RESULT : STANDING_BEGINNING;
    } else if (content_equals(&content, result->data, result->size)) {
        standing = STANDING_RESULT;
    } else if (old_size > 0 && content_equals(&content, world_old, old_size)) {
        standing = STANDING_OLD;
    }
    content_free(&content);
    return standing;
}

enum standing world_standing(const struct world *world)
{
    return world_standing_at(world, world->target);
}

unsigned world_leftovers(const struct world *world, char *name)
{
    char path[160];
    (void)snprintf(path, sizeof path, "%s/out", world->folder);
    DIR *folder = opendir(path);
    if (folder == NULL)
        die("cannot list %s: %s", path, strerror(errno));
    unsigned count = 0;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            strcmp(entry->d_name, "output") == 0 ||
            (world->scenario->is_linked && strcmp(entry->d_name, "target") == 0))
            continue;
        count++;
        (void)snprintf(name, PATH_MAX, "%s/%s", path, entry->d_name);
    }
    (void)closedir(folder);
    return count;
}

bool world_input_is_whole(const struct world *world)
{
    struct content content = content_read(world->input);
    bool is_whole = content_equals(&content, world->source.data, world->source.size);
    content_free(&content);
    return is_whole;
}
