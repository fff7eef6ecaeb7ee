// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// How tiles are called, and what tells viewers of them.
//
//   deepzoom   out.dzi, out_files/LEVEL/X_Y.jpg, level 0 is one pixel
//   iiif       info.json, X,Y,W,H/w,h/0/default.jpg: a region of the whole picture, and the size it has in the tile; also full/w,h and full/max
//   iiif2      the same, with w, for the size and full/full
//   google     tiles.json, Z/Y/X.jpg, level 0 is one tile
#include "dz.h"

#include "utf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static kal_extent extent_of(const kal__dz_form *f, int level)
{
    kal_extent x = f->extent;
    for (int i = 0; i < level; i++) x = kal__half_of(&x);
    return x;
}

// ---- names --------------------------------------------------------------------------------------

static void region_name(const kal__dz_form *f, int level, int32_t x, int32_t y, char *name)
{
    const kal_extent e = extent_of(f, level);
    const int64_t side = (int64_t)f->tile << level, x0 = x * side, y0 = y * side;
    const int64_t w = side < f->extent.width - x0 ? side : f->extent.width - x0;
    const int64_t h = side < f->extent.height - y0 ? side : f->extent.height - y0;
    const int32_t left = e.width - x * f->tile, below = e.height - y * f->tile;
    char height[16] = "";
    if (f->layout == KAL__IIIF) snprintf(height, sizeof height, "%d", below < f->tile ? below : f->tile);
    snprintf(name, KAL__DZ_NAME, "%lld,%lld,%lld,%lld/%d,%s/0/default.%s", (long long)x0, (long long)y0,
             (long long)w, (long long)h, left < f->tile ? left : f->tile, height, f->suffix);
}

void kal__dz_tile_name(const kal__dz_form *f, int level, int32_t x, int32_t y, char name[KAL__DZ_NAME])
{
    const int up = f->n_levels - 1 - level;
    if (f->layout == KAL__DEEPZOOM)
        snprintf(name, KAL__DZ_NAME, "%d/%d_%d.%s", up, x, y, f->suffix);
    else if (f->layout == KAL__GOOGLE)
        snprintf(name, KAL__DZ_NAME, "%d/%d/%d.%s", up, y, x, f->suffix);
    else
        region_name(f, level, x, y, name);
}

bool kal__dz_tile_is_there(const kal__dz_form *f, int level, int32_t x, int32_t y)
{
    char name[KAL__DZ_NAME], larger[KAL__DZ_NAME];
    if (!level || !f->whole) return false;
    kal__dz_tile_name(f, level, x, y, name);
    kal__dz_tile_name(f, level - 1, 2 * x, 2 * y, larger);
    return !strcmp(name, larger);
}

// In IIIF 2 a size is said by its width alone.
static bool whole_is_there(const kal__dz_form *f, int level)
{
    return f->layout == KAL__IIIF2 && level > kal__dz_largest_whole(f) &&
           extent_of(f, level).width == extent_of(f, level - 1).width;
}

bool kal__dz_whole_name(const kal__dz_form *f, int level, int i, char name[KAL__DZ_NAME])
{
    const kal_extent e = extent_of(f, level);
    const bool two = f->layout == KAL__IIIF2, largest = level == kal__dz_largest_whole(f);
    if (i == 0 && two) snprintf(name, KAL__DZ_NAME, "full/%d,/0/default.%s", e.width, f->suffix);
    if (i == 0 && !two) snprintf(name, KAL__DZ_NAME, "full/%d,%d/0/default.%s", e.width, e.height, f->suffix);
    if (i == 1) snprintf(name, KAL__DZ_NAME, "full/max/0/default.%s", f->suffix);
    if (i == 2) snprintf(name, KAL__DZ_NAME, "full/full/0/default.%s", f->suffix);
    return !whole_is_there(f, level) && (i == 0 || (i == 1 && largest) || (i == 2 && two && !level));
}

// ---- what tells of the whole --------------------------------------------------------------------

static void put_dzi(const kal__dz_form *f, kal__text *t)
{
    kal__putf(t,
              "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
              "<Image xmlns=\"http://schemas.microsoft.com/deepzoom/2008\" Format=\"%s\" Overlap=\"%d\" "
              "TileSize=\"%d\">\n"
              "  <Size Width=\"%d\" Height=\"%d\"/>\n"
              "</Image>\n",
              f->suffix, f->overlap, f->tile, f->extent.width, f->extent.height);
}

