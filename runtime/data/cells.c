/* cells.c — cells that hold more than one number: a vector, numbers apart by spaces; a text of a vocabulary's symbols. */
#include "runtime/data/data.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- vectors ------------------------------------------------------------------------------------------------------------- */

bool cell_is_vector(const char *cell) {
  const char *at = cell + strspn(cell, " ");
  return at[strcspn(at, " ")] != 0;
}

static bool wrong_vector(const DataClause *c, const Cell *cell, int64_t found) {
  char title[120];
  column_title(cell->table, cell->column, title, sizeof title);
  return rnn_fail(c->error, "E0508", "%s: line %lld has %lld numbers in %s, but `%s` takes %lld", cell->table->path,
                  (long long)cell->table->line[cell->row], (long long)found, title, cell->variable->name, (long long)cell->variable->elements);
}

bool cell_vector(const DataClause *c, const Cell *cell, double *out) {
  const char *at = cell->table->column[cell->column].text[cell->row];
  int64_t n = 0;
  for (at += strspn(at, " "); *at; at += strspn(at, " "), n++) {
    char *end;
    double x = strtod(at, &end);
    if (end == at || (*end && *end != ' ') || !isfinite(x))
      return rnn_fail(c->error, "E0503", "%s: line %lld has \"%.*s\" among the numbers of `%s`", cell->table->path,
                      (long long)cell->table->line[cell->row], (int)strcspn(at, " "), at, cell->variable->name);
    if (n < cell->variable->elements) out[n] = x;
    at = end;
  }
  return n == cell->variable->elements || wrong_vector(c, cell, n);
}

/* --- symbols --------------------------------------------------------------------------------------------------------------- */

static bool symbol_unknown(const DataClause *c, const Variable *v, const char *where, const char *text, size_t size) {
  rnn_fail(c->error, "E0521", "%s: \"%.*s\" is no symbol of `%s`, which `%s` is an index of", where, (int)(size < 80 ? size : 80), text,
           v->vocabulary->name ? v->vocabulary->name : "the vocabulary", v->name);
  return rnn_fail_more(c->error, "\nhelp: make the vocab from this file too, or add the symbol: extra = [\"%.*s\"]", (int)(size < 80 ? size : 80), text), false;
}

static int64_t symbols_count(const Variable *v, const char *text) {
  int64_t n = 0;
  size_t size;
  while (vocabulary_next(v->vocabulary, &text, &size)) n++;
  return n;
}

static bool symbols_fill(const DataClause *c, const Variable *v, const char *where, const char *text, double *out) {
  size_t size;
  for (const char *symbol; (symbol = vocabulary_next(v->vocabulary, &text, &size));) {
    int64_t place = vocabulary_find(v->vocabulary, symbol, size);
    if (place < 0) return symbol_unknown(c, v, where, symbol, size);
    *out++ = (double)place;
  }
  return true;
}

static const char *place_of(const Cell *cell, char *out, size_t size) {
  snprintf(out, size, "%s: line %lld", cell->table->path, (long long)cell->table->line[cell->row]);
  return out;
}

bool cell_symbol_place(const DataClause *c, const Cell *cell, const char *text, size_t size, double *out) {
  char where[4400];
  int64_t place = vocabulary_find(cell->variable->vocabulary, text, size);
  if (place < 0) return symbol_unknown(c, cell->variable, place_of(cell, where, sizeof where), text, size);
  return *out = (double)place, true;
}

/* The cell's whole text is one symbol. */
bool cell_symbol(const DataClause *c, const Cell *cell, double *out) {
  const char *text = cell->table->column[cell->column].text[cell->row];
  return cell_symbol_place(c, cell, text, strlen(text), out);
}

/* `end = "</s>"`, or its place: what ends each sequence. -1: nothing does. */
static bool symbols_end(const DataClause *c, const Variable *v, double *out) {
  const cJSON *end = value_named(c->source, "end");
  *out = -1;
  if (!end) return true;
  if (cJSON_IsNumber(end)) return *out = end->valuedouble, variable_takes(v, *out) || rnn_fail(c->error, "E0521", "end = %g is no symbol of `%s`", *out, v->name);
  if (!cJSON_IsString(end)) return rnn_fail(c->error, "E0521", "`end` wants a symbol: end = \"</s>\"");
  int64_t place = vocabulary_find(v->vocabulary, end->valuestring, strlen(end->valuestring));
  if (place < 0) return symbol_unknown(c, v, "end", end->valuestring, strlen(end->valuestring));
  return *out = (double)place, true;
}

