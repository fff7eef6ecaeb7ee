// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// libheif, opened when the first HEIF file is met: a program that never meets one never pays for it or needs
// it. See heif.h.
#define _GNU_SOURCE
#include "heif.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#if KAL__HEIF

#if defined(__APPLE__)
#define LIBRARY "libheif.1.dylib"
#else
#define LIBRARY "libheif.so.1"
#endif

static pthread_once_t once = PTHREAD_ONCE_INIT;
static kal__heif lib;
static bool usable;
static char versions[2][300];

// "libheif 1.15.1, <decoder>, <encoder>": all that bits may depend on.
static void describe(char *out, size_t room, enum heif_compression_format format)
{
    int n = snprintf(out, room, "libheif %s", lib.heif_get_version());
    const struct heif_decoder_descriptor *decoder;
    const struct heif_encoder_descriptor *encoder;
    if (n > 0 && (size_t)n < room && lib.heif_get_decoder_descriptors &&
        lib.heif_decoder_descriptor_get_name && lib.heif_get_decoder_descriptors(format, &decoder, 1) > 0)
        n += snprintf(out + n, room - (size_t)n, ", %s", lib.heif_decoder_descriptor_get_name(decoder));
    if (n > 0 && (size_t)n < room && lib.heif_get_encoder_descriptors &&
        lib.heif_encoder_descriptor_get_name &&
        lib.heif_get_encoder_descriptors(format, NULL, &encoder, 1) > 0)
        snprintf(out + n, room - (size_t)n, ", %s", lib.heif_encoder_descriptor_get_name(encoder));
}

// Never closed: the library's plug-ins leave threads and tables behind.
static void load(void)
{
    void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!handle) return;
    bool all = true;
    void *f;
#define FIND(name)            \
    f = dlsym(handle, #name); \
    memcpy(&lib.name, &f, sizeof f);
#define FIND_NEEDED(name) FIND(name) all = all && f;
    KAL__HEIF_NEEDED(FIND_NEEDED)
    KAL__HEIF_OPTIONAL(FIND)
    if (!all) {
        dlclose(handle);
        return;
    }
    if (lib.heif_init) lib.heif_init(NULL);
    describe(versions[0], sizeof versions[0], heif_compression_HEVC);
    describe(versions[1], sizeof versions[1], heif_compression_AV1);
    usable = true;
}

const kal__heif *kal__heif_lib(void)
{
    pthread_once(&once, load);
    return usable ? &lib : NULL;
}

const char *kal__heif_version(void)
{
    return kal__heif_lib() ? versions[0] : NULL;
}

const char *kal__avif_version(void)
{
    return kal__heif_lib() ? versions[1] : NULL;
}

#else

const char *kal__heif_version(void)
{
    return NULL;
}

const char *kal__avif_version(void)
{
    return NULL;
}

#endif
