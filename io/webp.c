// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Reading WebP by libwebp: whole pictures, straight into where they belong; of an animation the first frame on its canvas. The container
// (RFC 9649) is read here, for metadata, frames, and because a cut file must be seen before anything is decoded.
#include "webp.h"

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

struct kal__decoder {
    const kal__webp *lib;
    kal__reader *reader;
    unsigned char *copy;   // of the file, when it does not lie in memory
    size_t copied;
    kal__span picture;   // what libwebp decodes: the file, or the first frame's chunks
    kal_extent extent;   // of the canvas
    kal_rect frame;      // where on it
    bool lossless;
    int pages;
    kal__span exif, icc, xmp;
    bool threads;
};

static void decoder_free(kal__decoder *d)
{
    free(d->copy);
    free(d);
}

static kal_status corrupt(const kal__decoder *d, size_t at, const char *what, kal_error *err)
{
    return kal_fail(err, KAL_CORRUPT, "%s: webp: at byte %zu: %s", d->reader->name, at, what);
}

// ANMF: place in pairs of pixels, size less 1, 24 bits each; duration; flags; then the frame's own chunks.
static kal_status first_frame(kal__decoder *d, kal__span body, size_t at, kal_error *err)
{
    if (body.n < 16 + 8) return corrupt(d, at, "the first frame is cut off", err);
    const int32_t x = (int32_t)kal__le(body.p, 3) * 2, y = (int32_t)kal__le(body.p + 3, 3) * 2;
    const int32_t w = (int32_t)kal__le(body.p + 6, 3) + 1, h = (int32_t)kal__le(body.p + 9, 3) + 1;
    d->frame = kal_rect_of(x, y, x + w, y + h);
    d->picture = (kal__span){body.p + 16, body.n - 16};
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
            if (!d->pages++) st = first_frame(d, body, at, err);
        } else if (!memcmp(name, "ICCP", 4)) {
            d->icc = body;
        } else if (!memcmp(name, "EXIF", 4)) {
            d->exif = body;
        } else if (!memcmp(name, "XMP ", 4)) {
            d->xmp = body;
        }
    }
    if (!st && (list.n || kal__le(file.p + 4, 4) + (uint64_t)8 > file.n + 1))
        st = kal_fail(err, KAL_CORRUPT, "%s: webp: the file ends at byte %zu, inside its chunk at byte %zu",
                      d->reader->name, file.n, (size_t)((list.n ? list.p : end) - file.p));
    return st;
}

static kal_status read_features(kal__decoder *d, kal_error *err)
{
    WebPBitstreamFeatures f;
    const VP8StatusCode code =
        d->lib->WebPGetFeaturesInternal(d->picture.p, d->picture.n, &f, WEBP_DECODER_ABI_VERSION);
    if (code != VP8_STATUS_OK) return corrupt(d, 12, "libwebp finds no picture", err);
    if (d->pages) {
        if (d->frame.x1 > d->extent.width || d->frame.y1 > d->extent.height)
            return corrupt(d, 12, "the first frame lies outside of its canvas", err);
        d->extent.alpha |= f.has_alpha || !kal_rect_equal(d->frame, kal_rect_all(&d->extent));
        if (f.width != d->frame.x1 - d->frame.x0 || f.height != d->frame.y1 - d->frame.y0)
            return corrupt(d, 12, "the first frame has another size than it says", err);
    } else {
        d->extent.width = f.width;
        d->extent.height = f.height;
        d->extent.alpha = f.has_alpha;
        d->frame = kal_rect_all(&d->extent);
        d->pages = 1;
    }
    d->lossless = f.format == 2;
    d->extent.channels = 3 + d->extent.alpha;
    return KAL_OK;
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
        st = kal_fail(err, KAL_LIMIT, "%s: webp: %llu bytes are more than the limit of %llu", d->reader->name,
                      (unsigned long long)whole, (unsigned long long)limits->file_bytes);
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

static kal_status read_head(kal__decoder *d, const kal_limits *limits, kal_error *err)
{
    kal__span file = {d->reader->memory, d->reader->size};
    kal_status st = KAL_OK;
    if (!file.p) {
        st = read_container(d, limits, err);
        file = (kal__span){d->copy, d->copied};
    }
    d->picture = file;
    d->extent = (kal_extent){0, 0, 3, KAL_U8, KAL_RGB, false};
    if (!st) st = read_chunks(d, file, err);
    if (!st) st = read_features(d, err);
    if (!st && (uint64_t)d->extent.width * (uint64_t)d->extent.height > limits->pixels)
        st = kal_fail(err, KAL_LIMIT, "%s: webp: %d×%d pixels are more than the limit of %llu",
                      d->reader->name, d->extent.width, d->extent.height, (unsigned long long)limits->pixels);
    return st;
}

static kal_status webp_open(kal__reader *r, const kal__ask *ask, kal__decoder **out, kal_error *err)
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
    const kal_status st = read_head(d, &ask->limits, err);
    if (st)
        decoder_free(d);
    else
        *out = d;
    return st;
}

