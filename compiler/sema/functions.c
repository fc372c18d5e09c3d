/* functions.c — the types of the language's functions (builtins.def). */
#include "sema/check.h"

typedef Type FunctionTyper(Checker *c, Scope *scope, Expr *e);

Type wants(Checker *c, const Expr *e, int i, const Type *t, const char *what) {
  Diag *d = diag_error(c->s, E0308, argument(e, i)->span, "`%s` needs %s", e->name, what);
  explain_origin(c, d, argument(e, i), t);
  return poison();
}

/* --- by class ------------------------------------------------------------------------------------------------------------ */

static Type type_elementwise(Checker *c, Scope *scope, Expr *e) {
  (void)scope;
  Type t = numbers_at(c, e, 0);
  const Expr *largest = argument(e, 0);
  const char *what = arena_printf(c->s->arena, "`%s`", e->name);
  for (int i = 1; i < e->args.len && !e->args.at[i].name; i++) {
    Type both = type_agree(c, what, t, largest, argument(e, i)->type, argument(e, i));
    if (!is_poison(both) && !shape_equal(&both.shape, &t.shape)) largest = argument(e, i);
    t = both;
  }
  return t;
}

static Type type_reduce(Checker *c, Scope *scope, Expr *e) {
  (void)scope;
  return is_poison(numbers_at(c, e, 0)) ? poison() : type_real();
}

static Type type_extreme(Checker *c, Scope *scope, Expr *e) {
  return e->args.len == 1 ? type_reduce(c, scope, e) : type_elementwise(c, scope, e);
}

static Type type_vector(Checker *c, Scope *scope, Expr *e) {
  (void)scope;
  Type t = numbers_at(c, e, 0);
  return is_poison(t) || t.shape.rank ? t : wants(c, e, 0, &t, "a vector, not a scalar");
}

/* --- one by one ------------------------------------------------------------------------------------------------------------ */

static Type cannot_join(Checker *c, const Expr *e, int i, const Type *first, const Type *t) {
  Diag *d = diag_error(c->s, E0302, argument(e, i)->span, "`concat` joins along the first dim; the others must be the same");
  explain_origin(c, d, argument(e, i), t);
  explain_origin(c, d, argument(e, 0), first);
  note_sizes(c, d, &first->shape, &t->shape);
  return poison();
}

static bool same_tail(const Shape *a, const Shape *b) {
  Shape x = *a, y = *b;
  x.dim[0] = y.dim[0] = dim_literal(0);
  return shape_equal(&x, &y);
}

static Type type_concat(Checker *c, Scope *scope, Expr *e) {
  (void)scope;
  Type first = numbers_at(c, e, 0), out = first;
  for (int i = 0; i < e->args.len; i++) {
    Type t = numbers_at(c, e, i);
    if (is_poison(t)) return t;
    if (!t.shape.rank) return wants(c, e, i, &t, "vectors, not a scalar (`as [1]` makes it one)");
    if (i && !same_tail(&first.shape, &t.shape)) return cannot_join(c, e, i, &first, &t);
    if (i) out.shape.dim[0] = dim_add(c->s, out.shape.dim[0], t.shape.dim[0], 1);
  }
  return out;
}

static Type type_dot(Checker *c, Scope *scope, Expr *e) {
  (void)scope;
  Type a = numbers_at(c, e, 0), b = numbers_at(c, e, 1);
  if (is_poison(a) || is_poison(b)) return poison();
  if (!a.shape.rank) return wants(c, e, 0, &a, "vectors");
  if (shape_equal(&a.shape, &b.shape)) return type_real();
  Diag *d = diag_error(c->s, E0302, argument(e, 1)->span, "`dot` needs two equal shapes, not %s and %s", shape_text(c->s, a.shape),
                       shape_text(c->s, b.shape));
  explain_origin(c, d, argument(e, 1), &b);
  explain_origin(c, d, argument(e, 0), &a);
  note_sizes(c, d, &a.shape, &b.shape);
  return poison();
}

static Type type_outer(Checker *c, Scope *scope, Expr *e) {
  (void)scope;
  Type a = numbers_at(c, e, 0), b = numbers_at(c, e, 1);
  if (is_poison(a) || is_poison(b)) return poison();
  for (int i = 0; i < b.shape.rank; i++)
    if (!append_dim(c, &a.shape, b.shape.dim[i], e->span)) return poison();
  return a;
}

static Type index_below_last(Checker *c, const Expr *e, int i) {
  Type t = numbers_at(c, e, i);
  if (is_poison(t)) return t;
  if (!t.shape.rank) return wants(c, e, i, &t, "a vector to choose from");
  t.kind = TYPE_INDEX;
  t.below = t.shape.dim[--t.shape.rank];
  return t;
}

