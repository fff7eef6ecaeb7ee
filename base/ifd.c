// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See ifd.h. Reading allocates nothing and follows nothing by itself, so that no loop of offsets is ever walked.
#include "ifd.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    unsigned char size, number;
    bool negative, real;   // what numbers may be
} types[] = {[KAL__IFD_BYTE] = {1, 1, false, false},      [KAL__IFD_ASCII] = {1, 1, false, false},
             [KAL__IFD_SHORT] = {2, 2, false, false},     [KAL__IFD_LONG] = {4, 4, false, false},
             [KAL__IFD_RATIONAL] = {8, 4, false, false},  [KAL__IFD_SBYTE] = {1, 1, true, false},
             [KAL__IFD_UNDEFINED] = {1, 1, false, false}, [KAL__IFD_SSHORT] = {2, 2, true, false},
             [KAL__IFD_SLONG] = {4, 4, true, false},      [KAL__IFD_SRATIONAL] = {8, 4, true, false},
             [KAL__IFD_FLOAT] = {4, 4, true, true},       [KAL__IFD_DOUBLE] = {8, 8, true, true},
             [KAL__IFD_IFD] = {4, 4, false, false},       [KAL__IFD_LONG8] = {8, 8, false, false},
             [KAL__IFD_SLONG8] = {8, 8, true, false},     [KAL__IFD_IFD8] = {8, 8, false, false}};

size_t kal__ifd_type_size(unsigned type)
{
    return type < sizeof types / sizeof *types ? types[type].size : 0;
}

size_t kal__ifd_number_size(unsigned type)
{
    return type < sizeof types / sizeof *types ? types[type].number : 0;
}

static bool big_machine(void)
{
    const uint16_t one = 1;
    return *(const unsigned char *)&one != 1;
}

// ---- reading ------------------------------------------------------------------------------------

static uint64_t get(const kal__ifd *t, size_t at, int bytes)
{
    uint64_t v = 0;
    if (at > t->n || (size_t)bytes > t->n - at) return 0;
    for (int i = 0; i < bytes; i++) v = v << 8 | t->p[at + (size_t)(t->big ? i : bytes - 1 - i)];
    return v;
}

unsigned kal__ifd_get(const kal__ifd *t, size_t at, int bytes)
{
    return (unsigned)get(t, at, bytes);
}

bool kal__ifd_open(kal__ifd *t, const void *data, size_t n)
{
    const unsigned char *p = data;
    *t = (kal__ifd){.p = p, .n = n};
    if (n < 8 || p[0] != p[1] || (p[0] != 'I' && p[0] != 'M')) return false;
    t->big = p[0] == 'M';
    t->first = kal__ifd_get(t, 4, 4);
    return get(t, 2, 2) == 42;
}

size_t kal__ifd_count(const kal__ifd *t, size_t directory)
{
    if (!directory || directory > t->n || t->n - directory < 2) return 0;
    const size_t there = (t->n - directory - 2) / 12, said = (size_t)get(t, directory, 2);
    return said < there ? said : there;
}

bool kal__ifd_at(const kal__ifd *t, size_t directory, size_t i, kal__ifd_entry *out)
{
    const size_t at = directory + 2 + i * 12;
    *out = (kal__ifd_entry){.tag = (unsigned)get(t, at, 2),
                            .type = (unsigned)get(t, at + 2, 2),
                            .count = (size_t)get(t, at + 4, 4),
                            .place = at};
    const size_t one = kal__ifd_type_size(out->type);
    if (!one || !out->count || out->count > t->n / one) return false;
    out->size = out->count * one;
    out->at = out->size <= 4 ? at + 8 : (size_t)get(t, at + 8, 4);
    return out->at <= t->n && out->size <= t->n - out->at;
}

bool kal__ifd_find(const kal__ifd *t, size_t directory, unsigned tag, kal__ifd_entry *out)
{
    const size_t n = kal__ifd_count(t, directory);
    for (size_t i = 0; i < n; i++)
        if (kal__ifd_at(t, directory, i, out) && out->tag == tag) return true;
    return false;
}

size_t kal__ifd_next(const kal__ifd *t, size_t directory)
{
    const size_t n = kal__ifd_count(t, directory);
    return n && n == get(t, directory, 2) ? (size_t)get(t, directory + 2 + n * 12, 4) : 0;
}

size_t kal__ifd_sub(const kal__ifd *t, size_t directory, unsigned tag)
{
    kal__ifd_entry e;
    const bool there = kal__ifd_find(t, directory, tag, &e) && e.count == 1 &&
                       (e.type == KAL__IFD_LONG || e.type == KAL__IFD_IFD);
    return there ? (size_t)get(t, e.at, 4) : 0;
}

static double real(uint64_t bits, int bytes)
{
    const uint32_t low = (uint32_t)bits;
    float f;
    double d;
    memcpy(&f, &low, 4);
    memcpy(&d, &bits, 8);
    return bytes == 4 ? (double)f : d;
}

