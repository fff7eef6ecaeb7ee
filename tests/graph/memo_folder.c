// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A memo with a folder: what another memo with the same folder (as another process has) need not do again; that results are the same with it and
// without, on random graphs; and that files which change are never told by what was remembered of them.
#include "graphs.h"
#include "store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static kal_memo *memo_at(const char *folder)
{
    kal_memo *m = kal_memo_new((uint64_t)64 << 20);
    REQUIRE(m != NULL);
    REQUIRE_OK(kal_memo_set_folder(m, folder, 0, &check_error));
    return m;
}

static kal_stats run(kal_memo *m, kal_node *encoded, kal_memo_mode mode, kal_bytes *out)
{
    kal_stats stats = {0};
    const kal_options o = {.memo = m, .memo_mode = mode, .stats = &stats};
    REQUIRE_OK(kal_read_bytes(encoded, &o, out, &check_error));
    return stats;
}

static kal_node *pipeline(kal_scope *s, const char *path, double sigma, const char *save)
{
    char text[60];
    kal_node *photo = kal_load(s, path, NULL);
    kal_node *part = kal_apply_text(s, "crop", "60 40 128 128", &photo, 1);
    snprintf(text, sizeof text, "sigma=%g", sigma);
    kal_node *soft = kal_apply_text(s, "gaussian", text, &part, 1);
    kal_node *in[2] = {soft, photo};
    return kal_encode(s, kal_apply_text(s, "uncrop", "60 40 feather=4", in, 2), save, NULL);
}

static void save_picture(const char *path, uint64_t seed)
{
    rng r = {seed};
    const kal_extent e = extent_of(700, 500, 3, KAL_U8);
    kal_scope *s = kal_scope_new();
    REQUIRE_OK(kal_save(rng_image(&r, s, &e), path, NULL, NULL, &check_error));
    kal_scope_free(&s);
}

// A second process: nothing is decoded, computed, encoded; with another last step that step alone; with another sigma what is behind it.
static void second_process(void)
{
    const char *folder = check_temp("second"), *path = check_temp("second.png");
    kal_bytes first, again, other;
    kal_scope *s = kal_scope_new();
    save_picture(path, 1);
    kal_node *png = pipeline(s, path, 3, "png"), *qoi = pipeline(s, path, 3, "qoi"),
             *soft = pipeline(s, path, 5, "png");
    kal_memo *m = memo_at(folder);
    kal_stats st = run(m, png, KAL_MEMO_ALWAYS, &first);
    REQUIRE(st.decodes == 1 && st.encodes == 1);
    kal_memo_free(&m);
    m = memo_at(folder);
    st = run(m, png, KAL_MEMO_AUTO, &again);
    REQUIRE(st.decodes == 0 && st.encodes == 0 && st.computed_tiles == 0 && st.opens == 0);
    REQUIRE(first.size == again.size);
    REQUIRE_MEM(first.data, again.data, first.size);
    kal_bytes_free(&again);
    kal_memo_free(&m);
    m = memo_at(folder);
    st = run(m, qoi, KAL_MEMO_AUTO, &other);
    REQUIRE_NOTE(st.decodes == 0 && st.encodes == 1 && st.nodes_reused == 1, "%d decodes, %d reused",
                 (int)st.decodes, (int)st.nodes_reused);
    kal_bytes_free(&other);
    kal_memo_free(&m);
    m = memo_at(folder);
    st = run(m, soft, KAL_MEMO_AUTO, &other);
    REQUIRE_NOTE(st.decodes == 0 && st.encodes == 1, "%d decodes", (int)st.decodes);
    kal_memo_free(&m);
    kal_bytes plain;
    run(NULL, soft, KAL_MEMO_NEVER, &plain);
    REQUIRE(plain.size == other.size);
    REQUIRE_MEM(plain.data, other.data, plain.size);
    kal_bytes_free(&plain);
    kal_bytes_free(&other);
    kal_bytes_free(&first);
    kal_scope_free(&s);
}

