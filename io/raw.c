// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Raw files of cameras by LibRaw: RGB of 16 bits in sRGB, with the camera's own white balance and without automatic brightness, by the
// library's usual way of filling in colours (AHD). Which way is up comes as an orientation. Many raw files are TIFF inside; only those are
// taken that say what they are.
#include "bytes.h"
#include "missing.h"
#include "codec.h"
#include "library.h"
#include "mem.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- what it looks like -------------------------------------------------------------------------

#define TEXT(s) s, sizeof(s) - 1

static const struct {
    size_t at;
    const char *mark;
    size_t n;
} marks[] = {{8, TEXT("CR\2\0")},             // Canon CR2, within TIFF
             {4, TEXT("ftypcrx ")},           // Canon CR3
             {0, TEXT("FUJIFILMCCD-RAW ")},   // Fujifilm RAF
             {0, TEXT("IIRO")},               // Olympus ORF
             {0, TEXT("IIRS")},
             {0, TEXT("MMOR")},
             {0, TEXT("IIU\0")},    // Panasonic RW2, Leica RWL
             {0, TEXT("FOVb")},     // Sigma X3F
             {0, TEXT("\0MRM")}};   // Minolta MRW

// Whose files have a picture of a smaller size first, and the raw one in a directory below.
static const char *const makers[] = {"NIKON", "SONY",  "SAMSUNG", "PENTAX",    "RICOH", "Hasselblad",
                                     "EPSON", "LEICA", "Leica",   "Phase One", "Mamiya"};

enum { NEW_SUBFILE = 254, PHOTOMETRIC = 262, MAKE = 271, SUB_IFDS = 330, DNG_VERSION = 50706 };
enum { CFA = 32803, LINEAR_RAW = 34892 };

typedef struct tiff {
    const unsigned char *p;
    size_t n;
    bool big;
} tiff;

static uint32_t number(const tiff *t, size_t at, int bytes)
{
    uint32_t v = 0;
    for (int i = 0; i < bytes; i++) v = v << 8 | t->p[at + (size_t)(t->big ? i : bytes - 1 - i)];
    return v;
}

static bool is_maker(const tiff *t, size_t at)
{
    for (size_t i = 0; i < sizeof makers / sizeof *makers; i++) {
        const size_t n = strlen(makers[i]);
        if (at <= t->n && n <= t->n - at && !memcmp(t->p + at, makers[i], n)) return true;
    }
    return false;
}

// The first directory of a TIFF says DNG, or pixels of one colour each, or is the small picture of a maker whose raw one lies below.
static bool raw_in_tiff(const tiff *t)
{
    const size_t at = number(t, 4, 4);
    bool made = false, small = false, below = false;
    if (at < 8 || at > t->n || t->n - at < 2) return false;
    const size_t entries = number(t, at, 2);
    if (entries > (t->n - at - 2) / 12) return false;
    for (size_t i = 0; i < entries; i++) {
        const size_t e = at + 2 + 12 * i;
        const uint32_t tag = number(t, e, 2), type = number(t, e + 2, 2),
                       value = number(t, e + 8, type == 3 ? 2 : 4);
        if (tag == DNG_VERSION || (tag == PHOTOMETRIC && (value == CFA || value == LINEAR_RAW))) return true;
        made = made || (tag == MAKE && is_maker(t, value));
        small = small || (tag == NEW_SUBFILE && (value & 1));
        below = below || tag == SUB_IFDS;
    }
    return made && small && below;
}

static bool raw_sniff(const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (n >= 16 && !memcmp(p + marks[i].at, marks[i].mark, marks[i].n)) return true;
    const tiff t = {p, n, n > 1 && p[0] == 'M'};
    return n >= 16 && (!memcmp(p, "II*\0", 4) || !memcmp(p, "MM\0*", 4)) && raw_in_tiff(&t);
}

// ---- reading ------------------------------------------------------------------------------------

#if !defined(KAL_NO_RAW) && defined(__has_include)
#if __has_include(<libraw/libraw.h>)
#define RAW 1   // its headers were there when we were built
#endif
#endif

