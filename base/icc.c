// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See icc.h. Curves: 'curv' and 'para' (ICC.1:2022, 10.6 and 10.18); colorants: 'XYZ ' (10.31).
#include "icc.h"

#include "fmath.h"
#include "mem.h"

#include <math.h>
#include <string.h>

enum { HEAD = 128, ROW = 12 };

static uint32_t be(const unsigned char *p, int n)
{
    uint32_t v = 0;
    for (int i = 0; i < n; i++) v = v << 8 | p[i];
    return v;
}

// s15Fixed16Number
static double fixed(const unsigned char *p)
{
    return (int32_t)be(p, 4) / 65536.0;
}

static const unsigned char *within(const kal__blob *b, uint64_t at, uint64_t n)
{
    return at <= b->size && n <= b->size - at ? (const unsigned char *)b->data + at : NULL;
}

static uint32_t count_of(const kal__blob *icc)
{
    const unsigned char *p = within(icc, HEAD, 4);
    return p ? be(p, 4) : 0;
}

const unsigned char *kal__icc_tag(const kal__blob *icc, const char signature[5], size_t *n)
{
    const uint32_t count = count_of(icc);
    for (uint32_t i = 0; i < count; i++) {
        const unsigned char *row = within(icc, HEAD + 4 + (uint64_t)ROW * i, ROW);
        if (!row) return NULL;
        if (memcmp(row, signature, 4) != 0) continue;
        *n = be(row + 8, 4);
        return *n < 8 ? NULL : within(icc, be(row + 4, 4), *n);
    }
    return NULL;
}

bool kal__icc_is_whole(const kal__blob *icc)
{
    const unsigned char *head = within(icc, 0, HEAD + 4);
    if (!head || memcmp(head + 36, "acsp", 4) || be(head, 4) > icc->size) return false;
    const uint32_t count = count_of(icc);
    bool whole = count > 0;
    for (uint32_t i = 0; i < count && whole; i++) {
        const unsigned char *row = within(icc, HEAD + 4 + (uint64_t)ROW * i, ROW);
        whole = row && within(icc, be(row + 4, 4), be(row + 8, 4));
    }
    return whole;
}

// ---- curves -------------------------------------------------------------------------------------

static double sampled(const unsigned char *p, size_t n, double x)
{
    const size_t count = n < 12 ? 0 : be(p + 8, 4);
    if (n < 12 || count > (n - 12) / 2) return -1;
    if (!count) return x;
    if (count == 1) return kal__pow(x, be(p + 12, 2) / 256.0);
    const double at = x * (double)(count - 1);
    const size_t i = at < (double)(count - 2) ? (size_t)at : count - 2;
    const double low = be(p + 12 + 2 * i, 2), high = be(p + 14 + 2 * i, 2);
    return (low + (high - low) * (at - (double)i)) / 65535;
}

// Kind 0 to 4: parameters g a b c d e f as far as it has them.
static double parametric(const unsigned char *p, size_t n, double x)
{
    static const int has[] = {1, 3, 4, 5, 7};
    const int kind = n < 12 ? 5 : (int)be(p + 8, 2);
    double v[7] = {1, 1};
    if (kind > 4 || n < 12 + 4 * (size_t)has[kind]) return -1;
    for (int i = 0; i < has[kind]; i++) v[i] = fixed(p + 12 + 4 * (size_t)i);
    const double g = v[0], a = v[1], b = v[2], base = a * x + b < 0 ? 0 : a * x + b;
    if (kind < 3) return (a * x + b >= 0 ? kal__pow(base, g) : 0) + (kind == 2 ? v[3] : 0);
    return x >= v[4] ? kal__pow(base, g) + v[5] : v[3] * x + v[6];
}

// What a curve makes of x, both from 0 to 1; -1: it is none that is known.
static double through(const unsigned char *p, size_t n, double x)
{
    return !memcmp(p, "curv", 4) ? sampled(p, n, x) : !memcmp(p, "para", 4) ? parametric(p, n, x) : -1;
}

