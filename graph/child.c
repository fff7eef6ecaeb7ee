// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See child.h. One loop waits for everything: pipes, the end of the program, its time, and whoever stops the request.
#define _GNU_SOURCE
#include "child.h"

#include "putf.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

// ---- the end of what it said --------------------------------------------------------------------

#define TAIL 1024

typedef struct running {
    kal__child *c;
    pid_t pid;
    int in, out, told;   // our ends; -1: closed. `in` is a socket: a pipe that nobody reads would be a signal
    size_t written;
    char tail[TAIL];   // a ring of what was told last
    size_t n_told;
    double start;
    bool ended;
} running;

// The last of it on one line.
static void end_of_it(const running *r, char *out, size_t room)
{
    const size_t have = r->n_told < TAIL ? r->n_told : TAIL, n = have < room - 1 ? have : room - 1;
    size_t k = 0;
    for (size_t i = r->n_told - n; i < r->n_told; i++) {
        const unsigned char ch = (unsigned char)r->tail[i % TAIL];
        if (ch > 0x20 && ch != 0x7f)
            out[k++] = (char)ch;
        else if (k && out[k - 1] != ' ')
            out[k++] = ' ';
    }
    while (k && out[k - 1] == ' ') k--;
    out[k] = 0;
    size_t from = 0;   // not in the middle of a character
    while (((unsigned char)out[from] & 0xc0) == 0x80) from++;
    memmove(out, out + from, k - from + 1);
}

static kal_status failed(const running *r, kal_status status, kal_error *err, const char *what)
{
    char tail[300];
    end_of_it(r, tail, sizeof tail);
    return kal_fail(err, status, "%.80s: %s%s%s", r->c->words[0], what, *tail ? "; it said: " : "", tail);
}

// ---- pipes --------------------------------------------------------------------------------------

