/* sgd.c — gradient descent, with momentum (Polyak, 1964) or Nesterov's (in the form of Sutskever et al., 2013, section 2):
 *   v ← μ v + g ;  w ← w − η v            (momentum)
 *   v ← μ v + g ;  w ← w − η (g + μ v)    (nesterov: the gradient looks ahead along v) */
#include "runtime/optim/rule.h"

enum { RATE, MOMENTUM, DECAY };

RULE(plain, w -= k[RATE] * (g + k[DECAY] * w);)

RULE(momentum,
     slot_a[i] = k[MOMENTUM] * slot_a[i] + (g + k[DECAY] * w);
     w -= k[RATE] * slot_a[i];)

RULE(nesterov,
     g += k[DECAY] * w;
     slot_a[i] = k[MOMENTUM] * slot_a[i] + g;
     w -= k[RATE] * (g + k[MOMENTUM] * slot_a[i]);)

void sgd_update(const Optimizer *o, double rate, void *weights, void *gradient) {
  const double coefficient[RULE_COEFFICIENTS] = {rate, o->option[1], o->decay};
  if (o->option[1] == 0)
    plain(o, coefficient, weights, gradient);
  else if (o->option[2] != 0)
    nesterov(o, coefficient, weights, gradient);
  else
    momentum(o, coefficient, weights, gradient);
}
