/* group.c — element-wise work over one iteration space as one loop nest.
 *
 * Dims that every operand walks in step are merged, rows too where nothing is repeated along them; the innermost run is done in
 * vectors of the target's width, its rest under a mask. */
#include "llvm/emit.h"

/* One operand or result in memory, along the merged dims. */
typedef struct Stream {
  Ref node;      /* the operand as the group's nodes name it */
  View view;
  bool immediate;
  double number;
} Stream;

typedef struct Nest {
  Emit *e;
  const PlanItem *item;
  Vec(Stream) streams;
  int rank;                     /* merged dims */
  int first[GRAPH_RANK], count[GRAPH_RANK]; /* merged dim i stands for `count` dims from `first` */
  int64_t size[GRAPH_RANK];
  bool merge_rows;              /* rows and all dims are one run */
  bool merge_steps;
  int width;
  LLVMValueRef *value;          /* [node] in registers at the present place */
  /* the present place */
  Block block;
  LLVMValueRef row, index[GRAPH_RANK];
} Nest;

/* --- looking at the operands ------------------------------------------------------------------------------------------------ */

static bool in_group(const Nest *n, Ref r) {
  for (int i = 0; i < n->item->nodes.len; i++)
    if (n->item->nodes.at[i] == r) return true;
  return false;
}

static void add_stream(Nest *n, Ref r) {
  for (int i = 0; i < n->streams.len; i++)
    if (n->streams.at[i].node == r) return;
  Stream s = {.node = r, .view = view_of(n->e->g, r)};
  s.immediate = view_immediate(n->e, &s.view, &s.number);
  vec_push(n->e->session->arena, n->streams, s);
}

static void collect_streams(Nest *n) {
  for (int i = 0; i < n->item->nodes.len; i++) {
    Ref r = n->item->nodes.at[i];
    const Node *node = &n->e->g->nodes.at[r];
    for (int k = 0; k < node->inputs; k++)
      if (!in_group(n, node->in[k])) add_stream(n, node->in[k]);
    if (n->e->plan->buffer_of[r] >= 0) add_stream(n, r);
  }
}

/* Can dim `next` be walked as one with what is already in the last merged dim, by every stream? */
static bool dims_merge(const Nest *n, int next) {
  int d = next - 1;
  while (d > n->first[n->rank - 1] && n->item->shape.dim[d] == 1) d--;
  for (int i = 0; i < n->streams.len; i++) {
    const View *v = &n->streams.at[i].view;
    if (n->streams.at[i].immediate) continue;
    if (v->dim_step[d] || v->dim_step[next]) return false;
    if (v->stride[d] != v->stride[next] * v->size[next]) return false;
  }
  return true;
}

static void merge_dims(Nest *n) {
  const Sizes *shape = &n->item->shape;
  for (int d = 0; d < shape->rank; d++) {
    if (n->rank && (shape->dim[d] == 1 || dims_merge(n, d))) {
      n->count[n->rank - 1]++;
      n->size[n->rank - 1] *= shape->dim[d];
      continue;
    }
    if (shape->dim[d] == 1 && d + 1 < shape->rank) continue; /* nothing to walk; the next dim leads */
    n->first[n->rank] = d;
    n->count[n->rank] = 1;
    n->size[n->rank++] = shape->dim[d];
  }
}

/* A merged dim is walked with the stride of its last dim that has more than one place. */
static int walking_dim(const Nest *n, int merged, const View *v) {
  int d = n->first[merged] + n->count[merged] - 1;
  while (d > n->first[merged] && v->size[d] == 1) d--;
  return d;
}

static bool is_repeated_number(const Nest *n, const Stream *s) {
  if (s->immediate) return true;
  if (base_has_rows(n->e, s->view.base)) return false;
  for (int d = 0; d < s->view.rank; d++)
    if (s->view.size[d] > 1 && (s->view.stride[d] || s->view.dim_step[d])) return false;
  return true;
}

