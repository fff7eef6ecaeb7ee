// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Text in fonts from files: places and areas of a font that is made here, keys, folders, order from the right, the laws of tiling, and damaged
// files. Skipped where FreeType is not.
#define _GNU_SOURCE
#include "masks.h"

#include "draw/face.h"
#include "mem.h"
#include "little_font.h"

#include <pthread.h>
#include <unistd.h>

#define DEJAVU "DejaVuSans.ttf"

static char little[300];   // the path of the font that is made here
static bool shapes;        // HarfBuzz is there
static bool has_dejavu;

static void write_file(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    REQUIRE(f && fwrite(bytes, 1, n, f) == n);
    if (f) fclose(f);
}

static kal_node *text_in(const char *font, const char *text, int32_t size)
{
    return kal_text_image(s, kal_text_image_params(.text = text, .font = font, .font_size = size));
}

static bool has_size(kal_node *n, int32_t width, int32_t height)
{
    kal_extent e = {0};
    REQUIRE_OK(kal_node_extent(n, &e, &check_error));
    return REQUIRE_NOTE(e.width == width && e.height == height, "%d×%d, not %d×%d", e.width, e.height, width,
                        height);
}

static double sum_of(kal_node *n)
{
    kal_extent e;
    void *data = read_all(n, NULL, &e);
    double sum = 0;
    if (!REQUIRE_NOTE(data != NULL, "%s", check_error.message)) return 0;
    for (size_t i = 0; i < (size_t)e.width * (size_t)e.height * (size_t)e.channels; i++)
        sum += at(data, e.type, i);
    free(data);
    return sum;
}

static kal_key content_of(kal_node *n)
{
    kal_key k = {0, 0};
    REQUIRE_NOTE(kal_content_key(n, NULL, &k, &check_error) == KAL_OK, "%s", check_error.message);
    return k;
}

static bool same_samples(kal_node *a, kal_node *b)
{
    kal_extent p, q;
    uint8_t *x = read_all(a, NULL, &p), *y = read_all(b, NULL, &q);
    const bool same = x && y && p.width == q.width && p.height == q.height &&
                      !memcmp(x, y, (size_t)p.width * (size_t)p.height);
    free(x), free(y);
    return same;
}

static bool same_pixels(kal_node *a, kal_node *b)
{
    return kal_key_equal(content_of(a), content_of(b));
}

// ---- places -------------------------------------------------------------------------------------

static void test_places(void)
{
    // 20 pixels an em: the base line is at 16, the square from 2 to 12 and from 6 to 16
    kal_node *a = text_in(little, "A", 20);
    has_size(a, 14, 20);
    kal_node *square = kal_apply_text(s, "box_mask", "boxes=[2 6 12 16] width=14 height=20", NULL, 0);
    REQUIRE(same_samples(a, square));
    REQUIRE(model_of(a) == KAL_GRAY && model_of(text_in("", "A", 20)) == KAL_MASK);
    // a square, a bar and, after another square, a bar; the second line 20 below
    has_size(text_in(little, "AB\nBAB", 20), 30, 40);
    REQUIRE(same_samples(text_in(little, "AB\nBAB", 20),
                         kal_apply_text(s, "box_mask",
                                        "boxes=[2 6 12 16 16 0 20 16 2 20 6 36 10 26 20 36 24 20 28 36] "
                                        "width=30 height=40",
                                        NULL, 0)));
    // pairs: a V after an A stands 2 pixels nearer, in either way of setting
    has_size(text_in(little, "AV", 20), 14 + 12 - 2, 20);
    has_size(text_in(little, "VA", 20), 12 + 14, 20);
    // soft edges: areas, to the rounding of a byte at each edge
    REQUIRE(fabs(sum_of(text_in(little, "A", 31)) / 255 - 0.25 * 31 * 31) < 0.5);
    REQUIRE(fabs(sum_of(text_in(little, "V", 33)) / 255 - 0.21 * 33 * 33) < 0.6);
    REQUIRE(fabs(sum_of(text_in(little, "C", 37)) / 255 - 0.3 * 37 * 37) < 0.8);
    REQUIRE(fabs(sum_of(text_in(little, "C", 1000)) / 255 - 0.3e6) < 30);
    // what overhangs at the sides has room: a square that begins 2 pixels left of its place
    has_size(text_in(little, "LA", 20), 2 + 10 + 14, 20);
    REQUIRE(same_samples(
        text_in(little, "LA", 20),
        kal_apply_text(s, "box_mask", "boxes=[0 6 10 16 14 6 24 16] width=26 height=20", NULL, 0)));
    // letters that are not there, and those that show nothing
    has_size(text_in(little, "x", 20), 10, 20);
    REQUIRE(same_pixels(text_in(little, "A\tB", 20), text_in(little, "AB", 20)));
    check_fails(text_in(little, "", 20), "text_image: there is nothing to show");
    // on an image, by its anchor, with opacity
    const kal_extent e = {40, 30, 1, KAL_U8, KAL_GRAY, false};
    double black[1200] = {0};
    kal_node *image = image_of(s, e, black);
    const kal_draw_text_p *p =
        kal_draw_text_params(.text = "A", .font = little, .font_size = 20, .x = 40, .y = 30,
                             .anchor = KAL_ANCHOR_BOTTOM_RIGHT, .opacity = 0.5);
    kal_node *drawn = kal_draw_text(s, image, p);
    REQUIRE(sum_of(drawn) == 128 * 100);
    REQUIRE(sum_of(kal_crop(s, drawn, kal_crop_params(.x = 28, .y = 16, .width = 10, .height = 10))) ==
            128 * 100);
    const kal_list points = {(const double[]){0, 0, 20, 3}, 4};
    REQUIRE(sum_of(kal_draw_labels(s, image,
                                   kal_draw_labels_params(.points = points, .texts = "A|B", .font = little,
                                                          .font_size = 20))) == 255 * (100 + 64));
}

