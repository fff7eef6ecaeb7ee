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

// The decoder libheif takes for a format; "" when it does not say.
static const char *decoder_of(enum heif_compression_format format)
{
    const struct heif_decoder_descriptor *decoder;
    if (!lib.heif_get_decoder_descriptors || !lib.heif_decoder_descriptor_get_name ||
        lib.heif_get_decoder_descriptors(format, &decoder, 1) < 1)
        return "";
    return lib.heif_decoder_descriptor_get_name(decoder);
}

// "libheif 1.15.1, <decoder>, <encoder>": all that bits may depend on. Those of a sound picture do not depend on workers;
// what a damaged one looks like may.
static void describe(char *out, size_t room, enum heif_compression_format format, bool several)
{
    int n = snprintf(out, room, "libheif %s", lib.heif_get_version());
    const char *decoder = decoder_of(format);
    const struct heif_encoder_descriptor *encoder;
    if (n > 0 && (size_t)n < room && *decoder)
        n += snprintf(out + n, room - (size_t)n, ", %s%s", decoder, several ? " on several threads" : "");
    if (n > 0 && (size_t)n < room && lib.heif_get_encoder_descriptors &&
        lib.heif_encoder_descriptor_get_name &&
        lib.heif_get_encoder_descriptors(format, NULL, &encoder, 1) > 0)
        snprintf(out + n, room - (size_t)n, ", %s", lib.heif_encoder_descriptor_get_name(encoder));
}

static const char *const names[] = {KAL__HEIF_NEEDED(KAL__NAME) KAL__HEIF_OPTIONAL(KAL__NAME)};
static const char *const needed[] = {KAL__HEIF_NEEDED(KAL__NAME)};

// Never closed: the library's plug-ins leave threads and tables behind.
static void load(void)
{
    void *others = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
    const bool there =
        kal__library(LIBRARY, names, sizeof names / sizeof *names, sizeof needed / sizeof *needed, &lib);
    if (others) dlclose(others);
    if (!there) return;
    if (lib.heif_init) lib.heif_init(NULL);
    // libheif's list of decoders has no lock: it is left alone where somebody else may be reading it.
    const bool several = !others && kal__hevc_register(&lib, decoder_of(heif_compression_HEVC));
    describe(versions[0], sizeof versions[0], heif_compression_HEVC, several);
    describe(versions[1], sizeof versions[1], heif_compression_AV1, false);
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
