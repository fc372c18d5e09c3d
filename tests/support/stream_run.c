#include "support/stream_run.h"
#include "base/diag.h"
#include "driver/compile.h"
#include <stdlib.h>

static bool on_clock(GraphAxes axes) { return (axes & ~GRAPH_SEQUENCE) != 0; }

bool stream_run_possible(const Graph *g) {
  Span span;
  if (g->clocks.len != 1 || g->clocks.at[0].length || step_obstacle(g, &span)) return false;
  for (int i = 0; i < g->inputs.len; i++)
    if (g->inputs.at[i].role != INPUT_DATA && on_clock(g->inputs.at[i].axes)) return false;
  for (Ref r = 0; r < g->nodes.len; r++)
    if (g->nodes.at[r].op == OP_LENGTH) return false; /* by now, not in the end */
  return true;
}

static RnnFunction *find(void *jit, const char *symbol) { return jit_find(jit, symbol); }

static void put(void *data, bool is_double, int64_t i, double v) {
  if (is_double) ((double *)data)[i] = v;
  else ((float *)data)[i] = (float)v;
}

static double get(const void *data, bool is_double, int64_t i) { return is_double ? ((const double *)data)[i] : (double)((const float *)data)[i]; }

static cJSON *describe_params(const Graph *g) {
  cJSON *all = cJSON_CreateArray();
  for (int i = 0; i < g->params.len; i++) {
    cJSON *p = cJSON_CreateObject(), *shape = cJSON_AddArrayToObject(p, "shape");
    cJSON_AddStringToObject(p, "name", g->params.at[i].name);
    for (int d = 0; d < g->params.at[i].shape.rank; d++) cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)g->params.at[i].shape.dim[d]));
    cJSON_AddItemToArray(all, p);
  }
  return all;
}

StreamRun stream_run_new(Session *s, Graph *g, bool is_double, bool half) {
  Plan *plan = plan_make_step(s, g, "net", is_double, half);
  StreamRun r = {.session = s, .jit = jit_new(s, NULL), .graph = plan->graph, .unit = describe_unit(plan, "net"), .params = describe_params(g), .is_double = is_double};
  RnnError error = {0};
  if (jit_add(r.jit, plan)) r.stream = rnn_stream_open(r.unit, r.params, find, r.jit, &error);
  if (r.stream) return r;
  diag_print_all(s, stderr, false);
  fprintf(stderr, "stream_run: %s\n", error.message);
  abort();
}

void stream_run_free(StreamRun *r) {
  rnn_stream_close(r->stream);
  jit_free(r->jit);
  cJSON_Delete(r->unit);
  cJSON_Delete(r->params);
}

void stream_run_params(StreamRun *r, const EvalData *d) {
  for (int i = 0; i < r->graph->params.len; i++) {
    void *to = rnn_unit_param_data(rnn_stream_unit(r->stream), i);
    for (int64_t k = 0; k < sizes_count(r->graph->params.at[i].shape); k++) put(to, r->is_double, k, d->param[i][k]);
  }
}

/* All inputs but the data on the clock, which every step is given. */
static void set_inputs(StreamRun *r, const EvalData *d) {
  for (int i = 0; i < r->graph->inputs.len; i++) {
    const GraphInput *in = &r->graph->inputs.at[i];
    void *to = on_clock(in->axes) ? NULL : rnn_unit_input_data(rnn_stream_unit(r->stream), i);
    for (int64_t k = 0; to && k < sizes_count(in->shape); k++) put(to, r->is_double, k, d->input[i][k]);
  }
}

static void gather(const StreamRun *r, const EvalData *d, int64_t t, void *vector) {
  int64_t at = 0;
  for (int i = 0; i < r->graph->inputs.len; i++) {
    const GraphInput *in = &r->graph->inputs.at[i];
    const int64_t n = sizes_count(in->shape);
    for (int64_t k = 0; on_clock(in->axes) && k < n; k++) put(vector, r->is_double, at++, d->input[i][t * n + k]);
  }
}

static void scatter(const StreamRun *r, int64_t t, const void *vector, double **out) {
  int64_t at = 0;
  for (int o = 0; o < r->graph->outputs.len; o++) {
    const Node *n = &r->graph->nodes.at[r->graph->outputs.at[o].value];
    const int64_t count = sizes_count(n->shape), to = on_clock(n->axes) ? t * count : 0;
    for (int64_t k = 0; k < count; k++) out[o][to + k] = get(vector, r->is_double, at++);
  }
}

double **stream_run_walk(StreamRun *r, const EvalData *d, int64_t steps) {
  const size_t bytes = r->is_double ? 8 : 4;
  void *in = calloc((size_t)rnn_stream_inputs(r->stream) + 1, bytes), *step = calloc((size_t)rnn_stream_outputs(r->stream) + 1, bytes);
  double **out = arena_array(r->session->arena, double *, r->graph->outputs.len + 1);
  for (int o = 0; o < r->graph->outputs.len; o++)
    out[o] = arena_array(r->session->arena, double, steps * sizes_count(r->graph->nodes.at[r->graph->outputs.at[o].value].shape) + 1);
  set_inputs(r, d);
  rnn_stream_prepare(r->stream);
  rnn_stream_begin(r->stream, d->seed);
  for (int64_t t = 0; t < steps; t++) {
    gather(r, d, t, in);
    rnn_stream_step(r->stream, in, step);
    scatter(r, t, step, out);
  }
  free(in);
  free(step);
  return out;
}
