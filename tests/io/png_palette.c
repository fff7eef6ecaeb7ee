// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// PNG of few colours: what has no more comes back as it was, alpha and what is under it too, in as few bits as do; of more there are no more than asked for,
// opaque stays opaque and transparent transparent; libpng reads it; any threads give the same bytes; rows by the filter that was asked for; what is refused.
// png_palette_peers.sh asks Pillow.
#include "files.h"
#include "libpng_read.h"

#include <setjmp.h>

// ---- what a file says ---------------------------------------------------------------------------

// The first chunk of that name; NULL: there is none.
static const unsigned char *chunk_of(const kal_bytes *b, const char *name, uint32_t *n)
{
    for (size_t at = 8; at + 12 <= b->size; at += 12 + *n) {
        const unsigned char *p = b->data + at;
        *n = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
        if (!memcmp(p + 4, name, 4)) return p + 8;
    }
    *n = 0;
    return NULL;
}

static int colours_in(const kal_bytes *b)
{
    uint32_t n;
    return chunk_of(b, "PLTE", &n) && b->data[25] == 3 ? (int)(n / 3) : 0;
}

// ---- libpng -------------------------------------------------------------------------------------

// RGBA of all pixels; libpng must find nothing to complain about. Free.
static unsigned char *by_libpng(const kal_bytes *b, int32_t w, int32_t h)
{
    cursor c = {b, 0};
    unsigned char *volatile got = calloc((size_t)w * (size_t)h, 4);
    complained = false;
    png_structp p = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, on_complaint);
    png_infop info = png_create_info_struct(p);
    if (setjmp(png_jmpbuf(p))) {
        complained = true;
    } else {
        png_set_user_limits(p, 0x7fffffff, 0x7fffffff);
        png_set_read_fn(p, &c, on_read);
        png_read_info(p, info);
        png_set_expand(p);
        png_set_gray_to_rgb(p);
        png_set_add_alpha(p, 255, PNG_FILLER_AFTER);
        png_read_update_info(p, info);
        if (png_get_rowbytes(p, info) != (size_t)w * 4) png_error(p, "another size");
        for (int32_t y = 0; y < h; y++) png_read_row(p, got + (size_t)y * (size_t)w * 4, NULL);
        png_read_end(p, NULL);
    }
    png_destroy_read_struct(&p, &info, NULL);
    REQUIRE(!complained && c.at == b->size);
    return got;
}

// ---- pictures of few colours --------------------------------------------------------------------

// RGBA, whatever the picture is.
static unsigned char *rgba_of(const kal_extent *e, const unsigned char *p)
{
    const int colours = e->channels - e->alpha;
    const size_t n = (size_t)e->width * (size_t)e->height;
    unsigned char *out = malloc(n * 4);
    for (size_t i = 0; i < n; i++, p += e->channels) {
        for (int k = 0; k < 3; k++) out[4 * i + (size_t)k] = p[colours == 3 ? k : 0];
        out[4 * i + 3] = e->alpha ? p[colours] : 255;
    }
    return out;
}

// As we read it: RGB, with alpha where something shines through.
static unsigned char *as_read(const kal_extent *e, const unsigned char *p, kal_extent *out)
{
    const size_t n = (size_t)e->width * (size_t)e->height;
    unsigned char *all = rgba_of(e, p);
    bool alpha = false;
    for (size_t i = 0; i < n; i++) alpha |= all[4 * i + 3] < 255;
    *out = (kal_extent){e->width, e->height, 3 + alpha, KAL_U8, KAL_RGB, alpha};
    for (size_t i = 0; i < n && !alpha; i++) memmove(all + 3 * i, all + 4 * i, 3);
    return all;
}

// n colours, each at least once.
static void draw(rng *r, const kal_extent *e, unsigned char *p, int n)
{
    unsigned char list[300][4];
    const size_t pixels = (size_t)e->width * (size_t)e->height;
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < 4; k++) list[i][k] = (unsigned char)rng_next(r);
        // all are different, of gray too, and no grays that a few bits have (png_gray.c)
        list[i][0] = (unsigned char)(i + (e->channels == 1));
        list[i][e->channels - 1] = e->alpha && i % 5 == 0 ? 0 : list[i][e->channels - 1];
        if (i > 255) list[i][1] = (unsigned char)~list[i - 256][1];
        if (i > 255 && e->channels == 2) list[i][1] = (unsigned char)(list[i - 256][1] ^ 1);
    }
    for (size_t i = 0, v = 0; i < pixels; i++) {
        if (i < (size_t)n)
            v = i;
        else if (!rng_below(r, 6))
            v = (size_t)rng_below(r, n);
        memcpy(p + i * (size_t)e->channels, list[v], (size_t)e->channels);
    }
}

