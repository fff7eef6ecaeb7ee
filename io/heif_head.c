// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What an ordinary HEIF file says of its primary picture before anything is decoded, read by ourselves: loading libheif with
// its codecs takes several times as long as the rest of `kal info`. Ordinary is one coded picture or a grid of such, alpha beside it
// or not; of everything else, and of what is odd, libheif is asked. Where both answer they say the same (tests/io/heif_head.c).
// Boxes: ISO 14496-12 and 23008-12 (HEIF), 14496-15 (hvcC), AV1 in HEIF (av1C).
#include "heif.h"

typedef struct picture {
    uint64_t width, height;
    uint64_t bits;   // 0: not said
    kal__span icc;
    bool sized;
} picture;

typedef struct file {
    kal__span infes, iref, ipco, ipma, iloc, idat;
    uint64_t primary;
    uint64_t size;
} file;

// ---- the boxes ----------------------------------------------------------------------------------

// Exactly one such box; none is an empty one where that is allowed.
static bool only(kal__span in, const char *name, bool needed, kal__span *body)
{
    const unsigned char *type;
    kal__span each;
    int n = 0;
    *body = (kal__span){NULL, 0};
    while (kal__next_box(&in, &type, &each))
        if (!memcmp(type, name, 4)) *body = each, n++;
    return n == 1 || (!n && !needed);
}

// So many boxes at most, and nothing behind them: what libheif makes of half a box is its own affair, and every list here is walked
// again for each question.
static bool whole(kal__span boxes, int most)
{
    const unsigned char *type;
    kal__span body;
    while (most-- && kal__next_box(&boxes, &type, &body)) continue;
    return !boxes.n;
}

static bool find_parts(kal__span all, file *f)
{
    kal__span meta, iprp, hdlr;
    return only(all, "meta", true, &meta) && kal__skip(&meta, 4) && only(meta, "hdlr", true, &hdlr) &&
           hdlr.n >= 12 && !memcmp(hdlr.p + 8, "pict", 4) && kal__primary_item(meta, &f->primary) &&
           only(meta, "iprp", true, &iprp) && only(iprp, "ipco", true, &f->ipco) &&
           only(iprp, "ipma", true, &f->ipma) && only(meta, "iloc", true, &f->iloc) &&
           only(meta, "iref", false, &f->iref) && only(meta, "idat", false, &f->idat) &&
           kal__heif_items(meta, &f->infes) && whole(meta, 64) && whole(iprp, 64) && whole(f->ipco, 1024) &&
           whole(f->infes, 4096);
}

static bool item_of(const file *f, uint64_t id, kal__heif_item *out)
{
    kal__span all = f->infes;
    while (kal__next_item(&all, out))
        if (out->id == id) return true;
    return false;
}

// ---- properties ---------------------------------------------------------------------------------

// ipma: a count, then per item its id, a count, and numbers of properties, from 1, whose top bit means essential.
static bool properties_of(const file *f, uint64_t id, kal__span *numbers, size_t *width)
{
    kal__span at = f->ipma;
    uint64_t count, each, n;
    if (at.n < 8) return false;
    const size_t id_width = at.p[0] ? 4 : 2;
    *width = at.p[3] & 1 ? 2 : 1;
    if (!kal__skip(&at, 4) || !kal__take_be(&at, 4, &count)) return false;
    for (; count; count--) {
        if (!kal__take_be(&at, id_width, &each) || !kal__take_be(&at, 1, &n) || n * *width > at.n)
            return false;
        *numbers = (kal__span){at.p, n * *width};
        if (each == id) return true;
        kal__skip(&at, n * *width);
    }
    return false;
}

static bool next_property(const file *f, kal__span *numbers, size_t width, const unsigned char **type,
                          kal__span *body)
{
    uint64_t number;
    kal__span all = f->ipco;
    if (!kal__take_be(numbers, width, &number) || !(number &= width > 1 ? 0x7fff : 0x7f)) return false;
    for (; number; number--)
        if (!kal__next_box(&all, type, body)) return false;
    return true;
}

// Each takes what its property says; false: odd.
static bool take_ispe(kal__span b, picture *p)
{
    p->sized = true;
    return kal__skip(&b, 4) && kal__take_be(&b, 4, &p->width) && kal__take_be(&b, 4, &p->height);
}

static bool take_clap(kal__span b, picture *p)
{
    uint64_t of[4];   // width and what divides it, height and what divides that; offsets do not matter here
    for (int i = 0; i < 4; i++)
        if (!kal__take_be(&b, 4, &of[i]) || of[i] > INT32_MAX) return false;
    if (b.n < 16 || !of[1] || !of[3]) return false;
    if (!p->sized) return true;   // libheif skips what stands before the size it is about
    p->width = (of[0] + of[1] / 2) / of[1];
    p->height = (of[2] + of[3] / 2) / of[3];
    return true;
}

