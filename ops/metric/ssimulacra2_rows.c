// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// SSIMULACRA2: from rows to sums. A band of rows goes through all scales at once: rows of light are handed to the first, which hands each
// pair of them on, halved. Each scale keeps nine rows of both pictures as XYB, the reach of the blur; with the ninth come the blurred means and
// products of the row in the middle, and the maps. So nothing is held but these rows, whatever the picture's height.
//
// Blur: in exact arithmetic the recursive filter of the original is these nine taps, with zeros outside of the picture.
#include "lanes.h"
#include "ssimulacra2.h"

#include "srgb.h"

enum { TAPS = 9, REACH = 4, PAD = 16, SIGNALS = 5 };

static const float taps[REACH + 1] = {0.26462111f, 0.21292859f, 0.10933537f, 0.03601111f, 0.00941437f};

// ---- sizes --------------------------------------------------------------------------------------

int kal__ssim2_scales(int32_t width, int32_t height, int32_t w[KAL__SSIM2_SCALES],
                      int32_t h[KAL__SSIM2_SCALES])
{
    int n = 0;
    for (; n < KAL__SSIM2_SCALES && width >= 8 && height >= 8; n++) {
        if (n) width = (width + 1) / 2, height = (height + 1) / 2;
        w[n] = width, h[n] = height;
    }
    return n;
}

// Of a scale in a band: rows that it makes sums of, and rows of light that it gets.
typedef struct range {
    int32_t out0, out1, in0, in1;
} range;

static int ranges_of(const kal_extent *e, kal_rect out, int32_t w[KAL__SSIM2_SCALES],
                     int32_t h[KAL__SSIM2_SCALES], range r[KAL__SSIM2_SCALES])
{
    const int n = kal__ssim2_scales(e->width, e->height, w, h);
    for (int s = n - 1; s >= 0; s--) {
        range *a = &r[s];
        a->out0 = out.y0 >> s < h[s] ? out.y0 >> s : h[s];
        a->out1 = out.y1 >= e->height ? h[s] : out.y1 >> s;
        if (a->out1 < a->out0) a->out1 = a->out0;
        a->in0 = a->out0 - REACH, a->in1 = a->out1 + REACH;
        if (s + 1 < n && r[s + 1].in1 > r[s + 1].in0) {
            if (r[s + 1].in0 * 2 < a->in0) a->in0 = r[s + 1].in0 * 2;
            if (r[s + 1].in1 * 2 > a->in1) a->in1 = r[s + 1].in1 * 2;
        }
        if (a->in0 < 0) a->in0 = 0;
        if (a->in1 > h[s]) a->in1 = h[s];
        if (a->out1 == a->out0 && (s + 1 == n || r[s + 1].in1 <= r[s + 1].in0)) a->in1 = a->in0;
    }
    return n;
}

kal_rect kal__ssim2_need(const kal_extent *e, kal_rect out)
{
    int32_t w[KAL__SSIM2_SCALES], h[KAL__SSIM2_SCALES];
    range r[KAL__SSIM2_SCALES];
    // Any rows may be asked about; those of whole bands are what is looked at.
    out.y0 -= out.y0 % KAL__SSIM2_ROWS;
    const int64_t end = ((int64_t)out.y1 + KAL__SSIM2_ROWS - 1) / KAL__SSIM2_ROWS * KAL__SSIM2_ROWS;
    out.y1 = end < e->height ? (int32_t)end : e->height;
    if (!ranges_of(e, out, w, h, r)) return kal_rect_of(0, 0, 0, 0);
    return kal_rect_of(0, r[0].in0, e->width, r[0].in1);
}

// ---- memory -------------------------------------------------------------------------------------

typedef struct level {
    int32_t width, height;
    range rows;
    size_t pitch;
    float *light[2];   // three planes: the row that waits for the one that goes with it, then what both make
    float *half[2];
    float *weight;       // of each column
    float *ring[3][2];   // XYB of both: TAPS rows, row y at y % TAPS
    int32_t next;        // row that comes out next
    double (*sums)[6];   // of each channel
} level;

