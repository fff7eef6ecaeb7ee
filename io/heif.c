// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// HEIC and AVIF through libheif, whole pictures. libheif itself turns and mirrors what the file says (irot,
// imir), so the pixels are upright and EXIF's orientation, which repeats it, is set to 1. More than 8 bits
// become 16 by v·65535/(2^n−1), rounded half up. Here a file is opened and its header told; pixels are in heif_pixels.c.
#include "heif_de265.h"
#include "heif_part.h"
#include "missing.h"

#include "bytes.h"

#include <stdlib.h>
#include <string.h>

#if KAL__HEIF

#define KAL__HEIF_LARGE ((size_t)4 << 10)

// ---- opening ------------------------------------------------------------------------------------

static const struct {
    enum heif_error_code code;
    kal_status status;
} kinds[] = {{heif_error_Unsupported_filetype, KAL_UNSUPPORTED},
             {heif_error_Unsupported_feature, KAL_UNSUPPORTED},
             {heif_error_Plugin_loading_error, KAL_UNSUPPORTED},
             {heif_error_Memory_allocation_error, KAL_NOMEM},
             {heif_error_Usage_error, KAL_INTERNAL}};

// libheif knows no offsets; the size of the file is what there is to say.
kal_status kal__heif_failed(const kal__decoder *d, struct heif_error e, kal_error *err)
{
    if (d->io.status) return kal__repeat(&d->io, err);
    kal_status status = e.subcode == heif_suberror_Security_limit_exceeded ? KAL_LIMIT : KAL_CORRUPT;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && status == KAL_CORRUPT; i++)
        if (kinds[i].code == e.code) status = kinds[i].status;
    char kind[5];
    if (status != KAL_NOMEM && kal__heif_strange(d->bytes, d->n, kind))
        return kal_fail(
            err, KAL_UNSUPPORTED,
            "%s: heif: libheif %s cannot read pictures of kind \"%s\": %s (in a file of %zu bytes)",
            d->reader->name, d->lib->heif_get_version(), kind, e.message, d->size);
    if (status == KAL_LIMIT && strstr(e.message, "image size") && d->most_pixels < KAL_MAX_SIDE)
        return kal__over_limit(err, "pixels=N", "%s: heif: %s (in a file of %zu bytes)", d->reader->name,
                               e.message, d->size);
    return kal_fail(err, status, "%s: heif: %s (in a file of %zu bytes)%s", d->reader->name, e.message,
                    d->size, status == KAL_LIMIT ? "; this limit is libheif's own and stays" : "");
}

static void decoder_free(kal__decoder *d)
{
    if (!d) return;
    if (d->image) d->lib->heif_image_release(d->image);
    if (d->handle) d->lib->heif_image_handle_release(d->handle);
    if (d->context) d->lib->heif_context_free(d->context);
    kal__heif_tiled_free(&d->tiled);
    free(d->strip.data);
    free(d->copy);
    free(d);
}

// Head and length of the box at a place, to the end of the file where it says so.
static kal_status box_at(kal__decoder *d, uint64_t at, unsigned char head[16], uint64_t *length,
                         uint64_t *before, kal_error *err)
{
    const size_t n = d->size - at < 16 ? (size_t)(d->size - at) : 16;
    memset(head, 0, 16);
    const kal_status st = kal__read_exact(d->reader, "heif", at, head, n, err);
    *length = kal__be32(head);
    *before = *length == 1 ? 16 : 8;
    if (*length == 1) *length = (uint64_t)kal__be32(head + 8) << 32 | kal__be32(head + 12);
    if (*length == 0) *length = d->size - at;
    return st;
}

