/* time.c — reading other steps: the one edge between steps, tapped delay lines, the ends of a clock, forcing. */
#include "lower/builder.h"
#include "base/diag.h"
#include <math.h>

/* --- force --------------------------------------------------------------------------------------------------------------- */

static const Clause *force_clause(const Builder *b, const Symbol *s) {
  for (int i = 0; b->stage && i < b->stage->clauses.len; i++) {
    const Clause *c = b->stage->clauses.at[i];
    for (int k = 0; !strcmp(c->keyword, "force") && k < c->args.len; k++)
      if (c->args.at[k].value->kind == EXPR_NAME && c->args.at[k].value->name == s->name) return c;
  }
  return NULL;
}

ForceKind force_of(const Builder *b, const Symbol *s) {
  if (s->kind != SYMBOL_OUTPUT || b->kind == UNIT_STEP || b->kind == UNIT_STREAM) return FORCE_NONE;
  const Clause *c = force_clause(b, s);
  if (!c) return FORCE_NONE;
  return c->modifiers.len || b->gaps ? FORCE_SOMETIMES : FORCE_ALWAYS;
}

bool stage_forces_always(const Decl *stage) {
  for (int i = 0; stage && i < stage->clauses.len; i++)
    if (!strcmp(stage->clauses.at[i]->keyword, "force") && !stage->clauses.at[i]->modifiers.len) return true;
  return false;
}

/* What stands in y's delay line: flag ? the data's y : its own. Data are an input, so no gradient passes them. */
Ref forced_value(Builder *b, Instance *at, Symbol *s, Ref own) {
  const GraphAxes axes = axes_here(at, s->type.axes);
  const int flag = graph_input(b->graph, s->name, INPUT_FORCE, sizes_scalar(), axes);
  return graph_select(b->graph, graph_input_ref(b->graph, flag), variable_input(b, at, s, true), own);
}

/* --- reads of names ------------------------------------------------------------------------------------------------------ */

/* One READ or WINDOW as the program writes it. */
typedef struct Delay {
  int clock;
  int64_t offset, taps, stride; /* taps 0: a single read */
} Delay;

static Ref add_read(Builder *b, Ref x, Ref history, Delay d, Sizes shape, GraphAxes axes) {
  return d.taps ? graph_window(b->graph, x, history, d.clock, d.offset, d.taps, d.stride, shape, axes)
                : graph_read(b->graph, x, history, d.clock, d.offset, shape, axes);
}

GraphAxes expected_axes(const Instance *at, const Symbol *s) { return axes_here(at, s->type.axes) | at->extra; }

static bool is_delayed(Delay d) { return d.offset || d.taps; }

/* --- windows that begin now ------------------------------------------------------------------------------------------------ */

static bool begins_now(Delay d) { return d.taps && !d.offset; }
static bool ends_now(Delay d) { return d.taps > 1 && d.offset + (d.taps - 1) * d.stride == 0; }

static Sizes one_tap(Sizes s) {
  Sizes out = {.rank = s.rank + 1, .dim = {1}};
  for (int i = 0; i < s.rank; i++) out.dim[i + 1] = s.dim[i];
  return out;
}

static Ref read_equation(Builder *b, Instance *at, Symbol *s, Delay d);

/* h[t..t-L] inside a loop: what is needed now is an edge within the step, and only the rest is a read of other steps. */
static Ref now_and_others(Builder *b, Instance *at, Symbol *s, Delay d) {
  const Ref x = value_of(b, at, s);
  const Ref now = graph_reshape(b->graph, x, one_tap(node_at(b, x)->shape));
  if (d.taps == 1) return now;
  const bool first = begins_now(d);
  const Delay others = {d.clock, first ? d.stride : d.offset, d.taps - 1, d.stride};
  const Ref rest = read_equation(b, at, s, others);
  return graph_concat(b->graph, first ? (Ref[]){now, rest} : (Ref[]){rest, now}, 2, 0);
}

/* Does x need the node `wanted`, at this step or another? */
static bool needs(const Graph *g, Ref x, Ref wanted, bool *seen) {
  if (x == wanted) return true;
  if (x == NO_REF || seen[x]) return false;
  seen[x] = true;
  for (int i = 0; i < g->nodes.at[x].inputs; i++)
    if (needs(g, g->nodes.at[x].in[i], wanted, seen)) return true;
  return false;
}

