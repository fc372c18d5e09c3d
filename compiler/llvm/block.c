/* block.c — which rows of which steps are worked on, and where they lie in memory. */
#include "llvm/emit.h"
#include <stdio.h>

/* --- rows and steps ----------------------------------------------------------------------------------------------------- */

bool has_clock(GraphAxes axes, int clock) { return axes & GRAPH_CLOCK(clock); }

LLVMValueRef block_row(Emit *e, Block block, LLVMValueRef i) { return add_i(e, block.row0, i); }

/* The clock whose steps may be merged: the innermost of these axes, unless it is being scanned; -1. */
static int merged_clock(Emit *e, GraphAxes axes) {
  for (int i = e->plan->clocks - 1; i >= 0; i--) {
    int c = e->plan->order[i];
    if (has_clock(axes, c)) return e->clock[c].step ? -1 : c;
  }
  return -1;
}

static GraphAxes base_axes(Emit *e, Ref base);

bool merges_steps(Emit *e, Ref base, GraphAxes axes) {
  int clock = merged_clock(e, axes);
  return clock < 0 || !base_has_rows(e, base) || has_clock(base_axes(e, base), clock);
}

typedef struct BlockLoop {
  Emit *e;
  GraphAxes axes;
  int merged_clock;    /* -1: none */
  LLVMValueRef merged; /* all its steps at once */
  BlockBody *body;
  void *context;
} BlockLoop;

/* Merging wants every row to have all steps of every clock. */
static LLVMValueRef all_uniform(Emit *e, GraphAxes axes) {
  LLVMValueRef uniform = NULL;
  for (int i = 0; i < e->plan->clocks; i++) {
    int c = e->plan->order[i];
    if (!has_clock(axes, c)) continue;
    LLVMValueRef here = LLVMBuildICmp(e->b, LLVMIntNE, e->clock[c].uniform, int_const(e, 0), "merged");
    uniform = uniform ? LLVMBuildAnd(e->b, uniform, here, "") : here;
  }
  return uniform;
}

static void call_body(BlockLoop *l, Block block) {
  Emit *e = l->e;
  if (l->merged) {
    LLVMValueRef all = mul_i(e, e->clock[l->merged_clock].steps, e->rows);
    block.count = LLVMBuildSelect(e->b, l->merged, all, block.count, "count");
  }
  l->body(e, block, l->context);
}

/* Runs of active rows, as the runtime finds them: where a batch has two clocks of the data it is sorted by one at most. */
static void for_runs(BlockLoop *l, Block block) {
  Emit *e = l->e;
  Loop run = loop_begin(e, int_const(e, 0), e->rows, NULL, "run");
  LLVMValueRef args[] = {e->args, int_const(e, l->axes), e->place, run.index, e->place_end};
  LLVMValueRef begin = call_extern(e, "rnn_active_rows", e->i64, args, 5);
  LLVMValueRef end = LLVMBuildLoad2(e->b, e->i64, e->place_end, "end");
  If some = if_begin(e, LLVMBuildICmp(e->b, LLVMIntSLT, begin, end, ""));
  block.row0 = begin;
  block.count = sub_i(e, end, begin);
  call_body(l, block);
  if_end(e, &some);
  run.by = sub_i(e, end, run.index);
  loop_end(e, &run);
}

static Block at_step(Emit *e, Block block, int clock, LLVMValueRef step, LLVMValueRef rows) {
  block.step[clock] = step;
  block.count = block.count == e->rows ? rows : min_i(e, block.count, rows);
  return block;
}

static void for_steps(BlockLoop *l, int i, Block block);

/* All steps of the clock at place `i` of the order. */
static void loop_over_steps(BlockLoop *l, int i, Block block) {
  Emit *e = l->e;
  int c = e->plan->order[i];
  LLVMValueRef one = int_const(e, 1), steps = e->clock[c].steps;
  if (l->merged && c == l->merged_clock) steps = LLVMBuildSelect(e->b, l->merged, one, steps, "blocks");
  Loop loop = loop_begin(e, int_const(e, 0), steps, one, "block");
  for_steps(l, i + 1, at_step(e, block, c, loop.index, begin_step(e, c, loop.index)));
  loop_end(e, &loop);
}

/* The clocks from place `i` of the order on; block.count: rows that are active on those before. */
static void for_steps(BlockLoop *l, int i, Block block) {
  Emit *e = l->e;
  while (i < e->plan->clocks && !has_clock(l->axes, e->plan->order[i])) i++;
  if (i == e->plan->clocks) {
    if (e->place) for_runs(l, block);
    else call_body(l, block);
    return;
  }
  int c = e->plan->order[i];
  const EmitClock *clock = &e->clock[c];
  if (clock->step) for_steps(l, i + 1, at_step(e, block, c, clock->step, clock->step_rows));
  else loop_over_steps(l, i, block);
}

