// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The tuned quantisers of JPEG: for those who write files with them, and for those who count what such files take.
#ifndef KAL_JPEG_STEPS_H
#define KAL_JPEG_STEPS_H

#include <stdbool.h>

/// Steps, in natural order, 1..255, of luma (plane 0) or chroma (1) at a quality of 1..100. `halved`: chroma has half the resolution both ways.
void kal__jpeg_steps(int plane, bool halved, int quality, unsigned out[64]);

#endif
