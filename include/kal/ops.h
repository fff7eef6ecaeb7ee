// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The parameters of every op, and a constructor for each, a header a family:
//
//     kal_node *soft = kal_gaussian(scope, photo, kal_gaussian_params(.sigma = 2));
#ifndef KAL_OPS_H
#define KAL_OPS_H

#include <kal/ops/geometry.h>
#include <kal/ops/filter.h>
#include <kal/ops/colour.h>
#include <kal/ops/metadata.h>
#include <kal/ops/space.h>
#include <kal/ops/join.h>
#include <kal/ops/value.h>
#include <kal/ops/statistics.h>
#include <kal/ops/mask.h>
#include <kal/ops/metric.h>
#include <kal/ops/synthesis.h>
#include <kal/ops/draw.h>
#include <kal/ops/exec.h>

#endif
