/* forward.c — forward mode: the tangent of every node in the direction of the params' tangents, beside the values. Ops that
 * are linear have themselves as their rule; READ is linear in x and the history, so scans become scans of the same kind. */
#include "grad/rules.h"
#include <stdlib.h>

#define G (f->g)
#define X(i) input_of(f->g, node, i)
#define ATTRS (node_of(f->g, node)->attrs)
#define TANGENT(i) (f->tangent[X(i)])

Ref forward_tangent_or_zero(Forward *f, Ref node, int i) {
  return TANGENT(i) != NO_REF ? TANGENT(i) : zeros(G, node_of(G, X(i))->shape);
}

/* ẏ = op ẋ */
static Ref linear(Forward *f, Ref node) {
  const Node n = *node_of(G, node);
  const Ref in = TANGENT(0);
  return graph_rebuild_node(G, &n, &in);
}

Ref jvp_BROADCAST(Forward *f, Ref node) { return linear(f, node); }
Ref jvp_RESHAPE(Forward *f, Ref node) { return linear(f, node); }
Ref jvp_SLICE(Forward *f, Ref node) { return linear(f, node); }
Ref jvp_PAD(Forward *f, Ref node) { return linear(f, node); }

Ref jvp_CONCAT(Forward *f, Ref node) {
  const Node n = *node_of(G, node);
  Ref *in = arena_array(G->session->arena, Ref, n.inputs);
  for (int i = 0; i < n.inputs; i++) in[i] = forward_tangent_or_zero(f, node, i);
  return graph_rebuild_node(G, &n, in);
}

/* Linear in what is moved; where to does not vary. */
static Ref moved(Forward *f, Ref node) {
  const Node n = *node_of(G, node);
  const Ref in[] = {TANGENT(0), n.in[1]};
  return graph_rebuild_node(G, &n, in);
}

Ref jvp_GATHER(Forward *f, Ref node) { return moved(f, node); }
Ref jvp_SCATTER(Forward *f, Ref node) { return moved(f, node); }

Ref jvp_ONE_HOT(Forward *f, Ref node) { return (void)f, (void)node, NO_REF; }
Ref jvp_ARGMAX(Forward *f, Ref node) { return (void)f, (void)node, NO_REF; }

/* y = Σ x :  ẏ = Σ ẋ */
Ref jvp_SUM(Forward *f, Ref node) {
  const Attrs a = ATTRS;
  return graph_sum(G, graph_lift(G, TANGENT(0), a.over), a.dims, a.over);
}

/* y = max x :  ẏ = ẋ where x is the largest */
Ref jvp_AMAX(Forward *f, Ref node) {
  const Attrs a = ATTRS;
  const Ref weights = largest_weights(G, node);
  const Ref some = graph_select(G, weights, graph_binary(G, OP_MUL, TANGENT(0), weights), graph_const(G, 0));
  return graph_sum(G, some, a.dims, a.over);
}

/* y = a · b :  ẏ = ȧ · b + a · ḃ */
static Ref contract_part(Forward *f, Ref node, int i) {
  if (TANGENT(i) == NO_REF) return NO_REF;
  const Node n = *node_of(G, node);
  Ref in[2];
  in[1 - i] = X(1 - i);
  in[i] = graph_lift(G, TANGENT(i), n.attrs.over & ~node_of(G, in[1 - i])->axes);
  return graph_rebuild_node(G, &n, in);
}

static Ref sum_of(Graph *g, Ref a, Ref b) {
  if (a == NO_REF) return b;
  return b == NO_REF ? a : graph_binary(g, OP_ADD, a, b);
}

Ref jvp_CONTRACT(Forward *f, Ref node) {
  const Ref part = contract_part(f, node, 0);
  return sum_of(G, part, contract_part(f, node, 1));
}

/* Both are linear in what they place. */
Ref jvp_EMBED(Forward *f, Ref node) { return graph_embed(G, TANGENT(0), X(1), ATTRS.dim); }

