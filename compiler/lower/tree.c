/* tree.c — a tree's nodes read their children: reads whose steps are data.
 *
 * The nodes of a sequence's tree are numbered so that children come before their parents (postorder), the root last: a tree clock
 * is a clock, and what is whose child are hidden inputs on it. `n.left` is the number of the left child, or −1; its inverse,
 * `n.left.parent`, the number of the node whose left child this one is, is for the gradient. Any number of children is a list: `n.first`
 * is a node's first child, `n.next` its next sibling, `n.parent` the node above.
 *
 * Each node is the child of one other at most, so an expression of a node's children, `sum over n.children (e)`, is computed once at
 * each node, as any other value of the tree, and the node above sums what it finds at its children. */
#include "lower/builder.h"

static Ref tree_input(Builder *b, int clock, const char *part) {
  const char *name = arena_printf(b->session->arena, "%s.%s", b->graph->clocks.at[clock].name, part);
  const GraphAxes axes = GRAPH_SEQUENCE | GRAPH_CLOCK(clock);
  const Ref r = graph_input_ref(b->graph, graph_input(b->graph, name, INPUT_DATA, sizes_scalar(), axes));
  name_node(b, r, name);
  return r;
}

/* --- the left or the right child ---------------------------------------------------------------------------------------------- */

static ChildRead child_read(Builder *b, int clock, const char *side, Ref history) {
  const Ref index = tree_input(b, clock, side), inverse = tree_input(b, clock, arena_printf(b->session->arena, "%s.parent", side));
  return (ChildRead){.history = history, .index = index, .inverse = inverse, .clock = clock, .towards = -1};
}

/* What has an equation is read when that is lowered; anything else is there. */
static Ref read_symbol(Builder *b, Instance *at, Symbol *s, ChildRead read) {
  const ForceKind force = symbol_has_equation(s) ? force_of(b, s) : FORCE_NONE;
  if (!symbol_has_equation(s) || force == FORCE_ALWAYS) {
    const Ref x = force == FORCE_ALWAYS ? variable_input(b, at, s, true) : value_of(b, at, s);
    return graph_child(b->graph, x, read, node_at(b, x)->shape, node_at(b, x)->axes);
  }
  const Ref r = graph_child(b->graph, NO_REF, read, sizes_here(at, &s->type.shape), expected_axes(at, s));
  const Pending pending = {.read = r, .at = at, .symbol = s, .forced = force == FORCE_SOMETIMES};
  vec_push(b->session->arena, b->pending, pending);
  return r;
}

/* A step other than the node's own is no child's value. */
static int leave_children(Builder *b) {
  const int around = b->children;
  b->children = 0;
  return around;
}

Ref read_child(Builder *b, Instance *at, const Expr *e) {
  const int clock = clock_here(at, e->clock), around = leave_children(b);
  Symbol *s = e->left->symbol;
  const bool original = b->original;
  b->original = false;
  const Ref r = read_symbol(b, at, s, child_read(b, clock, e->args.at[0].value->name, history_of(b, at, s, clock)));
  b->original = original;
  b->children = around;
  return shown(b, at, e, r);
}

/* --- all children ------------------------------------------------------------------------------------------------------------- */

static TreeLinks tree_links(Builder *b, int clock, int towards) {
  const Ref first = tree_input(b, clock, "first"), next = tree_input(b, clock, "next");
  return (TreeLinks){first, next, tree_input(b, clock, "parent"), clock, towards};
}

/* x[n]: of the node whose children these are. The root is nobody's child; with its own value, whatever is made of this stays as
 * finite as elsewhere, though nobody reads it. */
Ref read_parent(Builder *b, Instance *at, const Expr *e) {
  const int around = leave_children(b);
  const bool original = b->original;
  b->original = false;
  const Ref x = value_of(b, at, e->left->symbol);
  const Ref above = graph_parent_or(b->graph, x, tree_links(b, clock_here(at, e->clock), -1), x);
  b->original = original;
  b->children = around;
  return shown(b, at, e, above);
}

/* e is lowered when all equations are: it may need the one that reads it. */
static Ref later(Builder *b, Instance *at, const Expr *e, Op op) {
  const int clock = clock_here(at, e->clock);
  const Expr *each = e->args.at[0].value;
  const Shape shape = dense_shape(&each->type);
  const GraphAxes axes = axes_here(at, each->type.axes) | at->extra;
  const Ref r = graph_tree(b->graph, op, NO_REF, tree_links(b, clock, -1), sizes_here(at, &shape), axes);
  const Saved around = {b->naming, b->equation, b->original, clock + 1};
  const Pending pending = {.read = r, .at = at, .expr = e, .chosen = NO_REF, .around = around};
  vec_push(b->session->arena, b->pending, pending);
  return r;
}

/* Σ p v with p a share among siblings is one op, which no child has to wait for: p needs the siblings' scores, later ones too. */
static void set_terms(Builder *b, Ref read, Ref x) {
  Node *sum = &b->graph->nodes.at[read];
  const SharedTerm term = sum->op == OP_CHILDREN_SUM ? shared_term(b, x, sum->attrs.clock) : (SharedTerm){NO_REF, NO_REF, NO_REF};
  if (term.score == NO_REF) return graph_set_read(b->graph, read, x);
  const Sizes shape = node_at(b, x)->shape;
  Sizes one = {.rank = shape.rank + 1, .dim = {1}};
  for (int i = 0; i < shape.rank; i++) one.dim[i + 1] = shape.dim[i];
  const Ref parts[] = {graph_reshape(b->graph, term.score, one), graph_reshape(b->graph, term.value, one)};
  const Ref both = graph_concat(b->graph, parts, 2, 0);
  b->graph->nodes.at[read].op = OP_CHILDREN_MIX;
  graph_set_read(b->graph, read, both);
}

