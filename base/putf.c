// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See putf.h.
#define _GNU_SOURCE
#include "putf.h"

#include <locale.h>
#include <pthread.h>
#include <stdio.h>

static locale_t plain;   // (locale_t)0: out of memory for it; then as the program has it

static void make_plain(void)
{
    plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
}

int kal__vformat(char *buf, size_t n, const char *fmt, va_list args)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_plain);
    const locale_t old = plain ? uselocale(plain) : (locale_t)0;
    const int length = vsnprintf(buf, n, fmt, args);
    if (old) uselocale(old);
    return length;
}

int kal__format(char *buf, size_t n, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const int length = kal__vformat(buf, n, fmt, args);
    va_end(args);
    return length;
}
