// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// TIFF structures in memory, which is what an EXIF block is: read from any bytes, however damaged, and laid out anew.
#ifndef KAL_IFD_H
#define KAL_IFD_H

#include "mem.h"

enum {
    KAL__IFD_BYTE = 1,
    KAL__IFD_ASCII,
    KAL__IFD_SHORT,
    KAL__IFD_LONG,
    KAL__IFD_RATIONAL,
    KAL__IFD_SBYTE,
    KAL__IFD_UNDEFINED,
    KAL__IFD_SSHORT,
    KAL__IFD_SLONG,
    KAL__IFD_SRATIONAL,
    KAL__IFD_FLOAT,
    KAL__IFD_DOUBLE,
    KAL__IFD_IFD,
    KAL__IFD_LONG8 = 16,
    KAL__IFD_SLONG8,
    KAL__IFD_IFD8,
};

/// Bytes of one value; 0: the type is not known. And of the numbers it is made of, which are what byte orders turn around.
size_t kal__ifd_type_size(unsigned type);
size_t kal__ifd_number_size(unsigned type);

// ---- reading ------------------------------------------------------------------------------------

/// What does not lie within the n bytes is not there.
typedef struct kal__ifd {
    const unsigned char *p;
    size_t n;
    bool big;       // the highest byte first
    size_t first;   // directory
} kal__ifd;

typedef struct kal__ifd_entry {
    unsigned tag, type;
    size_t count, size;   // values; bytes of all of them
    size_t at;            // where they lie
    size_t place;         // of the entry itself
} kal__ifd_entry;

/// false: this is no such structure.
bool kal__ifd_open(kal__ifd *t, const void *data, size_t n);
/// A number of 2 or 4 bytes; 0 outside.
unsigned kal__ifd_get(const kal__ifd *t, size_t at, int bytes);
/// Entries of the directory that lie within.
size_t kal__ifd_count(const kal__ifd *t, size_t directory);
/// false: its type is not known, or its values do not lie within.
bool kal__ifd_at(const kal__ifd *t, size_t directory, size_t i, kal__ifd_entry *out);
bool kal__ifd_find(const kal__ifd *t, size_t directory, unsigned tag, kal__ifd_entry *out);
/// The directory behind this one, and the one that an entry points at; 0: none.
size_t kal__ifd_next(const kal__ifd *t, size_t directory);
size_t kal__ifd_sub(const kal__ifd *t, size_t directory, unsigned tag);
/// Value i as a number: of a rational the quotient, which is infinite or not a number where the denominator is 0.
double kal__ifd_number(const kal__ifd *t, const kal__ifd_entry *e, size_t i);
/// Its two numbers.
void kal__ifd_rational(const kal__ifd *t, const kal__ifd_entry *e, size_t i, double out[2]);
/// All values as they lie in this machine's memory: e->size bytes.
void kal__ifd_copy(const kal__ifd *t, const kal__ifd_entry *e, void *out);
/// Turns the numbers of values around.
void kal__ifd_swap(void *values, unsigned type, size_t size);

// ---- writing ------------------------------------------------------------------------------------

typedef struct kal__ifd_field {
    unsigned tag, type;
    uint64_t count;
    const void *data;   // in this machine's byte order
    uint64_t value;     // in place of data
} kal__ifd_field;

/// A directory to be: fields in any order, the last of a tag counts.
typedef struct kal__directory {
    kal__ifd_field *fields;
    size_t n, room;
    bool failed;
} kal__directory;

/// Nothing is added when count is 0.
void kal__directory_add(kal__directory *d, unsigned tag, unsigned type, uint64_t count, const void *data);
void kal__directory_value(kal__directory *d, unsigned tag, unsigned type, uint64_t value);
void kal__directory_free(kal__directory *d);
/// The directory as it lies at this place of a file, at an even one, with 64-bit offsets in a big file; values that do not fit into it follow,
/// and the next directory behind them unless it is the last.
void kal__directory_put(kal__directory *d, bool big, uint64_t at, bool last, kal__text *out);

#endif
