/* build.c — building graphs. Each function sets op, inputs and attributes; infer.c gives shape and axes, or the rule that
 * is broken, which is a bug of the caller and ends the program. */
#include "graph/infer.h"
#include <stdarg.h>
#include <stdlib.h>

/* --- sizes --------------------------------------------------------------------------------------------------------- */

Sizes sizes_of(int rank, ...) {
  Sizes s = {.rank = rank};
  va_list args;
  va_start(args, rank);
  for (int i = 0; i < rank; i++) s.dim[i] = va_arg(args, int64_t);
  va_end(args);
  return s;
}

/* What no memory holds counts as this many, which leaves room for what is computed from it until it is refused (E0433). */
static const int64_t most_elements = INT64_C(1) << 50;

int64_t sizes_count(Sizes s) {
  int64_t n = 1;
  for (int i = 0; i < s.rank; i++)
    if (__builtin_mul_overflow(n, s.dim[i], &n) || n > most_elements) return most_elements;
  return n;
}

bool sizes_equal(Sizes a, Sizes b) {
  for (int i = 0; i < a.rank && i < b.rank; i++)
    if (a.dim[i] != b.dim[i]) return false;
  return a.rank == b.rank;
}

/* --- the graph's tables -------------------------------------------------------------------------------------------- */

Graph *graph_new(Session *s, const char *name) {
  Graph *g = arena_new_of(s->arena, Graph);
  g->session = s;
  g->name = intern(s, name);
  return g;
}

Graph *graph_like(const Graph *g) {
  Graph *copy = graph_new(g->session, g->name);
  copy->rows = g->rows;
  copy->checkpoints = g->checkpoints;
  Arena *arena = g->session->arena;
  for (int i = 0; i < g->clocks.len; i++) vec_push(arena, copy->clocks, g->clocks.at[i]);
  for (int i = 0; i < g->params.len; i++) vec_push(arena, copy->params, g->params.at[i]);
  for (int i = 0; i < g->inputs.len; i++) vec_push(arena, copy->inputs, g->inputs.at[i]);
  return copy;
}

int graph_clock(Graph *g, const char *name, int64_t length) {
  if (g->clocks.len == GRAPH_CLOCKS) {
    fprintf(stderr, "rnn: internal error: more than %d clocks\n", GRAPH_CLOCKS);
    abort();
  }
  const GraphClock clock = {intern(g->session, name), length};
  vec_push(g->session->arena, g->clocks, clock);
  return g->clocks.len - 1;
}

int graph_param(Graph *g, const char *name, Sizes shape, bool trained) {
  const GraphParam param = {.name = intern(g->session, name), .shape = shape, .trained = trained};
  vec_push(g->session->arena, g->params, param);
  return g->params.len - 1;
}

int graph_input(Graph *g, const char *name, InputRole role, Sizes shape, GraphAxes axes) {
  const Name interned = intern(g->session, name);
  for (int i = 0; i < g->inputs.len; i++)
    if (g->inputs.at[i].name == interned && g->inputs.at[i].role == role) return i;
  const GraphInput in = {interned, role, shape, axes};
  vec_push(g->session->arena, g->inputs, in);
  return g->inputs.len - 1;
}

void graph_output(Graph *g, const char *name, OutputRole role, int index, Ref value) {
  const GraphOutput out = {intern(g->session, name), role, index, value};
  vec_push(g->session->arena, g->outputs, out);
}

/* --- nodes ---------------------------------------------------------------------------------------------------------- */

Ref graph_add(Graph *g, Node node) {
  Ref *in = arena_array(g->session->arena, Ref, node.inputs);
  if (node.inputs) memcpy(in, node.in, sizeof *in * (size_t)node.inputs);
  node.in = in;
  vec_push(g->session->arena, g->nodes, node);
  return g->nodes.len - 1;
}

