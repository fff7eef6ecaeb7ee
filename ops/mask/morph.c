// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// erode and dilate: the least and the greatest sample under a kernel, in every channel for itself, alpha included; open and close:
// the one after the other. With K the kernel's places relative to its anchor (width / 2, height / 2, rounded down):
//
//     erode(x, y)  = min over (i, j) in K of in(x + i, y + j)          dilate: max
//     open = dilate by K turned by half a turn, of erode by K          close: the other way round
//
// What lies outside the image is not looked at, so a border neither eats nor feeds; where nothing of the kernel lies inside, erode
// gives white (f32: +∞) and dilate black (−∞). Exact: equal to OpenCV's erode and dilate with their default border, for ellipses as
// getStructuringElement of OpenCV 4.6 makes them; its open and close do not turn the kernel, which differs only for kernels without that
// symmetry.
//
// A rectangle's cost hardly grows with it: down the columns, rows are joined once for up to 64 windows that share them (van Herk, Gil
// and Werman), which is three joins a row and one more for every 64 rows of the kernel; along the row, windows of 1, 2, 4 … pixels
// are joined. Other kernels are runs along the row; each costs two joins of such windows.
#include "fmath.h"
#include "lanes.h"
#include "mem.h"

#include <stdlib.h>

enum { SHAPE_RECTANGLE, SHAPE_ELLIPSE, SHAPE_CROSS };
#define CHUNK 64        // rows whose windows are made of shared parts
#define LEVELS 16       // windows of 2^15 pixels
#define LONGEST 16384   // of a kernel's sides

extern const kal_op kal__op_erode, kal__op_dilate;

static const kal__lane *lane_of(const kal_call *c)
{
    return kal__lane_of(c->extent.type, c->op == &kal__op_dilate);
}

// ---- the kernel ---------------------------------------------------------------------------------

typedef struct reach {
    int32_t left, top, right, bottom;
} reach;

static reach reach_of(const kal_erode_p *p)
{
    const int32_t x = p->width / 2, y = p->height / 2, far_x = p->width - 1 - x, far_y = p->height - 1 - y;
    return p->reflect ? (reach){far_x, far_y, x, y} : (reach){x, y, far_x, far_y};
}

// Half the chord of the ellipse in row i: rounded to nearest, halves to even.
static int32_t chord(const kal_erode_p *p, int32_t i)
{
    const int32_t r = p->height / 2, c = p->width / 2, dy = i - r;
    const double square = r ? 1.0 / ((double)r * r) : 0;
    return (int32_t)kal__rint(c * __builtin_sqrt((double)(r * r - dy * dy) * square));
}

// Pixels x … x + n − 1 of row y, relative to the anchor.
typedef struct run {
    int32_t x, y, n;
} run;
typedef struct shape {
    size_t n;
    int32_t longest;
    run runs[];
} shape;

// The next run of row y from column x on, in the kernel as it is given; n = 0: there is none.
static run next_run(const kal_erode_p *p, int32_t x, int32_t y)
{
    const int32_t middle = p->width / 2, half = p->shape == SHAPE_ELLIPSE ? chord(p, y)
                                                : y == p->height / 2      ? p->width
                                                                          : 0;
    int32_t from = x, end = p->width;
    if (!p->kernel.n) {
        from = middle - half > 0 ? middle - half : 0;
        end = middle + half + 1 < end ? middle + half + 1 : end;
        return (run){from, y, from < x ? 0 : end - from};
    }
    while (from < end && p->kernel.v[y * p->width + from] == 0) from++;
    for (x = from; x < end && p->kernel.v[y * p->width + x] != 0;) x++;
    return (run){from, y, x - from};
}

