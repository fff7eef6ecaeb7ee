// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Whole ways through the library, as docs/crop-process-uncrop.md shows them: a part is chosen by a box, a mask or points, worked on, and comes
// home; what was found on a small view is said on the picture; a picture goes through an op by tiles and has no seams.
#include "rows.h"

#include <math.h>

// ---- crop, process, uncrop ----------------------------------------------------------------------

static const char picture[] = "photo = sample scene width=160 height=120\n"
                              "m = polygon_mask [0 20 30 0 70 22 0 60 80 0 30 70] width=160 height=120\n"
                              "marks = points [50 20 90 35 64 60]";

// Each selection, the box it comes to, and what has to be true of every one.
static const struct {
    const char *what, *box, *place;
} selections[] = {
    {"a box", "boxes [30 20 101 77]", "[[30, 20, 101, 77]]"},
    {"a box in parts of the picture", "boxes [0.25 0.25 0.5 0.75] unit=normalised (size photo)",
     "[[40, 30, 80, 90]]"},
    {"a mask", "mask_boxes m", "[[20, 22, 70, 80]]"},
    {"a mask and what is around it", "mask_boxes m margin=0.1", "[[15, 16, 75, 86]]"},
    {"points", "point_box marks", "[[50, 20, 91, 61]]"},
    {"points, with context, square, in multiples of 16",
     "point_box marks | box_context 0.25 size=(size photo) | box_square size=(size photo) | "
     "box_snap 16 size=(size photo)",
     "[[39, 9, 103, 73]]"},
    {"a box at the corner, moved inwards", "boxes [150 110 160 120] | box_snap 32 size=(size photo)",
     "[[128, 88, 160, 120]]"},
    {"the largest of several",
     "boxes [0 0 9 9 20 20 60 50 70 70 90 80] | box_sort by=area descending=true count=1",
     "[[20, 20, 60, 50]]"},
    {"a part of at least a size", "boxes [80 60 84 63] | box_snap 8 least=24 size=(size photo)",
     "[[70, 50, 94, 74]]"},
};

static void selected(void)
{
    static const struct {
        const char *what, *text;
        how how;
        const char *want;   // NULL: the box
    } laws[] = {
        {"the box", "place", GIVES, NULL},
        {"nothing done is nothing", "photo | crop place | uncrop", SAME, "photo"},
        {"over a seam too", "photo | crop place | uncrop feather=8", SAME, "photo"},
        {"what is done stays inside, and fills it",
         "done = photo | crop place | invert | uncrop\n"
         "expr [done photo] \"a != b\" | threshold 0 | mask_boxes merge=all",
         GIVES, NULL},
        {"with a seam no more than that",
         "done = photo | crop place | invert | uncrop feather=6\n"
         "change = expr [done photo] \"a != b\" | threshold 0 | mask_boxes merge=all\n"
         "box_contains place change",
         GIVES, "1"},
        {"an image of another size is fitted into the place",
         "photo | crop place | resize 64 64 | linear scale=0 offset=200 | uncrop resize=lanczos3", SAME,
         "photo | crop place | linear scale=0 offset=200 | uncrop"},
        {"the base may be another picture",
         "base = photo | gaussian 3; photo | crop place | uncrop base place", SAME,
         "base = photo | gaussian 3; inside = box_mask base place; mask_blend photo inside base"},
        {"a box on the part is that much further on the picture",
         "part = photo | crop place; there = map_boxes part photo [1 2 7 9]; map_boxes photo part there",
         GIVES, "[[1, 2, 7, 9]]"},
    };
    for (size_t i = 0; i < sizeof selections / sizeof *selections; i++)
        for (size_t k = 0; k < sizeof laws / sizeof *laws; k++) {
            char before[800], what[200];
            snprintf(before, sizeof before, "%s\nplace = %s", picture, selections[i].box);
            snprintf(what, sizeof what, "%s: %s", selections[i].what, laws[k].what);
            const row r = {what, laws[k].text, laws[k].how,
                           laws[k].want ? laws[k].want : selections[i].place};
            run_rows(before, &r, 1);
        }
}

