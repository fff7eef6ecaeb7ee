// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// zimg WORKLOAD IN OUT: zimg has kernels alone, and of ours the resizes. Its planes are split and joined outside the clock.
#define _GNU_SOURCE
#include "../measure.h"

#include <string.h>
#include <zimg.h>

enum { WIDTH = 4000, HEIGHT = 3000 };

typedef struct resize {
    zimg_filter_graph *graph;
    zimg_image_buffer_const from;
    zimg_image_buffer to;
    void *scratch;
} resize;

static void *block(size_t size)
{
    void *p = aligned_alloc(64, (size + 63) / 64 * 64);
    if (!p) exit(1);
    memset(p, 1, size);
    return p;
}

static void refuse(void)
{
    char message[256];
    zimg_get_last_error(message, sizeof message);
    fprintf(stderr, "%s\n", message);
    exit(1);
}

static zimg_image_format format(unsigned width, unsigned height)
{
    zimg_image_format f;
    zimg_image_format_default(&f, ZIMG_API_VERSION);
    f.width = width;
    f.height = height;
    f.pixel_type = ZIMG_PIXEL_BYTE;
    f.color_family = ZIMG_COLOR_RGB;
    f.matrix_coefficients = ZIMG_MATRIX_RGB;
    f.pixel_range = ZIMG_RANGE_FULL;
    return f;
}

static void fill(void *arg)
{
    resize *r = arg;
    if (zimg_filter_graph_process(r->graph, &r->from, &r->to, r->scratch, NULL, NULL, NULL, NULL)) refuse();
}

static unsigned char *photo(const char *in)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/p12.ppm", in);
    const size_t size = (size_t)WIDTH * HEIGHT * 3;
    unsigned char *rgb = block(size);
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, -(long)size, SEEK_END) || fread(rgb, 1, size, f) != size) exit(1);
    fclose(f);
    return rgb;
}

int main(int argc, char **argv)
{
    unsigned major, minor, micro;
    zimg_get_version_info(&major, &minor, &micro);
    if (argc == 2 && !strcmp(argv[1], "version")) return printf("zimg %u.%u.%u\n", major, minor, micro) < 0;
    const unsigned by = argc != 4                        ? 0
                        : !strcmp(argv[1], "k-resize")   ? 2
                        : !strcmp(argv[1], "k-resize25") ? 4
                                                         : 0;
    if (!by) return 2;
    const unsigned width = WIDTH / by, height = HEIGHT / by, stride = (width + 63) / 64 * 64;
    const zimg_image_format from = format(WIDTH, HEIGHT), to = format(width, height);
    zimg_graph_builder_params params;
    zimg_graph_builder_params_default(&params, ZIMG_API_VERSION);
    params.resample_filter = ZIMG_RESIZE_LANCZOS;
    params.filter_param_a = 3;
    params.cpu_type = ZIMG_CPU_AUTO_64B;
    resize r = {zimg_filter_graph_build(&from, &to, &params),
                {ZIMG_API_VERSION, {{0}}},
                {ZIMG_API_VERSION, {{0}}},
                NULL};
    size_t size;
    if (!r.graph || zimg_filter_graph_get_tmp_size(r.graph, &size)) refuse();
    r.scratch = block(size);

    unsigned char *rgb = photo(argv[2]), *made = block((size_t)width * height * 3);
    unsigned char *in = block((size_t)WIDTH * HEIGHT * 3), *out = block((size_t)stride * height * 3);
    for (size_t p = 0; p < 3; p++) {
        r.from.plane[p].data = in + p * WIDTH * HEIGHT;
        r.from.plane[p].stride = WIDTH;
        r.from.plane[p].mask = ZIMG_BUFFER_MAX;
        r.to.plane[p].data = out + p * stride * height;
        r.to.plane[p].stride = stride;
        r.to.plane[p].mask = ZIMG_BUFFER_MAX;
        for (size_t i = 0; i < (size_t)WIDTH * HEIGHT; i++) in[p * WIDTH * HEIGHT + i] = rgb[3 * i + p];
    }
    measure_kernel(fill, &r);
    for (size_t p = 0; p < 3; p++)
        for (size_t y = 0; y < height; y++)
            for (size_t x = 0; x < width; x++)
                made[(y * width + x) * 3 + p] = out[(p * height + y) * stride + x];
    measure_dump(argv[3], "zimg", argv[1], made, (size_t)width * height * 3);
    return 0;
}
