// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// `kal diff A B`: are the pixels the same? In bands, so that large pictures need not be in memory. With --metric: how alike do they look?
#define _GNU_SOURCE   // strsep
#include "cli.h"
#include "out.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BAND_BYTES ((uint64_t)256 << 20)   // of one picture; a smaller one is read at once

typedef struct comparison {
    kal_extent extent;
    double tolerance;
    double max, sum;   // of absolute differences
    uint64_t pixels;   // that differ by more than the tolerance
} comparison;

static double sample(const unsigned char *p, kal_type type, size_t i)
{
    switch (type) {
    case KAL_U8: return p[i];
    case KAL_U16: return ((const uint16_t *)(const void *)p)[i];
    case KAL_U32: return ((const uint32_t *)(const void *)p)[i];
    case KAL_F32: return ((const float *)(const void *)p)[i];
    }
    return 0;
}

// Two NaNs are the same; one is as far away as can be.
static double apart(double a, double b)
{
    if (isnan(a) || isnan(b)) return isnan(a) && isnan(b) ? 0 : INFINITY;
    return a == b ? 0 : fabs(a - b);
}

static void compare(comparison *c, const unsigned char *a, const unsigned char *b, uint64_t pixels)
{
    const size_t channels = (size_t)c->extent.channels;
    for (uint64_t i = 0; i < pixels; i++) {
        double most = 0;
        for (size_t k = 0; k < channels; k++) {
            const double d = apart(sample(a, c->extent.type, i * channels + k),
                                   sample(b, c->extent.type, i * channels + k));
            c->sum += d;
            if (d > most) most = d;
        }
        if (most > c->max) c->max = most;
        c->pixels += most > c->tolerance;
    }
}

static int compare_bands(comparison *c, kal_node *const *nodes, const settings *s)
{
    const kal_extent *e = &c->extent;
    const uint64_t row = (uint64_t)e->width * kal_pixel_size(e), fit = BAND_BYTES / row + 1;
    const int32_t rows = fit < (uint64_t)e->height ? (int32_t)fit : e->height;
    unsigned char *buffer[2] = {malloc(row * (uint64_t)rows), malloc(row * (uint64_t)rows)};
    int code = buffer[0] && buffer[1] ? EXIT_OK : usage("out of memory for two pictures");
    kal_options o = s->eval;
    o.memo_mode = KAL_MEMO_NEVER;
    for (int32_t y = 0; y < e->height && !code; y += rows) {
        const kal_rect part = kal_rect_of(0, y, e->width, e->height - y < rows ? e->height : y + rows);
        kal_error err;
        for (int i = 0; i < 2 && !code; i++)
            if (kal_read(nodes[i], part, buffer[i], (ptrdiff_t)row, &o, &err)) code = fail(&err);
        if (!code) compare(c, buffer[0], buffer[1], (uint64_t)e->width * (uint64_t)(part.y1 - part.y0));
    }
    free(buffer[0]);
    free(buffer[1]);
    return code;
}

static bool same_kind(const kal_extent *a, const kal_extent *b)
{
    return a->width == b->width && a->height == b->height && a->channels == b->channels &&
           a->type == b->type && a->alpha == b->alpha;
}

static int tell(const comparison *c, const settings *s)
{
    const double all = (double)c->extent.width * c->extent.height;
    const double mean = c->sum / (all * c->extent.channels), percent = 100 * (double)c->pixels / all;
    const bool same = percent <= s->percent;
    char text[3][32];
    if (s->json) {
        json j = {stdout, false};
        json_open(&j, NULL, '{');
        json_bool(&j, "same", same);
        json_number(&j, "max", c->max);
        json_number(&j, "mean", mean);
        json_count(&j, "pixels", c->pixels);
        json_number(&j, "percent", percent);
        json_close(&j, '}');
        putchar('\n');
    } else if (!s->quiet && c->max == 0) {
        puts("the same");
    } else if (!s->quiet) {
        printf("max %s, mean %.4g, %.4g %% of the pixels differ", number_text(c->max, text[0]), mean,
               percent);
        if (s->max > 0) printf(" by more than %s", number_text(s->max, text[1]));
        puts(same ? ": within" : "");
    }
    return same ? EXIT_OK : EXIT_FAILED;
}

