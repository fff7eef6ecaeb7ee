// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// flip: the two plain mirrors by the name most people look for. It folds into turn and never runs.
#include "op.h"

extern const kal_op kal__op_turn;

static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    enum { HORIZONTAL };
    kal_turn_p *turn = room;
    *turn = kal_turn_defaults();
    turn->how = ((const kal_flip_p *)c->params)->direction == HORIZONTAL ? KAL_TURN_MIRROR : KAL_TURN_FLIP;
    *to = (kal_folded){.op = &kal__op_turn, .params = turn, .n = 1, .in = {c->in[0]}};
    return true;
}

static kal_status run(const kal_job *j)
{
    return kal_fail(j->err, KAL_INTERNAL, "flip was not folded");
}

#define PARAMS kal_flip_p
static const kal_param params[] = {KAL_FLIP_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_flip = {
    .name = "flip",
    .version = 1,
    .family = "geometry",
    .help = "Mirrored left-right (horizontal) or top-bottom (vertical)\n"
            "The same node as turn how=mirror or how=flip.",
    .inputs = "image",
    KAL__PARAMS(params, kal_flip_p),
    .cost = 0.3f,
    .extent = kal__same_extent,
    .fold = fold,
    .run = run,
    .samples = KAL__SAMPLES("", "direction=horizontal", "direction=vertical"),
};
