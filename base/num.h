// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Numbers as text, the same under every locale and C library. The C library's strtod and printf
// use the decimal point of the current locale and may accept or print spellings that a recipe
// file must not contain; these functions know one spelling only and touch no global state.

#ifndef KAL_BASE_NUM_H
#define KAL_BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Reads the n bytes at s as one decimal number: an optional sign, digits with at most one '.'
// (at least one digit before or after it), and an optional exponent. Nothing else may be in the
// span: no spaces, hexadecimal, "inf" or "nan". The result is the double nearest to the written
// value, ties to even, however many digits there are; a value too small for a double becomes a
// denormal or 0, and zero is always +0. Returns false, leaving *out alone, if the span is
// malformed or the value rounds beyond the largest finite double.
bool kal__parse_double(const char *s, size_t n, double *out);

// The same of bytes, which may be told in units of 1024: "200K", "1.5MiB", "12B".
bool kal__parse_bytes(const char *s, size_t n, double *out);

// Writes the shortest decimal that kal__parse_double turns back into v (among equally short
// ones the nearest to v) and a terminating NUL; returns the length without the NUL. Magnitudes
// from 1e-5 up to but not including 1e16 are in plain notation ("6", "0.5", "-12.25"), others
// in the form "1e30" or "2.5e-9". Both zeros print as "0". v must be finite.
size_t kal__print_double(char buf[32], double v);

// Reads the n bytes at s as one decimal integer: an optional sign and digits, nothing else.
// Returns false, leaving *out alone, if the span is malformed or the value does not fit.
bool kal__parse_int(const char *s, size_t n, int64_t *out);

#endif
