/* time.c — what looks at other steps: delay lines, ends of the clock, overlap-add, the edge of a history, kept state. */
#include "llvm/emit.h"

/* Copies `count` reals. */
static void copy_reals(Emit *e, LLVMValueRef to, LLVMValueRef from, int64_t count) {
  LLVMBuildMemCpy(e->b, to, (unsigned)e->real_bytes, from, (unsigned)e->real_bytes, int_const(e, count * e->real_bytes));
}

static LLVMValueRef place(Emit *e, Ref node, LLVMValueRef step, LLVMValueRef row) {
  LLVMValueRef at = add_i(e, mul_i(e, step, e->rows), row);
  return element_pointer(e, buffer_pointer(e, node), mul_i(e, at, int_const(e, buffer_at(e, node)->elements)));
}

static LLVMValueRef state_place(Emit *e, int state, int64_t slot, LLVMValueRef row) {
  int64_t elements = e->plan->buffers.at[state].elements;
  LLVMValueRef at = add_i(e, mul_i(e, int_const(e, slot), e->rows), row);
  return element_pointer(e, e->buffer[state], mul_i(e, at, int_const(e, elements)));
}

/* --- delay lines ---------------------------------------------------------------------------------------------------------- */

/* Row `row` of the history, element by element (it may be a view, or a number), to memory. */
static void store_history(Emit *e, const PlanItem *item, LLVMValueRef to, LLVMValueRef row) {
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
  Block block = {int_const(e, 0), e->rows};
  store_real(e, view_load(e, &v, block, row, index), element_pointer(e, to, loop.index));
  loop_end(e, &loop);
}

/* Steps -1 … -front: the history for fresh rows, what the last chunk kept for the others. */
static void fill_front(Emit *e, const PlanItem *item, LLVMValueRef row) {
  Ref x = item->nodes.at[0];
  LLVMValueRef fresh = LLVMBuildInBoundsGEP2(e->b, e->i8, e->fresh, &row, 1, "");
  LLVMValueRef is_fresh = LLVMBuildICmp(e->b, LLVMIntNE, LLVMBuildLoad2(e->b, e->i8, fresh, ""), LLVMConstInt(e->i8, 0, 0), "");
  If first = if_begin(e, is_fresh);
  for (int64_t j = 1; j <= item->front; j++) store_history(e, item, place(e, x, int_const(e, -j), row), row);
  if_end(e, &first);
  If later = if_begin(e, LLVMBuildNot(e->b, is_fresh, ""));
  for (int64_t j = 1; j <= item->front; j++)
    copy_reals(e, place(e, x, int_const(e, -j), row), state_place(e, item->state, item->front - j, row), buffer_at(e, x)->elements);
  if_end(e, &later);
}

/* A row's own steps length … length + back - 1. */
static void fill_back(Emit *e, const PlanItem *item, LLVMValueRef row) {
  LLVMValueRef length = load_i32(e, e->length, row);
  for (int64_t j = 0; j < item->back; j++)
    store_history(e, item, place(e, item->nodes.at[0], add_i(e, length, int_const(e, j)), row), row);
}

void emit_history(Emit *e, const PlanItem *item) {
  Loop loop = loop_begin(e, int_const(e, 0), e->rows, int_const(e, 1), "r");
  if (item->front) fill_front(e, item, loop.index);
  if (item->back) fill_back(e, item, loop.index);
  loop_end(e, &loop);
}

/* The last steps of every row, for the next chunk: step length - j goes to slot front - j. A row shorter than its delay line
 * takes the rest from its own front. Slots are written oldest first and read from x, so nothing is overwritten too soon. */
