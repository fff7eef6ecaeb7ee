// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What every op takes: u8, u16 and f32 of one to five channels, unless a line of the table below says otherwise. Whoever takes less says so
// in its help, in the words of the table, and refuses the rest in one sentence that begins with an op's name.
#include "check.h"

typedef struct kind {
    const char *name;
    kal_extent e;
} kind;

#define OF(type, word)                                                                             \
    {word "1", {13, 9, 1, type, KAL_GRAY, false}}, {word "2", {13, 9, 2, type, KAL_GRAY, true}},   \
        {word "3", {13, 9, 3, type, KAL_RGB, false}}, {word "4", {13, 9, 4, type, KAL_RGB, true}}, \
    {                                                                                              \
        word "5",                                                                                  \
        {                                                                                          \
            13, 9, 5, type, KAL_DATA, false                                                        \
        }                                                                                          \
    }
static const kind kinds[] = {
    OF(KAL_U8, "u8"), OF(KAL_U16, "u16"), OF(KAL_F32, "f32"), {"mask", {13, 9, 1, KAL_U8, KAL_MASK, false}}};

// Types and channels that an op takes, NULL: all; the words of its help that say so; parameters that take what no sample does; sides that images must have.
static const struct {
    const char *op, *types, *channels, *says, *params;
    int32_t side;
} less[] = {
    {"canny", "u8", NULL, "For u8", NULL, 0},
    {"gray", NULL, "1234", "no gray", NULL, 0},
    {"to_rgb", NULL, "1234", "Data", NULL, 0},
    {"lut", "u8", NULL, "For u8", NULL, 0},
    {"equalize_table", "u8", NULL, "For u8", NULL, 0},
    {"apply_palette", "u8", "12", "For u8 images of one channel", NULL, 0},
    {"quantize", "u8", "1234", "u8 only", NULL, 0},
    {"dither", "u8", "1234", "u8 only", NULL, 0},
    {"color_matrix", NULL, "34", "red, green and blue", NULL, 0},
    {"saturation", NULL, "1234", "gray or RGB", NULL, 0},
    {"hue", NULL, "34", "For RGB", NULL, 0},
    {"sepia", NULL, "34", "For RGB", NULL, 0},
    {"tint", NULL, "34", "For RGB", NULL, 0},
    {"white_balance", NULL, "34", "For RGB", NULL, 0},
    {"swap", NULL, "2345", "Each channel is named once", "order=[4 3 2 1 0]", 0},
    {"lut3d", NULL, "34", "red, green and blue", NULL, 0},
    {"to_lab", "u8 f32", "34", "u16: cast", NULL, 0},
    {"from_lab", "u8 f32", "34", "u16: cast", NULL, 0},
    {"to_lch", "u8 f32", "34", "u16: cast", NULL, 0},
    {"from_lch", "u8 f32", "34", "u16: cast", NULL, 0},
    {"to_hsv", "u8 f32", "34", "u16: cast", NULL, 0},
    {"from_hsv", "u8 f32", "34", "u16: cast", NULL, 0},
    {"to_hsl", "u8 f32", "34", "u16: cast", NULL, 0},
    {"from_hsl", "u8 f32", "34", "u16: cast", NULL, 0},
    {"to_ycbcr", NULL, "34", "RGB", NULL, 0},
    {"from_ycbcr", NULL, "34", "RGB", NULL, 0},
    {"icc_transform", NULL, "1234", "gray and RGB pictures", NULL, 0},
    {"icc_assign", NULL, "1234", "gray and RGB pictures", NULL, 0},
    {"guided_filter", NULL, "1234", "at most four colours", NULL, 0},
    {"dominant", "u8", "1234", "For u8", NULL, 0},
    {"dhash", NULL, "1234", "gray", NULL, 0},
    {"thumbhash", NULL, "1234", "gray or RGB", NULL, 0},
    {"otsu", NULL, "12", "One colour channel", NULL, 0},
    {"ssimulacra2", NULL, "1234", "Gray or RGB", NULL, 0},
    {"dssim", NULL, "1234", "Gray or RGB", NULL, 0},
    {"ssim", NULL, "1234", "Gray or RGB", NULL, 11},
    {"difference_map", NULL, "1234", "Gray or RGB", NULL, 0},
    {"ms_ssim", NULL, "1234", "Gray or RGB", NULL, 11},
};

static rng r = {7};

