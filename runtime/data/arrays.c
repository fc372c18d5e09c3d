/* arrays.c — data on several clocks, from NumPy's arrays: npz("f.npz", x = "x", a = "a") lengths s = "s.length", t = "t.length".
 *
 * A clock of the data has for each sequence a number of steps. `cuts s = "offset"`: the steps of all sequences stand one behind the other in
 * the arrays of what lives on s alone, and these are the rows at which sequences start. `lengths s = "n"`, or neither: the arrays are
 * [sequence, s, …], padded behind these many steps (`lengths s = 12`: all sequences alike), or full. What lives on several clocks is [sequence, s, t, …], padded, in the order
 * of the clocks' declaration; clocks of fixed length and the value's own dims follow. */
#include "runtime/data/data.h"
#include "runtime/places.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct ClockArrays {
  const char *name;
  const Column *cuts, *lengths; /* as the clause says; NULL */
  double length;                /* `lengths s = 12`: of all sequences; 0: not said */
  const Column *behind;         /* an array whose rows are this clock's steps, where it is cut */
  const Column *padded;         /* one that has the steps in a dim, and which; for messages: of which variable */
  int dim;
  const Variable *of;
} ClockArrays;

typedef struct Arrays {
  const DataClause *clause;
  Table *table;
  Dataset *out;
  const Column **column; /* [variables]; NULL: not given as an array */
  ClockArrays clock[RNN_MAX_CLOCKS];
  int64_t sequences;     /* of the file; −1: not known yet */
  const char *counted;   /* the array that said so */
} Arrays;

/* --- when ------------------------------------------------------------------------------------------------------------------ */

static bool is_constant(const cJSON *v) { return cJSON_IsNumber(v) || (cJSON_IsArray(v) && cJSON_IsNumber(cJSON_GetArrayItem(v, 0))); }

bool arrays_wanted(const DataClause *c) {
  if (clause_said(c, "lengths") || cJSON_GetObjectItemCaseSensitive(clause_said(c, "cuts"), "named")) return true;
  for (int v = 0; v < c->variables; v++) {
    const cJSON *given = value_named(c->source, c->variable[v].name);
    if (given && !is_constant(given) && on_several_clocks(c->variable[v].axes)) return true;
  }
  return false;
}

/* --- which array is what ------------------------------------------------------------------------------------------------------ */

static const Column *array_named(const Arrays *a, const cJSON *which) {
  const int column = table_find(a->table, which, a->clause->error);
  if (column < 0) return NULL;
  const Column *found = &a->table->column[column];
  if (found->number) return found;
  return rnn_fail(a->clause->error, "E0503", "%s: the array `%s` holds no numbers", a->table->path, found->name), NULL;
}

static bool bind_arrays(Arrays *a) {
  for (int v = 0; v < a->clause->variables; v++) {
    const cJSON *given = value_named(a->clause->source, a->clause->variable[v].name);
    if (!given || is_constant(given)) continue;
    if (!cJSON_IsString(given) && !value_is_call(given, "column"))
      return rnn_fail(a->clause->error, "E0508", "`%s` is one array where there are several clocks: %s = \"name\"", a->clause->variable[v].name, a->clause->variable[v].name);
    if (!(a->column[v] = array_named(a, given))) return false;
  }
  return true;
}

static void name_clocks(Arrays *a) {
  for (int v = 0; v < a->clause->variables; v++)
    for (int c = 0; c < RNN_MAX_CLOCKS; c++)
      if (a->clause->variable[v].clock[c]) a->clock[c].name = a->clause->variable[v].clock[c];
}

