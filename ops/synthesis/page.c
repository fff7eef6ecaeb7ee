// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 the kallitype authors
//
// A page of words in small letters: dark strokes on paper whose light falls off to the lower right.
#include "counter.h"
#include "scene.h"

enum { CELL = 6, LINE = 13, WORDS = 32 };   // dots

// Nine rows of five dots, the leftmost in bit 4; the letters stand on the seventh row.
const uint8_t kal__letters[26][KAL__LETTER_ROWS] = {
    {0, 0, 0x0e, 0x01, 0x0f, 0x11, 0x0f},                  // a
    {0x10, 0x10, 0x1e, 0x11, 0x11, 0x11, 0x1e},            // b
    {0, 0, 0x0e, 0x10, 0x10, 0x10, 0x0e},                  // c
    {0x01, 0x01, 0x0f, 0x11, 0x11, 0x11, 0x0f},            // d
    {0, 0, 0x0e, 0x11, 0x1f, 0x10, 0x0e},                  // e
    {0x06, 0x08, 0x1e, 0x08, 0x08, 0x08, 0x08},            // f
    {0, 0, 0x0f, 0x11, 0x11, 0x11, 0x0f, 0x01, 0x0e},      // g
    {0x10, 0x10, 0x1e, 0x11, 0x11, 0x11, 0x11},            // h
    {0x04, 0, 0x0c, 0x04, 0x04, 0x04, 0x0e},               // i
    {0x02, 0, 0x06, 0x02, 0x02, 0x02, 0x02, 0x12, 0x0c},   // j
    {0x10, 0x10, 0x12, 0x14, 0x18, 0x14, 0x12},            // k
    {0x0c, 0x04, 0x04, 0x04, 0x04, 0x04, 0x0e},            // l
    {0, 0, 0x1a, 0x15, 0x15, 0x15, 0x15},                  // m
    {0, 0, 0x1e, 0x11, 0x11, 0x11, 0x11},                  // n
    {0, 0, 0x0e, 0x11, 0x11, 0x11, 0x0e},                  // o
    {0, 0, 0x1e, 0x11, 0x11, 0x11, 0x1e, 0x10, 0x10},      // p
    {0, 0, 0x0f, 0x11, 0x11, 0x11, 0x0f, 0x01, 0x01},      // q
    {0, 0, 0x16, 0x19, 0x10, 0x10, 0x10},                  // r
    {0, 0, 0x0f, 0x10, 0x0e, 0x01, 0x1e},                  // s
    {0x08, 0x08, 0x1e, 0x08, 0x08, 0x08, 0x06},            // t
    {0, 0, 0x11, 0x11, 0x11, 0x11, 0x0f},                  // u
    {0, 0, 0x11, 0x11, 0x11, 0x0a, 0x04},                  // v
    {0, 0, 0x11, 0x11, 0x15, 0x15, 0x0a},                  // w
    {0, 0, 0x11, 0x0a, 0x04, 0x0a, 0x11},                  // x
    {0, 0, 0x11, 0x11, 0x11, 0x11, 0x0f, 0x01, 0x0e},      // y
    {0, 0, 0x1f, 0x02, 0x04, 0x08, 0x1f},                  // z
};

static const char *const words[WORDS] = {
    "the",   "light", "on",    "paper",   "iron", "salts", "and", "of",    "a",    "print", "that",
    "is",    "brown", "water", "washes",  "what", "was",   "not", "seen",  "by",   "sun",   "plate",
    "glass", "dark",  "room",  "quickly", "fix",  "or",    "jet", "every", "tone", "from"};

// Line `line` of the page as letters, spaces between the words; ends of paragraphs are empty.
static void set_line(uint32_t seed, int32_t line, int32_t columns, char *out)
{
    const kal__count row = kal__count_row(seed, line);
    int32_t at = 0;
    memset(out, ' ', (size_t)columns);
    if (line && kal__count_at(row, 0, 1) % 6 == 0) return;
    const int32_t end =
        line && kal__count_at(kal__count_row(seed, line + 1), 0, 1) % 6 ? columns : columns * 3 / 5;
    for (uint32_t i = 0;; i++) {
        const char *word = words[kal__count_at(row, i, 0) % WORDS];
        const int32_t n = (int32_t)strlen(word);
        if (at + n > end) return;
        memcpy(out + at, word, (size_t)n);
        at += n + 1;
    }
}

void kal__page_row(const kal_sample_p *p, int32_t y, int32_t x0, int32_t x1, uint8_t *dst)
{
    const int32_t dot = p->width < 960 ? 1 : p->width / 480, left = p->width / 10, top = p->height / 10;
    const int32_t columns = p->width * (int64_t)8 / 10 / (CELL * dot),
                  line = y < top ? -1 : (y - top) / (LINE * dot);
    const int32_t row = (y - top) / dot % LINE;
    const bool written = line >= 0 && row < KAL__LETTER_ROWS && y < p->height - top;
    char text[KAL__PAGE_COLUMNS] = "";
    if (written) set_line((uint32_t)p->seed, line, columns, text);
    for (int32_t x = x0; x < x1; x++, dst += 3) {
        const int64_t away = ((int64_t)x * 40 / p->width) * ((int64_t)y * 40 / p->height) / 40;   // 0..39
        const int32_t column = x < left ? -1 : (x - left) / (CELL * dot), bit = (x - left) / dot % CELL;
        const char c = written && column >= 0 && column < columns ? text[column] : ' ';
        const bool ink = c != ' ' && bit < 5 && kal__letters[c - 'a'][row] >> (4 - bit) & 1;
        dst[0] = (uint8_t)(ink ? (line ? 36 : 150) : 250 - away);
        dst[1] = (uint8_t)(ink ? 34 : 247 - away);
        dst[2] = (uint8_t)(ink ? (line ? 44 : 30) : 238 - away);
    }
}
