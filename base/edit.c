// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See edit.h. A table of names, and of how they begin, over writers of blocks.
#include "edit.h"

#include "exif.h"
#include "fmath.h"
#include "num.h"
#include "utf.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- blocks changed -----------------------------------------------------------------------------

typedef kal_status edit_fn(const kal__blob *from, const kal__edit *w, kal__blob *out, kal_error *err);

// *m, which is ours, with another block; `set`: of which somebody wants something.
static void replace(kal__meta *m, kal__blob_kind what, kal__blob with, bool set)
{
    kal__blob *b = kal__meta_blob(m, what);
    if (!m->base || b->data != kal__meta_blob(m->base, what)->data) free(b->data);
    *b = with;
    m->left_out[what] = 0;
    if (set) m->set |= 1u << what;
}

static kal_status edit_blob(kal__meta *m, kal__blob_kind what, edit_fn *edit, const kal__edit *w,
                            kal_error *err)
{
    kal__blob changed = {NULL, 0};
    const kal_status st = edit(kal__meta_blob(m, what), w, &changed, err);
    if (!st) replace(m, what, changed, w->value != NULL);
    return st;
}

static kal_status edit_exif(kal__meta *m, const kal__edit *w, kal_error *err)
{
    return edit_blob(m, KAL__EXIF, kal__exif_edit, w, err);
}

static kal_status edit_iptc(kal__meta *m, const kal__edit *w, kal_error *err)
{
    return edit_blob(m, KAL__IPTC, kal__iptc_edit, w, err);
}

static kal_status edit_xmp(kal__meta *m, const kal__edit *w, kal_error *err)
{
    return edit_blob(m, KAL__XMP, kal__xmp_edit, w, err);
}

static kal_status exif_of_one(const kal__edit *w, kal_error *err)
{
    if (w->more) return kal_fail(err, KAL_INVALID, "%s: there is one of it; set_field sets it", w->field);
    return kal__exif_check(w, err);
}

// ---- numbers ------------------------------------------------------------------------------------

static kal_status number(const kal__edit *w, double least, double most, double *out, kal_error *err)
{
    if (w->more) return kal_fail(err, KAL_INVALID, "%s: there is one of it; set_field sets it", w->field);
    if (kal__parse_double(w->value, strlen(w->value), out) && *out >= least && *out <= most) return KAL_OK;
    return kal_fail(err, KAL_INVALID, "%s: %.60s is not a number from %g to %g", w->field, w->value, least,
                    most);
}

// Several fields of EXIF at once; a NULL value takes one out.
static kal_status set_exif(kal__meta *m, const kal__edit *w, const char *const (*list)[2], size_t n,
                           kal_error *err)
{
    kal_status st = KAL_OK;
    for (size_t i = 0; i < n && !st; i++)
        st = edit_exif(m, &(kal__edit){w->field, list[i][0], w->value ? list[i][1] : NULL, false}, err);
    return st;
}

// ---- places -------------------------------------------------------------------------------------

// Degrees as EXIF has them: whole ones, whole minutes, and seconds in millionths, so that a millionth of a second is kept.
static const struct {
    const char *name, *tag, *ref;
    double most;
    const char *letters;
} circles[] = {{"latitude", "GPSLatitude", "GPSLatitudeRef", 90, "NS"},
               {"longitude", "GPSLongitude", "GPSLongitudeRef", 180, "EW"}};

static int circle_of(const kal__edit *w)
{
    return strcmp(w->name, "latitude") ? !strcmp(w->name, "longitude") ? 1 : -1 : 0;
}

#define HIGHEST 1e6   // metres

