// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The items of an ordinary HEIF file, read by ourselves: what is said of each, what refers to what, and where their bytes lie. What is odd is false everywhere;
// libheif is to be asked then.
#ifndef KAL_IO_HEIF_ITEMS_H
#define KAL_IO_HEIF_ITEMS_H

#include "heif.h"

typedef struct kal__heif_file {
    kal__span infes, iref, ipco, ipma, iloc, idat;
    uint64_t primary;
    uint64_t size;   // of the file; the caller sets it
} kal__heif_file;
/// Exactly one such box; none is an empty one where that is allowed.
bool kal__heif_only_box(kal__span in, const char *name, bool needed, kal__span *body);
bool kal__heif_find_parts(kal__span all, kal__heif_file *f);
bool kal__heif_item_of(const kal__heif_file *f, uint64_t id, kal__heif_item *out);

/// The numbers of an item's properties, and how many bytes each has.
bool kal__heif_properties(const kal__heif_file *f, uint64_t id, kal__span *numbers, size_t *width);
bool kal__heif_next_property(const kal__heif_file *f, kal__span *numbers, size_t width,
                             const unsigned char **type, kal__span *body);
/// What they say of a picture, turned and cut as it will be.
typedef struct kal__heif_picture {
    uint64_t width, height;
    uint64_t bits;   // 0: not said
    kal__span icc;
    int primaries, transfer;   // by their numbers in nclx; 0: not said
    bool sized;
} kal__heif_picture;
bool kal__heif_look_at(const kal__heif_file *f, uint64_t id, kal__heif_picture *p);

typedef struct kal__heif_reference {
    const unsigned char *type;
    uint64_t from, n, to;   // the first of n
    kal__span others;       // the ids behind it, so many bytes each
    size_t width;
} kal__heif_reference;
kal__span kal__heif_references(const kal__heif_file *f);
/// One that is not as long as its count says stays where it is.
bool kal__heif_next_reference(const kal__heif_file *f, kal__span *at, kal__heif_reference *r);
bool kal__heif_refers(const kal__heif_file *f, const char *type, uint64_t from, kal__heif_reference *r);

/// Whether the primary picture is one of those that it is made of, or of which those are: libheif goes round in such a circle until its stack ends.
bool kal__heif_made_of_itself(const unsigned char *p, size_t n);

/// An item's bytes: one run of them. Of several, or of none, libheif is asked.
bool kal__heif_locate(const kal__heif_file *f, uint64_t id, kal__heif_block *out);

#endif
