// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A plan: a flat array of stages that hand rows to each other through rings. Read docs/notes/engine.md beside it.
//
//   decode ──ring──▶ gaussian+invert ──ring──▶ uncrop ──ring──▶ encode
//      └───────────────────────────────────────▲
//
// A stage makes its rows top to bottom in bands. Band b of a stage may start when the rows it needs are done in every ring it
// reads, and when its own ring has room, that is, when its readers have let go of the rows it will overwrite. Those two rules
// are all there is: the simulator proves them free of deadlock with one worker, which is then true for any number.
#ifndef KAL_GRAPH_PLAN_H
#define KAL_GRAPH_PLAN_H

#include "node.h"

// So many decoders of one plan at most are charged as long as their rows are held.
#define KAL__FEW_DECODERS 16

/// A file of several pictures between two of them.
typedef struct kal__book {
    kal__encoder *encoder;   // left open; NULL before the first
    kal__writer *front;      // of the target, for an encoder that may be left
    bool begun;              // the picture at hand has: something may have been written of it
} kal__book;

typedef struct kal__plan kal__plan;
typedef struct kal__stage kal__stage;

typedef enum kal__stage_kind {
    KAL__ENCODE_STAGE,   // in order of preference when several can run
    KAL__MEASURE_STAGE,
    KAL__DIGEST_STAGE,
    KAL__COPY_STAGE,   // into the caller's rows
    KAL__DECODE_STAGE,
    KAL__COMPUTE_STAGE,
    KAL__CONST_STAGE,   // rows that exist already: samples in memory, a memo hit
} kal__stage_kind;

/// One input of a stage. Bands that need nothing of what `from` touches read the edge `past` it instead.
typedef struct kal__edge {
    kal__stage *from;   // NULL: nothing of this input is needed
    kal__stage *to;
    int32_t step;             // of the stage, whose input this is; 0 for a sink
    int32_t slot;             // which of the stage's edges this is, or stands in for
    int32_t dx, dy;           // coordinates here + (dx, dy) = coordinates of `from`
    struct kal__edge *past;   // to the stage whose rows `from` hands on; NULL: all is read here
    kal_rect touched;         // what `from` does not just hand on, in its coordinates
    int32_t depth;            // so many edges look at this one past something
    int32_t first, n;         // the bands from the first to the last that read through it …
    int32_t *ready;           // … per band of these: `from` must be done up to this row …
    int32_t *release;         // … and rows before this one are not needed by this band or any later
    struct kal__edge *next_reader;
} kal__edge;

/// One op of a stage. Step 0 reads edges; a later step reads the step before it, and edges beside.
typedef struct kal__step {
    const kal_node *node;
    void *state;          // from prepare
    int32_t from_step;    // which input is the step before; -1: none
    int32_t first_edge;   // its other inputs, in order
    kal_rect
        touched;   // what it does not just hand on of its last input; everything, when the op does not say
    int32_t run;   // so many steps from this one on are one table; 0: the step is run itself
    struct kal__table *table;
} kal__step;

struct kal__stage {
    kal__stage_kind kind;
    int32_t index;          // topological
    const kal_node *node;   // whose rows these are
    kal__step *steps;
    int32_t n_steps;
    kal__edge *edges;   // of all steps, in order
    int32_t n_edges;
    kal__edge *readers;
    int32_t n_readers;

    kal_rect rect;           // what is made, in the node's coordinates
    int32_t band, n_bands;   // rows a band; bands
    bool in_place;   // each step after the first changes what it touches of the first one's rows, in the ring
    bool serial;     // one band in flight at most; a coding stage that is not works in pieces or parts
    int32_t
        window;      // an encoder's pieces: how many may be at work or waiting to be joined; 0: not in pieces
    int32_t above;   // rows above its own that a piece sees

    // the ring: `rows` rows of `stride` bytes; row y lies at (y - rect.y0) % rows
    int32_t rows;
    size_t stride;
    int32_t helpers;           // threads that a codec may have of its own
    int32_t coded_x0, coded;   // DECODE: the first column of the rows that the decoder gives, and how many
    size_t memory;             // ring and codec together: what the simulation charges
    size_t codec_memory;
    size_t charged;   // of `memory`, now
    bool keep;        // the ring is the whole rect and goes to the memo
    bool dear;        // it, or something it stands on, is worth keeping
    bool last;        // a want is read from it
    bool spilt;       // the ring is the whole rect and lies in a file, for want of memory
    bool outside;     // the ring is the caller's memory
    unsigned char *data;
    kal__slab *slab;
    size_t scratch;   // bytes a job needs

