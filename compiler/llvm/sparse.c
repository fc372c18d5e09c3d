/* sparse.c — products with a weight laid out by runtime/sparse.c:  C[j·ldc + i] (+)= Σ_e value[e][i] · x[j·xj + place[e][i]].
 *
 * One function of the module for each kind of layout. A panel of the weight passes all columns, some at a time, before the next
 * one does; the entries of a panel come in pairs, each with a sum of its own. Where the machine permutes two registers, the part of x
 * that a run of entries looks at is loaded once and looked up there. */
#include "llvm/sparse.h"
#include "runtime/sparse.h"
#include <stddef.h>
#include <stdio.h>

enum { MOST_TOGETHER = 4, MOST_SPLITS = 4 };

enum { PAR_HEAD, PAR_X, PAR_XJ, PAR_C, PAR_LDC, PAR_COLUMNS, PAR_ADD, PAR_M, PARAMETERS };

typedef struct Sparse {
  Emit *e;
  int kind, columns, splits; /* columns: taken together */
  LLVMValueRef parameter[PARAMETERS];
  LLVMValueRef first, runs, places, values, more, more_places, more_values; /* of the head */
  LLVMValueRef panel, mask, column;         /* the present ones; column: the first of those together */
  LLVMValueRef sum[MOST_TOGETHER][MOST_SPLITS]; /* memory of the function */
  LLVMValueRef part[MOST_TOGETHER][2];      /* PERMUTE: what the present run looks at */
} Sparse;

static LLVMTypeRef sparse_type(Emit *e) {
  LLVMTypeRef i = e->i64, p = e->pointer, types[PARAMETERS] = {p, p, i, p, i, i, i, i};
  return LLVMFunctionType(LLVMVoidTypeInContext(e->context), types, PARAMETERS, 0);
}

static LLVMValueRef bytes_from(Emit *e, LLVMValueRef base, LLVMValueRef bytes) { return LLVMBuildInBoundsGEP2(e->b, e->i8, base, &bytes, 1, ""); }

static LLVMValueRef array_of(Sparse *s, size_t field) {
  Emit *e = s->e;
  return bytes_from(e, s->parameter[PAR_HEAD], load_field(e, e->i64, s->parameter[PAR_HEAD], (int64_t)field, ""));
}

/* The x of the j-th column that is taken together. */
static LLVMValueRef x_of(Sparse *s, int j) {
  Emit *e = s->e;
  return element_pointer(e, s->parameter[PAR_X], mul_i(e, add_i(e, s->column, int_const(e, j)), s->parameter[PAR_XJ]));
}

/* --- an entry ------------------------------------------------------------------------------------------------------------------ */

static LLVMValueRef permuted(Sparse *s, int j, LLVMValueRef entry) {
  Emit *e = s->e;
  LLVMValueRef bytes = LLVMBuildLoad2(e->b, LLVMVectorType(e->i8, (unsigned)e->widest), bytes_from(e, s->places, mul_i(e, entry, int_const(e, e->widest))), "");
  LLVMSetAlignment(bytes, 1);
  LLVMValueRef args[] = {s->part[j][0], LLVMBuildZExt(e->b, bytes, integer_lanes(e, e->widest), ""), s->part[j][1]};
  return call_extern(e, e->is_double ? "llvm.x86.avx512.vpermi2var.pd.512" : "llvm.x86.avx512.vpermi2var.ps.512", lanes(e, e->widest), args, 3);
}

static LLVMValueRef spread(Sparse *s, int j, LLVMValueRef entry) {
  Emit *e = s->e;
  return splat(e, e->widest, load_real(e, 1, element_pointer(e, x_of(s, j), load_i32(e, s->places, entry))));
}

typedef LLVMValueRef Lookup(Sparse *s, int j, LLVMValueRef entry);

/* sum of split s += value · x for all columns together. */
static void multiply_add(Sparse *s, Lookup *look_up, LLVMValueRef values, LLVMValueRef entry, int split) {
  Emit *e = s->e;
  LLVMTypeRef type = lanes(e, e->widest);
  LLVMValueRef value = load_real(e, e->widest, element_pointer(e, values, mul_i(e, entry, int_const(e, e->widest))));
  for (int j = 0; j < s->columns; j++) {
    LLVMValueRef x = look_up(s, j, entry), sum = LLVMBuildLoad2(e->b, type, s->sum[j][split], "");
    LLVMBuildStore(e->b, call_intrinsic(e, "llvm.fma", type, (LLVMValueRef[]){value, x, sum}, 3), s->sum[j][split]);
  }
}

/* --- a panel ------------------------------------------------------------------------------------------------------------------- */

