// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// kal-floors IN: what codecs and memory cost by themselves on this machine, from memory to memory, on one thread: no pipeline that uses
// these codecs can do the same work for less. Prints "NAME MS", medians of processor time (of the process: libde265 works on a thread of its
// own); bench/run.py makes a limit for each workload of them. ISA-L and libdeflate, which no codec of ours uses, are there because a limit is
// what could be had, not what we have.
#define _GNU_SOURCE
#include "measure.h"

#include <jpeglib.h>
#include <libheif/heif.h>
#include <png.h>
#include <string.h>
#include <zlib.h>
#if __has_include(<isa-l.h>)
#include <isa-l.h>
#define HAVE_ISAL
#endif
#if __has_include(<libdeflate.h>)
#include <libdeflate.h>
#define HAVE_LIBDEFLATE
#endif

typedef struct bytes {
    unsigned char *data;
    size_t size, at;
} bytes;

typedef struct job {
    bytes in, out;
    int width, height, scale, level;
} job;

static void *need(size_t size)
{
    void *p = malloc(size);
    if (!p) exit(1);
    memset(p, 1, size);
    return p;
}

static bytes slurp(const char *folder, const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END)) {
        perror(path);
        exit(1);
    }
    bytes b = {.size = (size_t)ftell(f)};
    b.data = need(b.size);
    rewind(f);
    if (fread(b.data, 1, b.size, f) != b.size) exit(1);
    fclose(f);
    return b;
}

static double floor_of(const char *name, int runs, void (*call)(job *), job *j)
{
    double t[9];
    for (int i = -1; i < runs; i++) {
        const double start = measure_clock(CLOCK_PROCESS_CPUTIME_ID);
        call(j);
        if (i >= 0) t[i] = measure_clock(CLOCK_PROCESS_CPUTIME_ID) - start;
    }
    qsort(t, (size_t)runs, sizeof *t, measure_order);
    printf("%s %.2f\n", name, t[runs / 2]);
    fflush(stdout);
    return t[runs / 2];
}

// ---- JPEG ---------------------------------------------------------------------------------------

// Into sixteen rows again and again: what is decoded need not leave the cache. With j->out, into a whole picture.
static void jpeg_decode(job *j)
{
    struct jpeg_decompress_struct d;
    struct jpeg_error_mgr e;
    d.err = jpeg_std_error(&e);
    jpeg_create_decompress(&d);
    jpeg_mem_src(&d, j->in.data, j->in.size);
    jpeg_read_header(&d, TRUE);
    d.scale_num = 1;
    d.scale_denom = (unsigned)j->scale;
    jpeg_start_decompress(&d);
    j->width = (int)d.output_width;
    j->height = (int)d.output_height;
    const size_t stride = d.output_width * 3;
    unsigned char *band = j->out.data ? NULL : need(stride * 16);
    while (d.output_scanline < d.output_height) {
        JSAMPROW rows[16];
        for (unsigned i = 0; i < 16; i++)
            rows[i] = band ? band + i * stride : j->out.data + (d.output_scanline + i) * stride;
        jpeg_read_scanlines(&d, rows, 16);
    }
    free(band);
    jpeg_finish_decompress(&d);
    jpeg_destroy_decompress(&d);
}

static void jpeg_encode(job *j)
{
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr e;
    unsigned char *out = NULL;
    unsigned long size = 0;
    c.err = jpeg_std_error(&e);
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, &out, &size);
    c.image_width = (unsigned)j->width;
    c.image_height = (unsigned)j->height;
    c.input_components = 3;
    c.in_color_space = JCS_RGB;
    jpeg_set_defaults(&c);
    jpeg_set_quality(&c, 85, TRUE);
    jpeg_start_compress(&c, TRUE);
    while (c.next_scanline < c.image_height) {
        JSAMPROW row = j->in.data + (size_t)c.next_scanline * c.image_width * 3;
        jpeg_write_scanlines(&c, &row, 1);
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    free(out);
}

