// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Reading JPEG 2000 by OpenJPEG: any part of the picture, at any of its resolutions, in strips of whole rows of tiles; what is one tile in one
// go. The library is given the codestream alone, over a reader that reads at places; boxes are read in jp2_head.c.
#include "jp2.h"
#include "missing.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if KAL__JP2

#if defined(__APPLE__)
#define LIBRARY "libopenjp2.7.dylib"
#else
#define LIBRARY "libopenjp2.so.7"
#endif
#define STRIP 256                             // rows of a strip at least
#define BUFFER ((size_t)64 << 10)             // of the library before its reader
#define TILE_BYTES ((size_t)6 << 10)          // that the library keeps of each tile, and …
#define TILE_COMPONENT_BYTES ((size_t)1200)   // … of each of its components

static pthread_once_t once = PTHREAD_ONCE_INIT;
static kal__openjpeg lib;
static char version[80];

static void load(void)
{
    static const char *const names[] = {KAL__JP2_NEEDED(KAL__NAME)};
    const size_t n = sizeof names / sizeof *names;
    if (kal__library(LIBRARY, names, n, n, &lib))
        snprintf(version, sizeof version, "OpenJPEG %s", lib.opj_version());
}

const kal__openjpeg *kal__jp2_lib(void)
{
    pthread_once(&once, load);
    return *version ? &lib : NULL;
}

static const char *jp2_version(void)
{
    return kal__jp2_lib() ? version : NULL;
}

struct kal__decoder {
    const kal__openjpeg *lib;
    kal__reader *reader;
    kal__jp2_head head;
    int threads;
    int32_t by, shift;    // 1/by of the size, by = 1 << shift
    kal_rect part;        // of that picture
    int32_t y;            // the next row
    opj_image_t *strip;   // which holds rows strip_y0 … strip_y1 of the part's columns
    int32_t strip_y0, strip_y1;
};

// ---- the library's reader -----------------------------------------------------------------------

// What it reads through, and what it says.
typedef struct feed {
    kal__reader *reader;
    uint64_t base, size, at;   // of the codestream in the file; in the codestream
    kal_status status;         // of the reader, which has said why in `why`
    kal_error why;
    char says[160];   // the library's first complaint
} feed;

static OPJ_SIZE_T feed_read(void *to, OPJ_SIZE_T n, void *user)
{
    feed *f = user;
    const uint64_t left = f->size - f->at;
    if (n > left) n = (OPJ_SIZE_T)left;
    if (!n || f->status) return (OPJ_SIZE_T)-1;
    const ptrdiff_t got = f->reader->read_at(f->reader, f->base + f->at, to, n, &f->why);
    if (got < 0) f->status = f->why.status ? f->why.status : KAL_IO;
    if (got <= 0) return (OPJ_SIZE_T)-1;
    f->at += (uint64_t)got;
    return (OPJ_SIZE_T)got;
}

static OPJ_BOOL feed_seek(OPJ_OFF_T to, void *user)
{
    feed *f = user;
    if (to < 0 || (uint64_t)to > f->size) return OPJ_FALSE;
    f->at = (uint64_t)to;
    return OPJ_TRUE;
}

static OPJ_OFF_T feed_skip(OPJ_OFF_T n, void *user)
{
    feed *f = user;
    if (n < 0 || (uint64_t)n > f->size - f->at) return -1;
    f->at += (uint64_t)n;
    return n;
}

static void feed_note(const char *message, void *user)
{
    feed *f = user;
    if (*f->says) return;
    const size_t n = strcspn(message, "\n");
    snprintf(f->says, sizeof f->says, "%.*s", (int)(n < 150 ? n : 150), message);
}

static void feed_ignore(const char *message, void *user)
{
    (void)message, (void)user;
}

static kal_status failed(const kal__decoder *d, const feed *f, kal_error *err)
{
    if (f->status) {
        if (err) *err = f->why;
        return f->status;
    }
    return kal_fail(err, KAL_CORRUPT, "%s: jp2: at byte %llu: OpenJPEG says: %s", d->reader->name,
                    (unsigned long long)(f->base + f->at), *f->says ? f->says : "the data is damaged");
}

// ---- an area ------------------------------------------------------------------------------------

