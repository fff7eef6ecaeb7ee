// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A folder of results against what happens to folders: bits that flip, files cut short, processes killed while they write, a full disk, many
// writers and a collector at once. Never wrong bytes; nothing of others touched; nothing left behind. `store N` does N rounds of each.
#define _GNU_SOURCE
#include "check.h"

#include "store_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static int rounds = 300;

// ---- data that tells its key ----------------------------------------------------------------------

static kal_key key_of(uint32_t i)
{
    return kal__hash_of(&i, sizeof i);
}

static size_t size_of(uint32_t i)
{
    return i % 7 == 0 ? (size_t)(i % 5 + 1) << 19 : i * 37 % 20000 + 1;
}

static unsigned char *data_of(uint32_t i)
{
    const size_t n = size_of(i);
    unsigned char *p = malloc(n);
    rng r = {i};
    for (size_t k = 0; k < n; k += 4) {
        const uint32_t v = rng_next(&r);
        memcpy(p + k, &v, n - k < 4 ? n - k : 4);
    }
    return p;
}

static bool put(kal__store *s, uint32_t i)
{
    unsigned char *p = data_of(i);
    const kal__stored what = {.key = key_of(i),
                              .kind = KAL__STORED_BYTES,
                              .rect = {0, 0, (int32_t)size_of(i), 1},
                              .size = size_of(i),
                              .ns = 1e6 * (i % 11 + 1),
                              .recipe = "what it was made from\n",
                              .recipe_size = 22};
    const bool ok = kal__store_put(s, &what, p);
    free(p);
    return ok;
}

// 1: found and right, 0: not found, -1: wrong
static int get(kal__store *s, uint32_t i)
{
    kal__stored what;
    kal__slab *slab = kal__store_get(s, key_of(i), KAL__STORED_BYTES, kal_rect_of(0, 0, 1, 1), &what);
    if (!slab) return 0;
    unsigned char *p = data_of(i);
    const bool right = what.size == size_of(i) && memcmp(slab->data, p, what.size) == 0 &&
                       what.recipe_size == 22 && what.rect.x1 == (int32_t)what.size;
    free(p);
    kal__slab_unref(&slab);
    return right ? 1 : -1;
}

static kal__store *open_at(const char *folder, uint64_t limit)
{
    kal__store *s;
    REQUIRE_OK(kal__store_open(folder, limit, &s, &check_error));
    return s;
}

static int files_in(const char *folder)
{
    int n = 0;
    DIR *d = opendir(folder);
    for (const struct dirent *e; d && (e = readdir(d)) != NULL;) n += e->d_name[0] != '.';
    if (d) closedir(d);
    return n;
}

static const char *in(const char *folder, const char *name)
{
    static char path[4][4200];
    static int turn;
    char *p = path[turn++ & 3];
    snprintf(p, sizeof path[0], "%s/%s", folder, name);
    return p;
}

static const char *file_of(const char *folder, uint32_t i)
{
    char path[40], name[48];
    kal__store_path(key_of(i), path);
    snprintf(name, sizeof name, "v1/%s", path);
    return in(folder, name);
}

// ---- what it promises -----------------------------------------------------------------------------

static void keeps(void)
{
    const char *folder = check_temp("keeps/a/b");
    kal__store *s = open_at(folder, 0), *other = open_at(folder, 0);
    for (uint32_t i = 1; i < 30; i++) REQUIRE_NOTE(get(s, i) == 0 && put(s, i), "%u", i);
    for (uint32_t i = 1; i < 30; i++) REQUIRE_NOTE(get(other, i) == 1, "%u", i);
    REQUIRE(!put(other, 3));   // it is there
    REQUIRE(kal__store_has(s, key_of(5)) && kal__store_remove(s, key_of(5)));
    REQUIRE(get(other, 5) == 0 && !kal__store_remove(s, key_of(5)) && !kal__store_has(s, key_of(5)));
    kal__store_counts c;
    kal__store_counted(s, &c);
    REQUIRE(c.stored == 29 && c.misses == 29 && c.hits == 0 && c.broken == 0 && c.removed == 1);
    REQUIRE(!access(in(folder, "CACHEDIR.TAG"), R_OK));
    kal__store_close(&s);
    kal__store_close(&other);
    REQUIRE_FAILS(KAL_IO, kal__store_open(in(folder, "CACHEDIR.TAG"), 0, &s, &check_error));
}

