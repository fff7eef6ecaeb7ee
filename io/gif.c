// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// GIF87a and GIF89a: RGB of 8 bits, with alpha when something of any page is transparent. A page is a frame upon what the frames before left on
// the canvas, which begins transparent; "restore to background" makes it that again, as browsers do. What lies beyond the canvas is cut off, but the
// canvas is large enough for the first frame. A colour beyond the palette is black. The walk from frame to frame decodes nothing.
#include "gif.h"

#include <stdlib.h>
#include <string.h>

// ---- the whole file -----------------------------------------------------------------------------

typedef struct walk {
    bool blank;    // nothing is on the canvas before the frame
    bool opaque;   // no pixel of it is transparent
    bool alpha;    // some page has a transparent pixel
} walk;

// What a walk leaves to whoever asks for another page.
struct kal__gif_page {
    uint64_t start_at;
    int32_t start;
    double delay;
};
typedef struct walked_over {
    kal_extent extent;
    size_t largest;
    int32_t n;
    kal__meta *meta;
    struct kal__gif_page *pages;
} walked_over;

static void walked_over_drop(void *p)
{
    walked_over *k = p;
    kal__meta_unref(&k->meta);
    free(k->pages);
    free(k);
}

static void walk_frame(kal__decoder *d, walk *w, int32_t i, uint64_t at)
{
    const kal__gif_frame *f = &d->frame;
    const kal_rect all = kal_rect_all(&d->extent);
    const bool covers = kal_rect_equal(kal_rect_clip(f->rect, all), all);
    const bool hides = covers && f->clear < 0;
    const bool stays = f->disposal != KAL__GIF_PREVIOUS;
    if (w->blank || (hides && stays)) {
        d->start = i;
        d->start_at = at;
    }
    w->alpha = w->alpha || !(w->opaque || hides);
    if (f->disposal == KAL__GIF_BACKGROUND) {
        w->opaque = false;
        w->blank = w->blank || covers;
    } else if (stays) {
        w->opaque = w->opaque || hides;
        w->blank = false;
    }
}

static double seconds(const kal__gif_frame *f)
{
    return f->delay < 0 ? -1 : f->delay / 100.0;
}

static kal_status note_page(kal__decoder *d, int32_t i)
{
    const int32_t room = i & (i - 1) ? 0 : i ? 2 * i : 1;   // at 1, 2, 4 …
    if (room && !kal__grow(&d->shown, (size_t)room, sizeof *d->shown))
        return kal__input_fail(&d->in, KAL_NOMEM, "out of memory");
    d->shown[i] = (struct kal__gif_page){d->start_at, d->start, seconds(&d->frame)};
    return KAL_OK;
}

// How many pages there are, where to start for the one that is wanted, and its delay. Onward the first frame must do: nobody knows how many
// follow, and any may be transparent.
static kal_status walk_frames(kal__decoder *d, int32_t page, kal__meta *m)
{
    walk w = {.blank = true};
    bool found = true;
    kal_status st = KAL_OK;
    for (int32_t i = 0; !st; i++) {
        const uint64_t at = kal__input_offset(&d->in);
        const kal__gif_frame *f = &d->frame;
        st = kal__gif_next(d, m, &found);
        if (st || !found) break;
        d->pages = i + 1;
        if (!i && d->onward) d->start_at = at;
        if (!i) {
            if (d->extent.width < f->rect.x1) d->extent.width = f->rect.x1;
            if (d->extent.height < f->rect.y1) d->extent.height = f->rect.y1;
            st = kal__input_sides(&d->in, (uint64_t)d->extent.width, (uint64_t)d->extent.height, &d->limits);
        }
        if (!st) st = kal__pages_within(d->of->name, "gif", d->pages, &d->limits, d->in.err);
        if (st || d->onward) break;
        walk_frame(d, &w, i, at);
        st = note_page(d, i);
        if (st) break;
        const size_t size = (size_t)(f->rect.x1 - f->rect.x0) * (size_t)(f->rect.y1 - f->rect.y0);
        if (f->interlaced && d->largest < size) d->largest = size;
        st = kal__input_skip(&d->in, 1);
        if (!st) st = kal__lzw_skip(&d->in);
    }
    if (st == KAL_CORRUPT && d->shown && d->lenient) st = KAL_OK;   // the last frame is not all there
    if (st) return st;
    if (!d->pages) return kal__input_corrupt(&d->in, "there is no picture in it");
    if (d->onward) d->largest = (size_t)d->extent.width * (size_t)d->extent.height;
    if (!d->onward && page >= d->pages) return kal__no_page(d->of->name, page, d->pages, d->in.err);
    d->extent.alpha = w.alpha || d->onward;
    d->extent.channels = 3 + d->extent.alpha;
    return KAL_OK;
}

