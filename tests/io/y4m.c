// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Y4M: frames of every kind of samples against the formula in doubles, each page by itself and after the one before; files that are none.
// tests/io/pages_peers.sh compares with OpenCV.
#include "pages.h"

#include <math.h>

static const struct {
    const char *name;
    int across, down;
} kinds[] = {{"", 2, 2},      {" C420jpeg", 2, 2}, {" C420mpeg2", 2, 2}, {" C420paldv", 2, 2},
             {" C422", 2, 1}, {" C444", 1, 1},     {" Cmono", 0, 0},     {" C420 XCOLORRANGE=FULL", 2, 2}};

static double clip(double v)
{
    return v < 0 ? 0 : v > 255 ? 255 : v;
}

static void kind(size_t i, uint64_t seed)
{
    rng r = {seed};
    const int w = 1 + rng_below(&r, 30), h = 1 + rng_below(&r, 30), n = 1 + rng_below(&r, 4);
    const int across = kinds[i].across, down = kinds[i].down, cw = across ? (w + across - 1) / across : 0,
              ch = down ? (h + down - 1) / down : 0;
    const bool full = strstr(kinds[i].name, "FULL");
    const size_t frame = (size_t)(w * h + 2 * cw * ch);
    char head[120];
    snprintf(head, sizeof head, "YUV4MPEG2 W%d H%d F25:2 Ip A1:1%s\n", w, h, kinds[i].name);
    kal_bytes b = bytes_copy(head, strlen(head));
    unsigned char *samples = malloc(frame * (size_t)n);
    for (size_t k = 0; k < frame * (size_t)n; k++) samples[k] = (unsigned char)rng_next(&r);
    for (int k = 0; k < n; k++) {
        b = k % 2 ? bytes_join(b, "FRAME Ip Xsomething=longer\n", 27) : bytes_join(b, "FRAME\n", 6);
        b = bytes_join(b, samples + frame * (size_t)k, frame);
    }
    for (int k = 0; k < n; k++) {
        kal__header x;
        kal__meta *m;
        REQUIRE_OK(page_header(&b, k, &x, &m));
        REQUIRE(m->pages == n && m->delay == 2 / 25.0 && m->loops == -1);
        kal__meta_unref(&m);
        unsigned char *p = page_alone(&b, k, &x);
        const unsigned char *luma = samples + frame * (size_t)k, *u = luma + w * h, *v = u + cw * ch;
        double off = 0;
        for (int at = 0; p && at < w * h; at++) {
            const double y = full ? luma[at] : (luma[at] - 16) * 255.0 / 219, scale = full ? 1 : 255.0 / 224;
            const int c = across ? at / w / down * cw + at % w / across : 0;
            const double cu = across ? (u[c] - 128) * scale : 0, cv = across ? (v[c] - 128) * scale : 0;
            const double want[3] = {y + 1.402 * cv, y - 0.344136 * cu - 0.714136 * cv, y + 1.772 * cu};
            for (int j = 0; j < x.extent.channels; j++)
                off = fmax(off, fabs(p[at * x.extent.channels + j] - clip(want[j])));
        }
        REQUIRE_NOTE(p && x.extent.channels == (across ? 3 : 1) && off < 0.51, "%s seed %d: off by %.2f: %s",
                     head, (int)seed, off, p ? "" : check_error.message);
        free(p);
    }
    require_next(&b, 0, n, 0, head);
    require_next(&b, n / 2, n, 5, head);
    bytes_free(&b);
    free(samples);
}

#define TEXT(s) s, sizeof(s) - 1

static void refusals(void)
{
    static const struct {
        const char *file;
        size_t n;
        kal_status status;
        const char *says;
    } cases[] = {{TEXT("YUV4MPEG2 W2 H2\n"), KAL_CORRUPT, "at byte 16: there is no picture"},
                 {TEXT("YUV4MPEG2 W2 H2"), KAL_CORRUPT, "the header does not end"},
                 {TEXT("YUV4MPEG2 W2\nFRAME\n123456"), KAL_CORRUPT, "width and height"},
                 {TEXT("YUV4MPEG2 W-2 H99999999999999999999\nFRAME\n"), KAL_CORRUPT, "width and height"},
                 {TEXT("YUV4MPEG2 W65535 H65535\nFRAME\n"), KAL_LIMIT, "more than the limit"},
                 {TEXT("YUV4MPEG2 W2 H2 C420p10\nFRAME\n123456"), KAL_UNSUPPORTED, "420p10"},
                 {TEXT("YUV4MPEG2 W2 H2\nFRAME\n12345"), KAL_CORRUPT, "inside a frame"},
                 {TEXT("YUV4MPEG2 W2 H2\nFRAME\n1234567"), KAL_CORRUPT, "at byte 28: there is no FRAME"},
                 {TEXT("YUV4MPEG2 W2 H2\nFRAME\n123456FRAME"), KAL_CORRUPT, "does not end"}};
    kal_limits limits, less;
    kal_limits_get(&limits);
    less = limits;
    less.pixels = 1 << 20;
    kal_limits_set(&less);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        require_refused(cases[i].file, cases[i].n, cases[i].status, "y4m", cases[i].says);
    }
    less.pages = 1;
    kal_limits_set(&less);
    kal_extent e;
    void *p = decoded(TEXT("YUV4MPEG2 W2 H2\nFRAME\n123456FRAME\n123456"), NULL, &e);
    REQUIRE(!p && check_error.status == KAL_LIMIT);
    free(p);
    kal_limits_set(&limits);
}

int main(void)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (uint64_t seed = 1; seed <= 10; seed++) kind(i, seed);
    refusals();
    kal_memo_clear(NULL);
    return check_done();
}
