// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Which pictures a command is about, and a table of who has which path. A list of files is held as its bytes and a
// pointer for each: no picture is looked at before its turn.
#include "job.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

// ---- pictures -----------------------------------------------------------------------------------

// Blanks alone name no file in a list of lines; whoever has such a file says -0.
static bool names_nothing(const char *at, const char *end, char mark)
{
    while (at < end && mark == '\n' && (*at == ' ' || *at == '\t' || *at == '\r')) at++;
    return at == end;
}

// Cuts the list in place. Called twice, first to count.
static int32_t split(source_text *list, char mark, const char **paths)
{
    int32_t n = 0;
    for (char *at = list->data, *end = at + list->size; at < end;) {
        char *stop = memchr(at, mark, (size_t)(end - at));
        if (!stop) stop = end;
        char *last =
            mark == '\n' && stop > at && stop[-1] == '\r' ? stop - 1 : stop;   // a list from elsewhere
        if (!names_nothing(at, stop, mark)) {
            if (paths) paths[n] = at, *stop = *last = 0;
            n++;
        }
        at = stop + 1;
    }
    return n;
}

// The last line may lack its end; the room for a 0 there comes with it.
static int take_list(inputs *in, const settings *s)
{
    const char mark = s->null ? 0 : '\n';
    if (s->file && !strcmp(s->file, "-") && !strcmp(s->list, "-"))
        return usage("-f and --files-from cannot both read standard input");
    int code = text_read(&in->list, s, s->list);
    if (code) return code;
    if (!s->null && memchr(in->list.data, 0, in->list.size))
        return usage("--files-from: %s holds bytes of 0; is -0 meant?", s->list);
    char *data = realloc(in->list.data, in->list.size + 1);
    if (!data) return usage("out of memory for a list of files");
    in->list.data = data;
    const int32_t more = in->list.size < INT32_MAX / 2 ? split(&in->list, mark, NULL) : INT32_MAX / 2;
    if (more == INT32_MAX / 2) return usage("--files-from: %s is too large", s->list);
    if (!more) return usage("--files-from: %s names no file", s->list);
    const char **paths = realloc(in->paths, (size_t)(in->n + more) * sizeof *paths);
    if (!paths) return usage("out of memory for a list of files");
    in->paths = paths;
    in->n += split(&in->list, mark, paths + in->n);
    return EXIT_OK;
}

int inputs_take(inputs *in, const settings *s, const char *const *words, int n)
{
    *in = (inputs){.paths = malloc(((size_t)n + 1) * sizeof *in->paths), .n = n};
    if (!in->paths) return usage("out of memory");
    for (int i = 0; i < n; i++) in->paths[i] = words[i];
    if (s->null && !s->list) return usage("-0 is about the list of --files-from, and there is none");
    return s->list ? take_list(in, s) : EXIT_OK;
}

void inputs_free(inputs *in)
{
    text_free(&in->list);
    free(in->paths);
    in->paths = NULL;
}

bool is_batch(const settings *s)
{
    return is_template(s->out) || s->table || s->sheet || s->manifest || s->shard || s->sweeps.n;
}

bool inputs_each(const inputs *in, const settings *s)
{
    return is_batch(s) && (in->n > 1 || s->list);
}

// ---- who has which path -------------------------------------------------------------------------

struct claim {
    char *path;   // the file's own name, whatever the spelling; NULL: free
    int32_t by;
};

// Where the path is, or where it would go.
static struct claim *slot_of(const claims *c, const char *path)
{
    size_t i = (size_t)text_hash(path) & (c->room - 1);
    while (c->slots[i].path && strcmp(c->slots[i].path, path) != 0) i = (i + 1) & (c->room - 1);
    return &c->slots[i];
}

static bool make_room(claims *c)
{
    if (c->n * 2 < c->room) return true;
    claims more = {calloc(c->room ? c->room * 2 : 64, sizeof *more.slots), c->n, c->room ? c->room * 2 : 64};
    if (!more.slots) return false;
    for (size_t i = 0; i < c->room; i++)
        if (c->slots[i].path) *slot_of(&more, c->slots[i].path) = c->slots[i];
    free(c->slots);
    *c = more;
    return true;
}

static int32_t find_name(const claims *c, char *name)
{
    const int32_t by = name && c->n ? slot_of(c, name)->by : 0;
    free(name);
    return by;
}

// Takes the name.
static int32_t add_name(claims *c, char *name, int32_t by)
{
    struct claim *slot = name && make_room(c) ? slot_of(c, name) : NULL;
    const int32_t was = slot ? slot->by : -1;
    if (slot && !slot->path) {
        *slot = (struct claim){name, by};
        c->n++;
    } else {
        free(name);
    }
    return was;
}

int32_t claims_find(const claims *c, const char *path)
{
    return find_name(c, kal_target_name(path));
}

int32_t claims_add(claims *c, const char *path, int32_t by)
{
    return add_name(c, kal_target_name(path), by);
}

int32_t claims_add_text(claims *c, const char *text, int32_t by)
{
    return add_name(c, strdup(text), by);
}

// A file that is there by itself, whatever its names are. NULL: it is not, or there is no memory.
static char *own_name(const char *path)
{
    struct stat st;
    char text[48];
    if (stat(path, &st) != 0) return NULL;
    snprintf(text, sizeof text, "=%llx:%llx", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
    return strdup(text);
}

int32_t claims_find_file(const claims *c, const char *path)
{
    const int32_t by = claims_find(c, path);
    return by ? by : find_name(c, own_name(path));
}

int32_t claims_add_file(claims *c, const char *path, int32_t by)
{
    int32_t was = claims_add(c, path, by);
    char *own = was ? NULL : own_name(path);
    return own ? add_name(c, own, by) : was;
}

void claims_free(claims *c)
{
    for (size_t i = 0; i < c->room; i++) free(c->slots[i].path);
    free(c->slots);
    *c = (claims){NULL, 0, 0};
}
