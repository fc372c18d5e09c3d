/* bptt.c — backpropagation through time (Rumelhart, Hinton and Williams, 1986; Werbos, 1990): whole sequences, or chunks of k steps
 * between which the state, but no gradient, passes (Williams and Peng, 1990). The unit computes loss and gradient, of all steps at once or
 * of the steps between checkpoints (checkpoint.c). */
#include "runtime/clause.h"
#include "runtime/train/train.h"
#include <string.h>

typedef struct Bptt {
  Loop loop;
  Cut cut;
  Batch *chunk;            /* NULL: whole batches */
  Checkpoints checkpoints; /* opened where the stage asks for them */
} Bptt;

/* `checkpoint = 100`, `checkpoint = auto`, `checkpoint` alone. */
static int64_t checkpoint_of(const cJSON *method, double number) {
  const cJSON *item, *named = value_named(method, "checkpoint");
  cJSON_ArrayForEach(item, json_item(method, "args"))
    if (value_called(item) && !strcmp(value_called(item), "checkpoint")) return AUTO_STEPS;
  return named && !cJSON_IsNumber(named) ? AUTO_STEPS : (int64_t)number;
}

Cut cut_of(const Stage *stage, const double *option) {
  const cJSON *method = value_arg(clause_of(stage->json, "method"), 0);
  return (Cut){(int64_t)option[0], checkpoint_of(method, option[1]), clause_of(stage->json, "carry") != NULL};
}

static bool update(Bptt *m, const Batch *batch, RnnError *error) {
  bool keep = m->cut.carry || m->chunk;
  if (m->cut.checkpoint) checkpoints_call(&m->checkpoints, batch, (uint64_t)m->loop.update);
  else slices_call(&m->loop.slices, batch, (uint64_t)m->loop.update, keep);
  return loop_update(&m->loop, batch, error);
}

static bool train_batch(Bptt *m, const Batch *batch, RnnError *error) {
  if (!m->chunk) return update(m, batch, error);
  for (int64_t first = 0; first < batch->steps; first += m->cut.truncate) {
    batch_chunk(batch, first, m->cut.truncate, m->chunk);
    if (!update(m, m->chunk, error)) return false;
  }
  return true;
}

static bool train_epoch(Bptt *m, RnnError *error) {
  for (const Batch *batch; (batch = batches_next(m->loop.batches));)
    if (!train_batch(m, batch, error)) return false;
  return loop_end_epoch(&m->loop, error);
}

static bool open(Bptt *m, Stage *stage, RnnError *error) {
  if (!loop_open(&m->loop, stage, &m->cut, error)) return false;
  if (m->cut.truncate > 0 && !m->cut.carry) m->chunk = batch_chunk_new(m->loop.batches);
  return !m->cut.checkpoint || checkpoints_open(&m->checkpoints, &m->loop, m->cut.carry || m->chunk, error);
}

bool train_bptt(Stage *stage, const double *option, RnnError *error) {
  Bptt m = {.cut = cut_of(stage, option)};
  bool good = open(&m, stage, error);
  while (good && loop_next_epoch(&m.loop)) good = train_epoch(&m, error);
  if (good) loop_restore(&m.loop);
  double loss = m.loop.loss, validation = m.loop.validation;
  checkpoints_close(&m.checkpoints);
  if (m.chunk) batch_chunk_free(m.chunk);
  loop_close(&m.loop);
  return good && train_report(stage, loss, validation, error);
}
