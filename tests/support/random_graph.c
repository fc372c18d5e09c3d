/* random_graph.c — a growing pool of values; each step takes some of them and makes one more.
 *
 * Loops: a read of a later node is made first ("open"), its users next, and it is closed with one of them. While a loop is
 * open, what is made reads other steps only in the loop's direction and reduces over no clock, so every loop is causal. */
#include "support/random_graph.h"
#include "support/random_trees.h"
#include <math.h>

enum { T = 0, S = 1, MOST_LENGTH = 6, FIXED_LENGTH = 3, POOL = 512 };

typedef struct Maker {
  Session *session;
  Graph *g;
  uint64_t state;
  unsigned flags;
  Ref pool[POOL];
  double bound[POOL]; /* of the absolute value */
  int count;
  int loop_clock, loop_direction; /* direction 0: no loop is open */
} Maker;

/* --- draws --------------------------------------------------------------------------------------------------------------- */

double draw_uniform(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  const uint64_t x = (*state ^ *state >> 29) * 0x9e3779b97f4a7c15u;
  return (double)(x >> 11) * 0x1p-53;
}

int draw_below(uint64_t *state, int n) { return (int)(draw_uniform(state) * n); }

static int below(Maker *m, int n) { return draw_below(&m->state, n); }
static bool chance(Maker *m, double p) { return draw_uniform(&m->state) < p; }
static double between(Maker *m, double a, double b) { return a + (b - a) * draw_uniform(&m->state); }
static bool smooth(const Maker *m) { return m->flags & RANDOM_SMOOTH; }

static Sizes random_shape(Maker *m, int most_rank) {
  Sizes s = {.rank = below(m, most_rank + 1)};
  for (int i = 0; i < s.rank; i++) s.dim[i] = 1 + below(m, 3);
  return s;
}

/* --- the pool ------------------------------------------------------------------------------------------------------------ */

static const Node *node_of(const Maker *m, Ref r) { return &m->g->nodes.at[r]; }
static Sizes shape_of(const Maker *m, Ref r) { return node_of(m, r)->shape; }

/* What grows too large is squashed. */
static void keep(Maker *m, Ref r, double bound) {
  if (bound > 8) r = graph_unary(m->g, OP_TANH, r), bound = 1;
  if (m->count == POOL) return;
  m->pool[m->count] = r;
  m->bound[m->count++] = bound;
}

/* Newer values more often: graphs become deep. */
static int any(Maker *m) {
  const int back = below(m, m->count);
  return chance(m, 0.5) ? m->count - 1 - back / 3 : back;
}

static Ref constant(Maker *m, Sizes shape) {
  double *data = arena_array(m->session->arena, double, sizes_count(shape));
  for (int64_t i = 0; i < sizes_count(shape); i++) data[i] = between(m, -1, 1);
  return chance(m, 0.5) ? graph_tensor(m->g, data, shape) : graph_fill(m->g, chance(m, 0.3) ? below(m, 3) - 1 : data[0], shape);
}

/* Some value of this shape: from the pool, summed or repeated as needed. */
static Ref fitted(Maker *m, Ref r, Sizes shape) {
  if (sizes_equal(shape_of(m, r), shape)) return r;
  const int rank = shape_of(m, r).rank;
  if (rank) r = graph_sum(m->g, r, (1u << rank) - 1, 0);
  return graph_expand(m->g, graph_unary(m->g, OP_SIN, r), shape);
}

static int partner(Maker *m, Sizes shape) {
  for (int tries = 0; tries < 6; tries++) {
    const int i = any(m);
    if (sizes_equal(shape_of(m, m->pool[i]), shape)) return i;
  }
  if (chance(m, 0.3)) keep(m, constant(m, shape), 2);
  else keep(m, fitted(m, m->pool[any(m)], shape), 8);
  return m->count - 1;
}

/* --- steps: element-wise ------------------------------------------------------------------------------------------------- */

