/* links: rnn_runtime */
/* metrics.c — every metric on numbers small enough to work out by hand. */
#include "runtime/metrics.h"
#include <CUnit/Basic.h>
#include <math.h>
#include <stdlib.h>

/* Two sequences: y = [1 2 3], [4]; d = [1 4 9], [2]; the first step of the first does not count. */
static double first_y[] = {1, 2, 3}, second_y[] = {4}, d0[] = {100, 4, 1}, d1[] = {2};
static uint8_t c0[] = {0, 1, 1}, c1[] = {1};
static double *ys[] = {first_y, second_y}, *ds[] = {d0, d1};
static uint8_t *counted[] = {c0, c1};
static int64_t steps[] = {3, 1};
static const Series series[] = {{.name = "r0", .elements = 1, .stepped = true, .count = 2, .steps = steps, .value = ys, .counted = counted},
                                {.name = "r1", .elements = 1, .stepped = true, .count = 2, .steps = steps, .value = ds, .counted = counted}};

static double value(const char *text) {
  cJSON *json = cJSON_Parse(text);
  RnnError error = {0};
  double out = NAN;
  CU_ASSERT_TRUE(metric_value(json, series, 2, 1, &out, &error));
  cJSON_Delete(json);
  return out;
}

#define PAIR(name) "{\"call\":\"" name "\",\"args\":[{\"output\":\"r0\"},{\"output\":\"r1\"}]}"
#define ONE(name) "{\"call\":\"" name "\",\"args\":[{\"output\":\"r0\"}]}"

static void test_single(void) {
  CU_ASSERT_DOUBLE_EQUAL(value(ONE("mean")), 3, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(value(ONE("sum")), 9, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(value(ONE("min")), 2, 0);
  CU_ASSERT_DOUBLE_EQUAL(value(ONE("max")), 4, 0);
  CU_ASSERT_DOUBLE_EQUAL(value(ONE("fraction")), 1, 0);
  CU_ASSERT_DOUBLE_EQUAL(value(ONE("variance")), 2.0 / 3, 1e-12);
}

/* errors −2, 2, 2; counted d: 4 1 2, mean 7/3, variance 14/9 */
static void test_pairs(void) {
  CU_ASSERT_DOUBLE_EQUAL(value(PAIR("mse")), 4, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(value(PAIR("rmse")), 2, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(value(PAIR("mae")), 2, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(value(PAIR("nmse")), 4 / (14.0 / 9), 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(value(PAIR("nrmse")), sqrt(4 / (14.0 / 9)), 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(value(PAIR("arv")), 4 / (14.0 / 9), 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(value(PAIR("exact")), 0, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(value("{\"call\":\"arv\",\"args\":[{\"output\":\"r0\"},{\"output\":\"r1\"}],\"named\":{\"variance\":8}}"), 0.5, 1e-12);
}

/* At step 0: y = 1, 4; d = 100, 2 (the washout does not matter for a step that is named). */
static void test_at(void) {
  const char *at = "{\"call\":\"%s\",\"args\":[{\"output\":\"r0\"},{\"output\":\"r1\"}],\"named\":{\"step\":0}}";
  char text[256];
  snprintf(text, sizeof text, at, "rmse_at");
  CU_ASSERT_DOUBLE_EQUAL(value(text), sqrt((99.0 * 99 + 4) / 2), 1e-9);
  snprintf(text, sizeof text, at, "nrmse_at");
  CU_ASSERT_DOUBLE_EQUAL(value(text), sqrt((99.0 * 99 + 4) / 2 / (49.0 * 49)), 1e-9);
}

static void test_expressions(void) {
  CU_ASSERT_DOUBLE_EQUAL(value("{\"op\":\"<=\",\"left\":" PAIR("rmse") ",\"right\":2}"), 1, 0);
  CU_ASSERT_DOUBLE_EQUAL(value("{\"op\":\"<\",\"left\":" PAIR("rmse") ",\"right\":{\"op\":\"/\",\"left\":4,\"right\":2}}"), 0, 0);
  CU_ASSERT_DOUBLE_EQUAL(value("{\"op\":\"and\",\"left\":1,\"right\":{\"op\":\"not\",\"left\":0}}"), 1, 0);
}

static void test_wrong(void) {
  cJSON *unknown = cJSON_Parse(PAIR("rsme")), *few = cJSON_Parse(ONE("mse"));
  RnnError error = {0}, other = {0};
  double out;
  CU_ASSERT_FALSE(metric_value(unknown, series, 2, 5, &out, &error));
  CU_ASSERT_STRING_EQUAL(error.code, "E0410");
  CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "rmse"));
  CU_ASSERT_FALSE(metric_value(few, series, 2, 5, &out, &other));
  CU_ASSERT_STRING_EQUAL(other.code, "E0404");
  cJSON_Delete(unknown);
  cJSON_Delete(few);
}

/* A reservoir that is a delay line of 3 holds its input's last three values and nothing else. */
static void test_memory_capacity(void) {
  enum { STEPS = 2000 };
  double *u = calloc(STEPS, sizeof *u), *x = calloc(3 * STEPS, sizeof *x);
  uint64_t bits = 12345;
  for (int t = 0; t < STEPS; t++) {
    bits = bits * 6364136223846793005u + 1442695040888963407u;
    u[t] = (double)(bits >> 40) / (1 << 24) - 0.5;
    for (int k = 1; k <= 3 && k <= t; k++) x[3 * t + k - 1] = u[t - k];
  }
  int64_t length[] = {STEPS};
  Series pair[] = {{.name = "r0", .elements = 3, .stepped = true, .count = 1, .steps = length, .value = &x},
                   {.name = "r1", .elements = 1, .stepped = true, .count = 1, .steps = length, .value = &u}};
  cJSON *json = cJSON_Parse("{\"call\":\"memory_capacity\",\"args\":[{\"output\":\"r0\"},{\"output\":\"r1\"}],\"named\":{\"delays\":10}}");
  RnnError error = {0};
  double out = 0;
  CU_ASSERT_TRUE(metric_value(json, pair, 2, 1, &out, &error));
  CU_ASSERT_DOUBLE_EQUAL(out, 3, 0.05);
  cJSON_Delete(json);
  free(u);
  free(x);
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("metrics", NULL, NULL);
  CU_add_test(suite, "of one series", test_single);
  CU_add_test(suite, "of two", test_pairs);
  CU_add_test(suite, "at a step", test_at);
  CU_add_test(suite, "expressions", test_expressions);
  CU_add_test(suite, "wrong ones", test_wrong);
  CU_add_test(suite, "memory capacity", test_memory_capacity);
  CU_basic_run_tests();
  unsigned failed = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failed > 0;
}
