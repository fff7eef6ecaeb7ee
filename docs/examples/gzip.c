// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Bytes through functions of one's own: a picture inside a gzip stream, read as it is unpacked, and the result packed as it is encoded.
// A stream that breaks off is an error with zlib's words, and a file that did not become whole goes. gzip IN.gz OUT.gz FORMAT
#include <kal/kal.h>

#include <stdio.h>
#include <zlib.h>

static kal_status broken(gzFile f, const char *doing, kal_error *err)
{
    int code;
    return kal_fail(err, KAL_IO, "%s: %s", doing, gzerror(f, &code));
}

static ptrdiff_t unpack(void *user, void *dst, size_t n, kal_error *err)
{
    const int got = gzread(user, dst, n > 1u << 20 ? 1u << 20 : (unsigned)n);
    int code = Z_OK;
    if (got >= 0) gzerror(user, &code);   // a file that is cut gives what it has, and says so
    if (got < 0 || (!got && code != Z_OK && code != Z_STREAM_END)) {
        broken(user, "unpacking", err);
        return -1;
    }
    return got;
}

static void close_input(void *user)
{
    gzclose(user);
}

typedef struct target {
    gzFile file;
    const char *path;
} target;

static ptrdiff_t pack(void *user, const void *data, size_t n, kal_error *err)
{
    target *t = user;
    const int took = gzwrite(t->file, data, n > 1u << 20 ? 1u << 20 : (unsigned)n);
    if (took <= 0) broken(t->file, "packing", err);
    return took > 0 ? took : -1;
}

static kal_status end(void *user, kal_error *err)
{
    target *t = user;
    const int code = gzclose(t->file);
    t->file = NULL;
    return code == Z_OK ? KAL_OK : kal_fail(err, KAL_IO, "closing failed with %d", code);
}

static void give_up(void *user)
{
    target *t = user;
    if (t->file) gzclose(t->file);
    remove(t->path);
}

int main(int argc, char **argv)
{
    if (argc != 4) return fprintf(stderr, "gzip IN.gz OUT.gz FORMAT\n"), 2;
    kal_error err;
    kal_scope *s = kal_scope_new();
    gzFile from = gzopen(argv[1], "rb");
    if (!from) return fprintf(stderr, "%s: cannot be opened\n", argv[1]), 1;
    const kal_input in = {.name = argv[1], .user = from, .read = unpack, .close = close_input};
    kal_node *photo = kal_load_input(s, &in, NULL);   // closes it, whatever happens
    kal_node *half = kal_apply_text(s, "resize", "50%", &photo, 1);
    kal_node *encoded = kal_encode(s, half, argv[3], NULL);
    kal_status st = kal_node_error(encoded, &err);
    if (!st) {
        target t = {gzopen(argv[2], "wb"), argv[2]};
        const kal_output out = {argv[2], &t, pack, end, give_up};
        st = t.file ? kal_write_outputs(&encoded, &out, 1, NULL, &err)
                    : kal_fail(&err, KAL_IO, "%s: cannot be written", argv[2]);
    }
    if (st) kal_error_print(&err);
    kal_scope_free(&s);
    return st != KAL_OK;
}
