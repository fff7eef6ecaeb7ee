// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// sheet: images on one sheet, in cells that are all as large as the widest and the tallest of them:
//
//     heads   ┌──────┐ gap ┌──────┐
//             │ image│     │ image│     an image stands in the middle of its cell, an odd pixel right and below;
//             └──────┘     └──────┘     its label, when there are any, in a strip below the cell
//              label        label
//
// With order=rows each list is a row, its head left of it; with columns a column, its head above. Without lists every list but the last is
// full. Gray is repeated beside colour, and what has no alpha is opaque beside what has. Exact.
#include "letters.h"

#include <stdlib.h>

enum { ROOM = 4 };   // pixels around letters, for each of the font's

typedef struct layout {
    int32_t across, down;       // cells
    int32_t width, height;      // of an image's place; the cell has the label too
    int32_t left, top, label;   // strips: heads left or above, labels below
    int32_t scale, gap;
    const kal_sheet_p *p;
} layout;

// ---- where things are ---------------------------------------------------------------------------

// Which list image i is in, and where; without lists `each` to a list.
static void cell_of(const kal_sheet_p *p, int32_t each, int32_t i, int32_t *list, int32_t *at)
{
    *list = i / each;
    *at = i % each;
    if (!p->lists.n) return;
    for (*list = 0, *at = i; *list < p->lists.n && *at >= (int32_t)p->lists.v[*list]; ++*list)
        *at -= (int32_t)p->lists.v[*list];
}

static int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static int32_t widest(const char *texts, int32_t scale)
{
    kal__letters t;
    int32_t most = 0;
    for (int32_t i = 0; *texts && kal__letters_at(texts, i, &t); i++)
        most = larger(most, kal__letters_width(&t, scale) + ROOM * scale);
    return most;
}

static int32_t tallest(const char *texts, int32_t scale)
{
    kal__letters t;
    int32_t most = 0;
    for (int32_t i = 0; *texts && kal__letters_at(texts, i, &t); i++)
        most = larger(most, kal__letters_height(&t, scale) + ROOM * scale);
    return most;
}

static int32_t about_square(int32_t n)
{
    int32_t side = 1;
    while (side * side < n) side++;
    return side;
}

static layout lay_out(const kal_call *c, const kal_sheet_p *p)
{
    layout l = {.p = p, .scale = kal__letters_scale(p->font_size), .gap = p->gap};
    const bool rows = !p->order;
    int32_t most = p->columns, n = p->lists.n;   // in a list, and lists
    if (!n) n = (c->n + most - 1) / most;
    for (int32_t i = 0; i < p->lists.n; i++)
        most = i ? larger(most, (int32_t)p->lists.v[i]) : (int32_t)p->lists.v[0];
    l.across = rows ? most : n;
    l.down = rows ? n : most;
    for (int32_t i = 0; i < c->n; i++) {
        l.width = larger(l.width, c->in[i]->extent.width);
        l.height = larger(l.height, c->in[i]->extent.height);
    }
    l.width = larger(l.width, larger(widest(p->labels, l.scale), rows ? 0 : widest(p->heads, l.scale)));
    l.label = tallest(p->labels, l.scale);
    if (rows) l.height = larger(l.height, tallest(p->heads, l.scale));
    l.left = rows ? widest(p->heads, l.scale) : 0;
    l.top = rows ? 0 : tallest(p->heads, l.scale);
    return l;
}

static kal_rect cell_at(const layout *l, int32_t column, int32_t row)
{
    const int32_t x = l->left + column * (l->width + l->gap),
                  y = l->top + row * (l->height + l->label + l->gap);
    return kal_rect_of(x, y, x + l->width, y + l->height);
}

static kal_rect cell(const layout *l, int32_t i)
{
    int32_t list, at;
    cell_of(l->p, l->p->columns, i, &list, &at);
    return l->p->order ? cell_at(l, list, at) : cell_at(l, at, list);
}

static kal_rect place(const layout *l, const kal_call *c, int32_t i)
{
    const kal_extent *e = &c->in[i]->extent;
    const kal_rect r = cell(l, i);
    return kal_rect_shift(kal_rect_all(e), r.x0 + (l->width - e->width) / 2,
                          r.y0 + (l->height - e->height) / 2);
}

// ---- what comes out -----------------------------------------------------------------------------

