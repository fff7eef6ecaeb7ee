// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A picture in an SQLite BLOB as source, read at places without being copied out, and another as target: a BLOB has its size before it is
// written, so the picture is kept until it is whole and goes in at the end; a failure rolls back and leaves no row.
// sqlite DATABASE ID-IN ID-OUT, in a table pictures (id INTEGER PRIMARY KEY, data BLOB)
#include <kal/kal.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct source {
    sqlite3 *db;
    sqlite3_blob *blob;
    uint64_t at;
} source;

static ptrdiff_t source_read(void *user, void *dst, size_t n, kal_error *err)
{
    source *f = user;
    const uint64_t size = (uint64_t)sqlite3_blob_bytes(f->blob), left = f->at < size ? size - f->at : 0;
    if (n > left) n = (size_t)left;
    if (n && sqlite3_blob_read(f->blob, dst, (int)n, (int)f->at) != SQLITE_OK) {
        kal_fail(err, KAL_IO, "%s", sqlite3_errmsg(f->db));
        return -1;
    }
    f->at += n;
    return (ptrdiff_t)n;
}

static kal_status source_seek(void *user, uint64_t at, kal_error *err)
{
    (void)err;
    ((source *)user)->at = at;
    return KAL_OK;
}

static int64_t source_size(void *user)
{
    return sqlite3_blob_bytes(((source *)user)->blob);
}

typedef struct target {
    sqlite3 *db;
    sqlite3_int64 id;
    unsigned char *data;
    size_t n;
    int aborts;
} target;

static ptrdiff_t target_write(void *user, const void *data, size_t n, kal_error *err)
{
    target *t = user;
    unsigned char *more = realloc(t->data, t->n + n);
    if (!more) return kal_fail(err, KAL_NOMEM, "out of memory"), -1;
    memcpy(more + t->n, data, n);
    t->data = more;
    t->n += n;
    return (ptrdiff_t)n;
}

static kal_status target_end(void *user, kal_error *err)
{
    target *t = user;
    sqlite3_stmt *put = NULL;
    int code = sqlite3_prepare_v2(t->db, "INSERT INTO pictures VALUES (?, ?)", -1, &put, NULL);
    if (code == SQLITE_OK) {
        sqlite3_bind_int64(put, 1, t->id);
        sqlite3_bind_blob64(put, 2, t->data, t->n, SQLITE_STATIC);
        code = sqlite3_step(put);
    }
    const kal_status st = code == SQLITE_DONE ? KAL_OK : kal_fail(err, KAL_IO, "%s", sqlite3_errmsg(t->db));
    sqlite3_finalize(put);
    return st;
}

static void target_abort(void *user)
{
    ((target *)user)->aborts++;   // nothing was written: the row is made at the end
}

static kal_status run(sqlite3 *db, sqlite3_int64 from, sqlite3_int64 to, kal_error *err)
{
    source f = {.db = db};
    target t = {.db = db, .id = to};
    if (sqlite3_blob_open(db, "main", "pictures", "data", from, 0, &f.blob) != SQLITE_OK)
        return kal_fail(err, KAL_IO, "picture %lld: %s", (long long)from, sqlite3_errmsg(db));
    const kal_input in = {
        .name = "the database", .user = &f, .read = source_read, .seek = source_seek, .size = source_size};
    const kal_output out = {"the database", &t, target_write, target_end, target_abort};
    kal_scope *s = kal_scope_new();
    kal_node *photo = kal_load_input(s, &in, NULL);
    kal_node *small = kal_apply_text(s, "thumbnail", "200", &photo, 1);
    kal_node *encoded = kal_encode(s, small, "png", NULL);
    kal_status st = kal_node_error(encoded, err);
    if (!st) st = kal_write_outputs(&encoded, &out, 1, NULL, err);
    if (st) fprintf(stderr, "told to give up %d time(s)\n", t.aborts);
    kal_scope_free(&s);
    kal_memo_clear(NULL);
    sqlite3_blob_close(f.blob);
    free(t.data);
    return st;
}

int main(int argc, char **argv)
{
    if (argc != 4) return fprintf(stderr, "sqlite DATABASE ID-IN ID-OUT\n"), 2;
    kal_error err;
    sqlite3 *db;
    if (sqlite3_open(argv[1], &db) != SQLITE_OK) return fprintf(stderr, "%s\n", sqlite3_errmsg(db)), 1;
    const kal_status st = run(db, atoll(argv[2]), atoll(argv[3]), &err);
    if (st) kal_error_print(&err);
    sqlite3_close(db);
    return st != KAL_OK;
}
