// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See trace.h.
#include "trace.h"

#include "run.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *what, *name;   // name NULL: that of the op or codec
} kinds[] = {
    [KAL__ENCODE_STAGE] = {"encode", NULL},   [KAL__DIGEST_STAGE] = {"digest", "content key"},
    [KAL__MEASURE_STAGE] = {"measure", NULL}, [KAL__COPY_STAGE] = {"copy", "copy out"},
    [KAL__DECODE_STAGE] = {"decode", NULL},   [KAL__COMPUTE_STAGE] = {"compute", NULL},
    [KAL__CONST_STAGE] = {"const", NULL},
};

// "gaussian+invert"; of a long run the first three and how many more.
static const char *stage_name(const kal__stage *s, char *out, size_t size)
{
    if (kinds[s->kind].name) return kinds[s->kind].name;
    if (s->kind == KAL__ENCODE_STAGE) return s->node->u.codec->name;
    if (s->n_steps < 2) return s->node->call.op->name;
    const int32_t most = s->n_steps > 4 ? 3 : s->n_steps;
    size_t n = 0;
    for (int32_t k = 0; k < most && n < size; k++)
        n += (size_t)snprintf(out + n, size - n, "%s%s", k ? "+" : "", s->steps[k].node->call.op->name);
    if (most < s->n_steps && n < size) snprintf(out + n, size - n, "+%d more", s->n_steps - most);
    return out;
}

void kal__trace_band(const kal_options *o, const kal__stage *s, int32_t band, int32_t thread, double start,
                     double end)
{
    if (!o || !o->trace) return;
    char name[256];
    const kal_rect r = kal__band_rect(s, band);
    const kal_trace t = {.node = s->node,
                         .what = kinds[s->kind].what,
                         .name = stage_name(s, name, sizeof name),
                         .thread = thread,
                         .band = band,
                         .y0 = r.y0,
                         .y1 = r.y1,
                         .begin_ns = (uint64_t)(start * 1e9),
                         .end_ns = (uint64_t)(end * 1e9)};
    o->trace(o->user, &t);
}

void kal__trace_part(const kal_options *o, const char *what, double start)
{
    if (!o || !o->trace) return;
    const kal_trace t = {.what = what,
                         .name = what,
                         .band = -1,
                         .begin_ns = (uint64_t)(start * 1e9),
                         .end_ns = (uint64_t)(kal__now() * 1e9)};
    o->trace(o->user, &t);
}
