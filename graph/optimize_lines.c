// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Which files are tried: a row for each way to write one, with what is known of its qualities.
#include "optimize.h"

#include "fmath.h"
#include "optimize_curves.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t colours_at[] = {1, 7, 14, 20, 27, 34, 40, 47, 53, 60, 67, 73, 80, 86, 93, 100};
static const int colours_of[] = {2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 160, 192, 256};
static const kal__ladder colours = {"colours", sizeof colours_at, 5, colours_at, colours_of};

// libaom has 63 quantizers and x265 half as many factors as there are qualities: those between give the same files.
static const uint8_t avif_at[] = {1,  3,  4,  6,  8,  9,  11, 12, 14, 16, 17, 19, 20, 22, 24, 25,
                                  27, 28, 30, 31, 33, 35, 36, 38, 39, 41, 43, 44, 46, 47, 49, 51,
                                  52, 54, 55, 57, 58, 60, 62, 63, 65, 66, 68, 70, 71, 73, 74, 76,
                                  77, 79, 81, 82, 84, 85, 87, 89, 90, 92, 93, 95, 97, 98, 100};
static const uint8_t heif_at[] = {2,  4,  6,  8,  10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34,
                                  36, 38, 40, 42, 44, 46, 48, 50, 52, 54, 56, 58, 60, 62, 64, 66, 68,
                                  70, 72, 74, 76, 78, 80, 82, 84, 86, 88, 90, 92, 94, 96, 98, 100};
static const kal__ladder avif_steps = {NULL, sizeof avif_at, 0, avif_at, NULL};
static const kal__ladder heif_steps = {NULL, sizeof heif_at, 0, heif_at, NULL};

// What encoders of a quality are told: quick, usual, best. AVIF: at the same score a tenth more bytes in a seventh of the time, and a tenth less in three times as much; beyond that nothing is won.
static const uint8_t webp_efforts[] = {2, 4, 6};
static const uint8_t avif_efforts[] = {0, 3, 4};
static const uint8_t heif_efforts[] = {4, 6, 7};
static const uint8_t jxl_efforts[] = {4, 7, 9};

// Formats in the order they are tried in unless another one is asked for; `usual`: without being asked for. `after`: only when the row before it calls for it.
// `few`: only of a picture of so few colours that nothing is lost. `less`: of what loses nothing, how many times smaller it is at best than the row before it (`after`), or
// than a quick PNG. `head`: bytes that are the same in all its files, about. `counted`: what its files take can be (optimize_count.c).
static const struct {
    const char *format, *fixed;
    const kal__quality_curve *curve;
    int head, slow, less;
    bool lossless, usual, after, few;
    const kal__ladder *ladder;
    const uint8_t *efforts;
    kal__counted counted;
} ways[] = {
    {"jpeg", "progressive=true optimize=true tables=tuned subsampling=420", &jpeg, 600, 1, 0, false, true,
     false, false, NULL, NULL, KAL__COUNTED_HALVED},
    {"jpeg", "progressive=true optimize=true tables=tuned subsampling=444", &jpeg_full, 600, 1, 0, false,
     true, true, false, NULL, NULL, KAL__COUNTED_FULL},
    {"png", "compression=1", NULL, 0, 1, 0, true, true, false, false, NULL, NULL, KAL__NOT_COUNTED},
    {"png", "compression=9", NULL, 0, 2, 2, true, true, true, false, NULL, NULL, KAL__NOT_COUNTED},
    {"png", "compression=9 colours=256", NULL, 0, 2, 0, true, true, false, true, NULL, NULL,
     KAL__NOT_COUNTED},
    {"png", "compression=9", &palette, 0, 2, 0, false, true, false, false, &colours, NULL, KAL__NOT_COUNTED},
    {"webp", "", &webp, 0, 2, 0, false, true, false, false, NULL, webp_efforts, KAL__NOT_COUNTED},
    {"webp", "lossless=true effort=0", NULL, 0, 2, 4, true, true, false, false, NULL, NULL, KAL__NOT_COUNTED},
    {"webp", "lossless=true effort=6", NULL, 0, 3, 3, true, true, true, false, NULL, NULL, KAL__NOT_COUNTED},
    {"avif", "subsampling=420", &avif, 300, 4, 0, false, true, false, false, &avif_steps, avif_efforts,
     KAL__NOT_COUNTED},
    {"avif", "subsampling=444", &avif, 300, 4, 0, false, true, true, false, &avif_steps, avif_efforts,
     KAL__NOT_COUNTED},
    {"heif", "subsampling=420", &heif, 400, 4, 0, false, false, false, false, &heif_steps, heif_efforts,
     KAL__NOT_COUNTED},
    {"heif", "subsampling=444", &heif, 400, 4, 0, false, false, true, false, &heif_steps, heif_efforts,
     KAL__NOT_COUNTED},
    {"heif", "lossless=true", NULL, 0, 4, 4, true, false, false, false, NULL, NULL, KAL__NOT_COUNTED},
    {"jxl", "", &jxl, 0, 3, 0, false, false, false, false, NULL, jxl_efforts, KAL__NOT_COUNTED},
    {"jxl", "lossless=true effort=1", NULL, 0, 2, 8, true, false, false, false, NULL, NULL, KAL__NOT_COUNTED},
    {"jxl", "lossless=true effort=7", NULL, 0, 4, 6, true, false, true, false, NULL, NULL, KAL__NOT_COUNTED},
};
enum { WAYS = sizeof ways / sizeof *ways };
_Static_assert(WAYS <= (int)KAL__LINES, "every way may be a line");

