// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// `kal run`: a job is one plan; what is told about it, and how it ends. Several at once: many.c.
#define _GNU_SOURCE   // asprintf
#include "out.h"
#include "told.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// ---- one job ------------------------------------------------------------------------------------

bool is_terminal(void)
{
    return isatty(1) && usage("a picture is not written to a terminal; send it to a pipe or a file");
}

static bool to_stdout(const job *j)
{
    for (int32_t i = 0; i < j->n; i++)
        if (!strcmp(j->paths[i], "-")) return true;
    return false;
}

static int written_twice(const runner *r, const job *j, const char *path, int32_t by)
{
    if (by < 0) return usage("out of memory");
    if (!by) return usage("%s would be written twice", path);
    char *other = turn_label(r->turns, by - 1);
    usage("%s would be written twice, from %s and from %s", path, other ? other : "another", j->label);
    free(other);
    return EXIT_USAGE;
}

// Each output of this command is written once; within one job the library sees to it.
static int claim_outputs(runner *r, const job *j)
{
    int32_t by = 0;
    for (int32_t i = 0; i < j->n; i++)
        if (files_picture(&r->files, j->paths[i])) return EXIT_USAGE;
    for (int32_t i = 0; i < j->n && j->each; i++) {
        pthread_mutex_lock(&r->lock);
        by = claims_add(&r->outputs, j->paths[i], j->number);
        pthread_mutex_unlock(&r->lock);
        if (by && by != j->number) return written_twice(r, j, j->paths[i], by);
    }
    return to_stdout(j) && is_terminal() ? EXIT_USAGE : EXIT_OK;
}

// The deadline counts from when the job was taken up.
static kal_options options_of(const runner *r, const job *j, progress *p, bool memo, kal_stats *stats)
{
    kal_options o = r->s->eval;
    if (o.deadline > 0) {
        o.deadline -= now_seconds() - j->began;
        if (o.deadline < 1e-9) o.deadline = 1e-9;
    }
    o.cancel = r->cancel;
    o.stats = stats;
    o.memo_mode =
        r->s->no_memo || !(memo || r->s->memo_dir || r->s->memo_remote) ? KAL_MEMO_NEVER : KAL_MEMO_AUTO;
    o.progress = p->mode == PROGRESS_NEVER ? NULL : progress_tell;
    o.trace = r->profile ? profile_trace : NULL;
    o.node_stats = r->profile ? profile_node : NULL;
    p->profile = r->profile;
    o.user = p;
    o.only_known = r->s->read_only;
    return o;
}

// The library knows of what was left of it.
static void say_the_deadline(const runner *r, kal_error *err)
{
    if (err->status == KAL_DEADLINE)
        kal_fail(err, KAL_DEADLINE, "the deadline of %g s passed", r->s->eval.deadline);
}

static void add_stats(runner *r, const job *j, const kal_stats *stats)
{
    if (j->record) stats_add(&j->record->stats, stats);
    pthread_mutex_lock(&r->lock);
    stats_add(&r->total, stats);
    pthread_mutex_unlock(&r->lock);
}

// "out.jpg 4000×3000 1.2 MB 0.21 s 38 MB memo 41/48"
static void summary(const runner *r, const job *j, const kal_stats *stats)
{
    char size[16], held[16];
    kal_extent e;
    if (!wants_progress(r->s) || r->crowd || r->s->watch || !j->n) return;
    if (j->n > 1)
        fprintf(stderr, "%d files", j->n);
    else if (!kal_node_extent(kal_node_input(j->nodes[0], 0), &e, NULL))
        fprintf(stderr, "%s %d×%d", j->paths[0], e.width, e.height);
    fprintf(stderr, " %s %.2f s %s memo %llu/%llu\n", size_text((double)stats->bytes_written, size),
            stats->wall_ms / 1e3, size_text((double)stats->peak_bytes, held),
            (unsigned long long)stats->nodes_reused, (unsigned long long)stats->nodes);
}

