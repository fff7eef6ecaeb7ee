// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Writing the Netpbm family. The suffix asks for a form, and a picture that does not fit it is an error. Without one the form follows
// from the picture: gray and masks P5 (P2), RGB P6 (P3), floats Pf and PF, whatever else P7. See pnm.h.
#include "pnm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE 70   // characters of a plain line, as the format asks

struct kal__encoder {
    kal__writer *writer;
    kal_extent extent;
    kal__pnm_form form;
    size_t row;   // bytes
    bool plain;
    int32_t y;
    unsigned char *held;   // u16, bits: one row; floats: the picture, whose last row comes first
};

// ---- what is written ----------------------------------------------------------------------------

static kal__pnm_form form_of(const kal_extent *x, const kal__pnm_p *p)
{
    if (p->form != KAL__PNM_AUTO) return (kal__pnm_form)p->form;
    if (x->type == KAL_F32) return KAL__PNM_PFM;
    if (x->alpha || x->model == KAL_DATA || (x->channels != 1 && x->channels != 3)) return KAL__PNM_PAM;
    return x->channels == 3 ? KAL__PNM_PPM : KAL__PNM_PGM;
}

static size_t held_bytes(const kal_extent *x, kal__pnm_form form)
{
    const size_t row = (size_t)x->width * kal_pixel_size(x);
    if (form == KAL__PNM_PBM) return ((size_t)x->width + 7) / 8;
    return form == KAL__PNM_PFM ? row * (size_t)x->height : x->type == KAL_U16 ? row : 0;
}

static bool is_float(const kal_extent *x)
{
    return x->type == KAL_F32;
}

static bool is_integer(const kal_extent *x)
{
    return x->type != KAL_F32;
}

static bool has_alpha(const kal_extent *x)
{
    return x->alpha;
}

static bool is_no_mask(const kal_extent *x)
{
    return x->model != KAL_MASK;
}

static bool is_not_one(const kal_extent *x)
{
    return x->channels != 1;
}

static bool is_not_three(const kal_extent *x)
{
    return x->channels != 3;
}

static bool is_not_one_or_three(const kal_extent *x)
{
    return x->channels != 1 && x->channels != 3;
}

// What a form cannot hold, and what helps; the first that applies is told.
#define OF(form) (1u << KAL__PNM_##form)
static const struct {
    unsigned forms;
    bool (*is)(const kal_extent *x);
    const char *says;
} refusals[] = {
    {OF(PBM) | OF(PGM) | OF(PPM) | OF(PAM), is_float,
     "has no floats; use cast type=u16 before saving, or save as pfm"},
    {OF(PFM), is_integer, "has floats only; use cast type=f32 before saving, or save as ppm, pgm or pam"},
    {OF(PGM) | OF(PPM), has_alpha, "has no alpha; use flatten before saving, or save as pam"},
    {OF(PFM), has_alpha, "has no alpha; use flatten or cast type=u16 before saving"},
    {OF(PBM), is_no_mask,
     "has black and white only; use threshold before saving, or save as pgm, ppm or pam"},
    {OF(PGM), is_not_one, "has one channel; use gray or band_extract before saving, or save as ppm or pam"},
    {OF(PPM), is_not_three,
     "has three channels; use to_rgb or band_extract before saving, or save as pgm or pam"},
    {OF(PFM), is_not_one_or_three, "has 1 or 3 channels; use band_extract before saving"},
};

kal_status kal__pnm_accepts(const kal_extent *x, const void *given, size_t *memory, kal_error *err)
{
    static const char *const names[] = {"", "pbm", "pgm", "ppm", "pam", "pfm"};
    const kal__pnm_p *p = given;
    const kal__pnm_form form = form_of(x, p);
    if (x->type == KAL_U32)
        return kal_fail(err, KAL_INVALID,
                        "pnm holds u8, u16 and f32 samples; use cast type=u16 before saving");
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if ((refusals[i].forms >> form & 1) && refusals[i].is(x))
            return kal_fail(err, KAL_INVALID, "%s %s", names[form], refusals[i].says);
    if (p->plain && (form == KAL__PNM_PAM || form == KAL__PNM_PFM))
        return kal_fail(err, KAL_INVALID,
                        "pnm has plain text for u8 and u16 gray and RGB without alpha only; leave out plain");
    *memory = sizeof(kal__encoder) + held_bytes(x, form);
    return KAL_OK;
}

