// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// kal run --watch: runs again when a file that it read has changed. All in one process, so that what is dear to compute and did not change
// is found in the memo. Files are looked at four times a second: every file system can be asked so, whoever writes to it.
#define _GNU_SOURCE   // open_memstream
#include "out.h"
#include "told.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define LOOK 0.25      // seconds between two looks
#define SETTLED 0.1    // what is being written is left alone until it has been still for so long
#define PATIENCE 2.0   // what is gone may come back for so long
#define AGAIN 1.0      // how often a text that could not be read is tried: what it wants may not be known

typedef struct stamp {
    bool there;
    dev_t dev;
    ino_t ino;
    off_t size;
    struct timespec written, changed;
} stamp;

typedef struct watched {
    char *path;
    stamp at;
    bool was_there;   // so it will be again
} watched;

struct watch {
    pthread_mutex_t lock;   // of what follows: jobs may be made by several threads
    watched *files;
    int32_t n, room;
    claims known;   // their paths
    int32_t written, runs;
    bool failed, hopeless;   // the latter: no run can ever be
    kal_stats total;
};

// ---- files --------------------------------------------------------------------------------------

static stamp look_at(const char *path)
{
    struct stat st;
    stamp s = {.there = stat(path, &st) == 0};
    if (s.there) s = (stamp){true, st.st_dev, st.st_ino, st.st_size, st.st_mtim, st.st_ctim};
    return s;
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool same_stamp(const stamp *a, const stamp *b)
{
    return a->there == b->there && a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
           same_time(&a->written, &b->written) && same_time(&a->changed, &b->changed);
}

static bool add_file(struct watch *w, const char *path)
{
    if (is_url(path)) return true;   // nobody tells when the web changes
    const int32_t was = claims_add(&w->known, path, w->n + 1);
    if (was) return was > 0;
    if (w->n == w->room) {
        const int32_t room = w->room ? w->room * 2 : 16;
        watched *files = realloc(w->files, (size_t)room * sizeof *files);
        if (!files) return false;
        w->files = files;
        w->room = room;
    }
    w->files[w->n] = (watched){.path = strdup(path), .at = look_at(path)};
    w->files[w->n].was_there = w->files[w->n].at.there;
    return w->files[w->n++].path != NULL;
}

static int no_stream(struct watch *w)
{
    w->hopeless = !w->runs;   // later it is an edit, which another may mend
    return usage("--watch: standard input can be read once; name files");
}

int watch_files(struct watch *w, const settings *s, const source_text *t, const inputs *in)
{
    bool stream =
        text_reads_stdin(t) || (s->file && !strcmp(s->file, "-")) || (s->list && !strcmp(s->list, "-"));
    for (int32_t i = 0; i < in->n; i++) stream |= !strcmp(in->paths[i], "-");
    if (stream) return no_stream(w);
    bool ok = (!s->file || add_file(w, s->file)) && (!s->list || add_file(w, s->list));
    for (int32_t i = 0; i < in->n && ok; i++) ok = add_file(w, in->paths[i]);
    return ok ? EXIT_OK : usage("out of memory");
}

static int check_job(struct watch *w, const job *j)
{
    const char *path;
    bool ok = true;
    for (int32_t i = 0; (path = kal_program_file(j->program, i)) != NULL && ok; i++) {
        if (!strcmp(path, "-")) return no_stream(w);
        ok = add_file(w, path);
    }
    if (!ok) return usage("out of memory");
    for (int32_t i = 0; i < j->n; i++) {
        if (!strcmp(j->paths[i], "-") || !claims_find(&w->known, j->paths[i])) continue;
        w->hopeless = !w->runs;
        return usage("--watch: %s is read and would be written: each run would be the reason for the next",
                     j->paths[i]);
    }
    w->written += j->n;
    return EXIT_OK;
}

int watch_job(struct watch *w, const job *j)
{
    if (!w) return EXIT_OK;
    pthread_mutex_lock(&w->lock);
    const int code = check_job(w, j);
    pthread_mutex_unlock(&w->lock);
    return code;
}

void watch_total(struct watch *w, const kal_stats *total)
{
    if (w) w->total = *total;
}

// ---- waiting ------------------------------------------------------------------------------------

static void rest(double seconds)
{
    const struct timespec t = {0, (long)(seconds * 1e9)};
    nanosleep(&t, NULL);   // a signal ends it
}

// The first file that is not as it was; NULL: all are.
static const watched *changed(const struct watch *w)
{
    for (int32_t i = 0; i < w->n; i++) {
        const stamp now = look_at(w->files[i].path);
        if (!same_stamp(&now, &w->files[i].at)) return &w->files[i];
    }
    return NULL;
}

// Takes the stamps as they are. *still: none has changed; *gone: one that was there is not.
static void settle(struct watch *w, bool *still, bool *gone)
{
    *still = true;
    *gone = false;
    for (int32_t i = 0; i < w->n; i++) {
        const stamp now = look_at(w->files[i].path);
        *still &= same_stamp(&now, &w->files[i].at);
        *gone |= w->files[i].was_there && !now.there;
        w->files[i].at = now;
    }
}

// What the run would say of the text now, if it cannot be read; NULL: it can.
static char *complaint(const settings *s, int (*once)(const settings *s))
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    settings probe = *s;
    probe.probing = true;
    if (!f) return NULL;
    speak_to(f, f);
    const int code = once(&probe);
    speak_to(NULL, NULL);
    fclose(f);
    if (code) return text;
    free(text);
    return NULL;
}

