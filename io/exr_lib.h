// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// OpenEXRCore, opened when the first such file is met, over a reader (exr_lib.c).
#ifndef KAL_IO_EXR_LIB_H
#define KAL_IO_EXR_LIB_H

#include "codec.h"
#include "library.h"

#if !defined(KAL_NO_OPENEXR) && defined(__has_include)
#if __has_include(<openexr.h>) && __has_include(<OpenEXRConfig.h>)
#include <OpenEXRConfig.h>
#if OPENEXR_VERSION_MAJOR == 3 && OPENEXR_VERSION_MINOR >= 1 && OPENEXR_VERSION_MINOR <= 3
#include <openexr.h>
#define KAL__EXR 1
#endif
#endif
#endif

#if KAL__EXR

#define KAL__EXR_NEEDED(F)                  \
    F(exr_get_library_version)              \
    F(exr_get_default_error_message)        \
    F(exr_start_read)                       \
    F(exr_finish)                           \
    F(exr_get_user_data)                    \
    F(exr_get_count)                        \
    F(exr_get_storage)                      \
    F(exr_get_channels)                     \
    F(exr_get_compression)                  \
    F(exr_get_data_window)                  \
    F(exr_get_pixel_aspect_ratio)           \
    F(exr_attr_get_float)                   \
    F(exr_get_scanlines_per_chunk)          \
    F(exr_get_tile_sizes)                   \
    F(exr_get_chunk_unpacked_size)          \
    F(exr_read_scanline_chunk_info)         \
    F(exr_read_tile_chunk_info)             \
    F(exr_decoding_initialize)              \
    F(exr_decoding_choose_default_routines) \
    F(exr_decoding_update)                  \
    F(exr_decoding_run)                     \
    F(exr_decoding_destroy)

typedef struct kal__exr_lib {
    KAL__EXR_NEEDED(KAL__FUNCTION)
} kal__exr_lib;

// A handle of the library's own, one for each worker: what it complains of is then that one's.
typedef struct kal__exr_session {
    const kal__exr_lib *lib;
    kal__reader *reader;
    exr_context_t file;
    exr_decode_pipeline_t pipeline;
    bool started;        // the pipeline
    uint64_t at;         // where it read last
    bool ended;          // and there was too little
    kal_status status;   // of the reader, which has said why in `why`
    kal_error why;
    char says[160];   // the library's first complaint
} kal__exr_session;

/// NULL: the library cannot be had.
const char *kal__exr_version(void);
/// The error says what is not there when the library cannot be had.
kal_status kal__exr_begin_session(kal__exr_session *s, kal__reader *r, kal_error *err);
void kal__exr_end_session(kal__exr_session *s);
/// The error of a call that failed: the reader's own, that the file is too short, or the library's complaint.
kal_status kal__exr_failed(const kal__exr_session *s, exr_result_t code, kal_error *err);

#endif

#endif
