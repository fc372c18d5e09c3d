/* prepare.c — requires a verified, causal graph; establishes that
 *   - what READ, WINDOW and OVERLAP look at owns memory, lives on all clocks of the reader, is read along one clock, and has
 *     one history;
 *   - what reads of trees look at owns memory;
 *   - every output owns memory that is its alone, without pads between its steps;
 *   - the operand of a RESHAPE walks memory with one stride;
 *   - a CONTRACT that can be a matrix product has operands that BLAS takes.
 * The identity OP_STOP is the copy that makes it so. */
#include "plan/internal.h"

typedef struct Prepare {
  Graph *from, *to;
  Ref *map;
  Ref *input, *param; /* [index] the one node that stands for it */
} Prepare;

static Node *at(Prepare *p, Ref r) { return &p->to->nodes.at[r]; }

static Ref copy_of(Prepare *p, Ref value) {
  Ref copy = graph_unary(p->to, OP_STOP, value);
  at(p, copy)->name = at(p, value)->name;
  at(p, copy)->span = at(p, value)->span;
  return copy;
}

static Ref flat_operand(Prepare *p, Ref value) {
  View v = view_of(p->to, value);
  int64_t stride;
  bool number = v.base != NO_REF && at(p, v.base)->op == OP_CONST && !at(p, v.base)->attrs.data;
  return view_flattens(&v, 0, v.rank, &stride) && !number ? value : copy_of(p, value);
}

static bool on_several_clocks(GraphAxes axes) {
  GraphAxes clocks = axes & ~GRAPH_SEQUENCE;
  return clocks & (clocks - 1);
}

/* A delay line holds the history too, which may live on clocks that the value does not: the reader lives on both. On several clocks
 * its pads lie between the steps, where the runtime, who fills inputs and reads outputs, expects none. */
static bool can_own(const Node *n, GraphAxes axes) {
  if (n->op == OP_INPUT && on_several_clocks(n->axes)) return false;
  return !op_is_view(n->op) && n->op != OP_CONST && n->op != OP_PARAM && (n->axes & axes) == axes;
}

static Ref owned_copy(Prepare *p, Ref value, GraphAxes axes) {
  Ref copy = copy_of(p, value);
  at(p, copy)->axes |= axes;
  return copy;
}

/* --- nodes --------------------------------------------------------------------------------------------------------- */

static Ref prepare_contract(Prepare *p, const Node *n, const Ref *in) {
  Node trial = *n;
  Ref operands[2] = {in[0], in[1]};
  trial.in = operands;
  int copies = product_copies(p->to, &trial);
  if (copies > 0) {
    if (copies & 1) operands[0] = copy_of(p, in[0]);
    if (copies & 2) operands[1] = copy_of(p, in[1]);
  }
  return graph_copy_node(p->to, n, operands);
}

static Ref prepare_node(Prepare *p, const Node *n) {
  Ref *in = arena_array(p->to->session->arena, Ref, n->inputs + 1);
  for (int i = 0; i < n->inputs; i++) in[i] = node_edge_is_delayed(n, i) ? NO_REF : p->map[n->in[i]];
  if (n->op == OP_RESHAPE) in[0] = flat_operand(p, in[0]);
  if (n->op == OP_CONTRACT) return prepare_contract(p, n, in);
  if (n->inputs && node_edge_is_delayed(n, 0)) { /* the operand may be a later node: patched when all are there */
    Node copy = *n;
    copy.in = in;
    return graph_add(p->to, copy);
  }
  return graph_copy_node(p->to, n, in);
}

/* An input or a param has one buffer, so one node. `known` holds the node's number + 1. */
static Ref leaf_node(Prepare *p, Ref *known, const Node *n) {
  if (!known[n->attrs.index]) known[n->attrs.index] = graph_copy_node(p->to, n, n->in) + 1;
  return known[n->attrs.index] - 1;
}

/* --- what is read at another step ------------------------------------------------------------------------------------ */

