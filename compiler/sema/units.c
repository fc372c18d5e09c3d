/* units.c — times and numbers: `20 ms` is a time, `20` is none. Only what is known when compiling has a unit here; a param, an option or a
 * state may be either, and is not asked. */
#include "sema/check.h"

static int of_name(const Symbol *symbol) {
  if (symbol && symbol->kind == SYMBOL_DIM) return 0;
  return symbol && symbol->kind == SYMBOL_LET && symbol->settled ? symbol->unit : ANY_UNIT;
}

static int of_branches(int a, int b) { return a == ANY_UNIT ? b : a; }

static int of_binary(const Expr *e) {
  const int a = time_in(e->left), b = time_in(e->right);
  switch (e->op) {
  case OPERATOR_ADD:
  case OPERATOR_SUB: return of_branches(a, b);
  case OPERATOR_MUL: return a == ANY_UNIT || b == ANY_UNIT ? ANY_UNIT : a + b;
  case OPERATOR_DIV: return a == ANY_UNIT || b == ANY_UNIT ? ANY_UNIT : a - b;
  case OPERATOR_POW:
  case OPERATOR_MATMUL: return a == 0 && b == 0 ? 0 : ANY_UNIT;
  default: return 0; /* true or false */
  }
}

static int of_call(const Expr *e) {
  static const char *const keeping[] = {"abs", "min", "max", "stop", "clamp"};
  for (size_t i = 0; i < sizeof keeping / sizeof *keeping; i++)
    if (!strcmp(e->name, keeping[i])) return e->args.len ? time_in(e->args.at[0].value) : ANY_UNIT;
  return ANY_UNIT;
}

bool is_percentage(const Expr *e) { return e->kind == EXPR_NUMBER && e->unit && !strcmp(e->unit, "%"); }

int time_in(const Expr *e) {
  switch (e->kind) {
  case EXPR_NUMBER: return e->unit && !is_percentage(e) ? 1 : 0;
  case EXPR_NAME: return of_name(e->symbol);
  case EXPR_UNARY: return e->op == OPERATOR_NOT ? 0 : time_in(e->left);
  case EXPR_BINARY: return of_binary(e);
  case EXPR_IF: return of_branches(time_in(e->right), time_in(e->third));
  case EXPR_CALL: return of_call(e);
  default: return ANY_UNIT;
  }
}

/* Before the program has its clocks, the file has. */
double step_here(const Checker *c) {
  for (int i = 0; i < c->module->clocks.len; i++)
    if (c->module->clocks.at[i].step > 0) return c->module->clocks.at[i].step;
  return 0;
}

double step_of_clocks(const Program *p) {
  for (int i = 0; i < p->clocks.len; i++)
    if (p->clocks.at[i].step > 0) return p->clocks.at[i].step;
  return 0;
}

static bool is_zero(const Expr *e) {
  double x;
  return constant_number(e, &x) && x == 0;
}

/* What `20` most likely means where a time is wanted: `20 ms`, where the clock's step is below a second. */
const char *as_time(Checker *c, const Expr *number) {
  const char *text = source_text(c, number->span);
  if (number->kind == EXPR_NUMBER) return arena_printf(c->s->arena, "%s ms", text);
  return arena_printf(c->s->arena, number->kind == EXPR_NAME ? "%s * 1 ms" : "(%s) * 1 ms", text);
}

bool check_same_units(Checker *c, const Expr *e) {
  const int a = time_in(e->left), b = time_in(e->right);
  if (a == b || a == ANY_UNIT || b == ANY_UNIT || is_zero(e->left) || is_zero(e->right)) return true;
  const Expr *time = a == 1 ? e->left : b == 1 ? e->right : NULL, *other = time == e->left ? e->right : e->left;
  Diag *d = diag_error(c->s, E0309, e->right->span, "`%s` needs two times or two numbers", operator_text(e->op));
  diag_label(d, e->left->span, "%s", a == 1 ? "a time" : a ? "neither a time nor a number" : "a number");
  diag_label(d, e->right->span, "%s", b == 1 ? "a time" : b ? "neither a time nor a number" : "a number");
  if (time && other->kind == EXPR_NUMBER && time_in(other) == 0) diag_suggest(d, other->span, as_time(c, other), "as a time");
  return false;
}

/* `decay(20)` on a clock with a step would be of 20 seconds. */
bool check_time_of_decay(Checker *c, const Expr *time) {
  double x;
  const int unit = time_in(time);
  if (unit == 0 && step_here(c) > 0) {
    Diag *d = diag_error(c->s, E0309, time->span, "`decay` takes a time, and `%s` is a number", source_text(c, time->span));
    diag_label(d, time->span, "of what?");
    diag_suggest(d, time->span, as_time(c, time), "the clock has a step, so a time constant is a time");
    return false;
  }
  if (unit == ANY_UNIT || !constant_number(time, &x) || x > 0) return true;
  Diag *d = diag_error(c->s, E0309, time->span, "a time constant is above 0");
  diag_label(d, time->span, "`decay(T)` is exp(-step / T)");
  return false;
}
