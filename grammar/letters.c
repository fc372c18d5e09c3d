/* letters.c — names may use the letters of any script: all of Unicode but what is listed here as something else. */
#include "grammar/letters.h"

typedef struct Range {
  uint32_t first, last;
} Range;

/* Punctuation, operators, arrows, boxes, spaces, private use, emoji: sorted. */
static const Range no_letters[] = {
  {0x0080, 0x00a9}, {0x00ab, 0x00b1}, {0x00b4, 0x00b4}, {0x00b6, 0x00b8}, {0x00bb, 0x00bf}, {0x00d7, 0x00d7},
  {0x00f7, 0x00f7}, {0x037e, 0x037e}, {0x1680, 0x1680}, {0x2000, 0x206f}, {0x207a, 0x207e}, {0x208a, 0x208e},
  {0x20a0, 0x20cf}, {0x2190, 0x2bff}, {0x2e00, 0x2e7f}, {0x3000, 0x3004}, {0x3008, 0x3020}, {0xe000, 0xf8ff},
  {0xfe10, 0xfe1f}, {0xfe30, 0xfe6f}, {0xfeff, 0xff0f}, {0xff1a, 0xff20}, {0xff3b, 0xff40}, {0xff5b, 0xff65},
  {0xffe0, 0xffff}, {0x1f000, 0x1faff}, {0xe0000, 0x10ffff},
};

bool letters_is_letter(uint32_t code_point) {
  for (size_t i = 0; i < sizeof no_letters / sizeof *no_letters; i++)
    if (code_point >= no_letters[i].first && code_point <= no_letters[i].last) return false;
  return true;
}

uint32_t letters_decode(const char *text, size_t size, size_t *bytes) {
  unsigned char first = (unsigned char)text[0];
  size_t wanted = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  *bytes = 1;
  if (wanted == 1 || wanted > size) return first;
  uint32_t code_point = first & (0xffu >> (wanted + 1));
  for (size_t i = 1; i < wanted; i++) code_point = code_point << 6 | ((unsigned char)text[i] & 0x3f);
  *bytes = wanted;
  return code_point;
}

size_t letters_prefix(const char *text, size_t size) {
  size_t at = 0;
  while (at < size) {
    size_t bytes;
    uint32_t code_point = letters_decode(text + at, size - at, &bytes);
    if (code_point >= 0x80 && !letters_is_letter(code_point)) break;
    at += bytes;
  }
  return at;
}
