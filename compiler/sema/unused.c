/* unused.c — params, constants and cells of a library that nothing reads: probably a slip of the pen, said as a warning. */
#include "sema/check.h"
#include <stdlib.h>

/* What the file mentions: symbols, and the names of what needs none (words of clauses, sizes). */
typedef Vec(const void *) Mentions;

static void mention(Checker *c, Mentions *m, const Expr *e) {
  if (!e) return;
  vec_push(c->s->arena, *m, e->symbol ? (const void *)e->symbol : (const void *)e->name);
  const Expr *parts[] = {e->left, e->right, e->third};
  for (int i = 0; i < 3; i++) mention(c, m, parts[i]);
  for (int i = 0; i < e->dims.len; i++) mention(c, m, e->dims.at[i].value);
  for (int i = 0; i < e->args.len; i++) mention(c, m, e->args.at[i].value);
}

static void mention_type(Checker *c, Mentions *m, const TypeSyntax *type) {
  mention(c, m, type->index_of);
  for (int i = 0; i < type->dims.len; i++) mention(c, m, type->dims.at[i]);
}

static void mention_names(Checker *c, Mentions *m, const NameList *names) {
  for (int i = 0; i < names->len; i++) mention(c, m, names->at[i].value);
}

static void mention_items(Checker *c, Mentions *m, const ItemList *items) {
  for (int i = 0; i < items->len; i++) {
    const Item *item = items->at[i];
    mention_names(c, m, &item->names);
    mention_type(c, m, &item->type);
    mention(c, m, item->value);
    mention(c, m, item->init);
  }
}

static void mention_params(Checker *c, Mentions *m, const ParamList *params) {
  for (int i = 0; i < params->len; i++) {
    mention_type(c, m, &params->at[i].type);
    mention(c, m, params->at[i].value);
  }
}

static void mention_args(Checker *c, Mentions *m, const Args *args) {
  for (int i = 0; i < args->len; i++) mention(c, m, args->at[i].value);
}

static void mention_clauses(Checker *c, Mentions *m, const ClauseList *clauses) {
  for (int i = 0; i < clauses->len; i++) {
    mention_args(c, m, &clauses->at[i]->args);
    for (int k = 0; k < clauses->at[i]->modifiers.len; k++) mention_args(c, m, &clauses->at[i]->modifiers.at[k].args);
  }
}

static void mention_decl(Checker *c, Mentions *m, const Decl *d) {
  mention_names(c, m, &d->names);
  mention(c, m, d->value);
  for (int i = 0; i < d->clocks.len; i++) mention(c, m, d->clocks.at[i].step), mention(c, m, d->clocks.at[i].length);
  mention_params(c, m, &d->arguments);
  mention_params(c, m, &d->options);
  mention_params(c, m, &d->outputs);
  mention_items(c, m, &d->items);
  mention_clauses(c, m, &d->clauses);
}

static int by_address(const void *left, const void *right) {
  const void *a = *(const void *const *)left, *b = *(const void *const *)right;
  return (a > b) - (a < b);
}

static bool mentioned(const Mentions *m, const void *key) {
  return m->len && bsearch(&key, m->at, (size_t)m->len, sizeof *m->at, by_address);
}

static void warn(Checker *c, const Mentions *m, const NameAt *at, const char *what, const char *repair) {
  if (!at->symbol || mentioned(m, at->symbol) || mentioned(m, at->name)) return;
  Diag *d = diag_warning(c->s, E0117, at->span, "nothing reads %s `%s`", what, at->name);
  diag_help(d, "%s", repair);
}

static void warn_items(Checker *c, const Mentions *m, const ItemList *items) {
  for (int i = 0; i < items->len; i++) {
    const Item *item = items->at[i];
    const bool weight = item->kind == ITEM_PARAM || item->kind == ITEM_FIXED, constant = item->kind == ITEM_LET;
    for (int k = 0; (weight || constant) && k < item->names.len; k++)
      warn(c, m, &item->names.at[k], constant ? "the constant" : item->kind == ITEM_PARAM ? "the param" : "the fixed", "read it in an equation, or leave it out");
  }
}

void warn_unused(Checker *c, const Ast *ast) {
  Mentions m = {0};
  for (int i = 0; i < ast->decls.len; i++) mention_decl(c, &m, ast->decls.at[i]);
  if (m.len) qsort(m.at, (size_t)m.len, sizeof *m.at, by_address);
  for (int i = 0; i < ast->decls.len; i++) {
    const Decl *d = ast->decls.at[i];
    for (int k = 0; k < d->names.len; k++) {
      if (d->kind == DECL_LET) warn(c, &m, &d->names.at[k], "the constant", "read it, or leave it out");
      if (d->kind == DECL_USE) warn(c, &m, &d->names.at[k], "the cell", "call it, or leave it out of the `use`");
    }
    warn_items(c, &m, &d->items);
  }
}
