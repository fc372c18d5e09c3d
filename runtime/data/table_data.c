/* table_data.c — a table's columns become variables: csv("a.csv", u = "current", x = "c1".."c12", k = category("speaker"), v = 0.2).
 *
 * Everything about columns is checked before the first row is read. A variable on a clock takes a row a step; one without takes
 * its sequence's entry of an array with one entry a sequence, or the value that all rows of the sequence share. */
#include "runtime/data/data.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef enum CellKind { CELL_NUMBERS, CELL_VECTOR, CELL_SYMBOL, CELL_WORDS } CellKind;

typedef struct Binding {
  int variable;
  CellKind cell;         /* what one cell holds: cells.c */
  const cJSON *constant; /* u = 0.2 */
  bool category;
  int *column, columns;  /* their widths add up to the variable's elements */
} Binding;

typedef struct Loading {
  const DataClause *clause;
  Table *table;
  Groups groups;
  Dataset *out;
  Binding *binding;
  int bindings;
} Loading;

static const Variable *variable_of(const Loading *l, const Binding *b) { return &l->clause->variable[b->variable]; }

/* --- binding: which columns -------------------------------------------------------------------------------------------- */

static bool bind_range(Loading *l, Binding *b, const cJSON *v) {
  int from = table_find(l->table, cJSON_GetObjectItemCaseSensitive(v, "from"), l->clause->error);
  int to = from < 0 ? -1 : table_find(l->table, cJSON_GetObjectItemCaseSensitive(v, "to"), l->clause->error);
  if (to < 0) return false;
  if (to < from) return rnn_fail(l->clause->error, "E0502", "the columns of `%s` run backwards in %s", variable_of(l, b)->name, l->table->path);
  b->column = malloc((size_t)(to - from + 1) * sizeof *b->column);
  if (!b->column) return no_memory(l->clause->error);
  while (from <= to) b->column[b->columns++] = from++;
  return true;
}

/* One column or a list of them. */
static bool bind_columns(Loading *l, Binding *b, const cJSON *v) {
  int count = cJSON_IsArray(v) ? cJSON_GetArraySize(v) : 1;
  b->column = malloc(((size_t)count + 1) * sizeof *b->column);
  if (!b->column) return no_memory(l->clause->error);
  for (int i = 0; i < count; i++) {
    int column = table_find(l->table, cJSON_IsArray(v) ? cJSON_GetArrayItem(v, i) : v, l->clause->error);
    if (column < 0) return false;
    b->column[b->columns++] = column;
  }
  return true;
}

static bool is_constant(const cJSON *v) {
  return cJSON_IsNumber(v) || (cJSON_IsArray(v) && cJSON_IsNumber(cJSON_GetArrayItem(v, 0)));
}

static const char *clock_of(const Variable *v) {
  for (int c = 0; c < RNN_MAX_CLOCKS; c++)
    if (v->clock[c]) return v->clock[c];
  return "t";
}

static bool check_columns(Loading *l, const Binding *b) {
  const Variable *v = variable_of(l, b);
  int64_t found = 0;
  if (b->cell) return true;
  for (int i = 0; i < b->columns; i++) {
    const Column *c = &l->table->column[b->column[i]];
    if (!c->text && !c->number) return rnn_fail(l->clause->error, "E0503", "%s: the array `%s` holds no numbers, but `%s` wants some", l->table->path, c->name, v->name);
    found += c->width;
  }
  if (found == v->elements) return true;
  rnn_fail(l->clause->error, "E0508", "`%s` has %lld element%s a step, but is given %lld column%s of %s", v->name, (long long)v->elements,
           v->elements == 1 ? "" : "s", (long long)found, found == 1 ? "" : "s", l->table->path);
  const Column *c = &l->table->column[b->column[0]];
  if (b->columns == 1 && c->rank > 1 && variable_has_clock(v))
    rnn_fail_more(l->clause->error, "\nhelp: an array of sequences, [sequence, step, …], says how long they are: lengths %s = \"…\"", clock_of(v));
  if (v->elements > 1 && found == 1) rnn_fail_more(l->clause->error, "\nhelp: name them all: %s = \"first\"..\"last\"", v->name);
  return false;
}

static bool bind_category(Loading *l, Binding *b) {
  const Variable *v = variable_of(l, b);
  b->category = true;
  return v->below > 0 || rnn_fail(l->clause->error, "E0508", "`%s` takes numbers, but category(…) gives places\nhelp: declare it as index(…): `%s: index(9)`", v->name, v->name);
}

