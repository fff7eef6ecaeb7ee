// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Processes that share a memo, by a folder, a folder far away, a Redis: each thing is made once; and when workers or the Redis are killed, stopped or start anew,
// every worker still gets the bytes that a process alone makes, in a bounded time. With --bench: how much faster two workers are.
#define _GNU_SOURCE
#include "graphs.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { INPUTS = 64, WORKERS = 4 };

typedef struct report {
    int done, wrong, hits;   // requests
    uint64_t encodes, tiles;
    kal_memo_stats memo;
    double seconds;
} report;

static struct {
    kal_key want[INPUTS];
    report of[WORKERS];
} * shared;   // by all processes

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void rest(double seconds)
{
    nanosleep(&(struct timespec){(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)}, NULL);
}

// ---- the work -------------------------------------------------------------------------------------

enum { SIDE = 200 };
static int step = 5;   // between the places where workers begin

static kal_key make(kal_memo *m, int i, kal_stats *stats)
{
    kal_key key = {0};
    kal_bytes out;
    rng r = {(uint64_t)i + 100};
    const kal_extent e = extent_of(SIDE, SIDE, 3, KAL_U8);
    kal_scope *s = kal_scope_new();
    kal_node *image = rng_image(&r, s, &e);
    image = kal_apply_text(s, "gaussian", "sigma=9", &image, 1);
    image = kal_apply_text(s, "bilateral", NULL, &image, 1);
    kal_node *png = kal_encode(s, image, "png", NULL);
    *stats = (kal_stats){0};
    const kal_options o = {
        .memo = m, .memo_mode = m ? KAL_MEMO_ALWAYS : KAL_MEMO_NEVER, .stats = stats, .threads = 1};
    if (!kal_read_bytes(png, &o, &out, &check_error)) {
        const kal_extent line = extent_of((int32_t)out.size, 1, 1, KAL_U8);
        kal_content_key_of(&line, out.data, (ptrdiff_t)out.size, &key, NULL);
        kal_bytes_free(&out);
    }
    kal_scope_free(&s);
    return key;
}

// All inputs, from another place on each.
static void work(int worker, int n, int begin, const char *folder, const char *url)
{
    report *r = &shared->of[worker];
    const double start = now();
    kal_memo *m = kal_memo_new((uint64_t)64 << 20);
    if (folder && kal_memo_set_folder(m, folder, 0, NULL)) _exit(3);
    if (url && kal_memo_set_remote(m, url, NULL, NULL)) _exit(3);
    for (int i = 0; i < n; i++) {
        kal_stats st;
        const int which = (i + begin) % n;
        const kal_key key = make(m, which, &st);
        r->wrong += !kal_key_equal(key, shared->want[which]);
        r->encodes += st.encodes;
        r->hits += !st.encodes;
        r->tiles += st.computed_tiles;
        __atomic_store_n(&r->done, i + 1, __ATOMIC_RELEASE);
    }
    kal_memo_get_stats(m, &r->memo);
    kal_memo_free(&m);
    r->seconds = now() - start;
    _exit(0);
}

static void begin(pid_t pids[WORKERS], int workers, int n, const char *folder, const char *url)
{
    memset(shared->of, 0, sizeof shared->of);
    for (int w = 0; w < workers; w++) {
        pids[w] = fork();
        if (!pids[w]) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            work(w, n, w * step, folder, url);
        }
    }
}

// Waits for all; those in `killed` need not have ended well.
static report finish(const char *what, const pid_t pids[WORKERS], int workers, int n, unsigned killed)
{
    report sum = {0};
    for (int w = 0; w < workers; w++) {
        int status = 0;
        const report *r = &shared->of[w];
        REQUIRE(waitpid(pids[w], &status, 0) == pids[w]);
        REQUIRE_NOTE(!r->wrong, "%s: worker %d: %d wrong", what, w, r->wrong);
        if (killed >> w & 1) continue;
        REQUIRE_NOTE(WIFEXITED(status) && !WEXITSTATUS(status), "%s: worker %d: %x", what, w, status);
        REQUIRE_NOTE(r->done == n && r->hits + (int)r->encodes == n, "%s: worker %d: %d done", what, w,
                     r->done);
        REQUIRE_NOTE(r->seconds < 60 * CHECK_SLOWER, "%s: worker %d: %g s", what, w, r->seconds);
        sum.encodes += r->encodes;
        sum.tiles += r->tiles;
        sum.hits += r->hits;
        sum.memo.remote_hits += r->memo.remote_hits;
        sum.memo.remote_failed += r->memo.remote_failed;
        if (r->seconds > sum.seconds) sum.seconds = r->seconds;
    }
    printf("  %s: %.2f s, %d encoded, %d found, %d of them far, %d failed\n", what, sum.seconds,
           (int)sum.encodes, sum.hits, (int)sum.memo.remote_hits, (int)sum.memo.remote_failed);
    return sum;
}

