// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The contract between the engine and io: where bytes come from, where they go, and what a codec is. graph and io both see
// this and never each other; kal.c hands io's tables to graph.
#ifndef KAL_CODEC_H
#define KAL_CODEC_H

#include <kal/base.h>
#include <kal/io.h>
#include <kal/op.h>

#include "fail.h"
#include "hash.h"

// ---- bytes in -----------------------------------------------------------------------------------

/// What pins a file.
typedef struct kal__stamp {
    uint64_t dev, ino, size, mtime_ns, ctime_ns;
    bool local;   ///< the times are of this machine's clock
    bool
        told;   ///< whoever keeps the file answers for it: dev and ino are of its address and of the mark it has there
} kal__stamp;
bool kal__stamp_equal(const kal__stamp *a, const kal__stamp *b);

/// A readable run of bytes. `read` returns how many (0 at the end), or -1 with the error filled. Threads: one at a time.
typedef struct kal__reader {
    ptrdiff_t (*read)(struct kal__reader *r, void *dst, size_t n, kal_error *err);
    /// As read, but from `at` on, and the position stays. NULL: it goes from front to back only. Threads: any number at once.
    ptrdiff_t (*read_at)(struct kal__reader *r, uint64_t at, void *dst, size_t n, kal_error *err);
    /// What lies before that place is not read again. NULL: nobody needs to know.
    void (*forget)(struct kal__reader *r, uint64_t before);
    /// What pins the file as it is now. NULL: nothing does.
    bool (*stamp)(struct kal__reader *r, kal__stamp *out);
    void (*close)(struct kal__reader *r);
    bool placed;                   ///< `position` may be set: the next read is from there
    bool regular;                  ///< a file that can be opened again; a pipe cannot
    const unsigned char *memory;   ///< all bytes, when they lie in memory; else NULL
    size_t size;                   ///< of memory, or of the file
    const char *name;              ///< for messages
    uint64_t position;             ///< bytes read so far
    uint64_t by_place;             ///< bytes that read_at gave, but from memory; atomic
} kal__reader;

kal_status kal__open_file(const char *path, kal__reader **out, kal_error *err);

/// A place that encoded bytes can be had from: a file, a descriptor, functions of a caller's. Refcounted. Threads: any; readers of one may be
/// used on several at once.
typedef struct kal__origin {
    int refs;   // atomic
    /// A reader from the first byte on. A place that can be read once only gives one reader, and that one is not `regular`.
    kal_status (*open)(struct kal__origin *o, kal__reader **out, kal_error *err);
    void (*destroy)(struct kal__origin *o);
    const char *name;   // for messages
    const char *path;   // by which a text can name it; NULL: none can
    bool waits;         // reading may take as long as somebody else likes
    bool remote;        // on another machine, by its URL
    bool left;          // atomic: nobody waits for it any more, and a caller's functions are not called again
} kal__origin;
/// Of two that had the same bytes when they had those stamps (all 0: nobody knows): the second where the first cannot be opened, or has another stamp
/// and the second its own. It goes by the first's name. NULL: out of memory.
kal__origin *kal__origin_either(kal__origin *first, const kal__stamp *seen_first, kal__origin *second,
                                const kal__stamp *seen_second);
/// The i-th place of such a one, and its stamp; of another, itself, of which nothing was seen. Borrowed; NULL: there is none.
kal__origin *kal__origin_place(kal__origin *o, int i, kal__stamp *seen);
kal__origin *kal__origin_ref(kal__origin *o);
void kal__origin_unref(kal__origin **slot);
/// A file by its path (copied), "-" standard input, or a URL; it is not opened yet.
kal_status kal__origin_file(const char *path, kal__origin **out, kal_error *err);
/// Does it begin with http:// or https://? Such a path is given to kal__origin_http by kal__origin_file.
bool kal__is_url(const char *path);
/// The stamp that a regular file had, if it had one of a local file system and nothing was stored to it since, without opening it, which it may
/// forbid: to be compared with such a stamp. false: it is no such file.
bool kal__path_stamp(const char *path, kal__stamp *out);
/// A URL without who asks, for messages: "https://user:password@host/x" is told as "https://host/x". Not longer than `url`.
void kal__url_name(char *name, const char *url);
/// What a server of the web has there.
kal_status kal__origin_http(const char *url, kal__origin **out, kal_error *err);
/// Only a name, for bytes that are held: it is never opened.
kal_status kal__origin_name(const char *name, kal__origin **out, kal_error *err);
/// A descriptor, of which a duplicate is kept.
kal_status kal__origin_fd(int fd, const char *name, kal__origin **out, kal_error *err);
/// A caller's functions; `close` is called when the origin goes, or at once when this fails.
kal_status kal__origin_calls(const kal_input *input, kal__origin **out, kal_error *err);
/// What kal__origin_calls was given, of such an origin, or of place i of two; NULL: there is none. Borrowed.
const kal_input *kal__origin_input(const kal__origin *o, int i);
/// What a reader gave already, `front` (taken over), and then what it still gives, up to a limit; it is closed with the origin. Opens once.
kal_status kal__origin_rest(const char *name, unsigned char *front, size_t n, kal__reader *rest,
                            uint64_t limit, bool waits, kal__origin **out, kal_error *err);