static kal_status check_texts(const kal_call *c, const kal_sheet_p *p, kal_error *err)
{
    const int32_t labels = kal__letters_count(p->labels), heads = kal__letters_count(p->heads);
    const int32_t lists = p->lists.n ? p->lists.n : (c->n + p->columns - 1) / p->columns;
    double sum = 0;
    for (int32_t i = 0; i < p->lists.n; i++) {
        sum += p->lists.v[i];
        if (p->lists.v[i] != (int32_t)p->lists.v[i])
            return kal_fail(err, KAL_INVALID, "sheet: a list holds a whole number of images, not %g",
                            p->lists.v[i]);
    }
    if (p->lists.n && sum != c->n)
        return kal_fail(err, KAL_INVALID, "sheet: the lists hold %g images, and there are %d", sum, c->n);
    if (labels && labels != c->n)
        return kal_fail(err, KAL_INVALID, "sheet: %d labels for %d images", labels, c->n);
    if (heads && heads != lists)
        return kal_fail(err, KAL_INVALID, "sheet: %d heads for %d %s", heads, lists,
                        p->order ? "columns" : "rows");
    return KAL_OK;
}

static kal_status kind_of(const kal_call *c, kal_extent *out, kal_error *err)
{
    *out = c->in[0]->extent;
    int32_t colours = 1;
    for (int32_t i = 0; i < c->n; i++) {
        const kal_extent *e = &c->in[i]->extent;
        if (e->type != out->type)
            return kal_fail(err, KAL_INVALID, "sheet: one image is %s and another %s; use cast",
                            kal__type_name(out->type), kal__type_name(e->type));
        if (kal__colours(e) > 1 && colours > 1 && kal__colours(e) != colours)
            return kal_fail(err, KAL_INVALID, "sheet: one image has %d colour channels and another %d",
                            colours, kal__colours(e));
        colours = larger(colours, kal__colours(e));
        out->alpha |= e->alpha;
    }
    out->channels = colours + out->alpha;
    out->model = kal__model_of(colours);
    return kal__check_type("sheet", out, err);
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_sheet_p *p = params;
    if (p->columns == KAL_AUTO)
        p->columns = p->order ? (c->n + about_square(c->n) - 1) / about_square(c->n) : about_square(c->n);
    p->font_size = kal__letters_scale(p->font_size) * KAL__FONT_HEIGHT;
    if (!p->lists.n && p->columns > c->n) p->columns = c->n;
    const int32_t scale = kal__letters_scale(p->font_size);
    kal_status st = check_texts(c, p, err);
    if (!st) st = kal__check_letters("sheet", p->labels, scale, err);
    if (!st) st = kal__check_letters("sheet", p->heads, scale, err);
    if (!st) st = kind_of(c, out, err);
    if (!st) st = kal__check_per_channel("sheet", "background", p->background, out, true, err);
    if (!st) st = kal__check_per_channel("sheet", "color", p->color, out, true, err);
    if (st) return st;
    const layout l = lay_out(c, p);
    const int64_t width = l.left + l.across * ((int64_t)l.width + l.gap) - l.gap,
                  height = l.top + l.down * ((int64_t)l.height + l.label + l.gap) - l.gap;
    if (width > KAL_MAX_SIDE || height > KAL_MAX_SIDE)
        return kal_fail(err, KAL_INVALID, "sheet: the sheet would have %lld × %lld pixels", (long long)width,
                        (long long)height);
    out->width = (int32_t)width;
    out->height = (int32_t)height;
    return KAL_OK;
}

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    const layout l = lay_out(c, c->params);
    const kal_rect at = place(&l, c, i), r = kal_rect_clip(out, at);
    return kal_rect_empty(r) ? r : kal_rect_shift(r, -at.x0, -at.y0);
}

static bool map(const kal_call *c, int32_t i, double m[6])
{
    const layout l = lay_out(c, c->params);
    const kal_rect at = place(&l, c, i);
    kal__map_shift(at.x0, at.y0, m);
    return true;
}

// ---- letters ------------------------------------------------------------------------------------

static void in_the_middle(kal__drawing *d, const kal__letters *t, int32_t scale, kal_rect r)
{
    kal__draw_letters(d, KAL__OUTLINE, t, scale, KAL_ALIGN_CENTER,
                      r.x0 + (r.x1 - r.x0 - kal__letters_width(t, scale)) / 2,
                      r.y0 + (r.y1 - r.y0 - kal__letters_height(t, scale)) / 2);
}

