// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Programs as ops: through files and through pipes the same, kept under a key that knows their files, off unless it is allowed, every failure one
// sentence, and nothing left behind: no process, no file, no descriptor.
#include "check.h"

#include "words.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const kal_options fresh = {.memo_mode = KAL_MEMO_NEVER};
static char tmp[300];   // where its folders are made

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    REQUIRE(f && fputs(text, f) >= 0);
    if (f) fclose(f);
}

static void write_program(const char *path, const char *text)
{
    write_text(path, text);
    REQUIRE(!chmod(path, 0755));
}

static int entries(const char *folder)
{
    int n = 0;
    DIR *d = opendir(folder);
    while (d && readdir(d)) n++;
    if (d) closedir(d);
    return n - 2;
}

static kal_node *run_text(kal_scope *s, kal_node *in, const char *params)
{
    return kal_apply_text(s, "exec", params, &in, 1);
}

// The node must fail so, when it is made or when it is run.
static void require_failure(kal_node *n, kal_status status, const char *says, int line)
{
    kal_extent e;
    unsigned char *data = NULL;
    kal_status st = kal_node_error(n, &check_error);
    if (!st) data = read_all(n, &fresh, &e);
    if (!st && !data) st = check_error.status;
    REQUIRE_NOTE(st == status && strstr(check_error.message, says),
                 "line %d: %s: \"%s\" instead of %s: \"%s\"", line, kal_status_name(st), check_error.message,
                 kal_status_name(status), says);
    free(data);
}
#define FAILS(status, says, params) require_failure(run_text(s, in, params), KAL_##status, says, __LINE__)

static void off(void)
{
    kal_scope *s = kal_scope_new();
    rng r = {1};
    const kal_extent e = extent_of(9, 7, 3, KAL_U8);
    kal_node *in = rng_image(&r, s, &e);
    kal_program *p;
    FAILS(LIMIT, "exec: programs are not run here; --limits exec=true", "cat pipe=true");
    const kal_binding b = {.name = "in", .node = in};
    const char *text = "in | exec cat pipe=true";
    REQUIRE_FAILS(KAL_LIMIT, kal_program_parse(text, strlen(text), &b, 1, &p, &check_error));
    kal_limits limits, strict;
    kal_limits_get(&limits);
    REQUIRE(!limits.exec);
    REQUIRE_OK(kal_limits_parse("exec=true", &limits, &check_error));
    kal_limits_set(&limits);
    kal_node *n = run_text(s, in, "cat pipe=true");
    REQUIRE_OK(kal_node_error(n, &check_error));
    strict = limits;
    kal_limits_untrusted(&strict);
    kal_limits_set(&strict);   // neither does what was made before
    require_failure(n, KAL_LIMIT, "programs are not run here", __LINE__);
    kal_limits_set(&limits);
    kal_scope_free(&s);
}

// Every kind of picture that a format holds goes there and back.
static void there_and_back(void)
{
    static const struct {
        const char *format;
        kal_type types[3];
        int n, channels;
    } formats[] = {{"png", {KAL_U8, KAL_U16}, 2, 4},
                   {"pnm", {KAL_U8, KAL_U16, KAL_F32}, 3, 4},
                   {"tiff", {KAL_U8, KAL_U16, KAL_F32}, 3, 5}};
    rng r = {77};
    for (size_t i = 0; i < 3; i++)
        for (int t = 0; t < formats[i].n; t++)
            for (int c = 1; c <= formats[i].channels; c++) {
                kal_scope *s = kal_scope_new();
                char files[100], pipes[100];
                const kal_extent e =
                    extent_of(1 + rng_below(&r, 300), 1 + rng_below(&r, 200), c, formats[i].types[t]);
                kal_node *in = rng_image(&r, s, &e);
                snprintf(files, sizeof files, "command=\"cp {in} {out}\" format=%s", formats[i].format);
                snprintf(pipes, sizeof pipes, "command=cat pipe=true format=%s", formats[i].format);
                kal_node *f = run_text(s, in, files), *p = run_text(s, in, pipes);
                const kal_status st = kal_node_error(f, &check_error);
                if (st == KAL_UNSUPPORTED || (st == KAL_INVALID && e.type == KAL_F32 && c % 2 == 0)) {
                    kal_scope_free(&s);   // no library, or no such form
                    continue;
                }
                REQUIRE_NOTE(!st, "%s: %s", files, check_error.message);
                unsigned char *was = read_all(in, &fresh, NULL), *a = read_all(f, &fresh, NULL),
                              *b = read_all(p, &fresh, NULL);
                REQUIRE_NOTE(a && b, "%s %dx%d of %d: %s", files, e.width, e.height, c, check_error.message);
                if (a) REQUIRE_MEM(was, a, bytes_of(&e));
                if (b) REQUIRE_MEM(was, b, bytes_of(&e));
                free(was), free(a), free(b);
                kal_scope_free(&s);
            }
}

