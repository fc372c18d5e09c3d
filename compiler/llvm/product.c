/* product.c — matrix products: by rows and for gradients as emitted tiles (contract.c); what happens once a call through BLAS. */
#include "llvm/sparse.h"

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

enum { FAR_WEIGHTS = 1 << 18 };
enum { PASS_K = 512 }; /* a panel of so many k leaves most of the second cache to the columns that pass it */

/* The k from `begin` on of a term. */
static ContractTerm rows_term(Emit *e, const Term *t, Block block, int64_t begin, int64_t k) {
  const Product *p = &t->parts.at[0];
  bool packed = t->pack >= 0;
  LLVMValueRef weight = packed ? table_pointer(e, t->pack) : element_pointer(e, matrix_pointer(e, &p->a, block), int_const(e, begin * p->a.column_stride));
  return (ContractTerm){.k = int_const(e, k),
                        .p = weight,
                        .packed = packed,
                        .depth = p->k,
                        .begin = begin,
                        .ldp = int_const(e, p->a.column_stride),
                        .x = element_pointer(e, matrix_pointer(e, &p->b, block), int_const(e, begin)),
                        .xj = int_const(e, row_pitch(e, &p->b)),
                        .xk = int_const(e, 1)};
}

typedef struct RowsTerms {
  Vec(ContractTerm) all;
  int together;
} RowsTerms;

/* The k of a long term are cut into pieces of about the same length. */
static int64_t piece_length(int64_t k) {
  const int64_t pieces = (k + PASS_K - 1) / PASS_K;
  return (k + pieces - 1) / pieces;
}

/* Terms that are short together are summed at once; the k of long ones are cut into pieces that each make a pass. */
static RowsTerms rows_terms(Emit *e, const PlanItem *item, Block block, int from, int to) {
  RowsTerms r = {0};
  int64_t k = 0;
  for (int i = from; i < to; i++) k += item->terms.at[i].parts.at[0].k;
  for (int i = from; i < to; i++) {
    const Term *t = &item->terms.at[i];
    const int64_t all = t->parts.at[0].k, piece = piece_length(all);
    for (int64_t begin = 0; begin < all; begin += piece)
      vec_push(e->session->arena, r.all, rows_term(e, t, block, begin, begin + piece < all ? piece : all - begin));
  }
  r.together = k <= PASS_K ? r.all.len : 1;
  return r;
}

/* Weights that the second cache does not hold come from beyond it with every block of rows. What is not packed has no runs that would be worth
 * fetching ahead. */
static bool is_far(const PlanItem *item) {
  int64_t weights = 0;
  for (int i = 0; i < item->terms.len; i++) {
    if (item->terms.at[i].pack < 0) return false;
    weights += item->terms.at[i].m * item->terms.at[i].parts.at[0].k;
  }
  return weights >= FAR_WEIGHTS;
}

/* Where the terms from `from` on stop being dense: a sparse one goes by itself. */
static int end_of_dense(const PlanItem *item, int from) {
  int to = from;
  while (to < item->terms.len && item->terms.at[to].sparse < 0) to++;
  return to;
}

static void dots_body(Emit *e, Block block, void *context) {
  const PlanItem *item = context;
  const int64_t width = item->terms.at[0].m;
  ContractTerm *terms = arena_array(e->session->arena, ContractTerm, item->terms.len);
  for (int i = 0; i < item->terms.len; i++) {
    const Term *t = &item->terms.at[i];
    terms[i] = rows_term(e, t, block, 0, t->parts.at[0].k);
    terms[i].ldp = int_const(e, t->pack >= 0 ? t->parts.at[0].k : t->parts.at[0].a.row_stride);
  }
  Contract c = {.width = width, .columns = block.count, .c = out_pointer(e, item->nodes.at[0], block), .ldc = int_const(e, width), .term = terms, .terms = item->terms.len};
  emit_dots(e, &c);
}

