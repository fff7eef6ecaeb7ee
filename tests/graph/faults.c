// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Memory runs out: the n-th allocation fails, for n = 1, 2, 3 … until the whole job passes, once and then sticky. Each time there is an error
// of its own, nothing leaks (the address sanitizer looks), no file appears, nothing is kept.
#include "check.h"

#include "mem.h"

#include <unistd.h>

static kal_bytes jpeg;
static const char *path;

// Everything a user does, from bytes to a file and back to text.
static kal_status job(kal_error *err)
{
    kal_scope *s = kal_scope_new();
    kal_node *photo = kal_load_bytes(s, jpeg.data, jpeg.size, NULL);
    kal_node *part = kal_crop(s, photo, kal_crop_params(.x = 5, .y = 5, .width = 30, .height = 20));
    kal_node *soft = kal_apply_text(s, "gaussian", "sigma=1.5 edge=fill color=[1 2 3]", &part, 1);
    kal_node *back = kal_uncrop(s, soft, photo, kal_uncrop_params(.x = 5, .y = 5, .feather = 3));
    kal_node *turned = kal_turn(s, back, kal_turn_params(.how = KAL_TURN_LEFT));
    kal_bytes text = {0};
    kal_program *p = NULL;
    static const char graph[] =
        "x = in | invert; param sigma = 2 in 0..5 \"blur\"\n"
        "def soft(img, s=1) = { x = img | gaussian s; x }; def on(img) = img | soft sigma | insert x 3 4\n"
        "x = in; in | on | subtract value=(in | mean) | mean";
    const kal_options o = {.threads = 1, .memo_mode = KAL_MEMO_ALWAYS};
    kal_status st = kal_save(turned, path, "quality=70", &o, err);
    if (!st) st = kal_print_graph(turned, &text, err);
    kal_bytes_free(&text);
    if (!st)
        st = kal_program_parse(graph, sizeof graph - 1, &(kal_binding){.name = "in", .node = photo}, 1, &p,
                               err);
    kal_value v = {.rows = 0};
    if (!st) st = kal_read_value(kal_program_root(p), &o, &v, err);
    if (!st) st = kal_value_print(&v, &text, err);
    kal_bytes_free(&text);
    kal_value_free(&v);
    if (!st) st = kal_explain(&turned, 1, KAL_AS_JSON, NULL, &text, err);
    kal_bytes_free(&text);
    if (!st) st = kal_draw(&turned, 1, KAL_AS_SVG, &text, err);
    kal_bytes_free(&text);
    kal_program_free(&p);
    kal_scope_free(&s);
    return st;
}

static void every_nth(bool sticky)
{
    int32_t failures = 0;
    for (long n = 1; n < 100000; n++) {
        kal_error err = {0};
        unlink(path);
        kal_memo_clear(NULL);
        kal__fail_alloc(n, sticky);
        const kal_status st = job(&err);
        kal__fail_alloc(0, false);
        if (!st && !sticky && failures > 50)
            break;   // the failing one may have been an allocation that can be done without
        if (!st && sticky) break;
        if (!st) continue;
        failures++;
        REQUIRE_NOTE(st == KAL_NOMEM, "allocation %ld: %s: %s", n, kal_status_name(st), err.message);
        REQUIRE_NOTE(err.message[0], "allocation %ld: no message", n);
        kal_memo_clear(NULL);
        REQUIRE_NOTE(kal_node_count() == 0, "allocation %ld: %zu nodes are left", n, kal_node_count());
    }
    REQUIRE(failures > 50);
    printf("%d allocations failed%s\n", failures, sticky ? ", and all after them" : "");
}

int main(void)
{
    rng r = {17};
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(64, 48, 3, KAL_U8);
    kal_node *n = kal_encode(s, rng_image(&r, s, &e), "jpeg", NULL);
    REQUIRE_OK(kal_read_bytes(n, NULL, &jpeg, &check_error));
    kal_scope_free(&s);
    kal_memo_clear(NULL);
    path = check_temp("out.jpg");
    every_nth(true);
    every_nth(false);
    kal_memo_clear(NULL);
    kal_bytes_free(&jpeg);
    return check_done();
}
