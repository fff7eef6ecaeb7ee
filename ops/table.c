// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Applies the table that a run of ops was turned into (graph/tables.c). Not an op of the registry: nobody can name it.
#include "kernels.h"
#include "op.h"
#include "table.h"

#define MAP(T)                                                                                   \
    static void map_##T(T *dst, const uint8_t *src, size_t pixels, const kal__table *t)          \
    {                                                                                            \
        const size_t channels = (size_t)t->channels;                                             \
        const T *table = (const T *)(const void *)t->data;                                       \
        if (t->same)                                                                             \
            for (size_t i = 0; i < pixels * channels; i++) dst[i] = table[src[i]];               \
        else                                                                                     \
            for (size_t k = 0; k < channels; k++, table += 256)                                  \
                for (size_t i = k; i < pixels * channels; i += channels) dst[i] = table[src[i]]; \
    }
MAP(uint8_t)
MAP(uint16_t)
MAP(uint32_t)   // floats too: only moved

static kal_status run(const kal_job *j)
{
    const kal__table *t = j->state;
    size_t n;
    const int32_t rows = kal__rows_together(j, 1, &n);
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y += rows) {
        void *dst = kal_row(j->out, y);
        const uint8_t *src = kal_row(&j->in[0], y);
        if (t->size == 1 && t->same)
            kal__kernels()->lut_u8(dst, src, n * (size_t)t->channels, t->data);
        else if (t->size == 1)
            map_uint8_t(dst, src, n, t);
        else if (t->size == 2)
            map_uint16_t(dst, src, n, t);
        else
            map_uint32_t(dst, src, n, t);
    }
    return KAL_OK;
}

const kal_op kal__op_table = {.name = "table", .version = 1, .run = run};
