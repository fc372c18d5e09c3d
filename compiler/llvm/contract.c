/* contract.c — a matrix product panel by panel. */
#include "llvm/contract.h"

/* --- the table of terms ------------------------------------------------------------------------------------------------------- */

static LLVMValueRef new_table(Emit *e, int terms) {
  return entry_alloca(e, LLVMArrayType2(e->i64, (uint64_t)(terms * TERM_FIELDS)));
}

static void set_field(Emit *e, LLVMValueRef table, int term, int field, LLVMValueRef value) {
  LLVMValueRef at = int_const(e, term * TERM_FIELDS + field);
  LLVMBuildStore(e->b, value, LLVMBuildInBoundsGEP2(e->b, e->i64, table, &at, 1, ""));
}

static void set_right_sides(Emit *e, const Contract *c, LLVMValueRef table) {
  for (int i = 0; i < c->terms; i++) {
    const ContractTerm *t = &c->term[i];
    set_field(e, table, i, TERM_K, t->k);
    set_field(e, table, i, TERM_X, t->x);
    set_field(e, table, i, TERM_XJ, t->xj);
    set_field(e, table, i, TERM_XK, t->xk);
    if (t->xg) set_field(e, table, i, TERM_XG, t->xg);
  }
}

LLVMValueRef contract_table(Emit *e, const Contract *c) {
  LLVMValueRef table = new_table(e, c->terms);
  set_right_sides(e, c, table);
  for (int i = 0; i < c->terms; i++) {
    set_field(e, table, i, TERM_P, c->term[i].p);
    set_field(e, table, i, TERM_LDP, c->term[i].ldp);
  }
  return table;
}

/* --- panels --------------------------------------------------------------------------------------------------------------------- */

/* Rows of P that lie a power of two apart would fight for a few sets of the cache while all columns pass. */
static void copy_panel(Emit *e, const Contract *c, LLVMValueRef first, int vectors) {
  const ContractTerm *t = &c->term[0];
  Loop k = loop_begin(e, int_const(e, 0), t->k, int_const(e, 1), "k");
  LLVMValueRef from = element_pointer(e, t->p, add_i(e, mul_i(e, k.index, t->ldp), first));
  LLVMValueRef to = element_pointer(e, c->scratch, mul_i(e, k.index, int_const(e, (int64_t)vectors * e->widest)));
  for (int v = 0; v < vectors; v++) {
    LLVMValueRef at = int_const(e, (int64_t)v * e->widest);
    store_real(e, load_real(e, e->widest, element_pointer(e, from, at)), element_pointer(e, to, at));
  }
  loop_end(e, &k);
}

/* Where the panel that begins with output `first` begins in a term's P. */
static LLVMValueRef panel_of_term(Emit *e, const ContractTerm *t, LLVMValueRef first, LLVMValueRef wide) {
  LLVMValueRef at = t->packed ? add_i(e, mul_i(e, first, int_const(e, t->depth)), mul_i(e, wide, int_const(e, t->begin))) : first;
  return element_pointer(e, t->p, at);
}

static void set_panel(Emit *e, const Contract *c, LLVMValueRef table, LLVMValueRef first, int vectors) {
  LLVMValueRef wide = int_const(e, (int64_t)vectors * e->widest);
  for (int i = 0; i < c->terms; i++) {
    const ContractTerm *t = &c->term[i];
    set_field(e, table, i, TERM_P, panel_of_term(e, t, first, wide));
    set_field(e, table, i, TERM_LDP, t->packed ? wide : t->ldp);
    set_field(e, table, i, TERM_NEXT, t->packed ? mul_i(e, wide, int_const(e, t->depth)) : wide);
  }
}

static LLVMValueRef table_from(Emit *e, LLVMValueRef table, int term) {
  LLVMValueRef at = int_const(e, (int64_t)term * TERM_FIELDS);
  return LLVMBuildInBoundsGEP2(e->b, e->i64, table, &at, 1, "");
}

typedef struct Piece { /* of a panel: the terms that are summed at once */
  LLVMValueRef panel; /* its first output */
  int from, terms, vectors;
  int64_t last_lanes;
} Piece;

typedef struct Sides {
  LLVMValueRef memory, count;
  LLVMValueRef number, columns; /* of the present one */
} Sides;

enum { CACHE_LINE = 64 };

