/* child.c — CHILD: rows that come from the step which the data name: a tree's nodes read their children, their adjoints the
 * parent's. What is not there is the history. */
#include "llvm/emit.h"

typedef struct Child {
  Ref node;
  View history, index;
  Block block;
  LLVMValueRef row, to; /* to: where the row's value goes */
} Child;

/* Row i of an owner's value at a step of the block. */
static LLVMValueRef row_place(Emit *e, Ref owner, Block block, LLVMValueRef i) {
  View v = {.base = owner};
  return element_pointer(e, buffer_pointer(e, owner), view_row_offset(e, &v, block, i));
}

/* The history, element by element: it may be a view, or a number. */
static void store_history(Emit *e, Child *c, int d, LLVMValueRef element, LLVMValueRef *index) {
  if (d == c->history.rank) {
    store_real(e, view_load(e, &c->history, c->block, c->row, index), element_pointer(e, c->to, element));
    return;
  }
  LLVMValueRef size = int_const(e, c->history.size[d]);
  Loop loop = loop_begin(e, int_const(e, 0), size, int_const(e, 1), "d");
  index[d] = loop.index;
  store_history(e, c, d + 1, add_i(e, mul_i(e, element, size), loop.index), index);
  loop_end(e, &loop);
}

static void copy_step(Emit *e, const Child *c, LLVMValueRef step) {
  const Node *n = &e->g->nodes.at[c->node];
  Block from = c->block;
  from.step[n->attrs.clock] = step;
  LLVMValueRef bytes = int_const(e, buffer_at(e, c->node)->elements * e->real_bytes);
  LLVMBuildMemCpy(e->b, c->to, (unsigned)e->real_bytes, row_place(e, n->in[0], from, c->row), (unsigned)e->real_bytes, bytes);
}

/* Whatever the data say, only a step that the row has is read. */
static LLVMValueRef is_step(Emit *e, const Child *c, LLVMValueRef number) {
  LLVMValueRef length = load_i32(e, e->clock[e->g->nodes.at[c->node].attrs.clock].length, block_row(e, c->block, c->row));
  LLVMValueRef begun = LLVMBuildFCmp(e->b, LLVMRealOGE, number, real_const(e, 1, 0), "");
  LLVMValueRef before_end = LLVMBuildFCmp(e->b, LLVMRealOLT, number, LLVMBuildSIToFP(e->b, length, e->real, ""), "");
  return LLVMBuildAnd(e->b, begun, before_end, "there");
}

static void child_row(Emit *e, Child *c) {
  LLVMValueRef index[GRAPH_RANK] = {0}, number = view_load(e, &c->index, c->block, c->row, index);
  LLVMValueRef there = is_step(e, c, number);
  c->to = row_place(e, c->node, c->block, c->row);
  If some = if_begin(e, there);
  copy_step(e, c, LLVMBuildFPToSI(e->b, number, e->i64, "step"));
  if_end(e, &some);
  If none = if_begin(e, LLVMBuildNot(e->b, there, ""));
  store_history(e, c, 0, int_const(e, 0), index);
  if_end(e, &none);
}

static void child_block(Emit *e, Block block, void *context) {
  Child *c = context;
  c->block = block;
  Loop loop = loop_begin(e, int_const(e, 0), block.count, int_const(e, 1), "r");
  c->row = loop.index;
  child_row(e, c);
  loop_end(e, &loop);
}

void emit_child(Emit *e, Ref node) {
  const Node *n = &e->g->nodes.at[node];
  Child c = {.node = node, .history = view_of(e->g, n->in[1]), .index = view_of(e->g, n->in[2])};
  for_blocks(e, n->axes, false, child_block, &c);
}
