// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Measures whose bands go apart: each band once, of the rows it asked for, in memory of its own that `end` finds in order and `release` lets go of,
// for any number of threads; a band that fails ends all, and what others hold is let go of.
#include "check.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS = 7, HALO = 3, MANY = 64 };

typedef struct band {
    int32_t y0, y1, in0, in1;
    uint64_t sum;
    void *held;
} band;

static int held, failing = -1;   // atomic; the band that fails

static kal_status no_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    (void)c, (void)params, (void)out, (void)err;
    return KAL_OK;
}

static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    return kal_need_halo(&c->in[i]->extent, out, 0, HALO, 0, HALO, KAL_EDGE_COPY);
}

static size_t size(const kal_call *c)
{
    (void)c;
    return sizeof(band);
}

static int32_t apart(const kal_call *c)
{
    (void)c;
    return ROWS;
}

static kal_status rows(const kal_job *j, void *gathered)
{
    band *b = gathered;
    REQUIRE_NOTE(!b->held && !b->sum, "a band is looked at twice");
    *b = (band){j->out->rect.y0, j->out->rect.y1, j->in[0].rect.y0, j->in[0].rect.y1, 0, malloc(1)};
    __atomic_add_fetch(&held, 1, __ATOMIC_RELAXED);
    for (int32_t y = b->in0; y < b->in1; y++)
        for (int32_t x = 0; x < kal_tile_width(&j->in[0]); x++) b->sum += kal_at(&j->in[0], x, y)[0];
    return j->out->rect.y0 / ROWS == failing
               ? kal_fail(j->err, KAL_IO, "acme.bands: band %d will not", failing)
               : KAL_OK;
}

static kal_status end(const kal_call *c, void *gathered, kal_value *out, kal_error *err)
{
    (void)err;
    const int32_t n = (c->in[0]->extent.height + ROWS - 1) / ROWS;
    if (kal_value_make(out, KAL_VALUE_NUMBERS, n, 5)) return KAL_NOMEM;
    for (int32_t i = 0; i < n; i++) {
        const band *b = (band *)gathered + i;
        const double row[] = {b->y0, b->y1, b->in0, b->in1, (double)b->sum};
        memcpy(out->v + 5 * i, row, sizeof row);
    }
    return KAL_OK;
}

static void release(void *gathered)
{
    band *b = gathered;
    if (!b->held) return;
    free(b->held);
    __atomic_sub_fetch(&held, 1, __ATOMIC_RELAXED);
}

static const kal_measure measure = {
    .kind = KAL_VALUE_NUMBERS, .size = size, .rows = rows, .end = end, .release = release, .apart = apart};
static const kal_op acme_bands = {.name = "acme.bands",
                                  .version = 1,
                                  .help = "sums of bands",
                                  .inputs = "image",
                                  .params_size = sizeof(size_t),
                                  .extent = no_extent,
                                  .need = need,
                                  .measure = &measure};

static void expect(const kal_value *v, const kal_extent *e, const unsigned char *p, int threads)
{
    const int32_t n = (e->height + ROWS - 1) / ROWS;
    if (!REQUIRE_NOTE(v->rows == n && v->columns == 5, "%d rows of %d", v->rows, v->columns)) return;
    for (int32_t i = 0; i < n; i++) {
        const int32_t y0 = i * ROWS, y1 = y0 + ROWS < e->height ? y0 + ROWS : e->height;
        const int32_t in0 = y0 - HALO > 0 ? y0 - HALO : 0,
                      in1 = y1 + HALO < e->height ? y1 + HALO : e->height;
        uint64_t sum = 0;
        for (int32_t y = in0; y < in1; y++)
            for (int32_t x = 0; x < e->width; x++) sum += p[(size_t)y * (size_t)e->width + (size_t)x];
        const double want[] = {y0, y1, in0, in1, (double)sum};
        REQUIRE_NOTE(!memcmp(v->v + 5 * i, want, sizeof want), "band %d of %d, %d threads: %g %g %g %g %g", i,
                     n, threads, v->v[5 * i], v->v[5 * i + 1], v->v[5 * i + 2], v->v[5 * i + 3],
                     v->v[5 * i + 4]);
    }
}

int main(void)
{
    REQUIRE_OK(kal_op_register(&acme_bands, &check_error));
    rng r = {11};
    for (int i = 0; i < MANY; i++) {
        kal_scope *s = kal_scope_new();
        const kal_extent e = extent_of(1 + rng_below(&r, 90), 1 + rng_below(&r, 200), 1, KAL_U8);
        kal_node *image = rng_image(&r, s, &e), *in = i % 2 ? image : kal_invert(s, image, NULL);
        unsigned char *p = malloc(bytes_of(&e));
        REQUIRE_OK(kal_read(in, kal_rect_all(&e), p, e.width, NULL, &check_error));
        kal_node *n = kal_apply_text(s, "acme.bands", "", &in, 1);
        for (uint32_t threads = 1; threads <= 8; threads *= 2) {
            const kal_options o = {.memo_mode = KAL_MEMO_NEVER, .threads = threads};
            kal_value v;
            failing = -1;
            if (REQUIRE_OK(kal_read_value(n, &o, &v, &check_error))) expect(&v, &e, p, (int)threads);
            kal_value_free(&v);
            REQUIRE_NOTE(!held, "%d held", held);
            failing = rng_below(&r, (e.height + ROWS - 1) / ROWS);
            REQUIRE_FAILS(KAL_IO, kal_read_value(n, &o, &v, &check_error));
            REQUIRE_NOTE(strstr(check_error.message, "will not") && !held, "%d held: %s", held,
                         check_error.message);
        }
        free(p);
        kal_scope_free(&s);
    }
    kal_memo_clear(NULL);
    return check_done();
}
