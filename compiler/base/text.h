/* text.h — text as it looks in a terminal: what a byte range of UTF-8 shows, and how many columns it takes. */
#ifndef RNN_BASE_TEXT_H
#define RNN_BASE_TEXT_H
#include "arena.h"
#include <stdbool.h>
#include <stdint.h>

enum { TAB_WIDTH = 4, BROKEN_BYTE = -1 };

/* The code point at `text`, or BROKEN_BYTE where that is no valid UTF-8; `bytes` is how many to go on by. */
int32_t text_decode(const char *text, size_t size, size_t *bytes);
/* Columns a code point takes: 0 for a mark on the letter before it, 2 for a wide one. */
int text_columns(int32_t code_point);
/* The text with tabs expanded (from column 0) and whatever would disturb a terminal replaced by U+FFFD. */
char *text_visible(Arena *a, const char *text, size_t size);
/* Columns of the visible form of the text. */
int text_width(const char *text, size_t size);
/* Characters of the text, as editors count columns. */
int text_characters(const char *text, size_t size);

#endif
