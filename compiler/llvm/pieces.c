/* pieces.c — CONCAT, PAD, ONE_HOT, and the leaves that are made on the spot: LENGTH, STEP_INDEX, RANDOM. */
#include "llvm/emit.h"

typedef struct Piece Piece;
typedef LLVMValueRef PieceValue(Emit *e, Piece *p);

/* Writes a region of a node's result: for every index of the region, `value` there. */
struct Piece {
  Ref node;
  View in, out;         /* out: the region, with offset and strides in the result */
  PieceValue *value;
  Block block;
  LLVMValueRef row, index[GRAPH_RANK];
};

static LLVMValueRef piece_operand(Emit *e, Piece *p) { return view_load(e, &p->in, p->block, p->row, p->index); }

static LLVMValueRef piece_zero(Emit *e, Piece *p) {
  (void)p;
  return real_const(e, 1, 0);
}

static LLVMValueRef piece_place(Emit *e, Piece *p) {
  LLVMValueRef at = view_row_offset(e, &p->out, p->block, p->row);
  for (int d = 0; d < p->out.rank; d++) at = add_i(e, at, mul_i(e, p->index[d], int_const(e, p->out.stride[d])));
  return element_pointer(e, buffer_pointer(e, p->node), at);
}

/* Does the last dim lie together on both sides, so that it can be copied as it is? */
static bool copies_runs(Emit *e, const Piece *p) {
  int last = p->out.rank - 1;
  double number;
  return last >= 0 && p->value == piece_operand && !view_immediate(e, &p->in, &number) && p->in.stride[last] == 1 &&
         !p->in.dim_step[last] && p->out.stride[last] == 1;
}

static void piece_run(Emit *e, Piece *p, int last) {
  p->index[last] = int_const(e, 0);
  LLVMValueRef from = view_row_offset(e, &p->in, p->block, p->row);
  for (int d = 0; d < last; d++) from = add_i(e, from, mul_i(e, p->index[d], view_stride(e, &p->in, d)));
  LLVMValueRef source = element_pointer(e, buffer_pointer(e, p->in.base), from);
  unsigned align = (unsigned)e->real_bytes;
  LLVMBuildMemCpy(e->b, piece_place(e, p), align, source, align, int_const(e, p->out.size[last] * e->real_bytes));
}

static void piece_dims(Emit *e, Piece *p, int d) {
  if (d == p->out.rank) {
    store_real(e, p->value(e, p), piece_place(e, p));
    return;
  }
  if (d == p->out.rank - 1 && copies_runs(e, p)) {
    piece_run(e, p, d);
    return;
  }
  Loop loop = loop_begin(e, int_const(e, 0), int_const(e, p->out.size[d]), int_const(e, 1), "d");
  p->index[d] = loop.index;
  piece_dims(e, p, d + 1);
  loop_end(e, &loop);
}

static void piece_block(Emit *e, Block block, void *context) {
  Piece *p = context;
  p->block = block;
  Loop loop = loop_begin(e, int_const(e, 0), block.count, int_const(e, 1), "r");
  p->row = loop.index;
  piece_dims(e, p, 0);
  loop_end(e, &loop);
}

static void emit_piece(Emit *e, Piece *p) {
  for_blocks(e, e->g->nodes.at[p->node].axes, false, piece_block, p);
}

void emit_concat(Emit *e, Ref node) {
  const Node *n = &e->g->nodes.at[node];
  int64_t begin = 0;
  for (int i = 0; i < n->inputs; i++) {
    Piece p = {.node = node, .in = view_of(e->g, n->in[i]), .out = view_of(e->g, node), .value = piece_operand};
    int d = n->attrs.dim;
    p.out.offset += begin * p.out.stride[d];
    p.out.size[d] = p.in.size[d];
    begin += p.in.size[d];
    emit_piece(e, &p);
  }
}

void emit_pad(Emit *e, Ref node) {
  const Node *n = &e->g->nodes.at[node];
  Piece zeros = {.node = node, .out = view_of(e->g, node), .value = piece_zero};
  emit_piece(e, &zeros);
  Piece p = {.node = node, .in = view_of(e->g, n->in[0]), .out = view_of(e->g, node), .value = piece_operand};
  int d = n->attrs.dim;
  p.out.offset += n->attrs.begin * p.out.stride[d];
  p.out.stride[d] *= n->attrs.stride;
  p.out.size[d] = p.in.size[d];
  emit_piece(e, &p);
}

/* --- one-hot --------------------------------------------------------------------------------------------------------------- */

