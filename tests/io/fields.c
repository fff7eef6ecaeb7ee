// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Metadata as typed fields: what blocks made by hand say, in either byte order; what damage and lack of memory do (nothing worse than fewer
// fields); and what is left of a block after ops.
#include "exifs.h"

#include <math.h>

static kal_bytes icc_block(bool version4)
{
    unsigned char p[256] = {0};
    put_be(p, sizeof p, 4);
    p[8] = version4 ? 4 : 2;
    p[9] = 0x30;
    memcpy(p + 12, "mntrRGB XYZ ", 12);
    put_be(p + 128, 1, 4);
    memcpy(p + 132, "desc", 4);
    put_be(p + 136, 144, 4);
    put_be(p + 140, 100, 4);
    memcpy(p + 144, version4 ? "mluc" : "desc", 4);
    if (version4) {
        put_be(p + 152, 2, 4);
        put_be(p + 156, 12, 4);
        memcpy(p + 160, "deDE", 4);
        put_be(p + 164, 4, 4), put_be(p + 168, 40, 4);
        memcpy(p + 172, "enUS", 4);
        put_be(p + 176, 6, 4), put_be(p + 180, 44, 4);
        memcpy(p + 184, "\0J\0a\0Y\0e\0s", 10);
    } else {
        put_be(p + 152, 5, 4);
        memcpy(p + 156, "Mine\0", 5);
    }
    return bytes_copy(p, sizeof p);
}

// ---- what they say ------------------------------------------------------------------------------

static void require_field(const kal__meta *m, const char *name, const char *text, size_t count,
                          const double *numbers)
{
    kal_field f;
    if (!REQUIRE_NOTE(kal__meta_field(m, name, &f), "%s is not there", name)) return;
    REQUIRE_NOTE(!strcmp(f.name, name) && !strcmp(f.text, text), "%s: \"%s\" for \"%s\"", name, f.text, text);
    REQUIRE_NOTE(f.count == count, "%s: %zu for %zu", name, f.count, count);
    REQUIRE(f.kind == (numbers ? KAL_FIELD_NUMBERS : count ? KAL_FIELD_TEXT : KAL_FIELD_BYTES));
    for (size_t i = 0; numbers && i < count && i < f.count; i++)
        REQUIRE_NOTE(f.numbers[i] == numbers[i], "%s: %g for %g", name, f.numbers[i], numbers[i]);
}

static void test_exif(void)
{
    for (int big = 0; big < 2; big++) {
        block b;
        make_block(&b, camera, CAMERA, big);
        kal__meta m = nothing;
        kal_field f;
        m.exif = blob_of(b.p, b.n);
        require_field(&m, "exif.Make", "Canon", 1, NULL);
        require_field(&m, "exif.Artist", "R\xc3\xa9m", 1, NULL);
        require_field(&m, "exif.XPTitle", "Hi\xe2\x82\xac", 1, NULL);
        require_field(&m, "exif.Orientation", "6", 1, (double[]){6});
        require_field(&m, "exif.ExposureTime", "1/125", 1, (double[]){1.0 / 125});
        require_field(&m, "exif.ExposureBiasValue", "-2/3", 1, (double[]){-2.0 / 3});
        require_field(&m, "exif.SubjectDistance", "1/0", 1, (double[]){(double)INFINITY});
        require_field(&m, "exif.SubjectArea", "10, 20, 30, 40", 4, (double[]){10, 20, 30, 40});
        require_field(&m, "exif.LensSpecification", "24, 70", 2, (double[]){24, 70});
        require_field(&m, "exif.ExifVersion", "0230", 1, NULL);
        require_field(&m, "exif.UserComment", "hello", 1, NULL);
        require_field(&m, "exif.0xfedc", "7", 1, (double[]){7});
        require_field(&m, "exif.PrintImageMatching", "200 bytes", 0, NULL);
        require_field(&m, "exif.GPSLatitude", "33, 51, 3150/100", 3, (double[]){33, 51, 31.5});
        require_field(&m, "gps.altitude", "-12.5", 1, (double[]){-12.5});
        require_field(&m, "gps.longitude", "151.21", 1, (double[]){151.21});
        REQUIRE(kal__meta_field(&m, "gps.latitude", &f) && fabs(f.numbers[0] + 33.85875) < 1e-12);
        require_field(&m, "preview.Compression", "6", 1, (double[]){6});
        REQUIRE(!kal__meta_field(&m, "exif.ExifIFDPointer", &f) && !kal__meta_field(&m, "exif.Model", &f));
        size_t n = 0;
        while (kal__meta_field_at(&m, n, &f)) n++;
        REQUIRE_NOTE(n == CAMERA - 2 + 3, "%zu fields", n);
        kal__meta_take_exif(&m);
        REQUIRE(m.orientation == 6 && m.density[0] == 300 / 0.0254 && m.density[1] == 150 / 0.0254);
        drop_fields(&m);
    }
}

