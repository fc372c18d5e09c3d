/* shapes.c — the shape and kind of every expression; names are resolved on the way.
 *
 * Equations are typed on demand, so that they may stand in any order: a value declared with its shape is known at once,
 * any other asks its equation. Which clocks a value lives on is found afterwards (clocks.c). */
#include "sema/check.h"

Type type_shaped(Shape shape) { return (Type){.kind = TYPE_REAL, .shape = shape}; }
Type type_real(void) { return type_shaped((Shape){0}); }

bool append_dim(Checker *c, Shape *shape, Dim d, Span span) {
  if (shape->rank < MAX_RANK) return shape->dim[shape->rank++] = d, true;
  Diag *e = diag_error(c->s, E0307, span, "more than %d dims", MAX_RANK);
  diag_label(e, span, "a value has at most %d dims", MAX_RANK);
  return false;
}

/* An index acts as its one-hot vector. */
Type type_numbers(Checker *c, Type t, const Expr *e) {
  if (t.kind == TYPE_INDEX) {
    Type out = type_shaped(t.shape);
    return append_dim(c, &out.shape, t.below, e->span) ? out : poison();
  }
  if (t.kind == TYPE_REAL || is_poison(t)) return t;
  Diag *d = diag_error(c->s, E0308, e->span, "numbers are needed here");
  diag_label(d, e->span, "this is %s", shape_phrase(c, &t));
  if (t.kind == TYPE_CLOCK_INDEX) diag_help(d, "a step of a clock is used by `pick over %s (…)`", clock_name(c, t.clock));
  return poison();
}

/* --- two shapes that must agree ------------------------------------------------------------------------------------------ */

static bool is_ambiguous(const Shape *small, const Shape *large) {
  for (int i = 0; i < small->rank; i++)
    for (int j = 0, n = 0; j < large->rank; j++)
      if (dim_equal(small->dim[i], large->dim[j]) && ++n > 1) return true;
  return false;
}

static bool has_literal_one(const Shape *shape) {
  for (int i = 0; i < shape->rank; i++)
    if (!shape->dim[i].terms && shape->dim[i].constant == 1) return true;
  return false;
}

static void explain_disagreement(Checker *c, Diag *d, const Shape *a, const Shape *b) {
  const Shape *small = a->rank < b->rank ? a : b, *large = small == a ? b : a;
  if (small->rank < large->rank && is_ambiguous(small, large))
    diag_note(d, "%s occurs more than once in %s, so it is not clear along which dim to repeat", shape_text(c->s, *small),
              shape_text(c->s, *large));
  else if (has_literal_one(a) || has_literal_one(b))
    diag_note(d, "a size of 1 is never repeated; a scalar `[]` is");
  note_sizes(c, d, a, b);
}

Type type_agree(Checker *c, const char *what, Type a, const Expr *ea, Type b, const Expr *eb) {
  int8_t map[MAX_RANK];
  a = type_numbers(c, a, ea);
  b = type_numbers(c, b, eb);
  if (is_poison(a) || is_poison(b)) return poison();
  if (shape_embed(&a.shape, &b.shape, map)) return b;
  if (shape_embed(&b.shape, &a.shape, map)) return a;
  Diag *d = diag_error(c->s, E0302, eb->span, "%s needs shapes that agree, not %s and %s", what, shape_text(c->s, a.shape),
                       shape_text(c->s, b.shape));
  explain_origin(c, d, eb, &b);
  explain_origin(c, d, ea, &a);
  explain_disagreement(c, d, &a.shape, &b.shape);
  return poison();
}

/* --- A @ B ------------------------------------------------------------------------------------------------------------------ */

static Shape slice_of(const Shape *shape, int from, int to) {
  Shape out = {0};
  for (int i = from; i < to; i++) out.dim[out.rank++] = shape->dim[i];
  return out;
}

/* How many dims meet: all of B's under a linear map, else one. */
static int meeting_dims(const Shape *a, const Shape *b) { return a->rank > b->rank ? b->rank : 1; }

