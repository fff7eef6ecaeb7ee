// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Blend modes of opaque bytes in integers. With p = round(x y / 255), which has no halves as 255 is odd, all of these are the formulas of
// lay.c to the bit; the tests try every pair.
#include "modes.h"

#include "cpu.h"

// round(x y / 255) for products up to 65,025: v / 255 is (v + 1 + v / 256) / 256 below 65,535, in 16 bits.
static inline uint16_t part(uint16_t x, uint16_t y)
{
    const uint16_t v = (uint16_t)((uint16_t)(x * y) + 127);
    return (uint16_t)((uint16_t)(v + 1 + (v >> 8)) >> 8);
}

// Of 2 y − 255, which is at least 1, or of 2 y.
static inline uint16_t twice(uint16_t y)
{
    return (uint16_t)(y < 128 ? 2 * y : 2 * y - 255);
}

static inline uint16_t hard(uint16_t b, uint16_t s)
{
    const uint16_t t = twice(s), p = part(b, t);
    return (uint16_t)(s < 128 ? p : b + t - p);
}

// b + s − 2 b s / 255
static inline uint16_t excluded(uint16_t b, uint16_t s)
{
    const uint16_t p = part(b, twice(s));
    return (uint16_t)(s < 128 ? b + s - p : s - p);
}

#define LOOP(name, value)                                                                     \
    KAL__INLINE void name##_body(uint8_t *restrict dst, const uint8_t *restrict image,        \
                                 const uint8_t *restrict base, size_t n)                      \
    {                                                                                         \
        for (size_t i = 0; i < n; i++) {                                                      \
            const uint16_t s = image[i], b = base[i];                                         \
            dst[i] = (uint8_t)(value);                                                        \
        }                                                                                     \
    }                                                                                         \
    KAL__VARIANTS(name, (uint8_t * dst, const uint8_t *image, const uint8_t *base, size_t n), \
                  (dst, image, base, n))
LOOP(multiply, part(b, s))
LOOP(screen, b + s - part(b, s))
LOOP(overlay, hard(s, b))
LOOP(hard_light, hard(b, s))
LOOP(darken, b < s ? b : s)
LOOP(lighten, b < s ? s : b)
LOOP(difference, b < s ? s - b : b - s)
LOOP(exclusion, excluded(b, s))
LOOP(add, b + s < 255 ? b + s : 255)

kal__opaque_fn *kal__opaque_u8(int32_t how)
{
    static kal__opaque_fn *const loops[] = {
        [KAL_MODE_PLUS] = add,
        [KAL_MODE_MULTIPLY] = multiply,
        [KAL_MODE_SCREEN] = screen,
        [KAL_MODE_OVERLAY] = overlay,
        [KAL_MODE_DARKEN] = darken,
        [KAL_MODE_LIGHTEN] = lighten,
        [KAL_MODE_HARD_LIGHT] = hard_light,
        [KAL_MODE_DIFFERENCE] = difference,
        [KAL_MODE_EXCLUSION] = exclusion,
        [KAL_MODE_ADD] = add,
    };
    return (size_t)how < KAL__COUNT(loops) ? loops[how] : NULL;
}

// ---- pairs ----------------------------------------------------------------------------------------

KAL__INLINE void line_body(uint8_t *restrict dst, const uint8_t *restrict image, const uint8_t *restrict base,
                           size_t n, float top, float rest, float half)
{
    for (size_t i = 0; i < n; i++)
        dst[i] = (uint8_t)(int32_t)(top * (float)image[i] + (rest * (float)base[i] + half));
}
KAL__VARIANTS(line,
              (uint8_t * dst, const uint8_t *image, const uint8_t *base, size_t n, float top, float rest,
               float half),
              (dst, image, base, n, top, rest, half))

static bool is_line(const kal__pairs *p)
{
    uint8_t image[256], base[256], got[256];
    for (int32_t i = 0; i < 256; i++) image[i] = (uint8_t)i;
    for (int32_t b = 0; b < 256; b++) {
        memset(base, b, sizeof base);
        line(got, image, base, 256, p->top, p->rest, p->half);
        if (memcmp(got, p->table + (size_t)b * 256, 256)) return false;
    }
    return true;
}

// Halves may have gone up or down in the table; then one of these does the same, or none.
void kal__pairs_try_line(kal__pairs *p, double share)
{
    static const float halves[] = {0.5f, 0.50001f, 0.49999f, 0.5001f, 0.4999f};
    p->top = (float)share;
    p->rest = (float)(1 - share);
    for (size_t i = 0; i < KAL__COUNT(halves) && !p->line; i++) {
        p->half = halves[i];
        p->line = is_line(p);
    }
}

void kal__pairs_row(const kal__pairs *p, uint8_t *dst, const uint8_t *image, const uint8_t *base, size_t n)
{
    if (p->line)
        line(dst, image, base, n, p->top, p->rest, p->half);
    else
        for (size_t i = 0; i < n; i++) dst[i] = p->table[base[i] << 8 | image[i]];
}
