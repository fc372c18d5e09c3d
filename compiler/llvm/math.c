/* math.c — exp, log, tanh, sigmoid, softplus as straight-line vector code.
 *
 * LLVM leaves tanhf and expf as one scalar call a lane, so they are made here, from textbook reductions (W. J. Cody and W. Waite,
 * Software Manual for the Elementary Functions, 1980). Special values: NaN stays NaN, overflow gives Inf, underflow 0, exp(±0) = 1, tanh(±0) = ±0. */
#include "llvm/emit.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- short hands ------------------------------------------------------------------------------------------------------ */

static LLVMValueRef fadd(Emit *e, LLVMValueRef a, LLVMValueRef b) { return LLVMBuildFAdd(e->b, a, b, ""); }
static LLVMValueRef fsub(Emit *e, LLVMValueRef a, LLVMValueRef b) { return LLVMBuildFSub(e->b, a, b, ""); }
static LLVMValueRef fmul(Emit *e, LLVMValueRef a, LLVMValueRef b) { return LLVMBuildFMul(e->b, a, b, ""); }
static LLVMValueRef fdiv(Emit *e, LLVMValueRef a, LLVMValueRef b) { return LLVMBuildFDiv(e->b, a, b, ""); }

static LLVMValueRef fused(Emit *e, int width, LLVMValueRef a, LLVMValueRef b, LLVMValueRef c) {
  return call_intrinsic(e, "llvm.fma", lanes(e, width), (LLVMValueRef[]){a, b, c}, 3);
}

static LLVMValueRef absolute(Emit *e, int width, LLVMValueRef x) {
  return call_intrinsic(e, "llvm.fabs", lanes(e, width), &x, 1);
}

static LLVMValueRef select_if(Emit *e, LLVMRealPredicate p, LLVMValueRef a, LLVMValueRef b, LLVMValueRef yes, LLVMValueRef no) {
  return LLVMBuildSelect(e->b, LLVMBuildFCmp(e->b, p, a, b, ""), yes, no, "");
}

static LLVMValueRef to_bits(Emit *e, int width, LLVMValueRef x) { return LLVMBuildBitCast(e->b, x, integer_lanes(e, width), ""); }
static LLVMValueRef from_bits(Emit *e, int width, LLVMValueRef x) { return LLVMBuildBitCast(e->b, x, lanes(e, width), ""); }

/* c[0] + x (c[1] + x (c[2] + …)). */
static LLVMValueRef polynomial(Emit *e, int width, LLVMValueRef x, const double *c, int n) {
  LLVMValueRef p = real_const(e, width, c[n - 1]);
  for (int i = n - 2; i >= 0; i--) p = fused(e, width, p, x, real_const(e, width, c[i]));
  return p;
}

/* --- exp and its relatives -------------------------------------------------------------------------------------------------- */

/* x = n ln 2 + r, |r| <= ln 2 / 2; n as a number and as an integer. Adding 1.5·2^mantissa rounds to a whole number and leaves it
 * in the low bits, so nothing is converted and NaN does no harm. ln 2 in two parts keeps r exact. */
typedef struct Reduced {
  LLVMValueRef r, n;
} Reduced;

static Reduced reduce_by_ln2(Emit *e, int width, LLVMValueRef x) {
  double magic = e->is_double ? 0x1.8p52 : 0x1.8p23;
  double high = e->is_double ? 0x1.62e42feep-1 : 0x1.62e4p-1;
  double low = e->is_double ? 0x1.a39ef35793c76p-33 : 0x1.7f7d1cf79abcap-20;
  LLVMValueRef shifted = fused(e, width, x, real_const(e, width, 0x1.71547652b82fep0), real_const(e, width, magic));
  LLVMValueRef whole = fsub(e, shifted, real_const(e, width, magic));
  LLVMValueRef r = fused(e, width, whole, real_const(e, width, -high), x);
  r = fused(e, width, whole, real_const(e, width, -low), r);
  float magic_single = (float)magic;
  uint32_t single_bits;
  uint64_t bits;
  memcpy(&single_bits, &magic_single, 4);
  memcpy(&bits, &magic, 8);
  LLVMValueRef n = LLVMBuildSub(e->b, to_bits(e, width, shifted), bits_const(e, width, e->is_double ? bits : single_bits), "");
  return (Reduced){r, n};
}

/* 2^n for a whole n in the normal range. */
static LLVMValueRef power_of_two(Emit *e, int width, LLVMValueRef n) {
  int mantissa = e->is_double ? 52 : 23, bias = e->is_double ? 1023 : 127;
  LLVMValueRef biased = LLVMBuildAdd(e->b, n, bits_const(e, width, (uint64_t)bias), "");
  return from_bits(e, width, LLVMBuildShl(e->b, biased, bits_const(e, width, (uint64_t)mantissa), ""));
}

enum { MOST_COEFFICIENTS = 14 };

/* exp(r) = c[0] + c[1] r + …: in single the minimax polynomial of (exp(r) - 1 - r) / r² on |r| <= ln 2 / 2 (Remez; the error of exp is below
 * 2^-28), in double Taylor's series, whose remainder there is below an ulp. Gives how many. */
