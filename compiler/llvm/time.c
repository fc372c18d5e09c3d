/* time.c — what looks at other steps: delay lines, ends of the clock, overlap-add, the edge of a history, kept state. */
#include "llvm/emit.h"

/* Copies `count` reals. */
static void copy_reals(Emit *e, LLVMValueRef to, LLVMValueRef from, int64_t count) {
  LLVMBuildMemCpy(e->b, to, (unsigned)e->real_bytes, from, (unsigned)e->real_bytes, int_const(e, count * e->real_bytes));
}

static Block at_step(Block block, int clock, LLVMValueRef step) {
  block.step[clock] = step;
  return block;
}

/* Row i of a node's value. */
static LLVMValueRef place(Emit *e, Ref node, Block block, LLVMValueRef i) {
  View v = {.base = node};
  return element_pointer(e, buffer_pointer(e, node), view_row_offset(e, &v, block, i));
}

static LLVMValueRef length_of(Emit *e, int clock, Block block, LLVMValueRef i) {
  return load_i32(e, e->clock[clock].length, block_row(e, block, i));
}

static LLVMValueRef flag_of(Emit *e, LLVMValueRef flags, Block block, LLVMValueRef i) {
  LLVMValueRef row = block_row(e, block, i), flag = LLVMBuildInBoundsGEP2(e->b, e->i8, flags, &row, 1, "");
  return LLVMBuildICmp(e->b, LLVMIntNE, LLVMBuildLoad2(e->b, e->i8, flag, ""), LLVMConstInt(e->i8, 0, 0), "");
}

/* A row begins before step 0 of this call, or continues what the last chunk kept. */
static LLVMValueRef is_fresh(Emit *e, Block block, LLVMValueRef i) { return flag_of(e, e->fresh, block, i); }

/* The number of the steps that a block is at on clocks other than that of a delay line, all of fixed length. */
static LLVMValueRef other_steps(Emit *e, const PlanItem *item, Block block, int64_t *count) {
  LLVMValueRef number = int_const(e, 0);
  *count = 1;
  for (int k = 0; k < e->plan->clocks; k++) {
    int c = e->plan->order[k];
    if (c == item->clock || !has_clock(item->axes, c)) continue;
    number = add_i(e, mul_i(e, number, int_const(e, e->g->clocks.at[c].length)), block.step[c]);
    *count *= e->g->clocks.at[c].length;
  }
  return number;
}

/* Kept steps lie as [slot][steps of other clocks][row][elements]. */
static LLVMValueRef state_place(Emit *e, const PlanItem *item, int state, int64_t slot, Block block, LLVMValueRef i) {
  int64_t count;
  LLVMValueRef other = other_steps(e, item, block, &count);
  LLVMValueRef at = add_i(e, mul_i(e, add_i(e, int_const(e, slot * count), other), e->rows), block_row(e, block, i));
  return element_pointer(e, table_pointer(e, state), mul_i(e, at, int_const(e, buffer_at(e, item->nodes.at[0])->elements)));
}

/* --- delay lines ---------------------------------------------------------------------------------------------------------- */

/* Row i of the history, element by element (it may be a view, or a number), to memory. */
static void store_history(Emit *e, const PlanItem *item, LLVMValueRef to, Block block, LLVMValueRef i) {
  int64_t elements = buffer_at(e, item->nodes.at[0])->elements;
  if (item->history == NO_REF) {
    zero_fill(e, to, int_const(e, elements));
    return;
  }
  View v = view_of(e->g, item->history);
  LLVMValueRef index[GRAPH_RANK];
  Loop loop = loop_begin(e, int_const(e, 0), int_const(e, elements), int_const(e, 1), "i");
  LLVMValueRef rest = loop.index;
  for (int d = v.rank - 1; d >= 0; d--) {
    LLVMValueRef size = int_const(e, v.size[d]);
    index[d] = d ? LLVMBuildSRem(e->b, rest, size, "") : rest;
    if (d) rest = LLVMBuildSDiv(e->b, rest, size, "");
  }
  store_real(e, view_load(e, &v, block, i, index), element_pointer(e, to, loop.index));
  loop_end(e, &loop);
}