// Whatever the plan: it sees all of its picture, once.
static void in_a_graph(void)
{
    kal_scope *s = kal_scope_new();
    rng r = {3};
    const kal_extent e = extent_of(200, 300, 3, KAL_U8);
    kal_node *in = rng_image(&r, s, &e), *soft = kal_gaussian(s, in, NULL);
    kal_node *n = kal_crop(s, run_text(s, soft, "command=cat pipe=true"),
                           kal_crop_params(.x = 20, .y = 30, .width = 50, .height = 60));
    kal_node *want = kal_crop(s, soft, kal_crop_params(.x = 20, .y = 30, .width = 50, .height = 60));
    kal_key a, b;
    REQUIRE_OK(kal_content_key(want, &fresh, &a, &check_error));
    for (int threads = 1; threads <= 4; threads += 3)
        for (int band = 0; band <= 7; band += 7) {
            const kal_options o = {.memo_mode = KAL_MEMO_NEVER, .threads = threads, .band = band};
            REQUIRE_OK(kal_content_key(n, &o, &b, &check_error));
            REQUIRE(kal_key_equal(a, b));
        }
    kal_scope_free(&s);
}

static void another_size(void)
{
    kal_scope *s = kal_scope_new();
    rng r = {2};
    const kal_extent e = extent_of(40, 30, 3, KAL_U8);
    kal_node *in = rng_image(&r, s, &e);
    // it does not read what it is given: that is no signal for us
    const char *command = "command=\"printf 'P5 2 1 255\\\\nAB'\" pipe=true format=pnm ";
    char params[200];
    snprintf(params, sizeof params, "%s width=5%% height=1 channels=1", command);
    kal_node *n = run_text(s, in, params);
    kal_extent got;
    REQUIRE_OK(kal_node_extent(n, &got, &check_error));
    REQUIRE(got.width == 2 && got.height == 1 && got.channels == 1 && got.model == KAL_GRAY && !got.alpha);
    unsigned char *data = read_all(n, &fresh, &got);
    REQUIRE_NOTE(data && data[0] == 'A' && data[1] == 'B', "%s", check_error.message);
    free(data);
    snprintf(params, sizeof params, "%s width=2 height=1", command);
    FAILS(INVALID,
          "exec: it gave 2×1 of 1 channels u8 instead of 2×1 of 3 channels u8; width=, height=", params);
    snprintf(params, sizeof params, "%s width=2 height=1 channels=1 type=u16", command);
    FAILS(INVALID, "instead of 2×1 of 1 channels u16", params);
    kal_scope_free(&s);
}

// ---- keys ---------------------------------------------------------------------------------------

static kal_key key_of(kal_scope *s, kal_node *in, const char *params)
{
    kal_key k = {0, 0};
    REQUIRE_OK(kal_node_key(run_text(s, in, params), &k, &check_error));
    return k;
}

