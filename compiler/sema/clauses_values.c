/* clauses_values.c — clauses that take expressions: loss, report, plot, write, and those that take conditions. */
#include "sema/clauses.h"

static Type expression(Checker *c, Stage *stage, Expr *e) {
  Type t = type_expr(c, stage->scope, e);
  if (!is_poison(t)) clocks_of_expr(c, stage->scope, e);
  return t;
}

static bool is_scalar(Checker *c, const Expr *e, const Type *t, const char *what) {
  if (is_poison(*t) || (t->kind == TYPE_REAL && !t->shape.rank)) return true;
  Diag *d = diag_error(c->s, E0408, e->span, "%s is one number, not %s", what, shape_phrase(c, t));
  explain_origin(c, d, e, t);
  return false;
}

void check_loss(Checker *c, Stage *stage, Clause *clause) {
  if (clause->args.len != 1) {
    clause_wrong(c, clause->keyword_span, "`loss` takes one expression", "loss mse(y, data.y)");
    return;
  }
  Type t = expression(c, stage, clause_argument(clause, 0));
  if (!is_scalar(c, clause_argument(clause, 0), &t, "a loss")) diag_help(c->s->diags.at[c->s->diags.len - 1], "`mean(…)` or `sum(…)` makes it one");
}

void check_values(Checker *c, Stage *stage, Clause *clause) {
  clause_modifiers(c, stage, clause, "last");
  for (int i = 0; i < clause->args.len; i++) expression(c, stage, clause_argument(clause, i));
  if (!clause->args.len) clause_wrong(c, clause->keyword_span, arena_printf(c->s->arena, "what to %s?", clause->keyword), NULL);
}

static bool is_condition(const Expr *e) {
  bool of_operator = e->kind == EXPR_BINARY || e->kind == EXPR_UNARY;
  return of_operator && ((e->op >= OPERATOR_OR && e->op <= OPERATOR_NE) || e->op == OPERATOR_NOT);
}

static void check_condition(Checker *c, Stage *stage, Expr *e, const char *keyword) {
  Type t = expression(c, stage, e);
  bool fine = is_scalar(c, e, &t, "a condition");
  if (!fine || is_poison(t) || is_condition(e)) return;
  diag_label(clause_wrong(c, e->span, arena_printf(c->s->arena, "`%s` takes a condition", keyword), "expect rmse(y, data.y) < 0.1"), e->span,
             "compare this with a number");
}

void check_expect(Checker *c, Stage *stage, Clause *clause) {
  for (int i = 0; i < clause->args.len; i++) check_condition(c, stage, clause_argument(clause, i), clause->keyword);
  if (!clause->args.len) clause_wrong(c, clause->keyword_span, "what is expected?", "expect rmse(y, data.y) < 0.1");
}

/* skip when loss < 0.01 */
void check_when(Checker *c, Stage *stage, Clause *clause) {
  const Modifier *when = find_modifier(clause, "when");
  if (when && when->args.len == 1 && !clause->args.len) check_condition(c, stage, when->args.at[0].value, clause->keyword);
  else clause_wrong(c, clause->span, "when?", arena_printf(c->s->arena, "%s when loss < 0.01", clause->keyword));
}

void check_write(Checker *c, Stage *stage, Clause *clause) {
  for (int i = 0; i < clause->args.len; i++) {
    Expr *e = clause_argument(clause, i);
    const Choice *choice = e->kind == EXPR_CALL ? choice_named(c, CHOICE_WRITE, e) : NULL;
    if (e->kind != EXPR_CALL) clause_wrong(c, e->span, "where to?", "write csv(\"out.csv\", y)");
    e->type = type_real();
    for (int j = 0; choice && j < e->args.len; j++) expression(c, stage, e->args.at[j].value);
  }
}
