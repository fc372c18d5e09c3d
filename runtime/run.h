/* run.h — carrying out a run declaration. */
#ifndef RNN_RUNTIME_RUN_H
#define RNN_RUNTIME_RUN_H
#include "runtime/model.h"

/* Runs the stage's unit over its data: report, write, plot, then expect. Sets *expected to false where an expect does not hold. */
bool run_stage(Stage *stage, bool *expected, RnnError *error);

#endif
