// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See pictures.h.
#include "pictures.h"

#include "node.h"
#include "synthesis/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- what ops are applied to --------------------------------------------------------------------

#define SCENE "sample scene width=160 height=120"
#define MASK "sample scene width=160 height=120 | gray | threshold 110"

// Sources, as they are written; "small" is for what is put into another.
typedef struct source {
    const char *name, *text;
} source;
enum {
    NONE,
    SCENE_,
    SMALL,
    RAMPS,
    GRAY,
    MASK_,
    BOX,
    LABELS,
    CLEAR,
    WAVES,
    DARK_LINEAR,
    VIVID_LAB,
    TURNED_LCH,
    PALE_HSV,
    HALVED_HSL,
    BROWN_YCBCR,
    COARSE,
    SOURCES
};
static const source sources[SOURCES] = {
    [SCENE_] = {"scene", SCENE},
    [SMALL] = {"small", "sample scene width=160 height=120 seed=4 | crop 20 10 80 60"},
    [RAMPS] = {"ramps", "sample ramps width=160 height=120"},
    [GRAY] = {"gray", SCENE " | gray"},
    [MASK_] = {"mask", MASK},
    [BOX] = {"box", "box_mask boxes=[30 20 110 90] width=160 height=120"},
    [LABELS] = {"labels", MASK " | components"},
    [WAVES] = {"waves", "band_join (" SCENE " | gray | expr \"x + 6 * sin(y / 9)\" type=f32) (" SCENE
                        " | gray | expr \"y + 6 * sin(x / 9)\" type=f32)"},
    [DARK_LINEAR] = {"dark_linear", SCENE " | to_linear | multiply value=0.4"},
    [VIVID_LAB] = {"vivid_lab", SCENE " | to_lab | linear scale=[1 2 2] offset=[0 -128 -128]"},
    [TURNED_LCH] = {"turned_lch", SCENE " | to_lch | linear scale=1 offset=[0 0 90]"},
    [PALE_HSV] = {"pale_hsv", SCENE " | to_hsv | linear scale=[1 0.4 1]"},
    [HALVED_HSL] = {"halved_hsl", SCENE " | to_hsl | linear scale=[0.5 1 1]"},
    [BROWN_YCBCR] = {"brown_ycbcr", SCENE " | to_ycbcr | linear scale=[1 0 0] offset=[0 90 160]"},
    [COARSE] = {"coarse", SCENE " | median_filter 2"},
    [CLEAR] = {"clear", "gradient from=[0 60 160 0] to=[255 200 60 255] width=160 height=120"},
};

// What is tried for an op, in this order, until one makes something new of it.
static const unsigned char tried[][3] = {
    {NONE},
    {SCENE_},
    {GRAY},
    {MASK_},
    {LABELS},
    {CLEAR},
    {SMALL, SCENE_},
    {RAMPS, SCENE_},
    {SCENE_, BOX},
    {BOX, SCENE_},
    {MASK_, BOX},
    {RAMPS, MASK_, SCENE_},
    {SCENE_, BOX, RAMPS},
    {SCENE_, WAVES},
};

const char *picture_source(int i, const char **text)
{
    if (i + 1 >= SOURCES) return NULL;
    *text = sources[i + 1].text;
    return sources[i + 1].name;
}

// What an op is for, where that is none of these.
static const struct {
    const char *op;
    unsigned char on[3];
} made_for[] = {
    {"from_linear", {DARK_LINEAR}},       {"from_lab", {VIVID_LAB}},
    {"from_lch", {TURNED_LCH}},           {"from_hsv", {PALE_HSV}},
    {"from_hsl", {HALVED_HSL}},           {"from_ycbcr", {BROWN_YCBCR}},
    {"difference_map", {SCENE_, COARSE}},
};

