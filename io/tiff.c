// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Reading TIFF and BigTIFF by libtiff: only the strips and tiles that a part needs, on any number of workers (tiff_blocks.c); strips too large to be held
// come row by row.
#include "tiff_blocks.h"
#include "bytes.h"
#include "missing.h"

#include <stdlib.h>
#include <string.h>

#if KAL__TIFF

#define DIRECT_ROWS 16   // of a part, where any row can be had

struct kal__decoder {
    kal__ask ask;
    kal__tiff_blocks blocks;
    kal_rect part;
    int32_t y;                                 // of the next row
    kal__tiff_slot *lines[KAL_MAX_CHANNELS];   // of large strips: one a plane …
    int32_t line;                              // … and the next row that they give
};

static kal_status tiff_part(const kal__decoder *d, kal_rect part, unsigned char *dst, ptrdiff_t stride,
                            kal_error *err)
{
    return kal__tiff_read_part(&d->blocks, part, dst, stride, err);
}

// ---- rows ---------------------------------------------------------------------------------------

static kal_status read_line(kal__decoder *d, int32_t plane, kal_error *err)
{
    kal__tiff_slot **s = &d->lines[plane];
    kal_status st = *s ? KAL_OK : kal__tiff_slot_new(&d->blocks, s, err);
    if (st) return st;
    const uint32_t high = d->blocks.head.block_h,
                   down = ((uint32_t)d->blocks.head.extent.height + high - 1) / high;
    if (kal__tiff_is_missing(&(*s)->file, (uint32_t)plane * down + (uint32_t)d->line / high))
        return kal__tiff_fill(&d->blocks.head, (*s)->block), KAL_OK;
    memset((*s)->block, 0, d->blocks.head.row_bytes);
    if ((*s)->file.lib->TIFFReadScanline((*s)->file.tif, (*s)->block, (uint32_t)d->line, (uint16_t)plane) !=
        1)
        st = kal__tiff_failed(&(*s)->file, "a row", err);
    return st;
}

static kal_status next_line(kal__decoder *d, unsigned char *dst, kal_error *err)
{
    const int32_t planes = d->blocks.head.separate ? d->blocks.head.samples : 1;
    for (int32_t plane = 0; plane < planes; plane++) {
        const kal_status st = read_line(d, plane, err);
        if (st) return st;
        if (dst)
            kal__tiff_unpack(&d->blocks.head, d->lines[plane]->block, d->part.x0, d->part.x1, plane, dst);
    }
    d->line++;
    return KAL_OK;
}

static kal_status tiff_rows(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n, kal_error *err)
{
    const int32_t width = d->part.x1 - d->part.x0, y0 = d->y;
    d->y += n;
    if (d->y > d->blocks.head.extent.height ||
        stride < width * (ptrdiff_t)kal_pixel_size(&d->blocks.head.extent))
        return kal_fail(err, KAL_CHANGED, "%s: tiff: the picture has another size than its header had",
                        d->blocks.reader->name);
    if (!d->blocks.head.scanlines)
        return tiff_part(d, kal_rect_of(d->part.x0, y0, d->part.x1, d->y), dst, stride, err);
    while (d->line < y0) {
        const kal_status st = next_line(d, NULL, err);
        if (st) return st;
    }
    for (int32_t i = 0; i < n; i++) {
        const kal_status st = next_line(d, dst + i * stride, err);
        if (st) return st;
    }
    kal__tiff_straighten(&d->blocks.head, dst, stride, width, n);
    return KAL_OK;
}

// ---- opening ------------------------------------------------------------------------------------

static kal_status read_head(kal__decoder *d, int32_t by, kal_error *err)
{
    kal__tiff_dir dir, level;
    uint64_t directory;
    int32_t pages, size[2];
    kal_status st = kal__tiff_pages(d->blocks.reader, &d->ask, &directory, &pages, err);
    if (st) return st;
    st = kal__tiff_dir_read(&dir, d->blocks.reader, directory, err);
    if (!st) st = kal__tiff_read_head(&dir, &d->ask.limits, &d->blocks.head);
    if (!st && by > 1) {
        st = kal__tiff_level(&dir, &d->blocks.head, by, &directory, size);
        if (!st && !directory)
            st = kal_fail(err, KAL_CHANGED, "%s: tiff: there is no level at 1/%d any more",
                          d->blocks.reader->name, by);
        if (!st) {
            st = kal__tiff_dir_read(&level, d->blocks.reader, directory, err);
            if (!st) st = kal__tiff_read_head(&level, &d->ask.limits, &d->blocks.head);
            kal__tiff_dir_free(&level);
        }
    }
    kal__tiff_dir_free(&dir);
    d->part = kal_rect_all(&d->blocks.head.extent);
    return st;
}