static bool count_entry(void *user, const kal_memo_entry *e)
{
    *(int *)user += e->sound;
    return true;
}

static int entries_of(kal_memo *m)
{
    int n = 0;
    REQUIRE_OK(kal_memo_each(m, false, count_entry, &n, &check_error));
    return n;
}

// Who only looks finds what is there, and neither puts nor removes; where there is no folder none is made.
static void looked_into(void)
{
    const char *folder = check_temp("looked"), *none = check_temp("looked none"),
               *path = check_temp("looked.png");
    struct stat st;
    kal_bytes b;
    uint64_t before, after;
    kal_scope *s = kal_scope_new();
    save_picture(path, 3);
    kal_node *png = pipeline(s, path, 3, "png"), *other = pipeline(s, path, 5, "png");
    kal_memo *m = memo_at(folder);
    run(m, png, KAL_MEMO_ALWAYS, &b);
    kal_bytes_free(&b);
    const int n = entries_of(m);
    kal_memo_free(&m);
    for (int i = 0; i < 2; i++) {
        m = kal_memo_new((uint64_t)64 << 20);
        REQUIRE(m != NULL);
        REQUIRE_OK(kal_memo_look_into(m, i ? none : folder, &check_error));
        const kal_stats found = run(m, png, KAL_MEMO_ALWAYS, &b);
        REQUIRE_NOTE(found.encodes == (uint64_t)i, "%d encodes", (int)found.encodes);
        kal_bytes_free(&b);
        run(m, other, KAL_MEMO_ALWAYS, &b);
        kal_bytes_free(&b);
        kal_key key;
        REQUIRE_OK(kal_node_key(png, &key, &check_error));
        REQUIRE(!kal_memo_remove(m, key));
        REQUIRE_FAILS(KAL_INVALID, kal_memo_collect(m, 0, &before, &after, &check_error));
        REQUIRE_NOTE(entries_of(m) == (i ? 0 : n), "%d entries, were %d", entries_of(m), n);
        kal_memo_free(&m);
    }
    REQUIRE(stat(none, &st) != 0);
    kal_scope_free(&s);
}

// With the folder and without, in every mode, twice each: the same bytes.
static void random_graphs(uint64_t seed, int n)
{
    const char *folder = check_temp("random");
    for (int i = 0; i < n; i++) {
        rng r = {seed + (uint64_t)i};
        kal_scope *s = kal_scope_new();
        kal_node *image = random_graph(&r, s);
        kal_extent e;
        if (!image || kal_node_extent(image, &e, NULL)) {
            kal_scope_free(&s);
            continue;
        }
        const size_t size = kal_pixel_size(&e) * (size_t)e.width * (size_t)e.height;
        unsigned char *want = malloc(size), *got = malloc(size);
        const ptrdiff_t stride = (ptrdiff_t)(kal_pixel_size(&e) * (size_t)e.width);
        const kal_options plain = {.memo_mode = KAL_MEMO_NEVER};
        if (!kal_read(image, kal_rect_all(&e), want, stride, &plain, NULL))
            for (int k = 0; k < 4; k++) {
                kal_memo *m = memo_at(folder);
                const kal_options o = {
                    .memo = m, .memo_mode = k ? KAL_MEMO_AUTO : KAL_MEMO_ALWAYS, .threads = k + 1};
                REQUIRE_OK(kal_read(image, kal_rect_all(&e), got, stride, &o, &check_error));
                REQUIRE_NOTE(!memcmp(want, got, size), "seed %llu, turn %d",
                             (unsigned long long)(seed + (uint64_t)i), k);
                kal_memo_free(&m);
            }
        free(want);
        free(got);
        kal_scope_free(&s);
    }
}

