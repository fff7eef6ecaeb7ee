// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What the tests of numbers share, beside nothing of the library: failed checks, bits of doubles, and numbers at random.
#ifndef NUMBERS_H
#define NUMBERS_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static int failures;

// Prints one line, with the case at hand, per failed check.
#define REQUIRE(condition, ...)                                             \
    do {                                                                    \
        if (!(condition)) {                                                 \
            fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition); \
            fprintf(stderr, __VA_ARGS__);                                   \
            fputc('\n', stderr);                                            \
            failures++;                                                     \
        }                                                                   \
    } while (0)

static inline uint64_t to_bits(double v)
{
    uint64_t u;
    memcpy(&u, &v, sizeof u);
    return u;
}

static inline double from_bits(uint64_t u)
{
    double v;
    memcpy(&v, &u, sizeof v);
    return v;
}

// Knuth's MMIX generator; its low bits are weak, so two high halves make one number.
static inline uint64_t next_random(uint64_t *state)
{
    uint64_t r = 0;
    for (int i = 0; i < 2; i++) {
        *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        r = (r << 32) | (*state >> 32);
    }
    return r;
}

#endif
