// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// crops and uncrops against what they stand for: a column of crops and resizes, a chain of uncrops; bit for bit.
#include "check.h"

static rng r = {77};

enum { MOST = 6 };

static int32_t random_boxes(const kal_extent *e, double *v)
{
    const int32_t n = 1 + rng_below(&r, MOST);
    for (int32_t i = 0; i < n; i++) {
        v[4 * i] = rng_below(&r, e->width), v[4 * i + 1] = rng_below(&r, e->height);
        v[4 * i + 2] = v[4 * i] + 1 + rng_below(&r, e->width - (int32_t)v[4 * i]);
        v[4 * i + 3] = v[4 * i + 1] + 1 + rng_below(&r, e->height - (int32_t)v[4 * i + 1]);
    }
    return n;
}

static kal_node *part_of(kal_scope *s, kal_node *image, const double *b, int32_t w, int32_t h, int32_t kernel)
{
    kal_node *part =
        kal_crop(s, image,
                 kal_crop_params(.x = (int32_t)b[0], .y = (int32_t)b[1], .width = (int32_t)(b[2] - b[0]),
                                 .height = (int32_t)(b[3] - b[1])));
    return kal_resize(s, part, kal_resize_params(.width = w, .height = h, .kernel = kernel));
}

static void same(const kal_node *a, const kal_node *b, const char *what, int round)
{
    kal_key p = {0, 0}, q = {0, 1};
    const kal_options o = {
        .band = rng_below(&r, 5), .threads = 1 + rng_below(&r, 8), .memo_mode = KAL_MEMO_NEVER};
    REQUIRE_OK(kal_content_key(a, &o, &p, &check_error));
    REQUIRE_OK(kal_content_key(b, NULL, &q, &check_error));
    REQUIRE_NOTE(kal_key_equal(p, q), "%s, round %d", what, round);
}

static void one(kal_scope *s, const kal_extent *e, int round)
{
    double v[4 * MOST];
    kal_node *cells[MOST];
    const int32_t n = random_boxes(e, v), w = 1 + rng_below(&r, 40), h = 1 + rng_below(&r, 40),
                  kernel = e->type == KAL_U32 ? KAL_NEAREST : rng_below(&r, 6);
    kal_node *image = rng_image(&r, s, e), *base = rng_image(&r, s, e);
    for (int32_t i = 0; i < n; i++) cells[i] = part_of(s, image, v + 4 * i, w, h, kernel);
    kal_node *batch =
        kal_crops(s, image, kal_crops_params(.boxes = {v, 4 * n}, .width = w, .height = h, .kernel = kernel));
    same(batch, kal_montage(s, cells, n, kal_montage_params(.columns = 1)), "crops", round);
    // each back into its place, the later over the earlier
    const int32_t feather = e->type == KAL_U32 ? 0 : rng_below(&r, 9);
    kal_node *chain = base;
    for (int32_t i = 0; i < n; i++)
        chain = kal_uncrop(s, cells[i], chain,
                           kal_uncrop_params(.x = (int32_t)v[4 * i], .y = (int32_t)v[4 * i + 1],
                                             .width = (int32_t)(v[4 * i + 2] - v[4 * i]),
                                             .height = (int32_t)(v[4 * i + 3] - v[4 * i + 1]),
                                             .feather = feather, .resize = 1 + kernel));
    same(kal_uncrops(s, batch, base,
                     kal_uncrops_params(.boxes = {v, 4 * n}, .feather = feather, .resize = kernel)),
         chain, "uncrops", round);
}

static void refused(kal_scope *s, kal_node *const *in, int32_t n, const char *op, const char *params,
                    const char *words)
{
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(kal_apply_text(s, op, params, in, n), &check_error));
    REQUIRE_NOTE(strstr(check_error.message, words), "%s %s: %s", op, params, check_error.message);
}

static void refusals(kal_scope *s)
{
    const kal_extent e = extent_of(20, 30, 3, KAL_U8), labels = {20, 30, 1, KAL_U32, KAL_DATA, false};
    kal_node *const in[2] = {rng_image(&r, s, &e), rng_image(&r, s, &e)};
    kal_node *const ids[1] = {rng_image(&r, s, &labels)};
    refused(s, in, 1, "crops", "[] 8", "crops: there are no boxes");
    refused(s, in, 1, "crops", "[0 0 5 5]", "crops: width must be given");
    refused(s, in, 1, "crops", "[0 0 5 5 1 1 21 5] 8",
            "crops: box 2 (1 1 21 5) is not inside the image of 20×30");
    refused(s, in, 1, "crops", "[0 0 5 5 1 1.6 9 2.4] 8", "crops: box 2 is empty");
    refused(s, ids, 1, "crops", "[0 0 5 5] 8", "crops: u32 samples are labels");
    refused(s, in, 2, "uncrops", "[0 0 5 5 1 1 6 6 2 2 7 7 3 3 4 4]",
            "uncrops: the image has 30 rows, which are no 4 parts");
    refused(s, in, 2, "uncrops", "[0 0 5 31]", "uncrops: box 1 (0 0 5 31) is not inside the image of 20×30");
    refused(s, in, 2, "uncrops", "[]", "uncrops: there are no boxes");
}

int main(int argc, char **argv)
{
    static const kal_extent kinds[] = {
        {40, 30, 3, KAL_U8, KAL_RGB, false},   {61, 47, 4, KAL_U8, KAL_RGB, true},
        {33, 50, 1, KAL_U16, KAL_GRAY, false}, {20, 9, 3, KAL_F32, KAL_RGB, false},
        {70, 45, 1, KAL_U8, KAL_MASK, false},  {30, 30, 1, KAL_U32, KAL_DATA, false},
        {21, 60, 4, KAL_F32, KAL_RGB, true},   {1, 7, 2, KAL_U8, KAL_GRAY, true}};
    if (argc > 1) r.s = strtoull(argv[1], NULL, 0);
    for (int round = 0; round < 160; round++) {
        kal_scope *s = kal_scope_new();
        one(s, &kinds[round % 8], round);
        kal_scope_free(&s);
    }
    kal_scope *s = kal_scope_new();
    refusals(s);
    kal_scope_free(&s);
    kal_memo_clear(NULL);
    return check_done();
}
