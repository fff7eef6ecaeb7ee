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

// The primaries under D50, as sRGB's own profile has them.
static const struct {
    char colorant[5], curve[5];
    double xyz[3];
} srgb[] = {{"rXYZ", "rTRC", {0.43607, 0.22249, 0.01392}},
            {"gXYZ", "gTRC", {0.38515, 0.71687, 0.09708}},
            {"bXYZ", "bTRC", {0.14307, 0.06061, 0.71410}}};

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
        same = is_colorant(icc, srgb[i].colorant, srgb[i].xyz) && is_srgb_curve(icc, srgb[i].curve);
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
    const size_t at = p.at;
    add_tag(&p, srgb[0].curve, curve, n);
    for (size_t c = 1; c < 3; c++) add_row(&p, srgb[c].curve, at, n);
    for (size_t c = 0; c < 3; c++) add_colorant(&p, srgb[c].colorant, srgb[c].xyz);
    return true;
}
