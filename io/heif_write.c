// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Writing HEIC and AVIF through libheif: the rows are collected into its image, and everything is coded at
// the end, HEVC on one thread. Lossless means the RGB samples themselves are coded (identity matrix, 4:4:4), not
// YCbCr made from them.
#include "heif.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if KAL__HEIF

struct kal__encoder {
    const kal__heif *lib;
    kal__writer *writer;
    kal_extent extent;
    kal__heif_p params;
    enum heif_compression_format format;
    kal__meta *meta;
    int32_t y;
    struct heif_context *context;
    struct heif_encoder *encoder;
    struct heif_image *image;
    kal_status status;   // of the writer
    kal_error *err;
};

static const char *name_of(enum heif_compression_format format)
{
    return format == heif_compression_AV1 ? "avif" : "heif";
}

#define AV1_USUAL 3   // effort; beyond it libaom holds more

// From that effort on libaom copies blocks within pictures that look like screens, for which it holds 66 bytes a pixel more, and some. Whether one does
// is known to it alone, so it is counted for all; and larger pictures do without, or a photograph of 12 MP would need a gigabyte.
#define AV1_COPIES 2
#define AV1_COPIES_UP_TO (1 << 22)   // pixels

static bool may_copy_blocks(const kal_extent *x)
{
    return (int64_t)x->width * x->height <= AV1_COPIES_UP_TO;
}

// Our picture, and what was measured for x265 and libaom at its worst, of noise at the highest quality, of 0.25 to 12 MP: so much a pixel, and beside it what the heap keeps of blocks that
// were given back, which grows with the first of them and then no more.
static size_t encoder_memory(const kal_extent *x, enum heif_compression_format format, const kal__heif_p *p)
{
    static const struct {
        double each, alpha, lossless, full_colour;
        double kept, kept_each, kept_most;
    } held[] = {{19.5, 1.5, 20.5, 14, 22e6, 0, 22e6}, {20.5, 4, 22, 20.5, 13e6, 18, 38.6e6}};
    const int av1 = format == heif_compression_AV1;
    const bool hard = av1 && p->effort > AV1_USUAL;
    const bool copies = av1 && p->effort >= AV1_COPIES && may_copy_blocks(x);
    const double pixels = (double)x->width * (double)x->height,
                 more = p->lossless ? held[av1].lossless * (x->channels < 3 ? 0.12 : 1)
                                    : held[av1].full_colour * (x->channels < 3 ? 0 : p->subsampling / 2.0),
                 each = held[av1].each + x->channels + (x->alpha ? held[av1].alpha : 0) + more,
                 kept = held[av1].kept + (held[av1].kept_each + (hard ? 12 : 0)) * pixels,
                 most = held[av1].kept_most * (p->lossless ? 1.2 : 1) + (hard ? 28e6 : 0);
    const double found = 25 * pixels < 25e6 ? 25 * pixels : 25e6;   // tables, of where blocks have been seen
    return (size_t)(pixels * each + (kept < most ? kept : most) + (copies ? 66 * pixels + found : 0));
}

static kal_status accepts(const kal_extent *x, enum heif_compression_format format, const kal__heif_p *p,
                          size_t *memory, kal_error *err)
{
    const char *name = name_of(format);
    const kal__heif *lib = kal__heif_lib();
    if (!lib)
        return kal_fail(err, KAL_UNSUPPORTED, "%s: libheif is not installed; save as png or jpeg instead",
                        name);
    if (!lib->heif_have_encoder_for_format(format))
        return kal_fail(err, KAL_UNSUPPORTED,
                        "%s: the libheif here has no %s encoder; install one, or save as png or jpeg instead",
                        name, format == heif_compression_AV1 ? "AV1" : "HEVC");
    if (x->type != KAL_U8)
        return kal_fail(err, KAL_INVALID, "%s is written with 8-bit samples; use cast type=u8 before saving",
                        name);
    if (x->channels - x->alpha != 1 && x->channels - x->alpha != 3)
        return kal_fail(err, KAL_INVALID,
                        "%s holds gray or RGB with or without alpha, not %d channels%s; "
                        "use band_extract before saving",
                        name, x->channels, x->alpha ? " of which one is alpha" : "");
    if (x->width > 16384 || x->height > 16384)
        return kal_fail(err, KAL_INVALID, "%s is written with at most 16384 pixels a side, not %d×%d", name,
                        x->width, x->height);
    *memory = encoder_memory(x, format, p);
    return KAL_OK;
}

