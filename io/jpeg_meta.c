// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Metadata of a JPEG: segments APP1 (EXIF, XMP), APP2 (the profile) and APP13, in which Photoshop packs IPTC among resources of its own:
//
//   "Photoshop 3.0\0" ("8BIM" id₂ name size₄ data)…      name: a length and so many letters; name and data padded to even
//
// and the density of JFIF's APP0, in 16 bits an inch or a centimetre.
#include "jpeg.h"

#include "bytes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PHOTOSHOP "Photoshop 3.0"
#define PHOTOSHOP_TAG 14
#define IPTC 0x0404
#define EXIF_TAG "Exif\0\0"
#define GAIN_TAG "urn:iso:std:iso:ts:21496:-1"
#define XMP_TAG "http://ns.adobe.com/xap/1.0/\0"
#define MORE_XMP_TAG \
    "http://ns.adobe.com/xmp/extension/"   // then its digest, 32 letters, and its length₄ (XMP, part 3, 1.1.3.1)

// ---- reading ------------------------------------------------------------------------------------

static const unsigned char *starts(const struct jpeg_marker_struct *m, const char *tag, size_t n)
{
    return m->data_length >= n && !memcmp(m->data, tag, n) ? m->data + n : NULL;
}

// Resources of all segments together, which may be cut anywhere; false: out of memory.
static bool join_resources(j_decompress_ptr j, unsigned char **data, size_t *size)
{
    *data = NULL;
    *size = 0;
    for (jpeg_saved_marker_ptr m = j->marker_list; m; m = m->next) {
        const unsigned char *p = m->marker == JPEG_APP0 + 13 ? starts(m, PHOTOSHOP, PHOTOSHOP_TAG) : NULL;
        const size_t n = m->data_length - (p ? PHOTOSHOP_TAG : 0);
        if (!p || !n) continue;
        if (!kal__grow(data, *size + n, 1)) return false;
        memcpy(*data + *size, p, n);
        *size += n;
    }
    return true;
}

static bool take_iptc(j_decompress_ptr j, const kal_limits *limits, kal__meta *meta)
{
    unsigned char *p;
    size_t size, at = 0;
    bool ok = join_resources(j, &p, &size);
    while (ok && size - at >= 12 && !memcmp(p + at, "8BIM", 4)) {
        const unsigned id = (unsigned)p[at + 4] << 8 | p[at + 5];
        const size_t name = ((size_t)p[at + 6] + 2) & ~(size_t)1;
        if (size - at < 10 + name) break;
        const size_t n = kal__be32(p + at + 6 + name);
        at += 10 + name;
        if (n > size - at) break;
        if (id == IPTC) ok = kal__meta_take(meta, KAL__IPTC, p + at, n, limits);
        at += n + (n & 1) < size - at ? n + (n & 1) : size - at;
    }
    free(p);
    return ok;
}

bool kal__jpeg_take_meta(j_decompress_ptr j, const kal_limits *limits, kal__meta *meta)
{
    bool ok = take_iptc(j, limits, meta);
    for (jpeg_saved_marker_ptr m = j->marker_list; m; m = m->next) {
        const unsigned char *p;
        if (m->marker == JPEG_APP0 + 2 && starts(m, GAIN_TAG, sizeof GAIN_TAG)) meta->gain = true;
        if (m->marker != JPEG_APP0 + 1) continue;
        if ((p = starts(m, EXIF_TAG, 6)))
            ok &= kal__meta_take(meta, KAL__EXIF, p, m->data_length - 6, limits);
        if ((p = starts(m, MORE_XMP_TAG, sizeof MORE_XMP_TAG)) && p + 36 <= m->data + m->data_length)
            meta->extended = kal__be32(p + 32);
        if ((p = starts(m, XMP_TAG, 29)))
            ok &= kal__meta_take(meta, KAL__XMP, p, m->data_length - 29, limits);
    }
    JOCTET *icc;
    unsigned n;
    if (jpeg_read_icc_profile(j, &icc, &n)) {
        ok &= kal__meta_take(meta, KAL__ICC, icc, n, limits);
        free(icc);
    }
    const double unit = j->density_unit == 1 ? 0.0254 : j->density_unit == 2 ? 0.01 : 0;
    if (j->saw_JFIF_marker && unit > 0 && j->X_density && j->Y_density) {
        meta->density[0] = j->X_density / unit;
        meta->density[1] = j->Y_density / unit;
    }
    kal__meta_take_exif(meta);
    return ok;
}

// ---- writing ------------------------------------------------------------------------------------

static void put_bytes(j_compress_ptr j, const void *data, size_t n)
{
    for (size_t i = 0; i < n; i++) jpeg_write_m_byte(j, ((const unsigned char *)data)[i]);
}

static void put_marker(j_compress_ptr j, int marker, const char *tag, size_t tag_n, const kal__blob *b)
{
    if (!b->size || b->size + tag_n > 65533) return;   // longer EXIF or XMP has no standard place
    jpeg_write_m_header(j, marker, (unsigned)(b->size + tag_n));
    put_bytes(j, tag, tag_n);
    put_bytes(j, b->data, b->size);
}

static void put_iptc(j_compress_ptr j, const kal__blob *iptc)
{
    unsigned char head[PHOTOSHOP_TAG + 12] = PHOTOSHOP "\0"
                                                       "8BIM\4\4";
    const size_t padded = iptc->size + (iptc->size & 1);
    if (!iptc->size || padded + sizeof head > 65533) return;
    kal__put_be32(head + PHOTOSHOP_TAG + 8, (uint32_t)iptc->size);
    jpeg_write_m_header(j, JPEG_APP0 + 13, (unsigned)(sizeof head + padded));
    put_bytes(j, head, sizeof head);
    put_bytes(j, iptc->data, iptc->size);
    if (padded > iptc->size) jpeg_write_m_byte(j, 0);
}

void kal__jpeg_put_meta(j_compress_ptr j, const kal__meta *meta, const kal__blob *exif)
{
    put_marker(j, JPEG_APP0 + 1, EXIF_TAG, 6, exif);
    put_marker(j, JPEG_APP0 + 1, XMP_TAG, 29, &meta->xmp);
    put_iptc(j, &meta->iptc);
    if (meta->icc.size) jpeg_write_icc_profile(j, meta->icc.data, (unsigned)meta->icc.size);
}

static double away_from_whole(const double density[2], double unit)
{
    double most = 0;
    for (int i = 0; i < 2; i++) {
        const double v = density[i] * unit, whole = (double)(uint32_t)(v + 0.5), off = fabs(v - whole) / v;
        most = off > most ? off : most;
    }
    return most;
}

// Of inches and centimetres the one in which whole numbers are nearer.
void kal__jpeg_set_density(j_compress_ptr j, const kal__meta *meta)
{
    const double *d = meta->density, inch = 0.0254, centimetre = 0.01;
    const double most = d[0] > d[1] ? d[0] : d[1], least = d[0] < d[1] ? d[0] : d[1];
    if (!(least * inch >= 0.5) || !(most * inch < 65535)) return;
    const bool metric = least * centimetre >= 0.5 && away_from_whole(d, inch) > 1e-4 &&
                        away_from_whole(d, centimetre) < away_from_whole(d, inch);
    const double unit = metric ? centimetre : inch;
    j->density_unit = metric ? 2 : 1;
    j->X_density = (UINT16)(d[0] * unit + 0.5);
    j->Y_density = (UINT16)(d[1] * unit + 0.5);
}
