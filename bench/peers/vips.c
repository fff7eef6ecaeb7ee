// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// vips WORKLOAD IN OUT: the workloads in libvips, each in the way its own documentation advises. Prints what ours.c prints. Threads: VIPS_CONCURRENCY.
#define _GNU_SOURCE
#include "../measure.h"

#include <string.h>
#include <vips/vips.h>

static const char *in, *out;

static void check(int code)
{
    if (code) vips_error_exit(NULL);
}

static const char *path(const char *folder, const char *name)
{
    static char paths[2][1024];
    static int next;
    char *p = paths[next++ & 1];
    snprintf(p, sizeof paths[0], "%s/%s", folder, name);
    return p;
}

static VipsImage *load(const char *name, VipsAccess access)
{
    VipsImage *image = vips_image_new_from_file(path(in, name), "access", access, NULL);
    check(!image);
    return image;
}

static VipsImage *sequential(const char *name)
{
    return load(name, VIPS_ACCESS_SEQUENTIAL);
}

static void jpeg(VipsImage *image)
{
    check(vips_jpegsave(image, path(out, "vips.jpg"), "Q", 85, NULL));
    g_object_unref(image);
}

// What `call` makes of the image; the reference to it is given up.
#define THEN(image, call)         \
    do {                          \
        VipsImage *x = image, *y; \
        check(call);              \
        g_object_unref(x);        \
        image = y;                \
    } while (0)

// Twenty steps in 8 bits. vips_gamma takes the reciprocal of the exponent.
static VipsImage *chain20(VipsImage *image)
{
    for (int i = 0; i < 5; i++) {
        THEN(image, vips_linear1(x, &y, 1.1, -8, "uchar", TRUE, NULL));
        THEN(image, vips_gamma(x, &y, "exponent", 1.8, NULL));
        THEN(image, vips_invert(x, &y, NULL));
        THEN(image, vips_linear1(x, &y, 0.9, 10, "uchar", TRUE, NULL));
    }
    return image;
}

// ---- whole workloads ------------------------------------------------------------------------------

static void w1(void)
{
    VipsImage *image;
    check(vips_thumbnail(path(in, "p12.jpg"), &image, 256, NULL));
    jpeg(image);
}

static void w2(void)
{
    VipsImage *image = sequential("p12.jpg");
    THEN(image, vips_resize(x, &y, 0.5, NULL));
    jpeg(image);
}

// The file goes to memory first: sequential access ends in "out of order read".
static void w3(void)
{
    VipsImage *photo, *image;
    check(vips_jpegload(path(in, "p100.jpg"), &photo, "memory", TRUE, NULL));
    check(vips_extract_area(photo, &image, 4100, 2900, 3800, 2700, NULL));
    THEN(image, vips_gaussblur(x, &y, 3, "min_ampl", 0.012, NULL));
    THEN(image, vips_insert(photo, x, &y, 4100, 2900, NULL));
    jpeg(image);
    g_object_unref(photo);
}

// With libpng's own choice of filters, as everybody else here writes; vips' default, none, is faster and 60 % larger.
static void w4(int compression)
{
    VipsImage *image = sequential("p100.png");
    THEN(image, vips_resize(x, &y, 0.25, NULL));
    check(vips_pngsave(image, path(out, "vips.png"), "compression", compression, "filter",
                       VIPS_FOREIGN_PNG_FILTER_ALL, NULL));
    g_object_unref(image);
}

static void w4_6(void)
{
    w4(6);
}

static void w4_1(void)
{
    w4(1);
}

static void w5(void)
{
    VipsImage *image = chain20(sequential("p100.ppm"));
    check(vips_ppmsave(image, path(out, "vips.ppm"), NULL));
    g_object_unref(image);
}

// Clockwise is positive there, counter-clockwise here.
static VipsImage *rotate(VipsImage *image)
{
    VipsInterpolate *bilinear = vips_interpolate_new("bilinear");
    THEN(image, vips_similarity(x, &y, "angle", -33.0, "interpolate", bilinear, NULL));
    g_object_unref(bilinear);
    return image;
}

