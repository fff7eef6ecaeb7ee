// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Files cut short, files with bytes changed, memory that runs out: always a sentence, never a crash or a leak
// (run it under a sanitizer). `hostile N SEED` tries N changed files of each kind from another seed;
// `KAL_KEEP=path` leaves each input there before it is tried.
// libheif 1.15 and dav1d leave pictures behind when a damaged file fails in the middle.
#define LEAKS_OF_OTHERS "leak:libx265.so\nleak:libheif.so\nleak:libdav1d.so\n"
#include "apngs.h"
#include "gifs.h"
#include "psds.h"
#include "svgs.h"
#include "y4ms.h"

#include "mem.h"

static const kal_options modest = {
    .memo_mode = KAL_MEMO_NEVER, .max_memory = (uint64_t)256 << 20, .threads = 1};

static const struct {
    const char *format, *params;
    int32_t w, h, channels;
    kal_type type;
} kinds[] = {
    {"jpeg", NULL, 61, 47, 3, KAL_U8},
    {"jpeg", "progressive=true", 61, 47, 3, KAL_U8},
    {"jpeg", "quality=40", 40, 33, 1, KAL_U8},
    {"png", NULL, 31, 27, 3, KAL_U8},
    {"png", "compression=0", 20, 17, 4, KAL_U16},
    {"png", NULL, 50, 20, 2, KAL_U8},
    {"pnm", NULL, 23, 19, 3, KAL_U8},
    {"pnm", "plain=true", 12, 9, 1, KAL_U16},
    {"pnm", NULL, 11, 13, 4, KAL_U16},
    {"pnm", NULL, 15, 9, 3, KAL_F32},
    {"qoi", NULL, 23, 19, 3, KAL_U8},
    {"qoi", NULL, 23, 19, 4, KAL_U8},
    {"bmp", NULL, 23, 19, 3, KAL_U8},
    {"bmp", "bottom_up=true", 23, 19, 4, KAL_U8},
    {"bmp", NULL, 23, 19, 1, KAL_U8},
    {"npy", NULL, 23, 19, 3, KAL_U8},
    {"npy", NULL, 11, 13, 4, KAL_U16},
    {"hdr", NULL, 23, 19, 3, KAL_F32},
    {"hdr", NULL, 7, 29, 3, KAL_F32},
    {"exr", NULL, 23, 40, 3, KAL_F32},
    {"exr", "type=half compression=none", 23, 19, 4, KAL_F32},
    {"heif", NULL, 64, 48, 3, KAL_U8},
    {"heif", "lossless=true", 33, 31, 4, KAL_U8},
    {"avif", NULL, 64, 48, 3, KAL_U8},
    {"avif", "lossless=true", 33, 31, 2, KAL_U8},
    {"jxl", "effort=3", 33, 31, 3, KAL_U8},
    {"jxl", "lossless=true effort=1", 33, 31, 4, KAL_U16},
    {"jp2", NULL, 33, 31, 3, KAL_U8},
    {"jp2", "lossless=true tile=16", 33, 31, 4, KAL_U16},
    {"webp", NULL, 64, 48, 4, KAL_U8},
    {"webp", "lossless=true", 33, 31, 3, KAL_U8},
    {"gif", NULL, 33, 31, 3, KAL_U8},
    {"gif", "dither=true", 33, 31, 2, KAL_U8},
    {"png", "colours=16 dither=true", 33, 31, 4, KAL_U8},
    {"tiff", NULL, 33, 31, 3, KAL_U8},
    {"tiff", "compression=deflate tile=16 pyramid=true", 53, 31, 4, KAL_U8},
    {"tiff", "compression=lzw bigtiff=true", 33, 31, 3, KAL_U16},
};
#define KINDS (sizeof kinds / sizeof *kinds)

