// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The op record: everything there is to know about an operation, readable at run time. Our own ops and yours are
// described by the same struct; the text grammar, the command's help, the docs and the tests are generated from it.
// `ops/colour/invert.c` is the shortest complete example, `docs/adding-an-op.md` the walk through it.
#ifndef KAL_OP_H
#define KAL_OP_H

#include <kal/base.h>

KAL_BEGIN

struct kal_op;

// ---- parameters ---------------------------------------------------------------------------------

typedef enum kal_param_kind {
    KAL_PARAM_INT,      ///< int32_t
    KAL_PARAM_X,        ///< int32_t along the width: "50%" means half of input 0's width
    KAL_PARAM_Y,        ///< int32_t along the height
    KAL_PARAM_FLOAT,    ///< double
    KAL_PARAM_BOOL,     ///< bool
    KAL_PARAM_CHOICE,   ///< int32_t, index into the words of `unit`
    KAL_PARAM_TEXT,     ///< const char *, UTF-8
    KAL_PARAM_LIST,     ///< kal_list
    KAL_PARAM_COLOR,    ///< kal_list in the sample's own unit; in text also a colour word or #rgb
    /// const char *, the path of a file whose bytes the op wants: kal_file_bytes. "" is none. `unit` may name folders, separated by |: a path
    /// without a slash that is no file where the program runs is looked for in them and below, and stays as it was written.
    KAL_PARAM_FILE,
    /// const char *, paths of files that the op's own helpers read: blanks between them, one with blanks in quotes. Their bytes count in their order, and
    /// are not held: whoever looks at them must see that they are still the same. "" is none.
    KAL_PARAM_FILES,
} kal_param_kind;

/// One parameter. Made from the lists in ops.h by KAL_SCHEMA; order and kinds are part of the key.
typedef struct kal_param {
    const char *name;
    kal_param_kind kind;
    size_t offset;          ///< in the op's params struct
    double def;             ///< default of a number, bool or choice; KAL_AUTO: worked out from the rest
    const char *def_text;   ///< default of a text
    double min, max;        ///< of a number, each element of a list included; min == max: no bound
    const char *unit;   ///< "px", "degrees" …; of a choice: its words, as "copy|mirror"; of a file: folders
    const char *help;   ///< one line
} kal_param;

// A parameter list is a macro: P(KIND, name, default, min, max, unit or words, help). From it come …
#define KAL_CTYPE_INT int32_t
#define KAL_CTYPE_X int32_t
#define KAL_CTYPE_Y int32_t
#define KAL_CTYPE_FLOAT double
#define KAL_CTYPE_BOOL bool
#define KAL_CTYPE_CHOICE int32_t
#define KAL_CTYPE_TEXT const char *
#define KAL_CTYPE_LIST kal_list
#define KAL_CTYPE_COLOR kal_list
#define KAL_CTYPE_FILE const char *
#define KAL_CTYPE_FILES const char *
#define KAL_DEF_INT(d) d
#define KAL_DEF_X(d) d
#define KAL_DEF_Y(d) d
#define KAL_DEF_FLOAT(d) d
#define KAL_DEF_BOOL(d) d
#define KAL_DEF_CHOICE(d) d
#define KAL_DEF_TEXT(d) d
#define KAL_DEF_FILE(d) d
#define KAL_DEF_FILES(d) d
#define KAL_DEF_LIST(d) \
    {                   \
        NULL, 0         \
    }
#define KAL_DEF_COLOR(d) \
    {                    \
        NULL, 0          \
    }
