/* table.c — tanh and sigmoid in single precision from tables that lie in registers.
 *
 * In a loop over time every result waits for the last one, so what counts is how long a number takes, not how many go through at once. Where
 * a permutation takes from 32 entries (AVX-512), |x| picks one of 25 pieces, four to an octave from 1/4 to 16, and a polynomial of degree 5
 * around the piece's middle gives tanh |x|: no exponential, no division. Its coefficients interpolate tanh at Chebyshev's nodes (C. W.
 * Clenshaw, 1962); in the first piece they interpolate tanh x / x, so that small x keep their relative accuracy. Within 2 units in the last place.
 *
 * sigmoid x = 1 / (1 + exp(-x)), with exp as 2^(N/16) exp r: sixteen powers of two in a register leave an r for which a cubic does (P. T. P.
 * Tang, Table-driven implementation of the exponential function, 1989). Of a step it is (1 + tanh(x/2)) / 2, which is sooner there: within
 * 1.2e-7, of 1 and not of the result where that is near 0. */
#include "llvm/emit.h"
#include <math.h>
#include <string.h>

enum { ENTRIES = 32, HALF = ENTRIES / 2, TERMS = 6, CENTRE = TERMS, ROWS = TERMS + 1, OCTAVE_BITS = 2, MANTISSA = 23 };

static const double first_edge = 0.25, last_edge = 16;

typedef struct Piece {
  double low, high;
} Piece;

static Piece piece_of(int i) {
  if (!i) return (Piece){-first_edge, first_edge}; /* its centre is 0 */
  const int octave = (i - 1) / 4, quarter = (i - 1) % 4;
  const double unit = ldexp(first_edge / 4, octave);
  return (Piece){unit * (4 + quarter), unit * (5 + quarter)};
}

/* Newton's divided differences at the nodes, multiplied out to powers of t. */
static void interpolate(const double *node, const double *value, int n, double *power) {
  double difference[TERMS];
  for (int i = 0; i < n; i++) difference[i] = value[i];
  for (int order = 1; order < n; order++)
    for (int i = n - 1; i >= order; i--) difference[i] = (difference[i] - difference[i - 1]) / (node[i] - node[i - order]);
  for (int i = 0; i < n; i++) power[i] = 0;
  for (int i = n - 1; i >= 0; i--) { /* p ← p · (t - node) + difference */
    for (int k = n - 1; k > 0; k--) power[k] = power[k - 1] - node[i] * power[k];
    power[0] = difference[i] - node[i] * power[0];
  }
}

static double chebyshev_node(int i, int n, double low, double high) {
  return (low + high) / 2 + (high - low) / 2 * cos(M_PI * (2 * i + 1) / (2 * n));
}

/* Coefficients of a piece, and its centre. */
static void fit(int piece, double *row) {
  const Piece p = piece_of(piece);
  const bool is_first = !piece;
  const int n = is_first ? TERMS - 1 : TERMS;
  const double centre = (p.low + p.high) / 2, low = is_first ? 0 : p.low - centre, high = p.high - centre;
  double node[TERMS], value[TERMS];
  for (int i = 0; i < n; i++) {
    node[i] = chebyshev_node(i, n, low, high);
    value[i] = is_first ? tanh(node[i]) / node[i] : tanh(centre + node[i]);
  }
  row[0] = 0;
  interpolate(node, value, n, is_first ? row + 1 : row);
  row[CENTRE] = centre;
}

bool table_serves(const Emit *e) { return !e->is_double && e->vector_bits >= 512; }

/* All pieces; above the last one nobody looks. */
static void fit_all(double table[ENTRIES][ROWS]) {
  for (int i = 0; i < ENTRIES; i++) {
    if (piece_of(i).high <= last_edge) fit(i, table[i]);
    else memset(table[i], 0, sizeof table[i]);
  }
}

/* Entry index[lane] of a row of the table in every lane. */
static LLVMValueRef look_up(Emit *e, LLVMValueRef index, double table[ENTRIES][ROWS], int row) {
  LLVMValueRef half[2], entry[HALF];
  for (int h = 0; h < 2; h++) {
    for (int i = 0; i < HALF; i++) entry[i] = LLVMConstReal(e->real, table[h * HALF + i][row]);
    half[h] = LLVMConstVector(entry, HALF);
  }
  LLVMTypeRef type = LLVMFunctionType(lanes(e, HALF), (LLVMTypeRef[]){lanes(e, HALF), integer_lanes(e, HALF), lanes(e, HALF)}, 3, 0);
  LLVMValueRef f = LLVMGetNamedFunction(e->module, "llvm.x86.avx512.vpermi2var.ps.512");
  if (!f) f = LLVMAddFunction(e->module, "llvm.x86.avx512.vpermi2var.ps.512", type);
  return LLVMBuildCall2(e->b, type, f, (LLVMValueRef[]){half[0], index, half[1]}, 3, "");
}

