// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Reading JPEG XL by libjxl: whole pictures, straight into where they belong; of an animation any page, on its canvas. The library turns pixels
// upright, so EXIF's orientation, which the format does not count, is set to 1. Up to 8 bits are u8, up to 16 u16, more and floats f32.
#include "jxl.h"
#include "missing.h"

#include "bytes.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BARE "\xff\x0a"   // a codestream alone
#define BOX "\0\0\0\14JXL \r\n\x87\n"

static bool jxl_sniff(const unsigned char *p, size_t n)
{
    return n >= 12 && (!memcmp(p, BARE, 2) || !memcmp(p, BOX, 12));
}

#if KAL__JXL

#define TEXT2(x) #x
#define TEXT(x) TEXT2(x)
#define NUMBER TEXT(JPEGXL_MAJOR_VERSION) "." TEXT(JPEGXL_MINOR_VERSION)   // a new interface with each
#if defined(__APPLE__)
#define LIBRARY "libjxl." NUMBER ".dylib"
#define THREADS "libjxl_threads." NUMBER ".dylib"
#else
#define LIBRARY "libjxl.so." NUMBER
#define THREADS "libjxl_threads.so." NUMBER
#endif
#define BLOB_STEP ((size_t)64 << 10)

static pthread_once_t once = PTHREAD_ONCE_INIT;
static kal__jxl lib;
static kal__jxl_threads threads;
static char version[80];

// The widest instructions that the library may choose: its floats may differ with them in the last bit, so they are part of the key.
static const char *instructions(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) return ", 512 bits";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return ", 256 bits";
    if (__builtin_cpu_supports("sse4.1")) return ", 128 bits";
#endif
    return "";
}

static void load(void)
{
    static const char *const names[] = {KAL__JXL_NEEDED(KAL__NAME)}, *const more[] = {
                                                                         KAL__JXL_THREADS(KAL__NAME)};
    const size_t n = sizeof names / sizeof *names, m = sizeof more / sizeof *more;
    if (!kal__library(LIBRARY, names, n, n, &lib)) return;
    if (!kal__library(THREADS, more, m, m, &threads)) memset(&threads, 0, sizeof threads);
    const unsigned v = lib.JxlDecoderVersion();
    snprintf(version, sizeof version, "libjxl %u.%u.%u, colours 2%s", v / 1000000, v / 1000 % 1000, v % 1000,
             instructions());
}

const kal__jxl *kal__jxl_lib(void)
{
    pthread_once(&once, load);
    return *version ? &lib : NULL;
}

static const char *jxl_version(void)
{
    return kal__jxl_lib() ? version : NULL;
}

struct kal__decoder {
    const kal__jxl *lib;
    kal__reader *reader;
    kal_limits limits;
    unsigned char *copy;   // of the file, when it does not lie in memory
    const unsigned char *data;
    size_t size;
    int32_t page;
    kal_extent extent;
    JxlBasicInfo info;
    bool last;   // the last frame's header was seen
    JxlDecoder *jxl;
    void *runner;
};

static void decoder_free(kal__decoder *d)
{
    if (d->jxl) d->lib->JxlDecoderDestroy(d->jxl);
    if (d->runner) threads.JxlThreadParallelRunnerDestroy(d->runner);
    free(d->copy);
    free(d);
}

static kal_status no_memory(const kal__decoder *d, kal_error *err)
{
    return kal_fail(err, KAL_NOMEM, "%s: jxl: out of memory", d->reader->name);
}

// What the library makes of the data, which it does not say more of.
static kal_status failed(const kal__decoder *d, JxlDecoderStatus status, kal_error *err)
{
    const size_t at = d->size - d->lib->JxlDecoderReleaseInput(d->jxl);
    if (status == JXL_DEC_NEED_MORE_INPUT)
        return kal_fail(err, KAL_CORRUPT, "%s: jxl: the file ends at byte %zu, before the picture does",
                        d->reader->name, d->size);
    return kal_fail(err, KAL_CORRUPT, "%s: jxl: at byte %zu: libjxl finds the data damaged", d->reader->name,
                    at);
}