#define KAL_NUM_INT(d) d, NULL
#define KAL_NUM_X(d) d, NULL
#define KAL_NUM_Y(d) d, NULL
#define KAL_NUM_FLOAT(d) d, NULL
#define KAL_NUM_BOOL(d) d, NULL
#define KAL_NUM_CHOICE(d) d, NULL
#define KAL_NUM_TEXT(d) 0, d
#define KAL_NUM_FILE(d) 0, d
#define KAL_NUM_FILES(d) 0, d
#define KAL_NUM_LIST(d) 0, NULL
#define KAL_NUM_COLOR(d) 0, NULL
/// … the fields of the struct,
#define KAL_FIELD(kind, name, def, min, max, unit, help) KAL_CTYPE_##kind name;
/// … its defaults, as designated initializers,
#define KAL_DEFAULT(kind, name, def, min, max, unit, help) .name = KAL_DEF_##kind(def),
/// … and the rows of the schema, for the struct that PARAMS names at that place.
#define KAL_SCHEMA(kind, name, def, min, max, unit, help) \
    {#name, KAL_PARAM_##kind, offsetof(PARAMS, name), KAL_NUM_##kind(def), min, max, unit, help},

// ---- a call -------------------------------------------------------------------------------------

/// One application of an op: what a node holds. `in` are the inputs' own calls, so a fold can look through them.
/// Immutable once the node exists. Threads: any.
typedef struct kal_call {
    const struct kal_op *op;
    const void *params;   ///< the op's params struct, canonical: defaults written, autos worked out
    kal_extent extent;    ///< of the result
    int32_t n;
    const struct kal_call *const *in;
} kal_call;

/// What `fold` found: the call is really one of its inputs' calls, or another call.
typedef struct kal_folded {
    const kal_call *same;      ///< set: the result is this call itself (an input, or an input's input)
    const struct kal_op *op;   ///< else: this op …
    const void *params;   ///< … with the parameters written into the room given (KAL_FOLD_ROOM bytes) …
    int32_t n;
    const kal_call *in[2];         ///< … on these inputs,
    const struct kal_op *before;   ///< with this op applied to in[0] first, when set,
    const void *before_params;     ///< and these parameters,
    const struct kal_op *first;    ///< and this op even before that one,
    const void *first_params;      ///< with these
    int32_t
        shrink;   ///< above 1: in[0], when it comes straight from a file whose format can, is decoded so many times smaller
    const void *
        shrunk_params;   ///< when that was done: what goes with in[0] then, in place of `before_params`, or of `params`; NULL: the same
} kal_folded;
/// Lists may lie in the room, too.
#define KAL_FOLD_ROOM 1024

// ---- pixels -------------------------------------------------------------------------------------

/// A window onto rows of an image. `rect` is what may be touched, in the image's absolute coordinates. The rows may lie
/// in a ring: always go through kal_row, or check `ring` for plain storage.
typedef struct kal_tile {
    kal_rect rect;
    unsigned char *data;   ///< pixel (rect.x0) of the ring's row 0
    ptrdiff_t stride;      ///< bytes from row to row
    int32_t row0;          ///< the ring row of rect.y0, in 0..ring-1
    int32_t ring;          ///< rows in the ring
    int32_t pixel;         ///< bytes of a pixel
} kal_tile;

/// Address of pixel (rect.x0, y). y must lie inside rect.
static inline unsigned char *kal_row(const kal_tile *t, int32_t y)
{
    int32_t r = t->row0 + (y - t->rect.y0);
    if (r >= t->ring) r -= t->ring;
    return t->data + r * t->stride;
}

/// Address of pixel (x, y), which must lie inside rect.
static inline unsigned char *kal_at(const kal_tile *t, int32_t x, int32_t y)
{
    return kal_row(t, y) + (ptrdiff_t)(x - t->rect.x0) * t->pixel;
}

static inline int32_t kal_tile_width(const kal_tile *t)
{
    return t->rect.x1 - t->rect.x0;
}

/// One piece of work for a kernel: fill `out->rect` completely. `in[i].rect` is exactly need(i, out->rect); nothing outside
/// may be read, nothing outside `out->rect` written.
typedef struct kal_job {
    const kal_call *call;
    const void *state;   ///< what `prepare` made; read-only
    const kal_tile *in;
    const kal_tile *out;
    bool far;                ///< `out` is too much to be found in a cache: a kernel may write past them
    void *scratch;           ///< as many bytes as `scratch` asked for, 64-byte aligned, contents undefined
    kal_error *err;          ///< for a message, if the kernel fails
    bool (*stopped)(void);   ///< NULL: nobody will stop it; see kal_job_stopped
} kal_job;

/// Whether the request was cancelled or is too late: a kernel that takes long for one job (tens of milliseconds) asks now and then, and returns KAL_CANCELLED. Threads: the one the job was given to.
static inline bool kal_job_stopped(const kal_job *job)
{
    return job->stopped && job->stopped();
}

// ---- values -------------------------------------------------------------------------------------

/// What an op can give instead of an image.
typedef enum kal_value_kind {
    KAL_VALUE_NUMBERS,    ///< rows of any width: a mean per channel is one row, a histogram one per channel
    KAL_VALUE_SIZE,       ///< one row: width, height
    KAL_VALUE_POINTS,     ///< rows of x, y
    KAL_VALUE_BOXES,      ///< rows of x0, y0, x1, y1: half open
    KAL_VALUE_POLYGONS,   ///< rows of polygon, x, y: a polygon's points follow each other
    KAL_VALUE_TEXT,       ///< UTF-8
} kal_value_kind;

/// A computed value. Owned by whoever has it: kal_value_free.
typedef struct kal_value {
    kal_value_kind kind;
    int32_t rows, columns;
    double *v;    ///< rows · columns numbers, row by row
    char *text;   ///< of a TEXT
} kal_value;

/// Makes room for a value of rows · columns numbers, all 0; NOMEM. Whatever *out held is not freed.
KAL_API kal_status kal_value_make(kal_value *out, kal_value_kind kind, int32_t rows, int32_t columns);
/// A TEXT of its own copy; NOMEM.
KAL_API kal_status kal_value_make_text(kal_value *out, const char *text);
KAL_API void kal_value_free(kal_value *value);

/// How an op makes a value of its inputs: it looks at their rows from top to bottom, one band at a time and in order, and keeps what it
/// gathers in memory of its own. (With KAL_OP_WHOLE there is one band; with no input, none.)
typedef struct kal_measure {
    kal_value_kind kind;
    /// Bytes of what is gathered, zeroed before the first row; at most what it will ever hold. NULL: none.
    size_t (*size)(const kal_call *call);
    /// `job->out->rect` says which rows these are, in input 0's coordinates; there is nothing to write. NULL: pixels are not looked at.
    kal_status (*rows)(const kal_job *job, void *gathered);
    kal_status (*end)(const kal_call *call, void *gathered, kal_value *out, kal_error *err);
    /// Optional: lets go of what `gathered` points to.
    void (*release)(void *gathered);
    /// Optional: bands of exactly so many rows (the last may have fewer) are looked at apart, several at once and in any order, each with memory of its
    /// own. `end` finds them behind each other, from the top: `size` bytes each; `release` is called for each. At least 1.
    int32_t (*apart)(const kal_call *call);
} kal_measure;

// ---- the record ---------------------------------------------------------------------------------

typedef enum kal_op_flags {
    KAL_OP_POINTWISE = 1,   ///< out pixel (x,y) depends on pixel (x,y) of each input only; same size
    KAL_OP_VIEW = 2,        ///< a pure shift of input 0 (crop): never runs, its need tells the shift
    KAL_OP_WHOLE = 4,       ///< runs once, for the whole image
    KAL_OP_SERIAL = 8,      ///< bands in order, one at a time
    KAL_OP_VOLATILE = 16,   ///< not a function of its inputs: never memoized
    KAL_OP_SOURCE = 32,     ///< reads a file; the library's own
    /// POINTWISE, and when there is one input and as many channels come out as go in, an output sample depends on that one input sample and
    /// the number of its channel alone: a run of such ops on u8 becomes one table.
    KAL_OP_SAMPLEWISE = 64,
    KAL_OP_UPRIGHT = 128,   ///< undoes an EXIF orientation: that, less 1, is its first parameter
    KAL_OP_FITS = 256,   ///< scales to its parameters `width` and `height`: what viewers fit a picture with
    KAL_OP_SHEET =
        512,   ///< lays its images on one sheet, with `columns`, `gap`, `labels`, `width`, `height` and `fit`: what `kal grid` calls
    /// With `touches`: `run` may find the last input in the output's own memory, each pixel where it goes, and then makes only what is
    /// touched: it depends on no other pixel of that input, and reads none that it has written. Many such ops on one another are one pass.
    KAL_OP_IN_PLACE = 1024,
    KAL_OP_SIDES = 2048,   ///< gives its image's width and height; and …
    /// … gives what its text `formula` makes of its list `values`, v0 and v1: with both, what a percentage is of an image whose size is not
    /// known yet.
    KAL_OP_FORMULA = 4096,
} kal_op_flags;

/// A field of metadata set, or taken out.
typedef struct kal_field_change {
    const char *field;   ///< "exif.Artist"; the call's
    const char *value;   ///< UTF-8; NULL: the field goes
    bool more;           ///< one item more of a field that may have several
} kal_field_change;

typedef struct kal_op {
    const char *name;     ///< ours are one word; yours contain a dot ("acme.denoise")
    uint32_t version;     ///< raise when any pixel changes; part of the key
    const char *family;   ///< heading in the docs: "geometry", "colour" …
    const char *help;     ///< one line, then optional paragraphs after a newline
    const char
        *inputs;   ///< names, "image base"; "other?" may be left out; a last "images..." takes one or more
    const kal_param *params;
    size_t n_params;
    size_t params_size;
    uint32_t flags;
    float cost;   ///< about ns per output byte on one core; guides what is worth keeping

    /// Checks inputs and parameters, works out autos (in `params`, the op's struct) and fills `out`. Must be a pure function.
    kal_status (*extent)(const kal_call *call, void *params, kal_extent *out, kal_error *err);
    /// The part of input i that `out` needs, clipped to the input; may be empty. Grows with `out`. NULL: the same rect.
    kal_rect (*need)(const kal_call *call, int32_t i, kal_rect out);
    /// Optional: outside this rect the result is the last input, pixel for pixel. Who needs nothing of the rect reads that input instead.
    kal_rect (*touches)(const kal_call *call);
    /// Optional: where input i lies on the result. m takes the input's coordinates to the result's, x' = m[0] x + m[1] y + m[2] and
    /// y' = m[3] x + m[4] y + m[5]; pixel (x, y) reaches from x to x + 1. false: nowhere. NULL: an input of the result's size lies
    /// where it is, another nowhere. Who moves pixels must say so, or boxes would not follow them (kal_call_map).
    bool (*map)(const kal_call *call, int32_t i, double m[6]);
    /// Optional. true: `to` says what the call really is. `room` is KAL_FOLD_ROOM bytes for parameters.
    bool (*fold)(const kal_call *call, kal_folded *to, void *room);
    /// Optional: what is done to input i first: another op, whose parameters go into `params` (KAL_FOLD_ROOM bytes); NULL: nothing. An input
    /// that was made so is asked about no more.
    const struct kal_op *(*before)(const kal_call *call, int32_t i, void *params);
    /// Optional: the ICC profile that goes with the result, in place of the one that came with the image; *data from malloc, given away.
    kal_status (*profile)(const kal_call *call, void **data, size_t *size, kal_error *err);
    /// Optional: the field (kal_node_field) that the result's metadata say another thing of than the image's. Nothing is done to the picture then.
    kal_field_change (*says)(const kal_call *call);
    /// Optional: tables, made once per evaluation, and their release.
    kal_status (*prepare)(const kal_call *call, void **state, kal_error *err);
    void (*release)(void *state);
    /// Optional: bytes that prepare will hold, when that is more than a page or two; counted before anything is made.
    size_t (*tables)(const kal_call *call);
    /// Optional: so many rows at a time, from multiples of them on, where the engine is free to choose; not for pointwise ops. An op that goes
    /// by tiles makes each of them once then (kal_tiles_rows). Any other rectangle may still be asked for. At least 1.
    int32_t (*rows)(const kal_call *call);
    /// Optional: how many rows a job had better have, because beginning one costs about as much as so many rows do: sums over the first rows of a
    /// window. The engine may still ask for fewer, and for 16 it need not be said.
    int32_t (*least_rows)(const kal_call *call);
    /// Optional: bytes of scratch for a job of at most this output size.
    size_t (*scratch)(const kal_call *call, int32_t width, int32_t height);
    /// The kernel. Threads: any number at once on different jobs (unless SERIAL or WHOLE). Must not call kal_ functions
    /// that evaluate.
    kal_status (*run)(const kal_job *job);
    /// In place of `run`, for an op that gives a value. Its `extent` only checks; its result has no size.
    const kal_measure *measure;
    void *user;   ///< yours; not part of the key

    /// Optional, a comfort of the text: with input 1 left out, the nearest op of this name upstream lends its input 0 and the
    /// parameters of the same names ("crop", for uncrop).
    const char *undoes;

    /// Optional: what else pixels hang on for this call, with its version: "freetype 2.12.1". Part of the key, behind `version`; NULL: nothing.
    const char *(*library)(const kal_call *call);

    const char *const *samples;   ///< parameter texts the tests try, NULL-terminated: "sigma=2 edge=wrap"
    const char *const *accepts;   ///< optional: input kinds the tests try, NULL: every ordinary one

    /// How many of the last parameters the op got later. From the end on, those that hold their defaults are neither in the key nor
    /// printed: a graph without them keeps the key that it had before there were any.
    size_t n_later;
} kal_op;

/// The ops by index, ours first, then registered ones; NULL past the end. Threads: any.
KAL_API const kal_op *kal_op_at(size_t index);
/// An op by name, or NULL. Threads: any.
KAL_API const kal_op *kal_op_find(const char *name);
/// How many inputs an op takes. Threads: any.
KAL_API void kal_op_arity(const kal_op *op, int32_t *min, int32_t *max);
/// Adds your op; the record must live as long as the process. Registering the same record again is fine. Another record of the same name takes its place, for nodes
/// made from then on, when its version is greater; else it is an error, as is a name without a dot. Threads: any.
KAL_API kal_status kal_op_register(const kal_op *op, kal_error *err);

/// What takes coordinates of one image to those of another, as `kal_op.map` does: through the nearest image that both are made
/// from (one of them, it may be), against the way things were made and then along it. INVALID when there is none. Looks at no pixels;
/// a graph's nodes are visited once each. Threads: any.
KAL_API kal_status kal_call_map(const kal_call *from, const kal_call *to, double m[6], kal_error *err);

// ---- help for writing ops -----------------------------------------------------------------------

/// The bytes of a FILE parameter, as they were when the node was made: read then, once, and in the key by their digest, so that a file that
/// changes later changes no node. `file` is the field of a call's canonical parameters, as `extent`, `prepare` and `run` see them. NULL and 0
/// when none was given; never NULL for a file, not even an empty one. They live as long as the node. Threads: any.
KAL_API const void *kal_file_bytes(const char *file, size_t *size);

/// What travels with an input, one of `call->in`: its "icc", "exif" or "xmp", borrowed for as long as the node lives; false when there is
/// none. It is told by the input's key, so an op may depend on it. Threads: any.
KAL_API bool kal_call_meta(const kal_call *input, const char *name, const void **data, size_t *size);

/// What neighbourhood and geometry ops read outside the image:
///   copy  aaaa|abcd|dddd    mirror  dcba|abcd|dcba    reflect  dcb|abcd|cba    wrap  abcd|abcd|abcd    fill  a colour
typedef enum kal_edge {
    KAL_EDGE_COPY,
    KAL_EDGE_MIRROR,
    KAL_EDGE_REFLECT,
    KAL_EDGE_WRAP,
    KAL_EDGE_FILL
} kal_edge;
#define KAL_EDGES "copy|mirror|reflect|wrap|fill"

/// The index in 0..n-1 that stands for i; -1 for fill. Any i, n >= 1.
KAL_API int32_t kal_edge_index(int32_t i, int32_t n, kal_edge edge);

/// `out` grown by the halo and clipped to the image, with what the edge mode folds back in: the need of a neighbourhood op.
KAL_API kal_rect kal_need_halo(const kal_extent *in, kal_rect out, int32_t left, int32_t top, int32_t right,
                               int32_t bottom, kal_edge edge);

// ---- ops in a library of their own ----------------------------------------------------------------

/// Raised when a record, a call or a job is no longer what it was: a library of ops is built anew then.
#define KAL_PLUGIN_ABI 4

/// What a library of ops is asked for.
typedef struct kal_plugin {
    int32_t abi;      ///< KAL_PLUGIN_ABI of the headers it was built with …
    int32_t record;   ///< … and sizeof(kal_op)
    const kal_op *const *ops;
    size_t n;
} kal_plugin;
/// The function that it exports, under the name kal_plugin_ops.
typedef const kal_plugin *kal_plugin_fn(void);

#ifdef __cplusplus
#define KAL_PLUGIN_C extern "C"
#else
#define KAL_PLUGIN_C
#endif
/// That function, for the records named: KAL_PLUGIN(&spread, &rank)
#define KAL_PLUGIN(...)                                                                         \
    KAL_PLUGIN_C __attribute__((visibility("default"))) const kal_plugin *kal_plugin_ops(void); \
    const kal_plugin *kal_plugin_ops(void)                                                      \
    {                                                                                           \
        static const kal_op *const ops[] = {__VA_ARGS__};                                       \
        static const kal_plugin plugin = {KAL_PLUGIN_ABI, (int32_t)sizeof(kal_op), ops,         \
                                          sizeof ops / sizeof *ops};                            \
        return &plugin;                                                                         \
    }

/// Loads a library of ops, for good, and registers them: all or none. A path without a slash is one in the working directory. To load one
/// again changes nothing. KAL_IO: it cannot be loaded; KAL_UNSUPPORTED: it is no library of ops, or was built for another version;
/// KAL_INVALID: a record is wrong, or its name is taken. Its code runs here with every right of the process. Threads: any.
KAL_API kal_status kal_plugin_load(const char *path, kal_error *err);

// ---- help for ops that go by tiles --------------------------------------------------------------

/// How an op is cut that wants tiles of one size, several at once, as a model does. The grid begins at 0, 0 of input 0; each tile is
/// seen with a halo around it. What sticks out of the image is filled up by the edge mode, so that all are of one size.
typedef struct kal_tiles {
    int32_t width, height;   ///< of a tile without its halo, in pixels of input 0
    int32_t halo;            ///< pixels around it that it sees
    int32_t scale;           ///< the result is so many times larger; 0: 1
    int32_t batch;           ///< tiles at once, at most; 0: 1
    kal_edge edge;           ///< what lies outside the image; fill: zeros
    /// n tiles behind each other, packed row by row: `in` of (width + 2 halo) by (height + 2 halo) pixels each, `out` of scale · width by
    /// scale · height. There is room for a full batch in both. What comes of a tile must not hang on the others of its batch.
    kal_status (*run)(const kal_job *job, const void *in, void *out, int32_t n);
} kal_tiles;

/// A record's `need`, `rows`, `scratch` and `run` by tiles. Threads: any.
KAL_API kal_rect kal_tiles_need(const kal_tiles *tiles, const kal_extent *in, kal_rect out);
KAL_API int32_t kal_tiles_rows(const kal_tiles *tiles, const kal_call *call);
KAL_API size_t kal_tiles_scratch(const kal_tiles *tiles, const kal_call *call);
KAL_API kal_status kal_tiles_run(const kal_tiles *tiles, const kal_job *job);

KAL_END
#endif
