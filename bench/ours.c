// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// ours WORKLOAD IN OUT: kallitype's side of ./dev bench, through the public API. Prints "ms X", what the work took in this process; a kernel
// (k-…) goes from samples in memory to rows of ours on one thread, warm, and prints the median of 9 as "ms X cpu Y".
// ours text WORKLOAD IN OUT prints the text instead, for `kal run`. Exit code 2: there is no such workload.
#define _GNU_SOURCE
#include "measure.h"

#include <kal/kal.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct work {
    const char *name, *text;
} work;

// ---- whole workloads: %1$s is the folder of inputs, %2$s that of outputs -------------------------

static const work texts[] = {
    {"w1", "load \"%1$s/p12.jpg\" | thumbnail 256 | save \"%2$s/ours.jpg\" quality=85"},
    {"w2", "load \"%1$s/p12.jpg\" | resize width=50%% | save \"%2$s/ours.jpg\" quality=85"},
    {"w3", "load \"%1$s/p100.jpg\" | crop 3800x2700+4100+2900 | gaussian 3 | uncrop | save \"%2$s/ours.jpg\" "
           "quality=85"},
    {"w4-6", "load \"%1$s/p100.png\" | resize width=25%% | save \"%2$s/ours.png\" compression=6"},
    {"w4-1", "load \"%1$s/p100.png\" | resize width=25%% | save \"%2$s/ours.png\" compression=1"},
#define FOUR " | linear scale=1.1 offset=-8 | gamma 0.5555555555555556 | invert | linear scale=0.9 offset=10"
    {"w5", "load \"%1$s/p100.ppm\"" FOUR FOUR FOUR FOUR FOUR " | save \"%2$s/ours.ppm\""},
    {"w6", "load \"%1$s/p12.jpg\" | rotate 33 | save \"%2$s/ours.jpg\" quality=85"},
    {"w8", "in | thumbnail 512 gap=1 | save \"%2$s/ours.jpg\" quality=85"},
    {"w9", "load \"%1$s/p12.heic\" | thumbnail 1024 | save \"%2$s/ours.jpg\" quality=85"},
    {"w11", "load \"%1$s/a4.png\" | resize width=1024 | flatten white | save \"%2$s/ours.jpg\" quality=85"},
    {NULL, NULL},
};

// ---- kernels: "in" is 12 MP of RGB in memory; other names are made of it beforehand ---------------

static const work kernels[] = {
    {"k-resize", "in | resize width=50%"},
    {"k-resize25", "in | resize width=25%"},
    {"k-gauss", "in | gaussian 3"},
    {"k-rotate", "in | rotate 33"},
    {"k-gray", "in | gray"},
    {"k-thresh", "gray | threshold"},
    {"k-over", "over | composite base"},
    {"k-invert", "in | invert"},
    {"k-chain20", "in" FOUR FOUR FOUR FOUR FOUR},
#define FOUR_REALS " | linear scale=1.1 offset=-0.03 | levels | invert | linear scale=0.9 offset=0.04"
    {"k-float20", "floats" FOUR_REALS FOUR_REALS FOUR_REALS FOUR_REALS FOUR_REALS},
    {"k-perspective", "in | perspective from=[300 200 3700 100 3900 2900 100 2800]"},
    {"k-remap", "remap in waves"},
    {"k-erode", "gray | erode 15"},
    {"k-ellipse", "gray | erode 15 shape=ellipse"},
    {"k-equalize", "gray | equalize"},
    {"k-clahe", "gray | clahe 2"},
    {"k-components", "mask | components"},
    {"k-boxes", "mask | mask_boxes merge=none"},
    {"k-polygons", "mask | mask_polygons"},
    {"k-distance", "mask | distance"},
    {"k-median5", "in | median_filter 2"},
    {"k-canny", "gray | canny 50 150"},
    {"k-lab", "in | to_lab"},
    {"k-layers50", ""},   // made when it is wanted
    {NULL, NULL},
};

static void die(const kal_error *err)
{
    kal_error_print(err);
    exit(1);
}

static const char *text_of(const work *list, const char *name)
{
    while (list->name && strcmp(list->name, name) != 0) list++;
    return list->text;
}

static void run(const char *text, const kal_options *o)
{
    kal_error err;
    kal_program *p = NULL;
    if (kal_program_parse(text, strlen(text), NULL, 0, &p, &err) || kal_program_run(p, o, &err)) die(&err);
    kal_program_free(&p);
}

// ---- W8: 200 small files, two workers of one thread each, as the peers do it ----------------------

typedef struct batch {
    const char *in, *out;
    atomic_int next;
} batch;

static void *worker(void *arg)
{
    batch *b = arg;
    const kal_options o = {.threads = 1, .memo_mode = KAL_MEMO_NEVER};
    for (int i; (i = atomic_fetch_add(&b->next, 1)) < 200;) {
        char in[1024], out[1024];
        kal_error err;
        snprintf(in, sizeof in, "%s/small/%03d.jpg", b->in, i);
        snprintf(out, sizeof out, "%s/ours-%03d.jpg", b->out, i);
        kal_scope *s = kal_scope_new();
        kal_node *n = kal_thumbnail(s, kal_load(s, in, NULL), kal_thumbnail_params(.width = 512, .gap = 1));
        if (kal_save(n, out, "quality=85", &o, &err)) die(&err);
        kal_scope_free(&s);
    }
    return NULL;
}

