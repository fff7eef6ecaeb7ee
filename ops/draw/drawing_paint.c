// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See drawing.h. What covers a pixel, and how a colour is laid on it.
#include "drawing_parts.h"
#include "fmath.h"
#include "font.h"

#define FULL 131072   // what covers a pixel: twice 256 · 256

// ---- what covers a row --------------------------------------------------------------------------

static double crossing(const kal__draw_side *s, double y)
{
    if (y == s->y0) return s->x0;
    if (y == s->y1) return s->x1;
    return kal__rint(s->x0 + (s->x1 - s->x0) * ((y - s->y0) / (s->y1 - s->y0)));
}

// The part of a side in one row, from x0 down to x1, tall `dy`, adds what lies right of it. What lies left of the first column counts as on its edge,
// what lies right of the last one as nothing. sum[i] is a difference: cover is its running sum.
static void add_part(int64_t *sum, int32_t first, int32_t last, int64_t x0, int64_t x1, int64_t dy,
                     int64_t way)
{
    if (x0 > x1) {   // the same area from the other end
        const int64_t x = x0;
        x0 = x1, x1 = x;
    }
    const int64_t from = (int64_t)first * 256, to = (int64_t)last * 256;
    int64_t done = 0;   // of dy
    if (x0 < from) {
        done = x1 <= from ? dy : dy * (from - x0) / (x1 - x0);
        sum[0] += way * done * 512;
    }
    for (int64_t x = x0 < from ? from : x0; done < dy && x < to;) {
        const int64_t column = x >> 8, edge = (column + 1) * 256, next = x1 < edge ? x1 : edge;
        const int64_t until = next == x1 ? dy : dy * (next - x0) / (x1 - x0);
        const int64_t area = (until - done) * (512 - (x - column * 256) - (next - column * 256));
        sum[column - first] += way * area;
        sum[column - first + 1] += way * ((until - done) * 512 - area);
        done = until;
        x = next;
    }
}

static void add_side(int64_t *sum, const kal_rect r, const kal__draw_side *s, int32_t y)
{
    const double top = (double)y * 256, low = top + 256;
    const double ya = s->y0 > top ? s->y0 : top, yb = s->y1 < low ? s->y1 : low;
    add_part(sum, r.x0, r.x1, (int64_t)crossing(s, ya), (int64_t)crossing(s, yb), (int64_t)(yb - ya), s->way);
}

static uint32_t share(int64_t cover, bool odd)
{
    cover = cover < 0 ? -cover : cover;
    if (!odd) return cover < FULL ? (uint32_t)cover : FULL;
    cover %= 2 * FULL;
    return (uint32_t)(cover > FULL ? 2 * FULL - cover : cover);
}

// ---- laying a colour on a pixel -----------------------------------------------------------------

#define LAY(T, type, M)                                                                               \
    static void lay_##type(void *at, const kal__draw_ink *k, uint32_t w, int32_t colours, bool alpha) \
    {                                                                                                 \
        T *p = at;                                                                                    \
        const uint64_t rest = KAL__OPAQUE - w;                                                        \
        if (!alpha) {                                                                                 \
            for (int32_t c = 0; c < colours; c++)                                                     \
                p[c] = (T)((p[c] * rest + (uint64_t)k->v[c] * w + KAL__OPAQUE / 2) / KAL__OPAQUE);    \
            return;                                                                                   \
        }                                                                                             \
        const uint64_t a = (uint64_t)w * M, b = p[colours] * rest, all = a + b;                       \
        for (int32_t c = 0; c < colours; c++)                                                         \
            p[c] = (T)((a * (uint64_t)k->v[c] + b * p[c] + all / 2) / all);                           \
        p[colours] = (T)((all + KAL__OPAQUE / 2) / KAL__OPAQUE);                                      \
    }
LAY(uint8_t, u8, 255)
LAY(uint16_t, u16, 65535)

static void lay_f32(void *at, const kal__draw_ink *k, uint32_t w, int32_t colours, bool alpha)
{
    float *p = at;
    const double s = w / (double)KAL__OPAQUE, b = alpha ? (double)p[colours] * (1 - s) : 1 - s, all = s + b;
    for (int32_t c = 0; c < colours; c++) {
        const double v = (double)p[c];
        p[c] = (float)(alpha ? (s * k->v[c] + b * v) / all : v + (k->v[c] - v) * s);
    }
    if (alpha) p[colours] = (float)all;
}

static void (*const lays[])(void *, const kal__draw_ink *, uint32_t, int32_t,
                            bool) = {[KAL_U8] = lay_u8, [KAL_U16] = lay_u16, [KAL_F32] = lay_f32};