// Leaves what was found to others.
static void keep_walk(kal__decoder *d, kal__places *places, kal__meta *m)
{
    walked_over *k = kal__new(1, sizeof *k);
    if (!k) return;
    *k = (walked_over){d->extent, d->largest, d->pages, kal__meta_keep(m), d->shown};
    d->shown = NULL;
    if (k->meta)
        kal__places_keep_walk(places, k, walked_over_drop);
    else
        walked_over_drop(k);
}

static kal_status walk_file(kal__decoder *d, const kal__ask *ask, kal__meta *m)
{
    const walked_over *known = kal__places_walk(ask->places);
    kal_status st = kal__gif_screen(d);
    if (!st && known && ask->page < known->n) {
        d->extent = known->extent;
        d->largest = known->largest;
        d->pages = known->n;
        st = kal__input_sides(&d->in, (uint64_t)d->extent.width, (uint64_t)d->extent.height, &d->limits);
        if (!st) st = kal__pages_within(d->of->name, "gif", d->pages, &d->limits, d->in.err);
        if (!st && m) kal__meta_recall(m, known->meta);
    } else if (!st) {
        st = walk_frames(d, ask->page, m);
        known = NULL;
    }
    if (st) return st;
    const struct kal__gif_page *page = (known ? known->pages : d->shown) + (d->onward ? 0 : ask->page);
    d->row = (size_t)d->extent.width * (size_t)d->extent.channels;
    if (!d->onward) d->start = page->start, d->start_at = page->start_at;
    if (m && d->onward) m->delay = seconds(&d->frame);   // whether anything follows nobody knows
    if (m && !d->onward) m->delay = d->pages == 1 && page->delay == 0 ? -1 : page->delay;   // nothing follows
    if (!known && m && !d->onward && !d->lenient && !ask->front) keep_walk(d, ask->places, m);
    return KAL_OK;
}

static void decoder_free(kal__decoder *d)
{
    free(d->canvas);
    free(d->whole);
    free(d->shown);
    free(d);
}

static kal_status walked(kal__reader *r, const kal__ask *ask, kal__meta *m, kal__decoder **out,
                         kal_error *err)
{
    kal__decoder *d = *out = kal__new_zero(1, sizeof *d);
    if (!d) return kal_fail(err, KAL_NOMEM, "%s: gif: out of memory", r->name);
    d->of = r;
    d->view = kal__view_of(r);
    d->limits = ask->limits;
    d->lenient = ask->lenient;
    d->onward = ask->onward;
    d->in.reader = &d->view.base;
    d->in.codec = "gif";
    d->in.err = err;
    const kal_status st = walk_file(d, ask, m);
    if (!st) return KAL_OK;
    decoder_free(d);
    *out = NULL;
    return st;
}

// Whether something may stay for the next page.
static bool has_canvas(const kal__decoder *d)
{
    return d->pages > 1 || d->onward;
}

static kal_status gif_header(kal__reader *r, const kal__ask *ask, kal__header *h, kal__meta *meta,
                             kal_error *err)
{
    kal__decoder *d;
    const kal_status st = walked(r, ask, meta, &d, err);
    if (st) return st;
    h->extent = d->extent;
    h->rows = 1;
    h->memory = sizeof *d + (has_canvas(d) ? d->row * (size_t)d->extent.height : 0) + d->largest;
    meta->pages = d->onward ? 0 : d->pages;
    decoder_free(d);
    return KAL_OK;
}

// ---- pages --------------------------------------------------------------------------------------

