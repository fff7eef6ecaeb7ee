// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What a JPEG 2000 file says before its samples (ISO/IEC 15444-1): the boxes of a JP2 (annex I), with palette, channels, colours and metadata;
// and of the codestream (annex A) its size, its resolutions, and whether all of its tiles are there. The library never sees the boxes.
#include "jp2.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BOXES 4096           // that are looked through: a damaged file may have millions
#define MOST_TILE_PARTS 1048576   // that are followed to the end

const unsigned char kal__jp2_exif_id[16] = {'J', 'p', 'g', 'T', 'i', 'f', 'f', 'E',
                                            'x', 'i', 'f', '-', '>', 'J', 'P', '2'};
const unsigned char kal__jp2_xmp_id[16] = {0xbe, 0x7a, 0xcf, 0xcb, 0x97, 0xa9, 0x42, 0xe8,
                                           0x9c, 0x71, 0x99, 0x94, 0x91, 0xe3, 0xaf, 0xac};

#define SIGNATURE "\0\0\0\14jP  \r\n\x87\n"
#define START "\xff\x4f\xff\x51"   // of a codestream: SOC, SIZ

bool kal__jp2_sniff(const unsigned char *p, size_t n)
{
    return n >= 12 && (!memcmp(p, SIGNATURE, 12) || !memcmp(p, START, 4));
}

// What all of this reads through.
typedef struct look {
    kal__reader *r;
    kal__jp2_head *h;
    const kal_limits *limits;
    kal_error *err;
    bool header, stream;   // a jp2h, a jp2c was there
    int32_t channels;      // that a cdef tells of …
    bool alpha;            // … and whether there is alpha
} look;

static kal_status get(look *l, uint64_t at, void *dst, size_t n)
{
    if (n > l->r->size || at > l->r->size - n)
        return kal_fail(l->err, KAL_CORRUPT, "%s: jp2: the file ends at byte %zu, before the picture does",
                        l->r->name, l->r->size);
    return kal__read_exact(l->r, "jp2", at, dst, n, l->err);
}

static kal_status wrong(look *l, kal_status status, uint64_t at, const char *what)
{
    return kal_fail(l->err, status, "%s: jp2: at byte %llu: %s", l->r->name, (unsigned long long)at, what);
}

// ---- the codestream -----------------------------------------------------------------------------

static kal_status read_size(look *l, uint64_t at, uint64_t n)
{
    unsigned char p[36 + 3 * KAL_MAX_CHANNELS];
    kal__jp2_head *h = l->h;
    kal_status st =
        n < 36 ? wrong(l, KAL_CORRUPT, at, "the size of the picture is cut off") : get(l, at, p, 36);
    if (st) return st;
    h->x1 = kal__be32(p + 2), h->y1 = kal__be32(p + 6), h->x0 = kal__be32(p + 10), h->y0 = kal__be32(p + 14);
    h->tile_w = kal__be32(p + 18), h->tile_h = kal__be32(p + 22);
    h->tile_x0 = kal__be32(p + 26), h->tile_y0 = kal__be32(p + 30);
    const uint32_t components = kal__be16(p + 34);
    if (h->x0 >= h->x1 || h->y0 >= h->y1 || h->x1 > INT32_MAX || h->y1 > INT32_MAX || !h->tile_w ||
        !h->tile_h || h->tile_x0 > h->x0 || h->tile_y0 > h->y0 || h->x0 - h->tile_x0 >= h->tile_w ||
        h->y0 - h->tile_y0 >= h->tile_h)
        return wrong(l, KAL_CORRUPT, at, "the picture does not lie on its tiles");
    if (!components || n != 36 + 3 * (uint64_t)components)
        return wrong(l, KAL_CORRUPT, at + 34, "the number of components is not what is said of them");
    if (components > KAL_MAX_CHANNELS)
        return kal_fail(l->err, KAL_UNSUPPORTED,
                        "%s: jp2: at byte %llu: there are %u components; %d at most are read", l->r->name,
                        (unsigned long long)at + 34, components, KAL_MAX_CHANNELS);
    st = get(l, at + 36, p + 36, 3 * (size_t)components);
    if (st) return st;
    h->components = (int32_t)components;
    for (uint32_t c = 0; c < components; c++) {
        const unsigned char *q = p + 36 + 3 * c;
        h->component[c].prec = (q[0] & 127) + 1;
        h->component[c].sign = q[0] & 128;
        if (h->component[c].prec > 16)
            return kal_fail(l->err, KAL_UNSUPPORTED,
                            "%s: jp2: at byte %llu: samples have %d bits; 16 at most are read", l->r->name,
                            (unsigned long long)at + 36 + 3 * c, h->component[c].prec);
        if (q[1] != 1 || q[2] != 1)
            return wrong(l, KAL_UNSUPPORTED, at + 36 + 3 * c,
                         "components have a lower resolution than the picture; only those of full resolution "
                         "are read");
    }
    const uint32_t w = h->x1 - h->x0, high = h->y1 - h->y0;
    const kal_status over = kal__within_limits(l->r->name, "jp2", w, high, l->limits, l->err);
    if (over) return over;
    h->extent = (kal_extent){.width = (int32_t)w, .height = (int32_t)high};
    h->tiles = (((uint64_t)h->x1 - h->tile_x0 + h->tile_w - 1) / h->tile_w) *
               (((uint64_t)h->y1 - h->tile_y0 + h->tile_h - 1) / h->tile_h);
    return h->tiles <= 65535 ? KAL_OK : wrong(l, KAL_CORRUPT, at + 18, "there are more than 65535 tiles");
}

