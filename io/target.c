// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Bytes out: files that appear whole or not at all, standard output, memory.
#define _GNU_SOURCE
#include "target.h"
#include "mem.h"
#include "disk.h"
#include <kal/io.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BUFFER KAL__WRITER_BYTES

typedef struct file_writer {
    kal__writer base;
    int fd;
    bool own;      // close it
    bool direct;   // a device, a pipe, standard output: nothing to rename
    char *path, *temp;
    bool nameless;    // it has no name yet; at the end it gets `temp`
    uint64_t begun;   // bytes that are on their way to the disk
    size_t n;
    unsigned char buffer[BUFFER];
} file_writer;

#define AHEAD ((uint64_t)16 << 20)

// A closed pipe is an error of this write, not a signal to the process.
static bool quiet_write(const file_writer *f, const unsigned char *p, size_t n)
{
    if (!f->direct) return kal__write_all(f->fd, p, n);
    sigset_t pipe_only, old, pending;
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &pipe_only, &old);
    const bool ok = kal__write_all(f->fd, p, n);
    const int e = errno;
    // takes back the one this write raised, and only that
    if (!ok && e == EPIPE && !sigismember(&pending, SIGPIPE))
        sigtimedwait(&pipe_only, NULL, &(struct timespec){0, 0});
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    errno = e;
    return ok;
}

// A file that replaces another is sent to the disk when it is renamed: of a large one most should be there by then. Only begun, not
// waited for; whether it helps is the system's business.
static void send_ahead(file_writer *f)
{
#if defined(SYNC_FILE_RANGE_WRITE)
    if (f->direct || f->base.written < f->begun + AHEAD) return;
    (void)sync_file_range(f->fd, (off_t)f->begun, (off_t)(f->base.written - f->begun), SYNC_FILE_RANGE_WRITE);
    f->begun = f->base.written;
#else
    (void)f;
#endif
}

// A pipe with a name, which has no other end yet.
static kal_status open_late(file_writer *f, kal_error *err)
{
    if (f->fd >= 0) return KAL_OK;
    while ((f->fd = open(f->path, O_WRONLY | O_CLOEXEC)) < 0 && errno == EINTR) continue;
    f->own = f->fd >= 0;
    return f->own ? KAL_OK : kal__cannot_write(err, "%s: %s", f->path, strerror(errno));
}

static kal_status write_out(file_writer *f, const unsigned char *p, size_t n, kal_error *err)
{
    const kal_status st = open_late(f, err);
    if (st) return st;
    if (!quiet_write(f, p, n)) return kal__cannot_write(err, "%s: writing: %s", f->path, strerror(errno));
    send_ahead(f);
    return KAL_OK;
}

static kal_status flush(file_writer *f, kal_error *err)
{
    const size_t n = f->n;
    f->n = 0;
    return write_out(f, f->buffer, n, err);
}

static kal_status file_write(kal__writer *w, const void *data, size_t n, kal_error *err)
{
    file_writer *f = (file_writer *)w;
    w->written += n;
    if (n > BUFFER - f->n) {
        const kal_status st = flush(f, err);
        if (st) return st;
    }
    if (n > BUFFER) return write_out(f, data, n, err);
    if (n) memcpy(f->buffer + f->n, data, n);   // of nothing there may be no place
    f->n += n;
    return KAL_OK;
}

static kal_status file_patch(kal__writer *w, uint64_t at, const void *data, size_t n, kal_error *err)
{
    file_writer *f = (file_writer *)w;
    kal_status st = flush(f, err);
    if (!st && !kal__write_all_at(f->fd, data, n, at))
        st = kal__cannot_write(err, "%s: writing at byte %llu: %s", f->path, (unsigned long long)at,
                               strerror(errno));
    return st;
}

static void file_free(file_writer *f)
{
    free(f->path);
    free(f->temp);
    free(f);
}

