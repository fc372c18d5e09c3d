/* gathered.c — Σ over connections of weights times what a window gathers, as one product: Σ_s W[r, s] · x[D[r, s]][s] is
 * Σ_js V[r, j, s] · x[j][s] with V[r, j, s] = W[r, s] where D[r, s] is j, and 0 elsewhere. V is made once a call; then no step needs memory
 * for every connection, and a matrix product does more multiplications in less time than a gather does loads, up to so many taps. */
#include "pass/rewrite.h"

enum { MOST_TAPS = 64 };

static const Node *at(const Graph *g, Ref r) { return node_of(g, r); }

/* Σ over the last dims of weights · gathered: the pieces of it. */
typedef struct Gathered {
  Ref weights, window, index;
  int64_t begin;
  Sizes shape;  /* of the index */
  int kept;     /* dims that stay: the first of them */
  Sizes window_shape;
} Gathered;

static bool gather_in(const Graph *g, Ref product, int i, Gathered *out) {
  const Node *gather = at(g, input_of(g, product, i));
  if (gather->op != OP_GATHER || at(g, gather->in[0])->op != OP_WINDOW) return false;
  *out = (Gathered){.weights = input_of(g, product, 1 - i), .window = gather->in[0], .index = gather->in[1], .begin = gather->attrs.begin};
  out->shape = gather->shape;
  out->window_shape = at(g, out->window)->shape;
  out->kept = out->shape.rank - (out->window_shape.rank - 1);
  return !at(g, out->weights)->axes && !at(g, out->index)->axes;
}

/* All dims of what is read are summed, no other is, and V's rank is one that a value may have. */
static bool sums_all(const Node *sum, const Gathered *m) {
  const uint32_t all = (1u << m->shape.rank) - 1, kept = (1u << m->kept) - 1;
  return m->kept && !sum->attrs.over && sum->attrs.dims == (all & ~kept) && m->shape.rank < GRAPH_RANK && m->window_shape.dim[0] <= MOST_TAPS;
}

/* Shape R ++ [taps] ++ S, and how a value of R ++ S (and of R ++ S ++ [taps]) is repeated (and turned) to it. */
static Sizes with_taps(const Gathered *m, int8_t *repeated, int8_t *turned) {
  Sizes shape = {.rank = m->shape.rank + 1};
  for (int d = 0; d < shape.rank; d++) {
    const int from = d - (d > m->kept);
    repeated[d] = (int8_t)(d == m->kept ? -1 : from);
    turned[d] = (int8_t)(d == m->kept ? m->shape.rank : from);
    shape.dim[d] = d == m->kept ? m->window_shape.dim[0] : m->shape.dim[from];
  }
  return shape;
}

/* The index as places from 0, and as GATHER understands what is out of range. */
static Ref places(Graph *g, const Gathered *m) {
  const double last = (double)(m->window_shape.dim[0] - 1);
  const Ref from_zero = graph_binary(g, OP_SUB, m->index, graph_const(g, (double)m->begin));
  const Ref low = graph_binary(g, OP_MAX, from_zero, graph_const(g, 0));
  return graph_unary(g, OP_FLOOR, graph_binary(g, OP_MIN, low, graph_const(g, last)));
}

Ref gathered_sum(Graph *g, Ref node) {
  Gathered m;
  int8_t repeated[GRAPH_RANK] = {0}, turned[GRAPH_RANK] = {0};
  if (at(g, node)->op != OP_SUM || at(g, input_of(g, node, 0))->op != OP_MUL) return NO_REF;
  const Ref product = input_of(g, node, 0);
  if (!gather_in(g, product, 0, &m) && !gather_in(g, product, 1, &m)) return NO_REF;
  if (!sums_all(at(g, node), &m)) return NO_REF;
  const Sizes shape = with_taps(&m, repeated, turned);
  const Ref hot = graph_broadcast(g, graph_one_hot(g, places(g, &m), m.window_shape.dim[0]), turned, shape);
  const Ref spread = graph_binary(g, OP_MUL, graph_broadcast(g, m.weights, repeated, shape), hot);
  char all[GRAPH_RANK + 1] = "", last[GRAPH_RANK + 1] = "", kept[GRAPH_RANK + 1] = "";
  for (int d = 0; d < shape.rank; d++) all[d] = (char)('a' + d);
  memcpy(kept, all, (size_t)m.kept);
  strcpy(last, all + m.kept);
  return graph_contract(g, spread, m.window, all, last, kept, 0);
}