// The fewest levels of any component: SPcod behind Scod and SGcod; SPcoc behind the component and Scoc.
static kal_status read_levels(look *l, uint64_t at, uint64_t n, uint64_t where, bool *seen)
{
    unsigned char levels;
    if (n <= where) return KAL_OK;   // the library will say so
    const kal_status st = get(l, at + where, &levels, 1);
    if (st) return st;
    if (!*seen || levels < l->h->levels) l->h->levels = levels;
    *seen = true;
    return KAL_OK;
}

// Tile parts follow each other: SOT, 10, the tile, the length from this marker on (0: up to the end), the part and their number.
static kal_status follow_tiles(look *l, uint64_t at)
{
    kal__jp2_head *h = l->h;
    for (int i = 0; i < MOST_TILE_PARTS; i++) {
        unsigned char p[12];
        if (h->end - at < 2 && h->end < l->r->size)
            return wrong(l, KAL_CORRUPT, at, "the codestream ends before its picture does");
        kal_status st = get(l, at, p, 2);
        if (st) return st;
        if (!memcmp(p, "\xff\xd9", 2)) {   // what follows is not of the picture
            h->end = at + 2;
            return KAL_OK;
        }
        if (memcmp(p, "\xff\x90", 2) != 0)
            return wrong(l, KAL_CORRUPT, at, "a tile does not begin where the last one ended");
        st = get(l, at, p, sizeof p);
        if (st) return st;
        const uint64_t n = kal__be32(p + 6);
        if (!n) {   // the last one
            st = get(l, h->end - 2, p, 2);
            return st || !memcmp(p, "\xff\xd9", 2) ? st : get(l, l->r->size, p, 1);
        }
        if (n < 14 || n > h->end - at)
            return n < 14 ? wrong(l, KAL_CORRUPT, at, "a tile has no length") : get(l, l->r->size, p, 1);
        at += n;
    }
    return KAL_OK;
}

static kal_status read_stream(look *l)
{
    kal__jp2_head *h = l->h;
    uint64_t at = h->at + 2;   // behind SOC
    bool sized = false, seen = false;
    for (;;) {
        unsigned char p[4];
        kal_status st = get(l, at, p, 4);
        if (st) return st;
        const uint32_t marker = kal__be16(p);
        const uint64_t n = kal__be16(p + 2), body = at + 4;
        if (marker == 0xff90) break;
        if (marker < 0xff00 || n < 2)
            return wrong(l, KAL_CORRUPT, at, "there is no marker where one belongs");
        if (marker == 0xff51 && !sized) {
            st = read_size(l, body, n - 2);
            sized = true;
        } else if (marker == 0xff52) {
            st = read_levels(l, body, n - 2, 5, &seen);
        } else if (marker == 0xff53) {
            st = read_levels(l, body, n - 2, h->components < 257 ? 2 : 3, &seen);
        }
        if (st) return st;
        at += 2 + n;
    }
    if (!sized) return wrong(l, KAL_CORRUPT, h->at, "the codestream does not say its size");
    return follow_tiles(l, at);
}

