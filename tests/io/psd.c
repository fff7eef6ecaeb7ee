// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// PSD and PSB: every mode, depth and way of packing against the format's own words; a part is that part of the whole and costs what it costs;
// alpha and white; metadata; files that are none. `io.psd [seed]`.
#include "psds.h"

extern const kal__codec kal__codec_psd;

// ---- what a pixel is ----------------------------------------------------------------------------

static double sample(const psd_kind *k, const unsigned char *planes, int32_t w, int32_t h, int c, int32_t x,
                     int32_t y)
{
    const unsigned char *row = planes + ((size_t)c * (size_t)h + (size_t)y) * psd_row(k, w),
                        *p = row + (size_t)x * (size_t)k->depth / 8;
    if (k->depth == 1) return row[x / 8] >> (7 - x % 8) & 1 ? 0 : 255;
    if (k->depth == 8) return p[0];
    if (k->depth == 16) return p[0] * 256 + p[1];
    const uint32_t bits = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    float v;
    memcpy(&v, &bits, 4);
    return v;
}

static uint32_t rounded(uint64_t a, uint64_t b)
{
    return (uint32_t)((2 * a + b) / (2 * b));
}

// Sample c of a pixel with white taken off.
static double straight(const psd_kind *k, double c, double alpha)
{
    const double most = k->depth == 8 ? 255 : 65535;
    if (k->depth == 32) return alpha > 0 ? ((float)c - (1 - (float)alpha)) / (float)alpha : c;
    if (alpha == 0) return c;
    const double dark = rounded((uint64_t)((most - c) * most), (uint64_t)alpha);
    return dark > most ? 0 : most - dark;
}

static void put_sample(const kal_extent *e, unsigned char *to, size_t i, double v)
{
    const uint8_t narrow = (uint8_t)v;
    const uint16_t wide = (uint16_t)(v > 0 ? v : 0);
    const float real = (float)v;
    const void *from = e->type == KAL_U8    ? (const void *)&narrow
                       : e->type == KAL_U16 ? (const void *)&wide
                                            : &real;
    memcpy(to + i * kal_type_size(e->type), from, kal_type_size(e->type));
}

static unsigned char *pixels_of(const psd_kind *k, const kal_extent *e, const unsigned char *planes,
                                const unsigned char *palette, int clear)
{
    unsigned char *out = malloc(bytes_of(e));
    const int colours = k->mode == RGB ? 3 : k->mode == CMYK ? 4 : 1;
    const double most = k->depth == 8 ? 255 : 65535;
    size_t i = 0;
    for (int32_t y = 0; y < e->height; y++)
        for (int32_t x = 0; x < e->width; x++) {
            double v[5];
            for (int c = 0; c < colours + (e->alpha && !palette); c++)
                v[c] = sample(k, planes, e->width, e->height, c, x, y);
            for (int c = 0; c < colours && e->alpha && k->photoshop && !palette; c++)
                v[c] = straight(k, v[c], v[colours]);
            for (int c = 0; c < 3 && k->mode == CMYK; c++)
                v[c] = rounded((uint64_t)v[c] * (uint64_t)v[3], (uint64_t)most);
            if (k->mode == CMYK) v[3] = v[4];
            for (int c = 2; c >= 0 && palette; c--) v[c + 1] = palette[256 * c + (int)v[0]];
            for (int c = 0; c < e->channels; c++)
                put_sample(e, out, i++, !palette ? v[c] : c < 3 ? v[c + 1] : v[0] == clear ? 0 : 255);
        }
    return out;
}

static kal_extent extent_for(const psd_kind *k, int32_t w, int32_t h, bool alpha)
{
    const bool colour = k->mode == RGB || k->mode == CMYK || k->mode == INDEXED;
    return (kal_extent){.width = w,
                        .height = h,
                        .channels = (colour ? 3 : 1) + alpha,
                        .type = k->depth == 32   ? KAL_F32
                                : k->depth == 16 ? KAL_U16
                                                 : KAL_U8,
                        .model = colour ? KAL_RGB : KAL_GRAY,
                        .alpha = alpha};
}

