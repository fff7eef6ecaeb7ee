// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// HEIC and AVIF, as far as the libheif here goes: lossless round trips, lossy ones that stay near, turned
// pictures, limits; the shared pictures bit for bit as heif-convert decodes them, and clear words about those
// that libheif cannot read.
#include "files.h"

static bool has_codec(const char *name)
{
    kal_codec_info info;
    const char *version;
    for (size_t i = 0; kal_codec_at(i, &info, &version); i++)
        if (!strcmp(info.name, name)) return version != NULL;
    return false;
}

static bool has_encoder(const char *name)
{
    const kal_extent e = extent_of(8, 8, 3, KAL_U8);
    unsigned char pixels[192] = {0};
    kal_node *image = node_of(NULL, &e, pixels), *n = kal_encode(NULL, image, name, NULL);
    const kal_status st = kal_node_error(n, &check_error);
    if (st)
        REQUIRE_NOTE(st == KAL_UNSUPPORTED && strstr(check_error.message, "encoder"), "%s",
                     check_error.message);
    kal_node_unref(&n);
    kal_node_unref(&image);
    return !st;
}

// ---- round trips --------------------------------------------------------------------------------

static void test_round_trips(const char *format)
{
    static const int32_t sizes[][2] = {{64, 64}, {65, 33}, {1, 1}, {3, 50}, {200, 117}};
    rng r = {31};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int32_t channels = 1; channels <= 4; channels++) {
            const kal_extent e = extent_of(sizes[s][0], sizes[s][1], channels, KAL_U8);
            require_round_trip(&e, format, "lossless=true", 0, &r);
            if (sizes[s][0] < 60) continue;   // tiny ramps are all edge
            require_round_trip(&e, format, NULL, 4, &r);
            require_round_trip(&e, format, "quality=90 strip=true", 2.5, &r);
        }
}

static void test_refusals(const char *format)
{
    static const struct {
        kal_extent e;
        const char *says;
    } cases[] = {{{2, 2, 3, KAL_U16, KAL_RGB, false}, "cast type=u8"},
                 {{2, 2, 1, KAL_F32, KAL_GRAY, false}, "cast type=u8"},
                 {{2, 2, 5, KAL_U8, KAL_DATA, false}, "band_extract"},
                 {{16385, 1, 1, KAL_U8, KAL_GRAY, false}, "16384"}};
    rng r = {1};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kal_scope *s = kal_scope_new();
        kal_node *n = kal_encode(s, rng_image(&r, s, &cases[i].e), format, NULL);
        REQUIRE_FAILS(KAL_INVALID, kal_node_error(n, &check_error));
        REQUIRE_NOTE(strstr(check_error.message, cases[i].says), "%s", check_error.message);
        kal_scope_free(&s);
    }
}

// ---- orientation and limits ---------------------------------------------------------------------

// A turned photograph that was loaded as it lies: saved, it says how to turn it, and comes back upright with
// a tag of 1.
static void test_orientations(const char *format)
{
    const kal_extent e = extent_of(80, 48, 3, KAL_U8);
    unsigned char *pixels = malloc(bytes_of(&e));
    smooth_pixels(&e, pixels);
    kal_node *n = node_of(NULL, &e, pixels);
    const kal_bytes png = encoded(n, "png", NULL);
    kal_node_unref(&n);
    for (int o = 1; o <= 8; o++)
        for (int lie = 0; lie < 2; lie++) {
            kal_bytes exif = make_exif(o, true), tagged = bytes_copy(png.data, png.size);
            splice(&tagged, 33, png_chunk("eXIf", exif.data, exif.size));
            n = kal_load_bytes(NULL, tagged.data, tagged.size, lie ? "upright=false" : NULL);
            kal_bytes b = encoded(n, format, "lossless=true");
            kal_node_unref(&n);
            char what[60];
            snprintf(what, sizeof what, "%s, orientation %d%s", format, o, lie ? ", not applied" : "");
            kal_extent turned;
            void *want = upright(o, &e, pixels, &turned);
            require_picture(b.data, b.size, NULL, &turned, want, what);
            n = kal_load_bytes(NULL, b.data, b.size, NULL);
            kal_bytes one = o == 1 || lie ? make_exif(1, true) : upright_exif();
            require_meta(n, "exif", one.data, one.size, what);
            int found;
            bool applied;
            kal_node_orientation(n, &found, &applied);
            REQUIRE_NOTE(found == 1 && !applied, "%s: %d %d", what, found, applied);
            kal_node_unref(&n);
            free(want);
            bytes_free(&b), bytes_free(&exif), bytes_free(&one), bytes_free(&tagged);
        }
    kal_bytes_free(&(kal_bytes){png.data, png.size});
    free(pixels);
}

