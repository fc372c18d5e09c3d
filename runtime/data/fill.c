/* fill.c — a batch's values into a unit's buffers, its weights, the lengths on other clocks, and `last 10%`. */
#include "runtime/batches.h"
#include "runtime/data/data.h"
#include "runtime/places.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void store(void *out, bool is_double, int64_t place, double x) {
  if (is_double) ((double *)out)[place] = x;
  else ((float *)out)[place] = (float)x;
}

/* One row's elements at one step; a missing value becomes 0, for 0 times NaN would still be NaN. */
static void fill_elements(const double *from, int64_t elements, const Scaling *scaling, bool is_double, void *out, int64_t place) {
  for (int64_t e = 0; e < elements; e++) {
    double x = scaling ? scaling_apply(scaling, e, from[e]) : from[e];
    store(out, is_double, place + e, isnan(x) ? 0 : x);
  }
}

static bool has_values(const Batch *batch, int variable) {
  for (int64_t row = 0; row < batch->rows; row++)
    if (!batch->sequence[row]->value[variable]) return false;
  return true;
}

bool batch_fill(const Batch *batch, const Dataset *data, int variable, const Scaling *scaling, int64_t first, int64_t steps,
                bool is_double, void *out) {
  const Variable *v = &data->variable[variable];
  int64_t n = v->elements;
  if (!has_values(batch, variable)) return false;
  if (!variable_has_clock(v)) {
    for (int64_t row = 0; row < batch->rows; row++) fill_elements(batch->sequence[row]->value[variable], n, scaling, is_double, out, row * n);
    return true;
  }
  for (int64_t step = first; step < first + steps && step < batch->steps; step++)
    for (int64_t row = 0; row < batch->active[step]; row++) {
      const double *from = batch->sequence[row]->value[variable] + (batch->offset[row] + step) * n;
      fill_elements(from, n, scaling, is_double, out, ((step - first) * batch->rows + row) * n);
    }
  return true;
}

/* --- weights ------------------------------------------------------------------------------------------------------------ */

static bool is_present(const double *value, int64_t elements) {
  for (int64_t e = 0; e < elements; e++)
    if (isnan(value[e])) return false;
  return true;
}

/* Does the variable (−1: any) have its values at that step of the row's sequence? */
static bool counts(const Batch *batch, const Dataset *data, int variable, int64_t row, int64_t step) {
  if (variable < 0) return true;
  const double *value = batch->sequence[row]->value[variable];
  int64_t n = data->variable[variable].elements;
  return value && is_present(value + step * n, n);
}

int64_t batch_weight(const Batch *batch, const Dataset *data, int variable, int64_t from, int64_t to, int64_t first,
                     int64_t steps, bool is_double, void *out) {
  int64_t counted = 0;
  bool clock = variable < 0 || variable_has_clock(&data->variable[variable]);
  for (int64_t row = 0; !clock && row < batch->rows; row++) {
    bool one = counts(batch, data, variable, row, 0);
    counted += one;
    if (out) store(out, is_double, row, one);
  }
  for (int64_t step = first; clock && step < first + steps && step < batch->steps; step++)
    for (int64_t row = 0; row < batch->active[step]; row++) {
      int64_t at = batch->offset[row] + step;
      bool one = at >= from && at < to && counts(batch, data, variable, row, at);
      counted += one;
      if (out) store(out, is_double, (step - first) * batch->rows + row, one);
    }
  return counted;
}

int64_t sequence_steps_on(const Dataset *data, const Sequence *sequence, int clock) {
  int64_t most = 0;
  bool any = false;
  if (sequence->on[clock] > 0) return sequence->on[clock];
  for (int v = 0; v < data->variables; v++) {
    const Variable *variable = &data->variable[v];
    if (!on_clock(variable->axes, clock) || on_several_clocks(variable->axes) || !sequence->value[v]) continue;
    int64_t steps = sequence->steps, n = variable->elements;
    while (steps > 0 && !is_present(sequence->value[v] + (steps - 1) * n, n)) steps--;
    if (steps > most) most = steps;
    any = true;
  }
  return any ? most : sequence->steps;
}

/* --- `validate last 10%`, `test last 10%` ---------------------------------------------------------------------------------------------------------- */

