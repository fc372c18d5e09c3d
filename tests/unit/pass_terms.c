/* links: test_support rnn_graph rnn_front */
/* However a sum is written, its products stand together; what others look at, or lives on fewer axes, stays as it is. */
#include "pass/pass.h"
#include "support/compare.h"
#include <CUnit/Basic.h>
#include <stdlib.h>

enum { T = 5, SEQUENCES = 2, H = 2, X = 3 };

/* h = tanh(sum) with %5 = W x, %6 = U h[t-1] and %2 = b; the sum is %n */
#define HEAD                                                                                                                     \
  "graph \"\"\nclock t 0\nparam 0 \"W\" trained [2 3]\nparam 1 \"U\" trained [2 2]\nparam 2 \"b\" trained [2]\ninput 0 \"x\" data [3] on * t\n" \
  "%0 = param : [2 3]  # W\n%1 = param index=1 : [2 2]  # U\n%2 = param index=2 : [2]  # b\n%3 = input : [3] on * t  # data x\n"          \
  "%4 = const : [2]\n%5 = contract %0 %3 letters=ab,b,a : [2] on * t\n"
#define LOOP(h) "%6 = read " #h " %4 clock=t offset=-1 : [2] on * t\n%7 = contract %1 %6 letters=ab,b,a : [2] on * t\n"

static Graph *parsed(Session *s, const char *text) {
  Graph *g = graph_parse(s, text);
  CU_ASSERT_PTR_NOT_NULL_FATAL(g);
  return g;
}

static void same_values(const Graph *a, const Graph *b) {
  static const int64_t lengths[] = {T, T - 2};
  double w[H * X], u[H * H], bias[H], x[SEQUENCES * T * X], out[2][SEQUENCES * T * H] = {{0}};
  for (int i = 0; i < H * X; i++) w[i] = sin(i);
  for (int i = 0; i < H * H; i++) u[i] = cos(i);
  for (int i = 0; i < H; i++) bias[i] = 0.1 * i - 0.3;
  for (int i = 0; i < SEQUENCES * T * X; i++) x[i] = sin(3 * i);
  const double *params[] = {w, u, bias}, *inputs[] = {x};
  const EvalData data = {.sequences = SEQUENCES, .length = {lengths}, .param = params, .input = inputs};
  graph_eval(a, &data, 0, out[0]);
  graph_eval(b, &data, 0, out[1]);
  for (int i = 0; i < SEQUENCES * T * H; i++) CU_ASSERT_DOUBLE_EQUAL(out[0][i], out[1][i], 1e-12);
  CU_ASSERT(out[0][0] != 0);
}

/* After the pass both are one text; `changes`: and the first was not what it became. */
static void becomes(const char *written, const char *wanted, bool changes) {
  Session *s = session_new();
  Graph *from = parsed(s, written), *after = pass_terms(s, from);
  graph_verify(after, NULL);
  char *got = graph_printed(after), *expected = graph_printed(parsed(s, wanted)), *before = graph_printed(from);
  CU_ASSERT_STRING_EQUAL(got, expected);
  CU_ASSERT_EQUAL(strcmp(got, before) != 0, changes);
  same_values(from, after);
  free(got), free(expected), free(before);
  session_free(s);
}

#define SUM_FIRST "%8 = add %5 %7 : [2] on * t\n%9 = add %8 %2 : [2] on * t\n%10 = tanh %9 : [2] on * t\noutput \"y\" value 0 %10\n"

static void stand_together(void) {
  const char *wanted = HEAD LOOP(%10) SUM_FIRST;
  becomes(wanted, wanted, false);
  becomes(HEAD LOOP(%10) "%8 = add %2 %5 : [2] on * t\n%9 = add %8 %7 : [2] on * t\n%10 = tanh %9 : [2] on * t\noutput \"y\" value 0 %10\n", wanted, true);
  becomes(HEAD LOOP(%10) "%8 = add %5 %2 : [2] on * t\n%9 = add %8 %7 : [2] on * t\n%10 = tanh %9 : [2] on * t\noutput \"y\" value 0 %10\n", wanted, true);
  becomes(HEAD LOOP(%10) "%8 = add %2 %7 : [2] on * t\n%9 = add %5 %8 : [2] on * t\n%10 = tanh %9 : [2] on * t\noutput \"y\" value 0 %10\n", wanted, true);
}

/* W x + W x² stays outside of the loop, U h in it, whichever comes first. */
static void loops_apart(void) {
  becomes(HEAD LOOP(%14) "%8 = mul %3 %3 : [3] on * t\n%9 = contract %0 %8 letters=ab,b,a : [2] on * t\n%10 = add %5 %7 : [2] on * t\n"
          "%11 = add %10 %2 : [2] on * t\n%12 = add %11 %9 : [2] on * t\n%13 = neg %12 : [2] on * t\n%14 = tanh %13 : [2] on * t\n"
          "output \"y\" value 0 %14\n",
          HEAD LOOP(%14) "%8 = mul %3 %3 : [3] on * t\n%9 = contract %0 %8 letters=ab,b,a : [2] on * t\n%10 = add %5 %9 : [2] on * t\n"
          "%11 = add %10 %7 : [2] on * t\n%12 = add %11 %2 : [2] on * t\n%13 = neg %12 : [2] on * t\n%14 = tanh %13 : [2] on * t\n"
          "output \"y\" value 0 %14\n",
          true);
}

static void stays(void) {
  /* b + W x is an output too */
  const char *looked_at = HEAD LOOP(%10) "%8 = add %2 %5 : [2] on * t\n%9 = add %8 %7 : [2] on * t\n%10 = tanh %9 : [2] on * t\n"
                          "output \"y\" value 0 %10\noutput \"a\" value 0 %8\n";
  becomes(looked_at, looked_at, false);
  /* one product */
  const char *one = HEAD LOOP(%10) "%8 = add %2 %6 : [2] on * t\n%9 = add %8 %7 : [2] on * t\n%10 = tanh %9 : [2] on * t\noutput \"y\" value 0 %10\n";
  Session *s = session_new();
  Graph *g = parsed(s, one);
  char *before = graph_printed(pass_dead(s, g)), *after = graph_printed(pass_terms(s, g));
  CU_ASSERT_STRING_EQUAL(before, after);
  free(before), free(after);
  session_free(s);
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("pass/terms", NULL, NULL);
  CU_add_test(suite, "products stand together", stand_together);
  CU_add_test(suite, "those of a loop, and those outside of it", loops_apart);
  CU_add_test(suite, "what stays", stays);
  CU_basic_run_tests();
  const int failures = (int)CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures > 0;
}
