// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// calc: a formula of numbers, as expr is one of samples, and with the same steps: in doubles, IEEE rounding, in the order it is written.
// a, b, c and d are the numbers at one place of the lists of those names; a list of one number serves for every place. v0..v15 are the
// numbers of `values`. Its result has as many numbers as the longest list; without a list, one. What is not finite is refused.
#include "box.h"

#include "synthesis/formula.h"

#include <stdlib.h>

enum { LISTS = 4, MOST = 65536 };

static void lists_of(const kal_calc_p *p, kal_list l[LISTS])
{
    l[0] = p->a, l[1] = p->b, l[2] = p->c, l[3] = p->d;
}

static kal_status length_of(const kal_calc_p *p, int32_t *n, kal_error *err)
{
    kal_list l[LISTS];
    lists_of(p, l);
    *n = 0;
    for (int32_t i = 0; i < LISTS; i++) *n = l[i].n > *n ? l[i].n : *n;
    for (int32_t i = 0; i < LISTS; i++)
        if (l[i].n > 1 && l[i].n != *n)
            return kal_fail(err, KAL_INVALID,
                            "calc: one list has %d numbers and %c has %d; as many, or 1, are needed", *n,
                            'a' + i, l[i].n);
    if (*n > MOST) return kal_fail(err, KAL_LIMIT, "calc: %d numbers are too many", *n);
    return KAL_OK;
}

static kal_status check_leaf(const kal__leaf *l, const kal_calc_p *p, const kal_list *lists, kal_error *err)
{
    switch (l->kind) {
    case KAL__LEAF_IMAGE:
        if (l->index >= LISTS)
            return kal_fail(err, KAL_INVALID, "calc: the formula names %c; lists are a, b, c and d",
                            'a' + l->index);
        if (lists[l->index].n) return KAL_OK;
        return kal_fail(err, KAL_INVALID, "calc: the formula names %c, and there are no numbers in %c",
                        'a' + l->index, 'a' + l->index);
    case KAL__LEAF_VALUE:
        if (l->index == KAL__OF_CHANNEL)
            return kal_fail(err, KAL_INVALID,
                            "calc: numbers have no channel whose v there would be; v0..v15");
        if (l->index < p->values.n) return KAL_OK;
        return kal_fail(err, KAL_INVALID, "calc: the formula names v%d, and values has %d numbers", l->index,
                        p->values.n);
    case KAL__LEAF_Y:
    case KAL__LEAF_HEIGHT:
    case KAL__LEAF_CHANNEL:
        return kal_fail(err, KAL_INVALID,
                        "calc: numbers have a place, x of width, and no y, height or channel");
    case KAL__LEAF_X:
    case KAL__LEAF_WIDTH:
    case KAL__LEAF_NUMBER: break;
    }
    return KAL_OK;
}

static kal_status calc_check(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)out;
    // The caller copies it into the node before this thread reads another formula.
    static _Thread_local char canonical[KAL__FORMULA_ROOM];
    char text[KAL__FORMULA_ROOM];
    kal_calc_p *p = params;
    kal_list lists[LISTS];
    kal__formula f;
    int32_t n;
    lists_of(p, lists);
    kal_status st = length_of(p, &n, err);
    if (!st) st = kal__formula_read("calc", p->formula, &f, text, err);
    for (int32_t i = 0; !st && i < f.n_leaves; i++) st = check_leaf(&f.leaves[i], p, lists, err);
    if (st) return st;
    memcpy(canonical, text, sizeof text);
    p->formula = canonical;
    return KAL_OK;
}

static double number_at(const kal__leaf *l, const kal_calc_p *p, const kal_list *lists, int32_t i, int32_t n)
{
    switch (l->kind) {
    case KAL__LEAF_IMAGE: return lists[l->index].v[lists[l->index].n == 1 ? 0 : i];
    case KAL__LEAF_VALUE: return p->values.v[l->index];
    case KAL__LEAF_X: return i;
    case KAL__LEAF_WIDTH: return n;
    default: return l->number;
    }
}

// Registers hold n numbers each.
static const double *calculate(const kal__formula *f, const kal_calc_p *p, double *registers, int32_t n)
{
    kal_list lists[LISTS];
    lists_of(p, lists);
    for (int32_t k = 0; k < f->n_leaves; k++)
        for (int32_t i = 0; i < n; i++) registers[k * n + i] = number_at(&f->leaves[k], p, lists, i, n);
    for (int32_t k = 0; k < f->n_steps; k++) {
        const kal__formula_step *s = &f->steps[k];
        const double *of[3];
        for (int i = 0; i < 3; i++) of[i] = s->of[i] < 0 ? NULL : registers + s->of[i] * n;
        kal__formula_do(s->code, registers + s->to * n, of[0], of[1], of[2], (size_t)n);
    }
    return registers + f->result * n;
}

static kal_status calc_end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)gathered;
    const kal_calc_p *p = c->params;
    char text[KAL__FORMULA_ROOM];
    kal__formula f;
    int32_t longest;
    kal_status st = length_of(p, &longest, err);
    if (!st) st = kal__formula_read("calc", p->formula, &f, text, err);
    if (st) return st;
    const int32_t n = longest ? longest : 1;
    double *registers = kal__new((size_t)f.registers * (size_t)n, sizeof *registers);
    if (!registers) return KAL_NOMEM;
    const double *result = calculate(&f, p, registers, n);
    for (int32_t i = 0; i < n && !st; i++)
        if (result[i] - result[i] != 0)
            st = kal_fail(err, KAL_INVALID,
                          "calc: number %d is not finite: a division by 0, or more than there is", i + 1);
    if (!st) st = kal_value_make(out, KAL_VALUE_NUMBERS, 1, n);
    if (!st) memcpy(out->v, result, (size_t)n * sizeof *result);
    free(registers);
    return st;
}

#define PARAMS kal_calc_p
static const kal_param calc_params[] = {KAL_CALC_PARAMS(KAL_SCHEMA)};
#undef PARAMS

static const kal_measure calc_measure = {.kind = KAL_VALUE_NUMBERS, .end = calc_end};

const kal_op kal__op_calc = {
    .name = "calc",
    .version = 1,
    .family = "boxes",
    .help = "Numbers from numbers, by a formula\n"
            "a, b, c, d are numbers at one place of these lists, x the place, width how many there are; "
            "v0..v15 the numbers in "
            "values.\n"
            "Operators and functions are those of expr. Half as large as another: resize photo size=(calc "
            "\"a / 2\" (size other)).\n"
            "The longer side: calc \"max(v0, v1)\" values=(size photo). Of four numbers a place is made as x "
            "y width height.",
    .inputs = "",
    KAL__PARAMS(calc_params, kal_calc_p),
    .flags = KAL_OP_FORMULA,
    .cost = 0.1f,
    .extent = calc_check,
    .measure = &calc_measure,
    .samples = KAL__SAMPLES("\"a / 2\" [640 480]", "\"max(v0, v1) * 2\" values=[640 480]",
                            "\"a * b + x\" [1 2 3] [10]", "\"select(a > v0, a, width)\" [1 5 9] values=4"),
};
