/* chunks.c — `carry` gives the net one piece of a stream after the other: nothing may need a step that has not come yet. */
#include "sema/clauses.h"

typedef struct Search {
  Checker *c;
  const Expr *call; /* of the cell at hand; NULL: the net itself */
  const Expr *found;
  const char *why;
} Search;

/* t+1, t+k … and windows that begin or end ahead. */
static bool reads_ahead(const Expr *e) {
  if (e->kind != EXPR_INDEX || (e->access != ACCESS_OFFSET && e->access != ACCESS_WINDOW)) return false;
  if (e->offset.terms) return e->offset.term[0].times > 0;
  bool ends_ahead = e->access == ACCESS_WINDOW && !e->taps.terms && e->offset.constant + (e->taps.constant - 1) * e->stride > 0;
  return e->offset.constant > 0 || ends_ahead;
}

static bool takes_all_steps(const Search *s, const Expr *e) {
  return e->kind == EXPR_OVER && e->over_dim < 0 && e->clock >= 0 && !s->c->module->clocks.at[e->clock].length;
}

static void search_body(Search *s, const Decl *body, const Expr *call);

/* `if backward then h[t+1] else h[t-1]`: the call says which. NULL: it is not told here. */
static const Expr *chosen(const Search *s, const Expr *e) {
  const Symbol *option = e->left->kind == EXPR_NAME ? e->left->symbol : NULL;
  const Expr *value = option && option->kind == SYMBOL_OPTION ? option->value : NULL;
  double number;
  for (int i = 0; value && s->call && i < s->call->args.len; i++)
    if (s->call->args.at[i].name == option->name) value = s->call->args.at[i].value;
  if (!value || !constant_number(value, &number)) return NULL;
  return number != 0 ? e->right : e->third;
}

static bool is_static_choice(const Expr *e) { return e->kind == EXPR_IF && e->static_choice; }

static void search(Search *s, const Expr *e) {
  if (!e || s->found) return;
  if (is_static_choice(e)) {
    search(s, chosen(s, e));
    return;
  }
  if (reads_ahead(e)) s->why = "reads a later step";
  else if (takes_all_steps(s, e)) s->why = "takes all steps together";
  if (s->why) {
    s->found = e;
    return;
  }
  search(s, e->left);
  search(s, e->right);
  search(s, e->third);
  for (int i = 0; i < e->args.len; i++) search(s, e->args.at[i].value);
  if (e->kind == EXPR_CALL && e->symbol && (e->symbol->kind == SYMBOL_CELL || e->symbol->kind == SYMBOL_SHARED) && e->symbol->decl)
    search_body(s, e->symbol->decl, e);
}

static void search_body(Search *s, const Decl *body, const Expr *call) {
  const Expr *outer = s->call;
  s->call = call;
  for (int i = 0; i < body->items.len; i++)
    if (body->items.at[i]->kind == ITEM_EQUATION) search(s, body->items.at[i]->value);
  s->call = outer;
}

void check_carried(Checker *c, const Stage *stage, const Clause *clause) {
  Search s = {.c = c};
  search_body(&s, stage->net->decl, NULL);
  if (!s.found) return;
  Diag *d = diag_error(c->s, E0414, clause->span, "`carry` cannot go with a net that needs steps to come");
  diag_label(d, clause->span, "gives the data piece by piece");
  diag_label(d, s.found->span, "%s", s.why);
  diag_help(d, "leave out `carry`: each sequence is then one piece");
}
