// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// EXIF acted on and written. A block that stays one is corrected where it lies: what a maker's note points at must not move. Its fields can
// be laid out elsewhere too, for TIFF, which is such a structure itself.
#include "exif.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// ---- what we act on -----------------------------------------------------------------------------

static bool one_short(const kal__ifd *t, unsigned tag, kal__ifd_entry *out)
{
    return kal__ifd_find(t, t->first, tag, out) && out->type == KAL__IFD_SHORT && out->count == 1;
}

static void set(kal__ifd *t, size_t at, int bytes, uint32_t v)
{
    unsigned char *p = (unsigned char *)(uintptr_t)t->p + at;
    for (int i = 0; i < bytes; i++) p[t->big ? bytes - 1 - i : i] = (unsigned char)(v >> (8 * i));
}

int kal__exif_orientation(const void *data, size_t n)
{
    kal__ifd t;
    kal__ifd_entry e;
    if (!n || !kal__ifd_open(&t, data, n) || !one_short(&t, KAL__EXIF_ORIENTATION, &e)) return 1;
    const unsigned v = kal__ifd_get(&t, e.at, 2);
    return v >= 1 && v <= 8 ? (int)v : 1;
}

void kal__exif_upright(void *data, size_t n)
{
    kal__ifd t;
    kal__ifd_entry e;
    if (kal__ifd_open(&t, data, n) && one_short(&t, KAL__EXIF_ORIENTATION, &e)) set(&t, e.at, 2, 1);
}

// Metres that the unit has; 0: it is none, and the numbers say only how they are to each other.
static double unit_of(const kal__ifd *t)
{
    kal__ifd_entry e;
    const unsigned unit = one_short(t, KAL__EXIF_UNIT, &e) ? kal__ifd_get(t, e.at, 2) : 2;
    return unit == 2 ? 0.0254 : unit == 3 ? 0.01 : 0;
}

static bool resolution(const kal__ifd *t, unsigned tag, kal__ifd_entry *e)
{
    return kal__ifd_find(t, t->first, tag, e) && e->type == KAL__IFD_RATIONAL && e->count == 1;
}

void kal__meta_take_exif(kal__meta *m)
{
    kal__ifd t;
    kal__ifd_entry x, y;
    m->orientation = kal__exif_orientation(m->exif.data, m->exif.size);
    if (m->density[0] > 0 || !m->exif.size || !kal__ifd_open(&t, m->exif.data, m->exif.size)) return;
    const double unit = unit_of(&t);
    if (!(unit > 0) || !resolution(&t, KAL__EXIF_X_RESOLUTION, &x) ||
        !resolution(&t, KAL__EXIF_Y_RESOLUTION, &y))
        return;
    const double d[2] = {kal__ifd_number(&t, &x, 0) / unit, kal__ifd_number(&t, &y, 0) / unit};
    for (int i = 0; i < 2 && isfinite(d[0]) && isfinite(d[1]) && d[0] > 0 && d[1] > 0; i++)
        m->density[i] = d[i];
}

void kal__fraction(double v, uint32_t out[2])
{
    out[0] = out[1] = 0;
    if (!(v > 0) || v > 4e6) return;
    for (uint32_t n = 1; n <= 1000; n *= 10) {
        out[0] = (uint32_t)(v * n + 0.5);
        out[1] = n;
        if (fabs(out[0] - v * n) < 1e-6 * v * n) return;
    }
}

// ---- corrected where it lies --------------------------------------------------------------------

void kal__exif_directories(const kal__ifd *t, size_t out[4])
{
    out[KAL__EXIF_MAIN] = t->first;
    out[KAL__EXIF_PHOTO] = kal__ifd_sub(t, t->first, KAL__EXIF_POINTER);
    out[KAL__EXIF_PLACE] = kal__ifd_sub(t, t->first, KAL__EXIF_GPS);
    out[KAL__EXIF_INTER] = kal__ifd_sub(t, out[KAL__EXIF_PHOTO], KAL__EXIF_INTEROP);
}

// What each edit makes wrong.
static const struct {
    unsigned tag, edits;
} wrongs[] = {
    {256, KAL__MOVED},    {257, KAL__MOVED},     // ImageWidth, ImageLength
    {4097, KAL__MOVED},   {4098, KAL__MOVED},    // RelatedImageWidth, RelatedImageLength
    {40962, KAL__MOVED},  {40963, KAL__MOVED},   // PixelXDimension, PixelYDimension
    {37396, KAL__MOVED},  {41492, KAL__MOVED},   // SubjectArea, SubjectLocation
    {41486, KAL__SCALED}, {41487, KAL__SCALED}, {41488, KAL__SCALED},   // FocalPlaneXResolution …
};