static void keys(void)
{
    kal_scope *s = kal_scope_new();
    rng r = {4};
    const kal_extent e = extent_of(8, 8, 3, KAL_U8);
    kal_node *in = rng_image(&r, s, &e);
    REQUIRE(!chdir(check_temp("")));
    write_text("one", "1");
    write_text("two", "2");
    write_text("copy of one", "1");
    static const char *const all[] = {
        "cat pipe=true",
        "cat pipe=true version=2",
        "\"cat \" pipe=true",
        "cat pipe=true files=one",
        "cat pipe=true files=[two]",
        "cat pipe=true files=[one two]",
        "cat pipe=true files=[two one]",
        "cat pipe=true format=pnm",
        "cat pipe=true seconds=9",
        "\"cp {in} {out}\"",
    };
    kal_key k[10];
    for (int i = 0; i < 10; i++) {
        k[i] = key_of(s, in, all[i]);
        for (int j = 0; j < i; j++) REQUIRE_NOTE(!kal_key_equal(k[i], k[j]), "%s and %s", all[i], all[j]);
    }
    // bytes count, not names; what is left open is what it comes to
    REQUIRE(kal_key_equal(k[5], key_of(s, in, "cat pipe=true files=\"'copy of one' two\"")));
    REQUIRE(kal_key_equal(k[0], key_of(s, in, "cat pipe=true width=100% channels=3 type=u8")));
    // printed, it is the same
    kal_bytes text;
    kal_program *p;
    kal_key again;
    const kal_binding in_b = {.name = "in", .node = in};
    const char *written = "in | exec \"sh -c 'cat; true \\\"a b\\\"'\" pipe=true files=[one two] version=3";
    REQUIRE_OK(kal_program_parse(written, strlen(written), &in_b, 1, &p, &check_error));
    kal_node *n = kal_node_ref(kal_program_root(p));
    kal_program_free(&p);
    REQUIRE_OK(kal_print_graph(n, &text, &check_error));
    char name[16] = "";
    sscanf((const char *)text.data, "input %15s", name);
    const kal_binding b = {.name = name, .node = in};
    REQUIRE_OK(kal_program_parse((const char *)text.data, text.size, &b, 1, &p, &check_error));
    REQUIRE_OK(kal_node_key(kal_program_root(p), &again, &check_error));
    kal_key was;
    REQUIRE_OK(kal_node_key(n, &was, &check_error));
    REQUIRE(kal_key_equal(was, again));
    kal_program_free(&p);
    kal_bytes_free(&text);
    // another content is another node, and what was made before is not run with it
    write_text("one", "3");
    REQUIRE(!kal_key_equal(k[3], key_of(s, in, "cat pipe=true files=one")));
    require_failure(n, KAL_CHANGED, "exec: one: the file changed since the graph was made", __LINE__);
    kal_node_unref(&n);
    FAILS(IO, "exec: files: ", "cat pipe=true files=[one nothing]");
    FAILS(INVALID, "a quote is not closed", "cat pipe=true files=\"'one\"");
    kal_scope_free(&s);
}

// The program that is among the files is the one that is here; it is run once, and what it gave is found by another process.
static void kept(void)
{
    kal_scope *s = kal_scope_new();
    rng r = {6};
    const kal_extent e = extent_of(300, 200, 3, KAL_U8);
    kal_node *in = rng_image(&r, s, &e);
    REQUIRE(!chdir(check_temp("")));
    write_program("model.sh", "#!/bin/sh\necho run >>ran\ncp \"$1\" \"$2\"\n");
    kal_node *n = run_text(s, in, "\"model.sh {in} {out}\" files=[model.sh]");
    for (int i = 0; i < 3; i++) {
        kal_memo *memo = kal_memo_new((uint64_t)64 << 20);
        struct stat st;
        const kal_options o = {.memo = memo};
        REQUIRE_OK(kal_memo_set_folder(memo, check_temp("kept"), 0, &check_error));
        for (int k = 0; k < 2; k++) {
            unsigned char *data = read_all(n, &o, NULL);
            REQUIRE_NOTE(data, "%s", check_error.message);
            free(data);
        }
        REQUIRE(!stat("ran", &st) && st.st_size == 4);
        kal_memo_free(&memo);
    }
    // changed by itself while it runs, what it gave is nobody's
    write_program("model.sh", "#!/bin/sh\ncp \"$1\" \"$2\"\necho '# more' >>model.sh\n");
    FAILS(CHANGED, "model.sh: the file changed since the graph was made",
          "\"model.sh {in} {out}\" files=[model.sh]");
    kal_scope_free(&s);
}

// ---- failures -----------------------------------------------------------------------------------

