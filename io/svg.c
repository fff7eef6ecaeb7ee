// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// SVG by librsvg and Cairo: RGBA at its natural size at 96 dpi, colours not multiplied by alpha, c = (255·p + a/2) / a of Cairo's. The file is
// given without a place of its own, so that nothing it names is loaded: no other file, no network. What is in it is drawn with the fonts of
// this machine.
#include "codec.h"
#include "missing.h"
#include "library.h"
#include "mem.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- what it looks like -------------------------------------------------------------------------

static size_t past(const char *p, size_t n, size_t at, const char *end)
{
    for (const size_t len = strlen(end); at + len <= n; at++)
        if (!memcmp(p + at, end, len)) return at + len;
    return n;
}

static bool starts(const char *p, size_t n, size_t at, const char *with)
{
    return at + strlen(with) <= n && !memcmp(p + at, with, strlen(with));
}

// Behind a declaration, comments and a document type the first element is svg, perhaps with a prefix.
static bool svg_sniff(const unsigned char *head, size_t n)
{
    const char *p = (const char *)head;
    size_t at = starts(p, n, 0, "\xef\xbb\xbf") ? 3 : 0;
    if (n > 4096) n = 4096;
    while (at < n) {
        if (strchr(" \t\r\n", p[at]) && p[at]) {
            at++;
        } else if (starts(p, n, at, "<?")) {
            at = past(p, n, at, "?>");
        } else if (starts(p, n, at, "<!--")) {
            at = past(p, n, at, "-->");
        } else if (starts(p, n, at, "<!DOCTYPE")) {
            const size_t end = past(p, n, at, ">");
            const char *inside = memchr(p + at, '[', end - at);
            at = inside ? past(p, n, at, "]>") : end;
        } else {
            break;
        }
    }
    if (at >= n || p[at++] != '<') return false;
    size_t end = at;
    while (end < n && !strchr(" \t\r\n/>", p[end])) end++;
    return end < n && end - at >= 3 && !memcmp(p + end - 3, "svg", 3) && (end - at == 3 || p[end - 4] == ':');
}

// ---- reading ------------------------------------------------------------------------------------

#if !defined(KAL_NO_RSVG) && defined(__has_include)
#if __has_include(<librsvg/rsvg.h>)
#define RSVG 1   // its headers were there when we were built
#endif
#endif

#if RSVG

#include <librsvg/rsvg.h>

#if defined(__APPLE__)
#define LIBRARY "librsvg-2.2.dylib"
#else
#define LIBRARY "librsvg-2.so.2"
#endif

#define NEEDED(F)                               \
    F(rsvg_handle_new_from_data)                \
    F(rsvg_handle_set_dpi)                      \
    F(rsvg_handle_get_intrinsic_dimensions)     \
    F(rsvg_handle_get_intrinsic_size_in_pixels) \
    F(rsvg_handle_render_document)              \
    F(g_object_unref)                           \
    F(g_error_free)                             \
    F(cairo_version_string)                     \
    F(cairo_image_surface_create_for_data)      \
    F(cairo_surface_flush)                      \
    F(cairo_surface_destroy)                    \
    F(cairo_create)                             \
    F(cairo_status)                             \
    F(cairo_status_to_string)                   \
    F(cairo_destroy)

static struct {
    NEEDED(KAL__FUNCTION)
    const guint *major, *minor, *micro;
} lib;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static char version[80];

static void load(void)
{
    static const char *const names[] = {NEEDED(KAL__NAME) "rsvg_major_version", "rsvg_minor_version",
                                        "rsvg_micro_version"};
    const size_t n = sizeof names / sizeof *names;
    if (kal__library(LIBRARY, names, n, n, &lib))
        snprintf(version, sizeof version, "librsvg %u.%u.%u cairo %s", *lib.major, *lib.minor, *lib.micro,
                 lib.cairo_version_string());
}

static const char *svg_version(void)
{
    pthread_once(&once, load);
    return *version ? version : NULL;
}

struct kal__decoder {
    kal__reader *reader;
    unsigned char *copy;   // of the file, when it does not lie in memory
    const unsigned char *data;
    size_t size;
    RsvgHandle *svg;
    double width, height;   // in pixels
    kal_extent extent;
};

static kal_status svg_close(kal__decoder *d, kal_error *err)
{
    (void)err;   // all of it was read before the first row
    if (d->svg) lib.g_object_unref(d->svg);
    free(d->copy);
    free(d);
    return KAL_OK;
}

// The library says where in the text.
static kal_status refused(const kal__decoder *d, GError *e, kal_error *err)
{
    const kal_status st = kal_fail(err, KAL_CORRUPT, "%s: svg: in a file of %zu bytes: %s", d->reader->name,
                                   d->size, e ? e->message : "librsvg does not say what is wrong");
    if (e) lib.g_error_free(e);
    return st;
}

// What CSS gives pictures without any.
#define OTHER_WIDTH 300
#define OTHER_HEIGHT 150

// Width and height; where there are none or they are parts of something, those of the viewBox.
static void natural_size(kal__decoder *d)
{
    gboolean has_width, has_height, has_box;
    RsvgLength width, height;
    RsvgRectangle box;
    if (lib.rsvg_handle_get_intrinsic_size_in_pixels(d->svg, &d->width, &d->height)) return;
    lib.rsvg_handle_get_intrinsic_dimensions(d->svg, &has_width, &width, &has_height, &height, &has_box,
                                             &box);
    d->width = has_box ? box.width : OTHER_WIDTH;
    d->height = has_box ? box.height : OTHER_HEIGHT;
}

