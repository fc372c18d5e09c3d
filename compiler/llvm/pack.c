/* pack.c — weights laid out in panels, [panel][k][vectors of outputs that lie together], once a call.
 *
 * A square block of as many outputs and k as a vector has lanes is loaded row by row, turned in registers and stored; a weight whose
 * outputs lie together already needs no turning. What is left at the edges goes number by number. */
#include "llvm/sparse.h"
#include <string.h>

enum { MOST_LANES = 16 };

/* Parameters: a weight of m outputs by k, element (i, j) at i · ROW + j · COLUMN, goes to outputs FIRST … of a panel buffer for TOTAL outputs. */
enum { PAR_FROM, PAR_ROW, PAR_COLUMN, PAR_M, PAR_K, PAR_TO, PAR_FIRST, PAR_TOTAL, PARAMETERS };

typedef struct Pack {
  Emit *e;
  LLVMValueRef parameter[PARAMETERS];
  LLVMValueRef i, to, pitch; /* the present outputs, where they begin in their panel, and from one k to the next there */
} Pack;

static LLVMTypeRef pack_type(Emit *e) {
  LLVMTypeRef i = e->i64, p = e->pointer, types[PARAMETERS] = {p, i, i, i, i, p, i, i};
  return LLVMFunctionType(LLVMVoidTypeInContext(e->context), types, PARAMETERS, 0);
}

static LLVMValueRef source(Pack *p, LLVMValueRef i, LLVMValueRef k) {
  LLVMValueRef at = add_i(p->e, mul_i(p->e, i, p->parameter[PAR_ROW]), mul_i(p->e, k, p->parameter[PAR_COLUMN]));
  return element_pointer(p->e, p->parameter[PAR_FROM], at);
}

static LLVMValueRef target(Pack *p, LLVMValueRef k, LLVMValueRef lane) {
  return element_pointer(p->e, p->to, add_i(p->e, mul_i(p->e, k, p->pitch), lane));
}

/* --- a block --------------------------------------------------------------------------------------------------------------- */

/* Of two rows `distance` apart: the lanes whose bit is clear from one, those whose bit is set from the other. */
static LLVMValueRef exchange(Emit *e, LLVMValueRef a, LLVMValueRef b, int n, int distance, bool high) {
  LLVMValueRef mask[MOST_LANES];
  for (int l = 0; l < n; l++) {
    int lane = l & distance ? (high ? n + l : n + l - distance) : (high ? l + distance : l);
    mask[l] = LLVMConstInt(e->i32, (unsigned)lane, 0);
  }
  return LLVMBuildShuffleVector(e->b, a, b, LLVMConstVector(mask, (unsigned)n), "");
}

/* The transpose in log₂ n steps: in each, blocks that lie across the diagonal change places. */
static void transpose(Emit *e, LLVMValueRef *row, int n) {
  for (int distance = n / 2; distance; distance /= 2)
    for (int i = 0; i < n; i++) {
      if (i & distance) continue;
      LLVMValueRef a = row[i], b = row[i + distance];
      row[i] = exchange(e, a, b, n, distance, false);
      row[i + distance] = exchange(e, a, b, n, distance, true);
    }
}

static void turned_block(Pack *p, LLVMValueRef k) {
  Emit *e = p->e;
  LLVMValueRef row[MOST_LANES];
  for (int i = 0; i < e->widest; i++) row[i] = load_real(e, e->widest, source(p, add_i(e, p->i, int_const(e, i)), k));
  transpose(e, row, e->widest);
  for (int j = 0; j < e->widest; j++) store_real(e, row[j], target(p, add_i(e, k, int_const(e, j)), int_const(e, 0)));
}

/* Number by number: `outputs` of them, k from … to. */
static void single_numbers(Pack *p, LLVMValueRef outputs, LLVMValueRef from, LLVMValueRef to) {
  Emit *e = p->e;
  Loop k = loop_begin(e, from, to, int_const(e, 1), "k");
  Loop i = loop_begin(e, int_const(e, 0), outputs, int_const(e, 1), "i");
  store_real(e, load_real(e, 1, source(p, add_i(e, p->i, i.index), k.index)), target(p, k.index, i.index));
  loop_end(e, &i);
  loop_end(e, &k);
}

/* --- a vector of outputs ------------------------------------------------------------------------------------------------------ */