static LLVMValueRef fused(Emit *e, LLVMValueRef a, LLVMValueRef b, LLVMValueRef c) {
  return call_intrinsic(e, "llvm.fma", lanes(e, HALF), (LLVMValueRef[]){a, b, c}, 3);
}

static LLVMValueRef choose(Emit *e, LLVMRealPredicate p, LLVMValueRef number, LLVMValueRef x) {
  return LLVMBuildSelect(e->b, LLVMBuildFCmp(e->b, p, number, x, ""), number, x, ""); /* NaN stays */
}

/* The upper bits of |x|: its exponent and the quarter of its octave. */
static LLVMValueRef index_of(Emit *e, LLVMValueRef a) {
  const uint32_t below_first = ((127u - 2) << OCTAVE_BITS) - 1; /* 1/4 has the exponent -2 */
  LLVMValueRef least = choose(e, LLVMRealOGT, real_const(e, HALF, 0.21875), a); /* the last quarter of the octave before: piece 0 */
  LLVMValueRef bits = LLVMBuildBitCast(e->b, least, integer_lanes(e, HALF), "");
  LLVMValueRef upper = LLVMBuildLShr(e->b, bits, bits_const(e, HALF, MANTISSA - OCTAVE_BITS), "");
  return LLVMBuildSub(e->b, upper, bits_const(e, HALF, below_first), "");
}

static LLVMValueRef tanh_of_vector(Emit *e, LLVMValueRef x) {
  LLVMValueRef a = call_intrinsic(e, "llvm.fabs", lanes(e, HALF), &x, 1);
  a = choose(e, LLVMRealOLT, real_const(e, HALF, 15.875), a);
  LLVMValueRef index = index_of(e, a), c[ROWS];
  double table[ENTRIES][ROWS];
  fit_all(table);
  for (int i = 0; i < ROWS; i++) c[i] = look_up(e, index, table, i);
  LLVMValueRef t = LLVMBuildFSub(e->b, a, c[CENTRE], ""), square = LLVMBuildFMul(e->b, t, t, "");
  LLVMValueRef low = fused(e, c[1], t, c[0]), middle = fused(e, c[3], t, c[2]), high = fused(e, c[5], t, c[4]);
  LLVMValueRef y = fused(e, fused(e, high, square, middle), square, low); /* G. Estrin, 1960: a shorter way than one term after the other */
  return call_intrinsic(e, "llvm.copysign", lanes(e, HALF), (LLVMValueRef[]){y, x}, 2);
}

/* --- exp ------------------------------------------------------------------------------------------------------------------------- */

enum { POWER_BITS = 4 };

/* 2^(i/16) without the i that adding N · 2^(23 - POWER_BITS) to its bits brings along. */
static LLVMValueRef powers_of_two(Emit *e) {
  LLVMValueRef entry[HALF];
  for (uint32_t i = 0; i < HALF; i++) {
    const float power = (float)exp2(i / (double)HALF);
    uint32_t bits;
    memcpy(&bits, &power, sizeof bits);
    entry[i] = LLVMConstInt(e->i32, bits - (i << (MANTISSA - POWER_BITS)), 0);
  }
  return LLVMConstVector(entry, HALF);
}

/* N as a float's last bits. */
static LLVMValueRef table_power(Emit *e, LLVMValueRef shifted) {
  LLVMTypeRef type = LLVMFunctionType(lanes(e, HALF), (LLVMTypeRef[]){lanes(e, HALF), integer_lanes(e, HALF)}, 2, 0);
  LLVMValueRef f = LLVMGetNamedFunction(e->module, "llvm.x86.avx512.permvar.sf.512");
  if (!f) f = LLVMAddFunction(e->module, "llvm.x86.avx512.permvar.sf.512", type);
  LLVMValueRef n = LLVMBuildBitCast(e->b, shifted, integer_lanes(e, HALF), ""), args[] = {LLVMBuildBitCast(e->b, powers_of_two(e), lanes(e, HALF), ""), n};
  LLVMValueRef entry = LLVMBuildBitCast(e->b, LLVMBuildCall2(e->b, type, f, args, 2, ""), integer_lanes(e, HALF), "");
  LLVMValueRef exponent = LLVMBuildShl(e->b, n, bits_const(e, HALF, MANTISSA - POWER_BITS), "");
  return LLVMBuildBitCast(e->b, LLVMBuildAdd(e->b, entry, exponent, ""), lanes(e, HALF), "");
}

