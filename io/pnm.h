// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What reading (pnm.c) and writing (pnm_write.c) the Netpbm family share.
#ifndef KAL_IO_PNM_H
#define KAL_IO_PNM_H

#include "codec.h"
#include "mem.h"

static inline bool kal__little_endian(void)
{
    const uint16_t one = 1;
    return *(const unsigned char *)&one == 1;
}

/// Turns the bytes of n samples of a size around.
void kal__swap_samples(unsigned char *p, size_t n, size_t size);

#define KAL__PNM_PARAMS(P) P(BOOL, plain, false, 0, 0, "", "numbers as text (P2, P3)")
typedef struct kal__pnm_p {
    size_t size;
    KAL__PNM_PARAMS(KAL_FIELD)
} kal__pnm_p;
kal_status kal__pnm_accepts(const kal_extent *x, const void *params, size_t *memory, kal_error *err);
kal_status kal__pnm_begin(const kal_extent *x, const void *params, const kal__meta *meta, kal__writer *w,
                          kal__encoder **out, kal_error *err);
kal_status kal__pnm_put(kal__encoder *e, const unsigned char *src, ptrdiff_t stride, int32_t n,
                        kal_error *err);
kal_status kal__pnm_end(kal__encoder *e, kal_error *err);

#endif