bool window_now_in_loop(const Graph *g) {
  for (Ref r = 0; r < g->nodes.len; r++) {
    const Node *n = &g->nodes.at[r];
    const Delay d = {n->attrs.clock, n->attrs.offset, n->attrs.taps, n->attrs.stride};
    if (n->op != OP_WINDOW || !(begins_now(d) || ends_now(d))) continue;
    bool *seen = arena_array(g->session->arena, bool, g->nodes.len);
    if (needs(g, n->in[0], r, seen)) return true;
  }
  return false;
}

/* --- reads of equations ---------------------------------------------------------------------------------------------------- */

static Ref read_equation(Builder *b, Instance *at, Symbol *s, Delay d) {
  const bool decoded = s == b->decoded && is_delayed(d);
  const ForceKind force = is_delayed(d) ? force_of(b, s) : FORCE_NONE;
  if (b->split_windows && !decoded && force == FORCE_NONE && (begins_now(d) || ends_now(d))) return now_and_others(b, at, s, d);
  const Ref history = history_of(b, at, s, d.clock);
  const Sizes shape = sizes_here(at, &s->type.shape);
  if (decoded) return add_read(b, decoded_input(b, at, s), history, d, shape, 0);
  if (force == FORCE_ALWAYS) return add_read(b, variable_input(b, at, s, true), history, d, shape, 0);
  const Ref read = add_read(b, NO_REF, history, d, shape, expected_axes(at, s));
  const Pending pending = {.read = read, .at = at, .symbol = s, .forced = force == FORCE_SOMETIMES};
  vec_push(b->session->arena, b->pending, pending);
  return read;
}

void pending_resolve(Builder *b, const Pending *p) {
  if (p->expr) return resolve_children(b, p);
  Ref value = value_of(b, p->at, p->symbol);
  if (p->forced) value = forced_value(b, p->at, p->symbol, value);
  graph_set_read(b->graph, p->read, value);
}

Ref read_same_step(Builder *b, Instance *at, Symbol *s) {
  const int clock = first_clock(expected_axes(at, s));
  const Delay here = {.clock = clock < 0 ? 0 : clock};
  const Ref zero = graph_expand(b->graph, graph_const(b->graph, 0), sizes_here(at, &s->type.shape));
  const Ref read = add_read(b, NO_REF, zero, here, sizes_here(at, &s->type.shape), expected_axes(at, s));
  const Pending pending = {.read = read, .at = at, .symbol = s};
  vec_push(b->session->arena, b->pending, pending);
  name_node(b, read, arena_printf(b->session->arena, "%s.%s", at->prefix, s->name));
  return read;
}

/* A value that is there already: data, an argument, any expression. */
static Ref read_value(Builder *b, Ref x, Ref history, Delay d) {
  const Node *n = node_at(b, x);
  return add_read(b, x, history, d, n->shape, n->axes);
}

static Ref read_symbol(Builder *b, Instance *at, Symbol *s, Delay d) {
  if (symbol_has_equation(s)) return read_equation(b, at, s, d);
  return read_value(b, value_of(b, at, s), history_of(b, at, s, d.clock), d);
}

static Ref repeated_before(Builder *b, Ref x, int64_t n) {
  const Sizes of = node_at(b, x)->shape;
  Sizes shape = {.rank = of.rank + 1, .dim = {n}};
  int8_t map[GRAPH_RANK] = {-1};
  for (int i = 0; i < of.rank; i++) shape.dim[i + 1] = of.dim[i], map[i + 1] = (int8_t)i;
  return graph_broadcast(b->graph, x, map, shape);
}

static Delay delay_of(const Instance *at, const Expr *e) {
  const int64_t taps = e->access == ACCESS_WINDOW ? size_here(at, e->taps) : 0;
  return (Delay){clock_here(at, e->clock), size_here(at, e->offset), taps, taps ? e->stride : 0};
}

