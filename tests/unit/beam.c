/* links: rnn_runtime */
/* beam.c — beam search on distributions made up from the prefix: width 1 is greedy, a wide one finds what trying everything finds. */
#include "runtime/beam.h"
#include <CUnit/Basic.h>
#include <math.h>
#include <string.h>

enum { SYMBOLS = 4, END = 3, LIMIT = 5, EVERYTHING = 1024 };

/* The chances after a prefix: any function of it that is no pattern. */
static void chances(const double *symbol, int64_t steps, int seed, double *p) {
  double sum = 0;
  uint64_t hash = (uint64_t)seed * 0x9E3779B97F4A7C15u + 1;
  for (int64_t t = 0; t < steps; t++) hash = (hash ^ (uint64_t)symbol[t]) * 0x100000001B3u + (hash >> 31);
  for (int k = 0; k < SYMBOLS; k++) {
    hash = hash * 6364136223846793005u + 1442695040888963407u;
    sum += p[k] = 0.05 + (double)(hash >> 40) / (1 << 24);
  }
  for (int k = 0; k < SYMBOLS; k++) p[k] /= sum;
}

static void search(Beam *b, int64_t width, int seed) {
  static double p[EVERYTHING][SYMBOLS];
  const double *rows[EVERYTHING];
  CU_ASSERT_TRUE_FATAL(beam_init(b, width, LIMIT, SYMBOLS, END));
  while (!beam_finished(b)) {
    for (int64_t h = 0; h < b->count; h++) chances(b->at[h].symbol, b->at[h].steps, seed, p[h]), rows[h] = p[h];
    beam_advance(b, rows);
  }
}

/* The best of all sequences that end, or are as long as the limit. */
static double best_of_all(double *symbol, int64_t steps, double score, int seed) {
  double p[SYMBOLS], best = -INFINITY;
  if (steps == LIMIT || (steps && symbol[steps - 1] == END)) return score;
  chances(symbol, steps, seed, p);
  for (int k = 0; k < SYMBOLS; k++) {
    symbol[steps] = k;
    best = fmax(best, best_of_all(symbol, steps + 1, score + log(p[k]), seed));
  }
  return best;
}

static void test_everything(void) {
  for (int seed = 0; seed < 50; seed++) {
    double symbol[LIMIT];
    Beam b;
    search(&b, EVERYTHING, seed);
    CU_ASSERT_DOUBLE_EQUAL(b.at[0].score, best_of_all(symbol, 0, 0, seed), 1e-12);
    beam_free(&b);
  }
}

static void test_greedy(void) {
  for (int seed = 0; seed < 50; seed++) {
    Beam b;
    search(&b, 1, seed);
    for (int64_t t = 0; t < b.at[0].steps; t++) {
      double p[SYMBOLS];
      int best = 0;
      chances(b.at[0].symbol, t, seed, p);
      for (int k = 1; k < SYMBOLS; k++)
        if (p[k] > p[best]) best = k;
      CU_ASSERT_EQUAL(b.at[0].symbol[t], best);
    }
    CU_ASSERT(b.at[0].ended || b.at[0].steps == LIMIT);
    beam_free(&b);
  }
}

/* Not greedy: the likelier first symbol leads to unlikelier sequences. */
static void test_looks_ahead(void) {
  const double first[] = {0.6, 0.4, 0, 0}, flat[] = {0.25, 0.25, 0.25, 0.25}, sure[] = {0, 0, 0, 1};
  Beam b;
  CU_ASSERT_TRUE_FATAL(beam_init(&b, 2, LIMIT, SYMBOLS, END));
  beam_advance(&b, (const double *const[]){first});
  CU_ASSERT_EQUAL(b.at[0].symbol[0], 0);
  beam_advance(&b, (const double *const[]){flat, sure});
  CU_ASSERT_EQUAL(b.at[0].symbol[0], 1);
  CU_ASSERT_EQUAL(b.at[0].parent, 1);
  CU_ASSERT_TRUE(beam_finished(&b));
  CU_ASSERT_DOUBLE_EQUAL(b.at[0].score, log(0.4), 1e-12);
  beam_free(&b);
}

int main(void) {
  CU_TestInfo tests[] = {{"everything", test_everything}, {"greedy", test_greedy}, {"looks ahead", test_looks_ahead}, CU_TEST_INFO_NULL};
  CU_SuiteInfo suites[] = {{"beam", NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};
  if (CU_initialize_registry() || CU_register_suites(suites)) return 1;
  CU_basic_set_mode(CU_BRM_VERBOSE);
  CU_basic_run_tests();
  int failures = (int)CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures != 0;
}
