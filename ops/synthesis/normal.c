// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See normal.h. Two of the three rational functions of M. J. Wichura, "Algorithm AS 241: The Percentage Points of the Normal
// Distribution", 1988; the third is for probabilities that 32 bits never give.
#include "normal.h"

#include "fmath.h"

enum { TERMS = 8 };

static const double middle[2][TERMS] = {
    {3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
     4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3},
    {1, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3, 2.1213794301586595867e4,
     3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3}};
static const double tail[2][TERMS] = {
    {1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
     1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2,
     7.74545014278341407640e-4},
    {1, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
     1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
     1.05075007164441684324e-9}};

static double ratio(const double of[2][TERMS], double x)
{
    double p = of[0][TERMS - 1], q = of[1][TERMS - 1];
    for (int i = TERMS - 2; i >= 0; i--) p = p * x + of[0][i], q = q * x + of[1][i];
    return p / q;
}

double kal__normal(double p)
{
    const double q = p - 0.5;
    if (q >= -0.425 && q <= 0.425) return q * ratio(middle, 0.180625 - q * q);
    const double r = __builtin_sqrt(-kal__log(q < 0 ? p : 1 - p));
    const double z = ratio(tail, r - 1.6);
    return q < 0 ? -z : z;
}
