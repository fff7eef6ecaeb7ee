// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// --profile: collecting what ran when. The library calls from all its workers; one lock of our own is held for as long as it takes to
// put an event down. profile_write.c makes the page.
#include "profile.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

// ---- lists that grow ----------------------------------------------------------------------------

// Room for one more of `size` bytes; false when there are `most` or there is no memory.
static bool grow(void *list, int32_t n, int32_t *room, int32_t most, size_t size)
{
    if (n < *room) return true;
    if (n >= most) return false;
    const int32_t more = *room ? (*room > most / 2 ? most : *room * 2) : 64;
    void *at = realloc(*(void **)list, (size_t)more * size);
    if (!at) return false;
    *(void **)list = at;
    *room = more;
    return true;
}

#define GROW(p, list, most) grow(&(p)->list, (p)->n_##list, &(p)->room_##list, (most), sizeof *(p)->list)

// ---- stages -------------------------------------------------------------------------------------

static uint64_t hash_of(int32_t which, const kal_key *key, const char *what)
{
    uint64_t word;
    memcpy(&word, key, sizeof word);   // a key is a hash already
    return word + ((uint64_t)which * 256 + (uint64_t)what[0]) * 0x9e3779b97f4a7c15u;
}

static int32_t *slot_of(const profile *p, int32_t which, const kal_key *key, const char *what)
{
    const uint32_t mask = (uint32_t)p->n_slots - 1;
    for (uint32_t i = (uint32_t)(hash_of(which, key, what) >> 20) & mask;; i = (i + 1) & mask) {
        const int32_t at = p->slots[i];
        if (at < 0 || (p->stages[at].request == which && kal_key_equal(p->stages[at].key, *key) &&
                       !strcmp(p->stages[at].what, what)))
            return &p->slots[i];
    }
}

static bool slots_new(profile *p, int32_t n)
{
    int32_t *slots = malloc((size_t)n * sizeof *slots);
    if (!slots) return false;
    free(p->slots);
    p->slots = slots;
    p->n_slots = n;
    for (int32_t i = 0; i < n; i++) slots[i] = -1;
    for (int32_t i = 0; i < p->n_stages; i++)
        *slot_of(p, p->stages[i].request, &p->stages[i].key, p->stages[i].what) = i;
    return true;
}

// The stage of an event, put in if it is new; -1 without memory.
static int32_t stage_of(profile *p, int32_t which, const kal_trace *t)
{
    kal_key key = {0, 0};
    if (t->node && kal_node_key(t->node, &key, NULL)) return -1;
    if (2 * p->n_stages >= p->n_slots && !slots_new(p, p->n_slots ? p->n_slots * 2 : 64)) return -1;
    int32_t *slot = slot_of(p, which, &key, t->what);
    if (*slot >= 0) return *slot;
    char *name = GROW(p, stages, MOST_EVENTS) ? strdup(t->name) : NULL;
    if (!name) return -1;
    p->stages[p->n_stages] = (stage){t->what, name, key, t->node != NULL, which};
    return *slot = p->n_stages++;
}

// ---- what is told -------------------------------------------------------------------------------

// Callers are on the lane of their request, workers of the pool behind them.
static int32_t line_of(const profile *p, int32_t which, int32_t thread)
{
    return thread ? FIRST_WORKER + thread : p->requests[which].lane;
}

static void put_event(profile *p, int32_t which, const kal_trace *t)
{
    if (which < 0) return;
    pthread_mutex_lock(&p->lock);
    const int32_t at = GROW(p, events, MOST_EVENTS) ? stage_of(p, which, t) : -1;
    if (at >= 0)
        p->events[p->n_events++] =
            (event){t->begin_ns, t->end_ns, at, line_of(p, which, t->thread), t->band, t->y0, t->y1};
    else
        p->dropped++;
    pthread_mutex_unlock(&p->lock);
}

void profile_trace(void *user, const kal_trace *t)
{
    const progress *at = user;
    put_event(at->profile, at->request, t);
}

void profile_node(void *user, const kal_node_stats *n)
{
    const progress *at = user;
    profile *p = at->profile;
    if (at->request < 0) return;
    node_row row = {.ms = n->ms,
                    .bands = n->bands,
                    .bytes = n->bytes,
                    .reused = n->reused,
                    .kept = n->kept,
                    .request = at->request};
    kal_node_key(n->node, &row.key, NULL);
    kal_node_key(n->last, &row.last, NULL);
    pthread_mutex_lock(&p->lock);
    row.name = GROW(p, nodes, MOST_NODES) ? strdup(n->name) : NULL;
    if (row.name)
        p->nodes[p->n_nodes++] = row;
    else
        p->dropped_nodes++;
    pthread_mutex_unlock(&p->lock);
}

