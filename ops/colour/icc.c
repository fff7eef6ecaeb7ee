// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// icc_transform: samples of one colour profile become those of another; icc_assign: they are said to be of another. Both leave the new
// profile with the picture, where a file keeps it. The arithmetic is Little CMS's, pixel by pixel.
#include "icc_profile.h"

#include <stdlib.h>

enum { NAMED = 8, FROM_FILE = NAMED, EMBEDDED, TO_FILE = NAMED, LIKE };   // after the words of KAL_PROFILES
enum { GRAY_NAME = 6 };

// ---- which profiles -----------------------------------------------------------------------------

static bool embedded(const kal_call *input, kal__icc *out)
{
    *out = (kal__icc){NULL, 0, NULL};
    return kal_call_meta(input, "icc", &out->data, &out->size);
}

static void of_file(const char *file, kal__icc *out)
{
    *out = (kal__icc){NULL, 0, NULL};
    out->data = kal_file_bytes(file, &out->size);
}

// What a picture is taken for that says nothing itself.
static int32_t usual(const kal_extent *e)
{
    return e->channels - e->alpha == 1 ? GRAY_NAME : 0;
}

static kal_status source_of(const kal_call *c, const kal_icc_transform_p *p, kal__icc *out, kal_error *err)
{
    if (p->from < NAMED) return kal__icc_named(c->op->name, p->from, out, err);
    if (p->from == FROM_FILE)
        of_file(p->from_profile, out);
    else if (!embedded(c->in[0], out))
        return kal_fail(err, KAL_INVALID, "%s: from=embedded, and the picture has no profile", c->op->name);
    return KAL_OK;
}

static kal_status target_of(const kal_call *c, int32_t to, const char *profile, kal__icc *out, kal_error *err)
{
    if (to < NAMED) return kal__icc_named(c->op->name, to, out, err);
    if (to == TO_FILE) {
        of_file(profile, out);
        return KAL_OK;
    }
    if (embedded(c->in[1], out)) return KAL_OK;
    return kal__icc_named(c->op->name, usual(&c->in[1]->extent), out, err);
}

// A word, a file or a second picture says it; two of them contradict each other.
static kal_status settle_target(const kal_call *c, int32_t *to, const char *profile, kal_error *err)
{
    const int32_t said = c->n == 2 ? LIKE : *profile ? TO_FILE : KAL_AUTO;
    if (*to == KAL_AUTO) *to = said != KAL_AUTO ? said : usual(&c->in[0]->extent);
    if ((c->n == 2 && *profile) || (said == KAL_AUTO ? *to >= NAMED : *to != said))
        return kal_fail(err, KAL_INVALID,
                        "%s: give one of to=…, profile=… and a second image whose profile is taken",
                        c->op->name);
    return KAL_OK;
}

static kal_status settle_source(const kal_call *c, kal_icc_transform_p *p, kal_error *err)
{
    kal__icc own;
    const bool file = *p->from_profile != 0;
    if (p->from == KAL_AUTO)
        p->from = file ? FROM_FILE : embedded(c->in[0], &own) ? EMBEDDED : usual(&c->in[0]->extent);
    if ((p->from == FROM_FILE) != file)
        return kal_fail(err, KAL_INVALID, "icc_transform: give either from or from_profile");
    return KAL_OK;
}

// ---- what comes out -----------------------------------------------------------------------------

static kal_status check_picture(const kal_call *c, kal_error *err)
{
    const kal_extent *e = &c->in[0]->extent;
    if (e->type == KAL_U32 || e->model == KAL_DATA)
        return kal_fail(err, KAL_INVALID, "%s: only gray and RGB pictures have colour profiles", c->op->name);
    return KAL_OK;
}

static kal_status check_source(const kal_call *c, const kal__icc *from, kal_error *err)
{
    int32_t colours;
    const kal_extent *e = &c->in[0]->extent;
    const kal_status st = kal__icc_colours(c->op->name, "the profile it comes from", from, &colours, err);
    if (st || colours == e->channels - e->alpha) return st;
    return kal_fail(err, KAL_INVALID, "%s: a profile of %d colour channels, and an image of %d", c->op->name,
                    colours, e->channels - e->alpha);
}

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_icc_transform_p *p = params;
    kal__icc from = {NULL, 0, NULL}, to = {NULL, 0, NULL};
    int32_t colours = 0;
    kal_status st = check_picture(c, err);
    if (!st) st = settle_source(c, p, err);
    if (!st) st = settle_target(c, &p->to, p->profile, err);
    if (!st) st = source_of(c, p, &from, err);
    if (!st) st = check_source(c, &from, err);
    if (!st) st = target_of(c, p->to, p->profile, &to, err);
    if (!st) st = kal__icc_colours("icc_transform", "the profile it goes to", &to, &colours, err);
    *out = c->in[0]->extent;
    out->channels = colours + out->alpha;
    out->model = colours == 1 ? KAL_GRAY : KAL_RGB;
    free(from.own);
    free(to.own);
    return st;
}

// Of the second image only the profile matters.
static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    (void)c;
    return i ? kal_rect_of(0, 0, 0, 0) : out;
}

static bool map(const kal_call *c, int32_t i, double m[6])
{
    (void)c;
    kal__map_shift(0, 0, m);
    return i == 0;
}

// A copy of the target to give away.
static kal_status give_target(const kal_call *c, int32_t name, const char *profile, void **data, size_t *size,
                              kal_error *err)
{
    kal__icc to;
    const kal_status st = target_of(c, name, profile, &to, err);
    if (st) return st;
    *data = to.own ? to.own : malloc(to.size);
    if (!*data) return kal_fail(err, KAL_NOMEM, "%s: out of memory for a profile", c->op->name);
    if (!to.own) memcpy(*data, to.data, to.size);
    *size = to.size;
    return KAL_OK;
}

