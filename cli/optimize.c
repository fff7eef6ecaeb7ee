// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// `kal optimize`: pictures become the smallest files that look right. The format is known once a file is chosen, so that names are filled in last.
#include "out.h"
#include "told.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct result {
    kal_choice choice;
    kal_node *file;   // of the scope
    char *path;
    kal_scope *scope;
    uint64_t before;   // bytes of the file that was read; 0: nobody knows
    char *messages;
    int code;
    bool failed;   // to write
    bool through;
} result;

typedef struct work {
    const settings *s;
    const inputs *in;
    const char *params;
    kal_cancel *cancel;
    result *results;
    claims outputs;
    file_set files;
    pthread_mutex_t lock;   // of what follows, and of the claims
    int32_t next, told;
} work;

// ---- one picture --------------------------------------------------------------------------------

// `own`: over the picture it is made of, too.
static int claim(work *w, const char *path, int32_t i, bool own)
{
    pthread_mutex_lock(&w->lock);
    const int32_t by = claims_add(&w->outputs, path, i + 1), reader = claims_find(&w->files.inputs, path);
    int code = files_picture(&w->files, path);
    pthread_mutex_unlock(&w->lock);
    if (!code && by < 0) code = usage("out of memory");
    if (!code && by)
        code = usage("%s would be written twice, from %s and from %s", path, w->in->paths[by - 1],
                     w->in->paths[i]);
    if (!code && reader && (reader != i + 1 || !own))
        code =
            usage("%s is one of the pictures and would be written from another, %s", path, w->in->paths[i]);
    return code;
}

static char *name_of(const work *w, const char *pattern, const char *flag, int32_t i, const result *r)
{
    const place at = {.option = flag,
                      .input = w->in->paths[i],
                      .number = i + 1,
                      .page = w->s->page,
                      .suffix = r->choice.suffix};
    return template_expand(pattern, &at);
}

// Told before anything is tried. A folder that is named by the format nobody knows yet.
static int ask_for_folder(const work *w, const char *pattern, const char *flag, int32_t i)
{
    struct stat st;
    const result unknown = {.choice = {.suffix = "ext"}};
    const char *slash = pattern ? strrchr(pattern, '/') : NULL,
               *ext = pattern ? strstr(pattern, "{ext}") : NULL;
    if (!slash || (ext && ext < slash)) return EXIT_OK;
    char *path = name_of(w, pattern, flag, i, &unknown), *end = path ? strrchr(path, '/') : NULL;
    if (!path) return EXIT_USAGE;
    const char *why = NULL;
    if (end && end > path) {
        *end = 0;
        if (stat(path, &st) != 0 || access(path, W_OK) != 0)
            why = strerror(errno);
        else if (!S_ISDIR(st.st_mode))
            why = strerror(ENOTDIR);
    }
    if (why) usage("%s: nothing can be written in %s: %s", flag, path, why);
    free(path);
    return why ? EXIT_FAILED : EXIT_OK;
}

// The picture of all that was tried.
static int plot(work *w, int32_t i, const result *r)
{
    kal_error err;
    kal_bytes svg;
    if (!w->s->plot) return EXIT_OK;
    char *path = name_of(w, w->s->plot, "--plot", i, r);
    if (!path) return EXIT_USAGE;
    int code = claim(w, path, i, false);
    if (code) return free(path), code;
    code = kal_choice_print(&r->choice, KAL_AS_SVG, &svg, &err) ? fail(&err) : EXIT_OK;
    const bool drawn = !code;
    if (drawn && !put_whole(path, (const char *)svg.data, svg.size))
        code = failed("--plot: %s cannot be written: %s", path, strerror(errno));
    if (drawn) kal_bytes_free(&svg);
    free(path);
    return code;
}