static kal__decoder *decoder_new(kal__reader *r, const kal__ask *ask, kal_error *err)
{
    kal__decoder *d = kal__new_zero(1, sizeof *d);
    if (!d) {
        kal_fail(err, KAL_NOMEM, "%s: tiff: out of memory", r->name);
        return NULL;
    }
    d->blocks.reader = r;
    d->blocks.file_bytes = ask->limits.file_bytes;
    d->ask = *ask;
    pthread_mutex_init(&d->blocks.lock, NULL);
    return d;
}

static kal_status tiff_close(kal__decoder *d, kal_error *err)
{
    (void)err;
    for (int32_t i = 0; i < KAL_MAX_CHANNELS; i++) kal__tiff_slot_free(d->lines[i]);
    kal__tiff_blocks_end(&d->blocks);
    free(d);
    return KAL_OK;
}

static kal_status tiff_open(kal__reader *r, const kal__ask *ask, kal__decoder **out, kal_error *err)
{
    kal__decoder *d = *out = decoder_new(r, ask, err);
    if (!d) return KAL_NOMEM;
    const kal_status st = read_head(d, 1, err);
    if (st) tiff_close(d, NULL), *out = NULL;
    return st;
}

static kal_status another(const kal__decoder *d, kal_error *err)
{
    return kal_fail(err, KAL_CHANGED, "%s: tiff: the picture is another one than its header said",
                    d->blocks.reader->name);
}

static bool is_expected(const kal__decoder *d)
{
    const kal_extent *a = &d->ask.expected, *b = &d->blocks.head.extent;
    return !a->width || (a->width == b->width && a->height == b->height && a->channels == b->channels &&
                         a->type == b->type && a->model == b->model && a->alpha == b->alpha);
}

static kal_status tiff_aim(kal__decoder *d, int32_t by, kal_rect part, bool parts, kal_error *err)
{
    const kal_status st = by > 1 ? read_head(d, by, err) : KAL_OK;
    if (st) return st;
    if (!is_expected(d) || (parts && d->blocks.head.scanlines) || part.x1 > d->blocks.head.extent.width ||
        part.y1 > d->blocks.head.extent.height)
        return another(d, err);
    d->part = part;
    d->y = part.y0;
    return KAL_OK;
}

// ---- the header ---------------------------------------------------------------------------------

// What the library holds of a strip that is read row by row: all of it, packed.
static size_t packed_strip(kal__tiff_dir *d, const kal__tiff_head *t)
{
    enum { MOST = 4096 };
    const uint32_t down = ((uint32_t)t->extent.height + t->block_h - 1) / t->block_h;
    const double bound = (double)t->row_bytes * t->block_h * 2;   // whatever it says it is
    double most = 0, sizes[MOST];
    kal__tiff_entry e;
    const size_t n = down < MOST ? down : MOST;
    if (!kal__tiff_find(d, KAL__TAG_STRIP_SIZES, &e) || !kal__tiff_numbers(d, &e, 0, n, sizes))
        return (size_t)bound;
    for (size_t i = 0; i < n; i++) most = sizes[i] > most ? sizes[i] : most;
    return (size_t)(most < bound ? most : bound);
}

static void tell(kal__tiff_dir *d, const kal__tiff_head *t, kal__header *h)
{
    const size_t planes = t->separate ? t->samples : 1;
    h->extent = t->extent;
    h->rows = t->direct || t->scanlines ? DIRECT_ROWS : (int32_t)t->block_h;
    if (h->rows > t->extent.height) h->rows = t->extent.height;
    h->part_rows = t->scanlines ? 0 : h->rows;
    h->memory = t->scanlines ? planes * (KAL__TIFF_HANDLE_BYTES + t->row_bytes * 4 + packed_strip(d, t))
                             : KAL__TIFF_HANDLE_BYTES + kal__tiff_block_bytes(t) * (t->direct ? 1 : 2);
}

static bool is_same_kind(const kal_extent *a, const kal_extent *b)
{
    return a->channels == b->channels && a->type == b->type && a->model == b->model && a->alpha == b->alpha;
}

// A level must be of the same kind as its picture, or it is none, nor are those behind it.
static kal_status tell_level(kal__tiff_dir *of, const kal__tiff_head *head, uint64_t directory,
                             const kal_limits *limits, kal__header *told)
{
    kal__tiff_dir d;
    kal__tiff_head level;
    kal_error local = {0};
    kal_status st = kal__tiff_dir_read(&d, of->order.reader, directory, &local);
    if (!st) st = kal__tiff_read_head(&d, limits, &level);
    if (!st && is_same_kind(&level.extent, &head->extent)) tell(&d, &level, told);
    kal__tiff_dir_free(&d);
    if (!st || st == KAL_CORRUPT || st == KAL_UNSUPPORTED || st == KAL_LIMIT) return KAL_OK;
    return kal__repeat(&local, of->err);
}

