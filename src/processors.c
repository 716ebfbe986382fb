#include "processors.h"

#include <sched.h>

uint32_t processors_quota(const char *root)
{
    (void)root;
    return UINT32_MAX;
}

uint32_t processors_usable(void)
{
    cpu_set_t set;
    uint32_t count = 1;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        count = (uint32_t)CPU_COUNT(&set);
    uint32_t quota = processors_quota("");
    if (count > quota)
        count = quota;
    return count > 0 ? count : 1;
}