static void test_limits(const char *format)
{
    const kal_extent e = extent_of(64, 64, 3, KAL_U8);
    unsigned char *pixels = malloc(bytes_of(&e));
    smooth_pixels(&e, pixels);
    kal_node *n = node_of(NULL, &e, pixels);
    kal_bytes b = encoded(n, format, NULL);
    kal_node_unref(&n);
    kal_limits old, tight;
    kal_limits_get(&old);
    tight = old;
    tight.pixels = 64 * 64 - 1;
    kal_limits_set(&tight);
    REQUIRE_NOTE(!decoded(b.data, b.size, NULL, NULL) && check_error.status == KAL_LIMIT, "%s",
                 check_error.message);
    kal_limits_set(&old);
    kal_bytes_free(&b);
    free(pixels);
}

// ---- brands -------------------------------------------------------------------------------------

static void test_brands(void)
{
    static const struct {
        const char *head;
        const char *codec;
    } cases[] = {{"\0\0\0\x18"
                  "ftypheic\0\0\0\0mif1heic",
                  "heif:"},
                 {"\0\0\0\x18"
                  "ftypmif1\0\0\0\0mif1heic",
                  "heif:"},
                 {"\0\0\0\x18"
                  "ftypavif\0\0\0\0mif1heic",
                  "avif or heif:"},
                 {"\0\0\0\x18"
                  "ftypmif1\0\0\0\0miafavif",
                  "heif:"},
                 {"\0\0\0\x18"
                  "ftypisom\0\0\0\0mp42mp41",
                  "known format"},
                 {"\0\0\0\x18"
                  "ftypmif3avif\0\0\0\0\0\0\0\0",
                  "mini"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kal_node *n = kal_load_bytes(NULL, cases[i].head, 24, NULL);
        REQUIRE(kal_node_error(n, &check_error) != KAL_OK);
        const char *says = strstr(cases[i].codec, "heif:") ? "heif:" : cases[i].codec;
        REQUIRE_NOTE(strstr(check_error.message, says), "%.8s: %s", cases[i].head + 4, check_error.message);
        kal_node_unref(&n);
    }
}

// ---- the shared pictures ------------------------------------------------------------------------

static bool is_strange(const char *path)
{
    return strstr(path, "_mini") || strstr(path, "osm_tile") || strstr(path, "uncompressed");
}

static void compare(const char *path)
{
    kal_extent e, want_e;
    kal_node *n = kal_load(NULL, path, NULL);
    void *p = read_all(n, NULL, &e);
    kal_node_unref(&n);
    if (!p && is_strange(path)) {   // newer versions read them
        REQUIRE_NOTE(check_error.status == KAL_UNSUPPORTED && strstr(check_error.message, path) &&
                         strstr(check_error.message, "libheif"),
                     "%s: %s", path, check_error.message);
        check_skip("%s", check_error.message);
        return;
    }
    if (!REQUIRE_NOTE(p != NULL, "%s: %s", path, check_error.message)) return;
    char command[3000];
    char png[256], first[256];   // of several pictures, each gets a number, and the primary one comes first
    snprintf(png, sizeof png, "%s", check_temp("converted.png"));
    snprintf(first, sizeof first, "%s", check_temp("converted-1.png"));
    snprintf(command, sizeof command,
             "heif-convert '%s' '%s' >/dev/null 2>&1 && cat '%s' 2>/dev/null || cat '%s' 2>/dev/null", path,
             png, png, first);
    kal_bytes b = output_of(command);
    remove(png);
    remove(first);
    void *want = b.size ? decoded(b.data, b.size, "upright=false", &want_e) : NULL;
    if (!want)
        check_skip("heif-convert says nothing about %s", path);
    else if (REQUIRE_NOTE(extent_equal(&e, &want_e), "%s: " EXTENT_FORMAT " against " EXTENT_FORMAT, path,
                          EXTENT_ARGS(&e), EXTENT_ARGS(&want_e)))
        REQUIRE_NOTE(!memcmp(p, want, bytes_of(&e)), "%s: pixels", path);
    free(want);
    free(p);
    bytes_free(&b);
}

int main(void)
{
    static const char *const formats[] = {"heif", "avif"};
    for (int i = 0; i < 2; i++) {
        if (!has_codec(formats[i])) {
            check_skip("there is no libheif for %s", formats[i]);
            return check_done();
        }
        if (!has_encoder(formats[i])) {
            check_skip("no encoder for %s: %s", formats[i], check_error.message);
            continue;
        }
        test_round_trips(formats[i]);
        test_refusals(formats[i]);
        test_orientations(formats[i]);
        test_limits(formats[i]);
    }
    test_brands();
    if (has_program("heif-convert"))
        each_shared("|heic|heif|avif|", compare);
    else
        check_skip("heif-convert is not installed");
    kal_memo_clear(NULL);
    return check_done();
}
