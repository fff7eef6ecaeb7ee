// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Users' ops that are wrong about themselves, or ask for a lot: one error that names them, and nothing breaks.
#include "acme.h"

static kal_op base_op(const char *name)
{
    kal_op op = acme_max;
    op.name = name;
    return op;
}

// The record stays for the process.
static const kal_op *taken(kal_op op)
{
    kal_op *kept = malloc(sizeof *kept);
    *kept = op;
    REQUIRE_OK(kal_op_register(kept, &check_error));
    return kept;
}

// ---- records ------------------------------------------------------------------------------------

static void records(void)
{
    kal_op op = base_op("strange.rows");
    op.params = NULL;
    REQUIRE_FAILS(KAL_INVALID, kal_op_register(&op, &check_error));
    static const char *const words[] = {"one|two words", "a|", "", "|a", "a|\"b", "a|#b|'c'", "a||b"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const kal_param row = {"which", KAL_PARAM_CHOICE, offsetof(acme_p, radius), 0, NULL, 0, 0, words[i],
                               ""};
        op = base_op("strange.words");
        op.params = &row;
        op.n_params = 1;
        REQUIRE_NOTE(kal_op_register(&op, &check_error) == KAL_INVALID, "\"%s\"", words[i]);
    }
}

static void named_memo(kal_scope *s, kal_node *image)
{
    static const kal_param rows[] = {
        {"memo", KAL_PARAM_INT, offsetof(acme_p, radius), 1, NULL, 0, 50, "px", ""},
        {"gain", KAL_PARAM_FLOAT, offsetof(acme_p, gain), 1, NULL, 0, 10, "", ""}};
    kal_op op = base_op("strange.memo");
    op.params = rows;
    taken(op);
    kal_node *n = kal_apply_text(s, "strange.memo", "memo=3", &image, 1);
    kal_node_set_memo(n, KAL_MEMO_ALWAYS);
    kal_bytes text = {0};
    kal_program *p = NULL;
    kal_key key, again;
    char name[14] = "i", whole[33];
    kal_node_key(image, &key, NULL);
    memcpy(name + 1, kal_key_print(key, whole), 12);
    const kal_binding b = {.name = name, .node = image};
    REQUIRE_OK(kal_print_graph(n, &text, &check_error));
    if (REQUIRE_OK(kal_program_parse((const char *)text.data, text.size, &b, 1, &p, &check_error))) {
        REQUIRE_OK(kal_node_key(n, &key, &check_error));
        REQUIRE_OK(kal_node_key(kal_program_root(p), &again, &check_error));
        REQUIRE(kal_key_equal(key, again));
    }
    kal_program_free(&p);
    kal_bytes_free(&text);
}

static bool to_uncrop(const kal_call *c, kal_folded *to, void *room)
{
    (void)room;
    const kal_op *op = kal_op_find("insert");
    *to = (kal_folded){.op = op, .n = 1};
    to->in[0] = c->in[0];
    return op != NULL;
}

static void folds(kal_scope *s, kal_node *image)
{
    kal_op op = base_op("strange.folds");
    op.fold = to_uncrop;
    taken(op);
    REQUIRE_FAILS(KAL_INTERNAL, kal_node_error(kal_apply(s, "strange.folds", NULL, &image, 1), &check_error));
    REQUIRE_NOTE(strstr(check_error.message, "strange.folds folded into insert of 1"), "%s",
                 check_error.message);
}

// ---- what they ask for --------------------------------------------------------------------------

static size_t asked;

static size_t scratch_of(const kal_call *c, int32_t width, int32_t height)
{
    (void)c, (void)width, (void)height;
    return asked;
}

static size_t tables_of(const kal_call *c)
{
    (void)c;
    return asked;
}

