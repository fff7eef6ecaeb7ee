// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See stats.h.
#include "stats.h"

#include "fmath.h"

kal_status kal__stats_mask(const char *op, const kal_call *c, kal_error *err)
{
    if (c->n < 2) return KAL_OK;
    const kal_extent *e = &c->in[0]->extent, *m = &c->in[1]->extent;
    if (m->channels != 1 || m->type != KAL_U8)
        return kal_fail(err, KAL_INVALID, "%s: the mask has %d channels of %s; one of u8 is needed", op,
                        m->channels, kal_type_name(m->type));
    if (m->width != e->width || m->height != e->height)
        return kal_fail(err, KAL_INVALID, "%s: the mask is %d×%d and the image %d×%d", op, m->width,
                        m->height, e->width, e->height);
    return KAL_OK;
}

void kal__stats_rows(const kal_job *j, void *gathered, kal__span *span)
{
    const kal_call *c = j->call;
    const size_t width = (size_t)c->in[0]->extent.width, pixel = (size_t)j->in[0].pixel;
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++) {
        const unsigned char *row = kal_row(&j->in[0], y), *mask = c->n > 1 ? kal_row(&j->in[1], y) : NULL;
        for (size_t from = 0, to; from < width; from = to) {
            for (to = from; to < width && (!mask || mask[to]); to++) {
                if (mask) continue;
                to = width;
                break;
            }
            if (to > from) span(c, gathered, row + from * pixel, to - from);
            while (mask && to < width && !mask[to]) to++;
        }
    }
}

size_t kal__counts_size(const kal_extent *e)
{
    return (size_t)e->channels * (size_t)kal__histogram_bins(e->type) * sizeof(uint64_t);
}

void kal__counts_span(const kal_call *c, void *gathered, const void *pixels, size_t n)
{
    kal__histogram(gathered, pixels, n, &c->in[0]->extent);
}

uint64_t kal__counts_total(const uint64_t *counts, int32_t bins)
{
    uint64_t n = 0;
    for (int32_t v = 0; v < bins; v++) n += counts[v];
    return n;
}

// ---- sorting ------------------------------------------------------------------------------------

// Those without the bit go to the front; each half is sorted by the bits below.
void kal__sort_u64(uint64_t *v, size_t n, uint64_t bit)
{
    while (n > 1 && bit) {
        size_t low = 0, high = n;
        while (low < high)
            if (v[low] & bit) {
                const uint64_t t = v[--high];
                v[high] = v[low], v[low] = t;
            } else {
                low++;
            }
        bit >>= 1;
        kal__sort_u64(v, low, bit);
        v += low, n -= low;
    }
}

// ---- percentiles --------------------------------------------------------------------------------

// The same, but only the half in which the rank lies is looked at further: some two looks at each key.
static uint32_t key_at(uint32_t *v, uint64_t n, uint64_t rank)
{
    for (uint32_t bit = 0x80000000u; n > 1 && bit; bit >>= 1) {
        uint64_t low = 0, high = n;
        while (low < high)
            if (v[low] & bit) {
                const uint32_t t = v[--high];
                v[high] = v[low], v[low] = t;
            } else {
                low++;
            }
        if (rank < low)
            n = low;
        else
            v += low, n -= low, rank -= low;
    }
    return v[rank];
}

static double at_rank(const kal__samples *s, uint64_t rank)
{
    if (s->keys) return (double)kal__of_sort_key(key_at(s->keys, s->n, rank));
    int32_t v = 0;
    for (uint64_t below = s->counts[0]; below <= rank; below += s->counts[++v]) {}
    return v;
}

double kal__percentile(const kal__samples *s, double p, int32_t method)
{
    enum { LINEAR, LOWER, HIGHER, NEAREST, MIDPOINT };
    const double last = (double)(s->n - 1), at = kal__clamp(last * p / 100, 0, last);
    const double down = kal__floor(at), up = kal__ceil(at);
    if (method == LOWER) return at_rank(s, (uint64_t)down);
    if (method == HIGHER) return at_rank(s, (uint64_t)up);
    if (method == NEAREST) return at_rank(s, (uint64_t)kal__rint(at));
    const double a = at_rank(s, (uint64_t)down), b = at_rank(s, (uint64_t)up);
    if (a == b) return a;
    return method == MIDPOINT ? a + (b - a) / 2 : a + (b - a) * (at - down);
}
