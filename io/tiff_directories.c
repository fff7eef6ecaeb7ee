// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What a TIFF says of its blocks: a directory for each level of each picture, written when all blocks are there, and the head, which points to the first.
#include "tiff_write.h"

#if KAL__TIFF

#include "bytes.h"
#include "geo.h"

#include <stdlib.h>
#include <string.h>

kal_status kal__tiff_too_large(kal_error *err)
{
    return kal_fail(err, KAL_INVALID, "tiff: the file has more than 4 GiB: it needs bigtiff=true");
}

// ---- the head ---

static size_t make_head(bool big, uint64_t first, unsigned char head[16])
{
    const uint16_t mark = big ? 43 : 42, size = 8;
    const uint32_t first4 = (uint32_t)first;
    memset(head, 0, 16);
    head[0] = head[1] = kal__little_endian() ? 'I' : 'M';
    memcpy(head + 2, &mark, 2);
    if (big)
        memcpy(head + 4, &size, 2), memcpy(head + 8, &first, 8);
    else
        memcpy(head + 4, &first4, 4);
    return big ? 16 : 8;
}

kal_status kal__tiff_put_head(kal__encoder *c, kal_error *err)
{
    unsigned char head[16];
    const size_t n = make_head(c->big, 0, head);
    return c->writer->write(c->writer, head, c->open ? sizeof head : n, err);
}

// ---- directories ---

enum { BYTES = KAL__IFD_BYTE, SHORT = KAL__IFD_SHORT, LONG = KAL__IFD_LONG, RATIONAL = KAL__IFD_RATIONAL };

typedef struct density {
    uint32_t x[2], y[2];
} density;

// A directory to be, and what its fields point at.
typedef struct page {
    const kal__encoder *c;
    const kal__tiff_picture *pic;
    const kal__tiff_written *l;
    bool first;   // the picture itself, not a smaller one
    uint16_t bits[KAL_MAX_CHANNELS], formats[KAL_MAX_CHANNELS], extras[KAL_MAX_CHANNELS];
    uint32_t *short_offsets;   // where they have 32 bits
    density per_inch;
    kal__directory d;
} page;

static void describe_size(page *g)
{
    const kal_extent *e = &g->l->form.extent;
    const kal__meta *m = g->pic->meta;
    kal__directory_value(&g->d, TIFFTAG_SUBFILETYPE, LONG, g->first ? 0 : FILETYPE_REDUCEDIMAGE);
    kal__directory_value(&g->d, TIFFTAG_IMAGEWIDTH, LONG, (uint64_t)e->width);
    kal__directory_value(&g->d, TIFFTAG_IMAGELENGTH, LONG, (uint64_t)e->height);
    kal__directory_value(&g->d, TIFFTAG_ORIENTATION, SHORT, m && !m->applied ? (uint64_t)m->orientation : 1);
    if (!g->per_inch.x[1]) return;
    kal__directory_add(&g->d, TIFFTAG_XRESOLUTION, RATIONAL, 1, g->per_inch.x);
    kal__directory_add(&g->d, TIFFTAG_YRESOLUTION, RATIONAL, 1, g->per_inch.y);
    kal__directory_value(&g->d, TIFFTAG_RESOLUTIONUNIT, SHORT, RESUNIT_INCH);
}