/* While all sides pass a piece, the next one is fetched: each side fetches a share of it, spread over its tiles. */
static void set_ahead(Emit *e, const Contract *c, const Piece *p, LLVMValueRef table, const Sides *s) {
  const int64_t panel = (int64_t)p->vectors * e->widest;
  LLVMValueRef wide = int_const(e, panel), bytes = int_const(e, panel * e->real_bytes);
  for (int i = 0; i < p->terms; i++) {
    const int next = p->from + i + p->terms;
    const ContractTerm *t = &c->term[next % c->terms];
    LLVMValueRef to = panel_of_term(e, t, next < c->terms ? p->panel : add_i(e, p->panel, wide), wide);
    LLVMValueRef columns = mul_i(e, s->count, max_i(e, s->columns, int_const(e, 1)));
    LLVMValueRef all = mul_i(e, bytes, int_const(e, TILE_COLUMNS)), step = LLVMBuildUDiv(e->b, add_i(e, all, sub_i(e, columns, int_const(e, 1))), columns, "");
    LLVMValueRef share = LLVMBuildUDiv(e->b, mul_i(e, t->k, bytes), s->count, "");
    set_field(e, table, i, TERM_AHEAD, byte_pointer(e, to, mul_i(e, s->number, share)));
    set_field(e, table, i, TERM_STEP, min_i(e, step, int_const(e, CACHE_LINE)));
  }
}

/* `panels` at a time for a single column; 0: one for all columns. */
static void some_panels(Emit *e, const Contract *c, LLVMValueRef table, LLVMValueRef first, int panels, int vectors, int64_t last_lanes) {
  set_panel(e, c, table, first, vectors);
  if (c->scratch && last_lanes == e->widest) {
    copy_panel(e, c, first, vectors);
    set_field(e, table, 0, TERM_P, c->scratch);
    set_field(e, table, 0, TERM_LDP, int_const(e, (int64_t)vectors * e->widest));
  }
  StripCall call = {.panels = panels ? panels : 1, .single = panels > 0, .quads = c->quads, .vectors = vectors, .last_lanes = last_lanes,
                    .c = element_pointer(e, c->c, first), .ldc = c->ldc, .columns = c->columns, .adds = c->adds, .ahead = c->ahead && !panels, .groups = !panels && c->term[0].xg};
  const int together = c->together ? c->together : c->terms;
  for (int i = 0; i < c->terms; i += together) {
    call.table = table_from(e, table, i);
    call.terms = int_const(e, i + together < c->terms ? together : c->terms - i);
    call.add = c->add || i;
    call.adds = i ? NULL : c->adds;
    const Piece piece = {first, i, i + together < c->terms ? together : c->terms - i, vectors, last_lanes};
    if (call.ahead) set_ahead(e, c, &piece, call.table, &(Sides){.count = int_const(e, 1), .number = int_const(e, 0), .columns = c->columns});
    emit_strip(e, &call);
  }
}

/* Panels from ≤ i < to, `together` at a time for a single column; 0: one after the other for all. */
static void full_panels(Emit *e, const Contract *c, LLVMValueRef table, int64_t from, int64_t to, int together) {
  if (from == to) return;
  int vectors = panel_vectors(e);
  Loop l = loop_begin(e, int_const(e, from), int_const(e, to), int_const(e, together ? together : 1), "panel");
  some_panels(e, c, table, mul_i(e, l.index, int_const(e, (int64_t)vectors * e->widest)), together, vectors, e->widest);
  loop_end(e, &l);
}

/* The last panel, of fewer vectors. */
static void last_panel(Emit *e, const Contract *c, LLVMValueRef table, int panels) {
  const int64_t wide = (int64_t)panel_vectors(e) * e->widest, rest = c->width % wide;
  const int vectors = (int)((rest + e->widest - 1) / e->widest);
  if (rest) some_panels(e, c, table, int_const(e, c->width - rest), panels, vectors, rest - (int64_t)(vectors - 1) * e->widest);
}

/* All full panels of a single column: as many at once as there are, so that there are sums enough. */
static void panels_of_column(Emit *e, const Contract *c, LLVMValueRef table, int64_t full) {
  int64_t done = 0;
  for (int together = MOST_PANELS; together; together /= 2) {
    int64_t to = full - (full - done) % together;
    full_panels(e, c, table, done, to, together);
    done = to;
  }
}

