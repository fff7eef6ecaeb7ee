// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The one table of options: flag, environment variable, field and help together. Reading the command line,
// `kal help`, the manual and the completions all walk it.
#define _GNU_SOURCE
#include "out.h"
#include "records.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define AT(field) offsetof(settings, field)

static const option options[] = {
    {"file", 'f', "FILE", NULL, IS_PATH, AT(file), 0, 0, OPT_TEXT,
     "read the text from a file; - is standard input"},
    {"set", 0, "NAME=VALUE", NULL, IS_LIST, AT(sets), 0, 0, OPT_TEXT,
     "set a literal of the text; may be repeated"},
    {"sweep", 0, "NAME=VALUES", NULL, IS_LIST, AT(sweeps), 0, 0, OPT_SWEEP,
     "run once for each value of a literal, as 1,2,4 or 1..5 or \"100..800 step 100\"; repeated: for all "
     "combinations"},
    {"table", 0, "FILE", NULL, IS_PATH, AT(table), 0, 0, OPT_RUN,
     "a line for each run, .csv or .jsonl: values, key, hits, what was printed; - is CSV on standard output"},
    {"manifest", 0, "FILE", NULL, IS_PATH, AT(manifest), 0, 0, OPT_RUN,
     "add a line for each run to that file of JSON lines: values, key, outputs, status; for kal merge"},
    {"shard", 0, "I/N", "KAL_SHARD", IS_TEXT, AT(shard), 0, 0, OPT_RUN,
     "of many runs part I of N, chosen by what the pictures hold: the same whoever runs the others"},
    {"dry-run", 0, NULL, NULL, IS_FLAG, AT(dry_run), 0, 0, OPT_RUN,
     "say what is in the memo and what would be computed; compute and write nothing"},
    {"read-only", 0, NULL, NULL, IS_FLAG, AT(read_only), 0, 0, OPT_RUN,
     "compute nothing: what is not in the memo is an error, exit code 5"},
    {"sheet", 0, "FILE", NULL, IS_PATH, AT(sheet), 0, 0, OPT_SWEEP,
     "the pictures of all runs side by side, with their values; a column for each value of the last --sweep"},
    {"out", 'o', "OUT", NULL, IS_PATH, AT(out), 0, 0, OPT_OUT | OPT_DRAW,
     "save the last expression there; - is standard output; may hold {stem} {ext} {dir} {n} {page} {key} and "
     "names of a sweep"},
    {"out", 'o', "FILE", NULL, IS_PATH, AT(out), 0, 0, OPT_MERGE,
     "the last line of each run, in their order"},
    {"out", 'o', "OUT", NULL, IS_PATH, AT(out), 0, 0, OPT_OPTIMIZE,
     "where the file goes; may hold {stem} {ext} {dir} {n} {page}, {ext} the suffix of the format that was "
     "chosen"},
    {"plot", 0, "FILE", NULL, IS_PATH, AT(plot), 0, 0, OPT_OPTIMIZE,
     "an SVG picture of what was tried: bytes across, score up; may hold what -o may"},
    {"jobs", 'j', "N", NULL, IS_COUNT, AT(jobs), 1, 64, OPT_OPTIMIZE,
     "so many pictures at once; each uses all workers, so that 1 is mostly best"},
    {"format", 0, "NAME", NULL, IS_TEXT, AT(format), 0, 0, OPT_OUT,
     "format of -o when its suffix does not tell"},
    {"encode", 0, "PARAMS", NULL, IS_TEXT, AT(encode), 0, 0, OPT_OUT,
     "parameters of the format of -o, as in the text of a save"},
    {"pages", 0, NULL, NULL, IS_FLAG, AT(pages), 0, 0, OPT_RUN,
     "for every page of every picture: into one file, or with {page} in -o a file each"},
    {"page", 0, "N", NULL, IS_COUNT, AT(page), 0, 1e9, OPT_RUN | OPT_INFO | OPT_OPTIMIZE,
     "of pictures with pages that one, from 0 on"},
    {"files-from", 0, "FILE", NULL, IS_PATH, AT(list), 0, 0, OPT_RUN | OPT_OPTIMIZE,
     "more pictures, a line each; - is standard input"},
    {"null", '0', NULL, NULL, IS_FLAG, AT(null), 0, 0, OPT_RUN | OPT_OPTIMIZE,
     "in that list a byte of 0 ends a name, as find -print0 writes it"},
    {"watch", 0, NULL, NULL, IS_FLAG, AT(watching), 0, 0, OPT_WATCH,
     "run again when a picture, the text, or what it includes or loads has changed; Ctrl-C ends it"},
    {"stats", 0, "none|json", NULL, IS_CHOICE, AT(stats), 0, 0, OPT_RUN,
     "what the run did, as one JSON object"},
    {"profile", 0, "FILE", NULL, IS_PATH, AT(profile), 0, 0, OPT_RUN,
     "write what ran when: .html is a page for a browser, .json a trace for Perfetto"},
    {"progress", 0, "auto|never|always|json", NULL, IS_CHOICE, AT(progress), 0, 0, OPT_RUN | OPT_OPTIMIZE,
     "auto: on a terminal, after half a second; json: one line per event"},
    {"no-memo", 0, NULL, NULL, IS_FLAG, AT(no_memo), 0, 0, OPT_RUN,
     "neither look for earlier results nor keep any"},
    {"memo-dir", 0, "DIR", "KAL_MEMO_DIR", IS_TEXT, AT(memo_dir), 0, 0, OPT_EVAL | OPT_MEMO,
     "a folder of earlier results, which other runs find there; made when it is not there"},
    {"memo-size", 0, "BYTES", "KAL_MEMO_SIZE", IS_BYTES, AT(memo_size), 1, 1e18, OPT_EVAL | OPT_MEMO,
     "that there may be in it, as 20G; unset: 5G"},
    {"memo-pack", 0, "none|zstd", "KAL_MEMO_PACK", IS_CHOICE, AT(memo_pack), 0, 0, OPT_EVAL | OPT_MEMO,
     "how results are put there: zstd takes half the room and a tenth of the speed; unset: none"},
    {"audit", 0, "SHARE", NULL, IS_SHARE, AT(eval.audit), 0, 1, OPT_RUN,
     "as 1%: that much of what is found is computed again and compared; a difference is an error"},
    {"memo-remote", 0, "URL", "KAL_MEMO_REMOTE", IS_TEXT, AT(memo_remote), 0, 0, OPT_EVAL,
     "where other machines find results too: file:///DIR, redis://HOST, redis+unix:/SOCKET, "
     "http://HOST/PREFIX"},
    {"quiet", 'q', NULL, NULL, IS_FLAG, AT(quiet), 0, 0, OPT_RUN | OPT_QUIET, "say nothing but errors"},
    {"threads", 0, "N", "KAL_THREADS", IS_COUNT, AT(eval.threads), 1, KAL_MAX_THREADS, OPT_EVAL,
     "workers, of all pictures together; unset: all processors"},
    {"max-memory", 0, "BYTES", "KAL_MAX_MEMORY", IS_BYTES, AT(eval.max_memory), 1, 1e18, OPT_EVAL,
     "memory a run may plan to hold, as 512M; unset: a quarter of all, at most 1G"},
    {"deadline", 0, "SECONDS", "KAL_DEADLINE", IS_SECONDS, AT(eval.deadline), 0, 1e9, OPT_EVAL | OPT_READ,
     "give up after that time"},
    {"spill", 0, "DIR", "KAL_SPILL", IS_TEXT, AT(eval.spill), 0, 0, OPT_EVAL,
     "a folder for what is too much for memory; nothing stays there"},
    {"isa", 0, "scalar|avx2|avx512", "KAL_ISA", IS_ENV, AT(isa), 0, 0, OPT_EVAL,
     "instructions to use at most; changes no pixel"},
    {"limits", 0, "TEXT", "KAL_LIMITS", IS_LIMITS, AT(limits), 0, 0, OPT_EVAL | OPT_READ,
     "what files may cost, as \"pixels=100M formats=jpeg,png\"; may be repeated; see kal help limits"},
    {"untrusted", 0, NULL, NULL, IS_FLAG, AT(untrusted), 0, 0, OPT_EVAL | OPT_READ,
     "files are of strangers: tight limits, no network, no includes, no programs, common formats only"},
    {"why", 0, NULL, NULL, IS_FLAG, AT(why), 0, 0, OPT_EXPLAIN,
     "what is found in --memo-dir, what is not, and what differs from the nearest that is there"},
    {"content", 0, NULL, NULL, IS_FLAG, AT(content), 0, 0, OPT_KEY,
     "key of the pixels, whatever they came from"},
    {"dot", 0, NULL, NULL, IS_FLAG, AT(dot), 0, 0, OPT_DRAW, "for graphviz"},
    {"svg", 0, NULL, NULL, IS_FLAG, AT(svg), 0, 0, OPT_DRAW, "a picture"},
    {"metric", 0, "NAME[,NAME]", NULL, IS_TEXT, AT(metric), 0, 0, OPT_DIFF,
     "how alike they look, in place of whether they are the same: ssimulacra2, dssim, ssim, ms_ssim, psnr"},
    {"max", 0, "N", NULL, IS_NUMBER, AT(max), 0, 1e12, OPT_DIFF, "samples may differ by so much"},
    {"percent", 0, "P", NULL, IS_NUMBER, AT(percent), 0, 100, OPT_DIFF,
     "so many percent of the pixels may differ"},
    {"columns", 0, "N", NULL, IS_COUNT, AT(columns), 1, 65536, OPT_GRID,
     "pictures in a row; unset: about a square"},
    {"labels", 0, "TEXT", NULL, IS_TEXT, AT(labels), 0, 0, OPT_GRID,
     "below the pictures, separated by |; or one for all, which may hold {stem} {ext} {dir} {n}"},
    {"cell", 0, "WxH", NULL, IS_TEXT, AT(cell), 0, 0, OPT_GRID | OPT_SWEEP,
     "cells of that size; every picture is made to fit, by fit=cover or another way of the op, else inside"},
    {"gap", 0, "N", NULL, IS_COUNT, AT(gap), 0, 16384, OPT_GRID, "pixels between the pictures"},
    {"force", 0, NULL, NULL, IS_FLAG, AT(force), 0, 0, OPT_SHOW, "write even when it is no terminal"},
    {"sixel", 0, NULL, NULL, IS_FLAG, AT(sixel), 0, 0, OPT_SHOW, "sixel graphics"},
    {"all", 0, NULL, NULL, IS_FLAG, AT(all), 0, 0, OPT_INFO,
     "all fields of EXIF, XMP, IPTC and ICC; with --json they are all there"},
    {"rows", 0, NULL, NULL, IS_FLAG, AT(rows), 0, 0, OPT_INFO,
     "decode it, and say how many rows are there; a picture that breaks off is no error then"},
    {"codecs", 0, NULL, NULL, IS_FLAG, AT(codecs), 0, 0, OPT_VERSION,
     "load the codecs' libraries and ask them"},
    {"json", 0, NULL, NULL, IS_FLAG, AT(json), 0, 0, OPT_JSON, "answer as JSON"},
    {"plugin", 0, "FILE", "KAL_PLUGINS", IS_PLUGIN, 0, 0, 0, OPT_HELP,
     "a library with ops of yours; may be repeated, and the variable holds several with : between"},
    {"help", 'h', NULL, NULL, IS_FLAG, AT(help), 0, 0, OPT_HELP, "help for this verb"},
};