/* −1: an error is set. `name` NULL: the only one there is. */
static int clock_named(const Arrays *a, const char *word, const char *name) {
  const char *names[RNN_MAX_CLOCKS];
  int count = 0, found = -1;
  for (int c = 0; c < RNN_MAX_CLOCKS; c++) {
    if (!a->clock[c].name) continue;
    names[count++] = a->clock[c].name;
    if (!name || !strcmp(name, a->clock[c].name)) found = c;
  }
  if (name ? found >= 0 : count == 1) return found;
  if (name) rnn_fail(a->clause->error, "E0515", "`%s %s = …`: no input, target or output lives on a clock `%s`", word, name, name);
  else rnn_fail(a->clause->error, "E0515", "which clock's steps does `%s` mean?\nhelp: say it: `%s %s = \"…\"`", word, word, count ? names[0] : "t");
  if (name) rnn_fail_names(a->clause->error, "the clocks are", name, names, count);
  return -1;
}

static bool set_length(const Arrays *a, ClockArrays *clock, double length) {
  clock->length = length;
  return (length >= 1 && length == floor(length)) || rnn_fail(a->clause->error, "E0515", "`lengths %s = %.10g`: sequences have a whole number of steps, at least one", clock->name, length);
}

static bool set_clock(Arrays *a, const char *word, const char *name, const cJSON *which) {
  const int c = clock_named(a, word, name);
  if (c >= 0 && cJSON_IsNumber(which) && !strcmp(word, "lengths")) return set_length(a, &a->clock[c], which->valuedouble);
  const Column *column = c < 0 ? NULL : array_named(a, which);
  if (!column) return false;
  if (column->width != 1) return rnn_fail(a->clause->error, "E0515", "`%s \"%s\"` wants an array with one number a sequence", word, column->name);
  if (!strcmp(word, "cuts")) a->clock[c].cuts = column;
  else a->clock[c].lengths = column;
  return true;
}

static bool read_modifier(Arrays *a, const char *word) {
  const cJSON *found = clause_said(a->clause, word), *item;
  if (!found) return true;
  cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(found, "args"))
    if (!set_clock(a, word, NULL, item)) return false;
  cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(found, "named"))
    if (!set_clock(a, word, item->string, item)) return false;
  return true;
}

/* --- how long sequences are ------------------------------------------------------------------------------------------------------ */

static bool as_many(Arrays *a, int64_t rows, const char *array) {
  if (a->sequences < 0) a->sequences = rows, a->counted = array;
  if (a->sequences == rows) return true;
  return rnn_fail(a->clause->error, "E0508", "%s: `%s` speaks of %lld sequence%s, but `%s` of %lld", a->table->path, array, (long long)rows, rows == 1 ? "" : "s",
                  a->counted, (long long)a->sequences);
}

/* `[sequence, s, t, 3]`, as the array should be. */
static const char *wanted_shape(const Arrays *a, const Variable *v, bool padded, char *out, size_t size) {
  size_t used = (size_t)snprintf(out, size, "[%s", padded || !variable_has_clock(v) ? "sequence" : "step");
  for (int c = 0; padded && c < RNN_MAX_CLOCKS; c++)
    if (on_clock(v->axes, c) && used < size) used += (size_t)snprintf(out + used, size - used, ", %s", a->clock[c].name ? a->clock[c].name : "t");
  for (int i = 0; i < v->rank && used < size; i++) used += (size_t)snprintf(out + used, size - used, ", %lld", (long long)v->shape[i]);
  if (used < size) snprintf(out + used, size - used, "]");
  return out;
}

static bool wrong_shape(const Arrays *a, const Variable *v, const Column *column, bool padded) {
  char wanted[200], found[200];
  size_t used = 0;
  for (int i = 0; i < column->rank && used < sizeof found; i++)
    used += (size_t)snprintf(found + used, sizeof found - used, "%s%lld", i ? ", " : "", (long long)column->shape[i]);
  if (!used) *found = 0;
  rnn_fail(a->clause->error, "E0508", "%s: `%s` wants an array %s, but `%s` is [%s]", a->table->path, v->name, wanted_shape(a, v, padded, wanted, sizeof wanted), column->name, found);
  return false;
}