// Compared as code values, where a step is the same everywhere (IEC 61966-2-1).
static bool is_srgb_curve(const kal__blob *icc, const char *signature)
{
    size_t n;
    const unsigned char *p = kal__icc_tag(icc, signature, &n);
    for (int i = 0; i <= 32 && p; i++) {
        const double x = i / 32.0, y = through(p, n, x);
        const double code = y <= 0.0031308 ? 12.92 * y : 1.055 * kal__pow(y, 1 / 2.4) - 0.055;
        if (y < 0 || fabs(code - x) > 0.5 / 255) return false;
    }
    return p != NULL;
}

// ---- sRGB ---------------------------------------------------------------------------------------

// Red, green and blue.
static const struct {
    char colorant[5], curve[5];
} channels[] = {{"rXYZ", "rTRC"}, {"gXYZ", "gTRC"}, {"bXYZ", "bTRC"}};

// Primaries under D50, by Bradford's adaptation, and their numbers in ITU-T H.273 (8.1).
static const struct {
    int code;
    const char *name;
    double xyz[3][3];   // of red, green and blue
} primaries_known[] = {
    {1,
     "sRGB primaries",
     {{0.43607, 0.22249, 0.01392}, {0.38515, 0.71687, 0.09708}, {0.14307, 0.06061, 0.71410}}},
    {9,
     "Rec. 2020",
     {{0.67346, 0.27903, -0.00193}, {0.16566, 0.67534, 0.02998}, {0.12505, 0.04563, 0.79686}}},
    {12,
     "Display P3",
     {{0.51512, 0.24120, -0.00105}, {0.29198, 0.69225, 0.04189}, {0.15710, 0.06657, 0.78407}}}};

enum { SRGB };   // the first of them

static bool has_curve(const kal__blob *icc, const char *signature)
{
    size_t n;
    const unsigned char *p = kal__icc_tag(icc, signature, &n);
    return p && through(p, n, 0.5) >= 0;
}

bool kal__icc_is_usable(const kal__blob *icc)
{
    size_t n;
    if (!kal__icc_is_whole(icc)) return false;
    if (kal__icc_tag(icc, "A2B0", &n) || kal__icc_tag(icc, "A2B1", &n)) return true;
    if (!memcmp((const char *)icc->data + 16, "GRAY", 4)) return has_curve(icc, "kTRC");
    bool usable = true;
    for (size_t i = 0; i < 3 && usable; i++) {
        const unsigned char *p = kal__icc_tag(icc, channels[i].colorant, &n);
        usable = p && n >= 20 && !memcmp(p, "XYZ ", 4) && has_curve(icc, channels[i].curve);
    }
    return usable;
}

static bool is_colorant(const kal__blob *icc, const char *signature, const double xyz[3])
{
    size_t n;
    const unsigned char *p = kal__icc_tag(icc, signature, &n);
    bool same = p && n >= 20 && !memcmp(p, "XYZ ", 4);
    for (size_t i = 0; i < 3 && same; i++) same = fabs(fixed(p + 8 + 4 * i) - xyz[i]) < 0.001;
    return same;
}

bool kal__icc_is_srgb(const kal__blob *icc)
{
    size_t n;
    if (!kal__icc_is_whole(icc)) return false;
    const char *space = (const char *)icc->data + 16, *connection = (const char *)icc->data + 20;
    if (memcmp(connection, "XYZ ", 4) || kal__icc_tag(icc, "A2B0", &n) || kal__icc_tag(icc, "A2B1", &n))
        return false;   // a table comes before colorants and curves
    if (!memcmp(space, "GRAY", 4)) return is_srgb_curve(icc, "kTRC");
    bool same = !memcmp(space, "RGB ", 4);
    for (size_t i = 0; i < 3 && same; i++)
        same = is_colorant(icc, channels[i].colorant, primaries_known[SRGB].xyz[i]) &&
               is_srgb_curve(icc, channels[i].curve);
    return same;
}

