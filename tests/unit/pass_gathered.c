/* links: rnn_graph rnn_front */
/* Σ over connections of weights · delayed as one product: the same numbers, also for delays out of range; and what is left as it is. */
#include "pass/pass.h"
#include <CUnit/Basic.h>
#include <math.h>

enum { T = 6, SEQUENCES = 2, H = 2, X = 3 };

#define HEAD                                                                                                                    \
  "graph \"\"\nclock t 0\nparam 0 \"W\" trained [2 3]\nparam 1 \"D\" fixed [2 3]\ninput 0 \"x\" data [3] on * t\n"                    \
  "%0 = param : [2 3]  # W\n%1 = param index=1 : [2 3]  # D\n%2 = input : [3] on * t  # data x\n%3 = const value=7 : [3]\n"
#define WINDOW(taps) "%4 = window %2 %3 clock=t offset=-1 taps=" #taps " stride=-1 : [" #taps " 3] on * t\n"
#define GATHER "%5 = gather %4 %1 begin=1 : [2 3] on * t\n"
#define OUT(n) "output \"y\" value 0 %" #n "\n"

static double x[SEQUENCES * T * X], w[H * X];
static const double delays[] = {1, 4, 2, 3, 9, -2}; /* two of them out of range: the nearest are meant */

static void evaluate(const Graph *g, double *out) {
  static const int64_t lengths[] = {T, T - 2};
  const double *params[] = {w, delays}, *inputs[] = {x};
  const EvalData data = {.sequences = SEQUENCES, .length = {lengths}, .param = params, .input = inputs};
  graph_eval(g, &data, 0, out);
}

static bool has(const Graph *g, Op op) {
  for (Ref r = 0; r < g->nodes.len; r++)
    if (g->nodes.at[r].op == op) return true;
  return false;
}

/* `becomes`: is it a product afterwards? Either way it gives the same. */
static void check(const char *text, bool becomes) {
  Session *s = session_new();
  Graph *g = graph_parse(s, text);
  CU_ASSERT_PTR_NOT_NULL_FATAL(g);
  Graph *after = pass_dead(s, pass_simplify(s, g));
  graph_verify(after, NULL);
  CU_ASSERT_EQUAL(has(after, OP_CONTRACT), becomes);
  CU_ASSERT_EQUAL(has(after, OP_GATHER), !becomes);
  double a[SEQUENCES * T * H * X] = {0}, b[SEQUENCES * T * H * X] = {0};
  evaluate(g, a), evaluate(after, b);
  for (int i = 0; i < SEQUENCES * T * H * X; i++) CU_ASSERT_DOUBLE_EQUAL(a[i], b[i], 1e-12);
  CU_ASSERT(a[0] != 0);
  session_free(s);
}

static void becomes_a_product(void) {
  check(HEAD WINDOW(4) GATHER "%6 = mul %0 %5 : [2 3] on * t\n%7 = sum %6 dims=2 : [2] on * t\n" OUT(7), true);
  check(HEAD WINDOW(4) GATHER "%6 = mul %5 %0 : [2 3] on * t\n%7 = sum %6 dims=2 : [2] on * t\n" OUT(7), true);
}

static void stays(void) {
  check(HEAD WINDOW(4) GATHER "%6 = mul %0 %5 : [2 3] on * t\n%7 = sum %6 dims=1 : [3] on * t\n" OUT(7), false); /* over those that receive */
  check(HEAD WINDOW(4) GATHER "%6 = mul %0 %5 : [2 3] on * t\n%7 = sum %6 dims=3 : [] on * t\n" OUT(7), false);
  check(HEAD WINDOW(65) GATHER "%6 = mul %0 %5 : [2 3] on * t\n%7 = sum %6 dims=2 : [2] on * t\n" OUT(7), false); /* loads cost less */
  check(HEAD WINDOW(4) GATHER "%6 = mul %5 %5 : [2 3] on * t\n%7 = sum %6 dims=2 : [2] on * t\n" OUT(7), false);  /* no weights */
}

int main(void) {
  for (int i = 0; i < SEQUENCES * T * X; i++) x[i] = sin(1.7 * i + 0.3);
  for (int i = 0; i < H * X; i++) w[i] = cos(2.3 * i);
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("pass_gathered", NULL, NULL);
  CU_add_test(suite, "becomes a product", becomes_a_product);
  CU_add_test(suite, "stays", stays);
  CU_basic_run_tests();
  return CU_get_number_of_failures() ? 1 : 0;
}
