/* links: rnn_runtime */
/* train_linear_fit.c — ridge regression: exact where it can be, right with λ, and sound where columns are nearly the same. */
#include "runtime/train/linear_fit.h"
#include <CUnit/Basic.h>
#include <math.h>
#include <stdlib.h>

static uint64_t state = 1;

static double draw(void) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (double)(state >> 40) / (1 << 24) - 0.5;
}

/* `promised` rows decide how it is stored; far more than are added: the Gram form. */
static void fill(LinearFit *f, int64_t promised, int64_t rows, int64_t n, double lambda, double alike) {
  CU_ASSERT_TRUE_FATAL(linear_fit_init(f, promised, n, 2, lambda));
  for (int64_t t = 0; t < rows; t++) {
    double common = draw(), *x = linear_fit_features(f), *y = linear_fit_targets(f);
    y[0] = y[1] = 0;
    for (int64_t i = 0; i < n; i++) {
      x[i] = common * alike + draw() * (1 - alike);
      y[0] += x[i] * (double)(i + 1);
      y[1] -= x[i];
    }
    linear_fit_added(f);
  }
}

static void check_exact(int64_t promised) {
  LinearFit f;
  double w[10];
  fill(&f, promised, 700, 5, 0, 0);
  CU_ASSERT_TRUE_FATAL(linear_fit_solve(&f, w));
  for (int i = 0; i < 5; i++) CU_ASSERT_DOUBLE_EQUAL(w[i], i + 1, 1e-9);
  for (int i = 0; i < 5; i++) CU_ASSERT_DOUBLE_EQUAL(w[5 + i], -1, 1e-9);
  CU_ASSERT_DOUBLE_EQUAL(linear_fit_error(&f, w), 0, 1e-10);
  linear_fit_free(&f);
}

static void test_rows(void) { check_exact(700); }
static void test_gram(void) { check_exact(100000000); }

/* One feature: w = Σ x y / (Σ x² + λ). */
static void check_lambda(int64_t promised) {
  LinearFit f;
  double w[2];
  CU_ASSERT_TRUE_FATAL(linear_fit_init(&f, promised, 1, 1, 3));
  for (int t = 1; t <= 3; t++) {
    *linear_fit_features(&f) = t;
    *linear_fit_targets(&f) = 2 * t;
    linear_fit_added(&f);
  }
  CU_ASSERT_TRUE_FATAL(linear_fit_solve(&f, w));
  CU_ASSERT_DOUBLE_EQUAL(w[0], 28.0 / 17, 1e-12);
  linear_fit_free(&f);
}

static void test_lambda(void) {
  check_lambda(3);
  check_lambda(100000000);
}

/* Columns that differ by 1e-7: their Gram matrix is singular in double, the rows are not. */
static void test_nearly_the_same(void) {
  LinearFit f;
  double w[40];
  fill(&f, 400, 400, 20, 1e-14, 1 - 1e-7);
  CU_ASSERT_TRUE_FATAL(linear_fit_solve(&f, w));
  CU_ASSERT_TRUE(linear_fit_error(&f, w) < 1e-14);
  linear_fit_free(&f);
}

static void test_more_features_than_rows(void) {
  LinearFit f;
  double w[40];
  fill(&f, 10, 10, 20, 0, 0);
  CU_ASSERT_TRUE_FATAL(linear_fit_solve(&f, w));
  CU_ASSERT_TRUE(linear_fit_error(&f, w) < 1e-12);
  linear_fit_free(&f);
  fill(&f, 1000000000, 10, 20, 0, 0); /* a Gram matrix that is not definite */
  CU_ASSERT_TRUE_FATAL(linear_fit_solve(&f, w));
  CU_ASSERT_TRUE(linear_fit_error(&f, w) < 1e-6);
  linear_fit_free(&f);
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("train_linear_fit", NULL, NULL);
  CU_add_test(suite, "kept rows", test_rows);
  CU_add_test(suite, "Gram matrix", test_gram);
  CU_add_test(suite, "lambda", test_lambda);
  CU_add_test(suite, "columns nearly the same", test_nearly_the_same);
  CU_add_test(suite, "more features than rows", test_more_features_than_rows);
  CU_basic_run_tests();
  unsigned failed = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failed > 0;
}
