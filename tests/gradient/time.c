/* links: test_support rnn_graph rnn_front */
/* Derivatives of every op that reads other steps, alone: delays, windows, ends, trees. */
#include "support/derivative.h"
#include <CUnit/Basic.h>

/* Axes of what is read and of its history. */
static const GraphAxes read_pairs[][2] = {
    {GRAPH_SEQUENCE | GRAPH_CLOCK(T), 0}, {GRAPH_SEQUENCE | GRAPH_CLOCK(T), GRAPH_SEQUENCE}, {0, GRAPH_SEQUENCE},
    {GRAPH_SEQUENCE | GRAPH_CLOCK(T), GRAPH_SEQUENCE | GRAPH_CLOCK(S)}, {GRAPH_SEQUENCE | GRAPH_CLOCK(S), 0},
    {GRAPH_SEQUENCE | GRAPH_CLOCK(T) | GRAPH_CLOCK(S), GRAPH_SEQUENCE}};

static Ref build_read(Case *c, int variant) {
  const GraphAxes *axes = read_pairs[variant % 6];
  const int64_t offset = variant / 6 % 9 - 4;
  const Ref x = case_varying(c, vector, axes[0], -1, 1), h = case_varying(c, vector, axes[1], -1, 1);
  return graph_read(c->g, x, h, T, offset, vector, 0);
}

static Ref build_window(Case *c, int variant) {
  const GraphAxes *axes = read_pairs[variant % 6];
  const int64_t offset = variant / 6 % 5 - 2, stride = variant / 30 ? 2 : -1;
  const Ref x = case_varying(c, vector, axes[0], -1, 1), h = case_varying(c, vector, axes[1], -1, 1);
  return graph_window(c->g, x, h, T, offset, 3, stride, vector, 0);
}

/* Taps on both sides of now, and all of them far. */
static Ref build_long_window(Case *c, int variant) {
  const GraphAxes *axes = read_pairs[variant % 6];
  const int64_t offset[] = {-11, 11, 5, -5};
  const Ref x = case_varying(c, vector, axes[0], -1, 1), h = case_varying(c, vector, axes[1], -1, 1);
  return graph_window(c->g, x, h, T, offset[variant / 6], 11, variant / 6 % 2 ? -1 : 1, vector, 0);
}

static Ref build_overlap(Case *c, int variant) {
  const GraphAxes axes[] = {on_t, 0, on_t | on_s};
  return graph_overlap(c->g, case_varying(c, matrix, axes[variant % 3], -1, 1), T, variant / 3 % 5 - 2, 2, variant / 15 ? 2 : -1, vector, 0);
}

static Ref build_edge(Case *c, int variant) {
  const Ref x = case_varying(c, matrix, variant & 1 ? on_t | on_s : on_t, -1, 1);
  const int64_t offset = variant / 2 % 5 - 2;
  return variant < 10 ? graph_edge(c->g, x, T, offset, false, 0) : graph_edge(c->g, x, T, offset, true, variant < 20 ? -1 : 2);
}

static Ref build_end(Case *c, int variant) {
  const Ref x = case_varying(c, vector, pairs[variant / 4][0], -1, 1);
  const bool there = c->g->nodes.at[x].axes & GRAPH_CLOCK(T);
  return there ? graph_at_end(c->g, x, T, variant & 1) : graph_impulse(c->g, x, T, variant & 1);
}

static Ref build_child(Case *c, int variant) {
  const GraphAxes *axes = read_pairs[variant % 6];
  Ref tree[TREE_INPUTS];
  case_tree(c, tree);
  const Ref x = case_varying(c, vector, axes[0], -1, 1), h = case_varying(c, vector, axes[1], -1, 1);
  return graph_child(c->g, x, case_child(tree, variant / 6, h), vector, 0);
}

