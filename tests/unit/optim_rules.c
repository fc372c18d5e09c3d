/* links: rnn_runtime */
/* optim_rules.c — each optimiser against its equations, worked by hand, in float and double; clipping and schedules. */
#include "runtime/optim/optim.h"
#include "runtime/parameters.h"
#include <CUnit/Basic.h>
#include <math.h>
#include <stdlib.h>

/* One weight of 1 after the given gradients. */
static double after(const char *optimizer, const double *gradient, int updates, double decay, bool is_double) {
  cJSON *value = cJSON_Parse(optimizer);
  Optimizer o;
  RnnError error = {0};
  CU_ASSERT_TRUE_FATAL(optimizer_init(&o, value, 1, is_double, 1, &error));
  o.decay = decay;
  void *w = scalars_new(1, is_double), *g = scalars_new(1, is_double);
  scalar_set(w, 0, is_double, 1);
  for (int i = 0; i < updates; i++) {
    scalar_set(g, 0, is_double, gradient[i]);
    optimizer_update(&o, 1, w, g);
  }
  double result = scalar_get(w, 0, is_double);
  free(w);
  free(g);
  optimizer_free(&o);
  cJSON_Delete(value);
  return result;
}

static const double gradients[] = {0.5, -0.25};

static void check(const char *optimizer, double decay, double wanted) {
  CU_ASSERT_DOUBLE_EQUAL(after(optimizer, gradients, 2, decay, true), wanted, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(after(optimizer, gradients, 2, decay, false), wanted, 1e-6);
}

static void test_sgd(void) {
  check("{\"call\":\"sgd\",\"named\":{\"lr\":0.1}}", 0, 1 - 0.1 * 0.5 + 0.1 * 0.25);
  double v1 = 0.5, v2 = 0.9 * 0.5 - 0.25;
  check("{\"call\":\"sgd\",\"named\":{\"lr\":0.1,\"momentum\":0.9}}", 0, 1 - 0.1 * v1 - 0.1 * v2);
  check("{\"call\":\"sgd\",\"named\":{\"lr\":0.1,\"momentum\":0.9},\"args\":[{\"name\":\"nesterov\"}]}", 0,
        1 - 0.1 * (0.5 + 0.9 * v1) - 0.1 * (-0.25 + 0.9 * v2));
  double first = 1 - 0.1 * (0.5 + 0.2);
  check("{\"call\":\"sgd\",\"args\":[0.1]}", 0.2, first - 0.1 * (-0.25 + 0.2 * first));
}

static void test_adam(void) {
  double m = 0, v = 0, w = 1;
  for (int t = 1; t <= 2; t++) {
    double g = gradients[t - 1];
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    w -= 0.01 * (m / (1 - pow(0.9, t))) / (sqrt(v / (1 - pow(0.999, t))) + 1e-8);
  }
  check("{\"call\":\"adam\",\"named\":{\"lr\":0.01}}", 0, w);
}

static void test_adamw(void) {
  double plain = after("{\"call\":\"adam\",\"args\":[0.01]}", gradients, 1, 0, true);
  double decoupled = after("{\"call\":\"adamw\",\"args\":[0.01],\"named\":{\"decay\":0.1}}", gradients, 1, 0, true);
  CU_ASSERT_DOUBLE_EQUAL(plain - decoupled, 0.01 * 0.1 * 1, 1e-12);
}

static void test_others(void) {
  double s1 = 0.1 * 0.25, s2 = 0.9 * s1 + 0.1 * 0.0625;
  check("{\"call\":\"rmsprop\",\"named\":{\"lr\":0.01}}", 0, 1 - 0.01 * 0.5 / sqrt(s1 + 1e-8) + 0.01 * 0.25 / sqrt(s2 + 1e-8));
  check("{\"call\":\"adagrad\",\"named\":{\"lr\":0.1}}", 0, 1 - 0.1 * 0.5 / (0.5 + 1e-10) + 0.1 * 0.25 / (sqrt(0.3125) + 1e-10));
}

static void test_unknown(void) {
  cJSON *name = cJSON_Parse("{\"call\":\"adan\"}"), *option = cJSON_Parse("{\"call\":\"adam\",\"named\":{\"rate\":1}}");
  Optimizer o;
  RnnError error = {0}, other = {0};
  CU_ASSERT_FALSE(optimizer_init(&o, name, 1, true, 7, &error));
  CU_ASSERT_STRING_EQUAL(error.code, "E0402");
  CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "adam"));
  CU_ASSERT_FALSE(optimizer_init(&o, option, 1, true, 7, &other));
  CU_ASSERT_STRING_EQUAL(other.code, "E0403");
  CU_ASSERT_PTR_NOT_NULL(strstr(other.message, "rate"));
  cJSON_Delete(name);
  cJSON_Delete(option);
}