/* Gives the node its shape and axes, and adds it. */
static Ref add_checked(Graph *g, Node node) {
  Sizes shape;
  GraphAxes axes;
  const char *problem = node_infer(g, &node, &shape, &axes);
  if (problem) {
    fprintf(stderr, "rnn: internal error: building %%%d = %s: %s\n", g->nodes.len, op_text(node.op), problem);
    for (int i = 0; i < node.inputs; i++) fprintf(stderr, "  input %d is %%%d\n", i, node.in[i]);
    graph_print(g, stderr);
    abort();
  }
  node.shape = shape;
  node.axes = axes;
  return graph_add(g, node);
}

Ref graph_copy_node(Graph *to, const Node *node, const Ref *in) {
  Node copy = *node;
  copy.in = (Ref *)(uintptr_t)in; /* only read: graph_add copies */
  return graph_add(to, copy);
}

Ref graph_rebuild_node(Graph *to, const Node *node, const Ref *in) {
  Node copy = *node;
  copy.in = (Ref *)(uintptr_t)in;
  return add_checked(to, copy);
}

Graph *graph_clone(const Graph *g) {
  Graph *copy = graph_like(g);
  for (int i = 0; i < g->nodes.len; i++) graph_copy_node(copy, &g->nodes.at[i], g->nodes.at[i].in);
  for (int i = 0; i < g->outputs.len; i++) vec_push(g->session->arena, copy->outputs, g->outputs.at[i]);
  return copy;
}

static Ref add_leaf(Graph *g, Op op, Attrs attrs, Sizes shape, GraphAxes axes) {
  return add_checked(g, (Node){.op = op, .attrs = attrs, .shape = shape, .axes = axes});
}

Ref graph_const(Graph *g, double value) { return graph_fill(g, value, sizes_scalar()); }

Ref graph_fill(Graph *g, double value, Sizes shape) { return add_leaf(g, OP_CONST, (Attrs){.value = value}, shape, 0); }

Ref graph_tensor(Graph *g, const double *data, Sizes shape) {
  const int64_t n = sizes_count(shape);
  double *copy = arena_array(g->session->arena, double, n);
  if (n) memcpy(copy, data, sizeof *copy * (size_t)n);
  return add_leaf(g, OP_CONST, (Attrs){.data = copy}, shape, 0);
}

Ref graph_param_ref(Graph *g, int param) { return add_leaf(g, OP_PARAM, (Attrs){.index = param}, sizes_scalar(), 0); }
Ref graph_input_ref(Graph *g, int in) { return add_leaf(g, OP_INPUT, (Attrs){.index = in}, sizes_scalar(), 0); }
Ref graph_length(Graph *g, int clock) { return add_leaf(g, OP_LENGTH, (Attrs){.clock = clock}, sizes_scalar(), 0); }
Ref graph_step_index(Graph *g, int clock) { return add_leaf(g, OP_STEP_INDEX, (Attrs){.clock = clock}, sizes_scalar(), 0); }

Ref graph_random(Graph *g, int site, int kind, Sizes shape, GraphAxes axes) {
  return add_leaf(g, OP_RANDOM, (Attrs){.index = site, .kind = kind}, shape, axes);
}

static Ref add_unary(Graph *g, Op op, Ref x, Attrs attrs, Sizes shape) {
  return add_checked(g, (Node){.op = op, .inputs = 1, .in = &x, .attrs = attrs, .shape = shape});
}

static Sizes shape_of(const Graph *g, Ref x) { return g->nodes.at[x].shape; }
static GraphAxes axes_of(const Graph *g, Ref x) { return g->nodes.at[x].axes; }

Ref graph_unary(Graph *g, Op op, Ref x) { return add_unary(g, op, x, (Attrs){0}, sizes_scalar()); }

Ref graph_spike(Graph *g, Ref x, SpikeSurrogate surrogate, double number) {
  return add_unary(g, OP_SPIKE, x, (Attrs){.value = number, .kind = surrogate}, sizes_scalar());
}

/* Scalars are repeated over the others' shape. */
static void agree(Graph *g, Ref *x, int n) {
  Sizes shape = sizes_scalar();
  for (int i = 0; i < n; i++)
    if (shape_of(g, x[i]).rank) shape = shape_of(g, x[i]);
  for (int i = 0; i < n; i++)
    if (!shape_of(g, x[i]).rank) x[i] = graph_expand(g, x[i], shape);
}

