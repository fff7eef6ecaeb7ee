// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See jpeg_retouch.h. Rows of the region come as they are and as they were. A cell, the pixels of an MCU, in which both are the same
// everywhere is not coded anew, so that what was only decoded and encoded again loses nothing. Chroma is averaged inside an MCU, so a row of
// cells is compressed as a small picture, with the file's quantisation and sampling, and its blocks are the ones the whole would have.
#define _GNU_SOURCE
#include "jpeg_retouch.h"

#include "thread.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct kal__jpeg_retoucher {
    kal__jpeg_in in;
    kal__jpeg_out *out;   // the encoder's
    kal__retouch how;
    kal_extent extent;
    kal__jpeg_carrier *carrier;
    int32_t cell[2];         // in the new picture
    int32_t y;               // of the next row
    bool *fresh;             // by cell of the row at hand
    unsigned char *pixels;   // of the region's rows in a row of cells
    kal__jpeg_packing strip;
    kal__jpeg_mcu mcu;   // of strips
    pthread_t thread;    // at what can be done ahead of the first strip …
    bool running, came_up;
    kal_status status;   // … and how that went
    kal_error error;
};

void kal__jpeg_strip_read(const kal__jpeg_strip *s, kal__jpeg_bits *b)
{
    memset(b, 0, offsetof(kal__jpeg_bits, clean));
    b->raw = s->scan;
    b->raw_end = s->scan + s->size;
}

kal_status kal__jpeg_strip_bad(kal_error *err)
{
    return kal_fail(err, KAL_INTERNAL, "jpeg: a strip of blocks cannot be read back");
}

bool kal__jpeg_moves(const struct jpeg_decompress_struct *j, const kal__retouch *how)
{
    return how->swap || how->mirror_x || how->mirror_y || how->part.x0 || how->part.y0 ||
           (JDIMENSION)how->part.x1 != j->image_width || (JDIMENSION)how->part.y1 != j->image_height;
}

void kal__jpeg_cell(const struct jpeg_decompress_struct *j, int32_t cell[2])
{
    const bool lost = j->jpeg_color_space == JCS_CMYK || j->jpeg_color_space == JCS_YCCK;
    const bool single = j->num_components == 1;
    cell[0] = lost ? 0 : single ? DCTSIZE : j->max_h_samp_factor * DCTSIZE;
    cell[1] = lost ? 0 : single ? DCTSIZE : j->max_v_samp_factor * DCTSIZE;
}

// ---- how the new file is ------------------------------------------------------------------------

static void transpose(JQUANT_TBL *t)
{
    if (!t) return;
    for (int v = 0; v < DCTSIZE; v++)
        for (int u = 0; u < v; u++) {
            const UINT16 a = t->quantval[v * DCTSIZE + u];
            t->quantval[v * DCTSIZE + u] = t->quantval[u * DCTSIZE + v];
            t->quantval[u * DCTSIZE + v] = a;
        }
}

kal_status kal__jpeg_check_quantisers(const JQUANT_TBL *t, const char *name, kal_error *err)
{
    for (int i = 0; t && i < DCTSIZE2; i++)
        if (t->quantval[i] < 1 || t->quantval[i] > 8191)
            return kal_fail(err, KAL_UNSUPPORTED,
                            "%s: jpeg: lossless_outside: nothing can be coded with a quantiser of %d", name,
                            t->quantval[i]);
    return KAL_OK;
}

void kal__jpeg_like(struct jpeg_compress_struct *j, const struct jpeg_decompress_struct *old,
                    const kal__retouch *how, const kal_extent *x)
{
    jpeg_copy_critical_parameters((j_decompress_ptr)(uintptr_t)old, j);
    j->image_width = (JDIMENSION)x->width;
    j->image_height = (JDIMENSION)x->height;
    j->input_components = x->channels;
    j->in_color_space = x->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    j->dct_method = JDCT_ISLOW;
    j->density_unit = 0;   // what is said of it goes with the metadata
    j->X_density = j->Y_density = 1;
    for (int c = 0; c < j->num_components; c++) {
        jpeg_component_info *i = &j->comp_info[c];
        const int h = i->h_samp_factor, v = i->v_samp_factor;
        i->h_samp_factor = j->num_components == 1 ? 1 : how->swap ? v : h;
        i->v_samp_factor = j->num_components == 1 ? 1 : how->swap ? h : v;
    }
    for (int i = 0; how->swap && i < NUM_QUANT_TBLS; i++) transpose(j->quant_tbl_ptrs[i]);
}

// ---- strips -------------------------------------------------------------------------------------