/* Texts: of a vocabulary, a symbol a row where rows are steps, else a row's whole sequence; of several elements, a vector. */
static CellKind cell_kind(const Loading *l, const Binding *b) {
  const Variable *v = variable_of(l, b);
  const Column *c = b->columns == 1 && !b->category ? &l->table->column[b->column[0]] : NULL;
  if (!c || !c->text) return CELL_NUMBERS;
  bool grouped = clause_modifier(l->clause, "by") || clause_modifier(l->clause, "cuts");
  if (v->vocabulary) return variable_has_clock(v) && !grouped ? CELL_WORDS : CELL_SYMBOL;
  return v->elements > 1 && cell_is_vector(c->text[0]) ? CELL_VECTOR : CELL_NUMBERS;
}

static bool bind_variable(Loading *l, Binding *b, const cJSON *v) {
  if (is_constant(v)) return b->constant = v, true;
  if (value_is_call(v, "category")) {
    if (!bind_category(l, b)) return false;
    v = value_arg(v, 0);
  }
  bool range = cJSON_IsObject(v) && cJSON_GetObjectItemCaseSensitive(v, "from");
  if (!(range ? bind_range(l, b, v) : bind_columns(l, b, v))) return false;
  b->cell = cell_kind(l, b);
  return check_columns(l, b);
}

static bool no_variable(const DataClause *c, const char *name) {
  const char *names[64] = {"rows"};
  int count = 1;
  for (int i = 0; i < c->variables && count < 64; i++) names[count++] = c->variable[i].name;
  rnn_fail(c->error, "E0509", "`%s = …`: the net has no input, target or output `%s`", name, name);
  rnn_fail_names(c->error, "what can be said here", name, names, count);
  return false;
}

static bool bind_all(Loading *l) {
  const cJSON *named;
  cJSON_ArrayForEach(named, cJSON_GetObjectItemCaseSensitive(l->clause->source, "named")) {
    if (strcmp(named->string, "rows") == 0 || strcmp(named->string, "end") == 0) continue;
    int variable = clause_variable(l->clause, named->string);
    if (variable < 0) return no_variable(l->clause, named->string);
    Binding *b = &l->binding[l->bindings++];
    b->variable = variable;
    if (!bind_variable(l, b, named)) return false;
  }
  return true;
}

static bool check_inputs(const Loading *l) {
  const DataClause *c = l->clause;
  for (int v = 0; v < c->variables; v++) {
    bool tree = is_tree_input(&c->variable[v]), bound = c->variable[v].role != VARIABLE_INPUT || (tree && c->trees);
    for (int i = 0; i < l->bindings; i++) bound |= l->binding[i].variable == v;
    if (bound) continue;
    if (tree) return tree_missing(c, &c->variable[v]);
    return rnn_fail(c->error, "E0516", "the input `%s` gets no data\nhelp: say which column it is: `%s = \"…\"`, or a constant: `%s = 0`", c->variable[v].name,
                    c->variable[v].name, c->variable[v].name);
  }
  return l->bindings > 0 || rnn_fail(c->error, "E0516", "no variable is given a column of %s\nhelp: y = \"name\" or y = column(1)", l->table->path);
}

/* --- categories --------------------------------------------------------------------------------------------------------- */

/* Those of the training data; NULL: these are the training data, and make them. */
static const Categories *seen_categories(const Loading *l, const Binding *b) {
  const Dataset *seen = l->clause->categories;
  return seen && seen->category && seen->category[b->variable].count ? &seen->category[b->variable] : NULL;
}

static bool unseen_category(const Loading *l, const Binding *b, const char *name) {
  const Categories *seen = seen_categories(l, b);
  rnn_fail(l->clause->error, "E0510", "%s: `%s` is \"%s\", which the training data never had", l->table->path, variable_of(l, b)->name, name);
  rnn_fail_names(l->clause->error, "the training data had", name, (const char *const *)seen->name, seen->count);
  return false;
}

/* The place of a cell's category, in order of first appearance in training. */
static bool category_place(Loading *l, const Binding *b, const Column *c, int64_t row, double *out) {
  char number[40];
  const char *name = c->text ? c->text[row] : (snprintf(number, sizeof number, "%.17g", c->number[row]), number);
  const Variable *v = variable_of(l, b);
  Categories *names = &l->out->category[b->variable];
  int place = categories_find(names, name);
  if (place < 0 && seen_categories(l, b)) return unseen_category(l, b, name);
  if (place < 0) {
    if (!categories_add(names, name)) return no_memory(l->clause->error);
    place = names->count - 1;
  }
  if (place >= v->below)
    return rnn_fail(l->clause->error, "E0510", "`%s` is index(%lld), but its column has more than %lld different values; \"%s\" is one too many", v->name,
                    (long long)v->below, (long long)v->below, name);
  *out = place;
  return true;
}