// A file of the kind with every piece of metadata that fits, so that those paths are met too.
static kal_bytes make_file(size_t k)
{
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(kinds[k].w, kinds[k].h, kinds[k].channels, kinds[k].type);
    rng r = {k + 1};
    kal_node *image = rng_image(&r, s, &e);
    kal_bytes exif = make_exif(6, true), icc = make_icc(), b = {0};
    if (!strcmp(kinds[k].format, "heif") || !strcmp(kinds[k].format, "avif") ||
        !strcmp(kinds[k].format, "jxl")) {   // through a PNG that has them
        kal_bytes png = encoded(image, "png", NULL), full = bytes_copy(png.data, png.size);
        splice(&full, 33, png_chunk("eXIf", exif.data, exif.size));
        image = kal_load_bytes(s, full.data, full.size, NULL);
        kal_bytes_free(&png), bytes_free(&full);
    }
    kal_node *n = kal_encode(s, image, kinds[k].format, kinds[k].params);
    if (kal_read_bytes(n, NULL, &b, &check_error)) {
        check_skip("%s", check_error.message);
    } else {
        kal_bytes own = bytes_copy(b.data, b.size);
        kal_bytes_free(&b);
        if (!strcmp(kinds[k].format, "jpeg")) add_to_jpeg(&own, &exif, &icc, XMP_TEXT);
        if (!strcmp(kinds[k].format, "png")) splice(&own, 33, png_chunk("eXIf", exif.data, exif.size));
        b = own;
    }
    bytes_free(&exif), bytes_free(&icc);
    kal_scope_free(&s);
    return b;
}

// An interlaced picture with a palette and transparency, 4 bits deep: what we do not write.
static kal_bytes interlaced_png(void)
{
    static const unsigned char head[] = {0, 0, 0, 9, 0, 0, 0, 7, 4, 3, 0, 0, 1};
    unsigned char raw[7 * 7 * 8] = {0}, packed[500], palette[48];
    rng r = {77};
    // the seven passes of 9×7 at 4 bits, each row with its filter byte: 35 + some bytes; zeros beyond are too
    // many and harmless
    size_t n = 0;
    static const struct {
        int w, h;
    } passes[] = {{2, 1}, {1, 1}, {3, 1}, {2, 2}, {5, 2}, {4, 4}, {9, 3}};
    for (int p = 0; p < 7; p++)
        for (int y = 0; y < passes[p].h; y++) {
            raw[n++] = 0;
            for (int i = 0; i < (passes[p].w + 1) / 2; i++) raw[n++] = (unsigned char)rng_next(&r);
        }
    for (size_t i = 0; i < sizeof palette; i++) palette[i] = (unsigned char)rng_next(&r);
    uLongf size = sizeof packed;
    compress(packed, &size, raw, n);
    kal_bytes b = bytes_copy("\x89PNG\r\n\x1a\n", 8), end = png_chunk("IEND", NULL, 0);
    const struct {
        const char *name;
        const void *data;
        size_t n;
    } chunks[] = {{"IHDR", head, sizeof head},
                  {"PLTE", palette, 48},
                  {"tRNS", "\0\x40\x80\xff", 4},
                  {"IDAT", packed, size}};
    for (int i = 0; i < 4; i++) splice(&b, b.size, png_chunk(chunks[i].name, chunks[i].data, chunks[i].n));
    splice(&b, b.size, end);
    return b;
}

// Run lengths of 4 bits: in each row of 23 runs, colours as they are, and a move to the right.
static kal_bytes bmp_in_runs(void)
{
    static const unsigned char numbers[] = {40, 0, 0, 0, 23, 0, 0, 0, 19, 0, 0, 0, 1, 0, 4, 0, 2};
    unsigned char head[54 + 64] = "BM";
    rng r = {78};
    head[10] = sizeof head;
    memcpy(head + 14, numbers, sizeof numbers);
    for (size_t i = 54; i < sizeof head; i++) head[i] = (unsigned char)rng_next(&r);
    kal_bytes b = bytes_copy(head, sizeof head);
    for (int y = 0; y < 19; y++) {
        const unsigned char row[] = {9,
                                     (unsigned char)rng_next(&r),
                                     0,
                                     7,
                                     (unsigned char)rng_next(&r),
                                     (unsigned char)rng_next(&r),
                                     (unsigned char)rng_next(&r),
                                     (unsigned char)rng_next(&r),
                                     0,
                                     2,
                                     3,
                                     0,
                                     4,
                                     (unsigned char)rng_next(&r),
                                     0,
                                     0};
        b = bytes_join(b, row, sizeof row);
    }
    return bytes_join(b, "\0\1", 2);
}

