// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A job: a text read against its inputs, and where the result goes. Nothing is computed here; see run.c.
#include "job.h"
#include "out.h"
#include "records.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

// ---- records ------------------------------------------------------------------------------------

void each_input(const kal_op *op, each_input_fn *fn, void *user)
{
    const char *s = op->inputs ? op->inputs : "";
    for (int i = 0; *s; i++) {
        const int n = (int)strcspn(s, " "), name = (int)strcspn(s, " ?.");
        fn(user, i, s, name);
        s += n + (s[n] == ' ');
    }
}

arity arity_of(const kal_op *op)
{
    arity a;
    kal_op_arity(op, &a.min, &a.max);
    return a;
}

static bool same_word(const char *a, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (tolower((unsigned char)a[i]) != tolower((unsigned char)b[i])) return false;
    return !b[n];
}

bool codec_find(const char *word, kal_codec_info *out)
{
    for (size_t i = 0; kal_codec_at(i, out, NULL); i++) {
        if (!strcmp(out->name, word)) return true;
        const char *suffix;
        for (int k = 0, n; (suffix = choice_word(out->suffixes, k, &n)) != NULL; k++)
            if (same_word(suffix, word, (size_t)n)) return true;
    }
    return false;
}

bool codec_of_path(const char *path, kal_codec_info *out)
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
    return dot && dot[1] && codec_find(dot + 1, out);
}

void example_suffix(char out[16])
{
    kal_codec_info c = {.suffixes = "img"};
    for (size_t i = 0; kal_codec_at(i, &c, NULL) && !(c.reads && c.writes);) i++;
    int n;
    const char *word = choice_word(c.suffixes, 0, &n);
    snprintf(out, 16, "%.*s", n, word);
}

// ---- texts --------------------------------------------------------------------------------------

// Where a place lies in a text, and the start of its line; NULL when it is nowhere there.
static const char *spot_of(const source_text *t, kal_place p, const char **start)
{
    if (!p.line || p.included || !t || !t->data) return NULL;
    const char *at = t->data, *end = at + t->size;
    while (at < end && p.line > 1)
        if (*at++ == '\n') p.line--;
    *start = at;
    while (at < end && *at != '\n' && p.column > 1)
        if ((*at++ & 0xc0) != 0x80) p.column--;
    while (at < end && (*at & 0xc0) == 0x80) at++;
    return at;
}

static void show_line(const source_text *t, kal_place where)
{
    const char *line, *spot = spot_of(t, where, &line);
    if (!spot || interrupted()) return;
    const size_t left = (size_t)(t->data + t->size - line);
    const char *stop = memchr(line, '\n', left);
    const int n = (int)(stop ? (size_t)(stop - line) : left);
    if (n > 200) return;
    fputs("  ", errors());
    for (int i = 0; i < n; i++) {
        const bool plain = (unsigned char)line[i] >= ' ' && line[i] != 0x7f;
        fputc(plain || line[i] == '\t' ? line[i] : ' ', errors());
    }
    fputs("\n  ", errors());
    for (const char *c = line; c < spot; c++)
        if ((*c & 0xc0) != 0x80) fputc(*c == '\t' ? '\t' : ' ', errors());
    fputs("^\n", errors());
}

void show_place(const source_text *t, const kal_error *err)
{
    show_line(t, err->place);
    show_line(t, err->within);
}

bool text_has(const source_text *t, const char *word, size_t n)
{
    for (size_t i = 0; i + n <= t->size; i++) {
        if (memcmp(t->data + i, word, n)) continue;
        const char before = i ? t->data[i - 1] : ' ', after = i + n < t->size ? t->data[i + n] : ' ';
        if (!isalnum((unsigned char)before) && before != '_' && !isalnum((unsigned char)after) &&
            after != '_')
            return true;
    }
    return false;
}

static kal_program *outline_of(const source_text *t)
{
    kal_program *p = NULL;
    kal_program_outline(t->data ? t->data : "", t->size, t->path, &p,
                        NULL);   // NULL: running it will say why
    return p;
}

