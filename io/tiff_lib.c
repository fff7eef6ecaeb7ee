// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// libtiff over a reader that can be read at places. Each handle has its own place in the file and its own errors, so that any number may
// be at work on one file.
#include "tiff.h"

#include "putf.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

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

// DHT and DQT, wherever they stand: a decoder heeds them in the middle of its data, too. In sound data 0xFF is followed by others.
static void look_for_tables(kal__tiff_file *f, const unsigned char *p, size_t n)
{
    const unsigned char *const end = p + n;
    if (!n || f->tables) return;
    f->tables = f->after_ff && (*p == 0xC4 || *p == 0xDB);
    f->after_ff = end[-1] == 0xFF;
    while (!f->tables && (p = memchr(p, 0xFF, (size_t)(end - p))) && ++p < end)
        f->tables = *p == 0xC4 || *p == 0xDB;
}

static tmsize_t client_read(thandle_t handle, void *dst, tmsize_t n)
{
    kal__tiff_file *f = (kal__tiff_file *)handle;
    const uint64_t start = f->at;
    tmsize_t done = 0;
    while (done < n) {
        kal_error err = {0};
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
    look_for_tables(f, dst, (size_t)done);
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
    if (!f->why.message[0]) kal__vformat(f->why.message, sizeof f->why.message, fmt, args);
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

static kal_status missing(const kal__reader *r, kal_error *err)
{
    return kal_fail(err, KAL_UNSUPPORTED, "%s: tiff: libtiff (%s) is not installed", r->name, LIBRARY);
}

kal_status kal__tiff_decodes(const kal__reader *r, unsigned compression, kal_error *err)
{
    const kal__tiff_lib *l = kal__tiff_library();
    if (!l) return missing(r, err);
    if (l->TIFFIsCODECConfigured((uint16_t)compression)) return KAL_OK;
    const TIFFCodec *c = l->TIFFFindCODEC((uint16_t)compression);
    return kal_fail(err, KAL_UNSUPPORTED, "%s: tiff: libtiff here does not read compression %u%s%s", r->name,
                    compression, c ? ", " : "", c ? c->name : "");
}

uint64_t kal__tiff_most(const kal_limits *limits)
{
    return limits->file_bytes < (uint64_t)1 << 30 ? limits->file_bytes : (uint64_t)1 << 30;
}

kal_status kal__tiff_open(kal__tiff_file *f, kal__reader *r, uint64_t directory, uint64_t most,
                          kal_error *err)
{
    const kal__tiff_lib *l = kal__tiff_library();
    *f = (kal__tiff_file){.lib = l, .reader = r};
    if (!l) return missing(r, err);
    const kal_status alone = kal__tiff_alone(r, directory, f->patches, err);
    if (alone) return alone;
    TIFFOpenOptions *o = l->TIFFOpenOptionsAlloc();
    if (!o) return kal_fail(err, KAL_NOMEM, "%s: tiff: out of memory", r->name);
    l->TIFFOpenOptionsSetMaxSingleMemAlloc(o, most > (uint64_t)PTRDIFF_MAX ? PTRDIFF_MAX : (tmsize_t)most);
    l->TIFFOpenOptionsSetErrorHandlerExtR(o, complain, f);
    l->TIFFOpenOptionsSetWarningHandlerExtR(o, keep_quiet, f);
    // m: nothing is mapped; c: strips are what the file says; O: of the tables of places only what is asked for is read; h: the first
    // directory not yet
    f->tif = l->TIFFClientOpenExt(r->name, "rmcOh", (thandle_t)f, client_read, client_write, client_seek,
                                  client_close, client_size, NULL, NULL, o);
    l->TIFFOpenOptionsFree(o);
    if (!f->tif) return kal__tiff_failed(f, "the head of the file", err);
    if (l->TIFFSetSubDirectory(f->tif, directory) && !f->io)
        return KAL_OK;   // it reads on past fields it could not have
    const kal_status st = kal__tiff_failed(f, "a directory", err);
    kal__tiff_close(f);
    return st;
}

static uint32_t seen(const kal__tiff_file *f, uint32_t tag, bool wide)
{
    uint32_t v = 0;
    uint16_t narrow = 0;
    f->lib->TIFFGetFieldDefaulted(f->tif, tag, wide ? (void *)&v : (void *)&narrow);
    return wide ? v : narrow;
}

static bool agrees(const kal__tiff_file *f, const kal__tiff_head *h)
{
    uint32_t rows = seen(f, h->tiled ? TIFFTAG_TILELENGTH : TIFFTAG_ROWSPERSTRIP, true);
    if (!h->tiled && rows > (uint32_t)h->extent.height) rows = (uint32_t)h->extent.height;
    const bool same =
        seen(f, TIFFTAG_IMAGEWIDTH, true) == (uint32_t)h->extent.width &&
        seen(f, TIFFTAG_IMAGELENGTH, true) == (uint32_t)h->extent.height &&
        seen(f, TIFFTAG_BITSPERSAMPLE, false) == h->bits &&
        seen(f, TIFFTAG_SAMPLESPERPIXEL, false) == h->samples &&
        seen(f, TIFFTAG_COMPRESSION, false) == h->compression &&
        (h->samples == 1 || (seen(f, TIFFTAG_PLANARCONFIG, false) == PLANARCONFIG_SEPARATE) == h->separate) &&
        f->lib->TIFFIsTiled(f->tif) == h->tiled && rows == h->block_h &&
        (!h->tiled || seen(f, TIFFTAG_TILEWIDTH, true) == h->block_w);
    return same && (!h->scanlines || (size_t)f->lib->TIFFScanlineSize(f->tif) == h->row_bytes);
}

// Colours that its decoder makes; and no turning, which is load's to do.
kal_status kal__tiff_prepare(const kal__tiff_file *f, const kal__tiff_head *h, kal_error *err)
{
    if (h->compression == COMPRESSION_JPEG && h->photometric == PHOTOMETRIC_RGB)
        f->lib->TIFFSetField(f->tif, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    if (h->kind == KAL__TIFF_RGBA) f->lib->TIFFSetField(f->tif, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
    if (agrees(f, h)) return KAL_OK;
    return kal_fail(err, KAL_CORRUPT,
                    "%s: tiff: at byte %llu: libtiff sees another picture in this directory", f->reader->name,
                    (unsigned long long)h->directory);
}

#endif
