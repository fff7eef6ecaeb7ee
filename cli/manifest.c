// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// --manifest: what became of each run, as JSON lines that are added to a file and never changed, so that shards, and runs that were taken
// up again, may write to one file. A line is one write to the file's end. merge.c reads them.
#include "out.h"
#include "told.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Of texts in a list: which is the first that equals each, the how-manieth of these it is, and, at the first, how many they are.
typedef struct repeats {
    int32_t *first, *nth, *count;
} repeats;

struct manifest {
    const char *path, *shard;   // shard: NULL for all
    const turns *turns;
    repeats pictures, values;
    char batch[33];   // what all its runs have in common
    int fd;
    int code;
};

// What somebody left without its end, a full disk say, is not made part of our first line.
static void end_last_line(manifest *m)
{
    char last;
    const off_t end = lseek(m->fd, 0, SEEK_END);
    if (end > 0 && pread(m->fd, &last, 1, end - 1) == 1 && last != '\n' &&
        !write_whole(m->fd, m->path, "\n", 1))
        m->code = EXIT_FAILED;
}

// ---- the batch ----------------------------------------------------------------------------------
// All that shards must have in common for their runs to be parts of one batch: the text with what it includes, or the op and its parameters; the options
// that say what is made; the pictures, in any order.

static void put_bytes(kal_map *map, const char *name, const char *text)
{
    if (text) kal_map_bytes(map, name, text, strlen(text));
}

static void put_list(kal_map *map, const char *name, const texts *list)
{
    kal_map_begin_list(map, name);
    for (int i = 0; i < list->n; i++) put_bytes(map, NULL, list->at[i]);
    kal_map_end(map);
}

// A text of a file was read here; what it includes is read again.
static void put_text(kal_map *map, const source_text *t)
{
    kal_program *p = NULL;
    const char *path;
    kal_map_bytes(map, "text", t->data, t->size);
    if (kal_program_outline(t->data, t->size, t->path, &p, NULL)) return;
    kal_map_begin_list(map, "included");
    for (int32_t i = !!t->path; (path = kal_program_file(p, i)) != NULL; i++) kal_map_file(map, NULL, path);
    kal_map_end(map);
    kal_program_free(&p);
}

static int name_batch(manifest *m, const settings *s, const maker *how, const turns *t)
{
    kal_map *map = kal_map_new();
    kal_key key;
    kal_error err;
    uint64_t pictures = 0;
    for (int32_t i = 0; i < t->in->n; i++) pictures += text_hash(t->in->paths[i]);
    kal_map_int(map, "pictures", (int64_t)(pictures >> 1));
    put_bytes(map, "verb", s->called);
    if (how->text && how->text->data) put_text(map, how->text);
    put_bytes(map, "params", how->params);
    put_bytes(map, "out", s->out);
    put_bytes(map, "format", s->format);
    put_bytes(map, "encode", s->encode);
    kal_map_int(map, "page", s->page);
    put_list(map, "sets", &s->sets);
    put_list(map, "sweeps", &s->sweeps);
    const int code = kal_map_key(map, &key, &err) ? fail(&err) : EXIT_OK;
    if (!code) kal_key_print(key, m->batch);
    kal_map_free(&map);
    return code;
}

// ---- runs that look alike -----------------------------------------------------------------------
// A picture that was given twice, or values, have runs that only their order tells apart: that order is told, and no other, for with another list of the same
// pictures a run is another one by its number, and the same by its picture.

static char *values_text(const sweep *w, int32_t row)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (!f) return NULL;
    for (int32_t k = 0; k < w->n; k++) fprintf(f, "%s\n", sweep_value(w, k, row));
    return fclose(f) == 0 ? text : (free(text), NULL);
}

static bool count_repeats(repeats *r, int32_t n, const turns *t, bool pictures)
{
    claims seen = {0};
    int32_t *all = calloc((size_t)n * 3 + 1, sizeof *all);
    bool ok = all != NULL;
    *r = (repeats){all, all + n, all + 2 * (size_t)n};
    for (int32_t i = 0; i < n && ok; i++) {
        char *text = pictures ? strdup(t->in->paths[i]) : values_text(t->sweep, i);
        const int32_t was = text ? claims_add_text(&seen, text, i + 1) : -1;
        r->first[i] = was > 0 ? was - 1 : i;
        r->nth[i] = ++r->count[r->first[i]];
        ok = was >= 0;
        free(text);
    }
    claims_free(&seen);
    return ok;
}

