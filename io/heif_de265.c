// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See heif_de265.h. libde265 is opened when the first HEVC picture is met, as libheif is.
#include "heif_de265.h"

#include <pthread.h>
#include <string.h>

#if KAL__HEIF

#if KAL__DE265

#if defined(__APPLE__)
#define LIBRARY "libde265.0.dylib"
#else
#define LIBRARY "libde265.so.0"
#endif

static pthread_once_t once = PTHREAD_ONCE_INIT;
static kal__de265 lib;
static bool usable;

static void load(void)
{
    static const char *const names[] = {KAL__DE265_NEEDED(KAL__NAME)};
    const size_t n = sizeof names / sizeof *names;
    usable = kal__library(LIBRARY, names, n, n, &lib) && lib.de265_init() == DE265_OK;
}

const kal__de265 *kal__de265_lib(void)
{
    pthread_once(&once, load);
    return usable ? &lib : NULL;
}

bool kal__hevc_here(void)
{
    return kal__de265_lib() != NULL;
}

const char *kal__de265_push(de265_decoder_context *c, const unsigned char *at, size_t n)
{
    while (n) {
        const uint64_t size = n < 4 ? n : kal__be(at, 4);
        if (n < 4 || size > n - 4 || size > INT32_MAX) return "the picture ends inside a NAL unit";
        const de265_error e = lib.de265_push_NAL(c, at + 4, (int)size, 0, NULL);
        if (e != DE265_OK) return lib.de265_get_error_text(e);
        at += 4 + size;
        n -= 4 + (size_t)size;
    }
    return NULL;
}

bool kal__de265_describe(const struct de265_image *from, int matrix, bool full, kal__ycc *out)
{
    const enum de265_chroma chroma = lib.de265_get_chroma_format(from);
    const int bits = lib.de265_get_bits_per_pixel(from, 0), w = lib.de265_get_image_width(from, 0),
              h = lib.de265_get_image_height(from, 0);
    *out = (kal__ycc){.across = chroma != de265_chroma_444, .down = chroma == de265_chroma_420, .bits = bits};
    if (chroma == de265_chroma_mono || bits < 8 || bits > 14 || w < 1 || h < 1 ||
        !kal__heif_matrix(matrix, out->matrix))
        return false;
    out->black = full ? 0 : (float)(16 << (bits - 8));
    out->luma = full ? 1 : 1.1689f;
    out->chroma = full ? 1 : 1.1429f;
    for (int c = 0, pitch; c < 3; c++) {
        out->plane[c] = lib.de265_get_image_plane(from, c, &pitch);
        out->pitch[c] = pitch;
        const int across = c ? out->across : 0, down = c ? out->down : 0;
        if (!out->plane[c] || lib.de265_get_bits_per_pixel(from, c) != bits ||
            lib.de265_get_image_width(from, c) < (w + across) >> across ||
            lib.de265_get_image_height(from, c) < (h + down) >> down)
            return false;
    }
    return true;
}

// ---- one picture --------------------------------------------------------------------------------

// hvcC: 22 bytes, then arrays of a kind, a count, and parameter sets behind lengths of two bytes.
static const char *push_config(de265_decoder_context *d, kal__span at)
{
    static const char damaged[] = "its configuration (hvcC) is damaged";
    uint64_t arrays, kind, n, size;
    if (!kal__skip(&at, 22) || !kal__take_be(&at, 1, &arrays)) return damaged;
    for (; arrays; arrays--) {
        if (!kal__take_be(&at, 1, &kind) || !kal__take_be(&at, 2, &n)) return damaged;
        for (; n; n--) {
            if (!kal__take_be(&at, 2, &size) || size > at.n) return damaged;
            const de265_error e = lib.de265_push_NAL(d, at.p, (int)size, 0, NULL);
            if (e != DE265_OK) return lib.de265_get_error_text(e);
            kal__skip(&at, (size_t)size);
        }
    }
    return NULL;
}

// A matrix that libheif has no name for is an unspecified one to it.
static int matrix_of(const struct de265_image *image)
{
    const int matrix = (int)lib.de265_get_image_matrix_coefficients(image);
    return matrix == 3 || matrix > 14 ? 2 : matrix;
}

