/* links: test_support rnn_driver */
/* A net stepped through rnn_stream_step against the interpreter on the whole sequence: every cell of the library, the reference's causal
 * programs and random graphs, in double and in single; weights that change on the way; weights as bfloat16. */
#include "base/diag.h"
#include "driver/compile.h"
#include "pass/pass.h"
#include "support/model_rows.h"
#include "support/random_graph.h"
#include <CUnit/Basic.h>
#include <math.h>
#include <stdlib.h>

enum { STEPS = 12, GRAPHS = 200 };

typedef struct Stepped {
  Session *session;
  Jit *jit;
  Graph *graph; /* as planned */
  cJSON *unit, *params;
  RnnStream *stream;
  bool is_double;
} Stepped;

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

static Stepped step_open(Session *s, Graph *g, bool is_double, bool half) {
  Stepped p = {.session = s, .jit = jit_new(s), .is_double = is_double};
  Plan *plan = plan_make_step(s, g, "net", is_double, half);
  RnnError error = {{0}, {0}};
  p.graph = plan->graph;
  p.unit = describe_unit(plan, "net");
  p.params = describe_params(g);
  if (jit_add(p.jit, plan)) p.stream = rnn_stream_open(p.unit, p.params, find, p.jit, &error);
  if (!p.stream) fprintf(stderr, "\n%s\n", error.message), abort();
  return p;
}

static void step_close(Stepped *p) {
  rnn_stream_close(p->stream);
  jit_free(p->jit);
  cJSON_Delete(p->unit);
  cJSON_Delete(p->params);
}

static void set_params(Stepped *p, const EvalData *d) {
  for (int i = 0; i < p->graph->params.len; i++)
    for (int64_t k = 0; k < sizes_count(p->graph->params.at[i].shape); k++) put(rnn_unit_param_data(rnn_stream_unit(p->stream), i), p->is_double, k, d->param[i][k]);
}

static bool on_clock(GraphAxes axes) { return (axes & ~GRAPH_SEQUENCE) != 0; }

/* All inputs but the data on the clock, which every step is given. */
static void set_inputs(Stepped *p, const EvalData *d) {
  for (int i = 0; i < p->graph->inputs.len; i++) {
    const GraphInput *in = &p->graph->inputs.at[i];
    void *to = on_clock(in->axes) ? NULL : rnn_unit_input_data(rnn_stream_unit(p->stream), i);
    for (int64_t k = 0; to && k < sizes_count(in->shape); k++) put(to, p->is_double, k, d->input[i][k]);
  }
}

static void gather(const Stepped *p, const EvalData *d, int64_t t, void *vector) {
  int64_t at = 0;
  for (int i = 0; i < p->graph->inputs.len; i++) {
    const GraphInput *in = &p->graph->inputs.at[i];
    const int64_t n = sizes_count(in->shape);
    for (int64_t k = 0; in->role == INPUT_DATA && on_clock(in->axes) && k < n; k++) put(vector, p->is_double, at++, d->input[i][t * n + k]);
  }
  CU_ASSERT_EQUAL(at, rnn_stream_inputs(p->stream));
}

/* --- against the interpreter ---------------------------------------------------------------------------------------------------- */

/* The largest difference, relative to the largest number of its output (or 1). */
typedef struct Trial {
  const char *name;
  EvalData data; /* of one sequence */
  int64_t steps;
  double **expected; /* [output] */
} Trial;

static double worst_of_step(const Stepped *p, const Trial *trial, int64_t t, const void *vector) {
  double worst = 0;
  int64_t at = 0;
  for (int o = 0; o < p->graph->outputs.len; o++) {
    const Node *n = &p->graph->nodes.at[p->graph->outputs.at[o].value];
    const int64_t count = sizes_count(n->shape), places = on_clock(n->axes) ? trial->steps : 1, from = on_clock(n->axes) ? t * count : 0;
    double scale = 1;
    for (int64_t k = 0; k < count * places; k++) scale = fmax(scale, fabs(trial->expected[o][k]));
    for (int64_t k = 0; k < count; k++, at++) {
      const double got = get(vector, p->is_double, at), wanted = trial->expected[o][from + k];
      if (!on_clock(n->axes) && t + 1 < trial->steps) continue; /* of the last step, so far of this one */
      const double d = fabs(got - wanted) / scale;
      if (!(d <= worst) && !(isnan(got) && isnan(wanted))) worst = isnan(d) ? INFINITY : d;
    }
  }
  return worst;
}

