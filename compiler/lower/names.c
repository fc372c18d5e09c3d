/* names.c — what a name means in an instance, by its kind. */
#include "lower/builder.h"
#include <sys/resource.h>

/* Where a symbol's binding is, or would be. Serial numbers are dense, so they are their own hash. */
static Binding **binding_slot(const Instance *at, const Symbol *s) {
  int i = s->serial & (at->slots - 1);
  while (at->table[i] && at->table[i]->symbol != s) i = (i + 1) & (at->slots - 1);
  return &at->table[i];
}

static void grow_table(Builder *b, Instance *at) {
  at->slots = at->slots ? 2 * at->slots : 16;
  at->table = arena_array(b->session->arena, Binding *, at->slots);
  for (int i = 0; i < at->bindings.len; i++) *binding_slot(at, at->bindings.at[i]->symbol) = at->bindings.at[i];
}

Binding *binding_of(Builder *b, Instance *at, Symbol *s) {
  if (2 * (at->bindings.len + 1) > at->slots) grow_table(b, at);
  Binding **slot = binding_slot(at, s);
  if (*slot) return *slot;
  Binding *new = *slot = arena_new_of(b->session->arena, Binding);
  *new = (Binding){.symbol = s, .value = NO_REF, .history = NO_REF};
  vec_push(b->session->arena, at->bindings, new);
  return new;
}

bool symbol_has_equation(const Symbol *s) {
  return (s->kind == SYMBOL_STATE || s->kind == SYMBOL_OUTPUT || s->kind == SYMBOL_VALUE) && (s->equation || s->definition);
}

static const char *full_name(const Builder *b, const char *prefix, Name name) {
  return arena_printf(b->session->arena, "%s.%s", prefix, name);
}

/* --- data ------------------------------------------------------------------------------------------------------------ */

Symbol *data_field(const Instance *at, const Expr *e) {
  if (e->kind != EXPR_FIELD || e->left->kind != EXPR_NAME || strcmp(e->left->name, "data")) return NULL;
  if (e->symbol) return e->symbol->name == e->name ? e->symbol : NULL; /* of a call named `data` it is an output */
  return scope_find(at->scope, e->name);
}

Ref variable_input(Builder *b, Instance *at, Symbol *s, bool data) {
  const char *name = data ? arena_printf(b->session->arena, "data.%s", s->name) : s->name;
  const int input = graph_input(b->graph, name, INPUT_DATA, sizes_here(at, &s->type.shape), axes_here(at, s->type.axes));
  const Ref r = graph_input_ref(b->graph, input);
  name_node(b, r, name);
  return r;
}

Ref decoded_input(Builder *b, Instance *at, const Symbol *s) {
  const int input = graph_input(b->graph, s->name, INPUT_DECODED, sizes_here(at, &s->type.shape), axes_here(at, s->type.axes));
  return graph_input_ref(b->graph, input);
}

/* Clauses see what the data file says: original = scaled · std + mean. */
Ref original_units(Builder *b, const Symbol *s, Ref r) {
  const bool variable = s->kind == SYMBOL_INPUT || s->kind == SYMBOL_TARGET || s->kind == SYMBOL_OUTPUT;
  if (!b->original || !variable || !scales_variable(b->program, b->net->scope->owner->symbol, s->name)) return r;
  const Sizes shape = sizes_here(b->net, &s->type.shape);
  const Ref std = graph_input_ref(b->graph, graph_input(b->graph, s->name, INPUT_STD, shape, 0));
  const Ref mean = graph_input_ref(b->graph, graph_input(b->graph, s->name, INPUT_MEAN, shape, 0));
  const int8_t last[GRAPH_RANK] = {-1, -1, -1, -1, -1, -1, -1};
  int8_t map[GRAPH_RANK];
  memcpy(map, last, sizeof map);
  const Sizes wide = node_at(b, r)->shape; /* a window has one dim more, before the variable's own */
  for (int i = 0; i < shape.rank; i++) map[wide.rank - shape.rank + i] = (int8_t)i;
  const bool same = sizes_equal(wide, shape);
  const Ref wide_std = same ? std : graph_broadcast(b->graph, std, map, wide);
  const Ref wide_mean = same ? mean : graph_broadcast(b->graph, mean, map, wide);
  return graph_binary(b->graph, OP_ADD, graph_binary(b->graph, OP_MUL, r, wide_std), wide_mean);
}