static void many(const char *in, const char *out)
{
    batch b = {in, out, 0};
    pthread_t other;
    if (pthread_create(&other, NULL, worker, &b)) exit(1);
    worker(&b);
    pthread_join(other, NULL);
}

// ---- memory to memory ---------------------------------------------------------------------------

static const kal_options alone = {.threads = 1, .memo_mode = KAL_MEMO_NEVER};

typedef struct rows {
    kal_node *node;
    kal_extent e;
    unsigned char *data;
} rows;

static rows rows_of(kal_node *n)
{
    rows r = {.node = n};
    kal_error err;
    if (kal_node_extent(n, &r.e, &err)) die(&err);
    const size_t size = (size_t)r.e.width * (size_t)r.e.height * kal_pixel_size(&r.e);
    r.data = malloc(size);
    if (!r.data) exit(1);
    memset(r.data, 1, size);
    return r;
}

static void fill(void *arg)
{
    const rows *r = arg;
    kal_error err;
    const ptrdiff_t stride = (ptrdiff_t)r->e.width * (ptrdiff_t)kal_pixel_size(&r->e);
    if (kal_read(r->node, kal_rect_all(&r->e), r->data, stride, &alone, &err)) die(&err);
}

// The node's samples as a node of samples in memory.
static kal_node *solid(kal_scope *s, kal_node *n)
{
    rows r = rows_of(n);
    fill(&r);
    kal_node *made = kal_pixels(s, &r.e, r.data, (ptrdiff_t)r.e.width * (ptrdiff_t)kal_pixel_size(&r.e));
    free(r.data);
    return made;
}

// Opaque, or half of it seen through.
static kal_node *with_alpha(kal_scope *s, kal_node *n, unsigned char alpha)
{
    rows r = rows_of(n);
    fill(&r);
    const size_t pixels = (size_t)r.e.width * (size_t)r.e.height;
    unsigned char *p = malloc(pixels * 4);
    if (!p) exit(1);
    for (size_t i = 0; i < pixels; i++) {
        memcpy(p + 4 * i, r.data + 3 * i, 3);
        p[4 * i + 3] = alpha;
    }
    r.e.channels = 4;
    r.e.alpha = true;
    kal_node *made = kal_pixels(s, &r.e, p, (ptrdiff_t)r.e.width * 4);
    free(p);
    free(r.data);
    return made;
}

static void value(void *arg)
{
    kal_error err;
    kal_value v;
    if (kal_read_value(arg, &alone, &v, &err)) die(&err);
    kal_value_free(&v);
}

// 50 pictures of 512×384, half of each seen through, at the places that every driver visits.
static const char *fifty_layers(void)
{
    static char text[8192] = "layers";
    char at[1024] = "";
    measure m = {.seed = 1};
    for (int i = 0; i < 50; i++) {
        int x, y;
        measure_place(&m, 4000 - 512, 3000 - 384, &x, &y);
        sprintf(text + strlen(text), " (crop over %d %d 512 384)", x, y);
        measure_place(&m, 4000 - 512, 3000 - 384, &x, &y);
        sprintf(at + strlen(at), "%s%d %d", i ? " " : "", x, y);
    }
    sprintf(text + strlen(text), " in at=[%s]", at);
    return text;
}

static const char waves[] = "band_join (gray | expr \"x + 20 * sin(y / 90)\" type=f32) "
                            "(gray | expr \"y + 20 * sin(x / 70)\" type=f32)";
static const char blobs[] = "gray | gaussian 3 | threshold";

// The node of a text on what is bound, as samples in memory.
static kal_node *made_of(kal_scope *s, const char *text, const kal_binding *names, int32_t n)
{
    kal_error err;
    kal_program *p = NULL;
    if (kal_program_parse(text, strlen(text), names, n, &p, &err)) die(&err);
    kal_node *made = solid(s, kal_program_root(p));
    kal_program_free(&p);
    return made;
}

static kal_node *picture(kal_scope *s, const char *folder, const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return solid(s, kal_load(s, path, NULL));
}

