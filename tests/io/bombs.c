// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Small files that claim to be large: sides, profiles and texts that inflate to megabytes, scans without end, directories that lead back
// to themselves, boxes in boxes. Each is over in 20 ms of processor time (thrice that is let pass) and 16 MiB of memory, whatever it says.
#define _GNU_SOURCE
#define LEAKS_OF_OTHERS "leak:libx265.so\nleak:libheif.so\nleak:libdav1d.so\n"
#include "files.h"

#include <malloc.h>
#include <sys/resource.h>

#define MOST_MS 60.0
#define MOST_BYTES ((uint64_t)16 << 20)

// ---- what it costs ------------------------------------------------------------------------------

static uint64_t status_bytes(const char *field)
{
    char line[200];
    unsigned long long kb = 0;
    const size_t n = strlen(field);
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, field, n)) sscanf(line + n, ": %llu", &kb);
    if (f) fclose(f);
    return kb << 10;
}

static bool forget_peak(void)
{
    FILE *f = fopen("/proc/self/clear_refs", "w");
    return f && (fputs("5", f) >= 0) & (fclose(f) == 0);
}

static double cpu_ms(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-3;
}

static kal_status attempt(const kal_bytes *b)
{
    static const kal_options modest = {
        .memo_mode = KAL_MEMO_NEVER, .max_memory = (uint64_t)8 << 20, .threads = 1};
    kal_extent e;
    kal_node *n = kal_load_borrowed(NULL, b->data, b->size, NULL, NULL, NULL);
    kal_status st = kal_node_extent(n, &e, &check_error);
    if (!st) {
        static unsigned char pixel[KAL_MAX_CHANNELS * 4];
        st = kal_read(n, (kal_rect){0, 0, 1, 1}, pixel, sizeof pixel, &modest, &check_error);
    }
    kal_node_unref(&n);
    return st;
}

// The least of a few, since somebody else may have been at work; the memory of the first, when nothing was there to be used again.
static void tried(const char *what, kal_bytes b, bool may_pass)
{
    double least = 1e9;
    uint64_t grown = 0;
    kal_status st = KAL_OK;
    for (int i = 0; i < 3; i++) {
        malloc_trim(0);
        const bool known = forget_peak();
        const uint64_t before = status_bytes("VmRSS");
        const double began = cpu_ms();
        st = attempt(&b);
        const double took = cpu_ms() - began;
        const uint64_t peak = status_bytes("VmHWM");
        if (took < least) least = took;
        if (known && peak > before && peak - before > grown) grown = peak - before;
    }
    if (getenv("KAL_TELL"))
        printf("%-28s %-12s %6.1f ms %6.2f MiB  %s\n", what, kal_status_name(st), least,
               (double)grown / 1048576, st ? check_error.message : "");
    REQUIRE_NOTE(st == KAL_LIMIT || st == KAL_CORRUPT || st == KAL_UNSUPPORTED || (may_pass && !st),
                 "%s: %s: %s", what, kal_status_name(st), check_error.message);
    if (CHECK_SLOWER == 1) {
        REQUIRE_NOTE(least <= MOST_MS, "%s: %.1f ms", what, least);
        REQUIRE_NOTE(grown <= MOST_BYTES, "%s: %llu bytes", what, (unsigned long long)grown);
    }
    bytes_free(&b);
}

// ---- sides --------------------------------------------------------------------------------------

enum { W = 61, H = 47 };

typedef struct places {
    const char *format, *params;
    int bytes;   // of a side in the file
    bool little, height_first, whole;
    uint32_t most;   // that the field holds
} places;

static void put_side(unsigned char *p, uint32_t v, const places *at)
{
    for (int i = 0; i < at->bytes; i++) p[at->little ? i : at->bytes - 1 - i] = (unsigned char)(v >> (8 * i));
}