static void find_target(Pack *p) {
  Emit *e = p->e;
  LLVMValueRef wide = int_const(e, (int64_t)panel_vectors(e) * e->widest), lanes_of = int_const(e, e->widest);
  LLVMValueRef output = add_i(e, p->parameter[PAR_FIRST], p->i), within = LLVMBuildURem(e->b, output, wide, ""), panel = sub_i(e, output, within);
  LLVMValueRef rest = sub_i(e, p->parameter[PAR_TOTAL], panel), whole = mul_i(e, LLVMBuildUDiv(e->b, add_i(e, rest, int_const(e, e->widest - 1)), lanes_of, ""), lanes_of);
  p->pitch = min_i(e, wide, whole);
  p->to = element_pointer(e, p->parameter[PAR_TO], add_i(e, mul_i(e, panel, p->parameter[PAR_K]), within));
}

static void vector_of_outputs(Pack *p, bool turned) {
  Emit *e = p->e;
  LLVMValueRef k = p->parameter[PAR_K], zero = int_const(e, 0), width = int_const(e, e->widest);
  if (!turned) {
    Loop l = loop_begin(e, zero, k, int_const(e, 1), "k");
    store_real(e, load_real(e, e->widest, source(p, p->i, l.index)), target(p, l.index, zero));
    loop_end(e, &l);
    return;
  }
  LLVMValueRef blocks = sub_i(e, k, LLVMBuildURem(e->b, k, width, ""));
  Loop l = loop_begin(e, zero, blocks, width, "k");
  turned_block(p, l.index);
  loop_end(e, &l);
  single_numbers(p, width, blocks, k);
}

static void all_outputs(Pack *p, bool turned) {
  Emit *e = p->e;
  LLVMValueRef m = p->parameter[PAR_M], width = int_const(e, e->widest), rest = LLVMBuildURem(e->b, m, width, ""), whole = sub_i(e, m, rest);
  Loop l = loop_begin(e, int_const(e, 0), whole, width, "i");
  p->i = l.index;
  find_target(p);
  vector_of_outputs(p, turned);
  loop_end(e, &l);
  p->i = whole;
  find_target(p);
  single_numbers(p, rest, int_const(e, 0), p->parameter[PAR_K]);
}

/* --- the module's function ------------------------------------------------------------------------------------------------------ */

static LLVMValueRef pack_function(Emit *e, bool turned) {
  bool wants_body;
  LLVMValueRef f = kernel_function(e, turned ? "pack.turned" : "pack", pack_type(e), &wants_body);
  if (!wants_body) return f;
  Pack p = {.e = e};
  SavedPlace saved = enter_function(e, f);
  for (int i = 0; i < PARAMETERS; i++) p.parameter[i] = LLVMGetParam(f, (unsigned)i);
  p.parameter[turned ? PAR_COLUMN : PAR_ROW] = int_const(e, 1);
  all_outputs(&p, turned);
  LLVMBuildRetVoid(e->b);
  leave_function(e, saved);
  return f;
}

void pack_kernels(Emit *e) {
  pack_function(e, false);
  pack_function(e, true);
}

static void pack_panels(Emit *e, const Term *term) {
  int64_t first = 0;
  for (int i = 0; i < term->parts.len; i++) {
    const Product *q = &term->parts.at[i];
    LLVMValueRef args[PARAMETERS] = {
        [PAR_FROM] = element_pointer(e, buffer_pointer(e, q->a.view.base), int_const(e, q->a.view.offset)),
        [PAR_ROW] = int_const(e, q->a.row_stride), [PAR_COLUMN] = int_const(e, q->a.column_stride), [PAR_M] = int_const(e, q->m),
        [PAR_K] = int_const(e, q->k), [PAR_TO] = table_pointer(e, term->pack), [PAR_FIRST] = int_const(e, first), [PAR_TOTAL] = int_const(e, term->m)};
    LLVMBuildCall2(e->b, pack_type(e), pack_function(e, q->a.column_stride == 1 && q->a.row_stride != 1), args, PARAMETERS, "");
    first += q->m;
  }
}

void emit_pack(Emit *e, const PlanItem *item) {
  const Term *term = &item->terms.at[0];
  LLVMValueRef dense = term->sparse < 0 ? NULL : emit_sparse_pack(e, term);
  if (term->pack < 0) return;
  If wanted = {0};
  if (dense) wanted = if_begin(e, dense);
  if (term->runs) emit_pack_runs(e, &term->parts.at[0], table_pointer(e, term->pack));
  else pack_panels(e, term);
  if (dense) if_end(e, &wanted);
}