static void make_unary(Maker *m) {
  static const Op gentle[] = {OP_NEG, OP_TANH, OP_SIGMOID, OP_ERF, OP_SIN, OP_COS, OP_SOFTPLUS, OP_STOP, OP_ABS, OP_RELU};
  const int i = any(m);
  const Op op = gentle[below(m, smooth(m) ? 7 : 10)];
  const bool keeps = op == OP_NEG || op == OP_STOP || op == OP_ABS || op == OP_RELU;
  keep(m, graph_unary(m->g, op, m->pool[i]), keeps ? m->bound[i] : op == OP_SOFTPLUS ? m->bound[i] + 0.7 : 1);
}

/* Between 0.4 and a bit: a safe divisor, base, or argument of a logarithm. */
static Ref positive(Maker *m, Ref x) {
  return graph_binary(m->g, OP_ADD, graph_unary(m->g, OP_SIGMOID, x), graph_const(m->g, 0.4));
}

static void make_positive_only(Maker *m) {
  const Ref x = positive(m, m->pool[any(m)]);
  static const Op ops[] = {OP_LOG, OP_SQRT};
  if (chance(m, 0.3)) keep(m, graph_unary(m->g, OP_EXP, graph_unary(m->g, OP_TANH, m->pool[any(m)])), 2.8);
  else keep(m, graph_unary(m->g, ops[below(m, 2)], x), 1.2);
}

static void make_binary(Maker *m) {
  static const Op ops[] = {OP_ADD, OP_SUB, OP_MUL, OP_MUL, OP_DIV, OP_POW, OP_MIN, OP_MAX};
  const Op op = ops[below(m, smooth(m) ? 6 : 8)];
  const int i = any(m), j = partner(m, shape_of(m, m->pool[i]));
  const Ref a = m->pool[i], b = m->pool[j];
  const double x = m->bound[i], y = m->bound[j];
  switch (op) {
  case OP_MUL: keep(m, graph_binary(m->g, op, a, b), x * y); return;
  case OP_DIV: keep(m, graph_binary(m->g, op, a, positive(m, b)), 2.5 * x); return;
  case OP_POW: keep(m, graph_binary(m->g, op, positive(m, a), graph_unary(m->g, OP_TANH, b)), 2.5); return;
  default: keep(m, graph_binary(m->g, op, a, b), x + y); return;
  }
}

/* Truth values from data. */
static Ref condition(Maker *m, Sizes shape) {
  const Ref u = fitted(m, m->pool[below(m, 3)], shape); /* the first of the pool are the inputs */
  static const Op two[] = {OP_LT, OP_LE, OP_NE, OP_EQ};
  static const Op one[] = {OP_STEP, OP_SIGN, OP_FLOOR, OP_NOT};
  if (chance(m, 0.3)) return graph_unary(m->g, one[below(m, 4)], u);
  const Ref c = graph_binary(m->g, two[below(m, 4)], u, graph_const(m->g, between(m, -1, 1)));
  if (chance(m, 0.7)) return c;
  return graph_binary(m->g, chance(m, 0.5) ? OP_AND : OP_OR, c, graph_unary(m->g, OP_STEP, u));
}

static void make_select(Maker *m) {
  const int i = any(m), j = partner(m, shape_of(m, m->pool[i]));
  const Ref c = condition(m, shape_of(m, m->pool[i]));
  keep(m, graph_select(m->g, c, m->pool[i], m->pool[j]), fmax(m->bound[i], m->bound[j]));
}

static void make_condition(Maker *m) { keep(m, condition(m, random_shape(m, 1)), 4); }

/* --- steps: moves and reductions ----------------------------------------------------------------------------------------- */

static void make_broadcast(Maker *m) {
  const int i = any(m);
  const Sizes x = shape_of(m, m->pool[i]);
  int8_t map[GRAPH_RANK];
  Sizes shape = {0};
  if (x.rank == 2 && chance(m, 0.5)) {
    keep(m, graph_transpose(m->g, m->pool[i]), m->bound[i]);
    return;
  }
  if (x.rank > 2) return;
  const int new_dim = below(m, x.rank + 1);
  for (int from = 0; shape.rank <= x.rank;) {
    const bool repeated = shape.rank == new_dim;
    map[shape.rank] = (int8_t)(repeated ? -1 : from);
    shape.dim[shape.rank++] = repeated ? 1 + below(m, 3) : x.dim[from++];
  }
  keep(m, graph_broadcast(m->g, m->pool[i], map, shape), m->bound[i]);
}

