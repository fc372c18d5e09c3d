/* tree.c — a tree's nodes read their children: reads whose steps are data.
 *
 * The nodes of a sequence's tree are numbered so that children come before their parents (postorder), the root last: a tree clock
 * is a clock, and `n.left` an input on it, the number of the left child, or -1. Its inverse, `n.left.parent`, the number of the node
 * whose left child this one is, is for the gradient. */
#include "lower/builder.h"

static Ref tree_input(Builder *b, const ChildSide *side, const char *suffix) {
  const char *name = arena_printf(b->session->arena, "%s.%s%s", b->graph->clocks.at[side->clock].name, side->side, suffix);
  const GraphAxes axes = GRAPH_SEQUENCE | GRAPH_CLOCK(side->clock);
  const Ref r = graph_input_ref(b->graph, graph_input(b->graph, name, INPUT_DATA, sizes_scalar(), axes));
  name_node(b, r, name);
  return r;
}

static ChildRead child_read(Builder *b, const ChildSide *side, Ref history) {
  const Ref index = tree_input(b, side, ""), inverse = tree_input(b, side, ".parent");
  return (ChildRead){.history = history, .index = index, .inverse = inverse, .clock = side->clock, .towards = -1};
}

/* What has an equation is read when that is lowered; anything else is there. */
static Ref read_symbol(Builder *b, Instance *at, Symbol *s, const ChildSide *side, Ref history) {
  const ChildRead read = child_read(b, side, history);
  const ForceKind force = symbol_has_equation(s) ? force_of(b, s) : FORCE_NONE;
  if (!symbol_has_equation(s) || force == FORCE_ALWAYS) {
    const Ref x = force == FORCE_ALWAYS ? variable_input(b, at, s, true) : value_of(b, at, s);
    return graph_child(b->graph, x, read, node_at(b, x)->shape, node_at(b, x)->axes);
  }
  const Ref r = graph_child(b->graph, NO_REF, read, sizes_here(at, &s->type.shape), expected_axes(at, s));
  const Pending pending = {r, at, s, force == FORCE_SOMETIMES};
  vec_push(b->session->arena, b->pending, pending);
  return r;
}

Ref read_child(Builder *b, Instance *at, const Expr *e) {
  const ChildSide side = {clock_here(at, e->clock), e->args.at[0].value->name};
  Symbol *s = e->left->symbol;
  const bool original = b->original;
  b->original = false;
  const Ref r = read_symbol(b, at, s, &side, history_of(b, at, s, side.clock));
  b->original = original;
  return shown(b, at, e, r);
}

/* --- all children ---------------------------------------------------------------------------------------------------------- */

Ref value_of_child(Builder *b, Instance *at, Symbol *s) {
  const ChildSide *side = b->child;
  const GraphAxes axes = symbol_has_equation(s) ? expected_axes(at, s) : axes_here(at, s->type.axes);
  if (!(axes & GRAPH_CLOCK(side->clock))) return NO_REF;
  b->child = NULL;
  const Ref zero = graph_expand(b->graph, graph_const(b->graph, 0), sizes_here(at, &s->type.shape));
  const Ref r = read_symbol(b, at, s, side, zero);
  b->child = side;
  return r;
}

/* e with the child's values; 0 where there is no such child. */
static Ref of_child(Builder *b, Instance *at, const Expr *e, const ChildSide *side) {
  const ChildSide *around = b->child;
  b->child = side;
  const Ref x = lower_dense(b, at, e);
  b->child = around;
  if (node_at(b, x)->op == OP_CHILD) return x; /* its history is 0 */
  const Ref there = graph_binary(b->graph, OP_LE, graph_const(b->graph, 0), tree_input(b, side, ""));
  return graph_select(b->graph, there, x, graph_const(b->graph, 0));
}

Ref sum_over_children(Builder *b, Instance *at, const Expr *e) {
  const int clock = clock_here(at, e->clock);
  const ChildSide left = {clock, "left"}, right = {clock, "right"};
  if (b->child) return unbuilt(b, e->span, "a sum over children of children");
  const Expr *each = e->args.at[0].value;
  const Ref first = of_child(b, at, each, &left);
  return graph_binary(b->graph, OP_ADD, first, of_child(b, at, each, &right));
}
