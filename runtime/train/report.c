/* report.c — the report clauses of a train stage: after training, on the test part, and a line of the log. */
#include "runtime/train/report.h"
#include "runtime/clause.h"
#include "runtime/record.h"
#include "runtime/train/evaluate.h"
#include <math.h>
#include <string.h>

/* `loss`, `validation` and `bits_per_step` (the loss in bits where it is in nats) can be reported by name. */
static bool named_value(const cJSON *value, const ReportPart *part, double *out) {
  const char *name = value_called(value);
  if (!name || json_item(value, "call")) return false;
  double seen = isnan(part->validation) ? part->loss : part->validation;
  if (!strcmp(name, "loss")) return *out = part->loss, true;
  if (!strcmp(name, "validation")) return *out = seen, true;
  if (!strcmp(name, "bits_per_step")) return *out = seen / log(2), true;
  return false;
}

static bool is_loss(const cJSON *value) {
  const char *name = json_item(value, "call") ? NULL : value_called(value);
  return name && (!strcmp(name, "loss") || !strcmp(name, "validation"));
}

static const char *text_of(const cJSON *value) {
  const char *text = *expression_text(value) ? expression_text(value) : value_called(value);
  return text ? text : "?";
}

/* When nothing counts in what is reported, that is no reason to lose what has been trained: it is nan. */
static bool measured(const cJSON *value, const Recording *r, int line, double *out, RnnError *error) {
  if (metric_value(value, r->series, r->count, line, out, error)) return true;
  if (strcmp(error->code, "E0415")) return false;
  *error = (RnnError){0};
  return *out = NAN, true;
}

static bool report_clause(const cJSON *clause, const Recording *r, const ReportPart *part, ReportTake *take, void *context, RnnError *error) {
  const cJSON *value;
  for (int i = 0; (value = value_arg(clause, i)); i++) {
    double number;
    if (part->others && is_loss(value)) continue;
    if (!named_value(value, part, &number) && !measured(value, r, clause_line(clause), &number, error)) return false;
    take(context, text_of(value), number);
  }
  return true;
}

/* Is there anything that the net must be run for? */
static bool reports_values(const Stage *stage) {
  const ReportPart nothing = {0};
  const cJSON *value;
  double ignored;
  for (const cJSON *clause = NULL; (clause = clause_after(stage->json, "report", clause));)
    for (int i = 0; (value = value_arg(clause, i)); i++)
      if (!named_value(value, &nothing, &ignored)) return true;
  return false;
}

ReportPart report_part(const Stage *stage, double loss, double validation) {
  if (stage->valid_part) return (ReportPart){stage->valid_part, stage->valid_from, loss, validation, false};
  return (ReportPart){stage->train_part, 0, loss, validation, false};
}

bool report_each(Stage *stage, const ReportPart *part, ReportTake *take, void *context, RnnError *error) {
  if (!clause_of(stage->json, "report")) return true;
  RnnUnit *unit = stage->valid ? stage->valid : stage->unit;
  Recording r = {0};
  stage_refresh_weights(stage);
  bool good = !reports_values(stage) || record(&r, stage, unit, part->data, part->from, EVALUATION_ROWS, error);
  for (const cJSON *clause = NULL; good && (clause = clause_after(stage->json, "report", clause));)
    good = report_clause(clause, &r, part, take, context, error);
  recording_free(&r);
  return good;
}

void report_names(const Stage *stage, ReportTake *take, void *context) {
  const cJSON *value;
  for (const cJSON *clause = NULL; (clause = clause_after(stage->json, "report", clause));)
    for (int i = 0; (value = value_arg(clause, i)); i++)
      if (!is_loss(value)) take(context, text_of(value), NAN);
}