// The file at 1/scale, and what it was decoded to, written again.
static void jpeg(const char *folder, const char *file, int runs, int scale, int encode)
{
    char name[64];
    job j = {.in = slurp(folder, file), .scale = scale};
    snprintf(name, sizeof name, "decode:%s/%d", file, scale);
    floor_of(name, runs, jpeg_decode, &j);
    if (encode) {
        j.out.data = need((size_t)j.width * (size_t)(j.height + 16) * 3);
        jpeg_decode(&j);
        job back = {.in = j.out, .width = j.width, .height = j.height};
        snprintf(name, sizeof name, "encode:%s/%d", file, scale);
        floor_of(name, runs, jpeg_encode, &back);
    }
    free(j.out.data);
    free(j.in.data);
}

static void small(const char *folder)
{
    double decode = 0, encode = 0;
    for (int i = 0; i < 200; i++) {
        char file[32];
        snprintf(file, sizeof file, "small/%03d.jpg", i);
        job j = {.in = slurp(folder, file), .scale = 2};
        double start = measure_clock(CLOCK_PROCESS_CPUTIME_ID);
        jpeg_decode(&j);
        decode += measure_clock(CLOCK_PROCESS_CPUTIME_ID) - start;
        j.out.data = need((size_t)j.width * (size_t)(j.height + 16) * 3);
        jpeg_decode(&j);
        job back = {
            .in = j.out, .width = j.width < 512 ? j.width : 512, .height = j.height < 384 ? j.height : 384};
        start = measure_clock(CLOCK_PROCESS_CPUTIME_ID);
        jpeg_encode(&back);
        encode += measure_clock(CLOCK_PROCESS_CPUTIME_ID) - start;
        free(j.out.data);
        free(j.in.data);
    }
    printf("decode:small/2 %.2f\nencode:small %.2f\n", decode, encode);
}

// ---- PNG ----------------------------------------------------------------------------------------

static void png_give(png_structp p, png_bytep to, size_t n)
{
    bytes *b = png_get_io_ptr(p);
    if (n > b->size - b->at) png_error(p, "short");
    memcpy(to, b->data + b->at, n);
    b->at += n;
}

static void png_decode(job *j)
{
    png_structp p = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(p);
    if (setjmp(png_jmpbuf(p))) exit(1);
    j->in.at = 0;
    png_set_read_fn(p, &j->in, png_give);
    png_read_info(p, info);
    j->width = (int)png_get_image_width(p, info);
    j->height = (int)png_get_image_height(p, info);
    unsigned char *row = need(png_get_rowbytes(p, info));
    for (int y = 0; y < j->height; y++) png_read_row(p, row, NULL);
    free(row);
    png_destroy_read_struct(&p, &info, NULL);
}

static void inflate_zlib(job *j)
{
    uLongf n = j->out.size;
    if (uncompress(j->out.data, &n, j->in.data, j->in.size)) exit(1);
}

static void deflate_zlib(job *j)
{
    uLongf n = j->out.size;
    if (compress2(j->out.data, &n, j->in.data, j->in.size, j->level)) exit(1);
}

#ifdef HAVE_ISAL
static void inflate_isal(job *j)
{
    struct inflate_state s;
    isal_inflate_init(&s);
    s.next_in = j->in.data;
    s.avail_in = (uint32_t)j->in.size;
    s.next_out = j->out.data;
    s.avail_out = (uint32_t)j->out.size;
    s.crc_flag = IGZIP_ZLIB;
    if (isal_inflate(&s)) exit(1);
}

static void deflate_isal(job *j)
{
    static unsigned char level[ISAL_DEF_LVL1_DEFAULT];
    struct isal_zstream s;
    isal_deflate_stateless_init(&s);
    s.next_in = j->in.data;
    s.avail_in = (uint32_t)j->in.size;
    s.next_out = j->out.data;
    s.avail_out = (uint32_t)j->out.size;
    s.level = 1;
    s.level_buf = level;
    s.level_buf_size = sizeof level;
    s.end_of_stream = 1;
    s.flush = NO_FLUSH;
    s.gzip_flag = IGZIP_ZLIB;
    if (isal_deflate_stateless(&s)) exit(1);
}
#endif

#ifdef HAVE_LIBDEFLATE
static void deflate_libdeflate(job *j)
{
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(j->level);
    if (!c || !libdeflate_zlib_compress(c, j->in.data, j->in.size, j->out.data, j->out.size)) exit(1);
    libdeflate_free_compressor(c);
}
#endif

