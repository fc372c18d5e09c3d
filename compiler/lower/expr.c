/* expr.c — expressions by kind: names, numbers, operators, products, shapes. Functions are in builtins.c. */
#include "base/diag.h"
#include "lower/builder.h"
#include <stdlib.h>

Ref impossible(const Builder *b, Span span, const char *what) {
  fprintf(stderr, "rnn: internal error: line %d: %s reached the graph\n", span_line(b->session, span), what);
  abort();
}

/* --- indices as one-hots, repetition ------------------------------------------------------------------------------------ */

Shape dense_shape(const Type *t) {
  Shape s = t->shape;
  if (t->kind == TYPE_INDEX && s.rank < MAX_RANK) s.dim[s.rank++] = t->below;
  return s;
}

Value one_hot_of(Builder *b, Instance *at, Value v) {
  if (v.type.kind != TYPE_INDEX) return v;
  const Ref r = graph_one_hot(b->graph, v.ref, size_here(at, v.type.below));
  v.type.shape = dense_shape(&v.type);
  v.type.kind = TYPE_REAL;
  return (Value){r, v.type};
}

/* An index meets numbers as its one-hot where that fits, and other indices as a number. */
Ref align(Builder *b, Instance *at, Value v, const Shape *target) {
  int8_t map[GRAPH_RANK];
  const Shape dense = dense_shape(&v.type);
  if (v.type.kind == TYPE_INDEX && shape_embed(&dense, target, map)) v = one_hot_of(b, at, v);
  const Sizes shape = sizes_here(at, target);
  if (!node_at(b, v.ref)->shape.rank) return graph_expand(b->graph, v.ref, shape);
  if (shape_equal(&v.type.shape, target) || !shape_embed(&v.type.shape, target, map)) return v.ref;
  return graph_broadcast(b->graph, v.ref, map, shape);
}

Value lower_value(Builder *b, Instance *at, const Expr *e) { return (Value){lower_expr(b, at, e), e->type}; }

Ref lower_dense(Builder *b, Instance *at, const Expr *e) { return one_hot_of(b, at, lower_value(b, at, e)).ref; }

/* --- leaves --------------------------------------------------------------------------------------------------------------- */

static Ref number(Builder *b, Instance *at, const Expr *e) {
  (void)at;
  return graph_const(b->graph, number_of(e));
}

static Ref value_of_name(Builder *b, Instance *at, Symbol *s) {
  const Ref r = value_of(b, at, s);
  return s->scope == b->net->scope ? original_units(b, s, r) : r;
}

static Ref name(Builder *b, Instance *at, const Expr *e) {
  double constant;
  if (!e->symbol || e->symbol->kind == SYMBOL_BUILTIN) {
    if (static_number(at, e, &constant)) return graph_const(b->graph, constant);
    return lower_builtin(b, at, e, e->name);
  }
  return value_of_name(b, at, e->symbol);
}

/* [[1, -1], [1, -1]]: of constants a tensor, else its elements one after the other. */
static int list_elements(const Expr *e, ExprList *out, Arena *arena) {
  if (e->kind != EXPR_LIST) {
    vec_push(arena, *out, (Expr *)(uintptr_t)e);
    return 0;
  }
  int rank = 0;
  for (int i = 0; i < e->args.len; i++) rank = list_elements(e->args.at[i].value, out, arena);
  return rank + 1;
}

static Sizes list_shape(const Expr *e) {
  Sizes s = {0};
  for (; e->kind == EXPR_LIST && s.rank < GRAPH_RANK; e = e->args.at[0].value) {
    s.dim[s.rank++] = e->args.len;
    if (!e->args.len) break;
  }
  return s;
}

