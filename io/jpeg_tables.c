// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Quantisers: those of the standard (ITU-T T.81, annex K), which were chosen by looking at cosines one at a time, and the tuned ones.
#include "jpeg.h"

#include "jpeg_steps.h"

void kal__jpeg_set_tables(struct jpeg_compress_struct *j, const kal__jpeg_p *p)
{
    const bool halved = j->input_components == 3 && p->subsampling == KAL__JPEG_420;
    jpeg_set_quality(j, p->quality, TRUE);
    for (int plane = 0; plane < 2 && p->tables == KAL__JPEG_TUNED; plane++) {
        unsigned steps[DCTSIZE2];
        kal__jpeg_steps(plane, halved, p->quality, steps);
        jpeg_add_quant_table(j, plane, steps, 100, TRUE);
    }
}