static void entries(Sparse *s, Lookup *look_up, LLVMValueRef values, LLVMValueRef from, LLVMValueRef to, int together) {
  Emit *e = s->e;
  Loop l = loop_begin(e, from, to, int_const(e, together), "entry");
  for (int i = 0; i < together; i++) multiply_add(s, look_up, values, add_i(e, l.index, int_const(e, i)), i);
  loop_end(e, &l);
}

static void runs(Sparse *s, LLVMValueRef from, LLVMValueRef to) {
  Emit *e = s->e;
  LLVMValueRef one = int_const(e, 1), two = int_const(e, 2);
  Loop l = loop_begin(e, from, to, one, "run");
  LLVMValueRef at = mul_i(e, l.index, two), start = load_i32(e, s->runs, at);
  for (int j = 0; j < s->columns; j++)
    for (int v = 0; v < 2; v++) s->part[j][v] = load_real(e, e->widest, element_pointer(e, x_of(s, j), add_i(e, start, int_const(e, (int64_t)v * e->widest))));
  entries(s, permuted, s->values, load_i32(e, s->runs, add_i(e, at, one)), load_i32(e, s->runs, add_i(e, at, int_const(e, 3))), s->splits);
  loop_end(e, &l);
}

enum { BESIDE_X, BESIDE_PLACES, BESIDE_VALUES, BESIDE_FROM, BESIDE_TO, BESIDE_PARAMETERS };

/* Numbers of x by themselves: a gather instruction takes longer than its loads do. */
static LLVMValueRef gathered(Emit *e, LLVMValueRef x, LLVMValueRef places, LLVMValueRef entry) {
  LLVMValueRef all = LLVMGetPoison(lanes(e, e->widest)), first = mul_i(e, entry, int_const(e, e->widest));
  for (int l = 0; l < e->widest; l++) {
    LLVMValueRef place = load_i32(e, places, add_i(e, first, int_const(e, l)));
    all = LLVMBuildInsertElement(e->b, all, load_real(e, 1, element_pointer(e, x, place)), LLVMConstInt(e->i32, (unsigned)l, 0), "");
  }
  return all;
}

/* The sum of a panel's entries beside its runs, for one column; by itself, so that panels without any do not see its registers. */
static void beside_body(Emit *e, LLVMValueRef f) {
  LLVMTypeRef type = lanes(e, e->widest);
  LLVMValueRef sum[SPARSE_TOGETHER];
  for (int i = 0; i < SPARSE_TOGETHER; i++) LLVMBuildStore(e->b, real_const(e, e->widest, 0), sum[i] = LLVMBuildAlloca(e->b, type, "sum"));
  Loop l = loop_begin(e, LLVMGetParam(f, BESIDE_FROM), LLVMGetParam(f, BESIDE_TO), int_const(e, SPARSE_TOGETHER), "entry");
  for (int i = 0; i < SPARSE_TOGETHER; i++) {
    LLVMValueRef entry = add_i(e, l.index, int_const(e, i)), x = gathered(e, LLVMGetParam(f, BESIDE_X), LLVMGetParam(f, BESIDE_PLACES), entry);
    LLVMValueRef value = load_real(e, e->widest, element_pointer(e, LLVMGetParam(f, BESIDE_VALUES), mul_i(e, entry, int_const(e, e->widest))));
    LLVMValueRef old = LLVMBuildLoad2(e->b, type, sum[i], "");
    LLVMBuildStore(e->b, call_intrinsic(e, "llvm.fma", type, (LLVMValueRef[]){value, x, old}, 3), sum[i]);
  }
  loop_end(e, &l);
  LLVMBuildRet(e->b, LLVMBuildFAdd(e->b, LLVMBuildLoad2(e->b, type, sum[0], ""), LLVMBuildLoad2(e->b, type, sum[1], ""), ""));
}

static LLVMTypeRef beside_type(Emit *e) {
  LLVMTypeRef i = e->i64, p = e->pointer, types[BESIDE_PARAMETERS] = {p, p, p, i, i};
  return LLVMFunctionType(lanes(e, e->widest), types, BESIDE_PARAMETERS, 0);
}

static LLVMValueRef beside_function(Emit *e) {
  const char *name = common_name(e, "sparse.beside");
  LLVMValueRef f = LLVMGetNamedFunction(e->module, name);
  if (f) return f;
  f = module_function(e, name, beside_type(e), true);
  SavedPlace saved = enter_function(e, f);
  beside_body(e, f);
  leave_function(e, saved);
  return f;
}