static bool map_fits(const Shape *a, const Shape *b) {
  if (!a->rank || !b->rank) return false;
  int n = meeting_dims(a, b);
  Shape taken = slice_of(a, a->rank - n, a->rank), given = slice_of(b, 0, n);
  return shape_equal(&taken, &given);
}

/* `Ui: [H, H]` takes [H]: another param that would give the same shape. */
static void suggest_map(Checker *c, Scope *scope, Diag *d, const Type *a, const Type *b) {
  for (int i = 0; i < scope->symbols.len; i++) {
    const Symbol *other = scope->symbols.at[i];
    const Shape *shape = &other->type.shape;
    bool weight = other->kind == SYMBOL_PARAM || other->kind == SYMBOL_FIXED;
    if (!weight || shape->rank <= b->shape.rank || !map_fits(shape, &b->shape) || !dim_equal(shape->dim[0], a->shape.dim[0])) continue;
    diag_help(d, "`%s: %s` takes %s", other->name, shape_text(c->s, *shape), shape_text(c->s, b->shape));
    return;
  }
}

/* `param Wi, Wf, Wo, Wg: [X, H]` is one mistake: its error shows all places where it does not fit. */
static bool said_of_declaration(Checker *c, const Expr *e, const Type *b) {
  const Symbol *symbol = e->left->kind == EXPR_NAME ? e->left->symbol : NULL;
  for (int i = 0; symbol && symbol->item && i < c->misfits.len; i++) {
    const MisfitWeight *m = &c->misfits.at[i];
    if (m->item != symbol->item || !shape_equal(&m->given, &b->shape)) continue;
    diag_label(m->said, e->right->span, "%s, given to `%s`", shape_phrase(c, b), symbol->name);
    return true;
  }
  return false;
}

/* `u @ W` where W takes u; `W @ h` where W' does. */
static void suggest_order(Checker *c, Diag *d, const Expr *e, const Type *a, const Type *b) {
  const char *left = source_text(c, e->left->span), *right = source_text(c, e->right->span);
  const Shape turned = {.rank = 2, .dim = {a->shape.dim[1], a->shape.dim[0]}};
  if (b->shape.rank > a->shape.rank && map_fits(&b->shape, &a->shape) && e->right->kind == EXPR_NAME)
    diag_suggest(d, e->span, arena_printf(c->s->arena, "%s @ %s", right, left), "the map stands on the left");
  else if (a->shape.rank == 2 && e->left->kind == EXPR_NAME && map_fits(&turned, &b->shape) && b->shape.rank == 1)
    diag_suggest(d, e->left->span, arena_printf(c->s->arena, "%s'", left), "transposed it takes %s", shape_text(c->s, b->shape));
  else if (e->left->kind == EXPR_TRANSPOSE && a->shape.rank == 2 && map_fits(&turned, &b->shape))
    diag_suggest(d, e->left->span, source_text(c, e->left->left->span), "as it is declared it takes %s", shape_text(c->s, b->shape));
}

static void report_product(Checker *c, Scope *scope, const Expr *e, const Type *a, const Type *b) {
  if (said_of_declaration(c, e, b)) return;
  int n = meeting_dims(&a->shape, &b->shape);
  const char *left = source_text(c, e->left->span);
  const char *taken = shape_text(c->s, slice_of(&a->shape, a->shape.rank - n, a->shape.rank));
  Diag *d = diag_error(c->s, E0301, e->right->span, "`%s` takes %s but is given %s", left, taken, shape_text(c->s, b->shape));
  explain_origin(c, d, e->right, b);
  const Symbol *symbol = e->left->symbol;
  bool declared = e->left->kind == EXPR_NAME && symbol && symbol->item && symbol->item->type.present;
  diag_label(d, declared ? symbol->item->type.span : e->left->span, "so `%s @ _` takes %s", left, taken);
  note_sizes(c, d, &a->shape, &b->shape);
  suggest_map(c, scope, d, a, b);
  if (!d->helps.len) suggest_order(c, d, e, a, b);
  if (declared) vec_push(c->s->arena, c->misfits, ((MisfitWeight){symbol->item, b->shape, d}));
}