// ---- whole and in parts -------------------------------------------------------------------------

static void one(rng *r, psd_kind k, int32_t w, int32_t h, bool alpha)
{
    char what[120];
    unsigned char palette[768];
    for (size_t i = 0; i < 768; i++) palette[i] = (unsigned char)rng_next(r);
    const bool indexed = k.mode == INDEXED;
    kal_bytes more = bytes_copy("", 0);
    if (indexed && alpha) put_resource(&more, 1047, "", "\0\xff", 2);
    if (!alpha && !k.layers && !indexed) put_resource(&more, 1006, "", "\5alpha", 6);   // a selection
    unsigned char *planes = psd_planes(r, &k, w, h);
    const kal_extent e = extent_for(&k, w, h, alpha);
    kal_bytes b = psd_of(&k, w, h, planes, indexed ? palette : NULL, &more);
    unsigned char *want = pixels_of(&k, &e, planes, indexed ? palette : NULL, 255);
    snprintf(what, sizeof what, "mode %d of %d bits, %d channels, %d×%d%s%s%s, %d layers %s", k.mode, k.depth,
             k.channels, w, h, k.big ? ", PSB" : "", k.packed ? ", in runs" : "",
             k.photoshop ? ", on white" : "", k.layers, k.tagged ? k.tagged : "");
    require_picture(b.data, b.size, NULL, &e, want, what);
    require_parts(r, "a.psd", &b, &e, want, what);
    free(want);
    free(planes);
    bytes_free(&more);
    bytes_free(&b);
}

static void kinds(rng *r)
{
    static const struct {
        int mode, colours, depths;
    } modes[] = {{BITMAP, 1, 1}, {GRAY, 1, 56}, {INDEXED, 1, 8},
                 {RGB, 3, 56},   {CMYK, 4, 24}, {DUOTONE, 1, 24}};
    for (size_t m = 0; m < sizeof modes / sizeof *modes; m++)
        for (int depth = 1; depth <= 32; depth *= 2)
            for (int way = 0; way < 8 && modes[m].depths & depth; way++) {
                psd_kind k = {modes[m].mode, depth, modes[m].colours, way & 1, way >> 1 & 1, 0, NULL, false};
                one(r, k, 37, 29, false);
                if (depth == 1) continue;
                k.channels += way & 4 ? 3 : 1;
                const bool indexed = k.mode == INDEXED;
                one(r, k, 19, 23, false);   // channels with names
                k.layers = -1 - way;
                one(r, k, 23, 19, !indexed);
                if (indexed) one(r, k, 23, 19, true);
                k.photoshop = true;
                one(r, k, 65, 7, !indexed);
                k.tagged = way & 2 ? "Lr16" : "Lr32";
                one(r, k, 9, 11, !indexed);
                k.tagged = "Mtrn", k.layers = 1;
                one(r, k, 9, 11, !indexed);
                k.tagged = NULL;
                one(r, k, 9, 11, false);
            }
    for (int way = 0; way < 4; way++) {   // long enough for several workers
        one(r, (psd_kind){RGB, 8, 4, way & 1, way >> 1, -1, NULL, true}, 203, 1400, true);
        one(r, (psd_kind){GRAY, 16, 1, way & 1, way >> 1, 0, NULL, false}, 40, 1100, false);
    }
    one(r, (psd_kind){RGB, 8, 3, false, false, 0, NULL, false}, 30000, 2, false);
    one(r, (psd_kind){RGB, 8, 3, true, true, 0, NULL, false}, 70001, 3, false);
    one(r, (psd_kind){GRAY, 8, 1, false, true, 0, NULL, false}, 1, 1, false);
}

// Without names and layers what lies behind the colours is alpha, as it is.
static void nameless(rng *r)
{
    const psd_kind k = {RGB, 8, 4, false, true, 0, NULL, false};
    unsigned char *planes = psd_planes(r, &k, 20, 10);
    const kal_extent e = extent_for(&k, 20, 10, true);
    kal_bytes b = psd_of(&k, 20, 10, planes, NULL, NULL);
    unsigned char *want = pixels_of(&k, &e, planes, NULL, 0);
    require_picture(b.data, b.size, NULL, &e, want, "without names");
    free(want);
    free(planes);
    bytes_free(&b);
}

