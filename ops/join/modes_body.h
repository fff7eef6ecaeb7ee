// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The modes of modes.h in one kind of numbers: REAL, with its ROOT, its CHUNK and MODE, and MODES for the list of them. modes.c
// includes this for doubles, modes_near.c for floats; the formulas are in lay.c.

// ---- what the modes do to alpha, and operators to colours ----------------------------------------

static inline REAL least(REAL x, REAL y)
{
    return x < y ? x : y;
}

static inline REAL most(REAL x, REAL y)
{
    return x > y ? x : y;
}

#define OPERATOR(name, F, G, TOP)                                           \
    KAL__INLINE void name##_alpha_body(CHUNK *k, size_t n)                  \
    {                                                                       \
        for (size_t i = 0; i < n; i++) {                                    \
            const REAL a = k->a[i], c = k->c[i];                            \
            (void)a, (void)c;                                               \
            k->ao[i] = least((F)*a + (G)*c, TOP);                           \
        }                                                                   \
    }                                                                       \
    KAL__VARIANTS(name##_alpha, (CHUNK * k, size_t n), (k, n))              \
    KAL__INLINE void name##_colour_body(CHUNK *k, size_t n)                 \
    {                                                                       \
        for (size_t i = 0; i < n; i++) {                                    \
            const REAL a = k->a[i], c = k->c[i], ao = k->ao[i];             \
            const REAL sum = least((F)*a * k->s[i] + (G)*c * k->b[i], TOP); \
            k->d[i] = ao == 0 ? 0 : sum / ao;                               \
        }                                                                   \
    }                                                                       \
    KAL__VARIANTS(name##_colour, (CHUNK * k, size_t n), (k, n))
#define FREE (REAL) __builtin_inf()
OPERATOR(over, 1, 1 - a, FREE)
OPERATOR(clear, 0, 0, FREE)
OPERATOR(source, 1, 0, FREE)
OPERATOR(in, c, 0, FREE)
OPERATOR(out, 1 - c, 0, FREE)
OPERATOR(atop, c, 1 - a, FREE)
OPERATOR(dest, 0, 1, FREE)
OPERATOR(dest_over, 1 - c, 1, FREE)
OPERATOR(dest_in, 0, a, FREE)
OPERATOR(dest_out, 0, 1 - a, FREE)
OPERATOR(dest_atop, 1 - c, a, FREE)
OPERATOR(xor, 1 - c, 1 - a, FREE)
OPERATOR(plus, 1, 1, (REAL)1)

// ---- blend modes: B of the base's b and the image's s --------------------------------------------

static inline REAL screen_of(REAL b, REAL s)
{
    return b + s - b * s;
}

static inline REAL hard_light_of(REAL b, REAL s)
{
    return s <= (REAL)0.5 ? b * (2 * s) : screen_of(b, 2 * s - 1);
}

static inline REAL color_dodge_of(REAL b, REAL s)
{
    return b <= 0 ? 0 : s >= 1 ? 1 : least(1, b / (1 - s));
}

static inline REAL color_burn_of(REAL b, REAL s)
{
    return b >= 1 ? 1 : s <= 0 ? 0 : 1 - least(1, (1 - b) / s);
}

static inline REAL soft_light_of(REAL b, REAL s)
{
    if (s <= (REAL)0.5) return b - (1 - 2 * s) * b * (1 - b);
    const REAL d = b <= (REAL)0.25 ? ((16 * b - 12) * b + 4) * b : ROOT(b);
    return b + (2 * s - 1) * (d - b);
}

#define BLEND(name, B)                                                                      \
    KAL__INLINE void name##_colour_body(CHUNK *k, size_t n)                                 \
    {                                                                                       \
        for (size_t i = 0; i < n; i++) {                                                    \
            const REAL s = k->s[i], b = k->b[i], a = k->a[i], c = k->c[i], ao = k->ao[i];   \
            k->d[i] = ao == 0 ? 0 : (a * (1 - c) * s + a * c * (B) + (1 - a) * c * b) / ao; \
        }                                                                                   \
    }                                                                                       \
    KAL__VARIANTS(name##_colour, (CHUNK * k, size_t n), (k, n))
BLEND(multiply, b *s)
BLEND(screen, screen_of(b, s))
BLEND(overlay, hard_light_of(s, b))
BLEND(darken, least(b, s))
BLEND(lighten, most(b, s))
BLEND(color_dodge, color_dodge_of(b, s))
BLEND(color_burn, color_burn_of(b, s))
BLEND(hard_light, hard_light_of(b, s))
BLEND(soft_light, soft_light_of(b, s))
BLEND(difference, most(b, s) - least(b, s))
BLEND(exclusion, b + s - 2 * b * s)
BLEND(add, least(b + s, 1))
BLEND(mixed, k->d[i])

// ---- blend modes of three colours ----------------------------------------------------------------
// Lum, ClipColor, SetLum, Sat and SetSat of the specification. What is as light as no colour within the ends, as f32 may be, is not
// clipped; a gray may equal its own Lum or not, as rounding has it, and there is nothing to divide by when it does.

typedef struct rgb {
    REAL r, g, b;
} rgb;

static inline REAL lum(rgb c)
{
    return (REAL)0.3 * c.r + (REAL)0.59 * c.g + (REAL)0.11 * c.b;
}

static inline REAL lowest(rgb c)
{
    return least(least(c.r, c.g), c.b);
}

static inline REAL highest(rgb c)
{
    return most(most(c.r, c.g), c.b);
}

// l + (c − l) · by
static inline rgb spread(rgb c, REAL l, REAL by)
{
    return (rgb){l + (c.r - l) * by, l + (c.g - l) * by, l + (c.b - l) * by};
}

// What Lum may be off by.
#define ROUNDING 1e-6
static inline rgb clip(rgb c)
{
    const REAL l = lum(c), n = lowest(c), x = highest(c);
    const bool under = n < 0 && l > -(REAL)ROUNDING, over = x > 1 && l < 1 + (REAL)ROUNDING;
    const rgb low = spread(c, l, l / (under && l > n ? l - n : 1));
    c = (rgb){under ? low.r : c.r, under ? low.g : c.g, under ? low.b : c.b};
    const rgb high = spread(c, l, (1 - l) / (over && x > l ? x - l : 1));
    return (rgb){over ? high.r : c.r, over ? high.g : c.g, over ? high.b : c.b};
}

static inline rgb set_lum(rgb c, REAL l)
{
    const REAL d = l - lum(c);
    return clip((rgb){c.r + d, c.g + d, c.b + d});
}

static inline rgb set_sat(rgb c, REAL s)
{
    const REAL n = lowest(c), x = highest(c), by = x > n ? s : 0, range = x > n ? x - n : 1;
    return (rgb){(c.r - n) * by / range, (c.g - n) * by / range, (c.b - n) * by / range};
}

static inline REAL sat(rgb c)
{
    return highest(c) - lowest(c);
}

#define TOGETHER(name, B)                                                                                   \
    KAL__INLINE void name##_rgb_body(REAL(*restrict s)[KAL__CHUNK], REAL(*restrict b)[KAL__CHUNK],          \
                                     REAL(*restrict d)[KAL__CHUNK], size_t n)                               \
    {                                                                                                       \
        for (size_t i = 0; i < n; i++) {                                                                    \
            const rgb cs = {s[0][i], s[1][i], s[2][i]}, cb = {b[0][i], b[1][i], b[2][i]}, c = B;            \
            d[0][i] = c.r, d[1][i] = c.g, d[2][i] = c.b;                                                    \
        }                                                                                                   \
    }                                                                                                       \
    KAL__VARIANTS(name##_rgb, (REAL(*s)[KAL__CHUNK], REAL(*b)[KAL__CHUNK], REAL(*d)[KAL__CHUNK], size_t n), \
                  (s, b, d, n))
TOGETHER(hue, set_lum(set_sat(cs, sat(cb)), lum(cb)))
TOGETHER(saturation, set_lum(set_sat(cb, sat(cs)), lum(cb)))
TOGETHER(color, set_lum(cs, lum(cb)))
TOGETHER(luminosity, set_lum(cb, lum(cs)))

const MODE MODES[] = {
    {over_alpha, over_colour, true, NULL},
    {clear_alpha, clear_colour, false, NULL},
    {source_alpha, source_colour, false, NULL},
    {in_alpha, in_colour, false, NULL},
    {out_alpha, out_colour, false, NULL},
    {atop_alpha, atop_colour, true, NULL},
    {dest_alpha, dest_colour, true, NULL},
    {dest_over_alpha, dest_over_colour, true, NULL},
    {dest_in_alpha, dest_in_colour, false, NULL},
    {dest_out_alpha, dest_out_colour, false, NULL},
    {dest_atop_alpha, dest_atop_colour, false, NULL},
    {xor_alpha, xor_colour, false, NULL},
    {plus_alpha, plus_colour, true, NULL},
    {over_alpha, multiply_colour, true, NULL},
    {over_alpha, screen_colour, true, NULL},
    {over_alpha, overlay_colour, true, NULL},
    {over_alpha, darken_colour, true, NULL},
    {over_alpha, lighten_colour, true, NULL},
    {over_alpha, color_dodge_colour, true, NULL},
    {over_alpha, color_burn_colour, true, NULL},
    {over_alpha, hard_light_colour, true, NULL},
    {over_alpha, soft_light_colour, true, NULL},
    {over_alpha, difference_colour, true, NULL},
    {over_alpha, exclusion_colour, true, NULL},
    {over_alpha, add_colour, true, NULL},
    {over_alpha, mixed_colour, true, hue_rgb},
    {over_alpha, mixed_colour, true, saturation_rgb},
    {over_alpha, mixed_colour, true, color_rgb},
    {over_alpha, mixed_colour, true, luminosity_rgb},
};
