/* train.c — the table of methods, and what a stage reports when it is trained. */
#include "runtime/train/train.h"
#include "runtime/clause.h"
#include "runtime/error.h"
#include "runtime/record.h"
#include "runtime/show/show.h"
#include <math.h>
#include <string.h>

typedef struct MethodRow {
  const char *name;
  int options;
  OptionRow option[METHOD_OPTIONS];
  bool (*train)(Stage *stage, const double *option, RnnError *error);
} MethodRow;

#define METHOD(name, ...) {#name, (int)(sizeof((OptionRow[]){__VA_ARGS__}) / sizeof(OptionRow)), {__VA_ARGS__}, train_##name},
static const MethodRow methods[] = {
#include "runtime/train/methods.def"
};
#undef METHOD
enum { METHODS = sizeof methods / sizeof *methods };

static bool unknown_method(const char *name, int line, RnnError *error) {
  const char *names[METHODS];
  for (int i = 0; i < METHODS; i++) names[i] = methods[i].name;
  rnn_fail(error, "E0402", "`%s` is not a training method here\n   = note: on line %d", name, line);
  rnn_fail_names(error, "methods", name, names, METHODS);
  return false;
}

bool train_stage(Stage *stage, RnnError *error) {
  const cJSON *clause = clause_of(stage->json, "method"), *value = value_arg(clause, 0);
  const char *name = value ? value_called(value) : "bptt";
  for (int i = 0; name && i < METHODS; i++) {
    if (strcmp(methods[i].name, name)) continue;
    double option[METHOD_OPTIONS];
    if (!value_options(value, methods[i].option, methods[i].options, option, clause_line(clause), error)) return false;
    return stage->options->predict ? train_memory(stage, name, option, error) : methods[i].train(stage, option, error);
  }
  return unknown_method(name ? name : "?", clause_line(clause), error);
}

/* --- reports ---------------------------------------------------------------------------------------------------------------------- */

enum { REPORT_SERIES = 64, NAMED = 3 };

/* `loss`, `validation` and `bits_per_step` (the loss in bits where it is in nats) can be reported by name. */
static bool named_value(const cJSON *value, double loss, double validation, double *out) {
  const char *name = value_called(value);
  if (!name || json_item(value, "call")) return false;
  double seen = isnan(validation) ? loss : validation;
  if (!strcmp(name, "loss")) return *out = loss, true;
  if (!strcmp(name, "validation")) return *out = seen, true;
  if (!strcmp(name, "bits_per_step")) return *out = seen / log(2), true;
  return false;
}

static bool report_clause(const Stage *stage, const cJSON *clause, const Recording *r, double loss, double validation, RnnError *error) {
  const cJSON *value;
  for (int i = 0; (value = value_arg(clause, i)); i++) {
    double number;
    if (!named_value(value, loss, validation, &number) &&
        !metric_value(value, r->series, r->count, clause_line(clause), &number, error))
      return false;
    const char *text = *expression_text(value) ? expression_text(value) : value_called(value);
    show_report(stage->options, stage->name, text ? text : "?", number);
  }
  return true;
}

/* Is there anything that the net must be run for? */
static bool reports_values(const Stage *stage) {
  const cJSON *value;
  double ignored;
  for (const cJSON *clause = NULL; (clause = clause_after(stage->json, "report", clause));)
    for (int i = 0; (value = value_arg(clause, i)); i++)
      if (!named_value(value, 0, 0, &ignored)) return true;
  return false;
}

bool train_report(Stage *stage, double loss, double validation, RnnError *error) {
  if (!clause_of(stage->json, "report")) return true;
  const Dataset *data = stage->valid_part ? stage->valid_part : stage->train_part;
  RnnUnit *unit = stage->valid ? stage->valid : stage->unit;
  Recording r = {0};
  bool good = !reports_values(stage) || record(&r, stage, unit, data, stage->valid_part ? stage->valid_from : 0, 64, error);
  for (const cJSON *clause = NULL; good && (clause = clause_after(stage->json, "report", clause));)
    good = report_clause(stage, clause, &r, loss, validation, error);
  recording_free(&r);
  return good;
}
