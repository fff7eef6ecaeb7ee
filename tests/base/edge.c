// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Edge modes and halos, by brute force on one axis: every index the edge mode can ask for lies in the need; the need of a part lies in the
// need of the whole; and it is no larger than it has to be for small overhangs.
#include "check.h"

int main(void)
{
    for (int32_t n = 1; n <= 6; n++)
        for (int edge = KAL_EDGE_COPY; edge <= KAL_EDGE_FILL; edge++) {
            const kal_extent e = extent_of(n, 1, 1, KAL_U8);
            for (int32_t a = -15; a < 20; a++)
                for (int32_t b = a + 1; b < 21; b++) {
                    const kal_rect r = kal_need_halo(&e, kal_rect_of(a, 0, b, 1), 0, 0, 0, 0, (kal_edge)edge);
                    for (int32_t i = a; i < b; i++) {
                        const int32_t at = kal_edge_index(i, n, (kal_edge)edge);
                        REQUIRE_NOTE(at == -1 || (at >= 0 && at < n), "n %d edge %d index %d: %d", n, edge, i,
                                     at);
                        REQUIRE_NOTE(at < 0 || (at >= r.x0 && at < r.x1),
                                     "n %d edge %d [%d,%d): %d is not in [%d,%d)", n, edge, a, b, at, r.x0,
                                     r.x1);
                    }
                    const kal_rect more =
                        kal_need_halo(&e, kal_rect_of(a - 1, 0, b + 1, 1), 0, 0, 0, 0, (kal_edge)edge);
                    REQUIRE_NOTE(kal_rect_empty(r) || kal_rect_inside(r, more),
                                 "n %d edge %d [%d,%d): [%d,%d) is not in [%d,%d)", n, edge, a, b, r.x0, r.x1,
                                 more.x0, more.x1);
                    REQUIRE(r.x0 >= 0 && r.x1 <= n);
                    const kal_rect halo =
                        kal_need_halo(&e, kal_rect_of(a + 1, 0, b + 1, 1), 1, 0, 0, 0, (kal_edge)edge);
                    const kal_rect wide =
                        kal_need_halo(&e, kal_rect_of(a, 0, b + 1, 1), 0, 0, 0, 0, (kal_edge)edge);
                    REQUIRE(kal_rect_equal(halo, wide));
                }
        }
    const kal_extent e = extent_of(10, 10, 1, KAL_U8);
    kal_rect r = kal_need_halo(&e, kal_rect_of(0, 0, 4, 4), 2, 2, 2, 2, KAL_EDGE_MIRROR);
    REQUIRE(kal_rect_equal(r, kal_rect_of(0, 0, 6, 6)));
    r = kal_need_halo(&e, kal_rect_of(0, 3, 4, 5), 2, 2, 2, 2, KAL_EDGE_WRAP);
    REQUIRE(kal_rect_equal(r, kal_rect_of(0, 1, 10, 7)));
    return check_done();
}
