// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See drawing.h.
#include "drawing.h"
#include "fmath.h"
#include "font.h"
#include "mem.h"

#include <stdlib.h>

#define FULL 131072   // what covers a pixel: twice 256 · 256
#define OPAQUE 65535

// From an upper to a lower end in 1/256 pixels; `way` is +1 when it was drawn downwards.
typedef struct side {
    double x0, y0, x1, y1;
    int32_t row0, row1;   // rows it touches
    int32_t way;
} side;

typedef struct shape {
    kal_rect at;   // pixels it may touch
    size_t first, n;
    int32_t glyph, scale;   // -1: none
    int32_t ink;
    bool odd, turned;
} shape;

typedef struct paint {
    double v[KAL_MAX_CHANNELS];
    unsigned char pixel[KAL_MAX_CHANNELS * 4];
    uint32_t weight;
} paint;

struct kal__drawing {
    shape *shapes;   // NULL while counting
    side *sides;
    size_t n_shapes, n_sides, most;   // most sides of a shape
    kal_rect image, bounds;
    double x0, x1, y0, y1;   // of the open area
    size_t first;
    int32_t ink_now;
    bool odd, turned;
    int32_t turn_x, turn_y;
    size_t room_shapes, room_sides;   // what there is memory for
    kal_error err;
    paint *inks;
};

// ---- shapes -------------------------------------------------------------------------------------

static void add_shape(kal__drawing *d, shape s)
{
    s.at = kal_rect_clip(s.at, d->image);
    if (kal_rect_empty(s.at)) return;
    d->bounds = kal_rect_empty(d->bounds) ? s.at : kal_rect_join(d->bounds, s.at);
    if (s.n > d->most) d->most = s.n;
    if (d->shapes && d->n_shapes < d->room_shapes) d->shapes[d->n_shapes] = s;
    d->n_shapes++;
}

void kal__draw_turned(kal__drawing *d, bool how, int32_t x, int32_t y)
{
    d->turned = how;
    d->turn_x = x, d->turn_y = y;
}

void kal__draw_failed(kal__drawing *d, const kal_error *err)
{
    if (!d->err.status) d->err = *err;
}

// (x, y) from the corner it is turned about becomes (y, −x).
static kal_rect turned(const kal__drawing *d, kal_rect r)
{
    if (!d->turned) return r;
    return kal_rect_of(d->turn_x + r.y0 - d->turn_y, d->turn_y + d->turn_x - r.x1,
                       d->turn_x + r.y1 - d->turn_y, d->turn_y + d->turn_x - r.x0);
}

void kal__draw_rect(kal__drawing *d, int32_t ink, kal_rect r)
{
    add_shape(d, (shape){.at = turned(d, r), .glyph = -1, .ink = ink});
}

void kal__draw_glyph(kal__drawing *d, int32_t ink, int32_t glyph, int32_t scale, int32_t x, int32_t y)
{
    // clipped to the image it would no longer say where it begins
    const kal_rect r =
        turned(d, kal_rect_of(x, y, x + KAL__FONT_WIDTH * scale, y + KAL__FONT_HEIGHT * scale));
    if (kal_rect_empty(kal_rect_clip(r, d->image))) return;
    d->bounds = kal_rect_empty(d->bounds) ? kal_rect_clip(r, d->image)
                                          : kal_rect_join(d->bounds, kal_rect_clip(r, d->image));
    if (d->shapes && d->n_shapes < d->room_shapes)
        d->shapes[d->n_shapes] =
            (shape){.at = r, .glyph = glyph, .scale = scale, .ink = ink, .turned = d->turned};
    d->n_shapes++;
}

void kal__area_begin(kal__drawing *d, int32_t ink, bool odd)
{
    d->first = d->n_sides;
    d->ink_now = ink;
    d->odd = odd;
    d->x0 = d->y0 = 1e300;
    d->x1 = d->y1 = -1e300;
}

