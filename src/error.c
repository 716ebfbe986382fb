#include "error.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "error_codes.h"

/* A number that moved would change what programs already compiled take it for. */
#define ERROR_CODE_PINNED(number, name, message)                                                   \
    static_assert((name) == (number), #name " must stay " #number);
ERROR_CODES(ERROR_CODE_PINNED)
#undef ERROR_CODE_PINNED

const char *cinch_strerror(int32_t error_code)
{
    switch (error_code) {
#define ERROR_CODE_MESSAGE(number, name, message)                                                  \
    case name:                                                                                     \
        return message;
        ERROR_CODES(ERROR_CODE_MESSAGE)
#undef ERROR_CODE_MESSAGE
    default:
        return "unknown error code";
    }
}

/*
 * ELOOP and ENAMETOOLONG are not among "not found": something is there, or nothing could ever
 * be, and neither is mended by creating it.
 */
static int32_t code_of_system_error(int system_error)
{
    switch (system_error) {
    case ENOENT:
    case ENOTDIR:
        return CINCH_E_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return CINCH_E_PERMISSION;
    case EISDIR:
        return CINCH_E_FILE_TYPE;
    case EEXIST:
        return CINCH_E_EXISTS;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return CINCH_E_NO_SPACE;
    case EPIPE:
        return CINCH_E_BROKEN_PIPE;
    case ENOMEM:
        return CINCH_E_NO_MEMORY;
    default:
        return CINCH_E_IO;
    }
}

int32_t failure_set(struct failure *failure, int32_t code, enum failure_subject subject,
                    const char *action, int system_error)
{
    if (failure->code == CINCH_OK) {
        *failure = (struct failure){
            .code = code,
            .subject = subject,
            .action = action,
            .system_error = system_error,
        };
    }
    return code;
}

int32_t failure_set_system(struct failure *failure, enum failure_subject subject,
                           const char *action, int system_error)
{
    return failure_set(failure, code_of_system_error(system_error), subject, action, system_error);
}

size_t failure_describe(const struct failure *failure, const char *input_path,
                        const char *output_path, char *buffer, size_t size)
{
    if (failure->code == CINCH_OK) {
        if (size > 0) {
            buffer[0] = '\0';
        }
        return 0;
    }

    const char *action = failure->action != NULL ? failure->action : "";
    const char *subject = "";
    const char *path = NULL;
    if (failure->subject == FAILURE_OF_INPUT) {
        subject = "input";
        path = input_path;
    } else if (failure->subject == FAILURE_OF_OUTPUT) {
        subject = "output";
        path = output_path;
    }

    /* Unlike strerror(), this has no buffer to share between threads and no translations. */
    const char *reason = cinch_strerror(failure->code);
    char unknown[sizeof("system error -2147483648")];
    if (failure->system_error != 0) {
        reason = strerrordesc_np(failure->system_error);
        if (reason == NULL) {
            (void)snprintf(unknown, sizeof unknown, "system error %d", failure->system_error);
            reason = unknown;
        }
    }

    const char *gap = action[0] != '\0' && subject[0] != '\0' ? " " : "";
    const char *colon = action[0] != '\0' || subject[0] != '\0' ? ": " : "";
    const char *open_quote = path != NULL ? " '" : "";
    const char *close_quote = path != NULL ? "'" : "";
    int length = snprintf(buffer, size, "%s%s%s%s%s%s%s%s", action, gap, subject, open_quote,
                          path != NULL ? path : "", close_quote, colon, reason);
    return length > 0 ? (size_t)length : 0;
}

/* EMPTY --the first to set it--> WRITING --it has written--> SET */
enum latch_state {
    LATCH_EMPTY,
    LATCH_WRITING,
    LATCH_SET
};

void failure_latch_set(struct failure_latch *latch, const struct failure *failure)
{
    int found = LATCH_EMPTY;
    if (!atomic_compare_exchange_strong(&latch->state, &found, LATCH_WRITING))
        return;
    latch->failure = *failure;
    atomic_store_explicit(&latch->state, LATCH_SET, memory_order_release);
}

struct failure failure_latch_get(const struct failure_latch *latch)
{
    if (atomic_load_explicit(&latch->state, memory_order_acquire) != LATCH_SET)
        return (struct failure){.code = CINCH_OK};
    return latch->failure;
}
