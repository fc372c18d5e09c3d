/* clauses_values.c — clauses that take expressions: loss, report, plot, write, and those that take conditions. */
#include "sema/clauses.h"

/* mse(y, y) is 0 whatever the net does. */
static void compare_with_itself(Checker *c, const Expr *e) {
  const Builtin *b = e->kind == EXPR_CALL && e->symbol && e->symbol->kind == SYMBOL_BUILTIN ? e->symbol->builtin : NULL;
  for (int i = 0; i < e->args.len; i++) compare_with_itself(c, e->args.at[i].value);
  if (e->left) compare_with_itself(c, e->left);
  if (e->right) compare_with_itself(c, e->right);
  if (!b || b->class != BUILTIN_LOSS || e->args.len < 2 || e->args.at[1].name) return;
  const Expr *said = e->args.at[0].value, *wanted = e->args.at[1].value;
  const char *text = source_text(c, said->span);
  if (strcmp(text, source_text(c, wanted->span))) return;
  Diag *d = clause_wrong(c, wanted->span, arena_printf(c->s->arena, "`%s` compares `%s` with itself", e->name, text), NULL);
  diag_label(d, wanted->span, "the same as before the comma");
  if (said->kind == EXPR_NAME && said->symbol && said->symbol->kind == SYMBOL_OUTPUT)
    diag_suggest(d, wanted->span, arena_printf(c->s->arena, "data.%s", text), "what the data say of `%s`", text);
  else diag_help(d, "compare it with a target, or with what the data say of an output: `data.y`");
}

static Type expression(Checker *c, Stage *stage, Expr *e) {
  Type t = type_expr(c, stage->scope, e);
  if (!is_poison(t)) compare_with_itself(c, e);
  if (!is_poison(t)) clocks_of_expr(c, stage->scope, e);
  return t;
}

static bool is_scalar(Checker *c, const Expr *e, const Type *t, const char *what) {
  if (is_poison(*t) || (t->kind == TYPE_REAL && !t->shape.rank)) return true;
  Diag *d = diag_error(c->s, E0408, e->span, "%s is one number, not %s", what, shape_phrase(c, t));
  explain_origin(c, d, e, t);
  return false;
}

static const Expr *metric_in(const Expr *e) {
  const Symbol *s = e ? e->symbol : NULL;
  if (!e || (s && s->kind == SYMBOL_BUILTIN && s->builtin->class == BUILTIN_METRIC)) return e;
  const Expr *found = metric_in(e->left);
  if (!found) found = metric_in(e->right);
  if (!found) found = metric_in(e->third);
  for (int i = 0; !found && i < e->args.len; i++) found = metric_in(e->args.at[i].value);
  return found;
}

/* `rmse` is only known when all batches are. */
static void no_metrics(Checker *c, const Expr *e) {
  const Expr *metric = metric_in(e);
  if (!metric) return;
  Diag *d = diag_error(c->s, E0409, metric->span, "`%s` measures a whole run, and a loss is known for each batch", metric->name);
  diag_label(d, metric->span, "for `report` and `expect`");
  if (strcmp(metric->name, "rmse")) diag_help(d, "a loss is made of mse, mae, bce, huber, sse, xent, l1, l2 and per_sequence");
  else diag_suggest(d, metric->span, arena_printf(c->s->arena, "sqrt(mse%s)", source_text(c, metric->span) + strlen("rmse")), "the root of a batch's error");
}

void check_loss(Checker *c, Stage *stage, Clause *clause) {
  if (clause->args.len != 1) {
    clause_wrong(c, clause->keyword_span, "`loss` takes one expression", "loss mse(y, data.y)");
    return;
  }
  Type t = expression(c, stage, clause_argument(clause, 0));
  if (!is_poison(t)) no_metrics(c, clause_argument(clause, 0));
  if (!is_scalar(c, clause_argument(clause, 0), &t, "a loss")) diag_help(c->s->diags.at[c->s->diags.len - 1], "`mean(…)` or `sum(…)` makes it one");
}

static const Expr *stage_loss_in(const Expr *e) {
  if (!e) return NULL;
  if (e->kind == EXPR_NAME) return e->symbol && e->symbol->kind == SYMBOL_VALUE && !e->symbol->equation && !strcmp(e->name, "loss") ? e : NULL;
  const Expr *found = stage_loss_in(e->left);
  if (!found) found = stage_loss_in(e->right);
  for (int i = 0; !found && i < e->args.len; i++) found = stage_loss_in(e->args.at[i].value);
  return found;
}

/* The loss of the stage is known to its loop, not to what computes reports. */
static void reported_alone(Checker *c, const Expr *e) {
  const Expr *loss = stage_loss_in(e);
  if (!loss || loss == e) return;
  Diag *d = diag_error(c->s, E0410, e->span, "`loss` is reported as it is");
  diag_label(d, loss->span, "the epoch's mean");
  diag_help(d, "report `loss`; or the expression of the `loss` clause, with what is made of it");
}

void check_values(Checker *c, Stage *stage, Clause *clause) {
  clause_modifiers(c, stage, clause, "last");
  for (int i = 0; i < clause->args.len; i++) {
    expression(c, stage, clause_argument(clause, i));
    reported_alone(c, clause_argument(clause, i));
  }
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
