/* tile.c — tiles of matrix products, emitted for the target's vectors.
 *
 * One kernel serves every form:  C[j·ldc + i] (+)= Σ_terms Σ_k P[k·ldp + i] · X[j·xj + k·xk],  i over a few vectors that lie together, j
 * over a few columns whose numbers are spread over all lanes. With V vectors and J columns all V·J sums stay in registers through
 * all terms, and each step of k loads V + J numbers for V·J multiply-adds (K. Goto and R. van de Geijn, Anatomy of
 * High-Performance Matrix Multiplication, 2008). With one column there are too few sums to hide a multiply-add's latency, so several panels are
 * taken at once, or k is split among several sums.
 *
 * Each variant is an internal function of the module, emitted when first wanted: V by the number of vectors of a panel, J as many as
 * there are registers for, and then 4, 2 and 1 for what is left. */
#include "llvm/contract.h"
#include <stdio.h>
#include <string.h>

enum { MOST_VECTORS = 16, MOST_COLUMNS = 16, MOST_SPLITS = 4, CHAINS = 8 };

/* Parameters of a strip function, in order; a tile has one more, its first column. */
enum { PAR_TABLE, PAR_TERMS, PAR_C, PAR_LDC, PAR_ADD, PAR_LAST, PAR_COLUMNS, STRIP_PARAMETERS, PAR_FIRST = PAR_COLUMNS, TILE_PARAMETERS = STRIP_PARAMETERS };

typedef LLVMValueRef Sums[MOST_SPLITS][MOST_COLUMNS][MOST_VECTORS];

/* What only large products want; the others go without its cost. */
typedef struct TileKind {
  bool ahead;  /* fetches what the next tiles need */
  bool groups; /* X lies in groups of columns */
} TileKind;

typedef struct Tile {
  Emit *e;
  int panel, vectors, columns, splits; /* panel: vectors of one */
  bool masked; /* the last vector has fewer lanes */
  bool quads;  /* the numbers of a single column lie together: four come with one load */
  LLVMValueRef quad; /* the present four, in every part of 128 bits; NULL: one after the other */
  TileKind kind;
  LLVMValueRef parameter[TILE_PARAMETERS], mask;
  LLVMValueRef k, p, ldp, next, x, xj, xk; /* of the present term, x at the tile's first column */
  LLVMValueRef fetched, step; /* what is to be fetched ahead: from here on so many bytes with each k */
} Tile;

static LLVMTypeRef function_type(Emit *e) {
  LLVMTypeRef i = e->i64, p = e->pointer, types[STRIP_PARAMETERS] = {p, i, p, i, i, i, i};
  return LLVMFunctionType(LLVMVoidTypeInContext(e->context), types, STRIP_PARAMETERS, 0);
}

/* --- sums ------------------------------------------------------------------------------------------------------------------- */

