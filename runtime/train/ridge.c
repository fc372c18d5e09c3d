/* ridge.c — weights that the output is linear in, in one solution: min Σ (target − Σ_p W_p feature_p)² + λ ‖W‖² (Hoerl and Kennard, 1970;
 * for reservoirs: Jaeger, 2001). The unit gives target and features; sums run over all counted steps of all sequences. */
#include "runtime/clause.h"
#include "runtime/nothing_counts.h"
#include "runtime/train/keep.h"
#include "runtime/places.h"
#include "runtime/train/linear_fit.h"
#include "runtime/train/train.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct Ridge {
  Stage *stage;
  RnnUnit *unit;
  int target, features;       /* outputs of the unit */
  int *feature, *param;       /* [features]: output, and the param it belongs to */
  int64_t *offset, width;     /* of each in a row of features */
  LinearFit fit;
} Ridge;

static int param_of(const RnnUnit *u, const char *name) {
  for (int i = 0; i < u->parameters->count; i++)
    if (!strcmp(u->parameters->of[i].name, name)) return i;
  return -1;
}

static bool find_outputs(Ridge *r, RnnError *error) {
  RnnUnit *u = r->unit;
  r->target = rnn_unit_output(u, "target");
  for (int i = 0; i < u->outputs; i++) {
    const UnitPort *out = &u->output[i];
    if (strncmp(out->name, "feature.", 8)) continue;
    r->feature[r->features] = i;
    r->param[r->features] = param_of(u, out->name + 8);
    r->offset[r->features] = r->width;
    r->width += out->elements;
    if (r->param[r->features++] < 0) return rnn_fail(error, "E0413", "unit `%s`: `%s` belongs to no param", u->name, out->name);
  }
  if (r->target < 0 || r->features == 0)
    return rnn_fail_at(error, r->stage->line, "E0413", "unit `%s` gives no linear system", u->name);
  return true;
}

/* Where element 0 of an output lies for a row at a step of each clock; what does not differ between rows or steps has one place. */
static int64_t place(const RnnUnit *u, const UnitPort *out, const int64_t *step, int64_t row) {
  int64_t rows = out->axes & 1 ? u->rows : 1;
  return (unit_place(u, out->axes, step) * rows + (out->axes & 1 ? row : 0)) * out->elements;
}

static bool copy(SliceRow at, int output, const int64_t *step, double *out) {
  const RnnUnit *u = at.unit;
  const UnitPort *port = &u->output[output];
  bool finite = true;
  for (int64_t i = 0, from = place(u, port, step, at.row); i < port->elements; i++) {
    out[i] = scalar_get(u->table[port->buffer], from + i, u->is_double);
    finite &= isfinite(out[i]) != 0;
  }
  return finite;
}

static bool add_row(Ridge *r, SliceRow at, const int64_t *step) {
  bool finite = copy(at, r->target, step, linear_fit_targets(&r->fit));
  for (int i = 0; i < r->features; i++)
    finite &= copy(at, r->feature[i], step, linear_fit_features(&r->fit) + r->offset[i]);
  linear_fit_added(&r->fit);
  return finite;
}

static bool add_sequence(Ridge *r, const Slices *slices, const Batch *b, int64_t row) {
  const uint32_t axes = r->unit->output[r->target].axes;
  const SliceRow from = slices_row(slices, row);
  const Feed *feed = &slices->slice[row % slices->count].feed;
  int64_t place[RNN_MAX_CLOCKS] = {0}, at[RNN_MAX_CLOCKS] = {0};
  bool finite = true;
  if (!feed_counts_sequence(feed, b->sequence[row])) return true;
  do {
    const bool counts = feed_step(feed, slices->slice[row % slices->count].batch, axes, from.row, place, at);
    if (counts && (!(axes >> 1) || feed_counts(feed, b->sequence[row], axes, false, at))) finite &= add_row(r, from, place);
  } while (next_place(axes, from.unit->steps, place));
  return finite;
}

/* In the order of the batch, so that the system does not know of slices. */
static bool add_batch(Ridge *r, const Slices *slices, const Batch *b, RnnError *error) {
  bool finite = true;
  for (int64_t row = 0; row < b->rows; row++) finite &= add_sequence(r, slices, b, row);
  return finite || not_finite(r->stage, slices, "linear system", 0, 0, error);
}

