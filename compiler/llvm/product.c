/* product.c — matrix products: by rows and for gradients as emitted tiles (contract.c); what happens once a call through BLAS. */
#include "llvm/contract.h"

typedef struct Call {
  const Product *p;
  Ref out;
} Call;

static void call_gemm(Emit *e, bool ta, bool tb, LLVMValueRef m, LLVMValueRef n, LLVMValueRef k, LLVMValueRef a, int64_t lda, LLVMValueRef b,
                      int64_t ldb, double beta, LLVMValueRef c, int64_t ldc) {
  LLVMValueRef args[] = {int_const(e, ta), int_const(e, tb), m, n, k, a, int_const(e, lda), b, int_const(e, ldb),
                         real_const(e, 1, beta), c, int_const(e, ldc)};
  call_extern(e, e->is_double ? "rnn_gemm_f64" : "rnn_gemm_f32", LLVMVoidTypeInContext(e->context), args, 12);
}

/* BLAS takes a matrix whose columns lie together as it is, one whose rows do as its transpose. */
static bool is_transposed(const Matrix *m) { return m->column_stride != 1; }
static int64_t leading(const Matrix *m) { return is_transposed(m) ? m->column_stride : m->row_stride; }

static LLVMValueRef matrix_pointer(Emit *e, const Matrix *m, Block block) {
  return element_pointer(e, buffer_pointer(e, m->view.base), view_row_offset(e, &m->view, block, int_const(e, 0)));
}

static int64_t row_pitch(Emit *e, const Matrix *m) { return buffer_at(e, m->view.base)->elements; }

static LLVMValueRef out_pointer(Emit *e, Ref out, Block block) {
  View v = view_of(e->g, out);
  return element_pointer(e, buffer_pointer(e, out), view_row_offset(e, &v, block, int_const(e, 0)));
}

/* out [rows × m] = x [rows × k] · weightᵀ [k × m]: the panel runs along m, a column is a row of x. */
static void rows_body(Emit *e, Block block, void *context) {
  const Call *call = context;
  const Product *p = call->p;
  bool packed = p->pack >= 0;
  Contract c = {.width = p->m, .columns = block.count, .k = int_const(e, p->k), .packed = packed};
  c.p = packed ? table_pointer(e, p->pack) : matrix_pointer(e, &p->a, block);
  c.ldp = int_const(e, p->a.column_stride);
  c.x = matrix_pointer(e, &p->b, block);
  c.xj = int_const(e, row_pitch(e, &p->b));
  c.xk = int_const(e, 1);
  c.c = out_pointer(e, call->out, block);
  c.ldc = int_const(e, p->m);
  emit_contract_panels(e, &c);
}

enum { GRAD_ROWS = 256 }; /* rows whose panel stays in the second cache while all of the result passes */

/* out [m × n] += aᵀ [m × rows] · b [rows × n]: the panel runs along n, k is the row, a column is one of m. */
static void grad_body(Emit *e, Block block, void *context) {
  const Call *call = context;
  const Product *p = call->p;
  LLVMValueRef pitch_a = int_const(e, row_pitch(e, &p->a)), pitch_b = int_const(e, row_pitch(e, &p->b));
  Loop l = loop_begin(e, int_const(e, 0), block.count, int_const(e, GRAD_ROWS), "rows");
  Contract c = {.width = p->n, .columns = int_const(e, p->m), .add = true};
  c.k = min_i(e, sub_i(e, block.count, l.index), int_const(e, GRAD_ROWS));
  c.p = element_pointer(e, matrix_pointer(e, &p->b, block), mul_i(e, l.index, pitch_b));
  c.ldp = pitch_b;
  c.x = element_pointer(e, matrix_pointer(e, &p->a, block), mul_i(e, l.index, pitch_a));
  c.xj = int_const(e, 1);
  c.xk = pitch_a;
  c.c = buffer_pointer(e, call->out);
  c.ldc = int_const(e, p->n);
  emit_contract_panels(e, &c);
  loop_end(e, &l);
}

static void emit_plain(Emit *e, const Product *p, Ref out) {
  Block once = {.row0 = int_const(e, 0), .count = int_const(e, 1)};
  call_gemm(e, is_transposed(&p->a), is_transposed(&p->b), int_const(e, p->m), int_const(e, p->n), int_const(e, p->k),
            matrix_pointer(e, &p->a, once), leading(&p->a), matrix_pointer(e, &p->b, once), leading(&p->b), 0, buffer_pointer(e, out), p->n);
}

void emit_product(Emit *e, const PlanItem *item) {
  Call c = {&item->product, item->nodes.at[0]};
  const Node *n = &e->g->nodes.at[c.out];
  switch (item->product.form) {
  case PRODUCT_ROWS: for_blocks(e, n->axes, true, rows_body, &c); return;
  case PRODUCT_PLAIN: emit_plain(e, &item->product, c.out); return;
  case PRODUCT_GRAD:
    zero_fill(e, buffer_pointer(e, c.out), int_const(e, sizes_count(n->shape)));
    for_blocks(e, n->attrs.over, true, grad_body, &c);
    return;
  }
}
