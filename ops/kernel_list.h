// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// One line per kernel that has variants written by hand: the only registry. KERNEL(name, variants, parameters):
//   kal__NAME_c, the reference, stands in the file of its op; kal__NAME_avx2 and kal__NAME_avx512, as far as `variants` names them
//   (AVX2, AVX512, BOTH), stand in x86/FILE.c. All give the same bytes; tests/kernels holds them to it and times them.
KERNEL(lut_u8, BOTH, (uint8_t * dst, const uint8_t *src, size_t n, const uint8_t *table))
KERNEL(resize_v_u8, BOTH,
       (int16_t * dst, size_t pitch, size_t lines, const uint8_t *const *src, const int16_t *t, size_t taps,
        size_t n))
KERNEL(resize_h_u8, BOTH, (const struct kal__across_u8 *a))
KERNEL(resize_widen, BOTH,
       (double *dst, const void *src, kal_type type, size_t channels, bool alpha, size_t pixels))
KERNEL(resize_v_real, BOTH,
       (double *acc, const double *const *src, const double *t, size_t taps, size_t n, bool more))
KERNEL(resize_turn_real, AVX2, (double *dst, const double *src, size_t pitch, size_t n))
KERNEL(resize_h_real, BOTH, (const struct kal__across_real *a))
KERNEL(sep_v_u8, BOTH,
       (int16_t * dst, size_t step, int32_t lines, const void *const *rows, const int16_t *t, int32_t radius,
        int32_t shift, size_t n))
KERNEL(sep_h_u8, BOTH,
       (uint8_t * dst, const int16_t *row, const int16_t *t, int32_t radius, int32_t shift, size_t channels,
        size_t n))
#define SEP_WIDE(type)                                                                                       \
    KERNEL(sep_wide_##type, BOTH,                                                                            \
           (double *dst, size_t step, int32_t lines, const void *const *rows, const double *t, int32_t taps, \
            size_t n))
SEP_WIDE(u8)
SEP_WIDE(u16)
SEP_WIDE(f32)
SEP_WIDE(f64)
#undef SEP_WIDE
KERNEL(sum_f64, BOTH,
       (double *dst, const double *src, const int32_t *at, const double *w, int32_t taps, size_t n))
KERNEL(sum_i16, AVX2,
       (double *dst, const int16_t *src, const int32_t *at, const int16_t *w, int32_t taps, size_t n))
KERNEL(sum_u8, AVX2,
       (uint8_t * dst, const int16_t *src, const int32_t *at, const int16_t *w, int32_t taps, int32_t start,
        int32_t shift, size_t n))
KERNEL(weigh_u8, AVX2, (uint16_t * dst, const uint8_t *src, size_t pixels, size_t channels))
KERNEL(weigh_f64, BOTH, (double *v, size_t pixels, size_t channels))
KERNEL(unweigh_f64, BOTH, (double *v, size_t pixels, size_t channels, double scale, double offset))
KERNEL(narrow_u8, AVX2, (uint8_t * dst, const double *src, size_t n))
KERNEL(narrow_u16, AVX2, (uint16_t * dst, const double *src, size_t n))
KERNEL(sharpen_u8, AVX2, (uint8_t * dst, const uint8_t *src, size_t n, double amount, double threshold))
KERNEL(sharpen_u16, AVX2, (uint16_t * dst, const uint16_t *src, size_t n, double amount, double threshold))
KERNEL(gray_rgb_u8, BOTH, (uint8_t * dst, const uint8_t *src, size_t n))
KERNEL(gray_rgba_u8, AVX2, (uint8_t * dst, const uint8_t *src, size_t n))
KERNEL(above_rgb_u8, AVX2, (uint8_t * dst, const uint8_t *src, size_t n, uint8_t least))
KERNEL(above_rgba_u8, AVX2, (uint8_t * dst, const uint8_t *src, size_t n, uint8_t least))
KERNEL(pick3_u8, BOTH, (uint8_t * dst, const uint8_t *src, size_t n))
KERNEL(split3_u8, BOTH, (uint8_t * a, uint8_t *b, uint8_t *c, const uint8_t *src, size_t n))
KERNEL(join3_u8, BOTH, (uint8_t * dst, const uint8_t *a, const uint8_t *b, const uint8_t *c, size_t n))
KERNEL(flatten_rgba_u8, AVX2, (uint8_t * dst, const uint8_t *src, size_t n, const uint8_t *under))
KERNEL(over_rgb_u8, AVX2, (uint8_t * dst, const uint8_t *top, const uint8_t *base, size_t n))
KERNEL(over_rgba_u8, BOTH, (uint8_t * dst, const uint8_t *top, const uint8_t *base, size_t n))
KERNEL(permute_u8, BOTH,
       (uint8_t * dst, int32_t to, const uint8_t *src, int32_t from, size_t n, const uint8_t *pattern))
