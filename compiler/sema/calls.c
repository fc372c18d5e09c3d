/* calls.c — calls of cells: their dims in the caller's dims, arguments, options, and which output is asked for.
 *
 * A cell's dims are found by unifying the declared shapes of its arguments with the given ones: a size with one unknown
 * dim, once, says what that dim is. The rest must agree. */
#include "sema/check.h"

typedef struct Call {
  Checker *c;
  Scope *scope; /* of the caller */
  Expr *e;
  Decl *cell;
  Scope *inner;
  Dim *bind;
  bool *bound;
  Type *given; /* of the arguments, in the cell's order */
  Expr **from;
} Call;

/* --- dims -------------------------------------------------------------------------------------------------------------- */

static int dim_place(const Scope *cell, Name name) {
  for (int i = 0; i < cell->dims.len; i++)
    if (cell->dims.at[i]->name == name) return i;
  return -1;
}

static bool no_such_dim(Call *k, const Arg *arg) {
  Vec(const char *) names = {0};
  for (int i = 0; i < k->inner->dims.len; i++) vec_push(k->c->s->arena, names, k->inner->dims.at[i]->name);
  Diag *d = diag_error(k->c->s, E0108, arg->name_span, "`%s` has no dim `%s`", k->cell->name, arg->name);
  if (k->cell->name_span.file) diag_label(d, k->cell->name_span, "the cell");
  const char *near = did_you_mean(arg->name, names.at, names.len);
  if (near) diag_suggest(d, arg->name_span, near, "did you mean `%s`?", near);
  return false;
}

static bool bind_given(Call *k, const Args *dims) {
  bool fine = true;
  for (int i = 0; i < dims->len; i++) {
    const Arg *arg = &dims->at[i];
    int place = arg->name ? dim_place(k->inner, arg->name) : i;
    Dim d;
    if (place < 0 || place >= k->inner->dims.len) fine = no_such_dim(k, arg);
    else if (!dim_of_expr(k->c, k->scope, arg->value, &d)) fine = false;
    else k->bind[place] = d, k->bound[place] = true;
  }
  return fine;
}

/* The formal size with what is bound replaced; `unknown` is the place of its one unbound dim, -1 none, -2 several. */
static Dim partly_bound(Call *k, Dim formal, int *unknown) {
  Session *s = k->c->s;
  Dim out = dim_literal(formal.constant);
  *unknown = -1;
  for (int i = 0; i < formal.terms; i++) {
    int place = -1;
    for (int j = 0; j < k->inner->dims.len; j++)
      if (k->inner->dims.at[j] == formal.term[i].dim) place = j;
    bool open = place >= 0 && !k->bound[place];
    if (open) *unknown = *unknown == -1 && formal.term[i].times == 1 ? place : -2;
    else out = dim_add(s, out, place >= 0 ? k->bind[place] : dim_of(s, formal.term[i].dim), formal.term[i].times);
  }
  return out;
}

static Type numbers_of(Call *k, int i) {
  return k->inner->arguments.at[i]->type.kind == TYPE_REAL ? type_numbers(k->c, k->given[i], k->from[i]) : k->given[i];
}

static void unify_dim(Call *k, Dim formal, Dim actual, bool *progress) {
  int unknown;
  Dim known = partly_bound(k, formal, &unknown);
  if (unknown < 0) return;
  k->bind[unknown] = dim_add(k->c->s, actual, known, -1);
  k->bound[unknown] = *progress = true;
}

/* Ranks that differ are reported later, when all that can be bound is. */
static void unify(Call *k) {
  for (bool progress = true; progress;) {
    progress = false;
    for (int i = 0; i < k->inner->arguments.len; i++) {
      const Type *formal = &k->inner->arguments.at[i]->type;
      Type actual = k->given[i];
      for (int j = 0; j < formal->shape.rank && formal->shape.rank == actual.shape.rank; j++)
        unify_dim(k, formal->shape.dim[j], actual.shape.dim[j], &progress);
      if (formal->kind == TYPE_INDEX && actual.kind == TYPE_INDEX) unify_dim(k, formal->below, actual.below, &progress);
    }
  }
}

