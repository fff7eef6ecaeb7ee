// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Tile trees for viewers that zoom: Deep Zoom, IIIF (static, level 0) and tiles of maps, written in one pass. Tiles of the picture itself are
// packed by workers, a row of them at a time; those of smaller levels as their rows come (pyramid.h). With overlap a row of tiles ends some
// rows below its piece, so it is packed with the next one, which sees so far up:
//
//   piece k    rows k·tile … (k+1)·tile     packs the tiles of row k − 1, the last piece those of row k as well
//
// Rows that come in order give the same files in the same order.
#include "dz.h"

#include "icc.h"

#include <stdlib.h>
#include <string.h>

#define LISTED 144   // bytes that an archive holds of a file until its end, unless names are long
#define PROFILE_BYTES ((size_t)8 << 10)   // that may stand in every tile

struct kal__encoder {
    kal__writer *writer;
    kal__dz_form form;
    kal__meta *meta;   // of tiles
    kal__pyramid pyramid;
    unsigned char *whole[KAL__MOST_LEVELS];   // levels that are wanted in one piece, until they are
};

// ---- what it takes ------------------------------------------------------------------------------

// Of a tile.
static void tile_cost(const kal__dz_form *f, size_t *memory, size_t *result)
{
    const int32_t side = f->tile + 2 * f->overlap;
    const int32_t w = f->padded || f->extent.width > side ? side : f->extent.width;
    const int32_t h = f->padded || f->extent.height > side ? side : f->extent.height;
    kal__dz_cost(f, w, h, memory, result);
}

static size_t row_bytes(const kal_extent *e)
{
    return (size_t)e->width * kal_pixel_size(e);
}

static kal_status dz_accepts(const kal_extent *e, const void *params, size_t *memory, kal_error *err)
{
    kal__dz_form f;
    size_t one, result, tiles = 0;
    const kal_status st = kal__dz_form_of(e, params, &f, err);
    if (st) return st;
    tile_cost(&f, &one, &result);
    *memory = sizeof(kal__encoder) + one + result + kal__pyramid_memory(e, f.n_levels, 1, f.tile, f.overlap);
    const int largest = kal__dz_largest_whole(&f);
    kal_extent x = *e;
    for (int i = 0; i < f.n_levels; i++, x = kal__half_of(&x)) {
        tiles += (size_t)kal__dz_across(&f, &x) * (size_t)((x.height - 1) / f.tile + 1);
        if (largest < 0 || i < largest) continue;
        kal__dz_cost(&f, x.width, x.height, &one, &result);
        *memory += row_bytes(&x) * (size_t)x.height + (i == largest ? one + result : 0);
    }
    *memory += tiles * LISTED;
    return KAL_OK;
}

static void dz_pieces(const kal_extent *e, const void *params, kal__pieces *out)
{
    kal__dz_form f;
    kal_error ignored;
    size_t one, result;
    if (kal__dz_form_of(e, params, &f, &ignored)) return;   // `accepts` says why
    out->in_order = kal__pyramid_memory(e, 1, 0, f.tile, f.overlap);
    if (kal__dz_largest_whole(&f) == 0) return;
    tile_cost(&f, &one, &result);
    const kal_extent half = kal__half_of(e);
    const size_t row = (size_t)kal__dz_across(&f, e) * (result + 4);
    out->rows = f.tile;
    out->above = f.overlap ? f.tile + f.overlap : f.tile % 2;
    out->memory = one + result + (f.overlap ? row : 0);   // the last piece may have two rows of tiles
    out->result = row + (size_t)(f.tile / 2 + f.overlap + 1) * row_bytes(&half);
}

// ---- begin --------------------------------------------------------------------------------------

// Tiles are pixels for a viewer and tell no more of the picture than their colours, where these are not what is taken for granted.
static kal_status tile_meta(const kal__meta *meta, bool strip, kal__meta **out, kal_error *err)
{
    *out = NULL;
    if (strip || !meta || !meta->icc.size || kal__icc_is_srgb(&meta->icc)) return KAL_OK;
    if (meta->icc.size > PROFILE_BYTES)
        return kal_fail(
            err, KAL_INVALID,
            "dz: a profile of %zu bytes is too much for every tile; use icc_transform before saving, "
            "or strip=true",
            meta->icc.size);
    *out = kal__meta_with_icc(NULL, meta->icc.data, meta->icc.size);
    return *out ? KAL_OK : kal_fail(err, KAL_NOMEM, "dz: out of memory");
}

static void encoder_free(kal__encoder *c)
{
    for (int i = 0; i < KAL__MOST_LEVELS; i++) free(c->whole[i]);
    kal__pyramid_end(&c->pyramid);
    kal__meta_unref(&c->meta);
    free(c);
}

static kal_status take_band(void *user, int level, int32_t band, const unsigned char *rows, int32_t y0,
                            int32_t y1, kal_error *err);

