// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Users' ops on tiles of one size, in batches: the same pixels as without tiles, whatever is asked for and however it is cut; each tile is
// made once; an op that enlarges; what sees further than its halo is split and merged instead.
#include "check.h"

#include <stdatomic.h>

// ---- acme.grow: the brightest around, on tiles ---------------------------------------------------

#define GROW_PARAMS(P)                                               \
    P(INT, radius, 2, 0, 20, "px", "how far a bright pixel spreads") \
    P(INT, tile, 16, 1, 4096, "px", "side of a tile")                \
    P(INT, batch, 1, 1, 64, "", "tiles at once")                     \
    P(INT, scale, 1, 1, 4, "", "so many times larger")               \
    P(CHOICE, edge, KAL_EDGE_COPY, 0, 0, KAL_EDGES, "outside the image")
typedef struct grow_p {
    size_t size;
    GROW_PARAMS(KAL_FIELD)
} grow_p;
#define PARAMS grow_p
static const kal_param grow_params[] = {GROW_PARAMS(KAL_SCHEMA)};
#undef PARAMS

static atomic_int tiles_made, batches, fullest;

static kal_status grow_tiles(const kal_job *j, const void *in, void *out, int32_t n);

static kal_tiles tiles_of(const kal_call *c)
{
    const grow_p *p = c->params;
    return (kal_tiles){.width = p->tile,
                       .height = p->tile / 2 + 1,
                       .halo = p->radius,
                       .scale = p->scale,
                       .batch = p->batch,
                       .edge = (kal_edge)p->edge,
                       .run = grow_tiles};
}

static kal_status grow_tiles(const kal_job *j, const void *in, void *out, int32_t n)
{
    const kal_tiles t = tiles_of(j->call);
    const int32_t channels = j->call->extent.channels, w = t.width + 2 * t.halo, h = t.height + 2 * t.halo;
    const unsigned char *src = in;
    unsigned char *dst = out;
    if (n < 1 || n > t.batch) return kal_fail(j->err, KAL_CALLBACK, "a batch of %d", n);
    tiles_made += n;
    batches++;
    if (n > fullest) fullest = n;
    for (int32_t i = 0; i < n; i++, src += (size_t)(w * h * channels))
        for (int32_t y = 0; y < t.height * t.scale; y++)
            for (int32_t x = 0; x < t.width * t.scale; x++)
                for (int32_t k = 0; k < channels; k++) {
                    unsigned char most = 0;
                    for (int32_t b = 0; b <= 2 * t.halo; b++)
                        for (int32_t a = 0; a <= 2 * t.halo; a++) {
                            const unsigned char v =
                                src[((y / t.scale + b) * w + x / t.scale + a) * channels + k];
                            most = v > most ? v : most;
                        }
                    *dst++ = most;
                }
    return KAL_OK;
}

static kal_status grow_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    const grow_p *p = params;
    *out = c->in[0]->extent;
    out->width *= p->scale, out->height *= p->scale;
    return out->type == KAL_U8 ? KAL_OK : kal_fail(err, KAL_INVALID, "acme.grow: u8 only");
}

static kal_rect grow_need(const kal_call *c, int32_t i, kal_rect out)
{
    (void)i;
    const kal_tiles t = tiles_of(c);
    return kal_tiles_need(&t, &c->in[0]->extent, out);
}

static size_t grow_scratch(const kal_call *c, int32_t width, int32_t height)
{
    (void)width, (void)height;
    const kal_tiles t = tiles_of(c);
    return kal_tiles_scratch(&t, c);
}

static int32_t grow_rows(const kal_call *c)
{
    const kal_tiles t = tiles_of(c);
    return kal_tiles_rows(&t, c);
}

static kal_status grow_run(const kal_job *j)
{
    const kal_tiles t = tiles_of(j->call);
    return kal_tiles_run(&t, j);
}

static const kal_op grow = {.name = "acme.grow",
                            .version = 1,
                            .help = "the brightest around, on tiles",
                            .inputs = "image",
                            .params = grow_params,
                            .n_params = sizeof grow_params / sizeof *grow_params,
                            .params_size = sizeof(grow_p),
                            .cost = 5,
                            .extent = grow_extent,
                            .need = grow_need,
                            .rows = grow_rows,
                            .scratch = grow_scratch,
                            .run = grow_run};

// ---- tests --------------------------------------------------------------------------------------

static void forget(void)
{
    tiles_made = batches = fullest = 0;
}

// The same by loops on the whole image.
static unsigned char *expected(const unsigned char *p, const kal_extent *e, int32_t radius, int32_t scale,
                               kal_edge edge)
{
    unsigned char *want = malloc(bytes_of(e) * (size_t)(scale * scale)), *to = want;
    for (int32_t y = 0; y < e->height * scale; y++)
        for (int32_t x = 0; x < e->width * scale; x++)
            for (int32_t k = 0; k < e->channels; k++) {
                unsigned char most = 0;
                for (int32_t b = -radius; b <= radius; b++)
                    for (int32_t a = -radius; a <= radius; a++) {
                        const int32_t u = kal_edge_index(x / scale + a, e->width, edge),
                                      v = kal_edge_index(y / scale + b, e->height, edge);
                        const unsigned char at = u < 0 || v < 0 ? 0 : p[(v * e->width + u) * e->channels + k];
                        most = at > most ? at : most;
                    }
                *to++ = most;
            }
    return want;
}