static int save_all(runner *r, job *j, bool memo)
{
    kal_stats stats = {0};
    progress p;
    kal_error err;
    progress_start(&p, r->s, r->crowd, j->number, j->paths[0]);
    const kal_options o = options_of(r, j, &p, memo, &stats);
    char label[300];
    snprintf(label, sizeof label, j->n > 1 ? "%.256s and %d more" : "%.256s", j->paths[0], j->n - 1);
    p.request = profile_begin(r->profile, label, j->nodes, j->n, j->began);
    const kal_status st = kal_write_files(j->nodes, j->paths, j->n, &o, &err);
    profile_end(r->profile, p.request, &stats, st != KAL_OK);
    progress_end(&p);
    add_stats(r, j, &stats);
    if (st) {
        say_the_deadline(r, &err);
        if (j->each && !strstr(err.message, j->label)) kal_within(&err, "%s", j->label);
        const int code = fail(&err);
        show_place(j->text, &err);
        return code;
    }
    summary(r, j, &stats);
    return EXIT_OK;
}

// "[12, 34, 56, 78]"; NULL: the error says why.
static char *value_text(const kal_node *node, const kal_options *o, kal_error *err)
{
    kal_value v;
    kal_bytes text;
    if (kal_read_value(node, o, &v, err)) return NULL;
    const kal_status st = kal_value_print(&v, &text, err);
    kal_value_free(&v);
    return st ? NULL : (char *)text.data;
}

// In a table the content key alone.
static char *image_text(const char *name, bool whole, kal_node *node, const kal_options *o, kal_error *err)
{
    kal_extent e;
    kal_key key, content;
    char extent[96], text[2][33], *line = NULL;
    kal_status st = kal_node_extent(node, &e, err);
    if (!st) st = kal_node_key(node, &key, err);
    if (!st) st = kal_content_key(node, o, &content, err);
    if (!st && !whole) return strdup(kal_key_print(content, text[0]));
    if (!st && asprintf(&line, "%s %s key=%s content=%s", name, extent_text(&e, extent),
                        kal_key_print(key, text[0]), kal_key_print(content, text[1])) < 0)
        line = NULL;
    return line;
}

// To a stream, or to place `i` of the table's row.
static int print_one(runner *r, const job *j, int32_t i, kal_node *node, const char *name, double since,
                     FILE *to, bool memo)
{
    kal_stats stats = {0};
    progress p;
    kal_error err = {.status = KAL_NOMEM, .message = "out of memory"};
    progress_start(&p, r->s, r->crowd, j->number, name);
    const kal_options o = options_of(r, j, &p, memo, &stats);
    p.request = profile_begin(r->profile, name, &node, 1, since);
    char *text = kal_node_value(node, NULL) ? value_text(node, &o, &err)
                                            : image_text(name, !j->record, node, &o, &err);
    profile_end(r->profile, p.request, &stats, !text);
    progress_end(&p);
    add_stats(r, j, &stats);
    if (!text) {
        say_the_deadline(r, &err);
        if (j->each && !strstr(err.message, j->label)) kal_within(&err, "%s", j->label);
        const int code = fail(&err);
        show_place(j->text, &err);
        return code;
    }
    if (j->record) return j->record->prints[i].text = text, EXIT_OK;
    fprintf(to, "%s%s%s\n", j->sweep ? j->label : "", j->sweep ? " " : "", text);
    free(text);
    return EXIT_OK;
}

// What the table says of it whether or not it goes well.
static int begin_record(const job *j, int32_t prints)
{
    record *r = j->record;
    const char *name = NULL;
    if (!r) return EXIT_OK;
    r->read = true;
    bool ok = true;
    for (int32_t i = 0; i < j->n && ok; i++) ok = record_output(r, j->paths[i]);
    for (int32_t i = 0; i < prints && ok; i++) {
        kal_program_print(j->program, i, &name);
        ok = record_expect(r, name);
    }
    if (ok && !j->n && !prints) ok = record_expect(r, "result");
    kal_node *result = j->root ? j->root : kal_program_print(j->program, 0, NULL);
    r->has_key = result && !kal_node_key(result, &r->key, NULL);
    return ok ? EXIT_OK : usage("out of memory for a table");
}