static bool is_whole_row(const Nest *n, const Stream *s) {
  int64_t stride, total = sizes_count(n->item->shape);
  if (!base_has_rows(n->e, s->view.base) || buffer_at(n->e, s->view.base)->elements != total) return false;
  for (int d = 0; d < s->view.rank; d++)
    if (s->view.dim_step[d] && s->view.size[d] > 1) return false;
  return total == 1 || (view_flattens(&s->view, 0, s->view.rank, &stride) && stride == 1);
}

static void decide_merging(Nest *n) {
  n->merge_rows = n->item->axes != 0;
  n->merge_steps = true;
  for (int i = 0; i < n->streams.len; i++) {
    const Stream *s = &n->streams.at[i];
    if (s->immediate) continue;
    if (!merges_steps(n->e, s->view.base, n->item->axes)) n->merge_steps = false;
    if (!is_repeated_number(n, s) && !is_whole_row(n, s)) n->merge_rows = false;
  }
}

static int64_t innermost(const Nest *n) { return n->rank ? n->size[n->rank - 1] : 1; }

/* Vectors need every stream to walk the innermost run with stride 1 or 0. */
static bool walks_in_vectors(const Nest *n) {
  for (int i = 0; i < n->streams.len; i++) {
    const View *v = &n->streams.at[i].view;
    if (n->streams.at[i].immediate || !n->rank) continue;
    int d = walking_dim(n, n->rank - 1, v);
    if (v->size[d] > 1 && (v->dim_step[d] || (v->stride[d] != 0 && v->stride[d] != 1))) return false;
  }
  return true;
}

static int choose_width(const Nest *n) {
  if (n->merge_rows) return n->e->widest;
  if (!walks_in_vectors(n)) return 1;
  int width = 1;
  while (width < n->e->widest && width < innermost(n)) width *= 2;
  return width;
}

/* --- one place ---------------------------------------------------------------------------------------------------------------- */

/* Offset of the stream's element at the present place, and whether the innermost run repeats it. */
static LLVMValueRef stream_offset(Nest *n, const Stream *s, bool *repeats) {
  Emit *e = n->e;
  if (n->merge_rows) {
    *repeats = is_repeated_number(n, s);
    LLVMValueRef start = view_row_offset(e, &s->view, n->block, int_const(e, 0));
    return *repeats ? start : add_i(e, start, n->index[0]);
  }
  LLVMValueRef at = view_row_offset(e, &s->view, n->block, n->row);
  *repeats = n->rank == 0;
  for (int m = 0; m < n->rank; m++) {
    int d = walking_dim(n, m, &s->view);
    if (s->view.size[d] > 1) at = add_i(e, at, mul_i(e, n->index[m], view_stride(e, &s->view, d)));
    if (m == n->rank - 1) *repeats = s->view.size[d] == 1 || (!s->view.stride[d] && !s->view.dim_step[d]);
  }
  return at;
}

static LLVMValueRef stream_load(Nest *n, const Stream *s, int width, LLVMValueRef mask) {
  Emit *e = n->e;
  if (s->immediate) return real_const(e, width, s->number);
  bool repeats;
  LLVMValueRef pointer = element_pointer(e, buffer_pointer(e, s->view.base), stream_offset(n, s, &repeats));
  if (repeats) return splat(e, width, load_real(e, 1, pointer));
  return mask ? load_masked(e, width, pointer, mask) : load_real(e, width, pointer);
}

static const Stream *stream_of(const Nest *n, Ref r) {
  for (int i = 0; i < n->streams.len; i++)
    if (n->streams.at[i].node == r) return &n->streams.at[i];
  return NULL;
}

/* Values that the group itself does not compute, then its nodes in order, then what others need. */
static void emit_place(Nest *n, int width, LLVMValueRef mask) {
  Emit *e = n->e;
  for (int i = 0; i < n->streams.len; i++) {
    const Stream *s = &n->streams.at[i];
    if (!in_group(n, s->node)) n->value[s->node] = stream_load(n, s, width, mask);
  }
  for (int i = 0; i < n->item->nodes.len; i++) {
    Ref r = n->item->nodes.at[i];
    const Node *node = &e->g->nodes.at[r];
    LLVMValueRef in[3];
    for (int k = 0; k < node->inputs; k++) in[k] = n->value[node->in[k]];
    n->value[r] = emit_elementwise(e, node, width, in);
    if (e->plan->buffer_of[r] < 0) continue;
    bool repeats;
    LLVMValueRef pointer = element_pointer(e, buffer_pointer(e, r), stream_offset(n, stream_of(n, r), &repeats));
    if (mask) store_masked(e, width, n->value[r], pointer, mask);
    else store_real(e, n->value[r], pointer);
  }
}

