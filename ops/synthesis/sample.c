// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// sample: pictures to try things on, the same bits wherever they are made, so that an example needs no file. RGB of 8 bits.
#include "fmath.h"
#include "scene.h"

enum { BLOCK = 256 };

typedef void row_fn(const kal_sample_p *p, int32_t y, int32_t x0, int32_t x1, uint8_t *dst);

static void scene_row(const kal_sample_p *p, int32_t y, int32_t x0, int32_t x1, uint8_t *dst)
{
    const double height = p->height, wide = p->width / height;
    for (int32_t x = x0; x < x1; x++) {
        double rgb[3];
        kal__scene((uint32_t)p->seed, wide, (x + 0.5) / height, (y + 0.5) / height, rgb);
        for (int k = 0; k < 3; k++) *dst++ = kal__to_u8(rgb[k]);
    }
}

// 0..255 of a full hue circle, the channel a third of it on.
static int32_t hue(int32_t of1536, int32_t channel)
{
    const int32_t h = (of1536 + (3 - channel) * 512 + 512) % 1536;
    return h < 256 ? h : h < 768 ? 255 : h < 1024 ? 1023 - h : 0;
}

// Eight strips: black to white, the same in 16 steps, red, green, blue, hues, hues that fade to white, and to black.
static void ramps_row(const kal_sample_p *p, int32_t y, int32_t x0, int32_t x1, uint8_t *dst)
{
    const int32_t strip = (int32_t)((int64_t)y * 8 / p->height);
    const int32_t down = (int32_t)(((int64_t)y * 8 % p->height) * 255 / p->height);
    for (int32_t x = x0; x < x1; x++) {
        const int32_t v = (int32_t)(((int64_t)x * 2 + 1) * 128 / p->width),
                      around = (int32_t)((int64_t)x * 1536 / p->width);
        for (int32_t k = 0; k < 3; k++) {
            const int32_t h = hue(around, k);
            const int32_t of[8] = {v,
                                   v / 16 * 17,
                                   k == 0 ? v : 0,
                                   k == 1 ? v : 0,
                                   k == 2 ? v : 0,
                                   h,
                                   h + (255 - h) * down / 255,
                                   h * (255 - down) / 255};
            *dst++ = (uint8_t)of[strip];
        }
    }
}

static void zone_row(const kal_sample_p *p, int32_t y, int32_t x0, int32_t x1, uint8_t *dst)
{
    const double longer = p->width > p->height ? p->width : p->height, dy = y + 0.5 - 0.5 * p->height;
    for (; x0 < x1; x0 += BLOCK) {
        const int32_t n = x1 - x0 < BLOCK ? x1 - x0 : BLOCK;
        double v[BLOCK] = {0}, s[BLOCK];
        for (int32_t i = 0; i < n; i++) {
            const double dx = x0 + i + 0.5 - 0.5 * p->width;
            v[i] = (dx * dx + dy * dy) / longer + 0.5;
        }
        kal__sinpi_all(s, v, (size_t)n);
        for (int32_t i = 0; i < n; i++, dst += 3) memset(dst, kal__to_u8(127.5 + 127.5 * s[i]), 3);
    }
}

static row_fn *const rows[] = {scene_row, ramps_row, zone_row, kal__page_row};

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c;
    const kal_sample_p *p = params;
    *out = (kal_extent){p->width, p->height, 3, KAL_U8, KAL_RGB, false};
    if (p->picture != KAL_SCENE || p->width / 1000 < p->height) return KAL_OK;
    return kal_fail(err, KAL_INVALID, "sample: a scene of %d×%d; at most 1000 times as wide as high",
                    p->width, p->height);
}

static kal_status run(const kal_job *j)
{
    const kal_sample_p *p = j->call->params;
    const kal_rect r = j->out->rect;
    for (int32_t y = r.y0; y < r.y1; y++) rows[p->picture](p, y, r.x0, r.x1, kal_row(j->out, y));
    return KAL_OK;
}

#define PARAMS kal_sample_p
static const kal_param params[] = {KAL_SAMPLE_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_sample = {
    .name = "sample",
    .version = 1,
    .family = "synthesis",
    .help = "A picture to try things on, without a file: RGB, the same bits everywhere\n"
            "scene: a landscape, smooth and rough and hard-edged. ramps: grays, colours, hues. zone: rings "
            "up to the "
            "finest\nthere are. text: a page of words. A scene of another size is the same scene, finer.",
    .inputs = "",
    KAL__PARAMS(params, kal_sample_p),
    .cost = 500,
    .extent = extent,
    .run = run,
    .samples = KAL__SAMPLES("scene", "scene width=61 height=47 seed=5", "ramps width=300 height=40",
                            "zone width=301 height=33", "text width=1000 height=80 seed=2",
                            "text width=40 height=300", "scene width=1 height=1"),
};
