/* partials.c — d · ∂y/∂x_i of the ops that make one number of numbers. y and the inputs are nodes of the graph already, so
 * a derivative uses whichever is cheaper. Where a function has a kink, the side is that of the op's own definition. */
#include "grad/rules.h"
#include <stdlib.h>

#define X(i) input_of(g, node, i)
#define UNUSED_INDEX (void)i

static Ref mul(Graph *g, Ref a, Ref b) { return graph_binary(g, OP_MUL, a, b); }
static Ref one_minus(Graph *g, Ref x) { return graph_binary(g, OP_SUB, graph_const(g, 1), x); }
/* d where the condition holds, 0 elsewhere: never d · 0, which is NaN where d is infinite. */
static Ref where(Graph *g, Ref condition, Ref d) { return graph_select(g, condition, d, graph_const(g, 0)); }
static Ref where_not(Graph *g, Ref condition, Ref d) { return graph_select(g, condition, graph_const(g, 0), d); }

/* y = -x */
Ref partial_NEG(Graph *g, Ref node, int i, Ref d) {
  (void)node, UNUSED_INDEX;
  return graph_unary(g, OP_NEG, d);
}

/* y = exp x :  d y */
Ref partial_EXP(Graph *g, Ref node, int i, Ref d) {
  UNUSED_INDEX;
  return mul(g, d, node);
}

/* y = log x :  d / x */
Ref partial_LOG(Graph *g, Ref node, int i, Ref d) { return graph_binary(g, OP_DIV, d, X(i)); }

/* y = √x :  d / 2y */
Ref partial_SQRT(Graph *g, Ref node, int i, Ref d) {
  UNUSED_INDEX;
  return graph_binary(g, OP_DIV, d, mul(g, graph_const(g, 2), node));
}

/* y = |x| :  d sign x */
Ref partial_ABS(Graph *g, Ref node, int i, Ref d) { return mul(g, d, graph_unary(g, OP_SIGN, X(i))); }

/* y = tanh x :  d (1 − y²) */
Ref partial_TANH(Graph *g, Ref node, int i, Ref d) {
  UNUSED_INDEX;
  return mul(g, d, one_minus(g, mul(g, node, node)));
}

/* y = 1/(1 + exp(−x)) :  d y (1 − y) */
Ref partial_SIGMOID(Graph *g, Ref node, int i, Ref d) {
  UNUSED_INDEX;
  return mul(g, d, mul(g, node, one_minus(g, node)));
}

/* y = max(x, 0) :  d where 0 < x */
Ref partial_RELU(Graph *g, Ref node, int i, Ref d) {
  return where(g, graph_binary(g, OP_LT, graph_const(g, 0), X(i)), d);
}

/* y = log(1 + exp x) :  d sigmoid x */
Ref partial_SOFTPLUS(Graph *g, Ref node, int i, Ref d) { return mul(g, d, graph_unary(g, OP_SIGMOID, X(i))); }

/* y = erf x :  d 2/√π exp(−x²) */
Ref partial_ERF(Graph *g, Ref node, int i, Ref d) {
  const Ref bell = graph_unary(g, OP_EXP, graph_unary(g, OP_NEG, mul(g, X(i), X(i))));
  return mul(g, d, mul(g, graph_const(g, 1.1283791670955126), bell));
}

Ref partial_SIN(Graph *g, Ref node, int i, Ref d) { return mul(g, d, graph_unary(g, OP_COS, X(i))); }

/* y = cos x :  −d sin x */
Ref partial_COS(Graph *g, Ref node, int i, Ref d) {
  return mul(g, d, graph_unary(g, OP_NEG, graph_unary(g, OP_SIN, X(i))));
}

/* --- y = v >= 0, taught by a surrogate: d times what runtime/surrogates.def says of v ------------------------------------------- */

static Ref times(Graph *g, double a, Ref x) { return mul(g, graph_const(g, a), x); }
static Ref one_plus(Graph *g, Ref x) { return graph_binary(g, OP_ADD, graph_const(g, 1), x); }

/* 1 / (1 + k |v|)²   (Zenke and Ganguli, 2018, eq. 5) */
static Ref fast_sigmoid_at(Graph *g, Ref v, double k, Ref d) {
  const Ref root = one_plus(g, times(g, k, graph_unary(g, OP_ABS, v)));
  return graph_binary(g, OP_DIV, d, mul(g, root, root));
}

/* k s (1 − s), s = sigmoid(k v) */
static Ref sigmoid_at(Graph *g, Ref v, double k, Ref d) {
  const Ref s = graph_unary(g, OP_SIGMOID, times(g, k, v));
  return mul(g, times(g, k, d), mul(g, s, graph_binary(g, OP_SUB, graph_const(g, 1), s)));
}

/* γ max(0, 1 − |v|)   (Bellec et al., 2018, eq. 5) */
static Ref triangle_at(Graph *g, Ref v, double height, Ref d) {
  const Ref line = graph_binary(g, OP_SUB, graph_const(g, 1), graph_unary(g, OP_ABS, v));
  return mul(g, times(g, height, d), graph_unary(g, OP_RELU, line));
}