bool text_reads_stdin(const source_text *t)
{
    kal_program *p = outline_of(t);
    const bool reads = kal_program_reads_stdin(p);
    kal_program_free(&p);
    return reads;
}

// ---- bindings -----------------------------------------------------------------------------------

typedef struct bindings {
    kal_binding *list;
    char (*names)[16];
    char **texts;   // copies of "name=value", cut at the =
    int n, n_texts;
} bindings;

static int bind_sets(bindings *b, const settings *s)
{
    for (int i = 0; i < s->sets.n; i++) {
        const char *const set = s->sets.at[i];
        const size_t n = strcspn(set, "=");
        if (!set[n] || !n) return usage("--set: \"%s\" is not NAME=VALUE", set);
        char *copy = b->texts[b->n_texts++] = strdup(set);
        if (!copy) return usage("out of memory");
        copy[n] = 0;
        b->list[b->n++] = (kal_binding){.name = copy, .value = copy + n + 1};
    }
    return EXIT_OK;
}

static void bind_swept(bindings *b, const job *j)
{
    for (int32_t i = 0; j->sweep && i < j->sweep->n; i++)
        b->list[b->n++] =
            (kal_binding){.name = j->sweep->axes[i].name, .value = sweep_value(j->sweep, i, j->row)};
}

// Whether the text ends in numbers, with what is bound so far: there is nothing to save then.
static bool gives_value(const source_text *t, const bindings *b)
{
    kal_program *p = NULL;
    if (text_has(t, "load", 4)) return false;   // which may be a pipe
    const kal_status st = t->path
                              ? kal_program_parse_file(t->path, b->list, b->n, &p, NULL)
                              : kal_program_parse(t->data ? t->data : "", t->size, b->list, b->n, &p, NULL);
    const bool is = !st && kal_program_root(p) && kal_node_value(kal_program_root(p), NULL);
    kal_program_free(&p);
    return is;
}

static int bind_inputs(bindings *b, kal_scope *scope, const settings *s, const source_text *t,
                       const char *const *in, int n)
{
    for (int i = 0; i < n; i++) {
        kal_node *node;
        char name[16];
        snprintf(name, sizeof name, "in%d", i + 1);
        if (i && !text_has(t, name, strlen(name)) && gives_value(t, b))
            return usage(
                "%s is more than the text uses (it does not name %s); for a line for each picture: --table -",
                in[i], name);
        if (i && !text_has(t, name, strlen(name)))
            return usage("%s is more than the text uses (it does not name %s); for a run for each picture "
                         "give a template: "
                         "-o 'out/{stem}.png'",
                         in[i], name);
        const int code = load_node(scope, s, in[i], &node);
        if (code) return code;
        if (!i) b->list[b->n++] = (kal_binding){.name = "in", .node = node};
        snprintf(b->names[i], sizeof b->names[i], "in%d", i + 1);
        b->list[b->n++] = (kal_binding){.name = b->names[i], .node = node};
    }
    return EXIT_OK;
}

static void bindings_free(bindings *b)
{
    for (int i = 0; i < b->n_texts; i++) free(b->texts[i]);
    free(b->texts);
    free(b->names);
    free(b->list);
}

int load_node(kal_scope *scope, const settings *s, const char *path, kal_node **out)
{
    char page[40];
    kal_error err;
    const bool onward = s->onward && !strcmp(path, "-");
    snprintf(page, sizeof page, "page=%d%s", s->page, onward ? " keyed=false" : "");
    *out = s->walk ? kal_pages_at(s->walk, scope, s->page)
                   : kal_load(scope, path, s->page || onward ? page : NULL);
    return kal_node_error(*out, &err) ? fail(&err) : EXIT_OK;
}

// ---- jobs ---------------------------------------------------------------------------------------