// What ops take lies within KAL_MAX_SIDE, and what is around it within thrice that: rows are ints, and 1/256 pixels exact in doubles.
static double fixed(double v)
{
    return kal__rint(v * 256);
}

static void widen(double *low, double *high, double v)
{
    if (v < *low) *low = v;
    if (v > *high) *high = v;
}

static void turn(const kal__drawing *d, double *x, double *y)
{
    const double dx = *x - d->turn_x, dy = *y - d->turn_y;
    *x = d->turn_x + dy;
    *y = d->turn_y - dx;
}

void kal__area_side(kal__drawing *d, double x0, double y0, double x1, double y1)
{
    if (d->turned) turn(d, &x0, &y0), turn(d, &x1, &y1);
    side s = {fixed(x0), fixed(y0), fixed(x1), fixed(y1), 0, 0, 1};
    if (s.y0 == s.y1) return;
    if (s.y0 > s.y1) s = (side){s.x1, s.y1, s.x0, s.y0, 0, 0, -1};
    if (s.y1 <= 0 || s.y0 >= (double)d->image.y1 * 256) return;
    s.row0 = (int32_t)kal__floor(s.y0 / 256);
    s.row1 = (int32_t)kal__ceil(s.y1 / 256);
    widen(&d->x0, &d->x1, s.x0);
    widen(&d->x0, &d->x1, s.x1);
    widen(&d->y0, &d->y1, s.y0);
    widen(&d->y0, &d->y1, s.y1);
    if (d->shapes && d->n_sides < d->room_sides) d->sides[d->n_sides] = s;
    d->n_sides++;
}

static int by_row(const void *a, const void *b)
{
    const side *p = a, *q = b;
    return p->row0 < q->row0 ? -1 : p->row0 > q->row0;
}

void kal__area_end(kal__drawing *d)
{
    const size_t n = d->n_sides - d->first;
    if (!n || (d->shapes && d->n_sides > d->room_sides)) return;
    if (d->shapes) qsort(d->sides + d->first, n, sizeof *d->sides, by_row);
    const kal_rect at = {(int32_t)kal__floor(d->x0 / 256), (int32_t)kal__floor(d->y0 / 256),
                         (int32_t)kal__ceil(d->x1 / 256), (int32_t)kal__ceil(d->y1 / 256)};
    add_shape(d, (shape){at, d->first, n, -1, 0, d->ink_now, d->odd, false});
}

void kal__area_outline(kal__drawing *d, const double *v, int32_t n, int32_t step)
{
    for (int32_t i = 0; i < n; i++) {
        const double *a = v + (ptrdiff_t)i * step, *b = v + (ptrdiff_t)(i + 1 < n ? i + 1 : 0) * step;
        kal__area_side(d, a[0], a[1], b[0], b[1]);
    }
}

int32_t kal__draw_pixel(double v)
{
    return (int32_t)kal__rint(kal__clamp(v, -KAL_MAX_SIDE, KAL_MAX_SIDE));
}

// ---- round things -------------------------------------------------------------------------------

// How often a quarter is halved until its chords are within 1/512 pixel of the arc.
static int halvings(double radius)
{
    int n = 1;
    for (double angle = 0.8; radius * angle * angle > 8.0 / 512; angle /= 2) n++;
    return n;
}

// The arc between two ends lies beside the image, or above or below: its chord covers the same. (It bulges by less than half a chord.)
static bool beside(const kal__drawing *d, double x0, double y0, double x1, double y1)
{
    const double dx = x1 - x0, dy = y1 - y0, bulge = ((dx < 0 ? -dx : dx) + (dy < 0 ? -dy : dy)) / 2 + 1;
    return (x0 < -bulge && x1 < -bulge) || (y0 < -bulge && y1 < -bulge) ||
           (x0 > d->image.x1 + bulge && x1 > d->image.x1 + bulge) ||
           (y0 > d->image.y1 + bulge && y1 > d->image.y1 + bulge);
}