static kal_status keep_box(kal__decoder *d, uint64_t at, uint64_t length, const kal_limits *limits,
                           kal_error *err)
{
    if (d->n + length > limits->meta_bytes)
        return kal__over_limit(err, "meta_bytes=N",
                               "%s: heif: at byte %llu: a box of %llu bytes is more than the limit of %llu",
                               d->reader->name, (unsigned long long)at, (unsigned long long)length,
                               (unsigned long long)limits->meta_bytes);
    if (!kal__grow(&d->copy, d->n + (size_t)length, 1))
        return kal_fail(err, KAL_NOMEM, "%s: heif: out of memory", d->reader->name);
    const kal_status st = kal__read_exact(d->reader, "heif", at, d->copy + d->n, (size_t)length, err);
    d->n += (size_t)length;
    return st;
}

// libheif copies whatever box it does not know, the one of all coded pictures too, and looks at no such copy.
static void note_large(kal__decoder *d, uint64_t at, uint64_t length, uint64_t head)
{
    const int most = sizeof d->large / sizeof *d->large;
    if (length - head < KAL__HEIF_LARGE || d->n_large == most) return;
    d->large[d->n_large].at = at + head;
    d->large[d->n_large++].n = length - head;
}

static bool is_a_copy(kal__decoder *d, size_t n)
{
    if (strncmp(d->lib->heif_get_version(), "1.15.", 5)) return false;   // what others do was not looked at
    for (int i = 0; i < d->n_large; i++)
        if (d->large[i].at == d->at && d->large[i].n == n) {
            d->large[i].n = 0;   // once: the next time somebody wants to know what it says
            return true;
        }
    return false;
}

// Of the boxes of the file only those that say what there is; of the others it is seen that they are all there.
// What is no box ends them: libheif names it.
static kal_status walk_boxes(kal__decoder *d, const kal_limits *limits, kal_error *err)
{
    static const char wanted[][5] = {"ftyp", "meta"};
    kal_status st = KAL_OK;
    uint64_t length, before;
    for (uint64_t at = 0; !st && at < d->size; at += length) {
        unsigned char head[16];
        st = box_at(d, at, head, &length, &before, err);
        if (st) break;
        if (length < before || length > d->size - at) {
            char box[5];
            if (!kal__heif_cut(head, d->size - at < 16 ? (size_t)(d->size - at) : 16, box)) break;
            return kal_fail(err, KAL_CORRUPT, "%s: heif: the file ends at byte %zu, inside its box \"%s\"",
                            d->reader->name, d->size, box);
        }
        bool keep = false;
        for (int i = 0; i < 2; i++) keep |= !memcmp(head + 4, wanted[i], 4);
        if (keep)
            st = keep_box(d, at, length, limits, err);
        else
            note_large(d, at, length, before);
    }
    d->bytes = d->copy;
    return st;
}

static kal_status read_bytes(kal__decoder *d, const kal_limits *limits, kal_error *err)
{
    d->size = d->reader->size;
    if (!d->reader->memory) return walk_boxes(d, limits, err);
    d->bytes = d->reader->memory;
    d->n = d->size;
    char box[5];
    if (!kal__heif_cut(d->bytes, d->size, box)) return KAL_OK;
    return kal_fail(err, KAL_CORRUPT, "%s: heif: the file ends at byte %zu, inside its box \"%s\"",
                    d->reader->name, d->size, box);
}

static int64_t reader_position(void *user)
{
    return (int64_t)((const kal__decoder *)user)->at;
}

// libheif asserts that reading succeeds: it gets zeros, and what went wrong is told when it returns.
static int reader_read(void *dst, size_t n, void *user)
{
    kal__decoder *d = user;
    if (is_a_copy(d, n) || kal__read_exact(d->reader, "heif", d->at, dst, n, d->io.status ? NULL : &d->io))
        memset(dst, 0, n);
    d->at += n;
    return 0;
}

static int reader_seek(int64_t to, void *user)
{
    kal__decoder *d = user;
    d->at = (uint64_t)to;
    return to < 0 || (uint64_t)to > d->size;
}

