/* index.c — x[t-1], x[t..t-L], x[last], x[0..3], and `x as [K]`. */
#include "sema/check.h"
#include <math.h>

static Type bad_delay(Checker *c, Span span, const char *problem) {
  if (*problem) diag_label(diag_error(c->s, E0204, span, "this is not a step that can be read"), span, "%s", problem);
  return poison();
}

/* --- along a clock ------------------------------------------------------------------------------------------------------ */

static bool lives_in_time(const Symbol *symbol) {
  switch (symbol->kind) {
  case SYMBOL_STATE: case SYMBOL_INPUT: case SYMBOL_TARGET: case SYMBOL_OUTPUT: case SYMBOL_VALUE: case SYMBOL_ARGUMENT: return true;
  default: return false;
  }
}

/* Only a named value is kept from step to step. */
static Symbol *value_read(Checker *c, Scope *scope, Expr *e) {
  bool part = e->left->kind == EXPR_FIELD && is_part(scope, e->left);
  if (e->left->kind != EXPR_NAME && !part) {
    type_expr(c, scope, e->left);
    Diag *d = diag_error(c->s, E0204, e->left->span, "only a named value can be read at another time");
    diag_label(d, e->left->span, "give this a name of its own");
    return NULL;
  }
  Symbol *symbol = part ? part_of(c, scope, e->left) : resolve(c, scope, e->left);
  if (!symbol || lives_in_time(symbol)) return symbol;
  if (symbol->kind == SYMBOL_CALL) return several_values(c, e->left, symbol->name, symbol->decl), NULL;
  Diag *d = diag_error(c->s, E0204, e->left->span, "`%s` is the same at every time", symbol->name);
  diag_label(d, e->left->span, "%s, which does not live on a clock", symbol_kind_text(symbol->kind));
  return NULL;
}

static bool missing_already(const Checker *c, const Symbol *symbol) {
  for (int i = 0; i < c->missing.len; i++)
    if (c->missing.at[i].symbol == symbol) return true;
  return false;
}

void want_history(Checker *c, Expr *e, Symbol *symbol) {
  if (symbol->history || missing_already(c, symbol)) return;
  vec_push(c->s->arena, c->missing, ((MissingHistory){e, symbol, NULL}));
}

/* Seconds are whole steps of a clock that has one. */
static bool steps_of_seconds(Checker *c, Linear *l, Span span) {
  double step = c->module->clocks.at[l->clock].step, steps = step > 0 ? l->seconds / step : 0;
  int64_t whole;
  if (step <= 0) return bad_delay(c, span, arena_printf(c->s->arena, "the clock `%s` has no step: write `time %s step 1 ms`",
                                                        clock_name(c, l->clock), clock_name(c, l->clock))), false;
  if (fabs(steps - round(steps)) > 1e-6 || !whole_number(round(steps), &whole))
    return bad_delay(c, span, arena_printf(c->s->arena, "is %g steps of `%s`; a delay is a whole number of steps", fabs(steps),
                                           clock_name(c, l->clock))), false;
  l->dim = dim_add(c->s, l->dim, dim_literal(whole), 1);
  return true;
}

/* One end of what is read, as clock + offset. */
static bool offset_of(Checker *c, Scope *scope, Expr *at, Linear *out) {
  *out = linear_of(c, scope, at);
  if (out->problem) return bad_delay(c, out->where, out->problem), false;
  if (out->clock < 0) return bad_delay(c, at->span, "the other end says a clock, this one does not"), false;
  if (out->times != 1) return bad_delay(c, at->span, "a step is a clock plus or minus a number"), false;
  if (out->timed) return steps_of_seconds(c, out, at->span);
  return true;
}

static bool is_now(Dim offset) { return !offset.terms && !offset.constant; }

static bool is_tree(const Checker *c, int clock) {
  return clock >= 0 && clock < c->module->clocks.len && c->module->clocks.at[clock].tree;
}

/* The nodes of a tree are no line: a number of steps says nothing. */
static bool no_line(Checker *c, const Expr *at, int clock) {
  if (!is_tree(c, clock)) return false;
  const char *name = clock_name(c, clock);
  bad_delay(c, at->span, arena_printf(c->s->arena, "`%s` is a tree: a node reads its children, `[%s.left]` and `[%s.right]`", name, name, name));
  return true;
}