static void beside_runs(Sparse *s) {
  Emit *e = s->e;
  LLVMTypeRef type = lanes(e, e->widest);
  LLVMValueRef number = LLVMBuildUDiv(e->b, s->panel, int_const(e, e->widest), "");
  LLVMValueRef from = load_i32(e, s->more, number), to = load_i32(e, s->more, add_i(e, number, int_const(e, 1)));
  If some = if_begin(e, LLVMBuildICmp(e->b, LLVMIntSLT, from, to, ""));
  for (int j = 0; j < s->columns; j++) {
    LLVMValueRef args[] = {x_of(s, j), s->more_places, s->more_values, from, to};
    LLVMValueRef more = LLVMBuildCall2(e->b, beside_type(e), beside_function(e), args, BESIDE_PARAMETERS, "");
    LLVMBuildStore(e->b, LLVMBuildFAdd(e->b, LLVMBuildLoad2(e->b, type, s->sum[j][0], ""), more, ""), s->sum[j][0]);
  }
  if_end(e, &some);
}

/* Blocks are taken as many at a time as there are sums; those left over go one by one. */
static void blocks(Sparse *s, LLVMValueRef from, LLVMValueRef to) {
  Emit *e = s->e;
  LLVMValueRef whole = sub_i(e, to, LLVMBuildURem(e->b, sub_i(e, to, from), int_const(e, s->splits), ""));
  entries(s, spread, s->values, from, whole, s->splits);
  entries(s, spread, s->values, whole, to, 1);
}

static void store_sums(Sparse *s) {
  Emit *e = s->e;
  LLVMTypeRef type = lanes(e, e->widest);
  for (int j = 0; j < s->columns; j++) {
    LLVMValueRef row = mul_i(e, add_i(e, s->column, int_const(e, j)), s->parameter[PAR_LDC]);
    LLVMValueRef to = element_pointer(e, s->parameter[PAR_C], add_i(e, row, s->panel)), sum = LLVMBuildLoad2(e->b, type, s->sum[j][0], "");
    for (int i = 1; i < s->splits; i++) sum = LLVMBuildFAdd(e->b, sum, LLVMBuildLoad2(e->b, type, s->sum[j][i], ""), "");
    store_masked(e, e->widest, sum, to, s->mask);
  }
}

/* The first sum begins with what is in C where the product adds to it. */
static void begin_sums(Sparse *s) {
  Emit *e = s->e;
  for (int j = 0; j < s->columns; j++)
    for (int i = 0; i < s->splits; i++) LLVMBuildStore(e->b, real_const(e, e->widest, 0), s->sum[j][i]);
  If add = if_begin(e, LLVMBuildICmp(e->b, LLVMIntNE, s->parameter[PAR_ADD], int_const(e, 0), ""));
  for (int j = 0; j < s->columns; j++) {
    LLVMValueRef row = mul_i(e, add_i(e, s->column, int_const(e, j)), s->parameter[PAR_LDC]);
    LLVMValueRef from = element_pointer(e, s->parameter[PAR_C], add_i(e, row, s->panel));
    LLVMBuildStore(e->b, load_masked(e, e->widest, from, s->mask), s->sum[j][0]);
  }
  if_end(e, &add);
}

/* Columns from..to of a panel, so many together; gives where it stopped. */
static LLVMValueRef columns(Sparse *s, LLVMValueRef from, LLVMValueRef first, LLVMValueRef last, int together, int splits) {
  Emit *e = s->e;
  s->columns = together;
  s->splits = splits;
  LLVMValueRef to = s->parameter[PAR_COLUMNS], end = sub_i(e, to, LLVMBuildURem(e->b, sub_i(e, to, from), int_const(e, together), ""));
  Loop l = loop_begin(e, from, end, int_const(e, together), "column");
  s->column = l.index;
  begin_sums(s);
  if (s->kind == SPARSE_PERMUTE) runs(s, first, last), beside_runs(s);
  else blocks(s, first, last);
  store_sums(s);
  loop_end(e, &l);
  return end;
}

static void all_panels(Sparse *s) {
  Emit *e = s->e;
  int most = s->kind == SPARSE_BLOCKS ? MOST_SPLITS : SPARSE_TOGETHER;
  Loop l = loop_begin(e, int_const(e, 0), s->parameter[PAR_M], int_const(e, e->widest), "panel");
  s->panel = l.index;
  s->mask = mask_below(e, e->widest, sub_i(e, s->parameter[PAR_M], l.index));
  LLVMValueRef number = LLVMBuildUDiv(e->b, l.index, int_const(e, e->widest), "");
  LLVMValueRef first = load_i32(e, s->first, number), last = load_i32(e, s->first, add_i(e, number, int_const(e, 1)));
  LLVMValueRef done = columns(s, int_const(e, 0), first, last, MOST_TOGETHER, SPARSE_TOGETHER);
  columns(s, done, first, last, 1, most);
  loop_end(e, &l);
}

