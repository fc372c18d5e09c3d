/* model.c — the numbering of params that all units share; what a stage trains, by which method, in which precision. */
#include "base/diag.h"
#include "lower/builder.h"

/* --- params ------------------------------------------------------------------------------------------------------------------ */

int model_param(Model *m, const char *name, const Symbol *s, Sizes shape, Instance *home) {
  Arena *arena = m->session->arena;
  GraphParam param = {.name = intern(m->session, name), .shape = shape, .trained = s->kind == SYMBOL_PARAM};
  for (int i = 0; i < m->params.len; i++)
    if (m->params.at[i].name == param.name) return i;
  param.density = s->item->init ? initialiser_density(m->session, s->item->init, home, shape) : 0;
  vec_push(arena, m->params, param);
  vec_push(arena, m->param_init, s->item->init ? s->item->init : s->item->value);
  vec_push(arena, m->param_span, s->span);
  vec_push(arena, m->param_home, home);
  vec_push(arena, m->param_range, ((ParamRange){0}));
  return m->params.len - 1;
}

static void params_of_expr(Builder *b, const Expr *e) {
  if (!e) return;
  if (e->kind == EXPR_NAME && e->symbol && e->symbol->kind == SYMBOL_PARAM) value_of(b, b->net, e->symbol);
  params_of_expr(b, e->left);
  params_of_expr(b, e->right);
  params_of_expr(b, e->third);
  for (int i = 0; i < e->args.len; i++) params_of_expr(b, e->args.at[i].value);
}

/* A param may stand in a loss alone: `loss exp(-s) * mse(y, z) + s`. */
static void params_of_losses(Builder *b, const Program *p, const Symbol *net) {
  for (int i = 0; i < p->stages.len; i++)
    if (p->stages.at[i]->net == net->name) params_of_expr(b, clause_expr(clause_of_stage(p->stages.at[i], "loss"), 0));
}

/* Every equation of the net in the order of the file; the graph is thrown away. */
static bool expand_net(Model *m, const Symbol *net) {
  Builder *b = builder_new(m, NULL, net, UNIT_STEP, net->name);
  lower_equations(b, b->net);
  params_of_losses(b, m->program, net);
  return builder_finish(b) != NULL;
}

static const char *file_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

Model *lower_model(Session *s, Program *p, const char *path) {
  Model *m = arena_new_of(s->arena, Model);
  m->session = s;
  m->program = p;
  m->path = arena_strdup(s->arena, path);
  const char *name = file_name(path), *dot = strrchr(name, '.');
  m->name = arena_strndup(s->arena, name, dot && dot != name ? (size_t)(dot - name) : strlen(name));
  bool fine = true;
  for (int i = 0; i < p->nets.len; i++) fine &= expand_net(m, p->nets.at[i]);
  return fine ? m : NULL;
}

/* --- stages ------------------------------------------------------------------------------------------------------------------ */

const Symbol *stage_net(const Program *p, const Decl *stage) {
  for (int i = 0; i < p->nets.len; i++)
    if (p->nets.at[i]->name == stage->net) return p->nets.at[i];
  return NULL;
}

bool scales_variable(const Program *p, const Symbol *net, Name variable) {
  for (int i = 0; i < p->stages.len; i++) {
    const Decl *stage = p->stages.at[i];
    const Clause *scale = stage->kind == DECL_TRAIN && stage->net == net->name ? clause_of_stage(stage, "scale") : NULL;
    for (int k = 0; scale && k < scale->args.len; k++)
      if (scale->args.at[k].value->kind == EXPR_NAME && scale->args.at[k].value->name == variable) return true;
  }
  return false;
}

Name lower_method(Model *m, const Decl *stage) {
  const Expr *e = clause_expr(clause_of_stage(stage, "method"), 0);
  return e && e->name ? e->name : intern(m->session, "bptt");
}

/* METHOD(name): solves equations, which single precision is too coarse for. */
#define PRECISE_METHODS(METHOD) METHOD(ridge) METHOD(lm) METHOD(ekf) METHOD(rls) METHOD(hf)