static Type scalar_product(Checker *c, const Expr *e, const Type *a) {
  const Expr *scalar = a->shape.rank ? e->right : e->left;
  Diag *d = diag_error(c->s, E0301, scalar->span, "`@` multiplies matrices and vectors, not a scalar");
  diag_label(d, scalar->span, "this is a scalar");
  diag_suggest(d, (Span){e->span.file, e->left->span.end, e->right->span.begin}, " * ", "multiply element by element");
  return poison();
}

static Type type_product(Checker *c, Scope *scope, const Expr *e) {
  Type a = type_numbers(c, e->left->type, e->left), b = type_numbers(c, e->right->type, e->right);
  if (is_poison(a) || is_poison(b)) return poison();
  if (!a.shape.rank || !b.shape.rank) return scalar_product(c, e, &a);
  if (!map_fits(&a.shape, &b.shape)) return report_product(c, scope, e, &a, &b), poison();
  int n = meeting_dims(&a.shape, &b.shape);
  Shape out = slice_of(&a.shape, 0, a.shape.rank - n);
  for (int i = n; i < b.shape.rank; i++)
    if (!append_dim(c, &out, b.shape.dim[i], e->span)) return poison();
  return type_shaped(out);
}

/* --- operators ---------------------------------------------------------------------------------------------------------------- */

static bool compares(Operator op) { return op >= OPERATOR_LT && op <= OPERATOR_NE; }

static bool is_index(Type t) { return t.kind == TYPE_INDEX || t.kind == TYPE_CLOCK_INDEX; }

static bool same_index(Type a, Type b) {
  if (a.kind != b.kind || !is_index(a)) return false;
  return a.kind == TYPE_INDEX ? dim_equal(a.below, b.below) : a.clock == b.clock;
}

/* Indices are compared as the whole numbers they are: with each other, and with a scalar. */
static Type as_counted(Type t, Type other) {
  bool counted = is_index(t) && (same_index(t, other) || (other.kind == TYPE_REAL && !other.shape.rank));
  return counted ? type_shaped(t.shape) : t;
}

static Type type_comparison(Checker *c, const Expr *e) {
  if (is_poison(e->left->type) || is_poison(e->right->type)) return poison();
  Type a = as_counted(e->left->type, e->right->type), b = as_counted(e->right->type, e->left->type);
  const char *what = arena_printf(c->s->arena, "`%s`", operator_text(e->op));
  return type_agree(c, what, a, e->left, b, e->right);
}

/* `W * u` where W @ u was meant: W's last dims are u's shape. */
bool is_product_by_element(const Expr *e) {
  if (e->kind != EXPR_BINARY || e->op != OPERATOR_MUL || e->left->type.kind != TYPE_REAL || e->right->type.kind != TYPE_REAL) return false;
  return e->left->type.shape.rank > e->right->type.shape.rank && map_fits(&e->left->type.shape, &e->right->type.shape);
}

void suggest_product(Diag *d, const Expr *e) {
  diag_suggest(d, (Span){e->span.file, e->left->span.end, e->right->span.begin}, " @ ", "`*` multiplies element by element; a matrix times a vector is `@`");
}

static Type of_binary(Checker *c, Scope *scope, Expr *e) {
  type_expr(c, scope, e->left);
  type_expr(c, scope, e->right);
  if (e->op == OPERATOR_MATMUL) return type_product(c, scope, e);
  const bool adds = e->op == OPERATOR_ADD || e->op == OPERATOR_SUB || compares(e->op);
  if (adds && !check_same_units(c, e)) return poison();
  if (compares(e->op)) return type_comparison(c, e);
  const char *what = arena_printf(c->s->arena, "`%s`", operator_text(e->op));
  const int before = c->s->diags.len;
  Type t = type_agree(c, what, e->left->type, e->left, e->right->type, e->right);
  if (is_poison(t) && c->s->diags.len > before && is_product_by_element(e)) suggest_product(c->s->diags.at[before], e);
  return t;
}

