// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// canny: the edges of a picture, one pixel wide, as a mask (J. Canny, "A computational approach to edge detection"). With x and y
// of sobel, beyond whose border samples are those at it, and m = |x| + |y|, which is 0 beyond:
//
//     a pixel is on a ridge where m > low, and m is greater than on both sides across the edge: of the same kind left and right
//     or above and below, where m may equal that of the right and lower one, or diagonally; by whether |y| < |x| tan 22.5°, |y| > |x|
//     tan 67.5°, or neither. Ridges with m > high are edges, and so is each that touches an edge, also at a corner.
//
// Of several colours a pixel has x and y of the one whose m is greatest, of equal ones of the first. Thresholds are rounded down; tan
// 22.5° is 13573 / 2^15, and tan 67.5° is 2 more. Exact, and equal to OpenCV's Canny with its aperture 3 and without L2gradient.
#include "cpu.h"
#include "fmath.h"
#include "mask/blobs.h"
#include "rows.h"

enum { RIDGE = 1, EDGE = 255, TAN = 13573 };

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params;
    const kal_extent *e = &c->in[0]->extent;
    *out = kal__mask_of(e->width, e->height);
    if (e->type != KAL_U8)
        return kal__refuse_type("canny", e, "have no thresholds here; use cast type=u8 before", err);
    return kal__check_blobs("canny", e, err);
}

// ---- slopes -----------------------------------------------------------------------------------------

// A row of x, y and m, from the column before the first, where m is 0, to the one after the last.
typedef struct slopes {
    int16_t *x, *y, *m;
} slopes;

KAL__INLINE void slopes_of_body(int16_t *restrict x, int16_t *restrict y, int16_t *restrict m,
                                const uint8_t *restrict r0, const uint8_t *restrict r1,
                                const uint8_t *restrict r2, size_t s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const int16_t dx = (int16_t)(r0[i + 2 * s] - r0[i] + 2 * (r1[i + 2 * s] - r1[i]) + r2[i + 2 * s] -
                                     r2[i]),
                      dy = (int16_t)(r2[i] - r0[i] + 2 * (r2[i + s] - r0[i + s]) + r2[i + 2 * s] -
                                     r0[i + 2 * s]);
        x[i] = dx, y[i] = dy;
        m[i] = (int16_t)((dx < 0 ? -dx : dx) + (dy < 0 ? -dy : dy));
    }
}
KAL__VARIANTS(slopes_of,
              (int16_t * x, int16_t *y, int16_t *m, const uint8_t *r0, const uint8_t *r1, const uint8_t *r2,
               size_t s, size_t n),
              (x, y, m, r0, r1, r2, s, n))

// The steepest of s channels, of which `colours` count, in place.
static void steepest(const slopes *l, size_t s, size_t colours, size_t pixels)
{
    for (size_t p = 0; p < pixels; p++) {
        size_t best = p * s;
        for (size_t i = p * s + 1; i < p * s + colours; i++) best = l->m[i] > l->m[best] ? i : best;
        l->x[p] = l->x[best], l->y[p] = l->y[best], l->m[p] = l->m[best];
    }
}

// ---- ridges -----------------------------------------------------------------------------------------

#define MASK(is) ((int16_t)((is) ? -1 : 0))
KAL__INLINE void ridges_body(uint8_t *restrict dst, const int16_t *restrict gx, const int16_t *restrict gy,
                             const int16_t *restrict above, const int16_t *restrict here,
                             const int16_t *restrict below, int16_t low, int16_t high, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const int16_t m = here[i + 1], x = (int16_t)(gx[i] < 0 ? -gx[i] : gx[i]),
                      y = (int16_t)(gy[i] < 0 ? -gy[i] : gy[i]), twice = (int16_t)(2 * x),
                      flat = (int16_t)((twice * TAN) >>
                                       16);   // never whole but for 0, where m > low fails or y is above
        const int16_t left = here[i], right = here[i + 2], up = above[i + 1], down = below[i + 1];
        // all ones or none: compilers make vectors of masks, not of choices
        const int16_t turned = (int16_t)((gx[i] ^ gy[i]) >> 15);
        const int16_t one = (int16_t)((above[i + 2] & turned) | (above[i] & ~turned)),
                      other = (int16_t)((below[i] & turned) | (below[i + 2] & ~turned));
        const int16_t is_flat = MASK(y <= flat), is_steep = MASK(y > (int16_t)(flat + twice)),
                      across = MASK(m > left) & MASK(m >= right), along = MASK(m > up) & MASK(m >= down),
                      slanted = MASK(m > one) & MASK(m > other);
        const int16_t ridge =
            (int16_t)((across & is_flat) | (~is_flat & ((along & is_steep) | (slanted & ~is_steep))));
        dst[i] = (uint8_t)(ridge & MASK(m > low) & (RIDGE | MASK(m > high)));
    }
}
KAL__VARIANTS(ridges,
              (uint8_t * dst, const int16_t *gx, const int16_t *gy, const int16_t *above, const int16_t *here,
               const int16_t *below, int16_t low, int16_t high, size_t n),
              (dst, gx, gy, above, here, below, low, high, n))

// ---- what touches edges -------------------------------------------------------------------------------

