// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Reading TIFF and BigTIFF by libtiff: only the strips and tiles that a part needs, on any number of workers, each with a handle of its own.
// Rows that are not compressed are read straight from the file; strips too large to be held come row by row.
#include "tiff.h"
#include "bytes.h"
#include "missing.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#if KAL__TIFF

#define DIRECT_ROWS 16                     // of a part, where any row can be had
#define DIRECT_BYTES ((size_t)128 << 10)   // read at once
#define LEAP ((size_t)8 << 10)             // of a row: what costs more to read than to be leapt over
#define HANDLE_BYTES ((size_t)96 << 10)    // measured: what the library holds beside blocks

typedef struct slot {
    struct slot *next;
    kal__tiff_file file;
    int64_t holds;   // the block that lies in `block`, -1: none
    unsigned char block[];
} slot;

// Handles that are free. Workers take and give them back.
typedef struct pool {
    pthread_mutex_t lock;
    slot *free;
} pool;

struct kal__decoder {
    kal__reader *reader;
    kal__ask ask;
    kal__tiff_head head;
    pool pool;
    kal_rect part;
    int32_t y;                       // of the next row
    slot *lines[KAL_MAX_CHANNELS];   // of large strips: one a plane …
    int32_t line;                    // … and the next row that they give
};

// ---- handles ------------------------------------------------------------------------------------

static size_t block_bytes(const kal__tiff_head *h)
{
    if (h->scanlines) return h->row_bytes;
    if (!h->direct) return h->row_bytes * h->block_h;
    const size_t rows = DIRECT_BYTES / h->row_bytes;
    return h->row_bytes * (!rows ? 1 : rows < h->block_h ? rows : h->block_h);
}

static void slot_free(slot *s)
{
    if (s) kal__tiff_close(&s->file);
    free(s);
}

static kal_status open_file(const kal__decoder *d, slot *s, kal_error *err)
{
    kal_status st = kal__tiff_open(&s->file, d->reader, d->head.directory, d->ask.limits.file_bytes, err);
    if (!st) st = kal__tiff_prepare(&s->file, &d->head, err);
    s->file.tables = false;   // of the directory: those are all blocks'
    return st;
}

// libtiff has one decompressor of JPEG for all blocks, so that tables of one would be those of whatever comes next. A block is decoded as if
// it were the first: blocks that have none of their own, as of most files, see none of others'.
static kal_status forget_tables(const kal__decoder *d, slot *s, kal_error *err)
{
    if (d->head.compression != COMPRESSION_JPEG || !s->file.tables) return KAL_OK;
    kal__tiff_close(&s->file);
    s->holds = -1;
    const kal_status st = open_file(d, s, err);
    if (st) s->file.tables = true;   // whoever has the handle next tries again
    return st;
}

static kal_status slot_new(const kal__decoder *d, slot **out, kal_error *err)
{
    const size_t n = sizeof(slot) + block_bytes(&d->head);
    slot *s = *out = aligned_alloc(64, (n + 63) / 64 * 64);
    if (!s) return kal_fail(err, KAL_NOMEM, "%s: tiff: out of memory for a block", d->reader->name);
    *s = (slot){.holds = -1};
    kal_status st = kal__tiff_decodes(d->reader, d->head.compression, err);
    if (!st) st = open_file(d, s, err);
    if (st) {
        slot_free(s);
        *out = NULL;
    }
    return st;
}

static pool *pool_of(const kal__decoder *d)
{
    return (pool *)(uintptr_t)&d->pool;
}

static kal_status slot_take(const kal__decoder *d, slot **out, kal_error *err)
{
    pool *p = pool_of(d);
    pthread_mutex_lock(&p->lock);
    slot *s = *out = p->free;
    if (s) p->free = s->next;
    pthread_mutex_unlock(&p->lock);
    return s ? KAL_OK : slot_new(d, out, err);
}

static void slot_give_back(const kal__decoder *d, slot *s)
{
    pool *p = pool_of(d);
    pthread_mutex_lock(&p->lock);
    s->next = p->free;
    p->free = s;
    pthread_mutex_unlock(&p->lock);
}

// ---- blocks -------------------------------------------------------------------------------------

// A rectangle of one block and plane, on its way to where the rows begin.
typedef struct job {
    const kal__decoder *d;
    kal_rect block, want;   // in the picture
    uint32_t index;         // the library's
    int32_t plane;
    unsigned char *dst;   // the first wanted pixel
    ptrdiff_t stride;
    kal_error *err;
} job;

static unsigned char *row_of(const job *j, int32_t y)
{
    return j->dst + (y - j->want.y0) * j->stride;
}

