#include "findings.h"

#include <cinch/cinch.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

struct findings {
    FILE *json;           /* NULL: not wanted */
    char measurement[32]; /* of the last row */
    bool is_first_row;
    bool has_head; /* the measurement's table has begun */
    char names[1024];
    char line[1024];
};

/* Writes a JSON string. What is written here is ASCII. */
static void write_string(FILE *json, const char *text)
{
    fputc('"', json);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', json);
        if ((unsigned char)*text >= ' ')
            fputc(*text, json);
    }
    fputc('"', json);
}

/* The kind of processor, as /proc/cpuinfo has it. */
static void processor_kind(char *kind, size_t size)
{
    snprintf(kind, size, "unknown");
    FILE *information = fopen("/proc/cpuinfo", "re");
    if (information == NULL)
        return;
    char line[256];
    while (fgets(line, sizeof line, information) != NULL) {
        char *value = strstr(line, ": ");
        if (strncmp(line, "model name", 10) != 0 || value == NULL)
            continue;
        value[strcspn(value, "\n")] = '\0';
        snprintf(kind, size, "%s", value + 2);
        break;
    }
    fclose(information);
}

static void write_machine(FILE *json)
{
    char kind[256];
    processor_kind(kind, sizeof kind);
    struct utsname system = {0};
    uname(&system);
    system.release[strcspn(system.release, "-")] = '\0';
    fprintf(json, "\"machine\": {\"processor\": ");
    write_string(json, kind);
    fprintf(json, ", \"processors\": %ld, \"kernel\": \"%s %s\"},\n", sysconf(_SC_NPROCESSORS_ONLN),
            system.sysname, system.release);
}

struct findings *findings_open(const char *path, uint64_t input_bytes)
{
    struct findings *findings = calloc(1, sizeof *findings);
    if (findings == NULL) {
        fprintf(stderr, "cinch-bench: out of memory\n");
        exit(1);
    }
    findings->is_first_row = true;
    if (path == NULL)
        return findings;
    findings->json = fopen(path, "we");
    if (findings->json == NULL) {
        perror(path);
        exit(1);
    }
    fprintf(findings->json, "{\"kind\": \"cinch-bench\",\n");
    write_machine(findings->json);
    fprintf(findings->json, "\"version\": \"%s\", \"engines\": ", cinch_version());
    write_string(findings->json, cinch_engines());
    fprintf(findings->json, ",\n\"input_bytes\": %llu,\n\"rows\": [",
            (unsigned long long)input_bytes);
    return findings;
}

void findings_begin(struct findings *findings, const char *measurement)
{
    if (strcmp(findings->measurement, measurement) != 0) {
        snprintf(findings->measurement, sizeof findings->measurement, "%s", measurement);
        findings->has_head = false;
    }
    findings->names[0] = findings->line[0] = '\0';
    if (findings->json == NULL)
        return;
    fprintf(findings->json, "%s\n{\"measurement\": ", findings->is_first_row ? "" : ",");
    write_string(findings->json, measurement);
    findings->is_first_row = false;
}

static void append(char *line, size_t size, const char *text)
{
    size_t used = strlen(line);
    snprintf(line + used, size - used, "| %s ", text);
}

void findings_text(struct findings *findings, const char *name, const char *value)
{
    append(findings->names, sizeof findings->names, name);
    append(findings->line, sizeof findings->line, value);
    if (findings->json == NULL)
        return;
    fprintf(findings->json, ", \"%s\": ", name);
    write_string(findings->json, value);
}

void findings_number(struct findings *findings, const char *name, double value)
{
    char text[32];
    /* Counts are told in full; what was measured has no more than five meaningful digits. */
    bool is_count = value >= 10000 && value < 1e15;
    snprintf(text, sizeof text, is_count ? "%.0f" : "%.5g", value);
    append(findings->names, sizeof findings->names, name);
    append(findings->line, sizeof findings->line, text);
    if (findings->json != NULL)
        fprintf(findings->json, ", \"%s\": %s", name, text);
}

void findings_end(struct findings *findings)
{
    if (!findings->has_head) {
        printf("\n%s\n\n%s|\n", findings->measurement, findings->names);
        for (const char *bar = findings->names; (bar = strchr(bar, '|')) != NULL; bar++)
            printf("|---");
        printf("|\n");
        findings->has_head = true;
    }
    printf("%s|\n", findings->line);
    fflush(stdout);
    if (findings->json != NULL)
        fprintf(findings->json, "}");
}

void findings_close(struct findings *findings)
{
    if (findings->json != NULL) {
        fprintf(findings->json, "\n]}\n");
        if (fclose(findings->json) != 0) {
            perror("cinch-bench: cannot write the results");
            exit(1);
        }
    }
    free(findings);
}
