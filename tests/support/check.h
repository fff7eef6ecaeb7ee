// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A page of checks for test programs. A failed check prints where and what, and the program goes on; main returns check_done().
#ifndef CHECK_H
#define CHECK_H

#include <kal/kal.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern int check_failed, check_passed;

#define REQUIRE(cond) check_that((cond) != 0, __FILE__, __LINE__, #cond, NULL)
/// With a printf-style note, for seeds and parameters.
#define REQUIRE_NOTE(cond, ...) check_note((cond) != 0, __FILE__, __LINE__, #cond, __VA_ARGS__)
#define REQUIRE_OK(call) check_status((call), KAL_OK, &check_error, __FILE__, __LINE__, #call)
/// The call must fail with the status; its kal_error is check_error.
#define REQUIRE_FAILS(status, call) check_status((call), (status), &check_error, __FILE__, __LINE__, #call)
#define REQUIRE_TEXT(a, b) check_text((a), (b), __FILE__, __LINE__)
/// First difference of n bytes is printed.
#define REQUIRE_MEM(a, b, n) check_mem((a), (b), (n), __FILE__, __LINE__)

extern kal_error check_error;   // pass &check_error to the calls above

bool check_that(bool ok, const char *file, int line, const char *what, const char *note);
bool check_note(bool ok, const char *file, int line, const char *what, const char *fmt, ...) KAL_PRINTF(5, 6);
bool check_status(kal_status got, kal_status want, const kal_error *err, const char *file, int line,
                  const char *what);
bool check_text(const char *a, const char *b, const char *file, int line);
bool check_mem(const void *a, const void *b, size_t n, const char *file, int line);
/// Prints a line of counts; 0 when all passed, 1 otherwise. Fails when nodes are left alive.
int check_done(void);
/// Says that something was left out and why; a program that skips everything returns 77.
void check_skip(const char *fmt, ...) KAL_PRINTF(1, 2);

/// How many times longer things may take than they should: a sanitizer looks on.
#if defined(__SANITIZE_THREAD__)
#define CHECK_SLOWER 20
#elif defined(__SANITIZE_ADDRESS__)
#define CHECK_SLOWER 5
#else
#define CHECK_SLOWER 1
#endif

/// A path inside the shared data, NULL when it is not there; KAL_SHARED says where it is. Static buffer.
const char *check_shared(const char *path);
/// A path in a folder for this run, removed at the end. Static buffers, eight at a time.
const char *check_temp(const char *name);

// ---- random, always from a seed that is printed on failure ---------------------------------------

typedef struct rng {
    uint64_t s;
} rng;
uint32_t rng_next(rng *r);
/// 0..n-1
int32_t rng_below(rng *r, int32_t n);
/// Fills a packed image with noise that favours extremes, flats and ramps; floats in about -0.2..1.2.
void rng_pixels(rng *r, const kal_extent *e, void *data);
/// A random image as a node, owned by the scope.
kal_node *rng_image(rng *r, kal_scope *s, const kal_extent *e);
/// A random map of the extent's size: places on an image of that size, around it, far away and nowhere.
kal_node *rng_map(rng *r, kal_scope *s, const kal_extent *e);

static inline kal_extent extent_of(int32_t w, int32_t h, int32_t channels, kal_type type)
{
    const kal_extent e = {w,
                          h,
                          channels,
                          type,
                          channels == 1 || channels == 2 ? KAL_GRAY
                          : channels <= 4                ? KAL_RGB
                                                         : KAL_DATA,
                          channels == 2 || channels == 4};
    return e;
}

static inline size_t bytes_of(const kal_extent *e)
{
    return (size_t)e->width * (size_t)e->height * kal_pixel_size(e);
}

/// All pixels of a node in fresh memory (free), or NULL with check_error filled.
void *read_all(const kal_node *node, const kal_options *options, kal_extent *extent);

// ---- the slow, obvious evaluator -------------------------------------------------------------------

/// All pixels of the node: each op once, on whole images, in plain memory, on this thread, with nothing of the engine: no plan, no
/// rings, no bands, no memo. Fresh memory (free).
void *naive_pixels(const kal_node *node);

#endif