// ---- boxes --------------------------------------------------------------------------------------

typedef struct box {
    char type[5];
    uint64_t at, size;   // of what it holds
    uint64_t next;
} box;

// The box at b->next of those that end at `end`: length, type, and a longer length where the first is 1; 0: it is the last. *more: there is one.
static kal_status next_box(look *l, uint64_t end, box *b, bool *more)
{
    unsigned char p[16];
    const uint64_t at = b->next, left = end - at;
    *more = left >= 8;
    if (!*more) return KAL_OK;
    kal_status st = get(l, at, p, 8);
    if (st) return st;
    uint64_t n = kal__be32(p), head = 8;
    memcpy(b->type, p + 4, 4);
    b->type[4] = 0;
    if (n == 1) {
        st = get(l, at, p, 16);
        if (st) return st;
        n = kal__be64(p + 8), head = 16;
    }
    if (!n) n = left;
    if (n < head) return wrong(l, KAL_CORRUPT, at, "a box is shorter than its head");
    if (n > left) {
        if (end == l->r->size) return get(l, end, p, 1);   // which says that the file ends
        return wrong(l, KAL_CORRUPT, at, "a box is longer than the one it is in");
    }
    b->at = at + head;
    b->size = n - head;
    b->next = at + n;
    return KAL_OK;
}

static kal_status read_colour(look *l, const box *b)
{
    static const struct {
        uint32_t number;
        const char *name;
    } others[] = {{0, "black and white"}, {1, "YCbCr"}, {12, "CMYK"}, {13, "YCCK"}, {14, "Lab"},
                  {18, "sYCC"},           {19, "Lab"}};
    unsigned char p[7];
    if (b->size < 3) return KAL_OK;
    const size_t n = b->size < sizeof p ? (size_t)b->size : sizeof p;
    const kal_status st = get(l, b->at, p, n);
    if (st) return st;
    if ((p[0] == 2 || p[0] == 3) && !l->h->icc.size) l->h->icc = (kal__jp2_span){b->at + 3, b->size - 3};
    if (p[0] != 1 || n < 7) return KAL_OK;
    for (size_t i = 1; i < sizeof others / sizeof *others; i++)
        if (others[i].number == kal__be32(p + 3))
            return kal_fail(l->err, KAL_UNSUPPORTED,
                            "%s: jp2: at byte %llu: colours are %s; only gray and RGB are read", l->r->name,
                            (unsigned long long)b->at, others[i].name);
    return KAL_OK;
}

// Entries, columns, the bits of each column, and the entries.
static kal_status read_palette(look *l, const box *b)
{
    kal__jp2_head *h = l->h;
    unsigned char p[7], row[8];
    kal_status st =
        b->size < 4 ? wrong(l, KAL_CORRUPT, b->at, "the palette is cut off") : get(l, b->at, p, 3);
    if (st) return st;
    h->entries = (int32_t)kal__be16(p);
    h->columns = p[2];
    if (!h->entries || h->entries > KAL__JP2_PALETTE || !h->columns || h->columns > 4)
        return wrong(l, KAL_UNSUPPORTED, b->at,
                     "the palette has none or more than 1024 entries of 4 columns");
    st = get(l, b->at + 3, p + 3, (size_t)h->columns);
    size_t wide = 0;
    for (int32_t c = 0; c < h->columns && !st; c++) {
        h->column_prec[c] = (p[3 + c] & 127) + 1;
        if (p[3 + c] & 128 || h->column_prec[c] > 16)
            return wrong(l, KAL_UNSUPPORTED, b->at,
                         "the palette has signed entries, or such of more than 16 bits");
        wide += h->column_prec[c] > 8 ? 2 : 1;
    }
    const uint64_t at = b->at + 3 + (uint64_t)h->columns;
    if (!st && b->size < 3 + (uint64_t)h->columns + wide * (uint64_t)h->entries)
        return wrong(l, KAL_CORRUPT, b->at, "the palette is cut off");
    for (int32_t i = 0; i < h->entries && !st; i++) {
        const unsigned char *q = row;
        st = get(l, at + (uint64_t)i * wide, row, wide);
        for (int32_t c = 0; c < h->columns && !st; c++) {
            const bool two = h->column_prec[c] > 8;
            h->palette[c][i] = (uint16_t)(two ? kal__be16(q) : *q);
            q += two ? 2 : 1;
        }
    }
    return st;
}

