/* rmsprop.c — RMSprop (Tieleman and Hinton, 2012, lecture 6.5; with momentum and centred: Graves, 2013, equations 38–45):
 *   s ← ρ s + (1−ρ) g² ;  centred: m ← ρ m + (1−ρ) g
 *   w ← w − v,  v ← μ v + η g / √(s − m² + ε) */
#include "runtime/optim/rule.h"

enum { RATE, RHO, MOMENTUM, EPSILON, CENTERED, DECAY };

RULE(squares,
     g += k[DECAY] * w;
     slot_a[i] = k[RHO] * slot_a[i] + (1 - k[RHO]) * g * g;
     slot_c[i] = k[CENTERED] * (k[RHO] * slot_c[i] + (1 - k[RHO]) * g); /* stays 0 when not centred */
     slot_b[i] = k[MOMENTUM] * slot_b[i] + k[RATE] * g / ROOT(slot_a[i] - slot_c[i] * slot_c[i] + k[EPSILON]);
     w -= slot_b[i];)

void rmsprop_update(const Optimizer *o, double rate, void *weights, void *gradient) {
  const double coefficient[RULE_COEFFICIENTS] = {[RATE] = rate, [RHO] = o->option[1], [MOMENTUM] = o->option[2],
                                                 [EPSILON] = o->option[3], [CENTERED] = o->option[4], [DECAY] = o->decay};
  squares(o, coefficient, weights, gradient);
}
