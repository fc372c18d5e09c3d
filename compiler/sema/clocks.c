/* clocks.c — on which clocks every expression lives.
 *
 * A value lives on the clocks it is made from; a state without `on` takes those of its equation, which may read the state
 * itself. So the sets grow from the declared ones until nothing changes, quietly; a last walk reports.
 *
 * In a cell `t` is the clock of its arguments (Scope.clock): a call replaces it by the clocks of what it is given. */
#include "sema/check.h"

static Axes axes_of(Checker *c, Scope *scope, Expr *e);

const char *clock_name(Checker *c, int clock) {
  return clock >= 0 && clock < c->module->clocks.len ? c->module->clocks.at[clock].name : "t";
}

int default_clock(Checker *c, const Scope *scope) {
  if (scope->owner && scope->owner->kind == DECL_CELL) return scope->clock;
  return c->module->clocks.len == 1 ? 0 : -1;
}

static Axes on_clock(int clock) { return AXIS_SEQUENCE | AXIS_CLOCK(clock); }

const char *clocks_text(Checker *c, Axes axes) {
  const char *out = "";
  for (int i = 0; i < MAX_CLOCKS; i++)
    if (axes & AXIS_CLOCK(i)) out = arena_printf(c->s->arena, "%s%s`%s`", out, *out ? " and " : "", clock_name(c, i));
  return *out ? out : "no clock";
}

/* --- reads -------------------------------------------------------------------------------------------------------------- */

/* Whoever is read at another time lives on that clock. */
static Axes of_read(Checker *c, Expr *e, Axes axes) {
  Symbol *symbol = value_of_read(e)->symbol;
  bool may_join = symbol && !symbol->known_clock && (symbol->kind == SYMBOL_STATE || symbol->kind == SYMBOL_OUTPUT);
  if (may_join && !(symbol->type.axes & AXIS_CLOCK(e->clock))) {
    symbol->type.axes |= on_clock(e->clock);
    c->changed = true;
  }
  if (axes & AXIS_CLOCK(e->clock) || may_join || c->quiet || is_poison(e->type)) return axes | on_clock(e->clock);
  Diag *d = diag_error(c->s, E0204, e->span, "`%s` does not live on `%s`", source_text(c, e->left->span), clock_name(c, e->clock));
  diag_label(d, e->span, "so there is no other step to read");
  if (symbol && symbol->span.file) diag_label(d, symbol->span, "it lives on %s", clocks_text(c, axes));
  return axes | on_clock(e->clock);
}

static int only_clock(Axes axes) {
  int found = -1;
  for (int i = 0; i < MAX_CLOCKS; i++)
    if (axes & AXIS_CLOCK(i)) found = found == -1 ? i : -2;
  return found;
}

/* The clock that a delay of the value is said with, as far as it is known. */
const char *clock_of_value(Checker *c, const Symbol *symbol) {
  const int own = only_clock(AXES_CLOCKS(symbol->type.axes));
  if (own >= 0) return clock_name(c, own);
  for (int i = 0; i < c->module->clocks.len; i++)
    if (!strcmp(c->module->clocks.at[i].name, "t")) return "t";
  return clock_name(c, 0);
}

static void two_ends(Checker *c, const Expr *e, Axes axes) {
  Diag *d = diag_error(c->s, E0204, e->span, "which clock's end is this?");
  const char *value = source_text(c, e->left->span), *end = e->access == ACCESS_LAST ? "ends" : "begins";
  diag_label(d, e->left->span, "it lives on %s", clocks_text(c, axes));
  for (int i = 0; i < MAX_CLOCKS; i++)
    if (axes & AXIS_CLOCK(i))
      diag_help(d, "at the %s step of `%s`: `sum over %s (%s(%s) * %s)`", e->access == ACCESS_LAST ? "last" : "first", clock_name(c, i),
                clock_name(c, i), end, clock_name(c, i), value);
}