// ---- a reader that counts, and fails ------------------------------------------------------------

typedef struct counting {
    kal__reader base;
    const kal_bytes *bytes;
    uint64_t read;
    int calls, fail_at;
} counting;

static ptrdiff_t counting_read_at(kal__reader *r, uint64_t at, void *dst, size_t n, kal_error *err)
{
    counting *c = (counting *)r;
    if (++c->calls == c->fail_at) {
        kal_fail(err, KAL_IO, "%s: the disk is broken", r->name);
        return -1;
    }
    const size_t left = at < c->bytes->size ? c->bytes->size - (size_t)at : 0, most = n < 5000 ? n : 5000;
    n = left < most ? left : most;
    memcpy(dst, c->bytes->data + at, n);
    c->read += n;
    return (ptrdiff_t)n;
}

static counting counting_of(const kal_bytes *b, int fail_at)
{
    return (counting){{.read_at = counting_read_at, .size = b->size, .name = "counting"}, b, 0, 0, fail_at};
}

static kal_status read_part(counting *c, kal_rect part, unsigned char *dst)
{
    kal__ask ask = {0};
    kal__header h = {.rows = 0};
    kal__decoder *d = NULL;
    kal_limits_get(&ask.limits);
    kal__meta *meta = kal__meta_new();
    kal_status st = kal__codec_psd.header(&c->base, &ask, &h, meta, &check_error);
    kal__meta_unref(&meta);
    if (!st) st = kal__codec_psd.open(&c->base, &ask, &d, &check_error);
    if (!st) st = kal__codec_psd.aim(d, 1, part, false, &check_error);
    const ptrdiff_t row = (ptrdiff_t)((size_t)(part.x1 - part.x0) * kal_pixel_size(&h.extent));
    for (int32_t y = part.y0, n; y < part.y1 && !st; y += n, dst += row * n) {
        n = part.y1 - y < 7 ? part.y1 - y : 7;
        st = kal__codec_psd.rows(d, dst, row, n, &check_error);
    }
    if (!d) return st;
    const kal_status last = kal__codec_psd.close(d, st ? NULL : &check_error);
    return st ? st : last;
}

static void costs(rng *r)
{
    for (int packed = 0; packed < 2; packed++) {
        const psd_kind k = {RGB, 8, 3, false, packed, 0, NULL, false};
        unsigned char *planes = psd_planes(r, &k, 400, 3000), *got = malloc(400 * 40 * 3);
        kal_bytes b = psd_of(&k, 400, 3000, planes, NULL, NULL);
        counting c = counting_of(&b, 0);
        const kal_rect part = kal_rect_of(200, 2900, 300, 2920);
        REQUIRE_OK(read_part(&c, part, got));
        // the lengths of all rows, twice; twenty rows of three planes at most at their worst
        const uint64_t most = packed ? 2 * 2 * 9000 + 20 * 3 * 800 + 2000 : 20 * 3 * 100 + 2000;
        REQUIRE_NOTE(c.read < most, "%llu of %zu bytes were read", (unsigned long long)c.read, b.size);
        int failures = 0;
        for (int at = 1; at <= c.calls; at++) {
            counting f = counting_of(&b, at);
            const kal_status st = read_part(&f, part, got);
            REQUIRE_NOTE(st == KAL_IO && strstr(check_error.message, "broken"), "call %d: %s: %s", at,
                         kal_status_name(st), check_error.message);
            failures++;
        }
        REQUIRE(failures > 10);
        free(planes), free(got);
        bytes_free(&b);
    }
}

