// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What a JPEG takes is counted without making it: beside the files themselves, of pictures of every kind, and the same on any threads and any instruction set; and what searches make of it.
#include "jpeg_count.h"

#include "../io/files.h"
#include "cpu.h"
#include "mem.h"
#include "optimizing.h"

typedef struct picture {
    kal_extent extent;
    unsigned char *data;
    kal__jpeg_view view;
} picture;

enum { SCENE, NOISE, FLAT, BLOCKS, RAMP, GRAIN, DISC, KINDS };

static int level(int kind, int32_t x, int32_t y, int32_t c, rng *r)
{
    switch (kind) {
    case NOISE: return rng_below(r, 256);
    case FLAT: return 200 - 60 * c;
    case BLOCKS: return ((x / 5) * 37 + (y / 7) * 11 + c * 50) % 256;   // edges, and nothing between them
    case RAMP: return (x * (c + 1) + y * 2) / 8 % 256;
    case GRAIN: return 120 + rng_below(r, 4) + rng_below(r, 4) + rng_below(r, 4);   // few symbols
    case DISC:
        return (x - 150) * (x - 150) + (y - 110) * (y - 110) < 9000 ? 255
                                                                    : 0;   // few bytes more from step to step
    default: return (x * (3 + c) + y * 2) % 256 / 2 + (((x / 16) ^ (y / 16)) & 1) * 60 + rng_below(r, 24);
    }
}

static picture picture_of(int kind, int32_t w, int32_t h, int32_t channels)
{
    picture p = {.extent = extent_of(w, h, channels, KAL_U8)};
    const size_t n = (size_t)w * (size_t)h * (size_t)channels, last = channels > 1 ? 2 : 0;
    rng r = {(uint64_t)kind + 3};
    p.data = malloc(n);
    for (size_t i = 0; i < n; i++) {
        const size_t at = i / (size_t)channels;
        p.data[i] = (unsigned char)level(kind, (int32_t)(at % (size_t)w), (int32_t)(at / (size_t)w),
                                         (int32_t)(i % (size_t)channels), &r);
    }
    p.view = (kal__jpeg_view){.data = p.data,
                              .stride = (size_t)w * (size_t)channels,
                              .pixel = (size_t)channels,
                              .green = last / 2,
                              .blue = last,
                              .width = w,
                              .height = h,
                              .gray = channels == 1,
                              .halved = channels > 1};
    return p;
}

static double counted(const kal__jpeg_view *v, int quality, int threads, int32_t every)
{
    const kal__jpeg_how how = {every, threads, NULL, NULL};
    kal__jpeg_size size = {0};
    REQUIRE_OK(kal__jpeg_count(v, &how, &quality, 1, &size, &check_error));
    return size.bytes;
}

static double made(const picture *p, int quality, const char *subsampling)
{
    kal_scope *s = kal_scope_new();
    kal_bytes b = {NULL, 0};
    char params[120];
    snprintf(params, sizeof params, "progressive=true optimize=true tables=tuned strip=true quality=%d%s%s",
             quality, *subsampling ? " subsampling=" : "", subsampling);
    kal_node *n = kal_encode(s, node_of(s, &p->extent, p->data), "jpeg", params);
    REQUIRE_OK(kal_read_bytes(n, NULL, &b, &check_error));
    const double size = (double)b.size;
    kal_bytes_free(&b);
    kal_scope_free(&s);
    return size;
}

static const struct {
    int32_t w, h, channels;
} sizes[] = {{64, 48, 3},  {96, 80, 1}, {2000, 1, 3}, {20, 300, 3},  {300, 17, 3}, {37, 53, 3},
             {17, 200, 3}, {200, 9, 1}, {1, 1, 3},    {333, 300, 3}, {8, 8, 1}};
static const int qualities[] = {5, 12, 20, 35, 50, 71, 85, 93, 97, 100};