static bool all_bound(Call *k) {
  for (int i = 0; i < k->inner->dims.len; i++) {
    if (k->bound[i]) continue;
    Name name = k->inner->dims.at[i]->name;
    Diag *d = diag_error(k->c->s, E0305, k->e->span, "how large is `%s` of `%s`?", name, k->cell->name);
    diag_label(d, k->e->span, "no argument says it");
    diag_label(d, k->inner->dims.at[i]->span, "this dim of the cell");
    const Symbol *here = scope_find(k->scope, name);
    if (here && here->kind == SYMBOL_DIM && !k->e->dims.len && k->e->name_span.file)
      diag_suggest(d, (Span){k->e->span.file, k->e->name_span.end, k->e->name_span.end}, arena_printf(k->c->s->arena, "[%s = %s]", name, name), "give it in the call");
    else diag_help(d, "give it in the call: `%s[%s = …](…)`", k->cell->name, name);
    return false;
  }
  return true;
}

/* --- arguments ---------------------------------------------------------------------------------------------------------- */

static Type bind_type(Call *k, Type t) {
  for (int i = 0; i < t.shape.rank; i++) t.shape.dim[i] = dim_bind(k->c->s, t.shape.dim[i], k->inner, k->bind);
  if (t.kind == TYPE_INDEX) t.below = dim_bind(k->c->s, t.below, k->inner, k->bind);
  t.axes = 0;
  return t;
}

static bool fits(const Type *wanted, const Type *given) {
  if (wanted->kind != given->kind || !shape_equal(&wanted->shape, &given->shape)) return false;
  return wanted->kind != TYPE_INDEX || dim_equal(wanted->below, given->below);
}

/* The formal type with what is bound so far. */
static Type partly_bound_type(Call *k, Type t) {
  for (int i = 0; i < t.shape.rank; i++) {
    int unknown;
    Dim d = partly_bound(k, t.shape.dim[i], &unknown);
    t.shape.dim[i] = unknown == -1 ? d : t.shape.dim[i];
  }
  return t;
}

static bool wrong_argument(Call *k, int i, const Type *given) {
  const Symbol *formal = k->inner->arguments.at[i];
  Type wanted = partly_bound_type(k, formal->type);
  Diag *d = diag_error(k->c->s, E0305, k->from[i]->span, "`%s` takes %s: %s but is given %s", k->cell->name, formal->name,
                       shape_phrase(k->c, &wanted), shape_phrase(k->c, given));
  explain_origin(k->c, d, k->from[i], given);
  diag_label(d, formal->span, "the argument `%s`", formal->name);
  note_sizes(k->c, d, &wanted.shape, &given->shape);
  return false;
}

static bool check_arguments(Call *k) {
  bool fine = true;
  for (int i = 0; i < k->inner->arguments.len; i++) {
    const Type *formal = &k->inner->arguments.at[i]->type;
    Type given = numbers_of(k, i);
    if (is_poison(given) || is_poison(*formal)) fine = false;
    else if (formal->shape.rank != given.shape.rank) fine = wrong_argument(k, i, &given);
    k->given[i] = given;
  }
  if (!fine || !all_bound(k)) return false;
  for (int i = 0; i < k->inner->arguments.len; i++) {
    Type wanted = bind_type(k, k->inner->arguments.at[i]->type);
    if (!fits(&wanted, &k->given[i])) fine = wrong_argument(k, i, &k->given[i]);
  }
  return fine;
}

static int named_place(const Scope *inner, Name name) {
  for (int i = 0; i < inner->arguments.len; i++)
    if (inner->arguments.at[i]->name == name) return i;
  return -1;
}

static bool wrong_count(Call *k, int given) {
  int wanted = k->inner->arguments.len;
  Diag *d = diag_error(k->c->s, E0107, k->e->span, "`%s` takes %d argument%s, not %d", k->cell->name, wanted, wanted == 1 ? "" : "s", given);
  diag_label(d, k->e->span, "given %d", given);
  diag_label(d, k->cell->name_span, "the cell");
  return false;
}

/* --- options -------------------------------------------------------------------------------------------------------------- */

static Symbol *option_of(const Scope *inner, Name name) {
  for (int i = 0; i < inner->options.len; i++)
    if (inner->options.at[i]->name == name) return inner->options.at[i];
  return NULL;
}

static bool unknown_option(Call *k, const Arg *arg) {
  Vec(const char *) names = {0};
  for (int i = 0; i < k->inner->options.len; i++) vec_push(k->c->s->arena, names, k->inner->options.at[i]->name);
  Diag *d = diag_error(k->c->s, E0108, arg->name_span, "`%s` has no option `%s`", k->cell->name, arg->name);
  const char *near = did_you_mean(arg->name, names.at, names.len);
  if (near) diag_suggest(d, arg->name_span, near, "did you mean `%s`?", near);
  else if (dim_place(k->inner, arg->name) >= 0) diag_help(d, "dims stand in brackets: `%s[%s = …](…)`", k->cell->name, arg->name);
  return false;
}