static size_t find_runs(const kal_erode_p *p, run *runs, int32_t *longest)
{
    const reach k = reach_of(p);
    size_t n = 0;
    for (int32_t y = 0; y < p->height; y++)
        for (run r = next_run(p, 0, y); r.n; r = next_run(p, r.x + r.n, y), n++) {
            if (r.n > *longest) *longest = r.n;
            if (!runs) continue;
            runs[n] = p->reflect ? (run){p->width - r.x - r.n - k.left, p->height - 1 - y - k.top, r.n}
                                 : (run){r.x - k.left, y - k.top, r.n};
        }
    return n;
}

static bool rectangle(const kal_erode_p *p)
{
    return p->shape == SHAPE_RECTANGLE && !p->kernel.n;
}

static kal_status prepare(const kal_call *c, void **state, kal_error *err)
{
    const kal_erode_p *p = c->params;
    if (rectangle(p)) return KAL_OK;
    int32_t longest = 0;
    const size_t n = find_runs(p, NULL, &longest);
    shape *s = kal__new(sizeof *s + n * sizeof *s->runs, 1);
    if (!s) return kal_fail(err, KAL_NOMEM, "%s: out of memory", c->op->name);
    s->n = find_runs(p, s->runs, &longest);
    s->longest = longest;
    *state = s;
    return KAL_OK;
}

static size_t tables(const kal_call *c)
{
    const kal_erode_p *p = c->params;
    int32_t longest = 0;
    return rectangle(p) ? 0 : sizeof(shape) + find_runs(p, NULL, &longest) * sizeof(run);
}

// ---- scratch ------------------------------------------------------------------------------------

// Rows of as many samples as a row of the output and the kernel around it take.
static size_t row_bytes(const kal_call *c, int32_t width)
{
    const kal_erode_p *p = c->params;
    const size_t pixels = (size_t)width + (size_t)p->width - 1;
    return (pixels * kal_pixel_size(&c->extent) + 63) & ~(size_t)63;
}

static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    const kal_erode_p *p = c->params;
    int32_t chunk = p->height < height ? p->height : height;
    if (chunk > CHUNK) chunk = CHUNK;
    return ((size_t)chunk + LEVELS + 1) * row_bytes(c, width);
}

// Windows of 1, 2, 4 … pixels from a row of `pixels`, in rows behind each other, up to the last that fits into `longest`.
static void widen(const kal__lane *l, unsigned char *rows, size_t step, size_t pixels, size_t channels,
                  int32_t longest)
{
    for (size_t p = 1; 2 * p <= (size_t)longest; p *= 2, rows += step)
        l->join(rows + step, rows, rows + p * channels * l->size, (pixels - (2 * p - 1)) * channels);
}

static int32_t level_of(int32_t n)
{
    return 31 - __builtin_clz((uint32_t)n);
}

// A row of the input, or what columns gave, in the middle of what changes nothing.
typedef struct line {
    unsigned char *row;        // from the kernel's left end for the output's first column on
    size_t before, n, after;   // samples: outside, of the input, outside
} line;

static line line_of(const kal_job *j, unsigned char *row)
{
    const reach k = reach_of(j->call->params);
    const size_t channels = (size_t)j->call->extent.channels;
    const kal_rect out = j->out->rect, in = j->in[0].rect;
    return (line){row, (size_t)(in.x0 - (out.x0 - k.left)) * channels, (size_t)(in.x1 - in.x0) * channels,
                  (size_t)(out.x1 + k.right - in.x1) * channels};
}

static void fill_ends(const kal__lane *l, const line *r)
{
    l->fill(r->row, r->before);
    l->fill(r->row + (r->before + r->n) * l->size, r->after);
}

// ---- rectangles ---------------------------------------------------------------------------------

