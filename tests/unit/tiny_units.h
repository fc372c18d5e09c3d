/* tiny_units.h — units written by hand in C, as the compiler would emit them, and a manifest around them. For tests of the runtime.
 *
 * linear: y = w·x + b of a sequence's step; outputs loss (mse) and gradients. Buffers: 0 w [2], 1 b [1], 2 x [2], 3 data.y [1],
 * 4 weight, 5 norm, 6 loss, 7 grad w, 8 grad b, 9 the error (a temp named "plant.e"). Double. */
#ifndef TINY_UNITS_H
#define TINY_UNITS_H
#include "runtime/runtime.h"
#include <string.h>

static void linear_unit(const RnnArgs *a) {
  const double *w = a->buffer[0], *b = a->buffer[1], *x = a->buffer[2], *y = a->buffer[3], *weight = a->buffer[4];
  const double norm = *(const double *)a->buffer[5];
  double *loss = a->buffer[6], *grad_w = a->buffer[7], *grad_b = a->buffer[8], *e = a->buffer[9];
  *loss = grad_w[0] = grad_w[1] = *grad_b = 0;
  for (int64_t t = 0; t < a->clock[0].steps; t++)
    for (int64_t r = 0; r < a->clock[0].active[t]; r++) {
      int64_t i = t * a->rows + r;
      e[i] = w[0] * x[2 * i] + w[1] * x[2 * i + 1] + b[0] - y[i];
      *loss += weight[i] * norm * e[i] * e[i];
      for (int k = 0; k < 2; k++) grad_w[k] += 2 * weight[i] * norm * e[i] * x[2 * i + k];
      *grad_b += 2 * weight[i] * norm * e[i];
    }
}

/* r0 = y and r1 = data.y for a run: buffers 0 w, 1 b, 2 x, 3 data.y, 4 r0, 5 r1. */
static void linear_run(const RnnArgs *a) {
  const double *w = a->buffer[0], *b = a->buffer[1], *x = a->buffer[2], *d = a->buffer[3];
  double *y = a->buffer[4], *copy = a->buffer[5];
  for (int64_t t = 0; t < a->clock[0].steps; t++)
    for (int64_t r = 0; r < a->clock[0].active[t]; r++) {
      int64_t i = t * a->rows + r;
      y[i] = w[0] * x[2 * i] + w[1] * x[2 * i + 1] + b[0];
      copy[i] = d[i];
    }
}

/* The linear system of y = w·x + b: buffers 0 w, 1 b, 2 x, 3 data.y, 4 target, 5 feature of w, 6 feature of b. */
static void linear_ridge(const RnnArgs *a) {
  int64_t n = a->clock[0].steps * a->rows;
  memcpy(a->buffer[4], a->buffer[3], (size_t)n * sizeof(double));
  memcpy(a->buffer[5], a->buffer[2], (size_t)(2 * n) * sizeof(double));
  *(double *)a->buffer[6] = 1;
}

#define TINY_PARAM(i) "{\"kind\":\"param\",\"index\":" #i ",\"elements\":1,\"axes\":0}"
#define TINY_INPUT(i, n, axes) "{\"kind\":\"input\",\"index\":" #i ",\"elements\":" #n ",\"axes\":" #axes "}"
#define TINY_OUTPUT(i, n, axes) "{\"kind\":\"output\",\"index\":" #i ",\"elements\":" #n ",\"axes\":" #axes "}"

#define TINY_LINEAR_UNIT                                                                                                       \
  "{\"name\":\"train_plant\",\"symbol\":\"linear\",\"scalar\":\"f64\",\"inputs\":["                                            \
  "{\"name\":\"x\",\"role\":\"data\",\"shape\":[2],\"axes\":3},{\"name\":\"data.y\",\"role\":\"data\",\"shape\":[],\"axes\":3},"   \
  "{\"name\":\"steps\",\"role\":\"weight\",\"shape\":[],\"axes\":3},{\"name\":\"steps\",\"role\":\"norm\",\"shape\":[],\"axes\":0}]," \
  "\"outputs\":[{\"name\":\"loss\",\"role\":\"loss\",\"shape\":[],\"axes\":0},"                                                 \
  "{\"name\":\"grad.plant.w\",\"role\":\"grad\",\"param\":0,\"shape\":[2],\"axes\":0},"                                         \
  "{\"name\":\"grad.plant.b\",\"role\":\"grad\",\"param\":1,\"shape\":[],\"axes\":0}],"                                         \
  "\"buffers\":[" TINY_PARAM(0) "," TINY_PARAM(1) "," TINY_INPUT(0, 2, 3) "," TINY_INPUT(1, 1, 3) "," TINY_INPUT(2, 1, 3) ","    \
  TINY_INPUT(3, 1, 0) "," TINY_OUTPUT(0, 1, 0) "," TINY_OUTPUT(1, 2, 0) "," TINY_OUTPUT(2, 1, 0)                                 \
  ",{\"kind\":\"temp\",\"elements\":1,\"axes\":3,\"name\":\"plant.e\",\"line\":7}]}"