static void test_iptc_and_icc(void)
{
    kal__meta m = nothing;
    kal_field f;
    m.iptc = blob_of(iptc_block, sizeof iptc_block - 1);
    require_field(&m, "iptc.Keywords", "trees, Stra\xc3\x9f", 2, NULL);
    REQUIRE(kal__meta_field(&m, "iptc.Keywords", &f) && f.many && !strcmp(f.items[0], "trees"));
    require_field(&m, "iptc.City", "Z\xc3\xbcrich", 1, NULL);
    REQUIRE(kal__meta_field(&m, "iptc.City", &f) && !f.many);
    require_field(&m, "iptc.Caption-Abstract", "Here", 1, NULL);
    require_field(&m, "iptc.ApplicationRecordVersion", "4", 1, (double[]){4});
    require_field(&m, "iptc.2:217", "1 bytes", 0, NULL);
    drop_fields(&m);
    for (int four = 0; four < 2; four++) {
        kal_bytes icc = icc_block(four);
        m = nothing;
        m.icc = blob_of(icc.data, icc.size);
        require_field(&m, "icc.description", four ? "Yes" : "Mine", 1, NULL);
        require_field(&m, "icc.space", "RGB", 1, NULL);
        require_field(&m, "icc.version", four ? "4.3" : "2.3", 1, (double[]){four ? 4.3 : 2.3});
        drop_fields(&m);
        bytes_free(&icc);
    }
}

static void test_xmp(void)
{
    kal__meta m = nothing;
    kal_field f;
    if (!kal__xmp_version()) {
        check_skip("libexpat is not here");
        return;
    }
    m.xmp = blob_of(xmp_block, sizeof xmp_block - 1);
    require_field(&m, "xmp.xmp:Rating", "4", 1, NULL);
    require_field(&m, "xmp.xmp:CreatorTool", "A & B", 1, NULL);
    require_field(&m, "xmp.my:thing", "here", 1, NULL);
    require_field(&m, "xmp.xmp:BaseURL", "http://example.org/", 1, NULL);
    require_field(&m, "xmp.dc:title", "Hill", 1, NULL);
    require_field(&m, "xmp.dc:title@de", "H\xc3\xbcgel", 1, NULL);
    require_field(&m, "xmp.dc:subject", "one, two", 2, NULL);
    require_field(&m, "xmp.dc:creator", "me", 1, NULL);
    REQUIRE(kal__meta_field(&m, "xmp.dc:creator", &f) && f.many);
    REQUIRE(!kal__meta_field(&m, "xmp.xmp:Thumbnails", &f) && !kal__meta_field(&m, "xmp.xmp:Info", &f));
    drop_fields(&m);
    static const char bomb[] =
        "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]>"
        "<r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><r:Description xmlns:d="
        "'http://purl.org/dc/elements/1.1/'><d:title>&b;</d:title></r:Description></r:RDF>";
    m.xmp = blob_of(bomb, sizeof bomb - 1);
    REQUIRE(!kal__meta_field_at(&m, 0, &f));
    drop_fields(&m);
}

// ---- damage -------------------------------------------------------------------------------------

