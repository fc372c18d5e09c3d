/* contract.c — tiles of matrix products, emitted for the target's vectors.
 *
 * One kernel serves every form:  C[j·ldc + i] (+)= Σ_k P[k·ldp + i] · X[j·xj + k·xk],  i over a few vectors that lie together, j over a
 * few columns whose numbers are spread over all lanes. With V vectors and J columns all V·J sums stay in registers, and each
 * step of k loads V + J numbers for V·J multiply-adds (K. Goto and R. van de Geijn, Anatomy of High-Performance Matrix
 * Multiplication, 2008). With one column there are too few sums to hide a multiply-add's latency, so k is split among several.
 *
 * Each variant is an internal function of the module, emitted when first wanted: V by the number of vectors of a panel, J of 6, 4, 2 or 1. */
#include "llvm/contract.h"
#include <stdio.h>
#include <string.h>

enum { MOST_VECTORS = 4, MOST_SPLITS = 4, CHAINS = 8 };

/* Parameters of a tile function, in order. */
enum { TILE_K, TILE_P, TILE_LDP, TILE_X, TILE_XJ, TILE_XK, TILE_C, TILE_LDC, TILE_ADD, TILE_LAST, TILE_PARAMETERS };

typedef struct Tile {
  Emit *e;
  int vectors, columns, splits;
  bool masked; /* the last vector has fewer lanes */
  LLVMValueRef parameter[TILE_PARAMETERS], mask;
} Tile;

typedef LLVMValueRef Sums[MOST_SPLITS][6][MOST_VECTORS];

static LLVMTypeRef tile_type(Emit *e) {
  LLVMTypeRef i = e->i64, p = e->pointer, types[TILE_PARAMETERS] = {i, p, i, p, i, i, p, i, i, i};
  return LLVMFunctionType(LLVMVoidTypeInContext(e->context), types, TILE_PARAMETERS, 0);
}

/* --- inside a tile -------------------------------------------------------------------------------------------------------------- */

static LLVMValueRef place_in_c(Tile *t, int j, int v) {
  Emit *e = t->e;
  LLVMValueRef at = add_i(e, mul_i(e, int_const(e, j), t->parameter[TILE_LDC]), int_const(e, (int64_t)v * e->widest));
  return element_pointer(e, t->parameter[TILE_C], at);
}

static bool is_partial(const Tile *t, int v) { return t->masked && v == t->vectors - 1; }

static LLVMValueRef load_c(Tile *t, int j, int v) {
  if (is_partial(t, v)) return load_masked(t->e, t->e->widest, place_in_c(t, j, v), t->mask);
  return load_real(t->e, t->e->widest, place_in_c(t, j, v));
}

static void store_c(Tile *t, int j, int v, LLVMValueRef value) {
  if (is_partial(t, v)) store_masked(t->e, t->e->widest, value, place_in_c(t, j, v), t->mask);
  else store_real(t->e, value, place_in_c(t, j, v));
}

/* One k: V vectors of the panel against J spread numbers. */
static void multiply_add(Tile *t, LLVMValueRef k, LLVMValueRef sums[6][MOST_VECTORS], LLVMValueRef out[6][MOST_VECTORS]) {
  Emit *e = t->e;
  LLVMValueRef panel[MOST_VECTORS], row = mul_i(e, k, t->parameter[TILE_LDP]), x = mul_i(e, k, t->parameter[TILE_XK]);
  for (int v = 0; v < t->vectors; v++) {
    LLVMValueRef p = element_pointer(e, t->parameter[TILE_P], add_i(e, row, int_const(e, (int64_t)v * e->widest)));
    panel[v] = is_partial(t, v) ? load_masked(e, e->widest, p, t->mask) : load_real(e, e->widest, p);
  }
  for (int j = 0; j < t->columns; j++) {
    LLVMValueRef at = add_i(e, x, mul_i(e, int_const(e, j), t->parameter[TILE_XJ]));
    LLVMValueRef spread = splat(e, e->widest, load_real(e, 1, element_pointer(e, t->parameter[TILE_X], at)));
    for (int v = 0; v < t->vectors; v++)
      out[j][v] = call_intrinsic(e, "llvm.fma", lanes(e, e->widest), (LLVMValueRef[]){panel[v], spread, sums[j][v]}, 3);
  }
}

