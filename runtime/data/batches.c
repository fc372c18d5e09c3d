/* batches.c — epochs cut into batches: shuffled, in order, shortest first, or carried streams.
 *
 * Carried streams. All steps of the data set, sequence after sequence, are cut into `rows` streams of equal length; the first
 * total mod rows streams are one step longer. A batch takes the next steps of every stream, up to the chunk or the nearest end of a
 * sequence in any stream, so that rows keep their places (and so their states) and all rows of a batch have one length, but for the last
 * batch of an epoch, which has the one step more of the first streams. */
#include "runtime/batches.h"
#include "runtime/data/data.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct Stream {
  int64_t sequence, step, left;
  bool fresh; /* the next batch starts a history */
} Stream;

struct Batches {
  const Dataset *data;
  BatchOrder order;
  int64_t rows, chunk, most_steps, next, total;
  uint64_t seed;
  int64_t *permutation; /* [sequences] */
  Stream *stream;       /* [rows], ORDER_CARRY */
  Batch batch;
  int64_t *sorted;      /* [rows] sequences of a batch by length */
};

/* --- memory ------------------------------------------------------------------------------------------------------------- */

static bool batch_allocate(Batch *b, int64_t rows, int64_t steps) {
  size_t n = (size_t)rows + 1;
  b->length = calloc(n, sizeof *b->length);
  b->whole = calloc(n, sizeof *b->whole);
  b->active = calloc((size_t)steps + 1, sizeof *b->active);
  b->sequence = calloc(n, sizeof *b->sequence);
  b->identity = calloc(n, sizeof *b->identity);
  b->offset = calloc(n, sizeof *b->offset);
  b->fresh = calloc(n, sizeof *b->fresh);
  return b->length && b->whole && b->active && b->sequence && b->identity && b->offset && b->fresh;
}

static void batch_release(Batch *b) {
  free(b->length);
  free(b->whole);
  free(b->active);
  free(b->sequence);
  free(b->identity);
  free(b->offset);
  free(b->fresh);
}

static bool count_steps(Batches *b, RnnError *error) {
  for (int64_t s = 0; s < b->data->count; s++) {
    int64_t steps = b->data->sequence[s].steps;
    b->total += steps;
    if (steps > b->most_steps) b->most_steps = steps;
  }
  if (b->most_steps > INT32_MAX) return rnn_fail(error, "E0519", "a sequence is longer than 2147483647 steps");
  return b->total > 0 || rnn_fail(error, "E0507", "the data have no steps");
}

Batches *batches_new(const Dataset *data, int64_t rows, BatchOrder order, int64_t chunk, uint64_t seed, RnnError *error) {
  Batches *b = calloc(1, sizeof *b);
  if (!b) return no_memory(error), NULL;
  *b = (Batches){.data = data, .order = order, .chunk = chunk, .seed = seed};
  if (!count_steps(b, error)) return free(b), NULL;
  int64_t most = order == ORDER_CARRY ? b->total : data->count;
  b->rows = rows < 1 ? 1 : rows < most ? rows : most;
  if (order == ORDER_CARRY && chunk > 0 && chunk < b->most_steps) b->most_steps = chunk;
  b->permutation = malloc(((size_t)data->count + 1) * sizeof *b->permutation);
  b->sorted = malloc(((size_t)b->rows + 1) * sizeof *b->sorted);
  b->stream = calloc((size_t)b->rows + 1, sizeof *b->stream);
  bool fine = b->permutation && b->sorted && b->stream && batch_allocate(&b->batch, b->rows, b->most_steps);
  if (!fine) return batches_free(b), no_memory(error), NULL;
  batches_epoch(b, 0);
  return b;
}

void batches_free(Batches *b) {
  if (!b) return;
  batch_release(&b->batch);
  free(b->permutation);
  free(b->sorted);
  free(b->stream);
  free(b);
}

/* --- the order of an epoch ------------------------------------------------------------------------------------------------ */

typedef struct ByLength { const Dataset *data; int direction; } ByLength;

/* Bottom-up merge sort in place of qsort: stable, and its memory is there already (`spare`). */
static void merge(const ByLength *by, const int64_t *from, int64_t *to, int64_t left, int64_t middle, int64_t right) {
  int64_t i = left, j = middle;
  for (int64_t k = left; k < right; k++) {
    bool take_left = j >= right || (i < middle && by->direction * by->data->sequence[from[i]].steps <= by->direction * by->data->sequence[from[j]].steps);
    to[k] = take_left ? from[i++] : from[j++];
  }
}

/* direction 1: shortest first, −1: longest first. Stable insertion for a batch's few rows. */
static void sort_few(const Dataset *data, int64_t *order, int64_t n) {
  for (int64_t i = 1; i < n; i++) {
    int64_t s = order[i], at = i;
    for (; at > 0 && data->sequence[order[at - 1]].steps < data->sequence[s].steps; at--) order[at] = order[at - 1];
    order[at] = s;
  }
}

static void sort_all(const Dataset *data, int64_t *order, int64_t n, int64_t *spare) {
  ByLength by = {data, 1};
  int64_t *from = order, *to = spare;
  for (int64_t width = 1; width < n; width *= 2) {
    for (int64_t left = 0; left < n; left += 2 * width) {
      int64_t middle = left + width < n ? left + width : n, right = left + 2 * width < n ? left + 2 * width : n;
      merge(&by, from, to, left, middle, right);
    }
    int64_t *swap = from;
    from = to;
    to = swap;
  }
  if (from != order) memcpy(order, from, (size_t)n * sizeof *order);
}
