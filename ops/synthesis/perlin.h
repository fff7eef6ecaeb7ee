// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Gradient noise (K. Perlin, "Improving Noise", 2002) on a lattice whose directions come from counted numbers.
#ifndef KAL_OPS_PERLIN_H
#define KAL_OPS_PERLIN_H

#include "counter.h"

/// About -1..1, 0 on the lattice; |x|, |y| < 2^31.
double kal__perlin(uint32_t seed, double x, double y);
/// Layers of it, each of twice the frequency and `gain` times the height; divided by the sum of heights.
double kal__perlin_layers(uint32_t seed, double x, double y, int32_t octaves, double gain);

#endif