// Fields of 5, 6 and 5 bits, masks behind the header.
static kal_bytes bmp_with_fields(void)
{
    static const unsigned char numbers[] = {40, 0, 0, 0, 23, 0, 0, 0, 19, 0, 0, 0, 1, 0, 16, 0, 3},
                               masks[] = {0, 0xf8, 0, 0, 0xe0, 7, 0, 0, 0x1f, 0, 0, 0};
    unsigned char file[66 + 48 * 19] = "BM";
    rng r = {79};
    for (size_t i = 66; i < sizeof file; i++) file[i] = (unsigned char)rng_next(&r);
    file[10] = 66;
    memcpy(file + 14, numbers, sizeof numbers);
    memcpy(file + 54, masks, sizeof masks);
    return bytes_copy(file, sizeof file);
}

// Pixels one by one and the old run lengths.
static kal_bytes old_hdr(void)
{
    static const char head[] = "#?RADIANCE\nEXPOSURE=2\nFORMAT=32-bit_rle_rgbe\n\n-Y 19 -X 23\n";
    rng r = {80};
    kal_bytes b = bytes_copy(head, sizeof head - 1);
    for (int y = 0; y < 19; y++) {
        unsigned char row[12 * 4];   // ten pixels, the tenth 12 times more, one
        for (size_t i = 0; i < sizeof row; i++) row[i] = (unsigned char)(rng_next(&r) | 128);
        memcpy(row + 40, "\1\1\1\xc", 4);
        b = bytes_join(b, row, sizeof row);
    }
    return b;
}

static kal_bytes fortran_npy(void)
{
    static const char head[] =
        "\x93NUMPY\1\0\x42\0{'descr': '>f2', 'fortran_order': True, 'shape': (19, 23, 3)}    \n";
    unsigned char samples[19 * 23 * 3 * 2];
    rng r = {81};
    for (size_t i = 0; i < sizeof samples; i++) samples[i] = (unsigned char)rng_next(&r);
    return bytes_join(bytes_copy(head, sizeof head - 1), samples, sizeof samples);
}

static kal_bytes psd_kind_of(psd_kind k)
{
    rng r = {82};
    unsigned char *planes = psd_planes(&r, &k, 23, 19);
    kal_bytes exif = make_exif(6, true), more = bytes_copy("", 0);
    put_resource(&more, 1058, "", exif.data, exif.size);
    const kal_bytes b = psd_of(&k, 23, 19, planes, NULL, &more);
    bytes_free(&exif), bytes_free(&more);
    free(planes);
    return b;
}

static kal_bytes plain_psd(void)
{
    return psd_kind_of((psd_kind){CMYK, 16, 5, true, false, -1, "Lr16", true});
}

static kal_bytes psd_in_runs(void)
{
    return psd_kind_of((psd_kind){RGB, 8, 4, false, true, -1, NULL, true});
}

// Kinds that are read and not written.
static const struct {
    const char *name;
    kal_bytes (*make)(void);
} others[] = {{"png interlaced", interlaced_png},
              {"bmp in runs", bmp_in_runs},
              {"bmp with fields", bmp_with_fields},
              {"hdr in old runs", old_hdr},
              {"npy in Fortran's order", fortran_npy},
              {"gif", gif_of_three},
              {"apng", apng_of_three},
              {"svg", svg_of_shapes},
              {"y4m", y4m_of_three},
              {"psd", plain_psd},
              {"psd in runs", psd_in_runs}};
#define OTHERS (sizeof others / sizeof *others)

