// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See tiff_dir.h. Nothing is taken from a file before it is known to be there: a count of values costs what is asked for, not what it says.
#include "tiff_dir.h"

#include "bytes.h"

#include <stdlib.h>
#include <string.h>

#define MOST_DIRECTORIES (1 << 20)
#define MOST_ENTRIES 4096   // of a directory of which more is wanted than where it ends

bool kal__tiff_sniff(const unsigned char *p, size_t n)
{
    static const unsigned char marks[4][4] = {
        {'I', 'I', 42, 0}, {'M', 'M', 0, 42}, {'I', 'I', 43, 0}, {'M', 'M', 0, 43}};
    for (int i = 0; i < 4; i++)
        if (n >= 8 && !memcmp(p, marks[i], 4)) return true;
    return false;
}

// ---- numbers as they lie ------------------------------------------------------------------------

static uint64_t get(const kal__tiff_order *o, const unsigned char *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++) v = v << 8 | p[o->big_endian ? i : n - 1 - i];
    return v;
}

static kal_status number(const kal__tiff_order *o, uint64_t at, size_t bytes, uint64_t *out, kal_error *err)
{
    unsigned char b[8];
    const kal_status st = kal__read_exact(o->reader, "tiff", at, b, bytes, err);
    *out = st ? 0 : get(o, b, bytes);
    return st;
}

// Bytes of the count of entries, of an entry, and of places and counts.
static size_t count_size(const kal__tiff_order *o)
{
    return o->big ? 8 : 2;
}

static size_t entry_size(const kal__tiff_order *o)
{
    return o->big ? 20 : 12;
}

static size_t place_size(const kal__tiff_order *o)
{
    return o->big ? 8 : 4;
}

// ---- the chain ----------------------------------------------------------------------------------

kal_status kal__tiff_begin_chain(kal__reader *r, kal__tiff_order *o, uint64_t *first, kal_error *err)
{
    unsigned char head[4];
    *o = (kal__tiff_order){.reader = r};
    const kal_status st = kal__read_exact(r, "tiff", 0, head, sizeof head, err);
    if (st) return st;
    if (!kal__tiff_sniff(head, 8))
        return kal_fail(err, KAL_CORRUPT, "%s: tiff: at byte 0: this is no TIFF", r->name);
    o->big_endian = head[0] == 'M';
    o->big = head[2] == 43 || head[3] == 43;
    return number(o, o->big ? 8 : 4, place_size(o), first, err);
}

// What kind of picture it is, is said by an entry that comes first where it is there.
kal_status kal__tiff_next(const kal__tiff_order *o, uint64_t at, uint64_t *next, bool *whole, kal_error *err)
{
    enum { LEVEL = 1, MASK = 4 };
    const size_t count = count_size(o), entry = entry_size(o);
    uint64_t entries, tag = 0, kind = 0;
    kal_status st = number(o, at, count, &entries, err);
    if (!st && entries) st = number(o, at + count, 2, &tag, err);
    if (!st && tag == KAL__TAG_SUBFILE) st = number(o, at + count + entry - place_size(o), 4, &kind, err);
    if (st) return st;
    if (whole) *whole = !(kind & (LEVEL | MASK));
    if (!entries || entries > UINT16_MAX)
        return kal_fail(err, KAL_CORRUPT, "%s: tiff: at byte %llu: a directory of %llu entries",
                        o->reader->name, (unsigned long long)at, (unsigned long long)entries);
    return number(o, at + count + entries * entry, place_size(o), next, err);
}

// Notes where a page lies, at ever more room.
static bool note(uint64_t **list, int32_t n, uint64_t at)
{
    if (!(n & (n - 1)) && !kal__grow(list, n ? (size_t)n * 2 : 1, sizeof **list)) return false;
    (*list)[n] = at;
    return true;
}