    // running; under the scheduler's lock
    int32_t next, done, in_flight;
    unsigned char *finished;   // per band, beyond `done`
    int32_t readers_left;
    int32_t alloc_rank;   // position in the order of allocation that the simulation found
    bool allocated, queued, over;

    struct kal__coding *coding;           // decoder or encoder at work
    struct kal__lack *lack;               // DECODE_STAGE: what is missing of its picture; NULL: nothing
    kal__writer *writer;                  // ENCODE_STAGE …
    kal__book *book;                      // … of one of several pictures
    struct kal__digest *digest;           // DIGEST_STAGE
    const struct kal__patches *patches;   // COPY_STAGE of many rectangles
    void *gathered;                       // MEASURE_STAGE: from its rows so far; atomic …
    int32_t part, parts;                  // … rows of a band, when they go apart, else 0; those that are done, atomic …
    kal_value *value;                     // … and where the value goes
    double ns;                            // time spent, for the memo's cost and the profile
};

/// Sinks have no rows of their own; those of a copy are the caller's.
static inline bool kal__stage_is_sink(const kal__stage *s)
{
    return s->kind == KAL__ENCODE_STAGE || s->kind == KAL__MEASURE_STAGE || s->kind == KAL__DIGEST_STAGE;
}

static inline bool kal__stage_has_ring(const kal__stage *s)
{
    return s->kind == KAL__DECODE_STAGE || s->kind == KAL__COMPUTE_STAGE || s->kind == KAL__CONST_STAGE;
}


/// What is wanted: pixels into memory (of one rectangle or of many), encoded bytes into a writer, a content key, or a value.
typedef struct kal__want {
    kal_node *node;      // an image, (writer) an encoded node, or (value) a value node
    kal_node *instead;   // has the pixels of the image, or of the one that is encoded; NULL: that one itself
    kal_rect rect;
    unsigned char *dst;
    ptrdiff_t stride;
    kal__writer *writer;
    kal_key *key;
    kal_value *value;
    const struct kal__patches *patches;   // pixels of many rectangles, `rect` around them
    kal__book *book;                      // (writer) of a file of several pictures
} kal__want;

/// What the scheduler knows; the simulator and the pool drive it with the same functions (schedule.c).
typedef struct kal__schedule {
    kal__stage **heap;   // stages that may be runnable, best first
    size_t n_heap;
    int32_t next_alloc;   // rank of the next stage to get its ring
    kal__stage **alloc_order;
    size_t live, peak;   // bytes of rings and codecs
    bool
        many;   // decoders: each is charged until it is closed. Of few, what the C library keeps of them is counted, too
    size_t bound;         // live may not pass it; SIZE_MAX while simulating
    int32_t unfinished;   // stages
    uint64_t bands_done;
} kal__schedule;

/// What a process that evaluates at all holds beside its plan, measured: the pages of the engine's own code and the C library's, stacks
/// of workers. Counted in what a plan is told to need, not against the limit.
#define KAL__BESIDE ((size_t)1792 << 10)

struct kal__plan {
    kal__arena arena;
    kal__order order;
    kal__stage **stages;   // topological
    int32_t n_stages;
    kal__schedule schedule;
    size_t scratch;     // largest of any stage that many workers may run at once
    size_t alone;       // what the others want, each once: stages of one job for the whole image
    size_t tables;      // what prepare makes, of all steps
    size_t peak;        // simulated, scratch of all workers included
    uint64_t n_bands;   // in all
    int32_t threads;
    double work_ns;   // estimate
    uint64_t nodes, nodes_reused, reused_bands;
    kal_memo *memo;
    kal_memo_mode memo_mode;
    const char *spill;   // the folder of rings that are `spilt`
};

/// What rings, codecs and scratch take at most.
static inline size_t kal__plan_memory(const kal__plan *p)
{
    return p->schedule.peak + p->scratch * (size_t)p->threads + p->alone;
}

