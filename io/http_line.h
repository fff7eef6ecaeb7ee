// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What requests of both ways (http_get.c, http_put.c) share: connections.
#ifndef KAL_IO_HTTP_LINE_H
#define KAL_IO_HTTP_LINE_H

#include "http.h"

#if KAL__CURL

#include "thread.h"

#include <sys/types.h>

/// Seconds after which a server that says nothing is given up.
extern double kal__silence;

/// A connection, with one request at a time.
typedef struct kal__line {
    CURL *easy;
    CURLM *multi;   // keeps the connection
    pid_t pid;
    char why[CURL_ERROR_SIZE];
} kal__line;

/// One that is idle, or another one. NULL: out of memory, or a library that is too old.
kal__line *kal__line_take(kal__web *web);
void kal__line_leave(kal__web *web, kal__line *l);
/// Copies a text of n bytes; one that is too long is left out.
void kal__keep_text(char *dst, size_t room, const char *text, size_t n);
/// Reads "HTTP/1.1 404 Not Found", the first line of an answer; false: that is another line.
bool kal__status_line(const char *line, size_t n, int *status, char *reason, size_t room);
/// What failed so may go well another time.
bool kal__may_pass(CURLcode c);
bool kal__status_may_pass(int status);

#endif
#endif
