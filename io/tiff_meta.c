// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What a TIFF says about its picture beside how it is stored. EXIF lies in the file's own directories: what describes a picture beside what says how it is stored, cameras' and GPS's in
// directories of their own. They are read from where they are and become a block like that of any other file.
#include "tiff.h"

#if KAL__TIFF

#include "exif.h"
#include "geo.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

// ---- the picture's own fields -------------------------------------------------------------------

static kal_status take_blob(kal__tiff_dir *d, unsigned tag, kal__blob_kind what, const kal_limits *limits,
                            kal__meta *meta)
{
    kal__tiff_entry e;
    kal_error local = {0};
    if (!kal__tiff_find(d, tag, &e) || !e.one || !e.count || e.count > UINT64_MAX / e.one) return KAL_OK;
    const uint64_t n = e.count * e.one, there = d->order.reader->size;
    kal__blob *to = kal__meta_blob(meta, what);
    if (to->size || (there && n > there) || !kal__meta_room(meta, what, n, limits)) return KAL_OK;
    unsigned char *bytes = kal__new((size_t)n, 1);
    kal_status st = bytes ? kal__tiff_raw(d, &e, 0, (size_t)n, bytes, &local) : KAL_NOMEM;
    if (!st && !kal__blob_set(to, bytes, (size_t)n)) st = KAL_NOMEM;
    free(bytes);
    if (st == KAL_NOMEM)
        return kal_fail(d->err, st, "%s: tiff: out of memory for metadata", d->order.reader->name);
    return st && st != KAL_CORRUPT ? kal__repeat(&local, d->err) : KAL_OK;
}

static double density(kal__tiff_dir *d, unsigned tag, double metre)
{
    const double v = kal__tiff_hint(d, tag, 0);
    return v > 0 && v <= DBL_MAX ? v * metre : 0;
}

kal_status kal__tiff_read_meta(kal__tiff_dir *d, const kal_limits *limits, kal__meta *meta)
{
    static const struct {
        unsigned tag;
        kal__blob_kind what;
    } blobs[] = {{KAL__TAG_ICC, KAL__ICC}, {KAL__TAG_XMP, KAL__XMP}, {KAL__TAG_IPTC, KAL__IPTC}};
    const double unit = kal__tiff_hint(d, KAL__TAG_UNIT, RESUNIT_INCH),
                 turned = kal__tiff_hint(d, KAL__TAG_ORIENTATION, 1),
                 metre = unit == RESUNIT_CENTIMETER ? 100
                         : unit == RESUNIT_INCH     ? 1 / 0.0254
                                                    : 0;
    const double x = density(d, KAL__TAG_X_RESOLUTION, metre), y = density(d, KAL__TAG_Y_RESOLUTION, metre);
    if (x > 0) meta->density[0] = x;
    if (y > 0) meta->density[1] = y;
    meta->orientation = turned >= 1 && turned <= 8 ? (int)turned : 1;
    for (size_t i = 0; i < sizeof blobs / sizeof *blobs && !d->status; i++)
        d->status = take_blob(d, blobs[i].tag, blobs[i].what, limits, meta);
    return d->status;
}

// ---- EXIF ---------------------------------------------------------------------------------------

typedef struct reading {
    const kal__tiff_dir *main;
    uint64_t left;   // bytes that may still be taken
    kal__exif_parts *parts;
    kal__meta *meta;
    kal__directory geo;
} reading;

static kal_status no_memory(const reading *x)
{
    return kal_fail(x->main->err, KAL_NOMEM, "%s: tiff: out of memory for metadata",
                    x->main->order.reader->name);
}

