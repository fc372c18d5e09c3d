/* rules.c — the adjoints of the ops that are not element-wise, by the table in docs/architecture.md: each op's adjoint is
 * made of the same ops, so that what comes out is a graph like any other. */
#include "grad/rules.h"
#include <stdlib.h>

#define G (r->g)
#define X(i) input_of(r->g, node, i)
#define SHAPE(i) (node_of(r->g, X(i))->shape)
#define AXES(i) (node_of(r->g, X(i))->axes)
#define ATTRS (node_of(r->g, node)->attrs) /* copy what is needed: adding nodes moves them */

/* --- moves: the elements go back where they came from -------------------------------------------------------------- */

/* y[i…] = x[map i…] :  x̄ += Σ over repeated dims ȳ, dims back in x's order */
void vjp_BROADCAST(Reverse *r, Ref node, Ref adjoint) {
  const Attrs a = ATTRS;
  const int rank = node_of(G, node)->shape.rank;
  uint32_t repeated = 0;
  int8_t back[GRAPH_RANK] = {0};
  int kept = 0;
  bool in_order = true;
  for (int i = 0; i < rank; i++) {
    if (a.map[i] < 0) repeated |= 1u << i;
    else in_order &= a.map[i] == kept, back[a.map[i]] = (int8_t)kept++;
  }
  if (repeated) adjoint = graph_sum(G, adjoint, repeated, 0);
  if (!in_order) adjoint = graph_broadcast(G, adjoint, back, SHAPE(0));
  reverse_add_repeated(r, node, 0, adjoint);
}

void vjp_RESHAPE(Reverse *r, Ref node, Ref adjoint) {
  reverse_add_repeated(r, node, 0, graph_reshape(G, adjoint, SHAPE(0)));
}

void vjp_SLICE(Reverse *r, Ref node, Ref adjoint) {
  const Attrs a = ATTRS;
  reverse_add_repeated(r, node, 0, graph_pad(G, adjoint, a.dim, a.begin, a.stride, SHAPE(0).dim[a.dim]));
}

void vjp_PAD(Reverse *r, Ref node, Ref adjoint) {
  const Attrs a = ATTRS;
  reverse_add_repeated(r, node, 0, graph_slice(G, adjoint, a.dim, a.begin, a.count, a.stride));
}

void vjp_CONCAT(Reverse *r, Ref node, Ref adjoint) {
  const int dim = ATTRS.dim;
  int64_t begin = 0;
  for (int i = 0; i < node_of(G, node)->inputs; i++) {
    const int64_t count = SHAPE(i).dim[dim];
    if (reverse_wants(r, node, i)) reverse_add_repeated(r, node, i, graph_slice(G, adjoint, dim, begin, count, 1));
    begin += count;
  }
}

void vjp_ONE_HOT(Reverse *r, Ref node, Ref adjoint) { (void)r, (void)node, (void)adjoint; }

/* y[r, s] = x[index[r, s]][s] :  x̄[j][s] += Σ_r ȳ[r, s] where index[r, s] is j. An index has no gradient. */
void vjp_GATHER(Reverse *r, Ref node, Ref adjoint) {
  reverse_add_repeated(r, node, 0, graph_scatter(G, adjoint, X(1), ATTRS.begin, SHAPE(0)));
}

void vjp_SCATTER(Reverse *r, Ref node, Ref adjoint) { reverse_add_repeated(r, node, 0, graph_gather(G, adjoint, X(1), ATTRS.begin)); }

/* --- reductions ------------------------------------------------------------------------------------------------------- */

/* y over the dims that were reduced, beside those that stayed. */
Ref broadcast_reduced(Graph *g, Ref y, Sizes shape, uint32_t dims) {
  if (!dims) return y;
  int8_t map[GRAPH_RANK] = {0}, kept = 0;
  for (int i = 0; i < shape.rank; i++) map[i] = dims & 1u << i ? (int8_t)-1 : kept++;
  return graph_broadcast(g, y, map, shape);
}

/* y = Σ x :  x̄ += ȳ, the same for all that was summed */
void vjp_SUM(Reverse *r, Ref node, Ref adjoint) {
  reverse_add(r, node, 0, broadcast_reduced(G, adjoint, SHAPE(0), ATTRS.dims));
}