static void failures(void)
{
    kal_scope *s = kal_scope_new();
    rng r = {5};
    const kal_extent e = extent_of(50, 40, 3, KAL_U8), f = extent_of(5, 4, 3, KAL_F32);
    kal_node *in = rng_image(&r, s, &e), *floats = rng_image(&r, s, &f);
    FAILS(INVALID, "exec: a command is needed", "pipe=true");
    FAILS(INVALID, "exec: a command is needed", "\"  \" pipe=true");
    FAILS(INVALID, "exec: a quote is not closed in: cat 'a", "\"cat 'a\" pipe=true");
    FAILS(INVALID, "the command must name the files {in} and {out}", "\"cp {in} x\"");
    FAILS(INVALID, "with pipe=true there are none", "\"cat {in}\" pipe=true");
    require_failure(run_text(s, floats, "cat pipe=true"), KAL_INVALID,
                    "exec: png holds 8- and 16-bit samples", __LINE__);
    FAILS(IO, "exec: /no/such: there is no such program", "/no/such pipe=true");
    FAILS(IO, "exec: kal-nothing: there is no such program", "kal-nothing pipe=true");
    REQUIRE(check_error.about == KAL_ABOUT_PROGRAM);
    FAILS(IO, "exec: /: Permission denied", "/ pipe=true");
    FAILS(CALLBACK, "exec: sh: ended with 3; it said: first and last",
          "\"sh -c 'echo first and >&2; echo last >&2; exit 3'\" pipe=true");
    FAILS(CALLBACK, "exec: sh: ended with 1; it said: in files, too",
          "\"sh -c 'echo in files, too; exit 1' {in} {out}\"");
    FAILS(CALLBACK, "exec: sh: was ended by signal 15 (Terminated)", "\"sh -c 'kill -15 $$'\" pipe=true");
    FAILS(CALLBACK, "the end of it",
          "\"sh -c 'i=0; while [ $i -lt 20000 ]; do echo much is said; i=$((i+1)); done >&2; echo the end of "
          "it >&2; exit 1'\" pipe=true");
    FAILS(CALLBACK, "exec: it wrote no {out}", "\"true {in} {out}\"");
    FAILS(CALLBACK, "exec: it wrote no {out}", "\"mkdir {out} {in}x\"");
    FAILS(CORRUPT, "exec: it gave no png", "true pipe=true");
    FAILS(CORRUPT, "exec: what it gave is no png", "\"echo hello\" pipe=true");
    FAILS(CORRUPT, "exec: what it gave is no pnm", "\"sh -c 'echo hello >{out}' {in}\" format=pnm");
    FAILS(CORRUPT, "exec: its picture: png: ", "\"head -c 200\" pipe=true");
    FAILS(LIMIT, "exec: yes: gave more than such a picture can have", "yes pipe=true");
    FAILS(LIMIT, "exec: sh: wrote more than such a picture can have", "\"sh -c 'yes >{out}' {in}\"");
    FAILS(LIMIT, "exec: sleep: took longer than seconds=0.1", "\"sleep 60\" pipe=true seconds=0.1");
    FAILS(LIMIT, "exec: sh: took longer than seconds=0.1; it said: wait",
          "\"sh -c 'echo wait; kill -STOP $$' {in} {out}\" seconds=0.1");
    setenv("TMPDIR", "/tmp/with blank", 1);
    FAILS(INVALID, "have a meaning to a shell", "\"cp {in} {out}\"");
    setenv("TMPDIR", "/tmp/no/such/folder", 1);
    FAILS(IO, "a folder for pictures cannot be made", "\"cp {in} {out}\"");
    setenv("TMPDIR", tmp, 1);
    kal_scope_free(&s);
}

// ---- stopping -----------------------------------------------------------------------------------

static pid_t pid_in(const char *path)
{
    int pid = 0;
    FILE *f = fopen(path, "r");
    REQUIRE(f && fscanf(f, "%d", &pid) == 1);
    if (f) fclose(f);
    return pid;
}