static void w6(void)
{
    jpeg(rotate(load("p12.jpg", VIPS_ACCESS_RANDOM)));
}

static void small(gpointer number, gpointer unused)
{
    (void)unused;
    char from[1024], to[1024];
    VipsImage *image;
    snprintf(from, sizeof from, "%s/small/%03d.jpg", in, GPOINTER_TO_INT(number) - 1);
    snprintf(to, sizeof to, "%s/vips-%03d.jpg", out, GPOINTER_TO_INT(number) - 1);
    check(vips_thumbnail(from, &image, 512, NULL) || vips_jpegsave(image, to, "Q", 85, NULL));
    g_object_unref(image);
    vips_thread_shutdown();
}

static void w8(void)
{
    GThreadPool *pool = g_thread_pool_new(small, NULL, vips_concurrency_get(), FALSE, NULL);
    vips_concurrency_set(1);
    for (int i = 1; i <= 200; i++) g_thread_pool_push(pool, GINT_TO_POINTER(i), NULL);
    g_thread_pool_free(pool, FALSE, TRUE);
}

static void w9(void)
{
    VipsImage *image;
    check(vips_thumbnail(path(in, "p12.heic"), &image, 1024, NULL));
    jpeg(image);
}

static void w11(void)
{
    VipsImage *image = sequential("a4.png");
    THEN(image, vips_thumbnail_image(x, &y, 1024, NULL));
    VipsArrayDouble *white = vips_array_double_newv(1, 255.0);
    THEN(image, vips_flatten(x, &y, "background", white, NULL));
    vips_area_unref(VIPS_AREA(white));
    jpeg(image);
}

// ---- memory to memory -----------------------------------------------------------------------------

static VipsImage *photo, *gray, *base, *over;

static VipsImage *solid(VipsImage *image)
{
    THEN(image, !(y = vips_image_copy_memory(x)));
    return image;
}

static VipsImage *k_resize(void)
{
    VipsImage *y;
    check(vips_resize(photo, &y, 0.5, NULL));
    return y;
}

static VipsImage *k_resize25(void)
{
    VipsImage *y;
    check(vips_resize(photo, &y, 0.25, "gap", 0.0, NULL));
    return y;
}

static VipsImage *k_gauss(void)
{
    VipsImage *y;
    check(vips_gaussblur(photo, &y, 3, "min_ampl", 0.012, NULL));
    return y;
}

static VipsImage *k_rotate(void)
{
    return rotate(g_object_ref(photo));
}

static VipsImage *k_gray(void)
{
    VipsImage *y;
    check(vips_colourspace(photo, &y, VIPS_INTERPRETATION_B_W, NULL));
    return y;
}

static VipsImage *k_thresh(void)
{
    VipsImage *y;
    check(vips_moreeq_const1(gray, &y, 128, NULL));
    return y;
}

static VipsImage *k_over(void)
{
    VipsImage *y;
    check(vips_composite2(base, over, &y, VIPS_BLEND_MODE_OVER, NULL));
    return y;
}

static VipsImage *k_invert(void)
{
    VipsImage *y;
    check(vips_invert(photo, &y, NULL));
    return y;
}

static VipsImage *k_equalize(void)
{
    VipsImage *y;
    check(vips_hist_equal(gray, &y, NULL));
    return y;
}

// Its morphology takes kernels of 0, 128 and 255 and masks; the least of a rank is the same, and faster.
static VipsImage *k_erode(void)
{
    VipsImage *y;
    check(vips_rank(gray, &y, 15, 15, 0, NULL));
    return y;
}

static VipsImage *k_median5(void)
{
    VipsImage *y;
    check(vips_median(photo, &y, 5, NULL));
    return y;
}

