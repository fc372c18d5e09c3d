/* progress.h — what is seen while training: one line that renews itself on a terminal, plain lines where it is not one, JSON with
 * --json, nothing with --quiet. */
#ifndef RNN_RUNTIME_PROGRESS_H
#define RNN_RUNTIME_PROGRESS_H
#include "runtime/runtime.h"

typedef struct Progress {
  const RnnOptions *options;
  const char *stage;
  int64_t epochs, updates_an_epoch;
  int64_t done_epochs, steps;  /* steps: row × step pairs computed since the beginning */
  double began, drawn, printed; /* seconds of a monotonic clock */
  double validation;
  bool live, open;             /* live: a terminal; open: a line is being renewed */
} Progress;

typedef struct EpochRecord {
  int64_t epoch, updates; /* from 0; updates made so far */
  double loss, validation, gradient_norm, rate; /* NaN: there is none */
} EpochRecord;

void progress_begin(Progress *p, const RnnOptions *options, const char *stage, int64_t epochs, int64_t updates_an_epoch);
/* After each update; draws at most ten times a second. Allocates nothing. `loss`: the epoch's mean so far. */
void progress_update(Progress *p, int64_t epoch, int64_t update, double loss, double gradient_norm, int64_t steps);
void progress_epoch(Progress *p, const EpochRecord *record);
double progress_seconds(const Progress *p); /* since the beginning */
void progress_end(Progress *p);

#endif
