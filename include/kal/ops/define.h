// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// How the headers beside this one write down the parameters of every op, and a constructor for each:
//
//     kal_node *soft = kal_gaussian(scope, photo, kal_gaussian_params(.sigma = 2));
//     kal_node *same = kal_apply_text(scope, "gaussian", "sigma=2", &photo, 1);
//
// The params macro writes the defaults, then your fields; NULL means all defaults; zero is just zero. Each list below is
// the only place a parameter is written: the struct, its defaults, the text grammar, help and docs come from it, and its
// order is part of the key (append only). Meaning, ranges and formulas: docs/ops/, or `kal help NAME`.
//
// In C++ start from kal_gaussian_defaults() and assign.
#ifndef KAL_HEADER_OPS_DEFINE_H
#define KAL_HEADER_OPS_DEFINE_H

#include <kal/graph.h>
#include <kal/op.h>

// The params macros write a default and then your field over it, which is what these two warnings are about; a macro cannot silence
// them only for itself.
#if defined(__clang__)
#pragma clang diagnostic ignored "-Winitializer-overrides"
#elif defined(__GNUC__) && !defined(__cplusplus)
#pragma GCC diagnostic ignored "-Woverride-init"
#endif

KAL_BEGIN

#define KAL_SET_INT(f, d) p.f = d;
#define KAL_SET_X(f, d) p.f = d;
#define KAL_SET_Y(f, d) p.f = d;
#define KAL_SET_FLOAT(f, d) p.f = d;
#define KAL_SET_BOOL(f, d) p.f = d;
#define KAL_SET_CHOICE(f, d) p.f = d;
#define KAL_SET_TEXT(f, d) p.f = d;
#define KAL_SET_FILE(f, d) p.f = d;
#define KAL_SET_FILES(f, d) p.f = d;
#define KAL_SET_LIST(f, d) p.f.v = NULL, p.f.n = 0;
#define KAL_SET_COLOR(f, d) p.f.v = NULL, p.f.n = 0;
#define KAL_ASSIGN(kind, name, def, min, max, unit, help) KAL_SET_##kind(name, def)

/// The params struct of an op and its defaults as a function. `size` tells an older caller's struct from a newer one.
#define KAL_PARAMS(op, LIST)                             \
    typedef struct kal_##op##_p {                        \
        size_t size;                                     \
        LIST(KAL_FIELD)                                  \
    } kal_##op##_p;                                      \
    static inline kal_##op##_p kal_##op##_defaults(void) \
    {                                                    \
        kal_##op##_p p;                                  \
        p.size = sizeof p;                               \
        LIST(KAL_ASSIGN)                                 \
        return p;                                        \
    }
#define KAL_WITH(op, LIST, ...) \
    (&(const kal_##op##_p){.size = sizeof(kal_##op##_p), LIST(KAL_DEFAULT) __VA_ARGS__})

/// Constructors: no input; one; two (first what changes, second the base); a number of them.
#define KAL_OP_0(op)                                                           \
    static inline kal_node *kal_##op(kal_scope *s, const kal_##op##_p *params) \
    {                                                                          \
        return kal_apply(s, #op, params, NULL, 0);                             \
    }
/// Constructors: one input; two (first what changes, second the base); one or none (NULL); a number of them.
#define KAL_OP_1(op)                                                                            \
    static inline kal_node *kal_##op(kal_scope *s, kal_node *image, const kal_##op##_p *params) \
    {                                                                                           \
        return kal_apply(s, #op, params, &image, 1);                                            \
    }
#define KAL_OP_2(op)                                                                \
    static inline kal_node *kal_##op(kal_scope *s, kal_node *image, kal_node *base, \
                                     const kal_##op##_p *params)                    \
    {                                                                               \
        kal_node *const in[2] = {image, base};                                      \
        return kal_apply(s, #op, params, in, base ? 2 : 1);                         \
    }
#define KAL_OP_MAYBE(op)                                                                        \
    static inline kal_node *kal_##op(kal_scope *s, kal_node *image, const kal_##op##_p *params) \
    {                                                                                           \
        return kal_apply(s, #op, params, &image, image ? 1 : 0);                                \
    }
#define KAL_OP_N(op)                                                                   \
    static inline kal_node *kal_##op(kal_scope *s, kal_node *const *images, int32_t n, \
                                     const kal_##op##_p *params)                       \
    {                                                                                  \
        return kal_apply(s, #op, params, images, n);                                   \
    }

#define KAL_NO_PARAMS(P)

/// In what samples are summed: as they are stored, or as the amounts of light that sRGB samples stand for (to_linear).
#define KAL_LIGHTS "stored|linear"
typedef enum kal_light { KAL_LIGHT_STORED, KAL_LIGHT_LINEAR } kal_light;
#define KAL_LIGHT_PARAM(P) \
    P(CHOICE, light, KAL_LIGHT_STORED, 0, 0, KAL_LIGHTS, "linear: sum the light of sRGB samples")

#define KAL_KERNELS "nearest|box|bilinear|bicubic|mitchell|lanczos3"
typedef enum kal_kernel {
    KAL_NEAREST,
    KAL_BOX,
    KAL_BILINEAR,
    KAL_BICUBIC,
    KAL_MITCHELL,
    KAL_LANCZOS3
} kal_kernel;

KAL_END
#endif