// The number that begins at a place within.
static double number(const kal__ifd *t, unsigned type, size_t at)
{
    const int bytes = types[type].number;
    const uint64_t v = get(t, at, bytes), sign = (uint64_t)1 << (bytes * 8 - 1);
    if (types[type].real) return real(v, bytes);
    if (types[type].negative && (v & sign)) return -(double)((sign - 1 - (v & (sign - 1))) + 1);
    return (double)v;
}

void kal__ifd_rational(const kal__ifd *t, const kal__ifd_entry *e, size_t i, double out[2])
{
    for (size_t k = 0; k < 2; k++) out[k] = number(t, e->type, e->at + i * 8 + k * 4);
}

double kal__ifd_number(const kal__ifd *t, const kal__ifd_entry *e, size_t i)
{
    if (e->type != KAL__IFD_RATIONAL && e->type != KAL__IFD_SRATIONAL)
        return number(t, e->type, e->at + i * types[e->type].size);
    double r[2];
    kal__ifd_rational(t, e, i, r);
    return r[1] != 0 ? r[0] / r[1] : r[0] > 0 ? (double)INFINITY : r[0] < 0 ? -(double)INFINITY : (double)NAN;
}

void kal__ifd_swap(void *values, unsigned type, size_t size)
{
    const size_t n = kal__ifd_number_size(type);
    unsigned char *p = values;
    for (size_t at = 0; n > 1 && at + n <= size; at += n)
        for (size_t i = 0; i < n / 2; i++) {
            const unsigned char b = p[at + i];
            p[at + i] = p[at + n - 1 - i];
            p[at + n - 1 - i] = b;
        }
}

void kal__ifd_copy(const kal__ifd *t, const kal__ifd_entry *e, void *out)
{
    memcpy(out, t->p + e->at, e->size);
    if (t->big != big_machine()) kal__ifd_swap(out, e->type, e->size);
}

// ---- writing ------------------------------------------------------------------------------------

static void add(kal__directory *d, kal__ifd_field f)
{
    size_t i = d->n;
    while (i && d->fields[i - 1].tag > f.tag) i--;   // they stand in the order of their tags
    if (i && d->fields[i - 1].tag == f.tag) {
        d->fields[i - 1] = f;
        return;
    }
    if (!kal__more(&d->fields, d->n, &d->room, sizeof *d->fields)) {
        d->failed = true;
        return;
    }
    memmove(d->fields + i + 1, d->fields + i, (d->n - i) * sizeof *d->fields);
    d->fields[i] = f;
    d->n++;
}

void kal__directory_add(kal__directory *d, unsigned tag, unsigned type, uint64_t count, const void *data)
{
    if (count) add(d, (kal__ifd_field){tag, type, count, data, 0});
}

void kal__directory_value(kal__directory *d, unsigned tag, unsigned type, uint64_t value)
{
    add(d, (kal__ifd_field){tag, type, 1, NULL, value});
}

void kal__directory_free(kal__directory *d)
{
    free(d->fields);
    *d = (kal__directory){0};
}

static void put(kal__text *t, uint64_t v, size_t bytes)
{
    const uint8_t b1 = (uint8_t)v;
    const uint16_t b2 = (uint16_t)v;
    const uint32_t b4 = (uint32_t)v;
    kal__put(t,
             bytes == 1   ? (const void *)&b1
             : bytes == 2 ? (const void *)&b2
             : bytes == 4 ? (const void *)&b4
                          : &v,
             bytes);
}

static uint64_t bytes_of(const kal__ifd_field *f)
{
    return f->count * kal__ifd_type_size(f->type);
}

void kal__directory_put(kal__directory *d, bool big, uint64_t at, bool last, kal__text *out)
{
    const size_t room = big ? 8 : 4, count = big ? 8 : 2;
    uint64_t end = at + count + (uint64_t)d->n * (big ? 20 : 12) + room;
    out->failed |= d->failed;
    put(out, (uint64_t)d->n, count);
    for (size_t i = 0; i < d->n; i++) {
        const kal__ifd_field *f = &d->fields[i];
        const uint64_t bytes = bytes_of(f);
        put(out, f->tag, 2);
        put(out, f->type, 2);
        put(out, f->count, room);
        if (bytes > room) {
            put(out, end, room);
            end += bytes + (bytes & 1);
            continue;
        }
        if (f->data)
            kal__put(out, f->data, (size_t)bytes);
        else
            put(out, f->value, kal__ifd_type_size(f->type));
        for (uint64_t k = bytes; k < room; k++) put(out, 0, 1);
    }
    put(out, last ? 0 : end, room);
    for (size_t i = 0; i < d->n; i++) {
        const uint64_t bytes = bytes_of(&d->fields[i]);
        if (bytes <= room) continue;
        kal__put(out, d->fields[i].data, (size_t)bytes);
        if (bytes & 1) put(out, 0, 1);
    }
}
