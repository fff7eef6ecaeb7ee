// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See drawing.h. Outlines of what is round, and of lines that have a width: sides of an area.
#include "drawing_parts.h"
#include "fmath.h"

// ---- round things -------------------------------------------------------------------------------

// How often a quarter is halved until its chords are within 1/512 pixel of the arc.
static int halvings(double radius)
{
    int n = 1;
    for (double angle = 0.8; radius * angle * angle > 8.0 / 512; angle /= 2) n++;
    return n;
}

// The arc between two ends lies beside the image, or above or below: its chord covers the same. (It bulges by less than half a chord.)
static bool beside(const kal__drawing *d, double x0, double y0, double x1, double y1)
{
    const double dx = x1 - x0, dy = y1 - y0, bulge = ((dx < 0 ? -dx : dx) + (dy < 0 ? -dy : dy)) / 2 + 1;
    return (x0 < -bulge && x1 < -bulge) || (y0 < -bulge && y1 < -bulge) ||
           (x0 > d->image.x1 + bulge && x1 > d->image.x1 + bulge) ||
           (y0 > d->image.y1 + bulge && y1 > d->image.y1 + bulge);
}

// From centre + u to centre + v, both of this length and less than half a turn apart. Chords that meet are the same to the bit.
static void arc(kal__drawing *d, double x, double y, double ux, double uy, double vx, double vy,
                double radius, int depth)
{
    const double mx = ux + vx, my = uy + vy, length = __builtin_sqrt(mx * mx + my * my);
    if (!depth || !(length > 0) || beside(d, x + ux, y + uy, x + vx, y + vy)) {
        kal__area_side(d, x + ux, y + uy, x + vx, y + vy);
        return;
    }
    const double px = mx / length * radius, py = my / length * radius;
    arc(d, x, y, ux, uy, px, py, radius, depth - 1);
    arc(d, x, y, px, py, vx, vy, radius, depth - 1);
}

void kal__area_circle(kal__drawing *d, double x, double y, double radius, bool hole)
{
    const double r = radius, s = hole ? -radius : radius;
    const int depth = halvings(r);
    arc(d, x, y, r, 0, 0, -s, r, depth);
    arc(d, x, y, 0, -s, -r, 0, r, depth);
    arc(d, x, y, -r, 0, 0, s, r, depth);
    arc(d, x, y, 0, s, r, 0, r, depth);
}

static double bend(double a, double b, double c)
{
    const double v = a - 2 * b + c;
    return v < 0 ? -v : v;
}

// A chord is off by at most 3/4 of the larger of |a − 2b + c| and |b − 2c + d| over the square of their number.
void kal__area_curve(kal__drawing *d, const double v[8])
{
    const double one = bend(v[0], v[2], v[4]) + bend(v[1], v[3], v[5]),
                 two = bend(v[2], v[4], v[6]) + bend(v[3], v[5], v[7]);
    const double chords = kal__ceil(__builtin_sqrt((one > two ? one : two) * (0.75 * 256)));
    const int32_t n = (int32_t)kal__clamp(chords, 1, 4096);
    double x = v[0], y = v[1];
    for (int32_t i = 1; i <= n; i++) {
        const double t = (double)i / n, s = 1 - t;
        const double a = s * s * s, b = 3 * s * s * t, c = 3 * s * t * t, e = t * t * t;
        const double to_x = i == n ? v[6] : a * v[0] + b * v[2] + c * v[4] + e * v[6],
                     to_y = i == n ? v[7] : a * v[1] + b * v[3] + c * v[5] + e * v[7];
        kal__area_side(d, x, y, to_x, to_y);
        x = to_x, y = to_y;
    }
}

// ---- lines --------------------------------------------------------------------------------------

// A line is a rectangle for each piece and a wedge of a disc at each corner, all the same way round; sides that two of them share cancel to
// the bit, and what lies in several counts once. (Where soft edges lie on each other both count, up to the whole pixel.)
typedef struct piece {
    double x0, y0, x1, y1;   // ends
    double dx, dy;           // half the width long, the way it goes
} piece;

static void rectangle(kal__drawing *d, const piece *p)
{
    const double nx = -p->dy, ny = p->dx;
    kal__area_side(d, p->x0 + nx, p->y0 + ny, p->x1 + nx, p->y1 + ny);
    kal__area_side(d, p->x1 + nx, p->y1 + ny, p->x1, p->y1);
    kal__area_side(d, p->x1, p->y1, p->x1 - nx, p->y1 - ny);
    kal__area_side(d, p->x1 - nx, p->y1 - ny, p->x0 - nx, p->y0 - ny);
    kal__area_side(d, p->x0 - nx, p->y0 - ny, p->x0, p->y0);
    kal__area_side(d, p->x0, p->y0, p->x0 + nx, p->y0 + ny);
}

// Half a disc at x, y, on the side of dx, dy.
static void cap(kal__drawing *d, double x, double y, double dx, double dy, double half)
{
    const double nx = -dy, ny = dx;
    const int depth = halvings(half);
    arc(d, x, y, nx, ny, dx, dy, half, depth);
    arc(d, x, y, dx, dy, -nx, -ny, half, depth);
    kal__area_side(d, x - nx, y - ny, x, y);
    kal__area_side(d, x, y, x + nx, y + ny);
}

// The wedge on the outer side of a corner.
static void join(kal__drawing *d, const piece *a, const piece *b, double half)
{
    const double cross = a->dx * b->dy - a->dy * b->dx, dot = a->dx * b->dx + a->dy * b->dy;
    const double x = b->x0, y = b->y0;
    if (dot < 0 && cross * cross < 1e-12 * half * half * half * half) {
        cap(d, x, y, a->dx, a->dy, half);
        return;
    }
    const piece *from = cross > 0 ? b : a, *to = cross > 0 ? a : b;
    const double s = cross > 0 ? -1 : 1;
    const double ux = -from->dy * s, uy = from->dx * s, vx = -to->dy * s, vy = to->dx * s;
    kal__area_side(d, x, y, x + ux, y + uy);
    arc(d, x, y, ux, uy, vx, vy, half, halvings(half) + 1);
    kal__area_side(d, x + vx, y + vy, x, y);
}

static bool piece_of(const double *a, const double *b, double half, piece *out)
{
    const double dx = b[0] - a[0], dy = b[1] - a[1], length = __builtin_sqrt(dx * dx + dy * dy);
    *out = (piece){a[0], a[1], b[0], b[1], dx / length * half, dy / length * half};
    return length > 0;
}

void kal__area_stroke(kal__drawing *d, const double *v, int32_t n, int32_t step, bool closed, double width)
{
    const double half = width / 2;
    piece first, last, now;
    bool any = false;
    for (int32_t i = 0; i < (closed ? n : n - 1); i++) {
        if (!piece_of(v + (ptrdiff_t)i * step, v + (ptrdiff_t)(i + 1 < n ? i + 1 : 0) * step, half, &now))
            continue;
        rectangle(d, &now);
        if (any)
            join(d, &last, &now, half);
        else
            first = now;
        last = now;
        any = true;
    }
    if (!any) {
        if (n) kal__area_circle(d, v[0], v[1], half, false);
    } else if (closed) {
        join(d, &last, &first, half);
    } else {
        cap(d, first.x0, first.y0, -first.dx, -first.dy, half);
        cap(d, last.x1, last.y1, last.dx, last.dy, half);
    }
}