static void file_abort(kal__writer *w)
{
    file_writer *f = (file_writer *)w;
    if (f->own) close(f->fd);
    if (f->temp && !f->nameless) unlink(f->temp);
    file_free(f);
}

static const char *name_of(int fd, char name[40])
{
    snprintf(name, 40, "/proc/self/fd/%d", fd);
    return name;
}

// Only when all of it is there. A link replaces nothing, so it is renamed as any other.
static kal_status give_name(file_writer *f, kal_error *err)
{
    char name[40];
    if (!f->nameless) return KAL_OK;
    if (linkat(AT_FDCWD, name_of(f->fd, name), AT_FDCWD, f->temp, AT_SYMLINK_FOLLOW) != 0)
        return kal__cannot_write(err, "%s: cannot write there: %s", f->path, strerror(errno));
    f->nameless = false;
    return KAL_OK;
}

// A full disk shows here at the latest.
static kal_status file_finish(kal__writer *w, kal_error *err)
{
    file_writer *f = (file_writer *)w;
    kal_status st = flush(f, err);
    if (!st) st = give_name(f, err);
    if (st || !f->own) return st;
    f->own = false;
    if (close(f->fd) == 0) return KAL_OK;
    return kal__cannot_write(err, "%s: closing: %s", f->path, strerror(errno));
}

static kal_status file_commit(kal__writer *w, kal_error *err)
{
    file_writer *f = (file_writer *)w;
    kal_status st = file_finish(w, err);
    if (!st && !f->direct && rename(f->temp, f->path) != 0)
        st = kal__cannot_write(err, "%s: renaming: %s", f->path, strerror(errno));
    if (st)
        file_abort(w);
    else
        file_free(f);
    return st;
}

char *kal__target_temp(const char *path)
{
    static unsigned counter;
    const char *slash = strrchr(path, '/');
    const int dir = slash ? (int)(slash - path) + 1 : 0;
    kal__text t = {0};
    kal__putf(&t, "%.*s.%.200s.kal-%ld-%u", dir, path, path + dir, (long)getpid(),
              __atomic_add_fetch(&counter, 1, __ATOMIC_RELAXED));
    char *name;
    return kal__text_done(&t, &name, NULL) ? name : NULL;
}

// A file without a name, which is gone with the process that writes it however that ends; -1: the file system has none, or there is no /proc to
// name it through.
static int open_nameless(const char *path)
{
#if defined(O_TMPFILE)
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    const int fd = folder ? open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666) : -1;
    char name[40];
    free(folder);
    if (fd >= 0 && access(name_of(fd, name), F_OK) == 0) return fd;
    if (fd >= 0) close(fd);
#else
    (void)path;
#endif
    return -1;
}

static kal_status open_temp(file_writer *f, const struct stat *old, kal_error *err)
{
    f->temp = kal__target_temp(f->path);
    if (!f->temp) return kal_fail(err, KAL_NOMEM, "%s: out of memory", f->path);
    f->fd = open_nameless(f->path);
    f->nameless = f->fd >= 0;
    if (!f->nameless) f->fd = open(f->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    f->own = f->fd >= 0;
    if (f->fd < 0) {
        const int e = errno;
        free(f->temp);
        f->temp = NULL;
        return kal__cannot_write(err, "%s: cannot write there: %s", f->path, strerror(e));
    }
    if (old && fchmod(f->fd, old->st_mode & 07777) != 0 && errno != EPERM)
        return kal__cannot_write(err, "%s: %s", f->path, strerror(errno));
    return KAL_OK;
}

// What a link points to, as it is spelt there; NULL: it is none, or out of memory.
static char *pointed_to(const char *path)
{
    char to[PATH_MAX];
    const ssize_t n = readlink(path, to, sizeof to);
    const char *slash = strrchr(path, '/');
    kal__text t = {0};
    if (n <= 0 || n == (ssize_t)sizeof to) return NULL;
    if (*to != '/' && slash) kal__put(&t, path, (size_t)(slash - path) + 1);
    kal__put(&t, to, (size_t)n);
    char *text;
    return kal__text_done(&t, &text, NULL) ? text : NULL;
}

char *kal__target_real(const char *path)
{
    struct stat link, st;
    // A pipe behind /dev/stdout or /dev/fd/63 has no other name.
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) return strdup(path);
    const bool is_link = lstat(path, &link) == 0 && S_ISLNK(link.st_mode);
    char *real = is_link ? realpath(path, NULL) : NULL;
    if (real || !is_link || errno != ENOENT) return real ? real : strdup(path);
    char *at = strdup(path);   // to nothing: that is what will be made, as open would
    for (char *next; at && (next = pointed_to(at)); at = next) free(at);
    return at;
}