static Type type_argmax(Checker *c, Scope *scope, Expr *e) {
  (void)scope;
  return index_below_last(c, e, 0);
}

static Type type_sample(Checker *c, Scope *scope, Expr *e) {
  (void)scope;
  return index_below_last(c, e, 0);
}

/* one_hot(i) of an index; one_hot(3, N), or one_hot(3) where a shape is expected, as in a history. */
static Type type_one_hot(Checker *c, Scope *scope, Expr *e) {
  (void)scope;
  Type t = argument(e, 0)->type, out = type_real();
  if (is_poison(t) || t.kind == TYPE_INDEX) return type_numbers(c, t, argument(e, 0));
  if (t.shape.rank) return wants(c, e, 0, &t, "an index or one whole number");
  if (e->args.len == 2) {
    Dim d;
    return dim_of_expr(c, scope, argument(e, 1), &d) && append_dim(c, &out.shape, d, e->span) ? out : poison();
  }
  if (c->expected && c->expected->shape.rank == 1) return type_shaped(c->expected->shape);
  Diag *d = diag_error(c->s, E0308, e->span, "how long is this one-hot vector?");
  diag_help(d, "say its size: `one_hot(%s, N)`", source_text(c, argument(e, 0)->span));
  return poison();
}

/* The cosine of each row of the first with the second: [N, M] and [M] give [N]. */
static Type type_cosine(Checker *c, Scope *scope, Expr *e) {
  (void)scope;
  Type a = numbers_at(c, e, 0), b = numbers_at(c, e, 1);
  if (is_poison(a) || is_poison(b)) return poison();
  if (!a.shape.rank) return wants(c, e, 0, &a, "vectors");
  if (b.shape.rank != 1 || !dim_equal(a.shape.dim[a.shape.rank - 1], b.shape.dim[0]))
    return wants(c, e, 1, &b, arena_printf(c->s->arena, "a vector as long as the last dim of %s", shape_text(c->s, a.shape)));
  a.shape.rank--;
  return a;
}

static Type type_rotate(Checker *c, Scope *scope, Expr *e) {
  (void)scope;
  Type a = numbers_at(c, e, 0), b = numbers_at(c, e, 1);
  if (is_poison(a) || is_poison(b)) return poison();
  if (a.shape.rank != 1) return wants(c, e, 0, &a, "a vector");
  return b.shape.rank == 1 ? a : wants(c, e, 1, &b, "a vector of weights, one for each shift");
}

/* By a number known when compiling, or computed: by an index as the number it is. */
static Type type_shift(Checker *c, Scope *scope, Expr *e) {
  const Type t = type_vector(c, scope, e), by = argument(e, 1)->type;
  const bool number = (by.kind == TYPE_REAL || by.kind == TYPE_INDEX) && !by.shape.rank;
  return number || is_poison(by) ? t : wants(c, e, 1, &by, "one number, by how many places");
}

/* decay(20 ms) = exp(-step / 20 ms) */
static Type type_decay(Checker *c, Scope *scope, Expr *e) {
  const Expr *time = argument(e, 0);
  int clock = default_clock(c, scope);
  if (!check_time_of_decay(c, time)) return poison();
  if (time_in(time) != 1 || clock < 0 || c->module->clocks.at[clock].step > 0) return numbers_at(c, e, 0);
  Diag *d = diag_error(c->s, E0204, e->span, "`decay` needs a clock with a step");
  diag_label(d, time->span, "how many steps are this?");
  diag_help(d, "say how long a step is: `time %s step 1 ms`", clock_name(c, clock));
  return poison();
}

/* `fast_sigmoid(25)`, where it is no surrogate */
static Type type_surrogate(Checker *c, Scope *scope, Expr *e) {
  (void)scope;
  Diag *d = diag_error(c->s, E0103, e->name_span, "`%s` is the derivative that a spike has in training, not a value", e->name);
  diag_help(d, "`spike(v, surrogate = %s)`; as a function of numbers there are `sigmoid` and `hard_sigmoid`", source_text(c, e->span));
  return poison();
}

typedef struct Surrogate {
  const char *name, *letter, *formula;
} Surrogate;

static const Surrogate surrogates[] = {
#define SURROGATE(name, letter, formula, source) {#name, letter, formula},
#include "runtime/surrogates.def"
#undef SURROGATE
};
enum { SURROGATES = sizeof surrogates / sizeof *surrogates };

static const Surrogate *surrogate_named(const char *name) {
  for (int i = 0; name && i < SURROGATES; i++)
    if (!strcmp(surrogates[i].name, name)) return &surrogates[i];
  return NULL;
}

