// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// `exec`: a program of somebody else's as an op. It is a function of the picture, the command, a version that is declared, and the bytes of files that are
// named; whoever names too little is given old results. Through files in a folder that is gone afterwards, or through pipes.
#define _XOPEN_SOURCE 700   // nftw
#include "band.h"
#include "child.h"
#include "files.h"
#include "load.h"
#include "words.h"
#include "disk.h"

#include <kal/ops/exec.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PARAMS kal_exec_p
static const kal_param exec_params[] = {KAL_EXEC_PARAMS(KAL_SCHEMA)};
#undef PARAMS

static const char *const words[] = {"png", "pnm", "tiff"};   // of KAL_EXEC_FORMATS; suffixes, too

// ---- before it runs -----------------------------------------------------------------------------

static kal_status allowed(kal_error *err)
{
    kal_limits limits;
    kal_limits_get(&limits);
    return limits.exec ? KAL_OK : kal__over_limit(err, "exec=true", "exec: programs are not run here");
}

static kal_status check_command(const kal_exec_p *p, kal_error *err)
{
    kal__arena arena = {0};
    char **list;
    int n;
    const bool in = strstr(p->command, "{in}"), out = strstr(p->command, "{out}");
    kal_status st = kal__words_split(p->command, NULL, NULL, &arena, &list, &n, err);
    if (!st && (!n || !*list[0]))
        st = kal_fail(err, KAL_INVALID, "a command is needed, as \"program {in} {out}\"");
    if (!st && p->pipe && (in || out))
        st = kal_fail(err, KAL_INVALID, "{in} and {out} are files, and with pipe=true there are none");
    if (!st && !p->pipe && !(in && out))
        st = kal_fail(err, KAL_INVALID,
                      "the command must name the files {in} and {out}, or be given pipe=true");
    kal__arena_free(&arena);
    return st;
}

// What was left open is that of the picture. Channels that are said make a picture of as many.
static void settle(const kal_extent *in, kal_exec_p *p, kal_extent *out)
{
    if (p->width == KAL_AUTO) p->width = in->width;
    if (p->height == KAL_AUTO) p->height = in->height;
    if (p->channels == KAL_AUTO) p->channels = in->channels;
    if (p->type == KAL_AUTO) p->type = (int32_t)in->type;
    *out = (kal_extent){p->width, p->height, p->channels, (kal_type)p->type, in->model, in->alpha};
    if (p->channels == in->channels && in->model != KAL_MASK) return;
    out->model = p->channels <= 2 ? KAL_GRAY : p->channels <= 4 ? KAL_RGB : KAL_DATA;
    out->alpha = p->channels == 2 || p->channels == 4;
}

static const kal__codec *codec_of(const kal_exec_p *p)
{
    return kal__codec_named(words[p->format]);
}

// Whether the format can hold it; its parameters as they stand by themselves.
static kal_status fits(const kal_exec_p *p, const kal_extent *e, void *params, kal_error *err)
{
    size_t memory;
    const kal__codec *c = codec_of(p);
    kal__codec_defaults(c, words[p->format], params);
    return c->accepts(e, params, &memory, err);
}

static kal_status exec_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_exec_p *p = params;
    _Alignas(16) unsigned char room[KAL__PARAMS_ROOM];
    kal_status st = allowed(err);
    if (st) return st;
    settle(&c->in[0]->extent, p, out);
    st = check_command(p, err);
    if (!st) st = fits(p, &c->in[0]->extent, room, err);
    if (!st) st = fits(p, out, room, err);
    return st ? kal_within(err, "exec") : KAL_OK;
}

static kal_rect exec_need(const kal_call *c, int32_t i, kal_rect out)
{
    (void)i, (void)out;
    return kal_rect_all(&c->in[0]->extent);
}

static size_t raw_bytes(const kal_extent *e)
{
    return (size_t)e->width * (size_t)e->height * kal_pixel_size(e);
}

// Not used, but held: both pictures as bytes of a file.
static size_t exec_scratch(const kal_call *c, int32_t width, int32_t height)
{
    (void)width, (void)height;
    return (c->params && ((const kal_exec_p *)c->params)->pipe ? raw_bytes(&c->in[0]->extent) : 0) +
           raw_bytes(&c->extent);
}

// ---- the picture as bytes -----------------------------------------------------------------------

// Rows y0 to y1 of a tile.
static kal_tile rows_of(const kal_tile *t, int32_t y0, int32_t y1)
{
    kal_tile part = *t;
    part.row0 = (t->row0 + (y0 - t->rect.y0)) % t->ring;
    part.rect.y0 = y0;
    part.rect.y1 = y1;
    return part;
}

static kal_status put_pieces(const kal__codec *c, kal__encoder *e, const kal__pieces *how, const kal_tile *in,
                             kal_error *err)
{
    kal_status st = KAL_OK;
    for (int32_t y = 0; y < in->rect.y1 && !st; y += how->rows) {
        const int32_t above = y < how->above ? y : how->above,
                      end = y + how->rows < in->rect.y1 ? y + how->rows : in->rect.y1;
        const kal_tile part = rows_of(in, y - above, end);
        kal__piece piece = {0};
        st = c->pack(e, &part, y, &piece, err);
        if (!st) st = c->join(e, &piece, err);
        free(piece.data);
    }
    return st;
}

