/* loop.c — what the methods that follow a gradient share: epochs, updates, stopping, the best epoch. */
#include "runtime/clause.h"
#include "runtime/error.h"
#include "runtime/nothing_counts.h"
#include "runtime/train/keep.h"
#include "runtime/train/train.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- opening ---------------------------------------------------------------------------------------------------------------------- */

/* `skip when loss < 0.01`: the comparison, as the clause's argument or its modifier's. */
static const cJSON *condition(const Stage *s, const char *keyword) {
  const cJSON *clause = clause_of(s->json, keyword), *when = modifier_of(clause, "when");
  return when ? value_arg(when, 0) : value_arg(clause, 0);
}

static bool open_order(const Stage *s, bool carry, BatchOrder *order, RnnError *error) {
  const cJSON *clause = clause_of(s->json, "order");
  const char *name = value_called(value_arg(clause, 0));
  *order = carry ? ORDER_CARRY : clause ? ORDER_SHORTEST_FIRST : ORDER_SHUFFLED;
  if (!clause || !name || !strcmp(name, "shortest_first")) return true;
  if (!strcmp(name, "as_given")) return *order = carry ? ORDER_CARRY : ORDER_AS_GIVEN, true;
  return rnn_fail_at(error, clause_line(clause), "E0404", "`order %s`: there is shortest_first and as_given", name);
}

/* With p pieces of T / p steps, memory is for p states and T / p steps: least about where both are √T. */
static int64_t steps_of_piece(int64_t checkpoint, int64_t steps) {
  int64_t k = checkpoint == AUTO_STEPS ? (int64_t)ceil(sqrt((double)steps)) : checkpoint;
  return k > 0 && k < steps ? k : steps;
}

static bool open_training(Loop *l, const Cut *cut, RnnError *error) {
  Stage *s = l->stage;
  BatchOrder order;
  int64_t rows = (int64_t)clause_number(clause_of(s->json, "batch"), 1);
  if (!open_order(s, cut->carry, &order, error)) return false;
  l->batches = batches_new(s->train_part, rows, order, cut->carry ? cut->truncate : 0, s->program->seed, error);
  if (!l->batches) return false;
  int64_t most = batches_most_steps(l->batches);
  l->most_steps = cut->truncate > 0 && cut->truncate < most ? cut->truncate : most;
  l->piece = steps_of_piece(cut->checkpoint, l->most_steps);
  return slices_open(&l->slices, s, s->unit, s->train_part, l->batches, l->piece, 0, error) &&
         something_counts(s, &l->slices.slice->feed, "training", error);
}

static bool open_validation(Loop *l, RnnError *error) {
  Stage *s = l->stage;
  return !s->valid_part || !s->valid || evaluation_open(&l->valid, s, s->valid_part, s->valid_from, batches_most_rows(l->batches), error);
}

