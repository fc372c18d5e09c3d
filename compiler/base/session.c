#include "session.h"
#include "diag.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- names: a chained hash table of interned strings ------------------------------------------------------------ */

typedef struct Interned {
  struct Interned *next;
  uint64_t hash;
  size_t size;
  char text[];
} Interned;

enum { BUCKETS = 4096 };

struct InternTable {
  Interned *bucket[BUCKETS];
};

/* FNV-1a, 64 bits. */
static uint64_t hash_of(const char *s, size_t n) {
  uint64_t h = 14695981039346656037u;
  for (size_t i = 0; i < n; i++) h = (h ^ (unsigned char)s[i]) * 1099511628211u;
  return h;
}

Name intern_n(Session *s, const char *text, size_t n) {
  uint64_t h = hash_of(text, n);
  Interned **slot = &s->names->bucket[h % BUCKETS];
  for (Interned *e = *slot; e; e = e->next)
    if (e->hash == h && e->size == n && !memcmp(e->text, text, n)) return e->text;
  Interned *e = arena_alloc(s->arena, sizeof *e + n + 1);
  e->hash = h;
  e->size = n;
  memcpy(e->text, text, n);
  e->next = *slot;
  *slot = e;
  return e->text;
}

Name intern(Session *s, const char *text) { return intern_n(s, text, strlen(text)); }

/* --- session ---------------------------------------------------------------------------------------------------- */

Session *session_new(void) {
  Arena *a = arena_new();
  Session *s = arena_new_of(a, Session);
  s->arena = a;
  s->names = arena_new_of(a, InternTable);
  Source *nowhere = arena_new_of(a, Source);
  nowhere->path = nowhere->text = "";
  vec_push(a, s->sources, nowhere);
#ifndef NDEBUG
  s->verify_each = true;
#endif
  return s;
}

void session_free(Session *s) {
  if (s) arena_free(s->arena);
}

/* --- sources ---------------------------------------------------------------------------------------------------- */

int source_add(Session *s, const char *path, const char *text, size_t size) {
  Source *src = arena_new_of(s->arena, Source);
  src->path = arena_strdup(s->arena, path);
  src->text = arena_strndup(s->arena, text, size);
  src->size = size;
  vec_push(s->arena, src->lines, 0);
  for (size_t i = 0; i < size; i++)
    if (text[i] == '\n') vec_push(s->arena, src->lines, (uint32_t)i + 1);
  vec_push(s->arena, s->sources, src);
  return s->sources.len - 1;
}

static char *read_all(FILE *f, size_t *size) {
  size_t cap = 1 << 16, n = 0;
  char *buffer = malloc(cap);
  for (size_t got; buffer && (got = fread(buffer + n, 1, cap - n, f)) > 0;) {
    n += got;
    if (n == cap) buffer = realloc(buffer, cap *= 2);
  }
  *size = n;
  return buffer;
}

int source_read(Session *s, const char *path) {
  bool standard_input = !strcmp(path, "-");
  FILE *f = standard_input ? stdin : fopen(path, "rb");
  size_t size = 0;
  char *text = f ? read_all(f, &size) : NULL;
  bool failed = !text || ferror(f);
  int why = errno;
  if (f && !standard_input) fclose(f);
  int file = 0;
  if (failed)
    diag_error(s, E0001, (Span){0}, "cannot read `%s`: %s", path, strerror(why));
  else
    file = source_add(s, path, text, size);
  free(text);
  return file;
}

void source_locate(const Source *src, uint32_t offset, int *line, int *column) {
  int low = 0, high = src->lines.len;
  while (high - low > 1) {
    int middle = (low + high) / 2;
    if (src->lines.at[middle] <= offset) low = middle;
    else high = middle;
  }
  *line = low + 1;
  *column = (int)(offset - (src->lines.len ? src->lines.at[low] : 0)) + 1;
}

int span_line(Session *s, Span span) {
  int line, column;
  source_locate(s->sources.at[span.file], span.begin, &line, &column);
  return line;
}
