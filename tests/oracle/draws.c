/* links: test_support rnn_driver */
/* Draws: compiled code and the interpreter make the same ones, for noise, dropout and samples; another seed or update makes others. */
#include "support/model_run.h"
#include <CUnit/Basic.h>
#include <math.h>
#include <stdlib.h>

enum { SEQUENCES = 3 };
static const int64_t lengths[SEQUENCES] = {9, 6, 2};

static const char noisy[] = "dim H = 5, V = 4\n"
                            "net n {\n"
                            "  input  x: [H]\n"
                            "  output w: index(V) = 0\n"
                            "  state  h: [H] = 0\n"
                            "  param  O: [V, H] ~ glorot\n"
                            "  param  E: [H, V] ~ glorot\n"
                            "  h = dropout(tanh(x + E @ w[t-1] + noise(0.3, [H]) + noise(0.1)), 0.4) + 0.5 * h[t-1]\n"
                            "  p = softmax(O @ h)\n"
                            "  w = sample(p)\n"
                            "}\n"
                            "train n {\n"
                            "  data sine(length = 10)\n"
                            "  loss mean(h ^ 2) + mean(norm(p))\n"
                            "}\n";

typedef struct Trial {
  Session *session;
  Graph *graph;
  ModelData data;
} Trial;

/* The loss, in which all draws take part, or every named value, in which only samples do. */
static Trial trial_new(bool loss, uint64_t update) {
  Trial t = {.session = session_new()};
  Model *m = model_of_text(t.session, noisy);
  CU_ASSERT_PTR_NOT_NULL_FATAL(m);
  t.graph = model_passes(m, loss ? model_loss_graph(m, NULL) : model_step_graph(m));
  t.data = model_data(t.session, t.graph, SEQUENCES, lengths);
  t.data.eval.update = update;
  static const char *const params[] = {"n.O", "n.E"};
  for (int i = 0; i < 2; i++) {
    int64_t n;
    double *p = data_param(&t.data, params[i], &n);
    for (int64_t k = 0; k < n; k++) p[k] = sin((double)(3 * k + i));
  }
  int64_t n;
  double *x = data_input(&t.data, "x", &n);
  for (int64_t k = 0; k < n; k++) x[k] = cos((double)k);
  return t;
}

static double *interpreted(const Trial *t, int output, int64_t *count) {
  *count = graph_eval_count(t->graph, &t->data.eval, t->graph->outputs.at[output].value);
  double *out = arena_array(t->session->arena, double, *count + 1);
  graph_eval(t->graph, &t->data.eval, output, out);
  return out;
}

static void compare(bool loss) {
  Trial t = trial_new(loss, 7);
  ModelCall call = model_call(t.session, t.graph, &t.data, true);
  for (int o = 0; o < t.graph->outputs.len; o++) {
    int64_t n, same;
    const double *expected = interpreted(&t, o, &n), *got = call_output(&call, t.graph->outputs.at[o].name, &same);
    CU_ASSERT_EQUAL_FATAL(n, same);
    for (int64_t i = 0; i < n; i++) CU_ASSERT_DOUBLE_EQUAL(got[i], expected[i], 1e-12);
  }
  model_call_free(&call);
  session_free(t.session);
}

static void test_loss(void) { compare(true); }
static void test_samples(void) { compare(false); }

static double loss_at(uint64_t update) {
  Trial t = trial_new(true, update);
  int64_t n;
  double loss = *interpreted(&t, 0, &n);
  session_free(t.session);
  return loss;
}

static void test_keys(void) {
  CU_ASSERT_EQUAL(loss_at(1), loss_at(1));
  CU_ASSERT_NOT_EQUAL(loss_at(1), loss_at(2));
}

int main(void) {
  CU_TestInfo tests[] = {{"noise, dropout, samples in a loss", test_loss}, {"samples", test_samples}, {"keys", test_keys}, CU_TEST_INFO_NULL};
  CU_SuiteInfo suites[] = {{"draws", NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};
  if (CU_initialize_registry() || CU_register_suites(suites)) return 1;
  CU_basic_set_mode(CU_BRM_VERBOSE);
  CU_basic_run_tests();
  int failures = (int)CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures != 0;
}
