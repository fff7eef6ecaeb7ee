// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Writing the Netpbm family. The form follows from the image: gray and masks P5 (P2), RGB P6 (P3), floats Pf
// and PF, whatever else P7. See pnm.h.
#include "pnm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE 70   // characters of a plain line, as the format asks

void kal__swap_samples(unsigned char *p, size_t n, size_t size)
{
    for (; n; n--, p += size)
        for (size_t i = 0; i < size / 2; i++) {
            const unsigned char t = p[i];
            p[i] = p[size - 1 - i];
            p[size - 1 - i] = t;
        }
}

struct kal__encoder {
    kal__writer *writer;
    kal_extent extent;
    size_t row;   // bytes
    bool plain;
    int32_t y;
    unsigned char *held;   // u16: one row; floats: the picture, whose last row comes first
};

static bool is_map(const kal_extent *x)
{
    return x->type == KAL_F32;
}

static bool is_pam(const kal_extent *x)
{
    return x->alpha || x->model == KAL_DATA || (x->channels != 1 && x->channels != 3);
}

static size_t held_bytes(const kal_extent *x)
{
    const size_t row = (size_t)x->width * kal_pixel_size(x);
    return is_map(x) ? row * (size_t)x->height : x->type == KAL_U16 ? row : 0;
}

kal_status kal__pnm_accepts(const kal_extent *x, const void *given, size_t *memory, kal_error *err)
{
    const kal__pnm_p *p = given;
    if (x->type == KAL_U32)
        return kal_fail(err, KAL_INVALID,
                        "pnm holds u8, u16 and f32 samples; use cast type=u16 before saving");
    if (is_map(x) && x->alpha)
        return kal_fail(err, KAL_INVALID,
                        "pnm has no alpha for floats; use flatten or cast type=u16 before saving");
    if (is_map(x) && x->channels != 1 && x->channels != 3)
        return kal_fail(err, KAL_INVALID,
                        "pnm holds floats in 1 or 3 channels, not %d; use band_extract before saving",
                        x->channels);
    if (p->plain && (is_map(x) || is_pam(x)))
        return kal_fail(err, KAL_INVALID,
                        "pnm has plain text for u8 and u16 gray and RGB without alpha only; leave out plain");
    *memory = sizeof(kal__encoder) + held_bytes(x);
    return KAL_OK;
}

static int pam_head(const kal_extent *x, char *out, size_t room)
{
    static const char *const names[2][5] = {{"", "GRAYSCALE", "", "RGB", ""},
                                            {"", "", "GRAYSCALE_ALPHA", "", "RGB_ALPHA"}};
    const char *name = x->model == KAL_DATA || x->channels > 4 ? "" : names[x->alpha][x->channels];
    return snprintf(out, room, "P7\nWIDTH %d\nHEIGHT %d\nDEPTH %d\nMAXVAL %d\nTUPLTYPE %s\nENDHDR\n",
                    x->width, x->height, x->channels, x->type == KAL_U16 ? 65535 : 255,
                    *name ? name : "DATA");
}

static kal_status put_head(kal__encoder *e, kal_error *err)
{
    const kal_extent *x = &e->extent;
    char text[200];
    int n;
    if (is_map(x))
        n = snprintf(text, sizeof text, "P%c\n%d %d\n-1.0\n", x->channels == 3 ? 'F' : 'f', x->width,
                     x->height);
    else if (is_pam(x))
        n = pam_head(x, text, sizeof text);
    else
        n = snprintf(text, sizeof text, "P%d\n%d %d\n%d\n", (x->channels == 3 ? 6 : 5) - 3 * e->plain,
                     x->width, x->height, x->type == KAL_U16 ? 65535 : 255);
    return e->writer->write(e->writer, text, (size_t)n, err);
}

kal_status kal__pnm_begin(const kal_extent *x, const void *given, const kal__meta *meta, kal__writer *w,
                          kal__encoder **out, kal_error *err)
{
    (void)meta;   // there is no place for it
    const kal__pnm_p *p = given;
    kal__encoder *e = *out = kal__new_zero(1, sizeof *e);
    if (!e) return kal_fail(err, KAL_NOMEM, "pnm: out of memory");
    *e = (kal__encoder){
        .writer = w, .extent = *x, .row = (size_t)x->width * kal_pixel_size(x), .plain = p->plain};
    kal_status st = KAL_OK;
    if (held_bytes(x) && !(e->held = kal__new(held_bytes(x), 1)))
        st = kal_fail(err, KAL_NOMEM, "pnm: out of memory");
    if (!st) st = put_head(e, err);
    if (!st) return KAL_OK;
    kal__pnm_end(e, NULL);
    *out = NULL;
    return st;
}

static kal_status put_plain(kal__encoder *e, const unsigned char *src, kal_error *err)
{
    const size_t n = e->row / kal_type_size(e->extent.type);
    char line[LINE + 2];
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        const unsigned v = e->extent.type == KAL_U16 ? ((const uint16_t *)(const void *)src)[i] : src[i];
        char text[8];
        const size_t len = (size_t)snprintf(text, sizeof text, "%u", v);
        if (used && used + 1 + len > LINE) {
            line[used++] = '\n';
            const kal_status st = e->writer->write(e->writer, line, used, err);
            if (st) return st;
            used = 0;
        }
        if (used) line[used++] = ' ';
        memcpy(line + used, text, len);
        used += len;
    }
    line[used++] = '\n';
    return e->writer->write(e->writer, line, used, err);
}

static kal_status put_row(kal__encoder *e, const unsigned char *src, kal_error *err)
{
    const size_t size = kal_type_size(e->extent.type);
    if (e->plain) return put_plain(e, src, err);
    if (is_map(&e->extent)) {
        memcpy(e->held + (size_t)(e->extent.height - 1 - e->y) * e->row, src, e->row);
        return KAL_OK;
    }
    if (size > 1 && kal__little_endian()) {
        memcpy(e->held, src, e->row);
        kal__swap_samples(e->held, e->row / size, size);
        src = e->held;
    }
    return e->writer->write(e->writer, src, e->row, err);
}

kal_status kal__pnm_put(kal__encoder *e, const unsigned char *src, ptrdiff_t stride, int32_t n,
                        kal_error *err)
{
    kal_status st = KAL_OK;
    for (int32_t y = 0; y < n && !st; y++, e->y++) st = put_row(e, src + y * stride, err);
    return st;
}

kal_status kal__pnm_end(kal__encoder *e, kal_error *err)
{
    kal_status st = KAL_OK;
    const size_t all = held_bytes(&e->extent);
    if (err && is_map(&e->extent)) {
        if (!kal__little_endian()) kal__swap_samples(e->held, all / 4, 4);
        st = e->writer->write(e->writer, e->held, all, err);
    }
    free(e->held);
    free(e);
    return st;
}
