// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// resize's passes alone: every width around the vectors', windows of all lengths and parities, extreme samples and
// weights; then whole jobs, timed.
#include "kernel.h"

#include "geometry/resize.h"

#include <kal/ops.h>

static rng seed = {1};

static size_t below(size_t n)
{
    return (size_t)rng_below(&seed, (int32_t)n);
}

// Weights as kernels have them: about one in all, sizes summing to at most 2, some of the largest kind.
static void weights(int16_t *t, size_t n)
{
    int32_t left = 32768;
    const bool hard = below(4) == 0;
    for (size_t k = 0; k < n; k++) {
        int32_t size = hard ? left : (int32_t)below((size_t)left / 2 + 1);
        if (size > 32767) size = 32767;
        t[k] = (int16_t)(below(3) ? size : -size);
        left -= size;
    }
}

// ---- columns ------------------------------------------------------------------------------------

typedef struct columns {
    const uint8_t *src[64];
    int16_t t[128];
    size_t lines, taps, n, pitch;
} columns;

static void run_columns(const kal__kernel_table *k, void *out, const void *arg)
{
    const columns *c = arg;
    k->resize_v_u8(out, c->pitch, c->lines, c->src, c->t, c->taps, c->n);
}

static void try_columns(size_t n)
{
    columns c = {.lines = 1 + below(2), .taps = 2 + 2 * below(31), .n = n, .pitch = n};
    uint8_t *memory = malloc((n + 1) * c.taps);
    for (size_t i = 0; i < (n + 1) * c.taps; i++)
        memory[i] = (uint8_t)(below(3) ? rng_next(&seed) : below(2) ? 255 : 0);
    for (size_t k = 0; k < c.taps; k++) c.src[k] = memory + k * (n + 1);   // any alignment
    for (size_t l = 0; l < c.lines; l++) weights(c.t + l * c.taps, c.taps);
    char name[64];
    snprintf(name, sizeof name, "resize_v_u8 n=%zu taps=%zu lines=%zu", n, c.taps, c.lines);
    kernel_try(&(kernel_call){name, run_columns, &c, n * c.lines * 2, 2, 1, 1}, false);
    free(memory);
}

// ---- rows ---------------------------------------------------------------------------------------

typedef struct rows {
    kal__across_u8 a;
    size_t row;
} rows;

static void run_rows(const kal__kernel_table *k, void *out, const void *arg)
{
    const rows *r = arg;
    uint8_t *dst[KAL__LINES];
    for (size_t l = 0; l < r->a.lines; l++) dst[l] = (uint8_t *)out + l * r->row;
    kal__across_u8 a = r->a;
    a.dst = dst;
    k->resize_h_u8(&a);
}

static void try_rows(size_t outputs, size_t channels)
{
    kal__window window[200];
    size_t at[200];
    int16_t *t = calloc(200 * 24, sizeof *t);
    int32_t first = (int32_t)below(9);
    const size_t step = 1 + below(7), longest = 1 + below(20);
    size_t next = 1, pixels = 0;
    for (size_t x = 0; x < outputs; x++) {
        const size_t count = 1 + below(longest);
        const int32_t end = x ? window[x - 1].first + window[x - 1].count : 0;
        window[x] = (kal__window){first, (int32_t)count};
        if (first + (int32_t)count < end) window[x].count = end - first;   // ends never move back
        at[x] = next;
        weights(t + next, (size_t)window[x].count);
        next += (size_t)window[x].count + 2;
        pixels = (size_t)(first + window[x].count - window[0].first);
        first += (int32_t)below(step);
    }
    const size_t pitch = (pixels + 8) * channels, room = kal__across_u8_room(pixels, outputs, channels);
    int16_t *src = malloc(KAL__LINES * pitch * sizeof *src);
    for (size_t i = 0; i < KAL__LINES * pitch; i++)
        src[i] = (int16_t)(below(3) ? (int32_t)rng_next(&seed) : below(2) ? 32767 : -32768);
    void *memory = aligned_alloc(64, (room + 63) / 64 * 64);
    const rows r = {{.lines = 1 + below(KAL__LINES),
                     .src = src,
                     .pitch = pitch,
                     .window = window,
                     .at = at,
                     .t = t,
                     .outputs = outputs,
                     .channels = channels,
                     .room = memory},
                    outputs * channels};
    char name[80];
    snprintf(name, sizeof name, "resize_h_u8 outputs=%zu channels=%zu lines=%zu", outputs, channels,
             r.a.lines);
    kernel_try(&(kernel_call){name, run_rows, &r, r.a.lines * r.row, 1, 1, 1}, false);
    free(memory);
    free(src);
    free(t);
}

// ---- doubles ------------------------------------------------------------------------------------

typedef struct reals {
    kal_extent e;
    const unsigned char *pixels;
    const double *rows[20];
    double t[20];
    size_t taps, n;
    bool more;
} reals;

static double any_real(void)
{
    return below(50) ? (double)(int32_t)rng_next(&seed) / 65536 : below(2) ? 1e300 * 1e300 : -0.0;
}

