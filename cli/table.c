// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// --table: a line for each run: the picture, the values, the key of the result, what the run did, what it printed, what went wrong. Each
// line is one write and is there as soon as its run is done, so that what is killed leaves all that was done; at the end they are put into the
// order of the runs. What is no file (a pipe, a terminal) gets them in that order, each after those before it. The first line of CSV names the columns, for
// which a run must have been read; those before it, that could not be, wait.
#include "out.h"
#include "told.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// ---- rows ---------------------------------------------------------------------------------------

bool record_expect(record *r, const char *name)
{
    printed *more = realloc(r->prints, ((size_t)r->n_prints + 1) * sizeof *more);
    if (!more) return false;
    r->prints = more;
    printed *p = &r->prints[r->n_prints];
    *p = (printed){strdup(name), NULL};
    r->n_prints += p->name != NULL;
    return p->name != NULL;
}

bool record_output(record *r, const char *path)
{
    char **more = realloc(r->outputs, ((size_t)r->n_outputs + 1) * sizeof *more);
    if (!more) return false;
    r->outputs = more;
    char *copy = strdup(path);
    if (copy) r->outputs[r->n_outputs++] = copy;
    return copy != NULL;
}

// Warnings come before it, and the lines of the text behind.
const char *first_error(const char *messages, size_t *n)
{
    const char *at = messages ? messages : "";
    while (!strncmp(at, "kal: warning: ", 14)) at += strcspn(at, "\n") + (at[strcspn(at, "\n")] == '\n');
    if (!strncmp(at, "kal: ", 5)) at += 5;
    if (!*at) at = "stopped";
    *n = strcspn(at, "\n");
    return at;
}

void record_blame(record *r, const char *messages)
{
    size_t n;
    const char *said = first_error(messages, &n);
    free(r->error);
    r->error = strndup(said, n);
}

void record_free(record **gone)
{
    record *r = *gone;
    for (int32_t i = 0; r && i < r->n_prints; i++) {
        free(r->prints[i].name);
        free(r->prints[i].text);
    }
    for (int32_t i = 0; r && i < r->n_outputs; i++) free(r->outputs[i]);
    if (r) free(r->prints), free(r->outputs), free(r->error);
    free(r);
    *gone = NULL;
}

// ---- the table ----------------------------------------------------------------------------------

// A line in the file.
typedef struct written {
    int32_t turn;
    off_t at;
    size_t n;
} written;

// A line that is not there yet.
typedef struct held {
    record *r;   // NULL: it has been written, or its run is not done
    int32_t turn;
} held;

struct table {
    const char *path;
    const turns *turns;
    int fd;
    bool csv;
    bool is_file;   // lines may come in any order, and are put into theirs
    bool headed;    // the columns are named, or need not be
    char **names;   // of what is printed
    int32_t n_names;
    held *held;   // for the columns' names, or for those before
    int32_t n, next;
    written *lines;
    int32_t n_lines;
    int code;
};

// A column's value: numbers and JSON as they stand, text in quotes.
typedef struct line {
    const table *t;
    FILE *f;
    json j;
    bool more, names;   // names: it is the first line
} line;

static void put_csv(line *l, const char *text)
{
    if (l->more) fputc(',', l->f);
    l->more = true;
    if (!text[strcspn(text, ",\"\r\n")]) {
        fputs(text, l->f);
        return;
    }
    fputc('"', l->f);
    for (; *text; text++) {
        if (*text == '"') fputc('"', l->f);
        fputc(*text, l->f);
    }
    fputc('"', l->f);
}

// NULL: there is none.
static void put(line *l, const char *name, const char *value, bool bare)
{
    if (l->t->csv)
        put_csv(l, l->names ? name : value ? value : "");
    else if (!value)
        json_null(&l->j, name);
    else if (bare)
        json_raw(&l->j, name, value);
    else
        json_text(&l->j, name, value);
}

static void put_count(line *l, const char *name, uint64_t n)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)n);
    put(l, name, text, true);
}

// A picture's content key is no JSON.
static bool is_json(const char *text)
{
    kal_key key;
    return !kal_key_parse(text, &key);
}

static void put_values(line *l, int32_t i, const record *r)
{
    const turn at = turn_at(l->t->turns, i);
    const sweep *w = l->t->turns->sweep;
    char key[33], ms[32];
    if (l->t->turns->in->n) put(l, "input", at.in[0], false);
    for (int32_t k = 0; w && k < w->n; k++) {
        const char *value = sweep_value(w, k, at.row);
        put(l, w->axes[k].name, value, is_number(value));
    }
    put(l, "key", r->has_key ? kal_key_print(r->key, key) : NULL, false);
    put_count(l, "hits", r->stats.nodes_reused);
    put_count(l, "computed", r->stats.nodes - r->stats.nodes_reused);
    snprintf(ms, sizeof ms, "%.3f", r->ms);
    put(l, "ms", ms, true);
}

