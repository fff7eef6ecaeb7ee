// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A library of ops that was built for records of another version.
#include <kal/kal.h>

KAL_PLUGIN_C __attribute__((visibility("default"))) const kal_plugin *kal_plugin_ops(void);
const kal_plugin *kal_plugin_ops(void)
{
    static const kal_plugin plugin = {KAL_PLUGIN_ABI + 1, (int32_t)sizeof(kal_op), NULL, 1000000};
    return &plugin;
}