/* (α/2) / (1 + (π α v / 2)²)   (Fang et al., 2021) */
static Ref atan_at(Graph *g, Ref v, double alpha, Ref d) {
  const Ref x = times(g, 3.14159265358979323846 * alpha / 2, v);
  return graph_binary(g, OP_DIV, times(g, alpha / 2, d), one_plus(g, mul(g, x, x)));
}

/* exp(−v² / 2σ²) / (σ √2π) */
static Ref gaussian_at(Graph *g, Ref v, double deviation, Ref d) {
  const Ref bell = graph_unary(g, OP_EXP, times(g, -0.5 / (deviation * deviation), mul(g, v, v)));
  return mul(g, times(g, 0.39894228040143267794 / deviation, d), bell);
}

Ref partial_SPIKE(Graph *g, Ref node, int i, Ref d) {
  static Ref (*const at[SPIKE_SURROGATES])(Graph *, Ref, double, Ref) = {
      [SPIKE_FAST_SIGMOID] = fast_sigmoid_at, [SPIKE_SIGMOID] = sigmoid_at, [SPIKE_TRIANGLE] = triangle_at,
      [SPIKE_ATAN] = atan_at, [SPIKE_GAUSSIAN] = gaussian_at,
  };
  const Attrs attrs = node_of(g, node)->attrs;
  return at[attrs.kind](g, X(i), attrs.value, d);
}

Ref partial_ADD(Graph *g, Ref node, int i, Ref d) {
  (void)g, (void)node, UNUSED_INDEX;
  return d;
}

Ref partial_SUB(Graph *g, Ref node, int i, Ref d) {
  (void)node;
  return i == 0 ? d : graph_unary(g, OP_NEG, d);
}

/* y = a b :  d b, d a */
Ref partial_MUL(Graph *g, Ref node, int i, Ref d) { return mul(g, d, X(1 - i)); }

/* y = a / b :  d / b,  −(d / b) y */
Ref partial_DIV(Graph *g, Ref node, int i, Ref d) {
  const Ref part = graph_binary(g, OP_DIV, d, X(1));
  return i == 0 ? part : graph_unary(g, OP_NEG, mul(g, part, node));
}

/* y = x^p :  d p x^(p − 1), which is 0 for p = 0 at every x */
static Ref partial_base(Graph *g, Ref node, Ref d) {
  const Ref less = graph_binary(g, OP_SUB, X(1), graph_const(g, 1));
  const Ref slope = mul(g, X(1), graph_binary(g, OP_POW, X(0), less));
  return mul(g, d, where(g, X(1), slope));
}

/* y = x^p :  d y log x where x is positive; elsewhere y does not vary with p, or is not a number anyway */
static Ref partial_exponent(Graph *g, Ref node, Ref d) {
  const Ref positive = graph_binary(g, OP_LT, graph_const(g, 0), X(0));
  const Ref logarithm = graph_unary(g, OP_LOG, graph_select(g, positive, X(0), graph_const(g, 1)));
  return mul(g, d, mul(g, node, logarithm));
}

Ref partial_POW(Graph *g, Ref node, int i, Ref d) {
  return i == 0 ? partial_base(g, node, d) : partial_exponent(g, node, d);
}

/* The smaller gets all; of equals, the first. */
Ref partial_MIN(Graph *g, Ref node, int i, Ref d) {
  const Ref first = graph_binary(g, OP_LE, X(0), X(1));
  return i == 0 ? where(g, first, d) : where_not(g, first, d);
}

Ref partial_MAX(Graph *g, Ref node, int i, Ref d) {
  const Ref first = graph_binary(g, OP_LE, X(1), X(0));
  return i == 0 ? where(g, first, d) : where_not(g, first, d);
}

/* y = c ? a : b :  d to the chosen one */
Ref partial_SELECT(Graph *g, Ref node, int i, Ref d) { return i == 1 ? where(g, X(0), d) : where_not(g, X(0), d); }

/* Nothing passes these: op_passes_gradient says so, and nobody asks. */
#define NOTHING(name)                                                                                                  \
  Ref partial_##name(Graph *g, Ref node, int i, Ref d) {                                                               \
    (void)g, (void)node, (void)i, (void)d;                                                                             \
    abort();                                                                                                           \
  }
NOTHING(SIGN)
NOTHING(STEP)
NOTHING(FLOOR)
NOTHING(NOT)
NOTHING(STOP)
NOTHING(LT)
NOTHING(LE)
NOTHING(EQ)
NOTHING(NE)
NOTHING(AND)
NOTHING(OR)

Partial *const partials[OP_COUNT] = {
#define PARTIAL_LEAF(name) NULL
#define PARTIAL_UNARY(name) partial_##name
#define PARTIAL_BINARY(name) partial_##name
#define PARTIAL_TERNARY(name) partial_##name
#define PARTIAL_MOVE(name) NULL
#define PARTIAL_REDUCE(name) NULL
#define PARTIAL_PRODUCT(name) NULL
#define PARTIAL_TIME(name) NULL
#define OP(name, text, inputs, class) PARTIAL_##class(name),
#include "graph/ops.def"
#undef OP
};
