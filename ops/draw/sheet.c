// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// sheet: images on one sheet, in cells that are all as large as the widest and the tallest of them, or as `width` and `height` say:
//
//     heads   ┌──────┐ gap ┌──────┐
//             │ image│     │ image│     an image stands in the middle of its cell, an odd pixel right and below;
//             └──────┘     └──────┘     its label, when there are any, in a strip below the cell
//              label        label
//
// With order=rows each list is a row, its head left of it, turned to read upwards or not; with columns a column, its head above. Without lists every
// list but the last is full. Gray is repeated beside colour, and what has no alpha is opaque beside what has. Exact.
//
// What letters take is measured once and stands in the parameters then, so that no font is opened to find a cell. Images that do not fit their
// cell become what `fit` makes of them before they come here.
#include "letters.h"

#include <stdlib.h>

extern const kal_op kal__op_fit;

typedef struct layout {
    int32_t across, down;       // cells
    int32_t width, height;      // of an image's place; the cell has the label too
    int32_t left, top, label;   // strips: heads left or above, labels below
    int32_t gap;
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

static int32_t about_square(int32_t n)
{
    int32_t side = 1;
    while (side * side < n) side++;
    return side;
}

static layout lay_out(const kal_call *c, const kal_sheet_p *p)
{
    layout l = {.p = p, .gap = p->gap, .label = p->label_height};
    const bool rows = !p->order;
    int32_t most = p->columns, n = p->lists.n;   // in a list, and lists
    if (!n) n = (c->n + most - 1) / most;
    for (int32_t i = 0; i < p->lists.n; i++)
        most = i ? larger(most, (int32_t)p->lists.v[i]) : (int32_t)p->lists.v[0];
    l.across = rows ? most : n;
    l.down = rows ? n : most;
    l.width = larger(larger(p->width, p->label_width), rows ? 0 : p->head_width);
    l.height = larger(p->height, rows ? p->head_height : 0);
    l.left = rows ? p->head_width : 0;
    l.top = rows ? 0 : p->head_height;
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
                            kal_type_name(out->type), kal_type_name(e->type));
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

// The room that texts take: what is asked for, which may not be less, or what is needed.
static kal_status settle_room(const char *what, int32_t needed, int32_t *room, kal_error *err)
{
    if (*room == KAL_AUTO) *room = needed;
    if (*room >= needed) return KAL_OK;
    return kal_fail(err, KAL_INVALID, "sheet: %s=%d is too little, letters take %d", what, *room, needed);
}

static void measure(kal__type *t, const char *texts, int32_t around, int32_t *width, int32_t *height)
{
    kal__letters l;
    *width = *height = 0;
    for (int32_t i = 0; *texts && kal__letters_at(t, texts, i, &l); i++) {
        *width = larger(*width, l.width + around);
        *height = larger(*height, l.height + around);
    }
}

static kal_status settle_letters(kal_sheet_p *p, kal_error *err)
{
    kal__type t;
    int32_t label[2], head[2];
    p->font_size = kal__type_size(p->font, p->font_size);
    kal__type_open(&t, p->font, p->font_size);
    measure(&t, p->labels, p->font_size / 4, &label[0], &label[1]);
    measure(&t, p->heads, p->font_size / 4, &head[0], &head[1]);
    kal__type_close(&t);
    if (t.err.status) return kal_fail(err, t.err.status, "sheet: %s", t.err.message);
    const bool turned = p->turned && !p->order;
    kal_status st = settle_room("label_width", label[0], &p->label_width, err);
    if (!st) st = settle_room("label_height", label[1], &p->label_height, err);
    if (!st) st = settle_room("head_width", head[turned], &p->head_width, err);
    return st ? st : settle_room("head_height", head[!turned], &p->head_height, err);
}

// Cells as large as the largest image, unless they are told; then none may be larger, unless it is fitted.
static kal_status settle_cells(const kal_call *c, kal_sheet_p *p, kal_error *err)
{
    int32_t w = 1, h = 1;
    for (int32_t i = 0; i < c->n; i++) {
        w = larger(w, c->in[i]->extent.width);
        h = larger(h, c->in[i]->extent.height);
    }
    if (p->width == KAL_AUTO) p->width = w;
    if (p->height == KAL_AUTO) p->height = h;
    if (p->fit || (p->width >= w && p->height >= h)) return KAL_OK;
    return kal_fail(err, KAL_INVALID,
                    "sheet: images of up to %d×%d do not fit into cells of %d×%d; fit=inside makes them", w,
                    h, p->width, p->height);
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_sheet_p *p = params;
    if (p->columns == KAL_AUTO)
        p->columns = p->order ? (c->n + about_square(c->n) - 1) / about_square(c->n) : about_square(c->n);
    if (!p->lists.n && p->columns > c->n) p->columns = c->n;
    if (p->order || !*p->heads) p->turned = false;
    kal_status st = check_texts(c, p, err);
    if (!st) st = settle_letters(p, err);
    if (!st) st = settle_cells(c, p, err);
    if (!st) st = kind_of(c, out, err);
    if (!st) st = kal__check_color("sheet", "background", p->background, out, true, err);
    if (!st) st = kal__check_color("sheet", "color", p->color, out, true, err);
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

// One side by the other's scale, half up, at least 1; see fit.
static int32_t in_proportion(int64_t other, int64_t of, int64_t by)
{
    const int64_t v = (2 * other * of + by) / (2 * by);
    return v > 1 ? (int32_t)v : 1;
}

static bool fits(const kal_sheet_p *p, const kal_extent *e)
{
    int32_t w = p->width, h = p->height;
    const bool wide = (int64_t)e->width * h >= (int64_t)e->height * w;
    if (p->fit == KAL_CELL_INSIDE && wide) h = in_proportion(w, e->height, e->width);
    if (p->fit == KAL_CELL_INSIDE && !wide) w = in_proportion(h, e->width, e->height);
    return p->fit == KAL_CELL_NONE || (e->width == w && e->height == h);
}

static const kal_op *before(const kal_call *c, int32_t i, void *params)
{
    static const int32_t how[] = {
        [KAL_CELL_INSIDE] = KAL_FIT_INSIDE, [KAL_CELL_COVER] = KAL_FIT_COVER, [KAL_CELL_FILL] = KAL_FIT_FILL};
    const kal_sheet_p *p = c->params;
    kal_fit_p *fit = params;
    if (fits(p, &c->in[i]->extent)) return NULL;
    *fit = kal_fit_defaults();
    fit->width = p->width;
    fit->height = p->height;
    fit->fit = how[p->fit];
    return &kal__op_fit;
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

static void in_the_middle(kal__drawing *d, kal__type *type, const kal__letters *t, kal_rect r)
{
    kal__draw_letters(d, KAL__OUTLINE, type, t, KAL_ALIGN_CENTER, r.x0 + (r.x1 - r.x0 - t->width) / 2,
                      r.y0 + (r.y1 - r.y0 - t->height) / 2);
}

// Reading upwards: about the corner where its own top left comes to lie.
static void turned_in_the_middle(kal__drawing *d, kal__type *type, const kal__letters *t, kal_rect r)
{
    const int32_t x = r.x0 + (r.x1 - r.x0 - t->height) / 2, y = r.y1 - (r.y1 - r.y0 - t->width) / 2;
    kal__draw_turned(d, true, x, y);
    kal__draw_letters(d, KAL__OUTLINE, type, t, KAL_ALIGN_CENTER, x, y);
    kal__draw_turned(d, false, 0, 0);
}

static void trace(const kal_call *c, kal__drawing *d)
{
    const kal_sheet_p *p = c->params;
    const layout l = lay_out(c, p);
    kal__type type;
    kal__letters t;
    kal__draw_type(d, &type, p->font, p->font_size);
    for (int32_t i = 0; *p->labels && kal__letters_at(&type, p->labels, i, &t); i++) {
        const kal_rect r = cell(&l, i);
        in_the_middle(d, &type, &t, kal_rect_of(r.x0, r.y1, r.x1, r.y1 + l.label));
    }
    for (int32_t i = 0; *p->heads && kal__letters_at(&type, p->heads, i, &t); i++) {
        const kal_rect r = p->order ? cell_at(&l, i, 0) : cell_at(&l, 0, i);
        const kal_rect at = p->order ? kal_rect_of(r.x0, 0, r.x1, l.top) : kal_rect_of(0, r.y0, l.left, r.y1);
        (p->turned ? turned_in_the_middle : in_the_middle)(d, &type, &t, at);
    }
    kal__draw_type_end(d, &type);
}

static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    (void)height;
    return kal__draw_scratch(c, trace, width);
}

static const char *library(const kal_call *c)
{
    return kal__font_library(((const kal_sheet_p *)c->params)->font);
}

static size_t tables(const kal_call *c)
{
    return kal__draw_tables(c, trace, KAL__NO_COLORS);
}

// Letters stand off their background: black when its first channel is above the middle, else white.
static kal_status prepare(const kal_call *c, void **state, kal_error *err)
{
    static const double black = 0;
    const kal_sheet_p *p = c->params;
    const bool light = p->background.n && p->background.v[0] > kal_type_max(c->extent.type) / 2;
    const kal_list color = p->color.n || !light ? p->color : (kal_list){&black, 1};
    const kal__colors k = {color, color, KAL__NO_COLORS, 1};
    return kal__draw_prepare(c, trace, &k, state, err);
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
    .help = "Images side by side on one sheet, with labels\n"
            "All cells are as large as the widest and the tallest image, or as width and height say; each "
            "image stands in\n"
            "the middle of its cell. An image that is to fit its cell is scaled first, as by fit: inside it, "
            "over all of it\n"
            "(cover), or stretched (fill). Rows are filled first, or with order=columns columns, each with "
            "so many images;\n"
            "`lists` gives a number for each row or column. Labels stand below images, heads left of rows, "
            "where `turned`\n"
            "has them read upwards, or above columns; they are separated by |. What letters take is worked "
            "out, and the\n"
            "same room can be asked for on many sheets. Gray is repeated beside colour. For `font` see "
            "draw_text.",
    .inputs = "images...",
    KAL__PARAMS(params, kal_sheet_p),
    .flags = KAL_OP_SHEET,
    .cost = 0.2f,
    .extent = extent,
    .need = need,
    .map = map,
    .before = before,
    .prepare = prepare,
    .release = free,
    .tables = tables,
    .scratch = scratch,
    .run = run,
    .library = library,
    .samples = KAL__SAMPLES("columns=2 gap=3 background=200", "columns=1 labels=\"one|two|three\"", "",
                            "order=columns lists=[2 1] heads=\"a|b\" gap=1 background=9 color=99",
                            "lists=[1 2] heads=\"first row|\" labels=\"|b|c\" font_size=32",
                            "columns=2 heads=\"up|wards\" turned=true width=20 height=15 fit=inside gap=2",
                            "columns=2 width=9 height=11 fit=cover labels=\"a|b|c\" label_height=30",
                            "width=8 height=6 fit=fill background=255"),
};
