/* simplify.c — the algebra that pays: logarithms that lose no digits, and work done before repetition instead of after.
 * Requires a folded graph. Values change by rounding only, or become exact where they over- or underflowed. */
#include "pass/rewrite.h"

#define X(i) input_of(g, node, i)

/* The input of r, when r is that op. */
static Ref under(const Graph *g, Op op, Ref r) { return op_of(g, r) == op ? input_of(g, r, 0) : NO_REF; }

static Ref minus_softplus(Graph *g, Ref x) { return graph_unary(g, OP_NEG, graph_unary(g, OP_SOFTPLUS, x)); }

/* log x, taken before x is repeated where it is. */
static Ref logarithm(Graph *g, Ref x) {
  if (op_of(g, x) != OP_BROADCAST) return graph_unary(g, OP_LOG, x);
  const Node repeated = *node_of(g, x);
  return graph_broadcast(g, graph_unary(g, OP_LOG, repeated.in[0]), repeated.attrs.map, repeated.shape);
}

/* log exp a = a;  log (exp a / s) = a − log s: a softmax's logarithm */
static Ref log_of_exp(Graph *g, Ref node) {
  if (op_of(g, node) != OP_LOG) return NO_REF;
  const Ref x = X(0);
  if (op_of(g, x) == OP_EXP) return input_of(g, x, 0);
  if (op_of(g, x) != OP_DIV) return NO_REF;
  const Ref a = under(g, OP_EXP, input_of(g, x, 0));
  if (a == NO_REF) return NO_REF;
  return graph_binary(g, OP_SUB, a, logarithm(g, input_of(g, x, 1)));
}

/* log sigmoid a = −softplus(−a);  log (1 − sigmoid a) = −softplus a */
static Ref log_of_sigmoid(Graph *g, Ref node) {
  if (op_of(g, node) != OP_LOG) return NO_REF;
  const Ref x = X(0);
  const Ref a = under(g, OP_SIGMOID, x);
  if (a != NO_REF) return minus_softplus(g, graph_unary(g, OP_NEG, a));
  if (op_of(g, x) != OP_SUB || !is_constant(g, input_of(g, x, 0), 1)) return NO_REF;
  const Ref b = under(g, OP_SIGMOID, input_of(g, x, 1));
  return b == NO_REF ? NO_REF : minus_softplus(g, b);
}

/* x² = x · x;  x^−1 = 1 / x */
static Ref small_powers(Graph *g, Ref node) {
  if (op_of(g, node) != OP_POW) return NO_REF;
  if (is_constant(g, X(1), 2)) return graph_binary(g, OP_MUL, X(0), X(0));
  return is_constant(g, X(1), -1) ? graph_binary(g, OP_DIV, graph_const(g, 1), X(0)) : NO_REF;
}

static bool same_map(const Node *a, const Node *b, Sizes from_a, Sizes from_b) {
  return sizes_equal(from_a, from_b) && memcmp(a->attrs.map, b->attrs.map, (size_t)a->shape.rank) == 0;
}

/* The broadcast that all operands share, constants apart; NO_REF when there is none, or it repeats nothing. */
static Ref shared_broadcast(const Graph *g, Ref node) {
  Ref shared = NO_REF;
  for (int i = 0; i < node_of(g, node)->inputs; i++) {
    const Node *x = node_of(g, X(i));
    if (x->op == OP_CONST && !x->attrs.data) continue;
    if (x->op != OP_BROADCAST) return NO_REF;
    const Sizes from = node_of(g, x->in[0])->shape;
    if (sizes_count(from) >= sizes_count(x->shape)) return NO_REF;
    if (shared == NO_REF) shared = X(i);
    else if (!same_map(node_of(g, shared), x, node_of(g, input_of(g, shared, 0))->shape, from)) return NO_REF;
  }
  return shared;
}

/* f(broadcast a, broadcast b) = broadcast f(a, b) */
static Ref before_repetition(Graph *g, Ref node) {
  if (!op_is_elementwise(op_of(g, node))) return NO_REF;
  const Ref shared = shared_broadcast(g, node);
  if (shared == NO_REF) return NO_REF;
  Node n = *node_of(g, node);
  const Node repeated = *node_of(g, shared);
  const Sizes from = node_of(g, repeated.in[0])->shape;
  Ref in[3];
  for (int i = 0; i < n.inputs; i++) {
    double value;
    in[i] = constant_value(g, n.in[i], &value) ? graph_fill(g, value, from) : input_of(g, n.in[i], 0);
  }
  n.name = NULL;
  return graph_broadcast(g, graph_rebuild_node(g, &n, in), repeated.attrs.map, repeated.shape);
}

static Identity *const identities[] = {log_of_exp, log_of_sigmoid, small_powers, before_repetition, lookup_of_one_hot, gathered_sum};

static Ref simplify_node(Rewrite *w, Ref old, Ref made, void *context) {
  (void)old, (void)context;
  return rewrite_by(w->to, made, identities, (int)(sizeof identities / sizeof *identities));
}

Graph *pass_simplify(Session *s, Graph *g) { return rewrite_graph(s, g, simplify_node, NULL); }
