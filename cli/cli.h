// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What the files of the command share: exit codes, the verb table (main.c), the option table (options.c),
// jobs (job.c), and the small writers for text and JSON (out.c). The command sees only include/kal; everything
// about ops and codecs comes from their records at run time, so none is named here.
#ifndef KAL_CLI_H
#define KAL_CLI_H

#include <kal/kal.h>

#include <pthread.h>
#include <stdio.h>

// ---- exit codes ---------------------------------------------------------------------------------

enum { EXIT_OK, EXIT_FAILED, EXIT_USAGE, EXIT_INPUT, EXIT_LIMIT, EXIT_MISSING, EXIT_INTERRUPTED = 130 };

/// What was being done when an error came: the same status means different things.
typedef enum phase { ASKING, READING, RUNNING, WRITING } phase;

/// Where the messages and the answers of this thread go: the standard streams, unless speak_to says otherwise.
FILE *errors(void);
FILE *answers(void);
/// NULL: the standard streams again.
void speak_to(FILE *messages, FILE *results);

/// Prints the error and returns the exit code for it.
int fail(phase at, const kal_error *err);
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
/// Words as the parameters of a text. Free the result.
char *params_text(const char *const *words, int n);

// ---- records ------------------------------------------------------------------------------------

/// How many inputs an op takes, from the names in its record.
typedef struct arity {
    int min, max;
} arity;
#define ANY_NUMBER 256
arity arity_of(const kal_op *op);
/// Calls back with each name of "image base? more...": its length without the mark.
typedef void each_input_fn(void *user, int i, const char *name, int n);
void each_input(const kal_op *op, each_input_fn *fn, void *user);
/// The codec of a name or a suffix (no dot).
bool codec_find(const char *word, kal_codec_info *out);
/// The codec that the last suffix of a path names.
bool codec_of_path(const char *path, kal_codec_info *out);
/// A suffix to show in examples.
void example_suffix(char out[16]);
/// " | op params | op params" for examples.
void example_calls(char *out, size_t size);
/// Commands that use an op on pictures of usual names; they work as they stand.
void print_example(const kal_op *op);
/// Word i of "a|b|c" and its length; NULL past the end.
const char *choice_word(const char *words, int i, int *n);

/// Help for an op or a codec, to stdout.
void help_op(const kal_op *op);
void help_codec(const kal_codec_info *c);
void help_verb(const verb *v);
/// What the text of these settings declares, and the pictures it wants. Exit code.
int help_text(const settings *s);
void print_man(void);
/// false: no such shell.
bool print_completion(const char *shell);

// ---- jobs: a text, or an op, and where its result goes ---------------------------------------------

/// The text of a job and the inputs bound to it.
typedef struct source_text {
    char *data;
    size_t size;
    int used;           // words that were the text itself
    const char *path;   // of the file it is in, borrowed; NULL: none
} source_text;
int text_take(source_text *t, const settings *s);
void text_free(source_text *t);
/// All of a file, or of standard input for -; no longer than the deadline.
int text_read(source_text *t, const settings *s, const char *path);
/// Does the text use this name at all? What it includes is not looked at.
bool text_has(const source_text *t, const char *word, size_t n);
/// The line of an error that names a place, and a mark under it, and the same for the place in a def; nothing without a text or a place.
void show_place(const source_text *t, const char *message);

/// The pictures of a run: words of the command line, then the lines of --files-from.
typedef struct inputs {
    const char **paths;   // borrowed from the words and from `list`
    int32_t n;
    source_text list;
} inputs;
int inputs_take(inputs *in, const settings *s, const char *const *words, int n);
void inputs_free(inputs *in);
/// Does the command line speak of many runs?
bool is_batch(const settings *s);
/// Once for each picture, rather than once with all of them?
bool inputs_each(const inputs *in, const settings *s);

/// Values that literals of a text are given in turn, in all combinations.
typedef struct axis {
    char *name;
    char **values;
    int32_t n;
} axis;
typedef struct sweep {
    axis *axes;
    int32_t n;      // of them
    int32_t rows;   // combinations; the last axis varies fastest
} sweep;
/// Reads what --sweep says; the text must have the names. Exit code.
int sweep_take(sweep *w, const settings *s, const source_text *t);
void sweep_free(sweep *w);
/// Which of its values an axis has in a row, and that value.
int32_t sweep_index(const sweep *w, int32_t which, int32_t row);
const char *sweep_value(const sweep *w, int32_t which, int32_t row);
/// "sigma=2 seed=3", with `before` and a blank in front of it unless NULL. NULL: out of memory. Free the result.
char *sweep_label(const sweep *w, int32_t row, const char *before);