static kal_status compress(kal__jpeg_retoucher *r, int32_t from, int32_t to, int32_t rows)
{
    kal__jpeg_packing *p = &r->strip;
    const size_t channels = (size_t)r->extent.channels;
    const size_t stride = (size_t)(r->how.region.x1 - r->how.region.x0) * channels;
    kal_extent x = r->extent;
    const int32_t x0 = from * r->cell[0], x1 = to * r->cell[0] < x.width ? to * r->cell[0] : x.width;
    x.width = x1 - x0;
    x.height = rows;
    if (setjmp(p->fail.where)) return p->fail.status;
    kal__jpeg_like(&p->jpeg, &r->in.jpeg, &r->how, &x);
    p->jpeg.write_JFIF_header = FALSE;
    p->jpeg.write_Adobe_marker = FALSE;
    jpeg_suppress_tables(&p->jpeg, TRUE);
    jpeg_start_compress(&p->jpeg, FALSE);
    for (int32_t y = 0; y < rows; y++) {
        JSAMPROW row = r->pixels + (size_t)y * stride + (size_t)(x0 - r->how.region.x0) * channels;
        jpeg_write_scanlines(&p->jpeg, &row, 1);
    }
    jpeg_finish_compress(&p->jpeg);
    return KAL_OK;
}

// The library's own tables, which are the same each time.
static kal_status strip_tables(kal__jpeg_retoucher *r, kal_error *err)
{
    const struct jpeg_compress_struct *j = &r->strip.jpeg;
    return r->mcu.n ? KAL_OK
                    : kal__jpeg_mcu_make(&r->mcu, j->comp_info, j->num_components, j->dc_huff_tbl_ptrs,
                                         j->ac_huff_tbl_ptrs, err);
}

// ---- what can be done while the rows of the region are still being made -------------------------

static int32_t first_row(const kal__jpeg_retoucher *r)
{
    return r->how.region.y0 / r->cell[1];
}

static void *go_ahead(void *arg)
{
    kal__jpeg_retoucher *r = arg;
    r->status = r->carrier->ahead(r->carrier, first_row(r), &r->error);
    return NULL;
}

static void wait_for_it(kal__jpeg_retoucher *r)
{
    if (!r->running) return;
    pthread_join(r->thread, NULL);
    r->running = false;
    r->came_up = true;
}

// The same, but somebody may call it off.
static kal_status watch_it(kal__jpeg_retoucher *r, kal_error *err)
{
    kal_status st = KAL_OK;
    while (r->running && !st) {
        struct timespec t;
        clock_gettime(CLOCK_REALTIME, &t);
        t.tv_nsec += 10000000;
        if (t.tv_nsec >= 1000000000) t.tv_sec++, t.tv_nsec -= 1000000000;
        if (pthread_timedjoin_np(r->thread, NULL, &t)) {
            st = r->how.watch(r->how.user, err);
            continue;
        }
        r->running = false;
        r->came_up = true;
    }
    return st;
}

// From here on errors of what is written are the caller's: until then they were of whoever went ahead.
static kal_status come_up(kal__jpeg_retoucher *r, kal_error *err)
{
    wait_for_it(r);
    if (!r->came_up) {
        r->came_up = true;
        go_ahead(r);
    }
    r->out->fail.err = err;
    if (r->status) *err = r->error;
    return r->status;
}

// A row of cells is there, or what the picture has of it.
static kal_status row_of_cells(kal__jpeg_retoucher *r, int32_t row, int32_t rows, kal_error *err)
{
    int32_t from = r->how.region.x0 / r->cell[0], to = (r->how.region.x1 + r->cell[0] - 1) / r->cell[0];
    while (from < to && !r->fresh[from]) from++;
    while (from < to && !r->fresh[to - 1]) to--;
    if (from == to) return KAL_OK;
    r->strip.fail.err = err;
    kal_status st = r->how.watch ? watch_it(r, err) : KAL_OK;
    if (!st) st = come_up(r, err);
    if (!st) st = compress(r, from, to, rows);
    if (!st) st = strip_tables(r, err);
    if (!st) {
        const size_t scan = kal__jpeg_scan_of(r->strip.data);
        const kal__jpeg_strip s = {
            row, from, to, r->fresh, &r->mcu, r->strip.data + scan, r->strip.size - scan};
        st = r->carrier->strip(r->carrier, &s, err);
    }
    memset(r->fresh + from, 0, (size_t)(to - from) * sizeof *r->fresh);
    return st;
}

// What it is now goes to the strip; where that differs from what it was, the cell is fresh.
static void compare_row(kal__jpeg_retoucher *r, const unsigned char *now, const unsigned char *was)
{
    const size_t channels = (size_t)r->extent.channels;
    for (int32_t x = r->how.region.x0; x < r->how.region.x1;) {
        const int32_t cell = x / r->cell[0];
        int32_t end = (cell + 1) * r->cell[0];
        if (end > r->how.region.x1) end = r->how.region.x1;
        const size_t n = (size_t)(end - x) * channels;
        if (!r->fresh[cell]) r->fresh[cell] = memcmp(now, was, n) != 0;
        now += n;
        was += n;
        x = end;
    }
}

