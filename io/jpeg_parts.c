// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Decoding a JPEG in parts, on any number of workers, where restart markers stand between rows of MCUs (our own files have one after every
// row). A part is decoded as a small picture: the file's header with another height, the restart intervals of its rows and of one run of
// rows above and below, whose chroma is interpolated into them, and an end.
//
//   file   SOI … SOF … SOS | run 0 RST0 | run 1 RST1 | run 2 RST2 | run 3 … EOI
//   part   SOI … SOF'… SOS          | run 1 RST1 | run 2 RST2 | run 3 | EOI       for the rows of run 2
//
// Only a file whose markers are all there, in order, is taken apart; any other is decoded from one end to the other.
#include "jpeg.h"

#include <stdlib.h>
#include <string.h>

struct kal__jpeg_index {
    const unsigned char *memory;   // the file
    const char *name;
    unsigned char *header;   // from SOI to SOS, without metadata
    size_t header_size, height_at;
    size_t *start;   // of each run in the file; start[n] is EOI
    int32_t n;
    int32_t rows;   // of a run
    int32_t height;
};

// ---- is it such a file? -------------------------------------------------------------------------

// Rows of pixels in a run; 0 when runs do not begin with a row of MCUs.
static int32_t rows_of_run(const struct jpeg_decompress_struct *j)
{
    const bool gray = j->num_components == 1;
    if (!j->restart_interval || j->progressive_mode || j->arith_code || j->comps_in_scan != j->num_components)
        return 0;
    if (gray && (j->max_h_samp_factor != 1 || j->max_v_samp_factor != 1)) return 0;
    const JDIMENSION mcu = (JDIMENSION)j->max_h_samp_factor * DCTSIZE,
                     across = (j->image_width + mcu - 1) / mcu;
    if (j->restart_interval % across && across % j->restart_interval) return 0;
    const int64_t lines = j->restart_interval < across ? 1 : j->restart_interval / across;
    const int64_t rows = lines * j->max_v_samp_factor * DCTSIZE;
    return rows < (int64_t)j->image_height ? (int32_t)rows : 0;
}

// Intervals to a run: several when a row of MCUs has more than one.
static JDIMENSION intervals_of_run(const struct jpeg_decompress_struct *j)
{
    const JDIMENSION mcu = (JDIMENSION)j->max_h_samp_factor * DCTSIZE,
                     across = (j->image_width + mcu - 1) / mcu;
    return j->restart_interval < across ? across / j->restart_interval : 1;
}

// Finds the markers; false unless they are as many as there should be, in order, and EOI is next.
static bool find_runs(struct kal__jpeg_index *x, const unsigned char *p, const unsigned char *end,
                      JDIMENSION each)
{
    JDIMENSION seen = 0;
    int32_t runs = 1;
    x->start[0] = (size_t)(p - x->memory);
    while ((p = memchr(p, 0xff, (size_t)(end - p))) && end - p > 1) {
        const unsigned char marker = p[1];
        p += marker == 0xff ? 1 : 2;
        if (marker == 0 || marker == 0xff) continue;
        if (marker == 0xd9) {
            x->start[runs] = (size_t)(p - 2 - x->memory);
            return runs == x->n && (seen + 1) % each == 0;
        }
        if (marker != (0xd0 | (seen & 7))) return false;
        if (++seen % each) continue;
        if (runs == x->n) return false;
        x->start[runs++] = (size_t)(p - x->memory);
    }
    return false;
}

// Markers without a segment, which the library passes over wherever one may stand: RST0…7, TEM, and the 0 of a stuffed byte.
static bool is_bare(unsigned char marker)
{
    return marker <= 1 || (marker >= 0xd0 && marker <= 0xd7);
}

// Walks the segments and copies those that decoding needs; `to` NULL: only counts. The library has read them: they are well-formed, and
// SOS is the last.
static bool walk_header(struct kal__jpeg_index *x, size_t scan, unsigned char *to)
{
    if (to) memcpy(to, x->memory, 2);
    x->header_size = 2;
    x->height_at = 0;
    for (size_t at = 2; at + 4 <= scan;) {
        const unsigned char *p = x->memory + at;
        if (p[0] != 0xff || p[1] == 0xff) {   // padding before a marker
            at++;
            continue;
        }
        if (is_bare(p[1])) {
            at += 2;
            continue;
        }
        const size_t size = 2 + ((size_t)p[2] << 8 | p[3]);
        const bool metadata = (p[1] >= 0xe1 && p[1] <= 0xed) || p[1] == 0xef || p[1] == 0xfe;
        if (at + size > scan) return false;
        if (p[1] == 0xc0 || p[1] == 0xc1) x->height_at = x->header_size + 5;
        if (!metadata) {
            if (to) memcpy(to + x->header_size, p, size);
            x->header_size += size;
        }
        at += size;
    }
    return x->height_at != 0;
}

int32_t kal__jpeg_index_new(const struct jpeg_decompress_struct *j, const kal__reader *r, size_t scan,
                            struct kal__jpeg_index **out)
{
    *out = NULL;
    const int32_t rows = rows_of_run(j);
    if (!rows || !r->memory) return 0;
    struct kal__jpeg_index *x = kal__new_zero(1, sizeof *x);
    if (!x) return -1;
    x->memory = r->memory;
    x->name = r->name;
    x->rows = rows;
    x->height = (int32_t)j->image_height;
    x->n = (x->height + rows - 1) / rows;
    x->start = kal__new((size_t)x->n + 1, sizeof *x->start);
    const bool runs = x->start && find_runs(x, r->memory + scan, r->memory + r->size, intervals_of_run(j));
    const bool sound = runs && walk_header(x, scan, NULL);
    if (sound) x->header = kal__new(x->header_size, 1);
    if (x->header) {
        walk_header(x, scan, x->header);
        *out = x;
        return rows;
    }
    const bool starved = !x->start || sound;
    kal__jpeg_index_free(x);
    return starved ? -1 : 0;
}