/* h[last]: the clock leaves. */
static Axes of_end(Checker *c, Expr *e, Axes axes) {
  int clock = only_clock(AXES_CLOCKS(axes));
  e->clock = clock >= 0 ? clock : -1;
  if (clock >= 0) return axes & ~AXIS_CLOCK(clock);
  if (c->quiet || is_poison(e->type)) return axes;
  if (clock == -2) {
    two_ends(c, e, axes);
    c->unclear = true;
  } else {
    diag_label(diag_error(c->s, E0204, e->span, "which clock's end is this?"), e->left->span, "it lives on no clock");
  }
  return axes;
}

static Axes of_index(Checker *c, Scope *scope, Expr *e) {
  Axes axes = axes_of(c, scope, e->left);
  switch (e->access) {
  case ACCESS_OFFSET: case ACCESS_WINDOW: case ACCESS_CHILD: case ACCESS_PARENT: case ACCESS_DELAYS: return of_read(c, e, axes);
  case ACCESS_LAST: case ACCESS_FIRST: return of_end(c, e, axes);
  default: return axes;
  }
}

/* --- over and calls ------------------------------------------------------------------------------------------------------- */

static Axes of_over(Checker *c, Scope *scope, Expr *e) {
  Axes axes = 0, first = 0;
  for (int i = 0; i < e->args.len; i++) {
    Axes each = axes_of(c, scope, e->args.at[i].value);
    axes |= each;
    if (!i) first = each;
  }
  if (e->clock < 0) return axes;
  if (!(first & AXIS_CLOCK(e->clock)) && !c->quiet && !is_poison(e->type)) {
    Diag *d = diag_error(c->s, E0206, e->span, "`%s over %s` of what does not live on `%s`", e->name, clock_name(c, e->clock), clock_name(c, e->clock));
    diag_label(d, e->args.at[0].value->span, "this lives on %s", clocks_text(c, first));
  }
  if (e->left->kind == EXPR_FIELD) return axes | on_clock(e->clock); /* each node has children of its own */
  bool keeps = !strcmp(e->name, "softmax") || !strcmp(e->name, "logsoftmax");
  return keeps ? axes : axes & ~AXIS_CLOCK(e->clock);
}

static Axes of_arguments(Checker *c, Scope *scope, Expr *e) {
  Axes axes = 0;
  for (int i = 0; i < e->args.len; i++) axes |= axes_of(c, scope, e->args.at[i].value);
  return axes;
}

/* An argument `per sequence` must not change in time. */
static void check_argument(Checker *c, const Expr *e, int i, const Symbol *formal, Axes given) {
  if (c->quiet || !formal->known_clock || AXES_CLOCKS(formal->type.axes) || !AXES_CLOCKS(given)) return;
  Diag *d = diag_error(c->s, E0206, e->args.at[i].value->span, "`%s` of `%s` is per sequence", formal->name, e->name);
  diag_label(d, e->args.at[i].value->span, "this lives on %s", clocks_text(c, given));
  diag_label(d, formal->span, "declared per sequence");
}

/* The clocks of the arguments that live on the cell's `t` replace it; with none, the caller's clock does. */
static Axes of_cell(Checker *c, Scope *scope, Expr *e, const Decl *cell) {
  const Scope *inner = scope_of(cell);
  const Symbol *output = cell_output(cell, c->part);
  c->part = 0;
  Axes clocks = 0, all = 0, clock = AXIS_CLOCK(inner->clock);
  for (int i = 0, place = 0; i < e->args.len; i++) {
    Axes given = axes_of(c, scope, e->args.at[i].value);
    if (e->args.at[i].name || place >= inner->arguments.len) continue;
    const Symbol *formal = inner->arguments.at[place++];
    check_argument(c, e, i, formal, given);
    all |= given;
    if (formal->type.axes & clock) clocks |= AXES_CLOCKS(given);
  }
  if (!output) return all;
  int own = default_clock(c, scope);
  if (!clocks && own >= 0) clocks = AXIS_CLOCK(own);
  Axes out = output->type.axes;
  return out & clock ? (out & ~clock) | clocks | AXIS_SEQUENCE : (out ? out | (all & AXIS_SEQUENCE) : 0);
}

