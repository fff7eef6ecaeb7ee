// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// JPEG 2000: what is written comes back, all of it or as near as it should be; a part, at any size, is that part of the whole bit for bit,
// whatever the tiles; boxes by hand; metadata; files that are none. `io.jp2 [seed]`.
#include "files.h"

#include <math.h>

static void round_trips(rng *r)
{
    static const kal_extent kinds[] = {
        {61, 47, 1, KAL_U8, KAL_GRAY, false},  {61, 47, 2, KAL_U8, KAL_GRAY, true},
        {61, 47, 3, KAL_U8, KAL_RGB, false},   {61, 47, 4, KAL_U8, KAL_RGB, true},
        {33, 20, 1, KAL_U16, KAL_GRAY, false}, {33, 20, 4, KAL_U16, KAL_RGB, true},
        {33, 20, 7, KAL_U16, KAL_DATA, false}, {1, 1, 3, KAL_U8, KAL_RGB, false},
        {1, 300, 3, KAL_U8, KAL_RGB, false},   {300, 1, 1, KAL_U16, KAL_GRAY, false},
        {2, 3, 4, KAL_U8, KAL_RGB, true}};
    static const char *const ways[] = {"lossless=true", "lossless=true form=j2k", "lossless=true tile=16",
                                       "lossless=true tile=17 form=jpc"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (size_t w = 0; w < sizeof ways / sizeof *ways; w++)
            require_round_trip(&kinds[i], "jp2", ways[w], 0, r);
}

static void lossy(void)
{
    const kal_extent e = extent_of(200, 150, 3, KAL_U8);
    unsigned char *p = malloc(bytes_of(&e));
    rough_pixels(&e, p);
    size_t last = SIZE_MAX;
    for (int quality = 100; quality >= 0; quality -= 20) {
        char params[32];
        snprintf(params, sizeof params, "quality=%d", quality);
        kal_scope *s = kal_scope_new();
        kal_bytes b = encoded(node_of(s, &e, p), "jp2", params);
        unsigned char *q = decoded(b.data, b.size, NULL, NULL);
        double sum = 0;
        for (size_t i = 0; q && i < bytes_of(&e); i++) sum += (p[i] - q[i]) * (p[i] - q[i]);
        const double noise = 10 * log10(255.0 * 255 * (double)bytes_of(&e) / (sum + 1e-9)),
                     want = 20 + 0.35 * quality;
        REQUIRE_NOTE(q && noise > fmin(want, 48) - 2 && noise < want + 8, "quality %d: %.1f dB, %.1f wanted",
                     quality, noise, want);
        REQUIRE_NOTE(b.size <= last, "quality %d: %zu bytes", quality, b.size);
        last = b.size;
        free(q);
        kal_bytes_free(&b);
        kal_scope_free(&s);
    }
    free(p);
}

// ---- parts --------------------------------------------------------------------------------------

static void parts_of(rng *r, const kal_node *node, const char *what)
{
    kal_extent e;
    const kal_options o = {.memo_mode = KAL_MEMO_NEVER, .threads = 1};
    unsigned char *whole = read_all(node, &o, &e);
    if (!REQUIRE_NOTE(whole, "%s: %s", what, check_error.message)) return;
    const size_t pixel = kal_pixel_size(&e);
    for (int i = 0; i < 12; i++) {
        kal_rect q;
        q.x0 = rng_below(r, e.width), q.y0 = rng_below(r, e.height);
        q.x1 = q.x0 + 1 + rng_below(r, e.width - q.x0), q.y1 = q.y0 + 1 + rng_below(r, e.height - q.y0);
        if (!rng_below(r, 3)) q.x0 = 0, q.x1 = e.width;
        if (!rng_below(r, 4)) q.y1 = e.height;
        const size_t row = (size_t)(q.x1 - q.x0) * pixel;
        unsigned char *got = malloc(row * (size_t)(q.y1 - q.y0));
        const kal_options part = {.memo_mode = i % 2 ? KAL_MEMO_ALWAYS : KAL_MEMO_NEVER,
                                  .threads = 1 + i % 3};
        bool same = REQUIRE_OK(kal_read(node, q, got, (ptrdiff_t)row, &part, &check_error));
        for (int32_t y = q.y0; y < q.y1 && same; y++)
            same = !memcmp(got + (size_t)(y - q.y0) * row,
                           whole + ((size_t)y * (size_t)e.width + (size_t)q.x0) * pixel, row);
        REQUIRE_NOTE(same, "%s: part %d,%d..%d,%d of %d×%d differs", what, q.x0, q.y0, q.x1, q.y1, e.width,
                     e.height);
        free(got);
    }
    kal_memo_clear(NULL);
    free(whole);
}

static void parts(rng *r)
{
    static const char *const ways[] = {"lossless=true", "quality=60", "quality=60 tile=64",
                                       "lossless=true tile=50", "quality=70 tile=300 form=j2k"};
    static const int32_t sizes[][2] = {{200, 700}, {400, 90}, {65, 1300}};
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++)
        for (size_t i = 0; i < 3; i++) {
            kal_scope *s = kal_scope_new();
            const kal_extent e =
                extent_of(sizes[i][0], sizes[i][1], i == 1 ? 4 : 3, i == 1 ? KAL_U16 : KAL_U8);
            kal_bytes b = encoded(rng_image(r, s, &e), "jp2", ways[w]);
            put_file(check_temp("a.jp2"), b.data, b.size);
            for (int by = 1; by <= 8; by *= 2) {
                char params[32], what[120];
                kal_extent got = {0};
                snprintf(params, sizeof params, "shrink=%d", by);
                snprintf(what, sizeof what, "%d×%d %s at 1/%d", e.width, e.height, ways[w], by);
                kal_node *n = by % 3 == 1 ? kal_load(s, check_temp("a.jp2"), params)
                                          : kal_load_bytes(s, b.data, b.size, params);
                if (!REQUIRE_OK(kal_node_extent(n, &got, &check_error))) continue;
                REQUIRE_NOTE(got.width == (e.width + by - 1) / by && got.height == (e.height + by - 1) / by,
                             "%s: %d×%d", what, got.width, got.height);
                parts_of(r, n, what);
            }
            REQUIRE_FAILS(KAL_INVALID,
                          kal_node_error(kal_load_bytes(s, b.data, b.size, "shrink=64"), &check_error));
            kal_bytes_free(&b);
            kal_scope_free(&s);
        }
}

