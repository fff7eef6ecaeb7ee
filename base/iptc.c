// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// IPTC's Information Interchange Model, version 4.2: datasets one after another, each a byte 0x1c, its record, its number, and a length of
// 15 bits; with the highest bit set the other 15 say of how many bytes the length is.
#include "edit.h"
#include "fields.h"
#include "utf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    unsigned char record, number;
    bool many, binary;
    const char *name;
} datasets[] = {
    {1, 0, false, true, "EnvelopeRecordVersion"},
    {1, 5, true, false, "Destination"},
    {1, 20, false, true, "FileFormat"},
    {1, 22, false, true, "FileVersion"},
    {1, 30, false, false, "ServiceIdentifier"},
    {1, 40, false, false, "EnvelopeNumber"},
    {1, 50, true, false, "ProductID"},
    {1, 60, false, false, "EnvelopePriority"},
    {1, 70, false, false, "DateSent"},
    {1, 80, false, false, "TimeSent"},
    {1, 90, false, true, "CodedCharacterSet"},
    {1, 100, false, false, "UniqueObjectName"},
    {2, 0, false, true, "ApplicationRecordVersion"},
    {2, 3, false, false, "ObjectTypeReference"},
    {2, 4, true, false, "ObjectAttributeReference"},
    {2, 5, false, false, "ObjectName"},
    {2, 7, false, false, "EditStatus"},
    {2, 8, false, false, "EditorialUpdate"},
    {2, 10, false, false, "Urgency"},
    {2, 12, true, false, "SubjectReference"},
    {2, 15, false, false, "Category"},
    {2, 20, true, false, "SupplementalCategories"},
    {2, 22, false, false, "FixtureIdentifier"},
    {2, 25, true, false, "Keywords"},
    {2, 26, true, false, "ContentLocationCode"},
    {2, 27, true, false, "ContentLocationName"},
    {2, 30, false, false, "ReleaseDate"},
    {2, 35, false, false, "ReleaseTime"},
    {2, 37, false, false, "ExpirationDate"},
    {2, 38, false, false, "ExpirationTime"},
    {2, 40, false, false, "SpecialInstructions"},
    {2, 42, false, false, "ActionAdvised"},
    {2, 45, true, false, "ReferenceService"},
    {2, 47, true, false, "ReferenceDate"},
    {2, 50, true, false, "ReferenceNumber"},
    {2, 55, false, false, "DateCreated"},
    {2, 60, false, false, "TimeCreated"},
    {2, 62, false, false, "DigitalCreationDate"},
    {2, 63, false, false, "DigitalCreationTime"},
    {2, 65, false, false, "OriginatingProgram"},
    {2, 70, false, false, "ProgramVersion"},
    {2, 75, false, false, "ObjectCycle"},
    {2, 80, true, false, "By-line"},
    {2, 85, true, false, "By-lineTitle"},
    {2, 90, false, false, "City"},
    {2, 92, false, false, "Sub-location"},
    {2, 95, false, false, "Province-State"},
    {2, 100, false, false, "Country-PrimaryLocationCode"},
    {2, 101, false, false, "Country-PrimaryLocationName"},
    {2, 103, false, false, "OriginalTransmissionReference"},
    {2, 105, false, false, "Headline"},
    {2, 110, false, false, "Credit"},
    {2, 115, false, false, "Source"},
    {2, 116, false, false, "CopyrightNotice"},
    {2, 118, true, false, "Contact"},
    {2, 120, false, false, "Caption-Abstract"},
    {2, 122, true, false, "Writer-Editor"},
    {2, 125, false, true, "RasterizedCaption"},
    {2, 130, false, false, "ImageType"},
    {2, 131, false, false, "ImageOrientation"},
    {2, 135, false, false, "LanguageIdentifier"},
};
#define DATASETS (sizeof datasets / sizeof *datasets)

// ---- a walk -------------------------------------------------------------------------------------

typedef struct dataset {
    unsigned record, number;
    const unsigned char *p;   // what it holds
    size_t n;
    size_t from, to;   // of all of it, in the block
} dataset;

// The dataset at *at, behind which *at is then; false: there is none.
static bool next(const kal__blob *iptc, size_t *at, dataset *d)
{
    const unsigned char *p = iptc->data;
    size_t i = *at;
    if (iptc->size - i < 5 || p[i] != 0x1c) return false;
    size_t n = (size_t)p[i + 3] << 8 | p[i + 4];
    *d = (dataset){.record = p[i + 1], .number = p[i + 2], .from = i};
    i += 5;
    if (n & 0x8000) {
        const size_t bytes = n & 0x7fff;
        if (bytes > 4 || bytes > iptc->size - i) return false;
        n = 0;
        for (size_t k = 0; k < bytes; k++) n = n << 8 | p[i + k];
        i += bytes;
    }
    if (n > iptc->size - i) return false;
    d->p = p + i;
    d->n = n;
    *at = d->to = i + n;
    return true;
}

// Which row of the table; DATASETS: none.
static size_t row_of(const dataset *d)
{
    size_t i = 0;
    while (i < DATASETS && (datasets[i].record != d->record || datasets[i].number != d->number)) i++;
    return i;
}

// ---- fields -------------------------------------------------------------------------------------

