// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See window.h.
#include "window.h"

#include "cpu.h"

// The first cut beyond place `at`, counted from it.
static int32_t to_cut(int32_t at, int32_t side)
{
    const int32_t past = at % side;
    return past < 0 ? -past : side - past;
}

// Sums of `side` neighbours along a row, of `planes` planes at once, whose additions wait for each other in none but their own. Place 0
// of `from` has the coordinate `at`.
KAL__INLINE void along(double *restrict to, const double *restrict from, size_t step, int32_t at,
                       int32_t side, int32_t n, const int planes)
{
    for (int32_t i = 0, cut = to_cut(at, side), end; i < n; i = end, cut += side) {
        double a[4] = {0}, b[4] = {0};
        int32_t q = cut - 1, p = cut;
        end = cut < n ? cut : n;
        for (; q >= end; q--)
            for (int k = 0; k < planes; k++) a[k] += from[(size_t)k * step + (size_t)q];
        for (; q >= i; q--)
            for (int k = 0; k < planes; k++)
                to[(size_t)k * step + (size_t)q] = a[k] += from[(size_t)k * step + (size_t)q];
        for (; p < i + side; p++)
            for (int k = 0; k < planes; k++) b[k] += from[(size_t)k * step + (size_t)p];
        for (q = i; q < end; q++, p++)
            for (int k = 0; k < planes; k++) {
                to[(size_t)k * step + (size_t)q] += b[k];
                if (q + 1 < end) b[k] += from[(size_t)k * step + (size_t)p];
            }
    }
}

static void rows_along(double *to, const double *from, size_t step, size_t planes, int32_t at, int32_t side,
                       int32_t n)
{
    for (; planes >= 4; planes -= 4, to += 4 * step, from += 4 * step) along(to, from, step, at, side, n, 4);
    if (planes == 3) along(to, from, step, at, side, n, 3);
    if (planes == 2) along(to, from, step, at, side, n, 2);
    if (planes == 1) along(to, from, step, at, side, n, 1);
}

KAL__INLINE void both_body(double *restrict to, const double *restrict a, const double *restrict b, size_t n)
{
    for (size_t i = 0; i < n; i++) to[i] = a[i] + b[i];
}
KAL__VARIANTS(both, (double *to, const double *a, const double *b, size_t n), (to, a, b, n))

static size_t step_of(int32_t radius, int32_t width)
{
    return ((size_t)width + 2 * (size_t)radius + 7) & ~(size_t)7;
}

static int32_t kept_rows(int32_t radius, int32_t height)
{
    return height < 2 * radius + 1 ? height : 2 * radius + 1;
}

size_t kal__window_room(int32_t radius, size_t planes, int32_t width, int32_t height)
{
    return ((size_t)kept_rows(radius, height) + 3) * planes * step_of(radius, width) * sizeof(double);
}

void kal__window_run(int32_t radius, size_t planes, kal_rect rect, void *room, kal__window_add *add,
                     kal__window_done *done, void *user)
{
    const int32_t side = 2 * radius + 1, width = rect.x1 - rect.x0;
    const size_t step = step_of(radius, width), all = planes * step;
    double *sum = room, *columns = sum + all, *windows = columns + all, *kept = windows + all;
    memset(sum, 0, 3 * all * sizeof *sum);
    for (int32_t y = rect.y0, end; y < rect.y1; y = end) {
        const int32_t cut = y - radius + to_cut(y - radius, side);   // the row where the next piece begins
        end = cut + radius < rect.y1 ? cut + radius : rect.y1;
        memset(sum, 0, all * sizeof *sum);
        for (int32_t q = cut - 1; q >= y - radius; q--) {
            add(user, q, sum, step);
            if (q + radius < end) memcpy(kept + (size_t)(q + radius - y) * all, sum, all * sizeof *sum);
        }
        memset(sum, 0, all * sizeof *sum);
        for (int32_t q = y, p = cut; q < end; q++) {
            for (; p <= q + radius; p++) add(user, p, sum, step);
            both(columns, kept + (size_t)(q - y) * all, sum, all);
            rows_along(windows, columns, step, planes, rect.x0 - radius, side, width);
            done(user, q, windows, step);
        }
    }
}