static kal_bytes small_file(const char *format, const char *params)
{
    rng r = {11};
    kal_bytes b = {0};
    const kal_extent e =
        extent_of(W, H, 3, strcmp(format, "hdr") && strcmp(format, "exr") ? KAL_U8 : KAL_F32);
    kal_node *image = rng_image(&r, NULL, &e), *n = kal_encode(NULL, image, format, params);
    if (kal_read_bytes(n, NULL, &b, &check_error)) {
        check_skip("%s: %s", format, check_error.message);
        b = (kal_bytes){0};
    }
    kal_node_unref(&n);
    kal_node_unref(&image);
    const kal_bytes own = b.size ? bytes_copy(b.data, b.size) : b;
    if (b.size) kal_bytes_free(&b);
    return own;
}

// Both sides wherever they stand beside each other in the first bytes; how often that was.
static int enlarge(kal_bytes *b, const places *at, uint32_t side)
{
    unsigned char was[8], is[8], *p = b->data;
    int n = 0;
    put_side(was, at->height_first ? H : W, at);
    put_side(was + at->bytes, at->height_first ? W : H, at);
    put_side(is, side, at);
    put_side(is + at->bytes, side, at);
    for (size_t i = 0; i + 2 * (size_t)at->bytes <= b->size && i < 4096; i++)
        if (!memcmp(p + i, was, 2 * (size_t)at->bytes)) memcpy(p + i, is, 2 * (size_t)at->bytes), n++;
    return n;
}

static void sides(void)
{
    static const places kinds[] = {{"png", NULL, 4, .most = 0x7fffffff},
                                   {"jpeg", NULL, 2, .height_first = true, .most = 65500},
                                   {"jpeg", "progressive=true", 2, .height_first = true, .most = 65500},
                                   {"qoi", NULL, 4, .most = 0x7fffffff},
                                   {"bmp", "bottom_up=true", 4, .little = true, .most = 0x7fffffff},
                                   {"heif", NULL, 4, .whole = true, .most = 0x7fffffff},
                                   {"avif", NULL, 4, .whole = true, .most = 0x7fffffff},
                                   {"jp2", NULL, 4, .whole = true, .most = 0x7fffffff}};
    static const uint32_t claims[] = {9000, 20000, 32767, 65500, 90000000, 0x7fffffff};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        kal_bytes small = small_file(kinds[k].format, kinds[k].params);
        for (size_t i = 0; small.size && i < sizeof claims / sizeof *claims; i++) {
            char what[80];
            if (claims[i] > kinds[k].most) continue;
            kal_bytes b = bytes_copy(small.data, small.size);
            snprintf(what, sizeof what, "%s of %u", kinds[k].format, claims[i]);
            REQUIRE_NOTE(enlarge(&b, &kinds[k], claims[i]) > 0, "%s", what);
            if (!strcmp(kinds[k].format, "png"))
                put_be((unsigned char *)b.data + 29, (uint32_t)crc32(0, (unsigned char *)b.data + 12, 17), 4);
            if (!kinds[k].whole)
                b.size = b.size * 3 / 4;   // a picture of one colour might be as small as that
            tried(what, b, false);
        }
        bytes_free(&small);
    }
}

#define TEXT(s) bytes_copy(s, sizeof s - 1)

static void sides_by_hand(void)
{
    tried("pnm", TEXT("P6\n70000 70000\n255\nabc"), false);
    tried("pnm, long", TEXT("P6\n99999999999999999999 9\n255\nabc"), false);
    tried("pfm", TEXT("PF\n32767 32767\n-1.0\nabc"), false);
    tried("hdr", TEXT("#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 70000 +X 70000\nabcd"), false);
    tried("hdr, in the limit", TEXT("#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 32767 +X 32767\nabcd"), false);
    static const char npy[] =
        "{'descr': '|u1', 'fortran_order': False, 'shape': (70000, 70000, 3), }        \n";
    kal_bytes b = TEXT("\x93NUMPY\1\0");
    unsigned char n[2] = {sizeof npy - 1, 0};
    tried("npy", bytes_join(bytes_join(b, n, 2), npy, sizeof npy - 1), false);
    tried("gif",
          TEXT("GIF89a\xff\xff\xff\xff\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\xff\xff\xff\xff\0\2\2\x44\1\0;"),
          false);
    tried("psd",
          TEXT("8BPS\0\2\0\0\0\0\0\0\0\3\0\4\x93\xe0\0\4\x93\xe0\0\10\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"),
          false);
    tried("webp", TEXT("RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\xff\xff\xff\x0f\0\0\0\0\0\0\0\0\0"), false);
    tried("webp, canvas",
          TEXT("RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff"
               "VP8L\0\0\0\0"),
          false);
}