static void make_slice_or_pad(Maker *m) {
  const int i = any(m);
  const Sizes x = shape_of(m, m->pool[i]);
  if (!x.rank) return;
  const int dim = below(m, x.rank), size = (int)x.dim[dim], begin = below(m, size), stride = 1 + below(m, 2);
  if (chance(m, 0.5)) keep(m, graph_slice(m->g, m->pool[i], dim, begin, 1 + (size - 1 - begin) / stride, stride), m->bound[i]);
  else keep(m, graph_pad(m->g, m->pool[i], dim, begin, stride, begin + (size - 1) * stride + 1 + below(m, 2)), m->bound[i]);
}

static void make_concat_or_reshape(Maker *m) {
  const int i = any(m);
  const Sizes x = shape_of(m, m->pool[i]);
  if (sizes_count(x) > 12) return;
  if (!x.rank || chance(m, 0.4)) {
    keep(m, graph_reshape(m->g, m->pool[i], chance(m, 0.5) ? sizes_of(1, sizes_count(x)) : sizes_of(2, (int64_t)1, sizes_count(x))),
         m->bound[i]);
    return;
  }
  const int j = partner(m, x);
  keep(m, graph_concat(m->g, (Ref[]){m->pool[i], m->pool[j], m->pool[i]}, 2 + below(m, 2), below(m, x.rank)),
       fmax(m->bound[i], m->bound[j]));
}

static void make_one_hot(Maker *m) {
  const Sizes shape = sizes_of(1, (int64_t)3);
  const Ref u = fitted(m, m->pool[0], shape);
  keep(m, graph_one_hot(m->g, graph_argmax(m->g, u, 0), 3), 1);
}

/* Places out of range are the nearest ones, so any whole numbers near the range will do; also an index of the steps. */
static Ref some_index(Maker *m, Sizes shape, int64_t begin) {
  double *data = arena_array(m->session->arena, double, sizes_count(shape));
  for (int64_t i = 0; i < sizes_count(shape); i++) data[i] = (double)(begin - 1 + below(m, 5));
  const Ref index = graph_tensor(m->g, data, shape);
  if (chance(m, 0.7)) return index;
  const Ref u = graph_unary(m->g, OP_FLOOR, fitted(m, m->pool[0], shape));
  return graph_binary(m->g, OP_ADD, index, u);
}

static void make_gather(Maker *m) {
  const int i = any(m);
  const Sizes x = shape_of(m, m->pool[i]);
  const int64_t begin = below(m, 5) - 2;
  Sizes shape = x;
  if (!x.rank) return;
  if (chance(m, 0.5)) {
    const bool drops = chance(m, 0.4); /* an index of x's own shape behind the first dim, or with a first dim of its own */
    for (int d = 1; drops && d < x.rank; d++) shape.dim[d - 1] = x.dim[d];
    if (drops) shape.dim[--shape.rank] = 0;
    else shape.dim[0] = 1 + below(m, 3);
    keep(m, graph_gather(m->g, m->pool[i], some_index(m, shape, begin), begin), m->bound[i]);
    return;
  }
  shape.dim[0] = 1 + below(m, 4);
  keep(m, graph_scatter(m->g, m->pool[i], some_index(m, x, begin), begin, shape), m->bound[i] * (double)x.dim[0]);
}

/* No reduction over a clock inside a loop. */
static GraphAxes reducible(Maker *m, GraphAxes axes) {
  GraphAxes over = 0;
  if (m->loop_direction) return 0;
  for (int clock = T; clock <= S; clock++)
    if (axes & GRAPH_CLOCK(clock) && chance(m, 0.3)) over |= GRAPH_CLOCK(clock);
  if (over == (axes & ~GRAPH_SEQUENCE) && over && chance(m, 0.2)) over |= GRAPH_SEQUENCE;
  return over;
}