static uint64_t alone(void)
{
    uint64_t tiles = 0;
    for (int i = 0; i < INPUTS; i++) {
        kal_stats st;
        kal_memo *m = kal_memo_new((uint64_t)64 << 20);
        shared->want[i] = make(m, i, &st);
        tiles += st.computed_tiles;
        kal_memo_free(&m);
        REQUIRE_NOTE(st.encodes == 1 && shared->want[i].hi, "%s", check_error.message);
    }
    return tiles;
}

static int left_in(const char *folder, const char *name)
{
    int n = 0;
    char path[600];
    snprintf(path, sizeof path, "%s/v1/%s", folder, name);
    DIR *d = opendir(path);
    for (const struct dirent *e; d && (e = readdir(d)) != NULL;) n += e->d_name[0] != '.';
    if (d) closedir(d);
    return n;
}

static void made_once(const char *what, const char *folder, const char *url, uint64_t tiles)
{
    pid_t pids[WORKERS];
    begin(pids, WORKERS, INPUTS, folder, url);
    const report sum = finish(what, pids, WORKERS, INPUTS, 0);
    REQUIRE_NOTE(sum.encodes == (tiles ? INPUTS : 0) && sum.tiles == tiles, "%s: %d encoded, %d of %d bands",
                 what, (int)sum.encodes, (int)sum.tiles, (int)tiles);
    REQUIRE(sum.hits + (int)sum.encodes == WORKERS * INPUTS);
}

// Until the first worker has done some.
static void wait_for_some(int n)
{
    for (int i = 0; i < 20000 && __atomic_load_n(&shared->of[0].done, __ATOMIC_ACQUIRE) < n; i++) rest(0.001);
}

static void killed_worker(const char *what, const char *folder, const char *url)
{
    pid_t pids[WORKERS];
    begin(pids, WORKERS, INPUTS, folder, url);
    wait_for_some(5);
    kill(pids[0], SIGKILL);
    finish(what, pids, WORKERS, INPUTS, 1);
}

// One that holds its leases and does not move: the others go on.
static void stopped_worker(const char *folder)
{
    pid_t pids[WORKERS];
    begin(pids, WORKERS, INPUTS, folder, NULL);
    wait_for_some(3);
    kill(pids[0], SIGSTOP);
    for (int w = 1; w < WORKERS; w++) REQUIRE(waitpid(pids[w], NULL, WUNTRACED) == pids[w]);
    kill(pids[0], SIGKILL);
    REQUIRE(waitpid(pids[0], NULL, 0) == pids[0]);
    for (int w = 1; w < WORKERS; w++) {
        const report *r = &shared->of[w];
        REQUIRE_NOTE(r->done == INPUTS && !r->wrong && r->seconds < 60 * CHECK_SLOWER,
                     "worker %d: %d done, %g s", w, r->done, r->seconds);
        printf("  stopped worker: another took %.2f s\n", r->seconds);
    }
}

// What was left is gone when the folder is opened next.
static void nothing_left(const char *folder)
{
    kal_memo *m = kal_memo_new(0);
    REQUIRE_OK(kal_memo_set_folder(m, folder, 0, &check_error));
    kal_memo_free(&m);
    REQUIRE_NOTE(!left_in(folder, "leases") && !left_in(folder, "tmp"), "%d leases",
                 left_in(folder, "leases"));
}

// ---- a Redis --------------------------------------------------------------------------------------

static char redis_path[108];

