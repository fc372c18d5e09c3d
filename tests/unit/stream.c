/* links: test_support rnn_driver */
/* A net stepped through rnn_stream_step against the interpreter on the whole sequence: every cell of the library, the reference's causal
 * programs and random graphs, in double and in single; weights that change; weights as bfloat16. */
#include "base/diag.h"
#include "driver/compile.h"
#include "pass/pass.h"
#include "support/model_rows.h"
#include "support/random_graph.h"
#include "support/stream_run.h"
#include <CUnit/Basic.h>
#include <dlfcn.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STEPS = 12, GRAPHS = 200 };

typedef struct Trial {
  const char *name;
  Session *session;
  Graph *graph;
  EvalData data; /* of one sequence */
  int64_t steps;
  double **expected; /* [output] */
} Trial;

static void evaluate(Trial *t) {
  t->expected = arena_array(t->session->arena, double *, t->graph->outputs.len + 1);
  for (int o = 0; o < t->graph->outputs.len; o++) {
    t->expected[o] = arena_array(t->session->arena, double, graph_eval_count(t->graph, &t->data, t->graph->outputs.at[o].value) + 1);
    graph_eval(t->graph, &t->data, o, t->expected[o]);
  }
}

/* The largest difference, relative to the largest number of its output (or 1). */
static double walk(StreamRun *r, const Trial *t) {
  double **got = stream_run_walk(r, &t->data, t->steps), worst = 0;
  for (int o = 0; o < t->graph->outputs.len; o++) {
    const int64_t n = graph_eval_count(t->graph, &t->data, t->graph->outputs.at[o].value);
    worst = worse(worst, worst_difference(got[o], t->expected[o], n, 1));
  }
  return worst;
}

/* Twice: a new sequence has forgotten the last one. */
static double check(const Trial *t, bool is_double, bool half, double bound) {
  StreamRun r = stream_run_new(t->session, t->graph, is_double, half);
  stream_run_params(&r, &t->data);
  const double first = walk(&r, t), worst = fmax(first, walk(&r, t));
  if (!(worst <= bound)) fprintf(stderr, "\n%s in %s: stepped differs by %g (first sequence %g)\n", t->name, is_double ? "double" : "single", worst, first);
  CU_ASSERT_TRUE(worst <= bound);
  stream_run_free(&r);
  return worst;
}

/* --- models --------------------------------------------------------------------------------------------------------------------- */

/* The row's net with random numbers; no expectations where it cannot be stepped. */
static Trial trial_of_row(Session *s, const ModelRow *row, uint64_t seed) {
  Model *m = model_row_load(s, row);
  Trial t = {.name = row->name, .session = s, .graph = model_passes(m, model_values_graph(m, row->stage)), .steps = STEPS};
  CU_ASSERT_PTR_NOT_NULL_FATAL(t.graph);
  if (!stream_run_possible(t.graph)) return t;
  ModelData d = model_data(s, t.graph, 1, (int64_t[]){STEPS});
  model_row_fill(&d, row, seed);
  t.data = d.eval;
  evaluate(&t);
  return t;
}

static void test_models(void) {
  int models = 0, present = 0;
  double worst = 0, worst_single = 0;
  for (int i = 0; i < model_row_count; i++) {
    if (!model_row_present(&model_rows[i])) continue;
    Session *s = session_new();
    const Trial t = trial_of_row(s, &model_rows[i], 21);
    CU_ASSERT_FALSE(t.expected && model_rows[i].reads_future);
    if (t.expected) {
      worst = worse(worst, check(&t, true, false, 1e-12));
      worst_single = worse(worst_single, check(&t, false, false, 1e-5));
      models++;
    } else if (!model_rows[i].reads_future) printf("%s has no step; ", model_rows[i].name);
    present += !model_rows[i].reads_future && t.graph->clocks.len == 1; /* a clock within the step is a loop, and a step has none */
    session_free(s);
  }
  CU_ASSERT_EQUAL(models, present);
  printf("%d models, %.2g in double, %.2g in single ... ", models, worst, worst_single);
}