// The shape of a mask, and not only its box.
static const row shaped[] = {
    {"only what is in the mask changes",
     "place = mask_boxes m; part = photo | crop place; mask = m | crop place\n"
     "done = mask_blend (part | invert) mask part | uncrop photo place\n"
     "expr [done photo] \"a != b\" | threshold 0",
     SAME, "m"},
    {"with a soft edge inside of it no more",
     "place = mask_boxes m; part = photo | crop place; mask = m | crop place | feather 5\n"
     "done = mask_blend (part | invert) mask part | uncrop photo place\n"
     "outside = m | invert; change = expr [done photo] \"a != b\" | threshold 0; mask_and [change outside] | "
     "mask_areas",
     GIVES, "[]"},
    {"several parts, one after another",
     "two = box_mask [10 10 30 30 90 60 130 100] photo; found = mask_boxes two\n"
     "first = photo | crop (found | box_sort count=1) | invert | uncrop\n"
     "both = first | crop (found | box_sort skip=1 count=1) | invert | uncrop\n"
     "expr [both photo] \"a != b\" | threshold 0",
     SAME, "box_mask [10 10 30 30 90 60 130 100] photo"},
};

// As many parts as there are, as one batch, in one expression.
static const row batches[] = {
    {"parts as a batch, and back: each is fitted into its place",
     "found = boxes [10 10 42 42 60 20 92 52]; photo | crops found 32 | uncrops", SAME, "photo"},
    {"of boxes that stand there", "photo | crops [10 10 42 42 60 20 92 52] 32 | uncrops", SAME, "photo"},
    {"only their places change",
     "found = boxes [10 10 30 40 90 60 130 100]; done = photo | crops found 16 | linear scale=0 offset=3 | "
     "uncrops\n"
     "expr [done photo] \"a != b\" | threshold 0 | mask_boxes",
     GIVES, "[[10, 10, 30, 40], [90, 60, 130, 100]]"},
    {"the batch is a column", "photo | crops [10 10 30 40 90 60 130 100] 24 20 | size", GIVES, "[24, 40]"},
    {"of a mask's parts, with seams: as one after the other",
     "two = box_mask [10 10 30 30 90 60 130 100] photo\n"
     "photo | crops (mask_boxes two) 32 | gaussian 0 | invert | uncrops feather=3",
     SAME,
     "a = photo | crop 10 10 20 20 | resize 32 32 | invert | uncrop feather=3 resize=lanczos3\n"
     "a | crop 90 60 40 40 | resize 32 32 | invert | uncrop feather=3 resize=lanczos3"},
    {"nothing found, nothing to work on",
     "none = box_mask [] photo; photo | crops (mask_boxes none) 32 | uncrops", FAILS,
     "crops: there are no boxes"},
};

// ---- a detector that sees a small view ------------------------------------------------------------

// Two things on black, at multiples of 8.
static const char things[] =
    "photo = solid 0 width=320 height=240 channels=3 | draw_boxes [80 40 120 96 200 120 256 184] "
    "fill=white width=1 color=white";

static void comes_home(void)
{
    static const char *const views[] = {
        "photo | resize 160 120 kernel=box",
        "photo | crop 40 24 240 200 | resize 60 50 kernel=box",
        "photo | resize 80 60 kernel=box | turn right",
        "photo | crop 16 8 256 192 | resize 64 48 kernel=box | flip horizontal",
        "photo | fit 160 160 pad kernel=box",
        "photo | rotate 90 | downsample 2",
        "photo | embed 8 16 400 320 | downsample 4",
        "photo | crop 16 8 256 192 | crop 8 8 240 176 | resize 60 44 kernel=box | turn left | gaussian 0",
    };
    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        char text[700];
        snprintf(text, sizeof text,
                 "view = %s; found = view | gray | threshold 127 | mask_boxes\n"
                 "home = map_boxes view photo found | box_sort; home",
                 views[i]);
        gives(things, &(row){"boxes come home", text, GIVES, "[[80, 40, 120, 96], [200, 120, 256, 184]]"});
        snprintf(text, sizeof text,
                 "view = %s; found = view | gray | threshold 127 | mask_boxes largest=1\n"
                 "photo | crop (map_boxes view photo found) | mean",
                 views[i]);
        gives(things, &(row){"the large crop of what was found", text, GIVES, "[255, 255, 255]"});
        snprintf(text, sizeof text,
                 "view = %s; found = view | gray | threshold 127 | mask_boxes largest=1\n"
                 "place = map_boxes view photo found; done = photo | crop place | invert | uncrop feather=0\n"
                 "done | gray | threshold | mask_boxes",
                 views[i]);
        gives(things, &(row){"worked on and put back", text, GIVES, "[[80, 40, 120, 96]]"});
    }
}

// ---- tiles ----------------------------------------------------------------------------------------

typedef struct even_p {
    size_t size;
} even_p;

static kal_status even_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params;
    *out = c->in[0]->extent;
    return out->type == KAL_F32 ? KAL_OK : kal_fail(err, KAL_INVALID, "acme.even: f32 only");
}