// Of the same blobs; it numbers what is not set too.
static VipsImage *k_components(void)
{
    static VipsImage *mask;
    if (!mask) {
        VipsImage *soft;
        check(vips_gaussblur(gray, &soft, 3, "min_ampl", 0.012, NULL));
        check(vips_moreeq_const1(soft, &mask, 128, NULL));
        g_object_unref(soft);
        mask = solid(mask);
    }
    VipsImage *y;
    check(vips_labelregions(mask, &y, NULL));
    return y;
}

static VipsImage *k_chain20(void)
{
    return chain20(g_object_ref(photo));
}

typedef struct made {
    VipsImage *(*make)(void);
    void *data;
    size_t size;
} made;

static void fill(void *arg)
{
    made *m = arg;
    g_free(m->data);
    VipsImage *image = m->make();
    m->data = vips_image_write_to_memory(image, &m->size);
    check(!m->data);
    g_object_unref(image);
}

static VipsImage *with_alpha(VipsImage *image, double alpha)
{
    VipsImage *y;
    check(vips_bandjoin_const1(image, &y, alpha, NULL));
    return solid(y);
}

static void kernel(const char *name, VipsImage *(*make)(void))
{
    vips_cache_set_max(0);
    photo = solid(load("p12.ppm", VIPS_ACCESS_RANDOM));
    check(vips_colourspace(photo, &gray, VIPS_INTERPRETATION_B_W, NULL));
    gray = solid(gray);
    base = with_alpha(photo, 255);
    VipsImage *mirrored;
    check(vips_flip(photo, &mirrored, VIPS_DIRECTION_HORIZONTAL, NULL));
    over = with_alpha(mirrored, 128);
    made m = {.make = make};
    measure_kernel(fill, &m);
    measure_dump(out, "vips", name, m.data, m.size);
}

static void patches(void)
{
    VipsImage *image = solid(load("p100.ppm", VIPS_ACCESS_RANDOM));
    VipsRegion *region = vips_region_new(image);
    static unsigned char patch[64 * 64 * 3];
    measure m = measure_begin();
    for (int i = 0; i < 10000; i++) {
        int x, y;
        size_t size;
        measure_place(&m, image->Xsize - 64, image->Ysize - 64, &x, &y);
        void *data = vips_region_fetch(region, x, y, 64, 64, &size);
        check(!data || size != sizeof patch);
        memcpy(patch, data, size);
        g_free(data);
    }
    measure_end(&m);
}

static const struct {
    const char *name;
    void (*run)(void);
} works[] = {{"w1", w1}, {"w2", w2}, {"w3", w3}, {"w4-6", w4_6}, {"w4-1", w4_1},
             {"w5", w5}, {"w6", w6}, {"w8", w8}, {"w9", w9},     {"w11", w11}};

static const struct {
    const char *name;
    VipsImage *(*make)(void);
} kernels[] = {{"k-resize", k_resize},
               {"k-resize25", k_resize25},
               {"k-gauss", k_gauss},
               {"k-rotate", k_rotate},
               {"k-gray", k_gray},
               {"k-thresh", k_thresh},
               {"k-over", k_over},
               {"k-invert", k_invert},
               {"k-chain20", k_chain20},
               {"k-equalize", k_equalize},
               {"k-erode", k_erode},
               {"k-median5", k_median5},
               {"k-components", k_components}};

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "version"))
        return vips_init(argv[0]) || printf("libvips %s\n", vips_version_string()) < 0;
    if (argc != 4 || vips_init(argv[0])) return 2;
    in = argv[2];
    out = argv[3];
    for (size_t i = 0; i < sizeof works / sizeof *works; i++)
        if (!strcmp(argv[1], works[i].name)) {
            const measure m = measure_begin();
            works[i].run();
            measure_end(&m);
            return 0;
        }
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++)
        if (!strcmp(argv[1], kernels[i].name)) return kernel(argv[1], kernels[i].make), 0;
    if (!strcmp(argv[1], "patches")) return patches(), 0;
    return 2;
}