/* The history along a clock of what is read along others already, h[n-1] of h[t-1, n-1]: h's own, where that lives on n read along n. */
static Ref history_along(Builder *b, Instance *at, const Expr *e, int clock) {
  Symbol *named = symbol_read(e) ? symbol_read(e) : data_field(at, e);
  if (e->kind != EXPR_INDEX) return history_of(b, at, named, clock);
  const Delay d = delay_of(at, e);
  const Ref history = history_along(b, at, e->left, clock);
  if (is_delayed(d) && node_at(b, history)->axes & GRAPH_CLOCK(d.clock)) return read_value(b, history, history_along(b, at, e->left, d.clock), d);
  return d.taps ? repeated_before(b, history, d.taps) : history;
}

static Ref read_expr(Builder *b, Instance *at, const Expr *e, Delay d) {
  Symbol *named = symbol_read(e);
  if (named) return is_delayed(d) ? read_symbol(b, at, named, d) : value_of(b, at, named);
  Symbol *field = data_field(at, e);
  if (field) return read_value(b, variable_input(b, at, field, field->kind == SYMBOL_OUTPUT), history_of(b, at, field, d.clock), d);
  if (!is_delayed(d)) return lower_expr(b, at, e);
  const bool split = b->split_windows;
  b->split_windows = false; /* of h[t-1, n..n-1] nothing is needed at this step of t */
  const Ref x = lower_expr(b, at, e);
  b->split_windows = split;
  return read_value(b, x, history_along(b, at, e, d.clock), d);
}

/* --- by access ---------------------------------------------------------------------------------------------------------- */

/* Reads are of the variable; clauses see the result in its original units. */
Ref shown(Builder *b, Instance *at, const Expr *e, Ref r) {
  Symbol *s = symbol_read(value_of_read(e));
  if (!s) s = data_field(at, value_of_read(e));
  return s && s->scope == b->net->scope ? original_units(b, s, r) : r;
}

static bool said_of_call(const Builder *b, const Expr *call) {
  for (int i = 0; i < b->session->diags.len; i++) {
    const Diag *d = b->session->diags.at[i];
    if (d->code == E0204 && d->labels.len && d->labels.at[0].span.file == call->span.file && d->labels.at[0].span.begin == call->span.begin) return true;
  }
  return false;
}

/* A cell is written for some clock `t`; only its call says that this is a tree. */
static void no_step_before(Builder *b, const Instance *at, const Expr *e, int clock) {
  const char *name = b->program->clocks.at[clock].name;
  if (said_of_call(b, at->call)) return;
  Diag *d = diag_error(b->session, E0204, at->call->span, "`%s` reads other steps, and the nodes of a tree are no line", at->call->name);
  diag_label(d, at->call->span, "called on the tree `%s`", name);
  diag_label(d, e->span, "a number of steps away");
  diag_help(d, "write it for trees: its nodes read `h[%s.left]` and `h[%s.right]`, or `sum over %s.children (h)`", name, name, name);
}

static const double farthest = 1e8; /* steps: 400 MB of each number that is read */

/* The steps that are kept are memory of their own, in front of every sequence. */
static Ref too_far(Builder *b, const Instance *at, const Expr *e, Delay d) {
  const double end = (double)d.offset + (d.taps ? (double)(d.taps - 1) * (double)d.stride : 0), far = fmax(fabs((double)d.offset), fabs(end));
  if (far <= farthest) return NO_REF;
  const Span span = e->args.at[0].value->span;
  Diag *diag = diag_error(b->session, E0204, span, "this reads %.10g steps away; a delay is at most %.10g steps", far, farthest);
  diag_label(diag, span, "all steps between are kept");
  const Sizes shape = sizes_here(at, &e->left->type.shape);
  Sizes window = {.rank = shape.rank + 1, .dim = {d.taps}};
  for (int i = 0; i < shape.rank; i++) window.dim[i + 1] = shape.dim[i];
  return graph_fill(b->graph, 0, d.taps ? window : shape);
}