static int save(work *w, int32_t i, result *r, const kal_options *o)
{
    kal_error err;
    if (!w->s->out) return EXIT_OK;
    r->path = name_of(w, w->s->out, "-o", i, r);
    int code = r->path ? claim(w, r->path, i, true) : EXIT_USAGE;
    r->file = code ? NULL : kal_choice_file(r->scope, &r->choice);
    const char *path = r->path;
    if (!code && kal_write_files(&r->file, &path, 1, o, &err)) code = fail(&err);
    return code;
}

static int optimize(work *w, int32_t i, result *r)
{
    kal_node *photo, *node;
    kal_error err;
    kal_file_info info = {.bytes = 0};
    progress p;
    r->scope = kal_scope_new();
    if (!r->scope) return usage("out of memory");
    int code = ask_for_folder(w, w->s->out, "-o", i);
    if (!code) code = ask_for_folder(w, w->s->plot, "--plot", i);
    if (!code) code = load_node(r->scope, w->s, w->in->paths[i], &photo);
    if (code) return code;
    kal_node_file(photo, &info);
    r->before = info.bytes;
    node = kal_encode(r->scope, photo, "optimize", w->params);
    if (kal_node_error(node, &err)) return fail(&err);
    kal_options o = w->s->eval;
    progress_start(&p, w->s, NULL, i + 1, w->in->paths[i]);
    o.cancel = w->cancel;
    if (wants_progress(w->s) && w->in->n == 1) o.progress = progress_tell, o.user = &p;
    const kal_status st = kal_choose(node, &o, &r->choice, &err);
    progress_end(&p);
    if (st) {
        if (!strstr(err.message, w->in->paths[i])) kal_within(&err, "%s", w->in->paths[i]);
        return fail(&err);
    }
    o.progress = NULL;
    code = save(w, i, r, &o);
    if (!code) code = plot(w, i, r);
    r->failed = code != EXIT_OK;
    return code ? code : r->choice.passed ? EXIT_OK : EXIT_FAILED;
}

// ---- what is told -------------------------------------------------------------------------------

static const char *percent(const result *r, char out[16])
{
    snprintf(out, 16, "%.0f %%", 100.0 * (double)r->choice.size / (double)r->before);
    return out;
}

static void tell_line(const work *w, int32_t i, const result *r)
{
    char size[16], part[16];
    const kal_candidate *c = &r->choice.candidates[r->choice.chosen];
    printf("%s: %s%s%s%s, %s", w->in->paths[i], r->path ? r->path : "", r->path ? ", " : "", c->format,
           c->original ? " as it is" : "", size_text((double)r->choice.size, size));
    if (r->before) printf(" (%s)", percent(r, part));
    if (isfinite(c->score)) printf(", %s %.4g", r->choice.metric, c->score);
    if (*c->params) printf(", %s", c->params);
    printf(", %d tried%s%s%s\n", r->choice.n, r->choice.found ? " before" : "",
           r->choice.passed ? "" : "; not met: ", r->choice.passed ? "" : c->why);
}

static void tell_error(json *j, const char *said)
{
    if (!said || !*said) said = "stopped";
    if (!strncmp(said, "kal: ", 5)) said += 5;
    json_span(j, "error", said, strcspn(said, "\n"));
}

static void tell_json(const work *w, int32_t i, const result *r)
{
    kal_bytes text;
    json j = {stdout, false};
    json_open(&j, NULL, '{');
    json_text(&j, "input", w->in->paths[i]);
    if (r->path && !r->failed) json_text(&j, "output", r->path);
    if (r->before) json_count(&j, "input_bytes", r->before);
    if (!r->failed && r->choice.n && !kal_choice_print(&r->choice, KAL_AS_JSON, &text, NULL)) {
        json_raw(&j, "choice", (const char *)text.data);
        kal_bytes_free(&text);
    } else {
        tell_error(&j, r->messages);
    }
    json_close(&j, '}');
    putchar('\n');
}

static void result_free(result *r)
{
    kal_choice_release(&r->choice);
    kal_scope_free(&r->scope);
    free(r->path);
    free(r->messages);
    *r = (result){.through = true};
}