static kal_status dz_begin(const kal_extent *e, const void *params, const kal__meta *meta, kal__writer *w,
                           kal__encoder **out, kal_error *err)
{
    const kal__dz_p *p = params;
    kal__encoder *c = *out = kal__new_zero(1, sizeof *c);
    if (!c) return kal_fail(err, KAL_NOMEM, "dz: out of memory");
    c->writer = w;
    kal_status st = kal__dz_form_of(e, p, &c->form, err);
    if (!st) st = tile_meta(meta, p->strip, &c->meta, err);
    c->pyramid =
        (kal__pyramid){.step = c->form.tile, .overlap = c->form.overlap, .take = take_band, .user = c};
    if (!st) st = kal__pyramid_begin(&c->pyramid, e, c->form.n_levels, 1, err);
    if (!st) st = kal__dz_describe(&c->form, p->id, w, err);
    if (st) {
        encoder_free(c);
        *out = NULL;
    }
    return st;
}

// ---- tiles --------------------------------------------------------------------------------------

static kal_status put_tile(kal__encoder *c, int level, int32_t x, int32_t y, const void *data, size_t n,
                           kal_error *err)
{
    char name[KAL__DZ_NAME];
    kal__dz_tile_name(&c->form, level, x, y, name);
    return c->writer->file(c->writer, name, data, n, err);
}

static kal_status put_whole(kal__encoder *c, int level, kal_error *err)
{
    const kal_extent *e = &c->pyramid.levels[level].extent;
    const kal_tile t = {.rect = kal_rect_all(e),
                        .data = c->whole[level],
                        .stride = (ptrdiff_t)row_bytes(e),
                        .ring = e->height,
                        .pixel = (int32_t)kal_pixel_size(e)};
    unsigned char *data;
    char name[KAL__DZ_NAME];
    size_t n;
    kal_status st = kal__dz_encode(&c->form, c->meta, &t, 0, e->width, false, &data, &n, err);
    for (int i = 0; !st && kal__dz_whole_name(&c->form, level, i, name); i++)
        st = c->writer->file(c->writer, name, data, n, err);
    free(data);
    free(c->whole[level]);
    c->whole[level] = NULL;
    return st;
}

static kal_status keep_whole(kal__encoder *c, int level, const unsigned char *rows, int32_t y0, int32_t y1,
                             kal_error *err)
{
    const kal_extent *e = &c->pyramid.levels[level].extent;
    const size_t row = row_bytes(e);
    if (!y0) c->whole[level] = kal__new((size_t)e->height, row);
    if (!c->whole[level]) return kal_fail(err, KAL_NOMEM, "dz: out of memory");
    memcpy(c->whole[level] + (size_t)y0 * row, rows, (size_t)(y1 - y0) * row);
    return y1 < e->height ? KAL_OK : put_whole(c, level, err);
}

static kal_status take_band(void *user, int level, int32_t band, const unsigned char *rows, int32_t y0,
                            int32_t y1, kal_error *err)
{
    kal__encoder *c = user;
    const kal_extent *e = &c->pyramid.levels[level].extent;
    const kal_tile t = {.rect = kal_rect_of(0, y0, e->width, y1),
                        .data = (unsigned char *)(uintptr_t)rows,
                        .stride = (ptrdiff_t)row_bytes(e),
                        .ring = y1 - y0,
                        .pixel = (int32_t)kal_pixel_size(e)};
    kal_status st = KAL_OK;
    for (int32_t x = 0; x < kal__dz_across(&c->form, e) && !st; x++) {
        unsigned char *data;
        size_t n;
        int32_t x0, x1;
        if (kal__dz_tile_is_there(&c->form, level, x, band)) continue;
        kal__dz_columns(&c->form, e, x, &x0, &x1);
        st = kal__dz_encode(&c->form, c->meta, &t, x0, x1, c->form.padded, &data, &n, err);
        if (!st) st = put_tile(c, level, x, band, data, n, err);
        free(data);
    }
    if (!st && e->width <= c->form.whole && e->height <= c->form.whole)
        st = keep_whole(c, level, rows, y0, y1, err);
    return st;
}

static kal_status dz_put(kal__encoder *c, const unsigned char *src, ptrdiff_t stride, int32_t n,
                         kal_error *err)
{
    return kal__pyramid_put(&c->pyramid, 0, src, stride, n, err);
}

// ---- pieces -------------------------------------------------------------------------------------

// A row of tiles: of each its size in 32 bits, and itself.
static kal_status pack_tiles(const kal__encoder *c, const kal_tile *rows, int32_t band, kal__text *to,
                             kal_error *err)
{
    const kal__dz_form *f = &c->form;
    kal_tile t = *rows;
    kal__band_rows(&f->extent, f->tile, f->overlap, band, &t.rect.y0, &t.rect.y1);
    t.row0 = (rows->row0 + (t.rect.y0 - rows->rect.y0)) % rows->ring;
    kal_status st = KAL_OK;
    for (int32_t x = 0; x < kal__dz_across(f, &f->extent) && !st; x++) {
        unsigned char *data;
        size_t n;
        int32_t x0, x1;
        kal__dz_columns(f, &f->extent, x, &x0, &x1);
        st = kal__dz_encode(f, c->meta, &t, x0, x1, f->padded, &data, &n, err);
        const uint32_t size = st ? 0 : (uint32_t)n;
        kal__put(to, &size, sizeof size);
        if (size) kal__put(to, data, size);
        free(data);
    }
    return st;
}

