// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Entries packed by Zstandard, where that was asked for: half the room for rows of photographs, at a tenth of the speed of a mapping. Each piece by itself,
// bytes less those one pixel before them, at the library's fastest ordinary level. The library is loaded when it is first needed.
#include "library.h"
#include "store_file.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#if !defined(KAL_NO_ZSTD) && defined(__has_include)
#if __has_include(<zstd.h>)
#define ZSTD 1
#endif
#endif

size_t kal__pack_step(const kal__stored *what)
{
    const uint64_t area = (uint64_t)((int64_t)what->rect.x1 - what->rect.x0) *
                          (uint64_t)((int64_t)what->rect.y1 - what->rect.y0);
    if (what->kind != KAL__STORED_ROWS || !area || what->size % area || what->size / area > 256) return 0;
    return what->size / area;
}

bool kal__pack_may(const kal__stored *what)
{
    return what->kind == KAL__STORED_ROWS || what->kind == KAL__STORED_BLOB;   // files are packed already
}

#if ZSTD

#include <zstd.h>

#if defined(__APPLE__)
#define LIBRARY "libzstd.1.dylib"
#else
#define LIBRARY "libzstd.so.1"
#endif
#define LEVEL 1
#define NEEDED(F)          \
    F(ZSTD_compressBound)  \
    F(ZSTD_createCCtx)     \
    F(ZSTD_freeCCtx)       \
    F(ZSTD_compressCCtx)   \
    F(ZSTD_createDCtx)     \
    F(ZSTD_freeDCtx)       \
    F(ZSTD_decompressDCtx) \
    F(ZSTD_isError)

static struct {
    NEEDED(KAL__FUNCTION)
} lib;
static bool have;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void)
{
    static const char *const names[] = {NEEDED(KAL__NAME)};
    const size_t n = sizeof names / sizeof *names;
    have = kal__library(LIBRARY, names, n, n, &lib);
}

bool kal__pack_ready(void)
{
    pthread_once(&once, load);
    return have;
}

struct kal__packer {
    ZSTD_CCtx *context;
    unsigned char *less, *out;   // bytes less those before them; what is packed
    size_t room;
};

kal__packer *kal__packer_new(void)
{
    kal__packer *p = kal__pack_ready() ? kal__new_zero(1, sizeof *p) : NULL;
    if (!p) return NULL;
    p->room = lib.ZSTD_compressBound(KAL__STORE_PIECE);
    p->context = lib.ZSTD_createCCtx();
    p->less = kal__new(KAL__STORE_PIECE, 1);
    p->out = kal__new(p->room, 1);
    if (!p->context || !p->less || !p->out) kal__packer_free(&p);
    return p;
}

void kal__packer_free(kal__packer **slot)
{
    kal__packer *p = *slot;
    *slot = NULL;
    if (!p) return;
    lib.ZSTD_freeCCtx(p->context);
    free(p->less);
    free(p->out);
    free(p);
}

const unsigned char *kal__pack(kal__packer *p, const unsigned char *data, size_t n, size_t step, size_t *size)
{
    if (step && step < n) {
        memcpy(p->less, data, step);
        for (size_t i = step; i < n; i++) p->less[i] = (unsigned char)(data[i] - data[i - step]);
        data = p->less;
    }
    *size = lib.ZSTD_compressCCtx(p->context, p->out, p->room, data, n, LEVEL);
    return lib.ZSTD_isError(*size) ? NULL : p->out;
}

// Steps of the usual sizes are known to the compiler.
static void add_up(unsigned char *p, size_t n, size_t step)
{
#define EACH(k)                                                                 \
    case k:                                                                     \
        for (size_t i = k; i < n; i++) p[i] = (unsigned char)(p[i] + p[i - k]); \
        return
    switch (step) {
    case 0:
        return;
        EACH(1);
        EACH(3);
        EACH(4);
    default:
        for (size_t i = step; i < n; i++) p[i] = (unsigned char)(p[i] + p[i - step]);
    }
#undef EACH
}

bool kal__unpack(const unsigned char *file, const kal__store_head *head, size_t step, unsigned char *to)
{
    ZSTD_DCtx *context = kal__pack_ready() ? lib.ZSTD_createDCtx() : NULL;
    bool ok = context != NULL;
    for (size_t i = 0; i < head->pieces && ok; i++) {
        const kal__stretch p = kal__store_stretch(file, head, i);
        const uint64_t at = (uint64_t)i * KAL__STORE_PIECE;
        const size_t n = head->size - at < KAL__STORE_PIECE ? (size_t)(head->size - at) : KAL__STORE_PIECE;
        ok = lib.ZSTD_decompressDCtx(context, to + at, n, p.data, p.size) == n;
        if (ok) add_up(to + at, n, step);
    }
    if (context) lib.ZSTD_freeDCtx(context);
    return ok;
}

#else

bool kal__pack_ready(void)
{
    return false;
}

kal__packer *kal__packer_new(void)
{
    return NULL;
}

void kal__packer_free(kal__packer **slot)
{
    *slot = NULL;
}

const unsigned char *kal__pack(kal__packer *p, const unsigned char *data, size_t n, size_t step, size_t *size)
{
    (void)p, (void)data, (void)n, (void)step;
    *size = 0;
    return NULL;
}

bool kal__unpack(const unsigned char *file, const kal__store_head *head, size_t step, unsigned char *to)
{
    (void)file, (void)head, (void)step, (void)to;
    return false;
}

#endif

kal_status kal__store_set_packing(kal__store *s, const char *how, kal_error *err)
{
    const bool packs = how && !strcmp(how, "zstd");
    if (how && *how && !packs && strcmp(how, "none") != 0)
        return kal_fail(err, KAL_INVALID, "a memo's packing is none or zstd, not \"%s\"", how);
    if (packs && !kal__pack_ready())
        return kal_fail(err, KAL_UNSUPPORTED, "%s: packing by zstd: libzstd is not installed", s->name);
    __atomic_store_n(&s->packs, packs, __ATOMIC_RELEASE);
    return KAL_OK;
}

bool kal__store_packs(const kal__store *s)
{
    return __atomic_load_n(&s->packs, __ATOMIC_ACQUIRE);
}
