// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Everything. Start with docs/tutorial.md; the shortest program is in the README.
#ifndef KAL_KAL_H
#define KAL_KAL_H

#include <kal/base.h>
#include <kal/eval.h>
#include <kal/graph.h>
#include <kal/io.h>
#include <kal/map.h>
#include <kal/memo.h>
#include <kal/op.h>
#include <kal/optimize.h>
#include <kal/ops.h>
#include <kal/text.h>

#endif
