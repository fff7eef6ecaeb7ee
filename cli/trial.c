// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The values of --sweep, tried before anything runs: the text is read with each of them, and nothing computed. A value is wrong when it can be read
// in no run that has it; one that goes wrong beside some others, or with one picture alone, is a run that fails. So it takes as many readings as
// the longest sweep has values, and more only where something is refused.
#include "job.h"

#include <stdlib.h>
#include <string.h>

#define MOST_TRIES 1000   // runs of one value
#define MOST_TOLD 8       // values

typedef struct trial {
    const runner *r;
    const maker *m;
    bool *fits;   // of each axis, one behind the other: a run was read that has this value
    bool read;    // any run was
    int32_t wrong;
    char *list;   // "v=x, v=y": those that are wrong
    size_t size;
    FILE *f;   // to it
} trial;

static bool *fits(const trial *t, int32_t which, int32_t value)
{
    size_t at = (size_t)value;
    for (int32_t i = 0; i < which; i++) at += (size_t)t->r->turns->sweep->axes[i].n;
    return &t->fits[at];
}

// *said: what was wrong; free it.
static int read_turn(trial *t, int32_t i, char **said)
{
    const turn at = turn_at(t->r->turns, i);
    settings s = *t->r->s;
    size_t size;
    char *label = turn_label(t->r->turns, i);
    FILE *messages = open_memstream(said, &size);
    job j = {.number = at.number, .each = true, .label = label, .sweep = t->r->turns->sweep, .row = at.row};
    s.out = NULL;   // what is written is no matter of values
    speak_to(messages, messages);
    const int code =
        label && messages ? runner_make(t->r, t->m, &j, &s, at.in, at.n) : usage("out of memory");
    speak_to(NULL, NULL);
    if (messages) fclose(messages);
    t->read |= !code;
    for (int32_t k = 0; k < j.sweep->n && !code; k++) *fits(t, k, sweep_index(j.sweep, k, at.row)) = true;
    job_free(&j);
    free(label);
    return code;
}

// Values of all axes that were not seen yet, as many at once as there are axes.
static void try_together(trial *t)
{
    const sweep *w = t->r->turns->sweep;
    int32_t longest = 0;
    for (int32_t i = 0; i < w->n; i++)
        if (w->axes[i].n > longest) longest = w->axes[i].n;
    for (int32_t k = 0; k < longest; k++) {
        int32_t row = 0;
        char *said = NULL;
        for (int32_t i = 0; i < w->n; i++) row = row * w->axes[i].n + k % w->axes[i].n;
        read_turn(t, row, &said);
        free(said);
    }
}

static void tell_wrong(trial *t, int32_t which, int32_t value, const char *said)
{
    const struct axis *a = &t->r->turns->sweep->axes[which];
    if (t->wrong++ >= MOST_TOLD) return;
    if (t->read || t->wrong == 1) fputs(said, errors());
    fprintf(t->f, "%s%s=%s", t->wrong > 1 ? ", " : "", a->name, a->values[value]);
}

// A value in each run that has it, until one can be read; what could not be for another reason says nothing of it.
static void try_alone(trial *t, int32_t which, int32_t value)
{
    const int32_t n = turns_count(t->r->turns);
    char *first = NULL;
    for (int32_t i = 0, tries = 0; i < n && tries < MOST_TRIES && !*fits(t, which, value); i++) {
        char *said = NULL;
        if (sweep_index(t->r->turns->sweep, which, turn_at(t->r->turns, i).row) != value) continue;
        tries++;
        if (read_turn(t, i, &said) == EXIT_USAGE && !first)
            first = said;
        else
            free(said);
    }
    if (first && !*fits(t, which, value)) tell_wrong(t, which, value, first);
    free(first);
}

// How many runs would read what can be read once.
static int32_t readers_of_stdin(const runner *r, const maker *m)
{
    const turns *t = r->turns;
    int32_t pictures = 0;
    if (m->text && text_reads_stdin(m->text)) return turns_count(t);
    for (int32_t i = 0; i < r->in->n; i++) pictures += !strcmp(r->in->paths[i], "-");
    return (t->each ? pictures : pictures > 0) * (t->sweep ? t->sweep->rows : 1);
}

int sweep_try(const runner *r, const maker *m)
{
    const sweep *w = r->turns->sweep;
    trial t = {.r = r, .m = m};
    size_t values = 0;
    for (int32_t i = 0; w && i < w->n; i++) values += (size_t)w->axes[i].n;
    const int32_t readers = readers_of_stdin(r, m);
    if (readers > 1)
        return usage("standard input can be read once, and %d runs would read it; save it in a file",
                     readers);
    if (!values || !turns_count(r->turns) || readers) return EXIT_OK;
    t.fits = calloc(values, sizeof *t.fits);
    t.f = open_memstream(&t.list, &t.size);
    int code = t.fits && t.f ? EXIT_OK : usage("out of memory");
    if (!code) try_together(&t);
    for (int32_t i = 0; i < w->n && !code; i++)
        for (int32_t k = 0; k < w->axes[i].n; k++)
            if (!*fits(&t, i, k)) try_alone(&t, i, k);
    if (t.f && fclose(t.f) != 0) code = usage("out of memory");
    if (!code && t.wrong && !t.read) code = usage("--sweep: no run can be read; nothing was run");
    if (!code && t.wrong)
        code =
            usage("--sweep: no run can have %s%s; nothing was run", t.list, t.wrong > MOST_TOLD ? " …" : "");
    free(t.list);
    free(t.fits);
    return code;
}
