// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See webp_file.h. The container (RFC 9649) is read here, for metadata and frames, and because a cut file must be seen before anything is decoded.
#include "webp_file.h"

#include <stdlib.h>
#include <string.h>

// ---- chunks ---

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

#if KAL__WEBP

// ---- the container ---

void kal__webp_decoder_free(kal__decoder *d)
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
        !kal__grow(&d->frames, d->pages ? 2 * (size_t)d->pages : 1, sizeof(kal__webp_frame)))
        return kal_fail(err, KAL_NOMEM, "%s: webp: out of memory", d->reader->name);
    const int32_t x = (int32_t)kal__le(body.p, 3) * 2, y = (int32_t)kal__le(body.p + 3, 3) * 2;
    const int32_t w = (int32_t)kal__le(body.p + 6, 3) + 1, h = (int32_t)kal__le(body.p + 9, 3) + 1;
    d->frames[d->pages++] = (kal__webp_frame){.picture = {body.p + 16, body.n - 16},
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
        kal__webp_frame *f = &d->frames[i];
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

kal_status kal__webp_open_file(kal__reader *r, const kal__ask *ask, bool header_alone, kal__decoder **out,
                               kal_error *err)
{
    const kal__webp *l = kal__webp_lib();
    *out = NULL;
    if (!l)
        return kal_fail(err, KAL_UNSUPPORTED, "%s: webp: libwebp (%s) is not installed", r->name,
                        KAL__WEBP_LIBRARY);
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
        kal__webp_decoder_free(d);
    else
        *out = d;
    return st;
}

#endif
