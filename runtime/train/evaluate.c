/* evaluate.c — the loss on data that are not trained on: the validation part between epochs, the test part once at the end. */
#include "runtime/train/evaluate.h"
#include "runtime/nothing_counts.h"
#include "runtime/train/train.h"
#include <math.h>

bool evaluation_open(Evaluation *e, Stage *s, const Dataset *part, int64_t from, int64_t rows, RnnError *error) {
  *e = (Evaluation){.stage = s};
  e->batches = batches_new(part, rows, ORDER_AS_GIVEN, 0, s->program->seed, error);
  if (!e->batches) return false;
  int64_t most_steps = batches_most_steps(e->batches);
  /* what may be trained in pieces may be evaluated in pieces: a text of a million steps would not fit otherwise */
  if (s->in_pieces && most_steps > EVALUATION_CHUNK) e->chunk = batch_chunk_new(e->batches);
  if (e->chunk) most_steps = EVALUATION_CHUNK;
  return slices_open(&e->slices, s, s->valid, part, e->batches, most_steps, from, error) &&
         something_counts(s, &e->slices.slice->feed, part == s->test_part ? "test" : "validation", error);
}

void evaluation_close(Evaluation *e) {
  slices_close(&e->slices);
  if (e->chunk) batch_chunk_free(e->chunk);
  batches_free(e->batches);
  *e = (Evaluation){0};
}

void stage_refresh_weights(Stage *s) {
  RnnUnit *from = s->unit, *to = s->valid;
  if (!to || to->parameters == from->parameters) return;
  for (int i = 0; i < from->parameters->count; i++)
    for (int64_t k = 0; k < from->parameters->of[i].elements; k++)
      scalar_set(parameters_at(to->parameters, i), k, to->is_double, scalar_get(parameters_at(from->parameters, i), k, from->is_double));
}

typedef struct Mean {
  double sum, weight;
} Mean;

static bool add_piece(Evaluation *e, const Batch *b, bool keep_state, const Moment *at, Mean *mean, RnnError *error) {
  const Slices *s = &e->slices;
  slices_call(&e->slices, b, (uint64_t)at->update, keep_state);
  if (!isfinite(s->loss)) return not_finite(e->stage, s, at->what, at->epoch, at->update, error);
  mean->sum += s->loss * s->counted;
  mean->weight += s->counted;
  return true;
}

static bool add_batch(Evaluation *e, const Batch *b, const Moment *at, Mean *mean, RnnError *error) {
  if (!e->chunk) return add_piece(e, b, false, at, mean, error);
  for (int64_t first = 0; first < b->steps; first += EVALUATION_CHUNK) {
    batch_chunk(b, first, EVALUATION_CHUNK, e->chunk);
    if (!add_piece(e, e->chunk, true, at, mean, error)) return false;
  }
  return true;
}

bool evaluation_loss(Evaluation *e, const Moment *at, double *loss, RnnError *error) {
  Mean mean = {0};
  stage_refresh_weights(e->stage);
  batches_epoch(e->batches, 0);
  for (const Batch *b; (b = batches_next(e->batches));)
    if (!add_batch(e, b, at, &mean, error)) return false;
  *loss = mean.sum / mean.weight;
  return true;
}