static int exp_coefficients(const Emit *e, double c[MOST_COEFFICIENTS]) {
  static const double minimax[] = {1, 1, 0x1.fffffb97a5999p-2, 0x1.555491042a6dap-3, 0x1.5558f2f66711cp-5, 0x1.123a1f45cd9c8p-7, 0x1.6a23cf26ec5a7p-10};
  if (!e->is_double) {
    memcpy(c, minimax, sizeof minimax);
    return sizeof minimax / sizeof *minimax;
  }
  double factorial = 1;
  for (int i = 0; i < MOST_COEFFICIENTS; i++) c[i] = 1 / (factorial *= i ? i : 1);
  return MOST_COEFFICIENTS;
}

/* exp(r) - 1 - r over r². */
static LLVMValueRef exp_tail(Emit *e, int width, LLVMValueRef r) {
  double c[MOST_COEFFICIENTS];
  const int n = exp_coefficients(e, c);
  return polynomial(e, width, r, c + 2, n - 2);
}

/* Keeps NaN: an ordered comparison with it is false. */
static LLVMValueRef clamp_value(Emit *e, int width, LLVMValueRef x, double low, double high) {
  LLVMValueRef lowest = real_const(e, width, low), highest = real_const(e, width, high);
  x = select_if(e, LLVMRealOLT, x, lowest, lowest, x);
  return select_if(e, LLVMRealOGT, x, highest, highest, x);
}

/* exp x = 2^n exp r; 2^n in two factors, so that results among the denormals come out right. */
LLVMValueRef math_exp(Emit *e, int width, LLVMValueRef x) {
  Reduced k = reduce_by_ln2(e, width, clamp_value(e, width, x, e->is_double ? -746 : -104, e->is_double ? 710 : 89));
  LLVMValueRef square = fmul(e, k.r, k.r);
  LLVMValueRef p = fused(e, width, square, exp_tail(e, width, k.r), fadd(e, k.r, real_const(e, width, 1)));
  LLVMValueRef half = LLVMBuildAShr(e->b, k.n, bits_const(e, width, 1), "");
  LLVMValueRef rest = LLVMBuildSub(e->b, k.n, half, "");
  return fmul(e, fmul(e, p, power_of_two(e, width, half)), power_of_two(e, width, rest));
}

/* p · 2^n for a p near 1: n is added to its exponent. */
static LLVMValueRef times_power_of_two(Emit *e, int width, LLVMValueRef p, LLVMValueRef n) {
  LLVMValueRef shifted = LLVMBuildShl(e->b, n, bits_const(e, width, e->is_double ? 52 : 23), "");
  return from_bits(e, width, LLVMBuildAdd(e->b, to_bits(e, width, p), shifted, ""));
}

/* sigmoid x = 1 / (1 + exp(-x)). Within the clamp exp(-x) is an ordinary number; below it the result is less than any of those, and 0. */
LLVMValueRef math_sigmoid(Emit *e, int width, LLVMValueRef x) {
  if (table_serves(e)) return e->plan->is_step ? table_step_sigmoid(e, width, x) : table_sigmoid(e, width, x);
  const double most = e->is_double ? 708.5 : 87.5;
  double c[MOST_COEFFICIENTS];
  const int n = exp_coefficients(e, c);
  for (int i = 1; i < n; i += 2) c[i] = -c[i];
  Reduced k = reduce_by_ln2(e, width, clamp_value(e, width, x, -most, most));
  LLVMValueRef negative = LLVMBuildSub(e->b, bits_const(e, width, 0), k.n, ""), one = real_const(e, width, 1);
  LLVMValueRef p = times_power_of_two(e, width, polynomial(e, width, k.r, c, n), negative);
  LLVMValueRef y = fdiv(e, one, fadd(e, one, p));
  return select_if(e, LLVMRealOLT, x, real_const(e, width, -most), real_const(e, width, 0), y);
}

/* tanh |x| = m / (m + 2) with m = exp(2|x|) - 1 = 2^n (exp r - 1) + (2^n - 1), exact where x is small; the sign is put back. */
LLVMValueRef math_tanh(Emit *e, int width, LLVMValueRef x) {
  if (table_serves(e)) return table_tanh(e, width, x);
  LLVMValueRef a = clamp_value(e, width, absolute(e, width, x), 0, e->is_double ? 20 : 10);
  Reduced k = reduce_by_ln2(e, width, fadd(e, a, a));
  LLVMValueRef square = fmul(e, k.r, k.r), scale = power_of_two(e, width, k.n);
  LLVMValueRef p = fused(e, width, square, exp_tail(e, width, k.r), k.r);
  LLVMValueRef m = fused(e, width, p, scale, fsub(e, scale, real_const(e, width, 1)));
  LLVMValueRef y = fdiv(e, m, fadd(e, m, real_const(e, width, 2)));
  return call_intrinsic(e, "llvm.copysign", lanes(e, width), (LLVMValueRef[]){y, x}, 2);
}