static void run_widen(const kal__kernel_table *k, void *out, const void *arg)
{
    const reals *r = arg;
    k->resize_widen(out, r->pixels, r->e.type, (size_t)r->e.channels, r->e.alpha, (size_t)r->e.width);
}

static void try_widen(int32_t width, int32_t channels, kal_type type, bool alpha)
{
    reals r = {.e = {width, 1, channels, type, KAL_DATA, alpha}};
    unsigned char *data = malloc(bytes_of(&r.e));
    rng_pixels(&seed, &r.e, data);
    r.pixels = data;
    char name[80];
    snprintf(name, sizeof name, "resize_widen width=%d channels=%d type=%d alpha=%d", width, channels, type,
             alpha);
    kernel_try(&(kernel_call){name, run_widen, &r, (size_t)width * (size_t)channels * sizeof(double),
                              sizeof(double), 1, 1},
               false);
    free(data);
}

static void run_sums(const kal__kernel_table *k, void *out, const void *arg)
{
    const reals *r = arg;
    for (size_t i = 0; i < r->n; i++) ((double *)out)[i] = (double)i;
    k->resize_v_real(out, r->rows, r->t, r->taps, r->n, r->more);
}

static void try_sums(size_t n)
{
    reals r = {.taps = 1 + below(20), .n = n, .more = below(2)};
    double *memory = malloc(20 * (n + 1) * sizeof *memory);
    for (size_t i = 0; i < 20 * (n + 1); i++) memory[i] = any_real();
    for (size_t k = 0; k < r.taps; k++) r.rows[k] = memory + k * (n + 1), r.t[k] = any_real();
    char name[80];
    snprintf(name, sizeof name, "resize_v_real n=%zu taps=%zu more=%d", n, r.taps, r.more);
    kernel_try(&(kernel_call){name, run_sums, &r, n * sizeof(double), sizeof(double), 1, 1}, false);
    free(memory);
}

typedef struct real_rows {
    kal__across_real a;
    size_t row;
} real_rows;

static void run_real_rows(const kal__kernel_table *k, void *out, const void *arg)
{
    const real_rows *r = arg;
    void *dst[KAL__LINES];
    for (size_t l = 0; l < r->a.lines; l++) dst[l] = (unsigned char *)out + l * r->row;
    kal__across_real a = r->a;
    a.dst = dst;
    k->resize_h_real(&a);
}

static void try_real_rows(size_t outputs, size_t channels, kal_type type, bool alpha)
{
    kal__window window[100];
    size_t at[100], next = 1, first = 0;
    double t[100 * 12];
    for (size_t i = 0; i < 100 * 12; i++) t[i] = any_real() / 1e4;
    const size_t step = 1 + below(5), longest = 1 + below(10), even = below(2);
    for (size_t x = 0; x < outputs; x++) {
        window[x] = (kal__window){(int32_t)first, (int32_t)(even ? longest : 1 + below(longest))};
        at[x] = next;
        next += (size_t)window[x].count + 2;
        first += below(step);
    }
    const size_t n = (first + 12) * channels * KAL__LINES, room = kal__across_real_room(outputs, channels);
    double *src = aligned_alloc(64, n * sizeof *src);
    for (size_t i = 0; i < n; i++) src[i] = any_real() / 100;
    void *memory = aligned_alloc(64, (room + 63) / 64 * 64);
    const real_rows r = {{.lines = 1 + below(KAL__LINES),
                          .src = src,
                          .lanes = KAL__LINES,
                          .window = window,
                          .at = at,
                          .t = t,
                          .outputs = outputs,
                          .channels = channels,
                          .type = type,
                          .alpha = alpha,
                          .room = memory},
                         outputs * channels * kal_type_size(type)};
    char name[100];
    snprintf(name, sizeof name, "resize_h_real outputs=%zu channels=%zu type=%d alpha=%d lines=%zu", outputs,
             channels, type, alpha, r.a.lines);
    kernel_try(&(kernel_call){name, run_real_rows, &r, r.a.lines * r.row, kal_type_size(type), 1, 1}, false);
    free(memory);
    free(src);
}

static void try_reals(void)
{
    static const kal_type types[] = {KAL_U8, KAL_U16, KAL_F32};
    for (size_t n = 1; n < 140; n++) try_sums(n);
    for (int32_t n = 1; n < 40; n++)
        for (int i = 0; i < 3 * 5 * 2; i++) {
            const int32_t channels = 1 + i % 5;
            const bool alpha = channels > 1 && i / 5 % 2;
            try_widen(n, channels, types[i / 10], alpha);
            try_real_rows((size_t)n, (size_t)channels, types[i / 10], alpha);
        }
    try_real_rows(17, 64, KAL_F32, true);
}

// ---- whole jobs ---------------------------------------------------------------------------------

typedef struct whole {
    const kal_node *node;
    kal_extent e;
} whole;

