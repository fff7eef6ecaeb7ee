// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Reading WebP by libwebp: whole pictures, straight into where they belong. The container (RFC 9649) is read here, for metadata, frames, and
// because a cut file must be seen before anything is decoded. A page of an animation is its canvas, which begins transparent; the file's
// background colour is a hint that no viewer takes.
#include "webp.h"
#include "missing.h"

#include "lay.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- the container ------------------------------------------------------------------------------

bool kal__webp_chunk(kal__span *list, const unsigned char **name, kal__span *body)
{
    if (list->n < 8) return false;
    const size_t n = kal__le(list->p + 4, 4), padded = n + (n & 1);
    if (n > list->n - 8) return false;
    *name = list->p;
    *body = (kal__span){list->p + 8, n};
    const size_t whole =
        8 + (padded < list->n - 8 ? padded : list->n - 8);   // the last one's padding may be missing
    list->p += whole;
    list->n -= whole;
    return true;
}

bool kal__webp_file(const unsigned char *p, size_t n, kal__span *chunks)
{
    if (n < 12 || memcmp(p, "RIFF", 4) || memcmp(p + 8, "WEBP", 4)) return false;
    const size_t size = kal__le(p + 4, 4);
    *chunks = (kal__span){p + 12, size > 4 && size - 4 < n - 12 ? size - 4 : n - 12};
    return true;
}

static bool webp_sniff(const unsigned char *p, size_t n)
{
    kal__span chunks;
    return kal__webp_file(p, n, &chunks);
}

#if KAL__WEBP

#if defined(__APPLE__)
#define LIBRARY "libwebp.7.dylib"
#else
#define LIBRARY "libwebp.so.7"
#endif

static pthread_once_t once = PTHREAD_ONCE_INIT;
static kal__webp lib;
static char version[80];

static void load(void)
{
    static const char *const names[] = {KAL__WEBP_NEEDED(KAL__NAME)};
    const size_t n = sizeof names / sizeof *names;
    if (!kal__library(LIBRARY, names, n, n, &lib)) return;
    const int d = lib.WebPGetDecoderVersion(), e = lib.WebPGetEncoderVersion();
    snprintf(version, sizeof version, "libwebp %d.%d.%d, encoder %d.%d.%d", d >> 16, d >> 8 & 255, d & 255,
             e >> 16, e >> 8 & 255, e & 255);
}

const kal__webp *kal__webp_lib(void)
{
    pthread_once(&once, load);
    return *version ? &lib : NULL;
}

static const char *webp_version(void)
{
    return kal__webp_lib() ? version : NULL;
}

typedef struct frame {
    kal__span picture;
    kal_rect rect;           // on the canvas
    bool replaces, clears;   // what lies under it; itself, when it was shown
    bool alpha;
    int32_t start;   // the first frame that shows on its page
    double delay;
} frame;

struct kal__decoder {
    const kal__webp *lib;
    kal__reader *reader;
    unsigned char *copy;   // of the file, when it does not lie in memory
    size_t copied;
    kal__span file;
    kal_limits limits;
    bool header_alone;   // no pixels will be wanted
    kal_extent extent;   // of the canvas
    bool lossless;
    frame *frames;   // of an animation; NULL: one picture
    int32_t pages, page;
    int32_t drawn;                   // frames that are on the canvas, up to and with this one; -1: none
    size_t largest;                  // bytes of the largest frame that must be mixed
    unsigned char *canvas, *mixed;   // RGBA
    int32_t loops;
    kal__span exif, icc, xmp;
    bool threads, lenient;
    int32_t good;   // rows of a picture that broke off
};

static void decoder_free(kal__decoder *d)
{
    free(d->copy);
    free(d->frames);
    free(d->canvas);
    free(d->mixed);
    free(d);
}

static kal_status corrupt(const kal__decoder *d, size_t at, const char *what, kal_error *err)
{
    return kal_fail(err, KAL_CORRUPT, "%s: webp: at byte %zu: %s", d->reader->name, at, what);
}

