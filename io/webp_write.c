// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Writing WebP by libwebp: rows are collected in its picture, as it takes them, and coded at the end. What it makes is a file of its own; where there is metadata
// its chunks go into an extended one (RFC 9649): VP8X, ICCP, the picture's, EXIF, XMP. Those of a picture of an animation stand in an ANMF,
// written with its last row; the size of such a file is written at the end.
#include "webp.h"

#include "frames.h"

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
    unsigned char *strip;   // rows that wait to become luma and chroma; NULL: 32 bits a pixel are collected
    kal__text file;         // that libwebp made
    // ---- of an animation
    int32_t pictures;   // written
    double delay;       // of the picture; -1: it does not say
    int32_t loops;      // of the first
    uint64_t start;     // of the file in the writer
    kal__blob exif;
    uint32_t *before, *now;   // the picture before this one, and this one, as libwebp has them
    kal_rect rect;            // that is written
};

#define STRIP 32   // rows, an even number: chroma is of two

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
    *memory = kal__webp_memory(x, params);
    return KAL_OK;
}

static int collect(const uint8_t *data, size_t n, const WebPPicture *picture)
{
    kal__encoder *e = picture->custom_ptr;
    kal__put(&e->file, data, n);
    return !e->file.failed;
}

// What libwebp would make luma and chroma of before it codes them is made so row by row: a quarter of the memory, and sooner.
static bool in_strips(const kal__encoder *e)
{
    return !e->params.lossless && !e->extent.alpha && !e->writer->album;
}

static kal_status picture_begin(kal__encoder *e, kal_error *err)
{
    const bool known = e->lib->WebPPictureInitInternal(&e->picture, WEBP_ENCODER_ABI_VERSION);
    e->picture.use_argb = !in_strips(e);
    e->picture.width = e->extent.width;
    e->picture.height = e->extent.height;
    e->picture.writer = collect;
    e->picture.custom_ptr = e;
    e->y = 0;
    if (!known)
        return kal_fail(err, KAL_UNSUPPORTED, "webp: libwebp has another interface than is known here");
    if (in_strips(e)) e->strip = kal__new((size_t)e->extent.width * STRIP, 3);
    return (e->strip || !in_strips(e)) && e->lib->WebPPictureAlloc(&e->picture)
               ? KAL_OK
               : kal_fail(err, KAL_NOMEM, "webp: out of memory");
}

static void copy_plane(uint8_t *to, int to_stride, const uint8_t *from, int stride, int32_t width,
                       int32_t rows)
{
    for (int32_t y = 0; y < rows; y++)
        memcpy(to + (ptrdiff_t)y * to_stride, from + (ptrdiff_t)y * stride, (size_t)width);
}

// The strip, whose last row is row `end - 1` of the picture, as luma and chroma.
static kal_status put_strip(kal__encoder *e, int32_t end, kal_error *err)
{
    WebPPicture part, *all = &e->picture;
    const int32_t first = (end - 1) / STRIP * STRIP;
    e->lib->WebPPictureInitInternal(&part, WEBP_ENCODER_ABI_VERSION);
    part.width = all->width;
    part.height = end - first;
    const bool made = e->lib->WebPPictureImportRGB(&part, e->strip, 3 * part.width);
    const ptrdiff_t chroma = (ptrdiff_t)(first / 2) * all->uv_stride;
    if (made) {
        const int32_t width = (part.width + 1) / 2, rows = (part.height + 1) / 2;
        copy_plane(all->y + (ptrdiff_t)first * all->y_stride, all->y_stride, part.y, part.y_stride,
                   part.width, part.height);
        copy_plane(all->u + chroma, all->uv_stride, part.u, part.uv_stride, width, rows);
        copy_plane(all->v + chroma, all->uv_stride, part.v, part.uv_stride, width, rows);
    }
    e->lib->WebPPictureFree(&part);
    return made ? KAL_OK : kal_fail(err, KAL_NOMEM, "webp: out of memory");
}

