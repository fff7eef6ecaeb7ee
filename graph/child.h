// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A program of somebody else's, run to its end or stopped: it and what it started are a process group, of which nothing is left afterwards.
#ifndef KAL_GRAPH_CHILD_H
#define KAL_GRAPH_CHILD_H

#include "mem.h"
#include "run.h"

typedef struct kal__child {
    char *const *words;   // words[0] is looked for in PATH when it has no slash
    bool
        pipe;   // `in` on its standard input, `out` from its standard output; else the one is empty, the other tells like the next
    const unsigned char *in;
    size_t in_size;
    const char *file;          // that it writes: watched, so that it does not become too large; NULL: none
    uint64_t most;             // bytes of what it gives
    double seconds;            // that it may take; 0: any
    const kal__watch *watch;   // NULL: nobody stops it
    kal__text out;             // of a pipe: what it gave; free with free
} kal__child;

/// KAL_OK: it ended with 0. Else one sentence with the end of what it said on standard error.
kal_status kal__child_run(kal__child *c, kal_error *err);

#endif
