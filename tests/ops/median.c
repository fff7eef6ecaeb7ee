// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// The networks of median_filter on zeros and ones: what orders all of them orders anything (the 0-1 principle). Columns have been sorted,
// and sorting ranks across them leaves them sorted, so that of 2^81 windows a few thousand are left.
#include "filter/median_network.h"

#include "check.h"

enum { MOST = (2 * KAL__MEDIAN_MOST + 1) * (2 * KAL__MEDIAN_MOST + 1) };

static void run(uint8_t *v, const uint8_t (*steps)[3], int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        const uint8_t a = v[steps[i][0]], b = v[steps[i][1]];
        if (steps[i][2] & 1) v[steps[i][0]] = a < b ? a : b;
        if (steps[i][2] & 2) v[steps[i][1]] = a < b ? b : a;
    }
}

static int32_t bits_of(uint32_t v)
{
    int32_t n = 0;
    for (; v; v &= v - 1) n++;
    return n;
}

// Every column, and every rank as far as its samples are looked at later.
static void check_lines(const kal__median_network *m)
{
    bool read[MOST] = {false};
    for (int32_t i = m->rows; i < m->finds; i++) read[m->find[i][0]] = read[m->find[i][1]] = true;
    for (uint32_t ones = 0; ones < 1u << m->side; ones++) {
        uint8_t column[MOST], window[MOST];
        const int32_t zeros = m->side - bits_of(ones);
        for (int32_t k = 0; k < m->side; k++) column[k] = ones >> k & 1;
        for (int32_t k = 0; k < m->side * m->side; k++) window[k] = ones >> k % m->side & 1;
        run(column, m->sort, m->sorts);
        run(window, m->find, m->rows);
        for (int32_t k = 0; k < m->side; k++) REQUIRE(column[k] == (k >= zeros));
        for (int32_t k = 0; k < m->side * m->side; k++)
            REQUIRE_NOTE(!read[k] || window[k] == (k % m->side >= zeros), "side %d, ones %x, place %d",
                         m->side, ones, k);
    }
}

// All windows whose ranks hold `ones[0]` <= `ones[1]` … ones at their ends.
static size_t check_windows(const kal__median_network *m, int32_t *ones, int32_t rank)
{
    size_t n = 0;
    if (rank < m->side) {
        for (ones[rank] = rank ? ones[rank - 1] : 0; ones[rank] <= m->side; ones[rank]++)
            n += check_windows(m, ones, rank + 1);
        return n;
    }
    uint8_t window[MOST];
    int32_t sum = 0;
    for (int32_t k = 0; k < m->side * m->side; k++)
        sum += window[k] = k % m->side >= m->side - ones[k / m->side];
    run(window, m->find + m->rows, m->finds - m->rows);
    REQUIRE_NOTE(window[m->at] == (sum > m->side * m->side / 2), "side %d, %d ones", m->side, sum);
    return 1;
}

int main(void)
{
    for (int32_t radius = KAL__MEDIAN_LEAST; radius <= KAL__MEDIAN_MOST; radius++) {
        const kal__median_network *m = &kal__median_networks[radius - KAL__MEDIAN_LEAST];
        int32_t ones[2 * KAL__MEDIAN_MOST + 1];
        REQUIRE(m->side == 2 * radius + 1);
        check_lines(m);
        REQUIRE(check_windows(m, ones, 0) == (radius == 3 ? 3432 : 48620));   // 14 over 7, 18 over 9
    }
    return check_done();
}
