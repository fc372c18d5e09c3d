/* parameters.h — the model's params as one vector of a stage's scalar type. */
#ifndef RNN_RUNTIME_PARAMETERS_H
#define RNN_RUNTIME_PARAMETERS_H
#include "runtime/runtime.h"

typedef struct Parameter {
  const char *name; /* "adding.h.Wi" */
  int64_t shape[8];
  int rank;
  int64_t elements;
  bool trained;
  const char *file; /* where its line is; NULL: in the model's file */
  int line;
  const cJSON *init;
  const cJSON *whole; /* [low, high]: its numbers are whole, and between these: delays. NULL: any */
} Parameter;

/* Every param begins on a 64-byte line; the gaps stay zero, so loops over the whole vector may include them. Those that are
 * tuned come first, in one piece [0, tuned), and their gradients lie the same way. */
typedef struct Parameters {
  int count;
  Parameter *of;
  bool is_double;
  int64_t *offset;     /* [count] in scalars */
  int64_t tuned, size; /* in scalars */
  void *data;
} Parameters;

/* `list` is the manifest's params; `tuned` [count] says which come first, in the order of `order` (numbers of params, `tuned` of them). */
/* Is there memory for these params of the manifest? E0433 names the largest, in the file `model`. */
bool parameters_fit(const cJSON *list, bool trains, const char *model, RnnError *error);
Parameters *parameters_new(const cJSON *list, const int *order, int tuned, bool is_double);
void parameters_free(Parameters *p);
void *parameters_at(const Parameters *p, int param);
/* Are a param's numbers what code was compiled for? E0215 names the first that is not. */
bool parameter_fits(const Parameter *q, const double *value, RnnError *error);
/* Copies one param to and from doubles, converting. */
void parameters_read(const Parameters *p, int param, double *out);
void parameters_write(Parameters *p, int param, const double *in);

/* n scalars zeroed on a 64-byte boundary. */
void *scalars_new(int64_t n, bool is_double);
size_t scalar_size(bool is_double);
/* to += from, element by element. */
void scalars_add(void *restrict to, const void *restrict from, int64_t n, bool is_double);
double scalar_get(const void *data, int64_t i, bool is_double);
void scalar_set(void *data, int64_t i, bool is_double, double value);

#endif
