// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Metadata that travels with a picture, and the one EXIF tag we act on.
#include "codec.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

kal__meta *kal__meta_new(void)
{
    kal__meta *m = kal__new_zero(1, sizeof *m);
    if (m) *m = (kal__meta){.refs = 1, .orientation = 1, .pages = 1, .loops = -1};
    return m;
}

kal__meta *kal__meta_ref(kal__meta *m)
{
    if (m) __atomic_fetch_add(&m->refs, 1, __ATOMIC_RELAXED);
    return m;
}

void kal__meta_unref(kal__meta **slot)
{
    kal__meta *m = *slot;
    *slot = NULL;
    if (!m || __atomic_sub_fetch(&m->refs, 1, __ATOMIC_ACQ_REL) > 0) return;
    free(m->exif.data);
    free(m->icc.data);
    free(m->xmp.data);
    free(m->iptc.data);
    free(m);
}

#define MOST_PAGES 65536

kal_status kal__pages_within(const char *name, const char *codec, int32_t pages, const kal_limits *limits,
                             kal_error *err)
{
    const uint32_t most = limits->pages ? limits->pages : MOST_PAGES;
    if ((uint32_t)pages <= most) return KAL_OK;
    return kal_fail(err, KAL_LIMIT, "%s: %s: there are more pages than the limit of %u", name, codec, most);
}

kal_status kal__no_page(const char *name, int32_t page, int32_t pages, kal_error *err)
{
    return pages == 1 ? kal_fail(err, KAL_INVALID, "%s: page %d: there is one picture, page 0", name, page)
                      : kal_fail(err, KAL_INVALID, "%s: page %d: there are %d, from 0 to %d", name, page,
                                 pages, pages - 1);
}

bool kal__blob_set(kal__blob *b, const void *data, size_t n)
{
    if (!n || b->size) return true;
    b->data = kal__new(n, 1);
    if (!b->data) return false;
    memcpy(b->data, data, n);
    b->size = n;
    return true;
}

kal__meta *kal__meta_with_icc(const kal__meta *m, const void *icc, size_t n)
{
    kal__meta *copy = kal__meta_new();
    if (!copy) return NULL;
    if (m) {
        *copy = *m;   // but what it points to, and who holds it
        copy->refs = 1;
        copy->exif = copy->icc = copy->xmp = copy->iptc = (kal__blob){NULL, 0};
    }
    if ((m && !(kal__blob_set(&copy->exif, m->exif.data, m->exif.size) &&
                kal__blob_set(&copy->xmp, m->xmp.data, m->xmp.size) &&
                kal__blob_set(&copy->iptc, m->iptc.data, m->iptc.size))) ||
        !kal__blob_set(&copy->icc, icc, n))
        kal__meta_unref(&copy);
    return copy;
}

// Whether the profile says what colours it is of, and they are others.
static bool other_colours(const kal__blob *icc, const kal_extent *e)
{
    if (icc->size < 20 || !e->channels) return false;
    const char *space = (const char *)icc->data + 16;
    return !memcmp(space, "CMYK", 4) ||
           (!memcmp(space, "RGB ", 4) && (e->model == KAL_GRAY || e->model == KAL_MASK)) ||
           (!memcmp(space, "GRAY", 4) && e->model == KAL_RGB);
}

kal__meta *kal__meta_for(kal__meta *m, const kal_extent *e, bool *failed)
{
    *failed = false;
    if (!m || !other_colours(&m->icc, e)) return kal__meta_ref(m);
    kal__meta *without = kal__meta_with_icc(m, NULL, 0);
    *failed = !without;
    return without;
}

// ---- EXIF: a TIFF structure; IFD0 holds tag 274, a SHORT ----------------------------------------

static unsigned get(const unsigned char *p, int n, bool big)
{
    unsigned v = 0;
    for (int i = 0; i < n; i++) v |= (unsigned)p[big ? n - 1 - i : i] << (8 * i);
    return v;
}

// Where the orientation's value lies; 0 when nowhere. Every offset is checked against n.
static size_t orientation_at(const unsigned char *p, size_t n, bool *big)
{
    if (n < 14 || !((p[0] == 'I' && p[1] == 'I') || (p[0] == 'M' && p[1] == 'M'))) return 0;
    *big = p[0] == 'M';
    if (get(p + 2, 2, *big) != 42) return 0;
    const size_t ifd = get(p + 4, 4, *big);
    if (ifd > n - 2) return 0;
    const size_t count = get(p + ifd, 2, *big);
    for (size_t i = 0; i < count; i++) {
        const size_t at = ifd + 2 + i * 12;
        if (at + 12 > n) return 0;
        if (get(p + at, 2, *big) == 274 && get(p + at + 2, 2, *big) == 3) return at + 8;
    }
    return 0;
}

int kal__exif_orientation(const void *data, size_t n)
{
    bool big = false;
    const size_t at = orientation_at(data, n, &big);
    const unsigned v = at ? get((const unsigned char *)data + at, 2, big) : 1;
    return v >= 1 && v <= 8 ? (int)v : 1;
}

void kal__exif_upright(void *data, size_t n)
{
    bool big = false;
    const size_t at = orientation_at(data, n, &big);
    unsigned char *p = data;
    if (at) p[at] = big ? 0 : 1, p[at + 1] = big ? 1 : 0;
}

bool kal__exif_to_write(const kal__meta *m, kal__blob *out)
{
    *out = (kal__blob){NULL, 0};
    if (!m) return true;
    if (!kal__blob_set(out, m->exif.data, m->exif.size)) return false;
    if (m->applied) kal__exif_upright(out->data, out->size);
    return true;
}