static Type of_unary(Checker *c, Scope *scope, Expr *e) { return type_numbers(c, type_expr(c, scope, e->left), e->left); }

/* An `if` on what is known when compiling chooses one branch for good; both must fit all the same. */
static Type of_if(Checker *c, Scope *scope, Expr *e) {
  Type condition = type_expr(c, scope, e->left);
  Type yes = type_expr(c, scope, e->right), no = type_expr(c, scope, e->third);
  e->static_choice = constant_expr(e->left);
  if (same_index(yes, no) && shape_equal(&yes.shape, &no.shape)) return yes;
  Type chosen = type_agree(c, "`if`", yes, e->right, no, e->third);
  if (is_poison(chosen) || is_poison(condition)) return poison();
  return type_agree(c, "`if`", condition, e->left, chosen, e->right);
}

static Type of_transpose(Checker *c, Scope *scope, Expr *e) {
  Type t = type_numbers(c, type_expr(c, scope, e->left), e->left);
  if (is_poison(t)) return t;
  if (t.shape.rank == 2) {
    Dim first = t.shape.dim[0];
    t.shape.dim[0] = t.shape.dim[1];
    t.shape.dim[1] = first;
    return t;
  }
  Diag *d = diag_error(c->s, E0308, e->left->span, "only a matrix can be transposed");
  explain_origin(c, d, e->left, &t);
  return poison();
}

/* --- leaves ------------------------------------------------------------------------------------------------------------------- */

static Type of_number(Checker *c, Scope *scope, Expr *e) {
  (void)c, (void)scope, (void)e;
  return type_real();
}

static Type of_string(Checker *c, Scope *scope, Expr *e) {
  (void)scope;
  if (c->stage) return (Type){.kind = TYPE_STRING};
  diag_label(diag_error(c->s, E0308, e->span, "numbers are needed here"), e->span, "this is a string");
  return poison();
}

static Type unequal_rows(Checker *c, const Expr *e, const Expr *row, const Type *first, const Type *t) {
  Diag *d = diag_error(c->s, E0308, row->span, "the rows of a list have one shape");
  diag_label(d, row->span, "%s", shape_phrase(c, t));
  diag_label(d, e->args.at[0].value->span, "%s", shape_phrase(c, first));
  return poison();
}

static Type of_list(Checker *c, Scope *scope, Expr *e) {
  Type first = poison();
  for (int i = 0; i < e->args.len; i++) {
    Expr *row = e->args.at[i].value;
    Type t = type_numbers(c, type_expr(c, scope, row), row);
    if (is_poison(t)) return t;
    if (!i) first = t;
    else if (!shape_equal(&first.shape, &t.shape)) return unequal_rows(c, e, row, &first, &t);
  }
  Type out = type_real();
  if (is_poison(first) || !append_dim(c, &out.shape, dim_literal(e->args.len), e->span)) return poison();
  for (int i = 0; i < first.shape.rank; i++)
    if (!append_dim(c, &out.shape, first.shape.dim[i], e->span)) return poison();
  return out;
}

static Type not_a_value(Checker *c, const Expr *e, const Symbol *symbol) {
  Diag *d = diag_error(c->s, E0103, e->span, "`%s` is %s, not a value", symbol->name, symbol_kind_text(symbol->kind));
  if (symbol->span.file) diag_label(d, symbol->span, "declared here");
  if (symbol->kind == SYMBOL_BUILTIN || symbol->kind == SYMBOL_CELL) diag_help(d, "call it: `%s(…)`", symbol->name);
  if (symbol->kind == SYMBOL_CLOCK) diag_help(d, "a clock says when a value is read: `x[%s-1]`", symbol->name);
  return poison();
}

/* `report bits_per_step` */
static bool bare_metric(Checker *c, const Symbol *symbol) {
  return symbol->kind == SYMBOL_BUILTIN && symbol->builtin->class == BUILTIN_METRIC && !symbol->builtin->least && c->stage;
}

