// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// rotate, embed, center_pad and flip against formulas written again here; alpha, masks, labels and errors of
// resize too; acceptance cases R4, L1, L2. resize has a program of its own.
#include "geometry.h"

#include "mem.h"

// ---- rotate -------------------------------------------------------------------------------------

static bool is_half(double v)
{
    return fabs(v - floor(v) - 0.5) < 1e-6;
}

// The fill is black, transparent with alpha: nothing is added. u8 bilinear looks at the nearest 1/256 and is
// exact then.
static void check_rotate(kal_extent e, double angle, bool expand, int k, int edge)
{
    static const char *const kernels[] = {"nearest", "bilinear", "bicubic"};
    static const char *const edges[] = {"copy", "mirror", "reflect", "wrap", "fill"};
    picture p = picture_of(e);
    char what[200];
    snprintf(what, sizeof what, "angle=%g expand=%s kernel=%s edge=%s", angle, expand ? "true" : "false",
             kernels[k], edges[edge]);
    const bool grid = k == 1 && e.type == KAL_U8;
    const double slack = grid ? 0 : slack_of(e.type);
    kal_node *n = apply(p.node, "rotate", what);
    kal_extent oe;
    void *got = read_all(n, NULL, &oe);
    const double t = angle * M_PI / 180;
    for (int32_t y = 0; y < oe.height && got; y++)
        for (int32_t x = 0; x < oe.width; x++) {
            const double u = x - (oe.width - 1) / 2.0, v = y - (oe.height - 1) / 2.0;
            double sx = u * cos(t) - v * sin(t) + (e.width - 1) / 2.0;
            double sy = u * sin(t) + v * cos(t) + (e.height - 1) / 2.0;
            double sum[KAL_MAX_CHANNELS] = {0};
            const double steps = grid ? 256 : 1;
            if ((grid || k == 0) && (is_half(sx * steps) || is_half(sy * steps)))
                continue;   // rounds either way
            if (grid) sx = floor(sx * 256 + 0.5) / 256, sy = floor(sy * 256 + 0.5) / 256;
            mix_around(sum, &e, p.data, sx, sy, k, edge);
            close_to(&oe, got, x, y, sum, slack, what);
        }
    tilings(n, what);
    free(got);
    free(p.data);
}

static void test_rotate(void)
{
    static const double angles[] = {33, -10, 91.5, 200.25, 300, 45, 1234.5};
    for (int k = 0; k < 3; k++)
        for (int edge = KAL_EDGE_COPY; edge <= KAL_EDGE_FILL; edge++)
            for (int i = 0; i < 7; i++) {
                static const kal_type types[] = {KAL_U8, KAL_U16, KAL_F32, KAL_U8, KAL_U8, KAL_U8, KAL_F32};
                static const int32_t channels[] = {3, 1, 3, 1, 3, 4, 2};
                const int32_t w = i & 1 ? 13 : 5, h = i & 1 ? 9 : 7;
                const double angle = angles[(i + k + edge) % 7];
                check_rotate(extent_of(w, h, channels[i], types[i]), angle, (i + edge) % 3 != 0, k, edge);
            }
    check_rotate(extent_of(7, 3, 3, KAL_U8), 90, false, 1, KAL_EDGE_FILL);   // cannot be a turn
    check_rotate(extent_of(7, 3, 3, KAL_U16), 270, false, 2, KAL_EDGE_FILL);
    check_rotate(extent_of(1, 40, 3, KAL_U8), 61, true, 1, KAL_EDGE_WRAP);
}