// Values: found by another memo.
static void values(void)
{
    const char *folder = check_temp("values");
    const kal_extent e = extent_of(300, 200, 3, KAL_U8);
    rng r = {9};
    kal_scope *s = kal_scope_new();
    kal_node *image = rng_image(&r, s, &e), *mean = kal_apply_text(s, "mean", NULL, &image, 1);
    double first[4] = {0};
    for (int k = 0; k < 2; k++) {
        kal_memo *m = memo_at(folder);
        kal_value v;
        kal_stats stats = {0};
        const kal_options o = {.memo = m, .stats = &stats, .memo_mode = KAL_MEMO_ALWAYS};
        REQUIRE_OK(kal_read_value(mean, &o, &v, &check_error));
        REQUIRE(v.rows * v.columns == 3 && stats.nodes_reused == (uint64_t)k);
        if (k) REQUIRE_MEM(v.v, first, sizeof(double[3]));
        if (!k) memcpy(first, v.v, sizeof(double[3]));
        kal_value_free(&v);
        kal_memo_free(&m);
    }
    kal_scope_free(&s);
}

// ---- local edits ----------------------------------------------------------------------------------

typedef struct sums {
    uint64_t computed;   // bytes of ops
} sums;

static void add_node(void *user, const kal_node_stats *n)
{
    const bool made = strcmp(n->name, "input") && strcmp(n->name, "kal.mosaic") && !n->reused;
    if (made) ((sums *)user)->computed += n->bytes;
}

static uint64_t computed_with(const char *folder, kal_node *image, unsigned char *out)
{
    kal_extent e;
    sums t = {0};
    kal_memo *m = memo_at(folder);
    REQUIRE_OK(kal_node_extent(image, &e, &check_error));
    const kal_options o = {.memo = m, .memo_mode = KAL_MEMO_ALWAYS, .node_stats = add_node, .user = &t};
    REQUIRE_OK(kal_read(image, kal_rect_all(&e), out, (ptrdiff_t)(kal_pixel_size(&e) * (size_t)e.width), &o,
                        &check_error));
    kal_memo_free(&m);
    return t.computed;
}

static kal_node *edited(kal_scope *s, kal_node *base, int32_t x, int32_t y, double sigma, const char *after)
{
    char text[60];
    snprintf(text, sizeof text, "%d %d 200 150", x, y);
    kal_node *part = kal_apply_text(s, "crop", text, &base, 1);
    snprintf(text, sizeof text, "sigma=%g", sigma);
    kal_node *in[2] = {kal_apply_text(s, "gaussian", text, &part, 1), base};
    snprintf(text, sizeof text, "%d %d feather=4", x, y);
    kal_node *n = kal_apply_text(s, "uncrop", text, in, 2);
    return after ? kal_apply_text(s, after, NULL, &n, 1) : n;
}

// An edit of 200×150 in 2000×1500 costs parts of 256 pixels that it reaches, and what they look at, whatever is done to the whole afterwards.
static void local_edits(void)
{
    static const char *const after[] = {NULL, "invert", "gaussian"};
    const kal_extent e = extent_of(2000, 1500, 3, KAL_U8);
    const size_t size = kal_pixel_size(&e) * (size_t)e.width * (size_t)e.height;
    unsigned char *want = malloc(size), *got = malloc(size);
    rng r = {3};
    kal_scope *s = kal_scope_new();
    kal_node *base = rng_image(&r, s, &e);
    for (int k = 0; k < 3; k++) {
        char name[20];
        snprintf(name, sizeof name, "edits%d", k);
        const char *folder = check_temp(name);
        const uint64_t all = computed_with(folder, edited(s, base, 300, 300, 3, after[k]), want);
        REQUIRE_NOTE(all >= size, "%llu", (unsigned long long)all);
        for (int i = 0; i < 6; i++) {
            // another sigma at the same place; then it moves
            kal_node *n = edited(s, base, 300 + (i / 2) * 450, 300 + (i / 2) * 200, 4 + i % 2, after[k]);
            const kal_options plain = {.memo_mode = KAL_MEMO_NEVER};
            REQUIRE_OK(kal_read(n, kal_rect_all(&e), want, (ptrdiff_t)(size / (size_t)e.height), &plain,
                                &check_error));
            const uint64_t some = computed_with(folder, n, got);
            REQUIRE_NOTE(!memcmp(want, got, size), "%s, edit %d", after[k] ? after[k] : "nothing", i);
            REQUIRE_NOTE(some < all / 5, "%s, edit %d: %llu of %llu bytes", after[k] ? after[k] : "nothing",
                         i, (unsigned long long)some, (unsigned long long)all);
            REQUIRE(computed_with(folder, n, got) == 0 && !memcmp(want, got, size));
        }
    }
    free(want);
    free(got);
    kal_scope_free(&s);
}

