#include "runtime/speak.h"
#include "runtime/clause.h"
#include <math.h>
#include <string.h>

static int variable_of(const Stage *stage, const cJSON *value) {
  const char *name = json_string(value, "variable");
  if (name && !strncmp(name, "data.", 5)) name += 5;
  for (int v = 0; name && v < stage->net->variables; v++)
    if (!strcmp(stage->net->variable[v].name, name)) return v;
  return -1;
}

const Vocabulary *speak_vocabulary(const Stage *stage, const cJSON *value) {
  int v = variable_of(stage, value);
  return v < 0 ? NULL : stage->net->variable[v].vocabulary;
}

static bool forces(const cJSON *clause, const char *name) {
  const cJSON *value;
  for (int i = 0; (value = value_arg(clause, i)); i++)
    if (value_called(value) && !strcmp(value_called(value), name)) return true;
  return false;
}

/* Steps in which data enter the variable's delay line for certain. */
static int64_t forced_steps(const Stage *stage, int variable) {
  for (const cJSON *clause = NULL; (clause = clause_after(stage->json, "force", clause));) {
    const cJSON *wanted = modifier_of(clause, "for");
    if (!forces(clause, stage->net->variable[variable].name) || modifier_of(clause, "with")) continue;
    return wanted ? (int64_t)clause_number(wanted, 0) : INT64_MAX;
  }
  return 0;
}

static double said(const Stage *stage, int variable, int64_t forced, const Series *s, int64_t i, int64_t t) {
  const Sequence *q = i < stage->data->count ? &stage->data->sequence[i] : NULL;
  const double *data = q ? q->value[variable] : NULL;
  bool given = data && t < forced && t < q->steps && !isnan(data[t]);
  return given ? data[t] : s->value[i][t * s->elements];
}

void speak(const Stage *stage, const cJSON *value, const Series *s) {
  FILE *out = stage->options->out;
  int variable = variable_of(stage, value);
  const Vocabulary *v = stage->net->variable[variable].vocabulary;
  int64_t forced = forced_steps(stage, variable);
  bool decoded = stage->decoded && stage->decoded->variable == variable;
  for (int64_t i = 0; i < s->count; i++) {
    for (int64_t t = 0; t < s->steps[i]; t++) {
      double symbol = said(stage, variable, forced, s, i, t);
      if (decoded && symbol == (double)stage->decoded->end) break;
      if (!(symbol >= 0 && symbol < (double)v->count)) continue;
      fprintf(out, "%s%s", t ? vocabulary_separator(v) : "", v->symbol[(int64_t)symbol]);
    }
    fputc('\n', out);
  }
}
