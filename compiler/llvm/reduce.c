/* reduce.c — SUM, AMAX, ARGMAX, and the contractions that are no matrix products.
 *
 * All are one shape of nest: rows, then the letters that stay, then the letters that go. A reduction over rows or steps
 * adds to its result in memory, in the order of steps and rows, so the bits do not depend on anything but the data. */
#include "llvm/emit.h"
#include <math.h>
#include <string.h>

enum { MAX_LETTERS = 2 * GRAPH_RANK };

typedef struct Letter {
  int64_t size;
  int dim[3]; /* which dim of operand 0, operand 1, result; -1 where it does not occur */
} Letter;

typedef struct Reduction {
  Emit *e;
  Ref node;
  int operands;
  View operand[2], out;
  GraphAxes axes;                 /* of the operands together: the rows that are walked */
  bool over;                      /* the result lacks some of them */
  bool largest;                   /* AMAX */
  int kept, reduced;              /* letters: kept ones first */
  Letter letter[MAX_LETTERS];
  Block block;
  LLVMValueRef row, index[MAX_LETTERS], accumulator;
  int width;
} Reduction;

/* --- the nest of each op --------------------------------------------------------------------------------------------------- */

static void add_letter(Reduction *r, int64_t size, int a, int b, int out) {
  Letter l = {size, {a, b, out}};
  int n = r->kept + r->reduced;
  if (out >= 0) {
    memmove(&r->letter[r->kept + 1], &r->letter[r->kept], sizeof(Letter) * (size_t)r->reduced);
    r->letter[r->kept++] = l;
  } else {
    r->letter[n] = l;
    r->reduced++;
  }
}

static Reduction reduction_begin(Emit *e, Ref node) {
  const Node *n = &e->g->nodes.at[node];
  Reduction r = {.e = e, .node = node, .operands = n->inputs, .out = view_of(e->g, node), .over = n->attrs.over != 0};
  for (int i = 0; i < n->inputs; i++) {
    r.operand[i] = view_of(e->g, n->in[i]);
    r.axes |= e->g->nodes.at[n->in[i]].axes;
  }
  return r;
}

static Reduction reduction_of_dims(Emit *e, Ref node) {
  Reduction r = reduction_begin(e, node);
  const Node *n = &e->g->nodes.at[node];
  int out = 0;
  for (int d = 0; d < r.operand[0].rank; d++) add_letter(&r, r.operand[0].size[d], d, -1, n->attrs.dims >> d & 1 ? -1 : out++);
  return r;
}

static int place_in(const char *letters, char c) {
  const char *p = strchr(letters, c);
  return p ? (int)(p - letters) : -1;
}

static Reduction reduction_of_letters(Emit *e, Ref node) {
  Reduction r = reduction_begin(e, node);
  const Node *n = &e->g->nodes.at[node];
  const char *la = n->attrs.letters[0], *lb = n->attrs.letters[1], *lo = n->attrs.letters[2];
  for (int d = 0; lo[d]; d++) {
    int a = place_in(la, lo[d]), b = place_in(lb, lo[d]);
    add_letter(&r, r.out.size[d], a, b, d);
  }
  for (int d = 0; la[d]; d++)
    if (place_in(lo, la[d]) < 0) add_letter(&r, r.operand[0].size[d], d, place_in(lb, la[d]), -1);
  for (int d = 0; lb[d]; d++)
    if (place_in(lo, lb[d]) < 0 && place_in(la, lb[d]) < 0) add_letter(&r, r.operand[1].size[d], -1, d, -1);
  return r;
}

/* --- memory ------------------------------------------------------------------------------------------------------------------- */

static LLVMValueRef letter_stride(Reduction *r, const View *v, int dim) {
  if (dim < 0 || v->size[dim] == 1) return int_const(r->e, 0);
  return view_stride(r->e, v, dim);
}

static LLVMValueRef place_of(Reduction *r, const View *v, int which) {
  LLVMValueRef at = view_row_offset(r->e, v, r->block, r->row);
  for (int i = 0; i < r->kept + r->reduced; i++)
    if (r->index[i]) at = add_i(r->e, at, mul_i(r->e, r->index[i], letter_stride(r, v, r->letter[i].dim[which])));
  return element_pointer(r->e, buffer_pointer(r->e, v->base), at);
}