// One entry a key: a larger rectangle replaces a smaller one, which stays as it is for those who have it.
static void rectangles(void)
{
    static const unsigned char small[4] = {1, 2, 3, 4}, large[9] = {9, 8, 7, 6, 5, 4, 3, 2, 1};
    kal__store *s = open_at(check_temp("rectangles"), 0);
    kal__stored a = {.key = key_of(1), .kind = KAL__STORED_ROWS, .rect = {2, 2, 4, 4}, .size = 4}, b = a, is;
    b.rect = kal_rect_of(1, 1, 4, 4);
    b.size = 9;
    REQUIRE(kal__store_put(s, &a, small));
    REQUIRE(!kal__store_get(s, a.key, KAL__STORED_ROWS, b.rect, &is));
    REQUIRE(!kal__store_get(s, a.key, KAL__STORED_BYTES, a.rect, &is));
    kal__slab *held = kal__store_get(s, a.key, KAL__STORED_ROWS, a.rect, &is);
    REQUIRE(held && kal__store_put(s, &b, large));
    REQUIRE(!kal__store_put(s, &a, small));
    kal__slab *now = kal__store_get(s, a.key, KAL__STORED_ROWS, a.rect, &is);
    REQUIRE(now && kal_rect_equal(is.rect, b.rect) && !memcmp(now->data, large, 9));
    REQUIRE(held && !memcmp(held->data, small, 4));
    kal__slab_unref(&held);
    kal__slab_unref(&now);
    kal__store_close(&s);
}

// ---- damage ---------------------------------------------------------------------------------------

static void damage(const char *path, rng *r)
{
    struct stat st;
    const int fd = open(path, O_RDWR);
    REQUIRE(fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0);
    const off_t at = (off_t)(rng_next(r) % (uint32_t)st.st_size);
    unsigned char c;
    if (rng_next(r) & 1) {
        REQUIRE(ftruncate(fd, at) == 0);
    } else {
        REQUIRE(pread(fd, &c, 1, at) == 1);
        c ^= (unsigned char)(1u << (rng_next(r) & 7));
        REQUIRE(pwrite(fd, &c, 1, at) == 1);
    }
    close(fd);
}

static void damaged(void)
{
    const char *folder = check_temp("damaged");
    kal__store *s = open_at(folder, 0);
    rng r = {77};
    int wrong = 0, missed = 0, again = 0;
    for (int i = 0; i < rounds; i++) {
        const uint32_t which = (uint32_t)i % 50 + 1;
        put(s, which);
        damage(file_of(folder, which), &r);
        const int found = get(s, which);   // a bit of what lies between table and data means nothing
        wrong += found < 0;
        missed += found == 0;
        if (!found)
            again += kal__store_put(s,
                                    &(kal__stored){.key = key_of(which),
                                                   .size = 1,
                                                   .kind = KAL__STORED_BYTES,
                                                   .rect = {0, 0, 1, 1}},
                                    "x") &&
                     kal__store_remove(s, key_of(which));
    }
    kal__store_counts c;
    kal__store_counted(s, &c);
    REQUIRE_NOTE(!wrong, "%d of %d wrong", wrong, rounds);
    REQUIRE_NOTE(missed > rounds / 2 && again >= missed - (int)(missed / 20 + 2), "%d missed, %d put again",
                 missed, again);
    REQUIRE_NOTE(c.broken >= (uint64_t)(missed * 9 / 10), "%d broken of %d", (int)c.broken, missed);
    kal__store_close(&s);
}

static bool count_unsound(void *user, const kal__stored *what, bool sound)
{
    (void)what;
    *(int *)user += !sound;
    return true;
}

// What a power cut leaves, as nothing waits for the disk: the length, and zeros. Rubbish of any length is no better.
static void spoil(const char *path, int how)
{
    struct stat st;
    REQUIRE(!stat(path, &st));
    const off_t n = how == 0 ? st.st_size : how == 1 ? 5 : 0;
    FILE *f = fopen(path, "w");
    REQUIRE(f && (how != 2 || fputs("somebody's letter", f) >= 0) && fclose(f) == 0);
    if (n) REQUIRE(!truncate(path, n));
}

