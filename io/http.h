// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What a source on the web (http.c) and a target (http_put.c) ask of those that speak to servers (http_get.c, http_line.c).
#ifndef KAL_IO_HTTP_H
#define KAL_IO_HTTP_H

#include "codec.h"
#include "curl.h"

#include <pthread.h>

#define KAL__TO_THE_END UINT64_MAX
#define KAL__HTTP_IDLE 4

/// What the head of an answer says.
typedef struct kal__answer {
    int status;
    char reason[48];
    bool ranged;      // a part, as it was asked for
    uint64_t from;    // of that part
    uint64_t total;   // bytes of the whole; KAL__TO_THE_END: it does not say
    char tag[160], weak[160], date[48],
        sent[48];   // ETag, the same where it promises less, Last-Modified, Date; empty: none
} kal__answer;

/// Where requests go, and connections that are open. Threads: any.
typedef struct kal__web {
    char *url;
    const char *name;   // for messages
    pthread_mutex_t lock;
    struct kal__line *idle[KAL__HTTP_IDLE];   // in lock
} kal__web;

/// The library is there, or an error that says it is not.
kal_status kal__web_ready(const char *name, kal_error *err);
void kal__web_free(kal__web *web);

/// Waits before another attempt, longer each time; false: there were enough.
bool kal__wait_again(int *failures);

/// A request under way, of which bytes are taken as they are wanted. Threads: one at a time.
typedef struct kal__get kal__get;
/// Asks for the bytes from … to, and returns when the head of the answer is there; that is of the file of which `same` (or NULL) was the head,
/// or it is KAL_CHANGED. *again: what failed may go well another time.
kal_status kal__get_start(kal__web *web, uint64_t from, uint64_t to, const kal__answer *same, kal__get **out,
                          bool *again, kal_error *err);
const kal__answer *kal__get_answer(const kal__get *g);
/// The next bytes; 0 at the end, -1 with the error filled.
ptrdiff_t kal__get_take(kal__get *g, void *dst, size_t n, bool *again, kal_error *err);
/// Ends it, whether or not all was taken. NULL is fine.
void kal__get_end(kal__get *g);

#endif
