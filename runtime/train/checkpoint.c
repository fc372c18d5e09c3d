/* checkpoint.c — a batch's gradient by pieces of its sequences: forward once to the states at their beginnings, then back, piece by piece.
 *
 * Nothing here knows what a state is. A unit reads the steps before a piece from its kept states where a row is not fresh, and, in the
 * reverse pass, the steps behind it from others where a row does not end there. So the reverse pass goes on from piece to piece backward
 * as the state does forward, and losses and gradients of the pieces add up to those of the batch. */
#include "runtime/clause.h"
#include "runtime/error.h"
#include "runtime/train/train.h"
#include "runtime/room.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- kept states -------------------------------------------------------------------------------------------------------------- */

static int64_t bytes_of_slices(const Slices *s) {
  int64_t bytes = 0;
  for (int i = 0; i < s->most; i++) bytes += unit_state_bytes(s->slice[i].unit);
  return bytes;
}

static void save(Checkpoints *c, int64_t piece) {
  char *at = c->kept + piece * c->each;
  for (int i = 0; i < c->slices->count; at += unit_state_bytes(c->slices->slice[i].unit), i++) unit_save_state(c->slices->slice[i].unit, at);
}

static void load(Checkpoints *c, int64_t piece) {
  const char *at = c->kept + piece * c->each;
  for (int i = 0; i < c->slices->count; at += unit_state_bytes(c->slices->slice[i].unit), i++) unit_load_state(c->slices->slice[i].unit, at);
}

bool checkpoints_open(Checkpoints *c, Loop *l, bool continues, RnnError *error) {
  const Parameters *p = l->stage->unit->parameters;
  *c = (Checkpoints){.slices = &l->slices, .steps = l->piece, .continues = continues, .each = bytes_of_slices(&l->slices)};
  c->most_pieces = (l->most_steps + c->steps - 1) / c->steps;
  c->piece = batch_rows_new(batches_most_rows(l->batches), c->steps);
  c->kept = room_new((c->most_pieces + 1) * c->each + 1, 1);
  c->gradient = scalars_new(p->tuned, p->is_double);
  return (c->piece && c->kept) || rnn_fail(error, "E0519", "there is no memory for the states of %lld pieces", (long long)c->most_pieces);
}

void checkpoints_close(Checkpoints *c) {
  if (c->piece) batch_chunk_free(c->piece);
  free(c->kept);
  free(c->gradient);
  *c = (Checkpoints){0};
}

int64_t checkpoints_bytes(const Checkpoints *c) {
  const Parameters *p = c->slices->slice->unit->parameters;
  return (c->most_pieces + 1) * c->each + p->tuned * (int64_t)scalar_size(p->is_double);
}

/* --- a batch ---------------------------------------------------------------------------------------------------------------------- */

static void fill(Checkpoints *c, const Batch *batch, int64_t piece, uint64_t update, bool is_first) {
  batch_chunk(batch, piece * c->steps, c->steps, c->piece);
  slices_fill(c->slices, c->piece, update, true, !is_first);
}

/* The states before each piece, and what the whole batch counts. The last piece is filled, and not computed: that comes next. */
static void sweep(Checkpoints *c, const Batch *batch, int64_t pieces, uint64_t update) {
  slices_count_anew(c->slices);
  for (int64_t i = 0; i < pieces; i++) {
    fill(c, batch, i, update, i == 0);
    slices_count(c->slices);
    save(c, i);
    if (i + 1 < pieces) slices_sweep(c->slices);
  }
}

/* The gradient of the last piece is the first. */
static void add_gradient(Checkpoints *c, bool is_first) {
  const RnnUnit *u = c->slices->slice->unit;
  const Parameters *p = u->parameters;
  if (is_first) memcpy(c->gradient, u->gradients, (size_t)p->tuned * scalar_size(p->is_double));
  else scalars_add(c->gradient, u->gradients, p->tuned, p->is_double);
}

static void go_back(Checkpoints *c, const Batch *batch, int64_t pieces, uint64_t update) {
  double loss = 0;
  for (int64_t i = pieces - 1; i >= 0; i--) {
    if (i + 1 < pieces) fill(c, batch, i, update, false), load(c, i);
    slices_compute(c->slices, i == 0);
    loss += c->slices->loss;
    add_gradient(c, i + 1 == pieces);
    if (i + 1 == pieces) save(c, pieces);
  }
  const RnnUnit *u = c->slices->slice->unit;
  memcpy(u->gradients, c->gradient, (size_t)u->parameters->tuned * scalar_size(u->parameters->is_double));
  c->slices->loss = loss;
}

static bool all_finite(const Checkpoints *c) {
  const RnnUnit *u = c->slices->slice->unit;
  return isfinite(c->slices->loss) && isfinite(vector_norm(u->gradients, u->parameters->tuned, u->parameters->is_double));
}

/* What is not finite is looked for in the units' memory (slices_not_finite): they compute the first piece that has some again. */
static void find_not_finite(Checkpoints *c, const Batch *batch, int64_t pieces, uint64_t update) {
  NotFinite at;
  const double loss = c->slices->loss;
  for (int64_t i = 0; i < pieces; i++) {
    fill(c, batch, i, update, false);
    load(c, i);
    slices_compute(c->slices, i == 0);
    if (slices_not_finite(c->slices, &at)) break;
  }
  const RnnUnit *u = c->slices->slice->unit;
  memcpy(u->gradients, c->gradient, (size_t)u->parameters->tuned * scalar_size(u->parameters->is_double));
  c->slices->loss = loss;
}

void checkpoints_call(Checkpoints *c, const Batch *batch, uint64_t update) {
  const int64_t pieces = (batch->steps + c->steps - 1) / c->steps;
  sweep(c, batch, pieces, update);
  go_back(c, batch, pieces, update);
  if (!all_finite(c)) find_not_finite(c, batch, pieces, update);
  else if (c->continues) load(c, pieces);
}
