/* scaling.c — mean and deviation of each component, by Welford's (1962) update, which does not cancel. */
#include "runtime/scaling.h"
#include "runtime/data/data.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

Scaling *scaling_new(const Variable *variables, int count) {
  Scaling *out = calloc((size_t)count + 1, sizeof *out);
  for (int v = 0; out && v < count; v++) {
    int64_t n = out[v].elements = variables[v].elements;
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

/* Component `e` over all counted steps. The deviation is the population's (divided by n); 1 where nothing varies. */
static bool fit_component(Scaling *scaling, const Dataset *d, int variable, int64_t e, int64_t from) {
  const Variable *v = &d->variable[variable];
  double mean = 0, squares = 0, count = 0;
  for (int64_t s = 0; s < d->count; s++) {
    const double *value = d->sequence[s].value[variable];
    bool clock = variable_has_clock(v);
    for (int64_t t = clock ? from : 0; value && t < (clock ? d->sequence[s].steps : 1); t++) {
      double x = value[t * v->elements + e], off = x - mean;
      if (isnan(x)) continue;
      mean += off / ++count;
      squares += off * (x - mean);
    }
  }
  double std = count > 0 ? sqrt(squares / count) : 0;
  scaling->mean[e] = mean;
  scaling->std[e] = std > 1e-12 * (1 + fabs(mean)) ? std : 1;
  return count > 0;
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
  for (int64_t e = 0; e < variable->elements; e++)
    if (!fit_component(&scaling[v], train, v, e, from))
      return rnn_fail(error, "E0517", "`scale %s`: the training data have no value of `%s` that counts", name, name);
  return scaling[v].scaled = true;
}

bool scaling_fit(Scaling *scaling, const Dataset *train, const char *const *names, int count, int64_t from, RnnError *error) {
  for (int i = 0; i < count; i++)
    if (!fit(scaling, train, names[i], from, error)) return false;
  return true;
}