// Where row i of an interlaced frame's data lies.
static int32_t interlaced_row(int32_t i, int32_t height)
{
    static const struct {
        int32_t first, step;
    } passes[] = {{0, 8}, {4, 8}, {2, 4}, {1, 2}};
    for (int p = 0; p < 3; p++) {
        const int32_t n = (height - passes[p].first + passes[p].step - 1) / passes[p].step;
        if (i < n) return passes[p].first + i * passes[p].step;
        i -= n;
    }
    return 1 + 2 * i;
}

// Rows before the first that is not there, of those whose data begin with the i-th.
static int32_t good_rows(int32_t i, int32_t h)
{
    int32_t y = interlaced_row(i, h);
    for (; i < h; i++)
        if (interlaced_row(i, h) < y) y = interlaced_row(i, h);
    return y;
}

static kal_status read_whole(kal__decoder *d, int32_t w, int32_t h)
{
    d->whole = kal__new((size_t)w, (size_t)h);
    d->good = h;
    if (!d->whole) return kal__input_fail(&d->in, KAL_NOMEM, "out of memory");
    kal_status st = KAL_OK;
    for (int32_t i = 0; i < h && !st; i++) {
        st = kal__lzw_read(&d->lzw, &d->in, d->whole + (size_t)interlaced_row(i, h) * (size_t)w, (size_t)w);
        if (st) d->good = good_rows(i, h);
    }
    if (st != KAL_CORRUPT || !d->lenient) return st;
    d->broken = *d->in.err;
    return KAL_OK;
}

// The values of the frame's next row.
static kal_status frame_row(kal__decoder *d, const unsigned char **out)
{
    const kal__gif_frame *f = &d->frame;
    const int32_t w = f->rect.x1 - f->rect.x0, h = f->rect.y1 - f->rect.y0;
    kal_status st = d->done ? KAL_OK : kal__lzw_begin(&d->lzw, &d->in);
    *out = d->line;
    if (!st && !f->interlaced) {
        st = kal__lzw_read(&d->lzw, &d->in, d->line, (size_t)w);
    } else if (!st) {
        if (!d->done) st = read_whole(d, w, h);
        *out = d->whole + (size_t)d->done * (size_t)w;
        if (!st && d->done >= d->good) st = kal__repeat(&d->broken, d->in.err);
    }
    d->done++;
    return st;
}

// The frame's part of row y of the canvas, over what lies there.
static kal_status lay_row(kal__decoder *d, int32_t y, unsigned char *row)
{
    const kal__gif_frame *f = &d->frame;
    const unsigned char *values;
    if (y < f->rect.y0 || y >= f->rect.y1 || f->rect.x0 >= d->extent.width) return KAL_OK;
    const kal_status st = frame_row(d, &values);
    if (st) return st;
    const size_t n = (size_t)d->extent.channels;
    unsigned char *to = row + (size_t)f->rect.x0 * n;
    for (int32_t x = f->rect.x0; x < f->rect.x1 && x < d->extent.width; x++, to += n, values++)
        if (*values != f->clear) memcpy(to, f->colours[*values], n);
    return KAL_OK;
}

static unsigned char *canvas_row(const kal__decoder *d, int32_t y)
{
    return d->canvas + (size_t)y * d->row;
}

// What of the frame is not yet on the canvas goes there, if anything of it stays; what does not stay goes.
static kal_status leave_frame(kal__decoder *d)
{
    const kal__gif_frame *f = &d->frame;
    const kal_rect r = kal_rect_clip(f->rect, kal_rect_all(&d->extent));
    const size_t n = (size_t)d->extent.channels;
    kal_status st = KAL_OK;
    if (f->disposal < KAL__GIF_BACKGROUND || f->disposal > KAL__GIF_PREVIOUS)
        for (int32_t y = d->y; y < r.y1 && !st; y++) st = lay_row(d, y, canvas_row(d, y));
    if (f->disposal == KAL__GIF_BACKGROUND)
        for (int32_t y = r.y0; y < r.y1; y++)
            memset(canvas_row(d, y) + (size_t)r.x0 * n, 0, (size_t)(r.x1 - r.x0) * n);
    if (!st && !d->done) st = kal__lzw_begin(&d->lzw, &d->in);
    if (!st) st = kal__lzw_end(&d->lzw, &d->in);
    free(d->whole);
    d->whole = NULL;
    return st;
}