typedef struct work {
    const kal_job *job;
    int n;
    level levels[KAL__SSIM2_SCALES];
    float *zeros;             // a row
    float *blurred;           // SIGNALS rows
    float *maps;              // three rows
    float *samples, *light;   // of a row of the pictures: four planes; two times three
} work;

static size_t level_floats(int32_t width)
{
    return kal__lanes_pitch(width, PAD) * (2 * 3 * 2 + 1 + 3 * 2 * TAPS);
}

size_t kal__ssim2_scratch(int32_t width, int32_t height)
{
    int32_t w[KAL__SSIM2_SCALES], h[KAL__SSIM2_SCALES];
    const int n = kal__ssim2_scales(width, height, w, h);
    size_t floats = kal__lanes_pitch(width, PAD) * (1 + SIGNALS + 3 + 4 + 6);
    for (int s = 0; s < n; s++) floats += level_floats(w[s]);
    return floats * sizeof(float);
}

// Of the blur's weights at place i of n, how much lies inside.
static float weight_at(int32_t i, int32_t n)
{
    if (i >= REACH && i + REACH < n) return 1;
    float w = 0;
    for (int32_t k = -REACH; k <= REACH; k++)
        if (i + k >= 0 && i + k < n) w += taps[k < 0 ? -k : k];
    return w;
}

static void lay_out(work *k, const kal_job *j, int which, kal__ssim2_sums *sums)
{
    const kal_extent *e = &j->call->in[0]->extent;
    int32_t w[KAL__SSIM2_SCALES], h[KAL__SSIM2_SCALES];
    range r[KAL__SSIM2_SCALES];
    float *room = j->scratch;
    *k = (work){.job = j, .n = ranges_of(e, j->out->rect, w, h, r)};
    const size_t pitch = kal__lanes_pitch(e->width, PAD);
    memset(room, 0, kal__ssim2_scratch(e->width, e->height));
    k->zeros = kal__lanes_take(&room, pitch);
    k->blurred = kal__lanes_take(&room, SIGNALS * pitch);
    k->maps = kal__lanes_take(&room, 3 * pitch);
    k->samples = kal__lanes_take(&room, 4 * pitch);
    k->light = kal__lanes_take(&room, 6 * pitch);
    for (int s = 0; s < k->n; s++) {
        level *l = &k->levels[s];
        *l = (level){.width = w[s], .height = h[s], .rows = r[s], .pitch = kal__lanes_pitch(w[s], PAD)};
        for (int i = 0; i < 2; i++) l->light[i] = kal__lanes_take(&room, 3 * l->pitch);
        for (int i = 0; i < 2; i++) l->half[i] = kal__lanes_take(&room, 3 * l->pitch);
        l->weight = kal__lanes_take(&room, l->pitch);
        for (int32_t x = 0; x < w[s]; x++) l->weight[x] = weight_at(x, w[s]);
        for (int c = 0; c < 3; c++)
            for (int i = 0; i < 2; i++) l->ring[c][i] = kal__lanes_take(&room, TAPS * l->pitch);
        l->next = r[s].out0;
        l->sums = sums->of[which][s];
    }
}

// ---- XYB ----------------------------------------------------------------------------------------
// Without what is then added to each, so that differences of squares are of small numbers: in floats they would be lost beside 0.0009. The
// sums that follow add it again; inside the picture, where weights sum to 1, there is nothing to add.

static const float offsets[3] = {0.42f, 0.45f, 0.55f};   // of Y 0.01 and the middle of its range

KAL__INLINE float cube_root(float x)
{
    const float r = kal__inverse_cube_root_f32(x);
    return x * (r * r);
}

