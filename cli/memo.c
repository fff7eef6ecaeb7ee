// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// `kal memo`: the folder of earlier results, looked at and cleared up.
#include "cli.h"
#include "out.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

typedef struct sums {
    uint64_t entries, bytes, on_disk, damaged;
    double seconds;
    uint64_t kinds[4];
} sums;

// What each of the words says with --json: {"folder": …
static void begin_answer(json *j, const char *folder)
{
    json_open(j, NULL, '{');
    json_text(j, "folder", folder);
}

static int end_answer(json *j)
{
    json_close(j, '}');
    putchar('\n');
    return EXIT_OK;
}

static const char *const kinds[] = {"rows", "bytes", "value", "blob"};

static bool add(void *user, const kal_memo_entry *e)
{
    sums *t = user;
    t->entries++;
    t->on_disk += e->on_disk;
    t->damaged += !e->sound;
    if (!e->sound) return true;
    t->bytes += e->bytes;
    t->seconds += e->seconds;
    for (size_t i = 0; i < 4; i++) t->kinds[i] += !strcmp(e->kind, kinds[i]);
    return true;
}

static int stat_folder(const settings *s)
{
    sums t = {0};
    kal_error err;
    char size[16];
    if (kal_memo_each(NULL, false, add, &t, &err)) return fail(&err);
    if (!s->json) {
        printf("%s: %llu entries, %s, which took %.1f s to make\n", s->memo_dir,
               (unsigned long long)t.entries, size_text((double)t.on_disk, size), t.seconds);
        for (size_t i = 0; i < 4; i++)
            if (t.kinds[i]) printf("  %llu %s\n", (unsigned long long)t.kinds[i], kinds[i]);
        if (t.damaged) printf("  %llu damaged\n", (unsigned long long)t.damaged);
        return EXIT_OK;
    }
    json j = {stdout, false};
    begin_answer(&j, s->memo_dir);
    json_count(&j, "entries", t.entries);
    json_count(&j, "bytes", t.bytes);
    json_count(&j, "on_disk", t.on_disk);
    json_number(&j, "seconds", t.seconds);
    json_open(&j, "kinds", '{');
    for (size_t i = 0; i < 4; i++) json_count(&j, kinds[i], t.kinds[i]);
    json_close(&j, '}');
    json_count(&j, "damaged", t.damaged);
    return end_answer(&j);
}

// How many characters a line may have; 0: any number, since nobody looks at it as it is.
static int line_room(void)
{
    struct winsize w;
    return isatty(1) && ioctl(1, TIOCGWINSZ, &w) == 0 ? w.ws_col : 0;
}

// A line that is written piece by piece, and how far it has come.
typedef struct told {
    int room, at;
} told;

static void put_char(told *t, const char *s, size_t n)
{
    t->at++;
    if (!t->room || t->at < t->room) fwrite(s, 1, n, stdout);
    if (t->room && t->at == t->room) fputs("…", stdout);
}

// Whoever can write to the folder may have put into a recipe what a terminal would obey.
static void put_piece(told *t, const char *s, size_t n)
{
    for (size_t i = 0, k; i < n; i += k) {
        for (k = 1; i + k < n && ((unsigned char)s[i + k] & 0xc0) == 0x80;) k++;
        const unsigned char c = (unsigned char)s[i];
        const bool c1 = c == 0xc2 && k > 1 && (unsigned char)s[i + 1] < 0xa0;
        put_char(t, c1 || c < 0x20 || c == 0x7f ? " " : s + i, c1 || c < 0x20 || c == 0x7f ? 1 : k);
    }
}

// " name=…" in a line, which may be in quotes. 0: it is not there.
static size_t piece_of(const char *s, size_t n, const char *name, const char **at)
{
    const size_t size = strlen(name);
    bool quoted = false;
    for (size_t i = 0; i + size <= n; i++) {
        if (s[i] == '"' && (!i || s[i - 1] != '\\')) quoted = !quoted;
        if (quoted || memcmp(s + i, name, size) != 0) continue;
        *at = s + i;
        size_t k = size;
        for (quoted = false; i + k < n && (quoted || s[i + k] != ' '); k++)
            if (s[i + k] == '"' && s[i + k - 1] != '\\') quoted = !quoted;
        return k;
    }
    return 0;
}