LLVMValueRef begin_step(Emit *e, int clock, LLVMValueRef step) {
  if (!e->place) return load_i32(e, e->clock[clock].active, step);
  LLVMValueRef c = int_const(e, clock);
  LLVMBuildStore(e->b, step, LLVMBuildInBoundsGEP2(e->b, e->i64, e->place, &c, 1, ""));
  return e->rows;
}

void for_blocks(Emit *e, GraphAxes axes, bool merge, BlockBody *body, void *context) {
  if (!axes) {
    body(e, (Block){.row0 = int_const(e, 0), .count = int_const(e, 1)}, context);
    return;
  }
  BlockLoop l = {.e = e, .axes = axes, .merged_clock = merge ? merged_clock(e, axes) : -1, .body = body, .context = context};
  if (l.merged_clock >= 0) l.merged = all_uniform(e, axes);
  Block rows = {.row0 = int_const(e, 0), .count = e->rows};
  if (axes == GRAPH_SEQUENCE) body(e, rows, context);
  else for_steps(&l, 0, rows);
}

/* --- views -------------------------------------------------------------------------------------------------------------- */

const Buffer *buffer_at(Emit *e, Ref node) {
  int i = e->plan->buffer_of[node];
  if (i >= 0) return &e->plan->buffers.at[i];
  fprintf(stderr, "rnn: internal error: %%%d (%s) has no memory\n", node, op_text(e->g->nodes.at[node].op));
  __builtin_trap();
}

LLVMValueRef buffer_pointer(Emit *e, Ref node) {
  buffer_at(e, node);
  return table_pointer(e, e->plan->buffer_of[node]);
}

/* The axes that a base's memory has: those of its buffer; constants of the program text have none. */
static GraphAxes base_axes(Emit *e, Ref base) {
  int i = e->plan->buffer_of[base];
  return i < 0 ? 0 : e->plan->buffers.at[i].axes;
}

bool base_has_rows(Emit *e, Ref base) { return base_axes(e, base) != 0; }

/* From one row to the next: more than the value has where others lie beside it. */
static int64_t base_elements(Emit *e, const View *v) { return buffer_at(e, v->base)->elements; }

/* How far apart two steps of a clock lie in a base's memory, in rows: the clocks further in lie between them, with their
 * pads where the base has such. */
static LLVMValueRef step_rows(Emit *e, Ref base, int clock) {
  const Buffer *b = buffer_at(e, base);
  LLVMValueRef rows = e->rows;
  for (int i = e->plan->clocks - 1; e->plan->order[i] != clock; i--) {
    int inner = e->plan->order[i];
    if (!has_clock(base_axes(e, base), inner)) continue;
    LLVMValueRef pads = int_const(e, b->clock == inner ? b->front + b->back : 0);
    rows = mul_i(e, rows, add_i(e, e->clock[inner].steps, pads));
  }
  return rows;
}

LLVMValueRef view_row_offset(Emit *e, const View *v, Block block, LLVMValueRef i) {
  LLVMValueRef offset = int_const(e, v->offset + e->plan->home[v->base].offset);
  if (!base_has_rows(e, v->base)) return offset;
  LLVMValueRef row = block_row(e, block, i);
  for (int k = 0; k < e->plan->clocks; k++) {
    int c = e->plan->order[k];
    if (!has_clock(base_axes(e, v->base), c)) continue;
    LLVMValueRef step = add_i(e, block.step[c] ? block.step[c] : int_const(e, 0), int_const(e, v->clock == c ? v->step : 0));
    row = add_i(e, mul_i(e, step, step_rows(e, v->base, c)), row);
  }
  return add_i(e, mul_i(e, row, int_const(e, base_elements(e, v))), offset);
}

LLVMValueRef view_stride(Emit *e, const View *v, int d) {
  LLVMValueRef stride = int_const(e, v->stride[d]);
  if (!v->dim_step[d] || !has_clock(base_axes(e, v->base), v->clock)) return stride;
  return add_i(e, mul_i(e, int_const(e, v->dim_step[d] * base_elements(e, v)), step_rows(e, v->base, v->clock)), stride);
}

bool view_immediate(Emit *e, const View *v, double *value) {
  const Node *n = &e->g->nodes.at[v->base];
  if (n->op != OP_CONST || n->attrs.data) return false;
  *value = n->attrs.value;
  return true;
}

LLVMValueRef view_load(Emit *e, const View *v, Block block, LLVMValueRef i, LLVMValueRef *index) {
  double number;
  if (view_immediate(e, v, &number)) return real_const(e, 1, number);
  LLVMValueRef at = view_row_offset(e, v, block, i);
  for (int d = 0; d < v->rank; d++)
    if (v->size[d] > 1) at = add_i(e, at, mul_i(e, index[d], view_stride(e, v, d)));
  return load_real(e, 1, element_pointer(e, buffer_pointer(e, v->base), at));
}
