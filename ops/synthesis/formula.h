// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The text of `expr`, read into a program of registers.
#ifndef KAL_OPS_FORMULA_H
#define KAL_OPS_FORMULA_H

#include <kal/base.h>

enum {
    KAL__FORMULA_ROOM = 1024,   // bytes of its canonical text
    KAL__FORMULA_PARTS = 256,   // numbers, names and operations in it
    KAL__FORMULA_LEAVES = 32,   // different numbers and names
    KAL__FORMULA_DEPTH = 24,    // results that wait for others
    KAL__FORMULA_IMAGES = 8,    // a..h
    KAL__FORMULA_VALUES = 16,   // v0..v15
};

// What a part does. Two things come from each row: the code and how it is written. Rank: how tightly an operator binds; 0: a function.
#define KAL__FORMULA_CODES(C)                                                                             \
    C(LT, "<", 2, 1)                                                                                      \
    C(LE, "<=", 2, 1)                                                                                     \
    C(GT, ">", 2, 1)                                                                                      \
    C(GE, ">=", 2, 1) C(EQ, "==", 2, 1) C(NE, "!=", 2, 1) C(ADD, "+", 2, 2) C(SUB, "-", 2, 2)             \
        C(MUL, "*", 2, 3) C(DIV, "/", 2, 3) C(NEG, "-", 1, 4) C(MIN, "min", 2, 0) C(MAX, "max", 2, 0)     \
            C(ABS, "abs", 1, 0) C(SQRT, "sqrt", 1, 0) C(CLAMP, "clamp", 3, 0) C(SELECT, "select", 3, 0)   \
                C(FLOOR, "floor", 1, 0) C(CEIL, "ceil", 1, 0) C(ROUND, "round", 1, 0) C(MOD, "mod", 2, 0) \
                    C(POW, "pow", 2, 0) C(EXP, "exp", 1, 0) C(LOG, "log", 1, 0) C(SIN, "sin", 1, 0)       \
                        C(COS, "cos", 1, 0)
typedef enum kal__formula_code {
#define KAL__FORMULA_ENUM(code, text, n, rank) KAL__DO_##code,
    KAL__FORMULA_CODES(KAL__FORMULA_ENUM)
#undef KAL__FORMULA_ENUM
        KAL__DO_LEAF,
} kal__formula_code;

// What a leaf is: an image's sample (0..7 for a..h), a place, a size, the channel's number, one of the values, or a number.
typedef enum kal__leaf_kind {
    KAL__LEAF_IMAGE,
    KAL__LEAF_X,
    KAL__LEAF_Y,
    KAL__LEAF_WIDTH,
    KAL__LEAF_HEIGHT,
    KAL__LEAF_CHANNEL,
    KAL__LEAF_VALUE,
    KAL__LEAF_NUMBER,
} kal__leaf_kind;
#define KAL__OF_CHANNEL (-1)   // as the index of a value: the one of the channel, v
typedef struct kal__leaf {
    kal__leaf_kind kind;
    int32_t index;   // of an image or a value
    double number;
} kal__leaf;

typedef struct kal__formula_step {
    kal__formula_code code;
    int32_t to, of[3];   // registers: the leaves come first
} kal__formula_step;

typedef struct kal__formula {
    int32_t n_leaves, n_steps, registers, result;
    kal__leaf leaves[KAL__FORMULA_LEAVES];
    kal__formula_step steps[KAL__FORMULA_PARTS];
} kal__formula;

/// One step on n numbers; `to` may be one of the others.
void kal__formula_do(kal__formula_code code, double *to, const double *a, const double *b, const double *c,
                     size_t n);

/// Reads `text` for an op, which errors begin with; `canonical` (KAL__FORMULA_ROOM bytes) becomes the one way of writing it: no bracket that is not needed, numbers as short as
/// they go. An error names the column, from 1.
kal_status kal__formula_read(const char *op, const char *text, kal__formula *out, char *canonical,
                             kal_error *err);

#endif