static void front_of_history(Emit *e, const PlanItem *item, Block block, LLVMValueRef i) {
  for (int64_t j = 1; j <= item->front; j++)
    store_history(e, item, place(e, item->nodes.at[0], at_step(block, item->clock, int_const(e, -j)), i), block, i);
}

static void front_of_state(Emit *e, const PlanItem *item, Block block, LLVMValueRef i) {
  Ref x = item->nodes.at[0];
  for (int64_t j = 1; j <= item->front; j++)
    copy_reals(e, place(e, x, at_step(block, item->clock, int_const(e, -j)), i), state_place(e, item, item->state, item->front - j, block, i),
               buffer_at(e, x)->elements);
}

/* Steps -1 … -front: the history for fresh rows, what the last chunk kept for the others. */
static void fill_front(Emit *e, const PlanItem *item, Block block, LLVMValueRef i) {
  if (item->state < 0) {
    front_of_history(e, item, block, i);
    return;
  }
  LLVMValueRef fresh = is_fresh(e, block, i);
  If first = if_begin(e, fresh);
  front_of_history(e, item, block, i);
  if_end(e, &first);
  If later = if_begin(e, LLVMBuildNot(e->b, fresh, ""));
  front_of_state(e, item, block, i);
  if_end(e, &later);
}

/* Step j behind a row's last one. */
static LLVMValueRef place_behind(Emit *e, const PlanItem *item, int64_t j, Block block, LLVMValueRef i) {
  LLVMValueRef length = length_of(e, item->clock, block, i);
  return place(e, item->nodes.at[0], at_step(block, item->clock, add_i(e, length, int_const(e, j))), i);
}

static void back_of_history(Emit *e, const PlanItem *item, Block block, LLVMValueRef i) {
  for (int64_t j = 0; j < item->back; j++) store_history(e, item, place_behind(e, item, j, block, i), block, i);
}

static void back_of_state(Emit *e, const PlanItem *item, Block block, LLVMValueRef i) {
  int64_t elements = buffer_at(e, item->nodes.at[0])->elements;
  for (int64_t j = 0; j < item->back; j++) copy_reals(e, place_behind(e, item, j, block, i), state_place(e, item, item->behind, j, block, i), elements);
}

/* A row's own steps length … length + back - 1: the history where the row ends, what the piece behind it kept where it goes on. */
static void fill_back(Emit *e, const PlanItem *item, Block block, LLVMValueRef i) {
  if (item->behind < 0) {
    back_of_history(e, item, block, i);
    return;
  }
  LLVMValueRef ends = flag_of(e, e->ends, block, i);
  If last = if_begin(e, ends);
  back_of_history(e, item, block, i);
  if_end(e, &last);
  If more = if_begin(e, LLVMBuildNot(e->b, ends, ""));
  back_of_state(e, item, block, i);
  if_end(e, &more);
}

static void history_block(Emit *e, Block block, void *context) {
  const PlanItem *item = context;
  Loop loop = loop_begin(e, int_const(e, 0), block.count, int_const(e, 1), "r");
  if (item->front) fill_front(e, item, block, loop.index);
  if (item->back) fill_back(e, item, block, loop.index);
  loop_end(e, &loop);
}

/* The clocks of a delay line besides the one that it lies along. */
static GraphAxes across(const PlanItem *item) { return item->axes & ~GRAPH_CLOCK(item->clock); }

void emit_history(Emit *e, const PlanItem *item) { for_blocks(e, across(item), false, history_block, (void *)(uintptr_t)item); }

/* The last steps of every row, for the next chunk: step length - j goes to slot front - j. A row shorter than its delay line
 * takes the rest from its own front. Slots are written oldest first and read from x, so nothing is overwritten too soon. */