static void test_rotate_cases(void)
{
    static const uint8_t six[6] = {1, 2, 3, 4, 5, 6}, left[6] = {3, 6, 2, 5, 1, 4};
    picture p = picture_with(extent_of(3, 2, 1, KAL_U8), six);
    kal_node *n = apply(p.node, "rotate", "angle=90");   // R4
    kal_extent e;
    uint8_t *got = read_all(n, NULL, &e);
    REQUIRE(e.width == 2 && e.height == 3);
    REQUIRE_MEM(got, left, 6);
    free(got);
    free(p.data);
    p = picture_of(extent_of(101, 51, 3, KAL_U8));
    REQUIRE(apply(p.node, "rotate", "angle=0") == p.node);
    REQUIRE(apply(p.node, "rotate", "angle=-720 kernel=bicubic") == p.node);
    REQUIRE(same_node(apply(p.node, "rotate", "angle=-90"), apply(p.node, "turn", "how=right")));
    REQUIRE(same_node(apply(p.node, "rotate", "angle=540 expand=false"), apply(p.node, "turn", "how=half")));
    REQUIRE(same_node(apply(p.node, "rotate", "angle=393"), apply(p.node, "rotate", "angle=33")));
    n = apply(p.node, "rotate", "angle=5 edge=copy");
    REQUIRE(same_node(apply(p.node, "rotate", "angle=5 edge=copy color=9"), n));
    REQUIRE(has_size(apply(p.node, "rotate", "angle=33 expand=false"), 101, 51));
    REQUIRE(has_size(apply(p.node, "rotate", "angle=45"), 108, 108));   // 107.48
    REQUIRE(has_size(apply(p.node, "rotate", "angle=30"), 113, 95));    // 112.97, 94.67
    REQUIRE(has_size(apply(p.node, "rotate", "angle=300"), 95, 113));
    n = apply(p.node, "rotate", "angle=33 expand=false color=[10 20 30]");
    got = read_all(n, NULL, &e);
    const size_t centre = (25 * 101 + 50) * 3;
    REQUIRE_MEM(got + centre, (uint8_t *)p.data + centre, 3);
    const size_t corners[] = {0, 100, 50 * 101, 50 * 101 + 100};
    for (int i = 0; i < 4; i++) REQUIRE(!memcmp(got + corners[i] * 3, (const uint8_t[]){10, 20, 30}, 3));
    free(got);
    free(p.data);
    // with alpha the corners are transparent
    p = picture_of(extent_of(21, 11, 4, KAL_U16));
    got = read_all(apply(p.node, "rotate", "angle=45"), NULL, &e);
    REQUIRE(!memcmp(got, (const uint8_t[8]){0}, 8));
    free(got);
    free(p.data);
}

// ---- alpha, masks, labels -----------------------------------------------------------------------

// Red where nothing is seen, blue where something is: no red may come through.
static void test_bleeding(void)
{
    static const char *const ops[][2] = {
        {"resize", "width=9 height=7"},
        {"resize", "width=50 height=31 kernel=bicubic"},
        {"resize", "width=17 height=40 kernel=bilinear"},
        {"rotate", "angle=33"},
        {"rotate", "angle=70 kernel=bicubic edge=mirror"},
    };
    for (int t = KAL_U8; t <= KAL_F32; t++)
        for (size_t i = 0; i < 5; i++) {
            const kal_extent e = extent_of(20, 18, 4, (kal_type)t);
            const double top = kal_type_max(e.type);
            unsigned char *data = calloc(bytes_of(&e), 1);
            const uint32_t red_blue[3] = {255, 65535, 0x3f800000};   // full scale of each type
            const size_t size = kal_type_size(e.type);
            for (size_t k = 0; k < 20 * 18; k++) {
                const bool seen = rng_below(&seed, 2);
                memcpy(data + (k * 4 + (seen ? 2 : 0)) * size, &red_blue[t], size);
                if (seen) memcpy(data + (k * 4 + 3) * size, &red_blue[t], size);
            }
            picture p = picture_with(e, data);
            kal_extent oe;
            void *got = read_all(apply(p.node, ops[i][0], ops[i][1]), NULL, &oe);
            bool pure = true;
            for (int32_t y = 0; y < oe.height; y++)
                for (int32_t x = 0; x < oe.width; x++) {
                    const double a = sample(&oe, got, x, y, 3), blue = sample(&oe, got, x, y, 2);
                    pure &= sample(&oe, got, x, y, 0) == 0;
                    pure &= a <= 0 ? blue == 0 : fabs(blue - top) <= top * 1e-6;
                }
            REQUIRE_NOTE(pure, "%s %s, type %d", ops[i][0], ops[i][1], t);
            free(got);
            free(p.data);
            free(data);
        }
}