static Axes of_function(Checker *c, Scope *scope, Expr *e) {
  const Builtin *b = e->symbol->builtin;
  if (!strcmp(b->name, "begins") || !strcmp(b->name, "ends")) return e->clock >= 0 ? on_clock(e->clock) : 0;
  Axes axes = of_arguments(c, scope, e);
  if (b->class == BUILTIN_LOSS || b->class == BUILTIN_METRIC) return 0; /* over everything that counts */
  int own = default_clock(c, scope);
  return !strcmp(b->name, "noise") && own >= 0 ? axes | on_clock(own) : axes;
}

static Axes of_call(Checker *c, Scope *scope, Expr *e) {
  const Symbol *symbol = e->symbol;
  bool cell = symbol && symbol->decl && (symbol->kind == SYMBOL_CELL || symbol->kind == SYMBOL_SHARED);
  if (cell) return of_cell(c, scope, e, symbol->decl);
  if (symbol && symbol->kind == SYMBOL_BUILTIN) return of_function(c, scope, e);
  return of_arguments(c, scope, e);
}

/* --- every kind ------------------------------------------------------------------------------------------------------------ */

static Axes of_name(const Expr *e) {
  if (!e->symbol) return 0;
  switch (e->symbol->kind) {
  case SYMBOL_DIM: case SYMBOL_CLOCK: case SYMBOL_BUILTIN: case SYMBOL_OPTION: return 0;
  default: return e->symbol->type.axes;
  }
}

static Axes of_start(Checker *c, Scope *scope, Expr *e) {
  Axes axes = axes_of(c, scope, e->left);
  for (int i = 0; i < e->args.len; i++) {
    Expr *history = e->args.at[i].value;
    Axes given = axes_of(c, scope, history);
    if (c->quiet || !AXES_CLOCKS(given)) continue;
    Diag *d = diag_error(c->s, E0206, history->span, "a history does not change in time");
    diag_label(d, history->span, "this lives on %s", clocks_text(c, given));
    diag_help(d, "take one step of it: `%s[last]`", source_text(c, history->span));
  }
  return axes;
}

/* `P(x).h`, `q.h`, `data.y` */
static Axes of_field(Checker *c, Scope *scope, Expr *e) {
  const Decl *cell = e->left->kind == EXPR_CALL && e->left->symbol ? e->left->symbol->decl : NULL;
  if (!cell) return of_name(e);
  c->part = cell_output_place(cell, e->name);
  return axes_of(c, scope, e->left);
}

static Axes of_children(Checker *c, Scope *scope, Expr *e) {
  Axes axes = e->left ? axes_of(c, scope, e->left) : 0;
  if (e->right) axes |= axes_of(c, scope, e->right);
  if (e->third) axes |= axes_of(c, scope, e->third);
  return axes | of_arguments(c, scope, e);
}

static Axes walk(Checker *c, Scope *scope, Expr *e) {
  switch (e->kind) {
  case EXPR_NAME: return of_name(e);
  case EXPR_FIELD: return of_field(c, scope, e);
  case EXPR_INDEX: return of_index(c, scope, e);
  case EXPR_OVER: return of_over(c, scope, e);
  case EXPR_CALL: return of_call(c, scope, e);
  case EXPR_START: return of_start(c, scope, e);
  case EXPR_AS: return axes_of(c, scope, e->left);
  default: return of_children(c, scope, e);
  }
}

static Axes axes_of(Checker *c, Scope *scope, Expr *e) { return e->type.axes = walk(c, scope, e); }

Axes clocks_of_expr(Checker *c, Scope *scope, Expr *e) {
  for (const Scope *at = scope; at; at = at->parent) c->quiet |= at->unknown_clock;
  const Axes axes = axes_of(c, scope, e);
  c->quiet = false;
  return axes;
}

/* --- a cell or a net ----------------------------------------------------------------------------------------------------------- */

