// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// HEVC on several threads. libheif has libde265 decode with one worker, so a picture that is not made of tiles takes one
// processor, although libde265 decodes rows of blocks beside each other when they were coded for it (wavefronts,
// as x265 writes). This is a decoder for libheif that starts as many workers as the request has threads. The decoder
// is the same library that libheif's own uses, or there is none, so pixels are the same. Boxes stay libheif's, and
// colours where we do not know how it would make them; where we do, they are made here (heif_rgb.c), in a fraction of
// its time. It offers itself on a thread inside our own calls only: other users of libheif in the process, and the tiles
// of grids, which libheif decodes on threads of its own, never meet it.
#include "heif_de265.h"

#include <stdlib.h>
#include <string.h>

#if KAL__HEIF

static _Thread_local kal__hevc_wish wish;

void kal__hevc_wish_for(const kal__hevc_wish *w)
{
    wish = *w;
}

#if KAL__DE265

#include <libheif/heif_plugin.h>

static const kal__de265 *de265;
static const kal__heif *lib;
static bool registered;

typedef struct decoder {
    de265_decoder_context *context;
    bool strict;
} decoder;

static struct heif_error failed(enum heif_suberror_code code, const char *message)
{
    return (struct heif_error){heif_error_Decoder_plugin_error, code, message};
}

static const struct heif_error fine = {heif_error_Ok, heif_suberror_Unspecified, "Success"};

// ---- a picture ----------------------------------------------------------------------------------

// The same planes in an image of libheif's.
static struct heif_error copy_plane(const struct de265_image *from, int c, struct heif_image *to)
{
    static const enum heif_channel channels[] = {heif_channel_Y, heif_channel_Cb, heif_channel_Cr};
    const int w = de265->de265_get_image_width(from, c), h = de265->de265_get_image_height(from, c),
              bits = de265->de265_get_bits_per_pixel(from, c);
    if (w < 1 || h < 1) return failed(heif_suberror_Invalid_image_size, "a plane without samples");
    if (bits != de265->de265_get_bits_per_pixel(from, 0))
        return (struct heif_error){heif_error_Unsupported_feature, heif_suberror_Unsupported_color_conversion,
                                   "planes of different numbers of bits"};
    const struct heif_error e = lib->heif_image_add_plane(to, channels[c], w, h, bits);
    if (e.code) return e;
    int pitch = 0, step = 0;
    const unsigned char *src = de265->de265_get_image_plane(from, c, &pitch);
    unsigned char *dst = lib->heif_image_get_plane(to, channels[c], &step);
    if (!src || !dst) return failed(heif_suberror_Unspecified, "a plane is missing");
    const size_t row = (size_t)w * (bits > 8 ? 2 : 1);
    for (int y = 0; y < h; y++) memcpy(dst + (ptrdiff_t)y * step, src + (ptrdiff_t)y * pitch, row);
    return fine;
}

// The colours that the stream itself names; those in the file's boxes come before them. What libheif does not know is
// an error only where strictness was asked for.
static struct heif_error stream_colours(const struct de265_image *from, bool strict,
                                        struct heif_color_profile_nclx *n)
{
    const struct heif_error known[] = {
        lib->heif_nclx_color_profile_set_color_primaries(
            n, (uint16_t)de265->de265_get_image_colour_primaries(from)),
        lib->heif_nclx_color_profile_set_transfer_characteristics(
            n, (uint16_t)de265->de265_get_image_transfer_characteristics(from)),
        lib->heif_nclx_color_profile_set_matrix_coefficients(
            n, (uint16_t)de265->de265_get_image_matrix_coefficients(from))};
    struct heif_error e = fine;
    for (size_t i = 0; strict && i < sizeof known / sizeof *known && !e.code; i++) e = known[i];
    n->full_range_flag = de265->de265_get_image_full_range_flag(from) != 0;
    return e;
}

static struct heif_error take_rgb(const struct de265_image *from, const kal__ycc *p, struct heif_image **to)
{
    static const enum heif_channel channels[] = {heif_channel_R, heif_channel_G, heif_channel_B};
    const int w = de265->de265_get_image_width(from, 0), h = de265->de265_get_image_height(from, 0);
    struct heif_error e = lib->heif_image_create(w, h, heif_colorspace_RGB, heif_chroma_444, to);
    unsigned char *row[3] = {0};
    int pitch[3];
    for (int c = 0; c < 3 && !e.code; c++) {
        e = lib->heif_image_add_plane(*to, channels[c], w, h, p->bits);
        if (!e.code) row[c] = lib->heif_image_get_plane(*to, channels[c], &pitch[c]);
        if (!e.code && !row[c]) e = failed(heif_suberror_Unspecified, "a plane is missing");
    }
    for (int y = 0; y < h && !e.code; y++) {
        kal__heif_rgb_row(p, y, w, row);
        for (int c = 0; c < 3; c++) row[c] += pitch[c];
    }
    return e;
}

static struct heif_error take_ycc(const struct de265_image *from, struct heif_image **to)
{
    const enum de265_chroma chroma = de265->de265_get_chroma_format(from);
    const bool gray = chroma == de265_chroma_mono;
    struct heif_error e = lib->heif_image_create(
        de265->de265_get_image_width(from, 0), de265->de265_get_image_height(from, 0),
        gray ? heif_colorspace_monochrome : heif_colorspace_YCbCr, (enum heif_chroma)chroma, to);
    for (int c = 0; c < (gray ? 1 : 3) && !e.code; c++) e = copy_plane(from, c, *to);
    return e;
}

