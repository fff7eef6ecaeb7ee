// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// DSSIM: from rows to the similarity of each pixel. As in ssimulacra2_rows.c a band of rows goes through all scales at once: rows of light, alpha multiplied in, are
// handed on halved; each scale makes them L, a and b, keeps five rows of these, of which a and b are blurred into five more, and of
// those come the moments of the row in the middle.
//
// Blur: three taps, twice, edge samples repeated each time.
#include "dssim.h"
#include "lanes.h"
#include "srgb.h"

enum { TAPS = 5, REACH = 2, PAD = KAL__LANES, SIGNALS = 5, PLANES = 4 };

#define SIDE 0.30875886f
#define MIDDLE 0.3824828f

// ---- sizes --------------------------------------------------------------------------------------

int kal__dssim_scales(int32_t width, int32_t height, int32_t w[KAL__DSSIM_SCALES],
                      int32_t h[KAL__DSSIM_SCALES])
{
    int n = 0;
    for (; n < KAL__DSSIM_SCALES && (!n || (w[n - 1] >= 8 && h[n - 1] >= 8)); n++) {
        w[n] = width, h[n] = height;
        width /= 2, height /= 2;
    }
    return n;
}

void kal__dssim_out(const kal_extent *e, int32_t band, int scale, int32_t height, int32_t *y0, int32_t *y1)
{
    const int64_t from = (int64_t)band * KAL__DSSIM_ROWS, to = from + KAL__DSSIM_ROWS;
    *y0 = from >> scale < height ? (int32_t)(from >> scale) : height;
    *y1 = to >= e->height || to >> scale > height ? height : (int32_t)(to >> scale);
}

// Of a scale in a band: rows that it says the similarity of, and rows of light that it gets.
typedef struct range {
    int32_t out0, out1, in0, in1;
} range;

static int ranges_of(const kal_extent *e, int32_t band, int32_t w[KAL__DSSIM_SCALES],
                     int32_t h[KAL__DSSIM_SCALES], range r[KAL__DSSIM_SCALES])
{
    const int n = kal__dssim_scales(e->width, e->height, w, h);
    for (int s = n - 1; s >= 0; s--) {
        range *a = &r[s];
        kal__dssim_out(e, band, s, h[s], &a->out0, &a->out1);
        a->in0 = a->out0, a->in1 = a->out1;
        if (a->in1 > a->in0) a->in0 -= 2 * REACH, a->in1 += 2 * REACH;
        if (s + 1 < n && r[s + 1].in1 > r[s + 1].in0) {
            const bool none = a->in1 == a->in0;
            if (none || r[s + 1].in0 * 2 < a->in0) a->in0 = r[s + 1].in0 * 2;
            if (none || r[s + 1].in1 * 2 > a->in1) a->in1 = r[s + 1].in1 * 2;
        }
        if (a->in0 < 0) a->in0 = 0;
        if (a->in1 > h[s]) a->in1 = h[s];
    }
    return n;
}

kal_rect kal__dssim_need(const kal_extent *e, kal_rect out)
{
    int32_t w[KAL__DSSIM_SCALES], h[KAL__DSSIM_SCALES];
    range first[KAL__DSSIM_SCALES], last[KAL__DSSIM_SCALES];
    if (!ranges_of(e, out.y0 / KAL__DSSIM_ROWS, w, h, first)) return kal_rect_of(0, 0, 0, 0);
    ranges_of(e, (out.y1 - 1) / KAL__DSSIM_ROWS, w, h, last);
    return kal_rect_of(0, first[0].in0, e->width, last[0].in1);
}

size_t kal__dssim_room(const kal_extent *e)
{
    int32_t w[KAL__DSSIM_SCALES], h[KAL__DSSIM_SCALES];
    const int n = kal__dssim_scales(e->width, e->height, w, h);
    size_t floats = 0;
    for (int s = 0; s < n; s++)
        floats += (size_t)w[s] * (size_t)((h[s] < KAL__DSSIM_ROWS >> s ? h[s] : KAL__DSSIM_ROWS >> s) + 1);
    return floats;
}