bool job_add(job *j, kal_node *encoded, const char *path)
{
    if (j->n == j->room) {
        const size_t room = j->room ? (size_t)j->room * 2 : 8;
        kal_node **nodes = realloc(j->nodes, room * sizeof *nodes);
        if (nodes) j->nodes = nodes;
        const char **paths = realloc(j->paths, room * sizeof *paths);
        if (paths) j->paths = paths;
        if (!nodes || !paths) return false;
        j->room = (int32_t)room;
    }
    j->nodes[j->n] = encoded;
    j->paths[j->n++] = path;
    return true;
}

static int unknown_format(const char *what)
{
    kal_codec_info c;
    char names[400] = "";
    size_t at = 0;
    for (size_t i = 0; kal_codec_at(i, &c, NULL) && at < sizeof names - 40; i++)
        if (c.writes) at += (size_t)snprintf(names + at, sizeof names - at, " %.30s", c.name);
    return usage("-o: %s; the formats are%s; say --format NAME", what, names);
}

// The word that tells the format: --format, else the suffix.
static int out_format(const settings *s, const char *path, const char **word)
{
    char what[300];
    kal_codec_info c;
    const char *dot = strrchr(path, '.');
    *word = s->format ? s->format : dot ? dot + 1 : "";
    if (s->format) {
        if (codec_find(s->format, &c)) return EXIT_OK;
        snprintf(what, sizeof what, "there is no format \"%.200s\"", s->format);
        return unknown_format(what);
    }
    if (!strcmp(path, "-")) return unknown_format("standard output has no suffix");
    if (codec_of_path(path, &c)) return EXIT_OK;
    snprintf(what, sizeof what, "the suffix of %.200s tells no format", path);
    return unknown_format(what);
}

// The same for every run of a command, and told once: the suffix, unless the runs have others.
int out_check(const settings *s)
{
    const char *dot = s->out ? strrchr(s->out, '.') : NULL, *word;
    if (!s->out && (s->format || s->encode))
        return usage("--%s is about -o, and there is none", s->format ? "format" : "encode");
    if (!s->out || (!s->format && is_template(s->out) && (!dot || strpbrk(dot, "{}/")))) return EXIT_OK;
    return out_format(s, s->out, &word);
}

int job_load(job *j, const settings *s, const char *const *in, int n, kal_node **nodes)
{
    j->began = now_seconds();
    j->scope = kal_scope_new();
    if (!j->scope) return usage("out of memory");
    int code = EXIT_OK;
    for (int i = 0; i < n && !code; i++) code = load_node(j->scope, s, in[i], &nodes[i]);
    j->input = n ? in[0] : NULL;
    return code;
}

int job_save_to(job *j, const settings *s)
{
    if (!j->root) return usage("-o: the text has no expression to save");
    place at = {NULL, j->input, j->number, {0, 0}, s->page, j->sweep, j->row, NULL};
    const char *format;
    kal_error err;
    if (kal_node_key(j->root, &at.key, &err)) return fail(&err);
    j->out = template_expand(s->out, &at);
    int code = j->out ? out_format(s, j->out, &format) : EXIT_USAGE;
    if (code) return code;
    kal_node *encoded = kal_encode(j->scope, j->root, format, s->encode);
    if (kal_node_error(encoded, &err)) {
        kal_within(&err, "%s", j->out);
        return fail(&err);
    }
    return job_add(j, encoded, j->out) ? EXIT_OK : usage("out of memory");
}

// A text with a name of a picture that was not given: in2 after one picture.
static int says_missing(const job *j, const source_text *t, int given)
{
    kal_program *p = outline_of(t);
    kal_error err = {.status = KAL_INVALID};
    const char *name;
    int number = 0;
    for (int32_t i = 0; (name = kal_program_input(p, i, &err.place)) != NULL; i++)
        if ((number = atoi(name + 2)) > given) break;
    kal_program_free(&p);
    if (!name) return EXIT_OK;
    char message[200];
    snprintf(message, sizeof message,
             "line %d, column %d: in%d is picture %d after the text, and %s%d %s given", err.place.line,
             err.place.column, number, number, j->each ? "to each run " : "", given,
             given == 1 ? "is" : "are");
    j->each ? usage("%s: %s", j->label, message) : usage("%s", message);
    show_place(t, &err);
    return EXIT_USAGE;
}

