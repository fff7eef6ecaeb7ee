// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Carrying over by copying bits: for a baseline file of one scan, untouched but for some MCUs. The scan is walked from its start to its end,
// one pass, a few tens of KB of it in memory. What is walked over is copied as it is, many MCUs at a time, until an MCU comes that is coded
// anew: its bits are passed over and the new ones written. An MCU's DC coefficients are written as differences from those before it, so the
// first old one behind a new one is written again, too; from there on everything is the same as it was.
//
//   old   ····················aaaaaaaaa·························
//   new   ····················bbbbbbbbbbbb+·····················      b: of the strip   +: the old one with other differences
//
// The end of the scan is where all MCUs have been seen; a file that is cut or damaged anywhere is found out, not carried over.
#include "jpeg_retouch.h"

#include <stdlib.h>
#include <string.h>

typedef struct splice {
    kal__jpeg_carrier base;
    kal__jpeg_in *in;
    kal__jpeg_mcu mcu;               // of the old file, and so of the new one
    uint64_t per_row, total, next;   // MCUs; the one that is next
    unsigned restart;                // MCUs between markers; 0: there are none
    int32_t was[4], is[4];   // DC coefficients before the next MCU, in the old file and in the new one
    uint64_t keep;           // the bit from which on nothing was copied yet
    kal__jpeg_bits bits, strip;
    kal__jpeg_pen pen;
} splice;

bool kal__jpeg_can_splice(const struct jpeg_decompress_struct *j)
{
    if (j->progressive_mode || j->arith_code || j->data_precision != 8) return false;
    if (j->comps_in_scan != j->num_components) return false;
    for (int c = 0; c < j->num_components; c++) {
        const jpeg_component_info *x = &j->comp_info[c];
        // one by one in the order of the frame, or the new header would tell them in another
        if (j->cur_comp_info[c] != x) return false;
        // a scan may name tables that there cannot be; libjpeg looks at that when it decodes
        if ((unsigned)x->dc_tbl_no >= NUM_HUFF_TBLS || (unsigned)x->ac_tbl_no >= NUM_HUFF_TBLS) return false;
        if (!kal__jpeg_huff_is_whole(j->dc_huff_tbl_ptrs[x->dc_tbl_no], true) ||
            !kal__jpeg_huff_is_whole(j->ac_huff_tbl_ptrs[x->ac_tbl_no], false))
            return false;
    }
    return true;
}

// ---- the old scan -------------------------------------------------------------------------------

static ptrdiff_t more(void *user, const unsigned char **data)
{
    kal__jpeg_in *in = user;
    kal__reader *r = in->reader;
    ptrdiff_t n;
    if (r->memory) {
        n = (ptrdiff_t)(r->size - (size_t)r->position);
        *data = r->memory + r->position;
        r->position = r->size;
    } else {
        n = r->read(r, in->input, KAL__JPEG_INPUT, in->fail.err);
        *data = in->input;
    }
    return n;
}

// Behind the header, where the library stands.
static void start_reading(splice *s)
{
    kal__jpeg_bits *b = &s->bits;
    memset(b, 0, offsetof(kal__jpeg_bits, clean));
    b->more = more;
    b->user = s->in;
    b->raw = s->in->src.next_input_byte;
    b->raw_end = b->raw + s->in->src.bytes_in_buffer;
    b->offset = s->in->reader->position;
}

static kal_status damaged(const splice *s, kal_error *err)
{
    return kal_fail(err, KAL_CORRUPT, "%s: jpeg: near byte %llu: damaged data in block %llu of %llu",
                    s->in->reader->name,
                    (unsigned long long)(s->bits.offset - (uint64_t)(s->bits.raw_end - s->bits.raw)),
                    (unsigned long long)s->next, (unsigned long long)s->total);
}

static kal_status copy_kept(splice *s, kal_error *err)
{
    const kal_status st = kal__jpeg_copy_bits(&s->pen, s->bits.clean, s->keep, s->bits.at, err);
    s->keep = s->bits.at;
    return st;
}

// At a marker everything starts anew, in both files.
static kal_status pass_marker(splice *s, kal_error *err)
{
    const int marker = 0xd0 | (int)((s->next / s->restart - 1) & 7);
    uint64_t keep = s->bits.at;
    kal_status st = copy_kept(s, err);
    // the marker itself may not have been reached yet
    if (!st && !s->bits.marker) st = kal__jpeg_bits_fill(&s->bits, &keep, s->in->reader->name, err);
    if (st) return st;
    if (s->bits.marker != marker || !kal__jpeg_bits_are_over(&s->bits)) return damaged(s, err);
    st = kal__jpeg_mark(&s->pen, marker, err);
    kal__jpeg_bits_restart(&s->bits);
    s->keep = 0;
    memset(s->was, 0, sizeof s->was);
    memset(s->is, 0, sizeof s->is);
    return st;
}

