/* scaling.c — mean and deviation of each component, by Welford's (1962) update, which does not cancel. */
#include "runtime/scaling.h"
#include "runtime/data/data.h"
#include "runtime/places.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

Scaling *scaling_new(const Variable *variables, int count) {
  Scaling *out = calloc((size_t)count + 1, sizeof *out);
  for (int v = 0; out && v < count; v++) {
    int64_t n = out[v].elements = variable_components(&variables[v]);
    out[v].mean = calloc((size_t)(2 * n) + 1, sizeof(double));
    if (!out[v].mean) return scaling_free(out, count), NULL;
    out[v].std = out[v].mean + n;
    for (int64_t i = 0; i < n; i++) out[v].std[i] = 1;
  }
  return out;
}

void scaling_free(Scaling *scaling, int count) {
  for (int v = 0; scaling && v < count; v++) free(scaling[v].mean);
  free(scaling);
}

typedef struct Moments {
  double mean, squares, count;
} Moments;

/* Numbers e, e + components … of a step: its values of component e at the steps of the clocks within. */
static void add_step(Moments *m, const double *value, int64_t e, int64_t elements, int64_t components) {
  for (int64_t i = e; value && i < elements; i += components) {
    const double x = value[i], off = x - m->mean;
    if (isnan(x)) continue;
    m->mean += off / ++m->count;
    m->squares += off * (x - m->mean);
  }
}

/* A training part that is the beginning of its sequence ends at q->steps, on every clock. */
static void add_sequence(Moments *m, const Variable *v, int variable, const Sequence *q, int64_t e, int64_t from) {
  int64_t at[RNN_MAX_CLOCKS] = {0}, length[RNN_MAX_CLOCKS];
  const bool several = on_several_clocks(v->axes);
  for (int c = 0; c < RNN_MAX_CLOCKS; c++) length[c] = several && q->on[c] < q->steps ? q->on[c] : q->steps;
  if (!q->value[variable] || !places_count(v->axes, length)) return;
  do {
    bool counts = true;
    for (int c = 0; c < RNN_MAX_CLOCKS; c++) counts &= !on_clock(v->axes, c) || at[c] >= from;
    if (counts) add_step(m, sequence_at(v, variable, q, at), e, v->elements, variable_components(v));
  } while (next_place(v->axes, length, at));
}

/* Component `e` over all counted steps. The deviation is the population's (divided by n); 1 where nothing varies. */
static bool fit_component(Scaling *scaling, const Dataset *d, int variable, int64_t e, int64_t from) {
  Moments m = {0};
  for (int64_t s = 0; s < d->count; s++) add_sequence(&m, &d->variable[variable], variable, &d->sequence[s], e, from);
  double std = m.count > 0 ? sqrt(m.squares / m.count) : 0;
  scaling->mean[e] = m.mean;
  scaling->std[e] = std > 1e-12 * (1 + fabs(m.mean)) ? std : 1;
  return m.count > 0;
}

static int find_variable(const Dataset *d, const char *name) {
  for (int v = 0; v < d->variables; v++)
    if (strcmp(d->variable[v].name, name) == 0) return v;
  return -1;
}

static bool no_variable(const Dataset *d, const char *name, RnnError *error) {
  const char *names[64];
  int count = 0;
  for (; count < d->variables && count < 64; count++) names[count] = d->variable[count].name;
  rnn_fail(error, "E0517", "`scale %s`: the net has no input, target or output `%s`", name, name);
  rnn_fail_names(error, "it has", name, names, count);
  return false;
}

static bool fit(Scaling *scaling, const Dataset *train, const char *name, int64_t from, RnnError *error) {
  int v = find_variable(train, name);
  if (v < 0) return no_variable(train, name, error);
  const Variable *variable = &train->variable[v];
  if (variable->below > 0)
    return rnn_fail(error, "E0517", "`scale %s`: `%s` is an index(%lld); places have no mean\nhelp: leave it out of `scale`", name, name, (long long)variable->below);
  for (int64_t e = 0; e < scaling[v].elements; e++)
    if (!fit_component(&scaling[v], train, v, e, from))
      return rnn_fail(error, "E0517", "`scale %s`: the training data have no value of `%s` that counts", name, name);
  return scaling[v].scaled = true;
}

bool scaling_fit(Scaling *scaling, const Dataset *train, const char *const *names, int count, int64_t from, RnnError *error) {
  for (int i = 0; i < count; i++)
    if (!fit(scaling, train, names[i], from, error)) return false;
  return true;
}