static void unpack(const job *j, const unsigned char *raw, int32_t x, int32_t y)
{
    kal__tiff_unpack(&j->d->head, raw, j->want.x0 - x, j->want.x1 - x, j->plane, row_of(j, y));
}

// Neither a place nor bytes: a block that nobody wrote.
static bool is_missing(kal__tiff_file *f, uint32_t index)
{
    int failed = 0;
    const uint64_t at = f->lib->TIFFGetStrileOffsetWithErr(f->tif, index, &failed);
    if (failed || at) return false;
    const uint64_t n = f->lib->TIFFGetStrileByteCountWithErr(f->tif, index, &failed);
    return !failed && !n;
}

static void fill_block(const job *j, slot *s)
{
    s->holds = -1;
    kal__tiff_fill(&j->d->head, s->block);
    for (int32_t y = j->want.y0; y < j->want.y1; y++) unpack(j, s->block, j->block.x0, y);
}

static void to_machine(const kal__tiff_head *h, unsigned char *raw, size_t n)
{
    const size_t size = h->bits / 8;
    if (h->swapped && h->bits > 8 && h->bits % 8 == 0) kal__swap_samples(raw, n / size, size);
}

static kal_status direct_block(const job *j, slot *s)
{
    const kal__tiff_head *h = &j->d->head;
    int failed = 0;
    const uint64_t start = s->file.lib->TIFFGetStrileOffsetWithErr(s->file.tif, j->index, &failed);
    if (failed || !start) return kal__tiff_failed(&s->file, "the place of a block", j->err);
    const size_t pixel = h->row_bytes / h->block_w;
    const size_t wanted = (size_t)(j->want.x1 - j->want.x0) * pixel;
    const bool narrow = !h->tiled && h->bits % 8 == 0 && h->row_bytes - wanted >= LEAP;
    const size_t skip = narrow ? (size_t)(j->want.x0 - j->block.x0) * pixel : 0;
    const size_t row = narrow ? wanted : h->row_bytes;
    const int32_t x = narrow ? j->want.x0 : j->block.x0;
    const int32_t most = narrow ? 1 : (int32_t)(block_bytes(h) / h->row_bytes);
    for (int32_t y = j->want.y0; y < j->want.y1;) {
        const int32_t n = j->want.y1 - y < most ? j->want.y1 - y : most;
        const uint64_t at = start + (uint64_t)(y - j->block.y0) * h->row_bytes + skip;
        const kal_status st = kal__read_exact(j->d->reader, "tiff", at, s->block, row * (size_t)n, j->err);
        if (st) return st;
        to_machine(h, s->block, row * (size_t)n);
        for (int32_t i = 0; i < n; i++) unpack(j, s->block + row * (size_t)i, x, y + i);
        y += n;
    }
    return KAL_OK;
}

static bool decode_block(const job *j, slot *s)
{
    const kal__tiff_head *h = &j->d->head;
    const kal__tiff_lib *l = s->file.lib;
    TIFF *tif = s->file.tif;
    uint32_t *raster = (uint32_t *)(void *)s->block;
    memset(s->block, 0,
           block_bytes(h));   // a block that ends too soon is no error to every codec of the library's
    if (h->kind == KAL__TIFF_RGBA && h->tiled)
        return l->TIFFReadRGBATileExt(tif, (uint32_t)j->block.x0, (uint32_t)j->block.y0, raster, 1);
    if (h->kind == KAL__TIFF_RGBA) return l->TIFFReadRGBAStripExt(tif, (uint32_t)j->block.y0, raster, 1);
    if (h->tiled) return l->TIFFReadEncodedTile(tif, j->index, s->block, (tmsize_t)block_bytes(h)) >= 0;
    const tmsize_t bytes = (tmsize_t)(h->row_bytes * (size_t)(j->block.y1 - j->block.y0));
    return l->TIFFReadEncodedStrip(tif, j->index, s->block, bytes) == bytes;
}

static kal_status encoded_block(const job *j, slot *s)
{
    const kal__tiff_head *h = &j->d->head;
    if (s->holds != j->index) {
        s->holds = -1;
        if (!s->file.io) s->file.why.message[0] = 0;
        if (!decode_block(j, s) || s->file.io)
            return kal__tiff_failed(&s->file, h->tiled ? "a tile" : "a strip", j->err);
        s->holds = j->index;
    }
    // the library's own pixels begin with the lowest row
    const int32_t last = (h->tiled ? (int32_t)h->block_h : j->block.y1 - j->block.y0) - 1;
    for (int32_t y = j->want.y0; y < j->want.y1; y++) {
        const int32_t i = y - j->block.y0;
        unpack(j, s->block + h->row_bytes * (size_t)(h->kind == KAL__TIFF_RGBA ? last - i : i), j->block.x0,
               y);
    }
    return KAL_OK;
}