// ---- PNG: what inflates -------------------------------------------------------------------------

static kal_bytes deflated_zeros(size_t n)
{
    uLongf size = compressBound(n);
    unsigned char *zeros = calloc(n, 1);
    kal_bytes b = {malloc(size), 0};
    REQUIRE(compress2(b.data, &size, zeros, n, 9) == Z_OK);
    b.size = size;
    free(zeros);
    return b;
}

static void inflating(void)
{
    kal_bytes zeros = deflated_zeros((size_t)256 << 20), png = small_file("png", NULL);
    static const struct {
        const char *chunk, *head;
        size_t n;
    } kinds[] = {{"iCCP", "p\0", 3},
                 {"zTXt", "Comment\0", 9},
                 {"zTXt", "Raw profile type exif\0", 23},
                 {"iTXt", "XML:com.adobe.xmp\0\1\0\0", 22}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        kal_bytes body = bytes_join(bytes_copy(kinds[i].head, kinds[i].n), zeros.data, zeros.size);
        kal_bytes b = bytes_copy(png.data, png.size);
        for (int k = 0; k < 4; k++) splice(&b, 33, png_chunk(kinds[i].chunk, body.data, body.size));
        tried(kinds[i].chunk, b, true);
        bytes_free(&body);
    }
    kal_bytes b = bytes_copy(png.data, 33);   // rows that are all there, of a picture that is far too large
    kal_bytes idat = png_chunk("IDAT", zeros.data, zeros.size);
    put_be((unsigned char *)b.data + 16, 90000, 4), put_be((unsigned char *)b.data + 20, 90000, 4);
    put_be((unsigned char *)b.data + 29, (uint32_t)crc32(0, (unsigned char *)b.data + 12, 17), 4);
    tried("IDAT", bytes_join(b, idat.data, idat.size), false);
    bytes_free(&idat);
    bytes_free(&zeros);
    bytes_free(&png);
}

// ---- JPEG: scans --------------------------------------------------------------------------------

static void scans(void)
{
    kal_bytes b = small_file("jpeg", "progressive=true");
    const unsigned char *p = b.data;
    size_t last = 0;
    for (size_t i = 2; i + 1 < b.size; i++)
        if (p[i] == 0xff && p[i + 1] == 0xda) last = i;
    kal_bytes many = bytes_copy(p, b.size - 2);
    for (int i = 0; i < 5000; i++) many = bytes_join(many, p + last, b.size - 2 - last);
    many = bytes_join(many, "\xff\xd9", 2);
    tried("jpeg scans", many, false);
    bytes_free(&b);
}

// ---- HEIF: boxes --------------------------------------------------------------------------------

static void boxes(void)
{
    static const char head[] = "\0\0\0\x18"
                               "ftypheic\0\0\0\0mif1heic";
    kal_bytes b = TEXT("\0\0\0\x18"
                       "ftypheic\0\0\0\0mif1heic");
    tried("heif, a box of 2^60", bytes_join(b, "\0\0\0\1meta\x10\0\0\0\0\0\0\0", 16), false);
    b = bytes_copy(head, sizeof head - 1);
    tried("heif, a box of 15 MiB", bytes_join(b, "\0\xf0\0\0meta\0\0\0\0", 12), false);
    enum { DEPTH = 20000 };
    b = bytes_copy(head, sizeof head - 1);
    for (int i = 0; i < DEPTH; i++) {
        unsigned char box[12] = {0};
        put_be(box, (uint32_t)(DEPTH - i) * 12, 4);
        memcpy(box + 4, i ? "iprp" : "meta", 4);
        b = bytes_join(b, box, 12);
    }
    tried("heif, boxes in boxes", b, false);
    b = bytes_copy(head, sizeof head - 1);
    tried("heif, items without end",
          bytes_join(b,
                     "\0\0\0\x1a"
                     "meta\0\0\0\0"
                     "\0\0\0\x0e"
                     "iinf\1\0\0\0\xff\xff",
                     26),
          false);
}