// ---- memory -------------------------------------------------------------------------------------

typedef struct level {
    int32_t width, height;
    range rows;
    size_t pitch;
    float *light[2];   // four planes: the row that waits for the one that goes with it, then what both make
    float *half[2];
    float *lab[2];          // three times TAPS rows, row y at y % TAPS: as they are,
    float *blurred[2];      // and with a and b blurred
    int32_t chroma, next;   // rows that come next, of the blurred ones and out
    float *out;             // where the next row goes
} level;

typedef struct work {
    int n;
    bool alpha[2];
    level levels[KAL__DSSIM_SCALES];
    float *sums;      // SIGNALS rows, twice
    float *moments;   // six rows, added up over L, a and b
    float *samples, *light;
} work;

static size_t level_floats(int32_t width)
{
    return kal__lanes_pitch(width, PAD) * 2 * (2 * PLANES + 2 * 3 * TAPS);
}

size_t kal__dssim_scratch(int32_t width, int32_t height)
{
    int32_t w[KAL__DSSIM_SCALES], h[KAL__DSSIM_SCALES];
    const int n = kal__dssim_scales(width, height, w, h);
    size_t floats = kal__lanes_pitch(width, PAD) * (2 * SIGNALS + 6 + 4 + 2 * PLANES);
    for (int s = 0; s < n; s++) floats += level_floats(w[s]);
    return floats * sizeof(float);
}

static void lay_out(work *k, const kal_job *j, float *out)
{
    const kal_extent *e = &j->call->in[0]->extent;
    int32_t w[KAL__DSSIM_SCALES], h[KAL__DSSIM_SCALES];
    range r[KAL__DSSIM_SCALES];
    float *room = j->scratch;
    *k = (work){.n = ranges_of(e, j->out->rect.y0 / KAL__DSSIM_ROWS, w, h, r)};
    const size_t pitch = kal__lanes_pitch(e->width, PAD);
    memset(room, 0, kal__dssim_scratch(e->width, e->height));
    k->sums = kal__lanes_take(&room, 2 * SIGNALS * pitch);
    k->moments = kal__lanes_take(&room, 6 * pitch);
    k->samples = kal__lanes_take(&room, 4 * pitch);
    k->light = kal__lanes_take(&room, 2 * PLANES * pitch);
    for (int i = 0; i < 2; i++) k->alpha[i] = j->call->in[i]->extent.alpha;
    for (int s = 0; s < k->n; s++) {
        level *l = &k->levels[s];
        *l = (level){.width = w[s], .height = h[s], .rows = r[s], .pitch = kal__lanes_pitch(w[s], PAD)};
        for (int i = 0; i < 2; i++) {
            l->light[i] = kal__lanes_take(&room, PLANES * l->pitch);
            l->half[i] = kal__lanes_take(&room, PLANES * l->pitch);
            l->lab[i] = kal__lanes_take(&room, 3 * TAPS * l->pitch);
            l->blurred[i] = kal__lanes_take(&room, 3 * TAPS * l->pitch);
        }
        l->next = r[s].out0;
        l->chroma = r[s].out0 - REACH > 0 ? r[s].out0 - REACH : 0;
        l->out = out;
        out += (size_t)w[s] * (size_t)(r[s].out1 - r[s].out0);
    }
}

static float *row_of(const level *l, float *const rings[2], int side, int channel, int32_t y)
{
    return rings[side] + ((size_t)channel * TAPS + (size_t)(y % TAPS)) * l->pitch + PAD;
}

// ---- L, a and b ---------------------------------------------------------------------------------

// What lies under what lets light through: a pattern, by place.
KAL__INLINE void under_body(float *red, float *green, float *blue, const float *alpha, int32_t y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const int32_t at = ((int32_t)i + 11) ^ (y + 11);
        const float rest = 1 - alpha[i];
        red[i] += at & 16 ? rest : 0;
        green[i] += at & 8 ? rest : 0;
        blue[i] += at & 32 ? rest : 0;
    }
}
KAL__VARIANTS(under, (float *red, float *green, float *blue, const float *alpha, int32_t y, size_t n),
              (red, green, blue, alpha, y, n))

