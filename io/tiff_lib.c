// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// libtiff over a reader that can be read at places. Each handle has its own place in the file and its own errors, so that any number may
// be at work on one file.
#include "tiff.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

bool kal__tiff_sniff(const unsigned char *p, size_t n)
{
    static const unsigned char marks[4][4] = {
        {'I', 'I', 42, 0}, {'M', 'M', 0, 42}, {'I', 'I', 43, 0}, {'M', 'M', 0, 43}};
    for (int i = 0; i < 4; i++)
        if (n >= 8 && !memcmp(p, marks[i], 4)) return true;
    return false;
}

#if KAL__TIFF

#if defined(__APPLE__)
#define LIBRARY "libtiff.6.dylib"
#else
#define LIBRARY "libtiff.so.6"
#endif

static pthread_once_t once = PTHREAD_ONCE_INIT;
static kal__tiff_lib lib;
static char version[40];

static void load(void)
{
    static const char *const names[] = {KAL__TIFF_NEEDED(KAL__NAME)};
    const size_t n = sizeof names / sizeof *names;
    if (!kal__library(LIBRARY, names, n, n, &lib)) return;
    const char *text = lib.TIFFGetVersion();   // "LIBTIFF, Version 4.5.0", and a copyright on the next line
    const char *number = strstr(text, "Version ");
    number = number ? number + 8 : text;
    snprintf(version, sizeof version, "libtiff %.*s", (int)strcspn(number, "\n"), number);
}

const kal__tiff_lib *kal__tiff_library(void)
{
    pthread_once(&once, load);
    return *version ? &lib : NULL;
}

const char *kal__tiff_version(void)
{
    return kal__tiff_library() ? version : NULL;
}

static void patch(const kal__tiff_file *f, uint64_t start, unsigned char *dst, size_t n)
{
    for (int i = 0; i < 2; i++) {
        const kal__tiff_patch *p = &f->patches[i];
        for (size_t k = 0; k < p->n; k++)
            if (p->at + k >= start && p->at + k - start < n) dst[p->at + k - start] = p->bytes[k];
    }
}

static tmsize_t client_read(thandle_t handle, void *dst, tmsize_t n)
{
    kal__tiff_file *f = (kal__tiff_file *)handle;
    const uint64_t start = f->at;
    tmsize_t done = 0;
    while (done < n) {
        kal_error err = {KAL_OK, ""};
        const ptrdiff_t got =
            f->reader->read_at(f->reader, f->at, (char *)dst + done, (size_t)(n - done), &err);
        if (got < 0) {
            f->io = err.status ? err.status : KAL_IO;
            f->why = err;
            return -1;
        }
        if (!got) break;
        done += got;
        f->at += (uint64_t)got;
    }
    patch(f, start, dst, (size_t)done);
    return done;
}

static tmsize_t client_write(thandle_t handle, void *src, tmsize_t n)
{
    (void)handle, (void)src, (void)n;
    return -1;
}

static uint64_t client_size(thandle_t handle)
{
    const kal__tiff_file *f = (const kal__tiff_file *)handle;
    return f->reader->size ? f->reader->size : (uint64_t)INT64_MAX / 2;   // nobody knows: reading tells
}

static uint64_t client_seek(thandle_t handle, uint64_t to, int whence)
{
    kal__tiff_file *f = (kal__tiff_file *)handle;
    f->at = whence == SEEK_SET ? to : whence == SEEK_CUR ? f->at + to : client_size(handle) + to;
    return f->at;
}

static int client_close(thandle_t handle)
{
    (void)handle;
    return 0;
}

static int complain(TIFF *tif, void *user, const char *module, const char *fmt, va_list args)
{
    kal__tiff_file *f = user;
    (void)tif, (void)module;
    if (!f->why.message[0]) vsnprintf(f->why.message, sizeof f->why.message, fmt, args);
    return 1;
}

static int keep_quiet(TIFF *tif, void *user, const char *module, const char *fmt, va_list args)
{
    (void)tif, (void)user, (void)module, (void)fmt, (void)args;
    return 1;
}

kal_status kal__tiff_failed(const kal__tiff_file *f, const char *doing, kal_error *err)
{
    if (f->io) return kal_fail(err, f->io, "%s", f->why.message), f->io;
    const bool limit = strstr(f->why.message, "byte limit defined in open options") != NULL;
    return kal_fail(err, limit ? KAL_LIMIT : KAL_CORRUPT, "%s: tiff: at byte %llu: %s: %s", f->reader->name,
                    (unsigned long long)f->at, doing,
                    f->why.message[0] ? f->why.message : "libtiff gives no reason");
}

void kal__tiff_close(kal__tiff_file *f)
{
    if (f->tif) f->lib->TIFFClose(f->tif);
    f->tif = NULL;
}

kal_status kal__tiff_open(kal__tiff_file *f, kal__reader *r, uint64_t directory, uint64_t most,
                          kal_error *err)
{
    const kal__tiff_lib *l = kal__tiff_library();
    *f = (kal__tiff_file){.lib = l, .reader = r};
    if (!l)
        return kal_fail(err, KAL_UNSUPPORTED, "%s: tiff: libtiff (%s) is not installed", r->name, LIBRARY);
    const kal_status alone = kal__tiff_alone(r, directory, f->patches, err);
    if (alone) return alone;
    TIFFOpenOptions *o = l->TIFFOpenOptionsAlloc();
    if (!o) return kal_fail(err, KAL_NOMEM, "%s: tiff: out of memory", r->name);
    l->TIFFOpenOptionsSetMaxSingleMemAlloc(o, most > (uint64_t)PTRDIFF_MAX ? PTRDIFF_MAX : (tmsize_t)most);
    l->TIFFOpenOptionsSetErrorHandlerExtR(o, complain, f);
    l->TIFFOpenOptionsSetWarningHandlerExtR(o, keep_quiet, f);
    // m: nothing is mapped; O: of the tables of places only what is asked for is read; h: the first directory not yet
    f->tif = l->TIFFClientOpenExt(r->name, "rmOh", (thandle_t)f, client_read, client_write, client_seek,
                                  client_close, client_size, NULL, NULL, o);
    l->TIFFOpenOptionsFree(o);
    if (!f->tif) return kal__tiff_failed(f, "the head of the file", err);
    if (l->TIFFSetSubDirectory(f->tif, directory) && !f->io)
        return KAL_OK;   // it reads on past fields it could not have
    const kal_status st = kal__tiff_failed(f, "a directory", err);
    kal__tiff_close(f);
    return st;
}

#endif