// ---- aims ---------------------------------------------------------------------------------------

#define LOSSLESS_TO_THE_EYE 90   // SSIMULACRA2's own scale calls that visually lossless

static int bounds_of(const kal__optimize_p *p)
{
    return (p->min_score > 0) + (p->max_dssim > 0) + (p->max_diff > 0);
}

static kal_status check_aim(const kal__optimize_p *p, kal_error *err)
{
    const int bounds = bounds_of(p);
    if (p->max_bytes > 0 && p->max_bytes < 1)
        return kal_fail(err, KAL_INVALID, "optimize: max_bytes=%g is less than a byte", p->max_bytes);
    if (bounds > 1)
        return kal_fail(err, KAL_INVALID, "optimize: give one of min_score, max_dssim and max_diff");
    if (p->metric == KAL__NO_METRIC && bounds)
        return kal_fail(err, KAL_INVALID, "optimize: metric=none scores nothing, and a score is bounded");
    if (p->metric == KAL__NO_METRIC && !(p->max_bytes > 0) && !p->quality)
        return kal_fail(err, KAL_INVALID, "optimize: metric=none needs quality, or max_bytes");
    if ((p->metric == KAL__SSIMULACRA2 && p->max_dssim > 0) ||
        (p->metric == KAL__DSSIM && (p->min_score > 0 || p->max_diff > 0)))
        return kal_fail(err, KAL_INVALID, "optimize: the metric is not the one whose value is bounded");
    if (p->metric == KAL__DSSIM && !bounds && !(p->max_bytes > 0) && !p->quality)
        return kal_fail(err, KAL_INVALID, "optimize: metric=dssim needs max_dssim, max_bytes or quality");
    if (p->objective == KAL__BEST && !(p->max_bytes > 0) && !p->quality)
        return kal_fail(err, KAL_INVALID,
                        "optimize: objective=best needs max_bytes; the best of all is lossless");
    if (p->objective == KAL__SMALLEST && !bounds && p->max_bytes > 0 && !p->quality)
        return kal_fail(
            err, KAL_INVALID,
            "optimize: objective=smallest needs min_score or max_dssim: the smallest of all is worthless");
    return KAL_OK;
}

kal_status kal__aim_of(const kal__optimize_p *p, kal__aim *out, kal_error *err)
{
    const kal_status st = check_aim(p, err);
    if (st) return st;
    *out = (kal__aim){.p = *p, .max_bytes = (uint64_t)p->max_bytes, .bound = (double)NAN};
    const bool any = bounds_of(p) || p->max_bytes > 0 || p->quality;
    if (p->metric == KAL__AUTO_METRIC) out->p.metric = p->max_dssim > 0 ? KAL__DSSIM : KAL__SSIMULACRA2;
    if (p->objective == KAL__AUTO_OBJECTIVE)
        out->p.objective = p->max_bytes > 0 && !bounds_of(p) ? KAL__BEST : KAL__SMALLEST;
    if (p->min_score > 0) out->bound = p->min_score;
    if (p->max_dssim > 0) out->bound = p->max_dssim;
    if (p->max_diff > 0) out->bound = 100 - 20 * kal__log(p->max_diff / 0.0001);
    if (!any) out->bound = LOSSLESS_TO_THE_EYE;
    return KAL_OK;
}

const kal_op *kal__metric_of(const kal__aim *a)
{
    return a->p.metric == KAL__NO_METRIC ? NULL
                                         : kal__optimize_ops_used.metrics[a->p.metric - KAL__SSIMULACRA2];
}