static void make_reduction(Maker *m) {
  const int i = any(m);
  const Ref x = m->pool[i];
  const uint32_t dims = (uint32_t)below(m, 1 << shape_of(m, x).rank);
  const GraphAxes over = reducible(m, node_of(m, x)->axes);
  if (!smooth(m) && chance(m, 0.4)) keep(m, graph_amax(m->g, x, dims, over), m->bound[i]);
  else keep(m, graph_sum(m->g, x, dims, over), m->bound[i] * (dims ? 9 : 1) * (over ? 9 : 1));
}

/* a @ b with a param, or two of the pool along a shared dim. */
static void make_contraction(Maker *m) {
  static const char *const forms[][3] = {{"a", "a", ""},   {"a", "a", "a"},   {"a", "b", "ab"},  {"a", "b", "b"},  {"ab", "b", "a"},
                                         {"ab", "a", "b"}, {"ab", "cb", "ac"}, {"ab", "ab", "ba"}, {"ab", "c", "cb"}, {"", "a", "a"}};
  const char *const *form = forms[below(m, (int)(sizeof forms / sizeof *forms))];
  int64_t size[3];
  Sizes s[2] = {{0}, {0}};
  for (int k = 0; k < 3; k++) size[k] = 1 + below(m, 3);
  for (int k = 0; k < 2; k++)
    for (const char *c = form[k]; *c; c++) s[k].dim[s[k].rank++] = size[*c - 'a'];
  const int i = partner(m, s[0]), j = partner(m, s[1]);
  const GraphAxes axes = node_of(m, m->pool[i])->axes | node_of(m, m->pool[j])->axes;
  keep(m, graph_contract(m->g, m->pool[i], m->pool[j], form[0], form[1], form[2], reducible(m, axes)),
       9 * m->bound[i] * m->bound[j]);
}

/* --- steps: time ---------------------------------------------------------------------------------------------------------- */

static int some_clock(Maker *m) {
  if (m->loop_direction) return m->loop_clock;
  return m->g->clocks.len > 1 && chance(m, 0.4) ? S : T;
}

/* A history of this shape that is not on the clock; inside a loop, only what does not depend on it: the params. */
static Ref history(Maker *m, Sizes shape, int clock) {
  for (int tries = 0; tries < 8 && !m->loop_direction; tries++) {
    const Ref r = m->pool[any(m)];
    if (!(node_of(m, r)->axes & GRAPH_CLOCK(clock))) return fitted(m, r, shape);
  }
  return chance(m, 0.5) ? graph_fill(m->g, 0, shape) : fitted(m, m->pool[3 + below(m, 3)], shape);
}

/* Now and then so far that the generated code counts the steps between in a loop. */
static int64_t random_offset(Maker *m) {
  const int64_t far = chance(m, 0.1) ? 8 + below(m, 6) : 0;
  if (m->loop_direction) return m->loop_direction * (1 + below(m, 3) + far);
  return below(m, 7) - 3 + (chance(m, 0.5) ? far : -far);
}

static void make_read(Maker *m) {
  const int i = any(m), clock = some_clock(m);
  const Ref x = m->pool[i];
  const Ref h = history(m, shape_of(m, x), clock);
  keep(m, graph_read(m->g, x, h, clock, random_offset(m), shape_of(m, x), 0), fmax(m->bound[i], 2));
}

/* Taps on one side only inside a loop. */
static void make_window(Maker *m) {
  const int i = any(m), clock = some_clock(m);
  const Ref x = m->pool[i];
  if (shape_of(m, x).rank > 2) return;
  const int64_t offset = random_offset(m), taps = chance(m, 0.1) ? 9 + below(m, 4) : 1 + below(m, 3);
  const int64_t stride = (m->loop_direction ? m->loop_direction : chance(m, 0.5) ? 1 : -1) * (1 + below(m, 2));
  const Ref h = history(m, shape_of(m, x), clock);
  keep(m, graph_window(m->g, x, h, clock, offset, taps, stride, shape_of(m, x), 0), fmax(m->bound[i], 2));
}


static Ref tree_input(Maker *m, int i) {
  return graph_input_ref(m->g, graph_input(m->g, random_tree_inputs[i], INPUT_DATA, sizes_scalar(), GRAPH_SEQUENCE | GRAPH_CLOCK(T)));
}

