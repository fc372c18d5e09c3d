/* bundle.c — a bundle's items, all of them for some rows before any of them goes on. */
#include "llvm/emit.h"

enum { BUNDLE_ROWS = 256 }; /* so many rows of what a layer's items share stay in the second cache */

typedef struct Bundle {
  int count;
  RowWork *work;
} Bundle;

static void bundle_rows(Emit *e, Block block, void *context) {
  const Bundle *b = context;
  Loop l = loop_begin(e, int_const(e, 0), block.count, int_const(e, BUNDLE_ROWS), "rows");
  Block some = block;
  some.row0 = add_i(e, block.row0, l.index);
  some.count = min_i(e, sub_i(e, block.count, l.index), int_const(e, BUNDLE_ROWS));
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
  Bundle b = {item->body.len, arena_array(e->session->arena, RowWork, item->body.len)};
  for (int i = 0; i < b.count; i++) {
    b.work[i] = row_work(e, item->body.at[i]);
    begin_sum(e, &b.work[i]);
  }
  for_blocks(e, item->axes, true, bundle_rows, &b);
}

void begin_sum(Emit *e, const RowWork *work) {
  if (work->sums) zero_fill(e, buffer_pointer(e, work->result), int_const(e, sizes_count(e->g->nodes.at[work->result].shape)));
}