static kal_status set_extent(kal__decoder *d, const kal_limits *limits, kal_error *err)
{
    natural_size(d);
    if (!(d->width > 0 && d->height > 0))
        return kal_fail(err, KAL_CORRUPT, "%s: svg: the picture is %g×%g", d->reader->name, d->width,
                        d->height);
    const double w = d->width > 1e6 ? 1e6 : d->width, h = d->height > 1e6 ? 1e6 : d->height;
    const int32_t across = (int32_t)w + (w > (int32_t)w), down = (int32_t)h + (h > (int32_t)h);
    const kal_status over =
        kal__within_limits(d->reader->name, "svg", (uint64_t)across, (uint64_t)down, limits, err);
    if (over) return over;
    if (across > 32767 || down > 32767)
        return kal_fail(err, KAL_LIMIT,
                        "%s: svg: %d×%d pixels are more than Cairo's limit of 32767 a side, which stays",
                        d->reader->name, across, down);
    d->extent = (kal_extent){across, down, 4, KAL_U8, KAL_RGB, true};
    return KAL_OK;
}

static kal_status parse(kal__decoder *d, const kal_limits *limits, kal_error *err)
{
    kal_status st = KAL_OK;
    d->data = d->reader->memory;
    d->size = d->reader->size;
    if (!d->data) {
        st = kal__read_all(d->reader, limits->file_bytes, &d->copy, &d->size, err);
        d->data = d->copy;
    }
    if (st) return st;
    GError *e = NULL;
    d->svg = lib.rsvg_handle_new_from_data(d->data, d->size, &e);
    if (!d->svg) return refused(d, e, err);
    lib.rsvg_handle_set_dpi(d->svg, 96);
    return set_extent(d, limits, err);
}

static kal_status svg_open(kal__reader *r, const kal__ask *ask, kal__decoder **out, kal_error *err)
{
    *out = NULL;
    if (!svg_version())
        return kal_fail(err, KAL_UNSUPPORTED, "%s: svg: librsvg (%s) is not installed", r->name, LIBRARY);
    kal__decoder *d = kal__new_zero(1, sizeof *d);
    if (!d) return kal_fail(err, KAL_NOMEM, "%s: svg: out of memory", r->name);
    d->reader = r;
    const kal_status st = parse(d, &ask->limits, err);
    if (st)
        svg_close(d, NULL);
    else
        *out = d;
    return st;
}

static kal_status svg_header(kal__reader *r, const kal__ask *ask, kal__header *h, kal__meta *meta,
                             kal_error *err)
{
    kal__decoder *d;
    const kal_status st = svg_open(r, ask, &d, err);
    if (st) return st;
    h->extent = d->extent;
    h->rows = 0;
    // measured: the tree of a file of many short paths, and the libraries with their fonts; what filters and groups hold is not known before
    h->memory = (size_t)d->extent.width * (size_t)d->extent.height * 4 + d->size * 42 + ((size_t)10 << 20);
    meta->density[0] = meta->density[1] = 96 / 0.0254;
    svg_close(d, NULL);
    return KAL_OK;
}

static void take_row(unsigned char *dst, const uint32_t *argb, int32_t n)
{
    for (; n; n--, dst += 4, argb++) {
        const uint32_t a = *argb >> 24;
        for (int c = 0; c < 3; c++) {
            const uint32_t p = *argb >> (16 - 8 * c) & 255, v = a ? (255 * p + a / 2) / a : 0;
            dst[c] = (unsigned char)(v < 255 ? v : 255);
        }
        dst[3] = (unsigned char)a;
    }
}

static kal_status draw(kal__decoder *d, uint32_t *pixels, kal_error *err)
{
    const int32_t w = d->extent.width, h = d->extent.height;
    const RsvgRectangle all = {0, 0, d->width, d->height};
    GError *e = NULL;
    cairo_surface_t *surface =
        lib.cairo_image_surface_create_for_data((unsigned char *)pixels, CAIRO_FORMAT_ARGB32, w, h, 4 * w);
    cairo_t *c = lib.cairo_create(surface);
    kal_status st = KAL_OK;
    if (!lib.rsvg_handle_render_document(d->svg, c, &all, &e)) st = refused(d, e, err);
    const cairo_status_t said = lib.cairo_status(c);
    if (!st && said)
        st = kal_fail(err, said == CAIRO_STATUS_NO_MEMORY ? KAL_NOMEM : KAL_CORRUPT,
                      "%s: svg: Cairo says: %s", d->reader->name, lib.cairo_status_to_string(said));
    lib.cairo_destroy(c);
    lib.cairo_surface_flush(surface);
    lib.cairo_surface_destroy(surface);
    return st;
}

static kal_status svg_rows(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n, kal_error *err)
{
    const int32_t w = d->extent.width;
    if (stride < (ptrdiff_t)w * 4 || n != d->extent.height)
        return kal_fail(err, KAL_CHANGED, "%s: svg: the picture has another size than its header had",
                        d->reader->name);
    uint32_t *pixels = kal__new_zero((size_t)w * (size_t)n, 4);
    if (!pixels) return kal_fail(err, KAL_NOMEM, "%s: svg: out of memory", d->reader->name);
    const kal_status st = draw(d, pixels, err);
    for (int32_t y = 0; y < n && !st; y++) take_row(dst + y * stride, pixels + (size_t)y * (size_t)w, w);
    free(pixels);
    return st;
}

#else

KAL__MISSING_READER(svg, "librsvg")
#define svg_rows NULL
#define svg_close NULL

#endif

const kal__codec kal__codec_svg = {
    .name = "svg",
    .suffixes = "svg",
    .media_type = "image/svg+xml",
    .help =
        "SVG: drawn at its natural size at 96 dpi, RGBA; nothing outside of the file is loaded. Read only",
    .version = svg_version,
    .sniff = svg_sniff,
    .header = svg_header,
    .open = svg_open,
    .rows = svg_rows,
    .close = svg_close,
};
