// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What reading Photoshop's files is made of: the sections before the pixels (psd_head.c), and the pixels of the flattened picture (psd.c).
#ifndef KAL_IO_PSD_H
#define KAL_IO_PSD_H

#include "bytes.h"
#include "codec.h"
#include "mem.h"

enum {
    KAL__PSD_BITMAP = 0,
    KAL__PSD_GRAY = 1,
    KAL__PSD_INDEXED = 2,
    KAL__PSD_RGB = 3,
    KAL__PSD_CMYK = 4,
    KAL__PSD_DUOTONE = 8
};

#define KAL__PSD_MOST_PLANES 5   // that make a pixel: CMYK and alpha

typedef struct kal__psd_head {
    kal_extent extent;
    int mode, depth;
    bool big;           // PSB: wider lengths
    bool packed;        // rows in run lengths
    bool white;         // colours lie on white, to be taken off by alpha
    int32_t planes;     // of the file's that are looked at …
    int32_t channels;   // … of so many
    size_t row_bytes;   // of a plane, unpacked
    uint64_t resources, resources_end;
    uint64_t pixels;              // the first byte behind the kind of compression
    unsigned char palette[768];   // all red, all green, all blue
    int32_t clear;                // of the palette, the entry that is not seen; -1: none
} kal__psd_head;

/// Everything that stands before the pixels, and whether they can be read.
kal_status kal__psd_read_head(kal__reader *r, const kal_limits *limits, kal__psd_head *h, kal_error *err);
/// false: out of memory, or (err->status) reading failed.
kal_status kal__psd_read_meta(kal__reader *r, const kal__psd_head *h, const kal_limits *limits,
                              kal__meta *meta, kal_error *err);
/// n bytes at a place; what fails names the codec.
kal_status kal__psd_read(kal__reader *r, uint64_t at, void *dst, size_t n, kal_error *err);

#endif