static void misuse(rng *r)
{
    const psd_kind k = {RGB, 8, 3, false, true, 0, NULL, false};
    unsigned char *planes = psd_planes(r, &k, 9, 9), got[9 * 9 * 3];
    kal_bytes b = psd_of(&k, 9, 9, planes, NULL, NULL);
    kal__ask ask = {0};
    kal_limits_get(&ask.limits);
    for (int way = 0; way < 4; way++) {
        kal__decoder *d;
        counting c = counting_of(&b, 0);
        REQUIRE_OK(kal__codec_psd.open(&c.base, &ask, &d, &check_error));
        kal_status st = KAL_CHANGED;
        if (way == 0) st = kal__codec_psd.rows(d, got, 26, 9, &check_error);
        if (way == 1) st = kal__codec_psd.rows(d, got, 27, 10, &check_error);
        if (way == 2) st = kal__codec_psd.aim(d, 1, kal_rect_of(0, 0, 10, 9), false, &check_error);
        REQUIRE_NOTE(st == KAL_CHANGED, "%d: %s", way, kal_status_name(st));
        REQUIRE(kal__codec_psd.close(d, NULL) == KAL_OK);
    }
    kal__decoder *d;
    counting c = counting_of(&b, 0);
    c.base.read_at = NULL;
    REQUIRE_FAILS(KAL_UNSUPPORTED, kal__codec_psd.open(&c.base, &ask, &d, &check_error));
    free(planes);
    bytes_free(&b);
}

// ---- metadata -----------------------------------------------------------------------------------

static void metadata(rng *r)
{
    const psd_kind k = {RGB, 8, 3, false, true, 0, NULL, false};
    unsigned char *planes = psd_planes(r, &k, 9, 5);
    kal_bytes exif = make_exif(6, true), icc = make_icc(), more = bytes_copy("", 0);
    put_resource(&more, 1036, "thumb", "nothing of a picture", 20);
    put_resource(&more, 1039, "", icc.data, icc.size);
    put_resource(&more, 1058, "x", exif.data, exif.size);
    put_resource(&more, 1060, "xy", XMP_TEXT, strlen(XMP_TEXT));
    put_resource(&more, 1028, "", "\x1c\2\5\0\3abc", 8);
    for (int damaged = 0; damaged < 2; damaged++) {
        if (damaged) put_resource(&more, 1, "", "odd", 3), more.data[more.size - 5] = 200;
        kal_bytes b = psd_of(&k, 9, 5, planes, NULL, &more);
        kal_scope *s = kal_scope_new();
        kal_node *n = kal_load_bytes(s, b.data, b.size, "upright=false");
        REQUIRE_OK(kal_node_error(n, &check_error));
        require_meta(n, "exif", exif.data, exif.size, "psd");
        require_meta(n, "icc", icc.data, icc.size, "psd");
        require_meta(n, "xmp", XMP_TEXT, strlen(XMP_TEXT), "psd");
        kal_extent e;
        kal_node *turned = kal_load_bytes(s, b.data, b.size, NULL);
        REQUIRE_OK(kal_node_extent(turned, &e, &check_error));
        REQUIRE(e.width == 5 && e.height == 9);
        kal__ask ask = {0};
        kal_limits_get(&ask.limits);
        kal__header h;
        kal__meta *meta = kal__meta_new();
        counting c = counting_of(&b, 0);
        REQUIRE_OK(kal__codec_psd.header(&c.base, &ask, &h, meta, &check_error));
        REQUIRE(meta->iptc.size == 8 && !memcmp(meta->iptc.data, "\x1c\2\5\0\3abc", 8));
        REQUIRE(meta->density[0] > 2834.6 && meta->density[0] < 2834.7 && meta->density[1] > 5669.2 &&
                meta->density[1] < 5669.3);
        REQUIRE(meta->orientation == 6);
        kal__meta_unref(&meta);
        kal_scope_free(&s);
        bytes_free(&b);
    }
    free(planes);
    bytes_free(&exif), bytes_free(&icc), bytes_free(&more);
}

// ---- what is none -------------------------------------------------------------------------------

static void fails(const kal_bytes *b, kal_status status, const char *says)
{
    void *p = decoded(b->data, b->size, NULL, NULL);
    REQUIRE_NOTE(!p && check_error.status == status && strstr(check_error.message, says) &&
                     strstr(check_error.message, "psd: at byte"),
                 "%s: %s", says, p ? "a picture" : check_error.message);
    free(p);
}

