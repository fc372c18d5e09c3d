/* eval_step.c — the interpreter of what needs no other step: element-wise ops, moves, reductions, products. */
#include "graph/eval.h"
#include <math.h>

/* --- index arithmetic on shapes ----------------------------------------------------------------------------------- */

static void unravel(Sizes s, int64_t flat, int64_t *index) {
  for (int i = s.rank - 1; i >= 0; i--) {
    index[i] = flat % s.dim[i];
    flat /= s.dim[i];
  }
}

static int64_t ravel(Sizes s, const int64_t *index) {
  int64_t flat = 0;
  for (int i = 0; i < s.rank; i++) flat = flat * s.dim[i] + index[i];
  return flat;
}

/* --- within a step ---------------------------------------------------------------------------------------------------- */

void eval_elementwise(Eval *e, const Node *n, Place p, double *y) {
  const double *x[3] = {0};
  for (int i = 0; i < n->inputs; i++) x[i] = eval_input(e, n, i, p);
  for (int64_t k = 0; k < sizes_count(n->shape); k++) {
    double number[3];
    for (int i = 0; i < n->inputs; i++) number[i] = x[i][k];
    y[k] = op_number(n->op, number);
  }
}

static void eval_broadcast(Eval *e, const Node *n, Place p, double *y) {
  const double *x = eval_input(e, n, 0, p);
  int64_t out[GRAPH_RANK], in[GRAPH_RANK] = {0};
  for (int64_t k = 0; k < sizes_count(n->shape); k++) {
    unravel(n->shape, k, out);
    for (int i = 0; i < n->shape.rank; i++)
      if (n->attrs.map[i] >= 0) in[n->attrs.map[i]] = out[i];
    y[k] = x[ravel(eval_input_shape(e, n, 0), in)];
  }
}

/* SLICE: y[i] = x[begin + i·stride].  PAD: y[begin + i·stride] = x[i], 0 elsewhere. */
static void eval_slice_or_pad(Eval *e, const Node *n, Place p, double *y) {
  const double *x = eval_input(e, n, 0, p);
  const Sizes in = eval_input_shape(e, n, 0), few = n->op == OP_SLICE ? n->shape : in, many = n->op == OP_SLICE ? in : n->shape;
  int64_t index[GRAPH_RANK];
  if (n->op == OP_PAD) memset(y, 0, sizeof *y * (size_t)sizes_count(many));
  for (int64_t k = 0; k < sizes_count(few); k++) {
    unravel(few, k, index);
    index[n->attrs.dim] = n->attrs.begin + index[n->attrs.dim] * n->attrs.stride;
    if (n->op == OP_SLICE) y[k] = x[ravel(many, index)];
    else y[ravel(many, index)] = x[k];
  }
}

static void eval_concat(Eval *e, const Node *n, Place p, double *y) {
  int64_t index[GRAPH_RANK], begin = 0;
  for (int i = 0; i < n->inputs; i++) {
    const double *x = eval_input(e, n, i, p);
    const Sizes part = eval_input_shape(e, n, i);
    for (int64_t k = 0; k < sizes_count(part); k++) {
      unravel(part, k, index);
      index[n->attrs.dim] += begin;
      y[ravel(n->shape, index)] = x[k];
    }
    begin += part.dim[n->attrs.dim];
  }
}

static void eval_one_hot(Eval *e, const Node *n, Place p, double *y) {
  const double *x = eval_input(e, n, 0, p);
  const int64_t size = n->shape.dim[n->shape.rank - 1];
  for (int64_t k = 0; k < sizes_count(n->shape); k++) y[k] = x[k / size] == (double)(k % size);
}

