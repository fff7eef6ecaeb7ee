// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// resize: each axis resampled on its own, columns first, then rows; the weights are in resample.h. Three
// paths, by the kind of image and the size alone:
//
//     nearest, masks, labels   pixels are copied
//     u8 without alpha         (resize_u8.c) 14-bit weights t with Σt = 16384 (up to 512 of them; beyond, as below):
//                              v = (Σ t·x + 128) >> 8 (six extra bits),  out = (Σ t·v + 2^19) >> 20, clamped
//     everything else          (resize_real.c) double sums in the order of the weights, colours times alpha first and divided
//                              by it after; integers round half up and saturate; where alpha comes out as 0 so
//                              do the colours
//
// A flat image of integers stays exactly as it is.
#include "resize.h"

#include "fmath.h"
#include "mem.h"
#include "space/light.h"

#include <stdlib.h>

// ---- sizes --------------------------------------------------------------------------------------

// other · of / by, half up, at least 1
static int64_t in_proportion(int64_t other, int64_t of, int64_t by)
{
    const int64_t v = (2 * other * of + by) / (2 * by);
    return v > 1 ? v : 1;
}

// enlarge=false: the wanted size times min(1, in / wanted), so it keeps its aspect and fits. A side that
// follows the image's aspect needs only the given one held.
static kal_status wanted_size(const kal_resize_p *p, const kal_extent *in, int64_t *w, int64_t *h,
                              kal_error *err)
{
    *w = !p->enlarge && p->width > in->width ? in->width : p->width;
    *h = !p->enlarge && p->height > in->height ? in->height : p->height;
    if (p->width == KAL_AUTO && p->height == KAL_AUTO)
        return kal_fail(err, KAL_INVALID, "resize: give a width, a height or both");
    if (p->width == KAL_AUTO)
        *w = in_proportion(in->width, *h, in->height);
    else if (p->height == KAL_AUTO)
        *h = in_proportion(in->height, *w, in->width);
    else if ((int64_t)in->width * p->height <= (int64_t)in->height * p->width && *w < p->width)
        *h = in_proportion(p->height, in->width, p->width);
    else if (*h < p->height)
        *w = in_proportion(p->width, in->height, p->height);
    if (*w > KAL_MAX_SIDE || *h > KAL_MAX_SIDE)
        return kal_fail(err, KAL_INVALID, "resize: with the aspect of %d×%d a side would be over %d pixels",
                        in->width, in->height, KAL_MAX_SIDE);
    return KAL_OK;
}

// Checks the part of one axis that is resized; the rest of it is written as 0.
static kal_status take_part(const char *side, double from, double *size, int32_t in, int32_t *whole,
                            kal_error *err)
{
    const double end = *size > 0 ? from + *size : in;
    if (kal__floor(8 * from) != 8 * from || kal__floor(8 * *size) != 8 * *size)
        return kal_fail(err, KAL_INVALID, "resize: the part to take is in eighths of a pixel");
    if (!(from < in) || end > in)
        return kal_fail(err, KAL_INVALID, "resize: the part %g..%g is not inside the %s of %d", from, end,
                        side, in);
    *whole = (int32_t)kal__ceil(end - from);
    if (from + *size == in) *size = 0;
    return KAL_OK;
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_resize_p *p = params;
    const kal_extent *in = &c->in[0]->extent;
    int64_t w, h;
    kal_extent part = *in;   // in whole pixels, for the aspect
    kal_status st = take_part("width", p->from_x, &p->from_width, in->width, &part.width, err);
    if (!st) st = take_part("height", p->from_y, &p->from_height, in->height, &part.height, err);
    if (!st) st = wanted_size(p, &part, &w, &h, err);
    if (st) return st;
    if (in->type == KAL_U32 && p->kernel != KAL_NEAREST && (w != in->width || h != in->height))
        return kal__refuse_mixing("resize", in, err);
    p->width = (int32_t)w;
    p->height = (int32_t)h;
    p->enlarge = true;   // worked out: the size says it
    if (in->model == KAL_MASK) p->kernel = KAL_NEAREST;
    if (p->kernel == KAL_NEAREST) p->light = KAL_LIGHT_STORED;
    const bool shrinks = w < part.width || h < part.height;
    if (p->kernel == KAL_NEAREST || !shrinks) p->antialias = true;   // it makes no difference
    *out = *in;
    out->width = p->width;
    out->height = p->height;
    return KAL_OK;
}