static uint32_t reduced(uint32_t v, int shift)
{
    return (uint32_t)(((uint64_t)v + ((uint64_t)1 << shift) - 1) >> shift);
}

static int32_t side_at(uint32_t from, uint32_t to, int shift)
{
    return (int32_t)(reduced(to, shift) - reduced(from, shift));
}

// The place on the file's grid where a column or row of the smaller picture begins.
static int32_t on_grid(const kal__decoder *d, int32_t v, uint32_t from, uint32_t to)
{
    const uint64_t at = ((uint64_t)reduced(from, d->shift) + (uint64_t)v) << d->shift;
    return (int32_t)(at < from ? from : at > to ? to : at);
}

static bool is_the_picture(const kal__jp2_head *h, const opj_image_t *i)
{
    bool same = i->x0 == h->x0 && i->y0 == h->y0 && i->x1 == h->x1 && i->y1 == h->y1 &&
                i->numcomps == (OPJ_UINT32)h->components;
    for (int32_t c = 0; c < h->components && same; c++)
        same = i->comps[c].dx == 1 && i->comps[c].dy == 1 && (int)i->comps[c].prec == h->component[c].prec;
    return same;
}

static bool is_the_area(const kal__decoder *d, const opj_image_t *i, kal_rect area)
{
    for (int32_t c = 0; c < d->head.components; c++)
        if (!i->comps[c].data || i->comps[c].w != (OPJ_UINT32)(area.x1 - area.x0) ||
            i->comps[c].h != (OPJ_UINT32)(area.y1 - area.y0))
            return false;
    return true;
}

static kal_status run(const kal__decoder *d, opj_codec_t *codec, opj_stream_t *stream, feed *f, kal_rect area,
                      opj_image_t **image, kal_error *err)
{
    const kal__jp2_head *h = &d->head;
    opj_dparameters_t p;
    d->lib->opj_set_default_decoder_parameters(&p);
    p.cp_reduce = (OPJ_UINT32)d->shift;
    d->lib->opj_set_error_handler(codec, feed_note, f);
    d->lib->opj_set_warning_handler(codec, feed_ignore, f);
    if (!d->lib->opj_setup_decoder(codec, &p) || !d->lib->opj_decoder_set_strict_mode(codec, OPJ_TRUE) ||
        (d->threads > 1 && !d->lib->opj_codec_set_threads(codec, d->threads)))
        return kal_fail(err, KAL_NOMEM, "%s: jp2: out of memory", d->reader->name);
    if (!d->lib->opj_read_header(stream, codec, image)) return failed(d, f, err);
    if (!is_the_picture(h, *image))
        return kal_fail(err, KAL_CHANGED, "%s: jp2: the picture has another size than its header had",
                        d->reader->name);
    if (!d->lib->opj_set_decode_area(codec, *image, on_grid(d, area.x0, h->x0, h->x1),
                                     on_grid(d, area.y0, h->y0, h->y1), on_grid(d, area.x1, h->x0, h->x1),
                                     on_grid(d, area.y1, h->y0, h->y1)) ||
        !d->lib->opj_decode(codec, stream, *image))
        return failed(d, f, err);
    return is_the_area(d, *image, area) ? KAL_OK : failed(d, f, err);
}

static kal_status decode(const kal__decoder *d, kal_rect area, opj_image_t **image, kal_error *err)
{
    feed f = {.reader = d->reader, .base = d->head.at, .size = d->head.end - d->head.at};
    *image = NULL;
    opj_stream_t *stream = d->lib->opj_stream_create(BUFFER, OPJ_STREAM_READ);
    opj_codec_t *codec = stream ? d->lib->opj_create_decompress(OPJ_CODEC_J2K) : NULL;
    kal_status st = KAL_OK;
    if (codec) {
        d->lib->opj_stream_set_read_function(stream, feed_read);
        d->lib->opj_stream_set_skip_function(stream, feed_skip);
        d->lib->opj_stream_set_seek_function(stream, feed_seek);
        d->lib->opj_stream_set_user_data(stream, &f, NULL);
        d->lib->opj_stream_set_user_data_length(stream, f.size);
        st = run(d, codec, stream, &f, area, image, err);
        d->lib->opj_destroy_codec(codec);
    } else {
        st = kal_fail(err, KAL_NOMEM, "%s: jp2: out of memory", d->reader->name);
    }
    if (stream) d->lib->opj_stream_destroy(stream);
    if (st && *image) {
        d->lib->opj_image_destroy(*image);
        *image = NULL;
    }
    return st;
}