kal_status kal__heif_accepts(const kal_extent *x, const void *params, size_t *memory, kal_error *err)
{
    return accepts(x, heif_compression_HEVC, params, memory, err);
}

kal_status kal__avif_accepts(const kal_extent *x, const void *params, size_t *memory, kal_error *err)
{
    return accepts(x, heif_compression_AV1, params, memory, err);
}

static kal_status failed(const kal__encoder *e, struct heif_error h, kal_error *err)
{
    if (e->status) return e->status;   // the writer has said it already
    return kal_fail(err, h.code == heif_error_Memory_allocation_error ? KAL_NOMEM : KAL_INTERNAL, "%s: %s",
                    name_of(e->format), h.message);
}

// ---- beginning ----------------------------------------------------------------------------------

// libheif 1.15 takes the matrix from the picture's own description, not from the encoding options.
static struct heif_error keep_rgb(kal__encoder *e)
{
    struct heif_color_profile_nclx *nclx = e->lib->heif_nclx_color_profile_alloc();
    const struct heif_error no_memory = {heif_error_Memory_allocation_error, heif_suberror_Unspecified,
                                         "out of memory"};
    if (!nclx) return no_memory;
    nclx->matrix_coefficients = heif_matrix_coefficients_RGB_GBR;
    nclx->full_range_flag = 1;
    const struct heif_error h = e->lib->heif_image_set_nclx_color_profile(e->image, nclx);
    e->lib->heif_nclx_color_profile_free(nclx);
    return h;
}

static struct heif_error make_image(kal__encoder *e)
{
    const kal_extent *x = &e->extent;
    const kal__heif *lib = e->lib;
    const bool gray = x->channels < 3;
    struct heif_error h =
        lib->heif_image_create(x->width, x->height, gray ? heif_colorspace_monochrome : heif_colorspace_RGB,
                               gray       ? heif_chroma_monochrome
                               : x->alpha ? heif_chroma_interleaved_RGBA
                                          : heif_chroma_interleaved_RGB,
                               &e->image);
    if (!h.code)
        h = lib->heif_image_add_plane(e->image, gray ? heif_channel_Y : heif_channel_interleaved, x->width,
                                      x->height, 8);
    if (!h.code && gray && x->alpha)
        h = lib->heif_image_add_plane(e->image, heif_channel_Alpha, x->width, x->height, 8);
    if (!h.code && !gray && e->params.lossless) h = keep_rgb(e);
    if (!h.code && e->meta && e->meta->icc.size)
        h = lib->heif_image_set_raw_color_profile(e->image, "prof", e->meta->icc.data, e->meta->icc.size);
    return h;
}

// libaom's files are alike for any number of threads but one, whose contexts follow another order.
static int av1_threads(const kal__encoder *e)
{
    return e->writer->helpers < 2 ? 2 : e->writer->helpers > 64 ? 64 : e->writer->helpers;
}

