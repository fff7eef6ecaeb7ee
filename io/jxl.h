// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What reading (jxl.c) and writing (jxl_write.c) JPEG XL share: the library, opened when the first such file is met.
#ifndef KAL_IO_JXL_H
#define KAL_IO_JXL_H

#include "codec.h"
#include "library.h"
#include "mem.h"

#if !defined(KAL_NO_JXL) && defined(__has_include)
#if __has_include(<jxl/decode.h>) && __has_include(<jxl/encode.h>) && __has_include(<jxl/version.h>)
#include <jxl/version.h>
#if JPEGXL_MAJOR_VERSION == 0 && JPEGXL_MINOR_VERSION >= 7   // alpha that is divided by
#define KAL__JXL 1
#endif
#endif
#endif

#define KAL__JXL_SIDE (1 << 30)   // of the format; its level 10

#if KAL__JXL

#include <jxl/decode.h>
#include <jxl/encode.h>
#include <jxl/thread_parallel_runner.h>

// Two questions about colours had a parameter more, which was not used, up to 0.8.
#if JPEGXL_MINOR_VERSION <= 8
#define KAL__JXL_UNUSED NULL,
#else
#define KAL__JXL_UNUSED
#endif

#define KAL__JXL_NEEDED(F)                \
    F(JxlDecoderVersion)                  \
    F(JxlDecoderCreate)                   \
    F(JxlDecoderDestroy)                  \
    F(JxlDecoderSetParallelRunner)        \
    F(JxlDecoderSubscribeEvents)          \
    F(JxlDecoderSetUnpremultiplyAlpha)    \
    F(JxlDecoderSetDecompressBoxes)       \
    F(JxlDecoderSetInput)                 \
    F(JxlDecoderReleaseInput)             \
    F(JxlDecoderProcessInput)             \
    F(JxlDecoderSkipFrames)               \
    F(JxlDecoderGetBasicInfo)             \
    F(JxlDecoderGetFrameHeader)           \
    F(JxlDecoderGetColorAsEncodedProfile) \
    F(JxlDecoderSetPreferredColorProfile) \
    F(JxlDecoderGetICCProfileSize)        \
    F(JxlDecoderGetColorAsICCProfile)     \
    F(JxlDecoderGetBoxType)               \
    F(JxlDecoderSetBoxBuffer)             \
    F(JxlDecoderReleaseBoxBuffer)         \
    F(JxlDecoderImageOutBufferSize)       \
    F(JxlDecoderSetImageOutBuffer)        \
    F(JxlEncoderCreate)                   \
    F(JxlEncoderDestroy)                  \
    F(JxlEncoderGetError)                 \
    F(JxlEncoderInitBasicInfo)            \
    F(JxlEncoderSetBasicInfo)             \
    F(JxlColorEncodingSetToSRGB)          \
    F(JxlEncoderSetColorEncoding)         \
    F(JxlEncoderSetICCProfile)            \
    F(JxlEncoderUseBoxes)                 \
    F(JxlEncoderAddBox)                   \
    F(JxlEncoderFrameSettingsCreate)      \
    F(JxlEncoderFrameSettingsSetOption)   \
    F(JxlEncoderSetFrameLossless)         \
    F(JxlEncoderSetFrameDistance)         \
    F(JxlEncoderAddImageFrame)            \
    F(JxlEncoderCloseInput)               \
    F(JxlEncoderProcessOutput)

// In a library beside it, without which one thread decodes.
#define KAL__JXL_THREADS(F)          \
    F(JxlThreadParallelRunner)       \
    F(JxlThreadParallelRunnerCreate) \
    F(JxlThreadParallelRunnerDestroy)

typedef struct kal__jxl {
    KAL__JXL_NEEDED(KAL__FUNCTION)
} kal__jxl;

typedef struct kal__jxl_threads {
    KAL__JXL_THREADS(KAL__FUNCTION)
} kal__jxl_threads;

/// NULL when it cannot be had. Threads: any.
const kal__jxl *kal__jxl_lib(void);

#endif

#define KAL__JXL_PARAMS(P)                                                                            \
    P(INT, quality, 90, 0, 100, "", "0..100, about that of a JPEG; from 90 on no difference is seen") \
    P(BOOL, lossless, false, 0, 0, "", "every sample as it was, also where nothing is seen of it")    \
    P(INT, effort, 7, 1, 9, "", "1..9: smaller files in more time")                                   \
    P(BOOL, strip, false, 0, 0, "", "leave out EXIF, XMP and ICC")
typedef struct kal__jxl_p {
    size_t size;
    KAL__JXL_PARAMS(KAL_FIELD)
} kal__jxl_p;
kal_status kal__jxl_accepts(const kal_extent *x, const void *params, size_t *memory, kal_error *err);
kal_status kal__jxl_begin(const kal_extent *x, const void *params, const kal__meta *meta, kal__writer *w,
                          kal__encoder **out, kal_error *err);
kal_status kal__jxl_put(kal__encoder *e, const unsigned char *src, ptrdiff_t stride, int32_t n,
                        kal_error *err);
kal_status kal__jxl_end(kal__encoder *e, kal_error *err);

#endif
