// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Pictures between two colours. Each is a function t of the place, 0..1, and a sample is from + (to - from) t, in doubles and rounded half up;
// alpha like a colour. With (x, y) the middle of a pixel, (column + 1/2, row + 1/2):
//
//     solid          one colour, no t
//     gradient       linear  ((x - x0)(x1 - x0) + (y - y0)(y1 - y0)) / ((x1 - x0)² + (y1 - y0)²), held between 0 and 1
//                    radial  |(x, y) - (x0, y0)| / |(x1, y1) - (x0, y0)|, at most 1
//     checkerboard   0 or 1 by turns, 0 in the upper left square
//     zone_plate     1/2 + cos(2π f r² / n) / 2, r from the middle, n the longer side: r = n/2 is f cycles per pixel
//     perlin         1/2 + layers / 2, held between 0 and 1; see perlin.h. 0 lies in the upper left corner
#include "canvas.h"
#include "fmath.h"
#include "perlin.h"

enum { BLOCK = 256 };

// All structs begin alike.
typedef struct pattern_p {
    size_t size;
    KAL_PATTERN_PARAMS(KAL_FIELD)
} pattern_p;
#define ALIKE(op)                                                                 \
    _Static_assert(offsetof(kal_##op##_p, from) == offsetof(pattern_p, from) &&   \
                       offsetof(kal_##op##_p, type) == offsetof(pattern_p, type), \
                   "begins like the others")
ALIKE(gradient);
ALIKE(checkerboard);
ALIKE(zone_plate);
ALIKE(perlin);

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    pattern_p *p = params;
    if (p->channels == KAL_AUTO) p->channels = kal__channels_for(p->from, p->to);
    *out = kal__canvas(p->width, p->height, p->channels, p->type);
    const kal_status st = kal__check_colour(c->op->name, "from", p->from, p->channels, err);
    return st ? st : kal__check_colour(c->op->name, "to", p->to, p->channels, err);
}

// t of n pixels from column x on.
typedef void places_fn(const kal_call *c, int32_t x, int32_t y, int32_t n, double *t);

static void put(const kal_job *j, int32_t x, int32_t y, int32_t n, const double *t, const double *from,
                const double *to)
{
    const kal_extent *e = &j->call->extent;
    const size_t channels = (size_t)e->channels;
    void *dst = kal_at(j->out, x, y);
    for (size_t k = 0; k < channels; k++) {
        const double first = from[k], way = to[k] - from[k];
        for (size_t i = 0; i < (size_t)n; i++) kal__set(dst, e->type, i * channels + k, first + way * t[i]);
    }
}

static kal_status run(const kal_job *j, places_fn *places)
{
    const pattern_p *p = j->call->params;
    const kal_rect r = j->out->rect;
    double from[KAL__CANVAS_CHANNELS], to[KAL__CANVAS_CHANNELS], t[BLOCK];
    kal__canvas_colour(p->from, 0, &j->call->extent, from);
    kal__canvas_colour(p->to, 255, &j->call->extent, to);
    for (int32_t y = r.y0; y < r.y1; y++)
        for (int32_t x = r.x0; x < r.x1; x += BLOCK) {
            const int32_t n = r.x1 - x < BLOCK ? r.x1 - x : BLOCK;
            places(j->call, x, y, n, t);
            put(j, x, y, n, t, from, to);
        }
    return KAL_OK;
}

// ---- solid --------------------------------------------------------------------------------------

static kal_status extent_solid(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_solid_p *p = params;
    if (p->channels == KAL_AUTO) p->channels = kal__channels_for(p->color, p->color);
    *out = kal__canvas(p->width, p->height, p->channels, p->type);
    return kal__check_colour(c->op->name, "color", p->color, p->channels, err);
}

static kal_status run_solid(const kal_job *j)
{
    const kal_extent *e = &j->call->extent;
    const kal_rect r = j->out->rect;
    double colour[KAL__CANVAS_CHANNELS];
    kal__canvas_colour(((const kal_solid_p *)j->call->params)->color, 0, e, colour);
    unsigned char *first = kal_row(j->out, r.y0);
    const size_t width = (size_t)kal_tile_width(j->out), pixel = (size_t)j->out->pixel;
    for (size_t i = 0; i < width * (size_t)e->channels; i++)
        kal__set(first, e->type, i, colour[i % (size_t)e->channels]);
    for (int32_t y = r.y0 + 1; y < r.y1; y++) memcpy(kal_row(j->out, y), first, width * pixel);
    return KAL_OK;
}

// ---- gradient -----------------------------------------------------------------------------------

static void settle(double *v, double otherwise)
{
    if (*v == KAL_AUTO) *v = otherwise;
}

static kal_status extent_gradient(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_gradient_p *p = params;
    const bool radial = p->kind;
    settle(&p->x0, radial ? 0.5 * p->width : 0);
    settle(&p->y0, radial ? 0.5 * p->height : 0);
    settle(&p->x1, p->width);
    settle(&p->y1, radial ? p->height : p->y0);
    if (p->x0 == p->x1 && p->y0 == p->y1)
        return kal_fail(err, KAL_INVALID, "gradient: both colours lie at %g,%g; give x1 or y1", p->x0, p->y0);
    return extent(c, params, out, err);
}

static void places_gradient(const kal_call *c, int32_t x, int32_t y, int32_t n, double *t)
{
    const kal_gradient_p *p = c->params;
    const double dx = p->x1 - p->x0, dy = p->y1 - p->y0, square = dx * dx + dy * dy;
    const double py = y + 0.5 - p->y0, length = __builtin_sqrt(square);
    for (int32_t i = 0; i < n; i++) {
        const double px = x + i + 0.5 - p->x0;
        const double v = p->kind ? __builtin_sqrt(px * px + py * py) / length : (px * dx + py * dy) / square;
        t[i] = kal__clamp(v, 0, 1);
    }
}

static kal_status run_gradient(const kal_job *j)
{
    return run(j, places_gradient);
}

// ---- checkerboard -------------------------------------------------------------------------------

static void places_checkerboard(const kal_call *c, int32_t x, int32_t y, int32_t n, double *t)
{
    const int32_t cell = ((const kal_checkerboard_p *)c->params)->cell;
    for (int32_t i = 0; i < n; i++) t[i] = ((x + i) / cell + y / cell) & 1;
}

static kal_status run_checkerboard(const kal_job *j)
{
    return run(j, places_checkerboard);
}

// ---- zone plate ---------------------------------------------------------------------------------

// cos πv = sin π(v + 1/2), and the sines are many at a time.
static void places_zone_plate(const kal_call *c, int32_t x, int32_t y, int32_t n, double *t)
{
    const kal_zone_plate_p *p = c->params;
    const double longer = p->width > p->height ? p->width : p->height;
    const double per = 2 * p->frequency / longer, dy = y + 0.5 - 0.5 * p->height;
    double v[BLOCK] = {0};
    for (int32_t i = 0; i < n; i++) {
        const double dx = x + i + 0.5 - 0.5 * p->width;
        v[i] = (dx * dx + dy * dy) * per + 0.5;
    }
    kal__sinpi_all(t, v, (size_t)n);
    for (int32_t i = 0; i < n; i++) t[i] = 0.5 + 0.5 * t[i];
}

static kal_status run_zone_plate(const kal_job *j)
{
    return run(j, places_zone_plate);
}

// ---- perlin -------------------------------------------------------------------------------------

static kal_status extent_perlin(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    const kal_perlin_p *p = params;
    const double longer = p->width > p->height ? p->width : p->height;
    double cells = longer / p->scale;
    for (int32_t i = 1; i < p->octaves; i++) cells *= 2;
    if (cells > 1e9)
        return kal_fail(err, KAL_INVALID,
                        "perlin: its last octave would have %g cells side by side; 1e9 are "
                        "possible: fewer octaves or a larger scale",
                        cells);
    return extent(c, params, out, err);
}

static void places_perlin(const kal_call *c, int32_t x, int32_t y, int32_t n, double *t)
{
    const kal_perlin_p *p = c->params;
    const double py = (y + 0.5) / p->scale;
    for (int32_t i = 0; i < n; i++) {
        const double px = (x + i + 0.5) / p->scale;
        const double v = kal__perlin_layers((uint32_t)p->seed, px, py, p->octaves, p->gain);
        t[i] = kal__clamp(0.5 + 0.5 * v, 0, 1);
    }
}

static kal_status run_perlin(const kal_job *j)
{
    return run(j, places_perlin);
}

// ---- records ------------------------------------------------------------------------------------

#define PARAMS kal_solid_p
static const kal_param solid_params[] = {KAL_SOLID_PARAMS(KAL_SCHEMA)};
#undef PARAMS
#define PARAMS kal_gradient_p
static const kal_param gradient_params[] = {KAL_GRADIENT_PARAMS(KAL_SCHEMA)};
#undef PARAMS
#define PARAMS kal_checkerboard_p
static const kal_param checkerboard_params[] = {KAL_CHECKERBOARD_PARAMS(KAL_SCHEMA)};
#undef PARAMS
#define PARAMS kal_zone_plate_p
static const kal_param zone_plate_params[] = {KAL_ZONE_PLATE_PARAMS(KAL_SCHEMA)};
#undef PARAMS
#define PARAMS kal_perlin_p
static const kal_param perlin_params[] = {KAL_PERLIN_PARAMS(KAL_SCHEMA)};

#define COLOURS                                                                                             \
    "\nColours are in 255ths whatever the type, with as many numbers as there are channels, without alpha " \
    "(then\nopaque), or one for a gray."

#define RECORD(op, extent_fn, run_fn, costs, about, ...) \
    const kal_op kal__op_##op = {                        \
        .name = #op,                                     \
        .version = 1,                                    \
        .family = "synthesis",                           \
        .help = about,                                   \
        .inputs = "",                                    \
        KAL__PARAMS(op##_params, kal_##op##_p),          \
        .cost = costs,                                   \
        .extent = extent_fn,                             \
        .run = run_fn,                                   \
        .samples = KAL__SAMPLES(__VA_ARGS__),            \
    }

RECORD(solid, extent_solid, run_solid, 0.1f, "One colour everywhere" COLOURS, "color=[200 80 40]", "",
       "color=[1 2 3 4] width=31 height=17 type=u16", "color=99.5 channels=4 type=f32 width=7",
       "color=[9 8] height=1");
RECORD(gradient, extent_gradient, run_gradient, 2,
       "From one colour to another, along a line or out of a point" COLOURS
       " Alpha goes along\nlike a colour.",
       "from=[20 40 120] to=[255 200 90]", "", "kind=radial width=300 height=20 type=u16",
       "from=[0 10] to=[250 255] x0=-3.5 y0=2 x1=40 y1=77 width=61 height=70",
       "from=[255 0 0 255] to=[0 0 255 0] kind=radial x0=9 y0=9 x1=20 y1=9 type=f32 width=33 height=30");
RECORD(checkerboard, extent, run_checkerboard, 1, "Squares of two colours by turns" COLOURS, "cell=32",
       "from=[200 30 30] to=[30 30 200] cell=5 width=33 height=21",
       "cell=1 type=u16 channels=2 width=300 height=3", "cell=100000000 type=f32");
RECORD(zone_plate, extent, run_zone_plate, 5,
       "Rings that become finer outwards, up to a frequency: what a resize makes of them shows its "
       "faults" COLOURS,
       "", "frequency=0.25 width=61 height=33", "from=[255 0 0] to=[0 255 255] type=u16 width=20 height=300",
       "type=f32 frequency=1 width=9 height=8", "frequency=0 width=3 height=2");
RECORD(perlin, extent_perlin, run_perlin, 100,
       "Clouds: smooth random hills, in layers of half the size and less height (gradient noise)" COLOURS
       " A seed is a\npicture of no end, of which width and height show the upper left.",
       "", "scale=20 octaves=1 width=61 height=45",
       "seed=1000000000 gain=1 scale=300.5 octaves=9 type=u16 width=300 height=7",
       "from=[10 20 80] to=[255 255 255] seed=7 width=80 height=60",
       "gain=0 type=f32 width=30 height=30 scale=1");
