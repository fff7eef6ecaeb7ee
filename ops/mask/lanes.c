// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See lanes.h.
#include "lanes.h"

#include "cpu.h"

#define PLAIN(v) (v)
// bits of a float in order of size, and back
#define ORDERED(v) ((v) ^ (((v) >> 31) & INT32_MAX))

#define LOOP(name, T, params, args, expr)                  \
    KAL__INLINE void name##_body params                    \
    {                                                      \
        for (size_t i = 0; i < n; i++) dst[i] = (T)(expr); \
    }                                                      \
    KAL__VARIANTS(name, params, args)
#define LEAST(a, b) ((a) < (b) ? (a) : (b))
#define GREATEST(a, b) ((a) > (b) ? (a) : (b))

#define LANE(name, T, MAP, PICK, neutral, to_store)                                                          \
    LOOP(name##_take_t, T, (T *restrict dst, const T *restrict src, size_t n), (dst, src, n),                \
         PICK(dst[i], MAP(src[i])))                                                                          \
    LOOP(name##_mix_t, T, (T *restrict dst, const T *restrict a, const T *restrict src, size_t n),           \
         (dst, a, src, n), PICK(a[i], MAP(src[i])))                                                          \
    LOOP(name##_join_t, T, (T *restrict dst, const T *restrict a, const T *restrict b, size_t n),            \
         (dst, a, b, n), PICK(a[i], b[i]))                                                                   \
    LOOP(name##_add_t, T, (T *restrict dst, const T *restrict a, size_t n), (dst, a, n), PICK(dst[i], a[i])) \
    static void name##_take(void *dst, const void *src, size_t n)                                            \
    {                                                                                                        \
        name##_take_t(dst, src, n);                                                                          \
    }                                                                                                        \
    static void name##_mix(void *dst, const void *a, const void *src, size_t n)                              \
    {                                                                                                        \
        name##_mix_t(dst, a, src, n);                                                                        \
    }                                                                                                        \
    static void name##_join(void *dst, const void *a, const void *b, size_t n)                               \
    {                                                                                                        \
        name##_join_t(dst, a, b, n);                                                                         \
    }                                                                                                        \
    static void name##_add(void *dst, const void *a, size_t n)                                               \
    {                                                                                                        \
        name##_add_t(dst, a, n);                                                                             \
    }                                                                                                        \
    static void name##_load(void *dst, const void *src, size_t n)                                            \
    {                                                                                                        \
        for (size_t i = 0; i < n; i++) ((T *)dst)[i] = (T)MAP(((const T *)src)[i]);                          \
    }                                                                                                        \
    static void name##_fill(void *dst, size_t n)                                                             \
    {                                                                                                        \
        for (size_t i = 0; i < n; i++) ((T *)dst)[i] = (neutral);                                            \
    }                                                                                                        \
    static const kal__lane name = {sizeof(T),  name##_load, to_store,   name##_take,                         \
                                   name##_mix, name##_join, name##_add, name##_fill};

#define INFINITE 0x7f800000   // +∞; ordered, −∞ is the complement
static void store_least(void *dst, size_t n)
{
    int32_t *v = dst;
    for (size_t i = 0; i < n; i++) v[i] = v[i] == INT32_MAX ? INFINITE : ORDERED(v[i]);
}

static void store_greatest(void *dst, size_t n)
{
    int32_t *v = dst;
    for (size_t i = 0; i < n; i++) v[i] = v[i] == INT32_MIN ? ORDERED(~INFINITE) : ORDERED(v[i]);
}

LANE(least_u8, uint8_t, PLAIN, LEAST, UINT8_MAX, NULL)
LANE(least_u16, uint16_t, PLAIN, LEAST, UINT16_MAX, NULL)
LANE(least_f32, int32_t, ORDERED, LEAST, INT32_MAX, store_least)
LANE(greatest_u8, uint8_t, PLAIN, GREATEST, 0, NULL)
LANE(greatest_u16, uint16_t, PLAIN, GREATEST, 0, NULL)
LANE(greatest_f32, int32_t, ORDERED, GREATEST, INT32_MIN, store_greatest)
static const kal__lane *const lanes[2][3] = {{&least_u8, &least_u16, &least_f32},
                                             {&greatest_u8, &greatest_u16, &greatest_f32}};

const kal__lane *kal__lane_of(kal_type type, bool greatest)
{
    return lanes[greatest][type];
}