/* A function handed over by its name: `f = relu`. */
static const Symbol *function_named(Scope *scope, const Expr *e) {
  const Symbol *symbol = e->kind == EXPR_NAME ? scope_find(scope, e->name) : NULL;
  if (symbol && symbol->kind == SYMBOL_BUILTIN && symbol->builtin->class == BUILTIN_ELEMENTWISE) return symbol;
  bool handed_on = symbol && symbol->kind == SYMBOL_OPTION && symbol->value && symbol->value->symbol &&
                   symbol->value->symbol->kind == SYMBOL_BUILTIN && symbol->value->kind == EXPR_NAME;
  return handed_on ? symbol : NULL;
}

Type type_option(Checker *c, Scope *scope, Expr *e) {
  if (function_named(scope, e)) {
    e->symbol = scope_find(scope, e->name);
    return e->type = type_real();
  }
  c->wants_function = e->kind == EXPR_NAME;
  Type t = type_expr(c, scope, e);
  c->wants_function = false;
  if (is_poison(t) || constant_expr(e)) return t;
  Diag *d = diag_error(c->s, E0109, e->span, "an option is known when compiling");
  diag_label(d, e->span, "this is not: only numbers, lets, dims and options are");
  return poison();
}

static bool is_function(const Expr *e) {
  const Symbol *symbol = e->kind == EXPR_NAME ? e->symbol : NULL;
  if (symbol && symbol->kind == SYMBOL_OPTION && symbol->value) symbol = symbol->value->symbol;
  return symbol && symbol->kind == SYMBOL_BUILTIN;
}

/* `tau = 20` for an option that is 20 ms where nothing is given. */
static bool option_has_unit(Call *k, const Symbol *option, const Expr *given) {
  const int wanted = option->value ? time_in(option->value) : ANY_UNIT, unit = time_in(given);
  double x;
  if (wanted == unit || wanted == ANY_UNIT || unit == ANY_UNIT || (constant_number(given, &x) && x == 0)) return true;
  Diag *d = diag_error(k->c->s, E0309, given->span, "the option `%s` is a %s", option->name, wanted == 1 ? "time" : "number");
  diag_label(d, given->span, "this is a %s", unit == 1 ? "time" : "number");
  diag_label(d, option->span, "declared here");
  if (wanted == 1) diag_suggest(d, given->span, as_time(k->c, given), "as a time");
  return false;
}

static bool set_option(Call *k, const Arg *arg) {
  const Symbol *option = option_of(k->inner, arg->name);
  Type t = type_option(k->c, k->scope, arg->value);
  if (!option) return unknown_option(k, arg);
  if (!is_poison(t) && !option_has_unit(k, option, arg->value)) return false;
  if (is_poison(t) || !option->value || is_function(arg->value) == is_function(option->value)) return !is_poison(t);
  Diag *d = diag_error(k->c->s, E0109, arg->value->span, "the option `%s` is %s", option->name,
                       is_function(option->value) ? "a function" : "a number");
  diag_label(d, arg->value->span, "this is %s", is_function(arg->value) ? "a function" : "a number");
  diag_label(d, option->span, "declared here");
  return false;
}

/* --- a cell ------------------------------------------------------------------------------------------------------------------ */

static Call call_new(Checker *c, Scope *scope, Expr *e, Decl *cell) {
  Call k = {c, scope, e, cell, scope_of(cell), NULL, NULL, NULL, NULL};
  k.bind = arena_array(c->s->arena, Dim, k.inner->dims.len + 1);
  k.bound = arena_array(c->s->arena, bool, k.inner->dims.len + 1);
  k.given = arena_array(c->s->arena, Type, k.inner->arguments.len + 1);
  k.from = arena_array(c->s->arena, Expr *, k.inner->arguments.len + 1);
  return k;
}

static bool place_arguments(Call *k) {
  bool fine = true;
  int given = 0;
  for (int i = 0; i < k->e->args.len; i++) {
    const Arg *arg = &k->e->args.at[i];
    int place = arg->name ? named_place(k->inner, arg->name) : given;
    if (arg->name && place < 0) {
      fine &= set_option(k, arg);
      continue;
    }
    given++;
    Type t = type_expr(k->c, k->scope, arg->value);
    if (place < k->inner->arguments.len) k->given[place] = t, k->from[place] = arg->value;
  }
  for (int i = 0; i < k->inner->arguments.len; i++)
    if (!k->from[i]) return wrong_count(k, given);
  return given == k->inner->arguments.len ? fine : wrong_count(k, given);
}