static bool is_input(const kal_call *c)
{
    const kal_extent *in = &c->in[0]->extent;
    const kal_resize_p *p = c->params;
    if (p->from_x != 0 || p->from_y != 0 || p->from_width != 0 || p->from_height != 0) return false;
    return c->extent.width == in->width && c->extent.height == in->height;
}

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    if (is_input(c)) {
        to->same = c->in[0];
        return true;
    }
    return kal__light_fold(c, (kal__light_fields){offsetof(kal_resize_p, light), 0}, to, room);
}
KAL__LIGHT_FITS(kal_resize_p);

// ---- what is read -------------------------------------------------------------------------------

static kal__axis axis_of(const kal_call *c, bool vertical)
{
    const kal_resize_p *p = c->params;
    const kal_extent *in = &c->in[0]->extent, *out = &c->extent;
    const kal_kernel kernel = (kal_kernel)p->kernel;
    kal__axis a = vertical ? kal__whole_axis(in->height, out->height, kernel, p->antialias)
                           : kal__whole_axis(in->width, out->width, kernel, p->antialias);
    const double size = vertical ? p->from_height : p->from_width;
    a.from = (int64_t)(8 * (vertical ? p->from_y : p->from_x));
    a.size = size > 0 ? (int64_t)(8 * size) : a.size - a.from;
    return a;
}

static void range_of(const kal__axis *a, int32_t o0, int32_t o1, int32_t *i0, int32_t *i1)
{
    const kal__window first = kal__window_of(a, o0), last = kal__window_of(a, o1 - 1);
    *i0 = first.first;
    *i1 = last.first + last.count;
}

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    (void)i;
    if (kal_rect_empty(out)) return kal_rect_of(0, 0, 0, 0);
    const kal__axis x = axis_of(c, false), y = axis_of(c, true);
    kal_rect r;
    range_of(&x, out.x0, out.x1, &r.x0, &r.x1);
    range_of(&y, out.y0, out.y1, &r.y0, &r.y1);
    return r;
}

// ---- tables -------------------------------------------------------------------------------------

static void release(void *state)
{
    kal__resize_tables *t = state;
    if (!t) return;
    kal__taps_free(&t->x);
    kal__taps_free(&t->y);
    free(t);
}

static size_t tables_size(const kal_call *c)
{
    const kal__axis x = axis_of(c, false), y = axis_of(c, true);
    return kal__taps_bytes(&x, true) + kal__taps_bytes(&y, true);
}

static bool is_narrow(const kal_call *c)
{
    return c->extent.type == KAL_U8 && !c->extent.alpha &&
           ((const kal_resize_p *)c->params)->kernel != KAL_NEAREST;
}

static kal_status prepare(const kal_call *c, void **state, kal_error *err)
{
    const kal__axis x = axis_of(c, false), y = axis_of(c, true);
    kal__resize_tables *t = *state = kal__new_zero(1, sizeof *t);
    if (t && kal__taps_make(&x, is_narrow(c), &t->x) && kal__taps_make(&y, is_narrow(c), &t->y))
        return KAL_OK;
    release(t);
    *state = NULL;
    return kal_fail(err, KAL_NOMEM, "resize: out of memory for the weights of %d×%d pixels", c->extent.width,
                    c->extent.height);
}

// The way is known only when the weights are.
static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    (void)height;
    if (((const kal_resize_p *)c->params)->kernel == KAL_NEAREST) return 0;
    const kal__axis x = axis_of(c, false);
    const size_t channels = (size_t)c->extent.channels;
    const size_t real = kal__resize_real_scratch(&x, width, channels);
    const size_t narrow = is_narrow(c) ? kal__resize_u8_scratch(&x, width, channels) : 0;
    return real > narrow ? real : narrow;
}

