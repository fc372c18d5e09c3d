/* sliced.c — slices of a batch on several threads. */
#include "bench/sliced.h"
#include "runtime/slices.h"
#include "runtime/unit.h"
#include <stdlib.h>

struct Sliced {
  Threads *threads;
  int count, batch, steps;
  RnnUnit *unit[SLICES_MOST];
  int32_t *length;
};

Sliced *sliced_new(RnnUnit *unit, bool train, int batch, int steps, int threads) {
  Sliced *s = calloc(1, sizeof *s);
  *s = (Sliced){.threads = threads_new(threads), .count = train && unit->additive ? slices_of_rows(batch) : 1, .batch = batch, .steps = steps, .unit = {unit}};
  threads_reserve(s->threads, s->count);
  s->length = malloc(sizeof *s->length * (size_t)batch);
  for (int i = 0; i < batch; i++) s->length[i] = steps;
  for (int i = 0; i < s->count; i++) {
    if (i > 0) s->unit[i] = unit_twin(unit);
    rnn_unit_reserve(s->unit[i], sliced_rows(s, i), steps);
  }
  return s;
}

int sliced_count(const Sliced *s) { return s->count; }
RnnUnit *sliced_unit(const Sliced *s, int slice) { return s->unit[slice]; }
int64_t sliced_rows(const Sliced *s, int slice) { return (s->batch - slice + s->count - 1) / s->count; }

static void call_slice(void *context, int i) {
  Sliced *s = context;
  rnn_unit_call(s->unit[i], sliced_rows(s, i), s->steps, s->length, s->length, 0, NULL, NULL, 1, 0, false);
}

void sliced_call(Sliced *s) {
  threads_run(s->threads, s->count, call_slice, s);
  const Parameters *p = (*s->unit)->parameters;
  for (int i = 1; i < s->count; i++) {
    float *to = unit_gradients(*s->unit), *from = unit_gradients(s->unit[i]);
    for (int64_t k = 0; k < p->tuned; k++) to[k] += from[k];
  }
}

void sliced_free(Sliced *s) {
  if (!s) return;
  for (int i = s->count - 1; i >= 0; i--) rnn_unit_free(s->unit[i]); /* the first owns the params */
  threads_free(s->threads);
  free(s->length);
  free(s);
}
