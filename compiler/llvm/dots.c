/* dots.c — products with a few outputs only: a read-out of one number, the gradient of an input of two.
 *
 * A panel along so few outputs would leave most lanes idle. So lanes go along k instead: each output of a row is a dot product of two
 * runs of memory, several rows at once, and the lanes are added up at the end.
 *   C[r·ldc + i] = Σ_terms Σ_k P[i·ldp + k] · X[r·xj + k],  i < OUTPUTS */
#include "llvm/contract.h"
#include <stdio.h>
#include <string.h>

enum { MOST_OUTPUTS = 4, MOST_ROWS = 4 };
enum { PAR_TABLE, PAR_TERMS, PAR_C, PAR_LDC, PAR_ROWS, PARAMETERS };

typedef struct Dots {
  Emit *e;
  int outputs, rows;
  LLVMValueRef parameter[PARAMETERS];
  LLVMValueRef first;                    /* row */
  LLVMValueRef sum[MOST_ROWS][MOST_OUTPUTS]; /* slots */
  LLVMValueRef k, p, ldp, x, xj;         /* of the present term */
} Dots;

static LLVMTypeRef dots_type(Emit *e) {
  LLVMTypeRef i = e->i64, p = e->pointer, types[PARAMETERS] = {p, i, p, i, i};
  return LLVMFunctionType(LLVMVoidTypeInContext(e->context), types, PARAMETERS, 0);
}

static LLVMValueRef load_some(Dots *d, LLVMValueRef pointer, LLVMValueRef mask) {
  return mask ? load_masked(d->e, d->e->widest, pointer, mask) : load_real(d->e, d->e->widest, pointer);
}

/* A vector of k from `k` on: OUTPUTS runs of weights against `rows` runs of x. */
static void multiply_add(Dots *d, LLVMValueRef k, LLVMValueRef mask) {
  Emit *e = d->e;
  LLVMTypeRef type = lanes(e, e->widest);
  LLVMValueRef weight[MOST_OUTPUTS];
  for (int i = 0; i < d->outputs; i++) weight[i] = load_some(d, element_pointer(e, d->p, add_i(e, mul_i(e, int_const(e, i), d->ldp), k)), mask);
  for (int r = 0; r < d->rows; r++) {
    LLVMValueRef x = load_some(d, element_pointer(e, d->x, add_i(e, mul_i(e, int_const(e, r), d->xj), k)), mask);
    for (int i = 0; i < d->outputs; i++) {
      LLVMValueRef old = LLVMBuildLoad2(e->b, type, d->sum[r][i], "");
      LLVMBuildStore(e->b, call_intrinsic(e, "llvm.fma", type, (LLVMValueRef[]){weight[i], x, old}, 3), d->sum[r][i]);
    }
  }
}

static void one_term(Dots *d, LLVMValueRef term) {
  Emit *e = d->e;
  LLVMValueRef width = int_const(e, e->widest);
  d->k = term_field(e, d->parameter[PAR_TABLE], term, e->i64, TERM_K);
  d->p = term_field(e, d->parameter[PAR_TABLE], term, e->pointer, TERM_P);
  d->ldp = term_field(e, d->parameter[PAR_TABLE], term, e->i64, TERM_LDP);
  d->xj = term_field(e, d->parameter[PAR_TABLE], term, e->i64, TERM_XJ);
  d->x = element_pointer(e, term_field(e, d->parameter[PAR_TABLE], term, e->pointer, TERM_X), mul_i(e, d->first, d->xj));
  LLVMValueRef rest = LLVMBuildURem(e->b, d->k, width, ""), whole = sub_i(e, d->k, rest);
  Loop k = loop_begin(e, int_const(e, 0), whole, width, "k");
  multiply_add(d, k.index, NULL);
  loop_end(e, &k);
  If some = if_begin(e, LLVMBuildICmp(e->b, LLVMIntNE, rest, int_const(e, 0), ""));
  multiply_add(d, whole, mask_below(e, e->widest, rest));
  if_end(e, &some);
}

/* Halves are added to each other until one lane is left. */
static LLVMValueRef add_lanes(Emit *e, LLVMValueRef v, int width) {
  for (int half = width / 2; half; half /= 2) {
    LLVMValueRef low[64], high[64];
    for (int l = 0; l < half; l++) low[l] = LLVMConstInt(e->i32, (unsigned)l, 0), high[l] = LLVMConstInt(e->i32, (unsigned)(half + l), 0);
    LLVMValueRef a = LLVMBuildShuffleVector(e->b, v, LLVMGetUndef(LLVMTypeOf(v)), LLVMConstVector(low, (unsigned)half), "");
    LLVMValueRef b = LLVMBuildShuffleVector(e->b, v, LLVMGetUndef(LLVMTypeOf(v)), LLVMConstVector(high, (unsigned)half), "");
    v = LLVMBuildFAdd(e->b, a, b, "");
  }
  return LLVMBuildExtractElement(e->b, v, LLVMConstInt(e->i32, 0, 0), "");
}

