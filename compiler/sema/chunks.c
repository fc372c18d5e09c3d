/* chunks.c — `carry`, `truncate` and `checkpoint` give the net one piece of a sequence after the other: nothing may need more of it than the piece and
 * what the state keeps of those before. */
#include "sema/clauses.h"

/* A value without a clock, in one instance of its cell. */
typedef struct Visit {
  const Symbol *symbol;
  int body;
} Visit;

typedef struct Search {
  Checker *c;
  const CellCall *in;
  int body, bodies; /* which instance is at hand, how many there were */
  Vec(Visit) visits;
  bool stepped; /* the value at hand lives on a clock: the end of the sequence comes after most of its steps */
  const Expr *found;
  const char *why;
} Search;

/* t+1, t+k, t+D … and windows that begin or end ahead. */
static bool reads_ahead(const Expr *e) {
  if (e->kind != EXPR_INDEX) return false;
  if (e->access == ACCESS_DELAYS) return e->times > 0;
  if (e->access != ACCESS_OFFSET && e->access != ACCESS_WINDOW) return false;
  if (e->offset.terms) return e->offset.term[0].times > 0;
  bool ends_ahead = e->access == ACCESS_WINDOW && !e->taps.terms && e->offset.constant + (e->taps.constant - 1) * e->stride > 0;
  return e->offset.constant > 0 || ends_ahead;
}

static bool takes_all_steps(const Search *s, const Expr *e) {
  return e->kind == EXPR_OVER && e->over_dim < 0 && e->clock >= 0 && !s->c->module->clocks.at[e->clock].length;
}

/* A clock of fixed length is whole in every step of a piece. A cell's clock may be another at each call: only the net's own is known. */
static bool along_fixed_clock(const Search *s, const Expr *e) {
  return s->in && !s->in->call && e->kind == EXPR_INDEX && e->clock >= 0 && s->c->module->clocks.at[e->clock].length;
}

/* A piece has its own first step; its last one is the sequence's where a value of the whole sequence is counted, but not at each step. */
static const char *problem_of(const Search *s, const Expr *e) {
  bool of_index = e->kind == EXPR_INDEX && !along_fixed_clock(s, e);
  if (of_index && reads_ahead(e)) return "reads a later step";
  if (takes_all_steps(s, e)) return "takes all steps together";
  if (of_index && e->access == ACCESS_FIRST) return "reads the first step, which is in another piece";
  return of_index && e->access == ACCESS_LAST && s->stepped ? "needs the last step at every other" : NULL;
}

static void search_body(Search *s, const Decl *body, const Expr *call);
static void search(Search *s, const Expr *e);

/* `if backward then h[t+1] else h[t-1]`: the calls say which. Both, where they do not. */
static void search_choice(Search *s, const Expr *e) {
  double number;
  bool known = number_in_call(e->left, s->in, &number);
  if (!known || number != 0) search(s, e->right);
  if (!known || number == 0) search(s, e->third);
}

static bool visit(Search *s, const Symbol *symbol) {
  for (int i = 0; i < s->visits.len; i++)
    if (s->visits.at[i].symbol == symbol && s->visits.at[i].body == s->body) return false;
  vec_push(s->c->s->arena, s->visits, ((Visit){symbol, s->body}));
  return true;
}

/* What has no clock itself, but is needed at each step. */
static void search_definition(Search *s, const Symbol *symbol) {
  bool whole = symbol && symbol->kind == SYMBOL_VALUE && symbol->equation && !AXES_CLOCKS(symbol->type.axes);
  if (whole && s->stepped && visit(s, symbol)) search(s, symbol->equation->value);
}

static bool calls_cell(const Expr *e) {
  return e->kind == EXPR_CALL && e->symbol && (e->symbol->kind == SYMBOL_CELL || e->symbol->kind == SYMBOL_SHARED) && e->symbol->decl;
}

static void search(Search *s, const Expr *e) {
  if (!e || s->found) return;
  if (e->kind == EXPR_IF && e->static_choice) {
    search_choice(s, e);
    return;
  }
  s->why = problem_of(s, e);
  if (s->why) {
    s->found = e;
    return;
  }
  if (e->kind == EXPR_NAME) search_definition(s, e->symbol);
  search(s, e->left);
  search(s, e->right);
  search(s, e->third);
  for (int i = 0; i < e->args.len; i++) search(s, e->args.at[i].value);
  if (calls_cell(e)) search_body(s, e->symbol->decl, e);
}

static bool on_clock(const Item *item) {
  for (int i = 0; i < item->names.len; i++)
    if (item->names.at[i].symbol && AXES_CLOCKS(item->names.at[i].symbol->type.axes)) return true;
  return false;
}

/* A cell that calls itself has its own error. */
static bool is_inside(const Search *s, const Decl *body) {
  for (const CellCall *in = s->in; in; in = in->outer)
    if (in->call && in->call->symbol->decl == body) return true;
  return false;
}

static void search_body(Search *s, const Decl *body, const Expr *call) {
  if (is_inside(s, body)) return;
  const CellCall in = {call, s->in};
  const CellCall *outer = s->in;
  const bool stepped = s->stepped;
  const int body_outside = s->body;
  s->in = &in;
  s->body = ++s->bodies;
  for (int i = 0; i < body->items.len; i++) {
    const Item *item = body->items.at[i];
    s->stepped = item->kind == ITEM_STATE || on_clock(item);
    if (item->kind == ITEM_EQUATION || item->kind == ITEM_STATE) search(s, item->value);
  }
  s->in = outer;
  s->body = body_outside;
  s->stepped = stepped;
}

static void search_loss(Search *s, const Decl *stage) {
  const Clause *loss = find_clause(stage, "loss");
  const Expr *e = loss ? clause_argument(loss, 0) : NULL;
  if (e && !is_poison(e->type)) search(s, e);
}

void check_chunks(Checker *c, const Stage *stage, const Clause *clause) {
  const char *word = cutting_word(clause);
  Search s = {.c = c};
  search_body(&s, stage->net->decl, NULL);
  search_loss(&s, stage->decl);
  if (!s.found) return;
  Diag *d = diag_error(c->s, E0414, clause->span, "`%s` cannot go with a net that needs more than a piece of its sequence", word);
  diag_label(d, clause->span, "gives the data piece by piece");
  diag_label(d, s.found->span, "%s", s.why);
  diag_help(d, "leave out `%s`: each sequence is then one piece", word);
}