static kal_status check_place(const kal__edit *w, kal_error *err)
{
    const int i = circle_of(w);
    double v;
    if (i < 0 && strcmp(w->name, "altitude") != 0)
        return kal_fail(err, KAL_INVALID,
                        "%s: there is gps.latitude, gps.longitude and gps.altitude; others are exif.GPS…",
                        w->field);
    if (!w->value) return KAL_OK;
    return i < 0 ? number(w, -HIGHEST, HIGHEST, &v, err)
                 : number(w, -circles[i].most, circles[i].most, &v, err);
}

// What XMP says of it would contradict.
static kal_status drop_in_xmp(kal__meta *m, const kal__edit *w, const char *name, kal_error *err)
{
    kal__blob changed = {NULL, 0};
    if (!m->xmp.size) return KAL_OK;
    const kal_status st = kal__xmp_edit(&m->xmp, &(kal__edit){w->field, name, NULL, false}, &changed, err);
    if (!st) replace(m, KAL__XMP, changed, false);
    return st;
}

static kal_status edit_place(kal__meta *m, const kal__edit *w, kal_error *err)
{
    char text[80] = "", ref[2] = "";
    const int i = circle_of(w);
    double v = 0;
    kal_status st = check_place(w, err);
    if (st) return st;
    if (w->value) kal__parse_double(w->value, strlen(w->value), &v);
    const double size = v < 0 ? -v : v;
    if (i < 0) {
        ref[0] = (char)('0' + (v < 0));
        kal__print_double(text, size);
        const char *const both[][2] = {{"GPSAltitude", text}, {"GPSAltitudeRef", ref}};
        st = drop_in_xmp(m, w, "exif:GPSAltitude", err);
        if (!st) st = drop_in_xmp(m, w, "exif:GPSAltitudeRef", err);
        return st ? st : set_exif(m, w, both, 2, err);
    }
    const uint64_t all = (uint64_t)kal__round(size * 3600e6);
    snprintf(text, sizeof text, "%u/1 %u/1 %u/1000000", (unsigned)(all / 3600000000u),
             (unsigned)(all / 60000000u % 60), (unsigned)(all % 60000000u));
    ref[0] = circles[i].letters[v < 0];
    const char *const both[][2] = {{circles[i].tag, text}, {circles[i].ref, ref}};
    st = drop_in_xmp(m, w, i ? "exif:GPSLongitude" : "exif:GPSLatitude", err);
    return st ? st : set_exif(m, w, both, 2, err);
}

// ---- density ------------------------------------------------------------------------------------

static const struct {
    const char *unit;
    double by;   // to pixels a metre
} units[] = {{"", 1},   {"dpi", 1 / 0.0254}, {"ppi", 1 / 0.0254}, {"dpcm", 100},
             {"/m", 1}, {"/cm", 100},        {"/in", 1 / 0.0254}};

// "300 dpi"
static kal_status parse_density(const kal__edit *w, double *out, kal_error *err)
{
    const size_t n = strlen(w->value);
    if (w->more) return number(w, 0, 0, out, err);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t k = strlen(units[i].unit);
        if (k > n || strcmp(w->value + n - k, units[i].unit) != 0) continue;
        for (k = n - k; k > 0 && w->value[k - 1] == ' ';) k--;
        if (kal__parse_double(w->value, k, out) && *out > 0 && (*out *= units[i].by) <= 1e8) return KAL_OK;
    }
    return kal_fail(err, KAL_INVALID, "%s: %.60s is no density, as 300dpi, 118dpcm or 11811/m", w->field,
                    w->value);
}

static kal_status check_density(const kal__edit *w, kal_error *err)
{
    double v;
    if (*w->name && strcmp(w->name, "x") != 0 && strcmp(w->name, "y") != 0)
        return kal_fail(err, KAL_INVALID, "%s: there is density, density.x and density.y", w->field);
    return w->value ? parse_density(w, &v, err) : KAL_OK;
}

