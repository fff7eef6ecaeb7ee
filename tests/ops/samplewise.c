// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Runs of ops that say they look at single samples become tables: the pixels are the naive evaluator's, for random chains of all such ops
// and samples, alone and between other ops. `ops.samplewise [seed] [count]`.
#include "check.h"

static const kal_op *random_op(rng *r, bool samplewise)
{
    int32_t n = 0;
    while (kal_op_at((size_t)n)) n++;
    for (;;) {
        const kal_op *op = kal_op_at((size_t)rng_below(r, n));
        if (op->samples && !op->measure && ((op->flags & KAL_OP_SAMPLEWISE) != 0) == samplewise) return op;
    }
}

static const char *random_sample(rng *r, const kal_op *op)
{
    int32_t n = 0;
    while (op->samples[n]) n++;
    return op->samples[rng_below(r, n)];
}

static bool as_table(kal_node *node)
{
    kal_bytes text;
    if (!REQUIRE_OK(kal_explain(&node, 1, KAL_AS_TEXT, NULL, &text, &check_error))) return false;
    const bool yes = strstr((const char *)text.data, "as a table") != NULL;
    kal_bytes_free(&text);
    return yes;
}

// Returns whether there was a table.
static bool one(uint64_t seed)
{
    rng r = {seed};
    kal_scope *s = kal_scope_new();
    kal_extent e = extent_of(60 + rng_below(&r, 60), 90, 1 + rng_below(&r, 5), KAL_U8);
    if (e.channels == 1 && rng_below(&r, 2)) e.model = KAL_MASK;
    kal_node *node = rng_image(&r, s, &e);
    for (int32_t i = 0, n = 2 + rng_below(&r, 6); i < n; i++) {
        const kal_op *op = random_op(&r, rng_below(&r, 12) != 0);
        if (strchr(op->inputs, ' ') && !strchr(op->inputs, '?')) continue;
        kal_node *made = kal_apply_text(s, op->name, random_sample(&r, op), &node, 1);
        if (!kal_node_error(made, NULL)) node = made;
    }
    const bool table = as_table(node);
    unsigned char *want = naive_pixels(node);
    kal_node_extent(node, &e, NULL);
    for (int32_t threads = 1; threads <= 3; threads += 2) {
        const kal_options o = {.threads = threads, .memo_mode = KAL_MEMO_NEVER, .band = rng_below(&r, 9)};
        unsigned char *got = read_all(node, &o, NULL);
        kal_bytes text;
        if (kal_print_graph(node, &text, NULL)) text.data = NULL;
        REQUIRE_NOTE(got && !memcmp(got, want, bytes_of(&e)), "seed %llu, threads %d, band %d:\n%s",
                     (unsigned long long)seed, threads, o.band, (char *)text.data);
        kal_bytes_free(&text);
        free(got);
    }
    free(want);
    kal_scope_free(&s);
    return table;
}

int main(int argc, char **argv)
{
    const uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    const uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 0) : 600;
    uint64_t tables = 0;
    for (uint64_t i = 0; i < count; i++) tables += one(first + i);
    printf("seed %llu: %llu chains, %llu with tables\n", (unsigned long long)first, (unsigned long long)count,
           (unsigned long long)tables);
    REQUIRE(tables > count / 3);
    return check_done();
}