// EXIF with or without the six bytes that JPEG wants before it.
static kal__span plain_exif(kal__span exif)
{
    if (exif.n > 6 && !memcmp(exif.p, "Exif\0\0", 6)) return (kal__span){exif.p + 6, exif.n - 6};
    return exif;
}

static bool take_blob(kal__blob *to, kal__span from, const kal_limits *limits)
{
    return from.n > limits->meta_bytes || kal__blob_set(to, from.p, from.n);
}

static kal_status webp_header(kal__reader *r, const kal__ask *ask, kal__header *h, kal__meta *meta,
                              kal_error *err)
{
    kal__decoder *d;
    kal_status st = webp_open(r, ask, &d, err);
    if (st) return st;
    const double pixels = (double)d->extent.width * d->extent.height;
    h->extent = d->extent;
    h->rows = 0;
    // measured: a lossless picture is held in 32 bits a pixel, a lossy one by some rows, its alpha whole
    h->memory = (size_t)(pixels * (d->lossless       ? 4.6
                                   : d->extent.alpha ? 1.2
                                                     : 0.1)) +
                ((size_t)1 << 20) + d->copied;
    if (!take_blob(&meta->exif, plain_exif(d->exif), &ask->limits) ||
        !take_blob(&meta->icc, d->icc, &ask->limits) || !take_blob(&meta->xmp, d->xmp, &ask->limits))
        st = kal_fail(err, KAL_NOMEM, "%s: webp: out of memory for metadata", r->name);
    meta->orientation = kal__exif_orientation(meta->exif.data, meta->exif.size);
    meta->pages = d->pages;
    decoder_free(d);
    return st;
}

static kal_status decode(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, kal_error *err)
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
    c.output.colorspace = d->extent.alpha ? MODE_RGBA : MODE_RGB;
    c.output.is_external_memory = 1;
    c.output.u.RGBA.rgba = dst + d->frame.y0 * stride + (ptrdiff_t)d->frame.x0 * d->extent.channels;
    c.output.u.RGBA.stride = (int)stride;
    c.output.u.RGBA.size = (size_t)stride * (size_t)(d->frame.y1 - d->frame.y0 - 1) +
                           (size_t)(d->frame.x1 - d->frame.x0) * (size_t)d->extent.channels;
    const VP8StatusCode code = d->lib->WebPDecode(d->picture.p, d->picture.n, &c);
    d->lib->WebPFreeDecBuffer(&c.output);
    if (code == VP8_STATUS_OK) return KAL_OK;
    return kal_fail(err, code == VP8_STATUS_OUT_OF_MEMORY ? KAL_NOMEM : KAL_CORRUPT,
                    "%s: webp: libwebp says that %s (in a file of %zu bytes)", d->reader->name,
                    (size_t)code < sizeof causes / sizeof *causes ? causes[code] : "something is wrong",
                    d->reader->memory ? d->reader->size : d->copied);
}

static kal_status webp_rows(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n, kal_error *err)
{
    const size_t row = (size_t)d->extent.width * (size_t)d->extent.channels;
    if (stride < (ptrdiff_t)row || n != d->extent.height)
        return kal_fail(err, KAL_CHANGED, "%s: webp: the picture has another size than its header had",
                        d->reader->name);
    if (!kal_rect_equal(d->frame, kal_rect_all(&d->extent)))
        for (int32_t y = 0; y < n; y++) memset(dst + y * stride, 0, row);
    return decode(d, dst, stride, err);
}

static kal_status webp_close(kal__decoder *d, kal_error *err)
{
    (void)err;
    decoder_free(d);
    return KAL_OK;
}

#else

static const char *webp_version(void)
{
    return NULL;
}

static kal_status not_there(const char *name, kal_error *err)
{
    return kal_fail(err, KAL_UNSUPPORTED, "%s: webp: this build has no libwebp", name);
}

static kal_status webp_header(kal__reader *r, const kal__ask *ask, kal__header *h, kal__meta *meta,
                              kal_error *err)
{
    (void)ask, (void)h, (void)meta;
    return not_there(r->name, err);
}

static kal_status webp_open(kal__reader *r, const kal__ask *ask, kal__decoder **out, kal_error *err)
{
    (void)ask;
    *out = NULL;
    return not_there(r->name, err);
}

static kal_status webp_rows(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n, kal_error *err)
{
    (void)d, (void)dst, (void)stride, (void)n;
    return not_there("a file", err);
}

static kal_status webp_close(kal__decoder *d, kal_error *err)
{
    (void)d, (void)err;
    return KAL_OK;
}

#endif

#define PARAMS kal__webp_p
static const kal_param params[] = {KAL__WEBP_PARAMS(KAL_SCHEMA)};

const kal__codec kal__codec_webp = {
    .name = "webp",
    .suffixes = "webp",
    .help = "WebP: RGB with or without alpha, 8 bits, lossy and lossless; of an animation the first frame",
    .edition = "1",
    .version = webp_version,
    .sniff = webp_sniff,
    .header = webp_header,
    .open = webp_open,
    .rows = webp_rows,
    .close = webp_close,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .params_size = sizeof(kal__webp_p),
    .accepts = kal__webp_accepts,
    .begin = kal__webp_begin,
    .put = kal__webp_put,
    .end = kal__webp_end,
};
