/* slices.c — a batch computed in slices of its rows. */
#include "runtime/slices.h"
#include <stdlib.h>
#include <string.h>

enum { ADD_ALONE = 1 << 15 }; /* scalars of a gradient below which waking others costs more than adding */

int slices_of_rows(int64_t rows) {
  return rows < 16 ? 1 : rows < 64 ? 2 : rows < 192 ? 4 : 8;
}

/* --- opening -------------------------------------------------------------------------------------------------------------- */

/* Rows of slice `i` in any batch of up to `rows` rows. Smaller batches have fewer slices, which may have more rows. */
static int64_t most_rows(int i, int64_t rows, int most) {
  int64_t found = 0;
  for (int64_t r = rows; r > 0; r--) {
    int count = most > 1 ? slices_of_rows(r) : 1;
    int64_t mine = i < count ? (r - i + count - 1) / count : 0;
    if (mine > found) found = mine;
  }
  return found;
}

/* On two clocks of the data, sequences are as long on each as their values say; memory for the longest on all would be its square. */
static void most_on_clocks(const RnnUnit *u, const Dataset *data, int64_t most_steps, int64_t *steps) {
  int of_data = 0;
  for (int c = 0; c < u->clocks; c++) of_data += u->fixed_length[c] == 0;
  for (int c = 0; c < RNN_MAX_CLOCKS; c++) steps[c] = of_data > 1 ? 1 : most_steps;
  for (int c = 0; of_data > 1 && c < u->clocks; c++)
    for (int64_t i = 0; i < data->count; i++) {
      int64_t on = sequence_steps_on(data, &data->sequence[i], c), length = on > 0 ? on : data->sequence[i].steps;
      if (length > steps[c]) steps[c] = length < most_steps ? length : most_steps;
    }
}

static bool open_slice(Slices *s, int i, const Stage *stage, const Dataset *data, const Batches *batches, const int64_t *most_steps, RnnError *error) {
  Slice *slice = &s->slice[i];
  int64_t rows = most_rows(i, batches_most_rows(batches), s->most);
  if (i > 0) slice->unit = unit_twin(s->slice->unit);
  if (!(stage->options && stage->options->predict) && !unit_fits(slice->unit, rows, most_steps, error)) return false;
  rnn_unit_reserve_clocks(slice->unit, rows, most_steps);
  slice->own = s->most > 1 ? batch_chunk_new(batches) : NULL;
  return feed_open(&slice->feed, stage, slice->unit, data, rows, error);
}

bool slices_open(Slices *s, const Stage *stage, RnnUnit *unit, const Dataset *data, const Batches *batches, int64_t most_steps,
                 int64_t from, RnnError *error) {
  *s = (Slices){.threads = stage->threads, .most = unit->additive ? slices_of_rows(batches_most_rows(batches)) : 1};
  s->slice->unit = unit;
  s->sum = calloc((size_t)unit->inputs + 1, sizeof *s->sum);
  int64_t most[RNN_MAX_CLOCKS];
  most_on_clocks(unit, data, most_steps, most);
  for (int i = 0; i < s->most; i++) {
    if (!open_slice(s, i, stage, data, batches, most, error)) return false;
    if (from > s->slice[i].feed.from) s->slice[i].feed.from = from;
  }
  threads_reserve(s->threads, s->most);
  return true;
}

void slices_close(Slices *s) {
  for (int i = 0; i < s->most; i++) {
    feed_close(&s->slice[i].feed);
    if (s->slice[i].own) batch_chunk_free(s->slice[i].own);
    if (i > 0) rnn_unit_free(s->slice[i].unit);
  }
  free(s->sum);
  *s = (Slices){0};
}

void slices_reset_state(Slices *s) {
  for (int i = 0; i < s->most; i++) rnn_unit_reset_state(s->slice[i].unit);
}

/* --- filling: each slice its inputs, then what it must know of the whole ---------------------------------------------------- */

static void fill(void *context, int i) {
  Slices *s = context;
  Slice *slice = &s->slice[i];
  slice->batch = s->count > 1 ? slice->own : s->batch;
  if (s->count > 1) batch_slice(s->batch, i, s->count, slice->own);
  feed_fill(&slice->feed, slice->batch, s->update, s->keep_state);
  slice->unit->args.same_weights = s->same_weights;
}

void slices_count_anew(Slices *s) {
  memset(s->sum, 0, (size_t)s->slice->unit->inputs * sizeof *s->sum);
  s->counted = 0;
}

/* The sums are of ones and zeros: exact in any order. */
void slices_count(Slices *s) {
  for (int i = 0; i < s->computed; i++) {
    for (int input = 0; input < s->slice->unit->inputs; input++) s->sum[input] += feed_sum(&s->slice[i].feed, input);
    s->counted += s->slice[i].feed.counted;
  }
}

static void tell(Slices *s, bool shares) {
  for (int i = 0; i < s->computed; i++) {
    for (int input = 0; input < s->slice->unit->inputs; input++) feed_norm(&s->slice[i].feed, input, s->sum[input]);
    feed_share(&s->slice[i].feed, shares && i == 0);
  }
}

/* --- computing, adding ------------------------------------------------------------------------------------------------------ */

