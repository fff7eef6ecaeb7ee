// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// JPEG XL: what is written without loss comes back, with loss it is near and smaller; metadata, turned pixels, colours; pages of an animation
// that libjxl itself writes here; files that are none. `io.jxl [seed]`.
#include "files.h"

#include "library.h"

#include <math.h>

#if defined(__has_include)
#if __has_include(<jxl/encode.h>)
#include <jxl/encode.h>
#include <jxl/version.h>
#define HAS_JXL 1
#endif
#endif

extern const kal__codec kal__codec_jxl;

static void round_trips(rng *r)
{
    static const int32_t sizes[][2] = {{61, 47}, {1, 1}, {1, 300}, {300, 2}};
    static const kal_type types[] = {KAL_U8, KAL_U16, KAL_F32};
    for (size_t i = 0; i < 4; i++)
        for (int32_t channels = 1; channels <= 4; channels++)
            for (int t = 0; t < 3; t++) {
                const kal_extent e = extent_of(sizes[i][0], sizes[i][1], channels, types[t]);
                require_round_trip(&e, "jxl", t == 1 ? "lossless=true effort=3" : "lossless=true effort=1", 0,
                                   r);
            }
}

// libjxl 0.7 codes so few samples in a way of its own, by which floats came back as others and high efforts ended the process.
static void few_samples(rng *r)
{
    static const int32_t sizes[][2] = {{3, 2}, {6, 4}, {4, 8}, {12, 8}, {2, 1}, {9, 9}};
    static const kal_type types[] = {KAL_U8, KAL_U16, KAL_F32};
    static const int efforts[] = {1, 5, 7, 8, 9};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int32_t channels = 1; channels <= 4; channels++)
            for (int t = 0; t < 3; t++)
                for (int k = 0; k < 5; k++) {
                    char params[40];
                    const kal_extent e = extent_of(sizes[i][0], sizes[i][1], channels, types[t]);
                    snprintf(params, sizeof params, "lossless=true effort=%d", efforts[k]);
                    require_round_trip(&e, "jxl", params, 0, r);
                }
}

static void lossy(void)
{
    const kal_extent e = extent_of(200, 150, 3, KAL_U8);
    unsigned char *p = malloc(bytes_of(&e));
    rough_pixels(&e, p);
    size_t last = SIZE_MAX;
    for (int quality = 100; quality >= 0; quality -= 25) {
        char params[32];
        snprintf(params, sizeof params, "quality=%d effort=3", quality);
        kal_scope *s = kal_scope_new();
        kal_bytes b = encoded(node_of(s, &e, p), "jxl", params);
        kal_extent got;
        unsigned char *q = decoded(b.data, b.size, NULL, &got);
        REQUIRE_NOTE(q && extent_equal(&got, &e), "quality %d: %s", quality, check_error.message);
        const double off = q ? mean_difference(p, q, bytes_of(&e)) : 255;
        REQUIRE_NOTE(off < 2 + (100 - quality) * 0.1, "quality %d: off by %.2f", quality, off);
        REQUIRE_NOTE(b.size < last, "quality %d: %zu bytes", quality, b.size);
        last = b.size;
        free(q);
        kal_bytes_free(&b);
        kal_scope_free(&s);
    }
    free(p);
}

// EXIF's orientation does not count in the format: the pixels say theirs, and come upright.
static void metadata(rng *r)
{
    const kal_extent e = extent_of(9, 5, 3, KAL_U8);
    unsigned char *pixels = malloc(bytes_of(&e));
    rng_pixels(r, &e, pixels);
    kal_scope *s = kal_scope_new();
    for (int orientation = 1; orientation <= 8; orientation++) {
        kal_bytes exif = make_exif(orientation, true);
        kal_bytes png = encoded(node_of(s, &e, pixels), "png", NULL), full = bytes_copy(png.data, png.size);
        splice(&full, 33, png_chunk("eXIf", exif.data, exif.size));
        for (int turn = 0; turn < 2; turn++) {
            kal_node *with = kal_load_bytes(s, full.data, full.size, turn ? NULL : "upright=false");
            kal_bytes b = encoded(with, "jxl", "lossless=true effort=1"),
                      bare = encoded(with, "jxl", "lossless=true effort=1 strip=true");
            kal_extent turned;
            unsigned char *want = upright(orientation, &e, pixels, &turned);
            require_picture(b.data, b.size, NULL, &turned, want, "turned");
            kal_node *n = kal_load_bytes(s, b.data, b.size, NULL),
                     *none = kal_load_bytes(s, bare.data, bare.size, NULL);
            kal_bytes one = turn && orientation != 1 ? upright_exif() : make_exif(1, true);
            require_meta(n, "exif", one.data, one.size, "jxl");
            bytes_free(&one);
            require_meta(none, "exif", NULL, 0, "strip");
            free(want);
            kal_bytes_free(&b), kal_bytes_free(&bare);
        }
        kal_bytes_free(&png);
        bytes_free(&exif), bytes_free(&full);
    }
    kal_bytes jpeg = encoded(node_of(s, &e, pixels), "jpeg", NULL), own = bytes_copy(jpeg.data, jpeg.size);
    kal_bytes_free(&jpeg);
    add_to_jpeg(&own, NULL, NULL, XMP_TEXT);
    kal_bytes b = encoded(kal_load_bytes(s, own.data, own.size, NULL), "jxl", "effort=1");
    kal_node *n = kal_load_bytes(s, b.data, b.size, NULL);
    require_meta(n, "xmp", XMP_TEXT, strlen(XMP_TEXT), "jxl");
    require_meta(n, "icc", NULL, 0, "sRGB says nothing");
    kal_bytes_free(&b);
    bytes_free(&own);
    kal_scope_free(&s);
    free(pixels);
}

