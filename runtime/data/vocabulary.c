/* vocabulary.c — symbols of a text: cut by kind, numbered, found again by a hash of their bytes. */
#include "runtime/vocabulary.h"
#include "runtime/data/data.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* --- kinds: how a text is cut -------------------------------------------------------------------------------------------- */

/* The bytes of the character at `at`; a byte that begins no UTF-8 character is a character of its own. */
static size_t character_size(const char *at) {
  const unsigned char first = (unsigned char)*at;
  size_t size = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 1;
  for (size_t i = 1; i < size; i++)
    if (((unsigned char)at[i] & 0xC0) != 0x80) return 1;
  return size;
}

static const char *next_character(const char **at, size_t *size) {
  const char *start = *at;
  if (!*start) return NULL;
  *at += *size = character_size(start);
  return start;
}

static const char *next_between(const char **at, size_t *size, const char *separators) {
  const char *start = *at + strspn(*at, separators);
  *size = strcspn(start, separators);
  *at = start + *size;
  return *size ? start : NULL;
}

static const char *next_word(const char **at, size_t *size) { return next_between(at, size, " \t\r\n\f\v"); }
static const char *next_symbol(const char **at, size_t *size) { return next_between(at, size, " \t\r\n\f\v()"); }

typedef struct Kind {
  const char *name, *separator;
  bool sorted;
  const char *(*next)(const char **at, size_t *size);
} Kind;

static const Kind kinds[] = {{"characters", "", true, next_character}, {"words", " ", false, next_word}, {"symbols", " ", false, next_symbol}};
enum { KINDS = sizeof kinds / sizeof *kinds };

const char *vocabulary_kind(const Vocabulary *v) { return kinds[v->kind].name; }
const char *vocabulary_separator(const Vocabulary *v) { return kinds[v->kind].separator; }
const char *vocabulary_next(const Vocabulary *v, const char **at, size_t *size) { return kinds[v->kind].next(at, size); }

/* --- symbols by their text ------------------------------------------------------------------------------------------------- */

static uint64_t hash_of(const char *text, size_t size) {
  uint64_t hash = 0xCBF29CE484222325u; /* FNV-1a */
  for (size_t i = 0; i < size; i++) hash = (hash ^ (unsigned char)text[i]) * 0x100000001B3u;
  return hash ^ hash >> 29;
}

static int64_t slot_of(const Vocabulary *v, const char *text, size_t size) {
  int64_t at = (int64_t)(hash_of(text, size) & (uint64_t)(v->slots - 1));
  while (v->slot[at] >= 0 && (strncmp(v->symbol[v->slot[at]], text, size) || v->symbol[v->slot[at]][size])) at = (at + 1) & (v->slots - 1);
  return at;
}

int64_t vocabulary_find(const Vocabulary *v, const char *text, size_t size) { return v->slots ? v->slot[slot_of(v, text, size)] : -1; }

static bool grow(Vocabulary *v) {
  int64_t slots = v->slots ? 2 * v->slots : 64;
  int64_t *slot = malloc((size_t)slots * sizeof *slot);
  char **symbol = realloc(v->symbol, (size_t)slots * sizeof *symbol);
  if (symbol) v->symbol = symbol;
  if (!slot || !symbol) return free(slot), false;
  free(v->slot);
  v->slot = slot;
  v->slots = slots;
  for (int64_t i = 0; i < slots; i++) slot[i] = -1;
  for (int64_t i = 0; i < v->count; i++) slot[slot_of(v, v->symbol[i], strlen(v->symbol[i]))] = i;
  return true;
}

int64_t vocabulary_add(Vocabulary *v, const char *text, size_t size) {
  if (2 * (v->count + 1) > v->slots && !grow(v)) return -1;
  int64_t at = slot_of(v, text, size);
  if (v->slot[at] >= 0) return v->slot[at];
  char *copy = strndup(text, size);
  if (!copy) return -1;
  v->symbol[v->count] = copy;
  return v->slot[at] = v->count++;
}