static void memory(kal_scope *s, kal_node *image)
{
    static const size_t many[] = {SIZE_MAX, SIZE_MAX - 63, SIZE_MAX / 2, (size_t)1 << 52};
    kal_op scratch = base_op("strange.scratch"), tables = base_op("strange.tables");
    scratch.scratch = scratch_of;
    tables.tables = tables_of;
    taken(scratch);
    taken(tables);
    kal_node *n[] = {kal_apply(s, "strange.scratch", NULL, &image, 1),
                     kal_apply(s, "strange.tables", NULL, &image, 1)};
    kal_extent e;
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < sizeof many / sizeof *many; i++) {
            asked = many[i];
            REQUIRE(!read_all(n[k], &fresh, &e) && check_error.status == KAL_LIMIT);
            REQUIRE_NOTE(strstr(check_error.message, k ? "strange.tables alone" : "strange.scratch alone"),
                         "%s", check_error.message);
        }
    // what does not fit for many workers may fit for few
    kal_stats stats;
    kal_options o = {.threads = 16,
                     .band = 8,
                     .max_memory = (uint64_t)100 << 20,
                     .memo_mode = KAL_MEMO_NEVER,
                     .stats = &stats};
    asked = (size_t)60 << 20;
    void *got = read_all(n[0], &o, &e), *want = naive_pixels(kal_apply(s, "acme.max", NULL, &image, 1));
    if (REQUIRE_NOTE(got != NULL, "%s", check_error.message)) REQUIRE_MEM(got, want, bytes_of(&e));
    REQUIRE_NOTE(stats.peak_bytes <= o.max_memory, "%llu", (unsigned long long)stats.peak_bytes);
    free(got);
    free(want);
    asked = (size_t)200 << 20;
    REQUIRE(!read_all(n[0], &o, &e) && check_error.status == KAL_LIMIT);
    REQUIRE_NOTE(
        strstr(check_error.message, "what strange.scratch computes with, 209715200 bytes for each of"), "%s",
        check_error.message);
    REQUIRE(!read_all(n[1], &o, &e) && check_error.status == KAL_LIMIT);
    REQUIRE_NOTE(strstr(check_error.message, "tables, 209715200 bytes"), "%s", check_error.message);
}

// ---- values -------------------------------------------------------------------------------------

static int which;
static int32_t apart_rows;

static size_t no_room(const kal_call *c)
{
    (void)c;
    return 8;
}

static kal_status looks(const kal_job *j, void *gathered)
{
    (void)j, (void)gathered;
    return KAL_OK;
}

static kal_status ends(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)c, (void)gathered, (void)err;
    if (which == 0) out->rows = 3, out->columns = 4;
    if (which == 1) out->kind = KAL_VALUE_TEXT;
    if (which == 2) return kal_value_make(out, KAL_VALUE_BOXES, 1, 4);
    if (which == 3) out->rows = -1, out->columns = 1;
    return which < 4 ? KAL_OK : kal_value_make(out, KAL_VALUE_NUMBERS, 1, 1);
}

static int32_t rows_apart(const kal_call *c)
{
    (void)c;
    return apart_rows;
}

static void values(kal_scope *s, kal_node *image)
{
    static kal_measure m = {
        .kind = KAL_VALUE_NUMBERS, .size = no_room, .rows = looks, .end = ends, .apart = rows_apart};
    kal_op op = base_op("strange.value");
    op.run = NULL;
    op.need = NULL;
    op.measure = &m;
    taken(op);
    kal_node *n = kal_apply(s, "strange.value", NULL, &image, 1);
    kal_value v;
    for (which = 0; which < 4; which++) {
        REQUIRE_FAILS(KAL_CALLBACK, kal_read_value(n, &fresh, &v, &check_error));
        REQUIRE_NOTE(strstr(check_error.message, "strange.value gave no value"), "%s", check_error.message);
    }
    static const int32_t rows[] = {-1, INT32_MIN};
    for (size_t i = 0; i < 2; i++) {
        apart_rows = rows[i];
        REQUIRE_FAILS(KAL_INVALID, kal_read_value(n, &fresh, &v, &check_error));
    }
    apart_rows = 0;
    REQUIRE_OK(kal_read_value(n, &fresh, &v, &check_error));
    kal_value_free(&v);
}

// ---- rows that begin anywhere -------------------------------------------------------------------

static void anywhere(kal_scope *s, rng *r)
{
    const kal_extent e = extent_of(60, 40, 3, KAL_F32);
    kal_node *n = kal_gaussian(s, rng_image(r, s, &e), kal_gaussian_params(.sigma = 2));
    kal_extent x;
    float *want = read_all(n, &fresh, &x);
    const ptrdiff_t stride = 60 * 12 + 3;
    unsigned char *got = malloc((size_t)stride * 40 + 1);
    REQUIRE_OK(kal_read(n, kal_rect_all(&e), got + 1, stride, &fresh, &check_error));
    for (size_t y = 0; y < 40; y++)
        REQUIRE_MEM(got + 1 + y * (size_t)stride, (unsigned char *)want + y * 720, 720);
    kal_view v;
    REQUIRE_FAILS(KAL_INVALID, kal_view_open(n, (kal_rect){INT32_MIN, INT32_MIN, INT32_MAX, INT32_MAX}, NULL,
                                             &v, &check_error));
    free(got);
    free(want);
}

int main(void)
{
    rng r = {12};
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(180, 140, 3, KAL_U8);
    kal_node *image = rng_image(&r, s, &e);
    REQUIRE_OK(kal_op_register(&acme_max, &check_error));
    records();
    named_memo(s, image);
    folds(s, image);
    memory(s, image);
    values(s, image);
    anywhere(s, &r);
    kal_scope_free(&s);
    return check_done();
}