/// The same of a stream that is read onward: opens twice, for a header (while everything is kept) and for the pictures, of which what was passed is
/// let go of. The limit is of the bytes of one picture.
kal_status kal__origin_flow(const char *name, kal__reader *rest, uint64_t limit, bool waits,
                            kal__origin **out, kal_error *err);
/// A reader over memory that must outlive it.
kal_status kal__open_memory(const void *data, size_t size, const char *name, kal__reader **out,
                            kal_error *err);
/// Reads the rest into memory of its own (free with free); refuses more than `limit` bytes.
kal_status kal__read_all(kal__reader *r, uint64_t limit, unsigned char **data, size_t *size, kal_error *err);
/// All of n bytes from `at` on; CORRUPT when the file ends before. The reader has read_at. Threads: any number at once.
kal_status kal__read_exact(kal__reader *r, const char *codec, uint64_t at, void *dst, size_t n,
                           kal_error *err);
/// Reads up to `most` bytes; fewer only at the end.
kal_status kal__read_front(kal__reader *r, size_t most, unsigned char **data, size_t *size, kal_error *err);

// ---- bytes out ----------------------------------------------------------------------------------

/// A place for bytes. `write` takes all or fails. Exactly one of `commit` and `abort` ends and frees it. A file target writes beside
/// the path and renames at commit. Threads: one at a time.
typedef struct kal__writer {
    kal_status (*write)(struct kal__writer *w, const void *data, size_t n, kal_error *err);
    /// Other bytes in place of n that were written, from `at` on. NULL: what was written is gone.
    kal_status (*patch)(struct kal__writer *w, uint64_t at, const void *data, size_t n, kal_error *err);
    /// A further file of the same target, whole: "12/0_0.jpg". NULL: the target is one run of bytes. It lies in a folder that is the target
    /// itself or, when anything was written to the writer before, goes with it: "out_files" of "out.dzi".
    kal_status (*file)(struct kal__writer *w, const char *name, const void *data, size_t n, kal_error *err);
    /// Everything is on its way and nothing can fail any more but the last step; before any commit of several.
    kal_status (*finish)(struct kal__writer *w, kal_error *err);
    /// What `commit` waits for that others do; after it commit waits for nobody. NULL: there is nothing.
    kal_status (*settle)(struct kal__writer *w, kal_error *err);
    kal_status (*commit)(struct kal__writer *w, kal_error *err);
    void (*abort)(struct kal__writer *w);
    uint64_t written;
    size_t memory;   ///< bytes that it may hold
    int32_t
        helpers;   ///< threads that an encoder may have of its own; of as many or as few it makes the same bytes
    bool album;         ///< of a file of several pictures: `page` may be called
    const char *name;   ///< of the target, without folders; NULL: it has none
    bool far;           ///< on another machine: its last step may fail, and comes before those of others
    bool waits;   ///< taking bytes may last as long as somebody else likes; it has neither `patch` nor `file`
    const kal_status
        *left;   ///< read atomically: not 0 when nobody waits for it any more; NULL: nobody tells
} kal__writer;

