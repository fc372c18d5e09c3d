/* rule.h — an optimiser is one rule per element, compiled for float and for double.
 *
 * RULE(name, statements) defines name(const Optimizer *, const double *coefficient, void *weights, void *gradient). In the statements,
 * w and g are the weight and its gradient, slot_a[i] … its places in the slots, k[] the coefficients in the scalar type;
 * ROOT(x) is the square root in x's type. */
#ifndef RNN_RUNTIME_OPTIM_RULE_H
#define RNN_RUNTIME_OPTIM_RULE_H
#include "runtime/optim/optim.h"
#include <math.h>

enum { RULE_COEFFICIENTS = 8 };
#define ROOT(x) _Generic((x), float: sqrtf, double: sqrt)(x)

#define RULE_FOR(name, Scalar, ...)                                                                        \
  static void name(int64_t n, const double *given, Scalar *restrict weight, const Scalar *restrict gradient,           \
                   Scalar *restrict slot_a, Scalar *restrict slot_b, Scalar *restrict slot_c) {                         \
    Scalar k[RULE_COEFFICIENTS];                                                                                         \
    for (int i = 0; i < RULE_COEFFICIENTS; i++) k[i] = (Scalar)given[i];                                                \
    (void)slot_a, (void)slot_b, (void)slot_c;                                                                            \
    for (int64_t i = 0; i < n; i++) {                                                                                    \
      Scalar w = weight[i], g = gradient[i];                                                                             \
      __VA_ARGS__                                                                                                        \
      weight[i] = w;                                                                                                     \
    }                                                                                                                    \
  }

#define RULE(name, ...)                                                                                                 \
  RULE_FOR(name##_f32, float, __VA_ARGS__)                                                                               \
  RULE_FOR(name##_f64, double, __VA_ARGS__)                                                                              \
  static void name(const Optimizer *o, const double *given, void *weights, void *gradient) {                           \
    if (o->is_double)                                                                                                    \
      name##_f64(o->size, given, weights, gradient, o->slot[0], o->slot[1], o->slot[2]);                                 \
    else                                                                                                                 \
      name##_f32(o->size, given, weights, gradient, o->slot[0], o->slot[1], o->slot[2]);                                 \
  }

/* What each optimiser's file gives: one update with learning rate `rate`. */
#define OPTIMIZER(name, slots, ...) void name##_update(const Optimizer *o, double rate, void *weights, void *gradient);
#include "runtime/optim/optimizers.def"
#undef OPTIMIZER

#endif