static kal_status take_info(kal__decoder *d, kal_error *err)
{
    JxlBasicInfo *i = &d->info;
    if (d->lib->JxlDecoderGetBasicInfo(d->jxl, i) != JXL_DEC_SUCCESS) return failed(d, JXL_DEC_ERROR, err);
    const kal_status over = kal__within_limits(d->reader->name, "jxl", i->xsize, i->ysize, &d->limits, err);
    if (over) return over;
    if (!i->xsize || !i->ysize || i->xsize > KAL_MAX_SIDE || i->ysize > KAL_MAX_SIDE)
        return kal_fail(err, KAL_UNSUPPORTED, "%s: jxl: a picture of %u×%u pixels; sides are 1..%d",
                        d->reader->name, i->xsize, i->ysize, KAL_MAX_SIDE);
    const bool alpha = i->alpha_bits > 0, gray = i->num_color_channels == 1;
    d->extent = (kal_extent){.width = (int32_t)i->xsize,
                             .height = (int32_t)i->ysize,
                             .channels = (gray ? 1 : 3) + alpha,
                             .type = i->exponent_bits_per_sample || i->bits_per_sample > 16 ? KAL_F32
                                     : i->bits_per_sample > 8                               ? KAL_U16
                                                                                            : KAL_U8,
                             .model = gray ? KAL_GRAY : KAL_RGB,
                             .alpha = alpha};
    return KAL_OK;
}

// ---- the file -----------------------------------------------------------------------------------

static kal_status begin(kal__decoder *d, int events, kal_error *err)
{
    if (d->limits.threads > 1 && threads.JxlThreadParallelRunnerCreate && events & JXL_DEC_FULL_IMAGE)
        d->runner =
            threads.JxlThreadParallelRunnerCreate(NULL, d->limits.threads > 64 ? 64 : d->limits.threads);
    d->jxl = d->lib->JxlDecoderCreate(NULL);
    if (!d->jxl) return no_memory(d, err);
    if ((d->runner && d->lib->JxlDecoderSetParallelRunner(d->jxl, threads.JxlThreadParallelRunner,
                                                          d->runner) != JXL_DEC_SUCCESS) ||
        d->lib->JxlDecoderSubscribeEvents(d->jxl, events) != JXL_DEC_SUCCESS ||
        d->lib->JxlDecoderSetUnpremultiplyAlpha(d->jxl, JXL_TRUE) != JXL_DEC_SUCCESS ||
        d->lib->JxlDecoderSetInput(d->jxl, d->data, d->size) != JXL_DEC_SUCCESS)
        return kal_fail(err, KAL_UNSUPPORTED, "%s: jxl: libjxl refuses what is asked of it", d->reader->name);
    return KAL_OK;   // the input stays open: of a closed one that is cut the library tells standard error
}

// Boxes of a container follow each other: a length and a type, a longer length where the first is 1; 0: up to the end.
static kal_status follow_boxes(const kal__decoder *d, kal_error *err)
{
    if (d->size < 12 || memcmp(d->data, BOX, 12) != 0) return KAL_OK;
    for (size_t at = 0; at < d->size;) {
        const unsigned char *p = d->data + at;
        const size_t left = d->size - at;
        uint64_t n = left < 8 ? left + 1 : kal__be32(p);
        if (n == 1) n = left < 16 ? left + 1 : kal__be64(p + 8);
        if (!n) return KAL_OK;
        if (n > left)
            return kal_fail(err, KAL_CORRUPT,
                            "%s: jxl: the file ends at byte %zu, inside its box at byte %zu", d->reader->name,
                            d->size, at);
        if (n < 8)
            return kal_fail(err, KAL_CORRUPT, "%s: jxl: at byte %zu: a box is shorter than its head",
                            d->reader->name, at);
        at += (size_t)n;
    }
    return KAL_OK;
}

static kal_status jxl_open(kal__reader *r, const kal__ask *ask, kal__decoder **out, kal_error *err)
{
    const kal__jxl *l = kal__jxl_lib();
    *out = NULL;
    if (!l) return kal_fail(err, KAL_UNSUPPORTED, "%s: jxl: libjxl (%s) is not installed", r->name, LIBRARY);
    kal__decoder *d = kal__new_zero(1, sizeof *d);
    if (!d) return kal_fail(err, KAL_NOMEM, "%s: jxl: out of memory", r->name);
    d->lib = l;
    d->reader = r;
    d->limits = ask->limits;
    d->page = ask->page;
    d->data = r->memory;
    d->size = r->size;
    kal_status st = r->memory ? KAL_OK : kal__read_all(r, ask->limits.file_bytes, &d->copy, &d->size, err);
    if (d->copy) d->data = d->copy;
    if (!st) st = follow_boxes(d, err);
    if (st)
        decoder_free(d);
    else
        *out = d;
    return st;
}

