// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Bytes of a caller's computation in the memo: made once however many ask, found by another process, never a failure's.
#include "check.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static kal_memo *memo_at(const char *folder)
{
    kal_memo *m = kal_memo_new((uint64_t)64 << 20);
    REQUIRE(m != NULL);
    if (folder) REQUIRE_OK(kal_memo_set_folder(m, folder, 0, &check_error));
    return m;
}

static kal_key key_of(int v)
{
    kal_key k;
    kal_map *m = kal_map_new();
    kal_map_int(m, "v", v);
    REQUIRE_OK(kal_map_key(m, &k, &check_error));
    kal_map_free(&m);
    return k;
}

// What makes n bytes of v, after a while, and counts how often it was asked.
typedef struct maker {
    int v, calls, ms;   // calls: atomic
    size_t n;
    kal_status fails;   // with half of it made
} maker;

static void wait_ms(int ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
}

static kal_status make(void *user, kal_bytes *out, kal_error *err)
{
    maker *m = user;
    __atomic_fetch_add(&m->calls, 1, __ATOMIC_RELAXED);
    wait_ms(m->ms);
    *out = (kal_bytes){m->n ? malloc(m->n) : NULL, m->n};
    if (m->n) memset(out->data, m->v, m->n);
    return m->fails ? kal_fail(err, m->fails, "no such luck") : KAL_OK;
}

static void ask(kal_memo *memo, maker *m, bool found, int line)
{
    kal_blob b;
    REQUIRE_OK(kal_memo_blob(memo, key_of(m->v), make, m, "what it is", NULL, &b, &check_error));
    REQUIRE_NOTE(b.found == found && b.size == m->n, "line %d: found %d, %zu bytes", line, b.found, b.size);
    for (size_t i = 0; i < b.size; i += 997) REQUIRE(((const unsigned char *)b.data)[i] == m->v);
    kal_blob_release(&b);
    REQUIRE(!b.data && !b.size);
}

static void found_again(void)
{
    const char *folder = check_temp("blobs");
    maker m = {.v = 7, .ms = 30, .n = 3000000}, empty = {.v = 8};
    kal_memo *memo = memo_at(folder);
    kal_memo_stats st;
    ask(memo, &m, false, __LINE__);
    ask(memo, &m, true, __LINE__);
    ask(memo, &empty, false, __LINE__);
    ask(memo, &empty, true, __LINE__);
    kal_memo_clear(memo);
    ask(memo, &m, true, __LINE__);
    kal_memo_get_stats(memo, &st);
    REQUIRE(st.folder_hits == 1 && st.folder_stored == 1);
    kal_memo_free(&memo);
    memo = memo_at(folder);   // as in another process
    ask(memo, &m, true, __LINE__);
    REQUIRE(m.calls == 1 && empty.calls == 1);
    // what was handed out outlives the memo
    kal_blob b;
    REQUIRE_OK(kal_memo_blob(memo, key_of(7), make, &m, NULL, NULL, &b, &check_error));
    kal_memo_free(&memo);
    REQUIRE(b.found && b.size == m.n && ((const unsigned char *)b.data)[m.n - 1] == 7);
    kal_blob_release(&b);
}

static bool look(void *user, const kal_memo_entry *e)
{
    int *n = user;
    char key[33], want[100];
    snprintf(want, sizeof want, "%s blob - one  two :\n", kal_key_print(key_of(1), key));
    REQUIRE_TEXT(e->kind, "blob");
    REQUIRE(e->bytes == 10 && e->seconds >= 0.05 && e->seconds < 30);
    REQUIRE(e->recipe_size == strlen(want) && !memcmp(e->recipe, want, strlen(want)));
    return ++*n;
}

