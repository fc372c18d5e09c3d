/* lsp_find.c — from a byte of the text to what stands there: the checked tree is walked down along the spans. */
#include "driver/lsp.h"
#include <string.h>

/* The end belongs to it too: there stands the cursor after a word has been typed. */
static bool holds(Span span, uint32_t offset) { return span.file && span.begin <= offset && offset <= span.end; }

static bool smaller(Span a, Span b) { return !b.file || a.end - a.begin < b.end - b.begin; }

static void found_symbol(Found *f, Span span, const Symbol *symbol) {
  if (symbol) *f = (Found){.decl = f->decl, .symbol = symbol, .span = span};
}

/* --- expressions ------------------------------------------------------------------------------------------------------- */

static void find_in_expr(Found *f, const Expr *e, uint32_t offset);

/* `H = 64` in a call's brackets, `f = relu` among its arguments: names of the called cell. */
static void find_in_args(Found *f, const Expr *call, const Args *args, uint32_t offset) {
  const Decl *cell = call && call->symbol ? call->symbol->decl : NULL;
  for (int i = 0; i < args->len; i++) {
    const Arg *arg = &args->at[i];
    bool named = arg->name && cell && scope_of(cell) && holds(arg->name_span, offset);
    if (named) found_symbol(f, arg->name_span, scope_find(scope_of(cell), arg->name));
    else find_in_expr(f, arg->value, offset);
  }
}

/* In `h[t-1]` the bracket belongs to the read, but for the names of dims and constants in it. */
static bool speaks(const Expr *e) {
  bool constant = e->symbol && (e->symbol->kind == SYMBOL_DIM || e->symbol->kind == SYMBOL_LET || e->symbol->kind == SYMBOL_FIXED);
  return e->type.kind != TYPE_POISON || constant;
}

static void find_in_expr(Found *f, const Expr *e, uint32_t offset) {
  if (!e || !holds(e->span, offset)) return;
  const Symbol *named = e->kind == EXPR_NAME || holds(e->name_span, offset) ? e->symbol : NULL;
  if (named || speaks(e)) *f = (Found){.decl = f->decl, .expr = e, .symbol = named, .span = e->span};
  if (e->kind == EXPR_OVER) f->symbol = NULL;
  find_in_expr(f, e->left, offset);
  find_in_expr(f, e->right, offset);
  find_in_expr(f, e->third, offset);
  Found read = *f;
  find_in_args(f, e, &e->dims, offset);
  find_in_args(f, e, &e->args, offset);
  bool clock = f->symbol && f->symbol->kind == SYMBOL_CLOCK;
  if (e->kind == EXPR_INDEX && f->expr != read.expr && (!f->symbol || clock)) *f = read;
}

/* --- declarations ------------------------------------------------------------------------------------------------------- */

static void find_in_names(Found *f, const NameList *names, uint32_t offset) {
  for (int i = 0; i < names->len; i++) {
    if (holds(names->at[i].span, offset)) found_symbol(f, names->at[i].span, names->at[i].symbol);
    find_in_expr(f, names->at[i].value, offset);
  }
}

/* A name in a type: the checker keeps its meaning on the value, so it is looked up anew. */
static void find_in_type_part(Found *f, const Scope *scope, const Expr *e, uint32_t offset) {
  if (!e || !holds(e->span, offset)) return;
  if (e->kind == EXPR_NAME && scope) found_symbol(f, e->span, scope_find(scope, e->name));
  find_in_type_part(f, scope, e->left, offset);
  find_in_type_part(f, scope, e->right, offset);
}

static void find_in_type(Found *f, const Scope *scope, const TypeSyntax *type, uint32_t offset) {
  for (int i = 0; i < type->dims.len; i++) find_in_type_part(f, scope, type->dims.at[i], offset);
  for (int i = 0; i < type->on.len; i++) find_in_type_part(f, scope, type->on.at[i], offset);
  find_in_type_part(f, scope, type->index_of, offset);
}

static void find_in_params(Found *f, const Scope *scope, const ParamList *params, uint32_t offset) {
  for (int i = 0; i < params->len; i++) {
    const Param *p = &params->at[i];
    find_in_type(f, scope, &p->type, offset);
    find_in_expr(f, p->value, offset);
    if (holds(p->span, offset) && smaller(p->span, f->span)) found_symbol(f, p->span, p->symbol);
  }
}

static void find_in_item(Found *f, const Scope *scope, const Item *item, uint32_t offset) {
  if (!holds(item->span, offset)) return;
  find_in_expr(f, item->value, offset);
  find_in_expr(f, item->init, offset);
  find_in_type(f, scope, &item->type, offset);
  find_in_names(f, &item->names, offset);
}

static void find_in_clause(Found *f, const Clause *clause, uint32_t offset) {
  if (!holds(clause->span, offset)) return;
  find_in_args(f, NULL, &clause->args, offset);
  for (int i = 0; i < clause->modifiers.len; i++) find_in_args(f, NULL, &clause->modifiers.at[i].args, offset);
}

static void find_in_decl(Found *f, const Scope *file, const Decl *d, uint32_t offset) {
  const Scope *scope = scope_of(d) ? scope_of(d) : file;
  find_in_names(f, &d->names, offset);
  find_in_expr(f, d->value, offset);
  find_in_params(f, scope, &d->arguments, offset);
  find_in_params(f, scope, &d->options, offset);
  find_in_params(f, scope, &d->outputs, offset);
  for (int i = 0; i < d->items.len; i++) find_in_item(f, scope, d->items.at[i], offset);
  for (int i = 0; i < d->clauses.len; i++) find_in_clause(f, d->clauses.at[i], offset);
  for (int i = 0; file && i < d->clocks.len; i++)
    if (holds(d->clocks.at[i].span, offset)) found_symbol(f, d->clocks.at[i].span, scope_find(file, d->clocks.at[i].name));
  for (int i = 0; file && d->kind == DECL_USE && i < d->names.len; i++)
    if (holds(d->names.at[i].span, offset)) found_symbol(f, d->names.at[i].span, scope_find(file, d->names.at[i].name));
  if (holds(d->name_span, offset)) found_symbol(f, d->name_span, d->symbol);
  if (file && d->net && holds(d->net_span, offset)) found_symbol(f, d->net_span, scope_find(file, d->net));
}

const Scope *lsp_file_scope(const Ast *ast) {
  for (int i = 0; i < ast->decls.len; i++)
    if (scope_of(ast->decls.at[i])) return scope_of(ast->decls.at[i])->parent;
  return NULL;
}

Found lsp_find(const Ast *ast, uint32_t offset) {
  Found f = {0};
  const Scope *file = lsp_file_scope(ast);
  for (int i = 0; i < ast->decls.len; i++) {
    if (!holds(ast->decls.at[i]->span, offset)) continue;
    f.decl = ast->decls.at[i];
    find_in_decl(&f, file, ast->decls.at[i], offset);
  }
  return f;
}
