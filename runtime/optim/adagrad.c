/* adagrad.c — Adagrad (Duchi, Hazan and Singer, 2011, diagonal form): s ← s + g² ;  w ← w − η g / (√(s₀ + s) + ε) */
#include "runtime/optim/rule.h"

enum { RATE, EPSILON, INITIAL, DECAY };

RULE(accumulate,
     g += k[DECAY] * w;
     slot_a[i] += g * g;
     w -= k[RATE] * g / (ROOT(k[INITIAL] + slot_a[i]) + k[EPSILON]);)

void adagrad_update(const Optimizer *o, double rate, void *weights, void *gradient) {
  const double coefficient[RULE_COEFFICIENTS] = {rate, o->option[1], o->option[2], o->decay};
  accumulate(o, coefficient, weights, gradient);
}