// From centre + u to centre + v, both of this length and less than half a turn apart. Chords that meet are the same to the bit.
static void arc(kal__drawing *d, double x, double y, double ux, double uy, double vx, double vy,
                double radius, int depth)
{
    const double mx = ux + vx, my = uy + vy, length = __builtin_sqrt(mx * mx + my * my);
    if (!depth || !(length > 0) || beside(d, x + ux, y + uy, x + vx, y + vy)) {
        kal__area_side(d, x + ux, y + uy, x + vx, y + vy);
        return;
    }
    const double px = mx / length * radius, py = my / length * radius;
    arc(d, x, y, ux, uy, px, py, radius, depth - 1);
    arc(d, x, y, px, py, vx, vy, radius, depth - 1);
}

void kal__area_circle(kal__drawing *d, double x, double y, double radius, bool hole)
{
    const double r = radius, s = hole ? -radius : radius;
    const int depth = halvings(r);
    arc(d, x, y, r, 0, 0, -s, r, depth);
    arc(d, x, y, 0, -s, -r, 0, r, depth);
    arc(d, x, y, -r, 0, 0, s, r, depth);
    arc(d, x, y, 0, s, r, 0, r, depth);
}

static double bend(double a, double b, double c)
{
    const double v = a - 2 * b + c;
    return v < 0 ? -v : v;
}

// A chord is off by at most 3/4 of the larger of |a − 2b + c| and |b − 2c + d| over the square of their number.
void kal__area_curve(kal__drawing *d, const double v[8])
{
    const double one = bend(v[0], v[2], v[4]) + bend(v[1], v[3], v[5]),
                 two = bend(v[2], v[4], v[6]) + bend(v[3], v[5], v[7]);
    const double chords = kal__ceil(__builtin_sqrt((one > two ? one : two) * (0.75 * 256)));
    const int32_t n = (int32_t)kal__clamp(chords, 1, 4096);
    double x = v[0], y = v[1];
    for (int32_t i = 1; i <= n; i++) {
        const double t = (double)i / n, s = 1 - t;
        const double a = s * s * s, b = 3 * s * s * t, c = 3 * s * t * t, e = t * t * t;
        const double to_x = i == n ? v[6] : a * v[0] + b * v[2] + c * v[4] + e * v[6],
                     to_y = i == n ? v[7] : a * v[1] + b * v[3] + c * v[5] + e * v[7];
        kal__area_side(d, x, y, to_x, to_y);
        x = to_x, y = to_y;
    }
}

// ---- lines --------------------------------------------------------------------------------------

// A line is a rectangle for each piece and a wedge of a disc at each corner, all the same way round; sides that two of them share cancel to
// the bit, and what lies in several counts once. (Where soft edges lie on each other both count, up to the whole pixel.)
typedef struct piece {
    double x0, y0, x1, y1;   // ends
    double dx, dy;           // half the width long, the way it goes
} piece;

static void rectangle(kal__drawing *d, const piece *p)
{
    const double nx = -p->dy, ny = p->dx;
    kal__area_side(d, p->x0 + nx, p->y0 + ny, p->x1 + nx, p->y1 + ny);
    kal__area_side(d, p->x1 + nx, p->y1 + ny, p->x1, p->y1);
    kal__area_side(d, p->x1, p->y1, p->x1 - nx, p->y1 - ny);
    kal__area_side(d, p->x1 - nx, p->y1 - ny, p->x0 - nx, p->y0 - ny);
    kal__area_side(d, p->x0 - nx, p->y0 - ny, p->x0, p->y0);
    kal__area_side(d, p->x0, p->y0, p->x0 + nx, p->y0 + ny);
}

// Half a disc at x, y, on the side of dx, dy.
static void cap(kal__drawing *d, double x, double y, double dx, double dy, double half)
{
    const double nx = -dy, ny = dx;
    const int depth = halvings(half);
    arc(d, x, y, nx, ny, dx, dy, half, depth);
    arc(d, x, y, dx, dy, -nx, -ny, half, depth);
    kal__area_side(d, x - nx, y - ny, x, y);
    kal__area_side(d, x, y, x + nx, y + ny);
}