#define BIAS 0.0037930732552754493f
#define BIAS_ROOT 0.15595420054924862f   // its cube root

KAL__INLINE void xyb_body(float *restrict x, float *restrict y, float *restrict b, const float *red,
                          const float *green, const float *blue, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const float m0 = 0.30f * red[i] + 0.622f * green[i] + 0.078f * blue[i] + BIAS;
        const float m1 = 0.23f * red[i] + 0.692f * green[i] + 0.078f * blue[i] + BIAS;
        const float m2 = 0.24342268924547819f * red[i] + 0.20476744424496821f * green[i] +
                         0.55180986650955360f * blue[i] + BIAS;
        const float g0 = cube_root(m0) - BIAS_ROOT, g1 = cube_root(m1) - BIAS_ROOT,
                    g2 = cube_root(m2) - BIAS_ROOT;
        const float luma = (g0 + g1) * 0.5f;
        x[i] = (g0 - g1) * 7;
        y[i] = luma - 0.44f;
        b[i] = g2 - luma;
    }
}
KAL__VARIANTS(xyb,
              (float *x, float *y, float *b, const float *red, const float *green, const float *blue,
               size_t n),
              (x, y, b, red, green, blue, n))

// ---- blur and maps ------------------------------------------------------------------------------

// The blur's weights on five numbers: the one in the middle, and sums of those beside it.
KAL__INLINE kal__vec weigh(kal__vec middle, kal__vec one, kal__vec two, kal__vec three, kal__vec four)
{
    return taps[0] * middle + taps[1] * one + taps[2] * two + taps[3] * three + taps[4] * four;
}

// Down the columns: means of a and b, of their squares, of their product.
KAL__INLINE void down_body(float *dst, size_t pitch, const float *const *a, const float *const *b, size_t n)
{
    for (size_t i = 0; i < n; i += KAL__LANES) {
        kal__vec p[TAPS], q[TAPS], pp[REACH + 1], qq[REACH + 1], pq[REACH + 1], sp[REACH + 1], sq[REACH + 1];
#pragma GCC unroll 9
        for (int k = 0; k < TAPS; k++) p[k] = kal__load(a[k] + i), q[k] = kal__load(b[k] + i);
        sp[0] = p[REACH], sq[0] = q[REACH];
        pp[0] = sp[0] * sp[0], qq[0] = sq[0] * sq[0], pq[0] = sp[0] * sq[0];
#pragma GCC unroll 4
        for (int k = 1; k <= REACH; k++) {
            const kal__vec p0 = p[REACH - k], p1 = p[REACH + k], q0 = q[REACH - k], q1 = q[REACH + k];
            sp[k] = p0 + p1, sq[k] = q0 + q1;
            pp[k] = p0 * p0 + p1 * p1, qq[k] = q0 * q0 + q1 * q1, pq[k] = p0 * q0 + p1 * q1;
        }
        kal__store(dst + i, weigh(sp[0], sp[1], sp[2], sp[3], sp[4]));
        kal__store(dst + pitch + i, weigh(sq[0], sq[1], sq[2], sq[3], sq[4]));
        kal__store(dst + 2 * pitch + i, weigh(pp[0], pp[1], pp[2], pp[3], pp[4]));
        kal__store(dst + 3 * pitch + i, weigh(qq[0], qq[1], qq[2], qq[3], qq[4]));
        kal__store(dst + 4 * pitch + i, weigh(pq[0], pq[1], pq[2], pq[3], pq[4]));
    }
}
KAL__VARIANTS(down, (float *dst, size_t pitch, const float *const *a, const float *const *b, size_t n),
              (dst, pitch, a, b, n))

KAL__INLINE kal__vec across(const float *p)
{
    return weigh(kal__load(p), kal__load(p - 1) + kal__load(p + 1), kal__load(p - 2) + kal__load(p + 2),
                 kal__load(p - 3) + kal__load(p + 3), kal__load(p - 4) + kal__load(p + 4));
}