Ref graph_binary(Graph *g, Op op, Ref a, Ref b) {
  Ref in[] = {a, b};
  agree(g, in, 2);
  return add_checked(g, (Node){.op = op, .inputs = 2, .in = in});
}

Ref graph_select(Graph *g, Ref c, Ref a, Ref b) {
  Ref in[] = {c, a, b};
  agree(g, in, 3);
  return add_checked(g, (Node){.op = OP_SELECT, .inputs = 3, .in = in});
}

/* --- moves and reductions ------------------------------------------------------------------------------------------ */

Ref graph_broadcast(Graph *g, Ref x, const int8_t *map, Sizes shape) {
  Attrs attrs = {0};
  memcpy(attrs.map, map, (size_t)shape.rank);
  return add_unary(g, OP_BROADCAST, x, attrs, shape);
}

Ref graph_expand(Graph *g, Ref x, Sizes shape) {
  static const int8_t nowhere[GRAPH_RANK] = {-1, -1, -1, -1, -1, -1, -1};
  return sizes_equal(shape_of(g, x), shape) ? x : graph_broadcast(g, x, nowhere, shape);
}

Ref graph_transpose(Graph *g, Ref x) {
  const Sizes s = shape_of(g, x);
  if (s.rank == 0) return x;
  if (s.rank == 1) return graph_broadcast(g, x, (int8_t[]){-1, 0}, sizes_of(2, (int64_t)1, s.dim[0]));
  Sizes shape = s;
  int8_t map[GRAPH_RANK] = {0, 1, 2, 3, 4, 5, 6};
  shape.dim[s.rank - 1] = s.dim[s.rank - 2];
  shape.dim[s.rank - 2] = s.dim[s.rank - 1];
  map[s.rank - 1] = (int8_t)(s.rank - 2);
  map[s.rank - 2] = (int8_t)(s.rank - 1);
  return graph_broadcast(g, x, map, shape);
}

Ref graph_reshape(Graph *g, Ref x, Sizes shape) { return add_unary(g, OP_RESHAPE, x, (Attrs){0}, shape); }

Ref graph_slice(Graph *g, Ref x, int dim, int64_t begin, int64_t count, int64_t stride) {
  return add_unary(g, OP_SLICE, x, (Attrs){.dim = dim, .begin = begin, .count = count, .stride = stride}, sizes_scalar());
}

Ref graph_pad(Graph *g, Ref x, int dim, int64_t begin, int64_t stride, int64_t size) {
  Sizes shape = shape_of(g, x);
  const Attrs attrs = {.dim = dim, .begin = begin, .count = shape.dim[dim], .stride = stride};
  shape.dim[dim] = size;
  return add_unary(g, OP_PAD, x, attrs, shape);
}

Ref graph_concat(Graph *g, const Ref *x, int n, int dim) {
  return add_checked(g, (Node){.op = OP_CONCAT, .inputs = n, .in = (Ref *)(uintptr_t)x, .attrs = {.dim = dim}});
}

Ref graph_one_hot(Graph *g, Ref x, int64_t n) {
  Sizes shape = shape_of(g, x);
  if (shape.rank < GRAPH_RANK) shape.dim[shape.rank++] = n;
  return add_unary(g, OP_ONE_HOT, x, (Attrs){0}, shape);
}

Ref graph_gather(Graph *g, Ref x, Ref index, int64_t begin) {
  Ref in[] = {x, index};
  return add_checked(g, (Node){.op = OP_GATHER, .inputs = 2, .in = in, .attrs = {.begin = begin}});
}

Ref graph_scatter(Graph *g, Ref y, Ref index, int64_t begin, Sizes shape) {
  Ref in[] = {y, index};
  return add_checked(g, (Node){.op = OP_SCATTER, .inputs = 2, .in = in, .attrs = {.begin = begin, .count = shape.dim[0]}, .shape = shape});
}

Ref graph_sum(Graph *g, Ref x, uint32_t dims, GraphAxes over) {
  return add_unary(g, OP_SUM, x, (Attrs){.dims = dims, .over = over}, sizes_scalar());
}

