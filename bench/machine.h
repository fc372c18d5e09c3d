/* machine.h — what a measurement is worth only together with. */
#ifndef RNN_BENCH_MACHINE_H
#define RNN_BENCH_MACHINE_H
#include "bench/bench.h"

/* {"when", "commit", "changed", "machine": {…}, "versions": {…}} */
cJSON *machine_describe(void);

#endif