// Along the rows, and what comes of it: structure lost (ssim), edges that are new (artifact) or gone (lost). `weight`: of each column and of
// the row, what lies inside of the picture of the blur's weights; `add`: what is missing in the values of this channel.
KAL__INLINE void maps_body(float *dst, size_t pitch, const float *src, const float *a, const float *b,
                           const float *weight, float of_row, float add, size_t n)
{
    const float c2 = 0.0009f;
    for (size_t i = 0; i < n; i += KAL__LANES) {
        const kal__vec ma = across(src + i), mb = across(src + pitch + i), aa = across(src + 2 * pitch + i),
                       bb = across(src + 3 * pitch + i), ab = across(src + 4 * pitch + i);
        const kal__vec inside = kal__load(weight + i) * of_row, more = (1 - inside) * add,
                       most = more * (add * inside);
        const kal__vec between = ma - mb, like = 1 - between * between;
        const kal__vec va = (aa - ma * ma) + (2 * more * ma + most),
                       vb = (bb - mb * mb) + (2 * more * mb + most),
                       vab = (ab - ma * mb) + (more * (ma + mb) + most);
        const kal__vec d = 1 - like * (2 * vab + c2) / (va + vb + c2);
        const kal__vec e = (1 + kal__magnitude((kal__load(b + i) - mb) + more)) /
                               (1 + kal__magnitude((kal__load(a + i) - ma) + more)) -
                           1;
        kal__store(dst + i, kal__above_0(d));
        kal__store(dst + pitch + i, kal__above_0(e));
        kal__store(dst + 2 * pitch + i, kal__above_0(-e));
    }
}
KAL__VARIANTS(maps,
              (float *dst, size_t pitch, const float *src, const float *a, const float *b,
               const float *weight, float of_row, float add, size_t n),
              (dst, pitch, src, a, b, weight, of_row, add, n))

// ---- sums ---------------------------------------------------------------------------------------

typedef float eight __attribute__((vector_size(32)));
typedef double eight_wide __attribute__((vector_size(64)));

// Eight sums beside each other, in one order whatever the vectors are; n is a multiple of eight.
KAL__INLINE void sum_body(double out[6], const float *map, size_t pitch, size_t n)
{
    for (int m = 0; m < 3; m++) {
        eight_wide one = {0}, four = {0};
        for (size_t i = 0; i < n; i += 8) {
            eight v;
            memcpy(&v, map + m * pitch + i, sizeof v);
            const eight square = v * v;
            one += __builtin_convertvector(v, eight_wide);
            four += __builtin_convertvector(square * square, eight_wide);
        }
        out[m] += ((one[0] + one[4]) + (one[2] + one[6])) + ((one[1] + one[5]) + (one[3] + one[7]));
        out[3 + m] +=
            ((four[0] + four[4]) + (four[2] + four[6])) + ((four[1] + four[5]) + (four[3] + four[7]));
    }
}
KAL__VARIANTS(sum, (double out[6], const float *map, size_t pitch, size_t n), (out, map, pitch, n))

// ---- rows ---------------------------------------------------------------------------------------

static void row_out(work *k, level *l, int32_t y)
{
    const size_t n = (size_t)l->width, whole = (n + KAL__LANES - 1) / KAL__LANES * KAL__LANES;
    for (int c = 0; c < 3; c++) {
        const float *a[TAPS], *b[TAPS];
        for (int i = 0; i < TAPS; i++) {
            const int32_t at = y + i - REACH;
            const bool there = at >= 0 && at < l->height;
            const size_t place = (size_t)((at + TAPS) % TAPS) * l->pitch + PAD;
            a[i] = there ? l->ring[c][0] + place : k->zeros + PAD;
            b[i] = there ? l->ring[c][1] + place : k->zeros + PAD;
        }
        down(k->blurred + PAD, l->pitch, a, b, whole);
        for (int s = 0; s < SIGNALS; s++)   // what a wider scale left there
            memset(k->blurred + (size_t)s * l->pitch + PAD + n, 0, REACH * sizeof(float)),
                memset(k->blurred + (size_t)s * l->pitch + PAD - REACH, 0, REACH * sizeof(float));
        maps(k->maps, l->pitch, k->blurred + PAD, a[REACH], b[REACH], l->weight, weight_at(y, l->height),
             offsets[c], n);
        for (int m = 0; m < 3; m++)
            memset(k->maps + (size_t)m * l->pitch + n, 0, (whole - n) * sizeof(float));
        sum(l->sums[c], k->maps, l->pitch, whole);
    }
}

