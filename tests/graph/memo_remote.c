// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A memo with a remote: what another machine need not do again, with a folder of its own and without; and remotes that are gone, stopped, slow, damaged, or
// lie. Whatever they do, the bytes are those of a run without, it is counted, and it takes no time worth telling.
#include "graphs.h"
#include "remote.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static kal_memo *memo_with(const char *folder, const char *url, const char *params)
{
    kal_memo *m = kal_memo_new((uint64_t)64 << 20);
    REQUIRE(m != NULL);
    if (folder) REQUIRE_OK(kal_memo_set_folder(m, folder, 0, &check_error));
    if (url) REQUIRE_OK(kal_memo_set_remote(m, url, params, &check_error));
    return m;
}

// What the last turn was warned of.
static struct {
    int n;
    char text[400];
} told;

static void hear(void *user, const kal_warning *w)
{
    (void)user;
    told.n++;
    snprintf(told.text, sizeof told.text, "%s", w->text);
}

static bool was_told(const char *name, const char *why)
{
    return REQUIRE_NOTE(told.n == 1 && strstr(told.text, name) && strstr(told.text, why),
                        "%d: %s, not %s: %s", told.n, told.text, name, why);
}

// A picture with several steps, each kept; its encoded bytes.
static kal_bytes run(kal_memo *m, int seed, kal_stats *stats)
{
    char text[40];
    kal_bytes out = {0};
    rng r = {(uint64_t)seed + 1};
    const kal_extent e = extent_of(160, 120, 3, KAL_U8);
    kal_scope *s = kal_scope_new();
    kal_node *image = rng_image(&r, s, &e);
    snprintf(text, sizeof text, "sigma=%g", 2 + seed * 0.125);
    for (int i = 0; i < 2; i++) image = kal_apply_text(s, "gaussian", text, &image, 1);
    kal_node *png = kal_encode(s, image, "png", NULL);
    *stats = (kal_stats){0};
    const kal_options o = {
        .memo = m, .memo_mode = m ? KAL_MEMO_ALWAYS : KAL_MEMO_NEVER, .stats = stats, .warn = hear};
    REQUIRE_OK(kal_read_bytes(png, &o, &out, &check_error));
    kal_scope_free(&s);
    return out;
}

static bool is_same(int seed, kal_bytes got)
{
    kal_stats stats;
    kal_bytes plain = run(NULL, seed, &stats);
    const bool same = plain.size == got.size && !memcmp(plain.data, got.data, got.size);
    kal_bytes_free(&plain);
    return same;
}

// Runs, compares, and tells what the memo counted and how long it took, its end included.
static kal_memo_stats turn(const char *folder, const char *url, const char *params, int n, kal_stats *sum,
                           double *seconds)
{
    const double start = now();
    kal_memo_stats c;
    kal_memo *m = memo_with(folder, url, params);
    *sum = (kal_stats){0};
    told.n = 0;
    told.text[0] = 0;
    double lost = 0;
    for (int i = 0; i < n; i++) {
        kal_stats st;
        kal_bytes got = run(m, i, &st);
        sum->computed_tiles += st.computed_tiles;
        sum->encodes += st.encodes;
        const double pause = now();
        REQUIRE_NOTE(is_same(i, got), "%s, picture %d", url, i);
        lost += now() - pause;
        kal_bytes_free(&got);
    }
    kal_memo_flush(m, &(kal_options){.warn = hear});
    kal_memo_get_stats(m, &c);
    kal_memo_free(&m);
    *seconds = now() - start - lost;
    return c;
}