// Until something changes, and has been still for a while. `said`: why the last run could not begin; tried again now and then.
static const char *wait_for_change(struct watch *w, const settings *s, int (*once)(const settings *s),
                                   const char *said)
{
    const watched *what = NULL;
    for (double tried = now_seconds(); !what && !interrupted();) {
        rest(LOOK);
        what = changed(w);
        if (what || !said || now_seconds() - tried < AGAIN) continue;
        char *now = complaint(s, once);
        const bool other = !now || strcmp(now, said) != 0;
        free(now);
        if (other) return "what was missing";
        tried = now_seconds();
    }
    const double since = now_seconds();
    for (double rested = since; what && !interrupted();) {
        bool still, gone;
        rest(SETTLED / 2);
        settle(w, &still, &gone);
        const double now = now_seconds();
        if (!still) rested = now;
        if (now - rested >= SETTLED && (!gone || now - since >= PATIENCE)) break;
    }
    return what ? what->path : NULL;
}

// ---- runs ---------------------------------------------------------------------------------------

static void tell(const struct watch *w, const settings *s, int32_t run, const char *why)
{
    if (s->quiet || w->failed) return;
    fprintf(stderr, "kal: run %d%s%.200s%s: %d written, %.2f s, memo %llu/%llu\n", run, why ? " (" : "",
            why ? why : "", why ? ")" : "", w->written, w->total.wall_ms / 1e3,
            (unsigned long long)w->total.nodes_reused, (unsigned long long)w->total.nodes);
}

static void watch_free(struct watch *w)
{
    for (int32_t i = 0; i < w->n; i++) free(w->files[i].path);
    free(w->files);
    claims_free(&w->known);
}

int watch_run(settings *s, int (*once)(const settings *s))
{
    struct watch w = {.lock = PTHREAD_MUTEX_INITIALIZER};
    const char *why = NULL;
    int code = EXIT_OK;
    kal_cancel *cancel = catch_signals();   // between the runs; each catches them for itself
    if (!cancel) return usage("out of memory");
    s->watch = &w;
    while (!interrupted()) {
        for (int32_t i = 0; i < w.n; i++) {
            w.files[i].at = look_at(w.files[i].path);
            w.files[i].was_there = w.files[i].at.there;
        }
        w.written = 0;
        w.total = (kal_stats){0};
        code = once(s);
        w.failed = code != EXIT_OK;
        if (interrupted() || w.hopeless) break;
        tell(&w, s, ++w.runs, why);
        fflush(stdout);
        char *said = w.failed ? complaint(s, once) : NULL;
        why = w.hopeless ? NULL : wait_for_change(&w, s, once, said);
        free(said);
    }
    release_signals(&cancel);
    watch_free(&w);
    return w.hopeless ? code : w.runs ? EXIT_OK : EXIT_INTERRUPTED;
}
