// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Animated PNG (PNG, third edition). Page 0 is the default image, whether it is a frame or not; the others are frames upon what those before
// left on the canvas. A frame's data are handed to a decoder of their own as a file made up as it is read: the head with the frame's size, the
// palette, and fdAT chunks as IDAT. Pages are transparent only where something of them may be: a picture without alpha, on which nothing
// but opaque frames were laid, has none.
#include "apng.h"

#include "inflate.h"
#include "lay.h"

#include <stdlib.h>
#include <string.h>

enum { STAYS, BACKGROUND, PREVIOUS };   // what becomes of a frame when it was shown
enum { REPLACE, OVER };

#define FRAME_BYTES 26
#define MADE_UP ((size_t)8 + 25 + 12 + 768 + 12 + 256 + 8)

typedef struct frame {
    kal_rect rect;
    int disposal, blend;
    double delay;
} frame;

// What the decoder of a frame reads.
typedef struct made_up {
    kal__reader base;
    kal__decoder *of;
    unsigned char bytes[MADE_UP];   // what comes before the next of the file's own
    size_t at, n;
    uint32_t left;          // bytes of the chunk that is read
    uint32_t crc, theirs;   // with our name for it, and with theirs
    bool in_chunk;
} made_up;

// All pages, as whoever looked at the whole file leaves them to the headers of others.
typedef struct walk {
    kal__meta *meta;
    int32_t n;
    struct shown {
        double delay;
        bool opaque;   // nothing of it is transparent
    } * pages;
} walk;

struct kal__apng {
    walk walk;
    int32_t frames, plays, pages;
    bool first;          // the default image is a frame
    uint32_t sequence;   // the number that comes next
    int32_t page;        // the one it is at
    frame frame;
    bool opaque, shows_opaque;   // nothing is transparent, before the frame and with it
    kal_extent stored, full;     // of the default image; the same with alpha
    unsigned char *canvas;
    size_t row;
    unsigned char head[8];          // of the next chunk
    unsigned char front[MADE_UP];   // what a frame's file begins with
    size_t n_front;
    made_up input;
    kal__decoder *inner;
    bool interlaced;
    unsigned char *values;   // a row of the frame, or all of it when it is interlaced
    unsigned char *line;     // a row of a page that leaves nothing
    int32_t done, y;         // rows of the frame that are decoded; the next row of the page
};

int32_t kal__apng_page(const kal__decoder *d)
{
    return d->apng ? d->apng->page : 0;
}

// ---- chunks -------------------------------------------------------------------------------------

static uint32_t be16(const unsigned char *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static frame frame_of(const unsigned char *p)
{
    const uint32_t w = kal__be32(p + 4), h = kal__be32(p + 8), x = kal__be32(p + 12), y = kal__be32(p + 16);
    const uint32_t most = KAL_MAX_SIDE, hundred = be16(p + 22) ? be16(p + 22) : 100;
    const bool fits = w && h && w <= most && h <= most && x <= most && y <= most;
    return (frame){.rect = fits ? kal_rect_of((int32_t)x, (int32_t)y, (int32_t)(x + w), (int32_t)(y + h))
                                : kal_rect_of(0, 0, 0, 0),
                   .disposal = p[24],
                   .blend = p[25],
                   .delay = (double)be16(p + 20) / hundred};
}

// Goes on to a frame: what is there before it and with it.
static void enter(kal__apng *a, const frame *f, const kal_rect all)
{
    a->frame = *f;
    a->shows_opaque = a->opaque || kal_rect_equal(f->rect, all);
}

static void leave(kal__apng *a)
{
    if (a->frame.disposal == STAYS) a->opaque = a->shows_opaque;
    if (a->frame.disposal == BACKGROUND) a->opaque = false;
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
    } else if (!memcmp(name, "fcTL", 4) && a && !a->first && n == FRAME_BYTES) {
        a->first = true;
        a->frame = frame_of(data);
        a->sequence = 1;
    }
    return true;
}

