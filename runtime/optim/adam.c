/* adam.c — Adam (Kingma and Ba, 2015, algorithm 1) and AdamW (Loshchilov and Hutter, 2019, algorithm 2):
 *   m ← β₁ m + (1−β₁) g ;  v ← β₂ v + (1−β₂) g²
 *   w ← w − η m̂ / (√v̂ + ε),   m̂ = m / (1−β₁ᵗ),  v̂ = v / (1−β₂ᵗ)
 * The corrections are the same for all elements, so they go into two coefficients: η/(1−β₁ᵗ) and 1/√(1−β₂ᵗ).
 * AdamW's decay acts on the weight beside the step, w ← w − η λ w; Adam's is L2, a part of the gradient. */
#include "runtime/optim/rule.h"

enum { STEP, BETA1, BETA2, EPSILON, ROOT_SCALE, DECAY, SHRINK };

RULE(moments,
     g += k[DECAY] * w;
     slot_a[i] = k[BETA1] * slot_a[i] + (1 - k[BETA1]) * g;
     slot_b[i] = k[BETA2] * slot_b[i] + (1 - k[BETA2]) * g * g;
     w -= k[SHRINK] * w + k[STEP] * slot_a[i] / (ROOT(slot_b[i]) * k[ROOT_SCALE] + k[EPSILON]);)

static void update(const Optimizer *o, double rate, double l2, double decoupled, void *weights, void *gradient) {
  double beta1 = o->option[1], beta2 = o->option[2], t = (double)o->updates;
  const double coefficient[RULE_COEFFICIENTS] = {
      [STEP] = rate / (1 - pow(beta1, t)), [BETA1] = beta1, [BETA2] = beta2, [EPSILON] = o->option[3],
      [ROOT_SCALE] = 1 / sqrt(1 - pow(beta2, t)), [DECAY] = l2, [SHRINK] = rate * decoupled};
  moments(o, coefficient, weights, gradient);
}

void adam_update(const Optimizer *o, double rate, void *weights, void *gradient) {
  update(o, rate, o->decay, 0, weights, gradient);
}

void adamw_update(const Optimizer *o, double rate, void *weights, void *gradient) {
  update(o, rate, 0, o->option[4] + o->decay, weights, gradient);
}
