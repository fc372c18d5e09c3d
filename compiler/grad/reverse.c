/* reverse.c — reverse mode by transposition. Requires a verified graph with a loss; establishes a graph with the same
 * nodes first, and behind them the adjoints in topological order.
 *
 * Nodes are visited from the last to the first, so all users within the step have given their share of a node's adjoint
 * when its turn comes. A user at another step that stands before it (a loop's READ) has not: the node that reads that
 * user's adjoint is made at the start, and learns what it reads when the user's turn comes. Recurrence in the other
 * direction of time is nothing but that. */
#include "grad/rules.h"
#include <stdlib.h>

bool reverse_wants(const Reverse *r, Ref node, int i) {
  return r->active[input_of(r->g, node, i)] && op_passes_gradient(node_of(r->g, node)->op, i);
}

static void accumulate(Reverse *r, Ref x, Ref c) {
  const GraphAxes over = node_of(r->g, c)->axes & ~node_of(r->g, x)->axes;
  if (over) c = graph_sum(r->g, c, 0, over);
  Ref *adjoint = &r->adjoint[x];
  *adjoint = *adjoint == NO_REF ? c : graph_binary(r->g, OP_ADD, *adjoint, c);
}

void reverse_add(Reverse *r, Ref node, int i, Ref c) {
  if (reverse_wants(r, node, i)) accumulate(r, input_of(r->g, node, i), c);
}

/* An adjoint may lack axes on which it does not vary; where x was repeated along them it counts once for each step. */
void reverse_add_repeated(Reverse *r, Ref node, int i, Ref c) {
  if (!reverse_wants(r, node, i)) return;
  const Ref x = input_of(r->g, node, i);
  accumulate(r, x, graph_lift(r->g, c, node_of(r->g, node)->axes & ~node_of(r->g, x)->axes));
}

static void element_wise(Reverse *r, Ref node, Ref adjoint) {
  const Op op = node_of(r->g, node)->op;
  for (int i = 0; i < op_inputs(op); i++)
    if (reverse_wants(r, node, i)) reverse_add_repeated(r, node, i, partials[op](r->g, node, i, adjoint));
}

static void visit(Reverse *r, Ref node) {
  const Op op = node_of(r->g, node)->op;
  const Span span = node_of(r->g, node)->span;
  const int before = r->g->nodes.len;
  if (partials[op]) element_wise(r, node, r->adjoint[node]);
  else if (reverse_rules[op]) reverse_rules[op](r, node, r->adjoint[node]);
  for (Ref made = before; made < r->g->nodes.len; made++) r->g->nodes.at[made].span = span;
}

/* What is asked for: NULL params mean all trained ones, NULL inputs none. */
typedef struct Wanted {
  const bool *params, *inputs;
} Wanted;

static bool is_wanted(const Graph *g, const Node *leaf, const Wanted *w) {
  if (leaf->op == OP_PARAM) return param_wanted(g, leaf->attrs.index, w->params);
  return leaf->op == OP_INPUT && w->inputs && w->inputs[leaf->attrs.index];
}

/* Nodes on a path from something wanted to the loss. */
static bool *active_nodes(const Graph *g, Ref loss, const Wanted *wanted) {
  bool *leaves = arena_array(g->session->arena, bool, g->nodes.len);
  bool *losses = arena_array(g->session->arena, bool, g->nodes.len);
  for (Ref n = 0; n < g->nodes.len; n++) leaves[n] = is_wanted(g, node_of(g, n), wanted);
  losses[loss] = true;
  bool *active = reached_forward(g, leaves);
  const bool *useful = reached_backward(g, losses);
  for (Ref n = 0; n < g->nodes.len; n++) active[n] &= useful[n];
  return active;
}

static Ref loss_of(const Graph *g) {
  for (int i = 0; i < g->outputs.len; i++)
    if (g->outputs.at[i].role == OUTPUT_LOSS) return g->outputs.at[i].value;
  fputs("rnn: internal error: a graph without a loss is differentiated\n", stderr);
  abort();
}

static Ref *no_refs(Arena *arena, int n) {
  Ref *refs = arena_array(arena, Ref, n);
  for (int i = 0; i < n; i++) refs[i] = NO_REF;
  return refs;
}

/* The nodes that will read adjoints of reads that come before what they read. */
static void prepare_loops(Reverse *r, int count) {
  for (Ref n = 0; n < count; n++) {
    if (!r->active[n] || !node_of(r->g, n)->inputs || !node_edge_is_delayed(node_of(r->g, n), 0)) continue;
    const Ref x = input_of(r->g, n, 0);
    if (x < n || !r->active[x]) continue;
    r->waiting[n] = reverse_delayed(r->g, n, NO_REF);
    accumulate(r, x, reverse_share(r->g, n, r->waiting[n]));
  }
}

/* One param or input may be several nodes. NO_REF: the loss does not depend on it. */
static Ref adjoint_of_leaf(Reverse *r, int count, Op op, int index) {
  Ref sum = NO_REF;
  for (Ref n = 0; n < count; n++) {
    if (node_of(r->g, n)->op != op || node_of(r->g, n)->attrs.index != index || r->adjoint[n] == NO_REF) continue;
    sum = sum == NO_REF ? r->adjoint[n] : graph_binary(r->g, OP_ADD, sum, r->adjoint[n]);
  }
  return sum;
}

static const char *gradient_name(const Graph *g, Name of) { return arena_printf(g->session->arena, "grad.%s", of); }

static void add_param_gradient(Reverse *r, int count, int param) {
  const GraphParam *p = &r->g->params.at[param];
  Ref sum = adjoint_of_leaf(r, count, OP_PARAM, param);
  if (sum == NO_REF) sum = zeros(r->g, p->shape);
  graph_output(r->g, gradient_name(r->g, p->name), OUTPUT_GRAD, param, sum);
}

/* An adjoint that is the same at every step is given at every step, as the input is. */
static void add_input_gradient(Reverse *r, int count, int input) {
  const GraphInput in = r->g->inputs.at[input];
  Ref sum = adjoint_of_leaf(r, count, OP_INPUT, input);
  if (sum == NO_REF) sum = zeros(r->g, in.shape);
  const GraphAxes missing = in.axes & ~node_of(r->g, sum)->axes;
  if (missing) sum = graph_lift(r->g, sum, missing);
  graph_output(r->g, gradient_name(r->g, in.name), OUTPUT_VALUE, 0, sum);
}

Graph *grad_reverse_inputs(Session *s, Graph *g, const bool *params, const bool *inputs) {
  const Wanted wanted = {params, inputs};
  const int count = g->nodes.len;
  const Ref loss = loss_of(g);
  Reverse r = {graph_clone(g), active_nodes(g, loss, &wanted), no_refs(s->arena, count), no_refs(s->arena, count)};
  prepare_loops(&r, count);
  if (r.active[loss]) accumulate(&r, loss, graph_const(r.g, 1));
  for (Ref n = count - 1; n >= 0; n--)
    if (r.active[n] && r.adjoint[n] != NO_REF) visit(&r, n);
  for (int p = 0; p < g->params.len; p++)
    if (param_wanted(g, p, params)) add_param_gradient(&r, count, p);
  for (int i = 0; inputs && i < g->inputs.len; i++)
    if (inputs[i]) add_input_gradient(&r, count, i);
  if (s->verify_each) graph_verify(r.g, NULL);
  return r.g;
}

Graph *grad_reverse(Session *s, Graph *g, const bool *wanted) { return grad_reverse_inputs(s, g, wanted, NULL); }
