/* cell_weights.h — the weights of other people's layers in the params of std.cells.
 *
 * Everybody stacks the gates of a layer into one matrix, in an order of their own: `gates` spells it with the letters of std.cells
 * (PyTorch's LSTM is "ifgo"). */
#ifndef RNN_TESTS_CELL_WEIGHTS_H
#define RNN_TESTS_CELL_WEIGHTS_H
#include "support/model_run.h"

typedef struct CellWeights {
  const char *cell;  /* "RNN", "LSTM", "GRU" */
  const char *gates; /* NULL for an RNN, which has one */
  bool transposed;   /* [inputs][gates · hidden] (Keras); else [gates · hidden][inputs] */
  bool reset_after;  /* GRU: the candidate's recurrent bias is a param of its own */
  int64_t inputs, hidden;
  const double *W, *U;   /* of the input, of the state */
  const double *b, *bu;  /* of the input, of the state: two that add up. NULL: none */
  const char *peepholes; /* order of the gates in p; NULL: none */
  const double *p;
} CellWeights;

/* Fills the params of the call named `prefix`, as "net.h". */
void cell_fill(ModelData *d, const char *prefix, const CellWeights *w);
int cell_gates(const CellWeights *w);
/* "net.h.Wi": `kind` W, U, b or p of the k-th gate. */
const char *cell_param(Arena *arena, const char *prefix, const CellWeights *w, const char *kind, int gate);

#endif