// ---- the header ---------------------------------------------------------------------------------

// A box that comes in pieces; a damaged or too large one is left out.
typedef struct incoming {
    kal__blob *to;   // NULL: nothing is taken
    kal__blob_kind what;
    unsigned char *data;
    size_t room;
} incoming;

static kal_status box_more(kal__decoder *d, incoming *b, kal__meta *meta, kal_error *err)
{
    const size_t used = b->room ? b->room - d->lib->JxlDecoderReleaseBoxBuffer(d->jxl) : 0;
    if (!kal__meta_room(meta, b->what, used, &d->limits)) {
        meta->uncounted[b->what] = true;
        b->to = NULL;   // the library skips what has no place
        return KAL_OK;
    }
    if (!kal__grow(&b->data, used + BLOB_STEP + used / 2, 1)) return no_memory(d, err);
    b->room = used + BLOB_STEP + used / 2;
    d->lib->JxlDecoderSetBoxBuffer(d->jxl, b->data + used, b->room - used);
    return KAL_OK;
}

static kal_status box_end(kal__decoder *d, incoming *b, kal__meta *meta, kal_error *err)
{
    kal_status st = KAL_OK;
    if (b->to && b->room) {
        const size_t n = b->room - d->lib->JxlDecoderReleaseBoxBuffer(d->jxl);
        if (!kal__meta_take(meta, b->what, b->data, n, &d->limits)) st = no_memory(d, err);
    }
    free(b->data);
    *b = (incoming){0};
    return st;
}

static kal_status box_begin(kal__decoder *d, incoming *b, kal__meta *meta, kal_error *err)
{
    JxlBoxType type;
    if (d->lib->JxlDecoderGetBoxType(d->jxl, type, JXL_TRUE) != JXL_DEC_SUCCESS) return KAL_OK;
    if (memcmp(type, "Exif", 4) != 0 && memcmp(type, "xml ", 4) != 0) return KAL_OK;
    b->what = type[0] == 'E' ? KAL__EXIF : KAL__XMP;
    b->to = kal__meta_blob(meta, b->what);
    if (b->to->size) b->to = NULL;   // the first one counts
    return b->to ? box_more(d, b, meta, err) : KAL_OK;
}

// Where the TIFF structure begins stands before it.
static void plain_exif(kal__blob *exif)
{
    unsigned char *p = exif->data;
    if (!exif->size) return;
    const size_t skip =
        exif->size < 4 ? SIZE_MAX : 4 + ((size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3]);
    exif->size = skip < exif->size ? exif->size - skip : 0;
    if (exif->size) memmove(p, p + skip, exif->size);
    kal__exif_upright(p, exif->size);
}

// A picture coded in the format's own colours whose profile is an ICC one would come as linear sRGB, where 8 bits are too few and wide colours are
// lost. Display P3 holds what cameras and screens have.
static void prefer_colours(kal__decoder *d)
{
    const bool gray = d->info.num_color_channels == 1;
    JxlColorEncoding c;
    if (d->info.uses_original_profile || d->extent.type == KAL_F32 ||
        d->lib->JxlDecoderGetColorAsEncodedProfile(d->jxl, KAL__JXL_UNUSED JXL_COLOR_PROFILE_TARGET_ORIGINAL,
                                                   &c) == JXL_DEC_SUCCESS)
        return;
    c = (JxlColorEncoding){.color_space = gray ? JXL_COLOR_SPACE_GRAY : JXL_COLOR_SPACE_RGB,
                           .white_point = JXL_WHITE_POINT_D65,
                           .primaries = gray ? JXL_PRIMARIES_SRGB : JXL_PRIMARIES_P3,
                           .transfer_function = JXL_TRANSFER_FUNCTION_SRGB,
                           .rendering_intent = JXL_RENDERING_INTENT_RELATIVE};
    d->lib->JxlDecoderSetPreferredColorProfile(d->jxl, &c);   // else it stays linear
}