#if RAW

#include <libraw/libraw.h>

// Its structs change with its number, so that only this one will do.
#define NUMBER_(n) #n
#define NUMBER(n) NUMBER_(n)
#if defined(__APPLE__)
#define LIBRARY "libraw_r." NUMBER(LIBRAW_SHLIB_CURRENT) ".dylib"
#else
#define LIBRARY "libraw_r.so." NUMBER(LIBRAW_SHLIB_CURRENT)
#endif

#define NEEDED(F)                    \
    F(libraw_version)                \
    F(libraw_versionNumber)          \
    F(libraw_init)                   \
    F(libraw_close)                  \
    F(libraw_strerror)               \
    F(libraw_set_dataerror_handler)  \
    F(libraw_open_buffer)            \
    F(libraw_adjust_sizes_info_only) \
    F(libraw_unpack)                 \
    F(libraw_unpack_thumb)           \
    F(libraw_dcraw_process)          \
    F(libraw_dcraw_make_mem_image)   \
    F(libraw_dcraw_clear_mem)

static struct {
    NEEDED(KAL__FUNCTION)
    void (*omp_set_num_threads)(int n);   // of the library's own; NULL: it has none
} lib;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static char version[60];

static void load(void)
{
    static const char *const names[] = {NEEDED(KAL__NAME) "omp_set_num_threads"};
    const size_t n = sizeof names / sizeof *names;
    if (kal__library(LIBRARY, names, n, n - 1, &lib) &&
        lib.libraw_versionNumber() >> 8 == LIBRAW_VERSION >> 8)
        snprintf(version, sizeof version, "LibRaw %s", lib.libraw_version());
}

static const char *raw_version(void)
{
    pthread_once(&once, load);
    return *version ? version : NULL;
}

struct kal__decoder {
    kal__reader *reader;
    unsigned char *copy;   // of the file, when it does not lie in memory
    size_t size;
    libraw_data_t *raw;
    kal_extent extent;
    int orientation;
    int threads;
    bool damaged;
    long long damaged_at;
};

static kal_status raw_close(kal__decoder *d, kal_error *err)
{
    (void)err;   // all of it was read before the first row
    if (d->raw) lib.libraw_close(d->raw);
    free(d->copy);
    free(d);
    return KAL_OK;
}

// Without one the library writes to standard error.
static void on_damage(void *data, const char *file, const int offset)
{
    (void)file;
    kal__decoder *d = data;
    if (!d->damaged) d->damaged_at = offset;
    d->damaged = true;
}

static kal_status told(const kal__decoder *d, int code, kal_error *err)
{
    if (!code && !d->damaged) return KAL_OK;
    if (d->damaged)
        return kal_fail(err, KAL_CORRUPT,
                        "%s: raw: at byte %lld: the data is damaged or ends (in a file of %zu bytes)",
                        d->reader->name, d->damaged_at < 0 ? (long long)d->size : d->damaged_at, d->size);
    const kal_status st = code == LIBRAW_FILE_UNSUPPORTED || code == LIBRAW_NOT_IMPLEMENTED ? KAL_UNSUPPORTED
                          : code == LIBRAW_UNSUFFICIENT_MEMORY || code == LIBRAW_MEMPOOL_OVERFLOW ? KAL_NOMEM
                          : code == LIBRAW_TOO_BIG                                                ? KAL_LIMIT
                                                   : KAL_CORRUPT;
    return kal_fail(err, st, "%s: raw: LibRaw says: %s (in a file of %zu bytes)", d->reader->name,
                    lib.libraw_strerror(code), d->size);
}

