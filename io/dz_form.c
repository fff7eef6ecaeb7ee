// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See dz.h: which levels and tiles a picture has, and which codec makes them.
#include "dz.h"

#include <stdlib.h>
#include <string.h>

#define WHOLE 1024   // side of levels that IIIF has in one piece, for who wants no tiles

static bool is_iiif(const kal__dz_form *f)
{
    return f->layout == KAL__IIIF || f->layout == KAL__IIIF2;
}

// A name that is no suffix means the format's first one.
static kal_status choose_codec(const char *word, kal__dz_form *f, kal_error *err)
{
    const kal__codec *c = f->codec = kal__codec_named(word);
    if (!c || !c->begin || c->tree)
        return kal_fail(err, KAL_INVALID, "dz: suffix=%s is of no format that tiles could be written in",
                        word);
    const bool suffix = kal__word_at(c->suffixes, word, strlen(word)) >= 0;
    const size_t n = suffix ? strlen(word) : strcspn(c->suffixes, "|");
    if (n >= sizeof f->suffix || c->params_size > sizeof f->params)
        return kal_fail(err, KAL_INTERNAL, "dz: %s: too large", c->name);
    memcpy(f->suffix, suffix ? word : c->suffixes, n);
    f->suffix[n] = 0;
    for (char *s = f->suffix; *s; s++) *s |= *s >= 'A' && *s <= 'Z' ? 32 : 0;
    kal__codec_defaults(c, f->suffix, f->params);
    return c->version()
               ? KAL_OK
               : kal_fail(err, KAL_UNSUPPORTED, "dz: %s: the library for it cannot be loaded", c->name);
}

static kal_status set_quality(kal__dz_form *f, int32_t quality, kal_error *err)
{
    for (size_t i = 0; i < f->codec->n_params; i++) {
        const kal_param *p = &f->codec->params[i];
        if (strcmp(p->name, "quality")) continue;
        if (quality < p->min || quality > p->max)
            return kal_fail(err, KAL_INVALID, "dz: quality=%d: %s has %g..%g", quality, f->codec->name,
                            p->min, p->max);
        if (p->kind == KAL_PARAM_INT) memcpy(f->params + p->offset, &quality, sizeof quality);
        const double real = quality;
        if (p->kind == KAL_PARAM_FLOAT) memcpy(f->params + p->offset, &real, sizeof real);
        return KAL_OK;
    }
    return kal_fail(err, KAL_INVALID, "dz: quality=%d: %s has none", quality, f->codec->name);
}

// Can tiles be encoded? All are at most as large as the first.
static kal_status check_tiles(const kal__dz_form *f, kal_error *err)
{
    kal_extent x = f->extent;
    size_t memory;
    const int32_t side = f->tile + 2 * f->overlap;
    if (f->padded || x.width > side) x.width = side;
    if (f->padded || x.height > side) x.height = side;
    const kal_status st = f->codec->accepts(&x, f->params, &memory, err);
    if (st) kal_within(err, "dz: tiles");
    return st;
}

kal_status kal__dz_form_of(const kal_extent *e, const kal__dz_p *p, kal__dz_form *f, kal_error *err)
{
    memset(f, 0, sizeof *f);
    f->extent = *e;
    f->layout = (kal__dz_layout)p->layout;
    const bool overlaps = f->layout == KAL__DEEPZOOM;
    if (!overlaps && p->overlap != KAL_AUTO && p->overlap)
        return kal_fail(err, KAL_INVALID, "dz: overlap=%d: only layout=deepzoom has any", p->overlap);
    if (*p->id && !is_iiif(f)) return kal_fail(err, KAL_INVALID, "dz: id is of layout=iiif and iiif2");
    f->tile = p->tile != KAL_AUTO ? p->tile : overlaps ? 254 : 256;
    f->overlap = !overlaps ? 0 : p->overlap != KAL_AUTO ? p->overlap : 1;
    f->padded = f->layout == KAL__GOOGLE;
    f->n_levels = overlaps ? kal__count_levels(e, 1, 1) : kal__count_levels(e, f->tile, f->tile);
    f->whole = !is_iiif(f) ? 0 : f->tile > WHOLE ? f->tile : WHOLE;
    if (f->overlap > f->tile)
        return kal_fail(err, KAL_INVALID, "dz: overlap=%d is more than the tile of %d that it comes from",
                        f->overlap, f->tile);
    kal_status st = choose_codec(p->suffix, f, err);
    if (!st && p->quality != KAL_AUTO) st = set_quality(f, p->quality, err);
    return st ? st : check_tiles(f, err);
}

int32_t kal__dz_across(const kal__dz_form *f, const kal_extent *level)
{
    return (int32_t)(((int64_t)level->width + f->tile - 1) / f->tile);
}

void kal__dz_columns(const kal__dz_form *f, const kal_extent *level, int32_t x, int32_t *x0, int32_t *x1)
{
    const int64_t first = (int64_t)x * f->tile - f->overlap, end = ((int64_t)x + 1) * f->tile + f->overlap;
    *x0 = first > 0 ? (int32_t)first : 0;
    *x1 = end < level->width ? (int32_t)end : level->width;
}

void kal__dz_cost(const kal__dz_form *f, int32_t width, int32_t height, size_t *memory, size_t *result)
{
    const kal__codec *c = f->codec;
    kal_extent x = f->extent;
    kal_error ignored;
    kal__pieces pieces = {0};
    x.width = width;
    x.height = height;
    *memory = 0;
    if (c->accepts(&x, f->params, memory, &ignored)) *memory = 0;   // a smaller one was accepted
    if (c->pieces) c->pieces(&x, f->params, &pieces);
    const size_t raw = (size_t)width * (size_t)height * kal_pixel_size(&x);
    *result = raw + raw / 2;
    if (pieces.rows > 0) {
        *result = pieces.result * (size_t)((height + pieces.rows - 1) / pieces.rows);
        *memory += pieces.memory + pieces.result;
    }
    *result += (size_t)12 << 10;   // heads, and a profile
    if (f->padded) *memory += raw;
}
