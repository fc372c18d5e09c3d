/* random_trees.h — random binary trees over the steps of ragged sequences, as CHILD reads them: a step's children are earlier steps,
 * each step is the child of one at most. */
#ifndef RNN_TESTS_RANDOM_TREES_H
#define RNN_TESTS_RANDOM_TREES_H
#include "base/arena.h"
#include <stdint.h>

/* [0] left, [1] right; each [sequence][longest], −1: none. */
typedef struct RandomTrees {
  double *child[2], *parent[2];
} RandomTrees;

RandomTrees random_trees(Arena *arena, uint64_t *state, const int64_t *length, int sequences, int64_t longest);

#endif
