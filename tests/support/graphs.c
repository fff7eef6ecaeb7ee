// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See graphs.h.
#include "graphs.h"

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
    int32_t most = *op->inputs != 0;
    for (const char *c = op->inputs; *c; c++) most += *c == ' ';
    for (int32_t i = 0; i < most; i++) in[i] = have[n - 1 - rng_below(r, n < 4 ? n : 4)];
    kal_extent size;
    if (strstr(op->inputs, " map") && !kal_node_extent(in[1], &size, NULL)) in[1] = rng_map(r, s, &size);
    kal_node *made = kal_apply_text(s, op->name, op->samples[rng_below(r, samples)], in, most);
    kal_extent e;
    if (kal_node_extent(made, &e, NULL) || (int64_t)e.width * e.height > 40000) return NULL;
    return made;
}

kal_node *random_graph(rng *r, kal_scope *s)
{
    kal_node *have[MOST];
    int32_t n = 0, n_ops = 0;
    while (kal_op_at((size_t)n_ops)) n_ops++;
    have[n++] = source(r, s);
    const int32_t wanted = 3 + rng_below(r, MOST - 4);
    for (int tries = 0; n < wanted && tries < 200; tries++) {
        kal_node *made = rng_below(r, 8) ? step(r, s, have, n, n_ops) : source(r, s);
        if (made) have[n++] = made;
    }
    return have[n - 1];
}