/// What a command runs: each picture, or all together, with each row of values.
typedef struct turns {
    const inputs *in;
    const sweep *sweep;   // NULL: none
    bool each;            // picture by picture
} turns;
/// How many there are, and one of them.
int32_t turns_count(const turns *t);
typedef struct turn {
    const char *const *in;   // its pictures
    int n;
    int32_t row;      // of values
    int32_t number;   // 1 for the first
} turn;
turn turn_at(const turns *t, int32_t i);
/// What messages call it: the picture, the values, or both. Free the result.
char *turn_label(const turns *t, int32_t i);

/// The turns of --shard, in their order; NULL: all. Exit code.
int shard_take(const settings *s, const turns *t, int32_t **mine, int32_t *n);

/// Who writes, or reads, which path.
typedef struct claims {
    struct claim *slots;
    size_t n, room;
} claims;
/// Takes a path for `by` (1 …) unless somebody has it. Returns whose it was, 0 for nobody's, -1 when out of memory.
int32_t claims_add(claims *c, const char *path, int32_t by);
/// Whose it is; 0: nobody's.
int32_t claims_find(const claims *c, const char *path);
/// The same of a file that is there under any of its names, which is written into and not replaced.
int32_t claims_add_file(claims *c, const char *path, int32_t by);
int32_t claims_find_file(const claims *c, const char *path);
void claims_free(claims *c);

/// All that a command reads and writes by name. Each of these says what is wrong; exit codes. See files.c.
typedef struct file_set {
    claims inputs;      // by their number
    claims named;       // by what they are
    bool endangers;     // something is there that would be written over
    const char *what;   // the inputs are
} file_set;
/// Its inputs ("one of the pictures"), and what the options name.
int files_take(file_set *f, const settings *s, const char *const *in, int32_t n, const char *what);
/// What a text includes and names; what its words name, or those of a value; what a program loads; an -o that is no picture.
int files_take_text(file_set *f, const source_text *t);
int files_take_words(const file_set *f, const char *text, size_t n);
int files_take_loads(file_set *f, const kal_program *p);
int files_take_out(file_set *f, const char *out);
/// Whether a picture may be written there, as far as it is none of the inputs.
int files_picture(const file_set *f, const char *path);
void files_free(file_set *f);

/// One plan: encoded nodes and their paths, and what is printed. Made by job_parse or by hand; job_free frees.
typedef struct job {
    kal_scope *scope;
    kal_program *program;
    kal_node *root;       // borrowed
    kal_node **nodes;     // borrowed
    const char **paths;   // borrowed, but …
    char *out;            // … the expanded -o
    int32_t n, room;
    const char *input;         // the first input's path, for messages and templates; NULL without one
    int number;                // 1 for the first
    bool each;                 // one of several: errors name …
    const char *label;         // … it so; NULL: by the input
    const sweep *sweep;        // NULL: none
    int32_t row;               // of its values
    struct record *record;     // what becomes of it; NULL: nobody asks
    double began;              // when its text was taken up
    const source_text *text;   // borrowed; NULL without one
} job;

/// Parses the text with inputs bound as in, in1, in2 …; then -o, if asked for. Exit code.
int job_parse(job *j, const settings *s, const source_text *t, const char *const *in, int n_in);
/// Expands -o and encodes the root for it.
int job_save_to(job *j, const settings *s);
/// -o, --format and --encode, as far as they are the same for every run; told once. Exit code.
int out_check(const settings *s);
/// Adds to the error of an op that was given what it does not take the ops whose names begin with its name.
void say_namesakes(kal_error *err);
bool job_add(job *j, kal_node *encoded, const char *path);
void job_free(job *j);

/// How jobs are made: called by several threads at once, with a job that has its number and `each`. Exit code.
typedef struct maker {
    int (*make)(job *j, const settings *s, const void *what, const char *const *in, int n);
    const void *what;
    bool shares;               // the texts of several pictures have a picture in common
    const source_text *text;   // NULL: there is none, but …
    const char *params;        // … those of an op
} maker;