static bool is_srgb(const kal__decoder *d)
{
    JxlColorEncoding c;
    return d->lib->JxlDecoderGetColorAsEncodedProfile(d->jxl, KAL__JXL_UNUSED JXL_COLOR_PROFILE_TARGET_DATA,
                                                      &c) == JXL_DEC_SUCCESS &&
           c.transfer_function == JXL_TRANSFER_FUNCTION_SRGB && c.white_point == JXL_WHITE_POINT_D65 &&
           (c.color_space == JXL_COLOR_SPACE_GRAY ||
            (c.color_space == JXL_COLOR_SPACE_RGB && c.primaries == JXL_PRIMARIES_SRGB));
}

// Of the pixels as they are decoded.
static kal_status take_profile(kal__decoder *d, kal__meta *meta, kal_error *err)
{
    const kal__jxl *l = d->lib;
    size_t n;
    prefer_colours(d);
    if (is_srgb(d) ||
        l->JxlDecoderGetICCProfileSize(d->jxl, KAL__JXL_UNUSED JXL_COLOR_PROFILE_TARGET_DATA, &n) !=
            JXL_DEC_SUCCESS ||
        !n || !kal__meta_room(meta, KAL__ICC, n, &d->limits))
        return KAL_OK;
    meta->icc.data = kal__new(n, 1);
    if (!meta->icc.data) return no_memory(d, err);
    const JxlDecoderStatus got = l->JxlDecoderGetColorAsICCProfile(
        d->jxl, KAL__JXL_UNUSED JXL_COLOR_PROFILE_TARGET_DATA, meta->icc.data, n);
    meta->icc.size = got == JXL_DEC_SUCCESS ? n : 0;
    return KAL_OK;
}

static kal_status take_frame(kal__decoder *d, kal__meta *meta, kal_error *err)
{
    JxlFrameHeader f;
    const JxlAnimationHeader *a = &d->info.animation;
    const bool known = d->lib->JxlDecoderGetFrameHeader(d->jxl, &f) == JXL_DEC_SUCCESS;
    if (known && d->info.have_animation && a->tps_numerator && meta->pages == d->page)
        meta->delay = (double)f.duration * a->tps_denominator / a->tps_numerator;
    meta->pages++;
    d->last |= known && f.is_last;
    return kal__pages_within(d->reader->name, "jxl", meta->pages, &d->limits, err);
}

static kal_status scan(kal__decoder *d, kal__meta *meta, incoming *box, kal_error *err)
{
    kal_status st = KAL_OK;
    while (!st) {
        const JxlDecoderStatus now = d->lib->JxlDecoderProcessInput(d->jxl);
        switch (now) {
        case JXL_DEC_BASIC_INFO: st = take_info(d, err); break;
        case JXL_DEC_COLOR_ENCODING: st = take_profile(d, meta, err); break;
        case JXL_DEC_FRAME: st = take_frame(d, meta, err); break;
        case JXL_DEC_BOX_NEED_MORE_OUTPUT: st = box->to ? box_more(d, box, meta, err) : KAL_OK; break;
        case JXL_DEC_BOX:
            st = box_end(d, box, meta, err);
            if (!st) st = box_begin(d, box, meta, err);
            break;
        case JXL_DEC_SUCCESS: return box_end(d, box, meta, err);
        case JXL_DEC_NEED_MORE_INPUT:
            if (d->last)
                return box_end(d, box, meta, err);   // there might be further boxes, for all it knows
            st = failed(d, now, err);
            break;
        default: st = failed(d, now, err);
        }
    }
    return st;
}

// Measured: less than 2 a sample; what comes in passes is held in 32 bits, and canvases of an animation in floats.
static size_t memory_of(const kal__decoder *d)
{
    const double samples = (double)d->extent.width * d->extent.height * d->extent.channels;
    return (size_t)(samples * (d->info.have_animation ? 16 : 6)) + d->size * (d->copy != NULL) +
           ((size_t)12 << 20);
}

static kal_status jxl_header(kal__reader *r, const kal__ask *ask, kal__header *h, kal__meta *meta,
                             kal_error *err)
{
    kal__decoder *d;
    incoming box = {0};
    kal_status st = jxl_open(r, ask, &d, err);
    if (st) return st;
    meta->pages = 0;
    st = begin(d, JXL_DEC_BASIC_INFO | JXL_DEC_COLOR_ENCODING | JXL_DEC_FRAME | JXL_DEC_BOX, err);
    if (!st) d->lib->JxlDecoderSetDecompressBoxes(d->jxl, JXL_TRUE);
    if (!st) st = scan(d, meta, &box, err);
    free(box.data);
    if (!st && (!d->extent.width || !meta->pages)) st = failed(d, JXL_DEC_ERROR, err);
    if (!st && d->page >= meta->pages) st = kal__no_page(r->name, d->page, meta->pages, err);
    if (!st) {
        h->extent = d->extent;
        h->rows = 0;
        h->memory = memory_of(d);
        plain_exif(&meta->exif);
        kal__meta_take_exif(meta);   // upright, which the library made it
        if (d->info.have_animation)
            meta->loops =
                (int32_t)(d->info.animation.num_loops < INT32_MAX ? d->info.animation.num_loops : 0);
    }
    decoder_free(d);
    return st;
}

