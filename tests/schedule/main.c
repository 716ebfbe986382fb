/*
 * schedule [--from SEED] [--seeds COUNT]     runs so many seeds; the first that fails ends it
 * schedule --seed SEED [--trace]             runs one again, and prints every step
 *
 * Every 50th seed is run twice and must go the same way.
 */
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "schedule/scenario.h"
#include "support/test.h"

enum {
    DEFAULT_SEEDS = 2000 / TEST_SLOWNESS,
    SECONDS_A_SEED = 600, /* where the machine is loaded; it takes milliseconds */
    TWICE_EVERY = 50
};

/* --- Crashes and hangs, which the scheduler does not see -------------------------------- */

static char last_words[160];

static void say_last_words(int number)
{
    ssize_t written = write(STDERR_FILENO, last_words, strlen(last_words));
    (void)written;
    signal(number, SIG_DFL);
    raise(number);
}

static void prepare_last_words(uint64_t seed)
{
    snprintf(last_words, sizeof last_words,
             "\nseed %llu: a crash or a hang. To see every step: schedule --seed %llu --trace\n",
             (unsigned long long)seed, (unsigned long long)seed);
    alarm(SECONDS_A_SEED);
}

/* The address sanitizer calls it before it ends the program. */
void __asan_on_error(void);
void __asan_on_error(void)
{
    ssize_t written = write(STDERR_FILENO, last_words, strlen(last_words));
    (void)written;
}

/* --- Runs ------------------------------------------------------------------------------- */

static struct schedule_summary run_seed(uint64_t seed, bool is_traced)
{
    prepare_last_words(seed);
    return scenario_run(seed, is_traced);
}

static void run_seeds(uint64_t from, uint64_t count)
{
    struct schedule_summary all = {.steps = 0};
    for (uint64_t seed = from; seed < from + count; seed++) {
        struct schedule_summary one = run_seed(seed, false);
        all.steps += one.steps;
        all.switches += one.switches;
        if (seed % TWICE_EVERY != 0)
            continue;
        struct schedule_summary again = run_seed(seed, false);
        if (again.fingerprint != one.fingerprint || again.steps != one.steps) {
            fprintf(stderr, "seed %llu does not go the same way twice: %llu steps and %llu\n",
                    (unsigned long long)seed, (unsigned long long)one.steps,
                    (unsigned long long)again.steps);
            exit(1);
        }
    }
    printf("%llu seeds from %llu, %llu steps, %llu switches of thread: no rule was broken\n",
           (unsigned long long)count, (unsigned long long)from, (unsigned long long)all.steps,
           (unsigned long long)all.switches);
}

int main(int argc, char **argv)
{
    static const struct option known[] = {
        {"from", required_argument, NULL, 'f'},
        {"seed", required_argument, NULL, 's'},
        {"seeds", required_argument, NULL, 'c'},
        {"trace", no_argument, NULL, 't'},
        {NULL, 0, NULL, 0},
    };
    uint64_t from = 1, count = DEFAULT_SEEDS;
    bool is_one = false, is_traced = false;
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case 'f':
            from = strtoull(optarg, NULL, 10);
            break;
        case 's':
            from = strtoull(optarg, NULL, 10);
            is_one = true;
            break;
        case 'c':
            count = strtoull(optarg, NULL, 10);
            break;
        case 't':
            is_traced = true;
            break;
        default:
            return 2;
        }
    }

    mallopt(M_PERTURB, 0xa5); /* freed memory does not look like what it was */
    signal(SIGABRT, say_last_words);
    signal(SIGALRM, say_last_words);
    signal(SIGBUS, say_last_words);
    signal(SIGSEGV, say_last_words);

    const char *parent = getenv("TMPDIR");
    char *folder;
    if (asprintf(&folder, "%s/cinch-schedule-XXXXXX", parent != NULL ? parent : "/tmp") < 0 ||
        mkdtemp(folder) == NULL) {
        perror("a folder for the test");
        return 1;
    }
    prepare_last_words(0);
    scenario_prepare(folder);
    if (is_one) {
        struct schedule_summary one = run_seed(from, is_traced);
        printf("seed %llu: %llu steps, no rule was broken\n", (unsigned long long)from,
               (unsigned long long)one.steps);
    } else {
        run_seeds(from, count);
    }
    scenario_tidy();
    rmdir(folder);
    free(folder);
    return 0;
}