static void trace(const kal_call *c, kal__drawing *d)
{
    const kal_sheet_p *p = c->params;
    const layout l = lay_out(c, p);
    kal__letters t;
    for (int32_t i = 0; *p->labels && kal__letters_at(p->labels, i, &t); i++) {
        const kal_rect r = cell(&l, i);
        in_the_middle(d, &t, l.scale, kal_rect_of(r.x0, r.y1, r.x1, r.y1 + l.label));
    }
    for (int32_t i = 0; *p->heads && kal__letters_at(p->heads, i, &t); i++) {
        const kal_rect r = p->order ? cell_at(&l, i, 0) : cell_at(&l, 0, i);
        in_the_middle(d, &t, l.scale,
                      p->order ? kal_rect_of(r.x0, 0, r.x1, l.top) : kal_rect_of(0, r.y0, l.left, r.y1));
    }
}

static size_t tables(const kal_call *c)
{
    return kal__draw_tables(c, trace);
}

// Letters stand off their background: black when its first channel is above the middle, else white.
static kal_status prepare(const kal_call *c, void **state, kal_error *err)
{
    static const double black = 0;
    const kal_sheet_p *p = c->params;
    const bool light = p->background.n && p->background.v[0] > kal_type_max(c->extent.type) / 2;
    const kal_list color = p->color.n || !light ? p->color : (kal_list){&black, 1};
    return kal__draw_prepare(c, trace, color, color, 1, state, err);
}

// ---- pixels -------------------------------------------------------------------------------------

static void convert_row(unsigned char *dst, const kal_extent *to, const unsigned char *src,
                        const kal_extent *from, int32_t n)
{
    const size_t size = kal_type_size(to->type), step = kal_pixel_size(from);
    const int32_t colours = kal__colours(to);
    unsigned char full[4];
    kal__set(full, to->type, 0, kal_type_max(to->type));
    for (int32_t x = 0; x < n; x++, src += step) {
        for (int32_t k = 0; k < colours; k++, dst += size)
            memcpy(dst, src + (kal__colours(from) == 1 ? 0 : (size_t)k * size), size);
        if (!to->alpha) continue;
        memcpy(dst, from->alpha ? src + step - size : full, size);
        dst += size;
    }
}

static kal_status run(const kal_job *j)
{
    const kal_call *c = j->call;
    const kal_sheet_p *p = c->params;
    const layout l = lay_out(c, p);
    unsigned char pixel[KAL_MAX_CHANNELS * 4];
    kal__colour_pixel(p->background, &c->extent, false, pixel);
    kal__draw_fill(j, j->out->rect, pixel);
    for (int32_t i = 0; i < c->n; i++) {
        const kal_extent *e = &c->in[i]->extent;
        const kal_rect at = place(&l, c, i), r = kal_rect_clip(at, j->out->rect);
        const bool same = e->channels == c->extent.channels && e->alpha == c->extent.alpha;
        for (int32_t y = r.y0; y < r.y1; y++) {
            unsigned char *dst = kal_at(j->out, r.x0, y);
            const unsigned char *src = kal_at(&j->in[i], r.x0 - at.x0, y - at.y0);
            if (same)
                memcpy(dst, src, (size_t)(r.x1 - r.x0) * (size_t)j->out->pixel);
            else
                convert_row(dst, &c->extent, src, e, r.x1 - r.x0);
        }
    }
    kal__draw_paint(j, j->state);
    return KAL_OK;
}

#define PARAMS kal_sheet_p
static const kal_param params[] = {KAL_SHEET_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_sheet = {
    .name = "sheet",
    .version = 2,
    .family = "drawing",
    .help =
        "Images side by side on one sheet, with labels\n"
        "All cells are as large as the widest and the tallest image; each image stands in the middle of its "
        "cell.\n"
        "Rows are filled first, or with order=columns columns, each with so many images; `lists` gives a "
        "number "
        "for each\n"
        "row or column. Labels stand below images, heads left of rows or above columns; they are separated "
        "by |. "
        "Gray is\n"
        "repeated beside colour. To make images fit a cell, scale them before.",
    .inputs = "images...",
    KAL__PARAMS(params, kal_sheet_p),
    .flags = KAL_OP_SHEET,
    .cost = 0.2f,
    .extent = extent,
    .need = need,
    .map = map,
    .prepare = prepare,
    .release = free,
    .tables = tables,
    .run = run,
    .samples = KAL__SAMPLES("columns=2 gap=3 background=200", "columns=1 labels=\"one|two|three\"", "",
                            "order=columns lists=[2 1] heads=\"a|b\" gap=1 background=9 color=99",
                            "lists=[1 2] heads=\"first row|\" labels=\"|b|c\" font_size=32"),
};