// So that the next MCU lies in memory.
static kal_status get_ready(splice *s, kal_error *err)
{
    kal_status st = KAL_OK;
    if (s->restart && s->next && s->next % s->restart == 0) st = pass_marker(s, err);
    if (st || s->bits.marker || kal__jpeg_bits_have(&s->bits)) return st;
    st = copy_kept(s, err);
    return st ? st : kal__jpeg_bits_fill(&s->bits, &s->keep, s->in->reader->name, err);
}

// ---- MCUs ---------------------------------------------------------------------------------------

static bool in_step(const splice *s)
{
    return !memcmp(s->was, s->is, sizeof s->was);
}

// A block of component c whose DC coefficient is `dc`.
static kal_status write(splice *s, int c, int32_t dc, const int16_t block[64], kal_error *err)
{
    int32_t difference;
    if (__builtin_sub_overflow(dc, s->is[c], &difference)) return damaged(s, err);
    s->is[c] = dc;
    return kal__jpeg_write_block(&s->pen, s->mcu.dc[c], s->mcu.ac[c], difference, block, err);
}

// An old one, but its differences count from what the new file has before it.
static kal_status rewrite(splice *s, kal_error *err)
{
    int16_t block[64];
    kal_status st = copy_kept(s, err);
    for (int32_t i = 0; i < s->mcu.n && !st; i++) {
        const int c = s->mcu.component[i];
        if (!kal__jpeg_read_block(&s->bits, s->mcu.dc[c], s->mcu.ac[c], block)) return damaged(s, err);
        if (__builtin_add_overflow(s->was[c], block[0], &s->was[c])) return damaged(s, err);
        st = write(s, c, s->was[c], block, err);
    }
    s->keep = s->bits.at;
    return st;
}

static kal_status keep_one(splice *s, kal_error *err)
{
    kal_status st = get_ready(s, err);
    if (st) return st;
    if (!in_step(s)) {
        st = rewrite(s, err);
    } else {
        if (!kal__jpeg_pass(&s->bits, &s->mcu, s->was)) return damaged(s, err);
        memcpy(s->is, s->was, sizeof s->is);
    }
    s->next++;
    return st;
}

static kal_status keep_until(splice *s, uint64_t end, kal_error *err)
{
    kal_status st = KAL_OK;
    while (s->next < end && !st) st = keep_one(s, err);
    return st;
}

static kal_status splice_ahead(kal__jpeg_carrier *base, int32_t row, kal_error *err)
{
    splice *s = (splice *)base;
    kal_status st = KAL_OK;
    s->in->fail.err = err;
    for (int32_t y = 0; y < row && !st; y++) {
        st = keep_until(s, (uint64_t)(y + 1) * s->per_row, err);
        if (!st && __atomic_load_n(&base->stop, __ATOMIC_RELAXED)) st = kal__jpeg_stopped(err);
    }
    return st;
}

// The strip's next MCU in place of the old one. `dc`: of the strip, before it.
static kal_status replace(splice *s, const kal__jpeg_mcu *m, int32_t dc[4], kal_error *err)
{
    int16_t block[64];
    kal_status st = get_ready(s, err);
    if (!st) st = copy_kept(s, err);
    if (st) return st;
    if (!kal__jpeg_pass(&s->bits, &s->mcu, s->was)) return damaged(s, err);
    s->keep = s->bits.at;
    for (int32_t i = 0; i < m->n && !st; i++) {
        const int c = m->component[i];
        if (!kal__jpeg_read_block(&s->strip, m->dc[c], m->ac[c], block)) return kal__jpeg_strip_bad(err);
        dc[c] += block[0];
        st = write(s, c, dc[c], block, err);
    }
    s->next++;
    return st;
}

static kal_status splice_strip(kal__jpeg_carrier *base, const kal__jpeg_strip *strip, kal_error *err)
{
    splice *s = (splice *)base;
    int32_t dc[4] = {0, 0, 0, 0};
    uint64_t none = 0;
    s->in->fail.err = err;
    kal_status st = keep_until(s, (uint64_t)strip->row * s->per_row + (uint64_t)strip->from, err);
    kal__jpeg_strip_read(strip, &s->strip);
    for (int32_t i = strip->from; i < strip->to && !st; i++) {
        none = s->strip.at;
        st = kal__jpeg_bits_fill(&s->strip, &none, "jpeg", err);
        if (st) return st;
        if (strip->fresh[i]) {
            st = replace(s, strip->mcu, dc, err);
        } else {
            if (!kal__jpeg_pass(&s->strip, strip->mcu, dc)) return kal__jpeg_strip_bad(err);
            st = keep_one(s, err);
        }
    }
    return st;
}

// ---- begin and end ------------------------------------------------------------------------------

static kal_status finish(splice *s, kal_error *err)
{
    s->in->fail.err = err;
    kal_status st = keep_until(s, s->total, err);
    if (!st) st = copy_kept(s, err);
    if (!st) st = kal__jpeg_bits_finish(&s->bits, s->in->reader->name, err);
    return st ? st : kal__jpeg_mark(&s->pen, 0xd9, err);
}

