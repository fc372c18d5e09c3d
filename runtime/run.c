/* run.c — carrying out a run declaration: its values are recorded, then reported, written, plotted and compared. */
#include "runtime/run.h"
#include "runtime/clause.h"
#include "runtime/dataset.h"
#include "runtime/decode.h"
#include "runtime/error.h"
#include "runtime/nothing_counts.h"
#include "runtime/record.h"
#include "runtime/show/show.h"
#include "runtime/speak.h"
#include <math.h>
#include <string.h>

enum { RUN_ROWS = 64, RUN_SERIES = 64 };

typedef struct Run {
  Stage *stage;
  Recording recording;
  bool *expected;
} Run;

/* Values named by a write or plot clause. */
typedef struct Chosen {
  const Series *series[RUN_SERIES];
  const char *name[RUN_SERIES];
  int count;
} Chosen;

/* `data.y`, or an input or a target, which only the data say; NULL: the net's own. */
static const Variable *said_by_data(const Stage *stage, const char *name, int *place) {
  bool of_data = name && !strncmp(name, "data.", 5);
  for (int v = 0; name && v < stage->data->variables; v++) {
    const Variable *variable = &stage->data->variable[v];
    if (strcmp(variable->name, of_data ? name + 5 : name)) continue;
    *place = v;
    return of_data || variable->role != VARIABLE_OUTPUT ? variable : NULL;
  }
  return NULL;
}

static bool says(const Variable *v, int variable, const Sequence *q, const int64_t *at, int64_t element) {
  const double *value = sequence_at(v, variable, q, at);
  return value && !isnan(value[variable_within(v, at) + element]);
}

/* What the data do not say is computed with as 0, and shown as missing. */
static void mark_missing(const Stage *stage, const char *name, Series *s) {
  int place = 0;
  const Variable *variable = stage->decoded ? NULL : said_by_data(stage, name, &place);
  bool fits = variable && variable_components(variable) == s->elements && s->count == stage->data->count && (variable->axes > 1) == s->stepped;
  if (!fits) return;
  for (int64_t i = 0; i < s->count; i++)
    for (int64_t t = 0; t < s->steps[i]; t++) {
      int64_t at[RNN_MAX_CLOCKS] = {0};
      series_steps(s, i, t, at);
      for (int64_t k = 0; k < s->elements; k++)
        if (!says(variable, place, &stage->data->sequence[i], at, k)) s->value[i][t * s->elements + k] = NAN;
    }
}

/* Shown as the symbols of its vocabulary, where it has one. */
static void choose(const Run *r, const cJSON *value, Chosen *c) {
  Series *s = recording_find(&r->recording, json_string(value, "output"));
  if (!s || c->count == RUN_SERIES) return;
  const char *text = expression_text(value), *variable = json_string(value, "variable");
  c->name[c->count] = *text ? text : variable ? variable : s->name;
  s->vocabulary = speak_vocabulary(r->stage, value);
  int place;
  s->of_data = said_by_data(r->stage, variable, &place) != NULL;
  mark_missing(r->stage, variable, s);
  c->series[c->count++] = s;
}

/* --- report, expect ------------------------------------------------------------------------------------------------------------------ */

static bool number(const Run *r, const cJSON *value, int line, double *out, RnnError *error) {
  if (metric_value(value, r->recording.series, r->recording.count, line, out, error)) return true;
  const bool at_all = !strcmp(error->code, "E0415") && !strstr(error->message, "no sequence has a step");
  return at_all && explain_nothing_counts(r->stage, r->stage->unit, r->stage->data, error);
}

static bool report(Run *r, const cJSON *clause, RnnError *error) {
  const cJSON *value;
  for (int i = 0; (value = value_arg(clause, i)); i++) {
    double found;
    if (!number(r, value, clause_line(clause), &found, error)) return false;
    show_report(r->stage->options, r->stage->name, expression_text(value), found);
  }
  return true;
}

/* What is found is told of the left side of a comparison with a number. What is neither true nor false does not hold. */
static bool expect(Run *r, const cJSON *clause, RnnError *error) {
  const cJSON *value;
  for (int i = 0; (value = value_arg(clause, i)); i++) {
    double truth, found;
    if (!number(r, value, clause_line(clause), &truth, error)) return false;
    const bool tells = cJSON_IsNumber(json_item(value, "right")), holds = truth != 0 && !isnan(truth);
    if (tells && !number(r, json_item(value, "left"), clause_line(clause), &found, error)) return false;
    show_expect(r->stage->options, r->stage->name, expression_text(value), holds, tells ? &found : NULL);
    if (!holds) *r->expected = false;
  }
  return true;
}

/* --- plot, write ---------------------------------------------------------------------------------------------------------------------- */