/// Bytes a file target holds.
#define KAL__WRITER_BYTES ((size_t)64 << 10)
/// By its path, "-" for standard output, or a URL.
kal_status kal__write_file(const char *path, kal__writer **out, kal_error *err);
/// To a server of the web, by PUT.
kal_status kal__write_http(const char *url, kal__writer **out, kal_error *err);
/// To a descriptor, which stays open.
kal_status kal__write_fd(int fd, kal__writer **out, kal_error *err);
/// To a caller's functions.
kal_status kal__write_calls(const kal_output *output, kal__writer **out, kal_error *err);
/// Collects into memory; at commit *data and *size are the caller's (free with free).
kal_status kal__write_memory(unsigned char **data, size_t *size, kal__writer **out, kal_error *err);

/// Bytes that are kept, at most, before a target that cannot be gone back to.
#define KAL__STAGED_BYTES ((size_t)64 << 20)
/// A writer with `patch` before one without: what was written is kept until it is whole, up to `most` bytes. Takes `inner`, whatever happens.
kal_status kal__write_staged(kal__writer *inner, size_t most, const char *spill, kal__writer **out,
                             kal_error *err);

/// A writer with `file` before one without: a ZIP archive of stored entries. Takes `inner`, whatever happens.
kal_status kal__write_zip(kal__writer *inner, kal__writer **out, kal_error *err);

// ---- codecs -------------------------------------------------------------------------------------

/// A piece of metadata; data is the holder's.
typedef struct kal__blob {
    void *data;
    size_t size;
} kal__blob;

/// The kinds of blocks that travel with a picture.
typedef enum kal__blob_kind { KAL__EXIF, KAL__ICC, KAL__XMP, KAL__IPTC, KAL__GEO, KAL__BLOBS } kal__blob_kind;

/// Of a codec's `carries`: density has a place of its own in its files. Others have it in EXIF, if they have that.
enum { KAL__OWN_DENSITY = 1u << KAL__BLOBS };

/// What travels with a picture and enters no key. Refcounted, immutable once shared.
typedef struct kal__meta {
    int refs;         // atomic
    kal__blob exif;   // TIFF structure, without "Exif\0\0"
    kal__blob icc, xmp;
    kal__blob iptc;    // the records of IIM, without what Photoshop packs around them
    int orientation;   // as found, 1..8
    bool applied;
    int pages;            // 0: nobody knows, of a stream
    double delay;         // seconds that this page of an animation is shown, 0 too; -1: it does not say
    int32_t loops;        // how often the animation runs, 0 without end; -1: it does not say
    double density[2];    // pixels per metre across and down; 0: it does not say …
    bool undense;         // … any more: it did, and what was done left no two numbers for it
    const char *format;   // the codec's name
    uint64_t bytes;       // of the file
    unsigned edits;       // what was done to the picture since
    kal__blob geo;        // GeoTIFF's fields as they were found, a TIFF structure of their own
    double place[6];      // where pixels of the file's picture lie in this one, as kal_op.map; with geo
    bool adrift;          // no such map says it
    bool gain;            // a gain map lies beside it in the file
    uint64_t left_out[KAL__BLOBS];   // bytes of what was larger than the limit; 0: nothing was
    bool uncounted[KAL__BLOBS];      // there were more: nobody unpacked them
    uint32_t extended;               // bytes of a JPEG's XMP behind its main packet, which are not read
    unsigned set;                    // blocks that fields were set in, as bits: 1u << KAL__EXIF
    struct kal__meta *base;          // who has the blobs that are the same in both; NULL: all are its own
    struct kal__fields *fields;      // once they were asked for; atomic
} kal__meta;

/// What makes pieces of an EXIF block wrong: other samples (the thumbnail), samples elsewhere (sizes and places), another scale.
enum { KAL__CHANGED = 1, KAL__MOVED = 2, KAL__SCALED = 4 };

