// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Writing TIFF: the blocks of each level as they come, one behind the other, and all directories at the end, to which the head then
// points. Workers pack the blocks of the picture; those of smaller levels are packed when a row of them is full.
#include "tiff.h"

#if KAL__TIFF

#include "bytes.h"
#include "exif.h"
#include "pyramid.h"
#include "geo.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STRIP_BYTES ((size_t)256 << 10)
#define PYRAMID_TILE 256
#define RUN 16

// ---- forms --------------------------------------------------------------------------------------

static kal__tiff_form form_of(const kal_extent *e, const kal__tiff_p *p)
{
    static const int codes[] = {COMPRESSION_NONE, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_LZW,
                                COMPRESSION_ZSTD, COMPRESSION_PACKBITS,      COMPRESSION_JPEG};
    kal__tiff_form f = {
        .extent = *e, .compression = codes[p->compression], .level = p->level, .quality = p->quality};
    const int32_t tile = p->tile ? p->tile : p->pyramid ? PYRAMID_TILE : 0;
    const size_t row = (size_t)e->width * kal_pixel_size(e), rows = STRIP_BYTES / row;
    f.tiled = tile > 0;
    f.block_w = tile ? tile : e->width;
    f.block_h = tile        ? tile
                : rows < 16 ? 16
                            : (int32_t)(rows & ~(size_t)15);   // a JPEG's are of whole blocks
    return f;
}

static int count_levels(const kal_extent *e, const kal__tiff_form *f, bool pyramid)
{
    return pyramid ? kal__count_levels(e, f->block_w, f->block_h) : 1;
}

// Blocks at their largest and what tells of them.
static double most_bytes(const kal_extent *e, const kal__tiff_form *f)
{
    const double down = ((double)e->height + f->block_h - 1) / f->block_h;
    return down * ((double)kal__tiff_bound(f) + 16.0 * kal__tiff_across(f)) * 4 / 3 + (1 << 20);
}

// Blocks that are packed at once of rows that lie there whole: more would be held for nothing.
static kal__tiff_form run_of(const kal__tiff_form *f, int32_t x0)
{
    kal__tiff_form run = *f;
    const int32_t most = f->tiled ? RUN * f->block_w : f->extent.width;
    run.extent.width = f->extent.width - x0 < most ? f->extent.width - x0 : most;
    return run;
}

static size_t run_bytes(const kal__tiff_form *f)
{
    const kal__tiff_form run = run_of(f, 0);
    return kal__tiff_bound(&run) * (f->compression == COMPRESSION_NONE ? 1 : 2) + ((size_t)320 << 10);
}

static bool is_big(const kal_extent *e, const kal__tiff_p *p, const kal__tiff_form *f)
{
    return p->bigtiff == 1 || (p->bigtiff == 0 && most_bytes(e, f) >= 4294967295.0);
}

static kal_status too_large(kal_error *err)
{
    return kal_fail(err, KAL_INVALID, "tiff: the file has more than 4 GiB: it needs bigtiff=true");
}

// ---- the encoder --------------------------------------------------------------------------------

typedef struct level {
    kal__tiff_form form;
    uint64_t *offsets;
    uint32_t *sizes;
    uint32_t n;   // blocks written
} level;

typedef struct picture {
    struct picture *next;
    kal__meta *meta;
    kal__exif_parts exif;   // at the end
    kal__directory geo;     // with its values in exif
    kal__tiff_p p;
    int n_levels;
    level levels[KAL__MOST_LEVELS];
    kal__pyramid pyramid;   // rows of the first level come to it where they come in order
} picture;

struct kal__encoder {
    kal__writer *writer;
    bool big, open;                 // whether it is big is open until the end: the head has room for either
    uint64_t start;                 // of the file in the writer
    picture *first, **last, *now;   // directories are written at the end
};

static uint64_t plain_bytes(const kal_extent *e)
{
    return (uint64_t)e->width * (uint64_t)e->height * kal_pixel_size(e);
}

