// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The command `kal`: the table of verbs, and who is called. What is no verb is looked for among the ops: each
// of them is a verb too. Read job.c for what a run is.
#define _GNU_SOURCE   // vasprintf
#include "out.h"
#include "records.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const verb verbs[] = {
    {"run", run_main, OPT_TEXT | OPT_OUT | OPT_RUN | OPT_EVAL | OPT_WATCH | OPT_SWEEP,
     "TEXT | -f FILE [IN...] [-o OUT]", "run a text",
     "Pictures after the text are bound to in (the first), in1, in2, in3 and so on. -o saves the last "
     "expression.\n"
     "With several pictures, or --files-from, and a template in -o the text runs once for each, several at a "
     "time; a\n"
     "bad one is told and the others go on. So it does with --sweep for each value, or each combination. A "
     "print in the\n"
     "text writes one line: size, kind, key, content key; with --table it stands there."},
    {"info", info_main, OPT_INFO | OPT_JSON | OPT_READ, "FILE...", "what the header of a file says",
     "Size, kind, pages, orientation, density, profile, and the usual fields of EXIF, IPTC and XMP. No pixel "
     "is\n"
     "decoded."},
    {"key", key_main, OPT_TEXT | OPT_KEY | OPT_EVAL, "TEXT | -f FILE [IN...]",
     "the key of the last expression",
     "Without --content it names the recipe: ops, parameters and the bytes of the files, not their paths; "
     "nothing\n"
     "is computed. With --content it names the pixels."},
    {"explain", explain_main, OPT_TEXT | OPT_OUT | OPT_EVAL | OPT_JSON | OPT_EXPLAIN,
     "TEXT | -f FILE [IN...] [-o OUT]", "the plan, without running it",
     "A row for each stage: strategy, bands, bytes; and the peak."},
    {"graph", graph_main, OPT_TEXT | OPT_DRAW | OPT_READ, "--dot | --svg TEXT | -f FILE [IN...] [-o OUT]",
     "the graph as a picture",
     "-o writes the drawing to a file; its suffix, .dot or .svg, may stand for the option."},
    {"diff", diff_main, OPT_DIFF | OPT_EVAL | OPT_JSON | OPT_QUIET, "A B",
     "compare the pixels of two pictures",
     "Exits with 0 when they are the same within the tolerance, 1 when they differ, 2 or more when there is "
     "trouble."},
    {"show", show_main, OPT_SHOW | OPT_EVAL, "IN", "the picture in the terminal",
     "Half blocks in 24 bit colour, or the kitty protocol where the terminal has it."},
    {"grid", grid_main, OPT_GRID | OPT_OUT | OPT_RUN | OPT_EVAL, "IN... [name=value...] -o OUT",
     "pictures side by side on a sheet",
     "The op that makes sheets, whose other parameters may follow the pictures: kal grid *.png --labels "
     "'{stem}' "
     "--cell 320x240\n"
     "gap=4 background=white -o sheet.png."},
    {"optimize", optimize_main, OPT_OPTIMIZE | OPT_EVAL | OPT_JSON | OPT_QUIET,
     "IN... [name=value...] [-o OUT]", "the smallest files that look right, or the best that fit",
     "Tries formats and qualities, decodes and scores what comes of them, and writes the file that an aim "
     "asks for: kal "
     "optimize\n"
     "*.jpg min_score=85 -o 'small/{stem}.{ext}', or max_bytes=200000. {ext} is the suffix of the format "
     "that was "
     "chosen. Without\n"
     "an aim: the smallest at SSIMULACRA2 90, which is visually lossless. Exits with 1 when a picture could not "
     "be had within its\n"
     "bounds; what comes nearest is written then, but not over the picture itself."},
    {"merge", merge_main, OPT_MERGE | OPT_QUIET, "MANIFEST... [-o ALL.jsonl]",
     "whether the shards of a batch are all there",
     "Joins what --manifest wrote: which runs are missing, which failed, which two shards did. Exits with 1 "
     "when it is\n"
     "not complete."},
    {"memo", memo_main, OPT_MEMO | OPT_JSON,
     "stat | list | verify | gc | clear | why KEY | export DIR | import DIR", "the folder of earlier results",
     "How much there is; what; whether it is whole (what is damaged goes); down to its size; away with all "
     "of "
     "it;\n"
     "what an entry was made from, and what differs least from it; copies of entries into another folder, or "
     "from it,\n"
     "each looked at whole. Files that are none of ours stay."},
    {"ops", ops_main, OPT_JSON, "[NAME | WORD]", "the operations",
     "All of them, the help of one, or those with a word in the name or the first line of the help."},
    {"formats", formats_main, OPT_JSON, "[NAME]", "the formats, and how each is saved",
     "With a name: the parameters of saving, as they follow the path in a text. The libraries are loaded for "
     "their versions."},
    {"help", help_main, OPT_JSON, "[NAME]", "help for a verb, an op or a format", NULL},
    {"version", version_main, OPT_VERSION | OPT_JSON, "", "version, and what it was built with", NULL},
};

