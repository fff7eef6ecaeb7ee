// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// size: an image's width and height; no pixel is looked at, so nothing is decoded. size_scale: each side times a factor, rounded to whole
// pixels, halves to even. size_fits: 1 when neither side is larger than the other size's (or both are smaller), else 0: sizes are ordered
// in part only, of 2×5 and 3×4 neither fits the other.
#include "box.h"

static kal_status size_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)params, (void)out, (void)err;
    return KAL_OK;
}

static kal_status size_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered, (void)err;
    if (kal_value_make(out, KAL_VALUE_SIZE, 1, 2)) return KAL_NOMEM;
    out->v[0] = c->in[0]->extent.width;
    out->v[1] = c->in[0]->extent.height;
    return KAL_OK;
}

static const kal_measure size_measure = {.kind = KAL_VALUE_SIZE, .end = size_end};

const kal_op kal__op_size = {
    .name = "size",
    .version = 1,
    .family = "boxes",
    .help = "Width and height of the image\nNothing is decoded for it. resize photo (size other) makes one "
            "picture "
            "as large as another.",
    .inputs = "image",
    .params_size = sizeof(kal_size_p),
    .flags = KAL_OP_SIDES,
    .cost = 0.1f,
    .extent = size_check,
    .measure = &size_measure,
    .samples = KAL__SAMPLES(""),
};

// ---- size_scale ---------------------------------------------------------------------------------

static kal_status size_scale_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)out;
    kal_size_scale_p *p = params;
    kal__settle_second(p->x, &p->y);
    const kal_status st = kal__check_size("size_scale", "of", p->of, err);
    if (st || (kal__rint(p->of.v[0] * p->x) >= 1 && kal__rint(p->of.v[1] * p->y) >= 1)) return st;
    return kal_fail(err, KAL_INVALID, "size_scale: %g×%g times %g, %g is less than a pixel", p->of.v[0],
                    p->of.v[1], p->x, p->y);
}

static kal_status size_scale_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered, (void)err;
    const kal_size_scale_p *p = c->params;
    if (kal_value_make(out, KAL_VALUE_SIZE, 1, 2)) return KAL_NOMEM;
    out->v[0] = kal__rint(p->of.v[0] * p->x);
    out->v[1] = kal__rint(p->of.v[1] * p->y);
    return KAL_OK;
}

#define PARAMS kal_size_scale_p
static const kal_param size_scale_params[] = {KAL_SIZE_SCALE_PARAMS(KAL_SCHEMA)};
#undef PARAMS
KAL__ON_VALUES(size_scale, SIZE,
               "A size times a factor\nRounded to whole pixels, halves to even; a side of less than a pixel "
               "is an error.",
               "[5 7] 0.5", "[640 480] x=1.5 y=2");

// ---- size_fits ----------------------------------------------------------------------------------

static kal_status size_fits_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)out;
    const kal_size_fits_p *p = params;
    const kal_status st = kal__check_size("size_fits", "of", p->of, err);
    return st ? st : kal__check_size("size_fits", "into", p->into, err);
}

static kal_status size_fits_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered, (void)err;
    const kal_size_fits_p *p = c->params;
    const double *a = p->of.v, *b = p->into.v;
    if (kal_value_make(out, KAL_VALUE_NUMBERS, 1, 1)) return KAL_NOMEM;
    out->v[0] = p->smaller ? a[0] < b[0] && a[1] < b[1] : a[0] <= b[0] && a[1] <= b[1];
    return KAL_OK;
}

#define PARAMS kal_size_fits_p
static const kal_param size_fits_params[] = {KAL_SIZE_FITS_PARAMS(KAL_SCHEMA)};
#undef PARAMS
KAL__ON_VALUES(
    size_fits, NUMBERS,
    "1 when a size fits into another, else 0\nNeither side is larger; with smaller=true both are smaller.",
    "[2 3] into=[3 4]", "[2 5] [3 4]", "[2 4] [3 4] smaller=true");