// Whether it says one sentence: a line, no full stop inside or at the end.
static bool is_sentence(const char *text)
{
    const char *colon = strstr(text, ": ");
    char name[40];
    if (!colon || (size_t)(colon - text) >= sizeof name) return false;
    snprintf(name, sizeof name, "%.*s", (int)(colon - text), text);
    return kal_op_find(name) && !strchr(text, '\n') && !strstr(text, ". ") && text[strlen(text) - 1] != '.' &&
           strlen(text) < 200;
}

static kal_node *apply(kal_scope *s, const kal_op *op, const char *params, const kal_extent *e, int32_t n)
{
    const kal_extent mask = {e->width, e->height, 1, KAL_U8, KAL_MASK, false};
    kal_node *in[3];
    const char *name = op->inputs;
    for (int32_t i = 0; i < n && i < 3; i++) {
        const bool masks = i > 0 && !strncmp(name, "mask", 4);
        in[i] = strstr(op->inputs, " map") && i ? rng_map(&r, s, e) : rng_image(&r, s, masks ? &mask : e);
        const char *next = strchr(name, ' ');
        if (next) name = next + 1;
    }
    if (n > 1 && !strcmp(op->inputs, "mask base")) in[0] = rng_image(&r, s, &mask);
    if (n > 1 && !strcmp(op->inputs, "from to")) in[1] = kal_apply_text(s, "embed", "1 2", in, 1);
    return kal_apply_text(s, op->name, params, in, n);
}

// Some parameters and some number of inputs will do.
static bool takes(const kal_op *op, const char *more, int32_t side, const kind *k)
{
    kal_extent e = k->e;
    if (e.width < side) e.width = side;
    if (e.height < side) e.height = side;
    int32_t least, most;
    kal_op_arity(op, &least, &most);
    bool taken = false;
    char said[sizeof check_error.message] = "";
    kal_scope *s = kal_scope_new();
    for (const char *const *sample = op->samples; !taken && *sample; sample++)
        for (int32_t n = most < 3 ? most : 3; !taken && n >= least; n--) {
            taken = !kal_node_error(apply(s, op, *sample, &e, n), &check_error);
            if (!taken) snprintf(said, sizeof said, "%s", check_error.message);
            if (!taken && !is_sentence(said))
                REQUIRE_NOTE(0, "%s %s: not a sentence: %s", op->name, k->name, said);
        }
    if (!taken && more) taken = !kal_node_error(apply(s, op, more, &e, least), &check_error);
    kal_scope_free(&s);
    return taken;
}

static bool in_words(const char *words, const char *word, size_t n)
{
    for (const char *w = words; (w = strstr(w, word)) != NULL; w++)
        if ((w == words || w[-1] == ' ') && (w[n] == ' ' || !w[n])) return true;
    return false;
}

static void check_op(const kal_op *op)
{
    // masks alone, as the name of the first input says; a pixel of unique has at most 8 bytes
    const bool masks = !strncmp(op->inputs, "mask", 4) && strcmp(op->inputs, "mask base") != 0;
    size_t at = 0;
    while (at < sizeof less / sizeof *less && strcmp(less[at].op, op->name) != 0) at++;
    const bool listed = at < sizeof less / sizeof *less;
    if (listed)
        REQUIRE_NOTE(strstr(op->help, less[at].says), "the help of %s does not say «%s»", op->name,
                     less[at].says);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        const kal_extent *e = &kinds[k].e;
        char type[8];
        snprintf(type, sizeof type, "%.*s", (int)strlen(kinds[k].name) - 1, kinds[k].name);
        bool wanted = masks ? e->model == KAL_MASK : true;
        if (!strcmp(op->name, "unique")) wanted = kal_pixel_size(e) <= 8;
        if (listed && less[at].types && e->model != KAL_MASK)
            wanted &= in_words(less[at].types, type, strlen(type));
        if (listed && less[at].channels) wanted &= strchr(less[at].channels, '0' + e->channels) != NULL;
        REQUIRE_NOTE(
            takes(op, listed ? less[at].params : NULL, listed ? less[at].side : 0, &kinds[k]) == wanted,
            "%s %s %s: %s", op->name, wanted ? "does not take" : "takes", kinds[k].name, check_error.message);
    }
}

int main(void)
{
    for (size_t i = 0; i < sizeof less / sizeof *less; i++)
        REQUIRE_NOTE(kal_op_find(less[i].op), "the table names %s, which is no op", less[i].op);
    for (size_t i = 0; kal_op_at(i); i++) {
        const kal_op *op = kal_op_at(i);
        if (*op->inputs && !(op->flags & KAL_OP_SOURCE) && op->samples) check_op(op);
    }
    return check_done();
}