static void exact(int32_t w, int32_t h, int channels, int n, int asked, uint64_t seed)
{
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(w, h, channels, KAL_U8);
    unsigned char *p = malloc(bytes_of(&e));
    rng r = {seed};
    char what[100], params[60];
    draw(&r, &e, p, n);
    snprintf(what, sizeof what, "%d×%d×%d, %d of %d colours", w, h, channels, n, asked);
    snprintf(params, sizeof params, "colours=%d compression=%d", asked, (int)(seed % 10));
    kal_bytes b = encoded(node_of(s, &e, p), "png", params);
    kal_extent want;
    unsigned char *pixels = as_read(&e, p, &want), *all = rgba_of(&e, p), *theirs = by_libpng(&b, w, h);
    require_picture(b.data, b.size, NULL, &want, pixels, what);
    REQUIRE_NOTE(!memcmp(all, theirs, (size_t)w * (size_t)h * 4), "%s", what);
    const int bits = n <= 2 ? 1 : n <= 4 ? 2 : n <= 16 ? 4 : 8;
    REQUIRE_NOTE(colours_in(&b) == n && b.data[24] == bits, "%s: %d colours of %d bits", what, colours_in(&b),
                 b.data[24]);
    uint32_t trns;
    const unsigned char *alphas = chunk_of(&b, "tRNS", &trns);
    REQUIRE_NOTE(!alphas == !want.alpha && (!trns || alphas[trns - 1] < 255), "%s: tRNS of %u", what, trns);
    kal_bytes_free(&b);
    free(p), free(pixels), free(all), free(theirs);
    kal_scope_free(&s);
}

// ---- pictures of more ---------------------------------------------------------------------------

typedef struct off {
    int colours;
    double squares;   // on average, of a sample times alpha
    bool kinds;       // transparent stays so, opaque too, and neither becomes the other
} off;

static off many(const kal_extent *e, const unsigned char *p, const char *params)
{
    kal_scope *s = kal_scope_new();
    kal_bytes b = encoded(node_of(s, e, p), "png", params);
    unsigned char *all = rgba_of(e, p), *theirs = by_libpng(&b, e->width, e->height);
    const size_t n = (size_t)e->width * (size_t)e->height;
    off o = {colours_in(&b), 0, true};
    for (size_t i = 0; i < n; i++) {
        const unsigned char *is = theirs + 4 * i, *was = all + 4 * i;
        o.kinds &= (is[3] == 0) == (was[3] == 0) && (is[3] == 255) == (was[3] == 255);
        for (int k = 0; k < 4; k++) {
            const double d = k == 3 ? is[3] - was[3] : (is[k] * is[3] - was[k] * was[3]) / 255.0;
            o.squares += d * d / (4.0 * (double)n);
        }
    }
    kal_extent got;
    unsigned char *ours = decoded(b.data, b.size, NULL, &got), *ours_all = ours ? rgba_of(&got, ours) : NULL;
    REQUIRE(ours && !memcmp(ours_all, theirs, n * 4));
    kal_bytes_free(&b);
    free(all), free(theirs), free(ours), free(ours_all);
    kal_scope_free(&s);
    return o;
}

// Waves of all colours; with alpha a hole, an opaque part and all between.
static unsigned char *waves(const kal_extent *e)
{
    unsigned char *p = malloc(bytes_of(e));
    for (int32_t y = 0; y < e->height; y++)
        for (int32_t x = 0; x < e->width; x++) {
            unsigned char *to = p + ((size_t)y * (size_t)e->width + (size_t)x) * (size_t)e->channels;
            for (int k = 0; k < e->channels; k++)
                to[k] = (unsigned char)(k == 0   ? 255 * (x + 2 * y) / (e->width + 2 * e->height)
                                        : k == 1 ? 255 * y / e->height
                                                 : x ^ y);
            const int alpha = 700 * x / e->width - 200;
            if (e->alpha) to[e->channels - 1] = (unsigned char)(alpha < 0 ? 0 : alpha > 255 ? 255 : alpha);
        }
    return p;
}

