#include "codec/check.h"

#if CINCH_HAVE_LIBDEFLATE
#include <libdeflate.h>
#elif CINCH_HAVE_ISAL
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#endif
#include <zlib.h>

uint32_t check_crc32(uint32_t check, const void *data, size_t size)
{
#if CINCH_HAVE_LIBDEFLATE
    return libdeflate_crc32(check, data, size);
#elif CINCH_HAVE_ISAL
    return crc32_gzip_refl(check, data, size);
#else
    return (uint32_t)crc32_z(check, data, size);
#endif
}

uint32_t check_adler32(uint32_t check, const void *data, size_t size)
{
#if CINCH_HAVE_LIBDEFLATE
    return libdeflate_adler32(check, data, size);
#elif CINCH_HAVE_ISAL
    return isal_adler32(check, data, size);
#else
    return (uint32_t)adler32_z(check, data, size);
#endif
}