/* 1 at the first largest along one dim. */
static Ref first_largest(Graph *g, Ref x, int dim) {
  const Sizes shape = node_of(g, x)->shape;
  const Ref hot = graph_one_hot(g, graph_argmax(g, x, dim), shape.dim[dim]);
  int8_t map[GRAPH_RANK] = {0}; /* one_hot's new dim is the last */
  for (int i = 0; i < shape.rank; i++) map[i] = (int8_t)(i == dim ? shape.rank - 1 : i - (i > dim));
  return graph_broadcast(g, hot, map, shape);
}

/* Along one dim the first largest has weight 1. Along several, or along steps, equals share: any weights that add up to 1
 * are right, and no order of steps is needed to find these. */
Ref largest_weights(Graph *g, Ref node) {
  const Ref x = input_of(g, node, 0);
  const Attrs a = node_of(g, node)->attrs;
  const Sizes shape = node_of(g, x)->shape;
  if (!a.over && a.dims && !(a.dims & (a.dims - 1))) return first_largest(g, x, __builtin_ctz(a.dims));
  const Ref equal = graph_binary(g, OP_EQ, x, broadcast_reduced(g, node, shape, a.dims));
  const Ref count = graph_sum(g, equal, a.dims, a.over);
  return graph_binary(g, OP_DIV, equal, broadcast_reduced(g, count, shape, a.dims));
}

/* y = max x :  x̄ += ȳ where x is the largest */
void vjp_AMAX(Reverse *r, Ref node, Ref adjoint) {
  const Ref weights = largest_weights(G, node);
  const Ref all = broadcast_reduced(G, adjoint, SHAPE(0), ATTRS.dims);
  const Ref some = graph_select(G, weights, graph_binary(G, OP_MUL, all, weights), graph_const(G, 0));
  reverse_add(r, node, 0, some);
}

void vjp_ARGMAX(Reverse *r, Ref node, Ref adjoint) { (void)r, (void)node, (void)adjoint; }

/* --- products --------------------------------------------------------------------------------------------------------- */

/* An operand's letters that the product of the others gives; the rest were summed alone, so the adjoint repeats along them. */
static void given_letters(const char *own, const char *l1, const char *l2, char *given, int8_t *map) {
  int count = 0;
  for (int i = 0; own[i]; i++) {
    const bool there = strchr(l1, own[i]) || strchr(l2, own[i]);
    map[i] = (int8_t)(there ? count : -1);
    if (there) given[count++] = own[i];
  }
  given[count] = 0;
}

/* y[out] = Σ a[la] b[lb] :  ā[la] += Σ ȳ[out] b[lb], over the axes that a has not: b has all of these */
static void contract_operand(Reverse *r, Ref node, Ref adjoint, int i) {
  if (!reverse_wants(r, node, i)) return;
  const Attrs a = ATTRS;
  char given[GRAPH_RANK + 1];
  int8_t map[GRAPH_RANK] = {0};
  given_letters(a.letters[i], a.letters[2], a.letters[1 - i], given, map);
  Ref c = graph_contract(G, adjoint, X(1 - i), a.letters[2], a.letters[1 - i], given, AXES(1 - i) & ~AXES(i));
  if (strlen(given) < strlen(a.letters[i])) c = graph_broadcast(G, c, map, SHAPE(i));
  reverse_add(r, node, i, c);
}

void vjp_CONTRACT(Reverse *r, Ref node, Ref adjoint) {
  contract_operand(r, node, adjoint, 0);
  contract_operand(r, node, adjoint, 1);
}

/* y = table[x] :  table[x] += ȳ */
void vjp_EMBED(Reverse *r, Ref node, Ref adjoint) {
  const int dim = ATTRS.dim;
  const GraphAxes over = AXES(1) | node_of(G, adjoint)->axes;
  reverse_add(r, node, 0, graph_embed_add(G, adjoint, X(1), dim, SHAPE(0).dim[dim], over));
}

/* y[x] = Σ d :  d̄ += ȳ[x] */
void vjp_EMBED_ADD(Reverse *r, Ref node, Ref adjoint) { reverse_add(r, node, 0, graph_embed(G, adjoint, X(1), ATTRS.dim)); }

/* --- time ------------------------------------------------------------------------------------------------------------- */

/* READ      y[t] = x[t + k]               :  x̄[t] += ȳ[t − k]
 * WINDOW    y[t][j] = x[t + k + j s]      :  x̄[t] += Σ_j ȳ[t − k − j s][j]
 * OVERLAP   y[t] = Σ_j x[t − k − j s][j]  :  x̄[t][j] += ȳ[t + k + j s]
 * CHILD     y[t] = x[index[t]]            :  x̄[s] += ȳ[inverse[s]]
 * CHILDREN_SUM  y[t] = Σ x[s], s child of t :  x̄[s] += ȳ[parent[s]]
 * CHILDREN_MAX  the same, times reverse_share; so CHILDREN_MIX
 * PARENT    y[t] = x[parent[t]]           :  x̄[s] += Σ ȳ[t], t child of s
 * where a step that does not exist gives nothing. */
