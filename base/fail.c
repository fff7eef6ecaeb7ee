// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See fail.h.
#include "fail.h"

#include "putf.h"

#include <stdarg.h>
#include <stdio.h>

kal_status kal__repeat(const kal_error *was, kal_error *err)
{
    if (err) *err = *was;
    return was->status;
}

kal_status kal__cannot_write(kal_error *err, const char *fmt, ...)
{
    char what[sizeof err->message];
    va_list args;
    va_start(args, fmt);
    kal__vformat(what, sizeof what, fmt, args);
    va_end(args);
    kal_fail(err, KAL_IO, "%s", what);
    if (err) err->about = KAL_ABOUT_OUTPUT;
    return KAL_IO;
}

kal_status kal__of_output(kal_status st, kal_error *err)
{
    if (err && st && st != KAL_IO) err->about = KAL_ABOUT_OUTPUT;
    return st;
}

kal_status kal__nobody_waits(kal_status st, const char *name, kal_error *err)
{
    return kal_fail(err, st, "%s: nobody waits for it any more", name);
}

kal_status kal__over_limit(kal_error *err, const char *lift, const char *fmt, ...)
{
    char what[sizeof err->message], how[160];
    const int n = snprintf(how, sizeof how, "; --limits %s or kal_limits_set lifts it", lift);
    va_list args;
    va_start(args, fmt);
    kal__vformat(what, sizeof what, fmt, args);
    va_end(args);
    return kal_fail(err, KAL_LIMIT, "%.*s%s", (int)sizeof what - 1 - n, what, how);
}

kal_status kal__within_limits(const char *name, const char *codec, uint64_t width, uint64_t height,
                              const kal_limits *limits, kal_error *err)
{
    const uint64_t side = limits->side ? limits->side : KAL_MAX_SIDE,
                   longer = width > height ? width : height;
    if (longer > side)
        return kal__over_limit(err, "side=N", "%s: %s: a side of %llu pixels is more than the limit of %llu",
                               name, codec, (unsigned long long)longer, (unsigned long long)side);
    if (width && height > limits->pixels / width)
        return kal__over_limit(err, "pixels=N", "%s: %s: %llu×%llu pixels are more than the limit of %llu",
                               name, codec, (unsigned long long)width, (unsigned long long)height,
                               (unsigned long long)limits->pixels);
    return KAL_OK;
}