/* What the cell's body asked of its sizes, now that they are known; or handed on to the caller, if that is a cell. */
static bool meet_demands(Call *k) {
  bool fine = true;
  const int count = k->inner->demands.len; /* a cell that calls itself hands them on to itself */
  for (int i = 0; i < count; i++) {
    SizeDemand demand = k->inner->demands.at[i];
    Span asked = demand.span;
    demand.left = dim_bind(k->c->s, demand.left, k->inner, k->bind);
    demand.right = dim_bind(k->c->s, demand.right, k->inner, k->bind);
    demand.span = k->e->span;
    fine &= demand_size(k->c, k->scope, demand, asked);
  }
  return fine;
}

/* The type of an output, where the dims that are bound say it; else poison. */
static Type output_so_far(Call *k, int place) {
  const Symbol *output = cell_output(k->cell, place);
  int unknown = -1;
  if (!output || is_poison(output->type)) return poison();
  for (int j = 0; j < output->type.shape.rank && unknown == -1; j++) partly_bound(k, output->type.shape.dim[j], &unknown);
  if (unknown == -1 && output->type.kind == TYPE_INDEX) partly_bound(k, output->type.below, &unknown);
  return unknown == -1 ? bind_type(k, output->type) : poison();
}

/* The types of all outputs that have names here: an argument may read them at another step. */
static void name_outputs(Call *k, Asked asked) {
  int count = k->cell->outputs.len;
  Type *given = arena_array(k->c->s->arena, Type, count + 1);
  for (int i = 0; i < count; i++) given[i] = output_so_far(k, i);
  if (asked.call) take_outputs(asked.call, given);
  if (asked.value) asked.value->given = given[0];
}

/* The value of a call: of a cell with several outputs the one that is asked for. */
static Type value_of_call(Call *k, Asked asked) {
  int place = asked.field ? cell_output_place(k->cell, asked.field->name) : 0;
  if (place < 0) return unknown_output(k->c, asked.field, k->cell);
  if (asked.call) name_outputs(k, asked);
  else if (!asked.field && k->cell->outputs.len > 1) return several_values(k->c, k->e, k->cell->name, k->cell);
  const Symbol *output = cell_output(k->cell, place);
  return output ? bind_type(k, output->type) : poison();
}

static Type call_cell(Checker *c, Scope *scope, Expr *e, Decl *cell, const Args *shared_dims) {
  const Asked asked = c->asked;
  c->asked = (Asked){0};
  check_body(c, cell);
  Call k = call_new(c, scope, e, cell);
  bool fine = bind_given(&k, &e->dims);
  if (shared_dims) fine &= bind_given(&k, shared_dims);
  name_outputs(&k, asked);
  fine &= place_arguments(&k);
  if (!fine) return poison();
  unify(&k);
  if (!check_arguments(&k) || !meet_demands(&k)) return poison();
  e->bind = k.bind;
  return value_of_call(&k, asked);
}

/* --- other calls ---------------------------------------------------------------------------------------------------------------- */

static Type call_option(Checker *c, Scope *scope, Expr *e, const Symbol *option) {
  Type t = poison();
  for (int i = 0; i < e->args.len; i++) t = type_expr(c, scope, e->args.at[i].value);
  if (e->args.len != 1) {
    diag_error(c->s, E0107, e->span, "`%s` takes 1 argument, not %d", e->name, e->args.len);
    return poison();
  }
  if (option->value && is_function(option->value)) return type_numbers(c, t, e->args.at[0].value);
  Diag *d = diag_error(c->s, E0103, e->name_span, "the option `%s` is a number, not a function", option->name);
  diag_label(d, option->span, "declared here");
  return poison();
}

static Type not_callable(Checker *c, Scope *scope, Expr *e, const Symbol *symbol) {
  for (int i = 0; i < e->args.len; i++) type_expr(c, scope, e->args.at[i].value);
  Diag *d = diag_error(c->s, E0103, e->name_span, "`%s` is %s, and cannot be called", symbol->name, symbol_kind_text(symbol->kind));
  diag_label(d, symbol->span, "declared here");
  return poison();
}

