// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What stands before the pixels of a PSD or PSB, after Adobe's "Photoshop File Formats Specification" (2019): the header, a palette, image
// resources (blocks with a number each), and layers, which are passed over but for what they say about the flattened picture. See psd.h.
#include "psd.h"

#include <stdlib.h>
#include <string.h>

#define HEAD 26
#define MOST_BLOCKS 4096   // that are looked through: a damaged file may have millions

kal_status kal__psd_read(kal__reader *r, uint64_t at, void *dst, size_t n, kal_error *err)
{
    if (n > r->size || at > r->size - n)
        return kal_fail(err, KAL_CORRUPT, "%s: psd: the file ends at byte %zu, before the picture does",
                        r->name, r->size);
    return kal__read_exact(r, "psd", at, dst, n, err);
}

static kal_status wrong(const kal__reader *r, kal_status status, uint64_t at, const char *what,
                        kal_error *err)
{
    return kal_fail(err, status, "%s: psd: at byte %llu: %s", r->name, (unsigned long long)at, what);
}

// ---- sections -----------------------------------------------------------------------------------

// The length of what begins at *at, of 4 or 8 bytes, which must lie in the file; *at moves behind it.
static kal_status read_length(kal__reader *r, uint64_t *at, bool wide, uint64_t *n, kal_error *err)
{
    unsigned char p[8];
    const size_t bytes = wide ? 8 : 4;
    const kal_status st = kal__psd_read(r, *at, p, bytes, err);
    if (st) return st;
    *at += bytes;
    *n = wide ? kal__be64(p) : kal__be32(p);
    return *n <= r->size - *at ? KAL_OK : kal__psd_read(r, r->size, p, 1, err);   // which says that it ends
}

// ---- image resources ----------------------------------------------------------------------------

typedef struct block {
    uint32_t id;
    uint64_t at, size;   // of what it holds
    uint64_t next;
} block;

// The block at b->next, which ends before `end`: a signature, a number, a name (its length in a byte, padded to an even number), a length,
// what it holds (padded). b->next is 0 behind the last one, and where no block is.
static kal_status next_block(kal__reader *r, uint64_t end, block *b, kal_error *err)
{
    unsigned char p[4 + 2 + 256 + 4];
    const uint64_t at = b->next, left = end - at;
    const size_t n = left < sizeof p ? (size_t)left : sizeof p;
    b->next = 0;
    if (n < 12) return KAL_OK;
    const kal_status st = kal__psd_read(r, at, p, n, err);
    if (st) return st;
    const size_t head = 4 + 2 + (((size_t)p[6] + 2) & ~(size_t)1) + 4;
    static const char signatures[][5] = {"8BIM", "MeSa", "PHUT", "AgHg", "DCSR"};
    size_t i = 0;
    while (i < 5 && memcmp(p, signatures[i], 4) != 0) i++;
    if (i == 5 || head > n) return KAL_OK;
    b->id = kal__be16(p + 4);
    b->at = at + head;
    b->size = kal__be32(p + head - 4);
    if (b->size > end - b->at) return KAL_OK;
    const uint64_t next = b->at + ((b->size + 1) & ~(uint64_t)1);
    b->next = next < end ? next : end;
    return KAL_OK;
}

// What the resources say about the pixels.
typedef struct says {
    bool names;         // channels beyond the colours have names or numbers: they are selections
    bool photoshop;     // how it was saved, as Photoshop tells …
    bool placeholder;   // … and that there is no flattened picture
} says;

static kal_status read_says(kal__reader *r, kal__psd_head *h, says *s, kal_error *err)
{
    block b = {.next = h->resources};
    for (int i = 0; i < MOST_BLOCKS; i++) {
        unsigned char p[5];
        kal_status st = next_block(r, h->resources_end, &b, err);
        if (st || !b.next) return st;
        if ((b.id == 1006 || b.id == 1045 || b.id == 1053) && b.size) s->names = true;
        if (b.id == 1047 && b.size >= 2) {   // which entry of the palette is not seen
            st = kal__psd_read(r, b.at, p, 2, err);
            h->clear = (int32_t)kal__be16(p);
        } else if (b.id == 1057 && b.size >= 5) {   // a version, and whether the flattened picture is one
            st = kal__psd_read(r, b.at, p, 5, err);
            s->photoshop = true;
            s->placeholder = !p[4];
        }
        if (st) return st;
    }
    return KAL_OK;
}