const verb *verb_at(size_t i)
{
    return i < sizeof verbs / sizeof *verbs ? &verbs[i] : NULL;
}

const verb *verb_find(const char *name)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (!strcmp(verbs[i].name, name)) return &verbs[i];
    return NULL;
}

// ---- errors -------------------------------------------------------------------------------------

static _Thread_local FILE *own_messages, *own_results;

void speak_to(FILE *messages, FILE *results)
{
    own_messages = messages;
    own_results = results;
}

FILE *errors(void)
{
    return own_messages ? own_messages : stderr;
}

FILE *answers(void)
{
    return own_results ? own_results : stdout;
}

static void say(const char *kind, const char *text)
{
    fprintf(errors(), "kal: %s", kind);
    put_message(errors(), text);
    fputc('\n', errors());
}

static void say_all(const char *fmt, va_list args)
{
    char *text = NULL;
    if (vasprintf(&text, fmt, args) < 0) text = NULL;
    say("", text ? text : "out of memory");
    free(text);
}

int usage(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    say_all(fmt, args);
    va_end(args);
    return EXIT_USAGE;
}

int failed(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    say_all(fmt, args);
    va_end(args);
    return EXIT_FAILED;
}

// Exit codes; what is not said is 1.
static const unsigned char codes[] = {
    [KAL_INVALID] = EXIT_USAGE,         [KAL_SYNTAX] = EXIT_USAGE,      [KAL_LIMIT] = EXIT_LIMIT,
    [KAL_DEADLINE] = EXIT_LIMIT,        [KAL_UNSUPPORTED] = EXIT_INPUT, [KAL_CORRUPT] = EXIT_INPUT,
    [KAL_CHANGED] = EXIT_INPUT,         [KAL_IO] = EXIT_INPUT,          [KAL_MISSING] = EXIT_MISSING,
    [KAL_CANCELLED] = EXIT_INTERRUPTED,
};

// What is not supported, and reading and writing that failed, are of the inputs unless the error says that it is about something else.
int fail(const kal_error *err)
{
    const size_t row = (size_t)err->status;
    const bool elsewhere = err->about == KAL_ABOUT_OUTPUT || err->about == KAL_ABOUT_PROGRAM;
    const int code = row < sizeof codes / sizeof *codes ? codes[row] : 0;
    if (err->status != KAL_CANCELLED) say("", err->message[0] ? err->message : kal_status_text(err->status));
    return !code || (code == EXIT_INPUT && elsewhere) ? EXIT_FAILED : code;
}

// ---- the nearest name ---------------------------------------------------------------------------

static bool same_letters(const char *a, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (tolower((unsigned char)a[i]) != tolower((unsigned char)b[i])) return false;
    return true;
}

