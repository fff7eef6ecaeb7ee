// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A folder of results that somebody meddles with while it is in use: links and pipes in the place of its files, a lock that is never let go, rubbish
// where facts are, who clears it up at every moment. Nothing outside is written to, nobody waits, and what can be kept is kept.
#define _GNU_SOURCE
#include "check.h"

#include "store_file.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static kal_key key_of(uint32_t i)
{
    return kal__hash_of(&i, sizeof i);
}

static bool put(kal__store *s, uint32_t i)
{
    const kal__stored what = {
        .key = key_of(i), .kind = KAL__STORED_BYTES, .rect = {0, 0, sizeof i, 1}, .size = sizeof i, .ns = 1};
    return kal__store_put(s, &what, &i);
}

static bool get(kal__store *s, uint32_t i)
{
    kal__stored what;
    kal__slab *slab = kal__store_get(s, key_of(i), KAL__STORED_BYTES, kal_rect_of(0, 0, 1, 1), &what);
    const bool right = slab && !memcmp(slab->data, &i, sizeof i);
    kal__slab_unref(&slab);
    return right;
}

static kal__store *open_at(const char *folder, uint64_t limit)
{
    kal__store *s;
    REQUIRE_OK(kal__store_open(folder, limit, &s, &check_error));
    return s;
}

static const char *in(const char *folder, const char *name)
{
    static char path[4][4200];
    static int turn;
    char *p = path[turn++ & 3];
    snprintf(p, sizeof path[0], "%s/%s", folder, name);
    return p;
}

static bool write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    return f && fputs(text, f) >= 0 && fclose(f) == 0;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

// ---- links and pipes ------------------------------------------------------------------------------

// What is behind a link stays as it is.
static void links(void)
{
    const char *folder = check_temp("links"), *letter = check_temp("letter"), *other = check_temp("other");
    char text[40] = "";
    uint64_t before, after;
    bool busy;
    kal__store *s = open_at(folder, 0);
    kal__store_close(&s);
    REQUIRE(write_file(letter, "somebody's letter"));
    REQUIRE(!mkdir(other, 0700) && write_file(in(other, "kal-1"), "somebody's"));
    unlink(in(folder, "v1/used"));
    REQUIRE(!symlink(letter, in(folder, "v1/used")) &&
            !symlink(in(other, "new"), in(folder, "v1/collecting")));
    s = open_at(folder, 0);
    put(s, 1);
    kal__store_collect(s, 0, &before, &after, &busy, NULL);
    kal__store_close(&s);
    REQUIRE(access(in(other, "new"), F_OK) != 0);
    FILE *f = fopen(letter, "r");
    REQUIRE(f && fgets(text, sizeof text, f) && !fclose(f));
    REQUIRE_TEXT(text, "somebody's letter");
    unlink(in(folder, "v1/used"));
    REQUIRE(!rmdir(in(folder, "v1/tmp")) && !symlink(other, in(folder, "v1/tmp")));
    s = open_at(folder, 0);
    put(s, 2);
    kal__store_close(&s);
    REQUIRE(!access(in(other, "kal-1"), F_OK));
}

// Nobody ever writes to them.
static void pipes(void)
{
    const char *folder = check_temp("pipes");
    unsigned char value[KAL__FACT] = {7};
    kal__store *s = open_at(folder, 0);
    for (int i = 0; i < 16; i++) {
        char name[20];
        snprintf(name, sizeof name, "v1/facts-%x", i);
        REQUIRE(mkfifo(in(folder, name), 0600) == 0);
    }
    alarm(20);
    REQUIRE(!kal__fact_known(s, KAL__FACT_STAMP, key_of(1), value));
    kal__fact_remember(s, KAL__FACT_STAMP, key_of(1), value);
    REQUIRE(!kal__fact_known(s, KAL__FACT_STAMP, key_of(1), value));
    alarm(0);
    kal__store_close(&s);
}

// ---- the count of bytes ---------------------------------------------------------------------------

static void held(void)
{
    const char *folder = check_temp("held");
    kal__store *s = open_at(folder, 0);
    const int fd = open(in(folder, "v1/used"), O_RDWR);   // somebody was stopped
    REQUIRE(fd >= 0 && flock(fd, LOCK_EX) == 0);
    const double start = now();
    alarm(20);
    for (uint32_t i = 0; i < 5; i++) REQUIRE(put(s, i) && get(s, i));
    alarm(0);
    REQUIRE_NOTE(now() - start < 2, "%.1f s", now() - start);
    close(fd);
    kal__store_close(&s);
}

