/* clauses.c — clauses as the manifest's VALUEs, and what of them is compiled.
 *
 * Of `report`, `expect`, `write` and `plot` the metric calls and comparisons stay for the runtime, while the net's values in
 * them become outputs r0, r1 … in order of occurrence. Other clauses are only written down. */
#include "lower/builder.h"
#include <math.h>

const Clause *clause_of_stage(const Decl *stage, const char *keyword) {
  for (int i = 0; stage && i < stage->clauses.len; i++)
    if (!strcmp(stage->clauses.at[i]->keyword, keyword)) return stage->clauses.at[i];
  return NULL;
}

const Expr *clause_expr(const Clause *c, int i) { return c && i < c->args.len ? c->args.at[i].value : NULL; }

bool is_output_clause(const Clause *c) {
  static const char *const keywords[] = {"report", "expect", "write", "plot"};
  for (int i = 0; i < 4; i++)
    if (!strcmp(c->keyword, keywords[i])) return true;
  return false;
}

/* --- JSON by kind of expression --------------------------------------------------------------------------------------------- */

/* `of` turns arguments into JSON: json_of_value, or output_json in the clauses that are compiled. */
typedef cJSON *JsonRule(ClauseWalk *w, const Expr *e);

static cJSON *with_string(const char *key, const char *text) {
  cJSON *object = cJSON_CreateObject();
  cJSON_AddStringToObject(object, key, text);
  return object;
}

static void add_args(ClauseWalk *w, cJSON *object, const Args *args, JsonRule *of) {
  cJSON *list = NULL, *named = NULL;
  for (int i = 0; i < args->len; i++) {
    const Arg *arg = &args->at[i];
    if (!arg->name && !list) list = cJSON_AddArrayToObject(object, "args");
    if (arg->name && !named) named = cJSON_CreateObject();
    if (arg->name) cJSON_AddItemToObject(named, arg->name, of(w, arg->value));
    else cJSON_AddItemToArray(list, of(w, arg->value));
  }
  if (named) cJSON_AddItemToObject(object, "named", named);
}

/* What a measure looks at, and what `csv(…)` writes, are the net's values. */
static cJSON *call_json(ClauseWalk *w, const Expr *e, JsonRule *of) {
  cJSON *object = with_string("call", e->name);
  const bool outside = w->of_net;
  w->of_net |= is_measure(e) || !e->symbol;
  if (is_measure(e) && (!strcmp(e->name, "xent") || !strcmp(e->name, "bce"))) w->chances = e->name;
  add_args(w, object, &e->args, of);
  w->chances = NULL;
  w->of_net = outside;
  return object;
}

static cJSON *operation_json(ClauseWalk *w, const Expr *e, JsonRule *of) {
  cJSON *object = with_string("op", operator_text(e->op));
  cJSON_AddItemToObject(object, "left", of(w, e->left));
  if (e->kind == EXPR_BINARY) cJSON_AddItemToObject(object, "right", of(w, e->right));
  return object;
}

static cJSON *range_json(ClauseWalk *w, const Expr *e, JsonRule *of) {
  cJSON *object = cJSON_CreateObject();
  cJSON_AddItemToObject(object, "from", of(w, e->left));
  cJSON_AddItemToObject(object, "to", of(w, e->right));
  if (e->third) cJSON_AddItemToObject(object, "by", of(w, e->third));
  return object;
}

static cJSON *list_json(ClauseWalk *w, const Expr *e, JsonRule *of) {
  cJSON *list = cJSON_CreateArray();
  for (int i = 0; i < e->args.len; i++) cJSON_AddItemToArray(list, of(w, e->args.at[i].value));
  return list;
}

static void add_chain(ClauseWalk *w, cJSON *list, const Expr *e, JsonRule *of) {
  if (e->kind != EXPR_CHAIN) {
    cJSON_AddItemToArray(list, of(w, e));
    return;
  }
  add_chain(w, list, e->left, of);
  add_chain(w, list, e->right, of);
}

static cJSON *chain_json(ClauseWalk *w, const Expr *e, JsonRule *of) {
  cJSON *object = cJSON_CreateObject();
  add_chain(w, cJSON_AddArrayToObject(object, "chain"), e, of);
  return object;
}

static cJSON *percent_json(const Expr *e) {
  cJSON *object = cJSON_CreateObject();
  cJSON_AddNumberToObject(object, "percent", e->number);
  return object;
}

/* `data.y` keeps its words; any other field too. */
static cJSON *field_json(ClauseWalk *w, const Expr *e) { return with_string("field", expr_text(w->session, e)); }

static bool is_percent(const Expr *e) { return e->kind == EXPR_NUMBER && e->unit && !strcmp(e->unit, "%"); }

