#include "arena.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Block {
  struct Block *next;
  size_t used, size;
} Block;

struct Arena {
  Block *head;
};

enum { BLOCK_SIZE = 64 * 1024, ALIGN = 16, HEADER = (sizeof(Block) + ALIGN - 1) / ALIGN * ALIGN };

static void *must(void *p) {
  if (p) return p;
  fputs("rnn: out of memory\n", stderr);
  abort();
}

Arena *arena_new(void) { return must(calloc(1, sizeof(Arena))); }

void arena_free(Arena *a) {
  if (!a) return;
  for (Block *b = a->head; b;) {
    Block *next = b->next;
    free(b);
    b = next;
  }
  free(a);
}

void *arena_alloc(Arena *a, size_t size) {
  size = (size + ALIGN - 1) / ALIGN * ALIGN;
  if (!a->head || a->head->used + size > a->head->size) {
    size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
    Block *b = must(calloc(1, HEADER + room));
    b->size = room;
    b->next = a->head;
    a->head = b;
  }
  void *p = (char *)a->head + HEADER + a->head->used;
  a->head->used += size;
  return p;
}

char *arena_strndup(Arena *a, const char *s, size_t n) {
  char *copy = arena_alloc(a, n + 1);
  memcpy(copy, s, n);
  return copy;
}

char *arena_strdup(Arena *a, const char *s) { return arena_strndup(a, s, strlen(s)); }

char *arena_vprintf(Arena *a, const char *format, va_list args) {
  va_list again;
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, again);
  va_end(again);
  char *s = arena_alloc(a, (size_t)n + 1);
  vsnprintf(s, (size_t)n + 1, format, args);
  return s;
}

char *arena_printf(Arena *a, const char *format, ...) {
  va_list args;
  va_start(args, format);
  char *s = arena_vprintf(a, format, args);
  va_end(args);
  return s;
}
