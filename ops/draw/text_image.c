// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// text_image, draw_text, draw_labels. Letters of the built-in font, each pixel of it scale × scale pixels, where
//
//     scale = max(1, (font_size + 8) div 16)
//
// A letter takes 8 · scale pixels across and 16 · scale down. Latin-1; what the font has not is a hollow box. Exact: there are no soft edges.
// Or letters of a font in a file, with soft edges: see face.h and letters.h. A line ends with "\n". For opacity and alpha see drawing.h.
#include "letters.h"

#include <stdlib.h>

// ---- text ---------------------------------------------------------------------------------------

// A mask, or, where edges are soft, gray; with a colour an image whose alpha the letters are; with a background one without alpha.
static kal_status kind_of(const kal_text_image_p *p, kal_extent *out, kal_error *err)
{
    const int32_t a = p->color.n, b = p->background.n, n = a > b ? a : b;
    *out = (kal_extent){.channels = 1, .type = KAL_U8, .model = *p->font ? KAL_GRAY : KAL_MASK};
    if (!n) return KAL_OK;
    if ((n != 1 && n != 3) || (a > 1 && b > 1 && a != b) || a == 2 || b == 2)
        return kal_fail(err, KAL_INVALID, "text_image: a colour is 1 number or 3, 0 … 255");
    out->alpha = !b;
    out->channels = n + out->alpha;
    out->model = kal__model_of(n);
    return KAL_OK;
}

static kal_status text_image_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c;
    kal_text_image_p *p = params;
    kal_status st = kind_of(p, out, err);
    if (st) return st;
    kal__type type;
    p->font_size = kal__type_size(p->font, p->font_size);
    kal__type_open(&type, p->font, p->font_size);
    const kal__letters t = kal__letters_of(&type, p->text);
    kal__type_close(&type);
    if (type.err.status) return kal_fail(err, type.err.status, "text_image: %s", type.err.message);
    if (!t.width)
        return kal_fail(err, KAL_INVALID, "text_image: there is nothing to show in \"%s\"", p->text);
    const int64_t width = (int64_t)t.left + t.width + t.right + 2 * p->padding,
                  height = t.height + 2 * p->padding;
    if (width > KAL_MAX_SIDE || height > KAL_MAX_SIDE)
        return kal_fail(err, KAL_INVALID, "text_image: the text is too large");
    out->width = (int32_t)width;
    out->height = (int32_t)height;
    return KAL_OK;
}

static void text_image_trace(const kal_call *c, kal__drawing *d)
{
    const kal_text_image_p *p = c->params;
    kal__type type;
    kal__draw_type(d, &type, p->font, p->font_size);
    const kal__letters t = kal__letters_of(&type, p->text);
    kal__draw_letters(d, KAL__OUTLINE, &type, &t, p->align, p->padding + t.left, p->padding);
    kal__draw_type_end(d, &type);
}

static size_t text_image_tables(const kal_call *c)
{
    return kal__draw_tables(c, text_image_trace, KAL__NO_COLORS);
}

static size_t text_image_scratch(const kal_call *c, int32_t width, int32_t height)
{
    (void)height;
    return kal__draw_scratch(c, text_image_trace, width);
}

static kal_status text_image_prepare(const kal_call *c, void **state, kal_error *err)
{
    const kal_text_image_p *p = c->params;
    const kal__colors k = {p->color, p->color, KAL__NO_COLORS, 1};
    return kal__draw_prepare(c, text_image_trace, &k, state, err);
}

static kal_status text_image_run(const kal_job *j)
{
    const kal_text_image_p *p = j->call->params;
    unsigned char pixel[KAL_MAX_CHANNELS * 4];
    kal__colour_pixel(p->background, &j->call->extent, true, pixel);
    kal__draw_fill(j, j->out->rect, pixel);
    kal__draw_paint(j, j->state);
    return KAL_OK;
}

// ---- draw_text, draw_labels -----------------------------------------------------------------------

// What both lists begin and end with is the same; only what is written where differs.
typedef struct style {
    int32_t anchor, padding;
    bool back;
} style;

// The text's box and the padding around it lie at the point by the anchor: rows of three.
static void put(kal__drawing *d, kal__type *type, const kal__letters *t, double x, double y, const style *s)
{
    const int32_t w = t->width + 2 * s->padding, h = t->height + 2 * s->padding;
    if (!t->width) return;
    const int32_t x0 = kal__draw_pixel(x) - w * (s->anchor % 3) / 2,
                  y0 = kal__draw_pixel(y) - h * (s->anchor / 3) / 2;
    if (s->back) kal__draw_rect(d, KAL__FILL, kal_rect_of(x0, y0, x0 + w, y0 + h));
    kal__draw_letters(d, KAL__OUTLINE, type, t, s->anchor % 3, x0 + s->padding, y0 + s->padding);
}

static kal_status draw_text_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_draw_text_p *p = params;
    p->font_size = kal__type_size(p->font, p->font_size);
    const kal_status st = kal__check_letters("draw_text", p->font, p->font_size, p->text, err);
    return st ? st : kal__draw_extent(c, p->color, p->background, out, err);
}

static void draw_text_trace(const kal_call *c, kal__drawing *d)
{
    const kal_draw_text_p *p = c->params;
    kal__type type;
    kal__draw_type(d, &type, p->font, p->font_size);
    const kal__letters t = kal__letters_of(&type, p->text);
    put(d, &type, &t, p->x, p->y, &(style){p->anchor, p->padding, p->background.n > 0});
    kal__draw_type_end(d, &type);
}