/* for (k = from; k < to; k += splits): split s takes k + s. The sums are carried as phis. */
static void loop_over_k(Tile *t, int splits, LLVMValueRef from, LLVMValueRef to, Sums sums) {
  Emit *e = t->e;
  LLVMTypeRef type = lanes(e, e->widest);
  LLVMValueRef f = LLVMGetBasicBlockParent(LLVMGetInsertBlock(e->b));
  LLVMBasicBlockRef before = LLVMGetInsertBlock(e->b), body = LLVMAppendBasicBlockInContext(e->context, f, "k"),
                    after = LLVMAppendBasicBlockInContext(e->context, f, "k_end");
  LLVMBuildCondBr(e->b, LLVMBuildICmp(e->b, LLVMIntSLT, from, to, ""), body, after);
  LLVMPositionBuilderAtEnd(e->b, body);
  LLVMValueRef k = LLVMBuildPhi(e->b, e->i64, "k");
  Sums in, next;
  for (int s = 0; s < splits; s++)
    for (int j = 0; j < t->columns; j++)
      for (int v = 0; v < t->vectors; v++) in[s][j][v] = LLVMBuildPhi(e->b, type, "");
  for (int s = 0; s < splits; s++) multiply_add(t, add_i(e, k, int_const(e, s)), in[s], next[s]);
  LLVMValueRef k_next = LLVMBuildNSWAdd(e->b, k, int_const(e, splits), "");
  LLVMBasicBlockRef last = LLVMGetInsertBlock(e->b);
  LLVMBuildCondBr(e->b, LLVMBuildICmp(e->b, LLVMIntSLT, k_next, to, ""), body, after);
  LLVMAddIncoming(k, (LLVMValueRef[]){from, k_next}, (LLVMBasicBlockRef[]){before, last}, 2);
  LLVMPositionBuilderAtEnd(e->b, after);
  for (int s = 0; s < splits; s++)
    for (int j = 0; j < t->columns; j++)
      for (int v = 0; v < t->vectors; v++) {
        LLVMAddIncoming(in[s][j][v], (LLVMValueRef[]){sums[s][j][v], next[s][j][v]}, (LLVMBasicBlockRef[]){before, last}, 2);
        LLVMValueRef done = LLVMBuildPhi(e->b, type, "");
        LLVMAddIncoming(done, (LLVMValueRef[]){sums[s][j][v], next[s][j][v]}, (LLVMBasicBlockRef[]){before, last}, 2);
        sums[s][j][v] = done;
      }
}

static void first_sums(Tile *t, Sums sums) {
  Emit *e = t->e;
  LLVMValueRef zero = real_const(e, e->widest, 0);
  LLVMValueRef add = LLVMBuildICmp(e->b, LLVMIntNE, t->parameter[TILE_ADD], int_const(e, 0), "");
  for (int j = 0; j < t->columns; j++)
    for (int v = 0; v < t->vectors; v++) {
      sums[0][j][v] = LLVMBuildSelect(e->b, add, load_c(t, j, v), zero, "");
      for (int s = 1; s < t->splits; s++) sums[s][j][v] = zero;
    }
}

static void tile_body(Tile *t) {
  Emit *e = t->e;
  Sums sums;
  if (t->masked) t->mask = mask_below(e, e->widest, t->parameter[TILE_LAST]);
  first_sums(t, sums);
  LLVMValueRef k = t->parameter[TILE_K], zero = int_const(e, 0);
  LLVMValueRef whole = t->splits == 1 ? k : LLVMBuildAnd(e->b, k, int_const(e, -(int64_t)t->splits), "");
  loop_over_k(t, t->splits, zero, whole, sums);
  for (int s = 1; s < t->splits; s++)
    for (int v = 0; v < t->vectors; v++) sums[0][0][v] = LLVMBuildFAdd(e->b, sums[0][0][v], sums[s][0][v], "");
  if (t->splits > 1) loop_over_k(t, 1, whole, k, sums);
  for (int j = 0; j < t->columns; j++)
    for (int v = 0; v < t->vectors; v++) store_c(t, j, v, sums[0][j][v]);
  LLVMBuildRetVoid(e->b);
}

