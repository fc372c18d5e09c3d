/* random_trees.h — random trees over the steps of ragged sequences, as CHILD and CHILDREN_SUM read them: a step's children are earlier
 * steps, each step is the child of one at most. */
#ifndef RNN_TESTS_RANDOM_TREES_H
#define RNN_TESTS_RANDOM_TREES_H
#include "base/arena.h"
#include <stdint.h>

/* Binary trees: left, right, and whose left or right child a step is. And others, of any number of children: first child, next sibling,
 * parent. Each [sequence][longest], −1: none. */
enum { TREE_LEFT, TREE_RIGHT, TREE_LEFT_PARENT, TREE_RIGHT_PARENT, TREE_FIRST, TREE_NEXT, TREE_PARENT, TREE_INPUTS };
typedef struct RandomTrees {
  double *input[TREE_INPUTS];
} RandomTrees;
extern const char *const random_tree_inputs[TREE_INPUTS]; /* their names, on a clock `t` */

RandomTrees random_trees(Arena *arena, uint64_t *state, const int64_t *length, int sequences, int64_t longest);

#endif
