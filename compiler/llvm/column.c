/* column.c — products of a step: one column against weights that lie in the order in which they are read (plan/step.c).
 *
 * A group of outputs keeps its sums in registers through all terms; each k spreads one number over all lanes. Where a product has few
 * outputs, k is dealt out among several sums for each, as one multiply-add must wait for the last. A few long dot products run along k
 * instead. Weights as bfloat16 lie in pairs of vectors, one in the low halves of the lanes and one in the high ones: a shift and a mask
 * give both in single precision. */
#include "llvm/emit.h"

enum { MOST_VECTORS = 16, MOST_SPLITS = 8, STRAIGHT_OPERATIONS = 64, TURNED_BYTES = 1 << 18 };

typedef struct Column {
  Emit *e;
  const PlanItem *item;
  Block block;
  LLVMValueRef weights;      /* of the present group */
  int vectors, splits, next; /* next: the split that takes the next k */
  LLVMValueRef sum[MOST_SPLITS][MOST_VECTORS]; /* NULL: nothing yet */
} Column;

static LLVMValueRef x_of_term(Column *c, const Term *t) {
  const View *v = &t->parts.at[0].b.view;
  return element_pointer(c->e, buffer_pointer(c->e, v->base), view_row_offset(c->e, v, c->block, int_const(c->e, 0)));
}

static LLVMValueRef fused(Emit *e, LLVMValueRef a, LLVMValueRef b, LLVMValueRef sum) {
  if (!sum) return LLVMBuildFMul(e->b, a, b, "");
  return call_intrinsic(e, "llvm.fma", lanes(e, e->widest), (LLVMValueRef[]){a, b, sum}, 3);
}

/* --- one k ------------------------------------------------------------------------------------------------------------------------ */

static void load_half_weights(Column *c, LLVMValueRef row, LLVMValueRef *weight) {
  Emit *e = c->e;
  for (int v = 0; v < c->vectors; v += 2) {
    LLVMValueRef at = add_i(e, mul_i(e, row, int_const(e, (int64_t)c->vectors / 2 * e->widest)), int_const(e, (int64_t)v / 2 * e->widest));
    LLVMValueRef both = LLVMBuildLoad2(e->b, integer_lanes(e, e->widest), element_pointer(e, c->weights, at), "");
    LLVMSetAlignment(both, (unsigned)e->real_bytes);
    LLVMValueRef low = LLVMBuildShl(e->b, both, bits_const(e, e->widest, 16), ""), high = LLVMBuildAnd(e->b, both, bits_const(e, e->widest, 0xffff0000u), "");
    weight[v] = LLVMBuildBitCast(e->b, low, lanes(e, e->widest), "");
    weight[v + 1] = LLVMBuildBitCast(e->b, high, lanes(e, e->widest), "");
  }
}

static void load_weights(Column *c, LLVMValueRef row, LLVMValueRef *weight) {
  Emit *e = c->e;
  LLVMValueRef begin = mul_i(e, row, int_const(e, (int64_t)c->vectors * e->widest));
  if (e->plan->half_weights) {
    load_half_weights(c, row, weight);
    return;
  }
  for (int v = 0; v < c->vectors; v++)
    weight[v] = load_real(e, e->widest, element_pointer(e, c->weights, add_i(e, begin, int_const(e, (int64_t)v * e->widest))));
}

/* Row `at + k` of the group's weights times x[k]. */
static void one_k(Column *c, LLVMValueRef x, int64_t at, LLVMValueRef k, int split) {
  Emit *e = c->e;
  LLVMValueRef weight[MOST_VECTORS], spread = splat(e, e->widest, load_real(e, 1, element_pointer(e, x, k)));
  load_weights(c, add_i(e, k, int_const(e, at)), weight);
  for (int v = 0; v < c->vectors; v++) c->sum[split][v] = fused(e, weight[v], spread, c->sum[split][v]);
}

/* --- all k of a term -------------------------------------------------------------------------------------------------------------- */

static void straight(Column *c, LLVMValueRef x, int64_t at, int64_t from, int64_t to) {
  for (int64_t k = from; k < to; k++) {
    one_k(c, x, at, int_const(c->e, k), c->next);
    c->next = (c->next + 1) % c->splits;
  }
}

