// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Packed entries of a store: the same bytes come back, whoever put them how; what is damaged, cut off by a kill, or sealed with right sums around
// rubbish is a miss. `store_packed N` damages and kills N times.
#define _GNU_SOURCE
#include "check.h"

#include "store_file.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int rounds = 200;

// ---- entries ------------------------------------------------------------------------------------

static kal_key key_of(uint32_t i)
{
    return kal__hash_of(&i, sizeof i);
}

// Rows of 1 to 17 bytes a pixel; every fifth is as good as noise.
static kal__stored what_of(uint32_t i)
{
    const int32_t w = (int32_t)(i * 131 % 700) + 1, h = (int32_t)(i * 17 % 300) + 1;
    return (kal__stored){.key = key_of(i),
                         .kind = i % 3 ? KAL__STORED_ROWS : KAL__STORED_BLOB,
                         .rect = i % 3 ? kal_rect_of(7, 9, 7 + w, 9 + h)
                                       : kal_rect_of(0, 0, w * h * (int32_t)(i % 17 + 1), 1),
                         .size = (size_t)w * (size_t)h * (i % 17 + 1),
                         .ns = 1e6,
                         .recipe = "from nothing\n",
                         .recipe_size = 13};
}

static unsigned char *data_of(uint32_t i)
{
    const kal__stored what = what_of(i);
    unsigned char *p = malloc(what.size);
    rng r = {i};
    for (size_t k = 0; k < what.size; k++)
        p[k] =
            i % 5 ? (unsigned char)(k / 40 + (k % 23 ? 0 : rng_next(&r) & 3)) : (unsigned char)rng_next(&r);
    return p;
}

static bool put(kal__store *s, uint32_t i)
{
    const kal__stored what = what_of(i);
    unsigned char *p = data_of(i);
    const bool ok = kal__store_put(s, &what, p);
    free(p);
    return ok;
}

// 1: found and right, 0: not found, -1: wrong
static int get(kal__store *s, uint32_t i, size_t *on_disk)
{
    const kal__stored want = what_of(i);
    kal__stored what;
    kal__slab *slab = kal__store_get(s, want.key, want.kind, want.rect, &what);
    if (!slab) return 0;
    unsigned char *p = data_of(i);
    const bool right = what.size == want.size && !memcmp(slab->data, p, what.size) &&
                       (!what.recipe || !memcmp(what.recipe, "from", 4));
    if (on_disk) *on_disk = what.on_disk;
    free(p);
    kal__slab_unref(&slab);
    return right ? 1 : -1;
}

static kal__store *open_at(const char *folder, const char *packing)
{
    kal__store *s;
    REQUIRE_OK(kal__store_open(folder, 0, &s, &check_error));
    REQUIRE_OK(kal__store_set_packing(s, packing, &check_error));
    return s;
}

static const char *file_of(const char *folder, uint32_t i)
{
    static char path[4200];
    char name[40];
    kal__store_path(key_of(i), name);
    snprintf(path, sizeof path, "%s/v1/%s", folder, name);
    return path;
}

// ---- what it promises ---------------------------------------------------------------------------

static void comes_back(void)
{
    const char *folder = check_temp("packed");
    kal__store *packs = open_at(folder, "zstd"), *plain = open_at(folder, "none");
    REQUIRE(kal__store_packs(packs) && !kal__store_packs(plain));
    for (uint32_t i = 1; i < 120; i++) {
        kal__store *to = i % 4 ? packs : plain;
        size_t on_disk = 0;
        REQUIRE_NOTE(put(to, i), "%u", i);
        REQUIRE_NOTE(get(packs, i, &on_disk) == 1 && get(plain, i, NULL) == 1, "%u", i);
        const kal__stored what = what_of(i);
        if (what.size < 20000) continue;
        const bool smaller = on_disk < what.size / 2;
        REQUIRE_NOTE(smaller == (to == packs && i % 5 != 0), "%u: %zu bytes lie in %zu", i, what.size,
                     on_disk);
    }
    REQUIRE(!put(packs, 4) && !put(plain, 5));   // there, packed or not
    REQUIRE_FAILS(KAL_INVALID, kal__store_set_packing(packs, "lzma", &check_error));
    kal__store_close(&packs), kal__store_close(&plain);
}

// Encoded files stay as they are.
static void leaves_files(void)
{
    static unsigned char zeros[100000];
    const kal__stored what = {
        .key = key_of(1), .kind = KAL__STORED_BYTES, .rect = {0, 0, sizeof zeros, 1}, .size = sizeof zeros};
    kal__stored is;
    kal__store *s = open_at(check_temp("files"), "zstd");
    REQUIRE(kal__store_put(s, &what, zeros));
    kal__slab *slab = kal__store_get(s, what.key, what.kind, what.rect, &is);
    REQUIRE(slab && is.on_disk > sizeof zeros);
    kal__slab_unref(&slab);
    kal__store_close(&s);
}

static bool count_unsound(void *user, const kal__stored *what, bool sound)
{
    (void)what;
    *(int *)user += !sound;
    return true;
}

static void is_copied(void)
{
    kal__store *from = open_at(check_temp("from"), "zstd"), *to = open_at(check_temp("to"), "none");
    int unsound = 0;
    for (uint32_t i = 1; i < 20; i++) {
        bool copied;
        put(from, i);
        REQUIRE_NOTE(kal__store_copy(from, to, key_of(i), &copied) && copied, "%u", i);
        REQUIRE_NOTE(get(to, i, NULL) == 1, "%u", i);
    }
    kal__store_each(to, true, count_unsound, &unsound);
    REQUIRE(!unsound);
    kal__store_close(&from), kal__store_close(&to);
}