/* GATHER: y[r, s] = x[place of index[r, s]][s].  SCATTER: y[place of index[r, s]][s] += x[r, s]. */
static void eval_gather_or_scatter(Eval *e, const Node *n, Place p, double *y) {
  const double *x = eval_input(e, n, 0, p), *index = eval_input(e, n, 1, p);
  const Sizes places = n->op == OP_GATHER ? eval_input_shape(e, n, 0) : n->shape;
  const int64_t one = sizes_count(places) / places.dim[0];
  if (n->op == OP_SCATTER) memset(y, 0, sizeof *y * (size_t)sizes_count(places));
  for (int64_t k = 0; k < sizes_count(eval_input_shape(e, n, 1)); k++) {
    const int64_t at = gather_place(index[k], n->attrs.begin, places.dim[0]) * one + k % one;
    if (n->op == OP_GATHER) y[k] = x[at];
    else y[at] += x[k];
  }
}

void eval_move(Eval *e, const Node *n, Place p, double *y) {
  switch (n->op) {
  case OP_BROADCAST: eval_broadcast(e, n, p, y); return;
  case OP_RESHAPE: memcpy(y, eval_input(e, n, 0, p), sizeof *y * (size_t)sizes_count(n->shape)); return;
  case OP_CONCAT: eval_concat(e, n, p, y); return;
  case OP_ONE_HOT: eval_one_hot(e, n, p, y); return;
  case OP_GATHER:
  case OP_SCATTER: eval_gather_or_scatter(e, n, p, y); return;
  default: eval_slice_or_pad(e, n, p, y); return;
  }
}

/* --- reductions ------------------------------------------------------------------------------------------------------- */

/* The number of x's element k among the elements that stay. */
static int64_t kept_number(Sizes x, int64_t k, uint32_t dims) {
  int64_t index[GRAPH_RANK], number = 0;
  unravel(x, k, index);
  for (int i = 0; i < x.rank; i++)
    if (!(dims & 1u << i)) number = number * x.dim[i] + index[i];
  return number;
}

/* SUM, AMAX: over the dims, and over every valid step. */
static void eval_sum_or_amax(Eval *e, const Node *n, Place p, double *y) {
  const Sizes x_shape = eval_input_shape(e, n, 0);
  for (int64_t k = 0; k < sizes_count(n->shape); k++) y[k] = n->op == OP_SUM ? 0 : -INFINITY;
  for (bool more = eval_first_place(e, n->attrs.over, &p); more; more = eval_next_place(e, n->attrs.over, &p)) {
    const double *x = eval_input(e, n, 0, p);
    for (int64_t k = 0; k < sizes_count(x_shape); k++) {
      double *sum = &y[kept_number(x_shape, k, n->attrs.dims)];
      *sum = n->op == OP_SUM ? *sum + x[k] : *sum >= x[k] || isnan(*sum) ? *sum : x[k];
    }
  }
}

static void eval_argmax(Eval *e, const Node *n, Place p, double *y) {
  const double *x = eval_input(e, n, 0, p);
  const Sizes x_shape = eval_input_shape(e, n, 0);
  int64_t index[GRAPH_RANK];
  for (int64_t k = 0; k < sizes_count(x_shape); k++) {
    unravel(x_shape, k, index);
    const int64_t here = index[n->attrs.dim];
    double *best = &y[kept_number(x_shape, k, 1u << n->attrs.dim)];
    if (here == 0) *best = 0;
    index[n->attrs.dim] = (int64_t)*best;
    if (x[k] > x[ravel(x_shape, index)]) *best = (double)here;
  }
}

void eval_reduce(Eval *e, const Node *n, Place p, double *y) {
  if (n->op == OP_ARGMAX) eval_argmax(e, n, p, y);
  else eval_sum_or_amax(e, n, p, y);
}

/* --- products --------------------------------------------------------------------------------------------------------- */

/* All letters of a contraction, each once, with their sizes and where the loops stand: the loops a person would write. */
typedef struct Loops {
  int count;
  char letter[2 * GRAPH_RANK];
  int64_t size[2 * GRAPH_RANK], at[2 * GRAPH_RANK];
} Loops;

static int loop_of(const Loops *loops, char letter) {
  int i = 0;
  while (i < loops->count && loops->letter[i] != letter) i++;
  return i;
}