// EXIF says it too, which is where formats have it that have no place of their own for it.
static kal_status edit_density(kal__meta *m, const kal__edit *w, kal_error *err)
{
    double v = 0;
    kal__blob changed = {NULL, 0};
    kal_status st = check_density(w, err);
    if (!st && w->value) st = parse_density(w, &v, err);
    if (st) return st;
    for (int i = 0; i < 2; i++)
        if (!*w->name || *w->name == 'x' + i || !(m->density[i] > 0) || !(v > 0)) m->density[i] = v;
    m->undense = false;
    st = kal__exif_with_density(&m->exif, m->density, w, &changed, err);
    if (!st) replace(m, KAL__EXIF, changed, false);
    return st;
}

static bool near_density(const double a[2], const double b[2], double within)
{
    return fabs(a[0] - b[0]) <= within * b[0] && fabs(a[1] - b[1]) <= within * b[1];
}

bool kal__density_speaks(const double density[2])
{
    static const double dpi[] = {72, 96};
    bool speaks = density[0] > 0 && density[1] > 0;
    for (size_t i = 0; i < sizeof dpi / sizeof *dpi; i++) {
        const double filler[2] = {dpi[i] / 0.0254, dpi[i] / 0.0254};
        speaks = speaks && !near_density(density, filler, 0.015);   // as whole numbers a centimetre, too
    }
    return speaks;
}

// What the EXIF block says by itself.
static bool exif_density(const kal__meta *m, double out[2])
{
    kal__meta of = {.exif = m->exif};
    kal__meta_take_exif(&of);
    memcpy(out, of.density, sizeof of.density);
    return out[0] > 0;
}

bool kal__exif_has_density(const kal__meta *m)
{
    double says[2];
    return exif_density(m, says) && near_density(says, m->density, 0.002);
}

// *out, a reference of the caller's, becomes one with that block in place of its own; as much of it is unread as before. Takes the block. false: out of memory.
static bool with_block(kal__meta **out, kal__blob_kind what, kal__blob block)
{
    kal__meta *with = kal__meta_derive(*out);
    if (with) {
        const uint64_t unread = with->left_out[what];
        replace(with, what, block, false);
        with->left_out[what] = unread;
    } else {
        free(block.data);
    }
    kal__meta_unref(out);
    *out = with;
    return with != NULL;
}

bool kal__meta_density_in_exif(kal__meta *m, kal__meta **out)
{
    kal__blob changed = {NULL, 0};
    kal_error why;
    double says[2];
    *out = kal__meta_ref(m);
    if (!m || !(m->density[0] > 0) || kal__exif_has_density(m)) return true;
    if (!kal__density_speaks(m->density) && !exif_density(m, says)) return true;
    const kal__edit w = {"density", "", NULL, false};
    const kal_status st = kal__exif_with_density(&m->exif, m->density, &w, &changed, &why);
    if (st) return st != KAL_NOMEM;
    return with_block(out, KAL__EXIF, changed);
}

// ---- what goes whole ----------------------------------------------------------------------------

static kal_status drop_place(kal__meta *m, const kal__edit *w, kal_error *err)
{
    kal__blob exif = {NULL, 0};
    kal_status st = kal__exif_without(&m->exif, true, w, &exif, err);
    if (!st) replace(m, KAL__EXIF, exif, false);
    return st ? st : edit_blob(m, KAL__XMP, kal__xmp_without_place, w, err);
}

static kal_status drop_preview(kal__meta *m, const kal__edit *w, kal_error *err)
{
    kal__blob exif = {NULL, 0};
    const kal_status st = kal__exif_without(&m->exif, false, w, &exif, err);
    if (!st) replace(m, KAL__EXIF, exif, false);
    return st;
}

// Of a name that is a block's, which; KAL__BLOBS: it is none.
static int block_of(const char *name)
{
    int i = 0;
    while (i < KAL__BLOBS && strcmp(kal__blob_name((kal__blob_kind)i), name) != 0) i++;
    return i;
}