static LLVMValueRef combine(Reduction *r, int width, LLVMValueRef a, LLVMValueRef b) {
  if (!r->largest) return LLVMBuildFAdd(r->e->b, a, b, "");
  /* NaN wins: a comparison with it is unordered */
  LLVMValueRef keep = LLVMBuildFCmp(r->e->b, LLVMRealOGE, a, b, "");
  LLVMValueRef is_nan = LLVMBuildFCmp(r->e->b, LLVMRealUNO, a, a, "");
  (void)width;
  return LLVMBuildSelect(r->e->b, LLVMBuildOr(r->e->b, keep, is_nan, ""), a, b, "");
}

static double neutral(const Reduction *r) { return r->largest ? -INFINITY : 0; }

/* --- the innermost letter ------------------------------------------------------------------------------------------------------ */

/* 1: contiguous, 0: repeated, -1: neither, for a letter in an operand. */
static int walk_of(const View *v, int dim) {
  if (dim < 0 || v->size[dim] == 1) return 0;
  if (v->dim_step[dim]) return -1;
  return v->stride[dim] == 0 || v->stride[dim] == 1 ? (int)v->stride[dim] : -1;
}

static int vector_width(Reduction *r, const Letter *l, bool with_out) {
  for (int i = 0; i < r->operands; i++)
    if (walk_of(&r->operand[i], l->dim[i]) < 0) return 1;
  if (with_out && walk_of(&r->out, l->dim[2]) != 1) return 1;
  int width = 1;
  while (width < r->e->widest && width * 2 <= l->size) width *= 2;
  return width;
}

static LLVMValueRef operand_load(Reduction *r, int i, const Letter *inner, int width) {
  double number;
  if (view_immediate(r->e, &r->operand[i], &number)) return real_const(r->e, width, number);
  LLVMValueRef pointer = place_of(r, &r->operand[i], i);
  if (width == 1 || walk_of(&r->operand[i], inner->dim[i]) == 1) return load_real(r->e, width, pointer);
  return splat(r->e, width, load_real(r->e, 1, pointer));
}

static LLVMValueRef term(Reduction *r, const Letter *inner, int width) {
  LLVMValueRef a = operand_load(r, 0, inner, width);
  return r->operands == 1 ? a : LLVMBuildFMul(r->e->b, a, operand_load(r, 1, inner, width), "");
}

static void accumulate(Reduction *r, LLVMValueRef slot, int width, LLVMValueRef value) {
  LLVMValueRef old = LLVMBuildLoad2(r->e->b, lanes(r->e, width), slot, "");
  LLVMBuildStore(r->e->b, combine(r, width, old, value), slot);
}

static LLVMValueRef across_lanes(Reduction *r, int width, LLVMValueRef v) {
  LLVMValueRef all = LLVMBuildExtractElement(r->e->b, v, LLVMConstInt(r->e->i32, 0, 0), "");
  for (int i = 1; i < width; i++)
    all = combine(r, 1, all, LLVMBuildExtractElement(r->e->b, v, LLVMConstInt(r->e->i32, (unsigned)i, 0), ""));
  return all;
}

/* --- letters that go ---------------------------------------------------------------------------------------------------------- */

static void reduce_from(Reduction *r, int letter, LLVMValueRef vectors, LLVMValueRef scalars) {
  Emit *e = r->e;
  const Letter *l = &r->letter[letter];
  LLVMValueRef size = int_const(e, l->size), whole = int_const(e, l->size / r->width * r->width), one = int_const(e, 1);
  if (letter + 1 < r->kept + r->reduced) {
    Loop loop = loop_begin(e, int_const(e, 0), size, one, "k");
    r->index[letter] = loop.index;
    reduce_from(r, letter + 1, vectors, scalars);
    loop_end(e, &loop);
    r->index[letter] = NULL;
    return;
  }
  if (r->width > 1) {
    Loop loop = loop_begin(e, int_const(e, 0), whole, int_const(e, r->width), "k");
    r->index[letter] = loop.index;
    accumulate(r, vectors, r->width, term(r, l, r->width));
    loop_end(e, &loop);
  }
  if (r->width == 1 || l->size % r->width) {
    Loop loop = loop_begin(e, r->width > 1 ? whole : int_const(e, 0), size, one, "k");
    r->index[letter] = loop.index;
    accumulate(r, scalars, 1, term(r, l, 1));
    loop_end(e, &loop);
  }
  r->index[letter] = NULL;
}

