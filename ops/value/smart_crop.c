// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// smart_crop: the box of a shape that shows most. The picture is gathered in at most 64 × 64 cells while its rows go by; then every place of
// the box, to a cell, is tried:
//
//     attention   the sum over the box's cells of  2 edge + skin + saturation / 2: edge is |4 L − the four neighbours' L|, L the cell's mean
//                 luminance; skin 1 − 4 · the distance of the mean colour's direction from (0.78 0.57 0.44), at least 0; saturation the largest
//                 channel less the smallest; the last two of 3 colours with L > 0.05
//     entropy     the entropy of the luminances inside, in 16 classes
//
// rounded to 2^-20, so that sums mean the same however they were made; of equals the place nearest to the middle, then the first. What is
// transparent counts as black.
#include "box.h"

enum { CELLS = 64, CLASSES = 16 };

typedef struct cell {
    double sum[3];
    uint64_t classes[CLASSES];
} cell;

typedef struct grid {
    double score[CELLS + 1][CELLS + 1];   // sums of all above and to the left
    uint64_t counts[CELLS + 1][CELLS + 1][CLASSES];
    cell cells[CELLS][CELLS];
} grid;

static int32_t cell_side(const kal_extent *e)
{
    return ((e->width > e->height ? e->width : e->height) + CELLS - 1) / CELLS;
}

static int32_t cells_along(int32_t side, int32_t each)
{
    return (side + each - 1) / each;
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)out;
    enum { LARGEST };
    kal_smart_crop_p *p = params;
    const kal_extent *e = &c->in[0]->extent;
    if (p->fit != LARGEST && (p->width > e->width || p->height > e->height))
        return kal_fail(err, KAL_INVALID,
                        "smart_crop: %d×%d has no room in the image of %d×%d; fit=largest shrinks it",
                        p->width, p->height, e->width, e->height);
    if (p->fit == LARGEST) {
        const double x = (double)e->width / p->width, y = (double)e->height / p->height, s = kal__least(x, y);
        p->width = (int32_t)kal__clamp(kal__rint(p->width * s), 1, e->width);
        p->height = (int32_t)kal__clamp(kal__rint(p->height * s), 1, e->height);
        p->fit = 1;
    }
    return kal__check_type("smart_crop", e, err);
}

static size_t size(const kal_call *c)
{
    (void)c;
    return sizeof(grid);
}

// ---- gathering ----------------------------------------------------------------------------------

static double luminance(const double *rgb)
{
    return 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
}

static void add_pixel(cell *to, const kal_extent *e, const void *row, size_t x)
{
    const size_t at = x * (size_t)e->channels;
    const double full = kal_type_max(e->type);
    const double shown = e->alpha ? kal__get(row, e->type, at + (size_t)e->channels - 1) / full : 1;
    const bool rgb = kal__colours(e) == 3;
    double v[3];
    for (size_t k = 0; k < 3; k++) {
        const double s = kal__get(row, e->type, at + (rgb ? k : 0)) / full * shown;
        v[k] = s > 0 ? s < 1 ? s : 1 : 0;
        to->sum[k] += v[k];
    }
    const int32_t class = (int32_t)(luminance(v) * CLASSES);
    to->classes[class < CLASSES ? class : CLASSES - 1]++;
}

static kal_status rows(const kal_job *j, void *gathered)
{
    grid *g = gathered;
    const kal_extent *e = &j->call->in[0]->extent;
    const int32_t side = cell_side(e);
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++) {
        const void *row = kal_row(&j->in[0], y);
        for (int32_t x = 0; x < e->width; x++) add_pixel(&g->cells[y / side][x / side], e, row, (size_t)x);
    }
    return KAL_OK;
}

// ---- what a cell is worth -----------------------------------------------------------------------

static double distance_from_skin(const double *v)
{
    static const double skin[3] = {0.78, 0.57, 0.44};
    const double length = __builtin_sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
    double d = 0;
    for (int k = 0; k < 3; k++) d += (v[k] / length - skin[k]) * (v[k] / length - skin[k]);
    return __builtin_sqrt(d);
}

static double colour_of(const double *v)
{
    if (luminance(v) <= 0.05) return 0;
    const double high = kal__most(kal__most(v[0], v[1]), v[2]),
                 low = kal__least(kal__least(v[0], v[1]), v[2]);
    return kal__most(1 - 4 * distance_from_skin(v), 0) + (high - low) / 2;
}

static double luminance_at(const grid *g, int32_t x, int32_t y, int32_t nx, int32_t ny)
{
    const int32_t u = x < 0 ? 0 : x >= nx ? nx - 1 : x, v = y < 0 ? 0 : y >= ny ? ny - 1 : y;
    return luminance(g->cells[v][u].sum);
}

static double worth(const grid *g, int32_t x, int32_t y, int32_t nx, int32_t ny, bool rgb)
{
    const double around = luminance_at(g, x - 1, y, nx, ny) + luminance_at(g, x + 1, y, nx, ny) +
                          luminance_at(g, x, y - 1, nx, ny) + luminance_at(g, x, y + 1, nx, ny);
    const double edge = 4 * luminance_at(g, x, y, nx, ny) - around;
    return 2 * (edge < 0 ? -edge : edge) + (rgb ? colour_of(g->cells[y][x].sum) : 0);
}

