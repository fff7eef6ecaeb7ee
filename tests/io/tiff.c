// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// TIFF: every kind of sample, block and order that libtiff writes comes back by the formula, whole and in parts, from memory and
// from a file of which only what is needed is read; damaged files. What directories say beside that: tiff_directories.c. What we write: tiff_write.c.
#include "tiffs.h"

#if HAS_TIFF

static const kind kinds[] = {
    {"wl", 8, 0, 3, RGB, 0, 0, 0, 7, false, 75, 53, 0, 0},
    {"wb", 8, 0, 3, RGB, 0, 0, 0, 53, false, 75, 53, 0, 0},
    {"w8", 8, 0, 3, RGB, 0, 0, 16, 0, false, 75, 53, 0, 0},
    {"wl", 8, 0, 3, RGB, 0, 0, 16, 0, true, 75, 53, 0, 0},
    {"wl", 8, 0, 4, RGB, STRAIGHT, LZW, 16, 0, false, 75, 53, 0, 0},
    {"wb", 8, 0, 4, RGB, TIMES, 0, 0, 5, false, 75, 53, 0, 0},
    {"wb", 16, 0, 4, RGB, TIMES, ZIP, 0, 5, false, 75, 53, 0, 0},
    {"wl", 16, 0, 4, RGB, TIMES, 0, 32, 0, true, 75, 53, 0, 0},
    {"wl", 32, FLOAT, 4, RGB, TIMES, 0, 32, 0, false, 75, 53, 0, 0},
    {"wl", 8, 0, 4, RGB, 0, 0, 0, 9, false, 75, 53, 0, 0},
    {"wl", 8, 0, 2, GRAY, STRAIGHT, PACK, 0, 9, false, 75, 53, 0, 0},
    {"wl", 8, 0, 2, PHOTOMETRIC_MINISWHITE, STRAIGHT, 0, 0, 9, true, 75, 53, 0, 0},
    {"wl", 1, 0, 1, GRAY, 0, 0, 0, 9, false, 75, 53, 0, 0},
    {"wb", 1, 0, 1, PHOTOMETRIC_MINISWHITE, 0, COMPRESSION_CCITTFAX4, 0, 9, false, 75, 53, 0, 0},
    {"wl", 2, 0, 1, GRAY, 0, LZW, 16, 0, false, 75, 53, 0, 0},
    {"wl", 4, 0, 3, RGB, 0, 0, 0, 8, false, 75, 53, 0, 0},
    {"wl", 4, 0, 1, PHOTOMETRIC_PALETTE, 0, 0, 0, 8, false, 75, 53, 0, 0},
    {"wb", 8, 0, 1, PHOTOMETRIC_PALETTE, 0, ZIP, 16, 0, false, 75, 53, 0, 0},
    {"wl", 12, 0, 1, GRAY, 0, 0, 0, 8, false, 75, 53, 0, 0},
    {"wb", 12, 0, 3, RGB, 0, 0, 16, 0, true, 75, 53, 0, 0},
    {"wl", 16, 0, 1, GRAY, 0, 0, 0, 8, false, 75, 53, 0, 0},
    {"wb", 16, 0, 3, RGB, 0, 0, 0, 8, false, 75, 53, 0, 0},
    {"w8", 16, 0, 3, RGB, 0, LZW, 16, 0, true, 75, 53, 0, 0},
    {"wl", 32, 0, 1, GRAY, 0, ZIP, 0, 8, false, 75, 53, 0, 0},
    {"wb", 32, 0, 1, GRAY, 0, 0, 0, 8, false, 75, 53, 0, 0},
    {"wl", 8, INT, 1, GRAY, 0, 0, 0, 8, false, 75, 53, 0, 0},
    {"wb", 16, INT, 3, RGB, 0, 0, 0, 8, false, 75, 53, 0, 0},
    {"wl", 16, FLOAT, 1, GRAY, 0, 0, 0, 8, false, 75, 53, 0, 0},
    {"wb", 32, FLOAT, 3, RGB, 0, ZIP, 16, 0, false, 75, 53, 0, 0},
    {"wl", 32, FLOAT, 3, RGB, 0, 0, 0, 20, true, 75, 53, 0, 0},
    {"wb", 64, FLOAT, 1, GRAY, 0, 0, 0, 8, false, 75, 53, 0, 0},
    {"wl", 16, 0, 9, GRAY, 0, ZIP, 0, 8, false, 75, 53, 0, 0},
    {"wl", 8, 0, 3, RGB, 0, ZIP, 0, 1500, false, 2000, 1500, 0, 0},
    {"wl", 8, 0, 3, RGB, 0, LZW, 0, 3100, true, 3000, 3100, 0, 0},
};
#define N_KINDS (sizeof kinds / sizeof *kinds)

