// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The serial ends of a plan: files being decoded, files being encoded, content keys.
#ifndef KAL_GRAPH_CODING_H
#define KAL_GRAPH_CODING_H

#include "plan.h"
#include "run.h"

/// Files up to this many bytes are read at once when a codec gains by that. Others are digested as they stream by, and the request ends
/// with KAL_CHANGED if it was another file in the end: nothing was committed by then.
#define KAL__SMALL_FILE ((size_t)64 << 20)
/// What a codec that streams holds of a file.
#define KAL__STREAM_BYTES ((size_t)64 << 10)

/// Decodes the rows of a band into the stage's ring; opens the source at the first and closes it at the last. A stage that is not serial decodes
/// its bands as parts, on any worker. A codec that only decodes
/// whole pictures is left to finish on a thread of its own when the request is stopped meanwhile.
kal_status kal__decode_band(kal__stage *s, int32_t band, void *scratch, const kal__watch *watch,
                            kal_stats *stats, kal_error *err);
/// Encodes the rows of a band; begins at the first band and ends at the last. A stage with a window packs its bands as pieces, on any worker,
/// and joins them in order.
kal_status kal__encode_band(kal__stage *s, int32_t band, const kal__watch *watch, kal_stats *stats,
                            kal_error *err);
/// Opens what many workers will decode or encode at once. Before the first band.
kal_status kal__coding_begin(kal__stage *s, const kal__watch *watch, kal_stats *stats, kal_error *err);
/// Frees what a stage holds; what is still open is given up.
void kal__coding_close(kal__stage *s);
/// Of a source of a page of a stream: goes on to it from where its reel stands, and leaves the decoder there. *last: the stream has ended.
kal_status kal__coding_next(kal__source *s, kal__header *h, kal__meta *m, bool *last, kal_error *err);
/// What is missing of a picture that broke off and was asked for all the same: the rows from this one on, and why.
typedef struct kal__lack {
    int32_t row;
    kal_error why;
} kal__lack;
/// Gives up a decoder that belongs to no stage (NULL is fine).
void kal__coding_give_up(struct kal__coding *c);

#endif
