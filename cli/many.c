// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// One text over many pictures, or with many values. As many lanes as workers, each with one job at a time from parsing to renaming: so many
// small pictures keep every processor busy with a picture of its own, and the workers of the engine's pool come in when
// lanes are fewer than processors, as at the end, or with one large picture. What a job says is held back until all
// before it have said theirs, so that several runs say the same; its line in a table or a manifest is not.
#include "out.h"
#include "told.h"

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
    int32_t n;       // turns …
    int32_t *mine;   // … of all; NULL: all
    crowd crowd;
    table *table;   // NULL: none
    manifest *manifest;
    kal_node **nodes;       // of each turn, for the sheet; NULL: none
    bool in_place;          // pictures are replaced
    pthread_mutex_t lock;   // of what follows
    int32_t next;           // to be taken
    int32_t told;           // those before it have spoken
    report **reports;       // by turn; NULL: not through
    int code;
} batch;

// ---- before anything is read ---------------------------------------------------------------------

static int written_by_two(const turns *t, const char *path, int32_t by, int32_t i)
{
    char *one = turn_label(t, by), *other = turn_label(t, i);
    const int code = one && other ? usage("%s would be written twice, from %s and from %s", path, one, other)
                                  : usage("out of memory");
    free(one);
    free(other);
    return code;
}

static int written_over(const turns *t, const char *path, int32_t i)
{
    char *label = turn_label(t, i);
    const int code =
        label ? usage("%s is one of the pictures and would be written from another, %s", path, label)
              : usage("out of memory");
    free(label);
    return code;
}

// The output of a turn is nobody else's, and a picture is written over by its own turn alone, when it has but one.
static int claim_name(runner *r, int32_t i, bool *in_place)
{
    const turns *t = r->turns;
    const turn at = turn_at(t, i);
    const place where = {NULL, at.n ? *at.in : NULL, at.number, {0, 0}, r->s->page, t->sweep, at.row, NULL};
    char *path = template_expand(r->s->out, &where);
    int code = path ? EXIT_OK : EXIT_USAGE;
    const int32_t by = path ? claims_add(&r->outputs, path, at.number) : 0,
                  reader = path ? claims_find(&r->files.inputs, path) : 0;
    if (by < 0) code = usage("out of memory");
    if (by > 0) code = written_by_two(t, path, by - 1, i);
    if (!by && reader && (t->sweep || (t->each && reader != at.number))) code = written_over(t, path, i);
    if (!code) code = files_picture(&r->files, path);
    *in_place |= reader > 0;
    free(path);
    return code;
}