// The same in one process, without a folder, where everything is to be kept.
static void edits_in_memory(void)
{
    const kal_extent e = extent_of(2000, 1500, 3, KAL_U8);
    const size_t size = kal_pixel_size(&e) * (size_t)e.width * (size_t)e.height;
    unsigned char *want = malloc(size), *got = malloc(size);
    rng r = {8};
    kal_memo *m = kal_memo_new((uint64_t)256 << 20);
    kal_scope *s = kal_scope_new();
    kal_node *base = rng_image(&r, s, &e);
    uint64_t all = 0;
    for (int i = 0; i < 8; i++) {
        sums t = {0};
        kal_node *n = edited(s, base, 300 + 100 * (i / 3), 300, 3 + i, i & 1 ? "invert" : NULL);
        const kal_options plain = {.memo_mode = KAL_MEMO_NEVER},
                          o = {.memo = m, .memo_mode = KAL_MEMO_ALWAYS, .node_stats = add_node, .user = &t};
        REQUIRE_OK(kal_read(n, kal_rect_all(&e), want, 6000, &plain, &check_error));
        REQUIRE_OK(kal_read(n, kal_rect_all(&e), got, 6000, &o, &check_error));
        REQUIRE_NOTE(!memcmp(want, got, size), "edit %d", i);
        if (i < 2)
            all = t.computed;
        else
            REQUIRE_NOTE(t.computed < all / 3, "edit %d: %llu of %llu", i, (unsigned long long)t.computed,
                         (unsigned long long)all);
    }
    kal_scope_free(&s);
    kal_memo_free(&m);
    free(want);
    free(got);
}

// Chains of pastes and whole-picture ops, each time with another link changed: what is put together is what is computed.
static void random_edits(uint64_t seed, int n)
{
    static const char *const filters[] = {"invert", "gaussian", "flip", "linear scale=0.5",
                                          "median_filter radius=2"};
    const kal_extent e = extent_of(900, 700, 3, KAL_U8), small = extent_of(90, 60, 3, KAL_U8);
    const size_t size = kal_pixel_size(&e) * (size_t)e.width * (size_t)e.height;
    unsigned char *want = malloc(size), *got = malloc(size);
    for (int i = 0; i < n; i++) {
        rng r = {seed + (uint64_t)i};
        kal_scope *s = kal_scope_new();
        kal_node *base = rng_image(&r, s, &e), *stamps[3];
        for (int k = 0; k < 3; k++) stamps[k] = rng_image(&r, s, &small);
        int32_t x[5], y[5], which[5], filter[5];
        for (int k = 0; k < 5; k++)
            x[k] = rng_below(&r, 900) - 40, y[k] = rng_below(&r, 700) - 30, which[k] = rng_below(&r, 3),
            filter[k] = rng_below(&r, 9);
        char name[20];
        snprintf(name, sizeof name, "chain%d", i % 4);
        for (int turn = 0; turn < 5; turn++) {
            const int moved = rng_below(&r, 5);
            x[moved] = rng_below(&r, 900) - 40;
            which[moved] = rng_below(&r, 3);
            kal_node *at = base;
            for (int k = 0; k < 5; k++) {
                char text[60], op[20];
                snprintf(text, sizeof text, "%d %d", x[k], y[k]);
                kal_node *in[2] = {stamps[which[k]], at};
                at = kal_apply_text(s, "insert", text, in, 2);
                if (filter[k] >= 5) continue;
                const char *blank = strchr(filters[filter[k]], ' ');
                snprintf(op, sizeof op, "%.*s", (int)strcspn(filters[filter[k]], " "), filters[filter[k]]);
                at = kal_apply_text(s, op, blank, &at, 1);
            }
            const kal_options plain = {.memo_mode = KAL_MEMO_NEVER};
            REQUIRE_OK(kal_read(at, kal_rect_all(&e), want, (ptrdiff_t)(size / (size_t)e.height), &plain,
                                &check_error));
            computed_with(check_temp(name), at, got);
            REQUIRE_NOTE(!memcmp(want, got, size), "seed %llu, turn %d",
                         (unsigned long long)(seed + (uint64_t)i), turn);
        }
        kal_scope_free(&s);
    }
    free(want);
    free(got);
}