/* Is a value on this one clock cut, its steps one behind the other? */
static int cut_clock(const Arrays *a, const Variable *v) {
  for (int c = 0; !on_several_clocks(v->axes) && c < RNN_MAX_CLOCKS; c++)
    if (on_clock(v->axes, c) && a->clock[c].cuts) return c;
  return -1;
}

static bool take_shape(Arrays *a, const Variable *v, const Column *column) {
  const int cut = cut_clock(a, v);
  int dim = cut < 0 ? 1 : 0;
  int64_t left = column->rank ? column->width : 1;
  if (cut >= 0) {
    const Column *other = a->clock[cut].behind;
    if (other && other->rows != column->rows)
      return rnn_fail(a->clause->error, "E0508", "%s: `%s` has %lld rows, but `%s`, which is cut at the same places, has %lld", a->table->path, column->name,
                      (long long)column->rows, other->name, (long long)other->rows);
    a->clock[cut].behind = column;
    return left == v->elements || wrong_shape(a, v, column, false);
  }
  for (int c = 0; c < RNN_MAX_CLOCKS; c++) {
    if (!on_clock(v->axes, c)) continue;
    if (dim >= column->rank) return wrong_shape(a, v, column, true);
    if (column->shape[dim]) left /= column->shape[dim];
    ClockArrays *clock = &a->clock[c];
    const bool full = !clock->cuts && !clock->lengths && !clock->length;
    if (full && clock->padded && clock->padded->shape[clock->dim] != column->shape[dim])
      return rnn_fail(a->clause->error, "E0508", "%s: `%s` has %lld steps of %s, but `%s` has %lld\nhelp: say how long sequences are: lengths %s = \"…\"", a->table->path,
                      clock->of->name, (long long)clock->padded->shape[clock->dim], clock->name, v->name, (long long)column->shape[dim], clock->name);
    clock->padded = column;
    clock->dim = dim++;
    clock->of = v;
  }
  return (left == v->elements || wrong_shape(a, v, column, true)) && as_many(a, column->rows, column->name);
}

static bool take_shapes(Arrays *a) {
  for (int v = 0; v < a->clause->variables; v++)
    if (a->column[v] && !take_shape(a, &a->clause->variable[v], a->column[v])) return false;
  for (int c = 0; c < RNN_MAX_CLOCKS; c++)
    if (a->clock[c].lengths && !as_many(a, a->clock[c].lengths->rows, a->clock[c].lengths->name)) return false;
  return true;
}

/* A last start equal to the number of rows is the end, not another sequence. */
static bool take_starts(Arrays *a, const ClockArrays *clock) {
  const Column *starts = clock->cuts;
  if (!starts) return true;
  if (!clock->behind)
    return rnn_fail(a->clause->error, "E0515", "`cuts %s = \"%s\"`: nothing that is given lives on %s alone\nhelp: say how long its sequences are: lengths %s = \"…\"", clock->name,
                    starts->name, clock->name, clock->name);
  bool fine = starts->rows > 0;
  for (int64_t i = 0; i < starts->rows && fine; i++)
    fine = starts->number[i] == floor(starts->number[i]) && starts->number[i] >= (i ? starts->number[i - 1] : 0) && starts->number[i] <= (double)clock->behind->rows;
  if (!fine) return rnn_fail(a->clause->error, "E0515", "`cuts %s = \"%s\"` must be the rising rows, from 0, where the sequences of `%s` start", clock->name, starts->name, clock->behind->name);
  const bool ends = starts->number[starts->rows - 1] == (double)clock->behind->rows;
  return as_many(a, starts->rows - ends, starts->name);
}

static int64_t start_of(const ClockArrays *clock, int64_t sequence) {
  return sequence < clock->cuts->rows ? (int64_t)clock->cuts->number[sequence] : clock->behind->rows;
}

/* −1: no whole number. */
static int64_t steps_of(const ClockArrays *clock, int64_t sequence) {
  if (clock->cuts) return start_of(clock, sequence + 1) - start_of(clock, sequence);
  const double steps = clock->lengths ? clock->lengths->number[sequence] : clock->length ? clock->length : (double)clock->padded->shape[clock->dim];
  return steps == floor(steps) && steps < 1e15 ? (int64_t)steps : -1;
}