// Every output is known now, unless its name holds the key of a picture.
static int claim_names(runner *r, bool *in_place)
{
    int code = EXIT_OK;
    for (int32_t i = 0; i < turns_count(r->turns) && !code; i++) code = claim_name(r, i, in_place);
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

// The library finds it in the environment.
int limit_all(const settings *s)
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

static int run_job(batch *b, int32_t i, record *told)
{
    const turns *t = b->r->turns;
    const turn at = turn_at(t, i);
    char *label = turn_label(t, i);
    if (!label) return usage("out of memory");
    job j = {
        .number = at.number, .each = true, .label = label, .sweep = t->sweep, .row = at.row, .record = told};
    int code = runner_make(b->r, b->m, &j, b->r->s, at.in, at.n);
    if (!code) code = runner_job(b->r, &j);
    if (!code && b->nodes) b->nodes[i] = kal_node_ref(j.root);
    if (told) told->ms = (now_seconds() - j.began) * 1e3;
    job_free(&j);
    free(label);
    return code;
}

// *told: for the table; NULL where there is none, or no memory.
static report *one(batch *b, int32_t i, int *code, record **told)
{
    report said = {NULL, NULL}, *out = &silence;
    size_t sizes[2];
    *told = b->table || b->manifest ? calloc(1, sizeof **told) : NULL;
    FILE *messages = open_memstream(&said.messages, &sizes[0]),
         *results = open_memstream(&said.results, &sizes[1]);
    speak_to(messages, results);
    *code = run_job(b, i, *told);
    speak_to(NULL, NULL);
    said.messages = messages ? text_of(messages, &said.messages) : NULL;
    said.results = results ? text_of(results, &said.results) : NULL;
    if (*told) (*told)->code = *code;
    if (*code && *told) record_blame(*told, said.messages);
    if (said.messages || said.results) out = malloc(sizeof *out);
    if (!out) return &silence;
    if (out != &silence) *out = said;
    return out;
}

static void report_free(report *said)
{
    free(said->messages);
    free(said->results);
    free(said);
}

static void say(batch *b, int32_t i)
{
    report *said = b->reports[i];
    if (said == &silence) return;
    crowd_hush(&b->crowd);
    if (said->messages) fputs(said->messages, stderr);
    if (said->results) fputs(said->results, stdout);
    crowd_resume(&b->crowd);
    report_free(said);
}

// ---- all of them --------------------------------------------------------------------------------

static void *lane(void *arg)
{
    batch *b = arg;
    pthread_mutex_lock(&b->lock);
    while (b->next < b->n && !interrupted()) {
        const int32_t i = b->next++, which = b->mine ? b->mine[i] : i;
        int code;
        record *told;
        pthread_mutex_unlock(&b->lock);
        report *said = one(b, which, &code, &told);
        crowd_step(&b->crowd, code != EXIT_OK);
        pthread_mutex_lock(&b->lock);
        b->code = worse(b->code, code);
        manifest_add(b->manifest, which,
                     told);   // at once: what is killed loses what is under way, and nothing that was done
        table_add(b->table, i, which, told);
        b->reports[i] = said;
        while (b->told < b->n && b->reports[b->told]) say(b, b->told++);
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
    return b->in_place || !b->n ? 1 : workers < b->n ? workers : b->n;
}

// A thread that cannot be had costs only time; without any the caller is the lane.
static void run_lanes(batch *b, int32_t n)
{
    pthread_t threads[KAL_MAX_THREADS];
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
        fprintf(stderr, "%d %s %s %.2f s %s memo %llu/%llu\n", c->done - c->failed, s->out ? "files" : "runs",
                size_text((double)t->bytes_written, size), t->wall_ms / 1e3,
                size_text((double)t->peak_bytes, held), (unsigned long long)t->nodes_reused,
                (unsigned long long)t->nodes);
    if (interrupted() && !s->quiet)
        fprintf(stderr, "kal: stopped: %d of %d were done\n", c->done - c->failed, c->n);
    else if (c->failed && !s->quiet)
        fprintf(stderr, "kal: %d of %d failed\n", c->failed, c->n);
}

// All that is wrong with the command line is said before anything is read.
static int prepare(batch *b)
{
    const settings *s = b->r->s;
    int code = s->out && !s->dry_run ? check_folder(s->out) : EXIT_OK;
    if (!code) code = sheet_check(s, b->r->turns);
    if (!code && s->out && !strstr(s->out, "{key}")) code = claim_names(b->r, &b->in_place);
    if (!code) code = limit_all(s);
    if (!code) code = sweep_try(b->r, b->m);
    if (!code) code = shard_take(s, b->r->turns, &b->mine, &b->n);
    if (!code) code = table_open(&b->table, s, b->r->turns, b->n);
    if (!code) code = manifest_open(&b->manifest, s, b->m, b->r->turns);
    if (code) return code;
    b->reports = calloc((size_t)b->n + 1, sizeof *b->reports);
    b->nodes = s->sheet ? calloc((size_t)b->n, sizeof(kal_node *)) : NULL;
    return b->reports && (b->nodes || !s->sheet) ? EXIT_OK : usage("out of memory");
}

static int run_all(batch *b)
{
    runner *r = b->r;
    crowd_start(&b->crowd, r->s, b->n);
    r->crowd = &b->crowd;
    run_lanes(b, lanes_of(b));
    r->total.wall_ms = (now_seconds() - b->crowd.start) * 1e3;
    last_words(b);
    r->crowd = NULL;
    if (interrupted()) return EXIT_INTERRUPTED;
    return b->nodes ? worse(b->code, sheet_write(r, b->nodes)) : b->code;
}

int many_run(runner *r, const maker *m)
{
    batch b = {.r = r, .m = m, .n = turns_count(r->turns), .lock = PTHREAD_MUTEX_INITIALIZER};
    int code = prepare(&b);
    r->shares = m->shares;
    r->cancel = code ? NULL : catch_signals();
    if (!code) code = r->cancel ? run_all(&b) : usage("out of memory");
    release_signals(&r->cancel);
    for (int32_t i = b.told; b.reports && i < b.n; i++)   // after what was never reached
        if (b.reports[i] && b.reports[i] != &silence) report_free(b.reports[i]);
    for (int32_t i = 0; b.nodes && i < b.n; i++) kal_node_unref(&b.nodes[i]);
    code = worse(code, table_close(&b.table));
    code = worse(code, manifest_close(&b.manifest));
    free(b.mine);
    free(b.nodes);
    free(b.reports);
    return code;
}
