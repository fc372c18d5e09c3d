/* unknown.c — a name that is not there: what is nearest and of the kind that belongs in its place, or what it is called here. */
#include "sema/check.h"
#include <strings.h>

/* A file with more unknown names than this has another problem, and looking for each among all names takes its time. */
enum { MOST_SUGGESTIONS = 100 };

typedef Vec(const char *) Candidates;

static bool is_truth(const Symbol *symbol) { return symbol->kind == SYMBOL_LET && !symbol->span.file && symbol->known_number; }

/* `cmax` is no misspelt function where a number belongs, nor `r2` a misspelt weight. */
static bool belongs(const Checker *c, const Symbol *symbol, const Expr *e) {
  const BuiltinClass class = symbol->kind == SYMBOL_BUILTIN ? symbol->builtin->class : BUILTIN_SPECIAL;
  switch (symbol->kind) {
  case SYMBOL_BUILTIN:
    if (e->kind == EXPR_CALL) return c->stage || (class != BUILTIN_LOSS && class != BUILTIN_METRIC);
    return c->wants_function && class == BUILTIN_ELEMENTWISE;
  case SYMBOL_CELL: case SYMBOL_SHARED: return e->kind == EXPR_CALL;
  case SYMBOL_OPTION: return true;
  case SYMBOL_NET: return false;
  case SYMBOL_LET: if (is_truth(symbol) && strlen(e->name) > strlen(symbol->name) + 1) return false; break;
  default: break;
  }
  return e->kind != EXPR_CALL && (e->kind != EXPR_FIELD || has_data(symbol));
}

/* Symbols by their name, every name once: the innermost one that is seen. */
static const char *nearest(Checker *c, const Scope *scope, const Expr *e, bool of_language) {
  if (c->s->errors > MOST_SUGGESTIONS) return NULL;
  Candidates names = {0};
  for (; scope; scope = scope->parent)
    for (int i = 0; (scope == c->root) == of_language && i < scope->symbols.len; i++)
      if (belongs(c, scope->symbols.at[i], e)) vec_push(c->s->arena, names, scope->symbols.at[i]->name);
  return did_you_mean(e->name, names.at, names.len);
}

/* --- what the data are called ------------------------------------------------------------------------------------------------ */

/* `scale current`, where `u = "current"` is its column. */
static const char *variable_of_column(const Checker *c, const char *column) {
  for (int i = 0; c->stage && i < c->stage->clauses.len; i++) {
    const Clause *clause = c->stage->clauses.at[i];
    const Expr *source = !strcmp(clause->keyword, "data") && clause->args.len ? clause->args.at[0].value : NULL;
    for (int j = 0; source && source->kind == EXPR_CALL && j < source->args.len; j++) {
      const Arg *arg = &source->args.at[j];
      if (arg->name && arg->value->kind == EXPR_STRING && !strcmp(arg->value->text, column)) return arg->name;
    }
  }
  return NULL;
}

static bool suggest_column(Checker *c, Diag *d, Span span, const char *word) {
  const char *variable = variable_of_column(c, word);
  if (variable) diag_suggest(d, span, variable, "`%s` is the column of `%s`", word, variable);
  return variable != NULL;
}

/* y_true: what the data say of y. */
static bool suggest_data(Checker *c, Diag *d, const Scope *scope, Span span, const char *word) {
  static const char *const endings[] = {"_true", "_target", "_data", "_label", "_labels", "_gt"};
  for (size_t i = 0; c->stage && i < sizeof endings / sizeof *endings; i++) {
    const size_t size = strlen(word), end = strlen(endings[i]);
    if (size <= end || strcmp(word + size - end, endings[i])) continue;
    Name name = intern_n(c->s, word, size - end);
    if (!has_data(scope_find(scope, name))) continue;
    diag_suggest(d, span, arena_printf(c->s->arena, "data.%s", name), "what the data say of `%s`", name);
    return true;
  }
  return false;
}