static kal_status find_levels(kal__tiff_dir *d, const kal__tiff_head *head, const kal_limits *limits,
                              kal__header *h)
{
    const size_t most = sizeof h->levels / sizeof *h->levels;
    for (size_t i = 0; i < most; i++) {
        uint64_t directory;
        int32_t size[2];
        kal__header told = {.rows = 0};
        const int32_t by = 2 << i;
        kal_status st = kal__tiff_level(d, head, by, &directory, size);
        if (!st && directory) st = tell_level(d, head, directory, limits, &told);
        if (st || !told.rows) return st;
        h->levels[i].width = told.extent.width;
        h->levels[i].height = told.extent.height;
        h->levels[i].rows = told.rows;
        h->levels[i].part_rows = told.part_rows;
        h->levels[i].memory = told.memory;
        h->shrinks |= (uint32_t)by;
    }
    return KAL_OK;
}

static kal_status tiff_header(kal__reader *r, const kal__ask *ask, kal__header *h, kal__meta *meta,
                              kal_error *err)
{
    kal__tiff_dir d;
    kal__tiff_head head;
    uint64_t directory = 0;
    int32_t pages;
    kal_status st = kal__tiff_pages(r, ask, &directory, &pages, err);
    if (st) return st;
    st = kal__tiff_dir_read(&d, r, directory, err);
    if (!st) st = kal__tiff_read_head(&d, &ask->limits, &head);
    if (!st) {
        meta->pages = pages;
        tell(&d, &head, h);
        st = kal__tiff_read_meta(&d, &ask->limits, meta);
        if (!st) st = kal__tiff_read_exif(&d, &ask->limits, meta);
        if (!st) st = find_levels(&d, &head, &ask->limits, h);
    }
    kal__tiff_dir_free(&d);
    return st;
}

static void tiff_shrink(kal__header *h, int32_t by)
{
    int i = 0;
    while (2 << i < by) i++;
    h->extent.width = h->levels[i].width;
    h->extent.height = h->levels[i].height;
    h->rows = h->levels[i].rows;
    h->part_rows = h->levels[i].part_rows;
    h->memory = h->levels[i].memory;
}

static kal_rect tiff_reach(const kal__header *h, kal_rect want)
{
    (void)h;
    return want;
}

#else

KAL__MISSING_READER(tiff, "libtiff of 4.5 or later")
KAL__MISSING_WRITER(tiff, "libtiff of 4.5 or later")
#define tiff_rows NULL
#define tiff_shrink NULL
#define tiff_reach NULL
#define tiff_aim NULL
#define tiff_part NULL
#define tiff_close NULL
#define kal__tiff_version tiff_version
#define kal__tiff_page NULL
#define kal__tiff_pieces NULL
#define kal__tiff_put NULL
#define kal__tiff_pack NULL
#define kal__tiff_join NULL
#define kal__tiff_end NULL

#endif

#define PARAMS kal__tiff_p
static const kal_param params[] = {KAL__TIFF_PARAMS(KAL_SCHEMA)};

const kal__codec kal__codec_tiff = {
    .name = "tiff",
    .suffixes = "tif|tiff",
    .media_type = "image/tiff",
    .help = "TIFF and BigTIFF: gray, RGB, palettes, data of 1 to 64 channels; 1 to 16 bits, 32 bits, floats; "
            "strips, tiles, planes, "
            "pages, levels of a pyramid",
    .version = kal__tiff_version,
    .sniff = kal__tiff_sniff,
    .header = tiff_header,
    .scattered = true,
    .pages = true,
    .open = tiff_open,
    .rows = tiff_rows,
    .shrink = tiff_shrink,
    .reach = tiff_reach,
    .aim = tiff_aim,
    .part = tiff_part,
    .close = tiff_close,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .params_size = sizeof(kal__tiff_p),
    .edition = "1",
    .patches = true,
    .carries = 1u << KAL__EXIF | 1u << KAL__XMP | 1u << KAL__ICC | 1u << KAL__IPTC | 1u << KAL__GEO |
               KAL__OWN_DENSITY,
    .accepts = kal__tiff_accepts,
    .begin = kal__tiff_begin,
    .put = kal__tiff_put,
    .pieces = kal__tiff_pieces,
    .pack = kal__tiff_pack,
    .join = kal__tiff_join,
    .page = kal__tiff_page,
    .end = kal__tiff_end,
};