static bool is_precise(const char *method) {
#define METHOD(name) \
  if (!strcmp(method, #name)) return true;
  PRECISE_METHODS(METHOD)
#undef METHOD
  return false;
}

const char *lower_scalar(Model *m, const Decl *stage) {
  if (m->session->double_precision) return "f64";
  for (int i = 0; i < m->program->stages.len; i++) {
    const Decl *other = m->program->stages.at[i];
    if (other->kind == DECL_TRAIN && other->net == stage->net && is_precise(lower_method(m, other))) return "f64";
  }
  return "f32";
}

/* --- tune -------------------------------------------------------------------------------------------------------------------- */

static bool begins_with(const char *name, const char *prefix) { return !strncmp(name, prefix, strlen(prefix)); }

/* Is `name` the param `net.word` or one of a call in word's equation: `net.word.W`, `net.word_2.W`? */
static bool is_of(const char *name, const char *net, const char *word) {
  const size_t size = strlen(net), rest = strlen(word);
  if (!begins_with(name, net) || name[size] != '.' || strncmp(name + size + 1, word, rest)) return false;
  const char *after = name + size + 1 + rest;
  if (*after == '_') after += 1 + strspn(after + 1, "0123456789");
  return !*after ? after == name + size + 1 + rest : *after == '.';
}

/* The shared cells that an equation calls are trained with it. */
static int tune_shared(Model *m, const char *net, const Expr *e, bool *tuned);

/* An output of a call with several stands for the call. */
static int tune_word(Model *m, const Symbol *net, const char *word, bool *tuned) {
  int found = 0;
  for (int i = 0; i < m->params.len; i++)
    if (m->params.at[i].trained && is_of(m->params.at[i].name, net->name, word)) tuned[i] = true, found++;
  const Symbol *s = scope_find(scope_of(net->decl), intern(m->session, word));
  if (s && s->call && strcmp(s->call->name, word)) return tune_word(m, net, s->call->name, tuned);
  const Expr *e = !s ? NULL : s->equation ? s->equation->value : s->definition;
  return found + (e ? tune_shared(m, net->name, e, tuned) : 0);
}

static int tune_args(Model *m, const char *net, const Expr *e, bool *tuned) {
  int found = 0;
  for (int i = 0; i < e->args.len; i++) found += tune_shared(m, net, e->args.at[i].value, tuned);
  return found;
}

static int tune_shared(Model *m, const char *net, const Expr *e, bool *tuned) {
  int found = tune_args(m, net, e, tuned);
  const Expr *const below[] = {e->left, e->right, e->third};
  for (int i = 0; i < 3; i++)
    if (below[i]) found += tune_shared(m, net, below[i], tuned);
  if (e->kind != EXPR_CALL || !e->symbol || e->symbol->kind != SYMBOL_SHARED) return found;
  for (int i = 0; i < m->params.len; i++)
    if (m->params.at[i].trained && is_of(m->params.at[i].name, net, e->symbol->name)) tuned[i] = true, found++;
  return found;
}

static void tune_clause(Model *m, const Symbol *net, const Clause *c, bool *tuned) {
  for (int i = 0; i < c->args.len; i++) {
    const Expr *e = c->args.at[i].value;
    const char *word = expr_text(m->session, e);
    if (tune_word(m, net, word, tuned)) continue;
    Diag *d = diag_error(m->session, E0431, e->span, "`%s` has nothing to train", word);
    const Symbol *symbol = scope_find(scope_of(net->decl), intern(m->session, word));
    if (symbol && symbol->kind == SYMBOL_PARAM) diag_label(d, symbol->span, "no equation reads it");
    else diag_help(d, "`tune` takes params of `%s`, and names whose equation calls a cell with params", net->name);
  }
}

bool *lower_tuned(Model *m, const Decl *stage) {
  bool *tuned = arena_array(m->session->arena, bool, m->params.len + 1);
  const Symbol *net = stage_net(m->program, stage);
  const Clause *tune = clause_of_stage(stage, "tune");
  if (tune) return tune_clause(m, net, tune, tuned), tuned;
  const char *prefix = arena_printf(m->session->arena, "%s.", net->name);
  for (int i = 0; i < m->params.len; i++) tuned[i] = m->params.at[i].trained && begins_with(m->params.at[i].name, prefix);
  return tuned;
}