static enum heif_reader_grow_status reader_wait(int64_t size, void *user)
{
    const kal__decoder *d = user;
    return size >= 0 && (uint64_t)size <= d->size ? heif_reader_grow_status_size_reached
                                                  : heif_reader_grow_status_size_beyond_eof;
}

static struct heif_error give_file(kal__decoder *d)
{
    static const struct heif_reader from_places = {1, reader_position, reader_read, reader_seek, reader_wait};
    if (d->reader->memory)
        return d->lib->heif_context_read_from_memory_without_copy(d->context, d->bytes, d->size, NULL);
    return d->lib->heif_context_read_from_reader(d->context, &from_places, d, NULL);
}

static kal_status read_boxes(kal__decoder *d, const kal_limits *limits, kal_error *err)
{
    if (kal__heif_made_of_itself(d->bytes, d->n))
        return kal_fail(err, KAL_CORRUPT,
                        "%s: heif: pictures are made of each other without end (in a file of %zu bytes)",
                        d->reader->name, d->size);
    const kal__heif *lib = d->lib = kal__heif_lib();
    if (!lib) return kal_fail(err, KAL_UNSUPPORTED, "%s: heif: libheif is not installed", d->reader->name);
    d->context = lib->heif_context_alloc();
    if (!d->context) return kal_fail(err, KAL_NOMEM, "%s: heif: out of memory", d->reader->name);
    d->most_pixels = limits->pixels;
    lib->heif_context_set_maximum_image_size_limit(
        d->context, limits->pixels < KAL_MAX_SIDE ? (int)limits->pixels : KAL_MAX_SIDE);
    // Several tiles are decoded by libheif's threads (0: by this one), one tile by the decoder's workers.
    const int threads = limits->threads > 1 ? (int)limits->threads : 1;
    const bool tiles = kal__heif_tiles(d->bytes, d->n) > 1;
    d->workers = tiles ? 0 : threads;
    if (lib->heif_context_set_max_decoding_threads)
        lib->heif_context_set_max_decoding_threads(d->context, tiles && threads > 1 ? threads : 0);
    struct heif_error e = give_file(d);
    if (!e.code) e = lib->heif_context_get_primary_image_handle(d->context, &d->handle);
    return e.code || d->io.status ? kal__heif_failed(d, e, err) : KAL_OK;
}

static kal_status take_size(kal__decoder *d, const kal__heif_head *h, const kal_limits *limits,
                            kal_error *err)
{
    bool hevc;
    const bool gray = kal__heif_chroma(d->bytes, d->n, &hevc) == 0;
    if (h->width < 1 || h->height < 1 || h->bits < 1 || h->bits > 16)
        return kal_fail(err, KAL_CORRUPT,
                        "%s: heif: %d×%d pixels of %d bits are no picture (in a file of %zu bytes)",
                        d->reader->name, h->width, h->height, h->bits, d->size);
    d->extent = (kal_extent){h->width,
                             h->height,
                             (gray ? 1 : 3) + h->alpha,
                             h->bits > 8 ? KAL_U16 : KAL_U8,
                             gray ? KAL_GRAY : KAL_RGB,
                             h->alpha};
    return kal__within_limits(d->reader->name, "heif", (uint64_t)h->width, (uint64_t)h->height, limits, err);
}

static kal_status ask_library(kal__decoder *d, kal_error *err)
{
    const kal_status st = read_boxes(d, &d->limits, err);
    if (st) return st;
    const kal__heif_head h = {.width = d->lib->heif_image_handle_get_width(d->handle),
                              .height = d->lib->heif_image_handle_get_height(d->handle),
                              .bits = d->lib->heif_image_handle_get_luma_bits_per_pixel(d->handle),
                              .alpha = d->lib->heif_image_handle_has_alpha_channel(d->handle)};
    return take_size(d, &h, &d->limits, err);
}

