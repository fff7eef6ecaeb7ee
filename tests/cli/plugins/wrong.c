// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A library whose op has a name that is for ours.
#include <kal/kal.h>

static const kal_op wrong = {.name = "fade", .version = 1, .inputs = "", .help = ""};
KAL_PLUGIN(&wrong)
