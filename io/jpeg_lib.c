// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// libjpeg-turbo at the end of a reader of ours: its errors become ours, its bytes come from the reader.
#include "jpeg.h"

#include <stdlib.h>
#include <string.h>

#include <jerror.h>

// What is not damage: kinds of JPEG that the library cannot do.
static kal_status status_of(int code)
{
    static const int unsupported[] = {
        JERR_BAD_PRECISION,   JERR_SOF_UNSUPPORTED,      JERR_ARITH_NOTIMPL, JERR_CONVERSION_NOTIMPL,
        JERR_CCIR601_NOTIMPL, JERR_FRACT_SAMPLE_NOTIMPL, JERR_NOTIMPL};
    if (code == JERR_OUT_OF_MEMORY) return KAL_NOMEM;
    for (size_t i = 0; i < sizeof unsupported / sizeof *unsupported; i++)
        if (code == unsupported[i]) return KAL_UNSUPPORTED;
    return KAL_CORRUPT;
}

static kal_status describe(j_common_ptr c, kal_error *err)
{
    const kal__jpeg_fail *f = (const kal__jpeg_fail *)c->err;
    const kal_status st = status_of(c->err->msg_code);
    char text[JMSG_LENGTH_MAX];
    f->mgr.format_message(c, text);
    if (!f->offset) return kal_fail(err, st, "jpeg: %s", text);
    const uint64_t at = *f->offset - (f->src ? f->src->bytes_in_buffer : 0);
    return kal_fail(err, st, "%s: jpeg: near byte %llu: %s", f->name, (unsigned long long)at, text);
}

static void on_error(j_common_ptr c)
{
    kal__jpeg_fail *f = (kal__jpeg_fail *)c->err;
    if (!f->status) f->status = describe(c, f->err);
    longjmp(f->where, 1);
}

// Rows of iMCUs for which all has been read that any scan can bring: in a progressive file all coefficients to their last bit, in another all
// components. The scan that is being read is taken as far as it has come; between two, it is all there.
static int32_t whole_rows(const struct jpeg_decompress_struct *j)
{
    for (int i = 0; i < j->num_components; i++) {
        if (!j->comp_info[i].quant_table) return 0;   // the library notes it when a scan begins
        for (int k = 0; j->coef_bits && k < DCTSIZE2; k++)
            if (j->coef_bits[i][k]) return 0;
    }
    return (int32_t)j->input_iMCU_row;
}

// Whether it goes on behind a place where the file is broken, for the sake of rows that are whole.
static bool goes_on(kal__jpeg_in *d)
{
    if (d->broken.status) return true;
    if (d->lenient) d->whole = whole_rows(&d->jpeg);
    return d->whole > 0;
}

// Between the segments of a header bytes mean nothing, and behind a scan cameras pad with zeros or ones. Other bytes there are left of a scan that
// was read as something else: the decoder lost its way in it, and found all blocks too soon. Of those that are no longer in the buffer
// nothing is said.
static bool is_padding(j_common_ptr c)
{
    const kal__jpeg_fail *f = (const kal__jpeg_fail *)c->err;
    const j_decompress_ptr j = (j_decompress_ptr)c;
    if (!f->src || !c->is_decompressor || j->input_scan_number < 1) return true;
    const JOCTET *end = f->src->next_input_byte;
    for (long left = c->err->msg_parm.i[0]; left > 0 && end > f->served; left--)
        if (*--end != 0 && *end != 0xff) return false;
    return true;
}

// Warnings of the library are damage in the data: an error, except those that cost no pixel.
static void on_message(j_common_ptr c, int level)
{
    static const int harmless[] = {JWRN_ADOBE_XFORM, JWRN_JFIF_MAJOR, JWRN_BOGUS_ICC};
    if (level >= 0) return;
    c->err->num_warnings++;
    const int code = c->err->msg_code;
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (code == harmless[i]) return;
    if (code == JWRN_EXTRANEOUS_DATA && is_padding(c)) return;
    kal__jpeg_in *d = ((const kal__jpeg_fail *)c->err)->in;
    if (!d || (code == JWRN_EXTRANEOUS_DATA && !d->broken.status) || !goes_on(d)) on_error(c);
    if (d && !d->broken.status) describe(c, &d->broken);
}

static void silent(j_common_ptr c)
{
    (void)c;
}