static void close_it(int *fd)
{
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

static bool would_block(ssize_t n)
{
    return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

static void feed(running *r)
{
    while (r->in >= 0) {
        const size_t left = r->c->in_size - r->written;
        const ssize_t n = left ? send(r->in, r->c->in + r->written, left, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;
        if (would_block(n)) return;
        if (n > 0) r->written += (size_t)n;
        if (n <= 0) close_it(&r->in);   // all of it, or it does not want more
    }
}

static void listen_to(running *r)
{
    char part[4096];
    while (r->told >= 0) {
        const ssize_t n = read(r->told, part, sizeof part);
        if (would_block(n)) return;
        if (n <= 0) close_it(&r->told);
        for (ssize_t i = 0; i < n; i++) r->tail[r->n_told++ % TAIL] = part[i];
    }
}

static kal_status take_out(running *r, kal_error *err)
{
    char part[1 << 16];
    while (r->out >= 0) {
        const ssize_t n = read(r->out, part, sizeof part);
        if (would_block(n)) return KAL_OK;
        if (n <= 0) close_it(&r->out);
        if (n > 0) kal__put(&r->c->out, part, (size_t)n);
        if (r->c->out.failed) return kal_fail(err, KAL_NOMEM, "out of memory for what a program gives");
        if (r->c->out.size > r->c->most)
            return failed(r, KAL_LIMIT, err, "gave more than such a picture can have");
    }
    return KAL_OK;
}

// ---- beginning ----------------------------------------------------------------------------------

typedef struct ends {
    int theirs[3], ours[3];   // standard input, output, error
} ends;

static void close_all(ends *e)
{
    for (int i = 0; i < 3; i++) close_it(&e->theirs[i]), close_it(&e->ours[i]);
}

static bool make_pipe(ends *e, int i)
{
    int fd[2];
    if (pipe2(fd, O_CLOEXEC)) return false;
    fcntl(fd[0], F_SETFL, O_NONBLOCK);
    e->ours[i] = fd[0];
    e->theirs[i] = fd[1];
    return true;
}

static bool make_ends(ends *e, bool pipes)
{
    int fd[2];
    *e = (ends){{-1, -1, -1}, {-1, -1, -1}};
    if (!make_pipe(e, 2)) return false;
    if (!pipes) {
        e->theirs[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        e->theirs[1] = fcntl(e->theirs[2], F_DUPFD_CLOEXEC, 3);
        return e->theirs[0] >= 0 && e->theirs[1] >= 0;
    }
    if (!make_pipe(e, 1) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd)) return false;
    e->ours[0] = fd[0];
    e->theirs[0] = fd[1];
    return true;
}

// In a group of its own, with signals as a shell would give them. The errno, or 0.
static int spawn(const kal__child *c, const ends *e, pid_t *pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    if (posix_spawn_file_actions_init(&files)) return ENOMEM;
    if (posix_spawnattr_init(&how)) return posix_spawn_file_actions_destroy(&files), ENOMEM;
    int code = 0;
    for (int i = 0; i < 3 && !code; i++) code = posix_spawn_file_actions_adddup2(&files, e->theirs[i], i);
    posix_spawnattr_setpgroup(&how, 0);
    posix_spawnattr_setsigmask(&how, &none);
    posix_spawnattr_setsigdefault(&how, &all);
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (!code) code = posix_spawnp(pid, c->words[0], &files, &how, c->words, environ);
    posix_spawnattr_destroy(&how);
    posix_spawn_file_actions_destroy(&files);
    return code;
}

static kal_status begin(running *r, kal_error *err)
{
    ends e;
    const char *program = r->c->words[0];
    const int code = make_ends(&e, r->c->pipe) ? spawn(r->c, &e, &r->pid) : errno;
    if (code) {
        close_all(&e);
        kal_fail(err, KAL_IO, "%.80s: %s", program,
                 code == ENOENT ? "there is no such program" : strerror(code));
        if (err) err->about = KAL_ABOUT_PROGRAM;
        return KAL_IO;
    }
    for (int i = 0; i < 3; i++) close_it(&e.theirs[i]);
    r->in = e.ours[0];
    r->out = e.ours[1];
    r->told = e.ours[2];
    return KAL_OK;
}

// ---- the loop -----------------------------------------------------------------------------------

// It stays a zombie, so that its group's number is nobody else's yet.
static bool has_ended(running *r)
{
    siginfo_t info = {.si_pid = 0};
    if (r->ended) return true;
    return r->ended =
               waitid(P_PID, (id_t)r->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0;
}

static kal_status check(running *r, kal_error *err)
{
    char what[80];
    struct stat st;
    const kal__child *c = r->c;
    if (c->watch) {
        const kal_status stopped = kal__watch_check(c->watch, err);
        if (stopped) return stopped;
    }
    if (c->file && stat(c->file, &st) == 0 && (uint64_t)st.st_size > c->most)
        return failed(r, KAL_LIMIT, err, "wrote more than such a picture can have");
    if (c->seconds <= 0 || kal__now() - r->start <= c->seconds) return KAL_OK;
    kal__format(what, sizeof what, "took longer than seconds=%g", c->seconds);
    return failed(r, KAL_LIMIT, err, what);
}

static kal_status wait_for_it(running *r, kal_error *err)
{
    kal_status st = KAL_OK;
    for (int pause = 1; !st && !has_ended(r); pause = pause < 20 ? pause * 2 : 20) {
        struct pollfd fds[3] = {{r->in, POLLOUT, 0}, {r->out, POLLIN, 0}, {r->told, POLLIN, 0}};
        poll(fds, 3, pause);
        feed(r);
        listen_to(r);
        st = take_out(r, err);
        if (!st) st = check(r, err);
    }
    return st;
}

static kal_status how_it_ended(const running *r, int status, kal_error *err)
{
    char what[80];
    if (WIFEXITED(status) && !WEXITSTATUS(status)) return KAL_OK;
    if (WIFEXITED(status))
        snprintf(what, sizeof what, "ended with %d", WEXITSTATUS(status));
    else if (WIFSIGNALED(status))
        snprintf(what, sizeof what, "was ended by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(what, sizeof what, "ended, and nobody knows how");
    return failed(r, KAL_CALLBACK, err, what);
}

kal_status kal__child_run(kal__child *c, kal_error *err)
{
    running r = {.c = c, .in = -1, .out = -1, .told = -1, .start = kal__now()};
    int status = -1;
    kal_status st = begin(&r, err);
    if (st) return st;
    st = wait_for_it(&r, err);
    kill(-r.pid, SIGKILL);   // what it left running too, or its pipes would stay open
    while (waitpid(r.pid, &status, 0) < 0 && errno == EINTR) continue;
    listen_to(&r);
    if (!st) st = take_out(&r, err);
    if (!st) st = how_it_ended(&r, status, err);
    close_it(&r.in);
    close_it(&r.out);
    close_it(&r.told);
    return st;
}
