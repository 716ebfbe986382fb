# --verify: data that decodes to what was read is written as ever; where the encoder wrote something else
# the file fails and its source stays. Without it that goes unnoticed, which shows that the fault is real.
text 300000 >a
for arguments in '' '--format=gzip' '--format=zlib' '-19' '-B 64K' '--single-stream' '--single-stream --format=gzip'; do
    for input in a /dev/null; do
        cinch $arguments -c $input >plain
        status_of cinch $arguments --verify -c $input >verified || echo "fails: $arguments $input"
        { cat plain; echo 'exit 0'; } | cmp - verified
    done
done
cinch -q --verify --rm -o a.zst a && zstd -dq a.zst && ls

need cc ldd
ldd "$CASE_PROGRAM" | grep -qE 'lib[at]san' && skip 'a sanitizer has to be loaded first'
# An encoder that changes the last byte of each call that writes many.
cat >broken.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <zstd.h>

size_t ZSTD_compressStream2(ZSTD_CCtx *context, ZSTD_outBuffer *output, ZSTD_inBuffer *input,
                            ZSTD_EndDirective end)
{
    size_t (*real)(ZSTD_CCtx *, ZSTD_outBuffer *, ZSTD_inBuffer *, ZSTD_EndDirective);
    *(void **)&real = dlsym(RTLD_NEXT, "ZSTD_compressStream2");
    size_t before = output->pos, result = real(context, output, input, end);
    if (output->pos > before + 100)
        ((unsigned char *)output->dst)[output->pos - 50] ^= 1;
    return result;
}
END
cc -shared -fPIC -o broken.so broken.c || skip 'no shared library can be made'
for arguments in '' '-B 64K' '--single-stream' '--no-check'; do
    rm -f a.zst
    status_of env LD_PRELOAD="$PWD/broken.so" cinch -q $arguments --verify --rm a
    ls a*
done
LD_PRELOAD=$PWD/broken.so cinch -q a
zstd -dcq a.zst 2>/dev/null | cmp -s - a && echo 'the encoder is not broken'
exit 0
