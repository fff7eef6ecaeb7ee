// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Parameters that are files: the digest in the key, the bytes as they were, and nothing left behind.
#define _GNU_SOURCE
#include "acme.h"

#include <sys/stat.h>
#include <unistd.h>

typedef struct sum_p {
    size_t size;
    const char *from;
    double factor;
} sum_p;

static kal_param sum_params[] = {
    {"from", KAL_PARAM_FILE, offsetof(sum_p, from), 0, "", 0, 0, "", "what is added up"},
    {"factor", KAL_PARAM_FLOAT, offsetof(sum_p, factor), 1, NULL, 0, 10, "", "times this"},
};

static kal_status sum_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    const sum_p *p = params;
    (void)c, (void)out;
    return *p->from ? KAL_OK : kal_fail(err, KAL_INVALID, "acme.sum: from must be given");
}

static kal_status sum_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    const sum_p *p = c->params;
    size_t n;
    const unsigned char *bytes = kal_file_bytes(p->from, &n);
    (void)gathered;
    const kal_status st = kal_value_make(out, KAL_VALUE_NUMBERS, 1, 1);
    if (st) return kal_fail(err, st, "acme.sum: out of memory");
    for (size_t i = 0; i < n; i++) out->v[0] += bytes[i] * p->factor;
    return KAL_OK;
}

static const kal_measure sum_measure = {.kind = KAL_VALUE_NUMBERS, .end = sum_end};
static const kal_op acme_sum = {.name = "acme.sum",
                                .version = 1,
                                .family = "test",
                                .help = "Sum of a file's bytes",
                                .inputs = "",
                                .params = sum_params,
                                .n_params = 2,
                                .params_size = sizeof(sum_p),
                                .extent = sum_extent,
                                .measure = &sum_measure};

static void write_file(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    REQUIRE(f && fwrite(bytes, 1, n, f) == n);
    if (f) fclose(f);
}

static kal_node *sum_of(kal_scope *s, const char *path)
{
    const sum_p p = {sizeof p, path, 2};
    return kal_apply(s, "acme.sum", &p, NULL, 0);
}

static double value_of(const kal_node *node)
{
    kal_value v = {0};
    REQUIRE_OK(kal_read_value(node, &fresh, &v, &check_error));
    const double got = v.v ? v.v[0] : -1;
    kal_value_free(&v);
    return got;
}

static kal_key key_of(const kal_node *node)
{
    kal_key k = {0};
    REQUIRE_OK(kal_node_key(node, &k, &check_error));
    return k;
}

static void the_bytes_are_the_key(kal_scope *s)
{
    char a[300], b[300];
    snprintf(a, sizeof a, "%s", check_temp("a.bin"));
    snprintf(b, sizeof b, "%s", check_temp("b.bin"));
    write_file(a, "\1\2\3", 3);
    write_file(b, "\1\2\3", 3);
    kal_node *first = sum_of(s, a), *twin = sum_of(s, b);
    REQUIRE(kal_key_equal(key_of(first), key_of(twin)));
    write_file(a, "\1\2\4", 3);
    kal_node *second = sum_of(s, a);
    REQUIRE(!kal_key_equal(key_of(first), key_of(second)));
    // what was made of the old bytes keeps them, the file may even go
    remove(a);
    REQUIRE(value_of(first) == 12);
    REQUIRE(value_of(second) == 14);
    write_file(b, "", 0);
    kal_node *empty = sum_of(s, b);
    REQUIRE(value_of(empty) == 0);
}

static void as_text(kal_scope *s)
{
    char path[300], text[400];
    snprintf(path, sizeof path, "%s", check_temp("a file \"quoted\".bin"));
    write_file(path, "abc", 3);
    kal_node *made = sum_of(s, path);
    kal_bytes printed = {0};
    REQUIRE_OK(kal_print_graph(made, &printed, &check_error));
    kal_program *program = NULL;
    REQUIRE_OK(kal_program_parse((const char *)printed.data, printed.size, NULL, 0, &program, &check_error));
    REQUIRE(kal_key_equal(key_of(made), key_of(kal_program_root(program))));
    kal_program_free(&program);
    kal_bytes_free(&printed);
    snprintf(text, sizeof text, "from=\"%s\"", check_temp("not there"));
    kal_node *bad = kal_apply_text(s, "acme.sum", text, NULL, 0);
    REQUIRE_FAILS(KAL_IO, kal_node_error(bad, &check_error));
    REQUIRE_NOTE(strstr(check_error.message, "acme.sum: from: ") && strstr(check_error.message, "not there"),
                 "%s", check_error.message);
    REQUIRE_FAILS(KAL_INVALID,
                  kal_node_error(kal_apply_text(s, "acme.sum", "from=-", NULL, 0), &check_error));
    REQUIRE_FAILS(KAL_INVALID, kal_node_error(kal_apply_text(s, "acme.sum", "", NULL, 0), &check_error));
}