// Of each channel of a palette: a component, and whether it goes through which column. All must go through theirs, in order.
static kal_status read_columns(look *l, const box *b)
{
    unsigned char p[16];
    const size_t n = (size_t)l->h->columns * 4;
    if (!n) return KAL_OK;   // which has no meaning without a palette
    kal_status st = b->size == n ? get(l, b->at, p, n) : KAL_OK;
    bool plain = b->size == n;
    for (size_t c = 0; c < n / 4 && plain && !st; c++)
        plain = kal__be16(p + 4 * c) == 0 && p[4 * c + 2] == 1 && p[4 * c + 3] == c;
    return st || plain ? st : wrong(l, KAL_UNSUPPORTED, b->at, "the palette is of several components");
}

// Of each channel: its number, what it is (0 colour, 1 opacity, 2 opacity by which colours were multiplied), which colour (1, 2 …) or 0, all.
static kal_status read_channels(look *l, const box *b)
{
    kal__jp2_head *h = l->h;
    unsigned char p[2 + 6 * 4];
    kal_status st = b->size < 2 ? KAL_OK : get(l, b->at, p, 2);
    const size_t n = b->size < 2 ? 0 : kal__be16(p);
    if (st || !n || n > 4 || b->size < 2 + 6 * n) return st;   // of more, or damaged: channels as they come
    st = get(l, b->at + 2, p + 2, 6 * n);
    if (st) return st;
    int32_t from[4] = {-1, -1, -1, -1}, alpha = -1;
    size_t colours = 0;
    bool taken[4] = {false, false, false, false};
    for (size_t i = 0; i < n; i++) {
        const unsigned char *q = p + 2 + 6 * i;
        const uint32_t number = kal__be16(q), kind = kal__be16(q + 2), of = kal__be16(q + 4);
        if (number >= n || taken[number]) return KAL_OK;
        taken[number] = true;
        if (kind == 0 && of >= 1 && of <= n) {
            from[of - 1] = (int32_t)number;
            colours++;
        } else if ((kind == 1 || kind == 2) && alpha < 0) {
            alpha = (int32_t)number;
            h->premultiplied = kind == 2;
        } else {
            return KAL_OK;
        }
    }
    if (colours != 1 && colours != 3) return KAL_OK;
    if (alpha >= 0) from[n - 1] = alpha;
    for (size_t i = 0; i < n; i++)
        if (from[i] < 0) return KAL_OK;
    memcpy(h->from, from, sizeof from);
    l->alpha = alpha >= 0;
    l->channels = (int32_t)n;
    return KAL_OK;
}

// Down and across: a fraction, 16 bits each, and exponents of ten; a metre.
static kal_status read_density(look *l, const box *outer)
{
    box b = {.next = outer->at};
    bool more = true;
    for (int i = 0; i < 8; i++) {
        unsigned char p[10];
        kal_status st = next_box(l, outer->at + outer->size, &b, &more);
        if (st || !more) return st;
        if ((strcmp(b.type, "resc") != 0 && strcmp(b.type, "resd") != 0) || b.size < 10) continue;
        st = get(l, b.at, p, 10);
        if (st) return st;
        for (int k = 0; k < 2; k++) {
            const uint32_t above = kal__be16(p + 4 * k), below = kal__be16(p + 4 * k + 2);
            double v = below ? (double)above / below : 0;
            for (int e = (int8_t)p[8 + k]; e; e += e > 0 ? -1 : 1) v = e > 0 ? v * 10 : v / 10;
            l->h->density[1 - k] = isfinite(v) ? v : 0;
        }
    }
    return KAL_OK;
}

