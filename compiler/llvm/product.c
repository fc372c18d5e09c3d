/* product.c — matrix products: by rows and for gradients as emitted tiles (contract.c); what happens once a call through BLAS. */
#include "llvm/contract.h"

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

static ContractTerm rows_term(Emit *e, const Term *t, Block block) {
  const Product *p = &t->parts.at[0];
  bool packed = t->pack >= 0;
  return (ContractTerm){.k = int_const(e, p->k),
                        .p = packed ? table_pointer(e, t->pack) : matrix_pointer(e, &p->a, block),
                        .packed = packed,
                        .ldp = int_const(e, p->a.column_stride),
                        .x = matrix_pointer(e, &p->b, block),
                        .xj = int_const(e, row_pitch(e, &p->b)),
                        .xk = int_const(e, 1)};
}

enum { PASS_K = 320 }; /* a panel of so many k stays in the first cache, or nearly, while all columns pass */

/* How many terms from `from` on are summed in registers at once. */
static int terms_of_pass(const PlanItem *item, int from) {
  int64_t k = 0;
  int n = 0;
  while (from + n < item->terms.len && (!n || k + item->terms.at[from + n].parts.at[0].k <= PASS_K)) k += item->terms.at[from + n++].parts.at[0].k;
  return n;
}

/* out [rows × m] = Σ over terms of x [rows × k] · weightᵀ [k × m]: the panel runs along m, a column is a row of x. */
static void rows_body(Emit *e, Block block, void *context) {
  const PlanItem *item = context;
  ContractTerm *terms = arena_array(e->session->arena, ContractTerm, item->terms.len);
  for (int i = 0; i < item->terms.len; i++) terms[i] = rows_term(e, &item->terms.at[i], block);
  int64_t width = item->terms.at[0].m;
  Contract c = {.width = width, .columns = block.count, .c = out_pointer(e, item->nodes.at[0], block), .ldc = int_const(e, width)};
  for (int i = 0; i < item->terms.len; i += c.terms) {
    c.term = terms + i;
    c.terms = terms_of_pass(item, i);
    c.add = i > 0;
    emit_contract_panels(e, &c);
  }
}

enum { GRAD_ROWS = 128, GRAD_COPY = 48 }; /* rows whose panel stays in the first cache while all of the result passes; columns that
                                             make up for a copy of it */

/* out [m × n] += aᵀ [m × rows] · b [rows × n]: the panel runs along n, k is the row, a column is one of m. */
static void grad_body(Emit *e, Block block, void *context) {
  const PlanItem *item = context;
  const Product *p = &item->product;
  LLVMValueRef pitch_a = int_const(e, row_pitch(e, &p->a)), pitch_b = int_const(e, row_pitch(e, &p->b));
  Loop l = loop_begin(e, int_const(e, 0), block.count, int_const(e, GRAD_ROWS), "rows");
  ContractTerm t = {.k = min_i(e, sub_i(e, block.count, l.index), int_const(e, GRAD_ROWS)), .ldp = pitch_b, .xj = int_const(e, 1), .xk = pitch_a};
  t.p = element_pointer(e, matrix_pointer(e, &p->b, block), mul_i(e, l.index, pitch_b));
  t.x = element_pointer(e, matrix_pointer(e, &p->a, block), mul_i(e, l.index, pitch_a));
  Contract c = {.width = p->n, .columns = int_const(e, p->m), .term = &t, .terms = 1, .add = true};
  int64_t panel = (int64_t)panel_vectors(e) * e->widest;
  if (p->n > panel && p->m >= GRAD_COPY) c.scratch = entry_alloca(e, LLVMArrayType2(e->real, (uint64_t)(GRAD_ROWS * panel)));
  c.c = buffer_pointer(e, item->nodes.at[0]);
  c.ldc = int_const(e, p->n);
  emit_contract_panels(e, &c);
  loop_end(e, &l);
}

static void emit_plain(Emit *e, const Product *p, Ref out) {
  Block once = {.row0 = int_const(e, 0), .count = int_const(e, 1)};
  call_gemm(e, is_transposed(&p->a), is_transposed(&p->b), int_const(e, p->m), int_const(e, p->n), int_const(e, p->k),
            matrix_pointer(e, &p->a, once), leading(&p->a), matrix_pointer(e, &p->b, once), leading(&p->b), 0, buffer_pointer(e, out), p->n);
}

RowWork product_row_work(Emit *e, const PlanItem *item) {
  const Node *n = &e->g->nodes.at[item->nodes.at[0]];
  bool sums = item->product.form == PRODUCT_GRAD;
  RowWork work = {.axes = n->axes, .body = rows_body, .context = (void *)(uintptr_t)item, .sums = sums, .result = item->nodes.at[0]};
  if (sums) work.axes = n->attrs.over, work.body = grad_body;
  return work;
}

void emit_product(Emit *e, const PlanItem *item) {
  if (item->product.form == PRODUCT_PLAIN) {
    emit_plain(e, &item->product, item->nodes.at[0]);
    return;
  }
  RowWork work = product_row_work(e, item);
  begin_sum(e, &work);
  for_blocks(e, work.axes, true, work.body, work.context);
}