// A node whose other parameter is computed keeps the bytes it was made with until it runs.
static void beside_a_computed_one(kal_scope *s)
{
    char path[300], other[300];
    snprintf(path, sizeof path, "%s", check_temp("late.bin"));
    snprintf(other, sizeof other, "%s", check_temp("factor.bin"));
    write_file(path, "\5", 1);
    write_file(other, "\2", 1);
    const sum_p p = {sizeof p, path, 1};
    const kal_bound bound = {"factor", sum_of(s, other)};   // 2 * 2
    kal_node *later = kal_apply_bound(s, "acme.sum", &p, NULL, 0, &bound, 1);
    const kal_key before = key_of(later);
    write_file(path, "\7", 1);
    REQUIRE(value_of(later) == 20);
    REQUIRE(!kal_key_equal(before, key_of(kal_apply_bound(s, "acme.sum", &p, NULL, 0, &bound, 1))));
    const kal_bound wrong = {"from", sum_of(s, other)};
    REQUIRE_FAILS(KAL_INVALID,
                  kal_node_error(kal_apply_bound(s, "acme.sum", NULL, NULL, 0, &wrong, 1), &check_error));
}

// An op that another one undoes is asked for its extent once more while a text is read; it finds its file then, too.
static int32_t seen;

static kal_status reader_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    const sum_p *p = params;
    size_t n = 0;
    (void)err;
    *out = c->in[0]->extent;
    seen += kal_file_bytes(p->from, &n) != NULL && n == 3;
    return KAL_OK;
}

static kal_status back_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params, (void)err;
    *out = c->in[1]->extent;
    return KAL_OK;
}

static kal_status never(const kal_job *j)
{
    return kal_fail(j->err, KAL_INTERNAL, "not to be run");
}

static void undone(kal_scope *s)
{
    static kal_op reader, back;
    reader = (kal_op){.name = "acme.reader",
                      .version = 1,
                      .family = "test",
                      .help = "Reads",
                      .inputs = "image",
                      .params = sum_params,
                      .n_params = 2,
                      .params_size = sizeof(sum_p),
                      .extent = reader_extent,
                      .run = never};
    back = (kal_op){.name = "acme.back",
                    .version = 1,
                    .family = "test",
                    .help = "Undoes",
                    .inputs = "image base",
                    .params = sum_params,
                    .n_params = 2,
                    .params_size = sizeof(sum_p),
                    .extent = back_extent,
                    .run = never,
                    .undoes = "acme.reader"};
    REQUIRE_OK(kal_op_register(&reader, &check_error));
    REQUIRE_OK(kal_op_register(&back, &check_error));
    char path[300], text[500];
    snprintf(path, sizeof path, "%s", check_temp("undone.bin"));
    write_file(path, "abc", 3);
    const kal_extent e = extent_of(4, 4, 1, KAL_U8);
    const unsigned char pixels[16] = {0};
    const kal_binding in = {.name = "in", .node = kal_pixels(s, &e, pixels, 4)};
    snprintf(text, sizeof text, "in | acme.reader from=\"%s\" | invert | acme.back", path);
    kal_program *program = NULL;
    REQUIRE_OK(kal_program_parse(text, strlen(text), &in, 1, &program, &check_error));
    REQUIRE_NOTE(seen == 2, "%d times", seen);
    kal_program_free(&program);
}

