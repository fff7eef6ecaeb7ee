// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A target of many files. They are written into a folder of a temporary name beside where it will be, which is renamed at the end:
//
//   out.dzi   .out_files.kal-PID-N/12/0_0.jpg    the target's own file first: what lies in the folder goes with it
//   out       .out.kal-PID-N/info.json           no own file: the target is the folder
//
// A folder that is there already is replaced whole, and only if it is such a tree (tree_old.c). The folder comes first, then the target's own file,
// in the place of the old one: at any moment there is one, with a whole tree.
#define _GNU_SOURCE
#include "target.h"
#include "mem.h"
#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct tree {
    kal__writer base;
    char *path;          // the target
    kal__writer *head;   // its own file; NULL: it has none
    char *folder;        // where the others will be; NULL: there is none yet …
    char *temp;          // … and where they are
    char *aside;         // where the old ones are for a moment if folders cannot be exchanged in one step
    int held;            // a descriptor of that, locked; -1: none
    char *made;          // the last folder made in it
} tree;

// ---- folders ------------------------------------------------------------------------------------

// All folders of the name of a file in the tree.
static kal_status make_folders(tree *t, char *path, kal_error *err)
{
    char *end = strrchr(path, '/');
    *end = 0;
    kal_status st = KAL_OK;
    if (!t->made || strcmp(t->made, path)) {
        for (char *c = path + strlen(t->temp) + 1; !st; c++) {
            const char was = *c;
            if (was && was != '/') continue;
            *c = 0;
            if (mkdir(path, 0777) != 0 && errno != EEXIST)
                st = kal__cannot_write(err, "%s: making the folder %s: %s", t->path, path + strlen(t->temp),
                                       strerror(errno));
            *c = was;
            if (!was) break;
        }
        free(t->made);
        t->made = st ? NULL : strdup(path);
    }
    *end = '/';
    return st;
}

// ---- files --------------------------------------------------------------------------------------

// A symbolic link there is followed, as one of the target's own name is.
static char *folder_beside(const char *path)
{
    char *name, *real = NULL;
    kal__text text = {0};
    const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash + 1 : path, '.');
    kal__putf(&text, "%.*s_files", dot ? (int)(dot - path) : (int)strlen(path), path);
    if (!kal__text_done(&text, &name, NULL)) return NULL;
    real = kal__target_real(name);
    free(name);
    return real;
}

static char *folder_of(const tree *t)
{
    return t->head ? folder_beside(t->path) : strdup(t->path);
}

char *kal__tree_folder(const char *path)
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash + 1 : path, '.');
    return dot && kal__word_at("dzi", dot + 1, strlen(dot + 1)) == 0 && !kal__is_url(path)
               ? folder_beside(path)
               : NULL;
}

// What is there may be replaced?
static kal_status may_go(const tree *t, kal_error *err)
{
    const kal_status st = kal__tree_may_go(t->folder, t->head ? t->path : NULL, err);
    if (st && t->head) kal_within(err, "%s", t->path);
    return st;
}

static kal_status begin(tree *t, kal_error *err)
{
    if (t->folder) return KAL_OK;
    t->folder = folder_of(t);
    t->aside = t->folder ? kal__target_temp(t->folder) : NULL;
    char *temp = t->aside ? kal__target_temp(t->folder) : NULL;
    if (!temp) return kal_fail(err, KAL_NOMEM, "%s: out of memory", t->path);
    kal_status st = may_go(t, err);
    if (!st && mkdir(temp, 0777) != 0)
        st = kal__cannot_write(err, "%s: cannot write there: %s", t->path, strerror(errno));
    if (st)
        free(temp);
    else
        t->temp = temp, t->held = kal__tree_hold(temp);
    return st;
}

// The folder is made at once: what may not be replaced is said before any work is done.
static kal_status tree_write(kal__writer *w, const void *data, size_t n, kal_error *err)
{
    tree *t = (tree *)w;
    if (t->made) return kal_fail(err, KAL_INTERNAL, "%s: the target's own file comes first", t->path);
    if (!t->head) {
        kal_status st = kal__write_file(t->path, &t->head, err);
        if (!st) st = begin(t, err);
        if (st) return st;
    }
    w->written += n;
    return t->head->write(t->head, data, n, err);
}

static kal_status write_whole(const tree *t, const char *path, const unsigned char *p, size_t n,
                              kal_error *err)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    const char *inside = path + strlen(t->temp) + 1;
    if (fd < 0) return kal__cannot_write(err, "%s: making %s: %s", t->path, inside, strerror(errno));
    const bool ok = kal__write_all(fd, p, n);
    const int why = errno;
    if (close(fd) == 0 && ok) return KAL_OK;
    return kal__cannot_write(err, "%s: writing %s: %s", t->path, inside, strerror(ok ? errno : why));
}

static kal_status tree_file(kal__writer *w, const char *name, const void *data, size_t n, kal_error *err)
{
    tree *t = (tree *)w;
    char *path;
    kal__text text = {0};
    kal_status st = begin(t, err);
    if (st) return st;
    kal__putf(&text, "%s/%s", t->temp, name);
    if (!kal__text_done(&text, &path, NULL)) return kal_fail(err, KAL_NOMEM, "%s: out of memory", t->path);
    st = make_folders(t, path, err);
    if (!st) st = write_whole(t, path, data, n, err);
    if (!st) w->written += n;
    free(path);
    return st;
}

