// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Writing PNG of few colours (colour type 3; grays that 1, 2 or 4 bits have are gray, colour type 0): the picture is held until its last row, because what stands before its pixels hangs on its colours.
// Then its rows become values, packed to 1, 2, 4 or 8 bits in place, and those are a picture of bytes, packed in pieces as any other.
#include "png.h"

#include "png_filter.h"

#include <stdlib.h>
#include <string.h>

struct kal__png_palette {
    kal__png_p params;
    kal__meta *meta, *own;   // as a file of RGB has it; the picture's
    int32_t y;
    size_t row;
    unsigned char *held;
};

static kal__indexed_how how_of(const kal_extent *x, const kal__png_p *p)
{
    return (kal__indexed_how){.most = p->colours, .alpha = x->alpha, .dither = p->dither};
}

// Rows of values as samples; of 8 bits at most.
static kal_extent bytes_of(const kal_extent *x, int bits)
{
    return (kal_extent){(int32_t)(((int64_t)x->width * bits + 7) / 8), x->height, 1, KAL_U8, KAL_GRAY, false};
}

kal_status kal__png_palette_accepts(const kal_extent *x, const kal__png_p *p, size_t *memory, kal_error *err)
{
    const kal__indexed_how how = how_of(x, p);
    const kal_extent bytes = bytes_of(x, 8);
    kal__pieces pieces = {0};
    if (x->type != KAL_U8)
        return kal_fail(err, KAL_INVALID,
                        "png: colours=%d is of samples of 8 bits; use cast type=u8 before saving",
                        p->colours);
    if (x->model == KAL_DATA)
        return kal_fail(err, KAL_INVALID,
                        "png: colours=%d is of gray and RGB; use band_extract before saving", p->colours);
    if ((uint64_t)x->width * (uint64_t)x->height > KAL__INDEXED_PIXELS(x->alpha))
        return kal_fail(err, KAL_INVALID, "png: colours=%d is of up to 2^%d pixels", p->colours,
                        x->alpha ? 29 : 30);
    kal__png_pieces_of(&bytes, p->compression, kal__png_palette_filter(p), &pieces);
    *memory += sizeof(struct kal__png_palette) + (size_t)x->height * (size_t)x->width * (size_t)x->channels +
               kal__indexed_memory(x, &how) + (size_t)x->width + pieces.memory + pieces.result;
    return KAL_OK;
}

int kal__png_palette_filter(const kal__png_p *p)
{
    return p->filter ? p->filter : KAL__PNG_NONE + 1;
}

kal_status kal__png_one_alone(const kal__png_p *p, kal_error *err)
{
    return kal_fail(err, KAL_INVALID,
                    "png: colours=%d is of one picture; an animation is written with colours=0", p->colours);
}

kal_status kal__png_palette_begin(kal__encoder *e, const kal__png_p *p, const kal__meta *meta, kal_error *err)
{
    bool failed = false;
    if (e->writer->album) return kal__png_one_alone(p, err);
    struct kal__png_palette *i = e->palette = kal__new_zero(1, sizeof *i);
    if (!i) return kal_fail(err, KAL_NOMEM, "png: out of memory");
    i->params = *p;
    i->row = (size_t)e->extent.width * (size_t)e->extent.channels;
    i->own = kal__meta_ref((kal__meta *)(uintptr_t)meta);
    i->meta = kal__meta_as_rgb(i->own, &failed);
    i->held = kal__new((size_t)e->extent.height, i->row);
    return i->held && !failed ? KAL_OK : kal_fail(err, KAL_NOMEM, "png: out of memory");
}

void kal__png_palette_free(kal__encoder *e)
{
    struct kal__png_palette *i = e->palette;
    if (!i) return;
    kal__meta_unref(&i->meta);
    kal__meta_unref(&i->own);
    free(i->held);
    free(i);
}

kal_status kal__png_put(kal__encoder *e, const unsigned char *src, ptrdiff_t stride, int32_t n,
                        kal_error *err)
{
    struct kal__png_palette *i = e->palette;
    for (int32_t y = 0; y < n; y++, i->y++) memcpy(i->held + (size_t)i->y * i->row, src + y * stride, i->row);
    (void)err;
    return KAL_OK;
}

// ---- at the end ---------------------------------------------------------------------------------

