// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See tone.h.
#include "tone.h"

#include "channels.h"
#include "kernels.h"
#include "mem.h"

#include <stdlib.h>

typedef struct tone {
    kal__curve *curve;
    kal__curve_f32 *floats;
    bool same;        // one table for all colour channels
    size_t entries;   // of a table; 0: there is none
    uint8_t *u8;      // tables, channel after channel
    uint16_t *u16;
} tone;

enum { SOME = 256 };   // samples that are reals at a time; a table is a multiple of it

// As kal__to_u8 and kal__to_u16, in a form that becomes a vector loop.
static void round_into(const tone *t, size_t at, const double *v)
{
    if (t->u8)
        for (size_t i = 0; i < SOME; i++)
            t->u8[at + i] = (uint8_t)(int32_t)((v[i] > 255 ? 255 : v[i] > 0 ? v[i] : 0) + 0.5);
    else
        for (size_t i = 0; i < SOME; i++)
            t->u16[at + i] = (uint16_t)(int32_t)((v[i] > 65535 ? 65535 : v[i] > 0 ? v[i] : 0) + 0.5);
}

static void fill_tables(const kal_call *c, const tone *t, int32_t tables)
{
    double v[SOME];
    for (int32_t k = 0; k < tables; k++)
        for (size_t from = 0; from < t->entries; from += SOME) {
            for (int32_t i = 0; i < SOME; i++) v[i] = (int32_t)from + i;
            t->curve(c, k, v, SOME);
            round_into(t, (size_t)k * t->entries + from, v);
        }
}

// A table pays when there are more samples than entries; the results are the same.
static size_t entries_of(const kal_extent *e)
{
    if (e->type == KAL_U8) return 256;
    const bool many = (int64_t)e->width * e->height >= 65536;
    return e->type == KAL_U16 && many ? 65536 : 0;
}

kal_status kal__tone_new(const kal_call *c, kal__curve *curve, kal__curve_f32 *floats, bool same,
                         void **state, kal_error *err)
{
    const kal_extent *e = &c->extent;
    const int32_t tables = same ? 1 : kal__colours(e);
    tone *t = kal__new_zero(1, sizeof *t);
    if (!t) return kal_fail(err, KAL_NOMEM, "%s: out of memory", c->op->name);
    *t = (tone){.curve = curve, .floats = floats, .same = same, .entries = entries_of(e)};
    void *room = NULL;
    if (t->entries && !(room = kal__new((size_t)tables * t->entries, kal_type_size(e->type)))) {
        free(t);
        return kal_fail(err, KAL_NOMEM, "%s: out of memory", c->op->name);
    }
    t->u8 = e->type == KAL_U8 ? room : NULL;
    t->u16 = e->type == KAL_U16 ? room : NULL;
    fill_tables(c, t, tables);
    *state = t;
    return KAL_OK;
}

void kal__tone_free(void *state)
{
    tone *t = state;
    if (!t) return;
    free(t->u8);
    free(t->u16);
    free(t);
}

void kal__lut_u8_c(uint8_t *dst, const uint8_t *src, size_t n, const uint8_t *table)
{
    for (size_t i = 0; i < n; i++) dst[i] = table[src[i]];
}

void kal__scale_f32_c(float *dst, const float *src, size_t n, float scale, float offset)
{
    for (size_t i = 0; i < n; i++) dst[i] = src[i] * scale + offset;
}

static void map_u8_c(uint8_t *dst, const uint8_t *src, size_t n, size_t step, const uint8_t *table)
{
    for (size_t i = 0; i < n; i++) dst[i * step] = table[src[i * step]];
}

static void map_u16_c(uint16_t *dst, const uint16_t *src, size_t n, size_t step, const uint16_t *table)
{
    for (size_t i = 0; i < n; i++) dst[i * step] = table[src[i * step]];
}

// Without a table.
static void map_each(const tone *t, const kal_call *c, int32_t channel, void *dst, const void *src, size_t n,
                     size_t step)
{
    const kal_type type = c->extent.type;
    double v[SOME];
    for (size_t from = 0; from < n; from += SOME) {
        const size_t some = n - from < SOME ? n - from : SOME, at = (size_t)channel + from * step;
        for (size_t i = 0; i < some; i++) v[i] = kal__get(src, type, at + i * step);
        t->curve(c, channel, v, some);
        for (size_t i = 0; i < some; i++) kal__set(dst, type, at + i * step, v[i]);
    }
}

// Samples channel, channel + step … of a row.
static void map_channel(const tone *t, const kal_call *c, int32_t channel, void *dst, const void *src,
                        size_t n, size_t step)
{
    const size_t first = (size_t)channel, table = t->same ? 0 : first * t->entries;
    if (t->u8 && step == 1)
        kal__kernels()->lut_u8(dst, src, n, t->u8);
    else if (t->u8)
        map_u8_c((uint8_t *)dst + first, (const uint8_t *)src + first, n, step, t->u8 + table);
    else if (t->u16)
        map_u16_c((uint16_t *)dst + first, (const uint16_t *)src + first, n, step, t->u16 + table);
    else if (t->floats && c->extent.type == KAL_F32)
        t->floats(c, channel, (float *)dst + first, (const float *)src + first, n, step);
    else
        map_each(t, c, channel, dst, src, n, step);
}

kal_status kal__tone_run(const kal_job *j)
{
    const tone *t = j->state;
    const kal_extent *e = &j->call->extent;
    const size_t channels = (size_t)e->channels;
    const bool along = t->u8 || (t->floats && e->type == KAL_F32);   // costs less than leaving it out
    size_t n;
    const int32_t rows = kal__rows_together(j, 1, &n);
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y += rows) {
        void *dst = kal_row(j->out, y);
        const void *src = kal_row(&j->in[0], y);
        if (t->same && (!e->alpha || along)) {   // alpha goes along and is put back
            map_channel(t, j->call, 0, dst, src, n * channels, 1);
            kal__keep_alpha(e, dst, src, n);
            continue;
        }
        for (int32_t k = 0; k < kal__colours(e); k++) map_channel(t, j->call, k, dst, src, n, channels);
        kal__keep_alpha(e, dst, src, n);
    }
    return KAL_OK;
}