/* Rows of the system: as many as the target has places. */
static int64_t most_rows(const Ridge *r, const Dataset *data) {
  const RnnUnit *u = r->unit;
  int64_t rows = 0, length[RNN_MAX_CLOCKS];
  for (int64_t i = 0; i < data->count; i++) {
    for (int c = 0; c < RNN_MAX_CLOCKS; c++) length[c] = u->fixed_length[c] ? u->fixed_length[c] : sequence_steps_on(data, &data->sequence[i], c);
    const int64_t places = places_count(u->output[r->target].axes, length);
    rows += places > 0 ? places : 1;
  }
  return rows;
}

static bool collect(Ridge *r, RnnError *error) {
  Stage *s = r->stage;
  int64_t rows = (int64_t)clause_number(clause_of(s->json, "batch"), 32);
  Batches *batches = batches_new(s->train_part, rows, ORDER_AS_GIVEN, 0, s->program->seed, error);
  if (!batches) return false;
  Slices slices;
  bool good = slices_open(&slices, s, r->unit, s->train_part, batches, 1, 0, error);
  batches_epoch(batches, 0);
  for (const Batch *b; good && (b = batches_next(batches));) {
    slices_call(&slices, b, 0, false);
    good = add_batch(r, &slices, b, error);
  }
  slices_close(&slices);
  batches_free(batches);
  return good;
}

/* W_p [n, F_p] is columns offset … offset + F_p of the solution. */
static void give_weights(Ridge *r, const double *weights) {
  const Parameters *p = r->unit->parameters;
  int64_t targets = r->fit.targets;
  for (int i = 0; i < r->features; i++) {
    int64_t n = r->unit->output[r->feature[i]].elements;
    for (int64_t k = 0; k < targets; k++)
      for (int64_t j = 0; j < n && k * n + j < p->of[r->param[i]].elements; j++)
        scalar_set(parameters_at(p, r->param[i]), k * n + j, p->is_double, weights[k * r->width + r->offset[i] + j]);
  }
}

static bool solve(Ridge *r, double *loss, RnnError *error) {
  if (r->fit.rows == 0) {
    rnn_fail_at(error, r->stage->line, "E0415", "`%s`: no step counts, so there is nothing to fit", r->stage->name);
    return explain_nothing_counts(r->stage, r->unit, r->stage->train_part, error);
  }
  double *weights = calloc((size_t)(r->fit.targets * r->width), sizeof *weights);
  bool good = linear_fit_solve(&r->fit, weights);
  if (good) give_weights(r, weights);
  if (good) *loss = linear_fit_error(&r->fit, weights);
  free(weights);
  return good || rnn_fail_at(error, r->stage->line, "E0702", "`%s`: the linear system has no solution in finite numbers\nhelp: a larger lambda, or `scale` what it learns from", r->stage->name);
}

static bool validate(Stage *s, double *validation, RnnError *error) {
  Evaluation e;
  if (!s->valid_part) return true;
  bool good = evaluation_open(&e, s, s->valid_part, s->valid_from, EVALUATION_ROWS, error) && evaluation_loss(&e, &(Moment){"validation loss", 0, 0}, validation, error);
  evaluation_close(&e);
  return good;
}

/* One line as of an epoch: the fit's mean squared error. */
static bool show_fit(const Ridge *r, double loss, double validation, RnnError *error) {
  const EpochRecord record = {0, 1, loss, validation, NAN, NAN};
  Progress progress;
  progress_begin(&progress, r->stage->options, r->stage->name, 1, 1);
  progress_epoch(&progress, &record);
  progress_end(&progress);
  return keep_epoch(r->stage, &record, progress_seconds(&progress), true, error);
}

bool train_ridge(Stage *stage, const double *option, RnnError *error) {
  Ridge r = {.stage = stage, .unit = stage->unit};
  size_t outputs = (size_t)stage->unit->outputs + 1;
  double loss = NAN, validation = NAN;
  r.feature = calloc(outputs, sizeof *r.feature);
  r.param = calloc(outputs, sizeof *r.param);
  r.offset = calloc(outputs, sizeof *r.offset);
  bool good = find_outputs(&r, error);
  if (good && !linear_fit_init(&r.fit, most_rows(&r, stage->train_part), r.width, r.unit->output[r.target].elements, option[0]))
    good = rnn_fail(error, "E0519", "no memory for the linear system of `%s`", stage->name);
  good = good && collect(&r, error) && solve(&r, &loss, error) && validate(stage, &validation, error);
  good = good && show_fit(&r, loss, validation, error);
  linear_fit_free(&r.fit);
  free(r.feature);
  free(r.param);
  free(r.offset);
  return good && train_report(stage, loss, validation, error);
}
