// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A command, or a list of files, taken apart.
#ifndef KAL_GRAPH_WORDS_H
#define KAL_GRAPH_WORDS_H

#include "mem.h"

/// Blanks separate words; '…' is as it stands, in "…" and outside \ takes the next character as it is. {in} and {out} become these texts,
/// NULL: they are left. Words and their list (ended by NULL) are the arena's. INVALID: a quote is not closed.
kal_status kal__words_split(const char *text, const char *in, const char *out, kal__arena *arena,
                            char ***words, int *n, kal_error *err);

#endif