/* --- functions of the module --------------------------------------------------------------------------------------------------- */

static LLVMValueRef sparse_function(Emit *e, int kind) {
  static const char *const names[] = {[SPARSE_PERMUTE] = "sparse.permute", [SPARSE_BLOCKS] = "sparse.blocks"};
  bool wants_body;
  LLVMValueRef f = kernel_function(e, names[kind], sparse_type(e), &wants_body);
  if (!wants_body) return f;
  Sparse s = {.e = e, .kind = kind};
  SavedPlace saved = enter_function(e, f);
  for (int i = 0; i < PARAMETERS; i++) s.parameter[i] = LLVMGetParam(f, (unsigned)i);
  for (int j = 0; j < MOST_TOGETHER; j++)
    for (int i = 0; i < MOST_SPLITS; i++) s.sum[j][i] = LLVMBuildAlloca(e->b, lanes(e, e->widest), "sum");
  s.first = bytes_from(e, s.parameter[PAR_HEAD], int_const(e, (int64_t)offsetof(SparseHead, first)));
  s.places = array_of(&s, offsetof(SparseHead, places));
  s.values = array_of(&s, offsetof(SparseHead, values));
  if (kind == SPARSE_PERMUTE) {
    s.runs = array_of(&s, offsetof(SparseHead, runs));
    s.more = array_of(&s, offsetof(SparseHead, more));
    s.more_places = array_of(&s, offsetof(SparseHead, more_places));
    s.more_values = array_of(&s, offsetof(SparseHead, more_values));
  }
  all_panels(&s);
  LLVMBuildRetVoid(e->b);
  leave_function(e, saved);
  return f;
}

/* Vectors of 64 bytes are AVX-512's, which permutes two of them (target.c). */
static bool permutes(Emit *e) { return e->vector_bits == 512; }

static int first_kind(Emit *e) { return permutes(e) ? SPARSE_PERMUTE : SPARSE_BLOCKS; }

void sparse_kernels(Emit *e) {
  for (int kind = first_kind(e); kind <= SPARSE_BLOCKS; kind++) sparse_function(e, kind);
}

static LLVMValueRef kind_of(Emit *e, const Term *t) {
  return load_field(e, e->i64, table_pointer(e, t->sparse), (int64_t)offsetof(SparseHead, kind), "kind");
}

static LLVMValueRef is_kind(Emit *e, LLVMValueRef kind, int which) { return LLVMBuildICmp(e->b, LLVMIntEQ, kind, int_const(e, which), ""); }

LLVMValueRef emit_sparse_pack(Emit *e, const Term *t) {
  const Product *q = &t->parts.at[0];
  enum { MANY = 1000 };
  LLVMValueRef many = int_const(e, MANY), rows = t->all_steps ? many : e->rows;
  LLVMValueRef args[] = {element_pointer(e, buffer_pointer(e, q->a.view.base), int_const(e, q->a.view.offset)),
                         int_const(e, q->a.row_stride), int_const(e, q->a.column_stride), int_const(e, q->m), int_const(e, q->k), rows,
                         int_const(e, e->widest), int_const(e, permutes(e)), table_pointer(e, t->sparse),
                         int_const(e, e->plan->buffers.at[t->sparse].elements * e->real_bytes)};
  call_extern(e, e->is_double ? "rnn_sparse_pack_f64" : "rnn_sparse_pack_f32", LLVMVoidTypeInContext(e->context), args, 10);
  return is_kind(e, kind_of(e, t), SPARSE_NONE);
}

void emit_sparse_term(Emit *e, const Contract *c, const Term *t) {
  const ContractTerm *x = c->term;
  LLVMValueRef kind = kind_of(e, t);
  If dense = if_begin(e, is_kind(e, kind, SPARSE_NONE));
  emit_contract_panels(e, c);
  if_end(e, &dense);
  LLVMValueRef args[PARAMETERS] = {[PAR_HEAD] = table_pointer(e, t->sparse), [PAR_X] = x->x, [PAR_XJ] = x->xj, [PAR_C] = c->c, [PAR_LDC] = c->ldc,
                                   [PAR_COLUMNS] = c->columns, [PAR_ADD] = int_const(e, c->add), [PAR_M] = int_const(e, c->width)};
  for (int which = first_kind(e); which <= SPARSE_BLOCKS; which++) {
    If this = if_begin(e, is_kind(e, kind, which));
    LLVMBuildCall2(e->b, sparse_type(e), sparse_function(e, which), args, PARAMETERS, "");
    if_end(e, &this);
  }
}
