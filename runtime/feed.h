/* feed.h — filling a unit's inputs from a batch: data, weights and norms of the loss, forcing, scales. */
#ifndef RNN_RUNTIME_FEED_H
#define RNN_RUNTIME_FEED_H
#include "runtime/model.h"

enum { FEED_FORCES = 16 };

/* What the stage's force clauses say of one variable. */
typedef struct Force {
  int variable;
  int64_t steps;      /* `for n steps`; INT64_MAX: always */
  double probability; /* `with p = …`; 1 */
} Force;

typedef struct Feed {
  RnnUnit *unit;
  const Net *net;
  const Dataset *data;
  int *variable;        /* [inputs] of the unit: which variable; −1 */
  Force force[FEED_FORCES];
  int forces;
  int64_t from, to;     /* steps of a sequence that count in the loss: from ≤ t < to */
  uint64_t seed;
  const Decoded *decoded; /* NULL */
  int32_t *length[RNN_MAX_CLOCKS], *whole[RNN_MAX_CLOCKS]; /* of clocks other than the first: [most rows] */
  int main_clock;       /* t */
  int data_clocks;      /* clocks whose length is the data's */
  double counted;       /* of the last batch: the sum of its first weight input, or its rows */
  int *reference, references; /* inputs that the loss compares with: targets, and data.* */
  double *sum;          /* [inputs] of a norm: what it is one over, as far as this batch goes */
} Feed;

/* Finds each input's variable. `most_rows` of any batch to come; nothing is allocated later. E0411: an input without data. */
bool feed_open(Feed *f, const Stage *stage, RnnUnit *unit, const Dataset *data, int64_t most_rows, RnnError *error);
void feed_close(Feed *f);
/* Lays the unit out for the batch (or chunk), fills everything, and calls it. */
void feed_call(Feed *f, const Batch *batch, uint64_t update, bool keep_state);
/* The same in parts, for a batch in slices, each with a feed and a unit of its own: lays out and fills, each on its own … */
void feed_fill(Feed *f, const Batch *slice, uint64_t update, bool keep_state);
/* … then what says how a slice counts in the whole: norms (the sum of all slices'), and share (the first has it). Then unit_run. */
double feed_sum(const Feed *f, int input);
void feed_norm(Feed *f, int input, double sum);
void feed_share(Feed *f, bool has);
/* feed_counts.c. Which inputs are references, once their variables are known. */
void feed_find_references(Feed *f);
/* Do the steps at[clock] of a value on `axes` count: from ≤ step < to on the main clock, and all targets and data.* inputs of
 * the unit that live on no other clocks are present there? `whole`: those that live on some of its clocks and on others too are there at
 * all steps of the others. */
bool feed_counts(const Feed *f, const Sequence *sequence, uint32_t axes, bool whole, const int64_t *at);
bool feed_counts_sequence(const Feed *f, const Sequence *sequence);
bool feed_wants_whole(const char *weight); /* the `whole` of a weight input */
/* The steps at[clock] of its sequence that a row has at place[clock] of a batch; false: the row has ended there. */
bool feed_step(const Feed *f, const Batch *b, uint32_t axes, int64_t row, const int64_t *place, int64_t *at);
/* Fill a weight input (rows that have ended are given 0 as well) and return its sum; `out` NULL: only that. */
double feed_step_weights(const Feed *f, const Batch *b, const UnitPort *input, void *out);
double feed_sequence_weights(const Feed *f, const Batch *b, void *out);
/* 1 where data enter the delay line; never where the data say nothing. */
void feed_force(const Feed *f, const Batch *b, const UnitPort *input, const Force *force, uint64_t update);

#endif
