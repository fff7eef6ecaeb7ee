// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Random graphs from the registry's ops and samples: shared nodes, diamonds, joins, crops, decoded JPEGs. Each is evaluated with random
// bands, threads and memo mode, whole and in part, and compared with the naive evaluator. `graph.random [seed] [count]`.
#include "check.h"

#include "node.h"

#define MOST 24

static kal_node *source(rng *r, kal_scope *s)
{
    static const int32_t channels[] = {1, 3, 3, 4, 2, 5};
    const kal_type type = (kal_type)(rng_below(r, 3) ? KAL_U8 : rng_below(r, 3));
    const kal_extent e =
        extent_of(1 + rng_below(r, 60), 1 + rng_below(r, 60), channels[rng_below(r, 6)], type);
    kal_node *n = rng_image(r, s, &e);
    if (e.type != KAL_U8 || e.alpha || e.channels > 3 || rng_below(r, 2)) return n;
    kal_bytes b;
    kal_node *jpeg = kal_encode(s, n, "jpeg", NULL);
    if (!REQUIRE_OK(kal_read_bytes(jpeg, NULL, &b, &check_error))) return n;
    n = kal_load_bytes(s, b.data, b.size, NULL);
    kal_bytes_free(&b);
    return n;
}

static int32_t sample_count(const kal_op *op)
{
    int32_t n = 0;
    while (op->samples && op->samples[n]) n++;
    return n;
}

// One more node on some of those there are; NULL when the attempt made no sense.
static kal_node *step(rng *r, kal_scope *s, kal_node *const *have, int32_t n, int32_t n_ops)
{
    const kal_op *op = kal_op_at((size_t)rng_below(r, n_ops));
    const int32_t samples = sample_count(op);
    if (!samples || (op->flags & KAL_OP_SOURCE)) return NULL;
    kal_node *in[3];
    int32_t most = 1;
    for (const char *c = op->inputs; *c; c++) most += *c == ' ';
    for (int32_t i = 0; i < most; i++) in[i] = have[n - 1 - rng_below(r, n < 4 ? n : 4)];
    kal_node *made = kal_apply_text(s, op->name, op->samples[rng_below(r, samples)], in, most);
    kal_extent e;
    if (kal_node_extent(made, &e, NULL) || (int64_t)e.width * e.height > 40000) return NULL;
    return made;
}

static void compare(rng *r, kal_node *node, uint64_t seed)
{
    kal_extent e;
    kal_node_extent(node, &e, NULL);
    const size_t pixel = kal_pixel_size(&e);
    unsigned char *want = naive_pixels(node);
    for (int k = 0; k < 3; k++) {
        const kal_options o = {.threads = 1 + rng_below(r, 8),
                               .band = rng_below(r, 3) ? 1 + rng_below(r, 20) : 0,
                               .memo_mode = (kal_memo_mode)rng_below(r, 3)};
        kal_rect q = kal_rect_all(&e);
        if (k) {
            q.x0 = rng_below(r, e.width), q.x1 = q.x0 + 1 + rng_below(r, e.width - q.x0);
            q.y0 = rng_below(r, e.height), q.y1 = q.y0 + 1 + rng_below(r, e.height - q.y0);
        }
        const size_t row = (size_t)(q.x1 - q.x0) * pixel;
        unsigned char *got = malloc(row * (size_t)(q.y1 - q.y0));
        const kal_status st = kal_read(node, q, got, (ptrdiff_t)row, &o, &check_error);
        bool same = !st;
        for (int32_t y = q.y0; y < q.y1 && same; y++)
            same = !memcmp(got + (size_t)(y - q.y0) * row,
                           want + ((size_t)y * (size_t)e.width + (size_t)q.x0) * pixel, row);
        free(got);
        if (!same) {
            kal_bytes text;
            if (kal_print_graph(node, &text, NULL)) text.data = NULL;
            REQUIRE_NOTE(same, "seed %llu, rect %d,%d..%d,%d, threads %d, band %d, memo %d: %s\n%s",
                         (unsigned long long)seed, q.x0, q.y0, q.x1, q.y1, o.threads, o.band, o.memo_mode,
                         st ? check_error.message : "pixels differ", (char *)text.data);
            kal_bytes_free(&text);
            break;
        }
        check_passed++;
    }
    free(want);
}

static void one(uint64_t seed)
{
    rng r = {seed};
    kal_scope *s = kal_scope_new();
    kal_node *have[MOST];
    int32_t n = 0, n_ops = 0;
    while (kal_op_at((size_t)n_ops)) n_ops++;
    have[n++] = source(&r, s);
    const int32_t wanted = 3 + rng_below(&r, MOST - 4);
    for (int tries = 0; n < wanted && tries < 200; tries++) {
        kal_node *made = rng_below(&r, 8) ? step(&r, s, have, n, n_ops) : source(&r, s);
        if (made) have[n++] = made;
    }
    compare(&r, have[n - 1], seed);
    kal_scope_free(&s);
}

int main(int argc, char **argv)
{
    const uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    const uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 0) : 1500;
    for (uint64_t i = 0; i < count; i++) {
        one(first + i);
        if (i % 100 == 99) kal_memo_clear(NULL);
    }
    kal_memo_clear(NULL);
    printf("%llu random graphs from seed %llu\n", (unsigned long long)count, (unsigned long long)first);
    return check_done();
}