/* Children are earlier steps, parents later ones. */
static Ref child_of(Maker *m, Ref x, Ref h, int direction, Sizes shape, GraphAxes axes) {
  const int side = below(m, 2), index = direction < 0 ? side : 2 + side;
  const ChildRead read = {.history = h, .index = tree_input(m, index), .inverse = tree_input(m, (index + 2) % 4), .clock = T, .towards = direction};
  return graph_child(m->g, x, read, shape, axes);
}

static void make_child(Maker *m) {
  const int i = any(m), direction = m->loop_direction ? m->loop_direction : chance(m, 0.5) ? 1 : -1;
  const Ref x = m->pool[i];
  if (m->loop_direction && m->loop_clock != T) return;
  const Ref h = history(m, shape_of(m, x), T);
  keep(m, child_of(m, x, h, direction, shape_of(m, x), 0), fmax(m->bound[i], 2));
}

/* Of a param at the place that a step's number names, as far as there is one; and what is on steps, added to such places. */
static void make_embed(Maker *m) {
  const int i = any(m), dim = below(m, shape_of(m, m->pool[i]).rank + 1);
  const Ref x = m->pool[i], place = graph_step_index(m->g, some_clock(m));
  const GraphAxes over = node_of(m, x)->axes | node_of(m, place)->axes;
  if (shape_of(m, x).rank > 2 || (m->loop_direction && m->loop_clock != T)) return;
  if (!node_of(m, x)->axes && dim < shape_of(m, x).rank) keep(m, graph_embed(m->g, x, place, dim), m->bound[i]);
  else if (!m->loop_direction) keep(m, graph_embed_add(m->g, x, place, dim, 3, over), 9 * m->bound[i]);
}

/* Any number of children, or the parent. */
static Ref links_of(Maker *m, Ref x, int direction, Sizes shape, GraphAxes axes) {
  const TreeLinks links = {tree_input(m, TREE_FIRST), tree_input(m, TREE_NEXT), tree_input(m, TREE_PARENT), T, direction};
  const Op down = chance(m, 0.5) || m->flags & RANDOM_SMOOTH ? OP_CHILDREN_SUM : OP_CHILDREN_MAX;
  return graph_tree(m->g, direction > 0 ? OP_PARENT : down, x, links, shape, axes);
}

static Ref mix_of(Maker *m, Ref x) {
  const TreeLinks links = {tree_input(m, TREE_FIRST), tree_input(m, TREE_NEXT), tree_input(m, TREE_PARENT), T, -1};
  const Sizes shape = shape_of(m, x);
  const Ref s = fitted(m, m->pool[any(m)], sizes_of(2, (int64_t)1, sizes_count(shape)));
  const Ref both = graph_concat(m->g, (Ref[]){s, graph_reshape(m->g, x, sizes_of(2, (int64_t)1, sizes_count(shape)))}, 2, 0);
  return graph_reshape(m->g, graph_tree(m->g, OP_CHILDREN_MIX, both, links, sizes_of(1, sizes_count(shape)), 0), shape);
}

static void make_links(Maker *m) {
  const int i = any(m), direction = m->loop_direction ? m->loop_direction : chance(m, 0.5) ? 1 : -1;
  const Ref x = m->pool[i];
  if (m->loop_direction && m->loop_clock != T) return;
  if (direction < 0 && chance(m, 0.4)) return keep(m, mix_of(m, x), m->bound[i]);
  keep(m, links_of(m, x, direction, shape_of(m, x), 0), 12 * m->bound[i]);
}

static void make_overlap(Maker *m) {
  const int i = any(m), clock = some_clock(m);
  const Sizes x = shape_of(m, m->pool[i]);
  if (!x.rank) return;
  Sizes one = {.rank = x.rank - 1};
  for (int k = 0; k < one.rank; k++) one.dim[k] = x.dim[k + 1];
  const int64_t sign = m->loop_direction ? m->loop_direction : chance(m, 0.5) ? 1 : -1;
  keep(m, graph_overlap(m->g, m->pool[i], clock, -sign * (1 + below(m, 2)), x.dim[0], -sign * (1 + below(m, 2)), one, 0),
       m->bound[i] * (double)x.dim[0]);
}