// ---- early cutoff ---------------------------------------------------------------------------------

// A file saved anew with the same pixels, and a mask that came out the same: what stands on them is found, by another process too.
static void cut_off(void)
{
    const char *folder = check_temp("cut"), *first = check_temp("cut1.png"), *anew = check_temp("cut2.png");
    const kal_extent e = extent_of(400, 300, 1, KAL_U8);
    unsigned char *samples = malloc(400 * 300), *got = malloc(400 * 300), *want = malloc(400 * 300);
    for (int i = 0; i < 400 * 300; i++) samples[i] = (unsigned char)(i * 7 % 251);
    for (int what = 0; what < 3; what++) {
        kal_scope *s = kal_scope_new();
        kal_node *image = kal_pixels(s, &e, samples, 400);
        REQUIRE_OK(kal_save(image, first, "compression=1", NULL, &check_error));
        if (what) {   // other pixels, of which a threshold sees nothing (1) or something (2)
            samples[5000] = what == 1 ? (samples[5000] < 100 ? 99 : 251) : samples[5000] < 100 ? 200 : 0;
            image = kal_pixels(s, &e, samples, 400);
        }
        REQUIRE_OK(kal_save(image, anew, "compression=9", NULL, &check_error));
        uint64_t computed[2];
        for (int k = 0; k < 2; k++) {
            kal_node *photo = kal_load(s, k ? anew : first, NULL), *in[2];
            kal_node *mask =
                kal_node_set_memo(kal_apply_text(s, "threshold", "100", &photo, 1), KAL_MEMO_ALWAYS);
            kal_node *soft = kal_apply_text(s, "gaussian", "5", what ? &mask : &photo, 1);
            kal_node *other = kal_apply_text(s, "flip", NULL, &soft, 1);
            in[0] = soft, in[1] = other;
            kal_node *n = kal_apply_text(s, "add", NULL, in, 2);
            const kal_options plain = {.memo_mode = KAL_MEMO_NEVER};
            REQUIRE_OK(kal_read(n, kal_rect_all(&e), want, 400, &plain, &check_error));
            computed[k] = computed_with(folder, n, got);
            REQUIRE_NOTE(!memcmp(want, got, 400 * 300), "%d, %d", what, k);
            kal_key one, two;
            REQUIRE_OK(kal_node_key(kal_load(s, first, NULL), &one, &check_error));
            REQUIRE_OK(kal_node_key(kal_load(s, anew, NULL), &two, &check_error));
            REQUIRE(!kal_key_equal(one, two));
        }
        // of the second only the picture and its mask, at most
        REQUIRE_NOTE(what == 2 ? computed[1] > 300000 : computed[1] <= 240000, "%d: %llu of %llu bytes", what,
                     (unsigned long long)computed[1], (unsigned long long)computed[0]);
        kal_scope_free(&s);
    }
    free(samples);
    free(got);
    free(want);
}