// The wedge on the outer side of a corner.
static void join(kal__drawing *d, const piece *a, const piece *b, double half)
{
    const double cross = a->dx * b->dy - a->dy * b->dx, dot = a->dx * b->dx + a->dy * b->dy;
    const double x = b->x0, y = b->y0;
    if (dot < 0 && cross * cross < 1e-12 * half * half * half * half) {
        cap(d, x, y, a->dx, a->dy, half);
        return;
    }
    const piece *from = cross > 0 ? b : a, *to = cross > 0 ? a : b;
    const double s = cross > 0 ? -1 : 1;
    const double ux = -from->dy * s, uy = from->dx * s, vx = -to->dy * s, vy = to->dx * s;
    kal__area_side(d, x, y, x + ux, y + uy);
    arc(d, x, y, ux, uy, vx, vy, half, halvings(half) + 1);
    kal__area_side(d, x + vx, y + vy, x, y);
}

static bool piece_of(const double *a, const double *b, double half, piece *out)
{
    const double dx = b[0] - a[0], dy = b[1] - a[1], length = __builtin_sqrt(dx * dx + dy * dy);
    *out = (piece){a[0], a[1], b[0], b[1], dx / length * half, dy / length * half};
    return length > 0;
}

void kal__area_stroke(kal__drawing *d, const double *v, int32_t n, int32_t step, bool closed, double width)
{
    const double half = width / 2;
    piece first, last, now;
    bool any = false;
    for (int32_t i = 0; i < (closed ? n : n - 1); i++) {
        if (!piece_of(v + (ptrdiff_t)i * step, v + (ptrdiff_t)(i + 1 < n ? i + 1 : 0) * step, half, &now))
            continue;
        rectangle(d, &now);
        if (any)
            join(d, &last, &now, half);
        else
            first = now;
        last = now;
        any = true;
    }
    if (!any) {
        if (n) kal__area_circle(d, v[0], v[1], half, false);
    } else if (closed) {
        join(d, &last, &first, half);
    } else {
        cap(d, first.x0, first.y0, -first.dx, -first.dy, half);
        cap(d, last.x1, last.y1, last.dx, last.dy, half);
    }
}

// ---- what covers a row --------------------------------------------------------------------------

static double crossing(const side *s, double y)
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

static void add_side(int64_t *sum, const kal_rect r, const side *s, int32_t y)
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

#define LAY(T, type, M)                                                                       \
    static void lay_##type(void *at, const paint *k, uint32_t w, int32_t colours, bool alpha) \
    {                                                                                         \
        T *p = at;                                                                            \
        const uint64_t rest = OPAQUE - w;                                                     \
        if (!alpha) {                                                                         \
            for (int32_t c = 0; c < colours; c++)                                             \
                p[c] = (T)((p[c] * rest + (uint64_t)k->v[c] * w + OPAQUE / 2) / OPAQUE);      \
            return;                                                                           \
        }                                                                                     \
        const uint64_t a = (uint64_t)w * M, b = p[colours] * rest, all = a + b;               \
        for (int32_t c = 0; c < colours; c++)                                                 \
            p[c] = (T)((a * (uint64_t)k->v[c] + b * p[c] + all / 2) / all);                   \
        p[colours] = (T)((all + OPAQUE / 2) / OPAQUE);                                        \
    }
LAY(uint8_t, u8, 255)
LAY(uint16_t, u16, 65535)

static void lay_f32(void *at, const paint *k, uint32_t w, int32_t colours, bool alpha)
{
    float *p = at;
    const double s = w / (double)OPAQUE, b = alpha ? (double)p[colours] * (1 - s) : 1 - s, all = s + b;
    for (int32_t c = 0; c < colours; c++) {
        const double v = (double)p[c];
        p[c] = (float)(alpha ? (s * k->v[c] + b * v) / all : v + (k->v[c] - v) * s);
    }
    if (alpha) p[colours] = (float)all;
}