const option *option_at(size_t i)
{
    return i < sizeof options / sizeof *options ? &options[i] : NULL;
}

// ---- values -------------------------------------------------------------------------------------

static bool parse_number(const char *text, double *out)
{
    char *end;
    if (!*text || strspn(text, "+-0123456789.eE") != strlen(text)) return false;
    *out = strtod(text, &end);
    return !*end && isfinite(*out);
}

static bool parse_share(const char *text, double *out)
{
    char number[40];
    const size_t n = strlen(text);
    const bool percent = n && text[n - 1] == '%';
    if (n >= sizeof number) return false;
    memcpy(number, text, n + 1);
    if (percent) number[n - 1] = 0;
    if (!parse_number(number, out)) return false;
    if (percent) *out /= 100;
    return true;
}

static bool parse_choice(const char *words, const char *text, int32_t *out)
{
    int n;
    for (int i = 0; choice_word(words, i, &n); i++)
        if ((size_t)n == strlen(text) && !memcmp(choice_word(words, i, &n), text, (size_t)n)) {
            *out = i;
            return true;
        }
    return false;
}

static int bad_value(const option *o, const char *from, const char *text)
{
    char low[32], high[32];
    if (o->kind == IS_CHOICE || o->kind == IS_ENV)
        return usage("%s: \"%s\" is none of %s", from, text, o->value);
    return usage("%s: \"%s\" is not a number of %s..%s", from, text, number_text(o->min, low),
                 number_text(o->max, high));
}

