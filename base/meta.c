// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Metadata that travels with a picture: who holds it, and what becomes of it on the way. See exif_write.c for what is written.
#include "edit.h"
#include "fields.h"
#include "icc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

kal__meta *kal__meta_new(void)
{
    kal__meta *m = kal__new_zero(1, sizeof *m);
    if (m) *m = (kal__meta){.refs = 1, .orientation = 1, .pages = 1, .delay = -1, .loops = -1};
    return m;
}

kal__meta *kal__meta_ref(kal__meta *m)
{
    if (m) __atomic_fetch_add(&m->refs, 1, __ATOMIC_RELAXED);
    return m;
}

static void drop(kal__blob *b, const kal__blob *of_base)
{
    if (!of_base || b->data != of_base->data) free(b->data);
}

void kal__meta_unref(kal__meta **slot)
{
    kal__meta *m = *slot;
    *slot = NULL;
    while (m && !__atomic_sub_fetch(&m->refs, 1, __ATOMIC_ACQ_REL)) {
        kal__meta *base = m->base;
        drop(&m->exif, base ? &base->exif : NULL);
        drop(&m->icc, base ? &base->icc : NULL);
        drop(&m->xmp, base ? &base->xmp : NULL);
        drop(&m->iptc, base ? &base->iptc : NULL);
        drop(&m->geo, base ? &base->geo : NULL);
        kal__fields_free(m->fields);
        free(m);
        m = base;
    }
}

#define MOST_PAGES 65536