static double walk(Stepped *p, const Trial *trial) {
  const size_t bytes = p->is_double ? 8 : 4;
  void *in = calloc((size_t)rnn_stream_inputs(p->stream) + 1, bytes), *out = calloc((size_t)rnn_stream_outputs(p->stream) + 1, bytes);
  double worst = 0;
  set_inputs(p, &trial->data);
  rnn_stream_prepare(p->stream);
  rnn_stream_begin(p->stream, trial->data.seed);
  for (int64_t t = 0; t < trial->steps; t++) {
    gather(p, &trial->data, t, in);
    rnn_stream_step(p->stream, in, out);
    worst = fmax(worst, worst_of_step(p, trial, t, out));
  }
  free(in);
  free(out);
  return worst;
}

static void evaluate(Session *s, Trial *trial, const Graph *g) {
  trial->expected = arena_array(s->arena, double *, g->outputs.len + 1);
  for (int o = 0; o < g->outputs.len; o++) {
    trial->expected[o] = arena_array(s->arena, double, graph_eval_count(g, &trial->data, g->outputs.at[o].value) + 1);
    graph_eval(g, &trial->data, o, trial->expected[o]);
  }
}

/* What depends on data that only later steps or other roles give cannot be stepped through vectors. */
static bool can_be_fed(const Graph *g) {
  for (int i = 0; i < g->inputs.len; i++)
    if (g->inputs.at[i].role != INPUT_DATA && on_clock(g->inputs.at[i].axes)) return false;
  for (Ref r = 0; r < g->nodes.len; r++)
    if (g->nodes.at[r].op == OP_LENGTH) return false;
  Span span;
  return !step_obstacle(g, &span);
}

/* Twice: a new sequence has forgotten the last one. */
static double check(Session *s, const Trial *trial, Graph *g, bool is_double, double bound) {
  Stepped p = step_open(s, g, is_double, false);
  set_params(&p, &trial->data);
  const double first = walk(&p, trial), worst = fmax(first, walk(&p, trial));
  if (!(worst <= bound)) fprintf(stderr, "\n%s in %s: stepped differs by %g (first sequence %g)\n", trial->name, is_double ? "double" : "single", worst, first);
  CU_ASSERT_TRUE(worst <= bound);
  step_close(&p);
  return worst;
}

/* --- models --------------------------------------------------------------------------------------------------------------------- */

static bool has_one_clock(const Graph *g) { return g->clocks.len == 1 && !g->clocks.at[0].length; }

static Trial trial_of_row(Session *s, const ModelRow *row, Graph *g) {
  ModelData d = model_data(s, g, 1, (int64_t[]){STEPS});
  model_row_fill(&d, row, 21);
  Trial trial = {.name = row->name, .data = d.eval, .steps = STEPS};
  evaluate(s, &trial, g);
  return trial;
}

static void test_models(void) {
  int models = 0;
  double worst = 0, worst_single = 0;
  for (int i = 0; i < model_row_count; i++) {
    const ModelRow *row = &model_rows[i];
    if (!model_row_present(row)) continue;
    Session *s = session_new();
    Model *m = model_row_load(s, row);
    Graph *g = model_passes(m, model_values_graph(m, row->stage));
    CU_ASSERT_PTR_NOT_NULL_FATAL(g);
    if (has_one_clock(g) && can_be_fed(g)) {
      CU_ASSERT_FALSE(row->reads_future);
      const Trial trial = trial_of_row(s, row, g);
      worst = fmax(worst, check(s, &trial, g, true, 1e-12));
      worst_single = fmax(worst_single, check(s, &trial, g, false, 1e-5));
      models++;
    } else if (!row->reads_future) printf("%s has no step; ", row->name);
    session_free(s);
  }
  CU_ASSERT_TRUE(models >= 17);
  printf("%d models, %.2g in double, %.2g in single ... ", models, worst, worst_single);
}

