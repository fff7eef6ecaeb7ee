// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The words everything else is written in: status and error, sample types, extents, rectangles.
//
// Ownership, once for the whole library:
//   1. a constructor borrows its inputs and takes a reference of its own;
//   2. `*out` hands the caller one reference, and is NULL when the call failed;
//   3. `unref` and `free` take a pointer to your pointer and clear it.
// Exceptions are written in CAPITALS where they are declared. A pointer may be NULL where it says so, `err` and `options` always.
// From C++ fill a params struct by hand: `kal_gaussian_p p = kal_gaussian_defaults(); p.sigma = 3;`.
#ifndef KAL_BASE_H
#define KAL_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define KAL_BEGIN extern "C" {
#define KAL_END }
#else
#define KAL_BEGIN
#define KAL_END
#endif

#if defined(__GNUC__)
#define KAL_API __attribute__((visibility("default")))
#define KAL_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define KAL_API
#define KAL_PRINTF(fmt, args)
#endif

#define KAL_VERSION_MAJOR 0
#define KAL_VERSION_MINOR 1
#define KAL_VERSION_PATCH 0
#define KAL_VERSION "0.1.0"

KAL_BEGIN

/// One list gives the enum, the short names and the sentences.
#define KAL_STATUS_LIST(X)                                             \
    X(OK, "ok", "no error")                                            \
    X(INVALID, "invalid", "an argument is not valid")                  \
    X(SYNTAX, "syntax", "the graph text cannot be read")               \
    X(NOMEM, "no-memory", "memory could not be had")                   \
    X(LIMIT, "limit", "a limit was reached")                           \
    X(UNSUPPORTED, "unsupported", "this is not supported")             \
    X(CORRUPT, "corrupt", "the data is damaged or not what it claims") \
    X(IO, "io", "reading or writing failed")                           \
    X(CHANGED, "changed", "a file changed since it was loaded")        \
    X(CANCELLED, "cancelled", "the request was cancelled")             \
    X(DEADLINE, "deadline", "the deadline passed")                     \
    X(CALLBACK, "callback", "a function of the caller failed")         \
    X(MISSING, "missing", "the result is not in the memo")             \
    X(INTERNAL, "internal", "a defect in kallitype; please report it")

typedef enum kal_status {
#define KAL_STATUS_ENUM(id, name, text) KAL_##id,
    KAL_STATUS_LIST(KAL_STATUS_ENUM)
#undef KAL_STATUS_ENUM
} kal_status;

/// What failed where the status alone does not tell it. The default is an input, or whatever else the message names.
typedef enum kal_about {
    KAL_ABOUT_INPUT,
    KAL_ABOUT_OUTPUT,    ///< what is written: its place, its format, the disk it is on
    KAL_ABOUT_PROGRAM,   ///< a program that was to be run
    KAL_ABOUT_BINDING,   ///< a value that a text was given from outside
} kal_about;

/// A place in a graph text. Both numbers count from 1, and a UTF-8 sequence is one column.
typedef struct kal_place {
    int32_t line, column;   ///< 0: nowhere
    bool included;          ///< not in the text that was given but in a file that it includes
} kal_place;

/// An error by value: the kind, and one sentence that names place and cause. No global text, nothing to free.
/// Every `kal_error *` parameter may be NULL. Threads: one at a time.
typedef struct kal_error {
    kal_status status;
    char message[508];
    kal_about about;
    kal_place
        place;   ///< where it is in a text; of what a def does or a file that is included, where that is asked for
    kal_place within;   ///< and where it is in the def or in that file
} kal_error;

/// Short name ("corrupt") and sentence of a status. Static strings. Threads: any.
KAL_API const char *kal_status_name(kal_status status);
KAL_API const char *kal_status_text(kal_status status);

/// Fills `err` (unless NULL) with the status and a printf-style sentence; returns the status.
KAL_API kal_status kal_fail(kal_error *err, kal_status status, const char *fmt, ...) KAL_PRINTF(3, 4);

/// Puts a printf-style "where: " before the message already in `err`; returns its status.
KAL_API kal_status kal_within(kal_error *err, const char *fmt, ...) KAL_PRINTF(2, 3);

/// Prints "kal: <message>" and a newline to standard error. Threads: any.
KAL_API void kal_error_print(const kal_error *err);

/// Version of the library that runs, as "0.1.0".
KAL_API const char *kal_version(void);

// ---- samples ------------------------------------------------------------------------------------

/// u8 and u16 are unsigned integers of full range; f32 is nominally 0..1 and unclamped; u32 holds labels.
typedef enum kal_type { KAL_U8, KAL_U16, KAL_F32, KAL_U32 } kal_type;
#define KAL_TYPES "u8|u16|f32|u32"
/// One of them; "?" of any other number. Static.
KAL_API const char *kal_type_name(kal_type type);

