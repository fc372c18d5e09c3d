/* memory_capacity.h — how much of its input's past a reservoir's state holds. */
#ifndef RNN_RUNTIME_MEMORY_CAPACITY_H
#define RNN_RUNTIME_MEMORY_CAPACITY_H
#include "runtime/metrics.h"

/* Σ_{k=1…delays} r²(u[t−k], w_kᵀ x[t]) with each w_k the least-squares readout (Jaeger, 2002, "Short term memory in echo state
 * networks", equation 2), over the counted steps of the first sequence with t ≥ delays. x: [N], u: its first element. */
double memory_capacity(const Series *x, const Series *u, int64_t delays);

#endif