static bool take_irot(kal__span b, picture *p)
{
    const uint64_t width = p->width;
    if (!b.n) return false;
    if (p->sized && b.p[0] & 1) p->width = p->height, p->height = width;
    return true;
}

static bool take_colr(kal__span b, picture *p)
{
    if (b.n < 4) return false;
    if (!memcmp(b.p, "nclx", 4)) return true;
    if (memcmp(b.p, "prof", 4) && memcmp(b.p, "rICC", 4)) return false;
    p->icc = (kal__span){b.p + 4, b.n - 4};
    return true;
}

static bool take_hvcc(kal__span b, picture *p)
{
    if (b.n < 23) return false;
    p->bits = (b.p[17] & 7u) + 8;
    return true;
}

static bool take_av1c(kal__span b, picture *p)
{
    if (b.n < 4) return false;
    p->bits = b.p[2] & 0x40 ? b.p[2] & 0x20 ? 12 : 10 : 8;
    return true;
}

static bool look_at(const file *f, uint64_t id, picture *p)
{
    static const struct {
        char name[5];
        bool (*take)(kal__span, picture *);
    } known[] = {{"ispe", take_ispe}, {"clap", take_clap}, {"irot", take_irot},
                 {"colr", take_colr}, {"hvcC", take_hvcc}, {"av1C", take_av1c}};
    const unsigned char *type;
    kal__span numbers, body;
    size_t width;
    *p = (picture){0};
    if (!properties_of(f, id, &numbers, &width)) return false;
    while (numbers.n) {
        if (!next_property(f, &numbers, width, &type, &body)) return false;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            if (!memcmp(type, known[i].name, 4) && !known[i].take(body, p)) return false;
    }
    return p->sized && p->width && p->height && p->width <= INT32_MAX && p->height <= INT32_MAX;
}

// ---- references ---------------------------------------------------------------------------------

typedef struct reference {
    const unsigned char *type;
    uint64_t from, n, to;   // the first of n
} reference;

// iref: version and flags, then boxes named by what they say: from whom, a count, to whom.
static kal__span references(const file *f)
{
    kal__span at = f->iref;
    if (!kal__skip(&at, 4)) at.n = 0;
    return at;
}

// One that is not as long as its count says stays where it is.
static bool next_reference(const file *f, kal__span *at, reference *r)
{
    kal__span body, rest = *at;
    const size_t width = f->iref.n && f->iref.p[0] ? 4 : 2;
    if (!kal__next_box(&rest, &r->type, &body) || !kal__take_be(&body, width, &r->from) ||
        !kal__take_be(&body, 2, &r->n) || body.n != r->n * width || !kal__take_be(&body, width, &r->to))
        return false;
    *at = rest;
    return true;
}

// That each of them is read to its end.
static bool sound_references(const file *f)
{
    kal__span at = references(f);
    reference r;
    while (next_reference(f, &at, &r)) continue;
    return !at.n && (!f->iref.n || f->iref.n >= 4);
}

static bool refers(const file *f, const char *type, uint64_t from, reference *r)
{
    kal__span at = references(f);
    while (next_reference(f, &at, r))
        if (!memcmp(r->type, type, 4) && r->from == from) return true;
    return false;
}

// Coded, or a grid of such.
static bool is_picture(const kal__heif_item *item)
{
    return !memcmp(item->type, "hvc1", 4) || !memcmp(item->type, "av01", 4) || !memcmp(item->type, "grid", 4);
}

