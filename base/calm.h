// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The floating-point environment we compute in: round to nearest, no flushed denormals. A caller may have another one; numbers in a text,
// tables made in prepare and kernels must not notice.
#ifndef KAL_CALM_H
#define KAL_CALM_H

#include <fenv.h>
#include <stdbool.h>

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

typedef struct kal__calm {
    fenv_t env;
    bool changed;
} kal__calm;

// Asking costs a nanosecond where it is possible, changing fifty: so ask.
static inline bool kal__is_calm(void)
{
#if defined(__SSE__)
    return (_mm_getcsr() & 0xe040u) == 0;   // rounding, flush to zero, denormals are zero
#else
    return false;
#endif
}

static inline kal__calm kal__calm_begin(void)
{
    kal__calm c = {.changed = !kal__is_calm()};
    if (c.changed) {
        fegetenv(&c.env);
        fesetenv(FE_DFL_ENV);
    }
    return c;
}

static inline void kal__calm_end(const kal__calm *c)
{
    if (c->changed) fesetenv(&c->env);
}

#endif