// Gone, or nobody waited for yet: it is somebody else's child.
static bool is_gone(pid_t pid)
{
    char path[40], state = 'Z';
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    for (int i = 0; i < 200; i++) {
        FILE *f = kill(pid, 0) ? NULL : fopen(path, "r");
        if (!f) return true;
        if (fscanf(f, "%*d %*s %c", &state) != 1) state = 'Z';
        fclose(f);
        if (state == 'Z') return true;
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    return false;
}

static void *cancel_soon(void *cancel)
{
    nanosleep(&(struct timespec){0, 200000000}, NULL);
    kal_cancel_set(cancel);
    return NULL;
}

// A request that is stopped stops the program and what that started; so does the end of the program.
static void stopping(void)
{
    kal_scope *s = kal_scope_new();
    rng r = {8};
    const kal_extent e = extent_of(50, 40, 3, KAL_U8);
    kal_node *in = rng_image(&r, s, &e);
    unsigned char *data = malloc(bytes_of(&e));
    REQUIRE(!chdir(check_temp("")));
    kal_node *n = run_text(s, in, "\"sh -c 'sleep 100 & echo $! >pid; wait' {in} {out}\"");
    const kal_options late = {.memo_mode = KAL_MEMO_NEVER, .deadline = 0.3};
    REQUIRE_FAILS(KAL_DEADLINE, kal_read(n, kal_rect_all(&e), data, 150, &late, &check_error));
    REQUIRE(is_gone(pid_in("pid")));
    pthread_t thread;
    kal_cancel *cancel = kal_cancel_new();
    const kal_options stopped = {.memo_mode = KAL_MEMO_NEVER, .cancel = cancel};
    REQUIRE(!pthread_create(&thread, NULL, cancel_soon, cancel));
    const time_t start = time(NULL);
    REQUIRE_FAILS(KAL_CANCELLED, kal_read(n, kal_rect_all(&e), data, 150, &stopped, &check_error));
    REQUIRE(time(NULL) - start < 20);
    pthread_join(thread, NULL);
    kal_cancel_free(&cancel);
    REQUIRE(is_gone(pid_in("pid")));
    n = run_text(s, in, "\"sh -c 'sleep 100 & echo $! >pid; cat'\" pipe=true");
    REQUIRE_OK(kal_read(n, kal_rect_all(&e), data, 150, &fresh, &check_error));
    REQUIRE(is_gone(pid_in("pid")) && time(NULL) - start < 20);
    // files of its own beside the picture go with the folder
    n = run_text(s, in, "\"sh -c 'mkdir -p {out}.d/e; touch {out}.d/e/f; cp {in} {out}'\"");
    REQUIRE_OK(kal_read(n, kal_rect_all(&e), data, 150, &fresh, &check_error));
    // in a program that waits for no children
    signal(SIGCHLD, SIG_IGN);
    require_failure(run_text(s, in, "\"sleep 0.1\" pipe=true"), KAL_CALLBACK, "nobody knows how", __LINE__);
    signal(SIGCHLD, SIG_DFL);
    free(data);
    kal_scope_free(&s);
}

// ---- words --------------------------------------------------------------------------------------

static void require_words(const char *text, const char *want, int line)
{
    kal__arena arena = {0};
    char **words, got[300] = "";
    int n;
    REQUIRE_OK(kal__words_split(text, "/i n", "/o", &arena, &words, &n, &check_error));
    for (int i = 0; i < n; i++) snprintf(got + strlen(got), sizeof got - strlen(got), "<%s>", words[i]);
    REQUIRE_NOTE(!strcmp(got, want) && !words[n], "line %d: %s instead of %s", line, got, want);
    kal__arena_free(&arena);
}

static void words(void)
{
    require_words("", "", __LINE__);
    require_words(" \t\n", "", __LINE__);
    require_words("a bc\td\n", "<a><bc><d>", __LINE__);
    require_words("'a b' \"c d\" e' 'f", "<a b><c d><e f>", __LINE__);
    require_words("'a\\b' \"c\\\"d\\\\\" e\\ f \\'", "<a\\b><c\"d\\><e f><'>", __LINE__);
    require_words("'' a \"\"", "<><a><>", __LINE__);
    require_words("{in} --o={out} '{in}' {input} {", "</i n><--o=/o></i n><{input}><{>", __LINE__);
    require_words("a\\", "<a\\>", __LINE__);
}

static int descriptors(void)
{
    return entries("/proc/self/fd");
}

int main(void)
{
    snprintf(tmp, sizeof tmp, "%s", check_temp("folders"));
    REQUIRE(!mkdir(tmp, 0700));
    setenv("TMPDIR", tmp, 1);
    off();
    words();
    const int before = descriptors();
    there_and_back();
    in_a_graph();
    another_size();
    keys();
    failures();
    stopping();
    REQUIRE_NOTE(descriptors() == before, "%d descriptors, there were %d", descriptors(), before);
    kept();
    REQUIRE_NOTE(entries(tmp) == 0, "%d folders are left", entries(tmp));
    return check_done();
}