static kal_status splice_end(kal__jpeg_carrier *base, kal_error *err)
{
    splice *s = (splice *)base;
    const kal_status st = err ? finish(s, err) : KAL_OK;
    kal__jpeg_mcu_free(&s->mcu);
    free(s);
    return st;
}

// The library writes frame and scan headers with the first row, so a row of gray ones is compressed for their sake.
static kal_status compress_header(kal__jpeg_packing *p, const kal__jpeg_pair *pair, JSAMPROW gray)
{
    struct jpeg_compress_struct *j = &p->jpeg;
    const struct jpeg_decompress_struct *old = &pair->in->jpeg;
    if (setjmp(p->fail.where)) return p->fail.status;
    kal__jpeg_like(j, old, pair->how, pair->extent);
    for (int c = 0; c < j->num_components; c++) {
        jpeg_component_info *x = &j->comp_info[c];
        x->dc_tbl_no = old->comp_info[c].dc_tbl_no;
        x->ac_tbl_no = old->comp_info[c].ac_tbl_no;
    }
    for (int i = 0; i < NUM_HUFF_TBLS; i++) {
        const JHUFF_TBL *from[2] = {old->dc_huff_tbl_ptrs[i], old->ac_huff_tbl_ptrs[i]};
        JHUFF_TBL **to[2] = {&j->dc_huff_tbl_ptrs[i], &j->ac_huff_tbl_ptrs[i]};
        for (int k = 0; k < 2; k++) {
            if (!from[k]) continue;
            if (!*to[k]) *to[k] = jpeg_alloc_huff_table((j_common_ptr)j);
            memcpy((*to[k])->bits, from[k]->bits, sizeof from[k]->bits);
            memcpy((*to[k])->huffval, from[k]->huffval, sizeof from[k]->huffval);
            (*to[k])->sent_table = FALSE;
        }
    }
    j->restart_interval = old->restart_interval;
    if (pair->meta) kal__jpeg_set_density(j, pair->meta);
    jpeg_start_compress(j, TRUE);
    if (pair->meta) kal__jpeg_put_meta(j, pair->meta, pair->exif);
    const JDIMENSION rows = (JDIMENSION)(old->max_v_samp_factor * DCTSIZE);
    while (j->next_scanline < rows && j->next_scanline < j->image_height) jpeg_write_scanlines(j, &gray, 1);
    return KAL_OK;
}

static kal_status write_header(splice *s, const kal__jpeg_pair *pair, kal_error *err)
{
    const size_t row = (size_t)pair->extent->width * (size_t)pair->extent->channels;
    JSAMPROW gray = kal__new(row, 1);
    if (!gray) return kal_fail(err, KAL_NOMEM, "jpeg: out of memory");
    memset(gray, 128, row);
    kal__jpeg_packing p;
    kal_status st = kal__jpeg_packing_begin(&p, KAL__JPEG_OUTPUT, err);
    if (!st) st = compress_header(&p, pair, gray);
    if (!st) st = s->pen.writer->write(s->pen.writer, p.data, kal__jpeg_scan_of(p.data), err);
    kal__jpeg_packing_end(&p);
    free(gray);
    return st;
}

kal_status kal__jpeg_splice_begin(const kal__jpeg_pair *pair, kal__jpeg_carrier **out, kal_error *err)
{
    const struct jpeg_decompress_struct *j = &pair->in->jpeg;
    int32_t cell[2];
    splice *s = kal__new_zero(1, sizeof *s);
    if (!s) return kal_fail(err, KAL_NOMEM, "jpeg: out of memory");
    s->base = (kal__jpeg_carrier){.ahead = splice_ahead, .strip = splice_strip, .end = splice_end};
    s->in = pair->in;
    s->pen.writer = pair->out->writer;
    *out = &s->base;
    kal__jpeg_cell(j, cell);
    s->per_row = ((uint64_t)j->image_width + (uint64_t)cell[0] - 1) / (uint64_t)cell[0];
    s->total = s->per_row * (((uint64_t)j->image_height + (uint64_t)cell[1] - 1) / (uint64_t)cell[1]);
    s->restart = j->restart_interval;
    start_reading(s);
    for (int c = 0; c < j->num_components; c++) {
        const JQUANT_TBL *t = j->quant_tbl_ptrs[j->comp_info[c].quant_tbl_no & (NUM_QUANT_TBLS - 1)];
        const kal_status st = kal__jpeg_check_quantisers(t, pair->in->reader->name, err);
        if (st) return st;
    }
    const kal_status st = kal__jpeg_mcu_make(&s->mcu, j->comp_info, j->num_components, j->dc_huff_tbl_ptrs,
                                             j->ac_huff_tbl_ptrs, err);
    return st ? st : write_header(s, pair, err);
}
