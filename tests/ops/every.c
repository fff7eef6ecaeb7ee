// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The laws, for every op in the registry, each of its samples, every sample type, several channel counts and odd sizes:
//   any tiling equals the whole; one thread equals eight; every instruction set equals every other; memo on equals off; all equal the naive evaluator;
//   only `need` is read and only the output written; need grows with the output, and has the place its map names; print → parse → same key; folds are exact;
//   each parameter changes the key.
#include "check.h"

#include "cpu.h"
#include "node.h"

static const kal_extent kinds[] = {
    {13, 9, 1, KAL_U8, KAL_GRAY, false},   {13, 9, 3, KAL_U8, KAL_RGB, false},
    {13, 9, 4, KAL_U8, KAL_RGB, true},     {13, 9, 2, KAL_U8, KAL_GRAY, true},
    {13, 9, 5, KAL_U8, KAL_DATA, false},   {13, 9, 1, KAL_U8, KAL_MASK, false},
    {13, 9, 1, KAL_U16, KAL_GRAY, false},  {13, 9, 3, KAL_U16, KAL_RGB, false},
    {13, 9, 4, KAL_U16, KAL_RGB, true},    {13, 9, 3, KAL_F32, KAL_RGB, false},
    {13, 9, 4, KAL_F32, KAL_RGB, true},    {13, 9, 1, KAL_F32, KAL_GRAY, false},
    {13, 9, 1, KAL_U32, KAL_DATA, false},  {1, 7, 3, KAL_U8, KAL_RGB, false},
    {31, 1, 1, KAL_U8, KAL_GRAY, false},   {61, 47, 3, KAL_U8, KAL_RGB, false},
    {40, 70, 1, KAL_U16, KAL_GRAY, false}, {301, 5, 3, KAL_U8, KAL_RGB, false},
    {210, 4, 4, KAL_U8, KAL_RGB, true},    {517, 3, 1, KAL_U8, KAL_GRAY, false},
    {70, 45, 1, KAL_U8, KAL_MASK, false},
};

// Sizes of further inputs against the first one's: the same, larger.
static const int32_t grow[][2] = {{0, 0}, {7, 5}};

// Under the thread sanitizer, which is slow, only what threads do beside each other.
#ifdef __SANITIZE_THREAD__
enum { THREADS_ONLY = true };
#else
enum { THREADS_ONLY = false };
#endif

static char where[600];
#define LAW(cond) REQUIRE_NOTE(cond, "%s", where)

static void same_pixels(const kal_node *node, const void *want, size_t n, const kal_options *o)
{
    void *got = read_all(node, o, NULL);
    if (LAW(got != NULL) && memcmp(got, want, n)) {
        size_t i = 0;
        while (((const char *)got)[i] == ((const char *)want)[i]) i++;
        REQUIRE_NOTE(0, "%s: byte %zu of %zu (band %d, threads %d, memo %d)", where, i, n, o->band,
                     o->threads, o->memo_mode);
    }
    free(got);
}

static void law_tilings(const kal_node *node, const void *want, size_t n)
{
    static const int32_t bands[] = {0, 1, 2, 5};
    for (size_t b = 0; b < 4; b++)
        for (int32_t threads = THREADS_ONLY ? 8 : 1; threads <= 8; threads += 7) {
            const kal_options o = {.band = bands[b], .threads = threads, .memo_mode = KAL_MEMO_NEVER};
            same_pixels(node, want, n, &o);
        }
    const kal__isa best = kal__cpu_isa();
    for (int isa = THREADS_ONLY ? (int)best : KAL__SCALAR; isa <= KAL__AVX512; isa++) {
        const kal_options o = {.memo_mode = KAL_MEMO_NEVER, .band = 4};
        kal__cpu_set_isa((kal__isa)isa);
        same_pixels(node, want, n, &o);
    }
    kal__cpu_set_isa(best);
    const kal_options keep = {.memo_mode = KAL_MEMO_ALWAYS, .band = 3};
    same_pixels(node, want, n, &keep);
    same_pixels(node, want, n, &keep);
    kal_memo_clear(NULL);
}

