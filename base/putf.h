// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// snprintf with a decimal point, whatever the program's locale writes in its place: what we print is read again, by us and by others.
#ifndef KAL_PUTF_H
#define KAL_PUTF_H

#include <kal/base.h>
#include <stdarg.h>
#include <stddef.h>

int kal__format(char *buf, size_t n, const char *fmt, ...) KAL_PRINTF(3, 4);
int kal__vformat(char *buf, size_t n, const char *fmt, va_list args) KAL_PRINTF(3, 0);

#endif