// A name alone may be found in folders, the first in the order of bytes; a path is taken as it is.
static void in_folders(kal_scope *s)
{
    static char folders[700];
    char path[400];
    const char *shelf = check_temp("shelf");
    mkdir(shelf, 0777);
    static const char *const inside[] = {"b", "b/deep", "a", "a/.hidden", "a/linked"};
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", shelf, inside[i]);
        REQUIRE(!mkdir(path, 0777));
    }
    snprintf(path, sizeof path, "%s/a/linked", shelf);
    REQUIRE(!symlink("..", path));
    snprintf(path, sizeof path, "%s/b/deep/only.bin", shelf);
    write_file(path, "\7", 1);
    snprintf(path, sizeof path, "%s/a/both.bin", shelf);
    write_file(path, "\1", 1);
    snprintf(path, sizeof path, "%s/b/both.bin", shelf);
    write_file(path, "\2", 1);
    snprintf(path, sizeof path, "%s/a/.hidden/none.bin", shelf);
    write_file(path, "\3", 1);
    snprintf(folders, sizeof folders, "/no such folder|%s|%s/b", shelf, shelf);
    sum_params[0].unit = folders;
    kal_node *only = sum_of(s, "only.bin"), *both = sum_of(s, "both.bin");
    REQUIRE(value_of(only) == 14 && value_of(both) == 2);
    snprintf(path, sizeof path, "%s/b/deep/only.bin", shelf);
    REQUIRE(sum_of(s, path) == only);
    kal_bytes printed = {0};
    kal_program *program = NULL;
    REQUIRE_OK(kal_print_graph(only, &printed, &check_error));
    REQUIRE(strstr((const char *)printed.data, "=\"only.bin\"") || strstr((const char *)printed.data, shelf));
    REQUIRE_OK(kal_program_parse((const char *)printed.data, printed.size, NULL, 0, &program, &check_error));
    REQUIRE(kal_program_root(program) == only);
    kal_program_free(&program);
    kal_bytes_free(&printed);
    REQUIRE_FAILS(KAL_IO, kal_node_error(sum_of(s, "none.bin"), &check_error));
    REQUIRE(strstr(check_error.message, "nor below /no such folder|"));
    REQUIRE_FAILS(KAL_IO, kal_node_error(sum_of(s, "./only.bin"), &check_error));
    sum_params[0].unit = "";
    REQUIRE_FAILS(KAL_IO, kal_node_error(sum_of(s, "only.bin"), &check_error));
}

// ---- an op that folds into one with a file ------------------------------------------------------

static const char *folds_to;

static kal_status shade_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params, (void)err;
    *out = c->in[0]->extent;
    return KAL_OK;
}

static kal_status shade_run(const kal_job *j)
{
    const sum_p *p = j->call->params;
    const unsigned char *first = kal_file_bytes(p->from, NULL);
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++)
        memset(kal_row(j->out, y), first ? *first : 0,
               (size_t)kal_tile_width(j->out) * (size_t)j->out->pixel);
    return KAL_OK;
}

static const kal_op acme_shade = {.name = "acme.shade",
                                  .version = 1,
                                  .family = "test",
                                  .help = "A file's first byte everywhere",
                                  .inputs = "image",
                                  .params = sum_params,
                                  .n_params = 2,
                                  .params_size = sizeof(sum_p),
                                  .extent = shade_extent,
                                  .run = shade_run};

static bool outer_fold(const kal_call *c, kal_folded *to, void *room)
{
    const sum_p p = {sizeof p, folds_to, 1};
    memcpy(room, &p, sizeof p);
    *to = (kal_folded){.op = &acme_shade, .params = room, .n = 1, .in = {c->in[0]}};
    return true;
}

static const kal_op acme_outer = {.name = "acme.outer",
                                  .version = 1,
                                  .family = "test",
                                  .help = "acme.shade of a file it knows",
                                  .inputs = "image",
                                  .params_size = sizeof(size_t),
                                  .extent = shade_extent,
                                  .fold = outer_fold,
                                  .run = shade_run};