static int loss_of(const RnnUnit *u) {
  for (int i = 0; i < u->outputs; i++)
    if (!strcmp(u->output[i].role_name, "loss")) return i;
  return -1;
}

/* Slices i, i + groups, … : those that one thread computes. */
static void compute(void *context, int i) {
  Slices *s = context;
  RnnUnit *unit[SLICES_MOST];
  int count = 0, loss = loss_of(s->slice->unit);
  for (int k = i; k < s->computed; k += s->groups) unit[count++] = s->slice[k].unit;
  unit_run_slices(unit, count);
  for (int k = i; k < s->computed; k += s->groups)
    s->slice[k].loss = loss < 0 ? 0 : scalar_get(rnn_unit_output_data(s->slice[k].unit, loss), 0, s->slice[k].unit->is_double);
}

int slices_in_groups(const RnnUnit *unit, const Threads *threads, int slices) {
  const int own = threads_started(threads) + 1;
  return unit->together && own < slices ? own : slices;
}

static void sweep(void *context, int i) {
  RnnUnit *unit = ((Slices *)context)->slice[i].unit;
  unit->args.sweep = 1;
  unit_run(unit);
}

typedef struct Sum {
  RnnUnit *const *unit;
  int count;
} Sum;

/* Part `part` of `parts` of the gradient's vector, slice after slice: pieces that stay in the nearest cache. */
static void add_part(const Sum *s, int part, int parts) {
  enum { PIECE = 2048 };
  const Parameters *p = s->unit[0]->parameters;
  int64_t pieces = (p->tuned + PIECE - 1) / PIECE, end = pieces * (part + 1) / parts;
  for (int64_t piece = pieces * part / parts; piece < end; piece++) {
    int64_t at = piece * PIECE, n = p->tuned - at < PIECE ? p->tuned - at : PIECE;
    for (int i = 1; i < s->count; i++) {
      char *to = s->unit[0]->gradients, *from = s->unit[i]->gradients;
      const size_t bytes = (size_t)at * scalar_size(p->is_double);
      scalars_add(to + bytes, from + bytes, n, p->is_double);
    }
  }
}

static void add_share(void *context, int part) {
  const Sum *s = context;
  add_part(s, part, s->count);
}

void slices_add_gradients(RnnUnit *const *unit, int count, Threads *threads) {
  Sum s = {unit, count};
  if (unit[0]->parameters->tuned < ADD_ALONE) add_part(&s, 0, 1);
  else threads_run(threads, count, add_share, &s);
}

static void add_gradients(Slices *s) {
  RnnUnit *unit[SLICES_MOST];
  for (int i = 0; i < s->computed; i++) unit[i] = s->slice[i].unit;
  slices_add_gradients(unit, s->computed, s->threads);
}

static bool gives_gradients(const RnnUnit *u) {
  for (int i = 0; i < u->outputs; i++)
    if (u->output[i].param >= 0) return true;
  return false;
}

/* ---------------------------------------------------------------------------------------------------------------------------- */

/* Rows are sorted by length: slice i has steps where the batch's row i has. Those without add nothing to a loss. */
static int slices_with_steps(const Slices *s) {
  int n = 1;
  while (n < s->count && s->batch->length[n] > 0) n++;
  return n;
}

void slices_fill(Slices *s, const Batch *batch, uint64_t update, bool keep_state, bool same_weights) {
  s->same_weights = same_weights;
  s->batch = batch;
  s->update = update;
  s->keep_state = keep_state;
  s->count = s->most > 1 ? slices_of_rows(batch->rows) : 1;
  s->computed = loss_of(s->slice->unit) < 0 ? s->count : slices_with_steps(s);
  threads_run(s->threads, s->computed, fill, s);
}

void slices_sweep(Slices *s) { threads_run(s->threads, s->computed, sweep, s); }

void slices_compute(Slices *s, bool shares) {
  tell(s, shares);
  s->groups = slices_in_groups(s->slice->unit, s->threads, s->computed);
  threads_run(s->threads, s->groups, compute, s);
  s->loss = 0;
  for (int i = 0; i < s->computed; i++) s->loss += s->slice[i].loss;
  if (gives_gradients(s->slice->unit)) add_gradients(s);
}

void slices_call(Slices *s, const Batch *batch, uint64_t update, bool keep_state) {
  slices_count_anew(s);
  slices_fill(s, batch, update, keep_state, false);
  slices_count(s);
  slices_compute(s, true);
}

SliceRow slices_row(const Slices *s, int64_t row) {
  return (SliceRow){s->slice[row % s->count].unit, row / s->count};
}

static bool is_before(const NotFinite *a, const NotFinite *b) {
  if (a->when != b->when) return a->when < b->when;
  return a->buffer != b->buffer ? a->buffer < b->buffer : a->row < b->row;
}

bool slices_not_finite(const Slices *s, NotFinite *where) {
  bool found = false;
  for (int i = 0; i < s->computed; i++) {
    NotFinite here;
    if (!unit_not_finite(s->slice[i].unit, &here)) continue;
    here.row = here.row * s->count + i;
    if (!found || is_before(&here, where)) *where = here;
    found = true;
  }
  return found;
}