static void law_rects(rng *r, const kal_node *node, const unsigned char *want)
{
    kal_extent e;
    kal_node_extent(node, &e, NULL);
    const size_t pixel = kal_pixel_size(&e);
    for (int k = 0; k < 4; k++) {
        kal_rect q;
        q.x0 = rng_below(r, e.width);
        q.y0 = rng_below(r, e.height);
        q.x1 = q.x0 + 1 + rng_below(r, e.width - q.x0);
        q.y1 = q.y0 + 1 + rng_below(r, e.height - q.y0);
        const size_t row = (size_t)(q.x1 - q.x0) * pixel, h = (size_t)(q.y1 - q.y0);
        unsigned char *got = malloc(row * h);
        const kal_options o = {.memo_mode = KAL_MEMO_NEVER, .band = k};
        // every other time bottom up, through a negative stride
        const bool up = k & 1;
        const kal_status st = kal_read(node, q, up ? got + row * (h - 1) : got,
                                       up ? -(ptrdiff_t)row : (ptrdiff_t)row, &o, &check_error);
        LAW(st == KAL_OK);
        for (size_t y = 0; y < h && !st; y++) {
            const unsigned char *line = got + (up ? h - 1 - y : y) * row;
            LAW(!memcmp(line, want + (((size_t)q.y0 + y) * (size_t)e.width + (size_t)q.x0) * pixel, row));
        }
        free(got);
    }
}

// The kernel gets exactly what `need` names, in rows padded with poison, and may write exactly the output rect.
static void law_need(rng *r, const kal_node *node, const unsigned char *want)
{
    const kal_call *c = &node->call;
    if (node->kind != KAL__APPLY || !c->op->run || (c->op->flags & (KAL_OP_VIEW | KAL_OP_WHOLE))) return;
    const kal_extent *e = &c->extent;
    const int32_t pixel = (int32_t)kal_pixel_size(e);
    void *state = NULL;
    if (c->op->prepare && !LAW(c->op->prepare(c, &state, &check_error) == KAL_OK)) return;
    for (int k = 0; k < 4; k++) {
        kal_rect q;
        q.x0 = rng_below(r, e->width);
        q.y0 = rng_below(r, e->height);
        q.x1 = q.x0 + 1 + rng_below(r, e->width - q.x0);
        q.y1 = q.y0 + 1 + rng_below(r, e->height - q.y0);
        kal_tile in[8] = {0};
        unsigned char *memory[8] = {0};
        for (int32_t i = 0; i < c->n && i < 8; i++) {
            const kal_rect all = kal_rect_all(&c->in[i]->extent);
            const kal_rect need = c->op->need ? c->op->need(c, i, q) : kal_rect_clip(q, all);
            LAW(kal_rect_empty(need) || kal_rect_inside(need, all));
            kal_rect bigger = q;
            bigger.x0 -= rng_below(r, q.x0 + 1), bigger.y0 -= rng_below(r, q.y0 + 1);
            bigger.x1 += rng_below(r, e->width - q.x1 + 1), bigger.y1 += rng_below(r, e->height - q.y1 + 1);
            const kal_rect more = c->op->need ? c->op->need(c, i, bigger) : kal_rect_clip(bigger, all);
            LAW(kal_rect_empty(need) || kal_rect_inside(need, more));
            const int32_t p = (int32_t)kal_pixel_size(&c->in[i]->extent);
            in[i] = (kal_tile){.rect = need, .ring = 1, .pixel = p};
            if (kal_rect_empty(need)) continue;
            const int32_t w = need.x1 - need.x0, h = need.y1 - need.y0, ring = h + rng_below(r, 3);
            const int32_t pad = 16;
            in[i].stride = (ptrdiff_t)w * p + pad;
            in[i].ring = ring;
            in[i].row0 = rng_below(r, ring);
            memory[i] = malloc((size_t)in[i].stride * (size_t)ring);
            memset(memory[i], 0xa5, (size_t)in[i].stride * (size_t)ring);
            in[i].data = memory[i];
            unsigned char *whole = naive_pixels(kal__node_of(c->in[i]));
            for (int32_t y = need.y0; y < need.y1; y++)
                memcpy(kal_row(&in[i], y),
                       whole + ((size_t)y * (size_t)c->in[i]->extent.width + (size_t)need.x0) * (size_t)p,
                       (size_t)w * (size_t)p);
            free(whole);
        }
        const int32_t w = q.x1 - q.x0, h = q.y1 - q.y0, guard = 32;
        const ptrdiff_t stride = (ptrdiff_t)w * pixel + guard;
        unsigned char *out = malloc((size_t)stride * (size_t)h + (size_t)guard);
        memset(out, 0x5a, (size_t)stride * (size_t)h + (size_t)guard);
        const kal_tile o = {.rect = q, .data = out + guard, .stride = stride, .ring = h, .pixel = pixel};
        const size_t room = c->op->scratch ? c->op->scratch(c, w, h) : 0;
        void *scratch = aligned_alloc(64, (room + 127) & ~(size_t)63);
        memset(scratch, 0xcc, room);
        LAW(c->op->run(&(kal_job){
                .call = c, .state = state, .in = in, .out = &o, .scratch = scratch, .err = &check_error}) ==
            KAL_OK);
        for (int32_t y = 0; y < h; y++) {
            const unsigned char *row = out + guard + y * stride;
            LAW(!memcmp(row,
                        want + (((size_t)q.y0 + (size_t)y) * (size_t)e->width + (size_t)q.x0) * (size_t)pixel,
                        (size_t)w * (size_t)pixel));
            for (int32_t g = 1; g <= guard; g++) LAW(row[-g] == 0x5a);
        }
        for (int32_t i = 0; i < 8; i++) free(memory[i]);
        free(scratch);
        free(out);
    }
    if (state && c->op->release) c->op->release(state);
}

