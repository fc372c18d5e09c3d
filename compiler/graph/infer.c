/* infer.c — what shape and axes a node must have.
 *
 * One rule holds for all axes: steps belong to a sequence, so a value on a clock is also on the sequence axis. */
#include "graph/infer.h"

typedef const char *Problem;

static const Node *input(const Graph *g, const Node *n, int i) { return &g->nodes.at[n->in[i]]; }

static GraphAxes closed(GraphAxes axes) { return axes & ~GRAPH_SEQUENCE ? axes | GRAPH_SEQUENCE : axes; }

static GraphAxes all_axes(const Graph *g) { return (GRAPH_SEQUENCE << (g->clocks.len + 1)) - 1; }

static GraphAxes joined_axes(const Graph *g, const Node *n) {
  GraphAxes axes = 0;
  for (int i = 0; i < n->inputs; i++) axes |= input(g, n, i)->axes;
  return axes;
}

static Problem no_such_clock(const Graph *g, const Node *n) {
  return n->attrs.clock >= 0 && n->attrs.clock < g->clocks.len ? NULL : "it names no clock of the graph";
}

static Problem infer_leaf(const Graph *g, const Node *n, Sizes *shape, GraphAxes *axes) {
  const int32_t index = n->attrs.index;
  *axes = 0;
  switch (n->op) {
  case OP_PARAM:
    if (index < 0 || index >= g->params.len) return "it names no param of the graph";
    *shape = g->params.at[index].shape;
    return NULL;
  case OP_INPUT:
    if (index < 0 || index >= g->inputs.len) return "it names no input of the graph";
    *shape = g->inputs.at[index].shape;
    *axes = g->inputs.at[index].axes;
    return NULL;
  case OP_LENGTH:
  case OP_STEP_INDEX:
    if (no_such_clock(g, n)) return no_such_clock(g, n);
    *shape = sizes_scalar();
    *axes = GRAPH_SEQUENCE | (n->op == OP_STEP_INDEX ? GRAPH_CLOCK(n->attrs.clock) : 0);
    return NULL;
  case OP_RANDOM:
    *axes = n->axes;
    return n->attrs.kind == 0 || n->attrs.kind == 1 ? NULL : "a draw is uniform (0) or normal (1)";
  default: return NULL; /* CONST keeps its shape */
  }
}

static Problem infer_elementwise(const Graph *g, const Node *n, Sizes *shape, GraphAxes *axes) {
  *shape = input(g, n, 0)->shape;
  *axes = joined_axes(g, n);
  for (int i = 1; i < n->inputs; i++)
    if (!sizes_equal(*shape, input(g, n, i)->shape)) return "element-wise operands differ in shape";
  return NULL;
}

static Problem infer_broadcast(const Node *n, Sizes x) {
  uint32_t seen = 0;
  for (int i = 0; i < n->shape.rank; i++) {
    const int from = n->attrs.map[i];
    if (from < -1 || from >= x.rank) return "the map names no dim of the input";
    if (from < 0) continue;
    if (seen & 1u << from) return "the map names a dim of the input twice";
    if (n->shape.dim[i] != x.dim[from]) return "a mapped dim changes its size";
    seen |= 1u << from;
  }
  return seen == (1u << x.rank) - 1 ? NULL : "the map leaves a dim of the input out";
}

static Problem bad_dim(const Node *n, Sizes x) {
  return n->attrs.dim >= 0 && n->attrs.dim < x.rank ? NULL : "it names no dim of its input";
}

static Problem infer_slice(const Node *n, Sizes x, Sizes *shape) {
  const Attrs *a = &n->attrs;
  const Problem problem = bad_dim(n, x);
  if (problem) return problem;
  if (a->begin < 0 || a->count < 0 || a->stride < 1) return "begin, count or stride of the slice is out of range";
  if (a->count && a->begin + (a->count - 1) * a->stride >= x.dim[a->dim]) return "the slice reaches beyond its input";
  *shape = x;
  shape->dim[a->dim] = a->count;
  return NULL;
}

static Problem infer_pad(const Node *n, Sizes x) {
  const Attrs *a = &n->attrs;
  const Problem problem = bad_dim(n, x);
  if (problem) return problem;
  if (n->shape.rank != x.rank || a->count != x.dim[a->dim] || a->begin < 0 || a->stride < 1) return "the pad does not fit its input";
  for (int i = 0; i < x.rank; i++)
    if (i != a->dim && n->shape.dim[i] != x.dim[i]) return "the pad changes another dim";
  return a->count && a->begin + (a->count - 1) * a->stride >= n->shape.dim[a->dim] ? "the pad reaches beyond its result" : NULL;
}