// Within a hundredth of the file, and some bytes. (Of a ramp the bits repeat themselves, and more bytes than one in 256 have another behind them.)
static void as_large(void)
{
    double most = 0, sum = 0;
    int n = 0;
    for (int kind = 0; kind < KINDS; kind++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            for (int full = 0; full < (sizes[i].channels == 3 ? 2 : 1); full++) {
                picture p = picture_of(kind, sizes[i].w, sizes[i].h, sizes[i].channels);
                p.view.halved = !full && sizes[i].channels == 3;
                for (size_t q = 0; q < sizeof qualities / sizeof *qualities; q++) {
                    const double there = made(&p, qualities[q],
                                              sizes[i].channels == 1 ? ""
                                              : full                 ? "444"
                                                                     : "420");
                    const double count = counted(&p.view, qualities[q], 1, 1), off = fabs(count - there);
                    const double part = off / there;
                    REQUIRE_NOTE(off <= 8 + there * (kind == RAMP ? 0.06 : 0.01),
                                 "kind %d, %d x %d x %d, %s, quality %d: %g counted, %g made", kind,
                                 sizes[i].w, sizes[i].h, sizes[i].channels, full ? "444" : "420",
                                 qualities[q], count, there);
                    if (there < 4000) continue;
                    most = part > most ? part : most;
                    sum += part;
                    n++;
                }
                free(p.data);
            }
    printf("%d files of 4 kB or more: off by %.4f in the mean, %.4f at most\n", n, sum / n, most);
    REQUIRE_NOTE(sum / n < 0.003, "%g", sum / n);
}

static bool same(double a, double b)
{
    return fabs(a - b) <= 0;
}

// To the bit, whoever counts; and all qualities at once as one by one.
static void whoever(void)
{
    const kal__isa best = kal__cpu_isa();
    picture p = picture_of(SCENE, 411, 700, 3);
    double first[sizeof qualities / sizeof *qualities];
    kal__cpu_set_isa(KAL__SCALAR);
    for (size_t q = 0; q < sizeof qualities / sizeof *qualities; q++)
        first[q] = counted(&p.view, qualities[q], 1, 1);
    for (int isa = KAL__SCALAR; isa <= (int)best; isa++)
        for (int threads = 1; threads <= 32; threads = threads * 2 + 1) {
            kal__cpu_set_isa((kal__isa)isa);
            const kal__jpeg_how how = {1, threads, NULL, NULL};
            kal__jpeg_size together[KAL__JPEG_COUNTS];
            REQUIRE_OK(kal__jpeg_count(&p.view, &how, qualities, KAL__JPEG_COUNTS, together, &check_error));
            for (int q = 0; q < KAL__JPEG_COUNTS; q++)
                REQUIRE_NOTE(same(together[q].bytes, first[q]), "%s, %d threads, quality %d: %g and %g",
                             kal__isa_name((kal__isa)isa), threads, qualities[q], together[q].bytes,
                             first[q]);
        }
    kal__cpu_set_isa(best);
    free(p.data);
}

// Some rows tell about all; and the samples of 8 bits about those of 16 and of others beside them.
static void samples(void)
{
    picture p = picture_of(SCENE, 160, 1600, 3), wide = p;
    const double all = counted(&p.view, 70, 2, 1), some = counted(&p.view, 70, 2, 9);
    REQUIRE_NOTE(fabs(some / all - 1) < 0.03, "%g and %g", all, some);
    const size_t n = (size_t)160 * 1600;
    wide.data = malloc(n * 8);   // red, green, blue and something else, of 16 bits
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < 4; c++)
            ((uint16_t *)(void *)wide.data)[i * 4 + c] =
                c < 3 ? (uint16_t)(p.data[i * 3 + c] << 8 | 0x5A) : (uint16_t)i;
    wide.view.data = wide.data;
    wide.view.stride = (size_t)160 * 8, wide.view.pixel = 8;
    wide.view.red = 1, wide.view.green = 3, wide.view.blue = 5;
    REQUIRE(same(counted(&wide.view, 70, 1, 1), all));
    free(wide.data);
    free(p.data);
}

static kal_status stop(const void *of, kal_error *err)
{
    int *left = (int *)(uintptr_t)of;
    if (__atomic_sub_fetch(left, 1, __ATOMIC_RELAXED) > 0) return KAL_OK;
    if (err) snprintf(err->message, sizeof err->message, "stopped");
    return KAL_CANCELLED;
}