// ---- the end ------------------------------------------------------------------------------------

static void tree_abort(kal__writer *w)
{
    tree *t = (tree *)w;
    if (t->head) t->head->abort(t->head);
    if (t->temp) kal__remove_tree(t->temp);
    if (t->held >= 0) close(t->held);
    free(t->path);
    free(t->folder);
    free(t->temp);
    free(t->aside);
    free(t->made);
    free(t);
}

static kal_status tree_finish(kal__writer *w, kal_error *err)
{
    tree *t = (tree *)w;
    kal_status st = begin(t, err);
    if (!st && t->head) st = t->head->finish(t->head, err);
    return st;
}

// The new folder takes the place of the old one, which then has the temporary name; in one step where the system can.
static kal_status exchange(tree *t, kal_error *err)
{
#if defined(RENAME_EXCHANGE)
    if (renameat2(AT_FDCWD, t->temp, AT_FDCWD, t->folder, RENAME_EXCHANGE) == 0) return KAL_OK;
    if (errno != EINVAL && errno != ENOSYS)
        return kal__cannot_write(err, "%s: renaming the folder: %s", t->path, strerror(errno));
#endif
    const bool away = rename(t->folder, t->aside) == 0;
    if (away && rename(t->temp, t->folder) == 0) {
        char *const old = t->aside;
        t->aside = t->temp;
        t->temp = old;
        return KAL_OK;
    }
    const kal_status st = kal__cannot_write(err, "%s: renaming the folder: %s", t->path, strerror(errno));
    if (away && rename(t->aside, t->folder) != 0)
        kal_within(err, "%s: the old folder is now %s", t->path, t->aside);
    return st;
}

// Its mode, too: now that all is written it may be one that lets nobody write.
static kal_status replace(tree *t, const struct stat *old, kal_error *err)
{
    const kal_status st = may_go(t, err);
    if (st) return st;
    if (S_ISDIR(old->st_mode) && chmod(t->temp, old->st_mode & 07777) != 0 && errno != EPERM)
        return kal__cannot_write(err, "%s: %s", t->path, strerror(errno));
    return exchange(t, err);
}

static kal_status place(tree *t, bool *replaced, kal_error *err)
{
    struct stat old;
    *replaced = lstat(t->folder, &old) == 0;
    if (*replaced) return replace(t, &old, err);
    if (rename(t->temp, t->folder) == 0) return KAL_OK;
    return kal__cannot_write(err, "%s: renaming the folder: %s", t->path, strerror(errno));
}

// What cannot come back stays where it is.
static void take_back(tree *t, bool replaced, kal_error *err)
{
    if (!replaced) {
        if (rename(t->folder, t->temp) != 0)
            kal_within(err, "%s: %s is there without it", t->path, t->folder);
    } else if (exchange(t, NULL)) {
        kal_within(err, "%s: the old folder is now %s", t->path, t->temp);
        free(t->temp);
        t->temp = NULL;
    }
}

static kal_status tree_commit(kal__writer *w, kal_error *err)
{
    tree *t = (tree *)w;
    bool replaced = false;
    kal_status st = tree_finish(w, err);
    if (!st) st = place(t, &replaced, err);
    if (!st && t->head) {
        st = t->head->commit(t->head, err);
        t->head = NULL;
        if (st) take_back(t, replaced, err);
    }
    if (!st) kal__tree_sweep(t->folder);
    tree_abort(w);   // what has the temporary name now is the old tree, nothing, or what failed
    return st;
}

kal_status kal__write_tree(const char *path, kal__writer **out, kal_error *err)
{
    tree *t = kal__new_zero(1, sizeof *t);
    *out = NULL;
    if (t) t->path = kal__target_real(path);
    if (!t || !t->path) {
        free(t);
        return kal_fail(err, KAL_NOMEM, "%s: out of memory", path);
    }
    t->held = -1;
    for (size_t n = strlen(t->path); n > 1 && t->path[n - 1] == '/'; n--) t->path[n - 1] = 0;
    const char *slash = strrchr(t->path, '/');
    t->base = (kal__writer){.write = tree_write,
                            .file = tree_file,
                            .finish = tree_finish,
                            .commit = tree_commit,
                            .abort = tree_abort,
                            .name = slash ? slash + 1 : t->path};
    *out = &t->base;
    return KAL_OK;
}

// One run of bytes goes to what is none of ours to make, and to archives.
static bool is_one_file(const char *path)
{
    struct stat st;
    const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
    if (!strcmp(path, "-") || kal__is_url(path)) return true;
    if (dot && kal__word_at("szi|zip", dot + 1, strlen(dot + 1)) >= 0) return true;
    return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

kal_status kal__write_target(const kal__codec *c, const char *path, kal__writer **out, kal_error *err)
{
    return c->tree && !is_one_file(path) ? kal__write_tree(path, out, err) : kal__write_file(path, out, err);
}