// ---- damage -------------------------------------------------------------------------------------

static void damaged(void)
{
    const char *folder = check_temp("damaged");
    kal__store *s = open_at(folder, "zstd");
    rng r = {77};
    int wrong = 0, missed = 0;
    for (int i = 0; i < rounds; i++) {
        const uint32_t which = (uint32_t)i % 60 + 1;
        put(s, which);
        const int fd = open(file_of(folder, which), O_RDWR);
        const off_t n = lseek(fd, 0, SEEK_END), at = (off_t)(rng_next(&r) % (uint32_t)n);
        unsigned char c;
        REQUIRE(fd >= 0 && pread(fd, &c, 1, at) == 1);
        c ^= (unsigned char)(1u << rng_below(&r, 8));
        REQUIRE(rng_below(&r, 2) ? ftruncate(fd, at) == 0 : pwrite(fd, &c, 1, at) == 1);
        close(fd);
        const int found = get(s, which, NULL);
        wrong += found < 0;
        missed += !found;
        kal__store_remove(s, key_of(which));
    }
    REQUIRE_NOTE(!wrong && missed > rounds / 2, "%d wrong, %d missed of %d", wrong, missed, rounds);
    kal__store_close(&s);
}

static void seal(unsigned char *file, kal__store_head *h)
{
    kal__hash hash;
    h->sum[0] = h->sum[1] = 0;
    kal__hash_init(&hash);
    kal__hash_add(&hash, h, sizeof *h);
    kal__hash_add(&hash, file + sizeof *h, (size_t)h->pieces * 16 + h->recipe_size);
    const kal_key k = kal__hash_done(&hash);
    h->sum[0] = k.lo, h->sum[1] = k.hi;
    memcpy(file, h, sizeof *h);
}

// All sums are right; what is packed is rubbish, or of another length, or the places of the pieces are.
static void forged(void)
{
    const char *folder = check_temp("forged");
    kal__store *s = open_at(folder, "zstd");
    rng r = {3};
    for (int i = 0; i < rounds; i++) {
        const uint32_t which = (uint32_t)i % 4 + 1;   // none of them noise
        put(s, which);
        const int fd = open(file_of(folder, which), O_RDWR);
        const size_t n = (size_t)lseek(fd, 0, SEEK_END);
        unsigned char *file = malloc(n);
        kal__store_head h;
        REQUIRE(fd >= 0 && pread(fd, file, n, 0) == (ssize_t)n);
        memcpy(&h, file, sizeof h);
        REQUIRE(kal__store_is_packed(&h));
        uint64_t *sums = (uint64_t *)(void *)(file + sizeof h), *ends = sums + h.pieces;
        const int how = rng_below(&r, 4);
        if (how == 0) ends[rng_below(&r, (int32_t)h.pieces)] ^= 1ull << rng_below(&r, 64);
        if (how == 1) h.x1 += 1, h.size += (size_t)(which % 17 + 1) * (size_t)(h.y1 - h.y0);
        for (int k = 0; how > 1 && k < 3; k++)
            file[h.at + rng_next(&r) % (n - h.at)] ^= (unsigned char)rng_next(&r);
        for (size_t k = 0; how > 1 && k < h.pieces; k++) {
            const kal__stretch p = kal__store_stretch(file, &h, k);
            sums[k] = kal__hash_of(p.data, p.size).lo;
        }
        seal(file, &h);
        REQUIRE(pwrite(fd, file, n, 0) == (ssize_t)n);
        close(fd);
        kal__stored what, want = what_of(which);
        kal__slab *slab = kal__store_get(s, want.key, want.kind, want.rect, &what);
        REQUIRE_NOTE(!slab || (how > 1 && what.size == want.size), "%d: forged in way %d, and found", i, how);
        kal__slab_unref(&slab);
        kal__store_remove(s, want.key);
        free(file);
    }
    kal__store_close(&s);
}

static void killed(void)
{
    const char *folder = check_temp("killed");
    rng r = {5};
    int wrong = 0, unsound = 0;
    for (int i = 0; i < rounds / 4; i++) {
        int ready[2];
        REQUIRE(pipe(ready) == 0);
        const pid_t child = fork();
        if (!child) {
            kal__store *s;
            if (kal__store_open(folder, 0, &s, NULL) || kal__store_set_packing(s, "zstd", NULL)) _exit(1);
            if (write(ready[1], "x", 1) != 1) _exit(1);
            for (uint32_t k = (uint32_t)i * 50 + 1;; k++) put(s, k % 1000 + 1);
        }
        char c;
        close(ready[1]);
        REQUIRE(read(ready[0], &c, 1) == 1);
        close(ready[0]);
        usleep(rng_next(&r) % 6000);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        kal__store *s = open_at(folder, "none");
        for (uint32_t k = 0; k < 10; k++) wrong += get(s, ((uint32_t)i * 50 + k) % 1000 + 1, NULL) < 0;
        kal__store_close(&s);
    }
    kal__store *s = open_at(folder, "none");
    kal__store_each(s, true, count_unsound, &unsound);
    REQUIRE_NOTE(!wrong && !unsound, "%d wrong, %d damaged", wrong, unsound);
    kal__store_close(&s);
}

int main(int argc, char **argv)
{
    if (argc > 1) rounds = atoi(argv[1]);
    if (!kal__pack_ready()) {
        check_skip("libzstd is not there, or this build is without it");
        return check_done();
    }
    comes_back();
    leaves_files();
    is_copied();
    damaged();
    forged();
    killed();
    return check_done();
}