static kal_status profile(const kal_call *c, void **data, size_t *size, kal_error *err)
{
    const kal_icc_transform_p *p = c->params;
    return give_target(c, p->to, p->profile, data, size, err);
}

// ---- transforming -------------------------------------------------------------------------------

static kal_status prepare(const kal_call *c, void **state, kal_error *err)
{
    const kal_icc_transform_p *p = c->params;
    kal__icc from = {NULL, 0, NULL}, to = {NULL, 0, NULL};
    kal__icc_way *way = NULL;
    kal_status st = source_of(c, p, &from, err);
    if (!st) st = target_of(c, p->to, p->profile, &to, err);
    if (!st)
        st = kal__icc_way_new("icc_transform", &from, &c->in[0]->extent, &to, &c->extent, p->intent,
                              p->black_point, &way, err);
    free(from.own);
    free(to.own);
    *state = way;
    return st;
}

static void release(void *state)
{
    kal__icc_way_free(state);
}

static size_t tables(const kal_call *c)
{
    const kal_icc_transform_p *p = c->params;
    kal__icc from = {NULL, 0, NULL}, to = {NULL, 0, NULL};
    size_t n = 0;
    if (!source_of(c, p, &from, NULL) && !target_of(c, p->to, p->profile, &to, NULL))
        n = kal__icc_way_bytes(&from, &to);
    free(from.own);
    free(to.own);
    return n;
}

static kal_status run(const kal_job *j)
{
    const size_t n = (size_t)kal_tile_width(j->out);
    for (int32_t y = j->out->rect.y0; y < j->out->rect.y1; y++)
        kal__icc_way_row(j->state, kal_row(&j->in[0], y), kal_row(j->out, y), n);
    return KAL_OK;
}

static const char *library(const kal_call *c)
{
    (void)c;
    return kal__icc_edition();
}

// From a profile to the very same one.
static bool fold(const kal_call *c, kal_folded *to, void *room)
{
    const kal_icc_transform_p *p = c->params;
    kal__icc from = {NULL, 0, NULL}, target = {NULL, 0, NULL};
    (void)room;
    if (!source_of(c, p, &from, NULL) && !target_of(c, p->to, p->profile, &target, NULL) &&
        from.size == target.size && !memcmp(from.data, target.data, from.size) && p->from == EMBEDDED)
        to->same = c->in[0];
    free(from.own);
    free(target.own);
    return to->same != NULL;
}

#define PARAMS kal_icc_transform_p
static const kal_param transform_params[] = {KAL_ICC_TRANSFORM_PARAMS(KAL_SCHEMA)};
#undef PARAMS

const kal_op kal__op_icc_transform = {
    .name = "icc_transform",
    .version = 1,
    .family = "colour",
    .help =
        "From the picture's colour profile to another, by Little CMS\n"
        "It comes from the embedded profile (a picture without one counts as sRGB, a gray one as gray with "
        "sRGB's\n"
        "curve), and goes to a profile by name, to that of a file, or to the one of a second image: the way "
        "back from\n"
        "a working space. The result carries its new profile into files. Samples keep their type: cast to "
        "f32 or u16\n"
        "first where a wide or linear space would not fit 8 bits: 8-bit samples that go to display_p3 and "
        "back come\n"
        "back up to 9 off, f32 ones as they were. Alpha stays. For gray and RGB pictures.",
    .inputs = "image like?",
    KAL__PARAMS(transform_params, kal_icc_transform_p),
    .cost = 4,
    .library = library,
    .extent = extent,
    .need = need,
    .map = map,
    .fold = fold,
    .profile = profile,
    .prepare = prepare,
    .release = release,
    .tables = tables,
    .run = run,
    .samples = KAL__SAMPLES("to=display_p3", "to=srgb_linear intent=perceptual", "to=gray",
                            "to=rec2020 intent=absolute black_point=false"),
};

// ---- assigning ----------------------------------------------------------------------------------

static kal_status assign_extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    kal_icc_assign_p *p = params;
    kal__icc to = {NULL, 0, NULL};
    kal_status st = check_picture(c, err);
    if (!st) st = settle_target(c, &p->to, p->profile, err);
    if (!st) st = target_of(c, p->to, p->profile, &to, err);
    if (!st) st = check_source(c, &to, err);
    *out = c->in[0]->extent;
    free(to.own);
    return st;
}

static kal_status assign_profile(const kal_call *c, void **data, size_t *size, kal_error *err)
{
    const kal_icc_assign_p *p = c->params;
    return give_target(c, p->to, p->profile, data, size, err);
}

#define PARAMS kal_icc_assign_p
static const kal_param assign_params[] = {KAL_ICC_ASSIGN_PARAMS(KAL_SCHEMA)};

const kal_op kal__op_icc_assign = {
    .name = "icc_assign",
    .version = 1,
    .family = "colour",
    .help = "The same samples, said to be of another colour profile\n"
            "For a picture whose profile is missing or wrong. Nothing is computed; files get the profile, "
            "and icc_transform\n"
            "comes from it. For gray and RGB pictures.",
    .inputs = "image like?",
    KAL__PARAMS(assign_params, kal_icc_assign_p),
    .flags = KAL_OP_VIEW,
    .extent = assign_extent,
    .need = need,
    .map = map,
    .profile = assign_profile,
    .samples = KAL__SAMPLES(""),
};