bool op_matches(const kal_op *op, const char *word)
{
    const size_t n = strlen(word), line = strcspn(op->help, "\n"), name = strlen(op->name);
    for (size_t i = 0; i + n <= name; i++)
        if (same_letters(op->name + i, word, n)) return true;
    for (size_t i = 0; i + n <= line; i++)
        if (same_letters(op->help + i, word, n)) return true;
    return false;
}

// A word of a letter or two is in nearly every line.
static bool any_op_matches(const char *word)
{
    const kal_op *op = NULL;
    if (strlen(word) < 3 || strpbrk(word, "'\" ")) return false;
    for (size_t i = 0; (op = kal_op_at(i)) != NULL && !op_matches(op, word);) i++;
    return op != NULL;
}

// Edits from one word to another (insert, delete, replace, swap of neighbours).
static int distance(const char *a, const char *b)
{
    enum { MOST = 40 };
    const int n = (int)strlen(a), m = (int)strlen(b);
    int rows[3][MOST + 1], *two = rows[0], *one = rows[1], *now = rows[2];
    if (n > MOST || m > MOST) return MOST;
    for (int k = 0; k <= m; k++) one[k] = k;
    for (int i = 1; i <= n; i++) {
        now[0] = i;
        for (int k = 1; k <= m; k++) {
            int d = one[k - 1] + (a[i - 1] != b[k - 1]);
            if (one[k] + 1 < d) d = one[k] + 1;
            if (now[k - 1] + 1 < d) d = now[k - 1] + 1;
            const bool swapped = i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1];
            if (swapped && two[k - 2] + 1 < d) d = two[k - 2] + 1;
            now[k] = d;
        }
        int *const free_row = two;
        two = one, one = now, now = free_row;
    }
    return one[m];
}

void nearer(const char *word, const char *name, const char **best, int *least)
{
    const int d = distance(word, name), longest = (int)strlen(word);
    if (d < *least && d <= (longest < 4 ? 1 : longest < 8 ? 2 : 3)) *best = name, *least = d;
}

static const char *nearest_word(const char *word)
{
    const char *best = NULL;
    int least = 100;
    kal_codec_info c;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) nearer(word, verbs[i].name, &best, &least);
    for (size_t i = 0; kal_op_at(i); i++) nearer(word, kal_op_at(i)->name, &best, &least);
    for (size_t i = 0; kal_codec_at(i, &c, NULL); i++) nearer(word, c.name, &best, &least);
    return best;
}

int no_such(const char *what, const char *word)
{
    const char *near = nearest_word(word);
    if (any_op_matches(word))
        return usage("there is no %s \"%s\"; kal ops %s lists ops that have to do with it", what, word, word);
    if (near) return usage("there is no %s \"%s\"; did you mean \"%s\"?", what, word, near);
    return usage("there is no %s \"%s\"; see kal help and kal ops", what, word);
}

static int unknown(const char *word)
{
    if (strpbrk(word, " |=;")) return usage("\"%s\" is not a verb; a text is run with: kal run 'TEXT'", word);
    return no_such("verb or op", word);
}

static void warn(void *user, const kal_warning *w)
{
    (void)user;
    say("warning: ", w->text);
}

// ---- who is called ------------------------------------------------------------------------------

static int call_verb(const verb *v, int argc, char **argv)
{
    settings s;
    int code = settings_read(&s, v->groups, argc, argv);
    s.called = v->name;
    if (!s.quiet) s.eval.warn = warn;
    kal_watch_opening(s.eval.deadline, NULL);
    if (!code && s.help) {
        if ((v->groups & OPT_TEXT) && (s.file || s.n_words)) code = help_text(&s);
        help_verb(v);
    } else if (!code) {
        code = v->run(&s);
        if (s.memo_remote) kal_memo_flush(NULL, &s.eval);
    }
    settings_free(&s);
    return code;
}

static int call_op(const kal_op *op, int argc, char **argv)
{
    settings s;
    int code = settings_read(&s, OPT_OUT | OPT_RUN | OPT_EVAL, argc, argv);
    s.called = op->name;
    if (!s.quiet) s.eval.warn = warn;
    if (!code && s.help) {
        help_op(op);
    } else if (!code) {
        code = op_main(op, &s);
        if (s.memo_remote) kal_memo_flush(NULL, &s.eval);
    }
    settings_free(&s);
    return code;
}