/* The graph of one output alone: what the others need may have no step. */
static Graph *of_output(Session *s, Graph *g, int o) {
  Graph *one = pass_dead(s, g);
  one->outputs.at[0] = one->outputs.at[o];
  one->outputs.len = 1;
  return pass_dead(s, one);
}

/* What looks ahead looks back instead, and all inputs are data. */
static void make_causal(Graph *g) {
  for (int i = 0; i < g->inputs.len; i++) g->inputs.at[i].role = INPUT_DATA;
  for (Ref r = 0; r < g->nodes.len; r++) {
    Node *n = &g->nodes.at[r];
    int64_t least = 0, most = 0;
    if (n->op != OP_READ && n->op != OP_WINDOW) continue;
    node_delays(n, &least, &most);
    if (most > 0) n->attrs.offset -= most + 1;
  }
}

static void test_random_graphs(void) {
  int graphs = 0;
  double worst = 0;
  for (uint64_t seed = 1; seed <= GRAPHS; seed++) {
    Session *s = session_new();
    RandomGraph r = random_graph(s, seed, 3 + (int)(seed % 30), 0);
    Trial trial = {.name = arena_printf(s->arena, "random graph %d", (int)seed), .data = r.data, .steps = r.data.length[0][0]};
    trial.data.sequences = 1;
    for (int o = 0; o < r.graph->outputs.len; o++) {
      Graph *g = of_output(s, r.graph, o);
      make_causal(g);
      if (!has_one_clock(g) || !can_be_fed(g)) continue;
      evaluate(s, &trial, g);
      worst = fmax(worst, check(s, &trial, g, true, 1e-10));
      graphs++;
    }
    session_free(s);
  }
  CU_ASSERT_TRUE(graphs >= 60);
  printf("%d graphs, %.2g ... ", graphs, worst);
}

/* --- weights ---------------------------------------------------------------------------------------------------------------------- */

static const ModelRow lstm = {.name = "LSTM, 40 wide", .call = "LSTM[H = H](x)", .shape = "H", .overrides = "H=40"};

/* New weights count from the next rnn_stream_prepare on, and what the net remembers stays. */
static void test_new_weights(void) {
  Session *s = session_new();
  Model *m = model_row_load(s, &lstm);
  Graph *g = model_passes(m, model_values_graph(m, NULL));
  ModelData old = model_data(s, g, 1, (int64_t[]){STEPS}), new = model_data(s, g, 1, (int64_t[]){STEPS});
  model_row_fill(&old, &lstm, 1);
  model_row_fill(&new, &lstm, 2);
  Stepped p = step_open(s, g, true, false);
  Trial trial = {.name = "old weights", .data = old.eval, .steps = STEPS};
  evaluate(s, &trial, g);
  set_params(&p, &old.eval);
  CU_ASSERT_TRUE(walk(&p, &trial) <= 1e-12);
  set_params(&p, &new.eval);
  trial.data = new.eval;
  evaluate(s, &trial, g);
  CU_ASSERT_TRUE(walk(&p, &trial) <= 1e-12);
  step_close(&p);
  session_free(s);
}

static void test_not_a_step(void) {
  RnnError error = {{0}, {0}};
  cJSON *unit = cJSON_Parse("{\"name\": \"run_a\", \"symbol\": \"f\", \"inputs\": [], \"outputs\": [], \"buffers\": []}"), *params = cJSON_CreateArray();
  Session *s = session_new();
  CU_ASSERT_PTR_NULL(rnn_stream_open(unit, params, find, jit_new(s), &error));
  CU_ASSERT_STRING_EQUAL(error.code, "E0413");
  cJSON_Delete(unit);
  cJSON_Delete(params);
  session_free(s);
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("stream", NULL, NULL);
  CU_add_test(suite, "every model, step by step", test_models);
  CU_add_test(suite, "random graphs, step by step", test_random_graphs);
  CU_add_test(suite, "weights that change", test_new_weights);
  CU_add_test(suite, "a unit that is no step", test_not_a_step);
  CU_basic_set_mode(CU_BRM_VERBOSE);
  CU_basic_run_tests();
  const bool failed = CU_get_number_of_failures() > 0;
  CU_cleanup_registry();
  return failed;
}