static kal_status put_rows(const kal__codec *c, kal__encoder *e, const kal_tile *in, kal_error *err)
{
    kal_status st = KAL_OK;
    const ptrdiff_t stride = (ptrdiff_t)kal_tile_width(in) * in->pixel;
    for (int32_t y = 0; y < in->rect.y1 && !st; y++) st = c->put(e, kal_row(in, y), stride, 1, err);
    return st;
}

// Takes the writer.
static kal_status encode(const kal_exec_p *p, const kal_extent *e, const kal_tile *in, kal__writer *w,
                         kal_error *err)
{
    const kal__codec *c = codec_of(p);
    _Alignas(16) unsigned char params[KAL__PARAMS_ROOM];
    kal__encoder *encoder = NULL;
    kal__pieces how = {0};
    kal__meta *meta = kal__meta_new();
    kal_status st = meta ? fits(p, e, params, err) : kal_fail(err, KAL_NOMEM, "out of memory");
    if (!st) st = kal__write_suited(c, NULL, &w, err);
    if (!st) st = c->begin(e, params, meta, w, &encoder, err);
    if (!st && c->pieces) c->pieces(e, params, &how);
    if (!st) st = how.rows ? put_pieces(c, encoder, &how, in, err) : put_rows(c, encoder, in, err);
    if (encoder) {
        const kal_status end = c->end(encoder, st ? NULL : err);
        if (!st) st = end;
    }
    kal__meta_unref(&meta);
    if (!st) return w->commit(w, err);
    if (w) w->abort(w);
    return st;
}

static kal_status check_result(const kal_call *call, const kal_extent *got, kal_error *err)
{
    const kal_extent *e = &call->extent;
    if (got->width == e->width && got->height == e->height && got->channels == e->channels &&
        got->type == e->type)
        return KAL_OK;
    return kal_fail(
        err, KAL_INVALID,
        "it gave %d×%d of %d channels %s instead of %d×%d of %d channels %s; width=, height=, channels= and "
        "type= say what it gives",
        got->width, got->height, got->channels, kal_type_name(got->type), e->width, e->height, e->channels,
        kal_type_name(e->type));
}

static kal_status decode(const kal_call *call, const unsigned char *data, size_t size, const kal_tile *out,
                         kal_error *err)
{
    const kal__codec *c = codec_of(call->params);
    kal__ask ask = {.page = 0};
    kal__header h = {.rows = 0};
    kal__reader *r, *again;
    kal__decoder *d = NULL;
    kal__meta *meta = kal__meta_new();
    kal_limits_get(&ask.limits);
    if (!meta) return kal_fail(err, KAL_NOMEM, "out of memory");
    kal_status st =
        size && c->sniff(data, size)
            ? kal__open_memory(data, size, "its picture", &r, err)
            : kal_fail(err, KAL_CORRUPT, size ? "what it gave is no %s" : "it gave no %s", c->name);
    if (st) return kal__meta_unref(&meta), st;
    st = c->header(r, &ask, &h, meta, err);
    r->close(r);
    kal__meta_unref(&meta);
    if (!st) st = check_result(call, &h.extent, err);
    if (!st) st = kal__open_memory(data, size, "its picture", &again, err);
    if (st) return st;
    st = c->open(again, &ask, &d, err);
    if (!st) st = c->rows(d, kal_row(out, 0), out->stride, call->extent.height, err);
    if (d) {
        const kal_status end = c->close(d, st ? NULL : err);
        if (!st) st = end;
    }
    again->close(again);
    return st;
}

// ---- through pipes ------------------------------------------------------------------------------

static uint64_t most_bytes(const kal_call *c)
{
    return 2 * (uint64_t)raw_bytes(&c->extent) + ((uint64_t)1 << 20);
}

// A program without a slash that is one of the files is the one that is here.
static kal_status split(const kal_exec_p *p, const char *in, const char *out, kal__arena *arena, char ***list,
                        kal_error *err)
{
    int n;
    const kal_status st = kal__words_split(p->command, in, out, arena, list, &n, err);
    if (st || strchr((*list)[0], '/') || !kal__files_have(p->files, (*list)[0])) return st;
    char *here = kal__take(arena, strlen((*list)[0]) + 3, 1);
    if (!here) return kal_fail(err, KAL_NOMEM, "out of memory");
    memcpy(here, "./", 2);
    memcpy(here + 2, (*list)[0], strlen((*list)[0]));
    (*list)[0] = here;
    return KAL_OK;
}