// The boxes, and no more: libheif is not there yet.
static kal_status open_boxes(kal__reader *r, const kal__ask *ask, kal__decoder **out, kal_error *err)
{
    const uint32_t deep = ask->limits.nesting ? ask->limits.nesting : 16;
    kal__decoder *d = *out = kal__new_zero(1, sizeof *d);
    if (!d) return kal_fail(err, KAL_NOMEM, "%s: heif: out of memory", r->name);
    d->reader = r;
    d->limits = ask->limits;
    const kal_status st = read_bytes(d, &ask->limits, err);
    if (!st && kal__heif_deeper(d->bytes, d->n, deep))
        return kal__over_limit(err, "nesting=N", "%s: heif: boxes lie in boxes more than %u deep, the limit",
                               r->name, deep);
    return st;
}

// Whether the picture is one of tiles that are decoded here, without libheif.
static bool take_tiles(kal__decoder *d)
{
    bool hevc;
    return kal__heif_chroma(d->bytes, d->n, &hevc) < 0 &&   // a grid is not coded itself
           kal__heif_tiled_of(d->bytes, d->n, d->size, &d->tiled) && kal__hevc_here();
}

static kal_status take_size_of_tiles(kal__decoder *d, kal_error *err)
{
    const kal__heif_head h = {
        .width = d->tiled.lie.width, .height = d->tiled.lie.height, .bits = d->tiled.bits};
    const kal_status st = take_size(d, &h, &d->limits, err);
    d->part = kal_rect_all(&d->extent);
    return st;
}

static kal_status heif_open(kal__reader *r, const kal__ask *ask, kal__decoder **out, kal_error *err)
{
    kal_status st = open_boxes(r, ask, out, err);
    if (!st) st = take_tiles(*out) ? take_size_of_tiles(*out, err) : ask_library(*out, err);
    if (st) decoder_free(*out), *out = NULL;
    return st;
}

// ---- the header ---------------------------------------------------------------------------------

// What libheif and the decoder hold at most: the interleaved picture, per pixel what was measured for libde265
// and dav1d, and the pages of the libraries themselves.
static size_t decoder_memory(const kal__decoder *d)
{
    static const struct {
        double chroma[4], alpha;
        size_t fixed;
    } held[] = {{{1, 2.25, 4.5, 7.5}, 0.5, (size_t)6 << 20}, {{4, 3, 6, 9.7}, 6, (size_t)4 << 20}};
    bool hevc;
    const int chroma = kal__heif_chroma(d->bytes, d->n, &hevc);
    const bool av1 = chroma < 0 ? kal__heif_is_av1(d->bytes, d->n) : !hevc;   // a brand only claims
    const double each = held[av1].chroma[chroma < 0 ? 1 : chroma] + (d->extent.alpha ? held[av1].alpha : 0) +
                        d->extent.channels;
    const double pixels =
        (double)d->extent.width * (double)d->extent.height * (double)kal_type_size(d->extent.type);
    const size_t tiles = chroma < 0 ? (size_t)8 << 20 : 0;   // a grid: several are decoded at once
    return (size_t)(pixels * each) + held[av1].fixed + tiles + d->n;
}

static kal_status heif_header(kal__reader *r, const kal__ask *ask, kal__header *h, kal__meta *meta,
                              kal_error *err)
{
    kal__decoder *d;
    kal__heif_head head;
    kal_status st = open_boxes(r, ask, &d, err);
    if (!st && kal__heif_head_of(d->bytes, d->n, d->size, &head)) {
        st = take_size(d, &head, &ask->limits, err);
        if (!st) st = kal__heif_told_meta(&head, r, &ask->limits, meta, err);
    } else if (!st) {
        st = ask_library(d, err);
        if (!st) st = kal__heif_asked_meta(d->lib, d->handle, r->name, &ask->limits, meta, err);
        if (!st && d->io.status) st = kal__repeat(&d->io, err);
    }
    if (!st) {
        h->extent = d->extent;
        h->rows = 0;
        h->memory = decoder_memory(d);
        if (take_tiles(d)) {
            h->rows = 1;   // the decoder holds a row of tiles itself
            h->columns = 1;
            h->slow = true;
            h->memory = kal__heif_grid_memory(&d->tiled, &d->extent) + d->n;
        }
        meta->gain = kal__heif_gain(d->bytes, d->n);
        kal__meta_take_exif(meta);   // upright, which the library makes it
    }
    decoder_free(d);
    return st;
}

