/* links: test_support rnn_driver */
/* What is done for large layers only, against the interpreter: slices that pass the weights together, weights in pieces of k, a gradient whose left
 * operand is laid out, that its first rows set, and of more rows than are laid out at once. Odd sizes, rows of different lengths, in both precisions. */
#include "base/diag.h"
#include "grad/grad.h"
#include "pass/pass.h"
#include "plan/plan.h"
#include "support/jit_run.h"
#include "support/random_graph.h"
#include <CUnit/Basic.h>

enum { SEQUENCES = 17, MOST_STEPS = 400 };

static void fill(double *x, int64_t count, double scale, uint64_t seed) {
  uint64_t state = seed;
  for (int64_t i = 0; i < count; i++) x[i] = (float)(scale * (2 * draw_uniform(&state) - 1));
}

/* Params, then inputs, in the order in which the graph has them. */
static void try_graph(Graph *g, const int64_t *length, int sequences, int64_t most) {
  Session *s = g->session;
  const double **param = arena_array(s->arena, const double *, g->params.len + 1), **input = arena_array(s->arena, const double *, g->inputs.len + 1);
  for (int i = 0; i < g->params.len; i++) {
    const int64_t n = sizes_count(g->params.at[i].shape);
    double *x = arena_array(s->arena, double, n + 1);
    fill(x, n, 0.1, (uint64_t)i + 1);
    param[i] = x;
  }
  for (int i = 0; i < g->inputs.len; i++) {
    const int64_t n = sizes_count(g->inputs.at[i].shape) * sequences * most;
    double *x = arena_array(s->arena, double, n + 1);
    fill(x, n, 1, (uint64_t)i + 77);
    input[i] = x;
  }
  EvalData data = {.sequences = sequences, .param = param, .input = input};
  data.length[0] = data.whole[0] = length;
  Jit *jit = jit_new(s, NULL);
  CU_ASSERT(jit_agrees(jit, g, &data, true, g->name));
  CU_ASSERT(jit_agrees(jit, g, &data, false, g->name));
  jit_free(jit);
}

/* h[t] = tanh(W h[t-1] + V u[t]), the loss Σ h², its gradients. */
static Graph *net(Session *s, int64_t n) {
  Graph *g = graph_new(s, "large");
  graph_clock(g, "t", 0);
  g->rows = SEQUENCES;
  const GraphAxes axes = GRAPH_SEQUENCE | GRAPH_CLOCK(0);
  const Sizes vector = sizes_of(1, n), matrix = sizes_of(2, n, n);
  const Ref w = graph_param_ref(g, graph_param(g, "W", matrix, true)), v = graph_param_ref(g, graph_param(g, "V", matrix, true));
  const Ref u = graph_input_ref(g, graph_input(g, "u", INPUT_DATA, vector, axes));
  const Ref read = graph_read(g, NO_REF, graph_fill(g, 0.5, vector), 0, -1, vector, axes);
  const Ref sum = graph_binary(g, OP_ADD, graph_contract(g, v, u, "hx", "x", "h", 0), graph_contract(g, w, read, "hx", "x", "h", 0));
  const Ref h = graph_unary(g, OP_TANH, sum);
  graph_set_read(g, read, h);
  graph_output(g, "loss", OUTPUT_LOSS, 0, graph_sum(g, graph_binary(g, OP_MUL, h, h), 1, axes));
  return pass_run_all(s, grad_reverse(s, pass_run_all(s, g, NULL, NULL), NULL), NULL, NULL);
}

static void test_layer(void) {
  static const int64_t uniform[SEQUENCES] = {2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2};
  static const int64_t ragged[SEQUENCES] = {3, 3, 3, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1};
  Session *s = session_new();
  s->verify_each = false;
  Graph *g = net(s, 520);
  CU_ASSERT(plan_make(s, g, "together", false)->together);
  try_graph(g, uniform, SEQUENCES, 2);
  try_graph(g, ragged, SEQUENCES, 3);
  session_free(s);
}

/* Σ over rows and steps of a bᵀ, by itself. */
static void test_gradient_alone(void) {
  static const int64_t length[] = {MOST_STEPS, MOST_STEPS, MOST_STEPS};
  Session *s = session_new();
  s->verify_each = false;
  Graph *g = graph_new(s, "alone");
  graph_clock(g, "t", 0);
  const GraphAxes axes = GRAPH_SEQUENCE | GRAPH_CLOCK(0);
  const Ref a = graph_input_ref(g, graph_input(g, "a", INPUT_DATA, sizes_of(1, 101), axes));
  const Ref b = graph_input_ref(g, graph_input(g, "b", INPUT_DATA, sizes_of(1, 530), axes));
  graph_output(g, "sum", OUTPUT_VALUE, 0, graph_contract(g, a, b, "m", "n", "mn", axes));
  g = pass_run_all(s, g, NULL, NULL);
  const Plan *p = plan_make(s, g, "alone", false);
  CU_ASSERT(p->items.at[p->items.len - 1]->scratch >= 0);
  try_graph(g, length, 3, MOST_STEPS);
  session_free(s);
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("large layers", NULL, NULL);
  CU_add_test(suite, "a layer", test_layer);
  CU_add_test(suite, "a gradient by itself", test_gradient_alone);
  CU_basic_set_mode(CU_BRM_NORMAL);
  CU_basic_run_tests();
  const unsigned failures = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures > 0;
}