/* --- random graphs -------------------------------------------------------------------------------------------------------------- */

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
    Trial t = {.name = arena_printf(s->arena, "random graph %d", (int)seed), .session = s, .data = r.data, .steps = r.data.length[0][0]};
    t.data.sequences = 1;
    for (int o = 0; o < r.graph->outputs.len; o++) {
      t.graph = of_output(s, r.graph, o);
      make_causal(t.graph);
      if (!stream_run_possible(t.graph)) continue;
      evaluate(&t);
      worst = worse(worst, check(&t, true, false, 1e-10));
      graphs++;
    }
    session_free(s);
  }
  CU_ASSERT_TRUE(graphs >= 200);
  printf("%d graphs, %.2g ... ", graphs, worst);
}

/* --- weights ---------------------------------------------------------------------------------------------------------------------- */

static const ModelRow lstm = {.name = "LSTM, 40 wide", .call = "LSTM[H = H](x)", .shape = "H", .overrides = "H=40"};
static const ModelRow wide = {.name = "GRU, 90 wide", .call = "GRU[H = H](x, reset_after = true)", .shape = "H", .overrides = "H=90"};
static const ModelRow large = {.name = "LSTM, 200 wide", .call = "LSTM[H = H](x)", .shape = "H", .overrides = "H=200"};

/* Several groups of outputs, the last one not full, and large enough to be walked to and fro. */
static void test_wide(void) {
  const ModelRow *rows[] = {&lstm, &wide, &large};
  for (int i = 0; i < 3; i++) {
    Session *s = session_new();
    const Trial t = trial_of_row(s, rows[i], 5);
    check(&t, true, false, 1e-12);
    check(&t, false, false, 1e-5);
    session_free(s);
  }
}

/* New weights count from the next rnn_stream_prepare on. */
static void test_new_weights(void) {
  Session *s = session_new();
  const Trial old = trial_of_row(s, &lstm, 1);
  Trial new = old;
  ModelData d = model_data(s, old.graph, 1, (int64_t[]){STEPS});
  model_row_fill(&d, &lstm, 2);
  new.data = d.eval;
  evaluate(&new);
  StreamRun r = stream_run_new(s, old.graph, true, false);
  stream_run_params(&r, &old.data);
  CU_ASSERT_TRUE(walk(&r, &old) <= 1e-12);
  CU_ASSERT_TRUE(walk(&r, &new) > 1e-3);
  stream_run_params(&r, &new.data);
  CU_ASSERT_TRUE(walk(&r, &new) <= 1e-12);
  stream_run_free(&r);
  session_free(s);
}

/* The nearest number with 8 bits, ties to even. */
static double rounded(double x) {
  int exponent;
  const double m = frexp((double)(float)x, &exponent);
  return ldexp(nearbyint(ldexp(m, 8)), exponent - 8);
}

/* Matrices as large as initialisers and training make them: 1/√k; and rounded, where asked for. */
static void set_matrices(const Graph *g, double **param, bool round) {
  for (int i = 0; i < g->params.len; i++) {
    const Sizes shape = g->params.at[i].shape;
    for (int64_t k = 0; shape.rank == 2 && k < sizes_count(shape); k++) {
      param[i][k] /= sqrt((double)shape.dim[1]);
      if (round) param[i][k] = rounded(param[i][k]);
    }
  }
}

static Trial with_matrices(const Trial *t, const ModelRow *row, bool round) {
  Trial new = *t;
  ModelData d = model_data(t->session, t->graph, 1, (int64_t[]){STEPS});
  model_row_fill(&d, row, 5);
  set_matrices(t->graph, d.param, round);
  new.data = d.eval;
  evaluate(&new);
  return new;
}

