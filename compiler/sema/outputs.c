/* outputs.c — calls of cells with several outputs: `q = P(x)` and its parts `q.h`; `a, b = P(x)`; `P(x).h`.
 *
 * Such a call is a symbol of its own, and each output a value whose equation is "that output of the call". So a part is read at
 * other steps, and may be a `state` or an `output`, like any other value. */
#include "sema/check.h"

/* --- cells and their outputs ---------------------------------------------------------------------------------------------- */

int cell_output_place(const Decl *cell, Name name) {
  for (int i = 0; i < cell->outputs.len; i++)
    if (cell->outputs.at[i].name == name) return i;
  return -1;
}

Symbol *cell_output(const Decl *cell, int place) {
  const Scope *inner = scope_of(cell);
  for (int i = 0; inner && place >= 0 && place < cell->outputs.len && i < inner->outputs.len; i++)
    if (inner->outputs.at[i]->name == cell->outputs.at[place].name) return inner->outputs.at[i];
  return NULL;
}

static const Expr *call_in(const Expr *value) { return value->kind == EXPR_START ? value->left : value; }

Decl *called_cell(const Scope *scope, const Expr *value) {
  const Expr *call = call_in(value);
  const Symbol *symbol = call->kind == EXPR_CALL ? scope_find(scope, call->name) : NULL;
  return symbol && (symbol->kind == SYMBOL_CELL || symbol->kind == SYMBOL_SHARED) ? symbol->decl : NULL;
}

bool gives_several(const Scope *scope, const Item *equation) {
  const Decl *cell = called_cell(scope, equation->value);
  return equation->names.len > 1 || (cell && cell->outputs.len > 1);
}

/* "`h` and `c`", "`h`, `c` and `n`" */
static const char *names_of(Checker *c, const Decl *cell) {
  const char *out = "";
  for (int i = 0, n = cell->outputs.len; i < n; i++)
    out = arena_printf(c->s->arena, "%s%s`%s`", out, !i ? "" : i == n - 1 ? " and " : ", ", cell->outputs.at[i].name);
  return out;
}

/* --- declaring ------------------------------------------------------------------------------------------------------------ */

static Symbol *add_part(Checker *c, Symbol *call, Symbol *part, int place) {
  if (!part) return NULL;
  part->equation = call->equation;
  part->definition = call->definition;
  part->call = call;
  part->part = place;
  vec_push(c->s->arena, call->parts, part);
  return part;
}

static Symbol *call_of_item(Symbol *call, Item *item, Decl *cell) {
  call->equation = item;
  call->definition = item->value;
  call->decl = cell;
  return call;
}

/* `q = P(x)`: the names `q.h`, `q.c` cannot be written as one word, so nothing else has them. */
static void declare_parts(Checker *c, Scope *scope, Item *item, Decl *cell) {
  NameAt *at = &item->names.at[0];
  Symbol *call = at->symbol = scope_declare(c, scope, SYMBOL_CALL, at->name, at->span);
  if (!call) return;
  call_of_item(call, item, cell);
  for (int i = 0; i < cell->outputs.len; i++) {
    Name name = intern(c->s, arena_printf(c->s->arena, "%s.%s", at->name, cell->outputs.at[i].name));
    add_part(c, call, scope_here(scope, name) ? NULL : scope_declare(c, scope, SYMBOL_VALUE, name, at->span), i);
  }
}

/* `output y: [Y]` and `y = P(x)`: which of the outputs is y? */
static void one_declared(Checker *c, const NameAt *at, Symbol *declared, Item *item, const Decl *cell) {
  Diag *d = diag_error(c->s, E0114, item->value->span, "`%s` is one value, but `%s` gives %d: %s", at->name, cell->name, cell->outputs.len,
                       names_of(c, cell));
  diag_label(d, item->value->span, "%d values", cell->outputs.len);
  diag_label(d, declared->span, "`%s` is %s", at->name, symbol_kind_text(declared->kind));
  Span end = {item->span.file, call_in(item->value)->span.end, call_in(item->value)->span.end};
  if (item->value->kind == EXPR_CALL) diag_suggest(d, end, arena_printf(c->s->arena, ".%s", cell->outputs.at[0].name), "take one of them");
  declared->equation = item;
  declared->definition = item->value;
  declared->progress = PROGRESS_DONE;
}

