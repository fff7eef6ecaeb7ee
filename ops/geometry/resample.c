// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See resample.h.
#include "resample.h"

#include "cpu.h"
#include "fmath.h"
#include "mem.h"

#include <stdlib.h>

// ---- kernels ------------------------------------------------------------------------------------
// Of |x|, any |x| below 4; what lies outside the radius is dropped later.

static double bilinear(double x)
{
    return 1 - x;
}

static double bicubic(double x)
{
    return x < 1 ? (1.5 * x - 2.5) * x * x + 1 : ((-0.5 * x + 2.5) * x - 4) * x + 2;
}

static double mitchell(double x)
{
    if (x < 1) return ((7 * x - 12) * x * x + 16 / 3.0) / 6;
    return (((-7 / 3.0 * x + 12) * x - 20) * x + 32 / 3.0) / 6;
}

enum { CHUNK = 128 };

static void bilinear_all(double *w, size_t n)
{
    for (size_t i = 0; i < n; i++) w[i] = bilinear(w[i]);
}

static void bicubic_all(double *w, size_t n)
{
    for (size_t i = 0; i < n; i++) w[i] = bicubic(w[i]);
}

static void mitchell_all(double *w, size_t n)
{
    for (size_t i = 0; i < n; i++) w[i] = mitchell(w[i]);
}

// sinc(x) · sinc(x/3) of the sines
KAL__INLINE void lanczos3_join_body(double *w, const double *s, const double *s3, size_t n)
{
    const double pi2 = 9.869604401089358;   // π²
    for (size_t i = 0; i < n; i++) {
        const double x = w[i], v = 3 * s[i] * s3[i] / (pi2 * x * x);
        w[i] = x == 0 ? 1 : v;
    }
}
KAL__VARIANTS(lanczos3_join,
              (double *restrict w, const double *restrict s, const double *restrict s3, size_t n),
              (w, s, s3, n))

static void lanczos3_all(double *w, size_t n)
{
    double third[CHUNK], s[CHUNK], s3[CHUNK];
    for (size_t i = 0; i < n; i++) third[i] = w[i] / 3;
    kal__sinpi_all(s, w, n);
    kal__sinpi_all(s3, third, n);
    lanczos3_join(w, s, s3, n);
}

static const struct kernel {
    double radius;
    void (*weights)(
        double *w,
        size_t n);   // of at most CHUNK distances; NULL: not a function of the stretched distance alone
} kernels[] = {
    [KAL_NEAREST] = {0, NULL},          [KAL_BOX] = {0.5, NULL},
    [KAL_BILINEAR] = {1, bilinear_all}, [KAL_BICUBIC] = {2, bicubic_all},
    [KAL_MITCHELL] = {2, mitchell_all}, [KAL_LANCZOS3] = {3, lanczos3_all},
};

// ---- windows ------------------------------------------------------------------------------------

static double stretch(const kal__axis *a)
{
    const double out = 8.0 * a->out;
    return a->antialias && (double)a->size > out ? (double)a->size / out : 1;
}

// One pixel, weight 1.
static bool picks(const kal__axis *a)
{
    const bool same = a->in == a->out && a->from == 0 && a->size == 8 * (int64_t)a->in;
    return same || a->kernel == KAL_NEAREST || (a->kernel == KAL_BOX && stretch(a) == 1);
}

// A window before the border cuts it; `fraction` of the centre.
typedef struct reach {
    int64_t base;   // whole part of the centre
    double fraction;
    int64_t first, end;
} reach;

static reach reach_of(const kal__axis *a, int32_t o)
{
    const int64_t den = 16 * (int64_t)a->out, centre = (2 * (int64_t)o + 1) * a->size + 2 * a->from * a->out;
    if (picks(a)) {
        const int64_t at = centre / den < a->in ? centre / den : a->in - 1;
        return (reach){at, 0, at, at + 1};
    }
    const int64_t num = centre - 8 * (int64_t)a->out;
    const int64_t base = num >= 0 ? num / den : -1;   // c > −1/2
    const double f = (double)(num - base * den) / (double)den, s = stretch(a);
    // A box that covers part of a pixel reaches half a pixel further.
    const double radius = kernels[a->kernel].radius * s + (a->kernel == KAL_BOX ? 0.5 : 0);
    const int64_t first = base + (int64_t)kal__floor(f - radius) + 1;
    return (reach){base, f, first, base + (int64_t)kal__ceil(f + radius)};
}

