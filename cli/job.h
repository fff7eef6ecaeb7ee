// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Jobs: a text, or an op, and where its result goes.
#ifndef KAL_CLI_JOB_H
#define KAL_CLI_JOB_H

#include "inputs.h"
#include <pthread.h>

/// Who writes, or reads, which path.
typedef struct claims {
    struct claim *slots;
    size_t n, room;
} claims;
/// Takes a path for `by` (1 …) unless somebody has it. Returns whose it was, 0 for nobody's, -1 when out of memory.
int32_t claims_add(claims *c, const char *path, int32_t by);
/// Whose it is; 0: nobody's.
int32_t claims_find(const claims *c, const char *path);
/// The same of a text that is no path.
int32_t claims_add_text(claims *c, const char *text, int32_t by);
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
/// Begins one without a text: loads its pictures into `nodes`, n of them. Exit code.
int job_load(job *j, const settings *s, const char *const *in, int n, kal_node **nodes);
/// Expands -o and encodes the root for it.
int job_save_to(job *j, const settings *s);
/// -o, --format and --encode, as far as they are the same for every run; told once. Exit code.
int out_check(const settings *s);
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
/// Whether the text can be read with each value of a sweep; what is wrong is said. Exit code. See trial.c.
int sweep_try(const runner *r, const maker *m);
/// Jobs for all turns, as many at once as there are workers. See many.c.
int many_run(runner *r, const maker *m);
/// Whether a picture on standard output would go to a terminal, which is told.
bool is_terminal(void);
/// --max-memory is one limit for all requests of the process. Exit code.
int limit_all(const settings *s);
/// The pictures of all turns on one sheet; NULL where there is none.
int sheet_check(const settings *s, const turns *t);
int sheet_write(runner *r, kal_node *const *nodes);
/// A job for each page of the one input. See album.c.
int album_run(runner *r, const maker *m);

#endif
