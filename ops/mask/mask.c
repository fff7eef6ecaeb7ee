// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See mask.h; and the ops on masks pixel by pixel: mask_and, mask_or, mask_xor of one or more masks. Bytes are 0 or 255, so these are
// the bytes' own and, or, xor. Exact.
#include "mask.h"

#include "cpu.h"

kal_status kal__check_mask(const char *op, const kal_extent *e, kal_error *err)
{
    if (e->model == KAL_MASK) return KAL_OK;
    return kal_fail(err, KAL_INVALID, "%s: takes a mask; threshold makes one of an image", op);
}

kal_status kal__check_connectivity(const char *op, int32_t connectivity, kal_error *err)
{
    if (connectivity == 4 || connectivity == 8) return KAL_OK;
    return kal_fail(err, KAL_INVALID, "%s: connectivity is 4 or 8, not %d", op, connectivity);
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params;
    *out = c->in[0]->extent;
    for (int32_t i = 0; i < c->n; i++) {
        const kal_extent *e = &c->in[i]->extent;
        const kal_status st = kal__check_mask(c->op->name, e, err);
        if (st) return st;
        if (e->width != out->width || e->height != out->height)
            return kal_fail(err, KAL_INVALID, "%s: the first mask is %d×%d and another %d×%d", c->op->name,
                            out->width, out->height, e->width, e->height);
    }
    return KAL_OK;
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    (void)room;
    if (c->n == 1) to->same = c->in[0];
    return c->n == 1;
}

#define JOIN(name, operator)                                                                 \
    KAL__INLINE void name##_body(uint8_t *restrict dst, const uint8_t *restrict a, size_t n) \
    {                                                                                        \
        for (size_t i = 0; i < n; i++) dst[i] = (uint8_t)(dst[i] operator a[i]);             \
    }                                                                                        \
    KAL__VARIANTS(name, (uint8_t * dst, const uint8_t *a, size_t n), (dst, a, n))            \
    static kal_status run_##name(const kal_job *j)                                           \
    {                                                                                        \
        size_t n;                                                                            \
        const int32_t rows = kal__rows_together(j, j->call->n, &n);                          \
        for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y += rows) {                  \
            uint8_t *dst = kal_row(j->out, y);                                               \
            memcpy(dst, kal_row(&j->in[0], y), n);                                           \
            for (int32_t i = 1; i < j->call->n; i++) name(dst, kal_row(&j->in[i], y), n);    \
        }                                                                                    \
        return KAL_OK;                                                                       \
    }
JOIN(and, &)
JOIN(or, |)
JOIN(xor, ^)

#define RECORD(word, text)                          \
    const kal_op kal__op_mask_##word = {            \
        .name = "mask_" #word,                      \
        .version = 1,                               \
        .family = "masks",                          \
        .help = text,                               \
        .inputs = "masks...",                       \
        .params_size = sizeof(kal_mask_##word##_p), \
        .flags = KAL_OP_POINTWISE,                  \
        .cost = 0.1f,                               \
        .extent = extent,                           \
        .fold = fold,                               \
        .run = run_##word,                          \
        .samples = KAL__SAMPLES(""),                \
    }
RECORD(and, "What is set in every mask\nMasks of one size, one or more.");
RECORD(or, "What is set in any mask\nMasks of one size, one or more.");
RECORD(xor,
       "What is set in an odd number of masks\nMasks of one size, one or more; of two: where they differ.");
