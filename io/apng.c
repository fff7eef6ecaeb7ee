// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Animated PNG (PNG, third edition). Page 0 is the default image, whether it is a frame or not; the others are frames upon what those before
// left on the canvas. A frame's data are decoded as a file of their own (apng_file.c). Pages are transparent only where something of them may be: a picture without alpha, on which nothing
// but opaque frames were laid, has none.
#include "apng_parts.h"

#include "lay.h"

#include <stdlib.h>
#include <string.h>

int32_t kal__apng_page(const kal__decoder *d)
{
    return d->apng ? d->apng->page : 0;
}

// ---- chunks -------------------------------------------------------------------------------------

// Goes on to a frame: what is there before it and with it.
static void enter(kal__apng *a, const kal__apng_frame *f, const kal_rect all)
{
    a->frame = *f;
    a->shows_opaque = a->opaque || kal_rect_equal(f->rect, all);
}

static void leave(kal__apng *a)
{
    if (a->frame.disposal == KAL__APNG_STAYS) a->opaque = a->shows_opaque;
    if (a->frame.disposal == KAL__APNG_BACKGROUND) a->opaque = false;
}

bool kal__apng_chunk(kal__decoder *d, const unsigned char *name, const unsigned char *data, size_t n)
{
    kal__apng *a = d->apng;
    if (!memcmp(name, "acTL", 4) && !a && n == 8) {
        const uint32_t frames = kal__be32(data), plays = kal__be32(data + 4);
        if (!frames || frames > INT32_MAX - 1 || plays > INT32_MAX) return true;
        a = d->apng = kal__new_zero(1, sizeof *a);
        if (!a) return false;
        a->frames = (int32_t)frames;
        a->plays = (int32_t)plays;
    } else if (!memcmp(name, "fcTL", 4) && a && !a->first && n == KAL__APNG_FRAME_BYTES) {
        a->first = true;
        a->frame = kal__apng_frame_of(data);
        a->sequence = 1;
    }
    return true;
}

static void note_page(kal__decoder *d)
{
    kal__apng *a = d->apng;
    kal__apng_walk *w = &a->walk;
    const int32_t room = w->n & (w->n - 1) ? 0 : w->n ? 2 * w->n : 1;   // at 1, 2, 4 …
    if (room && !kal__grow(&w->pages, (size_t)room, sizeof *w->pages)) {
        d->lost = true;
        return;
    }
    w->pages[w->n++] = (struct kal__apng_shown){a->frame.delay, a->shows_opaque};
}

void kal__apng_seen(kal__decoder *d, const unsigned char *data)
{
    kal__apng *a = d->apng;
    const kal__apng_frame f = kal__apng_frame_of(data);
    if (a->walk.n == a->pages) return;
    leave(a);
    enter(a, &f, kal_rect_all(&a->stored));
    note_page(d);
}

// ---- the header ---------------------------------------------------------------------------------

static kal_extent with_alpha(kal_extent e)
{
    e.channels += !e.alpha;
    e.alpha = true;
    return e;
}

// The first picture is all of the canvas, whatever its fcTL says; "previous" is nothing.
void kal__apng_begin(kal__decoder *d, const kal_extent *e)
{
    kal__apng *a = d->apng;
    a->stored = *e;
    a->full = with_alpha(*e);
    a->row = (size_t)e->width * kal_pixel_size(&a->full);
    a->pages = a->frames + !a->first;
    a->frame.rect = kal_rect_all(e);
    if (!a->first) a->frame.disposal = KAL__APNG_BACKGROUND, a->frame.delay = -1;
    if (a->frame.disposal == KAL__APNG_PREVIOUS) a->frame.disposal = KAL__APNG_BACKGROUND;
    a->shows_opaque = true;
}

kal_extent kal__apng_extent(const kal__decoder *d)
{
    const kal__apng *a = d->apng;
    return a->shows_opaque ? a->stored : a->full;
}

double kal__apng_delay(const kal__decoder *d)
{
    return d->apng->frame.delay;
}

size_t kal__apng_memory(const kal__decoder *d, const kal_extent *e)
{
    const size_t row = (size_t)e->width * kal_pixel_size(e);
    const kal_extent full = with_alpha(*e);
    return sizeof(kal__apng) + (size_t)(e->height + 1) * (size_t)e->width * kal_pixel_size(&full) +
           (d->interlaced ? row * (size_t)e->height : row);
}

static void walk_drop(void *walked)
{
    kal__apng_walk *w = walked;
    kal__meta_unref(&w->meta);
    free(w->pages);
    free(w);
}

