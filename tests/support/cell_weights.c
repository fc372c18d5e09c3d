#include "support/cell_weights.h"

int cell_gates(const CellWeights *w) { return w->gates ? (int)strlen(w->gates) : 1; }

const char *cell_param(Arena *arena, const char *prefix, const CellWeights *w, const char *kind, int gate) {
  return arena_printf(arena, "%s.%s%.*s", prefix, kind, w->gates ? 1 : 0, w->gates ? w->gates + gate : "");
}

/* The k-th block of a stacked matrix as [hidden][columns]. */
static void fill_matrix(ModelData *d, const char *name, const CellWeights *w, const double *from, int gate, int64_t columns) {
  const int64_t gates = cell_gates(w), hidden = w->hidden;
  double *to = data_param(d, name, NULL);
  for (int64_t i = 0; i < hidden; i++)
    for (int64_t j = 0; j < columns; j++) {
      const int64_t row = gate * hidden + i;
      to[i * columns + j] = w->transposed ? from[j * gates * hidden + row] : from[row * columns + j];
    }
}

static void fill_vector(ModelData *d, const char *name, int64_t n, const double *a, const double *b) {
  double *to = data_param(d, name, NULL);
  for (int64_t i = 0; i < n; i++) to[i] = (a ? a[i] : 0) + (b ? b[i] : 0);
}

static const double *block(const double *stacked, int gate, int64_t hidden) { return stacked ? stacked + gate * hidden : NULL; }

static void fill_biases(ModelData *d, const char *prefix, const CellWeights *w, int gate) {
  const bool apart = w->reset_after && w->gates[gate] == 'g';
  const double *b = block(w->b, gate, w->hidden), *bu = block(w->bu, gate, w->hidden);
  fill_vector(d, cell_param(d->arena, prefix, w, "b", gate), w->hidden, b, apart ? NULL : bu);
  if (apart) fill_vector(d, arena_printf(d->arena, "%s.bu", prefix), w->hidden, bu, NULL);
}

void cell_fill(ModelData *d, const char *prefix, const CellWeights *w) {
  for (int k = 0; k < cell_gates(w); k++) {
    fill_matrix(d, cell_param(d->arena, prefix, w, "W", k), w, w->W, k, w->inputs);
    fill_matrix(d, cell_param(d->arena, prefix, w, "U", k), w, w->U, k, w->hidden);
    fill_biases(d, prefix, w, k);
  }
  for (int k = 0; w->peepholes && w->peepholes[k]; k++)
    fill_vector(d, arena_printf(d->arena, "%s.p%c", prefix, w->peepholes[k]), w->hidden, block(w->p, k, w->hidden), NULL);
}