// Of a picture that was loaded the file's name and bytes come first: they are what is looked for.
static void put_line(told *t, const char *s, size_t n)
{
    const char *digest = NULL, *file = NULL;
    const size_t bytes = piece_of(s, n, " digest=", &digest), name = piece_of(s, n, " file=", &file);
    size_t head = 0;
    for (size_t i = 0; bytes && i < n && s[i] != '='; i++)
        if (s[i] == ' ') head = i;
    if (!bytes || s + head > digest || (name && file != digest + bytes)) {
        put_piece(t, s, n);
        return;
    }
    put_piece(t, s, head);
    put_piece(t, file, name);
    put_piece(t, digest, bytes);
    put_piece(t, s + head, (size_t)(digest - s) - head);
    put_piece(t, digest + bytes + name, n - (size_t)(digest + bytes + name - s));
}

static void put_lines(const char *text, size_t n)
{
    const int room = line_room();
    for (size_t i = 0; i < n;) {
        const char *end = memchr(text + i, '\n', n - i);
        const size_t k = end ? (size_t)(end - text) - i : n - i;
        put_line(&(told){room, 0}, text + i, k);
        putchar('\n');
        i += k + 1;
    }
}

// ---- list ---------------------------------------------------------------------------------------

// The last line of a recipe is the entry's own: what it is, without its keys.
static void last_line(const kal_memo_entry *e, const char **at, int *n)
{
    const char *end = e->recipe + e->recipe_size, *start;
    while (end > e->recipe && end[-1] == '\n') end--;
    for (start = end; start > e->recipe && start[-1] != '\n';) start--;
    if (end - start > 33) start += 33;   // its key
    const char *stop = start;
    for (const char *c = start; c + 1 < end; c++)
        if (c[0] == ' ' && c[1] == ':') stop = c;
    *at = start;
    *n = (int)((stop > start ? stop : end) - start);
}

static bool list_one(void *user, const kal_memo_entry *e)
{
    json *j = user;
    char key[33], used[24] = "", size[16];
    const char *what = "damaged";
    int n = 7;
    const time_t t = (time_t)e->used;
    struct tm tm;
    if (e->sound) last_line(e, &what, &n);
    if (localtime_r(&t, &tm)) strftime(used, sizeof used, "%Y-%m-%d %H:%M", &tm);
    if (!j) {
        const int room = line_room(), before = printf("%s %8s %s %8.3f s ", kal_key_print(e->key, key),
                                                      size_text((double)e->on_disk, size), used, e->seconds);
        put_line(&(told){room && room <= before ? before + 1 : room, before}, what, (size_t)n);
        putchar('\n');
        return true;
    }
    if (j->more) fputs(",\n ", stdout), j->more = false;
    json_open(j, NULL, '{');
    json_text(j, "key", kal_key_print(e->key, key));
    json_bool(j, "sound", e->sound);
    json_count(j, "on_disk", e->on_disk);
    json_count(j, "used", e->used);
    if (e->sound) {
        json_text(j, "kind", e->kind);
        json_count(j, "bytes", e->bytes);
        json_count(j, "made", e->made);
        json_number(j, "seconds", e->seconds);
        json_span(j, "recipe", e->recipe, e->recipe_size);
    }
    json_close(j, '}');
    return true;
}

static int list_folder(const settings *s)
{
    kal_error err;
    json j = {stdout, false};
    if (s->json) json_open(&j, NULL, '[');
    if (kal_memo_each(NULL, false, list_one, s->json ? &j : NULL, &err)) return fail(&err);
    if (s->json) puts("]");
    return EXIT_OK;
}

// ---- verify, gc, clear --------------------------------------------------------------------------

typedef struct damaged {
    kal_key *keys;
    size_t n, room, seen;
    bool short_of_memory;
} damaged;

static bool note_damaged(void *user, const kal_memo_entry *e)
{
    damaged *d = user;
    d->seen++;
    if (e->sound) return true;
    if (d->n == d->room) {
        const size_t room = d->room ? d->room * 2 : 16;
        kal_key *more = realloc(d->keys, room * sizeof *more);
        d->short_of_memory |= !more;
        if (!more) return false;
        d->keys = more;
        d->room = room;
    }
    d->keys[d->n++] = e->key;
    return true;
}