/* The sums as the loop carries them: phis that begin with what there is. */
static void carry_sums(Column *c, LLVMBasicBlockRef before) {
  Emit *e = c->e;
  for (int s = 0; s < c->splits; s++)
    for (int v = 0; v < c->vectors; v++) {
      LLVMValueRef first = c->sum[s][v] ? c->sum[s][v] : real_const(e, e->widest, 0);
      c->sum[s][v] = LLVMBuildPhi(e->b, lanes(e, e->widest), "");
      LLVMAddIncoming(c->sum[s][v], &first, &before, 1);
    }
}

/* for (k = 0; k < to; k += by), at least once. */
static void loop_over_k(Column *c, LLVMValueRef x, int64_t at, int64_t to, int by) {
  Emit *e = c->e;
  LLVMBasicBlockRef before = LLVMGetInsertBlock(e->b), body = LLVMAppendBasicBlockInContext(e->context, e->function, "k");
  LLVMBasicBlockRef after = LLVMAppendBasicBlockInContext(e->context, e->function, "k_end");
  LLVMBuildBr(e->b, body);
  LLVMPositionBuilderAtEnd(e->b, body);
  LLVMValueRef zero = int_const(e, 0), k = LLVMBuildPhi(e->b, e->i64, "k"), phi[MOST_SPLITS][MOST_VECTORS];
  LLVMAddIncoming(k, &zero, &before, 1);
  carry_sums(c, before);
  for (int s = 0; s < c->splits; s++)
    for (int v = 0; v < c->vectors; v++) phi[s][v] = c->sum[s][v];
  for (int i = 0; i < by; i++) one_k(c, x, at, add_i(e, k, int_const(e, i)), i % c->splits);
  LLVMValueRef next = LLVMBuildNSWAdd(e->b, k, int_const(e, by), "");
  LLVMBuildCondBr(e->b, LLVMBuildICmp(e->b, LLVMIntSLT, next, int_const(e, to), ""), body, after);
  LLVMAddIncoming(k, &next, &body, 1);
  for (int s = 0; s < c->splits; s++)
    for (int v = 0; v < c->vectors; v++) LLVMAddIncoming(phi[s][v], &c->sum[s][v], &body, 1);
  LLVMPositionBuilderAtEnd(e->b, after);
}

static void one_term(Column *c, const Term *t, int64_t at) {
  const int64_t k = t->parts.at[0].k;
  const int by = c->splits; /* each load instruction then walks by one row, which is what prefetchers learn */
  int64_t looped = k * c->vectors <= STRAIGHT_OPERATIONS || k < 2 * by ? 0 : k / by * by;
  LLVMValueRef x = x_of_term(c, t);
  if (looped) loop_over_k(c, x, at, looped, by);
  straight(c, x, at, looped, k);
}

/* --- groups of outputs --------------------------------------------------------------------------------------------------------------- */

/* As many sums for one output as keep the multipliers busy, but not more than make the way from the first to the last shorter. */
static int splits_for(int vectors, int64_t depth) {
  int splits = 1;
  while (splits < MOST_SPLITS && 2 * splits * vectors <= MOST_VECTORS && depth / (2 * splits) >= 2) splits *= 2;
  return splits;
}

static LLVMValueRef sum_of_splits(Column *c, int v) {
  for (int apart = 1; apart < c->splits; apart *= 2)
    for (int s = 0; s + apart < c->splits; s += 2 * apart)
      if (c->sum[s + apart][v]) c->sum[s][v] = LLVMBuildFAdd(c->e->b, c->sum[s][v], c->sum[s + apart][v], "");
  return c->sum[0][v];
}