// Rows y0 … y1 − 1 share the rows between the last one's first and the first one's last, so there are no more of them than the
// kernel is high. Above those, `tails[i]` joins the rows from y0 − top + i on; below, rows are added as y goes down.
static void columns(const kal_job *j, const kal__lane *l, int32_t y0, int32_t y1, unsigned char *tails,
                    size_t step)
{
    const reach k = reach_of(j->call->params);
    const kal_tile *in = &j->in[0];
    const size_t n = (size_t)kal_tile_width(in) * (size_t)j->call->extent.channels;
    const int32_t first = y0 - k.top > in->rect.y0 ? y0 - k.top : in->rect.y0;
    for (int32_t y = y1 - 2 - k.top; y >= first; y--) {
        unsigned char *to = tails + (size_t)(y - (y0 - k.top)) * step;
        if (y == y1 - 2 - k.top)
            l->load(to, kal_row(in, y), n);
        else
            l->mix(to, to + step, kal_row(in, y), n);
    }
}

static void rectangle_rows(const kal_job *j, const kal__lane *l, int32_t y0, int32_t y1, unsigned char *room,
                           size_t step)
{
    const kal_erode_p *p = j->call->params;
    const reach k = reach_of(p);
    const kal_tile *in = &j->in[0];
    const size_t channels = (size_t)j->call->extent.channels, out = (size_t)kal_tile_width(j->out) * channels,
                 pixels = (size_t)kal_tile_width(j->out) + (size_t)p->width - 1;
    const int32_t level = level_of(p->width);
    const size_t rest = (size_t)(p->width - (1 << level)) * channels * l->size;
    unsigned char *shared = room, *wide = room + step, *tails = wide + LEVELS * step,
                  *last = wide + (size_t)level * step;
    const line r = line_of(j, wide);
    unsigned char *middle = wide + r.before * l->size;
    columns(j, l, y0, y1, tails, step);
    l->fill(shared, r.n);
    for (int32_t y = y1 - 1 - k.top < in->rect.y0 ? in->rect.y0 : y1 - 1 - k.top;
         y <= y0 + k.bottom && y < in->rect.y1; y++)
        l->take(shared, kal_row(in, y), r.n);
    fill_ends(l, &r);
    for (int32_t y = y0; y < y1; y++) {
        if (y > y0 && y + k.bottom < in->rect.y1) l->take(shared, kal_row(in, y + k.bottom), r.n);
        const int32_t top = y - k.top < in->rect.y0 ? in->rect.y0 : y - k.top;
        if (top <= y1 - 2 - k.top)
            l->join(middle, shared, tails + (size_t)(top - (y0 - k.top)) * step, r.n);
        else
            memcpy(middle, shared, r.n * l->size);
        widen(l, wide, step, pixels, channels, p->width);
        unsigned char *dst = kal_row(j->out, y);
        if (rest)
            l->join(dst, last, last + rest, out);
        else
            memcpy(dst, last, out * l->size);
        if (l->store) l->store(dst, out);
    }
}

static void run_rectangle(const kal_job *j, const kal__lane *l)
{
    const kal_erode_p *p = j->call->params;
    const size_t step = row_bytes(j->call, kal_tile_width(j->out));
    const int32_t chunk = p->height < CHUNK ? p->height : CHUNK, end = j->out->rect.y1;
    for (int32_t y = j->out->rect.y0; y < end; y += chunk)
        rectangle_rows(j, l, y, end - y < chunk ? end : y + chunk, j->scratch, step);
}

// ---- any kernel ---------------------------------------------------------------------------------

static void add_run(const kal_job *j, const kal__lane *l, const run *r, int32_t y, const unsigned char *wide,
                    size_t step)
{
    if (y < j->out->rect.y0 || y >= j->out->rect.y1) return;
    const size_t pixel = (size_t)j->call->extent.channels * l->size,
                 n = (size_t)kal_tile_width(j->out) * (size_t)j->call->extent.channels;
    const int32_t left = reach_of(j->call->params).left, level = level_of(r->n);
    const unsigned char *from = wide + (size_t)level * step + (size_t)(r->x + left) * pixel;
    unsigned char *dst = kal_row(j->out, y);
    l->add(dst, from, n);
    const size_t rest = (size_t)(r->n - (1 << level));
    if (rest) l->add(dst, from + rest * pixel, n);
}

