/* columns.c — sums over all rows and steps, element by element: the gradients of biases.
 *
 * A few vectors of neighbouring elements are summed down the rows in registers; the order of the rows is that of memory, so every
 * element's sum has the same bits as when its rows are added one after the other. */
#include "llvm/emit.h"

enum { MOST_VECTORS = 16 };

typedef struct Columns {
  Emit *e;
  Ref node;
  View in;
  Block block;
} Columns;

static LLVMValueRef row_pointer(const Columns *c, LLVMValueRef row) {
  Emit *e = c->e;
  return element_pointer(e, buffer_pointer(e, c->in.base), view_row_offset(e, &c->in, c->block, row));
}

/* Elements first … first + vectors · width, down all rows of the block; a mask where there is not even one whole vector. */
static void sum_down(const Columns *c, LLVMValueRef first, int vectors, LLVMValueRef mask) {
  Emit *e = c->e;
  const int width = e->widest;
  LLVMValueRef sum[MOST_VECTORS], at[MOST_VECTORS];
  for (int v = 0; v < vectors; v++) {
    at[v] = element_pointer(e, buffer_pointer(e, c->node), add_i(e, first, int_const(e, (int64_t)v * width)));
    sum[v] = entry_alloca(e, lanes(e, width));
    LLVMBuildStore(e->b, mask ? load_masked(e, width, at[v], mask) : load_real(e, width, at[v]), sum[v]);
  }
  Loop rows = loop_begin(e, int_const(e, 0), c->block.count, int_const(e, 1), "r");
  LLVMValueRef row = element_pointer(e, row_pointer(c, rows.index), first);
  for (int v = 0; v < vectors; v++) {
    LLVMValueRef place = element_pointer(e, row, int_const(e, (int64_t)v * width));
    LLVMValueRef x = mask ? load_masked(e, width, place, mask) : load_real(e, width, place);
    LLVMBuildStore(e->b, LLVMBuildFAdd(e->b, LLVMBuildLoad2(e->b, lanes(e, width), sum[v], ""), x, ""), sum[v]);
  }
  loop_end(e, &rows);
  for (int v = 0; v < vectors; v++) {
    LLVMValueRef done = LLVMBuildLoad2(e->b, lanes(e, width), sum[v], "");
    if (mask) store_masked(e, width, done, at[v], mask);
    else store_real(e, done, at[v]);
  }
}

static void columns_block(Emit *e, Block block, void *context) {
  Columns *c = context;
  c->block = block;
  int64_t size = sizes_count(e->g->nodes.at[c->node].shape), width = e->widest, wide = width * MOST_VECTORS, full = size / wide * wide;
  if (full) {
    Loop l = loop_begin(e, int_const(e, 0), int_const(e, full), int_const(e, wide), "i");
    sum_down(c, l.index, MOST_VECTORS, NULL);
    loop_end(e, &l);
  }
  int vectors = (int)((size - full) / width);
  if (vectors) sum_down(c, int_const(e, full), vectors, NULL);
  int64_t rest = size - full - vectors * width;
  if (rest) sum_down(c, int_const(e, size - rest), 1, mask_below(e, e->widest, int_const(e, rest)));
}

RowWork columns_row_work(Emit *e, Ref node) {
  const Node *n = &e->g->nodes.at[node];
  Columns *c = arena_new_of(e->session->arena, Columns);
  *c = (Columns){.e = e, .node = node, .in = view_of(e->g, n->in[0])};
  return (RowWork){.axes = n->attrs.over, .body = columns_block, .context = c, .sums = true, .result = node};
}

void emit_columns(Emit *e, Ref node) {
  RowWork work = columns_row_work(e, node);
  begin_sum(e, &work);
  for_blocks(e, work.axes, true, work.body, work.context);
}