static const char *name_of(size_t i)
{
    static char name[40];
    snprintf(name, sizeof name, "kind%zu.tif", i);
    return check_temp(name);
}

static bool can_be_written(const kind *k)
{
    return !k->compression || tiff.TIFFIsCODECConfigured((uint16_t)k->compression);
}

static uint64_t *write_kind(size_t i)
{
    rng r = {100 + i};
    const kind *k = &kinds[i];
    uint64_t *s = random_samples(&r, k);
    TIFF *t = tiff.TIFFOpen(name_of(i), k->mode);
    if (!REQUIRE(t)) return s;
    write_directory(t, k, s);
    tiff.TIFFClose(t);
    return s;
}

// From files that have stood still for a while, and are therefore read at places; and from memory.
static void every_kind(void)
{
    rng r = {7};
    uint64_t *samples[N_KINDS] = {0};
    for (size_t i = 0; i < N_KINDS; i++)
        if (can_be_written(&kinds[i])) samples[i] = write_kind(i);
    for (int old = 0; old < 2; old++) {
        for (size_t i = 0; i < N_KINDS; i++) {
            const kind *k = &kinds[i];
            char what[80];
            if (!samples[i]) {
                check_skip("libtiff here does not write compression %d", k->compression);
                continue;
            }
            snprintf(what, sizeof what, "kind %zu (%d bits, %s)", i, k->bits, old ? "at places" : "held");
            kal_scope *scope = kal_scope_new();
            kal_node *n = kal_load(scope, name_of(i), NULL);
            if (REQUIRE_OK(kal_node_error(n, &check_error))) {
                require_part(n, k, samples[i], kal_rect_of(0, 0, k->width, k->height), 1 + (int)i % 3, what);
                for (int t = 0; t < (k->width > 100 ? 1 : 4); t++) {
                    const int x = rng_below(&r, k->width), y = rng_below(&r, k->height);
                    require_part(n, k, samples[i],
                                 kal_rect_of(x, y, x + 1 + rng_below(&r, k->width - x),
                                             y + 1 + rng_below(&r, k->height - y)),
                                 1 + t % 3, what);
                }
            }
            kal_scope_free(&scope);
        }
        if (!old) usleep(2200000);
    }
    for (size_t i = 0; i < N_KINDS; i++) free(samples[i]);
}
// ---- one large strip ----------------------------------------------------------------------------

static void put_entry(unsigned char *p, bool swapped, unsigned tag, unsigned type, uint64_t v)
{
    const unsigned char head[2][4] = {
        {(unsigned char)tag, (unsigned char)(tag >> 8), (unsigned char)type, 0},
        {(unsigned char)(tag >> 8), (unsigned char)tag, 0, (unsigned char)type}};
    const size_t size = type == 3 ? 2 : 4;
    memset(p, 0, 12);
    memcpy(p, head[swapped], 4);
    p[swapped ? 7 : 4] = 1;
    for (size_t i = 0; i < size; i++) p[8 + (swapped ? size - 1 - i : i)] = (unsigned char)(v >> 8 * i);
}

// Strips of more than 1 GiB, in files with a hole in place of most of them: rows that are not packed cost what they are; of
// PackBits, where a zero is two, all is held.
static void large_strips(void)
{
    static const struct {
        unsigned bits, compression;
        uint64_t width, height, bytes, memory;
        bool swapped;
    } each[] = {{4, 1, 40000, 60000, 1200000000, 8 << 20, false},
                {16, 1, 20000, 30000, 1200000000, 8 << 20, true},
                {8, 32773, 20000, 27500, 1100000000, (uint64_t)1200 << 20, false}};
    kal_limits limits, more;
    kal_limits_get(&limits);
    more = limits;
    more.pixels = (uint64_t)1 << 32;
    kal_limits_set(&more);
    for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
        enum { ENTRIES = 8 };
        unsigned char head[8 + 2 + ENTRIES * 12 + 4] = {'I', 'I', 42, 0, 8, 0, 0, 0, ENTRIES, 0};
        if (each[i].swapped) memcpy(head, "MM\0*\0\0\0\10\0\10", 10);
        const uint64_t values[ENTRIES][3] = {{256, 4, each[i].width},
                                             {257, 4, each[i].height},
                                             {258, 3, each[i].bits},
                                             {259, 3, each[i].compression},
                                             {262, 3, 1},
                                             {273, 4, sizeof head},
                                             {278, 4, each[i].height},
                                             {279, 4, each[i].bytes}};
        for (int k = 0; k < ENTRIES; k++)
            put_entry(head + 10 + 12 * k, each[i].swapped, (unsigned)values[k][0], (unsigned)values[k][1],
                      values[k][2]);
        const char *path = check_temp("large.tif");
        FILE *f = fopen(path, "wb");
        REQUIRE(fwrite(head, 1, sizeof head, f) == sizeof head);
        REQUIRE(!fseek(f, (long)(sizeof head + each[i].bytes - 1), SEEK_SET) && fputc(0x13, f) == 0x13);
        fclose(f);
        kal_scope *s = kal_scope_new();
        kal_stats stats = {0};
        const kal_options o = {
            .threads = 1, .memo_mode = KAL_MEMO_NEVER, .stats = &stats, .max_memory = each[i].memory};
        const bool packed = each[i].compression != 1;
        const int32_t x = (int32_t)each[i].width, y = packed ? 4 : (int32_t)each[i].height;
        unsigned char got[4] = {9, 9, 9, 9};
        kal_node *n = kal_load(s, path, "keyed=false");
        REQUIRE_OK(kal_read(n, kal_rect_of(x - 2, y - 1, x, y), got, 4, &o, &check_error));
        // the last byte is 0x13: two pixels of 4 bits, or the low byte of one
        const uint16_t last = 0x13;
        REQUIRE_NOTE(packed              ? !got[0] && !got[1]
                     : each[i].bits == 4 ? got[0] == 17 && got[1] == 51
                                         : !memcmp(got + 2, &last, 2),
                     "large strip %zu: %d %d %d %d", i, got[0], got[1], got[2], got[3]);
        kal_scope_free(&s);
        unlink(path);
    }
    kal_limits_set(&limits);
}