kal_status kal__tiff_accepts(const kal_extent *e, const void *params, size_t *memory, kal_error *err)
{
    const kal__tiff_p *p = params;
    if (p->tile % 16) return kal_fail(err, KAL_INVALID, "tiff: tile=%d is no multiple of 16", p->tile);
    if (p->compression == KAL__TIFF_JPEG &&
        (e->type != KAL_U8 || e->alpha || e->channels != (e->model == KAL_RGB ? 3 : 1)))
        return kal_fail(err, KAL_INVALID,
                        "tiff: compression=jpeg holds 8 bits of gray or RGB without alpha; use another, or "
                        "cast and flatten");
    const kal__tiff_lib *l = kal__tiff_library();
    kal__tiff_form f = form_of(e, p);
    if (f.compression != COMPRESSION_NONE && !l)
        return kal_fail(err, KAL_UNSUPPORTED, "tiff: libtiff is not installed");
    if (l && !l->TIFFIsCODECConfigured((uint16_t)f.compression))
        return kal_fail(err, KAL_UNSUPPORTED, "tiff: libtiff here does not pack by this compression");
    if (p->compression == KAL__TIFF_JPEG && f.block_w > 65500)
        return kal_fail(err, KAL_INVALID,
                        "tiff: compression=jpeg holds strips of 65500 columns at most, not %d; use tile=256",
                        f.block_w);
    if (kal__tiff_bound(&f) > UINT32_MAX / 2)
        return kal_fail(err, KAL_INVALID,
                        "tiff: a row of blocks would have more than 2 GiB; use smaller tiles");
    if (p->bigtiff == 2 && most_bytes(e, &f) >= 4294967295.0 * 8)
        return kal_fail(err, KAL_INVALID, "tiff: the picture is too large for bigtiff=false");
    if (p->bigtiff == 2 && f.compression == COMPRESSION_NONE && plain_bytes(e) > UINT32_MAX)
        return too_large(err);
    const int n = count_levels(e, &f, p->pyramid);
    const double blocks = most_bytes(e, &f) / (double)kal__tiff_bound(&f) * kal__tiff_across(&f);
    *memory = sizeof(kal__encoder) + (size_t)(blocks * 12 * 2);
    if (n > 1)   // rows that wait, and blocks at work
        *memory += kal__pyramid_memory(e, n, 1, f.block_h, 0) + run_bytes(&f);
    return KAL_OK;
}

static void picture_free(picture *p)
{
    for (int i = 0; i < p->n_levels; i++) {
        free(p->levels[i].offsets);
        free(p->levels[i].sizes);
    }
    kal__pyramid_end(&p->pyramid);
    kal__exif_parts_free(&p->exif);
    kal__directory_free(&p->geo);
    kal__meta_unref(&p->meta);
    free(p);
}

static void encoder_free(kal__encoder *c)
{
    for (picture *p = c->first, *next; p; p = next) {
        next = p->next;
        picture_free(p);
    }
    free(c);
}

static bool level_begin(level *l, const kal__tiff_form *form, const kal_extent *e)
{
    l->form = *form;
    l->form.extent = *e;
    if (!form->tiled) l->form.block_w = e->width;
    const size_t down = ((size_t)e->height + (size_t)form->block_h - 1) / (size_t)form->block_h;
    const size_t n = down * (size_t)kal__tiff_across(&l->form);
    l->offsets = kal__new(n, sizeof *l->offsets);
    l->sizes = kal__new(n, sizeof *l->sizes);
    return l->offsets && l->sizes;
}

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

static kal_status put_head(kal__encoder *c, kal_error *err)
{
    unsigned char head[16];
    const size_t n = make_head(c->big, 0, head);
    return c->writer->write(c->writer, head, c->open ? sizeof head : n, err);
}

static kal_status put_blocks(kal__encoder *c, level *l, const kal__piece *p, kal_error *err)
{
    uint64_t at = c->writer->written - c->start;
    const unsigned char *sizes = p->data + p->note[1];
    for (uint64_t i = 0; i < p->note[0]; i++, l->n++) {
        memcpy(&l->sizes[l->n], sizes + 4 * i, 4);
        l->offsets[l->n] = at;
        at += l->sizes[l->n];
    }
    if (!c->big && !c->open && at > UINT32_MAX) return too_large(err);
    return c->writer->write(c->writer, p->data, (size_t)p->note[1], err);
}

static kal_status take_band(void *user, int i, int32_t band, const unsigned char *rows, int32_t y0,
                            int32_t y1, kal_error *err)
{
    kal__encoder *c = user;
    level *l = &c->now->levels[i];
    (void)band;
    const size_t pixel = kal_pixel_size(&l->form.extent), row = (size_t)l->form.extent.width * pixel;
    kal_status st = KAL_OK;
    for (int32_t x = 0; x < l->form.extent.width && !st;) {
        const kal__tiff_form run = run_of(&l->form, x);
        kal__piece p = {0};
        st = kal__tiff_pack_rows(&run, rows + (size_t)x * pixel, (ptrdiff_t)row, y1 - y0, &p, err);
        if (!st) st = put_blocks(c, l, &p, err);
        free(p.data);
        x += run.extent.width;
    }
    return st;
}