static const char *printed_of(const record *r, int32_t i)
{
    return i < r->n_prints ? r->prints[i].text : NULL;
}

static void put_record(table *t, int32_t i, const record *r, bool names)
{
    char *text = NULL;
    size_t size;
    line l = {.t = t, .f = open_memstream(&text, &size), .names = names};
    if (!l.f) {
        t->code = usage("out of memory for a table");
        return;
    }
    l.j.f = l.f;
    if (!t->csv) json_open(&l.j, NULL, '{');
    put_values(&l, i, r);
    for (int32_t k = 0; k < t->n_names; k++) {
        const char *value = printed_of(r, k);
        put(&l, t->names[k], value, value && is_json(value));
    }
    put(&l, "error", r->error, false);
    if (!t->csv) json_close(&l.j, '}');
    fputc('\n', l.f);
    if (fclose(l.f) != 0)
        t->code = usage("out of memory for a table");
    else if (!write_whole(t->fd, t->path, text, size))
        t->code = EXIT_FAILED;
    else if (t->is_file && !names)
        t->lines[t->n_lines++] = (written){i, lseek(t->fd, 0, SEEK_CUR) - (off_t)size, size};
    free(text);
}

// ---- columns ------------------------------------------------------------------------------------

static const char *const fixed[] = {"input", "key", "hits", "computed", "ms", "error"};

static bool is_taken(const table *t, const char *name)
{
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (!strcmp(fixed[i], name)) return true;
    for (int32_t i = 0; t->turns->sweep && i < t->turns->sweep->n; i++)
        if (!strcmp(t->turns->sweep->axes[i].name, name)) return true;
    for (int32_t i = 0; i < t->n_names; i++)
        if (!strcmp(t->names[i], name)) return true;
    return false;
}

// Of two with one name the second is called name_2.
static bool add_name(table *t, const char *name)
{
    char text[200];
    snprintf(text, sizeof text, "%.150s", name);
    for (int k = 2; is_taken(t, text); k++) snprintf(text, sizeof text, "%.150s_%d", name, k);
    char *copy = strdup(text);
    if (copy) t->names[t->n_names++] = copy;
    return copy != NULL;
}

static void name_columns(table *t, const record *r)
{
    t->headed = true;
    t->names = calloc((size_t)r->n_prints + 1, sizeof *t->names);
    bool ok = t->names != NULL;
    for (int32_t i = 0; i < r->n_prints && ok; i++) ok = add_name(t, r->prints[i].name);
    if (!ok) t->code = usage("out of memory for a table");
    if (ok && t->csv) put_record(t, 0, r, true);
}

static void put_held(table *t, int32_t at)
{
    record *r = t->held[at].r;
    if (r && !t->code) put_record(t, t->held[at].turn, r, false);
    record_free(&t->held[at].r);
}

// What may be written now.
static void put_ready(table *t, int32_t fresh)
{
    if (!t->headed && !t->held[fresh].r->read) return;
    if (!t->headed) {
        name_columns(t, t->held[fresh].r);
        for (int32_t i = 0; i < t->n && t->is_file; i++) put_held(t, i);
    }
    if (t->is_file) put_held(t, fresh);
    while (!t->is_file && t->next < t->n && t->held[t->next].r) put_held(t, t->next++);
}

// ---- order --------------------------------------------------------------------------------------

static int by_turn(const void *a, const void *b)
{
    const written *x = a, *y = b;
    return (x->turn > y->turn) - (x->turn < y->turn);
}

static bool is_in_order(const table *t)
{
    for (int32_t i = 1; i < t->n_lines; i++)
        if (t->lines[i].turn < t->lines[i - 1].turn) return false;
    return true;
}

// The first line, and then the others by their turns. NULL: that cannot be had. Free it.
static char *sorted(table *t, size_t *size)
{
    const off_t first = t->lines[0].at;
    const written *last = &t->lines[t->n_lines - 1];
    *size = (size_t)last->at + last->n;
    char *was = malloc(*size), *is = malloc(*size), *to = is;
    bool ok = was && is;
    for (size_t at = 0; ok && at < *size;) {
        const ssize_t n = pread(t->fd, was + at, *size - at, (off_t)at);
        ok = n > 0;
        if (ok) at += (size_t)n;
    }
    if (ok) {
        qsort(t->lines, (size_t)t->n_lines, sizeof *t->lines, by_turn);
        to = (char *)memcpy(is, was, (size_t)first) + first;
        for (int32_t i = 0; i < t->n_lines; i++)
            to = (char *)memcpy(to, was + t->lines[i].at, t->lines[i].n) + t->lines[i].n;
    }
    free(was);
    if (ok) return is;
    free(is);
    return NULL;
}

