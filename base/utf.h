// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// UTF-8, and texts that become it.
#ifndef KAL_UTF_H
#define KAL_UTF_H

#include "mem.h"

/// How many bytes the character at p has, of n; 0: these are none.
size_t kal__utf8_character(const unsigned char *p, size_t n);
bool kal__is_utf8(const void *text, size_t n);
/// Appends a JSON string with its quotes. What is no UTF-8 (a path may hold any byte) becomes U+FFFD.
void kal__put_json(kal__text *t, const char *s);
/// Appends a character, as UTF-8.
void kal__put_utf8(kal__text *t, uint32_t c);
/// Appends a text as it is when it is UTF-8, else as the Latin-1 it is taken for.
void kal__put_utf8_or_latin(kal__text *t, const void *text, size_t n);
/// Appends UTF-16 up to a zero or the end, which may be anywhere.
void kal__put_wide(kal__text *t, const unsigned char *text, size_t n, bool big);
/// Appends UTF-8 as UTF-16, without a zero.
void kal__put_utf16(kal__text *t, const char *text, bool big);

#endif
