// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A file at work: coding.c opens it and sees that it is the one that was loaded, decoding.c and encoding.c work with it.
#ifndef KAL_GRAPH_AT_WORK_H
#define KAL_GRAPH_AT_WORK_H

#include "coding.h"

typedef struct kal__coding {
    kal__source *source;
    kal__reader *reader;
    kal__reader *patient;   // at the bottom of it, while the request is watched; NULL: none
    unsigned char *bytes;   // of a small file
    enum {
        TRUSTED,
        DIGESTING,
        STAMPED,
        TO_DIGEST
    } check;   // how to tell, at the end, that it was the file that was loaded
    kal__decoder *decoder;
    kal__encoder *encoder;
    kal__ask ask;
    kal__writer *writer;       // before the target, for an encoder that may be left; NULL: the target itself
    struct joining *joining;   // of an encoder in pieces
    int32_t parts_left;        // of a decoder in parts; atomic
} kal__coding;

/// Opens the source, held or to be streamed; `parts`: it will be decoded in parts.
kal_status kal__coding_open(kal__coding *c, bool parts, const kal__watch *watch, kal_stats *stats,
                            kal_error *err);
bool kal__coding_has_stamp(const kal__coding *c);
/// Whether all of it were the bytes that were loaded; reads what is unread.
kal_status kal__coding_check(kal__coding *c, const kal__watch *watch, kal_stats *stats, kal_error *err);
/// A failure, or CHANGED when it is another file by now, which is the better answer.
kal_status kal__coding_blame(kal__coding *c, kal_status st, const kal__watch *watch, kal_stats *stats,
                             kal_error *err);
void kal__coding_free(kal__stage *s);

/// A decoder's rows, an encoder's end, on a thread that is left when the request is stopped; then the stage has no coding any more.
/// `slab` is where the rows lie.
kal_status kal__rows_on_a_thread(kal__stage *s, kal__slab *slab, unsigned char *dst, ptrdiff_t stride,
                                 int32_t rows, const kal__watch *watch, kal_error *err);
kal_status kal__end_on_a_thread(kal__stage *s, const kal__watch *watch, kal_error *err);
/// A book's encoder's `turn` or, when it `ends`, its end, in the same way; ended or left, the book has no encoder any more, and left it has no front
/// either. `node`: of the last picture, whose parameters a turn may look at; else NULL.
kal_status kal__book_on_a_thread(kal__book *b, const kal__codec *c, kal_node *node, bool ends,
                                 const kal__watch *watch, kal_error *err);

kal_status kal__decode_begin(kal__stage *s, const kal__watch *watch, kal_stats *stats, kal_error *err);
kal_status kal__encode_begin(kal__stage *s, const kal__watch *watch, kal_stats *stats, kal_error *err);
kal_status kal__pieces_begin(kal__stage *s, const kal__watch *watch, kal_stats *stats, kal_error *err);
void kal__joining_free(struct joining *j);

#endif