static bool copy_categories(Loading *l) {
  const Dataset *seen = l->clause->categories;
  for (int v = 0; seen && seen->category && v < l->clause->variables; v++)
    if (!categories_copy(&l->out->category[v], &seen->category[v])) return no_memory(l->clause->error);
  return true;
}

/* --- filling ------------------------------------------------------------------------------------------------------------ */

static bool refuse(const Loading *l, const Binding *b, int column, int64_t row, double x) {
  const Variable *v = variable_of(l, b);
  char title[120], where[40];
  if (l->table->line) snprintf(where, sizeof where, "line %lld", (long long)l->table->line[row]);
  else snprintf(where, sizeof where, "row %lld", (long long)row);
  column_title(l->table, column, title, sizeof title);
  if (isnan(x))
    return rnn_fail(l->clause->error, "E0503", "%s: %s has nothing in %s, but `%s` is an input\n   = note: only targets and outputs may be missing", l->table->path,
                    where, title, v->name);
  return rnn_fail(l->clause->error, "E0510", "%s: %s has %.10g in %s, but `%s` is index(%lld): a whole number from 0 to %lld\nhelp: for names or other numbers, "
                  "write category(\"…\")", l->table->path, where, x, title, v->name, (long long)v->below, (long long)v->below - 1);
}

static Cell cell_of(const Loading *l, const Binding *b, int64_t row) { return (Cell){l->table, b->column[0], row, variable_of(l, b)}; }

/* One row of the binding's columns. */
static bool fill_row(Loading *l, const Binding *b, int64_t row, double *out) {
  const Variable *v = variable_of(l, b);
  const Cell cell = cell_of(l, b, row);
  if (b->cell == CELL_VECTOR) return cell_vector(l->clause, &cell, out);
  if (b->cell == CELL_SYMBOL) return cell_symbol(l->clause, &cell, out);
  for (int i = 0; i < b->columns; i++) {
    const Column *c = &l->table->column[b->column[i]];
    if (b->category) {
      if (!category_place(l, b, c, row, out++)) return false;
      continue;
    }
    for (int64_t k = 0; k < c->width; k++, out++) {
      *out = c->number[row * c->width + k];
      bool missing = isnan(*out);
      if (missing ? v->role == VARIABLE_INPUT : !variable_takes(v, *out)) return refuse(l, b, b->column[i], row, *out);
    }
  }
  return true;
}

static bool same_values(const double *a, const double *b, int64_t n) {
  for (int64_t i = 0; i < n; i++)
    if (a[i] != b[i] && !(isnan(a[i]) && isnan(b[i]))) return false;
  return true;
}

static bool is_per_sequence(const Loading *l, const Binding *b) {
  return l->groups.cuts >= 0 && l->table->column[b->column[0]].rows == l->groups.cuts;
}

/* A variable without a clock from rows: they must agree. scratch: [elements]. */
static bool fill_agreeing(Loading *l, const Binding *b, const Group *g, double *out, double *scratch) {
  const Variable *v = variable_of(l, b);
  if (!fill_row(l, b, g->row[0], out)) return false;
  for (int64_t i = 1; i < g->rows; i++) {
    if (!fill_row(l, b, g->row[i], scratch)) return false;
    if (same_values(out, scratch, v->elements)) continue;
    return rnn_fail(l->clause->error, "E0511", "`%s` is one value a sequence, but it changes within one (rows %lld and %lld of %s)\nhelp: `by \"…\"` says which rows "
                    "make a sequence", v->name, (long long)g->row[i - 1], (long long)g->row[i], l->table->path);
  }
  return true;
}

static bool fill_group(Loading *l, const Binding *b, int64_t sequence, double *scratch) {
  const Variable *v = variable_of(l, b);
  const Group *g = &l->groups.group[sequence];
  double *out = sequence_allocate(l->out, sequence, b->variable, l->out->sequence[sequence].steps);
  const Cell first = cell_of(l, b, g->row[0]);
  if (!out) return no_memory(l->clause->error);
  if (b->cell == CELL_WORDS && l->clause->trees) return cell_tree(l->clause, &first, l->out, sequence, out);
  if (b->cell == CELL_WORDS) return cell_words(l->clause, &first, out);
  if (!variable_has_clock(v)) return is_per_sequence(l, b) ? fill_row(l, b, g->number, out) : fill_agreeing(l, b, g, out, scratch);
  for (int64_t i = 0; i < g->rows; i++)
    if (!fill_row(l, b, g->row[i], out + i * v->elements)) return false;
  return true;
}