static kal_status put_opaque(kal__encoder *e, const unsigned char *p, kal_error *err)
{
    const size_t width = (size_t)e->extent.width;
    unsigned char *to = e->strip + (size_t)(e->y % STRIP) * width * 3;
    if (e->extent.channels == 3)
        memcpy(to, p, width * 3);
    else
        for (size_t x = 0; x < width; x++) memset(to + 3 * x, p[x], 3);
    const int32_t end = e->y + 1;
    return end % STRIP && end < e->extent.height ? KAL_OK : put_strip(e, end, err);
}

static void put_row(kal__encoder *e, const unsigned char *p)
{
    const int32_t channels = e->extent.channels, colours = channels - e->extent.alpha;
    uint32_t *to = e->picture.argb + (ptrdiff_t)e->y * e->picture.argb_stride;
    for (int32_t x = 0; x < e->extent.width; x++, p += channels) {
        const uint32_t r = p[0], g = colours == 3 ? p[1] : r, b = colours == 3 ? p[2] : r;
        const uint32_t a = e->extent.alpha ? p[colours] : 255;
        to[x] = a << 24 | r << 16 | g << 8 | b;
    }
}

// ---- the file -----------------------------------------------------------------------------------

enum { ANIMATION = 2, ALPHA = 16 };   // of VP8X

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

static void put_extended(kal__text *out, const kal__encoder *e, int flags, const kal__blob *exif)
{
    const kal__meta *m = e->meta;
    unsigned char head[10] = {0};
    head[0] = (unsigned char)(flags | (m && m->icc.size ? 32 : 0) | (exif->size ? 8 : 0) |
                              (m && m->xmp.size ? 4 : 0));
    for (int i = 0; i < 3; i++) {
        head[4 + i] = (unsigned char)((uint32_t)(e->extent.width - 1) >> (8 * i));
        head[7 + i] = (unsigned char)((uint32_t)(e->extent.height - 1) >> (8 * i));
    }
    put_chunk(out, "VP8X", head, sizeof head);
    if (m && m->icc.size) put_chunk(out, "ICCP", m->icc.data, m->icc.size);
}

static void put_own(kal__text *out, kal__span chunks)
{
    const unsigned char *name;
    kal__span body;
    while (kal__webp_chunk(&chunks, &name, &body))
        if (memcmp(name, "VP8X", 4) != 0) put_chunk(out, (const char *)name, body.p, body.n);
}

static void put_behind(kal__text *out, const kal__encoder *e, const kal__blob *exif)
{
    if (exif->size) put_chunk(out, "EXIF", exif->data, exif->size);
    if (e->meta && e->meta->xmp.size) put_chunk(out, "XMP ", e->meta->xmp.data, e->meta->xmp.size);
}

// The picture's own chunks between those of the metadata.
static void extend(const kal__encoder *e, kal__span chunks, const kal__blob *exif, kal__text *out)
{
    const unsigned char *name;
    kal__span body;
    bool alpha = false;
    for (kal__span list = chunks; kal__webp_chunk(&list, &name, &body);)
        alpha |= !memcmp(name, "ALPH", 4) || (!memcmp(name, "VP8L", 4) && body.n > 4 && body.p[4] & 16);
    put_extended(out, e, alpha ? ALPHA : 0, exif);
    put_own(out, chunks);
    put_behind(out, e, exif);
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
    c.low_memory = e->strip && kal__webp_is_heavy(&e->picture, &e->params);
    if (!e->lib->WebPValidateConfig(&c))
        return kal_fail(err, KAL_INTERNAL, "webp: libwebp refuses its options");
    if (e->lib->WebPEncode(&c, &e->picture)) return KAL_OK;
    const WebPEncodingError code = e->picture.error_code;
    if (code == VP8_ENC_ERROR_OUT_OF_MEMORY || code == VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY ||
        e->file.failed)
        return kal_fail(err, KAL_NOMEM, "webp: out of memory");
    if (code == VP8_ENC_ERROR_FILE_TOO_BIG || code == VP8_ENC_ERROR_PARTITION0_OVERFLOW ||
        code == VP8_ENC_ERROR_PARTITION_OVERFLOW)
        return kal_fail(err, KAL_INVALID, "webp: the picture is too large for the format at this quality");
    return kal_fail(err, KAL_INTERNAL, "webp: libwebp failed with code %d", (int)code);
}