static kal_status take_blob(kal__reader *r, const block *b, kal__blob_kind what, const kal_limits *limits,
                            kal__meta *meta, kal_error *err)
{
    kal__blob *to = kal__meta_blob(meta, what);
    if (!b->size || to->size || !kal__meta_room(meta, what, b->size, limits)) return KAL_OK;
    to->data = kal__new((size_t)b->size, 1);
    if (!to->data) return kal_fail(err, KAL_NOMEM, "%s: psd: out of memory for metadata", r->name);
    to->size = (size_t)b->size;
    return kal__psd_read(r, b->at, to->data, to->size, err);
}

// Pixels per inch across, two units it is shown in, and the same down; 16 bits before the point and 16 behind it.
static kal_status take_density(kal__reader *r, const block *b, kal__meta *meta, kal_error *err)
{
    unsigned char p[16];
    if (b->size < sizeof p) return KAL_OK;
    const kal_status st = kal__psd_read(r, b->at, p, sizeof p, err);
    if (st) return st;
    meta->density[0] = kal__be32(p) / 65536.0 / 0.0254;
    meta->density[1] = kal__be32(p + 8) / 65536.0 / 0.0254;
    return KAL_OK;
}

kal_status kal__psd_read_meta(kal__reader *r, const kal__psd_head *h, const kal_limits *limits,
                              kal__meta *meta, kal_error *err)
{
    block b = {.next = h->resources};
    kal_status st = KAL_OK;
    for (int i = 0; i < MOST_BLOCKS && !st; i++) {
        st = next_block(r, h->resources_end, &b, err);
        if (st || !b.next) break;
        switch (b.id) {
        case 1005: st = take_density(r, &b, meta, err); break;
        case 1028: st = take_blob(r, &b, KAL__IPTC, limits, meta, err); break;
        case 1039: st = take_blob(r, &b, KAL__ICC, limits, meta, err); break;
        case 1058: st = take_blob(r, &b, KAL__EXIF, limits, meta, err); break;
        case 1060: st = take_blob(r, &b, KAL__XMP, limits, meta, err); break;
        }
    }
    if (!st) kal__meta_take_exif(meta);
    return st;
}

// ---- layers -------------------------------------------------------------------------------------

// A number of layers: a negative one tells that the first channel behind the colours is what the flattened picture lets through.
static kal_status read_count(kal__reader *r, uint64_t at, uint64_t size, int *count, kal_error *err)
{
    unsigned char p[2];
    if (size < 2) return KAL_OK;
    const kal_status st = kal__psd_read(r, at, p, 2, err);
    *count = (int16_t)kal__be16(p);
    return st;
}

// In a PSB some lengths have 8 bytes.
static bool is_wide(const char *key)
{
    static const char keys[][5] = {"LMsk", "Lr16", "Lr32", "Layr", "Mt16", "Mt32", "Mtrn",
                                   "Alph", "FMsk", "lnk2", "FEid", "FXid", "PxSD"};
    size_t i = 0;
    while (i < sizeof keys / sizeof *keys && memcmp(key, keys[i], 4) != 0) i++;
    return i < sizeof keys / sizeof *keys;
}

// Blocks behind the layers; there those of deeper pictures are. Mtrn, Mt16 and Mt32 hold nothing: that they are there says that there is alpha.
static kal_status read_tagged(kal__reader *r, const kal__psd_head *h, uint64_t at, uint64_t end, int *count,
                              kal_error *err)
{
    for (int i = 0; i < MOST_BLOCKS && end - at >= 12; i++) {
        unsigned char p[16];
        const size_t n = end - at < sizeof p ? (size_t)(end - at) : sizeof p;
        kal_status st = kal__psd_read(r, at, p, n, err);
        if (st) return st;
        const char *key = (const char *)p + 4;
        const size_t head = h->big && is_wide(key) ? 16 : 12;
        if ((memcmp(p, "8BIM", 4) != 0 && memcmp(p, "8B64", 4) != 0) || head > n) return KAL_OK;
        const uint64_t size = head == 16 ? kal__be64(p + 8) : kal__be32(p + 8);
        if (size > end - at - head) return KAL_OK;
        if (!memcmp(key, "Mtrn", 4) || !memcmp(key, "Mt16", 4) || !memcmp(key, "Mt32", 4)) *count = -1;
        if (*count >= 0 && (!memcmp(key, "Layr", 4) || !memcmp(key, "Lr16", 4) || !memcmp(key, "Lr32", 4)))
            st = read_count(r, at + head, size, count, err);
        if (st) return st;
        at += head;
        at = end - at - size < 4 ? end : at + ((size + 3) & ~(uint64_t)3);
    }
    return KAL_OK;
}