/* Reads the cells of one column as numbers, for the rows that are used. */
static bool read_numbers(Loading *l, const Binding *b) {
  const Variable *v = variable_of(l, b);
  int64_t wanted = is_per_sequence(l, b) && !variable_has_clock(v) ? l->groups.cuts : l->table->rows;
  for (int i = 0; i < b->columns; i++) {
    int column = b->column[i];
    if (l->table->column[column].rows != wanted)
      return rnn_fail(l->clause->error, "E0508", "%s: `%s` has %lld rows, but `%s` needs %lld\n   = note: one %s", l->table->path, l->table->column[column].name,
                      (long long)l->table->column[column].rows, v->name, (long long)wanted, variable_has_clock(v) ? "a step" : "a step or a sequence");
    for (int64_t g = 0; !b->category && !b->cell && wanted == l->table->rows && g < l->groups.count; g++)
      if (!column_numbers(l->table, column, l->groups.group[g].row, l->groups.group[g].rows, l->clause->error)) return false;
  }
  return true;
}

static bool fill_binding(Loading *l, const Binding *b) {
  if (b->constant) return constant_fill(l->clause, l->out, b->variable, b->constant);
  if (!read_numbers(l, b)) return false;
  double *scratch = malloc((size_t)variable_of(l, b)->elements * sizeof *scratch);
  bool fine = scratch || no_memory(l->clause->error);
  for (int64_t s = 0; fine && s < l->groups.count; s++) fine = fill_group(l, b, s, scratch);
  free(scratch);
  return fine;
}

static bool any_words(const Loading *l) {
  for (int i = 0; i < l->bindings; i++)
    if (l->binding[i].cell == CELL_WORDS) return true;
  return false;
}

/* Where a row's cell is a whole sequence, each row is one. */
static bool row_is_sequence(const Loading *l) {
  if (any_words(l)) return true;
  for (int i = 0; i < l->bindings; i++)
    if (variable_has_clock(variable_of(l, &l->binding[i])) && !l->binding[i].constant) return false;
  return true;
}

static bool mixes_rows(const Loading *l) {
  for (int i = 0; any_words(l) && i < l->bindings; i++) {
    const Binding *b = &l->binding[i];
    if (b->constant || b->cell == CELL_WORDS || !variable_has_clock(variable_of(l, b))) continue;
    return rnn_fail(l->clause->error, "E0508", "`%s` takes a row a step, but here each row is a sequence of its own, of words", variable_of(l, b)->name), true;
  }
  return false;
}

/* As long as the longest of its texts, or as its rows. */
static int64_t sequence_steps(const Loading *l, const Group *g) {
  int64_t steps = 0;
  if (!any_words(l)) return g->rows;
  for (int i = 0; i < l->bindings; i++) {
    if (l->binding[i].cell != CELL_WORDS) continue;
    const Cell cell = cell_of(l, &l->binding[i], g->row[0]);
    int64_t n = cell_words_count(l->clause, &cell);
    if (n > steps) steps = n;
  }
  return steps;
}

static bool load(Loading *l) {
  if (!bind_all(l) || !check_inputs(l) || mixes_rows(l) || !copy_categories(l)) return false;
  if (!groups_make(l->clause, l->table, row_is_sequence(l), &l->groups)) return false;
  if (!dataset_allocate(l->out, l->groups.count)) return no_memory(l->clause->error);
  for (int64_t s = 0; s < l->groups.count; s++) l->out->sequence[s].steps = sequence_steps(l, &l->groups.group[s]);
  for (int i = 0; i < l->bindings; i++)
    if (!fill_binding(l, &l->binding[i])) return false;
  return true;
}

bool table_data(const DataClause *c, Table *t, Dataset *out) {
  int named = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(c->source, "named"));
  Loading l = {.clause = c, .table = t, .out = out};
  l.binding = calloc((size_t)named + 1, sizeof *l.binding);
  bool fine = l.binding ? load(&l) : no_memory(c->error);
  for (int i = 0; i < l.bindings; i++) free(l.binding[i].column);
  free(l.binding);
  groups_free(&l.groups);
  return fine;
}