static kal_tile tile_of(const kal_extent *e, unsigned char *pixels, kal_rect rect)
{
    const size_t pixel = kal_pixel_size(e), row = (size_t)e->width * pixel;
    return (kal_tile){.rect = rect,
                      .data = pixels + (size_t)rect.y0 * row + (size_t)rect.x0 * pixel,
                      .stride = (ptrdiff_t)row,
                      .ring = rect.y1 > rect.y0 ? rect.y1 - rect.y0 : 1,
                      .pixel = (int32_t)pixel};
}

// Outside what an op says it touches, its result is its last input.
static void law_touches(const kal_node *node, const unsigned char *want)
{
    const kal_call *c = &node->call;
    if (node->kind != KAL__APPLY || !c->op->touches) return;
    const kal_rect touched = c->op->touches(c);
    const kal_extent *e = &c->extent, *base = &c->in[c->n - 1]->extent;
    const size_t pixel = kal_pixel_size(e);
    LAW(base->width == e->width && base->height == e->height && kal_pixel_size(base) == pixel);
    unsigned char *whole = naive_pixels(kal__node_of(c->in[c->n - 1]));
    for (int32_t y = 0; y < e->height; y++)
        for (int32_t x = 0; x < e->width; x++) {
            const size_t at = ((size_t)y * (size_t)e->width + (size_t)x) * pixel;
            const bool inside = y >= touched.y0 && y < touched.y1 && x >= touched.x0 && x < touched.x1;
            LAW(inside || !memcmp(want + at, whole + at, pixel));
        }
    free(whole);
}

// In the memory of its last input an op that works in place makes the same of what it touches.
static void law_in_place(const kal_node *node, const unsigned char *want)
{
    const kal_call *c = &node->call;
    if (node->kind != KAL__APPLY || !(c->op->flags & KAL_OP_IN_PLACE) || !LAW(c->op->touches != NULL)) return;
    const kal_extent *e = &c->extent;
    const kal_rect part = kal_rect_clip(c->op->touches(c), kal_rect_all(e));
    const size_t row = (size_t)e->width * kal_pixel_size(e);
    const int32_t last = c->n - 1;
    kal_tile in[8] = {0};
    unsigned char *memory[8] = {0};
    void *state = NULL;
    if (kal_rect_empty(part) || (c->op->prepare && !LAW(!c->op->prepare(c, &state, &check_error)))) return;
    for (int32_t i = 0; i < c->n; i++) {
        memory[i] = naive_pixels(kal__node_of(c->in[i]));
        in[i] = tile_of(&c->in[i]->extent, memory[i], c->op->need ? c->op->need(c, i, part) : part);
    }
    const kal_tile out = tile_of(e, memory[last], part);
    const size_t room = c->op->scratch ? c->op->scratch(c, part.x1 - part.x0, part.y1 - part.y0) : 0;
    void *scratch = aligned_alloc(64, (room + 127) & ~(size_t)63);
    LAW(c->op->run(&(kal_job){
            .call = c, .state = state, .in = in, .out = &out, .scratch = scratch, .err = &check_error}) ==
        KAL_OK);
    LAW(!memcmp(memory[last], want, row * (size_t)e->height));
    for (int32_t i = 0; i < c->n; i++) free(memory[i]);
    free(scratch);
    if (state && c->op->release) c->op->release(state);
}