static pid_t redis_start(void)
{
    const pid_t pid = fork();
    if (!pid) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        const int null = open("/dev/null", O_RDWR);
        dup2(null, 1);
        dup2(null, 2);
        execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", redis_path, "--save", "",
               "--appendonly", "no", "--maxmemory", "256mb", "--maxmemory-policy", "allkeys-lru",
               (char *)NULL);
        _exit(127);
    }
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof a.sun_path, "%s", redis_path);
    for (int i = 0; i < 1000; i++) {
        const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        const bool up = !connect(fd, (struct sockaddr *)&a, sizeof a);
        close(fd);
        if (up) return pid;
        if (waitpid(pid, NULL, WNOHANG) == pid) return -1;
        rest(0.01);
    }
    return pid;
}

static void redis_end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    unlink(redis_path);
}

// What befalls it while the workers work.
static void redis_befallen(const char *what, pid_t *redis, int signal, bool anew)
{
    char url[140];
    pid_t pids[WORKERS];
    snprintf(url, sizeof url, "redis+unix:%s", redis_path);
    begin(pids, WORKERS, INPUTS, NULL, url);
    wait_for_some(5);
    kill(*redis, signal);
    if (anew) redis_end(*redis), *redis = redis_start();
    finish(what, pids, WORKERS, INPUTS, 0);
    redis_end(*redis);
    *redis = redis_start();
}

static bool with_redis(uint64_t tiles)
{
    char url[140], near[300];
    const char *path = check_temp("redis.sock");
    if (strlen(path) >= sizeof redis_path) return check_skip("the path of a socket is too long"), false;
    strcpy(redis_path, path);
    kal_memo *m = kal_memo_new(0);
    snprintf(url, sizeof url, "redis+unix:%s", redis_path);
    const bool can = kal_memo_set_remote(m, url, NULL, &check_error) == KAL_OK;
    if (!can) check_skip("%s", check_error.message);
    kal_memo_free(&m);
    pid_t redis = can ? redis_start() : -1;
    if (can && redis < 0) check_skip("there is no redis-server");
    if (redis < 0) return false;
    made_once("Redis", NULL, url, tiles);
    made_once("Redis again", NULL, url, 0);
    redis_end(redis);
    redis = redis_start();
    killed_worker("killed worker with Redis", NULL, url);
    redis_end(redis);
    redis = redis_start();
    redis_befallen("killed Redis", &redis, SIGKILL, false);
    redis_befallen("stopped Redis", &redis, SIGSTOP, false);
    redis_befallen("Redis started anew", &redis, SIGKILL, true);
    snprintf(near, sizeof near, "%s", check_temp("near"));
    made_once("a folder and Redis", near, url, tiles);
    redis_end(redis);
    return true;
}

// The work of one shared by two, who begin at different places.
static void bench(void)
{
    for (int i = 0; i < 5; i++) {
        pid_t pids[WORKERS];
        char name[20];
        double seconds[2];
        for (int w = 0; w < 2; w++) {
            snprintf(name, sizeof name, "bench-%d-%d", i, w);
            step = INPUTS / 2;
            begin(pids, w + 1, INPUTS, check_temp(name), NULL);
            seconds[w] = finish(w ? "two" : "one", pids, w + 1, INPUTS, 0).seconds;
        }
        printf("  two workers: %.2f times as fast\n", seconds[0] / seconds[1]);
    }
}

int main(int argc, char **argv)
{
    char folder[300], far[300], url[400];
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(shared != MAP_FAILED);
    const uint64_t tiles = alone();
    if (argc > 1 && !strcmp(argv[1], "--bench")) return bench(), check_done();
    snprintf(folder, sizeof folder, "%s", check_temp("together"));
    made_once("a folder", folder, NULL, tiles);
    REQUIRE(!left_in(folder, "leases"));
    snprintf(folder, sizeof folder, "%s", check_temp("killed"));
    killed_worker("killed worker", folder, NULL);
    nothing_left(folder);
    snprintf(folder, sizeof folder, "%s", check_temp("stopped"));
    stopped_worker(folder);
    nothing_left(folder);
    snprintf(far, sizeof far, "%s", check_temp("far"));
    snprintf(url, sizeof url, "file://%s", far);
    made_once("a folder far away", NULL, url, tiles);
    REQUIRE(!left_in(far, "leases") && !left_in(far, "tmp"));
    with_redis(tiles);
    return check_done();
}
