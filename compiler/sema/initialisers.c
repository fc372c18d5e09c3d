/* initialisers.c — what stands after `~`: names and options of runtime/initialisers.def. */
#include "sema/check.h"

typedef struct InitialiserRow {
  const char *name;
  int most;
  const char *options[6];
} InitialiserRow;

static const InitialiserRow rows[] = {
#define INITIALISER(name, most, ...) {#name, most, {__VA_ARGS__}},
#include "runtime/initialisers.def"
#undef INITIALISER
};

enum { ROWS = sizeof rows / sizeof *rows };

static const InitialiserRow *find_row(Checker *c, const Expr *e) {
  const char *names[ROWS];
  for (int i = 0; i < ROWS; i++) {
    if (!strcmp(rows[i].name, e->name)) return &rows[i];
    names[i] = rows[i].name;
  }
  Diag *d = diag_error(c->s, E0101, e->name_span, "there is no initialiser `%s`", e->name);
  const char *near = did_you_mean(e->name, names, ROWS);
  if (near) diag_suggest(d, e->name_span, near, "did you mean `%s`?", near);
  else help_foreign(d, INITIALISER_WORD, e->name_span, e->name);
  return NULL;
}

static bool has_option(const InitialiserRow *row, Name name) {
  for (int i = 0; i < 6 && row->options[i]; i++)
    if (!strcmp(row->options[i], name)) return true;
  return false;
}

static void unknown_option(Checker *c, const InitialiserRow *row, const Arg *arg) {
  int n = 0;
  while (n < 6 && row->options[n]) n++;
  Diag *d = diag_error(c->s, E0108, arg->name_span, "`%s` has no option `%s`", row->name, arg->name);
  const char *near = did_you_mean(arg->name, row->options, n);
  if (near) diag_suggest(d, arg->name_span, near, "did you mean `%s`?", near);
  else if (n) diag_help(d, "its first is `%s`", row->options[0]);
}

static void check_value(Checker *c, Scope *scope, Expr *value) {
  if (value->kind == EXPR_STRING) value->type = (Type){.kind = TYPE_STRING};
  else type_option(c, scope, value);
}

static void check_call(Checker *c, Scope *scope, Expr *e) {
  const InitialiserRow *row = find_row(c, e);
  int positional = 0;
  for (int i = 0; i < e->args.len; i++) {
    const Arg *arg = &e->args.at[i];
    positional += !arg->name;
    if (arg->name && row && !has_option(row, arg->name)) unknown_option(c, row, arg);
    check_value(c, scope, arg->value);
  }
  if (!row || positional <= row->most) return;
  diag_error(c->s, E0107, e->span, "`%s` takes at most %d argument%s without a name, not %d", row->name, row->most, row->most == 1 ? "" : "s", positional);
}

void check_initialiser(Checker *c, Scope *scope, Expr *e) {
  e->type = type_real();
  if (e->kind == EXPR_CHAIN) {
    check_initialiser(c, scope, e->left);
    check_initialiser(c, scope, e->right);
  } else if (e->kind == EXPR_CALL || e->kind == EXPR_NAME) {
    check_call(c, scope, e);
  } else {
    Diag *d = diag_error(c->s, E0113, e->span, "`~` is followed by the name of an initialiser");
    diag_label(d, e->span, "this is a value");
    diag_help(d, "`= …` gives a value; `~ glorot` draws one");
  }
}
