// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// distance: how far each set pixel of a mask is from the nearest one that is not, in pixels between centres; 0 where nothing is set,
// infinite when everything is. feather: a mask whose edge is soft, by that distance d and the width w:
//
//     inside:  0 where nothing is set, else min(1, d / (w + 1))           outside: 1 where set, else max(0, 1 − d / (w + 1)),
//                                                                                  d to the nearest set pixel
//
// as the seam of uncrop. What lies outside the image is not looked at. Squares of distances are exact integers (A. Meijster and others,
// "A general algorithm for computing distance transforms in linear time"): first down the columns, then the lower envelope of
// parabolas along each row; the root is rounded once, u8 and u16 half up.
#include "cpu.h"
#include "mask.h"

#define FAR (INT32_C(1) << 30)   // no target in this column; may still be counted up by a side

// One job's memory: distances in columns for each row of the output, then for one row the squares, and the envelope.
typedef struct room {
    int32_t *columns;
    double *square;       // whole numbers
    int32_t *at, *from;   // the envelope's parabolas and the first column of each
    int32_t *near;        // distance up, or down
    int32_t width;        // of the input's part
} room;

static size_t room_bytes(int32_t width, int32_t height)
{
    return (size_t)width * ((size_t)height * sizeof(int32_t) + sizeof(double) + 3 * sizeof(int32_t));
}

static room room_of(const kal_job *j)
{
    const size_t width = (size_t)kal_tile_width(&j->in[0]),
                 rows = (size_t)(j->out->rect.y1 - j->out->rect.y0);
    room r = {.square = j->scratch, .width = (int32_t)width};
    r.columns = (int32_t *)(r.square + width);
    r.at = r.columns + width * rows;
    r.from = r.at + width;
    r.near = r.from + width;
    return r;
}

KAL__INLINE void step_row_body(int32_t *restrict near, const uint8_t *restrict row, size_t n, uint8_t target)
{
    for (size_t i = 0; i < n; i++) near[i] = row[i] == target ? 0 : near[i] + 1;
}
KAL__VARIANTS(step_row, (int32_t * near, const uint8_t *row, size_t n, uint8_t target),
              (near, row, n, target))

KAL__INLINE void least_row_body(int32_t *restrict to, const int32_t *restrict near, size_t n)
{
    for (size_t i = 0; i < n; i++) to[i] = to[i] < near[i] ? to[i] : near[i];
}
KAL__VARIANTS(least_row, (int32_t * to, const int32_t *near, size_t n), (to, near, n))

static void reset(int32_t *near, size_t n)
{
    for (size_t i = 0; i < n; i++) near[i] = FAR;
}

static void columns(const kal_job *j, const room *r, uint8_t target)
{
    const kal_rect in = j->in[0].rect, out = j->out->rect;
    const size_t n = (size_t)r->width;
    reset(r->near, n);
    for (int32_t y = in.y1 - 1; y >= out.y0; y--) {
        step_row(r->near, kal_row(&j->in[0], y), n, target);
        if (y < out.y1) memcpy(r->columns + (size_t)(y - out.y0) * n, r->near, n * sizeof *r->near);
    }
    reset(r->near, n);
    for (int32_t y = in.y0; y < out.y1; y++) {
        step_row(r->near, kal_row(&j->in[0], y), n, target);
        if (y >= out.y0) least_row(r->columns + (size_t)(y - out.y0) * n, r->near, n);
    }
}

static int64_t parabola(const int32_t *g, int64_t x, int64_t at)
{
    return (x - at) * (x - at) + (int64_t)g[at] * g[at];
}

// Squares of distances along one row; −1 where there is no target at all. Columns whose target is `far` away or more are left out.
static void envelope(const room *r, const int32_t *g, int32_t far)
{
    int32_t top = -1;
    for (int32_t u = 0; u < r->width; u++) {
        if (g[u] >= far) continue;
        if (g[u] == 0 && top >= 0 && r->at[top] == u - 1 &&
            g[u - 1] == 0) {   // the same with less arithmetic
            top++;
            r->at[top] = r->from[top] = u;
            continue;
        }
        while (top >= 0 && parabola(g, r->from[top], r->at[top]) > parabola(g, r->from[top], u)) top--;
        int64_t from = 0;
        if (top >= 0) {   // from where on u's parabola is lower
            const int64_t i = r->at[top], gi = g[i], gu = g[u];
            from = 1 + ((int64_t)u * u - i * i + gu * gu - gi * gi) / (2 * (u - i));
        }
        if (from >= r->width) continue;
        top++;
        r->at[top] = u;
        r->from[top] = (int32_t)from;
    }
    for (int32_t x = r->width - 1; x >= 0; x--) {
        r->square[x] = top < 0 ? -1 : (double)parabola(g, x, r->at[top]);
        if (top >= 0 && x == r->from[top]) top--;
    }
}