static Ref read_raw(Builder *b, Instance *at, const Expr *e, Delay d) {
  const bool original = b->original;
  const Ref far = too_far(b, at, e, d);
  if (far != NO_REF) return far;
  if (is_delayed(d) && at->call && b->program->clocks.at[d.clock].tree) {
    const Ref none = graph_fill(b->graph, 0, sizes_here(at, &e->left->type.shape));
    no_step_before(b, at, e, d.clock);
    return d.taps ? repeated_before(b, none, d.taps) : none;
  }
  b->original = false;
  const Ref r = read_expr(b, at, e->left, d);
  b->original = original;
  return shown(b, at, e, r);
}

static Ref read_steps(Builder *b, Instance *at, const Expr *e) { return read_raw(b, at, e, delay_of(at, e)); }

static Ref read_last(Builder *b, Instance *at, const Expr *e) {
  return graph_at_end(b->graph, lower_expr(b, at, e->left), clock_here(at, e->clock), 1);
}

static Ref read_first(Builder *b, Instance *at, const Expr *e) {
  return graph_at_end(b->graph, lower_expr(b, at, e->left), clock_here(at, e->clock), 0);
}

/* x[0..3] keeps the dim, x[3] drops it. */
static Ref read_component(Builder *b, Instance *at, const Expr *e) {
  const Ref x = lower_dense(b, at, e->left);
  const Ref part = graph_slice(b->graph, x, 0, size_here(at, e->offset), size_here(at, e->taps), e->stride);
  Sizes shape = node_at(b, part)->shape;
  if (e->args.at[0].value->kind == EXPR_RANGE) return part;
  memmove(shape.dim, shape.dim + 1, sizeof *shape.dim * (size_t)(shape.rank - 1));
  shape.dim[--shape.rank] = 0;
  return graph_reshape(b->graph, part, shape);
}

/* The delays of tap j, D + j·apart, for all taps: [taps] ++ D's shape. */
static Ref delays_of_taps(Builder *b, Ref delays, int64_t taps, int64_t apart) {
  double *more = arena_array(b->session->arena, double, taps);
  for (int64_t j = 0; j < taps; j++) more[j] = (double)(j * apart);
  const Ref all = repeated_before(b, delays, taps);
  const int8_t first[GRAPH_RANK] = {0, -1, -1, -1, -1, -1, -1};
  const Ref each = graph_broadcast(b->graph, graph_tensor(b->graph, more, sizes_of(1, taps)), first, node_at(b, all)->shape);
  return graph_binary(b->graph, OP_ADD, all, each);
}

/* x[t + k ± D]: of a window that holds all steps between D's bounds, each connection takes its own; of a range it takes taps from there
 * on: tap j is at t + k ± (D ± j·stride). */
static Ref read_delays(Builder *b, Instance *at, const Expr *e) {
  Ref index = value_of(b, at, e->symbol);
  DelayBounds bounds;
  const int64_t taps = size_here(at, e->taps), apart = e->times * e->stride, far = (taps - 1) * apart;
  const bool range = e->args.at[0].value->kind == EXPR_RANGE;
  const bool fine = delay_bounds(b, at, e->symbol, &bounds);
  if (range) index = delays_of_taps(b, index, taps, apart);
  if (!fine) return graph_fill(b->graph, 0, node_at(b, index)->shape);
  if (range && far < 0) bounds.low += far;
  if (range && far > 0) bounds.high += far;
  const Delay d = {clock_here(at, e->clock), size_here(at, e->offset) + e->times * bounds.low, bounds.high - bounds.low + 1, e->times};
  Value window = {read_raw(b, at, e, d), e->left->type};
  return graph_gather(b->graph, one_hot_of(b, at, window).ref, index, bounds.low);
}

typedef Ref AccessRule(Builder *b, Instance *at, const Expr *e);

static AccessRule *const access_rules[] = {
    [ACCESS_OFFSET] = read_steps, [ACCESS_WINDOW] = read_steps,       [ACCESS_LAST] = read_last,
    [ACCESS_FIRST] = read_first,   [ACCESS_COMPONENT] = read_component, [ACCESS_DELAYS] = read_delays,
    [ACCESS_CHILD] = read_child,   [ACCESS_PARENT] = read_parent,
};

Ref lower_index(Builder *b, Instance *at, const Expr *e) {
  AccessRule *rule = access_rules[e->access];
  return rule ? rule(b, at, e) : impossible(b, e->span, "a read of no kind");
}
