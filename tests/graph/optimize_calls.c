// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The format "optimize" as a call: what is refused, progress and stops, and as a node among others.
#include "optimizing.h"

// ---- what is refused, what is stopped -----------------------------------------------------------

static void test_refused(void)
{
    static const struct {
        const char *params, *says;
    } cases[] = {{"formats=\"jpg,wepb\"", "did you mean \"webp\"?"},
                 {"formats=\"tiff\"", "there are jpeg, png, webp"},
                 {"min_score=80 max_dssim=0.1", "one of min_score"},
                 {"metric=none min_score=80", "metric=none scores nothing"},
                 {"metric=none", "needs quality, or max_bytes"},
                 {"metric=dssim min_score=80", "not the one whose value is bounded"},
                 {"objective=best", "needs max_bytes"},
                 {"objective=smallest max_bytes=100", "needs min_score"},
                 {"max_bytes=0.5", "less than a byte"},
                 {"metric=butter", "metric=butter is not"},
                 {"min_score=101", "min_score"},
                 {"sharpness=3", "sharpness"}};
    kal_scope *s = kal_scope_new();
    kal_node *image = scene(s, 20, 20, 3, KAL_U8, 1);
    kal_choice c;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        REQUIRE(kal_node_error(kal_encode(s, image, "optimize", cases[i].params), &check_error) ==
                KAL_INVALID);
        REQUIRE_NOTE(strstr(check_error.message, cases[i].says), "%s: %s", cases[i].params,
                     check_error.message);
    }
    REQUIRE_FAILS(KAL_INVALID, kal_choose(image, NULL, &c, &check_error));
    REQUIRE_FAILS(KAL_INVALID, kal_choose(kal_encode(s, image, "jpeg", NULL), NULL, &c, &check_error));
    kal_node *clear = scene(s, 20, 20, 4, KAL_U8, 1);   // no format that was allowed takes it
    REQUIRE(kal_choose(optimized(s, clear, "formats=\"jpeg\""), NULL, &c, &check_error) != KAL_OK);
    REQUIRE_NOTE(strstr(check_error.message, "no format takes this picture: jpeg"), "%s",
                 check_error.message);
    kal_memo *memo = kal_memo_new(1 << 20);
    const kal_options only = {.only_known = true, .memo = memo};
    REQUIRE_FAILS(KAL_MISSING, kal_choose(optimized(s, image, "min_score=33"), &only, &c, &check_error));
    kal_memo_free(&memo);
    kal_scope_free(&s);
}

// Where memory does not let files be made or scored: what passes was scored all the same, and with more memory the answer is that of a memo that knows nothing.
static void test_short_of_memory(void)
{
    static const char *const aims[] = {"max_bytes=30000 formats=\"jpeg,webp\" original=false",
                                       "min_score=70 formats=\"jpeg,webp,png\" original=false",
                                       "min_score=60 max_bytes=20000 formats=\"webp,jpeg\" original=false"};
    kal_scope *s = kal_scope_new();
    kal_node *image = kal_apply_text(s, "sample", "scene width=640 height=480", NULL, 0);
    for (size_t k = 0; k < sizeof aims / sizeof *aims; k++) {
        kal_node *n = optimized(s, image, aims[k]);
        kal_memo *memo = kal_memo_new(64 << 20);
        kal_choice plenty, c;
        int failed = 0;
        REQUIRE_OK(kal_choose(n, &(kal_options){.memo_mode = KAL_MEMO_NEVER}, &plenty, &check_error));
        for (size_t room = 1 << 20; room < 16 << 20; room += 1 << 20) {
            const kal_options o = {.memo = memo, .max_memory = room, .threads = 1};
            if (kal_choose(n, &o, &c, NULL)) continue;
            REQUIRE_NOTE(!c.passed || chosen(&c)->score == chosen(&c)->score, "%s, %zu bytes: no score",
                         aims[k], room);
            for (int32_t i = 0; i < c.n; i++) failed += strstr(c.candidates[i].why, "max_memory") != NULL;
            kal_choice_release(&c);
        }
        REQUIRE_NOTE(failed > 0, "%s: nothing was short", aims[k]);
        REQUIRE_OK(kal_choose(n, &(kal_options){.memo = memo}, &c, &check_error));
        REQUIRE_NOTE(c.passed == plenty.passed && c.size == plenty.size &&
                         !memcmp(c.data, plenty.data, c.size),
                     "%s: %zu bytes, %zu without what was short", aims[k], c.size, plenty.size);
        kal_choice_release(&c), kal_choice_release(&plenty);
        kal_memo_free(&memo);
    }
    kal_scope_free(&s);
}

typedef struct telling {
    kal_cancel *cancel;
    uint64_t last;
    int times;
    kal_phase end;
} telling;

static void tell(void *user, kal_phase phase, uint64_t done, uint64_t total)
{
    telling *t = user;
    REQUIRE(done >= t->last && (done < total || phase == KAL_DONE));
    t->last = done;
    t->end = phase;
    if (++t->times == 2 && t->cancel) kal_cancel_set(t->cancel);
}

