/* evaluate.h — the loss on data that are not trained on: the validation part between epochs, the test part once at the end. */
#ifndef RNN_RUNTIME_EVALUATE_H
#define RNN_RUNTIME_EVALUATE_H
#include "runtime/slices.h"

enum { EVALUATION_CHUNK = 1024, EVALUATION_ROWS = 64 };

typedef struct Evaluation {
  Stage *stage;
  Batches *batches; /* NULL: not open */
  Slices slices;
  Batch *chunk;     /* long sequences in pieces, the state kept between them; NULL: whole sequences */
} Evaluation;

/* When a loss was found not to be finite. */
typedef struct Moment {
  const char *what; /* "validation loss" */
  int64_t epoch, update;
} Moment;

/* For the stage's unit without noise and dropout, in batches of `rows`; steps before `from` do not count. All memory is taken here. A
 * stage whose training hands its state on (Stage.in_pieces) is evaluated in pieces. */
bool evaluation_open(Evaluation *e, Stage *stage, const Dataset *part, int64_t from, int64_t rows, RnnError *error);
void evaluation_close(Evaluation *e);
/* The mean over all that counts, with the weights as they are. NaN: nothing counts. E0701: not finite, with the place. */
bool evaluation_loss(Evaluation *e, const Moment *at, double *loss, RnnError *error);
/* The validation unit has its own copy of the weights only where its scalar type differs: brings it up to date. */
void stage_refresh_weights(Stage *stage);

#endif
