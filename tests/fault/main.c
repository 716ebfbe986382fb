/*
 * fault: makes what the library asks of the system fail, and looks at what becomes of it.
 *
 *   fault sweep [SCENARIOS]      every call refused in turn (row 1)
 *   fault pairs                  two calls refused (row 2)
 *   fault point SCENARIO MODE FIRST SECOND INDEX
 *                                one point of these again
 *   fault kill [SCENARIOS]       killed at every boundary of a system call (row 3)
 *   fault killed SCENARIO STOP   one of these again
 *   fault power [SCENARIOS]      every disk after a loss of power (row 4)
 *   fault limits [KIND]          disks that fill, limits of the process (row 5)
 *   fault attack [SCENARIOS]     somebody swaps files, or looks on (row 11)
 *   fault list                   the scenarios
 *
 * --program FILE is the command-line program, and --recorder FILE the shared object that logs what
 * it does to files; without them it is left out.
 *
 * --release tries everything; --seed NUMBER chooses what is random. The numbers of the rows are
 * those of docs/reliability.md. Status 0: no failure. 77: it cannot be tried here.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "trial.h"

enum {
    OPTIONS_SIZE = 1024
};

const char *command_name;
char command_options[OPTIONS_SIZE];

static int command_list(const struct arguments *arguments)
{
    size_t count;
    const struct scenario *all = scenarios(&count);
    (void)arguments;
    for (size_t i = 0; i < count; i++)
        (void)puts(all[i].name);
    return 0;
}

static const struct {
    const char *name;
    int (*run)(const struct arguments *arguments);
} commands[] = {
    {"sweep", command_sweep},   /* row 1 */
    {"pairs", command_pairs},   /* row 2 */
    {"kill", command_kill},     /* row 3 */
    {"power", command_power},   /* row 4 */
    {"limits", command_limits}, /* row 5 */
    {"attack", command_attack}, /* row 11 */
    {"point", command_point},   /* what a failure tells to repeat */
    {"killed", command_killed}, {"list", command_list},
};

static uint32_t number(const char *text)
{
    return (uint32_t)strtoul(text, NULL, 10);
}

/* The program is started in another folder. */
static const char *absolute(const char *path)
{
    const char *found = realpath(path, NULL);
    if (found == NULL)
        die("cannot find %s: %s", path, strerror(errno));
    return found;
}

static enum fault_mode mode_called(const char *name)
{
    for (unsigned mode = 0; mode < FAULT_MODES; mode++) {
        if (strcmp(name, fault_mode_name((enum fault_mode)mode)) == 0)
            return (enum fault_mode)mode;
    }
    die("no mode is called '%s'", name);
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.choice = "", .seed = 1};
    const char *words[6] = {NULL};
    int count = 0;
    command_name = argv[0];
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--release") == 0)
            arguments.is_release = true;
        else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            arguments.seed = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--program") == 0 && i + 1 < argc)
            arguments.program = absolute(argv[++i]);
        else if (strcmp(argv[i], "--recorder") == 0 && i + 1 < argc)
            arguments.recorder = absolute(argv[++i]);
        else if (count < 6 && argv[i][0] != '-')
            words[count++] = argv[i];
        else
            die("what is '%s'?", argv[i]);
    }
    if (count > 1)
        arguments.choice = words[1];
    if (count == 3)
        arguments.number = number(words[2]);
    if (count == 6) {
        arguments.plan = (struct fault_plan){.mode = mode_called(words[2]),
                                             .first = number(words[3]),
                                             .second = number(words[4]),
                                             .index = number(words[5])};
    }
    if (arguments.program != NULL)
        (void)snprintf(command_options, OPTIONS_SIZE, " --program %s --recorder %s",
                       arguments.program, arguments.recorder != NULL ? arguments.recorder : "-");
    trial_prepare();
    for (size_t i = 0; count > 0 && i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(words[0], commands[i].name) == 0)
            return commands[i].run(&arguments);
    }
    die("usage: fault sweep|pairs|point|list ...; see main.c");
}
