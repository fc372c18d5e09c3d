/* session.h — one compilation: its memory, names, source files, diagnostics and options.
 *
 * A Session is passed explicitly to every pass; there are no mutable globals. */
#ifndef RNN_BASE_SESSION_H
#define RNN_BASE_SESSION_H
#include "arena.h"
#include "vec.h"
#include <stdbool.h>
#include <stdint.h>

/* An interned name: two equal names are the same pointer. */
typedef const char *Name;

/* A half-open range of bytes of one source file; file 0 means "nowhere". */
typedef struct Span {
  int file;
  uint32_t begin, end;
} Span;

typedef struct Source {
  const char *path; /* as the user wrote it, "-" for standard input */
  const char *text; /* NUL-terminated, not necessarily free of inner NULs */
  size_t size;
  Vec(uint32_t) lines; /* byte offset of every line's start */
} Source;

/* `NAME=value` of the command line. */
typedef struct Override {
  Name name;
  const char *value;
  bool used;
} Override;

typedef struct Diag Diag;
typedef struct InternTable InternTable;

typedef struct Session {
  Arena *arena;
  InternTable *names;
  Vec(Source *) sources; /* [0] is empty: file 0 means nowhere */
  Vec(Diag *) diags;
  int errors;
  Vec(Override) overrides;
  bool warn_unused; /* `rnn check`: also what nothing reads (E0117) */
  const char *stdlib; /* the folder that `use std.x` reads; NULL: beside the program */
  bool verify_each;   /* verify every representation after every pass */
  bool double_precision;
  bool all_errors;    /* print them all, however many */
} Session;

Session *session_new(void);
void session_free(Session *s);

Name intern(Session *s, const char *text);
Name intern_n(Session *s, const char *text, size_t n);

/* Adds a source; the text is copied. Returns the file number for spans. */
int source_add(Session *s, const char *path, const char *text, size_t size);
/* Reads a file ("-" is standard input). Returns 0 and gives an error diagnostic when it can not be read. */
int source_read(Session *s, const char *path);
/* 1-based line and column (in bytes) of an offset. */
void source_locate(const Source *src, uint32_t offset, int *line, int *column);
int span_line(Session *s, Span span);

static inline Span span_join(Span a, Span b) {
  if (!a.file) return b;
  if (!b.file) return a;
  return (Span){a.file, a.begin < b.begin ? a.begin : b.begin, a.end > b.end ? a.end : b.end};
}

#endif