// 1 for all that are unlike any before.
static int32_t copy_of(const manifest *m, const turn *at)
{
    const int32_t picture = m->turns->each ? (int32_t)(at->in - m->turns->in->paths) : -1;
    const int32_t nth = picture < 0 ? 1 : m->pictures.nth[picture];
    if (!m->turns->sweep) return nth;
    const int32_t same = m->values.count[m->values.first[at->row]];
    return (nth - 1) * same + m->values.nth[at->row];
}

static void manifest_free(manifest *m)
{
    free(m->pictures.first);
    free(m->values.first);
    free(m);
}

int manifest_open(manifest **out, const settings *s, const maker *how, const turns *t)
{
    *out = NULL;
    if (!s->manifest) return EXIT_OK;
    manifest *m = calloc(1, sizeof *m);
    if (!m) return usage("out of memory");
    *m = (manifest){.path = s->manifest, .shard = s->shard, .turns = t};
    int code = name_batch(m, s, how, t);
    if (!code && ((t->each && !count_repeats(&m->pictures, t->in->n, t, true)) ||
                  (t->sweep && !count_repeats(&m->values, t->sweep->rows, t, false))))
        code = usage("out of memory");
    if (!code) m->fd = open(m->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (!code && m->fd < 0) code = failed("%s: %s", m->path, strerror(errno));
    if (code) {
        manifest_free(m);
        return code;
    }
    end_last_line(m);
    *out = m;
    return EXIT_OK;
}

static const char *status_of(const record *r)
{
    return !r->code                      ? "ok"
           : r->code == EXIT_MISSING     ? "missing"
           : r->code == EXIT_INTERRUPTED ? "stopped"
                                         : "failed";
}

static void put_turn(json *j, const manifest *m, int32_t i)
{
    const turn at = turn_at(m->turns, i);
    const sweep *w = m->turns->sweep;
    json_count(j, "run", (uint64_t)at.number);
    json_count(j, "of", (uint64_t)turns_count(m->turns));
    json_text(j, "batch", m->batch);
    if (m->shard) json_text(j, "shard", m->shard);
    json_open(j, "inputs", '[');
    for (int k = 0; k < at.n; k++) json_text(j, NULL, at.in[k]);
    json_close(j, ']');
    json_open(j, "values", '{');
    for (int32_t k = 0; w && k < w->n; k++) json_word(j, w->axes[k].name, sweep_value(w, k, at.row));
    json_close(j, '}');
    json_count(j, "copy", (uint64_t)copy_of(m, &at));
}

static void put_record(json *j, const record *r)
{
    char key[33];
    if (r->has_key)
        json_text(j, "key", kal_key_print(r->key, key));
    else
        json_null(j, "key");
    json_open(j, "outputs", '[');
    for (int32_t k = 0; k < r->n_outputs; k++) json_text(j, NULL, r->outputs[k]);
    json_close(j, ']');
    json_text(j, "status", status_of(r));
    json_thousandths(j, "ms", (uint64_t)(r->ms * 1e3));
    json_count(j, "hits", r->stats.nodes_reused);
    json_count(j, "computed", r->stats.nodes - r->stats.nodes_reused);
    if (r->error)
        json_text(j, "error", r->error);
    else
        json_null(j, "error");
}

void manifest_add(manifest *m, int32_t i, const record *r)
{
    char *text = NULL;
    size_t size;
    if (!m || m->code) return;
    FILE *f = r ? open_memstream(&text, &size) : NULL;
    json j = {f, false};
    if (f) {
        json_open(&j, NULL, '{');
        put_turn(&j, m, i);
        put_record(&j, r);
        json_close(&j, '}');
        fputc('\n', f);
    }
    if (!f || fclose(f) != 0)
        m->code = usage("out of memory for a manifest");
    else if (!write_whole(m->fd, m->path, text, size))
        m->code = EXIT_FAILED;
    free(text);
}

int manifest_close(manifest **gone)
{
    manifest *m = *gone;
    if (!m) return EXIT_OK;
    if (close(m->fd) != 0 && !m->code) m->code = failed("%s: %s", m->path, strerror(errno));
    const int code = m->code;
    manifest_free(m);
    *gone = NULL;
    return code;
}
