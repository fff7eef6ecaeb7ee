// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What a plan is told to need bounds what a process really holds: the peak resident set of a child that does one job, less that of a
// child that does nothing. How much code a fault brings in hangs on how its file lies in the system's cache, up to a megabyte from run to run, so of that the least counts; and plans that are exact are
// also compared, without code, with those of the same job on a tiny picture.
#include "files.h"

#include <unistd.h>

typedef struct cost {
    uint64_t held, planned;   // bytes
    uint64_t code;            // of what is held
} cost;

// This program again, as a process that does one job, or none, and says what it held.
static int do_job(const char *text)
{
    kal_stats stats = {0};
    kal_error err = {0};
    kal_program *p = NULL;
    const kal_options o = {.memo_mode = KAL_MEMO_NEVER, .threads = 2, .stats = &stats};
    kal_status st = *text ? kal_program_parse(text, strlen(text), NULL, 0, &p, &err) : KAL_OK;
    if (p) st = kal_program_run(p, &o, &err);
    kal_program_free(&p);
    char line[200];
    unsigned long long peak = 0, code = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f)) {
        sscanf(line, "VmHWM: %llu kB", &peak);
        sscanf(line, "RssFile: %llu kB", &code);
    }
    if (f) fclose(f);
    printf("%llu %llu %llu\n", peak << 10, (unsigned long long)stats.planned_bytes, code << 10);
    return st != KAL_OK;
}

static char self[400];

static cost child(const char *text)
{
    char command[1200];
    unsigned long long held = 0, planned = 0, code = 0;
    snprintf(command, sizeof command, "'%s' --job '%s'", self, text);
    FILE *f = popen(command, "r");
    if (f && fscanf(f, "%llu %llu %llu", &held, &planned, &code) != 3) held = planned = code = 0;
    if (!f || pclose(f)) return (cost){0};
    return (cost){held, planned, code};
}

