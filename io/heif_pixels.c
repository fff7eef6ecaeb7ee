// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The pixels of HEIC and AVIF, all at once. Of one coded HEVC picture without alpha the colours are made by us, the same bytes
// (heif_rgb.c); of everything else (grids, AV1, alpha, a matrix beyond the usual, another libheif than 1.15) by libheif.
#include "heif_part.h"

#include <string.h>

#if KAL__HEIF

// Whether the picture may be made RGB by us: one coded picture (its own boxes are what counts, not those of an item made of it), no alpha
// (a picture too, of which luma is wanted), and the libheif whose conversion ours repeats; later ones convert another way. The colours
// its boxes name, NULL when there are none.
static bool may_be_rgb(const kal__decoder *d, struct heif_color_profile_nclx **colours)
{
    bool hevc;
    if (d->workers < 1 || d->extent.model != KAL_RGB || d->extent.alpha ||
        kal__heif_chroma(d->bytes, d->n, &hevc) < 1 || !hevc || !kal__hevc_registered() ||
        strncmp(d->lib->heif_get_version(), "1.15.", 5) != 0 ||
        !d->lib->heif_image_handle_get_nclx_color_profile)
        return false;
    const struct heif_error e = d->lib->heif_image_handle_get_nclx_color_profile(d->handle, colours);
    return !e.code || e.code == heif_error_Color_profile_does_not_exist;
}

static kal_status decode(kal__decoder *d, kal_error *err)
{
    const kal_extent *x = &d->extent;
    const bool gray = x->model == KAL_GRAY;
    const uint16_t one = 1;
    const bool little = *(const unsigned char *)&one == 1;
    static const enum heif_chroma colour[2][3] = {
        {heif_chroma_interleaved_RGB, heif_chroma_interleaved_RRGGBB_BE, heif_chroma_interleaved_RRGGBB_LE},
        {heif_chroma_interleaved_RGBA, heif_chroma_interleaved_RRGGBBAA_BE,
         heif_chroma_interleaved_RRGGBBAA_LE}};
    struct heif_decoding_options *o = d->lib->heif_decoding_options_alloc();
    if (!o) return kal_fail(err, KAL_NOMEM, "%s: heif: out of memory", d->reader->name);
    if (o->version >= 3) o->strict_decoding = 1;
    kal__hevc_wish wish = {.workers = d->workers};
    struct heif_color_profile_nclx *colours = NULL;
    d->planar = wish.rgb = may_be_rgb(d, &colours);
    wish.colours = colours;
    kal__hevc_wish_for(&wish);
    const struct heif_error e = d->lib->heif_decode_image(
        d->handle, &d->image, gray ? heif_colorspace_monochrome : heif_colorspace_RGB,
        gray        ? heif_chroma_monochrome
        : d->planar ? heif_chroma_444
                    : colour[x->alpha][x->type == KAL_U8 ? 0 : 1 + little],
        o);
    kal__hevc_wish_for(&(kal__hevc_wish){0});
    if (colours) d->lib->heif_nclx_color_profile_free(colours);
    d->lib->heif_decoding_options_free(o);
    return e.code || d->io.status ? kal__heif_failed(d, e, err) : KAL_OK;
}

// A run of samples of one plane: `n` values of `bits` bits into every `step`-th place of dst.
void kal__heif_spread(const kal_extent *x, const unsigned char *src, unsigned char *dst, size_t n,
                      size_t step, int bits)
{
    const uint32_t max = (1u << bits) - 1, top = x->type == KAL_U8 ? 255 : 65535;
    for (size_t i = 0; i < n; i++) {
        const uint32_t v = x->type == KAL_U8 ? src[i] : ((const uint16_t *)(const void *)src)[i];
        const uint32_t w = (uint32_t)((2ull * v * top + max) / (2ull * max));
        if (x->type == KAL_U8)
            dst[i * step] = (unsigned char)w;
        else
            ((uint16_t *)(void *)dst)[i * step] = (uint16_t)(w < top ? w : top);
    }
}

