// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// One line per op: the only registry. The record kal__op_NAME stands in ops/FILE.c; CMake compiles every file of this folder.
OP(crop)
OP(insert)
OP(uncrop)
OP(turn)
OP(gaussian)
OP(invert)
