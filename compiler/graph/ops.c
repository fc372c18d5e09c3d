/* ops.c — the table of operations, and what each does to single numbers: shared by the interpreter and by folding. */
#include "graph/graph.h"
#include <math.h>
#include <stdlib.h>

typedef struct OpRow {
  const char *text;
  int inputs;
  OpClass class;
} OpRow;

static const OpRow rows[] = {
#define OP(name, text, inputs, class) {text, inputs, CLASS_##class},
#include "graph/ops.def"
#undef OP
};

const char *op_text(Op op) { return rows[op].text; }
int op_inputs(Op op) { return rows[op].inputs; }
OpClass op_class(Op op) { return rows[op].class; }

static double sign_of(double x) { return (x > 0) - (x < 0); }
static double sigmoid(double x) { return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)); }
static double softplus(double x) { return fmax(x, 0) + log1p(exp(-fabs(x))); }

static double unary_number(Op op, double x) {
  switch (op) {
  case OP_NEG: return -x;
  case OP_EXP: return exp(x);
  case OP_LOG: return log(x);
  case OP_SQRT: return sqrt(x);
  case OP_ABS: return fabs(x);
  case OP_SIGN: return isnan(x) ? x : sign_of(x);
  case OP_STEP: return x >= 0;
  case OP_TANH: return tanh(x);
  case OP_SIGMOID: return sigmoid(x);
  case OP_RELU: return x > 0 || isnan(x) ? x : 0;
  case OP_SOFTPLUS: return isnan(x) ? x : softplus(x);
  case OP_ERF: return erf(x);
  case OP_SIN: return sin(x);
  case OP_COS: return cos(x);
  case OP_FLOOR: return floor(x);
  case OP_NOT: return x == 0;
  case OP_STOP: return x;
  case OP_SPIKE: return x >= 0;
  default: abort();
  }
}

static double binary_number(Op op, double a, double b) {
  switch (op) {
  case OP_ADD: return a + b;
  case OP_SUB: return a - b;
  case OP_MUL: return a * b;
  case OP_DIV: return a / b;
  case OP_POW: return pow(a, b);
  case OP_MIN: return a <= b || isnan(a) ? a : b;
  case OP_MAX: return a >= b || isnan(a) ? a : b;
  case OP_LT: return a < b;
  case OP_LE: return a <= b;
  case OP_EQ: return a == b;
  case OP_NE: return a != b;
  case OP_AND: return a != 0 && b != 0;
  case OP_OR: return a != 0 || b != 0;
  default: abort();
  }
}

double op_number(Op op, const double *x) {
  switch (op_class(op)) {
  case CLASS_UNARY: return unary_number(op, x[0]);
  case CLASS_BINARY: return binary_number(op, x[0], x[1]);
  default: return x[0] != 0 ? x[1] : x[2]; /* SELECT, the only ternary */
  }
}

/* Not a number counts as the first place. */
int64_t gather_place(double index, int64_t begin, int64_t places) {
  const double first = (double)begin, last = (double)(begin + places - 1);
  double at = index >= first ? index : first;
  at = at <= last ? at : last;
  return (int64_t)(at - first);
}