// ---- views ----------------------------------------------------------------------------------------

static void views(void)
{
    const char *folder = check_temp("views");
    const kal_extent e = extent_of(300, 200, 3, KAL_U8);
    unsigned char *want = malloc(900 * 200);
    rng r = {29};
    kal_scope *s = kal_scope_new();
    kal_node *image = rng_image(&r, s, &e), *soft = kal_apply_text(s, "gaussian", "3", &image, 1);
    REQUIRE_OK(kal_read(soft, kal_rect_all(&e), want, 900, NULL, &check_error));
    const kal_rect part = kal_rect_of(30, 20, 90, 70);
    const unsigned char *before = NULL;
    for (int turn = 0; turn < 4;
         turn++) {   // computed; in memory; in the folder; gone from it while somebody looks
        kal_memo *m = memo_at(folder);
        const kal_options o = {.memo = m, .memo_mode = KAL_MEMO_ALWAYS};
        kal_view all, some, given;
        REQUIRE_OK(kal_view_open(soft, kal_rect_all(&e), &o, &all, &check_error));
        REQUIRE_OK(kal_view_open(soft, part, &o, &some, &check_error));
        REQUIRE_OK(kal_view_open(image, part, &o, &given, &check_error));
        if (turn == 3) REQUIRE_OK(kal_memo_collect(m, 0, NULL, NULL, &check_error));
        kal_memo_free(&m);
        for (int y = 0; y < 200; y++) REQUIRE_MEM(all.data + y * all.stride, want + y * 900, 900);
        for (int y = 20; y < 70; y++)
            REQUIRE_MEM(some.data + (y - 20) * some.stride, want + y * 900 + 90, 180);
        REQUIRE(turn == 0 || some.data == all.data + 20 * all.stride + 90);   // the same rows
        REQUIRE(!before || given.data == before);
        before = given.data;
        kal_view_close(&all);
        kal_view_close(&some);
        kal_view_close(&given);
        kal_view_close(&given);
    }
    kal_view v;
    REQUIRE_FAILS(KAL_INVALID, kal_view_open(soft, kal_rect_of(0, 0, 301, 5), NULL, &v, &check_error));
    kal_scope_free(&s);
    free(want);
}

// A folder that went, or was full, and is named again is opened again.
static void named_again(void)
{
    const char *folder = check_temp("again");
    char command[4400];
    const kal_extent e = extent_of(30, 20, 3, KAL_U8);
    unsigned char out[30 * 20 * 3];
    kal_memo *m = memo_at(folder);
    const kal_options o = {.memo = m, .memo_mode = KAL_MEMO_ALWAYS};
    rng r = {2};
    kal_scope *s = kal_scope_new();
    for (int i = 0; i < 2; i++) {
        kal_node *image = rng_image(&r, s, &e), *soft = kal_apply_text(s, "gaussian", "3", &image, 1);
        REQUIRE_OK(kal_read(soft, kal_rect_all(&e), out, 90, &o, &check_error));
        kal_memo_stats held;
        kal_memo_get_stats(m, &held);
        REQUIRE_NOTE(held.folder_stored == 1, "%d: %d", i, (int)held.folder_stored);
        snprintf(command, sizeof command, "rm -r '%s'", folder);
        REQUIRE(system(command) == 0);
        REQUIRE_OK(kal_memo_set_folder(m, folder, 0, &check_error));
    }
    kal_memo_free(&m);
    kal_scope_free(&s);
}

// ---- audit ----------------------------------------------------------------------------------------