static kal_rect common(kal_rect a, kal_rect b)
{
    return kal_rect_of(a.x0 > b.x0 ? a.x0 : b.x0, a.y0 > b.y0 ? a.y0 : b.y0, a.x1 < b.x1 ? a.x1 : b.x1,
                       a.y1 < b.y1 ? a.y1 : b.y1);
}

static kal_status one_block(job *j, slot *s, int32_t column, int32_t row)
{
    const kal__tiff_head *h = &j->d->head;
    const int32_t w = (int32_t)h->block_w, high = (int32_t)h->block_h;
    const uint32_t across = ((uint32_t)h->extent.width + h->block_w - 1) / h->block_w;
    const uint32_t down = ((uint32_t)h->extent.height + h->block_h - 1) / h->block_h;
    const int32_t planes = h->separate && h->kind != KAL__TIFF_RGBA ? h->samples : 1;
    const kal_rect part = j->want;
    unsigned char *dst = j->dst;
    kal_status st = KAL_OK;
    j->block = kal_rect_of(column * w, row * high, (column + 1) * w, (row + 1) * high);
    if (!h->tiled && j->block.y1 > h->extent.height) j->block.y1 = h->extent.height;
    j->want = common(part, j->block);
    j->dst += (j->want.y0 - part.y0) * j->stride +
              (ptrdiff_t)(j->want.x0 - part.x0) * (ptrdiff_t)kal_pixel_size(&h->extent);
    for (j->plane = 0; j->plane < planes && !st; j->plane++) {
        j->index = ((uint32_t)j->plane * down + (uint32_t)row) * across + (uint32_t)column;
        if (s->holds != j->index) st = forget_tables(j->d, s, j->err);
        if (!st && is_missing(&s->file, j->index))
            fill_block(j, s);
        else if (!st)
            st = h->direct ? direct_block(j, s) : encoded_block(j, s);
    }
    j->want = part;
    j->dst = dst;
    return st;
}

static void straighten(const kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t width, int32_t n)
{
    if (!d->head.premultiplied) return;
    for (int32_t y = 0; y < n; y++) kal__tiff_straight(&d->head, dst + y * stride, width);
}

static kal_status tiff_part(const kal__decoder *d, kal_rect part, unsigned char *dst, ptrdiff_t stride,
                            kal_error *err)
{
    slot *s;
    const int32_t w = (int32_t)d->head.block_w, h = (int32_t)d->head.block_h;
    job j = {.d = d, .want = part, .dst = dst, .stride = stride, .err = err};
    kal_status st = slot_take(d, &s, err);
    if (st) return st;
    for (int32_t row = part.y0 / h; !st && row <= (part.y1 - 1) / h; row++)
        for (int32_t column = part.x0 / w; !st && column <= (part.x1 - 1) / w; column++)
            st = one_block(&j, s, column, row);
    slot_give_back(d, s);
    if (!st) straighten(d, dst, stride, part.x1 - part.x0, part.y1 - part.y0);
    return st;
}

// ---- rows ---------------------------------------------------------------------------------------

static kal_status read_line(kal__decoder *d, int32_t plane, kal_error *err)
{
    slot **s = &d->lines[plane];
    kal_status st = *s ? KAL_OK : slot_new(d, s, err);
    if (st) return st;
    const uint32_t high = d->head.block_h, down = ((uint32_t)d->head.extent.height + high - 1) / high;
    if (is_missing(&(*s)->file, (uint32_t)plane * down + (uint32_t)d->line / high))
        return kal__tiff_fill(&d->head, (*s)->block), KAL_OK;
    memset((*s)->block, 0, d->head.row_bytes);
    if ((*s)->file.lib->TIFFReadScanline((*s)->file.tif, (*s)->block, (uint32_t)d->line, (uint16_t)plane) !=
        1)
        st = kal__tiff_failed(&(*s)->file, "a row", err);
    return st;
}

static kal_status next_line(kal__decoder *d, unsigned char *dst, kal_error *err)
{
    const int32_t planes = d->head.separate ? d->head.samples : 1;
    for (int32_t plane = 0; plane < planes; plane++) {
        const kal_status st = read_line(d, plane, err);
        if (st) return st;
        if (dst) kal__tiff_unpack(&d->head, d->lines[plane]->block, d->part.x0, d->part.x1, plane, dst);
    }
    d->line++;
    return KAL_OK;
}

