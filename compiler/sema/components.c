/* components.c — x[0..3], x[2], sizes that must fit, and `x as [K]`. */
#include "sema/check.h"

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
  if (!dim_divide(c->s, dim_add(c->s, last, e->offset, -1), e->stride, &steps))
    return bad_components(c, at->span, "how many these are depends on sizes that are not known here");
  e->taps = dim_add(c->s, steps, dim_literal(1), 1);
  Dim end = dim_add(c->s, dim_add(c->s, e->offset, steps, e->stride), dim_literal(1), 1);
  return at_least(c, scope, e->offset, dim_literal(0), at->span) && at_least(c, scope, e->taps, dim_literal(1), at->span) &&
         at_least(c, scope, *of, end, at->span);
}

/* h[-1]: counted from the end elsewhere; the last step, the step before, or the last component may be meant. */
static bool from_the_end(Checker *c, const Expr *e, const Expr *at, const Type *of) {
  const bool negative = at->kind == EXPR_UNARY && at->op == OPERATOR_NEG && at->left->kind == EXPR_NUMBER;
  if (!negative || e->left->kind != EXPR_NAME) return false;
  const char *name = e->left->name, *number = source_text(c, at->span);
  Diag *d = diag_error(c->s, E0307, at->span, "`%s` has no component %s", name, number);
  diag_label(d, at->span, "components count from 0");
  const Symbol *symbol = e->left->symbol;
  if (c->module->clocks.len > 1) diag_help(d, "the last step of its clock is `%s[last]`", name);
  else if (symbol && symbol->kind != SYMBOL_PARAM && symbol->kind != SYMBOL_FIXED)
    diag_help(d, "the last step of its clock is `%s[last]`, the step before this one `%s[%s-1]`", name, name, clock_of_value(c, symbol));
  if (of->shape.rank) diag_help(d, "the last component of %s is `%s[%s - %s]`", shape_text(c->s, of->shape), name, dim_text(c->s, of->shape.dim[0]), number + 1);
  return true;
}

Type type_component(Checker *c, Scope *scope, Expr *e, Expr *at) {
  Type of = type_numbers(c, type_expr(c, scope, e->left), e->left), out = type_real();
  if (is_poison(of)) return of;
  if (from_the_end(c, e, at, &of)) return poison();
  if (!of.shape.rank) return no_components(c, e, &of);
  if (!component_range(c, scope, e, at, &of.shape.dim[0])) return poison();
  e->access = ACCESS_COMPONENT;
  if (at->kind == EXPR_RANGE) append_dim(c, &out.shape, e->taps, e->span);
  for (int i = 1; i < of.shape.rank; i++) append_dim(c, &out.shape, of.shape.dim[i], e->span);
  return out;
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