// What is written upwards is what is written, turned; soft edges are summed up along rows, and differ by what is rounded there.
static void test_turned(const char *font, int slack)
{
    const kal_extent e = {9, 60, 1, KAL_U8, KAL_GRAY, false};
    double black[540] = {0};
    kal_node *image = image_of(s, e, black);
    kal_node *sheet = kal_sheet(s, &image, 1, kal_sheet_params(.heads = "AB1", .font = font, .turned = true));
    kal_extent head, whole;
    kal_node *text = kal_text_image(s, kal_text_image_params(.text = "AB1", .font = font));
    kal_node *turned = kal_turn(s, text, kal_turn_params(.how = KAL_TURN_LEFT));
    REQUIRE_OK(kal_node_extent(turned, &head, &check_error));
    REQUIRE_OK(kal_node_extent(sheet, &whole, &check_error));
    REQUIRE(whole.width == head.width + 4 + 9 && whole.height == 60);
    const int32_t y = 60 - (60 - head.height) / 2 - head.height;
    kal_node *part =
        kal_crop(s, sheet, kal_crop_params(.x = 2, .y = y, .width = head.width, .height = head.height));
    REQUIRE(sum_of(part) == sum_of(sheet) && sum_of(part) > 0);
    uint8_t *a = read_all(part, NULL, NULL), *b = read_all(turned, NULL, NULL);
    int most = 0;
    for (size_t i = 0; a && b && i < bytes_of(&head); i++)
        most = abs(a[i] - b[i]) > most ? abs(a[i] - b[i]) : most;
    REQUIRE_NOTE(a && b && most <= slack, "%s: off by %d", font, most);
    free(a), free(b);
}

// ---- keys and folders ---------------------------------------------------------------------------

static kal_key key_of(kal_node *n)
{
    kal_key k = {0, 0};
    REQUIRE_NOTE(kal_node_key(n, &k, &check_error) == KAL_OK, "%s", check_error.message);
    return k;
}

static void reads_back(kal_node *n)
{
    kal_bytes t = {0};
    kal_program *p = NULL;
    REQUIRE_OK(kal_print_graph(n, &t, &check_error));
    REQUIRE_OK(kal_program_parse((char *)t.data, t.size, NULL, 0, &p, &check_error));
    REQUIRE_NOTE(p && kal_program_root(p) == n, "%s", (char *)t.data);
    kal_program_free(&p);
    kal_bytes_free(&t);
}

static void test_keys(void)
{
    char other[300], here[4096];
    little_font f = little_font_make();
    snprintf(other, sizeof other, "%s", check_temp("other name.ttf"));
    write_file(other, f.bytes, f.n);
    kal_node *a = text_in(little, "A", 20), *b = text_in(other, "A", 20);
    REQUIRE(a == b);
    f.bytes[f.n - 1] ^= 1;   // what nobody reads
    write_file(other, f.bytes, f.n);
    b = text_in(other, "A", 20);
    REQUIRE(!kal_key_equal(key_of(a), key_of(b)) && same_pixels(a, b));
    const kal_call *with = kal_node_call(a), *without = kal_node_call(text_in("", "A", 20));
    REQUIRE(with->op->library(with) == kal__face_library() && !with->op->library(without));
    REQUIRE(a != text_in("", "A", 20) && a != text_in(little, "A", 21));
    reads_back(a);
    check_fails(text_in(check_temp("none.ttf"), "A", 20), "text_image: font: ");
    check_fails(text_in("none.ttf", "A", 20), "nor below /usr/share/fonts");
    if (!has_dejavu) return;
    kal_node *found = text_in(DEJAVU, "A", 20);
    reads_back(found);
    // a file of that name where the program runs comes first
    REQUIRE(getcwd(here, sizeof here) != NULL);
    char folder[300];
    snprintf(folder, sizeof folder, "%s", check_temp(DEJAVU));
    f = little_font_make();
    write_file(folder, f.bytes, f.n);
    *strrchr(folder, '/') = 0;
    REQUIRE(!chdir(folder));
    REQUIRE(text_in(DEJAVU, "A", 20) == a);
    REQUIRE(!chdir(here));
    REQUIRE(text_in(DEJAVU, "A", 20) == found);
}

