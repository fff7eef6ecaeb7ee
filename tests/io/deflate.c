// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What our deflate makes of pieces, zlib must inflate as one stream: noise of every width, runs, repeated rows, few and many bytes, every
// level. Input and output lie in memory of exactly their size, for sanitizers.
#include "files.h"

#include "../../io/deflate.h"

static void fill(rng *r, unsigned char *p, size_t n)
{
    const int way = rng_below(r, 6), width = 1 + rng_below(r, 256);
    const size_t row = 1 + (size_t)rng_below(r, 3000);
    for (size_t i = 0; i < n; i++) {
        const unsigned char noise = (unsigned char)rng_below(r, width);
        const unsigned char narrow = (unsigned char)(rng_below(r, width) * rng_below(r, 2) * rng_below(r, 2));
        const unsigned char again = i < row ? noise : p[i - row];
        const unsigned char kinds[] = {noise,
                                       narrow,
                                       rng_below(r, 40) ? again : noise,
                                       rng_below(r, 500) ? 0 : noise,
                                       (unsigned char)(i / 300 % 2 ? noise : 0),
                                       7};
        p[i] = kinds[way];
    }
}

// Deflates n bytes in pieces of `step` and gives how many bytes they became.
static size_t check_pieces(const unsigned char *data, size_t n, size_t step, int level)
{
    z_stream z = {0};
    inflateInit2(&z, -15);
    unsigned char *back = malloc(n);
    z.next_out = back;
    z.avail_out = (uInt)n;
    size_t total = 0;
    for (size_t at = 0; at < n; at += step) {
        const size_t some = n - at < step ? n - at : step,
                     dict = at < KAL__DEFLATE_WINDOW ? at : KAL__DEFLATE_WINDOW;
        const bool last = at + some == n;
        unsigned char *in = malloc(dict + some), *out = malloc(kal__deflate_bound(some));
        memcpy(in, data + at - dict, dict + some);
        const unsigned near[KAL__DEFLATE_NEAR] = {1, 3, 301};
        const size_t size = kal__deflate(in, dict, some, near, level, last, out);
        REQUIRE(size > 0 && size <= kal__deflate_bound(some));
        z.next_in = out;
        z.avail_in = (uInt)size;
        const int code = inflate(&z, Z_SYNC_FLUSH);
        REQUIRE_NOTE(code == (last ? Z_STREAM_END : Z_OK) && !z.avail_in && z.total_out == at + some,
                     "level %d, piece of %zu at %zu of %zu: %d %s", level, some, at, n, code,
                     z.msg ? z.msg : "");
        total += size;
        free(in), free(out);
    }
    REQUIRE_NOTE(!memcmp(back, data, n), "level %d, %zu bytes in pieces of %zu", level, n, step);
    inflateEnd(&z);
    free(back);
    return total;
}

static void test_random(void)
{
    static unsigned char data[700000];
    static const size_t sizes[] = {1, 2, 3, 7, 8, 9, 20, 258, 300, 5000, 40000, 65536, 300000, 700000};
    rng r = {51};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int n = 0; n < 20; n++) {
            fill(&r, data, sizes[i]);
            size_t step = 1 + (size_t)rng_below(&r, n % 2 ? 40000 : 600000);
            if (step < sizes[i] / 30) step = sizes[i] / 30;
            check_pieces(data, sizes[i], step, rng_below(&r, 10));
        }
}

// A code deeper than 15 bits has to be made shallower: counts like Fibonacci's.
static void test_deep_code(void)
{
    static unsigned char data[200000];
    size_t n = 0, a = 1, b = 1;
    for (int symbol = 0; symbol < 24 && n + b < sizeof data; symbol++) {
        for (size_t i = 0; i < b; i++) data[n++] = (unsigned char)symbol;
        const size_t next = a + b;
        a = b;
        b = next;
    }
    rng r = {52};
    for (size_t i = n - 1; i > 0; i--) {   // in no order, so that hardly anything matches
        const size_t k = (size_t)rng_below(&r, (int)i + 1);
        const unsigned char swap = data[i];
        data[i] = data[k];
        data[k] = swap;
    }
    check_pieces(data, n, n, 1);
    check_pieces(data, n, n, 9);
}

// Runs and rows that come again become next to nothing, noise no more than it is.
static void test_sizes(void)
{
    static unsigned char data[300000];
    REQUIRE(check_pieces(data, sizeof data, sizeof data, 1) < 400);
    rng r = {53};
    for (size_t i = 0; i < sizeof data; i++) data[i] = i < 301 ? (unsigned char)rng_next(&r) : data[i - 301];
    REQUIRE(check_pieces(data, sizeof data, sizeof data, 6) < 2000);
    for (size_t i = 0; i < sizeof data; i++) data[i] = (unsigned char)rng_next(&r);
    REQUIRE(check_pieces(data, sizeof data, sizeof data, 6) < sizeof data + 100);
}

// A page of text, whose letters come again from far away, around a photograph, which is noise: the quick level must not take the one for the other.
static void test_mixed(void)
{
    enum { ROW = 2401, ROWS = 108, LETTERS = 40, WIDE = 27, TALL = 12 };
    static unsigned char letters[LETTERS][TALL][WIDE], page[ROW * ROWS];
    rng r = {55};
    for (size_t i = 0; i < sizeof letters; i++)
        ((unsigned char *)letters)[i] = (unsigned char)(rng_below(&r, 3) ? 0 : rng_next(&r));
    memset(page, 0, sizeof page);
    for (int y = 0; y + TALL <= ROWS; y += TALL)
        for (int x = 0; x + WIDE <= ROW; x += WIDE) {
            const int letter = rng_below(&r, LETTERS);
            for (int k = 0; k < TALL; k++) memcpy(&page[(y + k) * ROW + x], letters[letter][k], WIDE);
        }
    for (int y = 44; y < 64; y++)
        for (int x = 0; x < ROW; x++)
            page[y * ROW + x] = (unsigned char)(rng_below(&r, 9) + rng_below(&r, 9));
    const size_t quick = check_pieces(page, sizeof page, sizeof page, 1),
                 usual = check_pieces(page, sizeof page, sizeof page, 2);
    REQUIRE_NOTE((double)quick <= 1.05 * (double)usual, "%zu for %zu", quick, usual);
}

// Where a stretch of 256 KiB ends and the piece goes on, no match is as short as what is left of it.
static void test_stretches(void)
{
    static unsigned char data[((size_t)256 << 10) + 600];
    rng r = {54};
    for (int n = 0; n < 60; n++) {
        unsigned char pixel[3] = {0};
        for (size_t i = 0; i < sizeof data; i += 3) {   // pixels of few colours, some of them in runs
            const int colour = rng_below(&r, 200);
            for (int k = 0; k < 3 && !rng_below(&r, 1 + n % 6); k++)
                pixel[k] = (unsigned char)(colour * (7 + 4 * k));
            for (size_t k = 0; k < 3 && i + k < sizeof data; k++) data[i + k] = pixel[k];
        }
        check_pieces(data, sizeof data, sizeof data, 1 + n % 9);
    }
}

int main(void)
{
    test_random();
    test_stretches();
    test_mixed();
    test_deep_code();
    test_sizes();
    return check_done();
}