static kal_status tiff_rows(kal__decoder *d, unsigned char *dst, ptrdiff_t stride, int32_t n, kal_error *err)
{
    const int32_t width = d->part.x1 - d->part.x0, y0 = d->y;
    d->y += n;
    if (d->y > d->head.extent.height || stride < width * (ptrdiff_t)kal_pixel_size(&d->head.extent))
        return kal_fail(err, KAL_CHANGED, "%s: tiff: the picture has another size than its header had",
                        d->reader->name);
    if (!d->head.scanlines)
        return tiff_part(d, kal_rect_of(d->part.x0, y0, d->part.x1, d->y), dst, stride, err);
    while (d->line < y0) {
        const kal_status st = next_line(d, NULL, err);
        if (st) return st;
    }
    for (int32_t i = 0; i < n; i++) {
        const kal_status st = next_line(d, dst + i * stride, err);
        if (st) return st;
    }
    straighten(d, dst, stride, width, n);
    return KAL_OK;
}

// ---- opening ------------------------------------------------------------------------------------

static kal_status read_head(kal__decoder *d, int32_t by, kal_error *err)
{
    kal__tiff_dir dir, level;
    uint64_t directory;
    int32_t pages, size[2];
    kal_status st = kal__tiff_pages(d->reader, &d->ask, &directory, &pages, err);
    if (st) return st;
    st = kal__tiff_dir_read(&dir, d->reader, directory, err);
    if (!st) st = kal__tiff_read_head(&dir, &d->ask.limits, &d->head);
    if (!st && by > 1) {
        st = kal__tiff_level(&dir, &d->head, by, &directory, size);
        if (!st && !directory)
            st = kal_fail(err, KAL_CHANGED, "%s: tiff: there is no level at 1/%d any more", d->reader->name,
                          by);
        if (!st) {
            st = kal__tiff_dir_read(&level, d->reader, directory, err);
            if (!st) st = kal__tiff_read_head(&level, &d->ask.limits, &d->head);
            kal__tiff_dir_free(&level);
        }
    }
    kal__tiff_dir_free(&dir);
    d->part = kal_rect_all(&d->head.extent);
    return st;
}

static kal__decoder *decoder_new(kal__reader *r, const kal__ask *ask, kal_error *err)
{
    kal__decoder *d = kal__new_zero(1, sizeof *d);
    if (!d) {
        kal_fail(err, KAL_NOMEM, "%s: tiff: out of memory", r->name);
        return NULL;
    }
    d->reader = r;
    d->ask = *ask;
    pthread_mutex_init(&d->pool.lock, NULL);
    return d;
}

static kal_status tiff_close(kal__decoder *d, kal_error *err)
{
    (void)err;
    for (slot *s = d->pool.free, *next; s; s = next) {
        next = s->next;
        slot_free(s);
    }
    for (int32_t i = 0; i < KAL_MAX_CHANNELS; i++) slot_free(d->lines[i]);
    pthread_mutex_destroy(&d->pool.lock);
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
                    d->reader->name);
}

static bool is_expected(const kal__decoder *d)
{
    const kal_extent *a = &d->ask.expected, *b = &d->head.extent;
    return !a->width || (a->width == b->width && a->height == b->height && a->channels == b->channels &&
                         a->type == b->type && a->model == b->model && a->alpha == b->alpha);
}

static kal_status tiff_aim(kal__decoder *d, int32_t by, kal_rect part, bool parts, kal_error *err)
{
    const kal_status st = by > 1 ? read_head(d, by, err) : KAL_OK;
    if (st) return st;
    if (!is_expected(d) || (parts && d->head.scanlines) || part.x1 > d->head.extent.width ||
        part.y1 > d->head.extent.height)
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
    h->memory = t->scanlines ? planes * (HANDLE_BYTES + t->row_bytes * 4 + packed_strip(d, t))
                             : HANDLE_BYTES + block_bytes(t) * (t->direct ? 1 : 2);
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
    kal_error local = {KAL_OK, ""};
    kal_status st = kal__tiff_dir_read(&d, of->order.reader, directory, &local);
    if (!st) st = kal__tiff_read_head(&d, limits, &level);
    if (!st && is_same_kind(&level.extent, &head->extent)) tell(&d, &level, told);
    kal__tiff_dir_free(&d);
    if (!st || st == KAL_CORRUPT || st == KAL_UNSUPPORTED || st == KAL_LIMIT) return KAL_OK;
    return kal_fail(of->err, st, "%s", local.message);
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
#define tiff_rows NULL
#define tiff_shrink NULL
#define tiff_reach NULL
#define tiff_aim NULL
#define tiff_part NULL
#define tiff_close NULL
#define kal__tiff_version tiff_version

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