static int64_t ceiling(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

/* The best epoch is kept where something says which is best: a validation set, or patience. */
static void open_best(Loop *l) {
  const Parameters *p = l->stage->unit->parameters;
  l->best = INFINITY;
  l->best_epoch = -1;
  l->loss = l->validation = NAN;
  if (l->valid.batches || l->patience) l->best_weights = scalars_new(p->tuned, p->is_double);
}

bool loop_open(Loop *l, Stage *s, const Cut *cut, RnnError *error) {
  *l = (Loop){.stage = s, .epoch = -1, .skip = condition(s, "skip"), .stop = condition(s, "stop")};
  const Parameters *p = s->unit->parameters;
  const cJSON *optimizer = clause_of(s->json, "optimizer");
  l->epochs = (int64_t)clause_number(clause_of(s->json, "epochs"), DEFAULT_EPOCHS);
  l->patience = (int64_t)clause_number(clause_of(s->json, "patience"), 0);
  s->in_pieces = cut->truncate > 0 || cut->checkpoint;
  if (!open_training(l, cut, error) || !open_validation(l, error)) return false;
  if (!optimizer_init(&l->optimizer, value_arg(optimizer, 0), p->tuned, p->is_double, clause_line(optimizer), error)) return false;
  if (!schedule_init(&l->schedule, clause_of(s->json, "schedule"), error) || !clip_init(&l->clip, s->json, error)) return false;
  l->optimizer.decay = clause_number(clause_of(s->json, "decay"), 0);
  int64_t chunks = cut->truncate && !cut->carry ? ceiling(batches_most_steps(l->batches), cut->truncate) : 1;
  l->updates_an_epoch = batches_count(l->batches) * chunks;
  open_best(l);
  progress_begin(&l->progress, s->options, s->name, l->epochs, l->updates_an_epoch);
  return true;
}

void loop_close(Loop *l) {
  progress_end(&l->progress);
  optimizer_free(&l->optimizer);
  evaluation_close(&l->valid);
  slices_close(&l->slices);
  batches_free(l->batches);
  free(l->best_weights);
}

/* --- one update ------------------------------------------------------------------------------------------------------------------- */

/* A linear fit has no steps that could be smaller: what grows is the net that it reads. */
static const char *remedy(const Stage *s) {
  const bool solves = value_is_call(value_arg(clause_of(s->json, "method"), 0), "ridge");
  return solves ? "a smaller spectral radius (`radius = 0.9`), a smaller leak, or smaller inputs (`scale`): the weights that ridge does not fit let the states grow"
                : "a smaller lr, or clip norm(1)";
}

bool not_finite(const Stage *s, const Slices *slices, const char *what, int64_t epoch, int64_t update, RnnError *error) {
  const Batch *b = slices->batch;
  NotFinite at;
  if (!slices_not_finite(slices, &at))
    return rnn_fail_at(error, s->line, "E0701",
                       "the %s is not a finite number, though every equation's value is one: they have grown too large\n   = note: stage `%s`, epoch %lld, "
                       "update %lld; the weights file is as it was\nhelp: %s",
                       what, s->name, (long long)epoch + 1, (long long)update + 1, remedy(s));
  rnn_fail(error, "E0701",
           "the %s is not a finite number: it began in `%s`, step %lld, sequence %lld\n   = note: stage `%s`, epoch %lld, update %lld; the weights file is as it "
           "was\nhelp: %s",
           what, at.name, (long long)(b->offset[at.row] + at.step), (long long)(uint32_t)b->identity[at.row], s->name, (long long)epoch + 1, (long long)update + 1,
           remedy(s));
  rnn_fail_place(error, at.file ? at.file : s->program->path, at.line);
  return false;
}

bool loop_update(Loop *l, const Batch *b, RnnError *error) {
  RnnUnit *u = l->stage->unit;
  const Parameters *p = u->parameters;
  double loss = l->slices.loss, norm = vector_norm(u->gradients, p->tuned, p->is_double);
  const bool counts = l->slices.counted > 0; /* a chunk in which nothing counts says nothing: log(mse(…)) is not finite there */
  if (counts && !isfinite(loss)) return not_finite(l->stage, &l->slices, "loss", l->epoch, l->update, error);
  if (counts && !isfinite(norm)) return not_finite(l->stage, &l->slices, "gradient", l->epoch, l->update, error);
  if (counts) l->loss_sum += loss * l->slices.counted;
  l->loss_weight += l->slices.counted;
  l->gradient_norm = norm;
  double factor = schedule_factor(&l->schedule, l->update, l->updates_an_epoch * l->epochs, l->epoch);
  if (counts && !(l->skip && condition_holds(l, l->skip, loss))) {
    clip_gradient(&l->clip, u->gradients, p->tuned, p->is_double, norm);
    optimizer_update(&l->optimizer, factor, p->data, u->gradients);
  }
  l->update++;
  progress_update(&l->progress, l->epoch, l->update, l->loss_sum / fmax(l->loss_weight, 1), norm, b->steps * b->rows);
  return true;
}

/* --- between epochs ------------------------------------------------------------------------------------------------------------------ */

bool loop_next_epoch(Loop *l) {
  bool stopped = l->epoch >= 0 && l->stop && condition_holds(l, l->stop, isnan(l->validation) ? l->loss : l->validation);
  bool patient = !l->patience || l->epoch - l->best_epoch < l->patience || l->epoch < 0;
  if (stopped || !patient || l->epoch + 1 >= l->epochs) return false;
  l->epoch++;
  l->loss_sum = l->loss_weight = 0;
  batches_epoch(l->batches, (uint64_t)l->epoch);
  slices_reset_state(&l->slices);
  return true;
}

static bool validate(Loop *l, RnnError *error) {
  const Moment now = {"validation loss", l->epoch, l->update};
  return !l->valid.batches || evaluation_loss(&l->valid, &now, &l->validation, error);
}

static void keep_best(Loop *l, double loss) {
  const Parameters *p = l->stage->unit->parameters;
  if (!(loss < l->best)) return;
  l->best = loss;
  l->best_epoch = l->epoch;
  if (l->best_weights) memcpy(l->best_weights, p->data, (size_t)p->tuned * scalar_size(p->is_double));
}

bool loop_end_epoch(Loop *l, RnnError *error) {
  l->loss = l->loss_weight > 0 ? l->loss_sum / l->loss_weight : NAN;
  if (!validate(l, error)) return false;
  double watched = l->valid.batches ? l->validation : l->loss;
  keep_best(l, watched);
  schedule_epoch(&l->schedule, watched);
  const double rate = l->optimizer.option[0] * schedule_factor(&l->schedule, l->update, l->updates_an_epoch * l->epochs, l->epoch);
  const EpochRecord record = {l->epoch, l->update, l->loss, l->validation, l->gradient_norm, rate};
  progress_epoch(&l->progress, &record);
  return keep_epoch(l->stage, &record, progress_seconds(&l->progress), l->best_epoch == l->epoch, error);
}

void loop_restore(Loop *l) {
  const Parameters *p = l->stage->unit->parameters;
  if (!l->best_weights || l->best_epoch < 0) return;
  memcpy(p->data, l->best_weights, (size_t)p->tuned * scalar_size(p->is_double));
  if (l->valid.batches)
    l->validation = l->best;
  else
    l->loss = l->best;
}