static void tell_damaged(const settings *s, const damaged *d)
{
    char key[33];
    json j = {stdout, false};
    if (!s->json) {
        for (size_t i = 0; i < d->n; i++) printf("%s is damaged\n", kal_key_print(d->keys[i], key));
        printf("%s: %zu entries, %zu damaged%s\n", s->memo_dir, d->seen, d->n, d->n ? " and removed" : "");
        return;
    }
    begin_answer(&j, s->memo_dir);
    json_count(&j, "entries", d->seen);
    json_open(&j, "damaged", '[');
    for (size_t i = 0; i < d->n; i++) json_text(&j, NULL, kal_key_print(d->keys[i], key));
    json_close(&j, ']');
    end_answer(&j);
}

static int verify_folder(const settings *s)
{
    damaged d = {0};
    kal_error err;
    int code = kal_memo_each(NULL, true, note_damaged, &d, &err) ? fail(&err) : EXIT_OK;
    if (!code && d.short_of_memory) usage("memo verify: out of memory"), code = EXIT_FAILED;
    for (size_t i = 0; i < d.n; i++) kal_memo_remove(NULL, d.keys[i]);
    if (!code || d.n) tell_damaged(s, &d);   // those that went are named
    free(d.keys);
    return code ? code : d.n ? EXIT_FAILED : EXIT_OK;
}

static int collect(const settings *s, uint64_t bytes)
{
    uint64_t before, after;
    char was[16], is[16];
    json j = {stdout, false};
    kal_error err;
    if (kal_memo_collect(NULL, bytes, &before, &after, &err)) return fail(&err);
    if (!s->json) {
        printf("%s: %s, was %s\n", s->memo_dir, size_text((double)after, is), size_text((double)before, was));
        return EXIT_OK;
    }
    begin_answer(&j, s->memo_dir);
    json_count(&j, "on_disk", after);
    json_count(&j, "before", before);
    return end_answer(&j);
}

static int collect_folder(const settings *s)
{
    return collect(s, UINT64_MAX);
}

static int clear_folder(const settings *s)
{
    return collect(s, 0);
}

// ---- why ----------------------------------------------------------------------------------------

static int print_why(kal_status st, kal_bytes *text, const kal_error *err)
{
    if (st) return fail(err);
    put_lines((const char *)text->data, text->size);
    kal_bytes_free(text);
    return EXIT_OK;
}

int why_of(const kal_node *node)
{
    kal_bytes text;
    kal_error err;
    return print_why(kal_memo_why(NULL, node, &text, &err), &text, &err);
}

static int why_key(const settings *s)
{
    kal_bytes text;
    kal_error err;
    kal_key key;
    if (s->json) return usage("memo why has no JSON; kal memo list --json tells what is there");
    if (s->n_words != 2 || !kal_key_parse(s->words[1], &key))
        return usage("memo why: of which key? 32 hex digits, as kal memo list prints them");
    return print_why(kal_memo_why_key(NULL, key, &text, &err), &text, &err);
}

// ---- export, import -----------------------------------------------------------------------------

typedef struct copying {
    kal_memo *from, *to;
    const char *const *words;   // keys; none: all
    int n_words;
    uint64_t copied, there;
    kal_error err;   // the first
    int failed;
} copying;

static void copy_one(copying *c, kal_key key)
{
    kal_error err;
    bool copied;
    const kal_status st = kal_memo_copy(c->from, c->to, key, &copied, &err);
    if (st && !c->failed) c->err = err;
    c->failed += st != KAL_OK;
    c->copied += !st && copied;
    c->there += !st && !copied;
}

static bool copy_each(void *user, const kal_memo_entry *e)
{
    copying *c = user;
    copy_one(c, e->key);
    return !c->failed || c->err.status == KAL_MISSING;   // what is damaged is passed over
}

typedef struct wanted {
    const char *const *words;   // keys
    int n;
    bool there;   // any of them
} wanted;

static bool find_wanted(void *user, const kal_memo_entry *e)
{
    wanted *w = user;
    char key[33];
    kal_key_print(e->key, key);
    for (int i = 0; i < w->n && !w->there; i++) w->there = !strcasecmp(w->words[i], key);
    return !w->there;
}

