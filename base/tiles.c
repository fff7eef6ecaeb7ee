// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Help for ops that work on tiles of one size, as models do: see kal_tiles in kal/op.h. The grid begins at 0, 0 of the image whatever is
// asked for, and a pixel comes from its tile alone, so no band or rectangle changes it.
#include <kal/op.h>

#include <string.h>

enum { ALIGNED = 64 };

static int32_t scale_of(const kal_tiles *t)
{
    return t->scale > 0 ? t->scale : 1;
}

static int32_t batch_of(const kal_tiles *t)
{
    return t->batch > 0 ? t->batch : 1;
}

// The tiles that have some of `out`: columns and rows of the grid.
static kal_rect grid_of(const kal_tiles *t, kal_rect out)
{
    const int32_t w = t->width * scale_of(t), h = t->height * scale_of(t);
    return kal_rect_of(out.x0 / w, out.y0 / h, (out.x1 - 1) / w + 1, (out.y1 - 1) / h + 1);
}

static size_t bytes_in(const kal_tiles *t, const kal_extent *e)
{
    return (size_t)(t->width + 2 * t->halo) * (size_t)(t->height + 2 * t->halo) * kal_pixel_size(e);
}

static size_t bytes_out(const kal_tiles *t, const kal_extent *e)
{
    return (size_t)(t->width * scale_of(t)) * (size_t)(t->height * scale_of(t)) * kal_pixel_size(e);
}

static size_t bytes_of_inputs(const kal_tiles *t, const kal_extent *e)
{
    return (bytes_in(t, e) * (size_t)batch_of(t) + ALIGNED - 1) / ALIGNED * ALIGNED;
}

// ---- what the record says -----------------------------------------------------------------------

kal_rect kal_tiles_need(const kal_tiles *t, const kal_extent *in, kal_rect out)
{
    if (kal_rect_empty(out)) return kal_rect_of(0, 0, 0, 0);
    const kal_rect g = grid_of(t, out);
    const kal_rect all = kal_rect_of(g.x0 * t->width, g.y0 * t->height, g.x1 * t->width, g.y1 * t->height);
    const kal_rect inner = kal_rect_clip(all, kal_rect_all(in));
    return kal_need_halo(in, inner, t->halo, t->halo, t->halo + all.x1 - inner.x1,
                         t->halo + all.y1 - inner.y1, t->edge);
}

size_t kal_tiles_scratch(const kal_tiles *t, const kal_call *call)
{
    return bytes_of_inputs(t, &call->in[0]->extent) + bytes_out(t, &call->extent) * (size_t)batch_of(t);
}

int32_t kal_tiles_rows(const kal_tiles *t, const kal_call *call)
{
    const int32_t across = (call->in[0]->extent.width - 1) / t->width + 1, down = batch_of(t) / across;
    return t->height * scale_of(t) * (down > 1 ? down : 1);
}

// ---- one batch ----------------------------------------------------------------------------------

// n pixels of row y from x0 on, wherever they lie.
static void take_row(unsigned char *dst, const kal_tile *in, const kal_extent *e, kal_edge edge, int32_t x0,
                     int32_t y, int32_t n)
{
    const size_t pixel = (size_t)in->pixel;
    const int32_t row = kal_edge_index(y, e->height, edge), end = x0 + n;
    for (int32_t x = x0; x < end;) {
        const bool inside = row >= 0 && x >= 0 && x < e->width;
        const int32_t from = row < 0 ? -1 : kal_edge_index(x, e->width, edge);
        const int32_t count = !inside ? 1 : (end < e->width ? end : e->width) - x;
        if (from < 0)
            memset(dst, 0, pixel);
        else
            memcpy(dst, kal_at(in, from, row), (size_t)count * pixel);
        dst += (size_t)count * pixel;
        x += count;
    }
}

static void take_tile(const kal_tiles *t, const kal_job *j, int32_t column, int32_t row, unsigned char *dst)
{
    const int32_t w = t->width + 2 * t->halo, x0 = column * t->width - t->halo,
                  y0 = row * t->height - t->halo;
    for (int32_t y = y0; y < y0 + t->height + 2 * t->halo; y++, dst += (size_t)w * (size_t)j->in[0].pixel)
        take_row(dst, &j->in[0], &j->call->in[0]->extent, t->edge, x0, y, w);
}

// What of the tile lies in the job's rectangle.
static void put_tile(const kal_tiles *t, const kal_job *j, int32_t column, int32_t row,
                     const unsigned char *src)
{
    const int32_t w = t->width * scale_of(t), h = t->height * scale_of(t), pixel = j->out->pixel;
    const kal_rect at = kal_rect_of(column * w, row * h, column * w + w, row * h + h),
                   hit = kal_rect_clip(at, j->out->rect);
    for (int32_t y = hit.y0; y < hit.y1; y++)
        memcpy(kal_at(j->out, hit.x0, y),
               src + ((size_t)(y - at.y0) * (size_t)w + (size_t)(hit.x0 - at.x0)) * (size_t)pixel,
               (size_t)(hit.x1 - hit.x0) * (size_t)pixel);
}

kal_status kal_tiles_run(const kal_tiles *t, const kal_job *j)
{
    const kal_rect g = grid_of(t, j->out->rect);
    const int32_t across = g.x1 - g.x0, n = across * (g.y1 - g.y0), most = batch_of(t);
    const size_t in = bytes_in(t, &j->call->in[0]->extent), out = bytes_out(t, &j->call->extent);
    unsigned char *const inputs = j->scratch, *const outputs =
                                                  inputs + bytes_of_inputs(t, &j->call->in[0]->extent);
    for (int32_t first = 0; first < n; first += most) {
        const int32_t count = n - first < most ? n - first : most;
        for (int32_t i = 0; i < count; i++)
            take_tile(t, j, g.x0 + (first + i) % across, g.y0 + (first + i) / across,
                      inputs + in * (size_t)i);
        const kal_status st = t->run(j, inputs, outputs, count);
        if (st) return st;
        for (int32_t i = 0; i < count; i++)
            put_tile(t, j, g.x0 + (first + i) % across, g.y0 + (first + i) / across,
                     outputs + out * (size_t)i);
    }
    return KAL_OK;
}