static void test_progress_and_cancel(void)
{
    kal_scope *s = kal_scope_new();
    kal_choice c;
    kal_node *image = scene(s, 300, 200, 3, KAL_U8, 7);
    telling t = {.last = 0};
    kal_options o = {.progress = tell, .user = &t, .memo_mode = KAL_MEMO_NEVER};
    REQUIRE_OK(kal_choose(optimized(s, image, "min_score=71 formats=\"jpeg,webp\""), &o, &c, &check_error));
    REQUIRE(t.times > 2 && t.end == KAL_DONE);
    kal_choice_release(&c);
    t = (telling){.cancel = kal_cancel_new()};
    o.cancel = t.cancel;
    REQUIRE_FAILS(KAL_CANCELLED, kal_choose(optimized(s, image, "min_score=71 formats=\"jpeg,webp\""), &o, &c,
                                            &check_error));
    REQUIRE(t.end == KAL_STOPPED && !c.held);
    kal_cancel_free(&t.cancel);
    const kal_options late = {.deadline = 1e-9, .memo_mode = KAL_MEMO_NEVER};
    REQUIRE_FAILS(KAL_DEADLINE, kal_choose(optimized(s, image, "min_score=71"), &late, &c, &check_error));
    kal_scope_free(&s);
}

// ---- as any other node --------------------------------------------------------------------------

static void warn(void *user, const kal_warning *w)
{
    snprintf(user, 200, "%s", w->text);
}

static void test_as_a_node(void)
{
    kal_scope *s = kal_scope_new();
    kal_choice c;
    kal_bytes json, svg, text;
    kal_node *image = scene(s, 100, 80, 3, KAL_U8, 12),
             *n = optimized(s, image, "min_score=70 formats=\"webp\" lossless=false");
    REQUIRE_OK(kal_choose(n, NULL, &c, &check_error));
    REQUIRE_OK(kal_choice_print(&c, KAL_AS_JSON, &json, &check_error));
    REQUIRE(strstr((char *)json.data, "\"passed\": true") &&
            strstr((char *)json.data, "\"media_type\": \"image/webp\""));
    REQUIRE_OK(kal_choice_print(&c, KAL_AS_SVG, &svg, &check_error));
    REQUIRE(strstr((char *)svg.data, "class=\"chosen\"/>") && strstr((char *)svg.data, "</svg>"));
    REQUIRE_FAILS(KAL_INVALID, kal_choice_print(&c, KAL_AS_DOT, &text, &check_error));
    kal_bytes_free(&json);
    kal_bytes_free(&svg);
    char told[200] = "";
    const kal_options o = {.warn = warn, .user = told};
    const char *path = check_temp("it-is-webp.png");
    REQUIRE_OK(kal_write_files(&n, &path, 1, &o, &check_error));
    REQUIRE_NOTE(strstr(told, "the file is webp"), "%s", told);
    told[0] = 0;
    kal_bytes poor;
    REQUIRE_OK(
        kal_read_bytes(optimized(s, image, "max_bytes=100 formats=\"webp\""), &o, &poor, &check_error));
    REQUIRE_NOTE(strstr(told, "nothing keeps to what optimize was asked"), "%s", told);
    kal_bytes_free(&poor);
    kal_key plain, other;
    REQUIRE_OK(kal_node_key(n, &plain, &check_error));
    REQUIRE_OK(kal_node_key(optimized(s, image, "min_score=71 formats=\"webp\" lossless=false"), &other,
                            &check_error));
    REQUIRE(!kal_key_equal(plain, other));
    REQUIRE_OK(kal_explain(&n, 1, KAL_AS_TEXT, NULL, &text, &check_error));
    kal_bytes_free(&text);
    kal_sight sight;
    REQUIRE_OK(kal_look(&n, 1, NULL, &sight, &check_error));
    kal_choice_release(&c);
    kal_memo_clear(NULL);
    kal_scope_free(&s);
}

// The best of all that fits loses nothing, with a score bounded as without one.
static void test_best_of_both(void)
{
    kal_scope *s = kal_scope_new();
    kal_node *image = scene(s, 60, 40, 3, KAL_U8, 1);
    static const char *const aims[] = {"objective=best max_bytes=1000000",
                                       "objective=best max_bytes=1000000 min_score=30",
                                       "objective=best max_bytes=1000000 max_dssim=0.01 formats=\"png\""};
    for (size_t i = 0; i < sizeof aims / sizeof *aims; i++) {
        kal_choice c;
        REQUIRE_OK(kal_choose(kal_encode(s, image, "optimize", aims[i]), NULL, &c, &check_error));
        const kal_candidate *chosen = &c.candidates[c.chosen];
        const double exact = i == 2 ? 0 : 100;
        REQUIRE_NOTE(chosen->keeps && !(chosen->score < exact) && !(chosen->score > exact), "%s: %s, %g",
                     aims[i], chosen->format, chosen->score);
        kal_choice_release(&c);
    }
    kal_scope_free(&s);
}

int main(void)
{
    test_refused();
    if (formats_are_missing()) return check_done();
    test_short_of_memory();
    test_progress_and_cancel();
    test_as_a_node();
    test_best_of_both();
    kal_memo_clear(NULL);
    return check_done();
}
