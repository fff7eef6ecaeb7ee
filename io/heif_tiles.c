// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Pictures that a HEIF file puts together from tiles (ISO 23008-12, 6.6.2.3: grid), as telephones write them: where each tile lies and how the whole is turned
// (6.5.10 and 6.5.12: irot, imir). Only what is ordinary: HEVC tiles of one size without alpha and without turns of their own, one run of bytes each. Of
// everything else libheif makes the picture.
#include "heif_tiles.h"

#include "mem.h"

#include <stdlib.h>

#if KAL__HEIF

// Each tile is looked for in lists that the file has as long as it likes: so many looks at most, some 50 ms, which a picture of hundreds of tiles does not need.
enum { MOST_PROPERTIES = 8, MOST_LOOKS = 30000000 };

static bool is_quick(const kal__heif_file *f, uint64_t tiles)
{
    const unsigned char *type;
    kal__span boxes = f->ipco, body;
    uint64_t n = 0;
    while (kal__next_box(&boxes, &type, &body)) n++;
    return tiles * (f->infes.n / 16 + f->ipma.n / 3 + f->iloc.n / 6 + 2 * MOST_PROPERTIES * n) <= MOST_LOOKS;
}

// ---- a tile -------------------------------------------------------------------------------------

// What the tile's own box of colours says; of several libheif takes the last.
static bool take_colours(kal__span b, kal__heif_tile *t)
{
    uint64_t v[4];
    if (b.n < 4) return false;
    if (memcmp(b.p, "nclx", 4)) return true;   // a profile
    float ours[4];
    if (!kal__skip(&b, 4)) return false;
    for (int i = 0; i < 4; i++)
        if (!kal__take_be(&b, i < 3 ? 2 : 1, &v[i])) return false;
    t->matrix = (int)v[2];
    t->full = v[3] >> 7;
    t->coloured = true;
    return t->matrix == 0 || kal__heif_matrix(t->matrix, ours);
}

// hvcC: 4:2:0, 4:2:2 or 4:4:4, as many bits of chroma as of luma, and lengths of four bytes.
static bool take_config(kal__span b, kal__heif_tile *t)
{
    t->config = b;
    return b.n >= 23 && b.p[0] == 1 && (b.p[16] & 3) && (b.p[17] & 7) == (b.p[18] & 7) && (b.p[21] & 3) == 3;
}

static bool take_tile(const kal__heif_file *f, uint64_t id, kal__heif_picture *p, kal__heif_tile *t)
{
    static const char turns[][5] = {"irot", "imir", "clap"};
    const unsigned char *type;
    kal__heif_item item;
    kal__span numbers, body;
    size_t width;
    if (!kal__heif_item_of(f, id, &item) || memcmp(item.type, "hvc1", 4) ||
        !kal__heif_properties(f, id, &numbers, &width) || numbers.n > MOST_PROPERTIES * width ||
        !kal__heif_look_at(f, id, p) || !kal__heif_locate(f, id, &t->data) || t->data.held)
        return false;
    while (kal__heif_next_property(f, &numbers, width, &type, &body)) {
        for (size_t i = 0; i < sizeof turns / sizeof *turns; i++)
            if (!memcmp(type, turns[i], 4)) return false;
        if (!memcmp(type, "hvcC", 4) && !take_config(body, t)) return false;
        if (!memcmp(type, "colr", 4) && !take_colours(body, t)) return false;
    }
    return t->config.n > 0;
}

// ---- how the whole lies -------------------------------------------------------------------------

// The picture after one more step, by which its pixel x y is that at u v of the picture before: u = at + x·across + y·down.
static void step(kal__heif_lie *l, int width, int height, const int u[3], const int v[3])
{
    const kal__heif_lie was = *l;
    for (int i = 0; i < 3; i++) {
        l->u[i] = was.u[1] * u[i] + was.u[2] * v[i] + (i ? 0 : was.u[0]);
        l->v[i] = was.v[1] * u[i] + was.v[2] * v[i] + (i ? 0 : was.v[0]);
    }
    l->width = width;
    l->height = height;
}

static void turn(kal__heif_lie *l, int quarters)
{
    const int w = l->width, h = l->height;
    if (quarters == 1) step(l, h, w, (int[]){w - 1, 0, -1}, (int[]){0, 1, 0});   // to the left
    if (quarters == 2) step(l, w, h, (int[]){w - 1, -1, 0}, (int[]){h - 1, 0, -1});
    if (quarters == 3) step(l, h, w, (int[]){0, 0, 1}, (int[]){h - 1, -1, 0});
}

static void mirror(kal__heif_lie *l, bool sideways)
{
    const int w = l->width, h = l->height;
    if (sideways)
        step(l, w, h, (int[]){w - 1, -1, 0}, (int[]){0, 0, 1});
    else
        step(l, w, h, (int[]){0, 1, 0}, (int[]){h - 1, 0, -1});
}

