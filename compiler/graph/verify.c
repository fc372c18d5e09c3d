/* verify.c — every invariant of a graph: order, inputs, shapes, axes, attributes, outputs. */
#include "graph/infer.h"
#include <stdlib.h>

/* Every input comes before its user, except along the edges between steps. */
static const char *wrong_order(const Graph *g, Ref r) {
  const Node *n = &g->nodes.at[r];
  for (int i = 0; i < n->inputs; i++) {
    if (n->in[i] < 0 || n->in[i] >= g->nodes.len) return "it has an input that does not exist";
    if (n->in[i] >= r && !node_edge_is_delayed(n, i)) return "it comes before its input";
  }
  return NULL;
}

static const char *wrong_node(const Graph *g, Ref r) {
  const Node *n = &g->nodes.at[r];
  if ((unsigned)n->op >= OP_COUNT) return "there is no such op";
  if (n->shape.rank < 0 || n->shape.rank > GRAPH_RANK) return "its rank is out of range";
  for (int i = 0; i < n->shape.rank; i++)
    if (n->shape.dim[i] < 0) return "a dim is negative";
  const char *problem = wrong_order(g, r);
  Sizes shape;
  GraphAxes axes;
  if (!problem) problem = node_infer(g, n, &shape, &axes);
  if (problem) return problem;
  if (!sizes_equal(shape, n->shape)) return "its shape is not what its inputs give";
  return axes == n->axes ? NULL : "its axes are not what its inputs give";
}

static const char *wrong_output(const Graph *g, const GraphOutput *o) {
  if (o->value < 0 || o->value >= g->nodes.len) return "it names a node that does not exist";
  const Node *n = &g->nodes.at[o->value];
  if (o->role == OUTPUT_LOSS && (n->shape.rank || n->axes)) return "a loss is one number";
  if (o->role != OUTPUT_GRAD) return NULL;
  if (o->index < 0 || o->index >= g->params.len) return "it is the gradient of no param";
  if (n->axes) return "a gradient has no axes";
  return sizes_equal(n->shape, g->params.at[o->index].shape) ? NULL : "a gradient has its param's shape";
}

static const char *report(const Graph *g, const char *thing, int number, const Node *n, const char *problem) {
  return arena_printf(g->session->arena, "%s%d%s%s%s%s: %s", thing, number, n && (unsigned)n->op < OP_COUNT ? " = " : "",
                      n && (unsigned)n->op < OP_COUNT ? op_text(n->op) : "", n && n->name ? " " : "", n && n->name ? n->name : "",
                      problem);
}

static const char *first_problem(const Graph *g) {
  for (Ref r = 0; r < g->nodes.len; r++) {
    const char *problem = wrong_node(g, r);
    if (problem) return report(g, "%", r, &g->nodes.at[r], problem);
  }
  for (int i = 0; i < g->outputs.len; i++) {
    const char *problem = wrong_output(g, &g->outputs.at[i]);
    if (problem) return report(g, "output ", i, NULL, problem);
  }
  return NULL;
}

bool graph_verify(const Graph *g, const char **why) {
  const char *problem = first_problem(g);
  if (why) *why = problem;
  if (!problem || why) return !problem;
  fprintf(stderr, "rnn: internal error: graph %s is not well-formed: %s\n", g->name, problem);
  graph_print(g, stderr);
  abort();
}