// Everything that reads a block is asked about this one, whose bytes end where its memory does.
static void try_all(const unsigned char *p, size_t n)
{
    for (unsigned which = 0; which < 4; which++) {
        kal__meta m = nothing;
        kal__blob *const blobs[] = {&m.exif, &m.iptc, &m.icc, &m.xmp};
        blobs[which]->data = malloc(n + !n);
        memcpy(blobs[which]->data, p, n);
        blobs[which]->size = n;
        kal__fields *f = kal__fields_of(&m);
        REQUIRE(f);
        kal__fields_free(f);
        m.edits = KAL__CHANGED | KAL__MOVED | KAL__SCALED;
        m.applied = true;
        for (int i = 0; i < 2 && !which; i++) {
            kal__blob out;
            m.density[0] = m.density[1] = i * 1000;
            kal__meta_take_exif(&m);
            REQUIRE(kal__exif_to_write(&m, &out) && out.size <= n);
            free(out.data);
        }
        free(blobs[which]->data);
    }
}

static void test_damage(void)
{
    block b[2];
    make_block(&b[0], camera, CAMERA, false);
    make_block(&b[1], camera, CAMERA, true);
    kal_bytes icc = icc_block(true);
    const struct {
        const unsigned char *p;
        size_t n;
    } whole[] = {{b[0].p, b[0].n},
                 {b[1].p, b[1].n},
                 {iptc_block, sizeof iptc_block - 1},
                 {icc.data, icc.size},
                 {(const unsigned char *)xmp_block, sizeof xmp_block - 1}};
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
        for (size_t n = 0; n <= whole[i].n; n += 1 + n / 64) try_all(whole[i].p, n);
        for (uint64_t seed = 1; seed <= 400; seed++) {
            rng r = {seed};
            unsigned char p[4096];
            memcpy(p, whole[i].p, whole[i].n);
            for (int k = rng_below(&r, 8); k >= 0; k--) {
                const size_t at = (size_t)rng_below(&r, (int32_t)whole[i].n);
                p[at] =
                    rng_below(&r, 2) ? (unsigned char)rng_next(&r) : (unsigned char)(rng_below(&r, 2) * 255);
            }
            try_all(p, whole[i].n);
        }
    }
    bytes_free(&icc);
}

// Thousands of entries that all claim the same megabytes must not become gigabytes.
static void test_claims(void)
{
    const size_t n = (size_t)4 << 20;
    unsigned char *p = calloc(n, 1);
    memset(p, 'a', n);
    memcpy(p, "II*\0\x8\0\0\0\xff\xff", 10);
    for (size_t i = 0; i < 65535; i++) {
        const unsigned char e[12] = {
            (unsigned char)i, (unsigned char)(i >> 8), 2, 0, 0, 0, 0x20, 0, 0, 0, 0x10, 0};
        memcpy(p + 10 + 12 * i, e, sizeof e);
    }
    kal__meta m = nothing;
    kal_field f;
    m.exif = blob_of(p, n);
    size_t k = 0, bytes = 0;
    for (; kal__meta_field_at(&m, k, &f); k++) bytes += strlen(f.text);
    REQUIRE_NOTE(k > 1 && k <= 4096 && bytes < (size_t)32 << 20, "%zu fields of %zu bytes", k, bytes);
    drop_fields(&m);
    free(p);
}

static void test_no_memory(void)
{
    block b;
    make_block(&b, camera, CAMERA, true);
    kal__meta m = nothing;
    m.exif = blob_of(b.p, b.n);
    m.iptc = blob_of(iptc_block, sizeof iptc_block - 1);
    m.xmp = blob_of(xmp_block, sizeof xmp_block - 1);
    long nth = 1;
    for (kal__fields *f = NULL; !f && nth < 5000; nth++) {
        kal__fail_alloc(nth, true);
        f = kal__fields_of(&m);
        kal__fail_alloc(0, false);
        kal__fields_free(f);
        if (f) break;
    }
    REQUIRE_NOTE(nth > 5 && nth < 5000, "%ld allocations", nth);
}

// ---- after ops ----------------------------------------------------------------------------------

static bool has(const kal_node *n, const char *name)
{
    kal_field f;
    return kal_node_field(n, name, &f);
}

static double number_of(const kal_node *n, const char *name)
{
    kal_field f;
    return kal_node_field(n, name, &f) && f.kind == KAL_FIELD_NUMBERS ? f.numbers[0] : -1;
}

static kal_node *again(kal_scope *s, kal_node *n, const char *format)
{
    kal_bytes b = encoded(n, format, NULL);
    kal_node *loaded = kal_load_bytes(s, b.data, b.size, "upright=false");
    REQUIRE_OK(kal_node_error(loaded, &check_error));
    kal_bytes_free(&b);
    return loaded;
}