static void torn(void)
{
    const char *folder = check_temp("torn");
    kal__store *s = open_at(folder, 0);
    kal__store_counts c;
    uint64_t before, after;
    bool busy;
    int unsound = 0;
    struct stat st;
    for (int how = 0; how < 4; how++) {
        const uint32_t i = 20 + (uint32_t)how;
        REQUIRE(put(s, i));
        spoil(file_of(folder, i), how);
        REQUIRE_NOTE(get(s, i) == 0 && !kal__store_has(s, key_of(i)), "damage %d", how);
        REQUIRE_NOTE(put(s, i) && get(s, i) == 1, "damage %d", how);
        spoil(file_of(folder, i), how);
        REQUIRE_NOTE(put(s, i) && get(s, i) == 1, "damage %d, not asked for", how);
        spoil(file_of(folder, i), how);
    }
    kal__store_counted(s, &c);
    REQUIRE_NOTE(c.broken == 4, "%d broken", (int)c.broken);
    kal__store_each(s, false, count_unsound, &unsound);
    REQUIRE_NOTE(unsound == 4, "%d damaged", unsound);
    REQUIRE(!stat(file_of(folder, 20), &st));
    REQUIRE_OK(kal__store_collect(s, 0, &before, &after, &busy, &check_error));
    REQUIRE_NOTE(before == (uint64_t)st.st_size + 5 + 17 && !after, "%d bytes", (int)before);
    for (uint32_t i = 20; i < 24; i++) REQUIRE(!kal__store_has(s, key_of(i)));
    kal__store_close(&s);
}

static void write_letter(const char *path)
{
    FILE *f = fopen(path, "w");
    REQUIRE(f && fputs("somebody's letter", f) >= 0 && fclose(f) == 0);
}

// What has no name of ours, and what has one and is no file.
static void foreign(void)
{
    const char *folder = check_temp("foreign");
    kal__store *s = open_at(folder, 0);
    uint64_t before, after;
    bool busy;
    int unsound = 0;
    char beside[4300];
    put(s, 9);
    REQUIRE(rename(file_of(folder, 9), in(folder, "away")) == 0);
    REQUIRE(!mkdir(file_of(folder, 9), 0700));   // by the name of an entry
    snprintf(beside, sizeof beside, "%s.txt", file_of(folder, 9));
    write_letter(beside);
    write_letter(in(folder, "v1/notes.txt"));
    write_letter(in(folder, "v1/tmp/mine"));
    put(s, 11);
    REQUIRE(!unlink(file_of(folder, 11)) && !symlink(beside, file_of(folder, 11)));
    REQUIRE(get(s, 9) == 0 && !put(s, 9) && get(s, 11) == 0);
    kal__store_each(s, true, count_unsound, &unsound);
    REQUIRE_OK(kal__store_collect(s, 0, &before, &after, &busy, &check_error));
    REQUIRE(unsound == 0 && before == 0 && !busy);
    kal__store_close(&s);
    s = open_at(folder, 0);
    REQUIRE(!access(file_of(folder, 9), R_OK) && !access(in(folder, "v1/notes.txt"), R_OK));
    REQUIRE(!access(in(folder, "v1/tmp/mine"), R_OK) && !access(beside, R_OK));
    REQUIRE(!access(file_of(folder, 11), R_OK) && !rmdir(file_of(folder, 9)));
    // an entry of another key: moved by hand
    REQUIRE(rename(in(folder, "away"), file_of(folder, 9)) == 0 && put(s, 8));
    REQUIRE(rename(file_of(folder, 9), file_of(folder, 8)) == 0 && get(s, 8) == 0);
    kal__store_close(&s);
}

// ---- room -----------------------------------------------------------------------------------------

static void collected(void)
{
    const char *folder = check_temp("collected");
    const uint64_t limit = (uint64_t)4 << 20;
    kal__store *s = open_at(folder, limit);
    uint64_t before, after;
    bool busy;
    for (uint32_t i = 1; i < 400; i++)
        if (i % 7) put(s, i);
    REQUIRE_OK(kal__store_collect(s, limit, &before, &after, &busy, &check_error));
    REQUIRE_NOTE(before <= limit + 30000 && after <= limit && after > limit / 2, "%llu, %llu",
                 (unsigned long long)before, (unsigned long long)after);
    int dear = 0, cheap = 0;   // equally old: those that cost most a byte stay
    for (uint32_t i = 1; i < 400; i++) {
        if (i % 7 == 0) continue;
        const double ratio = (i % 11 + 1) / ((double)size_of(i) + 4096);
        if (!kal__store_has(s, key_of(i))) continue;
        dear += ratio > 7e-4;
        cheap += ratio < 7e-5;
    }
    REQUIRE_NOTE(dear > cheap, "%d dear ones and %d cheap ones are left", dear, cheap);
    REQUIRE_OK(kal__store_collect(s, 0, &before, &after, &busy, &check_error));
    REQUIRE(after == 0);
    for (uint32_t i = 1; i < 400; i++) REQUIRE(!kal__store_has(s, key_of(i)));
    kal__store_close(&s);
}