kal_status kal__tiff_page(kal__encoder *c, const kal_extent *e, const void *params, const kal__meta *meta,
                          kal_error *err)
{
    const kal__tiff_p *p = params;
    const kal__tiff_form f = form_of(e, p);
    if (!c->big && !c->open && f.compression == COMPRESSION_NONE &&
        plain_bytes(e) + (c->writer->written - c->start) > UINT32_MAX)
        return too_large(err);
    picture *made = kal__new_zero(1, sizeof *made);
    if (!made) return kal_fail(err, KAL_NOMEM, "tiff: out of memory");
    if (c->now)
        kal__pyramid_end(&c->now->pyramid);   // levels hold what they need while their picture is written
    *c->last = c->now = made;
    c->last = &made->next;
    made->p = *p;
    made->meta = kal__meta_ref((kal__meta *)(uintptr_t)meta);
    made->pyramid = (kal__pyramid){.step = f.block_h, .take = take_band, .user = c};
    kal_extent x = *e;
    bool ok = true;
    const int n = count_levels(e, &f, p->pyramid);
    for (; made->n_levels < n && ok; made->n_levels++, x = kal__half_of(&x))
        ok = level_begin(&made->levels[made->n_levels], &f, &x);
    return ok ? kal__pyramid_begin(&made->pyramid, e, n, 1, err)
              : kal_fail(err, KAL_NOMEM, "tiff: out of memory");
}

kal_status kal__tiff_begin(const kal_extent *e, const void *params, const kal__meta *meta, kal__writer *w,
                           kal__encoder **out, kal_error *err)
{
    const kal__tiff_p *p = params;
    const kal__tiff_form f = form_of(e, p);
    kal__encoder *c = *out = kal__new_zero(1, sizeof *c);
    if (!c) return kal_fail(err, KAL_NOMEM, "tiff: out of memory");
    c->writer = w;
    c->last = &c->first;
    c->open = w->album && p->bigtiff == 0;   // of the pictures to come nothing is known
    c->big = !c->open && is_big(e, p, &f);
    c->start = w->written;
    kal_status st = kal__tiff_page(c, e, params, meta, err);
    if (!st) st = put_head(c, err);
    if (st) {
        encoder_free(c);
        *out = NULL;
    }
    return st;
}

// ---- blocks -------------------------------------------------------------------------------------

#define ALIGNED sizeof(uint32_t)   // the largest of samples

void kal__tiff_pieces(const kal_extent *e, const void *params, kal__pieces *out)
{
    const kal__tiff_p *p = params;
    const kal__tiff_form f = form_of(e, p);
    const size_t half =
        p->pyramid ? (size_t)(e->width / 2 + 1) * kal_pixel_size(e) * (size_t)(f.block_h / 2 + 1) : 0;
    out->rows = f.block_h;
    out->memory = (size_t)f.block_w * kal_pixel_size(e) * (size_t)f.block_h * 2;
    if (f.compression != COMPRESSION_NONE) out->memory += kal__tiff_bound(&f) + ((size_t)320 << 10);
    out->result = kal__tiff_bound(&f) + half + ALIGNED;
    if (f.tiled) out->in_order = kal__pyramid_memory(e, 1, 0, f.block_h, 0) + run_bytes(&f);
}

kal_status kal__tiff_put(kal__encoder *c, const unsigned char *src, ptrdiff_t stride, int32_t n,
                         kal_error *err)
{
    return kal__pyramid_put(&c->now->pyramid, 0, src, stride, n, err);
}

