// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What lies in a WebP file: its canvas, its frames, its metadata (webp_file.c); for the decoder (webp.c).
#ifndef KAL_WEBP_FILE_H
#define KAL_WEBP_FILE_H

#include "webp.h"

#if KAL__WEBP

/// A frame of an animation.
typedef struct kal__webp_frame {
    kal__span picture;
    kal_rect rect;           // on the canvas
    bool replaces, clears;   // what lies under it; itself, when it was shown
    bool alpha;
    int32_t start;   // the first frame that shows on its page
    double delay;
} kal__webp_frame;

struct kal__decoder {
    const kal__webp *lib;
    kal__reader *reader;
    unsigned char *copy;   // of the file, when it does not lie in memory
    size_t copied;
    kal__span file;
    kal_limits limits;
    bool header_alone;   // no pixels will be wanted
    kal_extent extent;   // of the canvas
    bool lossless;
    kal__webp_frame *frames;   // of an animation; NULL: one picture
    int32_t pages, page;
    int32_t drawn;                   // frames that are on the canvas, up to and with this one; -1: none
    size_t largest;                  // bytes of the largest frame that must be mixed
    unsigned char *canvas, *mixed;   // RGBA
    int32_t loops;
    kal__span exif, icc, xmp;
    bool threads, lenient;
    int32_t good;   // rows of a picture that broke off
};

/// Reads the container. `header_alone`: no pixels will be wanted, and of the pictures as much is read as says what they are. On failure *out is NULL.
kal_status kal__webp_open_file(kal__reader *r, const kal__ask *ask, bool header_alone, kal__decoder **out,
                               kal_error *err);
void kal__webp_decoder_free(kal__decoder *d);

#endif
#endif