// ---- samples ------------------------------------------------------------------------------------

// A component's samples as those of an unsigned one, within its bits.
static uint32_t sample(const kal__jp2_head *h, int32_t c, OPJ_INT32 v)
{
    const int prec = h->component[c].prec;
    const OPJ_INT32 most = (1 << prec) - 1;
    if (h->component[c].sign) v = v > most ? most : v + (1 << (prec - 1));
    return (uint32_t)(v < 0 ? 0 : v > most ? most : v);
}

#define UNPACK(name, type, most)                                                                    \
    static void name(const kal__jp2_head *h, const opj_image_t *i, size_t at, int32_t n, void *dst) \
    {                                                                                               \
        for (int32_t k = 0; k < h->extent.channels; k++) {                                          \
            type *to = (type *)dst + k;                                                             \
            const int32_t from = h->from[k], c = h->entries ? 0 : from;                             \
            const int prec = h->entries ? h->column_prec[from] : h->component[c].prec;              \
            const OPJ_INT32 *src = i->comps[c].data + at;                                           \
            for (int32_t x = 0; x < n; x++, to += h->extent.channels) {                             \
                uint32_t v = sample(h, c, src[x]);                                                  \
                if (h->entries)                                                                     \
                    v = h->palette[from][v < (uint32_t)h->entries ? v : (uint32_t)h->entries - 1];  \
                *to = (type)kal__jp2_widen(v, prec, most);                                          \
            }                                                                                       \
        }                                                                                           \
    }                                                                                               \
    static void name##_divide(const kal_extent *e, int32_t n, void *row)                            \
    {                                                                                               \
        type *p = row;                                                                              \
        for (int32_t x = 0; x < n; x++, p += e->channels) {                                         \
            const uint32_t a = p[e->channels - 1];                                                  \
            for (int32_t c = 0; c < e->channels - 1 && a; c++) {                                    \
                const uint32_t v = (p[c] * (uint32_t)most + a / 2) / a;                             \
                p[c] = (type)(v < most ? v : most);                                                 \
            }                                                                                       \
        }                                                                                           \
    }
UNPACK(unpack_u8, uint8_t, 255u)
UNPACK(unpack_u16, uint16_t, 65535u)

static void make_row(const kal__decoder *d, size_t at, int32_t n, void *dst)
{
    const kal__jp2_head *h = &d->head;
    const bool wide = h->extent.type == KAL_U16;
    (wide ? unpack_u16 : unpack_u8)(h, d->strip, at, n, dst);
    if (h->premultiplied) (wide ? unpack_u16_divide : unpack_u8_divide)(&h->extent, n, dst);
}

// ---- the codec ----------------------------------------------------------------------------------

static void drop_strip(kal__decoder *d)
{
    if (d->strip) d->lib->opj_image_destroy(d->strip);
    d->strip = NULL;
}

// Before memory is taken by what a file claims: tiles of a byte each are much to the library.
static kal_status check_tiles(const kal__decoder *d, kal_error *err)
{
    const uint64_t bytes = d->head.tiles * (TILE_BYTES + TILE_COMPONENT_BYTES * (uint64_t)d->head.components);
    if (bytes <= (uint64_t)1 << 30) return KAL_OK;
    return kal_fail(err, KAL_LIMIT, "%s: jp2: %llu tiles of %d components are more than can be kept in mind",
                    d->reader->name, (unsigned long long)d->head.tiles, d->head.components);
}

static kal_status jp2_open(kal__reader *r, const kal__ask *ask, kal__decoder **out, kal_error *err)
{
    const kal__openjpeg *l = kal__jp2_lib();
    *out = NULL;
    if (!l)
        return kal_fail(err, KAL_UNSUPPORTED, "%s: jp2: OpenJPEG (%s) is not installed", r->name, LIBRARY);
    kal__decoder *d = kal__new_zero(1, sizeof *d);
    if (!d) return kal_fail(err, KAL_NOMEM, "%s: jp2: out of memory", r->name);
    d->lib = l;
    d->reader = r;
    d->threads = ask->limits.threads > 64 ? 64 : (int)ask->limits.threads;
    d->by = 1;
    kal_status st = kal__jp2_read_head(r, &ask->limits, &d->head, err);
    if (!st) st = check_tiles(d, err);
    if (st) {
        free(d);
        return st;
    }
    d->part = kal_rect_all(&d->head.extent);
    *out = d;
    return KAL_OK;
}

