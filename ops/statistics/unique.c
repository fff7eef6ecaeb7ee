// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// unique: which pixels there are, in order, and how often each occurs: a row of its samples and the count. Pixels compare channel by channel.
// One channel of u8 or u16 is counted; anything else is kept as one number of 64 bits a pixel, which all channels together must fit, and
// sorted at the end. f32: -0 is 0, and a pixel with NaN is not counted.
#include "stats.h"

static bool counted(const kal_extent *e)
{
    return e->channels == 1 && kal__histogram_bins(e->type);
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params;
    (void)out;
    const kal_extent *e = &c->in[0]->extent;
    if (kal_pixel_size(e) > sizeof(uint64_t))
        return kal_fail(
            err, KAL_INVALID,
            "unique: a pixel has %zu bytes and at most 8 are compared; choose channels with band_extract",
            kal_pixel_size(e));
    return kal__stats_mask("unique", c, err);
}

typedef struct kept {
    uint64_t n;
    uint64_t pixels[];
} kept;

static size_t size(const kal_call *c)
{
    const kal_extent *e = &c->in[0]->extent;
    return counted(e) ? kal__counts_size(e)
                      : sizeof(kept) + (size_t)e->width * (size_t)e->height * sizeof(uint64_t);
}

static int32_t bits_of(const kal_extent *e)
{
    return 8 * (int32_t)kal_type_size(e->type);
}

// The first channel is the highest.
static void keep_span(const kal_call *c, void *gathered, const void *pixels, size_t n)
{
    const kal_extent *e = &c->in[0]->extent;
    kept *g = gathered;
    const size_t channels = (size_t)e->channels;
    for (size_t i = 0; i < n; i++) {
        uint64_t key = 0;
        bool real = true;
        for (size_t k = i * channels; k < (i + 1) * channels; k++) {
            if (e->type != KAL_F32) {
                key = key << (bits_of(e) % 64) | (uint64_t)kal__get(pixels, e->type, k);
                continue;
            }
            const float v = ((const float *)pixels)[k];
            real &= v == v;
            key = key << 32 | kal__sort_key(v + 0.0f);   // -0 is 0
        }
        if (real) g->pixels[g->n++] = key;
    }
}

static kal_status rows(const kal_job *j, void *gathered)
{
    kal__stats_rows(j, gathered, counted(&j->call->in[0]->extent) ? kal__counts_span : keep_span);
    return KAL_OK;
}

static void write_row(const kal_extent *e, uint64_t key, uint64_t count, double *row)
{
    for (int32_t k = 0; k < e->channels; k++) {
        const int32_t shift = bits_of(e) * (e->channels - 1 - k);
        const uint64_t v = key >> shift & (((uint64_t)1 << bits_of(e)) - 1);
        row[k] = e->type == KAL_F32 ? (double)kal__of_sort_key((uint32_t)v) : (double)v;
    }
    row[e->channels] = (double)count;
}

static kal_status of_counts(const kal_extent *e, const uint64_t *counts, kal_value *out)
{
    const int32_t bins = kal__histogram_bins(e->type);
    int32_t n = 0;
    for (int32_t v = 0; v < bins; v++) n += counts[v] > 0;
    if (kal_value_make(out, KAL_VALUE_NUMBERS, n, 2)) return KAL_NOMEM;
    for (int32_t v = 0, row = 0; v < bins; v++)
        if (counts[v]) write_row(e, (uint64_t)v, counts[v], out->v + 2 * (ptrdiff_t)row++);
    return KAL_OK;
}

static kal_status end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    const kal_extent *e = &c->in[0]->extent;
    if (counted(e)) return of_counts(e, gathered, out);
    kept *g = gathered;
    kal__sort_u64(g->pixels, g->n, (uint64_t)1 << (bits_of(e) * e->channels - 1));
    uint64_t n = 0;
    for (uint64_t i = 0; i < g->n; i++) n += !i || g->pixels[i] != g->pixels[i - 1];
    const int32_t columns = e->channels + 1;
    if (n * (uint64_t)columns > INT32_MAX)
        return kal_fail(err, KAL_LIMIT, "unique: there are %llu distinct pixels, too many for a value",
                        (unsigned long long)n);
    if (kal_value_make(out, KAL_VALUE_NUMBERS, (int32_t)n, columns)) return KAL_NOMEM;
    double *row = out->v;
    for (uint64_t i = 0, first = 0; i < g->n; i++) {
        if (i + 1 < g->n && g->pixels[i + 1] == g->pixels[i]) continue;
        write_row(e, g->pixels[i], i + 1 - first, row);
        row += columns;
        first = i + 1;
    }
    return KAL_OK;
}

static const kal_measure measure = {.kind = KAL_VALUE_NUMBERS, .size = size, .rows = rows, .end = end};

const kal_op kal__op_unique = {
    .name = "unique",
    .version = 1,
    .family = "values",
    .help = "The distinct pixels in order, each a row of its samples and how often it occurs\n"
            "Of one channel the distinct values, such as the labels of an image. A pixel may have 8 bytes; "
            "but for one "
            "channel\nof u8 or u16, 8 bytes a pixel are held. With a mask, pixels count where it is not 0; "
            "those with "
            "NaN do not.",
    .inputs = "image mask?",
    .params_size = sizeof(kal_unique_p),
    .cost = 1,
    .extent = extent,
    .measure = &measure,
    .samples = KAL__SAMPLES(""),
};