static void add(const dataset *d, kal__fields *f)
{
    char name[64];
    const size_t i = row_of(d);
    const bool known = i < DATASETS;
    if (known)
        snprintf(name, sizeof name, "iptc.%s", datasets[i].name);
    else
        snprintf(name, sizeof name, "iptc.%u:%u", d->record, d->number);
    const double value = d->n == 2 ? d->p[0] << 8 | d->p[1] : 0;
    if (!known || (datasets[i].binary && d->n != 2))
        kal__fields_bytes(f, name, d->n);
    else if (datasets[i].binary)
        kal__fields_numbers(f, name, &value, 1, NULL);
    else
        kal__fields_text(f, name, d->p, d->n, datasets[i].many);
}

void kal__iptc_fields(const kal__blob *iptc, kal__fields *f)
{
    dataset d;
    for (size_t at = 0; next(iptc, &at, &d);) add(&d, f);
}

// ---- set ----------------------------------------------------------------------------------------

#define MOST_BYTES 32767   // that a plain length can say

static const char *name_at(const void *of, size_t i)
{
    (void)of;
    return datasets[i].name;
}

// Which row a name means, or the numbers of one that has none, "2:217".
static kal_status named(const kal__edit *w, dataset *d, size_t *row, kal_error *err)
{
    char more;
    size_t i = 0;
    while (i < DATASETS && strcmp(datasets[i].name, w->name) != 0) i++;
    *row = i;
    if (i < DATASETS)
        *d = (dataset){.record = datasets[i].record, .number = datasets[i].number};
    else if (w->value || sscanf(w->name, "%3u:%3u%c", &d->record, &d->number, &more) != 2) {
        const char *near = kal__nearest(w->name, strlen(w->name), name_at, NULL, DATASETS);
        return kal_fail(err, KAL_INVALID, "%.80s: IPTC has no such field%s%s", w->field,
                        near ? "; near: iptc." : "", near ? near : "");
    }
    return KAL_OK;
}

static kal_status check(const kal__edit *w, dataset *d, kal_error *err)
{
    size_t row;
    const kal_status st = named(w, d, &row, err);
    if (st || !w->value) return st;
    if (datasets[row].binary)
        return kal_fail(err, KAL_INVALID, "%s: this is not to be set: it says how the block is written",
                        w->field);
    if (w->more && !datasets[row].many)
        return kal_fail(err, KAL_INVALID, "%s: there is one of it; set_field sets it", w->field);
    const size_t n = strlen(w->value);
    if (n > MOST_BYTES)
        return kal_fail(err, KAL_INVALID, "%s: %zu bytes, and IPTC has room for %d", w->field, n, MOST_BYTES);
    if (!kal__is_utf8(w->value, n)) return kal_fail(err, KAL_INVALID, "%s: the text is not UTF-8", w->field);
    *d = (dataset){d->record, d->number, (const unsigned char *)w->value, n, 0, 0};
    return KAL_OK;
}

kal_status kal__iptc_check(const kal__edit *w, kal_error *err)
{
    dataset d;
    return check(w, &d, err);
}

static const unsigned char utf8[] = {0x1b, '%', 'G'};   // ISO 2022's name for it
#define CHARSET 90

// A text of a block that says nothing of its characters becomes UTF-8, as we read it.
static void put(kal__text *out, const dataset *d)
{
    kal__text t = {0};
    const size_t row = row_of(d);
    const bool text = row < DATASETS && !datasets[row].binary && d->n <= MOST_BYTES / 2;
    if (text)
        kal__put_utf8_or_latin(&t, d->p, d->n);
    else
        kal__put(&t, d->p, d->n);
    const bool is_long = t.size > MOST_BYTES;
    const unsigned char head[] = {0x1c, (unsigned char)d->record, (unsigned char)d->number,
                                  (unsigned char)(is_long ? 0x80 : t.size >> 8),
                                  (unsigned char)(is_long ? 4 : t.size)};
    kal__put(out, head, sizeof head);
    for (int i = 3; i >= 0 && is_long; i--)
        kal__put(out, &(unsigned char){(unsigned char)(t.size >> (8 * i))}, 1);
    kal__put(out, t.data, t.size);
    out->failed |= t.failed;
    free(t.data);
}

static bool is_charset(const dataset *d)
{
    return d->record == 1 && d->number == CHARSET;
}

// Datasets of the field's record stand before those of higher ones; one that is new comes behind all of them.
static void rewrite(const kal__blob *from, const kal__edit *w, const dataset *set, kal__text *out)
{
    static const unsigned char version[] = {0, 4};
    static const dataset charset = {1, CHARSET, utf8, sizeof utf8, 0, 0},
                         first = {2, 0, version, sizeof version, 0, 0};
    dataset d;
    bool there = !w->value;
    if (w->value) put(out, &charset);
    if (!from->size) put(out, &first);
    for (size_t at = 0; next(from, &at, &d);) {
        if (!there && d.record > set->record) {
            put(out, set);
            there = true;
        }
        const bool same = d.record == set->record && d.number == set->number && !w->more;
        if (w->value && !same && !is_charset(&d)) put(out, &d);
        if (!w->value && !same) kal__put(out, (const char *)from->data + d.from, d.to - d.from);
    }
    if (!there) put(out, set);
}

kal_status kal__iptc_edit(const kal__blob *from, const kal__edit *w, kal__blob *out, kal_error *err)
{
    dataset set;
    kal__text t = {0};
    const kal_status st = check(w, &set, err);
    if (st) return st;
    rewrite(from, w, &set, &t);
    if (t.failed) return free(t.data), kal_fail(err, KAL_NOMEM, "%s: out of memory", w->field);
    if (t.size) *out = (kal__blob){t.data, t.size};
    return KAL_OK;
}