KAL__INLINE float lightness(float v)
{
    const float least = 216.0f / 24389;
    const float x = v > least ? v : least, r = kal__inverse_cube_root_f32(x);
    return v > least ? x * (r * r) - 16.0f / 116 : v * (24389.0f / (27 * 116));
}

KAL__INLINE void lab_body(float *restrict l, float *restrict a, float *restrict b, const float *red,
                          const float *green, const float *blue, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const float r = red[i], g = green[i], u = blue[i];
        const float x = lightness((0.4124f * r + 0.3576f * g + 0.1805f * u) / 0.9505f),
                    y = lightness(0.2126f * r + 0.7152f * g + 0.0722f * u),
                    z = lightness((0.0193f * r + 0.1192f * g + 0.9505f * u) / 1.089f);
        l[i] = 1.05f * y;
        a[i] = (500.0f / 220) * (x - y) + 86.2f / 220;
        b[i] = (200.0f / 220) * (y - z) + 107.9f / 220;
    }
}
KAL__VARIANTS(lab,
              (float *l, float *a, float *b, const float *red, const float *green, const float *blue,
               size_t n),
              (l, a, b, red, green, blue, n))

// ---- blur ---------------------------------------------------------------------------------------

// How often each of the five rows around row y is counted: rows beyond the edge are those at it.
static void weights_of(int32_t y, int32_t height, float out[TAPS])
{
    static const float taps[3] = {SIDE, MIDDLE, SIDE};
    const int32_t last = height - 1;
    memset(out, 0, TAPS * sizeof *out);
    for (int32_t i = -1; i <= 1; i++) {
        const int32_t once = y + i < 0 ? 0 : y + i > last ? last : y + i;
        for (int32_t k = -1; k <= 1; k++) {
            const int32_t twice = once + k < 0 ? 0 : once + k > last ? last : once + k;
            out[twice - y + REACH] += taps[i + 1] * taps[k + 1];
        }
    }
}

static void rows_around(const level *l, float *const rings[2], int side, int channel, int32_t y,
                        const float *out[TAPS])
{
    for (int32_t i = -REACH; i <= REACH; i++) {
        const int32_t at = y + i < 0 ? 0 : y + i >= l->height ? l->height - 1 : y + i;
        out[i + REACH] = row_of(l, rings, side, channel, at);
    }
}

KAL__INLINE void column_body(float *dst, const float *const *p, const float *w, size_t n)
{
    for (size_t i = 0; i < n; i += KAL__LANES)
        kal__store(dst + i, w[0] * kal__load(p[0] + i) + w[1] * kal__load(p[1] + i) +
                                w[2] * kal__load(p[2] + i) + w[3] * kal__load(p[3] + i) +
                                w[4] * kal__load(p[4] + i));
}
KAL__VARIANTS(column, (float *dst, const float *const *p, const float *w, size_t n), (dst, p, w, n))

// Down the columns: means of both, of their squares, of their product.
KAL__INLINE void columns_body(float *dst, size_t pitch, const float *const *p, const float *const *q,
                              const float *w, size_t n)
{
    for (size_t i = 0; i < n; i += KAL__LANES) {
        kal__vec a = {0}, b = {0}, aa = {0}, bb = {0}, ab = {0};
#pragma GCC unroll 5
        for (int k = 0; k < TAPS; k++) {
            const kal__vec u = kal__load(p[k] + i), v = kal__load(q[k] + i), wu = w[k] * u, wv = w[k] * v;
            a += wu, b += wv, aa += wu * u, bb += wv * v, ab += wu * v;
        }
        kal__store(dst + i, a), kal__store(dst + pitch + i, b), kal__store(dst + 2 * pitch + i, aa);
        kal__store(dst + 3 * pitch + i, bb), kal__store(dst + 4 * pitch + i, ab);
    }
}
KAL__VARIANTS(columns,
              (float *dst, size_t pitch, const float *const *p, const float *const *q, const float *w,
               size_t n),
              (dst, pitch, p, q, w, n))