/* --- equations ------------------------------------------------------------------------------------------------------- */

/* Inside an equation calls are named after it, and variables are in the net's own units. */
Saved enter_equation(Builder *b, Instance *at, Binding *equation) {
  const Saved before = {b->naming, b->equation, b->original, b->children};
  b->naming = at;
  b->equation = equation;
  b->original = false;
  b->children = 0;
  return before;
}

void leave_equation(Builder *b, Saved before) {
  b->naming = before.naming;
  b->equation = before.equation;
  b->original = before.original;
  b->children = before.children;
}

static const Expr *right_side_of(const Symbol *s) { return s->equation ? s->equation->value : s->definition; }

/* Equations that need each other in a row are lowered inside each other; what the stack bears is not exceeded. */
static bool stack_is_full(const Builder *b) {
  struct rlimit limit;
  bool known = !getrlimit(RLIMIT_STACK, &limit) && limit.rlim_cur != RLIM_INFINITY;
  size_t most = known ? limit.rlim_cur / 4 * 3 : 6u << 20;
  return (size_t)(b->stack - (const char *)__builtin_frame_address(0)) > most;
}

static Ref too_long_a_row(Builder *b, const Symbol *s) {
  if (b->session->errors == b->errors)
    diag_help(diag_error(b->session, E0003, s->span, "too many equations need each other in a row"), "read some of them at the step before");
  return graph_const(b->graph, 0);
}

/* The right side of an equation; of an output of a call with several, that output. */
static Value lower_right_side(Builder *b, Instance *at, const Symbol *s) {
  return s->call ? (Value){value_of_part(b, at, s), s->given} : lower_value(b, at, right_side_of(s));
}

/* A call with several outputs is being lowered, for one of them or for another. */
static bool is_being_lowered(Builder *b, Instance *at, Symbol *s) {
  if (s->call && binding_of(b, at, s->call)->progress == PROGRESS_LOWERING) return true;
  return binding_of(b, at, s)->progress == PROGRESS_LOWERING;
}

static Ref equation_value(Builder *b, Instance *at, Symbol *s) {
  Binding *binding = binding_of(b, at, s);
  if (binding->progress == PROGRESS_DONE) return binding->value;
  if (is_being_lowered(b, at, s)) return read_same_step(b, at, s);
  if (stack_is_full(b)) return too_long_a_row(b, s);
  binding->progress = PROGRESS_LOWERING;
  const Saved before = enter_equation(b, at, s->call ? binding_of(b, at, s->call) : binding);
  const Value v = lower_right_side(b, at, s);
  const Shape shape = s->type.kind == TYPE_REAL ? s->type.shape : v.type.shape;
  binding->value = align(b, at, v, &shape);
  leave_equation(b, before);
  binding->progress = PROGRESS_DONE;
  name_node(b, binding->value, full_name(b, at->prefix, s->name));
  return binding->value;
}

static Ref param_value(Builder *b, Instance *at, Symbol *s) {
  Binding *binding = binding_of(b, at, s);
  if (binding->value != NO_REF) return binding->value;
  const char *name = full_name(b, at->param_prefix, s->name);
  const Sizes shape = sizes_here(at, &s->type.shape);
  const int index = model_param(b->model, name, s, shape, at);
  while (b->graph->params.len < b->model->params.len) builder_param(b, b->graph->params.len);
  binding->value = graph_param_ref(b->graph, index);
  name_node(b, binding->value, name);
  return binding->value;
}

/* A child's forced output is read by the node above, as y[t-1] is by the next step. */
static Ref forced_child(Builder *b, Instance *at, Symbol *s) {
  if (force_of(b, s) == FORCE_ALWAYS) return variable_input(b, at, s, true);
  return forced_value(b, at, s, equation_value(b, at, s));
}