static kal_status through_pipes(const kal_job *j, kal__arena *arena, kal_error *err)
{
    const kal_exec_p *p = j->call->params;
    unsigned char *data = NULL;
    char **list;
    kal__writer *w;
    kal__child child = {
        .pipe = true, .most = most_bytes(j->call), .seconds = p->seconds, .watch = kal__watch_of_band()};
    kal_status st = split(p, NULL, NULL, arena, &list, err);
    if (!st) st = kal__write_memory(&data, &child.in_size, &w, err);
    if (!st) st = encode(p, &j->call->in[0]->extent, &j->in[0], w, err);
    child.words = list;
    child.in = data;
    if (!st) st = kal__child_run(&child, err);
    free(data);
    if (!st) st = decode(j->call, (const unsigned char *)child.out.data, child.out.size, j->out, err);
    free(child.out.data);
    return st;
}

// ---- through files ------------------------------------------------------------------------------

#define PATH 400

// Names without anything that a shell, which the command may call, would take for its own.
static kal_status make_folder(char folder[PATH], kal_error *err)
{
    const char *tmp = getenv("TMPDIR");
    if (!tmp || !*tmp) tmp = "/tmp";
    if (tmp[strspn(tmp, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+@%,:")] ||
        *tmp == '-')
        return kal_fail(err, KAL_INVALID, "TMPDIR=%.100s has characters that have a meaning to a shell", tmp);
    if (snprintf(folder, PATH, "%s/kal-exec-XXXXXX", tmp) >= PATH - 16)
        return kal_fail(err, KAL_INVALID, "TMPDIR=%.100s… is too long", tmp);
    if (mkdtemp(folder)) return KAL_OK;
    return kal__cannot_write(err, "%s: a folder for pictures cannot be made: %s", folder, strerror(errno));
}

static kal_status read_result(const kal_call *call, const char *path, const kal_tile *out, kal_error *err)
{
    struct stat st;
    kal__reader *r;
    unsigned char *data = NULL;
    size_t size = 0;
    if (stat(path, &st) || !S_ISREG(st.st_mode)) return kal_fail(err, KAL_CALLBACK, "it wrote no {out}");
    kal_status status = kal__open_file(path, &r, err);
    if (status) return status;
    status = kal__read_all(r, most_bytes(call), &data, &size, err);
    r->close(r);
    if (!status) status = decode(call, data, size, out, err);
    free(data);
    return status;
}

static kal_status through_files(const kal_job *j, kal__arena *arena, kal_error *err)
{
    const kal_exec_p *p = j->call->params;
    char folder[PATH], in[PATH + 16], out[PATH + 16], **list = NULL;
    kal__writer *w;
    kal_status st = make_folder(folder, err);
    if (st) return st;
    snprintf(in, sizeof in, "%s/in.%s", folder, words[p->format]);
    snprintf(out, sizeof out, "%s/out.%s", folder, words[p->format]);
    st = split(p, in, out, arena, &list, err);
    if (!st) st = kal__write_file(in, &w, err);
    if (!st) st = encode(p, &j->call->in[0]->extent, &j->in[0], w, err);
    kal__child child = {.words = list,
                        .file = out,
                        .most = most_bytes(j->call),
                        .seconds = p->seconds,
                        .watch = kal__watch_of_band()};
    if (!st) st = kal__child_run(&child, err);
    if (!st) st = read_result(j->call, out, j->out, err);
    kal__remove_tree(folder);
    return st;
}

// The files are those of the key: before, and still after.
static kal_status exec_run(const kal_job *j)
{
    const kal_exec_p *p = j->call->params;
    kal__arena arena = {0};
    kal_error local, *err = j->err ? j->err : &local;
    kal_status st = allowed(err);
    if (st) return st;
    st = kal__files_same(p->files, err);
    if (!st) st = (p->pipe ? through_pipes : through_files)(j, &arena, err);
    if (!st) st = kal__files_same(p->files, err);
    kal__arena_free(&arena);
    return st && st != KAL_CANCELLED && st != KAL_DEADLINE ? kal_within(err, "exec") : st;
}

const kal_op kal__op_exec = {
    .name = "exec",
    .version = 1,
    .family = "files",
    // clang-format off
    .help =
        "What a program makes of the picture\n"
        "It is given the picture as a file, or with pipe=true on its standard input, and gives another back in the same format. What\n"
        "it gave is kept under a key of the picture, the command as it is written, version, and the bytes of files. What else it hangs on\n"
        "(a library, the program itself when it is not among the files) is not seen: raise version when that changes.\n"
        "Blanks separate the words of the command; 'a b' and \"a b\" are one word, \\ takes the next character as it is. There is no\n"
        "shell: write sh -c '…' for one. A program without a slash is the one of that name in files, else found as everywhere.\n"
        "It must end with 0, in the seconds it has; a request that is stopped stops it and all that it started. Programs run where\n"
        "kal_limits.exec allows it: in the command, but not with --untrusted, and in no other program that does not say so.",
    // clang-format on
    .inputs = "image",
    .params = exec_params,
    .n_params = sizeof exec_params / sizeof *exec_params,
    .params_size = sizeof(kal_exec_p),
    .flags = KAL_OP_WHOLE | KAL_OP_SERIAL,
    .cost = 1000,
    .extent = exec_extent,
    .need = exec_need,
    .scratch = exec_scratch,
    .run = exec_run,
};