// note: blocks, their bytes, bytes of rows for the next level, and where they lie: behind the sizes, where samples may.
kal_status kal__tiff_pack(const kal__encoder *c, const kal_tile *rows, int32_t y0, kal__piece *out,
                          kal_error *err)
{
    const level *l = &c->now->levels[0];
    const int32_t n = rows->rect.y1 - y0;
    const size_t row = (size_t)l->form.extent.width * kal_pixel_size(&l->form.extent);
    unsigned char *packed = NULL;
    const unsigned char *from = kal_row(rows, y0);
    ptrdiff_t stride = rows->stride;
    if ((rows->row0 + (y0 - rows->rect.y0)) % rows->ring + n > rows->ring) {   // they go round the ring
        packed = kal__new((size_t)n, row);
        if (!packed) return kal_fail(err, KAL_NOMEM, "tiff: out of memory");
        for (int32_t y = 0; y < n; y++) memcpy(packed + row * (size_t)y, kal_row(rows, y0 + y), row);
        from = packed;
        stride = (ptrdiff_t)row;
    }
    kal_status st = kal__tiff_pack_rows(&l->form, from, stride, n, out, err);
    if (!st && c->now->n_levels > 1) {
        const kal_extent *next = &c->now->levels[1].form.extent;
        const size_t half = (size_t)next->width * kal_pixel_size(next) * (size_t)((n + 1) / 2);
        const size_t at = (out->size + ALIGNED - 1) / ALIGNED * ALIGNED;
        if (kal__grow(&out->data, at + half, 1)) {
            unsigned char *to = out->data + at;
            for (int32_t y = 0; y < n; y += 2, to += half / (size_t)((n + 1) / 2))
                kal__halve(&l->form.extent, from + y * stride, from + (y + 1 < n ? y + 1 : y) * stride, to);
            out->note[2] = half;
            out->note[3] = at;
            out->size = at + half;
        } else {
            st = kal_fail(err, KAL_NOMEM, "tiff: out of memory");
        }
    }
    free(packed);
    return st;
}

kal_status kal__tiff_join(kal__encoder *c, const kal__piece *p, kal_error *err)
{
    kal_status st = put_blocks(c, &c->now->levels[0], p, err);
    if (st || !p->note[2]) return st;
    const kal_extent *e = &c->now->levels[1].form.extent;
    const size_t row = (size_t)e->width * kal_pixel_size(e);
    return kal__pyramid_put(&c->now->pyramid, 1, p->data + p->note[3], (ptrdiff_t)row,
                            (int32_t)(p->note[2] / row), err);
}

// ---- directories --------------------------------------------------------------------------------

enum { BYTES = KAL__IFD_BYTE, SHORT = KAL__IFD_SHORT, LONG = KAL__IFD_LONG, RATIONAL = KAL__IFD_RATIONAL };

typedef struct density {
    uint32_t x[2], y[2];
} density;

static void add_all(const kal__directory *more, kal__directory *d)
{
    for (size_t k = 0; k < more->n; k++)
        if (more->fields[k].data)
            kal__directory_add(d, more->fields[k].tag, more->fields[k].type, more->fields[k].count,
                               more->fields[k].data);
        else
            kal__directory_value(d, more->fields[k].tag, more->fields[k].type, more->fields[k].value);
}