/* Curves in one picture; a map for each value on several clocks. */
static void draw(const Run *r, const Chosen *c, int64_t last) {
  const RnnOptions *options = r->stage->options;
  Chosen curves = {.count = 0};
  char text[512] = "";
  for (int i = 0; i < c->count; i++) {
    const size_t used = strlen(text);
    if (c->series[i]->clocks > 1) continue;
    snprintf(text + used, sizeof text - used, "%s%s", curves.count ? ", " : "", c->name[i]);
    curves.name[curves.count] = c->name[i];
    curves.series[curves.count++] = c->series[i];
  }
  if (curves.count) show_plot(options, r->stage->name, text, curves.series, curves.name, curves.count, last);
  for (int i = 0; i < c->count; i++)
    if (c->series[i]->clocks > 1) show_map(options, r->stage->name, c->series[i], c->name[i], last);
}

static bool plot(Run *r, const cJSON *clause, RnnError *error) {
  Chosen c = {.count = 0};
  const cJSON *value, *last = modifier_of(clause, "last");
  (void)error;
  for (int i = 0; (value = value_arg(clause, i)); i++) choose(r, value, &c);
  draw(r, &c, (int64_t)clause_number(last, 0));
  return true;
}

static void write_stdout(Run *r, const cJSON *call) {
  Chosen c = {.count = 0};
  const cJSON *value;
  for (int i = 0; (value = value_arg(call, i)); i++) {
    const Series *s = recording_find(&r->recording, json_string(value, "output"));
    if (s && speak_vocabulary(r->stage, value)) speak(r->stage, value, s);
    else choose(r, value, &c);
  }
  if (c.count) write_rows(r->stage->options->out, c.series, c.name, c.count);
}

static bool write_file(Run *r, const cJSON *call, int line, RnnError *error) {
  const char *file = cJSON_GetStringValue(value_arg(call, 0));
  Chosen c = {.count = 0};
  const cJSON *value;
  char path[8192];
  if (!file) return rnn_fail_at(error, line, "E0404", "`write %s` wants a file name first", value_called(call));
  for (int i = 1; (value = value_arg(call, i)); i++) choose(r, value, &c);
  snprintf(path, sizeof path, "%s%s%s", *file == '/' ? "" : r->stage->program->directory, *file == '/' ? "" : "/", file);
  return value_is_call(call, "npz") ? write_archive(path, c.series, c.name, c.count, error) : write_table(path, c.series, c.name, c.count, error);
}

static bool write(Run *r, const cJSON *clause, RnnError *error) {
  const cJSON *call;
  for (int i = 0; (call = value_arg(clause, i)); i++) {
    if (value_is_call(call, "stdout")) write_stdout(r, call);
    else if (value_is_call(call, "csv") || value_is_call(call, "npz")) {
      if (!write_file(r, call, clause_line(clause), error)) return false;
    } else
      return rnn_fail_at(error, clause_line(clause), "E0402", "`write %s`: there is csv, npz and stdout", value_called(call) ? value_called(call) : "?");
  }
  return true;
}

/* --- all of it ------------------------------------------------------------------------------------------------------------------------- */

typedef bool Act(Run *r, const cJSON *clause, RnnError *error);

static bool each(Run *r, const char *keyword, Act *act, RnnError *error) {
  for (const cJSON *clause = NULL; (clause = clause_after(r->stage->json, keyword, clause));)
    if (!act(r, clause, error)) return false;
  return true;
}

/* A report of it is nan, and no `expect` holds by it; but a run whose values are only written would not say so. */
static void warn_of_nan(const Stage *s, const NotFinite *at) {
  RnnError warning = {0};
  rnn_fail(&warning, "E0701", "`%s` has values that are no numbers", s->name);
  if (at->name) rnn_fail_more(&warning, ": it began in `%s`, step %lld, sequence %lld", at->name, (long long)at->step, (long long)(uint32_t)at->row);
  rnn_fail_place(&warning, at->name && at->file ? at->file : s->program->path, at->name ? at->line : s->line);
  rnn_fail_more(&warning, "\n   = note: what is reported of them is nan, written as nan, and no `expect` about them holds");
  rnn_warn_print(&warning, s->options->err);
}

static void say_name(const Stage *s) {
  if (!s->options->quiet && !s->options->json) fprintf(s->options->out, "%s\n", s->name);
}

bool run_stage(Stage *stage, bool *expected, RnnError *error) {
  Run r = {.stage = stage, .expected = expected};
  say_name(stage);
  Decoded decoded = {0};
  bool speaks = clause_of(stage->json, "decode") != NULL;
  bool good = speaks ? decode(stage, &decoded, &r.recording, RUN_ROWS, error)
                     : record(&r.recording, stage, stage->unit, stage->data, 0, RUN_ROWS, error);
  if (good && r.recording.has_nan) warn_of_nan(stage, &r.recording.nan);
  good = good && each(&r, "report", report, error) && each(&r, "plot", plot, error) && each(&r, "write", write, error) &&
         each(&r, "expect", expect, error);
  fflush(stage->options->out);
  recording_free(&r.recording);
  decoded_free(&decoded);
  stage->decoded = NULL;
  return good;
}