#define TINY_INPUTS                                                                                                            \
  "\"inputs\":[{\"name\":\"x\",\"role\":\"data\",\"shape\":[2],\"axes\":3},{\"name\":\"data.y\",\"role\":\"data\",\"shape\":[],\"axes\":3}],"

#define TINY_RUN_UNIT                                                                                                          \
  "{\"name\":\"run_plant\",\"symbol\":\"run\",\"scalar\":\"f64\"," TINY_INPUTS                                                   \
  "\"outputs\":[{\"name\":\"r0\",\"role\":\"value\",\"shape\":[],\"axes\":3},{\"name\":\"r1\",\"role\":\"value\",\"shape\":[],\"axes\":3}]," \
  "\"buffers\":[" TINY_PARAM(0) "," TINY_PARAM(1) "," TINY_INPUT(0, 2, 3) "," TINY_INPUT(1, 1, 3) "," TINY_OUTPUT(0, 1, 3) ","   \
  TINY_OUTPUT(1, 1, 3) "]}"

#define TINY_RIDGE_UNIT                                                                                                        \
  "{\"name\":\"ridge_plant\",\"symbol\":\"ridge\",\"scalar\":\"f64\"," TINY_INPUTS                                               \
  "\"outputs\":[{\"name\":\"target\",\"role\":\"value\",\"shape\":[1],\"axes\":3},"                                              \
  "{\"name\":\"feature.plant.w\",\"role\":\"value\",\"shape\":[2],\"axes\":3},"                                                 \
  "{\"name\":\"feature.plant.b\",\"role\":\"value\",\"shape\":[],\"axes\":0}],"                                                 \
  "\"buffers\":[" TINY_PARAM(0) "," TINY_PARAM(1) "," TINY_INPUT(0, 2, 3) "," TINY_INPUT(1, 1, 3) "," TINY_OUTPUT(0, 1, 3) ","   \
  TINY_OUTPUT(1, 2, 3) "," TINY_OUTPUT(2, 1, 0) "]}"

/* Units: 0 linear, 1 run, 2 ridge. `stages` is a JSON list without its brackets. */
#define TINY_MANIFEST(path, stages)                                                                                            \
  "{\"abi\":2,\"model\":\"plant\",\"path\":\"" path "\",\"text\":\"net plant\",\"seed\":3,"                                      \
  "\"clocks\":[{\"name\":\"t\",\"length\":0,\"step\":0}],"                                                                       \
  "\"params\":[{\"name\":\"plant.w\",\"shape\":[2],\"trained\":true,\"init\":0,\"line\":3},"                                     \
  "{\"name\":\"plant.b\",\"shape\":[],\"trained\":true,\"init\":0,\"line\":4}],"                                                 \
  "\"nets\":[{\"name\":\"plant\",\"variables\":[{\"name\":\"x\",\"role\":\"input\",\"shape\":[2],\"axes\":3,\"line\":1},"           \
  "{\"name\":\"y\",\"role\":\"output\",\"shape\":[],\"axes\":3,\"line\":2}]}],"                                                   \
  "\"units\":[" TINY_LINEAR_UNIT "," TINY_RUN_UNIT "," TINY_RIDGE_UNIT "],\"stages\":[" stages "]}"

/* A clause of bare words and numbers. */
#define CLAUSE(keyword, args) "{\"keyword\":\"" keyword "\",\"line\":9,\"args\":[" args "]}"
#define CSV_CLAUSE(file) CLAUSE("data", "{\"call\":\"csv\",\"args\":[\"" file "\"],\"named\":{\"x\":[\"a\",\"b\"],\"y\":\"y\"}}")
#define TRAIN_STAGE(clauses)                                                                                                   \
  "{\"kind\":\"train\",\"name\":\"plant\",\"net\":\"plant\",\"line\":8,\"scalar\":\"f64\",\"clauses\":[" clauses "],\"tuned\":[0,1]," \
  "\"units\":{\"train\":0,\"valid\":0}}"
#define RIDGE_STAGE(clauses)                                                                                                   \
  "{\"kind\":\"train\",\"name\":\"plant\",\"net\":\"plant\",\"line\":8,\"scalar\":\"f64\",\"clauses\":[" clauses "],\"tuned\":[0,1]," \
  "\"units\":{\"train\":2}}"
#define RUN_STAGE(clauses)                                                                                                     \
  "{\"kind\":\"run\",\"name\":\"test\",\"net\":\"plant\",\"line\":20,\"scalar\":\"f64\",\"clauses\":[" clauses "],\"units\":{\"run\":1}}"
#define Y_AND_DATA "\"args\":[{\"output\":\"r0\"},{\"output\":\"r1\"}]"

static inline RnnFunction *tiny_lookup(void *context, const char *symbol) {
  (void)context;
  if (!strcmp(symbol, "linear")) return linear_unit;
  return !strcmp(symbol, "run") ? linear_run : !strcmp(symbol, "ridge") ? linear_ridge : NULL;
}

#endif