/* Has a product on these axes the rows of one step at a time? */
static bool is_in_loops(Emit *e, GraphAxes axes) {
  bool is = true;
  for (int c = 0; c < e->g->clocks.len; c++) is &= !has_clock(axes, c) || e->clock[c].step;
  return is;
}

enum { QUADS_FROM = 1 << 11 }; /* multiply-adds of a row: where it is less, the way from the first to the last counts, and a shuffle lies on it */

static bool comes_in_quads(const Contract *c) {
  int64_t k = 0;
  bool whole = true;
  for (int i = 0; i < c->terms; i++) {
    const int64_t more = (int64_t)LLVMConstIntGetSExtValue(c->term[i].k);
    whole &= more % QUAD == 0;
    k += more;
  }
  return whole && k * c->width >= QUADS_FROM;
}

/* out [rows × m] = Σ over terms of x [rows × k] · weightᵀ [k × m]: the panel runs along m, a column is a row of x. */
static void rows_body(Emit *e, Block block, void *context) {
  const PlanItem *item = context;
  const int64_t width = item->terms.at[0].m;
  Contract c = {.width = width, .columns = block.count, .c = out_pointer(e, item->nodes.at[0], block), .ldc = int_const(e, width)};
  c.alone = e->g->rows <= 1 && is_in_loops(e, e->g->nodes.at[item->nodes.at[0]].axes);
  for (int i = 0, to; i < item->terms.len; i = to) {
    to = end_of_dense(item, i);
    const RowsTerms terms = rows_terms(e, item, block, i, to > i ? to : ++to);
    c.term = terms.all.at;
    c.terms = terms.all.len;
    c.together = terms.together;
    c.add = i > 0;
    c.quads = comes_in_quads(&c);
    c.ahead = is_far(item);
    if (item->terms.at[i].sparse >= 0) emit_sparse_term(e, &c, &item->terms.at[i]);
    else emit_contract_panels(e, &c);
  }
}

/* --- one slice of several --------------------------------------------------------------------------------------------------------- */

static int pieces_of(const PlanItem *item) {
  int pieces = 0;
  for (int i = 0; i < item->terms.len; i++) {
    const int64_t k = item->terms.at[i].parts.at[0].k, piece = piece_length(k);
    pieces += (int)((k + piece - 1) / piece);
  }
  return pieces;
}

int64_t product_side_words(const PlanItem *item) { return contract_side_words(pieces_of(item)); }

static Contract rows_contract(Emit *e, const PlanItem *item, Block block, RowsTerms *terms) {
  *terms = rows_terms(e, item, block, 0, item->terms.len);
  const int64_t width = item->terms.at[0].m;
  return (Contract){.width = width, .columns = block.count, .c = out_pointer(e, item->nodes.at[0], block), .ldc = int_const(e, width),
                    .term = terms->all.at, .terms = terms->all.len, .together = terms->together, .ahead = is_far(item)};
}

typedef struct SideOf {
  const PlanItem *item;
  LLVMValueRef side;
} SideOf;

static void side_body(Emit *e, Block block, void *context) {
  const SideOf *s = context;
  RowsTerms terms;
  const Contract c = rows_contract(e, s->item, block, &terms);
  emit_contract_side(e, &c, s->side);
}

void emit_product_side(Emit *e, const PlanItem *item, LLVMValueRef side) {
  SideOf s = {item, side};
  for_blocks(e, e->g->nodes.at[item->nodes.at[0]].axes, true, side_body, &s);
}

/* Weights are the same at any rows of any step: those of the first. */
void emit_product_panels(Emit *e, const PlanItem *item, LLVMValueRef sides, LLVMValueRef count) {
  RowsTerms terms;
  const Contract c = rows_contract(e, item, (Block){.row0 = int_const(e, 0), .count = int_const(e, 0)}, &terms);
  emit_contract_sides(e, &c, sides, count);
}

enum { GRAD_ROWS = 128, GRAD_COPY = 48 };                /* rows whose panel stays in the first cache while all of the result passes;
                                                           columns that make up for a copy of it */
