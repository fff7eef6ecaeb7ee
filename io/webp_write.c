// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Writing WebP by libwebp: rows are collected in its picture and coded at the end. What it makes is a file of its own; where there is metadata
// its chunks go into an extended one (RFC 9649): VP8X, ICCP, the picture's, EXIF, XMP.
#include "webp.h"

#include <stdlib.h>
#include <string.h>

#if KAL__WEBP

struct kal__encoder {
    const kal__webp *lib;
    kal__writer *writer;
    kal_extent extent;
    kal__webp_p params;
    kal__meta *meta;
    WebPPicture picture;
    int32_t y;
    kal__text file;   // that libwebp made
};

// Measured: 32 bits a pixel, what libwebp makes of them, and the file.
static size_t encoder_memory(const kal_extent *x, const kal__webp_p *p)
{
    const double each = p->lossless ? 36 : x->alpha ? 28 : 7;
    return (size_t)((double)x->width * x->height * each) + ((size_t)2 << 20);
}

kal_status kal__webp_accepts(const kal_extent *x, const void *params, size_t *memory, kal_error *err)
{
    if (!kal__webp_lib())
        return kal_fail(err, KAL_UNSUPPORTED, "webp: libwebp is not installed; save as png or jpeg instead");
    if (x->type != KAL_U8)
        return kal_fail(err, KAL_INVALID, "webp holds 8-bit samples; use cast type=u8 before saving");
    if (x->model == KAL_DATA || x->channels > 4)
        return kal_fail(err, KAL_INVALID, "webp holds gray and RGB; use band_extract before saving");
    if (x->width > KAL__WEBP_SIDE || x->height > KAL__WEBP_SIDE)
        return kal_fail(err, KAL_INVALID, "webp holds %d×%d pixels at most; the picture has %d×%d",
                        KAL__WEBP_SIDE, KAL__WEBP_SIDE, x->width, x->height);
    *memory = encoder_memory(x, params);
    return KAL_OK;
}

static int collect(const uint8_t *data, size_t n, const WebPPicture *picture)
{
    kal__encoder *e = picture->custom_ptr;
    kal__put(&e->file, data, n);
    return !e->file.failed;
}

kal_status kal__webp_begin(const kal_extent *x, const void *params, const kal__meta *meta, kal__writer *w,
                           kal__encoder **out, kal_error *err)
{
    kal__encoder *e = *out = kal__new_zero(1, sizeof *e);
    if (!e) return kal_fail(err, KAL_NOMEM, "webp: out of memory");
    e->lib = kal__webp_lib();
    e->writer = w;
    e->extent = *x;
    memcpy(&e->params, params, sizeof e->params);
    const kal_extent rgb = {x->width, x->height, 3,
                            KAL_U8,   KAL_RGB,   false};   // what the file has, gray or not
    bool failed = false;
    e->meta = e->params.strip ? NULL : kal__meta_for((kal__meta *)(uintptr_t)meta, &rgb, &failed);
    if (failed) {
        free(e);
        *out = NULL;
        return kal_fail(err, KAL_NOMEM, "webp: out of memory for metadata");
    }
    const bool known = e->lib->WebPPictureInitInternal(&e->picture, WEBP_ENCODER_ABI_VERSION);
    e->picture.use_argb = 1;
    e->picture.width = x->width;
    e->picture.height = x->height;
    e->picture.writer = collect;
    e->picture.custom_ptr = e;
    if (known && e->lib->WebPPictureAlloc(&e->picture)) return KAL_OK;
    kal__meta_unref(&e->meta);
    free(e);
    *out = NULL;
    return known ? kal_fail(err, KAL_NOMEM, "webp: out of memory")
                 : kal_fail(err, KAL_UNSUPPORTED, "webp: libwebp has another interface than is known here");
}

kal_status kal__webp_put(kal__encoder *e, const unsigned char *src, ptrdiff_t stride, int32_t n,
                         kal_error *err)
{
    (void)err;
    const int32_t channels = e->extent.channels, colours = channels - e->extent.alpha;
    for (int32_t y = 0; y < n; y++, e->y++) {
        const unsigned char *p = src + y * stride;
        uint32_t *to = e->picture.argb + (ptrdiff_t)e->y * e->picture.argb_stride;
        for (int32_t x = 0; x < e->extent.width; x++, p += channels) {
            const uint32_t r = p[0], g = colours == 3 ? p[1] : r, b = colours == 3 ? p[2] : r;
            const uint32_t a = e->extent.alpha ? p[colours] : 255;
            to[x] = a << 24 | r << 16 | g << 8 | b;
        }
    }
    return KAL_OK;
}

// ---- the file -----------------------------------------------------------------------------------

static void put_le(kal__text *t, uint32_t v, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        const unsigned char b = (unsigned char)(v >> (8 * i));
        kal__put(t, &b, 1);
    }
}

static void put_chunk(kal__text *t, const char *name, const void *data, size_t n)
{
    kal__put(t, name, 4);
    put_le(t, (uint32_t)n, 4);
    kal__put(t, data, n);
    if (n & 1) kal__put(t, "", 1);
}

