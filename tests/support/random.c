// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Random numbers and pictures from a seed.
#include "check.h"

// splitmix64: any seed is a good one.
uint32_t rng_next(rng *r)
{
    uint64_t z = (r->s += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)(z >> 32 ^ z >> 3);
}

int32_t rng_below(rng *r, int32_t n)
{
    return (int32_t)(rng_next(r) % (uint32_t)n);
}

void rng_pixels(rng *r, const kal_extent *e, void *data)
{
    const size_t n = (size_t)e->width * (size_t)e->height * (size_t)e->channels;
    int style = rng_below(r, 4);
    uint32_t flat = rng_next(r);
    for (size_t i = 0; i < n; i++) {
        if (!(rng_next(r) & 127)) style = rng_below(r, 4), flat = rng_next(r);
        const uint32_t v = style == 0   ? rng_next(r)
                           : style == 1 ? (rng_next(r) & 1 ? 0xffffffffu : 0)
                           : style == 2 ? flat
                                        : (uint32_t)i * 0x01030507u;
        switch (e->type) {
        case KAL_U8:
            ((uint8_t *)data)[i] = e->model == KAL_MASK ? (uint8_t)(v >> 31 ? 255 : 0) : (uint8_t)(v >> 24);
            break;
        case KAL_U16: ((uint16_t *)data)[i] = (uint16_t)(v >> 16); break;
        case KAL_U32: ((uint32_t *)data)[i] = v; break;
        case KAL_F32: ((float *)data)[i] = (float)(v >> 8) / 16777216.0f * 1.4f - 0.2f; break;
        }
    }
}

kal_node *rng_image(rng *r, kal_scope *s, const kal_extent *e)
{
    void *data = malloc(bytes_of(e));
    rng_pixels(r, e, data);
    kal_node *n = kal_pixels(s, e, data, (ptrdiff_t)((size_t)e->width * kal_pixel_size(e)));
    free(data);
    return n;
}

// Near each other along runs, as maps are; now and then far off.
kal_node *rng_map(rng *r, kal_scope *s, const kal_extent *e)
{
    const kal_extent m = {e->width, e->height, 2, KAL_F32, KAL_DATA, false};
    const size_t n = (size_t)m.width * (size_t)m.height;
    float *v = malloc(bytes_of(&m)), x = 0, y = 0, dx = 1, dy = 0;
    for (size_t i = 0; i < n; i++, x += dx, y += dy) {
        if (i == 0 || rng_below(r, 40) == 0) {
            x = (float)rng_below(r, 32 * (m.width + 12)) / 32 - 6;
            y = (float)rng_below(r, 32 * (m.height + 12)) / 32 - 6;
            dx = (float)rng_below(r, 65) / 32 - 1;
            dy = (float)rng_below(r, 9) / 64;
        }
        static const float odd[] = {
            __builtin_nanf(""), __builtin_inff(), -__builtin_inff(), 3e38f, -1e9f, 5e8f, 1e5f};
        v[2 * i] = rng_below(r, 90) ? x : odd[rng_below(r, 7)];
        v[2 * i + 1] = rng_below(r, 90) ? y : odd[rng_below(r, 7)];
    }
    kal_node *made = kal_pixels(s, &m, v, (ptrdiff_t)m.width * 8);
    free(v);
    return made;
}