static Ref data_value(Builder *b, Instance *at, Symbol *s) {
  if (s == b->decoded && b->original) return decoded_input(b, at, s);
  if (b->children && force_of(b, s) && expected_axes(at, s) & GRAPH_CLOCK(b->children - 1)) return forced_child(b, at, s);
  if (s->kind == SYMBOL_OUTPUT && symbol_has_equation(s)) return equation_value(b, at, s);
  Binding *binding = binding_of(b, at, s);
  if (binding->value == NO_REF) binding->value = variable_input(b, at, s, s->kind == SYMBOL_OUTPUT);
  return binding->value;
}

static Ref argument_value(Builder *b, Instance *at, Symbol *s) { return binding_of(b, at, s)->value; }

static Ref option_value(Builder *b, Instance *at, Symbol *s) { return graph_const(b->graph, binding_of(b, at, s)->number); }

/* A `let`: a number, or a list of them; in a cell it may be made from the cell's options. */
static Ref let_value(Builder *b, Instance *at, Symbol *s) {
  const bool in_cell = s->scope && s->scope->owner && s->scope->owner->kind == DECL_CELL;
  if (!s->type.shape.rank && !in_cell) return graph_const(b->graph, s->number);
  const Expr *e = s->value ? s->value : s->definition;
  double number;
  if (static_number(at, e, &number)) return graph_const(b->graph, number);
  return lower_expr(b, at, e);
}

static Ref dim_value(Builder *b, Instance *at, Symbol *s) {
  return graph_const(b->graph, (double)size_here(at, dim_of(b->session, s)));
}

static Ref clock_value(Builder *b, Instance *at, Symbol *s) { return graph_step_index(b->graph, clock_here(at, s->clock)); }

typedef Ref NameRule(Builder *b, Instance *at, Symbol *s);

static NameRule *const name_rules[] = {
    [SYMBOL_DIM] = dim_value,       [SYMBOL_CLOCK] = clock_value,       [SYMBOL_LET] = let_value,
    [SYMBOL_PARAM] = param_value,   [SYMBOL_FIXED] = param_value,       [SYMBOL_STATE] = equation_value,
    [SYMBOL_INPUT] = data_value,    [SYMBOL_TARGET] = data_value,       [SYMBOL_OUTPUT] = data_value,
    [SYMBOL_VALUE] = equation_value, [SYMBOL_ARGUMENT] = argument_value, [SYMBOL_OPTION] = option_value,
    [SYMBOL_BUILTIN] = NULL,
};

Ref value_of(Builder *b, Instance *at, Symbol *s) {
  NameRule *rule = name_rules[s->kind];
  if (rule) return rule(b, at, s);
  return impossible(b, s->span, s->name);
}

/* --- histories ------------------------------------------------------------------------------------------------------- */

/* Calls inside a history are named after it, whichever equation reads it first. */
static Ref own_history(Builder *b, Instance *at, Symbol *s) {
  Symbol *start = arena_new_of(b->session->arena, Symbol);
  *start = *s;
  start->name = intern(b->session, arena_printf(b->session->arena, "%s_start", s->name));
  Binding *naming = arena_new_of(b->session->arena, Binding);
  naming->symbol = start;
  const Saved before = enter_equation(b, at, naming);
  const Value v = lower_value(b, at, s->history);
  const Ref r = align(b, at, v, &s->type.shape);
  leave_equation(b, before);
  return r;
}

static Ref history_value(Builder *b, Instance *at, Symbol *s) {
  Binding *binding = binding_of(b, at, s);
  if (binding->history == NO_REF && s->history) binding->history = own_history(b, at, s);
  if (binding->history == NO_REF) binding->history = graph_const(b->graph, 0);
  return graph_expand(b->graph, binding->history, sizes_here(at, &s->type.shape));
}

/* The history has no such step either: where it is on the clock that is read (a mistake sema reports), its first value. */
Ref history_of(Builder *b, Instance *at, Symbol *s, int clock) {
  return graph_at_end(b->graph, history_value(b, at, s), clock, 0);
}