/* How many of `total` the amount takes; −1: it is no amount. */
static int64_t amount_of(const cJSON *amount, int64_t total) {
  const cJSON *percent = cJSON_GetObjectItemCaseSensitive(amount, "percent");
  if (cJSON_IsNumber(percent)) return percent->valuedouble >= 0 && percent->valuedouble <= 100 ? llround((double)total * percent->valuedouble / 100) : -1;
  bool whole = cJSON_IsNumber(amount) && amount->valuedouble >= 0 && amount->valuedouble < 1e15 && amount->valuedouble == floor(amount->valuedouble);
  return whole ? (int64_t)amount->valuedouble : -1;
}

static bool copy_sequences(const Dataset *all, int64_t from, int64_t count, Dataset *view) {
  *view = *all;
  view->count = count;
  view->sequence = malloc(((size_t)count + 1) * sizeof *view->sequence);
  if (!view->sequence) return false;
  memcpy(view->sequence, all->sequence + from, (size_t)count * sizeof *view->sequence);
  return true;
}

/* What the parts make of the data. */
typedef struct Cut {
  int64_t total, valid, test; /* of `total` steps or sequences */
  const char *what;
} Cut;

static bool cannot_cut(const Cut *c, const cJSON *valid, const cJSON *test, RnnError *error) {
  const bool no_valid = valid && !c->valid, no_test = test && !c->test && !no_valid, one = !valid || !test || no_valid || no_test;
  const bool about_test = no_test || !valid;
  const char *left = no_valid ? "nothing to validate on" : no_test ? "nothing to test on" : "nothing to train on";
  if (c->valid < 0 || c->test < 0) return rnn_fail(error, "E0505", "`last` wants a share or a whole number: last 10%%, last 50");
  if (one)
    rnn_fail(error, "E0505", "`%s last` would take %lld of %lld %s and leave %s", about_test ? "test" : "validate", (long long)(about_test ? c->test : c->valid),
             (long long)c->total, c->what, left);
  else
    rnn_fail(error, "E0505", "`validate last` and `test last` would take %lld and %lld of %lld %s and leave %s", (long long)c->valid, (long long)c->test,
             (long long)c->total, c->what, left);
  rnn_fail_more(error, "\nhelp: the rest is trained on: %s",
                valid && test ? "`validate last 10%` and `test last 10%`" : valid ? "`validate last 10%`" : "`test last 10%`");
  return false;
}

static bool overlap(const Sequence *window, const Sequence *later) {
  return window->source && window->source == later->source && window->start + window->steps > later->start;
}

/* Sequences from … from + count − 1, without windows that share steps with the part behind them; of a single one its beginning. */
static bool take(const Dataset *all, bool single, int64_t from, int64_t count, Dataset *view) {
  const int64_t end = from + count;
  while (!single && end < all->count && count > 0 && overlap(&all->sequence[from + count - 1], &all->sequence[end])) count--;
  if (!copy_sequences(all, single ? 0 : from, single ? 1 : count, view)) return false;
  if (single) view->sequence[0].steps = from + count;
  return true;
}

bool dataset_split(const Dataset *all, const cJSON *valid, const cJSON *test, Split *split, RnnError *error) {
  const bool single = all->count == 1;
  Cut c = {.total = single ? all->sequence[0].steps : all->count, .what = single ? "steps" : "sequences"};
  if (valid) c.valid = amount_of(valid, c.total);
  if (test) c.test = amount_of(test, c.total);
  const int64_t tested = c.total - c.test, validated = tested - c.valid;
  *split = (Split){0};
  if ((valid && c.valid < 1) || (test && c.test < 1) || validated < 1) return cannot_cut(&c, valid, test, error);
  if (!take(all, single, 0, validated, &split->train) || !take(all, single, validated, c.valid, &split->valid) || !take(all, single, tested, c.test, &split->test))
    return split_free(split), no_memory(error);
  if (!split->train.count || (valid && !split->valid.count))
    return split_free(split), rnn_fail(error, "E0505", "`last`: the windows before a part share steps with it, and without them nothing is left\nhelp: windows that do not overlap, or a smaller part");
  split->valid_from = single ? validated : 0;
  split->test_from = single ? tested : 0;
  return true;
}

void split_free(Split *split) {
  free(split->train.sequence);
  free(split->valid.sequence);
  free(split->test.sequence);
  *split = (Split){0};
}
