/* condition.c — `stop when`, `skip when`: conditions on what the training loop knows. */
#include "runtime/clause.h"
#include "runtime/train/train.h"
#include <math.h>
#include <string.h>

typedef struct Known {
  const Loop *loop;
  double loss;
} Known;

static double named(const Known *k, const char *name) {
  if (!strcmp(name, "epoch")) return (double)k->loop->epoch + 1;
  if (!strcmp(name, "loss")) return k->loss;
  if (!strcmp(name, "bits_per_step")) return k->loss / log(2);
  return !strcmp(name, "validation") ? k->loop->validation : NAN;
}

/* Nothing is said of what is not known yet, as the validation loss before the first epoch has ended: then neither side holds. */
static double combined(const char *op, double a, double b) {
  if (!strcmp(op, "+")) return a + b;
  if (!strcmp(op, "-")) return a - b;
  if (!strcmp(op, "*")) return a * b;
  if (!strcmp(op, "/")) return a / b;
  if (!strcmp(op, "^")) return pow(a, b);
  if (!strcmp(op, "or") && (a == 1 || b == 1)) return 1;
  if (isnan(a) || isnan(b)) return NAN;
  if (!strcmp(op, "and")) return a != 0 && b != 0;
  if (!strcmp(op, "or")) return a != 0 || b != 0;
  if (!strcmp(op, "<")) return a < b;
  if (!strcmp(op, "<=")) return a <= b;
  if (!strcmp(op, ">")) return a > b;
  if (!strcmp(op, ">=")) return a >= b;
  return !strcmp(op, "==") ? a == b : a != b;
}

static double value_of(const Known *k, const cJSON *value) {
  const char *op = json_string(value, "op");
  const cJSON *right = json_item(value, "right");
  if (cJSON_IsNumber(value)) return value->valuedouble;
  if (!op) return value_called(value) ? named(k, value_called(value)) : NAN;
  const double a = value_of(k, json_item(value, "left"));
  if (right) return combined(op, a, value_of(k, right));
  return !strcmp(op, "-") ? -a : isnan(a) ? NAN : a == 0;
}

bool condition_holds(const Loop *l, const cJSON *condition, double loss) {
  const Known k = {l, loss};
  return value_of(&k, condition) == 1;
}