// Settings an encoder does not know are left out: each encoder has its own. Bytes may depend on nothing but these.
static struct heif_error make_encoder(kal__encoder *e)
{
    // "placebo" wins nothing, and refuses pictures below 32 pixels a side
    static const char *const presets[] = {"ultrafast", "superfast", "veryfast", "faster",   "fast",
                                          "medium",    "slow",      "slower",   "veryslow", "veryslow"};
    static const char *const samplings[] = {"420", "422", "444"};
    char threads[12], speed[12];
    snprintf(threads, sizeof threads, "%d", av1_threads(e));
    snprintf(speed, sizeof speed, "%d", 9 - (int)e->params.effort);
    const char *chroma = e->params.lossless ? "444" : samplings[e->params.subsampling];
    const struct {
        enum heif_compression_format format;
        const char *name, *value;
    } settings[] = {
        {heif_compression_HEVC, "preset", presets[e->params.effort]},
        {heif_compression_HEVC, "x265:pools", "none"},
        {heif_compression_HEVC, "x265:frame-threads", "1"},
        {heif_compression_HEVC, "x265:wpp", "0"},
        {heif_compression_HEVC, "chroma", chroma},
        {heif_compression_AV1, "speed", speed},
        {heif_compression_AV1, "threads", threads},
        {heif_compression_AV1, "chroma", chroma},
        {heif_compression_AV1, "aom:enable-intrabc", may_copy_blocks(&e->extent) ? "1" : "0"},
    };
    const kal__heif *lib = e->lib;
    struct heif_error h = lib->heif_context_get_encoder_for_format(e->context, e->format, &e->encoder);
    if (!h.code) h = lib->heif_encoder_set_lossless(e->encoder, e->params.lossless);
    if (!h.code && !e->params.lossless)
        h = lib->heif_encoder_set_lossy_quality(e->encoder, e->params.quality);
    for (size_t i = 0; !h.code && i < sizeof settings / sizeof *settings; i++)
        if (settings[i].format == e->format)
            lib->heif_encoder_set_parameter(e->encoder, settings[i].name, settings[i].value);
    return h;
}

static kal_status begin(enum heif_compression_format format, const kal_extent *x, const kal__heif_p *p,
                        const kal__meta *meta, kal__writer *w, kal__encoder **out, kal_error *err)
{
    *out = NULL;
    const kal__heif *lib = kal__heif_lib();
    if (!lib) return kal_fail(err, KAL_UNSUPPORTED, "%s: libheif is not installed", name_of(format));
    kal__encoder *e = kal__new_zero(1, sizeof *e);
    if (!e) return kal_fail(err, KAL_NOMEM, "%s: out of memory", name_of(format));
    *e = (kal__encoder){.lib = lib, .writer = w, .extent = *x, .params = *p, .format = format};
    if (meta && !p->strip) e->meta = kal__meta_ref((kal__meta *)(uintptr_t)meta);
    e->context = lib->heif_context_alloc();
    kal_status st = KAL_OK;
    if (!e->context) st = kal_fail(err, KAL_NOMEM, "%s: out of memory", name_of(format));
    struct heif_error h = {heif_error_Ok, heif_suberror_Unspecified, ""};
    if (!st) h = make_image(e);
    if (!st && !h.code) h = make_encoder(e);
    if (!st && h.code) st = failed(e, h, err);
    if (st)
        kal__heif_end(e, NULL);
    else
        *out = e;
    return st;
}

kal_status kal__heif_begin(const kal_extent *x, const void *params, const kal__meta *meta, kal__writer *w,
                           kal__encoder **out, kal_error *err)
{
    return begin(heif_compression_HEVC, x, params, meta, w, out, err);
}

kal_status kal__avif_begin(const kal_extent *x, const void *params, const kal__meta *meta, kal__writer *w,
                           kal__encoder **out, kal_error *err)
{
    return begin(heif_compression_AV1, x, params, meta, w, out, err);
}

// ---- rows and end -------------------------------------------------------------------------------