static void test_many(void)
{
    for (int channels = 2; channels <= 4; channels++) {
        const kal_extent e = extent_of(231, 147, channels, KAL_U8);
        unsigned char *p = waves(&e);
        static const int counts[] = {256, 255, 100, 17, 16, 5, 4, 3};
        double last = 0;
        for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
            char params[60];
            snprintf(params, sizeof params, "colours=%d", counts[i]);
            const off o = many(&e, p, params);
            REQUIRE_NOTE(o.colours <= counts[i] && o.colours > counts[i] * 3 / 4 && o.kinds,
                         "%s, %d channels: %d", params, channels, o.colours);
            REQUIRE_NOTE(o.squares >= last && (i || o.squares < 60), "%s, %d channels: %g", params, channels,
                         o.squares);
            last = o.squares;
            snprintf(params, sizeof params, "colours=%d dither=true", counts[i]);
            const off d = many(&e, p, params);
            REQUIRE_NOTE(d.colours == o.colours && d.kinds && d.squares >= o.squares &&
                             d.squares < 4 * o.squares + 10,
                         "%s, %d channels: %g, %g", params, channels, d.squares, o.squares);
        }
        // fewer colours than kinds of alpha: there are still no more, and something comes
        REQUIRE(many(&e, p, "colours=2").colours == 2 && many(&e, p, "colours=1").colours == 1);
        REQUIRE(many(&e, p, "colours=2 dither=true").colours == 2);
        free(p);
    }
}

// One more than a palette holds.
// Grays, shades of one hue and flat areas among many colours: as many as were asked for, and near.
static void test_shades(void)
{
    static const int counts[] = {2, 16, 64, 65, 128, 200, 255};
    const kal_extent e = extent_of(256, 20, 3, KAL_U8), gray = extent_of(256, 20, 1, KAL_U8);
    kal_scope *s = kal_scope_new();
    unsigned char *p = malloc(bytes_of(&e)), *g = malloc(bytes_of(&gray));
    for (int i = 0; i < 256 * 20; i++) {
        const int v = i % 256;
        p[3 * i] = (unsigned char)v, p[3 * i + 1] = (unsigned char)(v / 2), p[3 * i + 2] = 40;
        g[i] = (unsigned char)v;
    }
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        for (int is_gray = 0; is_gray < 2; is_gray++) {
            char params[40];
            kal_extent x;
            snprintf(params, sizeof params, "colours=%d", counts[i]);
            kal_bytes b = encoded(is_gray ? node_of(s, &gray, g) : node_of(s, &e, p), "png", params);
            REQUIRE_NOTE(colours_in(&b) == counts[i], "%d of %d", colours_in(&b), counts[i]);
            unsigned char *got = decoded(b.data, b.size, NULL, &x);
            int far = 0;
            for (int k = 0; k < 256 * 20; k++) {
                const int d = abs(got[3 * k] - k % 256);
                if (d > far) far = d;
            }
            REQUIRE_NOTE(far <= 256 / counts[i] + 1, "%s: wrong by %d", params, far);
            free(got);
            kal_bytes_free(&b);
        }
    free(p), free(g);
    kal_scope_free(&s);
}

static void test_one_too_many(void)
{
    for (int channels = 2; channels <= 4; channels++) {
        const kal_extent e = extent_of(61, 53, channels, KAL_U8);
        unsigned char *p = malloc(bytes_of(&e));
        rng r = {(uint64_t)channels};
        draw(&r, &e, p, 257);
        const off o = many(&e, p, "colours=256");
        REQUIRE_NOTE(o.colours > 128 && o.colours <= 256 && o.kinds && o.squares < 30, "%d, %g", o.colours,
                     o.squares);
        free(p);
    }
}