// ---- boxes by hand ------------------------------------------------------------------------------

static kal_bytes box(const char *type, const void *data, size_t n)
{
    unsigned char head[8];
    put_be(head, (uint32_t)n + 8, 4);
    memcpy(head + 4, type, 4);
    return bytes_join(bytes_copy(head, 8), data, n);
}

// A file of inner boxes (freed) and a codestream; the last box says its length or that it is the last.
static kal_bytes jp2_of(kal_bytes inner, const kal_bytes *stream, bool open)
{
    kal_bytes b = bytes_copy("\0\0\0\14jP  \r\n\x87\n\0\0\0\x14"
                             "ftypjp2 \0\0\0\0jp2 ",
                             32);
    kal_bytes header = box("jp2h", inner.data, inner.size), code = box("jp2c", stream->data, stream->size);
    if (open) put_be(code.data, 0, 4);
    b = bytes_join(bytes_join(b, header.data, header.size), code.data, code.size);
    bytes_free(&inner), bytes_free(&header), bytes_free(&code);
    return b;
}

static kal_bytes joined(kal_bytes a, kal_bytes b)
{
    a = bytes_join(a, b.data, b.size);
    bytes_free(&b);
    return a;
}

static void by_hand(rng *r)
{
    const kal_extent gray = extent_of(9, 7, 1, KAL_U8), rgba = extent_of(9, 7, 4, KAL_U8),
                     rgb = extent_of(9, 7, 3, KAL_U8);
    unsigned char indices[63], pixels[63 * 4], want[63 * 4];
    kal_scope *s = kal_scope_new();
    for (int i = 0; i < 63; i++) indices[i] = (unsigned char)rng_below(r, 6);
    kal_bytes one = encoded(node_of(s, &gray, indices), "jp2", "lossless=true form=j2k");
    // five entries of three columns: of 8 bits, of 4, and of 1; what lies behind the last is the last
    static const unsigned char palette[] = {0, 5,  3, 7, 3,  0, 1, 0,   1, 200, 15,
                                            0, 30, 7, 1, 40, 3, 0, 255, 1, 1},
                               columns[] = {0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 1, 2},
                               srgb[] = {1, 0, 0, 0, 0, 0, 16};
    for (int i = 0; i < 63; i++) {
        const unsigned char *row = palette + 6 + 3 * (indices[i] < 5 ? indices[i] : 4);
        want[3 * i] = row[0], want[3 * i + 1] = (unsigned char)(row[1] * 17),
                 want[3 * i + 2] = row[2] ? 255 : 0;
    }
    kal_bytes inner =
        joined(joined(box("pclr", palette, sizeof palette), box("cmap", columns, sizeof columns)),
               box("colr", srgb, sizeof srgb));
    kal_bytes b = jp2_of(inner, &one, true);
    require_picture(b.data, b.size, NULL, &rgb, want, "a palette");
    bytes_free(&b);
    kal_bytes_free(&one);
    // alpha first, then blue, green, red; and colours multiplied by alpha
    rng_pixels(r, &rgba, pixels);
    kal_bytes four = encoded(node_of(s, &rgba, pixels), "jp2", "lossless=true form=j2k");
    static const unsigned char turned[] = {0, 4, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0,
                                           3, 0, 2, 0, 0, 0, 2, 0, 3, 0, 0, 0, 1};
    b = jp2_of(box("cdef", turned, sizeof turned), &four, false);
    for (int i = 0; i < 63; i++)
        for (int c = 0; c < 4; c++) want[4 * i + c] = pixels[4 * i + (c == 3 ? 0 : 3 - c)];
    require_picture(b.data, b.size, NULL, &rgba, want, "channels in another order");
    bytes_free(&b);
    unsigned char multiplied[26];
    memcpy(multiplied, turned, sizeof turned);
    multiplied[5] = 2;
    b = jp2_of(box("cdef", multiplied, sizeof multiplied), &four, true);
    for (int i = 0; i < 63; i++)
        for (int c = 0; c < 3; c++) {
            const int a = want[4 * i + 3],
                      v = a ? (2 * want[4 * i + c] * 255 + a) / (2 * a) : want[4 * i + c];
            want[4 * i + c] = (unsigned char)(v > 255 ? 255 : v);
        }
    require_picture(b.data, b.size, NULL, &rgba, want, "colours times alpha");
    bytes_free(&b);
    static const struct {
        const char *type, *data;
        size_t n;
        kal_status status;
        const char *says;
    } wrong[] = {{"colr", "\1\0\0\0\0\0\14", 7, KAL_UNSUPPORTED, "CMYK"},
                 {"colr", "\1\0\0\0\0\0\22", 7, KAL_UNSUPPORTED, "sYCC"},
                 {"pclr", "\0\1\3\7\7\7\1\2\3", 9, KAL_UNSUPPORTED, "several components"},
                 {"pclr", "\0\2\3\7\7\7\1\2\3", 9, KAL_CORRUPT, "cut off"},
                 {"pclr", "\0\0\3\7\7\7\1\2\3", 9, KAL_UNSUPPORTED, "palette"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        b = jp2_of(box(wrong[i].type, wrong[i].data, wrong[i].n), &four, false);
        void *p = decoded(b.data, b.size, NULL, NULL);
        REQUIRE_NOTE(!p && check_error.status == wrong[i].status &&
                         strstr(check_error.message, wrong[i].says),
                     "%s: %s", wrong[i].says, check_error.message);
        free(p);
        bytes_free(&b);
    }
    kal_bytes_free(&four);
    kal_scope_free(&s);
}

// ---- metadata -----------------------------------------------------------------------------------

static void metadata(rng *r)
{
    const kal_extent e = extent_of(9, 5, 3, KAL_U8);
    kal_scope *s = kal_scope_new();
    kal_bytes exif = make_exif(6, true), icc = make_icc(), jpeg = encoded(rng_image(r, s, &e), "jpeg", NULL);
    kal_bytes own = bytes_copy(jpeg.data, jpeg.size);
    kal_bytes_free(&jpeg);
    add_to_jpeg(&own, &exif, &icc, XMP_TEXT);
    kal_node *with = kal_load_bytes(s, own.data, own.size, "upright=false");
    kal_bytes full = encoded(with, "jp2", "lossless=true"),
              bare = encoded(with, "jp2", "lossless=true strip=true");
    kal_node *n = kal_load_bytes(s, full.data, full.size, "upright=false"),
             *none = kal_load_bytes(s, bare.data, bare.size, NULL);
    REQUIRE_OK(kal_node_error(n, &check_error));
    require_meta(n, "exif", exif.data, exif.size, "jp2");
    require_meta(n, "icc", icc.data, icc.size, "jp2");
    require_meta(n, "xmp", XMP_TEXT, strlen(XMP_TEXT), "jp2");
    require_meta(none, "exif", NULL, 0, "strip");
    require_meta(none, "icc", NULL, 0, "strip");
    require_meta(none, "xmp", NULL, 0, "strip");
    kal_extent turned;
    REQUIRE_OK(kal_node_extent(kal_load_bytes(s, full.data, full.size, NULL), &turned, &check_error));
    REQUIRE(turned.width == 5 && turned.height == 9);
    kal_bytes_free(&full), kal_bytes_free(&bare);
    bytes_free(&own), bytes_free(&exif), bytes_free(&icc);
    kal_scope_free(&s);
}

static void refusals(rng *r)
{
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(40, 30, 3, KAL_U8), real = extent_of(4, 4, 3, KAL_F32);
    kal_bytes b = encoded(rng_image(r, s, &e), "jp2", "tile=8 form=j2k");
    for (int part = 0; part < 60; part++) {
        const size_t cut = part < 50 ? b.size * (size_t)part / 50 : b.size - (size_t)(60 - part);
        void *p = decoded(b.data, cut, NULL, NULL);
        REQUIRE_NOTE(!p && (cut < 12 || strstr(check_error.message, "jp2: the file ends at byte")),
                     "%zu of %zu: %s", cut, b.size, p ? "a picture" : check_error.message);
        free(p);
    }
    static const struct {
        size_t at;   // SIZ begins at 2
        const char *bytes;
        size_t n;
        kal_status status;
        const char *says;
    } wrong[] = {{8, "\0\0\0\0", 4, KAL_CORRUPT, "lie on its tiles"},
                 {24, "\0\0\0\0", 4, KAL_CORRUPT, "lie on its tiles"},
                 {40, "\0\2", 2, KAL_CORRUPT, "number of components"},
                 {42, "\x25", 1, KAL_UNSUPPORTED, "38 bits"},
                 {43, "\2", 1, KAL_UNSUPPORTED, "lower resolution"},
                 {8, "\0\x7f\xff\xff\0\x7f\xff\xff", 8, KAL_LIMIT, "limit"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        kal_bytes m = bytes_copy(b.data, b.size);
        memcpy(m.data + wrong[i].at, wrong[i].bytes, wrong[i].n);
        void *p = decoded(m.data, m.size, NULL, NULL);
        REQUIRE_NOTE(!p && check_error.status == wrong[i].status &&
                         strstr(check_error.message, wrong[i].says),
                     "%s: %s: %s", wrong[i].says, kal_status_name(check_error.status), check_error.message);
        free(p);
        bytes_free(&m);
    }
    kal_bytes_free(&b);
    REQUIRE_FAILS(KAL_INVALID,
                  kal_node_error(kal_encode(s, rng_image(r, s, &real), "jp2", NULL), &check_error));
    REQUIRE(strstr(check_error.message, "cast type=u16"));
    const kal_extent large = extent_of(1000, 1000, 1, KAL_U8);
    REQUIRE_FAILS(KAL_INVALID,
                  kal_node_error(kal_encode(s, rng_image(r, s, &large), "jp2", "tile=2"), &check_error));
    kal_scope_free(&s);
}

int main(int argc, char **argv)
{
    rng r = {argc > 1 ? strtoull(argv[1], NULL, 0) : 1};
    kal_scope *s = kal_scope_new();
    const kal_extent tiny = extent_of(2, 2, 3, KAL_U8);
    kal_error err;
    const bool here = !kal_node_error(kal_encode(s, rng_image(&r, s, &tiny), "jp2", NULL), &err);
    kal_scope_free(&s);
    if (!here) {
        check_skip("%s", err.message);
        return 77;
    }
    round_trips(&r);
    lossy();
    parts(&r);
    by_hand(&r);
    metadata(&r);
    refusals(&r);
    kal_memo_clear(NULL);
    return check_done();
}
