// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A search under way, and what its files share.
#ifndef KAL_GRAPH_OPTIMIZE_SEARCH_H
#define KAL_GRAPH_OPTIMIZE_SEARCH_H

#include "admit.h"
#include "jpeg_count.h"
#include "optimize.h"
#include "options.h"

#include <pthread.h>

#define KAL__TRIES (KAL__LINES * (KAL__QUALITY_PROBES + 2) * 16)

typedef enum kal__line_state { KAL__WAITS, KAL__SEARCHES, KAL__SCORES, KAL__DONE } kal__line_state;

// A line while it is searched, at one scale of the picture.
typedef struct kal__runner {
    const kal__line *line;
    kal_node *image;   // as this format takes it
    kal__quality by;
    uint64_t metadata;   // bytes of it in each of its files
    uint64_t beside;     // bytes of its files that no quality changes: these, and what heads them
    kal__line_state state;
    bool fresh;    // nothing was counted of it, nor tried
    bool beaten;   // it was given up, since others are smaller
    int next;      // quality to be tried; 0 of a line without any
    int last;      // its try of this round; -1: there was none
} kal__runner;

typedef struct kal__search {
    const kal__aim *aim;
    kal_options options;
    double start;
    kal__watch watch;
    kal__line lines[KAL__LINES];
    kal__runner runners[KAL__LINES];
    int n;
    int leader;   // the line that is searched before the others; -1: none
    kal__try tries[KAL__TRIES];
    int n_tries, best;
    double scale;
    kal_node *picture;                 // its samples, in memory where they fit
    int few;                           // different colours of it, up to 256; 0: more, or nobody counted them
    bool seen;                         // it was looked at
    double look[KAL__QUALITY_LOOKS];   // what that said (kal__look)
    kal_node *reference;               // what is compared with
    kal__meta *meta;                   // that files get
    uint64_t quick_png;                // bytes of one, quickly made; 0: nobody asked yet
    size_t held;                       // bytes of the pictures that are held
    kal__budget budget;                // of all tries of a round: what those leave, or one try alone
    pthread_mutex_t lock;
    int done;   // tries, for progress
    kal_progress_fn *progress;
    kal_stats *stats;   // the request's
} kal__search;

// ---- what is seen of a picture in memory (optimize_look.c) ---------------------------------------

/// Different pixels of 8 bits, up to 256; 0: more, or it is not in memory.
int kal__count_colours(const kal_node *n);
/// Some bands of its rows, evenly spread, of a picture that has many and is in memory; else itself. A reference.
kal_node *kal__sample_rows(kal_node *n);
/// What JPEGs of it take, of seven qualities and some of its rows, as log2 beside what those of most photographs do; and the share of chroma. What files of all formats weigh and score is expected by that.
/// Nothing is seen of a picture that is not in memory, too small, or wider than a JPEG.
kal_status kal__look(kal__search *s, const kal_node *n, kal_error *err);

// ---- what JPEGs take (optimize_count.c) ---------------------------------------------------------

/// The samples of a picture in memory, of integers and no wider than a JPEG; false: it is none. `gray` and `halved` are the caller's.
bool kal__jpeg_view_of(const kal_node *n, kal__jpeg_view *out);
kal__jpeg_how kal__count_how(const kal__search *s, int32_t every);
/// Of a line whose bytes are bounded and can be counted: around that bound they are, and the quality that is next hangs on it.
kal_status kal__count_line(const kal__search *s, kal__runner *r, kal_error *err);

// ---- a try, and what it looks at (optimize_try.c) -----------------------------------------------

/// An op on a node, which is replaced.
kal_status kal__through(kal_node **n, const kal_op *op, const char *params, kal_error *err);
/// The parameters of a line's file of that quality; `text`, unless it is NULL, becomes what they are written as.
kal_status kal__line_params(const kal__search *s, const kal__runner *r, int quality, void *params,
                            kal__arena *arena, char *text, size_t n, kal_error *err);
/// The picture and what is compared with, held in memory where they fit, and what files get of its metadata.
kal_status kal__search_open(kal__search *s, kal_node *image, kal_error *err);
void kal__search_close(kal__search *s);
/// Whether a picture is held in memory while it is searched, and so looked through.
bool kal__search_holds(const kal_extent *e, const kal__resolved *o);
/// Makes the file of a try, unless it is there, and its score where that is wanted. A failure takes the candidate out, and is told. Threads: any number at once.
void kal__try_one(kal__search *s, kal__runner *r, kal__try *t);
/// Bytes of a PNG of it, quickly made, about: by that it is told which files that lose nothing can be small enough. UINT64_MAX: it could not be made.
uint64_t kal__quick_png(kal__search *s);
/// Whether the file that the picture came from may be one of the candidates: then it is. CHANGED: it is another one by now.
kal_status kal__try_original(kal__search *s, const kal_node *image, kal_error *err);

// ---- whose turn it is (optimize_order.c) --------------------------------------------------------

static inline bool kal__is_on(const kal__runner *r)
{
    return r->state == KAL__SEARCHES || r->state == KAL__SCORES;
}

/// Of so many bytes those that hang on the quality.
static inline uint64_t kal__above(const kal__runner *r, uint64_t bytes)
{
    return bytes > r->beside ? bytes - r->beside : 1;
}

/// Who is to try a file first, and after a round: lines begin, wait, or are done because they cannot win any more.
void kal__order_first(kal__search *s, bool by_bytes);
void kal__order_next(kal__search *s);

// ---- rounds (optimize_rounds.c) -----------------------------------------------------------------

/// All lines at this scale, by score or, `by_bytes`, by bytes.
kal_status kal__search_lines(kal__search *s, bool by_bytes, kal_error *err);

#endif
