// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What reading (pnm.c) and writing (pnm_write.c) the Netpbm family share.
#ifndef KAL_IO_PNM_H
#define KAL_IO_PNM_H

#include "input.h"

/// Which of the family is written; a suffix that is one of these words asks for it.
#define KAL__PNM_FORMS "auto|pbm|pgm|ppm|pam|pfm"
typedef enum kal__pnm_form {
    KAL__PNM_AUTO,
    KAL__PNM_PBM,
    KAL__PNM_PGM,
    KAL__PNM_PPM,
    KAL__PNM_PAM,
    KAL__PNM_PFM
} kal__pnm_form;

#define KAL__PNM_PARAMS(P)                                        \
    P(BOOL, plain, false, 0, 0, "", "numbers as text (P1 to P3)") \
    P(CHOICE, form, KAL__PNM_AUTO, 0, 0, KAL__PNM_FORMS,          \
      "unset: as the suffix says; auto: what fits the picture")
typedef struct kal__pnm_p {
    size_t size;
    KAL__PNM_PARAMS(KAL_FIELD)
} kal__pnm_p;
kal_status kal__pnm_accepts(const kal_extent *x, const void *given, size_t *memory, kal_error *err);
kal_status kal__pnm_begin(const kal_extent *x, const void *given, const kal__meta *meta, kal__writer *w,
                          kal__encoder **out, kal_error *err);
kal_status kal__pnm_put(kal__encoder *e, const unsigned char *src, ptrdiff_t stride, int32_t n,
                        kal_error *err);
kal_status kal__pnm_end(kal__encoder *e, kal_error *err);

#endif