// Any rows and columns: what is decoded is tiles.
static kal_rect heif_reach(const kal__header *h, kal_rect want)
{
    (void)h;
    return want;
}

static kal_status heif_aim(kal__decoder *d, int32_t by, kal_rect part, bool parts, kal_error *err)
{
    (void)by, (void)parts;
    if (part.x1 > d->extent.width || part.y1 > d->extent.height)
        return kal_fail(err, KAL_CHANGED, "%s: heif: the picture has another size than its header had",
                        d->reader->name);
    d->part = part;
    d->y = part.y0;
    free(d->strip.data);
    d->strip.data = NULL;
    return KAL_OK;
}

static kal_status heif_close(kal__decoder *d, kal_error *err)
{
    (void)err;   // all of it was read at the start
    decoder_free(d);
    return KAL_OK;
}

#else

KAL__MISSING_READER(heif, "libheif")
KAL__MISSING_WRITER(heif, "libheif")
KAL__MISSING_WRITER(avif, "libheif")
#define kal__heif_rows NULL
#define heif_close NULL
#define heif_reach NULL
#define heif_aim NULL
#define kal__heif_put NULL
#define kal__heif_end NULL

#endif

// ---- records ------------------------------------------------------------------------------------

#define PARAMS kal__heif_p
static const kal_param heif_params[] = {KAL__HEIF_PARAMS(KAL_SCHEMA, 50, 6)};
static const kal_param avif_params[] = {KAL__HEIF_PARAMS(KAL_SCHEMA, 60, 3)};

const kal__codec kal__codec_heif = {
    .name = "heif",
    .suffixes = "heic|heif|hif",
    .media_type = "image/heic",
    .help = "HEIC: gray and colour with or without alpha, lossy; through libheif, when it is installed",
    .version = kal__heif_version,
    .sniff = kal__heif_is_hevc,
    .header = heif_header,
    .scattered = true,
    .open = heif_open,
    .rows = kal__heif_rows,
    .reach = heif_reach,
    .aim = heif_aim,
    .close = heif_close,
    .params = heif_params,
    .n_params = sizeof heif_params / sizeof *heif_params,
    .params_size = sizeof(kal__heif_p),
    .accepts = kal__heif_accepts,
    .carries = 1u << KAL__EXIF | 1u << KAL__XMP | 1u << KAL__ICC,
    .begin = kal__heif_begin,
    .put = kal__heif_put,
    .end = kal__heif_end,
};

const kal__codec kal__codec_avif = {
    .name = "avif",
    .suffixes = "avif",
    .media_type = "image/avif",
    .help = "AVIF: gray and colour with or without alpha, lossy; through libheif, when it is installed",
    .version = kal__avif_version,
    .sniff = kal__heif_is_av1,
    .header = heif_header,
    .scattered = true,
    .open = heif_open,
    .rows = kal__heif_rows,
    .reach = heif_reach,
    .aim = heif_aim,
    .close = heif_close,
    .params = avif_params,
    .n_params = sizeof avif_params / sizeof *avif_params,
    .params_size = sizeof(kal__heif_p),
    .edition = "copies within 4 MP",
    .accepts = kal__avif_accepts,
    .carries = 1u << KAL__EXIF | 1u << KAL__XMP | 1u << KAL__ICC,
    .begin = kal__avif_begin,
    .put = kal__heif_put,
    .end = kal__heif_end,
};
