/* cells.c — a call of a cell is an instance: its dims get sizes, its options values, its arguments nodes. */
#include "lower/builder.h"
#include <math.h>

/* --- what is known when compiling -------------------------------------------------------------------------------------- */

/* UNIT(text, factor): what a number's unit makes of it; times are seconds. */
#define UNITS(UNIT) UNIT("ms", 1e-3) UNIT("s", 1) UNIT("us", 1e-6) UNIT("%", 1e-2)

double number_of(const Expr *e) {
#define UNIT(text, factor) \
  if (e->unit && !strcmp(e->unit, text)) return e->number * (factor);
  UNITS(UNIT)
#undef UNIT
  return e->number;
}

static Binding *option_binding(const Instance *at, const Symbol *s) {
  for (int i = 0; i < at->bindings.len; i++)
    if (at->bindings.at[i]->symbol == s) return at->bindings.at[i];
  return NULL;
}

const char *function_option(const Instance *at, const Symbol *s) {
  const Binding *binding = s && s->kind == SYMBOL_OPTION ? option_binding(at, s) : NULL;
  return binding ? binding->function : NULL;
}

static const Expr *let_expr(const Symbol *s) { return s->value ? s->value : s->definition; }

static bool static_name(const Instance *at, const Expr *e, double *out) {
  const Symbol *s = e->symbol ? e->symbol : scope_find(at->scope, e->name);
  const bool truth = !strcmp(e->name, "true");
  if (!s || s->kind == SYMBOL_BUILTIN) return *out = truth, truth || !strcmp(e->name, "false");
  const bool in_cell = s->scope && s->scope->owner && s->scope->owner->kind == DECL_CELL;
  if (s->kind == SYMBOL_OPTION) {
    const Binding *binding = option_binding(at, s);
    if (!binding || binding->function) return false;
    return *out = binding->number, true;
  }
  if (s->kind == SYMBOL_LET && in_cell) return static_number(at, let_expr(s), out);
  if (s->kind == SYMBOL_LET && !s->type.shape.rank) return *out = s->number, true;
  if (s->kind != SYMBOL_DIM) return false;
  Dim d = {.terms = 1, .term = &(DimTerm){(Symbol *)(uintptr_t)s, 1}};
  return *out = (double)size_here(at, d), true;
}

static double divide(double a, double b) { return a / b; }

/* STATIC(operator, formula): arithmetic of constants. */
#define STATICS(STATIC)                                                                                                \
  STATIC(ADD, a + b) STATIC(SUB, a - b) STATIC(MUL, a * b) STATIC(DIV, divide(a, b)) STATIC(POW, pow(a, b))                \
  STATIC(LT, a < b) STATIC(LE, a <= b) STATIC(GT, a > b) STATIC(GE, a >= b) STATIC(EQ, a == b) STATIC(NE, a != b)          \
  STATIC(AND, a != 0 && b != 0) STATIC(OR, a != 0 || b != 0)