static bool is_no_file(const char *path)
{
    struct stat st;
    const size_t n = strlen(path);
    return !n || path[n - 1] == '/' || (stat(path, &st) == 0 && S_ISDIR(st.st_mode));
}

static int no_file(const option *o, const char *from, const char *path)
{
    if (!*path) return usage("%s: the name is empty", from);
    const char *slash = path[strlen(path) - 1] == '/' ? "" : "/";
    if (!(o->groups & OPT_OUT)) return usage("%s: %s is a folder, not a file", from, path);
    return usage("%s: %s is a folder; name a file in it, or with several pictures %s%s{stem}.{ext}", from,
                 path, path, slash);
}

// `from` names the place for messages: "--threads" or "KAL_THREADS".
static int set_value(settings *s, const option *o, const char *from, const char *text)
{
    void *const field = (char *)s + o->offset;
    double v = 0;
    uint64_t bytes = 0;
    int32_t choice;
    switch (o->kind) {
    case IS_FLAG: *(bool *)field = true; return EXIT_OK;
    case IS_PATH:
    case IS_TEXT:
        if (o->kind == IS_PATH && o->offset != AT(out) && is_no_file(text)) return no_file(o, from, text);
        *(const char **)field = text;
        return EXIT_OK;
    case IS_LIST: ((texts *)field)->at[((texts *)field)->n++] = text; return EXIT_OK;
    case IS_CHOICE: return parse_choice(o->value, text, field) ? EXIT_OK : bad_value(o, from, text);
    case IS_PLUGIN: return EXIT_OK;
    case IS_LIMITS: s->limits[s->n_limits++] = text; return EXIT_OK;
    case IS_ENV:   // the library reads the variable itself
        if (!parse_choice(o->value, text, &choice)) return bad_value(o, from, text);
        return setenv(o->env, text, 1) ? EXIT_FAILED : EXIT_OK;
    case IS_BYTES:
        if (!kal_parse_size(text, &bytes)) return bad_value(o, from, text);
        v = (double)bytes;
        break;
    case IS_SHARE:
        if (!parse_share(text, &v)) return bad_value(o, from, text);
        break;
    case IS_COUNT:
    case IS_SECONDS:
    case IS_NUMBER:
        if (!parse_number(text, &v)) return bad_value(o, from, text);
    }
    if (v < o->min || v > o->max || (o->kind == IS_COUNT && v != floor(v))) return bad_value(o, from, text);
    if (o->kind == IS_COUNT) *(int32_t *)field = (int32_t)v;
    if (o->kind == IS_BYTES) *(uint64_t *)field = bytes;
    if (o->kind == IS_SECONDS || o->kind == IS_NUMBER || o->kind == IS_SHARE) *(double *)field = v;
    return EXIT_OK;
}