static void push(work *k, int s, int32_t y, float *const light[2]);

// The mean of two by two; in the last column and row of an odd size what is there twice.
KAL__INLINE void halve_body(float *dst, const float *upper, const float *lower, size_t n)
{
    for (size_t i = 0; i < n / 2; i++)
        dst[i] = ((upper[2 * i] + upper[2 * i + 1]) + (lower[2 * i] + lower[2 * i + 1])) * 0.25f;
    if (n & 1) dst[n / 2] = ((upper[n - 1] + upper[n - 1]) + (lower[n - 1] + lower[n - 1])) * 0.25f;
}
KAL__VARIANTS(halve, (float *dst, const float *upper, const float *lower, size_t n), (dst, upper, lower, n))

static void hand_on(work *k, int s, int32_t y, float *const light[2])
{
    level *l = &k->levels[s];
    const level *next = l + 1;
    if (y / 2 < next->rows.in0 || y / 2 >= next->rows.in1) return;
    const bool last = y == l->height - 1;
    for (int i = 0; i < 2 && !(y & 1) && !last; i++)
        memcpy(l->light[i], light[i], 3 * l->pitch * sizeof(float));
    if (!(y & 1) && !last) return;
    for (int i = 0; i < 2; i++)
        for (size_t c = 0; c < 3; c++)
            halve(l->half[i] + c * next->pitch, (y & 1 ? l->light[i] : light[i]) + c * l->pitch,
                  light[i] + c * l->pitch, (size_t)l->width);
    push(k, s + 1, y / 2, l->half);
}

// A row of light of both pictures: three planes each, a pitch from one another.
static void push(work *k, int s, int32_t y, float *const light[2])
{
    level *l = &k->levels[s];
    if (s + 1 < k->n) hand_on(k, s, y, light);
    if (y < l->rows.out0 - REACH || y >= l->rows.out1 + REACH) return;
    const size_t place = (size_t)(y % TAPS) * l->pitch + PAD;
    for (int i = 0; i < 2; i++)
        xyb(l->ring[0][i] + place, l->ring[1][i] + place, l->ring[2][i] + place, light[i],
            light[i] + l->pitch, light[i] + 2 * l->pitch, (size_t)l->width);
    const int32_t ready = y == l->height - 1 ? l->height : y + 1 - REACH;
    for (; l->next < ready && l->next < l->rows.out1; l->next++) row_out(k, l, l->next);
}

void kal__ssim2_rows(const kal_job *j, int which, float under, kal__ssim2_sums *sums)
{
    work k;
    const kal__metric_light *table = j->state;
    lay_out(&k, j, which, sums);
    const level *first = &k.levels[0];
    float *const light[2] = {k.light, k.light + 3 * first->pitch};
    for (int32_t y = first->rows.in0; y < first->rows.in1; y++) {
        for (int i = 0; i < 2; i++) {
            float *const plane[3] = {light[i], light[i] + first->pitch, light[i] + 2 * first->pitch};
            kal__metric_linear(table, &j->call->in[i]->extent, kal_row(&j->in[i], y), (size_t)first->width,
                               under, k.samples, plane);
        }
        push(&k, 0, y, light);
    }
}