static bool note_pipe(runner *r, const job *j)
{
    if (!to_stdout(j)) return false;
    pthread_mutex_lock(&r->lock);
    r->piped = true;
    pthread_mutex_unlock(&r->lock);
    return true;
}

// The saves, then the prints, or what stands for them.
static int look_at_all(const runner *r, const job *j, int32_t prints)
{
    const int32_t n = j->n + (prints || j->n ? prints : 1);
    kal_node **nodes = calloc((size_t)n, sizeof(kal_node *));
    const char **names = calloc((size_t)n, sizeof *names);
    int code = nodes && names ? EXIT_OK : usage("out of memory");
    for (int32_t i = 0; i < n && !code; i++) {
        names[i] = i < j->n ? j->paths[i] : "result";
        nodes[i] = i < j->n ? j->nodes[i] : j->root;
        if (i >= j->n && prints) nodes[i] = kal_program_print(j->program, i - j->n, &names[i]);
    }
    if (!code) code = look_job(r, j, nodes, names, n);
    free(nodes);
    free(names);
    return code;
}

int runner_job(runner *r, job *j)
{
    int32_t prints = 0;
    while (j->program && kal_program_print(j->program, prints, NULL)) prints++;
    if (begin_record(j, prints)) return EXIT_USAGE;
    if (r->s->dry_run && (j->n || prints || j->root)) return look_at_all(r, j, prints);
    // a value that stands alone, or ends a text that saves nothing, is the answer; for a table or a sheet a picture, too
    const bool told = j->record || r->s->sheet;
    if (!j->n && !prints && j->root && (told || kal_node_value(j->root, NULL)))
        return print_one(r, j, 0, j->root, "result", j->began, answers(), r->shares);
    if (!j->n && !prints) return usage("the text saves nothing: end it with | save OUT, or say -o OUT");
    const bool piped = note_pipe(r, j), memo = r->shares || prints + (j->n > 0) > 1;
    int code = watch_job(r->s->watch, j);
    if (!code) code = claim_outputs(r, j);
    if (!code && j->n) code = save_all(r, j, memo);
    for (int32_t i = 0; i < prints && !code; i++) {
        const char *name;
        kal_node *node = kal_program_print(j->program, i, &name);
        code = print_one(r, j, i, node, name, i || j->n ? 0 : j->began, piped ? errors() : answers(), memo);
    }
    return code;
}

// ---- all of them --------------------------------------------------------------------------------

void runner_opens(const runner *r)
{
    kal_watch_opening(r->s->eval.deadline, r->cancel);
}

int runner_make(const runner *r, const maker *m, job *j, const settings *s, const char *const *in, int n)
{
    runner_opens(r);
    return m->make(j, s, m->what, in, n);
}

static int one_run(runner *r, const maker *m)
{
    job j = {.number = 1};
    r->cancel = catch_signals();
    int code = r->cancel ? runner_make(r, m, &j, r->s, r->in->paths, r->in->n) : usage("out of memory");
    r->piped = to_stdout(&j);
    if (!code) code = runner_job(r, &j);
    release_signals(&r->cancel);
    job_free(&j);
    return code;
}

// What goes with what.
static int check_together(const settings *s, const turns *t)
{
    const bool other =
        t->sweep || s->table || s->sheet || s->manifest || s->shard || s->dry_run || s->read_only;
    if (s->pages && other)
        return usage("--pages runs a text by itself, without --sweep, --table, --sheet, --manifest, --shard, "
                     "--dry-run and --read-only");
    const bool may_be_many =
        is_template(s->out) || s->table || s->manifest;   // of a pattern that one file matched
    if (s->shard && !t->each && !t->sweep && !may_be_many)
        return usage("--shard is a part of many runs, and this is one");
    if (s->shard && s->sheet) return usage("--sheet is of all runs, and --shard has some");
    if (s->dry_run && (s->sheet || s->manifest || s->profile))
        return usage("--dry-run writes nothing: no --sheet, --manifest or --profile");
    const int code = out_check(s);
    if (code) return code;
    if (s->dry_run && s->read_only) return usage("--dry-run tells, --read-only does: give one of them");
    return EXIT_OK;
}