// The picture; of several the last one, which may hang on all others.
static void *attempt(const kal_bytes *b)
{
    const char *keep = getenv("KAL_KEEP");
    if (keep) put_file(keep, b->data, b->size);
    unsigned char *exact = malloc(b->size + !b->size);   // so that a sanitizer sees one byte too far
    memcpy(exact, b->data, b->size);
    kal_node *n = kal_load_bytes(NULL, exact, b->size, NULL);
    void *p = NULL;
    kal_extent e;
    kal_file_info info;
    if (!kal_node_error(n, NULL) && kal_node_file(n, &info) && info.pages > 1) {
        char page[32];
        snprintf(page, sizeof page, "page=%d", info.pages - 1);
        kal_node_unref(&n);
        n = kal_load_bytes(NULL, exact, b->size, page);
    }
    if (!kal_node_extent(n, &e, &check_error) && bytes_of(&e) < (size_t)64 << 20)
        p = read_all(n, &modest, NULL);
    kal_node_unref(&n);
    free(exact);
    return p;
}

// What a file says of itself, of which little else is read: another way through the codecs than with all bytes at hand.
static kal_status look(const kal_bytes *b)
{
    kal_extent e;
    put_file(check_temp("look"), b->data, b->size);
    kal_node *n = kal_load(NULL, check_temp("look"), "keyed=false");
    const kal_status st = kal_node_extent(n, &e, &check_error);
    kal_node_unref(&n);
    return st;
}

// ---- cut short ----------------------------------------------------------------------------------

static void test_cut(const kal_bytes *b, const char *kind)
{
    for (int part = 1; part < 16; part++) {
        const size_t n = b->size * (size_t)part / 16;
        put_file(check_temp("cut"), b->data, n);
        kal_node *node = kal_load(NULL, check_temp("cut"), NULL);
        void *p = read_all(node, &modest, NULL);
        REQUIRE_NOTE(!p && strstr(check_error.message, check_temp("cut")) &&
                         strstr(check_error.message, "byte"),
                     "%s, %zu of %zu: %s", kind, n, b->size, p ? "a picture" : check_error.message);
        free(p);
        kal_node_unref(&node);
        const kal_bytes front = {b->data, n};
        const kal_status st = look(&front);
        REQUIRE_NOTE(st != KAL_INTERNAL && st != KAL_NOMEM, "%s, looked at, %zu of %zu: %s", kind, n, b->size,
                     check_error.message);
    }
    put_file(check_temp("cut"), b->data, 0);
    kal_node *node = kal_load(NULL, check_temp("cut"), NULL);
    REQUIRE_FAILS(KAL_CORRUPT, kal_node_error(node, &check_error));
    kal_node_unref(&node);
}

// ---- changed ------------------------------------------------------------------------------------

// Makes some CRCs right again, so that libpng looks behind them.
static void mend_png(kal_bytes *b)
{
    for (size_t at = 8; at + 12 <= b->size;) {
        const uint32_t n = (uint32_t)b->data[at] << 24 | (uint32_t)b->data[at + 1] << 16 |
                           (uint32_t)b->data[at + 2] << 8 | b->data[at + 3];
        if (n > b->size - at - 12) return;
        put_be(b->data + at + 8 + n, (uint32_t)crc32(0, b->data + at + 4, n + 4), 4);
        at += n + 12;
    }
}

static void mutate(rng *r, kal_bytes *b)
{
    static const unsigned char odd[] = {0, 1, 0x7f, 0x80, 0xff};
    const int32_t reach = rng_below(r, 3) ? (int32_t)b->size
                          : b->size < 200 ? (int32_t)b->size
                                          : 200;   // headers more often
    for (int32_t k = 1 + rng_below(r, 6); k; k--) {
        unsigned char *p = b->data + rng_below(r, reach);
        switch (rng_below(r, 3)) {
        case 0: *p ^= (unsigned char)(1 << rng_below(r, 8)); break;
        case 1: *p = (unsigned char)rng_next(r); break;
        case 2: *p = odd[rng_below(r, 5)]; break;
        }
    }
    if (b->size > 8 && b->data[0] == 0x89 && rng_below(r, 2)) mend_png(b);
}

