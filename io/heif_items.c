// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See heif_items.h. Boxes: ISO 14496-12 and 23008-12 (HEIF), 14496-15 (hvcC), AV1 in HEIF (av1C).
#include "heif_items.h"

// ---- the boxes ----------------------------------------------------------------------------------

// Exactly one such box; none is an empty one where that is allowed.
bool kal__heif_only_box(kal__span in, const char *name, bool needed, kal__span *body)
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

bool kal__heif_find_parts(kal__span all, kal__heif_file *f)
{
    kal__span meta, iprp, hdlr;
    return kal__heif_only_box(all, "meta", true, &meta) && kal__skip(&meta, 4) &&
           kal__heif_only_box(meta, "hdlr", true, &hdlr) && hdlr.n >= 12 && !memcmp(hdlr.p + 8, "pict", 4) &&
           kal__primary_item(meta, &f->primary) && kal__heif_only_box(meta, "iprp", true, &iprp) &&
           kal__heif_only_box(iprp, "ipco", true, &f->ipco) &&
           kal__heif_only_box(iprp, "ipma", true, &f->ipma) &&
           kal__heif_only_box(meta, "iloc", true, &f->iloc) &&
           kal__heif_only_box(meta, "iref", false, &f->iref) &&
           kal__heif_only_box(meta, "idat", false, &f->idat) && kal__heif_items(meta, &f->infes) &&
           whole(meta, 64) && whole(iprp, 64) && whole(f->ipco, 1024) && whole(f->infes, 4096);
}

bool kal__heif_item_of(const kal__heif_file *f, uint64_t id, kal__heif_item *out)
{
    kal__span all = f->infes;
    while (kal__next_item(&all, out))
        if (out->id == id) return true;
    return false;
}

// ---- properties ---------------------------------------------------------------------------------

// ipma: a count, then per item its id, a count, and numbers of properties, from 1, whose top bit means essential.
bool kal__heif_properties(const kal__heif_file *f, uint64_t id, kal__span *numbers, size_t *width)
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

bool kal__heif_next_property(const kal__heif_file *f, kal__span *numbers, size_t width,
                             const unsigned char **type, kal__span *body)
{
    uint64_t number;
    kal__span all = f->ipco;
    if (!kal__take_be(numbers, width, &number) || !(number &= width > 1 ? 0x7fff : 0x7f)) return false;
    for (; number; number--)
        if (!kal__next_box(&all, type, body)) return false;
    return true;
}

// Each takes what its property says; false: odd.
static bool take_ispe(kal__span b, kal__heif_picture *p)
{
    p->sized = true;
    return kal__skip(&b, 4) && kal__take_be(&b, 4, &p->width) && kal__take_be(&b, 4, &p->height);
}

static bool take_clap(kal__span b, kal__heif_picture *p)
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

static bool take_irot(kal__span b, kal__heif_picture *p)
{
    const uint64_t width = p->width;
    if (!b.n) return false;
    if (p->sized && b.p[0] & 1) p->width = p->height, p->height = width;
    return true;
}

static bool take_colr(kal__span b, kal__heif_picture *p)
{
    if (b.n < 4) return false;
    if (!memcmp(b.p, "nclx", 4)) {
        p->primaries = b.n < 8 ? 0 : (int)kal__be(b.p + 4, 2);
        p->transfer = b.n < 8 ? 0 : (int)kal__be(b.p + 6, 2);
        return true;
    }
    if (memcmp(b.p, "prof", 4) && memcmp(b.p, "rICC", 4)) return false;
    p->icc = (kal__span){b.p + 4, b.n - 4};
    return true;
}

static bool take_hvcc(kal__span b, kal__heif_picture *p)
{
    if (b.n < 23) return false;
    p->bits = (b.p[17] & 7u) + 8;
    return true;
}

static bool take_av1c(kal__span b, kal__heif_picture *p)
{
    if (b.n < 4) return false;
    p->bits = b.p[2] & 0x40 ? b.p[2] & 0x20 ? 12 : 10 : 8;
    return true;
}

bool kal__heif_look_at(const kal__heif_file *f, uint64_t id, kal__heif_picture *p)
{
    static const struct {
        char name[5];
        bool (*take)(kal__span, kal__heif_picture *);
    } known[] = {{"ispe", take_ispe}, {"clap", take_clap}, {"irot", take_irot},
                 {"colr", take_colr}, {"hvcC", take_hvcc}, {"av1C", take_av1c}};
    const unsigned char *type;
    kal__span numbers, body;
    size_t width;
    *p = (kal__heif_picture){0};
    if (!kal__heif_properties(f, id, &numbers, &width)) return false;
    while (numbers.n) {
        if (!kal__heif_next_property(f, &numbers, width, &type, &body)) return false;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            if (!memcmp(type, known[i].name, 4) && !known[i].take(body, p)) return false;
    }
    return p->sized && p->width && p->height && p->width <= INT32_MAX && p->height <= INT32_MAX;
}

// ---- references ---------------------------------------------------------------------------------

// iref: version and flags, then boxes named by what they say: from whom, a count, to whom.
kal__span kal__heif_references(const kal__heif_file *f)
{
    kal__span at = f->iref;
    if (!kal__skip(&at, 4)) at.n = 0;
    return at;
}

// One that is not as long as its count says stays where it is.
bool kal__heif_next_reference(const kal__heif_file *f, kal__span *at, kal__heif_reference *r)
{
    kal__span body, rest = *at;
    const size_t width = f->iref.n && f->iref.p[0] ? 4 : 2;
    if (!kal__next_box(&rest, &r->type, &body) || !kal__take_be(&body, width, &r->from) ||
        !kal__take_be(&body, 2, &r->n) || body.n != r->n * width || !kal__take_be(&body, width, &r->to))
        return false;
    r->others = body;
    r->width = width;
    *at = rest;
    return true;
}

bool kal__heif_refers(const kal__heif_file *f, const char *type, uint64_t from, kal__heif_reference *r)
{
    kal__span at = kal__heif_references(f);
    while (kal__heif_next_reference(f, &at, r))
        if (!memcmp(r->type, type, 4) && r->from == from) return true;
    return false;
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

bool kal__heif_locate(const kal__heif_file *f, uint64_t id, kal__heif_block *out)
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

// ---- circles ------------------------------------------------------------------------------------

enum { DEEPEST = 8, MOST_STEPS = 100000 };

// Down from an item, by what it is made of. Deeper than any file goes, or too many steps: that is taken for a circle.
static bool goes_round(const kal__heif_file *f, uint64_t id, int depth, int *steps)
{
    kal__span at = kal__heif_references(f);
    kal__heif_reference r;
    if (depth > DEEPEST) return true;
    while (kal__heif_next_reference(f, &at, &r)) {
        if (++*steps > MOST_STEPS) return true;
        if (memcmp(r.type, "dimg", 4) || r.from != id) continue;
        uint64_t part = r.to;
        do
            if (part == id || goes_round(f, part, depth + 1, steps)) return true;
        while (kal__take_be(&r.others, r.width, &part));
    }
    return false;
}

bool kal__heif_made_of_itself(const unsigned char *p, size_t n)
{
    kal__heif_file f = {0};
    kal__span meta;
    int steps = 0;
    return kal__find_box((kal__span){p, n}, "meta", &meta) && kal__skip(&meta, 4) &&
           kal__primary_item(meta, &f.primary) && kal__find_box(meta, "iref", &f.iref) &&
           goes_round(&f, f.primary, 0, &steps);
}