// ANMF: place in pairs of pixels, size less 1, duration in milliseconds, 24 bits each; flags; then the frame's own chunks.
static kal_status add_frame(kal__decoder *d, kal__span body, size_t at, kal_error *err)
{
    if (body.n < 16 + 8) return corrupt(d, at, "a frame is cut off", err);
    const kal_status st = kal__pages_within(d->reader->name, "webp", d->pages + 1, &d->limits, err);
    if (st) return st;
    if (!(d->pages & (d->pages - 1)) &&
        !kal__grow(&d->frames, d->pages ? 2 * (size_t)d->pages : 1, sizeof(frame)))
        return kal_fail(err, KAL_NOMEM, "%s: webp: out of memory", d->reader->name);
    const int32_t x = (int32_t)kal__le(body.p, 3) * 2, y = (int32_t)kal__le(body.p + 3, 3) * 2;
    const int32_t w = (int32_t)kal__le(body.p + 6, 3) + 1, h = (int32_t)kal__le(body.p + 9, 3) + 1;
    d->frames[d->pages++] = (frame){.picture = {body.p + 16, body.n - 16},
                                    .rect = kal_rect_of(x, y, x + w, y + h),
                                    .replaces = body.p[15] & 2,
                                    .clears = body.p[15] & 1,
                                    .delay = kal__le(body.p + 12, 3) / 1000.0};
    return KAL_OK;
}

// Canvas, frames and metadata of an extended file; what a simple one has says libwebp.
static kal_status read_chunks(kal__decoder *d, kal__span file, kal_error *err)
{
    kal__span list, body;
    const unsigned char *name;
    kal_status st = KAL_OK;
    if (!kal__webp_file(file.p, file.n, &list)) return corrupt(d, 0, "this is no WebP file", err);
    const unsigned char *end = list.p + list.n;
    while (!st && kal__webp_chunk(&list, &name, &body)) {
        const size_t at = (size_t)(name - file.p);
        if (!memcmp(name, "VP8X", 4)) {
            if (at != 12 || body.n < 10)   // the canvas is said once, before anything lies on it
                return corrupt(d, at, "the head of an extended file is not where it belongs", err);
            d->extent.width = (int32_t)kal__le(body.p + 4, 3) + 1;
            d->extent.height = (int32_t)kal__le(body.p + 7, 3) + 1;
            d->extent.alpha = body.p[0] & 16;
        } else if (!memcmp(name, "ANMF", 4)) {
            st = add_frame(d, body, at, err);
        } else if (!memcmp(name, "ANIM", 4) && body.n >= 6) {
            d->loops = (int32_t)kal__le(body.p + 4, 2);
        } else if (!memcmp(name, "ICCP", 4)) {
            d->icc = body;
        } else if (!memcmp(name, "EXIF", 4)) {
            d->exif = body;
        } else if (!memcmp(name, "XMP ", 4)) {
            d->xmp = body;
        }
    }
    if (!st && d->lenient && list.n > 8 && !memcmp(list.p, "ANMF", 4))   // the frame in which the file ends
        st = add_frame(d, (kal__span){list.p + 8, list.n - 8}, (size_t)(list.p - file.p), err);
    if (!st && !d->lenient && (list.n || kal__le(file.p + 4, 4) + (uint64_t)8 > file.n + 1))
        st = kal_fail(err, KAL_CORRUPT, "%s: webp: the file ends at byte %zu, inside its chunk at byte %zu",
                      d->reader->name, file.n, (size_t)((list.n ? list.p : end) - file.p));
    return st;
}

static kal_status features(const kal__decoder *d, kal__span picture, WebPBitstreamFeatures *f, kal_error *err)
{
    if (d->lib->WebPGetFeaturesInternal(picture.p, picture.n, f, WEBP_DECODER_ABI_VERSION) == VP8_STATUS_OK)
        return KAL_OK;
    return corrupt(d, (size_t)(picture.p - d->file.p), "libwebp finds no picture", err);
}