// Leaves what was found to others, if it is all there is.
static void keep_walk(kal__apng *a, const kal__ask *ask, kal__meta *m)
{
    kal__apng_walk *w = a->walk.n == a->pages && !ask->front ? kal__new(1, sizeof *w) : NULL;
    if (!w) return;
    *w = a->walk;
    w->meta = kal__meta_keep(m);
    if (!w->meta) {
        free(w);
        return;
    }
    a->walk.pages = NULL;
    kal__places_keep_walk(ask->places, w, walk_drop);
}

static kal_status take_page(const kal__apng *a, const kal__apng_walk *w, int32_t page, kal__header *h,
                            kal__meta *m)
{
    m->pages = a->pages;
    m->loops = a->plays;
    m->delay = w->pages[page].delay;
    h->extent = w->pages[page].opaque ? a->stored : a->full;
    if (page) h->rows = 1;
    return KAL_OK;
}

kal_status kal__apng_header(kal__decoder *d, const kal__ask *ask, kal__header *h, kal__meta *m)
{
    kal__apng *a = d->apng;
    const int32_t page = ask->page;
    const kal__apng_walk *known = kal__places_walk(ask->places);
    kal_status st = kal__pages_within(d->reader->name, "png", a->pages, &d->limits, d->fail.err);
    if (!st && page >= a->pages) st = kal__no_page(d->reader->name, page, a->pages, d->fail.err);
    if (st) return st;
    if (known && known->n == a->pages) {
        kal__meta_recall(m, known->meta);
        return take_page(a, known, page, h, m);
    }
    note_page(d);
    kal__png_scan_behind(d);
    if (d->fail.status || d->lost) return d->fail.status;
    if (a->walk.n <= page)
        return kal_fail(d->fail.err, KAL_CORRUPT, "%s: png: the file ends at byte %llu, before page %d",
                        d->reader->name, (unsigned long long)d->reader->position, page);
    st = take_page(a, &a->walk, page, h, m);
    keep_walk(a, ask, m);
    return st;
}

// ---- from frame to frame ------------------------------------------------------------------------

extern const kal__codec kal__codec_png;

// What a frame's decoder says of its reader is said already.
static kal_status said(const kal__decoder *d, kal_status st)
{
    return st == KAL_IO && d->fail.status ? d->fail.status : st;
}

static kal_status begin_frame(kal__decoder *d)
{
    kal__apng *a = d->apng;
    kal__apng_frame f;
    kal_status st = kal__apng_read_frame(d, &f);
    if (st) return st;
    enter(a, &f, kal_rect_all(&a->full));
    const int32_t w = f.rect.x1 - f.rect.x0, h = f.rect.y1 - f.rect.y0;
    st = kal__apng_begin_file(d, w, h);
    const kal__ask ask = {.limits = d->limits};
    a->done = a->y = 0;
    if (!st) st = said(d, kal__codec_png.open(&a->input.base, &ask, &a->inner, d->fail.err));
    if (!st && a->inner->row != (size_t)w * kal_pixel_size(&a->stored))
        st = kal__png_damaged(d, "a frame is of another kind than its picture");
    return st;
}

static kal_status frame_row(kal__decoder *d, const unsigned char **out)
{
    kal__apng *a = d->apng;
    const kal_rect r = a->frame.rect;
    const size_t row = a->inner->row;
    const int32_t h = r.y1 - r.y0;
    kal_status st = KAL_OK;
    if (!a->interlaced || !a->done)
        st = kal__codec_png.rows(a->inner, a->values, (ptrdiff_t)row, a->interlaced ? h : 1, d->fail.err);
    *out = a->values + (a->interlaced ? (size_t)a->done * row : 0);
    a->done++;
    return said(d, st);
}

static unsigned char *canvas_row(const kal__apng *a, int32_t y)
{
    return a->canvas + (size_t)y * a->row;
}

static void lay(const kal__apng *a, unsigned char *row, const unsigned char *values, int blend)
{
    const int colours = a->full.channels - 1;
    const int32_t n = a->frame.rect.x1 - a->frame.rect.x0;
    unsigned char *to = row + (size_t)a->frame.rect.x0 * kal_pixel_size(&a->full);
    (a->full.type == KAL_U16 ? kal__lay16 : kal__lay8)(to, values, n, colours, a->stored.alpha,
                                                       blend == KAL__APNG_OVER);
}

static kal_status lay_row(kal__decoder *d, int32_t y, unsigned char *row)
{
    const kal__apng *a = d->apng;
    const unsigned char *values;
    if (y < a->frame.rect.y0 || y >= a->frame.rect.y1) return KAL_OK;
    const kal_status st = frame_row(d, &values);
    if (!st) lay(a, row, values, a->frame.blend);
    return st;
}