// Where the first sample shows little on a picture of this size.
static const struct {
    const char *op, *params;
} better[] = {
    {"crop", "20 50 80 60"},
    {"embed", "20 15 200 150 edge=mirror"},
    {"crops", "[27 77 60 103 117 40 156 104] 80"},
    {"merge_tiles", "[0 0 160 120 80 0 240 120] overlap=80"},
    {"uncrops", "[10 8 74 32 90 84 154 108] feather=6"},
    {"perspective", "from=[0 0 160 0 160 120 0 120] to=[30 25 150 5 155 115 5 95] color=white"},
    {"resize", "width=40"},
    {"gaussian", "sigma=3"},
    {"levels", "black=0.15 white=0.75 gamma=1.3"},
    {"lut", "table=(scene | equalize_table)"},
    {"stretch", "5 80"},
    {"rescale", "range=[40 180]"},
    {"autocontrast", "cutoff=5"},
    {"apply_palette", "viridis"},
    {"add", "value=60"},
    {"subtract", "value=60"},
    {"multiply", "value=0.6"},
    {"divide", "value=0.7"},
    {"flatten", "background=[200 60 140]"},
    {"box_mask", "boxes=[20 20 80 70 60 50 140 100] width=160 height=120"},
    {"points_mask", "points=[5 5 20 15 30 9 33 24 8 22] width=40 height=30"},
    {"polygon_mask", "polygons=[0 20 105 0 80 15 0 140 105 1 80 45 1 60 85 1 100 85] width=160 height=120"},
    {"draw_boxes", "boxes=[27 77 60 103 117 40 156 104] colors=[255 220 0 120 0 160] labels=\"house|tree\""},
    {"draw_lines", "lines=[0 12 108 0 60 30 0 104 92 0 148 16] color=red width=6 opacity=0.8"},
    {"draw_polygons",
     "polygons=[0 24 80 0 44 58 0 64 80 0 62 104 0 26 104] fill=[255 200 0 90] color=orange width=3"},
    {"draw_circles", "circles=[111.5 20.5 15 44.5 91.5 26] color=magenta width=4 fill=[255 255 255 70]"},
    {"draw_points", "points=[38 94 51 94 44 78 111.5 20.5 137 60] mark=cross color=yellow radius=6 width=3"},
    {"text_image",
     "text=\"A picture\\nof words\" color=[255 220 90] background=[40 50 90] align=center padding=6"},
    {"draw_text",
     "text=\"By the lake\" x=50% y=114 anchor=bottom color=white background=[0 0 0 150] padding=3"},
    {"draw_labels",
     "points=[44 74 137 40] texts=\"house|tree\" anchor=bottom background=white color=black padding=2"},
    {"sheet",
     "columns=2 gap=4 background=white heads=\"a row\" turned=true labels=\"one|two\" width=64 height=48 "
     "fit=inside"},
    {NULL, NULL},
};

// ---- applying -----------------------------------------------------------------------------------

static kal_node *parsed(kal_scope *s, const char *text, const kal_binding *b, int32_t n)
{
    kal_program *p = NULL;
    kal_node *root = NULL;
    if (!kal_program_parse(text, strlen(text), b, n, &p, NULL)) root = kal_node_ref(kal_program_root(p));
    kal_program_free(&p);
    return root ? kal__born(s, root) : NULL;
}

static bool image_of_node(const kal_node *node, kal_extent *e)
{
    return node && !kal_node_error(node, NULL) && !kal_node_value(node, NULL) &&
           !kal_node_extent(node, e, NULL);
}

static bool same_pixels(const kal_node *a, const kal_node *b)
{
    kal_key x, y;
    return !kal_content_key(a, NULL, &x, NULL) && !kal_content_key(b, NULL, &y, NULL) && kal_key_equal(x, y);
}

static int count(const unsigned char set[3])
{
    int n = 0;
    while (n < 3 && set[n]) n++;
    return n;
}

static bool takes(const kal_op *op, int n)
{
    int32_t min, max;
    kal_op_arity(op, &min, &max);
    return n >= min && n <= max && (n > 0 || max == 0);
}