void reach_of(const Node *n, int64_t *front, int64_t *back) {
  int64_t a = n->attrs.offset, b = a;
  if (n->op == OP_WINDOW) b = a + (n->attrs.taps - 1) * n->attrs.stride;
  if (n->op == OP_OVERLAP) {
    b = -(a + (n->attrs.taps - 1) * n->attrs.stride);
    a = -a;
  }
  int64_t low = a < b ? a : b, high = a < b ? b : a;
  *front = low < 0 ? -low : 0;
  *back = high > 0 ? high : 0;
}

typedef struct Owner {
  Ref value, history, owner; /* history NO_REF: zeros */
  int clock;
  GraphAxes axes;
} Owner;

typedef Vec(Owner) Owners;

/* A value read with two histories, or along two clocks, has two delay lines. */
static Ref owner_of(Prepare *p, Owners *owners, Ref value, Ref history, const Node *reader) {
  bool taken = false;
  int clock = reader->attrs.clock;
  GraphAxes axes = reader->axes | GRAPH_CLOCK(clock) | GRAPH_SEQUENCE;
  for (int i = 0; i < owners->len; i++) {
    Owner *o = &owners->at[i];
    if (o->value != value) continue;
    if (o->history == history && o->clock == clock && o->axes == axes) return o->owner;
    taken |= o->owner == value;
  }
  Ref owner = taken || !can_own(at(p, value), axes) ? owned_copy(p, value, axes) : value;
  vec_push(p->to->session->arena, *owners, ((Owner){value, history, owner, clock, axes}));
  return owner;
}

static void prepare_reads(Prepare *p) {
  Owners owners = {0};
  for (Ref i = 0; i < p->from->nodes.len; i++) {
    const Node *n = &p->from->nodes.at[i];
    if (!op_reads_steps(n->op)) continue;
    Ref history = n->op == OP_OVERLAP ? NO_REF : p->map[n->in[1]]; /* OVERLAP: zeros around */
    Ref owner = owner_of(p, &owners, p->map[n->in[0]], history, n);
    at(p, p->map[i])->in[0] = owner;
  }
}

/* A node of a tree reads what other steps have left in memory: no pads, no history of its own there. */
static void prepare_children(Prepare *p) {
  for (Ref i = 0; i < p->from->nodes.len; i++) {
    const Node *n = &p->from->nodes.at[i];
    if (!op_reads_tree(n->op)) continue;
    const Ref x = p->map[n->in[0]];
    const Op op = at(p, x)->op;
    const bool owns = !op_is_view(op) && op != OP_CONST;
    const Ref owner = owns ? x : copy_of(p, x);
    at(p, p->map[i])->in[0] = owner;
  }
}

/* --- outputs --------------------------------------------------------------------------------------------------------- */

static void prepare_outputs(Prepare *p, bool is_step) {
  Graph *g = p->to;
  bool *taken = arena_array(g->session->arena, bool, g->nodes.len + 2 * p->from->outputs.len + 1);
  for (Ref r = 0; r < g->nodes.len; r++)
    if (op_reads_steps(at(p, r)->op)) taken[at(p, r)->in[0]] |= is_step || on_several_clocks(at(p, r)->axes);
  for (int i = 0; i < p->from->outputs.len; i++) {
    GraphOutput o = p->from->outputs.at[i];
    Ref value = p->map[o.value];
    Op op = at(p, value)->op;
    bool owns = !op_is_view(op) && op != OP_CONST && op != OP_PARAM && op != OP_INPUT;
    if (!owns || taken[value]) value = copy_of(p, value);
    taken[value] = true;
    graph_output(g, o.name, o.role, o.index, value);
  }
}

Graph *plan_prepare(Session *s, Graph *g, bool is_step) {
  Prepare p = {.from = g, .to = graph_like(g), .map = arena_array(s->arena, Ref, g->nodes.len + 1)};
  p.input = arena_array(s->arena, Ref, g->inputs.len + 1);
  p.param = arena_array(s->arena, Ref, g->params.len + 1);
  for (Ref i = 0; i < g->nodes.len; i++) {
    const Node *n = &g->nodes.at[i];
    p.map[i] = n->op == OP_INPUT ? leaf_node(&p, p.input, n) : n->op == OP_PARAM ? leaf_node(&p, p.param, n) : prepare_node(&p, n);
  }
  prepare_reads(&p);
  prepare_children(&p);
  prepare_outputs(&p, is_step);
  return p.to;
}