/* What a clock has at its end, put at its beginning, or summed where reads fall off. */
static void make_end(Maker *m) {
  const int i = any(m), clock = some_clock(m), end = below(m, 2);
  const Ref x = m->pool[i];
  if (m->loop_direction) return;
  if (!(node_of(m, x)->axes & GRAPH_CLOCK(clock))) keep(m, graph_impulse(m->g, x, clock, end), m->bound[i]);
  else if (chance(m, 0.6)) keep(m, graph_at_end(m->g, x, clock, end), m->bound[i]);
  else if (shape_of(m, x).rank && chance(m, 0.5)) keep(m, graph_edge(m->g, x, clock, random_offset(m), true, -1), 9 * m->bound[i]);
  else keep(m, graph_edge(m->g, x, clock, random_offset(m), false, 0), 9 * m->bound[i]);
}

static void make_step_index(Maker *m) {
  const int clock = some_clock(m);
  const Ref i = chance(m, 0.5) ? graph_step_index(m->g, clock) : graph_length(m->g, clock);
  keep(m, graph_binary(m->g, OP_MUL, i, graph_const(m->g, 0.1)), 1);
}

/* --- loops ---------------------------------------------------------------------------------------------------------------- */

typedef void Step(Maker *m);

static void make_within_step(Maker *m);

/* A state of its own shape: tanh (W · read + what else was made). */
static Ref close_loop(Maker *m, Ref read, Sizes shape, int begin) {
  const Ref own = m->pool[begin];
  Ref sum = graph_binary(m->g, OP_MUL, fitted(m, own, shape), graph_const(m->g, between(m, -0.9, 0.9)));
  for (int n = 1 + below(m, 3); n > 0; n--) {
    const Ref r = m->pool[begin + below(m, m->count - begin)];
    sum = graph_binary(m->g, OP_ADD, sum, fitted(m, r, shape));
  }
  const Ref state = graph_unary(m->g, OP_TANH, sum);
  const GraphAxes lacking = node_of(m, state)->axes & ~node_of(m, read)->axes;
  return lacking ? NO_REF : state;
}

/* The axes of the loop are chosen before its body: all that the pool has, so that any body fits. */
static GraphAxes loop_axes(const Maker *m) {
  return GRAPH_SEQUENCE | GRAPH_CLOCK(T) | (m->g->clocks.len > 1 ? GRAPH_CLOCK(S) : 0);
}

/* What a loop begins with: its state at other steps. */
static Ref open_loop(Maker *m, int clock, int direction, Sizes shape, bool window) {
  const Ref h = history(m, shape, clock);
  const int64_t offset = direction * (1 + below(m, 3));
  if (window) return graph_window(m->g, NO_REF, h, clock, offset, 2, direction, shape, loop_axes(m));
  if (clock == T && chance(m, 0.25)) return child_of(m, NO_REF, h, direction, shape, loop_axes(m));
  if (clock == T && chance(m, 0.25)) return links_of(m, NO_REF, direction, shape, loop_axes(m));
  return graph_read(m->g, NO_REF, h, clock, offset, shape, loop_axes(m));
}

static void make_loop(Maker *m) {
  const Sizes shape = random_shape(m, 2);
  const int clock = some_clock(m), direction = chance(m, 0.6) ? -1 : 1, begin = m->count;
  if (m->loop_direction || begin + 16 > POOL) return;
  const bool window = shape.rank < 2 && chance(m, 0.3);
  const Ref read = open_loop(m, clock, direction, shape, window);
  m->loop_clock = clock;
  m->loop_direction = direction;
  keep(m, window ? graph_sum(m->g, read, 1, 0) : read, node_of(m, read)->op == OP_CHILDREN_SUM ? 12 : 4);
  for (int n = below(m, 5); n > 0; n--) make_within_step(m);
  const Ref state = close_loop(m, read, shape, begin);
  m->loop_direction = 0;
  graph_set_read(m->g, read, state);
  keep(m, state, 1);
}

static Step *const within_step[] = {make_unary,     make_unary,    make_positive_only,     make_binary,  make_binary,      make_binary,
                                    make_select,    make_broadcast, make_slice_or_pad,     make_reduction, make_contraction, make_contraction,
                                    make_concat_or_reshape, make_read, make_window,        make_overlap, make_child, make_links, make_embed, make_gather};