static Type type_offset(Checker *c, Scope *scope, Expr *e, Symbol *symbol, Expr *at) {
  Linear l;
  if (!offset_of(c, scope, at, &l)) return poison();
  const bool above = c->children && c->children->clock == l.clock && !l.tensor && is_now(l.dim);
  if (!above && no_line(c, at, l.clock)) return poison();
  e->clock = l.clock;
  e->offset = l.dim;
  e->taps = dim_literal(1);
  if (l.tensor) return type_delays(c, e, symbol, &l);
  e->access = above ? ACCESS_PARENT : ACCESS_OFFSET;
  if (!is_now(l.dim)) want_history(c, e, symbol);
  return e->left->type = type_of_symbol(c, symbol, e);
}

/* --- windows -------------------------------------------------------------------------------------------------------------- */

/* -1 where the second end is the older one, as in t-1..t-L: by the signs of its dims, or by the sizes. */
static int direction_of(Dim span) {
  int64_t size = span.constant;
  bool down = true, up = true;
  for (int i = 0; i < span.terms; i++) down &= span.term[i].times < 0, up &= span.term[i].times > 0;
  if (span.terms && down != up) return down ? -1 : 1;
  dim_known(span, &size);
  return size > 0 ? 1 : -1;
}

static bool divide(Checker *c, Dim d, int64_t by, Dim *out) {
  int64_t size = d.constant;
  Dim sum = dim_literal(d.constant / by);
  bool exact = true;
  for (int i = 0; i < d.terms; i++) {
    exact &= d.term[i].times % by == 0;
    sum = dim_add(c->s, sum, dim_of(c->s, d.term[i].dim), d.term[i].times / by);
  }
  if (!d.terms || exact) return *out = sum, true;
  return dim_known(d, &size) ? *out = dim_literal(size / by), true : false;
}

static bool stride_of(Checker *c, Scope *scope, Expr *by, int64_t *out) {
  *out = 1;
  if (!by) return true;
  Linear l = linear_of(c, scope, by);
  if (l.problem) return bad_delay(c, l.where, l.problem), false;
  bool fine = l.clock < 0 && !l.timed && !l.tensor && dim_known(l.dim, out) && *out >= 1;
  if (!fine) bad_delay(c, by->span, "the resolution is a whole number of steps, at least 1");
  return fine;
}

static bool taps_of(Checker *c, Scope *scope, Expr *e, Dim from, Dim to, int64_t by) {
  Dim span = dim_add(c->s, to, from, -1), steps;
  int direction = direction_of(span);
  Dim length = dim_add(c->s, dim_literal(0), span, direction);
  if (!divide(c, length, by, &steps)) return bad_delay(c, e->span, "this many taps depend on sizes that are not known here"), false;
  e->offset = from;
  e->taps = dim_add(c->s, steps, dim_literal(1), 1);
  e->stride = direction * by;
  return demand_size(c, scope, (SizeDemand){e->taps, dim_literal(1), false, E0204, e->span}, (Span){0});
}

static Type type_window(Checker *c, Scope *scope, Expr *e, Symbol *symbol, Expr *range) {
  Linear from, to;
  int64_t by;
  if (!offset_of(c, scope, range->left, &from) || !offset_of(c, scope, range->right, &to)) return poison();
  if (!stride_of(c, scope, range->third, &by)) return poison();
  if (from.clock != to.clock) return bad_delay(c, range->span, "mixes two clocks");
  if (no_line(c, range, from.clock)) return poison();
  if (!same_delays(c, range, &from, &to)) return poison();
  if (!taps_of(c, scope, e, from.dim, to.dim, by)) return poison();
  if (from.tensor) return type_delays(c, e, symbol, &from);
  e->access = ACCESS_WINDOW;
  e->clock = from.clock;
  if (!is_now(from.dim) || !is_now(to.dim)) want_history(c, e, symbol);
  Type of = e->left->type = type_of_symbol(c, symbol, e), out = of;
  out.shape = (Shape){0};
  append_dim(c, &out.shape, e->taps, e->span);
  for (int i = 0; i < of.shape.rank; i++)
    if (!append_dim(c, &out.shape, of.shape.dim[i], e->span)) return poison();
  return out;
}

static Type type_time(Checker *c, Scope *scope, Expr *e, Expr *at) {
  Symbol *symbol = value_read(c, scope, e);
  if (!symbol) return poison();
  return at->kind == EXPR_RANGE ? type_window(c, scope, e, symbol, at) : type_offset(c, scope, e, symbol, at);
}

/* --- components --------------------------------------------------------------------------------------------------------------- */

