#include "support/jit_run.h"
#include "support/compare.h"
#include "support/spoil.h"
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

static cJSON *describe_clocks(const Graph *g) {
  cJSON *all = cJSON_CreateArray();
  for (int i = 0; i < g->clocks.len; i++) {
    cJSON *clock = cJSON_CreateObject();
    cJSON_AddNumberToObject(clock, "length", (double)g->clocks.at[i].length);
    cJSON_AddItemToArray(all, clock);
  }
  return all;
}

/* Half of the plans that may take several slices of a batch do, whether it is worth it or not. */
static bool is_odd(const char *symbol) {
  unsigned sum = 0;
  while (*symbol) sum += (unsigned char)*symbol++;
  return sum % 2;
}

JitRun jit_run_new(Jit *jit, Graph *g, const char *symbol, bool is_double) {
  Session *s = g->session;
  Plan *plan = plan_make(s, g, symbol, is_double);
  plan->together |= plan_can_be_together(plan) && is_odd(symbol);
  if (!jit_add(jit, plan)) give_up(s, "no code");
  RnnFunction *f = jit_find(jit, symbol);
  if (!f) give_up(s, "no function");
  JitRun r = {.graph = plan->graph, .description = describe_unit(plan, symbol), .params = describe_params(g)};
  RnnError error = {0};
  r.unit = rnn_unit_new(r.description, r.params, f, &error);
  if (!r.unit) give_up(s, error.message);
  cJSON *clocks = describe_clocks(g);
  rnn_unit_set_clocks(r.unit, clocks);
  cJSON_Delete(clocks);
  r.clocks = plan->clocks;
  memcpy(r.order, plan->order, sizeof r.order);
  return r;
}

static void put(void *data, bool is_double, int64_t i, double v) {
  if (is_double) ((double *)data)[i] = v;
  else ((float *)data)[i] = (float)v;
}

static double get(const void *data, bool is_double, int64_t i) {
  return is_double ? ((const double *)data)[i] : (double)((const float *)data)[i];
}

/* --- places: a sequence and a step of every clock ------------------------------------------------------------------------ */

static bool has_clock(GraphAxes axes, int c) { return axes & GRAPH_CLOCK(c); }

static int64_t longest(const EvalData *d, int clock) {
  int64_t most = 0;
  for (int b = 0; b < d->sequences; b++)
    if (d->length[clock][b] > most) most = d->length[clock][b];
  return most;
}

typedef struct Place {
  int sequence;
  int64_t step[GRAPH_CLOCKS];
} Place;

/* The next one that is inside its sequence, as an odometer goes. */
static bool next_place(const JitRun *r, const EvalData *d, GraphAxes axes, Place *p) {
  for (int c = r->graph->clocks.len - 1; c >= 0; c--) {
    if (!has_clock(axes, c)) continue;
    if (++p->step[c] < d->length[c][p->sequence]) return true;
    p->step[c] = 0;
  }
  return axes && ++p->sequence < d->sequences;
}

/* [sequence][clock 0, 1 …] of eval. */
static int64_t eval_number(const JitRun *r, const EvalData *d, GraphAxes axes, Place p) {
  int64_t number = p.sequence;
  for (int c = 0; c < r->graph->clocks.len; c++)
    if (has_clock(axes, c)) number = number * longest(d, c) + p.step[c];
  return number;
}

/* [clocks in the plan's order][row] of compiled code. */
static int64_t unit_number(const JitRun *r, const EvalData *d, GraphAxes axes, Place p) {
  int64_t number = 0;
  for (int i = 0; i < r->clocks; i++)
    if (has_clock(axes, r->order[i])) number = number * longest(d, r->order[i]) + p.step[r->order[i]];
  return axes ? number * d->sequences + p.sequence : 0;
}

/* --- filling, calling, reading ------------------------------------------------------------------------------------------- */

