/* dataset.h — the data of a stage: sequences of the net's variables, in double, unscaled. */
#ifndef RNN_RUNTIME_DATASET_H
#define RNN_RUNTIME_DATASET_H
#include "runtime/runtime.h"
#include "runtime/vocabulary.h"

typedef enum VariableRole { VARIABLE_INPUT, VARIABLE_TARGET, VARIABLE_OUTPUT } VariableRole;

/* A variable of a net as the manifest declares it. */
typedef struct Variable {
  const char *name;
  VariableRole role;
  int rank;
  int64_t shape[8];
  int64_t elements;
  uint32_t axes;
  int64_t below; /* index(V): whole numbers 0 … below-1; 0: real */
  int step_of;   /* 1 + the clock whose steps an index(s) names; 0: no such index */
  const Vocabulary *vocabulary; /* of an index(vocab); NULL */
  int line;
} Variable;

typedef struct Sequence {
  int64_t steps;
  double **value; /* [variable]: [steps][elements], or [elements] without a clock; NULL where the data has none; NaN: missing */
  int64_t source, start; /* of a window: 1 + the sequence that it was cut from, and its first step there; 0: it is no window */
} Sequence;

/* The names of a variable's category("…") values, in the order of their first appearance in the training data. */
typedef struct Categories {
  char **name;
  int count;
} Categories;

typedef struct Dataset {
  int variables;
  Variable *variable;
  int64_t count;
  Sequence *sequence;
  char *wide; /* trees: where a node has more than two children; NULL: nowhere */
  Categories *category; /* [variable]; NULL: none has any */
} Dataset;

/* Reads what a data clause (its VALUE `source` and its `modifiers`) says. `seed` is the file's seed, `directory` where paths
 * start, `line` the clause's line, for messages. Checks columns against the variables before reading rows.
 * `categories` of an earlier (training) data set keeps category numbers the same; NULL. NULL on error. */
Dataset *dataset_load(const cJSON *source, const cJSON *modifiers, const Variable *variables, int count, const char *directory,
                      uint64_t seed, const Dataset *categories, int line, RnnError *error);
/* Trees with nodes of more than two children are no data for an input `n.left` or `n.right`: E0514. Any other name is fine. */
bool tree_read_by_sides(const Dataset *d, const char *input, RnnError *error);
void dataset_free(Dataset *d);
int categories_find(const Categories *c, const char *name); /* -1: it is not among them */
bool categories_add(Categories *c, const char *name);       /* false: no memory */
bool categories_copy(Categories *to, const Categories *from);
void categories_free(Categories *list, int variables);      /* [variable], and the list */
/* Bytes in memory. */
int64_t dataset_bytes(const Dataset *d);
/* `last 10%` and `last n`: contiguous in time. One sequence: only the counting changes (see `counted`). Several: the last tenth of them. */

/* Counter-based generator (Philox 4x32-10; Salmon et al., 2011) for everything that is drawn: initial weights, data, shuffles. */
typedef struct Random {
  uint64_t key, counter;
} Random;
Random random_stream(uint64_t seed, const char *purpose); /* independent streams by purpose */
uint64_t random_bits(Random *r);
double random_uniform(Random *r);                          /* [0, 1) */
double random_normal(Random *r);
int64_t random_below(Random *r, int64_t n);

/* Draws a parameter as its initialiser VALUE says, in double, row-major. */
bool param_initialise(const char *name, const cJSON *init, const int64_t *shape, int rank, uint64_t seed, double *out, const char *directory,
                      RnnError *error);

#endif
