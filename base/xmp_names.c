// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See xmp.h.
#include "xmp.h"

#include <string.h>

// Names are as everybody knows them, whatever a document calls their spaces.
static const struct {
    const char *space, *prefix;
} prefixes[] = {
    {"http://purl.org/dc/elements/1.1/", "dc"},
    {"http://ns.adobe.com/xap/1.0/", "xmp"},
    {"http://ns.adobe.com/xap/1.0/rights/", "xmpRights"},
    {"http://ns.adobe.com/xap/1.0/mm/", "xmpMM"},
    {"http://ns.adobe.com/xap/1.0/bj/", "xmpBJ"},
    {"http://ns.adobe.com/xmp/1.0/DynamicMedia/", "xmpDM"},
    {"http://ns.adobe.com/photoshop/1.0/", "photoshop"},
    {"http://ns.adobe.com/tiff/1.0/", "tiff"},
    {"http://ns.adobe.com/exif/1.0/", "exif"},
    {"http://cipa.jp/exif/1.0/", "exifEX"},
    {"http://ns.adobe.com/exif/1.0/aux/", "aux"},
    {"http://ns.adobe.com/camera-raw-settings/1.0/", "crs"},
    {"http://ns.adobe.com/lightroom/1.0/", "lr"},
    {"http://ns.adobe.com/pdf/1.3/", "pdf"},
    {"http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/", "Iptc4xmpCore"},
    {"http://iptc.org/std/Iptc4xmpExt/2008-02-29/", "Iptc4xmpExt"},
    {"http://ns.useplus.org/ldf/xmp/1.0/", "plus"},
    {"http://ns.google.com/photos/1.0/panorama/", "GPano"},
    {"http://www.digikam.org/ns/1.0/", "digiKam"},
};

#define PREFIXES (sizeof prefixes / sizeof *prefixes)

const char *kal__xmp_prefix(const char *space, size_t n)
{
    for (size_t i = 0; i < PREFIXES; i++)
        if (strlen(prefixes[i].space) == n && !memcmp(prefixes[i].space, space, n)) return prefixes[i].prefix;
    return NULL;
}

const char *kal__xmp_space(const char *prefix, size_t n)
{
    for (size_t i = 0; i < PREFIXES; i++)
        if (strlen(prefixes[i].prefix) == n && !memcmp(prefixes[i].prefix, prefix, n))
            return prefixes[i].space;
    return NULL;
}
