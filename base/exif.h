// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What EXIF's tags are called, and how an EXIF block is taken apart and put together.
#ifndef KAL_EXIF_H
#define KAL_EXIF_H

#include "codec.h"
#include "ifd.h"

enum {
    KAL__EXIF_ORIENTATION = 274,
    KAL__EXIF_X_RESOLUTION = 282,
    KAL__EXIF_Y_RESOLUTION = 283,
    KAL__EXIF_UNIT = 296,   // of them: 1 none, 2 inch, 3 centimetre
    KAL__EXIF_POINTER = 34665,
    KAL__EXIF_GPS = 34853,
    KAL__EXIF_INTEROP = 40965,
};

/// The directories of a block.
typedef enum kal__exif_part {
    KAL__EXIF_MAIN,
    KAL__EXIF_PHOTO,
    KAL__EXIF_PLACE,
    KAL__EXIF_INTER
} kal__exif_part;

/// A tag's name, "GPSLatitude", and how its value is to be read.
typedef enum kal__exif_how {
    KAL__EXIF_PLAIN,     // as its type says
    KAL__EXIF_LETTERS,   // UNDEFINED: ASCII
    KAL__EXIF_CODED,     // UNDEFINED: eight bytes that name a character set, then a text
    KAL__EXIF_WIDE,      // BYTE: UTF-16, the low byte first
    KAL__EXIF_TIME,      // ASCII: "2026:01:31 23:59:59"
    KAL__EXIF_DATE,      // ASCII: its first half
} kal__exif_how;
typedef struct kal__exif_tag {
    unsigned tag;
    const char *name;
    kal__exif_how how;
    bool describes;   // of the main directory: what the picture is of and who made it, not how it is stored
    unsigned type;    // that it is written with; 0: it is the file's or the camera's, and nobody sets it
    unsigned count;   // of numbers; 0: any, or it is a text
} kal__exif_tag;
/// NULL: it has none.
const kal__exif_tag *kal__exif_tag_of(kal__exif_part part, unsigned tag);
/// The tag of a name, "GPSLatitude" or, where there is none, "0xc4a5", and where it stands. false: there is no such.
bool kal__exif_named(const char *name, kal__exif_part *part, kal__exif_tag *out);
/// All names; NULL: there are no more.
const char *kal__exif_name_at(size_t i);

// ---- a block acted on where it lies: bytes that may be written -----------------------------------

/// Where its directories are; of one that it has not, 0.
void kal__exif_directories(const kal__ifd *t, size_t out[4]);
/// Whether any directory or value lies in the n bytes, but for that directory, or the value of the entry, at `except`.
bool kal__exif_needed(const kal__ifd *t, size_t from, size_t n, size_t except);
/// Takes entries out. Those behind one that goes move up, and so does the place of the next directory.
void kal__exif_thin(kal__ifd *t, size_t directory, bool (*goes)(const void *of, unsigned tag),
                    const void *of);
/// The thumbnail may show what was cut away: its bytes go too. Returns how many bytes the block has then.
size_t kal__exif_drop_preview(kal__ifd *t);

// ---- fields set ---------------------------------------------------------------------------------

/// What a text says, as values of the tag in a block of that byte order; `field` is for the error: INVALID.
kal_status kal__exif_parse(const char *field, const kal__exif_tag *tag, const char *text, bool big,
                           kal__text *out, size_t *count, kal_error *err);

/// A number as a fraction of 32 bits; one that came as such a fraction comes back. 0/0 when it cannot be one.
void kal__fraction(double v, uint32_t out[2]);

/// The fields of a block but for its thumbnail, which can be laid out elsewhere.
typedef struct kal__exif_parts {
    kal__directory part[4];
    kal__arena values;
    size_t taken;   // bytes of values
    bool failed;
} kal__exif_parts;
/// All that `exif` describes the picture with; without what says how the block, or the picture, is stored.
void kal__exif_take(const kal__blob *exif, kal__exif_parts *out);
/// Lays the directories out but for the main one, to which what points at them is added. They begin at an even place of the file.
void kal__exif_put(kal__exif_parts *parts, bool big, uint64_t at, kal__text *out);
/// As a block of its own; an empty one when there is nothing to say. false: out of memory.
bool kal__exif_block(kal__exif_parts *parts, kal__blob *out);
void kal__exif_parts_free(kal__exif_parts *parts);

#endif
