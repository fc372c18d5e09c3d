/* clauses_values.c — clauses that take expressions: loss, report, plot, write, and those that take conditions. */
#include "sema/clauses.h"

/* mse(y, y) is 0 whatever the net does. */
static void compare_with_itself(Checker *c, const Expr *e) {
  const Builtin *b = e->kind == EXPR_CALL && e->symbol && e->symbol->kind == SYMBOL_BUILTIN ? e->symbol->builtin : NULL;
  for (int i = 0; i < e->args.len; i++) compare_with_itself(c, e->args.at[i].value);
  if (e->left) compare_with_itself(c, e->left);
  if (e->right) compare_with_itself(c, e->right);
  if (e->third) compare_with_itself(c, e->third);
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

/* --- xent(p, k), bce(p, z): p are chances ----------------------------------------------------------------------------------------- */

static bool is_of_data(const Expr *e) {
  if (e->kind == EXPR_FIELD) return e->left->kind == EXPR_NAME && !strcmp(e->left->name, "data");
  return e->kind == EXPR_NAME && e->symbol && (e->symbol->kind == SYMBOL_TARGET || e->symbol->kind == SYMBOL_INPUT);
}

/* xent(data.w, p): the logarithm would be of what the data say. */
static void swapped(Checker *c, const Expr *e) {
  const Expr *p = e->args.at[0].value, *k = e->args.at[1].value;
  const char *first = source_text(c, p->span), *second = source_text(c, k->span);
  Diag *d = clause_wrong(c, p->span, arena_printf(c->s->arena, "`%s` takes what the net says first, then what the data say", e->name), NULL);
  diag_label(d, p->span, "what the data say");
  diag_suggest(d, (Span){p->span.file, p->span.begin, k->span.end}, arena_printf(c->s->arena, "%s, %s", second, first), "the other way round");
}

/* The right side that a name stands for, where it is one of the net's own equations. */
static const Expr *right_side(const Expr *e) {
  for (int i = 0; i < 8 && e->kind == EXPR_NAME && e->symbol && !e->symbol->call; i++) {
    if (!e->symbol->equation || !e->symbol->equation->value) return e;
    e = e->symbol->equation->value;
  }
  return e;
}

static bool is_sum_with_product(const Expr *e) {
  if (e->kind != EXPR_BINARY) return false;
  if (e->op == OPERATOR_MATMUL) return true;
  return (e->op == OPERATOR_ADD || e->op == OPERATOR_SUB) && (is_sum_with_product(e->left) || is_sum_with_product(e->right));
}

/* Evidently no chances: a product with a matrix, a sum with one, tanh, relu. Whatever else there is may be some. */
static const char *no_chances(const Expr *e) {
  if (e->kind == EXPR_CALL && e->symbol && e->symbol->kind == SYMBOL_BUILTIN) {
    if (!strcmp(e->name, "tanh")) return "from -1 to 1";
    return strcmp(e->name, "relu") ? NULL : "of any size";
  }
  return is_sum_with_product(e) ? "of any size and sign" : NULL;
}

static void wants_chances(Checker *c, const Expr *e) {
  const bool xent = !strcmp(e->name, "xent");
  const Expr *p = e->args.at[0].value, *side = right_side(p);
  const char *what = no_chances(side), *function = xent ? "softmax" : "sigmoid";
  if (!what) return;
  Diag *d = diag_warning(c->s, E0419, p->span, "`%s` wants chances, and `%s` are numbers %s", e->name, source_text(c, p->span), what);
  diag_label(d, p->span, "its logarithm is taken");
  if (side != p) diag_label(d, side->span, "not from 0 to 1");
  diag_suggest(d, p->span, arena_printf(c->s->arena, "%s(%s)", function, source_text(c, p->span)), xent ? "chances that add up to 1" : "chances of yes");
}

static void check_chances(Checker *c, const Expr *e) {
  if (!e) return;
  const bool entropy = e->kind == EXPR_CALL && e->symbol && e->symbol->kind == SYMBOL_BUILTIN && (!strcmp(e->name, "xent") || !strcmp(e->name, "bce"));
  if (entropy && e->args.len == 2) {
    if (is_of_data(e->args.at[0].value) && !is_of_data(e->args.at[1].value)) swapped(c, e);
    else wants_chances(c, e);
  }
  check_chances(c, e->left);
  check_chances(c, e->right);
  check_chances(c, e->third);
  for (int i = 0; i < e->args.len; i++) check_chances(c, e->args.at[i].value);
}

static Type expression(Checker *c, Stage *stage, Expr *e) {
  Type t = type_expr(c, stage->scope, e);
  if (!is_poison(t)) compare_with_itself(c, e);
  if (!is_poison(t)) check_chances(c, e);
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
  if (!found) found = stage_loss_in(e->third);
  for (int i = 0; !found && i < e->args.len; i++) found = stage_loss_in(e->args.at[i].value);
  return found;
}

/* `report validation`: as `loss`, a number that the training loop has. */
static bool is_of_loop(const Stage *stage, Expr *e) {
  const bool named = stage->decl->kind == DECL_TRAIN && e->kind == EXPR_NAME && (!strcmp(e->name, "validation") || !strcmp(e->name, "bits_per_step"));
  if (!named || scope_find(stage->net->scope->parent, e->name) || scope_here(stage->net->scope, e->name)) return false;
  e->symbol = scope_here(stage->loop, e->name);
  return e->type = type_real(), true;
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
    if (is_of_loop(stage, clause_argument(clause, i))) continue;
    expression(c, stage, clause_argument(clause, i));
    reported_alone(c, clause_argument(clause, i));
  }
  if (!clause->args.len) clause_wrong(c, clause->keyword_span, arena_printf(c->s->arena, "what to %s?", clause->keyword), NULL);
}

