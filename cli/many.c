// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// One text over many pictures. As many lanes as workers, each with one job at a time from parsing to renaming: so many
// small pictures keep every processor busy with a picture of its own, and the workers of the engine's pool come in when
// lanes are fewer than processors, as at the end, or with one large picture. What a job says is held back until all
// before it have said theirs, so that several runs say the same.
#include "cli.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct report {
    char *messages, *results;   // NULL: nothing was said
} report;

static report silence;

typedef struct batch {
    runner *r;
    const maker *m;
    crowd crowd;
    bool in_place;          // pictures are replaced
    pthread_mutex_t lock;   // of what follows
    int32_t next;           // to be taken
    int32_t told;           // those before it have spoken
    report **reports;       // by input; NULL: not through
    int code;
} batch;

// ---- before anything is read ---------------------------------------------------------------------

// Every output is known now, unless its name holds the key of a picture.
static int claim_names(runner *r, bool *in_place)
{
    const settings *s = r->s;
    claims readers = {NULL, 0, 0};
    int code = EXIT_OK;
    for (int32_t i = 0; i < r->in->n && !code; i++)
        if (claims_add(&readers, r->in->paths[i], i + 1) < 0) code = usage("out of memory");
    for (int32_t i = 0; i < r->in->n && !code; i++) {
        const place at = {NULL, r->in->paths[i], i + 1, {0, 0}, s->page};
        char *path = template_expand(s->out, &at);
        if (!path) code = EXIT_USAGE;
        const int32_t by = path ? claims_add(&r->outputs, path, i + 1) : 0,
                      reader = path ? claims_find(&readers, path) : 0;
        if (by < 0) code = usage("out of memory");
        if (by > 0)
            code = usage("%s would be written twice, from %s and from %s", path, r->in->paths[by - 1],
                         r->in->paths[i]);
        else if (reader && reader != i + 1)
            code = usage("%s is one of the pictures and would be written from another, %s", path,
                         r->in->paths[i]);
        *in_place |= reader > 0;
        free(path);
    }
    claims_free(&readers);
    return code;
}

// The folder of all outputs, when it is the same for all.
static int check_folder(const char *out)
{
    const char *slash = strrchr(out, '/');
    struct stat st;
    if (!slash || slash == out || strcspn(out, "{}") < (size_t)(slash - out)) return EXIT_OK;
    char *folder = strndup(out, (size_t)(slash - out));
    int code = folder ? EXIT_OK : usage("out of memory");
    if (!code && (stat(folder, &st) != 0 || !S_ISDIR(st.st_mode))) {
        usage("-o: there is no folder %s", folder);
        code = EXIT_FAILED;
    }
    free(folder);
    return code;
}

// The limit is one for all requests of the process: the library finds it in the environment.
static int limit_all(const settings *s)
{
    char text[32];
    snprintf(text, sizeof text, "%llu", (unsigned long long)s->eval.max_memory);
    return s->eval.max_memory && setenv("KAL_MAX_MEMORY", text, 1) ? usage("out of memory") : EXIT_OK;
}

// ---- one picture --------------------------------------------------------------------------------

// An open stream becomes its text, or nothing.
static char *text_of(FILE *f, char **text)
{
    if (fclose(f) == 0 && **text) return *text;
    free(*text);
    return NULL;
}

static int run_job(batch *b, int32_t i)
{
    job j = {.number = i + 1, .each = true};
    int code = runner_make(b->r, b->m, &j, b->r->s, b->r->in->paths + i, 1);
    if (!code) code = runner_job(b->r, &j);
    job_free(&j);
    return code;
}

static report *one(batch *b, int32_t i, int *code)
{
    report said = {NULL, NULL}, *out = &silence;
    size_t sizes[2];
    FILE *messages = open_memstream(&said.messages, &sizes[0]),
         *results = open_memstream(&said.results, &sizes[1]);
    speak_to(messages, results);
    *code = run_job(b, i);
    speak_to(NULL, NULL);
    said.messages = messages ? text_of(messages, &said.messages) : NULL;
    said.results = results ? text_of(results, &said.results) : NULL;
    if (said.messages || said.results) out = malloc(sizeof *out);
    if (!out) return &silence;
    if (out != &silence) *out = said;
    return out;
}

