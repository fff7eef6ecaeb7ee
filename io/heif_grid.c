// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Pictures of tiles, tile by tile: what is wanted of a picture takes the tiles that it lies in, and all of it one row of tiles at a time. Pixels are those that
// libheif makes: each tile becomes RGB by itself, is laid where it belongs, and the whole is turned. A tile in which the decoder meets errors is damage, where
// libheif passes on whatever there was.
#include "heif_de265.h"
#include "heif_part.h"

#include "bytes.h"
#include "thread.h"

#include <stdlib.h>
#include <string.h>

#if KAL__HEIF

enum { MOST_AT_ONCE = 8 };

// Some tiles, which threads take one after another.
typedef struct job {
    int tile;   // its number
    kal_status status;
    const char *why;
    kal_error io;
} job;

typedef struct strip {
    kal__decoder *d;
    kal_rect at;   // of our picture, that becomes d->strip
    job *jobs;
    int n, next;   // atomic
} strip;

// Where a tile goes, while it is decoded.
typedef struct laying {
    const strip *s;
    kal_rect at;          // of our picture
    int u, v;             // of its first sample, in the picture as its tiles lie
    unsigned char *row;   // one of the tile's, interleaved
    unsigned char *rgb[3];
} laying;

// ---- where things lie ---------------------------------------------------------------------------

// What our rectangle is in the picture as its tiles lie.
static kal_rect below(const kal__heif_lie *l, kal_rect r)
{
    const int x = r.x1 - 1, y = r.y1 - 1;
    const int u0 = l->u[0] + l->u[1] * r.x0 + l->u[2] * r.y0, u1 = l->u[0] + l->u[1] * x + l->u[2] * y,
              v0 = l->v[0] + l->v[1] * r.x0 + l->v[2] * r.y0, v1 = l->v[0] + l->v[1] * x + l->v[2] * y;
    return kal_rect_of(u0 < u1 ? u0 : u1, v0 < v1 ? v0 : v1, (u0 < u1 ? u1 : u0) + 1,
                       (v0 < v1 ? v1 : v0) + 1);
}

// And back: the axes of a turn are its transpose.
static kal_rect above(const kal__heif_lie *l, kal_rect r)
{
    const int u[2] = {r.x0 - l->u[0], r.x1 - 1 - l->u[0]}, v[2] = {r.y0 - l->v[0], r.y1 - 1 - l->v[0]};
    const int x0 = l->u[1] * u[0] + l->v[1] * v[0], x1 = l->u[1] * u[1] + l->v[1] * v[1],
              y0 = l->u[2] * u[0] + l->v[2] * v[0], y1 = l->u[2] * u[1] + l->v[2] * v[1];
    return kal_rect_of(x0 < x1 ? x0 : x1, y0 < y1 ? y0 : y1, (x0 < x1 ? x1 : x0) + 1,
                       (y0 < y1 ? y1 : y0) + 1);
}

// Behind the last of the rows from y on that come from one row of tiles (or from a column, on its side).
static int32_t strip_end(const kal__decoder *d, int32_t y)
{
    const kal__heif_tiled *t = &d->tiled;
    const kal__heif_lie *l = &t->lie;
    const int by = l->u[2] ? l->u[2] : l->v[2], size = kal__heif_strip_rows(t);
    const int at =
        l->u[2] ? l->u[0] + l->u[1] * d->part.x0 + by * y : l->v[0] + l->v[1] * d->part.x0 + by * y;
    const int left = by > 0 ? size - at % size : at % size + 1;
    return left < d->part.y1 - y ? y + left : d->part.y1;
}

// ---- a tile -------------------------------------------------------------------------------------