static LLVMValueRef reduce_letters(Reduction *r) {
  Emit *e = r->e;
  r->width = vector_width(r, &r->letter[r->kept + r->reduced - 1], false);
  LLVMValueRef scalars = entry_alloca(e, e->real), vectors = NULL;
  LLVMBuildStore(e->b, real_const(e, 1, neutral(r)), scalars);
  if (r->width > 1) {
    vectors = entry_alloca(e, lanes(e, r->width));
    LLVMBuildStore(e->b, real_const(e, r->width, neutral(r)), vectors);
  }
  reduce_from(r, r->kept, vectors, scalars);
  LLVMValueRef sum = LLVMBuildLoad2(e->b, e->real, scalars, "");
  if (!vectors) return sum;
  return combine(r, 1, across_lanes(r, r->width, LLVMBuildLoad2(e->b, lanes(e, r->width), vectors, "")), sum);
}

/* --- letters that stay ----------------------------------------------------------------------------------------------------------- */

static void put(Reduction *r, int width, LLVMValueRef value) {
  LLVMValueRef place = place_of(r, &r->out, 2);
  if (r->over) value = combine(r, width, load_real(r->e, width, place), value);
  store_real(r->e, value, place);
}

/* Without letters that go, the last letter that stays is done in vectors. */
static void keep_last(Reduction *r, int letter) {
  Emit *e = r->e;
  const Letter *l = &r->letter[letter];
  int width = vector_width(r, l, true);
  LLVMValueRef whole = int_const(e, l->size / width * width);
  for (int pass = 0; pass < 2; pass++) { /* vectors, then the rest one by one */
    int w = pass ? 1 : width;
    if (pass && l->size % width == 0) break;
    Loop loop = loop_begin(e, pass ? whole : int_const(e, 0), pass ? int_const(e, l->size) : whole, int_const(e, w), "m");
    r->index[letter] = loop.index;
    put(r, w, term(r, l, w));
    loop_end(e, &loop);
  }
  r->index[letter] = NULL;
}

static void keep_from(Reduction *r, int letter) {
  Emit *e = r->e;
  if (letter == r->kept) {
    static const Letter nothing = {1, {-1, -1, -1}};
    put(r, 1, r->reduced ? reduce_letters(r) : term(r, &nothing, 1));
    return;
  }
  if (letter == r->kept - 1 && !r->reduced) {
    keep_last(r, letter);
    return;
  }
  Loop loop = loop_begin(e, int_const(e, 0), int_const(e, r->letter[letter].size), int_const(e, 1), "m");
  r->index[letter] = loop.index;
  keep_from(r, letter + 1);
  loop_end(e, &loop);
  r->index[letter] = NULL;
}

static void reduce_block(Emit *e, Block block, void *context) {
  Reduction *r = context;
  r->block = block;
  Loop loop = loop_begin(e, int_const(e, 0), block.count, int_const(e, 1), "r");
  r->row = loop.index;
  keep_from(r, 0);
  loop_end(e, &loop);
}

/* A result of a reduction over rows or steps starts from the neutral number. */
static void fill_block(Emit *e, Block block, void *context) {
  Reduction *r = context;
  LLVMValueRef count = mul_i(e, int_const(e, sizes_count(e->g->nodes.at[r->node].shape)), block.count);
  LLVMValueRef begin = element_pointer(e, buffer_pointer(e, r->node), view_row_offset(e, &r->out, block, int_const(e, 0)));
  if (!r->largest) {
    zero_fill(e, begin, count);
    return;
  }
  Loop loop = loop_begin(e, int_const(e, 0), count, int_const(e, 1), "fill");
  store_real(e, real_const(e, 1, neutral(r)), element_pointer(e, begin, loop.index));
  loop_end(e, &loop);
}