static void (*const lays[])(void *, const paint *, uint32_t, int32_t,
                            bool) = {[KAL_U8] = lay_u8, [KAL_U16] = lay_u16, [KAL_F32] = lay_f32};

static void lay(const kal_job *j, const paint *k, unsigned char *at, uint32_t cover)
{
    const kal_extent *e = &j->call->extent;
    const uint32_t w = (uint32_t)(((uint64_t)cover * k->weight + FULL / 2) / FULL);
    if (w == OPAQUE)
        memcpy(at, k->pixel, (size_t)j->out->pixel);
    else if (w)
        lays[e->type](at, k, w, kal__colours(e), e->alpha);
}

static void lay_rect(const kal_job *j, const paint *k, kal_rect r)
{
    r = kal_rect_clip(r, j->out->rect);
    if (kal_rect_empty(r)) return;
    for (int32_t y = r.y0; y < r.y1; y++) {
        unsigned char *at = kal_at(j->out, r.x0, y);
        for (int32_t x = r.x0; x < r.x1; x++, at += j->out->pixel) lay(j, k, at, FULL);
    }
}

// ---- painting -----------------------------------------------------------------------------------

static void paint_glyph(const kal_job *j, const shape *s, const paint *k)
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
static void paint_area(const kal_job *j, const kal__drawing *d, const shape *s, const paint *k)
{
    const kal_rect r = kal_rect_clip(s->at, j->out->rect);
    const side *sides = d->sides + s->first;
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
        const shape *s = &d->shapes[i];
        const paint *k = &d->inks[s->ink];
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

// ---- records ------------------------------------------------------------------------------------

// One number, one a colour channel, and perhaps an alpha, whatever the image has.
static kal_status check_colour(const char *op, const char *name, kal_list l, const kal_extent *e,
                               kal_error *err)
{
    return l.n == kal__colours(e) + 1 ? kal__check_range(op, name, l, e->type, err)
                                      : kal__check_color(op, name, l, e, true, err);
}

// Of shapes it is what is inside, of letters what is behind.
static const char *fill_name(const kal_op *op)
{
    for (size_t i = 0; i < op->n_params; i++)
        if (!strcmp(op->params[i].name, "background")) return "background";
    return "fill";
}

kal_status kal__draw_extent(const kal_call *c, kal_list color, kal_list fill, kal_extent *out, kal_error *err)
{
    *out = c->in[0]->extent;
    kal__unmask(out);
    kal_status st = kal__check_type(c->op->name, out, err);
    if (!st) st = check_colour(c->op->name, "color", color, out, err);
    return st ? st : check_colour(c->op->name, fill_name(c->op), fill, out, err);
}

static kal__drawing counted(const kal_call *c, kal__trace *trace)
{
    kal__drawing d = {.image = kal_rect_all(&c->extent)};
    trace(c, &d);
    return d;
}

// What could not be counted is more than there is: such a plan is refused.
#define UNKNOWN ((size_t)1 << 46)

static size_t bytes_of(const kal__drawing *d)
{
    if (d->err.status) return UNKNOWN;
    return sizeof *d + d->n_sides * sizeof *d->sides + d->n_shapes * sizeof *d->shapes;
}

static int32_t inks_of(const kal_extent *e, kal_list colors)
{
    return KAL__INKS + KAL__INKS * (colors.n / kal__colours(e));
}

size_t kal__draw_tables(const kal_call *c, kal__trace *trace, kal_list colors)
{
    const kal__drawing d = counted(c, trace);
    return bytes_of(&d) + (size_t)inks_of(&c->extent, colors) * sizeof *d.inks;
}

size_t kal__draw_scratch(const kal_call *c, kal__trace *trace, int32_t width)
{
    const kal__drawing d = counted(c, trace);
    return d.err.status ? UNKNOWN : ((size_t)width + 1) * sizeof(int64_t) + d.most * sizeof(int32_t);
}

kal_rect kal__draw_touches(const kal_call *c, kal__trace *trace)
{
    const kal__drawing d = counted(c, trace);
    return d.err.status ? d.image : d.bounds;
}

bool kal__draw_nothing(const kal_call *c, kal__trace *trace, kal_folded *to)
{
    if (c->in[0]->extent.model != KAL_MASK && kal_rect_empty(kal__draw_touches(c, trace)))
        to->same = c->in[0];
    return to->same != NULL;
}

// White unless said; a colour's own alpha counts with the opacity.
static void mix_paint(paint *k, kal_list color, double opacity, const kal_extent *e)
{
    const int32_t n = kal__colours(e);
    const double full = kal_type_max(e->type);
    for (int32_t i = 0; i < n; i++) {
        kal__set(k->pixel, e->type, (size_t)i, kal__per_channel(color, i, full));
        k->v[i] = kal__get(k->pixel, e->type, (size_t)i);
    }
    if (e->alpha) kal__set(k->pixel, e->type, (size_t)n, full);
    if (color.n > 1 && color.n == n + 1) opacity *= kal__clamp(color.v[n] / full, 0, 1);
    k->weight = (uint32_t)kal__rint(opacity * OPAQUE);
}

// Black on what is lighter than the middle, else white; of red, green and blue by their weights in luma.
static void mix_letters(paint *k, const paint *on, double opacity, const kal_extent *e)
{
    static const double black = 0;
    const double luma =
        kal__colours(e) == 3 ? 0.299 * on->v[0] + 0.587 * on->v[1] + 0.114 * on->v[2] : on->v[0];
    const kal_list color = {luma > kal_type_max(e->type) / 2 ? &black : NULL,
                            luma > kal_type_max(e->type) / 2};
    mix_paint(k, color, opacity, e);
}

static kal_status failed(const kal_call *c, const kal_error *why, kal_error *err)
{
    return kal_fail(err, why->status, "%s: %s", c->op->name, why->message);
}

static void mix_inks(paint *inks, const kal__colors *k, const kal_extent *e)
{
    mix_paint(&inks[KAL__OUTLINE], k->color, k->opacity, e);
    mix_paint(&inks[KAL__FILL], k->fill, k->opacity, e);
    mix_letters(&inks[KAL__LETTERS], &inks[KAL__OUTLINE], k->opacity, e);
}

kal_status kal__draw_prepare(const kal_call *c, kal__trace *trace, const kal__colors *k, void **state,
                             kal_error *err)
{
    const kal__drawing count = counted(c, trace);
    if (count.err.status) return failed(c, &count.err, err);
    const int32_t inks = inks_of(&c->extent, k->colors), each = kal__colours(&c->extent);
    kal__drawing *d = kal__new_zero(bytes_of(&count) + (size_t)inks * sizeof *d->inks, 1);
    if (!d) return kal_fail(err, KAL_NOMEM, "%s: out of memory for what is drawn", c->op->name);
    d->image = count.image;
    d->room_shapes = count.n_shapes;
    d->room_sides = count.n_sides;
    d->sides = (side *)(d + 1);
    d->inks = (paint *)(d->sides + count.n_sides);
    d->shapes = (shape *)(d->inks + inks);
    trace(c, d);
    if (d->err.status) {
        const kal_status st = failed(c, &d->err, err);
        free(d);
        return st;
    }
    mix_inks(d->inks, k, &c->extent);
    for (int32_t i = 1; i < inks / KAL__INKS; i++) {
        kal__colors own = *k;
        own.color = (kal_list){k->colors.v + (i - 1) * each, each};
        mix_inks(d->inks + i * KAL__INKS, &own, &c->extent);
    }
    *state = d;
    return KAL_OK;
}
