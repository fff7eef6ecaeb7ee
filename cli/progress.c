// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What a person sees while a run goes on, and how he stops it.
#define _GNU_SOURCE
#include "cli.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// ---- signals ------------------------------------------------------------------------------------

static kal_cancel *volatile current;
static volatile sig_atomic_t caught;
enum { N_SIGNALS = 4 };
static struct sigaction before[N_SIGNALS];
static const int signals[N_SIGNALS] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};

static void on_signal(int number)
{
    (void)number;
    caught = 1;
    kal_cancel_set(current);
}

// A second signal finds the default action again. A closed pipe is an error like any other, so that nothing
// is left behind.
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
    for (int i = 0; i < N_SIGNALS; i++) sigaction(signals[i], &before[i], NULL);
    current = NULL;
    kal_cancel_free(cancel);
}

bool interrupted(void)
{
    return caught;
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

void progress_start(progress *p, const settings *s, const char *label)
{
    const int32_t mode = s->progress == PROGRESS_JSON || wants_progress(s) ? s->progress : PROGRESS_NEVER;
    *p = (progress){.mode = mode, .label = label ? label : "", .start = now_seconds()};
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
    json_number(&j, "seconds", (double)(int64_t)((now_seconds() - p->start) * 1e3) / 1e3);
    json_close(&j, '}');
    fputc('\n', j.f);
    fclose(j.f);
    fwrite(line, 1, size, stderr);   // one write: lines of several processes do not mix
    free(line);
}

// "[#######.............]  35 %  1.2 s  out": shorter than a terminal is wide.
static void tell_line(progress *p, uint64_t done, uint64_t total)
{
    enum { CELLS = 20 };
    const double seconds = now_seconds() - p->start;
    if (p->mode == PROGRESS_AUTO && seconds < 0.5) return;
    char bar[CELLS + 1];
    const double part = total ? (double)done / (double)total : 0;
    for (int i = 0; i < CELLS; i++) bar[i] = i < (int)(part * CELLS) ? '#' : '.';
    bar[CELLS] = 0;
    fprintf(stderr, "\r[%s] %3.0f %%  %.1f s  %.30s\033[K", bar, part * 100, seconds, p->label);
    fflush(stderr);
    p->shown = true;
}

void progress_tell(void *user, kal_phase now, uint64_t done, uint64_t total)
{
    progress *p = user;
    if (p->mode == PROGRESS_JSON)
        tell_json(p, now, done, total);
    else if (p->mode != PROGRESS_NEVER && now == KAL_RUNNING)
        tell_line(p, done, total);
}

void progress_end(progress *p)
{
    if (p->shown) fputs("\r\033[K", stderr);
    p->shown = false;
}