// A file that is not there yet has no identity but its folder's and its last name; one that is there is replaced there, so that its
// other names stay what they were. A folder that cannot be asked is spelt. A tree is its folder, which two of them must not be in.
char *kal_target_name(const char *path)
{
    struct stat in;
    char *target = kal__target_real(path);
    char *folder_of_it = target ? kal__tree_folder(target) : NULL;
    if (folder_of_it) {
        free(target);
        target = folder_of_it;
    }
    if (!target) return NULL;
    const char *slash = strrchr(target, '/'), *name = slash ? slash + 1 : target;
    kal__text t = {0}, folder = {0};
    kal__putf(&folder, "%.*s", (int)(slash ? slash - target + 1 : 1), slash ? target : ".");
    if (strcmp(path, "-") && folder.data && stat(folder.data, &in) == 0)
        kal__putf(&t, "%llx:%llx/%s", (unsigned long long)in.st_dev, (unsigned long long)in.st_ino, name);
    else
        kal__puts(&t, target);
    free(folder.data);
    free(target);
    char *text;
    return kal__text_done(&t, &text, NULL) ? text : NULL;
}

// What is not on a disk takes bytes when somebody does. A write may then be under way when its descriptor is closed, and its number another's:
// it gets one of its own.
static kal_status use_descriptor(file_writer *f, int fd, kal_error *err)
{
    struct stat st;
    f->direct = true;
    f->fd = fd;
    if (fstat(fd, &st)) return kal__cannot_write(err, "%s: %s", f->path, strerror(errno));
    f->base.waits = !S_ISREG(st.st_mode);
    if (!f->base.waits) return KAL_OK;
    f->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    f->own = f->fd >= 0;
    return f->own ? KAL_OK : kal__cannot_write(err, "%s: %s", f->path, strerror(errno));
}

// A pipe with a name is waited for by who writes, not here.
static kal_status use_special(file_writer *f, bool pipe, kal_error *err)
{
    f->base.waits = true;
    f->fd = open(f->path, O_WRONLY | O_CLOEXEC | (pipe ? O_NONBLOCK : 0));
    f->own = f->fd >= 0;
    if (!f->own && !(pipe && errno == ENXIO))
        return kal__cannot_write(err, "%s: %s", f->path, strerror(errno));
    if (f->own && pipe && fcntl(f->fd, F_SETFL, 0) != 0)
        return kal__cannot_write(err, "%s: %s", f->path, strerror(errno));
    return KAL_OK;
}

static file_writer *file_new(void)
{
    file_writer *f = kal__new_zero(1, sizeof *f);
    if (f)
        f->base = (kal__writer){
            .write = file_write, .finish = file_finish, .commit = file_commit, .abort = file_abort};
    return f;
}

kal_status kal__write_fd(int fd, kal__writer **out, kal_error *err)
{
    char name[40];
    *out = NULL;
    snprintf(name, sizeof name, "descriptor %d", fd);
    file_writer *f = file_new();
    if (f) f->path = strdup(name);
    if (!f || !f->path) {
        free(f);
        return kal_fail(err, KAL_NOMEM, "%s: out of memory", name);
    }
    const kal_status st = use_descriptor(f, fd, err);
    if (st)
        file_abort(&f->base);
    else
        *out = &f->base;
    return st;
}

