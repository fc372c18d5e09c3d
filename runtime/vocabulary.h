/* vocabulary.h — the symbols of a `vocab`: read from a file when compiling, kept in the manifest, found by their text when data are read.
 *
 * characters("f")  each different character (code point) of the file, sorted by code point; spoken without anything between
 * words("f")       what stands between white space, in order of first appearance; spoken with a space between
 * symbols("f")     the same, where parentheses also separate: the nodes and leaves of trees
 * column(n) or column("name") takes one column of a table; `extra` symbols come first. */
#ifndef RNN_RUNTIME_VOCABULARY_H
#define RNN_RUNTIME_VOCABULARY_H
#include "runtime/runtime.h"

typedef struct Vocabulary {
  const char *name; /* of the vocab; not owned. NULL while it is read */
  int kind;         /* which row of the kinds (vocabulary.c) */
  int64_t count, room;
  char **symbol;
  int64_t *slot, slots; /* symbols by their text: open addressing, -1 where there is none */
} Vocabulary;

/* What a `vocab` says. column: a name, or NULL; place: of the column from 1; 0: none. */
typedef struct VocabularySource {
  const char *kind, *path, *column;
  int64_t place;
  const char *const *extra;
  int extras;
} VocabularySource;

/* Errors: E0501, E0502, E0506, E0507, E0514 of the file; E0520 an unknown kind (its message lists them). */
Vocabulary *vocabulary_read(const VocabularySource *source, RnnError *error);
/* An empty one. NULL: no such kind. */
Vocabulary *vocabulary_new(const char *kind);
void vocabulary_free(Vocabulary *v);
const char *vocabulary_kind(const Vocabulary *v); /* "words" */
/* The symbol's place; added where it is new. */
int64_t vocabulary_add(Vocabulary *v, const char *text, size_t size);
int64_t vocabulary_find(const Vocabulary *v, const char *text, size_t size); /* -1 */
const char *vocabulary_separator(const Vocabulary *v);                       /* between two spoken symbols: "" or " " */
/* Cuts the next symbol off a text: its start, and its size in *size; NULL at the end. *at moves behind it. */
const char *vocabulary_next(const Vocabulary *v, const char **at, size_t *size);

/* The manifest's "vocabularies", and the one of a name; NULL. */
Vocabulary *vocabulary_from_json(const cJSON *entry);
#endif
