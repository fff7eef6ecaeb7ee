// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What is told of jobs: tables and manifests, progress, a profile; and what --watch is told to wait for.
#ifndef KAL_CLI_TOLD_H
#define KAL_CLI_TOLD_H

#include "job.h"

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
/// The error that messages begin with, n bytes: without warnings, and without who says it. "stopped" where there is none.
const char *first_error(const char *messages, size_t *n);
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

#endif
