// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// What is wrong with the tiers of a memo: no request fails by it, and somebody wants to know.
#include "memo.h"

#include <stdlib.h>

static void tell(const kal_options *o, const char *text)
{
    const kal_warning w = {.rows = -1, .text = text};
    o->warn(o->user, &w);
}

void kal__memo_warn(kal_memo *m, const kal_options *o)
{
    char text[400], *trouble;
    if (!m || !o || !o->warn) return;
    while ((trouble = kal__memo_trouble(m)) != NULL) {
        tell(o, trouble);
        free(trouble);
    }
    kal__store *s = kal__memo_store(m);
    if (s && kal__store_warning(s, text, sizeof text)) tell(o, text);
    kal__remote *r = kal__memo_remote(m);
    if (r && kal__remote_warning(r, text, sizeof text)) tell(o, text);
}

void kal_memo_flush(kal_memo *m, const kal_options *o)
{
    if (!m) m = kal__memo_default();
    if (!m) return;
    if (kal__memo_remote(m)) kal__remote_flush(kal__memo_remote(m), false);
    kal__memo_warn(m, o);
}
