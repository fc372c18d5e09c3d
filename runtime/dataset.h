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
  uint32_t axes;   /* without the clocks in `within` */
  const char *clock[RNN_MAX_CLOCKS]; /* names of those of `axes` */
  uint32_t within; /* clocks of fixed length whose steps are dims of each step, the first ones of `shape`, in the order of clocks */
  int64_t below; /* index(V): whole numbers 0 … below-1; 0: real */
  int step_of;   /* 1 + the clock whose steps an index(s) names; 0: no such index */
  const Vocabulary *vocabulary; /* of an index(vocab); NULL */
  int line;
} Variable;

typedef struct Sequence {
  int64_t steps;               /* on the longest clock */
  int64_t on[RNN_MAX_CLOCKS];  /* steps on each clock; 0: as many as values on this clock alone reach */
  double **value; /* [variable]: [steps][elements], or [elements] without a clock; on several clocks [on one][on the next] …
                     [elements], in the order of clocks. NULL where the data has none; NaN: missing */
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
/* What is left of a step without the clocks within: elements / their steps. */
int64_t variable_components(const Variable *v);
/* Values of a variable at the steps at[clock]: [elements]; NULL where there are none. */
const double *sequence_at(const Variable *v, int variable, const Sequence *q, const int64_t *at);
/* Where among them those of the steps at[clock] of the clocks within begin. */
int64_t variable_within(const Variable *v, const int64_t *at);
/* How many places a variable has in a sequence: its steps, on several clocks their product. */
int64_t sequence_places(const Variable *v, const Sequence *q);
/* Are all of its numbers there? Of the clocks within that are in `axes`, at that step only. */
bool sequence_present(const Variable *v, int variable, const Sequence *q, uint32_t axes, const int64_t *at);
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
