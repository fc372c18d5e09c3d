/* gather.c — GATHER and SCATTER: elements that come from, or go to, the place that an index names. Delays of one's own for every
 * connection are this, on a window of the past. */
#include "llvm/emit.h"
#include <string.h>

typedef struct Gather {
  Ref node;
  View from, index; /* from: what is moved */
  View places;      /* what the index names the first dim of: GATHER from, SCATTER the result */
  View out;
  bool adds;        /* SCATTER */
  Block block;
  LLVMValueRef row, at[GRAPH_RANK]; /* at: the index's dims */
} Gather;

/* As gather_place() of the interpreter has it: a place that is not there is the nearest, and not a number the first. */
static LLVMValueRef place_of(Emit *e, const Gather *g, LLVMValueRef index) {
  const Node *n = &e->g->nodes.at[g->node];
  LLVMValueRef first = real_const(e, 1, (double)n->attrs.begin), last = real_const(e, 1, (double)(n->attrs.begin + g->places.size[0] - 1));
  LLVMValueRef low = LLVMBuildSelect(e->b, LLVMBuildFCmp(e->b, LLVMRealOGE, index, first, ""), index, first, "");
  LLVMValueRef near = LLVMBuildSelect(e->b, LLVMBuildFCmp(e->b, LLVMRealOLE, low, last, ""), low, last, "");
  return LLVMBuildFPToSI(e->b, LLVMBuildFSub(e->b, near, first, ""), e->i64, "place");
}

/* [place] ++ the last of the index's dims */
static void named_place(Emit *e, const Gather *g, LLVMValueRef *to) {
  const int shift = g->index.rank - (g->places.rank - 1);
  LLVMValueRef at[GRAPH_RANK];
  memcpy(at, g->at, sizeof at);
  to[0] = place_of(e, g, view_load(e, &g->index, g->block, g->row, at));
  for (int d = 1; d < g->places.rank; d++) to[d] = g->at[shift + d - 1];
}

static LLVMValueRef place_in_result(Emit *e, const Gather *g, LLVMValueRef *at) {
  LLVMValueRef offset = view_row_offset(e, &g->out, g->block, g->row);
  for (int d = 0; d < g->out.rank; d++) offset = add_i(e, offset, mul_i(e, at[d], int_const(e, g->out.stride[d])));
  return element_pointer(e, buffer_pointer(e, g->node), offset);
}

static void move_element(Emit *e, Gather *g) {
  LLVMValueRef named[GRAPH_RANK];
  named_place(e, g, named);
  LLVMValueRef to = place_in_result(e, g, g->adds ? named : g->at);
  LLVMValueRef value = view_load(e, &g->from, g->block, g->row, g->adds ? g->at : named);
  store_real(e, g->adds ? LLVMBuildFAdd(e->b, load_real(e, 1, to), value, "") : value, to);
}

static void move_dims(Emit *e, Gather *g, int d) {
  if (d == g->index.rank) {
    move_element(e, g);
    return;
  }
  Loop loop = loop_begin(e, int_const(e, 0), int_const(e, g->index.size[d]), int_const(e, 1), "d");
  g->at[d] = loop.index;
  move_dims(e, g, d + 1);
  loop_end(e, &loop);
}

static void move_block(Emit *e, Block block, void *context) {
  Gather *g = context;
  g->block = block;
  Loop loop = loop_begin(e, int_const(e, 0), block.count, int_const(e, 1), "r");
  g->row = loop.index;
  if (g->adds) {
    LLVMValueRef begin = element_pointer(e, buffer_pointer(e, g->node), view_row_offset(e, &g->out, block, loop.index));
    zero_fill(e, begin, int_const(e, sizes_count(e->g->nodes.at[g->node].shape)));
  }
  move_dims(e, g, 0);
  loop_end(e, &loop);
}

static void emit_moved(Emit *e, Ref node, bool adds) {
  const Node *n = &e->g->nodes.at[node];
  Gather g = {.node = node, .adds = adds, .from = view_of(e->g, n->in[0]), .index = view_of(e->g, n->in[1]), .out = view_of(e->g, node)};
  g.places = adds ? g.out : g.from;
  for_blocks(e, n->axes, false, move_block, &g);
}

void emit_gather(Emit *e, Ref node) { emit_moved(e, node, false); }
void emit_scatter(Emit *e, Ref node) { emit_moved(e, node, true); }