// A pixel needs the place that the map says it comes from: an op that moves pixels and does not say so is found out.
static void law_map(rng *r, const kal_node *node)
{
    const kal_call *c = &node->call;
    for (int32_t i = 0; i < c->n && node->kind == KAL__APPLY; i++) {
        const kal_extent *e = &c->extent, *in = &c->in[i]->extent;
        double m[6] = {1, 0, 0, 0, 1, 0};
        if (c->op->map ? !c->op->map(c, i, m) : in->width != e->width || in->height != e->height) continue;
        const double det = m[0] * m[4] - m[1] * m[3];
        if (!LAW(det != 0)) continue;
        for (int k = 0; k < 8; k++) {
            const int32_t x = rng_below(r, e->width), y = rng_below(r, e->height);
            const kal_rect q = kal_rect_of(x, y, x + 1, y + 1), need = c->op->need ? c->op->need(c, i, q) : q;
            const double dx = x + 0.5 - m[2], dy = y + 0.5 - m[5];
            const double u = (dx * m[4] - dy * m[1]) / det, v = (dy * m[0] - dx * m[3]) / det;
            if (kal_rect_empty(need) || u < 0 || v < 0 || u > in->width || v > in->height) continue;
            LAW(u > need.x0 - 0.51 && u < need.x1 + 0.51 && v > need.y0 - 0.51 && v < need.y1 + 0.51);
        }
    }
}

// A value is the same for any bands, threads and instruction set, with the memo and without.
static void law_value(const kal_node *node)
{
    const kal_options plain = {.memo_mode = KAL_MEMO_NEVER, .threads = 1};
    kal_key want, got;
    if (!LAW(kal_content_key(node, &plain, &want, &check_error) == KAL_OK)) return;
    const kal__isa best = kal__cpu_isa();
    for (int isa = THREADS_ONLY ? (int)best : KAL__SCALAR; isa <= KAL__AVX512; isa++)
        for (int32_t band = 1; band < 20; band += 6) {
            const kal_options o = {.band = band, .threads = 1 + band % 4, .memo_mode = KAL_MEMO_NEVER};
            kal__cpu_set_isa((kal__isa)isa);
            LAW(kal_content_key(node, &o, &got, &check_error) == KAL_OK && kal_key_equal(want, got));
        }
    kal__cpu_set_isa(best);
    kal_stats stats = {0};
    const kal_options keep = {.memo_mode = KAL_MEMO_ALWAYS, .stats = &stats};
    for (int i = 0; i < 2; i++)
        LAW(kal_content_key(node, &keep, &got, &check_error) == KAL_OK && kal_key_equal(want, got));
    LAW(node->is_volatile || (stats.nodes_reused == 1 && stats.computed_tiles == 0));
    kal_value v;
    kal_bytes text;
    if (LAW(kal_read_value(node, NULL, &v, &check_error) == KAL_OK)) {
        LAW(v.kind == kal_node_call(node)->op->measure->kind);
        if (LAW(kal_value_print(&v, &text, &check_error) == KAL_OK)) LAW(text.size && !text.data[text.size]);
        kal_bytes_free(&text);
        kal_value_free(&v);
    }
    kal_memo_clear(NULL);
}

// Every image in the graph that has no text of its own, by the name the text gives it.
static int32_t bindings_of(kal_node *node, kal_binding *b, char names[][40], int32_t most)
{
    kal__order o;
    int32_t n = 0;
    if (kal__order_make(&node, 1, &o, NULL)) return 0;
    for (size_t i = 0; i < o.n && n < most; i++) {
        if (o.nodes[i]->kind != KAL__PIXELS) continue;
        char key[33];
        kal_key_print(o.nodes[i]->key, key);
        snprintf(names[n], 40, "i%.12s", key);
        b[n] = (kal_binding){.name = names[n], .node = kal__node_of(&o.nodes[i]->call)};
        n++;
    }
    kal__order_free(&o);
    return n;
}

