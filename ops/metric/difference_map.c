// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// difference_map: where two pictures differ, as a metric sees it at its first scale, before anything is summed: of ssimulacra2 the sum over X, Y and B of the maps
// ssim, artifact and lost, of dssim 1 - similarity. Of a reference with alpha ssimulacra2 has two maps; the greater counts, pixel by pixel.
#include "dssim.h"
#include "ssimulacra2.h"

#define PARAMS kal_difference_map_p
static const kal_param params[] = {KAL_DIFFERENCE_MAP_PARAMS(KAL_SCHEMA)};
#undef PARAMS

static bool is_dssim(const kal_call *c)
{
    return ((const kal_difference_map_p *)c->params)->metric == KAL_DIFFERENCE_DSSIM;
}

static kal__pyramid pyramid_of(const kal_call *c)
{
    kal__pyramid of = is_dssim(c) ? kal__dssim_pyramid : kal__ssim2_pyramid;
    of.scales = 1;
    return of;
}

static kal_status extent(const kal_call *c, void *p, kal_extent *out, kal_error *err)
{
    const kal_extent *e = &c->in[0]->extent;
    *out = (kal_extent){e->width, e->height, 1, KAL_F32, KAL_DATA, false};
    return kal__metric_extent(c, p, out, err);
}

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    const int32_t reach = pyramid_of(c).reach;
    return kal_need_halo(&c->in[i]->extent, out, reach, reach, reach, reach, KAL_EDGE_COPY);
}

// Of the columns of the inputs that a job looks at; and a row of sums.
static size_t scratch(const kal_call *c, int32_t width, int32_t height)
{
    const kal__pyramid of = pyramid_of(c);
    kal_extent e = c->in[0]->extent;
    (void)height;
    if (width < e.width - 2 * of.reach) e.width = width + 2 * of.reach;
    return kal__lanes_pitch(e.width) * sizeof(float) +
           (is_dssim(c) ? kal__dssim_scratch(&of, &e) : kal__ssim2_scratch(&of, &e));
}

// ---- rows ---------------------------------------------------------------------------------------

typedef struct map {
    const kal_job *job;
    float *sum;   // of a row, behind the walk's scratch
    bool again;   // there is a map over another background
} map;

// The output's first column in rows of the inputs' columns.
static int32_t left_of(const map *m)
{
    return m->job->out->rect.x0 - m->job->in[0].rect.x0;
}

static void errors(void *to, int scale, int channel, int32_t y, const float *maps, size_t pitch, size_t n)
{
    const map *m = to;
    float *dst = (float *)(void *)kal_row(m->job->out, y);
    const float *src = maps + left_of(m);
    (void)scale, (void)n;
    for (int32_t x = 0; x < kal_tile_width(m->job->out); x++) {
        const float of = (src[x] + src[pitch + (size_t)x]) + src[2 * pitch + (size_t)x];
        m->sum[x] = channel ? m->sum[x] + of : of;
    }
    for (int32_t x = 0; x < kal_tile_width(m->job->out) && channel == 2; x++)
        dst[x] = m->again && dst[x] > m->sum[x] ? dst[x] : m->sum[x];
}

static void dissimilarity(void *to, int scale, int32_t y, const float *similarity, size_t n)
{
    const map *m = to;
    float *dst = (float *)(void *)kal_row(m->job->out, y);
    const float *src = similarity + left_of(m);
    (void)scale, (void)n;
    for (int32_t x = 0; x < kal_tile_width(m->job->out); x++) dst[x] = 1 - src[x];
}

static kal_status run(const kal_job *j)
{
    const kal__pyramid of = pyramid_of(j->call);
    kal_extent e = j->call->in[0]->extent;
    float under[2];
    map m = {.job = j};
    e.width = kal_tile_width(&j->in[0]);
    if (is_dssim(j->call)) return kal__dssim_walk(j, &of, dissimilarity, &m);
    m.sum = (float *)j->scratch + kal__ssim2_scratch(&of, &e) / sizeof(float);
    kal_status st = KAL_OK;
    for (int i = 0; i < kal__metric_backgrounds(j->call, under) && !st; i++) {
        m.again = i;
        st = kal__ssim2_walk(j, &of, under[i], errors, &m);
    }
    return st;
}

const kal_op kal__op_difference_map = {
    .name = "difference_map",
    .version = 1,
    .family = "metrics",
    .help =
        "Where two pictures differ: a metric's map at its first scale, f32, 0 where nothing does\n"
        "With `ssimulacra2` what structure, new edges and lost edges come to, summed over its three "
        "channels; "
        "with\n"
        "`dssim` 1 - similarity, of 1 where the two have nothing in common. About 1 is much in both; what it "
        "does to\n"
        "the score is more than this scale. Gray or RGB, sides of at least 8, as for the metrics. In "
        "colours: "
        "cast\n"
        "type=u8, which takes 1 to 255, then apply_palette.",
    .inputs = "reference distorted",
    KAL__PARAMS(params, kal_difference_map_p),
    .cost = 8,
    .extent = extent,
    .need = need,
    .tables = kal__metric_tables,
    .prepare = kal__metric_prepare,
    .release = kal__metric_release,
    .scratch = scratch,
    .run = run,
    .samples = KAL__SAMPLES("", "metric=dssim"),
};
