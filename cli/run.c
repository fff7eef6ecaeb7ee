// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// `kal run`: jobs one after another, each one plan; what is told about them; how they end.
#include "cli.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// ---- one job ------------------------------------------------------------------------------------

static bool to_stdout(const job *j)
{
    for (int32_t i = 0; i < j->n; i++)
        if (!strcmp(j->paths[i], "-")) return true;
    return false;
}

// Each output of this command is written once.
static int claim_outputs(runner *r, const job *j)
{
    for (int32_t i = 0; i < j->n; i++) {
        for (int k = 0; k < r->n_made; k++)
            if (!strcmp(r->made[k], j->paths[i]))
                return usage("%s would be written twice%s%s", j->paths[i], j->input ? ", now from " : "",
                             j->input ? j->input : "");
        char **more = realloc(r->made, (size_t)(r->n_made + 1) * sizeof *more);
        if (!more) return usage("out of memory");
        r->made = more;
        r->made[r->n_made] = strdup(j->paths[i]);
        if (!r->made[r->n_made++]) return usage("out of memory");
    }
    if (to_stdout(j) && isatty(1))
        return usage("a picture is not written to a terminal; send it to a pipe or a file");
    return EXIT_OK;
}

// An I/O error that names an output is one of writing.
static phase phase_of(const job *j, const kal_error *err)
{
    for (int32_t i = 0; i < j->n; i++) {
        const char *path = strcmp(j->paths[i], "-") ? j->paths[i] : "standard output";
        const size_t n = strlen(path);
        if (!strncmp(err->message, path, n) && err->message[n] == ':' && !strstr(err->message, ": reading"))
            return WRITING;
    }
    return RUNNING;
}

static kal_options options_of(const runner *r, progress *p, kal_cancel *cancel, kal_stats *stats)
{
    kal_options o = r->s->eval;
    o.cancel = cancel;
    o.stats = stats;
    o.memo_mode = r->s->no_memo || !r->several ? KAL_MEMO_NEVER : KAL_MEMO_AUTO;
    o.progress = p->mode == PROGRESS_NEVER ? NULL : progress_tell;
    o.user = p;
    return o;
}

// "out.jpg 4000×3000 1.2 MB 0.21 s 38 MB memo 41/48"
static void summary(const runner *r, const job *j, const kal_stats *stats)
{
    char size[16], held[16];
    kal_extent e;
    if (!wants_progress(r->s) || !j->n) return;
    if (j->n > 1)
        fprintf(stderr, "%d files", j->n);
    else if (!kal_node_extent(kal_node_input(j->nodes[0], 0), &e, NULL))
        fprintf(stderr, "%s %d×%d", j->paths[0], e.width, e.height);
    fprintf(stderr, " %s %.2f s %s memo %llu/%llu\n", size_text((double)stats->bytes_written, size),
            stats->wall_ms / 1e3, size_text((double)stats->peak_bytes, held),
            (unsigned long long)stats->nodes_reused, (unsigned long long)stats->nodes);
}

static int save_all(runner *r, job *j, kal_cancel *cancel)
{
    kal_stats stats = {0};
    progress p;
    kal_error err;
    progress_start(&p, r->s, j->paths[0]);
    const kal_options o = options_of(r, &p, cancel, &stats);
    const kal_status st = kal_write_files(j->nodes, j->paths, j->n, &o, &err);
    progress_end(&p);
    stats_add(&r->total, &stats);
    if (st) {
        const phase at = phase_of(j, &err);
        if (j->each && !strstr(err.message, j->input)) kal_within(&err, "%s", j->input);
        return fail(at, &err);
    }
    summary(r, j, &stats);
    return EXIT_OK;
}

static int print_one(runner *r, const kal_node *node, const char *name, FILE *to, kal_cancel *cancel)
{
    kal_stats stats = {0};
    progress p;
    kal_error err;
    kal_extent e;
    kal_key key, content;
    char extent[96], text[2][33];
    progress_start(&p, r->s, name);
    const kal_options o = options_of(r, &p, cancel, &stats);
    kal_status st = kal_node_extent(node, &e, &err);
    if (!st) st = kal_node_key(node, &key, &err);
    if (!st) st = kal_content_key(node, &o, &content, &err);
    progress_end(&p);
    stats_add(&r->total, &stats);
    if (st) return fail(RUNNING, &err);
    fprintf(to, "%s %s key=%s content=%s\n", name, extent_text(&e, extent), kal_key_print(key, text[0]),
            kal_key_print(content, text[1]));
    return EXIT_OK;
}

int runner_job(runner *r, job *j)
{
    kal_cancel *cancel;
    int32_t prints = 0;
    while (j->program && kal_program_print(j->program, prints, NULL)) prints++;
    if (!j->n && !prints) return usage("the text saves nothing: end it with | save OUT, or say -o OUT");
    r->several |= prints + (j->n > 0) > 1;
    int code = claim_outputs(r, j);
    if (code) return code;
    cancel = catch_signals();
    if (!cancel) return usage("out of memory");
    if (j->n) code = save_all(r, j, cancel);
    for (int32_t i = 0; i < prints && !code; i++) {
        const char *name;
        const kal_node *node = kal_program_print(j->program, i, &name);
        code = print_one(r, node, name, to_stdout(j) ? stderr : stdout, cancel);
    }
    release_signals(&cancel);
    return code;
}

void runner_end(runner *r, bool to_stderr)
{
    if (r->s->stats) json_stats(to_stderr ? stderr : stdout, &r->total);
    for (int i = 0; i < r->n_made; i++) free(r->made[i]);
    free(r->made);
}

// ---- all of them --------------------------------------------------------------------------------

// `number`: 0 when it is the only one.
static int one_run(runner *r, const source_text *t, const char *const *in, int n_in, int number, bool *piped)
{
    job j = {.number = number ? number : 1, .each = number > 0};
    int code = job_parse(&j, r->s, t, in, n_in);
    *piped |= to_stdout(&j);
    if (!code) code = runner_job(r, &j);
    job_free(&j);
    return code;
}

int run_main(settings *s)
{
    source_text t;
    runner r = {.s = s};
    bool piped = false;
    int code = text_take(&t, s);
    const char *const *in = s->words + t.used;
    const int n = s->n_words - t.used;
    const bool each = n > 1 && is_template(s->out);
    r.several = each;
    if (!code && !each) code = one_run(&r, &t, in, n, 0, &piped);
    const bool sound = !code;
    for (int i = 0; each && sound && i < n && !interrupted(); i++)
        code = worse(code, one_run(&r, &t, in + i, 1, i + 1, &piped));
    text_free(&t);
    runner_end(&r, piped);
    return code;
}