static LLVMValueRef place_in_c(Tile *t, int j, int v) {
  Emit *e = t->e;
  LLVMValueRef at = add_i(e, mul_i(e, int_const(e, j), t->parameter[PAR_LDC]), int_const(e, (int64_t)v * e->widest));
  return element_pointer(e, t->parameter[PAR_C], at);
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

/* What the sums begin with: what is in C, which is not even looked at where it is to be overwritten, or 0. */
static void first_sums(Tile *t, Sums sums) {
  Emit *e = t->e;
  LLVMValueRef zero = real_const(e, e->widest, 0), old[MOST_COLUMNS][MOST_VECTORS];
  LLVMBasicBlockRef fresh = LLVMGetInsertBlock(e->b);
  If add = if_begin(e, LLVMBuildICmp(e->b, LLVMIntNE, t->parameter[PAR_ADD], int_const(e, 0), ""));
  LLVMBasicBlockRef more = LLVMGetInsertBlock(e->b);
  for (int j = 0; j < t->columns; j++)
    for (int v = 0; v < t->vectors; v++) old[j][v] = load_c(t, j, v);
  if_end(e, &add);
  for (int j = 0; j < t->columns; j++)
    for (int v = 0; v < t->vectors; v++) {
      sums[0][j][v] = LLVMBuildPhi(e->b, lanes(e, e->widest), "");
      LLVMAddIncoming(sums[0][j][v], (LLVMValueRef[]){zero, old[j][v]}, (LLVMBasicBlockRef[]){fresh, more}, 2);
      for (int s = 1; s < t->splits; s++) sums[s][j][v] = zero;
    }
}

/* The sums as they are carried around a loop: `in` are phis whose first values are `sums`. */
static void sums_enter(Tile *t, int splits, Sums sums, Sums in, LLVMBasicBlockRef before) {
  for (int s = 0; s < splits; s++)
    for (int j = 0; j < t->columns; j++)
      for (int v = 0; v < t->vectors; v++) {
        in[s][j][v] = LLVMBuildPhi(t->e->b, lanes(t->e, t->e->widest), "");
        LLVMAddIncoming(in[s][j][v], &sums[s][j][v], &before, 1);
      }
}

static void sums_back(Tile *t, int splits, Sums in, Sums next, LLVMBasicBlockRef last) {
  for (int s = 0; s < splits; s++)
    for (int j = 0; j < t->columns; j++)
      for (int v = 0; v < t->vectors; v++) LLVMAddIncoming(in[s][j][v], &next[s][j][v], &last, 1);
}

/* Where the loop may not be entered at all, what was there before it goes on. */
static void sums_leave(Tile *t, int splits, Sums sums, Sums next, LLVMBasicBlockRef before, LLVMBasicBlockRef last) {
  for (int s = 0; s < splits; s++)
    for (int j = 0; j < t->columns; j++)
      for (int v = 0; v < t->vectors; v++) {
        LLVMValueRef done = LLVMBuildPhi(t->e->b, lanes(t->e, t->e->widest), "");
        LLVMAddIncoming(done, (LLVMValueRef[]){sums[s][j][v], next[s][j][v]}, (LLVMBasicBlockRef[]){before, last}, 2);
        sums[s][j][v] = done;
      }
}

/* --- inside a term ---------------------------------------------------------------------------------------------------------- */

/* Loads bound a single column: V of the panel and one of x for V multiply-adds. A broadcast of four numbers, and shuffles within parts of 128 bits,
 * which other units do, save three of them in four. LLVM knows the instruction, but takes it apart again wherever it is written otherwise. */
static LLVMValueRef load_quad(Tile *t, LLVMValueRef k) {
  Emit *e = t->e;
  LLVMTypeRef type = LLVMFunctionType(lanes(e, e->widest), &e->pointer, 1, 0);
  const char *code = "vbroadcastf32x4 $1, $0", *constraints = "=v,*m";
  LLVMValueRef f = LLVMGetInlineAsm(type, code, strlen(code), constraints, strlen(constraints), 0, 0, LLVMInlineAsmDialectATT, 0);
  LLVMValueRef at = element_pointer(e, t->x, k), quad = LLVMBuildCall2(e->b, type, f, &at, 1, "quad");
  LLVMAttributeRef points_to = LLVMCreateTypeAttribute(e->context, LLVMGetEnumAttributeKindForName("elementtype", 11), lanes(e, QUAD));
  LLVMAttributeRef reads = LLVMCreateEnumAttribute(e->context, LLVMGetEnumAttributeKindForName("memory", 6), 0x15); /* of all kinds, no writes */
  LLVMAddCallSiteAttribute(quad, 1, points_to);
  LLVMAddCallSiteAttribute(quad, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, reads);
  return quad;
}

/* Number `which` of the present four in all lanes. */
static LLVMValueRef of_quad(Tile *t, int which) {
  LLVMValueRef lane[MOST_VECTORS];
  for (int i = 0; i < t->e->widest; i++) lane[i] = LLVMConstInt(t->e->i32, (unsigned)(i / QUAD * QUAD + which), 0);
  return LLVMBuildShuffleVector(t->e->b, t->quad, LLVMGetPoison(LLVMTypeOf(t->quad)), LLVMConstVector(lane, (unsigned)t->e->widest), "");
}

static LLVMValueRef spread_x(Tile *t, LLVMValueRef at, int which) {
  return t->quad ? of_quad(t, which) : splat(t->e, t->e->widest, load_real(t->e, 1, element_pointer(t->e, t->x, at)));
}

/* One k, of four the one that `which` says: V vectors of the panel against J spread numbers. */
static void multiply_add(Tile *t, LLVMValueRef k, int which, LLVMValueRef sums[MOST_COLUMNS][MOST_VECTORS], LLVMValueRef out[MOST_COLUMNS][MOST_VECTORS]) {
  Emit *e = t->e;
  LLVMValueRef panel[MOST_VECTORS], row = mul_i(e, k, t->ldp), x = mul_i(e, k, t->xk);
  if (t->kind.ahead) prefetch(e, byte_pointer(e, t->fetched, mul_i(e, k, t->step)));
  for (int v = 0; v < t->vectors; v++) {
    LLVMValueRef within = add_i(e, row, int_const(e, (int64_t)(v % t->panel) * e->widest));
    LLVMValueRef p = element_pointer(e, t->p, add_i(e, mul_i(e, int_const(e, v / t->panel), t->next), within));
    panel[v] = is_partial(t, v) ? load_masked(e, e->widest, p, t->mask) : load_real(e, e->widest, p);
  }
  for (int j = 0; j < t->columns; j++) {
    LLVMValueRef at = add_i(e, x, mul_i(e, int_const(e, j), t->xj));
    LLVMValueRef spread = spread_x(t, at, which);
    for (int v = 0; v < t->vectors; v++)
      out[j][v] = call_intrinsic(e, "llvm.fma", lanes(e, e->widest), (LLVMValueRef[]){panel[v], spread, sums[j][v]}, 3);
  }
}

static LLVMBasicBlockRef new_block(Emit *e, const char *name) {
  return LLVMAppendBasicBlockInContext(e->context, LLVMGetBasicBlockParent(LLVMGetInsertBlock(e->b)), name);
}

/* for (k = from; k < to; k += by): the splits take turns. */
static void loop_over_k(Tile *t, int by, LLVMValueRef from, LLVMValueRef to, Sums sums) {
  Emit *e = t->e;
  LLVMBasicBlockRef before = LLVMGetInsertBlock(e->b), body = new_block(e, "k"), after = new_block(e, "k_end");
  LLVMBuildCondBr(e->b, LLVMBuildICmp(e->b, LLVMIntSLT, from, to, ""), body, after);
  LLVMPositionBuilderAtEnd(e->b, body);
  LLVMValueRef k = LLVMBuildPhi(e->b, e->i64, "k");
  Sums in, next;
  const int splits = by < t->splits ? by : t->splits;
  sums_enter(t, splits, sums, in, before);
  memcpy(next, in, sizeof in);
  t->quad = t->quads ? load_quad(t, k) : NULL;
  for (int i = 0; i < by; i++) multiply_add(t, add_i(e, k, int_const(e, i)), i, next[i % splits], next[i % splits]);
  LLVMValueRef k_next = LLVMBuildNSWAdd(e->b, k, int_const(e, by), "");
  LLVMBasicBlockRef last = LLVMGetInsertBlock(e->b);
  LLVMBuildCondBr(e->b, LLVMBuildICmp(e->b, LLVMIntSLT, k_next, to, ""), body, after);
  LLVMAddIncoming(k, (LLVMValueRef[]){from, k_next}, (LLVMBasicBlockRef[]){before, last}, 2);
  sums_back(t, splits, in, next, last);
  LLVMPositionBuilderAtEnd(e->b, after);
  sums_leave(t, splits, sums, next, before, last);
}

LLVMValueRef term_field(Emit *e, LLVMValueRef table, LLVMValueRef term, LLVMTypeRef type, int field) {
  LLVMValueRef at = add_i(e, mul_i(e, term, int_const(e, TERM_FIELDS)), int_const(e, field));
  return LLVMBuildLoad2(e->b, type, LLVMBuildInBoundsGEP2(e->b, e->i64, table, &at, 1, ""), "");
}

/* Where the tile's first column begins in X. Of columns in groups, a full tile is a group, what is left of them the last one. */
static LLVMValueRef first_column(Tile *t, LLVMValueRef term) {
  Emit *e = t->e;
  LLVMValueRef first = t->parameter[PAR_FIRST], columns = t->parameter[PAR_COLUMNS];
  if (!t->kind.groups) return mul_i(e, first, t->xj);
  LLVMValueRef xg = term_field(e, t->parameter[PAR_TABLE], term, e->i64, TERM_XG);
  if (t->columns == TILE_COLUMNS) return mul_i(e, first, xg);
  LLVMValueRef group = sub_i(e, columns, LLVMBuildSRem(e->b, columns, int_const(e, TILE_COLUMNS), ""));
  return add_i(e, mul_i(e, group, xg), mul_i(e, sub_i(e, first, group), t->xj));
}

static void one_term(Tile *t, LLVMValueRef term, Sums sums) {
  Emit *e = t->e;
  t->k = term_field(e, t->parameter[PAR_TABLE], term, e->i64, TERM_K);
  t->p = term_field(e, t->parameter[PAR_TABLE], term, e->pointer, TERM_P);
  t->ldp = term_field(e, t->parameter[PAR_TABLE], term, e->i64, TERM_LDP);
  t->next = term_field(e, t->parameter[PAR_TABLE], term, e->i64, TERM_NEXT);
  t->xj = term_field(e, t->parameter[PAR_TABLE], term, e->i64, TERM_XJ);
  t->xk = term_field(e, t->parameter[PAR_TABLE], term, e->i64, TERM_XK);
  t->x = element_pointer(e, term_field(e, t->parameter[PAR_TABLE], term, e->pointer, TERM_X), first_column(t, term));
  if (t->kind.ahead) {
    t->step = term_field(e, t->parameter[PAR_TABLE], term, e->i64, TERM_STEP);
    LLVMValueRef tile = LLVMBuildUDiv(e->b, t->parameter[PAR_FIRST], int_const(e, TILE_COLUMNS), ""), before = mul_i(e, mul_i(e, tile, t->k), t->step);
    t->fetched = byte_pointer(e, term_field(e, t->parameter[PAR_TABLE], term, e->pointer, TERM_AHEAD), before);
  }
  LLVMValueRef zero = int_const(e, 0);
  const int by = t->quads ? QUAD : t->splits;
  const bool all = t->quads || by == 1;
  LLVMValueRef whole = all ? t->k : LLVMBuildAnd(e->b, t->k, int_const(e, -(int64_t)by), "");
  loop_over_k(t, by, zero, whole, sums);
  if (!all) loop_over_k(t, 1, whole, t->k, sums);
}

/* There is one term at least. */
static void loop_over_terms(Tile *t, Sums sums) {
  Emit *e = t->e;
  LLVMBasicBlockRef before = LLVMGetInsertBlock(e->b), body = new_block(e, "term"), after = new_block(e, "term_end");
  LLVMBuildBr(e->b, body);
  LLVMPositionBuilderAtEnd(e->b, body);
  LLVMValueRef term = LLVMBuildPhi(e->b, e->i64, "term");
  Sums in;
  sums_enter(t, t->splits, sums, in, before);
  memcpy(sums, in, sizeof in);
  one_term(t, term, sums);
  LLVMValueRef next = LLVMBuildNSWAdd(e->b, term, int_const(e, 1), "");
  LLVMBasicBlockRef last = LLVMGetInsertBlock(e->b);
  LLVMBuildCondBr(e->b, LLVMBuildICmp(e->b, LLVMIntSLT, next, t->parameter[PAR_TERMS], ""), body, after);
  LLVMAddIncoming(term, (LLVMValueRef[]){int_const(e, 0), next}, (LLVMBasicBlockRef[]){before, last}, 2);
  sums_back(t, t->splits, in, sums, last);
  LLVMPositionBuilderAtEnd(e->b, after);
}

static void tile_body(Tile *t) {
  Emit *e = t->e;
  Sums sums;
  if (t->masked) t->mask = mask_below(e, e->widest, t->parameter[PAR_LAST]);
  first_sums(t, sums);
  loop_over_terms(t, sums);
  for (int s = 1; s < t->splits; s++)
    for (int v = 0; v < t->vectors; v++) sums[0][0][v] = LLVMBuildFAdd(e->b, sums[0][0][v], sums[s][0][v], "");
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

/* A tile has one caller, its strip, and goes into it; strips stay by themselves, one for all products. */
static LLVMValueRef tile_function(Emit *e, int vectors, int columns, bool masked, TileKind kind) {
  char name[64];
  snprintf(name, sizeof name, "tile.%d.%d%s%s%s", vectors, columns, masked ? ".masked" : "", kind.ahead ? ".ahead" : "", kind.groups ? ".groups" : "");
  LLVMValueRef f = LLVMGetNamedFunction(e->module, common_name(e, name));
  if (f) return f;
  f = module_function(e, common_name(e, name), function_type(e), false);
  Tile t = {.e = e, .panel = vectors, .vectors = vectors, .columns = columns, .splits = splits_for(vectors, columns), .masked = masked, .kind = kind};
  SavedPlace saved = enter_function(e, f);
  for (int i = 0; i < TILE_PARAMETERS; i++) t.parameter[i] = LLVMGetParam(f, (unsigned)i);
  tile_body(&t);
  leave_function(e, saved);
  return f;
}

typedef struct Strip {
  int vectors;
  bool masked;
  TileKind kind;
  LLVMValueRef parameter[STRIP_PARAMETERS];
} Strip;

static void call_tile(Emit *e, const Strip *s, int columns, LLVMValueRef first) {
  LLVMValueRef args[TILE_PARAMETERS];
  for (int i = 0; i < TILE_PARAMETERS; i++) args[i] = s->parameter[i];
  args[PAR_C] = element_pointer(e, args[PAR_C], mul_i(e, first, args[PAR_LDC]));
  args[PAR_FIRST] = first;
  LLVMBuildCall2(e->b, function_type(e), tile_function(e, s->vectors, columns, s->masked, s->kind), args, TILE_PARAMETERS, "");
}

/* Columns from..to in tiles of `columns`; gives where it stopped. */
static LLVMValueRef tiles(Emit *e, const Strip *s, int columns, LLVMValueRef from, LLVMValueRef to) {
  LLVMValueRef rest = LLVMBuildSRem(e->b, sub_i(e, to, from), int_const(e, columns), ""), end = sub_i(e, to, rest);
  Loop l = loop_begin(e, from, end, int_const(e, columns), "j");
  call_tile(e, s, columns, l.index);
  loop_end(e, &l);
  return end;
}

/* Columns for which the sums fill the registers, with some left for the panel and a spread number: 32 of 64 bytes, or 16. */
static int most_columns(Emit *e, int vectors) {
  int sums = e->widest * e->real_bytes >= 64 ? 24 : 12;
  return sums / vectors < MOST_COLUMNS ? sums / vectors : MOST_COLUMNS;
}

/* All columns of one panel: the largest tiles, and what is left in smaller ones. */
static void strip_body(Emit *e, const Strip *s) {
  LLVMValueRef count = s->parameter[PAR_COLUMNS], done = int_const(e, 0);
  const int most = most_columns(e, s->vectors), columns[] = {most, 4, 2, 1};
  for (int i = 0; i < 4; i++)
    if (!i || columns[i] < most) done = tiles(e, s, columns[i], done, count);
  LLVMBuildRetVoid(e->b);
}

static LLVMValueRef strip_function(Emit *e, int vectors, bool masked, TileKind kind) {
  char name[64];
  snprintf(name, sizeof name, "strip.%d%s%s%s", vectors, masked ? ".masked" : "", kind.ahead ? ".ahead" : "", kind.groups ? ".groups" : "");
  bool wants_body;
  LLVMValueRef f = kernel_function(e, name, function_type(e), &wants_body);
  if (!wants_body) return f;
  Strip s = {.vectors = vectors, .masked = masked, .kind = kind};
  SavedPlace saved = enter_function(e, f);
  for (int i = 0; i < STRIP_PARAMETERS; i++) s.parameter[i] = LLVMGetParam(f, (unsigned)i);
  strip_body(e, &s);
  leave_function(e, saved);
  return f;
}

/* With more vectors the one load of x hardly counts. */
static bool has_quads(const Emit *e, int vectors) { return !e->is_double && e->vector_bits == 512 && vectors <= CHAINS; }

/* A single column against panels side by side. */
static LLVMValueRef column_function(Emit *e, const StripCall *call) {
  const int vectors = call->vectors * call->panels;
  const bool masked = call->last_lanes != e->widest, quads = call->quads && has_quads(e, vectors);
  char name[48];
  snprintf(name, sizeof name, "column.%d.%d%s%s", call->vectors, call->panels, masked ? ".masked" : "", quads ? ".quads" : "");
  bool wants_body;
  LLVMValueRef f = kernel_function(e, name, function_type(e), &wants_body);
  if (!wants_body) return f;
  Tile t = {.e = e, .panel = call->vectors, .vectors = vectors, .columns = 1, .splits = splits_for(vectors, 1), .masked = masked, .quads = quads};
  SavedPlace saved = enter_function(e, f);
  for (int i = 0; i < TILE_PARAMETERS; i++) t.parameter[i] = LLVMGetParam(f, (unsigned)i);
  t.parameter[PAR_FIRST] = int_const(e, 0);
  tile_body(&t);
  leave_function(e, saved);
  return f;
}

static void column_kernel(Emit *e, int vectors, int panels, bool masked, bool quads) {
  const int last_lanes = masked ? 1 : e->widest;
  column_function(e, &(StripCall){.vectors = vectors, .panels = panels, .last_lanes = last_lanes, .quads = quads});
}

void tile_kernels(Emit *e) {
  const int most = panel_vectors(e);
  for (int vectors = 1; vectors <= most; vectors++)
    for (int masked = 0; masked < 2; masked++)
      for (int kind = 0; kind < 3; kind++) strip_function(e, vectors, masked, (TileKind){kind == 1, kind == 2});
  for (int quads = 0; quads < 2; quads++) {
    for (int panels = 2; panels <= MOST_PANELS; panels *= 2) column_kernel(e, most, panels, false, quads);
    for (int vectors = 1; vectors <= most; vectors++)
      for (int masked = 0; masked < 2; masked++) column_kernel(e, vectors, 1, masked, quads);
  }
}

void emit_strip(Emit *e, const StripCall *call) {
  LLVMValueRef args[STRIP_PARAMETERS] = {
      [PAR_TABLE] = call->table, [PAR_TERMS] = call->terms, [PAR_C] = call->c,     [PAR_LDC] = call->ldc, [PAR_ADD] = call->adds ? call->adds : int_const(e, call->add),
      [PAR_LAST] = int_const(e, call->last_lanes), [PAR_COLUMNS] = call->columns};
  const bool masked = call->last_lanes != e->widest;
  LLVMValueRef f = call->single ? column_function(e, call) : strip_function(e, call->vectors, masked, (TileKind){call->ahead, call->groups});
  LLVMBuildCall2(e->b, function_type(e), f, args, STRIP_PARAMETERS, "");
}
