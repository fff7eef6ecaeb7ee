// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Values: printed, bound to parameters, remembered, computed together; what goes wrong with them.
#include "check.h"

#include "node.h"

typedef struct none_p {
    size_t size;
} none_p;

#define PAD_PARAMS(P)                                        \
    P(LIST, boxes, 0, 0, 0, "px", "x0 y0 x1 y1 of each box") \
    P(FLOAT, by, 1, -100, 100, "px", "on every side")
typedef struct pad_p {
    size_t size;
    PAD_PARAMS(KAL_FIELD)
} pad_p;
#define PARAMS pad_p
static const kal_param pad_params[] = {PAD_PARAMS(KAL_SCHEMA)};
#undef PARAMS

static kal_status no_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)params, (void)out, (void)err;
    return KAL_OK;
}

// ---- acme.bright: the box around samples above 200, or none -----------------------------------------

static size_t bright_size(const kal_call *c)
{
    (void)c;
    return 5 * sizeof(double);
}

static kal_status bright_rows(const kal_job *j, void *gathered)
{
    double *g = gathered;
    const int32_t channels = j->call->in[0]->extent.channels;
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++)
        for (int32_t x = 0; x < j->call->in[0]->extent.width; x++) {
            const unsigned char *p = kal_row(&j->in[0], y) + (ptrdiff_t)x * channels;
            if (*p <= 200) continue;
            if (!g[4] || x < g[0]) g[0] = x;
            if (!g[4]) g[1] = y;
            if (!g[4] || x + 1 > g[2]) g[2] = x + 1;
            g[3] = y + 1;
            g[4] = 1;
        }
    return KAL_OK;
}

static kal_status bright_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)c, (void)err;
    const double *g = gathered;
    if (kal_value_make(out, KAL_VALUE_BOXES, g[4] ? 1 : 0, 4)) return KAL_NOMEM;
    if (g[4]) memcpy(out->v, g, 4 * sizeof *g);
    return KAL_OK;
}

static const kal_measure bright = {
    .kind = KAL_VALUE_BOXES, .size = bright_size, .rows = bright_rows, .end = bright_end};
static const kal_op acme_bright = {.name = "acme.bright",
                                   .version = 1,
                                   .help = "box of what is bright",
                                   .inputs = "image",
                                   .params_size = sizeof(none_p),
                                   .extent = no_extent,
                                   .measure = &bright};

// ---- acme.pad: boxes of boxes, no image ---------------------------------------------------------

static kal_status pad_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered;
    const pad_p *p = c->params;
    if (p->boxes.n % 4) return kal_fail(err, KAL_INVALID, "acme.pad: a box has 4 numbers");
    if (kal_value_make(out, KAL_VALUE_BOXES, p->boxes.n / 4, 4)) return KAL_NOMEM;
    for (int32_t i = 0; i < p->boxes.n; i++) out->v[i] = p->boxes.v[i] + (i % 4 < 2 ? -p->by : p->by);
    return KAL_OK;
}

static const kal_measure pad = {.kind = KAL_VALUE_BOXES, .end = pad_end};
static const kal_op acme_pad = {.name = "acme.pad",
                                .version = 1,
                                .help = "boxes grown",
                                .inputs = "",
                                .params = pad_params,
                                .n_params = 2,
                                .params_size = sizeof(pad_p),
                                .extent = no_extent,
                                .measure = &pad};

// ---- tests --------------------------------------------------------------------------------------

// The caller's reference.
static kal_node *root_of(kal_node *image, const char *text)
{
    kal_program *p;
    const kal_binding in = {.name = "in", .node = image};
    if (!REQUIRE_OK(kal_program_parse(text, strlen(text), &in, 1, &p, &check_error))) return NULL;
    kal_node *n = kal_node_ref(kal_program_root(p));
    kal_program_free(&p);
    return n;
}

static void prints(kal_node *image, const char *text, const char *want)
{
    kal_value v;
    kal_bytes b = {0};
    kal_node *n = root_of(image, text);
    if (n && REQUIRE_OK(kal_read_value(n, NULL, &v, &check_error))) {
        REQUIRE_OK(kal_value_print(&v, &b, &check_error));
        REQUIRE_NOTE(!strcmp((char *)b.data, want), "%s: %s", text, (char *)b.data);
        kal_value_free(&v);
        kal_bytes_free(&b);
    }
    kal_node_unref(&n);
}

