/* linear.c — sizes and indices: K - 2, t - L, t - 2 ms, as sums of a clock, dims, whole numbers and seconds. */
#include "sema/check.h"

static Linear number(Linear l, int64_t n) {
  l.dim = dim_literal(n);
  return l;
}

static Linear fail(Span where, const char *problem) { return (Linear){.problem = problem, .where = where, .clock = -1}; }

static Linear of_number(const Expr *e) {
  Linear l = {.clock = -1};
  int64_t whole;
  if (e->unit && strcmp(e->unit, "%") && constant_number(e, &l.seconds)) return l.timed = true, l;
  if (e->unit || !whole_number(e->number, &whole)) return fail(e->span, "is not a whole number");
  return number(l, whole);
}

static Linear of_constant(const Expr *e) {
  int64_t whole;
  double value;
  if (!constant_number(e, &value)) return fail(e->span, "is not known when the sizes are");
  if (!whole_number(value, &whole)) return fail(e->span, "is not a whole number");
  return number((Linear){.clock = -1}, whole);
}

static Linear of_name(Checker *c, Scope *scope, Expr *e) {
  Linear l = {.clock = -1};
  Symbol *symbol = resolve(c, scope, e);
  if (!symbol) return fail(e->span, "");
  switch (symbol->kind) {
  case SYMBOL_DIM: return l.dim = dim_of(c->s, symbol), l;
  case SYMBOL_CLOCK: return l.clock = symbol->clock, l.times = 1, l;
  case SYMBOL_LET: return type_of_symbol(c, symbol, e), of_constant(e);
  case SYMBOL_FIXED: case SYMBOL_PARAM: return l.tensor = symbol, l.tensor_times = 1, l;
  case SYMBOL_OPTION: return fail(e->span, "is an option; sizes and delays are made of dims");
  default: return fail(e->span, "is not a size");
  }
}

static Linear add(Checker *c, Linear a, Linear b, int64_t times, Span span) {
  if (a.problem) return a;
  if (b.problem) return b;
  if (a.clock >= 0 && b.clock >= 0 && a.clock != b.clock) return fail(span, "mixes two clocks");
  a.times += times * b.times;
  if (a.clock < 0) a.clock = b.clock;
  a.dim = dim_add(c->s, a.dim, b.dim, times);
  a.seconds += (double)times * b.seconds;
  a.timed |= b.timed;
  if (a.tensor && b.tensor) return fail(span, "adds two tensors of delays");
  if (b.tensor) a.tensor = b.tensor, a.tensor_times = times * b.tensor_times;
  return a;
}

static bool plain_number(const Linear *l) { return !l->problem && l->clock < 0 && !l->timed && !l->tensor && !l->dim.terms; }

static Linear multiply(Checker *c, Linear a, Linear b, Span span) {
  if (a.problem) return a;
  if (b.problem) return b;
  if (!plain_number(&a)) {
    Linear swap = a;
    a = b, b = swap;
  }
  if (b.clock >= 0) return fail(span, "a step is a clock plus or minus a number");
  if (!plain_number(&a) || b.tensor) return fail(span, "is not a sum of sizes");
  Linear out = {.clock = -1, .seconds = b.seconds * (double)a.dim.constant, .timed = b.timed};
  out.dim = dim_add(c->s, dim_literal(0), b.dim, a.dim.constant);
  return out;
}

Linear linear_of(Checker *c, Scope *scope, Expr *e) {
  e->type = type_real(); /* for the printers: it is a number */
  if (e->kind == EXPR_NUMBER) return of_number(e);
  if (e->kind == EXPR_NAME) return of_name(c, scope, e);
  bool minus = e->kind == EXPR_UNARY && e->op == OPERATOR_NEG;
  if (minus) return add(c, (Linear){.clock = -1}, linear_of(c, scope, e->left), -1, e->span);
  bool sum = e->kind == EXPR_BINARY && (e->op == OPERATOR_ADD || e->op == OPERATOR_SUB);
  bool product = e->kind == EXPR_BINARY && e->op == OPERATOR_MUL;
  if (!sum && !product) return fail(e->span, "is not a sum of sizes");
  Linear left = linear_of(c, scope, e->left), right = linear_of(c, scope, e->right);
  if (product) return multiply(c, left, right, e->span);
  return add(c, left, right, e->op == OPERATOR_ADD ? 1 : -1, e->span);
}

bool mentions_clock(Checker *c, Scope *scope, const Expr *e) {
  if (!e) return false;
  if (e->kind == EXPR_NAME) {
    const Symbol *symbol = scope_find(scope, e->name);
    return symbol && symbol->kind == SYMBOL_CLOCK;
  }
  return mentions_clock(c, scope, e->left) || mentions_clock(c, scope, e->right) || mentions_clock(c, scope, e->third);
}

/* --- sizes of a declared type ------------------------------------------------------------------------------------------- */

static bool bad_size(Checker *c, Span span, const char *problem) {
  if (*problem) diag_label(diag_error(c->s, E0105, span, "this is not a size"), span, "%s", problem);
  return false;
}

bool dim_of_expr(Checker *c, Scope *scope, Expr *e, Dim *out) {
  Linear l = linear_of(c, scope, e);
  int64_t size;
  if (l.problem) return bad_size(c, l.where, l.problem);
  if (l.clock >= 0) return bad_size(c, e->span, "a clock has no size");
  if (l.timed || l.tensor) return bad_size(c, e->span, "a size is a sum of dims and whole numbers");
  if (dim_known(l.dim, &size) && size < 1) return bad_size(c, e->span, arena_printf(c->s->arena, "it is %lld; a size is at least 1", (long long)size));
  *out = l.dim;
  return true;
}

bool shape_of_exprs(Checker *c, Scope *scope, Expr *const *sizes, int count, Span span, Shape *out) {
  *out = (Shape){0};
  bool fine = true;
  for (int i = 0; i < count; i++) {
    Dim d;
    if (!dim_of_expr(c, scope, sizes[i], &d)) fine = false;
    else if (!append_dim(c, out, d, span)) return false;
  }
  return fine;
}
