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
  const TreeLinks links = tree_links(b, clock_here(at, e->clock), 1);
  const Ref above = graph_tree(b->graph, OP_PARENT, x, links, node_at(b, x)->shape, node_at(b, x)->axes);
  const Ref has = graph_binary(b->graph, OP_LE, graph_const(b->graph, 0), links.parent);
  b->original = original;
  b->children = around;
  return shown(b, at, e, graph_select(b->graph, has, above, x));
}

/* e is lowered when all equations are: it may need the one that reads it. */
static Ref later(Builder *b, Instance *at, const Expr *e, Op op) {
  const int clock = clock_here(at, e->clock);
  const Expr *each = e->args.at[0].value;
  const Shape shape = dense_shape(&each->type);
  const GraphAxes axes = axes_here(at, each->type.axes) | at->extra;
  const Ref r = graph_tree(b->graph, op, NO_REF, tree_links(b, clock, -1), sizes_here(at, &shape), axes);
  const Saved around = {b->naming, b->equation, b->original, clock + 1};
  const Pending pending = {.read = r, .at = at, .expr = e, .around = around};
  vec_push(b->session->arena, b->pending, pending);
  return r;
}

void resolve_children(Builder *b, const Pending *p) {
  const Saved before = {b->naming, b->equation, b->original, b->children};
  const Expr *each = p->expr->args.at[0].value;
  const int from = b->graph->nodes.len;
  leave_equation(b, p->around);
  Ref x = lower_dense(b, p->at, each);
  if (!strcmp(p->expr->name, "min")) x = graph_unary(b->graph, OP_NEG, x);
  leave_equation(b, before);
  place_nodes(b, from, each->span);
  graph_set_read(b->graph, p->read, x);
}

static Ref mean_of_children(Builder *b, Instance *at, const Expr *e) {
  const Ref sum = later(b, at, e, OP_CHILDREN_SUM);
  const int clock = clock_here(at, e->clock);
  const Ref one = graph_lift(b->graph, graph_const(b->graph, 1), GRAPH_SEQUENCE | GRAPH_CLOCK(clock));
  const Ref count = graph_tree(b->graph, OP_CHILDREN_SUM, one, tree_links(b, clock, -1), sizes_scalar(), 0);
  return graph_binary(b->graph, OP_DIV, sum, graph_binary(b->graph, OP_MAX, count, graph_const(b->graph, 1)));
}

Ref over_children(Builder *b, Instance *at, const Expr *e) {
  if (!strcmp(e->name, "mean")) return mean_of_children(b, at, e);
  if (!strcmp(e->name, "max")) return later(b, at, e, OP_CHILDREN_MAX);
  if (!strcmp(e->name, "min")) return graph_unary(b->graph, OP_NEG, later(b, at, e, OP_CHILDREN_MAX));
  return later(b, at, e, OP_CHILDREN_SUM);
}
