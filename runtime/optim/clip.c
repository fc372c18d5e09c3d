/* clip.c — limiting the gradient. */
#include "runtime/optim/optim.h"
#include "runtime/clause.h"
#include <math.h>
#include <string.h>

/* Four sums, so that the compiler may keep them apart; always added in the same order. */
#define SUM_OF_SQUARES(name, Scalar)                             \
  static double name(const Scalar *x, int64_t n) {               \
    double sum[4] = {0};                                         \
    for (int64_t i = 0; i < n; i++) sum[i & 3] += (double)x[i] * (double)x[i]; \
    return sum[0] + sum[1] + (sum[2] + sum[3]);                  \
  }
SUM_OF_SQUARES(squares_f32, float)
SUM_OF_SQUARES(squares_f64, double)

double vector_norm(const void *x, int64_t n, bool is_double) {
  return sqrt(is_double ? squares_f64(x, n) : squares_f32(x, n));
}

#define LIMIT_AND_SCALE(name, Scalar)                                                   \
  static void name(Scalar *x, int64_t n, double limit, double scale) {                  \
    const Scalar high = (Scalar)limit, by = (Scalar)scale;                              \
    for (int64_t i = 0; i < n; i++) x[i] = (x[i] > high ? high : x[i] < -high ? -high : x[i]) * by; \
  }
LIMIT_AND_SCALE(limit_f32, float)
LIMIT_AND_SCALE(limit_f64, double)

static void limit(void *x, int64_t n, bool is_double, double value, double scale) {
  if (is_double)
    limit_f64(x, n, value, scale);
  else
    limit_f32(x, n, value, scale);
}

bool clip_init(Clip *c, const cJSON *stage, RnnError *error) {
  *c = (Clip){0};
  for (const cJSON *clause = NULL; (clause = clause_after(stage, "clip", clause));) {
    const cJSON *value;
    for (int i = 0; (value = value_arg(clause, i)); i++) {
      const char *name = value_called(value);
      const cJSON *amount = value_arg(value, 0);
      double *place = name && !strcmp(name, "norm") ? &c->norm : name && !strcmp(name, "value") ? &c->value : NULL;
      if (!place || !cJSON_IsNumber(amount) || amount->valuedouble <= 0)
        return rnn_fail_at(error, clause_line(clause), "E0404", "`clip` takes norm(…) or value(…) with a number above 0");
      *place = amount->valuedouble;
    }
  }
  return true;
}

double clip_gradient(const Clip *c, void *gradient, int64_t n, bool is_double, double norm) {
  if (c->value > 0) {
    limit(gradient, n, is_double, c->value, 1);
    norm = vector_norm(gradient, n, is_double);
  }
  if (c->norm <= 0 || norm <= c->norm) return norm;
  limit(gradient, n, is_double, INFINITY, c->norm / norm);
  return c->norm;
}