/* Each array on this clock has room for the steps. */
static bool has_room(const Arrays *a, int clock, int64_t sequence, int64_t steps) {
  for (int v = 0; v < a->clause->variables; v++) {
    const Variable *variable = &a->clause->variable[v];
    if (!a->column[v] || !on_clock(variable->axes, clock) || cut_clock(a, variable) >= 0) continue;
    int dim = 1;
    for (int c = 0; c < clock; c++) dim += on_clock(variable->axes, c);
    if (steps > a->column[v]->shape[dim])
      return rnn_fail(a->clause->error, "E0508", "%s: sequence %lld has %lld steps of %s, but the array `%s` has room for %lld", a->table->path, (long long)sequence,
                      (long long)steps, a->clock[clock].name, a->column[v]->name, (long long)a->column[v]->shape[dim]);
  }
  return true;
}

static bool set_lengths(Arrays *a, int64_t number, Sequence *q) {
  for (int c = 0; c < RNN_MAX_CLOCKS; c++) {
    const ClockArrays *clock = &a->clock[c];
    if (!clock->cuts && !clock->lengths && !clock->length && !clock->padded) continue;
    const int64_t steps = q->on[c] = steps_of(clock, number);
    if (steps < 1)
      return rnn_fail(a->clause->error, "E0515", "%s: sequence %lld has no step of %s\nhelp: leave it out with `where`", a->table->path, (long long)number, clock->name);
    if (!has_room(a, c, number, steps)) return false;
    if (steps > q->steps) q->steps = steps;
  }
  if (!q->steps) q->steps = 1; /* nothing lives on a clock */
  return true;
}

/* --- filling -------------------------------------------------------------------------------------------------------------------- */

static bool nothing_there(const Arrays *a, const Variable *v, const Column *column, const char *where) {
  char open[200] = "";
  size_t used = 0;
  for (int c = 0; c < RNN_MAX_CLOCKS; c++)
    if (on_clock(v->axes, c) && !a->clock[c].cuts && !a->clock[c].lengths && !a->clock[c].length && used < sizeof open)
      used += (size_t)snprintf(open + used, sizeof open - used, "%s%s = \"…\"", used ? ", " : "", a->clock[c].name);
  rnn_fail(a->clause->error, "E0503", "%s: the array `%s` has nothing at %s, but `%s` is an input\n   = note: only targets and outputs may be missing", a->table->path,
           column->name, where, v->name);
  if (used) rnn_fail_more(a->clause->error, "\nhelp: where sequences are shorter than their array, say how long they are: lengths %s", open);
  return false;
}

static bool refuse(const Arrays *a, const Variable *v, const Column *column, int64_t sequence, const int64_t *at, double x) {
  char where[160];
  size_t used = (size_t)snprintf(where, sizeof where, "sequence %lld", (long long)sequence);
  for (int c = 0; c < RNN_MAX_CLOCKS; c++)
    if (on_clock(v->axes, c) && used < sizeof where)
      used += (size_t)snprintf(where + used, sizeof where - used, ", %s = %lld", a->clock[c].name, (long long)at[c]);
  if (isnan(x)) return nothing_there(a, v, column, where);
  return rnn_fail(a->clause->error, "E0510", "%s: the array `%s` has %.10g at %s, but `%s` is index(%lld): a whole number from 0 to %lld", a->table->path, column->name, x,
                  where, v->name, (long long)v->below, (long long)v->below - 1);
}

/* Where the numbers of a place stand in the array. */
static int64_t place_in_array(const Arrays *a, const Variable *v, const Column *column, int64_t sequence, const int64_t *at) {
  const int cut = cut_clock(a, v);
  if (cut >= 0) return (start_of(&a->clock[cut], sequence) + at[cut]) * v->elements;
  int64_t place = sequence;
  int dim = 1;
  for (int c = 0; c < RNN_MAX_CLOCKS; c++)
    if (on_clock(v->axes, c)) place = place * column->shape[dim++] + at[c];
  return place * v->elements;
}