static int splits_for(int vectors, int columns) {
  if (columns > 1) return 1;
  int splits = 1;
  while (splits < MOST_SPLITS && splits * vectors < CHAINS) splits *= 2;
  return splits;
}

/* --- functions of the module ----------------------------------------------------------------------------------------------------- */

/* Calls `body` for a new function, with the builder moved there and back. */
typedef struct Saved {
  LLVMBasicBlockRef here;
  LLVMValueRef function;
} Saved;

static Saved enter(Emit *e, LLVMValueRef f) {
  Saved saved = {LLVMGetInsertBlock(e->b), e->function};
  e->function = f;
  LLVMPositionBuilderAtEnd(e->b, LLVMAppendBasicBlockInContext(e->context, f, "entry"));
  return saved;
}

static void leave(Emit *e, Saved saved) {
  e->function = saved.function;
  LLVMPositionBuilderAtEnd(e->b, saved.here);
}

/* A tile has one caller, its strip, and goes into it; strips stay by themselves, one for all products. */
static LLVMValueRef add_function(Emit *e, const char *name, LLVMTypeRef type, bool stays) {
  LLVMValueRef f = LLVMAddFunction(e->module, name, type);
  LLVMSetLinkage(f, LLVMInternalLinkage);
  wide_vectors(e, f);
  const char *inlining = stays ? "noinline" : "alwaysinline";
  unsigned kind = LLVMGetEnumAttributeKindForName(inlining, strlen(inlining));
  LLVMAddAttributeAtIndex(f, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, LLVMCreateEnumAttribute(e->context, kind, 0));
  return f;
}

static LLVMValueRef tile_function(Emit *e, int vectors, int columns, bool masked) {
  char name[48];
  snprintf(name, sizeof name, "rnn.tile.%d.%d%s", vectors, columns, masked ? ".masked" : "");
  LLVMValueRef f = LLVMGetNamedFunction(e->module, name);
  if (f) return f;
  f = add_function(e, name, tile_type(e), false);
  Tile t = {.e = e, .vectors = vectors, .columns = columns, .splits = splits_for(vectors, columns), .masked = masked};
  Saved saved = enter(e, f);
  for (int i = 0; i < TILE_PARAMETERS; i++) t.parameter[i] = LLVMGetParam(f, (unsigned)i);
  tile_body(&t);
  leave(e, saved);
  return f;
}

/* Parameters of a strip function: a tile's, and how many columns. */
enum { STRIP_COLUMNS = TILE_PARAMETERS, STRIP_PARAMETERS };

static LLVMTypeRef strip_type(Emit *e) {
  LLVMTypeRef i = e->i64, p = e->pointer, types[STRIP_PARAMETERS] = {i, p, i, p, i, i, p, i, i, i, i};
  return LLVMFunctionType(LLVMVoidTypeInContext(e->context), types, STRIP_PARAMETERS, 0);
}

typedef struct Strip {
  int vectors;
  bool masked;
  LLVMValueRef parameter[STRIP_PARAMETERS];
} Strip;

static void call_tile(Emit *e, const Strip *s, int columns, LLVMValueRef first) {
  LLVMValueRef args[TILE_PARAMETERS];
  for (int i = 0; i < TILE_PARAMETERS; i++) args[i] = s->parameter[i];
  args[TILE_X] = element_pointer(e, args[TILE_X], mul_i(e, first, args[TILE_XJ]));
  args[TILE_C] = element_pointer(e, args[TILE_C], mul_i(e, first, args[TILE_LDC]));
  LLVMBuildCall2(e->b, tile_type(e), tile_function(e, s->vectors, columns, s->masked), args, TILE_PARAMETERS, "");
}

/* Columns from..to in tiles of `columns`; gives where it stopped. */
static LLVMValueRef tiles(Emit *e, const Strip *s, int columns, LLVMValueRef from, LLVMValueRef to) {
  LLVMValueRef rest = LLVMBuildSRem(e->b, sub_i(e, to, from), int_const(e, columns), ""), end = sub_i(e, to, rest);
  Loop l = loop_begin(e, from, end, int_const(e, columns), "j");
  call_tile(e, s, columns, l.index);
  loop_end(e, &l);
  return end;
}

