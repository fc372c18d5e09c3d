/* summary.c — what a clause sees of a value: one number over the whole run, or something that differs from step to step. */
#include "sema/sema.h"
#include <string.h>

bool is_summary(const Expr *e) {
  static const char *const names[] = {"mean", "sum", "min", "max"};
  if (e->kind != EXPR_CALL || e->args.len != 1 || !e->args.at[0].value->type.axes) return false;
  for (int i = 0; i < 4; i++)
    if (!strcmp(e->name, names[i])) return true;
  return false;
}

bool is_measure(const Expr *e) {
  const Symbol *s = e->symbol;
  if (is_summary(e)) return true;
  return s && s->kind == SYMBOL_BUILTIN && (s->builtin->class == BUILTIN_LOSS || s->builtin->class == BUILTIN_METRIC);
}

bool differs_over_run(const Expr *e) {
  if (is_measure(e)) return false;
  if (e->kind == EXPR_BINARY) return differs_over_run(e->left) || differs_over_run(e->right);
  if (e->kind == EXPR_UNARY) return differs_over_run(e->left);
  return e->type.axes != 0;
}
