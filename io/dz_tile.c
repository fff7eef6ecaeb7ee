// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A tile as a file: another codec's encoder, from its beginning to its end, into memory.
#include "dz.h"

#include <stdlib.h>
#include <string.h>

// Some of a tile's rows, whichever way they lie in its ring.
static kal_tile part_of(const kal_tile *t, int32_t y0, int32_t y1)
{
    kal_tile part = *t;
    part.row0 = (t->row0 + (y0 - t->rect.y0)) % t->ring;
    part.rect.y0 = y0;
    part.rect.y1 = y1;
    return part;
}

static kal_status put_all(const kal__codec *c, kal__encoder *enc, const kal_tile *t, kal_error *err)
{
    kal_status st = KAL_OK;
    for (int32_t y = t->rect.y0, n; y < t->rect.y1 && !st; y += n) {   // as many as lie together in the ring
        const int32_t at = (t->row0 + (y - t->rect.y0)) % t->ring;
        n = t->ring - at < t->rect.y1 - y ? t->ring - at : t->rect.y1 - y;
        st = c->put(enc, kal_row(t, y), t->stride, n, err);
    }
    return st;
}

static kal_status pack_all(const kal__codec *c, kal__encoder *enc, const kal__pieces *p, const kal_tile *t,
                           kal_error *err)
{
    kal_status st = KAL_OK;
    for (int32_t y = 0; y < t->rect.y1 && !st; y += p->rows) {
        const int32_t end = p->rows < t->rect.y1 - y ? y + p->rows : t->rect.y1;
        const kal_tile rows = part_of(t, y > p->above ? y - p->above : 0, end);
        kal__piece piece = {0};
        st = c->pack(enc, &rows, y, &piece, err);
        if (!st) st = c->join(enc, &piece, err);
        free(piece.data);
    }
    return st;
}

static kal_status encode(const kal__dz_form *f, const kal__meta *meta, const kal_tile *t, kal__writer *w,
                         kal_error *err)
{
    const kal__codec *c = f->codec;
    kal_extent x = f->extent;
    kal__pieces pieces = {0};
    kal__encoder *enc;
    x.width = t->rect.x1;
    x.height = t->rect.y1;
    if (c->pieces) c->pieces(&x, f->params, &pieces);
    kal_status st = c->begin(&x, f->params, meta, w, &enc, err);
    if (st) return st;
    st = pieces.rows > 0 ? pack_all(c, enc, &pieces, t, err) : put_all(c, enc, t, err);
    const kal_status ended = c->end(enc, st ? NULL : err);
    return st ? st : ended;
}

// What lies beyond the picture is transparent, or white.
static void fill_beyond(const kal_extent *e, unsigned char *samples, size_t pixels)
{
    const float one = 1;
    const size_t n = pixels * (size_t)e->channels;
    const bool white = !e->alpha && (e->model == KAL_RGB || e->model == KAL_GRAY);
    memset(samples, white && e->type != KAL_F32 ? 0xff : 0, n * kal_type_size(e->type));
    for (size_t i = 0; white && e->type == KAL_F32 && i < n; i++) memcpy(samples + 4 * i, &one, 4);
}

static kal_status pad(const kal__dz_form *f, const kal_tile *t, unsigned char **samples, kal_tile *out,
                      kal_error *err)
{
    const size_t side = (size_t)f->tile, pixel = (size_t)t->pixel;
    *samples = kal__new(side * side, pixel);
    if (!*samples) return kal_fail(err, KAL_NOMEM, "dz: out of memory for a tile");
    fill_beyond(&f->extent, *samples, side * side);
    for (int32_t y = 0; y < t->rect.y1; y++)
        memcpy(*samples + (size_t)y * side * pixel, kal_row(t, y), (size_t)t->rect.x1 * pixel);
    *out = (kal_tile){.rect = kal_rect_of(0, 0, f->tile, f->tile),
                      .data = *samples,
                      .stride = (ptrdiff_t)(side * pixel),
                      .ring = f->tile,
                      .pixel = t->pixel};
    return KAL_OK;
}

kal_status kal__dz_encode(const kal__dz_form *f, const kal__meta *meta, const kal_tile *rows, int32_t x0,
                          int32_t x1, bool padded, unsigned char **data, size_t *size, kal_error *err)
{
    kal_tile t = *rows;
    unsigned char *samples = NULL;
    kal__writer *w;
    *data = NULL;
    t.data += (ptrdiff_t)(x0 - rows->rect.x0) * rows->pixel;
    t.rect = kal_rect_of(0, 0, x1 - x0, rows->rect.y1 - rows->rect.y0);
    kal_status st =
        padded && (t.rect.x1 < f->tile || t.rect.y1 < f->tile) ? pad(f, &t, &samples, &t, err) : KAL_OK;
    if (!st) st = kal__write_memory(data, size, &w, err);
    if (!st) {
        st = encode(f, meta, &t, w, err);
        if (st)
            w->abort(w);
        else
            st = w->commit(w, err);
    }
    free(samples);
    return st;
}