static void recipes(void)
{
    maker m = {.v = 1, .ms = 50, .n = 10};
    kal_memo *memo = memo_at(check_temp("recipes"));
    kal_blob b;
    kal_bytes text;
    int n = 0;
    REQUIRE_OK(kal_memo_blob(memo, key_of(1), make, &m, "one\r\ntwo", NULL, &b, &check_error));
    kal_blob_release(&b);
    REQUIRE_OK(kal_memo_each(memo, true, look, &n, &check_error));
    REQUIRE(n == 1);
    static const char *const maps[] = {"{\"rate\":0.1, \"steps\":[1,2], \"text\":\"a, {b\"}",
                                       "{\"rate\":0.2, \"seed\":null, \"steps\":[1,2], \"text\":\"a, {b\"}"};
    for (int i = 0; i < 2; i++) {
        REQUIRE_OK(kal_memo_blob(memo, key_of(2 + i), make, &m, maps[i], NULL, &b, &check_error));
        kal_blob_release(&b);
    }
    REQUIRE_OK(kal_memo_why_key(memo, key_of(3), &text, &check_error));
    const char *why = text.data ? strstr((const char *)text.data, "what differs:") : NULL;
    REQUIRE_TEXT(why ? why : "", "what differs:\n    blob: \"rate\":0.2, there \"rate\":0.1\n"
                                 "    blob: \"seed\":null, there nothing\n");
    kal_bytes_free(&text);
    kal_memo_free(&memo);
}

static void failures(void)
{
    const char *folder = check_temp("failures");
    maker m = {.v = 3, .n = 100, .fails = KAL_UNSUPPORTED};
    kal_memo *memo = memo_at(folder);
    kal_memo_stats st;
    kal_blob b;
    for (int i = 0; i < 2; i++) {
        REQUIRE_FAILS(KAL_UNSUPPORTED,
                      kal_memo_blob(memo, key_of(3), make, &m, NULL, NULL, &b, &check_error));
        REQUIRE_TEXT(check_error.message, "no such luck");
        REQUIRE(!b.data && !b.size && !b.held && m.calls == i + 1);
    }
    kal_memo_get_stats(memo, &st);
    REQUIRE(!st.entries && !st.stored && !st.folder_stored);
    m.fails = KAL_OK;
    ask(memo, &m, false, __LINE__);
    ask(memo, &m, true, __LINE__);
    const kal_options never = {.memo_mode = KAL_MEMO_NEVER};
    REQUIRE_OK(kal_memo_blob(memo, key_of(3), make, &m, NULL, &never, &b, &check_error));
    REQUIRE(!b.found && m.calls == 4);
    kal_blob_release(&b);
    const kal_options known = {.only_known = true};
    REQUIRE_OK(kal_memo_blob(memo, key_of(3), make, &m, NULL, &known, &b, &check_error));
    REQUIRE(b.found);
    kal_blob_release(&b);
    REQUIRE_FAILS(KAL_MISSING, kal_memo_blob(memo, key_of(31), make, &m, NULL, &known, &b, &check_error));
    REQUIRE(m.calls == 4);
    kal_memo_free(&memo);
}

// ---- many at once -------------------------------------------------------------------------------

typedef struct asking {
    kal_memo *memo;
    maker *m;
    kal_status status;
    bool found;
    kal_options options;
} asking;

static void *ask_once(void *user)
{
    asking *a = user;
    kal_blob b;
    a->status = kal_memo_blob(a->memo, key_of(a->m->v), make, a->m, NULL, &a->options, &b, NULL);
    a->found = b.found;
    if (!a->status && (b.size != a->m->n || ((const unsigned char *)b.data)[0] != a->m->v))
        a->status = KAL_INTERNAL;
    kal_blob_release(&b);
    return NULL;
}

static void start_all(asking *a, int n, pthread_t *threads)
{
    for (int i = 0; i < n; i++) REQUIRE(!pthread_create(&threads[i], NULL, ask_once, &a[i]));
}

static void made_once(void)
{
    maker m = {.v = 4, .ms = 100, .n = 5000};
    kal_memo *memo = memo_at(NULL);
    pthread_t threads[8];
    asking a[8];
    int found = 0;
    for (int i = 0; i < 8; i++) a[i] = (asking){.memo = memo, .m = &m};
    start_all(a, 8, threads);
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        REQUIRE(a[i].status == KAL_OK);
        found += a[i].found;
    }
    REQUIRE_NOTE(m.calls == 1 && found == 7, "%d calls, %d found", m.calls, found);
    // a failure is nobody else's: each tries
    maker bad = {.v = 5, .ms = 5, .n = 10, .fails = KAL_IO};
    for (int i = 0; i < 8; i++) a[i] = (asking){.memo = memo, .m = &bad};
    start_all(a, 8, threads);
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        REQUIRE(a[i].status == KAL_IO);
    }
    REQUIRE(bad.calls == 8);
    kal_memo_free(&memo);
}

