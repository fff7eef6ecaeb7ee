// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// --dry-run: a line for each output, whether it is in the memo, and how much there would be to do for it alone.
#include "told.h"

#include <string.h>

static void tell(const job *j, const char *name, const kal_sight *seen)
{
    FILE *f = answers();
    fprintf(f, "%s  ", seen->known ? "hit " : "miss");
    if (j->each) fprintf(f, "%s: ", j->label);
    fputs(name, f);
    const unsigned long long found = seen->nodes_reused, rest = seen->nodes - seen->nodes_reused;
    if (seen->unsettled)
        fputs(", which hangs on a value that is not there", f);
    else if (!seen->known)
        fprintf(f, ", %llu node%s to compute, %llu found", rest, rest == 1 ? "" : "s", found);
    fputc('\n', f);
}

static int look_at(const runner *r, const job *j, kal_node *const *nodes, int32_t n, kal_sight *seen)
{
    kal_error err;
    kal_options o = r->s->eval;
    o.cancel = r->cancel;
    o.memo_mode = r->s->no_memo ? KAL_MEMO_NEVER : KAL_MEMO_AUTO;
    if (!kal_look(nodes, n, &o, seen, &err)) return EXIT_OK;
    if (j->each && !strstr(err.message, j->label)) kal_within(&err, "%s", j->label);
    const int code = fail(&err);
    show_place(j->text, &err);
    return code;
}

int look_job(const runner *r, const job *j, kal_node *const *nodes, const char *const *names, int32_t n)
{
    kal_sight seen;
    int code = EXIT_OK;
    for (int32_t i = 0; i < n && !code; i++) {
        code = look_at(r, j, nodes + i, 1, &seen);
        if (!code && (!j->record || strcmp(r->s->table, "-") != 0)) tell(j, names[i], &seen);
    }
    if (!code && j->record) {   // all of it together
        code = look_at(r, j, nodes, n, &seen);
        j->record->stats.nodes = seen.nodes;
        j->record->stats.nodes_reused = seen.nodes_reused;
    }
    return code;
}
