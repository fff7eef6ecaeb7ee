// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A part of a picture goes through a "model" (an op of ours that wants its whole input at once) and comes back over a soft
// seam. The rest of the picture streams past. crop_process_uncrop IN OUT X Y WIDTH HEIGHT
#include <kal/kal.h>

#include <stdio.h>
#include <stdlib.h>

typedef struct model_p {
    size_t size;
} model_p;

static kal_status model_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params;
    *out = c->in[0]->extent;
    return out->type == KAL_U8 ? KAL_OK : kal_fail(err, KAL_INVALID, "example.model: u8 only; cast first");
}

// Stands for a network: the darkest sample becomes 0, the brightest 255, which no part of the picture can know alone.
static kal_status model_run(const kal_job *j)
{
    const size_t n = (size_t)kal_tile_width(j->out) * (size_t)j->out->pixel;
    int low = 255, high = 0;
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++)
        for (size_t i = 0; i < n; i++) {
            const int v = kal_row(&j->in[0], y)[i];
            low = v < low ? v : low;
            high = v > high ? v : high;
        }
    const int range = high > low ? high - low : 1;
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++)
        for (size_t i = 0; i < n; i++)
            kal_row(j->out, y)[i] =
                (unsigned char)(((kal_row(&j->in[0], y)[i] - low) * 255 + range / 2) / range);
    return KAL_OK;
}

static const kal_op model = {.name = "example.model",
                             .version = 1,
                             .family = "example",
                             .help = "stretches to full range",
                             .inputs = "image",
                             .params_size = sizeof(model_p),
                             .flags = KAL_OP_WHOLE,
                             .cost = 2,
                             .extent = model_extent,
                             .run = model_run};

int main(int argc, char **argv)
{
    if (argc != 7) return fprintf(stderr, "crop_process_uncrop IN OUT X Y WIDTH HEIGHT\n"), 2;
    const int32_t x = atoi(argv[3]), y = atoi(argv[4]), width = atoi(argv[5]), height = atoi(argv[6]);
    kal_error err;
    kal_scope *s = kal_scope_new();
    kal_status st = kal_op_register(&model, &err);
    kal_node *photo = kal_load(s, argv[1], NULL);
    kal_node *part = kal_crop(s, photo, kal_crop_params(.x = x, .y = y, .width = width, .height = height));
    kal_node *better = kal_apply(s, "example.model", NULL, &part, 1);
    kal_node *back = kal_uncrop(s, better, photo, kal_uncrop_params(.x = x, .y = y, .feather = 16));
    if (!st) st = kal_save(back, argv[2], NULL, NULL, &err);
    if (st) kal_error_print(&err);
    kal_scope_free(&s);
    return st != KAL_OK;
}
