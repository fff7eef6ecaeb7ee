// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Metadata of a PNG, taken from the chunks themselves before and behind the pixels: libpng would drop or refuse what we only carry.
#include "apng.h"

#include "inflate.h"

#include <stdlib.h>
#include <string.h>

// Inflates into an empty blob. Damaged or too large: nothing is taken. false: out of memory.
static bool inflate_blob(kal__decoder *d, const unsigned char *p, size_t n, kal__blob_kind what)
{
    kal__blob *out = kal__meta_blob(d->meta, what);
    const uint64_t limit = d->limits.meta_bytes;
    if (d->unpacked >= limit) {   // many pieces that are too large are not tried one after another
        d->meta->left_out[what] = n;
        return d->meta->uncounted[what] = true;
    }
    kal__inflate *z = kal__inflate_new();
    unsigned char *data = NULL;
    size_t size = 0, room = 0;
    kal__inflated code = KAL__INFLATE_OK;
    bool ok = z;
    while (ok && code == KAL__INFLATE_OK && size == room && room <= limit) {
        size_t more = room ? room : 8192;
        if (more > limit - room) more = (size_t)(limit - room) + 1;
        ok = kal__grow(&data, room + more, 1);
        if (!ok) break;
        room += more;
        unsigned char *to = data + size;
        more = room - size;
        code = kal__inflate_run(z, &p, &n, &to, &more);
        size = room - more;
    }
    ok = ok && code != KAL__INFLATE_NOMEM;
    if (ok && code == KAL__INFLATE_END && size <= limit) ok = kal__blob_set(out, data, size);
    if (!kal__meta_room(d->meta, what, size, &d->limits)) d->meta->uncounted[what] = true;
    d->unpacked += size;
    kal__inflate_free(z);
    free(data);
    return ok;
}

static bool take_exif(kal__decoder *d, const unsigned char *p, size_t n)
{
    const size_t skip =
        n > 6 && !memcmp(p, "Exif\0\0", 6) ? 6 : 0;   // JPEG's prefix, which some writers leave there
    return kal__blob_set(&d->meta->exif, p + skip, n - skip);
}

// name\0 method deflated
static bool take_icc(kal__decoder *d, const unsigned char *p, size_t n)
{
    const unsigned char *end = memchr(p, 0, n < 80 ? n : 80);
    const size_t skip = end ? (size_t)(end - p) + 2 : n;
    return d->meta->icc.size || skip >= n || end[1] != 0 || inflate_blob(d, p + skip, n - skip, KAL__ICC);
}

// keyword\0 compressed? method language\0 translated\0 text
static bool take_xmp(kal__decoder *d, const unsigned char *p, size_t n)
{
    size_t at = sizeof KAL__XMP_KEY;
    if (d->meta->xmp.size || n < at + 2 || memcmp(p, KAL__XMP_KEY, at) != 0) return true;
    const bool packed = p[at] == 1;
    at += 2;
    for (int i = 0; i < 2; i++) {
        const unsigned char *end = memchr(p + at, 0, n - at);
        if (!end) return true;
        at = (size_t)(end - p) + 1;
    }
    return packed ? inflate_blob(d, p + at, n - at, KAL__XMP) : kal__blob_set(&d->meta->xmp, p + at, n - at);
}

// Pixels per unit across and down; 1: the unit is a metre.
static bool take_density(kal__decoder *d, const unsigned char *p, size_t n)
{
    if (n != 9 || p[8] != 1 || d->meta->density[0] > 0 || !kal__be32(p) || !kal__be32(p + 4)) return true;
    for (int i = 0; i < 2; i++) d->meta->density[i] = kal__be32(p + 4 * i);
    return true;
}

static const struct {
    const char *chunk;
    kal__blob_kind what;
    bool (*take)(kal__decoder *d, const unsigned char *p, size_t n);
} kept[] = {{"eXIf", KAL__EXIF, take_exif},
            {"iCCP", KAL__ICC, take_icc},
            {"iTXt", KAL__XMP, take_xmp},
            {"pHYs", KAL__BLOBS, take_density}};
#define KEPT (sizeof kept / sizeof *kept)

static size_t kept_index(const void *name)
{
    size_t i = 0;
    while (i < KEPT && memcmp(kept[i].chunk, name, 4) != 0) i++;
    return i;
}

void kal__png_left_out(kal__decoder *d, const unsigned char head[8], const unsigned char *p, size_t n)
{
    const size_t i = kept_index(head + 4);
    if (!d->meta || i == KEPT || kept[i].what == KAL__BLOBS) return;
    if (kept[i].what == KAL__XMP && (n < sizeof KAL__XMP_KEY || memcmp(p, KAL__XMP_KEY, sizeof KAL__XMP_KEY)))
        return;
    kal__meta_room(d->meta, kept[i].what, kal__be32(head), &d->limits);
}

