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
  int64_t *permutation, *spare; /* [sequences] */
  Stream *stream;       /* [rows], ORDER_CARRY */
  Batch batch;
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
  b->ends = calloc(n, sizeof *b->ends);
  b->since = calloc(n, sizeof *b->since);
  return b->length && b->whole && b->active && b->sequence && b->identity && b->offset && b->fresh && b->ends && b->since;
}

static void batch_release(Batch *b) {
  free(b->length);
  free(b->whole);
  free(b->active);
  free(b->sequence);
  free(b->identity);
  free(b->offset);
  free(b->fresh);
  free(b->ends);
  free(b->since);
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
  b->spare = malloc(((size_t)data->count + 1) * sizeof *b->spare);
  b->stream = calloc((size_t)b->rows + 1, sizeof *b->stream);
  bool fine = b->permutation && b->spare && b->stream && batch_allocate(&b->batch, b->rows, b->most_steps);
  if (!fine) return batches_free(b), no_memory(error), NULL;
  batches_epoch(b, 0);
  return b;
}

void batches_free(Batches *b) {
  if (!b) return;
  batch_release(&b->batch);
  free(b->permutation);
  free(b->spare);
  free(b->stream);
  free(b);
}

/* --- the order of an epoch ------------------------------------------------------------------------------------------------ */

/* direction 1: shortest first; −1: longest first. A bottom-up merge sort: stable, and without memory of its own. */
static void merge(const Dataset *d, int direction, const int64_t *from, int64_t *to, int64_t left, int64_t middle, int64_t right) {
  int64_t i = left, j = middle;
  for (int64_t k = left; k < right; k++) {
    bool first = j >= right || (i < middle && direction * d->sequence[from[i]].steps <= direction * d->sequence[from[j]].steps);
    to[k] = first ? from[i++] : from[j++];
  }
}

static int64_t lesser(int64_t a, int64_t b) { return a < b ? a : b; }

static void sort_by_length(const Dataset *d, int direction, int64_t *order, int64_t n, int64_t *spare) {
  int64_t *from = order, *to = spare;
  for (int64_t width = 1; width < n; width *= 2) {
    for (int64_t left = 0; left < n; left += 2 * width)
      merge(d, direction, from, to, left, lesser(left + width, n), lesser(left + 2 * width, n));
    int64_t *kept = from;
    from = to;
    to = kept;
  }
  if (from != order) memcpy(order, from, (size_t)n * sizeof *order);
}

/* Where a stream starts: step `at` of all the data's steps in a row. */
static void place_stream(const Batches *b, Stream *stream, int64_t at) {
  int64_t s = 0;
  for (; at >= b->data->sequence[s].steps; s++) at -= b->data->sequence[s].steps;
  stream->sequence = s;
  stream->step = at;
  stream->fresh = true;
}

static void start_streams(Batches *b) {
  int64_t at = 0, each = b->total / b->rows, longer = b->total % b->rows;
  for (int64_t row = 0; row < b->rows; row++) {
    b->stream[row].left = each + (row < longer);
    place_stream(b, &b->stream[row], at);
    at += b->stream[row].left;
  }
}

void batches_epoch(Batches *b, uint64_t epoch) {
  b->next = 0;
  if (b->order == ORDER_CARRY) {
    start_streams(b);
    return;
  }
  for (int64_t i = 0; i < b->data->count; i++) b->permutation[i] = i;
  if (b->order == ORDER_SHORTEST_FIRST) sort_by_length(b->data, 1, b->permutation, b->data->count, b->spare);
  if (b->order != ORDER_SHUFFLED) return;
  Random random = random_stream(b->seed, "shuffle");
  random.counter = epoch << 32;
  random_shuffle(&random, b->permutation, b->data->count);
}

/* --- the next batch ----------------------------------------------------------------------------------------------------- */

/* Rows active at each step, from the descending lengths. */
static void count_active(Batch *batch) {
  int64_t row = batch->rows;
  batch->steps = batch->rows ? batch->length[0] : 0;
  for (int64_t step = 0; step < batch->steps; step++) {
    while (row > 0 && batch->length[row - 1] <= step) row--;
    batch->active[step] = (int32_t)row;
  }
}

static void set_row(Batches *b, int64_t row, int64_t sequence, int64_t offset, int64_t length, bool fresh) {
  Batch *batch = &b->batch;
  const Sequence *s = &b->data->sequence[sequence];
  batch->sequence[row] = s;
  batch->identity[row] = (uint64_t)sequence;
  batch->offset[row] = offset;
  batch->length[row] = (int32_t)length;
  batch->whole[row] = (int32_t)s->steps;
  batch->fresh[row] = fresh;
  batch->ends[row] = true;
  batch->since[row] = fresh ? 0 : INT32_MAX;
}