/* `a, b = P(x)`: the call is called after the first of its names. */
static void declare_names(Checker *c, Scope *scope, Item *item, Decl *cell) {
  Symbol *call = symbol_new(c, scope, SYMBOL_CALL, item->names.at[0].name, item->names.at[0].span);
  call_of_item(call, item, cell);
  for (int i = 0; i < item->names.len; i++) add_part(c, call, define(c, scope, &item->names.at[i], item), i);
}

void declare_call(Checker *c, Scope *scope, Item *item) {
  Decl *cell = called_cell(scope, item->value);
  NameAt *at = &item->names.at[0];
  Symbol *before = scope_here(scope, at->name);
  bool open = before && (before->kind == SYMBOL_STATE || before->kind == SYMBOL_OUTPUT) && !before->equation;
  if (item->names.len > 1) declare_names(c, scope, item, cell);
  else if (open) one_declared(c, at, before, item, cell);
  else if (before) define(c, scope, at, item); /* says that it is defined twice */
  else declare_parts(c, scope, item, cell);
}

/* --- types ---------------------------------------------------------------------------------------------------------------- */

static bool is_plain_number(const Expr *e) {
  return e->kind == EXPR_NUMBER || (e->kind == EXPR_UNARY && e->op == OPERATOR_NEG && e->left->kind == EXPR_NUMBER);
}

/* What `start` gives a state that is an output is its history here as well; so is the cell's own, where it is a number. */
static Expr *history_given(const Expr *definition, const Symbol *output) {
  if (output->kind != SYMBOL_STATE) return NULL;
  for (int i = 0; definition->kind == EXPR_START && i < definition->args.len; i++) {
    const Arg *arg = &definition->args.at[i];
    if (!arg->name || arg->name == output->name) return arg->value;
  }
  return output->history && is_plain_number(output->history) ? output->history : NULL;
}

void take_outputs(Symbol *call, const Type *given) {
  for (int i = 0; i < call->parts.len; i++) {
    Symbol *part = call->parts.at[i];
    const Symbol *output = part->part < call->decl->outputs.len ? cell_output(call->decl, part->part) : NULL;
    if (!output) continue;
    part->given = given[part->part];
    if (!part->history) part->history = history_given(call->definition, output);
  }
}

Symbol *names_one_output(Symbol *symbol) {
  const Decl *cell = symbol->definition && !symbol->call ? called_cell(symbol->scope, symbol->definition) : NULL;
  return cell && cell->outputs.len == 1 ? symbol : NULL;
}

/* `h = GRU(x)`: the same for a cell with one output. */
void take_history(Symbol *symbol) {
  const bool equation = symbol->kind == SYMBOL_VALUE && symbol->equation && symbol->definition && !symbol->call;
  const Decl *cell = equation ? called_cell(symbol->scope, symbol->equation->value) : NULL;
  const Symbol *output = cell && cell->outputs.len == 1 ? cell_output(cell, 0) : NULL;
  if (output && !symbol->history) symbol->history = history_given(symbol->equation->value, output);
}

static void wrong_names(Checker *c, const Symbol *call) {
  const NameList *names = &call->equation->names;
  const Expr *called = call_in(call->definition);
  Span left = span_join(names->at[0].span, names->at[names->len - 1].span);
  int outputs = call->decl ? call->decl->outputs.len : 1;
  Diag *d = call->decl ? diag_error(c->s, E0115, left, "%d names for the %d output%s of `%s`", names->len, outputs, outputs == 1 ? "" : "s", call->decl->name)
                       : diag_error(c->s, E0115, left, "%d names for one value", names->len);
  diag_label(d, left, "%d names", names->len);
  diag_label(d, called->span, call->decl ? "gives %s" : "this is one value", call->decl ? names_of(c, call->decl) : "");
  if (call->decl && call->decl->name_span.file) diag_label(d, call->decl->name_span, "the cell");
  if (!call->decl) diag_help(d, "only the call of a cell with several outputs gives several values");
  else if (outputs > 1) diag_help(d, "one name for the call takes them all: `q = %s(…)`, then `q.%s`", call->decl->name, call->decl->outputs.at[0].name);
}