static void test_changed(const kal_bytes *b, const char *kind, int count, uint64_t seed)
{
    int pictures = 0;
    for (int i = 0; i < count; i++) {
        rng r = {seed + (uint64_t)i * 1000003u};
        kal_bytes m = bytes_copy(b->data, b->size);
        mutate(&r, &m);
        check_error = (kal_error){0};
        void *p = attempt(&m);
        pictures += p != NULL;
        const kal_status st = check_error.status;
        REQUIRE_NOTE(p || (st && st != KAL_INTERNAL && *check_error.message),
                     "%s, seed %llu, number %d: %s: %s", kind, (unsigned long long)seed, i,
                     kal_status_name(st), check_error.message);
        free(p);
        check_error = (kal_error){0};
        const kal_status seen = look(&m);
        REQUIRE_NOTE(!seen || (seen != KAL_INTERNAL && *check_error.message),
                     "%s, looked at, seed %llu, number %d: %s: %s", kind, (unsigned long long)seed, i,
                     kal_status_name(seen), check_error.message);
        bytes_free(&m);
    }
    printf("%s: %d changed files, %d still pictures\n", kind, count, pictures);
}

// ---- memory that runs out -----------------------------------------------------------------------

static void test_no_memory(const kal_bytes *b, const char *kind)
{
    int failures = 0;
    for (long nth = 1; nth < 400; nth++) {
        kal__fail_alloc(nth, false);
        void *p = attempt(b);
        kal__fail_alloc(0, false);
        failures += !p;
        REQUIRE_NOTE(p || check_error.status == KAL_NOMEM, "%s, allocation %ld: %s: %s", kind, nth,
                     kal_status_name(check_error.status), check_error.message);
        free(p);
    }
    REQUIRE_NOTE(failures > 3, "%s: only %d allocations failed", kind, failures);
}

static void test_encode_no_memory(size_t k)
{
    const kal_extent e = extent_of(kinds[k].w, kinds[k].h, kinds[k].channels, kinds[k].type);
    kal_scope *s = kal_scope_new();
    rng r = {k + 1};
    kal_node *image = rng_image(&r, s, &e), *n = kal_encode(s, image, kinds[k].format, kinds[k].params);
    for (long nth = 1; nth < 80; nth++) {
        kal_bytes b = {0};
        kal__fail_alloc(nth, false);
        const kal_status st = kal_read_bytes(n, &modest, &b, &check_error);
        kal__fail_alloc(0, false);
        REQUIRE_NOTE(!st || st == KAL_NOMEM, "%s, allocation %ld: %s: %s", kinds[k].format, nth,
                     kal_status_name(st), check_error.message);
        kal_bytes_free(&b);
    }
    kal_scope_free(&s);
}

int main(int argc, char **argv)
{
    const int count = argc > 1 ? atoi(argv[1]) : 500;
    const uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 20261121;
    kal_limits limits;
    kal_limits_get(&limits);
    limits.pixels = (uint64_t)1 << 20;
    limits.meta_bytes = (uint64_t)1 << 20;
    kal_limits_set(&limits);
    for (size_t k = 0; k < KINDS + OTHERS; k++) {
        kal_bytes b = k < KINDS ? make_file(k) : others[k - KINDS].make();
        char kind[64];
        snprintf(kind, sizeof kind, "%s %s", k < KINDS ? kinds[k].format : others[k - KINDS].name,
                 k < KINDS && kinds[k].params ? kinds[k].params : "");
        if (!b.size) continue;
        void *p = attempt(&b);
        if (!p && check_error.status == KAL_UNSUPPORTED) {
            check_skip("%s", check_error.message);
            bytes_free(&b);
            continue;
        }
        REQUIRE_NOTE(p != NULL, "%s: %s", kind, check_error.message);
        free(p);
        test_cut(&b, kind);
        test_changed(&b, kind, count, seed);
        test_no_memory(&b, kind);
        if (k < KINDS) test_encode_no_memory(k);
        bytes_free(&b);
    }
    kal_memo_clear(NULL);
    return check_done();
}