/* --- the nest --------------------------------------------------------------------------------------------------------------------- */

/* So many vectors of a step go without a loop, and so need not go through memory; where nobody wants to wait for their copies, one. */
static int straight_vectors(const Emit *e) { return e->plan->is_step && !e->plan->hasty ? 2 : 1; }

/* The innermost run of `length` elements (known or not when compiling): whole vectors, then the rest under a mask. */
static void emit_run(Nest *n, LLVMValueRef length, LLVMValueRef *index) {
  Emit *e = n->e;
  LLVMValueRef width = int_const(e, n->width), zero = int_const(e, 0);
  LLVMValueRef rest = LLVMBuildSRem(e->b, length, width, ""), whole = sub_i(e, length, rest);
  if (n->width == 1) whole = length;
  bool known = LLVMIsAConstantInt(length);
  int64_t vectors = known ? LLVMConstIntGetSExtValue(length) / n->width : 2;
  if (known && vectors <= straight_vectors(e)) {
    for (int64_t i = 0; i < vectors; i++) {
      *index = int_const(e, i * n->width);
      emit_place(n, n->width, NULL);
    }
  } else if (vectors > 1) {
    Loop l = loop_begin(e, zero, whole, width, "i");
    *index = l.index;
    emit_place(n, n->width, NULL);
    loop_end(e, &l);
  }
  if (n->width == 1 || (known && LLVMConstIntGetSExtValue(length) % n->width == 0)) return;
  If some = {0};
  if (!known) some = if_begin(e, LLVMBuildICmp(e->b, LLVMIntSGT, rest, zero, ""));
  *index = whole;
  emit_place(n, n->width, mask_below(e, n->width, rest));
  if (!known) if_end(e, &some);
}

static void emit_dims(Nest *n, int merged) {
  Emit *e = n->e;
  if (merged >= n->rank - 1) {
    LLVMValueRef unused;
    emit_run(n, int_const(e, innermost(n)), n->rank ? &n->index[merged] : &unused);
    return;
  }
  Loop l = loop_begin(e, int_const(e, 0), int_const(e, n->size[merged]), int_const(e, 1), "d");
  n->index[merged] = l.index;
  emit_dims(n, merged + 1);
  loop_end(e, &l);
}

static void emit_block(Emit *e, Block block, void *context) {
  Nest *n = context;
  n->block = block;
  if (n->merge_rows) {
    emit_run(n, mul_i(e, block.count, int_const(e, sizes_count(n->item->shape))), &n->index[0]);
    return;
  }
  if (!n->item->axes) {
    n->row = int_const(e, 0);
    emit_dims(n, 0);
    return;
  }
  Loop l = loop_begin(e, int_const(e, 0), block.count, int_const(e, 1), "r");
  n->row = l.index;
  emit_dims(n, 0);
  loop_end(e, &l);
}

static Nest nest_of(Emit *e, const PlanItem *item) {
  Nest n = {.e = e, .item = item, .value = arena_array(e->session->arena, LLVMValueRef, e->g->nodes.len + 1)};
  collect_streams(&n);
  merge_dims(&n);
  decide_merging(&n);
  n.width = choose_width(&n);
  return n;
}

RowWork group_row_work(Emit *e, const PlanItem *item) {
  Nest *n = arena_new_of(e->session->arena, Nest);
  *n = nest_of(e, item);
  return (RowWork){.axes = item->axes, .body = emit_block, .context = n};
}

void emit_group(Emit *e, const PlanItem *item) {
  Nest n = nest_of(e, item);
  for_blocks(e, item->axes, n.merge_steps, emit_block, &n);
}