// ---- ops of others ------------------------------------------------------------------------------

static int load_plugin(const char *path, size_t n)
{
    kal_error err;
    char *copy = n ? strndup(path, n) : NULL;
    if (!copy) return n ? usage("out of memory") : EXIT_OK;
    const int code = kal_plugin_load(copy, &err) ? usage("--plugin: %s", err.message) : EXIT_OK;
    free(copy);
    return code;
}

// They are verbs, and words of help and completion: before anything else they must be there.
static int load_plugins(int argc, char **argv)
{
    const char *at = getenv("KAL_PLUGINS");
    int code = EXIT_OK;
    for (size_t n; at && *at && !code; at += n + (at[n] == ':')) {
        n = strcspn(at, ":");
        code = load_plugin(at, n);
    }
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0 && !code; i++) {
        const bool alone = !strcmp(argv[i], "--plugin");
        const char *path = alone && i + 1 < argc               ? argv[++i]
                           : !strncmp(argv[i], "--plugin=", 9) ? argv[i] + 9
                                                               : NULL;
        if (path) code = *path ? load_plugin(path, strlen(path)) : usage("--plugin: the name is empty");
    }
    return code;
}

// Words that stand for a verb.
static const char *alias(const char *word)
{
    static const char *const pairs[][2] = {
        {"--help", "help"}, {"-h", "help"}, {"--version", "version"}, {"-V", "version"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (!strcmp(word, pairs[i][0])) return pairs[i][1];
    return word;
}

// How many words before the verb are options and their values, which belong behind it.
static int options_before(int argc, char **argv)
{
    int n = 1;
    while (n < argc && argv[n][0] == '-' && argv[n][1] && alias(argv[n]) == argv[n] &&
           strncmp(argv[n], "--print-", 8)) {
        const option *o = NULL;
        const bool is_long = argv[n][1] == '-', alone = is_long ? !strchr(argv[n], '=') : !argv[n][2];
        for (size_t i = 0; (o = option_at(i)) != NULL; i++)
            if (is_long ? !strcmp(argv[n] + 2, o->flag) : argv[n][1] == o->letter) break;
        n += o && o->value && alone ? 2 : 1;
    }
    return n - 1;
}

static void verb_first(int argc, char **argv)
{
    const int n = options_before(argc, argv);
    if (n + 1 >= argc) return;
    char *first = argv[n + 1];
    memmove(argv + 2, argv + 1, (size_t)n * sizeof *argv);
    argv[1] = first;
}

static int dispatch(int argc, char **argv)
{
    verb_first(argc, argv);
    if (argc < 2) {
        fputs("kal: what shall be done? see kal help\n", stderr);
        return EXIT_USAGE;
    }
    const char *word = alias(argv[1]);
    const verb *v = verb_find(word);
    if (v) return call_verb(v, argc - 2, argv + 2);
    if (!strcmp(word, "--print-man")) return print_man(), EXIT_OK;
    if (!strcmp(word, "--print-completion"))
        return argc > 2 && print_completion(argv[2]) ? EXIT_OK
                                                     : usage("--print-completion: bash, zsh or fish");
    const kal_op *op = kal_op_find(word);
    return op ? call_op(op, argc - 2, argv + 2) : unknown(word);
}

int main(int argc, char **argv)
{
    signal(SIGXFSZ,
           SIG_IGN);   // a file that is longer than may be is an error like any other, of a text, too
    int code = load_plugins(argc, argv);
    if (!code) code = dispatch(argc, argv);
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) return code;
    failed("standard output: %s", errno ? strerror(errno) : "not all was written");
    return worse(code,
                 argc > 1 && !strcmp(argv[1], "diff") ? EXIT_USAGE : EXIT_FAILED);   // 1 says: they differ
}