/* Outputs from `first` on; `there`: how many of the group's there really are. */
static void one_group(Column *c, LLVMValueRef first, int vectors, int64_t there) {
  Emit *e = c->e;
  const int64_t depth = plan_step_depth(c->item), to_reals = e->plan->half_weights ? 2 : 1;
  const Ref out = c->item->nodes.at[0];
  LLVMValueRef begin = LLVMBuildSDiv(e->b, mul_i(e, first, int_const(e, depth)), int_const(e, to_reals), "");
  *c = (Column){.e = e, .item = c->item, .block = c->block, .vectors = vectors, .splits = splits_for(vectors, depth)};
  c->weights = element_pointer(e, table_pointer(e, c->item->panels), begin);
  int64_t at = 0;
  for (int i = 0; i < c->item->terms.len; i++) {
    one_term(c, &c->item->terms.at[i], at);
    at += c->item->terms.at[i].parts.at[0].k;
  }
  for (int v = 0; v < vectors && v * e->widest < there; v++) {
    LLVMValueRef place = element_pointer(e, buffer_pointer(e, out), add_i(e, first, int_const(e, (int64_t)v * e->widest)));
    int64_t left = there - v * e->widest;
    if (left >= e->widest || buffer_at(e, out)->local) store_real(e, sum_of_splits(c, v), place);
    else store_masked(e, e->widest, sum_of_splits(c, v), place, mask_below(e, e->widest, int_const(e, left)));
  }
}

/* Weights beyond the second cache are walked to and fro: those at the turn are still there. Group `i` of `count` in this step. */
static LLVMValueRef turned(Emit *e, LLVMValueRef i, int64_t count) {
  LLVMValueRef back = LLVMBuildAnd(e->b, e->clock[0].first, int_const(e, 1), "back"), last = int_const(e, count - 1);
  return LLVMBuildSelect(e->b, LLVMBuildICmp(e->b, LLVMIntNE, back, int_const(e, 0), ""), sub_i(e, last, i), i, "group");
}

static int group_vectors(const Emit *e) { return e->widest * e->real_bytes >= 64 ? MOST_VECTORS : MOST_VECTORS / 2; }

static void all_groups(Column *c) {
  Emit *e = c->e;
  const int64_t m = c->item->terms.at[0].m, group = (int64_t)group_vectors(e) * e->widest, whole = m / group * group;
  if (whole) {
    const bool large = e->plan->buffers.at[c->item->panels].elements * e->real_bytes >= TURNED_BYTES;
    Loop l = loop_begin(e, int_const(e, 0), int_const(e, whole / group), int_const(e, 1), "group");
    LLVMValueRef number = large ? turned(e, l.index, whole / group) : l.index;
    one_group(c, mul_i(e, number, int_const(e, group)), group_vectors(e), group);
    loop_end(e, &l);
  }
  const int64_t rest = plan_step_columns(e->plan, c->item) - whole;
  if (m > whole) one_group(c, int_const(e, whole), (int)(rest / e->widest), m - whole);
}

/* --- dot products ------------------------------------------------------------------------------------------------------------------------ */

static LLVMValueRef across_lanes(Emit *e, LLVMValueRef v) {
  LLVMValueRef sum = call_intrinsic(e, "llvm.vector.reduce.fadd", lanes(e, e->widest), (LLVMValueRef[]){real_const(e, 1, 0), v}, 2);
  LLVMSetFastMathFlags(sum, LLVMFastMathAllowReassoc); /* pairwise */
  return sum;
}

enum { DOT_SUMS = 4, STRAIGHT_DOT = 16 };

typedef struct Dot {
  Emit *e;
  LLVMValueRef w, x, sum[DOT_SUMS];
} Dot;

static void dot_vector(Dot *d, LLVMValueRef k, int which, LLVMValueRef mask) {
  Emit *e = d->e;
  LLVMValueRef w = element_pointer(e, d->w, k), x = element_pointer(e, d->x, k);
  LLVMValueRef a = mask ? load_masked(e, e->widest, w, mask) : load_real(e, e->widest, w), b = mask ? load_masked(e, e->widest, x, mask) : load_real(e, e->widest, x);
  LLVMValueRef sum = LLVMBuildLoad2(e->b, lanes(e, e->widest), d->sum[which], "");
  LLVMBuildStore(e->b, fused(e, a, b, sum), d->sum[which]);
}

