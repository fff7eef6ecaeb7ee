// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See exr_lib.h.
#include "exr_lib.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#if KAL__EXR

#define TEXT2(x) #x
#define TEXT(x) TEXT2(x)
#if OPENEXR_VERSION_MINOR == 1   // a new interface with each
#define SERIAL "30"
#elif OPENEXR_VERSION_MINOR == 2
#define SERIAL "31"
#else
#define SERIAL "32"
#endif
#if defined(__APPLE__)
#define LIBRARY "libOpenEXRCore-3_" TEXT(OPENEXR_VERSION_MINOR) "." SERIAL ".dylib"
#else
#define LIBRARY "libOpenEXRCore-3_" TEXT(OPENEXR_VERSION_MINOR) ".so." SERIAL
#endif

static kal__exr_lib lib;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static char version[80];

static void load(void)
{
    static const char *const names[] = {KAL__EXR_NEEDED(KAL__NAME)};
    const size_t n = sizeof names / sizeof *names;
    int v[3];
    const char *extra;
    if (!kal__library(LIBRARY, names, n, n, &lib)) return;
    lib.exr_get_library_version(&v[0], &v[1], &v[2], &extra);
    snprintf(version, sizeof version, "OpenEXRCore %d.%d.%d", v[0], v[1], v[2]);
}

const char *kal__exr_version(void)
{
    pthread_once(&once, load);
    return *version ? version : NULL;
}

// ---- a file that it reads -----------------------------------------------------------------------

static int64_t feed_read(exr_const_context_t file, void *user, void *buffer, uint64_t n, uint64_t offset,
                         exr_stream_error_func_ptr_t error)
{
    kal__exr_session *s = user;
    unsigned char *to = buffer;
    uint64_t done = 0;
    (void)file, (void)error;
    s->at = offset;
    while (done < n && !s->status) {
        const ptrdiff_t got =
            s->reader->read_at(s->reader, offset + done, to + done, (size_t)(n - done), &s->why);
        if (got < 0) s->status = s->why.status ? s->why.status : KAL_IO;
        if (got <= 0) break;
        done += (uint64_t)got;
    }
    s->ended |= done < n;
    return (int64_t)done;   // never less than none: with that the library would write before its buffers
}

static int64_t feed_size(exr_const_context_t file, void *user)
{
    (void)file;
    return (int64_t)((kal__exr_session *)user)->reader->size;
}

static void feed_note(exr_const_context_t file, exr_result_t code, const char *message)
{
    void *user = NULL;
    (void)code;
    if (!file || lib.exr_get_user_data(file, &user) != EXR_ERR_SUCCESS || !user) return;
    kal__exr_session *s = user;
    size_t n = 0;
    if (*s->says) return;
    for (; message[n] && message[n] != '\n' && n < sizeof s->says - 1;
         n++)   // it may quote what the file has
        s->says[n] = message[n] >= ' ' && message[n] <= '~' ? message[n] : '?';
}

kal_status kal__exr_failed(const kal__exr_session *s, exr_result_t code, kal_error *err)
{
    if (s->status) {
        if (err) *err = s->why;
        return s->status;
    }
    if (code == EXR_ERR_OUT_OF_MEMORY)
        return kal_fail(err, KAL_NOMEM, "%s: exr: out of memory", s->reader->name);
    if (s->ended)
        return kal_fail(err, KAL_CORRUPT, "%s: exr: the file ends at byte %zu, before the picture does",
                        s->reader->name, s->reader->size);
    return kal_fail(err, code == EXR_ERR_FEATURE_NOT_IMPLEMENTED ? KAL_UNSUPPORTED : KAL_CORRUPT,
                    "%s: exr: at byte %llu: OpenEXR says: %s", s->reader->name, (unsigned long long)s->at,
                    *s->says ? s->says : s->lib->exr_get_default_error_message(code));
}

void kal__exr_end_session(kal__exr_session *s)
{
    if (s->started) s->lib->exr_decoding_destroy(s->file, &s->pipeline);
    if (s->file) s->lib->exr_finish(&s->file);
    s->started = false;
}

kal_status kal__exr_begin_session(kal__exr_session *s, kal__reader *r, kal_error *err)
{
    memset(s, 0, sizeof *s);
    if (!kal__exr_version())
        return kal_fail(err, KAL_UNSUPPORTED, "%s: exr: OpenEXR (%s) is not installed", r->name, LIBRARY);
    s->lib = &lib;
    s->reader = r;
    const exr_context_initializer_t init = {.size = sizeof init,
                                            .error_handler_fn = feed_note,
                                            .user_data = s,
                                            .read_fn = feed_read,
                                            .size_fn = feed_size,
                                            .max_image_width = KAL_MAX_SIDE,
                                            .max_image_height = KAL_MAX_SIDE,
                                            .max_tile_width = 1 << 16,
                                            .max_tile_height = 1 << 16};
    const exr_result_t code = s->lib->exr_start_read(&s->file, r->name, &init);
    if (code == EXR_ERR_SUCCESS && !s->status) return KAL_OK;
    if (code != EXR_ERR_SUCCESS) s->file = NULL;
    return kal__exr_failed(s, code, err);
}

#endif
