/* child.c — rows that come from steps which the data name: a tree's nodes read their children, their adjoints the parent's. What is
 * not there is the history (CHILD) or 0. */
#include "llvm/emit.h"

typedef struct Child {
  Ref node;
  View history, index; /* history: CHILD only */
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
  const Node *n = &e->g->nodes.at[c->node];
  LLVMValueRef index[GRAPH_RANK] = {0}, number = view_load(e, &c->index, c->block, c->row, index);
  LLVMValueRef there = is_step(e, c, number);
  c->to = row_place(e, c->node, c->block, c->row);
  If some = if_begin(e, there);
  copy_step(e, c, LLVMBuildFPToSI(e->b, number, e->i64, "step"));
  if_end(e, &some);
  If none = if_begin(e, LLVMBuildNot(e->b, there, ""));
  if (n->op == OP_CHILD) store_history(e, c, 0, int_const(e, 0), index);
  else zero_fill(e, c->to, int_const(e, buffer_at(e, c->node)->elements));
  if_end(e, &none);
}

/* --- all children ------------------------------------------------------------------------------------------------------------ */

static LLVMValueRef next_of(Emit *e, const Child *c, LLVMValueRef step) {
  const Node *n = &e->g->nodes.at[c->node];
  const View next = view_of(e->g, n->in[2]);
  LLVMValueRef index[GRAPH_RANK] = {0};
  Block at = c->block;
  at.step[n->attrs.clock] = step;
  return view_load(e, &next, at, c->row, index);
}

/* y[d] = y[d] op x[d] for from <= d < to, `width` at a time. */
static void combine(Emit *e, const Child *c, LLVMValueRef x, int64_t from, int64_t to, int width) {
  const Node op = {.op = e->g->nodes.at[c->node].op == OP_CHILDREN_SUM ? OP_ADD : OP_MAX};
  Loop loop = loop_begin(e, int_const(e, from), int_const(e, to), int_const(e, width), "d");
  LLVMValueRef y = element_pointer(e, c->to, loop.index);
  LLVMValueRef in[] = {load_real(e, width, y), load_real(e, width, element_pointer(e, x, loop.index))};
  store_real(e, emit_elementwise(e, &op, width, in), y);
  loop_end(e, &loop);
}

static void combine_step(Emit *e, const Child *c, LLVMValueRef step) {
  const Node *n = &e->g->nodes.at[c->node];
  const int64_t count = buffer_at(e, c->node)->elements;
  int width = e->widest;
  while (width > count) width /= 2;
  Block from = c->block;
  from.step[n->attrs.clock] = step;
  LLVMValueRef x = row_place(e, n->in[0], from, c->row);
  const int64_t whole = width ? count / width * width : 0;
  if (whole) combine(e, c, x, 0, whole, width);
  if (whole < count) combine(e, c, x, whole, count, 1);
}

static LLVMBasicBlockRef block_after(Emit *e, const char *name) {
  return LLVMAppendBasicBlockInContext(e->context, LLVMGetBasicBlockParent(LLVMGetInsertBlock(e->b)), name);
}

/* while there is a next sibling: combine. */
static void other_children(Emit *e, const Child *c, LLVMValueRef first) {
  LLVMBasicBlockRef before = LLVMGetInsertBlock(e->b), body = block_after(e, "sibling"), end = block_after(e, "siblings");
  LLVMValueRef number = next_of(e, c, first);
  LLVMBuildCondBr(e->b, is_step(e, c, number), body, end);
  LLVMPositionBuilderAtEnd(e->b, body);
  LLVMValueRef at = LLVMBuildPhi(e->b, e->real, "child"), step = LLVMBuildFPToSI(e->b, at, e->i64, "step");
  combine_step(e, c, step);
  LLVMValueRef next = next_of(e, c, step);
  LLVMBasicBlockRef last = LLVMGetInsertBlock(e->b);
  LLVMBuildCondBr(e->b, is_step(e, c, next), body, end);
  LLVMAddIncoming(at, (LLVMValueRef[]){number, next}, (LLVMBasicBlockRef[]){before, last}, 2);
  LLVMPositionBuilderAtEnd(e->b, end);
}

/* --- shares of children ------------------------------------------------------------------------------------------------------- */

/* Σ v exp(s − m), Σ exp(s − m) and the largest m of the children so far. */
typedef struct Mix {
  LLVMValueRef largest, total, sum;
} Mix;

/* Scores and values of a child from element d on. */
static void scores_and_values(Emit *e, const Child *c, LLVMValueRef step, LLVMValueRef d, int width, LLVMValueRef *out) {
  const Node *n = &e->g->nodes.at[c->node];
  Block from = c->block;
  from.step[n->attrs.clock] = step;
  LLVMValueRef x = row_place(e, n->in[0], from, c->row), values = int_const(e, buffer_at(e, c->node)->elements);
  out[0] = load_real(e, width, element_pointer(e, x, d));
  out[1] = load_real(e, width, element_pointer(e, x, add_i(e, values, d)));
}

/* One child more: what was summed so far is scaled to the new largest score. */
static Mix mix_in(Emit *e, Mix m, int width, LLVMValueRef s, LLVMValueRef v) {
  const Node max = {.op = OP_MAX};
  LLVMValueRef largest = emit_elementwise(e, &max, width, (LLVMValueRef[]){m.largest, s});
  LLVMValueRef before = math_exp(e, width, LLVMBuildFSub(e->b, m.largest, largest, ""));
  LLVMValueRef here = math_exp(e, width, LLVMBuildFSub(e->b, s, largest, ""));
  LLVMValueRef total = LLVMBuildFAdd(e->b, LLVMBuildFMul(e->b, m.total, before, ""), here, "");
  LLVMValueRef sum = LLVMBuildFAdd(e->b, LLVMBuildFMul(e->b, m.sum, before, ""), LLVMBuildFMul(e->b, v, here, ""), "");
  return (Mix){largest, total, sum};
}

