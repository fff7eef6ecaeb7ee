// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A library with an op of its own, and one whose name the example has.
#include <kal/kal.h>

static kal_status same_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)params, (void)err;
    *out = c->in[0]->extent;
    return KAL_OK;
}

static kal_status fails(const kal_job *j)
{
    return kal_fail(j->err, KAL_CALLBACK, "acme.fails: it always does");
}

static const kal_op own = {.name = "acme.fails",
                           .version = 1,
                           .family = "acme",
                           .help = "Fails",
                           .inputs = "image",
                           .params_size = sizeof(size_t),
                           .extent = same_extent,
                           .run = fails},
                    taken = {.name = "acme.fade",
                             .version = 1,
                             .family = "acme",
                             .help = "Another",
                             .inputs = "image",
                             .params_size = sizeof(size_t),
                             .extent = same_extent,
                             .run = fails};
KAL_PLUGIN(&own, &taken)