static Ref list(Builder *b, Instance *at, const Expr *e) {
  ExprList elements = {0};
  list_elements(e, &elements, b->session->arena);
  double *numbers = arena_array(b->session->arena, double, elements.len + 1);
  Ref *refs = arena_array(b->session->arena, Ref, elements.len + 1);
  bool constant = true;
  for (int i = 0; i < elements.len; i++) constant &= static_number(at, elements.at[i], &numbers[i]);
  if (constant) return graph_tensor(b->graph, numbers, list_shape(e));
  for (int i = 0; i < elements.len; i++)
    refs[i] = graph_reshape(b->graph, lower_expr(b, at, elements.at[i]), sizes_of(1, (int64_t)1));
  return graph_reshape(b->graph, graph_concat(b->graph, refs, elements.len, 0), list_shape(e));
}

/* --- operators ------------------------------------------------------------------------------------------------------------ */

/* The result's shape without trusting an index's: comparisons of indices are numbers. */
static Ref operand(Builder *b, Instance *at, const Expr *e, const Shape *result) {
  return align(b, at, lower_value(b, at, e), result);
}

/* ELEMENTWISE(operator, op, swapped): a > b is b < a. */
#define ELEMENTWISES(ROW)                                                                                              \
  ROW(ADD, ADD, 0) ROW(SUB, SUB, 0) ROW(MUL, MUL, 0) ROW(DIV, DIV, 0) ROW(POW, POW, 0) ROW(LT, LT, 0) ROW(LE, LE, 0)        \
  ROW(GT, LT, 1) ROW(GE, LE, 1) ROW(EQ, EQ, 0) ROW(NE, NE, 0) ROW(AND, AND, 0) ROW(OR, OR, 0)

typedef struct OperatorRow {
  Op op;
  bool swapped;
} OperatorRow;

static const OperatorRow operator_rows[OPERATOR_COUNT] = {
#define ROW(operator, op, swapped) [OPERATOR_##operator] = {OP_##op, swapped},
    ELEMENTWISES(ROW)
#undef ROW
};

/* The shape two operands are brought to. An index beside numbers of its own size counts as a vector. */
static Shape joint_shape(const Expr *e) {
  const Shape left = dense_shape(&e->left->type), right = dense_shape(&e->right->type);
  const bool indices = e->left->type.kind == TYPE_INDEX || e->right->type.kind == TYPE_INDEX;
  int8_t map[GRAPH_RANK];
  if (!indices || e->type.kind == TYPE_INDEX) return e->type.shape;
  if (e->left->type.kind != TYPE_INDEX && left.rank && shape_embed(&right, &left, map)) return left;
  if (e->right->type.kind != TYPE_INDEX && right.rank && shape_embed(&left, &right, map)) return right;
  return e->type.shape;
}

static Ref matmul(Builder *b, Instance *at, const Expr *e);

static Ref binary(Builder *b, Instance *at, const Expr *e) {
  if (e->op == OPERATOR_MATMUL) return matmul(b, at, e);
  const OperatorRow row = operator_rows[e->op];
  const Shape shape = joint_shape(e);
  const Ref left = operand(b, at, e->left, &shape), right = operand(b, at, e->right, &shape);
  return row.swapped ? graph_binary(b->graph, row.op, right, left) : graph_binary(b->graph, row.op, left, right);
}

static Ref unary(Builder *b, Instance *at, const Expr *e) {
  return graph_unary(b->graph, e->op == OPERATOR_NOT ? OP_NOT : OP_NEG, lower_dense(b, at, e->left));
}

/* Conditions on options choose when compiling: what is not chosen does not exist. */
static Ref choice(Builder *b, Instance *at, const Expr *e) {
  double condition;
  if (e->static_choice && static_number(at, e->left, &condition))
    return operand(b, at, condition != 0 ? e->right : e->third, &e->type.shape);
  const Ref c = operand(b, at, e->left, &e->type.shape);
  const Ref yes = operand(b, at, e->right, &e->type.shape), no = operand(b, at, e->third, &e->type.shape);
  return graph_select(b->graph, c, yes, no);
}

