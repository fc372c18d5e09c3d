/* optim.h — optimisers, schedules of the learning rate, clipping. All work on the flat vectors of Parameters. */
#ifndef RNN_RUNTIME_OPTIM_H
#define RNN_RUNTIME_OPTIM_H
#include "runtime/runtime.h"

enum { OPTIMIZER_OPTIONS = 6, OPTIMIZER_SLOTS = 3, SCHEDULE_OPTIONS = 3, SCHEDULES_MOST = 4 };

typedef struct Optimizer {
  int kind; /* row of optimizers.def */
  bool is_double;
  int64_t size;                      /* scalars of the weight vector */
  double option[OPTIMIZER_OPTIONS];  /* as in its row; option[0] is the learning rate */
  double decay;                      /* the clause `decay`: L2 for all, decoupled for adamw */
  int64_t updates;                   /* made so far */
  void *slot[OPTIMIZER_SLOTS];       /* [size], zero at first */
} Optimizer;

/* `value` is the optimizer clause's VALUE, as adam(lr = 1e-3); NULL: adam. E0402 for an unknown name, E0403 for an unknown option. */
bool optimizer_init(Optimizer *o, const cJSON *value, int64_t size, bool is_double, int line, RnnError *error);
void optimizer_free(Optimizer *o);
/* One update of weights [size] along gradient [size] (which it may change), with the learning rate times `factor`. Allocates nothing. */
void optimizer_update(Optimizer *o, double factor, void *weights, void *gradient);

/* Schedules multiply: `schedule warmup(500), cosine`. */
typedef struct Schedule {
  int count;
  int kind[SCHEDULES_MOST]; /* rows of schedules.def */
  double option[SCHEDULES_MOST][SCHEDULE_OPTIONS];
  double reduced[SCHEDULES_MOST]; /* plateau: its factor by now */
  double best[SCHEDULES_MOST];
  int waited[SCHEDULES_MOST];
} Schedule;

/* `clause` is the schedule clause; NULL: constant. */
bool schedule_init(Schedule *s, const cJSON *clause, RnnError *error);
/* The factor for update number `update` (from 0) of `updates` in all, in epoch `epoch` (from 0). */
double schedule_factor(const Schedule *s, int64_t update, int64_t updates, int64_t epoch);
/* At the end of an epoch: the loss that plateau watches. */
void schedule_epoch(Schedule *s, double loss);

/* Euclidean norm of n scalars, summed in double; NaN or infinite where one of them is (or where the sum of squares overflows). */
double vector_norm(const void *x, int64_t n, bool is_double);
typedef struct Clip {
  double norm, value; /* 0: not */
} Clip;
/* The clip clauses of a stage: clip norm(1), clip value(5). */
bool clip_init(Clip *c, const cJSON *stage, RnnError *error);
/* Limits each element to ±value, then scales the whole to at most `norm` (Pascanu, Mikolov and Bengio, 2013, algorithm 1). `norm` is
 * the gradient's norm before. Returns the norm after. */
double clip_gradient(const Clip *c, void *gradient, int64_t n, bool is_double, double norm);

#endif