static int read_environment(settings *s, unsigned groups)
{
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        const option *o = &options[i];
        const char *text = o->env && (o->groups & groups) ? getenv(o->env) : NULL;
        const int code = text && *text ? set_value(s, o, o->env, text) : EXIT_OK;
        if (code) return code;
    }
    return EXIT_OK;
}

// ---- the command line ---------------------------------------------------------------------------

static const option *find_flag(const char *name, size_t n, unsigned groups)
{
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if ((options[i].groups & groups) && strlen(options[i].flag) == n && !memcmp(options[i].flag, name, n))
            return &options[i];
    return NULL;
}

static const option *find_letter(char c, unsigned groups)
{
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if ((options[i].groups & groups) && options[i].letter == c) return &options[i];
    return NULL;
}

// A sign before a number is no option: kal rotate in.jpg -90. Only a digit that is a letter of the table is one.
static bool is_option(const char *word, unsigned groups)
{
    if (word[0] != '-' || !word[1] || word[1] == '.') return false;
    return word[1] < '0' || word[1] > '9' || (!word[2] && find_letter(word[1], groups));
}

static int unknown_flag(const char *word, unsigned groups)
{
    const char *near = NULL;
    const size_t n = strcspn(word, "=");
    for (size_t i = 0; i < sizeof options / sizeof *options && n > 4; i++)
        if ((options[i].groups & groups) && !strncmp(options[i].flag, word + 2, 3)) near = options[i].flag;
    return usage("there is no option %.*s here%s%s%s", (int)n, word, near ? "; did you mean --" : "",
                 near ? near : "", near ? "?" : "; see --help");
}

