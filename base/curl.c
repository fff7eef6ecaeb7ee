// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See curl.h.
#define _GNU_SOURCE
#include "curl.h"

#if KAL__CURL

#include <pthread.h>

#if defined(__APPLE__)
#define LIBRARY "libcurl.4.dylib"
#else
#define LIBRARY "libcurl.so.4"
#endif

struct kal__curl kal__curl;
static bool have;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void)
{
    static const char *const names[] = {KAL__CURL_FUNCTIONS(KAL__NAME)};
    const size_t n = sizeof names / sizeof *names;
    have = kal__library(LIBRARY, names, n, n, &kal__curl) && !kal__curl.curl_global_init(CURL_GLOBAL_DEFAULT);
}

kal_status kal__curl_ready(const char *name, kal_error *err)
{
    pthread_once(&once, load);
    return have ? KAL_OK
                : kal_fail(err, KAL_UNSUPPORTED, "%s: http: libcurl (%s) is not installed", name, LIBRARY);
}

#else

kal_status kal__curl_ready(const char *name, kal_error *err)
{
    return kal_fail(err, KAL_UNSUPPORTED, "%s: http: this build is without libcurl", name);
}

#endif
