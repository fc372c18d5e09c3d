/* bundle.c — a bundle's items, all of them for some rows before any of them goes on. */
#include "llvm/emit.h"

/* So many rows of what a layer's items share stay in the second cache; where its gradients do not, they are fetched more seldom. */
enum { BUNDLE_ROWS = 256, LARGE_BUNDLE_ROWS = 1024, LARGE_GRADIENTS = 1 << 20 };

typedef struct Bundle {
  int count;
  int64_t rows;
  RowWork *work;
} Bundle;

static void bundle_rows(Emit *e, Block block, void *context) {
  const Bundle *b = context;
  Loop l = loop_begin(e, int_const(e, 0), block.count, int_const(e, b->rows), "rows");
  Block some = block;
  some.row0 = add_i(e, block.row0, l.index);
  some.count = min_i(e, sub_i(e, block.count, l.index), int_const(e, b->rows));
  for (int i = 0; i < b->count; i++) b->work[i].body(e, some, b->work[i].context);
  loop_end(e, &l);
}

static RowWork row_work(Emit *e, const PlanItem *item) {
  switch (item->kind) {
  case PLAN_GROUP: return group_row_work(e, item);
  case PLAN_PRODUCT: return product_row_work(e, item);
  default: return columns_row_work(e, item->nodes.at[0]);
  }
}

void emit_bundle(Emit *e, const PlanItem *item) {
  Bundle b = {.count = item->body.len, .work = arena_array(e->session->arena, RowWork, item->body.len)};
  int64_t gradients = 0;
  for (int i = 0; i < b.count; i++) {
    b.work[i] = row_work(e, item->body.at[i]);
    begin_sum(e, &b.work[i]);
    if (b.work[i].sums) gradients += sizes_count(e->g->nodes.at[b.work[i].result].shape);
  }
  b.rows = gradients >= LARGE_GRADIENTS ? LARGE_BUNDLE_ROWS : BUNDLE_ROWS;
  for_blocks(e, item->axes, true, bundle_rows, &b);
  for (int i = 0; i < b.count; i++) end_sum(e, &b.work[i]);
}

static void clear(Emit *e, Ref sum) { zero_fill(e, buffer_pointer(e, sum), int_const(e, sizes_count(e->g->nodes.at[sum].shape))); }

void begin_sum(Emit *e, const RowWork *work) {
  if (!work->sums) return;
  if (!work->is_set) {
    clear(e, work->result);
    return;
  }
  e->begun[work->result] = entry_alloca(e, e->i64);
  LLVMBuildStore(e->b, int_const(e, 0), e->begun[work->result]);
}

/* No rows at all: then nobody has set it. */
void end_sum(Emit *e, const RowWork *work) {
  if (!work->is_set) return;
  LLVMValueRef begun = LLVMBuildLoad2(e->b, e->i64, e->begun[work->result], "begun");
  If never = if_begin(e, LLVMBuildICmp(e->b, LLVMIntEQ, begun, int_const(e, 0), ""));
  clear(e, work->result);
  if_end(e, &never);
}
