// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See perlin.h.
#include "perlin.h"

#include "fmath.h"

// 6 t^5 - 15 t^4 + 10 t^3
static double fade(double t)
{
    return t * t * t * (t * (t * 6 - 15) + 10);
}

static double mix(double a, double b, double t)
{
    return a + (b - a) * t;
}

// The slope of a lattice point, one of eight directions, times the way from it. The directions are as long as each other, and so long that
// the extremes between four points come near to 1.
static double slope(kal__count row, int32_t x, double dx, double dy)
{
    static const double long_way = 0x1.6a09e667f3bcdp+0;   // the root of 2
    static const double ways[8][2] = {{1, 1},        {-1, 1},        {1, -1},       {-1, -1},
                                      {long_way, 0}, {-long_way, 0}, {0, long_way}, {0, -long_way}};
    const double *way = ways[kal__count_at(row, (uint32_t)x, 0) >> 29];
    return way[0] * dx + way[1] * dy;
}

double kal__perlin(uint32_t seed, double x, double y)
{
    const double fx = kal__floor(x), fy = kal__floor(y), dx = x - fx, dy = y - fy, u = fade(dx);
    const int32_t ix = (int32_t)fx, iy = (int32_t)fy;
    const kal__count upper = kal__count_row(seed, iy), lower = kal__count_row(seed, iy + 1);
    const double a = mix(slope(upper, ix, dx, dy), slope(upper, ix + 1, dx - 1, dy), u);
    const double b = mix(slope(lower, ix, dx, dy - 1), slope(lower, ix + 1, dx - 1, dy - 1), u);
    return mix(a, b, fade(dy));
}

double kal__perlin_layers(uint32_t seed, double x, double y, int32_t octaves, double gain)
{
    double sum = 0, height = 1, heights = 0, often = 1;
    for (int32_t i = 0; i < octaves; i++) {
        sum += height * kal__perlin(seed + (uint32_t)i * 0x632be5abu, x * often, y * often);
        heights += height;
        height *= gain;
        often *= 2;
    }
    return sum / heights;
}
