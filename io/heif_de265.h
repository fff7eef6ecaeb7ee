// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// libde265, which decodes HEVC: for libheif (heif_hevc.c), and tile by tile without it (heif_grid.c).
#ifndef KAL_IO_HEIF_DE265_H
#define KAL_IO_HEIF_DE265_H

#include "heif.h"

#if KAL__HEIF

/// One coded picture, and what it must be.
typedef struct kal__hevc_coded {
    kal__span config;   ///< hvcC
    kal__span data;     ///< NAL units, each behind its length in four bytes
    int width, height, bits;
    int matrix;   ///< by its number in nclx, with `full` range or not; -1: the stream says both
    bool full;
    /// Its rows as red, green and blue, one after another, made in `rgb`: planes of `width` samples.
    void (*row)(void *user, int y);
    void *user;
    unsigned char *rgb[3];
} kal__hevc_coded;
/// Whether it can be had.
bool kal__hevc_here(void);
/// Decodes it on the calling thread. CORRUPT: *why, a text that stays; UNSUPPORTED: so are its colours; NOMEM. Threads: any number at once.
kal_status kal__hevc_decode(const kal__hevc_coded *c, const char **why);

#if KAL__DE265

#include <libde265/de265.h>

#define KAL__DE265_NEEDED(F)                    \
    F(de265_get_version)                        \
    F(de265_get_error_text)                     \
    F(de265_init)                               \
    F(de265_new_decoder)                        \
    F(de265_set_parameter_bool)                 \
    F(de265_start_worker_threads)               \
    F(de265_free_decoder)                       \
    F(de265_push_NAL)                           \
    F(de265_flush_data)                         \
    F(de265_decode)                             \
    F(de265_get_next_picture)                   \
    F(de265_release_next_picture)               \
    F(de265_get_image_width)                    \
    F(de265_get_image_height)                   \
    F(de265_get_chroma_format)                  \
    F(de265_get_bits_per_pixel)                 \
    F(de265_get_image_plane)                    \
    F(de265_get_image_full_range_flag)          \
    F(de265_get_image_colour_primaries)         \
    F(de265_get_image_transfer_characteristics) \
    F(de265_get_image_matrix_coefficients)

typedef struct kal__de265 {
    KAL__DE265_NEEDED(KAL__FUNCTION)
} kal__de265;

/// Loaded at the first call; NULL: it cannot be had. Threads: any.
const kal__de265 *kal__de265_lib(void);
/// NAL units, each behind its length. NULL, or what is wrong with them.
const char *kal__de265_push(de265_decoder_context *c, const unsigned char *at, size_t n);
/// Its planes, and how RGB is made of them. false: a matrix that is not ours, or planes that do not belong together.
bool kal__de265_describe(const struct de265_image *from, int matrix, bool full, kal__ycc *out);

#endif
#endif
#endif
