/* items.c — cells and nets: the names of a body, their declared types, and the check of each body once. */
#include "sema/check.h"

/* --- declared types ------------------------------------------------------------------------------------------------------ */

static Symbol *clock_named(Checker *c, Scope *scope, Expr *e) {
  Symbol *symbol = resolve(c, scope, e);
  if (!symbol || symbol->kind == SYMBOL_CLOCK) return symbol;
  Diag *d = diag_error(c->s, E0103, e->span, "`%s` is %s, not a clock", e->name, symbol_kind_text(symbol->kind));
  diag_help(d, "declare a clock: `time %s`", e->name);
  return NULL;
}

static Axes axes_of_syntax(Checker *c, Scope *scope, const TypeSyntax *syntax) {
  Axes axes = syntax->per_sequence ? AXIS_SEQUENCE : 0;
  for (int i = 0; i < syntax->on.len; i++) {
    const Symbol *clock = clock_named(c, scope, syntax->on.at[i]);
    if (clock) axes |= AXIS_SEQUENCE | AXIS_CLOCK(clock->clock);
  }
  return axes;
}

/* index(V) below a dim, or index(s): a step of a clock. */
static bool index_of_syntax(Checker *c, Scope *scope, Expr *of, Type *out) {
  const Symbol *symbol = scope_find(scope, of->name);
  out->kind = TYPE_INDEX;
  if (!symbol || symbol->kind != SYMBOL_CLOCK) return dim_of_expr(c, scope, of, &out->below);
  of->symbol = scope_find(scope, of->name);
  out->kind = TYPE_CLOCK_INDEX;
  out->clock = symbol->clock;
  return true;
}

bool type_of_syntax(Checker *c, Scope *scope, TypeSyntax *syntax, Type *out) {
  *out = type_real();
  bool fine = syntax->index_of ? index_of_syntax(c, scope, syntax->index_of, out)
                               : shape_of_exprs(c, scope, syntax->dims.at, syntax->dims.len, syntax->span, &out->shape);
  if (!fine) *out = poison();
  out->axes = axes_of_syntax(c, scope, syntax);
  return fine;
}

/* --- names of a body -------------------------------------------------------------------------------------------------------- */

static const SymbolKind kind_of_item[] = {
    [ITEM_PARAM] = SYMBOL_PARAM, [ITEM_FIXED] = SYMBOL_FIXED,   [ITEM_STATE] = SYMBOL_STATE,   [ITEM_INPUT] = SYMBOL_INPUT,
    [ITEM_TARGET] = SYMBOL_TARGET, [ITEM_OUTPUT] = SYMBOL_OUTPUT, [ITEM_LET] = SYMBOL_LET,     [ITEM_EQUATION] = SYMBOL_VALUE,
    [ITEM_SHARED] = SYMBOL_SHARED,
};

static bool from_data(const Item *item) { return item->kind == ITEM_INPUT || item->kind == ITEM_TARGET; }

static bool has_definition(const Item *item) { return item->kind == ITEM_STATE || item->kind == ITEM_OUTPUT; }

static Axes axes_of_data(Checker *c, Scope *scope, const Item *item) {
  int clock = default_clock(c, scope);
  if (clock >= 0) return AXIS_SEQUENCE | AXIS_CLOCK(clock);
  scope->unknown_clock = true;
  Diag *d = diag_error(c->s, E0207, item->span, "on which clock does `%s` live?", item->names.at[0].name);
  diag_label(d, item->names.at[0].span, "there are several clocks");
  Span end = {item->span.file, item->type.span.end, item->type.span.end};
  if (item->type.present) diag_suggest(d, end, arena_printf(c->s->arena, " on %s", clock_name(c, 0)), "say which");
  return AXIS_SEQUENCE;
}

