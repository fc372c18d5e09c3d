/* links: test_support rnn_driver */
/* Compiled code against the interpreter on random well-typed graphs, forward and with gradients, in double and in single. RNN_FUZZ
 * says how many graphs (default 150; `./dev test --slow` takes 10 000), RNN_FUZZ_SEED where they start, RNN_FUZZ_CLOCKS of how many
 * clocks (both, unless given). */
#include "base/diag.h"
#include "grad/grad.h"
#include "pass/pass.h"
#include "support/compare.h"
#include "support/jit_run.h"
#include "support/random_graph.h"
#include <CUnit/Basic.h>
#include <math.h>
#include <stdlib.h>

static int64_t setting(const char *name, int64_t fallback) {
  const char *text = getenv(name);
  return text ? strtoll(text, NULL, 10) : fallback;
}

/* Largest difference relative to the largest value of the output (at least 1). */
/* RNN_FUZZ_SHOW prints what is compiled, and both sides of what differs. */
static void show(Graph *g, const char *symbol) {
  if (!getenv("RNN_FUZZ_SHOW")) return;
  graph_print(g, stderr);
  plan_print(plan_make(g->session, g, symbol, true), stderr);
}

/* The same data rounded to single precision: what compiled code in single sees. */
static const double *const *rounded(Session *s, const double *const *arrays, const int64_t *count, int n) {
  double **all = arena_array(s->arena, double *, n + 1);
  for (int i = 0; i < n; i++) {
    all[i] = arena_array(s->arena, double, count[i] + 1);
    for (int64_t k = 0; k < count[i]; k++) all[i][k] = (float)arrays[i][k];
  }
  return (const double *const *)all;
}

static int64_t input_count(const Graph *g, const EvalData *d, int i) {
  const GraphInput *in = &g->inputs.at[i];
  int64_t n = sizes_count(in->shape);
  if (in->axes & GRAPH_SEQUENCE) n *= d->sequences;
  for (int c = 0; c < g->clocks.len; c++) {
    int64_t longest = 1;
    for (int b = 0; in->axes & GRAPH_CLOCK(c) && b < d->sequences; b++)
      if (d->length[c][b] > longest) longest = d->length[c][b];
    n *= longest;
  }
  return n;
}

static EvalData data_in_single(Graph *g, EvalData d) {
  int64_t *params = arena_array(g->session->arena, int64_t, g->params.len + 1), *inputs = arena_array(g->session->arena, int64_t, g->inputs.len + 1);
  for (int i = 0; i < g->params.len; i++) params[i] = sizes_count(g->params.at[i].shape);
  for (int i = 0; i < g->inputs.len; i++) inputs[i] = input_count(g, &d, i);
  d.param = rounded(g->session, d.param, params, g->params.len);
  d.input = rounded(g->session, d.input, inputs, g->inputs.len);
  return d;
}

static double *evaluated(const Graph *g, const EvalData *d, int o, int64_t *n) {
  *n = graph_eval_count(g, d, g->outputs.at[o].value);
  double *out = arena_array(g->session->arena, double, *n + 1);
  graph_eval(g, d, o, out);
  return out;
}

/* In double: 1e-10. In single: 2e-4; a graph that blows errors up may differ by more, in proportion to what rounding its data alone
 * changes in the interpreter. */
static bool compare(Jit *jit, const RandomGraph *r, Graph *g, uint64_t seed, const char *kind, bool is_double) {
  Session *s = g->session;
  char *symbol = arena_printf(s->arena, "g%llu_%s_%d", (unsigned long long)seed, kind, is_double);
  show(g, symbol);
  JitRun run = jit_run_new(jit, g, symbol, is_double);
  EvalData exact = random_graph_data(r, g, NULL), data = is_double ? exact : data_in_single(g, exact);
  jit_run_call(&run, &data);
  bool same = true;
  for (int o = 0; o < g->outputs.len; o++) {
    int64_t n;
    double *expected = evaluated(g, &data, o, &n), *got = arena_array(s->arena, double, n + 1);
    jit_run_output(&run, &data, o, got);
    double d = worst_difference(got, expected, n, 1), most = is_double ? 1e-10 : 2e-4;
    if (!is_double && d > most) most = fmax(most, 30 * worst_difference(expected, evaluated(g, &exact, o, &n), n, 1));
    if (d <= most) continue;
    fprintf(stderr, "graph %llu %s %s: output %s differs by %g\n", (unsigned long long)seed, kind, is_double ? "f64" : "f32",
            g->outputs.at[o].name, d);
    if (getenv("RNN_FUZZ_SHOW"))
      for (int64_t k = 0; k < n; k++) fprintf(stderr, "  %lld: %g, interpreter %g\n", (long long)k, got[k], expected[k]);
    same = false;
  }
  jit_run_free(&run);
  return same;
}

/* With RNN_FUZZ_NODES every node becomes an output, which tells where two executions part. */
static void show_all_nodes(Graph *g) {
  if (!getenv("RNN_FUZZ_NODES")) return;
  for (Ref i = 0; i < g->nodes.len; i++) graph_output(g, arena_printf(g->session->arena, "%%%d (%s)", i, op_text(g->nodes.at[i].op)), OUTPUT_VALUE, 0, i);
}

static bool try_seed(uint64_t seed, unsigned flags) {
  Session *s = session_new();
  s->verify_each = false;
  Jit *jit = jit_new(s, NULL);
  RandomGraph r = random_graph(s, seed, 6 + (int)(seed % 14), flags | (seed % 2 ? RANDOM_SMOOTH : 0));
  show_all_nodes(r.graph);
  bool fine = compare(jit, &r, r.graph, seed, "raw", true);
  Graph *g = pass_run_all(s, r.graph, NULL, NULL);
  fine = fine && g && compare(jit, &r, g, seed, "passes", true) && compare(jit, &r, g, seed, "passes", false);
  if (fine && seed % 2) {
    Graph *d = pass_run_all(s, grad_reverse(s, g, NULL), NULL, NULL);
    fine = d && compare(jit, &r, d, seed, "grad", true);
  }
  if (!fine) fprintf(stderr, "RNN_FUZZ=1 RNN_FUZZ_SEED=%llu shows it again%s\n", (unsigned long long)seed, flags ? " (two clocks)" : "");
  jit_free(jit);
  session_free(s);
  return fine;
}

static void try_graphs(unsigned flags) {
  int64_t count = setting("RNN_FUZZ", 150), first = setting("RNN_FUZZ_SEED", 1), wrong = 0;
  for (int64_t i = 0; i < count; i++) wrong += !try_seed((uint64_t)(first + i), flags);
  printf("%lld random graphs, %lld differ ... ", (long long)count, (long long)wrong);
  CU_ASSERT_EQUAL(wrong, 0);
}

static void test_one_clock(void) { try_graphs(0); }
static void test_two_clocks(void) { try_graphs(RANDOM_TWO_CLOCKS); }
static void test_fixed_clock(void) { try_graphs(RANDOM_TWO_CLOCKS | RANDOM_FIXED_CLOCK); }

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("compiled code against the interpreter", NULL, NULL);
  if (setting("RNN_FUZZ_CLOCKS", 0) != 2) CU_add_test(suite, "random graphs", test_one_clock);
  if (setting("RNN_FUZZ_CLOCKS", 0) != 1) {
    CU_add_test(suite, "random graphs of two clocks", test_two_clocks);
    CU_add_test(suite, "one of a fixed length", test_fixed_clock);
  }
  CU_basic_run_tests();
  int failures = (int)CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures != 0;
}
