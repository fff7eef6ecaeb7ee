// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Redis, or what speaks as it does. hiredis connects, writes commands and reads short answers; bytes are moved here, since each wait must have an end, a
// server that went must raise no signal, and an entry is read to where it stays, when its size is known and allowed.
#define _GNU_SOURCE
#include "remote_part.h"
#include "store_file.h"

#if !defined(KAL_NO_HIREDIS) && defined(__has_include)
#if __has_include(<hiredis/hiredis.h>)
#define HIREDIS 1
#endif
#endif

#if HIREDIS

#include "library.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
#if defined(__APPLE__)
#define LIBRARY "libhiredis." TEXT(HIREDIS_SONAME) ".dylib"
#else
#define LIBRARY "libhiredis.so." TEXT(HIREDIS_SONAME)
#endif
#define FUNCTIONS(F)               \
    F(redisConnectWithTimeout)     \
    F(redisConnectUnixWithTimeout) \
    F(redisFormatCommandArgv)      \
    F(redisFreeCommand)            \
    F(redisReaderFeed)             \
    F(redisReaderGetReply)         \
    F(freeReplyObject)             \
    F(redisFree)

#define ENTRY "kal:v1:"
#define LEASE "kal:lease:"
#define SHORT 4096   // bytes of an answer that is no entry

static struct {
    FUNCTIONS(KAL__FUNCTION)
} lib;
static bool have;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void)
{
    static const char *const names[] = {FUNCTIONS(KAL__NAME)};
    const size_t n = sizeof names / sizeof *names;
    have = kal__library(LIBRARY, names, n, n, &lib);
}

typedef struct server {
    char *user, *password;   // NULL: none
    char *host;              // or the socket's path
    int port;
    char *db;   // NULL: none is chosen
} server;

// ---- bytes --------------------------------------------------------------------------------------

static bool may_go_on(int fd, short what, const kal__patience *p, uint64_t moved)
{
    const double left = kal__patience_left(p, moved);
    struct pollfd f = {fd, what, 0};
    if (left <= 0) return false;
    const int n = poll(&f, 1, (int)(left * 1e3) + 1);
    return n > 0 || (n < 0 && errno == EINTR);
}

