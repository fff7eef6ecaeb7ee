// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Quantisers. Those of the standard (ITU-T T.81, annex K) were chosen by looking at cosines one at a time. The tuned ones are a formula of four numbers a plane, found by descent over
// ten pictures for the fewest bytes at the same SSIMULACRA2 and DSSIM, tried on nine others: docs/notes/codecs.md has what they gain. Both mean about the same score by the
// same quality.
#include "jpeg.h"

#include "fmath.h"

// At quality 50 the step of the cosine of x and y waves is all * (1 + rise * (sqrt(x² + y²) / 7) ^ bend), of the mean `mean`.
typedef struct formula {
    double mean, all, rise, bend;
} formula;

// Of luma and of chroma. Chroma of half resolution both ways has only coarse waves left, which are seen.
static const formula halved[2] = {{5.36, 9.32, 8.771, 1.327}, {5.48, 11.49, 5.069, 1.573}};
static const formula full[2] = {{6.98, 10.66, 5.147, 1.602}, {11.12, 19.63, 6.59, 1.19}};

static void steps_of(const formula *f, unsigned out[DCTSIZE2], double scale)
{
    for (int y = 0; y < DCTSIZE; y++)
        for (int x = 0; x < DCTSIZE; x++) {
            const double far = __builtin_sqrt((double)(x * x + y * y)) / 7;
            const double step = x + y ? f->all * (1 + f->rise * kal__pow(far, f->bend)) : f->mean;
            out[y * DCTSIZE + x] = (unsigned)kal__round(step * scale);
        }
}

void kal__jpeg_set_tables(struct jpeg_compress_struct *j, const kal__jpeg_p *p)
{
    const bool both_ways = j->input_components == 3 && p->subsampling == KAL__JPEG_420;
    const double scale = jpeg_quality_scaling(p->quality) / 100.0;
    jpeg_set_quality(j, p->quality, TRUE);
    for (int plane = 0; plane < 2 && p->tables == KAL__JPEG_TUNED; plane++) {
        unsigned steps[DCTSIZE2];
        steps_of(&(both_ways ? halved : full)[plane], steps, scale);
        jpeg_add_quant_table(j, plane, steps, 100, TRUE);   // held within 1..255
    }
}