// Whether anything of any page is transparent, and where to start for each.
static kal_status read_frames(kal__decoder *d, kal_error *err)
{
    const kal_rect all = kal_rect_all(&d->extent);
    bool blank = true, opaque = false;
    for (int32_t i = 0; i < d->pages; i++) {
        frame *f = &d->frames[i];
        WebPBitstreamFeatures x;
        const size_t at = (size_t)(f->picture.p - d->file.p);
        if (!kal_rect_inside(f->rect, all)) return corrupt(d, at, "a frame lies outside of its canvas", err);
        const kal_status st = features(d, f->picture, &x, err);
        if (st) return st;
        if (x.width != f->rect.x1 - f->rect.x0 || x.height != f->rect.y1 - f->rect.y0)
            return corrupt(d, at, "a frame has another size than it says", err);
        f->alpha = x.has_alpha;
        f->replaces = f->replaces || !f->alpha;
        d->lossless |= x.format == 2;
        const size_t bytes = (size_t)x.width * (size_t)x.height * 4;
        if (!f->replaces && d->largest < bytes) d->largest = bytes;
        const bool covers = kal_rect_equal(f->rect, all), hides = covers && !f->alpha;
        f->start = i && !blank && !(covers && f->replaces) ? f[-1].start : i;
        d->extent.alpha |= !opaque && !hides;
        opaque = !f->clears && (opaque ? !f->replaces || !f->alpha : hides);
        blank = f->clears && (blank || covers);
    }
    return KAL_OK;
}

static kal_status read_features(kal__decoder *d, kal_error *err)
{
    WebPBitstreamFeatures f;
    kal_status st = KAL_OK;
    if (d->frames) {
        st = read_frames(d, err);
    } else if (!(st = features(d, d->file, &f, err))) {
        d->extent.width = f.width;
        d->extent.height = f.height;
        d->extent.alpha = f.has_alpha;
        d->lossless = f.format == 2;
        d->pages = 1;
    }
    d->extent.channels = 3 + d->extent.alpha;
    return st;
}

// As much as the head says the file has; what lies behind it is not of the picture.
static kal_status read_container(kal__decoder *d, const kal_limits *limits, kal_error *err)
{
    unsigned char *head;
    size_t n, rest = 0;
    kal_status st = kal__read_front(d->reader, 12, &head, &n, err);
    if (st) return st;
    const uint64_t whole = n < 12 ? n : kal__le(head + 4, 4) + (uint64_t)8;
    if (whole > limits->file_bytes)
        st = kal__over_limit(err, "file_bytes=N", "%s: webp: %llu bytes are more than the limit of %llu",
                             d->reader->name, (unsigned long long)whole,
                             (unsigned long long)limits->file_bytes);
    if (!st && whole > n) st = kal__read_front(d->reader, (size_t)whole - n, &d->copy, &rest, err);
    if (!st && !kal__grow(&d->copy, n + rest, 1))
        st = kal_fail(err, KAL_NOMEM, "%s: webp: out of memory", d->reader->name);
    if (!st) {
        memmove(d->copy + n, d->copy, rest);
        memcpy(d->copy, head, n);
        d->copied = n + rest;
    }
    free(head);
    return st;
}

// ---- the header alone ---------------------------------------------------------------------------

#define FRONT 64   // of a coded picture: what says what it is

// Bytes of the file to where they lie in the copy; fewer where it ends.
static kal_status fetch(kal__decoder *d, size_t at, size_t n, kal_error *err)
{
    kal__reader *r = d->reader;
    if (at >= d->copied) return KAL_OK;
    if (n > d->copied - at) n = d->copied - at;
    r->position = at;
    while (n) {
        const ptrdiff_t got = r->read(r, d->copy + at, n, err);
        if (got < 0) return KAL_IO;
        if (!got) break;
        at += (size_t)got;
        n -= (size_t)got;
    }
    return KAL_OK;
}

static bool is_meta(const unsigned char *name)
{
    return !memcmp(name, "ICCP", 4) || !memcmp(name, "EXIF", 4) || !memcmp(name, "XMP ", 4);
}

// Heads of the chunks from `at` to `end`, and of what they hold as much as is looked at; of a frame its own chunks.
static kal_status fetch_chunks(kal__decoder *d, size_t at, size_t end, bool inner, int32_t *frames,
                               kal_error *err)
{
    kal_status st = KAL_OK;
    while (!st && at < end && end - at >= 8) {
        st = fetch(d, at, 8 + FRONT < end - at ? 8 + FRONT : end - at, err);
        const unsigned char *name = d->copy + at;
        const size_t n = kal__le(name + 4, 4), body = at + 8;
        const bool all = n <= end - body, shown = !inner && !memcmp(name, "ANMF", 4) && n >= 16;
        if (!st && shown) st = kal__pages_within(d->reader->name, "webp", ++*frames, &d->limits, err);
        if (!st && shown) st = fetch_chunks(d, body + 16, all ? body + n : end, true, frames, err);
        if (!st && is_meta(name) && all && n <= d->limits.meta_bytes) st = fetch(d, body, n, err);
        if (!all) break;
        at = body + n + (n & 1);
    }
    return st;
}

