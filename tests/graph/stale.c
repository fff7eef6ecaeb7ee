// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A file that is rewritten, ten thousand times (`stale N`: N times) and in every way, under a memo with a folder that knows what it was: never a stale
// pixel, in this process or another; and nothing is kept of a file that changed while it was read.
#define _GNU_SOURCE
#include "check.h"

#include "known.h"
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define HEAD "P5\n8 8\n255\n"
#define SIZE (sizeof HEAD - 1 + 64)

static void picture(int value, char out[SIZE])
{
    memcpy(out, HEAD, sizeof HEAD - 1);
    for (int i = 0; i < 64; i++) out[sizeof HEAD - 1 + i] = (char)(value >> (i & 1 ? 8 : 0));
}

static void write_to(const char *path, int flags, int value)
{
    char bytes[SIZE];
    picture(value, bytes);
    const int fd = open(path, O_WRONLY | O_CREAT | flags, 0600);
    REQUIRE(fd >= 0 && pwrite(fd, bytes, SIZE, 0) == (ssize_t)SIZE);
    close(fd);
}

static void set_back(const char *path)
{
    const struct timespec old[2] = {{1000000000, 5}, {1000000000, 5}};
    REQUIRE(!utimensat(AT_FDCWD, path, old, 0));
}

static void in_place(const char *path, int value)
{
    write_to(path, 0, value);
}

static void cut_and_written(const char *path, int value)
{
    write_to(path, O_TRUNC, value);
}

static void set_back_afterwards(const char *path, int value)
{
    write_to(path, 0, value);
    set_back(path);
}

static void renamed_over(const char *path, int value)
{
    const char *other = check_temp("other.pgm");
    write_to(other, O_TRUNC, value);
    set_back(other);
    REQUIRE(!rename(other, path));
}

// Through a mapping that stays, so that its page may be dirty already.
static void through_a_mapping(const char *path, int value)
{
    static char *map;
    static ino_t of;
    struct stat st;
    char bytes[SIZE];
    const int fd = open(path, O_RDWR);
    REQUIRE(fd >= 0 && !fstat(fd, &st));
    if (map && st.st_ino != of) munmap(map, SIZE), map = NULL;
    if (!map) map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    REQUIRE(map != MAP_FAILED);
    of = st.st_ino;
    picture(value, bytes);
    memcpy(map, bytes, SIZE);
    close(fd);
}

typedef void way(const char *path, int value);
static way *const ways[] = {in_place, cut_and_written, set_back_afterwards, renamed_over, through_a_mapping};
#define WAYS (int)(sizeof ways / sizeof *ways)

static bool shows(const char *path, int value)
{
    unsigned char got[64];
    char want[SIZE];
    kal_scope *s = kal_scope_new();
    kal_node *photo = kal_load(s, path, NULL), *n = kal_apply_text(s, "invert", NULL, &photo, 1);
    const kal_options o = {.memo_mode = KAL_MEMO_ALWAYS, .threads = 1};
    const kal_status st = kal_read(n, kal_rect_of(0, 0, 8, 8), got, 8, &o, &check_error);
    kal_scope_free(&s);
    picture(value, want);
    for (int i = 0; i < 64; i++) got[i] = (unsigned char)~got[i];
    return !st && !memcmp(got, want + sizeof HEAD - 1, 64);
}

// By a process that knows nothing but the folder.
static bool shows_elsewhere(const char *path, int value)
{
    int status;
    const pid_t child = fork();
    if (!child) {
        kal_memo_clear(NULL);
        _exit(shows(path, value) ? 0 : 1);
    }
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && !WEXITSTATUS(status);
}

static void rewritten(int n)
{
    const char *path = check_temp("rewritten.pgm");
    int stale = 0, elsewhere = 0;
    for (int round = 0; round < 2; round++) {
        write_to(path, O_TRUNC, 7);
        usleep(2200000);   // so that its stamp tells its digest from here on
        REQUIRE(shows(path, 7) && shows(path, 7) && shows_elsewhere(path, 7));
        for (int i = 0; i < n / 2; i++) {
            const int value = 1000 + i;
            ways[(i + round) % WAYS](path, value);
            stale += !shows(path, value);
            if (i % 200 == round) elsewhere += !shows_elsewhere(path, value);
        }
    }
    REQUIRE_NOTE(!stale && !elsewhere, "%d of %d stale, %d elsewhere", stale, n, elsewhere);
}

static bool count(void *user, const kal_memo_entry *e)
{
    (void)e;
    ++*(int *)user;
    return true;
}

static void changed_meanwhile(void)
{
    const char *path = check_temp("changed.pgm");
    int before = 0, after = 0;
    unsigned char got[64];
    write_to(path, O_TRUNC, 300);
    REQUIRE_OK(kal_memo_each(NULL, false, count, &before, &check_error));
    for (int i = 0; i < WAYS; i++) {
        kal_scope *s = kal_scope_new();
        kal_node *photo = kal_load(s, path, NULL), *n = kal_apply_text(s, "invert", NULL, &photo, 1);
        REQUIRE_OK(kal_node_error(n, &check_error));
        ways[i](path, 5000 + i);
        const kal_options o = {.memo_mode = KAL_MEMO_ALWAYS};
        REQUIRE_FAILS(KAL_CHANGED, kal_read(n, kal_rect_of(0, 0, 8, 8), got, 8, &o, &check_error));
        kal_scope_free(&s);
    }
    REQUIRE_OK(kal_memo_each(NULL, false, count, &after, &check_error));
    REQUIRE_NOTE(before == after, "%d entries, then %d", before, after);
}