static void describe_samples(page *g)
{
    static const uint16_t halves[2] = {2, 2};
    const kal_extent *e = &g->l->form.extent;
    const bool jpeg = g->l->form.compression == COMPRESSION_JPEG, rgb = e->model == KAL_RGB;
    const int extra = e->channels - (rgb ? 3 : 1);
    for (int k = 0; k < e->channels; k++) {
        g->bits[k] = (uint16_t)(kal_type_size(e->type) * 8);
        g->formats[k] = e->type == KAL_F32 ? SAMPLEFORMAT_IEEEFP : SAMPLEFORMAT_UINT;
    }
    g->extras[0] = e->alpha && extra == 1 ? EXTRASAMPLE_UNASSALPHA : EXTRASAMPLE_UNSPECIFIED;
    kal__directory_value(&g->d, TIFFTAG_SAMPLESPERPIXEL, SHORT, (uint64_t)e->channels);
    kal__directory_add(&g->d, TIFFTAG_BITSPERSAMPLE, SHORT, (uint64_t)e->channels, g->bits);
    kal__directory_add(&g->d, TIFFTAG_SAMPLEFORMAT, SHORT, (uint64_t)e->channels, g->formats);
    kal__directory_add(&g->d, TIFFTAG_EXTRASAMPLES, SHORT, extra > 0 ? (uint64_t)extra : 0, g->extras);
    kal__directory_value(&g->d, TIFFTAG_PLANARCONFIG, SHORT, PLANARCONFIG_CONTIG);
    kal__directory_value(&g->d, TIFFTAG_PHOTOMETRIC, SHORT,
                         jpeg && rgb ? PHOTOMETRIC_YCBCR
                         : rgb       ? PHOTOMETRIC_RGB
                                     : PHOTOMETRIC_MINISBLACK);
    if (jpeg && rgb) kal__directory_add(&g->d, TIFFTAG_YCBCRSUBSAMPLING, SHORT, 2, halves);
}

static void describe_packing(page *g)
{
    const kal__tiff_form *f = &g->l->form;
    const bool predicted = f->compression == COMPRESSION_ADOBE_DEFLATE || f->compression == COMPRESSION_LZW ||
                           f->compression == COMPRESSION_ZSTD;
    kal__directory_value(&g->d, TIFFTAG_COMPRESSION, SHORT, (uint64_t)f->compression);
    if (predicted)
        kal__directory_value(&g->d, TIFFTAG_PREDICTOR, SHORT,
                             f->extent.type == KAL_F32 ? PREDICTOR_FLOATINGPOINT : PREDICTOR_HORIZONTAL);
}

static void describe_blocks(page *g)
{
    const kal__tiff_written *l = g->l;
    const bool tiled = l->form.tiled;
    const void *places = g->c->big ? (const void *)l->offsets : g->short_offsets;
    if (tiled) kal__directory_value(&g->d, TIFFTAG_TILEWIDTH, LONG, (uint64_t)l->form.block_w);
    kal__directory_value(&g->d, tiled ? TIFFTAG_TILELENGTH : TIFFTAG_ROWSPERSTRIP, LONG,
                         (uint64_t)l->form.block_h);
    kal__directory_add(&g->d, tiled ? TIFFTAG_TILEOFFSETS : TIFFTAG_STRIPOFFSETS,
                       g->c->big ? KAL__IFD_LONG8 : LONG, l->n, places);
    kal__directory_add(&g->d, tiled ? TIFFTAG_TILEBYTECOUNTS : TIFFTAG_STRIPBYTECOUNTS, LONG, l->n, l->sizes);
}

static void add_all(kal__directory *d, const kal__directory *more)
{
    for (size_t k = 0; k < more->n; k++)
        if (more->fields[k].data)
            kal__directory_add(d, more->fields[k].tag, more->fields[k].type, more->fields[k].count,
                               more->fields[k].data);
        else
            kal__directory_value(d, more->fields[k].tag, more->fields[k].type, more->fields[k].value);
}

static void describe_meta(page *g)
{
    const kal__meta *m = g->pic->meta;
    if (m && !g->pic->p.strip) {
        kal__directory_add(&g->d, TIFFTAG_XMLPACKET, BYTES, m->xmp.size, m->xmp.data);
        kal__directory_add(&g->d, TIFFTAG_RICHTIFFIPTC, BYTES, m->iptc.size, m->iptc.data);
        kal__directory_add(&g->d, TIFFTAG_ICCPROFILE, BYTES, m->icc.size, m->icc.data);
    }
    add_all(&g->d, &g->pic->exif.part[KAL__EXIF_MAIN]);
    add_all(&g->d, &g->pic->geo);
}

static bool shorten_offsets(page *g)
{
    g->short_offsets = kal__new(g->l->n, sizeof *g->short_offsets);
    for (uint32_t k = 0; k < g->l->n && g->short_offsets; k++)
        g->short_offsets[k] = (uint32_t)g->l->offsets[k];
    return g->short_offsets != NULL;
}