// ---- writing ------------------------------------------------------------------------------------

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
    int n = 0;
    switch (e->form) {
    case KAL__PNM_PFM:
        n = snprintf(text, sizeof text, "P%c\n%d %d\n-1.0\n", x->channels == 3 ? 'F' : 'f', x->width,
                     x->height);
        break;
    case KAL__PNM_PAM: n = pam_head(x, text, sizeof text); break;
    case KAL__PNM_PBM:
        n = snprintf(text, sizeof text, "P%d\n%d %d\n", e->plain ? 1 : 4, x->width, x->height);
        break;
    default:
        n = snprintf(text, sizeof text, "P%d\n%d %d\n%d\n", (x->channels == 3 ? 6 : 5) - 3 * e->plain,
                     x->width, x->height, x->type == KAL_U16 ? 65535 : 255);
    }
    return e->writer->write(e->writer, text, (size_t)n, err);
}

kal_status kal__pnm_begin(const kal_extent *x, const void *given, const kal__meta *meta, kal__writer *w,
                          kal__encoder **out, kal_error *err)
{
    (void)meta;   // there is no place for it
    const kal__pnm_p *p = given;
    kal__encoder *e = *out = kal__new_zero(1, sizeof *e);
    if (!e) return kal_fail(err, KAL_NOMEM, "pnm: out of memory");
    *e = (kal__encoder){.writer = w,
                        .extent = *x,
                        .form = form_of(x, p),
                        .row = (size_t)x->width * kal_pixel_size(x),
                        .plain = p->plain};
    kal_status st = KAL_OK;
    const size_t held = held_bytes(x, e->form);
    if (held && !(e->held = kal__new(held, 1))) st = kal_fail(err, KAL_NOMEM, "pnm: out of memory");
    if (!st) st = put_head(e, err);
    if (!st) return KAL_OK;
    kal__pnm_end(e, NULL);
    *out = NULL;
    return st;
}

static kal_status put_plain(kal__encoder *e, const unsigned char *src, kal_error *err)
{
    const size_t n = e->row / kal_type_size(e->extent.type);
    const bool bits = e->form == KAL__PNM_PBM;   // where 1 is black
    char line[LINE + 2];
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        const unsigned v = e->extent.type == KAL_U16 ? ((const uint16_t *)(const void *)src)[i] : src[i];
        char text[8];
        const size_t len = (size_t)snprintf(text, sizeof text, "%u", bits ? !v : v);
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

// Eight pixels a byte, the first in the highest bit; 1 is black.
static void pack_bits(unsigned char *out, const unsigned char *src, int32_t width)
{
    memset(out, 0, ((size_t)width + 7) / 8);
    for (int32_t x = 0; x < width; x++)
        if (!src[x]) out[x / 8] |= (unsigned char)(0x80 >> x % 8);
}

// Are rows in the file what they are in memory?
static bool as_they_are(const kal__encoder *e)
{
    return !e->plain && e->form != KAL__PNM_PBM && e->form != KAL__PNM_PFM &&
           kal_type_size(e->extent.type) == 1;
}

static kal_status put_row(kal__encoder *e, const unsigned char *src, kal_error *err)
{
    const size_t size = kal_type_size(e->extent.type);
    if (e->plain) return put_plain(e, src, err);
    if (e->form == KAL__PNM_PBM) {
        pack_bits(e->held, src, e->extent.width);
        return e->writer->write(e->writer, e->held, held_bytes(&e->extent, e->form), err);
    }
    if (e->form == KAL__PNM_PFM) {
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
    if (as_they_are(e) && stride == (ptrdiff_t)e->row)
        return e->writer->write(e->writer, src, e->row * (size_t)n, err);
    kal_status st = KAL_OK;
    for (int32_t y = 0; y < n && !st; y++, e->y++) st = put_row(e, src + y * stride, err);
    return st;
}

kal_status kal__pnm_end(kal__encoder *e, kal_error *err)
{
    kal_status st = KAL_OK;
    const size_t all = held_bytes(&e->extent, e->form);
    if (err && e->form == KAL__PNM_PFM) {
        if (!kal__little_endian()) kal__swap_samples(e->held, all / 4, 4);
        st = e->writer->write(e->writer, e->held, all, err);
    }
    free(e->held);
    free(e);
    return st;
}
