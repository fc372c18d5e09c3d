/* model_rows.h — the models that the tests of gradients and batches go through: every cell of the standard library with its
 * options, and programs of the language's reference with small dims. */
#ifndef RNN_TESTS_MODEL_ROWS_H
#define RNN_TESTS_MODEL_ROWS_H
#include "support/model_run.h"

typedef struct ModelRow {
  const char *name;
  const char *program;   /* a file of the reference's programs; NULL: a net of one call, or `text` */
  const char *text;      /* a whole model */
  const char *call;      /* the call, "LSTM[H = H](x)" */
  const char *shape;     /* of its value, "H" */
  const char *loss;      /* NULL: mse(y, z); others are no sums over sequences */
  const char *stage;     /* of a program: which train stage; NULL the first */
  const char *overrides; /* of a program: "H=3 L=2" */
  const char *index;     /* an input that is a whole number below index_size */
  int index_size;
  bool reads_future; /* can be neither cut into chunks nor streamed */
} ModelRow;

extern const ModelRow model_rows[];
extern const int model_row_count;

/* False, said aloud, when the row's program is not there (RNN_SHARED, default ../shared, names the folder). */
bool model_row_present(const ModelRow *row);
/* Aborts when it does not compile. */
Model *model_row_load(Session *s, const ModelRow *row);
/* Params, inputs, flags and weights at random. */
void model_row_fill(ModelData *d, const ModelRow *row, uint64_t seed);

/* Uniform in [-1, 1), the next of a sequence. */
double random_number(uint64_t *state);

#endif