static kal_status drop_block(kal__meta *m, const kal__edit *w, kal_error *err)
{
    (void)err;
    const kal__blob_kind what = (kal__blob_kind)block_of(w->field);
    if (what == KAL__XMP) m->extended = 0;
    replace(m, what, (kal__blob){NULL, 0}, false);
    return KAL_OK;
}

// ---- names --------------------------------------------------------------------------------------

typedef kal_status change_fn(kal__meta *m, const kal__edit *w, kal_error *err);

// How names begin, or what they are; a whole only goes.
static const struct family {
    const char *name;
    bool whole;
    kal_status (*check)(const kal__edit *w, kal_error *err);
    change_fn *change;
} families[] = {
    {"exif.", false, exif_of_one, edit_exif},
    {"iptc.", false, kal__iptc_check, edit_iptc},
    {"xmp.", false, kal__xmp_check, edit_xmp},
    {"gps.", false, check_place, edit_place},
    {"density.", false, check_density, edit_density},
    {"density", false, check_density, edit_density},
    {"gps", true, NULL, drop_place},
    {"preview", true, NULL, drop_preview},
    {"exif", true, NULL, drop_block},
    {"icc", true, NULL, drop_block},
    {"xmp", true, NULL, drop_block},
    {"iptc", true, NULL, drop_block},
    {"geo", true, NULL, drop_block},
};

static kal_status unknown(const char *field, bool whole, kal_error *err)
{
    if (whole && !strcmp(field, "icc"))
        return kal_fail(err, KAL_INVALID, "icc: a profile is set by icc_assign, or icc_transform");
    if (whole) return kal_fail(err, KAL_INVALID, "%s: all of it can only go, by unset_field", field);
    return kal_fail(
        err, KAL_INVALID,
        "%.80s: fields that can be changed begin with exif., iptc., xmp. or gps., or are density, "
        "density.x, density.y; what can go whole: exif, iptc, xmp, gps, icc, geo, preview",
        field);
}

static kal_status find(const char *field, const char *value, bool more, const struct family **out,
                       kal__edit *w, kal_error *err)
{
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        const struct family *f = &families[i];
        const size_t n = strlen(f->name);
        const bool begins = f->name[n - 1] == '.';
        if (begins ? strncmp(field, f->name, n) != 0 : strcmp(field, f->name) != 0) continue;
        if (value && !*value)
            return kal_fail(err, KAL_INVALID, "%s: there is no value; unset_field takes it out", field);
        if (f->whole && value) return unknown(field, true, err);
        *w = (kal__edit){field, field + n, value, more};
        *out = f;
        return f->check ? f->check(w, err) : KAL_OK;
    }
    return unknown(field, false, err);
}

kal_status kal__edit_check(const char *field, const char *value, bool more, kal_error *err)
{
    const struct family *f = NULL;
    kal__edit w;
    return find(field, value, more, &f, &w, err);
}

kal_status kal__edit_meta(kal__meta *m, const char *field, const char *value, bool more, kal__meta **out,
                          kal_error *err)
{
    const struct family *f = NULL;
    kal__edit w;
    kal_status st = find(field, value, more, &f, &w, err);
    *out = NULL;
    if (st || (!m && !value)) return st;
    kal__meta *copy = m ? kal__meta_derive(m) : kal__meta_new();
    if (!copy) return kal_fail(err, KAL_NOMEM, "%s: out of memory", field);
    st = f->change(copy, &w, err);
    if (st) kal__meta_unref(&copy);
    *out = copy;
    return st;
}

// ---- upright ------------------------------------------------------------------------------------

bool kal__meta_upright(kal__meta *m, kal__meta **out)
{
    kal__blob changed = {NULL, 0};
    *out = kal__meta_ref(m);
    if (!m || !m->applied) return true;
    if (kal__xmp_upright(&m->xmp, &changed)) {
        kal__meta_unref(out);
        return false;
    }
    return !changed.size || with_block(out, KAL__XMP, changed);
}