kal_status kal__pages_within(const char *name, const char *codec, int32_t pages, const kal_limits *limits,
                             kal_error *err)
{
    const uint32_t most = limits->pages ? limits->pages : MOST_PAGES;
    if ((uint32_t)pages <= most) return KAL_OK;
    return kal__over_limit(err, "pages=N", "%s: %s: there are more pages than the limit of %u", name, codec,
                           most);
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

kal__blob *kal__meta_blob(kal__meta *m, kal__blob_kind what)
{
    kal__blob *const blobs[] = {&m->exif, &m->icc, &m->xmp, &m->iptc, &m->geo};
    return blobs[what];
}

const char *kal__blob_name(kal__blob_kind what)
{
    static const char *const names[] = {"exif", "icc", "xmp", "iptc", "geo"};
    return names[what];
}

bool kal__meta_room(kal__meta *m, kal__blob_kind what, uint64_t n, const kal_limits *limits)
{
    if (n <= limits->meta_bytes) return true;
    m->left_out[what] = n;
    m->uncounted[what] = false;
    return false;
}

bool kal__meta_take(kal__meta *m, kal__blob_kind what, const void *data, size_t n, const kal_limits *limits)
{
    kal__blob *to = kal__meta_blob(m, what);
    return to->size || !kal__meta_room(m, what, n, limits) || kal__blob_set(to, data, n);
}

// Who has a block of his own is the base of what is made of him, else his base is.
kal__meta *kal__meta_derive(kal__meta *m)
{
    kal__meta *copy = kal__new(1, sizeof *copy);
    if (!copy) return NULL;
    memcpy(copy, m, sizeof *copy);
    copy->refs = 1;
    copy->fields = NULL;
    bool own = !m->base;
    for (int i = 0; i < KAL__BLOBS && !own; i++)
        own = kal__meta_blob(m, (kal__blob_kind)i)->data != kal__meta_blob(m->base, (kal__blob_kind)i)->data;
    copy->base = kal__meta_ref(own ? m : m->base);
    return copy;
}

kal__meta *kal__meta_keep(kal__meta *m)
{
    kal__meta *kept = kal__meta_derive(m);   // has all that m has …
    if (!kept) return NULL;
    kal__meta_unref(&kept->base);   // … and is the base of it, not the other way round
    m->base = kal__meta_ref(kept);
    return kept;
}

void kal__meta_recall(kal__meta *m, kal__meta *kept)
{
    for (int i = 0; i < KAL__BLOBS; i++) {
        kal__blob *own = kal__meta_blob(m, (kal__blob_kind)i);
        if (!own->size) *own = *kal__meta_blob(kept, (kal__blob_kind)i);
    }
    memcpy(m->left_out, kept->left_out, sizeof m->left_out);
    memcpy(m->uncounted, kept->uncounted, sizeof m->uncounted);
    memcpy(m->density, kept->density, sizeof m->density);
    m->loops = kept->loops;
    m->base = kal__meta_ref(kept);
}

kal__meta *kal__meta_with_icc(kal__meta *m, const void *icc, size_t n)
{
    kal__meta *copy = m ? kal__meta_derive(m) : kal__meta_new();
    if (!copy) return NULL;
    copy->icc = (kal__blob){NULL, 0};
    copy->left_out[KAL__ICC] = 0;
    if (!kal__blob_set(&copy->icc, icc, n)) kal__meta_unref(&copy);
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

kal__meta *kal__meta_as_rgb(kal__meta *m, bool *failed)
{
    const kal_extent rgb = {.channels = 3, .model = KAL_RGB};
    kal__blob icc = {NULL, 0};
    *failed = m && !kal__icc_rgb_of_gray(&m->icc, &icc);
    if (*failed || !icc.size) return *failed ? NULL : kal__meta_for(m, &rgb, failed);
    kal__meta *with = kal__meta_with_icc(m, icc.data, icc.size);
    *failed = !with;
    free(icc.data);
    return with;
}

// ---- through ops --------------------------------------------------------------------------------

// Pixels per metre after a map that takes (x, y) to (m0 x + m1 y, m3 x + m4 y): what one metre across and one down become must still stand
// upright on each other, or no two numbers say it.
static void carry(const double m[6], double density[2])
{
    const double across[2] = {m[0] * density[0], m[1] * density[1]};
    const double down[2] = {m[3] * density[0], m[4] * density[1]};
    const double x = sqrt(across[0] * across[0] + across[1] * across[1]);
    const double y = sqrt(down[0] * down[0] + down[1] * down[1]);
    const double slant = fabs(across[0] * down[0] + across[1] * down[1]);
    const bool sound = isfinite(x) && isfinite(y) && x > 0 && y > 0 && slant <= 1e-6 * x * y;
    density[0] = sound ? x : 0;
    density[1] = sound ? y : 0;
}

// First through `first`, then through `then`.
static void chain(const double then[6], const double first[6], double out[6])
{
    for (int r = 0; r < 6; r += 3) {
        out[r] = then[r] * first[0] + then[r + 1] * first[3];
        out[r + 1] = then[r] * first[1] + then[r + 1] * first[4];
        out[r + 2] = then[r] * first[2] + then[r + 1] * first[5] + then[r + 2];
    }
}

static bool moves_place(const kal__meta *m, const double map[6], double place[6], bool *adrift)
{
    memcpy(place, m->place, sizeof m->place);
    *adrift = m->adrift;
    if (!m->geo.size || m->adrift) return false;
    *adrift = !map;
    if (map) chain(map, m->place, place);
    return *adrift || memcmp(place, m->place, sizeof m->place) != 0;
}

bool kal__meta_through(kal__meta **m, const double map[6], bool as_large)
{
    static const double stays[6] = {1, 0, 0, 0, 1, 0};
    unsigned edits = KAL__CHANGED | KAL__MOVED | KAL__SCALED;
    double density[2] = {0, 0};
    if (!*m) return true;
    if (map) {
        memcpy(density, (*m)->density, sizeof density);
        const bool moved = memcmp(map, stays, sizeof stays) != 0;
        if (moved && density[0] > 0 && density[1] > 0) carry(map, density);
        const double area = fabs(map[0] * map[4] - map[1] * map[3]);
        edits =
            KAL__CHANGED | (moved || !as_large ? KAL__MOVED : 0) | (fabs(area - 1) > 1e-6 ? KAL__SCALED : 0);
    }
    double place[6];
    bool adrift;
    const bool moves = moves_place(*m, map, place, &adrift);
    edits |= (*m)->edits;
    if (edits == (*m)->edits && density[0] == (*m)->density[0] && density[1] == (*m)->density[1] && !moves)
        return true;
    kal__meta *copy = kal__meta_derive(*m);
    if (!copy) return false;
    copy->edits = edits;
    memcpy(copy->density, density, sizeof density);
    copy->undense |= kal__density_speaks((*m)->density) && !(density[0] > 0);
    memcpy(copy->place, place, sizeof place);
    copy->adrift = adrift;
    kal__meta_unref(m);
    *m = copy;
    return true;
}

static bool left_nothing_out(const kal__meta *m)
{
    for (int i = 0; i < KAL__BLOBS; i++)
        if (m->left_out[i]) return false;
    return true;
}

static bool says_nothing(const kal__meta *m)
{
    return !m || (!m->exif.size && !m->icc.size && !m->xmp.size && !m->iptc.size && !m->geo.size &&
                  !(m->density[0] > 0) && !m->undense && !m->extended && left_nothing_out(m));
}

bool kal__meta_same(const kal__meta *a, const kal__meta *b)
{
    if (a == b || (says_nothing(a) && says_nothing(b))) return true;
    return a && b && a->exif.data == b->exif.data && a->icc.data == b->icc.data &&
           a->xmp.data == b->xmp.data && a->iptc.data == b->iptc.data && a->density[0] == b->density[0] &&
           a->density[1] == b->density[1] && a->undense == b->undense && a->extended == b->extended &&
           a->geo.data == b->geo.data && a->adrift == b->adrift &&
           !memcmp(a->place, b->place, sizeof a->place) &&
           !memcmp(a->left_out, b->left_out, sizeof a->left_out);
}

// ---- its name -----------------------------------------------------------------------------------

static void hash_blob(kal__hash *h, const kal__blob *b)
{
    const uint32_t n = b ? (uint32_t)b->size : 0;
    const unsigned char le[4] = {(unsigned char)n, (unsigned char)(n >> 8), (unsigned char)(n >> 16),
                                 (unsigned char)(n >> 24)};
    kal__hash_add(h, le, sizeof le);
    if (n) kal__hash_add(h, b->data, n);
}

static void hash_number(kal__hash *h, double v)
{
    uint64_t bits;
    unsigned char le[8];
    memcpy(&bits, &v, 8);
    for (int k = 0; k < 8; k++) le[k] = (unsigned char)(bits >> (8 * k));
    kal__hash_add(h, le, sizeof le);
}

kal_key kal__meta_digest(const kal__meta *m)
{
    kal__hash h;
    kal__hash_init(&h);
    hash_blob(&h, m ? &m->exif : NULL);
    hash_blob(&h, m ? &m->icc : NULL);
    hash_blob(&h, m ? &m->xmp : NULL);
    const unsigned char upright = m && m->applied;
    kal__hash_add(&h, &upright, 1);
    if (!m) return kal__hash_done(&h);
    hash_blob(&h, &m->iptc);
    const double delay = m->delay > 0   ? m->delay
                         : m->delay < 0 ? 0
                                        : -1;   // nothing said hashes as it always did
    const double said[] = {m->orientation, m->loops,      delay,
                           m->density[0],  m->density[1], m->exif.size ? m->edits : 0};
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) hash_number(&h, said[i]);
    if (m->geo.size) {
        hash_blob(&h, &m->geo);
        for (int i = 0; i < 6; i++) hash_number(&h, m->adrift ? 0 : m->place[i]);
    }
    return kal__hash_done(&h);
}
