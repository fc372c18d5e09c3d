/* embed.c — EMBED and EMBED_ADD: a row of a table at a place that the data name, and adding to one. Steps and rows come in the same order
 * whatever else happens, so sums have the same bits. */
#include "llvm/emit.h"

typedef struct Lookup {
  Ref node;
  View many, few, x; /* what has the dim, what has not, the place */
  LLVMValueRef to;   /* EMBED: where the row's value goes; EMBED_ADD: the whole sum */
  Block block;
  LLVMValueRef row, place;
} Lookup;

static bool is_embed(Emit *e, const Lookup *l) { return e->g->nodes.at[l->node].op == OP_EMBED; }

/* table[… place …] to element `element`. */
static void look_up(Emit *e, const Lookup *l, LLVMValueRef element, LLVMValueRef *index) {
  const int dim = e->g->nodes.at[l->node].attrs.dim;
  LLVMValueRef at[GRAPH_RANK + 1];
  for (int i = 0; i < l->many.rank; i++) at[i] = i == dim ? l->place : index[i - (i > dim)];
  store_real(e, view_load(e, &l->many, l->block, l->row, at), element_pointer(e, l->to, element));
}

static void add_up(Emit *e, const Lookup *l, LLVMValueRef *index) {
  const int dim = e->g->nodes.at[l->node].attrs.dim;
  LLVMValueRef element = int_const(e, 0);
  for (int i = 0; i < l->many.rank; i++)
    element = add_i(e, mul_i(e, element, int_const(e, l->many.size[i])), i == dim ? l->place : index[i - (i > dim)]);
  LLVMValueRef y = element_pointer(e, l->to, element), d = view_load(e, &l->few, l->block, l->row, index);
  store_real(e, LLVMBuildFAdd(e->b, load_real(e, 1, y), d, ""), y);
}

static void each_element(Emit *e, const Lookup *l, int d, LLVMValueRef element, LLVMValueRef *index) {
  if (d == l->few.rank) {
    if (is_embed(e, l)) look_up(e, l, element, index);
    else add_up(e, l, index);
    return;
  }
  LLVMValueRef size = int_const(e, l->few.size[d]);
  Loop loop = loop_begin(e, int_const(e, 0), size, int_const(e, 1), "d");
  index[d] = loop.index;
  each_element(e, l, d + 1, add_i(e, mul_i(e, element, size), loop.index), index);
  loop_end(e, &loop);
}

/* Is x a whole number below the size? Sets the place: some place where it is none. */
static LLVMValueRef is_place(Emit *e, Lookup *l, LLVMValueRef x) {
  LLVMValueRef size = real_const(e, 1, (double)l->many.size[e->g->nodes.at[l->node].attrs.dim]), zero = real_const(e, 1, 0);
  LLVMValueRef inside = LLVMBuildAnd(e->b, LLVMBuildFCmp(e->b, LLVMRealOGE, x, zero, ""), LLVMBuildFCmp(e->b, LLVMRealOLT, x, size, ""), "");
  LLVMValueRef safe = LLVMBuildSelect(e->b, inside, x, zero, "");
  l->place = LLVMBuildFPToSI(e->b, safe, e->i64, "place");
  LLVMValueRef whole = LLVMBuildFCmp(e->b, LLVMRealOEQ, LLVMBuildSIToFP(e->b, l->place, e->real, ""), x, "");
  return LLVMBuildAnd(e->b, inside, whole, "there");
}

static void lookup_row(Emit *e, Lookup *l) {
  LLVMValueRef index[GRAPH_RANK + 1] = {0}, x = view_load(e, &l->x, l->block, l->row, index), there = is_place(e, l, x);
  if (is_embed(e, l)) l->to = element_pointer(e, buffer_pointer(e, l->node), view_row_offset(e, &l->few, l->block, l->row));
  If some = if_begin(e, there);
  each_element(e, l, 0, int_const(e, 0), index);
  if_end(e, &some);
  if (!is_embed(e, l)) return;
  If none = if_begin(e, LLVMBuildNot(e->b, there, ""));
  zero_fill(e, l->to, int_const(e, buffer_at(e, l->node)->elements));
  if_end(e, &none);
}

static void lookup_block(Emit *e, Block block, void *context) {
  Lookup *l = context;
  l->block = block;
  Loop loop = loop_begin(e, int_const(e, 0), block.count, int_const(e, 1), "r");
  l->row = loop.index;
  lookup_row(e, l);
  loop_end(e, &loop);
}

void emit_embed(Emit *e, Ref node) {
  const Node *n = &e->g->nodes.at[node];
  Lookup l = {.node = node, .many = view_of(e->g, n->in[0]), .few = view_of(e->g, node), .x = view_of(e->g, n->in[1])};
  for_blocks(e, n->axes, false, lookup_block, &l);
}

void emit_embed_add(Emit *e, Ref node) {
  const Node *n = &e->g->nodes.at[node];
  Lookup l = {.node = node, .many = view_of(e->g, node), .few = view_of(e->g, n->in[0]), .x = view_of(e->g, n->in[1])};
  l.to = buffer_pointer(e, node);
  zero_fill(e, l.to, int_const(e, buffer_at(e, node)->elements));
  for_blocks(e, n->attrs.over, false, lookup_block, &l);
}
