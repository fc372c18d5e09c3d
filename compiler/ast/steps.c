/* steps.c — `h(t-1)`, as mathematics writes it, reads like a call here. Where h is a value of the same cell or net and t a
 * clock, it was meant to be `h[t-1]`. This can only be said when the whole file is known. */
#include "ast/steps.h"
#include "base/diag.h"

typedef struct Steps {
  Session *session;
  const Ast *ast;
  const Decl *around;
} Steps;

static bool is_clock(const Steps *steps, Name name) {
  bool declared = false;
  for (int i = 0; i < steps->ast->decls.len; i++) {
    const ClockList *clocks = &steps->ast->decls.at[i]->clocks;
    for (int k = 0; k < clocks->len; k++)
      if (clocks->at[k].name == name) return true;
    declared |= clocks->len > 0;
  }
  return !declared && name == intern(steps->session, "t");
}

static bool is_param(const ParamList *params, Name name) {
  for (int i = 0; i < params->len; i++)
    if (params->at[i].name == name && params->at[i].type.present) return true;
  return false;
}

static bool is_value(const Steps *steps, Name name) {
  const Decl *d = steps->around;
  if (is_param(&d->arguments, name) || is_param(&d->outputs, name)) return true;
  for (int i = 0; i < d->items.len; i++)
    for (int k = 0; k < d->items.at[i]->names.len; k++)
      if (d->items.at[i]->kind != ITEM_SHARED && d->items.at[i]->names.at[k].name == name) return true;
  return false;
}

static bool is_step(const Steps *steps, const Expr *e) {
  if (e->kind == EXPR_NAME) return is_clock(steps, e->name) && !is_value(steps, e->name);
  bool sum = e->kind == EXPR_BINARY && (e->op == OPERATOR_ADD || e->op == OPERATOR_SUB);
  return sum && is_step(steps, e->left);
}

static void report(const Steps *steps, const Expr *call) {
  Diag *d = diag_error(steps->session, E0002, call->span, "a step of `%s` is read with square brackets", call->name);
  diag_label(d, call->span, "this reads like a call");
  Expr value = {.kind = EXPR_NAME, .name = call->name};
  Expr index = {.kind = EXPR_INDEX, .left = &value, .args = call->args};
  diag_suggest(d, call->span, expr_text(steps->session, &index), "write it with `[ ]`");
}

static void walk(const Steps *steps, const Expr *e);

static void walk_args(const Steps *steps, const Args *args) {
  for (int i = 0; i < args->len; i++) walk(steps, args->at[i].value);
}

static void walk(const Steps *steps, const Expr *e) {
  if (!e) return;
  bool one = e->kind == EXPR_CALL && !e->dims.len && e->args.len == 1 && !e->args.at[0].name;
  if (one && is_step(steps, e->args.at[0].value) && is_value(steps, e->name)) report(steps, e);
  walk(steps, e->left);
  walk(steps, e->right);
  walk(steps, e->third);
  walk_args(steps, &e->dims);
  walk_args(steps, &e->args);
}

void ast_check_steps(Session *s, const Ast *ast) {
  for (int i = 0; i < ast->decls.len; i++) {
    Steps steps = {s, ast, ast->decls.at[i]};
    for (int k = 0; k < steps.around->items.len; k++) walk(&steps, steps.around->items.at[k]->value);
  }
}