/* Weights as bfloat16 are what rounding the matrices makes of the net, no more: sums stay in single. */
static void test_half_weights(void) {
  const ModelRow *rows[] = {&lstm, &wide, &large};
  for (int i = 0; i < 3; i++) {
    Session *s = session_new();
    const Trial t = trial_of_row(s, rows[i], 5), exact = with_matrices(&t, rows[i], false), of_rounded = with_matrices(&t, rows[i], true);
    StreamRun r = stream_run_new(s, t.graph, false, true);
    stream_run_params(&r, &exact.data);
    const double to_rounded = walk(&r, &of_rounded), to_exact = walk(&r, &exact);
    CU_ASSERT_TRUE(to_rounded <= 1e-5);
    CU_ASSERT_TRUE(to_exact > 1e-4 && to_exact <= 0.01);
    printf("%s: %.2g of what rounded weights give, %.2g of the exact ... ", t.name, to_rounded, to_exact);
    stream_run_free(&r);
    session_free(s);
  }
}

/* --- tanh and sigmoid --------------------------------------------------------------------------------------------------------------- */

/* In units in the last place of a single-precision result. */
static double ulps(double got, double wanted) { return fabs(got - wanted) / fmax(ldexp(1, ilogb(wanted) - 23), 0x1p-149); }

/* From -20 to 20, densely, and around 0 down to the denormals: a step has numbers of its own for them (llvm/table.c). */
static void test_activations(void) {
  enum { WIDTH = 100, VECTORS = 4000 };
  Session *s = session_new();
  Model *m = model_of_text(s, "net n {\n  input x: [100]\n  a = tanh(x)\n  b = sigmoid(x)\n}\n");
  Graph *g = m ? model_passes(m, model_step_graph(m)) : NULL;
  CU_ASSERT_PTR_NOT_NULL_FATAL(g);
  ModelData d = model_data(s, g, 1, (int64_t[]){VECTORS});
  double *x = data_input(&d, "x", NULL), worst_tanh = 0, worst_sigmoid = 0;
  for (int i = 0; i < WIDTH * VECTORS; i++) x[i] = i % 4 ? (float)(40.0 * i / (WIDTH * VECTORS) - 20) : (float)ldexp(i % 8 ? 1.3 : -1.7, -(i / 8 % 148));
  x[1] = NAN, x[2] = INFINITY, x[3] = -INFINITY, x[5] = 0, x[6] = -0.0;
  StreamRun r = stream_run_new(s, g, false, false);
  double **out = stream_run_walk(&r, &d.eval, VECTORS), *a = out[graph_output_number(g, "a")], *b = out[graph_output_number(g, "b")];
  CU_ASSERT_TRUE(isnan(a[1]) && isnan(b[1]));
  CU_ASSERT_TRUE(a[2] == 1 && a[3] == -1 && a[5] == 0 && !signbit(a[5]) && a[6] == 0 && signbit(a[6]));
  CU_ASSERT_TRUE(b[2] == 1 && fabs(b[3]) <= 1.2e-7 && b[5] == 0.5);
  for (int i = 7; i < WIDTH * VECTORS; i++) {
    worst_tanh = worse(worst_tanh, ulps(a[i], tanh(x[i])));
    worst_sigmoid = worse(worst_sigmoid, fabs(b[i] - 1 / (1 + exp(-x[i]))));
  }
  printf("tanh %.2f units in the last place, sigmoid %.2g ... ", worst_tanh, worst_sigmoid);
  CU_ASSERT_TRUE(worst_tanh <= 2);
  CU_ASSERT_TRUE(worst_sigmoid <= 1.2e-7);
  stream_run_free(&r);
  session_free(s);
}

/* --- ahead of time ------------------------------------------------------------------------------------------------------------------ */

static RnnFunction *find_in_object(void *library, const char *symbol) {
  for (const RnnSymbol *s = dlsym(library, "rnn_symbols"); s && s->name; s++)
    if (!strcmp(s->name, symbol)) return s->function;
  return NULL;
}

