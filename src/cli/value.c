#include "cli/value.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool value_number(const char *string, int64_t least, int64_t most, int64_t *number)
{
    char *end;
    if (!isdigit((unsigned char)*string) && *string != '-')
        return false;
    errno = 0;
    long long parsed = strtoll(string, &end, 10);
    if (errno != 0 || end == string || *end != '\0' || parsed < least || parsed > most)
        return false;
    *number = parsed;
    return true;
}

bool value_size(const char *string, uint64_t *size)
{
    char *end;
    if (!isdigit((unsigned char)*string))
        return false;
    errno = 0;
    unsigned long long parsed = strtoull(string, &end, 10);
    if (errno != 0)
        return false;

    static const char units[] = "KMGT";
    unsigned shift = 0;
    const char *unit = *end ? strchr(units, toupper((unsigned char)*end)) : NULL;
    if (unit) {
        shift = 10 * (unsigned)(unit - units + 1);
        end++;
        if (strcasecmp(end, "iB") == 0)
            end += 2;
    }
    if (strcasecmp(end, "B") == 0)
        end++;
    if (*end != '\0' || (shift != 0 && parsed > UINT64_MAX >> shift))
        return false;
    *size = (uint64_t)parsed << shift;
    return true;
}