// ---- gray as RGB --------------------------------------------------------------------------------

static void put_be(unsigned char *p, uint32_t v)
{
    for (int i = 3; i >= 0; i--, v >>= 8) p[i] = (unsigned char)v;
}

static size_t padded(size_t n)
{
    return (n + 3) & ~(size_t)3;
}

typedef struct packing {
    unsigned char *data;
    size_t row, at;
} packing;

static void add_row(packing *p, const char *signature, size_t at, size_t n)
{
    unsigned char *row = p->data + HEAD + 4 + ROW * p->row++;
    memcpy(row, signature, 4);
    put_be(row + 4, (uint32_t)at);
    put_be(row + 8, (uint32_t)n);
}

static void add_tag(packing *p, const char *signature, const unsigned char *tag, size_t n)
{
    memcpy(p->data + p->at, tag, n);
    add_row(p, signature, p->at, n);
    p->at += padded(n);
}

enum { COLORANT = 20 };

static void add_colorant(packing *p, const char *signature, const double xyz[3])
{
    unsigned char tag[COLORANT] = "XYZ ";
    for (size_t i = 0; i < 3; i++) put_be(tag + 8 + 4 * i, (uint32_t)(int32_t)kal__round(xyz[i] * 65536));
    add_tag(p, signature, tag, sizeof tag);
}

// Colorants, and one curve for all three.
static void add_colours(packing *p, const double xyz[3][3], const unsigned char *curve, size_t n)
{
    for (size_t c = 0; c < 3; c++) add_colorant(p, channels[c].colorant, xyz[c]);
    const size_t at = p->at;
    add_tag(p, channels[0].curve, curve, n);
    for (size_t c = 1; c < 3; c++) add_row(p, channels[c].curve, at, n);
}

static const char kept[][5] = {"desc", "cprt", "wtpt", "chad"};
enum { KEPT = sizeof kept / sizeof *kept };

static bool make_room(const kal__blob *icc, size_t curve, size_t rows, kal__blob *out, packing *p)
{
    size_t n, size = HEAD + 4 + padded(curve) + 3 * COLORANT;
    for (int i = 0; i < KEPT; i++)
        if (kal__icc_tag(icc, kept[i], &n)) size += padded(n), rows++;
    size += ROW * rows;
    *p = (packing){.data = out->data = kal__new_zero(size, 1), .at = HEAD + 4 + ROW * rows};
    if (!p->data) return false;
    out->size = size;
    memcpy(p->data, icc->data, HEAD);
    put_be(p->data, (uint32_t)size);
    memcpy(p->data + 12, "mntrRGB ", 8);
    memset(p->data + 84, 0, 16);   // the profile's digest, which was the other's
    put_be(p->data + HEAD, (uint32_t)rows);
    return true;
}

// With sRGB's primaries, which white and every gray are made of in equal parts, and the one curve three times.
bool kal__icc_rgb_of_gray(const kal__blob *icc, kal__blob *out)
{
    size_t n, tag_n;
    packing p;
    const unsigned char *curve = kal__icc_tag(icc, "kTRC", &n), *tag;
    if (!kal__icc_is_whole(icc) || memcmp((const char *)icc->data + 16, "GRAYXYZ ", 8) || !curve ||
        through(curve, n, 0.5) < 0)
        return true;
    if (!make_room(icc, n, 6, out, &p)) return false;
    for (int i = 0; i < KEPT; i++)
        if ((tag = kal__icc_tag(icc, kept[i], &tag_n))) add_tag(&p, kept[i], tag, tag_n);
    add_colours(&p, primaries_known[SRGB].xyz, curve, n);
    return true;
}

// ---- by code points -----------------------------------------------------------------------------
// Colours as video and newer pictures name them (ITU-T H.273, 8.1 and 8.2), as a profile of version 4.