static int on_chunk(png_structp png, png_unknown_chunkp c)
{
    kal__decoder *d = png_get_user_chunk_ptr(png);
    const size_t i = kept_index(c->name);
    const bool damaged = !memcmp(d->fail.damaged, c->name, 4);
    d->fail.damaged[0] = 0;
    if (damaged) return 1;
    if (i == KEPT && !kal__apng_chunk(d, c->name, c->data, c->size)) d->lost = true;
    if (i == KEPT || !d->meta) return 1;
    if (!kept[i].take(d, c->data, c->size)) d->lost = true;
    return 1;
}

static void take_late(kal__decoder *d, size_t i, const unsigned char head[8], size_t n)
{
    unsigned char *data = kal__new(n + 4, 1);
    if (!data) {
        d->lost = true;
        return;
    }
    const bool all = kal__png_pull(d, data, n + 4) == n + 4;
    const uint32_t crc = kal__crc32(kal__crc32(0, head + 4, 4), data, n);
    if (all && crc == kal__be32(data + n) && !kept[i].take(d, data, n)) d->lost = true;
    free(data);
}

// Leaves the reader somewhere.
static bool has_head(kal__reader *r, uint64_t at, const unsigned char head[8])
{
    unsigned char there[8];
    size_t n = 0;
    r->position = at;
    for (ptrdiff_t got; n < sizeof there && (got = r->read(r, there + n, sizeof there - n, NULL)) > 0;)
        n += (size_t)got;
    return n == sizeof there && !memcmp(there, head, n);
}

// IDAT chunks follow one another, and writers make them of one length: at equal distances heads are looked for that say the same, twice as far
// each time, then in between. A large file has thousands of them.
static void leap_alike(kal__decoder *d, const unsigned char head[8])
{
    kal__reader *r = d->reader;
    const uint64_t step = (uint64_t)kal__be32(head) + 12, was = r->position, from = was - d->fail.ahead - 8;
    if (r->memory || !r->placed || r->size < from + step) return;
    uint64_t most = (r->size - from) / step, known = 0, beyond = 1;
    for (; beyond <= most && has_head(r, from + beyond * step, head); beyond *= 2) known = beyond;
    if (beyond > most + 1) beyond = most + 1;
    while (beyond - known > 1) {
        const uint64_t middle = known + (beyond - known) / 2;
        *(has_head(r, from + middle * step, head) ? &known : &beyond) = middle;
    }
    r->position = known ? from + known * step + 8 : was;
    if (known) d->fail.ahead = 0, d->leaping = true;
}

// Writers put EXIF and XMP behind the pixels too. Steps from chunk to chunk; damage here is the decoder's to
// report.
void kal__png_scan_behind(kal__decoder *d)
{
    unsigned char head[8];
    uint64_t skip = (uint64_t)kal__be32(d->chunk) + 4;
    uint32_t before = 0;   // length of the IDAT before
    while (kal__png_pull(d, NULL, (size_t)skip) == skip && kal__png_pull(d, head, 8) == 8 &&
           memcmp(head + 4, "IEND", 4) != 0) {
        const uint32_t n = kal__be32(head);
        const size_t i = kept_index(head + 4);
        skip = (uint64_t)n + 4;
        if (!memcmp(head + 4, "IDAT", 4)) {   // two of one length promise more
            if (n == before) leap_alike(d, head);
            before = n;
        }
        if (d->apng && n == 26 && !memcmp(head + 4, "fcTL", 4)) {
            unsigned char data[26];
            if (kal__png_pull(d, data, n) != n) return;
            kal__apng_seen(d, data);
            skip = 4;
        }
        if (i == KEPT || n > PNG_UINT_31_MAX) continue;
        if (n > d->limits.meta_bytes) {
            unsigned char key[sizeof KAL__XMP_KEY];
            const size_t got = kal__png_pull(d, key, n < sizeof key ? n : sizeof key);
            kal__png_left_out(d, head, key, got);
            skip -= got;
        } else {
            take_late(d, i, head, n);
            skip = 0;
        }
    }
}

void kal__png_keep_chunks(png_structp png, kal__decoder *d)
{
    png_byte names[(KEPT + 2) * 5] = "acTL\0fcTL";
    for (size_t i = 0; i < KEPT && d->meta; i++) memcpy(names + 5 * (i + 2), kept[i].chunk, 4);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_ALWAYS, names, d->meta ? KEPT + 2 : 2);
    png_set_read_user_chunk_fn(png, d, on_chunk);
}
