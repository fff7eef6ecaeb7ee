// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The search behind the format "optimize": an aim, lines of candidates that differ in quality alone, and what is told of all of them.
#ifndef KAL_GRAPH_OPTIMIZE_H
#define KAL_GRAPH_OPTIMIZE_H

#include "node.h"
#include "quality.h"
#include "run.h"

#include <kal/optimize.h>

#define KAL__OPTIMIZE_PARAMS(P)                                                                              \
    P(TEXT, formats, "", 0, 0, "",                                                                           \
      "which ones, with commas, of jpeg, png, webp, avif, heif, jxl; unset: the first four")                 \
    P(FLOAT, max_bytes, 0, 0, 1e12, "B", "at most so many; 0: any number")                                   \
    P(FLOAT, min_score, 0, 0, 100, "", "SSIMULACRA2 of at least that; 0: none is asked")                     \
    P(FLOAT, max_dssim, 0, 0, 10, "", "DSSIM of at most that; 0: none is asked")                             \
    P(FLOAT, max_diff, 0, 0, 10, "", "a score of at least 100 - 20 ln(max_diff / 0.0001); 0: none is asked") \
    P(CHOICE, objective, 0, 0, 0, "auto|smallest|best",                                                      \
      "auto: the best that fits when bytes alone are bounded, else the smallest")                            \
    P(CHOICE, metric, 0, 0, 0, "auto|ssimulacra2|dssim|none", "none: nothing is decoded or scored")          \
    P(INT, quality, 0, 0, 100, "", "of every format that has one; 0: searched")                              \
    P(CHOICE, effort, 0, 0, 0, "usual|quick|best",                                                           \
      "of encoders: a few percent of bytes for several times the time")                                      \
    P(CHOICE, subsampling, 0, 0, 0, "auto|420|444", "resolution of colour, of jpeg, avif and heif")          \
    P(BOOL, lossless, true, 0, 0, "", "try files that lose nothing, too")                                    \
    P(BOOL, original, true, 0, 0, "",                                                                        \
      "the file itself is a candidate, when nothing was done to the picture")                                \
    P(BOOL, allow_downscale, false, 0, 0, "",                                                                \
      "where quality and bytes cannot both be had: a smaller picture")                                       \
    P(CHOICE, metadata, 0, 0, 0, "keep|colour|strip",                                                        \
      "all that the format has a place for; the profile alone; nothing, in sRGB")

typedef struct kal__optimize_p {
    KAL__OPTIMIZE_PARAMS(KAL_FIELD)
} kal__optimize_p;

/// The ops that a search works with, from kal.c: graph knows none by its name.
typedef struct kal__optimize_ops {
    const kal_op *cast, *embed, *resize, *to_srgb;
    const kal_op *metrics[2];   // in the order of the parameter's words
} kal__optimize_ops;
extern const kal__optimize_ops kal__optimize_ops_used;

enum { KAL__AUTO_OBJECTIVE, KAL__SMALLEST, KAL__BEST };
enum { KAL__USUAL, KAL__QUICK, KAL__UTMOST };
enum { KAL__AUTO_METRIC, KAL__SSIMULACRA2, KAL__DSSIM, KAL__NO_METRIC };
enum { KAL__KEEP_META, KAL__KEEP_COLOUR, KAL__STRIP_META };

/// What is aimed at, worked out of the parameters.
typedef struct kal__aim {
    kal__optimize_p p;    // objective and metric said
    uint64_t max_bytes;   // 0: any
    double bound;         // of the metric; NAN: none
} kal__aim;
kal_status kal__aim_of(const kal__optimize_p *p, kal__aim *out, kal_error *err);
/// The op that scores; NULL: none does.
const kal_op *kal__metric_of(const kal__aim *a);
/// More is better, whatever the metric; about the scale of SSIMULACRA2, where searches know their way.
double kal__height_of(const kal__aim *a, double score);

// ---- lines (optimize_lines.c) -------------------------------------------------------------------

#define KAL__LINES 20

/// A parameter in place of the quality: some qualities, rising, and its values there.
typedef struct kal__ladder {
    const char *name;   // of the parameter; NULL: the quality itself
    int n;
    int probes;   // at most; 0: as many as of any line
    const uint8_t *at;
    const int *value;   // of the parameter
} kal__ladder;

/// Whether it can be counted what files take, by which colour.
typedef enum kal__counted { KAL__NOT_COUNTED, KAL__COUNTED_HALVED, KAL__COUNTED_FULL } kal__counted;

/// Candidates of one format that differ in their quality alone; or one, when there is none to be searched.
typedef struct kal__line {
    int way;   // which row of the table
    const kal__codec *codec;
    const char *fixed;                 // parameters: "progressive=true"
    int effort;                        // of the encoder; -1: it is not told
    const kal__quality_curve *curve;   // NULL: it has no quality
    const kal__ladder *ladder;         // NULL: every quality counts
    int head;                          // bytes that are the same in all its files, about
    int slow;                          // the slowest are begun first
    int less;   // of what loses nothing: how many times smaller it is at best than the quick one of its kind, or than a quick PNG; 0: nobody asks
    bool lossless;
    bool few;   // only of pictures of few colours
    kal__counted counted;
    int follows;   // only where this line found no end, or a high one; -1: always
} kal__line;
/// INVALID: a format that is none of them, with the nearest name. The order is that of `formats`.
kal_status kal__lines_of(const kal__aim *a, const kal_extent *e, kal__line out[KAL__LINES], int *n,
                         kal_error *err);

// ---- what is told (optimize_report.c) -----------------------------------------------------------

#define KAL__TRY_PARAMS 112

/// A candidate while it is tried.
typedef struct kal__try {
    int line, quality;    // line -1: the original
    double scale;         // of the sides
    kal_candidate told;   // params and why: below
    char params[KAL__TRY_PARAMS], why[200];
    kal__slab *bytes;   // NULL: let go of
    kal_status status;
} kal__try;

/// The report and, behind it, the bytes of the chosen one; NULL: out of memory. *front: bytes of the report.
kal__slab *kal__report_make(const kal__aim *a, const kal__try *tries, int n, int chosen, size_t *size);
void kal__choice_plot(const kal_choice *choice, kal__text *out);
/// Which picture it is of, and the key it is kept under.
void kal__report_belongs(kal_choice *choice, kal_node *image, kal_key key);
/// What a choice stands on, borrowed; false: on nothing.
typedef struct kal__found {
    kal_node *image;
    kal_key key;
    kal__slab *report;
    const kal_candidate *chosen;
    const unsigned char *data;
    size_t size;
} kal__found;
bool kal__found_of(const kal_choice *choice, kal__found *out);
/// Takes the reference. CORRUPT: it is none.
kal_status kal__report_read(kal__slab *report, size_t size, kal_choice *out, kal_error *err);

// ---- the search (optimize_search.c) -------------------------------------------------------------

/// Tries, and makes the report of it. `image` is static. *lasting: no candidate is missing for want of memory.
kal_status kal__optimize_search(kal_node *image, const kal__aim *a, const kal_options *options, double start,
                                kal__slab **report, size_t *size, bool *lasting, kal_error *err);

// ---- the node (optimize.c) ----------------------------------------------------------------------

extern const kal__codec kal__codec_optimize;
/// What such a node of a static image resolves to: an encoded node whose bytes are there.
kal_status kal__optimize_settle(kal_node *image, const kal_node *node, const kal_options *options,
                                double start, kal_node **out, kal_error *err);

#endif