static void put_sizes(const kal__dz_form *f, kal__text *t)
{
    kal__puts(t, "  \"sizes\": [");
    for (int i = f->n_levels - 1, first = 1; i >= 0; i--) {
        const kal_extent e = extent_of(f, i);
        if (e.width > f->whole || e.height > f->whole || whole_is_there(f, i)) continue;
        kal__putf(t, "%s{\"width\": %d, \"height\": %d}", first ? "" : ", ", e.width, e.height);
        first = 0;
    }
    kal__puts(t, "],\n  \"tiles\": [{");
    kal__putf(t, "\"width\": %d, \"height\": %d, \"scaleFactors\": [", f->tile, f->tile);
    for (int i = 0; i < f->n_levels; i++) kal__putf(t, "%s%d", i ? ", " : "", 1 << i);
    kal__puts(t, "]}]");
}

static void put_iiif(const kal__dz_form *f, const char *id, kal__text *t)
{
    const int largest = kal__dz_largest_whole(f);
    const kal_extent most = extent_of(f, largest);
    kal__putf(t, "{\n  \"@context\": \"http://iiif.io/api/image/3/context.json\",\n  \"id\": ");
    kal__put_json(t, id);
    kal__putf(t,
              ",\n  \"type\": \"ImageService3\",\n  \"protocol\": \"http://iiif.io/api/image\",\n"
              "  \"profile\": \"level0\",\n  \"width\": %d,\n  \"height\": %d,\n",
              f->extent.width, f->extent.height);
    if (largest) kal__putf(t, "  \"maxWidth\": %d,\n  \"maxHeight\": %d,\n", most.width, most.height);
    if (strcmp(f->suffix, "jpg"))
        kal__putf(t, "  \"preferredFormats\": [\"%s\"],\n  \"extraFormats\": [\"%s\"],\n", f->suffix,
                  f->suffix);
    put_sizes(f, t);
    kal__puts(t, "\n}\n");
}

static void put_iiif2(const kal__dz_form *f, const char *id, kal__text *t)
{
    const int largest = kal__dz_largest_whole(f);
    const kal_extent most = extent_of(f, largest);
    kal__putf(t, "{\n  \"@context\": \"http://iiif.io/api/image/2/context.json\",\n  \"@id\": ");
    kal__put_json(t, id);
    kal__putf(t,
              ",\n  \"protocol\": \"http://iiif.io/api/image\",\n  \"width\": %d,\n  \"height\": %d,\n"
              "  \"profile\": [\"http://iiif.io/api/image/2/level0.json\", {\"formats\": [\"%s\"], "
              "\"qualities\": [\"default\"]",
              f->extent.width, f->extent.height, f->suffix);
    if (largest) kal__putf(t, ", \"maxWidth\": %d, \"maxHeight\": %d", most.width, most.height);
    kal__puts(t, "}],\n");
    put_sizes(f, t);
    kal__puts(t, "\n}\n");
}

static void put_google(const kal__dz_form *f, kal__text *t)
{
    kal__putf(
        t,
        "{\n  \"tilejson\": \"2.2.0\",\n  \"scheme\": \"xyz\",\n  \"tiles\": [\"{z}/{y}/{x}.%s\"],\n"
        "  \"minzoom\": 0,\n  \"maxzoom\": %d,\n  \"tilesize\": %d,\n  \"width\": %d,\n  \"height\": %d\n}\n",
        f->suffix, f->n_levels - 1, f->tile, f->extent.width, f->extent.height);
}

kal_status kal__dz_describe(const kal__dz_form *f, const char *id, kal__writer *w, kal_error *err)
{
    kal__text t = {0}, made = {0};
    char *example;
    kal__putf(&made, "https://example.com/iiif/%s", w->name);
    if (!kal__text_done(&made, &example, NULL)) return kal_fail(err, KAL_NOMEM, "dz: out of memory");
    if (!*id) id = example;
    switch (f->layout) {
    case KAL__DEEPZOOM: put_dzi(f, &t); break;
    case KAL__IIIF: put_iiif(f, id, &t); break;
    case KAL__IIIF2: put_iiif2(f, id, &t); break;
    case KAL__GOOGLE: put_google(f, &t); break;
    }
    const char *name = f->layout == KAL__GOOGLE ? "tiles.json" : "info.json";
    kal_status st = t.failed ? kal_fail(err, KAL_NOMEM, "dz: out of memory") : KAL_OK;
    if (!st)
        st = f->layout == KAL__DEEPZOOM ? w->write(w, t.data, t.size, err)
                                        : w->file(w, name, t.data, t.size, err);
    free(t.data);
    free(example);
    return st;
}
