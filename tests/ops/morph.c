// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// erode, dilate, open and close against loops over the kernel, for all types, channels and shapes; fixed cases.
#include "masks.h"

static double extreme(const void *data, const kal_extent *e, int32_t x, int32_t y, int32_t k, int32_t w,
                      int32_t h, const double *kernel, bool least)
{
    double best = least ? 1e30 : -1e30;
    for (int32_t j = 0; j < h; j++)
        for (int32_t i = 0; i < w; i++) {
            const int32_t u = x + i - w / 2, v = y + j - h / 2;
            if (!kernel[j * w + i] || u < 0 || v < 0 || u >= e->width || v >= e->height) continue;
            const double is = at(data, e->type, (size_t)((v * e->width + u) * e->channels + k));
            if (least ? is < best : is > best) best = is;
        }
    return best;
}

static void test_morph_of(const kal_extent *e, int32_t w, int32_t h, int shape, const double *kernel)
{
    for (int least = 0; least < 2; least++) {
        kal_node *in = rng_image(&r, s, e);
        const kal_erode_p p = {.size = sizeof p,
                               .width = w,
                               .height = h,
                               .shape = shape < 3 ? shape : 0,
                               .kernel = {kernel, shape < 3 ? 0 : w * h}};
        kal_node *node = kal_apply(s, least ? "erode" : "dilate", &p, &in, 1);
        void *got = read_all(node, NULL, NULL), *data = naive_pixels(in);
        if (!REQUIRE_NOTE(got != NULL, "%s", check_error.message)) return;
        size_t bad = 0;
        for (int32_t i = 0; i < e->width * e->height * e->channels; i++) {
            const int32_t k = i % e->channels, x = i / e->channels % e->width, y = i / e->channels / e->width;
            const double want = extreme(data, e, x, y, k, w, h, kernel, least),
                         is = at(got, e->type, (size_t)i);
            const double none = e->type == KAL_F32 ? is : least ? kal_type_max(e->type) : 0;
            bad += is != (fabs(want) == 1e30 ? none : want);
        }
        REQUIRE_NOTE(!bad, "%s, kernel %d×%d shape %d, least %d: %zu samples", about, w, h, shape, least,
                     bad);
        free(got);
        free(data);
        check_tilings(&r, node);
    }
}

static void test_morph(void)
{
    // OpenCV's getStructuringElement(MORPH_ELLIPSE, (5, 5)) and (7, 4)
    static const double ellipse55[] = {0, 0, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1,
                                       1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 0},
                        ellipse74[] = {0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1,
                                       1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
                        cross43[] = {0, 0, 1, 0, 1, 1, 1, 1, 0, 0, 1, 0},
                        holes[] = {1, 0, 1, 1, 0, 0, 1, 1, 1, 0, 0, 1};
    static double ones[60 * 150];
    for (size_t i = 0; i < sizeof ones / sizeof *ones; i++) ones[i] = 1;
    kal_extent e;
    for (int k = 0; next_kind(&k, &e, 1 + rng_below(&r, 40), 1 + rng_below(&r, 90));) {
        test_morph_of(&e, 3, 3, 0, ones);
        test_morph_of(&e, 1 + rng_below(&r, 60), 1 + rng_below(&r, 150), 0, ones);
        test_morph_of(&e, 5, 5, 1, ellipse55);
        test_morph_of(&e, 7, 4, 1, ellipse74);
        test_morph_of(&e, 4, 3, 2, cross43);
        test_morph_of(&e, 6, 2, 3, holes);
        test_morph_of(&e, 3, 4, 3, holes);
    }
}

static void test_morph_cases(void)
{
    kal_node *dot = mask_with(7, 7, (boxes){{{3, 3, 4, 4}}}),
             *full = mask_with(5, 5, (boxes){{{0, 0, 5, 5}}});
    REQUIRE(count(op("dilate", "", dot)) == 9);
    REQUIRE(count(op("erode", "", op("dilate", "", dot))) == 1);
    REQUIRE(count(op("erode", "", full)) == 25);
    REQUIRE(model_of(op("erode", "", full)) == KAL_MASK);
    REQUIRE(op("erode", "width=1", full) == full && op("open", "width=1", full) == full);
    REQUIRE(op("open", "", dot) == op("dilate", "reflect=true", op("erode", "", dot)));
    REQUIRE(op("close", "4 2", dot) == op("erode", "4 2 reflect=true", op("dilate", "4 2", dot)));
    check_fails(op("erode", "kernel=[1 1 0]", dot), "erode: kernel has 3 values, which is no square");
    check_fails(op("close", "kernel=[1 1 0] width=2", dot),
                "close: kernel has 3 values, which do not fill rows of width=2");
    check_fails(op("dilate", "kernel=[0 0 0 0]", dot), "dilate: kernel has only zeros");
    check_fails(op("dilate", "kernel=1 shape=cross", dot), "dilate: give a shape or a kernel, not both");
    const kal_extent f = extent_of(3, 1, 1, KAL_F32);
    VALUES(op("erode", "kernel=[1 0 0] width=3", image_of(s, f, (const double[]){2, -1, 5})),
           (double)INFINITY, 2, -1);
    VALUES(op("dilate", "kernel=[0 0 1] width=3", image_of(s, f, (const double[]){2, -1, 5})), -1, 5,
           -(double)INFINITY);
    VALUES(op("erode", "3 1", image_of(s, f, (const double[]){2, -1, 5})), -1, -1, -1);
    // an opening only takes away and a closing only adds, once and for all, for any kernel
    static const char *const kernels[] = {"2", "4 3", "5 shape=ellipse", "6 3 shape=cross",
                                          "kernel=[1 1 0 0 1 1 1 0 0]"};
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
        uint8_t *data = rng_mask(40, 30, 6);
        kal_node *m = mask_from(data, 40, 30), *opened = op("open", kernels[i], m),
                 *closed = op("close", kernels[i], m);
        uint8_t *o = read_all(opened, NULL, NULL), *c = read_all(closed, NULL, NULL);
        for (int k = 0; k < 1200; k++) REQUIRE_NOTE(o[k] <= data[k] && c[k] >= data[k], "%s", kernels[i]);
        compare(op("open", kernels[i], opened), o, 1200, kernels[i]);
        compare(op("close", kernels[i], closed), c, 1200, kernels[i]);
        free(data), free(o), free(c);
    }
}

int main(void)
{
    r.s = 98;
    s = kal_scope_new();
    test_morph();
    test_morph_cases();
    kal_scope_free(&s);
    kal_memo_clear(NULL);
    return check_done();
}