static void put_in_order(table *t)
{
    size_t n;
    if (!t->is_file || is_in_order(t)) return;
    char *data = sorted(t, &n);
    if (!data || !put_whole(t->path, data, n)) {
        usage("%s: its lines stay in the order that they were done in: %s", t->path, strerror(errno));
        t->code = EXIT_FAILED;
    }
    free(data);
}

// ---- from outside -------------------------------------------------------------------------------

static int check_table(const settings *s, const turns *t, bool *csv)
{
    const char *dot = strrchr(s->table, '.');
    const bool piped = !strcmp(s->table, "-"), lines = dot && !strcmp(dot, ".jsonl");
    *csv = !lines;
    if (!piped && !lines && (!dot || strcmp(dot, ".csv") != 0))
        return usage("--table: %s is neither .csv nor .jsonl", s->table);
    if (piped && s->out && !strcmp(s->out, "-"))
        return usage("--table and -o cannot both have standard output");
    for (int32_t i = 0; t->sweep && i < t->sweep->n; i++)
        for (size_t k = 0; k < sizeof fixed / sizeof *fixed; k++)
            if (!strcmp(t->sweep->axes[i].name, fixed[k]))
                return usage("--table has a column %s of its own; give the literal another name", fixed[k]);
    return EXIT_OK;
}

static void table_free(table *t)
{
    for (int32_t i = 0; t->held && i < t->n; i++) record_free(&t->held[i].r);
    for (int32_t i = 0; i < t->n_names; i++) free(t->names[i]);
    free(t->names);
    free(t->held);
    free(t->lines);
    free(t);
}

int table_open(table **out, const settings *s, const turns *t, int32_t n)
{
    bool csv;
    struct stat st;
    *out = NULL;
    const int code = s->table ? check_table(s, t, &csv) : EXIT_OK;
    if (!s->table || code) return code;
    table *made = calloc(1, sizeof *made);
    if (!made) return usage("out of memory for a table");
    *made = (table){.path = s->table,
                    .turns = t,
                    .csv = csv,
                    .n = n,
                    .held = calloc((size_t)n + 1, sizeof *made->held),
                    .lines = calloc((size_t)n + 1, sizeof *made->lines)};
    if (!made->held || !made->lines) {
        table_free(made);
        return usage("out of memory for a table");
    }
    const int flags = O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC;
    const bool piped = !strcmp(s->table, "-"),
               other = !piped && stat(s->table, &st) == 0 && !S_ISREG(st.st_mode);
    made->fd = piped ? STDOUT_FILENO : open(s->table, (other ? O_WRONLY : O_RDWR) | flags, 0666);
    if (made->fd < 0 && errno == EACCES) made->fd = open(s->table, O_WRONLY | flags, 0666);
    if (made->fd < 0) {
        usage("%s: %s", s->table, strerror(errno));
        table_free(made);
        return EXIT_FAILED;
    }
    made->is_file = !piped && fstat(made->fd, &st) == 0 && S_ISREG(st.st_mode) &&
                    (fcntl(made->fd, F_GETFL) & O_ACCMODE) == O_RDWR;
    *out = made;
    return EXIT_OK;
}

void table_add(table *t, int32_t at, int32_t i, record *r)
{
    if (t && !r) t->code = usage("out of memory for a table");
    if (!t || !r || t->code) {
        record_free(&r);
        return;
    }
    t->held[at] = (held){r, i};
    put_ready(t, at);
}

int table_close(table **gone)
{
    table *t = *gone;
    if (!t) return EXIT_OK;
    for (int32_t i = 0; i < t->n && !t->headed; i++)
        if (t->held[i].r) name_columns(t, &(record){.read = true});
    for (int32_t i = 0; i < t->n; i++) put_held(t, i);
    if (!t->code) put_in_order(t);
    if (t->fd != STDOUT_FILENO && close(t->fd) != 0 && !t->code) {
        usage("%s: %s", t->path, strerror(errno));
        t->code = EXIT_FAILED;
    }
    const int code = t->code;
    table_free(t);
    *gone = NULL;
    return code;
}