static void list_data(Checker *c, Diag *d, const Scope *scope) {
  const char *all = "";
  for (; scope; scope = scope->parent)
    for (int i = 0; i < scope->symbols.len; i++)
      if (has_data(scope->symbols.at[i])) all = arena_printf(c->s->arena, "%s%s`data.%s`", all, *all ? ", " : "", scope->symbols.at[i]->name);
  diag_help(d, "the data say the inputs, targets and outputs of the net: %s", all);
}

/* --- functions ----------------------------------------------------------------------------------------------------------------- */

static void list_metrics(Checker *c, Diag *d) {
  const char *all = "";
  for (int i = 0; i < c->root->symbols.len; i++) {
    const Builtin *b = c->root->symbols.at[i]->builtin;
    if (b && (b->class == BUILTIN_LOSS || b->class == BUILTIN_METRIC)) all = arena_printf(c->s->arena, "%s%s%s", all, *all ? ", " : "", b->name);
  }
  diag_help(d, "there are the metrics %s; and `mean`, `sum`, `max`, `min` and any function of the net's values", all);
}

/* `= orthogonal(1)` of a weight: its initialiser stands behind `~`. */
static bool suggest_initialiser(Checker *c, Diag *d, Span span, const char *word) {
  if (!is_initialiser(word)) return false;
  const char *text = c->s->sources.at[span.file]->text;
  uint32_t at = span.begin;
  while (at && text[at - 1] == ' ') at--;
  if (c->of_weight && at && text[at - 1] == '=')
    diag_suggest(d, (Span){span.file, at - 1, at}, "~", "a weight that is drawn stands behind `~`");
  else diag_help(d, "a weight that is drawn stands behind `~`: `param W: [H, X] ~ %s`; noise at each step is `noise(0.1, [H])`", word);
  return true;
}

/* --- the error ------------------------------------------------------------------------------------------------------------------ */

static void help_unknown(Checker *c, Diag *d, const Scope *scope, Expr *e, Span span) {
  if (help_step_name(c, d, scope, span, e->name) || help_step_call(c, d, scope, e) || suggest_data(c, d, scope, span, e->name)) return;
  if (suggest_column(c, d, span, e->name)) return;
  const char *near = nearest(c, scope, e, false);
  if (!near && e->kind != EXPR_FIELD) {
    if (help_foreign(c, d, e->kind == EXPR_CALL ? CALL_WORD : NAME_WORD, e, span)) return;
    if (suggest_initialiser(c, d, span, e->name)) return;
    near = nearest(c, scope, e, true);
  }
  if (near) diag_suggest(d, span, near, "did you mean `%s`?", near);
  else if (e->kind == EXPR_FIELD) list_data(c, d, scope);
  else if (e->kind == EXPR_CALL && c->stage) list_metrics(c, d);
}

void unknown_name(Checker *c, const Scope *scope, Expr *e) {
  Span span = e->name_span.file ? e->name_span : e->span;
  const char *what = e->kind == EXPR_CALL ? "there is no cell or function" : e->kind == EXPR_FIELD ? "the data have no" : "nothing here is called";
  Diag *d = diag_error(c->s, E0101, span, "%s `%s`", what, e->name);
  help_unknown(c, d, scope, e, span);
}

/* f[T], f[end]: the ends of a clock have names. */
bool unknown_end(Checker *c, const Scope *scope, const Expr *e, const Expr *at) {
  static const char lasts[] = "end T N n_steps final length len tmax", firsts[] = "begin beginning start";
  const Symbol *of = e->left->kind == EXPR_NAME ? scope_find(scope, e->left->name) : NULL;
  if (!of || at->kind != EXPR_NAME || scope_find(scope, at->name)) return false;
  const bool last = has_word(lasts, at->name), first = has_word(firsts, at->name);
  if (!last && !first) return false;
  Diag *d = diag_error(c->s, E0101, at->span, "nothing here is called `%s`", at->name);
  diag_suggest(d, at->span, last ? "last" : "first", "`%s` at the %s step of its clock", e->left->name, last ? "last" : "first");
  return true;
}