// A text that wants pictures, and there are none.
static int says_wanted(const settings *s, const source_text *t)
{
    kal_program *p = outline_of(t);
    const char *name;
    char names[200] = "", words[200] = "";
    size_t at = 0, to = 0;
    for (int32_t i = 0; (name = kal_program_input(p, i, NULL)) != NULL && at < 150 && to < 150; i++) {
        const bool last = !kal_program_input(p, i + 1, NULL);
        at += (size_t)snprintf(names + at, sizeof names - at, "%s%.20s",
                               !i     ? ""
                               : last ? " and "
                                      : ", ",
                               name);
        to += (size_t)snprintf(words + to, sizeof words - to, " PICTURE%s", i || !last ? name + 2 : "");
    }
    const bool many = kal_program_input(p, 1, NULL);
    kal_program_free(&p);
    return !*names ? EXIT_OK
                   : usage("the text wants %s as %s, and there is none: kal %s %s%.200s%s",
                           many ? "pictures" : "a picture", names, s->called, s->file ? "-f " : "",
                           s->file ? s->file : "TEXT", words);
}

// "param sigma=60 is outside 0..50": what the command line set, as it is written there.
static void say_set(const settings *s, kal_error *err)
{
    const char *word = err->message + strlen("param ");
    if (err->about != KAL_ABOUT_BINDING) return;
    if (!err->place.line) kal_within(err, "--set");
    for (int i = 0; i < s->sets.n && err->place.line; i++) {
        const char *set = s->sets.at[i];
        if (strncmp(word, set, strcspn(set, "=") + 1)) continue;
        memcpy(err->message, "--set ", 6);
        return;
    }
}

static int parse_text(job *j, const settings *s, const source_text *t, const bindings *b, int given)
{
    kal_error err;
    const kal_status st =
        t->path ? kal_program_parse_file(t->path, b->list, b->n, &j->program, &err)
                : kal_program_parse(t->data ? t->data : "", t->size, b->list, b->n, &j->program, &err);
    if (st) {
        const int missing = given ? says_missing(j, t, given) : says_wanted(s, t);
        if (missing) return missing;
        say_set(s, &err);
        if (j->each) kal_within(&err, "%s", j->label);
        const int code = fail(&err);
        show_place(t, &err);
        return code;
    }
    j->root = kal_program_root(j->program);
    const char *path;
    kal_node *encoded;
    for (int32_t i = 0; (encoded = kal_program_save(j->program, i, &path)) != NULL; i++) {
        if (names_place(path, j->sweep))
            return usage("save %s: what stands in braces is filled in by -o alone: -o '%s'", path, path);
        if (!job_add(j, encoded, path)) return usage("out of memory");
    }
    return EXIT_OK;
}

int job_parse(job *j, const settings *s, const source_text *t, const char *const *in, int n_in)
{
    j->began = now_seconds();
    j->scope = kal_scope_new();
    j->input = n_in ? in[0] : NULL;
    j->text = t;
    const size_t n_values = (size_t)s->sets.n + (size_t)s->sweeps.n;
    bindings b = {.list = calloc((size_t)n_in + n_values + 2, sizeof *b.list),
                  .names = calloc((size_t)n_in + 1, sizeof *b.names),
                  .texts = calloc((size_t)s->sets.n + 1, sizeof *b.texts)};
    int code = j->scope && b.list && b.names && b.texts ? EXIT_OK : usage("out of memory");
    if (!code) code = bind_sets(&b, s);
    if (!code) bind_swept(&b, j);
    if (!code) code = bind_inputs(&b, j->scope, s, t, in, n_in);
    if (!code) code = parse_text(j, s, t, &b, n_in);
    bindings_free(&b);
    if (!code && s->out) code = job_save_to(j, s);
    return code;
}

void job_free(job *j)
{
    kal_program_free(&j->program);
    kal_scope_free(&j->scope);
    free(j->nodes);
    free(j->paths);
    free(j->out);
}