/// What the jobs of one command have in common.
typedef struct runner {
    const settings *s;
    const inputs *in;
    const turns *turns;
    bool shares;   // between its jobs: the memo is worth its memory
    kal_cancel *cancel;
    struct crowd *crowd;       // NULL for a single job
    struct profile *profile;   // NULL: none is wanted
    pthread_mutex_t lock;      // of what follows
    bool piped;                // a picture goes to standard output
    kal_stats total;
    claims outputs;   // by the number of the job
    file_set files;
} runner;
/// All turns; then --stats and --profile.
int jobs_run(const settings *s, const maker *m, const turns *t);
/// What this thread opens from here on ends with the deadline, or when the command is stopped.
void runner_opens(const runner *r);
/// Makes a job; opening its inputs ends with the deadline, or when the command is stopped.
int runner_make(const runner *r, const maker *m, job *j, const settings *s, const char *const *in, int n);
/// Runs a job that was made.
int runner_job(runner *r, job *j);
/// --dry-run: tells what is in the memo of it. `nodes`: of saves, then of prints, with their names.
int look_job(const runner *r, const job *j, kal_node *const *nodes, const char *const *names, int32_t n);
/// All of it; writes at once. false, having said why.
bool write_whole(int fd, const char *path, const char *data, size_t n);
/// Whether the text can be read with each value of a sweep; what is wrong is said. Exit code. See trial.c.
int sweep_try(const runner *r, const maker *m);
/// Jobs for all turns, as many at once as there are workers. See many.c.
int many_run(runner *r, const maker *m);
/// The pictures of all turns on one sheet; NULL where there is none.
int sheet_check(const settings *s, const turns *t);
int sheet_write(runner *r, kal_node *const *nodes);
/// A job for each page of the one input. See album.c.
int album_run(runner *r, const maker *m);
bool interrupted(void);
/// SIGINT and SIGTERM set the cancel between these two; a second one kills.
kal_cancel *catch_signals(void);
void release_signals(kal_cancel **cancel);

// ---- tables (table.c) -----------------------------------------------------------------------------

/// What became of a turn.
typedef struct printed {
    char *name, *text;   // NULL: it was not reached
} printed;
typedef struct record {
    kal_stats stats;
    double ms;
    bool read;      // the text was: what it prints is known
    bool has_key;   // of the result
    kal_key key;
    printed *prints;
    int32_t n_prints;
    char **outputs;
    int32_t n_outputs;
    int code;
    char *error;   // NULL: it went well
} record;
/// Something will be printed, of this name. false: out of memory.
bool record_expect(record *r, const char *name);
/// It is to be written there. false: out of memory.
bool record_output(record *r, const char *path);
/// What a turn that failed said first.
void record_blame(record *r, const char *messages);
void record_free(record **gone);

/// --table: a line a turn, each written at once. NULL where none is wanted. `n`: how many turns there will be.
typedef struct table table;
int table_open(table **out, const settings *s, const turns *t, int32_t n);
/// Takes the row of turn i, which is number `at` of the n; they come in any order. NULL: one that there was no memory for.
void table_add(table *t, int32_t at, int32_t i, record *r);
/// Exit code.
int table_close(table **gone);

/// --manifest: a line a turn, added to what the file has as soon as it is done. NULL where none is wanted.
typedef struct manifest manifest;
int manifest_open(manifest **out, const settings *s, const maker *how, const turns *t);
void manifest_add(manifest *m, int32_t i, const record *r);
int manifest_close(manifest **gone);

/// The progress line of several jobs at once.
typedef struct crowd {
    const settings *s;
    int32_t n;
    double start;
    pthread_mutex_t lock;   // of what follows
    int32_t done, failed;
    double parts;   // of those under way, added up
    double told;
    bool shown;
} crowd;
void crowd_start(crowd *c, const settings *s, int32_t n);
/// One job is through.
void crowd_step(crowd *c, bool failed);
/// Between the two the line is away, and nobody draws it.
void crowd_hush(crowd *c);
void crowd_resume(crowd *c);

/// --watch: runs `once` again and again, whenever a file it read has changed. Exit code.
int watch_run(settings *s, int (*once)(const settings *s));
/// The pictures of a run are watched, and its text. Exit code.
int watch_files(struct watch *w, const settings *s, const source_text *t, const inputs *in);
/// What a job reads is watched, and what it writes must not be. Nothing for NULL. Exit code.
int watch_job(struct watch *w, const job *j);
void watch_total(struct watch *w, const kal_stats *total);