enum { LARGE_GRAD_ROWS = 640, LARGE_GRAD = 1 << 18 };    /* the same for a result that the second cache does not hold */

static bool is_large(const Product *p) { return p->m * p->n >= LARGE_GRAD; }

enum { FEW_COLUMNS = 8, TURNED_SCRATCH = 8192 };

/* A result of a few columns only would leave most lanes of a panel along n idle: its transpose is computed, some rows at a time. */
static bool is_turned(Emit *e, const Product *p) { return 2 * p->n <= e->widest && p->n <= FEW_COLUMNS && p->m > p->n && p->m * p->n <= TURNED_SCRATCH; }

/* out[i][j] += turned[j][i] */
static void add_turned(Emit *e, LLVMValueRef out, LLVMValueRef turned, const Product *p) {
  LLVMValueRef one = int_const(e, 1), n = int_const(e, p->n);
  Loop i = loop_begin(e, int_const(e, 0), int_const(e, p->m), one, "i");
  for (int64_t j = 0; j < p->n; j++) {
    LLVMValueRef place = element_pointer(e, out, add_i(e, mul_i(e, i.index, n), int_const(e, j)));
    LLVMValueRef more = load_real(e, 1, element_pointer(e, turned, add_i(e, int_const(e, j * p->m), i.index)));
    store_real(e, LLVMBuildFAdd(e->b, load_real(e, 1, place), more, ""), place);
  }
  loop_end(e, &i);
}

static void turned_grad_body(Emit *e, Block block, void *context) {
  const PlanItem *item = context;
  const Product *p = &item->product;
  const bool direct = p->n == 1; /* the same either way */
  LLVMValueRef out = buffer_pointer(e, item->nodes.at[0]);
  LLVMValueRef turned = direct ? out : entry_alloca(e, LLVMArrayType2(e->real, (uint64_t)(p->m * p->n)));
  ContractTerm t = {.k = block.count, .ldp = int_const(e, row_pitch(e, &p->a)), .xj = int_const(e, 1), .xk = int_const(e, row_pitch(e, &p->b))};
  t.p = matrix_pointer(e, &p->a, block);
  t.x = matrix_pointer(e, &p->b, block);
  Contract c = {.width = p->m, .columns = int_const(e, p->n), .alone = p->n == 1, .term = &t, .terms = 1, .add = direct, .c = turned, .ldc = int_const(e, p->m)};
  emit_contract_panels(e, &c);
  if (!direct) add_turned(e, out, turned, p);
}

/* Some rows of a gradient: its operands there, and the left one as it was laid out (NULL: it was not). */
typedef struct GradRows {
  LLVMValueRef a, b, laid_out, first, rows, count; /* laid out were `rows`; from the `first` of them on, `count` are taken */
  LLVMValueRef pitch_a, pitch_b;
} GradRows;

/* Outputs n0 ≤ j < n1 of every line of the result. */
static void grad_columns(Emit *e, const PlanItem *item, const GradRows *g, int64_t n0, int64_t n1, int64_t most_rows, bool laid_out) {
  const Product *p = &item->product;
  ContractTerm t = {.k = g->count, .ldp = g->pitch_b, .xj = int_const(e, 1), .xk = g->pitch_a};
  t.p = element_pointer(e, g->b, add_i(e, mul_i(e, g->first, g->pitch_b), int_const(e, n0)));
  t.x = element_pointer(e, g->a, mul_i(e, g->first, g->pitch_a));
  if (laid_out) {
    t.xk = int_const(e, TILE_COLUMNS);
    t.xg = g->rows;
    t.x = element_pointer(e, g->laid_out, mul_i(e, g->first, t.xk));
  }
  Contract c = {.width = n1 - n0, .columns = int_const(e, p->m), .alone = p->m == 1, .term = &t, .terms = 1, .add = true};
  if (is_large(p)) c.adds = LLVMBuildLoad2(e->b, e->i64, e->begun[item->nodes.at[0]], "adds");
  const int64_t panel = (int64_t)panel_vectors(e) * e->widest;
  if (c.width > panel && p->m >= GRAD_COPY) c.scratch = entry_alloca(e, LLVMArrayType2(e->real, (uint64_t)(most_rows * panel)));
  c.c = element_pointer(e, buffer_pointer(e, item->nodes.at[0]), int_const(e, n0));
  c.ldc = int_const(e, p->n);
  emit_contract_panels(e, &c);
}

