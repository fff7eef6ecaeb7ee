// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Metadata as a list of named, typed values: made from the blocks as they lie in files, by a reader for each kind of block.
#ifndef KAL_FIELDS_H
#define KAL_FIELDS_H

#include "codec.h"
#include "ifd.h"
#include "mem.h"

/// A list that is being made, or is done. Readers add to it; what is too much is left out.
typedef struct kal__fields {
    kal__arena arena;
    struct kal__field *list;
    size_t n, room;
    bool failed;   // out of memory
} kal__fields;

/// The list of all that is known; NULL: out of memory. Free with kal__fields_free.
kal__fields *kal__fields_of(const kal__meta *m);
void kal__fields_free(kal__fields *f);

// ---- for readers --------------------------------------------------------------------------------

/// Numbers; `text` is how they are written, NULL: as such.
void kal__fields_numbers(kal__fields *f, const char *name, const double *numbers, size_t n, const char *text);
/// A text of any bytes: UTF-8, else Latin-1. Spaces and zeros at its end go. One that is there already with this name gets it as a
/// further item. `many`: there may be several, whatever there are.
void kal__fields_text(kal__fields *f, const char *name, const void *text, size_t n, bool many);
/// The same of UTF-16, which is short of nothing by ending anywhere.
void kal__fields_wide(kal__fields *f, const char *name, const unsigned char *text, size_t n, bool big);
/// What is neither: its size is said.
void kal__fields_bytes(kal__fields *f, const char *name, size_t n);

void kal__exif_fields(const kal__blob *exif, kal__fields *f);
void kal__iptc_fields(const kal__blob *iptc, kal__fields *f);
void kal__icc_fields(const kal__blob *icc, kal__fields *f);
/// Nothing when libexpat is not there.
void kal__xmp_fields(const kal__blob *xmp, kal__fields *f);
/// Whether it is XML as far as the library says; without it, true.
bool kal__xmp_is_sound(const kal__blob *xmp);
/// What the library for XMP calls itself; NULL: it cannot be had.
const char *kal__xmp_version(void);

#endif
