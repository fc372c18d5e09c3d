#include "text.h"
#include <string.h>

static bool continues(const char *text, size_t from, size_t to) {
  for (size_t i = from; i < to; i++)
    if (((unsigned char)text[i] & 0xc0) != 0x80) return false;
  return true;
}

/* How many bytes the first one announces; 0 where no character begins with it. */
static size_t announced(unsigned char first) {
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* Overlong forms, halves of UTF-16 pairs, and what lies beyond Unicode. */
static bool is_forbidden(int32_t code_point, size_t size) {
  return (size == 3 && code_point < 0x800) || (size == 4 && code_point < 0x10000) || code_point > 0x10ffff ||
         (code_point >= 0xd800 && code_point < 0xe000);
}

int32_t text_decode(const char *text, size_t size, size_t *bytes) {
  unsigned char first = (unsigned char)text[0];
  size_t n = announced(first);
  *bytes = 1;
  if (n == 1) return first;
  if (!n || n > size || !continues(text, 1, n)) return BROKEN_BYTE;
  int32_t code_point = first & (0xff >> (n + 1));
  for (size_t i = 1; i < n; i++) code_point = code_point << 6 | ((unsigned char)text[i] & 0x3f);
  if (is_forbidden(code_point, n)) return BROKEN_BYTE;
  *bytes = n;
  return code_point;
}

int text_columns(int32_t c) {
  bool mark = (c >= 0x300 && c < 0x370) || (c >= 0x200b && c < 0x2010) || (c >= 0x20d0 && c < 0x2100) || c == 0xfeff;
  bool wide = (c >= 0x1100 && c < 0x1160) || (c >= 0x2e80 && c < 0xa4d0) || (c >= 0xac00 && c < 0xd7a4) ||
              (c >= 0xf900 && c < 0xfb00) || (c >= 0xfe30 && c < 0xfe70) || (c >= 0xff00 && c < 0xff61) ||
              (c >= 0x1f300 && c < 0x1fb00) || (c >= 0x20000 && c < 0x40000);
  return mark ? 0 : wide ? 2 : 1;
}

/* Control characters, and those that turn the direction of writing, would make a message lie. */
static bool disturbs(int32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c < 0x202f) || (c >= 0x2066 && c < 0x206a);
}

char *text_visible(Arena *a, const char *text, size_t size) {
  char *visible = arena_alloc(a, size * (TAB_WIDTH > 3 ? TAB_WIDTH : 3) + 1), *out = visible;
  int column = 0;
  for (size_t i = 0, bytes; i < size; i += bytes) {
    int32_t c = text_decode(text + i, size - i, &bytes);
    int width = c == '\t' ? TAB_WIDTH - column % TAB_WIDTH : disturbs(c) ? 1 : text_columns(c);
    const char *shown = disturbs(c) ? "\xef\xbf\xbd" : text + i;
    size_t length = disturbs(c) ? 3 : bytes;
    if (c == '\t') memset(out, ' ', (size_t)width), out += width;
    else memcpy(out, shown, length), out += length;
    column += width;
  }
  return visible;
}

int text_width(const char *text, size_t size) {
  int column = 0;
  for (size_t i = 0, bytes; i < size; i += bytes) {
    int32_t c = text_decode(text + i, size - i, &bytes);
    column += c == '\t' ? TAB_WIDTH - column % TAB_WIDTH : disturbs(c) ? 1 : text_columns(c);
  }
  return column;
}

int text_characters(const char *text, size_t size) {
  int count = 0;
  for (size_t i = 0, bytes; i < size; i += bytes, count++) text_decode(text + i, size - i, &bytes);
  return count;
}