static void same_pixels(rng *r)
{
    for (int round = 0; round < 80; round++) {
        kal_scope *s = kal_scope_new();
        const kal_extent e = extent_of(1 + rng_below(r, 70), 1 + rng_below(r, 70), 1 + round % 4, KAL_U8);
        const int32_t radius = rng_below(r, 6), scale = 1 + rng_below(r, 3);
        const kal_edge edge = (kal_edge)rng_below(r, 5);
        char params[160];
        snprintf(params, sizeof params, "%d tile=%d batch=%d scale=%d edge=%s", radius, 1 + rng_below(r, 40),
                 1 + rng_below(r, 7), scale,
                 (const char *[]){"copy", "mirror", "reflect", "wrap", "fill"}[edge]);
        kal_node *image = rng_image(r, s, &e), *n = kal_apply_text(s, "acme.grow", params, &image, 1);
        unsigned char *pixels = read_all(image, NULL, NULL),
                      *want = expected(pixels, &e, radius, scale, edge);
        const size_t bytes = bytes_of(&e) * (size_t)(scale * scale),
                     stride = bytes / (size_t)(e.height * scale);
        for (int32_t threads = 1; threads <= 8; threads += 7) {
            const kal_options o = {.threads = threads, .band = rng_below(r, 9), .memo_mode = KAL_MEMO_NEVER};
            unsigned char *got = read_all(n, &o, NULL);
            REQUIRE_NOTE(got && !memcmp(got, want, bytes), "round %d, %s, %d threads, %d×%d: %s", round,
                         params, threads, e.width, e.height, got ? "" : check_error.message);
            free(got);
            kal_rect q = {rng_below(r, e.width * scale), rng_below(r, e.height * scale), 0, 0};
            q.x1 = q.x0 + 1 + rng_below(r, e.width * scale - q.x0);
            q.y1 = q.y0 + 1 + rng_below(r, e.height * scale - q.y0);
            got = malloc(bytes);
            bool same = REQUIRE_OK(kal_read(n, q, got, (ptrdiff_t)stride, &o, &check_error));
            for (int32_t y = q.y0; same && y < q.y1; y++)
                same = !memcmp(got + (size_t)(y - q.y0) * stride,
                               want + (size_t)y * stride + (size_t)(q.x0 * e.channels),
                               (size_t)((q.x1 - q.x0) * e.channels));
            REQUIRE_NOTE(same, "round %d, %s, %d,%d..%d,%d", round, params, q.x0, q.y0, q.x1, q.y1);
            free(got);
        }
        // what the memo holds is of whole bands of the grid: a part, all, a part again
        for (int k = 0; k < 3; k++) {
            const kal_options o = {.memo_mode = KAL_MEMO_ALWAYS};
            const int32_t h = k == 1 ? e.height * scale : 1 + rng_below(r, e.height * scale);
            unsigned char *got = malloc(bytes);
            const kal_rect q = {0, e.height * scale - h, e.width * scale, e.height * scale};
            if (REQUIRE_OK(kal_read(n, q, got, (ptrdiff_t)stride, &o, &check_error)))
                REQUIRE_NOTE(!memcmp(got, want + (size_t)q.y0 * stride, (size_t)h * stride),
                             "round %d, %s, from row %d, with the memo", round, params, q.y0);
            free(got);
        }
        kal_memo_clear(NULL);
        free(pixels), free(want);
        kal_scope_free(&s);
    }
}

// Bands lie on the grid, also behind a crop and before ops by pixels: 4 × 6 tiles of 16 × 9.
static void once_each(rng *r)
{
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(64, 54, 3, KAL_U8);
    kal_node *image = rng_image(r, s, &e);
    static const struct {
        const char *text;
        int32_t tiles, batches, fullest;
    } rows[] = {
        {"in | acme.grow", 24, 24, 1},
        {"in | acme.grow batch=4", 24, 6, 4},
        {"in | acme.grow batch=3", 24, 12, 3},
        {"in | acme.grow batch=8 | invert", 24, 3, 8},
        {"in | acme.grow batch=64", 24, 1, 24},
        {"in | acme.grow | crop 20 12 20 20", 6, 6, 1},   // 2 columns of 3 rows
        {"in | acme.grow batch=4 | crop 20 12 20 20 | gaussian 1 | invert", 6, 3, 2},
        {"in | acme.grow tile=100 batch=2", 2, 1, 2},   // 100 × 51
        {"in | acme.grow scale=2 batch=4 | crop 0 0 128 18", 4, 1, 4},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        kal_program *p;
        kal_key key;
        const kal_options o = {.threads = 4, .memo_mode = KAL_MEMO_NEVER};
        const kal_binding in = {.name = "in", .node = image};
        if (!REQUIRE_OK(kal_program_parse(rows[i].text, strlen(rows[i].text), &in, 1, &p, &check_error)))
            continue;
        forget();
        REQUIRE_OK(kal_content_key(kal_program_root(p), &o, &key, &check_error));
        REQUIRE_NOTE(tiles_made == rows[i].tiles && batches == rows[i].batches && fullest == rows[i].fullest,
                     "%s: %d tiles in %d batches of at most %d", rows[i].text, tiles_made, batches, fullest);
        kal_program_free(&p);
    }
    kal_scope_free(&s);
}

int main(int argc, char **argv)
{
    rng r = {argc > 1 ? strtoull(argv[1], NULL, 0) : 5};
    REQUIRE_OK(kal_op_register(&grow, &check_error));
    same_pixels(&r);
    once_each(&r);
    kal_memo_clear(NULL);
    return check_done();
}