// Three taps along a row; there is room on both sides of the source for what is repeated.
KAL__INLINE void along_body(float *dst, float *src, size_t n)
{
    src[-1] = src[0];
    src[n] = src[n - 1];
    for (size_t i = 0; i < n; i += KAL__LANES)
        kal__store(dst + i,
                   SIDE * (kal__load(src + i - 1) + kal__load(src + i + 1)) + MIDDLE * kal__load(src + i));
}
KAL__VARIANTS(along, (float *dst, float *src, size_t n), (dst, src, n))

// ---- similarity ---------------------------------------------------------------------------------

// m11, m12, m22 and s1, s2, s12, added up over the planes.
KAL__INLINE void add_moments_body(float *to, size_t pitch, const float *sums, size_t n)
{
    for (size_t i = 0; i < n; i += KAL__LANES) {
        const kal__vec a = kal__load(sums + i), b = kal__load(sums + pitch + i);
        const kal__vec m[6] = {a * a,
                               a * b,
                               b * b,
                               kal__load(sums + 2 * pitch + i) - a * a,
                               kal__load(sums + 3 * pitch + i) - b * b,
                               kal__load(sums + 4 * pitch + i) - a * b};
        for (int k = 0; k < 6; k++)
            kal__store(to + (size_t)k * pitch + i, kal__load(to + (size_t)k * pitch + i) + m[k]);
    }
}
KAL__VARIANTS(add_moments, (float *to, size_t pitch, const float *sums, size_t n), (to, pitch, sums, n))

KAL__INLINE void similarity_body(float *dst, const float *moments, size_t pitch, size_t n)
{
    const float *m11 = moments, *m12 = m11 + pitch, *m22 = m12 + pitch, *s1 = m22 + pitch, *s2 = s1 + pitch,
                *s12 = s2 + pitch;
    for (size_t i = 0; i < n; i++) {
        const float third = 1.0f / 3;
        const float above = (2 * (m12[i] * third) + 1e-4f) * (2 * (s12[i] * third) + 9e-4f),
                    below = ((m11[i] + m22[i]) * third + 1e-4f) * ((s1[i] + s2[i]) * third + 9e-4f);
        dst[i] = above / below;
    }
}
KAL__VARIANTS(similarity, (float *dst, const float *moments, size_t pitch, size_t n),
              (dst, moments, pitch, n))

// ---- rows ---------------------------------------------------------------------------------------

// Twice along the rows, there and back.
static void along_twice(const work *k, const level *l, float *row)
{
    float *other = k->sums + SIGNALS * l->pitch + PAD;
    along(other, row, (size_t)l->width);
    along(row, other, (size_t)l->width);
}

static void chroma_row(work *k, level *l, int32_t y)
{
    const size_t n = (size_t)l->width, whole = (n + KAL__LANES - 1) / KAL__LANES * KAL__LANES;
    float w[TAPS];
    weights_of(y, l->height, w);
    for (int side = 0; side < 2; side++) {
        memcpy(row_of(l, l->blurred, side, 0, y), row_of(l, l->lab, side, 0, y), n * sizeof(float));
        for (int c = 1; c < 3; c++) {
            const float *p[TAPS];
            float *row = k->sums + PAD;
            rows_around(l, l->lab, side, c, y, p);
            column(row, p, w, whole);
            along_twice(k, l, row);
            memcpy(row_of(l, l->blurred, side, c, y), row, n * sizeof(float));
        }
    }
}