// ---- what is wrong ------------------------------------------------------------------------------

static kal_status whole(const kal_bytes *b)
{
    kal_scope *s = kal_scope_new();
    kal_node *n = kal_load_bytes(s, b->data, b->size, NULL);
    kal_status st = kal_node_error(n, &check_error);
    kal_extent e;
    if (!st) free(read_all(n, NULL, &e)), st = check_error.status;
    kal_scope_free(&s);
    return st;
}

static void cut_and_changed(void)
{
    rng r = {11};
    static const size_t some[] = {0, 4, 5, 14, 18, 30};
    for (size_t j = 0; j < sizeof some / sizeof *some; j++) {
        kal_bytes b;
        free(write_kind(some[j]));
        FILE *f = fopen(name_of(some[j]), "rb");
        b = read_stream(f);
        fclose(f);
        static const int percents[] = {1, 10, 50, 99};
        for (int i = 0; i < 4; i++) {
            kal_bytes cut = bytes_copy(b.data, b.size * (size_t)percents[i] / 100);
            check_error = (kal_error){0};
            REQUIRE_NOTE(whole(&cut) != KAL_OK, "kind %zu cut at %d %%", some[j], percents[i]);
            bytes_free(&cut);
        }
        for (int i = 0; i < 300; i++) {   // nothing but an answer is asked for
            kal_bytes bad = bytes_copy(b.data, b.size);
            for (int n = 1 + rng_below(&r, 4); n; n--) {
                // half of them where the directory lies
                const size_t span = rng_below(&r, 2) ? bad.size : 400,
                             at = (size_t)rng_below(&r, (int32_t)span);
                ((unsigned char *)bad.data)[span == 400 ? bad.size - 1 - at % bad.size : at] ^=
                    (unsigned char)(1 + rng_below(&r, 255));
            }
            check_error = (kal_error){0};
            whole(&bad);
            bytes_free(&bad);
        }
        bytes_free(&b);
    }
}

// Directories that go round are found, however many there are in the round.
static void round_and_round(void)
{
    unsigned char file[200] = {'I', 'I', 42, 0, 8, 0, 0, 0};
    for (int n = 1; n < 8; n++) {
        for (int i = 0; i < n; i++) {   // a directory of one entry: the width
            unsigned char *d = file + 8 + 18 * i;
            memset(d, 0, 18);
            d[0] = 1, d[2] = 0, d[3] = 1, d[4] = 3, d[6] = 1, d[10] = 5;
            d[14] = (unsigned char)(i + 1 < n ? 8 + 18 * (i + 1) : 8 + 18 * (n / 2));
        }
        const kal_bytes b = {file, (size_t)(8 + 18 * n)};
        check_error = (kal_error){0};
        REQUIRE(whole(&b) == KAL_CORRUPT);
        REQUIRE_NOTE(strstr(check_error.message, "never end"), "%s", check_error.message);
    }
}

int main(void)
{
    if (!load()) {
        check_skip("libtiff is not here");
        return 77;
    }
    every_kind();
    large_strips();
    cut_and_changed();
    round_and_round();
    return check_done();
}

#else

int main(void)
{
    check_skip("libtiff's headers are not here");
    return 77;
}

#endif
