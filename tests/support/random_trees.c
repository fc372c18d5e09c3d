/* random_trees.c — each step takes up to two of the trees that are complete so far as its children. */
#include "support/random_trees.h"
#include "support/random_graph.h"

static void grow(const RandomTrees *trees, uint64_t *state, int64_t at, int64_t length, int64_t *roots) {
  int64_t complete = 0;
  for (int64_t t = 0; t < length; t++) {
    for (int side = 1; side >= 0; side--) {
      if (!complete || draw_uniform(state) < 0.3) continue;
      const int64_t child = roots[--complete];
      trees->child[side][at + t] = (double)child;
      trees->parent[side][at + child] = (double)t;
    }
    roots[complete++] = t;
  }
}

RandomTrees random_trees(Arena *arena, uint64_t *state, const int64_t *length, int sequences, int64_t longest) {
  RandomTrees trees;
  int64_t *roots = arena_array(arena, int64_t, longest + 1);
  for (int side = 0; side < 2; side++) {
    trees.child[side] = arena_array(arena, double, sequences * longest + 1);
    trees.parent[side] = arena_array(arena, double, sequences * longest + 1);
    for (int64_t i = 0; i < sequences * longest; i++) trees.child[side][i] = trees.parent[side][i] = -1;
  }
  for (int s = 0; s < sequences; s++) grow(&trees, state, s * longest, length[s], roots);
  return trees;
}