Ref jvp_EMBED_ADD(Forward *f, Ref node) {
  const Attrs a = ATTRS;
  const Ref d = graph_lift(G, TANGENT(0), a.over & ~node_of(G, X(1))->axes);
  return graph_embed_add(G, d, X(1), a.dim, a.count, a.over);
}

/* ẏ = Σ p (v̇ + ṡ (v − y)), of one child */
static Ref tangent_of_mix(Forward *f, Ref node, Ref tangent) {
  const Sizes shape = node_of(G, node)->shape;
  const Ref s = graph_reshape(G, graph_slice(G, tangent, 0, 0, 1, 1), shape);
  const Ref v = graph_reshape(G, graph_slice(G, tangent, 0, 1, 1, 1), shape);
  Ref share, off;
  mix_of_children(G, node, &share, &off);
  return graph_binary(G, OP_MUL, share, graph_binary(G, OP_ADD, v, graph_binary(G, OP_MUL, s, off)));
}

/* The links are data. ẏ of the largest child is ẋ times its weight, as a sum. */
static Ref tangent_of_linked(Forward *f, Ref node, Ref tangent) {
  if (node_of(G, node)->op == OP_CHILDREN_MIX) return tangent_of_mix(f, node, tangent);
  if (node_of(G, node)->op != OP_CHILDREN_MAX) return tangent;
  const Ref weights = largest_child(G, node);
  return graph_select(G, weights, graph_binary(G, OP_MUL, tangent, weights), graph_const(G, 0));
}

static Ref linked(Forward *f, Ref node) {
  const Node n = *node_of(G, node);
  const TreeLinks links = {n.in[1], n.in[2], n.in[3], n.attrs.clock, (int)n.attrs.offset};
  const bool later = n.in[0] >= node;
  const Ref x = later ? NO_REF : tangent_of_linked(f, node, forward_tangent_or_zero(f, node, 0));
  const Ref made = graph_tree(G, n.op == OP_PARENT ? OP_PARENT : OP_CHILDREN_SUM, x, links, n.shape, n.axes);
  if (later) f->waiting[node] = made;
  return made;
}

/* ẏ reads ẋ; where that comes later, it is set at the end. */
static Ref delayed(Forward *f, Ref node) {
  const Node n = *node_of(G, node);
  Ref in[4] = {NO_REF, NO_REF, NO_REF, NO_REF};
  const bool later = n.in[0] >= node;
  if (!later) in[0] = forward_tangent_or_zero(f, node, 0);
  if (n.inputs > 1) in[1] = forward_tangent_or_zero(f, node, 1);
  for (int i = 2; i < n.inputs; i++) in[i] = n.in[i]; /* which step is read does not vary */
  const Ref made = graph_rebuild_node(G, &n, in);
  if (later) f->waiting[node] = made;
  return made;
}

Ref jvp_READ(Forward *f, Ref node) { return delayed(f, node); }
Ref jvp_WINDOW(Forward *f, Ref node) { return delayed(f, node); }
Ref jvp_CHILD(Forward *f, Ref node) { return delayed(f, node); }
Ref jvp_CHILDREN_SUM(Forward *f, Ref node) { return linked(f, node); }
Ref jvp_CHILDREN_MAX(Forward *f, Ref node) { return linked(f, node); }
Ref jvp_CHILDREN_MIX(Forward *f, Ref node) { return linked(f, node); }
Ref jvp_PARENT(Forward *f, Ref node) { return linked(f, node); }
Ref jvp_OVERLAP(Forward *f, Ref node) { return delayed(f, node); }

Ref jvp_AT_END(Forward *f, Ref node) {
  const Attrs a = ATTRS;
  return graph_at_end(G, TANGENT(0), a.clock, a.end);
}

Ref jvp_IMPULSE(Forward *f, Ref node) { return linear(f, node); }

Ref jvp_EDGE(Forward *f, Ref node) {
  const Attrs a = ATTRS;
  return graph_edge(G, graph_lift(G, TANGENT(0), GRAPH_CLOCK(a.clock)), a.clock, a.offset, a.windowed, a.stride);
}

