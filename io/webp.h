// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What reading (webp.c) and writing (webp_write.c) WebP share: the library, opened when the first such file is met, and the container, a RIFF
// of chunks, which is read and written here.
#ifndef KAL_IO_WEBP_H
#define KAL_IO_WEBP_H

#include "codec.h"
#include "library.h"
#include "mem.h"

#if !defined(KAL_NO_WEBP) && defined(__has_include)
#if __has_include(<webp/decode.h>) && __has_include(<webp/encode.h>)
#define KAL__WEBP 1   // its headers were there when we were built
#endif
#endif

#define KAL__WEBP_SIDE 16383   // of the format

#if KAL__WEBP

#include <webp/decode.h>
#include <webp/encode.h>

#define KAL__WEBP_NEEDED(F)          \
    F(WebPGetDecoderVersion)         \
    F(WebPGetEncoderVersion)         \
    F(WebPGetFeaturesInternal)       \
    F(WebPInitDecoderConfigInternal) \
    F(WebPDecode)                    \
    F(WebPFreeDecBuffer)             \
    F(WebPIDecode)                   \
    F(WebPIUpdate)                   \
    F(WebPIDecGetRGB)                \
    F(WebPIDelete)                   \
    F(WebPConfigInitInternal)        \
    F(WebPValidateConfig)            \
    F(WebPPictureInitInternal)       \
    F(WebPPictureAlloc)              \
    F(WebPPictureImportRGB)          \
    F(WebPPictureFree)               \
    F(WebPEncode)

typedef struct kal__webp {
    KAL__WEBP_NEEDED(KAL__FUNCTION)
} kal__webp;

#if defined(__APPLE__)
#define KAL__WEBP_LIBRARY "libwebp.7.dylib"
#else
#define KAL__WEBP_LIBRARY "libwebp.so.7"
#endif

/// NULL when it cannot be had. Threads: any.
const kal__webp *kal__webp_lib(void);
const char *kal__webp_version(void);

#endif

/// A run of bytes.
typedef struct kal__span {
    const unsigned char *p;
    size_t n;
} kal__span;

/// The next chunk of a list: its name of four letters and what it holds; false at the end, or where what is left is no whole chunk.
bool kal__webp_chunk(kal__span *list, const unsigned char **name, kal__span *body);
/// The chunks of a file, behind its head; false when it is none.
bool kal__webp_file(const unsigned char *p, size_t n, kal__span *chunks);

static inline uint32_t kal__le(const unsigned char *p, int bytes)
{
    uint32_t v = 0;
    for (int i = bytes; i-- > 0;) v = v << 8 | p[i];
    return v;
}

#define KAL__WEBP_PARAMS(P)                                                                        \
    P(INT, quality, 80, 0, 100, "", "0..100, of colours")                                          \
    P(BOOL, lossless, false, 0, 0, "", "every sample as it was, also where nothing is seen of it") \
    P(INT, effort, 4, 0, 6, "", "0..6: smaller files in more time")                                \
    P(BOOL, strip, false, 0, 0, "", "leave out EXIF, XMP and ICC")                                 \
    P(FLOAT, delay, -1, -1, 16777, "s",                                                            \
      "of an animation: how long this picture is shown; -1: as it was, else 0.1")                  \
    P(INT, loops, -1, -1, 65535, "",                                                               \
      "of an animation: how often it runs, 0 without end; -1: as it was, else 0")
typedef struct kal__webp_p {
    size_t size;
    KAL__WEBP_PARAMS(KAL_FIELD)
} kal__webp_p;

// ---- memory (webp_memory.c) ----------------------------------------------------------------------

#if KAL__WEBP
/// Bytes held while such a picture is written.
size_t kal__webp_memory(const kal_extent *x, const kal__webp_p *p);
/// Whether tokens of luma and chroma of a picture would not fit into that.
bool kal__webp_is_heavy(const WebPPicture *p, const kal__webp_p *params);
#endif

// ---- the codec -----------------------------------------------------------------------------------

kal_status kal__webp_accepts(const kal_extent *x, const void *params, size_t *memory, kal_error *err);
size_t kal__webp_among(const kal_extent *x, const void *params);
kal_status kal__webp_begin(const kal_extent *x, const void *params, const kal__meta *meta, kal__writer *w,
                           kal__encoder **out, kal_error *err);
kal_status kal__webp_page(kal__encoder *e, const kal_extent *x, const void *params, const kal__meta *meta,
                          kal_error *err);
kal_status kal__webp_put(kal__encoder *e, const unsigned char *src, ptrdiff_t stride, int32_t n,
                         kal_error *err);
kal_status kal__webp_turn(kal__encoder *e, kal_error *err);
kal_status kal__webp_end(kal__encoder *e, kal_error *err);

#endif