// What is on its way to the remote counts when it is there.
static void print_stats(const settings *s, FILE *f, const kal_stats *stats)
{
    kal_memo_stats memo;
    if (s->memo_remote) kal_memo_flush(NULL, &s->eval);
    kal_memo_get_stats(NULL, &memo);
    json_stats(f, stats, s->memo_remote ? &memo : NULL);
}

// Its text, and the values that are put into it.
static int take_files(runner *r, const maker *m)
{
    int code = files_take(&r->files, r->s, r->in->paths, r->in->n, "one of the pictures");
    if (!code) code = files_take_text(&r->files, m->text);
    const texts *lists[] = {&r->s->sets, &r->s->sweeps};
    for (size_t k = 0; k < 2; k++)
        for (int i = 0; i < lists[k]->n && !code; i++)
            code = files_take_words(&r->files, lists[k]->at[i], strlen(lists[k]->at[i]));
    return code;
}

int jobs_run(const settings *s, const maker *m, const turns *t)
{
    runner r = {
        .s = s, .in = t->in, .turns = t, .shares = s->watch != NULL, .lock = PTHREAD_MUTEX_INITIALIZER};
    const bool many = t->each || t->sweep || s->table || s->sheet || s->manifest || s->shard;
    int code = check_together(s, t);
    if (code) return code;
    code = take_files(&r, m);
    if (!code) code = profile_new(&r.profile, s);
    if (code) {
        files_free(&r.files);
        return code;
    }
    code = s->pages ? album_run(&r, m) : many ? many_run(&r, m) : one_run(&r, m);
    watch_total(s->watch, &r.total);
    const bool taken = r.piped || (s->table && !strcmp(s->table, "-"));
    if (s->stats) print_stats(s, taken ? stderr : stdout, &r.total);
    code = worse(code, profile_write(r.profile));
    profile_free(&r.profile);
    claims_free(&r.outputs);
    files_free(&r.files);
    return code;
}

static int make_run(job *j, const settings *s, const void *what, const char *const *in, int n)
{
    return job_parse(j, s, what, in, n);
}

// Whether the text can be read, of the first turn if there are several.
static int probe(const maker *m, const settings *s, const turns *t)
{
    const turn first = turn_at(t, 0);
    job j = {.number = 1, .sweep = t->sweep};
    const int code = m->make(&j, s, m->what, first.in, first.n);
    job_free(&j);
    return code;
}

static int run_once(const settings *s)
{
    source_text t;
    inputs in = {.n = 0};
    sweep w = {.n = 0};
    int code = text_take(&t, s);
    if (!code) code = inputs_take(&in, s, s->words + t.used, s->n_words - t.used);
    if (!code && s->sweeps.n) code = sweep_take(&w, s, &t);
    if (!code && s->watch) code = watch_files(s->watch, s, &t, &in);
    // several pictures are for several runs, unless one run is of all of them
    const bool together = !code && text_has(&t, "in2", 3) && (w.n || !is_template(s->out));
    const turns all = {&in, w.n ? &w : NULL, inputs_each(&in, s) && !together};
    if (!code && all.each && in.n > INT32_MAX / 2 / (w.n ? w.rows : 1))
        code = usage("%d pictures with %d rows of values are too many", in.n, w.rows);
    const maker m = {make_run, &t, w.n || s->watch || (!code && text_has(&t, "load", 4)), &t, NULL};
    if (!code) code = s->probing ? probe(&m, s, &all) : jobs_run(s, &m, &all);
    sweep_free(&w);
    inputs_free(&in);
    text_free(&t);
    return code;
}

int run_main(settings *s)
{
    return s->watching ? watch_run(s, run_once) : run_once(s);
}