static void declare_typed(Checker *c, Scope *scope, Item *item) {
  Type type = type_real();
  bool clocked = item->type.on.len || item->type.per_sequence;
  if (item->type.present) type_of_syntax(c, scope, &item->type, &type);
  if (from_data(item) && !clocked) type.axes = axes_of_data(c, scope, item);
  for (int i = 0; i < item->names.len; i++) {
    NameAt *at = &item->names.at[i];
    Symbol *symbol = at->symbol = scope_declare(c, scope, kind_of_item[item->kind], at->name, at->span);
    if (!symbol) continue;
    symbol->item = item;
    symbol->type = type;
    symbol->known_shape = item->type.present || !has_definition(item);
    symbol->known_clock = clocked || from_data(item);
    if (item->kind != ITEM_PARAM && item->kind != ITEM_FIXED) symbol->history = item->value;
  }
}

static void declare_lets(Checker *c, Scope *scope, NameList *names) {
  for (int i = 0; i < names->len; i++) {
    NameAt *at = &names->at[i];
    Symbol *symbol = at->symbol = scope_declare(c, scope, SYMBOL_LET, at->name, at->span);
    if (symbol) symbol->definition = symbol->value = at->value;
  }
}

static void declare_shared(Checker *c, Scope *scope, Item *item) {
  NameAt *at = &item->names.at[0];
  Symbol *symbol = at->symbol = scope_declare(c, scope, SYMBOL_SHARED, at->name, at->span);
  if (!symbol) return;
  symbol->item = item;
  symbol->value = item->value;
  bool named = item->value->kind == EXPR_CALL || item->value->kind == EXPR_NAME;
  Symbol *cell = named ? scope_find(scope, item->value->name) : NULL;
  if (cell && cell->kind == SYMBOL_CELL) symbol->decl = cell->decl;
}

static void misplaced_item(Checker *c, const Item *item) {
  Diag *d = diag_error(c->s, E0113, item->span, "a cell has no %s", item->kind == ITEM_INPUT ? "input" : item->kind == ITEM_TARGET ? "target" : "`output`");
  diag_label(d, item->names.at[0].span, "data belong to a net");
  diag_help(d, "a cell gets its values as arguments: `cell NAME(x: [X]) -> h: [H] { … }`");
}

static void declare_item(Checker *c, Scope *scope, Item *item) {
  bool data = from_data(item) || item->kind == ITEM_OUTPUT;
  if (data && scope->owner->kind == DECL_CELL) misplaced_item(c, item);
  if (item->kind == ITEM_LET) declare_lets(c, scope, &item->names);
  else if (item->kind == ITEM_SHARED) declare_shared(c, scope, item);
  else if (item->kind != ITEM_EQUATION) declare_typed(c, scope, item);
}

static Span defined_at(const Symbol *symbol) {
  const NameList *names = symbol->equation ? &symbol->equation->names : NULL;
  for (int i = 0; names && i < names->len; i++)
    if (names->at[i].name == symbol->name) return names->at[i].span;
  return symbol->span;
}

static void defined_twice(Checker *c, const NameAt *at, const Symbol *before) {
  bool equation = before->equation != NULL;
  Span first = defined_at(before);
  Diag *d = equation ? diag_error(c->s, E0102, at->span, "`%s` is defined twice", at->name)
                     : diag_error(c->s, E0106, at->span, "`%s` is %s and cannot have an equation", at->name, symbol_kind_text(before->kind));
  diag_label(d, at->span, "%s", equation ? "again here" : "this would define it again");
  diag_label(d, first, "%s", equation ? "first here" : "declared here");
}

/* What `start e` gives a call's output is its history for the caller as well. */
static void history_of_start(Symbol *symbol, const Expr *value) {
  bool given = value->kind == EXPR_START && value->args.len == 1 && !value->args.at[0].name;
  if (given && !symbol->history) symbol->history = value->args.at[0].value;
}

Symbol *define(Checker *c, Scope *scope, NameAt *at, Item *item) {
  Symbol *symbol = scope_here(scope, at->name);
  bool open = symbol && (symbol->kind == SYMBOL_STATE || symbol->kind == SYMBOL_OUTPUT) && !symbol->equation;
  if (symbol && !open) return defined_twice(c, at, symbol), NULL;
  if (!symbol) symbol = scope_declare(c, scope, SYMBOL_VALUE, at->name, at->span);
  at->symbol = symbol;
  symbol->equation = item;
  symbol->definition = item->value;
  return symbol;
}