/* A stream whose functions come from an object file gives the same bits. */
static void test_object(void) {
  Session *s = session_new();
  const Trial t = trial_of_row(s, &lstm, 3);
  StreamRun r = stream_run_new(s, t.graph, false, false);
  stream_run_params(&r, &t.data);
  double **jit = stream_run_walk(&r, &t.data, STEPS);
  char folder[] = "/tmp/rnn-stream-XXXXXX";
  CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
  const char *object = arena_printf(s->arena, "%s/step.o", folder), *library = arena_printf(s->arena, "%s/step.so", folder);
  CU_ASSERT_TRUE_FATAL(object_write(s, (Plan *[]){plan_make_step(s, t.graph, "net", false, false)}, 1, "{}", object));
  CU_ASSERT_EQUAL_FATAL(system(arena_printf(s->arena, "cc -shared -o %s %s", library, object)), 0);
  void *loaded = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  CU_ASSERT_PTR_NOT_NULL_FATAL(loaded);
  RnnError error = {0};
  rnn_stream_close(r.stream);
  r.stream = rnn_stream_open(r.unit, r.params, find_in_object, loaded, &error);
  CU_ASSERT_PTR_NOT_NULL_FATAL(r.stream);
  stream_run_params(&r, &t.data);
  double **native = stream_run_walk(&r, &t.data, STEPS);
  for (int o = 0; o < t.graph->outputs.len; o++)
    CU_ASSERT_EQUAL(memcmp(native[o], jit[o], sizeof(double) * (size_t)graph_eval_count(t.graph, &t.data, t.graph->outputs.at[o].value)), 0);
  stream_run_free(&r);
  dlclose(loaded);
  remove(object);
  remove(library);
  rmdir(folder);
  session_free(s);
}

static RnnFunction *no_function(void *context, const char *symbol) {
  (void)context, (void)symbol;
  return NULL;
}

/* A net that looks ahead is refused, where it does, and one that does not becomes a unit with all three functions. */
static void check_refusal(const char *equation, bool steps) {
  static const Options options;
  Session *s = session_new();
  s->stdlib = "stdlib";
  const char *text = arena_printf(s->arena, "net n {\n  input x: [2] = 0\n  output y: [2]\n  y = %s\n}\n", equation);
  Compilation *c = compile_check_source(s, source_add(s, "test.rnn", text, strlen(text)), &options);
  CU_ASSERT_FATAL(c && compile_stages(c, "test.rnn", NULL));
  const Unit *u = compile_stream(c, c->program->nets.at[0], false);
  CU_ASSERT_EQUAL(u != NULL, steps);
  if (steps) CU_ASSERT_TRUE(compile_lookup(c, u->symbol) && compile_lookup(c, arena_printf(s->arena, "%s.begin", u->symbol)) && compile_lookup(c, arena_printf(s->arena, "%s.prepare", u->symbol)));
  if (!steps) CU_ASSERT_TRUE(s->diags.len == 1 && s->diags.at[0]->code == E0901);
  compilation_free(c);
  session_free(s);
}

static void test_refusal(void) {
  check_refusal("x + x[t-2]", true);
  check_refusal("x + x[t+1]", false);
  check_refusal("x - x[last]", false);
  check_refusal("x - x[first]", false);
}

static void test_not_a_step(void) {
  RnnError error = {0};
  cJSON *unit = cJSON_Parse("{\"name\": \"run_a\", \"symbol\": \"f\", \"inputs\": [], \"outputs\": [], \"buffers\": []}"), *params = cJSON_CreateArray();
  CU_ASSERT_PTR_NULL(rnn_stream_open(unit, params, no_function, NULL, &error));
  CU_ASSERT_STRING_EQUAL(error.code, "E0413");
  cJSON_Delete(unit);
  cJSON_Delete(params);
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("stream", NULL, NULL);
  CU_add_test(suite, "every model, step by step", test_models);
  CU_add_test(suite, "random graphs, step by step", test_random_graphs);
  CU_add_test(suite, "wide layers", test_wide);
  CU_add_test(suite, "weights that change", test_new_weights);
  CU_add_test(suite, "weights as bfloat16", test_half_weights);
  CU_add_test(suite, "tanh and sigmoid", test_activations);
  CU_add_test(suite, "from an object file", test_object);
  CU_add_test(suite, "nets that have no step", test_refusal);
  CU_add_test(suite, "a unit that is no step", test_not_a_step);
  CU_basic_set_mode(CU_BRM_VERBOSE);
  CU_basic_run_tests();
  const bool failed = CU_get_number_of_failures() > 0;
  CU_cleanup_registry();
  return failed;
}