static void refusals(rng *r)
{
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(80, 60, 3, KAL_U8), labels = {4, 4, 1, KAL_U32, KAL_DATA, false},
                     seven = {4, 4, 7, KAL_U8, KAL_DATA, false};
    kal_bytes b = encoded(rng_image(r, s, &e), "jxl", "effort=1");
    for (int part = 0; part < 50; part++) {
        const size_t cut = b.size * (size_t)part / 50;
        void *p = decoded(b.data, cut, NULL, NULL);
        REQUIRE_NOTE(!p && (cut < 12 || strstr(check_error.message, "byte")), "%zu of %zu: %s", cut, b.size,
                     p ? "a picture" : check_error.message);
        free(p);
    }
    const kal_limits old = limit_pixels(4000);
    void *p = decoded(b.data, b.size, NULL, NULL);
    REQUIRE_NOTE(!p && check_error.status == KAL_LIMIT, "%s", check_error.message);
    kal_limits_set(&old);
    kal_bytes_free(&b);
    REQUIRE_FAILS(KAL_INVALID,
                  kal_node_error(kal_encode(s, rng_image(r, s, &labels), "jxl", NULL), &check_error));
    REQUIRE_FAILS(KAL_INVALID,
                  kal_node_error(kal_encode(s, rng_image(r, s, &seven), "jxl", NULL), &check_error));
    kal_scope_free(&s);
}

// ---- an animation -------------------------------------------------------------------------------

#if HAS_JXL

#define NEEDED(F)                    \
    F(JxlEncoderCreate)              \
    F(JxlEncoderDestroy)             \
    F(JxlEncoderInitBasicInfo)       \
    F(JxlEncoderSetBasicInfo)        \
    F(JxlColorEncodingSetToSRGB)     \
    F(JxlEncoderSetColorEncoding)    \
    F(JxlEncoderFrameSettingsCreate) \
    F(JxlEncoderSetFrameLossless)    \
    F(JxlEncoderInitFrameHeader)     \
    F(JxlEncoderSetFrameHeader)      \
    F(JxlEncoderAddImageFrame)       \
    F(JxlEncoderCloseInput)          \
    F(JxlEncoderProcessOutput)

static struct {
    NEEDED(KAL__FUNCTION)
} jxl;

#define TEXT2(x) #x
#define TEXT(x) TEXT2(x)
#define W 20
#define H 12
#define PAGES 3

// The second frame is a piece that is laid on the first.
static kal_bytes animation(const unsigned char frames[PAGES][W * H * 3])
{
    kal_bytes b = {malloc(100000), 0};
    JxlEncoder *j = jxl.JxlEncoderCreate(NULL);
    JxlBasicInfo i;
    JxlColorEncoding c;
    jxl.JxlEncoderInitBasicInfo(&i);
    i.xsize = W, i.ysize = H, i.bits_per_sample = 8, i.uses_original_profile = JXL_TRUE;
    i.have_animation = JXL_TRUE;
    i.animation.tps_numerator = 10, i.animation.tps_denominator = 1, i.animation.num_loops = 4;
    bool ok = jxl.JxlEncoderSetBasicInfo(j, &i) == JXL_ENC_SUCCESS;
    jxl.JxlColorEncodingSetToSRGB(&c, JXL_FALSE);
    ok &= jxl.JxlEncoderSetColorEncoding(j, &c) == JXL_ENC_SUCCESS;
    for (int k = 0; k < PAGES; k++) {
        JxlEncoderFrameSettings *s = jxl.JxlEncoderFrameSettingsCreate(j, NULL);
        JxlFrameHeader h;
        jxl.JxlEncoderInitFrameHeader(&h);
        h.duration = 5 + (uint32_t)k;
        h.layer_info.save_as_reference = 1;
        if (k == 1) {
            h.layer_info.have_crop = JXL_TRUE;
            h.layer_info.crop_x0 = 3, h.layer_info.crop_y0 = 2, h.layer_info.xsize = 5,
            h.layer_info.ysize = 4;
            h.layer_info.blend_info.source = 1;
        }
        const JxlPixelFormat format = {3, JXL_TYPE_UINT8, JXL_NATIVE_ENDIAN, 0};
        ok &= jxl.JxlEncoderSetFrameLossless(s, JXL_TRUE) == JXL_ENC_SUCCESS &&
              jxl.JxlEncoderSetFrameHeader(s, &h) == JXL_ENC_SUCCESS &&
              jxl.JxlEncoderAddImageFrame(s, &format, frames[k], k == 1 ? 60 : W * H * 3) == JXL_ENC_SUCCESS;
    }
    jxl.JxlEncoderCloseInput(j);
    uint8_t *next = b.data;
    size_t left = 100000;
    ok &= jxl.JxlEncoderProcessOutput(j, &next, &left) == JXL_ENC_SUCCESS;
    b.size = 100000 - left;
    jxl.JxlEncoderDestroy(j);
    REQUIRE(ok);
    return b;
}