#define WRITERS 4
#define EACH 5000

typedef struct writing {
    kal__store *s;
    uint32_t from;
} writing;

static void *add_all(void *arg)
{
    const writing *w = arg;
    for (int i = 0; i < EACH; i++) kal__store_add_used(w->s, 3);
    return NULL;
}

// Of all threads: a count that is too low lets the folder grow.
static void counted(void)
{
    const char *folder = check_temp("counted");
    pthread_t threads[WRITERS];
    uint64_t said = 0;
    writing w = {open_at(folder, 0), 0};
    for (int i = 0; i < WRITERS; i++) REQUIRE(!pthread_create(&threads[i], NULL, add_all, &w));
    for (int i = 0; i < WRITERS; i++) pthread_join(threads[i], NULL);
    FILE *f = fopen(in(folder, "v1/used"), "r");
    REQUIRE(f && fread(&said, sizeof said, 1, f) == 1 && !fclose(f));
    REQUIRE_NOTE(said == 3 * WRITERS * EACH, "%llu", (unsigned long long)said);
    kal__store_close(&w.s);
}

// ---- clearing up ----------------------------------------------------------------------------------

static void *sweep(void *arg)
{
    writing *w = arg;
    while (!__atomic_load_n(&w->from, __ATOMIC_RELAXED)) kal__store_sweep(w->s);
    return NULL;
}

// A file that was begun just now looks like one that was left, for a moment.
static void swept(void)
{
    const char *folder = check_temp("swept");
    kal__store *s = open_at(folder, 0);
    pthread_t threads[2];
    writing w = {open_at(folder, 0), 0};
    char text[300];
    for (int i = 0; i < 2; i++) REQUIRE(!pthread_create(&threads[i], NULL, sweep, &w));
    int kept = 0;
    for (uint32_t i = 0; i < 2000; i++) kept += put(s, i);
    __atomic_store_n(&w.from, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    const bool off = kal__store_warning(s, text, sizeof text);
    REQUIRE_NOTE(!off, "%s", text);
    REQUIRE_NOTE(kept == 2000, "%d kept", kept);
    kal__store_close(&w.s);
    kal__store_close(&s);
}

// ---- rubbish --------------------------------------------------------------------------------------

// More than anybody would read: what is said from then on is known all the same.
static void rubbish(void)
{
    const char *folder = check_temp("rubbish");
    unsigned char value[KAL__FACT] = {9}, got[KAL__FACT];
    struct stat st;
    for (int i = 0; i < 16; i++) {
        char name[20];
        kal__store *s = open_at(folder, 0);
        snprintf(name, sizeof name, "v1/facts-%x", i);
        const int fd = open(in(folder, name), O_RDWR | O_CREAT, 0600);
        REQUIRE(fd >= 0 && ftruncate(fd, ((off_t)1 << 26) + 5) == 0);
        close(fd);
        kal__store_close(&s);
    }
    for (uint32_t k = 1; k < 3; k++) {
        kal__store *s = open_at(folder, 0);
        for (uint32_t i = 0; i < 40; i++) {
            value[1] = (unsigned char)i;
            REQUIRE_NOTE(kal__fact_known(s, KAL__FACT_STAMP, key_of(i), got) == (k == 2) &&
                             (k == 1 || !memcmp(got, value, sizeof got)),
                         "fact %u", i);
            kal__fact_remember(s, KAL__FACT_STAMP, key_of(i), value);
        }
        kal__store_close(&s);
    }
    char name[20];
    snprintf(name, sizeof name, "v1/facts-%x", (unsigned)(key_of(1).hi >> 60));
    REQUIRE(!stat(in(folder, name), &st) && st.st_size < 10000);
}

// A file of 8 GB that is nothing: it is not read for that.
static void hollow(void)
{
    const char *folder = check_temp("hollow");
    char path[40], name[48];
    kal__store *s = open_at(folder, 0);
    REQUIRE(put(s, 1) && get(s, 1));
    kal__store_path(key_of(1), path);
    snprintf(name, sizeof name, "v1/%s", path);
    REQUIRE(truncate(in(folder, name), (off_t)8 << 30) == 0);
    const double start = now();
    REQUIRE(!get(s, 1) && !kal__store_has(s, key_of(1)));
    REQUIRE_NOTE(now() - start < 1, "%.1f s", now() - start);
    kal__store_close(&s);
}

int main(void)
{
    links();
    pipes();
    held();
    counted();
    swept();
    rubbish();
    hollow();
    return check_done();
}