static kal_status take_id(look *l, const box *b)
{
    unsigned char id[16];
    if (b->size <= sizeof id) return KAL_OK;
    const kal_status st = get(l, b->at, id, sizeof id);
    const kal__jp2_span rest = {b->at + 16, b->size - 16};
    if (!st && !memcmp(id, kal__jp2_exif_id, 16)) l->h->exif = rest;
    if (!st && !memcmp(id, kal__jp2_xmp_id, 16)) l->h->xmp = rest;
    return st;
}

static kal_status take_stream(look *l, const box *b)
{
    if (l->stream) return KAL_OK;   // further pictures are of other formats
    l->h->at = b->at;
    l->h->end = b->at + b->size;
    l->stream = true;
    return KAL_OK;
}

static kal_status read_inner(look *l, const box *outer);

static const struct {
    const char *type;
    bool inner;   // in jp2h
    kal_status (*read)(look *l, const box *b);
} boxes[] = {{"jp2h", false, read_inner},   {"jp2c", false, take_stream}, {"uuid", false, take_id},
             {"colr", true, read_colour},   {"pclr", true, read_palette}, {"cmap", true, read_columns},
             {"cdef", true, read_channels}, {"res ", true, read_density}};
#define BOXES (sizeof boxes / sizeof *boxes)

static kal_status read_boxes(look *l, uint64_t at, uint64_t end, bool inner)
{
    box b = {.next = at};
    bool more = true;
    for (int i = 0; i < MOST_BOXES; i++) {
        kal_status st = next_box(l, end, &b, &more);
        if (st || !more) return st;
        for (size_t k = 0; k < BOXES && !st; k++)
            if (boxes[k].inner == inner && !strcmp(boxes[k].type, b.type)) st = boxes[k].read(l, &b);
        if (st) return st;
    }
    return KAL_OK;
}

static kal_status read_inner(look *l, const box *outer)
{
    if (l->header) return KAL_OK;
    l->header = true;
    return read_boxes(l, outer->at, outer->at + outer->size, true);
}

// ---- the picture --------------------------------------------------------------------------------

static kal_status make_extent(look *l)
{
    kal__jp2_head *h = l->h;
    kal_extent *e = &h->extent;
    if (h->entries && h->components != 1)
        return wrong(l, KAL_UNSUPPORTED, h->at, "there is a palette of several components");
    const int32_t channels = h->entries ? h->columns : h->components;
    int prec = 0;
    for (int32_t c = 0; c < channels; c++) {
        const int own = h->entries ? h->column_prec[c] : h->component[c].prec;
        if (own > prec) prec = own;
    }
    const bool said = l->channels == channels;
    for (int32_t c = 0; c < channels && !said; c++) h->from[c] = c;
    e->alpha = said ? l->alpha : channels == 2 || channels == 4;   // as of a codestream alone
    h->premultiplied &= said;
    e->channels = channels;
    e->type = prec > 8 ? KAL_U16 : KAL_U8;
    e->model = channels > 4               ? KAL_DATA
               : channels - e->alpha == 1 ? KAL_GRAY
               : channels - e->alpha == 3 ? KAL_RGB
                                          : KAL_DATA;
    return KAL_OK;
}

kal_status kal__jp2_read_head(kal__reader *r, const kal_limits *limits, kal__jp2_head *h, kal_error *err)
{
    unsigned char p[12];
    if (!r->read_at)
        return kal_fail(err, KAL_UNSUPPORTED,
                        "%s: jp2 is read here and there, which a stream cannot be; use a file", r->name);
    memset(h, 0, sizeof *h);
    look l = {.r = r, .h = h, .limits = limits, .err = err};
    kal_status st = get(&l, 0, p, sizeof p);
    if (st) return st;
    if (!memcmp(p, START, 4)) {
        h->end = r->size;
    } else if (memcmp(p, SIGNATURE, 12) != 0) {
        return wrong(&l, KAL_CORRUPT, 0, "this is neither a JP2 nor a codestream");
    } else {
        st = read_boxes(&l, 0, r->size, false);
        if (!st && !l.stream) st = wrong(&l, KAL_CORRUPT, r->size, "there is no codestream");
        if (!st) st = get(&l, h->at, p, 4);
        if (!st && memcmp(p, START, 4) != 0)
            st = wrong(&l, KAL_CORRUPT, h->at, "there is no codestream where one belongs");
    }
    if (!st) st = read_stream(&l);
    return st ? st : make_extent(&l);
}