static void pages(rng *r)
{
    static const char *const names[] = {NEEDED(KAL__NAME)};
    const size_t n = sizeof names / sizeof *names;
    if (!kal__library("libjxl.so." TEXT(JPEGXL_MAJOR_VERSION) "." TEXT(JPEGXL_MINOR_VERSION), names, n, n,
                      &jxl)) {
        check_skip("libjxl cannot be opened by its own name");
        return;
    }
    static unsigned char frames[PAGES][W * H * 3], canvas[PAGES][W * H * 3];
    for (int k = 0; k < PAGES; k++)
        for (int i = 0; i < W * H * 3; i++) frames[k][i] = (unsigned char)rng_next(r);
    memcpy(canvas[0], frames[0], sizeof canvas[0]);
    memcpy(canvas[1], frames[0], sizeof canvas[1]);
    memcpy(canvas[2], frames[2], sizeof canvas[2]);
    for (int y = 0; y < 4; y++) memcpy(canvas[1] + ((y + 2) * W + 3) * 3, frames[1] + y * 15, 15);
    kal_bytes b = animation((const unsigned char(*)[W * H * 3]) frames);
    const kal_extent e = extent_of(W, H, 3, KAL_U8);
    for (int k = 0; k < PAGES; k++) {
        char params[16];
        snprintf(params, sizeof params, "page=%d", k);
        require_picture(b.data, b.size, params, &e, canvas[k], params);
        kal__reader *reader;
        kal__ask ask = {.page = k};
        kal_limits_get(&ask.limits);
        kal__header h;
        kal__meta *meta = kal__meta_new();
        REQUIRE_OK(kal__open_memory(b.data, b.size, "an animation", &reader, &check_error));
        REQUIRE_OK(kal__codec_jxl.header(reader, &ask, &h, meta, &check_error));
        REQUIRE_NOTE(meta->pages == PAGES && meta->loops == 4 && fabs(meta->delay - (5 + k) / 10.0) < 1e-9,
                     "%d pages, %d, %g", meta->pages, meta->loops, meta->delay);
        reader->close(reader);
        kal__meta_unref(&meta);
    }
    void *p = decoded(b.data, b.size, "page=3", NULL);
    REQUIRE_NOTE(!p && check_error.status == KAL_INVALID, "%s", check_error.message);
    free(p);
    bytes_free(&b);
}

#else

static void pages(rng *r)
{
    (void)r;
    check_skip("libjxl's headers are not here");
}

#endif

// A lossy picture in Adobe RGB, all of it dark: nothing in it would be left in eight bits of light.
static void wide_colours(void)
{
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(80, 60, 3, KAL_U8);
    unsigned char *pixels = malloc(bytes_of(&e));
    smooth_pixels(&e, pixels);
    for (size_t i = 0; i < bytes_of(&e); i++) pixels[i] /= 4;
    kal_node *srgb = node_of(s, &e, pixels),
             *wide = kal_apply_text(s, "icc_transform", "to=adobe_rgb", &srgb, 1);
    if (kal_node_error(wide, &check_error)) {
        check_skip("%s", check_error.message);
    } else {
        kal_bytes b = encoded(wide, "jxl", "quality=100");
        kal_node *n = kal_load_bytes(s, b.data, b.size, NULL),
                 *back = kal_apply_text(s, "icc_transform", "to=srgb", &n, 1);
        kal_extent got;
        unsigned char *p = read_all(back, NULL, &got);
        if (REQUIRE_NOTE(p && extent_equal(&got, &e), "%s", check_error.message))
            REQUIRE_NOTE(mean_difference(p, pixels, bytes_of(&e)) < 1.2, "mean difference %g",
                         mean_difference(p, pixels, bytes_of(&e)));
        free(p);
        kal_bytes_free(&b);
    }
    free(pixels);
    kal_scope_free(&s);
}

int main(int argc, char **argv)
{
    rng r = {argc > 1 ? strtoull(argv[1], NULL, 0) : 1};
    kal_scope *s = kal_scope_new();
    const kal_extent tiny = extent_of(2, 2, 3, KAL_U8);
    kal_error err;
    const bool here = !kal_node_error(kal_encode(s, rng_image(&r, s, &tiny), "jxl", NULL), &err);
    kal_scope_free(&s);
    if (!here) {
        check_skip("%s", err.message);
        return 77;
    }
    round_trips(&r);
    few_samples(&r);
    lossy();
    metadata(&r);
    pages(&r);
    refusals(&r);
    wide_colours();
    kal_memo_clear(NULL);
    return check_done();
}
