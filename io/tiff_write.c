// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Writing TIFF: the blocks of each level as they come, one behind the other, and all directories at the end (tiff_directories.c). Workers pack the blocks of the picture; those of smaller levels are packed when a row of them is full.
#include "tiff_write.h"

#if KAL__TIFF

#include "bytes.h"

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

// ---- the encoder --------------------------------------------------------------------------------

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
        return kal__tiff_too_large(err);
    const int n = count_levels(e, &f, p->pyramid);
    const double blocks = most_bytes(e, &f) / (double)kal__tiff_bound(&f) * kal__tiff_across(&f);
    *memory = sizeof(kal__encoder) + (size_t)(blocks * 12 * 2);
    if (n > 1)   // rows that wait, and blocks at work
        *memory += kal__pyramid_memory(e, n, 1, f.block_h, 0) + run_bytes(&f);
    return KAL_OK;
}

static void picture_free(kal__tiff_picture *p)
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
    for (kal__tiff_picture *p = c->first, *next; p; p = next) {
        next = p->next;
        picture_free(p);
    }
    free(c);
}

static bool level_begin(kal__tiff_written *l, const kal__tiff_form *form, const kal_extent *e)
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

static kal_status put_blocks(kal__encoder *c, kal__tiff_written *l, const kal__piece *p, kal_error *err)
{
    uint64_t at = c->writer->written - c->start;
    const unsigned char *sizes = p->data + p->note[1];
    for (uint64_t i = 0; i < p->note[0]; i++, l->n++) {
        memcpy(&l->sizes[l->n], sizes + 4 * i, 4);
        l->offsets[l->n] = at;
        at += l->sizes[l->n];
    }
    if (!c->big && !c->open && at > UINT32_MAX) return kal__tiff_too_large(err);
    return c->writer->write(c->writer, p->data, (size_t)p->note[1], err);
}

static kal_status take_band(void *user, int i, int32_t band, const unsigned char *rows, int32_t y0,
                            int32_t y1, kal_error *err)
{
    kal__encoder *c = user;
    kal__tiff_written *l = &c->now->levels[i];
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
        return kal__tiff_too_large(err);
    kal__tiff_picture *made = kal__new_zero(1, sizeof *made);
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
    if (!st) st = kal__tiff_put_head(c, err);
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
    const kal__tiff_written *l = &c->now->levels[0];
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

kal_status kal__tiff_end(kal__encoder *c, kal_error *err)
{
    const kal_status st = err ? kal__tiff_put_directories(c, err) : KAL_OK;
    encoder_free(c);
    return st;
}

#endif
