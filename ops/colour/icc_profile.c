// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See icc_profile.h.
#include "icc_profile.h"

#include "library.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

// ---- what a profile's header says (ICC.1:2022, 7.2) ---------------------------------------------

kal_status kal__icc_colours(const char *op, const char *what, const kal__icc *profile, int32_t *out,
                            kal_error *err)
{
    const char *p = profile->data;
    if (profile->size < 132 || memcmp(p + 36, "acsp", 4))
        return kal_fail(err, KAL_INVALID, "%s: %s is no ICC profile", op, what);
    *out = !memcmp(p + 16, "RGB ", 4) ? 3 : !memcmp(p + 16, "GRAY", 4) ? 1 : 0;
    if (*out) return KAL_OK;
    return kal_fail(err, KAL_INVALID, "%s: %s is a profile of %.4s; only RGB and GRAY are possible", op, what,
                    p + 16);
}

#ifndef KAL_NO_LCMS

#include <lcms2.h>

#if defined(__APPLE__)
#define LIBRARY "liblcms2.2.dylib"
#else
#define LIBRARY "liblcms2.so.2"
#endif

// ---- the library --------------------------------------------------------------------------------

#define NEEDED(F)                  \
    F(cmsGetEncodedCMMversion)     \
    F(cmsOpenProfileFromMem)       \
    F(cmsSaveProfileToMem)         \
    F(cmsCloseProfile)             \
    F(cmsCreateRGBProfile)         \
    F(cmsCreateGrayProfile)        \
    F(cmsBuildParametricToneCurve) \
    F(cmsFreeToneCurve)            \
    F(cmsMLUalloc)                 \
    F(cmsMLUsetASCII)              \
    F(cmsMLUfree)                  \
    F(cmsWriteTag)                 \
    F(cmsCreateTransform)          \
    F(cmsDoTransform)              \
    F(cmsDeleteTransform)

static struct {
    NEEDED(KAL__FUNCTION)
} lib;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char edition[32];

static void load(void)
{
    static const char *const names[] = {NEEDED(KAL__NAME)};
    if (!kal__library(LIBRARY, names, KAL__COUNT(names), KAL__COUNT(names), &lib)) return;
    snprintf(edition, sizeof edition, "lcms %d", lib.cmsGetEncodedCMMversion());
}

const char *kal__icc_edition(void)
{
    pthread_once(&once, load);
    return *edition ? edition : NULL;
}

static kal_status need_library(const char *op, kal_error *err)
{
    if (kal__icc_edition()) return KAL_OK;
    return kal_fail(err, KAL_UNSUPPORTED, "%s: Little CMS (%s) cannot be loaded", op, LIBRARY);
}

// ---- profiles by name ---------------------------------------------------------------------------

enum { SRGB_CURVE, LINEAR_CURVE, ADOBE_CURVE, PROPHOTO_CURVE, REC2020_CURVE };

// Little CMS's types: 1: y = x^g; 4: y = (a x + b)^g from x = d on, below it c x. Parameters g a b c d.
static const struct {
    int32_t type;
    double v[5];
} curves[] = {
    [SRGB_CURVE] = {4, {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045}},   // IEC 61966-2-1
    [LINEAR_CURVE] = {1, {1}},
    [ADOBE_CURVE] = {1, {563 / 256.0}},                        // Adobe RGB (1998), 4.3.1.2
    [PROPHOTO_CURVE] = {4, {1.8, 1, 0, 1 / 16.0, 1 / 32.0}},   // ISO 22028-2
    [REC2020_CURVE] = {4,
                       {1 / 0.45, 1 / 1.09929682680944, 0.09929682680944 / 1.09929682680944, 1 / 4.5,
                        0.08124285829863151}},   // ITU-R BT.2020
};

#define D65               \
    {                     \
        0.3127, 0.3290, 1 \
    }
#define D50               \
    {                     \
        0.3457, 0.3585, 1 \
    }

// In the order of KAL_PROFILES. Primaries: x y of red, green, blue; none: gray.
static const struct {
    const char *title;
    int32_t curve;
    cmsCIExyY white;
    double primaries[6];
} spaces[] = {
    {"sRGB", SRGB_CURVE, D65, {0.64, 0.33, 0.30, 0.60, 0.15, 0.06}},
    {"sRGB, linear", LINEAR_CURVE, D65, {0.64, 0.33, 0.30, 0.60, 0.15, 0.06}},
    {"Display P3", SRGB_CURVE, D65, {0.680, 0.320, 0.265, 0.690, 0.150, 0.060}},
    {"Adobe RGB (1998) compatible", ADOBE_CURVE, D65, {0.64, 0.33, 0.21, 0.71, 0.15, 0.06}},
    {"ROMM RGB", PROPHOTO_CURVE, D50, {0.7347, 0.2653, 0.1596, 0.8404, 0.0366, 0.0001}},
    {"Rec. 2020", REC2020_CURVE, D65, {0.708, 0.292, 0.170, 0.797, 0.131, 0.046}},
    {"Gray, sRGB curve", SRGB_CURVE, D50, {0}},
    {"Gray, linear", LINEAR_CURVE, D50, {0}},
};