// Of colours that nobody sees there may be any number: what is seen stays.
static void test_unseen(void)
{
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(97, 40, 4, KAL_U8);
    unsigned char *p = malloc(bytes_of(&e));
    rng r = {5};
    rng_pixels(&r, &e, p);
    for (size_t i = 0; i < 97 * 40; i++) {
        unsigned char *at = p + 4 * i;
        if (i % 3 == 0) at[3] = 0;
        if (i % 3) at[0] = 1, at[1] = 2, at[2] = (unsigned char)(i % 7), at[3] = (unsigned char)(250 + i % 6);
    }
    kal_bytes b = encoded(node_of(s, &e, p), "png", "colours=29");   // 7 × 4, and one
    for (size_t i = 0; i < 97 * 40; i += 3) memset(p + 4 * i, 0, 4);
    require_picture(b.data, b.size, NULL, &e, p, "what is seen");
    REQUIRE_NOTE(colours_in(&b) == 29 && b.data[24] == 8, "%d", colours_in(&b));
    kal_bytes_free(&b);
    free(p);
    kal_scope_free(&s);
}

// ---- the same bytes -----------------------------------------------------------------------------

// From memory and through ops, by any number of threads, with little memory.
static void test_same(void)
{
    static const char *const params[] = {"colours=256", "colours=16 dither=true", "colours=255 filter=paeth"};
    for (int channels = 1; channels <= 4; channels++) {
        const kal_extent e = extent_of(1031, 777, channels, KAL_U8);
        unsigned char *p = waves(&e);
        kal_scope *s = kal_scope_new();
        kal_node *still = node_of(s, &e, p), *moved = kal_apply_text(s, "flip", "horizontal", &still, 1);
        moved = kal_apply_text(s, "flip", "horizontal", &moved, 1);
        kal_bytes first = encoded(still, "png", params[channels % 3]);
        for (int i = 0; i < 6; i++) {
            static const int32_t threads[] = {1, 2, 7};
            const kal_options o = {.threads = threads[i % 3],
                                   .memo_mode = KAL_MEMO_NEVER,
                                   .max_memory = i == 4 ? (size_t)48 << 20 : 0};
            kal_bytes b = {0};
            REQUIRE_OK(kal_read_bytes(kal_encode(s, i < 3 ? still : moved, "png", params[channels % 3]), &o,
                                      &b, &check_error));
            REQUIRE_NOTE(b.size == first.size && !memcmp(b.data, first.data, b.size), "%d channels, %d",
                         channels, i);
            kal_bytes_free(&b);
        }
        kal_bytes_free(&first);
        free(p);
        kal_scope_free(&s);
    }
}

// ---- filters ------------------------------------------------------------------------------------

static void filtered(rng *r, const kal_extent *e, const char *filter, const char *more)
{
    kal_scope *s = kal_scope_new();
    unsigned char *p = malloc(bytes_of(e));
    char params[100];
    draw(r, e, p, e->width * e->height < 200 ? 1 : 200);
    snprintf(params, sizeof params, "filter=%s %s", filter, more);
    kal_node *n = kal_encode(s, node_of(s, e, p), "png", params);
    kal_bytes b = {0}, again = {0};
    REQUIRE_OK(
        kal_read_bytes(n, &(kal_options){.threads = 1, .memo_mode = KAL_MEMO_NEVER}, &b, &check_error));
    REQUIRE_OK(
        kal_read_bytes(n, &(kal_options){.threads = 5, .memo_mode = KAL_MEMO_NEVER}, &again, &check_error));
    REQUIRE_NOTE(b.size == again.size && !memcmp(b.data, again.data, b.size), "%s", params);
    unsigned char *all = rgba_of(e, p), *theirs = by_libpng(&b, e->width, e->height);
    REQUIRE_NOTE(!memcmp(all, theirs, (size_t)e->width * (size_t)e->height * 4), EXTENT_FORMAT " %s",
                 EXTENT_ARGS(e), params);
    kal_bytes_free(&b), kal_bytes_free(&again);
    free(p), free(all), free(theirs);
    kal_scope_free(&s);
}

// The filters of rows, as bits.
static unsigned filters_in(const kal_bytes *b, const kal_extent *e, size_t row)
{
    uint32_t n;
    unsigned bits = 0;
    uLongf size = (uLongf)((row + 1) * (size_t)e->height);
    unsigned char *raw = malloc(size);
    const unsigned char *data = chunk_of(b, "IDAT", &n);
    REQUIRE(data && uncompress(raw, &size, data, n) == Z_OK && size == (row + 1) * (size_t)e->height);
    for (size_t y = 0; y < (size_t)e->height; y++) bits |= 1u << raw[y * (row + 1)];
    free(raw);
    return bits;
}

