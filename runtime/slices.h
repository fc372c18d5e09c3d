/* slices.h — a batch computed in slices of its rows, on several threads, with the same bits on any number of them.
 *
 * How many slices a batch has depends on its number of rows alone, so the sums (of losses, of gradients: always in the order
 * of the slices) are the same whoever computes them. Row i is in slice i mod S: rows stay sorted, slices get equal work, and
 * a carried row keeps its slice and so its state. Each slice has a unit of its own (the first is the stage's), all with the
 * same params. A unit whose outputs do not add up over rows ("additive": false in the manifest) is one slice. */
#ifndef RNN_RUNTIME_SLICES_H
#define RNN_RUNTIME_SLICES_H
#include "runtime/feed.h"
#include "runtime/threads.h"

enum { SLICES_MOST = THREADS_ITEMS };

typedef struct Slice {
  RnnUnit *unit;
  Feed feed;
  Batch *own;         /* memory for its rows */
  const Batch *batch; /* of the last call: own, or the whole batch */
  double loss;
} Slice;

typedef struct Slices {
  Threads *threads;
  int most;             /* slices of the largest batch */
  int count, computed;  /* of the last batch: slices, and how many of them had to be computed */
  Slice slice[SLICES_MOST];
  int groups;           /* of the last batch: jobs that its computed slices were shared out to */
  const Batch *batch;   /* the last one */
  uint64_t update;
  bool keep_state, same_weights;
  double counted, loss; /* of the last batch: as Feed.counted; the loss (0 without one) */
  double *sum;          /* [inputs] of the unit: what norms are of, counted so far */
} Slices;

/* Slices of a batch of so many rows: 1 below 16, 2 below 64, 4 below 192, 8 above. Products are computed in tiles of six rows, so
 * slices keep eight rows or more. */
int slices_of_rows(int64_t rows);

/* Into how many jobs slices go: where they are computed together, one for each thread; else each by itself. */
int slices_in_groups(const RnnUnit *unit, const Threads *threads, int slices);

/* Adds the gradients of slices up, always in their order, in the first one's. */
void slices_add_gradients(RnnUnit *const *unit, int count, Threads *threads);

/* For batches of `data` as cut by `batches`; steps before `from` do not count (nor those of the washout). All memory for
 * sequences of up to `most_steps` steps is allocated here, and the stage's threads are started as far as they are of use. */
bool slices_open(Slices *s, const Stage *stage, RnnUnit *unit, const Dataset *data, const Batches *batches, int64_t most_steps,
                 int64_t from, RnnError *error);
void slices_close(Slices *s);
void slices_reset_state(Slices *s);
/* Fills and calls all slices' units. The sum of the gradients is then in the first one's, as if it had computed the whole batch. */
void slices_call(Slices *s, const Batch *batch, uint64_t update, bool keep_state);

/* The same in parts, for a batch that is computed piece by piece (train/checkpoint.c). Counts add up over the pieces: */
void slices_count_anew(Slices *s);
/* `same_weights`: those of the piece before. */
void slices_fill(Slices *s, const Batch *piece, uint64_t update, bool keep_state, bool same_weights);
void slices_count(Slices *s); /* the piece that was filled last */
/* The piece that was filled last: only to keep its states; or as slices_call, with norms by all that was counted. `shares`: the terms of the
 * loss that do not depend on data count here. */
void slices_sweep(Slices *s);
void slices_compute(Slices *s, bool shares);

/* Where a row of the last batch is. */
typedef struct SliceRow {
  const RnnUnit *unit;
  int64_t row;
} SliceRow;
SliceRow slices_row(const Slices *s, int64_t row);
/* The first value of the last batch that is not finite, as unit_not_finite; `row` is one of the whole batch. */
bool slices_not_finite(const Slices *s, NotFinite *where);

#endif