static bool is_cut(const kal__axis *a, const reach *r)
{
    return r->first < 0 || r->end > a->in;
}

static kal__window cut(const kal__axis *a, const reach *r)
{
    const int64_t first = r->first < 0 ? 0 : r->first, end = r->end > a->in ? a->in : r->end;
    return (kal__window){(int32_t)first, (int32_t)(end - first)};
}

kal__window kal__window_of(const kal__axis *a, int32_t o)
{
    const reach r = reach_of(a, o);
    return cut(a, &r);
}

int32_t kal__widest(const kal__axis *a)
{
    return kal__window_of(a, a->out / 2).count + 2;   // that of an output in the middle is not cut
}

int32_t kal__columns(const kal__axis *a, int32_t outputs)
{
    const int64_t out = 8 * (int64_t)a->out, n = (outputs * a->size + out - 1) / out + kal__widest(a);
    return n < a->in ? (int32_t)n : a->in;
}

int32_t kal__outputs_within(const kal__window *w, int32_t o, int32_t end, size_t pixels, size_t most)
{
    int32_t n = 1;
    while (o + n < end && (size_t)n < most &&
           (size_t)(w[o + n].first + w[o + n].count - w[o].first) <= pixels)
        n++;
    return n >= 16 && o + n < end ? n / 16 * 16 : n;
}

// ---- weights ------------------------------------------------------------------------------------

// How far the pixels of a window are from its centre.
static void distances_of(const kal__axis *a, int32_t o, double *d)
{
    const reach r = reach_of(a, o);
    const kal__window n = cut(a, &r);
    for (int32_t k = 0; k < n.count; k++) {
        const double at = (double)(n.first + k - r.base) - r.fraction;
        d[k] = at < 0 ? -at : at;
    }
}

// Distances become weights. Those of many windows at once: a window alone would not fill a vector.
static void weights_of(const kal__axis *a, double *w, size_t n)
{
    const struct kernel *kernel = &kernels[a->kernel];
    const double s = stretch(a);
    for (size_t i = 0; i < n; i++) {
        if (picks(a))
            w[i] = 1;
        else if (a->kernel == KAL_BOX)
            w[i] = kal__clamp(s / 2 + 0.5 - w[i], 0, 1);
        else
            w[i] /= s;
    }
    for (size_t i = 0; i < n && kernel->weights && !picks(a); i += CHUNK) {
        const size_t part = n - i < CHUNK ? n - i : CHUNK;
        double x[CHUNK];
        memcpy(x, w + i, part * sizeof *x);
        kernel->weights(w + i, part);
        for (size_t k = 0; k < part; k++)
            if (!(x[k] < kernel->radius)) w[i + k] = 0;
    }
}

static void divide_by_sum(double *w, int32_t n)
{
    double sum = 0;
    for (int32_t k = 0; k < n; k++) sum += w[k];
    for (int32_t k = 0; k < n; k++) w[k] /= sum;
}

// As kal__round does; the difference is exact, unlike x + 0.5.
static inline int16_t round_half_away(double x)
{
    const int32_t whole = (int32_t)x;
    const double part = x - whole;
    return (int16_t)(whole + (part >= 0.5) - (part <= -0.5));
}

// Rounds to 14 bits and hands what rounding took on to the next weight, so that no run of weights is off by
// more than one unit however many there are; what is left at the end goes to the largest. False: an overshoot
// so large that sums would not fit, which no kernel here has.
static bool round_taps(const double *w, int32_t n, int16_t *t)
{
    double rest = 0;
    int32_t sum = 0, size = 0, largest = 0;
    for (int32_t k = 0; k < n; k++) {
        const double wanted = w[k] * 16384 + rest;
        if (!(wanted > -32768 && wanted < 32767)) return false;
        t[k] = round_half_away(wanted);
        rest = wanted - t[k];
        sum += t[k];
        size += abs(t[k]);
        if (t[k] > t[largest]) largest = k;
    }
    t[largest] = (int16_t)(t[largest] + 16384 - sum);
    return size + abs(16384 - sum) <= 32768;   // so 255·2^15 >> 8 fits 16 bits, and 2^15·2^15 fits 32
}

