// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// --manifest: what became of each run, as JSON lines that are added to a file and never changed, so that shards, and runs that were taken
// up again, may write to one file. A line is one write to the file's end. merge.c reads them.
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct manifest {
    const char *path, *shard;   // shard: NULL for all
    const turns *turns;
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

int manifest_open(manifest **out, const settings *s, const turns *t)
{
    *out = NULL;
    if (!s->manifest) return EXIT_OK;
    manifest *m = calloc(1, sizeof *m);
    if (!m) return usage("out of memory");
    *m = (manifest){.path = s->manifest, .shard = s->shard, .turns = t};
    m->fd = open(m->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (m->fd < 0) {
        usage("%s: %s", m->path, strerror(errno));
        free(m);
        return EXIT_FAILED;
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
    if (m->shard) json_text(j, "shard", m->shard);
    json_open(j, "inputs", '[');
    for (int k = 0; k < at.n; k++) json_text(j, NULL, at.in[k]);
    json_close(j, ']');
    json_open(j, "values", '{');
    for (int32_t k = 0; w && k < w->n; k++) json_word(j, w->axes[k].name, sweep_value(w, k, at.row));
    json_close(j, '}');
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
    if (close(m->fd) != 0 && !m->code) {
        usage("%s: %s", m->path, strerror(errno));
        m->code = EXIT_FAILED;
    }
    const int code = m->code;
    free(m);
    *gone = NULL;
    return code;
}