static void a_fold_names_a_file(kal_scope *s)
{
    char path[300];
    snprintf(path, sizeof path, "%s", check_temp("fold.bin"));
    write_file(path, "\11", 1);
    folds_to = path;
    const kal_extent e = extent_of(3, 2, 1, KAL_U8);
    kal_node *image = kal_pixels(s, &e, "\1\2\3\4\5\6", 3);
    kal_node *made = kal_apply(s, "acme.outer", NULL, &image, 1);
    const sum_p p = {sizeof p, path, 1};
    REQUIRE(made == kal_apply(s, "acme.shade", &p, &image, 1));
    memset(path, 'x', 5);   // the text was the fold's own
    unsigned char *pixels = read_all(made, &fresh, NULL);
    REQUIRE(pixels && pixels[0] == 9 && pixels[5] == 9);
    free(pixels);
    folds_to = check_temp("nowhere.bin");
    REQUIRE_FAILS(KAL_IO, kal_node_error(kal_apply(s, "acme.outer", NULL, &image, 1), &check_error));
}

// ---- a fold, and what is done to its input first ------------------------------------------------

static const kal_op *turned_first(const kal_call *c, int32_t i, void *params)
{
    (void)c, (void)i;
    const kal_turn_p p = {.size = sizeof p, .how = KAL_TURN_HALF};
    memcpy(params, &p, sizeof p);
    return kal_op_find("turn");
}

typedef struct last_p {
    size_t size;
    kal_list values;
} last_p;
static const kal_param last_params[] = {
    {"values", KAL_PARAM_LIST, offsetof(last_p, values), 0, "", 0, 0, "", "the last of them is everywhere"}};

static kal_status last_run(const kal_job *j)
{
    const kal_list *l = &((const last_p *)j->call->params)->values;
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++)
        memset(kal_row(j->out, y), (int)l->v[l->n - 1],
               (size_t)kal_tile_width(j->out) * (size_t)j->out->pixel);
    return KAL_OK;
}

static const kal_op acme_last = {.name = "acme.last",
                                 .version = 1,
                                 .family = "test",
                                 .help = "A number everywhere, of a picture that is turned first",
                                 .inputs = "image",
                                 .params = last_params,
                                 .n_params = 1,
                                 .params_size = sizeof(last_p),
                                 .extent = shade_extent,
                                 .before = turned_first,
                                 .run = last_run};

static bool fold_to_last(const kal_call *c, kal_folded *to, void *room)
{
    double *v = (double *)room + 8;   // the list is in the room as well
    v[0] = 5, v[1] = 7;
    const last_p p = {sizeof p, {v, 2}};
    memcpy(room, &p, sizeof p);
    *to = (kal_folded){.op = &acme_last, .params = room, .n = 1, .in = {c->in[0]}};
    return true;
}

static const kal_op acme_seven = {.name = "acme.seven",
                                  .version = 1,
                                  .family = "test",
                                  .help = "acme.last of 5 and 7",
                                  .inputs = "image",
                                  .params_size = sizeof(size_t),
                                  .extent = shade_extent,
                                  .fold = fold_to_last,
                                  .run = last_run};

static void a_fold_and_what_is_done_first(kal_scope *s)
{
    const kal_extent e = extent_of(3, 2, 1, KAL_U8);
    const last_p p = {sizeof p, {(double[]){5, 7}, 2}};
    kal_node *image = kal_pixels(s, &e, "\1\2\3\4\5\6", 3);
    kal_node *made = kal_apply(s, "acme.seven", NULL, &image, 1);
    REQUIRE(made == kal_apply(s, "acme.last", &p, &image, 1));
    unsigned char *pixels = read_all(made, &fresh, NULL);
    REQUIRE_NOTE(pixels && pixels[0] == 7 && pixels[5] == 7, "%s", check_error.message);
    free(pixels);
}

int main(void)
{
    kal_scope *s = kal_scope_new();
    REQUIRE_OK(kal_op_register(&acme_sum, &check_error));
    the_bytes_are_the_key(s);
    as_text(s);
    beside_a_computed_one(s);
    in_folders(s);
    REQUIRE_OK(kal_op_register(&acme_shade, &check_error));
    REQUIRE_OK(kal_op_register(&acme_outer, &check_error));
    a_fold_names_a_file(s);
    REQUIRE_OK(kal_op_register(&acme_last, &check_error));
    REQUIRE_OK(kal_op_register(&acme_seven, &check_error));
    a_fold_and_what_is_done_first(s);
    undone(s);
    kal_scope_free(&s);
    return check_done();
}