void kal__jpeg_fail_init(kal__jpeg_fail *f, kal_error *err, const char *name)
{
    memset(f, 0, sizeof *f);
    jpeg_std_error(&f->mgr);
    f->mgr.error_exit = on_error;
    f->mgr.emit_message = on_message;
    f->mgr.output_message = silent;
    f->err = err;
    f->name = name;
}

// ---- bytes in --------------------------------------------------------------------------------------

static void src_nothing(j_decompress_ptr c)
{
    (void)c;
}

static boolean serve(kal__jpeg_in *d, const JOCTET *data, size_t n)
{
    d->src.next_input_byte = d->fail.served = data;
    d->src.bytes_in_buffer = n;
    return TRUE;
}

// The file ends: an error, or what stands at the end of a whole one, so that the library comes to its own.
static boolean src_end(kal__jpeg_in *d)
{
    static const JOCTET end[] = {0xff, JPEG_EOI};
    const bool on = goes_on(d);
    if (!d->broken.status) {
        const kal_status st = kal_fail(on ? &d->broken : d->fail.err, KAL_CORRUPT,
                                       "%s: jpeg: the file ends at byte %llu, before the picture does",
                                       d->reader->name, (unsigned long long)d->reader->position);
        if (!on) d->fail.status = st;
    }
    if (!on) longjmp(d->fail.where, 1);
    return serve(d, end, sizeof end);
}

static boolean src_fill(j_decompress_ptr c)
{
    kal__jpeg_in *d = c->client_data;
    if (d->reader->memory) {   // all at once
        const uint64_t at = d->reader->position;
        if (at >= d->reader->size) return src_end(d);
        d->reader->position = d->reader->size;
        return serve(d, d->reader->memory + at, (size_t)(d->reader->size - at));
    }
    const ptrdiff_t n = d->reader->read(d->reader, d->input, KAL__JPEG_INPUT, d->fail.err);
    if (!n) return src_end(d);
    if (n < 0) {
        d->fail.status = KAL_IO;
        longjmp(d->fail.where, 1);
    }
    return serve(d, d->input, (size_t)n);
}

static void src_skip(j_decompress_ptr c, long n)
{
    kal__jpeg_in *d = c->client_data;
    while (n > 0) {
        if (!d->src.bytes_in_buffer) src_fill(c);
        const size_t step = (size_t)n < d->src.bytes_in_buffer ? (size_t)n : d->src.bytes_in_buffer;
        d->src.next_input_byte += step;
        d->src.bytes_in_buffer -= step;
        n -= (long)step;
    }
}

kal_status kal__jpeg_stopped(kal_error *err)
{
    return kal_fail(err, KAL_CANCELLED, "jpeg: given up");
}

// Called now and then by the library.
static void watch(j_common_ptr c)
{
    kal__jpeg_in *d = c->client_data;
    const int scan = ((j_decompress_ptr)c)->input_scan_number;
    if (d->stop && __atomic_load_n(d->stop, __ATOMIC_RELAXED)) {
        d->fail.status = kal__jpeg_stopped(d->fail.err);
        longjmp(d->fail.where, 1);
    }
    if (scan <= 0 || (uint32_t)scan <= d->limits.scans || d->fail.status) return;
    d->fail.status = KAL_LIMIT;
    kal__over_limit(d->fail.err, "scans=N", "%s: jpeg: more than the limit of %u scans", d->reader->name,
                    d->limits.scans);
    longjmp(d->fail.where, 1);
}

kal_status kal__jpeg_in_init(kal__jpeg_in *d, kal__reader *r, const kal_limits *limits, kal_error *err)
{
    memset(d, 0, offsetof(kal__jpeg_in, input));
    d->reader = r;
    d->limits = *limits;
    kal__jpeg_fail_init(&d->fail, err, r->name);
    d->fail.offset = &r->position;
    d->fail.src = &d->src;
    d->fail.in = d;
    d->jpeg.err = &d->fail.mgr;
    if (setjmp(d->fail.where)) return d->fail.status;
    jpeg_create_decompress(&d->jpeg);
    d->jpeg.client_data = d;
    d->src = (struct jpeg_source_mgr){.init_source = src_nothing,
                                      .fill_input_buffer = src_fill,
                                      .skip_input_data = src_skip,
                                      .resync_to_restart = jpeg_resync_to_restart,
                                      .term_source = src_nothing};
    d->jpeg.src = &d->src;
    d->progress.progress_monitor = watch;
    d->jpeg.progress = &d->progress;
    return KAL_OK;
}