// ---- from the right, ligatures ------------------------------------------------------------------

static void test_order(void)
{
    static const char *const pairs[][2] = {
        {"אב", "BA"},     {"אב 11", "11 BA"}, {"A אב B", "A BA B"},
        {"אב A", "A BA"}, {"א11ב", "B11A"},   {"Aא1,1", "A1,1A"},
        {"A1א", "A1A"},   {"אב, A", "A ,BA"}, {"אבB, C אב", "BA B, CBA"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        REQUIRE_NOTE(same_pixels(text_in(little, pairs[i][0], 20), text_in(little, pairs[i][1], 20)), "%s",
                     pairs[i][0]);
    if (!has_dejavu) return;
    kal__face *face;
    kal__line line;
    const kal_text_image_p *p = kal_node_call(text_in(DEJAVU, "ffi", 20))->params;
    if (!REQUIRE_OK(kal__face_open(p->font, &face, &check_error))) return;
    REQUIRE_OK(kal__face_line(face, "ffi", &"ffi"[3], &line, &check_error));
    REQUIRE(line.n == 1);
    kal__face_close(&face);
}

// ---- laws ---------------------------------------------------------------------------------------

static void test_laws(const char *font)
{
    const kal_extent kinds[] = {{90, 50, 3, KAL_U8, KAL_RGB, false},
                                {60, 40, 4, KAL_U16, KAL_RGB, true},
                                {70, 33, 2, KAL_F32, KAL_GRAY, true}};
    const kal_list points = {(const double[]){3, 4, 40, 20}, 4},
                   box_list = {(const double[]){5, 20, 50, 45, 30, 2, 88, 30}, 8};
    snprintf(about, sizeof about, "text_image %s", font);
    check_tilings(
        &r, kal_text_image(s, kal_text_image_params(.text = "AVB, 1\nCgj", .font = font, .font_size = 27,
                                                    .color = {(const double[]){9}, 1}, .align = 1)));
    for (int i = 0; i < 3; i++) {
        kal_node *image = rng_image(&r, s, &kinds[i]);
        kal_node *const all[] = {
            kal_draw_text(s, image,
                          kal_draw_text_params(.text = "ABC\nV", .font = font, .font_size = 19, .x = 7,
                                               .opacity = 0.7)),
            kal_draw_labels(s, image,
                            kal_draw_labels_params(.points = points, .texts = "B1|CC", .font = font,
                                                   .anchor = KAL_ANCHOR_CENTER)),
            kal_draw_boxes(
                s, image,
                kal_draw_boxes_params(.boxes = box_list, .labels = "A|V", .font = font, .font_size = 11)),
            kal_sheet(s, (kal_node *[]){image, image}, 2,
                      kal_sheet_params(.columns = 1, .labels = "A|B", .heads = "C|ABC", .turned = true,
                                       .font = font, .width = 40, .height = 30, .fit = i + 1)),
        };
        for (int k = 0; k < 4; k++) {
            snprintf(about, sizeof about, "%s %s", kal_node_call(all[k])->op->name, font);
            if (REQUIRE_NOTE(!kal_node_error(all[k], &check_error), "%s", check_error.message))
                check_tilings(&r, all[k]);
        }
    }
}

// ---- damage -------------------------------------------------------------------------------------

// Drawn, or refused with a sentence.
static void try_damaged(const char *path, const void *bytes, size_t n, size_t which)
{
    kal_scope *own = kal_scope_new();
    write_file(path, bytes, n);
    kal_node *node =
        kal_text_image(own, kal_text_image_params(.text = "AVfi, éC 1\nא", .font = path, .font_size = 18));
    kal_status st = kal_node_error(node, &check_error);
    kal_key key;
    const kal_options o = {.memo_mode = KAL_MEMO_NEVER, .threads = 1};
    if (!st) st = kal_content_key(node, &o, &key, &check_error);
    REQUIRE_NOTE(!st || ((st == KAL_CORRUPT || st == KAL_INVALID || st == KAL_NOMEM) &&
                         !strncmp(check_error.message, "text_image: ", 12)),
                 "%zu, %zu bytes: %s: %s", which, n, kal_status_name(st), check_error.message);
    kal_scope_free(&own);
}

static unsigned char *whole_file(const char *font, size_t *n)
{
    const kal_text_image_p *p = kal_node_call(text_in(font, "A", 9))->params;
    const void *bytes = kal_file_bytes(p->font, n);
    unsigned char *copy = malloc(*n);
    memcpy(copy, bytes, *n);
    return copy;
}

static void test_damage(const char *font, size_t cuts, size_t changes)
{
    size_t n;
    char path[300];
    snprintf(path, sizeof path, "%s", check_temp("damaged.ttf"));
    unsigned char *bytes = whole_file(font, &n);
    for (size_t i = 0; i < cuts; i++) {   // all over, and close to both ends
        const size_t at = i % 3 == 0 ? i * n / cuts : i % 3 == 1 ? i < n ? i : n : n - (i < n ? i : n);
        try_damaged(path, bytes, at, i);
    }
    for (size_t i = 0; i < changes; i++) {
        unsigned char *copy = malloc(n);
        memcpy(copy, bytes, n);
        for (int k = 0; k <= rng_below(&r, 4); k++)
            copy[rng_below(&r, (int32_t)(i % 2 && n > 2000 ? 2000 : n))] = (unsigned char)rng_next(&r);
        try_damaged(path, copy, n, i);
        free(copy);
    }
    free(bytes);
}

// Whichever allocation fails, it is said, and nothing is left behind.
static void test_memory(const char *font)
{
    const kal_options o = {.memo_mode = KAL_MEMO_NEVER, .threads = 1};
    kal_key want = content_of(text_in(font, "AV\nאB1", 30)), got;
    for (long nth = 1, failed = 1; failed; nth++) {
        kal_scope *own = kal_scope_new();
        kal__fail_alloc(nth, false);
        kal_node *node =
            kal_text_image(own, kal_text_image_params(.text = "AV\nאB1", .font = font, .font_size = 30));
        kal_status st = kal_node_error(node, &check_error);
        if (!st) st = kal_content_key(node, &o, &got, &check_error);
        kal__fail_alloc(0, false);
        failed = st != KAL_OK;
        REQUIRE_NOTE(st ? st == KAL_NOMEM || st == KAL_LIMIT : kal_key_equal(want, got), "allocation %ld: %s",
                     nth, check_error.message);
        kal_scope_free(&own);
        if (!REQUIRE(nth < 2000)) break;
    }
}

// Fonts are opened by each thread for itself.
static void *write_texts(void *arg)
{
    kal_scope *own = kal_scope_new();
    const kal_options o = {.memo_mode = KAL_MEMO_NEVER};
    char text[40];
    kal_key *keys = arg;
    for (int i = 0; i < 40; i++) {
        snprintf(text, sizeof text, "A%dV\nאB%d", i, i % 7);
        kal_node *node =
            kal_text_image(own, kal_text_image_params(.text = text, .font = little, .font_size = 12 + i));
        if (kal_content_key(node, &o, &keys[i], NULL)) keys[i] = (kal_key){0, 0};
    }
    kal_scope_free(&own);
    return NULL;
}

static void test_threads(void)
{
    static kal_key keys[5][40];
    pthread_t threads[4];
    write_texts(keys[4]);
    for (int i = 0; i < 4; i++) REQUIRE(!pthread_create(&threads[i], NULL, write_texts, keys[i]));
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    for (int i = 0; i < 4; i++) REQUIRE_MEM(keys[i], keys[4], sizeof keys[4]);
    REQUIRE(keys[4][0].lo || keys[4][0].hi);
}

int main(void)
{
    r.s = 12;
    s = kal_scope_new();
    const char *library = kal__face_library();
    const little_font f = little_font_make();
    snprintf(little, sizeof little, "%s", check_temp("little.ttf"));
    write_file(little, f.bytes, f.n);
    if (!library) {
        check_fails(text_in(little, "A", 20), "FreeType");
        kal_scope_free(&s);
        check_skip("FreeType is not here");
        return check_done() ? 1 : 77;
    }
    shapes = strstr(library, "harfbuzz") != NULL;
    has_dejavu = !kal_node_error(text_in(DEJAVU, "A", 20), NULL);
    if (!has_dejavu) check_skip(DEJAVU " is not installed (fonts-dejavu-core)");
    test_places();
    test_turned("", 0);
    test_turned(little, 0);
    test_keys();
    if (shapes)
        test_order();
    else
        check_skip("HarfBuzz is not here");
    test_laws(little);
    test_memory(little);
    test_threads();
    test_damage(little, f.n, 1500);
    if (has_dejavu) {
        test_turned(DEJAVU, 3);
        test_laws(DEJAVU);
        test_damage(DEJAVU, 150, 150);
    }
    kal_scope_free(&s);
    return check_done();
}