static void test_edits(void)
{
    static const char *const formats[] = {"jpeg", "png", "webp"};
    static const struct {
        const char *op, *params;
        bool moved, scaled;
    } cases[] = {{NULL, NULL, false, false},
                 {"invert", "", false, false},
                 {"crop", "x=0 y=0 width=20 height=20", true, false},
                 {"resize", "width=20 height=10", true, true}};
    kal_scope *s = kal_scope_new();
    kal_bytes photo = photo_of(s, 1);
    for (size_t f = 0; f < 3; f++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            kal_node *n = kal_load_bytes(s, photo.data, photo.size, NULL);
            if (cases[i].op) n = kal_apply_text(s, cases[i].op, cases[i].params, &n, 1);
            if (kal_node_error(kal_encode(s, n, formats[f], NULL), NULL)) continue;
            n = again(s, n, formats[f]);
            REQUIRE(has(n, "exif.Make") && has(n, "exif.UserComment") && has(n, "gps.latitude"));
            REQUIRE(has(n, "preview.Compression") == !cases[i].op);
            REQUIRE(has(n, "exif.PixelXDimension") == !cases[i].moved);
            REQUIRE(has(n, "exif.ImageWidth") == !cases[i].moved);
            REQUIRE(has(n, "exif.SubjectArea") == !cases[i].moved);
            REQUIRE(has(n, "exif.FocalPlaneXResolution") == !cases[i].scaled);
            const double dpi = number_of(n, "exif.XResolution");
            REQUIRE_NOTE(dpi == (cases[i].scaled ? 150 : 300), "%s: %g", formats[f], dpi);
        }
    bytes_free(&photo);
    kal_scope_free(&s);
}

// The tag is always told; saving never turns again; a value that there is none of turns nothing.
static void test_orientation(void)
{
    kal_scope *s = kal_scope_new();
    for (int o = 0; o <= 9; o++) {
        const int known = o >= 1 && o <= 8 ? o : 1;
        kal_bytes photo = photo_of(s, o);
        int found;
        bool applied;
        kal_extent e;
        kal_node *up = kal_load_bytes(s, photo.data, photo.size, NULL);
        kal_node *down = kal_load_bytes(s, photo.data, photo.size, "upright=false");
        kal_node_orientation(up, &found, &applied);
        REQUIRE(found == known && applied == (known != 1) && number_of(up, "exif.Orientation") == o);
        REQUIRE_OK(kal_node_extent(up, &e, &check_error));
        REQUIRE(e.width == (known > 4 ? 20 : 40));
        REQUIRE(number_of(up, "density.x") == (known > 4 ? 150 : 300) / 0.0254);
        kal_node_orientation(down, &found, &applied);
        REQUIRE(found == known && !applied && number_of(down, "density.x") == 300 / 0.0254);
        REQUIRE_OK(kal_node_extent(down, &e, &check_error));
        REQUIRE(e.width == 40);
        kal_node *n = again(s, up, "png");
        kal_node_orientation(n, &found, &applied);
        REQUIRE(found == 1 && number_of(n, "exif.Orientation") == (known == 1 ? o : 1));
        n = again(s, down, "png");
        kal_node_orientation(n, &found, &applied);
        REQUIRE(found == known && number_of(n, "exif.Orientation") == o);
        bytes_free(&photo);
    }
    kal_scope_free(&s);
}