static Step *const between_steps[] = {make_loop, make_loop, make_loop, make_read, make_window, make_end, make_end, make_step_index};
static Step *const jumps[] = {make_condition, make_one_hot};

static void make_within_step(Maker *m) { within_step[below(m, (int)(sizeof within_step / sizeof *within_step))](m); }

static void make_something(Maker *m) {
  if (chance(m, 0.08)) jumps[below(m, 2)](m);
  else if (chance(m, 0.4)) between_steps[below(m, (int)(sizeof between_steps / sizeof *between_steps))](m);
  else make_within_step(m);
}

/* --- leaves, outputs ------------------------------------------------------------------------------------------------------ */

/* Pool: 0 u on t, 1 v per sequence, 2 w on t (or s), 3 … 5 params. */
static void make_leaves(Maker *m) {
  Graph *g = m->g;
  graph_clock(g, "t", 0);
  if (m->flags & RANDOM_TWO_CLOCKS) graph_clock(g, "s", m->flags & RANDOM_FIXED_CLOCK ? FIXED_LENGTH : 0);
  const GraphAxes t = GRAPH_SEQUENCE | GRAPH_CLOCK(T), other = GRAPH_SEQUENCE | GRAPH_CLOCK(g->clocks.len - 1);
  const Sizes vector = sizes_of(1, (int64_t)(1 + below(m, 3)));
  keep(m, graph_input_ref(g, graph_input(g, "u", INPUT_DATA, vector, t)), 1);
  keep(m, graph_input_ref(g, graph_input(g, "v", INPUT_DATA, random_shape(m, 1), GRAPH_SEQUENCE)), 1);
  keep(m, graph_input_ref(g, graph_input(g, "w", INPUT_DATA, random_shape(m, 1), other)), 1);
  static const char *const names[] = {"p", "q", "r"};
  for (int i = 0; i < 3; i++) keep(m, graph_param_ref(g, graph_param(g, names[i], random_shape(m, i), true)), 1);
}

/* ½ Σ weight · value², over everything. */
static Ref loss_term(Maker *m, Ref r) {
  Graph *g = m->g;
  const GraphAxes axes = node_of(m, r)->axes;
  const int rank = shape_of(m, r).rank;
  Ref square = graph_binary(g, OP_MUL, graph_const(g, 0.5), graph_binary(g, OP_MUL, r, graph_binary(g, OP_ADD, r, graph_const(g, 1))));
  if (axes & GRAPH_CLOCK(T)) {
    const int weight = graph_input(g, "weight", INPUT_WEIGHT, sizes_scalar(), GRAPH_SEQUENCE | GRAPH_CLOCK(T));
    square = graph_binary(g, OP_MUL, square, graph_input_ref(g, weight));
  }
  return graph_sum(g, square, (1u << rank) - 1, node_of(m, square)->axes);
}

static void make_outputs(Maker *m) {
  static const char *const names[] = {"y0", "y1", "y2"};
  Ref loss = NO_REF;
  for (int i = 0; i < 3; i++) {
    const Ref r = m->pool[i ? any(m) : m->count - 1];
    graph_output(m->g, names[i], OUTPUT_VALUE, 0, r);
    const Ref term = loss_term(m, r);
    loss = loss == NO_REF ? term : graph_binary(m->g, OP_ADD, loss, term);
  }
  const int norm = graph_input(m->g, "norm", INPUT_NORM, sizes_scalar(), 0);
  graph_output(m->g, "loss", OUTPUT_LOSS, 0, graph_binary(m->g, OP_MUL, loss, graph_input_ref(m->g, norm)));
}

/* --- data ----------------------------------------------------------------------------------------------------------------- */

static const int64_t *random_lengths(Maker *m, int clock, int sequences) {
  int64_t *length = arena_array(m->session->arena, int64_t, sequences), longest = 1 + below(m, MOST_LENGTH);
  for (int b = 0; b < sequences; b++) {
    length[b] = m->g->clocks.at[clock].length ? m->g->clocks.at[clock].length : longest;
    longest = 1 + below(m, (int)longest);
  }
  if (clock != T && sequences > 1) { /* sorted by the first clock only */
    const int64_t first = length[0];
    length[0] = length[sequences - 1];
    length[sequences - 1] = first;
  }
  return length;
}

