/* several.c — variables on several clocks: where their values lie in a sequence, and which of them are there. */
#include "runtime/data/data.h"
#include "runtime/places.h"
#include <math.h>

/* On one clock a value has all steps of the sequence, those that the data do not say as missing; on several it has exactly theirs. */
static int64_t steps_on(const Variable *v, const Sequence *q, uint32_t clock) { return on_several_clocks(v->axes) ? q->on[clock] : q->steps; }

int64_t sequence_places(const Variable *v, const Sequence *q) {
  int64_t places = 1;
  EACH_CLOCK(c, v->axes) places *= steps_on(v, q, c);
  return places;
}

const double *sequence_at(const Variable *v, int variable, const Sequence *q, const int64_t *at) {
  int64_t place = 0;
  EACH_CLOCK(c, v->axes) {
    const int64_t steps = steps_on(v, q, c);
    if (at[c] < 0 || at[c] >= steps) return NULL;
    place = place * steps + at[c];
  }
  return q->value[variable] ? q->value[variable] + place * v->elements : NULL;
}

int64_t variable_components(const Variable *v) {
  int64_t n = v->elements;
  int dim = 0;
  for (uint32_t left = v->within >> 1; left; left &= left - 1) n /= v->shape[dim++];
  return n;
}

int64_t variable_within(const Variable *v, const int64_t *at) {
  int64_t place = 0;
  int dim = 0;
  EACH_CLOCK(c, v->within) place = place * v->shape[dim++] + at[c];
  return place ? place * variable_components(v) : 0;
}

static bool all_there(const double *value, int64_t n) {
  for (int64_t i = 0; i < n; i++)
    if (isnan(value[i])) return false;
  return true;
}

bool sequence_present(const Variable *v, int variable, const Sequence *q, uint32_t axes, const int64_t *at) {
  const double *value = sequence_at(v, variable, q, at);
  if (!value) return false;
  const bool one = v->within && !(v->within & ~axes);
  return one ? all_there(value + variable_within(v, at), variable_components(v)) : all_there(value, v->elements);
}