// The picture's own chunks between those of the metadata.
static void extend(const kal__encoder *e, kal__span chunks, const kal__blob *exif, kal__text *out)
{
    const kal__meta *m = e->meta;
    const unsigned char *name;
    kal__span body;
    unsigned char head[10] = {0};
    bool alpha = false;
    for (kal__span list = chunks; kal__webp_chunk(&list, &name, &body);)
        alpha |= !memcmp(name, "ALPH", 4) || (!memcmp(name, "VP8L", 4) && body.n > 4 && body.p[4] & 16);
    head[0] = (unsigned char)((m->icc.size ? 32 : 0) | (alpha ? 16 : 0) | (exif->size ? 8 : 0) |
                              (m->xmp.size ? 4 : 0));
    for (int i = 0; i < 3; i++) {
        head[4 + i] = (unsigned char)((uint32_t)(e->extent.width - 1) >> (8 * i));
        head[7 + i] = (unsigned char)((uint32_t)(e->extent.height - 1) >> (8 * i));
    }
    put_chunk(out, "VP8X", head, sizeof head);
    if (m->icc.size) put_chunk(out, "ICCP", m->icc.data, m->icc.size);
    while (kal__webp_chunk(&chunks, &name, &body))
        if (memcmp(name, "VP8X", 4) != 0) put_chunk(out, (const char *)name, body.p, body.n);
    if (exif->size) put_chunk(out, "EXIF", exif->data, exif->size);
    if (m->xmp.size) put_chunk(out, "XMP ", m->xmp.data, m->xmp.size);
}

static kal_status write_file(kal__encoder *e, kal_error *err)
{
    kal__blob exif;
    kal__span chunks;
    const kal__meta *m = e->meta;
    const bool plain = !m || (!m->exif.size && !m->icc.size && !m->xmp.size);
    if (plain) return e->writer->write(e->writer, e->file.data, e->file.size, err);
    if (!kal__webp_file((const unsigned char *)e->file.data, e->file.size, &chunks))
        return kal_fail(err, KAL_INTERNAL, "webp: libwebp made no WebP file");
    if (!kal__exif_to_write(m, &exif)) return kal_fail(err, KAL_NOMEM, "webp: out of memory");
    kal__text body = {0}, head = {0};
    extend(e, chunks, &exif, &body);
    kal__put(&head, "RIFF", 4);
    put_le(&head, (uint32_t)(body.size + 4), 4);
    kal__put(&head, "WEBP", 4);
    kal_status st = body.failed || head.failed ? kal_fail(err, KAL_NOMEM, "webp: out of memory") : KAL_OK;
    if (!st) st = e->writer->write(e->writer, head.data, head.size, err);
    if (!st) st = e->writer->write(e->writer, body.data, body.size, err);
    free(body.data);
    free(head.data);
    free(exif.data);
    return st;
}

static kal_status encode(kal__encoder *e, kal_error *err)
{
    WebPConfig c;
    const float quality = e->params.lossless ? 75 : (float)e->params.quality;   // of a lossless one: effort
    if (!e->lib->WebPConfigInitInternal(&c, WEBP_PRESET_DEFAULT, quality, WEBP_ENCODER_ABI_VERSION))
        return kal_fail(err, KAL_UNSUPPORTED, "webp: libwebp has another interface than is known here");
    c.lossless = e->params.lossless;
    c.exact = e->params.lossless;
    c.method = e->params.effort;
    if (!e->lib->WebPValidateConfig(&c))
        return kal_fail(err, KAL_INTERNAL, "webp: libwebp refuses its options");
    if (e->lib->WebPEncode(&c, &e->picture)) return write_file(e, err);
    const WebPEncodingError code = e->picture.error_code;
    if (code == VP8_ENC_ERROR_OUT_OF_MEMORY || code == VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY ||
        e->file.failed)
        return kal_fail(err, KAL_NOMEM, "webp: out of memory");
    if (code == VP8_ENC_ERROR_FILE_TOO_BIG || code == VP8_ENC_ERROR_PARTITION0_OVERFLOW ||
        code == VP8_ENC_ERROR_PARTITION_OVERFLOW)
        return kal_fail(err, KAL_INVALID, "webp: the picture is too large for the format at this quality");
    return kal_fail(err, KAL_INTERNAL, "webp: libwebp failed with code %d", (int)code);
}

kal_status kal__webp_end(kal__encoder *e, kal_error *err)
{
    const kal_status st = err ? encode(e, err) : KAL_OK;
    e->lib->WebPPictureFree(&e->picture);
    kal__meta_unref(&e->meta);
    free(e->file.data);
    free(e);
    return st;
}

#else

static kal_status not_there(kal_error *err)
{
    return kal_fail(err, KAL_UNSUPPORTED, "webp: this build has no libwebp; save as png or jpeg instead");
}

kal_status kal__webp_accepts(const kal_extent *x, const void *params, size_t *memory, kal_error *err)
{
    (void)x, (void)params, (void)memory;
    return not_there(err);
}

kal_status kal__webp_begin(const kal_extent *x, const void *params, const kal__meta *meta, kal__writer *w,
                           kal__encoder **out, kal_error *err)
{
    (void)x, (void)params, (void)meta, (void)w;
    *out = NULL;
    return not_there(err);
}

kal_status kal__webp_put(kal__encoder *e, const unsigned char *src, ptrdiff_t stride, int32_t n,
                         kal_error *err)
{
    (void)e, (void)src, (void)stride, (void)n;
    return not_there(err);
}

kal_status kal__webp_end(kal__encoder *e, kal_error *err)
{
    (void)e;
    return not_there(err);
}

#endif