typedef struct wrong {
    unsigned edits;
    bool density_gone;
} wrong;

static bool is_wrong(const void *of, unsigned tag)
{
    const wrong *w = of;
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++)
        if (wrongs[i].tag == tag && (wrongs[i].edits & w->edits)) return true;
    return w->density_gone &&
           (tag == KAL__EXIF_X_RESOLUTION || tag == KAL__EXIF_Y_RESOLUTION || tag == KAL__EXIF_UNIT);
}

void kal__exif_thin(kal__ifd *t, size_t directory, bool (*goes)(const void *of, unsigned tag), const void *of)
{
    unsigned char *p = (unsigned char *)(uintptr_t)t->p;
    const size_t n = kal__ifd_count(t, directory), first = directory + 2;
    const bool whole = n == kal__ifd_get(t, directory, 2) && t->n - first - n * 12 >= 4;
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (goes(of, kal__ifd_get(t, first + i * 12, 2))) continue;
        memmove(p + first + kept++ * 12, p + first + i * 12, 12);
    }
    if (kept == n) return;
    set(t, directory, 2, (uint32_t)kept);
    if (whole) memmove(p + first + kept * 12, p + first + n * 12, 4);
    memset(p + first + kept * 12 + (whole ? 4 : 0), 0, (n - kept) * 12);
}