// With the zeros around.
static size_t padded(int32_t count)
{
    return (size_t)count + 2;
}

// After as many outputs the fraction of a centre comes back.
static int32_t period_of(const kal__axis *a)
{
    int64_t x = a->size, y = 8 * (int64_t)a->out;
    while (y) {
        const int64_t m = x % y;
        x = y;
        y = m;
    }
    return (int32_t)(8 * (int64_t)a->out / x);
}

// From the widest window and the period, and a window's length of outputs at each end whose windows are cut.
size_t kal__taps_bytes(const kal__axis *a, bool integers)
{
    const size_t outs = (size_t)a->out, widest = (size_t)kal__widest(a);
    const size_t cut_ones = 2 * (widest * outs * 8 / (size_t)a->size + 2);
    size_t sets = (size_t)period_of(a) + cut_ones;
    if (sets > outs) sets = outs;
    return outs * (sizeof(kal__window) + sizeof(size_t)) +
           sets * padded((int32_t)widest) * (sizeof(double) + (integers ? sizeof(int16_t) : 0));
}

// Windows, and where each output's weights lie; returns how many weights in all.
static size_t lay_out(const kal__axis *a, kal__taps *t)
{
    const int32_t period = period_of(a);
    size_t n = 0;
    for (int32_t o = 0; o < a->out; o++) {
        const reach r = reach_of(a, o);
        t->window[o] = cut(a, &r);
        if (t->window[o].count > t->widest) t->widest = t->window[o].count;
        if (o >= period && !is_cut(a, &r)) {
            const reach before = reach_of(a, o - period);
            if (!is_cut(a, &before)) {
                t->at[o] = t->at[o - period];
                continue;
            }
        }
        t->at[o] = n + 1;
        n += padded(t->window[o].count);
    }
    return n;
}

// Distances, all weights, then each set by itself; those that are shared come once.
static void fill(const kal__axis *a, kal__taps *t, size_t n)
{
    size_t next = 1;
    for (int32_t o = 0; o < a->out; o++) {
        if (t->at[o] != next) continue;   // shared with an earlier one
        distances_of(a, o, t->w + next);
        next += padded(t->window[o].count);
    }
    weights_of(a, t->w, n);
    next = 1;
    for (int32_t o = 0; o < a->out; o++) {
        if (t->at[o] != next) continue;
        const int32_t count = t->window[o].count;
        double *w = t->w + next;
        w[-1] = w[count] = 0;
        divide_by_sum(w, count);
        if (t->t && !round_taps(w, count, t->t + next)) free(t->t), t->t = NULL;
        next += padded(count);
    }
}

bool kal__taps_make(const kal__axis *a, bool integers, kal__taps *out)
{
    const size_t outs = (size_t)a->out;
    kal__taps t = {kal__new(outs, sizeof *t.window), kal__new(outs, sizeof *t.at), NULL, NULL, 0};
    const size_t n = t.window && t.at ? lay_out(a, &t) : 0;
    const bool narrow = integers && t.widest <= KAL__MOST_TAPS;
    t.w = n ? kal__new_zero(n, sizeof *t.w) : NULL;
    t.t = n && narrow ? kal__new_zero(n, sizeof *t.t) : NULL;
    const bool ok = t.w && (t.t || !narrow);
    if (ok) fill(a, &t, n);
    if (!ok) kal__taps_free(&t);
    *out = t;
    return ok;
}

void kal__taps_free(kal__taps *t)
{
    free(t->window);
    free(t->at);
    free(t->w);
    free(t->t);
    *t = (kal__taps){NULL, NULL, NULL, NULL, 0};
}