static Type of_name(Checker *c, Scope *scope, Expr *e) {
  Symbol *symbol = resolve(c, scope, e);
  if (!symbol) return poison();
  if (bare_metric(c, symbol)) return type_real();
  switch (symbol->kind) {
  case SYMBOL_CALL: return several_values(c, e, symbol->name, symbol->decl);
  case SYMBOL_CLOCK: case SYMBOL_SHARED: case SYMBOL_CELL: case SYMBOL_NET: case SYMBOL_BUILTIN:
    return not_a_value(c, e, symbol);
  default: return type_of_symbol(c, symbol, e);
  }
}

/* `data.y`: what the data say, in a stage. */
static Type of_data_field(Checker *c, Scope *scope, Expr *e) {
  e->left->type = type_real();
  Symbol *symbol = resolve(c, scope, e);
  if (!symbol) return poison();
  if (has_data(symbol)) return symbol->type;
  Diag *d = diag_error(c->s, E0404, e->span, "the data have no `%s`", e->name);
  diag_label(d, symbol->span, "`%s` is %s; only inputs, targets and outputs come with data", e->name, symbol_kind_text(symbol->kind));
  return poison();
}

/* R.T */
static Type transposed_elsewhere(Checker *c, Scope *scope, Expr *e) {
  const Type t = type_expr(c, scope, e->left);
  if (is_poison(t)) return t;
  Diag *d = diag_error(c->s, E0103, e->span, "`%s` has no parts to name", source_text(c, e->left->span));
  const Span dot = {e->span.file, e->left->span.end, e->span.end};
  if (t.kind == TYPE_REAL && t.shape.rank == 2) diag_suggest(d, dot, "'", "a matrix is transposed by `'`");
  else diag_help(d, "only a matrix is transposed, by `'`: this is %s", shape_phrase(c, &t));
  return poison();
}

static Type of_field(Checker *c, Scope *scope, Expr *e) {
  bool data = e->left->kind == EXPR_NAME && !strcmp(e->left->name, "data");
  if (data && c->stage) return of_data_field(c, scope, e);
  if (e->left->kind == EXPR_CALL) return type_field_of_call(c, scope, e);
  if (is_part(scope, e)) {
    Symbol *part = part_of(c, scope, e);
    return part ? type_of_symbol(c, part, e) : poison();
  }
  if (!data && e->left->kind == EXPR_NAME && !resolve(c, scope, e->left)) return poison();
  if (!data && !strcmp(e->name, "T")) return transposed_elsewhere(c, scope, e);
  Diag *d = diag_error(c->s, E0103, e->span, "`%s` has no parts to name", source_text(c, e->left->span));
  if (data) diag_help(d, "`data.%s` is for the clauses of train and run", e->name);
  return poison();
}

static Type of_range(Checker *c, Scope *scope, Expr *e) {
  (void)scope;
  if (c->stage) {
    type_expr(c, scope, e->left);
    type_expr(c, scope, e->right);
    if (e->third) type_expr(c, scope, e->third);
    return (Type){.kind = TYPE_STRING};
  }
  diag_error(c->s, E0308, e->span, "a range belongs into the brackets of an index");
  return poison();
}

static Type misplaced(Checker *c, Scope *scope, Expr *e) {
  (void)scope;
  diag_error(c->s, E0103, e->span, "`|` only joins initialisers, after `~`");
  return poison();
}

/* --- every kind --------------------------------------------------------------------------------------------------------------- */

typedef Type Typer(Checker *c, Scope *scope, Expr *e);

static Typer *const typers[] = {
    [EXPR_NUMBER] = of_number, [EXPR_STRING] = of_string, [EXPR_NAME] = of_name,           [EXPR_LIST] = of_list,
    [EXPR_RANGE] = of_range,   [EXPR_UNARY] = of_unary,   [EXPR_BINARY] = of_binary,       [EXPR_IF] = of_if,
    [EXPR_CALL] = type_call,   [EXPR_INDEX] = type_index, [EXPR_TRANSPOSE] = of_transpose, [EXPR_FIELD] = of_field,
    [EXPR_OVER] = type_over,   [EXPR_AS] = type_as,       [EXPR_START] = type_start,       [EXPR_CHAIN] = misplaced,
};

