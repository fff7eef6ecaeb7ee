// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Which quality, 1..100, of an encoder gives so many bytes, or such a score: what is probed next, from a curve that pictures have in the mean and
// what was seen of this one. Nothing here knows what an encoder is.
#ifndef KAL_QUALITY_H
#define KAL_QUALITY_H

#include <stdbool.h>
#include <stdint.h>

#define KAL__QUALITY_PROBES 8   // at most
#define KAL__QUALITY_KNOTS 15
#define KAL__QUALITY_DETAIL 2.6

/// Of pictures in the mean: log2 of bits a pixel, and SSIMULACRA2, at some qualities, the first 1 and the last 100; both rise. `by_detail`: that log2 by the detail of the
/// picture (kal__detail), of which those have KAL__QUALITY_DETAIL.
typedef struct kal__quality_curve {
    uint8_t at[KAL__QUALITY_KNOTS];
    float bits[KAL__QUALITY_KNOTS];
    float score[KAL__QUALITY_KNOTS];
    float by_detail;
} kal__quality_curve;

typedef struct kal__quality_probe {
    int quality;
    uint64_t bytes;
    double score;
} kal__quality_probe;

/// A search for the highest quality of at most `max_bytes` or, where that is 0, for the lowest of at least `min_score`.
typedef struct kal__quality {
    const kal__quality_curve *curve;
    double pixels;
    double level;   // log2 of bits a pixel that this picture is thought to have more than the curve
    uint64_t max_bytes;
    double min_score;
    const uint8_t *steps;   // the qualities that there are, rising; NULL: all
    int n_steps;
    int most;   // probes; 0: KAL__QUALITY_PROBES
    kal__quality_probe probes[KAL__QUALITY_PROBES];
    int n;
} kal__quality;

/// The score, and log2 of bits a pixel, that pictures have there in the mean.
double kal__quality_mean(const kal__quality_curve *c, int quality);
double kal__quality_mean_bits(const kal__quality_curve *c, int quality);
/// The quality to be tried next; 0: enough is known. Depends on what was told alone, in whatever order.
int kal__quality_next(const kal__quality *s);
/// What came of it. (score: whatever, of a search by bytes.)
void kal__quality_tell(kal__quality *s, int quality, uint64_t bytes, double score);
bool kal__quality_is_probed(const kal__quality *s, int quality);
/// The best of those that keep to the bound: of the highest quality, or of the fewest bytes; NULL: none does.
const kal__quality_probe *kal__quality_found(const kal__quality *s);

#endif
