// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What an ordinary HEIF file says of its primary picture before anything is decoded, read by ourselves: loading libheif with
// its codecs takes several times as long as the rest of `kal info`. Ordinary is one coded picture or a grid of such, alpha beside it
// or not; of everything else, and of what is odd, libheif is asked. Where both answer they say the same (tests/io/heif_head.c).
// Boxes: ISO 14496-12 and 23008-12 (HEIF), 14496-15 (hvcC), AV1 in HEIF (av1C).
#include "heif_items.h"

// That each of them is read to its end.
static bool sound_references(const kal__heif_file *f)
{
    kal__span at = kal__heif_references(f);
    kal__heif_reference r;
    while (kal__heif_next_reference(f, &at, &r)) continue;
    return !at.n && (!f->iref.n || f->iref.n >= 4);
}

// Coded, or a grid of such.
static bool is_picture(const kal__heif_item *item)
{
    return !memcmp(item->type, "hvc1", 4) || !memcmp(item->type, "av01", 4) || !memcmp(item->type, "grid", 4);
}

// Whether this auxiliary picture is alpha. false: it does not say what it is.
static bool is_alpha(const kal__heif_file *f, uint64_t id, bool *alpha)
{
    static const char *const names[] = {"urn:mpeg:avc:2015:auxid:1", "urn:mpeg:hevc:2015:auxid:1",
                                        "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha"};
    const unsigned char *type;
    kal__span numbers, body;
    size_t width;
    bool said = false;
    *alpha = false;
    if (!kal__heif_properties(f, id, &numbers, &width)) return false;
    while (kal__heif_next_property(f, &numbers, width, &type, &body)) {
        if (memcmp(type, "auxC", 4)) continue;
        if (!kal__skip(&body, 4) || !memchr(body.p, 0, body.n)) return false;
        said = true;
        *alpha = false;
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            *alpha |= !strcmp((const char *)body.p, names[i]);
    }
    return said;
}

// An alpha picture counts when it is as large as the primary one. Such of other pictures, as of a grid's tiles, are odd.
static bool look_for_alpha(const kal__heif_file *f, const kal__heif_picture *main, bool *found)
{
    kal__span at = kal__heif_references(f);
    kal__heif_reference r;
    int most = 8;
    while (kal__heif_next_reference(f, &at, &r)) {
        kal__heif_item item;
        kal__heif_picture its;
        bool alpha;
        if (memcmp(r.type, "auxl", 4)) continue;
        if (r.n != 1 || !most-- || !is_alpha(f, r.from, &alpha)) return false;
        if (!alpha) continue;
        if (r.to != f->primary || !kal__heif_item_of(f, r.from, &item) || !is_picture(&item) ||
            !kal__heif_look_at(f, r.from, &its))
            return false;
        *found |= its.width == main->width && its.height == main->height;
    }
    return true;
}

// Blocks of EXIF and XMP that describe the primary picture, in the order of the items.
static bool look_for_blocks(const kal__heif_file *f, kal__heif_head *out)
{
    const int most = sizeof out->blocks / sizeof *out->blocks;
    kal__span all = f->infes;
    kal__heif_item item;
    kal__heif_reference r;
    while (kal__next_item(&all, &item)) {
        const bool exif = !memcmp(item.type, "Exif", 4),
                   xmp = !memcmp(item.type, "mime", 4) && !strcmp(item.content, "application/rdf+xml");
        if (!exif && !xmp) continue;
        kal__heif_block *b = &out->blocks[out->n_blocks];
        if (out->n_blocks == most || *item.encoding || !kal__heif_refers(f, "cdsc", item.id, &r) ||
            r.n != 1 || r.to != f->primary || !kal__heif_locate(f, item.id, b))
            return false;
        b->xmp = xmp;
        out->n_blocks++;
    }
    return true;
}

// ---- all of it ----------------------------------------------------------------------------------

static bool has_brand(kal__span all)
{
    static const char known[][5] = {"heic", "heix", "mif1", "avif"};
    kal__span ftyp;
    if (!kal__heif_only_box(all, "ftyp", true, &ftyp) || !kal__skip(&ftyp, 8)) return false;
    for (; ftyp.n >= 4; kal__skip(&ftyp, 4))
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            if (!memcmp(ftyp.p, known[i], 4)) return true;
    return false;
}

// The coded picture that says how many bits there are: the primary one, or the first of its grid.
static bool coded_picture(const kal__heif_file *f, const kal__heif_item *primary, kal__heif_picture *p)
{
    kal__heif_item tile;
    kal__heif_reference r;
    if (memcmp(primary->type, "grid", 4)) return kal__heif_look_at(f, f->primary, p);
    return kal__heif_refers(f, "dimg", f->primary, &r) && kal__heif_item_of(f, r.to, &tile) &&
           is_picture(&tile) && memcmp(tile.type, "grid", 4) && kal__heif_look_at(f, r.to, p);
}

bool kal__heif_head_of(const unsigned char *p, size_t n, uint64_t size, kal__heif_head *out)
{
    const kal__span all = {p, n};
    kal__heif_file f = {.size = size};
    kal__heif_item item;
    kal__heif_picture main, coded;
    *out = (kal__heif_head){0};
    if (!has_brand(all) || !kal__heif_find_parts(all, &f) || !kal__heif_item_of(&f, f.primary, &item) ||
        item.hidden || !is_picture(&item) || !kal__heif_look_at(&f, f.primary, &main) ||
        !coded_picture(&f, &item, &coded) || !coded.bits || !sound_references(&f) ||
        !look_for_alpha(&f, &main, &out->alpha) || !look_for_blocks(&f, out))
        return false;
    out->width = (int)main.width;
    out->height = (int)main.height;
    out->bits = (int)coded.bits;
    out->icc = main.icc.n ? main.icc : coded.icc;
    const kal__heif_picture *said = main.primaries ? &main : &coded;
    out->primaries = said->primaries;
    out->transfer = said->transfer;
    return true;
}
