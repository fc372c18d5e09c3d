/* constant.c — what is known before anything runs: numbers of the file, and what only options leave open. */
#include "sema/check.h"
#include <math.h>

bool whole_number(double x, int64_t *out) {
  if (!(x > -9e15 && x < 9e15) || x != floor(x)) return false;
  *out = (int64_t)x;
  return true;
}

/* --- numbers ---------------------------------------------------------------------------------------------------------- */

typedef struct UnitRow {
  const char *name;
  double times;
} UnitRow;

bool unit_named(const char *unit, double *times) {
  static const UnitRow units[] = {{"%", 0.01}, {"s", 1}, {"ms", 1e-3}, {"us", 1e-6}};
  for (size_t i = 0; unit && i < sizeof units / sizeof *units; i++)
    if (!strcmp(unit, units[i].name)) return *times = units[i].times, true;
  return false;
}

static double with_unit(double number, Name unit) {
  double times;
  return unit_named(unit, &times) ? number * times : number;
}

static double apply(Operator op, double a, double b) {
  switch (op) {
  case OPERATOR_ADD: return a + b;
  case OPERATOR_SUB: return a - b;
  case OPERATOR_MUL: return a * b;
  case OPERATOR_DIV: return a / b;
  case OPERATOR_POW: return pow(a, b);
  case OPERATOR_LT: return a < b;
  case OPERATOR_LE: return a <= b;
  case OPERATOR_GT: return a > b;
  case OPERATOR_GE: return a >= b;
  case OPERATOR_EQ: return a == b;
  case OPERATOR_NE: return a != b;
  case OPERATOR_AND: return a != 0 && b != 0;
  case OPERATOR_OR: return a != 0 || b != 0;
  default: return NAN;
  }
}

typedef struct FunctionRow {
  const char *name;
  double (*of)(double);
} FunctionRow;

static bool apply_function(const Expr *e, const CellCall *in, double *out) {
  static const FunctionRow functions[] = {{"exp", exp}, {"log", log},   {"sqrt", sqrt}, {"abs", fabs},
                                          {"sin", sin}, {"cos", cos},   {"tanh", tanh}, {"floor", floor}};
  double x;
  if (e->args.len != 1 || !e->symbol || e->symbol->kind != SYMBOL_BUILTIN) return false;
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
    if (!strcmp(e->name, functions[i].name) && number_in_call(e->args.at[0].value, in, &x)) return *out = functions[i].of(x), true;
  return false;
}

static bool number_of_symbol(const Symbol *symbol, double *out) {
  if (!symbol) return false;
  bool of_cell = symbol->scope && symbol->scope->owner && symbol->scope->owner->kind == DECL_CELL;
  if (symbol->kind == SYMBOL_DIM && !of_cell && symbol->known_number) return *out = (double)symbol->size, true;
  if (symbol->kind != SYMBOL_LET || !symbol->known_number) return false;
  return *out = symbol->number, true;
}

static const Expr *option_given(const Expr *call, Name name) {
  for (int i = 0; i < call->args.len; i++)
    if (call->args.at[i].name == name) return call->args.at[i].value;
  return NULL;
}

/* An option has what the call gives it, in the caller's names; else its default, in the cell's. So has a `let` of the cell. */
static bool number_of_name(const Symbol *symbol, const CellCall *in, double *out) {
  if (number_of_symbol(symbol, out)) return true;
  if (!symbol || !in || !in->call) return false;
  const Expr *given = symbol->kind == SYMBOL_OPTION ? option_given(in->call, symbol->name) : NULL;
  if (given) return number_in_call(given, in->outer, out);
  return (symbol->kind == SYMBOL_OPTION || symbol->kind == SYMBOL_LET) && symbol->value && number_in_call(symbol->value, in, out);
}

bool number_in_call(const Expr *e, const CellCall *in, double *out) {
  double a, b;
  if (e->kind == EXPR_NUMBER) return *out = with_unit(e->number, e->unit), true;
  if (e->kind == EXPR_NAME) return number_of_name(e->symbol, in, out);
  if (e->kind == EXPR_CALL) return apply_function(e, in, out);
  if (e->kind == EXPR_UNARY && number_in_call(e->left, in, &a)) return *out = e->op == OPERATOR_NOT ? a == 0 : -a, true;
  if (e->kind == EXPR_IF && number_in_call(e->left, in, &a)) return number_in_call(a != 0 ? e->right : e->third, in, out);
  if (e->kind != EXPR_BINARY || !number_in_call(e->left, in, &a) || !number_in_call(e->right, in, &b)) return false;
  return *out = apply(e->op, a, b), true;
}

bool constant_number(const Expr *e, double *out) { return number_in_call(e, NULL, out); }

/* --- known at each call ------------------------------------------------------------------------------------------------- */

static bool constant_symbol(const Symbol *symbol) {
  if (!symbol) return true; /* unknown names are reported elsewhere */
  return symbol->kind == SYMBOL_DIM || symbol->kind == SYMBOL_LET || symbol->kind == SYMBOL_OPTION ||
         symbol->kind == SYMBOL_BUILTIN;
}

static bool every_child(const Expr *e, bool (*holds)(const Expr *)) {
  const Expr *children[] = {e->left, e->right, e->third};
  for (int i = 0; i < 3; i++)
    if (children[i] && !holds(children[i])) return false;
  for (int i = 0; i < e->args.len; i++)
    if (!holds(e->args.at[i].value)) return false;
  return true;
}

bool constant_expr(const Expr *e) {
  if (e->kind == EXPR_NAME) return constant_symbol(e->symbol);
  if (e->kind == EXPR_CALL && !constant_symbol(e->symbol)) return false;
  if (e->kind == EXPR_FIELD || e->kind == EXPR_START) return false;
  if (e->kind == EXPR_INDEX && e->access != ACCESS_COMPONENT) return false;
  if (e->kind == EXPR_INDEX) return constant_expr(e->left);
  return every_child(e, constant_expr);
}