void resolve_children(Builder *b, const Pending *p) {
  const Saved before = {b->naming, b->equation, b->original, b->children};
  const Expr *each = p->expr->args.at[0].value;
  const int from = b->graph->nodes.len;
  leave_equation(b, p->around);
  Ref x = lower_dense(b, p->at, each);
  if (!strcmp(p->expr->name, "min")) x = graph_unary(b->graph, OP_NEG, x);
  if (p->chosen != NO_REF) x = graph_select(b->graph, p->chosen, x, graph_const(b->graph, 0));
  leave_equation(b, before);
  set_terms(b, p->read, x);
  place_nodes(b, from, each->span);
}

static Ref mean_of_children(Builder *b, Instance *at, const Expr *e) {
  const Ref sum = later(b, at, e, OP_CHILDREN_SUM);
  const int clock = clock_here(at, e->clock);
  const Ref one = graph_lift(b->graph, graph_const(b->graph, 1), GRAPH_SEQUENCE | GRAPH_CLOCK(clock));
  const Ref count = graph_tree(b->graph, OP_CHILDREN_SUM, one, tree_links(b, clock, -1), sizes_scalar(), 0);
  return graph_binary(b->graph, OP_DIV, sum, graph_binary(b->graph, OP_MAX, count, graph_const(b->graph, 1)));
}

/* e at each child, not only for a sum: what is a value of the child itself. */
static Ref of_each(Builder *b, Instance *at, const Expr *e) {
  const int around = b->children;
  b->children = clock_here(at, e->clock) + 1;
  const Ref x = lower_dense(b, at, e->args.at[0].value);
  b->children = around;
  return x;
}

/* Each node's share among the children of the node above, its siblings. */
static Ref share_of_siblings(Builder *b, Instance *at, const Expr *e) {
  Graph *g = b->graph;
  const int clock = clock_here(at, e->clock);
  const Ref score = of_each(b, at, e);
  const Siblings all = graph_siblings(g, score, tree_links(b, clock, -1));
  const Ref share = graph_binary(g, OP_DIV, graph_unary(g, OP_EXP, all.shifted), all.total);
  vec_push(b->session->arena, b->softmaxes, ((SoftmaxRow){share, all.shifted, all.total, 0}));
  vec_push(b->session->arena, b->shares, ((Share){share, score, clock}));
  return !strcmp(e->name, "softmax") ? share : log_of(b, share);
}

/* The first child that has the largest value, as min(step where x = max); −1 of none. */
static Ref largest_of_children(Builder *b, Instance *at, const Expr *e) {
  Graph *g = b->graph;
  const int clock = clock_here(at, e->clock);
  const TreeLinks links = tree_links(b, clock, -1);
  const GraphAxes axes = GRAPH_SEQUENCE | GRAPH_CLOCK(clock);
  const Ref x = of_each(b, at, e), largest = graph_tree(g, OP_CHILDREN_MAX, x, links, sizes_scalar(), axes);
  const Ref is_largest = graph_binary(g, OP_EQ, x, graph_parent_or(g, largest, links, x));
  const Ref back = graph_select(g, is_largest, graph_unary(g, OP_NEG, graph_step_index(g, clock)), graph_const(g, -1e9));
  const Ref first = graph_unary(g, OP_NEG, graph_tree(g, OP_CHILDREN_MAX, back, links, sizes_scalar(), axes));
  return graph_select(g, graph_binary(g, OP_LE, graph_const(g, 0), links.first), first, graph_const(g, -1));
}

/* pick over n.children (x, k) = Σ [child = k] x, k the node's own */
static Ref pick_of_children(Builder *b, Instance *at, const Expr *e) {
  Graph *g = b->graph;
  const int clock = clock_here(at, e->clock);
  const Ref k = graph_parent_or(g, lower_expr(b, at, e->args.at[1].value), tree_links(b, clock, -1), graph_const(g, -1));
  const Ref sum = later(b, at, e, OP_CHILDREN_SUM);
  b->pending.at[b->pending.len - 1].chosen = graph_binary(g, OP_EQ, graph_step_index(g, clock), k);
  return sum;
}

Ref over_children(Builder *b, Instance *at, const Expr *e) {
  if (!strcmp(e->name, "softmax") || !strcmp(e->name, "logsoftmax")) return share_of_siblings(b, at, e);
  if (!strcmp(e->name, "argmax")) return largest_of_children(b, at, e);
  if (!strcmp(e->name, "pick")) return pick_of_children(b, at, e);
  if (!strcmp(e->name, "mean")) return mean_of_children(b, at, e);
  if (!strcmp(e->name, "max")) return later(b, at, e, OP_CHILDREN_MAX);
  if (!strcmp(e->name, "min")) return graph_unary(b->graph, OP_NEG, later(b, at, e, OP_CHILDREN_MAX));
  return later(b, at, e, OP_CHILDREN_SUM);
}