static void kernel(const char *name, const char *text, const char *in, const char *out)
{
    kal_error err;
    kal_program *p = NULL;
    kal_scope *s = kal_scope_new();
    kal_node *photo = picture(s, in, "p12.ppm");
    kal_binding names[7] = {{"in", photo, NULL},
                            {"gray", solid(s, kal_gray(s, photo, NULL)), NULL},
                            {"floats", solid(s, kal_cast(s, photo, kal_cast_params(.type = KAL_F32))), NULL},
                            {"base", with_alpha(s, photo, 255), NULL},
                            {"over", with_alpha(s, kal_flip(s, photo, NULL), 128), NULL}};
    int32_t n = 5;
    if (strstr(text, "waves")) names[n++] = (kal_binding){"waves", made_of(s, waves, names, 5), NULL};
    if (strstr(text, "mask |")) names[n++] = (kal_binding){"mask", made_of(s, blobs, names, 5), NULL};
    if (!*text) text = fifty_layers();
    if (kal_program_parse(text, strlen(text), names, n, &p, &err)) die(&err);
    kal_node *root = kal_program_root(p);
    if (kal_node_value(root, NULL)) {
        measure_kernel(value, root);
    } else {
        rows r = rows_of(root);
        measure_kernel(fill, &r);
        measure_dump(out, "ours", name, r.data,
                     (size_t)r.e.width * (size_t)r.e.height * kal_pixel_size(&r.e));
        free(r.data);
    }
    kal_program_free(&p);
    kal_scope_free(&s);
}

// 10 000 patches of 64×64 at seeded places of 100 MP in memory, by the batch as training reads them.
static void patches(const char *in)
{
    enum { SIDE = 64, BATCH = 250, ALL = 10000 };
    kal_error err;
    kal_scope *s = kal_scope_new();
    kal_node *photo = picture(s, in, "p100.ppm");
    kal_extent e;
    if (kal_node_extent(photo, &e, &err)) die(&err);
    static unsigned char made[BATCH][SIDE * SIDE * 3];
    static kal_rect rects[BATCH];
    measure m = measure_begin();
    for (int i = 0; i < ALL; i += BATCH) {
        for (int k = 0; k < BATCH; k++) {
            int x, y;
            measure_place(&m, e.width - SIDE, e.height - SIDE, &x, &y);
            rects[k] = kal_rect_of(x, y, x + SIDE, y + SIDE);
        }
        if (kal_read_rects(photo, rects, BATCH, made, (ptrdiff_t)SIDE * 3, sizeof *made,
                           &(kal_options){.memo_mode = KAL_MEMO_NEVER}, &err))
            die(&err);
    }
    measure_end(&m);
    kal_scope_free(&s);
}

// So many squares of 32×32 on 100 MP in memory, at the places that every driver visits: each insert on the one before, or 255 in each layers.
static void inserts(const char *in, int n, bool chain)
{
    enum { SIDE = 32, MOST = 8000, AT_ONCE = 255 };
    static kal_node *nodes[MOST + 1];
    static double at[2 * MOST];
    kal_error err;
    kal_scope *s = kal_scope_new();
    kal_node *photo = picture(s, in, "p100.ppm");
    rows r = rows_of(photo);
    measure m = measure_begin();
    for (int i = 0; i < n; i++) {
        int x, y;
        measure_place(&m, r.e.width - SIDE, r.e.height - SIDE, &x, &y);
        nodes[i] = kal_crop(s, photo, kal_crop_params(.x = x, .y = y, .width = SIDE, .height = SIDE));
        measure_place(&m, r.e.width - SIDE, r.e.height - SIDE, &x, &y);
        at[2 * i] = x, at[2 * i + 1] = y;
    }
    r.node = photo;
    for (int left = n, part; left > 0; left -= part) {   // from the bottom up
        part = chain ? 1 : left < AT_ONCE ? left : AT_ONCE;
        const int first = left - part;
        nodes[left] = r.node;
        if (chain)
            r.node =
                kal_insert(s, nodes[first], r.node,
                           kal_insert_params(.x = (int32_t)at[2 * first], .y = (int32_t)at[2 * first + 1]));
        else
            r.node =
                kal_layers(s, nodes + first, part + 1, kal_layers_params(.at = {at + 2 * first, 2 * part}));
    }
    if (kal_node_error(r.node, &err)) die(&err);
    fill(&r);
    measure_end(&m);
    free(r.data);
    kal_scope_free(&s);
}

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "version")) return printf("kallitype %s\n", kal_version()) < 0;
    const int only_text = argc == 5 && !strcmp(argv[1], "text");
    if (argc != 4 + only_text) return 2;
    const char *name = argv[1 + only_text], *in = argv[2 + only_text], *out = argv[3 + only_text];
    const char *text = text_of(texts, name), *k = text_of(kernels, name);
    if (text) {
        static char full[4096];
        snprintf(full, sizeof full, text, in, out);
        if (only_text) return puts(full) < 0;
        measure m = measure_begin();
        if (!strcmp(name, "w8"))
            many(in, out);
        else
            run(full, &(kal_options){.memo_mode = KAL_MEMO_NEVER});
        measure_end(&m);
    } else if (k && !only_text)
        kernel(name, k, in, out);
    else if (!strcmp(name, "patches") && !only_text)
        patches(in);
    else if (!strncmp(name, "inserts-", 8) && !only_text)
        inserts(in, 1000 * atoi(name + 8), true);
    else if (!strncmp(name, "layers-", 7) && !only_text)
        inserts(in, 1000 * atoi(name + 7), false);
    else
        return 2;
    return 0;
}