// Makes edges of the ridges around a pixel, and remembers them to go on from.
static size_t spread(const kal_tile *t, int32_t x, int32_t y, int32_t *stack, size_t n)
{
    const int32_t x0 = x > 0 ? x - 1 : 0, x1 = x + 1 < t->rect.x1 ? x + 1 : x;
    for (int32_t v = y > 0 ? y - 1 : 0; v <= y + 1 && v < t->rect.y1; v++) {
        uint8_t *row = kal_row(t, v);
        for (int32_t u = x0; u <= x1; u++)
            if (row[u] == RIDGE) row[u] = EDGE, stack[n++] = v * t->rect.x1 + u;
    }
    return n;
}

static void spread_all(const kal_tile *t, int32_t *stack)
{
    const int32_t width = t->rect.x1;
    for (int32_t y = 0; y < t->rect.y1; y++) {
        const uint8_t *row = kal_row(t, y), *end = row + width;
        for (const uint8_t *at = row; (at = memchr(at, EDGE, (size_t)(end - at))); at++) {
            size_t n = spread(t, (int32_t)(at - row), y, stack, 0);
            while (n) n--, n = spread(t, stack[n] % width, stack[n] / width, stack, n);
            if (at + 1 == end) break;
        }
    }
}

KAL__INLINE void edges_only_body(uint8_t *row, size_t n)
{
    for (size_t i = 0; i < n; i++) row[i] = row[i] == EDGE ? EDGE : 0;
}
KAL__VARIANTS(edges_only, (uint8_t * row, size_t n), (row, n))

// ---- the job ----------------------------------------------------------------------------------------

static size_t row_samples(const kal_extent *e)
{
    return (((size_t)e->width + 2) * (size_t)e->channels + 63) & ~(size_t)63;
}

// Three source rows, three of each kind of slope, and a pixel that is remembered for each.
static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    (void)width, (void)height;
    const kal_extent *e = &c->in[0]->extent;
    return row_samples(e) * (3 + 9 * sizeof(int16_t)) +
           (size_t)e->width * (size_t)e->height * sizeof(int32_t);
}

static int16_t whole(double threshold)
{
    return (int16_t)kal__floor(threshold < 32767 ? threshold : 32767);
}

static void find_slopes(const kal__rows *source, const slopes *l, unsigned char *ring, int32_t y)
{
    const kal_extent *e = source->e;
    const size_t s = (size_t)e->channels, step = row_samples(e), n = (size_t)e->width * s;
    for (int32_t v = y ? y + 1 : -1; v <= y + 1; v++)
        kal__rows_get(source, -1, e->width + 1, v, ring + (size_t)((v + 1) % 3) * step);
    slopes_of(l->x, l->y, l->m + 1, ring + (size_t)(y % 3) * step, ring + (size_t)((y + 1) % 3) * step,
              ring + (size_t)((y + 2) % 3) * step, s, n);
    if (s > 1) {
        const slopes inner = {l->x, l->y, l->m + 1};
        steepest(&inner, s, (size_t)kal__colours(e), (size_t)e->width);
    }
    l->m[0] = l->m[e->width + 1] = 0;
}

static kal_status run(const kal_job *j)
{
    const kal_canny_p *p = j->call->params;
    const kal_extent *e = &j->call->in[0]->extent;
    const size_t step = row_samples(e);
    const int16_t low = whole(p->low < p->high ? p->low : p->high),
                  high = whole(p->low < p->high ? p->high : p->low);
    const kal__rows source = kal__rows_of(j, KAL_EDGE_COPY, (kal_list){0});
    unsigned char *ring = j->scratch;
    int16_t *room = (int16_t *)(void *)(ring + 3 * step);
    slopes l[3];
    for (size_t i = 0; i < 3; i++, room += 3 * step) l[i] = (slopes){room, room + step, room + 2 * step};
    memset(l[2].m, 0, step * sizeof *l[2].m);
    for (int32_t y = 0; y <= e->height; y++) {
        const slopes *now = &l[y % 3];
        if (y < e->height)
            find_slopes(&source, now, ring, y);
        else
            memset(now->m, 0, step * sizeof *now->m);
        const slopes *last = &l[(y + 2) % 3], *before = &l[(y + 1) % 3];
        if (y)
            ridges(kal_row(j->out, y - 1), last->x, last->y, before->m, last->m, now->m, low, high,
                   (size_t)e->width);
    }
    spread_all(j->out, (int32_t *)(void *)room);
    for (int32_t y = 0; y < e->height; y++) edges_only(kal_row(j->out, y), (size_t)e->width);
    return KAL_OK;
}

#define PARAMS kal_canny_p
static const kal_param params[] = {KAL_CANNY_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_canny = {
    .name = "canny",
    .version = 1,
    .family = "filter",
    .help =
        "The edges of a picture, one pixel wide, as a mask, by Canny's method\n"
        "A pixel on a ridge of the slope is an edge where the slope is above `high`, and where it is above "
        "`low`\n"
        "and hangs together with an edge. A slope is the sum of sobel's two, in 8-bit samples: a step of d\n"
        "has 4 d. For u8, whose steps the thresholds count. Alpha is not looked at. Holds the image; a "
        "little\n"
        "gaussian before it takes out noise.",
    .inputs = "image",
    KAL__PARAMS(params, kal_canny_p),
    .flags = KAL_OP_WHOLE,
    .cost = 6,
    .extent = extent,
    .scratch = scratch,
    .run = run,
    .samples = KAL__SAMPLES("", "20 60", "300 10", "0 0"),
};
