// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See modes.h and lay.c.
#include "modes.h"

#include "cpu.h"

#define REAL double
#define ROOT __builtin_sqrt
#define CHUNK kal__chunk
#define MODE kal__mode
#define MODES kal__modes
#include "modes_body.h"
