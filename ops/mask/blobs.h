// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Connected parts of a mask. Two ways: for whole images, where every pixel learns which part it belongs to; and row by row, for values
// that want only where parts are and how large. Parts are in the order in which their first pixels are met, row by row.
#ifndef KAL_OPS_BLOBS_H
#define KAL_OPS_BLOBS_H

#include "mask.h"

// ---- whole images -------------------------------------------------------------------------------

/// A run along a row that touches none above begins a part. `link` is the index of a part that began earlier and that it turned out to
/// belong to, its own when it is one of those that remain.
typedef struct kal__part {
    int32_t link;
    uint32_t area;   // of one that remains; KAL__AT_BORDER when it touches the image's
} kal__part;
#define KAL__AT_BORDER UINT32_C(0x80000000)

typedef struct kal__parts {
    kal__part *v;
    int32_t n;
    struct kal__run *above, *now;   // room for a row's runs each
} kal__parts;

/// Bytes of scratch for a whole image's parts, and what lies in them.
size_t kal__parts_bytes(const kal_call *c);
kal__parts kal__parts_in(void *scratch, const kal_call *c);
/// Finds the parts of pixels with `value`.
void kal__parts_find(kal__parts *p, const kal_tile *in, uint8_t value, bool eight);

/// n pixels of a row from x on: a part's, or none's when `part` is NULL.
typedef void kal__parts_paint(const kal_job *j, void *row, int32_t x, int32_t n, const kal__part *part);
/// Goes over the same rows once more, in the same order, and shows `paint` every run and every gap; a run's part is that which it began, or
/// one that it hangs together with: whatever is said of a part in `area` must be said of all that are linked to it.
void kal__parts_show(kal__parts *p, const kal_job *j, uint8_t value, bool eight, kal__parts_paint *paint);

/// Refuses images with more pixels than an index holds.
kal_status kal__check_blobs(const char *op, const kal_extent *e, kal_error *err);

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