// Nobody gets to a folder below one that is ours alone.
static void let_in(const char *folder, mode_t mode)
{
    char *above = strdup(folder);
    *strrchr(above, '/') = 0;
    REQUIRE(!chmod(above, mode));
    free(above);
}

static bool is_small(uint32_t i)
{
    const char *shard = strrchr(file_of("", i), '/') - 2;   // those of others have shards of their own
    bool apart = i % 7 != 0;
    for (uint32_t k = 7; k <= 21; k += 7) apart &= strncmp(shard, strrchr(file_of("", k), '/') - 2, 2) != 0;
    return apart;
}

static int small_ones(kal__store *s, bool puts)
{
    int n = 0;
    for (uint32_t i = 501; i < 530; i++)
        if (is_small(i)) n += puts ? put(s, i) : get(s, i) == 1;
    return n;
}

// As nobody, where entries of others are more than there is room for and may not be removed: what is kept stays, and nobody collects again and again.
static int among_others(const char *folder)
{
    kal__store *s;
    uint64_t before, after;
    bool busy;
    if (getuid() == 0 && (setgid(65534) || setuid(65534))) return 3;
    if (kal__store_open(folder, (uint64_t)1 << 20, &s, NULL)) return 4;
    if (small_ones(s, true) < 20 || small_ones(s, false) < 20) return 5;
    const uint64_t stuck = __atomic_load_n(&s->stuck_bytes, __ATOMIC_RELAXED);
    if (stuck < (uint64_t)5 << 20) return 6;
    // told when it is found, and then no matter; ours go when they are asked to
    if (kal__store_collect(s, 0, &before, &after, &busy, NULL) || after != stuck || before <= after) return 7;
    if (small_ones(s, false)) return 8;
    kal__store_close(&s);
    if (kal__store_open(folder, (uint64_t)1 << 20, &s, NULL)) return 9;
    return kal__store_collect(s, 0, &before, &after, &busy, NULL) == KAL_IO && after == stuck ? 0 : 10;
}