// ---- pixels -------------------------------------------------------------------------------------

static kal_status set_output(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, kal_error *err)
{
    const kal_extent *e = &d->extent;
    const JxlPixelFormat format = {(uint32_t)e->channels,
                                   e->type == KAL_U8    ? JXL_TYPE_UINT8
                                   : e->type == KAL_U16 ? JXL_TYPE_UINT16
                                                        : JXL_TYPE_FLOAT,
                                   JXL_NATIVE_ENDIAN, (size_t)stride};
    const size_t size = (size_t)stride * (size_t)(e->height - 1) + (size_t)e->width * kal_pixel_size(e);
    size_t needed;
    if (d->lib->JxlDecoderImageOutBufferSize(d->jxl, &format, &needed) == JXL_DEC_SUCCESS && needed <= size &&
        d->lib->JxlDecoderSetImageOutBuffer(d->jxl, &format, dst, size) == JXL_DEC_SUCCESS)
        return KAL_OK;
    return kal_fail(err, KAL_INTERNAL, "%s: jxl: libjxl does not take the place for its pixels",
                    d->reader->name);
}

static kal_status jxl_rows(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n, kal_error *err)
{
    kal_status st = begin(d, JXL_DEC_BASIC_INFO | JXL_DEC_COLOR_ENCODING | JXL_DEC_FULL_IMAGE, err);
    if (!st && d->page) d->lib->JxlDecoderSkipFrames(d->jxl, (size_t)d->page);
    while (!st) {
        const JxlDecoderStatus now = d->lib->JxlDecoderProcessInput(d->jxl);
        if (now == JXL_DEC_FULL_IMAGE) return KAL_OK;
        if (now == JXL_DEC_BASIC_INFO) {
            st = take_info(d, err);
            if (!st && (n != d->extent.height ||
                        stride < (ptrdiff_t)((size_t)d->extent.width * kal_pixel_size(&d->extent))))
                st = kal_fail(err, KAL_CHANGED, "%s: jxl: the picture has another size than its header had",
                              d->reader->name);
        } else if (now == JXL_DEC_COLOR_ENCODING) {
            prefer_colours(d);
        } else if (now == JXL_DEC_NEED_IMAGE_OUT_BUFFER) {
            st = set_output(d, dst, stride, err);
        } else {
            st = failed(d, now, err);
        }
    }
    return st;
}

static kal_status jxl_close(kal__decoder *d, kal_error *err)
{
    (void)err;
    decoder_free(d);
    return KAL_OK;
}

#else

KAL__MISSING_READER(jxl, "libjxl")
KAL__MISSING_WRITER(jxl, "libjxl")
#define jxl_rows NULL
#define jxl_close NULL
#define kal__jxl_put NULL
#define kal__jxl_end NULL

#endif

#define PARAMS kal__jxl_p
static const kal_param params[] = {KAL__JXL_PARAMS(KAL_SCHEMA)};

const kal__codec kal__codec_jxl = {
    .name = "jxl",
    .suffixes = "jxl",
    .media_type = "image/jxl",
    .help = "JPEG XL: gray and RGB with or without alpha, u8, u16 and f32, lossy and lossless; pages of "
            "animations",
    .edition = "patches of small ones, few samples",
    .version = jxl_version,
    .sniff = jxl_sniff,
    .header = jxl_header,
    .pages = true,
    .open = jxl_open,
    .rows = jxl_rows,
    .close = jxl_close,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .params_size = sizeof(kal__jxl_p),
    .accepts = kal__jxl_accepts,
    .carries = 1u << KAL__EXIF | 1u << KAL__XMP | 1u << KAL__ICC,
    .begin = kal__jxl_begin,
    .put = kal__jxl_put,
    .end = kal__jxl_end,
};
