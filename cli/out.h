// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// Small writers of text and JSON (out.c).
#ifndef KAL_CLI_OUT_H
#define KAL_CLI_OUT_H

#include <kal/kal.h>
#include <stdio.h>

typedef struct json {
    FILE *f;
    bool more;   // a comma is due
} json;
void json_open(json *j, const char *key, char bracket);
void json_close(json *j, char bracket);
/// "params": the parameters of an op or a format, one object each.
void json_params(json *j, const kal_param *params, size_t n);
/// What comes next begins a line.
void json_line(json *j);
void json_text(json *j, const char *key, const char *value);
/// A number as it stands, else a text.
void json_word(json *j, const char *key, const char *word);
bool is_number(const char *text);
void json_span(json *j, const char *key, const char *value, size_t n);
/// What is JSON already.
void json_raw(json *j, const char *key, const char *value);
void json_number(json *j, const char *key, double value);
/// With three decimals: milliseconds to the microsecond, and so on.
void json_thousandths(json *j, const char *key, uint64_t value);
void json_count(json *j, const char *key, uint64_t value);
void json_bool(json *j, const char *key, bool value);
void json_null(json *j, const char *key);
void json_extent(json *j, const kal_extent *e);
void json_stats_fields(json *j, const kal_stats *stats);
/// `memo`: what its remote did as well; NULL: there is none.
void json_stats(FILE *f, const kal_stats *stats, const kal_memo_stats *memo);
void stats_add(kal_stats *sum, const kal_stats *one);

/// All of it, at once where the system can. false, having said why. (whole.c)
bool write_whole(int fd, const char *path, const char *data, size_t n);
/// A file of that text takes the place of the one that is there, so that there is a whole one at any time; what a link leads to is replaced, what is no file is
/// written into, and a file in a folder where none can be made. false: errno.
bool put_whole(const char *path, const char *data, size_t n);

/// The shortest decimal that reads back the same. Returns `out`.
char *number_text(double v, char out[32]);
/// "1.2 MB". Returns `out`.
char *size_text(double bytes, char out[16]);
/// "4000×3000 rgb u8". Returns `out`.
char *extent_text(const kal_extent *e, char out[96]);
double now_seconds(void);

/// A message, with what a terminal would obey as \\xNN.
void put_message(FILE *f, const char *text);
/// The length of the UTF-8 sequence at s, 0 when it is none.
size_t utf8_length(const unsigned char *s, size_t n);

#endif