// What all IDAT chunks hold together.
static bytes idat(const bytes *file)
{
    bytes z = {.data = need(file->size)};
    for (size_t at = 8; at + 12 <= file->size;) {
        const unsigned char *p = file->data + at;
        const size_t n = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
        if (!memcmp(p + 4, "IDAT", 4)) {
            memcpy(z.data + z.size, p + 8, n);
            z.size += n;
        }
        at += n + 12;
    }
    return z;
}

// Decoding (libpng's, less zlib's inflate, behind the fastest inflate there is), and deflating as many filtered rows as the output has.
static void png(const char *folder, const char *file, int runs, size_t deflated)
{
    char name[64];
    job j = {.in = slurp(folder, file)};
    snprintf(name, sizeof name, "libpng:%s", file);
    const double whole = floor_of(name, runs, png_decode, &j);
    const size_t channels = j.in.data[25] == 6 ? 4 : 3;
    const size_t raw = ((size_t)j.width * channels + 1) * (size_t)j.height;
    job z = {.in = idat(&j.in), .out = {.data = need(raw), .size = raw}};
    snprintf(name, sizeof name, "inflate:%s", file);
    const double zlib = floor_of(name, runs, inflate_zlib, &z);
    double best = zlib;
#ifdef HAVE_ISAL
    snprintf(name, sizeof name, "inflate-isal:%s", file);
    best = floor_of(name, runs, inflate_isal, &z);
#endif
    printf("decode:%s %.2f\n", file, whole - zlib + best);
    if (deflated) {
        job d = {.in = {.data = z.out.data, .size = deflated},
                 .out = {.data = need(2 * deflated), .size = 2 * deflated}};
        for (int i = 0; i < 2; i++) {
            d.level = i ? 6 : 1;
            snprintf(name, sizeof name, "deflate-%d", d.level);
            floor_of(name, 3, deflate_zlib, &d);
        }
#ifdef HAVE_LIBDEFLATE
        floor_of("deflate-6", 3, deflate_libdeflate, &d);   // the later line of a name counts
#endif
#ifdef HAVE_ISAL
        floor_of("deflate-1", 3, deflate_isal, &d);
#endif
        free(d.out.data);
    }
    free(z.in.data);
    free(z.out.data);
    free(j.in.data);
}

// ---- HEIC, memory ---------------------------------------------------------------------------------

static void heif_decode(job *j)
{
    struct heif_context *c = heif_context_alloc();
    struct heif_image_handle *h = NULL;
    struct heif_image *image = NULL;
    if (heif_context_read_from_memory_without_copy(c, j->in.data, j->in.size, NULL).code ||
        heif_context_get_primary_image_handle(c, &h).code ||
        heif_decode_image(h, &image, heif_colorspace_YCbCr, heif_chroma_420, NULL).code)
        exit(1);
    heif_image_release(image);
    heif_image_handle_release(h);
    heif_context_free(c);
}

static void file_copy(job *j)
{
    FILE *f = tmpfile();
    if (!f || fwrite(j->in.data, 1, j->in.size, f) != j->in.size || fflush(f)) exit(1);
    rewind(f);
    if (fread(j->out.data, 1, j->in.size, f) != j->in.size) exit(1);
    fclose(f);
}

static void memory_copy(job *j)
{
    memcpy(j->out.data, j->in.data, j->in.size);
}

int main(int argc, char **argv)
{
    if (argc != 2) return 2;
    const char *in = argv[1];
    for (int scale = 1; scale <= 8; scale *= 2) jpeg(in, "p12.jpg", 9, scale, scale <= 2);
    jpeg(in, "p100.jpg", 3, 1, 1);
    small(in);
    png(in, "p100.png", 3, (size_t)(3000 * 3 + 1) * 2125);
    png(in, "a4.png", 5, 0);
    job heic = {.in = slurp(in, "p12.heic")};
    floor_of("decode:p12.heic", 3, heif_decode, &heic);
    job copy = {.in = slurp(in, "p100.ppm")};
    copy.out.data = need(copy.in.size);
    floor_of("copy:p100.ppm", 5, file_copy, &copy);
    copy.in.size = 36000000;
    floor_of("memcpy:36MB", 9, memory_copy, &copy);
    return 0;
}