static void fill_input(JitRun *r, const EvalData *d, int i) {
  const GraphInput *in = &r->graph->inputs.at[i];
  void *to = rnn_unit_input_data(r->unit, i);
  int64_t n = sizes_count(in->shape);
  Place p = {0};
  if (!to) return;
  do {
    const double *from = d->input[i] + eval_number(r, d, in->axes, p) * n;
    for (int64_t k = 0; k < n; k++) put(to, rnn_unit_is_double(r->unit), unit_number(r, d, in->axes, p) * n + k, from[k]);
  } while (next_place(r, d, in->axes, &p));
}

static void fill_params(JitRun *r, const EvalData *d) {
  for (int i = 0; i < r->graph->params.len; i++) {
    void *to = rnn_unit_param_data(r->unit, i);
    for (int64_t k = 0; to && k < sizes_count(r->graph->params.at[i].shape); k++) put(to, rnn_unit_is_double(r->unit), k, d->param[i][k]);
  }
}

static int32_t *shorter(Session *s, const int64_t *numbers, int n) {
  int32_t *out = arena_array(s->arena, int32_t, n + 1);
  for (int i = 0; i < n; i++) out[i] = numbers ? (int32_t)numbers[i] : 1;
  return out;
}

static void call_unit(JitRun *r, const EvalData *d, int64_t first, const uint8_t *fresh, bool keep_state) {
  Session *s = r->graph->session;
  uint64_t *identity = arena_array(s->arena, uint64_t, d->sequences + 1);
  RnnArgs args = {.fresh = fresh, .sequence = identity, .seed = d->seed, .update = d->update, .keep_state = keep_state};
  int64_t steps[GRAPH_CLOCKS] = {0};
  for (int b = 0; b < d->sequences; b++) identity[b] = (uint64_t)b;
  for (int c = 0; !c || c < r->graph->clocks.len; c++) { /* without any, the runtime thinks of one */
    const int64_t *whole = d->whole[c] ? d->whole[c] : d->length[c];
    args.clock[c] = (RnnClock){.first = first, .length = shorter(s, d->length[c], d->sequences), .whole = shorter(s, whole, d->sequences)};
    steps[c] = d->length[c] ? longest(d, c) : 1;
  }
  rnn_unit_reserve_clocks(r->unit, d->sequences, steps);
  fill_params(r, d);
  for (int i = 0; i < r->graph->inputs.len; i++) fill_input(r, d, i);
  spoil_memory(r->unit);
  rnn_unit_call_clocks(r->unit, &args, d->sequences, steps);
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
  int64_t count = sizes_count(n->shape), places = n->axes ? d->sequences : 1;
  for (int c = 0; c < r->graph->clocks.len; c++)
    if (has_clock(n->axes, c)) places *= longest(d, c);
  memset(out, 0, sizeof *out * (size_t)(places * count));
  Place p = {0};
  do {
    double *to = out + eval_number(r, d, n->axes, p) * count;
    for (int64_t k = 0; k < count; k++) to[k] = get(from, rnn_unit_is_double(r->unit), unit_number(r, d, n->axes, p) * count + k);
  } while (next_place(r, d, n->axes, &p));
}

void jit_run_free(JitRun *r) {
  rnn_unit_free(r->unit);
  cJSON_Delete(r->description);
  cJSON_Delete(r->params);
}

bool jit_agrees(Jit *jit, Graph *g, const EvalData *data, bool is_double, const char *what) {
  static int number;
  Session *s = g->session;
  JitRun run = jit_run_new(jit, g, arena_printf(s->arena, "agrees%d", number++), is_double);
  bool agrees = true;
  jit_run_call(&run, data);
  for (int o = 0; o < g->outputs.len; o++) {
    const int64_t n = graph_eval_count(g, data, g->outputs.at[o].value);
    double *expected = arena_array(s->arena, double, n + 1), *got = arena_array(s->arena, double, n + 1);
    graph_eval(g, data, o, expected);
    jit_run_output(&run, data, o, got);
    const double d = worst_difference(got, expected, n, 1e-6);
    if (d <= (is_double ? 1e-12 : 2e-5)) continue;
    fprintf(stderr, "%s: %s in %s differs by %g\n", what, g->outputs.at[o].name, is_double ? "double" : "single", d);
    agrees = false;
  }
  jit_run_free(&run);
  return agrees;
}