static void describe(const kal__encoder *c, const picture *pic, const level *l, int i, const uint16_t bits[],
                     const uint16_t formats[], const uint32_t *short_offsets, const density *per_inch,
                     kal__directory *d)
{
    static const uint16_t halves[2] = {2, 2};
    const kal_extent *e = &l->form.extent;
    const bool jpeg = l->form.compression == COMPRESSION_JPEG, rgb = e->model == KAL_RGB;
    const unsigned offsets = c->big ? KAL__IFD_LONG8 : LONG;
    const void *places = c->big ? (const void *)l->offsets : short_offsets;
    const bool predicted = l->form.compression == COMPRESSION_ADOBE_DEFLATE ||
                           l->form.compression == COMPRESSION_LZW || l->form.compression == COMPRESSION_ZSTD;
    const bool meta = pic->meta && !pic->p.strip && !i;
    const int extra = e->channels - (rgb ? 3 : 1);
    static const uint16_t extras[KAL_MAX_CHANNELS];
    static const uint16_t straight = EXTRASAMPLE_UNASSALPHA;
    kal__directory_value(d, TIFFTAG_SUBFILETYPE, LONG, i ? FILETYPE_REDUCEDIMAGE : 0);
    kal__directory_value(d, TIFFTAG_IMAGEWIDTH, LONG, (uint64_t)e->width);
    kal__directory_value(d, TIFFTAG_IMAGELENGTH, LONG, (uint64_t)e->height);
    kal__directory_add(d, TIFFTAG_BITSPERSAMPLE, SHORT, (uint64_t)e->channels, bits);
    kal__directory_value(d, TIFFTAG_COMPRESSION, SHORT, (uint64_t)l->form.compression);
    kal__directory_value(d, TIFFTAG_PHOTOMETRIC, SHORT,
                         jpeg && rgb ? PHOTOMETRIC_YCBCR
                         : rgb       ? PHOTOMETRIC_RGB
                                     : PHOTOMETRIC_MINISBLACK);
    if (!l->form.tiled) kal__directory_add(d, TIFFTAG_STRIPOFFSETS, offsets, l->n, places);
    kal__directory_value(d, TIFFTAG_ORIENTATION, SHORT,
                         pic->meta && !pic->meta->applied ? (uint64_t)pic->meta->orientation : 1);
    kal__directory_value(d, TIFFTAG_SAMPLESPERPIXEL, SHORT, (uint64_t)e->channels);
    if (!l->form.tiled) kal__directory_value(d, TIFFTAG_ROWSPERSTRIP, LONG, (uint64_t)l->form.block_h);
    if (!l->form.tiled) kal__directory_add(d, TIFFTAG_STRIPBYTECOUNTS, LONG, l->n, l->sizes);
    kal__directory_add(d, TIFFTAG_XRESOLUTION, RATIONAL, per_inch->x[1] != 0, per_inch->x);
    kal__directory_add(d, TIFFTAG_YRESOLUTION, RATIONAL, per_inch->y[1] != 0, per_inch->y);
    kal__directory_value(d, TIFFTAG_PLANARCONFIG, SHORT, PLANARCONFIG_CONTIG);
    if (per_inch->x[1]) kal__directory_value(d, TIFFTAG_RESOLUTIONUNIT, SHORT, RESUNIT_INCH);
    if (predicted)
        kal__directory_value(d, TIFFTAG_PREDICTOR, SHORT,
                             e->type == KAL_F32 ? PREDICTOR_FLOATINGPOINT : PREDICTOR_HORIZONTAL);
    if (l->form.tiled) kal__directory_value(d, TIFFTAG_TILEWIDTH, LONG, (uint64_t)l->form.block_w);
    if (l->form.tiled) kal__directory_value(d, TIFFTAG_TILELENGTH, LONG, (uint64_t)l->form.block_h);
    if (l->form.tiled) kal__directory_add(d, TIFFTAG_TILEOFFSETS, offsets, l->n, places);
    if (l->form.tiled) kal__directory_add(d, TIFFTAG_TILEBYTECOUNTS, LONG, l->n, l->sizes);
    kal__directory_add(d, TIFFTAG_EXTRASAMPLES, SHORT, extra > 0 ? (uint64_t)extra : 0,
                       e->alpha && extra == 1 ? &straight : extras);
    kal__directory_add(d, TIFFTAG_SAMPLEFORMAT, SHORT, (uint64_t)e->channels, formats);
    if (jpeg && rgb) kal__directory_add(d, TIFFTAG_YCBCRSUBSAMPLING, SHORT, 2, halves);
    if (meta) kal__directory_add(d, TIFFTAG_XMLPACKET, BYTES, pic->meta->xmp.size, pic->meta->xmp.data);
    if (meta) kal__directory_add(d, TIFFTAG_RICHTIFFIPTC, BYTES, pic->meta->iptc.size, pic->meta->iptc.data);
    if (meta) kal__directory_add(d, TIFFTAG_ICCPROFILE, BYTES, pic->meta->icc.size, pic->meta->icc.data);
    if (i) return;
    add_all(&pic->exif.part[KAL__EXIF_MAIN], d);
    add_all(&pic->geo, d);
}

static kal_status put_level(kal__encoder *c, picture *pic, int i, kal_error *err)
{
    level *l = &pic->levels[i];
    const kal_extent *e = &l->form.extent;
    uint16_t bits[KAL_MAX_CHANNELS], formats[KAL_MAX_CHANNELS];
    density per_inch = {{0}, {0}};
    uint32_t *short_offsets = NULL;
    for (int k = 0; k < e->channels; k++) {
        bits[k] = (uint16_t)(kal_type_size(e->type) * 8);
        formats[k] = e->type == KAL_F32 ? SAMPLEFORMAT_IEEEFP : SAMPLEFORMAT_UINT;
    }
    if (!c->big) {
        short_offsets = kal__new(l->n, sizeof *short_offsets);
        if (!short_offsets) return kal_fail(err, KAL_NOMEM, "tiff: out of memory");
        for (uint32_t k = 0; k < l->n; k++) short_offsets[k] = (uint32_t)l->offsets[k];
    }
    if (pic->meta && pic->meta->density[0] > 0 && pic->meta->density[1] > 0) {
        kal__fraction(pic->meta->density[0] / (1 << i) * 0.0254, per_inch.x);
        kal__fraction(pic->meta->density[1] / (1 << i) * 0.0254, per_inch.y);
    }
    kal__directory d = {0};
    kal__text t = {0};
    describe(c, pic, l, i, bits, formats, short_offsets, &per_inch, &d);
    kal__directory_put(&d, c->big, c->writer->written - c->start, i + 1 == pic->n_levels && !pic->next, &t);
    kal__directory_free(&d);
    free(short_offsets);
    kal_status st = t.failed ? kal_fail(err, KAL_NOMEM, "tiff: out of memory")
                             : c->writer->write(c->writer, t.data, t.size, err);
    free(t.data);
    return st;
}