static void note_page(kal__decoder *d)
{
    kal__apng *a = d->apng;
    walk *w = &a->walk;
    const int32_t room = w->n & (w->n - 1) ? 0 : w->n ? 2 * w->n : 1;   // at 1, 2, 4 …
    if (room && !kal__grow(&w->pages, (size_t)room, sizeof *w->pages)) {
        d->lost = true;
        return;
    }
    w->pages[w->n++] = (struct shown){a->frame.delay, a->shows_opaque};
}

void kal__apng_seen(kal__decoder *d, const unsigned char *data)
{
    kal__apng *a = d->apng;
    const frame f = frame_of(data);
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
    if (!a->first) a->frame.disposal = BACKGROUND, a->frame.delay = -1;
    if (a->frame.disposal == PREVIOUS) a->frame.disposal = BACKGROUND;
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
    walk *w = walked;
    kal__meta_unref(&w->meta);
    free(w->pages);
    free(w);
}

// Leaves what was found to others, if it is all there is.
static void keep_walk(kal__apng *a, const kal__ask *ask, kal__meta *m)
{
    walk *w = a->walk.n == a->pages && !ask->front ? kal__new(1, sizeof *w) : NULL;
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

static kal_status take_page(const kal__apng *a, const walk *w, int32_t page, kal__header *h, kal__meta *m)
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
    const walk *known = kal__places_walk(ask->places);
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

// ---- a frame as a file --------------------------------------------------------------------------

// How many bytes it has.
static size_t put_chunk(unsigned char *p, const char *name, const unsigned char *data, size_t n)
{
    kal__put_be32(p, (uint32_t)n);
    memcpy(p + 4, name, 4);
    if (n) memcpy(p + 8, data, n);
    kal__put_be32(p + 8 + n, kal__crc32(0, p + 4, n + 4));
    return n + 12;
}

// What stands before the pixels of each frame, from what libpng has read of the file's own; the size is filled in later.
static void make_up_front(kal__decoder *d)
{
    kal__apng *a = d->apng;
    unsigned char head[13] = {0}, data[768], *p = a->front;
    png_colorp palette = NULL;
    png_bytep alphas = NULL;
    png_color_16p clear = NULL;
    int n = 0, n_alphas = 0;
    const int type = png_get_color_type(d->png, d->info);
    head[8] = png_get_bit_depth(d->png, d->info);
    head[9] = (unsigned char)type;
    head[12] = d->interlaced;
    memcpy(p, "\x89PNG\r\n\x1a\n", 8);
    p += 8;
    p += put_chunk(p, "IHDR", head, sizeof head);
    const bool mapped = type == PNG_COLOR_TYPE_PALETTE;
    if (mapped && png_get_PLTE(d->png, d->info, &palette, &n)) {
        for (int i = 0; i < n && i < 256; i++) {
            data[3 * i] = palette[i].red;
            data[3 * i + 1] = palette[i].green;
            data[3 * i + 2] = palette[i].blue;
        }
        p += put_chunk(p, "PLTE", data, 3 * (size_t)(n < 256 ? n : 256));
    }
    if (png_get_tRNS(d->png, d->info, &alphas, &n_alphas, &clear)) {
        const bool gray = type == PNG_COLOR_TYPE_GRAY;
        const uint16_t v[3] = {gray ? clear->gray : clear->red, clear->green, clear->blue};
        for (int i = 0; i < 6; i++) data[i] = (unsigned char)(v[i / 2] >> (i % 2 ? 0 : 8));
        p += mapped ? put_chunk(p, "tRNS", alphas, (size_t)(n_alphas < 256 ? n_alphas : 256))
                    : put_chunk(p, "tRNS", data, gray ? 2 : 6);
    }
    a->n_front = (size_t)(p - a->front);
}

static void put_front(const kal__apng *a, made_up *u, int32_t w, int32_t h)
{
    memcpy(u->bytes, a->front, a->n_front);
    u->n = a->n_front;
    kal__put_be32(u->bytes + 16, (uint32_t)w);
    kal__put_be32(u->bytes + 20, (uint32_t)h);
    kal__put_be32(u->bytes + 29, kal__crc32(0, u->bytes + 12, 17));
}

static kal_status take(kal__decoder *d, unsigned char *dst, size_t n)
{
    return kal__png_pull(d, dst, n) == n ? KAL_OK : kal__png_cut(d);
}

static bool is_chunk(const kal__apng *a, const char *name)
{
    return !memcmp(a->head + 4, name, 4);
}

static kal_status in_order(kal__decoder *d, const unsigned char *number)
{
    return kal__be32(number) == d->apng->sequence++ ? KAL_OK
                                                    : kal__png_damaged(d, "the frames are not in order");
}

// The head of a chunk of data has been read.
static kal_status begin_chunk(kal__decoder *d, made_up *u)
{
    unsigned char number[4];
    const uint32_t n = kal__be32(d->apng->head);
    kal_status st =
        n < 4 || n > PNG_UINT_31_MAX ? kal__png_damaged(d, "a chunk's length makes no sense") : KAL_OK;
    if (!st) st = take(d, number, 4);
    if (!st) st = in_order(d, number);
    if (st) return st;
    u->theirs = kal__crc32(kal__crc32(0, "fdAT", 4), number, 4);
    u->left = n - 4;
    unsigned char *p = u->bytes + u->n;
    kal__put_be32(p, u->left);
    memcpy(p + 4, "IDAT", 4);
    u->crc = kal__crc32(0, p + 4, 4);
    u->n += 8;
    u->in_chunk = true;
    return KAL_OK;
}

// A check sum that was wrong is as wrong afterwards.
static kal_status end_chunk(kal__decoder *d, made_up *u)
{
    unsigned char sum[4];
    kal_status st = take(d, sum, 4);
    if (!st) st = take(d, d->apng->head, 8);
    if (st) return st;
    u->at = u->n = 0;
    kal__put_be32(u->bytes, u->crc ^ u->theirs ^ kal__be32(sum));
    u->n = 4;
    u->in_chunk = false;
    if (is_chunk(d->apng, "fdAT")) return begin_chunk(d, u);
    u->n += put_chunk(u->bytes + 4, "IEND", NULL, 0);
    return KAL_OK;
}

static ptrdiff_t made_up_read(kal__reader *r, void *dst, size_t n, kal_error *err)
{
    made_up *u = (made_up *)r;
    kal__decoder *d = u->of;
    size_t step = 0;
    d->fail.err = err;
    if (u->at == u->n && u->in_chunk && !u->left && end_chunk(d, u)) return -1;
    if (u->at < u->n) {
        step = u->n - u->at < n ? u->n - u->at : n;
        memcpy(dst, u->bytes + u->at, step);
        u->at += step;
    } else if (u->in_chunk) {
        const unsigned char *p;
        step = kal__png_peek(d, &p);
        if (!step) {
            kal__png_cut(d);
            return -1;
        }
        if (step > n) step = n;
        if (step > u->left) step = u->left;
        memcpy(dst, p, step);
        u->crc = kal__crc32(u->crc, p, step);
        u->theirs = kal__crc32(u->theirs, p, step);
        u->left -= (uint32_t)step;
        kal__png_used(d, step);
    }
    u->base.position = d->reader->position - d->fail.ahead;
    return (ptrdiff_t)step;
}

// ---- from frame to frame ------------------------------------------------------------------------

extern const kal__codec kal__codec_png;

// What a frame's decoder says of its reader is said already.
static kal_status said(const kal__decoder *d, kal_status st)
{
    return st == KAL_IO && d->fail.status ? d->fail.status : st;
}

static kal_status pass(kal__decoder *d)
{
    const uint64_t n = (uint64_t)kal__be32(d->apng->head) + 4;
    const kal_status st = kal__png_pull(d, NULL, (size_t)n) == n ? KAL_OK : kal__png_cut(d);
    return st ? st : take(d, d->apng->head, 8);
}

// Passes over chunks up to one; `end`: at which there is none.
static kal_status find(kal__decoder *d, const char *name, const char *end, const char *without)
{
    kal_status st = KAL_OK;
    while (!st && !is_chunk(d->apng, name))
        st = is_chunk(d->apng, "IEND") || is_chunk(d->apng, end) ? kal__png_damaged(d, without) : pass(d);
    return st;
}

static kal_status read_frame(kal__decoder *d, frame *f)
{
    unsigned char p[FRAME_BYTES + 4];
    kal__apng *a = d->apng;
    kal_status st = find(d, "fcTL", "IEND", "there are fewer frames than it says");
    if (!st && kal__be32(a->head) != FRAME_BYTES) st = kal__png_damaged(d, "fcTL has another size");
    if (!st) st = take(d, p, sizeof p);
    if (!st && kal__crc32(kal__crc32(0, "fcTL", 4), p, FRAME_BYTES) != kal__be32(p + FRAME_BYTES))
        st = kal__png_damaged(d, "fcTL: CRC error");
    if (!st) st = in_order(d, p);
    if (!st) st = take(d, a->head, 8);
    if (st) return st;
    *f = frame_of(p);
    if (kal_rect_empty(f->rect) || !kal_rect_inside(f->rect, kal_rect_all(&a->full)))
        return kal__png_damaged(d, "a frame lies outside of its picture");
    return find(d, "fdAT", "fcTL", "a frame has no data");
}

static kal_status begin_frame(kal__decoder *d)
{
    kal__apng *a = d->apng;
    made_up *u = &a->input;
    frame f;
    kal_status st = read_frame(d, &f);
    if (st) return st;
    enter(a, &f, kal_rect_all(&a->full));
    const int32_t w = f.rect.x1 - f.rect.x0, h = f.rect.y1 - f.rect.y0;
    kal__reader base = {.read = made_up_read, .name = d->reader->name, .position = d->reader->position};
    *u = (made_up){.base = base, .of = d};
    put_front(a, u, w, h);
    st = begin_chunk(d, u);
    const kal__ask ask = {.limits = d->limits};
    a->done = a->y = 0;
    if (!st) st = said(d, kal__codec_png.open(&u->base, &ask, &a->inner, d->fail.err));
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
                                                       blend == OVER);
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
    while (!st && got > 0) got = made_up_read(&a->input.base, rest, sizeof rest, d->fail.err);
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
    const frame *f = &a->frame;
    kal_status st = KAL_OK;
    for (int32_t y = a->y; f->disposal == STAYS && y < f->rect.y1 && !st; y++)
        st = lay_row(d, y, canvas_row(a, y));
    const size_t pixel = kal_pixel_size(&a->full);
    for (int32_t y = f->rect.y0; f->disposal == BACKGROUND && y < f->rect.y1; y++)
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
    make_up_front(d);
    a->canvas = kal__new_zero((size_t)a->full.height, a->row);
    return a->canvas ? KAL_OK : kal_fail(d->fail.err, KAL_NOMEM, "%s: png: out of memory", d->reader->name);
}

void kal__apng_keep(kal__decoder *d, const unsigned char *rows, ptrdiff_t stride, int32_t n)
{
    kal__apng *a = d->apng;
    for (; n; n--, rows += stride, a->y++)
        if (a->frame.disposal == STAYS) lay(a, canvas_row(a, a->y), rows, REPLACE);
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
        if (a->frame.disposal == PREVIOUS) row = memcpy(a->line, row, a->row);
        st = lay_row(d, a->y, row);
        give(a, dst, row);
    }
    return st;
}

kal_status kal__apng_end(kal__decoder *d)
{
    const kal_status st = end_frame(d);
    return st ? st : find(d, "IEND", "IEND", "");
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
