// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See spill.h.
#define _GNU_SOURCE
#include "spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

const char *kal__spill_folder(const char *given)
{
    const char *folder = given && *given ? given : getenv("KAL_SPILL");
    return folder && *folder ? folder : NULL;
}

// Without a name from the start where the file system can, else by the name of a moment.
int kal__spill_file(const char *folder, kal_error *err)
{
#if defined(O_TMPFILE)
    const int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0) return fd;
#endif
    char *path = kal__new(strlen(folder) + 20, 1);
    if (!path) return kal_fail(err, KAL_NOMEM, "out of memory"), -1;
    sprintf(path, "%s/.kal-spill-XXXXXX", folder);
    const int named = mkostemp(path, O_CLOEXEC);
    if (named >= 0)
        unlink(path);
    else
        kal_fail(err, KAL_IO, "%s: no file can be made there for what is kept: %s", folder, strerror(errno));
    free(path);
    return named;
}

typedef struct mapping {
    void *data;
    size_t size;
} mapping;

static void unmap(void *user)
{
    mapping *m = user;
    munmap(m->data, m->size);
    free(m);
}

static kal__slab *map(int fd, const char *folder, size_t size, kal_error *err)
{
    mapping *m = kal__new(1, sizeof *m);
    if (!m) return kal_fail(err, KAL_NOMEM, "out of memory"), NULL;
    *m = (mapping){mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), size};
    if (m->data == MAP_FAILED) {
        kal_fail(err, KAL_NOMEM, "%s: %zu bytes for what is kept cannot be mapped: %s", folder, size,
                 strerror(errno));
        free(m);
        return NULL;
    }
    kal__slab *s = kal__slab_borrow(m->data, size, unmap, m);
    if (s) return s;
    unmap(m);
    kal_fail(err, KAL_NOMEM, "out of memory");
    return NULL;
}

kal__slab *kal__spill_slab(const char *folder, size_t size, kal_error *err)
{
    const int fd = kal__spill_file(folder, err);
    if (fd < 0) return NULL;
    kal__slab *s = NULL;
    const int failed = posix_fallocate(fd, 0, (off_t)size);
    if (failed)
        kal_fail(err, KAL_IO, "%s: no room there for %zu bytes of what is kept: %s", folder, size,
                 strerror(failed));
    else
        s = map(fd, folder, size, err);
    close(fd);   // the mapping holds it
    return s;
}

void kal__spill_rest(const kal__slab *s)
{
    (void)madvise(s->data, s->size, MADV_DONTNEED);
}