/// Resolved options: defaults and environment filled in.
typedef struct kal__resolved {
    int32_t threads, band;
    size_t max_memory;
    kal_memo *memo;
    kal_memo_mode memo_mode;
    const char *spill;   // a folder for rings that are too large; NULL: none
    bool only_known;     // nothing is computed
    struct kal__audit *audit;   // of what is found; NULL: none
} kal__resolved;

kal_status kal__plan_make(const kal__want *wants, size_t n, const kal__resolved *options, kal__plan **out,
                          kal_error *err);
/// Makes the tables of every step; looks at the watch between them. After the plan was admitted: only then is there room.
struct kal__watch;
kal_status kal__plan_prepare(kal__plan *p, const struct kal__watch *w, kal_stats *stats, kal_error *err);
void kal__plan_free(kal__plan **plan);

// ---- schedule.c ---------------------------------------------------------------------------------

/// Sets the run state of every stage to the beginning.
void kal__schedule_start(kal__plan *p, size_t bound);
/// The best stage that can start a band now, started; NULL when none can. *band is its band; *first: its ring must be allocated.
kal__stage *kal__schedule_pick(kal__plan *p, int32_t *band, bool *first);
/// The band is done. Calls `freed` for each stage whose ring nobody needs any more.
typedef void kal__freed_fn(kal__plan *p, kal__stage *s);
void kal__schedule_finish(kal__plan *p, kal__stage *s, int32_t band, kal__freed_fn *freed);
/// Runs the plan without pixels, growing rings until it ends; leaves rings, alloc order and peak settled.
kal_status kal__simulate(kal__plan *p, kal_error *err);
/// Gives the ring this many rows, rounded up to whole bands (or the whole rect), and works out its memory.
void kal__stage_set_rows(kal__stage *s, int64_t rows);

/// Rows of band b of a stage.
static inline kal_rect kal__band_rect(const kal__stage *s, int32_t b)
{
    kal_rect r = s->rect;
    const int64_t y0 = (int64_t)r.y0 + (int64_t)b * s->band, y1 = y0 + s->band;
    r.y1 = y1 < r.y1 ? (int32_t)y1 : r.y1;
    r.y0 = (int32_t)y0;
    return r;
}

/// All edges of a stage, those past others included.
static inline kal__edge *kal__edge_after(const kal__edge *e)
{
    if (e->past) return e->past;
    return e->slot + 1 < e->to->n_edges ? &e->to->edges[e->slot + 1] : NULL;
}
#define KAL__EACH_EDGE(e, s)                         \
    kal__edge *e = (s)->n_edges ? (s)->edges : NULL; \
    e;                                               \
    e = kal__edge_after(e)

/// The edge through which a rect of the input is read.
static inline const kal__edge *kal__edge_for(const kal__edge *e, kal_rect need)
{
    while (e->past && kal_rect_empty(kal_rect_clip(kal_rect_shift(need, e->dx, e->dy), e->touched)))
        e = e->past;
    return e;
}

/// Of any band of the reader: up to which row `from` must be done, and before which one rows are not needed any more. A band before the
/// first that reads needs nothing yet, one behind the last nothing more.
static inline int32_t kal__edge_ready(const kal__edge *e, int32_t band)
{
    const int32_t k = band - e->first;
    return !e->n || k < 0 ? e->from->rect.y0 : e->ready[k < e->n ? k : e->n - 1];
}

static inline int32_t kal__edge_release(const kal__edge *e, int32_t band)
{
    const int32_t k = band - e->first;
    return k >= e->n ? e->from->rect.y1 : e->release[k > 0 ? k : 0];
}

/// A window onto a ring: `rect` in the stage's coordinates shifted by (-dx, -dy).
static inline kal_tile kal__ring_tile(const kal__stage *s, kal_rect rect, int32_t dx, int32_t dy,
                                      int32_t pixel)
{
    kal_tile t = {.rect = rect, .stride = (ptrdiff_t)s->stride, .ring = s->rows, .pixel = pixel};
    t.row0 = (rect.y0 + dy - s->rect.y0) % s->rows;
    t.data = s->data + (ptrdiff_t)(rect.x0 + dx - s->rect.x0) * pixel;
    return t;
}

/// A window onto what an edge reads.
static inline kal_tile kal__edge_tile(const kal__edge *e, kal_rect rect, int32_t pixel)
{
    e = kal__edge_for(e, rect);
    return kal__ring_tile(e->from, rect, e->dx, e->dy, pixel);
}

#endif
