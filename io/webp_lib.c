// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// libwebp, loaded when the first such file is met.
#include "webp.h"

#if KAL__WEBP

#include <pthread.h>
#include <stdio.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static kal__webp lib;
static char version[80];

static void load(void)
{
    static const char *const names[] = {KAL__WEBP_NEEDED(KAL__NAME)};
    const size_t n = sizeof names / sizeof *names;
    if (!kal__library(KAL__WEBP_LIBRARY, names, n, n, &lib)) return;
    const int d = lib.WebPGetDecoderVersion(), e = lib.WebPGetEncoderVersion();
    snprintf(version, sizeof version, "libwebp %d.%d.%d, encoder %d.%d.%d", d >> 16, d >> 8 & 255, d & 255,
             e >> 16, e >> 8 & 255, e & 255);
}

const kal__webp *kal__webp_lib(void)
{
    pthread_once(&once, load);
    return *version ? &lib : NULL;
}

const char *kal__webp_version(void)
{
    return kal__webp_lib() ? version : NULL;
}

#endif