/* `demand.span` is where it does not fit; `asked`, elsewhere, the place in a cell that wants it. */
bool demand_size(Checker *c, Scope *scope, SizeDemand demand, Span asked) {
  int64_t off = 0, right = 0;
  Dim difference = dim_add(c->s, demand.left, demand.right, -1);
  bool known = dim_known(difference, &off);
  if (!known && scope->owner) { /* a cell's own dims: its calls decide */
    vec_push(c->s->arena, scope->demands, demand);
    return true;
  }
  if (!known || (demand.equal ? !off : off >= 0)) return true;
  Diag *d = diag_error(c->s, demand.code, demand.span, "the sizes do not fit");
  if (dim_known(demand.right, &right))
    diag_label(d, demand.span, "%s is %lld, but must be %s%lld", dim_text(c->s, demand.left), (long long)(off + right),
               demand.equal ? "" : "at least ", (long long)right);
  else diag_label(d, demand.span, "%s must be %s%s", dim_text(c->s, demand.left), demand.equal ? "" : "at least ", dim_text(c->s, demand.right));
  if (asked.file) diag_label(d, asked, "needed here");
  if (demand.code == E0307 && dim_known(demand.left, &right) && right < 0) diag_help(d, "components count from 0; another step is read as `[t-1]`");
  return false;
}

static bool at_least(Checker *c, Scope *scope, Dim left, Dim right, Span span) {
  return demand_size(c, scope, (SizeDemand){left, right, false, E0307, span}, (Span){0});
}

static bool component_end(Checker *c, Scope *scope, Expr *at, Dim *out) {
  Linear l = linear_of(c, scope, at);
  if (l.problem) {
    if (*l.problem) diag_label(diag_error(c->s, E0307, l.where, "this does not say which component"), l.where, "%s", l.problem);
    return false;
  }
  if (!l.timed && !l.tensor) return *out = l.dim, true;
  diag_error(c->s, E0307, at->span, "this does not say which component");
  return false;
}

static Type no_components(Checker *c, Expr *e, const Type *of) {
  Diag *d = diag_error(c->s, E0307, e->span, "a scalar has no components");
  explain_origin(c, d, e->left, of);
  return poison();
}

static bool bad_components(Checker *c, Span span, const char *problem) {
  diag_label(diag_error(c->s, E0307, span, "this does not say which components"), span, "%s", problem);
  return false;
}

/* `by`: every second, third … one. */
static bool component_stride(Checker *c, Scope *scope, Expr *by, int64_t *out) {
  Dim d;
  *out = 1;
  if (!by) return true;
  if (!component_end(c, scope, by, &d)) return false;
  return (dim_known(d, out) && *out >= 1) || bad_components(c, by->span, "`by` is a whole number, at least 1");
}

static bool component_range(Checker *c, Scope *scope, Expr *e, Expr *at, const Dim *of) {
  bool range = at->kind == EXPR_RANGE;
  Dim last, steps;
  if (!component_end(c, scope, range ? at->left : at, &e->offset)) return false;
  last = e->offset;
  if (range && !component_end(c, scope, at->right, &last)) return false;
  if (!component_stride(c, scope, range ? at->third : NULL, &e->stride)) return false;
  if (!divide(c, dim_add(c->s, last, e->offset, -1), e->stride, &steps))
    return bad_components(c, at->span, "how many these are depends on sizes that are not known here");
  e->taps = dim_add(c->s, steps, dim_literal(1), 1);
  Dim end = dim_add(c->s, dim_add(c->s, e->offset, steps, e->stride), dim_literal(1), 1);
  return at_least(c, scope, e->offset, dim_literal(0), at->span) && at_least(c, scope, e->taps, dim_literal(1), at->span) &&
         at_least(c, scope, *of, end, at->span);
}

static Type type_component(Checker *c, Scope *scope, Expr *e, Expr *at) {
  Type of = type_numbers(c, type_expr(c, scope, e->left), e->left), out = type_real();
  if (is_poison(of)) return of;
  if (!of.shape.rank) return no_components(c, e, &of);
  if (!component_range(c, scope, e, at, &of.shape.dim[0])) return poison();
  e->access = ACCESS_COMPONENT;
  if (at->kind == EXPR_RANGE) append_dim(c, &out.shape, e->taps, e->span);
  for (int i = 1; i < of.shape.rank; i++) append_dim(c, &out.shape, of.shape.dim[i], e->span);
  return out;
}

/* --- which of them ---------------------------------------------------------------------------------------------------------- */

