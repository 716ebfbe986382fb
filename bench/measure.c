/*
 * measure OUTPUT COMMAND [ARGUMENT...]: runs a command and prints what it took.
 *
 * The command's standard output goes to the file OUTPUT, nowhere if that is "-", or if it is "|"
 * into a pipe, which is emptied as fast as it is filled. Printed are five numbers: seconds that
 * passed, seconds of processor time, bytes of peak memory, seconds of processor time that others
 * of no lower priority took meanwhile (in steps of 10 ms), and the exit status (128 + N for signal
 * N).
 *
 * It is a program of its own because the kernel counts a process's peak from before its exec:
 * a command started from an interpreter would be charged with the interpreter.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void fail(const char *what)
{
    fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
    exit(2);
}

static void become(int output, char **command)
{
    if (dup2(output, STDOUT_FILENO) >= 0)
        execvp(command[0], command);
    fprintf(stderr, "measure: %s: %s\n", command[0], strerror(errno));
    _exit(127);
}

/* Empties the pipe without looking at its bytes, so that the reader costs next to nothing. */
static void drain(int pipe_end)
{
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere < 0)
        fail("/dev/null");
    for (;;) {
        ssize_t count = splice(pipe_end, NULL, nowhere, NULL, (size_t)1 << 20, SPLICE_F_MOVE);
        if (count == 0)
            break;
        if (count < 0 && errno != EINTR)
            fail("cannot read the pipe");
    }
    close(nowhere);
}

/* Seconds since the system started that all processors were busy, or taken away by its host.
 * Programs of low priority give way to what is measured, so their own time is not counted. */
static double busy(void)
{
    FILE *statistics = fopen("/proc/stat", "re");
    unsigned long long times[8] = {0}; /* user nice system idle iowait irq softirq steal */
    if (statistics == NULL)
        return 0;
    int count = fscanf(statistics, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &times[0],
                       &times[1], &times[2], &times[3], &times[4], &times[5], &times[6], &times[7]);
    fclose(statistics);
    unsigned long long ticks = times[0] + times[2] + times[5] + times[6] + times[7];
    return count < 8 ? 0 : (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: measure OUTPUT COMMAND [ARGUMENT...]\n");
        return 2;
    }
    int ends[2] = {-1, -1};
    int output;
    if (strcmp(argv[1], "|") == 0) {
        if (pipe2(ends, O_CLOEXEC) < 0)
            fail("cannot make a pipe");
        output = ends[1];
    } else {
        const char *path = strcmp(argv[1], "-") == 0 ? "/dev/null" : argv[1];
        output = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (output < 0)
            fail(path);
    }

    double busy_before = busy();
    double start = now();
    pid_t child = fork();
    if (child < 0)
        fail("cannot fork");
    if (child == 0)
        become(output, argv + 2);
    close(output);
    if (ends[0] >= 0)
        drain(ends[0]);

    int status = 0;
    struct rusage usage;
    while (wait4(child, &status, 0, &usage) < 0)
        if (errno != EINTR)
            fail("cannot wait");
    double wall = now() - start;
    double processor = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    double others = busy() - busy_before - processor;
    if (getpriority(PRIO_PROCESS, 0) < 0) /* all others give way, but for a moment */
        others = 0;
    printf("%.6f %.6f %lld %.2f %d\n", wall, processor, (long long)usage.ru_maxrss * 1024,
           others > 0 ? others : 0,
           WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return 0;
}