/* A single column has code of its own where that may be all there is. */
void emit_contract_panels(Emit *e, const Contract *c) {
  const int64_t full = c->width / ((int64_t)panel_vectors(e) * e->widest);
  LLVMValueRef table = new_table(e, c->terms);
  set_right_sides(e, c, table);
  If several = {0};
  if (c->alone) {
    LLVMValueRef single = LLVMBuildICmp(e->b, LLVMIntEQ, c->columns, int_const(e, 1), "");
    If one = if_begin(e, single);
    panels_of_column(e, c, table, full);
    last_panel(e, c, table, 1);
    if_end(e, &one);
    several = if_begin(e, LLVMBuildNot(e->b, single, ""));
  }
  full_panels(e, c, table, 0, full, 0);
  last_panel(e, c, table, 0);
  if (c->alone) if_end(e, &several);
}

/* --- several right sides ---------------------------------------------------------------------------------------------------------- */

static LLVMValueRef word_at(Emit *e, LLVMValueRef side, int64_t word) {
  LLVMValueRef at = int_const(e, word);
  return LLVMBuildInBoundsGEP2(e->b, e->i64, side, &at, 1, "");
}

void emit_contract_side(Emit *e, const Contract *c, LLVMValueRef side) {
  LLVMBuildStore(e->b, c->columns, word_at(e, side, SIDE_COLUMNS));
  LLVMBuildStore(e->b, c->c, word_at(e, side, SIDE_C));
  set_right_sides(e, c, word_at(e, side, SIDE_TABLE));
}

/* One side after the other against a piece of a panel, which is in the cache from the first of them on. */
static void sides_of_piece(Emit *e, const Contract *c, const Piece *p, Sides s) {
  Contract some = *c;
  some.term += p->from;
  some.terms = p->terms;
  Loop l = loop_begin(e, int_const(e, 0), s.count, int_const(e, 1), "side");
  LLVMValueRef at = mul_i(e, l.index, int_const(e, contract_side_words(c->terms)));
  LLVMValueRef side = LLVMBuildInBoundsGEP2(e->b, e->i64, s.memory, &at, 1, "side"), table = word_at(e, side, SIDE_TABLE + (int64_t)p->from * TERM_FIELDS);
  set_panel(e, &some, table, p->panel, p->vectors);
  LLVMValueRef to = LLVMBuildLoad2(e->b, e->pointer, word_at(e, side, SIDE_C), "");
  s.number = l.index;
  s.columns = LLVMBuildLoad2(e->b, e->i64, word_at(e, side, SIDE_COLUMNS), "");
  if (c->ahead) set_ahead(e, c, p, table, &s);
  const StripCall call = {.panels = 1, .vectors = p->vectors, .last_lanes = p->last_lanes, .table = table, .terms = int_const(e, p->terms),
                          .c = element_pointer(e, to, p->panel), .ldc = c->ldc, .columns = s.columns, .add = p->from > 0, .ahead = c->ahead};
  emit_strip(e, &call);
  loop_end(e, &l);
}

static void sides_of_panel(Emit *e, const Contract *c, LLVMValueRef first, int vectors, int64_t last_lanes, Sides s) {
  const int together = c->together ? c->together : c->terms;
  for (int i = 0; i < c->terms; i += together) {
    const Piece piece = {first, i, i + together < c->terms ? together : c->terms - i, vectors, last_lanes};
    sides_of_piece(e, c, &piece, s);
  }
}

void emit_contract_sides(Emit *e, const Contract *c, LLVMValueRef sides, LLVMValueRef count) {
  const Sides s = {.memory = sides, .count = count};
  const int most = panel_vectors(e);
  const int64_t wide = (int64_t)most * e->widest, full = c->width / wide, rest = c->width % wide;
  if (full) {
    Loop l = loop_begin(e, int_const(e, 0), int_const(e, full), int_const(e, 1), "panel");
    sides_of_panel(e, c, mul_i(e, l.index, int_const(e, wide)), most, e->widest, s);
    loop_end(e, &l);
  }
  const int vectors = (int)((rest + e->widest - 1) / e->widest);
  if (rest) sides_of_panel(e, c, int_const(e, full * wide), vectors, rest - (int64_t)(vectors - 1) * e->widest, s);
}

int panel_vectors(Emit *e) { return e->widest * e->real_bytes >= 64 ? 4 : 2; }