static bool is_condition(const Expr *e) {
  bool of_operator = e->kind == EXPR_BINARY || e->kind == EXPR_UNARY;
  return of_operator && ((e->op >= OPERATOR_OR && e->op <= OPERATOR_NE) || e->op == OPERATOR_NOT);
}

static void wants_condition(Checker *c, const Expr *e, const char *keyword, const char *example) {
  diag_label(clause_wrong(c, e->span, arena_printf(c->s->arena, "`%s` takes a condition", keyword), example), e->span, "compare this with a number");
}

/* What is expected of a value of the net is expected of each of its components, at each step. */
static void check_expected(Checker *c, Stage *stage, Expr *e) {
  Type t = expression(c, stage, e);
  if (is_poison(t) || !is_scalar(c, e, &(Type){.kind = t.kind, .below = t.below}, "a condition") || is_condition(e)) return;
  wants_condition(c, e, "expect", "expect rmse(y, data.y) < 0.1");
}

void check_expect(Checker *c, Stage *stage, Clause *clause) {
  for (int i = 0; i < clause->args.len; i++) check_expected(c, stage, clause_argument(clause, i));
  if (!clause->args.len) clause_wrong(c, clause->keyword_span, "what is expected?", "expect rmse(y, data.y) < 0.1");
}

/* --- conditions of the training loop: skip when loss < 0.01 -------------------------------------------------------------------- */

/* The part of a condition that the loop knows nothing of; NULL: it knows all. */
static const Expr *unknown_to_loop(const Stage *stage, const Expr *e) {
  double number;
  if (constant_number(e, &number)) return NULL;
  if (e->kind == EXPR_NAME) return e->symbol && e->symbol->scope == stage->loop ? NULL : e;
  if (e->kind != EXPR_UNARY && e->kind != EXPR_BINARY) return e;
  const Expr *left = unknown_to_loop(stage, e->left);
  return left || e->kind == EXPR_UNARY ? left : unknown_to_loop(stage, e->right);
}

static const Expr *named_in(const Expr *e, const char *name) {
  if (!e || (e->kind == EXPR_NAME && !strcmp(e->name, name))) return e;
  const Expr *left = named_in(e->left, name);
  return left ? left : named_in(e->right, name);
}

static void check_condition(Checker *c, Stage *stage, Expr *e, const char *keyword) {
  const Type t = type_expr(c, stage->loop, e);
  if (is_poison(t)) return;
  const Expr *unknown = unknown_to_loop(stage, e), *validation = named_in(e, "validation");
  if (unknown) {
    Diag *d = clause_wrong(c, unknown->span, arena_printf(c->s->arena, "`%s when` knows `loss`, `validation`, `epoch` and `bits_per_step`", keyword), NULL);
    diag_label(d, unknown->span, "not known between updates");
    diag_help(d, "for example: `%s when loss < 0.01`", keyword);
  } else if (!is_condition(e)) {
    wants_condition(c, e, arena_printf(c->s->arena, "%s when", keyword), arena_printf(c->s->arena, "%s when loss < 0.01", keyword));
  } else if (validation && !find_clause(stage->decl, "validate")) {
    Diag *d = clause_wrong(c, validation->span, "`validation` is the loss of the validation part, and there is none", NULL);
    diag_label(d, validation->span, "would never be known");
    diag_help(d, "add `validate last 10%%`, or look at `loss`");
  }
}

void check_when(Checker *c, Stage *stage, Clause *clause) {
  const Modifier *when = find_modifier(clause, "when");
  if (when && when->args.len == 1 && !clause->args.len) check_condition(c, stage, when->args.at[0].value, clause->keyword);
  else clause_wrong(c, clause->span, "when?", arena_printf(c->s->arena, "%s when loss < 0.01", clause->keyword));
}

/* write csv(y, "out.csv") */
static void file_first(Checker *c, const Expr *e) {
  int file = -1;
  for (int i = 0; i < e->args.len; i++)
    if (e->args.at[i].value->kind == EXPR_STRING) file = file < 0 ? i : file;
  if (!file) return;
  const char *order = "";
  Diag *d = clause_wrong(c, e->span, arena_printf(c->s->arena, "`%s` takes the name of a file first", e->name),
                         file < 0 ? arena_printf(c->s->arena, "write %s(\"out.%s\", y)", e->name, e->name) : NULL);
  if (file < 0) return;
  for (int i = 0; i < e->args.len; i++) /* the same arguments, the file before the others */
    if (i != file) order = arena_printf(c->s->arena, "%s, %s", order, source_text(c, e->args.at[i].value->span));
  diag_suggest(d, e->span, arena_printf(c->s->arena, "%s(%s%s)", e->name, source_text(c, e->args.at[file].value->span), order), "the file, then the values");
}

void check_write(Checker *c, Stage *stage, Clause *clause) {
  for (int i = 0; i < clause->args.len; i++) {
    Expr *e = clause_argument(clause, i);
    const Choice *choice = e->kind == EXPR_CALL ? choice_named(c, CHOICE_WRITE, e) : NULL;
    if (e->kind != EXPR_CALL) clause_wrong(c, e->span, "where to?", "write csv(\"out.csv\", y)");
    e->type = type_real();
    for (int j = 0; choice && j < e->args.len; j++) expression(c, stage, e->args.at[j].value);
    if (choice && strcmp(choice->name, "stdout")) file_first(c, e);
  }
}