/// What the channels mean. A mask is u8, one channel, 0 or 255. Data is anything that is not a picture.
typedef enum kal_model { KAL_GRAY, KAL_RGB, KAL_DATA, KAL_MASK } kal_model;
#define KAL_MODELS "gray|rgb|data|mask"
/// One of them; "?" of any other number. Static.
KAL_API const char *kal_model_name(kal_model model);

#define KAL_MAX_SIDE 100000000
#define KAL_MAX_CHANNELS 64
#define KAL_MAX_THREADS 256   ///< of a request
/// "Not said": an INT parameter that the op works out from the others. Never part of a key.
#define KAL_AUTO INT32_MIN

/// Size and kind of an image. Samples are interleaved, native byte order; alpha, when there, is the last channel and
/// straight (not premultiplied).
typedef struct kal_extent {
    int32_t width, height;   ///< pixels, 1..KAL_MAX_SIDE
    int32_t channels;        ///< 1..KAL_MAX_CHANNELS, alpha included
    kal_type type;
    kal_model model;
    bool alpha;
} kal_extent;

static inline size_t kal_type_size(kal_type type)
{
    return type == KAL_U8 ? 1 : type == KAL_U16 ? 2 : 4;
}

static inline size_t kal_pixel_size(const kal_extent *e)
{
    return (size_t)e->channels * kal_type_size(e->type);
}

/// The sample value that means white, or opaque: 255, 65535, 1.0; 1 for u32.
static inline double kal_type_max(kal_type type)
{
    return type == KAL_U8 ? 255.0 : type == KAL_U16 ? 65535.0 : 1.0;
}

// ---- rectangles ---------------------------------------------------------------------------------

/// Half-open: x0 <= x < x1. Coordinates are absolute in the image they speak of.
typedef struct kal_rect {
    int32_t x0, y0, x1, y1;
} kal_rect;

static inline kal_rect kal_rect_of(int32_t x0, int32_t y0, int32_t x1, int32_t y1)
{
    kal_rect r = {x0, y0, x1, y1};
    return r;
}

static inline kal_rect kal_rect_all(const kal_extent *e)
{
    return kal_rect_of(0, 0, e->width, e->height);
}

static inline bool kal_rect_empty(kal_rect r)
{
    return r.x0 >= r.x1 || r.y0 >= r.y1;
}

static inline bool kal_rect_equal(kal_rect a, kal_rect b)
{
    return a.x0 == b.x0 && a.y0 == b.y0 && a.x1 == b.x1 && a.y1 == b.y1;
}

static inline bool kal_rect_inside(kal_rect a, kal_rect b)
{
    return a.x0 >= b.x0 && a.y0 >= b.y0 && a.x1 <= b.x1 && a.y1 <= b.y1;
}

/// The common part; the empty rectangle 0,0,0,0 when there is none.
static inline kal_rect kal_rect_clip(kal_rect a, kal_rect b)
{
    const kal_rect r = kal_rect_of(a.x0 > b.x0 ? a.x0 : b.x0, a.y0 > b.y0 ? a.y0 : b.y0,
                                   a.x1 < b.x1 ? a.x1 : b.x1, a.y1 < b.y1 ? a.y1 : b.y1);
    return kal_rect_empty(r) ? kal_rect_of(0, 0, 0, 0) : r;
}

/// The smallest rectangle around both; an empty one adds nothing.
static inline kal_rect kal_rect_join(kal_rect a, kal_rect b)
{
    if (kal_rect_empty(a)) return b;
    if (kal_rect_empty(b)) return a;
    return kal_rect_of(a.x0 < b.x0 ? a.x0 : b.x0, a.y0 < b.y0 ? a.y0 : b.y0, a.x1 > b.x1 ? a.x1 : b.x1,
                       a.y1 > b.y1 ? a.y1 : b.y1);
}

static inline kal_rect kal_rect_shift(kal_rect r, int32_t dx, int32_t dy)
{
    return kal_rect_of(r.x0 + dx, r.y0 + dy, r.x1 + dx, r.y1 + dy);
}

/// A list of numbers handed to a call: a colour, a matrix, a curve. Borrowed during the call.
typedef struct kal_list {
    const double *v;
    int32_t n;
} kal_list;

/// 128 bits that name a result. Printed as 32 hex digits, most significant first.
typedef struct kal_key {
    uint64_t hi, lo;
} kal_key;

static inline bool kal_key_equal(kal_key a, kal_key b)
{
    return a.hi == b.hi && a.lo == b.lo;
}

/// Writes 32 hex digits and a NUL; returns `out`.
KAL_API char *kal_key_print(kal_key key, char out[33]);
/// Reads 32 hex digits in lower case, and nothing behind them; false when it is something else.
KAL_API bool kal_key_parse(const char *text, kal_key *out);

KAL_END
#endif