// Who waits may stop waiting; who makes is not disturbed.
static void stopped(void)
{
    maker m = {.v = 6, .ms = 400, .n = 10};
    kal_memo *memo = memo_at(NULL);
    pthread_t threads[3];
    kal_cancel *cancel = kal_cancel_new();
    asking a[3] = {{.memo = memo, .m = &m},
                   {.memo = memo, .m = &m, .options = {.deadline = 0.05}},
                   {.memo = memo, .m = &m, .options = {.cancel = cancel}}};
    start_all(a, 1, threads);
    wait_ms(100);
    start_all(a + 1, 2, threads + 1);
    wait_ms(50);
    kal_cancel_set(cancel);
    for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
    REQUIRE(a[0].status == KAL_OK && a[1].status == KAL_DEADLINE && a[2].status == KAL_CANCELLED);
    REQUIRE(m.calls == 1);
    kal_cancel_free(&cancel);
    kal_memo_free(&memo);
}

static kal_status make_and_note(void *user, kal_bytes *out, kal_error *err)
{
    const int fd = open(user, O_WRONLY | O_APPEND | O_CREAT, 0600);
    if (fd < 0 || write(fd, "x", 1) != 1) return kal_fail(err, KAL_IO, "no note");
    close(fd);
    wait_ms(300);
    *out = (kal_bytes){calloc(1, 100), 100};
    return KAL_OK;
}

// Of several processes with one folder one makes it.
static void beside_others(void)
{
    char folder[300], note[300];
    struct stat st;
    pid_t pids[3];
    snprintf(folder, sizeof folder, "%s", check_temp("shared"));
    snprintf(note, sizeof note, "%s", check_temp("note"));
    for (int i = 0; i < 3; i++) {
        if ((pids[i] = fork())) continue;
        kal_blob b;
        kal_memo *memo = kal_memo_new(1 << 20);
        kal_status status = kal_memo_set_folder(memo, folder, 0, NULL);
        if (!status) status = kal_memo_blob(memo, key_of(30), make_and_note, note, NULL, NULL, &b, NULL);
        if (!status && b.size != 100) status = KAL_INTERNAL;
        if (!status) kal_blob_release(&b);
        kal_memo_free(&memo);
        _exit(status != KAL_OK);
    }
    for (int i = 0; i < 3; i++) {
        int code = 1;
        REQUIRE(waitpid(pids[i], &code, 0) == pids[i] && code == 0);
    }
    REQUIRE_NOTE(!stat(note, &st) && st.st_size == 1, "made %d times", (int)st.st_size);
}

// ---- within one another -------------------------------------------------------------------------

typedef struct outer {
    kal_memo *memo;
    int asks;   // for key_of of that
    maker inner;
} outer;

static kal_status make_outer(void *user, kal_bytes *out, kal_error *err)
{
    outer *o = user;
    kal_blob b;
    const kal_status st = kal_memo_blob(o->memo, key_of(o->asks), make, &o->inner, NULL, NULL, &b, err);
    if (st) return st;
    *out = (kal_bytes){malloc(b.size), b.size};
    memcpy(out->data, b.data, b.size);
    kal_blob_release(&b);
    return KAL_OK;
}

static void nested(void)
{
    kal_memo *memo = memo_at(NULL);
    outer o = {memo, 11, {.v = 11, .n = 20}};
    kal_blob b;
    REQUIRE_OK(kal_memo_blob(memo, key_of(10), make_outer, &o, NULL, NULL, &b, &check_error));
    REQUIRE(b.size == 20);
    kal_blob_release(&b);
    ask(memo, &o.inner, true, __LINE__);
    o.asks = 12;   // itself: not a wait without end
    REQUIRE_FAILS(KAL_INVALID, kal_memo_blob(memo, key_of(12), make_outer, &o, NULL, NULL, &b, &check_error));
    REQUIRE_TEXT(check_error.message, "what makes a result asks for that result");
    kal_memo_free(&memo);
}