// 'para' of kind 3: y = (a x + b)^g from d on, below it c x.
static const struct {
    int code;
    double v[5];
} transfers_known[] = {{1, {1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081}},
                       {4, {2.2, 1, 0, 0, 0}},
                       {5, {2.8, 1, 0, 0, 0}},
                       {8, {1, 1, 0, 0, 0}},
                       {13, {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045}}};

static const double white[] = {0.9642, 1, 0.8249};   // D50

static void put_fixed(unsigned char *p, double v)
{
    put_be(p, (uint32_t)(int32_t)kal__round(v * 65536));
}

static void add_text(packing *p, const char *signature, const char *text)
{
    unsigned char tag[28 + 2 * 64] = "mluc";
    const size_t n = strlen(text) < 64 ? strlen(text) : 64;
    put_be(tag + 8, 1);
    put_be(tag + 12, 12);
    memcpy(tag + 16, "enUS", 4);
    put_be(tag + 20, (uint32_t)(2 * n));
    put_be(tag + 24, 28);
    for (size_t i = 0; i < n; i++) tag[28 + 2 * i + 1] = (unsigned char)text[i];
    add_tag(p, signature, tag, 28 + 2 * n);
}

static void put_head(unsigned char *p, uint32_t size, uint32_t rows)
{
    static const unsigned char date[] = {0x07, 0xe6, 0, 5, 0, 1};   // of ICC.1:2022
    put_be(p, size);
    p[8] = 4, p[9] = 0x40;
    memcpy(p + 12, "mntrRGB XYZ ", 12);
    memcpy(p + 24, date, sizeof date);
    memcpy(p + 36, "acsp", 4);
    for (size_t i = 0; i < 3; i++) put_fixed(p + 68 + 4 * i, white[i]);
    put_be(p + HEAD, rows);
}

static bool make_profile(size_t primaries, size_t transfer, kal__blob *out)
{
    static const double adapted[] = {1.04788,  0.02292,  -0.05019, 0.02957, 0.99048,
                                     -0.01706, -0.00923, 0.01508,  0.75168};   // from D65
    enum { ROWS = 10, SIZE = HEAD + 4 + ROW * ROWS + 2 * (28 + 128) + 4 * COLORANT + 44 + 32 };
    unsigned char chad[44] = "sf32", curve[32] = "para";
    packing p = {.data = kal__new_zero(SIZE, 1), .at = HEAD + 4 + ROW * ROWS};
    if (!p.data) return false;
    for (size_t i = 0; i < 9; i++) put_fixed(chad + 8 + 4 * i, adapted[i]);
    curve[9] = 3;
    for (size_t i = 0; i < 5; i++) put_fixed(curve + 12 + 4 * i, transfers_known[transfer].v[i]);
    add_text(&p, "desc", primaries_known[primaries].name);
    add_text(&p, "cprt", "CC0");
    add_colorant(&p, "wtpt", white);
    add_tag(&p, "chad", chad, sizeof chad);
    add_colours(&p, primaries_known[primaries].xyz, curve, sizeof curve);
    put_head(p.data, (uint32_t)p.at, ROWS);
    *out = (kal__blob){p.data, p.at};
    return true;
}

// The curve of video is what sRGB's stands for where the primaries are its: viewers make no difference.
bool kal__icc_of_code_points(int primaries, int transfer, kal__blob *out)
{
    if (transfer == 6 || transfer == 14 || transfer == 15 || transfer == 2) transfer = 1;
    if (primaries == 2) primaries = 1;
    if (primaries == 1 && (transfer == 1 || transfer == 13)) return true;
    for (size_t i = 0; i < sizeof primaries_known / sizeof *primaries_known; i++)
        for (size_t k = 0; k < sizeof transfers_known / sizeof *transfers_known; k++)
            if (primaries_known[i].code == primaries && transfers_known[k].code == transfer)
                return make_profile(i, k, out);
    return true;
}
