// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// JPEG files of all kinds, by libjpeg itself from one end to the other.
#ifndef JPEGS_H
#define JPEGS_H

#include "check.h"

#include <jpeglib.h>

typedef struct jpeg_kind {
    int h, v;   // sampling factors of luma; chroma has 1 × 1
    bool progressive;
    int restart_rows, restart_mcus;
    bool optimize, arithmetic, rgb;
    bool separate;   // a scan for each component
    int quality;     // 0: 85
} jpeg_kind;

/// The file; free it.
static inline unsigned char *jpeg_of(const kal_extent *e, unsigned char *pixels, const jpeg_kind *k,
                                     unsigned long *size)
{
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr mgr;
    unsigned char *data = NULL;
    *size = 0;
    c.err = jpeg_std_error(&mgr);
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, &data, size);
    c.image_width = (JDIMENSION)e->width;
    c.image_height = (JDIMENSION)e->height;
    c.input_components = e->channels;
    c.in_color_space = e->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&c);
    jpeg_set_quality(&c, k->quality ? k->quality : 85, TRUE);
    if (e->channels == 3) {
        c.comp_info[0].h_samp_factor = k->h;
        c.comp_info[0].v_samp_factor = k->v;
    }
    if (k->rgb) jpeg_set_colorspace(&c, JCS_RGB);
    c.optimize_coding = k->optimize;
    c.arith_code = k->arithmetic;
    const jpeg_scan_info one_by_one[3] = {
        {1, {0}, 0, 63, 0, 0}, {1, {1}, 0, 63, 0, 0}, {1, {2}, 0, 63, 0, 0}};
    if (k->separate) {
        c.scan_info = one_by_one;
        c.num_scans = e->channels;
    }
    if (k->progressive) jpeg_simple_progression(&c);
    c.restart_in_rows = k->restart_rows;
    c.restart_interval = (unsigned)k->restart_mcus;
    jpeg_start_compress(&c, TRUE);
    for (int32_t y = 0; y < e->height; y++) {
        JSAMPROW row = pixels + (size_t)y * (bytes_of(e) / (size_t)e->height);
        jpeg_write_scanlines(&c, &row, 1);
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    return data;
}

#endif