static Type no_surrogate(Checker *c, const Expr *e) {
  const Surrogate *of = e->kind == EXPR_CALL || e->kind == EXPR_NAME ? surrogate_named(e->name) : NULL;
  const char *names[SURROGATES];
  for (int i = 0; i < SURROGATES; i++) names[i] = surrogates[i].name;
  const char *near = !of && e->name ? did_you_mean(e->name, names, SURROGATES) : NULL;
  Diag *d = of ? diag_error(c->s, E0308, e->span, "`%s` takes one number above 0, known when compiling", of->name)
               : diag_error(c->s, E0308, e->span, "this is no surrogate of a spike's derivative");
  if (of) diag_label(d, e->span, "the derivative is %s: which %s?", of->formula, of->letter);
  if (near) diag_suggest(d, e->name_span.file ? e->name_span : e->span, near, "did you mean `%s`?", near);
  for (int i = 0; !of && i < SURROGATES; i++) diag_note(d, "%s(%s): %s", surrogates[i].name, surrogates[i].letter, surrogates[i].formula);
  if (!near) diag_help(d, "for example: `surrogate = %s(%d)`", of ? of->name : "fast_sigmoid", !of || !strcmp(of->name, "fast_sigmoid") ? 25 : 1);
  return poison();
}

/* spike(v, surrogate = fast_sigmoid(25)) */
static Type type_spike(Checker *c, Scope *scope, Expr *e) {
  for (int i = 1; i < e->args.len; i++) {
    Expr *surrogate = argument(e, i);
    double number;
    surrogate->type = type_real();
    const bool one = surrogate->kind == EXPR_CALL && surrogate_named(surrogate->name) && surrogate->args.len == 1 && !surrogate->args.at[0].name;
    if (one && is_poison(type_expr(c, scope, argument(surrogate, 0)))) return poison();
    const Expr *given = one ? argument(surrogate, 0) : NULL;
    if (!one || !constant_expr(given) || (constant_number(given, &number) && !(number > 0))) return no_surrogate(c, surrogate);
  }
  return numbers_at(c, e, 0);
}

/* All would be 0, and what is left is scaled by 1 / (1 - p). */
static Type type_dropout(Checker *c, Scope *scope, Expr *e) {
  (void)scope;
  const Expr *share = e->args.len > 1 ? argument(e, 1) : NULL;
  double p;
  if (share && constant_number(share, &p) && !(p >= 0 && p < 1)) {
    Diag *d = diag_error(c->s, E0308, share->span, "`dropout` takes a share from 0, below 1");
    diag_label(d, share->span, "it is %g", p);
    return poison();
  }
  return numbers_at(c, e, 0);
}

/* noise(1, N): which of the two is meant by `N` alone, a deviation by its name or a size? */
static Type noise_without_list(Checker *c, Scope *scope, Expr *e) {
  Expr *second = argument(e, 1);
  if (e->args.at[1].name) return is_poison(type_expr(c, scope, second)) ? poison() : type_real();
  if (second->kind == EXPR_NAME && !resolve(c, scope, second)) return poison();
  Diag *d = diag_error(c->s, E0308, second->span, "`noise` takes its shape in brackets");
  diag_label(d, second->span, "not a shape");
  diag_suggest(d, second->span, arena_printf(c->s->arena, "[%s]", source_text(c, second->span)), "a draw for each");
  return poison();
}

static Type type_noise(Checker *c, Scope *scope, Expr *e) {
  Type out = type_real();
  if (e->args.len < 2) return out;
  if (argument(e, 1)->kind != EXPR_LIST) return noise_without_list(c, scope, e);
  Vec(Expr *) sizes = {0};
  for (int i = 0; i < argument(e, 1)->args.len; i++) vec_push(c->s->arena, sizes, argument(argument(e, 1), i));
  return shape_of_exprs(c, scope, sizes.at, sizes.len, e->span, &out.shape) ? out : poison();
}

/* --- losses and metrics ---------------------------------------------------------------------------------------------------- */

static Type type_loss(Checker *c, Scope *scope, Expr *e) {
  (void)scope;
  Type a = argument(e, 0)->type, b = argument(e, 1)->type;
  if (a.kind == b.kind && a.kind == TYPE_CLOCK_INDEX) return type_real();
  const char *what = arena_printf(c->s->arena, "`%s`", e->name);
  return is_poison(type_agree(c, what, a, argument(e, 0), b, argument(e, 1))) ? poison() : type_real();
}

/* The classes are the last dim of p; the target is one of them, or a distribution over them. */
static Type type_xent(Checker *c, Scope *scope, Expr *e) {
  Type p = numbers_at(c, e, 0), target = argument(e, 1)->type;
  if (target.kind == TYPE_CLOCK_INDEX) return is_poison(p) ? p : type_real();
  if (!is_poison(p) && !p.shape.rank) return wants(c, e, 0, &p, "the probabilities of the classes, a vector");
  return type_loss(c, scope, e);
}

