// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The modes in floats: for bytes, where that tells which one it is; see lay_bytes.c.
#include "modes.h"

#include "cpu.h"

#define REAL float
#define ROOT __builtin_sqrtf
#define CHUNK kal__near_chunk
#define MODE kal__near_mode
#define MODES kal__near_modes
#include "modes_body.h"