/* 1 + exp(-x) where that is an ordinary number: -x = N ln 2 / 16 + r + rest, and exp(r + rest) = 1 + (r + rest) + r² (c + r / 6); c, a little more than
 * 1/2, takes Chebyshev's share of r⁴/24, which leaves 2^-29 of it. Adding 1.5·2^23 rounds to N. */
static LLVMValueRef one_plus_exp_minus(Emit *e, LLVMValueRef x) {
  const double step = M_LN2 / HALF, high = (float)step, low = step - high, most = step / 2;
  LLVMValueRef magic = real_const(e, HALF, 0x1.8p23), one = real_const(e, HALF, 1);
  LLVMValueRef shifted = fused(e, x, real_const(e, HALF, -1 / step), magic), n = LLVMBuildFSub(e->b, shifted, magic, "");
  LLVMValueRef minus_r = fused(e, n, real_const(e, HALF, high), x), square = LLVMBuildFMul(e->b, minus_r, minus_r, "");
  LLVMValueRef first = LLVMBuildFSub(e->b, one, fused(e, n, real_const(e, HALF, low), minus_r), "");
  LLVMValueRef more = fused(e, minus_r, real_const(e, HALF, -1.0 / 6), real_const(e, HALF, 0.5 + most * most / 24));
  return fused(e, fused(e, square, more, first), table_power(e, shifted), one);
}

static LLVMValueRef sigmoid_of_vector(Emit *e, LLVMValueRef x) {
  const double most = 87.5; /* below it the result is less than any ordinary number, and 0 */
  LLVMValueRef least = real_const(e, HALF, -most), zero = real_const(e, HALF, 0);
  LLVMValueRef within = choose(e, LLVMRealOLT, real_const(e, HALF, most), choose(e, LLVMRealOGT, least, x));
  LLVMValueRef y = LLVMBuildFDiv(e->b, real_const(e, HALF, 1), one_plus_exp_minus(e, within), "");
  return LLVMBuildSelect(e->b, LLVMBuildFCmp(e->b, LLVMRealOLT, x, least, ""), zero, y, "");
}

/* --- any number of lanes ---------------------------------------------------------------------------------------------------------- */

/* Fewer lanes than a whole vector's ride along in one. */
static LLVMValueRef resize(Emit *e, LLVMValueRef x, int from, int to) {
  LLVMValueRef lane[HALF];
  if (from == to) return x;
  for (int i = 0; i < to; i++) lane[i] = i < from ? LLVMConstInt(e->i32, (unsigned)i, 0) : LLVMGetPoison(e->i32);
  return LLVMBuildShuffleVector(e->b, x, LLVMGetPoison(lanes(e, from)), LLVMConstVector(lane, (unsigned)to), "");
}

static LLVMValueRef whole_vector(Emit *e, int width, LLVMValueRef x) {
  return width == 1 ? splat(e, HALF, x) : resize(e, x, width, HALF);
}

static LLVMValueRef of_width(Emit *e, int width, LLVMValueRef x) {
  return width == 1 ? LLVMBuildExtractElement(e->b, x, LLVMConstInt(e->i32, 0, 0), "") : resize(e, x, HALF, width);
}

LLVMValueRef table_tanh(Emit *e, int width, LLVMValueRef x) { return of_width(e, width, tanh_of_vector(e, whole_vector(e, width, x))); }

LLVMValueRef table_sigmoid(Emit *e, int width, LLVMValueRef x) { return of_width(e, width, sigmoid_of_vector(e, whole_vector(e, width, x))); }

LLVMValueRef table_step_sigmoid(Emit *e, int width, LLVMValueRef x) {
  LLVMValueRef half = real_const(e, HALF, 0.5), y = tanh_of_vector(e, LLVMBuildFMul(e->b, whole_vector(e, width, x), half, ""));
  return of_width(e, width, fused(e, y, half, half));
}
