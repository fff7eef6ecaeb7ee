// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// IPTC's Information Interchange Model, version 4.2: datasets one after another, each a byte 0x1c, its record, its number, and a length of
// 15 bits; with the highest bit set the other 15 say of how many bytes the length is.
#include "fields.h"

#include <stdio.h>
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

static void add(unsigned record, unsigned number, const unsigned char *p, size_t n, kal__fields *f)
{
    char name[64];
    size_t i = 0;
    while (i < DATASETS && (datasets[i].record != record || datasets[i].number != number)) i++;
    const bool known = i < DATASETS;
    if (known)
        snprintf(name, sizeof name, "iptc.%s", datasets[i].name);
    else
        snprintf(name, sizeof name, "iptc.%u:%u", record, number);
    const double value = n == 2 ? p[0] << 8 | p[1] : 0;
    if (!known || (datasets[i].binary && n != 2))
        kal__fields_bytes(f, name, n);
    else if (datasets[i].binary)
        kal__fields_numbers(f, name, &value, 1, NULL);
    else
        kal__fields_text(f, name, p, n, datasets[i].many);
}

void kal__iptc_fields(const kal__blob *iptc, kal__fields *f)
{
    const unsigned char *p = iptc->data;
    size_t at = 0;
    while (iptc->size - at >= 5 && p[at] == 0x1c) {
        const unsigned record = p[at + 1], number = p[at + 2];
        size_t n = (size_t)p[at + 3] << 8 | p[at + 4];
        at += 5;
        if (n & 0x8000) {
            const size_t bytes = n & 0x7fff;
            if (bytes > 4 || bytes > iptc->size - at) return;
            n = 0;
            for (size_t i = 0; i < bytes; i++) n = n << 8 | p[at + i];
            at += bytes;
        }
        if (n > iptc->size - at) return;
        add(record, number, p + at, n, f);
        at += n;
    }
}