static Problem infer_concat(const Graph *g, const Node *n, Sizes *shape) {
  if (n->inputs < 1) return "it has no inputs";
  const int dim = n->attrs.dim;
  *shape = input(g, n, 0)->shape;
  const Problem problem = bad_dim(n, *shape);
  if (problem) return problem;
  for (int i = 1; i < n->inputs; i++) {
    Sizes other = input(g, n, i)->shape;
    if (other.rank != shape->rank) return "the parts differ in rank";
    shape->dim[dim] += other.dim[dim];
    other.dim[dim] = shape->dim[dim];
    if (!sizes_equal(*shape, other)) return "the parts differ in another dim";
  }
  return NULL;
}

/* The dims of `all` from the one behind the first agree with the last of `index`. */
static bool ends_in(Sizes index, Sizes all) {
  const int shift = index.rank - (all.rank - 1);
  if (all.rank < 1 || shift < 0) return false;
  for (int i = 1; i < all.rank; i++)
    if (index.dim[shift + i - 1] != all.dim[i]) return false;
  return true;
}

static Problem infer_gather(const Graph *g, const Node *n, Sizes *shape) {
  const Sizes index = input(g, n, 1)->shape, x = input(g, n, 0)->shape;
  const Sizes places = n->op == OP_GATHER ? x : n->shape;
  if (!ends_in(index, places)) return "the index does not end in the dims behind the first";
  if (places.dim[0] < 1) return "there is no place";
  if (n->op == OP_GATHER) return *shape = index, NULL;
  if (!sizes_equal(x, index)) return "what is scattered has not the index's shape";
  return n->attrs.count == places.dim[0] ? NULL : "count is not the number of places";
}

static Problem infer_move(const Graph *g, const Node *n, Sizes *shape, GraphAxes *axes) {
  *axes = joined_axes(g, n);
  if (n->op == OP_CONCAT) return infer_concat(g, n, shape);
  if (n->op == OP_GATHER || n->op == OP_SCATTER) return infer_gather(g, n, shape);
  const Sizes x = input(g, n, 0)->shape;
  switch (n->op) {
  case OP_BROADCAST: return infer_broadcast(n, x);
  case OP_RESHAPE: return sizes_count(n->shape) == sizes_count(x) ? NULL : "the number of elements changes";
  case OP_SLICE: return infer_slice(n, x, shape);
  case OP_PAD: return infer_pad(n, x);
  default: /* ONE_HOT */
    if (x.rank + 1 > GRAPH_RANK) return "the rank is too large";
    if (n->shape.rank != x.rank + 1) return "a one-hot has one dim more than its input";
    *shape = x;
    shape->dim[shape->rank++] = n->shape.dim[x.rank];
    return NULL;
  }
}

static Sizes without_dims(Sizes x, uint32_t dims) {
  Sizes shape = {0};
  for (int i = 0; i < x.rank; i++)
    if (!(dims & 1u << i)) shape.dim[shape.rank++] = x.dim[i];
  return shape;
}

static Problem infer_reduce(const Graph *g, const Node *n, Sizes *shape, GraphAxes *axes) {
  const Node *x = input(g, n, 0);
  if (n->op == OP_ARGMAX && bad_dim(n, x->shape)) return bad_dim(n, x->shape);
  const uint32_t dims = n->op == OP_ARGMAX ? 1u << n->attrs.dim : n->attrs.dims;
  if (dims >> x->shape.rank) return "it reduces a dim that its input has not";
  if (n->attrs.over & ~x->axes) return "it reduces an axis that its input has not";
  *shape = without_dims(x->shape, dims);
  *axes = x->axes & ~n->attrs.over;
  return NULL;
}

static Problem infer_embed(const Graph *g, const Node *n, Sizes *shape, GraphAxes *axes) {
  const Node *table = input(g, n, 0), *x = input(g, n, 1);
  if (x->shape.rank) return "a place is one number";
  if (table->axes) return "its table is on axes";
  if (bad_dim(n, table->shape)) return bad_dim(n, table->shape);
  *shape = without_dims(table->shape, 1u << n->attrs.dim);
  *axes = x->axes;
  return NULL;
}

static Problem infer_embed_add(const Graph *g, const Node *n, Sizes *shape, GraphAxes *axes) {
  const Node *d = input(g, n, 0), *x = input(g, n, 1);
  if (x->shape.rank) return "a place is one number";
  if (d->shape.rank + 1 > GRAPH_RANK) return "the rank is too large";
  if (n->attrs.dim < 0 || n->attrs.dim > d->shape.rank) return "there is no such dim";
  if (n->attrs.over != (d->axes | x->axes)) return "it does not reduce all axes of its inputs";
  *shape = (Sizes){.rank = d->shape.rank + 1};
  for (int i = 0; i < shape->rank; i++)
    shape->dim[i] = i == n->attrs.dim ? n->attrs.count : d->shape.dim[i - (i > n->attrs.dim)];
  *axes = 0;
  return NULL;
}