/* All columns of one panel: tiles of 6, and what is left in one each of 4, 2 and 1. */
static void strip_body(Emit *e, const Strip *s) {
  LLVMValueRef count = s->parameter[STRIP_COLUMNS], done = int_const(e, 0);
  static const int columns[] = {6, 4, 2, 1};
  for (int i = 0; i < 4; i++) done = tiles(e, s, columns[i], done, count);
  LLVMBuildRetVoid(e->b);
}

static LLVMValueRef strip_function(Emit *e, int vectors, bool masked) {
  char name[48];
  snprintf(name, sizeof name, "rnn.strip.%d%s", vectors, masked ? ".masked" : "");
  LLVMValueRef f = LLVMGetNamedFunction(e->module, name);
  if (f) return f;
  f = add_function(e, name, strip_type(e), true);
  Strip s = {.vectors = vectors, .masked = masked};
  Saved saved = enter(e, f);
  for (int i = 0; i < STRIP_PARAMETERS; i++) s.parameter[i] = LLVMGetParam(f, (unsigned)i);
  strip_body(e, &s);
  leave(e, saved);
  return f;
}

/* --- all panels of a product --------------------------------------------------------------------------------------------------------- */

static void one_panel(Emit *e, const Contract *c, LLVMValueRef first, LLVMValueRef panel, LLVMValueRef ldp, int vectors, int64_t last_lanes) {
  bool masked = last_lanes != e->widest;
  LLVMValueRef args[STRIP_PARAMETERS] = {
      [TILE_K] = c->k,   [TILE_P] = panel,  [TILE_LDP] = ldp,    [TILE_X] = c->x,           [TILE_XJ] = c->xj, [TILE_XK] = c->xk,
      [TILE_C] = element_pointer(e, c->c, first), [TILE_LDC] = c->ldc, [TILE_ADD] = int_const(e, c->add), [TILE_LAST] = int_const(e, last_lanes),
      [STRIP_COLUMNS] = c->columns};
  LLVMBuildCall2(e->b, strip_type(e), strip_function(e, vectors, masked), args, STRIP_PARAMETERS, "");
}

void emit_contract_panels(Emit *e, const Contract *c) {
  int most = panel_vectors(e);
  int64_t wide = (int64_t)most * e->widest, full = c->width / wide, rest = c->width % wide;
  if (full) {
    Loop l = loop_begin(e, int_const(e, 0), int_const(e, full), int_const(e, 1), "panel");
    LLVMValueRef first = mul_i(e, l.index, int_const(e, wide));
    LLVMValueRef panel = element_pointer(e, c->p, c->packed ? mul_i(e, first, c->k) : first);
    one_panel(e, c, first, panel, c->packed ? int_const(e, wide) : c->ldp, most, e->widest);
    loop_end(e, &l);
  }
  if (!rest) return;
  int vectors = (int)((rest + e->widest - 1) / e->widest);
  LLVMValueRef first = int_const(e, full * wide);
  LLVMValueRef panel = element_pointer(e, c->p, c->packed ? mul_i(e, first, c->k) : first);
  one_panel(e, c, first, panel, c->packed ? int_const(e, (int64_t)vectors * e->widest) : c->ldp, vectors, rest - (int64_t)(vectors - 1) * e->widest);
}

int panel_vectors(Emit *e) { return e->widest * e->real_bytes >= 64 ? MOST_VECTORS : 2; }

/* --- packing ----------------------------------------------------------------------------------------------------------------------------- */

void emit_pack(Emit *e, const PlanItem *item) {
  int64_t first = 0;
  for (int i = 0; i < item->parts.len; i++) {
    const Product *q = &item->parts.at[i];
    LLVMValueRef weight = element_pointer(e, buffer_pointer(e, q->a.view.base), int_const(e, q->a.view.offset));
    LLVMValueRef args[] = {weight, int_const(e, q->a.row_stride), int_const(e, q->a.column_stride), int_const(e, q->m), int_const(e, q->k),
                           int_const(e, e->widest), int_const(e, panel_vectors(e)), table_pointer(e, item->product.pack), int_const(e, first),
                           int_const(e, item->product.m)};
    call_extern(e, e->is_double ? "rnn_pack_f64" : "rnn_pack_f32", LLVMVoidTypeInContext(e->context), args, 10);
    first += q->m;
  }
}
