/* memory_capacity.c — how much of its input's past a reservoir's state holds. */
#include "runtime/memory_capacity.h"
#include "runtime/train/linear_fit.h"
#include <math.h>
#include <stdlib.h>

/* Rows t: features [x, 1], targets u[t−1] … u[t−delays]. */
static int64_t collect(const Series *x, const Series *u, int64_t delays, double *features, double *targets) {
  int64_t rows = 0, n = x->elements;
  for (int64_t t = delays; t < x->steps[0]; t++) {
    if (x->counted && !x->counted[0][t]) continue;
    for (int64_t i = 0; i < n; i++) features[rows * (n + 1) + i] = x->value[0][t * n + i];
    features[rows * (n + 1) + n] = 1;
    for (int64_t k = 1; k <= delays; k++) targets[rows * delays + k - 1] = u->value[0][(t - k) * u->elements];
    rows++;
  }
  return rows;
}

/* The squared correlation is the explained share of variance where the readout is the least-squares one with a constant. */
static double explained(const double *features, const double *targets, const double *weights, int64_t rows, int64_t n,
                        int64_t delays, int64_t k) {
  double mean = 0, variance = 0, error = 0;
  for (int64_t t = 0; t < rows; t++) mean += targets[t * delays + k] / (double)rows;
  for (int64_t t = 0; t < rows; t++) {
    double y = 0, d = targets[t * delays + k];
    for (int64_t i = 0; i < n; i++) y += weights[k * n + i] * features[t * n + i];
    error += (d - y) * (d - y);
    variance += (d - mean) * (d - mean);
  }
  return variance > 0 ? fmax(0, 1 - error / variance) : 0;
}

double memory_capacity(const Series *x, const Series *u, int64_t delays) {
  int64_t most = x->steps[0] - delays, n = x->elements + 1;
  if (most < 1 || delays < 1) return NAN;
  double *features = malloc((size_t)(most * n) * sizeof *features), *targets = malloc((size_t)(most * delays) * sizeof *targets);
  double *weights = calloc((size_t)(n * delays), sizeof *weights), sum = 0;
  int64_t rows = collect(x, u, delays, features, targets);
  LinearFit fit = {.rows = rows, .features = n, .targets = delays, .lambda = 0, .x = features, .y = targets};
  bool solved = rows > 0 && linear_fit_solve(&fit, weights);
  for (int64_t k = 0; solved && k < delays; k++) sum += explained(features, targets, weights, rows, n, delays, k);
  free(features);
  free(targets);
  free(weights);
  return solved ? sum : NAN;
}