/* The size that a letter has in an operand, or -1. */
static int64_t letter_size(const char *letters, Sizes shape, char letter) {
  const char *at = strchr(letters, letter);
  return at ? shape.dim[at - letters] : -1;
}

static Problem bad_letters(const char *letters, int rank) {
  if ((int)strlen(letters) != rank) return "letters and dims of an operand differ in number";
  for (const char *c = letters; *c; c++)
    if (strchr(c + 1, *c)) return "a letter stands twice in one operand";
  return NULL;
}

static Problem infer_contract(const Graph *g, const Node *n, Sizes *shape, GraphAxes *axes) {
  const Node *a = input(g, n, 0), *b = input(g, n, 1);
  const char *la = n->attrs.letters[0], *lb = n->attrs.letters[1], *lout = n->attrs.letters[2];
  Problem problem = bad_letters(la, a->shape.rank);
  if (!problem) problem = bad_letters(lb, b->shape.rank);
  if (!problem) problem = bad_letters(lout, (int)strlen(lout));
  if (problem) return problem;
  for (int i = 0; la[i]; i++) {
    const int64_t there = letter_size(lb, b->shape, la[i]);
    if (there >= 0 && there != a->shape.dim[i]) return "dims that meet differ in size";
  }
  *shape = (Sizes){.rank = (int)strlen(lout)};
  for (int i = 0; lout[i]; i++) {
    const int64_t in_a = letter_size(la, a->shape, lout[i]);
    shape->dim[i] = in_a >= 0 ? in_a : letter_size(lb, b->shape, lout[i]);
    if (shape->dim[i] < 0) return "a letter of the result is in no operand";
  }
  if (n->attrs.over & ~(a->axes | b->axes)) return "it reduces an axis that no operand has";
  *axes = (a->axes | b->axes) & ~n->attrs.over;
  return NULL;
}

static Sizes with_taps(int64_t taps, Sizes x) {
  Sizes shape = {.rank = x.rank + 1, .dim = {taps}};
  for (int i = 0; i < x.rank && i + 1 < GRAPH_RANK; i++) shape.dim[i + 1] = x.dim[i];
  return shape;
}

static Sizes without_taps(Sizes x) {
  return without_dims(x, 1);
}

/* READ, WINDOW and CHILD: x and the history have the shape of one step; the history is not on the clock. */
static Problem infer_read(const Graph *g, const Node *n, GraphAxes *axes) {
  const Node *history = input(g, n, 1);
  const bool window = n->op == OP_WINDOW;
  if (window && n->shape.rank < 1) return "a window has a first dim for its taps";
  if (window && (n->shape.dim[0] != n->attrs.taps || n->attrs.taps < 1)) return "the first dim is not the number of taps";
  const Sizes one = window ? without_taps(n->shape) : n->shape;
  GraphAxes least = GRAPH_CLOCK(n->attrs.clock) | history->axes;
  if (!sizes_equal(history->shape, one)) return "the history's shape differs";
  if (history->axes & GRAPH_CLOCK(n->attrs.clock)) return "the history is on the clock that is read";
  if (n->in[0] != NO_REF) {
    if (!sizes_equal(input(g, n, 0)->shape, one)) return "the shape of what is read differs";
    least |= input(g, n, 0)->axes;
  }
  *axes = n->axes; /* wider than its inputs' where the builder knew no better */
  return closed(least) & ~n->axes ? "its axes lack some of its inputs'" : NULL;
}

/* CHILD: a read whose steps are numbers on the clock. */
static Problem infer_child(const Graph *g, const Node *n, GraphAxes *axes) {
  const Problem problem = infer_read(g, n, axes);
  if (problem) return problem;
  if (n->attrs.offset != 1 && n->attrs.offset != -1) return "it says neither earlier steps nor later ones";
  for (int i = 2; i < 4; i++) {
    const Node *index = input(g, n, i);
    if (index->shape.rank) return "an index is one number a step";
    if (!(index->axes & GRAPH_CLOCK(n->attrs.clock))) return "an index is not on the clock that is read";
    if (index->axes & ~n->axes) return "its axes lack some of an index's";
  }
  return NULL;
}