static cmsHPROFILE make_space(int32_t name)
{
    const double *p = spaces[name].primaries;
    const cmsCIExyYTRIPLE primaries = {{p[0], p[1], 1}, {p[2], p[3], 1}, {p[4], p[5], 1}};
    cmsToneCurve *curve =
        lib.cmsBuildParametricToneCurve(NULL, curves[spaces[name].curve].type, curves[spaces[name].curve].v);
    if (!curve) return NULL;
    cmsToneCurve *const each[3] = {curve, curve, curve};
    cmsHPROFILE h = p[0] > 0 ? lib.cmsCreateRGBProfile(&spaces[name].white, &primaries, each)
                             : lib.cmsCreateGrayProfile(&spaces[name].white, curve);
    lib.cmsFreeToneCurve(curve);
    cmsMLU *title = h ? lib.cmsMLUalloc(NULL, 1) : NULL;
    const bool named = title && lib.cmsMLUsetASCII(title, "en", "US", spaces[name].title) &&
                       lib.cmsWriteTag(h, cmsSigProfileDescriptionTag, title);
    if (title) lib.cmsMLUfree(title);
    if (h && !named) {
        lib.cmsCloseProfile(h);
        return NULL;
    }
    return h;
}

// The header's date (bytes 24 to 35) is when this was called, and would make every file another one: the day of ICC.1:2022 instead.
static void set_date(unsigned char *profile)
{
    static const unsigned char date[12] = {0x07, 0xe6, 0, 5, 0, 1};
    memcpy(profile + 24, date, sizeof date);
}

kal_status kal__icc_named(const char *op, int32_t name, kal__icc *out, kal_error *err)
{
    *out = (kal__icc){NULL, 0, NULL};
    const kal_status st = need_library(op, err);
    if (st) return st;
    cmsUInt32Number n = 0;
    cmsHPROFILE h = make_space(name);
    void *data = h && lib.cmsSaveProfileToMem(h, NULL, &n) && n >= 132 ? malloc(n) : NULL;
    const bool ok = data && lib.cmsSaveProfileToMem(h, data, &n);
    if (h) lib.cmsCloseProfile(h);
    if (!ok) {
        free(data);
        return kal_fail(err, KAL_NOMEM, "%s: out of memory for a profile", op);
    }
    set_date(data);
    *out = (kal__icc){data, n, data};
    return KAL_OK;
}

// ---- transforms ---------------------------------------------------------------------------------

static cmsUInt32Number format_of(const kal_extent *e)
{
    const bool gray = e->channels - e->alpha == 1;
    return FLOAT_SH(e->type == KAL_F32) | COLORSPACE_SH(gray ? PT_GRAY : PT_RGB) |
           EXTRA_SH(e->alpha ? 1u : 0u) | CHANNELS_SH(gray ? 1u : 3u) |
           BYTES_SH((cmsUInt32Number)kal_type_size(e->type));
}

kal_status kal__icc_way_new(const char *op, const kal__icc *from, const kal_extent *in, const kal__icc *to,
                            const kal_extent *out, int32_t intent, bool black_point, kal__icc_way **way,
                            kal_error *err)
{
    // A cache of the last pixel would be written by all threads; alpha is not colour.
    const cmsUInt32Number flags =
        cmsFLAGS_NOCACHE | cmsFLAGS_COPY_ALPHA | (black_point ? cmsFLAGS_BLACKPOINTCOMPENSATION : 0);
    const kal_status st = need_library(op, err);
    if (st) return st;
    cmsHPROFILE a = lib.cmsOpenProfileFromMem(from->data, (cmsUInt32Number)from->size);
    cmsHPROFILE b = lib.cmsOpenProfileFromMem(to->data, (cmsUInt32Number)to->size);
    cmsHTRANSFORM t =
        a && b ? lib.cmsCreateTransform(a, format_of(in), b, format_of(out), (cmsUInt32Number)intent, flags)
               : NULL;
    const char *which = !a   ? "the profile it comes from is damaged"
                        : !b ? "the profile it goes to is damaged"
                             : "one of the profiles has no table for this direction and intent";
    if (a) lib.cmsCloseProfile(a);
    if (b) lib.cmsCloseProfile(b);
    *way = t;
    return t ? KAL_OK : kal_fail(err, KAL_CORRUPT, "%s: %s", op, which);
}

void kal__icc_way_row(const kal__icc_way *way, const void *src, void *dst, size_t n)
{
    lib.cmsDoTransform((cmsHTRANSFORM)(uintptr_t)way, src, dst, (cmsUInt32Number)n);
}

void kal__icc_way_free(kal__icc_way *way)
{
    if (way) lib.cmsDeleteTransform(way);
}

#else

const char *kal__icc_edition(void)
{
    return NULL;
}

static kal_status not_there(const char *op, kal_error *err)
{
    return kal_fail(err, KAL_UNSUPPORTED, "%s: this build has no Little CMS", op);
}

kal_status kal__icc_named(const char *op, int32_t name, kal__icc *out, kal_error *err)
{
    (void)name;
    *out = (kal__icc){NULL, 0, NULL};
    return not_there(op, err);
}

kal_status kal__icc_way_new(const char *op, const kal__icc *from, const kal_extent *in, const kal__icc *to,
                            const kal_extent *out, int32_t intent, bool black_point, kal__icc_way **way,
                            kal_error *err)
{
    (void)from, (void)in, (void)to, (void)out, (void)intent, (void)black_point;
    *way = NULL;
    return not_there(op, err);
}

void kal__icc_way_row(const kal__icc_way *way, const void *src, void *dst, size_t n)
{
    (void)way, (void)src, (void)dst, (void)n;
}

void kal__icc_way_free(kal__icc_way *way)
{
    (void)way;
}

#endif

// Curves are a few kilobytes; tables are read as they are in the file, in floats, and made into one grid of up to 33³ colours.
size_t kal__icc_way_bytes(const kal__icc *from, const kal__icc *to)
{
    const size_t files = from->size + to->size;
    return ((size_t)256 << 10) + (files > (size_t)32 << 10 ? 4 * files + ((size_t)1 << 20) : 0);
}