// A model that sees the whole of what it is given: its mean becomes 0, so that neighbouring tiles differ.
static kal_status even_run(const kal_job *j)
{
    const kal_rect r = j->out->rect;
    const int32_t n = kal_tile_width(j->out) * j->call->extent.channels;
    double sum = 0;
    for (int32_t y = r.y0; y < r.y1; y++)
        for (int32_t i = 0; i < n; i++)
            sum += (double)((const float *)(const void *)kal_row(&j->in[0], y))[i];
    const float mean = (float)(sum / n / (r.y1 - r.y0));
    for (int32_t y = r.y0; y < r.y1; y++)
        for (int32_t i = 0; i < n; i++)
            ((float *)(void *)kal_row(j->out, y))[i] =
                ((const float *)(const void *)kal_row(&j->in[0], y))[i] - mean;
    return KAL_OK;
}

static const kal_op even = {.name = "acme.even",
                            .version = 1,
                            .help = "the mean becomes 0",
                            .inputs = "image",
                            .params_size = sizeof(even_p),
                            .flags = KAL_OP_WHOLE,
                            .cost = 2,
                            .extent = even_extent,
                            .run = even_run};

// Cut at the boxes, each tile through the op (NULL: none), merged.
static kal_node *by_tiles(kal_scope *s, kal_node *image, const char *op, int32_t tile, int32_t overlap)
{
    enum { MOST = 64 };
    kal_node *tiles[MOST];
    kal_extent e;
    kal_value v = {0};
    kal_node_extent(image, &e, NULL);
    kal_node *boxes = kal_tile_boxes(
        s, kal_tile_boxes_params(.width = e.width, .height = e.height, .tile = tile, .overlap = overlap));
    if (!REQUIRE_OK(kal_read_value(boxes, NULL, &v, &check_error)) || !REQUIRE(v.rows <= MOST)) return image;
    for (int32_t i = 0; i < v.rows; i++) {
        const kal_value one = {KAL_VALUE_BOXES, 1, 4, v.v + 4 * i, NULL};
        tiles[i] = kal_crop(s, image,
                            kal_crop_params(.x = (int32_t)one.v[0], .y = (int32_t)one.v[1],
                                            .width = (int32_t)(one.v[2] - one.v[0]),
                                            .height = (int32_t)(one.v[3] - one.v[1])));
        if (op) tiles[i] = kal_apply(s, op, NULL, &tiles[i], 1);
    }
    kal_node *merged = kal_merge_tiles(
        s, tiles, v.rows, kal_merge_tiles_params(.boxes = {v.v, 4 * v.rows}, .overlap = overlap));
    kal_value_free(&v);
    return merged;
}

static double steepest(kal_node *n)
{
    kal_extent e;
    float *p = read_all(n, NULL, &e);
    double most = 0;
    for (int32_t i = 0; p && i < e.width * e.height; i++) {
        const double right = (i + 1) % e.width ? fabs((double)p[i + 1] - (double)p[i]) : 0;
        const double down =
            i + e.width < e.width * e.height ? fabs((double)p[i + e.width] - (double)p[i]) : 0;
        most = fmax(most, fmax(right, down));
    }
    free(p);
    return most;
}

static void tiled(void)
{
    kal_scope *s = kal_scope_new();
    kal_key a, b;
    REQUIRE_OK(kal_op_register(&even, &check_error));
    kal_node *photo = node_of("", "sample scene width=144 height=96 | gray | cast f32"),
             *ramp = node_of("", "gradient width=144 height=96 type=f32");
    REQUIRE_OK(kal_content_key(photo, NULL, &a, &check_error));
    REQUIRE_OK(kal_content_key(by_tiles(s, photo, NULL, 48, 12), NULL, &b, &check_error));
    REQUIRE(kal_key_equal(a, b));   // nothing done is nothing, bit for bit
    // on a ramp tiles become alike and differ from each other by about half of full scale: a seam of 24 pixels goes over by a 25th of it
    const double seamed = steepest(by_tiles(s, ramp, "acme.even", 48, 0)),
                 merged = steepest(by_tiles(s, ramp, "acme.even", 48, 24));
    REQUIRE_NOTE(seamed > 0.2, "tiles beside each other: steps of %g", seamed);
    REQUIRE_NOTE(merged < 0.03, "tiles over each other: steps of %g", merged);
    kal_node_unref(&photo);
    kal_node_unref(&ramp);
    kal_scope_free(&s);
}

int main(void)
{
    selected();
    RUN_ROWS(picture, shaped);
    RUN_ROWS(picture, batches);
    comes_home();
    tiled();
    kal_memo_clear(NULL);
    return check_done();
}
