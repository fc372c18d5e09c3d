/* bptt.c — backpropagation through time (Rumelhart, Hinton and Williams, 1986; Werbos, 1990): whole sequences, or chunks of k steps
 * between which the state, but no gradient, passes (Williams and Peng, 1990). The unit computes loss and gradient. */
#include "runtime/clause.h"
#include "runtime/train/train.h"

typedef struct Bptt {
  Loop loop;
  Batch *chunk;     /* NULL: whole batches */
  int64_t truncate; /* steps of a chunk */
  bool carry;
} Bptt;

static bool update(Bptt *m, const Batch *batch, RnnError *error) {
  bool keep = m->carry || m->chunk;
  slices_call(&m->loop.slices, batch, (uint64_t)m->loop.update, keep);
  return loop_update(&m->loop, batch, error);
}

static bool train_batch(Bptt *m, const Batch *batch, RnnError *error) {
  if (!m->chunk) return update(m, batch, error);
  for (int64_t first = 0; first < batch->steps; first += m->truncate) {
    batch_chunk(batch, first, m->truncate, m->chunk);
    if (!update(m, m->chunk, error)) return false;
  }
  return true;
}

static bool train_epoch(Bptt *m, RnnError *error) {
  for (const Batch *batch; (batch = batches_next(m->loop.batches));)
    if (!train_batch(m, batch, error)) return false;
  return loop_end_epoch(&m->loop, error);
}

bool train_bptt(Stage *stage, const double *option, RnnError *error) {
  Bptt m = {.truncate = (int64_t)option[0], .carry = clause_of(stage->json, "carry") != NULL};
  bool good = loop_open(&m.loop, stage, m.truncate, m.carry, error);
  if (good && m.truncate > 0 && !m.carry) m.chunk = batch_chunk_new(m.loop.batches);
  while (good && loop_next_epoch(&m.loop)) good = train_epoch(&m, error);
  if (good) loop_restore(&m.loop);
  double loss = m.loop.loss, validation = m.loop.validation;
  if (m.chunk) batch_chunk_free(m.chunk);
  loop_close(&m.loop);
  return good && train_report(stage, loss, validation, error);
}