/* CHILDREN_SUM, CHILDREN_MAX, CHILDREN_MIX, PARENT. The links of other steps are read too, so they are inputs: there from the start. */
static Problem infer_links(const Graph *g, const Node *n, GraphAxes *axes) {
  GraphAxes least = GRAPH_CLOCK(n->attrs.clock);
  if (n->attrs.offset != 1 && n->attrs.offset != -1) return "it says neither earlier steps nor later ones";
  for (int i = 1; i < 4; i++) {
    if (input(g, n, i)->op != OP_INPUT || input(g, n, i)->shape.rank) return "a link is an input, one number a step";
    if (!(input(g, n, i)->axes & GRAPH_CLOCK(n->attrs.clock))) return "a link is not on the clock that is read";
    least |= input(g, n, i)->axes;
  }
  if (n->in[0] != NO_REF) {
    const Sizes read = n->op == OP_CHILDREN_MIX ? with_taps(2, n->shape) : n->shape;
    if (!sizes_equal(input(g, n, 0)->shape, read)) return "the shape of what is read differs";
    least |= input(g, n, 0)->axes;
  }
  *axes = n->axes;
  return closed(least) & ~n->axes ? "its axes lack some of its inputs'" : NULL;
}

static Problem infer_overlap(const Graph *g, const Node *n, GraphAxes *axes) {
  *axes = n->axes;
  GraphAxes least = GRAPH_CLOCK(n->attrs.clock);
  if (n->in[0] != NO_REF) {
    if (!sizes_equal(input(g, n, 0)->shape, with_taps(n->attrs.taps, n->shape))) return "its input is not taps of its shape";
    least |= input(g, n, 0)->axes;
  }
  return closed(least) & ~n->axes ? "its axes lack some of its input's" : NULL;
}

/* AT_END and EDGE take the clock away. */
static Problem infer_leaves_clock(const Graph *g, const Node *n, Sizes *shape, GraphAxes *axes) {
  const Node *x = input(g, n, 0);
  *shape = x->shape;
  *axes = x->axes & ~GRAPH_CLOCK(n->attrs.clock);
  if (*axes == x->axes) return "its input is not on the clock";
  if (n->op == OP_AT_END || !n->attrs.windowed) return NULL;
  if (x->shape.rank < 1 || x->shape.dim[0] != n->attrs.taps) return "the first dim is not the number of taps";
  *shape = without_taps(x->shape);
  return NULL;
}

static Problem infer_time(const Graph *g, const Node *n, Sizes *shape, GraphAxes *axes) {
  const Problem problem = no_such_clock(g, n);
  if (problem) return problem;
  switch (n->op) {
  case OP_READ:
  case OP_WINDOW: return infer_read(g, n, axes);
  case OP_CHILD: return infer_child(g, n, axes);
  case OP_CHILDREN_SUM:
  case OP_CHILDREN_MAX:
  case OP_CHILDREN_MIX:
  case OP_PARENT: return infer_links(g, n, axes);
  case OP_OVERLAP: return infer_overlap(g, n, axes);
  case OP_IMPULSE:
    *shape = input(g, n, 0)->shape;
    *axes = closed(input(g, n, 0)->axes | GRAPH_CLOCK(n->attrs.clock));
    return input(g, n, 0)->axes & GRAPH_CLOCK(n->attrs.clock) ? "its input is on the clock already" : NULL;
  default: return infer_leaves_clock(g, n, shape, axes);
  }
}

static Problem infer_class(const Graph *g, const Node *n, Sizes *shape, GraphAxes *axes) {
  switch (op_class(n->op)) {
  case CLASS_LEAF: return infer_leaf(g, n, shape, axes);
  case CLASS_UNARY:
  case CLASS_BINARY:
  case CLASS_TERNARY: return infer_elementwise(g, n, shape, axes);
  case CLASS_MOVE: return infer_move(g, n, shape, axes);
  case CLASS_REDUCE: return infer_reduce(g, n, shape, axes);
  case CLASS_PRODUCT:
    if (n->op == OP_CONTRACT) return infer_contract(g, n, shape, axes);
    return n->op == OP_EMBED ? infer_embed(g, n, shape, axes) : infer_embed_add(g, n, shape, axes);
  default: return infer_time(g, n, shape, axes);
  }
}

const char *node_infer(const Graph *g, const Node *n, Sizes *shape, GraphAxes *axes) {
  *shape = n->shape;
  *axes = n->axes;
  if (op_inputs(n->op) >= 0 && n->inputs != op_inputs(n->op)) return "it has the wrong number of inputs";
  for (int i = 0; i < n->inputs; i++) {
    if (n->in[i] == NO_REF && node_edge_is_delayed(n, i)) continue;
    if (n->in[i] < 0 || n->in[i] >= g->nodes.len) return "it has an input that does not exist";
  }
  const Problem problem = infer_class(g, n, shape, axes);
  if (problem) return problem;
  if (*axes != closed(*axes)) return "it is on a clock but not on the sequence axis";
  return *axes & ~all_axes(g) ? "it is on a clock that the graph has not" : NULL;
}
