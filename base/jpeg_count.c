// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See jpeg_count.h. Of the symbols of each scan it is counted how often each comes, for a Huffman table of its own; bands of rows by themselves, on threads, which are joined as if they had been counted one after another.
#include "jpeg_scans.h"

#include "fail.h"
#include "mem.h"
#include "thread.h"

#include <stdlib.h>
#include <string.h>

// ---- what it takes ------------------------------------------------------------------------------------

// Bits of all its symbols by the best Huffman table (Huffman 1952): each time two are joined, they have one bit more. No code is of ones alone: as libjpeg does, one more symbol that comes once takes that one, and
// its own bits are none of the file's.
static double best_bits(const kal__jpeg_symbols *s, int *different)
{
    uint64_t n[257], all = 0;
    int m = 0, spare;
    for (int i = 0; i < 256; i++)
        if (s->n[i]) n[m++] = s->n[i];
    *different = m;
    spare = m;
    if (m) n[m++] = 1;
    while (m > 1) {
        int a = 0, b = 1;   // the least, and the next
        if (n[b] < n[a]) a = 1, b = 0;
        for (int i = 2; i < m; i++)
            if (n[i] < n[a])
                b = a, a = i;
            else if (n[i] < n[b])
                b = i;
        if (spare == a || spare == b) all--, spare = a;
        all += n[a] += n[b];
        n[b] = n[--m];
        if (spare == m) spare = b;
    }
    return (double)all;
}

#define STUFFED (1 + 0.83 / 256)           // of so many bytes one has another behind it: of photographs
#define FRAME (2 + 18 + 2 * 69 + 19 + 2)   // SOI, APP0, two DQT, SOF, EOI
#define GRAY_FRAME (2 + 18 + 69 + 13 + 2)
#define TABLE 21   // DHT, but for its symbols
#define SCAN 10    // SOS of one component

static kal__jpeg_size size_of(const kal__jpeg_view *v, const kal__jpeg_file *f, double part)
{
    kal__jpeg_size out = {.bytes = v->gray ? GRAY_FRAME + 2 * SCAN : FRAME + 2 * (SCAN + 4)};
    for (int i = 0; i < KAL__JPEG_TABLES; i++) {
        int different;
        const double bits = best_bits(&f->tables[i], &different) + (double)f->tables[i].bits;
        const bool luma = i < KAL__JPEG_BLUE || i == KAL__JPEG_MEANS;
        if (v->gray && !luma) continue;
        *(luma ? &out.luma : &out.chroma) += bits * part;
        out.bytes += TABLE + different + (i < KAL__JPEG_MEANS ? SCAN : 0);
    }
    out.bytes += STUFFED * (out.luma + out.chroma) / 8;
    out.bytes += ((double)f->last_means / 8 + (double)f->stuffed) * part;
    return out;
}

// ---- threads ------------------------------------------------------------------------------------------

#define BAND 4   // rows of MCUs that are counted by themselves

// What bands are joined by.
typedef struct ends {
    kal__jpeg_run runs[KAL__JPEG_TABLES];
    int32_t first[3], last[3];   // means
} ends;

typedef struct count {
    const kal__jpeg_view *view;
    const kal__jpeg_how *how;
    int32_t rows, bands;
    kal__jpeg_steps_of *steps;
    int n;
    kal__jpeg_file *files;   // of all bands that are done
    pthread_mutex_t lock;
    ends *ends;          // of each band, of each quality
    int32_t next;        // atomic
    kal_status status;   // atomic: the first that was not KAL_OK
} count;

static int32_t rows_of(const count *c)
{
    return (c->rows + c->how->every - 1) / c->how->every;
}

static bool goes_on(const count *c)
{
    return __atomic_load_n(&c->status, __ATOMIC_RELAXED) == KAL_OK;
}