static void emit_reduction(Emit *e, Reduction *r) {
  GraphAxes left = e->g->nodes.at[r->node].axes;
  if (r->over) for_blocks(e, left, true, fill_block, r);
  bool merge = merges_steps(e, r->node, r->axes);
  for (int i = 0; i < r->operands; i++) merge &= merges_steps(e, r->operand[i].base, r->axes);
  for_blocks(e, r->axes, merge, reduce_block, r);
}

void emit_sum(Emit *e, Ref node) {
  if (plan_sums_columns(e->plan, node)) {
    emit_columns(e, node);
    return;
  }
  Reduction r = reduction_of_dims(e, node);
  emit_reduction(e, &r);
}

void emit_amax(Emit *e, Ref node) {
  Reduction r = reduction_of_dims(e, node);
  r.largest = true;
  emit_reduction(e, &r);
}

void emit_contract(Emit *e, Ref node) {
  Reduction r = reduction_of_letters(e, node);
  emit_reduction(e, &r);
}

/* --- argmax ------------------------------------------------------------------------------------------------------------------------- */

typedef struct ArgMax {
  Ref node;
  View in, out;
  Block block;
  LLVMValueRef row, index[GRAPH_RANK]; /* of the operand's dims */
  int dim;
} ArgMax;

static LLVMValueRef argmax_out_place(Emit *e, ArgMax *a) {
  LLVMValueRef at = view_row_offset(e, &a->out, a->block, a->row);
  for (int d = 0, o = 0; d < a->in.rank; d++)
    if (d != a->dim) at = add_i(e, at, mul_i(e, a->index[d], int_const(e, a->out.stride[o]))), o++;
  return element_pointer(e, buffer_pointer(e, a->node), at);
}

/* The first of the largest. */
static void argmax_place(Emit *e, ArgMax *a) {
  LLVMValueRef best = entry_alloca(e, e->real), place = entry_alloca(e, e->real);
  a->index[a->dim] = int_const(e, 0);
  LLVMBuildStore(e->b, view_load(e, &a->in, a->block, a->row, a->index), best);
  LLVMBuildStore(e->b, real_const(e, 1, 0), place);
  Loop loop = loop_begin(e, int_const(e, 1), int_const(e, a->in.size[a->dim]), int_const(e, 1), "k");
  a->index[a->dim] = loop.index;
  LLVMValueRef x = view_load(e, &a->in, a->block, a->row, a->index), old = LLVMBuildLoad2(e->b, e->real, best, "");
  LLVMValueRef above = LLVMBuildFCmp(e->b, LLVMRealOGT, x, old, "");
  LLVMBuildStore(e->b, LLVMBuildSelect(e->b, above, x, old, ""), best);
  LLVMValueRef number = LLVMBuildSIToFP(e->b, loop.index, e->real, "");
  LLVMBuildStore(e->b, LLVMBuildSelect(e->b, above, number, LLVMBuildLoad2(e->b, e->real, place, ""), ""), place);
  loop_end(e, &loop);
  store_real(e, LLVMBuildLoad2(e->b, e->real, place, ""), argmax_out_place(e, a));
}

static void argmax_dims(Emit *e, ArgMax *a, int d) {
  if (d == a->in.rank) {
    argmax_place(e, a);
    return;
  }
  if (d == a->dim) {
    argmax_dims(e, a, d + 1);
    return;
  }
  Loop loop = loop_begin(e, int_const(e, 0), int_const(e, a->in.size[d]), int_const(e, 1), "m");
  a->index[d] = loop.index;
  argmax_dims(e, a, d + 1);
  loop_end(e, &loop);
}

static void argmax_block(Emit *e, Block block, void *context) {
  ArgMax *a = context;
  a->block = block;
  Loop loop = loop_begin(e, int_const(e, 0), block.count, int_const(e, 1), "r");
  a->row = loop.index;
  argmax_dims(e, a, 0);
  loop_end(e, &loop);
}

void emit_argmax(Emit *e, Ref node) {
  const Node *n = &e->g->nodes.at[node];
  ArgMax a = {.node = node, .in = view_of(e->g, n->in[0]), .out = view_of(e->g, node), .dim = n->attrs.dim};
  for_blocks(e, n->axes, false, argmax_block, &a);
}