static LLVMValueRef phi_of(Emit *e, LLVMValueRef first, LLVMBasicBlockRef from) {
  LLVMValueRef phi = LLVMBuildPhi(e->b, LLVMTypeOf(first), "");
  LLVMAddIncoming(phi, &first, &from, 1);
  return phi;
}

/* `width` elements from d on, over the list of siblings. */
static void mix_elements(Emit *e, const Child *c, LLVMValueRef first, LLVMValueRef d, int width) {
  LLVMValueRef x[2];
  scores_and_values(e, c, first, d, width, x);
  const Mix one = {x[0], real_const(e, width, 1), x[1]};
  LLVMValueRef number = next_of(e, c, first), more = is_step(e, c, number);
  LLVMBasicBlockRef before = LLVMGetInsertBlock(e->b), body = block_after(e, "sibling"), end = block_after(e, "siblings");
  LLVMBuildCondBr(e->b, more, body, end);
  LLVMPositionBuilderAtEnd(e->b, body);
  LLVMValueRef at = phi_of(e, number, before);
  const Mix so_far = {phi_of(e, one.largest, before), phi_of(e, one.total, before), phi_of(e, one.sum, before)};
  LLVMValueRef step = LLVMBuildFPToSI(e->b, at, e->i64, "step");
  scores_and_values(e, c, step, d, width, x);
  Mix mixed = mix_in(e, so_far, width, x[0], x[1]);
  LLVMValueRef next = next_of(e, c, step), again = is_step(e, c, next);
  LLVMBasicBlockRef last = LLVMGetInsertBlock(e->b);
  LLVMBuildCondBr(e->b, again, body, end);
  LLVMValueRef phis[] = {at, so_far.largest, so_far.total, so_far.sum}, from_last[] = {next, mixed.largest, mixed.total, mixed.sum};
  for (int i = 0; i < 4; i++) LLVMAddIncoming(phis[i], &from_last[i], &last, 1);
  LLVMPositionBuilderAtEnd(e->b, end);
  LLVMValueRef total = phi_of(e, one.total, before), sum = phi_of(e, one.sum, before);
  LLVMAddIncoming(total, &mixed.total, &last, 1);
  LLVMAddIncoming(sum, &mixed.sum, &last, 1);
  store_real(e, LLVMBuildFDiv(e->b, sum, total, ""), element_pointer(e, c->to, d));
}

static void mix_range(Emit *e, const Child *c, LLVMValueRef first, int64_t from, int64_t to, int width) {
  Loop loop = loop_begin(e, int_const(e, from), int_const(e, to), int_const(e, width), "d");
  mix_elements(e, c, first, loop.index, width);
  loop_end(e, &loop);
}

static void mix_children(Emit *e, const Child *c, LLVMValueRef first) {
  const int64_t count = buffer_at(e, c->node)->elements;
  int width = e->widest;
  while (width > 1 && width > count) width /= 2;
  const int64_t whole = count / width * width;
  if (whole) mix_range(e, c, first, 0, whole, width);
  if (whole < count) mix_range(e, c, first, whole, count, 1);
}

/* The first child is copied, the others are added to it. */
static void children_row(Emit *e, Child *c) {
  LLVMValueRef index[GRAPH_RANK] = {0}, number = view_load(e, &c->index, c->block, c->row, index);
  LLVMValueRef there = is_step(e, c, number);
  c->to = row_place(e, c->node, c->block, c->row);
  If none = if_begin(e, LLVMBuildNot(e->b, there, ""));
  zero_fill(e, c->to, int_const(e, buffer_at(e, c->node)->elements));
  if_end(e, &none);
  If some = if_begin(e, there);
  LLVMValueRef first = LLVMBuildFPToSI(e->b, number, e->i64, "step");
  if (e->g->nodes.at[c->node].op == OP_CHILDREN_MIX) mix_children(e, c, first);
  else {
    copy_step(e, c, first);
    other_children(e, c, first);
  }
  if_end(e, &some);
}

/* --- rows -------------------------------------------------------------------------------------------------------------------- */

static void child_block(Emit *e, Block block, void *context) {
  Child *c = context;
  const Op op = e->g->nodes.at[c->node].op;
  c->block = block;
  Loop loop = loop_begin(e, int_const(e, 0), block.count, int_const(e, 1), "r");
  c->row = loop.index;
  if (op == OP_CHILD || op == OP_PARENT) child_row(e, c);
  else children_row(e, c);
  loop_end(e, &loop);
}

void emit_child(Emit *e, Ref node) {
  const Node *n = &e->g->nodes.at[node];
  Child c = {.node = node, .history = view_of(e->g, n->in[1]), .index = view_of(e->g, n->in[2])};
  for_blocks(e, n->axes, false, child_block, &c);
}

void emit_children(Emit *e, Ref node) {
  const Node *n = &e->g->nodes.at[node];
  Child c = {.node = node, .index = view_of(e->g, n->in[1])};
  for_blocks(e, n->axes, false, child_block, &c);
}

void emit_parent(Emit *e, Ref node) {
  const Node *n = &e->g->nodes.at[node];
  Child c = {.node = node, .index = view_of(e->g, n->in[3])};
  for_blocks(e, n->axes, false, child_block, &c);
}