static kal_status check_size(kal__decoder *d, const kal_limits *limits, kal_error *err)
{
    const libraw_image_sizes_t *s = &d->raw->sizes;
    static const int orientations[8] = {1, 1, 1, 3, 1, 8, 6, 1};
    d->orientation = orientations[s->flip & 7];
    d->extent = (kal_extent){s->iwidth, s->iheight, 3, KAL_U16, KAL_RGB, false};
    if (!s->iwidth || !s->iheight)
        return kal_fail(err, KAL_CORRUPT, "%s: raw: the picture has no pixels", d->reader->name);
    const kal_status st = kal__within_limits(d->reader->name, "raw", s->iwidth, s->iheight, limits, err);
    return st ? st : kal__within_limits(d->reader->name, "raw", s->raw_width, s->raw_height, limits, err);
}

static kal_status start(kal__decoder *d, const kal_limits *limits, kal_error *err)
{
    const unsigned char *data = d->reader->memory;
    kal_status st = KAL_OK;
    d->size = d->reader->size;
    if (!data) {
        st = kal__read_all(d->reader, limits->file_bytes, &d->copy, &d->size, err);
        data = d->copy;
    }
    if (st) return st;
    d->raw = lib.libraw_init(LIBRAW_OPIONS_NO_MEMERR_CALLBACK | LIBRAW_OPIONS_NO_DATAERR_CALLBACK);
    if (!d->raw) return kal_fail(err, KAL_NOMEM, "%s: raw: out of memory", d->reader->name);
    lib.libraw_set_dataerror_handler(d->raw, on_damage, d);
    libraw_output_params_t *p = &d->raw->params;
    p->output_bps = 16;
    p->use_camera_wb = 1;
    p->no_auto_bright = 1;
    p->gamm[0] = 1 / 2.4;   // sRGB's curve
    p->gamm[1] = 12.92;
    st = told(d, lib.libraw_open_buffer(d->raw, (void *)(uintptr_t)data, d->size), err);
    return st;
}

static kal_status raw_open(kal__reader *r, const kal__ask *ask, kal__decoder **out, kal_error *err)
{
    *out = NULL;
    if (!raw_version())
        return kal_fail(err, KAL_UNSUPPORTED, "%s: raw: LibRaw (%s) is not installed", r->name, LIBRARY);
    kal__decoder *d = kal__new_zero(1, sizeof *d);
    if (!d) return kal_fail(err, KAL_NOMEM, "%s: raw: out of memory", r->name);
    d->reader = r;
    d->threads = ask->limits.threads > 1 ? (int)ask->limits.threads : 1;
    kal_status st = start(d, &ask->limits, err);
    if (!st) st = check_size(d, &ask->limits, err);
    if (st)
        raw_close(d, NULL);
    else
        *out = d;
    return st;
}

static kal_status raw_header(kal__reader *r, const kal__ask *ask, kal__header *h, kal__meta *meta,
                             kal_error *err)
{
    kal__decoder *d;
    kal_status st = raw_open(r, ask, &d, err);
    if (st) return st;
    const int orientation = d->orientation;
    d->raw->params.user_flip = 0;   // rows as they are stored; which way is up was seen
    st = told(d, lib.libraw_adjust_sizes_info_only(d->raw), err);
    if (!st) st = check_size(d, &ask->limits, err);
    h->extent = d->extent;
    h->rows = 0;
    h->memory = d->copy ? d->size : 0;
    h->memory += (size_t)d->raw->sizes.raw_width * d->raw->sizes.raw_height * 20 + ((size_t)8 << 20);
    meta->orientation = orientation;
    raw_close(d, NULL);
    return st;
}

static kal_status copy_image(const kal__decoder *d, const libraw_processed_image_t *image, unsigned char *dst,
                             ptrdiff_t stride, int32_t n, kal_error *err)
{
    const size_t row = (size_t)image->width * 6;
    if (image->type != LIBRAW_IMAGE_BITMAP || image->colors != 3 || image->bits != 16 ||
        stride < (ptrdiff_t)row || image->height != n)
        return kal_fail(err, KAL_CHANGED, "%s: raw: the picture has another size or kind than its header had",
                        d->reader->name);
    for (int32_t y = 0; y < n; y++) memcpy(dst + y * stride, image->data + (size_t)y * row, row);
    return KAL_OK;
}