// A copy in which nothing is but what a header is made of; pages that nothing was put on are none of the machine's.
static kal_status read_skeleton(kal__decoder *d, kal_error *err)
{
    unsigned char head[12] = {0};
    int32_t frames = 0;
    d->copied = sizeof head;
    d->copy = head;
    kal_status st = fetch(d, 0, sizeof head, err);
    const uint64_t whole = kal__le(head + 4, 4) + (uint64_t)8;
    d->copied = whole < d->reader->size ? (size_t)whole : d->reader->size;
    d->copy = st ? NULL : kal__new_zero(d->copied, 1);
    if (st) return st;
    if (!d->copy) return kal_fail(err, KAL_NOMEM, "%s: webp: out of memory", d->reader->name);
    memcpy(d->copy, head, d->copied < sizeof head ? d->copied : sizeof head);
    return fetch_chunks(d, sizeof head, d->copied, false, &frames, err);
}

static kal_status read_head(kal__decoder *d, const kal_limits *limits, kal_error *err)
{
    kal__span file = {d->reader->memory, d->reader->size};
    kal_status st = KAL_OK;
    if (!file.p) {
        st = d->header_alone ? read_skeleton(d, err) : read_container(d, limits, err);
        file = (kal__span){d->copy, d->copied};
    }
    d->file = file;
    d->drawn = d->loops = -1;
    d->extent = (kal_extent){0, 0, 3, KAL_U8, KAL_RGB, false};
    if (!st) st = read_chunks(d, file, err);
    if (!st) st = read_features(d, err);
    if (!st)
        st = kal__within_limits(d->reader->name, "webp", (uint64_t)d->extent.width,
                                (uint64_t)d->extent.height, limits, err);
    return st;
}

static kal_status open_file(kal__reader *r, const kal__ask *ask, bool header_alone, kal__decoder **out,
                            kal_error *err)
{
    const kal__webp *l = kal__webp_lib();
    *out = NULL;
    if (!l)
        return kal_fail(err, KAL_UNSUPPORTED, "%s: webp: libwebp (%s) is not installed", r->name, LIBRARY);
    kal__decoder *d = kal__new_zero(1, sizeof *d);
    if (!d) return kal_fail(err, KAL_NOMEM, "%s: webp: out of memory", r->name);
    d->lib = l;
    d->reader = r;
    d->threads = ask->limits.threads > 1;
    d->limits = ask->limits;
    d->lenient = ask->lenient;
    d->page = ask->page;
    d->header_alone = header_alone;
    kal_status st = read_head(d, &ask->limits, err);
    if (!st && d->page >= d->pages) st = kal__no_page(r->name, d->page, d->pages, err);
    if (st)
        decoder_free(d);
    else
        *out = d;
    return st;
}

static kal_status webp_open(kal__reader *r, const kal__ask *ask, kal__decoder **out, kal_error *err)
{
    return open_file(r, ask, false, out, err);
}

// EXIF with or without the six bytes that JPEG wants before it.
static kal__span plain_exif(kal__span exif)
{
    if (exif.n > 6 && !memcmp(exif.p, "Exif\0\0", 6)) return (kal__span){exif.p + 6, exif.n - 6};
    return exif;
}

static kal_status webp_header(kal__reader *r, const kal__ask *ask, kal__header *h, kal__meta *meta,
                              kal_error *err)
{
    kal__decoder *d;
    kal_status st = open_file(r, ask, r->placed && r->size, &d, err);
    if (st) return st;
    const double pixels = (double)d->extent.width * d->extent.height;
    h->extent = d->extent;
    h->rows = 0;
    // measured: a lossless picture is held in 32 bits a pixel, a lossy one by some rows, its alpha whole
    h->memory = (size_t)(pixels * (d->lossless       ? 4.6
                                   : d->extent.alpha ? 1.2
                                                     : 0.1)) +
                ((size_t)1 << 20) + d->copied + (d->frames ? (size_t)pixels * 4 + d->largest : 0);
    const kal__span exif = plain_exif(d->exif);
    if (!kal__meta_take(meta, KAL__EXIF, exif.p, exif.n, &ask->limits) ||
        !kal__meta_take(meta, KAL__ICC, d->icc.p, d->icc.n, &ask->limits) ||
        !kal__meta_take(meta, KAL__XMP, d->xmp.p, d->xmp.n, &ask->limits))
        st = kal_fail(err, KAL_NOMEM, "%s: webp: out of memory for metadata", r->name);
    kal__meta_take_exif(meta);
    meta->pages = d->pages;
    meta->loops = d->loops;
    if (d->frames) meta->delay = d->frames[d->page].delay;
    decoder_free(d);
    return st;
}