// A line through 76 pairs of a picture and what JPEG, WebP and AVIF made of it, scored by both.
double kal__height_of(const kal__aim *a, double score)
{
    if (a->p.metric != KAL__DSSIM) return score;
    return score > 1e-9 ? 77.9 - 8.34 * kal__log(score / 0.001) : 300;
}

// ---- lines --------------------------------------------------------------------------------------

static const char *way_name(const void *of, size_t i)
{
    (void)of;
    return ways[i].format;
}

// By its name or a suffix.
static bool is_format(int way, const char *name, size_t n)
{
    const kal__codec *c = kal__codec_named(ways[way].format);
    return (strlen(ways[way].format) == n && !memcmp(name, ways[way].format, n)) ||
           (c && kal__word_at(c->suffixes, name, n) >= 0);
}

static bool is_wanted(const kal__aim *a, const kal_extent *e, int way)
{
    static const char *const subsampling[] = {NULL, "420", "444"};
    const char *only = subsampling[a->p.subsampling];
    if (ways[way].ladder && ways[way].ladder->name && (a->p.quality || a->p.metric == KAL__NO_METRIC))
        return false;   // nobody would look at it
    if (ways[way].lossless && strcmp(ways[way].format, "png") != 0 && (!a->p.lossless || a->p.quality))
        return false;
    if (ways[way].lossless && ways[way].after && a->p.effort == KAL__QUICK) return false;
    if (!strstr(ways[way].fixed, "subsampling")) return true;
    if (e->channels - e->alpha < 3 || (a->p.quality && !only)) return !ways[way].after;
    return !only || strstr(ways[way].fixed, only);
}

static int effort_of(const kal__aim *a, int way)
{
    static const uint8_t at[] = {[KAL__USUAL] = 1, [KAL__QUICK] = 0, [KAL__UTMOST] = 2};
    return ways[way].efforts ? ways[way].efforts[at[a->p.effort]] : -1;
}

static bool is_there(const kal__line *lines, int n, int way)
{
    for (int i = 0; i < n; i++)
        if (lines[i].way == way) return true;
    return false;
}

static void add_ways(const kal__aim *a, const kal_extent *e, const char *name, size_t len, bool usual,
                     kal__line out[KAL__LINES], int *n, bool *found)
{
    for (int i = 0; i < WAYS && *n < KAL__LINES; i++) {
        const kal__codec *c = kal__codec_named(ways[i].format);
        if (usual ? !ways[i].usual || !c || !c->version() : !is_format(i, name, len)) continue;
        *found = true;
        if (!c || !is_wanted(a, e, i) || is_there(out, *n, i)) continue;
        const bool after =
            ways[i].after && *n && out[*n - 1].codec == c && out[*n - 1].lossless == ways[i].lossless;
        out[*n] = (kal__line){.way = i,
                              .codec = c,
                              .fixed = ways[i].fixed,
                              .effort = effort_of(a, i),
                              .curve = ways[i].curve,
                              .ladder = ways[i].ladder,
                              .head = ways[i].head,
                              .slow = ways[i].slow,
                              .less = ways[i].less,
                              .lossless = ways[i].lossless,
                              .few = ways[i].few,
                              .counted = ways[i].counted,
                              .follows = after ? *n - 1 : -1};
        ++*n;
    }
}

kal_status kal__lines_of(const kal__aim *a, const kal_extent *e, kal__line out[KAL__LINES], int *n,
                         kal_error *err)
{
    const char *p = a->p.formats;
    bool found = false;
    *n = 0;
    if (!*p) add_ways(a, e, "", 0, true, out, n, &found);
    while (*p) {
        p += strspn(p, " ");
        const size_t len = strcspn(p, ", ");
        found = false;
        add_ways(a, e, p, len, false, out, n, &found);
        if (!found) {
            const char *near = kal__nearest(p, len, way_name, NULL, WAYS);
            return kal_fail(
                err, KAL_INVALID,
                "optimize: formats: there is no \"%.*s\"%s%s%s; there are jpeg, png, webp, avif, heif, jxl",
                (int)(len > 40 ? 40 : len), p, near ? "; did you mean \"" : "", near ? near : "",
                near ? "\"?" : "");
        }
        p += len + strspn(p + len, ", ");
    }
    if (*n) return KAL_OK;
    return kal_fail(err, KAL_INVALID, "optimize: no format is left to be tried");
}
