// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See channels.h.
#include "channels.h"

#include "kernels.h"

void kal__pick3_u8_c(uint8_t *dst, const uint8_t *src, size_t n)
{
    for (size_t i = 0; i < n; i++) dst[i] = src[3 * i];
}

void kal__split3_u8_c(uint8_t *a, uint8_t *b, uint8_t *c, const uint8_t *src, size_t n)
{
    for (size_t i = 0; i < n; i++) a[i] = src[3 * i], b[i] = src[3 * i + 1], c[i] = src[3 * i + 2];
}

void kal__join3_u8_c(uint8_t *dst, const uint8_t *a, const uint8_t *b, const uint8_t *c, size_t n)
{
    for (size_t i = 0; i < n; i++) dst[3 * i] = a[i], dst[3 * i + 1] = b[i], dst[3 * i + 2] = c[i];
}

void kal__permute_u8_c(uint8_t *dst, int32_t to, const uint8_t *src, int32_t from, size_t n,
                       const uint8_t *pattern)
{
    for (size_t i = 0; i < n; i++, dst += to, src += from)
        for (int32_t k = 0; k < to; k++) dst[k] = src[pattern[k]];
}

#define COPY(T)                                                     \
    do {                                                            \
        T *d = dst;                                                 \
        const T *s = src;                                           \
        for (size_t i = 0; i < n; i++) d[i * dstep] = s[i * sstep]; \
    } while (0)

void kal__copy_channel(void *dst, size_t dstep, const void *src, size_t sstep, size_t n, size_t size)
{
    if (size == 1 && dstep == 1 && sstep == 3)
        kal__kernels()->pick3_u8(dst, src, n);
    else if (size == 1)
        COPY(uint8_t);
    else if (size == 2)
        COPY(uint16_t);
    else
        COPY(uint32_t);
}

void kal__choose_channels(void *dst, int32_t to, const void *src, int32_t from, size_t n, size_t size,
                          const uint8_t *pattern)
{
    if (size == 1 && to > 1 && to <= 4 && from <= 4) {
        kal__kernels()->permute_u8(dst, to, src, from, n, pattern);
        return;
    }
    for (size_t k = 0; k < (size_t)to; k++)
        kal__copy_channel((unsigned char *)dst + k * size, (size_t)to,
                          (const unsigned char *)src + pattern[k] * size, (size_t)from, n, size);
}

// Whole pixels as one number each, whose last bytes are alpha; rows of bytes need not be aligned to them.
#define KEEP(T)                                                                                      \
    KAL__INLINE void keep_##T##_body(unsigned char *restrict dst, const unsigned char *restrict src, \
                                     size_t n, T alpha)                                              \
    {                                                                                                \
        for (size_t i = 0; i < n; i++) {                                                             \
            T d, s;                                                                                  \
            memcpy(&d, dst + i * sizeof(T), sizeof(T));                                              \
            memcpy(&s, src + i * sizeof(T), sizeof(T));                                              \
            d = (T)((d & (T)~alpha) | (s & alpha));                                                  \
            memcpy(dst + i * sizeof(T), &d, sizeof(T));                                              \
        }                                                                                            \
    }                                                                                                \
    KAL__VARIANTS(keep_##T, (unsigned char *dst, const unsigned char *src, size_t n, T alpha),       \
                  (dst, src, n, alpha))
KEEP(uint16_t)
KEEP(uint32_t)
KEEP(uint64_t)

void kal__keep_alpha(const kal_extent *e, void *dst, const void *src, size_t n)
{
    if (!e->alpha) return;
    const size_t channels = (size_t)e->channels, size = kal_type_size(e->type), at = (channels - 1) * size;
    unsigned char mask[8] = {0};
    if (at + size <= 8) memset(mask + at, 255, size);
    uint16_t two;
    uint32_t four;
    uint64_t eight;
    memcpy(&two, mask, 2), memcpy(&four, mask, 4), memcpy(&eight, mask, 8);
    switch (at + size) {
    case 2: keep_uint16_t(dst, src, n, two); return;
    case 4: keep_uint32_t(dst, src, n, four); return;
    case 8: keep_uint64_t(dst, src, n, eight); return;
    }
    kal__copy_channel((unsigned char *)dst + at, channels, (const unsigned char *)src + at, channels, n,
                      size);
}

kal_status kal__check_pair(const char *op, const char *second, const kal_call *c, kal_error *err)
{
    const kal_extent *a = &c->in[0]->extent, *b = &c->in[1]->extent;
    if (a->width != b->width || a->height != b->height)
        return kal_fail(err, KAL_INVALID,
                        "%s: the image is %d×%d and %s is %d×%d; crop, embed or resize one of them", op,
                        a->width, a->height, second, b->width, b->height);
    if (a->type != b->type)
        return kal_fail(err, KAL_INVALID, "%s: the image is %s and %s is %s; use cast", op,
                        kal_type_name(a->type), second, kal_type_name(b->type));
    return KAL_OK;
}