static int by_size(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

#define MOST_RUNS 7

static uint64_t over(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

// More than a child that does nothing: the median of what some runs hold, an odd number, and of mapped code the least.
static cost job(const char *text, int runs)
{
    uint64_t held[MOST_RUNS], code = UINT64_MAX, idle_code = UINT64_MAX;
    cost c = {0};
    for (int i = 0; i < runs; i++) {
        const cost idle = child("");
        c = child(text);
        held[i] = over(c.held - c.code, idle.held - idle.code);
        if (c.code < code) code = c.code;
        if (idle.code < idle_code) idle_code = idle.code;
    }
    qsort(held, (size_t)runs, sizeof *held, by_size);
    return (cost){held[runs / 2] + over(code, idle_code), c.planned, 0};
}

// What a job on a large picture takes more than on a tiny one, code left out.
static cost more_of(const char *text, const char *tiny)
{
    const cost a = child(text), b = child(tiny);
    return (cost){over(a.held - a.code, b.held - b.code), over(a.planned, b.planned), 0};
}

// Whether this build, on this machine, writes such: "avif", "jxl quality=99".
static bool is_here(kal_scope *s, const char *to)
{
    char format[8];
    kal_error err;
    const kal_extent tiny = extent_of(8, 8, 3, KAL_U8);
    unsigned char pixels[8 * 8 * 3] = {0};
    snprintf(format, sizeof format, "%.*s", (int)strcspn(to, " "), to);
    return kal_node_error(kal_encode(s, node_of(s, &tiny, pixels), format, NULL), &err) != KAL_UNSUPPORTED;
}

int main(int argc, char **argv)
{
    if (argc > 2 && !strcmp(argv[1], "--job")) return do_job(argv[2]);
    const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (CHECK_SLOWER > 1 || n < 0 || !child("").held) {
        check_skip("a sanitizer's own memory is no measure, or there is no /proc");
        return 77;
    }
    static const double slack_of[] = {0.2, 0.5, 3, 6};   // of what is held
    static const struct {
        const char *from, *calls, *to;
        int loose;   // 1: pieces are told at their worst and are many; 2: what is held hangs on the picture, and this is not the worst; 3: nor near it
    } jobs[] = {{"ppm", "", "ppm", 0},
                {"jpg", "", "ppm", 0},
                {"png", "", "ppm", 0},
                {"ppm", "", "jpg", 0},
                {"ppm", "", "png", 0},
                {"ppm", "", "png colours=64", 1},
                {"ppm", "", "gif", 1},
                {"ppm", "", "avif", 2},
                {"screen.ppm", "", "avif", 1},
                {"screen.ppm", "", "avif lossless=true", 1},
                {"screen.ppm", "", "avif subsampling=444", 1},
                {"screen.ppm", "", "avif effort=5", 1},
                {"ppm", "resize 2900 1500", "avif", 1},
                {"ppm", "resize 2900 1500", "avif subsampling=444", 1},
                {"ppm", "", "webp", 2},
                {"noise.ppm", "gaussian 1", "webp quality=95", 3},
                {"noise.ppm", "", "webp quality=50", 3},
                {"noise.ppm", "linear scale=255 offset=-32512", "webp quality=100", 3},
                {"noise.ppm", "", "webp lossless=true effort=0", 2},
                {"noise.ppm", "color_key color=128 tolerance=90", "webp", 2},
                {"screen.ppm", "", "jxl", 0},
                {"noise.ppm", "", "jxl quality=99 effort=3", 2},
                {"noise.ppm", "", "heic quality=100", 1},
                {"noise.ppm", "", "heic lossless=true", 1},
                {"noise.ppm", "resize 2600 1700", "avif quality=100", 1},
                {"ppm", "", "heic", 1},
                {"ppm", "", "heic subsampling=444", 1},
                {"jpg", "", "jpg", 0},
                {"jpg", "gaussian 6", "ppm", 0},
                {"png", "flip vertical", "jpg", 0},
                {"ppm", "", "dzi", 1},
                {"ppm", "", "szi", 1},
                {"ppm", "", "iiif", 1},
                {"jpg", "resize 5000 3000", "dzi", 1}};
    kal_scope *s = kal_scope_new();
    static const char *const suffixes[] = {"ppm", "jpg", "png"};
    rng r = {7};
    kal_node *small = rng_image(&r, s, &(kal_extent){500, 200, 3, KAL_U8, KAL_RGB, false});
    kal_node *large = kal_resize(s, small, kal_resize_params(.width = 2000, .height = 1000));
    for (int i = 0; i < 3; i++) {
        char name[16];
        snprintf(name, sizeof name, "in.%s", suffixes[i]);
        REQUIRE_OK(kal_save(large, check_temp(name), NULL, NULL, &check_error));
        snprintf(name, sizeof name, "tiny.%s", suffixes[i]);
        REQUIRE_OK(kal_save(kal_crop(s, large, kal_crop_params(.width = 16, .height = 16)), check_temp(name),
                            NULL, NULL, &check_error));
    }
    const kal_extent noise = {2000,   1500,    3,
                              KAL_U8, KAL_RGB, false};   // which libwebp would hold 30 bytes a pixel of
    REQUIRE_OK(kal_save(rng_image(&r, s, &noise), check_temp("in.noise.ppm"), NULL, NULL, &check_error));
    // of such libaom copies blocks, and holds the most: up to 4 MP
    kal_node *screen = kal_apply_text(s, "sample", "text width=2000 height=1000", NULL, 0);
    REQUIRE_OK(kal_save(screen, check_temp("in.screen.ppm"), NULL, NULL, &check_error));
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) {
        char in[24], out[40], text[600], tiny[600];
        if (!is_here(s, jobs[i].to)) continue;
        snprintf(in, sizeof in, "in.%s", jobs[i].from);
        snprintf(out, sizeof out, "out.%s", jobs[i].to);
        snprintf(text, sizeof text, "load %s%s%s | save %s", check_temp(in), *jobs[i].calls ? " | " : "",
                 jobs[i].calls, check_temp(out));
        const cost c = job(text, jobs[i].loose ? 1 : MOST_RUNS);
        const uint64_t slack = (uint64_t)(slack_of[jobs[i].loose] * (double)c.held);
        REQUIRE_NOTE(c.planned > 0 && c.held <= c.planned + (128 << 10) &&
                         c.planned <= c.held + slack + (1 << 20),
                     "%s %s → %s: %.2f MB planned, %.2f held", jobs[i].from, jobs[i].calls, jobs[i].to,
                     (double)c.planned / 1e6, (double)c.held / 1e6);
        // PNG's pieces are planned as they may be, also of a tiny picture
        if (jobs[i].loose || !strcmp(jobs[i].from, "screen.ppm") || !strcmp(jobs[i].to, "png")) continue;
        snprintf(tiny, sizeof tiny, "load %s%s%s | save %s",
                 check_temp(strcat(strcpy(in, "tiny."), jobs[i].from)), *jobs[i].calls ? " | " : "",
                 jobs[i].calls, check_temp(out));
        const cost m = more_of(text, tiny);
        REQUIRE_NOTE(m.held <= m.planned + (256 << 10) && m.planned <= m.held + m.held / 5 + (1 << 20),
                     "%s %s → %s: %.2f MB more planned than for a tiny one, %.2f held", jobs[i].from,
                     jobs[i].calls, jobs[i].to, (double)m.planned / 1e6, (double)m.held / 1e6);
    }
    kal_scope_free(&s);
    kal_memo_clear(NULL);
    return check_done();
}
