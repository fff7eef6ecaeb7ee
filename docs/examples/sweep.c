// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// One picture with many settings: whatever an earlier setting computed already is found by its key. Running the same sweep
// again finds everything. sweep IN
#include <kal/kal.h>

#include <stdio.h>

static kal_node *setting(kal_scope *s, kal_node *photo, double sigma, double amount)
{
    kal_node *soft = kal_gaussian(s, photo, kal_gaussian_params(.sigma = sigma));
    kal_node *crisp = kal_sharpen(s, soft, kal_sharpen_params(.sigma = 2, .amount = amount));
    return kal_resize(s, crisp, kal_resize_params(.width = 256));
}

// Every setting, and what it took.
static kal_status sweep(kal_node *photo, kal_memo *memo, kal_error *err)
{
    static const double sigmas[] = {1, 3}, amounts[] = {0.5, 1, 2};
    kal_stats stats;
    const kal_options o = {.memo = memo, .stats = &stats};
    kal_status st = KAL_OK;
    for (int i = 0; i < 2 && !st; i++)
        for (int k = 0; k < 3 && !st; k++) {
            kal_scope *s = kal_scope_new();
            kal_key key;
            char hex[33];
            st = kal_content_key(setting(s, photo, sigmas[i], amounts[k]), &o, &key, err);
            if (!st)
                printf(
                    "sigma=%g amount=%-3g  %.8s  %6.1f ms  %llu of %llu nodes from the memo, %llu decoded\n",
                    sigmas[i], amounts[k], kal_key_print(key, hex), stats.wall_ms,
                    (unsigned long long)stats.nodes_reused, (unsigned long long)stats.nodes,
                    (unsigned long long)stats.decodes);
            kal_scope_free(&s);   // the nodes go; what the memo holds stays
        }
    return st;
}

int main(int argc, char **argv)
{
    if (argc != 2) return fprintf(stderr, "sweep IN\n"), 2;
    kal_error err;
    kal_memo *memo = kal_memo_new((uint64_t)512 << 20);
    kal_node *photo = kal_load(NULL, argv[1], NULL);   // no scope: this reference is ours
    kal_status st = sweep(photo, memo, &err);
    if (!st) printf("and again\n");
    if (!st) st = sweep(photo, memo, &err);
    kal_memo_stats m;
    kal_memo_get_stats(memo, &m);
    printf("%llu hits, %llu misses, %llu results in %.1f MB\n", (unsigned long long)m.hits,
           (unsigned long long)m.misses, (unsigned long long)m.entries, (double)m.bytes / 1e6);
    if (st) kal_error_print(&err);
    kal_node_unref(&photo);
    kal_memo_free(&memo);
    return st != KAL_OK;
}
