/* fill.c — a batch's values into a unit's buffers, its weights, the lengths on other clocks, and `last 10%`. */
#include "runtime/batches.h"
#include "runtime/data/data.h"
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
  for (int v = 0; v < data->variables; v++) {
    const Variable *variable = &data->variable[v];
    if (!(variable->axes >> (1 + clock) & 1) || !sequence->value[v]) continue;
    int64_t steps = sequence->steps, n = variable->elements;
    while (steps > 0 && !is_present(sequence->value[v] + (steps - 1) * n, n)) steps--;
    if (steps > most) most = steps;
    any = true;
  }
  return any ? most : sequence->steps;
}

/* --- `last 10%` ---------------------------------------------------------------------------------------------------------- */

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

bool dataset_split(const Dataset *all, const cJSON *amount, Split *split, RnnError *error) {
  bool single = all->count == 1;
  int64_t total = single ? all->sequence[0].steps : all->count, last = amount_of(amount, total);
  const char *what = single ? "steps" : "sequences";
  *split = (Split){0};
  if (last < 0) return rnn_fail(error, "E0505", "`last` wants a share or a whole number: last 10%%, last 50");
  if (last < 1 || last >= total)
    return rnn_fail(error, "E0505", "`last` would take %lld of %lld %s and leave %s", (long long)last, (long long)total, what,
                    last < 1 ? "nothing to validate on" : "nothing to train on");
  bool fine = copy_sequences(all, 0, single ? 1 : total - last, &split->train) &&
              copy_sequences(all, single ? 0 : total - last, single ? 1 : last, &split->valid);
  if (!fine) return split_free(split), no_memory(error);
  if (single) split->train.sequence[0].steps = split->valid_from = total - last;
  return true;
}

void split_free(Split *split) {
  free(split->train.sequence);
  free(split->valid.sequence);
  *split = (Split){0};
}
