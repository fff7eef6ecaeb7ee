// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Metadata changed: fields set, added to and taken out, by a writer for each kind of block.
#ifndef KAL_EDIT_H
#define KAL_EDIT_H

#include "codec.h"
#include "nearest.h"

/// One change. Errors begin with `field`.
typedef struct kal__edit {
    const char *field;   // "exif.Artist"
    const char *name;    // "Artist"
    const char *value;   // UTF-8; NULL: it goes
    bool more;           // one item more of a field that may have several, in place of all of them
} kal__edit;

/// Whether such a change can be, whatever picture it is made to: INVALID.
kal_status kal__edit_check(const char *field, const char *value, bool more, kal_error *err);
/// The metadata (NULL: none) with the change made to them; what was asked for and cannot be is an error: INVALID, CORRUPT, NOMEM. What goes and was not there is none.
kal_status kal__edit_meta(kal__meta *m, const char *field, const char *value, bool more, kal__meta **out,
                          kal_error *err);

/// Whether a density says how large a picture is: there is one, and it is neither 72 dpi, which is EXIF's word for "unknown" and what programs fill in,
/// nor 96, the pixel of CSS.
bool kal__density_speaks(const double density[2]);
/// Whether the EXIF block says it, whatever the picture's file did.
bool kal__exif_has_density(const kal__meta *m);
/// For a format whose only place for it is EXIF: the same with a reference more or, when density speaks and EXIF does not say it, one whose EXIF does; a block
/// that is not understood stays as it is. Of NULL, NULL. false: out of memory.
bool kal__meta_density_in_exif(kal__meta *m, kal__meta **out);

/// What is written beside pixels that were turned upright: the same with a reference more, or one whose XMP says so, too. (EXIF: kal__exif_to_write.) Of NULL,
/// NULL. false: out of memory.
bool kal__meta_upright(kal__meta *m, kal__meta **out);

// ---- the blocks: *out (empty before) becomes the changed copy; it stays empty when nothing is left of it ----

kal_status kal__exif_check(const kal__edit *w, kal_error *err);
kal_status kal__exif_edit(const kal__blob *from, const kal__edit *w, kal__blob *out, kal_error *err);
/// Without the directory of places, or else without the thumbnail.
kal_status kal__exif_without(const kal__blob *from, bool place, const kal__edit *w, kal__blob *out,
                             kal_error *err);
/// With these pixels a metre; without any when they are 0.
kal_status kal__exif_with_density(const kal__blob *from, const double density[2], const kal__edit *w,
                                  kal__blob *out, kal_error *err);
kal_status kal__iptc_check(const kal__edit *w, kal_error *err);
kal_status kal__iptc_edit(const kal__blob *from, const kal__edit *w, kal__blob *out, kal_error *err);
kal_status kal__xmp_check(const kal__edit *w, kal_error *err);
kal_status kal__xmp_edit(const kal__blob *from, const kal__edit *w, kal__blob *out, kal_error *err);
/// With tiff:Orientation 1 wherever it is another. *out stays empty where there is none, or what is not understood.
kal_status kal__xmp_upright(const kal__blob *from, kal__blob *out);
/// Without what it says of where a picture was taken: exif:GPS….
kal_status kal__xmp_without_place(const kal__blob *from, const kal__edit *w, kal__blob *out, kal_error *err);

#endif