Ref reverse_delayed(Graph *g, Ref node, Ref adjoint) {
  const Node n = *node_of(g, node);
  const Attrs a = n.attrs;
  if (op_reads_links(n.op)) {
    const TreeLinks back = {n.in[1], n.in[2], n.in[3], a.clock, (int)-a.offset};
    return graph_tree(g, n.op == OP_PARENT ? OP_CHILDREN_SUM : OP_PARENT, adjoint, back, n.shape, n.axes);
  }
  if (n.op == OP_CHILD) {
    const ChildRead back = {.history = zeros(g, n.shape), .index = n.in[3], .inverse = n.in[2], .clock = a.clock, .towards = (int)-a.offset};
    return graph_child(g, adjoint, back, n.shape, n.axes);
  }
  if (n.op == OP_READ) return graph_read(g, adjoint, zeros(g, n.shape), a.clock, -a.offset, n.shape, n.axes);
  if (n.op == OP_OVERLAP)
    return graph_window(g, adjoint, zeros(g, n.shape), a.clock, a.offset, a.taps, a.stride, n.shape, n.axes);
  const Sizes one = node_of(g, n.in[1])->shape;
  return graph_overlap(g, adjoint, a.clock, a.offset, a.taps, a.stride, one, n.axes);
}

/* 1 where a child's value is its parent's largest, shared among equals: the rule of AMAX, for children. */
Ref largest_child(Graph *g, Ref node) {
  const Node n = *node_of(g, node);
  const TreeLinks down = {n.in[1], n.in[2], n.in[3], n.attrs.clock, (int)n.attrs.offset};
  TreeLinks up = down;
  up.towards = -down.towards;
  const Ref equal = graph_binary(g, OP_EQ, n.in[0], graph_tree(g, OP_PARENT, node, up, n.shape, n.axes));
  const Ref count = graph_tree(g, OP_CHILDREN_SUM, equal, down, n.shape, n.axes);
  const Ref equals = graph_binary(g, OP_MAX, graph_tree(g, OP_PARENT, count, up, n.shape, n.axes), graph_const(g, 1));
  return graph_binary(g, OP_DIV, equal, equals); /* a root has no parent: 0 of its adjoint, whatever this is */
}

/* y = Σ p v with p = exp(s) / Σ exp(s): of a child, p (by `share`) and v − y (by `off`). */
void mix_of_children(Graph *g, Ref node, Ref *share, Ref *off) {
  const Node n = *node_of(g, node);
  const TreeLinks down = {n.in[1], n.in[2], n.in[3], n.attrs.clock, (int)n.attrs.offset};
  const Ref s = graph_reshape(g, graph_slice(g, n.in[0], 0, 0, 1, 1), n.shape);
  const Ref v = graph_reshape(g, graph_slice(g, n.in[0], 0, 1, 1, 1), n.shape);
  const Siblings all = graph_siblings(g, s, down);
  *share = graph_binary(g, OP_DIV, graph_unary(g, OP_EXP, all.shifted), all.total);
  *off = graph_binary(g, OP_SUB, v, graph_parent_or(g, node, down, v));
}

/* s and v as CHILDREN_MIX reads them. */
static Ref pair_of_mix(Graph *g, Ref s, Ref v) {
  const Sizes shape = node_of(g, s)->shape;
  Sizes one = {.rank = shape.rank + 1, .dim = {1}};
  for (int i = 0; i < shape.rank; i++) one.dim[i + 1] = shape.dim[i];
  return graph_concat(g, (Ref[]){graph_reshape(g, s, one), graph_reshape(g, v, one)}, 2, 0);
}

/* v̄ += p ȳ, s̄ += p ȳ (v − y) */
static Ref reverse_mix(Graph *g, Ref node, Ref read) {
  Ref share, off;
  mix_of_children(g, node, &share, &off);
  const Ref v = graph_binary(g, OP_MUL, share, read);
  return pair_of_mix(g, graph_binary(g, OP_MUL, v, off), v);
}

/* x̄'s part, of what reverse_delayed has read. */
Ref reverse_share(Graph *g, Ref node, Ref read) {
  if (node_of(g, node)->op == OP_CHILDREN_MIX) return reverse_mix(g, node, read);
  if (node_of(g, node)->op != OP_CHILDREN_MAX) return read;
  const Ref weights = largest_child(g, node);
  return graph_select(g, weights, graph_binary(g, OP_MUL, read, weights), graph_const(g, 0));
}