static int entries_in(const char *folder, bool damage)
{
    int n = 0;
    char path[600];
    for (int i = 0; i < 256; i++) {
        snprintf(path, sizeof path, "%s/v1/%02x", folder, i);
        DIR *d = opendir(path);
        for (const struct dirent *e; d && (e = readdir(d)) != NULL;) {
            if (e->d_name[0] == '.') continue;
            n++;
            if (!damage) continue;
            char file[900];
            snprintf(file, sizeof file, "%s/%s", path, e->d_name);
            const int fd = open(file, O_RDWR);
            REQUIRE(fd >= 0 && pwrite(fd, "x", 1, 4096 + n) == 1);
            close(fd);
        }
        if (d) closedir(d);
    }
    return n;
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

// What was computed takes the place of what was refused, also of a remote that is left alone for that, and nobody waits for the lease of it.
static void put_right(const char *far, const char *url)
{
    kal_stats st;
    double seconds;
    kal_memo_stats c = turn(NULL, url, NULL, 1, &st, &seconds);
    REQUIRE_NOTE(!c.remote_hits && c.remote_refused == 3 && c.remote_stored == 3 && !c.remote_dropped,
                 "%s: %d refused, %d stored", url, (int)c.remote_refused, (int)c.remote_stored);
    was_told(url, "no whole entry; it is left alone");
    if (far) REQUIRE(!left_in(far, "tmp") && !left_in(far, "leases"));
    c = turn(NULL, url, NULL, 1, &st, &seconds);
    REQUIRE_NOTE(c.remote_hits == 1 && !c.remote_refused && !st.encodes, "%s: %d hits", url,
                 (int)c.remote_hits);
}

// Where nothing can be put the lease ends all the same.
static void not_put_right(void)
{
    char far[300], url[400];
    kal_stats st;
    double seconds;
    snprintf(far, sizeof far, "%s", check_temp("in the way"));
    snprintf(url, sizeof url, "file://%s", far);
    turn(NULL, url, NULL, 1, &st, &seconds);
    REQUIRE(entries_in(far, false) == 3);
    char command[800];
    snprintf(command, sizeof command,
             "for f in '%s'/v1/[0-9a-f][0-9a-f]/*; do rm \"$f\" && mkdir \"$f\"; done", far);
    REQUIRE(!system(command));
    for (int i = 0; i < 2; i++) {
        const kal_memo_stats c = turn(NULL, url, NULL, 1, &st, &seconds);
        REQUIRE_NOTE(c.remote_refused == 3 && !c.remote_stored && c.remote_dropped == 3, "%d refused",
                     (int)c.remote_refused);
        REQUIRE_NOTE(!left_in(far, "leases"), "turn %d", i);
    }
}

static void in_a_folder(void)
{
    char far[300], url[400], near[300];
    kal_stats st;
    double seconds;
    snprintf(far, sizeof far, "%s", check_temp("far"));
    snprintf(near, sizeof near, "%s", check_temp("near"));
    snprintf(url, sizeof url, "file://%s", far);
    kal_memo_stats c = turn(NULL, url, NULL, 4, &st, &seconds);
    REQUIRE_NOTE(c.remote_hits == 0 && c.remote_misses > 0 && c.remote_refused == 0, "%d",
                 (int)c.remote_hits);
    REQUIRE_NOTE(c.remote_stored == 12 && !told.n, "%d sent, %s", (int)c.remote_stored, told.text);
    const int n = entries_in(far, false);
    REQUIRE_NOTE(n == 12, "%d entries", n);   // two steps and the bytes of each
    REQUIRE(!left_in(far, "tmp") && !left_in(far, "leases"));
    c = turn(near, url, NULL, 4, &st, &seconds);
    REQUIRE(st.encodes == 0 && st.computed_tiles == 0);
    REQUIRE(c.remote_hits == 4 && c.folder_stored == 4 && c.remote_stored == 0);
    c = turn(near, NULL, NULL, 4, &st, &seconds);
    REQUIRE(st.encodes == 0 && c.folder_hits == 4);
    c = turn(NULL, url, "read_only", 5, &st, &seconds);
    REQUIRE(st.encodes == 1 && c.remote_hits == 4 && entries_in(far, false) == n);
    REQUIRE(entries_in(far, true) == n);
    c = turn(NULL, url, "read_only", 4, &st, &seconds);
    REQUIRE_NOTE(st.encodes == 4 && c.remote_hits == 0 && c.remote_refused > 0, "%d refused",
                 (int)c.remote_refused);
    REQUIRE(c.remote_refused <= c.remote_misses);
    was_told(url, "no whole entry; it is left alone");
    put_right(far, url);
    // One that was mistyped, or is not mounted, and one that may only be read.
    c = turn(NULL, "file:///proc/nowhere/memo", NULL, 1, &st, &seconds);
    REQUIRE(c.remote_failed > 0 && st.encodes == 1);
    was_told("the memo's remote file:///proc/nowhere/memo", "cannot be opened: No such file");
    snprintf(far, sizeof far, "%s", check_temp("shut"));
    snprintf(url, sizeof url, "file://%s", far);
    REQUIRE(!mkdir(far, 0700));
    strcpy(near, far);
    strcat(near, "/v1");
    REQUIRE(!mkdir(near, 0700));
    strcat(near, "/tmp");
    const int file = open(near, O_CREAT | O_WRONLY, 0600);   // where a folder is wanted
    REQUIRE(file >= 0 && !close(file));
    c = turn(NULL, url, NULL, 1, &st, &seconds);
    REQUIRE(!c.remote_stored);
    was_told(url, "nothing can be written there");
}

static const char *secret_file(const char *name, const char *text)
{
    const char *path = check_temp(name);
    FILE *f = fopen(path, "wb");
    REQUIRE(f && fputs(text, f) >= 0);
    fclose(f);
    return path;
}

static void with_a_secret(void)
{
    char url[400], ours[400], theirs[400];
    kal_stats st;
    double seconds;
    snprintf(url, sizeof url, "file://%s", check_temp("sealed"));
    snprintf(ours, sizeof ours, "secret=%s", secret_file("ours", "0123456789abcdef0123\n"));
    snprintf(theirs, sizeof theirs, "secret=%s", secret_file("theirs", "0123456789abcdef0124"));
    kal_memo *m = kal_memo_new(0);
    if (kal_memo_set_remote(m, url, ours, &check_error) == KAL_UNSUPPORTED) {
        check_skip("%s", check_error.message);
        kal_memo_free(&m);
        return;
    }
    kal_memo_free(&m);
    turn(NULL, url, ours, 2, &st, &seconds);
    kal_memo_stats c = turn(NULL, url, ours, 2, &st, &seconds);
    REQUIRE(c.remote_hits == 2 && st.encodes == 0);
    c = turn(NULL, url, "read_only", 2, &st, &seconds);   // who has no secret believes all
    REQUIRE(c.remote_hits == 2);
    strcat(theirs, " read_only");
    c = turn(NULL, url, theirs, 2, &st, &seconds);
    REQUIRE(c.remote_hits == 0 && c.remote_refused > 0 && st.encodes == 2);
    snprintf(url, sizeof url, "file://%s", check_temp("open"));
    turn(NULL, url, NULL, 2, &st, &seconds);   // of nobody in particular
    c = turn(NULL, url, ours, 2, &st, &seconds);
    REQUIRE(c.remote_hits == 0 && c.remote_refused > 0 && st.encodes == 2);
}

static void refused_urls(void)
{
    char text[400];
    kal_memo *m = kal_memo_new(0);
    static const char *const wrong[] = {"ftp://host/x",
                                        "file://relative",
                                        "redis://",
                                        "redis://host:99999999",
                                        "redis+unix:sock",
                                        "http:///x",
                                        "file:///x?readonly",
                                        "file:///x?read_only=no",
                                        "file:///x?connect_ms=0",
                                        "file:///x?max_bytes=9G",
                                        "nothing"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const kal_status s = kal_memo_set_remote(m, wrong[i], NULL, &check_error);
        REQUIRE_NOTE(s == KAL_INVALID || s == KAL_UNSUPPORTED, "%s: %d", wrong[i], (int)s);
    }
    REQUIRE_FAILS(KAL_INVALID, kal_memo_set_remote(m, "file:///x", "timeout_ms=soon", &check_error));
    REQUIRE_FAILS(KAL_INVALID, kal_memo_set_remote(m, "file:///x", "timeout_ms=2k", &check_error));
    REQUIRE_FAILS(KAL_INVALID, kal_memo_set_remote(m, "file:///x", "max_bytes=soon", &check_error));
    REQUIRE_OK(kal_memo_set_remote(m, "file:///x", "max_bytes=1.5MiB timeout_ms=20", &check_error));
    snprintf(text, sizeof text, "secret=%s", secret_file("short", "short\n"));
    const kal_status s = kal_memo_set_remote(m, "file:///x", text, &check_error);
    REQUIRE(s == KAL_INVALID || s == KAL_UNSUPPORTED);
    REQUIRE_OK(kal_memo_set_remote(m, NULL, NULL, &check_error));
    kal_memo_free(&m);
}

// ---- a server that speaks as Redis does, or HTTP, more or less ----------------------------------------------

enum { HONEST, CUT, FLIPPED, LARGE, ANOTHER, DRIP, SILENT, NONSENSE, NEGATIVE, NESTED, MODES };

typedef struct kept {
    char key[64];
    char *data;
    size_t n;
} kept;

static struct {
    pthread_mutex_t lock;
    bool http;
    int listening, mode;
    kept kept[64];
    int n;
    int leases;   // taken and not ended
} liar = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool all_of(int fd, void *data, size_t n)
{
    for (char *p = data; n;) {
        const ssize_t got = recv(fd, p, n, 0);
        if (got <= 0) return false;
        p += got, n -= (size_t)got;
    }
    return true;
}

static bool line_of(int fd, char *out, size_t room)
{
    for (size_t n = 0; n < room - 1; n++) {
        if (!all_of(fd, out + n, 1)) return false;
        if (out[n] == '\n') return out[n] = 0, true;
    }
    return false;
}

static void say(int fd, const void *data, size_t n)
{
    for (const char *p = data; n;) {
        const ssize_t w = send(fd, p, n, MSG_NOSIGNAL);
        if (w <= 0) return;
        p += w, n -= (size_t)w;
    }
}

// What is the same for both: NONSENSE and so on are answers of the other kind. Returns whether the line goes on.
static bool give(int fd, const kept *k, const kept *other, int mode, const char *head_form, const char *end)
{
    char head[80];
    snprintf(head, sizeof head, head_form,
             mode == LARGE     ? (size_t)99999999999
             : mode == ANOTHER ? other->n
                               : k->n);
    if (mode == NONSENSE) return say(fd, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", 47), true;
    if (mode == NEGATIVE) return say(fd, "$-99999999999999999999999\r\n", 27), true;
    if (mode == NESTED) return say(fd, "*1000000000\r\n*1000000000\r\n", 26), true;
    say(fd, head, strlen(head));
    if (mode == CUT) return say(fd, k->data, k->n / 2), false;
    for (int i = 0; i < 100 && mode == DRIP; i++) say(fd, k->data, 10), usleep(50000);
    char *copy = malloc(k->n);
    memcpy(copy, k->data, k->n);
    if (mode == FLIPPED) copy[k->n - 7] ^= 4;
    say(fd, mode == ANOTHER ? other->data : copy, mode == ANOTHER ? other->n : k->n);
    free(copy);
    say(fd, end, strlen(end));
    return mode != LARGE;
}

// The entry of a key and another one; `data`, unless NULL, is kept, and then not the caller's any more.
static int find(const char *key, kept **k, kept **other, char **data, size_t n)
{
    *k = *other = NULL;
    pthread_mutex_lock(&liar.lock);
    const int mode = liar.mode;
    for (int i = 0; i < liar.n; i++)
        if (!strcmp(liar.kept[i].key, key))
            *k = &liar.kept[i];
        else
            *other = &liar.kept[i];
    if (!*other) *other = *k;
    if (data && *k) {
        free((*k)->data);
        (*k)->data = *data, (*k)->n = n;
        *data = NULL;
    } else if (data && liar.n < 64) {
        *k = &liar.kept[liar.n++];
        **k = (kept){.data = *data, .n = n};
        snprintf((*k)->key, sizeof(*k)->key, "%s", key);
        *data = NULL;
    }
    pthread_mutex_unlock(&liar.lock);
    return mode;
}

// Of one word: SET … NX takes a lease, EVAL of five words ends one (of six it is prolonged).
static void count_lease(const char *word, int n)
{
    pthread_mutex_lock(&liar.lock);
    liar.leases += (n == 6 && !strcmp(word, "SET")) - (n == 5 && !strcmp(word, "EVAL"));
    pthread_mutex_unlock(&liar.lock);
}

static void spoil_all(void)
{
    pthread_mutex_lock(&liar.lock);
    for (int i = 0; i < liar.n; i++) liar.kept[i].data[liar.kept[i].n - 7] ^= 4;
    pthread_mutex_unlock(&liar.lock);
}

static int leases_left(void)
{
    pthread_mutex_lock(&liar.lock);
    const int n = liar.leases;
    pthread_mutex_unlock(&liar.lock);
    return n;
}

static bool serve_one(int fd)
{
    char line[64], *words[8] = {0};
    size_t sizes[8] = {0};
    if (!line_of(fd, line, sizeof line)) return false;
    const int n = atoi(line + 1);
    bool ok = n <= 8;
    for (int i = 0; i < n && ok; i++) {
        ok = line_of(fd, line, sizeof line);
        sizes[i] = ok ? (size_t)atoll(line + 1) : 0;
        words[i] = malloc(sizes[i] + 3);
        ok = ok && all_of(fd, words[i], sizes[i] + 2);
        words[i][ok ? sizes[i] : 0] = 0;
    }
    kept *k = NULL, *other = NULL;
    const bool puts_it = ok && n == 3 && !strcmp(words[0], "SET");
    const int mode = ok && n > 1 ? find(words[1], &k, &other, puts_it ? &words[2] : NULL, sizes[2]) : HONEST;
    if (ok) count_lease(words[0], n);
    if (ok && mode == SILENT) usleep(3000000);
    if (ok && !strcmp(words[0], "GET"))
        ok = k ? give(fd, k, other, mode, "$%zu\r\n", "\r\n") : (say(fd, "$-1\r\n", 5), true);
    else if (ok && !strcmp(words[0], "SET"))
        say(fd, "+OK\r\n", 5);
    else if (ok)
        say(fd, k ? ":1\r\n" : ":0\r\n", 4);
    for (int i = 0; i < 8; i++) free(words[i]);
    return ok;
}

static bool serve_http(int fd)
{
    char line[300], path[100] = "";
    size_t n = 0;
    kept *k, *other;
    if (!line_of(fd, line, sizeof line)) return false;
    const char method = line[0];
    sscanf(line, "%*s %99s", path);
    while (line_of(fd, line, sizeof line) && line[0] != '\r')
        if (!strncmp(line, "Content-Length:", 15)) n = (size_t)atoll(line + 15);
    char *body = n ? malloc(n) : NULL;
    bool ok = !n || all_of(fd, body, n);
    const int mode = find(path, &k, &other, method == 'P' && ok ? &body : NULL, n);
    free(body);
    if (mode == SILENT) usleep(3000000);
    if (method == 'G' && k)
        return ok && give(fd, k, other, mode, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", "");
    // Most servers say it in a page, too; of HEAD its length alone.
    const char *answer = method == 'P'   ? "HTTP/1.1 201 Created\r\nContent-Length: 7\r\n\r\nCreated"
                         : k             ? "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
                         : method == 'G' ? "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nNot Found"
                                         : "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n";
    say(fd, answer, strlen(answer));
    return ok;
}

static void *serve(void *arg)
{
    const int fd = (int)(intptr_t)arg;
    pthread_mutex_lock(&liar.lock);
    const bool http = liar.http;
    pthread_mutex_unlock(&liar.lock);
    while (http ? serve_http(fd) : serve_one(fd)) continue;
    close(fd);
    return NULL;
}

static void *listen_there(void *arg)
{
    (void)arg;
    for (int fd; (fd = accept(liar.listening, NULL, NULL)) >= 0;) {
        pthread_t t;
        if (!pthread_create(&t, NULL, serve, (void *)(intptr_t)fd)) pthread_detach(t);
    }
    return NULL;
}

static int a_port(int *fd)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    *fd = socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(*fd >= 0 && !bind(*fd, (struct sockaddr *)&a, sizeof a) &&
            !getsockname(*fd, (struct sockaddr *)&a, &n));
    return ntohs(a.sin_port);
}

static void lies(const char *scheme, bool http)
{
    char url[100];
    pthread_t t;
    kal_stats st;
    double seconds;
    kal_memo *m = kal_memo_new(0);
    const int port = a_port(&liar.listening);
    snprintf(url, sizeof url, "%s127.0.0.1:%d", scheme, port);
    if (kal_memo_set_remote(m, url, NULL, &check_error) == KAL_UNSUPPORTED) {
        check_skip("%s", check_error.message);
        kal_memo_free(&m);
        return;
    }
    kal_memo_free(&m);
    pthread_mutex_lock(&liar.lock);   // who served the one before may not be gone
    liar.http = http;
    liar.mode = HONEST;
    pthread_mutex_unlock(&liar.lock);
    REQUIRE(!listen(liar.listening, 16) && !pthread_create(&t, NULL, listen_there, NULL));
    turn(NULL, url, NULL, 1, &st, &seconds);
    spoil_all();
    put_right(NULL, url);
    REQUIRE_NOTE(!leases_left(), "%d leases", leases_left());
    kal_memo_stats c = turn(NULL, url, NULL, 4, &st, &seconds);
    REQUIRE(c.remote_failed == 0 && c.remote_refused == 0);
    c = turn(NULL, url, NULL, 4, &st, &seconds);
    REQUIRE_NOTE(c.remote_hits == 4 && st.encodes == 0, "%d hits", (int)c.remote_hits);
    for (int mode = CUT; mode < MODES; mode++) {
        char near[300], name[20];
        snprintf(name, sizeof name, "liar-%d-%d", http, mode);
        snprintf(near, sizeof near, "%s", check_temp(name));
        pthread_mutex_lock(&liar.lock);
        liar.mode = mode;
        pthread_mutex_unlock(&liar.lock);
        c = turn(mode % 2 ? near : NULL, url, "read_only", 4, &st, &seconds);
        REQUIRE_NOTE(c.remote_hits == 0 && st.encodes == 4, "mode %d: %d hits", mode, (int)c.remote_hits);
        REQUIRE_NOTE(c.remote_refused + c.remote_failed > 0, "mode %d", mode);
        REQUIRE_NOTE(seconds < 3 * CHECK_SLOWER, "mode %d: %g s", mode, seconds);   // meant: less than one
        printf("  mode %d: %.3f s, %d refused, %d failed\n", mode, seconds, (int)c.remote_refused,
               (int)c.remote_failed);
        printf("  %s\n", told.text);
        was_told(url, "left alone");
        if (mode == FLIPPED || mode == ANOTHER || mode == LARGE) REQUIRE(c.remote_refused == 3);
    }
    shutdown(liar.listening, SHUT_RDWR);
    pthread_join(t, NULL);
    close(liar.listening);
}

// Nobody listens; somebody does who never answers, as one who was stopped; a name that is none.
static void nobody(void)
{
    int fd;
    char url[100];
    kal_stats st;
    double seconds;
    static const char *const schemes[] = {"redis://127.0.0.1:%d", "http://127.0.0.1:%d/memo"};
    for (int i = 0; i < 2; i++)
        for (int stopped = 0; stopped < 2; stopped++) {
            const int port = a_port(&fd);
            snprintf(url, sizeof url, schemes[i], port);
            kal_memo *m = kal_memo_new(0);
            const bool there = kal_memo_set_remote(m, url, NULL, &check_error) != KAL_UNSUPPORTED;
            kal_memo_free(&m);
            if (!there) check_skip("%s", check_error.message);
            if (stopped && listen(fd, 16)) REQUIRE(false);
            if (there) {
                const kal_memo_stats c = turn(NULL, url, NULL, 6, &st, &seconds);
                REQUIRE(c.remote_hits == 0 && c.remote_failed > 0 && c.remote_stored == 0 && st.encodes == 6);
                REQUIRE_NOTE(seconds < 3 * CHECK_SLOWER, "%s: %g s", url, seconds);
                was_told(url, stopped ? "left alone" : i ? "onnect" : "Connection refused");
                printf("  %s\n", told.text);
                turn(NULL, url, NULL, 1, &st, &seconds);
                if (!stopped) was_told(url, i ? "onnect" : "Connection refused");
                printf("  %s %s: %.3f s\n", url, stopped ? "says nothing" : "refuses", seconds);
            }
            close(fd);
        }
}

// What the environment names and cannot be had is a warning of the process's own memo, once, and no failure.
static int under(const char *name, const char *value)
{
    kal_bytes out;
    kal_scope *s = kal_scope_new();
    rng r = {5};
    const kal_extent e = extent_of(40, 30, 3, KAL_U8);
    const kal_options o = {.warn = hear};
    if (setenv(name, value, 1)) return 2;
    told.n = 0;
    for (int i = 0; i < 2; i++) {
        kal_node *png = kal_encode(s, rng_image(&r, s, &e), "png", NULL);
        if (kal_read_bytes(png, &o, &out, &check_error)) return 3;
        kal_bytes_free(&out);
    }
    kal_scope_free(&s);
    return told.n != 1 ? 4 : strstr(told.text, value) ? 0 : 5;
}

static void of_the_environment(void)
{
    static const char *const pairs[][2] = {{"KAL_MEMO_REMOTE", "ftp://host/memo"},
                                           {"KAL_MEMO_REMOTE", "file:///proc/nowhere/memo"},
                                           {"KAL_MEMO_DIR", "/proc/nowhere/memo"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        int status = -1;
        const pid_t child = fork();
        if (!child) _exit(under(pairs[i][0], pairs[i][1]));
        REQUIRE(waitpid(child, &status, 0) == child);
        REQUIRE_NOTE(WIFEXITED(status) && !WEXITSTATUS(status), "%s=%s: %d", pairs[i][0], pairs[i][1],
                     WEXITSTATUS(status));
    }
}

int main(void)
{
    of_the_environment();   // before the process has a memo of its own
    in_a_folder();
    not_put_right();
    with_a_secret();
    refused_urls();
    lies("redis://", false);
    lies("http://", true);
    nobody();
    return check_done();
}