static void lay(const kal_job *j, const kal__draw_ink *k, unsigned char *at, uint32_t cover)
{
    const kal_extent *e = &j->call->extent;
    const uint32_t w = (uint32_t)(((uint64_t)cover * k->weight + FULL / 2) / FULL);
    if (w == KAL__OPAQUE)
        memcpy(at, k->pixel, (size_t)j->out->pixel);
    else if (w)
        lays[e->type](at, k, w, kal__colours(e), e->alpha);
}

static void lay_rect(const kal_job *j, const kal__draw_ink *k, kal_rect r)
{
    r = kal_rect_clip(r, j->out->rect);
    if (kal_rect_empty(r)) return;
    for (int32_t y = r.y0; y < r.y1; y++) {
        unsigned char *at = kal_at(j->out, r.x0, y);
        for (int32_t x = r.x0; x < r.x1; x++, at += j->out->pixel) lay(j, k, at, FULL);
    }
}

// ---- painting -----------------------------------------------------------------------------------

static void paint_glyph(const kal_job *j, const kal__draw_shape *s, const kal__draw_ink *k)
{
    for (int32_t row = 0; row < KAL__FONT_HEIGHT; row++) {
        const uint8_t bits = kal__font[s->glyph][row];
        const int32_t y = s->at.y0 + row * s->scale;
        for (int32_t from = 0, to; from < KAL__FONT_WIDTH; from = to + 1) {
            to = from;
            while (to < KAL__FONT_WIDTH && bits & 0x80 >> to) to++;
            if (to == from) continue;
            if (s->turned)
                lay_rect(j, k,
                         kal_rect_of(s->at.x0 + row * s->scale, s->at.y1 - to * s->scale,
                                     s->at.x0 + (row + 1) * s->scale, s->at.y1 - from * s->scale));
            else
                lay_rect(j, k,
                         kal_rect_of(s->at.x0 + from * s->scale, y, s->at.x0 + to * s->scale, y + s->scale));
        }
    }
}

// Sides are taken in as rows reach them and dropped as rows leave them; what is open does not hang on where the job begins.
static void paint_area(const kal_job *j, const kal__drawing *d, const kal__draw_shape *s,
                       const kal__draw_ink *k)
{
    const kal_rect r = kal_rect_clip(s->at, j->out->rect);
    const kal__draw_side *sides = d->sides + s->first;
    int64_t *const sum = j->scratch;
    int32_t *const open = (int32_t *)(void *)(sum + kal_tile_width(j->out) + 1);
    size_t n = 0, next = 0;
    for (int32_t y = r.y0; y < r.y1; y++) {
        size_t kept = 0;
        for (; next < s->n && sides[next].row0 <= y; next++) open[n++] = (int32_t)next;
        for (size_t i = 0; i < n; i++)
            if (sides[open[i]].row1 > y) open[kept++] = open[i];
        n = kept;
        if (!n) continue;
        memset(sum, 0, ((size_t)(r.x1 - r.x0) + 1) * sizeof *sum);
        for (size_t i = 0; i < n; i++) add_side(sum, r, &sides[open[i]], y);
        unsigned char *at = kal_at(j->out, r.x0, y);
        int64_t cover = 0;
        for (int32_t x = 0; x < r.x1 - r.x0; x++, at += j->out->pixel) {
            cover += sum[x];
            if (cover) lay(j, k, at, share(cover, s->odd));
        }
    }
}

void kal__draw_paint(const kal_job *j, const kal__drawing *d)
{
    for (size_t i = 0; i < d->n_shapes; i++) {
        const kal__draw_shape *s = &d->shapes[i];
        const kal__draw_ink *k = &d->inks[s->ink];
        if (kal_rect_empty(kal_rect_clip(s->at, j->out->rect))) continue;
        if (s->glyph >= 0)
            paint_glyph(j, s, k);
        else if (s->n)
            paint_area(j, d, s, k);
        else
            lay_rect(j, k, s->at);
    }
}

void kal__draw_fill(const kal_job *j, kal_rect r, const void *pixel)
{
    const size_t size = (size_t)j->out->pixel;
    r = kal_rect_clip(r, j->out->rect);
    for (int32_t y = r.y0; y < r.y1; y++) {
        unsigned char *at = kal_at(j->out, r.x0, y);
        for (int32_t x = r.x0; x < r.x1; x++, at += size) memcpy(at, pixel, size);
    }
}

kal_status kal__draw_run(const kal_job *j)
{
    const size_t n = (size_t)kal_tile_width(j->out) * (size_t)j->out->pixel;
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++)
        memcpy(kal_row(j->out, y), kal_row(&j->in[0], y), n);
    kal__draw_paint(j, j->state);
    return KAL_OK;
}