static void delayed_input(Reverse *r, Ref node, Ref adjoint) {
  if (r->waiting[node] != NO_REF) graph_set_read(G, r->waiting[node], adjoint);
  else if (reverse_wants(r, node, 0)) reverse_add(r, node, 0, reverse_share(G, node, reverse_delayed(G, node, adjoint)));
}

/* h̄ += Σ ȳ over the steps that read the history, on whichever clocks it lives */
static void history(Reverse *r, Ref node, Ref adjoint, bool windowed) {
  if (!reverse_wants(r, node, 1)) return;
  const Attrs a = ATTRS;
  const Ref all = graph_lift(G, adjoint, node_of(G, node)->axes & ~AXES(1));
  reverse_add(r, node, 1, graph_edge(G, all, a.clock, a.offset, windowed, a.stride));
}

void vjp_READ(Reverse *r, Ref node, Ref adjoint) {
  delayed_input(r, node, adjoint);
  history(r, node, adjoint, false);
}

void vjp_WINDOW(Reverse *r, Ref node, Ref adjoint) {
  delayed_input(r, node, adjoint);
  history(r, node, adjoint, true);
}

/* The history is read where there is no child. */
void vjp_CHILD(Reverse *r, Ref node, Ref adjoint) {
  const int clock = ATTRS.clock;
  delayed_input(r, node, adjoint);
  if (!reverse_wants(r, node, 1)) return;
  const Ref none = graph_binary(G, OP_LT, X(2), graph_const(G, 0));
  const Ref all = graph_lift(G, adjoint, node_of(G, node)->axes & ~AXES(1));
  const Ref read = graph_select(G, none, all, graph_const(G, 0));
  reverse_add(r, node, 1, graph_sum(G, read, 0, GRAPH_CLOCK(clock)));
}

void vjp_CHILDREN_SUM(Reverse *r, Ref node, Ref adjoint) { delayed_input(r, node, adjoint); }
void vjp_CHILDREN_MAX(Reverse *r, Ref node, Ref adjoint) { delayed_input(r, node, adjoint); }
void vjp_CHILDREN_MIX(Reverse *r, Ref node, Ref adjoint) { delayed_input(r, node, adjoint); }
void vjp_PARENT(Reverse *r, Ref node, Ref adjoint) { delayed_input(r, node, adjoint); }
void vjp_OVERLAP(Reverse *r, Ref node, Ref adjoint) { delayed_input(r, node, adjoint); }

/* y = x[end] :  x̄[t] += ȳ at that one step */
void vjp_AT_END(Reverse *r, Ref node, Ref adjoint) {
  reverse_add(r, node, 0, graph_impulse(G, adjoint, ATTRS.clock, ATTRS.end));
}

/* y[t] = x at one step :  x̄ += ȳ[end] */
void vjp_IMPULSE(Reverse *r, Ref node, Ref adjoint) {
  const Attrs a = ATTRS;
  const Ref all = graph_lift(G, adjoint, GRAPH_CLOCK(a.clock) | GRAPH_SEQUENCE);
  reverse_add(r, node, 0, graph_at_end(G, all, a.clock, a.end));
}

/* y = Σ x[t][j] where t + k + j s is no step :  x̄[t][j] += ȳ there: a read of zeros whose history is ȳ */
void vjp_EDGE(Reverse *r, Ref node, Ref adjoint) {
  const Attrs a = ATTRS;
  const Sizes one = node_of(G, node)->shape;
  const Ref zero = zeros(G, one);
  if (!a.windowed) reverse_add(r, node, 0, graph_read(G, zero, adjoint, a.clock, a.offset, one, 0));
  else reverse_add(r, node, 0, graph_window(G, zero, adjoint, a.clock, a.offset, a.taps, a.stride, one, 0));
}

ReverseRule *const reverse_rules[OP_COUNT] = {
#define VJP_LEAF(name) NULL
#define VJP_UNARY(name) NULL
#define VJP_BINARY(name) NULL
#define VJP_TERNARY(name) NULL
#define VJP_MOVE(name) vjp_##name
#define VJP_REDUCE(name) vjp_##name
#define VJP_PRODUCT(name) vjp_##name
#define VJP_TIME(name) vjp_##name
#define OP(name, text, inputs, class) VJP_##class(name),
#include "graph/ops.def"
#undef OP
};