static int tell_kind(const kal_extent *e, const settings *s)
{
    char text[2][96];
    extent_text(&e[0], text[0]);
    extent_text(&e[1], text[1]);
    if (s->json) {
        json j = {stdout, false};
        json_open(&j, NULL, '{');
        json_bool(&j, "same", false);
        json_text(&j, "a", text[0]);
        json_text(&j, "b", text[1]);
        json_close(&j, '}');
        putchar('\n');
    } else if (!s->quiet) {
        printf("one is %s, the other %s\n", text[0], text[1]);
    }
    return EXIT_FAILED;
}

// ---- metrics ------------------------------------------------------------------------------------

static bool is_metric(const kal_op *op)
{
    return op && op->measure && !strcmp(op->family, "metrics");
}

static int no_metric(const char *name)
{
    const char *near = NULL;
    char all[200] = "";
    int least = 100;
    for (size_t i = 0; kal_op_at(i); i++) {
        const kal_op *op = kal_op_at(i);
        if (!is_metric(op)) continue;
        nearer(name, op->name, &near, &least);
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", *all ? ", " : "", op->name);
    }
    if (near) return usage("--metric: there is no \"%s\"; did you mean \"%s\"?", name, near);
    return usage("--metric: there is no \"%s\"; there are %s", name, all);
}

static int tell_metric(kal_scope *scope, const settings *s, const char *name, kal_node *const *nodes,
                       const char *before)
{
    kal_error err;
    kal_value v;
    kal_bytes text;
    if (!is_metric(kal_op_find(name))) return no_metric(name);
    kal_status st = kal_read_value(kal_apply_text(scope, name, "", nodes, 2), &s->eval, &v, &err);
    if (st) return fail(&err);
    st = kal_value_print(&v, &text, &err);
    kal_value_free(&v);
    if (st) return fail(&err);
    if (s->json)
        printf("%s\"%s\": %s", before, name, (const char *)text.data);
    else
        printf("%s %s\n", name, (const char *)text.data);
    kal_bytes_free(&text);
    return EXIT_OK;
}

// Names with commas between.
static int tell_metrics(kal_scope *scope, const settings *s, kal_node *const *nodes)
{
    char *names = strdup(s->metric), *left = names, *name;
    int code = names ? EXIT_OK : usage("out of memory");
    const char *before = "{";
    while (!code && (name = strsep(&left, ",")) != NULL) {
        code = tell_metric(scope, s, name, nodes, before);
        before = ", ";
    }
    if (s->json && *before == ',') puts("}");
    free(names);
    return code;
}

// 1 says that they differ, and nothing else.
static int trouble(int code)
{
    return worse(code, EXIT_USAGE);
}

int diff_main(settings *s)
{
    kal_node *nodes[2];
    kal_extent e[2];
    if (s->n_words != 2) return usage("diff: two pictures, not %d", s->n_words);
    kal_scope *scope = kal_scope_new();
    int code = scope ? EXIT_OK : usage("out of memory");
    for (int i = 0; i < 2 && !code; i++) {
        code = load_node(scope, s, s->words[i], &nodes[i]);
        if (!code && kal_node_extent(nodes[i], &e[i], NULL)) code = EXIT_INPUT;
    }
    comparison c = {.tolerance = s->max};
    if (code) {
        code = trouble(code);
    } else if (s->metric) {
        code = tell_metrics(scope, s, nodes);
        code = code ? trouble(code) : EXIT_OK;
    } else if (!same_kind(&e[0], &e[1])) {
        code = tell_kind(e, s);
    } else {
        c.extent = e[0];
        code = compare_bands(&c, nodes, s);   // the same file too: it might be damaged
        code = code ? trouble(code) : tell(&c, s);
    }
    kal_scope_free(&scope);
    return code;
}
