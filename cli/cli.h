// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What all files of the command share: exit codes, the option table (options.c), the verb table (main.c). The command sees only
// include/kal; everything about ops and codecs comes from their records at run time, so none is named here.
#ifndef KAL_CLI_H
#define KAL_CLI_H

#include <kal/kal.h>

#include <stdio.h>

// ---- exit codes ---------------------------------------------------------------------------------

enum { EXIT_OK, EXIT_FAILED, EXIT_USAGE, EXIT_INPUT, EXIT_LIMIT, EXIT_MISSING, EXIT_INTERRUPTED = 130 };

/// Where the messages and the answers of this thread go: the standard streams, unless speak_to says otherwise.
FILE *errors(void);
FILE *answers(void);
/// NULL: the standard streams again.
void speak_to(FILE *messages, FILE *results);

/// Prints the error and returns the exit code for it.
int fail(const kal_error *err);
/// Prints "kal: " and a printf-style sentence; returns EXIT_FAILED.
int failed(const char *fmt, ...) KAL_PRINTF(1, 2);
/// Prints "kal: " and a printf-style sentence; returns EXIT_USAGE.
int usage(const char *fmt, ...) KAL_PRINTF(1, 2);
static inline int worse(int a, int b)
{
    return a > b ? a : b;
}

// ---- options ------------------------------------------------------------------------------------

typedef enum progress_mode { PROGRESS_AUTO, PROGRESS_NEVER, PROGRESS_ALWAYS, PROGRESS_JSON } progress_mode;

/// An option that may be repeated.
typedef struct texts {
    const char **at;
    int n;
} texts;

/// What the command line and the environment said. Zero is the default everywhere.
typedef struct settings {
    kal_options eval;   // threads, max_memory, deadline
    const char *file, *out, *format, *encode, *isa, *list, *profile;
    texts sets, sweeps;   // "name=value", "name=values"
    const char *table, *sheet, *manifest, *shard;
    bool dry_run, read_only;
    const char **limits;   // texts; that of the environment first
    int n_limits;
    bool untrusted;
    int32_t progress;   // progress_mode
    int32_t stats;      // 1: as JSON
    const char *memo_dir, *memo_remote;
    uint64_t memo_size;
    int32_t memo_pack;   // 1: by zstd
    double max, percent;
    int32_t columns, gap, page;
    kal_pages *walk;   // through the pages of the one picture that is loaded; NULL: none
    const char *labels, *cell, *metric, *plot;
    int32_t jobs;
    bool json, why, content, dot, svg, quiet, no_memo, pages, force, sixel, codecs, help, null, all, rows;
    bool onward;   // a stream is read picture by picture
    bool watching;
    struct watch *watch;   // the runs of --watch; NULL: there is one run
    bool probing;          // a text is read, and nothing run
    const char **words;    // what is no option
    int n_words;
    const char *called;   // the verb
    char *const *args;    // all of it, after the verb
    int n_args;
} settings;

/// Groups of options; a verb takes some of them.
enum {
    OPT_TEXT = 1,
    OPT_OUT = 2,
    OPT_RUN = 4,
    OPT_EVAL = 8,
    OPT_JSON = 16,
    OPT_DIFF = 32,
    OPT_DRAW = 64,
    OPT_KEY = 128,
    OPT_SHOW = 256,
    OPT_VERSION = 512,
    OPT_HELP = 1024,
    OPT_QUIET = 2048,
    OPT_GRID = 4096,
    OPT_INFO = 8192,
    OPT_READ = 16384,
    OPT_MEMO = 32768,
    OPT_EXPLAIN = 65536,
    OPT_WATCH = 131072,
    OPT_SWEEP = 262144,
    OPT_MERGE = 524288,
    OPT_OPTIMIZE = 1048576
};

typedef enum option_kind {
    IS_FLAG,
    IS_TEXT,
    IS_PATH,   // of a file
    IS_LIST,
    IS_COUNT,
    IS_BYTES,
    IS_SECONDS,
    IS_NUMBER,
    IS_SHARE,   // 0..1, or as 5%
    IS_CHOICE,
    IS_ENV,
    IS_PLUGIN,   // loaded before anything else is read; main.c
    IS_LIMITS
} option_kind;

typedef struct option {
    const char *flag;    // without the dashes
    char letter;         // 0: none
    const char *value;   // what follows it, "a|b|c" for a choice; NULL for a flag
    const char *env;     // the environment variable read first, or NULL
    option_kind kind;
    size_t offset;     // in settings
    double min, max;   // of a number
    unsigned groups;
    const char *help;
} option;

/// The one table of options, by index; NULL past the end.
const option *option_at(size_t i);
/// Reads the environment, then the arguments. Returns EXIT_OK, or EXIT_USAGE having said why.
/// Whether there is a memo in that folder.
bool is_memo(const char *folder);
int settings_read(settings *s, unsigned groups, int argc, char **argv);
void settings_free(settings *s);

// ---- verbs --------------------------------------------------------------------------------------

typedef struct verb {
    const char *name;
    int (*run)(settings *s);
    unsigned groups;     // of options
    const char *usage;   // after the name
    const char *help;    // one line
    const char *more;    // for `kal help VERB` and the manual
} verb;

/// The verbs by index; NULL past the end.
const verb *verb_at(size_t i);
const verb *verb_find(const char *name);
/// Says that there is no such thing, and what may have been meant. Exit code.
int no_such(const char *what, const char *word);
/// *best becomes the name if it is nearer to the word than *least edits, and near enough to be meant.
void nearer(const char *word, const char *name, const char **best, int *least);
/// Whether an op has the word in its name or in the first line of its help.
bool op_matches(const kal_op *op, const char *word);

int run_main(settings *s);
int key_main(settings *s);
int explain_main(settings *s);
int graph_main(settings *s);
int info_main(settings *s);
int memo_main(settings *s);
int merge_main(settings *s);
/// Prints why a node is found in the memo's folder, or not. Exit code.
int why_of(const kal_node *node);
int diff_main(settings *s);
int show_main(settings *s);
int grid_main(settings *s);
int optimize_main(settings *s);
int ops_main(settings *s);
int help_main(settings *s);
int formats_main(settings *s);
int version_main(settings *s);
/// An op as a verb; words are what follows its name.
int op_main(const kal_op *op, settings *s);
/// A path that is read from the web.
bool is_url(const char *path);
/// How long the name of a word "name=value" is; 0: it is none. A file of such a name is written ./name=value.
size_t word_name(const char *word);
/// A number made of a text (FNV-1a, folded): the same on every machine, for manifests hold it.
uint64_t text_hash(const char *text);
/// FNV-1a of n bytes more, from HASH_START on; not folded.
uint64_t hash_on(uint64_t h, const char *at, size_t n);
#define HASH_START 14695981039346656037u
/// Words as the parameters of a text. Free the result.
char *params_text(const char *const *words, int n);

// ---- of all verbs -------------------------------------------------------------------------------

/// Loads one picture; on failure an exit code, having said why.
int load_node(kal_scope *scope, const settings *s, const char *path, kal_node **out);
bool interrupted(void);
/// SIGINT and SIGTERM set the cancel between these two; a second one kills.
kal_cancel *catch_signals(void);
void release_signals(kal_cancel **cancel);

#endif
