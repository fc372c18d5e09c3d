/* train.c — the table of methods, and what a stage reports when it is trained. */
#include "runtime/train/train.h"
#include "runtime/clause.h"
#include "runtime/error.h"
#include "runtime/show/show.h"
#include "runtime/train/report.h"
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
  rnn_fail_at(error, line, "E0402", "`%s` is not a training method here", name);
  rnn_fail_names(error, "methods", name, names, METHODS);
  return false;
}

static bool carry_out(Stage *stage, const MethodRow *row, const double *option, RnnError *error) {
  if (stage->options->predict) return train_memory(stage, row->name, option, error);
  return row->train(stage, option, error) && train_test(stage, error);
}

bool train_stage(Stage *stage, RnnError *error) {
  const cJSON *clause = clause_of(stage->json, "method"), *value = value_arg(clause, 0);
  const char *name = value ? value_called(value) : "bptt";
  for (int i = 0; name && i < METHODS; i++) {
    if (strcmp(methods[i].name, name)) continue;
    double option[METHOD_OPTIONS];
    if (!value_options(value, methods[i].option, methods[i].options, option, clause_line(clause), error)) return false;
    return carry_out(stage, &methods[i], option, error);
  }
  return unknown_method(name ? name : "?", clause_line(clause), error);
}

/* --- what a stage says when it is trained ------------------------------------------------------------------------------------------ */

static void show(void *context, const char *text, double value) {
  const Stage *stage = context;
  show_report(stage->options, stage->name, text, value);
}

bool train_report(Stage *stage, double loss, double validation, RnnError *error) {
  const ReportPart part = report_part(stage, loss, validation);
  return report_each(stage, &part, show, stage, error);
}

static void show_of_test(void *context, const char *text, double value) {
  const Stage *stage = context;
  show_test(stage->options, stage->name, text, value);
}

bool train_test(Stage *stage, RnnError *error) {
  if (!stage->test_part) return true;
  ReportPart part = {stage->test_part, stage->test_from, NAN, NAN, true};
  Evaluation e;
  bool good = evaluation_open(&e, stage, part.data, part.from, EVALUATION_ROWS, error) && evaluation_loss(&e, &(Moment){"test loss", -1, -1}, &part.loss, error);
  evaluation_close(&e);
  if (!good) return false;
  show_test(stage->options, stage->name, "loss", part.loss);
  return report_each(stage, &part, show_of_test, stage, error);
}
