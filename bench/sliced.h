/* sliced.h — a training step cut into slices of its rows, as runtime/slices.c cuts it, without the data that feeds it. */
#ifndef RNN_BENCH_SLICED_H
#define RNN_BENCH_SLICED_H
#include "runtime/runtime.h"

typedef struct Sliced Sliced;
/* Takes the unit. A unit that does not add up, or does not train, is one slice. */
Sliced *sliced_new(RnnUnit *unit, bool train, int batch, int steps, int threads);
int sliced_count(const Sliced *s);
RnnUnit *sliced_unit(const Sliced *s, int slice);
int64_t sliced_rows(const Sliced *s, int slice);
/* All slices, then the sum of their gradients. */
void sliced_call(Sliced *s);
void sliced_free(Sliced *s);

#endif