kal_status kal__jpeg_retoucher_compare(kal__jpeg_retoucher *r, const unsigned char *now, ptrdiff_t now_stride,
                                       const unsigned char *was, ptrdiff_t was_stride, int32_t n,
                                       kal_error *err)
{
    const size_t row = (size_t)(r->how.region.x1 - r->how.region.x0) * (size_t)r->extent.channels;
    kal_status st = KAL_OK;
    for (int32_t i = 0; i < n && !st; i++, now += now_stride, was += was_stride) {
        const int32_t within = r->y % r->cell[1];
        memcpy(r->pixels + (size_t)within * row, now, row);
        compare_row(r, now, was);
        r->y++;
        if (within + 1 == r->cell[1] || r->y == r->how.region.y1)
            st = row_of_cells(r, (r->y - 1) / r->cell[1], within + 1, err);
    }
    return st;
}

// ---- begin and end ------------------------------------------------------------------------------

static kal_status read_header(kal__jpeg_retoucher *r, const kal_extent *x)
{
    struct jpeg_decompress_struct *j = &r->in.jpeg;
    if (setjmp(r->in.fail.where)) return r->in.fail.status;
    jpeg_read_header(j, TRUE);
    const kal_rect part = r->how.part;
    if ((JDIMENSION)part.x1 > j->image_width || (JDIMENSION)part.y1 > j->image_height ||
        j->num_components != x->channels)
        return kal_fail(r->in.fail.err, KAL_CHANGED,
                        "%s: jpeg: the picture has another size than its header had", r->in.reader->name);
    return KAL_OK;
}

static kal_status get_room(kal__jpeg_retoucher *r, kal_error *err)
{
    kal__jpeg_cell(&r->in.jpeg, r->cell);
    if (r->how.swap) {
        const int32_t w = r->cell[0];
        r->cell[0] = r->cell[1];
        r->cell[1] = w;
    }
    if (!r->cell[0] || r->how.region.x0 % r->cell[0] || r->how.region.y0 % r->cell[1])
        return kal_fail(err, KAL_CHANGED, "%s: jpeg: the picture has other blocks than its header had",
                        r->in.reader->name);
    const size_t row = (size_t)(r->how.region.x1 - r->how.region.x0) * (size_t)r->extent.channels;
    r->fresh = kal__new_zero((size_t)(r->extent.width / r->cell[0] + 1), sizeof *r->fresh);
    r->pixels = kal__new((size_t)r->cell[1], row);
    if (!r->fresh || !r->pixels) return kal_fail(err, KAL_NOMEM, "jpeg: out of memory");
    return kal__jpeg_packing_begin(&r->strip, row + 4096, err);
}

kal_status kal__jpeg_retoucher_begin(const kal_extent *x, const kal__retouch *how, const kal__meta *meta,
                                     const kal__blob *exif, kal__jpeg_out *to, kal__jpeg_retoucher **out,
                                     kal_error *err)
{
    kal__jpeg_retoucher *r = *out = kal__new_zero(1, sizeof *r);
    if (!r) return kal_fail(err, KAL_NOMEM, "jpeg: out of memory");
    r->how = *how;
    r->extent = *x;
    r->out = to;
    r->y = how->region.y0;
    kal_status st = kal__jpeg_in_init(&r->in, how->source, &how->limits, err);
    if (!st) st = read_header(r, x);
    if (!st) st = get_room(r, err);
    const kal__jpeg_pair pair = {&r->in, to, &r->how, &r->extent, meta, exif};
    if (st) return st;
    st = !kal__jpeg_moves(&r->in.jpeg, how) && kal__jpeg_can_splice(&r->in.jpeg)
             ? kal__jpeg_splice_begin(&pair, &r->carrier, err)
             : kal__jpeg_blocks_begin(&pair, &r->carrier, err);
    if (!st && (how->helpers > 1 || how->watch)) r->running = kal__thread_start(&r->thread, 0, go_ahead, r);
    return st;
}

kal_status kal__jpeg_retoucher_end(kal__jpeg_retoucher *r, kal_error *err)
{
    if (!r) return KAL_OK;
    if (!err && r->carrier) __atomic_store_n(&r->carrier->stop, true, __ATOMIC_RELAXED);
    wait_for_it(r);
    kal_status st = err && r->carrier ? come_up(r, err) : KAL_OK;
    if (r->carrier) {
        const kal_status ended = r->carrier->end(r->carrier, st ? NULL : err);
        if (!st) st = ended;
    }
    kal__jpeg_packing_end(&r->strip);
    kal__jpeg_mcu_free(&r->mcu);
    kal__jpeg_in_free(&r->in);
    free(r->fresh);
    free(r->pixels);
    free(r);
    return st;
}

size_t kal__jpeg_retoucher_memory(const kal_extent *x)
{
    const size_t row = (size_t)x->width * (size_t)x->channels, high = 4 * DCTSIZE;
    // the two carriers' buffers, a row of cells, and it compressed: noise takes as much as it is large
    return sizeof(kal__jpeg_retoucher) + (size_t)512 * 1024 + 3 * row * high;
}

void kal__jpeg_tell_cell(const struct jpeg_decompress_struct *j, kal__header *h)
{
    kal__jpeg_cell(j, h->cell);
    h->recode = kal__jpeg_blocks_memory(j);
    h->splices = kal__jpeg_can_splice(j);
}
