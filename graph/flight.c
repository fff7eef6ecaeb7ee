// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// See flight.h. Who waits holds nothing of the same kind: encoded bytes are waited for before rows, and of each kind all keys are had or none. So nobody waits
// in a circle; and if somebody did, for an op that evaluates by itself, it would end.
#include "flight.h"

#include "lease.h"

#include <time.h>

#define FIRST 0.001   // seconds between looks …
#define LAST 0.05     // … and between later ones
#define TURNS 8       // looks for what may be there and is of no use
#define ENOUGH 120.0

static bool is_there(kal_memo *m, const kal_key *keys, size_t n)
{
    kal__store *s = kal__memo_store(m);
    kal__remote *r = kal__memo_remote(m);
    for (size_t i = 0; i < n; i++)
        if ((s && kal__store_has(s, keys[i])) || (r && kal__remote_has(r, keys[i]))) return true;
    return false;
}

static void rest(double seconds)
{
    nanosleep(&(struct timespec){.tv_nsec = (long)(seconds * 1e9)}, NULL);
}

kal_status kal__flight_take(kal__flight *f, const kal_key *keys, size_t n, bool *again, kal_error *err)
{
    bool fresh;
    kal__leases *l = f->memo && n ? kal__memo_leases(f->memo) : NULL;
    *again = false;
    if (!l || kal__is_outside()) return KAL_OK;
    if (!f->until) f->until = kal__now() + ENOUGH;
    for (double pause = FIRST;; pause = pause * 1.5 < LAST ? pause * 1.5 : LAST) {
        const bool ours =
            kal__lease_take(l, kal__memo_store(f->memo), kal__memo_remote(f->memo), f, keys, n, &fresh);
        if (ours && !fresh) return KAL_OK;
        *again = f->turns < TURNS && is_there(f->memo, keys, n);
        if (*again) f->turns++, kal__flight_end(f);
        if (*again || ours || kal__now() > f->until) return KAL_OK;
        const kal_status st = kal__watch_check(f->watch, err);
        if (st) return st;
        rest(pause);
    }
}

void kal__flight_end(kal__flight *f)
{
    kal__leases *l = f->memo ? kal__memo_leases(f->memo) : NULL;
    if (l) kal__lease_end(l, kal__memo_store(f->memo), f);
}