/* --- log ------------------------------------------------------------------------------------------------------------------ */

/* log m = 2 artanh s with s = (m - 1)/(m + 1), m in [√½, √2): 2s + s³ (2/3 + 2/5 s² + …). */
static LLVMValueRef log_of_mantissa(Emit *e, int width, LLVMValueRef m, LLVMValueRef exponent) {
  double c[12];
  for (int i = 0; i < 12; i++) c[i] = 2.0 / (2 * i + 3);
  LLVMValueRef f = fsub(e, m, real_const(e, width, 1));
  LLVMValueRef s = fdiv(e, f, fadd(e, f, real_const(e, width, 2)));
  LLVMValueRef z = fmul(e, s, s);
  LLVMValueRef tail = fmul(e, fmul(e, s, z), polynomial(e, width, z, c, e->is_double ? 11 : 5));
  /* 2s = f - s f: the error of the division is carried by the small product */
  LLVMValueRef small = fsub(e, tail, fmul(e, s, f));
  double high = e->is_double ? 0x1.62e42feep-1 : 0x1.62e4p-1;
  double low = e->is_double ? 0x1.a39ef35793c76p-33 : 0x1.7f7d1cf79abcap-20;
  small = fused(e, width, exponent, real_const(e, width, low), small);
  return fused(e, width, exponent, real_const(e, width, high), fadd(e, f, small));
}

LLVMValueRef math_log(Emit *e, int width, LLVMValueRef x) {
  int mantissa = e->is_double ? 52 : 23;
  double smallest = e->is_double ? 0x1p-1022 : 0x1p-126, lift = e->is_double ? 0x1p54 : 0x1p25;
  LLVMValueRef tiny = LLVMBuildFCmp(e->b, LLVMRealOLT, x, real_const(e, width, smallest), "");
  LLVMValueRef normal = LLVMBuildSelect(e->b, tiny, fmul(e, x, real_const(e, width, lift)), x, "");
  /* bits - bits(√½) has the exponent on top, relative to a mantissa in [√½, √2) */
  uint64_t root = e->is_double ? 0x3fe6a09e667f3bcdu : 0x3f3504f3u;
  LLVMValueRef bits = to_bits(e, width, normal);
  LLVMValueRef over = LLVMBuildSub(e->b, bits, bits_const(e, width, root), "");
  LLVMValueRef k = LLVMBuildAShr(e->b, over, bits_const(e, width, (uint64_t)mantissa), "");
  LLVMValueRef m = from_bits(e, width, LLVMBuildSub(e->b, bits, LLVMBuildShl(e->b, k, bits_const(e, width, (uint64_t)mantissa), ""), ""));
  LLVMValueRef exponent = LLVMBuildSIToFP(e->b, k, lanes(e, width), "");
  exponent = LLVMBuildSelect(e->b, tiny, fsub(e, exponent, real_const(e, width, e->is_double ? 54 : 25)), exponent, "");
  LLVMValueRef y = log_of_mantissa(e, width, m, exponent);
  LLVMValueRef zero = real_const(e, width, 0), infinity = real_const(e, width, INFINITY);
  y = select_if(e, LLVMRealOEQ, x, infinity, infinity, y);
  y = select_if(e, LLVMRealOEQ, x, zero, real_const(e, width, -INFINITY), y);
  return select_if(e, LLVMRealULT, x, zero, real_const(e, width, NAN), y); /* negative, or NaN */
}

/* softplus x = max(x, 0) + log(1 + u), u = exp(-|x|); what rounding 1 + u lost is added back, divided by 1 + u. */
LLVMValueRef math_softplus(Emit *e, int width, LLVMValueRef x) {
  LLVMValueRef one = real_const(e, width, 1), zero = real_const(e, width, 0);
  LLVMValueRef u = math_exp(e, width, LLVMBuildFNeg(e->b, absolute(e, width, x), ""));
  LLVMValueRef w = fadd(e, one, u);
  LLVMValueRef lost = fdiv(e, fsub(e, u, fsub(e, w, one)), w);
  LLVMValueRef positive = select_if(e, LLVMRealOLT, x, zero, zero, x);
  return fadd(e, positive, fadd(e, math_log(e, width, w), lost));
}

/* --- rare functions --------------------------------------------------------------------------------------------------------- */

LLVMValueRef math_libm(Emit *e, const char *name, int width, LLVMValueRef *args, int n) {
  char full[32];
  snprintf(full, sizeof full, "%s%s", name, e->is_double ? "" : "f");
  if (width == 1) return call_extern(e, full, e->real, args, n);
  LLVMValueRef result = LLVMGetPoison(lanes(e, width));
  for (int i = 0; i < width; i++) {
    LLVMValueRef lane = LLVMConstInt(e->i32, (unsigned)i, 0), one[3];
    for (int k = 0; k < n; k++) one[k] = LLVMBuildExtractElement(e->b, args[k], lane, "");
    result = LLVMBuildInsertElement(e->b, result, call_extern(e, full, e->real, one, n), lane, "");
  }
  return result;
}