static bool static_binary(const Instance *at, const Expr *e, double *out) {
  double a, b;
  if (!static_number(at, e->left, &a) || !static_number(at, e->right, &b)) return false;
#define STATIC(operator, formula) \
  if (e->op == OPERATOR_##operator) return *out = (formula), true;
  STATICS(STATIC)
#undef STATIC
  return false;
}

static bool static_unary(const Instance *at, const Expr *e, double *out) {
  double a;
  if (!static_number(at, e->left, &a)) return false;
  *out = e->op == OPERATOR_NEG ? -a : a == 0;
  return true;
}

static bool static_if(const Instance *at, const Expr *e, double *out) {
  double condition;
  return static_number(at, e->left, &condition) && static_number(at, condition != 0 ? e->right : e->third, out);
}

/* FUNCTION(function): of <math.h>, of one constant. */
#define FUNCTIONS(FUNCTION) FUNCTION(exp) FUNCTION(log) FUNCTION(sqrt) FUNCTION(floor) FUNCTION(tanh)

static bool static_call(const Instance *at, const Expr *e, double *out) {
  double a;
  if (e->args.len != 1 || !static_number(at, e->args.at[0].value, &a)) return false;
#define FUNCTION(function) \
  if (!strcmp(e->name, #function)) return *out = function(a), true;
  FUNCTIONS(FUNCTION)
#undef FUNCTION
  return false;
}

bool static_number(const Instance *at, const Expr *e, double *out) {
  switch (e->kind) {
  case EXPR_NUMBER: return *out = number_of(e), true;
  case EXPR_NAME: return static_name(at, e, out);
  case EXPR_BINARY: return static_binary(at, e, out);
  case EXPR_UNARY: return static_unary(at, e, out);
  case EXPR_IF: return static_if(at, e, out);
  case EXPR_CALL: return static_call(at, e, out);
  default: return false;
  }
}

/* --- instances -------------------------------------------------------------------------------------------------------- */

static Instance *instance_new(Builder *b, Scope *scope, const char *prefix) {
  Instance *at = arena_new_of(b->session->arena, Instance);
  at->scope = scope;
  at->prefix = at->param_prefix = prefix;
  for (int i = 0; i < MAX_CLOCKS; i++) at->clock[i] = i;
  return at;
}

Instance *net_instance(Builder *b, const Symbol *net) { return instance_new(b, scope_of(net->decl), net->name); }

/* "adding.h" of the equation h; a second call in the same equation is "adding.h_2". */
static const char *call_prefix(Builder *b) {
  Arena *arena = b->session->arena;
  if (!b->equation) return arena_printf(arena, "%s.%s", b->net->prefix, b->stage ? b->stage->name : "value");
  const int nth = ++b->equation->calls;
  const char *name = b->equation->symbol->name;
  return nth == 1 ? arena_printf(arena, "%s.%s", b->naming->prefix, name)
                  : arena_printf(arena, "%s.%s_%d", b->naming->prefix, name, nth);
}

/* The call that makes a shared cell; for the others the call itself. */
static const Expr *making_call(const Expr *call) {
  if (!call->symbol || call->symbol->kind != SYMBOL_SHARED) return call;
  const Symbol *s = call->symbol;
  return s->value ? s->value : s->item ? s->item->value : call;
}

static void bind_dims(Builder *b, Instance *caller, Instance *at, const Expr *call, const Expr *making) {
  const Dim *bind = call->bind ? call->bind : making->bind;
  int64_t *sizes = arena_array(b->session->arena, int64_t, at->scope->dims.len + 1);
  for (int i = 0; i < at->scope->dims.len; i++) sizes[i] = size_here(caller, bind[i]);
  at->dims = sizes;
}

static const Expr *named_arg(const Args *args, Name name) {
  for (int i = 0; i < args->len; i++)
    if (args->at[i].name == name) return args->at[i].value;
  return NULL;
}

static void set_option(Instance *caller, Binding *option, const Expr *value) {
  const char *passed_on = value->kind == EXPR_NAME ? function_option(caller, value->symbol) : NULL;
  if (passed_on) option->function = passed_on;
  else if (!static_number(caller, value, &option->number) && value->kind == EXPR_NAME) option->function = value->name;
}

/* A default may be made from the options before it. */
static void bind_options(Builder *b, Instance *caller, Instance *at, const Expr *call, const Expr *making) {
  for (int i = 0; i < at->scope->options.len; i++) {
    Symbol *s = at->scope->options.at[i];
    Binding *option = binding_of(b, at, s);
    const Expr *given = named_arg(&call->args, s->name);
    if (!given) given = named_arg(&making->args, s->name);
    if (given) set_option(caller, option, given);
    else if (s->value) set_option(at, option, s->value);
  }
}

static const Expr *argument_of(const Expr *call, const Symbol *s, int place) {
  const Expr *named = named_arg(&call->args, s->name);
  for (int i = 0; !named && i < call->args.len; i++)
    if (!call->args.at[i].name && !place--) return call->args.at[i].value;
  return named;
}

/* The argument in the cell's own shape: an index where the cell wants numbers is its one-hot, a scalar is repeated. */
static Ref fit_argument(Builder *b, Instance *caller, Instance *at, Value v, const Symbol *s) {
  if (v.type.kind == TYPE_INDEX && s->type.kind == TYPE_REAL && s->type.shape.rank > v.type.shape.rank) v = one_hot_of(b, caller, v);
  const Sizes want = sizes_here(at, &s->type.shape);
  return node_at(b, v.ref)->shape.rank ? v.ref : graph_expand(b->graph, v.ref, want);
}

static int own_clock(const Instance *at) { return at->scope->clock < 0 ? 0 : at->scope->clock; }

/* An argument may be declared on a further clock, which is not the cell's `t`. */
static GraphAxes declared_clocks(const Instance *at, const Symbol *s) {
  return clocks_of(axes_here(at, s->type.axes & ~AXIS_CLOCK(own_clock(at))));
}

/* `clocks`: those that stand for the cell's `t`. */
static void bind_arguments(Builder *b, Instance *caller, Instance *at, const Expr *call, GraphAxes *clocks) {
  for (int i = 0; i < at->scope->arguments.len; i++) {
    Symbol *s = at->scope->arguments.at[i];
    const Expr *e = argument_of(call, s, i);
    if (!e) continue;
    const Ref r = fit_argument(b, caller, at, lower_value(b, caller, e), s);
    binding_of(b, at, s)->value = r;
    at->extra |= node_at(b, r)->axes;
    *clocks |= clocks_of(node_at(b, r)->axes) & ~declared_clocks(at, s);
  }
}

/* --- `start` gives histories -------------------------------------------------------------------------------------------- */

static Symbol *symbol_here(const Scope *scope, Name name) {
  for (int i = 0; i < scope->symbols.len; i++)
    if (scope->symbols.at[i]->name == name) return scope->symbols.at[i];
  return NULL;
}

static void start_state(Builder *b, Instance *caller, Instance *at, Symbol *s, const Expr *e) {
  if (!s) return;
  const Value v = lower_value(b, caller, e);
  binding_of(b, at, s)->history = fit_argument(b, caller, at, v, s);
  at->extra |= node_at(b, v.ref)->axes;
}

/* Without a name: those outputs of the call that are states. */
static void start_outputs(Builder *b, Instance *caller, Instance *at, const Expr *e) {
  for (int i = 0; i < at->scope->outputs.len; i++) {
    Symbol *s = at->scope->outputs.at[i];
    if (s->kind == SYMBOL_STATE) start_state(b, caller, at, s, e);
  }
}

static void bind_starts(Builder *b, Instance *caller, Instance *at, const Expr *start) {
  for (int i = 0; start && i < start->args.len; i++) {
    const Arg *arg = &start->args.at[i];
    if (arg->name) start_state(b, caller, at, symbol_here(at->scope, arg->name), arg->value);
    else start_outputs(b, caller, at, arg->value);
  }
}

/* --- clocks: a cell's `t` is its arguments' clock ------------------------------------------------------------------------ */

/* Of several the caller's own, if it is among them. */
static void bind_clocks(const Instance *caller, Instance *at, GraphAxes clocks) {
  const int callers = caller->clock[own_clock(caller)];
  at->clock[own_clock(at)] = !clocks || clocks & GRAPH_CLOCK(callers) ? callers : first_clock(clocks);
}

/* --- the call --------------------------------------------------------------------------------------------------------- */

static void lower_defined(Builder *b, Instance *at, Symbol *s) {
  for (int i = 0; s && i < s->parts.len; i++) lower_defined(b, at, s->parts.at[i]);
  if (s && symbol_has_equation(s) && binding_of(b, at, s)->progress == PROGRESS_NONE) value_of(b, at, s);
}

/* All equations in the order they are written, so that params are numbered and graphs read as the text does. */
void lower_equations(Builder *b, Instance *at) {
  const ItemList *items = &at->scope->owner->items;
  for (int i = 0; i < items->len; i++) {
    const NameList *names = &items->at[i]->names;
    for (int k = 0; items->at[i]->kind == ITEM_EQUATION && k < names->len; k++) lower_defined(b, at, symbol_here(at->scope, names->at[k].name));
  }
}

static Instance *instance_of_call(Builder *b, Instance *caller, const Expr *call, const Expr *start) {
  const Expr *making = making_call(call);
  const Symbol *cell = making->symbol;
  Instance *at = instance_new(b, scope_of(cell->decl), call_prefix(b));
  at->call = call;
  if (making != call) at->param_prefix = arena_printf(b->session->arena, "%s.%s", caller->param_prefix, call->symbol->name);
  bind_dims(b, caller, at, call, making);
  bind_options(b, caller, at, call, making);
  GraphAxes clocks = 0;
  bind_arguments(b, caller, at, call, &clocks);
  bind_clocks(caller, at, clocks);
  bind_starts(b, caller, at, start);
  lower_equations(b, at);
  return at;
}

Ref lower_cell_call(Builder *b, Instance *caller, const Expr *call, const Expr *start, int output) {
  Instance *at = instance_of_call(b, caller, call, start);
  return value_of(b, at, at->scope->outputs.at[output]);
}

/* The call is made once, for whichever of its outputs is needed first. */
Ref value_of_part(Builder *b, Instance *caller, const Symbol *part) {
  Binding *call = binding_of(b, caller, part->call);
  const Expr *e = part->call->definition, *start = e->kind == EXPR_START ? e : NULL;
  if (call->progress == PROGRESS_NONE) {
    call->progress = PROGRESS_LOWERING;
    call->made = instance_of_call(b, caller, start ? start->left : e, start);
    call->progress = PROGRESS_DONE;
  }
  return value_of(b, call->made, call->made->scope->outputs.at[part->part]);
}