static void row_out(work *k, level *l, int32_t y)
{
    const size_t n = (size_t)l->width, whole = (n + KAL__LANES - 1) / KAL__LANES * KAL__LANES;
    float w[TAPS];
    weights_of(y, l->height, w);
    memset(k->moments, 0, 6 * l->pitch * sizeof(float));
    for (int c = 0; c < 3; c++) {
        const float *p[TAPS], *q[TAPS];
        rows_around(l, l->blurred, 0, c, y, p);
        rows_around(l, l->blurred, 1, c, y, q);
        columns(k->sums + PAD, l->pitch, p, q, w, whole);
        for (size_t s = 0; s < SIGNALS; s++) along_twice(k, l, k->sums + s * l->pitch + PAD);
        add_moments(k->moments + PAD, l->pitch, k->sums + PAD, whole);
    }
    similarity(l->out, k->moments + PAD, l->pitch, n);
    l->out += n;
}

static void push(work *k, int s, int32_t y, float *const light[2]);

// The mean of two by two; what is left over of an odd size is dropped.
KAL__INLINE void halve_body(float *restrict dst, const float *upper, const float *lower, size_t n)
{
    for (size_t i = 0; i < n / 2; i++)
        dst[i] = ((upper[2 * i] + upper[2 * i + 1]) + (lower[2 * i] + lower[2 * i + 1])) * 0.25f;
}
KAL__VARIANTS(halve, (float *dst, const float *upper, const float *lower, size_t n), (dst, upper, lower, n))

static void hand_on(work *k, int s, int32_t y, float *const light[2])
{
    level *l = &k->levels[s];
    const level *next = l + 1;
    if (y / 2 < next->rows.in0 || y / 2 >= next->rows.in1) return;
    for (int i = 0; i < 2; i++) {
        const size_t planes = k->alpha[i] ? 4 : 3;
        if (!(y & 1)) memcpy(l->light[i], light[i], planes * l->pitch * sizeof(float));
        for (size_t c = 0; c < planes && (y & 1); c++)
            halve(l->half[i] + c * next->pitch, l->light[i] + c * l->pitch, light[i] + c * l->pitch,
                  (size_t)l->width);
    }
    if (y & 1) push(k, s + 1, y / 2, l->half);
}

// A row of light of both pictures: planes a pitch from one another. They are changed.
static void push(work *k, int s, int32_t y, float *const light[2])
{
    level *l = &k->levels[s];
    const size_t n = (size_t)l->width;
    if (s + 1 < k->n) hand_on(k, s, y, light);
    if (l->rows.out0 == l->rows.out1 || y < l->rows.out0 - 2 * REACH || y >= l->rows.out1 + 2 * REACH) return;
    for (int i = 0; i < 2; i++) {
        float *p = light[i], *q = p + l->pitch, *r = q + l->pitch;
        if (k->alpha[i]) under(p, q, r, r + l->pitch, y, n);
        lab(row_of(l, l->lab, i, 0, y), row_of(l, l->lab, i, 1, y), row_of(l, l->lab, i, 2, y), p, q, r, n);
    }
    const int32_t there = y == l->height - 1 ? l->height : y + 1 - REACH;
    for (; l->chroma < there; l->chroma++) {
        chroma_row(k, l, l->chroma);
        const int32_t ready = l->chroma == l->height - 1 ? l->height : l->chroma + 1 - REACH;
        for (; l->next < ready && l->next < l->rows.out1; l->next++) row_out(k, l, l->next);
    }
}

void kal__dssim_rows(const kal_job *j, float *out)
{
    work k;
    lay_out(&k, j, out);
    const level *first = &k.levels[0];
    float *const light[2] = {k.light, k.light + PLANES * first->pitch};
    for (int32_t y = first->rows.in0; y < first->rows.in1; y++) {
        for (int i = 0; i < 2; i++) {
            float *const plane[4] = {light[i], light[i] + first->pitch, light[i] + 2 * first->pitch,
                                     light[i] + 3 * first->pitch};
            kal__metric_multiplied(j->state, &j->call->in[i]->extent, kal_row(&j->in[i], y),
                                   (size_t)first->width, k.samples, plane);
        }
        push(&k, 0, y, light);
    }
}