kal__meta *kal__meta_new(void);
kal__meta *kal__meta_ref(kal__meta *m);
void kal__meta_unref(kal__meta **slot);
/// A copy that shares its blobs; NULL: out of memory.
kal__meta *kal__meta_derive(kal__meta *m);
/// What a header found for all pages of a file, to be kept: `m`, whose blobs are its own, shares them from now on. NULL: out of memory.
kal__meta *kal__meta_keep(kal__meta *m);
/// Gives it to the header of another page, which lacks what it did not look for.
void kal__meta_recall(kal__meta *m, kal__meta *kept);
/// A copy with this ICC profile in place of its own (n = 0: none); of NULL, of one that says nothing. NULL: out of memory.
kal__meta *kal__meta_with_icc(kal__meta *m, const void *icc, size_t n);
/// The same, with a reference more; without its ICC profile when that is of other colours than such a picture has, as when RGB became
/// gray: viewers refuse such files. NULL: `m` is, or (then *failed is set) out of memory.
kal__meta *kal__meta_for(kal__meta *m, const kal_extent *e, bool *failed);
/// The same for a file that holds RGB even of a gray picture: a profile of gray becomes one of RGB by which the picture looks the same.
kal__meta *kal__meta_as_rgb(kal__meta *m, bool *failed);
/// After an op: *m becomes that of a picture, as large or not, in which pixels lie where `map` takes them (as kal_op.map says; NULL: nowhere).
/// Density follows: what was so long stays so long; where a map makes nothing of it, as when it slants, it is gone. false: out of memory.
bool kal__meta_through(kal__meta **m, const double map[6], bool as_large);
/// Whether both say the same to whoever looks.
bool kal__meta_same(const kal__meta *a, const kal__meta *b);
/// A name for what an encoder may write of it.
kal_key kal__meta_digest(const kal__meta *m);
/// Typed fields (kal_field), which live as long as it does.
bool kal__meta_field(const kal__meta *m, const char *name, kal_field *out);
bool kal__meta_field_at(const kal__meta *m, size_t index, kal_field *out);
/// Refuses a file of more pages than the limit; while they are counted, so that few bytes cannot ask for much.
kal_status kal__pages_within(const char *name, const char *codec, int32_t pages, const kal_limits *limits,
                             kal_error *err);
/// The error of a page that is not there.
kal_status kal__no_page(const char *name, int32_t page, int32_t pages, kal_error *err);
/// Copies n bytes into an empty blob.
bool kal__blob_set(kal__blob *b, const void *data, size_t n);
/// Whether a block of n bytes is within the limit; what is not is noted as left out.
bool kal__meta_room(kal__meta *m, kal__blob_kind what, uint64_t n, const kal_limits *limits);
/// Copies such a block, when there is none yet. false: out of memory.
bool kal__meta_take(kal__meta *m, kal__blob_kind what, const void *data, size_t n, const kal_limits *limits);
kal__blob *kal__meta_blob(kal__meta *m, kal__blob_kind what);
/// "exif", as kal_node_meta has it.
const char *kal__blob_name(kal__blob_kind what);
/// The orientation in an EXIF block, 1 when there is none or it is not 1..8.
int kal__exif_orientation(const void *data, size_t n);
/// Sets the orientation tag, if there is one, to 1.
void kal__exif_upright(void *data, size_t n);
/// What a codec does that found an EXIF block: takes its orientation, and its density unless the container had one itself.
void kal__meta_take_exif(kal__meta *m);
/// A copy of the EXIF block to write beside the pixels (free its data); empty when there is none. It is what was read but for what is wrong by
/// now: pixels that were turned are upright, and the tag says so (without orientation applied it stays as it was); its density is that of the
/// picture; the thumbnail of a changed picture, and sizes and places of one that has another size or lies otherwise, are gone. false: out of memory.
bool kal__exif_to_write(const kal__meta *m, kal__blob *out);

/// How samples lie in a file that does not say it; all 0: nothing was told.
typedef struct kal__layout {
    int32_t width, height, channels, type;   ///< a kal_type
    double skip;                             ///< bytes before the first row, a whole number
    int32_t order;                           ///< 1: the highest byte of a sample comes first
    bool planar;
} kal__layout;
/// Where the pages of a file lie, shared by all that read the same bytes: whoever walked over the file first says it to the others. What it says is
/// as old as the file's digest, and other bytes are found out as ever. Refcounted. Threads: any.
typedef struct kal__places kal__places;
/// NULL: out of memory. Functions below take NULL for one that knows nothing and keeps nothing.
kal__places *kal__places_new(void);
kal__places *kal__places_ref(kal__places *p);
void kal__places_unref(kal__places **slot);
/// false: it is not known. Else how many pages there are, and where this one lies if it is there.
bool kal__places_find(kal__places *p, int32_t page, uint64_t *at, int32_t *pages);
/// Takes `at`, from malloc.
void kal__places_keep(kal__places *p, uint64_t *at, int32_t pages);

/// Whatever else a walk over the file found; NULL: nothing yet. It stays as long as p does.
const void *kal__places_walk(kal__places *p);
/// Takes it; `drop` frees it. Of two that walked the first one's stays: whoever needs it afterwards asks for it.
void kal__places_keep_walk(kal__places *p, void *walk, void (*drop)(void *walk));