ForwardRule *const forward_rules[OP_COUNT] = {
#define JVP_LEAF(name) NULL
#define JVP_UNARY(name) NULL
#define JVP_BINARY(name) NULL
#define JVP_TERNARY(name) NULL
#define JVP_MOVE(name) jvp_##name
#define JVP_REDUCE(name) jvp_##name
#define JVP_PRODUCT(name) jvp_##name
#define JVP_TIME(name) jvp_##name
#define OP(name, text, inputs, class) JVP_##class(name),
#include "graph/ops.def"
#undef OP
};

/* ẏ = Σ_i ẋ_i ∂y/∂x_i */
static Ref element_wise(Forward *f, Ref node) {
  const Op op = node_of(G, node)->op;
  Ref sum = NO_REF;
  for (int i = 0; i < op_inputs(op); i++)
    if (op_passes_gradient(op, i) && TANGENT(i) != NO_REF) sum = sum_of(G, sum, partials[op](G, node, i, TANGENT(i)));
  return sum;
}

static Ref param_tangent(Graph *g, int param) {
  const char *name = arena_printf(g->session->arena, "tangent.%s", g->params.at[param].name);
  return graph_input_ref(g, graph_input(g, name, INPUT_DATA, g->params.at[param].shape, 0));
}

static Ref tangent_of(Forward *f, Ref node) {
  const Op op = node_of(G, node)->op;
  if (op == OP_PARAM) return param_tangent(G, ATTRS.index);
  return partials[op] ? element_wise(f, node) : forward_rules[op](f, node);
}

static void visit(Forward *f, Ref node) {
  const Span span = node_of(G, node)->span;
  const int before = G->nodes.len;
  f->tangent[node] = tangent_of(f, node);
  for (Ref made = before; made < G->nodes.len; made++) {
    G->nodes.at[made].span = span;
    G->nodes.at[made].name = NULL; /* the user's name is the value's, not the tangent's */
  }
}

static void close_loops(Forward *f, int count) {
  for (Ref n = 0; n < count; n++)
    if (f->waiting[n] != NO_REF) graph_set_read(G, f->waiting[n], tangent_of_linked(f, n, forward_tangent_or_zero(f, n, 0)));
}

/* With the axes of the output itself. */
static void add_output(Forward *f, const GraphOutput *o) {
  Ref tangent = f->tangent[o->value];
  if (tangent == NO_REF) tangent = zeros(G, node_of(G, o->value)->shape);
  tangent = graph_lift(G, tangent, node_of(G, o->value)->axes);
  graph_output(G, arena_printf(G->session->arena, "tangent.%s", o->name), OUTPUT_VALUE, 0, tangent);
}

static bool *wanted_params(const Graph *g, const bool *wanted) {
  bool *params = arena_array(g->session->arena, bool, g->nodes.len);
  for (Ref n = 0; n < g->nodes.len; n++)
    params[n] = node_of(g, n)->op == OP_PARAM && param_wanted(g, node_of(g, n)->attrs.index, wanted);
  return params;
}

Graph *grad_forward(Session *s, Graph *g, const bool *wanted) {
  const int count = g->nodes.len, outputs = g->outputs.len;
  const bool *varies = reached_forward(g, wanted_params(g, wanted));
  Forward f = {graph_clone(g), arena_array(s->arena, Ref, count), arena_array(s->arena, Ref, count)};
  for (Ref n = 0; n < count; n++) f.tangent[n] = f.waiting[n] = NO_REF;
  for (int p = 0; p < g->params.len; p++) /* the runtime gives all of them, read or not */
    if (param_wanted(g, p, wanted)) param_tangent(f.g, p);
  for (Ref n = 0; n < count; n++)
    if (varies[n]) visit(&f, n);
  close_loops(&f, count);
  for (int i = 0; i < outputs; i++) {
    const GraphOutput o = f.g->outputs.at[i];
    if (o.role != OUTPUT_GRAD) add_output(&f, &o);
  }
  if (s->verify_each) graph_verify(f.g, NULL);
  return f.g;
}
