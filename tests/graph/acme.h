// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Ops as a user would write them, and what the tests of requests share.
#ifndef ACME_H
#define ACME_H

#include "check.h"

#include <time.h>

static const kal_options fresh = {.memo_mode = KAL_MEMO_NEVER};

typedef struct acme_p {
    size_t size;
    int32_t radius;
    double gain;
} acme_p;

static const kal_param acme_params[] = {
    {"radius", KAL_PARAM_INT, offsetof(acme_p, radius), 1, NULL, 0, 50, "px", "rows above and below"},
    {"gain", KAL_PARAM_FLOAT, offsetof(acme_p, gain), 1, NULL, 0, 10, "", "factor"},
};

static inline kal_status acme_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params;
    *out = c->in[0]->extent;
    return out->type == KAL_U8 ? KAL_OK : kal_fail(err, KAL_INVALID, "acme: u8 only");
}

static inline kal_rect acme_need(const kal_call *c, int32_t i, kal_rect out)
{
    (void)i;
    const acme_p *p = c->params;
    return kal_need_halo(&c->in[0]->extent, out, 0, p->radius, 0, p->radius, KAL_EDGE_COPY);
}

// the largest of the rows around, times gain
static inline kal_status acme_run(const kal_job *j)
{
    const acme_p *p = j->call->params;
    const int32_t h = j->call->extent.height;
    const size_t n = (size_t)kal_tile_width(j->out) * (size_t)j->out->pixel;
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++) {
        unsigned char *dst = kal_row(j->out, y);
        memset(dst, 0, n);
        for (int32_t k = -p->radius; k <= p->radius; k++) {
            const unsigned char *src = kal_row(&j->in[0], kal_edge_index(y + k, h, KAL_EDGE_COPY));
            for (size_t i = 0; i < n; i++) dst[i] = src[i] > dst[i] ? src[i] : dst[i];
        }
        for (size_t i = 0; i < n; i++)
            dst[i] = (unsigned char)(dst[i] * p->gain > 255 ? 255 : dst[i] * p->gain);
    }
    return KAL_OK;
}

static inline kal_status flip_all(const kal_job *j)
{
    const int32_t h = j->call->extent.height;
    for (int32_t y = 0; y < h; y++)
        memcpy(kal_row(j->out, y), kal_row(&j->in[0], h - 1 - y),
               (size_t)kal_tile_width(j->out) * (size_t)j->out->pixel);
    return KAL_OK;
}

static inline kal_status always_fails(const kal_job *j)
{
    return j->out->rect.y1 > 100
               ? kal_fail(j->err, KAL_CALLBACK, "acme.fails: no model for row %d", j->out->rect.y1)
               : KAL_OK;
}

static inline kal_status slow(const kal_job *j)
{
    nanosleep(&(struct timespec){0, 5000000}, NULL);
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++)
        memcpy(kal_row(j->out, y), kal_row(&j->in[0], y),
               (size_t)kal_tile_width(j->out) * (size_t)j->out->pixel);
    return KAL_OK;
}

static const char *const acme_samples[] = {"radius=2", "radius=3 gain=1.5", NULL};
static const kal_op acme_max = {.name = "acme.max",
                                .version = 1,
                                .family = "acme",
                                .help = "tile-wise, with a halo",
                                .inputs = "image",
                                .params = acme_params,
                                .n_params = 2,
                                .params_size = sizeof(acme_p),
                                .cost = 2,
                                .extent = acme_extent,
                                .need = acme_need,
                                .run = acme_run,
                                .samples = acme_samples};
static const kal_op acme_flip = {.name = "acme.flip",
                                 .version = 1,
                                 .family = "acme",
                                 .help = "whole image",
                                 .inputs = "image",
                                 .params_size = sizeof(acme_p),
                                 .flags = KAL_OP_WHOLE,
                                 .cost = 2,
                                 .extent = acme_extent,
                                 .run = flip_all,
                                 .samples = acme_samples + 2};
static const kal_op acme_fails = {.name = "acme.fails",
                                  .version = 1,
                                  .family = "acme",
                                  .help = "fails",
                                  .inputs = "image",
                                  .params_size = sizeof(acme_p),
                                  .extent = acme_extent,
                                  .run = always_fails,
                                  .samples = acme_samples + 2};
static const kal_op acme_slow = {.name = "acme.slow",
                                 .version = 1,
                                 .family = "acme",
                                 .help = "5 ms a band",
                                 .inputs = "image",
                                 .params_size = sizeof(acme_p),
                                 .cost = 1000,
                                 .extent = acme_extent,
                                 .run = slow,
                                 .samples = acme_samples + 2};

static inline double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

// What progress said.
typedef struct told {
    uint64_t last, total;
    int calls, ends;
    kal_phase phase;
    bool fell;
} told;

static inline void tell(void *user, kal_phase phase, uint64_t done, uint64_t total)
{
    told *t = user;
    t->calls++;
    t->fell |= done < t->last;
    t->ends += phase != KAL_RUNNING;
    t->last = done, t->total = total, t->phase = phase;
}

#endif
