/* stages.c — train and run as a whole: the net they name, the clauses they must have. */
#include "sema/clauses.h"

static const Symbol *net_of(Checker *c, const Decl *d) {
  const Symbol *symbol = scope_here(c->program->file_scope, d->net);
  if (symbol && symbol->kind == SYMBOL_NET) return symbol;
  Vec(const char *) names = {0};
  for (int i = 0; i < c->program->nets.len; i++) vec_push(c->s->arena, names, c->program->nets.at[i]->name);
  Diag *e = diag_error(c->s, E0101, d->net_span, "there is no net `%s`", d->net);
  const char *near = did_you_mean(d->net, names.at, names.len);
  if (symbol) diag_label(e, symbol->span, "`%s` is %s", d->net, symbol_kind_text(symbol->kind));
  if (near) diag_suggest(e, d->net_span, near, "did you mean `%s`?", near);
  return NULL;
}

static void require(Checker *c, const Decl *d, const char *keyword, const char *example) {
  if (find_clause(d, keyword) || clause_is_misspelt(d, keyword)) return;
  Diag *e = diag_error(c->s, E0405, d->name_span, "%s `%s` has no `%s`", d->kind == DECL_TRAIN ? "`train`" : "`run`", d->name, keyword);
  diag_help(e, "for example: `%s`", example);
}

static bool method_wants_loss(const Decl *d) {
  const Clause *method = find_clause(d, "method");
  const Expr *e = method ? clause_argument(method, 0) : NULL;
  static const char ip[] = "ip";
  bool misspelt = e && e->name && did_you_mean(e->name, (const char *const[]){ip}, 1);
  return !misspelt && (!e || !e->name || strcmp(e->name, ip));
}

static void check_required(Checker *c, const Decl *d) {
  if (d->kind == DECL_TRAIN) {
    require(c, d, "data", "data csv(\"a.csv\", y = \"price\")");
    if (method_wants_loss(d)) require(c, d, "loss", "loss mse(y, data.y)");
  } else if (!find_clause(d, "steps") && !find_clause(d, "decode")) { /* a decoder's limit is a length, too */
    require(c, d, "data", "data csv(\"a.csv\", y = \"price\")");
  }
}

/* `loss` is the epoch's mean in `stop when` and `report` of train. */
static Scope *stage_scope(Checker *c, const Symbol *net) {
  Scope *scope = scope_new(c, net->scope, net->decl);
  Name loss = intern(c->s, "loss");
  if (c->stage->kind == DECL_TRAIN && !scope_find(net->scope, loss)) scope_declare(c, scope, SYMBOL_VALUE, loss, (Span){0})->type = type_real();
  return scope;
}

/* What conditions know of the training, whatever the net's names are. */
static Scope *loop_scope(Checker *c, Scope *stage) {
  static const char *const names[] = {"loss", "validation", "epoch", "bits_per_step"};
  Scope *scope = scope_new(c, stage, stage->owner);
  for (int i = 0; i < 4; i++) scope_declare(c, scope, SYMBOL_VALUE, intern(c->s, names[i]), (Span){0})->type = type_real();
  return scope;
}

static bool solves(const Decl *d) {
  const Clause *method = find_clause(d, "method");
  const Expr *e = method ? clause_argument(method, 0) : NULL;
  return e && e->name && !strcmp(e->name, "ridge");
}

/* One solution of a linear system has no epochs, updates or rates. */
static void check_idle(Checker *c, const Decl *d) {
  static const char idle[] = "optimizer schedule clip decay patience epochs batch skip stop order carry";
  for (int i = 0; solves(d) && i < d->clauses.len; i++) {
    const Clause *clause = d->clauses.at[i];
    if (!has_word(idle, clause->keyword)) continue;
    Diag *w = diag_warning(c->s, E0418, clause->span, "`%s` does nothing with `method ridge`", clause->keyword);
    diag_label(w, clause->span, "a linear system is solved once, from all data");
    diag_label(w, find_clause(d, "method")->span, "so it has no updates");
    diag_help(w, "leave it out, or train with `method bptt`");
  }
}

static void said_before(Checker *c, const Decl *d) {
  for (int i = 0; i < c->program->stages.len; i++) {
    const Decl *other = c->program->stages.at[i];
    if (other->name != d->name || other->net != d->net || other->kind != d->kind) continue;
    Diag *e = diag_error(c->s, E0102, d->name_span, "there are two stages `%s` of `%s`", d->name, d->net);
    diag_label(e, d->name_span, "again here");
    diag_label(e, other->name_span, "first here");
    diag_help(e, "give it a name: `%s %s as …`", d->kind == DECL_TRAIN ? "train" : "run", d->net);
    return;
  }
}

void check_stage(Checker *c, Decl *d) {
  Stage stage = {d, NULL, NULL, net_of(c, d)};
  said_before(c, d);
  vec_push(c->s->arena, c->program->stages, d);
  if (!stage.net) return;
  c->stage = d;
  stage.scope = stage_scope(c, stage.net);
  stage.loop = loop_scope(c, stage.scope);
  check_required(c, d);
  for (int i = 0; i < d->clauses.len; i++) check_clause(c, &stage, d->clauses.at[i]);
  check_cuts(c, &stage);
  check_idle(c, d);
  report_missing_histories(c);
  c->stage = NULL;
}
