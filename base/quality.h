// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Which quality, 1..100, of an encoder gives so many bytes, or such a score: what is probed next, from what is expected of such a picture and
// what was seen of this one. Nothing here knows what an encoder is.
#ifndef KAL_QUALITY_H
#define KAL_QUALITY_H

#include <stdbool.h>
#include <stdint.h>

#define KAL__QUALITY_PROBES 8   // at most
#define KAL__QUALITY_MOST 100
#define KAL__QUALITY_KNOTS 15
#define KAL__QUALITY_LOOKS 8
#define KAL__QUALITY_SHAPES 4

/// One of the two things that rise with quality. `mean`: at 1, 2, … of a picture that looks like most. At the knots, straight between them: `look`, what it has more where a look is more
/// by one; `apart`, by which shapes pictures of one look differ, each as far as it usually goes, independent of each other; `unseen`: by which all do, whatever they look like. `rough`: how far a single quality lies off all that.
typedef struct kal__quality_side {
    float mean[KAL__QUALITY_MOST];
    float look[KAL__QUALITY_LOOKS][KAL__QUALITY_KNOTS];
    float apart[KAL__QUALITY_SHAPES][KAL__QUALITY_KNOTS];
    float unseen[KAL__QUALITY_SHAPES][KAL__QUALITY_KNOTS];
    float rough;
} kal__quality_side;

/// Of an encoder: log2 of bits a pixel, and SSIMULACRA2. The first knot is 1 and the last 100. `seen`: from which look to which it was made of; beyond them nothing is known of what they add.
typedef struct kal__quality_curve {
    uint8_t at[KAL__QUALITY_KNOTS];
    float seen[KAL__QUALITY_LOOKS][2];
    kal__quality_side bits, score;
} kal__quality_curve;

typedef struct kal__quality_probe {
    int quality;
    uint64_t bytes;
    double score;
} kal__quality_probe;

/// A search for the highest quality of at most `max_bytes` or, where that is 0, for the lowest of at least `min_score`.
typedef struct kal__quality {
    const kal__quality_curve *curve;
    double bits[KAL__QUALITY_MOST + 1],
        score[KAL__QUALITY_MOST + 1];   // expected at that quality (kal__quality_look)
    double odd;                         // how much more it may be apart, as a variance; at least 1
    bool seen;                          // there is a look
    bool counted;                       // `bits` were, around the line (kal__quality_counted)
    double pixels;
    uint64_t max_bytes;
    double min_score;
    const uint8_t *steps;   // the qualities that there are, rising; NULL: all
    int n_steps;
    int most;   // probes; 0: KAL__QUALITY_PROBES
    kal__quality_probe probes[KAL__QUALITY_PROBES];
    int n;
} kal__quality;

/// What is expected of a picture of that look; NULL: nobody looked at it.
void kal__quality_look(kal__quality *s, const kal__quality_curve *curve, const double *look);
/// Of some qualities, rising, it was counted what their files take: log2 of bits a pixel. What is expected of others moves with them.
void kal__quality_counted(kal__quality *s, const int *qualities, const double *bits, int n);
/// The highest quality that is expected to lie at or below the line; 0: none.
int kal__quality_crossing(const kal__quality *s);
/// The quality to be tried next; 0: enough is known. Depends on what was told alone.
int kal__quality_next(const kal__quality *s);
/// What came of it. (score: whatever, of a search by bytes.)
void kal__quality_tell(kal__quality *s, int quality, uint64_t bytes, double score);
bool kal__quality_is_probed(const kal__quality *s, int quality);
/// The best of those that keep to the bound: of the highest quality, or of the fewest bytes; NULL: none does.
const kal__quality_probe *kal__quality_found(const kal__quality *s);

// ---- between the two files of it ----------------------------------------------------------------

/// What is searched of a probe: log2 of bits a pixel or, by score, the score. And the line that it is to reach.
double kal__quality_value(const kal__quality *s, const kal__quality_probe *p);
double kal__quality_line(const kal__quality *s);
/// At each quality what it is expected to be, after all probes, and with what deviation. `usual`: the probes were such as those of photographs are.
typedef struct kal__quality_expected {
    double mean[KAL__QUALITY_MOST + 1], sd[KAL__QUALITY_MOST + 1];
    bool usual;
} kal__quality_expected;
void kal__quality_expect(const kal__quality *s, kal__quality_expected *out);
/// How likely a value of the standard normal distribution is below z.
double kal__quality_normal(double z);

#endif