static void set_density(kal__ifd *t, const kal__meta *m)
{
    static const unsigned tags[] = {KAL__EXIF_X_RESOLUTION, KAL__EXIF_Y_RESOLUTION};
    kal__ifd_entry e;
    double unit = unit_of(t);
    if (!(unit > 0) && one_short(t, KAL__EXIF_UNIT, &e)) {
        set(t, e.at, 2, 2);
        unit = 0.0254;
    }
    for (int i = 0; i < 2; i++) {
        uint32_t v[2];
        kal__fraction(m->density[i] * unit, v);
        if (!v[1] || !resolution(t, tags[i], &e)) continue;
        set(t, e.at, 4, v[0]);
        set(t, e.at + 4, 4, v[1]);
    }
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

// Behind the last byte that any directory but the thumbnail's needs.
static size_t end_of(const kal__ifd *t)
{
    size_t at[4], end = 8;
    kal__ifd_entry e;
    kal__exif_directories(t, at);
    for (int part = 0; part < 4; part++) {
        const size_t n = kal__ifd_count(t, at[part]);
        if (n) end = larger(end, at[part] + 2 + n * 12 + 4);
        for (size_t i = 0; i < n; i++)
            if (kal__ifd_at(t, at[part], i, &e)) end = larger(end, e.at + e.size);
    }
    return end < t->n ? end : t->n;
}

bool kal__exif_needed(const kal__ifd *t, size_t from, size_t n, size_t except)
{
    size_t at[4];
    kal__ifd_entry e;
    kal__exif_directories(t, at);
    for (int part = 0; part < 4; part++) {
        const size_t count = kal__ifd_count(t, at[part]);
        const bool there = count && at[part] != except;
        if (there && from < at[part] + 6 + count * 12 && at[part] < from + n) return true;
        for (size_t i = 0; i < count; i++)
            if (kal__ifd_at(t, at[part], i, &e) && e.place != except && from < e.at + e.size &&
                e.at < from + n && (e.size > 4 || there))
                return true;
    }
    return from < 8;
}

size_t kal__exif_drop_preview(kal__ifd *t)
{
    const size_t next = kal__ifd_next(t, t->first), count = kal__ifd_count(t, t->first);
    if (!next) return t->n;
    const size_t at = kal__ifd_sub(t, next, 513);
    kal__ifd_entry e;
    size_t n = kal__ifd_find(t, next, 514, &e) ? (size_t)kal__ifd_number(t, &e, 0) : 0;
    set(t, t->first + 2 + count * 12, 4, 0);
    if (at && at < t->n) {
        if (n > t->n - at) n = t->n - at;
        if (!kal__exif_needed(t, at, n, 0)) memset((unsigned char *)(uintptr_t)t->p + at, 0, n);
    }
    return end_of(t);
}

static size_t correct(unsigned char *data, size_t n, const kal__meta *m)
{
    kal__ifd t;
    size_t at[4];
    if (!kal__ifd_open(&t, data, n)) return n;
    if (m->applied) kal__exif_upright(data, n);
    if (!m->edits) return n;
    const bool gone = (m->edits & KAL__MOVED) && !(m->density[0] > 0) && unit_of(&t) > 0;
    if ((m->edits & KAL__MOVED) && m->density[0] > 0) set_density(&t, m);
    kal__exif_directories(&t, at);
    for (int part = 0; part < 4; part++)
        if (at[part] && part != KAL__EXIF_PLACE)
            kal__exif_thin(&t, at[part], is_wrong, &(wrong){m->edits, gone && !part});
    return kal__exif_drop_preview(&t);
}

bool kal__exif_to_write(const kal__meta *m, kal__blob *out)
{
    *out = (kal__blob){NULL, 0};
    if (!m) return true;
    if (!kal__blob_set(out, m->exif.data, m->exif.size)) return false;
    if (out->size) out->size = correct(out->data, out->size, m);
    return true;
}

// ---- laid out elsewhere -------------------------------------------------------------------------

static void take_directory(const kal__ifd *t, size_t at, kal__exif_part part, kal__exif_parts *out)
{
    kal__ifd_entry e;
    const size_t n = kal__ifd_count(t, at);
    for (size_t i = 0; i < n && !out->failed; i++) {
        if (!kal__ifd_at(t, at, i, &e)) continue;
        const kal__exif_tag *known = kal__exif_tag_of(part, e.tag);
        if (known ? !known->describes : part == KAL__EXIF_MAIN) continue;
        if (e.size > t->n * 2 + 4096 - out->taken)
            continue;   // of many fields with the same bytes, which no writer makes
        void *values = kal__take(&out->values, e.size, 1);
        out->failed |= !values;
        if (!values) return;
        out->taken += e.size;
        kal__ifd_copy(t, &e, values);
        kal__directory_add(&out->part[part], e.tag, e.type, e.count, values);
    }
}

void kal__exif_take(const kal__blob *exif, kal__exif_parts *out)
{
    kal__ifd t;
    size_t at[4];
    *out = (kal__exif_parts){0};
    if (!exif->size || !kal__ifd_open(&t, exif->data, exif->size)) return;
    kal__exif_directories(&t, at);
    for (int part = 0; part < 4; part++) take_directory(&t, at[part], (kal__exif_part)part, out);
}

static uint64_t put_part(kal__directory *d, bool big, uint64_t at, kal__text *out, size_t from)
{
    if ((at + out->size - from) & 1) kal__put(out, "", 1);
    const uint64_t place = at + out->size - from;
    kal__directory_put(d, big, place, true, out);
    return place;
}

void kal__exif_put(kal__exif_parts *p, bool big, uint64_t at, kal__text *out)
{
    static const struct {
        kal__exif_part part, to;
        unsigned tag;
    } order[] = {{KAL__EXIF_INTER, KAL__EXIF_PHOTO, KAL__EXIF_INTEROP},
                 {KAL__EXIF_PHOTO, KAL__EXIF_MAIN, KAL__EXIF_POINTER},
                 {KAL__EXIF_PLACE, KAL__EXIF_MAIN, KAL__EXIF_GPS}};
    const size_t from = out->size;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        kal__directory *d = &p->part[order[i].part];
        if (!d->n) continue;
        const uint64_t place = put_part(d, big, at, out, from);
        kal__directory_value(&p->part[order[i].to], order[i].tag, big ? KAL__IFD_IFD8 : KAL__IFD_LONG, place);
    }
    out->failed |= p->failed;
}

bool kal__exif_block(kal__exif_parts *p, kal__blob *out)
{
    static const uint16_t mark[2] = {0x4949, 0x4d4d}, magic = 42;
    const uint16_t one = 1;
    const uint32_t none = 0;
    kal__text t = {0};
    bool any = p->failed;
    for (int i = 0; i < 4; i++) any |= p->part[i].n || p->part[i].failed;
    if (!any) return true;
    kal__put(&t, &mark[*(const unsigned char *)&one != 1], 2);
    kal__put(&t, &magic, 2);
    kal__put(&t, &none, 4);
    kal__exif_put(p, false, 8, &t);
    const uint32_t main = (uint32_t)put_part(&p->part[KAL__EXIF_MAIN], false, 0, &t, 0);
    if (!t.failed) memcpy(t.data + 4, &main, 4);
    if (!t.failed) *out = (kal__blob){t.data, t.size};
    if (t.failed) free(t.data);
    return !t.failed;
}

void kal__exif_parts_free(kal__exif_parts *p)
{
    for (int i = 0; i < 4; i++) kal__directory_free(&p->part[i]);
    kal__arena_free(&p->values);
}