static void keep_block(Emit *e, Block block, void *context) {
  const PlanItem *item = context;
  Ref x = item->nodes.at[0];
  Loop loop = loop_begin(e, int_const(e, 0), block.count, int_const(e, 1), "r");
  LLVMValueRef length = length_of(e, item->clock, block, loop.index);
  for (int64_t j = 1; j <= item->front; j++) {
    Block late = at_step(block, item->clock, sub_i(e, length, int_const(e, j)));
    copy_reals(e, state_place(e, item, item->state, item->front - j, block, loop.index), place(e, x, late, loop.index), buffer_at(e, x)->elements);
  }
  loop_end(e, &loop);
}

/* The first steps of every row, for the piece before this one. A row shorter than its delay line takes the rest from its own back. */
static void keep_first_block(Emit *e, Block block, void *context) {
  const PlanItem *item = context;
  Ref x = item->nodes.at[0];
  Loop loop = loop_begin(e, int_const(e, 0), block.count, int_const(e, 1), "r");
  for (int64_t j = 0; j < item->back; j++) {
    Block early = at_step(block, item->clock, int_const(e, j));
    copy_reals(e, state_place(e, item, item->behind, j, block, loop.index), place(e, x, early, loop.index), buffer_at(e, x)->elements);
  }
  loop_end(e, &loop);
}

static void keep_items(Emit *e, PlanItem *const *items, int count, bool behind) {
  for (int i = 0; i < count; i++) {
    keep_items(e, items[i]->body.at, items[i]->body.len, behind);
    if (items[i]->kind != PLAN_HISTORY || (behind ? items[i]->behind : items[i]->state) < 0) continue;
    for_blocks(e, across(items[i]), false, behind ? keep_first_block : keep_block, items[i]);
  }
}

bool keeps_state(PlanItem *const *items, int count) {
  for (int i = 0; i < count; i++)
    if ((items[i]->kind == PLAN_HISTORY && (items[i]->state >= 0 || items[i]->behind >= 0)) || keeps_state(items[i]->body.at, items[i]->body.len)) return true;
  return false;
}

/* A sweep has computed nothing that goes backward. */
void emit_keep_state(Emit *e, PlanItem *const *items, int count) {
  if (!keeps_state(items, count)) return;
  If keep = if_begin(e, LLVMBuildICmp(e->b, LLVMIntNE, e->keep_state, int_const(e, 0), ""));
  keep_items(e, items, count, false);
  if (e->sweep) {
    If whole = if_begin(e, LLVMBuildICmp(e->b, LLVMIntEQ, e->sweep, int_const(e, 0), ""));
    keep_items(e, items, count, true);
    if_end(e, &whole);
  }
  if_end(e, &keep);
}

/* --- loops over rows and the elements of a view ----------------------------------------------------------------------------- */

typedef struct Walk {
  View v;
  LLVMValueRef index[GRAPH_RANK];
} Walk;
typedef void WalkBody(Emit *e, Walk *w, LLVMValueRef element, void *context);

/* Visits the elements of a view in row-major order; `element` is the flat number. */
static void walk_dims(Emit *e, Walk *w, int d, LLVMValueRef element, WalkBody *body, void *context) {
  if (d == w->v.rank) {
    body(e, w, element, context);
    return;
  }
  Loop loop = loop_begin(e, int_const(e, 0), int_const(e, w->v.size[d]), int_const(e, 1), "d");
  w->index[d] = loop.index;
  walk_dims(e, w, d + 1, add_i(e, mul_i(e, element, int_const(e, w->v.size[d])), loop.index), body, context);
  loop_end(e, &loop);
}

/* --- at_end and impulse ------------------------------------------------------------------------------------------------------- */

typedef struct End {
  Ref node;
  Walk walk; /* of the operand */
  Block from, to;
  LLVMValueRef row, some; /* some: has the row any step? */
} End;

static LLVMValueRef end_step(Emit *e, const Node *n, LLVMValueRef length) {
  return n->attrs.end ? sub_i(e, length, int_const(e, 1)) : int_const(e, 0);
}

static void end_element(Emit *e, Walk *w, LLVMValueRef element, void *context) {
  End *end = context;
  LLVMValueRef to = element_pointer(e, place(e, end->node, end->to, end->row), element);
  LLVMValueRef value = view_load(e, &w->v, end->from, end->row, w->index);
  store_real(e, LLVMBuildSelect(e->b, end->some, value, real_const(e, 1, 0), ""), to);
}