void kal__jpeg_index_free(struct kal__jpeg_index *x)
{
    if (!x) return;
    free(x->header);
    free(x->start);
    free(x);
}

size_t kal__jpeg_index_memory(const struct kal__jpeg_index *x)
{
    if (!x) return 0;
    return sizeof *x + 2 * x->header_size + ((size_t)x->n + 1) * sizeof *x->start;
}

// ---- one part -----------------------------------------------------------------------------------

typedef struct part {
    struct jpeg_decompress_struct jpeg;
    kal__jpeg_fail fail;
    struct jpeg_source_mgr src;
    const struct kal__jpeg_index *index;
    unsigned char *header;
    size_t from, to;     // of the file
    uint64_t position;   // where the bytes now being read end in the file
    int next;            // piece: header, runs, end
} part;

static void nothing(j_decompress_ptr c)
{
    (void)c;
}

static void serve(part *p, const unsigned char *data, size_t n, size_t position)
{
    p->src.next_input_byte = p->fail.served = data;
    p->src.bytes_in_buffer = n;
    p->position = position;
}

static boolean fill(j_decompress_ptr c)
{
    static const unsigned char eoi[2] = {0xff, 0xd9};
    part *p = c->client_data;
    if (p->next == 0)
        serve(p, p->header, p->index->header_size, p->from);
    else if (p->next == 1)
        serve(p, p->index->memory + p->from, p->to - p->from, p->to);
    else
        serve(p, eoi, sizeof eoi, p->to);
    p->next++;
    return TRUE;
}

static void skip(j_decompress_ptr c, long n)
{
    part *p = c->client_data;
    while (n > 0) {
        if (!p->src.bytes_in_buffer) fill(c);
        const size_t step = (size_t)n < p->src.bytes_in_buffer ? (size_t)n : p->src.bytes_in_buffer;
        p->src.next_input_byte += step;
        p->src.bytes_in_buffer -= step;
        n -= (long)step;
    }
}

// The part's first marker has another number than the library expects; the index has seen that they are in order.
static boolean any_number(j_decompress_ptr c, int wanted)
{
    (void)wanted;
    c->unread_marker = 0;
    return TRUE;
}

static kal_status decode(part *p, int32_t by, kal_rect rect, int32_t above, unsigned char *dst,
                         ptrdiff_t stride)
{
    struct jpeg_decompress_struct *j = &p->jpeg;
    if (setjmp(p->fail.where)) return p->fail.status;
    jpeg_create_decompress(j);
    j->client_data = p;
    p->src = (struct jpeg_source_mgr){.init_source = nothing,
                                      .fill_input_buffer = fill,
                                      .skip_input_data = skip,
                                      .resync_to_restart = any_number,
                                      .term_source = nothing};
    j->src = &p->src;
    jpeg_read_header(j, TRUE);
    j->out_color_space = j->jpeg_color_space == JCS_GRAYSCALE ? JCS_GRAYSCALE : JCS_RGB;
    kal__jpeg_start(j, by);
    const kal_rect here = kal_rect_shift(rect, 0, above - rect.y0);
    const kal_status st = kal__jpeg_cut(j, here, p->index->name, p->fail.err);
    if (st) return st;
    for (int32_t y = 0, n = rect.y1 - rect.y0; y < n;) {
        JSAMPROW rows[16];
        JDIMENSION want = 0;
        for (; want < 16 && y + (int32_t)want < n; want++) rows[want] = dst + (y + (int32_t)want) * stride;
        y += (int32_t)jpeg_read_scanlines(j, rows, want);
    }
    return KAL_OK;
}

kal_status kal__jpeg_index_rows(const struct kal__jpeg_index *x, int32_t by, kal_rect rect,
                                unsigned char *dst, ptrdiff_t stride, kal_error *err)
{
    const int32_t unit = x->rows / by;
    int32_t first = rect.y0 / unit - 1, last = (rect.y1 + unit - 1) / unit + 1;
    if (first < 0) first = 0;
    if (last > x->n) last = x->n;
    const int64_t bottom = (int64_t)last * x->rows < x->height ? (int64_t)last * x->rows : x->height;
    const int32_t height = (int32_t)(bottom - (int64_t)first * x->rows);
    part p = {
        .index = x, .from = x->start[first], .to = x->start[last], .header = kal__new(x->header_size, 1)};
    if (!p.header) return kal_fail(err, KAL_NOMEM, "%s: jpeg: out of memory", x->name);
    memcpy(p.header, x->header, x->header_size);
    p.header[x->height_at] = (unsigned char)(height >> 8);
    p.header[x->height_at + 1] = (unsigned char)height;
    kal__jpeg_fail_init(&p.fail, err, x->name);
    p.fail.offset = &p.position;
    p.fail.src = &p.src;
    p.jpeg.err = &p.fail.mgr;
    const kal_status st = decode(&p, by, rect, rect.y0 - first * unit, dst, stride);
    if (p.jpeg.mem) jpeg_destroy_decompress(&p.jpeg);
    free(p.header);
    return st;
}