/// A progress line on stderr, as kal_progress_fn wants it.
typedef struct progress {
    int32_t mode;
    const char *label;
    int32_t number;   // of the job
    double start;
    bool shown;
    crowd *crowd;              // NULL: alone
    double part;               // told to the crowd
    struct profile *profile;   // what the library tells goes to one place, the progress
    int32_t request;           // in the profile
} progress;
void progress_start(progress *p, const settings *s, crowd *all, int32_t number, const char *label);
void progress_tell(void *user, kal_phase now, uint64_t done, uint64_t total);
void progress_end(progress *p);
bool wants_progress(const settings *s);

/// --profile: what ran when. Everything here does nothing for NULL but profile_trace and profile_node, which the library calls with the
/// progress. Several requests may run at once. EXIT_OK and NULL when no profile is wanted.
int profile_new(struct profile **out, const settings *s);
/// An evaluation of these nodes begins, on this thread: which request it is. `since`: when its text was taken up, 0 when that is told
/// already.
int32_t profile_begin(struct profile *p, const char *label, kal_node *const *nodes, int32_t n, double since);
void profile_end(struct profile *p, int32_t which, const kal_stats *stats, bool failed);
kal_trace_fn profile_trace;
kal_node_stats_fn profile_node;
/// A page or a trace, as the suffix says.
int profile_write(struct profile *p);
void profile_free(struct profile **gone);

/// Loads one picture; on failure an exit code, having said why.
int load_node(kal_scope *scope, const settings *s, const char *path, kal_node **out);

// ---- writing (out.c) ------------------------------------------------------------------------------

typedef struct json {
    FILE *f;
    bool more;   // a comma is due
} json;
void json_open(json *j, const char *key, char bracket);
void json_close(json *j, char bracket);
/// "params": the parameters of an op or a format, one object each.
void json_params(json *j, const kal_param *params, size_t n);
/// What comes next begins a line.
void json_line(json *j);
void json_text(json *j, const char *key, const char *value);
/// A number as it stands, else a text.
void json_word(json *j, const char *key, const char *word);
bool is_number(const char *text);
void json_span(json *j, const char *key, const char *value, size_t n);
/// What is JSON already.
void json_raw(json *j, const char *key, const char *value);
void json_number(json *j, const char *key, double value);
/// With three decimals: milliseconds to the microsecond, and so on.
void json_thousandths(json *j, const char *key, uint64_t value);
void json_count(json *j, const char *key, uint64_t value);
void json_bool(json *j, const char *key, bool value);
void json_null(json *j, const char *key);
void json_extent(json *j, const kal_extent *e);
void json_stats_fields(json *j, const kal_stats *stats);
/// `memo`: what its remote did as well; NULL: there is none.
void json_stats(FILE *f, const kal_stats *stats, const kal_memo_stats *memo);
void stats_add(kal_stats *sum, const kal_stats *one);

/// The shortest decimal that reads back the same. Returns `out`.
char *number_text(double v, char out[32]);
/// "1.2 MB". Returns `out`.
char *size_text(double bytes, char out[16]);
/// "4000×3000 rgb u8". Returns `out`.
char *extent_text(const kal_extent *e, char out[96]);
const char *type_name(kal_type type);
const char *model_name(kal_model model);
double now_seconds(void);

/// What a template may name.
typedef struct place {
    const char *option;   // which template it is, for messages; NULL: -o
    const char *input;    // NULL: none
    int number;
    kal_key key;
    int page;
    const sweep *sweep;   // its names too; NULL: none
    int32_t row;
    const char *suffix;   // of what is written, for {ext}; NULL: the input's
} place;
/// Expands {stem} {ext} {dir} {n} {page} {key} and the names of a sweep; {{ is a brace. NULL, having said why, if it cannot. Free the result.
char *template_expand(const char *pattern, const place *at);
bool is_template(const char *pattern);
/// Whether a template may name it without a sweep.
bool is_place(const char *name);
/// Whether a path holds what -o would fill in. `w` may be NULL.
bool names_place(const char *path, const sweep *w);
/// A message, with what a terminal would obey as \\xNN.
void put_message(FILE *f, const char *text);
/// The length of the UTF-8 sequence at s, 0 when it is none.
size_t utf8_length(const unsigned char *s, size_t n);

#endif
