/* gaps.c — is what a stage forces missing somewhere? A unit that was compiled for `force y` without condition reads the data at every step. */
#include "runtime/clause.h"
#include "runtime/gaps.h"
#include <math.h>
#include <string.h>

static int variable_named(const Net *net, const char *name) {
  for (int v = 0; name && v < net->variables; v++)
    if (!strcmp(net->variable[v].name, name)) return v;
  return -1;
}

static bool in_sequence(const Dataset *d, int variable, int64_t sequence, bool but_last, Gap *gap) {
  const Variable *v = &d->variable[variable];
  const Sequence *q = &d->sequence[sequence];
  const double *value = q->value[variable];
  const int64_t places = sequence_places(v, q) - but_last;
  *gap = (Gap){v->name, sequence, 0};
  if (!value) return places > 0;
  for (int64_t i = 0; i < places * v->elements; i++)
    if (isnan(value[i])) return gap->step = i / v->elements, true;
  return false;
}

static bool in_data(const Dataset *d, int variable, bool but_last, Gap *gap) {
  for (int64_t i = 0; d && i < d->count; i++)
    if (in_sequence(d, variable, i, but_last, gap)) return true;
  return false;
}

bool stage_finds_gap(const Stage *s, bool but_last, Gap *gap) {
  for (const cJSON *clause = NULL; (clause = clause_after(s->json, "force", clause));) {
    if (cJSON_GetArraySize(json_item(clause, "modifiers"))) continue;
    const cJSON *value;
    for (int i = 0; (value = value_arg(clause, i)); i++) {
      const int v = variable_named(s->net, value_called(value));
      if (v < 0) continue;
      if (in_data(s->data, v, but_last, gap) || in_data(s->own_validation, v, but_last, gap) || in_data(s->own_test, v, but_last, gap)) return true;
    }
  }
  return false;
}
