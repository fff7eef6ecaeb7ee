// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Sources, targets and requests as their users meet them, a function a promise: docs/notes/io-cases.md has the list, and which of them
// other tests hold.
#include "feeds.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

static const kal_options keep = {.memo_mode = KAL_MEMO_ALWAYS};

static kal_node *noise(kal_scope *s, int32_t w, int32_t h, uint64_t seed)
{
    rng r = {seed};
    const kal_extent e = extent_of(w, h, 3, KAL_U8);
    return rng_image(&r, s, &e);
}

static size_t remembered(void)
{
    kal_memo_stats m;
    kal_memo_get_stats(NULL, &m);
    return m.entries;
}

// S5: a source that fails gives its own words, no picture, and nothing to the memo; the next request is right.
static void a_failure_is_not_remembered(void)
{
    kal_scope *s = kal_scope_new();
    kal_bytes file = encoded(noise(s, 300, 200, 1), "png", NULL);
    kal_node *plain = kal_invert(s, kal_load_bytes(s, file.data, file.size, NULL), NULL);
    kal_extent e;
    void *want = read_all(plain, &fresh, &e);
    kal_scope_free(&s);   // with it those bytes: the feed is what is read
    s = kal_scope_new();
    feed f = {.data = file.data, .size = file.size, .step = 5000};
    const kal_input in = input_of(&f, true);
    kal_node *n = kal_invert(s, kal_load_input(s, &in, NULL), NULL);
    kal_memo_clear(NULL);
    f.calls = 0, f.fail_at = 9, f.status = KAL_IO;
    unsigned char *p = malloc(bytes_of(&e));
    const ptrdiff_t stride = (ptrdiff_t)((size_t)e.width * kal_pixel_size(&e));
    REQUIRE_FAILS(KAL_IO, kal_read(n, kal_rect_all(&e), p, stride, &keep, &check_error));
    REQUIRE_NOTE(strstr(check_error.message, "the feed: the net is down"), "%s", check_error.message);
    REQUIRE_NOTE(remembered() == 0, "%zu", remembered());
    f.fail_at = 0;
    REQUIRE_OK(kal_read(n, kal_rect_all(&e), p, stride, &keep, &check_error));
    REQUIRE(want && !memcmp(p, want, bytes_of(&e)));
    kal_bytes_free(&file);
    kal_scope_free(&s);
    free(p);
    free(want);
}

// ---- progress and cancelling --------------------------------------------------------------------

typedef struct told {
    uint64_t first, last, total;
    int calls, ends;
    bool fell;
    kal_phase phase;
} told;

static void tell(void *user, kal_phase phase, uint64_t done, uint64_t total)
{
    told *t = user;
    if (!t->calls++) t->first = done;
    t->fell |= done < t->last;
    t->last = done, t->total = total, t->phase = phase;
    t->ends += phase != KAL_RUNNING;
}