// From format to format, all fields that describe the picture; TIFF, big or not, has them in directories of its own.
static void test_formats(void)
{
    static const struct {
        const char *format, *params;
    } ways[] = {{"jpeg", NULL},
                {"png", NULL},
                {"webp", NULL},
                {"tiff", NULL},
                {"tiff", "bigtiff=true pyramid=true tile=16"}};
    static const char *const names[] = {"exif.Make",
                                        "exif.Artist",
                                        "exif.XPTitle",
                                        "exif.ExposureTime",
                                        "exif.ExposureBiasValue",
                                        "exif.LensSpecification",
                                        "exif.UserComment",
                                        "exif.GPSLatitude",
                                        "gps.latitude",
                                        "gps.altitude",
                                        "exif.0xfedc"};
    enum { WAYS = sizeof ways / sizeof *ways };
    kal_scope *s = kal_scope_new();
    kal_bytes photo = photo_of(s, 6);
    for (int down = 0; down < 2; down++)
        for (int i = 0; i < WAYS * WAYS; i++) {
            const char *to[2] = {ways[i / WAYS].format, ways[i % WAYS].format};
            const char *with[2] = {ways[i / WAYS].params, ways[i % WAYS].params};
            kal_node *first = kal_load_bytes(s, photo.data, photo.size, down ? "upright=false" : NULL),
                     *n = first;
            for (int k = 0; k < 2 && n; k++) {
                if (kal_node_error(kal_encode(s, n, to[k], with[k]), NULL)) {
                    n = NULL;
                    break;
                }
                kal_bytes b = encoded(n, to[k], with[k]);
                n = kal_load_bytes(s, b.data, b.size, "upright=false");
                kal_bytes_free(&b);
            }
            if (!n) continue;
            for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
                kal_field a, b;
                REQUIRE_NOTE(kal_node_field(first, names[k], &a) && kal_node_field(n, names[k], &b) &&
                                 !strcmp(a.text, b.text) && a.kind == b.kind,
                             "%s by %s and %s", names[k], to[0], to[1]);
            }
            int found;
            bool applied;
            kal_node_orientation(n, &found, &applied);
            REQUIRE_NOTE(found == (down ? 6 : 1), "orientation %d by %s and %s", found, to[0], to[1]);
        }
    bytes_free(&photo);
    kal_scope_free(&s);
}

// IPTC in a JPEG lies among Photoshop's resources, in one segment or cut into two.
static void test_photoshop(void)
{
    kal_scope *s = kal_scope_new();
    rng r = {5};
    const kal_extent e = extent_of(40, 20, 3, KAL_U8);
    kal_node *n = rng_image(&r, s, &e);
    kal_bytes jpeg = encoded(n, "jpeg", NULL);
    unsigned char packed[512] = "8BIM\3\355\3abc\0\0\0\3xyz\0"
                                "8BIM\4\4\0\0\0\0\0";
    const size_t head = 18 + 12, size = sizeof iptc_block - 1;
    packed[head - 1] = (unsigned char)size;
    memcpy(packed + head, iptc_block, size);
    for (size_t cut = 0; cut <= head + size; cut += 7) {
        kal_bytes with = bytes_copy(jpeg.data, jpeg.size);
        splice(&with, 2, jpeg_segment(0xed, "Photoshop 3.0", 14, packed + cut, head + size - cut));
        if (cut) splice(&with, 2, jpeg_segment(0xed, "Photoshop 3.0", 14, packed, cut));
        kal_node *loaded = kal_load_bytes(s, with.data, with.size, NULL);
        require_meta(loaded, "iptc", iptc_block, size, "resources");
        REQUIRE(has(loaded, "iptc.Keywords"));
        if (!cut) {
            require_meta(again(s, loaded, "jpeg"), "iptc", iptc_block, size, "written");
            kal_node *tiff = kal_encode(s, loaded, "tiff", NULL);
            if (!kal_node_error(tiff, NULL))
                REQUIRE(has(again(s, again(s, loaded, "tiff"), "jpeg"), "iptc.Keywords"));
            kal_bytes bare = encoded(loaded, "jpeg", "strip=true");
            require_meta(kal_load_bytes(s, bare.data, bare.size, NULL), "iptc", NULL, 0, "stripped");
            kal_bytes_free(&bare);
        }
        bytes_free(&with);
    }
    for (size_t n_bytes = 0; n_bytes < head + size; n_bytes++) {   // cut short: none, and a picture
        kal_bytes with = bytes_copy(jpeg.data, jpeg.size);
        splice(&with, 2, jpeg_segment(0xed, "Photoshop 3.0", 14, packed, n_bytes));
        require_meta(kal_load_bytes(s, with.data, with.size, NULL), "iptc", NULL, 0, "cut");
        bytes_free(&with);
    }
    kal_bytes_free(&jpeg);
    kal_scope_free(&s);
}

int main(void)
{
    test_exif();
    test_iptc_and_icc();
    test_xmp();
    test_damage();
    test_claims();
    test_no_memory();
    test_edits();
    test_orientation();
    test_formats();
    test_photoshop();
    kal_memo_clear(NULL);
    return check_done();
}