// A row of the tile is a row of ours, or a column, forth or back.
static void lay_row(void *user, int y)
{
    const laying *l = user;
    const kal__decoder *d = l->s->d;
    const kal_extent *x = &d->extent;
    const kal__heif_lie *lie = &d->tiled.lie;
    const int pixel = (int)kal_pixel_size(x), width = d->tiled.tile_w;
    const kal_rect rows = below(lie, l->at);
    if (l->v + y < rows.y0 || l->v + y >= rows.y1) return;
    if (d->tiled.bits == 8)
        kal__heif_join(l->row, (const unsigned char *const[]){l->rgb[0], l->rgb[1], l->rgb[2]},
                       (size_t)width);
    else
        for (size_t c = 0; c < 3; c++)
            kal__heif_spread(x, l->rgb[c], l->row + 2 * c, (size_t)width, 3, d->tiled.bits);
    const kal_rect line = above(lie, kal_rect_of(rows.x0, l->v + y, rows.x1, l->v + y + 1));
    const ptrdiff_t stride = (ptrdiff_t)(l->s->at.x1 - l->s->at.x0) * pixel;
    unsigned char *to =
        d->strip.data + (line.y0 - l->s->at.y0) * stride + (ptrdiff_t)(line.x0 - l->s->at.x0) * pixel;
    const int n = rows.x1 - rows.x0, forth = lie->u[1] + lie->u[2];
    const unsigned char *from = l->row + (ptrdiff_t)((forth > 0 ? rows.x0 : rows.x1 - 1) - l->u) * pixel;
    if (lie->u[1] == 1) {
        memcpy(to, from, (size_t)n * (size_t)pixel);
        return;
    }
    const ptrdiff_t step = lie->u[2] ? stride : pixel;
    for (int i = 0; i < n; i++, to += step, from += forth * pixel) memcpy(to, from, (size_t)pixel);
}

static kal_status decode_tile(const strip *s, job *j, const unsigned char *data)
{
    const kal__heif_tiled *t = &s->d->tiled;
    const kal__heif_tile *tile = &t->tiles[j->tile];
    const size_t wide = t->bits > 8 ? 2 : 1, plane = (size_t)t->tile_w * wide;
    unsigned char *room = kal__new((size_t)t->tile_w, 6 * wide);
    if (!room) return KAL_NOMEM;
    laying l = {.s = s,
                .u = j->tile % t->columns * t->tile_w,
                .v = j->tile / t->columns * t->tile_h,
                .row = room + 3 * plane,
                .rgb = {room, room + plane, room + 2 * plane}};
    const int right = l.u + t->tile_w < t->width ? l.u + t->tile_w : t->width,
              bottom = l.v + t->tile_h < t->height ? l.v + t->tile_h : t->height;
    l.at = kal_rect_clip(above(&t->lie, kal_rect_of(l.u, l.v, right, bottom)), s->at);
    const kal__hevc_coded c = {.config = tile->config,
                               .data = {data, (size_t)tile->data.n},
                               .width = t->tile_w,
                               .height = t->tile_h,
                               .bits = t->bits,
                               .matrix = tile->coloured ? tile->matrix : -1,
                               .full = tile->full,
                               .row = lay_row,
                               .user = &l,
                               .rgb = {l.rgb[0], l.rgb[1], l.rgb[2]}};
    const kal_status st = kal__hevc_decode(&c, &j->why);
    free(room);
    return st;
}

static void do_tile(const strip *s, job *j)
{
    const kal__decoder *d = s->d;
    const kal__heif_block *at = &d->tiled.tiles[j->tile].data;
    if (d->reader->memory) {
        j->status = decode_tile(s, j, d->reader->memory + at->at);
        return;
    }
    unsigned char *data = kal__new((size_t)at->n, 1);
    j->status = data ? kal__read_exact(d->reader, "heif", at->at, data, (size_t)at->n, &j->io) : KAL_NOMEM;
    if (!j->status) j->status = decode_tile(s, j, data);
    free(data);
}

static void *work(void *user)
{
    strip *s = user;
    for (int i; (i = __atomic_fetch_add(&s->next, 1, __ATOMIC_RELAXED)) < s->n;) do_tile(s, &s->jobs[i]);
    return NULL;
}

// ---- a row of tiles -----------------------------------------------------------------------------