/* A value may have the name of a function of the language (`step = …`): a call means the function. */
static Symbol *callee(Checker *c, Scope *scope, Expr *e) {
  Symbol *symbol = resolve(c, scope, e);
  bool callable = symbol && (symbol->kind == SYMBOL_CELL || symbol->kind == SYMBOL_SHARED || symbol->kind == SYMBOL_OPTION);
  Symbol *function = symbol && !callable ? scope_here(c->root, e->name) : NULL;
  return e->symbol = function ? function : symbol;
}

/* The callee is missing, and that has been said. */
static Type call_nothing(Checker *c, Scope *scope, Expr *e) {
  for (int i = 0; i < e->args.len; i++) {
    Expr *arg = e->args.at[i].value;
    const Symbol *named = arg->kind == EXPR_NAME ? scope_find(scope, arg->name) : NULL;
    if (!named || named->kind != SYMBOL_CLOCK) type_expr(c, scope, arg); /* `begins(n)` takes a clock */
  }
  return poison();
}

Type type_call(Checker *c, Scope *scope, Expr *e) {
  Symbol *symbol = callee(c, scope, e);
  bool cell = symbol && (symbol->kind == SYMBOL_CELL || symbol->kind == SYMBOL_SHARED);
  if (!symbol || (cell && !symbol->decl)) return call_nothing(c, scope, e);
  switch (symbol->kind) {
  case SYMBOL_CELL: return call_cell(c, scope, e, symbol->decl, NULL);
  case SYMBOL_SHARED: return call_cell(c, scope, e, symbol->decl, &symbol->value->dims);
  case SYMBOL_OPTION: return call_option(c, scope, e, symbol);
  case SYMBOL_BUILTIN: return type_function(c, scope, e, symbol->builtin);
  default: return not_callable(c, scope, e, symbol);
  }
}

/* shared c = LSTM[H = H]: a cell with its dims and options, without arguments. */
Type type_shared(Checker *c, Scope *scope, Expr *e) {
  Symbol *symbol = e->kind == EXPR_CALL || e->kind == EXPR_NAME ? resolve(c, scope, e) : NULL;
  bool cell = symbol && symbol->kind == SYMBOL_CELL;
  if (!cell && (symbol || (e->kind != EXPR_CALL && e->kind != EXPR_NAME)))
    diag_label(diag_error(c->s, E0103, e->span, "only a cell can be shared"), e->span, "this is not a cell");
  if (!cell || !symbol->decl) return poison();
  Call k = call_new(c, scope, e, symbol->decl);
  bool fine = bind_given(&k, &e->dims);
  for (int i = 0; i < e->args.len; i++) {
    bool option = e->args.at[i].name && option_of(k.inner, e->args.at[i].name);
    if (option) fine &= set_option(&k, &e->args.at[i]);
    else fine = false, diag_error(c->s, E0107, e->args.at[i].value->span, "a shared cell gets its arguments where it is called");
  }
  return fine ? type_real() : poison();
}

/* --- values of a given shape ---------------------------------------------------------------------------------------------------- */

/* A constant or a history of a declared shape: the same shape, or one that is repeated to it. Lists are compared by their sizes. */
static bool literal_fits(const Shape *list, const Shape *wanted) {
  int64_t a, b;
  if (list->rank != wanted->rank) return false;
  for (int i = 0; i < list->rank; i++)
    if (!dim_known(list->dim[i], &a) || (dim_known(wanted->dim[i], &b) && a != b)) return false;
  return true;
}

static bool repeats_to(const Expr *e, const Type *t, const Type *wanted) {
  int8_t map[MAX_RANK];
  if (wanted->kind == TYPE_REAL) {
    if (e->kind == EXPR_LIST && literal_fits(&t->shape, &wanted->shape)) return true;
    return t->kind == TYPE_REAL && shape_embed(&t->shape, &wanted->shape, map);
  }
  if (t->kind == TYPE_REAL) return constant_expr(e) && !t->shape.rank;
  return fits(wanted, t);
}

Type type_for(Checker *c, Scope *scope, Expr *e, const Type *expected) {
  c->expected = expected;
  Type t = type_expr(c, scope, e);
  c->expected = NULL;
  if (is_poison(t) || is_poison(*expected)) return t;
  if (expected->kind == TYPE_REAL && t.kind == TYPE_INDEX) t = type_numbers(c, t, e);
  if (repeats_to(e, &t, expected)) return t;
  Diag *d = diag_error(c->s, E0303, e->span, "a value of %s is wanted, not %s", shape_phrase(c, expected), shape_phrase(c, &t));
  explain_origin(c, d, e, &t);
  note_sizes(c, d, &expected->shape, &t.shape);
  return poison();
}
