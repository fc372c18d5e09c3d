/* random_trees.c — each step takes some of the trees that are complete so far as its children. */
#include "support/random_trees.h"
#include "support/random_graph.h"

const char *const random_tree_inputs[TREE_INPUTS] = {"t.left", "t.right", "t.left.parent", "t.right.parent", "t.first", "t.next", "t.parent"};

/* Up to two each. */
static void grow_binary(const RandomTrees *trees, uint64_t *state, int64_t at, int64_t length, int64_t *roots) {
  int64_t complete = 0;
  for (int64_t t = 0; t < length; t++) {
    for (int side = 1; side >= 0; side--) {
      if (!complete || draw_uniform(state) < 0.3) continue;
      const int64_t child = roots[--complete];
      trees->input[TREE_LEFT + side][at + t] = (double)child;
      trees->input[TREE_LEFT_PARENT + side][at + child] = (double)t;
    }
    roots[complete++] = t;
  }
}

/* Any number each; not always the youngest, so that the order of children is not that of steps. */
static void grow(const RandomTrees *trees, uint64_t *state, int64_t at, int64_t length, int64_t *roots) {
  int64_t complete = 0;
  for (int64_t t = 0; t < length; t++) {
    while (complete && draw_uniform(state) < 0.6) {
      const int64_t place = (int64_t)(draw_uniform(state) * (double)complete), child = roots[place];
      roots[place] = roots[--complete];
      trees->input[TREE_NEXT][at + child] = trees->input[TREE_FIRST][at + t];
      trees->input[TREE_FIRST][at + t] = (double)child;
      trees->input[TREE_PARENT][at + child] = (double)t;
    }
    roots[complete++] = t;
  }
}

RandomTrees random_trees(Arena *arena, uint64_t *state, const int64_t *length, int sequences, int64_t longest) {
  RandomTrees trees;
  int64_t *roots = arena_array(arena, int64_t, longest + 1);
  for (int k = 0; k < TREE_INPUTS; k++) {
    trees.input[k] = arena_array(arena, double, sequences * longest + 1);
    for (int64_t i = 0; i < sequences * longest; i++) trees.input[k][i] = -1;
  }
  for (int s = 0; s < sequences; s++) {
    grow_binary(&trees, state, s * longest, length[s], roots);
    grow(&trees, state, s * longest, length[s], roots);
  }
  return trees;
}