static void test_filters(void)
{
    static const char *const names[] = {"auto", "none", "sub", "up", "average", "paeth"};
    static const int32_t sizes[][2] = {{1, 1}, {400, 300}, {150000, 3}, {33, 7001}};
    static const char *const more[] = {"", "colours=256", "compression=0", "colours=200 compression=0"};
    rng r = {8};
    for (int f = 0; f < 6; f++)
        for (int i = 0; i < 4; i++)
            for (int k = 0; k < 4; k++) {
                const kal_extent e = extent_of(sizes[i][0], sizes[i][1], 1 + (f + i + k) % 4, KAL_U8);
                filtered(&r, &e, names[f], more[k]);
            }
    const kal_extent e = extent_of(90, 60, 3, KAL_U8);
    unsigned char *p = waves(&e);
    kal_scope *s = kal_scope_new();
    for (int f = 0; f < 6; f++)
        for (int colours = 0; colours <= 256; colours += 256) {
            char params[60];
            snprintf(params, sizeof params, "filter=%s colours=%d", names[f], colours);
            kal_bytes b = encoded(node_of(s, &e, p), "png", params);
            const unsigned bits = filters_in(&b, &e, colours ? 90 : 270);
            REQUIRE_NOTE(f         ? bits == 1u << (f - 1)
                         : colours ? bits == 1
                                   : bits & ~1u,
                         "%s: %x", params, bits);
            kal_bytes_free(&b);
        }
    free(p);
    kal_scope_free(&s);
}

// Pages of an animation each by their own.
static void test_film(void)
{
    kal_scope *s = kal_scope_new();
    rng r = {5};
    const kal_extent e = extent_of(60, 50, 3, KAL_U8);
    unsigned char *p = malloc(bytes_of(&e));
    rng_pixels(&r, &e, p);
    const char *path = check_temp("film.png");
    kal_album *album;
    REQUIRE_OK(kal_album_create(path, "png", &album, &check_error));
    REQUIRE_OK(kal_album_add(album, node_of(s, &e, p), "filter=up", NULL, &check_error));
    for (int i = 300; i < 3000; i++) p[i] ^= 7;   // a part is packed anew
    REQUIRE_OK(kal_album_add(album, node_of(s, &e, p), "filter=paeth", NULL, &check_error));
    REQUIRE_FAILS(KAL_INVALID, kal_album_add(album, node_of(s, &e, p), "colours=256", NULL, &check_error));
    REQUIRE_NOTE(strstr(check_error.message, "colours=0"), "%s", check_error.message);
    kal_album_abort(&album);
    REQUIRE_OK(kal_album_create(path, "png", &album, &check_error));
    REQUIRE_FAILS(KAL_INVALID, kal_album_add(album, node_of(s, &e, p), "colours=2", NULL, &check_error));
    REQUIRE_NOTE(strstr(check_error.message, "animation"), "%s", check_error.message);
    kal_album_abort(&album);
    REQUIRE_OK(kal_album_create(path, "png", &album, &check_error));
    REQUIRE_OK(kal_album_add(album, node_of(s, &e, p), "filter=average", NULL, &check_error));
    for (int i = 300; i < 3000; i++) p[i] ^= 7;
    REQUIRE_OK(kal_album_add(album, node_of(s, &e, p), "filter=paeth", NULL, &check_error));
    REQUIRE_OK(kal_album_finish(&album, NULL, &check_error));
    kal_bytes b = get_file(path);
    require_picture(b.data, b.size, "page=1", &e, p, "the second page");
    bytes_free(&b);
    free(p);
    kal_scope_free(&s);
}

// ---- what goes along, what does not -------------------------------------------------------------