// ---- nearest ------------------------------------------------------------------------------------

static inline void pick(unsigned char *dst, const unsigned char *src, const kal__window *w, int32_t x0,
                        int32_t n, size_t pixel)
{
    for (int32_t x = 0; x < n; x++, dst += pixel) memcpy(dst, src + (size_t)(w[x].first - x0) * pixel, pixel);
}

static void run_nearest(const kal_job *j, const kal__resize_tables *t)
{
    const kal_rect o = j->out->rect;
    const kal__window *w = t->x.window + o.x0;
    const int32_t x0 = j->in[0].rect.x0, n = o.x1 - o.x0;
    const size_t pixel = (size_t)j->out->pixel;
    for (int32_t y = o.y0; y < o.y1; y++) {
        unsigned char *dst = kal_row(j->out, y);
        const unsigned char *src = kal_row(&j->in[0], t->y.window[y].first);
        switch (pixel) {   // a constant size is a plain move
        case 1: pick(dst, src, w, x0, n, 1); break;
        case 2: pick(dst, src, w, x0, n, 2); break;
        case 3: pick(dst, src, w, x0, n, 3); break;
        case 4: pick(dst, src, w, x0, n, 4); break;
        case 6: pick(dst, src, w, x0, n, 6); break;
        case 8: pick(dst, src, w, x0, n, 8); break;
        case 12: pick(dst, src, w, x0, n, 12); break;
        default: pick(dst, src, w, x0, n, pixel);
        }
    }
}

static kal_status run(const kal_job *j)
{
    const kal__resize_tables *t = j->state;
    if (((const kal_resize_p *)j->call->params)->kernel == KAL_NEAREST)
        run_nearest(j, t);
    else if (t->x.t && t->y.t)
        kal__resize_u8(j, t);
    else
        kal__resize_real(j, t);
    return KAL_OK;
}

static bool map(const kal_call *c, int32_t i, double m[6])
{
    (void)i;
    const kal_resize_p *p = c->params;
    const kal_extent *in = &c->in[0]->extent;
    const double w = p->from_width > 0 ? p->from_width : in->width - p->from_x;
    const double h = p->from_height > 0 ? p->from_height : in->height - p->from_y;
    kal__map_shift(-p->from_x * p->width / w, -p->from_y * p->height / h, m);
    m[0] = p->width / w;
    m[4] = p->height / h;
    return true;
}

#define PARAMS kal_resize_p
static const kal_param params[] = {KAL_RESIZE_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_resize = {
    .name = "resize",
    .version = 1,
    .family = "geometry",
    .help = "Another size\n"
            "Without width or height the aspect is kept. enlarge=false scales the wanted size down until it\n"
            "fits the image. box is the mean over what an output pixel covers. With alpha, colours are\n"
            "weighted by it. Masks always use nearest, labels (u32) accept nothing else. A part of the "
            "image, in\n"
            "eighths of a pixel, can be taken instead of all of it; what lies around it still counts for its "
            "edges.",
    .inputs = "image",
    KAL__PARAMS(params, kal_resize_p),
    .n_later = 1,
    .flags = KAL_OP_FITS,
    .cost = 2,
    .extent = extent,
    .need = need,
    .fold = fold,
    .prepare = prepare,
    .release = release,
    .tables = tables_size,
    .scratch = scratch,
    .map = map,
    .run = run,
    .samples = KAL__SAMPLES("width=7 height=4", "width=23", "height=5 kernel=bilinear antialias=false",
                            "width=3 height=31 kernel=bicubic", "width=17 height=6 kernel=mitchell",
                            "width=4 height=8 kernel=box", "width=6 height=21 kernel=nearest",
                            "width=200 height=3 enlarge=false kernel=bicubic",
                            "width=9 height=5 from_x=0.125 from_y=0.5 from_width=0.75 from_height=5.25",
                            "width=5 height=13 kernel=bilinear from_y=0.875 antialias=false",
                            "width=6 height=4 kernel=nearest from_y=1.5 from_height=3",
                            "width=6 height=4 light=linear", "width=21 kernel=bilinear light=linear"),
};