// "op a b params", as in a text, and the node that it says; NULL when that is no image, or nothing new.
static kal_node *try_one(kal_scope *s, const kal_op *op, const char *params, const unsigned char set[3],
                         bool strict, char *text)
{
    const int n = count(set);
    const bool many = strstr(op->inputs, "...") != NULL;
    kal_binding b[3];
    char names[100] = "";
    kal_extent e;
    if (!takes(op, n) || (strict && many && n == 1)) return NULL;
    for (int i = 0; i < n; i++) {
        const source *from = &sources[set[i]];
        b[i] = (kal_binding){.name = from->name, .node = parsed(s, from->text, NULL, 0)};
        snprintf(names + strlen(names), sizeof names - strlen(names), " %s", from->name);
        if (!b[i].node) return NULL;
    }
    if (snprintf(text, 300, many ? "%s [%s]%s%s" : "%s%s%s%s", op->name, names + many, *params ? " " : "",
                 params) > 299)
        return NULL;
    kal_node *node = parsed(s, text, b, n);
    if (!image_of_node(node, &e)) return NULL;
    if (!strict) return node;
    if (e.width < 8 || e.height < 8) return NULL;
    for (int i = 0; i < n; i++)
        if (same_pixels(node, b[i].node)) return NULL;
    return node;
}

static kal_node *try_all(kal_scope *s, const kal_op *op, bool strict, char *text)
{
    const unsigned char(*sets)[3] = tried;
    size_t n = sizeof tried / sizeof *tried;
    for (size_t i = 0; i < sizeof made_for / sizeof *made_for; i++)
        if (!strcmp(made_for[i].op, op->name)) sets = &made_for[i].on, n = 1;
    for (size_t i = 0; better[i].op; i++)
        for (size_t k = 0; !strcmp(better[i].op, op->name) && k < n; k++) {
            kal_node *node = try_one(s, op, better[i].params, sets[k], strict, text);
            if (node) return node;
        }
    for (size_t k = 0; k < n; k++)
        for (const char *const *sample = op->samples; sample && *sample; sample++) {
            kal_node *node = try_one(s, op, *sample, sets[k], strict, text);
            if (node) return node;
        }
    return NULL;
}

// ---- showing ------------------------------------------------------------------------------------

static kal_node *then(kal_scope *s, kal_node *node, const char *op, const char *params)
{
    return kal_apply_text(s, op, params, &node, 1);
}

// Colours of 8 bits, whatever it is.
static kal_node *visible(kal_scope *s, kal_node *node)
{
    kal_extent e;
    if (!image_of_node(node, &e)) return NULL;
    const int32_t colours = e.channels - e.alpha;
    if (e.type == KAL_U32) return then(s, node, "apply_palette", "palette=tab20");
    if (e.alpha && colours != 1 && colours != 3) return NULL;
    if (colours == 2) return visible(s, then(s, node, "band_extract", "bands=0"));
    if (colours > 3) return visible(s, then(s, node, "band_extract", "bands=[0 1 2]"));
    if (e.type == KAL_F32 && colours == 1 && !e.alpha) node = then(s, node, "stretch", "");
    if (e.type != KAL_U8) node = then(s, node, "cast", "u8");
    if (colours == 1) node = then(s, node, "to_rgb", "");
    if (!e.alpha) return node;
    char params[100];
    snprintf(params, sizeof params, "from=[170 170 170] to=[220 220 220] cell=8 width=%d height=%d", e.width,
             e.height);
    kal_node *const both[2] = {node, kal_apply_text(s, "checkerboard", params, NULL, 0)};
    return kal_apply_text(s, "composite", "", both, 2);
}

// Into the space there is: made smaller, or, when very small, larger in whole steps.
static kal_node *fitted(kal_scope *s, kal_node *node)
{
    kal_extent e;
    char params[100];
    if (!image_of_node(node, &e)) return NULL;
    const double x = (double)PICTURE_WIDTH / e.width, y = (double)PICTURE_HEIGHT / e.height,
                 by = x < y ? x : y;
    if (by == 1 || (by > 1 && by < 2)) return node;
    const double scale = by > 1 ? (int)by : by;
    const int32_t width = (int32_t)(e.width * scale + 0.5), height = (int32_t)(e.height * scale + 0.5);
    snprintf(params, sizeof params, "width=%d height=%d kernel=%s", width > 0 ? width : 1,
             height > 0 ? height : 1, by > 1 ? "nearest" : "lanczos3");
    return then(s, node, "resize", params);
}