// The key of a node is the node's: neither is taken for the other.
static void beside_a_node(void)
{
    kal_memo *memo = memo_at(check_temp("beside"));
    kal_scope *s = kal_scope_new();
    rng r = {9};
    kal_key key;
    kal_blob b;
    maker m = {.v = 20, .n = 64};
    const kal_extent e = extent_of(64, 64, 3, KAL_U8);
    kal_node *soft = kal_gaussian(s, rng_image(&r, s, &e), kal_gaussian_params(.sigma = 3));
    const kal_options o = {.memo = memo, .memo_mode = KAL_MEMO_ALWAYS};
    REQUIRE_OK(kal_node_key(soft, &key, &check_error));
    unsigned char *was = read_all(soft, &o, NULL), *is;
    REQUIRE_OK(kal_memo_blob(memo, key, make, &m, NULL, NULL, &b, &check_error));
    REQUIRE(!b.found && b.size == 64);
    kal_blob_release(&b);
    is = read_all(soft, &o, NULL);
    REQUIRE_MEM(was, is, bytes_of(&e));
    REQUIRE_OK(kal_memo_blob(memo, key, make, &m, NULL, NULL, &b, &check_error));
    REQUIRE(b.found && b.size == 64);
    kal_blob_release(&b);
    kal_memo_clear(memo);
    free(is);
    is = read_all(soft, &o, NULL);
    REQUIRE_MEM(was, is, bytes_of(&e));
    free(was);
    free(is);
    kal_scope_free(&s);
    kal_memo_free(&memo);
}

// What was found is made again and compared, where that is asked for.
static void audited(void)
{
    kal_memo *memo = memo_at(check_temp("audited blobs"));
    maker m = {.v = 7, .n = 5000}, longer = {.v = 7, .n = 5001}, other = {.v = 9, .n = 5000},
          fails = {.v = 7, .n = 5000, .fails = KAL_IO};
    const kal_options all = {.audit = 1}, some = {.audit = 0.25}, known = {.audit = 1, .only_known = true};
    kal_blob b;
    ask(memo, &m, false, __LINE__);
    REQUIRE_OK(kal_memo_blob(memo, key_of(7), make, &m, NULL, &all, &b, &check_error));
    REQUIRE(b.found && b.size == m.n && m.calls == 2);
    kal_blob_release(&b);
    REQUIRE_OK(kal_memo_blob(memo, key_of(7), make, &m, NULL, &known, &b, &check_error));
    REQUIRE(b.found && m.calls == 2);
    kal_blob_release(&b);
    for (int i = 0; i < 400; i++) {
        REQUIRE_OK(kal_memo_blob(memo, key_of(7), make, &m, NULL, &some, &b, &check_error));
        kal_blob_release(&b);
    }
    REQUIRE_NOTE(m.calls > 52 && m.calls < 152, "%d of 400", m.calls - 2);
    REQUIRE_FAILS(KAL_IO, kal_memo_blob(memo, key_of(7), make, &fails, NULL, &all, &b, &check_error));
    ask(memo, &m, true, __LINE__);
    REQUIRE_FAILS(KAL_INTERNAL, kal_memo_blob(memo, key_of(7), make, &longer, NULL, &all, &b, &check_error));
    REQUIRE_NOTE(strstr(check_error.message, "at byte 5000") && !b.data, "%s", check_error.message);
    ask(memo, &m, false, __LINE__);   // it was forgotten
    kal_memo_clear(memo);             // that of the folder, now
    REQUIRE_FAILS(KAL_INTERNAL, kal_memo_blob(memo, key_of(7), make, &other, NULL, &all, &b, &check_error));
    REQUIRE_NOTE(strstr(check_error.message, "at byte 0"), "%s", check_error.message);
    ask(memo, &m, false, __LINE__);
    kal_memo_free(&memo);
}

int main(void)
{
    found_again();
    recipes();
    failures();
    made_once();
    stopped();
    beside_others();
    nested();
    beside_a_node();
    audited();
    return check_done();
}