static void stuck(void)
{
    const char *folder = check_temp("stuck");
    int status;
    kal__store *s = open_at(folder, 0);
    for (uint32_t i = 7; i <= 21; i += 7) {
        REQUIRE(put(s, i));
        char *shard = strdup(file_of(folder, i));
        *strrchr(shard, '/') = 0;
        REQUIRE(!chmod(shard, 0555));
        free(shard);
    }
    kal__store_close(&s);
    REQUIRE(!chmod(folder, 0755) && !chmod(in(folder, "v1"), 0777) && !chmod(in(folder, "v1/tmp"), 0777) &&
            !chmod(in(folder, "v1/used"), 0666));
    let_in(folder, 0711);
    const pid_t child = fork();
    if (!child) _exit(among_others(folder));
    REQUIRE(waitpid(child, &status, 0) == child);
    let_in(folder, 0700);
    REQUIRE_NOTE(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%d", WEXITSTATUS(status));
    for (uint32_t i = 7; i <= 21; i += 7) {
        char *shard = strdup(file_of(folder, i));
        *strrchr(shard, '/') = 0;
        chmod(shard, 0700);
        free(shard);
    }
}

static void stops(kal__store *s)
{
    char text[300];
    REQUIRE(kal__store_warning(s, text, sizeof text) && strstr(text, "nothing more is kept there"));
    REQUIRE(!kal__store_warning(s, text, sizeof text));   // once
}

// By the largest file there may be, and where one may mount, by a disk that is full.
static void full(void)
{
    const char *folder = check_temp("full");
    struct rlimit old, small;
    getrlimit(RLIMIT_FSIZE, &old);
    small = (struct rlimit){100000, old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    kal__store *s = open_at(folder, 0);
    REQUIRE(put(s, 1));
    setrlimit(RLIMIT_FSIZE, &small);
    REQUIRE(!put(s, 7));
    setrlimit(RLIMIT_FSIZE, &old);
    stops(s);
    REQUIRE(!put(s, 2) && get(s, 1) == 1 && get(s, 7) == 0);
    REQUIRE(files_in(in(folder, "v1/tmp")) == 0);
    kal__store_close(&s);
    mkdir(check_temp("disk"), 0700);
    if (mount("kal-test", check_temp("disk"), "tmpfs", 0, "size=1m") != 0) {
        check_skip("a full disk: %s", strerror(errno));
        return;
    }
    s = open_at(check_temp("disk"), 0);
    int kept = 0;
    for (uint32_t i = 1; i < 200; i++) kept += i % 7 ? put(s, i) : 0;
    REQUIRE_NOTE(kept > 5 && kept < 150, "%d kept", kept);
    stops(s);
    for (uint32_t i = 1; i < 200; i++) REQUIRE(get(s, i) >= 0);
    REQUIRE(files_in(in(check_temp("disk"), "v1/tmp")) == 0);
    kal__store_close(&s);
    umount2(check_temp("disk"), MNT_DETACH);
}

static void only_read(void)
{
    const char *folder = check_temp("only_read");
    kal__store *s = open_at(folder, 0);
    REQUIRE(put(s, 1));
    kal__store_close(&s);
    chmod(folder, 0555);
    let_in(folder, 0711);
    const pid_t child = fork();
    if (!child) {   // as nobody, who may not write there
        if (getuid() == 0) {
            if (chmod(in(folder, "v1"), 0555) || chmod(in(folder, "v1/tmp"), 0555) || setgid(65534) ||
                setuid(65534))
                _exit(3);
        }
        kal__store *r;
        char text[300];
        if (kal__store_open(folder, 0, &r, NULL)) _exit(4);
        const bool ok =
            get(r, 1) == 1 && !put(r, 2) && get(r, 2) == 0 && kal__store_warning(r, text, sizeof text);
        _exit(ok ? 0 : 5);
    }
    int status;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE_NOTE(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%d", status);
    let_in(folder, 0700);
    chmod(folder, 0700);
}

// ---- killed ---------------------------------------------------------------------------------------

static void killed(void)
{
    const char *folder = check_temp("killed");
    rng r = {5};
    int wrong = 0, left = 0, unsound = 0;
    for (int i = 0; i < rounds; i++) {
        int ready[2];
        REQUIRE(pipe(ready) == 0);
        const pid_t child = fork();
        if (!child) {
            kal__store *s;
            if (kal__store_open(folder, 0, &s, NULL)) _exit(1);
            if (write(ready[1], "x", 1) != 1) _exit(1);
            for (uint32_t k = (uint32_t)i * 50 + 1;; k++) put(s, k % 2000 + 1);
        }
        char c;
        close(ready[1]);
        REQUIRE(read(ready[0], &c, 1) == 1);
        close(ready[0]);
        usleep(rng_next(&r) % 3000);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        kal__store *s = open_at(folder, 0);
        left += files_in(in(folder, "v1/tmp"));
        for (int k = 0; k < 40; k++) wrong += get(s, (uint32_t)(i * 50 + k) % 2000 + 1) < 0;
        kal__store_close(&s);
    }
    kal__store *s = open_at(folder, 0);
    kal__store_each(s, true, count_unsound, &unsound);
    REQUIRE_NOTE(!wrong && !left && !unsound, "%d wrong, %d left, %d damaged", wrong, left, unsound);
    kal__store_close(&s);
}

// ---- many at once -----------------------------------------------------------------------------------

#define PROCESSES 16

static int at_work(const char *folder, int who)
{
    kal__store *s;
    kal__store_counts c;
    rng r = {(uint64_t)who + 100};
    int gets = 0, found = 0;
    if (kal__store_open(folder, (uint64_t)3 << 20, &s, NULL)) return 1;
    for (int i = 0; i < rounds; i++) {
        const uint32_t which = rng_next(&r) % 120 + 1;
        unsigned char fact[KAL__FACT], want[KAL__FACT];
        const int got = get(s, which);
        gets++;
        found += got > 0;
        if (got < 0) return 2;
        if (!got) put(s, which);
        memset(want, (int)which, sizeof want);
        if (kal__fact_known(s, KAL__FACT_CONTENT, key_of(which), fact) && memcmp(fact, want, sizeof want))
            return 3;
        kal__fact_remember(s, KAL__FACT_CONTENT, key_of(which), want);
        if (who == 0 && i % 10 == 0) {
            uint64_t before, after;
            bool busy;
            if (kal__store_collect(s, (uint64_t)1 << 20, &before, &after, &busy, NULL)) return 4;
        }
    }
    kal__store_counted(s, &c);
    const bool adds_up = c.hits == (uint64_t)found && c.misses == (uint64_t)(gets - found) && !c.broken;
    kal__store_close(&s);
    return adds_up ? 0 : 5;
}

static void together(void)
{
    const char *folder = check_temp("together");
    pid_t children[PROCESSES];
    int unsound = 0;
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (!children[i]) _exit(at_work(folder, i));
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        REQUIRE(waitpid(children[i], &status, 0) == children[i]);
        REQUIRE_NOTE(WIFEXITED(status) && WEXITSTATUS(status) == 0, "process %d: %d", i, status);
    }
    kal__store *s = open_at(folder, 0);
    kal__store_each(s, true, count_unsound, &unsound);
    REQUIRE(!unsound && files_in(in(folder, "v1/tmp")) == 0);
    kal__store_close(&s);
}

// ---- facts ----------------------------------------------------------------------------------------

static void fact_of(uint32_t i, uint32_t turn, unsigned char out[KAL__FACT])
{
    const kal_key k = kal__hash_of((uint32_t[2]){i, turn}, 8);
    memcpy(out, &k, 16);
    memcpy(out + 16, &k, 16);
}

static int known(kal__store *s, uint32_t i, uint32_t turn)
{
    unsigned char is[KAL__FACT], want[KAL__FACT];
    fact_of(i, turn, want);
    return !kal__fact_known(s, KAL__FACT_STAMP, key_of(i), is) ? 0 : memcmp(is, want, KAL__FACT) ? -1 : 1;
}

static void facts(void)
{
    const char *folder = check_temp("facts");
    kal__store *s = open_at(folder, 0), *other = open_at(folder, 0);
    unsigned char v[KAL__FACT];
    for (uint32_t turn = 0; turn < 2; turn++)
        for (uint32_t i = 1; i < 3000; i++) {
            fact_of(i, turn, v);
            kal__fact_remember(turn ? other : s, KAL__FACT_STAMP, key_of(i), v);
        }
    int right = 0;
    for (uint32_t i = 1; i < 3000; i++) right += known(s, i, 1) == 1;
    REQUIRE_NOTE(right == 2999, "%d", right);
    REQUIRE(!kal__fact_known(s, KAL__FACT_TILE, key_of(5), v));   // another kind
    kal__store_close(&other);
    // torn and damaged: some are lost, none is wrong
    for (int i = 0; i < 16; i++) {
        char name[20];
        snprintf(name, sizeof name, "v1/facts-%x", i);
        rng r = {(uint64_t)i};
        damage(in(folder, name), &r);
    }
    other = open_at(folder, 0);
    int wrong = 0;
    right = 0;
    for (uint32_t i = 1; i < 3000; i++) {
        const int is = known(other, i, 1);
        right += is == 1;
        wrong += is < 0 && known(other, i, 0) != 1;   // the one before counts again
        fact_of(i, 2, v);
        kal__fact_remember(other, KAL__FACT_STAMP, key_of(i), v);
    }
    REQUIRE_NOTE(!wrong && right > 300, "%d right, %d wrong", right, wrong);
    kal__store_close(&s);   // it knows what was in the files before
    s = open_at(folder, 0);
    right = 0;
    for (uint32_t i = 1; i < 3000; i++) right += known(s, i, 2) == 1;
    REQUIRE_NOTE(right == 2999, "%d", right);
    kal__store_close(&other);
    kal__store_close(&s);
}

int main(int argc, char **argv)
{
    if (argc > 1) rounds = atoi(argv[1]);
    keeps();
    rectangles();
    damaged();
    torn();
    foreign();
    collected();
    stuck();
    full();
    only_read();
    killed();
    together();
    facts();
    return check_done();
}