static void run_shape(const kal_job *j, const kal__lane *l)
{
    const shape *s = j->state;
    const kal_erode_p *p = j->call->params;
    const kal_tile *in = &j->in[0];
    const kal_rect out = j->out->rect;
    const size_t channels = (size_t)j->call->extent.channels, n = (size_t)kal_tile_width(j->out) * channels,
                 step = row_bytes(j->call, kal_tile_width(j->out)),
                 pixels = (size_t)kal_tile_width(j->out) + (size_t)p->width - 1;
    unsigned char *wide = j->scratch;
    const line r = line_of(j, wide);
    for (int32_t y = out.y0; y < out.y1; y++) l->fill(kal_row(j->out, y), n);
    fill_ends(l, &r);
    for (int32_t y = in->rect.y0; y < in->rect.y1; y++) {
        l->load(wide + r.before * l->size, kal_row(in, y), r.n);
        widen(l, wide, step, pixels, channels, s->longest);
        for (size_t i = 0; i < s->n; i++) add_run(j, l, &s->runs[i], y - s->runs[i].y, wide, step);
    }
    for (int32_t y = out.y0; y < out.y1 && l->store; y++) l->store(kal_row(j->out, y), n);
}

static kal_status run_op(const kal_job *j)
{
    const kal__lane *l = lane_of(j->call);
    if (j->state)
        run_shape(j, l);
    else
        run_rectangle(j, l);
    return KAL_OK;
}

// ---- parameters ---------------------------------------------------------------------------------

static kal_status sides_of_list(const char *op, kal_erode_p *p, kal_error *err)
{
    const int32_t n = p->kernel.n;
    int32_t side = 1;
    while (side < LONGEST && side * side < n) side++;
    if (p->shape) return kal_fail(err, KAL_INVALID, "%s: give a shape or a kernel, not both", op);
    if (p->width == KAL_AUTO && side * side != n)
        return kal_fail(err, KAL_INVALID, "%s: kernel has %d values, which is no square; say width=", op, n);
    if (p->width == KAL_AUTO) p->width = side;
    if (p->height == KAL_AUTO) p->height = n / p->width;
    if (p->height < 1 || (int64_t)p->width * p->height != n)
        return kal_fail(err, KAL_INVALID, "%s: kernel has %d values, which do not fill rows of width=%d", op,
                        n, p->width);
    for (int32_t i = 0; i < n; i++)
        if (p->kernel.v[i] != 0) return KAL_OK;
    return kal_fail(err, KAL_INVALID, "%s: kernel has only zeros", op);
}

static kal_status settle(const char *op, const kal_call *c, kal_erode_p *p, kal_extent *out, kal_error *err)
{
    *out = c->in[0]->extent;
    const kal_status st = kal__check_type(op, out, err);
    if (st) return st;
    if (p->kernel.n) return sides_of_list(op, p, err);
    if (p->width == KAL_AUTO) p->width = 3;
    if (p->height == KAL_AUTO) p->height = p->width;
    return KAL_OK;
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    return settle(c->op->name, c, params, out, err);
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    (void)room;
    const kal_erode_p *p = c->params;
    if (p->width == 1 && p->height == 1) to->same = c->in[0];
    return to->same != NULL;
}

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    (void)i;
    const reach k = reach_of(c->params);
    return kal_need_halo(&c->in[0]->extent, out, k.left, k.top, k.right, k.bottom, KAL_EDGE_FILL);
}

static void release(void *state)
{
    free(state);
}

// ---- open and close -----------------------------------------------------------------------------

static kal_erode_p turned(const kal_open_p *p, bool reflect)
{
    kal_erode_p e = kal_erode_defaults();
    e.width = p->width, e.height = p->height, e.shape = p->shape, e.kernel = p->kernel;
    e.reflect = reflect;
    return e;
}

static kal_status both_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_open_p *p = params;
    kal_erode_p e = turned(p, false);
    const kal_status st = settle(c->op->name, c, &e, out, err);
    p->width = e.width, p->height = e.height;
    return st;
}

