/* elementwise.c — one function an element-wise op, found by its name: emit_op_TANH for OP_TANH. A row of ops.def without one
 * does not link. */
#include "llvm/emit.h"

typedef LLVMValueRef ElementFunction(Emit *e, const Node *n, int width, LLVMValueRef *in);

#define UNARY_ROW(name) static LLVMValueRef emit_op_##name(Emit *e, const Node *n, int width, LLVMValueRef *in)

static LLVMValueRef truth(Emit *e, int width, LLVMValueRef condition) {
  return LLVMBuildSelect(e->b, condition, real_const(e, width, 1), real_const(e, width, 0), "");
}

static LLVMValueRef is_true(Emit *e, int width, LLVMValueRef x) {
  return LLVMBuildFCmp(e->b, LLVMRealUNE, x, real_const(e, width, 0), "");
}

static LLVMValueRef compare(Emit *e, int width, LLVMRealPredicate p, LLVMValueRef *in) {
  return truth(e, width, LLVMBuildFCmp(e->b, p, in[0], in[1], ""));
}

#define OPERATION(name, expression)                                                                                                \
  UNARY_ROW(name) {                                                                                                                \
    (void)n, (void)width, (void)e;                                                                                                 \
    return expression;                                                                                                             \
  }

OPERATION(NEG, LLVMBuildFNeg(e->b, in[0], ""))
OPERATION(EXP, math_exp(e, width, in[0]))
OPERATION(LOG, math_log(e, width, in[0]))
OPERATION(SQRT, call_intrinsic(e, "llvm.sqrt", lanes(e, width), in, 1))
OPERATION(ABS, call_intrinsic(e, "llvm.fabs", lanes(e, width), in, 1))
OPERATION(STEP, truth(e, width, LLVMBuildFCmp(e->b, LLVMRealOGE, in[0], real_const(e, width, 0), "")))
OPERATION(SPIKE, truth(e, width, LLVMBuildFCmp(e->b, LLVMRealOGE, in[0], real_const(e, width, 0), "")))
OPERATION(TANH, math_tanh(e, width, in[0]))
OPERATION(SIGMOID, math_sigmoid(e, width, in[0]))
OPERATION(SOFTPLUS, math_softplus(e, width, in[0]))
OPERATION(ERF, math_libm(e, "erf", width, in, 1))
OPERATION(SIN, math_libm(e, "sin", width, in, 1))
OPERATION(COS, math_libm(e, "cos", width, in, 1))
OPERATION(FLOOR, call_intrinsic(e, "llvm.floor", lanes(e, width), in, 1))
OPERATION(NOT, truth(e, width, LLVMBuildFCmp(e->b, LLVMRealOEQ, in[0], real_const(e, width, 0), "")))
OPERATION(STOP, in[0])
OPERATION(ADD, LLVMBuildFAdd(e->b, in[0], in[1], ""))
OPERATION(SUB, LLVMBuildFSub(e->b, in[0], in[1], ""))
OPERATION(MUL, LLVMBuildFMul(e->b, in[0], in[1], ""))
OPERATION(DIV, LLVMBuildFDiv(e->b, in[0], in[1], ""))
OPERATION(LT, compare(e, width, LLVMRealOLT, in))
OPERATION(LE, compare(e, width, LLVMRealOLE, in))
OPERATION(EQ, compare(e, width, LLVMRealOEQ, in))
OPERATION(NE, compare(e, width, LLVMRealUNE, in))
OPERATION(AND, truth(e, width, LLVMBuildAnd(e->b, is_true(e, width, in[0]), is_true(e, width, in[1]), "")))
OPERATION(OR, truth(e, width, LLVMBuildOr(e->b, is_true(e, width, in[0]), is_true(e, width, in[1]), "")))
OPERATION(SELECT, LLVMBuildSelect(e->b, is_true(e, width, in[0]), in[1], in[2], ""))

/* relu NaN = NaN */
OPERATION(RELU, LLVMBuildSelect(e->b, LLVMBuildFCmp(e->b, LLVMRealOLT, in[0], real_const(e, width, 0), ""), real_const(e, width, 0), in[0], ""))

/* Ties go to the first; so does NaN on either side of a false comparison. */
OPERATION(MIN, LLVMBuildSelect(e->b, LLVMBuildFCmp(e->b, LLVMRealOLT, in[1], in[0], ""), in[1], in[0], ""))
OPERATION(MAX, LLVMBuildSelect(e->b, LLVMBuildFCmp(e->b, LLVMRealOGT, in[1], in[0], ""), in[1], in[0], ""))

UNARY_ROW(SIGN) {
  (void)n;
  LLVMValueRef zero = real_const(e, width, 0);
  LLVMValueRef above = truth(e, width, LLVMBuildFCmp(e->b, LLVMRealOGT, in[0], zero, ""));
  LLVMValueRef below = truth(e, width, LLVMBuildFCmp(e->b, LLVMRealOLT, in[0], zero, ""));
  return LLVMBuildFSub(e->b, above, below, "");
}

/* The powers that people write are cheap; the others go through libm. */
UNARY_ROW(POW) {
  const Node *exponent = &e->g->nodes.at[view_of(e->g, n->in[1]).base];
  bool known = exponent->op == OP_CONST && !exponent->attrs.data;
  double p = exponent->attrs.value;
  if (known && p == 1) return in[0];
  if (known && p == 2) return LLVMBuildFMul(e->b, in[0], in[0], "");
  if (known && p == 3) return LLVMBuildFMul(e->b, LLVMBuildFMul(e->b, in[0], in[0], ""), in[0], "");
  if (known && p == -1) return LLVMBuildFDiv(e->b, real_const(e, width, 1), in[0], "");
  return math_libm(e, "pow", width, in, 2);
}

#undef OPERATION

/* --- the table ------------------------------------------------------------------------------------------------------------ */

#define ROW_LEAF(name)
#define ROW_MOVE(name)
#define ROW_REDUCE(name)
#define ROW_PRODUCT(name)
#define ROW_TIME(name)
#define ROW_UNARY(name) [OP_##name] = emit_op_##name,
#define ROW_BINARY(name) [OP_##name] = emit_op_##name,
#define ROW_TERNARY(name) [OP_##name] = emit_op_##name,

static ElementFunction *const element_function[OP_COUNT] = {
#define OP(name, text, inputs, class) ROW_##class(name)
#include "graph/ops.def"
#undef OP
};

LLVMValueRef emit_elementwise(Emit *e, const Node *n, int width, LLVMValueRef *in) {
  return element_function[n->op](e, n, width, in);
}