static void law_text(kal_node *node)
{
    kal_bytes text;
    kal_binding b[8];
    char names[8][40];
    if (!LAW(kal_print_graph(node, &text, &check_error) == KAL_OK)) return;
    const int32_t n = bindings_of(node, b, names, 8);
    kal_program *p;
    const kal_status st = kal_program_parse((const char *)text.data, text.size, b, n, &p, &check_error);
    REQUIRE_NOTE(st == KAL_OK, "%s: %s\n%s", where, check_error.message, (char *)text.data);
    if (!st) {
        kal_key a, c;
        kal_node_key(node, &a, NULL);
        kal_node_key(kal_program_root(p), &c, NULL);
        REQUIRE_NOTE(kal_key_equal(a, c), "%s: the key changed:\n%s", where, (char *)text.data);
    }
    kal_program_free(&p);
    kal_bytes_free(&text);
}

static void nudge(const kal_param *p, unsigned char *params, double *room)
{
    unsigned char *at = params + p->offset;
    switch (p->kind) {
    case KAL_PARAM_INT:
    case KAL_PARAM_X:
    case KAL_PARAM_Y:
        *(int32_t *)(void *)at += *(int32_t *)(void *)at == KAL_AUTO
                                      ? 0
                                      : (p->min < p->max && *(int32_t *)(void *)at >= p->max ? -1 : 1);
        break;
    case KAL_PARAM_FLOAT:
        *(double *)(void *)at =
            *(double *)(void *)at == KAL_AUTO
                ? 3
                : *(double *)(void *)at +
                      (p->min<p->max &&*(double *)(void *)at + 0.125> p->max ? -0.125 : 0.125);
        break;
    case KAL_PARAM_BOOL: *(bool *)(void *)at = !*(bool *)(void *)at; break;
    case KAL_PARAM_CHOICE: {
        int32_t n = 1;
        for (const char *w = p->unit; *w; w++) n += *w == '|';
        *(int32_t *)(void *)at = (*(int32_t *)(void *)at + 1) % n;
        break;
    }
    case KAL_PARAM_FILE:
    case KAL_PARAM_FILES: break;
    case KAL_PARAM_TEXT:
        snprintf((char *)room, 1025 * sizeof *room, "%s ", *(const char **)(void *)at);
        *(const char **)(void *)at = (const char *)room;
        break;
    case KAL_PARAM_LIST:
    case KAL_PARAM_COLOR: {
        kal_list *l = (kal_list *)(void *)at;
        for (int32_t i = 0; i < l->n && i < 1024; i++) room[i] = l->v[i];
        if (!l->n) room[l->n++] = 1;
        room[l->n / 2] += room[l->n / 2] > 0 ? -1 : 1;
        l->v = room;
        break;
    }
    }
}

// Changing one parameter of the canonical call changes the key, unless the change is refused or folds to the very same call.
static int law_params(const kal_node *node, kal_node *const *in, int32_t n)
{
    const kal_op *op = node->call.op;
    int changed = 0;
    for (size_t i = 0; i < op->n_params; i++) {
        if (kal__is_of_files(&op->params[i])) continue;   // tests/graph/files.c, keys.c
        _Alignas(16) unsigned char params[KAL__PARAMS_ROOM];
        double room[1025];
        memcpy(params, node->call.params, op->params_size);
        nudge(&op->params[i], params, room);
        kal_node *other = kal_apply(NULL, op->name, params, in, n);
        kal_key a, b;
        if (!kal_node_error(other, NULL)) {
            kal_node_key(node, &a, NULL);
            kal_node_key(other, &b, NULL);
            // An expanding or shrinking twin may settle on the same canonical values; then the pixels are the same too.
            const bool same_call = kal_node_call(other)->op == op && kal__schema_of(op).n && other == node &&
                                   memcmp(params, other->call.params, op->params_size);
            REQUIRE_NOTE(!kal_key_equal(a, b) || same_call, "%s: %s does not change the key", where,
                         op->params[i].name);
            changed++;
        }
        kal_node_unref(&other);
    }
    return changed;
}

static void laws_of_pixels(rng *r, const kal_node *node)
{
    kal_extent e;
    kal_node_extent(node, &e, NULL);
    unsigned char *want = naive_pixels(node);
    law_tilings(node, want, bytes_of(&e));
    if (!THREADS_ONLY) {
        law_rects(r, node, want);
        law_need(r, node, want);
        law_touches(node, want);
        law_in_place(node, want);
        law_map(r, node);
    }
    free(want);
}