/* Rows from `first` on. */
static void some_rows(Dots *d, LLVMValueRef first) {
  Emit *e = d->e;
  LLVMTypeRef type = lanes(e, e->widest);
  d->first = first;
  for (int r = 0; r < d->rows; r++)
    for (int i = 0; i < d->outputs; i++) LLVMBuildStore(e->b, real_const(e, e->widest, 0), d->sum[r][i]);
  Loop term = loop_begin(e, int_const(e, 0), d->parameter[PAR_TERMS], int_const(e, 1), "term");
  one_term(d, term.index);
  loop_end(e, &term);
  for (int r = 0; r < d->rows; r++)
    for (int i = 0; i < d->outputs; i++) {
      LLVMValueRef at = add_i(e, mul_i(e, add_i(e, first, int_const(e, r)), d->parameter[PAR_LDC]), int_const(e, i));
      store_real(e, add_lanes(e, LLVMBuildLoad2(e->b, type, d->sum[r][i], ""), e->widest), element_pointer(e, d->parameter[PAR_C], at));
    }
}

static void all_rows(Dots *d) {
  Emit *e = d->e;
  LLVMValueRef count = d->parameter[PAR_ROWS], several = int_const(e, MOST_ROWS), rest = LLVMBuildURem(e->b, count, several, "");
  for (int r = 0; r < MOST_ROWS; r++)
    for (int i = 0; i < d->outputs; i++) d->sum[r][i] = entry_alloca(e, lanes(e, e->widest));
  d->rows = MOST_ROWS;
  Loop l = loop_begin(e, int_const(e, 0), sub_i(e, count, rest), several, "r");
  some_rows(d, l.index);
  loop_end(e, &l);
  d->rows = 1;
  Loop last = loop_begin(e, sub_i(e, count, rest), count, int_const(e, 1), "r");
  some_rows(d, last.index);
  loop_end(e, &last);
}

static LLVMValueRef dots_function(Emit *e, int outputs) {
  char name[32];
  snprintf(name, sizeof name, "dots.%d", outputs);
  bool wants_body;
  LLVMValueRef f = kernel_function(e, name, dots_type(e), &wants_body);
  if (!wants_body) return f;
  Dots d = {.e = e, .outputs = outputs};
  SavedPlace saved = enter_function(e, f);
  for (int i = 0; i < PARAMETERS; i++) d.parameter[i] = LLVMGetParam(f, (unsigned)i);
  all_rows(&d);
  LLVMBuildRetVoid(e->b);
  leave_function(e, saved);
  return f;
}

void dots_kernels(Emit *e) {
  for (int outputs = 1; outputs <= MOST_OUTPUTS; outputs++) dots_function(e, outputs);
}

void emit_dots(Emit *e, const Contract *c) {
  LLVMValueRef table = contract_table(e, c);
  LLVMValueRef args[PARAMETERS] = {[PAR_TABLE] = table, [PAR_TERMS] = int_const(e, c->terms), [PAR_C] = c->c, [PAR_LDC] = c->ldc, [PAR_ROWS] = c->columns};
  LLVMBuildCall2(e->b, dots_type(e), dots_function(e, (int)c->width), args, PARAMETERS, "");
}

/* The weights of a few outputs as runs of k, [output][k]. */
void emit_pack_runs(Emit *e, const Product *p, LLVMValueRef to) {
  LLVMValueRef from = element_pointer(e, buffer_pointer(e, p->a.view.base), int_const(e, p->a.view.offset)), one = int_const(e, 1);
  Loop i = loop_begin(e, int_const(e, 0), int_const(e, p->m), one, "i");
  Loop k = loop_begin(e, int_const(e, 0), int_const(e, p->k), one, "k");
  LLVMValueRef at = add_i(e, mul_i(e, i.index, int_const(e, p->a.row_stride)), mul_i(e, k.index, int_const(e, p->a.column_stride)));
  store_real(e, load_real(e, 1, element_pointer(e, from, at)), element_pointer(e, to, add_i(e, mul_i(e, i.index, int_const(e, p->k)), k.index)));
  loop_end(e, &k);
  loop_end(e, &i);
}
