/* product.c — matrix products: calls of the runtime's BLAS. (An emitter of tiles takes their place behind the same plan node.) */
#include "llvm/emit.h"

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

static int64_t row_pitch(Emit *e, const Matrix *m) { return sizes_count(e->g->nodes.at[m->view.base].shape); }

static LLVMValueRef out_pointer(Emit *e, Ref out, Block block) {
  View v = view_of(e->g, out);
  return element_pointer(e, buffer_pointer(e, out), view_row_offset(e, &v, block, int_const(e, 0)));
}

/* out [rows × m] = x [rows × k] · weightᵀ [k × m] */
static void rows_body(Emit *e, Block block, void *context) {
  const Call *c = context;
  const Product *p = c->p;
  call_gemm(e, false, !is_transposed(&p->a), block.count, int_const(e, p->m), int_const(e, p->k), matrix_pointer(e, &p->b, block),
            row_pitch(e, &p->b), matrix_pointer(e, &p->a, block), leading(&p->a), 0, out_pointer(e, c->out, block), p->m);
}

/* out [m × n] += aᵀ [m × rows] · b [rows × n] */
static void grad_body(Emit *e, Block block, void *context) {
  const Call *c = context;
  const Product *p = c->p;
  call_gemm(e, true, false, int_const(e, p->m), int_const(e, p->n), block.count, matrix_pointer(e, &p->a, block), row_pitch(e, &p->a),
            matrix_pointer(e, &p->b, block), row_pitch(e, &p->b), 1, buffer_pointer(e, c->out), p->n);
}

static void emit_plain(Emit *e, const Product *p, Ref out) {
  Block once = {int_const(e, 0), int_const(e, 1)};
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