/// What is asked of a decoder.
typedef struct kal__ask {
    kal_limits limits;
    int32_t page;         ///< from 0 on; a codec without `pages` need not look
    kal__layout layout;   ///< of a codec that must be `told`
    bool lenient;         ///< of a file that ends too early, what there is of it
    bool front;    ///< of a header: only the front of a stream is there, and nobody knows how much will come
    bool onward;   ///< it is a stream: what was passed is gone, and nothing is looked for behind the picture
    kal__places *places;   ///< for a codec that must walk to a page; the asker's
    kal_extent
        expected;   ///< that the header had, when pixels are decoded; all 0: not said. Another one is KAL_CHANGED
} kal__ask;

/// What a header says.
typedef struct kal__header {
    kal_extent extent;   ///< as stored, before orientation
    int32_t rows;   ///< natural rows per step (an iMCU row, a PNG row); 0: only the whole picture at once
    int32_t
        part_rows;   ///< parts of so many rows, or several times that, can be decoded by themselves; 0: none can …
    bool part_unseen;   ///< … that was seen without all bytes in memory, with which there may be some
    bool slow;          ///< a call for a few rows may decode many more
    int32_t columns;    ///< natural columns, for `reach`; 0: rows are decoded from the first on and whole
    uint32_t shrinks;   ///< the powers of two by which it can be decoded smaller, or-ed; 0: none
    struct {
        int32_t width, height, rows, part_rows;
        size_t memory;
    } levels[10];    ///< what the header says at 1/2, 1/4 …, for the codec's `shrink`
    size_t memory;   ///< bytes the decoder will hold beside its output
    /// Pixels across and down that are coded together, for `retouch`; 0: nothing of it can be kept.
    int32_t cell[2];
    size_t
        recode;   ///< bytes of all that is coded, which `retouch` holds once, and of a picture that is cropped or turned twice …
    bool splices;   ///< … but of one that is not nothing
} kal__header;

typedef struct kal__decoder kal__decoder;   // each codec's own
typedef struct kal__encoder kal__encoder;

/// How a picture is encoded in independent pieces. A function of extent and parameters alone, so that the bytes are the same for any
/// number of workers.
typedef struct kal__pieces {
    int32_t
        rows;   ///< of a piece, the last one may have fewer; 0: rows must come one after another, through `put`
    int32_t above;   ///< rows above its first that a piece must see
    size_t memory;   ///< bytes that packing one piece holds beside its result
    size_t result;   ///< bytes of a packed piece at most, held until it is joined
    size_t
        in_order;   ///< `put` gives the same bytes, with so many held beside what `accepts` says: for one worker, and where there is little room.
                    ///< 0: it does not
} kal__pieces;

/// A packed piece on its way to the file. `data` is from malloc; the engine frees it after `join`.
typedef struct kal__piece {
    unsigned char *data;
    size_t size;
    uint64_t note[4];   ///< the codec's own: checksums, lengths
} kal__piece;

/// A picture that is another file's but for a region of it. It is made of `part` of what is stored there, with the axes swapped if that is
/// said and then mirrored: out(x, y) = in(u, v), (u, v) = swap ? (y', x') : (x', y'), x' = mirror_x ? width - 1 - x : x, and so on.
typedef struct kal__retouch {
    kal__reader *source;   ///< the file, from its first byte on; outlives the encoder
    kal_limits limits;     ///< for reading it
    kal_rect part;         ///< in its coordinates
    bool swap, mirror_x, mirror_y;
    kal_rect region;   ///< of the new picture: whole cells, or up to its border
    size_t memory;     ///< bytes the encoder will hold of the file
    int32_t helpers;   ///< threads that it may have beside the caller's
    /// For who waits long in `compare`: not OK when nobody wants it any more. NULL: nobody will say so.
    kal_status (*watch)(const void *user, kal_error *err);
    const void *user;
} kal__retouch;

/// A smaller picture that lies within a file, as a file of its own.
typedef struct kal__preview {
    unsigned char *data;   ///< from malloc; the caller's
    size_t size;
    int orientation;   ///< that the file around it says, 1..8; its own counts where it has one
} kal__preview;

