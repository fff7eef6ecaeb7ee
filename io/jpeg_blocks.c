// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Carrying over by coefficients: all of a file's blocks in memory, for what cannot be copied bit by bit. That are files of several scans, those
// whose Huffman tables lack a code that new blocks may need, arithmetic coding, and pictures that are cropped or turned.
//
// A DCT turns as its block does. With f(u, v) the coefficient of frequency u across and v down, mirroring across takes f(u, v) to
// (-1)^u f(u, v), mirroring down to (-1)^v f(u, v), and swapping the axes to f(v, u). So a block of the turned picture is one block of the
// stored one, as long as the picture begins where blocks do: on the side that becomes its left, and on that which becomes its top.
#include "jpeg_retouch.h"

#include <stdlib.h>
#include <string.h>

// Where the coefficients that come one after another in a scan lie in a block (T.81, figure A.6).
static const uint8_t natural[DCTSIZE2] = {0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,
                                          12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6,  7,  14, 21, 28,
                                          35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
                                          58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

// How a component lies in a file: blocks in an MCU, and in the picture.
typedef struct shape {
    int32_t h, v, wide, high;
} shape;

typedef struct blocks {
    kal__jpeg_carrier base;
    kal__jpeg_in *in;
    kal__jpeg_out *out;
    const kal__retouch *how;
    const kal__meta *meta;
    kal__blob exif;   // the caller's goes before the file is written
    const kal_extent *extent;
    jvirt_barray_ptr *old, fresh[MAX_COMPONENTS];   // by component; the new file's may be the old ones
    shape shapes[MAX_COMPONENTS];                   // of the new file's
    bool moves;
    kal__jpeg_bits strip;
} blocks;

size_t kal__jpeg_blocks_memory(const struct jpeg_decompress_struct *j)
{
    size_t bytes = 0;
    for (int c = 0; c < j->num_components; c++) {
        const jpeg_component_info *x = &j->comp_info[c];
        const size_t wide = (size_t)j->image_width * (size_t)x->h_samp_factor / (size_t)j->max_h_samp_factor;
        const size_t high = (size_t)j->image_height * (size_t)x->v_samp_factor / (size_t)j->max_v_samp_factor;
        bytes += (wide / DCTSIZE + 1 + (size_t)x->h_samp_factor) *
                 (high / DCTSIZE + 1 + (size_t)x->v_samp_factor) * sizeof(JBLOCK);
    }
    return bytes;
}

// ---- turning ------------------------------------------------------------------------------------

// How a component's blocks lie in the new file, along one axis of it: block b is `first` + b of the stored ones, or `first` - b.
typedef struct axis {
    int32_t first, n;
    bool mirror;
} axis;

static int32_t stored_at(axis a, int32_t b)
{
    const int32_t i = a.mirror ? a.first - b : a.first + b;
    return i < 0 ? 0 : i >= a.n ? a.n - 1 : i;   // what fills up the last MCU
}

static axis axis_of(int32_t from, int32_t to, int32_t cell, int32_t samp, JDIMENSION stored, bool mirror)
{
    const int32_t first = mirror ? to / cell * samp - 1 : from / cell * samp;
    return (axis){first, (int32_t)stored, mirror};
}

static void turn_block(const kal__retouch *how, const JCOEF *from, JCOEF *to)
{
    for (int v = 0; v < DCTSIZE; v++)
        for (int u = 0; u < DCTSIZE; u++) {
            const int odd = ((how->mirror_x ? u : 0) ^ (how->mirror_y ? v : 0)) & 1;
            const JCOEF f = from[how->swap ? u * DCTSIZE + v : v * DCTSIZE + u];
            to[v * DCTSIZE + u] = (JCOEF)(odd ? -f : f);
        }
}

static JBLOCKARRAY rows_of(blocks *b, jvirt_barray_ptr array, JDIMENSION row, boolean write)
{
    return b->in->jpeg.mem->access_virt_barray((j_common_ptr)&b->in->jpeg, array, row, 1, write);
}

// Whether the picture begins at whole cells on the side that is drawn first.
static kal_status check_side(const blocks *b, const char *side, int32_t from, int32_t to, int32_t cell,
                             bool mirror, kal_error *err)
{
    const int32_t edge = mirror ? to : from;
    if (edge % cell == 0) return KAL_OK;
    return kal_fail(
        err, KAL_INVALID,
        "%s: jpeg: lossless_outside: this file is coded in blocks of %d pixels %s, and the picture%s "
        "would begin within one, at %d; crop to a multiple of %d",
        b->in->reader->name, cell, side, mirror ? ", which is turned," : "", edge, cell);
}

static kal_status check_sides(const blocks *b, kal_error *err)
{
    const kal__retouch *h = b->how;
    int32_t cell[2];
    kal__jpeg_cell(&b->in->jpeg, cell);
    const bool across = h->swap ? h->mirror_y : h->mirror_x, down = h->swap ? h->mirror_x : h->mirror_y;
    const kal_status st = check_side(b, "across", h->part.x0, h->part.x1, cell[0], across, err);
    return st ? st : check_side(b, "down", h->part.y0, h->part.y1, cell[1], down, err);
}

static void turn_component(blocks *b, int c)
{
    const struct jpeg_decompress_struct *j = &b->in->jpeg;
    const jpeg_component_info *from = &j->comp_info[c];
    const shape *to = &b->shapes[c];
    const kal__retouch *h = b->how;
    const bool single = j->num_components == 1;
    const int32_t hs = single ? 1 : from->h_samp_factor, vs = single ? 1 : from->v_samp_factor;
    int32_t cell[2];
    kal__jpeg_cell(j, cell);
    const axis across = axis_of(h->part.x0, h->part.x1, cell[0], hs, from->width_in_blocks,
                                h->swap ? h->mirror_y : h->mirror_x);
    const axis down = axis_of(h->part.y0, h->part.y1, cell[1], vs, from->height_in_blocks,
                              h->swap ? h->mirror_x : h->mirror_y);
    for (JDIMENSION y = 0; y < (JDIMENSION)to->high; y++) {
        JBLOCKROW row = rows_of(b, b->fresh[c], y, TRUE)[0];
        for (JDIMENSION x = 0; x < (JDIMENSION)to->wide; x++) {
            const int32_t u = stored_at(across, (int32_t)(h->swap ? y : x));
            const int32_t v = stored_at(down, (int32_t)(h->swap ? x : y));
            turn_block(h, rows_of(b, b->old[c], (JDIMENSION)v, FALSE)[0][u], row[x]);
        }
    }
}

// ---- reading ------------------------------------------------------------------------------------

static int32_t blocks_of(int32_t pixels, int32_t samp, int32_t max)
{
    return (int32_t)(((int64_t)pixels * samp + (int64_t)max * DCTSIZE - 1) / ((int64_t)max * DCTSIZE));
}

static JDIMENSION to_multiple(int32_t n, int32_t by)
{
    return (JDIMENSION)((n + by - 1) / by * by);
}

static void find_shapes(blocks *b)
{
    const struct jpeg_decompress_struct *j = &b->in->jpeg;
    const bool single = j->num_components == 1, swap = b->how->swap;
    const int32_t h = single ? 1 : swap ? j->max_v_samp_factor : j->max_h_samp_factor;
    const int32_t v = single ? 1 : swap ? j->max_h_samp_factor : j->max_v_samp_factor;
    for (int c = 0; c < j->num_components; c++) {
        const jpeg_component_info *x = &j->comp_info[c];
        shape *s = &b->shapes[c];
        s->h = single ? 1 : swap ? x->v_samp_factor : x->h_samp_factor;
        s->v = single ? 1 : swap ? x->h_samp_factor : x->v_samp_factor;
        s->wide = blocks_of(b->extent->width, s->h, h);
        s->high = blocks_of(b->extent->height, s->v, v);
    }
}

static kal_status read_all(blocks *b)
{
    struct jpeg_decompress_struct *j = &b->in->jpeg;
    if (setjmp(b->in->fail.where)) return b->in->fail.status;
    for (int c = 0; b->moves && c < j->num_components; c++) {
        const shape *s = &b->shapes[c];
        b->fresh[c] =
            j->mem->request_virt_barray((j_common_ptr)j, JPOOL_IMAGE, TRUE, to_multiple(s->wide, s->h),
                                        to_multiple(s->high, s->v), (JDIMENSION)s->v);
    }
    b->old = jpeg_read_coefficients(j);
    return KAL_OK;
}

// A file may define a table anew between two scans, and each component has the one that there was at its first. The new file has each of
// them in a place of its own.
static kal_status settle_quantisers(blocks *b, kal_error *err)
{
    struct jpeg_decompress_struct *j = &b->in->jpeg;
    JQUANT_TBL *tables[NUM_QUANT_TBLS] = {NULL};
    for (int c = 0; c < j->num_components; c++) {
        JQUANT_TBL *t = j->comp_info[c].quant_table;
        if (!t)
            return kal_fail(err, KAL_CORRUPT, "%s: jpeg: there is no scan of component %d",
                            b->in->reader->name, c + 1);
        const kal_status st = kal__jpeg_check_quantisers(t, b->in->reader->name, err);
        if (st) return st;
        int k = 0;   // at most as many tables as components, of which there are no more than places
        while (k < NUM_QUANT_TBLS && tables[k] &&
               memcmp(tables[k]->quantval, t->quantval, sizeof t->quantval) != 0)
            k++;
        if (k == NUM_QUANT_TBLS)
            return kal_fail(err, KAL_UNSUPPORTED, "%s: jpeg: too many quantisers", b->in->reader->name);
        if (!tables[k]) tables[k] = t;
        j->comp_info[c].quant_tbl_no = k;
    }
    memcpy(j->quant_tbl_ptrs, tables, sizeof tables);
    return KAL_OK;
}

static kal_status set_up(blocks *b)
{
    struct jpeg_compress_struct *j = &b->out->jpeg;
    const struct jpeg_decompress_struct *old = &b->in->jpeg;
    if (setjmp(b->out->fail.where)) return b->out->fail.status;
    kal__jpeg_like(j, old, b->how, b->extent);
    j->optimize_coding = TRUE;
    if (old->progressive_mode) jpeg_simple_progression(j);
    if (b->meta) kal__jpeg_set_density(j, b->meta);
    return KAL_OK;
}

static kal_status turn_all(blocks *b)
{
    if (setjmp(b->in->fail.where)) return b->in->fail.status;
    for (int c = 0; c < b->in->jpeg.num_components; c++) {
        if (b->moves)
            turn_component(b, c);
        else
            b->fresh[c] = b->old[c];
    }
    return KAL_OK;
}

static kal_status blocks_ahead(kal__jpeg_carrier *base, int32_t row, kal_error *err)
{
    blocks *b = (blocks *)base;
    (void)row;
    b->in->fail.err = b->out->fail.err = err;
    b->in->stop = &base->stop;
    kal_status st = read_all(b);
    if (!st) st = settle_quantisers(b, err);
    if (!st) st = set_up(b);
    return st ? st : turn_all(b);
}

// ---- new blocks ---------------------------------------------------------------------------------

static void store(const int16_t zigzag[64], int32_t dc, JCOEF *to)
{
    for (int k = 0; k < DCTSIZE2; k++) to[natural[k]] = zigzag[k];
    to[0] = (JCOEF)dc;
}

static JCOEF *place_of(blocks *b, int c, int32_t row, int32_t cell, int32_t i)
{
    const shape *x = &b->shapes[c];
    const JDIMENSION y = (JDIMENSION)(row * x->v + i / x->h);
    const JDIMENSION u = (JDIMENSION)(cell * x->h + i % x->h);
    return rows_of(b, b->fresh[c], y, TRUE)[0][u];
}

static kal_status store_mcu(blocks *b, const kal__jpeg_strip *s, int32_t cell, int32_t dc[4], kal_error *err)
{
    int16_t block[64];
    int32_t within[4] = {0, 0, 0, 0};
    for (int32_t i = 0; i < s->mcu->n; i++) {
        const int c = s->mcu->component[i];
        if (!kal__jpeg_read_block(&b->strip, s->mcu->dc[c], s->mcu->ac[c], block))
            return kal__jpeg_strip_bad(err);
        dc[c] += block[0];
        store(block, dc[c], place_of(b, c, s->row, cell, within[c]++));
    }
    return KAL_OK;
}

static kal_status store_strip(blocks *b, const kal__jpeg_strip *s, kal_error *err)
{
    int32_t dc[4] = {0, 0, 0, 0};
    kal__jpeg_strip_read(s, &b->strip);
    for (int32_t i = s->from; i < s->to; i++) {
        uint64_t keep = b->strip.at;
        kal_status st = kal__jpeg_bits_fill(&b->strip, &keep, "jpeg", err);
        if (!st && s->fresh[i]) st = store_mcu(b, s, i, dc, err);
        if (st) return st;
        if (!s->fresh[i] && !kal__jpeg_pass(&b->strip, s->mcu, dc)) return kal__jpeg_strip_bad(err);
    }
    return KAL_OK;
}

static kal_status blocks_strip(kal__jpeg_carrier *base, const kal__jpeg_strip *s, kal_error *err)
{
    blocks *b = (blocks *)base;
    b->in->fail.err = err;
    return setjmp(b->in->fail.where) ? b->in->fail.status : store_strip(b, s, err);
}

// ---- end ----------------------------------------------------------------------------------------

static kal_status write_all(blocks *b)
{
    struct jpeg_compress_struct *j = &b->out->jpeg;
    if (setjmp(b->out->fail.where)) return b->out->fail.status;
    jpeg_write_coefficients(j, b->fresh);
    if (b->meta) kal__jpeg_put_meta(j, b->meta, &b->exif);
    jpeg_finish_compress(j);
    return KAL_OK;
}

static kal_status finish_reading(blocks *b)
{
    if (setjmp(b->in->fail.where)) return b->in->fail.status;
    jpeg_finish_decompress(&b->in->jpeg);
    return KAL_OK;
}

static kal_status blocks_end(kal__jpeg_carrier *base, kal_error *err)
{
    blocks *b = (blocks *)base;
    kal_status st = KAL_OK;
    if (err) {
        b->in->fail.err = b->out->fail.err = err;
        st = write_all(b);
        if (!st) st = finish_reading(b);
    }
    free(b->exif.data);
    free(b);
    return st;
}

kal_status kal__jpeg_blocks_begin(const kal__jpeg_pair *pair, kal__jpeg_carrier **out, kal_error *err)
{
    const kal__retouch *h = pair->how;
    blocks *b = kal__new_zero(1, sizeof *b);
    if (!b) return kal_fail(err, KAL_NOMEM, "jpeg: out of memory");
    *b = (blocks){.base = {.ahead = blocks_ahead, .strip = blocks_strip, .end = blocks_end},
                  .in = pair->in,
                  .out = pair->out,
                  .how = h,
                  .meta = pair->meta};
    *out = &b->base;
    b->moves = kal__jpeg_moves(&b->in->jpeg, h);
    if (pair->exif && pair->exif->size && !kal__blob_set(&b->exif, pair->exif->data, pair->exif->size))
        return kal_fail(err, KAL_NOMEM, "jpeg: out of memory");
    b->extent = pair->extent;
    find_shapes(b);
    return check_sides(b, err);
}
