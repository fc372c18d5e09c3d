/* generate.c — runs a generator: options, which column goes to which variable, then sequence after sequence.
 *
 * Draws are keyed by (the file's seed, the generator's name, its own `seed`, the sequence's number): training data (seed 1) never
 * equal test data with seed = 2, and the first n sequences are the same however many are asked for. The generator's input columns fill
 * the inputs, its target columns the targets and outputs, each in order of declaration; a generator without input columns (a series to
 * forecast) fills inputs first, then the rest. Variables given by name (u = 0.2) are skipped. */
#include "runtime/data/generators.h"
#include "runtime/places.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

const Generator generators[] = {
#define GENERATOR(name, steps) {#name, name##_setup, steps, name##_make},
#include "runtime/data/generators.def"
#undef GENERATOR
};
const int generator_count = (int)(sizeof generators / sizeof *generators);

/* --- options ------------------------------------------------------------------------------------------------------------ */

const cJSON *generator_value(Generation *g, const char *name) {
  if (g->asked < GENERATOR_ASKED) g->option[g->asked++] = name;
  return value_named(g->clause->source, name);
}

const char *generator_word(Generation *g, const char *name) { return value_called(generator_value(g, name)); }

static bool bad_option(Generation *g, const char *name, const char *wanted) {
  char found[80];
  return rnn_fail(g->error, "E0513", "%s(%s = %s): %s must be %s", g->name, name, value_text(value_named(g->clause->source, name), found, sizeof found), name,
                  wanted);
}

bool generator_number(Generation *g, const char *name, double fallback, double least, double most, double *out) {
  const cJSON *v = generator_value(g, name);
  char wanted[80];
  *out = fallback;
  if (!v) return true;
  *out = v->valuedouble;
  snprintf(wanted, sizeof wanted, "a number from %g to %g", least, most);
  return (cJSON_IsNumber(v) && *out >= least && *out <= most) || bad_option(g, name, wanted);
}

bool generator_whole(Generation *g, const char *name, double fallback, double least, double most, double *out) {
  return generator_number(g, name, fallback, least, most, out) && (*out == floor(*out) || bad_option(g, name, "a whole number"));
}

void generator_column(Generation *g, const char *name, int64_t width, int64_t symbols, bool is_target, bool per_sequence) {
  g->column[g->columns++] = (GeneratorColumn){name, width, symbols, per_sequence, is_target};
}

/* length = 100 or length = 5..10 */
static bool read_length(Generation *g, const char *name) {
  const cJSON *v = generator_value(g, name);
  double from = 100, to = 100, by;
  if (cJSON_IsNumber(v)) from = to = v->valuedouble;
  else if (v && !value_range(v, &from, &to, &by)) return bad_option(g, name, "a number of steps, or a range such as 5..10");
  if (!(from >= 1 && to >= from && to < 1e9) || from != floor(from) || to != floor(to)) return bad_option(g, name, "1 step or more, in whole steps");
  g->least = (int64_t)from;
  g->most = (int64_t)to;
  return true;
}

/* Named arguments that are neither the generator's options nor variables of the net. */
static bool check_names(Generation *g) {
  const char *names[GENERATOR_ASKED + 64];
  int count = 0;
  for (int i = 0; i < g->asked; i++) names[count++] = g->option[i];
  for (int i = 0; i < g->clause->variables && count < GENERATOR_ASKED + 64; i++) names[count++] = g->clause->variable[i].name;
  if (value_args(g->clause->source)) return rnn_fail(g->error, "E0513", "%s(…) takes its options by name: %s(length = 100)", g->name, g->name);
  const cJSON *named;
  cJSON_ArrayForEach(named, cJSON_GetObjectItemCaseSensitive(g->clause->source, "named")) {
    bool known = false;
    for (int i = 0; i < count; i++) known |= strcmp(named->string, names[i]) == 0;
    if (known) continue;
    rnn_fail(g->error, "E0509", "%s(…) has no option `%s`", g->name, named->string);
    rnn_fail_names(g->error, "what can be said here", named->string, names, count);
    return false;
  }
  return true;
}