// The clock says so many ns more than the last change of a file.
static void set_clock(const kal__stamp *s, int64_t ns)
{
    struct timespec t;
    const uint64_t last = s->mtime_ns > s->ctime_ns ? s->mtime_ns : s->ctime_ns;
    clock_gettime(CLOCK_REALTIME, &t);
    kal__known_step((int64_t)(last - ((uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec)) + ns);
}

static bool is_digest(const char *path, kal_key want)
{
    kal_key got;
    return !kal__digest_file(path, NULL, &got, &check_error) && kal_key_equal(got, want);
}

// Writes a file, and whether its times tell of changes where it lies.
static bool told_by_times(const char *path, int value, kal__stamp *s, kal_key *digest)
{
    write_to(path, O_TRUNC, value);
    REQUIRE_OK(kal__digest_file(path, s, digest, &check_error));
    if (!s->local) check_skip("%s: nothing is told there by times", path);
    return s->local;
}

// A clock that is stepped back between writing and reading: the stamp lies in the future, and what is said of it is not believed, and nothing is said of it,
// until the clock is two seconds past it again.
static void stepped_clock(void)
{
    static const int64_t second = 1000000000;
    const char *path = check_temp("stepped.pgm");
    const kal_key wrong = {123, 456};   // of what the file was before, under the same stamp
    kal__stamp s;
    kal_key right;
    if (!told_by_times(path, 77, &s, &right)) return;
    set_clock(&s, 5 * second);
    REQUIRE(kal__stamp_settled(&s) && is_digest(path, right));
    kal__digest_remember(&s, wrong);
    REQUIRE(is_digest(path, wrong));   // a file that stands still is not read
    const int64_t times[] = {-3600 * second, -5 * second, -second / 10, 0, second, 19 * (second / 10)};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        set_clock(&s, times[i]);
        REQUIRE_NOTE(!kal__stamp_settled(&s) && is_digest(path, right), "%lld ns", (long long)times[i]);
    }
    set_clock(&s, 3 * second);
    REQUIRE(is_digest(path, wrong));   // what was read meanwhile was not said
    // With a clock an hour behind the one that stamps, a file that is written as fast as it is read.
    kal__known_step(-3600 * second);
    int stale = 0;
    for (int i = 0; i < 500; i++) {
        ways[i % WAYS](path, 9000 + i);
        stale += !shows(path, 9000 + i);
    }
    REQUIRE_NOTE(!stale, "%d stale", stale);
    kal__known_step(0);
}

// What is known of a path without a look at its bytes: the node that is alive, until the file is touched in any way.
static void known_by_path(void)
{
    const char *path = check_temp("known.pgm");
    kal__stamp s;
    kal_key key;
    if (!told_by_times(path, 39, &s, &key)) return;
    for (int i = 0; i < WAYS; i++) {
        kal_scope *scope = kal_scope_new();
        write_to(path, O_TRUNC, 40 + i);
        REQUIRE_OK(kal__digest_file(path, &s, &key, &check_error));
        REQUIRE_NOTE(!kal_load_known(scope, path), "%d: nobody has loaded it", i);
        set_clock(&s, 5000000000);
        kal_node *n = kal_load(scope, path, NULL);
        REQUIRE_NOTE(!kal_node_error(n, NULL) && kal_load_known(scope, path) == n, "%d", i);
        REQUIRE(kal_load(scope, path, NULL) == n && kal_load(scope, path, "keyed=false") != n);
        usleep(20000);   // another tick of the clock that stamps
        ways[i](path, 6000 + i);
        set_clock(&s, 9000000000);
        REQUIRE_NOTE(!kal_load_known(scope, path) && shows(path, 6000 + i), "%d", i);
        kal_scope_free(&scope);
    }
    write_to(path, O_TRUNC, 50);
    REQUIRE_OK(kal__digest_file(path, &s, &key, &check_error));
    set_clock(&s, 5000000000);
    kal_node *n = kal_load(NULL, path, NULL);
    set_clock(&s, 1000000000);
    REQUIRE(!kal_load_known(NULL, path));   // it may be written to within the same tick
    set_clock(&s, 5000000000);
    kal_node *again = kal_load_known(NULL, path);
    REQUIRE(again == n);
    kal_node_unref(&again);
    kal_node_unref(&n);
    REQUIRE(!kal_load_known(NULL, path));   // nobody has it any more
    REQUIRE(!kal_load_known(NULL, NULL) && !kal_load_known(NULL, "") && !kal_load_known(NULL, "-") &&
            !kal_load_known(NULL, "/") && !kal_load_known(NULL, "no such file"));
    kal__known_step(0);
}

// In memory a store through a mapping changes no time: such a file is read whenever it is asked for.
static void in_memory(void)
{
    char path[] = "/dev/shm/kal-stale-XXXXXX";
    const int fd = mkstemp(path);
    if (fd < 0) {
        check_skip("there is no /dev/shm");
        return;
    }
    close(fd);
    write_to(path, O_TRUNC, 11);
    usleep(2200000);
    kal_node *n = kal_load(NULL, path, NULL);
    REQUIRE(shows(path, 11));
    through_a_mapping(path, 99);
    REQUIRE(shows(path, 99));
    kal_node_unref(&n);
    unlink(path);
}

int main(int argc, char **argv)
{
    REQUIRE_OK(kal_memo_set_folder(NULL, check_temp("memo"), 0, &check_error));
    changed_meanwhile();
    stepped_clock();
    known_by_path();
    in_memory();
    rewritten(argc > 1 ? atoi(argv[1]) : 10000);
    REQUIRE_OK(kal_memo_set_folder(NULL, NULL, 0, &check_error));
    kal_memo_clear(NULL);
    return check_done();
}