static const Batch *next_sequences(Batches *b) {
  int64_t rows = lesser(b->rows, b->data->count - b->next), *order = b->permutation + b->next;
  if (rows <= 0) return NULL;
  sort_by_length(b->data, -1, order, rows, b->spare);
  for (int64_t row = 0; row < rows; row++) set_row(b, row, order[row], 0, b->data->sequence[order[row]].steps, true);
  b->next += rows;
  b->batch.rows = rows;
  count_active(&b->batch);
  return &b->batch;
}

/* How many steps all the streams that have any left can take together. */
static int64_t carry_steps(const Batches *b) {
  int64_t steps = b->chunk > 0 ? b->chunk : INT64_MAX;
  for (int64_t row = 0; row < b->rows; row++) {
    const Stream *s = &b->stream[row];
    if (!s->left) continue;
    steps = lesser(lesser(steps, s->left), b->data->sequence[s->sequence].steps - s->step);
  }
  return steps == INT64_MAX ? 0 : steps;
}

/* Past the end of a sequence (and empty ones) the stream goes on with the next. */
static void advance(const Batches *b, Stream *s, int64_t steps) {
  s->step += steps;
  s->left -= steps;
  s->fresh = false;
  while (s->left && s->step >= b->data->sequence[s->sequence].steps) {
    s->sequence++;
    s->step = 0;
    s->fresh = true;
  }
}

static const Batch *next_streams(Batches *b) {
  if (!b->stream[0].left) return NULL;
  int64_t steps = carry_steps(b);
  b->batch.rows = b->rows;
  for (int64_t row = 0; row < b->rows; row++) {
    Stream *s = &b->stream[row];
    int64_t taken = s->left ? steps : 0;
    set_row(b, row, s->sequence, s->step, taken, s->fresh);
    b->batch.identity[row] |= (uint64_t)row << 32; /* streams of one sequence must not draw alike */
    advance(b, s, taken);
  }
  count_active(&b->batch);
  return &b->batch;
}

const Batch *batches_next(Batches *b) { return b->order == ORDER_CARRY ? next_streams(b) : next_sequences(b); }

int64_t batches_count(const Batches *b) {
  if (b->order != ORDER_CARRY) return (b->data->count + b->rows - 1) / b->rows;
  Batches copy = *b;
  Stream *stream = malloc(((size_t)b->rows + 1) * sizeof *stream);
  int64_t count = 0;
  if (!stream) return 0;
  copy.stream = stream;
  for (start_streams(&copy); stream[0].left; count++) {
    int64_t steps = carry_steps(&copy);
    for (int64_t row = 0; row < b->rows; row++)
      if (stream[row].left) advance(&copy, &stream[row], steps);
  }
  free(stream);
  return count;
}

int64_t batches_most_rows(const Batches *b) { return b->rows; }
int64_t batches_most_steps(const Batches *b) { return b->most_steps; }

/* --- chunks ------------------------------------------------------------------------------------------------------------- */

Batch *batch_chunk_new(const Batches *b) { return batch_rows_new(b->rows, b->most_steps); }

Batch *batch_rows_new(int64_t rows, int64_t steps) {
  Batch *chunk = calloc(1, sizeof *chunk);
  if (chunk && batch_allocate(chunk, rows, steps)) return chunk;
  batch_chunk_free(chunk);
  return NULL;
}

void batch_chunk_free(Batch *chunk) {
  if (!chunk) return;
  batch_release(chunk);
  free(chunk);
}

static void copy_row(const Batch *from, int64_t row, Batch *to, int64_t place) {
  to->length[place] = from->length[row];
  to->whole[place] = from->whole[row];
  to->sequence[place] = from->sequence[row];
  to->identity[place] = from->identity[row];
  to->offset[place] = from->offset[row];
  to->fresh[place] = from->fresh[row];
  to->ends[place] = from->ends[row];
  to->since[place] = from->since[row];
}

void batch_chunk(const Batch *batch, int64_t first, int64_t steps, Batch *chunk) {
  chunk->rows = batch->rows;
  chunk->first = batch->first + first;
  for (int64_t row = 0; row < batch->rows; row++) {
    int64_t left = batch->length[row] - first;
    copy_row(batch, row, chunk, row);
    chunk->length[row] = (int32_t)(left < 0 ? 0 : lesser(left, steps));
    chunk->offset[row] += first;
    chunk->fresh[row] = first == 0 && batch->fresh[row];
    chunk->ends[row] = left <= steps;
    chunk->since[row] = batch->fresh[row] ? (int32_t)first : INT32_MAX;
  }
  count_active(chunk);
}

/* Every so-many-th row of a sorted batch: sorted too, and each slice has its part of the long rows and of the short ones. */
void batch_slice(const Batch *batch, int64_t first, int64_t every, Batch *slice) {
  slice->rows = 0;
  slice->first = batch->first;
  for (int64_t row = first; row < batch->rows; row += every) copy_row(batch, row, slice, slice->rows++);
  count_active(slice);
}
