// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What qualities of encoders give in the mean, encoded and scored here: log2 of bits a pixel, and SSIMULACRA2. A search begins there. Of photographs, since those are what is mostly searched: 16 of them as crops
// of 448 x 336, reduced before by up to three; 17 with the longer side of 1600; and 1800 x 1200 from the middle of those. Their bits lie at the level that pictures of KAL__QUALITY_DETAIL have.
#ifndef KAL_GRAPH_OPTIMIZE_CURVES_H
#define KAL_GRAPH_OPTIMIZE_CURVES_H

#include "quality.h"

#define KAL__CURVE_AT                                             \
    {                                                             \
        1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 85, 90, 95, 98, 100 \
    }

// With the tables of the standard, of six pictures of 256 x 192.
static const kal__quality_curve jpeg = {KAL__CURVE_AT,
                                        {-2.695f, -2.093f, -1.344f, -0.611f, -0.193f, 0.073f, 0.29f, 0.49f,
                                         0.755f, 1.096f, 1.329f, 1.643f, 2.107f, 2.545f, 2.901f},
                                        {-55.24f, -30.63f, 12.01f, 42.78f, 54.88f, 61.08f, 64.99f, 68.6f,
                                         72.58f, 77.62f, 80.66f, 84.73f, 89.04f, 92.17f, 93.22f},
                                        1.24f};
// Tuned tables, colour of half the resolution and of the whole.
static const kal__quality_curve jpeg_tuned = {KAL__CURVE_AT,
                                              {-1.924f, -1.77f, -1.308f, -0.783f, -0.464f, -0.227f, -0.029f,
                                               0.177f, 0.432f, 0.813f, 1.056f, 1.457f, 2.033f, 2.809f,
                                               3.435f},
                                              {-60.73f, -14.12f, 23.99f, 48.66f, 59.28f, 65.4f, 69.07f,
                                               72.57f, 76.3f, 81.0f, 84.02f, 87.67f, 91.33f, 93.84f, 95.07f},
                                              1.24f};
static const kal__quality_curve jpeg_full = {KAL__CURVE_AT,
                                             {-1.253f, -1.119f, -0.763f, -0.328f, -0.04f, 0.18f, 0.355f,
                                              0.536f, 0.776f, 1.161f, 1.428f, 1.805f, 2.478f, 3.185f, 3.934f},
                                             {-59.84f, -23.32f, 21.08f, 50.56f, 61.78f, 67.84f, 72.05f,
                                              75.46f, 79.31f, 83.9f, 86.54f, 89.47f, 93.41f, 95.59f, 96.92f},
                                             1.24f};
static const kal__quality_curve webp = {KAL__CURVE_AT,
                                        {-1.343f, -1.11f, -0.872f, -0.558f, -0.308f, -0.089f, 0.106f, 0.286f,
                                         0.461f, 0.875f, 1.222f, 1.74f, 2.5f, 2.934f, 3.031f},
                                        {13.79f, 25.03f, 34.36f, 44.69f, 52.27f, 58.05f, 62.5f, 65.89f,
                                         69.17f, 74.93f, 78.81f, 83.19f, 87.35f, 88.95f, 89.36f},
                                        1.613f};
// And of HEIF, about.
static const kal__quality_curve avif = {KAL__CURVE_AT,
                                        {-2.774f, -2.771f, -2.414f, -1.786f, -1.283f, -0.778f, -0.273f,
                                         0.315f, 0.725f, 1.18f, 1.609f, 2.086f, 2.796f, 3.577f, 4.095f},
                                        {-20.73f, -11.8f, 1.7f, 25.73f, 42.3f, 55.03f, 65.39f, 73.95f, 78.4f,
                                         82.78f, 85.96f, 88.77f, 91.74f, 93.93f, 95.63f},
                                        1.669f};

// PNGs of so many colours, of four photographs and two drawings: dithered ones are larger at the same score.
static const kal__quality_curve palette = {{1, 7, 14, 20, 27, 34, 40, 47, 53, 60, 67, 73, 80, 93, 100},
                                           {-1.736f, -1.118f, -0.802f, -0.455f, -0.229f, 0.067f, 0.257f,
                                            0.488f, 0.639f, 0.834f, 0.957f, 1.153f, 1.276f, 1.46f, 1.586f},
                                           {-52.34f, -35.34f, -14.38f, 3.45f, 22.69f, 33.71f, 40.23f, 51.53f,
                                            57.08f, 66.96f, 71.63f, 76.62f, 79.23f, 82.5f, 84.61f},
                                           0};

#endif