// Before the folder they go to is made.
static int check_keys(const char *const *words, int n)
{
    kal_key key;
    kal_error err;
    wanted w = {words, n, !n};
    for (int i = 0; i < n; i++)
        if (!kal_key_parse(words[i], &key))
            return usage("memo export: \"%s\" is no key of 32 hex digits", words[i]);
    if (n && kal_memo_each(NULL, false, find_wanted, &w, &err)) return fail(&err);
    if (w.there) return EXIT_OK;
    return usage("memo export: there is no whole entry %s%s", words[0],
                 n > 1 ? ", nor any of the others" : ""),
           EXIT_FAILED;
}

static void copy_keys(copying *c)
{
    for (int i = 0; i < c->n_words; i++) {
        kal_key key;
        if (kal_key_parse(c->words[i], &key)) copy_one(c, key);
    }
}

static void tell_copied(const settings *s, const copying *c, const char *folder)
{
    json j = {stdout, false};
    if (!s->json) {
        printf("%s: %llu entries copied, %llu were there%s\n", folder, (unsigned long long)c->copied,
               (unsigned long long)c->there, c->failed ? ", others are not whole" : "");
        return;
    }
    begin_answer(&j, folder);
    json_count(&j, "copied", c->copied);
    json_count(&j, "there", c->there);
    json_count(&j, "failed", (uint64_t)c->failed);
    end_answer(&j);
}

// From or to a folder that is not the one of --memo-dir; of any size.
static int copy_between(const settings *s, bool out)
{
    kal_error err;
    const char *folder = s->words[1];
    struct stat st;
    if (!out && (stat(folder, &st) != 0 || !S_ISDIR(st.st_mode)))
        return usage("memo import: there is no folder %s", folder), EXIT_INPUT;
    if (!out && !is_memo(folder)) return usage("memo import: %s: there is no memo there", folder);
    if (out) {
        const int code = check_keys(s->words + 2, s->n_words - 2);
        if (code) return code;
    }
    kal_memo *other = kal_memo_new(1);
    if (!other) return usage("out of memory");
    copying c = {.from = out ? NULL : other,
                 .to = out ? other : NULL,
                 .words = s->words + 2,
                 .n_words = s->n_words - 2};
    const kal_status opened = out ? kal_memo_set_folder(other, folder, (uint64_t)1 << 62, &err)
                                  : kal_memo_look_into(other, folder, &err);
    int code = opened ? fail(&err) : EXIT_OK;
    if (!code && c.n_words) copy_keys(&c);
    if (!code && !c.n_words && kal_memo_each(c.from, false, copy_each, &c, &err)) code = fail(&err);
    kal_memo_free(&other);
    if (code) return code;
    tell_copied(s, &c, out ? folder : s->memo_dir);
    return c.failed ? fail(&c.err), EXIT_FAILED : EXIT_OK;
}

static int export_entries(const settings *s)
{
    if (s->n_words < 2) return usage("memo export: into which folder? kal memo export DIR [KEY...]");
    return copy_between(s, true);
}

static int import_entries(const settings *s)
{
    if (s->n_words != 2) return usage("memo import: from which folder? kal memo import DIR");
    return copy_between(s, false);
}

static const struct {
    const char *name, *takes;
    int (*run)(const settings *s);
} words[] = {
    {"stat", "", stat_folder},          {"list", "", list_folder},          {"verify", "", verify_folder},
    {"gc", "", collect_folder},         {"clear", "", clear_folder},        {"why", " KEY", why_key},
    {"export", " DIR", export_entries}, {"import", " DIR", import_entries},
};

// The words there are, each with what follows it.
static int no_such_word(const settings *s)
{
    char list[160] = "";
    size_t n = 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        n += (size_t)snprintf(list + n, sizeof list - n, "%s%s%s", i ? ", " : "", words[i].name,
                              words[i].takes);
    if (!s->n_words) return usage("memo: one of %s", list);
    return usage("memo: there is no \"%s\"; one of %s", s->words[0], list);
}

int memo_main(settings *s)
{
    size_t i = 0;
    while (i < sizeof words / sizeof *words && s->n_words && strcmp(s->words[0], words[i].name) != 0) i++;
    if (!s->n_words || i == sizeof words / sizeof *words) return no_such_word(s);
    if (!*words[i].takes && s->n_words > 1)
        return usage("memo %s is of the whole folder: what is \"%s\"?", words[i].name, s->words[1]);
    if (!s->memo_dir || !*s->memo_dir) return usage("memo: of which folder? --memo-dir DIR, or KAL_MEMO_DIR");
    return words[i].run(s);
}