// --flag, --flag=value, --flag value, -f value, -fvalue. *taken: the next word was the value.
static int read_option(settings *s, unsigned groups, const char *word, const char *next, bool *taken)
{
    const bool is_long = word[1] == '-';
    const size_t n = strcspn(word, "=");
    const option *o = is_long ? find_flag(word + 2, n - 2, groups) : find_letter(word[1], groups);
    const char *value = is_long ? (word[n] ? word + n + 1 : NULL) : (word[2] ? word + 2 : NULL);
    char name[64];
    if (!o) return unknown_flag(word, groups);
    snprintf(name, sizeof name, is_long ? "--%s" : "-%.1s", is_long ? o->flag : word + 1);
    if (o->kind == IS_FLAG) return value ? usage("%s takes no value", name) : set_value(s, o, name, NULL);
    if (!value) value = next, *taken = true;
    if (!value) return usage("%s needs a value: %s %s", name, name, o->value);
    if (o->kind == IS_PATH && *(const char **)((char *)s + o->offset))
        return usage("%s is given twice: %s and %s", name, *(const char **)((char *)s + o->offset), value);
    return set_value(s, o, name, value);
}

// A tree of tiles is a folder, and takes the place of an older one.
static int check_out(const settings *s, unsigned groups)
{
    kal_codec_info c;
    const bool tells = s->format ? codec_find(s->format, &c) : s->out && codec_of_path(s->out, &c);
    if (!s->out || !is_no_file(s->out) ||
        ((groups & OPT_OUT) && tells && *s->out && s->out[strlen(s->out) - 1] != '/'))
        return EXIT_OK;
    return no_file(find_letter('o', groups), "-o", s->out);
}

// The environment's, then --untrusted, then what was asked for by name.
static int apply_limits(const settings *s, int n_env)
{
    kal_limits limits;
    kal_error err;
    kal_limits_get(&limits);
    limits.exec = true;   // what one types oneself, or a file of one's own
    for (int i = 0; i <= s->n_limits; i++) {
        if (i == n_env && s->untrusted) kal_limits_untrusted(&limits);
        if (i < s->n_limits && kal_limits_parse(s->limits[i], &limits, &err))
            return usage("%s%s", i < n_env ? "KAL_LIMITS: " : "--", err.message);
    }
    kal_limits_set(&limits);
    return EXIT_OK;
}

// A question about a folder makes none: where there is no memo, somebody has mistyped.
bool is_memo(const char *folder)
{
    char path[4096];
    struct stat st;
    const int n = snprintf(path, sizeof path, "%s/v1", folder);
    return n > 0 && (size_t)n < sizeof path && !stat(path, &st) && S_ISDIR(st.st_mode);
}

// Verbs and options that compute nothing make no folder; what lies in one that is there they find, and the digests of files they learn
// are kept there.
static bool only_looks(const settings *s, unsigned groups)
{
    static const char *const words[] = {"stat", "list", "why"};
    bool looks = s->dry_run || s->read_only || (groups & (OPT_EXPLAIN | OPT_KEY)) || s->help;
    for (size_t i = 0; i < sizeof words / sizeof *words && (groups & OPT_MEMO) && s->n_words; i++)
        looks |= !strcmp(s->words[0], words[i]);
    return looks;
}

