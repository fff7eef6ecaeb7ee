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
    bool failed;       // to write
    bool no_plot;      // could be made, while the picture is written
    bool claimed[2];   // the names of -o and --plot, before anything was tried
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
    crowd crowd;
    FILE *answers;          // standard error where the picture, or the plot, goes to standard output
    pthread_mutex_t lock;   // of what follows, and of the claims
    int32_t next, told;
} work;

// ---- one picture --------------------------------------------------------------------------------

// A picture may be written over the one that it is made of, a plot over none.
static int claim(work *w, const char *path, int32_t i, bool plot)
{
    if (!strcmp(path, "-") || w->results[i].claimed[plot]) return EXIT_OK;
    pthread_mutex_lock(&w->lock);
    const int32_t reader = claims_find(&w->files.inputs, path);
    int code =
        reader && (reader != i + 1 || plot)
            ? usage("%s is one of the pictures and would be written from another, %s", path, w->in->paths[i])
            : files_picture(&w->files, path);
    const int32_t by = code ? 0 : claims_add(&w->outputs, path, i + 1);
    pthread_mutex_unlock(&w->lock);
    if (by < 0) code = usage("out of memory");
    if (by > 0)
        code = usage("%s would be written twice, from %s and from %s", path, w->in->paths[by - 1],
                     w->in->paths[i]);
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

// Names that do not hang on the format are told apart before anything is read.
static int claim_all(work *w, const char *pattern, const char *flag, bool plot)
{
    const result unknown = {.choice = {.suffix = "ext"}};
    int code = EXIT_OK;
    if (!pattern || strstr(pattern, "{ext}")) return EXIT_OK;
    for (int32_t i = 0; i < w->in->n && !code; i++) {
        char *path = name_of(w, pattern, flag, i, &unknown);
        code = path ? claim(w, path, i, plot) : EXIT_USAGE;
        w->results[i].claimed[plot] = true;
        free(path);
    }
    return code;
}

// The picture of all that was tried.
static int plot(work *w, int32_t i, const result *r)
{
    kal_error err;
    kal_bytes svg;
    if (!w->s->plot) return EXIT_OK;
    char *path = name_of(w, w->s->plot, "--plot", i, r);
    if (!path) return EXIT_USAGE;
    int code = claim(w, path, i, true);
    if (code) return free(path), code;
    code = kal_choice_print(&r->choice, KAL_AS_SVG, &svg, &err) ? fail(&err) : EXIT_OK;
    const bool drawn = !code;
    if (drawn && !strcmp(path, "-"))
        code = fwrite(svg.data, 1, svg.size, stdout) == svg.size && !fflush(stdout)
                   ? EXIT_OK
                   : failed("--plot: standard output cannot be written: %s", strerror(errno));
    else if (drawn && !put_whole(path, (const char *)svg.data, svg.size))
        code = failed("--plot: %s cannot be written: %s", path, strerror(errno));
    if (drawn) kal_bytes_free(&svg);
    free(path);
    return code;
}

// What keeps to no bound is not written over the picture it was made of, of which there may be no other.
static bool would_lose(const work *w, const result *r, int32_t i)
{
    return !r->choice.passed && claims_find(&w->files.inputs, r->path) == i + 1 &&
           !r->choice.candidates[r->choice.chosen].original;
}

static int save(work *w, int32_t i, result *r, const kal_options *o)
{
    kal_error err;
    if (!w->s->out) return EXIT_OK;
    r->path = name_of(w, w->s->out, "-o", i, r);
    int code = r->path ? claim(w, r->path, i, false) : EXIT_USAGE;
    if (!code && would_lose(w, r, i)) {
        failed("%s stays as it is: nothing was found that keeps to the bounds", r->path);
        free(r->path);
        r->path = NULL;
        return EXIT_OK;
    }
    r->file = code ? NULL : kal_choice_file(r->scope, &r->choice);
    const char *path = r->path;
    if (!code && kal_write_files(&r->file, &path, 1, o, &err)) code = fail(&err);
    return code;
}

static int refuse(const work *w, int32_t i, kal_error *err)
{
    if (!strstr(err->message, w->in->paths[i])) kal_within(err, "%s", w->in->paths[i]);
    return fail(err);
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
    if (kal_node_error(node, &err)) return refuse(w, i, &err);
    kal_options o = w->s->eval;
    progress_start(&p, w->s, w->in->n > 1 ? &w->crowd : NULL, i + 1, w->in->paths[i]);
    o.cancel = w->cancel;
    if (p.mode != PROGRESS_NEVER) o.progress = progress_tell, o.user = &p;
    const kal_status st = kal_choose(node, &o, &r->choice, &err);
    progress_end(&p);
    if (st) return refuse(w, i, &err);
    o.progress = NULL;
    code = save(w, i, r, &o);
    r->failed = code != EXIT_OK;
    if (!code && (code = plot(w, i, r))) r->no_plot = true;
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
    FILE *f = w->answers;
    fprintf(f, "%s: %s%s%s%s, %s", w->in->paths[i], r->path ? r->path : "", r->path ? ", " : "", c->format,
            c->original ? " as it is" : "", size_text((double)r->choice.size, size));
    if (r->before) fprintf(f, " (%s)", percent(r, part));
    if (isfinite(c->score)) fprintf(f, ", %s %.4g", r->choice.metric, c->score);
    if (*c->params) fprintf(f, ", %s", c->params);
    fprintf(f, ", %d tried%s%s%s\n", r->choice.n, r->choice.found ? " before" : "",
            r->choice.passed ? "" : "; not met: ", r->choice.passed ? "" : c->why);
}

static void tell_error(json *j, const char *said)
{
    size_t n;
    said = first_error(said, &n);
    json_span(j, "error", said, n);
}

static void tell_json(const work *w, int32_t i, const result *r)
{
    kal_bytes text;
    json j = {w->answers, false};
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
    if (r->no_plot) tell_error(&j, r->messages);
    json_close(&j, '}');
    fputc('\n', w->answers);
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
        crowd_hush(&w->crowd);
        if (r->messages) fputs(r->messages, stderr);
        if (w->s->json)
            tell_json(w, w->told, r);
        else if (r->choice.n && !r->failed && !w->s->quiet)
            tell_line(w, w->told, r);
        fflush(w->answers);
        crowd_resume(&w->crowd);
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
        if (w->in->n > 1) crowd_step(&w->crowd, r->code != EXIT_OK);
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
    crowd_start(&w->crowd, w->s, w->in->n);
    while (n < most - 1 && n < MOST && !pthread_create(&lanes[n], NULL, lane, w)) n++;
    lane(w);
    for (int i = 0; i < n; i++) pthread_join(lanes[i], NULL);
    int32_t met = 0;
    for (int32_t i = 0; i < w->in->n; i++) {
        code = worse(code, w->results[i].code);
        met += !w->results[i].code;
    }
    if (interrupted()) code = EXIT_INTERRUPTED;
    crowd_hush(&w->crowd);
    crowd_resume(&w->crowd);
    if (w->in->n > 1 && !w->s->json && !w->s->quiet) fprintf(w->answers, "%d of %d\n", met, w->in->n);
    return code;
}

// Pictures and name=value in any order: the pictures come to the front. How many there are.
static int sort_words(const char **words, int n_words)
{
    int n = 0;
    for (int i = 0; i < n_words; i++) {
        const char *word = words[i];
        if (word_name(word)) continue;
        memmove(words + n + 1, words + n, (size_t)(i - n) * sizeof *words);
        words[n++] = word;
    }
    return n;
}

static bool is_stdout(const char *path)
{
    return path && !strcmp(path, "-");
}

static int check(const settings *s, const inputs *in)
{
    if (is_stdout(s->out) && is_stdout(s->plot))
        return usage("-o and --plot would both write to standard output");
    if (is_stdout(s->out) && is_terminal()) return EXIT_USAGE;
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
    const int n = sort_words(s->words, s->n_words);
    char *params = params_text(s->words + n, s->n_words - n);
    int code = params ? inputs_take(&in, s, s->words, n) : usage("out of memory");
    if (!params) return code;
    if (!code) code = check(s, &in);
    work w = {.s = s, .in = &in, .params = params};
    w.answers = is_stdout(s->out) || is_stdout(s->plot) ? stderr : stdout;
    if (!code) code = files_take(&w.files, s, in.paths, in.n, "one of the pictures");
    w.results = code ? NULL : calloc((size_t)in.n, sizeof *w.results);
    w.cancel = w.results ? catch_signals() : NULL;
    pthread_mutex_init(&w.lock, NULL);
    if (!code && !w.cancel) code = usage("out of memory");
    if (!code) code = limit_all(s);
    if (!code) code = claim_all(&w, s->out, "-o", false);
    if (!code) code = claim_all(&w, s->plot, "--plot", true);
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
