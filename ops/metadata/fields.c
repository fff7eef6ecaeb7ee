// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// set_field, add_field and unset_field: the same picture, which says another thing of itself.
#include "op.h"

#include "edit.h"

static kal_status extent(const kal_call *c, void *params, kal_extent *out, kal_error *err)
{
    const kal_call asked = {.op = c->op, .params = params};
    const kal_field_change w = c->op->says(&asked);
    *out = c->in[0]->extent;
    return kal__edit_check(w.field, w.value, w.more, err);
}

// Of a view the engine asks where it lies.
static kal_rect need(const kal_call *c, int32_t i, kal_rect out)
{
    (void)c, (void)i;
    return out;
}

static kal_field_change set(const kal_call *c)
{
    const kal_set_field_p *p = c->params;
    return (kal_field_change){p->name, p->value, false};
}

static kal_field_change add(const kal_call *c)
{
    const kal_add_field_p *p = c->params;
    return (kal_field_change){p->name, p->value, true};
}

static kal_field_change unset(const kal_call *c)
{
    const kal_unset_field_p *p = c->params;
    return (kal_field_change){p->name, NULL, false};
}

#define PARAMS kal_set_field_p
static const kal_param set_params[] = {KAL_SET_FIELD_PARAMS(KAL_SCHEMA)};
#undef PARAMS

const kal_op kal__op_set_field = {
    .name = "set_field",
    .version = 1,
    .family = "metadata",
    .help = "The same picture, of which a field of its metadata says something else\n"
            "Fields have the names that `kal info` shows: exif.Artist, iptc.Caption-Abstract, xmp.dc:title, "
            "xmp.dc:title@de. Numbers\n"
            "are written as there, \"1/125\" or 2.8, several with blanks between them, and times as "
            "2026:01:31 23:59:59. gps.latitude and\n"
            "gps.longitude take degrees, gps.altitude metres, and density, density.x and density.y 300dpi, "
            "118dpcm or pixels a metre.\n"
            "What says how the picture is stored or turned is not to be set. No sample changes, and nothing "
            "else that the picture says; what\n"
            "a maker's note points at stays where it is. A file of a format without a place for it comes "
            "with a warning.",
    .inputs = "image",
    KAL__PARAMS(set_params, kal_set_field_p),
    .flags = KAL_OP_VIEW,
    .extent = extent,
    .need = need,
    .says = set,
    .samples =
        KAL__SAMPLES("name=\"exif.Artist\" value=\"Ada Lovelace\"", "name=\"exif.FNumber\" value=\"2.8\"",
                     "name=\"xmp.dc:title\" value=\"At dusk\"", "name=\"density\" value=\"300dpi\""),
};

#define PARAMS kal_add_field_p
static const kal_param add_params[] = {KAL_ADD_FIELD_PARAMS(KAL_SCHEMA)};
#undef PARAMS

const kal_op kal__op_add_field = {
    .name = "add_field",
    .version = 1,
    .family = "metadata",
    .help = "The same picture, of which a field of its metadata has one item more\n"
            "Of fields that may have several: iptc.Keywords, iptc.By-line, xmp.dc:subject, xmp.dc:creator. "
            "set_field puts one item\n"
            "in place of all of them.",
    .inputs = "image",
    KAL__PARAMS(add_params, kal_add_field_p),
    .flags = KAL_OP_VIEW,
    .extent = extent,
    .need = need,
    .says = add,
    .samples =
        KAL__SAMPLES("name=\"iptc.Keywords\" value=\"dusk\"", "name=\"xmp.dc:subject\" value=\"the sea\""),
};

#define PARAMS kal_unset_field_p
static const kal_param unset_params[] = {KAL_UNSET_FIELD_PARAMS(KAL_SCHEMA)};
#undef PARAMS

const kal_op kal__op_unset_field = {
    .name = "unset_field",
    .version = 1,
    .family = "metadata",
    .help = "The same picture without a field of its metadata\n"
            "One that is not there goes without a word. Of fields that have no name, exif.0xc4a5 and "
            "iptc.2:217. All of a kind goes by\n"
            "exif, xmp, iptc, icc, geo (of GeoTIFF), preview (the thumbnail) and gps: EXIF's directory of "
            "places and XMP's\n"
            "exif:GPS…. The bytes of what goes are overwritten.",
    .inputs = "image",
    KAL__PARAMS(unset_params, kal_unset_field_p),
    .flags = KAL_OP_VIEW,
    .extent = extent,
    .need = need,
    .says = unset,
    .samples = KAL__SAMPLES("name=\"exif.Artist\"", "name=\"gps\"", "name=\"xmp\""),
};