// S12: the end is told once, and it is the whole only when it went well.
static void the_end_is_told(void)
{
    kal_scope *s = kal_scope_new();
    for (int good = 0; good < 2; good++) {
        told t = {0};
        kal_bytes file = encoded(noise(s, 10, 1000, 2), "png", NULL);
        kal_node *n = kal_load_bytes(s, file.data, good ? file.size : file.size / 2, NULL);
        const kal_options o = {
            .progress = tell, .user = &t, .band = 10, .memo_mode = KAL_MEMO_NEVER, .threads = 1};
        kal_extent e;
        void *p = read_all(n, &o, &e);
        REQUIRE(good ? p != NULL : !p && check_error.status == KAL_CORRUPT);
        REQUIRE(t.ends == 1 && !t.fell && t.phase == (good ? KAL_DONE : KAL_FAILED));
        REQUIRE_NOTE(t.total > 0 && (t.last == t.total) == good, "%llu of %llu", (unsigned long long)t.last,
                     (unsigned long long)t.total);
        free(p);
        kal_bytes_free(&file);
    }
    kal_scope_free(&s);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

typedef struct stop {
    kal_cancel *cancel;
    int bands;      // atomic
    double asked;   // by the thread that did the hundredth
} stop;

static void stop_at_100(void *user, const kal_trace *trace)
{
    stop *s = user;
    (void)trace;
    if (__atomic_add_fetch(&s->bands, 1, __ATOMIC_SEQ_CST) != 100) return;
    s->asked = seconds();
    kal_cancel_set(s->cancel);
}

// S13: a tall picture on its way to a file is stopped from a callback: that status, soon, and no file.
static void stopped_on_the_way(void)
{
    kal_scope *s = kal_scope_new();
    kal_node *n = kal_apply_text(s, "noise", "width=1 height=1000000", NULL, 0);
    n = kal_gaussian(s, n, kal_gaussian_params(.sigma = 2));
    const char *path = check_temp("tall.png");
    stop at = {kal_cancel_new(), 0, 0};
    const kal_options o = {.cancel = at.cancel,
                           .trace = stop_at_100,
                           .user = &at,
                           .band = 100,
                           .threads = 2,
                           .memo_mode = KAL_MEMO_NEVER};
    REQUIRE_FAILS(KAL_CANCELLED, kal_save(n, path, NULL, &o, &check_error));
    REQUIRE_NOTE(seconds() - at.asked < 1, "%g s", seconds() - at.asked);
    REQUIRE(access(path, F_OK) != 0);
    char left[300];
    snprintf(left, sizeof left, "ls -A '%.*s' | grep -q tall", (int)(strrchr(path, '/') - path), path);
    REQUIRE(system(left) != 0);
    kal_cancel_free(&at.cancel);
    kal_scope_free(&s);
}

// ---- never stale --------------------------------------------------------------------------------

static bool shows(kal_node *n, const kal_bytes *file)
{
    kal_key a, b;
    kal_node *want = kal_load_bytes(NULL, file->data, file->size, NULL);
    const bool ok = !kal_content_key(n, &keep, &a, &check_error) &&
                    !kal_content_key(want, &keep, &b, &check_error) && kal_key_equal(a, b);
    kal_node_unref(&want);
    return ok;
}

// S14: a path that was written again between two loads: at once, of the same size, and after its stamp had become old.
static void written_again(void)
{
    kal_scope *s = kal_scope_new();
    const char *path = check_temp("again.bmp");
    kal_bytes one = encoded(noise(s, 90, 70, 3), "bmp", NULL),
              two = encoded(noise(s, 90, 70, 4), "bmp", NULL);
    REQUIRE(one.size == two.size);
    for (int old = 0; old < 2; old++) {
        put_file(path, one.data, one.size);
        if (old) usleep(2200000);
        REQUIRE_NOTE(shows(kal_load(s, path, NULL), &one), "%s", check_error.message);
        REQUIRE_NOTE(shows(kal_load(s, path, NULL), &one), "%s", check_error.message);
        put_file(path, two.data, two.size);
        REQUIRE_NOTE(shows(kal_load(s, path, NULL), &two), "%s", check_error.message);
    }
    kal_bytes_free(&one), kal_bytes_free(&two);
    kal_scope_free(&s);
}

// S15: bytes and samples in memory are those of the moment they were given.
static void changed_afterwards(void)
{
    kal_scope *s = kal_scope_new();
    kal_bytes file = encoded(noise(s, 50, 40, 5), "png", NULL), copy = bytes_copy(file.data, file.size);
    kal_node *n = kal_load_bytes(s, copy.data, copy.size, NULL);
    memset(copy.data, 0, copy.size);
    REQUIRE_NOTE(shows(n, &file), "%s", check_error.message);
    bytes_free(&copy);
    const kal_extent e = extent_of(50, 40, 3, KAL_U8);
    unsigned char *p = read_all(n, &fresh, NULL);
    n = kal_pixels(s, &e, p, 150);
    memset(p, 7, bytes_of(&e));
    free(p);
    REQUIRE_NOTE(shows(n, &file), "%s", check_error.message);
    kal_bytes_free(&file);
    kal_scope_free(&s);
}

// ---- arrays -------------------------------------------------------------------------------------

// S16: a rectangle that is not inside names itself and the picture.
static void beyond_the_edge(void)
{
    static const kal_rect rects[] = {{30, 20, 51, 40}, {-1, 0, 5, 5}, {0, 39, 5, 41}, {60, 60, 70, 70}};
    kal_scope *s = kal_scope_new();
    kal_node *n = noise(s, 50, 40, 6);
    unsigned char p[50 * 40 * 3];
    for (size_t i = 0; i < sizeof rects / sizeof *rects; i++) {
        char words[60];
        const kal_rect r = rects[i];
        snprintf(words, sizeof words, "%d,%d..%d,%d is not inside the image of 50×40", r.x0, r.y0, r.x1,
                 r.y1);
        REQUIRE_FAILS(KAL_INVALID, kal_read(n, r, p, 150, NULL, &check_error));
        REQUIRE_NOTE(strstr(check_error.message, words), "%s", check_error.message);
        REQUIRE_FAILS(KAL_INVALID, kal_read_rects(n, &r, 1, p, 150, sizeof p, NULL, &check_error));
    }
    kal_scope_free(&s);
}

// S18: rows that lie apart, and from the last to the first, are the picture that lies together.
static void strides(void)
{
    kal_scope *s = kal_scope_new();
    const kal_extent e = extent_of(37, 29, 3, KAL_U16);
    enum { ROW = 37 * 6, APART = ROW + 50 };
    unsigned char *wide = calloc(29, APART), *turned = malloc((size_t)29 * ROW);
    rng r = {7};
    unsigned char *flat = malloc(bytes_of(&e));
    rng_pixels(&r, &e, flat);
    for (int y = 0; y < 29; y++) {
        memcpy(wide + y * APART, flat + y * ROW, ROW);
        memcpy(turned + (28 - y) * ROW, flat + y * ROW, ROW);
    }
    kal_node *const made[3] = {kal_pixels(s, &e, flat, ROW), kal_pixels(s, &e, wide, APART),
                               kal_pixels(s, &e, turned + 28 * ROW, -ROW)};
    REQUIRE(made[0] == made[1] && made[0] == made[2]);   // one key, one node
    memset(turned, 0, (size_t)29 * ROW);
    REQUIRE_OK(kal_read(made[0], kal_rect_all(&e), turned + 28 * ROW, -ROW, NULL, &check_error));
    for (int y = 0; y < 29; y++) REQUIRE(!memcmp(turned + (28 - y) * ROW, flat + y * ROW, ROW));
    free(wide), free(turned), free(flat);
    kal_scope_free(&s);
}

// ---- errors of two ------------------------------------------------------------------------------

typedef struct failing {
    char name[20], file[20];
    int wrong;
} failing;

static void *fail_often(void *arg)
{
    failing *f = arg;
    for (int i = 0; i < 200; i++) {
        kal_error err = {0};
        feed source = {.data = (const unsigned char *)f->file, .size = strlen(f->file)};
        kal_input in = input_of(&source, i & 1);
        in.name = f->name;
        kal_node *n = kal_load_input(NULL, &in, NULL);
        unsigned char p[81];
        const kal_status st = kal_read(n, kal_rect_of(0, 0, 1, 9), p, 9, &fresh, &err);
        f->wrong += st != KAL_CORRUPT || !strstr(err.message, f->name);
        kal_node_unref(&n);
    }
    return NULL;
}

// S19: those who fail at the same time have their own sentences.
static void two_at_once(void)
{
    failing f[4];
    pthread_t t[4];
    for (int i = 0; i < 4; i++) {
        snprintf(f[i].name, sizeof f[i].name, "source %d", i);
        snprintf(f[i].file, sizeof f[i].file, "P5 %d 9 255\n", i + 1);   // the same bytes would be one node
        f[i].wrong = 0;
        pthread_create(&t[i], NULL, fail_often, &f[i]);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(t[i], NULL);
        REQUIRE_NOTE(!f[i].wrong, "source %d: %d", i, f[i].wrong);
    }
}

int main(void)
{
    a_failure_is_not_remembered();
    the_end_is_told();
    stopped_on_the_way();
    written_again();
    changed_afterwards();
    beyond_the_edge();
    strides();
    two_at_once();
    kal_memo_clear(NULL);
    return check_done();
}