Ref graph_amax(Graph *g, Ref x, uint32_t dims, GraphAxes over) {
  return add_unary(g, OP_AMAX, x, (Attrs){.dims = dims, .over = over}, sizes_scalar());
}

Ref graph_argmax(Graph *g, Ref x, int dim) { return add_unary(g, OP_ARGMAX, x, (Attrs){.dim = dim}, sizes_scalar()); }

Ref graph_contract(Graph *g, Ref a, Ref b, const char *la, const char *lb, const char *lout, GraphAxes over) {
  Attrs attrs = {.over = over};
  const char *letters[] = {la, lb, lout};
  for (int i = 0; i < 3; i++) strncpy(attrs.letters[i], letters[i], GRAPH_RANK);
  Ref in[] = {a, b};
  return add_checked(g, (Node){.op = OP_CONTRACT, .inputs = 2, .in = in, .attrs = attrs});
}

/* `letters` with one more at place `dim`. */
static void insert_letter(const char *letters, int dim, char letter, char *out) {
  memcpy(out, letters, (size_t)dim);
  out[dim] = letter;
  strcpy(out + dim + 1, letters + dim);
}

static void letters_of(int rank, char *out) {
  for (int i = 0; i < rank; i++) out[i] = (char)('a' + i);
  out[rank] = 0;
}

Ref graph_embed(Graph *g, Ref table, Ref x, int dim) {
  Ref in[] = {table, x};
  if (!axes_of(g, table)) return add_checked(g, (Node){.op = OP_EMBED, .inputs = 2, .in = in, .attrs = {.dim = dim}});
  char few[GRAPH_RANK + 2], all[GRAPH_RANK + 2];
  letters_of(shape_of(g, table).rank - 1, few);
  insert_letter(few, dim, 'z', all);
  return graph_contract(g, table, graph_one_hot(g, x, shape_of(g, table).dim[dim]), all, "z", few, 0);
}

Ref graph_embed_add(Graph *g, Ref d, Ref x, int dim, int64_t size, GraphAxes over) {
  Ref in[] = {d, x};
  const Attrs attrs = {.dim = dim, .count = size, .over = over};
  if (over == (axes_of(g, d) | axes_of(g, x))) return add_checked(g, (Node){.op = OP_EMBED_ADD, .inputs = 2, .in = in, .attrs = attrs});
  char few[GRAPH_RANK + 2], all[GRAPH_RANK + 2];
  letters_of(shape_of(g, d).rank, few);
  insert_letter(few, dim, 'z', all);
  return graph_contract(g, d, graph_one_hot(g, x, size), few, "z", all, over);
}

/* --- time ------------------------------------------------------------------------------------------------------------ */

/* The axes of a read: what x and the history have, the clock, and with it the sequence. */
static GraphAxes read_axes(const Graph *g, Ref x, Ref history, int clock, GraphAxes axes) {
  if (x != NO_REF) axes |= axes_of(g, x);
  if (history != NO_REF) axes |= axes_of(g, history);
  return axes | GRAPH_CLOCK(clock) | GRAPH_SEQUENCE;
}

Ref graph_read(Graph *g, Ref x, Ref history, int clock, int64_t offset, Sizes shape, GraphAxes axes) {
  Ref in[] = {x, history};
  return add_checked(g, (Node){.op = OP_READ, .inputs = 2, .in = in, .attrs = {.clock = clock, .offset = offset},
                               .shape = shape, .axes = read_axes(g, x, history, clock, axes)});
}

Ref graph_window(Graph *g, Ref x, Ref history, int clock, int64_t offset, int64_t taps, int64_t stride, Sizes shape, GraphAxes axes) {
  Ref in[] = {x, history};
  Sizes all = {.rank = shape.rank + 1, .dim = {taps}};
  for (int i = 0; i < shape.rank && i + 1 < GRAPH_RANK; i++) all.dim[i + 1] = shape.dim[i];
  return add_checked(g, (Node){.op = OP_WINDOW, .inputs = 2, .in = in, .shape = all,
                               .attrs = {.clock = clock, .offset = offset, .taps = taps, .stride = stride},
                               .axes = read_axes(g, x, history, clock, axes)});
}

