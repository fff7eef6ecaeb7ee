// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A file that says which picture it was: the content key (docs/keys.md) as one line of 32 letters. Of size, kind and samples; metadata are
// not in it.
#include "codec.h"
#include "digest.h"
#include "mem.h"

#include <stdlib.h>

struct kal__encoder {
    kal__writer *writer;
    kal__digest *digest;
    kal_key key;   // with the last row
};

typedef struct hash_p {
    size_t size;
} hash_p;

static kal_status hash_accepts(const kal_extent *x, const void *params, size_t *memory, kal_error *err)
{
    (void)params, (void)err;   // there is a key of any picture
    *memory = sizeof(kal__encoder) + kal__digest_memory(x);
    return KAL_OK;
}

static void destroy(kal__encoder *e)
{
    kal__digest_free(&e->digest);
    free(e);
}

static kal_status hash_begin(const kal_extent *x, const void *params, const kal__meta *meta, kal__writer *w,
                             kal__encoder **out, kal_error *err)
{
    (void)params, (void)meta;
    kal__encoder *e = *out = kal__new_zero(1, sizeof *e);
    if (e) e->digest = kal__digest_new(x, &e->key);
    if (e && e->digest) {
        e->writer = w;
        return KAL_OK;
    }
    free(e);
    *out = NULL;
    return kal_fail(err, KAL_NOMEM, "hash: out of memory");
}

static kal_status hash_put(kal__encoder *e, const unsigned char *src, ptrdiff_t stride, int32_t n,
                           kal_error *err)
{
    (void)err;
    for (; n; n--, src += stride) kal__digest_row(e->digest, src);
    return KAL_OK;
}

static kal_status put_line(kal__encoder *e, kal_error *err)
{
    char line[34];
    kal_key_print(e->key, line);
    line[32] = '\n';
    return e->writer->write(e->writer, line, 33, err);
}

// A line for each picture.
static kal_status hash_page(kal__encoder *e, const kal_extent *x, const void *params, const kal__meta *meta,
                            kal_error *err)
{
    (void)params, (void)meta;
    const kal_status st = put_line(e, err);
    if (st) return st;
    kal__digest_free(&e->digest);
    e->digest = kal__digest_new(x, &e->key);
    return e->digest ? KAL_OK : kal_fail(err, KAL_NOMEM, "hash: out of memory");
}

static kal_status hash_end(kal__encoder *e, kal_error *err)
{
    const kal_status st = err ? put_line(e, err) : KAL_OK;
    destroy(e);
    return st;
}

static bool hash_sniff(const unsigned char *p, size_t n)
{
    (void)p, (void)n;   // no picture comes back from it
    return false;
}

static const char *hash_version(void)
{
    return "kallitype 1";
}

const kal__codec kal__codec_hash = {
    .name = "hash",
    .suffixes = "hash",
    .help = "the content key of the pixels as a line of text; metadata are not in it. Write only",
    .version = hash_version,
    .sniff = hash_sniff,
    .params_size = sizeof(hash_p),
    .accepts = hash_accepts,
    .begin = hash_begin,
    .put = hash_put,
    .page = hash_page,
    .flows = true,
    .one_way = true,
    .end = hash_end,
};