static Type type_any(Checker *c, Scope *scope, Expr *e) {
  (void)c, (void)scope;
  return is_poison(argument(e, 0)->type) ? poison() : type_real();
}

static Type type_capacity(Checker *c, Scope *scope, Expr *e) {
  return is_poison(argument(e, 1)->type) ? poison() : type_any(c, scope, e);
}

static Type type_none(Checker *c, Scope *scope, Expr *e) {
  (void)c, (void)scope, (void)e;
  return type_real();
}

/* --- begins(n), ends(n) -------------------------------------------------------------------------------------------------------- */

static Type type_at_end(Checker *c, Scope *scope, Expr *e) {
  Expr *of = argument(e, 0);
  Symbol *clock = of->kind == EXPR_NAME ? resolve(c, scope, of) : NULL;
  of->type = type_real();
  if (clock && clock->kind == SYMBOL_CLOCK) return e->clock = clock->clock, type_real();
  if (of->kind == EXPR_NAME && !clock) return poison();
  diag_label(diag_error(c->s, E0103, of->span, "`%s` asks about a clock", e->name), of->span, "this is not a clock");
  return poison();
}

/* --- any call ---------------------------------------------------------------------------------------------------------------------- */

typedef struct TyperRow {
  const char *name;
  FunctionTyper *typer;
} TyperRow;

static FunctionTyper *typer_of(const char *name) {
  static const TyperRow rows[] = {
#define BUILTIN(name, class, least, most, typer, options) {#name, type_##typer},
#include "sema/builtins.def"
#undef BUILTIN
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (!strcmp(rows[i].name, name)) return rows[i].typer;
  return NULL;
}

/* Those that do not take plain values look at their arguments themselves. */
static bool types_its_own(const char *name, int i) {
  if (!strcmp(name, "begins") || !strcmp(name, "ends")) return true;
  return i == 1 && (!strcmp(name, "noise") || !strcmp(name, "one_hot") || !strcmp(name, "spike"));
}

static bool unknown_option(Checker *c, const Expr *e, const Arg *arg, const char *options) {
  Diag *d = diag_error(c->s, E0108, arg->name_span, "`%s` has no option `%s`", e->name, arg->name);
  const char *near = nearest_word(c->s, arg->name, options);
  if (near) diag_suggest(d, arg->name_span, near, "did you mean `%s`?", near);
  else if (*options) diag_help(d, "it has: %s", options);
  return false;
}

static bool type_arguments(Checker *c, Scope *scope, Expr *e, const Builtin *b, int *positional) {
  bool fine = true;
  for (int i = 0; i < e->args.len; i++) {
    const Arg *arg = &e->args.at[i];
    bool known = !arg->name || has_word(b->options, arg->name);
    if (!known) fine = unknown_option(c, e, arg, b->options);
    *positional += !arg->name;
    if (!types_its_own(b->name, i)) type_expr(c, scope, arg->value);
    fine &= !is_poison(arg->value->type) || types_its_own(b->name, i);
  }
  return fine;
}

static Type wrong_count(Checker *c, const Expr *e, const Builtin *b, int given) {
  const char *wanted = b->most == b->least ? arena_printf(c->s->arena, "%d", b->least)
                       : b->most < 0       ? arena_printf(c->s->arena, "at least %d", b->least)
                                           : arena_printf(c->s->arena, "%d to %d", b->least, b->most);
  Diag *d = diag_error(c->s, E0107, e->span, "`%s` takes %s argument%s, not %d", b->name, wanted, b->most == 1 ? "" : "s", given);
  diag_label(d, e->span, "given %d", given);
  return poison();
}

static Type outside_stage(Checker *c, const Expr *e) {
  Diag *d = diag_error(c->s, E0409, e->name_span, "`%s` measures a whole run: it stands in the clauses of train and run", e->name);
  diag_label(d, e->name_span, "not in an equation");
  return poison();
}

Type type_function(Checker *c, Scope *scope, Expr *e, const Builtin *b) {
  int given = 0;
  bool measures = b->class == BUILTIN_LOSS || b->class == BUILTIN_METRIC;
  if (measures && !c->stage) return outside_stage(c, e);
  if (!type_arguments(c, scope, e, b, &given)) return poison();
  bool by_name = e->args.len > given && b->most > 1 && given < b->least && e->args.len >= b->least;
  if (!by_name && (given < b->least || (b->most >= 0 && given > b->most))) return wrong_count(c, e, b, given);
  return typer_of(b->name)(c, scope, e);
}