static void test_metadata(void)
{
    static const char xmp[] = "<x:xmpmeta xmlns:x='adobe:ns:meta/'>of a picture, \xc3\xbc</x:xmpmeta>";
    kal_scope *s = kal_scope_new();
    rng r = {3};
    const kal_extent e = extent_of(20, 10, 3, KAL_U8);
    kal_bytes jpeg = encoded(rng_image(&r, s, &e), "jpeg", NULL), full = bytes_copy(jpeg.data, jpeg.size);
    kal_bytes icc = make_icc(), exif = make_exif(1, true);
    add_to_jpeg(&full, &exif, &icc, xmp);
    kal_node *n = kal_load_bytes(s, full.data, full.size, NULL);
    kal_bytes with = encoded(n, "png", "colours=256"), without = encoded(n, "png", "colours=256 strip=true");
    uint32_t length;   // the order that is asked for
    REQUIRE(chunk_of(&with, "iCCP", &length) < chunk_of(&with, "PLTE", &length) &&
            chunk_of(&with, "PLTE", &length) < chunk_of(&with, "IDAT", &length));
    n = kal_load_bytes(s, with.data, with.size, NULL);
    require_meta(n, "icc", icc.data, icc.size, "png");
    require_meta(n, "xmp", xmp, sizeof xmp - 1, "png");
    require_meta(n, "exif", exif.data, exif.size, "png");
    REQUIRE(without.size < with.size - sizeof xmp - exif.size);
    kal_bytes_free(&with), kal_bytes_free(&without), kal_bytes_free(&jpeg), bytes_free(&full),
        bytes_free(&icc), bytes_free(&exif);
    kal_scope_free(&s);
}

static void test_refused(void)
{
    kal_scope *s = kal_scope_new();
    static const struct {
        const char *what, *params;
        kal_extent e;
    } cases[] = {{"cast type=u8", "colours=16", {4, 4, 3, KAL_U16, KAL_RGB, false}},
                 {"cast type=u8", "colours=16", {4, 4, 4, KAL_F32, KAL_RGB, true}},
                 {"band_extract", "colours=16", {4, 4, 3, KAL_U8, KAL_DATA, false}},
                 {"band_extract", "colours=16", {4, 4, 5, KAL_U8, KAL_DATA, false}},
                 {"colours", "colours=257", {4, 4, 3, KAL_U8, KAL_RGB, false}},
                 {"colours=N", "dither=true", {4, 4, 3, KAL_U8, KAL_RGB, false}},
                 {"filter", "filter=best", {4, 4, 3, KAL_U8, KAL_RGB, false}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        void *p = calloc(1, bytes_of(&cases[i].e));
        REQUIRE_FAILS(
            KAL_INVALID,
            kal_node_error(kal_encode(s, node_of(s, &cases[i].e, p), "png", cases[i].params), &check_error));
        REQUIRE_NOTE(strstr(check_error.message, cases[i].what), "%s", check_error.message);
        free(p);
    }
    kal_scope_free(&s);
}

// The whole picture is held, and told of.
static void test_memory(void)
{
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(1500, 1000, 4, KAL_U8);
    unsigned char *p = waves(&e);
    kal_node *still = node_of(s, &e, p);
    kal_stats stats = {0};
    kal_bytes b = {0};
    kal_options o = {.threads = 2, .memo_mode = KAL_MEMO_NEVER, .stats = &stats};
    kal_node *n = kal_encode(s, still, "png", "colours=64");
    REQUIRE_OK(kal_read_bytes(n, &o, &b, &check_error));
    REQUIRE_NOTE(stats.planned_bytes > bytes_of(&e) + (1 << 20), "%llu planned",
                 (unsigned long long)stats.planned_bytes);
    kal_bytes_free(&b);
    o.max_memory = bytes_of(&e);
    REQUIRE(kal_read_bytes(n, &o, &b, &check_error) != KAL_OK);
    kal_bytes_free(&b);
    free(p);
    kal_scope_free(&s);
}

int main(void)
{
    static const int counts[] = {1, 2, 3, 4, 5, 16, 17, 255, 256};
    uint64_t seed = 1;
    for (int channels = 1; channels <= 4; channels++)
        for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
            exact(counts[i], 1, channels, counts[i], counts[i], seed++);
            exact(61, 53, channels, counts[i], 256, seed++);
            exact(1, counts[i] + 3, channels, counts[i], counts[i], seed++);
            exact(9, 120, channels, counts[i], counts[i], seed++);
        }
    exact(300001, 2, 4, 200, 256, 6);
    exact(2100, 700, 3, 256, 256, 6);   // several pieces
    test_many();
    test_shades();
    test_one_too_many();
    test_unseen();
    test_same();
    test_filters();
    test_film();
    test_metadata();
    test_refused();
    test_memory();
    kal_memo_clear(NULL);
    return check_done();
}
