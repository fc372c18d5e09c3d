/* delays.c — x[t - D]: a delay for each connection. What D must be is said here; its numbers are looked at when it is lowered. */
#include "sema/check.h"

static Diag *refuse(Checker *c, const Expr *e, const Symbol *d, const char *why) {
  Span at = e->args.at[0].value->span;
  Diag *diag = diag_error(c->s, E0215, at, "`%s` cannot be a tensor of delays: %s", d->name, why);
  diag_label(diag, at, "read `%s` steps away", d->name);
  return diag;
}

static void trained(Checker *c, const Expr *e, const Symbol *d) {
  Diag *diag = refuse(c, e, d, "it is trained, and a delay has no gradient");
  Span word = {d->item->span.file, d->item->span.begin, d->item->span.begin + (uint32_t)strlen("param")};
  diag_label(diag, d->span, "a param");
  diag_suggest(diag, word, "fixed", "fix it");
}

static void unknown_bounds(Checker *c, const Expr *e, const Symbol *d) {
  const Expr *init = d->item->init;
  Diag *diag = refuse(c, e, d, "it is not drawn as whole numbers between bounds");
  diag_label(diag, init->span, "its delays may be any numbers");
  diag_suggest(diag, init->span, "integers(1, 10)", "draw whole numbers, with the least and the largest delay");
}

static bool whole_numbers(Checker *c, const Expr *e, const Symbol *d, const Expr *value) {
  double number;
  int64_t whole;
  for (int i = 0; value->kind == EXPR_LIST && i < value->args.len; i++)
    if (!whole_numbers(c, e, d, value->args.at[i].value)) return false;
  if (value->kind == EXPR_LIST || !constant_number(value, &number) || whole_number(number, &whole)) return true;
  Diag *diag = refuse(c, e, d, "a delay is a whole number of steps");
  diag_label(diag, value->span, "this is %g", number);
  return false;
}

/* `integers(…)` and `file(…)` have bounds; a chain changes what they gave. */
static bool has_bounds(Checker *c, const Expr *e, const Symbol *d) {
  const Expr *init = d->item->init;
  if (d->item->value) return whole_numbers(c, e, d, d->item->value);
  if (!init) return false; /* that is said of its declaration */
  bool known = init->kind == EXPR_CALL && (!strcmp(init->name, "integers") || !strcmp(init->name, "file"));
  if (!known) unknown_bounds(c, e, d);
  return known;
}

/* The last dims of D are those of what is read. */
static bool ends_in(const Shape *all, const Shape *last) {
  int shift = all->rank - last->rank;
  for (int i = 0; shift >= 0 && i < last->rank; i++)
    if (!dim_equal(all->dim[shift + i], last->dim[i])) return false;
  return shift >= 0;
}

static void other_dims(Checker *c, const Expr *e, const Symbol *d, const Type *of) {
  Diag *diag = refuse(c, e, d, arena_printf(c->s->arena, "it is %s, which does not end in the dims of `%s`", shape_phrase(c, &d->type),
                                            source_text(c, e->left->span)));
  explain_origin(c, diag, e->left, of);
  diag_label(diag, d->item->type.present ? d->item->type.span : d->span, "%s", shape_phrase(c, &d->type));
  note_sizes(c, diag, &of->shape, &d->type.shape);
}

/* Both ends of a window, t - D and t - D - 4, have the same delays, so that it is as wide for all connections. */
bool same_delays(Checker *c, const Expr *range, const Linear *from, const Linear *to) {
  if (from->tensor == to->tensor && from->tensor_times == to->tensor_times) return true;
  const Symbol *d = from->tensor ? from->tensor : to->tensor;
  Diag *diag = diag_error(c->s, E0217, range->span, "a window of `%s` has no number of taps: `%s` gives each connection another",
                          source_text(c, range->span), d->name);
  diag_label(diag, range->span, "a shape has one size for all");
  const char *clock = clock_name(c, from->clock);
  diag_help(diag, "begin it at each connection's delay, with as many taps for all: `[%s - %s..%s - %s - 4]`", clock, d->name, clock, d->name);
  return false;
}

/* [taps] ++ D's shape, of a window; D's shape */
static Type type_taps(Checker *c, const Expr *e, const Symbol *d) {
  Type out = type_real();
  if (e->args.at[0].value->kind == EXPR_RANGE) append_dim(c, &out.shape, e->taps, e->span);
  for (int i = 0; i < d->type.shape.rank; i++)
    if (!append_dim(c, &out.shape, d->type.shape.dim[i], e->span)) return poison();
  return out;
}

/* Of a window the caller has set offset, taps and stride. */
Type type_delays(Checker *c, Expr *e, Symbol *symbol, const Linear *at) {
  Symbol *d = at->tensor;
  e->access = ACCESS_DELAYS;
  e->clock = at->clock;
  e->symbol = d;
  e->times = (int)at->tensor_times;
  Type given = e->left->type = type_of_symbol(c, symbol, e), of = type_numbers(c, given, e->left);
  if (is_poison(of) || is_poison(d->type)) return poison();
  if (d->kind == SYMBOL_PARAM) return trained(c, e, d), poison();
  if (at->tensor_times != 1 && at->tensor_times != -1) return refuse(c, e, d, "it is counted more than once"), poison();
  if (!ends_in(&d->type.shape, &of.shape)) return other_dims(c, e, d, &of), poison();
  if (!has_bounds(c, e, d)) return poison();
  want_history(c, e, symbol);
  return type_taps(c, e, d);
}