static LLVMValueRef one_hot_value(Emit *e, Piece *p) {
  LLVMValueRef place = LLVMBuildSIToFP(e->b, p->index[p->out.rank - 1], e->real, "");
  LLVMValueRef same = LLVMBuildFCmp(e->b, LLVMRealOEQ, piece_operand(e, p), place, "");
  return LLVMBuildSelect(e->b, same, real_const(e, 1, 1), real_const(e, 1, 0), "");
}

void emit_one_hot(Emit *e, Ref node) {
  const Node *n = &e->g->nodes.at[node];
  Piece p = {.node = node, .in = view_of(e->g, n->in[0]), .out = view_of(e->g, node), .value = one_hot_value};
  emit_piece(e, &p);
}

/* --- leaves ------------------------------------------------------------------------------------------------------------------ */

typedef LLVMValueRef LeafValue(Emit *e, const Node *n, Block block, LLVMValueRef row, LLVMValueRef element);

typedef struct Leaf {
  Ref node;
  LeafValue *value;
} Leaf;

static void leaf_row(Emit *e, const Leaf *leaf, Block block, LLVMValueRef i) {
  const Node *n = &e->g->nodes.at[leaf->node];
  View out = view_of(e->g, leaf->node);
  LLVMValueRef start = view_row_offset(e, &out, block, i), row = block_row(e, block, i);
  Loop loop = loop_begin(e, int_const(e, 0), int_const(e, sizes_count(n->shape)), int_const(e, 1), "i");
  LLVMValueRef place = element_pointer(e, buffer_pointer(e, leaf->node), add_i(e, start, loop.index));
  store_real(e, leaf->value(e, n, block, row, loop.index), place);
  loop_end(e, &loop);
}

static void leaf_block(Emit *e, Block block, void *context) {
  const Leaf *leaf = context;
  Loop loop = loop_begin(e, int_const(e, 0), block.count, int_const(e, 1), "r");
  leaf_row(e, leaf, block, loop.index);
  loop_end(e, &loop);
}

static LLVMValueRef length_value(Emit *e, const Node *n, Block block, LLVMValueRef row, LLVMValueRef element) {
  (void)block, (void)element;
  return LLVMBuildSIToFP(e->b, load_i32(e, e->clock[n->attrs.clock].whole, row), e->real, "");
}

/* In the whole sequence, of which this call may be a chunk. */
static LLVMValueRef step_number(Emit *e, int clock, Block block) { return add_i(e, e->clock[clock].first, block.step[clock]); }

static LLVMValueRef step_value(Emit *e, const Node *n, Block block, LLVMValueRef row, LLVMValueRef element) {
  (void)row, (void)element;
  return LLVMBuildSIToFP(e->b, step_number(e, n->attrs.clock, block), e->real, "");
}

/* One number for the steps of all the clocks that key a draw, as the interpreter makes it: halves change places before each. */
static LLVMValueRef draw_step(Emit *e, GraphAxes axes, Block block) {
  LLVMValueRef number = NULL, half = int_const(e, 32);
  for (int c = e->g->clocks.len - 1; c >= 0; c--) {
    if (!has_clock(axes, c)) continue;
    LLVMValueRef step = step_number(e, c, block);
    LLVMValueRef high = number ? LLVMBuildShl(e->b, number, half, "") : NULL, low = number ? LLVMBuildLShr(e->b, number, half, "") : NULL;
    number = number ? LLVMBuildAdd(e->b, LLVMBuildOr(e->b, high, low, ""), step, "") : step;
  }
  return number ? number : int_const(e, 0);
}

static LLVMValueRef random_value(Emit *e, const Node *n, Block block, LLVMValueRef row, LLVMValueRef element) {
  LLVMValueRef sequence = int_const(e, 0);
  if (n->axes) {
    LLVMValueRef place = LLVMBuildInBoundsGEP2(e->b, e->i64, e->sequence, &row, 1, "");
    sequence = LLVMBuildLoad2(e->b, e->i64, place, "");
  }
  LLVMValueRef args[] = {e->seed, e->update, int_const(e, n->attrs.index), sequence, draw_step(e, n->axes, block), element, int_const(e, n->attrs.kind)};
  LLVMValueRef draw = call_extern(e, "rnn_random", LLVMDoubleTypeInContext(e->context), args, 7);
  return e->is_double ? draw : LLVMBuildFPTrunc(e->b, draw, e->real, "");
}

static void emit_leaf(Emit *e, Ref node, LeafValue *value) {
  Leaf leaf = {node, value};
  for_blocks(e, e->g->nodes.at[node].axes, false, leaf_block, &leaf);
}

void emit_length(Emit *e, Ref node) { emit_leaf(e, node, length_value); }
void emit_step_index(Emit *e, Ref node) { emit_leaf(e, node, step_value); }
void emit_random(Emit *e, Ref node) { emit_leaf(e, node, random_value); }
