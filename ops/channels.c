// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See channels.h.
#include "channels.h"

#define COPY(T)                                                     \
    do {                                                            \
        T *d = dst;                                                 \
        const T *s = src;                                           \
        for (size_t i = 0; i < n; i++) d[i * dstep] = s[i * sstep]; \
    } while (0)

void kal__copy_channel(void *dst, size_t dstep, const void *src, size_t sstep, size_t n, size_t size)
{
    if (size == 1)
        COPY(uint8_t);
    else if (size == 2)
        COPY(uint16_t);
    else
        COPY(uint32_t);
}

void kal__keep_alpha(const kal_extent *e, void *dst, const void *src, size_t n)
{
    if (!e->alpha) return;
    const size_t channels = (size_t)e->channels, size = kal_type_size(e->type), at = (channels - 1) * size;
    kal__copy_channel((unsigned char *)dst + at, channels, (const unsigned char *)src + at, channels, n,
                      size);
}

kal_status kal__check_pair(const char *op, const char *second, const kal_call *c, kal_error *err)
{
    static const char *const types[] = {"u8", "u16", "f32", "u32"};
    const kal_extent *a = &c->in[0]->extent, *b = &c->in[1]->extent;
    if (a->width != b->width || a->height != b->height)
        return kal_fail(err, KAL_INVALID,
                        "%s: the image is %d×%d and %s is %d×%d; crop, embed or resize one of them", op,
                        a->width, a->height, second, b->width, b->height);
    if (a->type != b->type)
        return kal_fail(err, KAL_INVALID, "%s: the image is %s and %s is %s; use cast", op, types[a->type],
                        second, types[b->type]);
    return KAL_OK;
}