// The text of a dynamic node gives the same node.
static void reads_back(kal_node *n, kal_node *image)
{
    kal_bytes t;
    kal_key key;
    kal_program *p = NULL;
    char hex[33], name[40];
    kal_node_key(image, &key, NULL);
    snprintf(name, sizeof name, "i%.12s", kal_key_print(key, hex));
    if (!REQUIRE_OK(kal_print_graph(n, &t, &check_error))) return;
    REQUIRE_OK(kal_program_parse((char *)t.data, t.size, &(kal_binding){.name = name, .node = image}, 1, &p,
                                 &check_error));
    REQUIRE_NOTE(p && kal_program_root(p) == n, "%s", (char *)t.data);
    kal_program_free(&p);
    kal_bytes_free(&t);
}

static void binds(kal_scope *s, kal_node *image)
{
    static const char *const texts[] = {
        "in | crop (in | acme.bright)",
        "b = in | acme.bright; crop in b",
        "in | crop box=(in | acme.bright)",
        "in | crop (acme.pad (in | acme.bright) by=0)",
        "in | crop (in | acme.bright | acme.pad by=2 | acme.pad by=-2)",
    };
    kal_node *want = kal_crop(s, image, kal_crop_params(.x = 7, .y = 11, .width = 20, .height = 9));
    void *a = read_all(want, NULL, NULL);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        kal_extent e = {0};
        kal_node *n = root_of(image, texts[i]);
        if (!n) continue;
        void *b = read_all(n, NULL, &e);
        REQUIRE_NOTE(e.width == 20 && e.height == 9 && b && !memcmp(a, b, bytes_of(&e)), "%s", texts[i]);
        reads_back(n, image);
        free(b);
        kal_node_unref(&n);
    }
    free(a);
}

// Percentages of what hangs on a value are those of what it turns out to be.
static void shares(kal_node *image)
{
    static const char *const rest[] = {
        "resize 50%",
        "resize 35%x45%",
        "resize 0.01% 0.01%",
        "crop 25% 12% 50% 40%",
        "crop 50%x50%+10%+20%",
        "crop 25% 12% 50% 40% | invert | uncrop",
        "crop 50%x50%+10%+20% | invert | uncrop | uncrop",
        "embed 150%x200%+33%+10%",
        "embed x=-50% y=-7.5% width=200% height=200%",
    };
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++) {
        char later[200], plain[200];
        kal_extent e = {0}, f = {0};
        snprintf(later, sizeof later, "in | crop (in | acme.bright) | %s", rest[i]);
        snprintf(plain, sizeof plain, "in | crop 7 11 20 9 | %s", rest[i]);
        kal_node *a = root_of(image, later), *b = root_of(image, plain);
        if (a && b) {
            void *got = read_all(a, NULL, &e), *want = read_all(b, NULL, &f);
            REQUIRE_NOTE(got && want && bytes_of(&e) == bytes_of(&f) && e.width == f.width &&
                             !memcmp(got, want, bytes_of(&e)),
                         "%s: %d×%d, %d×%d", later, e.width, e.height, f.width, f.height);
            free(got);
            free(want);
            reads_back(a, image);
        }
        kal_node_unref(&a);
        kal_node_unref(&b);
    }
}

// As a text of its own, too.
static void shares_of_text(kal_scope *s, kal_node *image)
{
    kal_node *part = root_of(image, "in | crop (in | acme.bright)");
    kal_extent e = {0};
    REQUIRE_OK(kal_node_extent(kal_apply_text(s, "resize", "50%x100%", &part, 1), &e, &check_error));
    REQUIRE_NOTE(e.width == 10 && e.height == 9, "%d×%d", e.width, e.height);
    kal_node_unref(&part);
}

// Two values of one picture: it is decoded once; again, nothing is computed.
static void together(kal_scope *s, kal_node *image)
{
    kal_bytes file;
    if (!REQUIRE_OK(kal_read_bytes(kal_encode(s, image, "png", NULL), NULL, &file, &check_error))) return;
    kal_node *photo = kal_load_bytes(s, file.data, file.size, NULL);
    kal_bytes_free(&file);
    kal_memo_clear(NULL);
    kal_stats stats;
    const kal_options never = {.stats = &stats, .memo_mode = KAL_MEMO_NEVER}, o = {.stats = &stats};
    kal_node *n =
        root_of(photo, "m = in | band_extract 0 | mean; in | crop (in | acme.bright) | linear scale=m");
    kal_node *out = kal_encode(s, n, "pnm", NULL);
    for (int i = 0; i < 4; i++) {
        if (!REQUIRE_OK(kal_read_bytes(out, i < 2 ? &never : &o, &file, &check_error))) break;
        kal_bytes_free(&file);
        // once for both values, once for the pixels; at last everything is remembered
        if (i < 2) REQUIRE_NOTE(stats.decodes == 2, "%llu", (unsigned long long)stats.decodes);
    }
    REQUIRE_NOTE(stats.decodes == 0 && stats.nodes_reused == 3, "%llu %llu",
                 (unsigned long long)stats.decodes, (unsigned long long)stats.nodes_reused);
    kal_node_unref(&n);
    kal_memo_clear(NULL);
}