static kal_status put_even(kal__encoder *c, kal_error *err)
{
    static const unsigned char zero[1];
    return (c->writer->written - c->start) & 1 ? c->writer->write(c->writer, zero, 1, err) : KAL_OK;
}

// What pictures' own directories will point at lies before the first of these, which follow each other.
static kal_status put_exif(kal__encoder *c, picture *p, kal_error *err)
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
    for (const picture *p = c->first; p; p = p->next) {
        const kal__meta *m = p->meta;
        if (m)
            n += 2 * (uint64_t)(m->exif.size + m->xmp.size + m->icc.size + m->iptc.size + m->geo.size) + 4096;
        for (int i = 0; i < p->n_levels; i++) n += 16 * (uint64_t)p->levels[i].n + 4096;
    }
    return n;
}

static kal_status put_directories(kal__encoder *c, kal_error *err)
{
    kal_status st = KAL_OK;
    const bool fits = c->writer->written - c->start + directories_bound(c) <= UINT32_MAX;
    if (!fits && !c->big && !c->open) return too_large(err);
    if (c->open) c->big = !fits;
    for (picture *p = c->first; p && !st; p = p->next) st = put_exif(c, p, err);
    if (!st) st = put_even(c, err);
    const uint64_t first = c->writer->written - c->start;
    unsigned char head[16];
    for (picture *p = c->first; p; p = p->next)
        for (int i = 0; i < p->n_levels && !st; i++) st = put_level(c, p, i, err);
    if (st) return st;
    const size_t n = make_head(c->big, first, head);
    return c->writer->patch(c->writer, c->start, head, n, err);
}

kal_status kal__tiff_end(kal__encoder *c, kal_error *err)
{
    const kal_status st = err ? put_directories(c, err) : KAL_OK;
    encoder_free(c);
    return st;
}

#else

static kal_status not_there(kal_error *err)
{
    return kal_fail(err, KAL_UNSUPPORTED, "tiff: this build has no libtiff of 4.5 or later");
}

kal_status kal__tiff_accepts(const kal_extent *e, const void *params, size_t *memory, kal_error *err)
{
    (void)e, (void)params, (void)memory;
    return not_there(err);
}

kal_status kal__tiff_begin(const kal_extent *e, const void *params, const kal__meta *meta, kal__writer *w,
                           kal__encoder **out, kal_error *err)
{
    (void)e, (void)params, (void)meta, (void)w;
    *out = NULL;
    return not_there(err);
}

kal_status kal__tiff_page(kal__encoder *c, const kal_extent *e, const void *params, const kal__meta *meta,
                          kal_error *err)
{
    (void)c, (void)e, (void)params, (void)meta;
    return not_there(err);
}

void kal__tiff_pieces(const kal_extent *e, const void *params, kal__pieces *out)
{
    (void)e, (void)params, (void)out;
}

kal_status kal__tiff_put(kal__encoder *c, const unsigned char *src, ptrdiff_t stride, int32_t n,
                         kal_error *err)
{
    (void)c, (void)src, (void)stride, (void)n;
    return not_there(err);
}

kal_status kal__tiff_pack(const kal__encoder *c, const kal_tile *rows, int32_t y0, kal__piece *out,
                          kal_error *err)
{
    (void)c, (void)rows, (void)y0, (void)out;
    return not_there(err);
}

kal_status kal__tiff_join(kal__encoder *c, const kal__piece *piece, kal_error *err)
{
    (void)c, (void)piece;
    return not_there(err);
}

kal_status kal__tiff_end(kal__encoder *c, kal_error *err)
{
    (void)c, (void)err;
    return KAL_OK;
}

#endif