/* Adds Σ_k w[k] x[k] to the sums. */
static void add_dot(Dot *d, int64_t k) {
  Emit *e = d->e;
  const int64_t width = e->widest, by = DOT_SUMS * width, whole = k / width * width, looped = k > STRAIGHT_DOT * width ? k / by * by : 0;
  if (looped) {
    Loop l = loop_begin(e, int_const(e, 0), int_const(e, looped), int_const(e, by), "k");
    for (int s = 0; s < DOT_SUMS; s++) dot_vector(d, add_i(e, l.index, int_const(e, s * width)), s, NULL);
    loop_end(e, &l);
  }
  int which = 0;
  for (int64_t at = looped; at < whole; at += width) dot_vector(d, int_const(e, at), which++ % DOT_SUMS, NULL);
  if (k > whole) dot_vector(d, int_const(e, whole), which % DOT_SUMS, mask_below(e, e->widest, int_const(e, k - whole)));
}

/* Output `row` of part `part`, over all terms. */
static LLVMValueRef one_dot(Column *c, int part, int64_t row) {
  Emit *e = c->e;
  Dot d = {.e = e};
  for (int s = 0; s < DOT_SUMS; s++) {
    d.sum[s] = entry_alloca(e, lanes(e, e->widest));
    LLVMBuildStore(e->b, real_const(e, e->widest, 0), d.sum[s]);
  }
  for (int i = 0; i < c->item->terms.len; i++) {
    const Term *t = &c->item->terms.at[i];
    const Product *q = &t->parts.at[part];
    d.w = element_pointer(e, buffer_pointer(e, q->a.view.base), int_const(e, q->a.view.offset + row * q->a.row_stride));
    d.x = x_of_term(c, t);
    add_dot(&d, q->k);
  }
  LLVMValueRef sum[DOT_SUMS];
  for (int s = 0; s < DOT_SUMS; s++) sum[s] = LLVMBuildLoad2(e->b, lanes(e, e->widest), d.sum[s], "");
  return across_lanes(e, LLVMBuildFAdd(e->b, LLVMBuildFAdd(e->b, sum[0], sum[1], ""), LLVMBuildFAdd(e->b, sum[2], sum[3], ""), ""));
}

static void all_dots(Column *c) {
  Emit *e = c->e;
  int64_t at = 0;
  for (int i = 0; i < c->item->nodes.len; i++)
    for (int64_t row = 0; row < c->item->terms.at[0].parts.at[i].m; row++)
      store_real(e, one_dot(c, i, row), element_pointer(e, buffer_pointer(e, c->item->nodes.at[0]), int_const(e, at++)));
}

void emit_column_product(Emit *e, const PlanItem *item) {
  Column c = {.e = e, .item = item, .block = step_block(e)};
  if (item->panels < 0) all_dots(&c);
  else all_groups(&c);
}

/* --- the layout ---------------------------------------------------------------------------------------------------------------------------- */

static const char *pack_name(const Emit *e) { return e->plan->half_weights ? "rnn_pack_half" : e->is_double ? "rnn_pack_f64" : "rnn_pack_f32"; }

void emit_column_pack(Emit *e, const PlanItem *item) {
  const int64_t columns = plan_step_columns(e->plan, item), depth = plan_step_depth(item);
  zero_fill(e, table_pointer(e, item->panels), int_const(e, e->plan->buffers.at[item->panels].elements));
  int64_t at = 0;
  for (int i = 0; i < item->terms.len; i++) {
    const Term *t = &item->terms.at[i];
    int64_t first = 0;
    for (int k = 0; k < t->parts.len; k++) {
      const Product *q = &t->parts.at[k];
      LLVMValueRef args[] = {element_pointer(e, buffer_pointer(e, q->a.view.base), int_const(e, q->a.view.offset)),
                             int_const(e, q->a.row_stride), int_const(e, q->a.column_stride), int_const(e, q->m), int_const(e, q->k),
                             table_pointer(e, item->panels), int_const(e, first), int_const(e, at), int_const(e, columns), int_const(e, depth),
                             int_const(e, (int64_t)group_vectors(e) * e->widest), int_const(e, e->widest)};
      call_extern(e, pack_name(e), LLVMVoidTypeInContext(e->context), args, 12);
      first += q->m;
    }
    at += t->parts.at[0].k;
  }
}