static void test_clip(void) {
  double g[2] = {3, -4};
  CU_ASSERT_DOUBLE_EQUAL(vector_norm(g, 2, true), 5, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(clip_gradient(&(Clip){.norm = 1}, g, 2, true, 5), 1, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(g[0], 0.6, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(g[1], -0.8, 1e-12);
  double h[2] = {3, -0.5};
  clip_gradient(&(Clip){.value = 1}, h, 2, true, vector_norm(h, 2, true));
  CU_ASSERT_DOUBLE_EQUAL(h[0], 1, 0);
  CU_ASSERT_DOUBLE_EQUAL(h[1], -0.5, 0);
  float nan[1] = {NAN};
  CU_ASSERT_TRUE(isnan(vector_norm(nan, 1, false)));
}

static double factor(const char *clause, int64_t update, int64_t epoch) {
  cJSON *value = cJSON_Parse(clause);
  Schedule s;
  RnnError error = {0};
  CU_ASSERT_TRUE_FATAL(schedule_init(&s, value, &error));
  double f = schedule_factor(&s, update, 100, epoch);
  cJSON_Delete(value);
  return f;
}

static void test_schedules(void) {
  CU_ASSERT_DOUBLE_EQUAL(schedule_factor(&(Schedule){0}, 5, 10, 0), 1, 0);
  CU_ASSERT_DOUBLE_EQUAL(factor("{\"args\":[{\"name\":\"cosine\"}]}", 0, 0), 1, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(factor("{\"args\":[{\"name\":\"cosine\"}]}", 50, 0), 0.5, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(factor("{\"args\":[{\"name\":\"cosine\"}]}", 100, 0), 0, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(factor("{\"args\":[{\"call\":\"step\",\"named\":{\"every\":10,\"factor\":0.5}}]}", 0, 25), 0.25, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(factor("{\"args\":[{\"call\":\"warmup\",\"args\":[10]},{\"name\":\"cosine\"}]}", 4, 0),
                         0.5 * 0.5 * (1 + cos(M_PI * 0.04)), 1e-12);
}

static void test_plateau(void) {
  cJSON *clause = cJSON_Parse("{\"args\":[{\"call\":\"plateau\",\"named\":{\"patience\":2,\"factor\":0.1}}]}");
  Schedule s;
  RnnError error = {0};
  CU_ASSERT_TRUE_FATAL(schedule_init(&s, clause, &error));
  const double losses[] = {1, 0.5, 0.5, 0.6};
  for (int i = 0; i < 3; i++) schedule_epoch(&s, losses[i]);
  CU_ASSERT_DOUBLE_EQUAL(schedule_factor(&s, 0, 1, 3), 1, 1e-12);
  schedule_epoch(&s, losses[3]);
  CU_ASSERT_DOUBLE_EQUAL(schedule_factor(&s, 0, 1, 4), 0.1, 1e-12);
  cJSON_Delete(clause);
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("optim_rules", NULL, NULL);
  CU_add_test(suite, "sgd, momentum, nesterov, decay", test_sgd);
  CU_add_test(suite, "adam", test_adam);
  CU_add_test(suite, "adamw", test_adamw);
  CU_add_test(suite, "rmsprop, adagrad", test_others);
  CU_add_test(suite, "unknown names", test_unknown);
  CU_add_test(suite, "clipping", test_clip);
  CU_add_test(suite, "schedules", test_schedules);
  CU_add_test(suite, "plateau", test_plateau);
  CU_basic_run_tests();
  unsigned failed = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failed > 0;
}
