// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// lut3d: a colour through a cube of size³ colours v on 0..1, red changing fastest, tetrahedral interpolation in doubles. With
// t = clamp((in/max − low) / (high − low), 0, 1) · (size − 1), i = min(⌊t⌋, size − 2) and the fractions f = t − i of the three
// axes in falling order, from corner i over one along each axis in that order:
//
//     out = max · (c0 + f1 (c1 − c0) + f2 (c2 − c1) + f3 (c3 − c2))
//
// so that grays stay on the diagonal, and a cube of a sum of curves with straight pieces is exact. Of equal fractions red comes
// first, then green. 8 and 16 bits round half up and saturate; alpha stays; NaN counts as low.
#include "cube.h"
#include "planes.h"

#include <stdio.h>
#include <stdlib.h>

// The text of a .cube file, given or in a file, and what to call it in messages; NULL when there is a table.
static const char *text_of(const kal_lut3d_p *p, size_t *n, char name[], size_t room)
{
    snprintf(name, room, "lut3d%s%s", *p->file ? ": " : "", p->file);
    if (*p->file) return kal_file_bytes(p->file, n);
    *n = strlen(p->cube);
    return *n ? p->cube : NULL;
}

// grid from the number of values, or what is wrong with it.
static kal_status settle_table(kal_lut3d_p *p, kal_error *err)
{
    int64_t size = 2;
    while (3 * size * size * size < p->table.n) size++;
    if (3 * size * size * size != p->table.n || (p->grid != KAL_AUTO && p->grid != size))
        return kal_fail(err, KAL_INVALID,
                        "lut3d: table has %d values; give three for each of size³ colours, or a .cube file: "
                        "file, or its text as cube",
                        p->table.n);
    p->grid = (int32_t)size;
    return KAL_OK;
}

static kal_status settle_cube(kal_lut3d_p *p, kal_error *err)
{
    kal__cube cube;
    char name[256];
    size_t n;
    const char *text = text_of(p, &n, name, sizeof name);
    const kal_status st = kal__cube_parse(name, text, n, false, &cube, err);
    if (st) return st;
    if (p->table.n || (*p->file && *p->cube) || (p->grid != KAL_AUTO && p->grid != cube.size))
        return kal_fail(err, KAL_INVALID, "lut3d: give one of file, cube, and table with its grid");
    p->grid = cube.size;
    return KAL_OK;
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_lut3d_p *p = params;
    *out = c->in[0]->extent;
    const kal_status st = kal__check_rgb("lut3d", out, err);
    return st ? st : *p->cube || *p->file ? settle_cube(p, err) : settle_table(p, err);
}

static kal_status prepare(const kal_call *c, void **state, kal_error *err)
{
    const kal_lut3d_p *p = c->params;
    kal__cube *cube = calloc(1, sizeof *cube);
    if (!cube) return kal_fail(err, KAL_NOMEM, "lut3d: out of memory");
    *cube = (kal__cube){.size = p->grid, .high = {1, 1, 1}};
    char name[256];
    size_t n;
    const char *text = text_of(p, &n, name, sizeof name);
    const kal_status st = text ? kal__cube_parse(name, text, n, true, cube, err) : KAL_OK;
    if (st)
        free(cube);
    else
        *state = cube;
    return st;
}

static void release(void *state)
{
    kal__cube *cube = state;
    if (cube) free(cube->v);
    free(cube);
}

static size_t tables(const kal_call *c)
{
    char name[8];
    size_t n;
    return text_of(c->params, &n, name, sizeof name) ? n / 6 * 3 * sizeof(double)
                                                     : 0;   // three numbers take six bytes at least
}

// How far along an axis of the cube, in whole steps and the rest.
static double place(const kal__cube *cube, int32_t axis, double v, int32_t *whole)
{
    const double last = cube->size - 1;
    const double t = (v - cube->low[axis]) / (cube->high[axis] - cube->low[axis]) * last;
    const double inside = t > 0 ? t < last ? t : last : 0;
    *whole = (int32_t)inside < cube->size - 2 ? (int32_t)inside : cube->size - 2;
    return inside - *whole;
}

static void swap_if(double *f, size_t *step, int a, int b)
{
    if (f[a] >= f[b]) return;
    const double other = f[a];
    const size_t way = step[a];
    f[a] = f[b], step[a] = step[b];
    f[b] = other, step[b] = way;
}

static void look_up(const kal__cube *cube, const double *table, double max, double *const pixel[3])
{
    const size_t size = (size_t)cube->size;
    size_t step[3] = {3, 3 * size, 3 * size * size}, at = 0;
    double f[3];
    for (int32_t k = 0; k < 3; k++) {
        int32_t whole;
        f[k] = place(cube, k, *pixel[k] / max, &whole);
        at += step[k] * (size_t)whole;
    }
    swap_if(f, step, 0, 1);
    swap_if(f, step, 1, 2);
    swap_if(f, step, 0, 1);
    const double *c0 = table + at, *c1 = c0 + step[0], *c2 = c1 + step[1], *c3 = c2 + step[2];
    for (int32_t k = 0; k < 3; k++)
        *pixel[k] = max * (c0[k] + f[0] * (c1[k] - c0[k]) + f[1] * (c2[k] - c1[k]) + f[2] * (c3[k] - c2[k]));
}

static void some(const kal_job *j, double (*p)[KAL__SOME], size_t n)
{
    const kal__cube *cube = j->state;
    const double *table = cube->v ? cube->v : ((const kal_lut3d_p *)j->call->params)->table.v;
    const double max = kal_type_max(j->call->extent.type);
    for (size_t i = 0; i < n; i++)
        look_up(cube, table, max, (double *const[3]){&p[0][i], &p[1][i], &p[2][i]});
}

static kal_status run(const kal_job *j)
{
    return kal__planes_run(j, some);
}

#define PARAMS kal_lut3d_p
static const kal_param params[] = {KAL_LUT3D_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_lut3d = {
    .name = "lut3d",
    .version = 1,
    .family = "colour",
    .help =
        "Colours through a cube of colours, between which tetrahedra interpolate\n"
        "Of a .cube file, named or as text, or of table: size³ colours of red, green and blue on 0..1, red\n"
        "changing fastest. What lies outside of the cube counts as its border. Alpha stays.",
    .inputs = "image",
    KAL__PARAMS(params, kal_lut3d_p),
    .n_later = 1,
    .flags = KAL_OP_POINTWISE,
    .cost = 6,
    .extent = extent,
    .prepare = prepare,
    .release = release,
    .tables = tables,
    .run = run,
    .samples = KAL__SAMPLES("grid=2 table=[0 0 0 1 0.2 0 0 1 0 0.9 1 0 0 0 1 1 0 1 0.1 1 1 1 1 0.8]"),
};