static int try_op(rng *r, const kal_op *op, const char *sample, const kal_extent *kind, int g, bool fewest)
{
    kal_scope *s = kal_scope_new();
    kal_node *in[3];
    int32_t n = 0, least, most;
    const bool many = strstr(op->inputs, "...") != NULL;
    const bool masked = strstr(op->inputs, "mask?") != NULL;   // with one of the image's size, or without
    kal_op_arity(op, &least, &most);
    if (many) most = 3;
    if (fewest || (masked && g) || (strstr(op->inputs, "guide?") && g)) most = least;
    for (; n < most; n++) {
        kal_extent e = *kind;
        if (n) e.width += grow[g][0], e.height += grow[g][1];
        if (n && masked) e = (kal_extent){e.width, e.height, 1, KAL_U8, KAL_MASK, false};
        in[n] = rng_image(r, s, &e);
    }
    if (strstr(op->inputs, " map")) {
        kal_extent e = *kind;
        e.width += grow[g][0], e.height += grow[g][1];
        in[1] = rng_map(r, s, &e);
    }
    // what looks at no pixels of two images is about how one came from the other
    if (n == 2 && op->measure && !op->measure->rows)
        in[1] = kal_apply_text(s, "embed", g ? "-2 1 30 20" : "1 3 9 8 edge=wrap", in, 1);
    snprintf(where, sizeof where, "%s %s on %d×%d×%d type %d model %d alpha %d, other inputs +%d,+%d",
             op->name, sample, kind->width, kind->height, kind->channels, kind->type, kind->model,
             kind->alpha, grow[g][0], grow[g][1]);
    kal_node *node = kal_apply_text(s, op->name, sample, in, n);
    const bool ok = !kal_node_error(node, &check_error);
    if (!ok) {
        REQUIRE_NOTE(strstr(check_error.message, op->name) || op->fold,
                     "%s: the error does not name the op: %s", where, check_error.message);
        REQUIRE_NOTE(check_error.status == KAL_INVALID, "%s: what an op does not take is invalid, not %s",
                     where, kal_status_name(check_error.status));
    }
    if (ok) {
        if (kal_node_value(node, NULL))
            law_value(node);
        else
            laws_of_pixels(r, node);
        law_text(node);
        if (kal_node_call(node)->op == op && n == kal_node_call(node)->n) law_params(node, in, n);
    }
    kal_scope_free(&s);
    return ok;
}

// "all", an op's name, or "2/4": the second of four parts.
static bool is_meant(const char *what, const kal_op *op, size_t i)
{
    unsigned part, of;
    if (sscanf(what, "%u/%u", &part, &of) == 2 && of) return i % of == part % of;
    return !strcmp(what, "all") || !strcmp(what, op->name);
}

// Usage: test.ops.every [WHAT [SEED]]
int main(int argc, char **argv)
{
    const uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    rng r = {seed};
    size_t combinations = 0, ops = 0;
    for (size_t i = 0; kal_op_at(i); i++) {
        const kal_op *op = kal_op_at(i);
        if (!strcmp(op->name, "exec")) continue;   // what it does is a program's: tests/graph/exec.c
        if ((op->flags & KAL_OP_SOURCE) || !is_meant(argc > 1 ? argv[1] : "all", op, i)) continue;
        ops++;
        REQUIRE_NOTE(op->samples && op->samples[0], "%s has no samples", op->name);
        REQUIRE_NOTE(op->help && *op->help && op->family && op->version, "%s lacks help, family or version",
                     op->name);
        for (const char *const *sample = op->samples; sample && *sample; sample++) {
            int worked = 0;
            for (size_t k = 0; k < (*op->inputs ? sizeof kinds / sizeof *kinds : 1); k++)
                for (int g = 0; g < (strchr(op->inputs, ' ') ? 2 : 1); g++)
                    for (int fewest = 0; fewest <= (strchr(op->inputs, '?') != NULL); fewest++)
                        worked += try_op(&r, op, *sample, &kinds[k], g, fewest);
            REQUIRE_NOTE(worked, "%s %s works on nothing: %s", op->name, *sample, check_error.message);
            combinations += (size_t)worked;
        }
    }
    printf("seed %llu: %zu combinations of %zu ops, their samples and kinds\n", (unsigned long long)seed,
           combinations, ops);
    return check_done();
}