// A chain that comes back to itself is found by a mark that is left at each power of two (Brent).
static kal_status walk(kal__reader *r, const kal_limits *limits, uint64_t **list, int32_t *pages,
                       kal_error *err)
{
    kal__tiff_order o;
    uint64_t at, mark = 0;
    int32_t n = 0;
    bool whole = true;
    kal_status st = kal__tiff_begin_chain(r, &o, &at, err);
    for (int32_t i = 0; !st && at; i++) {
        if (at == mark || i == MOST_DIRECTORIES)
            return kal_fail(err, KAL_CORRUPT, "%s: tiff: at byte %llu: the directories never end", r->name,
                            (unsigned long long)at);
        if (!(i & (i - 1))) mark = at;
        const uint64_t here = at;
        st = kal__tiff_next(&o, at, &at, &whole, err);
        if (!i) whole = true;   // a file of nothing but levels has its first as the picture
        if (!st && whole && !note(list, n++, here))
            st = kal_fail(err, KAL_NOMEM, "%s: tiff: out of memory", r->name);
        if (!st) st = kal__pages_within(r->name, "tiff", n, limits, err);
    }
    *pages = n;
    return st || n ? st : kal_fail(err, KAL_CORRUPT, "%s: tiff: at byte 4: there is no picture", r->name);
}

kal_status kal__tiff_pages(kal__reader *r, const kal__ask *ask, uint64_t *directory, int32_t *pages,
                           kal_error *err)
{
    uint64_t *list = NULL;
    if (!kal__places_find(ask->places, ask->page, directory, pages)) {
        const kal_status st = walk(r, &ask->limits, &list, pages, err);
        if (!st && ask->page < *pages) *directory = list[ask->page];
        if (st) {
            free(list);
            return st;
        }
        kal__places_keep(ask->places, list, *pages);
    }
    return ask->page < *pages ? KAL_OK : kal__no_page(r->name, ask->page, *pages, err);
}

static void put_number(const kal__tiff_order *o, uint64_t at, uint64_t value, kal__tiff_patch *out)
{
    *out = (kal__tiff_patch){.at = at, .n = place_size(o)};
    for (size_t i = 0; i < out->n; i++)
        out->bytes[o->big_endian ? out->n - 1 - i : i] = (unsigned char)(value >> (8 * i));
}

kal_status kal__tiff_alone(kal__reader *r, uint64_t directory, kal__tiff_patch out[2], kal_error *err)
{
    kal__tiff_order o;
    uint64_t first, entries = 0;
    kal_status st = kal__tiff_begin_chain(r, &o, &first, err);
    if (!st) st = number(&o, directory, count_size(&o), &entries, err);
    if (st) return st;
    put_number(&o, o.big ? 8 : 4, directory, &out[0]);
    if (entries <= UINT16_MAX)
        put_number(&o, directory + count_size(&o) + entries * entry_size(&o), 0, &out[1]);
    return KAL_OK;
}

// ---- one directory ------------------------------------------------------------------------------

void kal__tiff_dir_free(kal__tiff_dir *d)
{
    free(d->entries);
    d->entries = NULL;
    d->n = 0;
}

kal_status kal__tiff_dir_read(kal__tiff_dir *d, kal__reader *r, uint64_t at, kal_error *err)
{
    uint64_t first, n = 0;
    *d = (kal__tiff_dir){.at = at, .err = err};
    kal_status st = kal__tiff_begin_chain(r, &d->order, &first, err);
    if (!st) st = number(&d->order, at, count_size(&d->order), &n, err);
    if (!st && (!n || n > MOST_ENTRIES))
        st = kal_fail(err, KAL_CORRUPT, "%s: tiff: at byte %llu: a directory of %llu entries", r->name,
                      (unsigned long long)at, (unsigned long long)n);
    if (st) return d->status = st;
    d->entries = kal__new((size_t)n, entry_size(&d->order));
    if (!d->entries) return d->status = kal_fail(err, KAL_NOMEM, "%s: tiff: out of memory", r->name);
    st = kal__read_exact(r, "tiff", at + count_size(&d->order), d->entries, (size_t)n * entry_size(&d->order),
                         err);
    d->n = st ? 0 : (size_t)n;
    return d->status = st;
}

void kal__tiff_entry_at(const kal__tiff_dir *d, size_t i, kal__tiff_entry *out)
{
    const kal__tiff_order *o = &d->order;
    const unsigned char *p = d->entries + i * entry_size(o), *values = p + 4 + place_size(o);
    *out = (kal__tiff_entry){.tag = (unsigned)get(o, p, 2),
                             .type = (unsigned)get(o, p + 2, 2),
                             .count = get(o, p + 4, place_size(o))};
    out->one = kal__ifd_type_size(out->type);
    if (out->one && out->count <= place_size(o) / out->one)
        out->held = values;
    else
        out->at = get(o, values, place_size(o));
}