static struct heif_error take_picture(const decoder *d, const struct de265_image *from,
                                      struct heif_image **out)
{
    *out = NULL;
    struct heif_color_profile_nclx *n = lib->heif_nclx_color_profile_alloc();
    if (!n) return failed(heif_suberror_Unspecified, "out of memory");
    kal__ycc p;
    struct heif_error e = stream_colours(from, d->strict, n);
    if (!e.code && wish.rgb &&
        kal__de265_describe(from, (int)(wish.colours ? wish.colours : n)->matrix_coefficients,
                            (wish.colours ? wish.colours : n)->full_range_flag, &p))
        e = take_rgb(from, &p, out);
    else if (!e.code)
        e = take_ycc(from, out);
    if (!e.code) e = lib->heif_image_set_nclx_color_profile(*out, n);
    lib->heif_nclx_color_profile_free(n);
    if (e.code && *out) {
        lib->heif_image_release(*out);
        *out = NULL;
    }
    return e;
}

// ---- what libheif calls -------------------------------------------------------------------------

static const char *get_name(void)
{
    return "kallitype's libde265 HEVC decoder";
}

static int supports(enum heif_compression_format format)
{
    return wish.workers > 0 && format == heif_compression_HEVC ? 1000 : 0;   // libheif's own: 100
}

static void free_decoder(void *p)
{
    decoder *d = p;
    de265->de265_free_decoder(d->context);
    free(d);
}

static struct heif_error new_decoder(void **out)
{
    decoder *d = kal__new_zero(1, sizeof *d);
    *out = NULL;
    if (d) d->context = de265->de265_new_decoder();
    if (!d || !d->context) {
        free(d);
        return (struct heif_error){heif_error_Memory_allocation_error, heif_suberror_Unspecified,
                                   "out of memory"};
    }
    // A picture in which it meets errors is none: what is missing would be whatever lay in memory.
    de265->de265_set_parameter_bool(d->context, DE265_DECODER_PARAM_SUPPRESS_FAULTY_PICTURES, 1);
    const de265_error e = de265->de265_start_worker_threads(d->context, wish.workers);
    if (e != DE265_OK) {
        free_decoder(d);
        return failed(heif_suberror_Unspecified, de265->de265_get_error_text(e));
    }
    *out = d;
    return fine;
}

static void set_strict(void *p, int flag)
{
    decoder *d = p;
    d->strict = flag != 0;
}

static struct heif_error push(void *p, const void *data, size_t n)
{
    const decoder *d = p;
    const char *wrong = kal__de265_push(d->context, data, n);
    return wrong ? failed(heif_suberror_End_of_data, wrong) : fine;
}

// The last picture counts, as with libheif's own.
static struct heif_error decode(void *p, struct heif_image **out)
{
    const decoder *d = p;
    struct heif_error e = fine;
    *out = NULL;
    de265->de265_flush_data(d->context);
    for (int more = 1; more && !e.code;) {
        more = 0;
        const de265_error code = de265->de265_decode(d->context, &more);
        if (code != DE265_OK) {
            if (!*out) e = failed(heif_suberror_Unspecified, de265->de265_get_error_text(code));
            break;
        }
        const struct de265_image *image = de265->de265_get_next_picture(d->context);
        if (!image) continue;
        if (*out) lib->heif_image_release(*out);
        e = take_picture(d, image, out);
        de265->de265_release_next_picture(d->context);
    }
    if (!e.code && !*out)
        e = failed(heif_suberror_Unspecified, "the stream is damaged, or without a picture");
    return e;
}

static const struct heif_decoder_plugin plugin = {
    .plugin_api_version = 3,   // of libheif 1.15; later ones take it
    .get_plugin_name = get_name,
    .does_support_format = supports,
    .new_decoder = new_decoder,
    .free_decoder = free_decoder,
    .push_data = push,
    .decode_image = decode,
    .set_strict_decoding = set_strict,
    .id_name = "kallitype-libde265",
};

// ---- registering --------------------------------------------------------------------------------

// "libde265 HEVC decoder, version 1.0.11"
static bool is_same(const char *own)
{
    static const char name[] = "libde265 HEVC decoder, version ";
    return !strncmp(own, name, sizeof name - 1) && !strcmp(own + sizeof name - 1, de265->de265_get_version());
}

bool kal__hevc_register(const kal__heif *l, const char *own)
{
    if (!l->heif_register_decoder_plugin || !l->heif_nclx_color_profile_set_color_primaries ||
        !l->heif_nclx_color_profile_set_transfer_characteristics ||
        !l->heif_nclx_color_profile_set_matrix_coefficients || !(de265 = kal__de265_lib()) || !is_same(own))
        return false;
    lib = l;
    registered = !l->heif_register_decoder_plugin(&plugin).code;
    return registered;
}

bool kal__hevc_registered(void)
{
    return registered;
}

#else

bool kal__hevc_register(const kal__heif *l, const char *own)
{
    (void)l, (void)own;
    return false;
}

bool kal__hevc_registered(void)
{
    return false;
}

#endif

#endif