/* A row with no steps in this chunk gives 0. Nobody counts it, but what is counted 0 times must be a number. */
static void at_end_block(Emit *e, Block block, void *context) {
  End *end = context;
  const Node *n = &e->g->nodes.at[end->node];
  Loop loop = loop_begin(e, int_const(e, 0), block.count, int_const(e, 1), "r");
  LLVMValueRef length = length_of(e, n->attrs.clock, block, loop.index), step = max_i(e, end_step(e, n, length), int_const(e, 0));
  end->some = LLVMBuildICmp(e->b, LLVMIntSGT, length, int_const(e, 0), "");
  end->row = loop.index;
  end->to = block;
  end->from = at_step(block, n->attrs.clock, step);
  walk_dims(e, &end->walk, 0, int_const(e, 0), end_element, end);
  loop_end(e, &loop);
}

void emit_at_end(Emit *e, Ref node) {
  const Node *n = &e->g->nodes.at[node];
  End end = {.node = node, .walk = {.v = view_of(e->g, n->in[0])}};
  for_blocks(e, n->axes, false, at_end_block, &end);
}

static void zero_block(Emit *e, Block block, void *context) {
  Ref node = *(const Ref *)context;
  zero_fill(e, place(e, node, block, int_const(e, 0)), mul_i(e, block.count, int_const(e, buffer_at(e, node)->elements)));
}

static void impulse_block(Emit *e, Block block, void *context) {
  End *end = context;
  const Node *n = &e->g->nodes.at[end->node];
  Loop loop = loop_begin(e, int_const(e, 0), block.count, int_const(e, 1), "r");
  LLVMValueRef length = length_of(e, n->attrs.clock, block, loop.index);
  If some = if_begin(e, LLVMBuildICmp(e->b, LLVMIntSGT, length, int_const(e, 0), ""));
  end->row = loop.index;
  end->some = LLVMConstInt(e->i1, 1, 0);
  end->from = block;
  end->to = at_step(block, n->attrs.clock, end_step(e, n, length));
  walk_dims(e, &end->walk, 0, int_const(e, 0), end_element, end);
  if_end(e, &some);
  loop_end(e, &loop);
}

void emit_impulse(Emit *e, Ref node) {
  const Node *n = &e->g->nodes.at[node];
  End end = {.node = node, .walk = {.v = view_of(e->g, n->in[0])}};
  for_blocks(e, n->axes, true, zero_block, &node);
  for_blocks(e, n->axes & ~GRAPH_CLOCK(n->attrs.clock), false, impulse_block, &end);
}

/* --- overlap: out[t] = Σ_j x[t - offset - j·stride][j], with zeros around x ----------------------------------------------------- */

typedef struct Overlap {
  Ref node;
  View x;
  Block block;
  LLVMValueRef row;
} Overlap;

static void overlap_element(Emit *e, Walk *w, LLVMValueRef element, void *context) {
  Overlap *o = context;
  const Node *n = &e->g->nodes.at[o->node];
  const Node *x = &e->g->nodes.at[n->in[0]];
  int64_t inner = buffer_at(e, o->node)->elements;
  (void)w;
  LLVMValueRef sum = real_const(e, 1, 0);
  for (int64_t j = 0; j < x->shape.dim[0]; j++) {
    View v = {.base = n->in[0], .clock = n->attrs.clock, .step = -n->attrs.offset - j * n->attrs.stride, .offset = j * inner};
    LLVMValueRef at = add_i(e, view_row_offset(e, &v, o->block, o->row), element);
    sum = LLVMBuildFAdd(e->b, sum, load_real(e, 1, element_pointer(e, buffer_pointer(e, n->in[0]), at)), "");
  }
  View out = view_of(e->g, o->node);
  LLVMValueRef at = add_i(e, view_row_offset(e, &out, o->block, o->row), element);
  store_real(e, sum, element_pointer(e, buffer_pointer(e, o->node), at));
}

