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

typedef void CountedBody(Emit *e, LLVMValueRef j, void *context);

enum { UNROLLED_STEPS = 8 };

/* j = from … to - 1, in ascending order. A delay may be of thousands of steps: more than a few are a loop. */
static void count_steps(Emit *e, int64_t from, int64_t to, CountedBody *body, void *context) {
  for (int64_t j = from; j < to && to - from <= UNROLLED_STEPS; j++) body(e, int_const(e, j), context);
  if (to - from <= UNROLLED_STEPS) return;
  Loop loop = loop_begin(e, int_const(e, from), int_const(e, to), int_const(e, 1), "j");
  body(e, loop.index, context);
  loop_end(e, &loop);
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
static LLVMValueRef state_place(Emit *e, const PlanItem *item, int state, LLVMValueRef slot, Block block, LLVMValueRef i) {
  int64_t count;
  LLVMValueRef other = other_steps(e, item, block, &count);
  LLVMValueRef at = add_i(e, mul_i(e, add_i(e, mul_i(e, slot, int_const(e, count)), other), e->rows), block_row(e, block, i));
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

/* One row's delay line. */
typedef struct Line {
  const PlanItem *item;
  Block block;
  LLVMValueRef row, length; /* length: of the row, where steps are counted from its end */
} Line;

/* Row `l->row` at a step of the line's clock. */
static LLVMValueRef line_at(Emit *e, const Line *l, LLVMValueRef step) {
  return place(e, l->item->nodes.at[0], at_step(l->block, l->item->clock, step), l->row);
}

static void copy_step(Emit *e, const Line *l, LLVMValueRef to, LLVMValueRef from) {
  copy_reals(e, to, from, buffer_at(e, l->item->nodes.at[0])->elements);
}

/* Where step -j of the next chunk is kept. */
static LLVMValueRef kept_before(Emit *e, const Line *l, LLVMValueRef j) {
  return state_place(e, l->item, l->item->state, sub_i(e, int_const(e, l->item->front), j), l->block, l->row);
}

/* Where step length + j of the piece before is kept. */
static LLVMValueRef kept_behind(Emit *e, const Line *l, LLVMValueRef j) { return state_place(e, l->item, l->item->behind, j, l->block, l->row); }

static void history_before(Emit *e, LLVMValueRef j, void *line) {
  const Line *l = line;
  store_history(e, l->item, line_at(e, l, sub_i(e, int_const(e, 0), j)), l->block, l->row);
}

static void state_before(Emit *e, LLVMValueRef j, void *line) {
  copy_step(e, line, line_at(e, line, sub_i(e, int_const(e, 0), j)), kept_before(e, line, j));
}

/* Steps -1 … -front: the history for fresh rows, what the last chunk kept for the others. */
static void fill_front(Emit *e, Line *l) {
  const int64_t end = l->item->front + 1;
  if (l->item->state < 0) {
    count_steps(e, 1, end, history_before, l);
    return;
  }
  LLVMValueRef fresh = is_fresh(e, l->block, l->row);
  If first = if_begin(e, fresh);
  count_steps(e, 1, end, history_before, l);
  if_end(e, &first);
  If later = if_begin(e, LLVMBuildNot(e->b, fresh, ""));
  count_steps(e, 1, end, state_before, l);
  if_end(e, &later);
}

static void history_behind(Emit *e, LLVMValueRef j, void *line) {
  const Line *l = line;
  store_history(e, l->item, line_at(e, l, add_i(e, l->length, j)), l->block, l->row);
}

static void state_behind(Emit *e, LLVMValueRef j, void *line) {
  const Line *l = line;
  copy_step(e, l, line_at(e, l, add_i(e, l->length, j)), kept_behind(e, l, j));
}

/* A row's own steps length … length + back - 1: the history where the row ends, what the piece behind it kept where it goes on. */
static void fill_back(Emit *e, Line *l) {
  l->length = length_of(e, l->item->clock, l->block, l->row);
  if (l->item->behind < 0) {
    count_steps(e, 0, l->item->back, history_behind, l);
    return;
  }
  LLVMValueRef ends = flag_of(e, e->ends, l->block, l->row);
  If last = if_begin(e, ends);
  count_steps(e, 0, l->item->back, history_behind, l);
  if_end(e, &last);
  If more = if_begin(e, LLVMBuildNot(e->b, ends, ""));
  count_steps(e, 0, l->item->back, state_behind, l);
  if_end(e, &more);
}

static void history_block(Emit *e, Block block, void *context) {
  const PlanItem *item = context;
  Loop loop = loop_begin(e, int_const(e, 0), block.count, int_const(e, 1), "r");
  Line line = {item, block, loop.index, NULL};
  if (item->front) fill_front(e, &line);
  if (item->back) fill_back(e, &line);
  loop_end(e, &loop);
}

/* The clocks of a delay line besides the one that it lies along. */
static GraphAxes across(const PlanItem *item) { return item->axes & ~GRAPH_CLOCK(item->clock); }

void emit_history(Emit *e, const PlanItem *item) { for_blocks(e, across(item), false, history_block, (void *)(uintptr_t)item); }

static void keep_last(Emit *e, LLVMValueRef j, void *line) {
  const Line *l = line;
  copy_step(e, l, kept_before(e, l, j), line_at(e, l, sub_i(e, l->length, j)));
}

/* The last steps of every row, for the next chunk: step length - j goes to slot front - j. A row shorter than its delay line
 * takes the rest from its own front. Slots are written oldest first and read from x, so nothing is overwritten too soon. */
static void keep_block(Emit *e, Block block, void *context) {
  const PlanItem *item = context;
  Loop loop = loop_begin(e, int_const(e, 0), block.count, int_const(e, 1), "r");
  Line line = {item, block, loop.index, length_of(e, item->clock, block, loop.index)};
  count_steps(e, 1, item->front + 1, keep_last, &line);
  loop_end(e, &loop);
}

static void keep_first(Emit *e, LLVMValueRef j, void *line) { copy_step(e, line, kept_behind(e, line, j), line_at(e, line, j)); }

/* The first steps of every row, for the piece before this one. A row shorter than its delay line takes the rest from its own back. */
static void keep_first_block(Emit *e, Block block, void *context) {
  const PlanItem *item = context;
  Loop loop = loop_begin(e, int_const(e, 0), block.count, int_const(e, 1), "r");
  Line line = {item, block, loop.index, NULL};
  count_steps(e, 0, item->back, keep_first, &line);
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
  LLVMValueRef row, element, sum; /* sum: memory for it */
} Overlap;

static void overlap_tap(Emit *e, LLVMValueRef j, void *context) {
  const Overlap *o = context;
  const Node *n = &e->g->nodes.at[o->node];
  int clock = n->attrs.clock;
  LLVMValueRef back = add_i(e, int_const(e, n->attrs.offset), mul_i(e, j, int_const(e, n->attrs.stride)));
  View v = {.base = n->in[0]};
  LLVMValueRef at = view_row_offset(e, &v, at_step(o->block, clock, sub_i(e, o->block.step[clock], back)), o->row);
  at = add_i(e, add_i(e, at, mul_i(e, j, int_const(e, buffer_at(e, o->node)->elements))), o->element);
  LLVMValueRef more = load_real(e, 1, element_pointer(e, buffer_pointer(e, n->in[0]), at));
  store_real(e, LLVMBuildFAdd(e->b, load_real(e, 1, o->sum), more, ""), o->sum);
}

static void overlap_element(Emit *e, Walk *w, LLVMValueRef element, void *context) {
  Overlap *o = context;
  (void)w;
  o->element = element;
  store_real(e, real_const(e, 1, 0), o->sum);
  count_steps(e, 0, e->g->nodes.at[e->g->nodes.at[o->node].in[0]].shape.dim[0], overlap_tap, o);
  View out = view_of(e->g, o->node);
  LLVMValueRef at = add_i(e, view_row_offset(e, &out, o->block, o->row), element);
  store_real(e, load_real(e, 1, o->sum), element_pointer(e, buffer_pointer(e, o->node), at));
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
  Overlap o = {.node = node, .sum = entry_alloca(e, e->real)};
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

static LLVMValueRef tap_offset(Emit *e, const Edge *g, LLVMValueRef j) {
  const Node *n = &e->g->nodes.at[g->node];
  return add_i(e, int_const(e, n->attrs.offset), mul_i(e, j, int_const(e, n->attrs.stride)));
}

/* Reading k steps ahead falls off in the last k steps. */
static void edge_ahead(Emit *e, LLVMValueRef j, void *context) {
  Edge *g = context;
  LLVMValueRef length = length_of(e, e->g->nodes.at[g->node].attrs.clock, g->block, g->row);
  g->tap = j;
  edge_steps(e, g, max_i(e, sub_i(e, length, tap_offset(e, g, j)), int_const(e, 0)), length);
}

/* Reading k steps back falls off before step k of a fresh row, which may be in a later piece than its first. A clock of fixed length is
 * never cut into chunks. */
static void edge_back(Emit *e, LLVMValueRef j, void *context) {
  Edge *g = context;
  int clock = e->g->nodes.at[g->node].attrs.clock;
  LLVMValueRef zero = int_const(e, 0), length = length_of(e, clock, g->block, g->row), back = sub_i(e, zero, tap_offset(e, g, j));
  If first = {0};
  bool chunked = !e->g->clocks.at[clock].length;
  g->tap = j;
  if (chunked && e->since) {
    LLVMValueRef since = load_i32(e, e->since, block_row(e, g->block, g->row));
    edge_steps(e, g, zero, min_i(e, length, sub_i(e, back, since)));
    return;
  }
  if (chunked) first = if_begin(e, is_fresh(e, g->block, g->row));
  edge_steps(e, g, zero, min_i(e, length, back));
  if (chunked) if_end(e, &first);
}

/* How many taps, beginning at `offset`, look to the same side; at most `most`. */
static int64_t taps_on_this_side(int64_t offset, int64_t stride, int64_t most) {
  if (!offset) return 1;
  if (!stride || (offset > 0) == (stride > 0)) return most;
  const int64_t far = offset < 0 ? -offset : offset, by = stride < 0 ? -stride : stride, count = (far + by - 1) / by;
  return count < most ? count : most;
}

static void edge_block(Emit *e, Block block, void *context) {
  Edge *g = context;
  const Node *n = &e->g->nodes.at[g->node];
  int64_t taps = n->attrs.windowed ? e->g->nodes.at[n->in[0]].shape.dim[0] : 1;
  g->block = block;
  Loop loop = loop_begin(e, int_const(e, 0), block.count, int_const(e, 1), "r");
  g->row = loop.index;
  for (int64_t j = 0, end; j < taps; j = end) {
    const int64_t offset = n->attrs.offset + j * n->attrs.stride;
    end = j + taps_on_this_side(offset, n->attrs.stride, taps - j);
    if (offset) count_steps(e, j, end, offset > 0 ? edge_ahead : edge_back, g);
  }
  loop_end(e, &loop);
}

void emit_edge(Emit *e, Ref node) {
  const Node *n = &e->g->nodes.at[node];
  Edge g = {.node = node};
  for_blocks(e, n->axes, true, zero_block, &node);
  for_blocks(e, n->axes, false, edge_block, &g);
}
