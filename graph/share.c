// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// "50%" of an image whose size hangs on a value: a computed parameter like any other, so that printing, keys and a bare uncrop need
// nothing new. The formula has the steps of the plain percentage, in the same doubles.
#include "dynamic.h"

#include "apply.h"
#include "num.h"

#include <stdio.h>

static const kal_op *flagged(uint32_t flag)
{
    const kal_op *op = NULL;
    for (size_t i = 0; (op = kal_op_at(i)) != NULL && !(op->flags & flag);) i++;
    return op;
}

static kal_status formula_of(kal__schema s, const kal_param *p, double percent, char *out, size_t room,
                             kal_error *err)
{
    char number[32];
    kal__print_double(number, percent < 0 ? -percent : percent);
    const int n = snprintf(out, room, "%s%sfloor(%s / 100 * v%d + 0.5)%s", percent < 0 ? "-" : "",
                           percent > 0 && kal__param_is_size(p) ? "max(1, " : "", number,
                           p->kind == KAL_PARAM_Y, percent > 0 && kal__param_is_size(p) ? ")" : "");
    return n > 0 && (size_t)n < room ? KAL_OK : kal_fail(err, KAL_INTERNAL, "%s: no room", s.of);
}

kal_status kal__share(kal__shares *shares, kal__schema s, const kal_param *p, double percent, kal_error *err)
{
    const kal_op *size = flagged(KAL_OP_SIDES), *calc = flagged(KAL_OP_FORMULA);
    kal_node *sides = NULL;
    char formula[128];
    _Alignas(16) unsigned char params[KAL__PARAMS_ROOM];
    if (shares->n == KAL__MAX_BOUND)
        return kal_fail(err, KAL_LIMIT, "%s: more than %d parameters are computed", s.of, KAL__MAX_BOUND);
    if (!size || !calc)
        return kal_fail(err, KAL_INVALID, "%s: %s in percent of what is not known yet: no op works it out",
                        s.of, p->name);
    kal_status st = formula_of(s, p, percent, formula, sizeof formula, err);
    if (!st) st = kal__apply(size, NULL, &shares->of, 1, &sides, err);
    if (st) return st;
    const kal__schema of = kal__schema_of(calc);
    const char *text = formula;
    kal__params_default(of, params);
    memcpy(params + kal__param_find(of, "formula", 7)->offset, &text, sizeof text);
    const kal__bound values = {kal__bound_code(of, "values", 6), sides};
    kal__bound *b = &shares->bound[shares->n];
    b->code = (int32_t)(p - s.rows);
    st = kal__apply_later(calc, params, NULL, 0, &values, 1, &b->value, err);
    kal_node_unref(&sides);
    if (!st) shares->n++;
    return st;
}

void kal__shares_release(kal__shares *shares)
{
    for (int32_t i = 0; i < shares->n; i++) kal_node_unref(&shares->bound[i].value);
    shares->n = 0;
}