// Matrix 0 in the full range: the planes are green, blue and red themselves.
static bool is_rgb(const struct de265_image *image, int matrix, bool full)
{
    return matrix == 0 && full && lib.de265_get_chroma_format(image) == de265_chroma_444;
}

static void copy_rows(const kal__hevc_coded *c, const struct de265_image *image)
{
    static const int planes[] = {2, 0, 1};
    const size_t row = (size_t)c->width * (c->bits > 8 ? 2 : 1);
    for (int y = 0; y < c->height; y++) {
        for (int k = 0, pitch; k < 3; k++) {
            const unsigned char *from = lib.de265_get_image_plane(image, planes[k], &pitch);
            memcpy(c->rgb[k], from + (ptrdiff_t)y * pitch, row);
        }
        c->row(c->user, y);
    }
}

static kal_status take(const kal__hevc_coded *c, const struct de265_image *image, const char **why)
{
    kal__ycc p;
    const bool told = c->matrix >= 0, full = told ? c->full : lib.de265_get_image_full_range_flag(image) != 0;
    const int matrix = told ? c->matrix : matrix_of(image);
    *why = "it has fewer pixels, or other bits, than the boxes say";   // what is more is cut off
    if (lib.de265_get_image_width(image, 0) < c->width || lib.de265_get_image_height(image, 0) < c->height)
        return KAL_CORRUPT;
    for (int k = 0; k < (lib.de265_get_chroma_format(image) == de265_chroma_mono ? 1 : 3); k++)
        if (lib.de265_get_bits_per_pixel(image, k) != c->bits) return KAL_CORRUPT;
    if (is_rgb(image, matrix, full)) {
        copy_rows(c, image);
        return KAL_OK;
    }
    *why = "its stream names colours that tiles are not decoded with";
    if (!kal__de265_describe(image, matrix, full, &p)) return KAL_UNSUPPORTED;
    for (int y = 0; y < c->height; y++) {
        kal__heif_rgb_row(&p, y, c->width, c->rgb);
        c->row(c->user, y);
    }
    return KAL_OK;
}

// There is one picture; of several the last counts, as with libheif.
static kal_status decode(const kal__hevc_coded *c, de265_decoder_context *d, const char **why)
{
    bool taken = false;
    kal_status st = KAL_OK;
    *why = push_config(d, c->config);
    if (!*why) *why = kal__de265_push(d, c->data.p, c->data.n);
    if (*why) return KAL_CORRUPT;
    lib.de265_flush_data(d);
    for (int more = 1; more && !st;) {
        const de265_error e = lib.de265_decode(d, &more);
        if (e != DE265_OK && taken) break;
        if (e != DE265_OK) {
            *why = lib.de265_get_error_text(e);
            return KAL_CORRUPT;
        }
        const struct de265_image *image = lib.de265_get_next_picture(d);
        if (!image) continue;
        taken = true;
        st = take(c, image, why);
        lib.de265_release_next_picture(d);
    }
    if (!st && !taken) *why = "the stream is damaged, or without a picture";
    return st || taken ? st : KAL_CORRUPT;
}

kal_status kal__hevc_decode(const kal__hevc_coded *c, const char **why)
{
    de265_decoder_context *d = kal__de265_lib() ? lib.de265_new_decoder() : NULL;
    *why = "out of memory";
    if (!d) return KAL_NOMEM;
    // A picture in which it meets errors is none: what is missing would be whatever lay in memory.
    lib.de265_set_parameter_bool(d, DE265_DECODER_PARAM_SUPPRESS_FAULTY_PICTURES, 1);
    const kal_status st = decode(c, d, why);
    lib.de265_free_decoder(d);
    return st;
}

#else

bool kal__hevc_here(void)
{
    return false;
}

kal_status kal__hevc_decode(const kal__hevc_coded *c, const char **why)
{
    (void)c;
    *why = "libde265 is not there";
    return KAL_UNSUPPORTED;
}

#endif
#endif
