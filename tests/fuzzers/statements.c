/* statements.c — how libFuzzer changes programs, so that most of them still parse: lines and words move, within a program and
 * from one of the corpus to another. Every fourth change is libFuzzer's own, of bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out, size_t most, unsigned seed);

typedef struct Piece {
  size_t begin, end;
} Piece;

static uint64_t draw(uint64_t *state, uint64_t below) { /* xorshift64* (Vigna 2016) */
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return below ? (*state * 2685821657736338717u >> 33) % below : 0;
}

/* One to four whole lines, with their ends. */
static Piece some_lines(const uint8_t *text, size_t size, uint64_t *random) {
  Piece p = {draw(random, size + 1), 0};
  while (p.begin && text[p.begin - 1] != '\n') p.begin--;
  p.end = p.begin;
  for (uint64_t n = 1 + draw(random, 4); n && p.end < size; n--) {
    while (p.end < size && text[p.end] != '\n') p.end++;
    p.end += p.end < size;
  }
  return p;
}

static int kind(uint8_t c) {
  if (c == '_' || c >= 0x80 || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z')) return 1;
  return c == ' ' || c == '\n' ? 0 : 2;
}

/* A word, a number, or one sign. */
static Piece some_word(const uint8_t *text, size_t size, uint64_t *random) {
  Piece p = {draw(random, size), 0};
  while (p.begin < size && !kind(text[p.begin])) p.begin++;
  while (p.begin && p.begin < size && kind(text[p.begin]) == 1 && kind(text[p.begin - 1]) == 1) p.begin--;
  p.end = p.begin + (p.begin < size);
  while (p.end < size && kind(text[p.begin]) == 1 && kind(text[p.end]) == 1) p.end++;
  return p;
}

/* a with the piece `cut` replaced by `put` of b. */
static size_t replace(const uint8_t *a, size_t size, Piece cut, const uint8_t *b, Piece put, uint8_t *out, size_t most) {
  size_t n = put.end - put.begin, rest = size - cut.end;
  if (cut.begin + n + rest > most) return 0;
  memcpy(out, a, cut.begin);
  memcpy(out + cut.begin, b + put.begin, n);
  memcpy(out + cut.begin + n, a + cut.end, rest);
  return cut.begin + n + rest;
}

static size_t mix(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out, size_t most, uint64_t *random) {
  Piece cut, put;
  if (!a_size || !b_size) return 0;
  switch (draw(random, 4)) {
    case 0: /* lines put in */
      cut = some_lines(a, a_size, random);
      cut.end = cut.begin;
      put = some_lines(b, b_size, random);
      break;
    case 1: /* lines for lines */
      cut = some_lines(a, a_size, random);
      put = some_lines(b, b_size, random);
      break;
    case 2: /* lines gone */
      cut = some_lines(a, a_size, random);
      put = (Piece){0, 0};
      break;
    default: /* a word for a word */
      cut = some_word(a, a_size, random);
      put = some_word(b, b_size, random);
  }
  return replace(a, a_size, cut, b, put, out, most);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) {
  uint64_t random = seed * 0x9E3779B97F4A7C15u | 1;
  if (!draw(&random, 4)) return LLVMFuzzerMutate(data, size, most);
  uint8_t *out = malloc(most + 1);
  size_t n = mix(data, size, data, size, out, most, &random);
  if (n) memcpy(data, out, n);
  free(out);
  return n ? n : LLVMFuzzerMutate(data, size, most);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out, size_t most, unsigned seed) {
  uint64_t random = seed * 0x9E3779B97F4A7C15u | 1;
  size_t n = mix(a, a_size, b, b_size, out, most, &random);
  if (n) return n;
  n = a_size < most ? a_size : most;
  memcpy(out, a, n);
  return n;
}
