// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A landscape made of noise: smooth sky, soft clouds, ridges in haze, water that mirrors them, a meadow with flowers, a hard-edged house
// and a tree. It has what photographs have that test patterns lack: large smooth parts beside fine texture, and all at once.
#include "scene.h"

#include "fmath.h"
#include "perlin.h"

static const double horizon = 0.6, shore = 0.78;

static double between(double a, double b, double t)
{
    return a + (b - a) * t;
}

// 0 up to lo, 1 from hi on, smooth in between.
static double step(double lo, double hi, double v)
{
    const double t = kal__clamp((v - lo) / (hi - lo), 0, 1);
    return t * t * (3 - 2 * t);
}

static void paint(double rgb[3], double share, double r, double g, double b)
{
    rgb[0] = between(rgb[0], r, share);
    rgb[1] = between(rgb[1], g, share);
    rgb[2] = between(rgb[2], b, share);
}

static void shade(double rgb[3], double by)
{
    for (int k = 0; k < 3; k++) rgb[k] *= by;
}

// ---- above the horizon --------------------------------------------------------------------------

static void sky(uint32_t seed, double wide, double x, double y, double rgb[3])
{
    const double down = kal__clamp(y / horizon, 0, 1);
    rgb[0] = between(58, 236, down * down);
    rgb[1] = between(112, 214, down);
    rgb[2] = between(190, 196, down);
    const double dx = x - 0.7 * wide, dy = y - 0.17, far = __builtin_sqrt(dx * dx + dy * dy);
    paint(rgb, 0.75 * (1 - step(0, 0.5, far)), 255, 226, 170);
    paint(rgb, 1 - step(0.038, 0.044, far), 255, 250, 232);
    const double cloud = kal__perlin_layers(seed + 11, x * 2.5, y * 6, 6, 0.55);
    const double light = kal__perlin_layers(seed + 11, x * 2.5 + 0.06, y * 6 - 0.12, 3, 0.5);
    const double thick = 0.85 * step(0.02, 0.45, cloud);
    paint(rgb, thick, 250 - 60 * light, 244 - 70 * light, 240 - 70 * light);
}

static double ridge(uint32_t seed, double x, double often, int32_t layers)
{
    return kal__perlin_layers(seed, x * often + 0.37, 0.5, layers, 0.5);
}

static void mountains(uint32_t seed, double x, double y, double rgb[3])
{
    const double top = 0.40 - 0.2 * ridge(seed + 21, x, 2.6, 7);
    const double rock = kal__perlin_layers(seed + 22, x * 14 + y * 6, y * 20, 5, 0.6);
    const double slope = ridge(seed + 21, x + 0.02, 2.6, 7) - ridge(seed + 21, x - 0.02, 2.6, 7);
    const double lit = 0.86 + kal__clamp(1.6 * slope, -0.3, 0.3) + 0.22 * rock;
    double stone[3] = {118, 124, 142};
    paint(stone, 0.9 * step(0.02, -0.03, y - top - 0.05 - 0.1 * rock), 244, 246, 252);   // snow
    shade(stone, lit);
    paint(stone, 0.55 * step(0.32, horizon, y), 226, 212, 202);   // haze
    paint(rgb, step(-0.0015, 0.0015, y - top), stone[0], stone[1], stone[2]);
}

static void hills(uint32_t seed, double x, double y, double rgb[3])
{
    const double top = 0.545 - 0.09 * ridge(seed + 31, x, 1.7, 5) - 0.004 * ridge(seed + 32, x, 90, 3);
    const double wood = kal__perlin_layers(seed + 33, x * 45, y * 70, 4, 0.65);
    double green[3] = {62, 96, 58};
    shade(green, 0.95 + 0.75 * wood);
    paint(green, 0.25, 190, 196, 190);
    paint(rgb, step(-0.0015, 0.0015, y - top), green[0], green[1], green[2]);
}

static void backdrop(uint32_t seed, double wide, double x, double y, double rgb[3])
{
    sky(seed, wide, x, y, rgb);
    if (y > 0.15) mountains(seed, x, y, rgb);
    if (y > 0.4) hills(seed, x, y, rgb);
}

// ---- below it -----------------------------------------------------------------------------------

static void water(uint32_t seed, double wide, double x, double y, double rgb[3])
{
    const double near = (y - horizon) / (shore - horizon);
    const double wave = kal__perlin_layers(seed + 41, x * 16, y * 160 / (0.4 + near), 3, 0.6);
    backdrop(seed, wide, x + 0.01 * wave, 2 * horizon - y + (0.01 + 0.05 * near) * wave, rgb);
    shade(rgb, 0.82 - 0.12 * near + 0.12 * wave);
    paint(rgb, 0.25, 40, 86, 110);
}

