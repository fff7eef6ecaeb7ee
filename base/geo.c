// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See geo.h. A file says by a scale and tie points, by points alone, or by a matrix, what places pixels lie at; all in coordinates in which the
// first pixel reaches from 0 to 1, or has 0 in its middle (GTRasterTypeGeoKey). What became of the picture since is an affine map
// (kal__meta.place): points go through it, scales are divided, and what is neither flipped nor turned stays a scale and points.
#include "geo.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SCALE = 33550,
    POINTS = 33922,
    MATRIX = 34264,
    KEYS = 34735,
    DOUBLES = 34736,
    TEXTS = 34737,
    NODATA = 42113,
    RASTER_KEY = 1025,
    MIDDLES = 2,   // of that key: coordinates are those of middles
};

bool kal__is_geo(unsigned tag)
{
    static const unsigned tags[] = {SCALE, POINTS, MATRIX, KEYS, DOUBLES, TEXTS, NODATA};
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (tags[i] == tag) return true;
    return false;
}

bool kal__geo_keep(kal__directory *fields, kal__meta *m)
{
    static const double stays[6] = {1, 0, 0, 0, 1, 0};
    static const uint16_t marks[2] = {0x4949, 0x4d4d}, magic = 42;
    const uint16_t one = 1;
    const uint32_t first = 8;
    kal__text t = {0};
    if (fields->failed) return false;
    if (!fields->n || m->geo.size) return true;
    kal__put(&t, &marks[*(const unsigned char *)&one != 1], 2);
    kal__put(&t, &magic, 2);
    kal__put(&t, &first, 4);
    kal__directory_put(fields, false, first, true, &t);
    if (t.failed) {
        free(t.data);
        return false;
    }
    m->geo = (kal__blob){t.data, t.size};
    memcpy(m->place, stays, sizeof stays);
    return true;
}

// ---- what geometry makes of it ------------------------------------------------------------------

typedef struct geo {
    kal__ifd t;
    double map[6], back[6];   // in the file's kind of coordinates
    kal__arena *values;
    kal__directory *out;
    bool failed;
} geo;

// The values of a field of doubles; *n how many. NULL: it is not there.
static double *doubles(geo *g, unsigned tag, size_t *n)
{
    kal__ifd_entry e;
    *n = 0;
    if (!kal__ifd_find(&g->t, g->t.first, tag, &e) || e.type != KAL__IFD_DOUBLE) return NULL;
    double *v = kal__take(g->values, e.count, sizeof *v);
    if (!v) return g->failed = true, NULL;
    for (size_t i = 0; i < e.count; i++) v[i] = kal__ifd_number(&g->t, &e, i);
    *n = e.count;
    return v;
}

// Keys are SHORTs by four: a key, where its value lies (0: here), how many, the value.
static bool by_middles(const kal__ifd *t)
{
    kal__ifd_entry e;
    if (!kal__ifd_find(t, t->first, KEYS, &e) || e.type != KAL__IFD_SHORT) return false;
    for (size_t i = 4; i + 4 <= e.count; i += 4)
        if (kal__ifd_get(t, e.at + 2 * i, 2) == RASTER_KEY)
            return !kal__ifd_get(t, e.at + 2 * i + 2, 2) && kal__ifd_get(t, e.at + 2 * i + 6, 2) == MIDDLES;
    return false;
}

static bool invert(const double m[6], double out[6])
{
    const double d = m[0] * m[4] - m[1] * m[3];
    const double v[6] = {m[4] / d,  -m[1] / d, (m[1] * m[5] - m[4] * m[2]) / d,
                         -m[3] / d, m[0] / d,  (m[3] * m[2] - m[0] * m[5]) / d};
    memcpy(out, v, sizeof v);
    for (int i = 0; i < 6; i++)
        if (!isfinite(v[i]) || !isfinite(m[i])) return false;
    return true;
}

static bool take_map(geo *g, const kal__meta *m)
{
    const double half = by_middles(&g->t) ? 0.5 : 0, *p = m->place;
    memcpy(g->map, p, sizeof g->map);
    g->map[2] = p[0] * half + p[1] * half + p[2] - half;
    g->map[5] = p[3] * half + p[4] * half + p[5] - half;
    return invert(g->map, g->back);
}

