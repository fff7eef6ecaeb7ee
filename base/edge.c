// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Edge modes: the one place that says what an index outside the image means, and what a halo therefore needs.
#include <kal/op.h>

// i modulo n, never negative.
static int32_t modulo(int64_t i, int64_t n)
{
    const int64_t r = i % n;
    return (int32_t)(r < 0 ? r + n : r);
}

int32_t kal_edge_index(int32_t i, int32_t n, kal_edge edge)
{
    if (i >= 0 && i < n) return i;
    switch (edge) {
    case KAL_EDGE_COPY: return i < 0 ? 0 : n - 1;
    case KAL_EDGE_WRAP: return modulo(i, n);
    case KAL_EDGE_MIRROR: {
        const int32_t r = modulo(i, 2 * (int64_t)n);
        return r < n ? r : 2 * n - 1 - r;
    }
    case KAL_EDGE_REFLECT: {
        if (n == 1) return 0;
        const int32_t r = modulo(i, 2 * (int64_t)n - 2);
        return r < n ? r : 2 * n - 2 - r;
    }
    case KAL_EDGE_FILL: return -1;
    }
    return -1;
}

// One axis: [a, b) grown to [a - before, b + after) and brought inside 0..n. Mirror and reflect fold back at most what the other
// side already reaches unless both sides stick out; wrap comes back at the far end, so it asks for everything.
static void axis(int32_t *a, int32_t *b, int64_t before, int64_t after, int32_t n, kal_edge edge)
{
    const int64_t lo = *a - before, hi = *b + after;
    const bool out_lo = lo < 0;
    const bool out_hi = hi > n;
    int64_t from = out_lo ? 0 : lo, to = out_hi ? n : hi;
    if (from > n) from = n;
    if (to < 0) to = 0;
    switch (edge) {
    case KAL_EDGE_WRAP:
        if (out_lo || out_hi) from = 0, to = n;
        break;
    case KAL_EDGE_MIRROR:
    case KAL_EDGE_REFLECT: {
        // index −k stands for k − 1 or k, index n − 1 + k for n − k or n − 1 − k; never less than a part of it asks for
        const int64_t skip = edge == KAL_EDGE_REFLECT, deep = -lo + skip, back = 2 * (int64_t)n - hi - skip;
        if (out_lo && deep > to) to = deep < n ? deep : n;
        if (out_hi && back < from) from = back > 0 ? back : 0;
        break;
    }
    case KAL_EDGE_COPY:
        if (from >= to) from = out_hi && lo >= n ? n - 1 : 0, to = from + 1;
        break;
    case KAL_EDGE_FILL: break;
    }
    *a = (int32_t)from;
    *b = (int32_t)(to < from ? from : to);
}

kal_rect kal_need_halo(const kal_extent *in, kal_rect out, int32_t left, int32_t top, int32_t right,
                       int32_t bottom, kal_edge edge)
{
    if (kal_rect_empty(out)) return kal_rect_of(0, 0, 0, 0);
    axis(&out.x0, &out.x1, left, right, in->width, edge);
    axis(&out.y0, &out.y1, top, bottom, in->height, edge);
    return out;
}
