/* step.c — which nets can be stepped. */
#include "base/diag.h"
#include "driver/compile.h"

static GraphAxes clocks_of(const Graph *g, Ref r) { return g->nodes.at[r].axes & ~GRAPH_SEQUENCE; }

/* Why no step can compute the node; NULL: it can. */
static const char *obstacle_of_node(const Node *n) {
  int64_t least = 0, most = 0;
  if (node_edge_is_delayed(n, 0) && n->inputs) node_delays(n, &least, &most);
  if (least > 0 || most > 0) return "looks ahead";
  if (n->op == OP_AT_END && !n->attrs.end) return "goes back to the first step";
  bool reduces = n->op == OP_SUM || n->op == OP_AMAX || n->op == OP_CONTRACT || n->op == OP_EMBED_ADD;
  if (op_reads_tree(n->op)) return "is on a tree";
  return (reduces && n->attrs.over) || n->op == OP_IMPULSE || n->op == OP_EDGE || n->op == OP_OVERLAP ? "works along the whole clock" : NULL;
}

/* A value at the last step is what it is by now; a step that needs it needs the future. */
static bool needs_the_end(const Graph *g, Ref r, const bool *of_end) {
  for (int k = 0; clocks_of(g, r) && k < g->nodes.at[r].inputs; k++)
    if (of_end[g->nodes.at[r].in[k]]) return true;
  return false;
}

const char *step_obstacle(const Graph *g, Span *span) {
  bool *of_end = arena_array(g->session->arena, bool, g->nodes.len + 1);
  for (Ref i = 0; i < g->nodes.len; i++) {
    const Node *n = &g->nodes.at[i];
    const char *why = needs_the_end(g, i, of_end) ? "looks ahead" : obstacle_of_node(n);
    *span = n->span;
    if (why) return why;
    of_end[i] = n->op == OP_AT_END;
    for (int k = 0; k < n->inputs && !node_edge_is_delayed(n, k); k++) of_end[i] |= of_end[n->in[k]];
  }
  return NULL;
}

bool step_is_possible(Session *s, const Program *p, const Symbol *net, const Graph *g, const char *help) {
  Span span = {0};
  const char *why = p->clocks.len > 1 || p->clocks.at[0].tree ? "has more than one clock, or a tree" : step_obstacle(g, &span);
  if (!why) return true;
  Diag *d = diag_error(s, E0901, span, "`%s` cannot be stepped: it %s", net->name, why);
  diag_help(d, "%s", help);
  return false;
}
