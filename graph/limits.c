// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What decoding may cost, for the whole process.
#include "load.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static kal_limits limits = {.pixels = (uint64_t)1 << 30,
                            .file_bytes = (uint64_t)1 << 33,
                            .scans = 200,
                            .meta_bytes = (uint64_t)16 << 20};

pthread_mutex_t *kal__limits_mutex(void)
{
    return &lock;
}

void kal_limits_get(kal_limits *out)
{
    pthread_mutex_lock(&lock);
    *out = limits;
    pthread_mutex_unlock(&lock);
}

void kal_limits_set(const kal_limits *in)
{
    pthread_mutex_lock(&lock);
    limits = *in;
    pthread_mutex_unlock(&lock);
}