/* All outputs of a call have the same arguments: the first speaks of them. */
static Axes of_definition(Checker *c, Symbol *symbol) {
  const bool quiet = c->quiet;
  if (symbol->call && symbol->call->decl) c->part = symbol->part;
  if (symbol->call && symbol->part) c->quiet = true;
  const Axes axes = axes_of(c, symbol->scope, symbol->definition);
  c->quiet = quiet;
  return axes;
}

static void grow(Checker *c, Symbol *symbol) {
  Axes axes = of_definition(c, symbol);
  if (symbol->known_clock || !(axes & ~symbol->type.axes)) return;
  symbol->type.axes |= axes;
  c->changed = true;
}

static bool has_equation(const Symbol *symbol) {
  return symbol->definition && symbol->kind != SYMBOL_LET && symbol->kind != SYMBOL_SHARED && symbol->kind != SYMBOL_CALL;
}

static void report_equation(Checker *c, Symbol *symbol) {
  Axes axes = of_definition(c, symbol), extra = AXES_CLOCKS(axes & ~symbol->type.axes);
  if (!symbol->known_clock || !extra || is_poison(symbol->type) || is_poison(symbol->definition->type)) return;
  Diag *d = diag_error(c->s, E0206, symbol->definition->span, "`%s` lives on %s, but its equation on %s", symbol->name,
                       clocks_text(c, symbol->type.axes), clocks_text(c, axes));
  diag_label(d, symbol->definition->span, "lives on %s", clocks_text(c, axes));
  diag_label(d, symbol->span, "declared here");
  diag_help(d, "a clock leaves by `sum over %s (…)` or `[last]`", clock_name(c, only_clock(extra) < 0 ? 0 : only_clock(extra)));
}

/* The history holds where the clock has no such step, so it cannot change along that clock. */
static void report_history(Checker *c, Symbol *symbol) {
  Axes axes = axes_of(c, symbol->scope, symbol->history);
  const Item *item = symbol->item;
  const Symbol *on = item && item->value_on ? scope_find(symbol->scope, item->value_on) : NULL;
  Axes removed = on && on->kind == SYMBOL_CLOCK ? AXIS_CLOCK(on->clock) : AXES_CLOCKS(symbol->type.axes);
  Axes wrong = AXES_CLOCKS(axes) & (removed | ~symbol->type.axes);
  if (!wrong || is_poison(symbol->history->type)) return;
  Diag *d = diag_error(c->s, E0206, symbol->history->span, "a history does not change in time");
  diag_label(d, symbol->history->span, "this lives on %s", clocks_text(c, axes));
  diag_label(d, symbol->span, "the history of `%s`", symbol->name);
}

static void each_equation(Checker *c, const Scope *scope, void (*act)(Checker *, Symbol *)) {
  for (int i = 0; i < scope->symbols.len; i++)
    if (has_equation(scope->symbols.at[i])) act(c, scope->symbols.at[i]);
}

static bool own_history(const Symbol *symbol) { return symbol->history && symbol->item && symbol->history == symbol->item->value; }

/* Where it is open on which clock a value lives, what else does not fit may follow from that. */
static void forget_consequences(Checker *c, int first) {
  Session *s = c->s;
  int kept = first;
  for (int i = first; i < s->diags.len; i++) {
    if (s->diags.at[i]->code == E0206) s->errors--;
    else s->diags.at[kept++] = s->diags.at[i];
  }
  s->diags.len = kept;
}

void clocks_of_body(Checker *c, Scope *scope) {
  const int first = c->s->diags.len;
  c->quiet = true;
  c->unclear = false;
  for (c->changed = true; c->changed;) { /* to and fro: a chain settles at once, whichever way it is written */
    c->changed = false;
    each_equation(c, scope, grow);
    for (int i = scope->symbols.len; c->changed && i-- > 0;)
      if (has_equation(scope->symbols.at[i])) grow(c, scope->symbols.at[i]);
  }
  c->quiet = false;
  if (scope->unknown_clock) return;
  each_equation(c, scope, report_equation);
  for (int i = 0; i < scope->symbols.len; i++)
    if (own_history(scope->symbols.at[i])) report_history(c, scope->symbols.at[i]);
  if (c->unclear) forget_consequences(c, first);
}
