/* trees.c — what is made of the links of trees: values of a node seen from its children, and shares among siblings. */
#include "graph/graph.h"

static TreeLinks upward(TreeLinks links) {
  links.towards = -links.towards;
  return links;
}

Ref graph_parent_or(Graph *g, Ref x, TreeLinks links, Ref none) {
  const Sizes shape = g->nodes.at[x].shape;
  const Ref above = graph_tree(g, OP_PARENT, x, upward(links), shape, g->nodes.at[x].axes);
  return graph_select(g, graph_binary(g, OP_LE, graph_const(g, 0), links.parent), above, none);
}

/* With z = s − max s no exponential overflows; the maximum cancels, so no gradient needs to pass it. */
Siblings graph_siblings(Graph *g, Ref s, TreeLinks links) {
  const Sizes shape = g->nodes.at[s].shape;
  const GraphAxes axes = g->nodes.at[s].axes;
  const Ref largest = graph_unary(g, OP_STOP, graph_tree(g, OP_CHILDREN_MAX, s, links, shape, axes));
  const Ref shifted = graph_binary(g, OP_SUB, s, graph_parent_or(g, largest, links, s));
  const Ref total = graph_tree(g, OP_CHILDREN_SUM, graph_unary(g, OP_EXP, shifted), links, shape, axes);
  return (Siblings){shifted, graph_parent_or(g, total, links, graph_const(g, 1))};
}