static void stopped(void)
{
    picture p = picture_of(NOISE, 64, 2000, 3);
    kal__jpeg_size size;
    const int quality = 50;
    for (int threads = 1; threads <= 3; threads++) {
        int left = 20;
        const kal__jpeg_how how = {1, threads, stop, &left};
        kal_error err = {0};
        REQUIRE(kal__jpeg_count(&p.view, &how, &quality, 1, &size, &err) == KAL_CANCELLED);
        REQUIRE(!strcmp(err.message, "stopped") && left > -20);   // not all 125 rows
    }
    for (long nth = 1; nth < 6; nth++) {
        kal_error err = {0};
        const kal__jpeg_how how = {1, 1, NULL, NULL};
        kal__fail_alloc(nth, false);
        const kal_status st = kal__jpeg_count(&p.view, &how, &quality, 1, &size, &err);
        kal__fail_alloc(0, false);
        REQUIRE_NOTE(st == KAL_NOMEM && strstr(err.message, "memory"), "allocation %ld: %d", nth, (int)st);
    }
    free(p.data);
}

// By bytes a JPEG is mostly found at once, whatever the picture is. (Of files that are hardly more than their heads, and of repeated edges, bytes rise and fall.)
static void searched(void)
{
    int files = 0, searches = 0;
    for (int kind = 0; kind < KINDS; kind++)
        for (int channels = 1; channels <= 3; channels += 2) {
            picture p = picture_of(kind, 320, 240, channels);
            for (int quality = 15; quality <= 90; quality += 15) {
                kal_scope *s = kal_scope_new();
                const double there = made(&p, quality, channels == 1 ? "" : "420");
                char params[160];
                snprintf(params, sizeof params, "formats=jpeg max_bytes=%zu metric=none original=false",
                         (size_t)(there * 1.004));
                kal_choice c = {0};
                REQUIRE_OK(
                    kal_choose(optimized(s, node_of(s, &p.extent, p.data), params), NULL, &c, &check_error));
                REQUIRE_NOTE(c.passed && c.size <= (size_t)(there * 1.004),
                             "kind %d, %d channels, quality %d: %zu of %g bytes in %d files", kind, channels,
                             quality, c.size, there, c.n);
                REQUIRE_NOTE((double)c.size >= 0.99 * there || there < 2000 || kind == BLOCKS,
                             "kind %d, %d channels, quality %d: %zu of %g bytes", kind, channels, quality,
                             c.size, there);
                files += c.n, searches++;
                kal_choice_release(&c);
                kal_scope_free(&s);
            }
            free(p.data);
        }
    printf("%d searches, %d files\n", searches, files);
    REQUIRE_NOTE(files * 2 < searches * 3, "%d files of %d searches", files, searches);
}

// Of 16 bits it is the upper ones that are counted: the file has them alone.
static void wide(void)
{
    int files = 0, searches = 0;
    for (int channels = 1; channels <= 3; channels += 2) {
        kal_scope *s = kal_scope_new();
        kal_node *n = scene(s, 300, 200, channels, KAL_U16, 5);
        for (int bytes = 6000; bytes <= 20000; bytes += 2000) {
            char params[100];
            kal_choice c = {0};
            snprintf(params, sizeof params, "formats=jpeg max_bytes=%d metric=none", bytes);
            REQUIRE_OK(kal_choose(optimized(s, n, params), NULL, &c, &check_error));
            REQUIRE(c.passed && c.size <= (size_t)bytes);
            files += c.n, searches++;
            kal_choice_release(&c);
        }
        kal_scope_free(&s);
    }
    REQUIRE_NOTE(files * 2 < searches * 3, "%d files of %d searches", files, searches);
}

int main(void)
{
    samples();
    stopped();
    whoever();
    if (!is_there("jpeg")) {
        check_skip("jpeg is not here");
        return check_done();
    }
    as_large();
    searched();
    wide();
    return check_done();
}