// Each cell of a net has one flower or none.
static void flower(uint32_t seed, double x, double y, double cell, double rgb[3])
{
    static const double colours[4][3] = {{226, 40, 52}, {250, 214, 40}, {238, 236, 244}, {186, 70, 190}};
    const double fx = kal__floor(x / cell), fy = kal__floor(y / cell);
    const uint32_t h = kal__count_at(kal__count_row(seed + 51, (int32_t)fy), (uint32_t)(int32_t)fx, 0);
    if (h % 5) return;
    const double dx = x / cell - fx - 0.3 - 0.4 * (double)(h >> 8 & 255) / 255;
    const double dy = y / cell - fy - 0.3 - 0.4 * (double)(h >> 16 & 255) / 255;
    const double far = __builtin_sqrt(dx * dx + dy * dy), *c = colours[h >> 24 & 3];
    paint(rgb, 1 - step(0.16, 0.24, far), c[0], c[1], c[2]);
    paint(rgb, 1 - step(0.05, 0.09, far), 120, 84, 20);
}

static double bank(uint32_t seed, double x)
{
    return shore + 0.03 * ridge(seed + 42, x, 2, 4);
}

static void meadow(uint32_t seed, double x, double y, double rgb[3])
{
    const double down = y - bank(seed, x);
    const double blade = kal__perlin_layers(seed + 52, x * 120, y * 38, 4, 0.7);
    const double patch = kal__perlin_layers(seed + 53, x * 5, y * 9, 3, 0.5);
    double green[3] = {between(104, 74, down * 4), between(138, 122, down * 4), between(62, 44, down * 4)};
    paint(green, step(0, 0.5, patch) * 0.6, 150, 148, 70);
    shade(green, 1 + 0.8 * blade);
    if (down > 0.02) flower(seed, x, y, 0.018 + 0.03 * (down > 0.09), green);
    paint(rgb, step(-0.002, 0.002, down), green[0], green[1], green[2]);
}

// ---- what stands on the meadow ------------------------------------------------------------------

static bool inside(double v, double lo, double hi)
{
    return v >= lo && v < hi;
}

// x, y from the middle of the doorstep, in widths of the house.
static void house(double x, double y, double rgb[3])
{
    const double roof = 0.62 - 0.42 * (x < 0 ? -x : x) / 0.58;   // height at x
    if (y < 0 && -y < 0.44 && inside(x, -0.5, 0.5)) {
        paint(rgb, 1, 170, 52, 44);
        const double board = -y * 22 - kal__floor(-y * 22);
        if (board < 0.14) shade(rgb, 0.8);
        if (inside(x, -0.09, 0.09) && -y < 0.3) paint(rgb, 1, 66, 44, 36);
        for (int i = 0; i < 2; i++) {
            const double wx = x + (i ? -0.3 : 0.3), wy = -y - 0.26;
            if (inside(wx, -0.12, 0.12) && inside(wy, -0.11, 0.11)) paint(rgb, 1, 244, 242, 236);
            if (inside(wx < 0 ? -wx : wx, 0.015, 0.1) && inside(wy < 0 ? -wy : wy, 0.012, 0.09))
                paint(rgb, 1, 52 + 200 * (wy + 0.09), 74 + 200 * (wy + 0.09), 98 + 200 * (wy + 0.09));
        }
    }
    if (inside(x, 0.22, 0.34) && inside(-y, 0.4, 0.72)) paint(rgb, 1, 120, 96, 88);
    if (inside(-y, 0.4, roof + 0.2) && inside(x, -0.58, 0.58)) {
        paint(rgb, 1, 70, 66, 74);
        const double tile = (-y * 18 - kal__floor(-y * 18));
        shade(rgb, 0.85 + 0.25 * tile);
    }
}

static void tree(uint32_t seed, double x, double y, double rgb[3])
{
    const double bent = x - 0.01 * kal__sinpi(y * 7);
    if (inside(-y, 0, 0.2) && bent * bent < 0.0001 * (1.6 + y * 3)) {
        paint(rgb, 1, 84, 62, 46);
        shade(rgb, 0.8 + 20 * bent);
    }
    const double rough = kal__perlin_layers(seed + 61, x * 24, y * 24, 4, 0.6);
    const double dy = (y + 0.24) / 1.15, far = __builtin_sqrt(x * x + dy * dy) + 0.05 * rough;
    const double leaf = kal__perlin_layers(seed + 62, x * 80, y * 80, 3, 0.7);
    double green[3] = {72, 112, 46};
    shade(green, 0.85 + 1.6 * (x - y - 0.24) + 0.8 * leaf);
    paint(rgb, step(0.125, 0.118, far), green[0], green[1], green[2]);
}

void kal__scene(uint32_t seed, double wide, double x, double y, double rgb[3])
{
    if (y < horizon)
        backdrop(seed, wide, x, y, rgb);
    else
        water(seed, wide, x, y, rgb);
    if (y > shore - 0.05) meadow(seed, x, y, rgb);
    const double hx = 0.27 * wide, tx = 0.86 * wide;
    house((x - hx) / 0.24, (y - bank(seed, hx) - 0.055) / 0.24, rgb);
    tree(seed, (x - tx) / 1.25, (y - bank(seed, tx) - 0.05) / 1.25, rgb);
}