static void refused(kal_node *image, const char *text, const char *words)
{
    kal_program *p = NULL;
    const kal_binding in = {.name = "in", .node = image};
    kal_extent e;
    kal_status st = kal_program_parse(text, strlen(text), &in, 1, &p, &check_error);
    if (!st) st = kal_node_extent(kal_program_root(p), &e, &check_error);
    REQUIRE_NOTE(st == KAL_INVALID && strstr(check_error.message, words), "%s: %s", text,
                 check_error.message);
    kal_program_free(&p);
}

// JSON has no word for what is not finite, and 0 would be another number.
static void not_finite(void)
{
    kal_value v;
    kal_bytes text;
    REQUIRE_OK(kal_value_make(&v, KAL_VALUE_NUMBERS, 1, 3));
    v.v[0] = strtod("inf", NULL);
    v.v[1] = 1;
    v.v[2] = strtod("nan", NULL);
    REQUIRE_OK(kal_value_print(&v, &text, &check_error));
    REQUIRE_TEXT((const char *)text.data, "[null, 1, null]");
    kal_bytes_free(&text);
    kal_value_free(&v);
}

int main(void)
{
    rng r = {3};
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(60, 50, 3, KAL_U8);
    unsigned char *pixels = calloc(bytes_of(&e), 1);
    for (int32_t y = 11; y < 20; y++)
        for (int32_t x = 7; x < 27; x++) pixels[(y * 60 + x) * 3] = (unsigned char)(201 + rng_below(&r, 50));
    kal_node *image = kal_pixels(s, &e, pixels, 180);
    REQUIRE_OK(kal_op_register(&acme_bright, &check_error));
    REQUIRE_OK(kal_op_register(&acme_pad, &check_error));
    prints(image, "in | acme.bright", "[[7, 11, 27, 20]]");
    prints(image, "acme.pad boxes=[1 2 3 4 5 6 7.5 8]", "[[0, 1, 4, 5], [4, 5, 8.5, 9]]");
    prints(image, "in | crop 0 0 5 5 | acme.bright", "[]");
    prints(image, "in | crop 0 0 5 5 | mean", "[0, 0, 0]");
    prints(image, "in | crop 0 0 5 5 | gray | mean", "0");
    binds(s, image);
    shares(image);
    shares_of_text(s, image);
    together(s, image);
    refused(image, "in | crop (in | acme.bright) | resize 0%",
            "line 1, column 32: resize: width=0 is an empty");
    refused(image, "in |\n crop (boxes [1 1 9 9 2 2 5 5]) | invert",
            "line 2, column 2: crop: box takes 4 numbers, and the value has 8");
    refused(image, "small = in | crop (boxes [0 0 90 9])\nsmall | resize 8x8 | invert",
            "line 1, column 14: crop: 90×9 at 0,0 is not inside");
    refused(image, "in | crop (boxes [0 0 9 9]) | gaussian 50%", "sigma=50% is not a number");
    refused(image, "in | resize 10x10 size=(size in)", "width is given twice, by size=(…) and by 10x10");
    refused(image, "in | resize width=3 (size in)", "width is given twice, by size=(…) and by width=3");
    refused(image, "in | crop 1 2 3 4 box=(boxes [0 0 9 9])", "1 cannot go with box=(…), which sets x");
    refused(image, "in | crop (boxes [0 0 9 9]) size=(size in)",
            "width is given twice, by size=(…) and by box=(…)");
    refused(image, "in | crop (in | crop 0 0 5 5 | acme.bright)", "box takes 4 numbers, and the value has 0");
    refused(image, "in | crop (in | mean)", "no place for numbers of mean");
    refused(image, "insert (in | mean) in", "insert");
    refused(image, "in | mean | mean", "mean has no place for numbers of mean");
    refused(image, "in | mean", "has no size in pixels");
    refused(image, "in | gaussian sigma=(in | mean)", "sigma takes 1 number, and the value has 3");
    refused(image, "in | crop (in | acme.bright) width=5", "twice");
    refused(image, "in | mean | save o.png", "a value, not an image");
    kal_value text;
    kal_bytes b;
    REQUIRE(!kal_value_make_text(&text, "a \"b\"") && !kal_value_print(&text, &b, &check_error));
    REQUIRE_NOTE(!strcmp((char *)b.data, "\"a \\\"b\\\"\""), "%s", (char *)b.data);
    kal_bytes_free(&b);
    kal_value_free(&text);
    free(pixels);
    kal_scope_free(&s);
    kal_memo_clear(NULL);
    REQUIRE(kal_node_count() == 0);
    not_finite();
    return check_done();
}
