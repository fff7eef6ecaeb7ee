// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See nearest.h.
#include "nearest.h"

#include <string.h>

// Edit distance (Levenshtein), one row of the table at a time; words are short.
static size_t distance(const char *a, size_t n, const char *b)
{
    size_t row[64];
    const size_t m = strlen(b);
    if (n > 60 || m > 60) return 99;
    for (size_t j = 0; j <= m; j++) row[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            const size_t change = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            const size_t gap = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            row[j] = change < gap ? change : gap;
        }
    }
    return row[m];
}

const char *kal__nearest(const char *word, size_t n, const char *(*name)(const void *of, size_t i),
                         const void *of, size_t count)
{
    const char *best = NULL;
    size_t best_d = n / 3 + 2;   // a third of the letters may be wrong, and one
    for (size_t i = 0; i < count; i++) {
        const size_t d = distance(word, n, name(of, i));
        if (d < best_d) best = name(of, i), best_d = d;
    }
    return best;
}