// Values, to this machine's order.
static kal_status take_values(reading *x, kal__directory *to, const kal__tiff_dir *d,
                              const kal__tiff_entry *e)
{
    const uint16_t machine = 1;
    kal_error local = {0};
    if (!e->one || e->type > KAL__IFD_IFD || !e->count) return KAL_OK;
    if (e->count > x->left / e->one) {
        const uint64_t there = d->order.reader->size / e->one;   // more than the file has is damage
        if (e->count <= there) x->meta->left_out[to == &x->geo ? KAL__GEO : KAL__EXIF] += e->count * e->one;
        return KAL_OK;
    }
    const size_t size = (size_t)e->count * e->one;
    unsigned char *values = kal__take(&x->parts->values, size, 1);
    if (!values) return no_memory(x);
    x->left -= size;
    const kal_status st = kal__tiff_raw(d, e, 0, size, values, &local);
    if (st == KAL_CORRUPT) return KAL_OK;   // outside: not there
    if (st) return kal__repeat(&local, x->main->err);
    if (d->order.big_endian == (*(const unsigned char *)&machine == 1)) kal__ifd_swap(values, e->type, size);
    kal__directory_add(to, e->tag, e->type, e->count, values);
    return KAL_OK;
}

static bool is_wanted(kal__exif_part part, unsigned tag, bool turned)
{
    const kal__exif_tag *known = kal__exif_tag_of(part, tag);
    if (part == KAL__EXIF_MAIN)
        return known && (known->describes || (tag == KAL__EXIF_ORIENTATION && turned));
    return tag != KAL__EXIF_INTEROP;
}

// Directories that others point at: which of them, by which field.
static const struct {
    unsigned tag;
    kal__exif_part part;
} pointers[] = {{KAL__EXIF_POINTER, KAL__EXIF_PHOTO},
                {KAL__EXIF_GPS, KAL__EXIF_PLACE},
                {KAL__EXIF_INTEROP, KAL__EXIF_INTER}};

static void note_pointer(kal__tiff_dir *d, const kal__tiff_entry *e, uint64_t sub[4])
{
    double at;
    for (size_t i = 0; i < sizeof pointers / sizeof *pointers; i++)
        if (e->tag == pointers[i].tag && kal__tiff_numbers(d, e, 0, 1, &at) && at > 0)
            sub[pointers[i].part] = (uint64_t)at;
}

static kal_status take_directory(reading *x, kal__exif_part part, kal__tiff_dir *d, uint64_t sub[4])
{
    kal_status st = KAL_OK;
    for (size_t i = 0; i < d->n && !st; i++) {
        kal__tiff_entry e;
        kal__tiff_entry_at(d, i, &e);
        note_pointer(d, &e, sub);
        if (part == KAL__EXIF_MAIN && kal__is_geo(e.tag)) st = take_values(x, &x->geo, d, &e);
        if (!st && is_wanted(part, e.tag, x->meta->orientation != 1))
            st = take_values(x, &x->parts->part[part], d, &e);
    }
    return st ? st : d->status;
}

// A directory that is not whole says nothing.
static kal_status take_sub(reading *x, kal__exif_part part, uint64_t sub[4])
{
    kal__tiff_dir d;
    kal_error local = {0};
    if (!sub[part]) return KAL_OK;
    kal_status st = kal__tiff_dir_read(&d, x->main->order.reader, sub[part], &local);
    if (!st) {
        d.err = x->main->err;
        st = take_directory(x, part, &d, sub);
    } else if (st != KAL_CORRUPT) {
        kal__repeat(&local, x->main->err);
    }
    kal__tiff_dir_free(&d);
    return st == KAL_CORRUPT ? KAL_OK : st;
}

kal_status kal__tiff_read_exif(kal__tiff_dir *d, const kal_limits *limits, kal__meta *meta)
{
    kal__exif_parts parts = {0};
    uint64_t sub[4] = {0};
    reading x = {.main = d, .left = limits->meta_bytes, .parts = &parts, .meta = meta};
    kal_status st = take_directory(&x, KAL__EXIF_MAIN, d, sub);
    for (int part = KAL__EXIF_MAIN + 1; part < 4 && !st; part++) st = take_sub(&x, (kal__exif_part)part, sub);
    if (!st && ((!meta->exif.size && !kal__exif_block(&parts, &meta->exif)) || !kal__geo_keep(&x.geo, meta)))
        st = no_memory(&x);
    kal__directory_free(&x.geo);
    kal__exif_parts_free(&parts);
    return st;
}

#endif