static bool read_options(Generation *g, const Generator *generator, double *seed) {
  double count;
  const char *length = strcmp(g->name, "binary_addition") == 0 ? "bits" : "length";
  if (!read_length(g, length) || !generator_whole(g, "sequences", 1, 1, 1e9, &count) || !generator_whole(g, "seed", 1, 0, 9e15, seed)) return false;
  g->count = (int64_t)count;
  return generator->setup(g) && check_names(g);
}

/* --- which column fills which variable ---------------------------------------------------------------------------------- */

typedef struct Filling {
  int variable[GENERATOR_COLUMNS]; /* of each column; -1: nobody wants it */
} Filling;

static bool is_option(const Generation *g, const char *name) {
  for (int i = 0; i < g->asked; i++)
    if (strcmp(g->option[i], name) == 0) return true;
  return false;
}

static bool is_given(const Generation *g, int variable) {
  const char *name = g->clause->variable[variable].name;
  return !is_option(g, name) && value_named(g->clause->source, name) != NULL;
}

static bool check_fit(const Generation *g, const GeneratorColumn *column, const Variable *v) {
  if (variable_has_clock(v) == column->per_sequence)
    return rnn_fail(g->error, "E0508", "`%s` %s, but the column `%s` of %s(…) %s\nhelp: %s `per sequence` in the declaration of `%s`", v->name,
                    variable_has_clock(v) ? "has a value at every step" : "is one value a sequence", column->name, g->name,
                    column->per_sequence ? "is one value a sequence" : "has a value at every step", column->per_sequence ? "write" : "drop", v->name);
  int64_t wanted = column->symbols && v->below > 0 ? 1 : column->symbols ? column->symbols : column->width;
  if (v->elements == wanted && (v->below <= 0 || !column->symbols || v->below >= column->symbols)) return true;
  if (v->below > 0) return rnn_fail(g->error, "E0508", "`%s` is index(%lld), but %s(…) has %lld symbols in its column `%s`", v->name, (long long)v->below, g->name,
                                    (long long)column->symbols, column->name);
  return rnn_fail(g->error, "E0508", "`%s` has %lld element%s, but the column `%s` of %s(…) has %lld", v->name, (long long)v->elements, v->elements == 1 ? "" : "s",
                  column->name, g->name, (long long)wanted);
}

/* The variables in the order they are filled: inputs, then targets and outputs. */
static int filling_order(const Generation *g, int *order) {
  int count = 0;
  for (int pass = 0; pass < 2; pass++)
    for (int v = 0; v < g->clause->variables; v++)
      if ((g->clause->variable[v].role != VARIABLE_INPUT) == pass && !is_given(g, v)) order[count++] = v;
  return count;
}

static bool assign(const Generation *g, const int *order, int count, Filling *out) {
  int next = 0;
  for (int c = 0; c < g->columns; c++) out->variable[c] = -1;
  for (int i = 0; i < count; i++)
    if (is_tree_input(&g->clause->variable[order[i]])) return tree_missing(g->clause, &g->clause->variable[order[i]]);
  for (int c = 0; c < g->columns; c++) {
    if (next >= count) continue;
    const Variable *v = &g->clause->variable[order[next]];
    if (!g->column[c].is_target && v->role != VARIABLE_INPUT && c + 1 < g->columns) continue; /* no input is left for it */
    if (g->column[c].is_target && v->role == VARIABLE_INPUT && !g->column[0].is_target) break; /* a task's answers are no inputs */
    out->variable[c] = order[next++];
    if (!check_fit(g, &g->column[c], v)) return false;
  }
  if (next < count && g->clause->variable[order[next]].role == VARIABLE_INPUT)
    return rnn_fail(g->error, "E0516", "the input `%s` gets no data: %s(…) has no further column for inputs\nhelp: give it a constant: %s(…, %s = 0)",
                    g->clause->variable[order[next]].name, g->name, g->name, g->clause->variable[order[next]].name);
  return true;
}

static bool make_filling(const Generation *g, Filling *out) {
  int *order = malloc(((size_t)g->clause->variables + 1) * sizeof *order);
  bool fine = order ? assign(g, order, filling_order(g, order), out) : no_memory(g->error);
  free(order);
  return fine;
}