typedef struct kal__codec {
    const char *name;         ///< "jpeg"; part of the key
    const char *suffixes;     ///< "jpg|jpeg|jpe", first one is for names we make
    const char *media_type;   ///< "image/jpeg"; NULL: nobody gave it one
    const char *help;
    const char *
        edition;   ///< of what we make with the library; raised when files would have other bytes. Part of an encoded node's key
    /// Version of the library at run time, loading it if need be; NULL: cannot be had. Part of the key.
    const char *(*version)(void);
    /// Do these first bytes (at least 32 unless the file is shorter) look like ours?
    bool (*sniff)(const unsigned char *head, size_t n);

    /// How the samples of a file lie that does not say it: adds to what was told what `word` says, the name or suffix it was asked for by, and
    /// refuses too little. NULL: files tell it themselves.
    kal_status (*told)(const char *name, const char *word, kal__layout *layout, kal_error *err);
    /// Reads the header into `h` and `meta`; nothing is decoded. The reader stands at the start.
    kal_status (*header)(kal__reader *r, const kal__ask *ask, kal__header *h, kal__meta *meta,
                         kal_error *err);
    bool streams;   ///< decodes rows from front to back, and is no faster with all bytes in memory
    bool
        scattered;   ///< reads here and there: header and decoder need a reader with read_at, and leave its position alone
    bool
        onward;   ///< scattered, but onward when it is asked to be, with a reader whose `forget` is told where each page begins
    bool pages;   ///< its files may hold several pictures; any header says how many, or fails by kal__no_page
    /// Starts decoding from a fresh reader, which outlives the decoder; what is asked is copied.
    kal_status (*open)(kal__reader *r, const kal__ask *ask, kal__decoder **out, kal_error *err);
    /// The next n rows, packed by `stride`; the error names the reader and the offset. Rows come in order, each once.
    kal_status (*rows)(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n, kal_error *err);
    /// After a call of `rows` that failed by KAL_CORRUPT, for a codec that gives the whole picture at once: how many of its first rows stand in
    /// dst all the same. NULL: none.
    int32_t (*good)(const kal__decoder *d);
    // ---- decoding less than everything; all NULL when the codec cannot
    /// Makes the header that of the picture at 1/by, one of its shrinks.
    void (*shrink)(kal__header *h, int32_t by);
    /// The columns x0 … x1 that rows will have when the part `want` of that picture is wanted, y0 and y1 as they are: at least those of `want`,
    /// which come out as in the whole picture; what lies beside them need not.
    kal_rect (*reach)(const kal__header *h, kal_rect want);
    /// Between open and the first row: only `part`, which `reach` gave, of the picture at 1/by; rows come from part.y0 on. By rows, or (when the
    /// header has part_rows) in parts.
    kal_status (*aim)(kal__decoder *d, int32_t by, kal_rect part, bool parts, kal_error *err);
    /// Decodes the rows and columns of a part of what was aimed at, in place of `rows`. Threads: any number at once, until close.
    kal_status (*part)(const kal__decoder *d, kal_rect part, unsigned char *dst, ptrdiff_t stride,
                       kal_error *err);

    /// Takes out the picture that the file was given for looking at. NULL: there is none in such files.
    kal_status (*preview)(kal__reader *r, const kal__ask *ask, kal__preview *out, kal_error *err);

    /// Goes on to the next page, whose header and delay it gives; what is said of the file as a whole is left alone in `m`. At any time: what was not
    /// read of the page before is passed over. Its rows follow as after open. Behind the last page it fails by kal__no_page. Reading all n pages
    /// costs n pictures, however much one is built upon another. NULL: each page must be opened.
    kal_status (*next)(kal__decoder *d, kal__header *h, kal__meta *m, kal_error *err);

    /// Ends decoding, at any time; after the last row it also says whether the rest of the file was sound. `err` NULL: giving up.
    kal_status (*close)(kal__decoder *d, kal_error *err);

    // ---- encoding; all NULL when the codec only reads
    const kal_param *params;
    size_t n_params, params_size;
    size_t n_later;   ///< how many of the last it got later, as kal_op has it
    /// Can this be encoded? Names what is wrong: KAL_INVALID for what the format cannot hold, KAL_UNSUPPORTED when a library is not
    /// there. *memory: bytes the encoder will hold.
    kal_status (*accepts)(const kal_extent *e, const void *params, size_t *memory, kal_error *err);
    bool patches;   ///< the writer must have `patch`
    bool tree;      ///< the writer must have `file`
    bool
        searches;   ///< it stands for other formats, and is settled before anything is encoded (graph/optimize.h)
    /// Who encodes what its files are made of, as these parameters have it: both make the bytes. NULL: nobody else; it may give NULL, for
    /// parameters that `accepts` refuses.
    const struct kal__codec *(*within)(const void *params);
    uint32_t most[KAL__BLOBS];   ///< bytes of such a block that its files have room for; 0: any number
    unsigned
        carries;    ///< which metadata its files have a place for, as bits: 1u << KAL__EXIF, KAL__OWN_DENSITY
    bool one_way;   ///< no picture comes back from its files, and nothing of one is missed there
    kal_status (*begin)(const kal_extent *e, const void *params, const kal__meta *meta, kal__writer *w,
                        kal__encoder **out, kal_error *err);
    kal_status (*put)(kal__encoder *c, const unsigned char *src, ptrdiff_t stride, int32_t n, kal_error *err);

    // ---- encoding on any number of workers; all NULL when the codec cannot. Between begin and end, in place of put.
    void (*pieces)(const kal_extent *e, const void *params, kal__pieces *out);
    /// Packs rows y0 … rows->rect.y1 into *out (all zero before); the tile begins as many rows above y0 as `above` says and the picture
    /// has. What it allocates lies in out->data or is freed. Threads: any number at once, beside one join.
    kal_status (*pack)(const kal__encoder *c, const kal_tile *rows, int32_t y0, kal__piece *out,
                       kal_error *err);
    /// Writes the next piece; they come in order. Threads: one at a time.
    kal_status (*join)(kal__encoder *c, const kal__piece *piece, kal_error *err);

    /// Bytes that the encoder holds beside when the picture is one of several. NULL: none.
    size_t (*among)(const kal_extent *e, const void *params);
    /// After the last row of a picture: the next one, of this kind, begins, and its rows come as the first one's did. NULL: files hold one.
    kal_status (*page)(kal__encoder *c, const kal_extent *e, const void *params, const kal__meta *meta,
                       kal_error *err);
    /// After the last row of one of several pictures: what takes long of it, with nothing but what the encoder holds. NULL: nothing does.
    kal_status (*turn)(kal__encoder *c, kal_error *err);
    bool flows;   ///< several are written from front to back, as one is: nothing before them tells what comes

    // ---- keeping what a file has; all NULL when the codec cannot
    /// Do these parameters ask for it? *tagged: whether an EXIF orientation is written, too.
    bool (*keeps)(const void *params, bool *tagged);
    /// In place of begin: everything that is coded outside the region is taken from the file as it is.
    kal_status (*retouch)(const kal_extent *e, const void *params, const kal__meta *meta,
                          const kal__retouch *how, kal__writer *w, kal__encoder **out, kal_error *err);
    /// In place of put: the next n rows of the region, as they are and as the file would have them.
    kal_status (*compare)(kal__encoder *c, const unsigned char *now, ptrdiff_t now_stride,
                          const unsigned char *was, ptrdiff_t was_stride, int32_t n, kal_error *err);

    /// Ends the file (the writer is not committed). `err` NULL: giving up.
    kal_status (*end)(kal__encoder *c, kal_error *err);
} kal__codec;

extern const kal__codec *const kal__codecs[];   // from kal.c
extern const size_t kal__n_codecs;
/// By its name or one of its suffixes; NULL: there is none.
const kal__codec *kal__codec_named(const char *name);
/// Which word of "a|b|c" these n characters are, in any case; -1: none.
int32_t kal__word_at(const char *list, const char *word, size_t n);
/// A params struct of `size` bytes with the defaults of its rows.
void kal__params_fill(const kal_param *rows, size_t n, size_t size, void *params);
/// The parameters it has when it is asked for by a name or suffix: a choice that has this word takes it ("pgm" of pnm).
void kal__codec_defaults(const kal__codec *c, const char *word, void *params);

/// A path as this codec writes to it: a file, or what a tree is made of.
kal_status kal__write_target(const kal__codec *c, const char *path, kal__writer **out, kal_error *err);
/// Puts before a writer what the codec needs and it has not. On failure it is gone.
kal_status kal__write_suited(const kal__codec *c, const char *spill, kal__writer **w, kal_error *err);

#endif
