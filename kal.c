// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The one place that joins the rooms: ops and codecs as tables for graph, which knows neither by name.
#include "codec.h"
#include "optimize.h"
#include <kal/kal.h>

extern const kal_op kal__op_load, kal__op_exec;
#define OP(name) extern const kal_op kal__op_##name;
#include "ops/list.h"
#undef OP
#define CODEC(name) extern const kal__codec kal__codec_##name;
#include "io/list.h"
#undef CODEC

extern const kal_op kal__op_table;   // ours alone
extern const kal_op *const kal__table_op;
extern const kal_op *const kal__ops[];
extern const size_t kal__n_ops;
extern const kal__codec *const kal__codecs[];
extern const size_t kal__n_codecs;

const kal_op *const kal__table_op = &kal__op_table;
const kal_op *const kal__ops[] = {
    &kal__op_load,
    &kal__op_exec,
#define OP(name) &kal__op_##name,
#include "ops/list.h"
#undef OP
};
const size_t kal__n_ops = sizeof kal__ops / sizeof *kal__ops;

const kal__optimize_ops kal__optimize_ops_used = {&kal__op_cast,
                                                  &kal__op_embed,
                                                  &kal__op_resize,
                                                  &kal__op_icc_transform,
                                                  {&kal__op_ssimulacra2, &kal__op_dssim}};

const kal__codec *const kal__codecs[] = {
#define CODEC(name) &kal__codec_##name,
#include "io/list.h"
#undef CODEC
    &kal__codec_optimize,
};
const size_t kal__n_codecs = sizeof kal__codecs / sizeof *kal__codecs;
