#include "support/jit_run.h"
#include "base/diag.h"
#include "driver/compile.h"
#include <stdlib.h>
#include <string.h>

static void give_up(Session *s, const char *what) {
  diag_print_all(s, stderr, false);
  fprintf(stderr, "jit_run: %s\n", what);
  abort();
}

static cJSON *describe_params(const Graph *g) {
  cJSON *all = cJSON_CreateArray();
  for (int i = 0; i < g->params.len; i++) {
    cJSON *p = cJSON_CreateObject(), *shape;
    cJSON_AddStringToObject(p, "name", g->params.at[i].name);
    cJSON_AddItemToObject(p, "shape", shape = cJSON_CreateArray());
    for (int d = 0; d < g->params.at[i].shape.rank; d++) cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)g->params.at[i].shape.dim[d]));
    cJSON_AddBoolToObject(p, "trained", g->params.at[i].trained);
    cJSON_AddNumberToObject(p, "init", 0);
    cJSON_AddItemToArray(all, p);
  }
  return all;
}

JitRun jit_run_new(Jit *jit, Graph *g, const char *symbol, bool is_double) {
  Session *s = g->session;
  Plan *plan = plan_make(s, g, symbol, is_double);
  if (!jit_add(jit, plan)) give_up(s, "no code");
  RnnFunction *f = jit_find(jit, symbol);
  if (!f) give_up(s, "no function");
  JitRun r = {.graph = plan->graph, .description = describe_unit(plan, symbol), .params = describe_params(g)};
  RnnError error = {0};
  r.unit = rnn_unit_new(r.description, r.params, f, &error);
  if (!r.unit) give_up(s, error.message);
  return r;
}

static void put(void *data, bool is_double, int64_t i, double v) {
  if (is_double) ((double *)data)[i] = v;
  else ((float *)data)[i] = (float)v;
}

static double get(const void *data, bool is_double, int64_t i) {
  return is_double ? ((const double *)data)[i] : (double)((const float *)data)[i];
}

static int clock_of(GraphAxes axes) { return axes > 1 ? __builtin_ctz(axes >> 1) : -1; }

static int64_t longest(const EvalData *d, int clock) {
  int64_t most = 0;
  for (int b = 0; clock >= 0 && b < d->sequences; b++)
    if (d->length[clock][b] > most) most = d->length[clock][b];
  return most;
}

static int64_t length_of(const EvalData *d, int clock, int b) { return clock >= 0 ? d->length[clock][b] : 1; }

/* [sequence][step][element] of eval against [step][row][element] of compiled code. */
static void fill_input(JitRun *r, const EvalData *d, int i) {
  const GraphInput *in = &r->graph->inputs.at[i];
  void *to = rnn_unit_input_data(r->unit, i);
  int64_t n = sizes_count(in->shape), steps = longest(d, clock_of(in->axes));
  bool dbl = rnn_unit_is_double(r->unit);
  if (!to) return;
  if (!in->axes) {
    for (int64_t k = 0; k < n; k++) put(to, dbl, k, d->input[i][k]);
    return;
  }
  if (clock_of(in->axes) < 0) steps = 1;
  for (int b = 0; b < d->sequences; b++)
    for (int64_t t = 0; t < length_of(d, clock_of(in->axes), b); t++)
      for (int64_t k = 0; k < n; k++) put(to, dbl, (t * d->sequences + b) * n + k, d->input[i][(b * steps + t) * n + k]);
}

static void fill_params(JitRun *r, const EvalData *d) {
  for (int i = 0; i < r->graph->params.len; i++) {
    void *to = rnn_unit_param_data(r->unit, i);
    for (int64_t k = 0; to && k < sizes_count(r->graph->params.at[i].shape); k++) put(to, rnn_unit_is_double(r->unit), k, d->param[i][k]);
  }
}

static void call_unit(JitRun *r, const EvalData *d, int64_t first, const uint8_t *fresh, bool keep_state) {
  int clock = 0;
  for (Ref i = 0; i < r->graph->nodes.len; i++)
    if (r->graph->nodes.at[i].axes > 1) clock = clock_of(r->graph->nodes.at[i].axes);
  int32_t *length = malloc(sizeof *length * (size_t)d->sequences), *whole = malloc(sizeof *whole * (size_t)d->sequences);
  uint64_t *identity = malloc(sizeof *identity * (size_t)d->sequences);
  for (int b = 0; b < d->sequences; b++) {
    length[b] = d->length[clock] ? (int32_t)d->length[clock][b] : 1;
    whole[b] = d->whole[clock] ? (int32_t)d->whole[clock][b] : length[b];
    identity[b] = (uint64_t)b;
  }
  int64_t steps = d->length[clock] ? longest(d, clock) : 1;
  if (!rnn_unit_reserve(r->unit, d->sequences, steps)) give_up(r->graph->session, "no memory");
  fill_params(r, d);
  for (int i = 0; i < r->graph->inputs.len; i++) fill_input(r, d, i);
  rnn_unit_call(r->unit, d->sequences, steps, length, whole, first, fresh, identity, d->seed, d->update, keep_state);
  free(length);
  free(whole);
  free(identity);
}

void jit_run_call(JitRun *r, const EvalData *d) { call_unit(r, d, 0, NULL, false); }

void jit_run_chunk(JitRun *r, const EvalData *d, int64_t first, bool goes_on, bool keep) {
  uint8_t *fresh = malloc((size_t)d->sequences);
  memset(fresh, !goes_on, (size_t)d->sequences);
  call_unit(r, d, first, fresh, keep);
  free(fresh);
}

void jit_run_output(const JitRun *r, const EvalData *d, int o, double *out) {
  const Node *n = &r->graph->nodes.at[r->graph->outputs.at[o].value];
  const void *from = rnn_unit_output_data(r->unit, o);
  int64_t count = sizes_count(n->shape), steps = longest(d, clock_of(n->axes));
  bool dbl = rnn_unit_is_double(r->unit);
  if (!n->axes) {
    for (int64_t k = 0; k < count; k++) out[k] = get(from, dbl, k);
    return;
  }
  if (clock_of(n->axes) < 0) steps = 1;
  memset(out, 0, sizeof *out * (size_t)(d->sequences * steps * count));
  for (int b = 0; b < d->sequences; b++)
    for (int64_t t = 0; t < length_of(d, clock_of(n->axes), b); t++)
      for (int64_t k = 0; k < count; k++) out[(b * steps + t) * count + k] = get(from, dbl, (t * d->sequences + b) * count + k);
}

void jit_run_free(JitRun *r) {
  rnn_unit_free(r->unit);
  cJSON_Delete(r->description);
  cJSON_Delete(r->params);
}