// In the order of the pictures, as soon as all before have spoken.
static void tell(work *w)
{
    for (; w->told < w->in->n && w->results[w->told].through; w->told++) {
        result *r = &w->results[w->told];
        const int code = r->code;
        if (r->messages) fputs(r->messages, stderr);
        if (w->s->json)
            tell_json(w, w->told, r);
        else if (r->choice.n && !r->failed && !w->s->quiet)
            tell_line(w, w->told, r);
        fflush(stdout);
        result_free(r);
        r->code = code;
    }
}

// ---- all of them --------------------------------------------------------------------------------

static void *lane(void *arg)
{
    work *w = arg;
    for (;;) {
        pthread_mutex_lock(&w->lock);
        const int32_t i = w->next < w->in->n && !interrupted() ? w->next++ : -1;
        pthread_mutex_unlock(&w->lock);
        if (i < 0) return NULL;
        result *r = &w->results[i];
        size_t size;
        FILE *f = open_memstream(&r->messages, &size);
        if (f) speak_to(f, NULL);
        r->code = optimize(w, i, r);
        speak_to(NULL, NULL);
        if (f) fclose(f);
        pthread_mutex_lock(&w->lock);
        r->through = true;
        tell(w);
        pthread_mutex_unlock(&w->lock);
    }
}

static int run_all(work *w)
{
    enum { MOST = 64 };
    pthread_t lanes[MOST];
    int n = 0, code = EXIT_OK;
    const int most = w->s->jobs < w->in->n ? w->s->jobs : w->in->n;
    while (n < most - 1 && n < MOST && !pthread_create(&lanes[n], NULL, lane, w)) n++;
    lane(w);
    for (int i = 0; i < n; i++) pthread_join(lanes[i], NULL);
    int32_t met = 0;
    for (int32_t i = 0; i < w->in->n; i++) {
        code = worse(code, w->results[i].code);
        met += !w->results[i].code;
    }
    if (interrupted()) code = EXIT_INTERRUPTED;
    if (w->in->n > 1 && !w->s->json && !w->s->quiet) printf("%d of %d\n", met, w->in->n);
    return code;
}

// The pictures come first; from the first name=value on it is parameters.
static int count_pictures(const settings *s)
{
    int n = 0;
    while (n < s->n_words && !word_name(s->words[n])) n++;
    return n;
}

static int check(const settings *s, const inputs *in)
{
    if (!in->n) return usage("optimize takes pictures; see kal help optimize");
    if (in->n > 1 && s->out && !is_template(s->out))
        return usage("-o: one name for %d pictures; fill in {stem}, as in 'out/{stem}.{ext}'", in->n);
    if (in->n > 1 && s->plot && !is_template(s->plot))
        return usage("--plot: one name for %d pictures; fill in {stem}, as in '{stem}.svg'", in->n);
    return EXIT_OK;
}

int optimize_main(settings *s)
{
    inputs in;
    const int n = count_pictures(s);
    char *params = params_text(s->words + n, s->n_words - n);
    int code = params ? inputs_take(&in, s, s->words, n) : usage("out of memory");
    if (!params) return code;
    if (!code) code = check(s, &in);
    work w = {.s = s, .in = &in, .params = params};
    if (!code) code = files_take(&w.files, s, in.paths, in.n, "one of the pictures");
    w.results = code ? NULL : calloc((size_t)in.n, sizeof *w.results);
    w.cancel = w.results ? catch_signals() : NULL;
    pthread_mutex_init(&w.lock, NULL);
    if (!code && !w.cancel) code = usage("out of memory");
    if (!code) code = run_all(&w);
    for (int32_t i = 0; w.results && i < in.n; i++) result_free(&w.results[i]);
    release_signals(&w.cancel);
    pthread_mutex_destroy(&w.lock);
    claims_free(&w.outputs);
    files_free(&w.files);
    free(w.results);
    inputs_free(&in);
    free(params);
    return code;
}