static Ref build_links(Case *c, int variant) {
  static const Op ops[] = {OP_CHILDREN_SUM, OP_CHILDREN_MAX, OP_PARENT};
  static const GraphAxes axes[] = {GRAPH_SEQUENCE | GRAPH_CLOCK(T), 0, GRAPH_SEQUENCE, GRAPH_SEQUENCE | GRAPH_CLOCK(T) | GRAPH_CLOCK(S)};
  Ref tree[TREE_INPUTS];
  case_tree(c, tree);
  const Ref x = case_varying(c, variant < 12 ? vector : sizes_scalar(), axes[variant / 3 % 4], -1, 1);
  return graph_tree(c->g, ops[variant % 3], x, case_links(tree, variant % 3 < 2 ? -1 : 1), c->g->nodes.at[x].shape, 0);
}

/* Scores and values from one op, and each its own. */
static Ref build_mix(Case *c, int variant) {
  static const GraphAxes axes[] = {GRAPH_SEQUENCE | GRAPH_CLOCK(T), 0, GRAPH_SEQUENCE | GRAPH_CLOCK(T) | GRAPH_CLOCK(S)};
  Ref tree[TREE_INPUTS];
  case_tree(c, tree);
  const Sizes pair = sizes_of(2, (int64_t)2, (int64_t)9), one = sizes_of(1, (int64_t)9);
  const Ref x = case_varying(c, variant < 3 ? pair : sizes_of(1, (int64_t)2), axes[variant % 3], -3, 3);
  return graph_tree(c->g, OP_CHILDREN_MIX, x, case_links(tree, -1), variant < 3 ? one : sizes_scalar(), 0);
}

static void mixes(void) { derivative_try("children_mix", build_mix, 6); }

static void links(void) { derivative_try("links of trees", build_links, 24); }

static void children(void) { derivative_try("child", build_child, 24); }
static void reads(void) { derivative_try("read", build_read, 54); }
static void windows(void) { derivative_try("window", build_window, 60); }
static void long_windows(void) { derivative_try("long window", build_long_window, 24); }
static void overlaps(void) { derivative_try("overlap", build_overlap, 30); }
static void edges(void) { derivative_try("edge", build_edge, 30); }
static void ends(void) { derivative_try("at_end and impulse", build_end, 4 * PAIRS); }

/* x = p + u varies on the clock, its tangent p does not: what reduces or moves steps must still count them. */
static Ref build_constant_tangent(Case *c, int variant) {
  Graph *g = c->g;
  const Ref x = graph_binary(g, OP_ADD, case_param(c, vector), case_data(c, vector, on_t, -1, 1)), q = case_param(c, vector);
  switch (variant) {
  case 0: return graph_sum(g, x, 0, GRAPH_CLOCK(T));
  case 1: return graph_contract(g, x, q, "a", "a", "", on_t);
  case 2: return graph_contract(g, q, x, "a", "b", "ab", GRAPH_CLOCK(T));
  case 3: return graph_edge(g, x, T, -2, false, 0);
  case 4: return graph_at_end(g, x, T, 1);
  case 5: return graph_read(g, x, q, T, -1, vector, 0);
  case 6: return graph_overlap(g, x, T, -1, 3, -1, sizes_scalar(), 0);
  case 7: return graph_impulse(g, graph_sum(g, x, 0, on_t), T, 1);
  default: return graph_sum(g, graph_binary(g, OP_MUL, graph_amax(g, x, 0, GRAPH_CLOCK(T)), q), 1, GRAPH_SEQUENCE);
  }
}

static void constant_tangents(void) { derivative_try("constant tangent", build_constant_tangent, 9); }

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("gradient/time", NULL, NULL);
  CU_add_test(suite, "reads", reads);
  CU_add_test(suite, "children", children);
  CU_add_test(suite, "links of trees", links);
  CU_add_test(suite, "shares of children", mixes);
  CU_add_test(suite, "windows", windows);
  CU_add_test(suite, "long windows", long_windows);
  CU_add_test(suite, "overlaps", overlaps);
  CU_add_test(suite, "edges", edges);
  CU_add_test(suite, "ends", ends);
  CU_add_test(suite, "constant tangents", constant_tangents);
  CU_basic_run_tests();
  return CU_get_number_of_failures() ? 1 : 0;
}