static void declare_equation(Checker *c, Scope *scope, Item *item) {
  if (gives_several(scope, item)) {
    declare_call(c, scope, item);
    return;
  }
  Symbol *symbol = define(c, scope, &item->names.at[0], item);
  if (symbol) history_of_start(symbol, item->value);
}

static void declare_items(Checker *c, Scope *scope, ItemList *items) {
  for (int i = 0; i < items->len; i++) declare_item(c, scope, items->at[i]);
  for (int i = 0; i < items->len; i++)
    if (items->at[i]->kind == ITEM_EQUATION) declare_equation(c, scope, items->at[i]);
}

/* --- a cell's header ---------------------------------------------------------------------------------------------------------- */

/* The cell's own `t`, where the file has no clock of that name. */
static void declare_cell_clock(Checker *c, Scope *scope) {
  Name name = intern(c->s, "t");
  const Symbol *t = scope_find(scope, name);
  if (t && t->kind == SYMBOL_CLOCK) scope->clock = t->clock;
  else if (!scope_here(scope, name)) scope_declare(c, scope, SYMBOL_CLOCK, name, (Span){0})->clock = 0;
}

static void declare_argument(Checker *c, Scope *scope, Param *p) {
  Symbol *symbol = p->symbol = scope_declare(c, scope, SYMBOL_ARGUMENT, p->name, p->span);
  Type type;
  type_of_syntax(c, scope, &p->type, &type);
  if (!symbol) return;
  symbol->type = type;
  symbol->known_shape = true;
  symbol->known_clock = p->type.on.len || p->type.per_sequence;
  if (!symbol->known_clock) symbol->type.axes = AXIS_SEQUENCE | AXIS_CLOCK(scope->clock);
  vec_push(c->s->arena, scope->arguments, symbol);
}

static void declare_option(Checker *c, Scope *scope, Param *p) {
  Symbol *symbol = p->symbol = scope_declare(c, scope, SYMBOL_OPTION, p->name, p->span);
  if (!symbol) return;
  symbol->value = p->value;
  symbol->type = p->value ? type_option(c, scope, p->value) : type_real();
  vec_push(c->s->arena, scope->options, symbol);
}

void declare_header(Checker *c, Decl *cell) {
  Scope *scope = cell->symbol->scope;
  for (int i = 0; i < cell->names.len; i++) {
    Symbol *dim = scope_declare(c, scope, SYMBOL_DIM, cell->names.at[i].name, cell->names.at[i].span);
    cell->names.at[i].symbol = dim;
    if (dim) vec_push(c->s->arena, scope->dims, dim);
  }
  declare_cell_clock(c, scope);
  for (int i = 0; i < cell->arguments.len; i++) declare_argument(c, scope, &cell->arguments.at[i]);
  for (int i = 0; i < cell->options.len; i++) declare_option(c, scope, &cell->options.at[i]);
}

static void output_never_defined(Checker *c, const Param *p, const Symbol *found) {
  Diag *d = diag_error(c->s, E0104, p->span, "the output `%s` is never defined", p->name);
  diag_label(d, p->span, "the cell promises it");
  if (found) diag_label(d, found->span, "this is %s", symbol_kind_text(found->kind));
  else diag_help(d, "add its equation: `%s = …`", p->name);
}

static void output_differs(Checker *c, const Param *p, const Symbol *state, const Type *type) {
  Diag *d = diag_error(c->s, E0303, p->type.span, "`%s` is declared twice, with different shapes", p->name);
  diag_label(d, p->type.span, "%s here", shape_phrase(c, type));
  diag_label(d, state->span, "%s here", shape_phrase(c, &state->type));
}