static kal_status draw_labels_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_draw_labels_p *p = params;
    const int32_t n = kal__letters_count(p->texts);
    p->font_size = kal__type_size(p->font, p->font_size);
    if (p->points.n % 2)
        return kal_fail(err, KAL_INVALID, "draw_labels: %d numbers; a point has 2: x y", p->points.n);
    if (n > 1 && n != p->points.n / 2)
        return kal_fail(err, KAL_INVALID,
                        "draw_labels: %d texts for %d points; give one for each, or one for all", n,
                        p->points.n / 2);
    const kal_status st = kal__check_letters("draw_labels", p->font, p->font_size, p->texts, err);
    return st ? st : kal__draw_extent(c, p->color, p->background, out, err);
}

static void draw_labels_trace(const kal_call *c, kal__drawing *d)
{
    const kal_draw_labels_p *p = c->params;
    const style s = {p->anchor, p->padding, p->background.n > 0};
    const bool one = kal__letters_count(p->texts) == 1;
    kal__type type;
    kal__letters t;
    kal__draw_type(d, &type, p->font, p->font_size);
    for (int32_t i = 0; i < p->points.n / 2 && kal__letters_at(&type, p->texts, one ? 0 : i, &t); i++)
        put(d, &type, &t, p->points.v[2 * i], p->points.v[2 * i + 1], &s);
    kal__draw_type_end(d, &type);
}

static const char *draw_text_library(const kal_call *c)
{
    return kal__font_library(((const kal_draw_text_p *)c->params)->font);
}

static const char *draw_labels_library(const kal_call *c)
{
    return kal__font_library(((const kal_draw_labels_p *)c->params)->font);
}

static const char *text_image_library(const kal_call *c)
{
    return kal__font_library(((const kal_text_image_p *)c->params)->font);
}

// ---- records ------------------------------------------------------------------------------------

KAL__DRAWN(draw_text, p->background, KAL__NO_COLORS)
KAL__DRAWN(draw_labels, p->background, KAL__NO_COLORS)

#define PARAMS kal_text_image_p
static const kal_param text_image_params[] = {KAL_TEXT_IMAGE_PARAMS(KAL_SCHEMA)};
#undef PARAMS
#define PARAMS kal_draw_text_p
static const kal_param draw_text_params[] = {KAL_DRAW_TEXT_PARAMS(KAL_SCHEMA)};
#undef PARAMS
#define PARAMS kal_draw_labels_p
static const kal_param draw_labels_params[] = {KAL_DRAW_LABELS_PARAMS(KAL_SCHEMA)};

#define FONT                                                                                                  \
    "\nWithout `font` letters are those of the built-in font: Latin-1 in cells of 8 × 16 pixels, scaled by " \
    "whole "                                                                                                  \
    "numbers,\nfont_size becoming the nearest multiple of 16. It is the default because it is the same on "   \
    "every "                                                                                                  \
    "machine, key and\npixels. With a TrueType or OpenType file letters have soft edges and font_size is "    \
    "the size of "                                                                                            \
    "its em; a bare\nname, font=DejaVuSans.ttf, is looked for among the system's fonts too. The file's "      \
    "bytes are in "                                                                                           \
    "the key, and so\nare the versions of FreeType, which reads it, and of HarfBuzz, which forms ligatures "  \
    "and writes "                                                                                             \
    "from the right;\nwithout HarfBuzz letters follow each other with the pairs of the `kern` table. A "      \
    "line ends with "                                                                                         \
    "\\n. "

const kal_op kal__op_text_image = {
    .name = "text_image",
    .version = 2,
    .family = "drawing",
    .help =
        "Text as an image of its own size: a mask, or letters in a colour on nothing or on a background" FONT
        "Without\na colour the letters are a mask, of a font from a file a gray image; with one they are "
        "opaque and the rest is transparent, "
        "unless "
        "there is a\n"
        "background. A colour is one number or three.",
    .inputs = "",
    KAL__PARAMS(text_image_params, kal_text_image_p),
    .cost = 0.3f,
    .extent = text_image_extent,
    .prepare = text_image_prepare,
    .release = free,
    .tables = text_image_tables,
    .scratch = text_image_scratch,
    .run = text_image_run,
    .library = text_image_library,
    .samples = KAL__SAMPLES("text=\"Hello\"",
                            "text=\"some lines: Ä\" font_size=40 align=center color=[255 200 0] padding=3",
                            "text=\"{x}~ß€\" color=250 background=[0 0 90]", "text=a color=7"),
};

const kal_op kal__op_draw_text = {
    .name = "draw_text",
    .help = "Text drawn on an image" FONT "The anchor is\nthe corner, or the middle of a side, of the text "
            "that lies at x, y; lines are aligned "
            "towards it.",
    KAL__DRAWN_RECORD(draw_text),
    .library = draw_text_library,
    .samples = KAL__SAMPLES("text=\"Hello\" x=1 y=1 color=200",
                            "text=\"two lines\" x=9 y=4 anchor=center opacity=0.5",
                            "text=\"right\" x=12 y=9 anchor=bottom_right background=40 padding=2",
                            "text=\"large\" font_size=60 x=-20 y=-9"),
};

const kal_op kal__op_draw_labels = {
    .name = "draw_labels",
    .help = "Several texts drawn on an image, one at each point" FONT
            "Texts are\nseparated by | and go with the points in order; one text stands at all of them. The "
            "anchor is "
            "the corner,\n"
            "or the middle of a side, of a text that lies at its point.",
    KAL__DRAWN_RECORD(draw_labels),
    .library = draw_labels_library,
    .samples =
        KAL__SAMPLES("points=[1 1 6 4] texts=\"a|b\" color=200",
                     "points=[3 8 300 4] texts=\"x\" anchor=bottom background=40 padding=1 opacity=0.7",
                     "points=[1 1 6 4] texts=\"|only the second\"", ""),
};