bool kal__tiff_find(const kal__tiff_dir *d, unsigned tag, kal__tiff_entry *out)
{
    for (size_t i = 0; i < d->n; i++) {
        if (get(&d->order, d->entries + i * entry_size(&d->order), 2) != tag) continue;
        kal__tiff_entry_at(d, i, out);
        return true;
    }
    return false;
}

// ---- values -------------------------------------------------------------------------------------

kal_status kal__tiff_raw(const kal__tiff_dir *d, const kal__tiff_entry *e, uint64_t from, size_t n, void *out,
                         kal_error *err)
{
    if (!e->held) return kal__read_exact(d->order.reader, "tiff", e->at + from * e->one, out, n, err);
    memcpy(out, e->held + from * e->one, n);
    return KAL_OK;
}

// A number of any type but text. What lies outside the file is not there; the reader's own failure stays.
bool kal__tiff_numbers(kal__tiff_dir *d, const kal__tiff_entry *e, uint64_t from, size_t n, double *out)
{
    enum { PIECE = 256 };
    unsigned char raw[PIECE * 8];
    kal_error local = {0};
    if (d->status || !e->one || e->type == KAL__IFD_ASCII || from > e->count || n > e->count - from)
        return false;
    for (size_t done = 0; done < n;) {
        const size_t some = n - done < PIECE ? n - done : PIECE;
        const kal_status st = kal__tiff_raw(d, e, from + done, some * e->one, raw, &local);
        if (st && st != KAL_CORRUPT) d->status = kal__repeat(&local, d->err);
        if (st) return false;
        const kal__ifd lying = {.p = raw, .n = some * e->one, .big = d->order.big_endian};
        const kal__ifd_entry values = {.type = e->type, .count = some, .size = lying.n};
        for (size_t i = 0; i < some; i++) out[done + i] = kal__ifd_number(&lying, &values, i);
        done += some;
    }
    return true;
}

static bool is_whole(const kal__tiff_entry *e, double v)
{
    const bool real = e->type == KAL__IFD_RATIONAL || e->type == KAL__IFD_SRATIONAL ||
                      e->type == KAL__IFD_FLOAT || e->type == KAL__IFD_DOUBLE;
    return !real && v >= 0 && v <= 9007199254740992.0;
}

static uint64_t odd(kal__tiff_dir *d, unsigned tag, uint64_t otherwise)
{
    if (!d->status)
        d->status = kal_fail(d->err, KAL_CORRUPT, "%s: tiff: at byte %llu: field %u is damaged",
                             d->order.reader->name, (unsigned long long)d->at, tag);
    return otherwise;
}

static uint64_t first_of(kal__tiff_dir *d, const kal__tiff_entry *e, uint64_t otherwise)
{
    double v;
    return kal__tiff_numbers(d, e, 0, 1, &v) && is_whole(e, v) ? (uint64_t)v : odd(d, e->tag, otherwise);
}

uint64_t kal__tiff_said(kal__tiff_dir *d, unsigned tag, uint64_t otherwise)
{
    kal__tiff_entry e;
    if (d->status || !kal__tiff_find(d, tag, &e)) return otherwise;
    return e.count == 1 ? first_of(d, &e, otherwise) : odd(d, tag, otherwise);
}

uint64_t kal__tiff_each(kal__tiff_dir *d, unsigned tag, uint64_t n, uint64_t otherwise)
{
    enum { MOST = 64 };
    kal__tiff_entry e;
    double all[MOST];
    if (d->status || !kal__tiff_find(d, tag, &e)) return otherwise;
    const uint64_t first = first_of(d, &e, otherwise);
    if (d->status || e.count == 1) return first;
    if (n > MOST) n = MOST;   // more samples are read by nobody
    if (!kal__tiff_numbers(d, &e, 0, (size_t)n, all)) return odd(d, tag, otherwise);
    for (uint64_t i = 1; i < n; i++)
        if (all[i] != all[0] && !d->status)
            d->status = kal_fail(d->err, KAL_UNSUPPORTED,
                                 "%s: tiff: samples of a pixel that differ in field %u are not read",
                                 d->order.reader->name, tag);
    return first;
}

double kal__tiff_hint(kal__tiff_dir *d, unsigned tag, double otherwise)
{
    kal__tiff_entry e;
    double v;
    return kal__tiff_find(d, tag, &e) && kal__tiff_numbers(d, &e, 0, 1, &v) ? v : otherwise;
}