/* Rows in parts of about the same number: each fetches the whole result. */
static LLVMValueRef part_of_rows(Emit *e, LLVMValueRef rows, int64_t most) {
  LLVMValueRef parts = LLVMBuildUDiv(e->b, add_i(e, rows, int_const(e, most - 1)), int_const(e, most), "");
  parts = max_i(e, parts, int_const(e, 1));
  return LLVMBuildUDiv(e->b, add_i(e, rows, sub_i(e, parts, int_const(e, 1))), parts, "");
}

static void grad_rows(Emit *e, const PlanItem *item, GradRows *g) {
  const Product *p = &item->product;
  const int64_t most = is_large(p) ? LARGE_GRAD_ROWS : GRAD_ROWS; /* a result that no cache holds is fetched seldom */
  const int64_t panel = (int64_t)panel_vectors(e) * e->widest, whole = g->laid_out ? p->n - p->n % panel : p->n;
  Loop l = loop_begin(e, int_const(e, 0), g->rows, part_of_rows(e, g->rows, most), "rows");
  g->first = l.index;
  g->count = min_i(e, sub_i(e, g->rows, l.index), l.by);
  grad_columns(e, item, g, 0, whole, most, g->laid_out != NULL);
  if (whole < p->n) grad_columns(e, item, g, whole, p->n, most, false); /* tiles of a narrower panel take other columns */
  if (is_large(p)) LLVMBuildStore(e->b, int_const(e, 1), e->begun[item->nodes.at[0]]);
  loop_end(e, &l);
}

/* out [m × n] += aᵀ [m × rows] · b [rows × n]: the panel runs along n, k is the row, a column is one of m. */
static void grad_body(Emit *e, Block block, void *context) {
  const PlanItem *item = context;
  const Product *p = &item->product;
  GradRows g = {.pitch_a = int_const(e, row_pitch(e, &p->a)), .pitch_b = int_const(e, row_pitch(e, &p->b)), .rows = block.count};
  g.a = matrix_pointer(e, &p->a, block);
  g.b = matrix_pointer(e, &p->b, block);
  if (item->scratch < 0) {
    grad_rows(e, item, &g);
    return;
  }
  const LLVMValueRef all_a = g.a, all_b = g.b;
  g.laid_out = table_pointer(e, item->scratch);
  Loop l = loop_begin(e, int_const(e, 0), block.count, int_const(e, SCRATCH_ROWS), "some");
  g.rows = min_i(e, sub_i(e, block.count, l.index), int_const(e, SCRATCH_ROWS));
  g.a = element_pointer(e, all_a, mul_i(e, l.index, g.pitch_a));
  g.b = element_pointer(e, all_b, mul_i(e, l.index, g.pitch_b));
  if (!item->laid_out) emit_column_groups(e, g.a, g.pitch_a, p->m, g.rows, g.laid_out);
  grad_rows(e, item, &g);
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
  if (!sums && item->terms.at[0].runs) work.body = dots_body;
  if (sums) work.axes = n->attrs.over, work.body = is_turned(e, &item->product) ? turned_grad_body : grad_body;
  work.is_set = sums && is_large(&item->product);
  return work;
}

void emit_product(Emit *e, const PlanItem *item) {
  if (item->product.form == PRODUCT_PLAIN) {
    emit_plain(e, &item->product, item->nodes.at[0]);
    return;
  }
  if (e->plan->is_step) {
    emit_column_product(e, item);
    return;
  }
  RowWork work = product_row_work(e, item);
  begin_sum(e, &work);
  for_blocks(e, work.axes, true, work.body, work.context);
  end_sum(e, &work);
}