static bool put_bytes(int fd, const void *data, size_t n, const kal__patience *p, uint64_t *moved)
{
    const unsigned char *from = data;
    while (n) {
        const ssize_t w = send(fd, from, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (w < 0 && errno == EINTR) continue;
        if (w < 0 && errno != EAGAIN && errno != EWOULDBLOCK) return false;
        if (w <= 0 && !may_go_on(fd, POLLOUT, p, *moved)) return false;
        if (w <= 0) continue;
        from += w;
        n -= (size_t)w;
        *moved += (uint64_t)w;
    }
    return true;
}

// Some of at most n; 0: none come any more.
static size_t take_bytes(int fd, void *data, size_t n, const kal__patience *p, uint64_t *moved)
{
    for (;;) {
        const ssize_t got = recv(fd, data, n, MSG_DONTWAIT);
        if (got > 0) {
            *moved += (uint64_t)got;
            return (size_t)got;
        }
        if (!got || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) return 0;
        if (!may_go_on(fd, POLLIN, p, *moved)) return 0;
    }
}

// ---- commands -----------------------------------------------------------------------------------

static bool command(redisContext *c, int n, const char **words, const size_t *sizes, const kal__patience *p)
{
    char *text = NULL;
    uint64_t moved = 0;
    const int size = (int)lib.redisFormatCommandArgv(&text, n, words, sizes);
    const bool ok = size > 0 && put_bytes(c->fd, text, (size_t)size, p, &moved);
    if (size > 0) lib.redisFreeCommand(text);
    return ok;
}

// An answer of one line or a few bytes; NULL: none came, or one that we did not ask for.
static redisReply *answer(redisContext *c, const kal__patience *p)
{
    char bytes[512];
    void *reply = NULL;
    uint64_t moved = 0;
    while (!reply && moved < SHORT) {
        const bool first = !moved;
        const size_t n = take_bytes(c->fd, bytes, sizeof bytes, p, &moved);
        if (!n || (first && !strchr("+-:$", bytes[0]))) return NULL;
        if (lib.redisReaderFeed(c->reader, bytes, n) != REDIS_OK ||
            lib.redisReaderGetReply(c->reader, &reply) != REDIS_OK)
            return NULL;
    }
    return reply;
}

static redisReply *ask(redisContext *c, int n, const char **words, const kal__patience *p)
{
    size_t sizes[8];
    for (int i = 0; i < n; i++) sizes[i] = strlen(words[i]);
    return command(c, n, words, sizes, p) ? answer(c, p) : NULL;
}

// What an answer of a number or "OK" says; errors are the server's refusals.
static kal__far meaning(kal__remote *r, redisReply *reply)
{
    if (!reply) kal__remote_blame(r, false, "no answer in time, or none of Redis");
    if (!reply) return KAL__FAR_FAILED;
    const int type = reply->type;
    if (type == REDIS_REPLY_ERROR) kal__remote_blame(r, true, "it refuses: %.100s", reply->str);
    const bool yes = type == REDIS_REPLY_STATUS || (type == REDIS_REPLY_INTEGER && reply->integer > 0);
    lib.freeReplyObject(reply);
    return type == REDIS_REPLY_ERROR ? KAL__FAR_FAILED : yes ? KAL__FAR_DONE : KAL__FAR_NONE;
}

static kal__far tell(kal__remote *r, redisContext *c, int n, const char **words, const kal__patience *p)
{
    return meaning(r, ask(c, n, words, p));
}

// ---- an entry -----------------------------------------------------------------------------------

// "$1048616\r\n", and what has come of the bytes behind it; -1: there is no such entry, -2: that is no such answer.
static long long size_of(redisContext *c, char *bytes, size_t room, size_t *n, size_t *front,
                         const kal__patience *p, uint64_t *moved)
{
    const char *end = NULL;
    char *rest;
    *n = 0;
    while (!end && *n < room - 1) {
        const size_t got = take_bytes(c->fd, bytes + *n, room - 1 - *n, p, moved);
        if (!got) return -2;
        *n += got;
        bytes[*n] = 0;
        end = memchr(bytes, '\n', *n);
    }
    if (!end || bytes[0] != '$' || (bytes[1] != '-' && (bytes[1] < '0' || bytes[1] > '9'))) return -2;
    errno = 0;
    const long long size = strtoll(bytes + 1, &rest, 10);
    *front = (size_t)(end + 1 - bytes);
    return errno || *rest != '\r' || rest + 1 != end || size < -1 ? -2 : size;
}

static kal__far entry(kal__remote *r, redisContext *c, kal__slab **file, size_t *n, const kal__patience *p)
{
    char bytes[1024], end[2];
    size_t got, front;
    uint64_t moved = 0;
    const long long size = size_of(c, bytes, sizeof bytes, &got, &front, p, &moved);
    if (size == -2 && got && *bytes == '-')
        kal__remote_blame(r, true, "it refuses: %.*s", (int)strcspn(bytes + 1, "\r\n"), bytes + 1);
    if (size == -1 && got == front) return KAL__FAR_NONE;
    if (size < 0) return KAL__FAR_FAILED;
    if (!size || (uint64_t)size > kal__remote_room(r)) return KAL__FAR_STRANGE;
    kal__slab *s = kal__slab_new((size_t)size + 2);   // "\r\n" comes behind it
    if (!s) return KAL__FAR_FAILED;
    const size_t all = (size_t)size + 2;
    size_t at = got - front;
    if (at <= all) memcpy(s->data, bytes + front, at);
    for (size_t k = 1; at < all && k; at += k) k = take_bytes(c->fd, s->data + at, all - at, p, &moved);
    if (at == all) memcpy(end, s->data + size, 2);
    if (at != all || end[0] != '\r' || end[1] != '\n') {
        kal__slab_unref(&s);
        return KAL__FAR_FAILED;
    }
    *file = s;
    *n = (size_t)size;
    return KAL__FAR_DONE;
}

static void name_of(const char *front, kal_key key, char out[64])
{
    char text[33];
    kal_key_print(key, text);
    snprintf(out, 64, "%s%s", front, text);
}

static kal__far redis_get(kal__remote *r, void *line, kal_key key, kal__slab **file, size_t *n)
{
    char name[64];
    const kal__patience p = kal__remote_patience(r);
    name_of(ENTRY, key, name);
    const char *words[] = {"GET", name};
    const size_t sizes[] = {3, strlen(name)};
    const kal__far came = command(line, 2, words, sizes, &p) ? entry(r, line, file, n, &p) : KAL__FAR_FAILED;
    if (came == KAL__FAR_FAILED) kal__remote_blame(r, false, "no entry in time, or none of Redis");
    return came;
}

static kal__far redis_has(kal__remote *r, void *line, kal_key key)
{
    char name[64];
    const kal__patience p = kal__remote_patience(r);
    name_of(ENTRY, key, name);
    const char *words[] = {"EXISTS", name};
    return tell(r, line, 2, words, &p);
}

// The command is written around the pieces, so that they need not be copied.
static kal__far redis_put(kal__remote *r, void *line, kal_key key, const kal__piece *pieces, size_t most)
{
    char name[64], front[128];
    redisContext *c = line;
    uint64_t moved = 0;
    const kal__patience p = kal__remote_patience(r);
    name_of(ENTRY, key, name);
    const int n =
        snprintf(front, sizeof front, "*3\r\n$3\r\nSET\r\n$%zu\r\n%s\r\n$%zu\r\n", strlen(name), name, most);
    bool ok = put_bytes(c->fd, front, (size_t)n, &p, &moved);
    for (int i = 0; i < KAL__PIECES && ok; i++)
        ok = put_bytes(c->fd, pieces[i].data, pieces[i].n, &p, &moved);
    ok = ok && put_bytes(c->fd, "\r\n", 2, &p, &moved);
    const kal__patience q = kal__remote_patience(r);
    return meaning(r, ok ? answer(c, &q) : NULL);
}

// ---- leases -------------------------------------------------------------------------------------

static kal__far redis_lease(kal__remote *r, void *line, kal_key key, kal__lease_step step, uint64_t *mark)
{
    // whose lease was taken over, because it did not move, neither prolongs nor ends the other's
    static const char end_own[] =
        "if redis.call('get',KEYS[1])==ARGV[1] then return redis.call('del',KEYS[1]) end return 0";
    static const char own_again[] = "if redis.call('get',KEYS[1])==ARGV[1] then return "
                                    "redis.call('pexpire',KEYS[1],ARGV[2]) end return 0";
    char name[64], ms[24];
    const kal__patience p = kal__remote_patience(r);
    *mark = 0;   // the server knows when it is over
    name_of(LEASE, key, name);
    snprintf(ms, sizeof ms, "%d", (int)(KAL__LEASE_TTL * 1e3));
    const char *take[] = {"SET", name, r->token, "NX", "PX", ms}, *over[] = {"SET", name, r->token, "PX", ms},
               *again[] = {"EVAL", own_again, "1", name, r->token, ms},
               *end[] = {"EVAL", end_own, "1", name, r->token};
    if (step == KAL__LEASE_AGAIN) return tell(r, line, 6, again, &p);
    if (step == KAL__LEASE_END) return tell(r, line, 5, end, &p);
    const kal__far came = step == KAL__LEASE_OVER ? tell(r, line, 5, over, &p) : tell(r, line, 6, take, &p);
    return came == KAL__FAR_NONE ? KAL__FAR_BUSY : came;
}

// ---- lines --------------------------------------------------------------------------------------

static bool accepts(redisReply *reply)
{
    const bool yes = reply && reply->type == REDIS_REPLY_STATUS;
    if (reply) lib.freeReplyObject(reply);
    return yes;
}

// What the server says to it is not told: some repeat the words that they did not understand.
static bool greet(kal__remote *r, const server *s, redisContext *c, const kal__patience *p)
{
    const char *password[] = {"AUTH", s->password}, *both[] = {"AUTH", s->user, s->password},
               *db[] = {"SELECT", s->db};
    const bool known = !s->password || accepts(ask(c, s->user ? 3 : 2, s->user ? both : password, p));
    const bool chosen = known && (!s->db || accepts(ask(c, 2, db, p)));
    if (!known) kal__remote_blame(r, true, "it does not take the password");
    if (known && !chosen) kal__remote_blame(r, true, "it does not give database %.20s", s->db);
    return chosen;
}

static void *redis_call(kal__remote *r)
{
    const server *s = r->state;
    const struct timeval t = {(time_t)r->connect,
                              (suseconds_t)((r->connect - (double)(time_t)r->connect) * 1e6)};
    redisContext *c = s->port ? lib.redisConnectWithTimeout(s->host, s->port, t)
                              : lib.redisConnectUnixWithTimeout(s->host, t);
    const kal__patience p = kal__remote_patience(r);
    if (c && !c->err && greet(r, s, c, &p)) return c;
    if (c && c->err) kal__remote_blame(r, true, "%.120s", c->errstr);
    if (c) lib.redisFree(c);
    return NULL;
}

static void redis_hang_up(void *line)
{
    lib.redisFree(line);
}

static void redis_close(kal__remote *r)
{
    server *s = r->state;
    if (!s) return;
    free(s->user);
    free(s->password);
    free(s->host);
    free(s->db);
    free(s);
}

static server *server_new(kal__remote *r, kal_error *err)
{
    pthread_once(&once, load);
    server *s = r->state = have ? kal__new_zero(1, sizeof *s) : NULL;
    if (!have) kal_fail(err, KAL_UNSUPPORTED, "%s: redis: hiredis (%s) is not installed", r->name, LIBRARY);
    if (have && !s) kal_fail(err, KAL_NOMEM, "out of memory for a remote memo");
    return s;
}

static kal_status no_memory_unless(bool ok, kal_error *err)
{
    return ok ? KAL_OK : kal_fail(err, KAL_NOMEM, "out of memory for a remote memo");
}

static bool copy(char **out, const char *text, size_t n)
{
    return !n || (*out = strndup(text, n)) != NULL;
}

// "/run/redis.sock"
static kal_status unix_open(kal__remote *r, kal_error *err)
{
    server *s = server_new(r, err);
    if (!s) return have ? KAL_NOMEM : KAL_UNSUPPORTED;
    if (*r->place != '/') return kal_fail(err, KAL_INVALID, "%s: the path of a socket is wanted", r->name);
    return no_memory_unless(copy(&s->host, r->place, strlen(r->place)), err);
}

// "user:password@host:port/db"
static kal_status redis_open(kal__remote *r, kal_error *err)
{
    server *s = server_new(r, err);
    if (!s) return have ? KAL_NOMEM : KAL_UNSUPPORTED;
    const size_t all = strcspn(r->place, "/");
    const char *at = memrchr(r->place, '@', all), *host = at ? at + 1 : r->place, *end = r->place + all;
    const char *colon = at ? memchr(r->place, ':', (size_t)(at - r->place)) : NULL;
    const char *port = NULL;   // the last colon, but not of "[::1]"
    for (const char *c = host; c < end; c++)
        if (*c == ':' || *c == ']') port = *c == ':' ? c : NULL;
    s->port = port ? atoi(port + 1) : 6379;
    const char *stop = port ? port : end;
    if (host < stop && *host == '[' && stop[-1] == ']') host++, stop--;
    if (host == stop || s->port < 1 || s->port > 65535)
        return kal_fail(err, KAL_INVALID, "%s: redis://HOST:PORT/DB is wanted", r->name);
    const char *word = at ? (colon ? colon + 1 : r->place) : NULL;
    bool ok = copy(&s->host, host, (size_t)(stop - host));
    if (colon) ok = ok && copy(&s->user, r->place, (size_t)(colon - r->place));
    if (word) ok = ok && copy(&s->password, word, (size_t)(at - word));
    if (*end) ok = ok && copy(&s->db, end + 1, strlen(end + 1));
    return no_memory_unless(ok, err);
}

#define REDIS(name, opens)                                                                                 \
    {                                                                                                      \
        .scheme = name, .open = opens, .close = redis_close, .call = redis_call, .hang_up = redis_hang_up, \
        .get = redis_get, .has = redis_has, .put = redis_put, .lease = redis_lease                         \
    }

#else

static kal_status without(kal__remote *r, kal_error *err)
{
    return kal_fail(err, KAL_UNSUPPORTED, "%s: redis: this build is without hiredis", r->name);
}

#define redis_open without
#define unix_open without
#define REDIS(name, opens)            \
    {                                 \
        .scheme = name, .open = opens \
    }

#endif

const kal__far_kind kal__far_redis = REDIS("redis://", redis_open);
const kal__far_kind kal__far_redis_unix = REDIS("redis+unix:", unix_open);