// Sums become means; then everything is summed from the top left.
static void sum_up(grid *g, const kal_extent *e, int32_t nx, int32_t ny)
{
    for (int32_t y = 0; y < ny; y++)
        for (int32_t x = 0; x < nx; x++) {
            uint64_t n = 0;
            for (int32_t k = 0; k < CLASSES; k++) n += g->cells[y][x].classes[k];
            for (int32_t k = 0; k < 3; k++) g->cells[y][x].sum[k] /= (double)n;
        }
    for (int32_t y = 0; y < ny; y++)
        for (int32_t x = 0; x < nx; x++) {
            g->score[y + 1][x + 1] = worth(g, x, y, nx, ny, kal__colours(e) == 3) + g->score[y][x + 1] +
                                     g->score[y + 1][x] - g->score[y][x];
            for (int32_t k = 0; k < CLASSES; k++)
                g->counts[y + 1][x + 1][k] = g->cells[y][x].classes[k] + g->counts[y][x + 1][k] +
                                             g->counts[y + 1][x][k] - g->counts[y][x][k];
        }
}

// ---- places -------------------------------------------------------------------------------------

static double entropy(const grid *g, int32_t x0, int32_t y0, int32_t x1, int32_t y1)
{
    double n = 0, sum = 0;
    for (int32_t k = 0; k < CLASSES; k++) {
        const double v = (double)(g->counts[y1][x1][k] - g->counts[y0][x1][k] - g->counts[y1][x0][k] +
                                  g->counts[y0][x0][k]);
        n += v;
        if (v > 0) sum += v * kal__log(v);
    }
    return kal__log(n) - sum / n;
}

static double score_of(const grid *g, int32_t by, int32_t x0, int32_t y0, int32_t x1, int32_t y1)
{
    enum { ATTENTION };
    const double v = by == ATTENTION
                         ? g->score[y1][x1] - g->score[y0][x1] - g->score[y1][x0] + g->score[y0][x0]
                         : entropy(g, x0, y0, x1, y1);
    return kal__rint(v * (1 << 20));
}

// Places of a box along one side: so many of them, each so many cells long, spread evenly over what the picture leaves free.
typedef struct axis {
    int32_t places, cells, free;
} axis;

static axis axis_of(int32_t side, int32_t kept, int32_t each)
{
    const int32_t n = cells_along(side, each),
                  length = (int32_t)kal__clamp(kal__rint((double)kept / each), 1, n);
    return (axis){kept == side ? 1 : n - length + 1, length, side - kept};
}

static int32_t start_of(const axis *a, int32_t i)
{
    return a->places == 1 ? a->free / 2 : (int32_t)((int64_t)i * a->free / (a->places - 1));
}

static int32_t off_middle(const axis *a, int32_t i)
{
    const int32_t d = 2 * i - (a->places - 1);
    return d < 0 ? -d : d;
}

static kal_status end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)err;
    const kal_smart_crop_p *p = c->params;
    const kal_extent *e = &c->in[0]->extent;
    grid *g = gathered;
    const int32_t each = cell_side(e), nx = cells_along(e->width, each), ny = cells_along(e->height, each);
    const axis ax = axis_of(e->width, p->width, each), ay = axis_of(e->height, p->height, each);
    sum_up(g, e, nx, ny);
    double best = -1;
    int32_t best_off = 0, best_x = 0, best_y = 0;
    for (int32_t y = 0; y < ay.places; y++)
        for (int32_t x = 0; x < ax.places; x++) {
            const double score = score_of(g, p->by, x, y, x + ax.cells, y + ay.cells);
            const int32_t off = off_middle(&ax, x) + off_middle(&ay, y);
            if (score < best || (score == best && off >= best_off)) continue;
            best = score, best_off = off, best_x = x, best_y = y;
        }
    kal__box *to = kal__new_boxes(out, 1);
    if (!to) return KAL_NOMEM;
    const double x0 = start_of(&ax, best_x), y0 = start_of(&ay, best_y);
    *to = (kal__box){x0, y0, x0 + p->width, y0 + p->height};
    return KAL_OK;
}

static const kal_measure measure = {.kind = KAL_VALUE_BOXES, .size = size, .rows = rows, .end = end};

#define PARAMS kal_smart_crop_p
static const kal_param params[] = {KAL_SMART_CROP_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_smart_crop = {
    .name = "smart_crop",
    .version = 1,
    .family = "boxes",
    .help = "The box of a shape in which there is most to see\n"
            "A value: crop photo (smart_crop photo 1 1) is the best square. By attention it goes where "
            "edges, colours "
            "and\n"
            "skin are, by entropy where luminances differ most. Without fit=exact only the shape counts, and "
            "the box "
            "is the\n"
            "largest that the image has room for. The image goes by in bands.",
    .inputs = "image",
    KAL__PARAMS(params, kal_smart_crop_p),
    .cost = 3,
    .extent = extent,
    .measure = &measure,
    .samples = KAL__SAMPLES("1 1", "16 9 by=entropy", "1 3", "width=4 height=3 fit=exact", "9 16 by=entropy"),
};
