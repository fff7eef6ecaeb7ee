// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Texts and lists of files, read whole: from a file, a pipe that may take as long as somebody else likes, standard input.
#define _GNU_SOURCE
#include "inputs.h"
#include "out.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

// Bytes that came, 0 at the end; -1: none will in time (ETIMEDOUT), or an error. A pipe that nobody has opened to write is not at its end.
static ssize_t read_in_time(int fd, char *to, size_t room, double until)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    for (;;) {
        const double left = until - seconds();
        const int n = poll(&p, 1, until <= 0 ? -1 : left > 0 ? (int)(left < 1e6 ? left * 1e3 : 1e9) + 1 : 0);
        if (!n) return errno = ETIMEDOUT, -1;
        const ssize_t got = n < 0 ? -1 : read(fd, to, room);
        if (got >= 0 || (errno != EINTR && errno != EAGAIN)) return got;
    }
}

static int read_text(int fd, source_text *t, double deadline)
{
    const double until = deadline > 0 ? seconds() + deadline : 0;
    size_t room = 0;
    for (;;) {
        if (t->size == room) {
            room = room ? room * 2 : 4096;
            char *more = realloc(t->data, room);
            if (!more) return errno = ENOMEM, -1;
            t->data = more;
        }
        const ssize_t got = read_in_time(fd, t->data + t->size, room - t->size, until);
        if (got < 0) return -1;
        t->size += (size_t)got;
        if (!got) return t->data[t->size] = 0, 0;   // the loop has left room for it
    }
}

int text_read(source_text *t, const settings *s, const char *path)
{
    const bool in = !strcmp(path, "-");
    const int fd = in ? 0 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    const int failed = fd < 0 ? -1 : read_text(fd, t, s->eval.deadline), why = errno;
    if (fd >= 0 && !in) close(fd);
    if (!failed) return EXIT_OK;
    if (why != ETIMEDOUT) {
        usage("%s: %s", path, strerror(why));
        return EXIT_INPUT;
    }
    usage("%s: the deadline of %g s passed while it was read", path, s->eval.deadline);
    return EXIT_LIMIT;
}

// What can be read once, as a pipe, is read here alone.
static const char *file_of(const settings *s)
{
    struct stat st;
    return s->file && strcmp(s->file, "-") && !stat(s->file, &st) && S_ISREG(st.st_mode) ? s->file : NULL;
}

// A picture, say: its bytes in a message would be obeyed by a terminal.
static int check_text(const source_text *t, const char *path)
{
    const unsigned char *s = (const unsigned char *)t->data;
    for (size_t i = 0, n; i < t->size; i += n) {
        n = utf8_length(s + i, t->size - i);
        const bool blank = s[i] == '\n' || s[i] == '\t' || s[i] == '\r' || s[i] == '\f';
        if (!n || (s[i] < 0x20 && !blank) || s[i] == 0x7f)
            return usage("%s is no text: byte %zu is 0x%02x%s", path, i + 1, s[i],
                         n ? "" : ", which is no UTF-8");
    }
    return EXIT_OK;
}

int text_take(source_text *t, const settings *s)
{
    *t = (source_text){.used = !s->file, .path = file_of(s)};
    if (s->file) {
        const int code = text_read(t, s, s->file);
        return code ? code : check_text(t, s->file);
    }
    if (!s->n_words) return usage("what text? kal run 'load in | … | save out', or -f FILE");
    t->data = strdup(s->words[0]);
    t->size = strlen(s->words[0]);
    return t->data ? EXIT_OK : usage("out of memory for a text");
}

void text_free(source_text *t)
{
    free(t->data);
    t->data = NULL;
}