void type_outputs(Checker *c, Symbol *call) {
  if (call->progress != PROGRESS_NONE) return;
  call->progress = PROGRESS_BUSY;
  int before = c->s->errors, names = call->equation->names.len;
  if (call->decl) c->asked = (Asked){.call = call};
  Type t = type_expr(c, call->scope, call->definition);
  call->progress = PROGRESS_DONE;
  bool wrong = names > 1 && names != (call->decl ? call->decl->outputs.len : 1);
  if (wrong && (!is_poison(t) || c->s->errors == before)) wrong_names(c, call);
}

/* --- uses ------------------------------------------------------------------------------------------------------------------- */

Type several_values(Checker *c, const Expr *e, const char *what, const Decl *cell) {
  Diag *d = diag_error(c->s, E0114, e->span, "`%s` gives %d values, %s; one is needed here", what, cell->outputs.len, names_of(c, cell));
  diag_label(d, e->span, "which of them?");
  if (cell->name_span.file) diag_label(d, cell->name_span, "a cell with %d outputs", cell->outputs.len);
  Span end = {e->span.file, e->span.end, e->span.end};
  for (int i = 0; i < cell->outputs.len && i < 2; i++)
    diag_suggest(d, end, arena_printf(c->s->arena, ".%s", cell->outputs.at[i].name), i ? "or" : "say which");
  return poison();
}

Type unknown_output(Checker *c, const Expr *field, const Decl *cell) {
  Vec(const char *) names = {0};
  Span span = field->name_span.file ? field->name_span : field->span;
  for (int i = 0; i < cell->outputs.len; i++) vec_push(c->s->arena, names, cell->outputs.at[i].name);
  Diag *d = diag_error(c->s, E0116, span, "`%s` has no output `%s`", cell->name, field->name);
  diag_label(d, span, "it gives %s", names_of(c, cell));
  if (cell->name_span.file) diag_label(d, cell->name_span, "the cell");
  const char *near = did_you_mean(field->name, names.at, names.len);
  if (near) diag_suggest(d, span, near, "did you mean `%s`?", near);
  return poison();
}

/* The cell that `q` of `q.h` is a call of: one with several outputs, or with one, which is then q itself. */
static const Decl *cell_of_name(const Scope *scope, const Expr *field, Symbol **named) {
  Symbol *symbol = *named = field->left->kind == EXPR_NAME ? scope_find(scope, field->left->name) : NULL;
  if (!symbol || symbol->kind == SYMBOL_CALL) return symbol ? symbol->decl : NULL;
  bool value = symbol->kind == SYMBOL_VALUE || symbol->kind == SYMBOL_STATE || symbol->kind == SYMBOL_OUTPUT;
  return value && !symbol->call && symbol->definition ? called_cell(symbol->scope, symbol->definition) : NULL;
}

bool is_part(const Scope *scope, const Expr *field) {
  Symbol *named;
  return cell_of_name(scope, field, &named) != NULL;
}

Symbol *part_of(Checker *c, Scope *scope, Expr *field) {
  Symbol *named;
  const Decl *cell = cell_of_name(scope, field, &named);
  int place = cell_output_place(cell, field->name);
  field->left->symbol = named;
  field->left->type = type_real(); /* for the printers */
  if (place < 0) return unknown_output(c, field, cell), NULL;
  field->symbol = named->kind == SYMBOL_CALL ? NULL : named;
  for (int i = 0; named->kind == SYMBOL_CALL && i < named->parts.len; i++)
    if (named->parts.at[i]->part == place) field->symbol = named->parts.at[i];
  return field->symbol;
}

Type type_field_of_call(Checker *c, Scope *scope, Expr *e) {
  const Decl *cell = called_cell(scope, e->left);
  if (cell) c->asked = (Asked){.field = e};
  Type t = type_expr(c, scope, e->left);
  if (cell || is_poison(t)) return t;
  Diag *d = diag_error(c->s, E0103, e->span, "`%s` has no parts to name", source_text(c, e->left->span));
  diag_label(d, e->left->span, "only the call of a cell has outputs with names");
  return poison();
}

Symbol *symbol_read(const Expr *e) {
  const bool data = e->kind == EXPR_FIELD && e->left->kind == EXPR_NAME && e->symbol && e->symbol->name == e->name;
  return (e->kind == EXPR_NAME || e->kind == EXPR_FIELD) && !data ? e->symbol : NULL;
}