// The layers themselves, a mask of all, and further blocks.
static kal_status read_layers(kal__reader *r, const kal__psd_head *h, uint64_t at, uint64_t end, int *count,
                              kal_error *err)
{
    uint64_t n;
    *count = 0;
    if (end - at < (h->big ? 8u : 4u)) return KAL_OK;
    kal_status st = read_length(r, &at, h->big, &n, err);
    if (!st) st = read_count(r, at, n, count, err);
    if (st || n > end - at || end - at - n < 4) return st;
    at += n;
    st = read_length(r, &at, false, &n, err);
    if (st || n > end - at) return st;
    return read_tagged(r, h, at + n, end, count, err);
}

// ---- the header ---------------------------------------------------------------------------------

static const struct mode {
    int mode;
    const char *name;
    int colours,
        shown;    // planes that make the colours of a pixel, and channels of ours they become; 0: not read
    int depths;   // the sum of those that are read
    kal_model model;
} modes[] = {
    {KAL__PSD_BITMAP, "black and white", 1, 1, 1, KAL_GRAY},
    {KAL__PSD_GRAY, "gray", 1, 1, 8 + 16 + 32, KAL_GRAY},
    {KAL__PSD_INDEXED, "a palette", 1, 3, 8, KAL_RGB},
    {KAL__PSD_RGB, "RGB", 3, 3, 8 + 16 + 32, KAL_RGB},
    {KAL__PSD_CMYK, "CMYK", 4, 3, 8 + 16, KAL_RGB},
    {7, "channels of inks", 0, 0, 0, KAL_DATA},
    {KAL__PSD_DUOTONE, "duotone", 1, 1, 8 + 16, KAL_GRAY},
    {9, "Lab", 0, 0, 0, KAL_DATA},
};
#define MODES (sizeof modes / sizeof *modes)

static kal_status read_first(kal__reader *r, const kal_limits *limits, kal__psd_head *h,
                             const struct mode **mode, kal_error *err)
{
    unsigned char p[HEAD];
    const kal_status st = kal__psd_read(r, 0, p, sizeof p, err);
    if (st) return st;
    const uint32_t version = kal__be16(p + 4), height = kal__be32(p + 14), width = kal__be32(p + 18);
    if (memcmp(p, "8BPS", 4) != 0)
        return wrong(r, KAL_CORRUPT, 0, "the header does not begin with 8BPS", err);
    if (version != 1 && version != 2)
        return kal_fail(err, KAL_UNSUPPORTED,
                        "%s: psd: at byte 4: the format has version %u; 1 and 2 are known", r->name, version);
    const uint32_t most = version == 1 ? 30000 : 300000;
    if (!width || !height || width > most || height > most)
        return kal_fail(err, KAL_CORRUPT, "%s: psd: at byte 14: the picture is %u×%u; sides must be 1..%u",
                        r->name, width, height, most);
    const kal_status over = kal__within_limits(r->name, "psd", width, height, limits, err);
    if (over) return over;
    h->big = version == 2;
    h->channels = (int32_t)kal__be16(p + 12);
    h->depth = (int)kal__be16(p + 22);
    h->mode = (int)kal__be16(p + 24);
    h->extent = (kal_extent){.width = (int32_t)width, .height = (int32_t)height};
    size_t i = 0;
    while (i < MODES && modes[i].mode != h->mode) i++;
    if (i == MODES || h->channels < modes[i].colours || h->channels < 1 || h->channels > 56)
        return kal_fail(err, KAL_CORRUPT, "%s: psd: at byte 12: there are %d channels in mode %d", r->name,
                        h->channels, h->mode);
    *mode = &modes[i];
    const bool known = h->depth == 1 || h->depth == 8 || h->depth == 16 || h->depth == 32;
    if (known && modes[i].depths & h->depth) return KAL_OK;
    return kal_fail(
        err, KAL_UNSUPPORTED,
        "%s: psd: at byte 22: the picture is %s of %d bits; only gray and RGB of 8, 16 and 32 bits, CMYK "
        "and duotone of 8 and 16, palettes, and black and white are read",
        r->name, modes[i].name, h->depth);
}