static void say(batch *b, report *said)
{
    if (said == &silence) return;
    crowd_hush(&b->crowd);
    if (said->messages) fputs(said->messages, stderr);
    if (said->results) fputs(said->results, stdout);
    crowd_resume(&b->crowd);
    free(said->messages);
    free(said->results);
    free(said);
}

// ---- all of them --------------------------------------------------------------------------------

static void *lane(void *arg)
{
    batch *b = arg;
    pthread_mutex_lock(&b->lock);
    while (b->next < b->r->in->n && !interrupted()) {
        const int32_t i = b->next++;
        int code;
        pthread_mutex_unlock(&b->lock);
        report *said = one(b, i, &code);
        crowd_step(&b->crowd, code != EXIT_OK);
        pthread_mutex_lock(&b->lock);
        b->code = worse(b->code, code);
        b->reports[i] = said;
        while (b->told < b->r->in->n && b->reports[b->told]) say(b, b->reports[b->told++]);
    }
    pthread_mutex_unlock(&b->lock);
    return NULL;
}

// Two files with the same bytes are one node, read from either: where pictures are replaced, one after the other, so that
// none goes while another is made from it.
static int32_t lanes_of(const batch *b)
{
    const settings *s = b->r->s;
    const int32_t workers = s->eval.threads ? s->eval.threads : kal_processors();
    return b->in_place ? 1 : workers < b->r->in->n ? workers : b->r->in->n;
}

// A thread that cannot be had costs only time; without any the caller is the lane.
static void run_lanes(batch *b, int32_t n)
{
    pthread_t threads[256];
    int32_t started = 0;
    while (started < n && pthread_create(&threads[started], NULL, lane, b) == 0) started++;
    if (!started) lane(b);
    for (int32_t i = 0; i < started; i++) pthread_join(threads[i], NULL);
}

// "200 files 4.1 MB 2.3 s 38 MB memo 3/800", and whatever went wrong.
static void last_words(batch *b)
{
    const settings *s = b->r->s;
    const kal_stats *t = &b->r->total;
    const crowd *c = &b->crowd;
    char size[16], held[16];
    crowd_hush(&b->crowd);
    crowd_resume(&b->crowd);
    if (wants_progress(s))
        fprintf(stderr, "%d files %s %.2f s %s memo %llu/%llu\n", c->done - c->failed,
                size_text((double)t->bytes_written, size), t->wall_ms / 1e3,
                size_text((double)t->peak_bytes, held), (unsigned long long)t->nodes_reused,
                (unsigned long long)t->nodes);
    if (interrupted() && !s->quiet)
        fprintf(stderr, "kal: stopped: %d of %d were done\n", c->done - c->failed, c->n);
    else if (c->failed && !s->quiet)
        fprintf(stderr, "kal: %d of %d failed\n", c->failed, c->n);
}

int many_run(runner *r, const maker *m)
{
    const settings *s = r->s;
    const int32_t n = r->in->n;
    batch b = {.r = r, .m = m, .lock = PTHREAD_MUTEX_INITIALIZER};
    int code = check_folder(s->out);
    if (!code && !strstr(s->out, "{key}")) code = claim_names(r, &b.in_place);
    if (!code) code = limit_all(s);
    if (code) return code;
    r->shares = m->shares;
    r->cancel = catch_signals();
    b.reports = calloc((size_t)n, sizeof *b.reports);
    if (r->cancel && b.reports) {
        crowd_start(&b.crowd, s, n);
        r->crowd = &b.crowd;
        run_lanes(&b, lanes_of(&b));
        r->total.wall_ms = (now_seconds() - b.crowd.start) * 1e3;
        last_words(&b);
        code = interrupted() ? EXIT_INTERRUPTED : b.code;
    } else {
        code = usage("out of memory");
    }
    release_signals(&r->cancel);
    free(b.reports);
    return code;
}