// That of the environment is for every command, whether it can be had or not: without it the run takes longer, no more.
static int no_folder(settings *s, const kal_error *err)
{
    const char *of_all = getenv("KAL_MEMO_DIR");
    if (s->memo_dir != of_all) return fail(err);
    if (!s->quiet) fprintf(stderr, "kal: warning: %s; nothing is found or kept there\n", err->message);
    s->memo_dir = NULL;
    kal_error none;
    return kal_memo_set_folder(NULL, NULL, 0, &none) ? fail(&none) : EXIT_OK;
}

static int open_folder(settings *s, unsigned groups)
{
    kal_error err;
    const bool here = is_memo(s->memo_dir), asks = groups & OPT_MEMO;
    const bool url = !strncmp(s->memo_dir, "file://", 7);
    if (url)
        kal_fail(&err, KAL_INVALID, "the memo's folder %.200s is a URL, and a folder is meant: %.200s",
                 s->memo_dir, s->memo_dir + 7);
    if (!url && only_looks(s, groups) && (asks || !here))
        return kal_memo_look_into(NULL, s->memo_dir, &err) ? fail(&err) : EXIT_OK;
    if (url || kal_memo_set_folder(NULL, s->memo_dir, s->memo_size, &err))
        return asks ? fail(&err) : no_folder(s, &err);
    return kal_memo_set_packing(NULL, s->memo_pack ? "zstd" : "none", &err) ? fail(&err) : EXIT_OK;
}

static int apply_memo(settings *s, unsigned groups)
{
    kal_error err;
    const char *of_all = getenv("KAL_MEMO_DIR");
    const bool fills = s->n_words && !strcmp(s->words[0], "import");
    const bool takes = groups & (OPT_MEMO | OPT_EVAL), named = s->memo_dir && *s->memo_dir;
    const bool url = named && strstr(s->memo_dir, "://");
    if ((groups & OPT_MEMO) && !s->help && !fills && named && !url && !is_memo(s->memo_dir))
        return usage("%s: there is no memo there", s->memo_dir);
    // a verb that has no use for a folder makes none
    if (!takes && of_all && *of_all && !is_memo(of_all) && kal_memo_set_folder(NULL, NULL, 0, &err))
        return fail(&err);
    const bool empty = fills && s->n_words == 2 && !is_memo(s->words[1]);   // which the verb says
    const int code = named && !empty ? open_folder(s, groups) : EXIT_OK;
    if (code) return code;
    if (!s->memo_remote || !*s->memo_remote) return EXIT_OK;
    return kal_memo_set_remote(NULL, s->memo_remote, NULL, &err) ? fail(&err) : EXIT_OK;
}

int settings_read(settings *s, unsigned groups, int argc, char **argv)
{
    *s = (settings){.words = calloc((size_t)argc + 1, sizeof *s->words),
                    .sets.at = calloc((size_t)argc + 1, sizeof *s->sets.at),
                    .sweeps.at = calloc((size_t)argc + 1, sizeof *s->sweeps.at),
                    .limits = calloc((size_t)argc + 2, sizeof *s->limits),
                    .args = argv,
                    .n_args = argc};
    if (!s->words || !s->sets.at || !s->sweeps.at || !s->limits) return usage("out of memory");
    groups |= OPT_HELP;
    int code = read_environment(s, groups);
    const int n_env = s->n_limits;
    bool ended = false;
    for (int i = 0; i < argc && !code; i++) {
        bool taken = false;
        if (!ended && !strcmp(argv[i], "--"))
            ended = true;
        else if (!ended && is_option(argv[i], groups))
            code = read_option(s, groups, argv[i], i + 1 < argc ? argv[i + 1] : NULL, &taken);
        else
            s->words[s->n_words++] = argv[i];
        i += taken;
    }
    if (!code) code = check_out(s, groups);
    if (!code) code = apply_limits(s, n_env);
    return code ? code : apply_memo(s, groups);
}

void settings_free(settings *s)
{
    free(s->words);
    free(s->sets.at);
    free(s->sweeps.at);
    free(s->limits);
}