static kal_status read_palette(kal__reader *r, kal__psd_head *h, uint64_t at, uint64_t n, kal_error *err)
{
    if (h->mode != KAL__PSD_INDEXED) return KAL_OK;
    if (n != sizeof h->palette)
        return wrong(r, KAL_CORRUPT, at, "the palette has another size than 768 bytes", err);
    return kal__psd_read(r, at, h->palette, sizeof h->palette, err);
}

static kal_status read_compression(kal__reader *r, kal__psd_head *h, uint64_t at, kal_error *err)
{
    unsigned char p[2];
    const kal_status st = kal__psd_read(r, at, p, 2, err);
    if (st) return st;
    const uint32_t kind = kal__be16(p);
    if (kind > 3) return wrong(r, KAL_CORRUPT, at, "there is no such compression", err);
    if (kind > 1)
        return wrong(r, KAL_UNSUPPORTED, at,
                     "the picture is deflated (ZIP); only run lengths and none are read", err);
    h->packed = kind == 1;
    h->pixels = at + 2;
    return KAL_OK;
}

// A channel behind the colours is alpha where layers say so; without layers where nobody gave it a name, as other programs than Photoshop write
// it. Photoshop puts colours on white.
static kal_status find_alpha(const kal__reader *r, kal__psd_head *h, const struct mode *mode, const says *s,
                             int count, kal_error *err)
{
    if (s->placeholder)
        return wrong(
            r, KAL_UNSUPPORTED, h->pixels,
            "the file was saved without its flattened picture; save it again with \"Maximize compatibility\"",
            err);
    const bool more = h->channels > mode->colours && h->depth > 1;
    const bool alpha = h->mode == KAL__PSD_INDEXED ? h->clear >= 0 && h->clear < 256
                                                   : more && (count < 0 || (!count && !s->names));
    h->white = alpha && count < 0 && s->photoshop && h->mode != KAL__PSD_INDEXED;
    h->planes = mode->colours + (alpha && h->mode != KAL__PSD_INDEXED);
    h->extent.alpha = alpha;
    h->extent.channels = mode->shown + alpha;
    h->extent.model = mode->model;
    h->extent.type = h->depth == 32 ? KAL_F32 : h->depth == 16 ? KAL_U16 : KAL_U8;
    h->row_bytes = ((size_t)h->extent.width * (size_t)h->depth + 7) / 8;
    return KAL_OK;
}

kal_status kal__psd_read_head(kal__reader *r, const kal_limits *limits, kal__psd_head *h, kal_error *err)
{
    if (!r->read_at)
        return kal_fail(err, KAL_UNSUPPORTED,
                        "%s: psd is read here and there, which a stream cannot be; use a file", r->name);
    const struct mode *mode = NULL;
    *h = (kal__psd_head){.clear = -1};
    uint64_t at = HEAD, n;
    says s = {false, false, false};
    int count = 0;
    kal_status st = read_first(r, limits, h, &mode, err);
    if (!st) st = read_length(r, &at, false, &n, err);
    if (!st) st = read_palette(r, h, at, n, err);
    if (st) return st;
    at += n;
    st = read_length(r, &at, false, &n, err);
    if (st) return st;
    h->resources = at;
    at = h->resources_end = at + n;
    st = read_says(r, h, &s, err);
    if (!st) st = read_length(r, &at, h->big, &n, err);
    if (!st) st = read_layers(r, h, at, at + n, &count, err);
    if (!st) st = read_compression(r, h, at + n, err);
    return st ? st : find_alpha(r, h, mode, &s, count, err);
}