// Distances of the output's row y: a pointer to the first one's square.
static const double *squares(const kal_job *j, const room *r, int32_t y, int32_t far)
{
    envelope(r, r->columns + (size_t)(y - j->out->rect.y0) * (size_t)r->width, far);
    return r->square + (j->out->rect.x0 - j->in[0].rect.x0);
}

// ---- distance -----------------------------------------------------------------------------------

static kal_status extent_distance(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params;
    const kal_extent *in = &c->in[0]->extent;
    *out = (kal_extent){in->width, in->height, 1, KAL_F32, KAL_DATA, false};
    return kal__check_mask("distance", in, err);
}

static size_t scratch_distance(const kal_call *c, int32_t width, int32_t height)
{
    (void)c;
    return room_bytes(width, height);
}

KAL__INLINE void roots_body(float *restrict dst, const double *restrict d, size_t n)
{
    for (size_t x = 0; x < n; x++) {
        const double root = __builtin_sqrt(d[x] < 0 ? 0 : d[x]);
        dst[x] = d[x] < 0 ? __builtin_inff() : (float)root;
    }
}
KAL__VARIANTS(roots, (float *dst, const double *d, size_t n), (dst, d, n))

static kal_status run_distance(const kal_job *j)
{
    const room r = room_of(j);
    columns(j, &r, 0);
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++) {
        const double *d = squares(j, &r, y, FAR);
        float *dst = (float *)(void *)kal_row(j->out, y);
        roots(dst, d, (size_t)kal_tile_width(j->out));
    }
    return KAL_OK;
}

const kal_op kal__op_distance = {
    .name = "distance",
    .version = 1,
    .family = "masks",
    .help = "How far each set pixel of a mask is from the nearest one that is not set\n"
            "Exact Euclidean distance in pixels, f32. What lies outside the image is not looked at; when "
            "everything\n"
            "is set, all is infinitely far. For the other side, invert the mask.",
    .inputs = "mask",
    .params_size = sizeof(kal_distance_p),
    .flags = KAL_OP_WHOLE,
    .cost = 3,
    .extent = extent_distance,
    .scratch = scratch_distance,
    .run = run_distance,
    .samples = KAL__SAMPLES(""),
};

// ---- feather ------------------------------------------------------------------------------------

enum { SIDE_INSIDE, SIDE_OUTSIDE };

static kal_status extent_feather(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    const kal_feather_p *p = params;
    const kal_extent *in = &c->in[0]->extent;
    *out = (kal_extent){in->width, in->height, 1, (kal_type)p->type, KAL_GRAY, false};
    return kal__check_mask("feather", in, err);
}

static kal_rect need_feather(const kal_call *c, int32_t i, kal_rect out)
{
    (void)i;
    const int32_t w = ((const kal_feather_p *)c->params)->width;
    return kal_need_halo(&c->in[0]->extent, out, w, w, w, w, KAL_EDGE_FILL);
}

static size_t scratch_feather(const kal_call *c, int32_t width, int32_t height)
{
    const int64_t wide = (int64_t)width + 2 * ((const kal_feather_p *)c->params)->width;
    const int32_t most = c->extent.width;
    return room_bytes(wide < most ? (int32_t)wide : most, height);
}

static kal_status run_feather(const kal_job *j)
{
    const kal_feather_p *p = j->call->params;
    const room r = room_of(j);
    const double full = p->width + 1, white = kal_type_max((kal_type)p->type);
    const bool inside = p->side == SIDE_INSIDE;
    columns(j, &r, inside ? 0 : 255);
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++) {
        const double *d = squares(j, &r, y, p->width + 1);
        void *dst = kal_row(j->out, y);
        for (int32_t x = 0; x < kal_tile_width(j->out); x++) {
            const double far = d[x] < 0 ? full : __builtin_sqrt(d[x]), share = far < full ? far / full : 1;
            kal__set(dst, (kal_type)p->type, (size_t)x, white * (inside ? share : 1 - share));
        }
    }
    return KAL_OK;
}

#define PARAMS kal_feather_p
static const kal_param params[] = {KAL_FEATHER_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_feather = {
    .name = "feather",
    .version = 1,
    .family = "masks",
    .help = "A mask with a soft edge, for mask_blend and dim\n"
            "Within `width` pixels of the edge, inside or outside of it, the result rises evenly with the "
            "distance.\n"
            "Along the image's border there is no edge.",
    .inputs = "mask",
    KAL__PARAMS(params, kal_feather_p),
    .cost = 6,
    .extent = extent_feather,
    .need = need_feather,
    .scratch = scratch_feather,
    .run = run_feather,
    .samples = KAL__SAMPLES("", "width=3 side=outside", "width=30 type=f32", "width=0 type=u16",
                            "width=2 type=f32 side=outside"),
};
