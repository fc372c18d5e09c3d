/* sliced.c — slices of a batch on several threads. */
#include "bench/sliced.h"
#include "runtime/slices.h"
#include "runtime/unit.h"
#include <stdlib.h>

struct Sliced {
  Threads *threads;
  int count, groups, batch, steps;
  RnnUnit *unit[SLICES_MOST];
  int32_t *length;
};

Sliced *sliced_new(RnnUnit *unit, bool train, int batch, int steps, int threads) {
  Sliced *s = calloc(1, sizeof *s);
  *s = (Sliced){.threads = threads_new(threads), .count = train && unit->additive ? slices_of_rows(batch) : 1, .batch = batch, .steps = steps, .unit = {unit}};
  threads_reserve(s->threads, s->count);
  s->groups = slices_in_groups(unit, s->threads, s->count);
  s->length = malloc(sizeof *s->length * (size_t)batch);
  for (int i = 0; i < batch; i++) s->length[i] = steps;
  for (int i = 0; i < s->count; i++) {
    if (i > 0) s->unit[i] = unit_twin(unit);
    rnn_unit_reserve(s->unit[i], sliced_rows(s, i), steps);
    s->unit[i]->args = (RnnArgs){.seed = 1, .clock[0] = {.length = s->length, .whole = s->length}};
  }
  return s;
}

int sliced_count(const Sliced *s) { return s->count; }
RnnUnit *sliced_unit(const Sliced *s, int slice) { return s->unit[slice]; }
int64_t sliced_rows(const Sliced *s, int slice) { return (s->batch - slice + s->count - 1) / s->count; }

static void call_group(void *context, int i) {
  Sliced *s = context;
  RnnUnit *unit[SLICES_MOST];
  int count = 0;
  for (int k = i; k < s->count; k += s->groups) unit[count++] = s->unit[k];
  unit_run_slices(unit, count);
}

void sliced_call(Sliced *s) {
  threads_run(s->threads, s->groups, call_group, s);
  slices_add_gradients(s->unit, s->count, s->threads);
}

void sliced_free(Sliced *s) {
  if (!s) return;
  for (int i = s->count - 1; i >= 0; i--) rnn_unit_free(s->unit[i]); /* the first owns the params */
  threads_free(s->threads);
  free(s->length);
  free(s);
}
