/*
 * cinch-bench FILE: measures the library in process.
 *
 * See usage() for what it measures and how to choose. FILE is what is compressed; it is copied to
 * a scratch folder, in memory where there is some, so that no disk is measured.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"

static const struct measurement {
    const char *name;
    void (*run)(const struct bench *bench);
    const char *what;
} measurements[] = {
    /* Memory first: it copies this process, which is small as yet. */
    {"memory", measure_memory, "peak memory and allocations of a job"},
    {"throughput", measure_throughput, "by format, level and threads, beside the bare codec"},
    {"chunks", measure_chunks, "what is lost beside one stream, and efficiency, by chunk size"},
    {"submit", measure_submit, "how long compress_async() keeps its caller"},
    {"cancel", measure_cancel, "from cancel until completion, at every level"},
    {"callbacks", measure_callbacks, "a job with callbacks beside one without"},
    {"small", measure_small, "jobs a second, of tiny files"},
    {"instructions", measure_instructions, "what bench/instructions counts, in milliseconds"},
};
enum {
    MEASUREMENTS = sizeof measurements / sizeof measurements[0]
};

static void usage(FILE *out)
{
    fprintf(
        out,
        "usage: cinch-bench [OPTION]... FILE\n\n"
        "  --only NAME      only this measurement; may be given several times\n"
        "  --format NAME    only this format, where a measurement has several\n"
        "  --level N        only this level, where a measurement has several\n"
        "  --quick          few levels, few repetitions\n"
        "  --json FILE      write the figures there, too\n"
        "  --threads N      at most (default: 2)\n"
        "  --samples N      repetitions of everything\n"
        "  --most MIB       cut FILE to so much\n"
        "  --scratch DIR    folder for files (default: /dev/shm, or TMPDIR)\n\n"
        "All of it is estimated to take 20 minutes on two quiet processors.\n\nMeasurements:\n");
    for (int i = 0; i < MEASUREMENTS; i++)
        fprintf(out, "  %-12s %s\n", measurements[i].name, measurements[i].what);
}

struct choice {
    struct bench bench;
    const char *json;
    const char *scratch;
    uint64_t most;
    bool is_chosen[MEASUREMENTS];
};

static uint64_t number(const char *text, uint64_t least, uint64_t most)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno != 0 || *end != '\0' || end == text || value < least || value > most)
        bench_fail("'%s' is no number from %llu to %llu", text, (unsigned long long)least,
                   (unsigned long long)most);
    return value;
}

static int32_t level(const char *text)
{
    bool is_negative = *text == '-';
    int32_t value = (int32_t)number(text + is_negative, 1, 99);
    return is_negative ? -value : value;
}

static void choose(struct choice *choice, const char *name)
{
    for (int i = 0; i < MEASUREMENTS; i++) {
        if (strcmp(measurements[i].name, name) == 0) {
            choice->is_chosen[i] = true;
            return;
        }
    }
    bench_fail("no measurement is called '%s'; see --help", name);
}

static int32_t format_of(const char *name)
{
    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++)
        if (strcmp(bench_format_name(format), name) == 0)
            return format;
    bench_fail("no format is called '%s'", name);
}