static void fail(count *c, kal_status st)
{
    kal_status none = KAL_OK;
    __atomic_compare_exchange_n(&c->status, &none, st, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

// A band counts its first means as no other than those before: that is set right when it is joined.
static void begin_band(const count *c, const kal__jpeg_row *r, kal__jpeg_state *states, ends *e)
{
    memset(states, 0, (size_t)c->n * sizeof *states);
    for (int i = 0; i < c->n; i++)
        for (int k = 0; k < (c->view->gray ? 1 : 3); k++)
            e[i].first[k] = states[i].mean[k] = kal__jpeg_mean(&r->blocks[k][0], &c->steps[i], k > 0) >> 1;
}

static void count_band(count *c, int32_t band, kal__jpeg_file *files, kal__jpeg_row *r,
                       kal__jpeg_state *states)
{
    ends *e = &c->ends[band * c->n];
    const int32_t begin = band * BAND, end = begin + BAND < rows_of(c) ? begin + BAND : rows_of(c);
    for (int32_t row = begin; row < end && goes_on(c); row++) {
        const int32_t middle = row * c->how->every + c->how->every / 2;
        const int32_t y = middle < c->rows ? middle : c->rows - 1;
        kal__jpeg_row_fill(c->view, y, r);
        if (row == begin) begin_band(c, r, states, e);
        for (int i = 0; i < c->n; i++)
            kal__jpeg_count_row(c->view, r, y, &c->steps[i], &files[i], &states[i]);
        const kal_status st = c->how->check ? c->how->check(c->how->of, NULL) : KAL_OK;
        if (st) fail(c, st);
    }
    for (int i = 0; i < c->n; i++) {
        memcpy(e[i].runs, states[i].runs, sizeof e[i].runs);
        memcpy(e[i].last, states[i].mean, sizeof e[i].last);
    }
}

// Runs go from band to band.
static void join_runs(const count *c, int quality, int table, kal__jpeg_symbols *s)
{
    uint32_t blocks = 0, late = 0;
    for (int32_t band = 0; band < c->bands; band++) {
        const kal__jpeg_run *r = &c->ends[band * c->n + quality].runs[table];
        blocks += r->broken ? r->first_blocks : r->blocks;
        late += r->broken ? r->first_late : r->late;
        for (; blocks > KAL__JPEG_LONGEST_RUN; blocks -= KAL__JPEG_LONGEST_RUN)
            kal__jpeg_put_run(s, KAL__JPEG_LONGEST_RUN, 0);
        if (!r->broken) continue;
        if (blocks) kal__jpeg_put_run(s, blocks, late);
        blocks = r->blocks, late = r->late;
    }
    if (blocks) kal__jpeg_put_run(s, blocks, late);
}

static void join_means(const count *c, int quality, kal__jpeg_file *f)
{
    for (int k = 0; k < (c->view->gray ? 1 : 3); k++) {
        kal__jpeg_symbols *t = &f->tables[KAL__JPEG_MEANS + (k > 0)];
        int32_t before = 0;
        for (int32_t band = 0; band < c->bands; band++) {
            const ends *e = &c->ends[band * c->n + quality];
            const int32_t more = e->first[k] - before;
            const int bits = kal__jpeg_length((uint32_t)(more < 0 ? -more : more));
            t->n[0]--;
            t->n[bits]++;
            t->bits += (uint64_t)bits;
            before = e->last[k];
        }
    }
}

static void add_file(kal__jpeg_file *to, const kal__jpeg_file *more)
{
    for (int t = 0; t < KAL__JPEG_TABLES; t++) {
        for (int i = 0; i < 256; i++) to->tables[t].n[i] += more->tables[t].n[i];
        to->tables[t].bits += more->tables[t].bits;
    }
    to->last_means += more->last_means;
    to->stuffed += more->stuffed;
}

// Each thread has files of its own, which are added to those of all.
static void *work(void *arg)
{
    count *c = arg;
    kal__jpeg_row r;
    kal__jpeg_state states[KAL__JPEG_COUNTS];
    kal__jpeg_file *files = kal__new_zero((size_t)c->n, sizeof *files);
    if (!kal__jpeg_row_open(c->view, &r) || !files) fail(c, KAL_NOMEM);
    while (goes_on(c)) {
        const int32_t band = __atomic_fetch_add(&c->next, 1, __ATOMIC_RELAXED);
        if (band >= c->bands) break;
        count_band(c, band, files, &r, states);
    }
    pthread_mutex_lock(&c->lock);
    for (int i = 0; i < c->n && files && c->files; i++) add_file(&c->files[i], &files[i]);
    pthread_mutex_unlock(&c->lock);
    free(files);
    kal__jpeg_row_close(&r);
    return NULL;
}

kal_status kal__jpeg_count(const kal__jpeg_view *v, const kal__jpeg_how *how, const int *qualities, int n,
                           kal__jpeg_size *out, kal_error *err)
{
    const int32_t side = kal__jpeg_side(v);
    count c = {.view = v, .how = how, .rows = (v->height + side - 1) / side, .n = n};
    c.bands = (rows_of(&c) + BAND - 1) / BAND;
    c.steps = kal__new((size_t)n, sizeof *c.steps);
    c.ends = kal__new((size_t)c.bands * (size_t)n, sizeof *c.ends);
    c.files = kal__new_zero((size_t)n, sizeof *c.files);
    pthread_mutex_init(&c.lock, NULL);
    if (!c.steps || !c.ends || !c.files) c.status = KAL_NOMEM;
    for (int i = 0; i < n && !c.status; i++) kal__jpeg_take_steps(v, qualities[i], &c.steps[i]);
    kal__together(how->threads < c.bands ? how->threads : c.bands, work, &c);
    pthread_mutex_destroy(&c.lock);
    for (int i = 0; i < n && !c.status; i++) {
        for (int t = 0; t < KAL__JPEG_TABLES; t++) join_runs(&c, i, t, &c.files[i].tables[t]);
        join_means(&c, i, &c.files[i]);
        out[i] = size_of(v, &c.files[i], (double)c.rows / rows_of(&c));
    }
    free(c.files);
    free(c.ends);
    free(c.steps);
    if (c.status == KAL_NOMEM) return kal_fail(err, KAL_NOMEM, "out of memory for counting JPEGs");
    const kal_status again = c.status ? how->check(how->of, err) : KAL_OK;
    return c.status && !again ? kal_fail(err, c.status, "stopped while JPEGs were counted") : again;
}
