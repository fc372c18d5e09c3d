/* equal.c — are two trees the same, wherever they stand? Documentation counts, spans do not. */
#include "ast/ast.h"
#include <string.h>

static bool same_text(const char *a, const char *b) { return a == b || (a && b && !strcmp(a, b)); }

static bool same_expr(const Expr *a, const Expr *b);

static bool same_args(const Args *a, const Args *b) {
  if (a->len != b->len) return false;
  for (int i = 0; i < a->len; i++)
    if (!same_text(a->at[i].name, b->at[i].name) || !same_expr(a->at[i].value, b->at[i].value)) return false;
  return true;
}

static bool same_expr(const Expr *a, const Expr *b) {
  if (!a || !b) return a == b;
  return a->kind == b->kind && a->number == b->number && a->op == b->op && same_text(a->text, b->text) &&
         same_text(a->unit, b->unit) && same_text(a->name, b->name) && same_expr(a->left, b->left) &&
         same_expr(a->right, b->right) && same_expr(a->third, b->third) && same_args(&a->dims, &b->dims) &&
         same_args(&a->args, &b->args);
}

static bool same_exprs(const ExprList *a, const ExprList *b) {
  if (a->len != b->len) return false;
  for (int i = 0; i < a->len; i++)
    if (!same_expr(a->at[i], b->at[i])) return false;
  return true;
}

static bool same_type(const TypeSyntax *a, const TypeSyntax *b) {
  return a->present == b->present && a->per_sequence == b->per_sequence && same_exprs(&a->dims, &b->dims) &&
         same_expr(a->index_of, b->index_of) && same_exprs(&a->on, &b->on);
}

static bool same_names(const NameList *a, const NameList *b) {
  if (a->len != b->len) return false;
  for (int i = 0; i < a->len; i++)
    if (!same_text(a->at[i].name, b->at[i].name) || !same_expr(a->at[i].value, b->at[i].value)) return false;
  return true;
}

static bool same_item(const Item *a, const Item *b) {
  return a->kind == b->kind && same_names(&a->names, &b->names) && same_type(&a->type, &b->type) &&
         same_expr(a->value, b->value) && same_text(a->value_on, b->value_on) && same_expr(a->init, b->init) &&
         same_text(a->doc, b->doc);
}

static bool same_items(const ItemList *a, const ItemList *b) {
  if (a->len != b->len) return false;
  for (int i = 0; i < a->len; i++)
    if (!same_item(a->at[i], b->at[i])) return false;
  return true;
}

static bool same_clause(const Clause *a, const Clause *b) {
  bool same = same_text(a->keyword, b->keyword) && same_args(&a->args, &b->args) && a->modifiers.len == b->modifiers.len;
  for (int i = 0; same && i < a->modifiers.len; i++)
    same = same_text(a->modifiers.at[i].word, b->modifiers.at[i].word) &&
           same_args(&a->modifiers.at[i].args, &b->modifiers.at[i].args);
  return same;
}

static bool same_clauses(const ClauseList *a, const ClauseList *b) {
  if (a->len != b->len) return false;
  for (int i = 0; i < a->len; i++)
    if (!same_clause(a->at[i], b->at[i])) return false;
  return true;
}

static bool same_clocks(const ClockList *a, const ClockList *b) {
  if (a->len != b->len) return false;
  for (int i = 0; i < a->len; i++) {
    const ClockSyntax *x = &a->at[i], *y = &b->at[i];
    if (!same_text(x->name, y->name) || !same_expr(x->step, y->step) || !same_expr(x->length, y->length)) return false;
  }
  return true;
}

static bool same_params(const ParamList *a, const ParamList *b) {
  if (a->len != b->len) return false;
  for (int i = 0; i < a->len; i++) {
    const Param *x = &a->at[i], *y = &b->at[i];
    if (!same_text(x->name, y->name) || !same_type(&x->type, &y->type) || !same_expr(x->value, y->value)) return false;
  }
  return true;
}

static bool same_decl(const Decl *a, const Decl *b) {
  return a->kind == b->kind && same_text(a->name, b->name) && same_text(a->doc, b->doc) &&
         same_text(a->library, b->library) && a->library_is_file == b->library_is_file &&
         same_names(&a->names, &b->names) && same_clocks(&a->clocks, &b->clocks) && same_expr(a->value, b->value) &&
         same_params(&a->arguments, &b->arguments) && same_params(&a->options, &b->options) &&
         same_params(&a->outputs, &b->outputs) && same_items(&a->items, &b->items) && same_text(a->net, b->net) &&
         same_clauses(&a->clauses, &b->clauses);
}

bool ast_equal(const Ast *a, const Ast *b) {
  if (a->decls.len != b->decls.len) return false;
  for (int i = 0; i < a->decls.len; i++)
    if (!same_decl(a->decls.at[i], b->decls.at[i])) return false;
  return true;
}
