// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Includes BODY for each instruction set. There NAME(down) is the function's name of this one, TARGET stands before it, and VEC is a vector of LANES floats,
// which NAME(kal__load) and the others of lanes.h are for. KAL__CHOOSE makes them one.
#include "lanes.h"

#define NAME(name) name##_c
#define TARGET
#define VEC kal__vec_c
#define LANES 4
#include BODY
#undef NAME
#undef TARGET
#undef VEC
#undef LANES

#ifdef KAL__TARGET_AVX2
#define NAME(name) name##_avx2
#define TARGET KAL__TARGET_AVX2
#define VEC kal__vec_avx2
#define LANES 8
#include BODY
#undef NAME
#undef TARGET
#undef VEC
#undef LANES

#define NAME(name) name##_avx512
#define TARGET KAL__TARGET_AVX512
#define VEC kal__vec_avx512
#define LANES 16
#include BODY
#undef NAME
#undef TARGET
#undef VEC
#undef LANES
#endif
#undef BODY