int64_t cell_words_count(const DataClause *c, const Cell *cell) {
  return symbols_count(cell->variable, cell->table->column[cell->column].text[cell->row]) + (value_named(c->source, "end") != NULL);
}

bool cell_words(const DataClause *c, const Cell *cell, double *out) {
  const char *text = cell->table->column[cell->column].text[cell->row];
  char where[4400];
  double end;
  if (!symbols_end(c, cell->variable, &end) || !symbols_fill(c, cell->variable, place_of(cell, where, sizeof where), text, out)) return false;
  if (end >= 0) out[symbols_count(cell->variable, text)] = end;
  return true;
}

/* --- text("input.txt", c), string("ROMEO:", c): one long sequence ------------------------------------------------------------ */

/* The variable that is named in second place, or first by name (`c = chars`). */
static int variable_named(const DataClause *c) {
  const cJSON *second = value_arg(c->source, 1), *named;
  if (value_called(second)) return clause_variable(c, value_called(second));
  cJSON_ArrayForEach(named, cJSON_GetObjectItemCaseSensitive(c->source, "named"))
    if (value_called(named)) return clause_variable(c, named->string);
  return -1;
}

static bool inputs_given(const DataClause *c, int variable) {
  for (int v = 0; v < c->variables; v++)
    if (is_tree_input(&c->variable[v])) return tree_missing(c, &c->variable[v]);
  for (int v = 0; v < c->variables; v++)
    if (c->variable[v].role == VARIABLE_INPUT && v != variable && !value_named(c->source, c->variable[v].name))
      return rnn_fail(c->error, "E0516", "the input `%s` gets no data\nhelp: a text gives one variable; others can be constants: `%s = 0`",
                      c->variable[v].name, c->variable[v].name);
  return true;
}

static bool fill_constants(const DataClause *c, Dataset *out, int variable) {
  const cJSON *named;
  cJSON_ArrayForEach(named, cJSON_GetObjectItemCaseSensitive(c->source, "named")) {
    int v = clause_variable(c, named->string);
    if (v >= 0 && v != variable && !constant_fill(c, out, v, named)) return false;
  }
  return true;
}

static bool fill_text(const DataClause *c, Dataset *out, int variable, const char *where, const char *text) {
  const Variable *v = &c->variable[variable];
  if (!dataset_allocate(out, 1)) return no_memory(c->error);
  out->sequence[0].steps = symbols_count(v, text);
  double *to = sequence_allocate(out, 0, variable, out->sequence[0].steps);
  if (!to) return no_memory(c->error);
  return symbols_fill(c, v, where, text, to) && fill_constants(c, out, variable);
}

static bool text_variable(const DataClause *c, int *variable) {
  const char *form = value_called(c->source);
  *variable = variable_named(c);
  if (*variable < 0) return rnn_fail(c->error, "E0509", "%s(…) names a variable of the net after the text: %s(\"…\", c)", form, form);
  const Variable *v = &c->variable[*variable];
  if (v->vocabulary && variable_has_clock(v)) return inputs_given(c, *variable);
  return rnn_fail(c->error, "E0521", "%s(…): `%s` has no vocabulary to read a text by\nhelp: declare one, and `%s: index(…)` of it: vocab chars = characters(\"input.txt\")",
                  form, v->name, v->name);
}

bool text_data(const DataClause *c, Dataset *out) {
  const cJSON *name = value_arg(c->source, 0);
  int variable;
  size_t size;
  if (!cJSON_IsString(name)) return rnn_fail(c->error, "E0509", "text(…) wants a file name in quotes first: text(\"input.txt\", c)");
  if (!text_variable(c, &variable)) return false;
  char *path = clause_path(c->directory, name->valuestring), *bytes = path ? file_read(path, &size, c->error) : NULL;
  bool fine = bytes && fill_text(c, out, variable, path, bytes);
  free(bytes);
  free(path);
  return fine;
}

bool string_data(const DataClause *c, Dataset *out) {
  const cJSON *text = value_arg(c->source, 0);
  int variable;
  if (!cJSON_IsString(text)) return rnn_fail(c->error, "E0509", "string(…) wants a text in quotes first: string(\"ROMEO:\", c)");
  return text_variable(c, &variable) && fill_text(c, out, variable, "string(…)", text->valuestring);
}
