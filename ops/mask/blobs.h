// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Connected parts of a mask. Two ways: for whole images, where every pixel learns which part it belongs to; and row by row, for values
// that want only where parts are and how large. Parts are in the order in which their first pixels are met, row by row.
#ifndef KAL_OPS_BLOBS_H
#define KAL_OPS_BLOBS_H

#include "mask.h"

// ---- whole images -------------------------------------------------------------------------------

/// One number for each pixel: 0 where the pixel has not the value looked for; −area at the first pixel of a part; elsewhere 1 + the
/// index of another pixel of the part that is nearer to its first one, and always before this one.
/// Fills `link` (width · height numbers) for the parts of pixels with `value`.
void kal__blobs_link(int32_t *link, const kal_tile *in, uint8_t value, bool eight);
/// The first pixel of the part that pixel i belongs to.
int32_t kal__blob_first(int32_t *link, int32_t i);

/// Refuses images with more pixels than an index holds.
kal_status kal__check_blobs(const char *op, const kal_extent *e, kal_error *err);
static inline size_t kal__blobs_bytes(const kal_call *c)
{
    return (size_t)c->in[0]->extent.width * (size_t)c->in[0]->extent.height * sizeof(int32_t);
}

// ---- row by row ---------------------------------------------------------------------------------

typedef struct kal__blob {
    int64_t area;
    kal_rect box;
    uint32_t
        parent;   // its own index, or that of a part that it turned out to belong to, which began earlier
} kal__blob;

typedef struct kal__blobs {
    kal__blob *v;   // grows; free it with kal__blobs_free
    size_t n, room;
    int32_t n_above;
    // behind this: the runs of the row above, and of this row
} kal__blobs;

/// What a measure gathers.
size_t kal__blobs_size(const kal_call *c);
/// The next rows, in order.
kal_status kal__blobs_rows(kal__blobs *b, const kal_tile *in, int32_t width, int32_t y0, int32_t y1,
                           bool eight);
/// Leaves only what is a part, in order.
void kal__blobs_end(kal__blobs *b);
void kal__blobs_free(void *gathered);

#endif