void emit_keep_state(Emit *e) {
  If keep = if_begin(e, LLVMBuildICmp(e->b, LLVMIntNE, e->keep_state, int_const(e, 0), ""));
  for (int i = 0; i < e->plan->items.len; i++) {
    const PlanItem *item = e->plan->items.at[i];
    if (item->kind != PLAN_HISTORY || !item->front) continue;
    Ref x = item->nodes.at[0];
    Loop loop = loop_begin(e, int_const(e, 0), e->rows, int_const(e, 1), "r");
    LLVMValueRef length = load_i32(e, e->length, loop.index);
    for (int64_t j = 1; j <= item->front; j++)
      copy_reals(e, state_place(e, item->state, item->front - j, loop.index), place(e, x, sub_i(e, length, int_const(e, j)), loop.index),
                 buffer_at(e, x)->elements);
    loop_end(e, &loop);
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

static LLVMValueRef end_step(Emit *e, const Node *n, LLVMValueRef row) {
  return n->attrs.end ? sub_i(e, load_i32(e, e->length, row), int_const(e, 1)) : int_const(e, 0);
}

/* --- at_end and impulse ------------------------------------------------------------------------------------------------------- */

typedef struct End {
  Ref node;
  LLVMValueRef row;
  Block block; /* of the operand: the step at the end */
} End;

static void at_end_element(Emit *e, Walk *w, LLVMValueRef element, void *context) {
  End *end = context;
  LLVMValueRef to = element_pointer(e, buffer_pointer(e, end->node),
                                    add_i(e, mul_i(e, end->row, int_const(e, buffer_at(e, end->node)->elements)), element));
  store_real(e, view_load(e, &w->v, end->block, end->row, w->index), to);
}

/* A row with no steps in this chunk keeps whatever was there: nobody counts it. */
void emit_at_end(Emit *e, Ref node) {
  const Node *n = &e->g->nodes.at[node];
  Loop loop = loop_begin(e, int_const(e, 0), e->rows, int_const(e, 1), "r");
  LLVMValueRef step = max_i(e, end_step(e, n, loop.index), int_const(e, 0));
  End end = {node, loop.index, {mul_i(e, step, e->rows), e->rows}};
  Walk w = {.v = view_of(e->g, n->in[0])};
  walk_dims(e, &w, 0, int_const(e, 0), at_end_element, &end);
  loop_end(e, &loop);
}

static void impulse_element(Emit *e, Walk *w, LLVMValueRef element, void *context) {
  End *end = context;
  LLVMValueRef at = mul_i(e, add_i(e, end->block.row0, end->row), int_const(e, buffer_at(e, end->node)->elements));
  Block rows = {int_const(e, 0), e->rows};
  store_real(e, view_load(e, &w->v, rows, end->row, w->index), element_pointer(e, buffer_pointer(e, end->node), add_i(e, at, element)));
}

void emit_impulse(Emit *e, Ref node) {
  const Node *n = &e->g->nodes.at[node];
  LLVMValueRef all = mul_i(e, mul_i(e, e->steps, e->rows), int_const(e, buffer_at(e, node)->elements));
  zero_fill(e, buffer_pointer(e, node), all);
  Loop loop = loop_begin(e, int_const(e, 0), e->rows, int_const(e, 1), "r");
  LLVMValueRef length = load_i32(e, e->length, loop.index);
  If some = if_begin(e, LLVMBuildICmp(e->b, LLVMIntSGT, length, int_const(e, 0), ""));
  End end = {node, loop.index, {mul_i(e, end_step(e, n, loop.index), e->rows), e->rows}};
  Walk w = {.v = view_of(e->g, n->in[0])};
  walk_dims(e, &w, 0, int_const(e, 0), impulse_element, &end);
  if_end(e, &some);
  loop_end(e, &loop);
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
    View v = {.base = n->in[0], .step = -n->attrs.offset - j * n->attrs.stride, .offset = j * inner};
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
  LLVMValueRef row, step, tap;
  LLVMValueRef element;
} Edge;

static void edge_element(Emit *e, Walk *w, LLVMValueRef element, void *context) {
  Edge *g = context;
  const Node *n = &e->g->nodes.at[g->node];
  LLVMValueRef index[GRAPH_RANK];
  View x = view_of(e->g, n->in[0]);
  int shift = n->attrs.windowed ? 1 : 0;
  if (shift) index[0] = g->tap;
  for (int d = 0; d < w->v.rank; d++) index[d + shift] = w->index[d];
  Block block = {mul_i(e, g->step, e->rows), e->rows};
  LLVMValueRef at = add_i(e, mul_i(e, g->row, int_const(e, buffer_at(e, g->node)->elements)), element);
  LLVMValueRef to = element_pointer(e, buffer_pointer(e, g->node), at);
  store_real(e, LLVMBuildFAdd(e->b, load_real(e, 1, to), view_load(e, &x, block, g->row, index), ""), to);
}

/* Steps from ≤ t < to of one tap are added to the row's sum. */
static void edge_steps(Emit *e, Edge *g, LLVMValueRef from, LLVMValueRef to) {
  Loop loop = loop_begin(e, from, to, int_const(e, 1), "t");
  g->step = loop.index;
  Walk w = {.v = view_of(e->g, g->node)};
  walk_dims(e, &w, 0, int_const(e, 0), edge_element, g);
  loop_end(e, &loop);
}

/* Reading k steps back falls off before step k of a fresh row; reading k ahead, in the last k steps. */
static void edge_tap(Emit *e, Edge *g, int64_t offset) {
  LLVMValueRef length = load_i32(e, e->length, g->row), zero = int_const(e, 0);
  if (offset > 0) edge_steps(e, g, max_i(e, sub_i(e, length, int_const(e, offset)), zero), length);
  if (offset >= 0) return;
  LLVMValueRef fresh = LLVMBuildInBoundsGEP2(e->b, e->i8, e->fresh, &g->row, 1, "");
  If first = if_begin(e, LLVMBuildICmp(e->b, LLVMIntNE, LLVMBuildLoad2(e->b, e->i8, fresh, ""), LLVMConstInt(e->i8, 0, 0), ""));
  edge_steps(e, g, zero, min_i(e, length, int_const(e, -offset)));
  if_end(e, &first);
}

void emit_edge(Emit *e, Ref node) {
  const Node *n = &e->g->nodes.at[node];
  zero_fill(e, buffer_pointer(e, node), mul_i(e, e->rows, int_const(e, buffer_at(e, node)->elements)));
  Loop loop = loop_begin(e, int_const(e, 0), e->rows, int_const(e, 1), "r");
  int64_t taps = n->attrs.windowed ? e->g->nodes.at[n->in[0]].shape.dim[0] : 1;
  for (int64_t j = 0; j < taps; j++) {
    Edge g = {.node = node, .row = loop.index, .tap = int_const(e, j)};
    edge_tap(e, &g, n->attrs.offset + j * n->attrs.stride);
  }
  loop_end(e, &loop);
}