static void test_masks_and_labels(void)
{
    const kal_extent mask = {20, 17, 1, KAL_U8, KAL_MASK, false};
    const kal_extent label = {20, 17, 1, KAL_U32, KAL_DATA, false};
    static const char *const ops[][2] = {
        {"resize", "width=31 height=9"}, {"rotate", "angle=33"}, {"rotate", "angle=7 color=255"},
        {"center_pad", "width=30"},      {"flip", ""},           {"embed", "x=-3 y=2 edge=reflect"},
    };
    picture m = picture_of(mask), l = picture_of(label);
    for (size_t i = 0; i < 6; i++) {
        kal_extent e;
        uint8_t *got = read_all(apply(m.node, ops[i][0], ops[i][1]), NULL, &e);
        bool binary = got && e.model == KAL_MASK;
        for (size_t b = 0; binary && b < bytes_of(&e); b++) binary = got[b] == 0 || got[b] == 255;
        REQUIRE_NOTE(binary, "%s %s", ops[i][0], ops[i][1]);
        free(got);
    }
    kal_node *nearest = apply(m.node, "resize", "width=31 height=9 kernel=nearest");
    REQUIRE(same_node(apply(m.node, "resize", "width=31 height=9"), nearest));
    tilings(apply(l.node, "resize", "width=31 height=9 kernel=nearest"), "labels");
    tilings(apply(l.node, "rotate", "angle=20 kernel=nearest edge=wrap"), "labels");
    REQUIRE(apply(l.node, "resize", "width=20 height=17") == l.node);
    free(m.data);
    free(l.data);
}

// ---- embed, center_pad, flip --------------------------------------------------------------------

static void test_embed(void)
{
    static const char *const edges[] = {"copy", "mirror", "reflect", "wrap", "fill"};
    for (int i = 0; i < 200; i++) {
        const int32_t w = 1 + rng_below(&seed, 12), h = 1 + rng_below(&seed, 12);
        const kal_extent e = extent_of(w, h, 1 + rng_below(&seed, 4), (kal_type)(i % 4));
        const int edge = rng_below(&seed, 5);
        const int32_t x = rng_below(&seed, 80) - 40, y = rng_below(&seed, 80) - 40;
        picture p = picture_of(e);
        char what[200];
        snprintf(what, sizeof what, "x=%d y=%d width=%d height=%d edge=%s color=1", x, y,
                 1 + rng_below(&seed, 30), 1 + rng_below(&seed, 30), edges[edge]);
        kal_node *n = apply(p.node, "embed", what);
        kal_extent oe;
        void *got = read_all(n, NULL, &oe);
        bool same = got != NULL;
        for (int32_t v = 0; same && v < oe.height; v++)
            for (int32_t u = 0; u < oe.width; u++)
                for (int32_t c = 0; c < e.channels; c++) {
                    const int32_t at_x = fold_in(u - x, e.width, edge), at_y = fold_in(v - y, e.height, edge);
                    const double fill = e.alpha && c == e.channels - 1 ? kal_type_max(e.type) : 1;
                    const double want = at_x < 0 || at_y < 0 ? fill : sample(&e, p.data, at_x, at_y, c);
                    same &= sample(&oe, got, u, v, c) == want;
                }
        REQUIRE_NOTE(same, "%s on %d×%d×%d type %d", what, e.width, e.height, e.channels, e.type);
        tilings(n, what);
        free(got);
        free(p.data);
    }
}

static void test_embed_folds(void)
{
    picture p = picture_of(extent_of(4, 3, 3, KAL_U8));
    REQUIRE(apply(p.node, "embed", "") == p.node && apply(p.node, "center_pad", "") == p.node);
    REQUIRE(same_node(apply(p.node, "embed", "x=-1 width=2"), apply(p.node, "crop", "x=1 width=2")));
    REQUIRE(same_node(apply(p.node, "flip", ""), apply(p.node, "turn", "how=mirror")));
    REQUIRE(same_node(apply(p.node, "flip", "direction=vertical"), apply(p.node, "turn", "how=flip")));
    REQUIRE(apply(apply(p.node, "flip", "direction=vertical"), "flip", "direction=vertical") == p.node);
    static const int32_t pads[][3] = {{4, 7, 1}, {3, 6, 1}, {3, 7, 2}, {5, 6, 0}, {2, 5, 1}};   // L1: floor
    for (size_t i = 0; i < 5; i++) {
        picture q = picture_of(extent_of(pads[i][0], pads[i][0], 1, KAL_U8));
        char pad[80], embed[120];
        snprintf(pad, sizeof pad, "width=%d height=%d", pads[i][1], pads[i][1]);
        snprintf(embed, sizeof embed, "x=%d y=%d %s", pads[i][2], pads[i][2], pad);
        kal_node *n = apply(q.node, "center_pad", pad);
        REQUIRE_NOTE(same_node(n, apply(q.node, "embed", embed)), "%s is not %s", pad, embed);
        free(q.data);
    }
    free(p.data);
}