KERNEL(bilinear_gray_u8, AVX2,
       (uint8_t * dst, size_t n, const uint8_t *patch, ptrdiff_t stride, int64_t sx, int64_t sy, int64_t cos,
        int64_t sin))
KERNEL(bilinear_rgb_u8, AVX2,
       (uint8_t * dst, size_t n, const uint8_t *patch, ptrdiff_t stride, int64_t sx, int64_t sy, int64_t cos,
        int64_t sin))
KERNEL(bilinear_rgba_u8, AVX2,
       (uint8_t * dst, size_t n, const uint8_t *patch, ptrdiff_t stride, int64_t sx, int64_t sy, int64_t cos,
        int64_t sin))
KERNEL(gather_gray_u8, AVX2,
       (uint8_t * dst, size_t n, const uint8_t *patch, ptrdiff_t stride, const int64_t *x, const int64_t *y))
KERNEL(gather_rgb_u8, AVX2,
       (uint8_t * dst, size_t n, const uint8_t *patch, ptrdiff_t stride, const int64_t *x, const int64_t *y))
KERNEL(gather_rgba_u8, AVX2,
       (uint8_t * dst, size_t n, const uint8_t *patch, ptrdiff_t stride, const int64_t *x, const int64_t *y))
KERNEL(mirror_u8, AVX2, (uint8_t * dst, const uint8_t *src, size_t n, size_t pixel))
KERNEL(turn_1, AVX2, (uint8_t * dst, ptrdiff_t step, const uint8_t *const rows[8], size_t n))
KERNEL(turn_3, AVX2, (uint8_t * dst, ptrdiff_t step, const uint8_t *const rows[8], size_t n))
KERNEL(turn_4, AVX2, (uint8_t * dst, ptrdiff_t step, const uint8_t *const rows[8], size_t n))
KERNEL(f32_to_u8, BOTH, (uint8_t * dst, const float *src, size_t n))
KERNEL(f32_to_u16, BOTH, (uint16_t * dst, const float *src, size_t n))
KERNEL(stretch_f32, BOTH, (float *dst, const float *src, size_t n, const double *by))
KERNEL(scale_f32, BOTH, (float *dst, const float *src, size_t n, float scale, float offset))
KERNEL(clamp_f32, BOTH, (float *dst, const float *src, size_t n))
KERNEL(flip_far, AVX2, (uint8_t * dst, const uint8_t *src, size_t n))
KERNEL(histogram_u8, AVX2, (uint64_t * counts, const uint8_t *src, size_t n, size_t channels))
KERNEL(bilateral_u8, BOTH, (const struct kal__bilateral_row *row, int32_t colours))
// A row of samples goes into the histograms and, if there is one, another out. Then the row of medians of one channel: `side` columns, s
// samples apart, are a window.
KERNEL(median_count_u8, AVX2,
       (const struct kal__median_columns *c, const uint8_t *in, const uint8_t *out))
KERNEL(median_slide_u8, AVX2,
       (uint8_t * dst, const struct kal__median_columns *c, size_t channel, size_t s, size_t side, size_t n))
