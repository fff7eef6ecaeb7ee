// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See space.h.
#include "space.h"

kal_status kal__space_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params;
    const kal__space *s = c->op->user;
    const char *op = c->op->name;
    *out = c->in[0]->extent;
    const kal_status st = kal__check_rgb(op, out, err);
    if (st) return st;
    if (out->type == KAL_U16 && !s->any_type)
        return kal__refuse_type(op, out, "have no layout for this; cast type=f32 first", err);
    out->model = s->from ? KAL_RGB : KAL_DATA;
    return KAL_OK;
}

static void to_bytes(const kal__space *s, int32_t k, double *v, size_t n)
{
    for (size_t i = 0; i < n; i++) v[i] = v[i] * s->scale[k] + s->offset[k];
    for (size_t i = 0; i < n && k == s->hue; i++) v[i] = v[i] >= 179.5 ? 0 : v[i];
}

static void from_bytes(const kal__space *s, int32_t k, double *v, size_t n)
{
    for (size_t i = 0; i < n; i++) v[i] = (v[i] - s->offset[k]) / s->scale[k];
}

static void turn(const kal_job *j, double (*p)[KAL__SOME], size_t n)
{
    const kal__space *s = j->call->op->user;
    const kal_type type = j->call->extent.type;
    for (int32_t k = 0; k < 3 && type == KAL_U8 && s->from; k++) from_bytes(s, k, p[k], n);
    s->turn(p[0], p[1], p[2], n, kal_type_max(type));
    for (int32_t k = 0; k < 3 && type == KAL_U8 && !s->from; k++) to_bytes(s, k, p[k], n);
}

kal_status kal__space_run(const kal_job *j)
{
    const kal__space *s = j->call->op->user;
    return s->bytes && j->call->extent.type == KAL_U8 ? kal__bytes_run(j, s->bytes)
                                                      : kal__planes_run(j, turn);
}
