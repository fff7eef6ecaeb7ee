// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Coordinates carried from image to image. Each of the two images knows, for every node it stands on, by how many steps and by which affine
// map that node's coordinates become its own (the shortest way; of equal ones the first input's). The node that both stand on with the
// fewest steps together is the picture they have in common. The same file decoded at two sizes is one picture too.
#include "node.h"

#include <stdlib.h>
#include <string.h>

typedef struct place {
    uint32_t steps;   // 0: not reached; 1: the image itself
    double m[6];      // the node's coordinates to the image's
} place;

typedef struct ways {
    kal__order order;
    place *places;
} ways;

void kal__map_chain(const double first[6], const double second[6], double out[6])
{
    double both[6];
    for (int r = 0; r < 6; r += 3) {
        both[r] = second[r] * first[0] + second[r + 1] * first[3];
        both[r + 1] = second[r] * first[1] + second[r + 1] * first[4];
        both[r + 2] = second[r] * first[2] + second[r + 1] * first[5] + second[r + 2];
    }
    memcpy(out, both, sizeof both);
}

// m = (a, then back through b). Divided by the determinant last, so that halves and thirds that cancel come out whole.
static bool back_and_forth(const double b[6], const double a[6], double m[6])
{
    const double det = b[0] * b[4] - b[1] * b[3];
    if (det == 0) return false;
    for (int r = 0; r < 6; r += 3) {
        const double p = a[r] * b[4] - a[r + 1] * b[3], q = a[r + 1] * b[0] - a[r] * b[1];
        m[r] = p / det;
        m[r + 1] = q / det;
        m[r + 2] = a[r + 2] - (p * b[2] + q * b[5]) / det;
    }
    return true;
}

bool kal__input_map(const kal_call *c, int32_t i, double m[6])
{
    static const double same[6] = {1, 0, 0, 0, 1, 0};
    if (c->op->map) return c->op->map(c, i, m);
    memcpy(m, same, sizeof same);
    return c->in[i]->extent.width == c->extent.width && c->in[i]->extent.height == c->extent.height;
}

// Users come before their inputs, so a node's shortest way is known when it is its turn.
static void follow(ways *w)
{
    w->places[w->order.n - 1] = (place){1, {1, 0, 0, 0, 1, 0}};
    for (size_t k = w->order.n; k-- > 0;) {
        const place *here = &w->places[k];
        const kal_node *node = w->order.nodes[k];
        if (!here->steps || node->kind != KAL__APPLY) continue;
        for (int32_t i = 0; i < node->call.n; i++) {
            place *there = &w->places[kal__order_find(&w->order, kal__input(node, i))];
            double m[6];
            if ((there->steps && there->steps <= here->steps + 1) || !kal__input_map(&node->call, i, m))
                continue;
            there->steps = here->steps + 1;
            kal__map_chain(m, here->m, there->m);
        }
    }
}

static kal_status ways_make(const kal_call *image, ways *w, kal_error *err)
{
    kal_node *root = kal__node_of(image);
    const kal_status st = kal__order_make(&root, 1, &w->order, err);
    if (st) return st;
    w->places = kal__new_zero(w->order.n, sizeof *w->places);
    if (!w->places) return kal_fail(err, KAL_NOMEM, "out of memory");
    follow(w);
    return KAL_OK;
}

static void ways_free(ways *w)
{
    free(w->places);
    kal__order_free(&w->order);
}

typedef struct meeting {
    uint32_t steps;   // of both; 0: none found
    double from[6], to[6];
} meeting;

static void meet(meeting *best, const place *from, const place *to)
{
    if (!from->steps || !to->steps || (best->steps && best->steps <= from->steps + to->steps)) return;
    best->steps = from->steps + to->steps;
    memcpy(best->from, from->m, sizeof best->from);
    memcpy(best->to, to->m, sizeof best->to);
}

// Two decodes of the same bytes: coordinates of the one at 1/2 are half of those at 1.
static void meet_decodes(meeting *best, const ways *from, size_t i, const ways *to)
{
    const kal_node *a = from->order.nodes[i];
    kal__source *s = kal__node_source(a);
    for (size_t k = 0; k < to->order.n; k++) {
        const kal_node *b = to->order.nodes[k];
        if (b->kind != KAL__DECODE) continue;
        kal__source *t = kal__node_source(b);
        if (kal_key_equal(s->digest, t->digest)) {
            const double scale = (double)s->shrink / t->shrink, m[6] = {scale, 0, 0, 0, scale, 0};
            place there = {to->places[k].steps, {0}};
            kal__map_chain(m, to->places[k].m, there.m);
            meet(best, &from->places[i], &there);
        }
        kal__source_unref(&t);
    }
    kal__source_unref(&s);
}

static void find_meeting(meeting *best, const ways *from, const ways *to)
{
    for (size_t i = 0; i < from->order.n; i++) {
        if (!from->places[i].steps) continue;
        const size_t k = kal__order_find(&to->order, from->order.nodes[i]);
        if (k != SIZE_MAX) meet(best, &from->places[i], &to->places[k]);
    }
    for (size_t i = 0; i < from->order.n && !best->steps; i++)
        if (from->places[i].steps && from->order.nodes[i]->kind == KAL__DECODE)
            meet_decodes(best, from, i, to);
}

kal_status kal_call_map(const kal_call *from, const kal_call *to, double m[6], kal_error *err)
{
    ways a = {0}, b = {0};
    meeting best = {0};
    if (!from || !to) return kal_fail(err, KAL_INVALID, "there is no image to map from or to (NULL)");
    kal_status st = ways_make(from, &a, err);
    if (!st) st = ways_make(to, &b, err);
    if (!st) find_meeting(&best, &a, &b);
    if (!st && (!best.steps || !back_and_forth(best.from, best.to, m)))
        st = kal_fail(err, KAL_INVALID, "neither image is made from the other, nor both from one picture");
    ways_free(&a);
    ways_free(&b);
    return st;
}
