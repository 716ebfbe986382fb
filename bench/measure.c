/*
 * measure OUTPUT COMMAND [ARGUMENT...]: runs a command and prints what it took.
 *
 * The command's standard output goes to the file OUTPUT, or nowhere if that is "-". Printed are
 * four numbers: seconds that passed, seconds of processor time, bytes of peak memory, and the
 * exit status (128 + N for signal N).
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

static void become(const char *output, char **command)
{
    if (strcmp(output, "-") == 0)
        output = "/dev/null";
    int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0) {
        fprintf(stderr, "measure: %s: %s\n", output, strerror(errno));
        _exit(127);
    }
    execvp(command[0], command);
    fprintf(stderr, "measure: %s: %s\n", command[0], strerror(errno));
    _exit(127);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: measure OUTPUT COMMAND [ARGUMENT...]\n");
        return 2;
    }
    double start = now();
    pid_t child = fork();
    if (child < 0) {
        fprintf(stderr, "measure: cannot fork: %s\n", strerror(errno));
        return 2;
    }
    if (child == 0)
        become(argv[1], argv + 2);

    int status = 0;
    struct rusage usage;
    while (wait4(child, &status, 0, &usage) < 0) {
        if (errno != EINTR) {
            fprintf(stderr, "measure: cannot wait: %s\n", strerror(errno));
            return 2;
        }
    }
    printf("%.6f %.6f %lld %d\n", now() - start, seconds(usage.ru_utime) + seconds(usage.ru_stime),
           (long long)usage.ru_maxrss * 1024,
           WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return 0;
}