// ---- requests -----------------------------------------------------------------------------------

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

// A lane is a thread that asks. Whoever else is running shares the processor time of the process: it is then nobody's own.
static void join(profile *p, request *r)
{
    static _Thread_local int32_t lane = -1;
    if (lane < 0) lane = p->n_lanes++;
    r->lane = lane;
    r->alone = true;
    for (int32_t i = 0; i < p->n_requests; i++)
        if (p->requests[i].running) p->requests[i].alone = r->alone = false;
}

// Its index, or -1.
static int32_t put_request(profile *p, request *r)
{
    pthread_mutex_lock(&p->lock);
    int32_t at = -1;
    if (r->label && GROW(p, requests, MOST_REQUESTS)) {
        join(p, r);
        at = p->n_requests++;
        p->picture_bytes += r->picture.size;
        if (p->picture_bytes > MOST_PICTURES) kal_bytes_free(&r->picture);
        p->requests[at] = *r;
    } else {
        p->dropped_requests++;
    }
    pthread_mutex_unlock(&p->lock);
    return at;
}

int32_t profile_begin(profile *p, const char *label, kal_node *const *nodes, int32_t n, double since)
{
    if (!p) return -1;
    const uint64_t now = clock_ns(CLOCK_MONOTONIC);
    request r = {.label = strdup(label),
                 .begin_ns = since > 0 ? (uint64_t)(since * 1e9) : now,
                 .cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID),
                 .running = true};
    kal_draw(nodes, n, KAL_AS_SVG, &r.picture, NULL);   // none of very many nodes
    const int32_t at = put_request(p, &r);
    if (at < 0) {
        free(r.label);
        kal_bytes_free(&r.picture);
    } else if (since > 0) {
        put_event(
            p, at,
            &(kal_trace){.what = "open", .name = "open", .band = -1, .begin_ns = r.begin_ns, .end_ns = now});
    }
    return at;
}

void profile_end(profile *p, int32_t which, const kal_stats *stats, bool failed)
{
    if (!p || which < 0) return;
    pthread_mutex_lock(&p->lock);
    request *r = &p->requests[which];
    r->end_ns = clock_ns(CLOCK_MONOTONIC);
    r->cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - r->cpu_ns;
    r->stats = *stats;
    r->failed = failed;
    r->running = false;
    pthread_mutex_unlock(&p->lock);
}

// ---- beginning and end --------------------------------------------------------------------------

// The command as it could be typed again.
static char *command_text(const settings *s)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (!f) return NULL;
    fprintf(f, "kal %s", s->called);
    for (int i = 0; i < s->n_args; i++) {
        const char *word = s->args[i];
        const bool plain = *word && !strpbrk(word, " \t\n|&;()<>$`\\\"'*?[]{}#~!");
        fputs(plain ? " " : " '", f);
        for (; *word; word++) fputs(*word == '\'' ? "'\\''" : (char[]){*word, 0}, f);
        if (!plain) fputc('\'', f);
    }
    if (fclose(f) == 0) return text;
    free(text);
    return NULL;
}

int profile_new(profile **out, const settings *s)
{
    const char *dot = s->profile ? strrchr(s->profile, '.') : NULL;
    const bool page = dot && (!strcmp(dot, ".html") || !strcmp(dot, ".htm"));
    *out = NULL;
    if (!s->profile) return EXIT_OK;
    if (!page && (!dot || strcmp(dot, ".json")))
        return usage("--profile: %s ends neither in .html (a page) nor in .json (a trace)", s->profile);
    profile *p = calloc(1, sizeof *p);
    if (p) *p = (profile){.path = s->profile, .page = page, .command = command_text(s)};
    if (!p || !p->command) {
        free(p);
        return usage("out of memory for a profile");
    }
    pthread_mutex_init(&p->lock, NULL);
    p->cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    *out = p;
    return EXIT_OK;
}

void profile_free(profile **gone)
{
    profile *p = *gone;
    *gone = NULL;
    if (!p) return;
    for (int32_t i = 0; i < p->n_stages; i++) free(p->stages[i].name);
    for (int32_t i = 0; i < p->n_nodes; i++) free(p->nodes[i].name);
    for (int32_t i = 0; i < p->n_requests; i++) {
        free(p->requests[i].label);
        kal_bytes_free(&p->requests[i].picture);
    }
    free(p->stages);
    free(p->nodes);
    free(p->requests);
    free(p->events);
    free(p->slots);
    free(p->command);
    pthread_mutex_destroy(&p->lock);
    free(p);
}
