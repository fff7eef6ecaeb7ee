// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What a person sees while a run goes on, and how he stops it.
#define _GNU_SOURCE
#include "out.h"
#include "told.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// ---- signals ------------------------------------------------------------------------------------

static kal_cancel *volatile current;
static int caught;   // atomic: the thread that takes the signal is not the one that asks
enum { N_SIGNALS = 4 };
static struct sigaction before[N_SIGNALS];
static const int signals[N_SIGNALS] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};

static void on_signal(int number)
{
    (void)number;
    __atomic_store_n(&caught, 1, __ATOMIC_RELAXED);
    kal_cancel_set(current);
}

// A second signal finds the default action again. A closed pipe is an error like any other, so that nothing is left behind.
kal_cancel *catch_signals(void)
{
    kal_cancel *cancel = kal_cancel_new();
    if (!cancel) return NULL;
    current = cancel;
    struct sigaction act = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
    for (int i = 0; i < N_SIGNALS; i++) {
        if (signals[i] == SIGPIPE) act.sa_handler = SIG_IGN;
        sigaction(signals[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN) sigaction(signals[i], &act, NULL);   // nohup stays in force
    }
    return cancel;
}

void release_signals(kal_cancel **cancel)
{
    if (!*cancel) return;
    kal_watch_opening(0, NULL);
    for (int i = 0; i < N_SIGNALS; i++) sigaction(signals[i], &before[i], NULL);
    current = NULL;
    kal_cancel_free(cancel);
}

bool interrupted(void)
{
    return __atomic_load_n(&caught, __ATOMIC_RELAXED);
}

// ---- progress -----------------------------------------------------------------------------------

static bool on_terminal(void)
{
    const char *term = getenv("TERM");
    return isatty(2) && term && strcmp(term, "dumb");
}

bool wants_progress(const settings *s)
{
    return !s->quiet && (s->progress == PROGRESS_ALWAYS || (s->progress == PROGRESS_AUTO && on_terminal()));
}

void progress_start(progress *p, const settings *s, crowd *all, int32_t number, const char *label)
{
    const int32_t mode = s->progress == PROGRESS_JSON || wants_progress(s) ? s->progress : PROGRESS_NEVER;
    *p = (progress){
        .mode = mode, .label = label ? label : "", .number = number, .start = now_seconds(), .crowd = all};
}

static void tell_json(const progress *p, kal_phase now, uint64_t done, uint64_t total)
{
    static const char *const phases[] = {"running", "done", "failed", "stopped"};
    char *line = NULL;
    size_t size = 0;
    json j = {open_memstream(&line, &size), false};
    if (!j.f) return;
    json_open(&j, NULL, '{');
    json_text(&j, "event", "progress");
    json_text(&j, "what", p->label);
    json_text(&j, "phase", phases[now]);
    json_count(&j, "done", done);
    json_count(&j, "total", total);
    if (p->crowd) json_count(&j, "number", (uint64_t)p->number);
    if (p->crowd) json_count(&j, "of", (uint64_t)p->crowd->n);
    json_number(&j, "seconds", (double)(int64_t)((now_seconds() - p->start) * 1e3) / 1e3);
    json_close(&j, '}');
    fputc('\n', j.f);
    fclose(j.f);
    fwrite(line, 1, size, stderr);   // one write: lines of several processes do not mix
    free(line);
}

// "[#######.............]  35 %  1.2 s  out": shorter than a terminal is wide.
static void draw(double part, const char *words, double seconds, const char *label)
{
    enum { CELLS = 20 };
    char bar[CELLS + 1];
    for (int i = 0; i < CELLS; i++) bar[i] = i < (int)(part * CELLS) ? '#' : '.';
    bar[CELLS] = 0;
    fprintf(stderr, "\r[%s] %3.0f %%  %s%.1f s  %.30s\033[K", bar, part * 100, words, seconds, label);
    fflush(stderr);
}

static void tell_line(progress *p, double part)
{
    const double seconds = now_seconds() - p->start;
    if (p->mode == PROGRESS_AUTO && seconds < 0.5) return;
    draw(part, "", seconds, p->label);
    p->shown = true;
}

// ---- progress of several ------------------------------------------------------------------------

void crowd_start(crowd *c, const settings *s, int32_t n)
{
    *c = (crowd){.s = s, .n = n, .start = now_seconds(), .lock = PTHREAD_MUTEX_INITIALIZER};
}

// Called with the lock.
static void tell_crowd(crowd *c, const char *label)
{
    const double now = now_seconds();
    if (!wants_progress(c->s) || now - c->told < 0.05) return;
    if (c->s->progress == PROGRESS_AUTO && now - c->start < 0.5) return;
    char words[64];
    snprintf(words, sizeof words, "%d of %d  ", c->done, c->n);
    draw((c->done + c->parts) / c->n, words, now - c->start, label);
    c->told = now;
    c->shown = true;
}

static void tell_part(progress *p, double part)
{
    crowd *c = p->crowd;
    pthread_mutex_lock(&c->lock);
    c->parts += part - p->part;
    p->part = part;
    tell_crowd(c, p->label);
    pthread_mutex_unlock(&c->lock);
}

void crowd_step(crowd *c, bool failed)
{
    pthread_mutex_lock(&c->lock);
    c->done++;
    c->failed += failed;
    tell_crowd(c, "");
    pthread_mutex_unlock(&c->lock);
}

void crowd_hush(crowd *c)
{
    pthread_mutex_lock(&c->lock);
    if (c->shown) fputs("\r\033[K", stderr);
    c->shown = false;
}

void crowd_resume(crowd *c)
{
    pthread_mutex_unlock(&c->lock);
}

// ---- progress of one ----------------------------------------------------------------------------

void progress_tell(void *user, kal_phase now, uint64_t done, uint64_t total)
{
    progress *p = user;
    const double part = total ? (double)done / (double)total : 0;
    if (p->mode == PROGRESS_JSON)
        tell_json(p, now, done, total);
    else if (p->crowd)
        tell_part(p, now == KAL_RUNNING ? part : 0);
    else if (p->mode != PROGRESS_NEVER && now == KAL_RUNNING)
        tell_line(p, part);
}

void progress_end(progress *p)
{
    if (p->crowd) tell_part(p, 0);
    if (p->shown) fputs("\r\033[K", stderr);
    p->shown = false;
}
