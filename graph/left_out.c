// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What a picture comes with and its file will not have: each a sentence for whoever asked to be told (kal_options.warn).
#include "edit.h"
#include "putf.h"
#include "gain.h"
#include "geo.h"
#include "load.h"

#include <stdio.h>
#include <string.h>

static bool carries_density(const kal__codec *c, const kal__meta *m)
{
    return c->one_way || c->carries & KAL__OWN_DENSITY ||
           (c->carries >> KAL__EXIF & 1 && kal__exif_has_density(m));
}

static bool is_stripped(const kal_node *n)
{
    return kal__is_strip(n->u.codec, n->call.params);
}

#define SENTENCE 200

// The format was chosen after the name.
static bool belies(const kal_node *n, const char *target)
{
    const kal__codec *c;
    char word[KAL__SUFFIX];
    return n->u.given && target && !kal__codec_for_path(target, NULL, &c, word, NULL) && c != n->u.codec;
}

// A piece that was too large to be read, of a kind that would have been written.
static void left_unread(const kal__meta *m, kal__blob_kind what, char said[SENTENCE])
{
    snprintf(
        said, SENTENCE,
        "%s of %s%llu bytes is left out: it was more than the limit of meta_bytes when the file was loaded%s",
        kal__blob_name(what), m->uncounted[what] ? "at least " : "", (unsigned long long)m->left_out[what],
        what == KAL__EXIF ? ", and how the picture is turned was not read" : "");
}

// Sentences about what the picture came with and its file will not have; how many there are.
static size_t left_out(const kal_node *n, char said[7 + 3 * KAL__BLOBS][SENTENCE])
{
    const kal__meta *m = kal__input(n, 0)->meta;
    const kal__codec *c = n->u.codec;
    const unsigned blocks = c->carries;
    const bool earth = blocks >> KAL__GEO & 1;
    size_t k = 0;
    if (!m || is_stripped(n)) return 0;
    if (kal__meta_has_gain(m))
        snprintf(said[k++], SENTENCE, "the gain map is left out: it is of the picture as it was in its file");
    if (m->geo.size && !c->one_way && (!earth || !kal__geo_stands(m)))
        snprintf(said[k++], SENTENCE, "where the picture lies on the earth is left out: %s%s",
                 earth ? "what was done to it is no affine map" : c->name,
                 earth ? "" : " has no place for it");
    if (m->undense && !(m->density[0] > 0) && blocks & (KAL__OWN_DENSITY | 1u << KAL__EXIF))
        snprintf(said[k++], SENTENCE,
                 "density is left out: what was done to the picture leaves no two numbers for it");
    if (kal__density_speaks(m->density) && !carries_density(c, n->meta))
        kal__format(said[k++], SENTENCE, "density of %.5g by %.5g dpi is left out: %s %s",
                    m->density[0] * 0.0254, m->density[1] * 0.0254,
                    blocks >> KAL__EXIF & 1 ? "the picture's exif" : c->name,
                    blocks >> KAL__EXIF & 1 ? "is not understood" : "has no place for it");
    for (int i = 0; i < KAL__BLOBS; i++)
        if (m->set & ~blocks & 1u << i)
            snprintf(said[k++], SENTENCE, "what was set of %s is left out: %s has no place for it",
                     kal__blob_name((kal__blob_kind)i), c->name);
    for (int i = 0; i < KAL__BLOBS; i++)
        if (kal__is_too_large(c, m, i))
            snprintf(said[k++], SENTENCE, "%s of %zu bytes is left out: %s has room for %u",
                     kal__blob_name((kal__blob_kind)i),
                     kal__meta_blob((kal__meta *)(uintptr_t)m, (kal__blob_kind)i)->size, c->name, c->most[i]);
    for (int i = 0; i < KAL__BLOBS; i++)
        if (m->left_out[i] && blocks >> i & 1) left_unread(m, (kal__blob_kind)i, said[k++]);
    if (m->extended && blocks >> KAL__XMP & 1)
        snprintf(said[k++], SENTENCE,
                 "extended xmp of %u bytes is left out: of a JPEG's the main packet is read",
                 (unsigned)m->extended);
    return k;
}

void kal__warn_of_encoded(const kal_node *n, const char *target, const kal_options *o)
{
    char said[7 + 3 * KAL__BLOBS][SENTENCE], text[2 * SENTENCE + 3];
    size_t many = left_out(n, said);
    if (n->u.missed)
        snprintf(
            said[many++], SENTENCE,
            "nothing keeps to what optimize was asked; this comes nearest (kal optimize says by how much)");
    if (belies(n, target))
        snprintf(said[many++], SENTENCE, "the file is %s, which its suffix does not say", n->u.codec->name);
    for (size_t i = 0; i < many; i++) {
        snprintf(text, sizeof text, "%.200s%s%.199s", target ? target : "", target ? ": " : "", said[i]);
        o->warn(o->user, &(kal_warning){.node = n, .rows = -1, .text = text});
    }
}
