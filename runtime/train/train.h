/* train.h — training one stage: what methods share. */
#ifndef RNN_RUNTIME_TRAIN_H
#define RNN_RUNTIME_TRAIN_H
#include "runtime/model.h"
#include "runtime/optim/optim.h"
#include "runtime/show/progress.h"
#include "runtime/train/evaluate.h"

enum { METHOD_OPTIONS = 4, DEFAULT_EPOCHS = 100 };

/* Trains the stage's unit's params with the method its clause names (bptt where there is none). E0402 unknown method. */
bool train_stage(Stage *stage, RnnError *error);

/* In the place of training: what memory it would take (memory.c). `option` are the method's. */
bool train_memory(Stage *stage, const char *method, const double *option, RnnError *error);

#define METHOD(name, ...) bool train_##name(Stage *stage, const double *option, RnnError *error);
#include "runtime/train/methods.def"
#undef METHOD

/* --- bptt: how sequences are cut ------------------------------------------------------------------------------------------------- */

/* truncate: steps of a chunk, at whose end the gradient is cut; 0: whole sequences. checkpoint: steps of the pieces in which a sequence (or a
 * chunk of it) is computed, so that there is memory for one piece and for the states between them; 0: in one; AUTO_STEPS: as many as there are pieces. */
enum { AUTO_STEPS = -1 };
typedef struct Cut {
  int64_t truncate, checkpoint;
  bool carry;
} Cut;
/* What the stage says; `option` are those of its method. */
Cut cut_of(const Stage *stage, const double *option);

/* --- the loop that gradient methods share (loop.c): epochs, updates, stopping, the best epoch ------------------------------------ */

typedef struct Loop {
  Stage *stage;
  Batches *batches;       /* of the training part */
  Slices slices;
  Evaluation valid;       /* of the validation part; not open: there is none */
  int64_t most_steps;     /* of what one update is computed from */
  int64_t piece;          /* steps that are computed at a time: all of these, or those between two checkpoints */
  Optimizer optimizer;
  Schedule schedule;
  Clip clip;
  Progress progress;
  const cJSON *skip, *stop; /* conditions; NULL */
  int64_t epochs, epoch, updates_an_epoch, update, patience;
  double loss_sum, loss_weight; /* of this epoch so far */
  double gradient_norm;         /* of the last update, before clipping */
  double loss, validation;      /* means of the last epoch; validation NaN where there is none */
  double best;
  int64_t best_epoch;
  void *best_weights;           /* the tuned vector of the best epoch; NULL where it is not kept */
} Loop;

/* Everything a stage needs is allocated here: nothing during an update. */
bool loop_open(Loop *l, Stage *stage, const Cut *cut, RnnError *error);
void loop_close(Loop *l);
/* Between epochs: false when the last was the last, or a stop or patience says so. */
bool loop_next_epoch(Loop *l);
/* After slices_call: takes its loss and gradient, checks that they are finite (E0701), clips, updates. */
bool loop_update(Loop *l, const Batch *batch, RnnError *error);
/* At the end of an epoch: validation, best weights, progress. */
bool loop_end_epoch(Loop *l, RnnError *error);
/* At the end of training: the best epoch's weights back into the unit. */
void loop_restore(Loop *l);
/* Does a `when` hold, with the loss that it is asked about (condition.c)? */
bool condition_holds(const Loop *l, const cJSON *condition, double loss);
/* E0701 with the first equation, step and sequence that is not finite. */
bool not_finite(const Stage *stage, const Slices *slices, const char *what, int64_t epoch, int64_t update, RnnError *error);
/* --- checkpoints (checkpoint.c) ---------------------------------------------------------------------------------------------------- */

/* The gradient of a whole batch, with memory for a piece of `steps` steps and for the states at the beginning of each piece: a sweep forward
 * keeps these; then piece by piece, from the last to the first, what lies between is computed again, and the reverse pass goes over it,
 * beginning with what it has kept of the piece behind. (A. Griewank, Achieving logarithmic growth of temporal and spatial complexity in
 * reverse automatic differentiation, 1992; T. Chen et al., Training deep nets with sublinear memory cost, 2016; A. Gruslys et al.,
 * Memory-efficient backpropagation through time, 2016.) */
typedef struct Checkpoints {
  Slices *slices;
  int64_t steps;
  int64_t most_pieces;
  bool continues;      /* the state at the end of a batch is wanted by the next one */
  Batch *piece;
  int64_t each;        /* bytes of all slices' states */
  char *kept;          /* [piece][each]: the states before each piece, and (most_pieces) behind the last */
  void *gradient;      /* of the pieces so far */
} Checkpoints;

/* For an open loop whose slices have memory for its pieces. E0519 where there is no memory. */
bool checkpoints_open(Checkpoints *c, Loop *l, bool continues, RnnError *error);
void checkpoints_close(Checkpoints *c);
int64_t checkpoints_bytes(const Checkpoints *c);
/* As slices_call of the whole batch: its loss, what it counts and its gradient. */
void checkpoints_call(Checkpoints *c, const Batch *batch, uint64_t update);

/* The report clauses of a train stage, over its validation part (or, without one, the training part). `loss` and `validation` are its
 * last (best) ones; NaN: unknown. */
bool train_report(Stage *stage, double loss, double validation, RnnError *error);
/* The loss and the reports on the `test` part, if there is one, with the weights that training has left. */
bool train_test(Stage *stage, RnnError *error);

#endif
