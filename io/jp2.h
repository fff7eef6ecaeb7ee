// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What reading (jp2.c, jp2_head.c) and writing (jp2_write.c) JPEG 2000 share: the library, opened when the first such file is met, and what
// the boxes of a JP2 and the head of its codestream say, which are read here.
#ifndef KAL_IO_JP2_H
#define KAL_IO_JP2_H

#include "bytes.h"
#include "codec.h"
#include "library.h"
#include "mem.h"

#if !defined(KAL_NO_OPENJPEG) && defined(__has_include)
#if __has_include(<openjpeg.h>)
#define KAL__JP2 1   // its header was there when we were built
#endif
#endif

#if KAL__JP2

#include <openjpeg.h>

#define KAL__JP2_NEEDED(F)                \
    F(opj_version)                        \
    F(opj_stream_create)                  \
    F(opj_stream_destroy)                 \
    F(opj_stream_set_read_function)       \
    F(opj_stream_set_write_function)      \
    F(opj_stream_set_skip_function)       \
    F(opj_stream_set_seek_function)       \
    F(opj_stream_set_user_data)           \
    F(opj_stream_set_user_data_length)    \
    F(opj_set_error_handler)              \
    F(opj_set_warning_handler)            \
    F(opj_create_decompress)              \
    F(opj_destroy_codec)                  \
    F(opj_set_default_decoder_parameters) \
    F(opj_setup_decoder)                  \
    F(opj_decoder_set_strict_mode)        \
    F(opj_codec_set_threads)              \
    F(opj_read_header)                    \
    F(opj_set_decode_area)                \
    F(opj_decode)                         \
    F(opj_image_create)                   \
    F(opj_image_destroy)                  \
    F(opj_create_compress)                \
    F(opj_set_default_encoder_parameters) \
    F(opj_setup_encoder)                  \
    F(opj_start_compress)                 \
    F(opj_encode)                         \
    F(opj_end_compress)

typedef struct kal__openjpeg {
    KAL__JP2_NEEDED(KAL__FUNCTION)
} kal__openjpeg;

/// NULL when it cannot be had. Threads: any.
const kal__openjpeg *kal__jp2_lib(void);

#endif

// ---- what a file says ---------------------------------------------------------------------------

#define KAL__JP2_PALETTE 1024   // entries at most

/// A run of bytes of the file.
typedef struct kal__jp2_span {
    uint64_t at, size;
} kal__jp2_span;

typedef struct kal__jp2_head {
    kal_extent extent;
    uint64_t at, end;          // of the codestream
    uint32_t x0, y0, x1, y1;   // the picture, on the grid of the file
    uint32_t tile_x0, tile_y0, tile_w, tile_h;
    uint64_t tiles;
    int32_t components;   // of the codestream
    struct {
        int prec;
        bool sign;
    } component[KAL_MAX_CHANNELS];
    int32_t levels;   // of resolution that can be left out
    int32_t
        from[KAL_MAX_CHANNELS];   // the component, or the column of the palette, that a channel is made of
    bool premultiplied;
    int32_t entries, columns;   // of the palette; 0: there is none
    int column_prec[4];
    uint16_t palette[4][KAL__JP2_PALETTE];
    kal__jp2_span exif, icc, xmp;
    double density[2];
} kal__jp2_head;

bool kal__jp2_sniff(const unsigned char *p, size_t n);
kal_status kal__jp2_read_head(kal__reader *r, const kal_limits *limits, kal__jp2_head *h, kal_error *err);

/// Bits of a sample to those of ours, rounded.
static inline uint32_t kal__jp2_widen(uint32_t v, int prec, uint32_t most)
{
    const uint32_t top = (1u << prec) - 1;
    return top == most ? v : (v * most + top / 2) / top;
}

extern const unsigned char kal__jp2_exif_id[16], kal__jp2_xmp_id[16];

// ---- writing ------------------------------------------------------------------------------------

/// A suffix that is one of these words asks for it; all but the first are the codestream alone.
#define KAL__JP2_FORMS "jp2|j2k|j2c|jpc"
#define KAL__JP2_PARAMS(P)                                                                              \
    P(INT, quality, 80, 0, 100, "", "0..100: a noise of 20 + 0.35·quality dB below the largest sample") \
    P(BOOL, lossless, false, 0, 0, "", "every sample as it was")                                        \
    P(CHOICE, form, 0, 0, 0, KAL__JP2_FORMS,                                                            \
      "unset: as the suffix says; all but jp2 have no metadata, and do not tell that there is alpha")   \
    P(INT, tile, 0, 0, 1000000, "", "side of tiles, which are decoded by themselves; 0: one")           \
    P(BOOL, strip, false, 0, 0, "", "leave out EXIF, XMP, ICC and density")
typedef struct kal__jp2_p {
    size_t size;
    KAL__JP2_PARAMS(KAL_FIELD)
} kal__jp2_p;
kal_status kal__jp2_accepts(const kal_extent *x, const void *params, size_t *memory, kal_error *err);
kal_status kal__jp2_begin(const kal_extent *x, const void *params, const kal__meta *meta, kal__writer *w,
                          kal__encoder **out, kal_error *err);
kal_status kal__jp2_put(kal__encoder *e, const unsigned char *src, ptrdiff_t stride, int32_t n,
                        kal_error *err);
kal_status kal__jp2_end(kal__encoder *e, kal_error *err);

#endif
