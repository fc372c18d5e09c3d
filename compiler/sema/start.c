/* start.c — `h = Cell(x) start e`: histories that a call gives the states of its cell. */
#include "sema/check.h"

/* The i-th state of the cell that a `start` speaks of: that of its name, or those that are outputs. NULL: no more. */
static const Symbol *started(const Scope *inner, Name name, int i) {
  const Symbol *named = name && !i ? scope_here(inner, name) : NULL;
  for (int k = 0; !name && k < inner->outputs.len; k++)
    if (inner->outputs.at[k]->kind == SYMBOL_STATE && !i--) return inner->outputs.at[k];
  return named && named->kind == SYMBOL_STATE ? named : NULL;
}

static void no_such_state(Checker *c, const Arg *arg, const Decl *cell) {
  Span span = arg->name ? arg->name_span : arg->value->span;
  Diag *d = arg->name ? diag_error(c->s, E0214, span, "`%s` has no state `%s` to start", cell->name, arg->name)
                      : diag_error(c->s, E0214, span, cell->outputs.len > 1 ? "no output of `%s` is a state, so there is nothing to start"
                                                                            : "the output of `%s` is not a state, so it cannot be started", cell->name);
  diag_label(d, cell->name_span, "the cell");
  if (!arg->name) diag_help(d, "name the state: `start h = …`");
}

static void check_start(Checker *c, Scope *scope, const Expr *call, const Arg *arg, const Decl *cell) {
  const Scope *inner = scope_of(cell);
  const Symbol *state = started(inner, arg->name, 0);
  if (!state) {
    type_expr(c, scope, arg->value);
    no_such_state(c, arg, cell);
  }
  for (int k = 0; state; state = started(inner, arg->name, ++k)) {
    Type wanted = state->type;
    for (int i = 0; i < wanted.shape.rank; i++) wanted.shape.dim[i] = dim_bind(c->s, wanted.shape.dim[i], inner, call->bind);
    if (is_poison(type_for(c, scope, arg->value, &wanted))) return;
  }
}

Type type_start(Checker *c, Scope *scope, Expr *e) {
  Type t = type_expr(c, scope, e->left);
  const Symbol *symbol = e->left->kind == EXPR_CALL ? e->left->symbol : NULL;
  bool cell = symbol && symbol->decl && (symbol->kind == SYMBOL_CELL || symbol->kind == SYMBOL_SHARED);
  for (int i = 0; i < e->args.len; i++) {
    if (cell && !is_poison(t)) check_start(c, scope, e->left, &e->args.at[i], symbol->decl);
    else type_expr(c, scope, e->args.at[i].value);
  }
  if (cell || is_poison(t)) return t;
  Diag *d = diag_error(c->s, E0214, e->span, "`start` belongs to the call of a cell");
  diag_label(d, e->left->span, "this makes no states");
  return poison();
}
