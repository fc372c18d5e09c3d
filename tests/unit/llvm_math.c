/* links: test_support rnn_driver */
/* The emitted mathematics against the C library in more digits: errors in units in the last place over dense samples of all
 * magnitudes, and the special values. */
#include "base/diag.h"
#include "support/compare.h"
#include "support/jit_run.h"
#include <CUnit/Basic.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 200000 };

typedef struct Function {
  Op op;
  const char *name;
  long double (*truth)(long double);
  double low, high;          /* where finite, ordinary results are expected */
  double single, twice;      /* most units in the last place, single and double */
} Function;

static long double sigmoid_truth(long double x) { return 1 / (1 + expl(-x)); }
static long double softplus_truth(long double x) { return x > 0 ? x + log1pl(expl(-x)) : log1pl(expl(x)); }

static const Function functions[] = {
    {OP_EXP, "exp", expl, -87, 88, 2, 2},
    {OP_LOG, "log", logl, 1e-37, 1e38, 2, 2},
    {OP_TANH, "tanh", tanhl, -12, 12, 4, 4},
    {OP_SIGMOID, "sigmoid", sigmoid_truth, -80, 80, 4, 4},
    {OP_SOFTPLUS, "softplus", softplus_truth, -80, 80, 4, 4},
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

/* One unit in the last place of a result of that size. */
static long double last_place(long double y, bool is_double) {
  double smallest = is_double ? 0x1p-1074 : 0x1p-149;
  if (y == 0) return smallest;
  long double unit = ldexpl(1, ilogbl(y) - (is_double ? 52 : 23));
  return unit < smallest ? smallest : unit;
}

typedef struct Program {
  Session *session;
  Jit *jit;
  JitRun run;
} Program;

static Program program_of(Op op, bool is_double) {
  Program p = {.session = session_new()};
  Graph *g = graph_new(p.session, "math");
  int x = graph_input(g, "x", INPUT_DATA, sizes_of(1, (int64_t)COUNT), 0);
  graph_output(g, "y", OUTPUT_VALUE, 0, graph_unary(g, op, graph_input_ref(g, x)));
  p.jit = jit_new(p.session, NULL);
  p.run = jit_run_new(p.jit, g, "math", is_double);
  return p;
}

static void program_free(Program *p) {
  jit_run_free(&p->run);
  jit_free(p->jit);
  session_free(p->session);
}

static void apply(Program *p, const double *x, double *y) {
  const double *inputs[] = {x};
  EvalData data = {.sequences = 1, .input = inputs};
  jit_run_call(&p->run, &data);
  jit_run_output(&p->run, &data, 0, y);
}

/* Half the points even over the range, half over its magnitudes, signs alternating where the range has both. */
static void sample(const Function *f, double *x, bool is_double) {
  double least = f->low > 0 ? f->low : 1e-30;
  for (int i = 0; i < COUNT; i++) {
    double u = (i / 2 + 0.5) / (COUNT / 2);
    if (i % 2) x[i] = f->low + u * (f->high - f->low);
    else {
      x[i] = least * pow(f->high / least, u);
      if (f->low < 0 && i % 4) x[i] = -x[i];
      if (x[i] < f->low) x[i] = f->low;
    }
    if (!is_double) x[i] = (float)x[i];
  }
}

static double worst_error(const Function *f, bool is_double) {
  Program p = program_of(f->op, is_double);
  double *x = malloc(sizeof *x * COUNT), *y = malloc(sizeof *y * COUNT), worst = 0;
  sample(f, x, is_double);
  apply(&p, x, y);
  for (int i = 0; i < COUNT; i++) {
    long double truth = f->truth(x[i]);
    double error = (double)(fabsl(y[i] - truth) / last_place(truth, is_double));
    worst = worse(worst, error);
  }
  free(x);
  free(y);
  program_free(&p);
  return worst;
}

static void test_last_places(void) {
  for (int i = 0; i < FUNCTIONS; i++) {
    double single = worst_error(&functions[i], false), twice = worst_error(&functions[i], true);
    printf("\n    %-9s %.2f ulp single, %.2f ulp double", functions[i].name, single, twice);
    CU_ASSERT(single <= functions[i].single);
    CU_ASSERT(twice <= functions[i].twice);
  }
  printf(" ... ");
}

static bool same(double a, double b) { return (isnan(a) && isnan(b)) || (a == b && signbit(a) == signbit(b)); }

static void test_special_values(void) {
  static const double at[] = {0.0, -0.0, INFINITY, -INFINITY, NAN};
  static const struct {
    Op op;
    double y[5];
  } rows[] = {
      {OP_EXP, {1, 1, INFINITY, 0, NAN}},          {OP_LOG, {-INFINITY, -INFINITY, INFINITY, NAN, NAN}},
      {OP_TANH, {0.0, -0.0, 1, -1, NAN}},          {OP_SIGMOID, {0.5, 0.5, 1, 0, NAN}},
      {OP_SOFTPLUS, {0.69314718055994531, 0.69314718055994531, INFINITY, 0, NAN}},
  };
  for (int is_double = 0; is_double < 2; is_double++)
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
      Program p = program_of(rows[r].op, is_double);
      double *x = calloc(COUNT, sizeof *x), *y = calloc(COUNT, sizeof *y);
      memcpy(x, at, sizeof at);
      apply(&p, x, y);
      for (int i = 0; i < 5; i++) {
        bool fine = rows[r].op == OP_SOFTPLUS && i < 2 ? fabs(y[i] - rows[r].y[i]) < 1e-7 : same(y[i], rows[r].y[i]);
        if (!fine) fprintf(stderr, "%s(%g) = %g\n", op_text(rows[r].op), at[i], y[i]);
        CU_ASSERT(fine);
      }
      free(x);
      free(y);
      program_free(&p);
    }
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("emitted mathematics", NULL, NULL);
  CU_add_test(suite, "errors in the last place", test_last_places);
  CU_add_test(suite, "special values", test_special_values);
  CU_basic_run_tests();
  int failures = (int)CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures != 0;
}