static kal_status take_blob(kal__reader *r, kal__jp2_span from, kal__blob_kind what, const kal_limits *limits,
                            kal__meta *meta, kal_error *err)
{
    kal__blob *to = kal__meta_blob(meta, what);
    if (!from.size || !kal__meta_room(meta, what, from.size, limits)) return KAL_OK;
    to->data = kal__new((size_t)from.size, 1);
    if (!to->data) return kal_fail(err, KAL_NOMEM, "%s: jp2: out of memory for metadata", r->name);
    to->size = (size_t)from.size;
    return kal__read_exact(r, "jp2", from.at, to->data, to->size, err);
}

// Some writers put the six bytes there that JPEG wants before it.
static void take_exif_prefix(kal__blob *exif)
{
    unsigned char *p = exif->data;
    if (exif->size <= 6 || memcmp(p, "Exif\0\0", 6) != 0) return;
    exif->size -= 6;
    memmove(p, p + 6, exif->size);
}

// Rows of tiles that make a strip.
static int32_t strip_rows(const kal__jp2_head *h, int shift)
{
    const uint32_t rows = reduced(h->tile_h, shift);
    return (int32_t)(rows >= STRIP ? rows : (STRIP + rows - 1) / rows * rows);
}

// Measured: the samples of what is decoded at once, twice in 32 bits; code blocks, and the bytes they are decoded from.
static size_t memory_of(const kal__jp2_head *h)
{
    const bool one = h->tiles == 1;
    const double rows = one ? h->extent.height : strip_rows(h, 0);
    const double samples =
        (double)h->extent.width * (rows < h->extent.height ? rows : h->extent.height) * h->components;
    return (size_t)(samples * 9) +
           (size_t)(h->tiles * (TILE_BYTES + TILE_COMPONENT_BYTES * (uint64_t)h->components)) +
           (size_t)(one ? h->end - h->at : 0) + ((size_t)2 << 20);
}

static kal_status jp2_header(kal__reader *r, const kal__ask *ask, kal__header *h, kal__meta *meta,
                             kal_error *err)
{
    kal__decoder *d;
    kal_status st = jp2_open(r, ask, &d, err);
    if (st) return st;
    const kal__jp2_head *f = &d->head;
    h->extent = f->extent;
    h->rows = f->tiles > 1
                  ? (int32_t)(f->tile_h < (uint32_t)f->extent.height ? f->tile_h : (uint32_t)f->extent.height)
                  : 1;
    h->columns = 1;
    h->slow = f->tiles <= 1;
    for (int shift = 1; shift <= 10 && shift <= f->levels; shift++) {
        h->levels[shift - 1].width = side_at(f->x0, f->x1, shift);
        h->levels[shift - 1].height = side_at(f->y0, f->y1, shift);
        if (h->levels[shift - 1].width > 0 && h->levels[shift - 1].height > 0) h->shrinks |= 1u << shift;
    }
    h->memory = sizeof *d + memory_of(f);
    st = take_blob(r, f->exif, KAL__EXIF, &ask->limits, meta, err);
    if (!st) st = take_blob(r, f->icc, KAL__ICC, &ask->limits, meta, err);
    if (!st) st = take_blob(r, f->xmp, KAL__XMP, &ask->limits, meta, err);
    take_exif_prefix(&meta->exif);
    memcpy(meta->density, f->density, sizeof meta->density);
    kal__meta_take_exif(meta);
    free(d);
    return st;
}

static int shift_of(int32_t by)
{
    int shift = 0;
    while (1 << shift < by) shift++;
    return shift;
}

static void jp2_shrink(kal__header *h, int32_t by)
{
    const int shift = shift_of(by);
    h->extent.width = h->levels[shift - 1].width;
    h->extent.height = h->levels[shift - 1].height;
    h->rows = h->rows >> shift ? h->rows >> shift : 1;
}