Ref graph_child(Graph *g, Ref x, ChildRead read, Sizes shape, GraphAxes axes) {
  Ref in[] = {x, read.history, read.index, read.inverse};
  axes |= axes_of(g, read.index) | axes_of(g, read.inverse);
  return add_checked(g, (Node){.op = OP_CHILD, .inputs = 4, .in = in, .attrs = {.clock = read.clock, .offset = read.towards},
                               .shape = shape, .axes = read_axes(g, x, read.history, read.clock, axes)});
}

Ref graph_tree(Graph *g, Op op, Ref x, TreeLinks links, Sizes shape, GraphAxes axes) {
  Ref in[] = {x, links.first, links.next, links.parent};
  for (int i = 1; i < 4; i++) axes |= axes_of(g, in[i]);
  return add_checked(g, (Node){.op = op, .inputs = 4, .in = in, .attrs = {.clock = links.clock, .offset = links.towards},
                               .shape = shape, .axes = read_axes(g, x, NO_REF, links.clock, axes)});
}

void graph_set_read(Graph *g, Ref read, Ref x) {
  Sizes shape;
  GraphAxes axes;
  Node *n = &g->nodes.at[read];
  n->in[0] = x;
  const char *problem = node_infer(g, n, &shape, &axes);
  if (!problem) return;
  fprintf(stderr, "rnn: internal error: %%%d = %s cannot read %%%d: %s\n", read, op_text(n->op), x, problem);
  graph_print(g, stderr);
  abort();
}

Ref graph_at_end(Graph *g, Ref x, int clock, int end) {
  if (!(axes_of(g, x) & GRAPH_CLOCK(clock))) return x;
  return add_unary(g, OP_AT_END, x, (Attrs){.clock = clock, .end = end}, sizes_scalar());
}

Ref graph_impulse(Graph *g, Ref x, int clock, int end) {
  return add_unary(g, OP_IMPULSE, x, (Attrs){.clock = clock, .end = end}, sizes_scalar());
}

Ref graph_overlap(Graph *g, Ref x, int clock, int64_t offset, int64_t taps, int64_t stride, Sizes shape, GraphAxes axes) {
  return add_checked(g, (Node){.op = OP_OVERLAP, .inputs = 1, .in = &x, .shape = shape,
                               .attrs = {.clock = clock, .offset = offset, .taps = taps, .stride = stride},
                               .axes = read_axes(g, x, NO_REF, clock, axes)});
}

Ref graph_edge(Graph *g, Ref x, int clock, int64_t offset, bool windowed, int64_t stride) {
  Attrs attrs = {.clock = clock, .offset = offset, .windowed = windowed};
  if (windowed) attrs.taps = shape_of(g, x).dim[0], attrs.stride = stride;
  return add_unary(g, OP_EDGE, x, attrs, sizes_scalar());
}

Ref graph_lift(Graph *g, Ref x, GraphAxes axes) {
  GraphAxes missing = axes & ~axes_of(g, x);
  for (int i = 0; i < g->clocks.len; i++) {
    if (!(missing & GRAPH_CLOCK(i))) continue;
    x = graph_binary(g, OP_MUL, x, graph_binary(g, OP_LE, graph_const(g, 0), graph_step_index(g, i)));
    missing &= ~axes_of(g, x);
  }
  if (!missing) return x;
  return graph_binary(g, OP_MUL, x, graph_binary(g, OP_LE, graph_const(g, 0), graph_length(g, 0)));
}

/* y[t] = Σ_j x[t - offset - j·stride][j] for OVERLAP, x at t + offset + j·stride for the others. */
void node_delays(const Node *n, int64_t *least, int64_t *most) {
  const Attrs *a = &n->attrs;
  const int64_t sign = n->op == OP_OVERLAP ? -1 : 1;
  const int64_t first = sign * a->offset, last = first + sign * (a->taps ? (a->taps - 1) * a->stride : 0);
  *least = first < last ? first : last;
  *most = first < last ? last : first;
}
