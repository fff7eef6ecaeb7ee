// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// `kal merge A.jsonl B.jsonl`: whether the runs of a batch are all done, by what --manifest wrote. Of the lines of a run the last that went
// well counts, else the last. A run is known by its pictures and values: its number is another where they came in another order. Lines are read
// as far as is needed, and written as they were.
#include "job.h"
#include "out.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MOST_RUNS 100000000

typedef struct line {
    const char *at;   // NULL: there is none
    size_t n;
    int file;        // whose it is
    bool ok, many;   // many: another manifest has it as well, and it went well there
} line;

typedef struct merging {
    source_text *files;
    const char *const *names;
    int n_files;
    line *runs;       // by number, that of the first who had it
    int32_t *slots;   // hash of pictures and values → number; 0: free
    size_t n_slots;   // a power of two
    int32_t of;       // 0: not known yet
    int32_t free;     // numbers below it are taken
    line first;
    int32_t torn;     // lines that were not whole
    int32_t *lines;   // of runs, of each manifest
} merging;

// ---- a line -------------------------------------------------------------------------------------

// Behind a value: a string, a list, an object, a word. NULL: it does not end here.
static const char *skip_value(const char *s, const char *end)
{
    int deep = 0;
    for (; s < end; s++) {
        if (*s == '"')
            for (s++; s < end && *s != '"'; s++) s += *s == '\\';
        else if (*s == '[' || *s == '{')
            deep++;
        else if (*s == ']' || *s == '}')
            deep--;
        else if (*s == ',' && !deep)
            return s;
        if (deep < 0) return s;
    }
    return NULL;
}

// The value of a field of the object itself; NULL: it has none.
static const char *field(const line *l, const char *name)
{
    const char *s = l->at, *end = s + l->n;
    const size_t n = strlen(name);
    if (!l->n || *s++ != '{') return NULL;
    while (s < end && *s != '}') {
        s += *s == ',';
        while (s < end && *s == ' ') s++;
        if (s == end || *s != '"') return NULL;
        const char *key = s + 1, *stop = memchr(key, '"', (size_t)(end - key)),
                   *value = stop ? stop + 1 : NULL;
        while (value && value < end && (*value == ':' || *value == ' ')) value++;
        if (!value) return NULL;
        s = skip_value(value, end);
        if (!s) return NULL;
        if ((size_t)(stop - key) == n && !memcmp(key, name, n)) return value;
    }
    return NULL;
}

static int32_t number(const line *l, const char *name)
{
    const char *value = field(l, name);
    const long n = value ? strtol(value, NULL, 10) : 0;
    return n > 0 && n <= MOST_RUNS ? (int32_t)n : 0;
}

static size_t length(const line *l, const char *value)
{
    const char *end = skip_value(value, l->at + l->n);
    return end ? (size_t)(end - value) : 0;
}

static bool same_field(const line *a, const line *b, const char *name)
{
    const char *x = field(a, name), *y = field(b, name);
    return x && y && length(a, x) == length(b, y) && !memcmp(x, y, length(a, x));
}

// ---- all lines ----------------------------------------------------------------------------------

// A picture that was given twice has two runs, of which the second is a copy; lines of old do not say so, and have numbers of their own within a file.
static bool same_run(const line *a, const line *b)
{
    const int32_t one = number(a, "copy"), two = number(b, "copy");
    if (!same_field(a, b, "inputs") || !same_field(a, b, "values")) return false;
    return one && two ? one == two : a->file != b->file || number(a, "run") == number(b, "run");
}

static uint64_t hash_field(uint64_t h, const line *l, const char *name)
{
    const char *at = field(l, name);
    if (at) h = hash_on(h, at, length(l, at));
    return h ^ h >> 29;
}

// The number of the run that a line is of, which it has from now on; 0: there are more runs than the batch has.
static int32_t run_of(merging *m, const line *l)
{
    size_t i = (size_t)hash_field(hash_field(HASH_START, l, "inputs"), l, "values");
    for (i &= m->n_slots - 1; m->slots[i]; i = (i + 1) & (m->n_slots - 1))
        if (same_run(l, &m->runs[m->slots[i]])) return m->slots[i];
    int32_t run = number(l, "run");
    while (m->free <= m->of && m->runs[m->free].at) m->free++;
    if (m->runs[run].at) run = m->free;
    if (run > m->of) return 0;
    return m->slots[i] = run;
}

static int begin(merging *m, const line *l)
{
    m->of = number(l, "of");
    m->first = *l;
    m->free = 1;
    for (m->n_slots = 64; m->n_slots < (size_t)m->of * 2;) m->n_slots *= 2;
    m->runs = calloc((size_t)m->of + 1, sizeof *m->runs);
    m->slots = calloc(m->n_slots, sizeof *m->slots);
    return m->runs && m->slots ? EXIT_OK : usage("out of memory");
}

// What the batch is was not told by lines of old.
static bool of_one_batch(const line *a, const line *b)
{
    return !field(a, "batch") || !field(b, "batch") || same_field(a, b, "batch");
}