static Loops loops_of(const Eval *e, const Node *n) {
  Loops loops = {0};
  for (int operand = 0; operand < 2; operand++)
    for (int i = 0; n->attrs.letters[operand][i]; i++) {
      if (loop_of(&loops, n->attrs.letters[operand][i]) < loops.count) continue;
      loops.letter[loops.count] = n->attrs.letters[operand][i];
      loops.size[loops.count++] = eval_input_shape(e, n, operand).dim[i];
    }
  return loops;
}

static bool next_loop(Loops *loops) {
  for (int i = loops->count - 1; i >= 0; i--) {
    if (++loops->at[i] < loops->size[i]) return true;
    loops->at[i] = 0;
  }
  return false;
}

/* Where an operand's element stands. */
static int64_t element(const char *letters, Sizes shape, const Loops *loops) {
  int64_t number = 0;
  for (int i = 0; letters[i]; i++) number = number * shape.dim[i] + loops->at[loop_of(loops, letters[i])];
  return number;
}

/* y[out] += Σ a[…] b[…] for one step */
static void contract_step(Eval *e, const Node *n, const double *a, const double *b, double *y) {
  const Sizes sa = eval_input_shape(e, n, 0), sb = eval_input_shape(e, n, 1);
  const char(*letters)[GRAPH_RANK + 1] = n->attrs.letters;
  Loops loops = loops_of(e, n);
  if (!sizes_count(sa) || !sizes_count(sb)) return;
  do y[element(letters[2], n->shape, &loops)] += a[element(letters[0], sa, &loops)] * b[element(letters[1], sb, &loops)];
  while (next_loop(&loops));
}

static void eval_contract(Eval *e, const Node *n, Place p, double *y) {
  memset(y, 0, sizeof *y * (size_t)sizes_count(n->shape));
  for (bool more = eval_first_place(e, n->attrs.over, &p); more; more = eval_next_place(e, n->attrs.over, &p))
    contract_step(e, n, eval_input(e, n, 0, p), eval_input(e, n, 1, p), y);
}

/* Where element k of a shape without `dim` stands in one that has it, at this place. */
static int64_t at_place(Sizes few, int64_t k, Sizes many, int dim, int64_t place) {
  int64_t index[GRAPH_RANK + 1];
  unravel(few, k, index);
  memmove(index + dim + 1, index + dim, sizeof *index * (size_t)(few.rank - dim));
  index[dim] = place;
  return ravel(many, index);
}

static bool is_place(double x, int64_t size) { return x >= 0 && x < (double)size && x == floor(x); }

/* y[i…] = table[i… x …] */
static void eval_embed(Eval *e, const Node *n, Place p, double *y) {
  const Sizes many = eval_input_shape(e, n, 0);
  const double *table = eval_input(e, n, 0, p), x = *eval_input(e, n, 1, p);
  const bool there = is_place(x, many.dim[n->attrs.dim]);
  for (int64_t k = 0; k < sizes_count(n->shape); k++)
    y[k] = there ? table[at_place(n->shape, k, many, n->attrs.dim, (int64_t)x)] : 0;
}

/* y[i… x …] += d[i…] */
static void eval_embed_add(Eval *e, const Node *n, Place p, double *y) {
  const Sizes few = eval_input_shape(e, n, 0);
  memset(y, 0, sizeof *y * (size_t)sizes_count(n->shape));
  for (bool more = eval_first_place(e, n->attrs.over, &p); more; more = eval_next_place(e, n->attrs.over, &p)) {
    const double *d = eval_input(e, n, 0, p), x = *eval_input(e, n, 1, p);
    for (int64_t k = 0; is_place(x, n->attrs.count) && k < sizes_count(few); k++)
      y[at_place(few, k, n->shape, n->attrs.dim, (int64_t)x)] += d[k];
  }
}

void eval_product(Eval *e, const Node *n, Place p, double *y) {
  if (n->op == OP_CONTRACT) eval_contract(e, n, p, y);
  else if (n->op == OP_EMBED) eval_embed(e, n, p, y);
  else eval_embed_add(e, n, p, y);
}