static void through(const double m[6], double *x, double *y)
{
    const double at[2] = {*x, *y};
    *x = m[0] * at[0] + m[1] * at[1] + m[2];
    *y = m[3] * at[0] + m[4] * at[1] + m[5];
}

// Each row takes column and row of the raster to a coordinate: those of the picture as it was, from those of what it is now.
static void put_matrix(geo *g, double *rows)
{
    for (double *r = rows; r < rows + 12; r += 4) {
        const double a = r[0], b = r[1];
        r[0] = a * g->back[0] + b * g->back[3];
        r[1] = a * g->back[1] + b * g->back[4];
        r[3] += a * g->back[2] + b * g->back[5];
    }
    kal__directory_add(g->out, MATRIX, KAL__IFD_DOUBLE, 16, rows);
}

static void put_turned(geo *g, const double scale[3], const double point[6])
{
    double *m = kal__take(g->values, 16, sizeof *m);
    if (!m) {
        g->failed = true;
        return;
    }
    const double rows[16] = {scale[0], 0,         0,        point[3] - point[0] * scale[0],
                             0,        -scale[1], 0,        point[4] + point[1] * scale[1],
                             0,        0,         scale[2], point[5] - point[2] * scale[2],
                             0,        0,         0,        1};
    memcpy(m, rows, sizeof rows);
    put_matrix(g, m);
}

static void put_place(geo *g)
{
    size_t n_scale, n_points, n_matrix;
    double *scale = doubles(g, SCALE, &n_scale), *points = doubles(g, POINTS, &n_points),
           *matrix = doubles(g, MATRIX, &n_matrix);
    const double *m = g->map;
    const bool straight = m[0] > 0 && m[4] > 0 && m[1] == 0 && m[3] == 0;
    if (n_matrix == 16) put_matrix(g, matrix);
    if (n_scale >= 3 && n_points >= 6 && !straight && n_matrix != 16) {
        put_turned(g, scale, points);
        return;
    }
    for (size_t i = 0; i + 6 <= n_points; i += 6) through(m, &points[i], &points[i + 1]);
    if (n_points >= 6) kal__directory_add(g->out, POINTS, KAL__IFD_DOUBLE, n_points / 6 * 6, points);
    if (n_scale >= 3 && straight) {
        scale[0] /= m[0];
        scale[1] /= m[4];
        kal__directory_add(g->out, SCALE, KAL__IFD_DOUBLE, 3, scale);
    }
}

static void put_as_it_is(geo *g, unsigned tag)
{
    kal__ifd_entry e;
    if (!kal__ifd_find(&g->t, g->t.first, tag, &e) || !e.count) return;
    void *v = kal__take(g->values, e.size, 1);
    g->failed |= !v;
    if (!v) return;
    kal__ifd_copy(&g->t, &e, v);
    kal__directory_add(g->out, tag, e.type, e.count, v);
}

static bool says_place(const kal__ifd *t)
{
    kal__ifd_entry e;
    return kal__ifd_find(t, t->first, SCALE, &e) || kal__ifd_find(t, t->first, POINTS, &e) ||
           kal__ifd_find(t, t->first, MATRIX, &e);
}

bool kal__geo_stands(const kal__meta *m)
{
    geo g = {.failed = false};
    return m->geo.size && kal__ifd_open(&g.t, m->geo.data, m->geo.size) &&
           (!says_place(&g.t) || (!m->adrift && take_map(&g, m)));
}

bool kal__geo_to_write(const kal__meta *m, kal__directory *out, kal__arena *values)
{
    static const double stays[6] = {1, 0, 0, 0, 1, 0};
    static const unsigned place[] = {SCALE, POINTS, MATRIX}, rest[] = {KEYS, DOUBLES, TEXTS};
    geo g = {.values = values, .out = out};
    if (!m->geo.size || !kal__ifd_open(&g.t, m->geo.data, m->geo.size)) return true;
    put_as_it_is(&g, NODATA);
    if (!kal__geo_stands(m)) return !g.failed;
    take_map(&g, m);
    for (int i = 0; i < 3; i++) put_as_it_is(&g, rest[i]);
    if (memcmp(m->place, stays, sizeof stays) != 0)
        put_place(&g);
    else
        for (int i = 0; i < 3; i++) put_as_it_is(&g, place[i]);
    return !g.failed;
}