Vocabulary *vocabulary_new(const char *kind) {
  for (int i = 0; kind && i < KINDS; i++) {
    if (strcmp(kinds[i].name, kind)) continue;
    Vocabulary *v = calloc(1, sizeof *v);
    if (v) v->kind = i;
    return v;
  }
  return NULL;
}

void vocabulary_free(Vocabulary *v) {
  if (!v) return;
  for (int64_t i = 0; i < v->count; i++) free(v->symbol[i]);
  free(v->symbol);
  free(v->slot);
  free(v);
}

Vocabulary *vocabulary_from_json(const cJSON *entry) {
  const char *kind = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "kind"));
  Vocabulary *v = vocabulary_new(kind ? kind : "words");
  if (v) v->name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "name"));
  const cJSON *symbol;
  cJSON_ArrayForEach(symbol, cJSON_GetObjectItemCaseSensitive(entry, "symbols")) {
    const char *text = cJSON_GetStringValue(symbol);
    if (v && text) vocabulary_add(v, text, strlen(text));
  }
  return v;
}

/* --- reading ------------------------------------------------------------------------------------------------------------------ */

static bool add_text(Vocabulary *v, const char *text, RnnError *error) {
  size_t size;
  for (const char *symbol; (symbol = vocabulary_next(v, &text, &size));)
    if (vocabulary_add(v, symbol, size) < 0) return no_memory(error);
  return true;
}

static bool add_file(Vocabulary *v, const VocabularySource *source, RnnError *error) {
  size_t size = 0;
  char *bytes = file_read(source->path, &size, error);
  if (!bytes) return false;
  bool fine = !memchr(bytes, 0, size) || rnn_fail(error, "E0514", "%s is not a text file", source->path);
  fine = fine && add_text(v, bytes, error);
  free(bytes);
  return fine;
}

static bool add_column(Vocabulary *v, const VocabularySource *source, RnnError *error) {
  Table *t = text_read(source->path, 0, error);
  cJSON *which = source->column ? cJSON_CreateString(source->column) : cJSON_CreateNumber((double)source->place);
  int column = t ? table_find(t, which, error) : -1;
  bool fine = column >= 0;
  for (int64_t row = 0; fine && row < t->rows; row++) fine = add_text(v, t->column[column].text[row], error);
  cJSON_Delete(which);
  table_free(t);
  return fine;
}

/* UTF-8 sorts by code point as its bytes do. */
static int by_bytes(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void sort_from(Vocabulary *v, int64_t first) {
  qsort(v->symbol + first, (size_t)(v->count - first), sizeof *v->symbol, by_bytes);
  for (int64_t i = 0; i < v->slots; i++) v->slot[i] = -1;
  for (int64_t i = 0; i < v->count; i++) v->slot[slot_of(v, v->symbol[i], strlen(v->symbol[i]))] = i;
}

static bool unknown_kind(const char *kind, RnnError *error) {
  const char *names[KINDS];
  for (int i = 0; i < KINDS; i++) names[i] = kinds[i].name;
  rnn_fail(error, "E0520", "a vocabulary is not made by `%s(…)`", kind);
  rnn_fail_names(error, "it is made by", kind, names, KINDS);
  return false;
}

Vocabulary *vocabulary_read(const VocabularySource *source, RnnError *error) {
  Vocabulary *v = vocabulary_new(source->kind);
  if (!v) return unknown_kind(source->kind, error), NULL;
  bool fine = true;
  for (int i = 0; fine && i < source->extras; i++)
    fine = vocabulary_add(v, source->extra[i], strlen(source->extra[i])) >= 0 || no_memory(error);
  int64_t first = v->count;
  bool tabled = source->column || source->place;
  fine = fine && (tabled ? add_column(v, source, error) : add_file(v, source, error));
  if (fine && v->count == 0) fine = rnn_fail(error, "E0507", "%s has no symbols", source->path);
  if (fine && kinds[v->kind].sorted) sort_from(v, first);
  if (fine) return v;
  vocabulary_free(v);
  return NULL;
}