// Ends the frame's decoder, and passes over what it left.
static kal_status end_frame(kal__decoder *d)
{
    kal__apng *a = d->apng;
    unsigned char rest[4096];
    const bool all = a->done == a->frame.rect.y1 - a->frame.rect.y0;
    kal_status st = said(d, kal__codec_png.close(a->inner, all ? d->fail.err : NULL));
    a->inner = NULL;
    ptrdiff_t got = 1;
    while (!st && got > 0) got = a->input.base.read(&a->input.base, rest, sizeof rest, d->fail.err);
    return st || !got ? st : d->fail.status;
}

static kal_status leave_first(kal__decoder *d)
{
    kal__apng *a = d->apng;
    const int32_t step = d->interlaced ? d->left : 1;
    kal_status st = KAL_OK;
    while (!st && d->left) st = kal__codec_png.rows(d, a->values, (ptrdiff_t)d->row, step, d->fail.err);
    if (st) return st;
    return kal__png_rows_behind(d, a->head);
}

static kal_status leave_frame(kal__decoder *d)
{
    kal__apng *a = d->apng;
    const kal__apng_frame *f = &a->frame;
    kal_status st = KAL_OK;
    for (int32_t y = a->y; f->disposal == KAL__APNG_STAYS && y < f->rect.y1 && !st; y++)
        st = lay_row(d, y, canvas_row(a, y));
    const size_t pixel = kal_pixel_size(&a->full);
    for (int32_t y = f->rect.y0; f->disposal == KAL__APNG_BACKGROUND && y < f->rect.y1; y++)
        memset(canvas_row(a, y) + (size_t)f->rect.x0 * pixel, 0, (size_t)(f->rect.x1 - f->rect.x0) * pixel);
    return st ? st : end_frame(d);
}

kal_status kal__apng_next(kal__decoder *d, kal_error *err)
{
    kal__apng *a = d->apng;
    d->fail.err = err;
    if (a->page + 1 >= a->pages) return kal__no_page(d->reader->name, a->page + 1, a->pages, err);
    if (!a->values) {
        a->values = kal__new(d->row, d->interlaced ? (size_t)a->stored.height : 1);
        a->line = kal__new(a->row, 1);
        if (!a->values || !a->line)
            return kal_fail(err, KAL_NOMEM, "%s: png: out of memory", d->reader->name);
    }
    kal_status st = a->page ? leave_frame(d) : leave_first(d);
    leave(a);
    if (!st) st = begin_frame(d);
    if (!st) a->page++;
    return st;
}

// ---- pages --------------------------------------------------------------------------------------

kal_status kal__apng_open(kal__decoder *d)
{
    kal__apng *a = d->apng;
    a->interlaced = d->interlaced;
    kal__apng_make_front(d);
    a->canvas = kal__new_zero((size_t)a->full.height, a->row);
    return a->canvas ? KAL_OK : kal_fail(d->fail.err, KAL_NOMEM, "%s: png: out of memory", d->reader->name);
}

void kal__apng_keep(kal__decoder *d, const unsigned char *rows, ptrdiff_t stride, int32_t n)
{
    kal__apng *a = d->apng;
    for (; n; n--, rows += stride, a->y++)
        if (a->frame.disposal == KAL__APNG_STAYS) lay(a, canvas_row(a, a->y), rows, KAL__APNG_REPLACE);
}

static void give(const kal__apng *a, unsigned char *dst, const unsigned char *row)
{
    const kal_extent e = a->shows_opaque ? a->stored : a->full;
    const size_t from = kal_pixel_size(&a->full), to = kal_pixel_size(&e);
    if (from == to)
        memcpy(dst, row, a->row);
    else
        for (int32_t x = 0; x < e.width; x++) memcpy(dst + (size_t)x * to, row + (size_t)x * from, to);
}

kal_status kal__apng_rows(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n, kal_error *err)
{
    kal__apng *a = d->apng;
    const kal_extent e = kal__apng_extent(d);
    if (stride < (ptrdiff_t)((size_t)e.width * kal_pixel_size(&e)) || n > e.height - a->y)
        return kal_fail(err, KAL_CHANGED, "%s: png: the picture has another size than its header had",
                        d->reader->name);
    d->fail.err = err;
    kal_status st = KAL_OK;
    for (; n && !st; n--, dst += stride, a->y++) {
        unsigned char *row = canvas_row(a, a->y);
        if (a->frame.disposal == KAL__APNG_PREVIOUS) row = memcpy(a->line, row, a->row);
        st = lay_row(d, a->y, row);
        give(a, dst, row);
    }
    return st;
}

kal_status kal__apng_end(kal__decoder *d)
{
    const kal_status st = end_frame(d);
    return st ? st : kal__apng_find_end(d);
}

void kal__apng_free(kal__apng *a)
{
    if (!a) return;
    if (a->inner) kal__codec_png.close(a->inner, NULL);
    free(a->canvas);
    free(a->values);
    free(a->walk.pages);
    free(a->line);
    free(a);
}