static bool fill_variable(Arrays *a, int variable, int64_t number, int64_t sequence) {
  const Variable *v = &a->clause->variable[variable];
  const Column *column = a->column[variable];
  Sequence *q = &a->out->sequence[sequence];
  double *out = sequence_allocate(a->out, sequence, variable, q->steps);
  int64_t at[RNN_MAX_CLOCKS] = {0}, place = 0;
  if (!out) return no_memory(a->clause->error);
  do {
    const double *from = column->number + place_in_array(a, v, column, number, at);
    for (int64_t e = 0; e < v->elements; e++) {
      out[place * v->elements + e] = from[e];
      if (isnan(from[e]) ? v->role == VARIABLE_INPUT : !variable_takes(v, from[e])) return refuse(a, v, column, number, at, from[e]);
    }
    place++;
  } while (next_place(v->axes, q->on, at));
  return true;
}

static bool fill_sequence(Arrays *a, int64_t number, int64_t sequence) {
  if (!set_lengths(a, number, &a->out->sequence[sequence])) return false;
  for (int v = 0; v < a->clause->variables; v++)
    if (a->column[v] && !fill_variable(a, v, number, sequence)) return false;
  return true;
}

/* Constants last: they are as long as the others. */
static bool fill_constants(const Arrays *a) {
  for (int v = 0; v < a->clause->variables; v++) {
    const Variable *variable = &a->clause->variable[v];
    const cJSON *given = value_named(a->clause->source, variable->name);
    if (is_constant(given) && !constant_fill(a->clause, a->out, v, given)) return false;
    if (!given && variable->role == VARIABLE_INPUT)
      return rnn_fail(a->clause->error, "E0516", "the input `%s` gets no data\nhelp: say which array it is: `%s = \"…\"`, or a constant: `%s = 0`", variable->name, variable->name,
                      variable->name);
  }
  return true;
}

static bool check_modifiers(const DataClause *c) {
  const cJSON *cuts = clause_said(c, "cuts");
  if (clause_said(c, "by")) return rnn_fail(c->error, "E0515", "`by` gathers rows of one clock; arrays on several clocks say with `lengths` or `cuts` how long sequences are");
  if (!cuts || cJSON_GetObjectItemCaseSensitive(cuts, "named") || clause_said(c, "lengths")) return true;
  return rnn_fail(c->error, "E0515", "which clock's steps does `cuts` mean?\nhelp: say it for each clock: cuts s = \"offset\", t = \"y.offset\"");
}

static bool load(Arrays *a) {
  name_clocks(a);
  if (!check_modifiers(a->clause) || !bind_arrays(a) || !read_modifier(a, "cuts") || !read_modifier(a, "lengths") || !take_shapes(a)) return false;
  for (int c = 0; c < RNN_MAX_CLOCKS; c++)
    if (!take_starts(a, &a->clock[c])) return false;
  int64_t *chosen = NULL, count = 0;
  bool fine = a->sequences > 0 || rnn_fail(a->clause->error, "E0507", "%s has no sequences", a->table->path);
  fine = fine && sequences_chosen(a->clause, a->table, a->sequences, &chosen, &count);
  if (fine && !dataset_allocate(a->out, count)) fine = no_memory(a->clause->error);
  for (int64_t i = 0; fine && i < count; i++) fine = fill_sequence(a, chosen[i], i);
  free(chosen);
  return fine && fill_constants(a);
}

bool arrays_data(const DataClause *c, Table *t, Dataset *out) {
  Arrays a = {.clause = c, .table = t, .out = out, .sequences = -1};
  a.column = calloc((size_t)c->variables + 1, sizeof *a.column);
  const bool fine = a.column ? load(&a) : no_memory(c->error);
  free(a.column);
  return fine;
}