static int bits_of(const kal__indexed_palette *p)
{
    return p->n <= 2 ? 1 : p->n <= 4 ? 2 : p->n <= 16 ? 4 : 8;
}

// Between grays that so many bits have.
static int step_of(int bits)
{
    return 255 / ((1 << bits) - 1);
}

// The bits of a file of gray that has exactly these, if it has no more than a palette; 0: none.
static int gray_bits(const kal_extent *x, const kal__indexed_palette *p)
{
    for (int bits = 1; bits <= bits_of(p) && bits < 8 && x->channels == 1; bits *= 2) {
        int i = 0;
        while (i < p->n && p->colours[i][0] % step_of(bits) == 0) i++;
        if (i == p->n) return bits;
    }
    return 0;
}

void kal__png_palette_set(png_structp png, png_infop info, const kal__indexed_palette *p)
{
    png_color colours[256] = {0};
    png_byte alphas[256] = {0};
    int n = 0;   // up to the last that is not opaque
    for (int i = 0; i < p->n; i++) {
        const unsigned char *c = p->colours[i];
        colours[i] = (png_color){c[0], c[1], c[2]};
        alphas[i] = c[3];
        if (c[3] < 255) n = i + 1;
    }
    png_set_PLTE(png, info, colours, p->n);
    if (n) png_set_tRNS(png, info, alphas, n, NULL);
}

// The first one in the highest bits.
static void put_values(unsigned char *to, const unsigned char *values, int32_t n, int bits)
{
    const int each = 8 / bits;
    for (int32_t x = 0; x < n; x += each, to++) {
        unsigned byte = 0;
        for (int k = 0; k < each; k++) byte = byte << bits | (x + k < n ? values[x + k] : 0u);
        *to = (unsigned char)byte;
    }
}

// Values take no more room than what they are of, and are written behind what is read. `becomes`: what each is in the file; NULL: itself.
static bool pack_rows(kal__encoder *e, kal__indexed *c, int bits, const unsigned char *becomes)
{
    const struct kal__png_palette *i = e->palette;
    const kal_extent *x = &e->extent;
    const size_t row = (size_t)bytes_of(x, bits).width;
    unsigned char *values = kal__new((size_t)x->width, 1);
    for (int32_t y = 0; y < x->height && values; y++) {
        kal__indexed_row(c, i->held + (size_t)y * i->row, values);
        for (int32_t k = 0; k < x->width && becomes; k++) values[k] = becomes[values[k]];
        put_values(i->held + (size_t)y * row, values, x->width, bits);
    }
    free(values);
    return values != NULL;
}

static kal_status write_pieces(kal__encoder *e, kal_error *err)
{
    const kal_extent *x = &e->extent;
    kal__pieces how = {0};
    kal_status st = KAL_OK;
    kal_tile rows = {
        .rect = kal_rect_all(x), .data = e->palette->held, .stride = x->width, .ring = x->height, .pixel = 1};
    kal__png_pieces_of(x, e->level, e->filter, &how);
    for (int32_t y = 0; y < x->height && !st; y += how.rows) {
        kal__piece piece = {0};
        rows.rect.y1 = how.rows < x->height - y ? y + how.rows : x->height;
        st = kal__png_pack(e, &rows, y, &piece, err);
        if (!st) st = kal__png_join(e, &piece, err);
        free(piece.data);
    }
    return st;
}

kal_status kal__png_palette_end(kal__encoder *e, kal_error *err)
{
    struct kal__png_palette *i = e->palette;
    const kal__indexed_how how = how_of(&e->extent, &i->params);
    kal__indexed_palette p;
    kal__indexed *c = kal__indexed_new(&e->extent, i->held, &how, &p);
    unsigned char levels[256];
    const int gray = c ? gray_bits(&e->extent, &p) : 0, bits = gray ? gray : c ? bits_of(&p) : 8;
    for (int k = 0; gray && k < p.n; k++) levels[k] = (unsigned char)(p.colours[k][0] / step_of(gray));
    const bool ready = c && pack_rows(e, c, bits, gray ? levels : NULL);
    if (c) kal__indexed_free(c);
    if (!ready) return kal_fail(err, KAL_NOMEM, "png: out of memory");
    const kal_status st = kal__png_head(e, &i->params, gray ? i->own : i->meta, gray ? NULL : &p, bits, err);
    e->extent = bytes_of(&e->extent, bits);
    return st ? st : write_pieces(e, err);
}