static void refusals(rng *r)
{
    static const struct {
        size_t at;
        const char *bytes;
        size_t n;
        kal_status status;
        const char *says;
    } wrong[] = {
        {24, "\0\x9", 2, KAL_UNSUPPORTED, "Lab of 8 bits"},
        {24, "\0\x7", 2, KAL_UNSUPPORTED, "inks"},
        {24, "\0\x5", 2, KAL_CORRUPT, "in mode 5"},
        {24, "\0\x4", 2, KAL_CORRUPT, "3 channels in mode 4"},
        {24, "\0\x2", 2, KAL_CORRUPT, "palette"},
        {22, "\0\x1", 2, KAL_UNSUPPORTED, "of 1 bits"},
        {22, "\0\x18", 2, KAL_UNSUPPORTED, "of 24 bits"},
        {12, "\0\x39", 2, KAL_CORRUPT, "57 channels"},
        {14, "\0\0\0\0", 4, KAL_CORRUPT, "sides"},
        {18, "\0\0\x75\x31", 4, KAL_CORRUPT, "sides must be 1..30000"},
    };
    const psd_kind k = {RGB, 8, 3, false, true, 0, NULL, false};
    unsigned char *planes = psd_planes(r, &k, 9, 5);
    kal_bytes b = psd_of(&k, 9, 5, planes, NULL, NULL);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        kal_bytes m = bytes_copy(b.data, b.size);
        memcpy(m.data + wrong[i].at, wrong[i].bytes, wrong[i].n);
        fails(&m, wrong[i].status, wrong[i].says);
        bytes_free(&m);
    }
    // what stands before the lengths: the kind of compression
    const size_t kind =
        26 + 4 + 4 + (size_t)(b.data[30] << 24 | b.data[31] << 16 | b.data[32] << 8 | b.data[33]) + 4;
    kal_bytes m = bytes_copy(b.data, b.size);
    m.data[kind + 1] = 3;
    fails(&m, KAL_UNSUPPORTED, "ZIP");
    m.data[kind + 1] = 4;
    fails(&m, KAL_CORRUPT, "compression");
    m.data[kind + 1] = 1;
    m.data[kind + 2] = 9;
    fails(&m, KAL_CORRUPT, "longer than its pixels");
    m.data[kind + 2] = 0;
    m.data[kind + 2 + 30] = 9;   // the first run goes on beyond the row
    fails(&m, KAL_CORRUPT, "do not make its pixels");
    bytes_free(&m);
    kal_bytes more = bytes_copy("", 0);
    put_resource(&more, 1057, "", "\0\0\0\1\0\0\0\0\0", 9);
    m = psd_of(&k, 9, 5, planes, NULL, &more);
    fails(&m, KAL_UNSUPPORTED, "Maximize compatibility");
    bytes_free(&m), bytes_free(&more);
    m = bytes_copy(b.data, b.size);
    m.data[5] = 3;
    kal_node *n = kal_load_bytes(NULL, m.data, m.size, "format=psd");
    REQUIRE_FAILS(KAL_UNSUPPORTED, kal_node_error(n, &check_error));
    kal_node_unref(&n);
    bytes_free(&m);
    for (size_t cut = 0; cut < b.size; cut++) {
        kal_bytes part = {b.data, cut};
        void *p = decoded(part.data, part.size, NULL, NULL);
        REQUIRE_NOTE(!p && strstr(check_error.message, cut < 6 ? "" : "psd: the file ends at byte"),
                     "%zu of %zu: %s", cut, b.size, p ? "a picture" : check_error.message);
        free(p);
    }
    free(planes);
    bytes_free(&b);
}

int main(int argc, char **argv)
{
    rng r = {argc > 1 ? strtoull(argv[1], NULL, 0) : 1};
    kinds(&r);
    nameless(&r);
    costs(&r);
    misuse(&r);
    metadata(&r);
    refusals(&r);
    kal_memo_clear(NULL);
    return check_done();
}