// ---- animations ---------------------------------------------------------------------------------

static kal_status write_text(kal__encoder *e, kal__text *t, kal_error *err)
{
    const kal_status st = t->failed ? kal_fail(err, KAL_NOMEM, "webp: out of memory")
                                    : e->writer->write(e->writer, t->data, t->size, err);
    free(t->data);
    return st;
}

// The size is not known yet; the background is a hint.
static kal_status begin_animation(kal__encoder *e, kal_error *err)
{
    const int32_t loops = e->params.loops >= 0 ? e->params.loops : e->loops > 0 ? e->loops : 0;
    kal__text t = {0}, run = {0};
    if (e->meta && !kal__exif_to_write(e->meta, &e->exif))
        return kal_fail(err, KAL_NOMEM, "webp: out of memory");
    const size_t pixels = (size_t)e->extent.width * (size_t)e->extent.height;
    e->before = kal__new(pixels, sizeof *e->before);
    e->now = kal__new(pixels, sizeof *e->now);
    if (!e->before || !e->now) return kal_fail(err, KAL_NOMEM, "webp: out of memory");
    e->start = e->writer->written;
    kal__put(&t, "RIFF\0\0\0\0WEBP", 12);
    put_extended(&t, e, ANIMATION | (e->extent.alpha ? ALPHA : 0), &e->exif);
    put_le(&run, 0, 4);
    put_le(&run, loops < 65535 ? (uint32_t)loops : 65535, 2);
    if (run.failed)
        t.failed = true;
    else
        put_chunk(&t, "ANIM", run.data, run.size);
    free(run.data);
    return write_text(e, &t, err);
}

// What is other than before, of which left and top must be even, is all that libwebp sees.
static void cut_out(kal__encoder *e)
{
    const kal_extent x = {e->extent.width, e->extent.height, 4, KAL_U8, KAL_RGB, true};
    WebPPicture *p = &e->picture;
    uint32_t *now = e->now;
    for (int32_t y = 0; y < x.height; y++)
        memcpy(now + (size_t)y * (size_t)x.width, p->argb + (ptrdiff_t)y * p->argb_stride,
               (size_t)x.width * 4);
    e->rect = kal_rect_all(&x);
    if (e->pictures)
        e->rect = kal__frames_changed(&x, (const unsigned char *)now, (const unsigned char *)e->before);
    e->rect.x0 &= ~1;
    e->rect.y0 &= ~1;
    e->now = e->before;
    e->before = now;
    p->argb += (ptrdiff_t)e->rect.y0 * p->argb_stride + e->rect.x0;   // the memory is another field's
    p->width = e->rect.x1 - e->rect.x0;
    p->height = e->rect.y1 - e->rect.y0;
}

// In place of what is there.
static kal_status write_frame(kal__encoder *e, kal_error *err)
{
    kal__span chunks;
    kal__text t = {0}, body = {0};
    const double seconds = e->params.delay >= 0 ? e->params.delay : e->delay >= 0 ? e->delay : 0.1;
    const double ms = seconds * 1000 + 0.5;
    if (!kal__webp_file((const unsigned char *)e->file.data, e->file.size, &chunks))
        return kal_fail(err, KAL_INTERNAL, "webp: libwebp made no WebP file");
    put_le(&body, (uint32_t)(e->rect.x0 / 2), 3);
    put_le(&body, (uint32_t)(e->rect.y0 / 2), 3);
    put_le(&body, (uint32_t)(e->rect.x1 - e->rect.x0 - 1), 3);
    put_le(&body, (uint32_t)(e->rect.y1 - e->rect.y0 - 1), 3);
    put_le(&body, ms < 16777215 ? (uint32_t)ms : 16777215, 3);
    put_le(&body, 2, 1);
    put_own(&body, chunks);
    if (body.failed)
        t.failed = true;
    else
        put_chunk(&t, "ANMF", body.data, body.size);
    free(body.data);
    const kal_status st = write_text(e, &t, err);
    free(e->file.data);
    e->file = (kal__text){0};
    e->pictures++;
    return st;
}