static void run_whole(const kal__kernel_table *k, void *out, const void *arg)
{
    const whole *w = arg;
    const kal_options o = {.threads = 1, .memo_mode = KAL_MEMO_NEVER};
    const kal__isa now = kal__cpu_isa();
    kal__cpu_set_isa((kal__isa)(k - kal__kernel_tables));
    REQUIRE_OK(kal_read(w->node, kal_rect_all(&w->e), out,
                        (ptrdiff_t)((size_t)w->e.width * kal_pixel_size(&w->e)), &o, &check_error));
    kal__cpu_set_isa(now);
}

// Floats may be infinite, which must reach only what reads them.
static kal_node *image_of(kal_scope *s, const kal_extent *e)
{
    void *data = malloc(bytes_of(e));
    rng_pixels(&seed, e, data);
    for (size_t i = 0; e->type == KAL_F32 && i < bytes_of(e) / sizeof(float); i += 1 + below(4000))
        if (below(3) == 0) ((float *)data)[i] = below(2) ? 1e38f * 10 : -1e38f * 10;
    kal_node *n = kal_pixels(s, e, data, (ptrdiff_t)((size_t)e->width * kal_pixel_size(e)));
    free(data);
    return n;
}

static void try_whole(kal_extent e, int32_t width, int32_t height, const char *kernel, bool timed)
{
    char text[80], name[120];
    kal_scope *s = kal_scope_new();
    snprintf(text, sizeof text, "width=%d height=%d kernel=%s", width, height, kernel);
    snprintf(name, sizeof name, "%d×%d×%d %s to %d×%d %s", e.width, e.height, e.channels,
             e.type == KAL_U8    ? "u8"
             : e.type == KAL_U16 ? "u16"
                                 : "f32",
             width, height, kernel);
    kal_node *in = image_of(s, &e);
    whole w = {kal_apply_text(s, "resize", text, &in, 1), {0}};
    if (REQUIRE_OK(kal_node_extent(w.node, &w.e, &check_error)))
        kernel_try(&(kernel_call){name, run_whole, &w, bytes_of(&w.e), kal_pixel_size(&e),
                                  (double)width * height, (double)bytes_of(&e)},
                   timed);
    kal_scope_free(&s);
}

static void try_random(void)
{
    static const char *const kernels[] = {"nearest", "box", "bilinear", "bicubic", "mitchell", "lanczos3"};
    static const kal_type types[] = {KAL_U8, KAL_U8, KAL_U8, KAL_U16, KAL_F32};
    for (int i = 0; i < 400; i++) {
        const int32_t channels = 1 + rng_below(&seed, i % 8 ? 4 : 9);
        const kal_extent e = extent_of(1 + rng_below(&seed, i % 3 ? 90 : 1500), 1 + rng_below(&seed, 90),
                                       channels, types[rng_below(&seed, 5)]);
        try_whole(e, 1 + rng_below(&seed, i % 5 ? 90 : 900), 1 + rng_below(&seed, 90),
                  kernels[rng_below(&seed, 6)], false);
    }
    try_whole(extent_of(40000, 3, 3, KAL_U8), 20011, 2, "lanczos3", false);   // parts of a row
    try_whole(extent_of(9000, 20, 4, KAL_U16), 4100, 11, "lanczos3", false);
    try_whole(extent_of(3000, 5, 64, KAL_U8), 700, 4, "bicubic", false);
}

int main(int argc, char **argv)
{
    kernel_begin(argc, argv);
    for (size_t n = 1; n < 200; n++)
        for (int i = 0; i < 3; i++) try_columns(n);
    try_columns(5003);
    for (size_t outputs = 1; outputs < 80; outputs++)
        for (size_t channels = 1; channels <= 9; channels++) try_rows(outputs, channels);
    try_rows(17, 64);
    try_reals();
    try_random();
    if (kernel_bench) {
        const int32_t w = 4000, h = 3000;
        try_whole(extent_of(w, h, 3, KAL_U8), w / 2, h / 2, "lanczos3", true);
        try_whole(extent_of(w, h, 3, KAL_U8), w / 4, h / 4, "lanczos3", true);
        try_whole(extent_of(w, h, 3, KAL_U8), w / 2, h / 2, "box", true);
        try_whole(extent_of(w, h, 3, KAL_U8), w / 8, h / 8, "box", true);
        try_whole(extent_of(w, h, 1, KAL_U8), w / 2, h / 2, "lanczos3", true);
        try_whole(extent_of(w / 4, h / 4, 3, KAL_U8), w / 2, h / 2, "lanczos3", true);
        try_whole(extent_of(2400, 1600, 4, KAL_U8), 1200, 800, "lanczos3", true);
        try_whole(extent_of(w, h, 3, KAL_U16), w / 2, h / 2, "lanczos3", true);
        try_whole(extent_of(w, h, 3, KAL_F32), w / 2, h / 2, "lanczos3", true);
        try_whole(extent_of(w, h, 3, KAL_U8), w / 2, h / 2, "nearest", true);
    }
    kal_memo_clear(NULL);
    return check_done();
}
