// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Reading WebP by libwebp: whole pictures, straight into where they belong; of an animation its canvas, page by page. What lies in a file says webp_file.c. A page begins
// transparent: the file's background colour is a hint that no viewer takes.
#include "webp_file.h"
#include "missing.h"

#include "lay.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool webp_sniff(const unsigned char *p, size_t n)
{
    kal__span chunks;
    return kal__webp_file(p, n, &chunks);
}

#if KAL__WEBP

static kal_status webp_open(kal__reader *r, const kal__ask *ask, kal__decoder **out, kal_error *err)
{
    return kal__webp_open_file(r, ask, false, out, err);
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
    kal_status st = kal__webp_open_file(r, ask, r->placed && r->size, &d, err);
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
    kal__webp_decoder_free(d);
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

static kal_status draw(kal__decoder *d, const kal__webp_frame *f, kal_error *err)
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
        const kal__webp_frame *f = &d->frames[++d->drawn];
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
    kal__webp_decoder_free(d);
    return KAL_OK;
}

#else

KAL__MISSING_READER(webp, "libwebp")
KAL__MISSING_WRITER(webp, "libwebp")
#define kal__webp_version webp_version
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
    .edition = "noise without tokens, gray profiles",
    .version = kal__webp_version,
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