static void overlap_block(Emit *e, Block block, void *context) {
  Overlap *o = context;
  o->block = block;
  Loop loop = loop_begin(e, int_const(e, 0), block.count, int_const(e, 1), "r");
  o->row = loop.index;
  Walk w = {.v = view_of(e->g, o->node)};
  walk_dims(e, &w, 0, int_const(e, 0), overlap_element, o);
  loop_end(e, &loop);
}

void emit_overlap(Emit *e, Ref node) {
  Overlap o = {.node = node};
  for_blocks(e, e->g->nodes.at[node].axes, true, overlap_block, &o);
}

/* --- edge: Σ over the steps whose read falls off the sequence --------------------------------------------------------------------- */

typedef struct Edge {
  Ref node;
  Block block; /* of the result */
  LLVMValueRef row, step, tap;
} Edge;

static void edge_element(Emit *e, Walk *w, LLVMValueRef element, void *context) {
  Edge *g = context;
  const Node *n = &e->g->nodes.at[g->node];
  LLVMValueRef index[GRAPH_RANK];
  View x = view_of(e->g, n->in[0]);
  int shift = n->attrs.windowed ? 1 : 0;
  if (shift) index[0] = g->tap;
  for (int d = 0; d < w->v.rank; d++) index[d + shift] = w->index[d];
  LLVMValueRef to = element_pointer(e, place(e, g->node, g->block, g->row), element);
  LLVMValueRef more = view_load(e, &x, at_step(g->block, n->attrs.clock, g->step), g->row, index);
  store_real(e, LLVMBuildFAdd(e->b, load_real(e, 1, to), more, ""), to);
}

/* Steps from ≤ t < to of one tap are added to the row's sum. */
static void edge_steps(Emit *e, Edge *g, LLVMValueRef from, LLVMValueRef to) {
  Loop loop = loop_begin(e, from, to, int_const(e, 1), "t");
  g->step = loop.index;
  Walk w = {.v = view_of(e->g, g->node)};
  walk_dims(e, &w, 0, int_const(e, 0), edge_element, g);
  loop_end(e, &loop);
}

/* Reading k steps back falls off before step k of a fresh row, which may be in a later piece than its first; reading k ahead, in the last
 * k steps. A clock of fixed length is never cut into chunks. */
static void edge_tap(Emit *e, Edge *g, int64_t offset) {
  int clock = e->g->nodes.at[g->node].attrs.clock;
  LLVMValueRef length = length_of(e, clock, g->block, g->row), zero = int_const(e, 0);
  if (offset > 0) edge_steps(e, g, max_i(e, sub_i(e, length, int_const(e, offset)), zero), length);
  if (offset >= 0) return;
  If first = {0};
  bool chunked = !e->g->clocks.at[clock].length;
  if (chunked && e->since) {
    LLVMValueRef since = load_i32(e, e->since, block_row(e, g->block, g->row));
    edge_steps(e, g, zero, min_i(e, length, sub_i(e, int_const(e, -offset), since)));
    return;
  }
  if (chunked) first = if_begin(e, is_fresh(e, g->block, g->row));
  edge_steps(e, g, zero, min_i(e, length, int_const(e, -offset)));
  if (chunked) if_end(e, &first);
}

static void edge_block(Emit *e, Block block, void *context) {
  Edge *g = context;
  const Node *n = &e->g->nodes.at[g->node];
  int64_t taps = n->attrs.windowed ? e->g->nodes.at[n->in[0]].shape.dim[0] : 1;
  g->block = block;
  Loop loop = loop_begin(e, int_const(e, 0), block.count, int_const(e, 1), "r");
  g->row = loop.index;
  for (int64_t j = 0; j < taps; j++) {
    g->tap = int_const(e, j);
    edge_tap(e, g, n->attrs.offset + j * n->attrs.stride);
  }
  loop_end(e, &loop);
}

void emit_edge(Emit *e, Ref node) {
  const Node *n = &e->g->nodes.at[node];
  Edge g = {.node = node};
  for_blocks(e, n->axes, true, zero_block, &node);
  for_blocks(e, n->axes, false, edge_block, &g);
}
