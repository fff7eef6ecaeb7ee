// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Writing BMP: gray with a palette of 8 bits, RGB of 24 bits, RGB with alpha of 32 with bit fields. The first row comes first, which a negative
// height tells, and nothing is held; bottom_up=true holds the picture. A profile makes the header one of version 5 and follows the pixels.
// See bmp.h.
#include "bmp.h"

#include <stdlib.h>
#include <string.h>

#define V4 108
#define COLOURS 1024   // bytes of a palette
#define LARGEST 0x7fffffff

struct kal__encoder {
    kal__writer *writer;
    kal_extent extent;
    bool bottom_up;
    uint32_t density[2];   // pixels per metre
    int32_t y;
    size_t row;   // bytes, padded
    kal__blob icc;
    unsigned char *held;   // a row, or the picture
};

static size_t row_bytes(const kal_extent *x)
{
    return ((size_t)x->width * (size_t)x->channels + 3) / 4 * 4;
}

kal_status kal__bmp_accepts(const kal_extent *x, const void *given, size_t *memory, kal_error *err)
{
    const kal__bmp_p *p = given;
    const size_t row = row_bytes(x);
    if (x->type != KAL_U8)
        return kal_fail(err, KAL_INVALID, "bmp holds u8 samples; use cast type=u8 before saving");
    if (x->model == KAL_DATA || x->channels != (x->model == KAL_RGB ? 3 : 1) + x->alpha || x->channels == 2)
        return kal_fail(err, KAL_INVALID,
                        "bmp holds gray, RGB and RGB with alpha; use to_rgb or flatten before saving");
    if (row * (size_t)x->height > LARGEST)
        return kal_fail(err, KAL_INVALID, "bmp holds up to 2 GiB of pixels; save as png, ppm or npy");
    *memory = sizeof(kal__encoder) + (p->bottom_up ? row * (size_t)x->height : row);
    return KAL_OK;
}

static uint32_t header_size(const kal__encoder *e)
{
    return e->icc.size ? KAL__BMP_V5 : e->extent.channels == 4 ? V4 : KAL__BMP_INFO;
}

// The fields of the second header by their places; what is not here is 0.
static void fill_header(const kal__encoder *e, unsigned char *p)
{
    const kal_extent *x = &e->extent;
    const bool alpha = x->channels == 4;
    const uint32_t pixels = (uint32_t)(e->row * (size_t)x->height), size = header_size(e);
    kal__put_le32(p, size);
    kal__put_le32(p + 4, (uint32_t)x->width);
    kal__put_le32(p + 8, (uint32_t)(e->bottom_up ? x->height : -x->height));
    kal__put_le16(p + 12, 1);
    kal__put_le16(p + 14, (uint32_t)x->channels * 8);
    kal__put_le32(p + 16, alpha ? KAL__BMP_FIELDS : KAL__BMP_PLAIN);
    kal__put_le32(p + 20, pixels);
    for (int i = 0; i < 2; i++) kal__put_le32(p + 24 + 4 * i, e->density[i]);
    if (x->channels == 1) kal__put_le32(p + 32, 256);
    if (size == KAL__BMP_INFO) return;
    static const uint32_t masks[4] = {0xff0000, 0xff00, 0xff, 0xff000000};
    for (int i = 0; i < 4 && alpha; i++) kal__put_le32(p + KAL__BMP_INFO + 4 * i, masks[i]);
    kal__put_le32(p + 56, e->icc.size ? KAL__BMP_EMBEDDED : KAL__BMP_SRGB);
    if (!e->icc.size) return;
    kal__put_le32(p + 108, 4);   // as photographs are meant
    kal__put_le32(p + 112, size + (x->channels == 1 ? COLOURS : 0) + pixels);
    kal__put_le32(p + 116, (uint32_t)e->icc.size);
}

static kal_status put_head(kal__encoder *e, kal_error *err)
{
    unsigned char head[KAL__BMP_FILE + KAL__BMP_V5 + COLOURS] = "BM", *colours;
    const size_t pixels = e->row * (size_t)e->extent.height;
    size_t n = KAL__BMP_FILE + header_size(e);
    fill_header(e, head + KAL__BMP_FILE);
    colours = head + n;
    if (e->extent.channels == 1) n += COLOURS;
    for (size_t i = 0; i < 256 && e->extent.channels == 1; i++) memset(colours + 4 * i, (int)i, 3);
    kal__put_le32(head + 2, (uint32_t)(n + pixels + e->icc.size));
    kal__put_le32(head + 10, (uint32_t)n);
    return e->writer->write(e->writer, head, n, err);
}

kal_status kal__bmp_begin(const kal_extent *x, const void *given, const kal__meta *meta, kal__writer *w,
                          kal__encoder **out, kal_error *err)
{
    const kal__bmp_p *p = given;
    const size_t row = row_bytes(x);
    kal__encoder *e = *out = kal__new_zero(1, sizeof *e);
    if (!e) return kal_fail(err, KAL_NOMEM, "bmp: out of memory");
    *e = (kal__encoder){.writer = w, .extent = *x, .bottom_up = p->bottom_up, .row = row};
    e->held = kal__new_zero(p->bottom_up ? (size_t)x->height : 1, row);   // padding is 0
    bool there = e->held != NULL;
    for (int i = 0; i < 2 && meta; i++)
        e->density[i] = meta->density[i] < 2147483647.0 ? (uint32_t)(meta->density[i] + 0.5) : 0;
    if (meta && meta->icc.size && meta->icc.size < LARGEST)
        there &= kal__blob_set(&e->icc, meta->icc.data, meta->icc.size);
    const kal_status st = there ? put_head(e, err) : kal_fail(err, KAL_NOMEM, "bmp: out of memory");
    if (!st) return KAL_OK;
    kal__bmp_end(e, NULL);
    *out = NULL;
    return st;
}

// From RGB to BGR and back.
static void turn(unsigned char *dst, const unsigned char *src, const kal_extent *x)
{
    const size_t channels = (size_t)x->channels, n = (size_t)x->width * channels;
    memcpy(dst, src, n);
    for (size_t i = 0; i < n && channels > 1; i += channels) {
        dst[i] = src[i + 2];
        dst[i + 2] = src[i];
    }
}

kal_status kal__bmp_put(kal__encoder *e, const unsigned char *src, ptrdiff_t stride, int32_t n,
                        kal_error *err)
{
    kal_status st = KAL_OK;
    for (int32_t y = 0; y < n && !st; y++, e->y++) {
        const size_t place = e->bottom_up ? (size_t)(e->extent.height - 1 - e->y) * e->row : 0;
        turn(e->held + place, src + y * stride, &e->extent);
        if (!e->bottom_up) st = e->writer->write(e->writer, e->held, e->row, err);
    }
    return st;
}

kal_status kal__bmp_end(kal__encoder *e, kal_error *err)
{
    kal_status st = KAL_OK;
    if (err && e->bottom_up)
        st = e->writer->write(e->writer, e->held, e->row * (size_t)e->extent.height, err);
    if (err && !st && e->icc.size) st = e->writer->write(e->writer, e->icc.data, e->icc.size, err);
    free(e->icc.data);
    free(e->held);
    free(e);
    return st;
}
