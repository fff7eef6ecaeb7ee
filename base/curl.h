// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// libcurl, loaded when something first speaks to a server. KAL__CURL: its headers were there when we were built.
#ifndef KAL_BASE_CURL_H
#define KAL_BASE_CURL_H

#include <kal/base.h>

#if !defined(KAL_NO_CURL) && defined(__has_include)
#if __has_include(<curl/curl.h>)
#define KAL__CURL 1
#endif
#endif

/// The library is there, or an error that says it is not, in the name of who asks. Threads: any.
kal_status kal__curl_ready(const char *name, kal_error *err);

#if KAL__CURL

#define CURL_DISABLE_TYPECHECK   // its functions are reached through pointers
#include "library.h"

#include <curl/curl.h>

#define KAL__CURL_FUNCTIONS(F)  \
    F(curl_global_init)         \
    F(curl_easy_init)           \
    F(curl_easy_setopt)         \
    F(curl_easy_getinfo)        \
    F(curl_easy_cleanup)        \
    F(curl_easy_strerror)       \
    F(curl_easy_pause)          \
    F(curl_slist_append)        \
    F(curl_slist_free_all)      \
    F(curl_multi_init)          \
    F(curl_multi_add_handle)    \
    F(curl_multi_remove_handle) \
    F(curl_multi_perform)       \
    F(curl_multi_poll)          \
    F(curl_multi_info_read)     \
    F(curl_multi_cleanup)

/// Its functions, once it is ready.
extern struct kal__curl {
    KAL__CURL_FUNCTIONS(KAL__FUNCTION)
} kal__curl;

#endif
#endif