kal_status kal__write_file(const char *path, kal__writer **out, kal_error *err)
{
    *out = NULL;
    const bool standard = !strcmp(path, "-");
    if (kal__is_url(path)) return kal__write_http(path, out, err);
    file_writer *f = file_new();
    if (!f) return kal_fail(err, KAL_NOMEM, "%s: out of memory", path);
    struct stat st;
    const bool there = !standard && stat(path, &st) == 0;
    const bool endless = !standard && !there && errno == ELOOP;
    f->path = standard ? strdup("standard output") : kal__target_real(path);
    f->direct = standard || (there && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode));
    kal_status status = KAL_OK;
    if (!f->path)
        status = kal_fail(err, KAL_NOMEM, "%s: out of memory", path);
    else if (endless)
        status = kal__cannot_write(err, "%s: %s", path, strerror(ELOOP));
    else if (there && S_ISDIR(st.st_mode))
        status = kal__cannot_write(err, "%s: is a directory", path);
    else if (!f->direct)
        status = open_temp(f, there ? &st : NULL, err);
    else if (standard)
        status = use_descriptor(f, 1, err);
    else
        status = use_special(f, S_ISFIFO(st.st_mode), err);
    if (status) {
        file_abort(&f->base);
        return status;
    }
    if (!f->direct) {
        const char *slash = strrchr(f->path, '/');
        f->base.patch = file_patch;
        f->base.name = slash ? slash + 1 : f->path;
    }
    *out = &f->base;
    return KAL_OK;
}

// ---- memory -------------------------------------------------------------------------------------

typedef struct memory_writer {
    kal__writer base;
    kal__text text;
    unsigned char **data;
    size_t *size;
} memory_writer;

static kal_status memory_write(kal__writer *w, const void *data, size_t n, kal_error *err)
{
    memory_writer *m = (memory_writer *)w;
    kal__put(&m->text, data, n);
    w->written += n;
    return m->text.failed ? kal_fail(err, KAL_NOMEM, "out of memory for %llu encoded bytes",
                                     (unsigned long long)w->written)
                          : KAL_OK;
}

static kal_status memory_patch(kal__writer *w, uint64_t at, const void *data, size_t n, kal_error *err)
{
    if (at + n > w->written)
        return kal_fail(err, KAL_INTERNAL, "byte %llu is not written yet", (unsigned long long)at);
    memcpy(((memory_writer *)w)->text.data + at, data, n);
    return KAL_OK;
}

static void memory_abort(kal__writer *w)
{
    memory_writer *m = (memory_writer *)w;
    free(m->text.data);
    free(m);
}

static kal_status memory_finish(kal__writer *w, kal_error *err)
{
    (void)w, (void)err;
    return KAL_OK;
}

static kal_status memory_commit(kal__writer *w, kal_error *err)
{
    memory_writer *m = (memory_writer *)w;
    char *data;
    const bool ok = kal__text_done(&m->text, &data, m->size);
    *m->data = (unsigned char *)data;
    free(m);
    return ok ? KAL_OK : kal_fail(err, KAL_NOMEM, "out of memory for encoded bytes");
}

kal_status kal__write_memory(unsigned char **data, size_t *size, kal__writer **out, kal_error *err)
{
    memory_writer *m = kal__new_zero(1, sizeof *m);
    *out = NULL;
    if (!m) return kal_fail(err, KAL_NOMEM, "out of memory");
    m->base = (kal__writer){.write = memory_write,
                            .patch = memory_patch,
                            .finish = memory_finish,
                            .commit = memory_commit,
                            .abort = memory_abort};
    m->data = data;
    m->size = size;
    *out = &m->base;
    return KAL_OK;
}