// Whether this auxiliary picture is alpha. false: it does not say what it is.
static bool is_alpha(const file *f, uint64_t id, bool *alpha)
{
    static const char *const names[] = {"urn:mpeg:avc:2015:auxid:1", "urn:mpeg:hevc:2015:auxid:1",
                                        "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha"};
    const unsigned char *type;
    kal__span numbers, body;
    size_t width;
    bool said = false;
    *alpha = false;
    if (!properties_of(f, id, &numbers, &width)) return false;
    while (next_property(f, &numbers, width, &type, &body)) {
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
static bool look_for_alpha(const file *f, const picture *main, bool *found)
{
    kal__span at = references(f);
    reference r;
    int most = 8;
    while (next_reference(f, &at, &r)) {
        kal__heif_item item;
        picture its;
        bool alpha;
        if (memcmp(r.type, "auxl", 4)) continue;
        if (r.n != 1 || !most-- || !is_alpha(f, r.from, &alpha)) return false;
        if (!alpha) continue;
        if (r.to != f->primary || !item_of(f, r.from, &item) || !is_picture(&item) ||
            !look_at(f, r.from, &its))
            return false;
        *found |= its.width == main->width && its.height == main->height;
    }
    return true;
}

// ---- where items lie ----------------------------------------------------------------------------

// One run of bytes; of several, or of none, libheif is asked.
static bool take_extent(kal__span *at, const size_t widths[4], uint64_t n, uint64_t *offset, uint64_t *length)
{
    uint64_t index;
    *offset = *length = 0;
    for (; n; n--)
        if (!kal__take_be(at, widths[3], &index) || !kal__take_be(at, widths[0], offset) ||
            !kal__take_be(at, widths[1], length))
            return false;
    return true;
}

static bool locate(const file *f, uint64_t id, kal__heif_block *out)
{
    kal__span at = f->iloc;
    uint64_t sizes, count;
    if (at.n < 8) return false;
    const int version = at.p[0];
    if (version > 2 || !kal__skip(&at, 4) || !kal__take_be(&at, 2, &sizes) ||
        !kal__take_be(&at, version < 2 ? 2 : 4, &count))
        return false;
    // Widths of offset, length, base and index: 0, 4 or 8 bytes.
    const size_t widths[4] = {sizes >> 12 & 15, sizes >> 8 & 15, sizes >> 4 & 15, version ? sizes & 15 : 0};
    for (int i = 0; i < 4; i++)
        if (widths[i] != 0 && widths[i] != 4 && widths[i] != 8) return false;
    for (; count; count--) {
        uint64_t each, how = 0, where, base, n, offset, length;
        if (!kal__take_be(&at, version < 2 ? 2 : 4, &each) || !kal__take_be(&at, version ? 2 : 0, &how) ||
            !kal__take_be(&at, 2, &where) || !kal__take_be(&at, widths[2], &base) ||
            !kal__take_be(&at, 2, &n) || !take_extent(&at, widths, n, &offset, &length))
            return false;
        if (each != id) continue;
        const uint64_t all = (how &= 15) == 1 ? f->idat.n : f->size;
        if (how > 1 || where || n != 1 || !length || base > all || offset > all - base ||
            length > all - base - offset)
            return false;
        out->held = how ? f->idat.p + base + offset : NULL;
        out->at = base + offset;
        out->n = length;
        return true;
    }
    return false;
}

// Blocks of EXIF and XMP that describe the primary picture, in the order of the items.
static bool look_for_blocks(const file *f, kal__heif_head *out)
{
    const int most = sizeof out->blocks / sizeof *out->blocks;
    kal__span all = f->infes;
    kal__heif_item item;
    reference r;
    while (kal__next_item(&all, &item)) {
        const bool exif = !memcmp(item.type, "Exif", 4),
                   xmp = !memcmp(item.type, "mime", 4) && !strcmp(item.content, "application/rdf+xml");
        if (!exif && !xmp) continue;
        kal__heif_block *b = &out->blocks[out->n_blocks];
        if (out->n_blocks == most || *item.encoding || !refers(f, "cdsc", item.id, &r) || r.n != 1 ||
            r.to != f->primary || !locate(f, item.id, b))
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
    if (!only(all, "ftyp", true, &ftyp) || !kal__skip(&ftyp, 8)) return false;
    for (; ftyp.n >= 4; kal__skip(&ftyp, 4))
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            if (!memcmp(ftyp.p, known[i], 4)) return true;
    return false;
}

// The coded picture that says how many bits there are: the primary one, or the first of its grid.
static bool coded_picture(const file *f, const kal__heif_item *primary, picture *p)
{
    kal__heif_item tile;
    reference r;
    if (memcmp(primary->type, "grid", 4)) return look_at(f, f->primary, p);
    return refers(f, "dimg", f->primary, &r) && item_of(f, r.to, &tile) && is_picture(&tile) &&
           memcmp(tile.type, "grid", 4) && look_at(f, r.to, p);
}

bool kal__heif_head_of(const unsigned char *p, size_t n, uint64_t size, kal__heif_head *out)
{
    const kal__span all = {p, n};
    file f = {.size = size};
    kal__heif_item item;
    picture main, coded;
    *out = (kal__heif_head){0};
    if (!has_brand(all) || !find_parts(all, &f) || !item_of(&f, f.primary, &item) || item.hidden ||
        !is_picture(&item) || !look_at(&f, f.primary, &main) || !coded_picture(&f, &item, &coded) ||
        !coded.bits || !sound_references(&f) || !look_for_alpha(&f, &main, &out->alpha) ||
        !look_for_blocks(&f, out))
        return false;
    out->width = (int)main.width;
    out->height = (int)main.height;
    out->bits = (int)coded.bits;
    out->icc = main.icc.n ? main.icc : coded.icc;
    return true;
}