/* A @ B: with more dims, A is a linear map and its last dims are all of B's; otherwise A's last dim meets B's first. */
static Ref matmul(Builder *b, Instance *at, const Expr *e) {
  const Ref a = lower_dense(b, at, e->left), x = lower_dense(b, at, e->right);
  const int ra = rank_of(b, a), rx = rank_of(b, x);
  const int meet = ra > rx ? rx : 1;
  char la[2 * GRAPH_RANK + 1] = "", lx[2 * GRAPH_RANK + 1] = "", out[2 * GRAPH_RANK + 1] = "";
  for (int i = 0; i < ra; i++) la[i] = (char)('a' + i);
  for (int i = 0; i < rx; i++) lx[i] = (char)('a' + ra - meet + i);
  memcpy(out, la, (size_t)(ra - meet));
  memcpy(out + ra - meet, lx + meet, (size_t)(rx - meet));
  return graph_contract(b->graph, a, x, la, lx, out, 0);
}

/* --- shapes --------------------------------------------------------------------------------------------------------------- */

static Ref transpose(Builder *b, Instance *at, const Expr *e) { return graph_transpose(b->graph, lower_dense(b, at, e->left)); }

static Ref as(Builder *b, Instance *at, const Expr *e) {
  return graph_reshape(b->graph, lower_dense(b, at, e->left), sizes_here(at, &e->type.shape));
}

/* --- calls ---------------------------------------------------------------------------------------------------------------- */

static Ref call_with_start(Builder *b, Instance *at, const Expr *e, const Expr *start) {
  const Symbol *s = e->symbol;
  if (s && (s->kind == SYMBOL_CELL || s->kind == SYMBOL_SHARED)) return lower_cell_call(b, at, e, start, 0);
  const char *function = function_option(at, s);
  return lower_builtin(b, at, e, function ? function : e->name);
}

static Ref call(Builder *b, Instance *at, const Expr *e) { return call_with_start(b, at, e, NULL); }

/* `x = Cell(u) start e0`; of anything but a call `start` only gives the name's own history. */
static Ref start(Builder *b, Instance *at, const Expr *e) {
  return e->left->kind == EXPR_CALL ? call_with_start(b, at, e->left, e) : lower_expr(b, at, e->left);
}

/* `q.h`, `P(x).h`, `data.y` */
static Ref field(Builder *b, Instance *at, const Expr *e) {
  Symbol *s = data_field(at, e);
  if (e->left->kind == EXPR_CALL) return lower_cell_call(b, at, e->left, NULL, cell_output_place(e->left->symbol->decl, e->name));
  if (!s) return value_of_name(b, at, e->symbol);
  return original_units(b, s, variable_input(b, at, s, s->kind == SYMBOL_OUTPUT));
}

/* --- the table ------------------------------------------------------------------------------------------------------------ */

typedef Ref ExprRule(Builder *b, Instance *at, const Expr *e);

static ExprRule *const expr_rules[] = {
    [EXPR_NUMBER] = number, [EXPR_NAME] = name,        [EXPR_LIST] = list,           [EXPR_UNARY] = unary,
    [EXPR_BINARY] = binary, [EXPR_IF] = choice,        [EXPR_CALL] = call,           [EXPR_INDEX] = lower_index,
    [EXPR_FIELD] = field,   [EXPR_TRANSPOSE] = transpose, [EXPR_OVER] = lower_over, [EXPR_AS] = as,
    [EXPR_START] = start,   [EXPR_CHAIN] = NULL,
};

static Ref given_value(const Builder *b, const Expr *e) {
  for (int i = 0; i < b->given.len; i++)
    if (b->given.at[i].expr == e) return b->given.at[i].value;
  return NO_REF;
}

Ref lower_expr(Builder *b, Instance *at, const Expr *e) {
  if (given_value(b, e) != NO_REF) return given_value(b, e);
  const int before = b->graph->nodes.len;
  ExprRule *rule = expr_rules[e->kind];
  const Ref r = rule ? rule(b, at, e) : impossible(b, e->span, "an expression that is no value");
  place_nodes(b, before, e->span);
  return r;
}