// ---- errors -------------------------------------------------------------------------------------

static void test_errors(void)
{
    static const kal_extent rgb = {10, 10, 3, KAL_U8, KAL_RGB, false};
    static const kal_extent thin = {1, 100, 3, KAL_U8, KAL_RGB, false};
    static const kal_extent labels = {9, 9, 1, KAL_U32, KAL_DATA, false};
    static const kal_extent mask = {9, 9, 1, KAL_U8, KAL_MASK, false};
    static const struct {
        const kal_extent *e;
        const char *op, *params;
        kal_status status;
        const char *says;
    } bad[] = {
        {&rgb, "center_pad", "width=4 height=4", KAL_INVALID, "center_pad: the image of 10×10 does not fit"},
        {&rgb, "resize", "", KAL_INVALID, "resize: give a width, a height or both"},
        {&thin, "resize", "width=9000000", KAL_INVALID, "resize: with the aspect of 1×100"},
        {&labels, "resize", "width=4", KAL_INVALID, "kernel must be nearest"},
        {&labels, "rotate", "angle=4", KAL_INVALID, "kernel must be nearest"},
        {&rgb, "resize", "width=0", KAL_INVALID, "width"},
        {&rgb, "rotate", "angle=4 color=[1 2]", KAL_INVALID, "rotate: color has 2 values"},
        {&rgb, "rotate", "angle=1e9", KAL_INVALID, "angle"},
        {&rgb, "embed", "width=40 color=[1 2]", KAL_INVALID, "embed: color has 2 values"},
        {&mask, "embed", "width=40 color=7", KAL_INVALID, "mask is 0 or 255"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        kal_node *in = rng_image(&seed, scope, bad[i].e);
        kal_node *n = kal_apply_text(scope, bad[i].op, bad[i].params, &in, 1);
        const kal_status st = kal_node_error(n, &check_error);
        REQUIRE_NOTE(st == bad[i].status && strstr(check_error.message, bad[i].says), "%s %s: %s", bad[i].op,
                     bad[i].params, check_error.message);
    }
}

// Each allocation of an evaluation fails once: an error or the right pixels, and the sanitizer sees no leak.
static void test_no_memory(void)
{
    static const char *const ops[][2] = {
        {"resize", "width=9 height=30"},
        {"rotate", "angle=33"},
        {"embed", "x=3 width=30"},
    };
    picture p = picture_of(extent_of(20, 20, 3, KAL_U8));
    for (size_t i = 0; i < 3; i++) {
        kal_node *n = apply(p.node, ops[i][0], ops[i][1]);
        kal_extent e;
        void *want = read_all(n, NULL, &e), *got = malloc(bytes_of(&e));
        const ptrdiff_t stride = (ptrdiff_t)((size_t)e.width * kal_pixel_size(&e));
        for (long nth = 1; nth < 40; nth++) {
            const kal_options o = {.threads = 1, .memo_mode = KAL_MEMO_NEVER};
            kal__fail_alloc(nth, false);
            const kal_status st = kal_read(n, kal_rect_all(&e), got, stride, &o, NULL);
            kal__fail_alloc(0, false);
            const bool right = st == KAL_NOMEM || (!st && !memcmp(want, got, bytes_of(&e)));
            REQUIRE_NOTE(right, "%s: %s", ops[i][0], kal_status_name(st));
        }
        free(want);
        free(got);
    }
    free(p.data);
}

int main(void)
{
    void (*const tests[])(void) = {test_rotate, test_rotate_cases, test_bleeding, test_masks_and_labels,
                                   test_embed,  test_embed_folds,  test_errors,   test_no_memory};
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        scope = kal_scope_new();
        tests[i]();
        kal_memo_clear(NULL);
        kal_scope_free(&scope);
    }
    return check_done();
}