Type type_expr(Checker *c, Scope *scope, Expr *e) {
  e->clock = e->over_dim = -1;
  Type t = typers[e->kind](c, scope, e); /* before e is written: an equation may reach itself */
  return e->type = t;
}

/* --- values of equations -------------------------------------------------------------------------------------------------------- */

void defined_through_itself(Checker *c, const Symbol *symbol, const Expr *use) {
  const Decl *cell = symbol->call ? symbol->call->decl : symbol->definition ? called_cell(symbol->scope, symbol->definition) : NULL;
  Diag *d = diag_error(c->s, E0205, use->span, "the shape of `%s` cannot be told: it is defined through itself", symbol->name);
  diag_label(d, use->span, "needs the shape of `%s`", symbol->name);
  diag_label(d, symbol->span, "defined here");
  if (symbol->kind == SYMBOL_LET) diag_help(d, "a `let` is made of numbers, dims and other lets, and none of them of itself");
  else if (cell) diag_help(d, "say the sizes in the call: `%s[… = …](…)`", cell->name);
  else diag_help(d, "a loop reads the past: declare `state %s: […] = 0` and read `%s[t-1]`", symbol->name, symbol->name);
}

/* What is read at another step without a history will be told of that, unless its call turns out to bring one. */
static Type through_itself(Checker *c, Symbol *symbol, const Expr *use) {
  for (int i = 0; i < c->missing.len; i++) {
    if (c->missing.at[i].symbol != symbol) continue;
    if (!c->missing.at[i].shapeless) c->missing.at[i].shapeless = use;
    return poison();
  }
  if (symbol->known_shape) return poison();
  symbol->known_shape = true; /* said once */
  defined_through_itself(c, symbol, use);
  return poison();
}

Type type_part(Checker *c, Symbol *part, const Expr *use) {
  if (part->call->progress == PROGRESS_BUSY && is_poison(part->given)) return through_itself(c, part, use);
  type_outputs(c, part->call);
  return part->given;
}

Type type_definition(Checker *c, Symbol *symbol, const Expr *use) {
  if (symbol->call) return type_part(c, symbol, use);
  c->asked = (Asked){.value = names_one_output(symbol)};
  return type_expr(c, symbol->scope, symbol->definition);
}

static Type infer(Checker *c, Symbol *symbol, const Expr *use) {
  int depth = symbol->definition->depth;
  if (c->nesting + depth > DEEPEST_CHAIN) {
    Diag *d = diag_error(c->s, E0003, use->span, "too many equations need each other's shapes in a row");
    diag_help(d, "put what is needed before what needs it");
    return poison();
  }
  const Type *expected = c->expected;
  const Symbol *children = c->children;
  c->expected = NULL;
  c->children = NULL;
  c->nesting += depth;
  symbol->progress = PROGRESS_BUSY;
  Type t = type_definition(c, symbol, use);
  symbol->progress = PROGRESS_DONE;
  c->nesting -= depth;
  c->expected = expected;
  c->children = children;
  t.axes = 0; /* clocks.c */
  return symbol->type = t;
}

Type type_of_symbol(Checker *c, Symbol *symbol, const Expr *use) {
  bool inferred = symbol->definition && !symbol->known_shape;
  if (!inferred || symbol->progress == PROGRESS_DONE) return symbol->kind == SYMBOL_DIM ? type_real() : symbol->type;
  if (symbol->progress == PROGRESS_BUSY && symbol->call) return type_part(c, symbol, use);
  if (symbol->progress == PROGRESS_BUSY) return is_poison(symbol->given) ? through_itself(c, symbol, use) : symbol->given;
  return infer(c, symbol, use);
}