static kal_status copy_plane(kal__decoder *d, enum heif_channel channel, size_t first, size_t n,
                             unsigned char *dst, ptrdiff_t stride, kal_error *err)
{
    const kal_extent *x = &d->extent;
    int pitch = 0;
    const unsigned char *src = d->lib->heif_image_get_plane_readonly(d->image, channel, &pitch);
    const int w = d->lib->heif_image_get_width(d->image, channel),
              h = d->lib->heif_image_get_height(d->image, channel);
    const int bits = d->lib->heif_image_get_bits_per_pixel_range(d->image, channel);
    if (!src || w != x->width || h != x->height || bits < 1 || bits > (x->type == KAL_U8 ? 8 : 16) ||
        (x->type == KAL_U16 && bits <= 8))
        return kal_fail(
            err, KAL_CORRUPT,
            "%s: heif: what was decoded, %d×%d of %d bits, is not the %d×%d the header says (in a "
            "file of %zu bytes)",
            d->reader->name, w, h, bits, x->width, x->height, d->size);
    const size_t size = kal_type_size(x->type), samples = (size_t)w * n, step = (size_t)x->channels / n;
    for (int32_t y = 0; y < h; y++) {
        const unsigned char *from = src + (ptrdiff_t)y * pitch;
        unsigned char *to = dst + y * stride + first * size;
        if (step == 1 && bits == 8 * (int)size)
            memcpy(to, from, samples * size);
        else
            kal__heif_spread(x, from, to, samples, step, bits);
    }
    return KAL_OK;
}

// Alpha is straight between our nodes: colour = colour·max/alpha, rounded half up.
static void unmultiply(const kal_extent *x, unsigned char *row)
{
    const size_t n = (size_t)x->channels;
    const uint32_t top = x->type == KAL_U8 ? 255 : 65535;
    uint16_t *wide = (uint16_t *)(void *)row;
    for (size_t i = 0; i < (size_t)x->width * n; i++) {
        const size_t alpha = i / n * n + n - 1;
        const uint32_t a = x->type == KAL_U8 ? row[alpha] : wide[alpha],
                       v = x->type == KAL_U8 ? row[i] : wide[i];
        if (i == alpha || !a) continue;
        const uint64_t w = (2ull * v * top + a) / (2ull * a);
        if (x->type == KAL_U8)
            row[i] = (unsigned char)(w < top ? w : top);
        else
            wide[i] = (uint16_t)(w < top ? w : top);
    }
}

static kal_status join_planes(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, kal_error *err)
{
    static const enum heif_channel channels[] = {heif_channel_R, heif_channel_G, heif_channel_B};
    const kal_extent *x = &d->extent;
    const unsigned char *plane[3];
    bool bytes = x->type == KAL_U8;
    int pitch[3];
    for (int c = 0; c < 3; c++) {
        plane[c] = d->lib->heif_image_get_plane_readonly(d->image, channels[c], &pitch[c]);
        bytes = bytes && plane[c] && d->lib->heif_image_get_width(d->image, channels[c]) == x->width &&
                d->lib->heif_image_get_height(d->image, channels[c]) == x->height &&
                d->lib->heif_image_get_bits_per_pixel_range(d->image, channels[c]) == 8;
    }
    for (int32_t y = 0; bytes && y < x->height; y++) {
        kal__heif_join(dst + y * stride, plane, (size_t)x->width);
        for (int c = 0; c < 3; c++) plane[c] += pitch[c];
    }
    kal_status st = KAL_OK;
    for (size_t c = 0; !bytes && c < 3 && !st; c++) st = copy_plane(d, channels[c], c, 1, dst, stride, err);
    return st;
}

// A large file may have become another one since its header was read; its rows must still fit.
kal_status kal__heif_rows(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n, kal_error *err)
{
    const kal_extent *x = &d->extent;
    if (d->tiled.tiles) return kal__heif_grid_rows(d, dst, stride, n, err);
    if (stride < (ptrdiff_t)((size_t)x->width * kal_pixel_size(x)) || n != x->height || d->image)
        return kal_fail(err, KAL_CHANGED, "%s: heif: the picture has another size than its header had",
                        d->reader->name);
    kal_status st = decode(d, err);
    if (!st && d->planar) st = join_planes(d, dst, stride, err);
    if (!st && x->model == KAL_RGB && !d->planar)
        st = copy_plane(d, heif_channel_interleaved, 0, (size_t)x->channels, dst, stride, err);
    if (!st && x->model == KAL_GRAY) st = copy_plane(d, heif_channel_Y, 0, 1, dst, stride, err);
    if (!st && x->model == KAL_GRAY && x->alpha)
        st = copy_plane(d, heif_channel_Alpha, 1, 1, dst, stride, err);
    if (!st && x->alpha && d->lib->heif_image_handle_is_premultiplied_alpha(d->handle))
        for (int32_t y = 0; y < x->height; y++) unmultiply(x, dst + y * stride);
    return st;
}

#endif
