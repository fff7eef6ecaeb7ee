// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// --profile: the collected as a trace in JSON, and the page around it (profile.html, which CMake turns into profile_page.h).
#include "out.h"
#include "profile.h"
#include "profile_page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// ---- the trace ----------------------------------------------------------------------------------

// Times are in microseconds, the unit of the format, to the nanosecond.
static uint64_t start_of(const profile *p)
{
    uint64_t first = UINT64_MAX;
    for (int32_t i = 0; i < p->n_requests; i++)
        if (p->requests[i].begin_ns < first) first = p->requests[i].begin_ns;
    return first;
}

static void put_event(const profile *p, const event *e, json *j)
{
    const stage *s = &p->stages[e->stage];
    json_line(j);
    json_open(j, NULL, '{');
    json_text(j, "name", s->name);
    json_text(j, "cat", s->what);
    json_text(j, "ph", "X");
    json_count(j, "pid", 1);
    json_count(j, "tid", (uint64_t)e->thread);
    json_thousandths(j, "ts", e->begin_ns - p->first_ns);
    json_thousandths(j, "dur", e->end_ns - e->begin_ns);
    json_open(j, "args", '{');
    json_count(j, "request", (uint64_t)s->request);
    json_count(j, "stage", (uint64_t)e->stage);
    json_number(j, "band", e->band);
    json_number(j, "y0", e->y0);
    json_number(j, "y1", e->y1);
    json_close(j, '}');
    json_close(j, '}');
}

static void put_name(json *j, const char *kind, int32_t thread, const char *name)
{
    json_line(j);
    json_open(j, NULL, '{');
    json_text(j, "name", kind);
    json_text(j, "ph", "M");
    json_count(j, "pid", 1);
    json_count(j, "tid", (uint64_t)thread);
    json_open(j, "args", '{');
    json_text(j, "name", name);
    json_close(j, '}');
    json_close(j, '}');
}

static void put_names(const profile *p, json *j)
{
    static bool seen[MOST_LINES];
    memset(seen, 0, sizeof seen);
    put_name(j, "process_name", 0, "kal");
    for (int32_t i = 0; i < p->n_events; i++) {
        const int32_t thread = p->events[i].thread;
        if (thread < 0 || thread >= MOST_LINES || seen[thread]) continue;
        seen[thread] = true;
        char name[32] = "caller";
        if (thread >= FIRST_WORKER)
            snprintf(name, sizeof name, "worker %d", thread - FIRST_WORKER);
        else if (thread)
            snprintf(name, sizeof name, "caller %d", thread + 1);
        put_name(j, "thread_name", thread, name);
    }
}

static void put_key(json *j, const char *name, const kal_key *key)
{
    char text[33];
    json_text(j, name, kal_key_print(*key, text));
}

static void put_node(const node_row *n, json *j)
{
    json_line(j);
    json_open(j, NULL, '{');
    json_text(j, "name", n->name);
    put_key(j, "key", &n->key);
    put_key(j, "last", &n->last);
    json_thousandths(j, "ms", (uint64_t)(n->ms * 1e3));
    json_count(j, "bands", n->bands);
    json_count(j, "bytes", n->bytes);
    json_bool(j, "reused", n->reused);
    json_bool(j, "kept", n->kept);
    json_close(j, '}');
}

static void put_request(const profile *p, int32_t i, json *j)
{
    const request *r = &p->requests[i];
    json_line(j);
    json_open(j, NULL, '{');
    json_text(j, "label", r->label);
    json_bool(j, "failed", r->failed);
    json_thousandths(j, "begin_us", r->begin_ns - p->first_ns);
    json_thousandths(j, "total_ms", (r->end_ns - r->begin_ns) / 1000);
    json_thousandths(j, "cpu_ms", r->cpu_ns / 1000);
    json_bool(j, "alone", r->alone);
    json_count(j, "lane", (uint64_t)r->lane);
    json_stats_fields(j, &r->stats);
    json_open(j, "nodes_told", '[');
    for (int32_t k = 0; k < p->n_nodes; k++)
        if (p->nodes[k].request == i) put_node(&p->nodes[k], j);
    json_close(j, ']');
    json_span(j, "svg", r->picture.data ? (const char *)r->picture.data : "", r->picture.size);
    json_close(j, '}');
}

static void put_stage(const stage *s, json *j)
{
    json_line(j);
    json_open(j, NULL, '{');
    json_text(j, "name", s->name);
    json_text(j, "what", s->what);
    if (s->has_key)
        put_key(j, "key", &s->key);
    else
        json_null(j, "key");
    json_count(j, "request", (uint64_t)s->request);
    json_close(j, '}');
}

static uint64_t process_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

// Readers of the format stop at the first name they do not know: theirs come first.
void profile_put_trace(const profile *p, FILE *f)
{
    json j = {f, false};
    json_open(&j, NULL, '{');
    json_open(&j, "traceEvents", '[');
    put_names(p, &j);
    for (int32_t i = 0; i < p->n_events; i++) put_event(p, &p->events[i], &j);
    json_close(&j, ']');
    json_text(&j, "displayTimeUnit", "ms");
    json_open(&j, "profile", '{');
    json_text(&j, "command", p->command);
    json_text(&j, "version", kal_version());
    json_thousandths(&j, "cpu_ms", (process_ns() - p->cpu_ns) / 1000);
    json_count(&j, "most", MOST_EVENTS);
    json_count(&j, "dropped", p->dropped);
    json_count(&j, "dropped_nodes", p->dropped_nodes);
    json_count(&j, "dropped_requests", p->dropped_requests);
    json_open(&j, "requests", '[');
    for (int32_t i = 0; i < p->n_requests; i++) put_request(p, i, &j);
    json_close(&j, ']');
    json_open(&j, "stages", '[');
    for (int32_t i = 0; i < p->n_stages; i++) put_stage(&p->stages[i], &j);
    json_close(&j, ']');
    json_close(&j, '}');
    json_close(&j, '}');
    fputc('\n', f);
}

// ---- the page -----------------------------------------------------------------------------------

// In a page no text of the JSON may end the script it lies in; a < stands in strings only.
static bool put_page(const profile *p, FILE *f)
{
    static const char mark[] = "@PROFILE@";
    const char *at = strstr((const char *)profile_page, mark);
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (!memory) return false;
    profile_put_trace(p, memory);
    const bool ok = fclose(memory) == 0;
    fwrite(profile_page, 1, (size_t)(at - (const char *)profile_page), f);
    for (const char *from = text, *end = text + size; ok && from < end;) {
        const char *less = memchr(from, '<', (size_t)(end - from));
        fwrite(from, 1, (size_t)((less ? less : end) - from), f);
        if (less) fputs("\\u003c", f);
        from = less ? less + 1 : end;
    }
    fputs(at + sizeof mark - 1, f);
    free(text);
    return ok;
}

int profile_write(profile *p)
{
    if (!p || !p->n_requests) return EXIT_OK;
    p->first_ns = start_of(p);
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    bool ok = f != NULL;
    if (ok && p->page)
        ok = put_page(p, f);
    else if (ok)
        profile_put_trace(p, f);
    if (f) ok = fclose(f) == 0 && ok;
    int code = ok ? EXIT_OK : usage("out of memory for a profile");
    if (ok && !put_whole(p->path, text, size))
        code = failed("%s: the profile cannot be written: %s", p->path, strerror(errno));
    free(text);
    return code;
}