static kal_status end_animation(kal__encoder *e, kal_error *err)
{
    kal__text t = {0};
    put_behind(&t, e, &e->exif);
    const kal_status st = write_text(e, &t, err);
    if (st) return st;
    const uint64_t size = e->writer->written - e->start - 8;
    if (size > UINT32_MAX - 10)
        return kal_fail(err, KAL_INVALID,
                        "webp: the animation has more than 4 GiB, which the format cannot say");
    const unsigned char n[4] = {(unsigned char)size, (unsigned char)(size >> 8), (unsigned char)(size >> 16),
                                (unsigned char)(size >> 24)};
    return e->writer->patch(e->writer, e->start + 4, n, 4, err);
}

// ---- the encoder --------------------------------------------------------------------------------

kal_status kal__webp_begin(const kal_extent *x, const void *params, const kal__meta *meta, kal__writer *w,
                           kal__encoder **out, kal_error *err)
{
    kal__encoder *e = *out = kal__new_zero(1, sizeof *e);
    if (!e) return kal_fail(err, KAL_NOMEM, "webp: out of memory");
    e->lib = kal__webp_lib();
    e->writer = w;
    e->extent = *x;
    memcpy(&e->params, params, sizeof e->params);
    e->delay = meta ? meta->delay : -1;
    e->loops = meta ? meta->loops : 0;
    bool failed = false;
    e->meta = e->params.strip ? NULL : kal__meta_as_rgb((kal__meta *)(uintptr_t)meta, &failed);
    kal_status st = failed ? kal_fail(err, KAL_NOMEM, "webp: out of memory for metadata") : KAL_OK;
    if (!st) st = picture_begin(e, err);
    if (!st && w->album) st = begin_animation(e, err);
    if (!st) return KAL_OK;
    kal__webp_end(e, NULL);
    *out = NULL;
    return st;
}

kal_status kal__webp_page(kal__encoder *e, const kal_extent *x, const void *params, const kal__meta *meta,
                          kal_error *err)
{
    const kal_extent *f = &e->extent;
    if (x->width != f->width || x->height != f->height || x->channels != f->channels)
        return kal_fail(err, KAL_INVALID,
                        "webp: picture %d of an animation is of another size or kind than the first: %d×%d "
                        "with %d channels, not %d×%d with %d",
                        e->pictures, x->width, x->height, x->channels, f->width, f->height, f->channels);
    memcpy(&e->params, params, sizeof e->params);
    e->delay = meta ? meta->delay : -1;
    return picture_begin(e, err);
}

kal_status kal__webp_put(kal__encoder *e, const unsigned char *src, ptrdiff_t stride, int32_t n,
                         kal_error *err)
{
    kal_status st = KAL_OK;
    for (int32_t y = 0; y < n && !st; y++, e->y++) {
        if (e->strip)
            st = put_opaque(e, src + y * stride, err);
        else
            put_row(e, src + y * stride);
    }
    return st;
}

kal_status kal__webp_turn(kal__encoder *e, kal_error *err)
{
    cut_out(e);
    const kal_status st = encode(e, err);
    e->lib->WebPPictureFree(&e->picture);
    return st ? st : write_frame(e, err);
}

kal_status kal__webp_end(kal__encoder *e, kal_error *err)
{
    kal_status st = KAL_OK;
    if (err && e->writer->album) {
        st = end_animation(e, err);
    } else if (err) {
        st = encode(e, err);
        if (!st) st = write_file(e, err);
    }
    e->lib->WebPPictureFree(&e->picture);
    kal__meta_unref(&e->meta);
    free(e->strip);
    free(e->exif.data);
    free(e->file.data);
    free(e->before);
    free(e->now);
    free(e);
    return st;
}

#endif
