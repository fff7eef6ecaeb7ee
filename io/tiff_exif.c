// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// EXIF in a TIFF lies in the file's own directories: what describes a picture beside what says how it is stored, cameras' and GPS's in
// directories of their own. They are read from where they are and become a block like that of any other file.
#include "tiff.h"

#if KAL__TIFF

#include "exif.h"
#include "geo.h"

#include <stdlib.h>
#include <string.h>

#define MOST_ENTRIES 4096

typedef struct reading {
    kal__reader *reader;
    bool big_endian, big;
    uint64_t left;   // bytes that may still be taken
    kal__exif_parts *parts;
    kal__meta *meta;
    kal__directory geo;
    kal_error *err;
} reading;

static uint64_t get(const reading *x, const unsigned char *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++) v = v << 8 | p[x->big_endian ? i : n - 1 - i];
    return v;
}

// Values, to this machine's order.
static kal_status take_values(reading *x, kal__directory *to, const unsigned char *entry)
{
    const size_t room = x->big ? 8 : 4, one = kal__ifd_type_size((unsigned)get(x, entry + 2, 2));
    const unsigned tag = (unsigned)get(x, entry, 2), type = (unsigned)get(x, entry + 2, 2);
    const uint64_t count = get(x, entry + 4, room);
    const uint16_t machine = 1;
    if (!one || type > KAL__IFD_IFD || !count) return KAL_OK;
    if (count > x->left / one) {
        const uint64_t there = x->reader->size / one;   // more than the file has is damage
        if (count <= there) x->meta->left_out[to == &x->geo ? KAL__GEO : KAL__EXIF] += count * one;
        return KAL_OK;
    }
    const size_t size = (size_t)count * one;
    unsigned char *values = kal__take(&x->parts->values, size, 1);
    if (!values) return kal_fail(x->err, KAL_NOMEM, "%s: tiff: out of memory for metadata", x->reader->name);
    x->left -= size;
    if (size <= room) memcpy(values, entry + 4 + room, size);
    const kal_status st = size <= room ? KAL_OK
                                       : kal__read_exact(x->reader, "tiff", get(x, entry + 4 + room, room),
                                                         values, size, x->err);
    if (st) return st == KAL_CORRUPT ? KAL_OK : st;   // outside: not there
    if (x->big_endian == (*(const unsigned char *)&machine == 1)) kal__ifd_swap(values, type, size);
    kal__directory_add(to, tag, type, count, values);
    return KAL_OK;
}

static bool is_wanted(kal__exif_part part, unsigned tag, bool turned)
{
    const kal__exif_tag *known = kal__exif_tag_of(part, tag);
    if (part == KAL__EXIF_MAIN)
        return known && (known->describes || (tag == KAL__EXIF_ORIENTATION && turned));
    return tag != KAL__EXIF_INTEROP;
}

// sub: where those lie that entries point at.
static kal_status take_directory(reading *x, kal__exif_part part, uint64_t at, bool turned, uint64_t sub[4])
{
    const size_t count = x->big ? 8 : 2, entry = x->big ? 20 : 12, room = x->big ? 8 : 4;
    unsigned char head[8], *p;
    kal_status st = at ? kal__read_exact(x->reader, "tiff", at, head, count, x->err) : KAL_CORRUPT;
    const uint64_t n = st ? 0 : get(x, head, count);
    if (st || !n || n > MOST_ENTRIES) return st == KAL_CORRUPT ? KAL_OK : st;
    p = kal__new((size_t)n, entry);
    if (!p) return kal_fail(x->err, KAL_NOMEM, "%s: tiff: out of memory for metadata", x->reader->name);
    st = kal__read_exact(x->reader, "tiff", at + count, p, (size_t)n * entry, x->err);
    const bool whole = !st;
    if (st == KAL_CORRUPT) st = KAL_OK;
    for (uint64_t i = 0; i < n && whole && !st; i++) {
        const unsigned char *e = p + i * entry;
        const unsigned tag = (unsigned)get(x, e, 2), type = (unsigned)get(x, e + 2, 2);
        const size_t size = type == KAL__IFD_LONG || type == KAL__IFD_IFD ? 4 : room;
        if (tag == KAL__EXIF_POINTER) sub[KAL__EXIF_PHOTO] = get(x, e + 4 + room, size);
        if (tag == KAL__EXIF_GPS) sub[KAL__EXIF_PLACE] = get(x, e + 4 + room, size);
        if (tag == KAL__EXIF_INTEROP) sub[KAL__EXIF_INTER] = get(x, e + 4 + room, size);
        if (part == KAL__EXIF_MAIN && kal__is_geo(tag)) st = take_values(x, &x->geo, e);
        if (is_wanted(part, tag, turned)) st = take_values(x, &x->parts->part[part], e);
    }
    free(p);
    return st;
}

kal_status kal__tiff_read_exif(kal__reader *r, uint64_t directory, const kal_limits *limits, kal__meta *meta,
                               kal_error *err)
{
    kal__exif_parts parts = {0};
    unsigned char head[4];
    uint64_t sub[4] = {directory};
    kal_status st = kal__read_exact(r, "tiff", 0, head, sizeof head, err);
    reading x = {
        r,  head[0] == 'M', !st && (head[2] == 43 || head[3] == 43), limits->meta_bytes, &parts, meta, {0},
        err};
    for (int part = 0; part < 4 && !st; part++)
        st = take_directory(&x, (kal__exif_part)part, sub[part], meta->orientation != 1, sub);
    if (!st && ((!meta->exif.size && !kal__exif_block(&parts, &meta->exif)) || !kal__geo_keep(&x.geo, meta)))
        st = kal_fail(err, KAL_NOMEM, "%s: tiff: out of memory for metadata", r->name);
    kal__directory_free(&x.geo);
    kal__exif_parts_free(&parts);
    return st;
}

#endif