// The first in the order of the file, whoever met it first.
static kal_status verdict(const strip *s, kal_error *err)
{
    const kal__heif_tiled *t = &s->d->tiled;
    for (int i = 0; i < s->n; i++) {
        const job *j = &s->jobs[i];
        if (!j->status) continue;
        if (j->io.status) return kal__repeat(&j->io, err);
        if (j->status == KAL_NOMEM)
            return kal_fail(err, KAL_NOMEM, "%s: heif: out of memory", s->d->reader->name);
        return kal_fail(err, j->status, "%s: heif: tile %d of row %d of %d×%d, at byte %llu: %s",
                        s->d->reader->name, j->tile % t->columns, j->tile / t->columns, t->columns, t->rows,
                        (unsigned long long)t->tiles[j->tile].data.at, j->why);
    }
    return KAL_OK;
}

static kal_status run(strip *s, kal_error *err)
{
    const uint32_t threads = s->d->limits.threads;
    int most = s->n < MOST_AT_ONCE ? s->n : MOST_AT_ONCE;
    if ((uint32_t)most > threads) most = threads > 1 ? (int)threads : 1;
    kal__together(most, work, s);
    return verdict(s, err);
}

static kal_status next_strip(kal__decoder *d, kal_error *err)
{
    const kal__heif_tiled *t = &d->tiled;
    const size_t row = (size_t)(d->part.x1 - d->part.x0) * kal_pixel_size(&d->extent);
    strip s = {.d = d, .at = kal_rect_of(d->part.x0, d->y, d->part.x1, strip_end(d, d->y))};
    const kal_rect in = below(&t->lie, s.at);
    const int c0 = in.x0 / t->tile_w, c1 = (in.x1 - 1) / t->tile_w, r0 = in.y0 / t->tile_h,
              r1 = (in.y1 - 1) / t->tile_h;
    s.n = (c1 - c0 + 1) * (r1 - r0 + 1);
    s.jobs = kal__new_zero((size_t)s.n, sizeof *s.jobs);
    if (!d->strip.data) d->strip.data = kal__new((size_t)kal__heif_strip_rows(t), row);
    d->strip.y0 = d->strip.y1 = d->y;
    kal_status st = s.jobs && d->strip.data
                        ? KAL_OK
                        : kal_fail(err, KAL_NOMEM, "%s: heif: out of memory", d->reader->name);
    for (int i = 0; i < s.n && !st; i++)
        s.jobs[i].tile = (r0 + i / (c1 - c0 + 1)) * t->columns + c0 + i % (c1 - c0 + 1);
    if (!st) st = run(&s, err);
    if (!st) d->strip.y1 = s.at.y1;
    free(s.jobs);
    return st;
}

kal_status kal__heif_grid_rows(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n,
                               kal_error *err)
{
    const size_t pixel = kal_pixel_size(&d->extent), row = (size_t)(d->part.x1 - d->part.x0) * pixel;
    if (stride < (ptrdiff_t)row || n > d->part.y1 - d->y)
        return kal_fail(err, KAL_CHANGED, "%s: heif: the picture has another size than its header had",
                        d->reader->name);
    for (; n > 0; n--, d->y++, dst += stride) {
        if (!d->strip.data || d->y >= d->strip.y1) {
            const kal_status st = next_strip(d, err);
            if (st) return st;
        }
        memcpy(dst, d->strip.data + (size_t)(d->y - d->strip.y0) * row, row);
    }
    return KAL_OK;
}

// The strip; and for each tile that is decoded at once its bytes, of which the decoder has some of its own, and a picture with what it keeps of its blocks.
size_t kal__heif_grid_memory(const kal__heif_tiled *t, const kal_extent *e)
{
    static const double each[] = {3, 4.5, 6, 9};   // measured, of a sample of 8 bits
    const int across = t->lie.u[2] ? t->rows : t->columns,
              at_once = across < MOST_AT_ONCE ? across : MOST_AT_ONCE;
    const double tile = (double)t->tile_w * t->tile_h * (double)kal_type_size(e->type) * each[t->chroma & 3] +
                        2 * (double)t->most_bytes + (1 << 20);
    return (size_t)kal__heif_strip_rows(t) * (size_t)e->width * kal_pixel_size(e) + (size_t)(at_once * tile);
}

#endif