// As far as it goes.
static VP8StatusCode decode_some(kal__decoder *d, kal__span picture, WebPDecoderConfig *c)
{
    int row = 0, width, height, stride;
    WebPIDecoder *part = d->lib->WebPIDecode(NULL, 0, c);
    if (!part) return VP8_STATUS_OUT_OF_MEMORY;
    const VP8StatusCode code = d->lib->WebPIUpdate(part, picture.p, picture.n);
    d->good = d->lib->WebPIDecGetRGB(part, &row, &width, &height, &stride) ? row : 0;
    d->lib->WebPIDelete(part);
    return code;
}

static int32_t webp_good(const kal__decoder *d)
{
    return d->frames ? 0 : d->good;   // of an animation the rows are still on the canvas
}

static kal_status decode(kal__decoder *d, kal__span picture, int32_t width, int32_t height, bool alpha,
                         unsigned char *dst, ptrdiff_t stride, kal_error *err)
{
    static const char *const causes[] = {"",
                                         "out of memory",
                                         "a value makes no sense",
                                         "the data is damaged",
                                         "this kind of file is not known",
                                         "it was stopped",
                                         "it was stopped by its caller",
                                         "the data ends too soon"};
    WebPDecoderConfig c;
    if (!d->lib->WebPInitDecoderConfigInternal(&c, WEBP_DECODER_ABI_VERSION))
        return kal_fail(err, KAL_UNSUPPORTED, "%s: webp: libwebp has another interface than is known here",
                        d->reader->name);
    c.options.use_threads = d->threads;
    c.output.colorspace = alpha ? MODE_RGBA : MODE_RGB;
    c.output.is_external_memory = 1;
    c.output.u.RGBA.rgba = dst;
    c.output.u.RGBA.stride = (int)stride;
    c.output.u.RGBA.size = (size_t)stride * (size_t)(height - 1) + (size_t)width * (alpha ? 4 : 3);
    const VP8StatusCode code =
        d->lenient ? decode_some(d, picture, &c) : d->lib->WebPDecode(picture.p, picture.n, &c);
    d->lib->WebPFreeDecBuffer(&c.output);
    if (code == VP8_STATUS_OK) return KAL_OK;
    return kal_fail(err, code == VP8_STATUS_OUT_OF_MEMORY ? KAL_NOMEM : KAL_CORRUPT,
                    "%s: webp: libwebp says that %s (in a file of %zu bytes)", d->reader->name,
                    (size_t)code < sizeof causes / sizeof *causes ? causes[code] : "something is wrong",
                    d->reader->memory ? d->reader->size : d->copied);
}

static unsigned char *on_canvas(const kal__decoder *d, int32_t x, int32_t y)
{
    return d->canvas + ((size_t)y * (size_t)d->extent.width + (size_t)x) * 4;
}

static void clear(const kal__decoder *d, kal_rect r)
{
    for (int32_t y = r.y0; y < r.y1; y++) memset(on_canvas(d, r.x0, y), 0, (size_t)(r.x1 - r.x0) * 4);
}

static kal_status draw(kal__decoder *d, const frame *f, kal_error *err)
{
    const int32_t w = f->rect.x1 - f->rect.x0, h = f->rect.y1 - f->rect.y0;
    const ptrdiff_t row = (ptrdiff_t)d->extent.width * 4;
    if (f->replaces) return decode(d, f->picture, w, h, true, on_canvas(d, f->rect.x0, f->rect.y0), row, err);
    if (!d->mixed) d->mixed = kal__new(d->largest, 1);
    if (!d->mixed) return kal_fail(err, KAL_NOMEM, "%s: webp: out of memory", d->reader->name);
    const kal_status st = decode(d, f->picture, w, h, true, d->mixed, (ptrdiff_t)w * 4, err);
    for (int32_t y = 0; y < h && !st; y++)
        kal__lay8(on_canvas(d, f->rect.x0, f->rect.y0 + y), d->mixed + (size_t)y * (size_t)w * 4, w, 3, true,
                  true);
    return st;
}

