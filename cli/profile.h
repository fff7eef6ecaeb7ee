// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What a profile holds: what profile.c collects while requests run, and profile_write.c writes at the end.
#ifndef KAL_CLI_PROFILE_H
#define KAL_CLI_PROFILE_H

#include "told.h"

#include <pthread.h>

/// A profile is a page that a browser opens: what is beyond these is counted, not kept.
enum { MOST_EVENTS = 200000, MOST_NODES = 20000, MOST_REQUESTS = 1000, MOST_PICTURES = 16 << 20 };
/// Lines: callers from 0 on, workers from here on.
enum { FIRST_WORKER = 1000, MOST_LINES = 4096 };

/// Who works: a run of ops, a codec, or a part of a request that has no rows.
typedef struct stage {
    const char *what;
    char *name;
    kal_key key;   // of its last node
    bool has_key;
    int32_t request;
} stage;

typedef struct event {
    uint64_t begin_ns, end_ns;
    int32_t stage, thread, band, y0, y1;
} event;

/// What kal_node_stats told.
typedef struct node_row {
    kal_key key, last;
    char *name;
    double ms;
    uint64_t bands, bytes;
    bool reused, kept;
    int32_t request;
} node_row;

/// One evaluation: all saves of a text, or one print.
typedef struct request {
    char *label;
    uint64_t begin_ns, end_ns, cpu_ns;
    kal_stats stats;
    kal_bytes picture;   // of the graph, SVG; empty when there is none
    int32_t lane;        // the lowest that no other had when it began: its caller's line
    bool failed, running, alone;
} request;

typedef struct profile {
    const char *path;
    char *command;
    bool page;              // else the trace alone
    pthread_mutex_t lock;   // over what follows, while a request runs
    event *events;
    stage *stages;
    node_row *nodes;
    request *requests;
    int32_t n_events, n_stages, n_nodes, n_requests;
    int32_t room_events, room_stages, room_nodes, room_requests;
    int32_t *slots;   // a table of the stages, by request, key and what; -1: free
    int32_t n_slots, n_lanes;
    uint64_t cpu_ns;     // of the process, before the first request
    uint64_t first_ns;   // when the first request began; known when all is written
    uint64_t dropped, dropped_nodes, dropped_requests;
    size_t picture_bytes;
} profile;

/// Everything as JSON: the format of Chrome's trace viewer and Perfetto, and under "profile" what they do not know.
void profile_put_trace(const profile *p, FILE *f);

#endif
