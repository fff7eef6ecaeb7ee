// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See jpeg_steps.h. A formula of four numbers a plane, found by descent over ten pictures for the fewest bytes at the same SSIMULACRA2 and DSSIM, tried on nine others:
// docs/notes/codecs.md has what they gain. They mean about the same score by the same quality as those of the standard.
#include "jpeg_steps.h"

#include "fmath.h"

// At quality 50 the step of the cosine of x and y waves is all * (1 + rise * (sqrt(x² + y²) / 7) ^ bend), of the mean `mean`.
typedef struct formula {
    double mean, all, rise, bend;
} formula;

// Of luma and of chroma. Chroma of half resolution both ways has only coarse waves left, which are seen.
static const formula of_halved[2] = {{5.36, 9.32, 8.771, 1.327}, {5.48, 11.49, 5.069, 1.573}};
static const formula of_full[2] = {{6.98, 10.66, 5.147, 1.602}, {11.12, 19.63, 6.59, 1.19}};

// Percent, as the Independent JPEG Group's library takes a quality.
static int scale_of(int quality)
{
    return quality < 50 ? 5000 / quality : 200 - 2 * quality;
}

void kal__jpeg_steps(int plane, bool halved, int quality, unsigned out[64])
{
    const formula *f = &(halved ? of_halved : of_full)[plane];
    const double scale = scale_of(quality) / 100.0;
    for (int y = 0; y < 8; y++)
        for (int x = 0; x < 8; x++) {
            const double far = __builtin_sqrt((double)(x * x + y * y)) / 7;
            const double step = x + y ? f->all * (1 + f->rise * kal__pow(far, f->bend)) : f->mean;
            const double rounded = kal__round(step * scale);
            out[y * 8 + x] = rounded < 1 ? 1 : rounded > 255 ? 255 : (unsigned)rounded;
        }
}