// Draws what is missing for the page: the frames since the last one that is there, or since one that hides them all.
static kal_status draw_page(kal__decoder *d, kal_error *err)
{
    const int32_t start = d->frames[d->page].start;
    if (!d->canvas) d->canvas = kal__new_zero((size_t)d->extent.width * (size_t)d->extent.height, 4);
    if (!d->canvas) return kal_fail(err, KAL_NOMEM, "%s: webp: out of memory", d->reader->name);
    if (start > d->drawn + 1) {
        clear(d, kal_rect_all(&d->extent));
        d->drawn = start - 1;
    } else if (d->drawn >= 0 && d->drawn < d->page && d->frames[d->drawn].clears) {
        clear(d, d->frames[d->drawn].rect);
    }
    while (d->drawn < d->page) {
        const frame *f = &d->frames[++d->drawn];
        const kal_status st = draw(d, f, err);
        if (st) return st;
        if (f->clears && d->drawn < d->page) clear(d, f->rect);
    }
    return KAL_OK;
}

static void copy_row(unsigned char *dst, const unsigned char *rgba, const kal_extent *e)
{
    for (int32_t x = 0; x < e->width; x++, dst += e->channels, rgba += 4)
        memcpy(dst, rgba, (size_t)e->channels);
}

static kal_status webp_rows(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n, kal_error *err)
{
    const kal_extent *e = &d->extent;
    const size_t row = (size_t)e->width * (size_t)e->channels;
    if (stride < (ptrdiff_t)row || n != e->height)
        return kal_fail(err, KAL_CHANGED, "%s: webp: the picture has another size than its header had",
                        d->reader->name);
    if (!d->frames) return decode(d, d->file, e->width, e->height, e->alpha, dst, stride, err);
    const kal_status st = draw_page(d, err);
    for (int32_t y = 0; y < n && !st; y++) copy_row(dst + y * stride, on_canvas(d, 0, y), e);
    return st;
}

static kal_status webp_next(kal__decoder *d, kal__header *h, kal__meta *m, kal_error *err)
{
    if (d->page + 1 >= d->pages) return kal__no_page(d->reader->name, d->page + 1, d->pages, err);
    d->page++;
    h->extent = d->extent;
    h->rows = 0;
    m->delay = d->frames[d->page].delay;
    return KAL_OK;
}

static kal_status webp_close(kal__decoder *d, kal_error *err)
{
    (void)err;
    decoder_free(d);
    return KAL_OK;
}

#else

KAL__MISSING_READER(webp, "libwebp")
KAL__MISSING_WRITER(webp, "libwebp")
#define webp_good NULL
#define webp_rows NULL
#define webp_next NULL
#define webp_close NULL
#define kal__webp_among NULL
#define kal__webp_page NULL
#define kal__webp_put NULL
#define kal__webp_turn NULL
#define kal__webp_end NULL

#endif

#define PARAMS kal__webp_p
static const kal_param params[] = {KAL__WEBP_PARAMS(KAL_SCHEMA)};

const kal__codec kal__codec_webp = {
    .name = "webp",
    .suffixes = "webp",
    .media_type = "image/webp",
    .help = "WebP: RGB with or without alpha, 8 bits, lossy and lossless; pages are those of an animation",
    .edition = "noise without tokens",
    .version = webp_version,
    .sniff = webp_sniff,
    .header = webp_header,
    .pages = true,
    .open = webp_open,
    .rows = webp_rows,
    .good = webp_good,
    .next = webp_next,
    .close = webp_close,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .params_size = sizeof(kal__webp_p),
    .accepts = kal__webp_accepts,
    .carries = 1u << KAL__EXIF | 1u << KAL__XMP | 1u << KAL__ICC,
    .begin = kal__webp_begin,
    .put = kal__webp_put,
    .among = kal__webp_among,
    .page = kal__webp_page,
    .turn = kal__webp_turn,
    .end = kal__webp_end,
};