static int take_line(merging *m, line l)
{
    const int32_t of = number(&l, "of");
    int32_t run = number(&l, "run");
    if (!run || !of || run > of || !field(&l, "status") || l.at[l.n - 1] != '}') {
        m->torn++;
        return EXIT_OK;
    }
    m->lines[l.file]++;
    const int code = m->of ? EXIT_OK : begin(m, &l);
    if (code) return code;
    if (m->of != of)
        return usage("%s: a batch of %d runs, and others are of %d", m->names[l.file], of, m->of);
    if (!of_one_batch(&l, &m->first))
        return usage(
            "%s: run %d is of another text, other options or other pictures than those in %s: these are no "
            "manifests of one batch",
            m->names[l.file], run, m->names[m->first.file]);
    run = run_of(m, &l);
    if (!run)
        return usage("%s: run %d is one more than the %d of all: these are no manifests of one batch",
                     m->names[l.file], number(&l, "run"), of);
    line *have = &m->runs[run];
    l.ok = !strncmp(field(&l, "status"), "\"ok\"", 4);
    l.many = have->many || (have->ok && l.ok && have->file != l.file);
    if (have->ok && !l.ok) return EXIT_OK;
    *have = l;
    return EXIT_OK;
}

static int take_file(merging *m, int file)
{
    const char *at = m->files[file].data, *end = at + m->files[file].size;
    int code = EXIT_OK;
    while (at < end && !code) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop) stop = end;
        if (stop > at) code = take_line(m, (line){.at = at, .n = (size_t)(stop - at), .file = file});
        at = stop + 1;
    }
    if (code || !m->files[file].size || m->lines[file]) return code;
    return usage("merge: %s: there is no line of a run; is it a manifest?", m->names[file]), EXIT_INPUT;
}

// A shard without a run has an empty manifest.
static int nothing(const merging *m)
{
    usage("merge: %s: there is no line of a run%s", m->names[0], m->n_files > 1 ? ", nor in the others" : "");
    return EXIT_INPUT;
}

// ---- what is told -------------------------------------------------------------------------------

enum { DONE, FAILED, MISSING, DOUBLED, KINDS };

static bool is_kind(const line *l, int kind)
{
    return kind == DONE ? l->ok : kind == FAILED ? l->at && !l->ok : kind == MISSING ? !l->at : l->many;
}

// "missing: 3 7-9"
static void put_ranges(const merging *m, const char *what, int kind)
{
    printf("%s:", what);
    for (int32_t i = 1, k; i <= m->of; i = k + 1) {
        for (k = i; k < m->of && is_kind(&m->runs[i], kind) && is_kind(&m->runs[k + 1], kind);) k++;
        if (!is_kind(&m->runs[i], kind)) continue;
        printf(k > i ? " %d-%d" : " %d", i, k);
    }
    putchar('\n');
}

static void put_failed(const merging *m)
{
    for (int32_t i = 1; i <= m->of; i++) {
        const line *l = &m->runs[i];
        const char *why = is_kind(l, FAILED) ? field(l, "error") : NULL;
        if (why) printf("failed: %d %.*s\n", i, (int)length(l, why), why);
    }
}

static int tell(const merging *m, bool quiet)
{
    int32_t n[KINDS] = {0};
    for (int32_t i = 1; i <= m->of; i++)
        for (int k = 0; k < KINDS; k++) n[k] += is_kind(&m->runs[i], k);
    if (!quiet) {
        printf("%d runs: %d done, %d failed, %d missing, %d done by two\n", m->of, n[DONE], n[FAILED],
               n[MISSING], n[DOUBLED]);
        put_failed(m);
        if (n[MISSING]) put_ranges(m, "missing", MISSING);
        if (n[DOUBLED]) put_ranges(m, "done by two", DOUBLED);
        for (int i = 0; i < m->n_files; i++)
            if (!m->lines[i]) printf("%s is empty\n", m->names[i]);
        if (m->torn) printf("%d line%s not whole\n", m->torn, m->torn == 1 ? " is" : "s are");
    }
    return n[DONE] == m->of ? EXIT_OK : EXIT_FAILED;
}

static int write_lines(const merging *m, const char *path)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    for (int32_t i = 1; f && i <= m->of; i++)
        if (m->runs[i].at) fprintf(f, "%.*s\n", (int)m->runs[i].n, m->runs[i].at);
    const bool ok = f && fclose(f) == 0;
    int code = ok ? EXIT_OK : usage("out of memory");
    if (ok && !put_whole(path, text, size)) code = failed("%s: %s", path, strerror(errno));
    free(text);
    return code;
}

static int check_out(const settings *s)
{
    file_set f;
    int code = files_take(&f, s, s->words, s->n_words, "one of the manifests");
    if (!code) code = files_take_out(&f, s->out);
    files_free(&f);
    return code;
}

int merge_main(settings *s)
{
    if (!s->n_words) return usage("merge: which manifests? kal merge A.jsonl B.jsonl");
    merging m = {.files = calloc((size_t)s->n_words, sizeof *m.files),
                 .lines = calloc((size_t)s->n_words, sizeof *m.lines),
                 .names = s->words,
                 .n_files = s->n_words};
    int code = m.files && m.lines ? EXIT_OK : usage("out of memory");
    if (!code && s->out) code = check_out(s);
    for (int i = 0; i < m.n_files && !code; i++) code = text_read(&m.files[i], s, s->words[i]);
    for (int i = 0; i < m.n_files && !code; i++) code = take_file(&m, i);
    if (!code && !m.of) code = nothing(&m);
    if (!code && s->out) code = write_lines(&m, s->out);
    if (!code) code = tell(&m, s->quiet);
    for (int i = 0; m.files && i < m.n_files; i++) text_free(&m.files[i]);
    free(m.files);
    free(m.lines);
    free(m.slots);
    free(m.runs);
    return code;
}