static kal_status raw_rows(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n, kal_error *err)
{
    if (lib.omp_set_num_threads) lib.omp_set_num_threads(d->threads);
    d->raw->params.user_flip = 0;
    kal_status st = told(d, lib.libraw_unpack(d->raw), err);
    if (!st) st = told(d, lib.libraw_dcraw_process(d->raw), err);
    if (st) return st;
    int code = 0;
    libraw_processed_image_t *image = lib.libraw_dcraw_make_mem_image(d->raw, &code);
    if (!image) return told(d, code ? code : LIBRAW_UNSUFFICIENT_MEMORY, err);
    st = copy_image(d, image, dst, stride, n, err);
    lib.libraw_dcraw_clear_mem(image);
    return st;
}

// ---- the picture for looking at -----------------------------------------------------------------

// What is no JPEG becomes a PPM or PGM.
static kal_status take_bitmap(const kal__decoder *d, kal__preview *out, kal_error *err)
{
    const libraw_thumbnail_t *t = &d->raw->thumbnail;
    char head[60];
    const size_t n = (size_t)t->twidth * t->theight * (size_t)t->tcolors;
    if (t->tformat != LIBRAW_THUMBNAIL_BITMAP || (t->tcolors != 1 && t->tcolors != 3) || n > t->tlength)
        return kal_fail(err, KAL_UNSUPPORTED, "%s: raw: a preview of kind %d is not read", d->reader->name,
                        (int)t->tformat);
    const int head_n =
        snprintf(head, sizeof head, "P%c %d %d 255\n", t->tcolors == 1 ? '5' : '6', t->twidth, t->theight);
    out->size = (size_t)head_n + n;
    out->data = kal__new(out->size, 1);
    if (!out->data) return kal_fail(err, KAL_NOMEM, "%s: raw: out of memory", d->reader->name);
    memcpy(out->data, head, (size_t)head_n);
    memcpy(out->data + head_n, t->thumb, n);
    return KAL_OK;
}

static kal_status take_jpeg(const kal__decoder *d, kal__preview *out, kal_error *err)
{
    const libraw_thumbnail_t *t = &d->raw->thumbnail;
    out->size = t->tlength;
    out->data = kal__new(out->size, 1);
    if (!out->data) return kal_fail(err, KAL_NOMEM, "%s: raw: out of memory", d->reader->name);
    memcpy(out->data, t->thumb, out->size);
    return KAL_OK;
}

static kal_status raw_preview(kal__reader *r, const kal__ask *ask, kal__preview *out, kal_error *err)
{
    kal__decoder *d;
    kal_status st = raw_open(r, ask, &d, err);
    if (st) return st;
    out->orientation = d->orientation;
    const int code = lib.libraw_unpack_thumb(d->raw);
    if (code == LIBRAW_NO_THUMBNAIL || (!code && !d->raw->thumbnail.tlength))
        st = kal_fail(err, KAL_INVALID, "%s: raw: there is no preview in the file", r->name);
    else if (code == LIBRAW_UNSUPPORTED_THUMBNAIL)
        st = kal_fail(err, KAL_UNSUPPORTED, "%s: raw: its kind of preview is not read by LibRaw", r->name);
    else
        st = told(d, code, err);
    if (!st) st = (d->raw->thumbnail.tformat == LIBRAW_THUMBNAIL_JPEG ? take_jpeg : take_bitmap)(d, out, err);
    raw_close(d, NULL);
    return st;
}

#else

KAL__MISSING_READER(raw, "LibRaw")
#define raw_rows NULL
#define raw_close NULL
#define raw_preview NULL

#endif

const kal__codec kal__codec_raw = {
    .name = "raw",
    .suffixes = "dng|cr2|cr3|nef|arw|orf|rw2|raf",
    .help = "raw files of cameras: developed to sRGB of 16 bits. Read only",
    .version = raw_version,
    .sniff = raw_sniff,
    .header = raw_header,
    .open = raw_open,
    .rows = raw_rows,
    .close = raw_close,
    .preview = raw_preview,
};
