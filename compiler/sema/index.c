/* index.c — x[t-1], x[t..t-L], x[last], h[n.left], h[t-1, n-1]. */
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

/* h[t-1, n-1]: what is read along the one clock is h as it is read along the other (along_clocks). */
static bool is_read_along(const Expr *e) { return e->left->kind == EXPR_INDEX && e->left->span.begin == e->span.begin && e->left->span.end == e->span.end; }

static Type type_of_read(Checker *c, Symbol *symbol, const Expr *e) {
  return is_read_along(e) ? e->left->type : type_of_symbol(c, symbol, e);
}

/* Only a named value is kept from step to step. */
static Symbol *value_read(Checker *c, Scope *scope, Expr *e) {
  if (is_read_along(e)) return is_poison(type_expr(c, scope, e->left)) ? NULL : value_of_read(e)->symbol;
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
  vec_push(c->s->arena, c->missing, ((MissingHistory){e, symbol, NULL, NULL}));
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
  return e->left->type = type_of_read(c, symbol, e);
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
  if (!dim_divide(c->s, length, by, &steps)) return bad_delay(c, e->span, "this many taps depend on sizes that are not known here"), false;
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
  Type of = e->left->type = type_of_read(c, symbol, e), out = of;
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

/* --- several clocks ----------------------------------------------------------------------------------------------------------- */

static int clock_of_step(Checker *c, Scope *scope, const Expr *e) {
  if (!e) return -1;
  if (e->kind == EXPR_NAME) {
    const Symbol *symbol = scope_find(scope, e->name);
    return symbol && symbol->kind == SYMBOL_CLOCK ? symbol->clock : -1;
  }
  const Expr *parts[] = {e->left, e->right, e->third};
  for (int i = 0; i < 3; i++)
    if (clock_of_step(c, scope, parts[i]) >= 0) return clock_of_step(c, scope, parts[i]);
  return -1;
}

/* x[0, 1] */
static Type not_steps(Checker *c, const Expr *e, const Expr *at) {
  Diag *d = diag_error(c->s, E0204, at->span, "between commas stand steps of several clocks");
  diag_label(d, at->span, "this is no step of a clock");
  const bool end = at->kind == EXPR_NAME && (!strcmp(at->name, "last") || !strcmp(at->name, "first"));
  if (end) diag_help(d, "give `%s[%s]` a name of its own", source_text(c, e->left->span), at->name);
  else if (e->left->kind == EXPR_NAME) diag_help(d, "components are taken one dim after the other: `%s[0][1]`", e->left->name);
  return poison();
}

static Type same_clock(Checker *c, const Expr *e, const Expr *at, int clock) {
  Diag *d = diag_error(c->s, E0204, at->span, "`%s` is read twice along `%s`", source_text(c, e->left->span), clock_name(c, clock));
  diag_label(d, at->span, "a second step of `%s`", clock_name(c, clock));
  diag_help(d, "add them up: `[%s-1, %s-2]` is `[%s-3]`", clock_name(c, clock), clock_name(c, clock), clock_name(c, clock));
  return poison();
}

static Type tensor_along_clocks(Checker *c, const Expr *e, const Expr *at) {
  Diag *d = diag_error(c->s, E0215, at->span, "delays by a tensor are read along one clock alone");
  diag_label(d, at->span, "each connection has its own delay here");
  diag_help(d, "give `%s`, read along the other clock, a name of its own", source_text(c, e->left->span));
  return poison();
}

static int present_step(Checker *c, Scope *scope, const Expr *e) {
  for (int i = 0; i < e->args.len; i++)
    if (e->args.at[i].value->kind != EXPR_RANGE && is_now(linear_of(c, scope, e->args.at[i].value).dim)) return i;
  return 0;
}

/* h[t-1, n-1] becomes h[n-1][t-1]; a step that is the present one, h[t, n-1], is the last to be read: it reads nothing else. */
static Expr *read_of_read(Checker *c, Scope *scope, Expr *e) {
  const int first = present_step(c, scope, e);
  Expr *others = arena_new_of(c->s->arena, Expr);
  *others = *e;
  others->args = (Args){0};
  for (int i = 0; i < e->args.len; i++)
    if (i != first) vec_push(c->s->arena, others->args, e->args.at[i]);
  e->args.at[0] = e->args.at[first];
  e->args.len = 1;
  e->left = others;
  return e;
}

static Type along_clocks(Checker *c, Scope *scope, Expr *e) {
  Axes seen = 0;
  for (int i = 0; i < e->args.len; i++) {
    Expr *at = e->args.at[i].value;
    at->type = type_real();
    const int clock = is_child(at) ? -1 : clock_of_step(c, scope, at);
    if (clock < 0) return not_steps(c, e, at);
    if (seen & AXIS_CLOCK(clock)) return same_clock(c, e, at, clock);
    if (at->kind != EXPR_RANGE && linear_of(c, scope, at).tensor) return tensor_along_clocks(c, e, at);
    if (at->kind == EXPR_RANGE && linear_of(c, scope, at->left).tensor) return tensor_along_clocks(c, e, at);
    seen |= AXIS_CLOCK(clock);
  }
  return type_index(c, scope, read_of_read(c, scope, e));
}

Type type_index(Checker *c, Scope *scope, Expr *e) {
  Expr *at = e->args.at[0].value;
  if (e->args.len != 1) return along_clocks(c, scope, e);
  if (at->kind == EXPR_NAME && !strcmp(at->name, "last")) return type_end(c, scope, e, ACCESS_LAST);
  if (at->kind == EXPR_NAME && !strcmp(at->name, "first")) return type_end(c, scope, e, ACCESS_FIRST);
  if (is_child(at)) return type_child(c, scope, e, at);
  if (mentions_clock(c, scope, at)) return type_time(c, scope, e, at);
  if (unknown_end(c, scope, e, at)) return poison();
  return type_component(c, scope, e, at);
}
