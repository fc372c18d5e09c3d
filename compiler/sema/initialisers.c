/* initialisers.c — what stands after `~`: names and options of runtime/initialisers.def, their limits of initialiser_limits.def. What only
 * numbers of a call of the cell, or a file, decide is said when drawing. */
#include "sema/check.h"
#include <float.h>
#include <math.h>

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

typedef struct LimitRow {
  const char *initialiser, *option;
  double least, most;
  const char *wanted;
} LimitRow;

static const LimitRow limits[] = {
#define LIMIT(initialiser, option, least, most, wanted) {#initialiser, #option, least, most, wanted},
#include "runtime/initialiser_limits.def"
#undef LIMIT
};

bool is_initialiser(const char *name) {
  for (int i = 0; i < ROWS; i++)
    if (!strcmp(rows[i].name, name)) return true;
  return false;
}

static const InitialiserRow *find_row(Checker *c, const Expr *e) {
  const char *names[ROWS];
  for (int i = 0; i < ROWS; i++) {
    if (!strcmp(rows[i].name, e->name)) return &rows[i];
    names[i] = rows[i].name;
  }
  Diag *d = diag_error(c->s, E0101, e->name_span, "there is no initialiser `%s`", e->name);
  const char *near = did_you_mean(e->name, names, ROWS);
  if (near) diag_suggest(d, e->name_span, near, "did you mean `%s`?", near);
  else help_foreign_word(d, INITIALISER_WORD, e->name_span, e->name);
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

static void check_limits(Checker *c, const char *initialiser, const char *option, const Expr *value) {
  double x;
  if (!option || !constant_number(value, &x)) return;
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
    const LimitRow *l = &limits[i];
    if (strcmp(l->initialiser, initialiser) || strcmp(l->option, option) || (x >= l->least && x <= l->most)) continue;
    Diag *d = diag_error(c->s, E0422, value->span, "`%s` of `%s` must be %s", option, initialiser, l->wanted);
    diag_label(d, value->span, "it is %g", x);
  }
}

static const Expr *value_of_option(const InitialiserRow *row, const Expr *e, int option) {
  int place = 0;
  for (int i = 0; i < e->args.len; i++) {
    const Arg *arg = &e->args.at[i];
    if (arg->name ? !strcmp(arg->name, row->options[option]) : place++ == option) return arg->value;
  }
  return NULL;
}

/* uniform(low, high), integers(low, high) */
static void check_order(Checker *c, const InitialiserRow *row, const Expr *e) {
  double least, most;
  if (!row->options[1] || strcmp(row->options[0], "low") || strcmp(row->options[1], "high")) return;
  const Expr *low = value_of_option(row, e, 0), *high = value_of_option(row, e, 1);
  if (!low || !high || !constant_number(low, &least) || !constant_number(high, &most) || least <= most) return;
  Diag *d = diag_error(c->s, E0422, e->span, "`high` of `%s` must be at least `low`", row->name);
  diag_label(d, e->span, "from %g to %g", least, most);
  diag_suggest(d, e->span, arena_printf(c->s->arena, "%s(%s, %s)", row->name, source_text(c, high->span), source_text(c, low->span)), "the other way round");
}

/* --- the shape that it draws ----------------------------------------------------------------------------------------------- */

static bool wants_square(const Expr *e) {
  static const char *const squares[] = {"radius", "ring", "delay_line", "small_world"};
  for (size_t i = 0; i < sizeof squares / sizeof *squares; i++)
    if (!strcmp(e->name, squares[i])) return true;
  for (int i = 0; i < e->args.len; i++)
    if (e->args.at[i].name && !strcmp(e->args.at[i].name, "radius")) return true;
  return false;
}

/* Dims of a cell may be the same in each call. */
static bool may_be_square(const Shape *shape) {
  int64_t high, wide;
  if (shape->rank != 2) return false;
  return !dim_known(shape->dim[0], &high) || !dim_known(shape->dim[1], &wide) || high == wide;
}

static void check_shape(Checker *c, const Expr *e, const Symbol *weight) {
  int64_t high, wide;
  if (is_poison(weight->type) || !wants_square(e) || may_be_square(&weight->type.shape)) return;
  Diag *d = diag_error(c->s, E0421, e->span, "`%s` wants a square matrix [N, N]", e->name);
  diag_label(d, e->span, "`%s` is %s", weight->name, shape_phrase(c, &weight->type));
  diag_label(d, weight->item && weight->item->type.present ? weight->item->type.span : weight->span, "declared so");
  if (weight->type.shape.rank == 2 && dim_known(weight->type.shape.dim[0], &high) && dim_known(weight->type.shape.dim[1], &wide))
    diag_note(d, "here %lld rows, %lld columns", (long long)high, (long long)wide);
}

/* --- all of it --------------------------------------------------------------------------------------------------------------- */

static void check_call(Checker *c, Scope *scope, Expr *e, const Symbol *weight) {
  const InitialiserRow *row = find_row(c, e);
  int positional = 0;
  for (int i = 0; i < e->args.len; i++) {
    const Arg *arg = &e->args.at[i];
    positional += !arg->name;
    if (arg->name && row && !has_option(row, arg->name)) unknown_option(c, row, arg);
    check_value(c, scope, arg->value);
    if (row && (arg->name || positional <= row->most)) check_limits(c, row->name, arg->name ? arg->name : row->options[positional - 1], arg->value);
  }
  if (row) check_shape(c, e, weight);
  if (row) check_order(c, row, e);
  if (!row || positional <= row->most) return;
  diag_error(c->s, E0107, e->span, "`%s` takes at most %d argument%s without a name, not %d", row->name, row->most, row->most == 1 ? "" : "s", positional);
}

void check_initialiser(Checker *c, Scope *scope, Expr *e, const Symbol *weight) {
  e->type = type_real();
  if (e->kind == EXPR_CHAIN) {
    check_initialiser(c, scope, e->left, weight);
    check_initialiser(c, scope, e->right, weight);
  } else if (e->kind == EXPR_CALL || e->kind == EXPR_NAME) {
    check_call(c, scope, e, weight);
  } else {
    Diag *d = diag_error(c->s, E0113, e->span, "`~` is followed by the name of an initialiser");
    diag_label(d, e->span, "this is a value");
    diag_help(d, "`= …` gives a value; `~ glorot` draws one");
  }
}