static void declare_output(Checker *c, Scope *scope, Param *p) {
  Symbol *symbol = p->symbol = scope_here(scope, p->name);
  Type type;
  type_of_syntax(c, scope, &p->type, &type);
  bool defined = symbol && (symbol->kind == SYMBOL_STATE || symbol->kind == SYMBOL_VALUE || symbol->kind == SYMBOL_OUTPUT);
  if (!defined) {
    output_never_defined(c, p, symbol);
    return;
  }
  vec_push(c->s->arena, scope->outputs, symbol);
  if (!p->type.present) return;
  bool differs = symbol->known_shape && !is_poison(type) && !is_poison(symbol->type) && !shape_equal(&type.shape, &symbol->type.shape);
  if (differs) output_differs(c, p, symbol, &type);
  if (symbol->known_shape) return;
  symbol->type = type;
  symbol->known_shape = true;
  symbol->known_clock = p->type.on.len || p->type.per_sequence;
}

static void declare_outputs(Checker *c, Decl *cell, Scope *scope) {
  for (int i = 0; i < cell->outputs.len; i++) declare_output(c, scope, &cell->outputs.at[i]);
}

/* --- types of a body -------------------------------------------------------------------------------------------------------- */

static void suggest_products(Diag *d, const Expr *e) {
  if (!e) return;
  if (is_product_by_element(e)) suggest_product(d, e);
  suggest_products(d, e->left);
  suggest_products(d, e->right);
  suggest_products(d, e->third);
  for (int i = 0; e->kind == EXPR_CALL && i < e->args.len; i++) suggest_products(d, e->args.at[i].value);
}

static void wrong_equation(Checker *c, const Symbol *symbol, const Type *t) {
  const Expr *e = symbol->definition;
  Diag *d = diag_error(c->s, E0303, e->span, "`%s` is declared %s, but its equation gives %s", symbol->name, shape_phrase(c, &symbol->type),
                       shape_phrase(c, t));
  diag_label(d, e->span, "%s", shape_phrase(c, t));
  diag_label(d, symbol->item && symbol->item->type.present ? symbol->item->type.span : symbol->span, "%s", shape_phrase(c, &symbol->type));
  note_sizes(c, d, &symbol->type.shape, &t->shape);
  if (t->shape.rank > symbol->type.shape.rank) suggest_products(d, e);
}

static bool same_type(const Type *a, const Type *b) {
  if (a->kind != b->kind || !shape_equal(&a->shape, &b->shape)) return false;
  if (a->kind == TYPE_CLOCK_INDEX) return a->clock == b->clock;
  return a->kind != TYPE_INDEX || dim_equal(a->below, b->below);
}

static void type_equation(Checker *c, Symbol *symbol) {
  if (!symbol->known_shape) {
    type_of_symbol(c, symbol, symbol->definition);
    return;
  }
  if (symbol->progress != PROGRESS_NONE) return;
  symbol->progress = PROGRESS_BUSY;
  Type t = type_definition(c, symbol, symbol->definition);
  symbol->progress = PROGRESS_DONE;
  if (is_poison(t) || is_poison(symbol->type)) return;
  if (symbol->type.kind == TYPE_REAL && t.kind == TYPE_INDEX) t = type_numbers(c, t, symbol->definition);
  if (!same_type(&symbol->type, &t)) wrong_equation(c, symbol, &t);
}

static void never_defined(Checker *c, const Symbol *symbol) {
  Diag *d = diag_error(c->s, E0104, symbol->span, "`%s` is declared and never defined", symbol->name);
  diag_label(d, symbol->span, "%s has an equation", symbol_kind_text(symbol->kind));
  diag_help(d, "add it: `%s = …`", symbol->name);
}

static void type_symbol(Checker *c, Scope *scope, Symbol *symbol) {
  bool defined = symbol->kind == SYMBOL_STATE || symbol->kind == SYMBOL_OUTPUT;
  if (symbol->kind == SYMBOL_LET) let_number(c, symbol);
  else if (symbol->kind == SYMBOL_SHARED) type_shared(c, scope, symbol->value);
  else if (symbol->kind == SYMBOL_CALL) type_outputs(c, symbol);
  else if (symbol->definition) type_equation(c, symbol);
  else if (defined) never_defined(c, symbol);
}