kal_status kal__heif_put(kal__encoder *e, const unsigned char *src, ptrdiff_t stride, int32_t n,
                         kal_error *err)
{
    const kal_extent *x = &e->extent;
    const bool apart = x->channels == 2;   // gray and alpha lie in planes of their own
    int pitch = 0, alpha_pitch = 0;
    unsigned char *plane = e->lib->heif_image_get_plane(
        e->image, x->channels < 3 ? heif_channel_Y : heif_channel_interleaved, &pitch);
    unsigned char *alpha =
        apart ? e->lib->heif_image_get_plane(e->image, heif_channel_Alpha, &alpha_pitch) : NULL;
    if (!plane || (apart && !alpha) || n > x->height - e->y)
        return kal_fail(err, KAL_INTERNAL, "%s: there is no row %d", name_of(e->format), e->y + n - 1);
    for (int32_t y = 0; y < n; y++, e->y++) {
        const unsigned char *from = src + y * stride;
        unsigned char *to = plane + (ptrdiff_t)e->y * pitch,
                      *to_alpha = apart ? alpha + (ptrdiff_t)e->y * alpha_pitch : NULL;
        if (!apart) memcpy(to, from, (size_t)x->width * (size_t)x->channels);
        for (int32_t i = 0; apart && i < x->width; i++) to[i] = from[2 * i], to_alpha[i] = from[2 * i + 1];
    }
    return KAL_OK;
}

static struct heif_error on_write(struct heif_context *context, const void *data, size_t size, void *user)
{
    (void)context;
    kal__encoder *e = user;
    if (!e->status) e->status = e->writer->write(e->writer, data, size, e->err);
    const struct heif_error ok = {heif_error_Ok, heif_suberror_Unspecified, ""};
    const struct heif_error bad = {heif_error_Encoding_error, heif_suberror_Cannot_write_output_data,
                                   "writing failed"};
    return e->status ? bad : ok;
}

static struct heif_error add_meta(kal__encoder *e, struct heif_image_handle *handle)
{
    struct heif_error h = {heif_error_Ok, heif_suberror_Unspecified, ""};
    const kal__meta *m = e->meta;
    kal__blob exif;
    if (!m) return h;
    if (!kal__exif_to_write(m, &exif)) h.code = heif_error_Memory_allocation_error;
    if (!h.code && exif.size)
        h = e->lib->heif_context_add_exif_metadata(e->context, handle, exif.data, (int)exif.size);
    free(exif.data);
    if (!h.code && m->xmp.size)
        h = e->lib->heif_context_add_XMP_metadata(e->context, handle, m->xmp.data, (int)m->xmp.size);
    return h;
}

static enum heif_orientation orientation_of(const kal__meta *m)
{
    return (enum heif_orientation)(m->exif.size ? kal__exif_orientation(m->exif.data, m->exif.size) : 1);
}

static kal_status encode(kal__encoder *e, kal_error *err)
{
    const kal__heif *lib = e->lib;
    struct heif_encoding_options *o = lib->heif_encoding_options_alloc();
    if (o && o->version >= 3)
        o->save_two_colr_boxes_when_ICC_and_nclx_available = 1;   // the matrix is in the second
    // An odd size is cropped by a grid around the picture, which hides that it is gray; by a clap box then.
    if (o && o->version >= 2 && e->extent.channels < 3) o->macOS_compatibility_workaround = 0;
    // A tag that was not applied: readers of HEIF heed the boxes, not the tag, so it becomes boxes.
    if (o && o->version >= 5 && e->meta && !e->meta->applied) o->image_orientation = orientation_of(e->meta);
    struct heif_image_handle *handle = NULL;
    struct heif_error h = lib->heif_context_encode_image(e->context, e->image, e->encoder, o, &handle);
    if (!h.code) h = add_meta(e, handle);
    if (handle) lib->heif_image_handle_release(handle);
    struct heif_writer writer = {1, on_write};
    e->err = err;
    if (!h.code) h = lib->heif_context_write(e->context, &writer, e);
    lib->heif_encoding_options_free(o);
    return h.code || e->status ? failed(e, h, err) : KAL_OK;
}

kal_status kal__heif_end(kal__encoder *e, kal_error *err)
{
    const kal_status st = err ? encode(e, err) : KAL_OK;
    if (e->image) e->lib->heif_image_release(e->image);
    if (e->encoder) e->lib->heif_encoder_release(e->encoder);
    if (e->context) e->lib->heif_context_free(e->context);
    kal__meta_unref(&e->meta);
    free(e);
    return st;
}

#endif