static kal_status put_level(kal__encoder *c, kal__tiff_picture *pic, int i, kal_error *err)
{
    page g = {.c = c, .pic = pic, .l = &pic->levels[i], .first = !i};
    const double *per_metre = pic->meta ? pic->meta->density : NULL;
    kal__text t = {0};
    if (!c->big && !shorten_offsets(&g)) return kal_fail(err, KAL_NOMEM, "tiff: out of memory");
    if (per_metre && per_metre[0] > 0 && per_metre[1] > 0) {
        kal__fraction(per_metre[0] / (1 << i) * 0.0254, g.per_inch.x);
        kal__fraction(per_metre[1] / (1 << i) * 0.0254, g.per_inch.y);
    }
    describe_size(&g);
    describe_samples(&g);
    describe_packing(&g);
    describe_blocks(&g);
    if (g.first) describe_meta(&g);
    kal__directory_put(&g.d, c->big, c->writer->written - c->start, i + 1 == pic->n_levels && !pic->next, &t);
    kal__directory_free(&g.d);
    free(g.short_offsets);
    const kal_status st = t.failed ? kal_fail(err, KAL_NOMEM, "tiff: out of memory")
                                   : c->writer->write(c->writer, t.data, t.size, err);
    free(t.data);
    return st;
}

// ---- all of them ---

static kal_status put_even(kal__encoder *c, kal_error *err)
{
    static const unsigned char zero[1];
    return (c->writer->written - c->start) & 1 ? c->writer->write(c->writer, zero, 1, err) : KAL_OK;
}

// What pictures' own directories will point at lies before the first of these, which follow each other.
static kal_status put_exif(kal__encoder *c, kal__tiff_picture *p, kal_error *err)
{
    kal__blob exif;
    kal__text t = {0};
    if (!p->meta || p->p.strip) return KAL_OK;
    if (!kal__exif_to_write(p->meta, &exif)) return kal_fail(err, KAL_NOMEM, "tiff: out of memory");
    kal_status st = put_even(c, err);
    kal__exif_take(&exif, &p->exif);
    kal__exif_put(&p->exif, c->big, c->writer->written - c->start, &t);
    t.failed |= !kal__geo_to_write(p->meta, &p->geo, &p->exif.values) || p->geo.failed;
    if (!st && t.failed) st = kal_fail(err, KAL_NOMEM, "tiff: out of memory");
    if (!st && t.size) st = c->writer->write(c->writer, t.data, t.size, err);
    free(t.data);
    free(exif.data);
    return st;
}

// Bytes that directories and what they point at have at most.
static uint64_t directories_bound(const kal__encoder *c)
{
    uint64_t n = 16;
    for (const kal__tiff_picture *p = c->first; p; p = p->next) {
        const kal__meta *m = p->meta;
        if (m)
            n += 2 * (uint64_t)(m->exif.size + m->xmp.size + m->icc.size + m->iptc.size + m->geo.size) + 4096;
        for (int i = 0; i < p->n_levels; i++) n += 16 * (uint64_t)p->levels[i].n + 4096;
    }
    return n;
}

kal_status kal__tiff_put_directories(kal__encoder *c, kal_error *err)
{
    kal_status st = KAL_OK;
    const bool fits = c->writer->written - c->start + directories_bound(c) <= UINT32_MAX;
    if (!fits && !c->big && !c->open) return kal__tiff_too_large(err);
    if (c->open) c->big = !fits;
    for (kal__tiff_picture *p = c->first; p && !st; p = p->next) st = put_exif(c, p, err);
    if (!st) st = put_even(c, err);
    const uint64_t first = c->writer->written - c->start;
    unsigned char head[16];
    for (kal__tiff_picture *p = c->first; p; p = p->next)
        for (int i = 0; i < p->n_levels && !st; i++) st = put_level(c, p, i, err);
    if (st) return st;
    const size_t n = make_head(c->big, first, head);
    return c->writer->patch(c->writer, c->start, head, n, err);
}

#endif