// In the order in which they are said, as libheif goes.
static bool take_turns(const kal__heif_file *f, kal__heif_tiled *out)
{
    const unsigned char *type;
    kal__span numbers, body;
    size_t width;
    out->lie = (kal__heif_lie){out->width, out->height, {0, 1, 0}, {0, 0, 1}};
    if (!kal__heif_properties(f, f->primary, &numbers, &width)) return false;
    while (kal__heif_next_property(f, &numbers, width, &type, &body)) {
        if (!memcmp(type, "clap", 4)) return false;
        if (!memcmp(type, "pixi",
                    4)) {   // one that tells another depth is an error, which is libheif's to tell
            if (body.n < 6 || !body.p[4]) return false;
            for (int i = 0; i < body.p[4]; i++)
                if (5 + (size_t)i >= body.n || body.p[5 + i] != out->bits) return false;
        }
        if (!memcmp(type, "irot", 4) && body.n) turn(&out->lie, body.p[0] & 3);
        if (!memcmp(type, "imir", 4) && (!body.n || out->bits > 8))
            return false;   // libheif mirrors bytes alone
        if (!memcmp(type, "imir", 4)) mirror(&out->lie, body.p[0] & 1);
    }
    return true;
}

// ---- all of it ----------------------------------------------------------------------------------

// The grid's own bytes: version, flags, rows and columns less one, and the size of the whole.
static bool take_grid(const kal__heif_file *f, kal__heif_tiled *out)
{
    kal__heif_block b;
    uint64_t flags, rows, columns, w, h;
    if (!kal__heif_locate(f, f->primary, &b) || !b.held) return false;
    kal__span at = {b.held, (size_t)b.n};
    if (!kal__take_be(&at, 2, &flags) || flags > 1 || !kal__take_be(&at, 1, &rows) ||
        !kal__take_be(&at, 1, &columns) || !kal__take_be(&at, flags ? 4 : 2, &w) ||
        !kal__take_be(&at, flags ? 4 : 2, &h) || w < 1 || h < 1 || w > KAL_MAX_SIDE || h > KAL_MAX_SIDE)
        return false;
    out->columns = (int)columns + 1;
    out->rows = (int)rows + 1;
    out->width = (int)w;
    out->height = (int)h;
    return true;
}

// All of one kind, and the picture ends within the last column and row.
static bool take_tiles(const kal__heif_file *f, kal__heif_tiled *out)
{
    const int n = out->columns * out->rows;
    kal__heif_reference r;
    kal__heif_picture first = {0}, p;
    if (n < 2 || !is_quick(f, (uint64_t)n) || !kal__heif_refers(f, "dimg", f->primary, &r) ||
        r.n != (uint64_t)n)
        return false;
    out->tiles = kal__new_zero((size_t)n, sizeof *out->tiles);
    uint64_t id = r.to;
    for (int i = 0; i < n; i++) {
        if (!out->tiles || (i && !kal__take_be(&r.others, r.width, &id)) ||
            !take_tile(f, id, &p, &out->tiles[i]))
            return false;
        if (!i) first = p;
        if (p.width != first.width || p.height != first.height || p.bits != first.bits) return false;
    }
    out->tile_w = (int)first.width;
    out->tile_h = (int)first.height;
    out->bits = (int)first.bits;
    out->chroma = out->tiles[0].config.p[16] & 3;
    for (int i = 0; i < n; i++)
        if (out->tiles[i].data.n > out->most_bytes) out->most_bytes = out->tiles[i].data.n;
    return (uint64_t)out->width <= first.width * (uint64_t)out->columns &&
           (uint64_t)out->height <= first.height * (uint64_t)out->rows &&
           (uint64_t)out->width > first.width * (uint64_t)(out->columns - 1) &&
           (uint64_t)out->height > first.height * (uint64_t)(out->rows - 1);
}

bool kal__heif_tiled_of(const unsigned char *p, size_t n, uint64_t size, kal__heif_tiled *out)
{
    kal__heif_file f = {.size = size};
    kal__heif_item item;
    kal__heif_head head;
    *out = (kal__heif_tiled){0};
    if (kal__heif_tiles(p, n) > 1 && kal__heif_head_of(p, n, size, &head) && !head.alpha &&
        kal__heif_find_parts((kal__span){p, n}, &f) && kal__heif_item_of(&f, f.primary, &item) &&
        !memcmp(item.type, "grid", 4) && take_grid(&f, out) && take_tiles(&f, out) &&
        out->bits == head.bits && take_turns(&f, out) && out->lie.width == head.width &&
        out->lie.height == head.height)
        return true;
    kal__heif_tiled_free(out);
    return false;
}

void kal__heif_tiled_free(kal__heif_tiled *t)
{
    free(t->tiles);
    *t = (kal__heif_tiled){0};
}

#endif