/* Returns the name of FILE. */
static const char *parse(int argc, char **argv, struct choice *choice)
{
    static const struct option options[] = {
        {"only", required_argument, NULL, 'o'},
        {"format", required_argument, NULL, 'f'},
        {"quick", no_argument, NULL, 'q'},
        {"json", required_argument, NULL, 'j'},
        {"threads", required_argument, NULL, 't'},
        {"samples", required_argument, NULL, 'n'},
        {"most", required_argument, NULL, 'm'},
        {"scratch", required_argument, NULL, 's'},
        {"level", required_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    bool is_any_chosen = false;
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (option) {
        case 'o':
            choose(choice, optarg);
            is_any_chosen = true;
            break;
        case 'f':
            choice->bench.format = format_of(optarg);
            break;
        case 'l':
            choice->bench.level = level(optarg);
            break;
        case 'q':
            choice->bench.is_quick = true;
            break;
        case 'j':
            choice->json = optarg;
            break;
        case 't':
            choice->bench.threads = (uint32_t)number(optarg, 1, 1024);
            break;
        case 'n':
            choice->bench.samples = (uint32_t)number(optarg, 1, 1000000);
            break;
        case 'm':
            choice->most = number(optarg, 1, 1 << 20) << 20;
            break;
        case 's':
            choice->scratch = optarg;
            break;
        case 'h':
            usage(stdout);
            exit(0);
        default:
            usage(stderr);
            exit(2);
        }
    }
    if (optind != argc - 1) {
        usage(stderr);
        exit(2);
    }
    for (int i = 0; !is_any_chosen && i < MEASUREMENTS; i++)
        choice->is_chosen[i] = true;
    return argv[optind];
}

static void make_scratch(struct bench *bench, const char *wanted)
{
    const char *parent = wanted;
    if (parent == NULL)
        parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : getenv("TMPDIR");
    if (parent == NULL)
        parent = "/tmp";
    snprintf(bench->scratch, sizeof bench->scratch, "%s/cinch-bench-XXXXXX", parent);
    if (mkdtemp(bench->scratch) == NULL)
        bench_fail("cannot make a folder in '%s': %s", parent, strerror(errno));
    snprintf(bench->input, sizeof bench->input, "%s/input", bench->scratch);
}

/* Copies what is measured of the file to the scratch folder. */
static void copy_input(struct bench *bench, const char *path, uint64_t most)
{
    static char buffer[1 << 16];
    FILE *from = fopen(path, "re");
    FILE *to = fopen(bench->input, "we");
    if (from == NULL || to == NULL)
        bench_fail("cannot copy '%s': %s", path, strerror(errno));
    while (bench->size < most) {
        size_t wanted =
            most - bench->size < sizeof buffer ? (size_t)(most - bench->size) : sizeof buffer;
        size_t count = fread(buffer, 1, wanted, from);
        if (count == 0)
            break;
        if (fwrite(buffer, 1, count, to) != count)
            bench_fail("cannot write '%s': %s", bench->input, strerror(errno));
        bench->size += count;
    }
    fclose(from);
    if (fclose(to) != 0)
        bench_fail("cannot write '%s': %s", bench->input, strerror(errno));
    if (bench->size == 0)
        bench_fail("'%s' is empty", path);
}

static void load_input(struct bench *bench)
{
    uint8_t *data = malloc(bench->size);
    FILE *file = fopen(bench->input, "re");
    if (data == NULL || file == NULL || fread(data, 1, bench->size, file) != bench->size)
        bench_fail("cannot read '%s'", bench->input);
    fclose(file);
    bench->data = data;
}

static struct choice choice = {.bench.threads = 2, .most = UINT64_MAX};

/* Also when a measurement has failed; measurements remove what else they make. */
static void remove_scratch(void)
{
    static const char *const names[] = {"input",      "cut",  "output", "back",
                                        "compressed", "tiny", "large"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unlink(bench_path(&choice.bench, names[i]));
    rmdir(choice.bench.scratch);
}

int main(int argc, char **argv)
{
    struct bench *bench = &choice.bench;
    const char *path = parse(argc, argv, &choice);
    make_scratch(bench, choice.scratch);
    atexit(remove_scratch);
    copy_input(bench, path, choice.most);
    bench->findings = findings_open(choice.json, bench->size);
    printf("%s, cinch %s, %zu bytes of input, at most %u threads\n", cinch_engines(),
           cinch_version(), bench->size, bench->threads);
    for (int i = 0; i < MEASUREMENTS; i++) {
        if (!choice.is_chosen[i])
            continue;
        if (bench->data == NULL && measurements[i].run != measure_memory)
            load_input(bench);
        measurements[i].run(bench);
    }
    findings_close(bench->findings);
    free((void *)bench->data);
    return 0;
}