static kal_status begin_frame(kal__decoder *d)
{
    bool found;
    const kal_status st = kal__gif_next(d, NULL, &found);
    d->done = d->y = 0;
    if (d->of->forget) d->of->forget(d->of, kal__input_offset(&d->in));
    if (!st && !found && d->onward) return kal__no_page(d->of->name, d->page + 1, d->page + 1, d->in.err);
    return !st && !found ? kal__input_corrupt(&d->in, "there are fewer frames than there were") : st;
}

static kal_status gif_open(kal__reader *r, const kal__ask *ask, kal__decoder **out, kal_error *err)
{
    kal_status st = walked(r, ask, NULL, out, err);
    if (st) return st;
    kal__decoder *d = *out;
    if (has_canvas(d)) {
        d->canvas = kal__new_zero((size_t)d->extent.height, d->row);
        if (!d->canvas) st = kal__input_fail(&d->in, KAL_NOMEM, "out of memory");
    }
    kal__input_seek(&d->in, d->start_at);
    if (!st) st = begin_frame(d);
    for (d->page = d->start; !st && d->page < ask->page; d->page++) {
        st = leave_frame(d);
        if (!st) st = begin_frame(d);
    }
    if (st) {
        decoder_free(d);
        *out = NULL;
    }
    return st;
}

static kal_status gif_rows(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n, kal_error *err)
{
    d->in.err = err;
    kal_status st = kal__input_fits(&d->in, &d->extent, stride, n, d->extent.height - d->y);
    for (; n && !st; n--, dst += stride, d->y++) {
        if (d->canvas)
            memcpy(dst, canvas_row(d, d->y), d->row);
        else
            memset(dst, 0, d->row);
        st = lay_row(d, d->y, dst);
        if (d->canvas && d->frame.disposal != KAL__GIF_PREVIOUS) memcpy(canvas_row(d, d->y), dst, d->row);
    }
    return st;
}

static kal_status gif_next(kal__decoder *d, kal__header *h, kal__meta *m, kal_error *err)
{
    d->in.err = err;
    if (!d->onward && d->page + 1 >= d->pages) return kal__no_page(d->of->name, d->page + 1, d->pages, err);
    kal_status st = leave_frame(d);
    if (!st) st = begin_frame(d);
    if (st) return st;
    d->page++;
    h->extent = d->extent;
    h->rows = 1;
    m->delay = seconds(&d->frame);
    return KAL_OK;
}

static kal_status gif_close(kal__decoder *d, kal_error *err)
{
    (void)err;   // the walk has seen that everything is there
    decoder_free(d);
    return KAL_OK;
}

// ---- the record ---------------------------------------------------------------------------------

static bool gif_sniff(const unsigned char *p, size_t n)
{
    return n >= 6 && (!memcmp(p, "GIF87a", 6) || !memcmp(p, "GIF89a", 6));
}

static const char *gif_version(void)
{
    return "kallitype 1";
}

#define PARAMS kal__gif_p
static const kal_param params[] = {KAL__GIF_PARAMS(KAL_SCHEMA)};

const kal__codec kal__codec_gif = {
    .name = "gif",
    .suffixes = "gif",
    .media_type = "image/gif",
    .help =
        "GIF: RGB with or without alpha, 8 bits; pages are the frames of an animation. 256 colours a picture",
    .edition = "some colours, gray profiles",
    .version = gif_version,
    .sniff = gif_sniff,
    .header = gif_header,
    .streams = true,
    .scattered = true,
    .onward = true,
    .pages = true,
    .open = gif_open,
    .rows = gif_rows,
    .next = gif_next,
    .close = gif_close,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .params_size = sizeof(kal__gif_p),
    .accepts = kal__gif_accepts,
    .carries = 1u << KAL__XMP | 1u << KAL__ICC,
    .begin = kal__gif_begin,
    .put = kal__gif_put,
    .among = kal__gif_among,
    .page = kal__gif_page,
    .turn = kal__gif_turn,
    .end = kal__gif_end,
};