kal_node *picture_of(kal_scope *s, const kal_op *op, char *text)
{
    kal_extent e;
    if (op->measure || (op->flags & KAL_OP_SOURCE)) return NULL;
    kal_node *node = try_all(s, op, true, text);
    if (!node) node = try_all(s, op, false, text);
    node = node ? fitted(s, visible(s, node)) : NULL;
    return image_of_node(node, &e) && e.channels == 3 && e.type == KAL_U8 ? node : NULL;
}

// ---- the sheet ----------------------------------------------------------------------------------

enum { ACROSS = 8, GAP = 10, LABEL = 16, TILE = PICTURE_WIDTH + GAP, TALL = PICTURE_HEIGHT + GAP + LABEL };

// Letters of the page of words; what is no letter is a low line, or a small block.
static void put_name(uint8_t *rgb, size_t stride, const char *name)
{
    static const uint8_t low[KAL__LETTER_ROWS] = {[7] = 0x1f},
                         block[KAL__LETTER_ROWS] = {[3] = 0x0e, 0x0e, 0x0e, 0x0e};
    for (; *name; name++, rgb += 6 * 3) {
        const uint8_t *rows = *name >= 'a' && *name <= 'z' ? kal__letters[*name - 'a']
                              : *name == '_'               ? low
                                                           : block;
        for (int y = 0; y < KAL__LETTER_ROWS; y++)
            for (int x = 0; x < 5; x++)
                if (rows[y] >> (4 - x) & 1) memset(rgb + (size_t)y * stride + (size_t)x * 3, 0, 3);
    }
}

static kal_status put_tile(uint8_t *rgb, size_t stride, const kal_op *op, kal_error *err)
{
    char text[300];
    kal_scope *s = kal_scope_new();
    kal_node *node = picture_of(s, op, text);
    kal_extent e;
    kal_status st = KAL_OK;
    put_name(rgb, stride, op->name);
    if (node && !kal_node_extent(node, &e, NULL))
        st = kal_read(node, kal_rect_all(&e), rgb + LABEL * stride, (ptrdiff_t)stride, NULL, err);
    kal_scope_free(&s);
    return st;
}

kal_status pictures_sheet(const char *path, kal_error *err)
{
    int32_t n = 0, at = 0;
    const kal_op *op;
    for (size_t i = 0; (op = kal_op_at(i)) != NULL; i++) n += !op->measure && !(op->flags & KAL_OP_SOURCE);
    const kal_extent e = {
        ACROSS * TILE + GAP, (n + ACROSS - 1) / ACROSS * TALL + GAP, 3, KAL_U8, KAL_RGB, false};
    const size_t stride = (size_t)e.width * 3;
    uint8_t *rgb = malloc(stride * (size_t)e.height);
    if (!rgb) return kal_fail(err, KAL_NOMEM, "out of memory for the sheet");
    memset(rgb, 235, stride * (size_t)e.height);
    kal_status st = KAL_OK;
    for (size_t i = 0; !st && (op = kal_op_at(i)) != NULL; i++) {
        if (op->measure || (op->flags & KAL_OP_SOURCE)) continue;
        const size_t x = GAP + (size_t)(at % ACROSS) * TILE, y = GAP + (size_t)(at / ACROSS) * TALL;
        st = put_tile(rgb + y * stride + x * 3, stride, op, err);
        at++;
    }
    kal_node *sheet = kal_pixels(NULL, &e, rgb, (ptrdiff_t)stride);
    if (!st) st = kal_save(sheet, path, NULL, NULL, err);
    kal_node_unref(&sheet);
    free(rgb);
    return st;
}