void kal__jpeg_in_free(kal__jpeg_in *d)
{
    if (d->jpeg.mem) jpeg_destroy_decompress(&d->jpeg);
}

// ---- bytes out ----------------------------------------------------------------------------------

static void write_all(kal__jpeg_out *e, size_t n)
{
    const kal_status st = e->writer->write(e->writer, e->output, n, e->fail.err);
    e->dst.next_output_byte = e->output;
    e->dst.free_in_buffer = KAL__JPEG_OUTPUT;
    if (!st) return;
    e->fail.status = st;
    longjmp(e->fail.where, 1);
}

static void dst_init(j_compress_ptr c)
{
    kal__jpeg_out *e = c->client_data;
    e->dst.next_output_byte = e->output;
    e->dst.free_in_buffer = KAL__JPEG_OUTPUT;
}

static boolean dst_empty(j_compress_ptr c)
{
    write_all(c->client_data, KAL__JPEG_OUTPUT);
    return TRUE;
}

static void dst_term(j_compress_ptr c)
{
    kal__jpeg_out *e = c->client_data;
    write_all(e, KAL__JPEG_OUTPUT - e->dst.free_in_buffer);
}

kal_status kal__jpeg_out_init(kal__jpeg_out *e, kal__writer *w, kal_error *err)
{
    memset(e, 0, offsetof(kal__jpeg_out, output));
    kal__jpeg_fail_init(&e->fail, err, "jpeg");
    e->jpeg.err = &e->fail.mgr;
    e->writer = w;
    if (setjmp(e->fail.where)) return e->fail.status;
    jpeg_create_compress(&e->jpeg);
    e->jpeg.client_data = e;
    e->dst = (struct jpeg_destination_mgr){
        .init_destination = dst_init, .empty_output_buffer = dst_empty, .term_destination = dst_term};
    e->jpeg.dest = &e->dst;
    return KAL_OK;
}

void kal__jpeg_out_free(kal__jpeg_out *e)
{
    if (e->jpeg.mem) jpeg_destroy_compress(&e->jpeg);
}

// ---- into memory --------------------------------------------------------------------------------

static void memory_start(j_compress_ptr c)
{
    kal__jpeg_packing *p = c->client_data;
    p->dst.next_output_byte = p->data;
    p->dst.free_in_buffer = p->room;
}

static boolean memory_more(j_compress_ptr c)
{
    kal__jpeg_packing *p = c->client_data;
    const size_t used = p->room;
    if (!kal__grow(&p->data, p->room * 2, 1)) {
        p->fail.status = kal_fail(p->fail.err, KAL_NOMEM, "jpeg: out of memory");
        longjmp(p->fail.where, 1);
    }
    p->room *= 2;
    p->dst.next_output_byte = p->data + used;
    p->dst.free_in_buffer = p->room - used;
    return TRUE;
}

static void memory_end(j_compress_ptr c)
{
    kal__jpeg_packing *p = c->client_data;
    p->size = p->room - p->dst.free_in_buffer;
}

kal_status kal__jpeg_packing_begin(kal__jpeg_packing *p, size_t room, kal_error *err)
{
    memset(p, 0, sizeof *p);
    p->data = kal__new(room, 1);
    p->room = room;
    if (!p->data) return kal_fail(err, KAL_NOMEM, "jpeg: out of memory");
    kal__jpeg_fail_init(&p->fail, err, "jpeg");
    p->jpeg.err = &p->fail.mgr;
    if (setjmp(p->fail.where)) return p->fail.status;
    jpeg_create_compress(&p->jpeg);
    p->jpeg.client_data = p;
    p->dst = (struct jpeg_destination_mgr){
        .init_destination = memory_start, .empty_output_buffer = memory_more, .term_destination = memory_end};
    p->jpeg.dest = &p->dst;
    return KAL_OK;
}

void kal__jpeg_packing_end(kal__jpeg_packing *p)
{
    if (p->jpeg.mem) jpeg_destroy_compress(&p->jpeg);
    free(p->data);
}

// Where the entropy-coded data begins: behind the SOS segment. The library wrote this, so it is well-formed.
size_t kal__jpeg_scan_of(const unsigned char *data)
{
    size_t at = 2;
    for (;;) {
        const size_t next = at + 2 + ((size_t)data[at + 2] << 8 | data[at + 3]);
        if (data[at + 1] == 0xda) return next;
        at = next;
    }
}
