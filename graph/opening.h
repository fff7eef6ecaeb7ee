// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Inputs being opened for somebody who may not want to wait: a pipe that nobody writes to, a server that says nothing, a function that hangs.
#ifndef KAL_GRAPH_OPENING_H
#define KAL_GRAPH_OPENING_H

#include "load.h"

/// What this thread's watch and the limit say of an input that is opened now.
kal__watch kal__opening_watch(void);
/// kal__load_now, left behind when this thread's watch (kal_watch_opening) or the limit of seconds ends it; then the references that were
/// given are let go of when it comes back.
kal_status kal__open(kal__origin *origin, kal__slab *bytes, size_t size, const kal__load_p *p, kal_node **out,
                     kal_error *err);
/// The same of kal__page_now, or with `last` of kal__page_of_stream_now.
kal_status kal__open_page(kal_node *picture, int32_t page, kal__reel *reel, bool *last, kal_node **out,
                          kal_error *err);

#endif
