// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// An experiment that is no picture: a measure of sharpness over many small parts of a photo, by its parameters. What was measured with the same parameters
// on the same pixels, in this run or an earlier one, is found. experiment IN FOLDER SIGMA [STEPS]
#include <kal/kal.h>

#include <stdio.h>
#include <stdlib.h>

typedef struct experiment {
    kal_node *photo;
    double sigma;
    int steps;
} experiment;

// Everything that the result hangs on, and nothing else. The version is that of `measure` below: raise it with what that does.
static kal_map *parameters_of(const experiment *x)
{
    kal_map *m = kal_map_new();
    kal_map_text(m, "experiment", "sharpness");
    kal_map_int(m, "version", 1);
    kal_map_content(m, "photo", x->photo,
                    NULL);   // its pixels, under whatever name and in whatever format they came
    kal_map_real(m, "sigma", x->sigma);
    kal_map_begin_list(m, "steps");
    for (int i = 0; i < x->steps; i++) kal_map_int(m, NULL, 1 << i);
    kal_map_end(m);
    return m;
}

// The dear part: called when nobody has measured this before.
static kal_status measure(void *user, kal_bytes *out, kal_error *err)
{
    const experiment *x = user;
    float *sharpness = malloc((size_t)x->steps * sizeof *sharpness);
    if (!sharpness) return kal_fail(err, KAL_NOMEM, "out of memory");
    *out =
        (kal_bytes){(unsigned char *)sharpness, (size_t)x->steps * sizeof *sharpness};   // the library's now
    kal_status st = KAL_OK;
    for (int i = 0; i < x->steps && !st; i++) {
        kal_scope *s = kal_scope_new();
        kal_value v;
        kal_node *gray = kal_gray(s, x->photo, NULL);
        kal_node *small = kal_resize(s, gray, kal_resize_params(.width = 512 >> i));
        kal_node *soft = kal_gaussian(s, small, kal_gaussian_params(.sigma = x->sigma));
        kal_node *edges = kal_laplacian(s, soft, NULL);
        st = kal_read_value(kal_std(s, edges, NULL, NULL), NULL, &v, err);
        if (!st) sharpness[i] = (float)v.v[0];
        if (!st) kal_value_free(&v);
        kal_scope_free(&s);
    }
    return st;
}

static kal_status run(const experiment *x, kal_error *err)
{
    kal_map *m = parameters_of(x);
    kal_key key;
    kal_bytes text = {NULL, 0};
    kal_blob result;
    kal_status st = kal_map_key(m, &key, err);
    if (!st) st = kal_map_print(m, &text, err);
    if (!st) st = kal_memo_blob(NULL, key, measure, (void *)x, (const char *)text.data, NULL, &result, err);
    if (!st) {
        const float *sharpness = result.data;
        printf("%s %s:", (const char *)text.data, result.found ? "found" : "measured");
        for (int i = 0; i < x->steps; i++) printf(" %.3f", sharpness[i]);
        printf("\n");
        kal_blob_release(&result);
    }
    kal_bytes_free(&text);
    kal_map_free(&m);
    return st;
}

int main(int argc, char **argv)
{
    if (argc < 4) return fprintf(stderr, "experiment IN FOLDER SIGMA [STEPS]\n"), 2;
    kal_error err;
    experiment x = {kal_load(NULL, argv[1], NULL), atof(argv[3]), argc > 4 ? atoi(argv[4]) : 4};
    if (x.steps < 1 || x.steps > 8) return fprintf(stderr, "1 to 8 steps\n"), 2;
    kal_status st = kal_memo_set_folder(NULL, argv[2], 0, &err);
    if (!st) st = run(&x, &err);
    if (st) kal_error_print(&err);
    kal_node_unref(&x.photo);
    return st != KAL_OK;
}