// ---- TIFF: directories --------------------------------------------------------------------------

typedef struct entry {
    uint16_t tag, type;
    uint32_t count, value;
} entry;

static kal_bytes tiff(const entry *entries, uint16_t n, uint32_t next)
{
    kal_bytes b = TEXT("II*\0\x08\0\0\0");
    unsigned char p[12];
    p[0] = (unsigned char)n, p[1] = (unsigned char)(n >> 8);
    b = bytes_join(b, p, 2);
    for (int i = 0; i < n; i++) {
        const uint32_t v[] = {entries[i].tag | (uint32_t)entries[i].type << 16, entries[i].count,
                              entries[i].value};
        for (int k = 0; k < 12; k++) p[k] = (unsigned char)(v[k / 4] >> (8 * (k % 4)));
        b = bytes_join(b, p, 12);
    }
    for (int k = 0; k < 4; k++) p[k] = (unsigned char)(next >> (8 * k));
    return bytes_join(b, p, 4);
}

static void directories(void)
{
    enum { SHORT = 3, LONG = 4, UNDEFINED = 7 };
    const entry large[] = {{256, LONG, 1, 70000}, {257, LONG, 1, 70000}, {258, SHORT, 1, 8},
                           {259, SHORT, 1, 1},    {262, SHORT, 1, 1},    {273, LONG, 1, 8},
                           {278, LONG, 1, 70000}, {279, LONG, 1, 4}};
    entry some[8];
    memcpy(some, large, sizeof some);
    tried("tiff", tiff(large, 8, 0), false);
    some[0].value = some[1].value = 32767;
    tried("tiff, one strip", tiff(some, 8, 0), true);   // its first pixel is there
    some[6].value = 1, some[5].count = some[7].count = 32767;
    tried("tiff, strips that are not there", tiff(some, 8, 0), false);
    some[5].count = some[7].count = 0xffffffff;
    tried("tiff, strips without end", tiff(some, 8, 0), false);
    some[0].value = some[1].value = 4, some[5].count = some[7].count = 1, some[6].value = 4;
    tried("tiff, a circle", tiff(some, 8, 8), false);
    const entry profile[] = {
        {256, LONG, 1, 2}, {257, LONG, 1, 2}, {258, SHORT, 1, 8}, {262, SHORT, 1, 1},
        {273, LONG, 1, 8}, {278, LONG, 1, 2}, {279, LONG, 1, 4},  {34675, UNDEFINED, 0xfffffff0, 8}};
    tried("tiff, a profile without end", tiff(profile, 8, 0), true);
    kal_bytes b = tiff(some, 0xffff & 8, 0);
    ((unsigned char *)b.data)[8] = ((unsigned char *)b.data)[9] = 0xff;
    tried("tiff, entries without end", b, false);
}

int main(void)
{
    kal_codec_info c;
    const char *version;
    for (size_t i = 0; kal_codec_at(i, &c, &version);
         i++) {   // libraries are loaded and warm before anything is measured
        if (c.writes) {
            kal_bytes b = small_file(c.name, NULL);
            if (b.size) attempt(&b);
            bytes_free(&b);
        }
    }
    sides();
    sides_by_hand();
    inflating();   // by the common limits, and by those for strangers
    kal_limits limits;
    kal_limits_get(&limits);
    kal_limits_untrusted(&limits);
    limits.formats = 0;
    kal_limits_set(&limits);
    inflating();
    scans();
    boxes();
    directories();
    return check_done();
}