static bool both(const kal_call *c, const kal_op *first, const kal_op *then, kal_folded *to, void *room)
{
    kal_erode_p *p = room;
    p[0] = turned(c->params, true);
    p[1] = turned(c->params, false);
    *to = (kal_folded){
        .op = then, .params = &p[0], .n = 1, .in = {c->in[0]}, .before = first, .before_params = &p[1]};
    return true;
}

static bool fold_open(const kal_call *c, kal_folded *to, void *room)
{
    return both(c, &kal__op_erode, &kal__op_dilate, to, room);
}

static bool fold_close(const kal_call *c, kal_folded *to, void *room)
{
    return both(c, &kal__op_dilate, &kal__op_erode, to, room);
}

// ---- records ------------------------------------------------------------------------------------

#define PARAMS kal_erode_p
static const kal_param params[] = {KAL_ERODE_PARAMS(KAL_SCHEMA)};
#undef PARAMS
#define PARAMS kal_open_p
static const kal_param both_params[] = {KAL_MORPH_PARAMS(KAL_SCHEMA)};
_Static_assert(2 * sizeof(kal_erode_p) <= KAL_FOLD_ROOM, "both calls fit into the room of a fold");
_Static_assert(sizeof(kal_erode_p) == sizeof(kal_dilate_p) && sizeof(kal_open_p) == sizeof(kal_close_p),
               "one struct by two names");

#define COMMON                                                                                                \
    "\nThe kernel is a rectangle, ellipse or cross of width × height, or any list of numbers, row by row:\n" \
    "what is not 0 belongs to it. Its middle is at width / 2, height / 2, rounded down. What lies outside\n"  \
    "the image is not looked at. Of images other than masks every channel is taken for itself, alpha "        \
    "included."

#define ONE(word, line)                                                                               \
    const kal_op kal__op_##word = {                                                                   \
        .name = #word,                                                                                \
        .version = 1,                                                                                 \
        .family = "masks",                                                                            \
        .help = line COMMON,                                                                          \
        .inputs = "image",                                                                            \
        KAL__PARAMS(params, kal_##word##_p),                                                          \
        .cost = 1,                                                                                    \
        .extent = extent,                                                                             \
        .need = need,                                                                                 \
        .fold = fold,                                                                                 \
        .prepare = prepare,                                                                           \
        .release = release,                                                                           \
        .tables = tables,                                                                             \
        .scratch = scratch,                                                                           \
        .run = run_op,                                                                                \
        .samples = KAL__SAMPLES("", "width=4 height=1", "width=1 height=2 reflect=true", "width=21",  \
                                "width=5 height=7 shape=ellipse", "width=4 shape=cross reflect=true", \
                                "width=6 height=100", "kernel=[1 0 1 0 0 0 1 1 1]",                   \
                                "kernel=[1 0 0 0 0 1 1 1 1 1 1 1] width=6 reflect=true", "width=1"),  \
    }
#define TWO(word, line)                                                                                   \
    const kal_op kal__op_##word = {                                                                       \
        .name = #word,                                                                                    \
        .version = 1,                                                                                     \
        .family = "masks",                                                                                \
        .help = line COMMON,                                                                              \
        .inputs = "image",                                                                                \
        KAL__PARAMS(both_params, kal_##word##_p),                                                         \
        .cost = 2,                                                                                        \
        .extent = both_extent,                                                                            \
        .fold = fold_##word,                                                                              \
        .run = run_op,                                                                                    \
        .samples =                                                                                        \
            KAL__SAMPLES("", "width=2 height=5", "width=4 shape=ellipse", "kernel=[1 0 0 1]", "width=1"), \
    }
ONE(erode, "The least sample around each: shrinks what is set");
ONE(dilate, "The greatest sample around each: grows what is set");
TWO(open, "erode, then dilate: what the kernel does not fit into goes");
TWO(close, "dilate, then erode: gaps that the kernel does not fit into are filled");