static kal_rect jp2_reach(const kal__header *h, kal_rect want)
{
    (void)h;
    return want;
}

static kal_status changed(const kal__decoder *d, kal_error *err)
{
    return kal_fail(err, KAL_CHANGED, "%s: jp2: the picture has another size than its header had",
                    d->reader->name);
}

static kal_status jp2_aim(kal__decoder *d, int32_t by, kal_rect part, bool parts, kal_error *err)
{
    const kal__jp2_head *h = &d->head;
    (void)parts;
    d->by = by;
    d->shift = shift_of(by);
    if (d->shift > h->levels || part.x1 > side_at(h->x0, h->x1, d->shift) ||
        part.y1 > side_at(h->y0, h->y1, d->shift))
        return changed(d, err);
    d->part = part;
    d->y = part.y0;
    return KAL_OK;
}

// Up to where rows from y on are decoded together: some rows of tiles.
static int32_t strip_end(const kal__decoder *d, int32_t y)
{
    const kal__jp2_head *h = &d->head;
    if (h->tiles == 1) return d->part.y1;
    const uint64_t first = reduced(h->y0, d->shift), grid = ((uint64_t)y + first) << d->shift;
    const uint64_t tiles = ((uint64_t)STRIP << d->shift) / h->tile_h + 1;
    const uint64_t end = h->tile_y0 + ((grid - h->tile_y0) / h->tile_h + tiles) * (uint64_t)h->tile_h;
    const uint64_t row = ((end + ((uint64_t)1 << d->shift) - 1) >> d->shift) - first;
    return row < (uint64_t)d->part.y1 ? (int32_t)row : d->part.y1;
}

static kal_status jp2_rows(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n, kal_error *err)
{
    const int32_t width = d->part.x1 - d->part.x0;
    if (n > d->part.y1 - d->y || stride < (ptrdiff_t)((size_t)width * kal_pixel_size(&d->head.extent)))
        return changed(d, err);
    for (; n > 0; n--, d->y++, dst += stride) {
        if (!d->strip || d->y >= d->strip_y1) {
            drop_strip(d);
            d->strip_y0 = d->y;
            d->strip_y1 = strip_end(d, d->y);
            const kal_rect area = kal_rect_of(d->part.x0, d->strip_y0, d->part.x1, d->strip_y1);
            const kal_status st = decode(d, area, &d->strip, err);
            if (st) return st;
        }
        make_row(d, (size_t)(d->y - d->strip_y0) * (size_t)width, width, dst);
    }
    if (d->y == d->part.y1) drop_strip(d);
    return KAL_OK;
}

static kal_status jp2_close(kal__decoder *d, kal_error *err)
{
    (void)err;
    drop_strip(d);
    free(d);
    return KAL_OK;
}

#else

KAL__MISSING_READER(jp2, "OpenJPEG")
KAL__MISSING_WRITER(jp2, "OpenJPEG")
#define jp2_rows NULL
#define jp2_shrink NULL
#define jp2_reach NULL
#define jp2_aim NULL
#define jp2_close NULL
#define kal__jp2_put NULL
#define kal__jp2_end NULL

#endif

#define PARAMS kal__jp2_p
static const kal_param params[] = {KAL__JP2_PARAMS(KAL_SCHEMA)};

const kal__codec kal__codec_jp2 = {
    .name = "jp2",
    .suffixes = "jp2|j2k|j2c|jpc|jpx",
    .media_type = "image/jp2",
    .help =
        "JPEG 2000: gray, RGB and more channels of 1 to 16 bits, with or without alpha, lossy and lossless",
    .edition = "1",
    .version = jp2_version,
    .sniff = kal__jp2_sniff,
    .header = jp2_header,
    .streams = true,
    .scattered = true,
    .open = jp2_open,
    .rows = jp2_rows,
    .shrink = jp2_shrink,
    .reach = jp2_reach,
    .aim = jp2_aim,
    .close = jp2_close,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .params_size = sizeof(kal__jp2_p),
    .accepts = kal__jp2_accepts,
    .carries = 1u << KAL__EXIF | 1u << KAL__XMP | 1u << KAL__ICC | KAL__OWN_DENSITY,
    .begin = kal__jp2_begin,
    .put = kal__jp2_put,
    .end = kal__jp2_end,
};