/* A vocabulary is a dim, but clauses mean its symbols. */
static bool is_vocabulary(const ClauseWalk *w, const Expr *e) {
  for (const Scope *scope = w->at->scope; e->kind == EXPR_NAME && scope; scope = scope->parent)
    for (int i = 0; i < scope->symbols.len; i++) {
      const Symbol *s = scope->symbols.at[i];
      if (s->name == e->name) return s->kind == SYMBOL_DIM && s->decl && s->decl->kind == DECL_VOCAB;
    }
  return false;
}

/* The same for a call of `exp` and its like, which only mean the function where the name is one of the language. */
static bool folded(const ClauseWalk *w, const Expr *e, double *number) {
  if (is_percent(e) || is_vocabulary(w, e) || (e->kind == EXPR_CALL && !e->symbol)) return false;
  return static_number(w->at, e, number);
}

static cJSON *structure_json(ClauseWalk *w, const Expr *e, JsonRule *of) {
  switch (e->kind) {
  case EXPR_STRING: return cJSON_CreateString(e->text);
  case EXPR_NAME: return with_string("name", e->name);
  case EXPR_FIELD: return field_json(w, e);
  case EXPR_LIST: return list_json(w, e, of);
  case EXPR_RANGE: return range_json(w, e, of);
  case EXPR_UNARY:
  case EXPR_BINARY: return operation_json(w, e, of);
  case EXPR_CALL: return call_json(w, e, of);
  case EXPR_CHAIN: return chain_json(w, e, of);
  default: return with_string("name", expr_text(w->session, e));
  }
}

cJSON *json_of_value(ClauseWalk *w, const Expr *e) {
  double number;
  if (is_percent(e)) return percent_json(e);
  if (folded(w, e, &number)) return cJSON_CreateNumber(number);
  return structure_json(w, e, json_of_value);
}

/* --- what is compiled --------------------------------------------------------------------------------------------------------- */

static bool is_value(const ClauseWalk *w, const Expr *e);

static bool are_values(const ClauseWalk *w, const Args *args) {
  for (int i = 0; i < args->len; i++)
    if (args->at[i].value->kind != EXPR_RANGE && !is_value(w, args->at[i].value)) return false;
  return true;
}

/* `loss` of a stage has no equation: the runtime knows it. */
static bool is_value_name(const Expr *e) {
  if (!e->symbol || (e->symbol->kind == SYMBOL_VALUE && !e->symbol->equation)) return false;
  return e->symbol->kind != SYMBOL_BUILTIN && e->symbol->kind != SYMBOL_CLOCK && e->symbol->kind != SYMBOL_NET;
}

/* A call for the runtime: a metric, a loss, `csv(…)`, and `mean(cost)`, which is over all that the run records unless a metric
 * stands around it; anything else is the net's own arithmetic. */
static bool is_value_call(const ClauseWalk *w, const Expr *e) {
  if (!e->symbol || (!w->of_net && is_summary(e))) return false;
  if (e->symbol->kind != SYMBOL_BUILTIN) return true;
  const Builtin *builtin = e->symbol->builtin;
  return builtin && builtin->class != BUILTIN_LOSS && builtin->class != BUILTIN_METRIC && are_values(w, &e->args);
}

static bool is_value(const ClauseWalk *w, const Expr *e) {
  switch (e->kind) {
  case EXPR_NUMBER: return true;
  case EXPR_NAME: return is_value_name(e);
  case EXPR_FIELD: return symbol_read(e) || data_field(w->at, e) || (e->left->kind == EXPR_CALL && is_value_call(w, e->left));
  case EXPR_CALL: return is_value_call(w, e);
  case EXPR_UNARY:
  case EXPR_TRANSPOSE:
  case EXPR_INDEX:
  case EXPR_AS: return is_value(w, e->left);
  case EXPR_BINARY: return is_value(w, e->left) && is_value(w, e->right);
  case EXPR_IF: return is_value(w, e->left) && is_value(w, e->right) && is_value(w, e->third);
  case EXPR_OVER:
  case EXPR_LIST: return are_values(w, &e->args);
  default: return false;
  }
}

static const char *variable_of(const ClauseWalk *w, const Expr *e) {
  if (!w->variables) return NULL;
  if (e->kind == EXPR_NAME) return e->name;
  return symbol_read(e) || data_field(w->at, e) ? expr_text(w->session, e) : NULL;
}