/* --- making ------------------------------------------------------------------------------------------------------------- */

static bool bad_symbol(const Generation *g, const GeneratorColumn *column, const Variable *v, double x) {
  return rnn_fail(g->error, "E0510", "%s(…) makes the symbol %.10g in its column `%s`, but `%s` is index(%lld)", g->name, x, column->name, v->name,
                  (long long)v->below);
}

/* A column into a variable; symbols become one-hot where the variable is not an index. */
static bool copy_column(const Generation *g, const Sample *s, int c, const Variable *v, double *out) {
  const GeneratorColumn *column = &g->column[c];
  int64_t steps = column->per_sequence ? 1 : s->steps;
  bool one_hot = column->symbols && v->below <= 0;
  for (int64_t i = 0; i < steps * v->elements; i++) {
    int64_t step = i / v->elements, element = i % v->elements;
    double x = s->column[c][one_hot ? step : i];
    out[i] = one_hot && !isnan(x) ? (double)element == x : x;
    if (!one_hot && !isnan(x) && !variable_takes(v, x)) return bad_symbol(g, column, v, x);
  }
  return true;
}

static bool make_sequence(Generation *g, const Generator *generator, const Filling *filling, Sample *s, Dataset *out) {
  s->random.counter = (uint64_t)s->number << 32;
  s->length = g->least + (g->most > g->least ? random_below(&s->random, g->most - g->least + 1) : 0);
  s->steps = generator->steps ? generator->steps(g, s->length) : s->length;
  for (int c = 0; c < g->columns; c++)
    for (int64_t i = 0; i < s->steps * g->column[c].width; i++) s->column[c][i] = NAN;
  if (!generator->make(g, s)) return false;
  out->sequence[s->number].steps = s->steps; /* make may have set it */
  for (int c = 0; c < g->columns; c++) {
    int v = filling->variable[c];
    double *values = v < 0 ? NULL : sequence_allocate(out, s->number, v, s->steps);
    if (v >= 0 && (!values ? !no_memory(g->error) : !copy_column(g, s, c, &out->variable[v], values))) return false;
  }
  return true;
}

static bool make_all(Generation *g, const Generator *generator, const Filling *filling, uint64_t seed, Dataset *out) {
  Sample s = {0};
  char purpose[128];
  int64_t most = generator->steps ? generator->steps(g, g->most) : g->most;
  bool fine = dataset_allocate(out, g->count);
  for (int c = 0; fine && c < g->columns; c++) fine = (s.column[c] = malloc((size_t)(most * g->column[c].width) * sizeof(double))) != NULL;
  if (!fine) no_memory(g->error);
  snprintf(purpose, sizeof purpose, "data %s %llu", g->name, (unsigned long long)seed);
  s.random = random_stream(g->clause->seed, purpose);
  for (; fine && s.number < g->count; s.number++) fine = make_sequence(g, generator, filling, &s, out);
  for (int c = 0; c < g->columns; c++) free(s.column[c]);
  return fine;
}

static bool fill_given(const Generation *g, Dataset *out) {
  for (int v = 0; v < g->clause->variables; v++)
    if (is_given(g, v) && !constant_fill(g->clause, out, v, value_named(g->clause->source, g->clause->variable[v].name))) return false;
  return true;
}

static bool no_row_modifiers(const Generation *g) {
  static const char *const words[] = {"by", "where", "cuts"};
  for (int i = 0; i < 3; i++)
    if (clause_modifier(g->clause, words[i])) return rnn_fail(g->error, "E0515", "`%s` is for files; %s(…) makes whole sequences", words[i], g->name);
  return true;
}

bool generator_data(const DataClause *c, const Generator *generator, Dataset *out) {
  Generation g = {.clause = c, .name = generator->name, .error = c->error};
  Filling filling;
  double seed;
  return no_row_modifiers(&g) && read_options(&g, generator, &seed) && make_filling(&g, &filling) &&
         make_all(&g, generator, &filling, (uint64_t)seed, out) && fill_given(&g, out);
}