static Type type_end(Checker *c, Scope *scope, Expr *e, Access access) {
  e->access = access; /* which clock: clocks.c */
  e->args.at[0].value->type = type_real();
  return type_expr(c, scope, e->left);
}

/* --- children ----------------------------------------------------------------------------------------------------------------- */

/* h[n.left] */
static bool is_child(const Expr *at) { return at->kind == EXPR_FIELD && at->left->kind == EXPR_NAME; }

const Symbol *tree_of_field(Checker *c, const Scope *scope, const Expr *field) {
  const Symbol *clock = field->left->kind == EXPR_NAME ? scope_find(scope, field->left->name) : NULL;
  const bool tree = clock && clock->kind == SYMBOL_CLOCK && is_tree(c, clock->clock);
  if (!tree) bad_delay(c, field->span, "only a tree's nodes have children: declare its clock as `tree n`");
  return tree ? clock : NULL;
}

static Type type_child(Checker *c, Scope *scope, Expr *e, Expr *at) {
  Symbol *symbol = value_read(c, scope, e);
  const Symbol *clock = tree_of_field(c, scope, at);
  if (!symbol || !clock) return poison();
  if (strcmp(at->name, "left") && strcmp(at->name, "right"))
    return bad_delay(c, at->name_span.file ? at->name_span : at->span, "a node has a `left` and a `right` child; of all: `sum over n.children (h)`");
  e->access = ACCESS_CHILD;
  e->clock = clock->clock;
  at->type = at->left->type = type_real();
  want_history(c, e, symbol);
  return e->left->type = type_of_symbol(c, symbol, e);
}

Type type_index(Checker *c, Scope *scope, Expr *e) {
  Expr *at = e->args.at[0].value;
  if (e->args.len != 1) return not_built(c, e->span, "reading along several clocks at once"), poison();
  if (at->kind == EXPR_NAME && !strcmp(at->name, "last")) return type_end(c, scope, e, ACCESS_LAST);
  if (at->kind == EXPR_NAME && !strcmp(at->name, "first")) return type_end(c, scope, e, ACCESS_FIRST);
  if (is_child(at)) return type_child(c, scope, e, at);
  if (mentions_clock(c, scope, at)) return type_time(c, scope, e, at);
  return type_component(c, scope, e, at);
}

/* --- x as [K] ----------------------------------------------------------------------------------------------------------------- */

static bool is_one(Dim d) {
  int64_t size;
  return dim_known(d, &size) && size == 1;
}

static bool may_be_same(Dim a, Dim b) {
  int64_t x, y;
  if (dim_equal(a, b)) return true;
  bool known = dim_known(a, &x) && dim_known(b, &y);
  return known ? x == y : !is_one(a) && !is_one(b);
}

/* Dims are renamed in their order; sizes of 1 come and go. What a cell leaves open is checked at its calls. */
static bool rename_dims(Checker *c, Scope *scope, const Shape *from, const Shape *to, Span span) {
  int i = 0, j = 0;
  while (i < from->rank || j < to->rank) {
    bool both = i < from->rank && j < to->rank;
    if (both && may_be_same(from->dim[i], to->dim[j])) {
      SizeDemand demand = {from->dim[i], to->dim[j], true, E0306, span};
      if (!dim_equal(from->dim[i], to->dim[j]) && !demand_size(c, scope, demand, (Span){0})) return true;
      i++, j++;
    } else if (i < from->rank && is_one(from->dim[i])) i++;
    else if (j < to->rank && is_one(to->dim[j])) j++;
    else return false;
  }
  return true;
}

Type type_as(Checker *c, Scope *scope, Expr *e) {
  Shape to = {0};
  Vec(Expr *) sizes = {0};
  for (int i = 0; i < e->args.len; i++) vec_push(c->s->arena, sizes, e->args.at[i].value);
  Type of = type_numbers(c, type_expr(c, scope, e->left), e->left);
  if (!shape_of_exprs(c, scope, sizes.at, sizes.len, e->span, &to)) return poison();
  if (is_poison(of) || rename_dims(c, scope, &of.shape, &to, e->span)) return type_shaped(to);
  Diag *d = diag_error(c->s, E0306, e->span, "%s cannot be renamed to %s", shape_text(c->s, of.shape), shape_text(c->s, to));
  explain_origin(c, d, e->left, &of);
  diag_note(d, "`as` gives other names to dims of equal size, in their order; it may add or drop dims of size 1");
  note_sizes(c, d, &of.shape, &to);
  return poison();
}