// Whatever is kept is right; what somebody put there under its key is told, and forgotten.
static void audited(void)
{
    const char *folder = check_temp("audited");
    const kal_extent e = extent_of(300, 200, 3, KAL_U8);
    const size_t size = kal_pixel_size(&e) * 300 * 200;
    unsigned char *out = malloc(size);
    rng r = {19};
    kal_scope *s = kal_scope_new();
    kal_node *image = rng_image(&r, s, &e), *soft = kal_apply_text(s, "gaussian", "3", &image, 1);
    kal_node *mean = kal_apply_text(s, "mean", NULL, &soft, 1), *file = kal_encode(s, soft, "png", NULL);
    for (int turn = 0; turn < 3; turn++) {
        kal_memo *m = memo_at(folder);
        const kal_options o = {.memo = m, .memo_mode = KAL_MEMO_ALWAYS, .audit = turn ? 1 : 0};
        kal_bytes b;
        kal_value v;
        REQUIRE_OK(kal_read(soft, kal_rect_all(&e), out, 900, &o, &check_error));
        REQUIRE_OK(kal_read_bytes(file, &o, &b, &check_error));
        REQUIRE_OK(kal_read_value(mean, &o, &v, &check_error));
        kal_bytes_free(&b);
        kal_value_free(&v);
        kal_memo_free(&m);
    }
    kal_key key;
    kal__store *store;
    REQUIRE_OK(kal_node_key(soft, &key, &check_error));
    REQUIRE_OK(kal__store_open(folder, 0, &store, &check_error));
    out[900 * 7 + 3 * 11 + 1] ^= 1;
    const kal__stored wrong = {.key = key, .kind = KAL__STORED_ROWS, .rect = kal_rect_all(&e), .size = size};
    REQUIRE(kal__store_remove(store, key) && kal__store_put(store, &wrong, out));
    kal__store_close(&store);
    kal_memo *m = memo_at(folder);
    const kal_options o = {.memo = m, .audit = 1};
    REQUIRE_FAILS(KAL_INTERNAL, kal_read(soft, kal_rect_all(&e), out, 900, &o, &check_error));
    REQUIRE_NOTE(strstr(check_error.message, "gaussian") && strstr(check_error.message, "pixel 11,7"), "%s",
                 check_error.message);
    REQUIRE_OK(kal_read(soft, kal_rect_all(&e), out, 900, &o, &check_error));
    const kal_options odd = {.audit = 1.5};
    REQUIRE_FAILS(KAL_INVALID, kal_read(soft, kal_rect_all(&e), out, 900, &odd, &check_error));
    kal_memo_free(&m);
    kal_scope_free(&s);
    free(out);
}

static void is_told(void *user, const kal_warning *w)
{
    *(int *)user += !w->node && strstr(w->text, "nothing more is kept there");
}

// A folder that cannot be written to costs nothing but time, and is told once.
static void without_room(void)
{
    const char *folder = check_temp("without");
    const kal_extent e = extent_of(300, 200, 3, KAL_U8);
    rng r = {9};
    kal_scope *s = kal_scope_new();
    kal_node *image = rng_image(&r, s, &e), *soft = kal_apply_text(s, "gaussian", "3", &image, 1);
    kal_memo *m = memo_at(folder);
    char v1[4200];
    snprintf(v1, sizeof v1, "%s/v1/tmp", folder);
    REQUIRE(rmdir(v1) == 0);
    int told = 0;
    const kal_options o = {.memo = m, .memo_mode = KAL_MEMO_ALWAYS, .warn = is_told, .user = &told};
    kal_bytes b;
    for (int i = 0; i < 3; i++) {
        REQUIRE_OK(kal_read_bytes(kal_encode(s, soft, i ? "png" : "qoi", NULL), &o, &b, &check_error));
        kal_bytes_free(&b);
    }
    REQUIRE_NOTE(told == 1, "told %d times", told);
    kal_memo_free(&m);
    kal_scope_free(&s);
}

int main(int argc, char **argv)
{
    second_process();
    looked_into();
    random_graphs(4711, argc > 1 ? atoi(argv[1]) : 60);
    values();
    local_edits();
    edits_in_memory();
    random_edits(99, argc > 1 ? atoi(argv[1]) : 12);
    cut_off();
    views();
    named_again();
    audited();
    without_room();
    kal_memo_clear(NULL);
    return check_done();
}
