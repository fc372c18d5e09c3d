/* links: test_support rnn_graph rnn_front */
/* On random graphs: they are well-formed and causal, print and read back, and no pass changes a value. */
#include "grad/grad.h"
#include "pass/pass.h"
#include "support/random_graph.h"
#include "support/compare.h"
#include <CUnit/Basic.h>
#include <stdlib.h>

enum { GRAPHS = 300 };

static unsigned flags_of(int seed) { return (seed % 3 == 0 ? RANDOM_TWO_CLOCKS : 0) | (seed % 2 ? RANDOM_SMOOTH : 0); }

static void print_and_read(Session *s, const Graph *g) {
  char *once = graph_printed(g);
  const Graph *again = graph_parse(s, once);
  CU_ASSERT_PTR_NOT_NULL_FATAL(again);
  char *twice = graph_printed(again);
  CU_ASSERT_STRING_EQUAL(once, twice);
  free(once);
  free(twice);
}

static void same_values(const RandomGraph *r, const Graph *before, const Graph *after, const char *pass, int seed) {
  CU_ASSERT_EQUAL_FATAL(before->outputs.len, after->outputs.len);
  for (int o = 0; o < before->outputs.len; o++) {
    int64_t n, m;
    const double *a = random_graph_eval(r, before, o, &n), *b = random_graph_eval(r, after, o, &m);
    CU_ASSERT_EQUAL_FATAL(n, m);
    const double d = worst_difference(b, a, n, 1);
    CU_ASSERT(d <= 1e-12);
    if (d > 1e-12) printf("seed %d: %s changes output %d by %g\n", seed, pass, o, d);
  }
}

typedef Graph *Pass(Session *s, Graph *g);
static const struct {
  const char *name;
  Pass *run;
} passes[] = {{"dead", pass_dead}, {"fold", pass_fold}, {"simplify", pass_simplify}, {"cse", pass_cse}, {"terms", pass_terms}};

static void check_graph(int seed, bool reverse) {
  Session *s = session_new();
  const RandomGraph r = random_graph(s, (uint64_t)seed, 8 + seed % 40, flags_of(seed));
  const char *why = NULL;
  graph_verify(r.graph, &why);
  CU_ASSERT_PTR_NULL_FATAL(why);
  Graph *g = reverse ? grad_reverse(s, r.graph, NULL) : r.graph;
  CU_ASSERT_PTR_EQUAL(pass_causality(s, g), g);
  if (s->errors) printf("seed %d is not causal\n", seed);
  print_and_read(s, g);
  for (size_t i = 0; i < sizeof passes / sizeof *passes; i++) {
    Graph *after = passes[i].run(s, g);
    graph_verify(after, &why);
    CU_ASSERT_PTR_NULL_FATAL(why);
    same_values(&r, g, after, passes[i].name, seed);
    g = after;
  }
  session_free(s);
}

static void values_stay(void) {
  for (int seed = 0; seed < GRAPHS; seed++) check_graph(seed, false);
}

static void gradients_stay(void) {
  for (int seed = 0; seed < GRAPHS; seed++) check_graph(seed, true);
}

/* How often each op occurs: the generator must reach all of them. */
static void generator_reaches_all(void) {
  int seen[OP_COUNT] = {0}, loops = 0;
  for (int seed = 0; seed < GRAPHS; seed++) {
    Session *s = session_new();
    const Graph *g = random_graph(s, (uint64_t)seed, 8 + seed % 40, flags_of(seed)).graph;
    for (Ref n = 0; n < g->nodes.len; n++) seen[g->nodes.at[n].op]++;
    for (Ref n = 0; n < g->nodes.len; n++) loops += g->nodes.at[n].inputs && g->nodes.at[n].in[0] > n;
    session_free(s);
  }
  for (int op = 0; op < OP_COUNT; op++) {
    if (op == OP_RANDOM || op == OP_SPIKE) continue; /* its values depend on the generator; it jumps */
    if (!seen[op]) printf("no %s\n", op_text((Op)op));
    CU_ASSERT(seen[op] > 0);
  }
  CU_ASSERT(loops > GRAPHS / 2);
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("pass_random", NULL, NULL);
  CU_add_test(suite, "the generator reaches all ops", generator_reaches_all);
  CU_add_test(suite, "values stay", values_stay);
  CU_add_test(suite, "gradients stay", gradients_stay);
  CU_basic_run_tests();
  return CU_get_number_of_failures() ? 1 : 0;
}
