/* fold.c — constants are computed, and identities vanish. Requires a verified graph; keeps all values, except that a sum with
 * 0 may turn -0 into 0. x · 0 stays where x may be infinite or not a number: the first NaN must be found where it arose. */
#include "pass/rewrite.h"
#include <math.h>

#define X(i) input_of(g, node, i)

enum { MOST_FOLDED = 65536 }; /* elements of a tensor that is computed here: beyond, it only makes the program larger */

static bool all_constant(const Graph *g, Ref node) {
  for (int i = 0; i < node_of(g, node)->inputs; i++)
    if (X(i) == NO_REF || op_of(g, X(i)) != OP_CONST) return false;
  return node_of(g, node)->inputs > 0;
}

static double element(const Node *constant, int64_t k) {
  return constant->attrs.data ? constant->attrs.data[k] : constant->attrs.value;
}

static double folded_element(const Graph *g, Ref node, int64_t k) {
  double x[3];
  for (int i = 0; i < node_of(g, node)->inputs; i++) x[i] = element(node_of(g, X(i)), k);
  return op_number(op_of(g, node), x);
}

/* An element-wise op on constants. */
static Ref constant_elementwise(Graph *g, Ref node) {
  if (!op_is_elementwise(op_of(g, node)) || !all_constant(g, node)) return NO_REF;
  bool tensor = false;
  for (int i = 0; i < node_of(g, node)->inputs; i++) tensor |= node_of(g, X(i))->attrs.data != NULL;
  const Sizes shape = node_of(g, node)->shape;
  if (!tensor) return graph_fill(g, folded_element(g, node, 0), shape);
  if (sizes_count(shape) > MOST_FOLDED) return NO_REF;
  double *data = arena_array(g->session->arena, double, sizes_count(shape));
  for (int64_t k = 0; k < sizes_count(shape); k++) data[k] = folded_element(g, node, k);
  return graph_tensor(g, data, shape);
}

/* A constant with one value, moved about or repeated, is that value. */
static Ref constant_moved(Graph *g, Ref node) {
  const Op op = op_of(g, node);
  double value;
  if (op != OP_BROADCAST && op != OP_RESHAPE && op != OP_SLICE) return NO_REF;
  return constant_value(g, X(0), &value) ? graph_fill(g, value, node_of(g, node)->shape) : NO_REF;
}

/* Σ over dims of a constant with one value. */
static Ref constant_summed(Graph *g, Ref node) {
  double value;
  if (op_of(g, node) != OP_SUM || !constant_value(g, X(0), &value)) return NO_REF;
  const int64_t many = sizes_count(node_of(g, X(0))->shape), few = sizes_count(node_of(g, node)->shape);
  return few ? graph_fill(g, value * (double)(many / few), node_of(g, node)->shape) : NO_REF;
}

/* x + 0, 0 + x, x - 0, x · 1, 1 · x, x / 1, x ^ 1 */
static Ref neutral(Graph *g, Ref node) {
  switch (op_of(g, node)) {
  case OP_ADD: return is_constant(g, X(1), 0) ? X(0) : is_constant(g, X(0), 0) ? X(1) : NO_REF;
  case OP_SUB: return is_constant(g, X(1), 0) ? X(0) : NO_REF;
  case OP_MUL: return is_constant(g, X(1), 1) ? X(0) : is_constant(g, X(0), 1) ? X(1) : NO_REF;
  case OP_DIV:
  case OP_POW: return is_constant(g, X(1), 1) ? X(0) : NO_REF;
  default: return NO_REF;
  }
}

static bool is_negative(const Graph *g, Ref r) { return op_of(g, r) == OP_NEG; }

/* −−x, 0 − x, x · −1, a + −b, a − −b, −a + b */
static Ref signs(Graph *g, Ref node) {
  switch (op_of(g, node)) {
  case OP_NEG: return is_negative(g, X(0)) ? input_of(g, X(0), 0) : NO_REF;
  case OP_MUL:
    if (is_constant(g, X(1), -1)) return graph_unary(g, OP_NEG, X(0));
    return is_constant(g, X(0), -1) ? graph_unary(g, OP_NEG, X(1)) : NO_REF;
  case OP_ADD:
    if (is_negative(g, X(1))) return graph_binary(g, OP_SUB, X(0), input_of(g, X(1), 0));
    return is_negative(g, X(0)) ? graph_binary(g, OP_SUB, X(1), input_of(g, X(0), 0)) : NO_REF;
  case OP_SUB:
    if (is_negative(g, X(1))) return graph_binary(g, OP_ADD, X(0), input_of(g, X(1), 0));
    return is_constant(g, X(0), 0) ? graph_unary(g, OP_NEG, X(1)) : NO_REF;
  default: return NO_REF;
  }
}