// What is halved once a row of tiles was written.
static void pack_half(const kal__encoder *c, const kal_tile *rows, int32_t band, kal__text *to,
                      unsigned char *half)
{
    const kal__dz_form *f = &c->form;
    const kal_extent *e = &f->extent;
    const int32_t end = kal__band_halved(e, f->tile, f->overlap, band);
    for (int32_t y = kal__band_halved(e, f->tile, f->overlap, band - 1); y < end; y += 2) {
        kal__halve(e, kal_row(rows, y), kal_row(rows, y + 1 < e->height ? y + 1 : y), half);
        kal__put(to, half, row_bytes(&c->pyramid.levels[1].extent));
    }
}

// note: the first row of tiles in it, and the one behind the last.
static kal_status dz_pack(const kal__encoder *c, const kal_tile *rows, int32_t y0, kal__piece *out,
                          kal_error *err)
{
    const kal__dz_form *f = &c->form;
    const bool halves = c->pyramid.n > 1, later = f->overlap > 0;
    const int32_t k = y0 / f->tile, first = later && k ? k - 1 : k;
    const int32_t end = later && rows->rect.y1 < f->extent.height ? k : k + 1;
    unsigned char *half = halves ? kal__new(row_bytes(&c->pyramid.levels[1].extent), 1) : NULL;
    if (halves && !half) return kal_fail(err, KAL_NOMEM, "dz: out of memory");
    kal__text t = {0};
    kal_status st = KAL_OK;
    for (int32_t j = first; j < end && !st; j++) {
        st = pack_tiles(c, rows, j, &t, err);
        if (!st && halves) pack_half(c, rows, j, &t, half);
    }
    if (!st && t.failed) st = kal_fail(err, KAL_NOMEM, "dz: out of memory");
    free(half);
    *out = (kal__piece){.data = (unsigned char *)t.data,
                        .size = t.size,
                        .note = {(uint64_t)first, (uint64_t)(end > first ? end : first)}};
    return st;
}

static kal_status dz_join(kal__encoder *c, const kal__piece *p, kal_error *err)
{
    const kal__dz_form *f = &c->form;
    const kal_extent *e = &f->extent;
    const unsigned char *at = p->data;
    kal_status st = KAL_OK;
    for (int32_t j = (int32_t)p->note[0]; j < (int32_t)p->note[1] && !st; j++) {
        for (int32_t x = 0; x < kal__dz_across(f, e) && !st; x++) {
            uint32_t size;
            memcpy(&size, at, sizeof size);
            st = put_tile(c, 0, x, j, at + sizeof size, size, err);
            at += sizeof size + size;
        }
        if (st || c->pyramid.n == 1) continue;
        const int32_t y = kal__band_halved(e, f->tile, f->overlap, j - 1);
        const int32_t n = (kal__band_halved(e, f->tile, f->overlap, j) - y + 1) / 2;
        const size_t row = row_bytes(&c->pyramid.levels[1].extent);
        st = kal__pyramid_put(&c->pyramid, 1, at, (ptrdiff_t)row, n, err);
        at += (size_t)n * row;
    }
    return st;
}

static kal_status dz_end(kal__encoder *c, kal_error *err)
{
    (void)err;
    encoder_free(c);
    return KAL_OK;
}

// ---- the record ---------------------------------------------------------------------------------

static bool dz_sniff(const unsigned char *head, size_t n)
{
    (void)head, (void)n;
    return false;   // it is many files
}

static const char *dz_version(void)
{
    return "kallitype 1";
}

static const kal__codec *dz_within(const void *params)
{
    return kal__codec_named(((const kal__dz_p *)params)->suffix);
}

#define PARAMS kal__dz_p
static const kal_param params[] = {KAL__DZ_PARAMS(KAL_SCHEMA)};
#undef PARAMS

const kal__codec kal__codec_dz = {
    .name = "dz",
    .suffixes = "dzi|szi|zip|iiif",
    .help = "tile trees for viewers that zoom: Deep Zoom, IIIF (level 0), map tiles; as files, or as a ZIP "
            "archive",
    .version = dz_version,
    .sniff = dz_sniff,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .params_size = sizeof(kal__dz_p),
    .edition = "1",
    .tree = true,
    .within = dz_within,
    .accepts = dz_accepts,
    .carries = 1u << KAL__ICC,
    .begin = dz_begin,
    .put = dz_put,
    .pieces = dz_pieces,
    .pack = dz_pack,
    .join = dz_join,
    .end = dz_end,
};