static void no_start_value(Checker *c, const Item *item) {
  Diag *d = diag_error(c->s, E0113, item->span, "how does `%s` start?", item->names.at[0].name);
  diag_label(d, item->names.at[0].span, "neither drawn nor given");
  Span end = {item->span.file, item->span.end, item->span.end};
  diag_suggest(d, end, item->kind == ITEM_PARAM ? " ~ glorot" : " ~ uniform(-1, 1)", "draw it");
}

static void check_value_on(Checker *c, Scope *scope, const Item *item) {
  if (!item->value_on) return;
  const Symbol *clock = scope_find(scope, item->value_on);
  if (clock && clock->kind == SYMBOL_CLOCK) return;
  diag_error(c->s, E0103, item->value_on_span, "`%s` is not a clock", item->value_on);
}

static bool is_weight(const Item *item) { return item->kind == ITEM_PARAM || item->kind == ITEM_FIXED; }

/* Where a weight and its constant do not fit, either may be meant: its uses are silent. */
static void type_constant(Checker *c, Scope *scope, Item *item) {
  const Symbol *symbol = item->names.at[0].symbol;
  if (!is_weight(item) || !item->value || !symbol) return;
  int before = c->s->diags.len;
  c->of_weight = true;
  const Type t = type_for(c, scope, item->value, &symbol->type);
  c->of_weight = false;
  if (!is_poison(t)) return;
  if (c->s->diags.len > before)
    diag_label(c->s->diags.at[before], item->names.at[0].span, "`%s` is declared %s", symbol->name, shape_phrase(c, &symbol->type));
  for (int i = 0; i < item->names.len; i++)
    if (item->names.at[i].symbol) item->names.at[i].symbol->type = poison();
}

/* Histories and initialisers; the names of one item have one type. */
static void type_start_value(Checker *c, Scope *scope, Item *item) {
  const Symbol *symbol = item->names.at[0].symbol;
  bool typed = item->kind != ITEM_LET && item->kind != ITEM_EQUATION && item->kind != ITEM_SHARED;
  if (!typed || !symbol) return;
  if (item->value && !is_weight(item)) type_for(c, scope, item->value, &symbol->type);
  if (item->init) check_initialiser(c, scope, item->init, symbol);
  check_value_on(c, scope, item);
  if (is_weight(item) && !item->value && !item->init) no_start_value(c, item);
}

static void type_body(Checker *c, Scope *scope, ItemList *items) {
  for (int i = 0; i < items->len; i++) type_constant(c, scope, items->at[i]);
  for (int i = 0; i < scope->symbols.len; i++) type_symbol(c, scope, scope->symbols.at[i]);
  for (int i = 0; i < items->len; i++) type_start_value(c, scope, items->at[i]);
  clocks_of_body(c, scope);
  report_missing_histories(c);
}

static void calls_itself(Checker *c, const Decl *d) {
  Diag *diag = diag_error(c->s, E0110, d->name_span, "the cell `%s` calls itself", d->name);
  diag_label(diag, d->name_span, "a call would have no end");
  diag_help(diag, "a cell repeats itself in time: `state h: [H] = 0` and `h[t-1]`");
}

/* A cell is checked when it is first called, or when its turn comes. */
void check_body(Checker *c, Decl *d) {
  Symbol *symbol = d->symbol;
  if (symbol->progress == PROGRESS_BUSY && !symbol->known_number) symbol->known_number = true, calls_itself(c, d);
  if (symbol->progress != PROGRESS_NONE) return;
  symbol->progress = PROGRESS_BUSY;
  MissingList missing = c->missing;
  Decl *stage = c->stage;
  const Type *expected = c->expected;
  c->missing = (MissingList){0};
  c->stage = NULL, c->expected = NULL;
  declare_items(c, symbol->scope, &d->items);
  if (d->kind == DECL_CELL) declare_outputs(c, d, symbol->scope);
  type_body(c, symbol->scope, &d->items);
  c->missing = missing;
  c->stage = stage, c->expected = expected;
  symbol->progress = PROGRESS_DONE;
}