static cJSON *add_output(ClauseWalk *w, const Expr *e) {
  const char *name = arena_printf(w->session->arena, "r%d", w->outputs++);
  cJSON *object = with_string("output", name);
  const char *variable = variable_of(w, e), *chances = w->chances;
  w->chances = NULL;
  if (variable) cJSON_AddStringToObject(object, "variable", variable);
  else if (w->variables) cJSON_AddStringToObject(object, "text", expr_text(w->session, e)); /* heads its column */
  if (!w->b) return object;
  w->b->original = true;
  Ref value = lower_expr(w->b, w->at, e);
  w->b->original = false;
  if (chances) value = chances_of(w->b, chances, value);
  graph_output(w->b->graph, name, OUTPUT_VALUE, 0, value);
  return object;
}

static cJSON *output_json(ClauseWalk *w, const Expr *e) {
  double number;
  if (is_percent(e)) return percent_json(e);
  if (folded(w, e, &number)) return cJSON_CreateNumber(number);
  if (is_value(w, e)) return add_output(w, e);
  return structure_json(w, e, output_json);
}

/* What differs from step to step is expected of every step: `y > 0` is `fraction(y > 0) == 1`. */
static cJSON *everywhere(cJSON *value) {
  cJSON *share = with_string("call", "fraction"), *object = with_string("op", "=="), *args = cJSON_AddArrayToObject(share, "args");
  cJSON_AddItemToArray(args, value);
  cJSON_AddItemToObject(object, "left", share);
  cJSON_AddNumberToObject(object, "right", 1);
  return object;
}

static cJSON *expected_json(ClauseWalk *w, const Expr *e) {
  if (is_value(w, e) && (differs_over_run(e) || e->type.shape.rank)) return everywhere(add_output(w, e));
  const bool joins = e->kind == EXPR_BINARY && (e->op == OPERATOR_AND || e->op == OPERATOR_OR);
  return joins ? structure_json(w, e, expected_json) : output_json(w, e);
}

/* A bare value of many steps or elements is reported as its mean, and says so. */
static const char *outermost_text(const ClauseWalk *w, const Expr *e, const cJSON *json) {
  const char *text = expr_text(w->session, e);
  const bool many = e->type.axes || (e->type.kind == TYPE_REAL && e->type.shape.rank);
  const bool averaged = !w->variables && many && cJSON_GetObjectItemCaseSensitive(json, "output");
  return averaged ? arena_printf(w->session->arena, "mean(%s)", text) : text;
}

/* `min(gain) > 0.9` stays a comparison of two numbers, so that the left one can be told. */
static bool compares_numbers(const ClauseWalk *w, const Expr *e) {
  return !w->variables && e->kind == EXPR_BINARY && e->op >= OPERATOR_LT && e->op <= OPERATOR_NE && !e->type.axes && !e->type.shape.rank;
}

static cJSON *outermost_json(ClauseWalk *w, const Expr *e) {
  cJSON *json = compares_numbers(w, e) ? structure_json(w, e, output_json) : w->expects ? expected_json(w, e) : output_json(w, e);
  if (cJSON_IsObject(json) && !cJSON_HasObjectItem(json, "text")) cJSON_AddStringToObject(json, "text", outermost_text(w, e, json));
  return json;
}

/* --- clauses -------------------------------------------------------------------------------------------------------------------- */

static void add_modifiers(ClauseWalk *w, cJSON *object, const Clause *c) {
  if (!c->modifiers.len) return;
  cJSON *list = cJSON_AddArrayToObject(object, "modifiers");
  for (int i = 0; i < c->modifiers.len; i++) {
    cJSON *modifier = with_string("word", c->modifiers.at[i].word);
    add_args(w, modifier, &c->modifiers.at[i].args, json_of_value);
    cJSON_AddItemToArray(list, modifier);
  }
}

/* `washout 50 ms` is 50 steps of 1 ms. */
static cJSON *steps_json(ClauseWalk *w, const Expr *e) {
  double time;
  if (time_in(e) != 1 || !(w->step > 0) || !static_number(w->at, e, &time)) return json_of_value(w, e);
  return cJSON_CreateNumber(nearbyint(time / w->step));
}

static JsonRule *rule_of(const Clause *c) {
  const bool counts_steps = !strcmp(c->keyword, "washout") || !strcmp(c->keyword, "steps");
  return is_output_clause(c) ? outermost_json : counts_steps ? steps_json : json_of_value;
}

cJSON *json_of_clause(ClauseWalk *w, const Clause *c) {
  cJSON *object = with_string("keyword", c->keyword);
  cJSON_AddNumberToObject(object, "line", span_line(w->session, c->span));
  w->variables = !strcmp(c->keyword, "write") || !strcmp(c->keyword, "plot");
  w->of_net = w->variables;
  w->expects = !strcmp(c->keyword, "expect");
  add_args(w, object, &c->args, rule_of(c));
  add_modifiers(w, object, c);
  return object;
}
