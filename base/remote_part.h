// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What the files about remotes share: one that is open, and a row for each kind of it.
#ifndef KAL_REMOTE_PART_H
#define KAL_REMOTE_PART_H

#include "fork.h"
#include "remote.h"
#include "thread.h"

#include <sys/types.h>

#define KAL__REMOTE_IDLE 4      // lines that are kept
#define KAL__REMOTE_ITEMS 256   // that wait
#define KAL__SEAL 40            // bytes: 8 that say what follows, and the MAC

/// When a request is given up: after `most` seconds, and before that when it is slower than a megabyte a second.
typedef struct kal__patience {
    double start, most;
} kal__patience;
/// Seconds that are left after so many bytes; 0: none.
double kal__patience_left(const kal__patience *p, uint64_t moved);

typedef enum kal__far {
    KAL__FAR_DONE,
    KAL__FAR_NONE,      // it is not there
    KAL__FAR_BUSY,      // a lease: somebody else has it; a put: what is there stays
    KAL__FAR_STRANGE,   // what came is none of ours
    KAL__FAR_FAILED     // it does not answer; the line is of no more use
} kal__far;

/// A part of what is sent.
typedef struct kal__piece {
    const void *data;
    size_t n;
} kal__piece;
#define KAL__PIECES 3

typedef enum kal__lease_step {
    KAL__LEASE_TAKE,
    KAL__LEASE_OVER,
    KAL__LEASE_AGAIN,
    KAL__LEASE_END
} kal__lease_step;

/// A kind of remote. A line is a connection, which one thread uses at a time.
typedef struct kal__far_kind {
    const char *scheme;   // with what stands before the place
    kal_status (*open)(kal__remote *r, kal_error *err);
    void (*close)(kal__remote *r);   // or NULL
    void *(*call)(kal__remote *r);   // NULL: it cannot be reached
    void (*hang_up)(void *line);     // not in another process
    kal__far (*get)(kal__remote *r, void *line, kal_key key, kal__slab **file, size_t *n);
    kal__far (*has)(kal__remote *r, void *line, kal_key key);
    kal__far (*put)(kal__remote *r, void *line, kal_key key, const kal__piece *pieces, size_t most);
    kal__far (*lease)(kal__remote *r, void *line, kal_key key, kal__lease_step step,
                      uint64_t *mark);   // or NULL
} kal__far_kind;

#define KAL__REMOTE_STRANGE 32
#define KAL__REMOTE_LAST 0.25   // seconds for the ends of leases, when there are none left for entries

typedef struct kal__waiting {
    kal__slab *data;    // NULL: a lease ends
    kal__stored what;   // its recipe is its own
} kal__waiting;

struct kal__remote {
    kal__guarded guarded;
    // immutable after open
    const kal__far_kind *kind;
    char *url, *params;   // as given
    char *place;          // what follows the scheme, without options
    char *name;           // for people
    bool read_only;
    double connect, timeout;   // seconds
    size_t most;               // bytes of an entry
    unsigned char *secret;     // NULL: none
    size_t n_secret;
    void *state;         // of the kind
    char token[64];      // of this process, for leases
    kal__remote *next;   // of all that are open

    pthread_mutex_t lock;   // guards what follows
    pthread_cond_t work, empty;
    pid_t pid;
    void *idle[KAL__REMOTE_IDLE];
    int failures;       // one after another
    double lost;        // seconds, in them
    double off_until;   // 0: it is on
    bool trying;        // after it was off: one request alone
    bool mute;          // one of those failures was no answer, not a strange one
    double spare;       // while it is off: seconds that may still be lost for what it is owed
    char why[160];      // what went wrong last
    bool sure;          // that will not pass by itself: it is worth a word at once
    bool told;          // that was said
    kal__waiting waiting[KAL__REMOTE_ITEMS];
    size_t first, n;
    size_t bytes;                           // of what waits
    bool running, busy;                     // the thread that sends
    kal_key strange[KAL__REMOTE_STRANGE];   // whose entries were none of ours: they are not asked for again
    size_t n_strange;                       // ever; the oldest makes room
    bool closing;
    pthread_t thread;
    double end_by;   // 0: no end is near
    bool late;       // it is over: only leases are ended

    kal__remote_counts counts;   // atomic, each
};

extern const kal__far_kind kal__far_folder, kal__far_redis, kal__far_redis_unix, kal__far_http,
    kal__far_https;

kal__patience kal__remote_patience(kal__remote *r);
/// Bytes of the largest file that may come.
size_t kal__remote_room(const kal__remote *r);
/// "read_only=true timeout_ms=500"; also with & between.
kal_status kal__remote_options(kal__remote *r, const char *text, kal_error *err);

/// A request: a line for it, NULL when the remote is off or cannot be reached. Ends with what came of it. `owed`: a lease that we hold goes on or ends, or an
/// entry takes the place of one that was refused: that is tried while it is off, too, as long as little time is lost by it.
void *kal__remote_begin(kal__remote *r, bool owed, double *start);
void kal__remote_end(kal__remote *r, void *line, double start, kal__far came);
bool kal__remote_is_off(kal__remote *r, bool owed);
/// Whether what it had of that key was refused, and nothing took its place yet.
bool kal__remote_is_strange(kal__remote *r, kal_key key);
void kal__remote_replaced(kal__remote *r, kal_key key);
/// What went wrong, for people: nothing in it is secret. `sure`: no accident. Not in lock.
void kal__remote_blame(kal__remote *r, bool sure, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void kal__remote_count(uint64_t *n);

/// In a process that a fork made nothing waits, and no line is open. Call in lock.
void kal__remote_here(kal__remote *r);
/// In remote_queue.c; false: it does not wait, and is the caller's.
bool kal__remote_wait_for(kal__remote *r, const kal__waiting *w);
kal__far kal__remote_lease_step(kal__remote *r, kal_key key, kal__lease_step step, uint64_t *mark);

/// The secret of a file, and the library for it.
kal_status kal__seal_ready(kal__remote *r, const char *path, kal_error *err);
/// Over the pieces; false: it cannot be made.
bool kal__seal_make(const kal__remote *r, const kal__piece *pieces, size_t n, unsigned char seal[KAL__SEAL]);
bool kal__seal_is_right(const kal__remote *r, const void *file, size_t n, const unsigned char *seal);
bool kal__seal_is_one(const unsigned char *seal);

#endif