static double *numbers(Maker *m, int64_t n, double scale) {
  double *x = arena_array(m->session->arena, double, n);
  for (int64_t i = 0; i < n; i++) x[i] = between(m, -scale, scale);
  return x;
}

static double *input_numbers(Maker *m, const GraphInput *in, int64_t count) {
  double *x = numbers(m, count, 1);
  for (int64_t i = 0; i < count; i++) {
    if (in->role == INPUT_WEIGHT) x[i] = x[i] > -0.5;
    if (in->role == INPUT_NORM) x[i] = 0.1;
  }
  return x;
}

static int64_t longest_on(const EvalData *data, int clock) {
  int64_t most = 0;
  for (int b = 0; b < data->sequences; b++)
    if (data->length[clock][b] > most) most = data->length[clock][b];
  return most;
}

static int64_t input_count(const Graph *g, const EvalData *data, const GraphInput *in) {
  int64_t count = sizes_count(in->shape) * (in->axes & GRAPH_SEQUENCE ? data->sequences : 1);
  for (int c = 0; c < g->clocks.len; c++)
    if (in->axes & GRAPH_CLOCK(c)) count *= longest_on(data, c);
  return count;
}

static void fill_trees(Maker *m, const EvalData *data, double **inputs) {
  const RandomTrees trees = random_trees(m->session->arena, &m->state, data->length[T], data->sequences, longest_on(data, T));
  for (int i = 0; i < m->g->inputs.len; i++)
    for (int k = 0; k < TREE_INPUTS; k++)
      if (!strcmp(m->g->inputs.at[i].name, random_tree_inputs[k])) inputs[i] = trees.input[k];
}

static void make_data(Maker *m, RandomGraph *r) {
  Graph *g = m->g;
  EvalData *data = &r->data;
  data->sequences = 1 + below(m, 4);
  for (int c = 0; c < g->clocks.len; c++) data->length[c] = random_lengths(m, c, data->sequences);
  r->param = arena_array(m->session->arena, double *, g->params.len);
  double **inputs = arena_array(m->session->arena, double *, g->inputs.len);
  for (int i = 0; i < g->params.len; i++) r->param[i] = numbers(m, sizes_count(g->params.at[i].shape), 1);
  for (int i = 0; i < g->inputs.len; i++) inputs[i] = input_numbers(m, &g->inputs.at[i], input_count(g, data, &g->inputs.at[i]));
  fill_trees(m, data, inputs);
  data->param = (const double *const *)r->param;
  data->input = (const double *const *)inputs;
}

RandomGraph random_graph(Session *s, uint64_t seed, int size, unsigned flags) {
  Maker m = {.session = s, .g = graph_new(s, "random"), .state = seed * 2654435761u + 12345, .flags = flags};
  RandomGraph r = {.graph = m.g};
  for (int i = 0; i < 4; i++) draw_uniform(&m.state);
  make_leaves(&m);
  for (int i = 0; i < size; i++) make_something(&m);
  make_outputs(&m);
  make_data(&m, &r);
  return r;
}

EvalData random_graph_data(const RandomGraph *r, const Graph *g, double *const *extra) {
  EvalData data = r->data;
  double **inputs = arena_array(g->session->arena, double *, g->inputs.len);
  for (int i = 0; i < g->inputs.len; i++) {
    if (extra && extra[i]) inputs[i] = extra[i];
    else if (i < r->graph->inputs.len) inputs[i] = (double *)(uintptr_t)r->data.input[i];
    else inputs[i] = arena_array(g->session->arena, double, input_count(g, &data, &g->inputs.at[i]));
  }
  data.input = (const double *const *)inputs;
  return data;
}

double *random_graph_eval(const RandomGraph *r, const Graph *g, int o, int64_t *count) {
  const EvalData data = random_graph_data(r, g, NULL);
  *count = graph_eval_count(g, &data, g->outputs.at[o].value);
  double *out = arena_array(g->session->arena, double, *count);
  graph_eval(g, &data, o, out);
  return out;
}