/* c ? a : b with a known c, or with a = b; c ? 1 : 0 of a truth value is not simplified: c may be any number. */
static Ref chosen(Graph *g, Ref node) {
  double condition;
  if (op_of(g, node) != OP_SELECT) return NO_REF;
  if (X(1) == X(2)) return X(1);
  if (!constant_value(g, X(0), &condition)) return NO_REF;
  return condition != 0 ? X(1) : X(2);
}

static bool is_in_place(const Node *n, Sizes x) {
  for (int i = 0; i < n->shape.rank; i++)
    if (n->attrs.map[i] != i) return false;
  return n->shape.rank == x.rank;
}

/* A move that moves nothing: also a slice or pad of the whole, a concatenation of one, a sum over nothing, a read at 0. */
static Ref unmoved(Graph *g, Ref node) {
  const Node *n = node_of(g, node);
  if (!n->inputs || n->in[0] == NO_REF) return NO_REF;
  const Sizes x = node_of(g, X(0))->shape;
  switch (n->op) {
  case OP_BROADCAST: return is_in_place(n, x) ? X(0) : NO_REF;
  case OP_RESHAPE: return sizes_equal(n->shape, x) ? X(0) : NO_REF;
  case OP_SLICE:
  case OP_PAD: return sizes_equal(n->shape, x) ? X(0) : NO_REF;
  case OP_CONCAT: return n->inputs == 1 ? X(0) : NO_REF;
  case OP_SUM:
  case OP_AMAX: return !n->attrs.dims && !n->attrs.over ? X(0) : NO_REF;
  case OP_READ: return n->attrs.offset == 0 ? X(0) : NO_REF;
  default: return NO_REF;
  }
}

/* broadcast (broadcast x): one map; reshape (reshape x): the last shape. */
static Ref twice_moved(Graph *g, Ref node) {
  const Op op = op_of(g, node);
  if ((op != OP_BROADCAST && op != OP_RESHAPE) || op_of(g, X(0)) != op) return NO_REF;
  const Node outer = *node_of(g, node), inner = *node_of(g, X(0));
  if (op == OP_RESHAPE) return graph_reshape(g, inner.in[0], outer.shape);
  int8_t map[GRAPH_RANK];
  for (int i = 0; i < outer.shape.rank; i++) map[i] = outer.attrs.map[i] < 0 ? (int8_t)-1 : inner.attrs.map[outer.attrs.map[i]];
  return graph_broadcast(g, inner.in[0], map, outer.shape);
}

/* A sum of a sum is one sum; the inner dims are named by their places before the outer ones went. */
static Ref twice_summed(Graph *g, Ref node) {
  if (op_of(g, node) != OP_SUM || op_of(g, X(0)) != OP_SUM) return NO_REF;
  const Attrs outer = node_of(g, node)->attrs, inner = node_of(g, X(0))->attrs;
  const Ref x = input_of(g, X(0), 0);
  uint32_t dims = inner.dims;
  for (int i = 0, kept = 0; i < node_of(g, x)->shape.rank; i++) {
    if (inner.dims & 1u << i) continue;
    if (outer.dims & 1u << kept++) dims |= 1u << i;
  }
  return graph_sum(g, x, dims, inner.over | outer.over);
}

static Identity *const identities[] = {constant_elementwise, constant_moved, constant_summed, neutral,
                                       signs,                chosen,         unmoved,         twice_moved,
                                       twice_summed};

static Ref fold_node(Rewrite *w, Ref old, Ref made, void *context) {
  (void)old, (void)context;
  return rewrite_by(w->to, made, identities, (int)(sizeof identities / sizeof *identities));
}

Graph *pass_fold(Session *s, Graph *g) { return rewrite_graph(s, g, fold_node, NULL); }
